//! Scripts built by the masks that are to be taken off; real ones are in `tests/clamav_testfiles.rs`.

use super::*;
use crate::limits::{Limit, Limits};
use crate::unpack::testing::{Walked, noise, survives_damage, walk_at};
use crate::verdict::Reason;

const IDENTIFIER: &[u8] = b"\xa3\x48\x4b\xbe\x98\x6c\x4a\xa9\x99\x4c\x53\x0a\x86\xd6\x48\x7d";

fn walk(bytes: &[u8]) -> Walked {
    walk_at(open, bytes, 0, Limits::default())
}

fn masked(keys: &Keys, bytes: &[u8], seed: u32) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    keys.mask(&mut bytes, seed);
    bytes
}

fn text(keys: &Keys, text: &str, seeds: (u32, u32)) -> Vec<u8> {
    let bytes = match keys.is_older {
        true => text.as_bytes().to_vec(),
        false => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    };
    let length = text.len() as u32;
    [(length ^ seeds.0).to_le_bytes().to_vec(), masked(keys, &bytes, seeds.1 + length)].concat()
}

fn file(keys: &Keys, name: &str, is_packed: bool, data: &[u8]) -> Vec<u8> {
    let sizes = (data.len() as u32 ^ keys.sizes).to_le_bytes();
    let parts = [
        masked(keys, b"FILE", keys.mark),
        text(keys, ">>>AUTOIT SCRIPT<<<", keys.purpose),
        text(keys, name, keys.path),
        vec![u8::from(is_packed)],
        sizes.to_vec(),
        vec![0; 24],
        masked(keys, data, keys.data),
    ];
    parts.concat()
}

fn script(keys: &Keys, files: &[Vec<u8>]) -> Vec<u8> {
    let mark = if keys.is_older { b"AU3!EA05" } else { b"AU3!EA06" };
    [IDENTIFIER, mark, &[0; 16], &files.concat(), b"some other data"].concat()
}

/// Literals alone.
fn packed(keys: &Keys, bytes: &[u8], size: u32) -> Vec<u8> {
    let literal = !keys.is_older;
    let byte = |byte: &u8| {
        let bits = (0..8).rev().map(|bit| byte >> bit & 1 == 1).collect::<Vec<_>>();
        [vec![literal], bits].concat()
    };
    let bits: Vec<bool> = bytes.iter().flat_map(byte).collect();
    let bytes = bits.chunks(8).map(|bits| {
        let bits = bits.iter().chain(std::iter::repeat(&false)).take(8);
        bits.fold(0_u8, |byte, &bit| byte << 1 | u8::from(bit))
    });
    [b"EA06", &size.to_be_bytes()[..], &bytes.collect::<Vec<_>>()].concat()
}

#[test]
fn files_of_both_versions_are_read() {
    for keys in [&EA05, &EA06] {
        let content = noise(300);
        let data = packed(keys, &content, 300);
        let files = [file(keys, "a.au3", true, &data), file(keys, "b.exe", false, b"content")];
        let walked = walk(&script(keys, &files));
        assert_eq!(walked.reasons(), [], "{}", walked.words());
        assert_eq!(walked.names(), ["a.au3", "b.exe"]);
        assert_eq!(walked.content("a.au3"), content);
        assert_eq!(walked.content("b.exe"), b"content");
    }
}

#[test]
fn what_is_missing_is_truncated() {
    let whole = script(&EA06, &[file(&EA06, "a", true, &packed(&EA06, b"content", 7))]);
    for length in 40..whole.len() - 15 {
        assert!(walk(&whole[..length]).reasons().contains(&Reason::Truncated), "{length} bytes");
    }
    let none = script(&EA06, &[]);
    assert_eq!(walk(&none).reasons(), [Reason::Corrupted]);
}

#[test]
fn declared_sizes_are_lies() {
    let data = packed(&EA06, b"content", u32::MAX);
    let walked = walk(&script(&EA06, &[file(&EA06, "a", true, &data)]));
    assert_eq!(walked.reasons(), [Reason::Truncated]);
    assert!(walked.content("a").starts_with(b"content"));
    let limits = Limits { total_bytes: 3, ..Limits::default() };
    let whole = script(&EA06, &[file(&EA06, "a", false, b"content")]);
    assert_eq!(walk_at(open, &whole, 0, limits).reasons(), [Reason::Limit(Limit::TotalBytes)]);
}

#[test]
fn damaged_scripts_do_no_harm() {
    for keys in [&EA05, &EA06] {
        let data = packed(keys, b"content", 7);
        survives_damage(open, &script(keys, &[file(keys, "a", true, &data)]));
    }
}
