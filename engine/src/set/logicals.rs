//! Checks of a set's logical signatures: every reference lands where it may, and every expression can be
//! evaluated.

#![warn(clippy::arithmetic_side_effects)]

use super::error::SetError;
use super::layout::{
    ConditionRow, LogicalRow, MAX_PARTS, MAX_PATTERNS, NO_CONDITION, PatternRow, Section,
};
use super::open::{SignatureSet, broken, slice_of, spend};
use crate::matcher::{Condition, Target, expression};

impl SignatureSet {
    pub(super) fn check_logicals(&self) -> Result<(), SetError> {
        let signatures = self.signatures() as usize;
        // Every expression has bytes of its own, so that reading them all takes no longer than the file.
        let mut left = self.section(Section::Expressions).len();
        for (number, row) in self.rows::<LogicalRow>(Section::Logicals).iter().enumerate() {
            let holds = self.without_hits(row, &mut left);
            let what = if row.signature.get() as usize >= signatures {
                "no such signature"
            } else if !self.has_its_patterns(number, row) {
                "patterns out of range"
            } else if holds != Some(row.holds_without_hits != 0) {
                "expression broken"
            } else if Target::from_number(row.target).is_none() {
                "unknown target"
            } else if self.condition(row).is_none() {
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
        let (start, length) = (row.expression.get(), row.expression_length.get());
        let expression = slice_of(self.section(Section::Expressions), start, length)?;
        spend(left, length).then_some(())?;
        expression::holds(expression, &[0; MAX_PARTS]).ok()
    }

    fn has_its_patterns(&self, number: usize, row: &LogicalRow) -> bool {
        let patterns = self.rows::<PatternRow>(Section::Patterns);
        let is_part = |pattern: &PatternRow| {
            pattern.owner.get() as usize == number && usize::from(pattern.part) < MAX_PARTS
        };
        usize::from(row.patterns) <= MAX_PATTERNS
            && slice_of(patterns, row.first_pattern.get(), row.patterns.into())
                .is_some_and(|own| own.iter().all(is_part))
    }

    /// What a logical signature asks besides; `None` where its row is broken.
    pub(crate) fn condition(&self, row: &LogicalRow) -> Option<Condition> {
        match row.condition.get() {
            NO_CONDITION => Some(Condition::default()),
            index => {
                let rows = self.rows::<ConditionRow>(Section::Conditions);
                rows.get(index as usize).and_then(Condition::read)
            }
        }
    }
}
