//! SquashFS images of version 4 (the kernel's `Documentation/filesystems/squashfs`), packed with gzip,
//! LZMA, xz, LZ4 or Zstandard.
//!
//! Folders and files are found by inodes, which lie in blocks of 8 KiB that are packed; each folder is
//! read once, and each file handed out once. A file is put together from its blocks and its part of a
//! block that many files share.
//!
//! - `tables.rs` reads the superblock and unpacks blocks,
//! - `inodes.rs` reads inodes,
//! - `content.rs` puts a file together.
//!
//! Not read: versions before 4, of either byte order.

mod content;
mod inodes;
mod tables;

use std::sync::Arc;

use self::content::FileReader;
use self::inodes::{Inode, Kind};
use self::tables::{Image, Stream};
use super::volume::{Seen, Tree, Volume, folder, joined};
use super::{Entry, Notes, Opened, Walk, walked};
use crate::limits::Budget;
use crate::verdict::{Problem, Reason};

pub(super) fn open<'a>(volume: Volume<'a>, budget: &Budget) -> Opened<'a> {
    let mut notes = Notes::default();
    let image = Arc::new(Image::read(volume, &mut notes, budget)?);
    let mut tree = Tree::new(budget)?;
    tree.add(image.root, image.root, Vec::new())?;
    let files = Seen::new(budget)?;
    Ok(walked(Squashfs { image, tree, folder: None, files, notes }))
}

/// The folder that is being read.
struct Listing<'a> {
    records: Stream<'a>,
    /// Bytes that are left of it.
    left: u64,
    /// Records behind the head that was read last, and the block of inodes that they are in.
    run: u32,
    block: u64,
    path: Vec<u8>,
}

/// One image being walked.
struct Squashfs<'a> {
    image: Arc<Image<'a>>,
    /// Folders by the place of their inode.
    tree: Tree<u64, u64>,
    folder: Option<Listing<'a>>,
    /// Inodes that were handed out.
    files: Seen<u64>,
    notes: Notes,
}

impl<'a> Walk<'a> for Squashfs<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            budget.check()?;
            if let Some(mut listing) = self.folder.take() {
                match self.next_record(&mut listing, budget) {
                    Ok(Some((name, inode))) => {
                        let path = joined(&listing.path, &name);
                        self.folder = Some(listing);
                        if let Some(entry) = self.take_in(path, inode, budget)? {
                            return Ok(Some(entry));
                        }
                    }
                    Ok(None) => {}
                    Err(problem) => self.notes.pass_over(folder(&listing.path), problem)?,
                }
            } else if let Some((inode, path)) = self.tree.next() {
                match self.open_folder(inode, budget) {
                    Ok(listing) => self.folder = listing.map(|it| Listing { path, ..it }),
                    Err(problem) => self.notes.pass_over(folder(&path), problem)?,
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

impl<'a> Squashfs<'a> {
    fn open_folder(&mut self, at: u64, budget: &Budget) -> Result<Option<Listing<'a>>, Problem> {
        let inode = Inode::read(&self.image, at, budget)?;
        let Kind::Folder { block, offset, size } = inode.kind else {
            return Err(Problem::new(Reason::Corrupted, "its inode is not that of a folder"));
        };
        // Three bytes are counted that are not there.
        let left = size.saturating_sub(3);
        let records = self.image.folders(block, offset, budget)?;
        Ok((left > 0).then(|| Listing { records, left, run: 0, block: 0, path: Vec::new() }))
    }

    /// The next name and the place of its inode; `None` at the end of the folder.
    fn next_record(
        &mut self,
        listing: &mut Listing<'a>,
        budget: &Budget,
    ) -> Result<Option<(Vec<u8>, u64)>, Problem> {
        if listing.left == 0 {
            return Ok(None);
        }
        let records = &mut listing.records;
        if listing.run == 0 {
            let count = records.u32(budget)?;
            if count >= 256 {
                return Err(Problem::new(Reason::Corrupted, "a head of too many records"));
            }
            listing.run = count.saturating_add(1);
            listing.block = records.u32(budget)?.into();
            records.u32(budget)?;
            listing.left = listing.left.saturating_sub(12);
        }
        let offset = records.u16(budget)?;
        records.u32(budget)?;
        let length = u64::from(records.u16(budget)?).saturating_add(1);
        let name = records.bytes(length, budget)?;
        listing.run = listing.run.saturating_sub(1);
        listing.left = listing.left.saturating_sub(length.saturating_add(8));
        Ok(Some((name, listing.block << 16 | u64::from(offset))))
    }

    /// What an inode stands for: a folder that is read later, or a file.
    fn take_in(
        &mut self,
        path: Vec<u8>,
        at: u64,
        budget: &Budget,
    ) -> Result<Option<Entry<'a>>, Problem> {
        if self.files.has(&at) {
            return Ok(None);
        }
        let inode = match Inode::read(&self.image, at, budget) {
            Ok(inode) => inode,
            Err(problem) if problem.is_stop() => return Err(problem),
            Err(problem) => return Ok(Some(Entry::unread(path, problem))),
        };
        let file = match inode.kind {
            Kind::Folder { .. } => {
                self.tree.add(at, at, path)?;
                return Ok(None);
            }
            Kind::Special => return Ok(None),
            Kind::File(file) => file,
        };
        self.files.is_new(at)?;
        let size = file.size;
        let packed = self.image.volume.len();
        let decoded = budget.decode(FileReader::new(&self.image, *file, budget), packed)?;
        let entry = Entry::decoded(path, decoded);
        Ok(Some(entry.expecting(size)))
    }
}

#[cfg(test)]
mod tests;
