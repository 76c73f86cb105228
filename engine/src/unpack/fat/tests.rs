//! File systems built sector by sector, and those of other tools.

use super::*;
use crate::identify::{FileType, identify};
use crate::limits::{Limit, Limits};
use crate::unpack::Open;
use crate::unpack::testing::{
    Walked, assert_holds_sample, noise, refusal, run, sample_tree, survives_damage, walk_at,
};

const SECTOR: usize = 512;

const OPEN: Open =
    |content, offset, opening| open(Volume::of(content.slice(offset, u64::MAX)), opening.budget);

fn walk(bytes: &[u8]) -> Walked {
    walk_at(OPEN, bytes, 0, Limits::default())
}

fn put(disk: &mut [u8], at: usize, bytes: &[u8]) {
    disk[at..at + bytes.len()].copy_from_slice(bytes);
}

/// A file system of 12 bits: the boot sector, one table in sector 1, 16 records in sector 2; cluster 2
/// is sector 3.
fn disk(entries: &[u16], records: &[[u8; 32]], clusters: &[&[u8]]) -> Vec<u8> {
    let mut disk = vec![0; 3 * SECTOR];
    let sectors =
        3 + clusters.iter().map(|cluster| cluster.len().div_ceil(SECTOR) as u8).sum::<u8>();
    put(&mut disk, 0, b"\xeb\x3c\x90MSDOS5.0");
    put(&mut disk, 11, &[0, 2, 1, 1, 0, 1, 16, 0, sectors, 0, 0xf0, 1, 0]);
    for (number, entry) in entries.iter().enumerate() {
        let (number, at) = (number + 2, SECTOR + (number + 2) * 3 / 2);
        let shifted = if number % 2 == 0 { *entry } else { *entry << 4 };
        disk[at] |= shifted as u8;
        disk[at + 1] |= (shifted >> 8) as u8;
    }
    put(&mut disk, 2 * SECTOR, &records.concat());
    for cluster in clusters {
        disk.extend_from_slice(cluster);
        disk.resize(disk.len().next_multiple_of(SECTOR), 0);
    }
    disk
}

const HIDDEN: u8 = 0x06;
const DIR: u8 = 0x10;
const LAST: u16 = 0xfff;

fn record(name: &[u8; 11], attributes: u8, cluster: u16, size: u32) -> [u8; 32] {
    let mut record = [0; 32];
    put(&mut record, 0, name);
    record[11] = attributes;
    put(&mut record, 26, &cluster.to_le_bytes());
    put(&mut record, 28, &size.to_le_bytes());
    record
}

#[test]
fn hidden_deleted_and_scattered_files_are_read() {
    let mut other = [b'x'; SECTOR];
    other[0] = b'2';
    let records = [
        record(b"LABEL      ", 8, 0, 0),
        record(b"HIDDEN  TXT", HIDDEN, 2, 600),
        record(b"\xe5ONE    EXE", 0, 5, 7),
        record(b"\xe5VER    EXE", 0, 4, 7),
        record(b"NOEXT      ", 0, 3, 3),
    ];
    let bytes = disk(&[4, LAST, LAST, 0], &records, &[&[b'x'; SECTOR], b"abc", &other, b"deleted"]);
    assert!(identify(&bytes).types_at_start().contains(FileType::Fat));
    let walked = walk(&bytes);
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert_eq!(walked.names(), ["HIDDEN.TXT", "?ONE.EXE", "NOEXT"], "the other is overwritten");
    assert_eq!(walked.content("HIDDEN.TXT"), [&[b'x'; SECTOR][..], &other[..88]].concat());
    assert_eq!(walked.content("?ONE.EXE"), b"deleted");
}

#[test]
fn chains_that_lead_back_end() {
    let mut folder = record(b"SELF       ", DIR, 2, 0).to_vec();
    folder.extend(record(b"A          ", 0, 3, u32::MAX));
    folder.resize(SECTOR, 0xe5);
    let records = [record(b"DIR        ", DIR, 2, 0), record(b"FAR        ", DIR, 900, 0)];
    let bytes = disk(&[2, 3], &records, &[&folder, b"x"]);
    let walked = walk(&bytes);
    assert_eq!(walked.names()[0], "DIR/A");
    assert_eq!(walked.reasons(), [Reason::Corrupted, Reason::Truncated], "the chains of both");
    let limits = Limits { memory: 1000, ..Limits::default() };
    let walked = walk_at(OPEN, &bytes, 0, limits);
    assert!(walked.reasons().contains(&Reason::Limit(Limit::Memory)));
}

#[test]
fn sizes_and_places_that_lie_are_truncated() {
    let records = [
        record(b"LONG       ", 0, 2, u32::MAX),
        record(b"FAR        ", 0, 900, 3),
        record(b"NONE       ", 0, 0, 3),
    ];
    let walked = walk(&disk(&[LAST], &records, &[b"abc"]));
    assert_eq!((walked.entries.len(), walked.reasons()), (3, vec![Reason::Truncated]));
    assert!(walked.content("LONG").starts_with(b"abc"));
}

#[test]
fn a_boot_sector_without_sizes_is_corrupted() {
    let mut bytes = disk(&[], &[], &[]);
    bytes[13] = 0;
    assert_eq!(refusal(OPEN, &bytes, Limits::default()), Some(Reason::Corrupted));
    assert_eq!(refusal(OPEN, &bytes[..20], Limits::default()), Some(Reason::Truncated));
}

/// Every file of a tree lies in the same clusters.
#[test]
fn files_in_the_same_clusters_end_at_the_budget() {
    let records = [record(b"A          ", 0, 2, 512); 16];
    let bytes = disk(&[LAST], &records, &[&noise(512)]);
    let limits = Limits { total_bytes: 4096, ..Limits::default() };
    let walked = walk_at(OPEN, &bytes, 0, limits);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::TotalBytes)]);
    assert!(walked.entries.len() < 16);
}

#[test]
fn file_systems_of_another_tool_are_read() {
    for (bits, size) in [("12", "1440"), ("16", "16384"), ("32", "40000")] {
        let folder = sample_tree();
        let make = ["-C", "-F", bits, "disk", size];
        if run(folder.path(), "/usr/sbin/mkfs.fat", &make).is_none() {
            return;
        }
        if run(folder.path(), "mcopy", &["-s", "-i", "disk", "tree", "::/"]).is_none() {
            return;
        }
        let bytes = std::fs::read(folder.path().join("disk")).unwrap();
        let types = identify(&bytes).types_at_start();
        assert!(types.contains(FileType::Fat) && !types.contains(FileType::Mbr), "{bits}");
        assert_holds_sample(&walk(&bytes), &format!("FAT{bits}"));
        let arguments = ["-i", "disk", "::/tree/noise"];
        let Some(_) = run(folder.path(), "mdel", &arguments) else { return };
        let walked = walk(&std::fs::read(folder.path().join("disk")).unwrap());
        let noise = noise(70_000);
        assert!(walked.entries.iter().any(|entry| entry.bytes.as_ref() == Some(&noise)), "{bits}");
        let cut = walk(&bytes[..bytes.len() / 50]);
        assert!(!cut.reasons().is_empty(), "{bits}");
    }
}

#[test]
fn damaged_file_systems_do_no_harm() {
    let mut folder = record(b"INNER      ", 0, 3, 600).to_vec();
    folder.resize(SECTOR, 0);
    let records = [record(b"DIR        ", DIR, 2, 0), record(b"\xe5          ", 0, 6, 500)];
    let bytes = disk(&[LAST, 4, LAST], &records, &[&folder, &noise(512), &noise(512)]);
    survives_damage(OPEN, &bytes);
}
