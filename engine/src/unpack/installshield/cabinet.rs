//! InstallShield's own cabinets (`ISc(`), versions 5 and later, as their public readers have the format;
//! tried with ClamAV's test files and with `unshield`.
//!
//! A cabinet may hold the list of files itself; then they have names, and those of which the list says
//! so are put in order again (each byte was mixed with its place). Mostly the list is in a file of its
//! own (`data1.hdr`), and the data are in others: then a volume is read without it. Its files are chunks
//! of deflate, each behind its length, that give 32 KiB but for the last of a file.

use std::io::{self, Read};

use super::super::decoders::{Blockwise, ByBlock, Inflate};
use super::super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::Problem;

/// Bytes that a chunk gives, but for the last of a file.
const CHUNK: usize = 32 << 10;
/// Bytes that a chunk gives at most.
const LARGEST: usize = 64 << 10;
/// The bytes of a record in the list since version 6.
const RECORD: u64 = 0x57;
/// The longest name.
const NAME: u64 = 1024;
const IS_SCRAMBLED: u16 = 2;
const IS_PACKED: u16 = 4;
const IS_NONE: u16 = 8;
/// The same data as a file before.
const HAS_PREVIOUS: u8 = 1;

pub(in crate::unpack) fn open<'a>(
    content: Content<'a>,
    offset: u64,
    _: &Opening<'_>,
) -> Opened<'a> {
    let cabinet = content.slice(offset, u64::MAX);
    let mut notes = Notes::default();
    let volume = Volume::read(&cabinet).unwrap_or_else(|_| {
        notes.truncated("the header is cut off");
        Volume::default()
    });
    let (index, at) = (volume.first, volume.data);
    Ok(walked(Cabinet { cabinet, volume, index, at, notes }))
}

/// What the headers say.
#[derive(Default)]
struct Volume {
    major: u32,
    /// Where the list begins, if it is here.
    list: Option<List>,
    /// Where the data begin; 0 where there are none.
    data: u64,
    /// The files of this volume, by their place in the list.
    first: u32,
    last: u32,
}

/// Where the parts of the list are.
struct List {
    table: u64,
    /// The list of folders and files of version 5, and the records of later ones.
    folders: u32,
    records: u64,
    files: u32,
}

impl Volume {
    fn read(cabinet: &[u8]) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::at(cabinet, 4)?;
        let version = reader.u32_le()?;
        reader.skip(4)?;
        let (list, size) = (u64::from(reader.u32_le()?), reader.u32_le()?);
        let data = reader.u32_le()?.into();
        reader.skip(4)?;
        let (first, last) = (reader.u32_le()?, reader.u32_le()?);
        let major = match version >> 24 {
            1 => version >> 12 & 0xf,
            _ => (version & 0xffff) / 100,
        };
        let list = if size > 0 { List::read(cabinet, list).ok() } else { None };
        Ok(Self { major, list, data, first, last })
    }
}

impl List {
    fn read(cabinet: &[u8], at: u64) -> Result<Self, OutOfBounds> {
        let field = |place: u64| Reader::at(cabinet, at.saturating_add(place))?.u32_le();
        let table = at.saturating_add(field(0x0c)?.into());
        let records = table.saturating_add(field(0x2c)?.into());
        Ok(Self { table, folders: field(0x1c)?, records, files: field(0x28)? })
    }
}

/// A file of the list.
struct File {
    name: Vec<u8>,
    flags: u16,
    packed: u64,
    size: u64,
    place: u64,
    is_again: bool,
}

impl List {
    /// The record of a file in version 5.
    fn old_record(&self, cabinet: &[u8], index: u32) -> Result<File, OutOfBounds> {
        let row = u64::from(self.folders).saturating_add(index.into()).saturating_mul(4);
        let place = Reader::at(cabinet, self.table.saturating_add(row))?.u32_le()?;
        let mut reader = Reader::at(cabinet, self.table.saturating_add(place.into()))?;
        let name = reader.u32_le()?;
        reader.skip(4)?;
        let flags = reader.u16_le()?;
        let (size, packed) = (reader.u32_le()?.into(), reader.u32_le()?.into());
        reader.skip(0x14)?;
        let place = reader.u32_le()?.into();
        let name = self.name(cabinet, name)?;
        Ok(File { name, flags, packed, size, place, is_again: false })
    }

    /// The record of a file since version 6.
    fn record(&self, cabinet: &[u8], index: u32) -> Result<File, OutOfBounds> {
        let row = u64::from(index).saturating_mul(RECORD);
        let mut reader = Reader::at(cabinet, self.records.saturating_add(row))?;
        let flags = reader.u16_le()?;
        let (size, packed, place) = (reader.u64_le()?, reader.u64_le()?, reader.u64_le()?);
        reader.skip(32)?;
        let name = reader.u32_le()?;
        reader.skip(22)?;
        let is_again = reader.u8()? & HAS_PREVIOUS != 0;
        let name = self.name(cabinet, name)?;
        Ok(File { name, flags, packed, size, place, is_again })
    }

    fn name(&self, cabinet: &[u8], place: u32) -> Result<Vec<u8>, OutOfBounds> {
        let rest = Reader::at(cabinet, self.table.saturating_add(place.into()))?.rest();
        let name = rest.split(|&byte| byte == 0).next().unwrap_or_default();
        Ok(name.iter().copied().take(NAME as usize).collect())
    }
}

/// One volume being walked.
struct Cabinet<'a> {
    cabinet: Content<'a>,
    volume: Volume,
    /// The next file of the list.
    index: u32,
    /// The next chunk, where there is no list.
    at: u64,
    notes: Notes,
}

impl<'a> Walk<'a> for Cabinet<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        if self.volume.data == 0 {
            return Ok(None);
        }
        budget.check()?;
        Ok(match self.volume.list {
            Some(_) => self.next_listed(budget),
            None => self.next_unlisted(budget),
        })
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Cabinet<'a> {
    /// The next file of the list that lies in this volume.
    fn next_listed(&mut self, budget: &Budget) -> Option<Entry<'a>> {
        while let Some(list) = &self.volume.list {
            if self.index > self.volume.last || self.index >= list.files {
                return None;
            }
            let file = match self.volume.major {
                ..=5 => list.old_record(&self.cabinet, self.index),
                _ => list.record(&self.cabinet, self.index),
            };
            self.index = self.index.saturating_add(1);
            let Ok(file) = file else {
                self.notes.truncated("the list of files is cut off");
                return None;
            };
            if file.flags & IS_NONE == 0 && file.place > 0 && file.size > 0 && !file.is_again {
                return Some(self.take(file, budget));
            }
        }
        None
    }

    fn take(&self, file: File, budget: &Budget) -> Entry<'a> {
        let data = self.cabinet.slice(file.place, file.packed);
        let there = data.len() as u64;
        let entry = match file.flags & (IS_SCRAMBLED | IS_PACKED) {
            0 => Entry::in_place(file.name, data, budget),
            flags => Entry::of(file.name, unpack(&data, flags, budget)),
        };
        entry.cut_to(there, file.packed)
    }

    /// The next file of a volume without a list.
    fn next_unlisted(&mut self, budget: &Budget) -> Option<Entry<'a>> {
        let data = self.cabinet.slice(self.at, u64::MAX);
        if data.is_empty() {
            return None;
        }
        let name = format!("file at {}", self.at);
        let mut chunks = Chunks::reader(&data, true);
        let entry = Entry::of(name, budget.decode(&mut chunks, data.len() as u64));
        self.at = self.at.saturating_add(chunks.get_ref().read);
        if !entry.problems.is_empty() {
            self.at = u64::MAX;
        }
        Some(entry)
    }
}

/// Unpacks a file, and puts it in order before if it has to be.
fn unpack(data: &[u8], flags: u16, budget: &Budget) -> Result<crate::limits::Decoded, Stop> {
    let packed = data.len() as u64;
    if flags & IS_SCRAMBLED == 0 {
        return budget.decode(Chunks::reader(data, false), packed);
    }
    let _grant = budget.hold(packed)?;
    let places = (0_u8..71).cycle();
    let ordered: Vec<u8> = data
        .iter()
        .zip(places)
        .map(|(byte, place)| (byte ^ 0xd5).rotate_right(2).wrapping_sub(place))
        .collect();
    match flags & IS_PACKED {
        0 => budget.decode(ordered.as_slice(), packed),
        _ => budget.decode(Chunks::reader(&ordered, false), packed),
    }
}

/// The chunks of one file, unpacked.
struct Chunks<'d> {
    data: &'d [u8],
    /// Whether a chunk that is not full is the last.
    ends_when_short: bool,
    /// Bytes of `data` that were read.
    read: u64,
    ended: bool,
}

impl<'d> Chunks<'d> {
    fn reader(data: &'d [u8], ends_when_short: bool) -> Blockwise<Self> {
        Blockwise::new(Self { data, ends_when_short, read: 0, ended: false })
    }
}

impl ByBlock for Chunks<'_> {
    fn next_block(&mut self, chunk: &mut Vec<u8>) -> io::Result<bool> {
        if self.ended || self.read >= self.data.len() as u64 {
            return Ok(false);
        }
        let cut = |_| io::Error::new(io::ErrorKind::UnexpectedEof, "a chunk is cut off");
        let mut reader = Reader::at(self.data, self.read).map_err(cut)?;
        let length = reader.u16_le().map_err(cut)?;
        let packed = reader.bytes(length.into()).map_err(cut)?;
        self.read = reader.position() as u64;
        let most = LARGEST as u64;
        let end = Inflate::new(packed).take(most).read_to_end(chunk);
        if let Err(error) = end
            && (chunk.is_empty() || error.kind() != io::ErrorKind::UnexpectedEof)
        {
            self.ended = true;
            return Err(error);
        }
        self.ended = self.ends_when_short && chunk.len() < CHUNK;
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
