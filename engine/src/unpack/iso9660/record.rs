//! Records of folders (ECMA-119, 9.1), and in them what Rock Ridge says: the name, whether it is a file
//! at all, where a folder was moved to.

use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::volume::Volume;
use crate::verdict::Problem;

/// A record does not cross the end of a sector.
const SECTOR: u64 = 2048;
/// The fixed part of a record.
const FIXED: u64 = 33;
/// Areas of one record's further entries that are followed.
const MOST_AREAS: usize = 64;

const FOLDER: u8 = 2;
const GOES_ON: u8 = 0x80;

/// How the records of a tree are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// Bytes of a block.
    pub(super) block: u64,
    /// Names are UTF-16.
    pub(super) is_wide: bool,
    /// Records have Rock Ridge's entries, behind so many bytes of something else.
    pub(super) has_susp: bool,
    pub(super) skip: u8,
}

/// What a record says.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) name: Vec<u8>,
    pub(super) place: u64,
    pub(super) length: u64,
    pub(super) is_folder: bool,
    pub(super) is_self_or_parent: bool,
    /// The next record is of the same file.
    pub(super) goes_on: bool,
    pub(super) is_interleaved: bool,
    /// A link or a device.
    pub(super) is_special: bool,
    /// Where the folder is for which this record stands.
    pub(super) moved_to: Option<u64>,
}

/// What stands at a place of a folder. All but the end say where to go on.
#[derive(Debug)]
pub(super) enum Read {
    Record(Record, u64),
    Padding(u64),
    Broken(u64),
    End,
}

impl Record {
    pub(super) fn read(
        records: &[u8],
        at: u64,
        volume: &Volume<'_>,
        reach: Reach,
        budget: &Budget,
    ) -> Result<Read, Problem> {
        let Ok(mut reader) = Reader::at(records, at) else { return Ok(Read::End) };
        let next_sector = at.saturating_add(1).next_multiple_of(SECTOR);
        let length = match reader.peek(1) {
            Err(_) => return Ok(Read::End),
            Ok([0]) => return Ok(Read::Padding(next_sector)),
            Ok(bytes) => bytes.first().copied().unwrap_or(0),
        };
        let Ok(mut fields) = reader.sub(length.into()) else {
            return Ok(Read::Broken(next_sector));
        };
        let next = at.saturating_add(length.into());
        let Ok((mut record, entries)) = plain(&mut fields, reach) else {
            return Ok(Read::Broken(next_sector));
        };
        if reach.has_susp {
            let entries = entries.get(usize::from(reach.skip)..).unwrap_or_default();
            record.add(entries, volume, reach.block, budget)?;
        }
        Ok(Read::Record(record, next))
    }

    /// Reads the entries of Rock Ridge, area by area.
    fn add(
        &mut self,
        entries: &[u8],
        volume: &Volume<'_>,
        block: u64,
        budget: &Budget,
    ) -> Result<(), Problem> {
        let mut name = Vec::new();
        let mut next = self.add_area(entries, block, &mut name);
        for _ in 0..MOST_AREAS {
            let Some((place, length)) = next else { break };
            let area = volume.get(place, length, budget)?;
            next = self.add_area(&area, block, &mut name);
        }
        if !name.is_empty() {
            self.name = name;
        }
        Ok(())
    }

    /// Reads one area; says where the next is.
    fn add_area(&mut self, area: &[u8], block: u64, name: &mut Vec<u8>) -> Option<(u64, u64)> {
        let mut next = None;
        let mut reader = Reader::new(area);
        while let Ok((kind, payload)) = entry(&mut reader) {
            match &kind {
                b"NM" => match payload.split_first() {
                    Some((flags, part)) if flags & 6 == 0 => name.extend(part),
                    _ => {}
                },
                b"PX" => self.is_special = is_special(payload),
                b"SL" => self.is_special = true,
                b"CL" => self.moved_to = number(payload, 0).map(|at| at.saturating_mul(block)),
                b"CE" => next = continuation(payload, block),
                b"ST" => break,
                _ => {}
            }
        }
        next
    }
}

/// One entry: its two letters and what they are about.
fn entry<'d>(reader: &mut Reader<'d>) -> Result<([u8; 2], &'d [u8]), OutOfBounds> {
    let kind = reader.array()?;
    let length = reader.u8()?;
    reader.skip(1)?;
    // An entry that is shorter than its head ends the area.
    let Some(length) = length.checked_sub(4) else { return Ok((*b"ST", &[])) };
    Ok((kind, reader.bytes(length.into())?))
}

fn number(payload: &[u8], at: u64) -> Option<u64> {
    Reader::at(payload, at).and_then(|mut reader| reader.u32_le()).ok().map(u64::from)
}

/// Whether a mode is that of something that is neither file nor folder.
fn is_special(payload: &[u8]) -> bool {
    number(payload, 0).is_some_and(|mode| !matches!(mode & 0o170_000, 0o100_000 | 0o040_000 | 0))
}

/// Block, offset and length, each in both byte orders.
fn continuation(payload: &[u8], block: u64) -> Option<(u64, u64)> {
    let place = number(payload, 0)?.saturating_mul(block).saturating_add(number(payload, 8)?);
    Some((place, number(payload, 16)?.min(SECTOR)))
}

/// The record without what others add to it; and what they add.
fn plain<'d>(fields: &mut Reader<'d>, reach: Reach) -> Result<(Record, &'d [u8]), OutOfBounds> {
    fields.skip(1)?;
    let attributes = fields.u8()?;
    let block = u64::from(fields.u32_le()?).saturating_add(attributes.into());
    fields.skip(4)?;
    let length = fields.u32_le()?.into();
    fields.skip(4 + 7)?;
    let flags = fields.u8()?;
    let (unit, gap) = (fields.u8()?, fields.u8()?);
    fields.skip(4)?;
    let name_length = fields.u8()?;
    let name = fields.bytes(name_length.into())?;
    if name_length.is_multiple_of(2) && !fields.is_empty() {
        fields.skip(1)?;
    }
    let record = Record {
        name: shown_name(name, reach.is_wide),
        place: block.saturating_mul(reach.block),
        length,
        is_folder: flags & FOLDER != 0,
        is_self_or_parent: matches!(name, [0 | 1]),
        goes_on: flags & GOES_ON != 0,
        is_interleaved: unit != 0 || gap != 0,
        is_special: false,
        moved_to: None,
    };
    Ok((record, fields.rest()))
}

/// A name without its version, and without the dot of a name that has no extension.
fn shown_name(name: &[u8], is_wide: bool) -> Vec<u8> {
    let name = if is_wide { from_utf16_be(name) } else { name.to_vec() };
    let end = name.iter().rposition(|&byte| byte == b';').unwrap_or(name.len());
    let name = name.get(..end).unwrap_or(&name);
    name.strip_suffix(b".").unwrap_or(name).to_vec()
}

fn from_utf16_be(name: &[u8]) -> Vec<u8> {
    let (units, _) = name.as_chunks::<2>();
    let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
    let chars = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    chars.collect::<String>().into_bytes()
}

/// How long the folder at a place says that it is, in its own first record.
pub(super) fn length_of_folder(
    volume: &Volume<'_>,
    place: u64,
    budget: &Budget,
) -> Result<u64, Problem> {
    let first = volume.get(place, FIXED, budget)?;
    Ok(number(&first, 10).unwrap_or(0))
}

/// Whether the records of a tree have Rock Ridge's entries: the first of its topmost folder says so,
/// and how many bytes stand before them.
pub(super) fn susp_in(
    volume: &Volume<'_>,
    root: u64,
    budget: &Budget,
) -> Result<Option<u8>, Problem> {
    let first = volume.get(root, 255, budget)?;
    let entries = || -> Result<Option<u8>, OutOfBounds> {
        let mut reader = Reader::at(&first, FIXED.saturating_add(1))?;
        let (kind, payload) = entry(&mut reader)?;
        let is_susp = &kind == b"SP" && payload.starts_with(b"\xbe\xef");
        Ok(payload.get(2).copied().filter(|_| is_susp))
    };
    Ok(entries().ok().flatten())
}
