//! Records of the table of files: fix-ups, attributes, and lists of runs.

use crate::reader::{OutOfBounds, Reader};

/// Each so many bytes of a record end with two that tell whether it was written whole.
const SECTOR: usize = 512;
const IN_USE: u16 = 1;
/// The part of a reference that is the number of a record.
pub(super) const NUMBER: u64 = 0xffff_ffff_ffff;

pub(super) const LIST: u32 = 0x20;
pub(super) const NAME: u32 = 0x30;
pub(super) const DATA: u32 = 0x80;
pub(super) const REPARSE: u32 = 0xc0;
const END: u32 = u32::MAX;
/// Names for programs that know only eight letters and three.
const DOS: u8 = 2;

/// One record.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) number: u64,
    bytes: Vec<u8>,
    flags: u16,
    /// The first attribute.
    first: u16,
    /// The record that this one belongs to, or 0.
    pub(super) base: u64,
    /// A part of it is from another time.
    pub(super) is_damaged: bool,
}

/// One attribute of a record.
#[derive(Debug)]
pub(super) struct Attribute<'r> {
    pub(super) kind: u32,
    /// In UTF-16.
    pub(super) name: &'r [u8],
    pub(super) flags: u16,
    pub(super) value: Value<'r>,
}

/// Where the value of an attribute lies.
#[derive(Debug)]
pub(super) enum Value<'r> {
    /// In the record.
    Here(&'r [u8]),
    /// In runs of clusters.
    Runs {
        /// The cluster of the value that the runs begin with.
        first: u64,
        runs: &'r [u8],
        /// Sizes stand in the first part alone.
        sizes: Option<Sizes>,
    },
}

/// The sizes of a value in runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sizes {
    pub(super) size: u64,
    /// As much of it was written; zeros are behind.
    pub(super) written: u64,
    /// Of a packed value, the number of clusters that were packed as one is a power of two: this one.
    pub(super) unit: u16,
}

/// A run of clusters; without a place it is a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) length: u64,
    pub(super) place: Option<u64>,
}

impl Record {
    /// Reads a record; `None` where none is.
    pub(super) fn read(number: u64, bytes: &[u8]) -> Option<Self> {
        if !bytes.starts_with(b"FILE") {
            return None;
        }
        let mut bytes = bytes.to_vec();
        let is_whole = fix_up(&mut bytes).ok()?;
        let mut reader = Reader::at(&bytes, 20).ok()?;
        let (first, flags) = (reader.u16_le().ok()?, reader.u16_le().ok()?);
        reader.skip(8).ok()?;
        let base = reader.u64_le().ok()? & NUMBER;
        Some(Self { number, bytes, flags, first, base, is_damaged: !is_whole })
    }

    pub(super) fn is_in_use(&self) -> bool {
        self.flags & IN_USE != 0
    }

    /// Whether it only continues another record.
    pub(super) fn is_extension(&self) -> bool {
        self.base != 0
    }

    /// Its attributes, up to the first that is none.
    pub(super) fn attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        let mut at = u64::from(self.first);
        std::iter::from_fn(move || {
            let (attribute, next) = read_attribute(&self.bytes, at).ok()??;
            at = next;
            Some(attribute)
        })
    }

    /// The folder that it is in, and its name there in UTF-16: a long one if it has one.
    pub(super) fn name(&self) -> Option<(u64, Vec<u8>)> {
        let names = self.attributes().filter_map(|attribute| match attribute.value {
            Value::Here(value) if attribute.kind == NAME => file_name(value).ok(),
            _ => None,
        });
        let best = names.min_by_key(|(_, space, _)| *space == DOS)?;
        Some((best.0, best.2.to_vec()))
    }
}

/// Folder, name space, and name.
fn file_name(value: &[u8]) -> Result<(u64, u8, &[u8]), OutOfBounds> {
    let folder = Reader::new(value).u64_le()? & NUMBER;
    let mut reader = Reader::at(value, 64)?;
    let (length, space) = (reader.u8()?, reader.u8()?);
    Ok((folder, space, reader.bytes(u64::from(length).saturating_mul(2))?))
}

/// Puts the bytes back that stand for the ends of sectors; `false` where one is of another time.
fn fix_up(bytes: &mut [u8]) -> Result<bool, OutOfBounds> {
    let mut reader = Reader::at(bytes, 4)?;
    let (at, count) = (reader.u16_le()?, reader.u16_le()?);
    let mut list = Reader::at(bytes, at.into())?;
    let mark = list.array::<2>()?;
    let kept = list.bytes(u64::from(count.saturating_sub(1)).saturating_mul(2))?.to_vec();
    let (kept, _) = kept.as_chunks::<2>();
    let mut is_whole = true;
    for (sector, kept) in bytes.chunks_exact_mut(SECTOR).zip(kept) {
        if let Some(end) = sector.last_chunk_mut::<2>() {
            is_whole &= *end == mark;
            *end = *kept;
        }
    }
    Ok(is_whole)
}

type Next<'r> = Option<(Attribute<'r>, u64)>;

/// The attribute at a place, and where the next one is; `None` behind the last.
fn read_attribute(bytes: &[u8], at: u64) -> Result<Next<'_>, OutOfBounds> {
    let mut reader = Reader::at(bytes, at)?;
    let kind = reader.u32_le()?;
    if kind == END || kind == 0 {
        return Ok(None);
    }
    let length = reader.u32_le()?;
    if length < 24 {
        return Ok(None);
    }
    let mut whole = Reader::at(bytes, at)?;
    let bytes = whole.bytes(length.into())?;
    let (is_far, name_length) = (reader.u8()? != 0, reader.u8()?);
    let (name_at, flags) = (reader.u16_le()?, reader.u16_le()?);
    let name_length = u64::from(name_length).saturating_mul(2);
    let name = Reader::at(bytes, name_at.into())?.bytes(name_length)?;
    let value = if is_far { far_value(bytes)? } else { near_value(bytes)? };
    let next = at.saturating_add(length.into());
    Ok(Some((Attribute { kind, name, flags, value }, next)))
}

fn near_value(bytes: &[u8]) -> Result<Value<'_>, OutOfBounds> {
    let mut reader = Reader::at(bytes, 16)?;
    let (length, at) = (reader.u32_le()?, reader.u16_le()?);
    Ok(Value::Here(Reader::at(bytes, at.into())?.bytes(length.into())?))
}

fn far_value(bytes: &[u8]) -> Result<Value<'_>, OutOfBounds> {
    let mut reader = Reader::at(bytes, 16)?;
    let first = reader.u64_le()?;
    reader.skip(8)?;
    let (runs, unit) = (reader.u16_le()?, reader.u16_le()?);
    reader.skip(12)?;
    let sizes = match first {
        0 => Some(Sizes { size: reader.u64_le()?, written: reader.u64_le()?, unit }),
        _ => None,
    };
    Ok(Value::Runs { first, runs: Reader::at(bytes, runs.into())?.rest(), sizes })
}

/// The runs of a list: each has its length, and how far it lies from the one before.
#[derive(Debug)]
pub(super) struct RunList<'r> {
    list: Reader<'r>,
    place: i64,
}

impl<'r> RunList<'r> {
    pub(super) fn new(list: &'r [u8]) -> Self {
        Self { list: Reader::new(list), place: 0 }
    }

    /// The next run; `None` at the end of the list, an error where it is none.
    pub(super) fn next(&mut self) -> Result<Option<Run>, BadRun> {
        let head = self.list.u8().map_err(|_| BadRun)?;
        if head == 0 {
            return Ok(None);
        }
        let length = self.number(head & 0xf)?;
        let length = u64::try_from(length).ok().filter(|&length| length > 0).ok_or(BadRun)?;
        if head >> 4 == 0 {
            return Ok(Some(Run { length, place: None }));
        }
        let far = self.number(head >> 4)?;
        self.place = self.place.checked_add(far).ok_or(BadRun)?;
        let place = u64::try_from(self.place).map_err(|_| BadRun)?;
        Ok(Some(Run { length, place: Some(place) }))
    }

    /// A number with a sign, of up to eight bytes.
    fn number(&mut self, count: u8) -> Result<i64, BadRun> {
        let bytes = self.list.bytes(count.into()).map_err(|_| BadRun)?;
        let is_negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut whole = [if is_negative { 0xff } else { 0 }; 8];
        whole.get_mut(..bytes.len()).ok_or(BadRun)?.copy_from_slice(bytes);
        Ok(i64::from_le_bytes(whole))
    }
}

/// A list of runs that does not hold what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadRun;

/// A name in UTF-16 as UTF-8.
pub(super) fn text(name: &[u8]) -> Vec<u8> {
    let (units, _) = name.as_chunks::<2>();
    let units = units.iter().map(|unit| u16::from_le_bytes(*unit));
    let chars = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    chars.collect::<String>().into_bytes()
}
