//! Logical signatures: expressions over the byte patterns that were found in one object.

use std::collections::BTreeSet;

use super::patterns::{self, Left, Patterns};
use super::{Hit, Subject, expression};
use crate::limits::{Budget, Stop};
use crate::set::layout::{
    ALWAYS_LOGICAL, AlwaysRow, FLAG_LATE, FLAG_NECESSARY, LogicalRow, MAX_PARTS, PatternRow,
    Section,
};
use crate::set::{Damaged, SignatureSet};
use crate::verdict::Method;

/// The logical signatures of one set, in its rows.
pub(super) struct Logicals<'s> {
    pub(super) set: &'s SignatureSet,
    pub(super) patterns: &'s Patterns,
}

impl Logicals<'_> {
    /// Adds the logical signatures that hold. Their patterns that were left for later are looked for
    /// now, where they can still make a difference.
    pub(super) fn evaluate(
        &self,
        subject: &Subject<'_>,
        found: &mut patterns::Scratch,
        budget: &Budget,
        hits: &mut Vec<Hit>,
    ) -> Result<(), Stop> {
        for index in self.asked(found)? {
            let hit = self.evaluate_one(index, subject, found, budget);
            hits.extend(found.keep(hit)?.flatten());
        }
        Ok(())
    }

    /// Those of which something was found, and those that are asked of every object.
    fn asked(&self, found: &mut patterns::Scratch) -> Result<BTreeSet<u32>, Stop> {
        let patterns = self.set.cold::<PatternRow>(Section::Patterns);
        let always = self.set.rows::<AlwaysRow>(Section::Always).iter();
        let always = always.filter(|row| row.kind.get() == ALWAYS_LOGICAL);
        let mut asked: BTreeSet<u32> = always.map(|row| row.row.get()).collect();
        for pattern in found.matched() {
            let row = patterns.get(pattern as usize).map_err(Left::from);
            let row = found.keep(row)?.filter(|row| usize::from(row.part) < MAX_PARTS);
            asked.extend(row.map(|row| row.owner.get()));
        }
        Ok(asked)
    }

    fn evaluate_one(
        &self,
        index: u32,
        subject: &Subject<'_>,
        found: &mut patterns::Scratch,
        budget: &Budget,
    ) -> Result<Option<Hit>, Left> {
        let (row, target) = self.set.logical(index)?;
        let sizes = row.size_min.get()..=row.size_max.get();
        if !sizes.contains(&subject.size) || !target.accepts(subject) {
            return Ok(None);
        }
        let own = Own { first: row.first_pattern.get(), rows: self.set.patterns_of(row)? };
        let may_hold = self.set.condition(row)?.holds(subject)
            && self.can_hold(own, subject, found, budget)?;
        if !may_hold || !self.holds(index, row, own, found, budget)? {
            return Ok(None);
        }
        let offset = own.iter().filter_map(|(pattern, _)| found.found(pattern)?.first()).min();
        Ok(Some(Hit { signature: row.signature.get(), method: Method::Logical, offset }))
    }

    /// Looks for the patterns that were left for later; false as soon as a necessary one is missing.
    fn can_hold(
        &self,
        own: Own<'_>,
        subject: &Subject<'_>,
        found: &mut patterns::Scratch,
        budget: &Budget,
    ) -> Result<bool, Stop> {
        for (index, pattern) in own.iter() {
            let is_searched = pattern.flags & (FLAG_NECESSARY | FLAG_LATE) == FLAG_NECESSARY;
            if is_searched && found.found(index).is_none() {
                return Ok(false);
            }
        }
        for (index, pattern) in own.iter() {
            if pattern.flags & FLAG_LATE != 0
                && !self.patterns.find_late(index, subject, found, budget)?
                && pattern.flags & FLAG_NECESSARY != 0
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the expression holds over what was found.
    fn holds(
        &self,
        index: u32,
        row: &LogicalRow,
        own: Own<'_>,
        found: &mut patterns::Scratch,
        budget: &Budget,
    ) -> Result<bool, Left> {
        let mut counts = [0_u32; MAX_PARTS];
        for (index, pattern) in own.iter() {
            if let (Some(found), Some(count)) =
                (found.found(index), counts.get_mut(usize::from(pattern.part)))
            {
                *count = count.saturating_add(found.count());
            }
        }
        let expression = self.set.expression(row)?;
        found.spend_bytes(expression.len() as u64, budget)?;
        expression::holds(expression, &counts).map_err(|_| {
            let (section, entry) = (Section::Logicals, index as usize);
            Left::Damaged(Damaged::Entry { section, entry, what: "expression broken" })
        })
    }
}

/// The patterns of a logical signature.
#[derive(Clone, Copy)]
struct Own<'s> {
    first: u32,
    rows: &'s [PatternRow],
}

impl<'s> Own<'s> {
    /// With their numbers.
    fn iter(self) -> impl Iterator<Item = (u32, &'s PatternRow)> {
        (self.first..).zip(self.rows)
    }
}
