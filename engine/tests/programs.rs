//! Programs in programs: what lies in one is an object, and a file that is full of headers of programs
//! costs no more than its nesting.

#![allow(clippy::indexing_slicing, reason = "a failed test panics")]
mod common;

use common::{Source, clean, engine, memory, reasons};
use pellucid::identify::FileType;
use pellucid::verdict::{Report, Verdict};

/// A program of 32 bits whose only section claims `claimed` bytes behind the headers.
fn program(claimed: u32) -> Vec<u8> {
    let mut program = vec![0; 0x200];
    let mut put = |at: usize, bytes: &[u8]| program[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MZ");
    put(0x3c, &0x40_u32.to_le_bytes());
    put(0x40, b"PE\0\0\x4c\x01\x01\0");
    put(0x40 + 20, &[0xe0, 0, 0x02, 0x01, 0x0b, 0x01]);
    put(0x40 + 24 + 0xe0, b".text\0\0\0");
    put(0x40 + 24 + 0xe0 + 16, &claimed.to_le_bytes());
    put(0x40 + 24 + 0xe0 + 20, &0x200_u32.to_le_bytes());
    program.extend([0x90; 0x200]);
    program
}

fn searched(report: &Report) -> u64 {
    report.objects.iter().map(|object| object.size).sum()
}

fn scanned(data: &[u8]) -> Report {
    memory(&engine(Source::new("a.hdb", "aa15bcf478d165efd2065190eb473bcb:544:Test.Other\n")), data)
}

#[test]
fn a_program_in_another_is_found_by_its_digest() {
    let inner = program(0x200);
    let digest = "PLACE";
    let line = format!("{digest}:{}:Test.Inner\n", inner.len());
    let line = line.replace(digest, &md5(&inner));
    let engine = engine(Source::new("a.hdb", &line));
    let report = memory(&engine, &[program(0x200), vec![1, 2, 3], inner].concat());
    assert_eq!(report.verdict, Verdict::Malicious, "{:?}", reasons(&report));
    let path = report.object_path(report.findings[0].object);
    assert_eq!(path.last(), Some(&"program at 1027"), "{path:?}");
}

/// ClamAV knows no file that ends with an overlay but the program itself.
#[test]
fn the_end_of_what_lies_behind_a_program_is_that_of_the_program_alone() {
    let lines = "Any:0:EOF-4:74686520656e64\nText:7:EOF-7:74686520656e64\n\
                 Any.End:0:EOF-7:74686520656e64\nText.Anywhere:7:*:74686520656e64\n";
    let data = [&program(0x200)[..], &b"some words and then ".repeat(10), b"the end"].concat();
    let report = memory(&engine(Source::new("a.ndb", lines)), &data);
    let of_overlay = |name: &str| {
        let hits = report.findings.iter().filter(|finding| &*finding.name == name);
        hits.map(|finding| report.object_path(finding.object).join("/")).collect::<Vec<_>>()
    };
    assert!(report.objects.iter().any(|object| object.name == "overlay"));
    assert_eq!(of_overlay("Any"), [""; 0]);
    assert_eq!(of_overlay("Text"), [""; 0]);
    assert!(!of_overlay("Any.End").contains(&"overlay".to_owned()));
    assert_eq!(of_overlay("Text.Anywhere"), ["overlay"]);
    let alone = memory(&engine(Source::new("a.ndb", lines)), &data[0x400..]);
    assert_eq!(alone.findings.iter().filter(|finding| &*finding.name == "Text").count(), 1);
}

fn md5(bytes: &[u8]) -> String {
    use md5::{Digest, Md5};
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn programs_in_programs_are_looked_at_once_on_each_level() {
    for claimed in [0x200, u32::MAX] {
        let data = program(claimed).repeat(10);
        let report = scanned(&data);
        assert!(clean(&report), "{:?}", reasons(&report));
        let programs =
            report.objects.iter().filter(|object| object.types.contains(FileType::Pe)).count();
        assert_eq!(programs, 10, "claimed {claimed:#x}");
        assert!(searched(&report) <= 11 * data.len() as u64);
    }
}

#[test]
fn a_file_full_of_programs_costs_no_more_than_its_nesting() {
    for claimed in [0x200, 0x300, 0x10_000, u32::MAX] {
        let data = program(claimed).repeat(500);
        let report = scanned(&data);
        assert!(report.objects.len() < 2 * 17 * 17, "{} objects", report.objects.len());
        assert!(searched(&report) <= 17 * data.len() as u64, "claimed {claimed:#x}");
        assert!(!clean(&report), "not all of them were looked at by themselves");
    }
}

#[test]
fn a_program_that_claims_less_than_lies_behind_it_is_not_looked_at_twice() {
    // Each program but the last holds one in its own section, and has an overlay.
    let mut data = program(0x200);
    for _ in 0..12 {
        let mut outer = program(0x600);
        outer.extend(&data);
        outer.extend(vec![7; 1000]);
        data = outer;
    }
    let report = scanned(&data);
    assert!(searched(&report) <= 17 * data.len() as u64, "{} bytes", searched(&report));
}
