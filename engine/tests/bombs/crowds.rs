//! Entries by the million. They come through a reader, so that no file of gigabytes is made, and the
//! limit of objects ends the walk long before their end.

use std::io::{self, Read};

use pellucid::Input;

use crate::common;
use crate::overlaps::one_kernel;
use crate::{Bomb, assert_bounded, defuse, engine, limits, scan};

/// A beginning, then one unit over and over.
struct Crowd {
    front: Vec<u8>,
    unit: Vec<u8>,
    left: u64,
    at: usize,
}

impl Read for Crowd {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if !self.front.is_empty() {
            let count = self.front.len().min(room.len());
            room[..count].copy_from_slice(&self.front[..count]);
            self.front.drain(..count);
            return Ok(count);
        }
        if self.left == 0 {
            return Ok(0);
        }
        let part = &self.unit[self.at..];
        let count = part.len().min(room.len());
        room[..count].copy_from_slice(&part[..count]);
        self.at += count;
        if self.at == self.unit.len() {
            (self.at, self.left) = (0, self.left - 1);
        }
        Ok(count)
    }
}

fn tar_member() -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.set_path("a").expect("a name");
    header.set_size(1);
    header.set_cksum();
    [header.as_bytes(), &[b'x'; 512][..]].concat()
}

/// Formats whose entries follow each other: what stands in front, one entry, and what is said.
fn crowds() -> Vec<(&'static str, Vec<u8>, Vec<u8>, &'static str)> {
    let local = [
        &b"PK\x03\x04\x0a\0\0\0\0\0\0\0\0\0"[..],
        &0x8cdc_1683_u32.to_le_bytes(),
        &[1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0],
        b"ax",
    ];
    let newc = [
        &b"070701"[..],
        &b"0000000100008180000000000000000000000001000000000000000100000000"[..],
        b"0000000000000000000000000000000200000000",
        b"a\0x\0\0\0",
    ];
    let odc =
        &b"0707070000000000010100600000000000000000010000000000000000000000200000000001a\0x"[..];
    let bin: Vec<u8> = [0o070_707_u16, 1, 1, 0o100_600, 0, 0, 1, 0, 0, 0, 2, 0, 1]
        .into_iter()
        .flat_map(u16::to_le_bytes)
        .chain(*b"a\0x\0")
        .collect();
    let ar = format!("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\nx\n", "a/", 0, 0, 0, 644, 1);
    let head = b"From: a\nTo: b\nSubject: c\nContent-Type: multipart/mixed; boundary=b\n\n";
    let part = b"--b\nContent-Type: text/plain; name=a\n\nhello\n";
    let message = b"From a\nFrom: a\nTo: b\nSubject: c\n\nhello\n\n";
    let object = b"1 0 obj\n<</Length 4>>\nstream\ntext\nendstream\nendobj\n";
    vec![
        ("tar", Vec::new(), tar_member(), "limit:objects"),
        ("local headers of zip", Vec::new(), local.concat(), "limit:objects"),
        ("cpio newc", Vec::new(), newc.concat(), "limit:objects"),
        ("cpio odc", Vec::new(), odc.to_vec(), "limit:objects"),
        ("cpio binary", Vec::new(), bin, "limit:objects"),
        ("ar", b"!<arch>\n".to_vec(), ar.into_bytes(), "limit:objects"),
        ("mail", head.to_vec(), part.to_vec(), "limit:objects"),
        ("mailbox", Vec::new(), message.to_vec(), "limit:objects"),
        ("uuencode", Vec::new(), b"begin 644 a\n#0V%T\n`\nend\n".to_vec(), "limit:objects"),
        ("PDF", b"%PDF-1.7\n".to_vec(), object.to_vec(), "limit:objects"),
        ("members of gzip", Vec::new(), common::gzip(b"x"), CUT),
    ]
}

/// What is said of a file that a reader gives more of than one object may have.
const CUT: &str = "limit:object-bytes";

#[test]
fn ten_million_entries_end_at_the_objects() {
    let engine = engine();
    for (name, front, unit, says) in crowds() {
        let limits = limits();
        let mut crowd = Crowd { front, unit, left: 10_000_000, at: 0 };
        let report = scan(&engine, Input::Reader(&mut crowd), limits.clone());
        assert_bounded(name, &report, limits.object_bytes, &limits);
        let reasons = common::reasons(&report);
        assert!(reasons.iter().any(|reason| reason == says), "{name}: {reasons:?}");
        assert!(reasons.iter().any(|reason| reason == CUT), "{name}: cut as a file, {reasons:?}");
    }
}

/// A directory of ten million records, all over one entry: half a gigabyte, for once. Records that come
/// to no object are bounded by the limit of objects, too.
#[test]
fn a_zip64_directory_of_ten_million_records_over_one_entry_ends_at_the_objects() {
    let bytes = one_kernel(10_000_000, &[3, 0], 0);
    defuse([Bomb::new("one entry", bytes, &["corrupted", "limit:objects"])], |_| {});
}

#[test]
fn sixty_five_thousand_entries_end_at_the_objects() {
    let names: Vec<_> = (0..65_535).map(|number| number.to_string()).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    let (zip, tar) = (common::zip(&files), common::tar(&files));
    let bombs = [("zip", zip), ("tar", tar)];
    defuse(bombs.map(|(name, bytes)| Bomb::new(name, bytes, &["limit:objects"])), |_| {});
}
