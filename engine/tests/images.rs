//! Whole scans of disks: what lies in a file system, on a partition, in the image of a virtual machine.
//!
//! The images are made by e2fsprogs and qemu-img; without these the tests say that they are skipped.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // nothing here is from outside

mod common;

use std::path::Path;
use std::process::Command;

use common::{Source, engine, memory, zip};
use pellucid::verdict::{Completeness, Verdict};

const NEEDLE: &[u8] = b"needle-in-a-haystack";

/// Runs a program; `false`, said on stderr, where it is not installed.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> bool {
    match Command::new(program).args(arguments).current_dir(folder).status() {
        Ok(status) => {
            assert!(status.success(), "{program} {arguments:?}");
            true
        }
        Err(_) => {
            eprintln!("skipped: {program} is not installed");
            false
        }
    }
}

/// A disk with one partition, on which an archive holds the needle.
fn disk(folder: &Path) -> Option<Vec<u8>> {
    std::fs::create_dir(folder.join("tree")).unwrap();
    std::fs::write(folder.join("tree/inner.zip"), zip(&[("x.exe", NEEDLE)])).unwrap();
    let arguments = ["-q", "-F", "-t", "ext4", "-d", "tree", "partition", "2M"];
    run(folder, "/usr/sbin/mke2fs", &arguments).then(|| {
        let partition = std::fs::read(folder.join("partition")).unwrap();
        let mut disk = vec![0; 2048 * 512];
        disk[446 + 4] = 0x83;
        disk[446 + 8..446 + 12].copy_from_slice(&2048_u32.to_le_bytes());
        let sectors = (partition.len() / 512) as u32;
        disk[446 + 12..446 + 16].copy_from_slice(&sectors.to_le_bytes());
        disk[510..512].copy_from_slice(b"\x55\xaa");
        disk.extend(partition);
        disk
    })
}

#[test]
fn a_needle_is_found_on_every_disk() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = disk(folder.path()) else { return };
    std::fs::write(folder.path().join("disk"), &disk).unwrap();
    let engine =
        engine(Source::new("a.ndb", "Test.Needle:0:*:6e6565646c652d696e2d612d686179737461636b\n"));
    for (format, path) in [
        ("raw", &["partition 1", "inner.zip", "x.exe"][..]),
        ("vpc", &["partition 1/inner.zip", "x.exe"]),
        ("vdi", &["partition 1/inner.zip", "x.exe"]),
        ("parallels", &["partition 1/inner.zip", "x.exe"]),
        ("vhdx", &["partition 1", "inner.zip", "x.exe"]),
        ("vmdk", &["partition 1/inner.zip", "x.exe"]),
        ("qcow2", &["partition 1/inner.zip", "x.exe"]),
    ] {
        let arguments = ["convert", "-f", "raw", "-O", format, "disk", "image"];
        if !run(folder.path(), "qemu-img", &arguments) {
            return;
        }
        let image = std::fs::read(folder.path().join("image")).unwrap();
        let report = memory(&engine, &image);
        assert_eq!(report.verdict, Verdict::Malicious, "{format}");
        assert_eq!(report.completeness, Completeness::Complete, "{format}: {:?}", report.reasons());
        let paths: Vec<_> =
            report.findings.iter().map(|finding| report.object_path(finding.object)).collect();
        assert!(paths.iter().any(|found| found.ends_with(path)), "{format}: {paths:?}");
    }
}
