//! UDF images (ECMA-167 and OSTA UDF 1.02 to 2.60) on partitions that lie in a row, with a metadata
//! partition or without.
//!
//! Files are handed out from the folders that list them, hidden ones and named streams included;
//! deleted ones where their entry is still there. A file in a row is a slice of the image. Folders are
//! read once by the place of their entry, so that loops end. Tags are told by their number; their
//! checksums are only asked where an anchor is looked for.
//!
//! - `descriptors.rs` finds the partitions and the topmost folder,
//! - `entries.rs` reads what says where a file lies.
//!
//! Not read: virtual partitions (packet writing on CD-R). Blocks that a sparing table moved elsewhere
//! are read where they were.

mod descriptors;
mod entries;

use self::descriptors::{Address, Partitions};
use self::entries::{FileEntry, Kind};
use super::volume::{Seen, Tree, Volume, Weight, folder, joined, records};
use super::{Entry, Notes, Opened, Walk, shown, walked};
use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::{Problem, Reason};

const DELETED: u8 = 4;
const PARENT: u8 = 8;
const FILE_IDENTIFIER: u16 = 257;

pub(super) fn open<'a>(volume: Volume<'a>, budget: &Budget) -> Opened<'a> {
    let mut notes = Notes::default();
    let mut tree = Tree::new(budget)?;
    let partitions = match descriptors::read(&volume, &mut notes, budget)? {
        Some((partitions, roots)) => {
            for root in roots {
                tree.add(root, Folder { at: root, is_told: true }, Vec::new())?;
            }
            partitions
        }
        None => Partitions::default(),
    };
    let files = Seen::new(budget)?;
    Ok(walked(Udf { partitions, tree, folder: None, files, notes }))
}

impl Weight for Address {}

/// A folder that waits.
struct Folder {
    at: Address,
    /// Whether it is said when it cannot be read.
    is_told: bool,
}

/// The folder that is being read.
struct Listing<'a> {
    records: Content<'a>,
    at: u64,
    path: Vec<u8>,
}

/// One image being walked.
struct Udf<'a> {
    partitions: Partitions<'a>,
    tree: Tree<Address, Folder>,
    folder: Option<Listing<'a>>,
    /// Entries of files that were handed out.
    files: Seen<Address>,
    notes: Notes,
}

/// A record of a folder.
struct Record {
    name: Vec<u8>,
    flags: u8,
    entry: Address,
}

impl<'a> Walk<'a> for Udf<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            budget.check()?;
            if let Some(mut listing) = self.folder.take() {
                let Some(record) = self.next_record(&mut listing) else { continue };
                let entry = self.take_in(&record, &listing, budget)?;
                self.folder = Some(listing);
                if entry.is_some() {
                    return Ok(entry);
                }
            } else if let Some((folder, path)) = self.tree.next() {
                self.open_folder(&folder, path, budget)?;
            } else {
                return Ok(None);
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Udf<'a> {
    /// Reads the list of a folder.
    fn open_folder(
        &mut self,
        folder: &Folder,
        path: Vec<u8>,
        budget: &Budget,
    ) -> Result<(), Problem> {
        let entry = match FileEntry::read(folder.at, &self.partitions, budget) {
            Ok(entry) => entry,
            Err(problem) => return self.pass_over(&path, folder.is_told, problem),
        };
        let listed = entry.hand_out(&b""[..], &self.partitions, budget);
        if listed.ends_walk() {
            listed.problems.into_iter().for_each(|problem| self.notes.add(problem));
            return Ok(());
        }
        let records = records(listed, &path, &mut self.notes);
        self.folder = records.map(|records| Listing { records, at: 0, path });
        Ok(())
    }

    /// Goes on without something that cannot be read, unless no further thing could be.
    fn pass_over(&mut self, path: &[u8], is_told: bool, problem: Problem) -> Result<(), Problem> {
        if is_told || problem.is_stop() {
            return self.notes.pass_over(format!("{:?}", shown(path)), problem);
        }
        Ok(())
    }

    /// The next record of a folder; `None` at its end.
    fn next_record(&mut self, listing: &mut Listing<'a>) -> Option<Record> {
        let at = listing.at;
        if at >= listing.records.len() as u64 {
            return None;
        }
        match read_record(&listing.records, at) {
            Ok(Some((record, next))) => {
                listing.at = next;
                Some(record)
            }
            Ok(None) => {
                let folder = folder(&listing.path);
                self.notes.corrupted(format!("no record at {at} of {folder}"));
                None
            }
            Err(_) => {
                self.notes.truncated(format!("{} is cut off", folder(&listing.path)));
                None
            }
        }
    }

    /// What a record stands for: a folder that is read later, or a file.
    fn take_in(
        &mut self,
        record: &Record,
        listing: &Listing<'a>,
        budget: &Budget,
    ) -> Result<Option<Entry<'a>>, Problem> {
        let path = joined(&listing.path, &record.name);
        let is_told = record.flags & DELETED == 0;
        if record.flags & PARENT != 0 || self.files.has(&record.entry) {
            return Ok(None);
        }
        let entry = match FileEntry::read(record.entry, &self.partitions, budget) {
            Ok(entry) => entry,
            Err(problem) if is_told && !matches!(problem.reason, Reason::Limit(_)) => {
                return Ok(Some(Entry::unread(path, problem)));
            }
            Err(problem) => {
                self.pass_over(&path, is_told, problem)?;
                return Ok(None);
            }
        };
        if let Some(streams) = entry.streams {
            self.tree.add(streams, Folder { at: streams, is_told }, path.clone())?;
        }
        match entry.kind {
            Kind::Folder => {
                self.tree.add(record.entry, Folder { at: record.entry, is_told }, path)?;
                Ok(None)
            }
            Kind::Special => Ok(None),
            Kind::File => {
                self.files.is_new(record.entry)?;
                Ok(Some(entry.hand_out(path, &self.partitions, budget)))
            }
        }
    }
}

/// Reads the record at a place of a folder, and where the next is; `None` where there is none.
fn read_record(records: &[u8], at: u64) -> Result<Option<(Record, u64)>, OutOfBounds> {
    let mut reader = Reader::at(records, at)?;
    if reader.u16_le()? != FILE_IDENTIFIER {
        return Ok(None);
    }
    reader.skip(16)?;
    let (flags, name_length) = (reader.u8()?, reader.u8()?);
    let entry = Address::read(&mut reader)?;
    let own_length = reader.u16_le()?;
    reader.skip(own_length.into())?;
    let name = text(reader.bytes(name_length.into())?);
    let next = at.saturating_add(38).saturating_add(own_length.into());
    let next = next.saturating_add(name_length.into());
    let next = at.saturating_add(next.saturating_sub(at).next_multiple_of(4));
    Ok(Some((Record { name, flags, entry: entry.address }, next)))
}

/// A name: its first byte says how many bits a character has.
fn text(name: &[u8]) -> Vec<u8> {
    match name.split_first() {
        Some((16 | 255, wide)) => {
            let (units, _) = wide.as_chunks::<2>();
            let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
            let chars = char::decode_utf16(units);
            let chars = chars.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
            chars.collect::<String>().into_bytes()
        }
        Some((_, narrow)) => {
            narrow.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes()
        }
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
