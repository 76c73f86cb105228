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

/// Programs that a packer packed: clamscan unpacks them, we do not run or emulate anything.
const PACKED: &[&str] = &[
    "clam-aspack.exe",
    "clam-fsg.exe",
    "clam-mew.exe",
    "clam-pespin.exe",
    "clam-petite.exe",
    "clam-upack.exe",
    "clam-upx.exe",
    "clam-wwpack.exe",
    "clam-yc.exe",
];

/// Files in which we do not find it yet: the list is to become empty.
const NOT_YET: &[&str] = &[
    "clam_IScab_int.exe",
];

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
    let expected =
        |name: &&String| !PACKED.contains(&name.as_str()) && !NOT_YET.contains(&name.as_str());
    let expected: BTreeSet<String> = names.iter().filter(expected).cloned().collect();
    assert_eq!(ours, expected, "what is found now leaves the list of what is not");
    match found_by_clamscan() {
        Some(theirs) => {
            let only_theirs: Vec<_> = theirs.difference(&ours).collect();
            println!("only clamscan: {only_theirs:?}");
            let known = |name: &&&String| {
                PACKED.contains(&name.as_str()) || NOT_YET.contains(&name.as_str())
            };
            assert!(only_theirs.iter().all(|name| known(&name)), "{only_theirs:?}");
        }
        None => eprintln!("skipped: clamscan is not installed"),
    }
}
