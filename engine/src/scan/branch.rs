//! A branch of the object tree: an object with everything in it. What came of one can be copied for
//! another object with the same bytes at the same depth, under the same container.

use super::{FINDINGS, PROGRAMS, Raised, Scan};
use crate::limits::Spent;
use crate::verdict::{Finding, Object};

/// How far a scan is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark {
    objects: usize,
    raised: usize,
    bytes: u64,
    spent: Spent,
    refusals: u64,
}

/// A branch that is whole: where it stands among the objects and findings, and what it cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    from: Mark,
    to: Mark,
}

impl Mark {
    /// The branch from here to `end`; none if the budget refused anything in it, since the refusal
    /// belongs to that moment.
    pub(super) fn to(self, end: Mark) -> Option<Span> {
        let is_whole = self.refusals == end.refusals && self.objects < end.objects;
        is_whole.then_some(Span { from: self, to: end })
    }
}

#[cfg(test)]
impl Mark {
    pub(super) fn behind(self, objects: usize) -> Self {
        Self { objects: self.objects.saturating_add(objects), ..self }
    }

    pub(super) fn refused(self) -> Self {
        Self { refusals: self.refusals.saturating_add(1), ..self }
    }
}

/// Objects and findings of a branch, counted from its first object.
#[derive(Default)]
pub(super) struct Branch {
    objects: Vec<Object>,
    raised: Vec<Raised>,
    bytes: u64,
    spent: Spent,
    /// A finding or a fact was left out, for want of room.
    is_capped: bool,
}

impl Branch {
    pub(super) fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    pub(super) fn is_capped(&self) -> bool {
        self.is_capped
    }

    pub(super) fn spent(&self) -> Spent {
        self.spent
    }
}

impl Scan<'_, '_> {
    pub(super) fn mark(&self) -> Mark {
        Mark {
            objects: self.objects.len(),
            raised: self.raised.len(),
            bytes: self.bytes,
            spent: self.budget.spent(),
            refusals: self.budget.refusals(),
        }
    }

    /// A copy of a branch; none where there is no room for its findings.
    pub(super) fn copy(&self, span: Span) -> Option<Branch> {
        let Span { from, to } = span;
        let more = to.raised.saturating_sub(from.raised);
        if self.raised.len().saturating_add(more) > FINDINGS {
            return None;
        }
        let objects = self.objects.get(from.objects..to.objects).unwrap_or_default();
        let raised = self.raised.get(from.raised..to.raised).unwrap_or_default();
        let moved = |object: &Object| Object {
            parent: object.parent.and_then(|parent| parent.checked_sub(from.objects)),
            ..object.clone()
        };
        let raised = raised.iter().map(|raised| Raised {
            finding: Finding {
                object: raised.finding.object.saturating_sub(from.objects),
                ..raised.finding.clone()
            },
            height: raised.height,
        });
        Some(Branch {
            objects: objects.iter().map(moved).collect(),
            raised: raised.collect(),
            bytes: to.bytes.saturating_sub(from.bytes),
            spent: to.spent.since(from.spent),
            is_capped: false,
        })
    }

    /// Charges what a copy stands for, if all of it can be charged.
    pub(super) fn charge(&self, branch: &Branch) -> bool {
        self.budget.check().is_ok() && self.budget.spend(branch.spent)
    }

    /// The branch that a scan of its own came to.
    pub(super) fn into_branch(self) -> Branch {
        let (spent, is_capped) = (self.budget.spent(), self.is_capped);
        let (objects, raised, bytes) = (self.objects, self.raised, self.bytes);
        Branch { objects, raised, bytes, spent, is_capped }
    }

    /// Goes on where a scan of its own ended.
    pub(super) fn resume(&mut self, branch: Branch) {
        (self.objects, self.raised, self.bytes) = (branch.objects, branch.raised, branch.bytes);
    }

    /// Whether there is room for the findings and facts of a branch.
    pub(super) fn has_room_for(&self, branch: &Branch) -> bool {
        let facts = |objects: &[Object]| objects.iter().filter(|o| o.facts.is_some()).count();
        !branch.is_capped
            && self.raised.len().saturating_add(branch.raised.len()) <= FINDINGS
            && (!self.keeps_facts
                || facts(&self.objects).saturating_add(facts(&branch.objects)) <= PROGRAMS)
    }

    /// Puts a branch under `parent`: the findings on its first object at once, those on the others as
    /// they are returned here, for the caller to put behind what it adds.
    pub(super) fn graft(&mut self, branch: Branch, name: &str, parent: usize) -> Vec<Raised> {
        let first = self.objects.len();
        for (index, object) in branch.objects.into_iter().enumerate() {
            let (name, parent) = match index {
                0 => (name.to_owned(), parent),
                _ => (object.name, object.parent.unwrap_or(0).saturating_add(first)),
            };
            self.objects.push(Object { name, parent: Some(parent), ..object });
        }
        self.bytes = self.bytes.saturating_add(branch.bytes);
        let mut behind = Vec::new();
        for Raised { finding, height } in branch.raised {
            let list = if finding.object == 0 { &mut self.raised } else { &mut behind };
            let object = finding.object.saturating_add(first);
            list.push(Raised { finding: Finding { object, ..finding }, height });
        }
        behind
    }
}
