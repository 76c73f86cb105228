//! Records of folders: a file has one with its attributes, one that says where it lies, and as many as its
//! name needs.

use crate::reader::{OutOfBounds, Reader};

const RECORD: u64 = 32;
/// What follows is blank.
const END: u8 = 0;
/// Set in the kind of every record that is in use.
const IN_USE: u8 = 0x80;
const FREE: u8 = 0x81;
const FILE: u8 = 0x85;
const STREAM: u8 = 0xc0;
const NAME: u8 = 0xc1;
const FOLDER: u16 = 0x10;
/// The clusters follow each other, and no chain leads through them.
const IN_A_ROW: u8 = 2;

/// Where bytes lie.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stream {
    pub(super) cluster: u64,
    pub(super) size: u64,
    /// As many were written; zeros are behind.
    pub(super) written: u64,
    pub(super) is_in_a_row: bool,
}

impl Stream {
    /// A chain of at most so many bytes.
    pub(super) fn chain(cluster: u64, size: u64) -> Self {
        Self { cluster, size, written: size, is_in_a_row: false }
    }
}

/// What records stand for.
#[derive(Debug)]
pub(super) enum Record {
    /// A file or a folder.
    File(File),
    /// The list of clusters that are free.
    Free(Stream),
}

/// A file or a folder.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) name: Vec<u8>,
    pub(super) is_folder: bool,
    pub(super) is_deleted: bool,
    pub(super) stream: Stream,
}

/// How far a folder is read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    at: u64,
}

impl Reading {
    /// The next file, folder or table; `None` at the end.
    pub(super) fn next(&mut self, records: &[u8]) -> Option<Record> {
        loop {
            let record = self.take(records)?;
            let kind = record.peek(1).ok()?.first().copied()?;
            let read = match kind | IN_USE {
                _ if kind == END => return None,
                FREE if kind == FREE => place(record).map(Record::Free),
                FILE => self.file(record, kind, records).map(Record::File),
                _ => continue,
            };
            if let Ok(record) = read {
                return Some(record);
            }
        }
    }

    fn take<'d>(&mut self, records: &'d [u8]) -> Option<Reader<'d>> {
        let record = Reader::at(records, self.at).ok()?.sub(RECORD).ok()?;
        self.at = self.at.saturating_add(RECORD);
        Some(record)
    }

    /// A file by its first record, and those that belong to it: of the same use, up to the next one of
    /// another kind.
    fn file(
        &mut self,
        mut first: Reader<'_>,
        kind: u8,
        records: &[u8],
    ) -> Result<File, OutOfBounds> {
        first.skip(1)?;
        let count = first.u8()?;
        first.skip(2)?;
        let is_folder = first.u16_le()? & FOLDER != 0;
        let is_deleted = kind & IN_USE == 0;
        let mut file = File { is_folder, is_deleted, ..File::default() };
        let (mut units, mut length) = (Vec::new(), 0);
        for _ in 0..count {
            let before = self.at;
            let Some(record) = self.take(records) else { break };
            let kind = record.peek(1)?.first().copied().unwrap_or(END);
            match kind | IN_USE {
                STREAM if kind & IN_USE == 0 || !is_deleted => {
                    length = Reader::at(record.rest(), 3)?.u8()?;
                    file.stream = stream(record)?;
                }
                NAME => units.extend_from_slice(name_part(record)?),
                FILE | END | FREE => {
                    // It belongs to something else.
                    self.at = before;
                    break;
                }
                _ => {}
            }
        }
        file.name = text(&units, length.into());
        Ok(file)
    }
}

fn place(record: Reader<'_>) -> Result<Stream, OutOfBounds> {
    let mut reader = Reader::at(record.rest(), 20)?;
    let (cluster, size) = (reader.u32_le()?, reader.u64_le()?);
    Ok(Stream::chain(cluster.into(), size))
}

fn stream(record: Reader<'_>) -> Result<Stream, OutOfBounds> {
    let is_in_a_row = Reader::at(record.rest(), 1)?.u8()? & IN_A_ROW != 0;
    let written = Reader::at(record.rest(), 8)?.u64_le()?;
    Ok(Stream { written, is_in_a_row, ..place(record)? })
}

fn name_part(mut record: Reader<'_>) -> Result<&[u8], OutOfBounds> {
    record.skip(2)?;
    Ok(record.rest())
}

/// A name of so many units.
fn text(units: &[u8], length: usize) -> Vec<u8> {
    let (units, _) = units.as_chunks::<2>();
    let units = units.iter().take(length).map(|unit| u16::from_le_bytes(*unit));
    let chars = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    chars.collect::<String>().into_bytes()
}
