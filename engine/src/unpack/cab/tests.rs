//! Cabinets built block by block, and those of other tools.

use super::*;
use crate::limits::{Limit, Limits};
use crate::unpack::decoders::quantum::encoder::Encoder;
use crate::unpack::testing::{
    Walked, deflated, made_by, noise, run, sample_tree, survives_damage, walk_at,
};

fn walk(bytes: &[u8]) -> Walked {
    walk_at(open, bytes, 0, Limits::default())
}

/// A cabinet of one folder: files by name, place and size, and its blocks, packed, with their sizes.
fn cabinet(method: u16, files: &[(&str, u32, u32)], blocks: &[(Vec<u8>, u16)]) -> Vec<u8> {
    let mut list = Vec::new();
    for (name, place, size) in files {
        list.extend([size.to_le_bytes(), place.to_le_bytes()].concat());
        list.extend([0; 8]);
        list.extend([name.as_bytes(), &[0]].concat());
    }
    let mut data = Vec::new();
    for (packed, size) in blocks {
        let sizes = [(packed.len() as u16).to_le_bytes(), size.to_le_bytes()].concat();
        data.extend(checksum(&sizes, checksum(packed, 0)).to_le_bytes());
        data.extend([&sizes[..], packed].concat());
    }
    let first_file = 36 + 8;
    let start = first_file + list.len() as u32;
    let whole = start + data.len() as u32;
    let mut bytes = [&b"MSCF\0\0\0\0"[..], &whole.to_le_bytes(), &[0; 4]].concat();
    bytes.extend([&first_file.to_le_bytes()[..], &[0; 4], &[3, 1, 1, 0]].concat());
    bytes.extend((files.len() as u16).to_le_bytes());
    bytes.extend([0; 6]);
    bytes.extend(start.to_le_bytes());
    bytes.extend((blocks.len() as u16).to_le_bytes());
    bytes.extend(method.to_le_bytes());
    [bytes, list, data].concat()
}

fn stored(bytes: &[u8]) -> (Vec<u8>, u16) {
    (bytes.to_vec(), bytes.len() as u16)
}

#[test]
fn files_are_cut_out_of_their_folder() {
    let files = [("a", 0, 3), ("b", 3, 4), ("again", 1, 4)];
    let walked = walk(&cabinet(0, &files, &[stored(b"abc"), stored(b"defg")]));
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert_eq!(walked.content("a"), b"abc");
    assert_eq!(walked.content("b"), b"defg");
    assert_eq!(walked.content("again"), b"bcde", "a file that lies in others");
}

#[test]
fn the_window_of_mszip_goes_on_from_block_to_block() {
    let block = |bytes: &[u8]| ([b"CK", &deflated(bytes)[..]].concat(), bytes.len() as u16);
    // A match over what the block before put out: fixed codes, length 3, distance 3, end of block.
    let back = (b"CK\x03\x22\x00\x00".to_vec(), 3);
    let walked = walk(&cabinet(1, &[("a", 0, 9)], &[block(b"abcdef"), back]));
    assert_eq!(walked.content("a"), b"abcdefdef", "{}", walked.words());
    let unmarked = (deflated(b"abc"), 3);
    assert_eq!(walk(&cabinet(1, &[("a", 0, 3)], &[unmarked])).reasons(), [Reason::Corrupted]);
}

#[test]
fn cabinets_of_other_tools_are_read() {
    for switches in [&["-c"][..], &["-cz"]] {
        let folder = sample_tree();
        let arguments = [switches, &["x.cab", "tree/text", "tree/noise"]].concat();
        let Some(bytes) = made_by(folder.path(), "gcab", &arguments, "x.cab") else { return };
        let walked = walk(&bytes);
        assert_eq!(walked.reasons(), [], "{switches:?}: {}", walked.words());
        let text = b"the quick brown fox ".repeat(5000);
        let has = |bytes: &[u8]| walked.entries.iter().any(|e| e.bytes.as_deref() == Some(bytes));
        assert!(has(&text) && has(&noise(70_000)), "{:?}", walked.names());
    }
}

/// A text in blocks of Quantum, with a window of 2^18 bytes.
fn quantum(text: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new(18);
    let block = |block: &[u8]| (encoder.block(block), block.len() as u16);
    let blocks: Vec<_> = text.chunks(32 << 10).map(block).collect();
    cabinet(0x1272, &[("text", 0, text.len() as u32)], &blocks)
}

#[test]
fn quantum_is_read_as_cabextract_reads_it() {
    let text = [noise(4000), b"the quick brown fox ".repeat(2500), noise(1000)].concat();
    let bytes = quantum(&text);
    let walked = walk(&bytes);
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert!(walked.content("text") == text);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("q.cab"), &bytes).unwrap();
    if run(folder.path(), "cabextract", &["-q", "-dout", "q.cab"]).is_some() {
        assert!(std::fs::read(folder.path().join("out/text")).unwrap() == text);
    }
}

#[test]
fn other_methods_are_unsupported_by_name() {
    let walked = walk(&cabinet(4, &[("a", 0, 3)], &[stored(b"abc")]));
    assert_eq!(walked.reasons(), [Reason::Unsupported("cab-method")]);
    assert!(walked.words().contains("method 4"));
    let walked = walk(&cabinet(0x0902, &[("a", 0, 3)], &[stored(b"abc")]));
    assert_eq!(walked.reasons(), [Reason::Corrupted], "no such window");
}

#[test]
fn every_cut_is_truncated() {
    let whole = cabinet(0, &[("a", 0, 3), ("b", 3, 4)], &[stored(b"abc"), stored(b"defg")]);
    for length in 16..whole.len() {
        let walked = walk(&whole[..length]);
        assert!(walked.reasons().contains(&Reason::Truncated), "{length} bytes");
    }
}

#[test]
fn wrong_checksums_are_corrupted() {
    let mut bytes = cabinet(0, &[("a", 0, 3)], &[stored(b"abc")]);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    assert_eq!(walk(&bytes).reasons(), [Reason::Corrupted]);
}

#[test]
fn files_of_other_cabinets_and_folders_are_said() {
    for (folder, reason) in
        [(FROM_PREVIOUS, Reason::Truncated), (THROUGH, Reason::Truncated), (7, Reason::Corrupted)]
    {
        let mut bytes = cabinet(0, &[("a", 0, 3)], &[stored(b"abc")]);
        bytes[44 + 8..44 + 10].copy_from_slice(&folder.to_le_bytes());
        assert_eq!(walk(&bytes).reasons(), [reason], "{folder:x}");
    }
}

/// 65,535 files that all lie in the same bytes, in an order that makes each start anew.
#[test]
fn overlapping_files_end_at_the_budget() {
    let files = vec![("f", 0, 30_000); 65_535];
    let bytes = cabinet(0, &files, &[stored(&noise(30_000))]);
    let limits = Limits { total_bytes: 10 << 20, ..Limits::default() };
    let walked = walk_at(open, &bytes, 0, limits);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::TotalBytes)]);
    assert!(walked.entries.len() < 400);
}

#[test]
fn declared_sizes_are_lies() {
    let walked = walk(&cabinet(0, &[("a", 0, u32::MAX)], &[stored(b"abc")]));
    assert_eq!((walked.content("a"), walked.reasons()), (&b"abc"[..], vec![Reason::Truncated]));
    let walked = walk(&cabinet(0, &[("a", u32::MAX, 1)], &[stored(b"abc")]));
    assert_eq!(walked.reasons(), [Reason::Truncated]);
}

#[test]
fn damaged_cabinets_do_no_harm() {
    let zipped = ([b"CK", &deflated(&noise(60))[..]].concat(), 60);
    survives_damage(open, &cabinet(1, &[("a", 0, 30), ("b", 30, 30)], &[zipped]));
    survives_damage(open, &cabinet(0x1503, &[("a", 0, 300)], &[(noise(200), 300)]));
}
