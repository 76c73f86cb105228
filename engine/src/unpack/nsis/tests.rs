//! Installers built piece by piece, and the data of some that NSIS 3.08 wrote, without the program in
//! front of them. Whole ones are in `tests/containers/` and `tests/clamav_testfiles.rs`.

use std::io::Write;

use lzma_rust2::{LzmaOptions, LzmaWriter};

use super::*;
use crate::limits::{Limit, Limits};
use crate::unpack::testing::{Walked, deflated, noise, refusal, survives_damage, walk_at};

fn walk(bytes: &[u8]) -> Walked {
    walk_at(open, bytes, 0, Limits::default())
}

fn lzma(bytes: &[u8]) -> Vec<u8> {
    let options = LzmaOptions { dict_size: 1 << 20, ..LzmaOptions::with_preset(1) };
    let mut writer = LzmaWriter::new_no_header(Vec::new(), &options, true).unwrap();
    let header = [&[writer.props()][..], &options.dict_size.to_le_bytes()].concat();
    writer.write_all(bytes).unwrap();
    [header, writer.finish().unwrap()].concat()
}

fn filtered(bytes: &[u8]) -> Vec<u8> {
    [&[0][..], &lzma(bytes)].concat()
}

fn installer(data: &[u8]) -> Vec<u8> {
    let length = FIRST as u32 + data.len() as u32 + 4;
    let mut bytes = [&[0; 4][..], b"\xef\xbe\xad\xdeNullsoftInst"].concat();
    bytes.extend([6_u32, length].map(u32::to_le_bytes).concat());
    [bytes, data.to_vec(), vec![1, 2, 3, 4]].concat()
}

fn single(pack: fn(&[u8]) -> Vec<u8>, files: &[&[u8]]) -> Vec<u8> {
    let mut data = Vec::new();
    for file in files {
        let packed = pack(file);
        data.extend((packed.len() as u32 | IS_PACKED).to_le_bytes());
        data.extend(packed);
    }
    installer(&data)
}

fn solid(pack: fn(&[u8]) -> Vec<u8>, files: &[&[u8]]) -> Vec<u8> {
    let file = |file: &&[u8]| [&(file.len() as u32).to_le_bytes()[..], file].concat();
    installer(&pack(&files.iter().map(file).collect::<Vec<_>>().concat()))
}

#[test]
fn files_packed_in_every_way_are_read() {
    let content = noise(3000);
    let files = [&b"header"[..], b"one", &content];
    for pack in [lzma as fn(&[u8]) -> Vec<u8>, filtered, deflated] {
        for bytes in [single(pack, &files), solid(pack, &files)] {
            let walked = walk(&bytes);
            assert_eq!(walked.reasons(), [], "{}", walked.words());
            assert_eq!(walked.names(), ["script", "file 1", "file 2"]);
            assert_eq!(walked.content("file 1"), b"one");
            assert_eq!(walked.content("file 2"), content);
        }
    }
    let stored = [&6_u32.to_le_bytes()[..], b"header", &3_u32.to_le_bytes(), b"one"].concat();
    assert_eq!(walk(&installer(&stored)).content("file 1"), b"one");
}

#[test]
fn every_cut_is_truncated() {
    for bytes in [single(lzma, &[b"header", b"one"]), solid(lzma, &[b"header", b"one"])] {
        for length in FIRST as usize + 16..bytes.len() - 4 {
            let walked = walk(&bytes[..length]);
            assert!(walked.reasons().contains(&Reason::Truncated), "{length} bytes");
        }
    }
}

#[test]
fn bombs_and_lies_end_at_the_budget() {
    let zeros = vec![0; 4 << 20];
    for bytes in [single(lzma, &[b"header", &zeros]), solid(lzma, &[b"header", &zeros])] {
        assert!(walk(&bytes).reasons().contains(&Reason::Limit(Limit::Ratio)));
    }
    let mut giant = solid(lzma, &[b"header"]);
    giant[29..33].copy_from_slice(&[0, 0, 0, 0x7f]);
    giant[33] = 0;
    let limits = Limits { memory: 64 << 20, ..Limits::default() };
    assert_eq!(refusal(open, &giant, limits), Some(Reason::Limit(Limit::Memory)));
}

/// The data of installers, each with the same two files.
const REAL: [(&str, &[u8]); 4] = [
    ("bzip2, wide names", include_bytes!("fixtures/bzip2.bin")),
    ("bzip2 as one stream", include_bytes!("fixtures/solid-bzip2.bin")),
    ("LZMA as one stream, wide names", include_bytes!("fixtures/solid-lzma.bin")),
    ("deflate", include_bytes!("fixtures/zlib.bin")),
];

#[test]
fn files_have_the_names_that_the_script_gives_them() {
    let second: Vec<u8> =
        (0..600_usize).flat_map(|n| vec![(n % 251) as u8; n % 13]).chain([0; 1000]).collect();
    for (name, bytes) in REAL {
        let walked = walk(bytes);
        assert_eq!(walked.reasons(), [], "{name}: {}", walked.words());
        assert_eq!(walked.names(), ["script", "a name.txt", "b.bin"], "{name}");
        assert_eq!(walked.content("a name.txt"), b"one\n", "{name}");
        assert_eq!(walked.content("b.bin"), second, "{name}");
    }
}

#[test]
fn bzip2_that_is_cut_off_or_broken_says_so() {
    for (name, bytes) in &REAL[..2] {
        for length in (FIRST as usize + 6..bytes.len() - 4).step_by(41) {
            let reasons = walk(&bytes[..length]).reasons();
            assert!(reasons.contains(&Reason::Truncated), "{name}: {length} bytes: {reasons:?}");
        }
        survives_damage(open, bytes);
    }
}

/// Runs double the length of what they repeat with every digit: nothing of that is believed.
#[test]
fn a_block_of_bzip2_cannot_be_larger_than_its_size() {
    let mut bits = String::new();
    let mut put = |value: u32, count: usize| bits.push_str(&format!("{value:0count$b}"));
    // The mark, the origin, one byte that occurs, two tables, one group, its table.
    let fields = [(0x31, 8), (0, 24), (0x8000, 16), (0x8000, 16), (2, 3), (1, 15), (0, 1)];
    fields.into_iter().for_each(|(value, count)| put(value, count));
    for _ in 0..2 {
        // Three symbols whose codes have two bits.
        [(2, 5), (0, 3)].into_iter().for_each(|(value, count)| put(value, count));
    }
    // The digit that stands for 2, twenty-four times.
    (0..24).for_each(|_| put(1, 2));
    let byte = |bits: &[u8]| bits.iter().fold(0, |byte, bit| byte << 1 | (bit - b'0'));
    let data: Vec<u8> = bits.as_bytes().chunks(8).map(byte).collect();
    let length = data.len() as u32 | IS_PACKED;
    let walked = walk(&installer(&[&length.to_le_bytes()[..], &data].concat()));
    assert_eq!(walked.reasons(), [Reason::Corrupted], "{}", walked.words());
}

#[test]
fn damaged_installers_do_no_harm() {
    let files = [&b"header"[..], b"one"];
    for bytes in [single(filtered, &files), solid(deflated, &files)] {
        survives_damage(open, &bytes);
    }
}

/// A header with one instruction, that installs a file, and a name.
fn header(name: &[u8]) -> Vec<u8> {
    let numbers = [0, 0, 0, 0, 0, 32, 1, 60, 20, 0, 0, 0, 0, 0, 0].map(u32::to_le_bytes);
    [&numbers.concat()[..], name].concat()
}

#[test]
fn codes_without_end_are_no_name() {
    let budget = crate::unpack::testing::budget(Limits::default());
    let name = |name: &[u8]| {
        let header = Content::held(header(name), budget.hold(0).unwrap());
        Names::read(header, &budget).unwrap().of(0)
    };
    assert_eq!(name(&[&[1; 3][..], b"a.exe\0"].concat()), Some(b"a.exe".to_vec()));
    assert_eq!(name(&[&[1; 9000][..], b"a.exe\0"].concat()), None);
    assert_eq!(name(&[&b"\0\0"[..], &[1; 9000], b"a\0\0\0"].concat()), None);
    let wide = [&b"\0\0"[..], &[1, 0].repeat(4500), b"a\0\0\0"].concat();
    assert_eq!(
        Names::read(Content::held(wide_header(&wide), budget.hold(0).unwrap()), &budget)
            .unwrap()
            .of(0),
        None
    );
}

/// The same with a name of UTF-16, behind the unit that says so.
fn wide_header(name: &[u8]) -> Vec<u8> {
    let mut bytes = header(name);
    bytes[40..44].copy_from_slice(&1_u32.to_le_bytes());
    bytes
}

/// A block of bzip2 whose codes never end, where the input does not either.
#[test]
fn codes_of_bzip2_without_end_are_broken() {
    use std::io::Read;

    // The mark, the origin, one byte that occurs, two tables, one selector; what follows is the first
    // bit of that, or the length of a code behind it.
    let block = |last: u8| [0x31, 0, 0, 0, 0x80, 0, 0x80, 0, 0x40, 0, last];
    for (last, again) in [(0x7f, 0xff), (0x41, 0xbb)] {
        let endless = std::io::repeat(again).take(u64::MAX);
        let mut reader = NsisBzip2::new(std::io::Cursor::new(block(last)).chain(endless));
        let error = reader.read(&mut [0; 100]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "{error}");
    }
}
