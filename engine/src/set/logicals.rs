//! Rows of logical signatures: read one by one where they are used, and all of them where a tool asks.
//! They are cold, as patterns are.

#![warn(clippy::arithmetic_side_effects)]

use super::chunks::Damaged;
use super::error::SetError;
use super::layout::{
    ComparisonRow, ConditionRow, LogicalRow, MACRO_MEMBER, MAX_PARTS, MAX_PATTERNS, MacroMemberRow,
    MacroRow, NO_CONDITION, PatternRow, RegexRow, Section, WHOLE,
};
use super::open::{SignatureSet, broken, spend};
use crate::matcher::compare::ByteComparison;
use crate::matcher::regex::Regex;
use crate::matcher::{Condition, RegexOptions, Target, expression, place};

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
        let (section, entry) = (Section::Conditions, row.condition.get() as usize);
        let what = "a condition that means nothing";
        match self.condition_row(row)? {
            Some(row) => Condition::read(row).ok_or(Damaged::Entry { section, entry, what }),
            None => Ok(Condition::default()),
        }
    }

    fn condition_row(&self, row: &LogicalRow) -> Result<Option<&ConditionRow>, Damaged> {
        match row.condition.get() {
            NO_CONDITION => Ok(None),
            index => self.cold(Section::Conditions).get(index as usize).map(Some),
        }
    }

    /// Its regular expressions: the number of the first one, and their rows.
    pub(crate) fn regexes(&self, row: &LogicalRow) -> Result<(u32, &[RegexRow]), Damaged> {
        let Some(condition) = self.condition_row(row)? else { return Ok((0, &[])) };
        let (first, count) = (condition.first_regex.get(), condition.regexes);
        Ok((first, self.cold(Section::Regexes).run(first, count.into())?))
    }

    /// Its byte comparisons.
    pub(crate) fn comparisons(&self, row: &LogicalRow) -> Result<&[ComparisonRow], Damaged> {
        let Some(condition) = self.condition_row(row)? else { return Ok(&[]) };
        let (first, count) = (condition.first_comparison.get(), condition.comparisons);
        self.cold(Section::Comparisons).run(first, count.into())
    }

    /// Its macros.
    pub(crate) fn macros(&self, row: &LogicalRow) -> Result<&[MacroRow], Damaged> {
        let Some(condition) = self.condition_row(row)? else { return Ok(&[]) };
        self.cold(Section::Macros).run(condition.first_macro.get(), condition.macros.into())
    }

    /// The patterns of a macro group.
    pub(crate) fn macro_members(
        &self,
        target: u8,
        group: u8,
    ) -> Result<impl Iterator<Item = u32>, Damaged> {
        let rows: &[MacroMemberRow] = self.cold(Section::MacroMembers).all()?;
        let from = rows.partition_point(|row| (row.target, row.group) < (target, group));
        let own = rows.iter().skip(from);
        let own = own.take_while(move |row| (row.target, row.group) == (target, group));
        Ok(own.map(|row| row.pattern.get()))
    }

    /// The expression that must hold before a regular expression is searched for.
    pub(crate) fn trigger(&self, row: &RegexRow) -> Result<&[u8], Damaged> {
        self.cold(Section::Expressions).run(row.trigger.get(), row.trigger_length.get())
    }

    /// The text of a regular expression.
    pub(crate) fn regex_text(&self, row: &RegexRow) -> Result<&[u8], Damaged> {
        self.cold(Section::RegexTexts).run(row.text.get(), row.text_length.get())
    }

    /// Reads every row.
    pub(super) fn check_logicals(&self) -> Result<(), SetError> {
        let signatures = self.signatures() as usize;
        // Every expression has bytes of its own, so that reading them all takes no longer than the file.
        let mut left = self.length(Section::Expressions);
        let mut texts_left = self.length(Section::RegexTexts);
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
            } else if !self.regexes_are_sound(row, &mut left, &mut texts_left) {
                "regular expressions out of range or broken"
            } else if !self.comparisons_are_sound(row) {
                "byte comparisons out of range or broken"
            } else if !self.macros_are_sound(row) {
                "macros out of range or broken"
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

impl SignatureSet {
    /// Whether expressions can be searched for as their rows say. A trigger names only parts before its
    /// own.
    fn regexes_are_sound(
        &self,
        row: &LogicalRow,
        left: &mut usize,
        texts_left: &mut usize,
    ) -> bool {
        let Ok((_, rows)) = self.regexes(row) else { return false };
        let trigger_is_sound = |regex: &RegexRow| {
            self.trigger(regex).is_ok_and(|trigger| {
                expression::holds(trigger, &[0; MAX_PARTS]).is_ok()
                    && expression::names_only(trigger, regex.part)
            })
        };
        let text_is_sound = |regex: &RegexRow| {
            let options = RegexOptions::from_bits(regex.options.get());
            options.zip(self.regex_text(regex).ok()).is_some_and(|(options, text)| {
                place::read_regex(regex).is_some() && Regex::check(text, options.flags).is_ok()
            })
        };
        rows.iter().all(|regex| {
            usize::from(regex.part) < MAX_PARTS
                && spend(left, regex.trigger_length.get())
                && spend(texts_left, regex.text_length.get())
                && trigger_is_sound(regex)
                && text_is_sound(regex)
        })
    }

    /// A macro has a part before it.
    fn macros_are_sound(&self, row: &LogicalRow) -> bool {
        let is_sound = |row: &MacroRow| (1..MAX_PARTS).contains(&usize::from(row.part));
        self.macros(row).is_ok_and(|rows| rows.iter().all(is_sound))
    }

    fn comparisons_are_sound(&self, row: &LogicalRow) -> bool {
        let is_sound = |row: &ComparisonRow| {
            usize::from(row.part) < MAX_PARTS
                && usize::from(row.trigger) < MAX_PARTS
                && ByteComparison::read(row).is_some()
        };
        self.comparisons(row).is_ok_and(|rows| rows.iter().all(is_sound))
    }
}

impl SignatureSet {
    /// Reads every member of macro groups: they are sorted, and name patterns of groups.
    pub(super) fn check_macro_members(&self) -> Result<(), SetError> {
        let rows: &[MacroMemberRow] = self.cold(Section::MacroMembers).all()?;
        let key = |row: &MacroMemberRow| (row.target, row.group, row.pattern.get());
        let is_sound = |row: &MacroMemberRow| {
            self.pattern(row.pattern.get()).is_ok_and(|pattern| {
                let owner = pattern.row.owner.get();
                pattern.row.part == MACRO_MEMBER && owner == u32::from(row.group)
            })
        };
        match rows.iter().position(|row| !is_sound(row)) {
            Some(row) => Err(broken(Section::MacroMembers, row, "no such member")),
            None if rows.is_sorted_by_key(key) => Ok(()),
            None => Err(broken(Section::MacroMembers, 0, "members out of order")),
        }
    }
}

fn damaged(index: u32, what: &'static str) -> Damaged {
    Damaged::Entry { section: Section::Logicals, entry: index as usize, what }
}
