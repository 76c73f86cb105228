//! exFAT file systems (Microsoft's "exFAT file system specification"), as on large memory cards and sticks.
//!
//! Files are handed out from the folders that list them, whatever their attributes. A deleted file is
//! handed out as long as the clusters that it lay in are free: it is taken to lie in a row. Checksums of
//! records and tables are not compared, since a system that passes over them reads the file all the same.
//! Folders are read once by their first cluster, chains end after as many clusters as there are, and so
//! does the reading of folders: where there is more, they lie over each other.
//!
//! - `table.rs` reads the boot sector, follows chains and asks which clusters are free,
//! - `records.rs` reads the records of folders.

mod records;
mod table;

use self::records::{Reading, Record, Stream};
use self::table::Table;
use super::volume::{Tree, Volume, folder, joined, records};
use super::{Entry, Notes, Opened, Walk, walked};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::verdict::{Problem, Reason};

/// What a folder may have.
const FOLDER: u64 = 256 << 20;

pub(super) fn open<'a>(volume: Volume<'a>, budget: &Budget) -> Opened<'a> {
    let mut notes = Notes::default();
    let table = Table::read(&volume, &mut notes, budget)?;
    let root = Stream::chain(table.root(), FOLDER);
    let mut tree = Tree::new(budget)?;
    tree.add(root.cluster, root, Vec::new())?;
    let unread = table.size();
    Ok(walked(ExFat { volume, table, tree, folder: None, unread, notes }))
}

/// The folder that is being read.
struct Listing<'a> {
    records: Content<'a>,
    reading: Reading,
    path: Vec<u8>,
}

/// One file system being walked.
struct ExFat<'a> {
    volume: Volume<'a>,
    table: Table<'a>,
    /// Folders by their first cluster.
    tree: Tree<u64, Stream>,
    folder: Option<Listing<'a>>,
    /// Bytes that may still be folders.
    unread: u64,
    notes: Notes,
}

impl<'a> Walk<'a> for ExFat<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            budget.check()?;
            if let Some(mut listing) = self.folder.take() {
                let Some(record) = listing.reading.next(&listing.records) else { continue };
                let entry = self.take_in(record, &listing, budget)?;
                self.folder = Some(listing);
                if entry.is_some() {
                    return Ok(entry);
                }
            } else if let Some((stream, path)) = self.tree.next() {
                self.open_folder(stream, path, budget)?;
            } else {
                return Ok(None);
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> ExFat<'a> {
    fn open_folder(
        &mut self,
        stream: Stream,
        path: Vec<u8>,
        budget: &Budget,
    ) -> Result<(), Problem> {
        let told = stream.size;
        let stream = Stream { size: told.min(FOLDER), written: FOLDER, ..stream };
        let (runs, is_whole) = self.table.runs(stream, budget)?;
        let length = runs.length();
        // The topmost folder has no size: it ends with its chain.
        let is_all = if told == FOLDER { is_whole } else { length >= told };
        if !is_all {
            self.notes.corrupted(format!("{}: its clusters are not all there", folder(&path)));
        }
        let Some(unread) = self.unread.checked_sub(length) else {
            self.notes.corrupted(format!("{}: folders lie over each other", folder(&path)));
            return Ok(());
        };
        self.unread = unread;
        let listed = self.volume.file(Vec::new(), runs, length, budget);
        let reading = Reading::default();
        let records = records(listed, &path, &mut self.notes);
        self.folder = records.map(|records| Listing { records, reading, path });
        Ok(())
    }

    /// What a record stands for: a folder that is read later, a file, or the file system's own table.
    fn take_in(
        &mut self,
        record: Record,
        listing: &Listing<'a>,
        budget: &Budget,
    ) -> Result<Option<Entry<'a>>, Problem> {
        let file = match record {
            Record::Free(stream) => {
                self.table.read_free(stream, &self.volume, budget)?;
                return Ok(None);
            }
            Record::File(file) => file,
        };
        let path = joined(&listing.path, &file.name);
        if file.is_deleted {
            return Ok(self.deleted(file.stream, file.is_folder, path, budget)?);
        }
        if file.is_folder {
            if !self.table.has(file.stream.cluster) {
                self.notes.corrupted(format!("{} lies nowhere", folder(&path)));
                return Ok(None);
            }
            self.tree.add(file.stream.cluster, file.stream, path)?;
            return Ok(None);
        }
        let (runs, _) = self.table.runs(file.stream, budget)?;
        Ok(Some(self.volume.file(path, runs, file.stream.size, budget)))
    }

    /// A deleted file, if nothing was written where it lay.
    fn deleted(
        &self,
        stream: Stream,
        is_folder: bool,
        path: Vec<u8>,
        budget: &Budget,
    ) -> Result<Option<Entry<'a>>, Stop> {
        if is_folder || stream.size == 0 || !self.table.is_free(stream, budget)? {
            return Ok(None);
        }
        let (runs, _) = self.table.runs(Stream { is_in_a_row: true, ..stream }, budget)?;
        Ok(Some(self.volume.file(path, runs, stream.size, budget)))
    }
}

/// What the boot sector lacks.
fn no_file_system(detail: &str) -> Problem {
    Problem::new(Reason::Corrupted, detail)
}

#[cfg(test)]
mod tests;
