//! File systems that another tool made, with records put into them field by field.

use super::*;
use crate::identify::{FileType, identify};
use crate::limits::{Limit, Limits};
use crate::unpack::Open;
use crate::unpack::testing::{Walked, noise, refusal, run, survives_damage, walk_at};

const SECTOR: usize = 512;

const OPEN: Open =
    |content, offset, opening| open(Volume::of(content.slice(offset, u64::MAX)), opening.budget);

fn walk(bytes: &[u8]) -> Walked {
    walk_at(OPEN, bytes, 0, Limits::default())
}

fn put(bytes: &mut [u8], at: usize, part: &[u8]) {
    bytes[at..at + part.len()].copy_from_slice(part);
}

/// Kinds of records with the bit that says they are in use.
const USED: u8 = 0x80;
const DELETED: u8 = 0;
const DIR: u16 = 0x10;
const ROW: u8 = 3;
const CHAIN: u8 = 1;

/// Where a file lies: first cluster, size, as much as was written.
type At = (u32, u64, u64);

/// The records of a file or folder.
fn records(
    name: &str,
    usage: u8,
    attributes: u16,
    flags: u8,
    (cluster, size, written): At,
) -> Vec<u8> {
    let units: Vec<u16> = name.encode_utf16().collect();
    let parts = units.chunks(15);
    let mut file = vec![usage | 5, parts.len() as u8 + 1, 0, 0];
    file.extend(attributes.to_le_bytes());
    file.resize(32, 0);
    let mut stream = vec![0; 32];
    put(&mut stream, 0, &[usage | 0x40, flags, 0, units.len() as u8]);
    put(&mut stream, 8, &written.to_le_bytes());
    put(&mut stream, 20, &cluster.to_le_bytes());
    put(&mut stream, 24, &size.to_le_bytes());
    file.extend(stream);
    for part in parts {
        let mut bytes = vec![usage | 0x41, 0];
        bytes.extend(part.iter().flat_map(|unit| unit.to_le_bytes()));
        bytes.resize(32, 0);
        file.extend(bytes);
    }
    file
}

/// The list of clusters that are in use, in cluster 3.
fn bitmap() -> Vec<u8> {
    let mut record = vec![0; 32];
    record[0] = 0x81;
    put(&mut record, 20, &3_u32.to_le_bytes());
    put(&mut record, 24, &8_u64.to_le_bytes());
    record
}

/// A disk of 32 clusters of 512 bytes: the table in sector 1, cluster 2 with the topmost folder in sector
/// 2, cluster 3 with the list of those in use.
fn disk(root: &[Vec<u8>], links: &[(u32, u32)], used: u32, clusters: &[(usize, &[u8])]) -> Vec<u8> {
    let mut disk = vec![0; 34 * SECTOR];
    put(&mut disk, 0, b"\xeb\x76\x90EXFAT   ");
    put(&mut disk, 72, &34_u64.to_le_bytes());
    for (at, number) in [(80, 1), (84, 1), (88, 2), (92, 32), (96, 2_u32)] {
        put(&mut disk, at, &number.to_le_bytes());
    }
    put(&mut disk, 108, &[9, 0, 1]);
    put(&mut disk, 510, b"\x55\xaa");
    for (cluster, next) in [(2, u32::MAX), (3, u32::MAX)].iter().chain(links) {
        put(&mut disk, SECTOR + *cluster as usize * 4, &next.to_le_bytes());
    }
    put(&mut disk, 2 * SECTOR, &root.concat());
    put(&mut disk, 3 * SECTOR, &used.to_le_bytes());
    for (cluster, bytes) in clusters {
        put(&mut disk, cluster * SECTOR, bytes);
    }
    disk
}

#[test]
fn rows_chains_folders_and_deleted_files_are_read() {
    let long = "a name that is longer than one record.txt";
    let inner = records("inner", USED, 0, ROW, (9, 3, 3));
    let root = [
        bitmap(),
        records(long, USED, 6, CHAIN, (5, 700, 600)),
        records("folder", USED, DIR, ROW, (8, 512, 512)),
        records("gone", DELETED, 0, ROW, (12, 4, 4)),
    ];
    let files: [(usize, &[u8]); 5] =
        [(5, &[b'1'; SECTOR]), (7, &[b'2'; SECTOR]), (8, &inner), (9, b"abc"), (12, b"gone")];
    let bytes = disk(&root, &[(5, 7), (7, u32::MAX)], 0, &files);
    assert!(identify(&bytes).types_at_start().contains(FileType::ExFat));
    let walked = walk(&bytes);
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert_eq!(walked.names(), [long, "gone", "folder/inner"]);
    assert!(walked.content(long) == [&[b'1'; SECTOR][..], &[b'2'; 88], &[0; 100]].concat());
    assert_eq!(walked.content("gone"), b"gone");
    // Its cluster is in use again.
    let bytes = disk(&root, &[(5, 7), (7, u32::MAX)], 1 << 10, &files);
    assert_eq!(walk(&bytes).names(), [long, "folder/inner"]);
}

#[test]
fn chains_and_folders_that_lead_back_end() {
    let itself = records("self", USED, DIR, CHAIN, (2, 512, 512));
    let root = [itself, records("a", USED, 0, CHAIN, (5, 1 << 60, 1 << 60))];
    let bytes = disk(&root, &[(5, 6), (6, 5)], 0, &[]);
    let walked = walk(&bytes);
    assert_eq!((walked.names(), walked.reasons()), (vec!["a"], vec![Reason::Truncated]));
    let root =
        [records("far", USED, DIR, ROW, (900, 512, 512)), records("x", USED, 0, ROW, (0, 9, 9))];
    let walked = walk(&disk(&root, &[], 0, &[]));
    assert_eq!(walked.reasons(), [Reason::Corrupted, Reason::Truncated]);
}

#[test]
fn folders_that_are_not_all_there_are_told() {
    // The chain of the topmost folder leads nowhere, or to the end.
    for (next, told) in [(u32::MAX, vec![]), (0, vec![Reason::Corrupted])] {
        assert_eq!(walk(&disk(&[], &[(2, next)], 0, &[])).reasons(), told, "{next}");
    }
    for flags in [ROW, CHAIN] {
        let far = records("far", USED, DIR, flags, (30, 5 * 512, 5 * 512));
        let long = records("long", USED, DIR, flags, (30, 1 << 40, 1 << 40));
        for root in [far, long] {
            let walked = walk(&disk(&[root], &[(30, u32::MAX)], 0, &[]));
            assert_eq!(walked.reasons(), [Reason::Corrupted], "{flags}");
        }
    }
}

#[test]
fn a_deleted_file_is_handed_out_if_all_its_clusters_are_free() {
    for (first, count) in [(4, 1), (4, 4), (5, 20), (10, 8), (10, 9), (9, 24), (25, 9), (33, 1)] {
        let size = count * 512;
        let root = [bitmap(), records("gone", DELETED, 0, ROW, (first, size, size))];
        for used in 2..34_u32 {
            let is_free = used < first || u64::from(used - first) >= count;
            let walked = walk(&disk(&root, &[], 1 << (used - 2), &[]));
            assert_eq!(!walked.entries.is_empty(), is_free, "{first}, {count}: {used}");
        }
    }
}

/// Each folder begins one cluster behind the other, and goes on to the end: what is in the last cluster
/// would be read by all of them.
#[test]
fn folders_over_each_other_are_read_no_longer_than_the_disk() {
    let folders: Vec<_> = (5..10_u32)
        .map(|at| {
            let size = u64::from(33 - at) * 512;
            records(&at.to_string(), USED, DIR, ROW, (at, size, size))
        })
        .collect();
    let blank = [1; 512];
    let files: Vec<(usize, &[u8])> = (5..32).map(|at| (at, &blank[..])).collect();
    let file = records("x", USED, 0, ROW, (4, 9, 9));
    let last = [(32, &file[..])];
    let walked = walk(&disk(&folders, &[], 0, &[&files[..], &last].concat()));
    assert_eq!(walked.reasons(), [Reason::Corrupted], "{}", walked.words());
    assert_eq!(walked.names(), ["9/x"]);
}

#[test]
fn sizes_that_lie_end_at_a_limit() {
    let root = [records("holes", USED, 0, ROW, (4, 1 << 60, 0))];
    let walked = walk(&disk(&root, &[], 0, &[]));
    assert_eq!(walked.reasons(), [Reason::Truncated], "no more than there are clusters");
    let root = [records("a", USED, 0, CHAIN, (5, 9000, 9000))];
    let links: Vec<_> = (5..29).step_by(2).map(|cluster| (cluster, cluster + 2)).collect();
    let bytes = disk(&root, &links, 0, &[]);
    let limits = Limits { memory: 350, ..Limits::default() };
    let walked = walk_at(OPEN, &bytes, 0, limits);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::Memory)]);
}

#[test]
fn boot_sectors_that_lead_nowhere_are_told() {
    let whole = disk(&[], &[], 0, &[]);
    let refusal = |bytes: &[u8]| refusal(OPEN, bytes, Limits::default()).unwrap();
    assert_eq!(refusal(&whole[..100]), Reason::Truncated);
    for (at, byte) in [(108, 8), (108, 13), (109, 17)] {
        let mut broken = whole.clone();
        broken[at] = byte;
        assert_eq!(refusal(&broken), Reason::Corrupted, "{at}");
    }
    assert_eq!(walk(&whole[..20 * SECTOR]).reasons(), [Reason::Truncated]);
}

/// What another tool formatted, with a file that is put into its topmost folder.
#[test]
fn file_systems_of_another_tool_are_read() {
    for cluster in ["512", "4096", "131072"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::fs::File::create(path.join("disk")).unwrap().set_len(8 << 20).unwrap();
        if run(path, "/usr/sbin/mkfs.exfat", &["-c", cluster, "disk"]).is_none() {
            return;
        }
        let mut bytes = std::fs::read(path.join("disk")).unwrap();
        let types = identify(&bytes).types_at_start();
        assert!(types.contains(FileType::ExFat) && !types.contains(FileType::Mbr), "{cluster}");
        let walked = walk(&bytes);
        assert_eq!((walked.reasons(), walked.names()), (vec![], vec![]), "{cluster}");
        let size: usize = cluster.parse().unwrap();
        let number = |at: usize| u32::from_le_bytes(*bytes[at..].first_chunk().unwrap()) as usize;
        let (data, root) = (number(88) * SECTOR, number(96));
        let at = data + (root - 2) * size;
        let free = (0..16).find(|n| bytes[at + n * 32] == 0).unwrap() * 32;
        let noise = noise(size + 100);
        let row = (root as u32 + 4, noise.len() as u64, noise.len() as u64);
        put(&mut bytes, at + free, &records("noise", USED, 0, ROW, row));
        put(&mut bytes, at + 4 * size, &noise);
        let walked = walk(&bytes);
        assert_eq!(walked.reasons(), [], "{cluster}: {}", walked.words());
        assert!(walked.content("noise") == noise, "{cluster}");
    }
}

#[test]
fn damaged_file_systems_do_no_harm() {
    let inner = records("inner", USED, 0, ROW, (9, 3, 3));
    let root = [
        bitmap(),
        records("file", USED, 6, CHAIN, (5, 700, 600)),
        records("folder", USED, DIR, ROW, (8, 512, 512)),
        records("gone", DELETED, 0, ROW, (12, 4, 4)),
    ];
    let bytes = disk(&root, &[(5, 7), (7, u32::MAX)], 0, &[(5, &noise(SECTOR)), (8, &inner)]);
    survives_damage(OPEN, &bytes);
}
