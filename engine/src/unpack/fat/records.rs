//! Records of folders. A long name stands in front of its record, last part first.

use crate::reader::{OutOfBounds, Reader};

const RECORD: u64 = 32;
const END: u8 = 0;
const DELETED: u8 = 0xe5;
/// A first byte that stands for the one that would mean deleted.
const KANJI: u8 = 0x05;
const LONG_NAME: u8 = 0x0f;
const LABEL: u8 = 0x08;
const FOLDER: u8 = 0x10;
/// Units of a part of a long name, and parts of one.
const PART: usize = 13;
const MOST_PARTS: usize = 20;

/// What a record says.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) name: Vec<u8>,
    pub(super) is_folder: bool,
    pub(super) is_deleted: bool,
    pub(super) cluster: u64,
    pub(super) size: u64,
}

/// How far a folder is read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    at: u64,
    /// The parts of a long name met so far, the last first.
    parts: Vec<[u16; PART]>,
}

impl Reading {
    /// The next record of a file or folder; `None` at the end.
    pub(super) fn next(&mut self, records: &[u8]) -> Option<Record> {
        loop {
            let record = Reader::at(records, self.at).ok()?.sub(RECORD).ok()?;
            self.at = self.at.saturating_add(RECORD);
            let first = record.peek(1).ok()?.first().copied()?;
            if first == END {
                return None;
            }
            if let Ok(Some(record)) = self.read(record, first) {
                return Some(record);
            }
        }
    }

    fn read(&mut self, mut fields: Reader<'_>, first: u8) -> Result<Option<Record>, OutOfBounds> {
        let start = fields;
        let short = fields.array::<11>()?;
        let attributes = fields.u8()?;
        if attributes & 0x3f == LONG_NAME {
            self.add_part(start, first)?;
            return Ok(None);
        }
        let long = std::mem::take(&mut self.parts);
        let lower = fields.u8()?;
        fields.skip(7)?;
        let high = fields.u16_le()?;
        fields.skip(4)?;
        let (low, size) = (fields.u16_le()?, fields.u32_le()?);
        if attributes & LABEL != 0 || short.starts_with(b".") {
            return Ok(None);
        }
        Ok(Some(Record {
            name: if long.is_empty() { short_name(short, lower) } else { long_name(&long) },
            is_folder: attributes & FOLDER != 0,
            is_deleted: first == DELETED,
            cluster: u64::from(high) << 16 | u64::from(low),
            size: size.into(),
        }))
    }

    /// Keeps a part of a long name. One that is the last of its name begins anew.
    fn add_part(&mut self, mut part: Reader<'_>, first: u8) -> Result<(), OutOfBounds> {
        let mut units = [0; PART];
        let (front, rest) = units.split_at_mut(5);
        let (middle, back) = rest.split_at_mut(6);
        part.skip(1)?;
        for (units, over) in [(front, 3), (middle, 2), (back, 0)] {
            for unit in units {
                *unit = part.u16_le()?;
            }
            part.skip(over)?;
        }
        if first != DELETED && first & 0x40 != 0 {
            self.parts.clear();
        }
        if self.parts.len() < MOST_PARTS {
            self.parts.push(units);
        }
        Ok(())
    }
}

/// Name and extension, each filled up with spaces; a flag for each says that its letters are small.
fn short_name(mut short: [u8; 11], lower: u8) -> Vec<u8> {
    if let Some(first) = short.first_mut() {
        *first = match *first {
            KANJI => DELETED,
            DELETED => b'?',
            other => other,
        };
    }
    let (name, extension) = short.split_at_mut(8);
    for (part, flag) in [(&mut *name, 8), (&mut *extension, 16)] {
        if lower & flag != 0 {
            part.make_ascii_lowercase();
        }
    }
    let (name, extension) = (name.trim_ascii_end(), extension.trim_ascii_end());
    let dot: &[u8] = if extension.is_empty() { b"" } else { b"." };
    [name, dot, extension].concat()
}

/// The parts stand in front of each other; a zero ends the name.
fn long_name(parts: &[[u16; PART]]) -> Vec<u8> {
    let units = parts.iter().rev().flatten().copied().take_while(|&unit| unit != 0);
    let chars = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    chars.collect::<String>().into_bytes()
}
