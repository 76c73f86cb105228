//! Archives of other tools and bit by bit, and what becomes of them when they are changed.

use super::*;
use crate::limits::{Limit, Limits};
use crate::unpack::testing::{Walked, made_by, noise, sample_tree, survives_damage, walk_at};

fn walk(bytes: &[u8]) -> Walked {
    walk_at(open, bytes, 0, Limits::default())
}

/// A level 0 header and its data.
fn member(name: &str, method: &[u8; 5], content: &[u8], packed: &[u8]) -> Vec<u8> {
    let mut crc = Crc16::default();
    crc.digest(content);
    let mut fields = method.to_vec();
    fields.extend((packed.len() as u32).to_le_bytes());
    fields.extend((content.len() as u32).to_le_bytes());
    fields.extend([0, 0, 0, 0, 0x20, 0, name.len() as u8]);
    fields.extend(name.as_bytes());
    fields.extend(crc.sum16().to_le_bytes());
    let sum = fields.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
    [&[fields.len() as u8, sum][..], &fields, packed].concat()
}

fn stored(name: &str, content: &[u8]) -> Vec<u8> {
    member(name, b"-lh0-", content, content)
}

fn archive(members: &[Vec<u8>]) -> Vec<u8> {
    [members.concat(), vec![0]].concat()
}

#[test]
fn stored_entries_are_read() {
    let walked = walk(&archive(&[stored("a", b"content"), stored("b", &noise(1000))]));
    assert_eq!(walked.content("a"), b"content");
    assert_eq!(walked.content("b"), noise(1000));
    assert_eq!(walked.reasons(), []);
}

#[test]
fn archives_of_other_tools_are_read() {
    for method in ["ao5q", "ao6q", "ao7q", "a0q", "a1q", "a2q"] {
        let folder = sample_tree();
        let arguments = [method, "x.lzh", "tree/text", "tree/noise"];
        let Some(bytes) = made_by(folder.path(), "lha", &arguments, "x.lzh") else { return };
        let walked = walk(&bytes);
        assert_eq!(walked.reasons(), [], "{method}: {}", walked.words());
        assert!(walked.content("tree/text") == b"the quick brown fox ".repeat(5000), "{method}");
        assert!(walked.content("tree/noise") == noise(70_000), "{method}");
    }
}

#[test]
fn every_cut_is_truncated_and_keeps_what_came_before() {
    let first = stored("a", b"content!");
    let whole = archive(&[first.clone(), stored("b", b"more")]);
    for length in (2..whole.len() - 1).filter(|&length| length != first.len()) {
        let walked = walk(&whole[..length]);
        assert!(walked.reasons().contains(&Reason::Truncated), "{length} bytes");
        assert!(length < first.len() || walked.content("a") == b"content!");
    }
}

#[test]
fn a_broken_header_is_named_and_the_walk_goes_on() {
    let second = stored("b", b"more");
    let mut bytes = archive(&[stored("a", b"1"), second, stored("c", b"2")]);
    let place = stored("a", b"1").len();
    bytes[place + 1] ^= 1;
    let walked = walk(&bytes);
    assert_eq!((walked.names(), walked.reasons()), (vec!["a", "c"], vec![Reason::Corrupted]));
}

#[test]
fn wrong_checksums_and_unknown_methods_are_said() {
    let mut wrong = archive(&[stored("a", b"content")]);
    let last = wrong.len() - 2;
    wrong[last] ^= 1;
    assert_eq!(walk(&wrong).reasons(), [Reason::Corrupted]);
    let unknown = archive(&[member("a", b"-lh9-", b"1", b"1"), stored("b", b"2")]);
    let walked = walk(&unknown);
    assert_eq!(walked.reasons(), [Reason::Unsupported("method")]);
    assert_eq!(walked.content("b"), b"2");
}

#[test]
fn declared_sizes_are_bounded() {
    let lie = member("a", b"-lh5-", b"", &noise(3000));
    let mut bytes = archive(&[lie]);
    bytes[11..15].fill(0xff);
    bytes[1] = bytes[2..2 + bytes[0] as usize].iter().fold(0, |sum: u8, &b| sum.wrapping_add(b));
    let limits = Limits { object_bytes: 1 << 20, ..Limits::default() };
    assert!(!walk_at(open, &bytes, 0, limits).reasons().is_empty());
    let limits = Limits { total_bytes: 10, ..Limits::default() };
    let walked = walk_at(open, &archive(&[stored("a", &[0; 100])]), 0, limits);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::TotalBytes)]);
}

#[test]
fn damaged_archives_do_no_harm() {
    for method in [b"-lh0-", b"-lh5-", b"-lh1-", b"-lzs-", b"-pm2-"] {
        let members = [member("a", method, &noise(60), &noise(60)), stored("b", b"2")];
        survives_damage(open, &archive(&members));
    }
}
