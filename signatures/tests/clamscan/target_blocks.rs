//! Logical signatures: what their target blocks ask of an object.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::build::{CODE, Section, pe, zip};
use crate::table::{bare, framed};
use crate::trial::Trial;
use crate::{Case, hold};

const SIZES: &[Case] = &[
    Case {
        format: "ldb",
        record: "#;Engine:51-255,FileSize:20-21,Target:0;0;61616161",
        hits: &[
            b"\x01\x00aaaa\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06\x00\x07\x00\x08",
            b"\xfe\x00aaaa\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06\x00\x07\x00\x08\x00",
        ],
        misses: &[
            b"\x01\x00aaaa\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06\x00\x07\x00",
            b"\x01\x00aaaa\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06\x00\x07\x00\x08\x00\x09",
        ],
    },
    Case {
        format: "ldb",
        record: "#;Engine:51-255,FileSize:-20,Target:0;0;61616161",
        hits: &[
            b"\x01\x00aaaa\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06\x00\x07\x00\x08",
            b"\x00\x01aaaa",
        ],
        misses: &[
            b"\x01\x00aaaa\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06\x00\x07\x00\x08\x00",
            b"\x00\x01aaa\x00",
        ],
    },
    Case {
        format: "ldb",
        record: "#;Engine:51-255,FileSize:1-2,FileSize:6-6,Target:0;0;61616161",
        hits: &[b"\x00\x01aaaa", b"aaaa\x00\xff"],
        misses: &[b"\x00\x01aaaa\x00", b"\x00\x01aaa\x00"],
    },
    Case {
        format: "ldb",
        record: "#;Engine:51-216,Target:0,Container:CL_TYPE_ANY;0;61616161",
        hits: &[b"\x00\x01aaaa", b"aaaa\x00\xff"],
        misses: &[b"\x00\x01aaa\x00", b"\x00\x01aa"],
    },
];

#[test]
fn sizes() {
    hold(SIZES, bare);
}

/// A program with this text in its second of three sections, and its entry point in section `entry`.
fn program(text: &[u8], entry: usize) -> Vec<u8> {
    let section = |data: Vec<u8>| Section { name: ".x", data, flags: CODE };
    pe(vec![section(vec![0xc3; 700]), section(text.to_vec())], entry, 1, false)
}

/// Changes the entry point's address in the optional header.
fn with_entry(mut program: Vec<u8>, address: u32) -> Vec<u8> {
    program[0x40 + 24 + 16..][..4].copy_from_slice(&address.to_le_bytes());
    program
}

fn libraries_entry(program: Vec<u8>) -> Vec<u8> {
    let mut library = with_entry(program, 0);
    library[0x40 + 23] |= 0x20;
    library
}

#[test]
fn entry_points_and_sections() {
    let mut trial = Trial::default();
    let conditions = [
        "EntryPoint:1024-1024",
        "EntryPoint:1025-99999",
        "EntryPoint:2048-2048",
        "EntryPoint:4096-4096",
        "EntryPoint:0-0",
        "EntryPoint:0-99999",
        "EntryPoint:64-64",
        "NumberOfSections:3-3",
        "NumberOfSections:-3",
        "NumberOfSections:4-9",
        "NumberOfSections:0-0",
        "NumberOfSections:3-3,EntryPoint:1024-2048",
    ];
    for (number, condition) in conditions.iter().enumerate() {
        let record = format!("C{number};Engine:51-255,{condition},Target:1;0;6e6565646c65\n");
        trial.source("conditions.ldb", record);
    }
    let text = b"a needle in a program";
    trial.file("first", program(text, 0));
    trial.file("second", program(text, 1));
    trial.file("header", with_entry(program(text, 0), 64));
    trial.file("none", with_entry(program(text, 0), 0));
    trial.file("library", libraries_entry(program(text, 0)));
    trial.file("outside", with_entry(program(text, 0), 0x7777_0000));
    trial.file("text", framed(text));
    let found = trial.ours();
    for (file, number, expected) in [
        ("first", 0, true),
        ("first", 2, false),
        ("second", 2, true),
        ("second", 1, true),
        ("header", 6, true),
        ("none", 4, true),
        ("library", 4, true),
        ("outside", 5, false),
        ("outside", 7, false),
        ("first", 7, true),
        ("first", 9, false),
        ("second", 11, true),
        ("header", 11, false),
    ] {
        let name = format!("C{number}");
        assert_eq!(found.contains(&(file.into(), name)), expected, "{file} {}", conditions[number]);
    }
    trial.assert_same();
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = tar_header(name, bytes.len());
    header.extend(bytes);
    header.resize(header.len().next_multiple_of(512) + 1024, 0);
    header
}

/// A ustar header.
fn tar_header(name: &str, size: usize) -> Vec<u8> {
    let mut header = vec![0; 512];
    let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

fn office(entry: &str, leaf: &[u8]) -> Vec<u8> {
    let types: &[u8] = b"<?xml version=\"1.0\"?><Types/>";
    zip(&[("[Content_Types].xml", types), ("_rels/.rels", b"<x/>"), (entry, b"<w/>"), ("a", leaf)])
}

#[test]
fn containers() {
    let kinds =
        ["ANY", "ZIP", "GZ", "POSIX_TAR", "MSEXE", "OOXML_WORD", "OOXML_XL", "OOXML_PPT", "PDF"];
    let mut trial = Trial::default();
    let mut number = 0;
    let mut add = |condition: String, trial: &mut Trial| {
        let record = format!("C{number};Engine:81-255,{condition},Target:0;0;6e6565646c65\n");
        trial.source("containers.ldb", record);
        number += 1;
    };
    for outer in kinds {
        add(format!("Container:CL_TYPE_{outer}"), &mut trial);
        add(format!("Intermediates:CL_TYPE_{outer}"), &mut trial);
        for inner in kinds {
            add(format!("Intermediates:CL_TYPE_{outer}>CL_TYPE_{inner}"), &mut trial);
            for innermost in ["ANY", "ZIP", "OOXML_XL"] {
                let three = format!("{outer}>CL_TYPE_{inner}>CL_TYPE_{innermost}");
                add(format!("Intermediates:CL_TYPE_{three}"), &mut trial);
            }
        }
    }
    let leaf = framed(b"a needle in a file");
    let in_zip = zip(&[("a", &leaf)]);
    trial.file("plain", leaf.clone());
    trial.file("zip", in_zip.clone());
    trial.file("gzip", gzip(&leaf));
    trial.file("zip in tar", tar("b.zip", &in_zip));
    trial.file("zip in tar in gzip", gzip(&tar("b.zip", &in_zip)));
    trial.file("zip in zip", zip(&[("b.zip", &in_zip)]));
    trial.file("zip behind program", [program(b"nothing", 0), in_zip.clone()].concat());
    trial.file("zip behind noise", [framed(&[7; 500]), in_zip].concat());
    trial.file("document", office("word/document.xml", &leaf));
    trial.file("sheet", office("xl/workbook.xml", &leaf));
    trial.file("slides in zip", zip(&[("s", &office("ppt/presentation.xml", &leaf))]));
    trial.file("gzip in sheet", office("xl/workbook.xml", &gzip(&leaf)));
    trial.assert_same();
}
