//! Symbian installation files of releases before 9 (EPOC releases 5 and 6, by the public description of
//! the format): files that are stored or packed with zlib, in one language or several.
//!
//! The files of release 9 and later are built otherwise; they are named and not opened.

use super::decoders::Inflate;
use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::{Problem, Reason};

/// The number in front of the newer files.
const NEWER: &[u8] = b"\x7a\x1a\x20\x10";
/// The option of files that are stored.
const STORED: u16 = 8;
/// A record for each language, rather than one for all.
const IN_LANGUAGES: u32 = 1;
/// The bytes of the zlib header.
const ZLIB: u64 = 2;
/// The longest name, in bytes.
const NAME: u64 = 2048;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let file = content.slice(offset, u64::MAX);
    if file.starts_with(NEWER) {
        let detail = "a file of Symbian 9 or later";
        return Err(Problem::new(Reason::Unsupported("sis-version"), detail));
    }
    let mut notes = Notes::default();
    let header = Header::read(&file).unwrap_or_else(|_| {
        notes.truncated("the header is cut off");
        Header::default()
    });
    let (at, left) = (header.records, header.files);
    Ok(walked(Sis { file, header, at, left, parts: Vec::new(), notes }))
}

#[derive(Default)]
struct Header {
    languages: u16,
    files: u16,
    options: u16,
    /// Where the records begin.
    records: u64,
}

impl Header {
    fn read(file: &[u8]) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::at(file, 0x12)?;
        let (languages, files) = (reader.u16_le()?, reader.u16_le()?);
        let mut reader = Reader::at(file, 0x24)?;
        let options = reader.u16_le()?;
        let records = Reader::at(file, 0x34)?.u32_le()?.into();
        Ok(Self { languages, files, options, records })
    }
}

/// One version of a file.
struct Part {
    name: Vec<u8>,
    place: u64,
    packed: u64,
}

/// One installation file being walked, record by record.
struct Sis<'a> {
    file: Content<'a>,
    header: Header,
    /// The next record, and how many are left.
    at: u64,
    left: u16,
    /// What the last record describes, last first.
    parts: Vec<Part>,
    notes: Notes,
}

impl<'a> Walk<'a> for Sis<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            budget.check()?;
            if let Some(part) = self.parts.pop() {
                return Ok(Some(self.read(part, budget)));
            }
            let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
            self.left = left;
            let Ok(parts) = self.record() else {
                self.notes.truncated("a record is cut off");
                return Ok(None);
            };
            self.parts = parts;
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Sis<'a> {
    /// Reads the record here: type, purpose, details, two names, then lengths, places and sizes of each
    /// language's version, and a name of the kind of content.
    fn record(&mut self) -> Result<Vec<Part>, OutOfBounds> {
        let mut reader = Reader::at(&self.file, self.at)?;
        let kind = reader.u32_le()?;
        reader.skip(8)?;
        let (_, _) = (reader.u32_le()?, reader.u32_le()?);
        let (length, place) = (reader.u32_le()?, reader.u32_le()?);
        let name = self.file.slice(place.into(), u64::from(length).min(NAME));
        let (units, _) = name.as_chunks::<2>();
        let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
        let name = String::from_utf16_lossy(&units).into_bytes();
        let count = if kind == IN_LANGUAGES { self.header.languages } else { 1 };
        let mut lengths = Vec::new();
        for _ in 0..count {
            lengths.push(u64::from(reader.u32_le()?));
        }
        let mut parts = Vec::new();
        for packed in lengths {
            parts.push(Part { name: name.clone(), place: reader.u32_le()?.into(), packed });
        }
        reader.skip(u64::from(count).saturating_mul(4).saturating_add(8))?;
        self.at = reader.position() as u64;
        parts.reverse();
        Ok(parts)
    }

    fn read(&self, part: Part, budget: &Budget) -> Entry<'a> {
        let packed = self.file.slice(part.place, part.packed);
        let there = packed.len() as u64;
        let entry = if self.header.options & STORED != 0 {
            Entry::in_place(part.name, packed, budget)
        } else {
            let data = packed.slice(ZLIB, u64::MAX);
            Entry::of(part.name, budget.decode(Inflate::new(&data), there))
        };
        entry.cut_to(there, part.packed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Limit, Limits};
    use crate::unpack::testing::{Walked, deflated, noise, refusal, survives_damage, walk_at};

    fn walk(bytes: &[u8]) -> Walked {
        walk_at(open, bytes, 0, Limits::default())
    }

    /// A file with one record, of as many versions as there are contents.
    fn installation(options: u16, contents: &[Vec<u8>]) -> Vec<u8> {
        let languages = contents.len() as u16;
        let mut bytes = vec![0; 0x64];
        bytes[0x12..0x14].copy_from_slice(&languages.to_le_bytes());
        bytes[0x14..0x16].copy_from_slice(&1_u16.to_le_bytes());
        bytes[0x24..0x26].copy_from_slice(&options.to_le_bytes());
        bytes[0x34..0x38].copy_from_slice(&0x64_u32.to_le_bytes());
        let record = 28 + contents.len() as u32 * 12 + 8;
        let name = 0x64 + record;
        bytes.extend([1, 0, 0, 0, 0, 2, name].map(u32::to_le_bytes).concat());
        let lengths = contents.iter().map(|content| content.len() as u32);
        bytes.extend(lengths.clone().flat_map(u32::to_le_bytes));
        let mut place = name + 2;
        for length in lengths {
            bytes.extend(place.to_le_bytes());
            place += length;
        }
        bytes.resize(name as usize, 0);
        [bytes, b"n\0".to_vec(), contents.concat()].concat()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        [&[0x78, 0x9c][..], &deflated(bytes), &[0; 4]].concat()
    }

    #[test]
    fn every_version_of_a_file_is_read() {
        let walked = walk(&installation(0, &[zlib(b"one"), zlib(&noise(500))]));
        assert_eq!((walked.names(), walked.reasons()), (vec!["n", "n"], vec![]));
        assert_eq!(walked.entries[1].bytes.as_deref(), Some(&noise(500)[..]));
        let walked = walk(&installation(STORED, &[b"stored".to_vec()]));
        assert_eq!((walked.content("n"), walked.reasons()), (&b"stored"[..], vec![]));
    }

    #[test]
    fn every_cut_is_truncated() {
        let whole = installation(STORED, &[b"stored".to_vec()]);
        for length in 4..whole.len() {
            assert!(walk(&whole[..length]).reasons().contains(&Reason::Truncated), "{length}");
        }
    }

    #[test]
    fn bombs_and_overlaps_end_at_the_budget() {
        let bomb = walk(&installation(0, &[zlib(&vec![0; 4 << 20])]));
        assert_eq!(bomb.reasons(), [Reason::Limit(Limit::Ratio)]);
        let mut bytes = installation(STORED, &vec![noise(100); 1000]);
        let places = 0x64 + 28 + 4000;
        (0..1000).for_each(|index| bytes.copy_within(places..places + 4, places + index * 4));
        let limits = Limits { total_bytes: 5000, ..Limits::default() };
        assert_eq!(walk_at(open, &bytes, 0, limits).reasons(), [Reason::Limit(Limit::TotalBytes)]);
    }

    #[test]
    fn newer_files_are_unsupported() {
        let unsupported = Reason::Unsupported("sis-version");
        assert_eq!(refusal(open, NEWER, Limits::default()), Some(unsupported));
    }

    #[test]
    fn damaged_files_do_no_harm() {
        let sample = installation(0, &[zlib(b"one"), zlib(b"two")]);
        survives_damage(open, &sample);
    }
}
