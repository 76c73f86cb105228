//! Logical signatures: expressions over the byte patterns that were found in one object.

use std::collections::BTreeSet;

use super::pattern::Target;
use super::{Hit, Subject, expression, patterns};
use crate::set::layout::{LogicalRow, MAX_PARTS, PatternRow, Section, WHOLE};
use crate::set::{SignatureSet, slice_of};
use crate::verdict::Method;

/// The logical signatures of one set.
pub(super) struct Logicals {
    /// Those that hold where no pattern matches, so that they are asked of every object.
    hold_without_hits: Vec<u32>,
}

impl Logicals {
    pub(super) fn new(set: &SignatureSet) -> Self {
        let rows = (0_u32..).zip(set.rows::<LogicalRow>(Section::Logicals));
        let always = rows.filter(|(_, row)| row.holds_without_hits != 0);
        Self { hold_without_hits: always.map(|(index, _)| index).collect() }
    }

    /// Adds the logical signatures that hold.
    pub(super) fn evaluate(
        &self,
        set: &SignatureSet,
        subject: &Subject<'_>,
        found: &patterns::Scratch,
        hits: &mut Vec<Hit>,
    ) {
        let patterns = set.rows::<PatternRow>(Section::Patterns);
        let rows = set.rows::<LogicalRow>(Section::Logicals);
        let touched = found.matched().into_iter().filter_map(|pattern| {
            let row = patterns.get(pattern as usize)?;
            (row.part != WHOLE).then_some(row.owner.get())
        });
        let asked: BTreeSet<u32> = touched.chain(self.hold_without_hits.iter().copied()).collect();
        for row in asked.into_iter().filter_map(|index| rows.get(index as usize)) {
            if is_meant_for(set, row, subject) && holds(set, row, found) {
                let signature = row.signature.get();
                let offset = rows_of(set, row)
                    .filter_map(|(pattern, _)| found.found(pattern)?.first())
                    .min();
                hits.push(Hit { signature, method: Method::Logical, offset });
            }
        }
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
