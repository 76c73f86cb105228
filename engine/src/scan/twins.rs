//! The same bytes again: among the objects of one container, and on the way down.
//!
//! Entries of a container are kept while it is open, in memory that is held for later, so that one that
//! comes again can be told by comparing bytes: no digest is made, and none has to be believed. What an
//! entry is compared with is found by its length, and by a keyed hash of samples where several have the
//! same length; a file cannot choose what is compared, and each entry is compared with at most one.
//! When the room is used up, all of the container's are dropped and the next ones kept.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::branch::{Mark, Span};
use crate::input::Content;
use crate::limits::{Budget, Grant};

/// What a kept entry takes beside its bytes, roughly.
const COST: u64 = 160;
/// Samples that the hash sees: the beginning, the middle, the end.
const SAMPLE: u64 = 64;

/// The entries of one container that are kept, and what came of them.
#[derive(Default)]
pub(super) struct Twins<'a> {
    kept: Vec<Kept<'a>>,
    by_length: HashMap<u64, Class>,
    hasher: RandomState,
    /// How often all were dropped.
    generation: u32,
    /// The entry whose branch is being scanned, and where that began.
    begun: Option<(Id, Mark)>,
}

/// A kept entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id {
    generation: u32,
    index: usize,
}

/// What is known of an entry.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Met {
    /// The entry before it that has the same bytes.
    pub(super) twin: Option<Id>,
    /// Itself, if it is kept.
    pub(super) kept: Option<Id>,
}

struct Kept<'a> {
    content: Content<'a>,
    _grant: Grant,
    span: Option<Span>,
}

/// The kept entries of one length.
enum Class {
    One(usize),
    Several(HashMap<u64, usize>),
}

impl<'a> Twins<'a> {
    /// Looks for an entry with these bytes; without one the entry is kept, if there is room.
    pub(super) fn meet(
        &mut self,
        content: &Content<'a>,
        around: &Content<'a>,
        budget: &Budget,
    ) -> Met {
        let generation = self.generation;
        if let Some(index) = self.find(content)
            && self.kept.get(index).is_some_and(|kept| *kept.content == **content)
        {
            return Met { twin: Some(Id { generation, index }), kept: None };
        }
        Met { twin: None, kept: self.keep(content, around, budget) }
    }

    /// The branch of a kept entry, if it is whole.
    pub(super) fn span(&self, id: Id) -> Option<Span> {
        if id.generation != self.generation {
            return None;
        }
        self.kept.get(id.index)?.span
    }

    /// The branch of a kept entry begins here, if it is one.
    pub(super) fn begin(&mut self, id: Option<Id>, mark: Mark) {
        self.begun = id.map(|id| (id, mark));
    }

    /// The branch that began last ends here.
    pub(super) fn end(&mut self, mark: Mark) {
        let Some((id, begun)) = self.begun.take() else { return };
        if id.generation == self.generation
            && let Some(kept) = self.kept.get_mut(id.index)
        {
            kept.span = begun.to(mark);
        }
    }

    /// The branch that began last is not to be used again.
    pub(super) fn forget(&mut self) {
        self.begun = None;
    }

    fn find(&mut self, content: &Content<'a>) -> Option<usize> {
        let class = self.by_length.get_mut(&(content.len() as u64))?;
        if let Class::One(index) = *class {
            let first = self.kept.get(index)?;
            let hash = self.hasher.hash_one(samples(&first.content));
            *class = Class::Several(HashMap::from([(hash, index)]));
        }
        let Class::Several(by_hash) = class else { return None };
        by_hash.get(&self.hasher.hash_one(samples(content))).copied()
    }

    fn keep(&mut self, content: &Content<'a>, around: &Content<'a>, budget: &Budget) -> Option<Id> {
        let grant = budget.hold_aside(COST).filter(|_| content.keep_beside(around));
        let Some(grant) = grant else {
            self.kept.clear();
            self.by_length.clear();
            self.generation = self.generation.wrapping_add(1);
            return None;
        };
        let index = self.kept.len();
        let length = content.len() as u64;
        match self.by_length.get_mut(&length) {
            None => drop(self.by_length.insert(length, Class::One(index))),
            Some(Class::Several(by_hash)) => {
                by_hash.insert(self.hasher.hash_one(samples(content)), index);
            }
            // Asked for before, which made it several.
            Some(Class::One(known)) => *known = index,
        }
        self.kept.push(Kept { content: content.clone(), _grant: grant, span: None });
        Some(Id { generation: self.generation, index })
    }
}

fn samples<'c>(content: &'c Content<'_>) -> [&'c [u8]; 3] {
    let length = content.len();
    let sample = usize::try_from(SAMPLE).unwrap_or(usize::MAX);
    let from = |start: usize| {
        content.get(start..start.saturating_add(sample).min(length)).unwrap_or_default()
    };
    [from(0), from(length / 2), from(length.saturating_sub(sample))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Cancel, Limits};

    /// Meets the contents in turn, each of which becomes a branch; which of them were met before.
    fn met(contents: &[&'static [u8]], memory: u64) -> Vec<bool> {
        let budget = Budget::new(Limits { memory, ..Limits::default() }, Cancel::new());
        let around = Content::borrowed(b"");
        let mut twins = Twins::default();
        let meet = |bytes: &&'static [u8]| {
            let held = budget.hold(bytes.len() as u64).unwrap();
            let content = Content::held(bytes.to_vec(), held);
            let met = twins.meet(&content, &around, &budget);
            let span = met.twin.and_then(|twin| twins.span(twin));
            twins.begin(met.kept, Mark::default());
            twins.end(Mark::default().behind(1));
            span.is_some()
        };
        contents.iter().map(meet).collect()
    }

    #[test]
    fn the_same_bytes_are_met_again() {
        let contents: [&[u8]; 7] = [b"one", b"two", b"three", b"one", b"two", b"", b""];
        let expected = [false, false, false, true, true, false, true];
        assert_eq!(met(&contents, 1 << 20), expected);
    }

    #[test]
    fn what_differs_between_the_samples_is_another() {
        let mut other = [7; 4000];
        other[1000] = 8;
        let (one, other) = (&[7; 4000][..], other.to_vec().leak());
        assert_eq!(met(&[one, other, one, other], 1 << 20), [false, false, false, false]);
        assert_eq!(met(&[one, one, other, other], 1 << 20), [false, true, false, true]);
    }

    #[test]
    fn memory_is_bounded_and_begins_anew() {
        let contents: [&[u8]; 4] = [&[1; 700], &[2; 700], &[2; 700], &[1; 700]];
        assert_eq!(met(&contents, 16 * 1000), [false, false, false, false], "room for one");
        assert_eq!(met(&contents, 16 * 2000), [false, false, true, true]);
    }

    #[test]
    fn a_branch_that_met_a_limit_is_none() {
        assert!(Mark::default().to(Mark::default().behind(1)).is_some());
        assert!(Mark::default().to(Mark::default().behind(1).refused()).is_none());
    }
}
