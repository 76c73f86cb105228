//! 7z archives (7zFormat.txt in the LZMA SDK), with their encryption.
//!
//! The walk is our own: entries come one at a time out of a block that many of them share, and a block
//! is as broken as it is, not as its library's error. Sizes in the header are never allocated; memory
//! for dictionaries is charged first.
//!
//! - `header.rs` reads the header,
//! - `coders.rs` puts a block's decoders together,
//! - `lock.rs` decrypts; a password is right where the first checksum behind it is.
//!
//! Not read: methods that 7-Zip itself does not have, and parts of archives in several volumes.

mod coders;
mod header;
mod lock;
#[cfg(test)]
mod tests;

use self::header::{Block, Fault, File, Header, Streams};
use self::lock::Keys;
use super::passwords::Keyring;
use super::solid::Solid;
use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::identify::crc32;
use crate::input::Content;
use crate::limits::{Budget, DecodeEnd, Grant};
use crate::reader::Reader;
use crate::verdict::{Problem, Reason};

/// The bytes of the start header; packed streams count from its end.
const START: u64 = 32;
/// Headers that are packed in one another.
const MOST_HEADERS: usize = 4;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, opening: &Opening<'_>) -> Opened<'a> {
    let mut archive = SevenZip {
        archive: content.slice(offset, u64::MAX),
        keyring: Keyring::new(opening.passwords),
        streams: Streams::default(),
        files: Vec::new(),
        _grant: None,
        block: 0,
        part: 0,
        place: 0,
        file: 0,
        open: None,
        notes: Notes::default(),
        unread: None,
    };
    archive.unread = archive.read_header(opening.budget).err();
    Ok(walked(archive))
}

/// One archive being walked, block by block.
struct SevenZip<'a> {
    archive: Content<'a>,
    keyring: Keyring,
    streams: Streams,
    files: Vec<File>,
    /// For the header.
    _grant: Option<Grant>,
    block: usize,
    /// The next part of the block, and where in it that begins.
    part: usize,
    place: u64,
    /// The next file in the list.
    file: usize,
    open: Option<Solid<'a>>,
    notes: Notes,
    /// Why its header could not be read.
    unread: Option<Problem>,
}

impl<'a> Walk<'a> for SevenZip<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        if let Some(problem) = self.unread.take() {
            return Err(problem);
        }
        loop {
            budget.check()?;
            if let Some(entry) = self.next_empty() {
                return Ok(Some(entry));
            }
            let Some(block) = self.streams.blocks.get(self.block) else {
                self.judge();
                return Ok(None);
            };
            let Some(&(size, crc)) = block.parts.get(self.part) else {
                (self.block, self.part) = (self.block.saturating_add(1), 0);
                (self.place, self.open) = (0, None);
                continue;
            };
            let name = self.files.get_mut(self.file).map(|file| std::mem::take(&mut file.name));
            self.file = self.file.saturating_add(1);
            self.part = self.part.saturating_add(1);
            let place = self.place;
            self.place = place.saturating_add(size);
            let entry = self.read(name.unwrap_or_default(), place, size, crc, budget);
            if let (None, Some(problem)) = (&entry.content, entry.problems.first()) {
                // Every further part of the block would say the same.
                self.pass_block(problem.reason);
            }
            return Ok(Some(entry));
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> SevenZip<'a> {
    fn read_header(&mut self, budget: &Budget) -> Result<(), Problem> {
        let archive = self.archive.clone();
        let short = |_| truncated("the start header is cut off");
        let mut reader = Reader::at(&archive, 8).map_err(short)?;
        let told = reader.u32_le().map_err(short)?;
        let fields = reader.peek(20).map_err(short)?;
        if crc32(fields) != told {
            self.notes.corrupted("the start header's checksum is wrong");
        }
        let (place, length) = (reader.u64_le().map_err(short)?, reader.u64_le().map_err(short)?);
        let crc = reader.u32_le().map_err(short)?;
        if length == 0 {
            return Ok(());
        }
        let mut header = archive.slice(START.saturating_add(place), length);
        if (header.len() as u64) < length {
            let detail = format!("{} of {length} bytes of the header are there", header.len());
            return Err(truncated(detail));
        }
        if crc32(&header) != crc {
            self.notes.corrupted("the header's checksum is wrong");
        }
        for _ in 0..MOST_HEADERS {
            match Header::read(&header, budget).map_err(fault)? {
                Header::Plain(streams, files, grant) => {
                    (self.streams, self.files, self._grant) = (streams, files, Some(grant));
                    return Ok(());
                }
                Header::Encoded(streams, _grant) => {
                    header = self.unpack_header(&streams, budget)?;
                }
            }
        }
        Err(corrupted("headers packed in headers"))
    }

    fn unpack_header(
        &mut self,
        streams: &Streams,
        budget: &Budget,
    ) -> Result<Content<'static>, Problem> {
        let block = streams.blocks.first().ok_or_else(|| corrupted("a header in no block"))?;
        let size = block.size();
        let mut solid = self.open_block(streams, block, budget)?;
        let entry = solid.entry(Vec::new(), 0, size, budget);
        if let Some(problem) = entry.problems.into_iter().next() {
            return Err(problem);
        }
        let content = entry.content.ok_or_else(|| corrupted("an empty header"))?;
        if block.crc.is_some_and(|crc| crc != crc32(&content)) {
            self.notes.corrupted("the packed header's checksum is wrong");
        }
        Ok(content)
    }

    /// The next file that has no stream, if it is one and not a folder.
    fn next_empty(&mut self) -> Option<Entry<'a>> {
        while let Some(file) = self.files.get_mut(self.file).filter(|file| !file.has_stream) {
            self.file = self.file.saturating_add(1);
            if !file.is_folder {
                let name = std::mem::take(&mut file.name);
                return Some(Entry::new(name, Content::borrowed(&[])));
            }
        }
        None
    }

    fn read(
        &mut self,
        name: Vec<u8>,
        place: u64,
        size: u64,
        crc: Option<u32>,
        budget: &Budget,
    ) -> Entry<'a> {
        if self.open.is_none() {
            let streams = std::mem::take(&mut self.streams);
            let opened = match streams.blocks.get(self.block) {
                Some(block) => self.open_block(&streams, block, budget),
                None => Err(corrupted("no such block")),
            };
            self.streams = streams;
            match opened {
                Ok(solid) => self.open = Some(solid),
                Err(problem) => return Entry::unread(name, problem),
            }
        }
        let Some(solid) = &mut self.open else {
            return Entry::unread(name, corrupted("no such block"));
        };
        let entry = solid.entry(name, place, size, budget);
        let content = entry.content.as_deref().unwrap_or_default();
        let is_wrong = entry.problems.is_empty() && crc.is_some_and(|crc| crc != crc32(content));
        if is_wrong { entry.with(corrupted("the CRC-32 is wrong")) } else { entry }
    }

    /// Leaves the rest of a block, and says how much that is.
    fn pass_block(&mut self, reason: Reason) {
        let parts = self.streams.blocks.get(self.block).map_or(0, |block| block.parts.len());
        let left = parts.saturating_sub(self.part);
        if left > 0 {
            let detail = format!("{left} more files in a block that cannot be read");
            self.notes.add(Problem::new(reason, detail));
        }
        let mut streams_left = left;
        while streams_left > 0 {
            let Some(file) = self.files.get(self.file) else { break };
            streams_left = streams_left.saturating_sub(usize::from(file.has_stream));
            self.file = self.file.saturating_add(1);
        }
        self.part = parts;
    }

    /// Opens a block, with the first password that fits where it is encrypted.
    fn open_block(
        &mut self,
        streams: &Streams,
        block: &Block,
        budget: &Budget,
    ) -> Result<Solid<'a>, Problem> {
        let packed = self.packed(streams, block);
        let base = packed.iter().fold(0_u64, |sum, part| sum.saturating_add(part.len() as u64));
        let is_locked = block.coders.iter().any(|coder| coder.method == lock::METHOD);
        let keyring = std::mem::take(&mut self.keyring);
        let mut fitted = None;
        if is_locked {
            for (number, password) in keyring.iter() {
                if fits(block, &packed, base, &mut Keys::new(Some(password)), budget)? {
                    fitted = Some((number, password));
                    break;
                }
            }
        }
        let mut keys = Keys::new(fitted.map(|(_, password)| password));
        let result = coders::reader(block, &packed, &mut keys, budget);
        let number = fitted.map(|(number, _)| number);
        let count = keyring.len();
        self.keyring = keyring;
        number.into_iter().for_each(|number| self.keyring.remember(number));
        match result {
            Err(problem) if problem.reason == Reason::Encrypted && count > 0 => {
                let detail = format!("none of {count} passwords opens it");
                Err(Problem::new(Reason::Encrypted, detail))
            }
            result => Ok(Solid::new(result?, base)),
        }
    }

    /// The packed streams of a block, as far as they are there.
    fn packed(&self, streams: &Streams, block: &Block) -> Vec<Content<'a>> {
        let before = streams.sizes.iter().take(block.first_stream);
        let start = START.saturating_add(streams.start);
        let mut at = before.fold(start, |sum, &size| sum.saturating_add(size));
        let sizes = streams.sizes.iter().skip(block.first_stream).take(block.packed.len());
        let mut packed = Vec::new();
        for &size in sizes {
            packed.push(self.archive.slice(at, size));
            at = at.saturating_add(size);
        }
        packed
    }

    fn judge(&mut self) {
        let end = self
            .streams
            .sizes
            .iter()
            .fold(START.saturating_add(self.streams.start), |a, &b| a.saturating_add(b));
        if end > self.archive.len() as u64 {
            self.notes.truncated("packed streams are cut off");
        }
    }
}

/// Whether a password opens a block: its first part has the right checksum.
fn fits(
    block: &Block,
    packed: &[Content<'_>],
    base: u64,
    keys: &mut Keys<'_>,
    budget: &Budget,
) -> Result<bool, Problem> {
    let Some(&(size, crc)) = block.parts.first() else { return Ok(false) };
    let reader = match coders::reader(block, packed, keys, budget) {
        Ok(reader) => reader,
        Err(problem) if problem.is_stop() => return Err(problem),
        Err(_) => return Ok(false),
    };
    let decoded = budget.decode(std::io::Read::take(reader, size), base)?;
    if let DecodeEnd::Stopped(stop) = decoded.end {
        return Err(stop.into());
    }
    let is_whole = decoded.bytes.len() as u64 == size;
    Ok(is_whole && crc.is_none_or(|crc| crc == crc32(&decoded.bytes)))
}

fn fault(fault: Fault) -> Problem {
    match fault {
        Fault::Short => truncated("the header ends early"),
        Fault::Wrong(detail) => corrupted(detail),
        Fault::Stop(stop) => stop.into(),
    }
}

fn corrupted(detail: impl Into<String>) -> Problem {
    Problem::new(Reason::Corrupted, detail)
}

fn truncated(detail: impl Into<String>) -> Problem {
    Problem::new(Reason::Truncated, detail)
}
