//! What is hidden in documents and scripts is found through all its layers, and what documents reach for
//! is remarked upon.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test panics")]

mod common;

use std::io::{Cursor, Write};

use common::{Source, engine, memory, zip};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use pellucid::verdict::Report;

/// `evil-payload` in any object.
const SIGNATURE: &str = "Test.Payload:0:*:6576696c2d7061796c6f6164\n";

fn scan(bytes: &[u8]) -> Report {
    memory(&engine(Source::new("a.ndb", SIGNATURE)), bytes)
}

/// The path to the object that was hit, if one was.
fn hit(bytes: &[u8]) -> Option<Vec<String>> {
    let report = scan(bytes);
    let finding = report.findings.first()?;
    Some(report.object_path(finding.object).into_iter().map(str::to_owned).collect())
}

fn anomalies(report: &Report) -> Vec<&str> {
    report.objects.iter().flat_map(|object| &object.anomalies).map(String::as_str).collect()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let encode = |chunk: &[u8]| {
        let value = chunk.iter().fold(0_u32, |value, &byte| value << 8 | u32::from(byte));
        let value = value << (8 * (3 - chunk.len()));
        let letter = |n: usize| char::from(LETTERS[(value >> (18 - 6 * n) & 63) as usize]);
        (0..=chunk.len()).map(letter).collect::<String>() + &"==="[..3 - chunk.len()]
    };
    bytes.chunks(3).map(encode).collect()
}

/// A compound file with the source of a macro, which holds these lines.
fn macros(text: &str) -> Vec<u8> {
    let text = format!("Attribute VB_Name = \"M\"\r\n{text}\r\n");
    let body: Vec<u8> =
        text.as_bytes().chunks(8).flat_map(|eight| [&[0], eight].concat()).collect();
    let header = 0xb000 | u16::try_from(body.len() - 1).unwrap();
    let source = [&[1][..], &header.to_le_bytes(), &body].concat();
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    file.create_storage_all("/VBA").unwrap();
    file.create_stream("/VBA/M").unwrap().write_all(&source).unwrap();
    file.into_inner().into_inner()
}

fn active_mime(content: &[u8]) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(content).unwrap();
    let mut file = b"ActiveMime\0\0".to_vec();
    file.resize(0x32, 0);
    [file, zlib.finish().unwrap()].concat()
}

/// A page that Word saved in one file, its macros in ActiveMime.
fn web_archive(macros: &[u8]) -> String {
    format!(
        "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/html\r\n\r\n<html>x</html>\r\n\
         --b\r\nContent-Type: application/x-mso; name=editdata.mso\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
        base64(&active_mime(macros))
    )
}

const CUT: &str = "x = \"evil-p\" & \"ayl\" & Chr(111) & \"ad\"";

#[test]
fn macros_of_web_archives_are_read_and_their_strings_put_together() {
    let archive = web_archive(&macros(CUT));
    let path = hit(archive.as_bytes()).unwrap();
    let expected = ["editdata.mso", "unpacked", "VBA/M", "VBA/M.vba", "strings put together"];
    assert!(path.iter().all(|name| expected.contains(&name.as_str())), "{path:?}");
    assert_eq!(path.last().map(String::as_str), Some("strings put together"));
    let in_pdf = format!("%PDF-1.7\n1 0 obj\n<<>>\nendobj\n{archive}\n%%EOF\n");
    assert_eq!(hit(in_pdf.as_bytes()).unwrap().last(), path.last(), "Word opens that, too");
}

#[test]
fn macros_in_one_file_of_xml_are_read() {
    let written = base64(&active_mime(&macros("x = \"evil-payload\"")));
    let older = format!(
        "<?xml version=\"1.0\"?>\n<w:wordDocument><w:binData w:name=\"editdata.mso\">\n{written}</w:binData></w:wordDocument>"
    );
    assert!(hit(older.as_bytes()).unwrap().iter().any(|name| name == "unpacked"));
    let flat = format!(
        "<?xml version=\"1.0\"?>\n<pkg:package><pkg:part><pkg:binaryData>{}</pkg:binaryData></pkg:part></pkg:package>",
        base64(&macros("x = \"evil-payload\""))
    );
    assert!(hit(flat.as_bytes()).unwrap().iter().any(|name| name.starts_with("VBA/M")));
}

#[test]
fn declared_encodings_hide_nothing() {
    let page = b"<html><meta charset=utf-7>+AGU-vil+AC0-payload</html>";
    assert_eq!(hit(page).unwrap(), ["as UTF-8"]);
    let mail = b"From: a\r\nTo: b\r\nContent-Type: text/html; charset=utf-7\r\n\r\n+AGU-vil+AC0-payload\r\n";
    assert_eq!(hit(mail).unwrap(), ["as UTF-8"]);
    let report = scan(page);
    assert!(report.objects.len() == 2 && report.reasons().is_empty(), "decoded once");
}

#[test]
fn documents_that_reach_outside_are_remarked_upon_and_clean() {
    let relationships = "<?xml version=\"1.0\"?><Relationships><Relationship Id=\"rId1\" \
         Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate\" \
         Target=\"http://e.example/t.dotm\" TargetMode=\"External\"/></Relationships>";
    let document = zip(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("word/document.xml", b"<w:document/>"),
        ("word/_rels/settings.xml.rels", relationships.as_bytes()),
    ]);
    let report = scan(&document);
    assert!(common::clean(&report), "{report:?}");
    assert_eq!(anomalies(&report), ["external template: http://e.example/t.dotm"]);
}
