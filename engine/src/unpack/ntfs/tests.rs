//! File systems of other tools, and records built field by field.

use super::*;
use crate::identify::{FileType, identify};
use crate::limits::{Limit, Limits};
use crate::unpack::Open;
use crate::unpack::testing::{Walked, noise, refusal, run, sample_files, survives_damage, walk_at};

const CLUSTER: usize = 1024;
const RECORD: usize = 1024;
const IN_USE: u16 = 1;
/// The cluster where the table of files begins.
const TABLE: usize = 4;

const OPEN: Open =
    |content, offset, opening| open(Volume::of(content.slice(offset, u64::MAX)), opening.budget);

fn walk(bytes: &[u8]) -> Walked {
    walk_at(OPEN, bytes, 0, Limits::default())
}

fn put(bytes: &mut [u8], at: usize, part: &[u8]) {
    bytes[at..at + part.len()].copy_from_slice(part);
}

fn utf16(name: &str) -> Vec<u8> {
    name.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// An attribute in its record.
fn near(kind: u32, name: &str, flags: u16, value: &[u8]) -> Vec<u8> {
    let name = utf16(name);
    let mut bytes = vec![0; 24];
    put(&mut bytes, 0, &kind.to_le_bytes());
    bytes[9] = (name.len() / 2) as u8;
    put(&mut bytes, 10, &24_u16.to_le_bytes());
    put(&mut bytes, 12, &flags.to_le_bytes());
    put(&mut bytes, 16, &(value.len() as u32).to_le_bytes());
    put(&mut bytes, 20, &(24 + name.len() as u16).to_le_bytes());
    bytes.extend([&name, value].concat());
    sealed(bytes)
}

/// An attribute in runs: cluster of the value, list of runs, size, as much as was written.
fn far(name: &str, flags: u16, first: u64, runs: &[u8], size: u64, written: u64) -> Vec<u8> {
    let name = utf16(name);
    let mut bytes = vec![0; 72];
    put(&mut bytes, 0, &record::DATA.to_le_bytes());
    bytes[8] = 1;
    bytes[9] = (name.len() / 2) as u8;
    put(&mut bytes, 10, &72_u16.to_le_bytes());
    put(&mut bytes, 12, &flags.to_le_bytes());
    put(&mut bytes, 16, &first.to_le_bytes());
    put(&mut bytes, 32, &(72 + name.len() as u16).to_le_bytes());
    // Packed 4 clusters at a time.
    put(&mut bytes, 34, &u16::to_le_bytes(if flags & 1 == 0 { 0 } else { 2 }));
    put(&mut bytes, 48, &size.to_le_bytes());
    put(&mut bytes, 56, &written.to_le_bytes());
    bytes.extend([&name, runs, &[0]].concat());
    sealed(bytes)
}

fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let length = bytes.len() as u32;
    put(&mut bytes, 4, &length.to_le_bytes());
    bytes
}

/// The attribute with the name of a file.
fn named(parent: u64, name: &str) -> Vec<u8> {
    let mut value = vec![0; 66];
    put(&mut value, 0, &parent.to_le_bytes());
    value[64] = name.encode_utf16().count() as u8;
    value[65] = 1;
    value.extend(utf16(name));
    near(record::NAME, "", 0, &value)
}

/// A record whose sectors end with a mark, and what stood there put aside.
fn record_of(flags: u16, base: u64, attributes: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = vec![0; RECORD];
    put(&mut bytes, 0, b"FILE\x30\0\x03\0");
    put(&mut bytes, 20, &[0x38, 0]);
    put(&mut bytes, 22, &flags.to_le_bytes());
    put(&mut bytes, 32, &base.to_le_bytes());
    let attributes = [attributes.concat(), vec![0xff; 4]].concat();
    put(&mut bytes, 0x38, &attributes);
    put(&mut bytes, 0x30, b"\x07\0");
    for sector in 0..2 {
        let end = sector * 512 + 510;
        let kept = [bytes[end], bytes[end + 1]];
        put(&mut bytes, 0x32 + sector * 2, &kept);
        put(&mut bytes, end, b"\x07\0");
    }
    bytes
}

/// A disk of clusters of 1 KiB: the boot sector, the table in cluster 4, and data behind it. Records
/// begin with number 1; the table describes itself.
fn disk(records: &[Vec<u8>], clusters: &[(usize, &[u8])]) -> Vec<u8> {
    let count = records.len() as u64 + 1;
    let runs = [0x11, count as u8, TABLE as u8];
    let size = count * RECORD as u64;
    let table = record_of(IN_USE, 0, &[named(ROOT, "$MFT"), far("", 0, 0, &runs, size, size)]);
    let mut disk = vec![0; TABLE * CLUSTER];
    put(&mut disk, 0, b"\xeb\x52\x90NTFS    \0\x02\x02");
    put(&mut disk, 48, &(TABLE as u64).to_le_bytes());
    put(&mut disk, 56, &2_u64.to_le_bytes());
    disk[64] = 1;
    put(&mut disk, 510, b"\x55\xaa");
    put(&mut disk, 2 * CLUSTER, &table);
    disk.extend([table, records.concat()].concat());
    for (cluster, bytes) in clusters {
        disk.resize(disk.len().max(cluster * CLUSTER + bytes.len()), 0);
        put(&mut disk, cluster * CLUSTER, bytes);
    }
    disk.resize(disk.len().next_multiple_of(CLUSTER), 0);
    let sectors = disk.len() as u64 / 512;
    put(&mut disk, 40, &sectors.to_le_bytes());
    disk
}

/// Records up to the first that is no record of the file system itself.
fn own() -> Vec<Vec<u8>> {
    vec![vec![0; RECORD]; OWN as usize - 1]
}

fn with_own(records: &[Vec<u8>]) -> Vec<Vec<u8>> {
    [own(), records.to_vec()].concat()
}

#[test]
fn files_streams_and_folders_are_read() {
    let folder =
        record_of(IN_USE | 2, 0, &[named(ROOT, "folder"), near(record::DATA, "hidden", 0, b"ads")]);
    let file = record_of(
        IN_USE,
        0,
        &[
            named(12, "file"),
            near(record::DATA, "", 0, b"in the record"),
            near(record::DATA, "Zone.Identifier", 0, b"[ZoneTransfer]"),
        ],
    );
    let deleted = record_of(0, 0, &[named(ROOT, "gone"), near(record::DATA, "", 0, b"gone")]);
    let orphan = record_of(IN_USE, 0, &[near(record::DATA, "", 0, b"no name")]);
    let bytes = disk(&with_own(&[folder, file, deleted, orphan]), &[]);
    assert!(identify(&bytes).types_at_start().contains(FileType::Ntfs));
    let walked = walk(&bytes);
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    let names = ["folder:hidden", "folder/file", "folder/file:Zone.Identifier", "record 15"];
    assert_eq!(walked.names(), names);
    assert_eq!(walked.content("folder/file"), b"in the record");
    assert_eq!(walked.content("folder:hidden"), b"ads");
}

#[test]
fn runs_lead_back_have_holes_and_end_where_nothing_was_written() {
    // Cluster 40, a hole of two, cluster 38; 900 bytes of the last are there, 100 were written.
    let runs = [0x11, 1, 40, 0x01, 2, 0x11, 1, 0xfe];
    let file = record_of(IN_USE, 0, &[named(ROOT, "file"), far("", 0x8000, 0, &runs, 3972, 3172)]);
    let one = [b'1'; CLUSTER];
    let bytes = disk(&with_own(&[file]), &[(38, &[b'3'; CLUSTER]), (40, &one)]);
    let walked = walk(&bytes);
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    let expected = [&one[..], &[0; 2048], &[b'3'; 100], &[0; 800]].concat();
    assert!(walked.content("file") == expected);
}

#[test]
fn packed_files_are_unpacked() {
    // Four clusters a unit: one packed and a hole, four stored, a hole.
    let runs = [0x11, 1, 40, 0x01, 3, 0x11, 4, 4, 0x01, 4];
    let mut packed = [0x05, 0xb0, 0b1000, b'a', b'b', b'c', 0x06, 0x20].to_vec();
    packed.resize(CLUSTER, 0);
    let stored = noise(4 * CLUSTER);
    let size = 9000;
    let file = record_of(IN_USE, 0, &[named(ROOT, "file"), far("", 1, 0, &runs, size, size)]);
    let bytes = disk(&with_own(&[file]), &[(40, &packed), (44, &stored)]);
    let walked = walk(&bytes);
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    let zeros = vec![0; 4096 - 12];
    assert!(walked.content("file") == [b"abcabcabcabc", &zeros[..], &stored, &[0; 808]].concat());
    let mut broken = bytes;
    broken[40 * CLUSTER + 2] = 1;
    let walked = walk(&broken);
    assert_eq!(walked.reasons(), [Reason::Corrupted], "a copy from nowhere");
}

/// The list of attributes names a record that goes on with the runs.
fn scattered(list: &[u8]) -> Vec<u8> {
    let base = record_of(
        IN_USE,
        0,
        &[
            near(record::LIST, "", 0, list),
            named(ROOT, "file"),
            far("", 0, 0, &[0x11, 1, 40], 2048, 2048),
        ],
    );
    let more = record_of(IN_USE, 12, &[far("", 0, 1, &[0x11, 1, 42], 0, 0)]);
    disk(&with_own(&[base, more]), &[(40, &[b'1'; CLUSTER]), (42, &[b'2'; CLUSTER])])
}

/// A line of a list of attributes.
fn line(record: u64) -> Vec<u8> {
    let mut line = vec![0; 32];
    put(&mut line, 0, &record::DATA.to_le_bytes());
    put(&mut line, 4, &[32, 0]);
    put(&mut line, 16, &record.to_le_bytes());
    line
}

#[test]
fn a_file_of_several_records_is_put_together() {
    let walked = walk(&scattered(&[line(12), line(13), line(13)].concat()));
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert!(walked.content("file") == [[b'1'; CLUSTER], [b'2'; CLUSTER]].concat());
    let walked = walk(&scattered(&[line(12), line(99)].concat()));
    assert_eq!(walked.reasons(), [Reason::Corrupted, Reason::Truncated]);
}

#[test]
fn what_is_kept_from_us_is_told() {
    let reparse = |tag: u32| near(record::REPARSE, "", 0, &tag.to_le_bytes());
    let file = |name, tag| {
        record_of(
            IN_USE,
            0,
            &[
                named(ROOT, name),
                near(record::DATA, "", 0, b"\0\0\0\0"),
                near(record::DATA, "WofCompressedData", 0, b"packed"),
                reparse(tag),
            ],
        )
    };
    let locked = record_of(IN_USE, 0, &[named(ROOT, "c"), near(record::DATA, "", 0x4000, b"???")]);
    let records = [file("a", 0x8000_0017), file("b", 0x8000_0013), locked];
    let walked = walk(&disk(&with_own(&records), &[]));
    assert_eq!(walked.entries[0].reasons(), [Reason::Unsupported("ntfs-wof")]);
    assert_eq!(walked.content("a:WofCompressedData"), b"packed");
    assert_eq!(walked.entries[2].reasons(), [Reason::Unsupported("ntfs-dedup")]);
    assert_eq!(walked.entries[4].reasons(), [Reason::Encrypted]);
}

#[test]
fn damage_is_told_and_the_rest_is_read() {
    let file = |name| record_of(IN_USE, 0, &[named(ROOT, name), near(record::DATA, "", 0, b"abc")]);
    let whole = disk(&with_own(&[file("a"), file("b")]), &[]);
    let first = (TABLE + 12) * CLUSTER;
    let mut torn = whole.clone();
    torn[first + 510] ^= 1;
    let walked = walk(&torn);
    assert_eq!((walked.reasons(), walked.entries.len()), (vec![Reason::Corrupted], 2));
    let mut no_table = whole.clone();
    no_table[TABLE * CLUSTER] = 0;
    let walked = walk(&no_table);
    assert_eq!(
        (walked.reasons(), walked.entries.len()),
        (vec![Reason::Corrupted], 2),
        "the mirror"
    );
    let walked = walk(&whole[..first + CLUSTER]);
    assert_eq!((walked.reasons(), walked.entries.len()), (vec![Reason::Truncated], 1));
}

#[test]
fn boot_sectors_that_lead_nowhere_are_refused() {
    let whole = disk(&own(), &[]);
    assert_eq!(refusal(OPEN, &whole[..60], Limits::default()), Some(Reason::Truncated));
    for (at, byte) in [(11, 3), (13, 3), (13, 0xd0), (64, 0x80), (64, 3), (48, 99)] {
        let mut broken = whole.clone();
        broken[at] = byte;
        broken[2 * CLUSTER] = 0;
        assert_eq!(refusal(OPEN, &broken, Limits::default()), Some(Reason::Corrupted), "{at}");
    }
}

#[test]
fn sizes_that_lie_end_at_a_limit() {
    // A hole of 2^40 clusters as the file, and as the table of files behind its first records.
    let hole = [0x06, 0, 0, 0, 0, 0, 1];
    let size = 1 << 50;
    let file = record_of(IN_USE, 0, &[named(ROOT, "file"), far("", 0, 0, &hole, size, size)]);
    let bytes = disk(&with_own(&[file]), &[]);
    let limits = Limits { object_bytes: 4 << 20, memory: 8 << 20, ..Limits::default() };
    let walked = walk_at(OPEN, &bytes, 0, limits.clone());
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::ObjectBytes)]);
    let runs = [&[0x11, 13, TABLE as u8][..], &hole].concat();
    let table = record_of(IN_USE, 0, &[named(ROOT, "$MFT"), far("", 0, 0, &runs, size, size)]);
    let mut long = bytes.clone();
    put(&mut long, TABLE * CLUSTER, &table);
    let walked = walk_at(OPEN, &long, 0, limits.clone());
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::ObjectBytes)], "the hole is passed over");
    // The same number of clusters, behind the end of the disk.
    let runs = [&[0x11, 13, TABLE as u8][..], &[0x46, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]].concat();
    let table = record_of(IN_USE, 0, &[named(ROOT, "$MFT"), far("", 0, 0, &runs, size, size)]);
    put(&mut long, TABLE * CLUSTER, &table);
    let walked = walk_at(OPEN, &long, 0, limits.clone());
    let reasons = [Reason::Limit(Limit::ObjectBytes), Reason::Truncated];
    assert_eq!(walked.reasons(), reasons, "what is nowhere is passed over, too, and told");
    let limits = Limits { memory: 1500, ..limits };
    let walked = walk_at(OPEN, &scattered(&line(13).repeat(8)), 0, limits);
    assert!(walked.reasons().contains(&Reason::Limit(Limit::Memory)), "{}", walked.words());
}

#[test]
fn a_list_of_attributes_that_cannot_be_read_is_told() {
    let mut list = far("", 0, 0, &[0x21, 1, 0, 2], 64, 64);
    put(&mut list, 0, &record::LIST.to_le_bytes());
    let file = |list: &[u8]| {
        let data = near(record::DATA, "", 0, b"abc");
        let base = record_of(IN_USE, 0, &[list.to_vec(), named(ROOT, "file"), data]);
        let more = record_of(IN_USE, 12, &[near(record::DATA, "more", 0, b"def")]);
        disk(&with_own(&[base, more]), &[(40, &[line(12), line(13)].concat())])
    };
    let walked = walk(&file(&list));
    assert_eq!((walked.reasons(), walked.names()), (vec![Reason::Truncated], vec!["file"]));
    put(&mut list, 72, &[0x11, 1, 40, 0]);
    let walked = walk(&file(&list));
    assert_eq!((walked.reasons(), walked.names()), (vec![], vec!["file", "file:more"]));
    for (at, size) in [(72, &[0x91_u8][..]), (48, &[0; 8]), (48, &(1_u64 << 40).to_le_bytes())] {
        let mut broken = list.clone();
        put(&mut broken, at, size);
        assert!(walk(&file(&broken)).reasons().contains(&Reason::Corrupted), "{at} {size:?}");
    }
}

/// A file whose list of attributes names a hundred records, all of them the same one on the disk; and other
/// files with that list.
fn repeated(others: &[u64], more: &[u8]) -> Vec<u8> {
    let list: Vec<u8> = (13..113).flat_map(line).collect();
    let mut in_runs = far("", 0, 0, &[0x21, 4, 140, 0], 3200, 3200);
    put(&mut in_runs, 0, &record::LIST.to_le_bytes());
    let base = |name: &str| record_of(IN_USE, 0, &[in_runs.clone(), named(ROOT, name)]);
    let others = others.iter().map(|number| base(&number.to_string()));
    let records = [vec![base("file"), more.to_vec()], others.collect()].concat();
    let mut bytes = disk(&with_own(&records), &[(140, &list)]);
    let runs = [&[0x11, 14, TABLE as u8, 0x11, 1, 13][..], &[0x11, 1, 0].repeat(98)].concat();
    let runs = [&runs[..], &[0x11, records.len() as u8 - 1, 1]].concat();
    let size = (111 + records.len() as u64) * RECORD as u64;
    let table = record_of(IN_USE, 0, &[named(ROOT, "$MFT"), far("", 0, 0, &runs, size, size)]);
    put(&mut bytes, TABLE * CLUSTER, &table);
    bytes
}

#[test]
fn lists_that_name_the_same_records_again_and_again_end() {
    let none = record_of(IN_USE, 12, &[]);
    let told = "lists of attributes name more records than there are";
    let is_told = |others: &[u64]| walk(&repeated(others, &none)).words().contains(told);
    assert!(!is_told(&[]));
    assert!(is_told(&[0, 1]));
}

/// One record with streams that lie in it stands a hundred times in the table: what is made of it takes
/// far more room than the disk.
#[test]
fn streams_without_number_end_at_the_memory() {
    let streams = vec![near(record::DATA, "s", 0, b"x"); 29];
    let bytes = repeated(&[], &record_of(IN_USE, 12, &streams));
    assert_eq!(walk(&bytes).entries.len(), 2900);
    let limits = Limits { memory: 1 << 20, ..Limits::default() };
    let walked = walk_at(OPEN, &bytes, 0, limits);
    assert_eq!((walked.reasons(), walked.names()), (vec![Reason::Limit(Limit::Memory)], vec![]));
}

/// A file system with files and streams, written without mounting it.
fn made(cluster: &str) -> Option<(tempfile::TempDir, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::File::create(path.join("disk")).unwrap().set_len(4 << 20).unwrap();
    run(path, "/usr/sbin/mkntfs", &["-F", "-q", "-f", "-c", cluster, "disk"])?;
    for (number, (_, bytes)) in sample_files().iter().enumerate() {
        std::fs::write(path.join("file"), bytes).unwrap();
        let name = format!("file-{number}");
        run(path, "/usr/sbin/ntfscp", &["-f", "disk", "file", &name])?;
        run(path, "/usr/sbin/ntfscp", &["-f", "-N", "stream", "disk", "file", &name])?;
    }
    let bytes = std::fs::read(path.join("disk")).unwrap();
    Some((folder, bytes))
}

#[test]
fn file_systems_of_another_tool_are_read() {
    for cluster in ["512", "4096", "65536"] {
        let Some((_folder, bytes)) = made(cluster) else { return };
        let types = identify(&bytes).types_at_start();
        assert!(types.contains(FileType::Ntfs) && !types.contains(FileType::Mbr), "{cluster}");
        let walked = walk(&bytes);
        assert_eq!(walked.reasons(), [], "{cluster}: {}", walked.words());
        for (number, (_, expected)) in sample_files().iter().enumerate() {
            for name in [format!("file-{number}"), format!("file-{number}:stream")] {
                assert!(walked.content(&name) == expected, "{cluster}: {name}");
            }
        }
        let cut = walk(&bytes[..bytes.len() / 2]);
        assert!(!cut.reasons().is_empty(), "{cluster}");
    }
}

#[test]
fn damaged_file_systems_do_no_harm() {
    let runs = [0x11, 1, 40, 0x01, 3, 0x11, 4, 4, 0x01, 4];
    let packed = record_of(IN_USE, 0, &[named(ROOT, "file"), far("", 1, 0, &runs, 9000, 9000)]);
    let data = noise(CLUSTER);
    survives_damage(OPEN, &disk(&with_own(&[packed]), &[(40, &data), (44, &data)]));
    survives_damage(OPEN, &scattered(&[line(12), line(13)].concat()));
}
