//! Help files built chunk by chunk; a real one is in `tests/clamav_testfiles.rs`.

use super::*;
use crate::limits::{Limit, Limits};
use crate::unpack::testing::{Walked, noise, survives_damage, walk_at};

fn walk(bytes: &[u8]) -> Walked {
    walk_at(open, bytes, 0, Limits::default())
}

fn small(number: usize) -> Vec<u8> {
    assert!(number < 1 << 14);
    if number < 128 {
        vec![number as u8]
    } else {
        vec![(number >> 7) as u8 | 0x80, number as u8 & 0x7f]
    }
}

/// A file whose contents are these, with places of a section counted from its start.
fn help(files: &[(&[u8], u8, usize, usize)], contents: &[u8]) -> Vec<u8> {
    let mut chunk = [&b"PMGL"[..], &[0; 16]].concat();
    for (name, section, place, size) in files {
        chunk.extend([small(name.len()), name.to_vec(), vec![*section]].concat());
        chunk.extend([small(*place), small(*size)].concat());
    }
    let free = 4096 - chunk.len() as u32;
    chunk.resize(4096, 0);
    chunk[4..8].copy_from_slice(&free.to_le_bytes());
    let mut header = [&b"ITSP\x01\0\0\0"[..], &84_u32.to_le_bytes(), &[0; 4]].concat();
    header.extend(4096_u32.to_le_bytes());
    header.resize(84, 0);
    let mut bytes = [&b"ITSF\x03\0\0\0"[..], &[0; 64]].concat();
    let directory = 84 + 4096_u64;
    bytes.extend([96, directory, 96 + directory].map(u64::to_le_bytes).concat());
    [bytes, header, chunk, contents.to_vec()].concat()
}

/// What describes a packed section of one frame.
fn packed(size: u64, data: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let control = [6_u32, 0x435a_584c, 2, 1, 1, 1, 0].map(u32::to_le_bytes).concat();
    let mut resets = [2_u32, 1, 8, 0x28].map(u32::to_le_bytes).concat();
    resets.extend([size, data.len() as u64, FRAME, 0].map(u64::to_le_bytes).concat());
    (control, resets)
}

/// A section whose only file is stored in an uncompressed block of LZX.
fn with_section(content: &[u8]) -> Vec<u8> {
    let size = content.len() as u32;
    // No translation of calls, block type 3, 24 bits of size; then three last distances.
    let bits = 3_u32 << 28 | size << 4;
    let words = [(bits >> 16) as u16, bits as u16].map(u16::to_le_bytes).concat();
    let data = [&words[..], &[1, 0, 0, 0].repeat(3), content].concat();
    let (control, resets) = packed(content.len() as u64, &data);
    let contents = [&data[..], &control, &resets].concat();
    let (one, two) = (data.len(), data.len() + control.len());
    let files: [(&[u8], u8, usize, usize); 4] = [
        (PACKED, 0, 0, one),
        (CONTROL, 0, one, control.len()),
        (RESETS, 0, two, resets.len()),
        (b"/packed", 1, 0, content.len()),
    ];
    help(&files, &contents)
}

#[test]
fn stored_and_packed_files_are_read() {
    let walked =
        walk(&help(&[(b"/a", 0, 0, 3), (b"/b", 0, 3, 4), (b"/folder/", 0, 0, 0)], b"abcdefg"));
    assert_eq!(walked.names(), ["/a", "/b"]);
    assert_eq!((walked.content("/a"), walked.content("/b")), (&b"abc"[..], &b"defg"[..]));
    assert_eq!(walked.reasons(), []);
    let walked = walk(&with_section(b"content!"));
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert_eq!(walked.content("/packed"), b"content!");
}

#[test]
fn what_is_missing_is_said() {
    let whole = help(&[(b"/a", 0, 0, 300)], &noise(300));
    for length in (8..whole.len()).step_by(37) {
        assert!(walk(&whole[..length]).reasons().contains(&Reason::Truncated), "{length} bytes");
    }
    let walked = walk(&help(&[(b"/packed", 1, 0, 300)], b""));
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
}

#[test]
fn files_that_lie_in_each_other_end_at_the_budget() {
    let files = vec![(&b"/f"[..], 0, 0, 5000); 300];
    let limits = Limits { total_bytes: 50_000, ..Limits::default() };
    let walked = walk_at(open, &help(&files, &noise(5000)), 0, limits);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::TotalBytes)]);
}

#[test]
fn damaged_files_do_no_harm() {
    survives_damage(open, &with_section(b"content!"));
}
