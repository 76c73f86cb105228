//! Logical signatures: expressions over the byte patterns that were found in one object.

use std::collections::BTreeSet;

use super::patterns::{self, Patterns};
use super::target::Target;
use super::{Hit, Subject, expression};
use crate::limits::{Budget, Stop};
use crate::set::layout::{
    ALWAYS_LOGICAL, AlwaysRow, FLAG_LATE, FLAG_NECESSARY, LogicalRow, MAX_PARTS, PatternRow,
    Section,
};
use crate::set::{SignatureSet, slice_of};
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
        let rows = self.set.rows::<LogicalRow>(Section::Logicals);
        for row in self.asked(found).into_iter().filter_map(|index| rows.get(index as usize)) {
            if is_meant_for(self.set, row, subject)
                && self.can_hold(row, subject, found, budget)?
                && holds(self.set, row, found)
            {
                let signature = row.signature.get();
                let offset = rows_of(self.set, row)
                    .filter_map(|(pattern, _)| found.found(pattern)?.first())
                    .min();
                hits.push(Hit { signature, method: Method::Logical, offset });
            }
        }
        Ok(())
    }

    /// Those of which something was found, and those that are asked of every object.
    fn asked(&self, found: &patterns::Scratch) -> BTreeSet<u32> {
        let patterns = self.set.rows::<PatternRow>(Section::Patterns);
        let touched = found.matched().into_iter().filter_map(|pattern| {
            let row = patterns.get(pattern as usize)?;
            (usize::from(row.part) < MAX_PARTS).then_some(row.owner.get())
        });
        let always = self.set.rows::<AlwaysRow>(Section::Always).iter();
        let always = always.filter(|row| row.kind.get() == ALWAYS_LOGICAL).map(|row| row.row.get());
        touched.chain(always).collect()
    }

    /// Looks for the patterns that were left for later; false as soon as a necessary one is missing.
    fn can_hold(
        &self,
        row: &LogicalRow,
        subject: &Subject<'_>,
        found: &mut patterns::Scratch,
        budget: &Budget,
    ) -> Result<bool, Stop> {
        for (index, pattern) in rows_of(self.set, row) {
            let is_searched = pattern.flags & (FLAG_NECESSARY | FLAG_LATE) == FLAG_NECESSARY;
            if is_searched && found.found(index).is_none() {
                return Ok(false);
            }
        }
        for (index, pattern) in rows_of(self.set, row) {
            if pattern.flags & FLAG_LATE != 0
                && !self.patterns.find_late(index, subject, found, budget)?
                && pattern.flags & FLAG_NECESSARY != 0
            {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn is_meant_for(set: &SignatureSet, row: &LogicalRow, subject: &Subject<'_>) -> bool {
    let target = Target::from_number(row.target);
    (row.size_min.get()..=row.size_max.get()).contains(&subject.size)
        && target.is_some_and(|target| target.accepts(subject))
        && set.condition(row).is_some_and(|condition| condition.holds(subject))
}

/// The patterns of a signature, with their numbers.
fn rows_of<'s>(
    set: &'s SignatureSet,
    row: &LogicalRow,
) -> impl Iterator<Item = (u32, &'s PatternRow)> {
    let (first, rows) = (row.first_pattern.get(), set.rows(Section::Patterns));
    (first..).zip(slice_of(rows, first, row.patterns.into()).unwrap_or_default())
}

fn holds(set: &SignatureSet, row: &LogicalRow, found: &patterns::Scratch) -> bool {
    let expressions = set.section(Section::Expressions);
    let mut counts = [0_u32; MAX_PARTS];
    for (index, pattern) in rows_of(set, row) {
        if let (Some(found), Some(count)) =
            (found.found(index), counts.get_mut(usize::from(pattern.part)))
        {
            *count = count.saturating_add(found.count());
        }
    }
    slice_of(expressions, row.expression.get(), row.expression_length.get())
        .is_some_and(|expression| expression::holds(expression, &counts) == Ok(true))
}
