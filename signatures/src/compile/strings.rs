//! Text of a set, each string once.

use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroU32;

use pellucid::set::layout::StringRef;

use crate::report::BuildError;

/// Finds equal rows again without keeping a second copy of them: an open hash table of row numbers.
///
/// Each slot keeps half of its row's hash, so that other rows are hardly ever looked at, and a larger
/// table is made without them. What it finds depends on the rows alone, so its random hashing never
/// shows in a set.
#[derive(Debug, Default)]
pub(crate) struct RowTable {
    slots: Vec<Option<Slot>>,
    used: usize,
    hasher: RandomState,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    row: NonZeroU32,
}

impl RowTable {
    /// The row that `is_same` and whose key hashes like `key`; else remembers `fresh`, which is less
    /// than the greatest number, and gives none.
    pub(crate) fn find_or_add(
        &mut self,
        key: impl Hash,
        fresh: u32,
        is_same: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        if self.used.saturating_mul(4) >= self.slots.len().saturating_mul(3) {
            self.grow();
        }
        let hash = (self.hasher.hash_one(key) >> 32) as u32;
        match probe(&self.slots, hash, is_same) {
            Ok(row) => Some(row),
            Err(place) => {
                let row = NonZeroU32::MIN.saturating_add(fresh);
                if let Some(slot) = self.slots.get_mut(place) {
                    *slot = Some(Slot { hash, row });
                    self.used = self.used.saturating_add(1);
                }
                None
            }
        }
    }

    fn grow(&mut self) {
        let mut slots = vec![None; self.slots.len().saturating_mul(2).max(64)];
        for slot in self.slots.iter().flatten() {
            if let Err(place) = probe(&slots, slot.hash, |_| false)
                && let Some(place) = slots.get_mut(place)
            {
                *place = Some(*slot);
            }
        }
        self.slots = slots;
    }
}

/// The row that is the same, or the free slot where it would be. The table is never full.
fn probe(slots: &[Option<Slot>], hash: u32, is_same: impl Fn(u32) -> bool) -> Result<u32, usize> {
    let length = slots.len().max(1);
    let start = usize::try_from(u64::from(hash) % length as u64).unwrap_or(0);
    for place in (start..slots.len()).chain(0..start) {
        let Some(Some(slot)) = slots.get(place) else { return Err(place) };
        let row = slot.row.get().saturating_sub(1);
        if slot.hash == hash && is_same(row) {
            return Ok(row);
        }
    }
    Err(slots.len())
}

/// Strings in the order of their first use, each once.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    pub(crate) bytes: Vec<u8>,
    rows: Vec<StringRef>,
    table: RowTable,
}

impl Strings {
    /// Where the text lies; it is added if it is new.
    pub(crate) fn add(&mut self, text: &str) -> Result<StringRef, BuildError> {
        if text.is_empty() {
            return Ok(StringRef { offset: 0.into(), length: 0.into() });
        }
        let number = self.number(text)?;
        self.rows.get(number as usize).copied().ok_or_else(too_much)
    }

    /// The number of the text: how many different ones came before it.
    pub(crate) fn number(&mut self, text: &str) -> Result<u32, BuildError> {
        let fresh = u32::try_from(self.rows.len()).map_err(|_| too_much())?;
        let (bytes, rows) = (&self.bytes, &self.rows);
        let text_of = |row: u32| slice(bytes, rows.get(row as usize).copied());
        let text_bytes = text.as_bytes();
        let found = self.table.find_or_add(text_bytes, fresh, |row| text_of(row) == text_bytes);
        match found {
            Some(number) => Ok(number),
            None => self.push(text).map(|()| fresh),
        }
    }

    /// The text of that number.
    pub(crate) fn text(&self, number: u32) -> &str {
        std::str::from_utf8(self.bytes_of(number)).unwrap_or_default()
    }

    /// The same as bytes, which have the same order.
    pub(crate) fn bytes_of(&self, number: u32) -> &[u8] {
        slice(&self.bytes, self.rows.get(number as usize).copied())
    }

    fn push(&mut self, text: &str) -> Result<(), BuildError> {
        let end = self.bytes.len().saturating_add(text.len());
        u32::try_from(end).map_err(|_| too_much())?;
        let offset = u32::try_from(self.bytes.len()).map_err(|_| too_much())?;
        let length = u32::try_from(text.len()).map_err(|_| too_much())?;
        self.bytes.extend_from_slice(text.as_bytes());
        self.rows.push(StringRef { offset: offset.into(), length: length.into() });
        Ok(())
    }
}

fn slice(bytes: &[u8], row: Option<StringRef>) -> &[u8] {
    let Some(row) = row else { return &[] };
    let (start, length) = (row.offset.get() as usize, row.length.get() as usize);
    bytes.get(start..start.saturating_add(length)).unwrap_or_default()
}

fn too_much() -> BuildError {
    BuildError::TooMuch { what: "bytes of text", most: u32::MAX.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_string_is_there_once() {
        let mut strings = Strings::default();
        for round in 0..2 {
            for number in 0..5000 {
                let reference = strings.add(&format!("name {number:05}")).unwrap();
                assert_eq!(
                    (reference.offset.get(), reference.length.get()),
                    (number * 10, 10),
                    "{round}"
                );
            }
        }
        assert_eq!(strings.bytes.len(), 50_000);
        assert_eq!(strings.add("").unwrap().length.get(), 0);
    }
}
