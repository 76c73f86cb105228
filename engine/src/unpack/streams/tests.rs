//! Each codec is held against the same demands; streams of other tools come on top.

use std::io::Write;

use bzip2::Compression;
use bzip2::write::BzEncoder;
use lzma_rust2::{LzipOptions, LzipWriter, LzmaOptions, LzmaWriter, XzOptions, XzWriter};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::*;
use crate::limits::{Limit, Limits};
use crate::unpack::Open;
use crate::unpack::testing::{
    Change, Walked, noise, run, sample_tree, survives_damage, walk_at, walk_under,
};
use crate::verdict::Reason;

/// What is asked of one codec.
struct Codec {
    name: &'static str,
    open: Open,
    pack: fn(&[u8]) -> Vec<u8>,
    /// Whether a stream that is cut off anywhere can be told from a whole one.
    has_end: bool,
    /// Whether streams behind each other are one content.
    joins: bool,
    /// Whether zeros pack to less than a thousandth.
    packs_well: bool,
}

const CODECS: &[Codec] = &[
    Codec {
        name: "bzip2",
        open: open_bzip2,
        pack: bzip2,
        has_end: true,
        joins: true,
        packs_well: true,
    },
    Codec { name: "xz", open: open_xz, pack: xz, has_end: true, joins: true, packs_well: true },
    Codec {
        name: "lzma",
        open: open_lzma,
        pack: lzma,
        has_end: true,
        joins: false,
        packs_well: true,
    },
    Codec {
        name: "lzip",
        open: open_lzip,
        pack: lzip,
        has_end: true,
        joins: true,
        packs_well: true,
    },
    Codec {
        name: "zstd",
        open: open_zstd,
        pack: zstd,
        has_end: true,
        joins: true,
        packs_well: true,
    },
    Codec { name: "lz4", open: open_lz4, pack: lz4, has_end: true, joins: true, packs_well: false },
    Codec {
        name: "compress",
        open: open_compress,
        pack: compress,
        has_end: false,
        joins: false,
        packs_well: true,
    },
    Codec {
        name: "szdd",
        open: open_szdd,
        pack: szdd,
        has_end: true,
        joins: false,
        packs_well: false,
    },
];

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = BzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut writer = XzWriter::new(Vec::new(), XzOptions::with_preset(1)).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn lzma(bytes: &[u8]) -> Vec<u8> {
    let options = LzmaOptions::with_preset(1);
    let mut writer = LzmaWriter::new_use_header(Vec::new(), &options, None).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn lzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = LzipWriter::new(Vec::new(), LzipOptions::with_preset(1));
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// LZW with codes of at most 16 bits, and no clear codes.
fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x9d, 0x90];
    let (mut bits, mut held, mut in_group) = (0_u64, 0, 0);
    let mut put = |code: u32, width: u32, ends_group: bool| {
        bits |= u64::from(code) << held;
        held += width;
        in_group = (in_group + 1) % 8;
        let fill = if ends_group && in_group != 0 { (8 - in_group) * width } else { 0 };
        held += fill;
        in_group = if ends_group { 0 } else { in_group };
        while held >= 8 {
            out.push(bits as u8);
            bits >>= 8;
            held -= 8;
        }
    };
    let mut known = std::collections::HashMap::new();
    let (mut next, mut width) = (257_u32, 9);
    let mut string: Option<u32> = None;
    for &byte in bytes {
        let Some(code) = string else {
            string = Some(byte.into());
            continue;
        };
        if let Some(&longer) = known.get(&(code, byte)) {
            string = Some(longer);
            continue;
        }
        // The reader adds a string one code later, and widens before it reads.
        let widens = width < 16 && next > (1 << width) - 1;
        put(code, width, widens);
        width += u32::from(widens);
        if next < 1 << 16 {
            known.insert((code, byte), next);
            next += 1;
        }
        string = Some(byte.into());
    }
    if let Some(code) = string {
        put(code, width, false);
        // What is held back is pushed out by zeros; a whole byte of them may follow.
        put(0, 7, false);
    }
    out
}

/// SZDD without any match.
fn szdd(bytes: &[u8]) -> Vec<u8> {
    let mut out = b"SZDD\x88\xf0\x27\x33A\0".to_vec();
    out.extend((bytes.len() as u32).to_le_bytes());
    for chunk in bytes.chunks(8) {
        out.push(0xff);
        out.extend(chunk);
    }
    out
}

fn walk(open: Open, bytes: &[u8]) -> Walked {
    walk_at(open, bytes, 0, Limits::default())
}

fn sample() -> Vec<u8> {
    [b"some text ".repeat(300), noise(3000)].concat()
}

#[test]
fn what_was_packed_comes_back() {
    for Codec { name, open, pack, .. } in CODECS {
        for content in [b"".to_vec(), b"a".to_vec(), sample(), noise(300_000), vec![7; 300_000]] {
            let walked = walk(*open, &pack(&content));
            assert_eq!(walked.reasons(), [], "{name}, {} bytes: {}", content.len(), walked.words());
            assert!(walked.content("data") == content, "{name}, {} bytes", content.len());
        }
    }
}

#[test]
fn streams_behind_each_other_are_one_content() {
    for Codec { name, open, pack, .. } in CODECS.iter().filter(|codec| codec.joins) {
        let walked = walk(*open, &[pack(b"one "), pack(b""), pack(b"two")].concat());
        assert_eq!(walked.reasons(), [], "{name}: {}", walked.words());
        assert_eq!(walked.content("data"), b"one two", "{name}");
    }
}

#[test]
fn padding_is_fine_and_trailing_bytes_are_named() {
    for Codec { name, open, pack, .. } in CODECS.iter().filter(|codec| codec.has_end) {
        let packed = pack(b"content");
        let padded = walk(*open, &[packed.clone(), vec![0; 512]].concat());
        assert_eq!((padded.reasons(), padded.content("data")), (vec![], &b"content"[..]), "{name}");
        let trailing = walk(*open, &[packed.clone(), b"tail".to_vec()].concat());
        assert_eq!(trailing.content("data"), b"content", "{name}");
        assert_eq!(trailing.reasons(), [Reason::Corrupted], "{name}");
        assert!(trailing.words().contains("4 bytes behind"), "{name}: {}", trailing.words());
        let inside = [b"##".to_vec(), packed, b"tail".to_vec()].concat();
        let inside = walk_at(*open, &inside, 2, Limits::default());
        assert_eq!((inside.reasons(), inside.content("data")), (vec![], &b"content"[..]), "{name}");
    }
    let again = [xz(b"one "), vec![0; 8], xz(b"two")].concat();
    assert_eq!(walk(open_xz, &again).content("data"), b"one two", "a stream behind padding");
}

#[test]
fn every_cut_is_said_and_keeps_what_came_before() {
    for Codec { name, open, pack, has_end, .. } in CODECS {
        let whole = pack(&sample());
        for length in (14..whole.len()).step_by(7).chain(whole.len() - 30..whole.len()) {
            let walked = walk(*open, &whole[..length]);
            let bytes = walked.entries[0].bytes.as_deref().unwrap_or_default();
            assert!(sample().starts_with(bytes), "{name}, {length} bytes");
            let reasons = walked.reasons();
            assert!(!has_end || reasons == [Reason::Truncated], "{name}, {length}: {reasons:?}");
        }
    }
}

#[test]
fn each_limit_gives_its_reason() {
    let cases: [(Change, Limit); 5] = [
        (|_| {}, Limit::Ratio),
        (|l| l.object_bytes = 5000, Limit::ObjectBytes),
        (|l| l.total_bytes = 5000, Limit::TotalBytes),
        (|l| l.memory = 60_000, Limit::Memory),
        (|l| l.time = std::time::Duration::ZERO, Limit::Time),
    ];
    let zeros = vec![0; 5 << 20];
    for Codec { name, open, pack, packs_well, .. } in CODECS {
        let packed = pack(&zeros);
        for (change, limit) in cases {
            if limit == Limit::Ratio && !packs_well {
                continue;
            }
            let mut limits = Limits::default();
            change(&mut limits);
            let walked = walk_at(*open, &packed, 0, limits);
            assert_eq!(walked.reasons(), [Reason::Limit(limit)], "{name}");
        }
    }
}

#[test]
fn memory_is_given_back() {
    for Codec { name, open, pack, .. } in CODECS {
        let limits = Limits { memory: 16 << 20, ..Limits::default() };
        let budget = crate::unpack::testing::budget(limits);
        let packed = pack(&noise(30_000));
        for _ in 0..30 {
            assert_eq!(walk_under(*open, &packed, 0, &budget).reasons(), [], "{name}");
        }
    }
}

/// A dictionary of 4 GiB costs what is put out; Zstandard's window costs what it is.
#[test]
fn a_giant_dictionary_takes_no_memory_that_is_not_charged() {
    let small = Limits { memory: 8 << 20, ..Limits::default() };
    let mut giant = lzma(b"content");
    giant[1..5].copy_from_slice(&[0, 0, 0, 0xf0]);
    let walked = walk_at(open_lzma, &giant, 0, small.clone());
    assert_eq!((walked.reasons(), walked.content("data")), (vec![], &b"content"[..]));
    // Magic number, a window of 2^40 bytes, and one last raw block of a byte.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0, 30 << 3, 9, 0, 0, b'x'];
    assert_eq!(walk_at(open_zstd, &frame, 0, small).reasons(), [Reason::Limit(Limit::Memory)]);
}

#[test]
fn frames_without_content_are_passed_over() {
    let empty = b"\x5a\x2a\x4d\x18\x03\0\0\0abc".to_vec();
    for (open, pack) in [(open_zstd as Open, zstd as fn(&[u8]) -> Vec<u8>), (open_lz4, lz4)] {
        let walked =
            walk(open, &[empty.clone(), pack(b"one "), empty.clone(), pack(b"two")].concat());
        assert_eq!((walked.reasons(), walked.content("data")), (vec![], &b"one two"[..]));
        let endless = [empty.clone(), b"\x50\x2a\x4d\x18\xff\xff\xff\xff".to_vec()].concat();
        assert_eq!(walk(open, &endless).reasons(), [Reason::Truncated]);
    }
}

#[test]
fn a_frame_that_needs_a_dictionary_is_unsupported() {
    let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0x21, 7, 1, 9, 0, 0, b'x'];
    assert_eq!(walk(open_zstd, &zstd).reasons(), [Reason::Unsupported("method")]);
    let lz4 = [4, 0x22, 0x4d, 0x18, 0x61, 0x40, 1, 2, 3, 4, 5];
    assert_eq!(walk(open_lz4, &lz4).reasons(), [Reason::Unsupported("method")]);
}

#[test]
fn wrong_checksums_are_corrupted_and_the_content_is_kept() {
    for (open, pack) in
        [(open_bzip2 as Open, bzip2 as fn(&[u8]) -> Vec<u8>), (open_xz, xz), (open_lzip, lzip)]
    {
        let mut packed = pack(&sample());
        let place = packed.len() - if packed.ends_with(b"YZ") { 40 } else { 18 };
        packed[place] ^= 1;
        assert_eq!(walk(open, &packed).reasons(), [Reason::Corrupted]);
    }
}

#[test]
fn damaged_streams_do_no_harm() {
    for Codec { open, pack, .. } in CODECS {
        survives_damage(*open, &pack(&[b"text ".repeat(40), noise(100)].concat()));
    }
}

#[test]
fn szdd_copies_from_a_ring_of_spaces() {
    // A literal, a match of three spaces from the ring's start, a match of what the literal left.
    let mut packed = b"SZDD\x88\xf0\x27\x33A\0\x09\0\0\0".to_vec();
    packed.extend([0b001, b'x', 0x00, 0x00, 0xf0, 0xf2]);
    assert_eq!(walk(open_szdd, &packed).content("data"), b"x   x   x");
    let older = b"SZ \x88\xf0\x27\x33\xd1\x02\0\0\0\x03ab".to_vec();
    assert_eq!(walk(open_szdd, &older).content("data"), b"ab");
    packed[8] = b'B';
    assert_eq!(walk(open_szdd, &packed).reasons(), [Reason::Unsupported("method")]);
}

#[test]
fn streams_of_other_tools() {
    let folder = sample_tree();
    let text = b"the quick brown fox ".repeat(5000);
    let tools: [(Open, &str, &[&str]); 17] = [
        (open_bzip2, "bzip2", &["-c", "tree/text"]),
        (open_bzip2, "bzip2", &["-1c", "tree/text"]),
        (open_bzip2, "7z", &["a", "-tbzip2", "-so", "x.bz2", "tree/text"]),
        (open_xz, "xz", &["-c", "tree/text"]),
        (open_xz, "xz", &["-9ec", "--check=sha256", "tree/text"]),
        (open_xz, "xz", &["-c", "--block-size=4096", "--check=crc32", "tree/text"]),
        (open_xz, "xz", &["-c", "--x86", "--lzma2=preset=1", "tree/text"]),
        (open_xz, "7z", &["a", "-txz", "-so", "x.xz", "tree/text"]),
        (open_lzma, "xz", &["-c", "--format=lzma", "tree/text"]),
        (open_lzip, "lzip", &["-c", "tree/text"]),
        (open_lzip, "lzip", &["-c", "-b", "100000", "tree/text"]),
        (open_zstd, "zstd", &["-qc", "tree/text"]),
        (open_zstd, "zstd", &["-qc19", "--no-check", "tree/text"]),
        (open_zstd, "zstd", &["-qc", "--fast=3", "tree/text"]),
        (open_lz4, "lz4", &["-qc", "tree/text"]),
        (open_lz4, "lz4", &["-qlc", "tree/text"]),
        (open_compress, "compress", &["-c", "tree/text"]),
    ];
    for (open, program, arguments) in tools {
        let Some(bytes) = run(folder.path(), program, arguments) else { continue };
        let walked = walk(open, &bytes);
        assert_eq!(walked.reasons(), [], "{program} {arguments:?}: {}", walked.words());
        let content = walked.entries[0].bytes.as_deref();
        assert!(content == Some(&text[..]), "{program} {arguments:?}");
    }
    for bits in ["9", "12", "16"] {
        let arguments = ["-c", "-b", bits, "tree/noise"];
        let Some(bytes) =
            run(folder.path(), "compress", &["-f", arguments[0], arguments[1], bits, arguments[3]])
        else {
            continue;
        };
        assert!(walk(open_compress, &bytes).content("data") == noise(70_000), "{bits} bits");
    }
}
