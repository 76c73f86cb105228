//! Images built block by block, and those of other tools.

use super::*;
use crate::limits::{Limit, Limits};
use crate::unpack::Open;
use crate::unpack::testing::{
    Walked, assert_holds_sample, made_by, noise, run, sample_tree, survives_damage, walk_at,
};

const SECTOR: usize = 512;
/// The first sector of the partition.
const START: u32 = 280;

const OPEN: Open =
    |content, offset, opening| open(Volume::of(content.slice(offset, u64::MAX)), opening.budget);

fn walk(bytes: &[u8]) -> Walked {
    walk_at(OPEN, bytes, 0, Limits::default())
}

/// A descriptor: its tag, and fields at their places.
fn descriptor(number: u16, place: u32, fields: &[(usize, &[u8])]) -> Vec<u8> {
    let mut block = vec![0; SECTOR];
    block[..2].copy_from_slice(&number.to_le_bytes());
    block[12..16].copy_from_slice(&place.to_le_bytes());
    for (at, bytes) in fields {
        block[*at..at + bytes.len()].copy_from_slice(bytes);
    }
    block[4] = block[..16].iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
    block
}

fn two(first: u32, second: u32) -> Vec<u8> {
    [first.to_le_bytes(), second.to_le_bytes()].concat()
}

fn long(length: u32, block: u32, partition: u16) -> Vec<u8> {
    [&two(length, block)[..], &partition.to_le_bytes(), &[0; 6]].concat()
}

/// A disk whose partition has these blocks; the first is the file set.
fn disk_with(maps: &[u8], count: u32, blocks: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = vec![0; 257 * SECTOR];
    let sequence = [
        descriptor(5, 0, &[(22, &[7, 0]), (188, &two(START, 1000))]),
        descriptor(
            6,
            0,
            &[
                (212, &512_u32.to_le_bytes()),
                (248, &long(512, 0, 0)),
                (264, &two(maps.len() as u32, count)),
            ],
        ),
        descriptor(8, 0, &[]),
    ];
    let mut sequence = sequence.concat();
    sequence[SECTOR + 440..SECTOR + 440 + maps.len()].copy_from_slice(maps);
    let at = 257 * SECTOR;
    bytes.extend(sequence);
    bytes.resize(START as usize * SECTOR, 0);
    let anchor = descriptor(2, 256, &[(16, &two(3 * SECTOR as u32, (at / SECTOR) as u32))]);
    bytes[256 * SECTOR..at].copy_from_slice(&anchor);
    for block in blocks {
        bytes.extend(block);
        bytes.resize(bytes.len().next_multiple_of(SECTOR), 0);
    }
    bytes
}

const PLAIN: &[u8] = &[1, 6, 1, 0, 7, 0];

fn disk(blocks: &[Vec<u8>]) -> Vec<u8> {
    disk_with(PLAIN, 1, blocks)
}

fn set(root: u32) -> Vec<u8> {
    descriptor(256, 0, &[(400, &long(512, root, 0))])
}

/// The entry of a file; form 3 holds the content itself.
fn entry(kind: u8, form: u16, size: u64, list: &[u8]) -> Vec<u8> {
    let fields: [(usize, &[u8]); 5] = [
        (27, &[kind]),
        (34, &form.to_le_bytes()),
        (56, &size.to_le_bytes()),
        (172, &(list.len() as u32).to_le_bytes()),
        (176, list),
    ];
    descriptor(261, 0, &fields)
}

fn folder(records: &[Vec<u8>]) -> Vec<u8> {
    let records = records.concat();
    entry(4, 3, records.len() as u64, &records)
}

fn record(name: &[u8], flags: u8, block: u32) -> Vec<u8> {
    let mut bytes = vec![0; 16];
    bytes[..2].copy_from_slice(&257_u16.to_le_bytes());
    bytes.extend([1, 0, flags, name.len() as u8]);
    bytes.extend(long(512, block, 0));
    bytes.extend([0, 0]);
    bytes.extend(name);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

const HIDDEN: u8 = 1;

#[test]
fn files_inside_their_entry_in_pieces_and_with_holes_are_read() {
    let root = folder(&[
        record(b"", PARENT, 1),
        record(b"\x08inside", HIDDEN, 2),
        record(b"\x10\x04\x16", 0, 3),
        record(b"\x08gone", DELETED, 2),
        record(b"\x08lost", DELETED, 900),
    ]);
    let pieces = [two(512, 4), two(512 | 1 << 30, 0), two(3, 5)].concat();
    let blocks = [
        set(1),
        root,
        entry(5, 3, 6, b"secret"),
        entry(5, 0, 512 + 512 + 3, &pieces),
        vec![b'x'; SECTOR],
        b"end".to_vec(),
    ];
    let walked = walk(&disk(&blocks));
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert_eq!(walked.names(), ["inside", "\u{416}"]);
    assert_eq!(walked.content("inside"), b"secret");
    let expected = [&[b'x'; SECTOR][..], &[0; SECTOR], b"end"].concat();
    assert_eq!(walked.content("\u{416}"), expected);
}

#[test]
fn lists_go_on_in_other_blocks_and_end_where_they_lead_back() {
    let list = [two(512, 3), two(512 | 3 << 30, 4)].concat();
    let next = [two(3, 5), two(512 | 3 << 30, 4)].concat();
    let next = descriptor(258, 0, &[(20, &(next.len() as u32).to_le_bytes()), (24, &next)]);
    let root = folder(&[record(b"\x08a", 0, 2)]);
    let blocks = [set(1), root, entry(5, 0, 515, &list), vec![b'x'; SECTOR], next, b"end".to_vec()];
    let limits = Limits { memory: 1 << 20, ..Limits::default() };
    let walked = walk_at(OPEN, &disk(&blocks), 0, limits);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::Memory)], "a list without end");
    let mut blocks = blocks;
    blocks[4] = descriptor(258, 0, &[(20, &8_u32.to_le_bytes()), (24, &two(3, 5))]);
    let walked = walk(&disk(&blocks));
    assert_eq!((walked.content("a").len(), walked.reasons()), (515, vec![]));
}

#[test]
fn folders_that_hold_themselves_end() {
    let root = folder(&[record(b"\x08self", 0, 1), record(b"\x08other", 0, 2)]);
    let other = folder(&[record(b"\x08back", 0, 1), record(b"\x08a", 0, 3)]);
    let walked = walk(&disk(&[set(1), root, other, entry(5, 3, 1, b"x")]));
    assert_eq!((walked.names(), walked.reasons()), (vec!["other/a"], vec![]));
}

#[test]
fn named_streams_are_read() {
    let mut file = entry(5, 3, 0, b"");
    file[..2].copy_from_slice(&266_u16.to_le_bytes());
    file[152..168].copy_from_slice(&long(512, 3, 0));
    file[172..176].fill(0);
    let streams = folder(&[record(b"\x08stream", 0, 4)]);
    let root = folder(&[record(b"\x08a", 0, 2)]);
    let walked = walk(&disk(&[set(1), root, file, streams, entry(5, 3, 6, b"hidden")]));
    assert_eq!(walked.content("a/stream"), b"hidden", "{}", walked.words());
}

#[test]
fn a_metadata_partition_is_a_file_in_the_plain_one() {
    let mut map = vec![2, 64, 0, 0, 0];
    map.extend(b"*UDF Metadata Partition");
    map.resize(38, 0);
    map.extend([7, 0]);
    map.extend(two(0, 1));
    map.resize(64, 0);
    // The set names partition 0, so the metadata partition stands there, and the plain one behind it.
    let maps = [&map[..], PLAIN].concat();
    let list = [two(512 * 3, 4)].concat();
    let metadata = entry(250, 0, 512 * 3, &list);
    let file = entry(5, 1, 3, &long(3, 3, 1));
    let root = folder(&[record(b"\x08a", 0, 2)]);
    let mut blocks = vec![metadata.clone(), metadata, vec![], b"one".to_vec(), set(1), root, file];
    blocks[2] = vec![0; SECTOR];
    let walked = walk(&disk_with(&maps, 2, &blocks));
    assert_eq!((walked.content("a"), walked.reasons()), (&b"one"[..], vec![]));
    blocks[0] = vec![0; SECTOR];
    assert_eq!(walk(&disk_with(&maps, 2, &blocks)).content("a"), b"one", "by its mirror");
    blocks[1] = vec![0; SECTOR];
    assert!(walk(&disk_with(&maps, 2, &blocks)).reasons().contains(&Reason::Corrupted));
    map[5..28].copy_from_slice(b"*UDF Virtual Partition\0");
    let walked = walk(&disk_with(&map, 1, &blocks));
    assert!(walked.reasons().contains(&Reason::Unsupported("udf-partition")));
}

#[test]
fn sizes_and_places_that_lie_are_said() {
    let root = folder(&[
        record(b"\x08long", 0, 2),
        record(b"\x08far", 0, 3),
        record(b"\x08none", 0, 0),
        record(b"\x08outside", 0, u32::MAX),
    ]);
    let blocks = [
        set(1),
        root,
        entry(5, 0, u64::MAX, &two(3, 4)),
        entry(5, 0, 512, &two(512, u32::MAX)),
        b"end".to_vec(),
    ];
    let walked = walk(&disk(&blocks));
    let reasons: Vec<_> = walked.entries.iter().map(|entry| entry.reasons()[0]).collect();
    assert_eq!(
        reasons,
        [Reason::Truncated, Reason::Truncated, Reason::Corrupted, Reason::Truncated]
    );
    assert_eq!(walked.content("long"), b"end");
}

#[test]
fn images_of_other_tools_are_read() {
    let folder = sample_tree();
    let arguments = ["-quiet", "-udf", "-R", "-o", "x.iso", "-graft-points", "tree=tree"];
    let Some(bytes) = made_by(folder.path(), "genisoimage", &arguments, "x.iso") else { return };
    assert_holds_sample(&walk(&bytes), "genisoimage -udf");
}

#[test]
fn empty_disks_of_another_tool_have_nothing_wrong() {
    for block in ["512", "2048", "4096"] {
        for revision in ["1.02", "1.50", "2.01"] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("x"), vec![0; 4 << 20]).unwrap();
            let arguments = ["-b", block, "-r", revision, "x"];
            // It is not always on the path of those who are not root.
            let program = "/usr/sbin/mkudffs";
            if run(folder.path(), program, &arguments).is_none() {
                return;
            }
            let bytes = std::fs::read(folder.path().join("x")).unwrap();
            let types = crate::identify::identify(&bytes).types_at_start();
            assert!(types.contains(crate::identify::FileType::Udf), "{block} {revision}");
            let walked = walk(&bytes);
            assert_eq!((walked.reasons(), walked.names()), (vec![], vec![]), "{block} {revision}");
        }
    }
}

#[test]
fn every_cut_is_said() {
    let root = folder(&[record(b"\x08a", 0, 2)]);
    let blocks = [set(1), root, entry(5, 0, 1000, &two(1000, 3)), noise(1000)];
    let whole = disk(&blocks);
    assert_eq!(walk(&whole).reasons(), []);
    for length in (0..whole.len() - SECTOR).step_by(256) {
        assert!(!walk(&whole[..length]).reasons().is_empty(), "{length} of {}", whole.len());
    }
}

#[test]
fn damaged_images_do_no_harm() {
    let root = folder(&[record(b"\x08a", 0, 2), record(b"\x08b", 0, 3)]);
    let blocks =
        [set(1), root, entry(5, 0, 600, &two(600, 4)), entry(5, 3, 6, b"secret"), noise(600)];
    survives_damage(OPEN, &disk(&blocks));
}
