//! The built-in set: committed as it is built, and right about samples made for every one of its rules.

#![cfg(feature = "yara")]

mod builtin_samples;

use std::path::{Path, PathBuf};

use pellucid::set::{SignatureSet, Unverified};
use pellucid::{Engine, Input, ScanOptions};
use pellucid_signatures::{Build, BuildOptions, build};

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sources")
}

fn built() -> Build {
    let build = build(&[sources()], &BuildOptions::default()).expect("the sources build");
    assert_eq!(build.report.total.refused, 0, "{}", build.report);
    build
}

/// The bytes that every endpoint runs are those that anybody builds from the sources.
#[test]
fn the_committed_set_is_the_one_that_its_sources_give() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/builtin.pset");
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("builtin.pset");
    std::fs::write(&fresh, built().set).unwrap();
    assert!(
        std::fs::read(&committed).unwrap() == std::fs::read(&fresh).unwrap(),
        "engine/builtin.pset is not what signatures/sources gives; a fresh one is {}",
        fresh.display()
    );
}

/// A file that none of them could match is not held up by them.
#[test]
fn every_rule_has_a_gate() {
    let verified = Unverified::from_bytes(built().set).and_then(Unverified::verify).unwrap();
    let counts = SignatureSet::open(verified).unwrap().counts();
    assert_eq!(counts.yara_gated, counts.yara_rules);
}

#[test]
fn every_sample_gives_the_findings_it_was_made_for() {
    let verified = Unverified::from_bytes(built().set).and_then(Unverified::verify).unwrap();
    let set = SignatureSet::open(verified).unwrap();
    let engine = Engine::builder().set(set).build().unwrap();
    let findings = |bytes: &[u8]| {
        let report = engine.scan(Input::Memory(bytes), &ScanOptions::default());
        report.findings.into_iter().map(|finding| finding.name).collect()
    };
    assert_eq!(builtin_samples::disagreements(findings), Vec::<String>::new());
}

#[test]
fn every_rule_has_two_positive_and_two_negative_samples() {
    let names = builtin_samples::names_in_sources(&sources()).unwrap();
    assert!(names.len() > 20, "the sources are read: {names:?}");
    assert_eq!(builtin_samples::uncovered(&names), Vec::<String>::new());
}

#[test]
fn a_scanner_that_finds_nothing_disagrees_with_every_positive_sample() {
    let positive = builtin_samples::samples().iter().filter(|s| !s.expect.is_empty()).count();
    assert_eq!(builtin_samples::disagreements(|_| Vec::new()).len(), positive);
}
