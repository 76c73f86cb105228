//! The same facts from somebody else: binutils' `readelf`, where it is installed.

use std::path::Path;
use std::process::Command;

use super::samples::ELF;
use super::{Layout, Program, inspect, layout};
use crate::limits::{Budget, Cancel, Limits};

const PROGRAM: &str = "/bin/ls";

fn readelf(options: &str) -> Option<String> {
    let output = Command::new("readelf").env("LC_ALL", "C").args([options, PROGRAM]).output();
    let text = output.ok().filter(|output| output.status.success())?.stdout;
    String::from_utf8(text).ok()
}

/// The text of a header's field.
fn field<'a>(header: &'a str, name: &str) -> &'a str {
    let line = header.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
    line.split_once(':').unwrap().1.trim()
}

/// Name, offset and size of each section: `[ 1] .interp PROGBITS address offset size ...`.
fn listed_sections(text: &str) -> Vec<(String, u64, u64)> {
    let rows = text.lines().filter_map(|line| line.trim_start().strip_prefix('['));
    let rows = rows.filter_map(|line| line.split_once(']')).filter(|(n, _)| n.trim() != "Nr");
    rows.map(|(number, row)| {
        let mut fields: Vec<_> = row.split_whitespace().collect();
        if number.trim() == "0" {
            fields.insert(0, "");
        }
        let hex = |text: &str| u64::from_str_radix(text, 16).unwrap();
        (fields[0].to_owned(), hex(fields[3]), hex(fields[4]))
    })
    .collect()
}

fn seen_sections(layout: &Layout) -> Vec<(String, u64, u64)> {
    let sections = layout.sections.iter();
    sections.map(|s| (s.name.clone(), s.declared.start, s.virtual_size)).collect()
}

#[test]
fn sections_and_header_agree_with_readelf() {
    let (Some(header), Some(sections)) = (readelf("-h"), readelf("-SW")) else {
        eprintln!("skipped: readelf (binutils) is not installed or cannot read {PROGRAM}");
        return;
    };
    let file = std::fs::read(Path::new(PROGRAM)).unwrap();
    let layout = layout(&file, ELF).unwrap();
    assert_eq!(seen_sections(&layout), listed_sections(&sections));

    let budget = Budget::new(Limits::default(), Cancel::new());
    let program: Program = inspect(&file, ELF, &budget).program.unwrap();
    assert_eq!(format!("ELF{}", program.bits), field(&header, "Class"));
    assert_eq!(program.big_endian, field(&header, "Data").contains("big endian"));
    let entry = field(&header, "Entry point address").trim_start_matches("0x");
    assert_eq!(program.entry_address, u64::from_str_radix(entry, 16).ok());
}
