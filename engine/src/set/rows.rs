//! Rows of a section in place, each compared with the hash tree before it is read for the first time.
//!
//! What grows with the number of signatures is read through this and through nothing else, so that
//! opening a set does not look at it. A row that is given out is as it was written; what it says is for
//! the reader to check.

#![warn(clippy::arithmetic_side_effects)]

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::chunks::{Chunks, Damaged};
use super::layout::Section;

/// Rows of one section, or some of them.
pub(crate) struct Rows<'s, T> {
    items: &'s [T],
    /// None where the rows are not part of a file, and nothing needs to be compared.
    gate: Option<Gate<'s>>,
}

/// Where the rows lie in the file.
#[derive(Clone, Copy)]
struct Gate<'s> {
    chunks: &'s Chunks,
    section: Section,
    /// The first byte of the first row.
    start: usize,
}

impl<T> Clone for Rows<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Rows<'_, T> {}

impl<'s, T> From<&'s [T]> for Rows<'s, T> {
    /// Rows in memory.
    fn from(items: &'s [T]) -> Self {
        Self { items, gate: None }
    }
}

impl<'s, T: FromBytes + Immutable + KnownLayout + Unaligned> Rows<'s, T> {
    /// The rows that fill `bytes`, which lie at `start` of the chunks' body; none where they do not fill
    /// them.
    pub(super) fn of(chunks: &'s Chunks, section: Section, start: usize, bytes: &'s [u8]) -> Self {
        let items = <[T]>::ref_from_bytes(bytes).unwrap_or_default();
        Self { items, gate: Some(Gate { chunks, section, start }) }
    }
}

impl<'s, T> Rows<'s, T> {
    /// How many there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// One row.
    #[inline(always)]
    pub(crate) fn get(&self, row: usize) -> Result<&'s T, Damaged> {
        match self.items.get(row) {
            Some(item) => self.look(row, 1).map(|()| item),
            None => Err(self.missing(row)),
        }
    }

    /// `count` rows from `first` on.
    #[inline(always)]
    pub(crate) fn run(&self, first: u32, count: u32) -> Result<&'s [T], Damaged> {
        let (first, count) = (first as usize, count as usize);
        match self.items.get(first..first.saturating_add(count)) {
            Some(items) => self.look(first, count).map(|()| items),
            None => Err(self.missing(first)),
        }
    }

    /// All of them.
    pub(crate) fn all(&self) -> Result<&'s [T], Damaged> {
        self.look(0, self.items.len()).map(|()| self.items)
    }

    /// `count` rows from `first` on, unread; `None` where there are fewer.
    pub(crate) fn part(&self, first: usize, count: usize) -> Option<Self> {
        let items = self.items.get(first..first.checked_add(count)?)?;
        let before = first.checked_mul(size_of::<T>())?;
        let gate = match self.gate {
            Some(gate) => Some(Gate { start: gate.start.checked_add(before)?, ..gate }),
            None => None,
        };
        Some(Self { items, gate })
    }

    /// The rows as they lie there, for those who only take their addresses.
    #[inline]
    pub(crate) fn unread(&self) -> &'s [T] {
        self.items
    }

    /// Compares rows with the hash tree, if that was not done before.
    #[inline(always)]
    fn look(&self, first: usize, count: usize) -> Result<(), Damaged> {
        let Some(gate) = &self.gate else { return Ok(()) };
        // They lie in the file, so that nothing can overflow.
        let start = gate.start.wrapping_add(first.wrapping_mul(size_of::<T>()));
        let end = start.wrapping_add(count.wrapping_mul(size_of::<T>()));
        gate.chunks.look(start..end)
    }

    #[cold]
    fn missing(&self, row: usize) -> Damaged {
        let section = self.gate.as_ref().map_or(Section::About, |gate| gate.section);
        Damaged::Entry { section, entry: row, what: "no such row" }
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::CHUNK;
    use super::super::{chunks::SetBytes, tree};
    use super::*;

    #[test]
    fn rows_are_compared_where_they_are_read() {
        let written = vec![7; 3 * CHUNK as usize];
        let mut bytes = written.clone();
        bytes[CHUNK as usize + 100] = 8;
        let leaves = tree::leaves(&written).collect();
        let chunks = Chunks::new(SetBytes::Held(bytes.clone().into()), bytes.len(), leaves);
        let rows: Rows<'_, [u8; 4]> = Rows::of(&chunks, Section::Buckets, 8, &bytes[8..]);
        let border = (CHUNK / 4) - 2;
        let damaged = Damaged::Chunk { start: CHUNK as usize, end: 2 * CHUNK as usize };
        assert_eq!(rows.get(0), Ok(&[7; 4]));
        assert_eq!(rows.run(0, border).map(<[_]>::len), Ok(border as usize));
        assert_eq!(rows.run(0, border + 1), Err(damaged));
        assert_eq!(rows.get(border as usize), Err(damaged));
        assert_eq!(rows.all(), Err(damaged));
        let part = rows.part(border as usize, CHUNK as usize / 4 + 1).unwrap();
        assert_eq!(part.get(0), Err(damaged));
        assert_eq!(part.get(CHUNK as usize / 4), Ok(&[7; 4]));
        assert!(part.part(0, CHUNK as usize).is_none());
        let missing =
            Damaged::Entry { section: Section::Buckets, entry: 99_999, what: "no such row" };
        assert_eq!(rows.get(99_999), Err(missing));
        assert!(rows.run(u32::MAX, u32::MAX).is_err());
        assert_eq!(rows.run(5, 0), Ok(&[][..]), "nothing is read, nothing is compared");
    }
}
