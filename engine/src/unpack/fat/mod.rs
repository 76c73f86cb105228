//! FAT file systems of 12, 16 and 32 bits (Microsoft's "FAT32 File System Specification" 1.03, and long
//! names as everybody writes them).
//!
//! Files are handed out from the folders that list them, whatever their attributes. A deleted file is
//! handed out as long as the clusters that it lay in are free: it is taken to lie in a row. Chains of
//! clusters end where they leave the table, and after as many clusters as their file has, a folder may
//! have, or there are; folders are read once by their first cluster, so that loops end.
//!
//! - `table.rs` reads the boot sector and follows chains,
//! - `records.rs` reads the records of folders.

mod records;
mod table;

use self::records::{Reading, Record};
use self::table::Table;
use super::volume::{Tree, Volume, folder, joined, records};
use super::{Entry, Notes, Opened, Walk, walked};
use crate::input::Content;
use crate::limits::Budget;
use crate::verdict::{Problem, Reason};

/// A folder has at most so many bytes: 65,536 records.
const FOLDER: u64 = 2 << 20;

pub(super) fn open<'a>(volume: Volume<'a>, budget: &Budget) -> Opened<'a> {
    let table = Table::read(&volume, budget)?;
    let mut tree = Tree::new(budget)?;
    tree.add(table.root(), table.root(), Vec::new())?;
    let mut notes = Notes::default();
    if table.is_cut {
        notes.truncated("the disk ends before its file system");
    }
    Ok(walked(Fat { volume, table, tree, folder: None, notes }))
}

/// The folder that is being read.
struct Listing<'a> {
    records: Content<'a>,
    reading: Reading,
    path: Vec<u8>,
}

/// One file system being walked.
struct Fat<'a> {
    volume: Volume<'a>,
    table: Table<'a>,
    /// Folders by their first cluster; 0 is the topmost one of the smaller kinds.
    tree: Tree<u64, u64>,
    folder: Option<Listing<'a>>,
    notes: Notes,
}

impl<'a> Walk<'a> for Fat<'a> {
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
            } else if let Some((cluster, path)) = self.tree.next() {
                self.open_folder(cluster, path, budget)?;
            } else {
                return Ok(None);
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Fat<'a> {
    fn open_folder(&mut self, cluster: u64, path: Vec<u8>, budget: &Budget) -> Result<(), Problem> {
        let (runs, is_whole) = self.table.folder(cluster, FOLDER, budget)?;
        if !is_whole {
            self.notes.corrupted(format!("{}: its chain does not end", folder(&path)));
        }
        let length = runs.length();
        let listed = self.volume.file(Vec::new(), runs, length, budget);
        let reading = Reading::default();
        let records = records(listed, &path, &mut self.notes);
        self.folder = records.map(|records| Listing { records, reading, path });
        Ok(())
    }

    /// What a record stands for: a folder that is read later, or a file.
    fn take_in(
        &mut self,
        record: Record,
        listing: &Listing<'a>,
        budget: &Budget,
    ) -> Result<Option<Entry<'a>>, Problem> {
        let path = joined(&listing.path, &record.name);
        if record.is_deleted {
            return Ok(self.deleted(record, path, budget)?);
        }
        if record.is_folder {
            if !self.table.has(record.cluster) {
                self.notes.corrupted(format!("{} lies nowhere", folder(&path)));
                return Ok(None);
            }
            self.tree.add(record.cluster, record.cluster, path)?;
            return Ok(None);
        }
        let (runs, _) = self.table.chain(record.cluster, record.size, budget)?;
        Ok(Some(self.volume.file(path, runs, record.size, budget)))
    }

    /// A deleted file, if nothing was written where it lay.
    fn deleted(
        &self,
        record: Record,
        path: Vec<u8>,
        budget: &Budget,
    ) -> Result<Option<Entry<'a>>, crate::limits::Stop> {
        if record.is_folder || record.size == 0 {
            return Ok(None);
        }
        let runs = self.table.free_row(record.cluster, record.size, budget)?;
        Ok(runs.map(|runs| self.volume.file(path, runs, record.size, budget)))
    }
}

/// What the boot sector lacks.
fn no_file_system(detail: &str) -> Problem {
    Problem::new(Reason::Corrupted, detail)
}

#[cfg(test)]
mod tests;
