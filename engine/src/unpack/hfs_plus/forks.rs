//! Where the bytes of a fork lie: eight extents with the file, and more of them in a tree.

use std::collections::BTreeMap;

use super::trees::Leaves;
use crate::limits::{Budget, Grant};
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::volume::{Runs, Volume};
use crate::unpack::{Entry, Notes};
use crate::verdict::{Problem, Reason};

/// Where the header of a volume is, and in it the forks of two trees.
const HEADER: u64 = 1024;
const EXTENTS: u64 = 192;
const CATALOG: u64 = 272;
/// The number of the tree of extents.
const EXTENTS_FILE: u32 = 3;

/// Which fork of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Which {
    Data,
    Resource,
}

/// First block and blocks.
type Extent = (u32, u32);
/// The file, which of its forks, and the first block of the fork that extents have.
type Key = (u32, Which, u32);

/// What a record says of a fork.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fork {
    pub(super) size: u64,
    blocks: u32,
    extents: [Extent; 8],
}

impl Fork {
    pub(super) fn read(record: &[u8], at: u64) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::at(record, at)?;
        let size = reader.u64_be()?;
        reader.skip(4)?;
        let blocks = reader.u32_be()?;
        Ok(Self { size, blocks, extents: extents(&mut reader)? })
    }
}

fn extents(reader: &mut Reader<'_>) -> Result<[Extent; 8], OutOfBounds> {
    let mut extents = [(0, 0); 8];
    for extent in &mut extents {
        *extent = (reader.u32_be()?, reader.u32_be()?);
    }
    Ok(extents)
}

/// The blocks of a volume, and the extents that stand in the tree.
pub(super) struct Forks<'a> {
    volume: Volume<'a>,
    block: u64,
    more: BTreeMap<Key, [Extent; 8]>,
    grant: Grant,
}

impl<'a> Forks<'a> {
    /// Reads the header; gives the fork of the catalog as well.
    pub(super) fn read(
        volume: Volume<'a>,
        notes: &mut Notes,
        budget: &Budget,
    ) -> Result<(Self, Fork), Problem> {
        let header = volume.get(HEADER, 512, budget)?;
        let cut = |_| Problem::new(Reason::Truncated, "the header of the volume is cut off");
        let mut reader = Reader::at(&header, 40).map_err(cut)?;
        let (block, blocks) = (reader.u32_be().map_err(cut)?, reader.u32_be().map_err(cut)?);
        let tree = Fork::read(&header, EXTENTS).map_err(cut)?;
        let catalog = Fork::read(&header, CATALOG).map_err(cut)?;
        let block = u64::from(block);
        if block == 0 {
            return Err(Problem::new(Reason::Corrupted, "blocks of no size"));
        }
        if volume.len() < block.saturating_mul(blocks.into()) {
            notes.truncated("the disk ends before its file system");
        }
        let grant = budget.hold(0)?;
        let mut forks = Self { volume, block, more: BTreeMap::new(), grant };
        let entry = forks.file(&tree, EXTENTS_FILE, Which::Data, Vec::new(), budget)?;
        entry.problems.into_iter().for_each(|problem| notes.add(problem));
        if let Some(tree) = entry.content.filter(|_| tree.size > 0) {
            forks.read_tree(Leaves::new(tree), budget)?;
        }
        Ok((forks, catalog))
    }

    fn read_tree(&mut self, mut leaves: Leaves<'_>, budget: &Budget) -> Result<(), Problem> {
        while let Some(record) = leaves.next(budget)? {
            if let Ok((key, extents)) = read_extents(&record) {
                self.grant.grow(256)?;
                self.more.insert(key, extents);
            }
        }
        Ok(())
    }

    /// Hands a fork out.
    pub(super) fn file(
        &self,
        fork: &Fork,
        number: u32,
        which: Which,
        name: Vec<u8>,
        budget: &Budget,
    ) -> Result<Entry<'a>, Problem> {
        let mut runs = Runs::new(budget)?;
        let mut reached = self.add(&mut runs, &fork.extents)?;
        while reached > 0 && reached < fork.blocks {
            budget.check()?;
            let Some(extents) = self.more.get(&(number, which, reached)) else { break };
            let more = self.add(&mut runs, extents)?;
            if more == 0 {
                break;
            }
            reached = reached.saturating_add(more);
        }
        Ok(self.volume.file(name, runs, fork.size, budget))
    }

    /// Adds extents up to the first empty one; how many blocks they have.
    fn add(&self, runs: &mut Runs, extents: &[Extent; 8]) -> Result<u32, Problem> {
        let mut blocks = 0_u32;
        for &(first, count) in extents.iter().take_while(|(_, count)| *count > 0) {
            let bytes = |blocks: u32| self.block.saturating_mul(blocks.into());
            runs.add(Some(bytes(first)), bytes(count))?;
            blocks = blocks.saturating_add(count);
        }
        Ok(blocks)
    }
}

/// A record of the tree of extents.
fn read_extents(record: &[u8]) -> Result<(Key, [Extent; 8]), OutOfBounds> {
    let mut reader = Reader::new(record);
    let key = reader.u16_be()?;
    let mut fields = reader.sub(key.into())?;
    let which = if fields.u8()? == 0 { Which::Data } else { Which::Resource };
    fields.skip(1)?;
    let (number, first) = (fields.u32_be()?, fields.u32_be()?);
    Ok(((number, which, first), extents(&mut reader)?))
}
