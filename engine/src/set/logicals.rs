//! Rows of logical signatures: read one by one where they are used, and all of them where a tool asks.
//! They are cold, as patterns are.

#![warn(clippy::arithmetic_side_effects)]

use super::chunks::Damaged;
use super::error::SetError;
use super::layout::{
    ConditionRow, LogicalRow, MAX_PARTS, MAX_PATTERNS, NO_CONDITION, PatternRow, Section, WHOLE,
};
use super::open::{SignatureSet, broken, spend};
use crate::matcher::{Condition, Target, expression};

impl SignatureSet {
    /// The logical signature of that row, and its target.
    pub(crate) fn logical(&self, index: u32) -> Result<(&LogicalRow, Target), Damaged> {
        let row: &LogicalRow = self.cold(Section::Logicals).get(index as usize)?;
        let target = Target::from_number(row.target);
        Ok((row, target.ok_or(damaged(index, "unknown target"))?))
    }

    /// The patterns of a logical signature, in order.
    pub(crate) fn patterns_of(&self, row: &LogicalRow) -> Result<&[PatternRow], Damaged> {
        self.cold(Section::Patterns).run(row.first_pattern.get(), row.patterns.into())
    }

    /// Its expression.
    pub(crate) fn expression(&self, row: &LogicalRow) -> Result<&[u8], Damaged> {
        let (start, length) = (row.expression.get(), row.expression_length.get());
        self.cold(Section::Expressions).run(start, length)
    }

    /// What it asks besides.
    pub(crate) fn condition(&self, row: &LogicalRow) -> Result<Condition, Damaged> {
        let index = row.condition.get();
        if index == NO_CONDITION {
            return Ok(Condition::default());
        }
        let (section, entry) = (Section::Conditions, index as usize);
        let row: &ConditionRow = self.cold(section).get(entry)?;
        let what = "a condition that means nothing";
        Condition::read(row).ok_or(Damaged::Entry { section, entry, what })
    }

    /// Reads every row.
    pub(super) fn check_logicals(&self) -> Result<(), SetError> {
        let signatures = self.signatures() as usize;
        // Every expression has bytes of its own, so that reading them all takes no longer than the file.
        let mut left = self.length(Section::Expressions);
        let rows = self.cold::<LogicalRow>(Section::Logicals).all()?;
        for (number, row) in rows.iter().enumerate() {
            let holds = self.without_hits(row, &mut left);
            let what = if row.signature.get() as usize >= signatures {
                "no such signature"
            } else if !self.has_its_patterns(number, row) {
                "patterns out of range"
            } else if holds != Some(row.holds_without_hits != 0) {
                "expression broken"
            } else if Target::from_number(row.target).is_none() {
                "unknown target"
            } else if self.condition(row).is_err() {
                "condition out of range or broken"
            } else {
                continue;
            };
            return Err(broken(Section::Logicals, number, what));
        }
        Ok(())
    }

    /// Whether the expression can be evaluated, and holds where nothing matches.
    fn without_hits(&self, row: &LogicalRow, left: &mut usize) -> Option<bool> {
        let expression = self.expression(row).ok()?;
        spend(left, row.expression_length.get()).then_some(())?;
        expression::holds(expression, &[0; MAX_PARTS]).ok()
    }

    fn has_its_patterns(&self, number: usize, row: &LogicalRow) -> bool {
        let is_part = |pattern: &PatternRow| {
            let part = pattern.part;
            pattern.owner.get() as usize == number && part != WHOLE && usize::from(part) < MAX_PARTS
        };
        usize::from(row.patterns) <= MAX_PATTERNS
            && self.patterns_of(row).is_ok_and(|own| own.iter().all(is_part))
    }
}

fn damaged(index: u32, what: &'static str) -> Damaged {
    Damaged::Entry { section: Section::Logicals, entry: index as usize, what }
}
