//! ext2, ext3 and ext4 (the kernel's `Documentation/filesystems/ext4`), read only.
//!
//! Every inode that is a file is handed out from the folders that list it, once for each inode. Bytes
//! lie by lists of blocks, by trees of extents, or in the inode itself. The journal is not replayed.
//! Folders are read record by record, whether they have an index or not. Each folder and each block of a
//! tree is read once, so that loops end.
//!
//! - `inodes.rs` finds inodes,
//! - `blocks.rs` finds where their bytes lie.
//!
//! Not read: what fscrypt encrypted (said to be `encrypted`); deleted files.

mod blocks;
mod inodes;

use self::inodes::{Inode, Inodes, Kind};
use super::volume::{Seen, Tree, Volume, folder, joined, records};
use super::{Entry, Notes, Opened, Walk, walked};
use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::{Problem, Reason};

/// The inode of the topmost folder.
const ROOT: u64 = 2;
/// What is put together of a folder.
const FOLDER: u64 = 64 << 20;

pub(super) fn open<'a>(volume: Volume<'a>, budget: &Budget) -> Opened<'a> {
    let mut notes = Notes::default();
    let inodes = Inodes::read(volume, budget)?;
    if inodes.is_cut() {
        notes.truncated("the disk ends before its file system");
    }
    let mut tree = Tree::new(budget)?;
    tree.add(ROOT, ROOT, Vec::new())?;
    let files = Seen::new(budget)?;
    Ok(walked(Ext { inodes, tree, folder: None, files, notes }))
}

/// The folder that is being read.
struct Listing<'a> {
    records: Content<'a>,
    at: u64,
    path: Vec<u8>,
}

/// One file system being walked.
struct Ext<'a> {
    inodes: Inodes<'a>,
    /// Folders by their inode.
    tree: Tree<u64, u64>,
    folder: Option<Listing<'a>>,
    /// Inodes that were handed out.
    files: Seen<u64>,
    notes: Notes,
}

impl<'a> Walk<'a> for Ext<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            budget.check()?;
            if let Some(mut listing) = self.folder.take() {
                let Some((name, inode)) = self.next_record(&mut listing) else { continue };
                let path = joined(&listing.path, &name);
                self.folder = Some(listing);
                if let Some(entry) = self.take_in(path, inode, budget)? {
                    return Ok(Some(entry));
                }
            } else if let Some((inode, path)) = self.tree.next() {
                self.open_folder(inode, path, budget)?;
            } else {
                return Ok(None);
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Ext<'a> {
    fn open_folder(&mut self, number: u64, path: Vec<u8>, budget: &Budget) -> Result<(), Problem> {
        let inode = match self.inodes.inode(number, budget) {
            Ok(inode) => inode,
            Err(problem) => return self.notes.pass_over(folder(&path), problem),
        };
        let size = inode.size.min(FOLDER);
        if inode.size > FOLDER {
            self.notes.corrupted(format!("{} is {} bytes large", folder(&path), inode.size));
        }
        if inode.is_encrypted {
            let detail = format!("the names in {}", folder(&path));
            self.notes.add(Problem::new(Reason::Encrypted, detail));
        }
        let listed = match blocks::file(&self.inodes, &inode, Vec::new(), size, budget) {
            Ok(listed) => listed,
            Err(problem) => return self.notes.pass_over(folder(&path), problem),
        };
        // In the inode itself, four bytes about the parent stand first.
        let at = if inode.is_inside { 4 } else { 0 };
        let records = records(listed, &path, &mut self.notes);
        self.folder = records.map(|records| Listing { records, at, path });
        Ok(())
    }

    /// The next name and its inode; `None` at the end of the folder.
    fn next_record(&mut self, listing: &mut Listing<'a>) -> Option<(Vec<u8>, u64)> {
        while listing.at < listing.records.len() as u64 {
            match read_record(&listing.records, listing.at) {
                Ok(Some((inode, name, next))) => {
                    listing.at = next;
                    if inode != 0 && !matches!(name, b"." | b".." | b"") {
                        return Some((name.to_vec(), inode));
                    }
                }
                Ok(None) | Err(_) => {
                    let (folder, at) = (folder(&listing.path), listing.at);
                    self.notes.corrupted(format!("no record at {at} of {folder}"));
                    // Records do not cross blocks.
                    let next = at.saturating_add(1).checked_next_multiple_of(self.inodes.block);
                    listing.at = next.unwrap_or(u64::MAX);
                }
            }
        }
        None
    }

    /// What an inode stands for: a folder that is read later, or a file.
    fn take_in(
        &mut self,
        path: Vec<u8>,
        number: u64,
        budget: &Budget,
    ) -> Result<Option<Entry<'a>>, Problem> {
        if self.files.has(&number) {
            return Ok(None);
        }
        let inode = match self.inodes.inode(number, budget) {
            Ok(inode) => inode,
            Err(problem) if problem.is_stop() => return Err(problem),
            Err(problem) => return Ok(Some(Entry::unread(path, problem))),
        };
        match inode.kind {
            Kind::Folder => {
                self.tree.add(number, number, path)?;
                Ok(None)
            }
            Kind::Special => Ok(None),
            Kind::File => {
                self.files.is_new(number)?;
                self.file(path, &inode, budget).map(Some)
            }
        }
    }

    fn file(
        &self,
        path: Vec<u8>,
        inode: &Inode<'a>,
        budget: &Budget,
    ) -> Result<Entry<'a>, Problem> {
        let entry = match blocks::file(&self.inodes, inode, path.clone(), inode.size, budget) {
            Ok(entry) => entry,
            Err(problem) if matches!(problem.reason, Reason::Cancelled) => return Err(problem),
            Err(problem) => Entry::unread(path, problem),
        };
        Ok(if inode.is_encrypted {
            entry.with(Problem::new(Reason::Encrypted, "the file was encrypted with a key"))
        } else {
            entry
        })
    }
}

/// Inode, name, and where the next record is.
type Record<'d> = (u64, &'d [u8], u64);

/// Reads the record at a place; `None` where there is none.
fn read_record(records: &[u8], at: u64) -> Result<Option<Record<'_>>, OutOfBounds> {
    let mut reader = Reader::at(records, at)?;
    let inode = reader.u32_le()?.into();
    let length = reader.u16_le()?;
    let name_length = reader.u8()?;
    reader.skip(1)?;
    // In blocks of 64 KiB, the largest length does not fit.
    let length = if matches!(length, 0 | 0xffff) { 1 << 16 } else { u64::from(length) };
    if length < 8 {
        return Ok(None);
    }
    let name = if inode == 0 { &[] } else { reader.bytes(name_length.into())? };
    Ok(Some((inode, name, at.saturating_add(length))))
}

#[cfg(test)]
mod tests;
