//! ClamAV's own test files (Debian: clamav-testfiles), beside `clamscan`: each hides one small program,
//! known by its MD5, in another container. Skipped where they are not installed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test panics")]

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use common::{Source, engine};
use pellucid::verdict::Verdict;
use pellucid::{Input, ScanOptions};

const FOLDER: &str = "/usr/share/clamav-testfiles";
const SIGNATURE: &str = "aa15bcf478d165efd2065190eb473bcb:544:Clam\n";

/// Programs that a packer packed, and its name: clamscan unpacks them, we do not run or imitate anything.
/// `clam-fsg.exe` is not packed, whatever its name says: the hidden program lies behind it as it is, and is
/// found there.
const PACKED: &[(&str, Option<&str>)] = &[
    ("clam-aspack.exe", Some("ASPack")),
    ("clam-fsg.exe", None),
    ("clam-mew.exe", Some("MEW")),
    ("clam-pespin.exe", Some("PESpin")),
    ("clam-petite.exe", Some("Petite")),
    ("clam-upack.exe", Some("Upack")),
    ("clam-upx.exe", Some("UPX")),
    ("clam-wwpack.exe", Some("WWPack32")),
    ("clam-yc.exe", Some("yoda's Crypter")),
];

fn is_packed(name: &str) -> bool {
    PACKED.iter().any(|(packed, packer)| *packed == name && packer.is_some())
}

fn names() -> Option<BTreeSet<String>> {
    let folder = std::fs::read_dir(FOLDER).ok()?;
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    Some(names.collect())
}

/// The files that clamscan finds it in.
fn found_by_clamscan() -> Option<BTreeSet<String>> {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("a.hdb");
    std::fs::write(&database, SIGNATURE).unwrap();
    let output = Command::new("clamscan")
        .args(["--no-summary", "--infected", "-d"])
        .args([database.as_path(), Path::new(FOLDER)])
        .output()
        .ok()?;
    let output = String::from_utf8(output.stdout).unwrap();
    let found = output.lines().filter_map(|line| line.split_once(": Clam"));
    Some(found.map(|(path, _)| path.rsplit('/').next().unwrap().to_owned()).collect())
}

#[test]
fn the_hidden_program_is_found_wherever_clamscan_finds_it() {
    let Some(names) = names() else {
        eprintln!("skipped: {FOLDER} is not there (Debian: clamav-testfiles)");
        return;
    };
    let engine = engine(Source::new("a.hdb", SIGNATURE));
    let scan = |name: &&String| {
        let path = Path::new(FOLDER).join(name);
        let report = engine.scan(Input::Path(&path), &ScanOptions::default());
        let reasons = common::reasons(&report).join(" ");
        println!("{name}: {}, {} {reasons}", report.verdict, report.completeness);
        report.verdict == Verdict::Malicious
    };
    let ours: BTreeSet<String> = names.iter().filter(scan).cloned().collect();
    let expected = names.iter().filter(|name| !is_packed(name)).cloned().collect();
    assert_eq!(ours, expected);
    match found_by_clamscan() {
        Some(theirs) => {
            let only_theirs: Vec<_> = theirs.difference(&ours).collect();
            println!("only clamscan: {only_theirs:?}");
            assert!(only_theirs.iter().all(|name| is_packed(name)), "{only_theirs:?}");
        }
        None => eprintln!("skipped: clamscan is not installed"),
    }
}

#[test]
fn packed_programs_are_named_with_their_packer() {
    let engine = engine(Source::new("a.hdb", SIGNATURE));
    for (name, packer) in PACKED {
        let path = Path::new(FOLDER).join(name);
        if !path.exists() {
            eprintln!("skipped: {FOLDER} is not there (Debian: clamav-testfiles)");
            return;
        }
        let report = engine.scan(Input::Path(&path), &ScanOptions::default());
        let anomalies = &report.file().unwrap().anomalies;
        let told = anomalies.iter().find_map(|anomaly| anomaly.strip_prefix("packed with "));
        assert_eq!(told, *packer, "{name}: {anomalies:?}");
    }
}
