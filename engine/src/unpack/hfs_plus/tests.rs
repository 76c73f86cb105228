//! File systems built block by block, and one of another tool.

use super::*;
use crate::identify::{FileType, identify};
use crate::limits::{Limit, Limits};
use crate::unpack::Open;
use crate::unpack::testing::{
    Walked, assert_holds_sample, noise, refusal, run, sample_tree, survives_damage, walk_at,
};

const BLOCK: usize = 512;

const OPEN: Open =
    |content, offset, opening| open(Volume::of(content.slice(offset, u64::MAX)), opening.budget);

fn walk(bytes: &[u8]) -> Walked {
    walk_at(OPEN, bytes, 0, Limits::default())
}

fn fork(size: u64, extents: &[(u32, u32)]) -> Vec<u8> {
    let blocks = size.div_ceil(BLOCK as u64) as u32;
    let mut fork = [&size.to_be_bytes()[..], &[0; 4], &blocks.to_be_bytes()].concat();
    for (first, count) in extents {
        fork.extend([first.to_be_bytes(), count.to_be_bytes()].concat());
    }
    fork.resize(80, 0);
    fork
}

/// A leaf of a tree, with these records.
fn leaf(records: &[Vec<u8>]) -> Vec<u8> {
    let mut node = vec![0; BLOCK];
    (node[8], node[9]) = (LEAF, 1);
    node[10..12].copy_from_slice(&(records.len() as u16).to_be_bytes());
    let mut at = 14_usize;
    for number in 0..=records.len() {
        let place = BLOCK - 2 * (number + 1);
        node[place..place + 2].copy_from_slice(&(at as u16).to_be_bytes());
        if let Some(record) = records.get(number) {
            node[at..at + record.len()].copy_from_slice(record);
            at += record.len();
        }
    }
    node
}

const LEAF: u8 = 0xff;

/// The first node of a tree, which says how large nodes are.
fn head() -> Vec<u8> {
    let mut node = vec![0; BLOCK];
    node[8] = 1;
    node[32..34].copy_from_slice(&(BLOCK as u16).to_be_bytes());
    node
}

fn key(parent: u32, name: &str) -> Vec<u8> {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let length = ((name.len() / 2) as u16).to_be_bytes();
    let key = [&parent.to_be_bytes()[..], &length, &name].concat();
    [&(key.len() as u16).to_be_bytes()[..], &key].concat()
}

fn folder(parent: u32, name: &str, number: u32) -> Vec<u8> {
    [&key(parent, name)[..], &[0, 1, 0, 0, 0, 0, 0, 0], &number.to_be_bytes(), &[0; 76]].concat()
}

fn file(parent: u32, name: &str, number: u32, data: Vec<u8>, resource: Vec<u8>) -> Vec<u8> {
    let head = [&[0, 2, 0, 0, 0, 0, 0, 0], &number.to_be_bytes()[..], &[0; 76]].concat();
    [key(parent, name), head, data, resource].concat()
}

/// A volume: its header, the tree of extents in blocks 4 and 5, the catalog in 6 and 7, other blocks
/// behind.
fn volume(extents: &[Vec<u8>], catalog: &[Vec<u8>], blocks: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![0; 2 * BLOCK];
    let mut header = b"H+\0\x04".to_vec();
    header.resize(40, 0);
    header.extend((BLOCK as u32).to_be_bytes());
    header.extend((8 + blocks.len() as u32).to_be_bytes());
    header.resize(192, 0);
    header.extend(fork(1024, &[(4, 2)]));
    header.extend(fork(1024, &[(6, 2)]));
    header.resize(2 * BLOCK, 0);
    bytes.extend(header);
    for node in [head(), leaf(extents), head(), leaf(catalog)] {
        bytes.extend(node);
    }
    for block in blocks {
        bytes.extend(*block);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    }
    bytes
}

#[test]
fn both_forks_of_files_in_folders_are_read() {
    let catalog = [
        folder(1, "disk", 2),
        folder(2, "folder", 16),
        file(16, "a", 17, fork(600, &[(9, 1), (8, 1)]), fork(3, &[(10, 1)])),
    ];
    let bytes = volume(&[], &catalog, &[b"end", &[b'x'; BLOCK], b"rsc"]);
    assert!(identify(&bytes).types_at_start().contains(FileType::HfsPlus));
    let walked = walk(&bytes);
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert_eq!(walked.names(), ["folder/a", "folder/a/rsrc"]);
    assert!(walked.content("folder/a").starts_with(&[b'x'; BLOCK]));
    assert!(walked.content("folder/a")[BLOCK..].starts_with(b"end"));
    assert_eq!(walked.content("folder/a/rsrc"), b"rsc");
}

#[test]
fn further_extents_stand_in_a_tree() {
    let pieces: Vec<_> = (0..8).map(|n| (8 + 2 * n, 1)).collect();
    let mut more = [&[0, 10, 0, 0][..], &17_u32.to_be_bytes(), &8_u32.to_be_bytes()].concat();
    more.extend([9_u32.to_be_bytes(), 1_u32.to_be_bytes()].concat());
    more.resize(12 + 64, 0);
    let catalog = [file(2, "a", 17, fork(9 * 512, &pieces), fork(0, &[]))];
    let block = [b'x'; BLOCK];
    let last = [b'y'; BLOCK];
    let mut blocks: Vec<&[u8]> = vec![&block; 16];
    blocks[1] = &last;
    let walked = walk(&volume(&[more], &catalog, &blocks));
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert_eq!(walked.content("a"), [&block.repeat(8)[..], &last].concat());
    let walked = walk(&volume(&[], &catalog, &blocks));
    assert_eq!(walked.reasons(), [Reason::Truncated], "without the tree");
}

#[test]
fn folders_in_a_circle_and_sizes_that_lie_end() {
    let catalog = [
        folder(17, "one", 16),
        folder(16, "other", 17),
        file(16, "a", 18, fork(u64::MAX, &[(8, u32::MAX)]), fork(3, &[(u32::MAX, 1)])),
    ];
    let walked = walk(&volume(&[], &catalog, &[b"abc"]));
    assert_eq!((walked.entries.len(), walked.reasons()), (2, vec![Reason::Truncated]));
    assert!(walked.names()[0].ends_with("other/one/a") && walked.names()[0].len() < 1000);
    let limits = Limits { memory: 200, ..Limits::default() };
    let bytes = volume(&[], &catalog, &[b"abc"]);
    assert_eq!(refusal(OPEN, &bytes, limits), Some(Reason::Limit(Limit::Memory)));
}

#[test]
fn broken_leaves_and_headers_are_said() {
    let catalog = [file(2, "a", 17, fork(3, &[(8, 1)]), fork(0, &[]))];
    let whole = volume(&[], &catalog, &[b"abc"]);
    let mut broken = whole.clone();
    broken[8 * BLOCK - 2..8 * BLOCK].fill(0xff);
    assert_eq!(walk(&broken).reasons(), [Reason::Corrupted]);
    for length in (1600..whole.len()).step_by(100) {
        assert!(!walk(&whole[..length]).reasons().is_empty(), "{length}");
    }
}

#[test]
fn a_file_system_of_another_tool_is_read() {
    let folder = sample_tree();
    let arguments =
        ["-as", "mkisofs", "-quiet", "-R", "-hfsplus", "-o", "x.iso", "-graft-points", "tree=tree"];
    if run(folder.path(), "xorriso", &arguments).is_none() {
        return;
    }
    let image = std::fs::read(folder.path().join("x.iso")).unwrap();
    let disk = walk_at(crate::unpack::disks::open, &image, 0, Limits::default());
    let parts = disk.entries.iter().filter_map(|entry| entry.bytes.as_deref());
    let starts = |bytes: &&[u8]| bytes.get(1024..1026) == Some(b"H+");
    let part = parts.filter(starts).max_by_key(|bytes| bytes.len());
    let part = part.unwrap_or_else(|| panic!("no such partition in {:?}", disk.names()));
    assert!(identify(part).types_at_start().contains(FileType::HfsPlus));
    assert_holds_sample(&walk(part), "xorriso");
}

#[test]
fn damaged_file_systems_do_no_harm() {
    let catalog =
        [folder(1, "disk", 2), file(2, "a", 17, fork(600, &[(8, 2)]), fork(3, &[(8, 1)]))];
    let bytes = volume(&[], &catalog, &[&noise(512), &noise(512)]);
    survives_damage(OPEN, &bytes);
}
