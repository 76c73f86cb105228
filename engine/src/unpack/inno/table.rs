//! Inno Setup's table of files: where each lies, in which chunk.
//!
//! The rows have the same fields in all versions since 4.1; what changes is the checksum in them (MD5,
//! SHA-1 since 5.3.9, SHA-256 since 6.4) and the flags at their end. So the length of a row is tried: it
//! is right if all rows lead to chunks.

use super::chunks::CHUNK;
use crate::input::Content;
use crate::reader::{OutOfBounds, Reader};

/// Lengths of rows, each with the length of its checksum.
const ROWS: [(u64, u64); 7] =
    [(74, 20), (75, 20), (73, 20), (86, 32), (87, 32), (70, 16), (69, 16)];
const SHA1: u64 = 20;
const HAS_CALLS: u8 = 0x10;
const IS_ENCRYPTED: u8 = 0x40;
const IS_PACKED: u8 = 0x80;

/// A table whose rows are understood.
pub(super) struct Table<'a> {
    rows: Content<'a>,
    row: u64,
    checksum: u64,
    /// Where the chunks begin.
    data: u64,
}

/// One file.
pub(super) struct File {
    /// Where its chunk begins, and the bytes of that behind its mark.
    pub(super) chunk: u64,
    pub(super) packed: u64,
    /// Where it lies in what the chunk unpacks to.
    pub(super) place: u64,
    pub(super) size: u64,
    pub(super) sha1: Option<[u8; 20]>,
    /// Whether its calls were made absolute.
    pub(super) has_calls: bool,
    pub(super) is_encrypted: bool,
    pub(super) is_packed: bool,
}

impl<'a> Table<'a> {
    /// The table with rows of the length that fits, if one does.
    pub(super) fn of(rows: Content<'a>, data: u64, installer: &[u8]) -> Option<Self> {
        let length = rows.len() as u64;
        let table = |(row, checksum)| Self { rows: rows.clone(), row, checksum, data };
        let is_chunk = |place: u64| {
            Reader::at(installer, place).is_ok_and(|reader| reader.rest().starts_with(CHUNK))
        };
        let fitting = ROWS.into_iter().filter(|(row, _)| length.is_multiple_of(*row));
        fitting.map(table).find(|table| {
            let count = length.checked_div(table.row).unwrap_or(0);
            let mut files = (0..count).map(|index| table.file(index));
            files.all(|file| file.is_some_and(|file| is_chunk(file.chunk)))
        })
    }

    /// A file by its number; `None` behind the last.
    pub(super) fn file(&self, index: u64) -> Option<File> {
        self.read(index.checked_mul(self.row)?).ok()
    }

    fn read(&self, at: u64) -> Result<File, OutOfBounds> {
        let mut reader = Reader::at(&self.rows, at)?.sub(self.row)?;
        reader.skip(8)?;
        let chunk = self.data.saturating_add(reader.u32_le()?.into());
        let (place, size, packed) = (reader.u64_le()?, reader.u64_le()?, reader.u64_le()?);
        let mut checksum = reader.sub(self.checksum)?;
        let sha1 = if self.checksum == SHA1 { checksum.array().ok() } else { None };
        reader.skip(16)?;
        let flags = reader.u8()?;
        let has = |flag: u8| flags & flag != 0;
        Ok(File {
            chunk,
            packed,
            place,
            size,
            sha1,
            has_calls: has(HAS_CALLS),
            is_encrypted: has(IS_ENCRYPTED),
            is_packed: has(IS_PACKED),
        })
    }
}
