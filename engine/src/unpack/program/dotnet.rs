//! Resources of .NET: those that lie in a program (ECMA-335, II.22.24: each behind its length, at
//! multiples of eight), and the files of named values that many of them are (`.resources`, versions 1
//! and 2, by Microsoft's documentation of `ResourceReader`).
//!
//! The tables that give the resources of a program their names are not read. Of the values in a file,
//! byte arrays, streams and longer texts are handed out; numbers and serialised objects are not.

use std::ops::Range;

use super::super::parts::{self, List, walk_parts};
use super::super::{Notes, Opened, Opening};
use super::Part;
use crate::input::Content;
use crate::reader::{OutOfBounds, Reader};

/// Resources of a program begin at multiples of this.
const ALIGNMENT: u64 = 8;
/// What no program has so many of.
const MOST: usize = 4096;
/// Texts that are shorter hold nothing.
const TEXT: u64 = 64;
/// Kinds of values in version 2.
const STRING: u64 = 1;
const BYTES: u64 = 0x20;
const STREAM: u64 = 0x21;
/// Types by their name in version 1.
const STRING_TYPE: &[u8] = b"System.String,";
const BYTES_TYPE: &[u8] = b"System.Byte[],";

/// The resources of a program that lie in `range`; what comes behind a length that cannot be is one more.
pub(super) fn resources(data: &[u8], range: Range<u64>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut at = range.start;
    while at < range.end && parts.len() < MOST {
        let length = Reader::at(data, at).and_then(|mut reader| reader.u32_le()).unwrap_or(0);
        let start = at.saturating_add(4);
        let end = start.saturating_add(length.into());
        let is_sound = end <= range.end && length > 0;
        let part = if is_sound { start..end } else { at..range.end };
        let within = part.end.saturating_sub(range.start);
        at = range.start.saturating_add(within.next_multiple_of(ALIGNMENT));
        let name = format!(".NET resource {}", parts.len().saturating_add(1));
        parts.push(Part { name, range: part, is_behind: false });
    }
    parts
}

pub(in crate::unpack) fn open<'a>(
    content: Content<'a>,
    offset: u64,
    _: &Opening<'_>,
) -> Opened<'a> {
    let file = content.slice(offset, u64::MAX);
    let mut notes = Notes::default();
    let values = Values::read(&file).unwrap_or_else(|_| {
        notes.truncated("the header is cut off");
        Values::default()
    });
    Ok(walk_parts(file, values, notes))
}

/// The list of named values.
#[derive(Default)]
struct Values {
    version: u32,
    /// Where the names of types begin, of version 1.
    types: u64,
    type_count: u32,
    /// The next place of a name, and how many are left.
    at: u64,
    left: u32,
    names: u64,
    data: u64,
}

impl Values {
    fn read(file: &[u8]) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::at(file, 8)?;
        let skipped = reader.u32_le()?;
        reader.skip(skipped.into())?;
        let (version, left, type_count) = (reader.u32_le()?, reader.u32_le()?, reader.u32_le()?);
        let types = reader.position() as u64;
        for _ in 0..type_count {
            let length = number(&mut reader)?;
            reader.skip(length)?;
        }
        let aligned = (reader.position() as u64).next_multiple_of(ALIGNMENT);
        reader.seek(aligned)?;
        let hashes = u64::from(left).saturating_mul(4);
        reader.skip(hashes)?;
        let at = reader.position() as u64;
        reader.skip(hashes)?;
        let data = reader.u32_le()?.into();
        let names = reader.position() as u64;
        Ok(Self { version, types, type_count, at, left, names, data })
    }

    /// The next value; `None` inside where it is nothing to hand out.
    fn value(&mut self, file: &[u8]) -> Result<Option<parts::Part>, OutOfBounds> {
        let mut reader = Reader::at(file, self.at)?;
        let place = self.names.saturating_add(reader.u32_le()?.into());
        self.at = reader.position() as u64;
        let mut reader = Reader::at(file, place)?;
        let length = number(&mut reader)?;
        let name = narrow(reader.bytes(length)?);
        let place = self.data.saturating_add(reader.u32_le()?.into());
        let mut reader = Reader::at(file, place)?;
        let kind = number(&mut reader)?;
        let kind = if self.version == 1 { self.kind_of_type(file, kind)? } else { kind };
        let length = match kind {
            STRING => number(&mut reader)?,
            BYTES | STREAM => reader.u32_le()?.into(),
            _ => return Ok(None),
        };
        let part = parts::Part::stored(name, reader.position() as u64, length);
        Ok((length >= if kind == STRING { TEXT } else { 1 }).then_some(part))
    }

    /// The kind in version 2 of a type of version 1.
    fn kind_of_type(&self, file: &[u8], index: u64) -> Result<u64, OutOfBounds> {
        let mut reader = Reader::at(file, self.types)?;
        for at in 0..u64::from(self.type_count) {
            let length = number(&mut reader)?;
            let name = reader.bytes(length)?;
            if at == index {
                return Ok(match name {
                    name if name.starts_with(STRING_TYPE) => STRING,
                    name if name.starts_with(BYTES_TYPE) => BYTES,
                    _ => 0,
                });
            }
        }
        Ok(0)
    }
}

/// A number in groups of seven bits, the lowest first.
fn number(reader: &mut Reader<'_>) -> Result<u64, OutOfBounds> {
    let mut number = 0;
    for shift in [0, 7, 14, 21, 28] {
        let byte = reader.u8()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    Ok(number)
}

/// A name of two bytes a character, for people.
fn narrow(wide: &[u8]) -> String {
    let (units, _) = wide.as_chunks::<2>();
    let units = units.iter().take(256).map(|&unit| u16::from_le_bytes(unit));
    char::decode_utf16(units).map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

impl List for Values {
    fn next_part(&mut self, file: &[u8], notes: &mut Notes) -> Option<parts::Part> {
        while let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            match self.value(file) {
                Ok(None) => {}
                Ok(Some(part)) => return Some(part),
                Err(_) => notes.truncated("a value lies outside of the file"),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
