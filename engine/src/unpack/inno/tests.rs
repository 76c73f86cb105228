use super::super::testing::{Walked, survives_damage, walk_at};
use super::*;
use crate::identify::{FileType, identify};
use crate::limits::{Limit, Limits};

// Cut out of installers of the compilers that the names say: the loader's table (its two places moved),
// the chunks, and the first two blocks.
const LZMA2: &[u8] = include_bytes!("fixtures/5.5.9-lzma2.bin");
const LZMA: &[u8] = include_bytes!("fixtures/5.5.9-lzma.bin");
const NEWER: &[u8] = include_bytes!("fixtures/6.3.1-lzma2.bin");
const ENCRYPTED: &[u8] = include_bytes!("fixtures/6.2.0-encrypted.bin");

const NAMES: [&str; 4] = ["setup data", r"{app}\a.txt", r"{app}\b.exe", r"{app}\c.txt"];

fn mark(installer: &[u8]) -> u64 {
    let found = identify(installer).found;
    found.iter().find(|found| found.file_type == FileType::Inno).unwrap().offset
}

fn walked(installer: &[u8]) -> Walked {
    walk_at(open, installer, mark(installer), Limits::default())
}

#[test]
fn files_of_installers_by_three_compilers_are_unpacked() {
    for installer in [LZMA2, LZMA, NEWER] {
        let walked = walked(installer);
        assert_eq!(walked.names(), NAMES);
        assert_eq!(walked.content("{app}\\a.txt"), b"found by its content");
        assert!(
            walked.content("{app}\\b.exe").starts_with(b"MZ"),
            "its digest says that calls are right"
        );
        assert_eq!(walked.content("{app}\\c.txt"), b"second file ".repeat(20));
        assert!(walked.content("setup data").len() > 40_000);
        assert_eq!(walked.reasons(), [], "{}", walked.words());
    }
}

#[test]
fn encrypted_files_say_so() {
    let walked = walked(ENCRYPTED);
    assert_eq!(walked.names(), NAMES);
    assert_eq!(walked.reasons(), [Reason::Encrypted]);
}

#[test]
fn chunks_are_handed_out_whole_where_the_table_is_not_known() {
    // A byte in the table: the block is broken, and with it the rows.
    let mut damaged = LZMA.to_vec();
    let last = damaged.len() - 20;
    damaged[last] ^= 1;
    let walked_damaged = walked(&damaged);
    let whole = walked_damaged.names();
    assert!(whole.len() == 4 && whole[1].starts_with("chunk at "), "{whole:?}");
    assert!(
        walked_damaged
            .entries
            .iter()
            .any(|entry| { entry.bytes.as_deref() == Some(b"found by its content") })
    );
    // Of files of their own nothing is known.
    let chunks = &LZMA[44..mark(LZMA) as usize];
    let slice = [b"idska32\x1a\0\0\0\0", chunks].concat();
    let walked = walked(&slice);
    assert_eq!(walked.entries.len(), 3);
    assert_eq!(walked.entries[0].bytes.as_deref(), Some(&b"found by its content"[..]));
}

#[test]
fn other_methods_of_chunks_are_told_by_their_first_bytes() {
    use std::io::Write;
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    zlib.write_all(b"found by its content").unwrap();
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    bzip2.write_all(b"found by its content").unwrap();
    for packed in [zlib.finish().unwrap(), bzip2.finish().unwrap()] {
        let walked = walked(&[b"idska32\x1azlb\x1a", &packed[..]].concat());
        assert_eq!(walked.entries[0].bytes.as_deref(), Some(&b"found by its content"[..]));
        assert_eq!(walked.reasons(), []);
    }
    assert!(walked(b"idska32\x1azlb\x1aunknown").entries.is_empty());
}

#[test]
fn what_lies_elsewhere_or_is_of_another_form_is_said() {
    let mut external = LZMA2.to_vec();
    external[36..40].copy_from_slice(&[0; 4]);
    assert_eq!(walked(&external).reasons(), [Reason::Truncated]);
    let mut unknown = b"Inno Setup Setup Data (9.9.9)".to_vec();
    unknown.resize(300, 0);
    assert_eq!(walked(&unknown).reasons(), [Reason::Unsupported("inno-version")]);
}

#[test]
fn a_wrong_file_has_a_wrong_checksum() {
    let mut damaged = LZMA.to_vec();
    let first = memchr::memmem::find(&damaged, CHUNK).unwrap();
    damaged[first + 20] ^= 0x10;
    let reasons = walked(&damaged).reasons();
    assert!(!reasons.is_empty());
}

#[test]
fn dictionaries_are_charged_and_output_is_bounded() {
    let limits = Limits { memory: 1 << 20, ..Limits::default() };
    let walked = walk_at(open, LZMA2, mark(LZMA2), limits);
    assert!(walked.reasons().contains(&Reason::Limit(Limit::Memory)));
    let limits = Limits { object_bytes: 10, ..Limits::default() };
    let walked = walk_at(open, LZMA2, mark(LZMA2), limits);
    assert!(walked.reasons().contains(&Reason::Limit(Limit::ObjectBytes)));
}

#[test]
fn damage_ends_within_the_limits() {
    let start = mark(LZMA) as usize;
    let short = [b"idska32\x1a", &LZMA[44..start]].concat();
    survives_damage(open, &short);
    survives_damage(open, &LZMA[start..]);
}
