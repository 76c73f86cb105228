//! The folders of a file system that are still to be read. Each place is read once, so that loops end.

use std::collections::HashSet;
use std::hash::Hash;

use crate::input::Content;
use crate::limits::{Budget, Grant, Stop};
use crate::unpack::{Entry, Notes, shown};

/// What a place costs in a set of them.
const COST: u64 = 64;

/// What a place holds beside itself.
pub(in crate::unpack) trait Weight {
    /// In bytes.
    fn weight(&self) -> u64 {
        0
    }
}

impl Weight for u64 {}

/// Places that were met, charged to memory.
#[derive(Debug)]
pub(in crate::unpack) struct Seen<K> {
    places: HashSet<K>,
    grant: Grant,
}

impl<K: Hash + Eq + Weight> Seen<K> {
    pub(in crate::unpack) fn new(budget: &Budget) -> Result<Self, Stop> {
        Ok(Self { places: HashSet::new(), grant: budget.hold(0)? })
    }

    /// Whether the place is met for the first time.
    pub(in crate::unpack) fn is_new(&mut self, place: K) -> Result<bool, Stop> {
        if self.places.contains(&place) {
            return Ok(false);
        }
        self.grant.grow(COST.saturating_add(place.weight()))?;
        Ok(self.places.insert(place))
    }

    pub(in crate::unpack) fn has(&self, place: &K) -> bool {
        self.places.contains(place)
    }
}

/// Folders to read, the last first, and those that were met.
#[derive(Debug)]
pub(in crate::unpack) struct Tree<K, F> {
    waiting: Vec<(F, Vec<u8>)>,
    seen: Seen<K>,
    /// For the names of those that wait.
    grant: Grant,
}

impl<K: Hash + Eq + Weight, F> Tree<K, F> {
    pub(in crate::unpack) fn new(budget: &Budget) -> Result<Self, Stop> {
        Ok(Self { waiting: Vec::new(), seen: Seen::new(budget)?, grant: budget.hold(0)? })
    }

    /// Adds the folder at a place, with its path, unless it was met before.
    pub(in crate::unpack) fn add(
        &mut self,
        place: K,
        folder: F,
        path: Vec<u8>,
    ) -> Result<(), Stop> {
        if self.seen.is_new(place)? {
            let cost = size_of::<(F, Vec<u8>)>().saturating_mul(2).saturating_add(path.len());
            self.grant.grow(cost as u64)?;
            self.waiting.push((folder, path));
        }
        Ok(())
    }

    /// The next folder and its path.
    pub(in crate::unpack) fn next(&mut self) -> Option<(F, Vec<u8>)> {
        self.waiting.pop()
    }
}

/// A name behind the path of its folder; for people, so that what is too long is cut.
pub(in crate::unpack) fn joined(path: &[u8], name: &[u8]) -> Vec<u8> {
    let slash: &[u8] = if path.is_empty() { b"" } else { b"/" };
    let mut joined = [path, slash, name].concat();
    joined.truncate(Entry::NAME);
    joined
}

/// A folder in the words of a problem.
pub(in crate::unpack) fn folder(path: &[u8]) -> String {
    format!("folder {:?}", shown(path))
}

/// The records of a folder, as far as they could be read; what is wrong with them is noted.
pub(in crate::unpack) fn records<'a>(
    listed: Entry<'a>,
    path: &[u8],
    notes: &mut Notes,
) -> Option<Content<'a>> {
    listed.problems.into_iter().for_each(|problem| notes.about(folder(path), problem));
    listed.content
}
