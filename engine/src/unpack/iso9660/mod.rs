//! ISO 9660 images (ECMA-119), with Joliet, Rock Ridge (IEEE P1282 on SUSP, P1281), El Torito and zisofs.
//!
//! Every volume descriptor with a folder is a tree, and all trees are walked: what only one of them
//! lists is handed out, what several list is handed out once, under the name of the first. A tree with
//! Rock Ridge comes first, then Joliet, then others. Flags that hide a file mean nothing here. Behind
//! the trees come the boot images that no tree lists.
//!
//! A file that lies in a row is a slice of the image. Folders are read once by their place, so that
//! loops end. Where the two byte orders of a number differ, the little one counts.
//!
//! - `descriptors.rs` reads volume descriptors and the boot catalog,
//! - `record.rs` reads the records of folders, with what Rock Ridge adds,
//! - `zisofs.rs` unpacks files that were packed for their place.
//!
//! Not read: interleaved files, and images of raw sectors (2,352 bytes).

mod descriptors;
mod record;
mod zisofs;

use std::collections::VecDeque;

use self::descriptors::{Boot, Root};
use self::record::{Reach, Record};
use self::zisofs::Zisofs;
use super::volume::{Places, Runs, Seen, Tree, Volume, folder, joined};
use super::{Entry, Notes, Opened, Walk, walked};
use crate::input::Content;
use crate::limits::Budget;
use crate::verdict::{Problem, Reason};

pub(super) fn open<'a>(volume: Volume<'a>, budget: &Budget) -> Opened<'a> {
    let mut notes = Notes::default();
    let (roots, catalog) = descriptors::read(&volume, &mut notes, budget)?;
    let boots = match catalog {
        Some(catalog) => descriptors::boot_images(&volume, catalog, &mut notes, budget)?,
        None => VecDeque::new(),
    };
    Ok(walked(Iso {
        roots,
        boots,
        tree: Tree::new(budget)?,
        folder: None,
        begun: None,
        files: Seen::new(budget)?,
        places: Seen::new(budget)?,
        volume,
        notes,
    }))
}

/// A folder that waits: its place, its length, and how its tree is read.
#[derive(Clone, Copy, Debug)]
struct Folder {
    place: u64,
    length: u64,
    reach: Reach,
}

/// The folder that is being read.
struct Listing<'a> {
    records: Content<'a>,
    at: u64,
    path: Vec<u8>,
    reach: Reach,
}

/// A file of which more parts follow.
struct Begun {
    name: Vec<u8>,
    runs: Runs,
}

/// One image being walked, tree by tree.
struct Iso<'a> {
    volume: Volume<'a>,
    roots: VecDeque<Root>,
    boots: VecDeque<Boot>,
    tree: Tree<u64, Folder>,
    folder: Option<Listing<'a>>,
    begun: Option<Begun>,
    /// Files that were handed out, by where they lie.
    files: Seen<Places>,
    /// Places where a part of a file begins.
    places: Seen<u64>,
    notes: Notes,
}

impl<'a> Walk<'a> for Iso<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            budget.check()?;
            if let Some(mut listing) = self.folder.take() {
                let Some(record) = self.next_record(&mut listing, budget)? else { continue };
                let entry = self.take_in(record, &listing, budget)?;
                self.folder = Some(listing);
                if entry.is_some() {
                    return Ok(entry);
                }
            } else if let Some((folder, path)) = self.tree.next() {
                self.open_folder(folder, path, budget)?;
            } else if let Some(root) = self.roots.pop_front() {
                let folder = Folder { place: root.place, length: root.length, reach: root.reach };
                self.tree.add(root.place, folder, Vec::new())?;
            } else if let Some(boot) = self.boots.pop_front() {
                if !self.places.has(&boot.place) {
                    return Ok(Some(self.boot_image(boot, budget)?));
                }
            } else {
                return Ok(None);
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Iso<'a> {
    fn open_folder(
        &mut self,
        folder: Folder,
        path: Vec<u8>,
        budget: &Budget,
    ) -> Result<(), Problem> {
        let records = self.volume.get(folder.place, folder.length, budget)?;
        let there = records.len() as u64;
        if there < folder.length {
            let (path, length) = (self::folder(&path), folder.length);
            self.notes.truncated(format!("{there} of {length} bytes of {path}"));
        }
        self.folder = Some(Listing { records, at: 0, path, reach: folder.reach });
        Ok(())
    }

    /// The next record of a folder; `None` at its end.
    fn next_record(
        &mut self,
        listing: &mut Listing<'a>,
        budget: &Budget,
    ) -> Result<Option<Record>, Problem> {
        loop {
            budget.check()?;
            let at = listing.at;
            match Record::read(&listing.records, at, &self.volume, listing.reach, budget)? {
                record::Read::Record(record, next) => {
                    listing.at = next;
                    return Ok(Some(record));
                }
                record::Read::Padding(next) => listing.at = next,
                record::Read::Broken(next) => {
                    let folder = folder(&listing.path);
                    self.notes.corrupted(format!("no record at {at} of {folder}"));
                    listing.at = next;
                }
                record::Read::End => return Ok(None),
            }
        }
    }

    /// What a record stands for: a folder that is read later, a part of a file, or a file.
    fn take_in(
        &mut self,
        record: Record,
        listing: &Listing<'a>,
        budget: &Budget,
    ) -> Result<Option<Entry<'a>>, Problem> {
        let path = joined(&listing.path, &record.name);
        let folder = |place, length| Folder { place, length, reach: listing.reach };
        if record.is_self_or_parent {
            return Ok(None);
        }
        if let Some(place) = record.moved_to {
            // The folder says in its own first record how long it is.
            let length = record::length_of_folder(&self.volume, place, budget)?;
            self.tree.add(place, folder(place, length), path)?;
            return Ok(None);
        }
        if record.is_folder {
            self.tree.add(record.place, folder(record.place, record.length), path)?;
            return Ok(None);
        }
        if record.is_special && record.length == 0 {
            return Ok(None);
        }
        let mut begun = match self.begun.take() {
            Some(begun) => begun,
            None => Begun { name: path, runs: Runs::new(budget)? },
        };
        let (place, length) = (record.place, record.length);
        self.places.is_new(place)?;
        begun.runs.add(Some(place), length)?;
        if record.goes_on {
            self.begun = Some(begun);
            return Ok(None);
        }
        let is_new = self.files.is_new(begun.runs.places())?;
        Ok(is_new.then(|| self.file(begun, &record, budget)))
    }

    fn file(&self, begun: Begun, record: &Record, budget: &Budget) -> Entry<'a> {
        let size = begun.runs.length();
        let entry = self.volume.file(begun.name, begun.runs, size, budget);
        if record.is_interleaved {
            let detail = "the file's blocks lie between those of others";
            return entry.with(Problem::new(Reason::Unsupported("iso9660-interleaved"), detail));
        }
        let Some(content) = entry.content.as_ref().filter(|content| Zisofs::is_one(content)) else {
            return entry;
        };
        let packed = content.len() as u64;
        let unpacked = Zisofs::reader(content.clone(), budget)
            .and_then(|zisofs| budget.decode(zisofs, packed));
        match unpacked {
            Ok(decoded) => Entry::decoded(entry.name, decoded),
            Err(stop) => entry.with(stop.into()),
        }
    }

    fn boot_image(&self, boot: Boot, budget: &Budget) -> Result<Entry<'a>, Problem> {
        let runs = Runs::one(boot.place, boot.length, budget)?;
        let name = format!("boot image at {}", boot.place);
        Ok(self.volume.file(name, runs, boot.length, budget))
    }
}

#[cfg(test)]
mod tests;
