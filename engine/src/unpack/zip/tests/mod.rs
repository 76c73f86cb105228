//! A builder that writes what it is told, true or not, and the ordinary archives.

mod encrypted;
mod hostile;
mod limits;
mod listings;
mod methods;
mod tools;

use super::open;
use super::records::{CENTRAL, DEFLATED, DESCRIPTOR, END, LOCAL, STORED};
use crate::limits::Limits;
use crate::unpack::testing::{Walked, deflated, walk_at, walk_with};
use crate::unpack::{Opening, Passwords};
use crate::verdict::Reason;

fn walk(bytes: &[u8]) -> Walked {
    walk_at(open, bytes, 0, Limits::default())
}

/// A header as it is to be written; `packed` and `size` take 64 bits where they need them.
#[derive(Clone)]
struct Head {
    name: Vec<u8>,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    size: u64,
}

impl Head {
    fn new(name: &str, method: u16, bytes: &[u8], packed: u64) -> Self {
        let (name, crc) = (name.into(), crate::identify::crc32(bytes));
        Self { name, flags: 0, method, crc, packed, size: bytes.len() as u64 }
    }

    fn stored(name: &str, bytes: &[u8]) -> Self {
        Self::new(name, STORED, bytes, bytes.len() as u64)
    }

    fn deflated(name: &str, bytes: &[u8]) -> (Self, Vec<u8>) {
        let data = deflated(bytes);
        (Self::new(name, DEFLATED, bytes, data.len() as u64), data)
    }

    /// The same, with checksum and sizes behind the data.
    fn followed(&self) -> Self {
        Self { flags: self.flags | 8, crc: 0, packed: 0, size: 0, ..self.clone() }
    }

    fn changed(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut head = self.clone();
        change(&mut head);
        head
    }

    fn common(&self, extra: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(self.flags.to_le_bytes());
        bytes.extend(self.method.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(self.crc.to_le_bytes());
        bytes.extend(narrow(self.packed));
        bytes.extend(narrow(self.size));
        bytes.extend((self.name.len() as u16).to_le_bytes());
        bytes.extend((extra.len() as u16).to_le_bytes());
        bytes
    }

    fn extra(&self, offset: u64) -> Vec<u8> {
        let wide = [self.size, self.packed, offset].into_iter().filter(|&n| n >= 0xffff_ffff);
        let wide: Vec<u8> = wide.flat_map(u64::to_le_bytes).collect();
        // A field that is not ours stands in front.
        let mut extra = vec![0x99, 0x99, 1, 0, 7];
        if !wide.is_empty() {
            extra.extend(1_u16.to_le_bytes());
            extra.extend((wide.len() as u16).to_le_bytes());
            extra.extend(wide);
        }
        extra
    }

    fn local(&self) -> Vec<u8> {
        let extra = self.extra(0);
        [LOCAL, &[20, 0][..], &self.common(&extra), &self.name, &extra].concat()
    }

    fn central(&self, offset: u64) -> Vec<u8> {
        let extra = self.extra(offset);
        let mut bytes = [CENTRAL, &[20, 0, 20, 0][..], &self.common(&extra)].concat();
        bytes.extend([3, 0]); // the comment's length
        bytes.extend([0; 8]); // volume, attributes
        bytes.extend(narrow(offset));
        bytes.extend([&self.name[..], &extra, b"yes"].concat());
        bytes
    }

    fn descriptor(&self, signed: bool, wide: bool) -> Vec<u8> {
        let mut bytes = if signed { DESCRIPTOR.to_vec() } else { Vec::new() };
        bytes.extend(self.crc.to_le_bytes());
        for size in [self.packed, self.size] {
            bytes.extend_from_slice(&size.to_le_bytes()[..if wide { 8 } else { 4 }]);
        }
        bytes
    }
}

fn narrow(number: u64) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}

/// An archive being written.
#[derive(Clone, Default)]
struct Archive {
    bytes: Vec<u8>,
    central: Vec<u8>,
    count: u64,
}

impl Archive {
    /// Data without a header.
    fn raw(&mut self, bytes: &[u8]) -> u64 {
        let at = self.bytes.len() as u64;
        self.bytes.extend_from_slice(bytes);
        at
    }

    /// A local header and its data.
    fn local(&mut self, head: &Head, data: &[u8]) -> u64 {
        self.raw(&[&head.local()[..], data].concat())
    }

    /// A record of the central directory.
    fn list(&mut self, head: &Head, offset: u64) {
        self.central.extend(head.central(offset));
        self.count += 1;
    }

    fn add(&mut self, head: &Head, data: &[u8]) {
        let offset = self.local(head, data);
        self.list(head, offset);
    }

    fn stored(&mut self, name: &str, bytes: &[u8]) {
        self.add(&Head::stored(name, bytes), bytes);
    }

    fn deflated(&mut self, name: &str, bytes: &[u8]) {
        let (head, data) = Head::deflated(name, bytes);
        self.add(&head, &data);
    }

    fn finish(self) -> Vec<u8> {
        let offset = self.bytes.len() as u64;
        self.finish_at(offset)
    }

    /// Finishes it with a directory that is said to be at `offset`.
    fn finish_at(mut self, offset: u64) -> Vec<u8> {
        let length = self.central.len() as u64;
        self.bytes.append(&mut self.central);
        self.bytes.extend(end(self.count as u16, length, offset, b"comment"));
        self.bytes
    }

    /// Finishes it with a zip64 directory; the narrow fields are full.
    fn finish_wide(mut self, base: u64) -> Vec<u8> {
        let (offset, length) = (self.bytes.len() as u64 - base, self.central.len() as u64);
        self.bytes.append(&mut self.central);
        let at = self.bytes.len() as u64 - base;
        self.bytes.extend(b"PK\x06\x06");
        self.bytes.extend(44_u64.to_le_bytes());
        self.bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for number in [self.count, self.count, length, offset] {
            self.bytes.extend(number.to_le_bytes());
        }
        self.bytes.extend(b"PK\x06\x07\0\0\0\0");
        self.bytes.extend(at.to_le_bytes());
        self.bytes.extend(1_u32.to_le_bytes());
        self.bytes.extend(end(u16::MAX, u32::MAX.into(), u32::MAX.into(), b""));
        self.bytes
    }
}

fn end(count: u16, length: u64, offset: u64, comment: &[u8]) -> Vec<u8> {
    let mut bytes = END.to_vec();
    bytes.extend([0; 4]);
    bytes.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    bytes.extend([narrow(length), narrow(offset)].concat());
    bytes.extend((comment.len() as u16).to_le_bytes());
    bytes.extend(comment);
    bytes
}

fn sample() -> Archive {
    let mut archive = Archive::default();
    archive.stored("a", b"stored content");
    archive.deflated("b", &b"deflated content ".repeat(100));
    archive.stored("folder/", b"");
    archive.stored("empty", b"");
    archive
}

fn assert_is_sample(walked: &Walked) {
    assert_eq!(walked.names(), ["a", "b", "empty"]);
    assert_eq!(walked.content("a"), b"stored content");
    assert_eq!(walked.content("b"), b"deflated content ".repeat(100));
    assert_eq!(walked.content("empty"), b"");
}

#[test]
fn stored_and_deflated_entries_are_read_and_folders_passed_over() {
    let walked = walk(&sample().finish());
    assert_is_sample(&walked);
    assert_eq!(walked.reasons(), []);
}

#[test]
fn folders_with_sizes_behind_them_are_passed_over() {
    for (method, data) in [(STORED, &b""[..]), (DEFLATED, b"\x03\0")] {
        let head = Head::new("folder/", method, b"", data.len() as u64);
        let mut archive = Archive::default();
        let offset = archive.local(&head.followed(), data);
        archive.raw(&head.descriptor(true, false));
        archive.list(&head.changed(|head| head.flags |= 8), offset);
        archive.stored("a", b"content");
        let walked = walk(&archive.finish());
        assert_eq!(walked.names(), ["a"]);
        assert_eq!(walked.reasons(), []);
    }
}

#[test]
fn an_empty_archive_holds_nothing() {
    let walked = walk(&Archive::default().finish());
    assert!(walked.entries.is_empty());
    assert_eq!(walked.reasons(), []);
}

#[test]
fn names_are_bytes_and_links_are_content() {
    let mut archive = Archive::default();
    let head = Head::stored("x", b"/etc/passwd").changed(|head| head.name = b"\xff\xfe".to_vec());
    archive.add(&head, b"/etc/passwd");
    let bytes = archive.finish();
    let budget = crate::unpack::testing::budget(Limits::default());
    let content = crate::input::Content::borrowed(&bytes);
    let opening = Opening { budget: &budget, passwords: &Passwords::default() };
    let entry = open(content, 0, &opening).unwrap().next_entry(&budget).unwrap();
    assert_eq!(entry.name, b"\xff\xfe");
    assert_eq!(entry.content.as_deref(), Some(&b"/etc/passwd"[..]));
}

#[test]
fn data_before_the_archive_shift_it() {
    let stub = b"MZ a program in front ".repeat(10);
    let shifted = [&stub[..], &sample().finish()].concat();
    let mut counted = Archive::default();
    counted.raw(&stub);
    for (name, bytes) in [("a", &b"stored content"[..]), ("empty", b"")] {
        counted.stored(name, bytes);
    }
    assert_is_sample(&walk_at(open, &shifted, stub.len() as u64, Limits::default()));
    assert_is_sample(&walk(&shifted));
    assert_eq!(walk(&shifted).reasons(), []);
    let counted = walk(&counted.finish());
    assert_eq!(counted.names(), ["a", "empty"]);
    assert_eq!(counted.reasons(), []);
}

#[test]
fn zip64_fields_are_read() {
    let mut archive = Archive::default();
    let (head, data) = Head::deflated("a", &b"content ".repeat(100));
    let offset = archive.local(&head, &data);
    archive.list(&head, offset);
    let plain = archive.clone().finish_wide(0);
    assert_eq!(walk(&plain).content("a"), b"content ".repeat(100));
    assert_eq!(walk(&plain).reasons(), []);
    let shifted = [&b"in front"[..], &plain].concat();
    assert_eq!(walk(&shifted).content("a"), b"content ".repeat(100));
    assert_eq!(walk(&shifted).reasons(), []);
}

#[test]
fn wide_sizes_in_an_extra_field_are_read() {
    let mut archive = Archive::default();
    let head = Head::stored("a", b"12345");
    // The sizes are small, but stand in the extra field all the same.
    let mut local = head.local();
    local[18..26].fill(0xff);
    local[28..30].copy_from_slice(&20_u16.to_le_bytes());
    local.truncate(31);
    local.extend([1, 0, 16, 0, 5, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]);
    let offset = archive.raw(&[&local[..], b"12345"].concat());
    archive.list(&head, offset);
    let walked = walk(&archive.finish());
    assert_eq!(walked.content("a"), b"12345");
    assert_eq!(walked.reasons(), []);
}

#[test]
fn sizes_behind_the_data_are_found_in_every_form() {
    let bytes = b"the content ".repeat(20);
    let (deflated, packed) = Head::deflated("d", &bytes);
    let stored = Head::stored("s", &bytes);
    for (signed, wide) in [(true, false), (true, true), (false, false), (false, true)] {
        let mut archive = Archive::default();
        for (head, data) in [(&deflated, &packed), (&stored, &bytes)] {
            let offset = archive.local(&head.followed(), data);
            archive.raw(&head.descriptor(signed, wide));
            archive.list(&head.changed(|head| head.flags |= 8), offset);
        }
        let cut = archive.bytes.clone();
        let walked = walk(&archive.finish());
        assert_eq!(walked.content("d"), bytes);
        assert_eq!(walked.content("s"), bytes);
        assert_eq!(walked.reasons(), [], "{}", walked.words());
        let walked = walk(&cut);
        assert_eq!(walked.content("d"), bytes, "without a directory");
        assert_eq!(walked.entries[0].reasons(), []);
        assert!(walked.content("s").starts_with(&bytes));
        assert_eq!(walked.content("s").len() == bytes.len(), signed);
    }
}

#[test]
fn an_archive_stored_in_an_archive_stays_one_entry() {
    let inner = sample().finish();
    let mut archive = Archive::default();
    archive.stored("inner.zip", &inner);
    let walked = walk(&archive.finish());
    assert_eq!(walked.names(), ["inner.zip"]);
    assert_eq!(walked.content("inner.zip"), inner);
    assert_eq!(walked.reasons(), []);
}

#[test]
fn every_cut_keeps_what_is_there_and_says_that_something_is_missing() {
    let whole = sample().finish();
    for length in 4..whole.len() - b"comment".len() {
        let walked = walk(&whole[..length]);
        assert!(!walked.reasons().is_empty(), "{length} of {} bytes", whole.len());
        if length > 100 {
            assert_eq!(walked.content("a"), b"stored content");
        }
    }
    assert!(walk(&whole[..100]).reasons().contains(&Reason::Truncated));
}
