//! Entries that come again are scanned once, and the results are those of scanning each.
//!
//! An observer is asked about every object, so that a scan with one copies nothing: it is what the
//! others are held against.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test panics")]

mod common;

use common::{Source, engine, engine_of, gzip, set, tar, zip};
use pellucid::limits::Limits;
use pellucid::observe::{Observed, Observer};
use pellucid::verdict::Report;
use pellucid::{Engine, Input, ScanOptions};

const NEEDLE: &[u8] = b"needle-in-a-haystack";

struct Watching;
impl Observer for Watching {}

fn needles() -> Engine {
    engine(Source::new("a.ndb", "Test.Needle:0:*:6e6565646c652d696e2d612d686179737461636b\n"))
}

/// All that a report says, but for time and memory.
fn told(report: &Report) -> String {
    let Report { verdict, completeness, findings, objects, bytes, .. } = report;
    format!("{verdict} {completeness} {bytes}\n{findings:#?}\n{objects:#?}")
}

fn assert_same(engine: &Engine, bytes: &[u8], limits: &Limits) -> Report {
    let scan = |observed| {
        let options = ScanOptions { limits: limits.clone(), observed, ..ScanOptions::default() };
        engine.scan(Input::Memory(bytes), &options)
    };
    let report = scan(Observed::default());
    assert_eq!(told(&report), told(&scan(Observed::by(Watching))));
    report
}

/// Archives in archives, many of whose entries come again, of every depth.
fn repetitive() -> Vec<u8> {
    let leaf = zip(&[("x.exe", NEEDLE), ("y.exe", NEEDLE), ("z", b""), ("empty", b"")]);
    let packed = gzip(&leaf);
    let other = [&packed[..packed.len() - 1], b"!"].concat();
    let inner = tar(&[("a.zip", &leaf), ("b.zip", &leaf), ("c.gz", &packed), ("d.gz", &other)]);
    let files: [(&str, &[u8]); 6] = [
        ("1.tar", &inner),
        ("one", b"content"),
        ("2.tar", &inner),
        ("another", b"CONTENT"),
        ("3.tar", &inner),
        ("again", b"content"),
    ];
    gzip(&zip(&files))
}

#[test]
fn results_are_those_of_scanning_each() {
    let report = assert_same(&needles(), &repetitive(), &Limits::default());
    let paths: Vec<_> = report.findings.iter().map(|f| report.object_path(f.object)).collect();
    assert!(
        paths.iter().any(|path| path.ends_with(&["3.tar", "c.gz", "data", "y.exe"])),
        "{paths:?}"
    );
}

#[test]
fn limits_are_met_at_the_same_place() {
    for objects in [3, 5, 10, 17, 30, 60] {
        assert_same(&needles(), &repetitive(), &{
            let mut limits = Limits::default();
            limits.objects = objects;
            limits
        });
    }
    for bytes in [5_000, 10_000, 20_000, 40_000] {
        let mut limits = Limits::default();
        limits.total_bytes = bytes;
        assert_same(&needles(), &repetitive(), &limits);
        limits.total_bytes = u64::MAX;
        limits.object_bytes = bytes;
        assert_same(&needles(), &repetitive(), &limits);
    }
    for depth in 1..5 {
        let mut limits = Limits::default();
        limits.depth = depth;
        assert_same(&needles(), &repetitive(), &limits);
    }
}

/// What is said of an entry by its name is said of that entry alone.
#[test]
fn signatures_of_names_hit_the_entries_of_that_name() {
    let sources = [
        Source::new("a.cdb", "Test.Name:CL_TYPE_ZIP:*:^bad:*:*:*:*:*:*\n"),
        Source::new("b.ndb", "Test.Needle:0:*:6e6565646c652d696e2d612d686179737461636b\n"),
    ];
    let engine = engine_of(vec![set(&sources)]);
    let bytes =
        zip(&[("good", NEEDLE), ("bad", NEEDLE), ("good too", NEEDLE), ("bad too", NEEDLE)]);
    let report = assert_same(&engine, &bytes, &Limits::default());
    let names = |name: &str| report.findings.iter().filter(|f| f.name == name).count();
    // The archive holds them as they are.
    assert_eq!((names("Test.Name"), names("Test.Needle")), (2, 1 + 4));
}
