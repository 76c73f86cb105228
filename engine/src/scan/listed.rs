//! Asking the sets about an entry as its container lists it, whether it can be opened or not.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Scan, internal};
use crate::matcher::Scratch;
use crate::unpack::Listing;
use crate::verdict::{Finding, Problem};

/// What one set says of an entry.
#[derive(Default)]
pub(super) struct Listed {
    findings: Vec<Finding>,
    problems: Vec<Problem>,
}

impl Listed {
    fn is_empty(&self) -> bool {
        self.findings.is_empty() && self.problems.is_empty()
    }
}

impl Scan<'_, '_> {
    /// Asks every set; nothing where none has anything to say. A defect harms the container.
    pub(super) fn search_listings(
        &mut self,
        listings: &[Listing],
        container: usize,
    ) -> Vec<Listed> {
        if listings.is_empty() || !self.engine.has_listings() {
            return Vec::new();
        }
        let search = || self.ask_sets(listings);
        let Ok(listed) = catch_unwind(AssertUnwindSafe(search)) else {
            self.scratches.iter_mut().for_each(|scratch| *scratch = Scratch::default());
            self.note(container, internal("searching the metadata of an entry failed"));
            return Vec::new();
        };
        if listed.iter().all(Listed::is_empty) { Vec::new() } else { listed }
    }

    fn ask_sets(&mut self, listings: &[Listing]) -> Vec<Listed> {
        let (engine, budget) = (self.engine, self.budget);
        let sets = engine.matchers().iter().zip(self.scratches.iter_mut()).enumerate();
        let listed = sets.map(|(height, (matcher, scratch))| {
            let mut listed = Listed::default();
            let searched = matcher.search_listings(listings, scratch, budget, &mut listed.findings);
            listed.findings.retain(|finding| !engine.is_removed(finding, height));
            listed.problems.extend(searched.err().map(Problem::from));
            listed.problems.extend(matcher.damage(scratch));
            listed
        });
        listed.collect()
    }

    /// Keeps what the sets said of the entry that became this object.
    pub(super) fn raise_listed(&mut self, listed: Vec<Listed>, index: usize) {
        for (height, listed) in listed.into_iter().enumerate() {
            self.raise(listed.findings, index, height);
            listed.problems.into_iter().for_each(|problem| self.note(index, problem));
        }
    }
}
