//! Hangs arbitrary signatures on a program. Nobody whose key signed nothing ever vouches for it, and a
//! blocked certificate that is shown is found.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pellucid::identify::{FileType, Found};
use pellucid::inspect::{CertificateFacts, Format, inspect};
use pellucid::set::{SignatureSet, Unverified};
use pellucid::verdict::Class;
use pellucid::{Engine, Input, ScanOptions};
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};

/// A program of 1024 bytes with its signature.
const SIGNED: &[u8] = include_bytes!("../../signatures/tests/signed/signed.exe");
const PROGRAM: usize = 1024;
const DIRECTORY: usize = 0xd8;

fn certificates(program: &[u8]) -> Vec<CertificateFacts> {
    let found = [Found::new(FileType::Pe, 0)];
    let facts = inspect(program, &found, &pellucid_fuzz::tiny_budget());
    let Some(Format::Pe(pe)) = facts.program.map(|program| program.format) else {
        return Vec::new();
    };
    pe.signature.map_or_else(Vec::new, |signature| signature.certificates)
}

fn engine(record: impl Fn(&CertificateFacts) -> String) -> Engine {
    let lines: Vec<String> = certificates(SIGNED).iter().map(record).collect();
    let mut tree = SourceTree::new();
    tree.add("a.crb", lines.join("\n"));
    let set = build_tree(tree, &BuildOptions::default()).expect("a set").set;
    let verified = Unverified::from_bytes(set).and_then(Unverified::verify).expect("verifies");
    let set = SignatureSet::open(verified).expect("opens");
    Engine::builder().set(set).build().expect("an engine")
}

/// Whose who really signed.
static TRUSTING: LazyLock<Engine> =
    LazyLock::new(|| engine(|certificate| certificate.record("Trust", true, "")));
/// The same names with keys that nobody has.
static MISLED: LazyLock<Engine> = LazyLock::new(|| {
    engine(|certificate| {
        let mut other = certificate.clone();
        other.modulus.iter_mut().skip(1).step_by(2).for_each(|byte| *byte ^= 0x54);
        other.record("Trust", true, "")
    })
});
static BLOCKING: LazyLock<Engine> =
    LazyLock::new(|| engine(|certificate| certificate.record("Block", false, "")));

/// Classes of what is found.
fn scan(engine: &Engine, program: &[u8]) -> Vec<Class> {
    let options = ScanOptions { limits: pellucid_fuzz::tiny_limits(), ..ScanOptions::default() };
    let report = engine.scan(Input::Memory(program), &options);
    assert!(!report.reasons().iter().any(|reason| reason.to_string() == "internal-error"));
    report.findings.iter().map(|finding| finding.class).collect()
}

fuzz_target!(|data: &[u8]| {
    let mut program = SIGNED[..PROGRAM].to_vec();
    program.extend([0, 0, 0, 0, 0, 2, 2, 0]);
    program.extend(data);
    let size = u32::try_from(data.len() + 8).expect("short");
    program[DIRECTORY + 4..DIRECTORY + 8].copy_from_slice(&size.to_le_bytes());
    let known = certificates(SIGNED);
    let is_known = |shown: &CertificateFacts| {
        let is_same = |known: &CertificateFacts| {
            (&known.subject_sha1, &known.serial_sha1, &known.modulus)
                == (&shown.subject_sha1, &shown.serial_sha1, &shown.modulus)
        };
        known.iter().any(is_same)
    };
    let shows_known = certificates(&program).iter().any(is_known);
    scan(&TRUSTING, &program);
    assert!(scan(&MISLED, &program).is_empty());
    assert!(shows_known || scan(&BLOCKING, &program).is_empty());
});
