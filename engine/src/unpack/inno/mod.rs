//! Installers of Inno Setup, versions 4.1.6 to 6.4 (the format as its public readers have it; held
//! against installers of its compilers 5.5.9 and 6.3.1).
//!
//! Behind the mark with the version stand three blocks ([`blocks`]): the setup's own data with its
//! compiled script, a table of files, and the program that installs. The files are in front of the mark,
//! in chunks, each one stream of one or more files. Their names are looked for in the setup's data
//! ([`names`]); those without one are called by their number.
//!
//! Where the table is of a form that is not known, or not there (files of their own with `idska32`), the
//! chunks are looked for by their mark and handed out whole.

mod blocks;
mod calls;
mod chunks;
mod names;
mod table;

use sha1::{Digest, Sha1};

use self::chunks::CHUNK;
use self::names::Names;
use self::table::{File, Table};
use super::solid::Solid;
use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::{Problem, Reason};

/// The mark with the version.
const VERSION: &[u8] = b"Inno Setup Setup Data (";
const VERSION_LENGTH: u64 = 64;
/// What the loader's table of offsets begins with, since version 5.1.5.
const OFFSETS: &[u8] = b"rDlPtS\xcd\xe6\xd7\x7b\x0b\x2a";
/// The blocks in their order.
const BLOCKS: [&str; 3] = ["setup data", "table of files", "setup program"];

pub(super) fn open<'a>(content: Content<'a>, offset: u64, opening: &Opening<'_>) -> Opened<'a> {
    let is_setup = content.slice(offset, u64::MAX).starts_with(VERSION);
    let data = if is_setup { place_of_data(&content, offset, opening.budget)? } else { None };
    let mut notes = Notes::default();
    if data == Some(0) {
        notes.truncated("what it installs lies in files of their own");
    }
    let next_block = if is_setup { Some(offset.saturating_add(VERSION_LENGTH)) } else { None };
    let end = if is_setup { offset } else { content.len() as u64 };
    Ok(walked(Inno {
        content,
        next_block,
        blocks: 0,
        data: data.filter(|&data| data > 0),
        names: None,
        table: None,
        next_file: 0,
        open: None,
        searched: match data {
            Some(0) => end,
            Some(data) => data,
            None => offset.saturating_sub(end),
        },
        end,
        notes,
    }))
}

/// Where the chunks begin, as the loader's table says that leads to this mark; 0 where they are elsewhere.
fn place_of_data(content: &[u8], mark: u64, budget: &Budget) -> Result<Option<u64>, Stop> {
    let mut at = 0_usize;
    while let Some(rest) = content.get(at..) {
        let Some(found) = budget.find(rest, OFFSETS)? else { break };
        let table = at.saturating_add(found);
        let read = || -> Result<(u64, u64), OutOfBounds> {
            let mut reader = Reader::at(content, (table as u64).saturating_add(32))?;
            Ok((reader.u32_le()?.into(), reader.u32_le()?.into()))
        };
        if let Ok((setup, data)) = read()
            && setup == mark
        {
            return Ok(Some(data));
        }
        at = table.saturating_add(1);
    }
    Ok(None)
}

/// One installer being walked.
struct Inno<'a> {
    content: Content<'a>,
    /// Where the next block is, as long as blocks follow.
    next_block: Option<u64>,
    blocks: usize,
    /// Where the chunks begin.
    data: Option<u64>,
    names: Option<Names<'a>>,
    table: Option<Table<'a>>,
    next_file: u64,
    /// The chunk that is being read, by its place.
    open: Option<(u64, Solid<'a>)>,
    /// How far chunks were looked for, and where to stop.
    searched: u64,
    end: u64,
    notes: Notes,
}

impl<'a> Walk<'a> for Inno<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        budget.check()?;
        while let Some(place) = self.next_block {
            if let Some(entry) = self.block(place, budget)? {
                return Ok(Some(entry));
            }
        }
        if let Some(table) = &self.table {
            let file = table.file(self.next_file);
            self.next_file = self.next_file.saturating_add(1);
            return Ok(file.map(|file| self.file(&file, budget)));
        }
        Ok(self.next_chunk(budget)?)
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Inno<'a> {
    /// The next block; none where it is the table, or where no more follow.
    fn block(&mut self, place: u64, budget: &Budget) -> Result<Option<Entry<'a>>, Stop> {
        self.next_block = None;
        let (Some(name), Some(block)) =
            (BLOCKS.get(self.blocks), blocks::find(&self.content, place))
        else {
            if self.blocks == 0 {
                let detail = "the setup's data are of a form that is not known";
                self.notes.add(Problem::new(Reason::Unsupported("inno-version"), detail));
            }
            return Ok(None);
        };
        self.blocks = self.blocks.saturating_add(1);
        self.next_block = (self.blocks < BLOCKS.len()).then_some(block.end);
        let entry = match blocks::reader(&self.content, &block, budget) {
            Ok(reader) => {
                Entry::decoded(*name, budget.decode(reader, block.end.saturating_sub(block.start))?)
            }
            Err(problem) => Entry::unread(*name, problem),
        };
        if let (1, Some(data)) = (self.blocks, &entry.content) {
            match Names::read(data.clone(), budget) {
                Ok(names) => self.names = Some(names),
                // The files can be read without their names.
                Err(stop) => self.notes.add(stop.into()),
            }
        }
        if self.blocks == 2 {
            let table = entry.content.filter(|_| entry.problems.is_empty());
            self.table = table
                .zip(self.data)
                .and_then(|(table, data)| Table::of(table, data, &self.content));
            return Ok(None);
        }
        match self.blocks {
            3 => calls::put_back(entry, None, budget).map(Some),
            _ => Ok(Some(entry)),
        }
    }

    /// One file of the table.
    fn file(&mut self, file: &File, budget: &Budget) -> Entry<'a> {
        let told = self.names.as_ref().and_then(|names| names.of(self.next_file.checked_sub(1)?));
        let name = told.unwrap_or_else(|| format!("file {}", self.next_file).into_bytes());
        if file.is_encrypted {
            return Entry::unread(name, Problem::new(Reason::Encrypted, "the file is encrypted"));
        }
        let is_open =
            |(chunk, solid): &(u64, Solid<'_>)| *chunk == file.chunk && solid.is_before(file.place);
        if !self.open.as_ref().is_some_and(is_open) {
            let start = file.chunk.saturating_add(CHUNK.len() as u64);
            let packed = self.content.slice(start, file.packed);
            match chunks::reader(packed, !file.is_packed, budget) {
                Ok(solid) => self.open = Some((file.chunk, solid)),
                Err(problem) => return Entry::unread(name, problem),
            }
        }
        let Some((_, solid)) = &mut self.open else {
            return Entry::unread(name, Problem::new(Reason::Corrupted, "no such chunk"));
        };
        let entry = solid.entry(name, file.place, file.size, budget);
        let entry = match file.has_calls {
            true => calls::put_back(entry, Some(calls::BLOCK), budget),
            false => Ok(entry),
        };
        entry.map_or_else(
            |stop| Entry::unread(Vec::new(), stop.into()),
            |entry| with_checksum(entry, file.sha1),
        )
    }

    /// The next chunk, where there is no table: looked for by its mark, and handed out whole.
    fn next_chunk(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Stop> {
        loop {
            let length = self.end.saturating_sub(self.searched);
            let rest = self.content.slice(self.searched, length);
            let Some(found) = budget.find(&rest, CHUNK)? else { return Ok(None) };
            let place = self.searched.saturating_add(found as u64);
            self.searched = place.saturating_add(CHUNK.len() as u64);
            let packed = self.content.slice(self.searched, self.end.saturating_sub(self.searched));
            if !chunks::is_packed(&packed) {
                continue;
            }
            let name = format!("chunk at {place}").into_bytes();
            return Ok(Some(match chunks::reader(packed, false, budget) {
                Ok(mut solid) => solid.rest(name, budget),
                Err(problem) => Entry::unread(name, problem),
            }));
        }
    }
}

/// The entry, with a problem if it has not the digest that is told.
fn with_checksum(entry: Entry<'_>, told: Option<[u8; 20]>) -> Entry<'_> {
    let content = entry.content.as_deref().filter(|_| entry.problems.is_empty());
    let is_wrong = content.zip(told).is_some_and(|(content, told)| *Sha1::digest(content) != told);
    match is_wrong {
        true => entry.with(Problem::new(Reason::Corrupted, "the checksum is wrong")),
        false => entry,
    }
}

#[cfg(test)]
mod tests;
