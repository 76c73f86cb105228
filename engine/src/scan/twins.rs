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
    /// The entry whose branch is being scanned, and where that began.
    begun: Option<(usize, Mark)>,
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
    /// The branch of an entry with these bytes, if there was one. Else the entry is kept, if there is
    /// room.
    pub(super) fn meet(
        &mut self,
        content: &Content<'a>,
        around: &Content<'a>,
        budget: &Budget,
    ) -> Option<Span> {
        let known = self.find(content).and_then(|index| self.kept.get(index));
        match known {
            Some(known) if *known.content == **content => known.span,
            _ => {
                self.keep(content, around, budget);
                None
            }
        }
    }

    /// Whether the entry that was met last is kept and waits for its branch.
    pub(super) fn begin(&mut self, mark: Mark) {
        if let Some((_, begun)) = &mut self.begun {
            *begun = mark;
        }
    }

    /// The branch of the entry that was met last ends here.
    pub(super) fn end(&mut self, mark: Mark) {
        let Some((index, begun)) = self.begun.take() else { return };
        if let Some(kept) = self.kept.get_mut(index) {
            kept.span = begun.to(mark);
        }
    }

    /// The branch of the entry that was met last is not to be used again.
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

    fn keep(&mut self, content: &Content<'a>, around: &Content<'a>, budget: &Budget) {
        self.begun = None;
        let grant = budget.hold_aside(COST).filter(|_| content.keep_beside(around));
        let Some(grant) = grant else {
            self.kept.clear();
            self.by_length.clear();
            return;
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
        self.begun = Some((index, Mark::default()));
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
            let twin = twins.meet(&content, &around, &budget);
            twins.begin(Mark::default());
            twins.end(Mark::default().behind(1));
            twin.is_some()
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
