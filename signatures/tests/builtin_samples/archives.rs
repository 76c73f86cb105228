//! `archives.yar`: names in archives that lie.

use super::build::zip;
use super::{Sample, hit, miss};

const DOUBLE: &str = "Heur.ZIP.DoubleExtension";
const REVERSED: &str = "Heur.ZIP.ReversedName";
const TEXT: &[u8] = b"inert";

pub(super) fn samples() -> Vec<Sample> {
    let padded = format!("photo.jpg{}.scr", " ".repeat(90));
    let many: Vec<String> = (0..300).map(|n| format!("pages/{n}.txt.exe.config")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), TEXT)).collect();
    vec![
        hit(DOUBLE, "document and program", zip(&[("invoice.pdf.exe", TEXT)])),
        hit(
            DOUBLE,
            "among others",
            zip(&[("readme.txt", TEXT), ("scans/Invoice.DOCX.VBS", TEXT), ("z.png", TEXT)]),
        ),
        hit(DOUBLE, "spaces between", zip(&[(&padded, TEXT)])),
        hit(DOUBLE, "shortcut in the root", zip(&[("contract.pdf.lnk", TEXT)])),
        miss(DOUBLE, "one extension each", zip(&[("invoice.pdf", TEXT), ("setup.exe", TEXT)])),
        miss(DOUBLE, "longer than that", zip(&[("report.pdf.exe.config", TEXT)])),
        miss(DOUBLE, "many near misses", zip(&many)),
        miss(
            DOUBLE,
            "stacked by developers",
            zip(&[("index.html.js", TEXT), ("data.csv.js", TEXT), ("a.txt.sh", TEXT)]),
        ),
        miss(
            DOUBLE,
            "shortcut that Windows made",
            zip(&[("Users/a/Recent/contract.pdf.lnk", TEXT)]),
        ),
        miss(DOUBLE, "no archive", "PK is what archives begin with; invoice.pdf.exe is a name.\n"),
        hit(REVERSED, "program that reads as a document", zip(&[("report_\u{202E}fdp.exe", TEXT)])),
        hit(
            REVERSED,
            "script in a folder",
            zip(&[("a.txt", TEXT), ("b/photo\u{202E}gpj.js", TEXT)]),
        ),
        miss(REVERSED, "right-to-left script", zip(&[("\u{5E9}\u{5DC}\u{5D5}\u{5DD}.exe", TEXT)])),
        miss(REVERSED, "document", zip(&[("report_\u{202E}fdp.txt", TEXT)])),
        miss(
            REVERSED,
            "in a text inside",
            zip(&[("note.txt", "report_\u{202E}fdp.exe".as_bytes())]),
        ),
    ]
}
