//! ALZ archives (ESTsoft's ALZip, by its public descriptions): files behind each other, each behind its
//! header: stored, bzip2, deflate.
//!
//! Checksums are compared. Encrypted files are `encrypted`, pieces of an archive in volumes end where their
//! piece does.

use super::decoders::{self, Inflate};
use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::identify::crc32;
use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::{Problem, Reason};

/// Behind the header of the archive.
const FIRST: u64 = 8;
const FILE: [u8; 4] = *b"BLZ\x01";
/// What stands behind the last file: the list of what is in the archive, and its end.
const ENDS: [[u8; 4]; 2] = [*b"CLZ\x01", *b"CLZ\x02"];
const ENCRYPTED: u8 = 1;
/// What an encrypted file has in front.
const KEY: u64 = 12;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let archive = content.slice(offset, u64::MAX);
    Ok(walked(Alz { archive, at: FIRST, notes: Notes::default() }))
}

struct Alz<'a> {
    archive: Content<'a>,
    at: u64,
    notes: Notes,
}

/// The header of a file.
#[derive(Debug)]
struct Header {
    name: Vec<u8>,
    is_encrypted: bool,
    method: u8,
    crc: u32,
    packed: u64,
    size: u64,
    /// Where what is packed begins.
    data: u64,
}

impl Header {
    /// `None`: no file, but the end.
    fn read(archive: &[u8], at: u64) -> Result<Option<Result<Self, [u8; 4]>>, OutOfBounds> {
        let mut reader = Reader::at(archive, at)?;
        let mark = reader.array::<4>()?;
        if ENDS.contains(&mark) {
            return Ok(None);
        }
        if mark != FILE {
            return Ok(Some(Err(mark)));
        }
        let length = reader.u16_le()?;
        reader.skip(5)?;
        let flags = reader.u8()?;
        reader.skip(1)?;
        let (mut method, mut crc, mut packed, mut size) = (0, 0, 0, 0);
        let width = flags >> 4;
        if width > 0 {
            method = reader.u8()?;
            reader.skip(1)?;
            crc = reader.u32_le()?;
            packed = number(&mut reader, width)?;
            size = number(&mut reader, width)?;
        }
        let name = reader.bytes(length.into())?.to_vec();
        let is_encrypted = flags & ENCRYPTED != 0;
        if is_encrypted {
            reader.skip(KEY)?;
        }
        let data = reader.position() as u64;
        Ok(Some(Ok(Self { name, is_encrypted, method, crc, packed, size, data })))
    }
}

/// A number of one, two, four or eight bytes.
fn number(reader: &mut Reader<'_>, width: u8) -> Result<u64, OutOfBounds> {
    match width {
        1 => reader.u8().map(u64::from),
        2 => reader.u16_le().map(u64::from),
        4 => reader.u32_le().map(u64::from),
        _ => reader.u64_le(),
    }
}

impl<'a> Walk<'a> for Alz<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            budget.check()?;
            let header = match Header::read(&self.archive, self.at) {
                Ok(Some(Ok(header))) => header,
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => {
                    self.notes.corrupted(format!("no header of a file at {}", self.at));
                    return Ok(None);
                }
                Err(_) => {
                    self.notes.truncated("the archive ends without its end");
                    return Ok(None);
                }
            };
            self.at = header.data.saturating_add(header.packed);
            // Folders have no data.
            if header.size > 0 || header.packed > 0 {
                return self.file(header, budget).map(Some);
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Alz<'a> {
    fn file(&self, header: Header, budget: &Budget) -> Result<Entry<'a>, Problem> {
        if header.is_encrypted {
            let problem = Problem::new(Reason::Encrypted, "the file has a password");
            return Ok(Entry::unread(header.name, problem));
        }
        let data = self.archive.slice(header.data, header.packed);
        let there = data.len() as u64;
        let name = header.name;
        let mut entry = match header.method {
            0 => Entry::in_place(name, data, budget),
            1 => Entry::decoded(name, budget.decode(decoders::bzip2(&data, budget)?, there)?),
            2 => Entry::decoded(name, budget.decode(Inflate::new(&data), there)?),
            method => {
                let detail = format!("method {method}");
                let problem = Problem::new(Reason::Unsupported("alz-method"), detail);
                return Ok(Entry::unread(name, problem));
            }
        };
        if entry.problems.is_empty() {
            let content = entry.content.as_deref().unwrap_or_default();
            if there < header.packed || (content.len() as u64) < header.size {
                entry = entry.with(Problem::new(Reason::Truncated, "the file is cut off"));
            } else if crc32(content) != header.crc {
                entry = entry.with(Problem::new(Reason::Corrupted, "the checksum differs"));
            }
        }
        Ok(entry)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use super::*;
    use crate::identify::{FileType, identify};
    use crate::limits::{Limit, Limits};
    use crate::unpack::testing::{Walked, deflated, noise, survives_damage, walk_at};

    pub(in crate::unpack) fn bzip2(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn walk(bytes: &[u8]) -> Walked {
        walk_at(open, bytes, 0, Limits::default())
    }

    fn file(name: &str, flags: u8, method: u8, packed: &[u8], content: &[u8]) -> Vec<u8> {
        let mut bytes = [&FILE[..], &(name.len() as u16).to_le_bytes(), &[0x20; 5]].concat();
        bytes.extend([flags, 0, method, 0]);
        bytes.extend(crc32(content).to_le_bytes());
        for number in [packed.len() as u64, content.len() as u64] {
            bytes.extend(&number.to_le_bytes()[..usize::from(flags >> 4)]);
        }
        let key = if flags & ENCRYPTED == 0 { 0 } else { 12 };
        [&bytes, name.as_bytes(), &vec![7; key], packed].concat()
    }

    fn archive(files: &[Vec<u8>]) -> Vec<u8> {
        let end = b"CLZ\x01\0\0\0\0\0\0\0\0CLZ\x02";
        [&b"ALZ\x01\x0a\0\0\0"[..], &files.concat(), end].concat()
    }

    fn samples() -> Vec<u8> {
        let text = b"the quick brown fox ".repeat(20);
        archive(&[
            file("stored", 0x20, 0, &text, &text),
            file("bzip2", 0x40, 1, &bzip2(&text), &text),
            file("deflated", 0x80, 2, &deflated(&text), &text),
        ])
    }

    #[test]
    fn files_of_every_method_are_read() {
        let bytes = samples();
        assert!(identify(&bytes).types_at_start().contains(FileType::Alz));
        let walked = walk(&bytes);
        assert_eq!(walked.reasons(), [], "{}", walked.words());
        assert_eq!(walked.names(), ["stored", "bzip2", "deflated"]);
        let text = b"the quick brown fox ".repeat(20);
        assert!(walked.entries.iter().all(|entry| entry.bytes.as_ref() == Some(&text)));
    }

    #[test]
    fn locked_damaged_and_unknown_files_are_told() {
        let walked = walk(&archive(&[
            file("locked", 0x21, 2, b"???", b"abc"),
            file("unknown", 0x20, 9, b"???", b"abc"),
            file("changed", 0x20, 0, b"abd", b"abc"),
        ]));
        let reasons = [Reason::Encrypted, Reason::Unsupported("alz-method"), Reason::Corrupted];
        let told: Vec<_> = walked.entries.iter().flat_map(|entry| entry.reasons()).collect();
        assert_eq!(told, reasons);
        let whole = samples();
        for length in 8..whole.len() - 16 {
            assert!(!walk(&whole[..length]).reasons().is_empty(), "{length}");
        }
    }

    #[test]
    fn sizes_that_lie_end_at_a_limit() {
        let run = vec![0; 3 << 20];
        let bytes = archive(&[file("run", 0x80, 2, &deflated(&run), &run)]);
        let limits = Limits { ratio: 100, ..Limits::default() };
        let walked = walk_at(open, &bytes, 0, limits);
        assert_eq!(walked.reasons(), [Reason::Limit(Limit::Ratio)]);
    }

    #[test]
    fn damaged_archives_do_no_harm() {
        survives_damage(open, &samples());
        survives_damage(open, &archive(&[file("noise", 0x40, 2, &noise(200), b"abc")]));
    }
}
