//! Disks: what is on them, and the images that they come in.
//!
//! A disk has partitions, or is a file system itself, or neither. A partition that lies in its image in
//! a row is an object of its own, where it is identified like any other. One that lies in pieces, or is
//! larger than an object may be, is not put together if its file system is known: then the files
//! are handed out from here, under the partition's name. What lies between partitions is handed out
//! where it is not blank.
//!
//! - `partitions.rs` reads the tables of partitions,
//! - `vhd.rs`, `vhdx.rs`, `vdi.rs`, `vmdk.rs`, `qcow2.rs`, `parallels.rs`, `dmg.rs`, `raw_cd.rs` say where
//!   the parts of a disk lie in its image.

mod dmg;
mod parallels;
mod partitions;
mod qcow2;
mod raw_cd;
mod vdi;
mod vhd;
mod vhdx;
mod vmdk;

use std::collections::VecDeque;

pub(super) use self::dmg::open as open_dmg;
pub(super) use self::parallels::open as open_parallels;
pub(super) use self::qcow2::open as open_qcow2;
pub(super) use self::raw_cd::open as open_raw_cd;
pub(super) use self::vdi::open as open_vdi;
pub(super) use self::vhd::open as open_vhd;
pub(super) use self::vhdx::open as open_vhdx;
pub(super) use self::vmdk::open as open_vmdk;
use super::formats::{self, How};
use super::volume::{Runs, Volume, joined};
use super::{Entry, Notes, Opened, Opening, Unpacker, Walk, walked};
use crate::identify;
use crate::input::Content;
use crate::limits::Budget;
use crate::verdict::Problem;

/// By so many bytes of its beginning a file system is known.
const HEAD: u64 = 128 << 10;

/// Opens a disk that lies there as it is, by its table of partitions.
pub(super) fn open<'a>(content: Content<'a>, offset: u64, opening: &Opening<'_>) -> Opened<'a> {
    open_table(Volume::of(content.slice(offset, u64::MAX)), opening.budget)
}

/// Opens the disk of an image, whatever is on it: every file system that begins it, and its partitions. A
/// table of partitions that is inside of a partition is left to the work queue, which counts how deep
/// things lie in each other.
fn open_disk<'a>(volume: Volume<'a>, budget: &Budget) -> Opened<'a> {
    let mut disk = Disk::new(volume);
    let opened = walk_inside(&disk.volume, budget)?;
    let is_known = opened.iter().any(Result::is_ok);
    if is_known {
        disk.walk(b"", opened);
    }
    let head = disk.volume.get(0, HEAD, budget)?;
    if identify::has_partitions(&head, disk.volume.len()) {
        disk.parts = partitions::read(&disk.volume, &mut disk.notes, budget)?;
        // What a file system has around partitions is its own.
        disk.parts.retain(|part| !(part.is_gap && is_known));
    } else if !is_known {
        let length = disk.volume.len();
        disk.parts.push_back(Part { name: b"disk".to_vec(), at: 0, length, is_gap: false });
    }
    Ok(walked(disk))
}

fn open_table<'a>(volume: Volume<'a>, budget: &Budget) -> Opened<'a> {
    let mut disk = Disk::new(volume);
    disk.parts = partitions::read(&disk.volume, &mut disk.notes, budget)?;
    Ok(walked(disk))
}

/// Opens every file system on a disk without putting it together, or says why it cannot be opened: one disk
/// may begin with several, as discs do.
fn walk_inside<'a>(volume: &Volume<'a>, budget: &Budget) -> Result<Vec<Opened<'a>>, Problem> {
    let head = volume.get(0, HEAD, budget)?;
    let types = identify::identify(&head).types_at_start();
    let opened = types.iter().filter_map(|file_type| match formats::how(file_type)? {
        How::OpensVolume(open) => Some(open(volume.clone(), budget)),
        _ => super::refusal(file_type).map(Err),
    });
    Ok(opened.collect())
}

/// A part of a disk.
#[derive(Clone, Debug)]
struct Part {
    name: Vec<u8>,
    at: u64,
    length: u64,
    /// It lies between partitions, and is handed out where it is not blank.
    is_gap: bool,
}

/// A part that is walked from here.
struct Inside<'a> {
    name: Vec<u8>,
    unpacker: Box<dyn Unpacker<'a> + 'a>,
}

/// One disk being walked, part by part.
struct Disk<'a> {
    volume: Volume<'a>,
    parts: VecDeque<Part>,
    /// What is walked from here, one behind the other.
    inside: VecDeque<Inside<'a>>,
    notes: Notes,
}

impl<'a> Walk<'a> for Disk<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            budget.check()?;
            if let Some(mut inside) = self.inside.pop_front() {
                if let Some(mut entry) = inside.unpacker.next_entry(budget) {
                    entry.name = joined(&inside.name, &entry.name);
                    self.inside.push_front(inside);
                    return Ok(Some(entry));
                }
                inside.unpacker.problems().into_iter().for_each(|problem| self.notes.add(problem));
            }
            if !self.inside.is_empty() {
                continue;
            }
            let Some(part) = self.parts.pop_front() else { return Ok(None) };
            if let Some(entry) = self.open_part(part, budget)? {
                return Ok(Some(entry));
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }

    fn problems(&mut self) -> Vec<Problem> {
        for mut inside in self.inside.drain(..) {
            inside.unpacker.problems().into_iter().for_each(|problem| self.notes.add(problem));
        }
        self.notes.take()
    }
}

impl<'a> Disk<'a> {
    fn new(volume: Volume<'a>) -> Self {
        let (parts, inside, notes) = (VecDeque::new(), VecDeque::new(), Notes::default());
        Self { volume, parts, inside, notes }
    }

    /// Begins to walk file systems; `false` where none can be. What cannot is noted.
    fn walk(&mut self, name: &[u8], opened: Vec<Opened<'a>>) -> bool {
        for opened in opened {
            match opened {
                Ok(unpacker) => self.inside.push_back(Inside { name: name.to_vec(), unpacker }),
                Err(problem) => self.notes.add(problem),
            }
        }
        !self.inside.is_empty()
    }

    /// Hands a part out, or begins to walk it.
    fn open_part(&mut self, part: Part, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        if part.is_gap && self.volume.is_blank(part.at, part.length, budget)? {
            return Ok(None);
        }
        let lies_in_a_row = self.volume.in_a_row(part.at, part.length, budget).is_some();
        let is_small = part.length <= budget.limits().object_bytes;
        let is_object = lies_in_a_row && is_small;
        if !part.is_gap && !is_object {
            let volume = self.volume.part(part.at, part.length);
            let opened = walk_inside(&volume, budget)?;
            if self.walk(&part.name, opened) {
                return Ok(None);
            }
        }
        let runs = Runs::one(part.at, part.length, budget)?;
        Ok(Some(self.volume.file(part.name, runs, part.length, budget)))
    }
}

#[cfg(test)]
mod tests;
