//! The superblock, the groups, and the inodes in their tables.

use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::volume::Volume;
use crate::verdict::{Problem, Reason};

const SUPERBLOCK: u64 = 1024;
const MAGIC: u16 = 0xef53;
const IS_64_BITS: u32 = 0x80;
/// How an inode's bytes lie.
const EXTENTS: u32 = 0x8_0000;
const INSIDE: u32 = 0x1000_0000;
const ENCRYPTED: u32 = 0x800;
/// Where an inode has its own small data, and how much.
const BLOCKS: u64 = 40;
pub(super) const BLOCKS_LENGTH: u64 = 60;

/// What an inode is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Folder,
    File,
    /// A link, a device, or nothing.
    Special,
}

/// What an inode says.
pub(super) struct Inode<'a> {
    pub(super) kind: Kind,
    pub(super) size: u64,
    pub(super) has_extents: bool,
    /// The bytes are in the inode.
    pub(super) is_inside: bool,
    pub(super) is_encrypted: bool,
    /// The list of blocks, the root of the extents, or the bytes themselves.
    pub(super) blocks: Content<'a>,
    /// The rest of bytes that are in the inode.
    pub(super) more: Content<'a>,
}

/// The tables of inodes.
pub(super) struct Inodes<'a> {
    pub(super) volume: Volume<'a>,
    pub(super) block: u64,
    /// All blocks of the file system.
    blocks: u64,
    /// Where the descriptors of groups begin, and the bytes of each.
    groups: u64,
    descriptor: u64,
    per_group: u64,
    inode: u64,
}

impl<'a> Inodes<'a> {
    pub(super) fn read(volume: Volume<'a>, budget: &Budget) -> Result<Self, Problem> {
        let superblock = volume.get(SUPERBLOCK, 1024, budget)?;
        let cut = |_| Problem::new(Reason::Truncated, "the superblock is cut off");
        let wrong = || Problem::new(Reason::Corrupted, "no superblock");
        Self::of(&superblock, volume).map_err(cut)?.ok_or_else(wrong)
    }

    fn of(superblock: &[u8], volume: Volume<'a>) -> Result<Option<Self>, OutOfBounds> {
        let number = |at| Reader::at(superblock, at)?.u32_le();
        let short = |at| Reader::at(superblock, at)?.u16_le();
        let is_old = number(76)? == 0;
        let features = number(96)?;
        let is_wide = features & IS_64_BITS != 0;
        let inode = if is_old { 128 } else { u64::from(short(88)?) };
        let descriptor = if is_wide { u64::from(short(254)?).max(32) } else { 32 };
        let (log, per_group) = (number(24)?, u64::from(number(40)?));
        let high = if is_wide { number(0x150)? } else { 0 };
        let blocks = u64::from(high) << 32 | u64::from(number(4)?);
        if short(56)? != MAGIC || log > 6 || per_group == 0 || inode < 128 {
            return Ok(None);
        }
        let block = 1024_u64 << log;
        let groups = u64::from(number(20)?).saturating_add(1).saturating_mul(block);
        Ok(Some(Self { volume, block, blocks, groups, descriptor, per_group, inode }))
    }

    pub(super) fn is_cut(&self) -> bool {
        self.volume.len() < self.blocks.saturating_mul(self.block)
    }

    /// The place of a block.
    pub(super) fn place(&self, block: u64) -> u64 {
        block.saturating_mul(self.block)
    }

    pub(super) fn inode(&self, number: u64, budget: &Budget) -> Result<Inode<'a>, Problem> {
        let cut = |_| Problem::new(Reason::Truncated, format!("inode {number} is cut off"));
        let index = number.saturating_sub(1);
        let group = index.checked_div(self.per_group).unwrap_or(0);
        let within = index.checked_rem(self.per_group).unwrap_or(0);
        let at = self.groups.saturating_add(group.saturating_mul(self.descriptor));
        let descriptor = self.volume.get(at, self.descriptor, budget)?;
        let table = table_of(&descriptor).map_err(cut)?;
        let at = self.place(table).saturating_add(within.saturating_mul(self.inode));
        let inode = self.volume.get(at, self.inode, budget)?;
        read(&inode).map_err(cut)
    }
}

/// The first block of a group's inodes.
fn table_of(descriptor: &[u8]) -> Result<u64, OutOfBounds> {
    let low = Reader::at(descriptor, 8)?.u32_le()?;
    let high = match descriptor.len() {
        64.. => Reader::at(descriptor, 40)?.u32_le()?,
        _ => 0,
    };
    Ok(u64::from(high) << 32 | u64::from(low))
}

fn read<'a>(inode: &Content<'a>) -> Result<Inode<'a>, OutOfBounds> {
    let mode = Reader::new(inode).u16_le()?;
    let kind = match mode & 0o170_000 {
        0o040_000 => Kind::Folder,
        0o100_000 => Kind::File,
        _ => Kind::Special,
    };
    let flags = Reader::at(inode, 32)?.u32_le()?;
    let (low, high) = (Reader::at(inode, 4)?.u32_le()?, Reader::at(inode, 108)?.u32_le()?);
    let is_inside = flags & INSIDE != 0;
    Ok(Inode {
        kind,
        size: u64::from(high) << 32 | u64::from(low),
        has_extents: flags & EXTENTS != 0,
        is_inside,
        is_encrypted: flags & ENCRYPTED != 0,
        blocks: inode.slice(BLOCKS, BLOCKS_LENGTH),
        more: inside_attribute(inode).unwrap_or_else(|_| inode.slice(0, 0)),
    })
}

/// The value of the attribute `system.data`, which stands behind the fields of an inode.
fn inside_attribute<'a>(inode: &Content<'a>) -> Result<Content<'a>, OutOfBounds> {
    const MAGIC: u32 = 0xea02_0000;
    let nothing = inode.slice(0, 0);
    let extra = Reader::at(inode, 128)?.u16_le()?;
    let mut reader = Reader::at(inode, 128_u64.saturating_add(extra.into()))?;
    if reader.u32_le()? != MAGIC {
        return Ok(nothing);
    }
    let first = reader.position() as u64;
    while let Ok([name_length, index, offset @ ..]) = reader.array::<4>() {
        if name_length == 0 && index == 0 {
            break;
        }
        reader.skip(4)?;
        let size = reader.u32_le()?;
        reader.skip(4)?;
        let name = reader.bytes(u64::from(name_length).next_multiple_of(4))?;
        if index == 7 && name.starts_with(b"data") {
            let at = first.saturating_add(u16::from_le_bytes(offset).into());
            return Ok(inode.slice(at, size.into()));
        }
    }
    Ok(nothing)
}
