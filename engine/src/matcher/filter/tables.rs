//! The tables of a set, in place: what a search reads, each reference checked where it is used.

use zerocopy::FromBytes;
use zerocopy::little_endian::{U32, U64};

use super::hash::{self, FOLD};
use super::kernels::{Narrow, Wide};
use super::search::read;
use crate::matcher::target::Target;
use crate::set::layout::{AnchorRow, TableRow};
use crate::set::{Damaged, Rows};

/// Bits of a cell that say which of a pattern's windows it stands for.
pub(super) const PHASE_BITS: u32 = 3;

/// The sections that a search reads.
#[derive(Clone, Copy)]
pub(crate) struct Sections<'s> {
    /// [`TableRow`]s.
    pub(crate) tables: &'s [TableRow],
    /// The words of all filters.
    pub(crate) filters: &'s [u8],
    /// Where each bucket's cells begin.
    pub(crate) heads: Rows<'s, U32>,
    /// A tag, a row of `anchors` and a phase each.
    pub(crate) cells: Rows<'s, U32>,
    /// What stands behind a window.
    pub(crate) anchors: Rows<'s, AnchorRow>,
}

/// The tags of a window, one for each side.
#[derive(Clone, Copy, Default)]
pub(super) struct Tags {
    behind: u32,
    before: u32,
}

/// Whether the tag of a window in that phase tells of the bytes behind it, or of those before it:
/// of the side where the longer part of the run lies.
#[inline]
pub(super) fn is_behind(phase: usize, step: usize) -> bool {
    phase < step / 2
}

/// A filter of either kind.
#[derive(Clone, Copy)]
pub(super) enum Filter<'s> {
    Wide(Wide<'s>),
    Narrow(Narrow<'s>),
}

/// One table, borrowed from the set.
#[derive(Clone, Copy)]
pub(super) struct Table<'s> {
    pub(super) filter: Filter<'s>,
    /// Bytes in a window.
    pub(super) width: usize,
    /// Positions are probed where they are multiples of this.
    pub(super) step: usize,
    heads: Rows<'s, U32>,
    log2_heads: u32,
    cells: Rows<'s, U32>,
    row_bits: u32,
    /// Bytes beside a window that the tags tell of.
    beside: usize,
}

/// Bytes from one lane of a kernel to the next: only windows that are probed eight bytes apart have wide
/// ones.
pub(super) fn lane_of(step: usize) -> usize {
    if step == 8 { 8 } else { 4 }
}

/// The bytes of a window of that width, in a number read as little endian.
pub(super) fn mask_of(width: usize) -> u64 {
    let bits = (width as u32).wrapping_mul(8);
    u64::MAX.checked_shr(64_u32.wrapping_sub(bits)).unwrap_or(0)
}

impl<'s> Table<'s> {
    /// The table of a row, or `None` for one that cannot be.
    pub(super) fn read(row: &TableRow, sections: &Sections<'s>) -> Option<Self> {
        let (width, step) = (usize::from(row.width), usize::from(row.step));
        let lane = lane_of(step);
        let (log2_words, log2_heads) = (u32::from(row.log2_words), u32::from(row.log2_heads));
        let is_sane = (1..=8).contains(&width)
            && [1, 2, 4, 8].contains(&step)
            && (step < 8 || width == 8)
            && (1..=28).contains(&log2_words)
            && (1..=28).contains(&log2_heads)
            && u32::from(row.row_bits) <= 32 - PHASE_BITS
            && usize::from(row.beside) <= step / 2
            && Target::from_number(row.target).is_some();
        if !is_sane {
            return None;
        }
        let start = usize::try_from(row.words_at.get()).ok()?;
        let words = sections.filters.get(start..start.checked_add(lane << log2_words)?)?;
        let filter = match lane {
            4 => Filter::Narrow(Narrow {
                words: <[U32]>::ref_from_bytes(words).ok()?,
                log2_words,
                mask: mask_of(width),
            }),
            _ => Filter::Wide(Wide { words: <[U64]>::ref_from_bytes(words).ok()?, log2_words }),
        };
        let heads_at = row.heads_at.get() as usize;
        let heads = sections.heads.part(heads_at, (1_usize << log2_heads).wrapping_add(1))?;
        let cells = sections.cells.part(row.cells_at.get() as usize, row.cells.get() as usize)?;
        let (row_bits, beside) = (row.row_bits.into(), row.beside.into());
        Some(Self { filter, width, step, heads, log2_heads, cells, row_bits, beside })
    }

    /// The bucket of a directory hash.
    #[inline]
    pub(super) fn bucket(&self, hash: u64) -> u32 {
        (hash >> 64_u32.wrapping_sub(self.log2_heads)) as u32
    }

    /// Where heads lie, to be fetched ahead.
    #[inline]
    pub(super) fn unread_heads(&self) -> &'s [U32] {
        self.heads.unread()
    }

    /// Where cells lie, to be fetched ahead.
    #[inline]
    pub(super) fn unread_cells(&self) -> &'s [U32] {
        self.cells.unread()
    }

    /// Which cells a bucket has: the first, and how many.
    #[inline]
    pub(super) fn cells_of(&self, bucket: u32) -> Result<(u32, u32), Damaged> {
        match self.heads.run(bucket, 2)? {
            [start, end] => Ok((start.get(), end.get().saturating_sub(start.get()))),
            _ => Ok((0, 0)),
        }
    }

    /// Those cells.
    #[inline]
    pub(super) fn cells(&self, (first, count): (u32, u32)) -> Result<&'s [U32], Damaged> {
        self.cells.run(first, count)
    }

    /// The tags of a window at `position`: of one with a part of the run behind it, and of one with a
    /// part before it.
    #[inline]
    pub(super) fn tags(&self, directory: u64, data: &[u8], position: usize) -> Tags {
        let mask = (mask_of(self.beside) & FOLD) as u32;
        let at = |at: usize| read(data, at) as u32 & mask;
        let behind = at(position.wrapping_add(self.width));
        // In front of the data no run begins.
        let before = position.checked_sub(self.beside).map_or(0, at);
        Tags { behind: hash::tag(directory, behind), before: hash::tag(directory, before) }
    }

    /// The anchor and the phase of a cell, if its tag is the window's.
    #[inline]
    pub(super) fn open(&self, cell: u32, tags: Tags) -> Option<(u32, u32)> {
        let low = self.row_bits.wrapping_add(PHASE_BITS);
        let phase = cell & 7;
        let tag = if is_behind(phase as usize, self.step) { tags.behind } else { tags.before };
        let differs = u64::from(cell ^ tag) >> low;
        (differs == 0).then_some((self.row_of(cell) as u32, phase))
    }

    #[inline]
    fn row_of(&self, cell: u32) -> usize {
        ((cell >> PHASE_BITS) & (1_u32 << self.row_bits).wrapping_sub(1)) as usize
    }
}

/// Checks that every table lies inside of its sections; else gives the number of one that does not.
pub(crate) fn check(sections: &Sections<'_>) -> Result<(), usize> {
    match sections.tables.iter().position(|row| Table::read(row, sections).is_none()) {
        Some(row) => Err(row),
        None => Ok(()),
    }
}

/// Reads all directories; else gives the number of a table whose cells are not in order, or name anchors
/// that are not there.
pub(crate) fn check_all(sections: &Sections<'_>) -> Result<(), usize> {
    let anchors = sections.anchors.len();
    let is_sound = |row: &TableRow| {
        let table = Table::read(row, sections)?;
        let (heads, cells) = (table.heads.all().ok()?, table.cells.all().ok()?);
        let ends = heads.first().zip(heads.last());
        let (first, last) =
            ends.map(|(first, last)| (first.get() as usize, last.get() as usize))?;
        let names_anchor = |cell: &U32| table.row_of(cell.get()) < anchors;
        let is_whole =
            first == 0 && last == cells.len() && heads.is_sorted_by_key(|head| head.get());
        (is_whole && cells.iter().all(names_anchor)).then_some(())
    };
    match sections.tables.iter().position(|row| is_sound(row).is_none()) {
        Some(row) => Err(row),
        None => Ok(()),
    }
}
