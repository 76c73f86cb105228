//! Hash tables in place: which sizes are asked for, and which signatures a digest belongs to.
//!
//! A table is sorted by size first. So its first part alone, a little more than a byte a row, says
//! whether an object of some size needs a digest at all, and the rows of a size are few; those that
//! stand for any size lie together at the end. Digests are evenly spread, so the place of one among
//! the rows of its size is guessed first and then searched around the guess, which for millions of
//! rows touches two or three pages instead of twenty.
//!
//! A hostile table may be unsorted. Then what is searched for may not be found; every step stays inside
//! the table, and their number is logarithmic all the same.

#![warn(clippy::arithmetic_side_effects)]

use std::cmp::Ordering;
use std::ops::Range;

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::chunks::Damaged;
use super::error::SetError;
use super::layout::{
    ANY_SIZE, HashRow, HashTableRow, SHA256_KEPT, SIZE_LIMIT, Section, SizeBucket,
};
use super::open::{SignatureSet, broken};

/// One hash table of a set.
#[derive(Clone, Copy)]
pub(crate) struct HashTable<'s> {
    set: &'s SignatureSet,
    section: Section,
    buckets: usize,
    rows: usize,
}

impl SignatureSet {
    /// The table in that section, if it is there.
    pub(crate) fn hash_table(&self, section: Section) -> Option<HashTable<'_>> {
        let tables = self.rows::<HashTableRow>(Section::HashTables);
        let row = tables.iter().find(|row| row.section.get() == section as u32)?;
        let (buckets, rows) = (row.buckets.get() as usize, row.rows.get() as usize);
        Some(HashTable { set: self, section, buckets, rows })
    }

    /// How many digests of that kind it has.
    pub(super) fn digests(&self, section: Section) -> u64 {
        self.hash_table(section).map_or(0, |table| table.rows as u64)
    }

    /// Checks the measures of the tables, without looking at one.
    pub(super) fn check_hash_tables(&self) -> Result<(), SetError> {
        let mut last = 0;
        let tables = self.rows::<HashTableRow>(Section::HashTables);
        for (number, row) in tables.iter().enumerate() {
            let kind = row.section.get();
            let section = Section::from_number(kind).filter(|kind| kind.digest_length() > 0);
            let table = section.and_then(|section| self.hash_table(section));
            let what = match table {
                None => "no such hash table",
                Some(_) if kind <= last => "not in rising order",
                Some(table) if table.length() != Some(self.length(table.section)) => {
                    "measures that do not fill the table"
                }
                Some(_) => {
                    last = kind;
                    continue;
                }
            };
            return Err(broken(Section::HashTables, number, what));
        }
        let stray = Section::HASH_TABLES
            .into_iter()
            .find(|&section| self.length(section) > 0 && self.hash_table(section).is_none());
        match stray {
            Some(section) => Err(SetError::invalid(format!("section {section:?} has no measures"))),
            None => Ok(()),
        }
    }

    /// Reads every row of every table.
    pub(super) fn check_hash_rows(&self) -> Result<(), SetError> {
        for section in Section::HASH_TABLES {
            let Some(table) = self.hash_table(section) else { continue };
            table.check_buckets()?;
            match section.digest_length() {
                16 => table.check_rows::<16>()?,
                20 => table.check_rows::<20>()?,
                _ => table.check_rows::<SHA256_KEPT>()?,
            }
        }
        Ok(())
    }
}

impl<'s> HashTable<'s> {
    /// The rows for objects of this very size.
    pub(crate) fn of_size(&self, size: u64) -> Result<Range<usize>, Damaged> {
        let Some(high) = u32::try_from(size >> 8).ok().filter(|_| size < SIZE_LIMIT) else {
            return Ok(0..0);
        };
        let bucket = self.bucket(high)?;
        let lows = self.lows(bucket.clone())?;
        let low = size.to_le_bytes().first().copied().unwrap_or_default();
        let place = |upto: fn(&u8, &u8) -> bool| {
            bucket.start.saturating_add(lows.partition_point(|other| upto(other, &low)))
        };
        Ok(place(|other, low| other < low)..place(|other, low| other <= low))
    }

    /// The rows for objects of any size.
    pub(crate) fn of_any_size(&self) -> Result<Range<usize>, Damaged> {
        self.bucket(ANY_SIZE)
    }

    /// The signatures of this digest among some of the rows.
    pub(crate) fn find<const N: usize>(
        &self,
        rows: Range<usize>,
        digest: &[u8; N],
        mut found: impl FnMut(u32),
    ) -> Result<(), Damaged>
    where
        HashRow<N>: FromBytes + Immutable + KnownLayout + Unaligned + 's,
    {
        for index in self.first_not_below(rows.clone(), digest)?..rows.end {
            let row = self.row::<N>(index)?;
            if row.digest != *digest {
                break;
            }
            found(row.signature.get());
        }
        Ok(())
    }

    /// The first of the rows whose digest is not below `digest`.
    fn first_not_below<const N: usize>(
        &self,
        rows: Range<usize>,
        digest: &[u8; N],
    ) -> Result<usize, Damaged>
    where
        HashRow<N>: FromBytes + Immutable + KnownLayout + Unaligned + 's,
    {
        let (mut low, mut high) = (rows.start, rows.end);
        let is_below = |index: usize| Ok(self.row::<N>(index)?.digest < *digest);
        let guess = guess(rows, digest);
        let mut step = 1_usize;
        if guess < high && is_below(guess)? {
            low = guess.saturating_add(1);
            while let Some(probe) = low.checked_add(step).filter(|&probe| probe < high) {
                if !is_below(probe)? {
                    high = probe;
                    break;
                }
                (low, step) = (probe.saturating_add(1), step.saturating_mul(2));
            }
        } else {
            high = guess;
            while let Some(probe) = high.checked_sub(step).filter(|&probe| probe >= low) {
                if is_below(probe)? {
                    low = probe.saturating_add(1);
                    break;
                }
                (high, step) = (probe, step.saturating_mul(2));
            }
        }
        first_that_is_not(low..high, is_below)
    }

    /// The rows of the bucket that `high` names; none where there is no such bucket.
    fn bucket(&self, high: u32) -> Result<Range<usize>, Damaged> {
        let is_below = |index: usize| Ok(self.bucket_at(index)?.high.get() < high);
        let index = first_that_is_not(0..self.buckets, is_below)?;
        if index == self.buckets || self.bucket_at(index)?.high.get() != high {
            return Ok(0..0);
        }
        self.bucket_rows(index)
    }

    fn bucket_rows(&self, index: usize) -> Result<Range<usize>, Damaged> {
        let start = self.bucket_at(index)?.first.get() as usize;
        let next = index.saturating_add(1);
        let end = match next.cmp(&self.buckets) {
            Ordering::Less => self.bucket_at(next)?.first.get() as usize,
            _ => self.rows,
        };
        match start <= end && end <= self.rows {
            true => Ok(start..end),
            false => Err(self.damaged(index, "a bucket that leaves the table")),
        }
    }

    fn bucket_at(&self, index: usize) -> Result<&'s SizeBucket, Damaged> {
        let start = index.saturating_mul(size_of::<SizeBucket>());
        let bytes = self.bytes(start, size_of::<SizeBucket>())?;
        SizeBucket::ref_from_bytes(bytes).map_err(|_| self.damaged(index, "no such bucket"))
    }

    fn lows(&self, rows: Range<usize>) -> Result<&'s [u8], Damaged> {
        self.bytes(self.lows_start().saturating_add(rows.start), rows.len())
    }

    fn row<const N: usize>(&self, index: usize) -> Result<&'s HashRow<N>, Damaged>
    where
        HashRow<N>: FromBytes + Immutable + KnownLayout + Unaligned,
    {
        let before = index.saturating_mul(size_of::<HashRow<N>>());
        let start = self.lows_start().saturating_add(self.rows).saturating_add(before);
        let bytes = self.bytes(start, size_of::<HashRow<N>>())?;
        HashRow::ref_from_bytes(bytes).map_err(|_| self.damaged(index, "no such row"))
    }

    fn lows_start(&self) -> usize {
        self.buckets.saturating_mul(size_of::<SizeBucket>())
    }

    /// The bytes that the table must have.
    fn length(&self) -> Option<usize> {
        let row = self.section.digest_length().checked_add(size_of::<u32>())?.checked_add(1)?;
        self.rows.checked_mul(row)?.checked_add(self.buckets.checked_mul(size_of::<SizeBucket>())?)
    }

    fn bytes(&self, start: usize, length: usize) -> Result<&'s [u8], Damaged> {
        self.set.checked(self.section, start..start.saturating_add(length))
    }

    fn damaged(&self, entry: usize, what: &'static str) -> Damaged {
        Damaged::Entry { section: self.section, entry, what }
    }

    /// Checks that buckets are in order and hold all rows, and the rows' lowest bytes rise in each.
    fn check_buckets(&self) -> Result<(), SetError> {
        let (mut next, mut last) = (0, None);
        for index in 0..self.buckets {
            let (high, rows) = (self.bucket_at(index)?.high.get(), self.bucket_rows(index)?);
            let lows = self.lows(rows.clone())?;
            let wrong_low = |low: &u8| high == ANY_SIZE && *low != u8::MAX;
            let is_wrong = rows.is_empty() || rows.start != next || last.is_some_and(|l| l >= high);
            if is_wrong || !lows.is_sorted() || lows.iter().any(wrong_low) {
                return Err(self.damaged(index, "a bucket that is not in order").into());
            }
            (next, last) = (rows.end, Some(high));
        }
        match next == self.rows {
            true => Ok(()),
            false => Err(self.damaged(next, "a row in no bucket").into()),
        }
    }

    fn check_rows<const N: usize>(&self) -> Result<(), SetError>
    where
        HashRow<N>: FromBytes + Immutable + KnownLayout + Unaligned + 's,
    {
        let signatures = self.set.signatures();
        for bucket in 0..self.buckets {
            let rows = self.bucket_rows(bucket)?;
            let lows = self.lows(rows.clone())?;
            let mut before = None;
            for (index, low) in rows.zip(lows) {
                let row = self.row::<N>(index)?;
                let key = (low, &row.digest, row.signature.get());
                if row.signature.get() >= signatures {
                    return Err(self.damaged(index, "no such signature").into());
                }
                if before.is_some_and(|before| before >= key) {
                    return Err(self.damaged(index, "not in rising order").into());
                }
                before = Some(key);
            }
        }
        Ok(())
    }
}

/// Where a digest would stand among sorted and evenly spread ones.
fn guess<const N: usize>(rows: Range<usize>, digest: &[u8; N]) -> usize {
    let head = digest.first_chunk().map_or(0, |head| u64::from_be_bytes(*head));
    let share = (head as u128).saturating_mul(rows.len() as u128) >> 64;
    rows.start.saturating_add(share as usize)
}

/// The first index that `is_below` denies, in a range that it affirms up to some index.
fn first_that_is_not(
    range: Range<usize>,
    is_below: impl Fn(usize) -> Result<bool, Damaged>,
) -> Result<usize, Damaged> {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low.midpoint(high);
        match is_below(middle)? {
            true => low = middle.saturating_add(1),
            false => high = middle,
        }
    }
    Ok(low)
}
