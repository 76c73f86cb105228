//! Archives of other tools, and what becomes of them when they are changed.

use super::*;
use crate::limits::{Limit, Limits};
use crate::unpack::Passwords;
use crate::unpack::testing::{
    Walked, budget, made_by, noise, sample_tree, survives_damage, walk_at, walk_with,
};

fn walk(bytes: &[u8]) -> Walked {
    walk_at(open, bytes, 0, Limits::default())
}

fn header(fields: &[u8]) -> Vec<u8> {
    let length = (fields.len() as u16).to_le_bytes();
    [MARK, &length[..], fields, &crc32(fields).to_le_bytes(), &[0, 0]].concat()
}

/// An entry with its data.
fn member(name: &str, method: u8, flags: u8, content: &[u8], packed: &[u8]) -> Vec<u8> {
    let mut fields = vec![30, 11, 1, 0, flags, method, 0, 7, 0, 0, 0, 0];
    fields.extend((packed.len() as u32).to_le_bytes());
    fields.extend((content.len() as u32).to_le_bytes());
    fields.extend(crc32(content).to_le_bytes());
    fields.extend([0; 6]);
    fields.extend([name.as_bytes(), &[0, 0]].concat());
    [header(&fields), packed.to_vec()].concat()
}

fn archive(members: &[Vec<u8>]) -> Vec<u8> {
    let main = header(&[&[30, 11, 1, 0, 0, 0, 2][..], &[0; 23], b"x.arj\0\0"].concat());
    [main, members.concat(), b"\x60\xea\0\0".to_vec()].concat()
}

fn stored(name: &str, content: &[u8]) -> Vec<u8> {
    member(name, 0, 0, content, content)
}

#[test]
fn archives_of_other_tools_are_read() {
    for method in ["-m0", "-m1", "-m2", "-m3", "-m4"] {
        let folder = sample_tree();
        let arguments = ["a", "-r", "-i", method, "x.arj", "tree/text", "tree/noise"];
        let Some(bytes) = made_by(folder.path(), "arj", &arguments, "x.arj") else { return };
        let walked = walk(&bytes);
        assert_eq!(walked.reasons(), [], "{method}: {}", walked.words());
        assert!(walked.content("tree/text") == b"the quick brown fox ".repeat(5000), "{method}");
        assert!(walked.content("tree/noise") == noise(70_000), "{method}");
    }
}

#[test]
fn garbled_entries_open_with_the_right_password() {
    let content = b"content of a secret";
    let key = b"secret".iter().map(|byte| byte.wrapping_add(7)).cycle();
    let garbled: Vec<_> = content.iter().zip(key).map(|(byte, key)| byte ^ key).collect();
    let bytes = archive(&[member("a", 0, 1, content, &garbled)]);
    assert_eq!(walk(&bytes).reasons(), [Reason::Encrypted]);
    let passwords = Passwords::new([b"wrong".to_vec(), b"secret".to_vec()]);
    let budget = budget(Limits::default());
    let opening = Opening { budget: &budget, passwords: &passwords };
    let walked = walk_with(open, &bytes, 0, &opening);
    assert_eq!((walked.content("a"), walked.reasons()), (&content[..], vec![]));
}

#[test]
fn every_cut_is_truncated_and_keeps_what_came_before() {
    let first = stored("a", b"content!");
    let whole = archive(&[first.clone(), stored("b", b"more")]);
    let behind_first = archive(&[first]).len() - 4;
    for length in 8..whole.len() - 3 {
        let walked = walk(&whole[..length]);
        assert!(walked.reasons().contains(&Reason::Truncated), "{length} bytes");
        assert!(length < behind_first || walked.content("a") == b"content!");
    }
}

#[test]
fn a_broken_header_is_named_and_the_walk_goes_on() {
    let second = stored("b", b"more");
    let mut bytes = archive(&[stored("a", b"1"), second.clone(), stored("c", b"2")]);
    let place = bytes.windows(second.len()).position(|part| part == second).unwrap();
    bytes[place] = 0;
    let walked = walk(&bytes);
    assert_eq!((walked.names(), walked.reasons()), (vec!["a", "c"], vec![Reason::Corrupted]));
}

#[test]
fn wrong_sizes_and_checksums_are_corrupted() {
    for (content, packed) in [(&b"content"[..], &b"cont"[..]), (b"content", b"contenT")] {
        let walked = walk(&archive(&[member("a", 0, 0, content, packed)]));
        assert_eq!(walked.reasons(), [Reason::Corrupted]);
        assert!(walked.content("a").starts_with(b"cont"));
    }
    let walked = walk(&archive(&[member("a", 9, 0, b"1", b"1"), stored("b", b"2")]));
    assert_eq!(walked.reasons(), [Reason::Unsupported("arj-method")]);
    assert_eq!(walked.content("b"), b"2");
}

/// Two bits put out 18 bytes or more, whatever size is declared.
#[test]
fn declared_sizes_and_ratios_are_bounded() {
    for method in [1, 4] {
        let mut bytes = archive(&[member("a", method, 0, &[0; 9], &noise(5000))]);
        let size = 8 + 32 + 4 + 4 + 16 + 2;
        let place = bytes.windows(4).position(|four| four == 9_u32.to_le_bytes()).unwrap_or(size);
        bytes[place..place + 4].fill(0xff);
        let limits = Limits { object_bytes: 1 << 20, ..Limits::default() };
        let reasons = walk_at(open, &bytes, 0, limits).reasons();
        assert!(!reasons.is_empty(), "method {method}: {reasons:?}");
    }
    let limits = Limits { total_bytes: 10, ..Limits::default() };
    let walked = walk_at(open, &archive(&[stored("a", &[0; 100])]), 0, limits);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::TotalBytes)]);
}

#[test]
fn damaged_archives_do_no_harm() {
    for method in [0, 1, 4] {
        let members = [member("a", method, 0, &noise(60), &noise(60)), stored("b", b"2")];
        survives_damage(open, &archive(&members));
    }
}
