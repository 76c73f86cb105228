//! Entries in every method, made by the encoders of their libraries or bit by bit.

use std::io::Write;

use super::{Archive, Head, walk};
use crate::limits::{Limit, Limits};
use crate::unpack::testing::{Walked, noise, survives_damage, walk_at};
use crate::unpack::zip::open;
use crate::verdict::Reason;

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// Behind a version, the length of the properties, and them; with a mark at the end.
fn lzma(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::LzmaOptions::with_preset(1);
    let dictionary = options.dict_size.to_le_bytes();
    let mut writer = lzma_rust2::LzmaWriter::new_no_header(Vec::new(), &options, true).unwrap();
    let header = [&[9, 20, 5, 0, writer.props()][..], &dictionary].concat();
    writer.write_all(bytes).unwrap();
    [header, writer.finish().unwrap()].concat()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// Bits from the lowest of each byte to the highest.
#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn put(&mut self, value: u32, count: u32) -> &mut Self {
        self.0.extend((0..count).map(|bit| value >> bit & 1 == 1));
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let byte =
            |bits: &[bool]| bits.iter().rev().fold(0, |byte, &bit| byte << 1 | u8::from(bit));
        self.0.chunks(8).map(byte).collect()
    }
}

/// Literals alone.
fn shrink(bytes: &[u8]) -> Vec<u8> {
    let mut bits = Bits::default();
    for &byte in bytes {
        bits.put(byte.into(), 9);
    }
    bits.bytes()
}

/// No byte has followers; an escape stands for itself.
fn reduce(bytes: &[u8]) -> Vec<u8> {
    let escaped = |&byte: &u8| if byte == 144 { vec![144, 0] } else { vec![byte] };
    [vec![0; 192], bytes.iter().flat_map(escaped).collect()].concat()
}

/// All symbols of a code have the same length. Literals alone.
fn implode(bytes: &[u8]) -> Vec<u8> {
    let mut bits = trees();
    for &byte in bytes {
        bits.put(1, 1).put((!byte).reverse_bits().into(), 8);
    }
    bits.bytes()
}

fn trees() -> Bits {
    let mut bits = Bits::default();
    bits.put(15, 8);
    for _ in 0..16 {
        bits.put(0xf7, 8);
    }
    for _ in 0..2 {
        bits.put(3, 8);
        for _ in 0..4 {
            bits.put(0xf5, 8);
        }
    }
    bits
}

type Pack = fn(&[u8]) -> Vec<u8>;

/// Number, flags, encoder, and whether the data know their own end.
const METHODS: [(u16, u16, Pack, bool); 11] = [
    (1, 0, shrink, false),
    (2, 0, reduce, false),
    (3, 0, reduce, false),
    (4, 0, reduce, false),
    (5, 0, reduce, false),
    (6, 6, implode, false),
    (12, 0, bzip2, true),
    (14, 2, lzma, true),
    (20, 0, zstd, true),
    (93, 0, zstd, true),
    (95, 0, xz, true),
];

fn head(method: u16, flags: u16, bytes: &[u8], packed: &[u8]) -> Head {
    let head = Head::new("name", method, bytes, packed.len() as u64);
    head.changed(|head| head.flags = flags)
}

fn archive(method: u16, flags: u16, bytes: &[u8], packed: &[u8]) -> Vec<u8> {
    let mut archive = Archive::default();
    archive.add(&head(method, flags, bytes, packed), packed);
    archive.stored("behind", b"stored");
    archive.finish()
}

fn walk_one(method: u16, flags: u16, bytes: &[u8], packed: &[u8]) -> Walked {
    walk(&archive(method, flags, bytes, packed))
}

#[test]
fn entries_of_every_method_are_read() {
    let bytes = [b"some text ".repeat(30), noise(500)].concat();
    for (method, flags, pack, _) in METHODS {
        let walked = walk_one(method, flags, &bytes, &pack(&bytes));
        assert_eq!(walked.reasons(), [], "method {method}: {}", walked.words());
        assert!(walked.content("name") == bytes, "method {method}");
        assert_eq!(walked.content("behind"), b"stored");
    }
}

#[test]
fn sizes_behind_the_data_are_found() {
    for (method, flags, pack, _) in METHODS.iter().filter(|(.., has_end)| *has_end) {
        let bytes = b"some text ".repeat(30);
        let packed = pack(&bytes);
        let head = head(*method, *flags, &bytes, &packed);
        let mut archive = Archive::default();
        archive.local(&head.followed(), &packed);
        archive.raw(&head.descriptor(true, false));
        let walked = walk(&archive.finish());
        assert!(walked.content("name") == bytes, "method {method}: {}", walked.words());
    }
}

#[test]
fn matches_of_the_old_methods_are_copied() {
    let mut shrunk = Bits::default();
    // "ab", then the string that is just being made, then after a clearing "ab" again as literals.
    shrunk.put(b'a'.into(), 9).put(b'b'.into(), 9).put(258, 9).put(256, 9).put(2, 9);
    shrunk.put(256, 9).put(1, 9).put(b'c'.into(), 10);
    assert_eq!(walk_one(1, 0, b"abbbc", &shrunk.bytes()).content("name"), b"abbbc");
    // A literal, then a match of five from one byte back.
    let reduced = [&[0; 192][..], &[b'x', 144, 2, 0]].concat();
    assert_eq!(walk_one(2, 0, b"xxxxxx", &reduced).content("name"), b"xxxxxx");
    let mut imploded = trees();
    let code = |symbol: u32| (63 - symbol).reverse_bits() >> 26;
    imploded.put(1, 1).put(u32::from((!b'x').reverse_bits()), 8);
    imploded.put(0, 1).put(0, 7).put(code(0), 6).put(code(2), 6);
    let walked = walk_one(6, 6, b"xxxxxx", &imploded.bytes());
    assert_eq!(walked.content("name"), b"xxxxxx", "{}", walked.words());
}

#[test]
fn data_cut_short_are_truncated() {
    let bytes = noise(500);
    for (method, flags, pack, _) in METHODS {
        let packed = pack(&bytes);
        let whole = archive(method, flags, &bytes, &packed);
        let walked = walk(&whole[..34 + packed.len() / 2]);
        assert!(walked.reasons().contains(&Reason::Truncated), "method {method}");
        assert!(bytes.starts_with(walked.content("name")), "method {method}");
    }
}

#[test]
fn broken_trees_and_strings_are_corrupted() {
    let crowded = [&[0, 0xf0][..], &[0; 100]].concat();
    for (method, data) in [(6, crowded), (6, vec![0xff; 400]), (1, vec![0xff; 40])] {
        let reasons = walk_one(method, 6, &[7; 1000], &data).reasons();
        assert!(reasons.contains(&Reason::Corrupted), "method {method}: {reasons:?}");
    }
}

/// A declared size of 4 GiB is not believed, and no declared size takes memory.
#[test]
fn declared_sizes_are_lies() {
    for (method, flags, pack, _) in METHODS {
        let packed = pack(b"content");
        let huge = head(method, flags, b"content", &packed).changed(|head| head.size = 0xffff_fff0);
        let mut archive = Archive::default();
        archive.add(&huge, &packed);
        let limits = Limits { memory: 8 << 20, ..Limits::default() };
        let walked = walk_at(open, &archive.finish(), 0, limits);
        assert!(!walked.reasons().is_empty(), "method {method}");
        assert!(walked.content("name").starts_with(b"content"), "method {method}");
    }
}

#[test]
fn bombs_end_at_the_ratio() {
    for (method, flags, pack) in [(12, 0, bzip2 as Pack), (14, 2, lzma), (93, 0, zstd), (95, 0, xz)]
    {
        let zeros = vec![0; 4 << 20];
        let reasons = walk_one(method, flags, &zeros, &pack(&zeros)).reasons();
        assert!(reasons.contains(&Reason::Limit(Limit::Ratio)), "method {method}: {reasons:?}");
    }
}

/// PPMd takes what its header asks for at once.
#[test]
fn memory_for_a_model_is_asked_for_first() {
    let limits = Limits { memory: 100 << 20, ..Limits::default() };
    let packed = [&0x0ff5_u16.to_le_bytes()[..], &noise(100)].concat();
    let walked = walk_at(open, &archive(98, 0, &[1; 100], &packed), 0, limits);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::Memory)]);
}

#[test]
fn damaged_data_do_no_harm() {
    for (method, flags, pack, _) in METHODS {
        let bytes = [b"text ".repeat(40), noise(60)].concat();
        survives_damage(open, &archive(method, flags, &bytes, &pack(&bytes)));
    }
}
