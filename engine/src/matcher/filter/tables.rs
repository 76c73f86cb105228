//! The tables of a set, in place: what a search reads, each reference checked where it is used.

use zerocopy::FromBytes;
use zerocopy::little_endian::{U32, U64};

use super::hash::{self, FOLD};
use super::kernels::{Narrow, Wide};
use super::probes::Around;
use crate::matcher::target::Target;
use crate::set::layout::{AnchorRow, BucketRow, CELLS, TableRow};
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
    /// Cells: a tag, a row of `anchors` and a phase each.
    pub(crate) buckets: Rows<'s, BucketRow>,
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
    /// All of them.
    directory: Rows<'s, BucketRow>,
    /// How many of them a hash can name.
    buckets: u32,
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
        let (log2_words, buckets) = (u32::from(row.log2_words), row.buckets.get());
        let is_sane = (1..=8).contains(&width)
            && [1, 2, 4, 8].contains(&step)
            && (step < 8 || width == 8)
            && (1..=28).contains(&log2_words)
            && (1..=row.all_buckets.get()).contains(&buckets)
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
        let (first, all) = (row.buckets_at.get() as usize, row.all_buckets.get() as usize);
        let directory = sections.buckets.part(first, all)?;
        let (row_bits, beside) = (row.row_bits.into(), row.beside.into());
        Some(Self { filter, width, step, directory, buckets, row_bits, beside })
    }

    /// The bucket of a directory hash.
    #[inline]
    pub(super) fn bucket(&self, hash: u64) -> u32 {
        hash::bucket(hash, self.buckets)
    }

    /// Where buckets lie, to be fetched ahead.
    #[inline]
    pub(super) fn unread(&self) -> &'s [BucketRow] {
        self.directory.unread()
    }

    /// A bucket, and the number of the one that goes on with it. That one is further on, so that
    /// nobody walks in circles.
    #[inline]
    pub(super) fn open_bucket(
        &self,
        number: u32,
    ) -> Result<(&'s [U32; CELLS], Option<u32>), Damaged> {
        let row = self.directory.get(number as usize)?;
        Ok((&row.cells, Some(row.next.get()).filter(|&next| next > number)))
    }

    /// Which cells have the tag of a window: a bit for each. Some may have that of the wrong side, and
    /// be none; [`Self::open`] tells.
    #[inline]
    pub(super) fn with_tag(&self, cells: &[U32; CELLS], tags: Tags) -> u32 {
        let mask = self.tag_mask();
        let (behind, before) = (tags.behind & mask, tags.before & mask);
        let is_one = |cell: u32| u32::from(cell & mask == behind || cell & mask == before);
        let bits = cells.iter().zip(0_u32..).map(|(cell, slot)| is_one(cell.get()) << (slot & 31));
        bits.fold(0, |all, bit| all | bit)
    }

    /// The tags of a window there: of one with a part of the run behind it, and of one with a part
    /// before it.
    #[inline]
    pub(super) fn tags(&self, directory: u64, around: &Around) -> Tags {
        let mask = (mask_of(self.beside) & FOLD) as u32;
        let behind = around.behind(self.width) & mask;
        let before = around.before(self.beside) & mask;
        Tags { behind: hash::tag(directory, behind), before: hash::tag(directory, before) }
    }

    /// Whether there may be anything in a bucket for a window with these tags, or behind it. One that
    /// cannot be read has to be opened, so that it is told of.
    #[inline]
    pub(super) fn may_have(&self, bucket: u32, tags: Tags) -> bool {
        let Ok(row) = self.directory.get(bucket as usize) else { return true };
        let mask = self.tag_mask();
        let (behind, before) = (tags.behind & mask, tags.before & mask);
        // The link is compared like a cell: eight make whole vectors.
        let all: &[U32; CELLS + 1] = zerocopy::transmute_ref!(row);
        let has_tag = all.iter().fold(false, |any, cell| {
            let tag = cell.get() & mask;
            any | (tag == behind) | (tag == before)
        });
        has_tag | (row.next.get() != 0)
    }

    /// The bits of a cell that its tag stands in.
    #[inline]
    fn tag_mask(&self) -> u32 {
        u32::MAX.checked_shl(self.row_bits.wrapping_add(PHASE_BITS)).unwrap_or(0)
    }

    /// The anchor and the phase of a cell, if there is one and its tag is the window's.
    #[inline]
    pub(super) fn open(&self, cell: u32, tags: Tags) -> Option<(u32, u32)> {
        let low = self.row_bits.wrapping_add(PHASE_BITS);
        let phase = cell & 7;
        let tag = if is_behind(phase as usize, self.step) { tags.behind } else { tags.before };
        let differs = u64::from(cell ^ tag) >> low;
        let anchor = self.anchor_of(cell).filter(|_| differs == 0);
        anchor.map(|anchor| (anchor, phase))
    }

    /// The row of the anchor that a cell names; `None` where there is no cell.
    #[inline]
    fn anchor_of(&self, cell: u32) -> Option<u32> {
        let rows = (1_u32 << self.row_bits).wrapping_sub(1);
        (cell >> PHASE_BITS & rows).checked_sub(1)
    }
}

/// Checks that every table lies inside of its sections, and that they are sorted by target, width and
/// step, so that there are not many; else gives the number of one of which that does not hold.
pub(crate) fn check(sections: &Sections<'_>) -> Result<(), usize> {
    let key = |row: &TableRow| (row.target, row.width, row.step);
    let mut last = None;
    let is_sound = |row: &TableRow| {
        let is_next = last.replace(key(row)).is_none_or(|last| last < key(row));
        is_next && Table::read(row, sections).is_some()
    };
    match sections.tables.iter().map(is_sound).position(|is_sound| !is_sound) {
        Some(row) => Err(row),
        None => Ok(()),
    }
}

/// Reads all directories; else gives the number of a table with cells behind a gap, or of anchors that
/// are not there, or with a bucket that goes on with none.
pub(crate) fn check_all(sections: &Sections<'_>) -> Result<(), usize> {
    let anchors = sections.anchors.len() as u64;
    let is_sound = |row: &TableRow| {
        let table = Table::read(row, sections)?;
        let buckets = table.directory.all().ok()?;
        let names_anchor =
            |cell: u32| table.anchor_of(cell).is_some_and(|row| u64::from(row) < anchors);
        // Cells that are there come first.
        let is_bucket = |(number, bucket): (usize, &BucketRow)| {
            let next = bucket.next.get() as usize;
            let goes_on = next == 0 || (number < next && next < buckets.len());
            let there = bucket.cells.iter().take_while(|cell| cell.get() != 0).count();
            let (there, rest) = bucket.cells.split_at_checked(there).unwrap_or_default();
            let are_sound = there.iter().all(|cell| names_anchor(cell.get()));
            goes_on && are_sound && rest.iter().all(|cell| cell.get() == 0)
        };
        buckets.iter().enumerate().all(is_bucket).then_some(())
    };
    match sections.tables.iter().position(|row| is_sound(row).is_none()) {
        Some(row) => Err(row),
        None => Ok(()),
    }
}
