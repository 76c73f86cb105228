//! Bombs, each built by code and never stored whole: every one of them ends within the budget, in
//! bounded memory, and says which limit ended it.
//!
//! A new format adds lines to the tables of the modules. Two numbers are held against the limits: the
//! memory that the budget charged at its peak, and, in a process of its own, what the system says that
//! the process took.

#![allow(clippy::indexing_slicing, clippy::panic)] // everything here is a test

#[path = "../common/mod.rs"]
mod common;

mod codecs;
mod crowds;
mod dictionaries;
mod disks;
mod lies;
mod lzx;
mod measured;
mod nesting;
mod overlaps;
mod quines;

use pellucid::limits::Limits;
use pellucid::verdict::{Completeness, Report};
use pellucid::{Engine, Input, ScanOptions};

/// One bomb, and what a scan must say of it.
struct Bomb {
    name: String,
    bytes: Vec<u8>,
    /// Reasons that must be among those of the report.
    says: Vec<&'static str>,
}

impl Bomb {
    fn new(name: impl Into<String>, bytes: Vec<u8>, says: &[&'static str]) -> Self {
        Self { name: name.into(), bytes, says: says.to_vec() }
    }
}

/// Limits that are small, so that bombs are small too.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.objects = 2000;
    limits.object_bytes = 6 << 20;
    limits.total_bytes = 24 << 20;
    limits.memory = 48 << 20;
    limits
}

fn engine() -> Engine {
    common::engine(common::Source::new("a.ndb", "Test.Needle:0:*:6e6565646c652d696e2d61\n"))
}

fn scan(engine: &Engine, input: Input<'_>, limits: Limits) -> Report {
    let options = ScanOptions { limits, ..ScanOptions::default() };
    engine.scan(input, &options)
}

/// Scans every bomb and holds the report against the limits.
fn defuse(bombs: impl IntoIterator<Item = Bomb>, change: impl Fn(&mut Limits)) {
    let engine = engine();
    let mut limits = limits();
    change(&mut limits);
    for bomb in bombs {
        let report = scan(&engine, Input::Memory(&bomb.bytes), limits.clone());
        assert_bounded(&bomb.name, &report, bomb.bytes.len() as u64, &limits);
        let reasons = common::reasons(&report);
        for reason in &bomb.says {
            assert!(reasons.iter().any(|said| said == reason), "{}: {reasons:?}", bomb.name);
        }
        if !bomb.says.is_empty() {
            assert_ne!(report.completeness, Completeness::Complete, "{}", bomb.name);
        }
    }
}

/// Whatever came in, nothing was charged beyond its limit, and no defect ended it.
fn assert_bounded(name: &str, report: &Report, size: u64, limits: &Limits) {
    let memory = limits.memory + limits.memory / Limits::ASIDE;
    assert!(report.memory <= memory, "{name}: {} bytes of memory", report.memory);
    assert!(report.objects.len() as u64 <= limits.objects, "{name}: {}", report.objects.len());
    assert!(report.bytes <= size + limits.total_bytes, "{name}: {} bytes", report.bytes);
    let reasons = common::reasons(report);
    assert!(!reasons.iter().any(|reason| reason == "internal-error"), "{name}: {reasons:?}");
}

/// Bytes that do not compress.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..count).map(|_| next()).collect()
}
