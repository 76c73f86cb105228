//! What is recognised and not opened: said with its path, and searched all the same.
//!
//! Samples come from the programs that write them; without one of these its line says that it is skipped.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // nothing here is from outside

mod common;

use std::path::Path;
use std::process::Command;

use common::{Source, engine, memory, reasons};
use pellucid::limits::Limits;
use pellucid::verdict::{Completeness, Report, Verdict};
use pellucid::{Engine, Input, ScanOptions};

const NEEDLE: &[u8] = b"needle-in-a-haystack";
/// By so much of its beginning every one is known.
const HEAD: usize = 128 << 10;

/// Runs a script in a folder with the file `file`; what is then in `out`, or `None`, said on stderr,
/// where a program is missing.
fn made(script: &str) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("tree")).unwrap();
    std::fs::write(folder.path().join("tree/file"), NEEDLE.repeat(100)).unwrap();
    let output = Command::new("sh")
        .args(["-ec", script])
        .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/bin")
        .current_dir(folder.path())
        .output();
    match output {
        Ok(output) if output.status.success() => read_head(&folder.path().join("out")),
        _ => {
            eprintln!("skipped: cannot run {script}");
            None
        }
    }
}

fn read_head(path: &Path) -> Option<Vec<u8>> {
    use std::io::Read;
    let mut head = Vec::new();
    std::fs::File::open(path).ok()?.take(HEAD as u64).read_to_end(&mut head).ok()?;
    Some(head)
}

/// What must be said, and what makes a file of which it must be said.
const MADE: &[(&str, &str)] = &[
    ("unsupported:xfs", "truncate -s 300M out; mkfs.xfs -q out"),
    ("unsupported:btrfs", "truncate -s 120M out; mkfs.btrfs -q out"),
    ("unsupported:f2fs", "truncate -s 64M out; mkfs.f2fs -q out"),
    ("unsupported:jfs", "truncate -s 32M out; mkfs.jfs -q out"),
    ("unsupported:reiserfs", "truncate -s 64M out; mkfs.reiserfs -q -f out"),
    ("unsupported:nilfs", "truncate -s 130M out; mkfs.nilfs2 -q out"),
    ("unsupported:apfs", "truncate -s 600M out; mkapfs out"),
    ("unsupported:hfs", "truncate -s 1M out; hformat out"),
    ("unsupported:erofs", "mkfs.erofs out tree"),
    ("unsupported:cramfs", "mkfs.cramfs tree out"),
    ("unsupported:romfs", "genromfs -f out -d tree"),
    ("unsupported:jffs2", "mkfs.jffs2 -r tree -o out"),
    ("unsupported:qed", "qemu-img create -q -f qed out 4M"),
    ("unsupported:zpaq", "zpaq a x.zpaq tree/file; mv x.zpaq out"),
    ("unsupported:lrzip", "lrzip -q tree/file -o out"),
    ("unsupported:rzip", "rzip tree/file -o out"),
    ("encrypted", "openssl enc -aes-256-cbc -pbkdf2 -pass pass:x -in tree/file -out out"),
    (
        "encrypted",
        "truncate -s 20M out; cryptsetup -q luksFormat --pbkdf pbkdf2 --pbkdf-force-iterations 1000 out tree/file",
    ),
];

fn needle_engine() -> Engine {
    engine(Source::new("a.ndb", "Test.Needle:0:*:6e6565646c652d696e2d612d686179737461636b\n"))
}

/// The path of an object of which that was said.
fn said<'r>(report: &'r Report, reason: &str) -> Option<Vec<&'r str>> {
    let mut problems = report.problems();
    let found = problems.find(|(_, problem)| problem.reason.to_string() == reason);
    found.map(|(object, _)| report.object_path(object))
}

#[test]
fn what_other_tools_write_is_named_and_searched() {
    let engine = needle_engine();
    for (reason, script) in MADE {
        let Some(mut bytes) = made(script) else { continue };
        bytes.extend(NEEDLE);
        let report = memory(&engine, &bytes);
        assert!(said(&report, reason).is_some(), "{script}: {:?}", reasons(&report));
        assert_eq!(report.completeness, Completeness::Partial, "{script}");
        assert_eq!(report.verdict, Verdict::Malicious, "{script}: its own bytes are searched");
    }
}

/// A disk with one partition, which begins with these bytes.
fn disk(partition: &[u8], sectors: u32) -> Vec<u8> {
    let mut disk = vec![0; 512];
    disk[446 + 4] = 0x83;
    disk[446 + 8] = 1;
    disk[446 + 12..446 + 16].copy_from_slice(&sectors.to_le_bytes());
    disk[510..].copy_from_slice(b"\x55\xaa");
    disk.extend(partition);
    disk.resize(512 + sectors as usize * 512, 0);
    disk
}

#[test]
fn a_partition_that_is_not_opened_is_named() {
    let engine = needle_engine();
    let partition = [&b"XFSB\0\0\x10\0"[..], &[7; 600], NEEDLE].concat();
    let disk = disk(&partition, 4096);
    let report = memory(&engine, &disk);
    assert_eq!(said(&report, "unsupported:xfs").unwrap().last(), Some(&"partition 1"));
    assert_eq!(report.verdict, Verdict::Malicious);
}

#[test]
fn a_partition_in_the_image_of_a_virtual_disk_is_named() {
    let engine = needle_engine();
    let partition = [&b"XFSB\0\0\x10\0"[..], &[7; 600], NEEDLE].concat();
    let folder = tempfile::tempdir().unwrap();
    // Larger than an object may be, and smaller.
    let mut limits = Limits::default();
    limits.object_bytes = 4 << 20;
    let options = ScanOptions { limits, ..ScanOptions::default() };
    for sectors in [16_384_u32, 4096] {
        std::fs::write(folder.path().join("disk"), disk(&partition, sectors)).unwrap();
        let arguments = ["convert", "-f", "raw", "-O", "qcow2", "disk", "image"];
        match Command::new("qemu-img").args(arguments).current_dir(folder.path()).status() {
            Ok(status) => assert!(status.success()),
            Err(_) => return eprintln!("skipped: qemu-img is not installed"),
        }
        let image = std::fs::read(folder.path().join("image")).unwrap();
        let report = engine.scan(Input::Memory(&image), &options);
        assert!(said(&report, "unsupported:xfs").is_some(), "{:?}", reasons(&report));
        assert_eq!(report.verdict, Verdict::Malicious, "{sectors}");
    }
}
