use std::time::Duration;

use super::remarks;
use crate::identify::identify;
use crate::limits::{Budget, Cancel, Limit, Limits, Stop};

fn of(data: &[u8]) -> Vec<String> {
    let budget = Budget::new(Limits::default(), Cancel::new());
    let (remarks, ended) = remarks(data, identify(data).types(), &budget);
    assert_eq!(ended, Ok(()));
    remarks
}

fn xml(body: &str) -> Vec<String> {
    of(format!("<?xml version=\"1.0\"?>\n{body}").as_bytes())
}

const TYPES: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

#[test]
fn relationships_that_lead_outside() {
    let relationships = |kind: &str, target: &str, mode: &str| {
        xml(&format!(
            "<Relationships><Relationship Id=\"rId1\" Type=\"{TYPES}/{kind}\" \
             Target=\"{target}\" TargetMode=\"{mode}\"/></Relationships>"
        ))
    };
    let external = |kind, target| relationships(kind, target, "External");
    assert_eq!(
        external("attachedTemplate", "http://e.example/t.dotm"),
        ["external template: http://e.example/t.dotm"]
    );
    assert_eq!(
        external("oleObject", "mhtml:http://e.example/x.html!x-usc:http://e.example/"),
        ["external object: mhtml:http://e.example/x.html!x-usc:http://e.example/"]
    );
    assert_eq!(external("frame", "https://e.example/"), ["external frame: https://e.example/"]);
    assert!(external("hyperlink", "https://e.example/").is_empty());
    assert!(relationships("oleObject", "embeddings/o.bin", "Internal").is_empty());
}

#[test]
fn attributes_are_read_however_they_are_written() {
    let whole = format!(
        "<Relationships xmlns:r='x'><r:Relationship\n\tTargetMode = 'external' Id=x Target=\
         '&#104;ttp&#x3a;//e.example/?a=1&amp;b=>' Type='{TYPES}/attachedTemplate'></Relationships>"
    );
    assert_eq!(xml(&whole), ["external template: http://e.example/?a=1&b=>"]);
    let unclosed =
        format!("<a b=\"x><Relationship TargetMode='External' Type='{TYPES}/frame' Target='u'>");
    assert_eq!(xml(&unclosed), ["external frame: u"], "a quotation that does not end");
}

#[test]
fn fields_are_put_together_from_their_runs() {
    let field =
        |text: &str| format!("<w:r><w:instrText xml:space=\"preserve\">{text}</w:instrText></w:r>");
    let mark = |kind: &str| format!("<w:r><w:fldChar w:fldCharType=\"{kind}\"/></w:r>");
    let document =
        |inside: &[String]| format!("<w:document><w:p>{}</w:p></w:document>", inside.concat());
    let split = [
        mark("begin"),
        field(" DD"),
        field("EAU"),
        field("TO c:\\\\x.exe &quot;/k&quot;"),
        mark("separate"),
    ];
    assert_eq!(xml(&document(&split)), ["DDE field: DDEAUTO c:\\\\x.exe \"/k\""]);
    let nested = [mark("begin"), field("IF 1 "), mark("begin"), field("DDEAUTO x"), mark("end")];
    assert_eq!(xml(&document(&nested)), ["DDE field: IF 1 DDEAUTO x"]);
    assert_eq!(
        xml("<w:p><w:fldSimple w:instr=\"DDE excel x\"/></w:p>"),
        ["DDE field: DDE excel x"]
    );
    let others = [mark("begin"), field(" HYPERLINK \"http://dde/\" "), mark("end"), field("PAGE")];
    assert!(xml(&document(&others)).is_empty());
    assert_eq!(xml(&field("DDEAUTO x")), ["DDE field: DDEAUTO x"], "no marks around it");
}

#[test]
fn spreadsheets_and_open_documents() {
    assert_eq!(
        xml("<externalLink><ddeLink ddeService=\"cmd\" ddeTopic=\"/c calc\"/></externalLink>"),
        ["DDE link: cmd|/c calc"]
    );
    assert_eq!(xml("<xm:macrosheet xmlns:xm=\"x\"/>"), ["Excel 4.0 macro sheet"]);
    assert_eq!(
        xml("<script:event-listener script:event-name=\"dom:load\" \
             xlink:href=\"vnd.sun.star.script:M.x?language=Basic\"/>"),
        ["script on an event: dom:load vnd.sun.star.script:M.x?language=Basic"]
    );
    assert_eq!(
        xml("<script:module script:name=\"M\" script:language=\"x\">x</script:module>"),
        ["Basic macros: M"]
    );
    assert_eq!(
        xml(
            "<office:dde-source office:dde-application=\"cmd\" office:dde-topic=\"t\" office:dde-item=\"i\"/>"
        ),
        ["DDE link: cmd|t|i"]
    );
    assert_eq!(
        xml(
            "<draw:object xlink:href=\"http://e.example/o\"/><draw:object xlink:href=\"./Object 1\"/>"
        ),
        ["external object: http://e.example/o"]
    );
}

#[test]
fn rich_text() {
    let rtf = |text: &str| of(format!("{{\\rtf1 {text} text}}").as_bytes());
    assert_eq!(
        rtf("{\\*\\template http://e.example/t}"),
        ["external template: http://e.example/t"]
    );
    assert_eq!(rtf("{\\*\\template \\\\\\\\host\\\\t}"), ["external template: \\\\host\\t"]);
    assert_eq!(
        rtf("{\\*\\template{\\rtlch h\\'74\\u116?\\u-65424?://e}}"),
        ["external template: http://e"]
    );
    assert!(rtf("{\\*\\template C:\\\\Normal.dotm}").is_empty());
    assert_eq!(
        rtf("{\\field{\\*\\fldinst {\\b DD}{\\i EAUTO c:\\\\\\\\x.exe}}{\\fldrslt x}}"),
        ["DDE field: DDEAUTO c:\\\\x.exe"]
    );
    assert!(rtf("{\\field{\\*\\fldinst HYPERLINK \"http://e.example\"}}").is_empty());
    assert_eq!(
        rtf("{\\field{\\*\\fldinst IF {\\field{\\*\\fldinst DDE excel x}}}}"),
        ["DDE field: DDE excel x"]
    );
}

#[test]
fn streams_of_older_documents() {
    let narrow = b"\xec\xa5\xc1\0text \x13 DDEAUTO c:\\\\x.exe \x14result\x15\x13 PAGE \x15";
    assert_eq!(of(narrow), ["DDE field: DDEAUTO c:\\\\x.exe"]);
    let wide: Vec<u8> =
        "\u{13}dde excel x\u{14}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(of(&[b"\xec\xa5\xc1\0", &wide[..]].concat()), ["DDE field: dde excel x"]);
    let record = |kind: u16, data: &[u8]| {
        [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat()
    };
    let workbook = |records: &[Vec<u8>]| {
        of(&[b"\x09\x08\x10\0\0\x06\x05\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(), records.concat()]
            .concat())
    };
    let sheet = |kind: u8| record(0x85, &[0, 0, 0, 0, 1, kind, 1, 0, b'M']);
    assert_eq!(workbook(&[sheet(0), sheet(1)]), ["Excel 4.0 macro sheet"]);
    let link = record(0x1ae, b"\0\0\x0b\0\0cmd\x03/c calc");
    let own = record(0x1ae, b"\x01\0\x01\x04");
    assert_eq!(workbook(&[own, link.clone()]), ["DDE link: cmd|/c calc"]);
    assert!(workbook(&[link[..link.len() - 1].to_vec()]).is_empty(), "cut off");
}

#[test]
fn remarks_stay_few_and_short() {
    let many: String = (0..1000).map(|n| format!("<ddeLink ddeService='{n}'/>")).collect();
    assert_eq!(xml(&many).len(), 16);
    let long = xml(&format!("<ddeLink ddeService='{}'/>", "x".repeat(5000)));
    assert!(long[0].len() < 300 && long[0].ends_with("..."), "{long:?}");
    assert_eq!(xml(&"<ddeLink ddeService='a'/>".repeat(5)).len(), 1);
}

/// Marks that never end, each within the others: looked at in time that grows with their number.
#[test]
fn hostile_texts_are_walked_once() {
    let cases = ["<ddeLink ", "<a b=\"", "<w:instrText>", "&", "<", "<!--<"];
    xml(&format!("<ddeLink ddeTopic='{}'/>", "&a".repeat(200_000)));
    for case in cases {
        xml(&format!("<TargetMode>{}", case.repeat(200_000)));
    }
    for case in ["\\fldinst{", "\\template ", "{\\*\\fldinst x", "\\u-", "\\"] {
        of(format!("{{\\rtf1 {}", case.repeat(200_000)).as_bytes());
    }
    of(&[b"\xec\xa5".to_vec(), b"\x13\0A".repeat(200_000)].concat());
}

#[test]
fn the_end_of_the_time_is_said() {
    let budget = Budget::new(Limits { time: Duration::ZERO, ..Limits::default() }, Cancel::new());
    for data in
        [&b"<?xml version=\"1.0\"?>\n<a TargetMode=''/>"[..], b"{\\rtf1 x}", b"\xec\xa5\x13"]
    {
        let (_, ended) = remarks(data, identify(data).types(), &budget);
        assert_eq!(ended, Err(Stop::Limit(Limit::Time)));
    }
}
