//! Which parts of an archive its entries have taken.
//!
//! Kept to read each local header once, to notice entries that share data, and to know where hidden
//! entries can be. Its memory is charged; its length is bounded by the objects limit.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::limits::{Budget, Grant, Limit, Stop};

/// A local header as one reading takes it: where it begins, the method, the packed length.
pub(super) type Key = (u64, u16, u64);

/// The bytes that entries have taken.
#[derive(Debug, Default)]
pub(super) struct Spans {
    ends: BTreeMap<Key, u64>,
    grant: Option<Grant>,
    overlap: Option<u64>,
}

impl Spans {
    /// What one entry costs in memory, roughly.
    const COST: u64 = 64;

    /// Whether this local header was already read in this way.
    pub(super) fn contains(&self, key: Key) -> bool {
        self.ends.contains_key(&key)
    }

    /// The first place at which entries share data.
    pub(super) fn overlap(&self) -> Option<u64> {
        self.overlap
    }

    /// Adds an entry that ends before `end`.
    pub(super) fn insert(&mut self, key: Key, end: u64, budget: &Budget) -> Result<(), Stop> {
        if self.ends.len() as u64 >= budget.limits().objects {
            return Err(Stop::Limit(Limit::Objects));
        }
        match &mut self.grant {
            Some(grant) => grant.grow(Self::COST)?,
            None => self.grant = Some(budget.hold(Self::COST)?),
        }
        if self.overlap.is_none() && self.touches_another(key.0, end) {
            self.overlap = Some(key.0);
        }
        self.ends.insert(key, end);
        Ok(())
    }

    /// Readings of one header share its data and are no overlap.
    fn touches_another(&self, start: u64, end: u64) -> bool {
        let before = self.ends.range(..(start, 0, 0)).next_back();
        let behind = self.ends.range((start.saturating_add(1), 0, 0)..).next();
        before.is_some_and(|(_, &other_end)| other_end > start)
            || behind.is_some_and(|(other, _)| other.0 < end)
    }

    /// The taken parts and `others`, in order and merged.
    pub(super) fn merged(&self, others: impl IntoIterator<Item = Range<u64>>) -> Vec<Range<u64>> {
        let mut parts: Vec<_> = self.ends.iter().map(|(key, &end)| key.0..end).collect();
        parts.extend(others);
        parts.sort_unstable_by_key(|part| part.start);
        let mut merged: Vec<Range<u64>> = Vec::new();
        for part in parts {
            match merged.last_mut() {
                Some(last) if part.start <= last.end => last.end = last.end.max(part.end),
                _ => merged.push(part),
            }
        }
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Cancel, Limits};

    #[test]
    fn spans_merge_and_notice_overlaps() {
        let budget = Budget::new(Limits::default(), Cancel::new());
        let mut spans = Spans::default();
        for (start, end) in [(40, 50), (0, 10), (10, 30)] {
            spans.insert((start, 0, 0), end, &budget).unwrap();
        }
        assert_eq!(spans.overlap(), None);
        assert_eq!(spans.merged(Some(60..70)), [0..30, 40..50, 60..70]);
        spans.insert((10, 8, 0), 30, &budget).unwrap();
        assert_eq!(spans.overlap(), None, "two readings of one header");
        spans.insert((20, 0, 0), 35, &budget).unwrap();
        assert_eq!(spans.overlap(), Some(20));
    }

    #[test]
    fn their_number_and_memory_are_bounded() {
        let limits = Limits { objects: 2, memory: 1000, ..Limits::default() };
        let budget = Budget::new(limits, Cancel::new());
        let mut spans = Spans::default();
        spans.insert((0, 0, 0), 1, &budget).unwrap();
        spans.insert((1, 0, 0), 2, &budget).unwrap();
        assert_eq!(spans.insert((2, 0, 0), 3, &budget), Err(Stop::Limit(Limit::Objects)));
        let _rest = budget.hold(1000 - 2 * Spans::COST).unwrap();
        assert_eq!(Spans::default().insert((0, 0, 0), 1, &budget), Err(Stop::Limit(Limit::Memory)));
    }
}
