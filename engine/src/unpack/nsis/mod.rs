//! The data of NSIS installers (the format as NSIS 2 and 3 write it, and as its public readers have it):
//! a header, and files behind each other, each packed by itself or all as one stream.
//!
//! The installer's script is handed out like the files, and `names.rs` reads their names in it; what has
//! none there, as the program that uninstalls, is called by its number. Packed with LZMA (with or without
//! the filter for calls), deflate, or NSIS's own variant of bzip2.

mod names;

use std::io::Read;

use lzma_rust2::LzmaReader;
use lzma_rust2::filter::bcj::BcjReader;

use self::names::Names;
use super::decoders::{Inflate, NsisBzip2, lzma_raw, nsis_bzip2};
use super::solid::{Input, Solid};
use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::input::Content;
use crate::limits::{Budget, Grant, Stop};
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::{Problem, Reason};

/// The bytes of the first header.
const FIRST: u64 = 28;
/// The flag of an installer whose data end without a checksum.
const NO_CHECKSUM: u32 = 4;
const IS_PACKED: u32 = 1 << 31;
/// What a decoder takes beside its window.
const BASE: u64 = 1 << 20;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, opening: &Opening<'_>) -> Opened<'a> {
    let installer = content.slice(offset, u64::MAX);
    let cut = |_| Problem::new(Reason::Truncated, "the first header is cut off");
    let first = First::read(&installer).map_err(cut)?;
    let data = installer.slice(FIRST, first.length.saturating_sub(FIRST));
    let mut notes = Notes::default();
    if (data.len() as u64).saturating_add(FIRST) < first.length {
        notes.truncated(format!("{} bytes were announced", first.length));
    }
    let shape = Shape::of(&data, first.header);
    let solid = match shape {
        Shape::Solid(method) => Some(solid(method, &data, opening.budget)?),
        Shape::Single(_) => None,
    };
    let method = match shape {
        Shape::Solid(method) | Shape::Single(method) => method,
    };
    Ok(walked(Nsis { data, solid, method, at: 0, files: 0, count: 0, names: None, notes }))
}

/// The first header.
struct First {
    /// The size of the installer's own header, unpacked.
    header: u32,
    /// Bytes of all, up to the checksum.
    length: u64,
}

impl First {
    fn read(installer: &[u8]) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::new(installer);
        let flags = reader.u32_le()?;
        reader.skip(16)?;
        let (header, all) = (reader.u32_le()?, reader.u32_le()?);
        let checksum = if flags & NO_CHECKSUM == 0 { 4 } else { 0 };
        Ok(Self { header, length: u64::from(all).saturating_sub(checksum) })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Stored,
    Deflate,
    Bzip2,
    /// With a byte in front that says whether calls are filtered.
    Lzma {
        has_filter_byte: bool,
    },
}

/// How files are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Single(Method),
    Solid(Method),
}

impl Shape {
    /// No field says it: it shows by how the data begin.
    fn of(data: &[u8], header: u32) -> Self {
        let first = data.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
        let behind = data.get(4..).unwrap_or_default();
        match first {
            Some(length) if length == header => Shape::Single(Method::Stored),
            _ if is_lzma(data) => Shape::Solid(Method::Lzma { has_filter_byte: false }),
            _ if is_filtered_lzma(data) => Shape::Solid(Method::Lzma { has_filter_byte: true }),
            Some(length) if length >> 24 == 0x80 => Shape::Single(match behind {
                data if is_lzma(data) => Method::Lzma { has_filter_byte: false },
                data if is_filtered_lzma(data) => Method::Lzma { has_filter_byte: true },
                data if is_bzip2(data) => Method::Bzip2,
                _ => Method::Deflate,
            }),
            _ if is_bzip2(data) => Shape::Solid(Method::Bzip2),
            _ => Shape::Solid(Method::Deflate),
        }
    }
}

fn is_lzma(data: &[u8]) -> bool {
    matches!(data, [0x5d, 0, 0, _, _, 0, 0..=0x7f, ..])
}

fn is_filtered_lzma(data: &[u8]) -> bool {
    matches!(data, [0 | 1, rest @ ..] if is_lzma(rest))
}

fn is_bzip2(data: &[u8]) -> bool {
    matches!(data, [b'1', 0..14, ..])
}

/// Properties of LZMA data, whether they are filtered, and what follows.
fn lzma_header(data: &[u8], has_filter_byte: bool) -> Option<([u8; 5], bool, &[u8])> {
    let (is_filtered, data) = match (has_filter_byte, data) {
        (true, [filter, rest @ ..]) => (*filter != 0, rest),
        (_, data) => (false, data),
    };
    let (properties, rest) = data.split_first_chunk()?;
    Some((*properties, is_filtered, rest))
}

/// The reader of all files as one stream.
fn solid<'a>(method: Method, data: &Content<'a>, budget: &Budget) -> Result<Solid<'a>, Problem> {
    let packed = data.len() as u64;
    let reader: Box<dyn Read + 'a> = match method {
        Method::Lzma { has_filter_byte } => {
            let cut = || Problem::new(Reason::Truncated, "the LZMA header is cut off");
            let header = lzma_header(data, has_filter_byte).ok_or_else(cut)?;
            let ([first, dictionary @ ..], is_filtered, rest) = header;
            let dictionary = u32::from_le_bytes(dictionary);
            let grant = budget.hold(u64::from(dictionary).saturating_add(BASE))?;
            let start = data.len().saturating_sub(rest.len()) as u64;
            let input = Input::new(data.slice(start, u64::MAX));
            let reader = LzmaReader::new_with_props(input, u64::MAX, first, dictionary, None);
            let reader = reader.map_err(|error| super::decoders::problem(&error))?;
            let charged = Charged { reader, _grant: grant };
            match is_filtered {
                true => Box::new(BcjReader::new_x86(charged, 0)),
                false => Box::new(charged),
            }
        }
        Method::Bzip2 => {
            let grant = budget.hold(nsis_bzip2::MEMORY)?;
            let reader = NsisBzip2::new(Input::new(data.clone()));
            Box::new(Charged { reader, _grant: grant })
        }
        _ => Box::new(flate2::read::DeflateDecoder::new(Input::new(data.clone()))),
    };
    Ok(Solid::new(reader, packed))
}

/// A reader and the memory that it takes.
struct Charged<R> {
    reader: R,
    _grant: Grant,
}

impl<R: Read> Read for Charged<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.reader.read(into)
    }
}

/// The data of one installer being walked.
struct Nsis<'a> {
    data: Content<'a>,
    solid: Option<Solid<'a>>,
    method: Method,
    /// The next length, in the data or in what they unpack to.
    at: u64,
    /// Where the files begin, behind the header.
    files: u64,
    count: u64,
    names: Option<Names<'a>>,
    notes: Notes,
}

impl<'a> Walk<'a> for Nsis<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        budget.check()?;
        let entry = match self.solid {
            Some(_) => self.next_solid(budget),
            None => self.next_single(budget),
        };
        if let Some(entry) = &entry {
            self.read_names(entry, budget);
        }
        Ok(entry)
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Nsis<'a> {
    /// The name of what lies there.
    fn name(&mut self, place: u64) -> Vec<u8> {
        self.count = self.count.saturating_add(1);
        let told = self.names.as_ref().and_then(|names| names.of(place.checked_sub(self.files)?));
        match self.count {
            1 => b"script".to_vec(),
            number => {
                told.unwrap_or_else(|| format!("file {}", number.saturating_sub(1)).into_bytes())
            }
        }
    }

    /// Reads names in the script, which comes first.
    fn read_names(&mut self, entry: &Entry<'a>, budget: &Budget) {
        if self.count != 1 {
            return;
        }
        self.files = self.at;
        let Some(script) = &entry.content else { return };
        match Names::read(script.clone(), budget) {
            Ok(names) => self.names = Some(names),
            Err(stop) => self.notes.add(stop.into()),
        }
    }

    /// The next file of those that are packed by themselves.
    fn next_single(&mut self, budget: &Budget) -> Option<Entry<'a>> {
        let length = Reader::at(&self.data, self.at).and_then(|mut reader| reader.u32_le()).ok()?;
        let packed = u64::from(length & !IS_PACKED);
        let start = self.at.saturating_add(4);
        let data = self.data.slice(start, packed);
        let name = self.name(self.at);
        self.at = start.saturating_add(packed);
        let there = data.len() as u64;
        let entry = match length & IS_PACKED {
            0 => Entry::in_place(name, data, budget),
            _ => Entry::of(name, self.unpack(&data, budget)),
        };
        Some(entry.cut_to(there, packed))
    }

    fn unpack(&self, data: &[u8], budget: &Budget) -> Result<crate::limits::Decoded, Stop> {
        let packed = data.len() as u64;
        let has_filter_byte = match self.method {
            Method::Lzma { has_filter_byte } => has_filter_byte,
            Method::Bzip2 => {
                let _grant = budget.hold(nsis_bzip2::MEMORY)?;
                return budget.decode(NsisBzip2::new(data), packed);
            }
            Method::Stored | Method::Deflate => return budget.decode(Inflate::new(data), packed),
        };
        let Some((properties, is_filtered, rest)) = lzma_header(data, has_filter_byte) else {
            return budget.decode(Inflate::new(&[]), packed);
        };
        let stream = lzma_raw(properties, None, rest, budget)?;
        match is_filtered {
            true => budget.decode(BcjReader::new_x86(Patient(stream), 0), packed),
            false => budget.decode(stream, packed),
        }
    }

    /// The next file of those that are one stream.
    fn next_solid(&mut self, budget: &Budget) -> Option<Entry<'a>> {
        let solid = self.solid.as_mut()?;
        let length = solid.entry(Vec::new(), self.at, 4, budget);
        let bytes = length.content.as_deref().unwrap_or_default();
        let Some(size) = bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)) else {
            // The stream ends where no length follows; it may also be broken there.
            let is_end = bytes.is_empty() && self.count > 0;
            let is_told = |problem: &Problem| !is_end || problem.reason != Reason::Truncated;
            length.problems.into_iter().filter(is_told).for_each(|problem| self.notes.add(problem));
            return None;
        };
        let place = self.at.saturating_add(4);
        let size = u64::from(size & !IS_PACKED);
        let name = self.name(self.at);
        self.at = place.saturating_add(size);
        self.solid.as_mut().map(|solid| solid.entry(name, place, size, budget))
    }
}

/// A reader that asks again where nothing came out: filters take that for a failure.
struct Patient<R>(R);

impl<R: Read> Read for Patient<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        loop {
            match self.0.read(into) {
                Err(pause) if pause.kind() == std::io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

#[cfg(test)]
mod tests;
