//! HFS+ and HFSX file systems (Apple's technical note TN1150), as they are on disk images of macOS.
//!
//! Every leaf of the catalog is read as it lies in its file, not along the links, so that nothing
//! leads in a circle. Both forks of a file are handed out, one behind the other's name. The journal is
//! not replayed.
//!
//! - `trees.rs` reads leaves of the trees,
//! - `forks.rs` finds where the bytes of a fork lie.
//!
//! Not read: files that the system compressed (`decmpfs`; their packed form is handed out where it is a
//! fork), HFS without the plus.

mod forks;
mod trees;

use std::collections::HashMap;

use self::forks::{Fork, Forks, Which};
use self::trees::Leaves;
use super::volume::{Volume, joined};
use super::{Entry, Notes, Opened, Walk, walked};
use crate::limits::{Budget, Grant};
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::{Problem, Reason};

/// Folders inside of one another that a path has at most.
const DEPTH: usize = 64;
const ROOT: u32 = 2;
const FOLDER: u16 = 1;
const FILE: u16 = 2;
const CATALOG: u32 = 4;

pub(super) fn open<'a>(volume: Volume<'a>, budget: &Budget) -> Opened<'a> {
    let mut notes = Notes::default();
    let (forks, catalog) = Forks::read(volume, &mut notes, budget)?;
    let entry = forks.file(&catalog, CATALOG, Which::Data, Vec::new(), budget)?;
    entry.problems.into_iter().for_each(|problem| notes.add(problem));
    let leaves = match entry.content {
        Some(catalog) => Leaves::new(catalog),
        None => return Err(Problem::new(Reason::Corrupted, "no catalog")),
    };
    let mut folders = Folders { names: HashMap::new(), grant: budget.hold(0)? };
    folders.read(leaves.clone(), budget)?;
    Ok(walked(HfsPlus { forks, leaves, folders, resource: None, notes }))
}

/// A record of the catalog.
struct Record<'d> {
    parent: u32,
    name: Vec<u8>,
    kind: u16,
    /// The folder's or the file's number.
    number: u32,
    mode: u16,
    /// What follows the key.
    data: &'d [u8],
}

impl<'d> Record<'d> {
    fn read(record: &'d [u8]) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::new(record);
        let key = reader.u16_be()?;
        let mut fields = reader.sub(key.into())?;
        let parent = fields.u32_be()?;
        let length = fields.u16_be()?;
        let name = fields.bytes(u64::from(length).saturating_mul(2))?;
        let data = reader.rest();
        let kind = reader.u16_be()?;
        reader.skip(6)?;
        let number = reader.u32_be()?;
        let mode = Reader::at(data, 42).and_then(|mut reader| reader.u16_be()).unwrap_or(0);
        Ok(Self { parent, name: text(name), kind, number, mode, data })
    }
}

fn text(name: &[u8]) -> Vec<u8> {
    let (units, _) = name.as_chunks::<2>();
    let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
    let chars = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    chars.collect::<String>().into_bytes()
}

/// The folders by their numbers: the folder that each is in, and its name.
struct Folders {
    names: HashMap<u32, (u32, Vec<u8>)>,
    grant: Grant,
}

impl Folders {
    fn read(&mut self, mut leaves: Leaves<'_>, budget: &Budget) -> Result<(), Problem> {
        while let Some(record) = leaves.next(budget)? {
            let Ok(record) = Record::read(&record) else { continue };
            if record.kind == FOLDER {
                self.grant.grow((record.name.len() as u64).saturating_add(128))?;
                self.names.insert(record.number, (record.parent, record.name));
            }
        }
        Ok(())
    }

    /// The path of something in a folder.
    fn path(&self, mut folder: u32, name: &[u8]) -> Vec<u8> {
        let mut path = name.to_vec();
        for _ in 0..DEPTH {
            let known = self.names.get(&folder).filter(|_| folder != ROOT);
            let Some((parent, name)) = known else { break };
            path = joined(name, &path);
            folder = *parent;
        }
        path
    }
}

/// One file system being walked, leaf by leaf.
struct HfsPlus<'a> {
    forks: Forks<'a>,
    leaves: Leaves<'a>,
    folders: Folders,
    /// The second fork of the file that was handed out last.
    resource: Option<(Vec<u8>, u32, Fork)>,
    notes: Notes,
}

impl<'a> Walk<'a> for HfsPlus<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        if let Some((name, number, fork)) = self.resource.take() {
            let name = joined(&name, b"rsrc");
            return self.forks.file(&fork, number, Which::Resource, name, budget).map(Some);
        }
        while let Some(bytes) = self.leaves.next(budget)? {
            let Ok(record) = Record::read(&bytes) else {
                self.notes.corrupted("a record of the catalog");
                continue;
            };
            let is_special = !matches!(record.mode & 0o170_000, 0 | 0o100_000);
            if record.kind != FILE || is_special {
                continue;
            }
            let path = self.folders.path(record.parent, &record.name);
            let (Ok(data), Ok(resource)) =
                (Fork::read(record.data, 88), Fork::read(record.data, 168))
            else {
                let detail = "the record of the file is cut off";
                return Ok(Some(Entry::unread(path, Problem::new(Reason::Truncated, detail))));
            };
            if resource.size > 0 {
                self.resource = Some((path.clone(), record.number, resource));
            }
            return self.forks.file(&data, record.number, Which::Data, path, budget).map(Some);
        }
        Ok(None)
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }

    fn problems(&mut self) -> Vec<Problem> {
        if self.leaves.broken > 0 {
            let detail = format!("{} leaves of the catalog", self.leaves.broken);
            self.notes.corrupted(detail);
        }
        self.notes.take()
    }
}

#[cfg(test)]
mod tests;
