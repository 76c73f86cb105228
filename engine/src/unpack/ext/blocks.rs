//! Where the bytes of an inode lie: lists of blocks up to three levels deep, trees of extents, or the
//! inode itself.
//!
//! What is not listed is a hole. A list is followed in the order of the file; the places of a tree
//! are sorted by what they say, and each of its blocks is read once.

use super::inodes::{BLOCKS_LENGTH, Inode, Inodes};
use crate::limits::{Budget, Grant, Stop};
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::Entry;
use crate::unpack::volume::{Runs, Seen, Volume};
use crate::verdict::{Problem, Reason};

/// Blocks that an inode lists itself.
const DIRECT: usize = 12;
const EXTENT_MAGIC: u16 = 0xf30a;
/// Longer extents are not written to yet.
const WRITTEN: u16 = 0x8000;

/// Hands the bytes of an inode out.
pub(super) fn file<'a>(
    inodes: &Inodes<'a>,
    inode: &Inode<'a>,
    name: Vec<u8>,
    size: u64,
    budget: &Budget,
) -> Result<Entry<'a>, Problem> {
    if inode.is_inside {
        return inside(inode, name, size, budget);
    }
    let blocks = size.div_ceil(inodes.block);
    let runs = if inode.has_extents {
        Extents::read(inodes, inode, budget)?.runs(inodes, blocks, budget)?
    } else {
        Lists { inodes, runs: Runs::new(budget)?, left: blocks, budget }.read(inode)?
    };
    Ok(inodes.volume.file(name, runs, size, budget))
}

/// Bytes in the inode: where else its list of blocks is, and behind its fields.
fn inside<'a>(
    inode: &Inode<'a>,
    name: Vec<u8>,
    size: u64,
    budget: &Budget,
) -> Result<Entry<'a>, Problem> {
    if size <= BLOCKS_LENGTH {
        let runs = Runs::one(0, BLOCKS_LENGTH, budget)?;
        return Ok(Volume::of(inode.blocks.clone()).file(name, runs, size, budget));
    }
    let bytes = [&inode.blocks[..], &inode.more[..]].concat();
    let there = bytes.len() as u64;
    let decoded = budget.decode(std::io::Read::take(bytes.as_slice(), size), there)?;
    let entry = Entry::decoded(name, decoded);
    Ok(entry.expecting(size))
}

/// Lists of blocks.
struct Lists<'s, 'a> {
    inodes: &'s Inodes<'a>,
    runs: Runs,
    /// Blocks of the file that are still to be found.
    left: u64,
    budget: &'s Budget,
}

impl Lists<'_, '_> {
    fn read(mut self, inode: &Inode<'_>) -> Result<Runs, Problem> {
        let mut reader = Reader::new(&inode.blocks);
        for _ in 0..DIRECT {
            let block = reader.u32_le().unwrap_or(0);
            self.add(block, 1)?;
        }
        for level in 1..=3 {
            let block = reader.u32_le().unwrap_or(0);
            self.add_list(block, level)?;
        }
        Ok(self.runs)
    }

    /// Adds a block, or a hole of some.
    fn add(&mut self, block: u32, count: u64) -> Result<(), Stop> {
        let count = count.min(self.left);
        self.left = self.left.saturating_sub(count);
        let place = (block != 0).then(|| self.inodes.place(block.into()));
        if count > 0 {
            self.runs.add(place, self.inodes.place(count))?;
        }
        Ok(())
    }

    /// Adds what a list lists: blocks, or lists of one level less, which wait their turn.
    fn add_list(&mut self, block: u32, level: u32) -> Result<(), Problem> {
        let mut waiting = vec![(block, level)];
        while let Some((block, level)) = waiting.pop() {
            self.budget.check()?;
            let per_list = self.inodes.block >> 2;
            match level {
                _ if self.left == 0 => break,
                0 => self.add(block, 1)?,
                _ if block == 0 => self.add(0, per_list.saturating_pow(level))?,
                _ => {
                    let place = self.inodes.place(block.into());
                    let list = self.inodes.volume.get(place, self.inodes.block, self.budget)?;
                    let (blocks, _) = list.as_chunks::<4>();
                    if (blocks.len() as u64) < per_list {
                        let detail = "a list of blocks is cut off";
                        return Err(Problem::new(Reason::Truncated, detail));
                    }
                    let next = level.saturating_sub(1);
                    let blocks = blocks.iter().rev().map(|it| u32::from_le_bytes(*it));
                    waiting.extend(blocks.map(|block| (block, next)));
                }
            }
        }
        Ok(())
    }
}

/// A piece of a file: its first block there, how many, and where they lie; `None` where nothing was
/// written yet.
type Extent = (u64, u64, Option<u64>);

/// All extents of an inode.
struct Extents {
    list: Vec<Extent>,
    grant: Grant,
}

impl Extents {
    fn read(inodes: &Inodes<'_>, inode: &Inode<'_>, budget: &Budget) -> Result<Self, Problem> {
        let mut extents = Self { list: Vec::new(), grant: budget.hold(0)? };
        let mut seen = Seen::new(budget)?;
        let mut waiting = Vec::new();
        extents.read_node(&inode.blocks, &mut waiting)?;
        while let Some(block) = waiting.pop() {
            budget.check()?;
            if seen.is_new(block)? {
                let node = inodes.volume.get(inodes.place(block), inodes.block, budget)?;
                extents.read_node(&node, &mut waiting)?;
            }
        }
        extents.list.sort_unstable();
        Ok(extents)
    }

    /// Reads one node of the tree: extents, or where further nodes are.
    fn read_node(&mut self, node: &[u8], waiting: &mut Vec<u64>) -> Result<(), Problem> {
        let cut = |_| Problem::new(Reason::Truncated, "the tree of extents is cut off");
        let mut reader = Reader::new(node);
        if reader.u16_le().map_err(cut)? != EXTENT_MAGIC {
            return Err(Problem::new(Reason::Corrupted, "no node of the tree of extents"));
        }
        let count = reader.u16_le().map_err(cut)?;
        reader.skip(2).map_err(cut)?;
        let depth = reader.u16_le().map_err(cut)?;
        reader.skip(4).map_err(cut)?;
        self.grant.grow(u64::from(count).saturating_mul(64))?;
        for _ in 0..count {
            if depth == 0 {
                self.list.push(extent(&mut reader).map_err(cut)?);
            } else {
                waiting.push(child(&mut reader).map_err(cut)?);
            }
        }
        Ok(())
    }

    /// The pieces in the order of the file, with holes between them.
    fn runs(self, inodes: &Inodes<'_>, blocks: u64, budget: &Budget) -> Result<Runs, Stop> {
        let mut runs = Runs::new(budget)?;
        let mut reached = 0_u64;
        for (first, count, place) in self.list {
            let end = first.saturating_add(count).min(blocks);
            if first > reached {
                let hole = first.min(blocks).saturating_sub(reached);
                runs.add(None, inodes.place(hole))?;
                reached = first.min(blocks);
            }
            // What an extent before this one has, counts.
            let passed = reached.saturating_sub(first);
            let length = end.saturating_sub(reached);
            if length > 0 {
                let place = place.map(|place| inodes.place(place.saturating_add(passed)));
                runs.add(place, inodes.place(length))?;
                reached = end;
            }
        }
        let rest = blocks.saturating_sub(reached);
        if rest > 0 {
            runs.add(None, inodes.place(rest))?;
        }
        Ok(runs)
    }
}

fn extent(reader: &mut Reader<'_>) -> Result<Extent, OutOfBounds> {
    let (first, length) = (reader.u32_le()?, reader.u16_le()?);
    let (high, low) = (reader.u16_le()?, reader.u32_le()?);
    let place = u64::from(high) << 32 | u64::from(low);
    let (length, is_written) = match length {
        0..=WRITTEN => (length, true),
        _ => (length.saturating_sub(WRITTEN), false),
    };
    Ok((first.into(), length.into(), is_written.then_some(place)))
}

fn child(reader: &mut Reader<'_>) -> Result<u64, OutOfBounds> {
    reader.skip(4)?;
    let (low, high) = (reader.u32_le()?, reader.u16_le()?);
    reader.skip(2)?;
    Ok(u64::from(high) << 32 | u64::from(low))
}
