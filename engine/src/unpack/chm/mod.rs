//! Compiled HTML help (the format as its public descriptions have it, "Unofficial (Preliminary) HTML
//! Help Specification" and "Microsoft's HTML Help (.chm) format"): the directory, stored files, and those
//! in the section that LZX packs (`lzxd`).
//!
//! The directory is read chunk by chunk as they lie, not along their links. A packed file is unpacked
//! from the last place before it where LZX begins anew.

use std::io;

use lzxd::Lzxd;

use super::cab::window;
use super::decoders::{Blockwise, ByBlock};
use super::solid::Solid;
use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::input::Content;
use crate::limits::{Budget, Grant};
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::{Problem, Reason};

/// What LZX unpacks at a time.
const FRAME: u64 = 0x8000;
/// What a decoder takes: its largest window and its tables.
const MEMORY: u64 = 4 << 20;
/// Files of the format itself.
const INTERNAL: &[u8] = b"::DataSpace/";
const PACKED: &[u8] = b"::DataSpace/Storage/MSCompressed/Content";
const CONTROL: &[u8] = b"::DataSpace/Storage/MSCompressed/ControlData";
const RESETS: &[u8] = b"::DataSpace/Storage/MSCompressed/Transform/{7FC28940-9D31-11D0-9B27-00A0C91E9C7C}/InstanceData/ResetTable";

pub(super) fn open<'a>(content: Content<'a>, offset: u64, opening: &Opening<'_>) -> Opened<'a> {
    let file = content.slice(offset, u64::MAX);
    let mut notes = Notes::default();
    let directory = Directory::read(&file).unwrap_or_else(|_| {
        notes.truncated("the header is cut off");
        Directory::default()
    });
    if directory.chunk == 0 && directory.end > 0 {
        notes.corrupted("no directory");
    }
    let mut chm = Chm {
        file,
        at: directory.start,
        directory,
        entries: Vec::new(),
        section: None,
        open: None,
        notes,
    };
    chm.find_section(opening.budget);
    Ok(walked(chm))
}

/// Where the directory is.
#[derive(Default)]
struct Directory {
    start: u64,
    end: u64,
    /// The bytes of a chunk; 0 where there is no directory.
    chunk: u64,
    /// Where contents count from.
    contents: u64,
}

impl Directory {
    fn read(file: &[u8]) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::at(file, 4)?;
        let version = reader.u32_le()?;
        reader.seek(0x48)?;
        let (start, length) = (reader.u64_le()?, reader.u64_le()?);
        let end = start.saturating_add(length);
        let contents = if version >= 3 { reader.u64_le()? } else { end };
        let mut header = Reader::at(file, start)?;
        let is_right = header.array::<4>()? == *b"ITSP";
        header.skip(4)?;
        let header_length = header.u32_le()?;
        header.skip(4)?;
        let chunk = if is_right { header.u32_le()?.into() } else { 0 };
        let start = start.saturating_add(header_length.into());
        Ok(Self { start, end, chunk, contents })
    }
}

/// An entry of the directory.
struct File {
    name: Vec<u8>,
    section: u64,
    place: u64,
    size: u64,
}

/// The packed section.
#[derive(Clone)]
struct Section<'a> {
    packed: Content<'a>,
    /// The place of each frame in it.
    frames: Content<'a>,
    /// Frames from one new beginning to the next.
    interval: u64,
    window: u32,
    size: u64,
}

/// One file being walked, chunk by chunk of its directory.
struct Chm<'a> {
    file: Content<'a>,
    directory: Directory,
    /// The next chunk.
    at: u64,
    /// Entries of the last chunk, last first.
    entries: Vec<File>,
    section: Option<Section<'a>>,
    open: Option<Solid<'a>>,
    notes: Notes,
}

impl<'a> Walk<'a> for Chm<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            budget.check()?;
            match self.entries.pop() {
                Some(file) if file.size == 0 || file.name.starts_with(INTERNAL) => {}
                Some(file) => return Ok(Some(self.read(file, budget))),
                None if self.next_chunk() => {}
                None => return Ok(None),
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Chm<'a> {
    /// Reads the entries of the next chunk; `false` behind the last.
    fn next_chunk(&mut self) -> bool {
        let Directory { end, chunk, .. } = self.directory;
        if chunk == 0 || self.at >= end {
            return false;
        }
        let bytes = self.file.slice(self.at, chunk);
        self.at = self.at.saturating_add(chunk);
        if (bytes.len() as u64) < chunk {
            self.notes.truncated("the directory is cut off");
            self.at = end;
        }
        if bytes.starts_with(b"PMGL") {
            match entries(&bytes) {
                Ok(entries) => self.entries = entries,
                Err((entries, _)) => {
                    self.notes.corrupted("an entry of the directory is broken");
                    self.entries = entries;
                }
            }
            self.entries.reverse();
        }
        true
    }

    /// Looks for what describes the packed section, in a walk of its own.
    fn find_section(&mut self, budget: &Budget) {
        let (mut packed, mut control, mut resets) = (None, None, None);
        let start = self.at;
        // What is wrong with the directory is said by the walk that hands out.
        let notes = std::mem::take(&mut self.notes);
        while budget.check().is_ok() && self.next_chunk() {
            for file in self.entries.drain(..).filter(|file| file.section == 0) {
                let place = self.directory.contents.saturating_add(file.place);
                let content = self.file.slice(place, file.size);
                match file.name.as_slice() {
                    PACKED => packed = Some(content),
                    CONTROL => control = Some(content),
                    RESETS => resets = Some(content),
                    _ => {}
                }
            }
        }
        (self.at, self.notes) = (start, notes);
        if let (Some(packed), Some(control), Some(resets)) = (packed, control, resets) {
            self.section = section(packed, &control, &resets).ok();
        }
    }

    fn read(&mut self, file: File, budget: &Budget) -> Entry<'a> {
        if file.section == 0 {
            let place = self.directory.contents.saturating_add(file.place);
            let content = self.file.slice(place, file.size);
            let there = content.len() as u64;
            let entry = Entry::in_place(file.name, content, budget);
            return entry.cut_to(there, file.size);
        }
        if !self.open.as_ref().is_some_and(|solid| solid.is_before(file.place)) {
            match self.open_section(file.place, budget) {
                Ok(solid) => self.open = Some(solid),
                Err(problem) => return Entry::unread(file.name, problem),
            }
        }
        match &mut self.open {
            Some(solid) => solid.entry(file.name, file.place, file.size, budget),
            None => Entry::unread(file.name, Problem::new(Reason::Corrupted, "no such section")),
        }
    }

    /// The packed section from the last new beginning before a place.
    fn open_section(&self, place: u64, budget: &Budget) -> Result<Solid<'a>, Problem> {
        let wrong = |detail| Problem::new(Reason::Corrupted, detail);
        let section =
            self.section.clone().ok_or_else(|| wrong("the packed section is not described"))?;
        let size = window(section.window.trailing_zeros());
        let size = size.ok_or_else(|| wrong("no such window of LZX"))?;
        let beginnings = (place / FRAME).checked_div(section.interval).unwrap_or(0);
        let frame = beginnings.saturating_mul(section.interval);
        let packed = section.packed.len() as u64;
        let frames = Frames { section, frame, lzx: Lzxd::new(size), _grant: budget.hold(MEMORY)? };
        let frames = Box::new(Blockwise::new(frames));
        Ok(Solid::starting_at(frames, frame.saturating_mul(FRAME), packed))
    }
}

/// The entries of a chunk; those before the fault where one is broken.
fn entries(chunk: &[u8]) -> Result<Vec<File>, (Vec<File>, OutOfBounds)> {
    let mut files = Vec::new();
    let read = |files: &mut Vec<File>| {
        let free = Reader::at(chunk, 4)?.u32_le()?;
        let end = (chunk.len() as u64).saturating_sub(free.into());
        let mut reader = Reader::new(chunk).sub(end)?;
        reader.seek(0x14)?;
        while !reader.is_empty() {
            let length = number(&mut reader)?;
            let name = reader.bytes(length)?.to_vec();
            let (section, place) = (number(&mut reader)?, number(&mut reader)?);
            files.push(File { name, section, place, size: number(&mut reader)? });
        }
        Ok(())
    };
    match read(&mut files) {
        Ok(()) => Ok(files),
        Err(error) => Err((files, error)),
    }
}

/// A number in seven bits a byte, the highest first.
fn number(reader: &mut Reader<'_>) -> Result<u64, OutOfBounds> {
    let mut value = 0_u64;
    loop {
        let byte = reader.u8()?;
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
}

fn section<'a>(
    packed: Content<'a>,
    control: &[u8],
    resets: &Content<'a>,
) -> Result<Section<'a>, OutOfBounds> {
    let mut reader = Reader::at(control, 8)?;
    let (version, interval, window) = (reader.u32_le()?, reader.u32_le()?, reader.u32_le()?);
    // Version 2 counts in frames.
    let interval = u64::from(interval);
    let interval = if version == 2 { interval } else { interval / FRAME }.max(1);
    let window = if version == 2 { window.saturating_mul(0x8000) } else { window };
    let mut reader = Reader::at(resets, 4)?;
    let (count, _) = (reader.u32_le()?, reader.u32_le()?);
    let place = reader.u32_le()?;
    let size = reader.u64_le()?;
    let frames = resets.slice(place.into(), u64::from(count).saturating_mul(8));
    Ok(Section { packed, frames, interval, window, size })
}

/// The packed section from one frame on, unpacked.
struct Frames<'a> {
    section: Section<'a>,
    frame: u64,
    lzx: Lzxd,
    _grant: Grant,
}

impl Frames<'_> {
    fn place(&self, frame: u64) -> Result<u64, OutOfBounds> {
        Reader::at(&self.section.frames, frame.saturating_mul(8))?.u64_le()
    }
}

impl ByBlock for Frames<'_> {
    fn next_block(&mut self, block: &mut Vec<u8>) -> io::Result<bool> {
        let position = self.frame.saturating_mul(FRAME);
        let Some(left) = self.section.size.checked_sub(position).filter(|&left| left > 0) else {
            return Ok(false);
        };
        let cut = |_| io::Error::new(io::ErrorKind::UnexpectedEof, "a frame is not there");
        let start = self.place(self.frame).map_err(cut)?;
        let end = self.place(self.frame.saturating_add(1)).unwrap_or(u64::MAX);
        let data = self.section.packed.slice(start, end.saturating_sub(start));
        if data.is_empty() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a frame is not there"));
        }
        if self.frame.is_multiple_of(self.section.interval) {
            self.lzx.reset();
        }
        let size = usize::try_from(left.min(FRAME)).unwrap_or(0);
        let unpacked = self.lzx.decompress_next(&data, size);
        let broken = |error| io::Error::new(io::ErrorKind::InvalidData, format!("LZX: {error}"));
        block.extend_from_slice(unpacked.map_err(broken)?);
        self.frame = self.frame.saturating_add(1);
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
