//! Logical signatures: expressions over what was found in one object.
//!
//! Byte patterns were searched for before, all at once. What a signature asks besides comes now, in
//! ClamAV's order: macros and byte comparisons, which refer to matches of patterns, then regular
//! expressions one by one, each only where its trigger holds over the parts before it.

use std::collections::BTreeSet;

use super::compare::ByteComparison;
use super::late::FEW;
use super::occurrences::Occurrences;
use super::patterns::{self, Left, Patterns};
use super::regexes::Regexes;
use super::{Hit, Subject, expression, macros};
use crate::limits::{Budget, Stop};
use crate::set::layout::{
    ALWAYS_LOGICAL, AlwaysRow, ComparisonRow, FLAG_COUNTED_BY_LAST, FLAG_LATE, FLAG_NECESSARY,
    LogicalRow, MAX_COUNT, MAX_PARTS, PatternRow, Section,
};
use crate::set::{Damaged, SignatureSet};
use crate::verdict::Method;

/// The logical signatures of one set, in its rows.
pub(super) struct Logicals<'s> {
    pub(super) set: &'s SignatureSet,
    pub(super) patterns: &'s Patterns,
    pub(super) regexes: &'s Regexes,
}

/// What is known of the parts of one signature.
struct Parts {
    /// How often each matches.
    counts: [u32; MAX_PARTS],
    /// Where the first match of any begins.
    first: Option<u64>,
}

impl Parts {
    fn add(&mut self, part: u8, count: u32, first: Option<u64>) {
        if let Some(sum) = self.counts.get_mut(usize::from(part)) {
            *sum = sum.saturating_add(count);
        }
        self.first = self.first.into_iter().chain(first).min();
    }
}

/// How many matches of a part make a difference to a signature: those that its expression or one of its
/// triggers asks for.
pub(super) fn most_of(
    set: &SignatureSet,
    row: &LogicalRow,
    found: &mut patterns::Scratch,
    budget: &Budget,
) -> Result<u32, Left> {
    let (_, regexes) = set.regexes(row)?;
    let triggers = regexes.iter().map(|regex| set.trigger(regex));
    let mut greatest = 0;
    for expression in triggers.chain([set.expression(row)]) {
        let expression = expression?;
        found.spend_bytes(expression.len() as u64, budget)?;
        greatest = expression::greatest_number(expression).max(greatest);
    }
    Ok(greatest.saturating_add(1).min(MAX_COUNT))
}

impl Logicals<'_> {
    /// Adds the logical signatures that hold. Their patterns that were left for later are looked for
    /// now, where they can still make a difference. One that cannot be evaluated to its end costs no
    /// other.
    pub(super) fn evaluate(
        &self,
        subject: &Subject<'_>,
        found: &mut patterns::Scratch,
        budget: &Budget,
        hits: &mut Vec<Hit>,
    ) -> Result<(), Stop> {
        let asked = self.asked(found)?;
        let mut stopped = self.look_ahead(&asked, subject, found, budget).err();
        for index in asked {
            let hit = self.evaluate_one(index, subject, found, budget);
            match found.keep(hit) {
                Ok(hit) => hits.extend(hit.flatten()),
                Err(stop) => _ = stopped.get_or_insert(stop),
            }
        }
        stopped.map_or(Ok(()), Err)
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
        if !may_hold {
            return Ok(None);
        }
        let mut parts = self.count_patterns(row, own, subject, found, budget)?;
        self.count_macros(row, own, &mut parts, subject, budget)?;
        self.compare_bytes(row, own, &mut parts, subject, found, budget)?;
        self.search_regexes(row, &mut parts, subject, found, budget)?;
        let expression = self.set.expression(row)?;
        let broken = (Section::Logicals, index as usize);
        let holds = evaluate(expression, &parts, broken, found, budget)?;
        let hit =
            Hit { signature: row.signature.get(), method: Method::Logical, offset: parts.first };
        Ok(holds.then_some(hit))
    }

    /// Where many signatures ask for patterns that were left for later, looks for them all at once: for
    /// one of each first, then for the others of those that may hold still. One by one they would take
    /// as many passes over the data as there are.
    fn look_ahead(
        &self,
        asked: &BTreeSet<u32>,
        subject: &Subject<'_>,
        found: &mut patterns::Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        for all in [false, true] {
            let mut wanted = Vec::new();
            for &index in asked {
                let own = self.wanted_by(index, all, subject, found);
                wanted.extend(found.keep(own)?.unwrap_or_default());
            }
            if wanted.len() <= FEW {
                break;
            }
            self.patterns.find_many(&wanted, subject, found, budget)?;
        }
        Ok(())
    }

    /// The patterns that a signature still has to be told of, or the first of them that it cannot do
    /// without; none where it cannot hold.
    fn wanted_by(
        &self,
        index: u32,
        all: bool,
        subject: &Subject<'_>,
        found: &patterns::Scratch,
    ) -> Result<Vec<u32>, Left> {
        let (row, target) = self.set.logical(index)?;
        let sizes = row.size_min.get()..=row.size_max.get();
        let is_meant = sizes.contains(&subject.size) && target.accepts(subject);
        if !is_meant || !self.set.condition(row)?.holds(subject) {
            return Ok(Vec::new());
        }
        let own = Own { first: row.first_pattern.get(), rows: self.set.patterns_of(row)? };
        let (mut wanted, mut first) = (Vec::new(), None);
        for (index, pattern) in own.iter() {
            let is_open = pattern.flags & FLAG_LATE != 0 && !found.was_looked_for(index);
            let is_necessary = pattern.flags & FLAG_NECESSARY != 0;
            if is_open {
                wanted.push(index);
                first = first.or(is_necessary.then_some(index));
            } else if is_necessary && found.found(index).is_none() {
                return Ok(Vec::new());
            }
        }
        match first {
            Some(first) if !all => Ok(vec![first]),
            _ => Ok(wanted),
        }
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

    fn count_patterns(
        &self,
        row: &LogicalRow,
        own: Own<'_>,
        subject: &Subject<'_>,
        found: &mut patterns::Scratch,
        budget: &Budget,
    ) -> Result<Parts, Left> {
        let mut parts = Parts { counts: [0; MAX_PARTS], first: None };
        let mut most = None;
        for (index, pattern) in own.iter() {
            let Some(known) = found.found(index) else { continue };
            let (mut count, first) = (known.count(), known.first());
            if pattern.flags & FLAG_COUNTED_BY_LAST != 0 {
                let most = match most {
                    Some(most) => most,
                    None => *most.insert(most_of(self.set, row, found, budget)?),
                };
                count = match Occurrences::new(self.set, index, subject, budget)? {
                    Some(occurrences) => occurrences.count(most, budget)?,
                    None => 0,
                };
            }
            parts.add(pattern.part, count, first);
        }
        Ok(parts)
    }

    /// A macro also changes how often the part before it counts.
    fn count_macros(
        &self,
        row: &LogicalRow,
        own: Own<'_>,
        parts: &mut Parts,
        subject: &Subject<'_>,
        budget: &Budget,
    ) -> Result<(), Left> {
        for it in self.set.macros(row)? {
            let Some(before) = it.part.checked_sub(1) else { continue };
            let patterns = own.iter().filter(|(_, pattern)| pattern.part == before);
            let patterns: Vec<u32> = patterns.map(|(index, _)| index).collect();
            let counts = macros::count(self.set, it, &patterns, subject, row.target, budget)?;
            if let Some(known) = parts.counts.get_mut(usize::from(before)) {
                *known = counts.before;
            }
            parts.add(it.part, counts.own, None);
        }
        Ok(())
    }

    fn compare_bytes(
        &self,
        row: &LogicalRow,
        own: Own<'_>,
        parts: &mut Parts,
        subject: &Subject<'_>,
        found: &patterns::Scratch,
        budget: &Budget,
    ) -> Result<(), Left> {
        for row in self.set.comparisons(row)? {
            let last = self.last_match(row, own, subject, found, budget)?;
            let (section, entry) = (Section::Comparisons, usize::from(row.part));
            let what = "a comparison that means nothing";
            let comparison =
                ByteComparison::read(row).ok_or(Damaged::Entry { section, entry, what })?;
            if last.is_some_and(|last| comparison.holds(subject.data, last)) {
                parts.add(row.part, 1, None);
            }
        }
        Ok(())
    }

    /// Where the last match of the part begins that a comparison refers to.
    fn last_match(
        &self,
        comparison: &ComparisonRow,
        own: Own<'_>,
        subject: &Subject<'_>,
        found: &patterns::Scratch,
        budget: &Budget,
    ) -> Result<Option<usize>, Left> {
        let mut last = None;
        for (index, pattern) in own.iter() {
            let Some(first) = found.found(index).and_then(patterns::Found::first) else { continue };
            if pattern.part == comparison.trigger
                && let Some(occurrences) = Occurrences::new(self.set, index, subject, budget)?
            {
                last = last.max(occurrences.last_start(first as usize, budget)?);
            }
        }
        Ok(last)
    }

    fn search_regexes(
        &self,
        row: &LogicalRow,
        parts: &mut Parts,
        subject: &Subject<'_>,
        found: &mut patterns::Scratch,
        budget: &Budget,
    ) -> Result<(), Left> {
        let (first, rows) = self.set.regexes(row)?;
        for (number, regex) in (first..).zip(rows) {
            let broken = (Section::Regexes, number as usize);
            if !evaluate(self.set.trigger(regex)?, parts, broken, found, budget)? {
                continue;
            }
            let most = most_of(self.set, row, found, budget)?;
            found.spend_bytes(regex.text_length.get().into(), budget)?;
            let matches = self.regexes.search(self.set, number, regex, most, subject, budget)?;
            parts.add(regex.part, matches.count, matches.first);
        }
        Ok(())
    }
}

/// Whether an expression holds over what was found.
fn evaluate(
    expression: &[u8],
    parts: &Parts,
    (section, entry): (Section, usize),
    found: &mut patterns::Scratch,
    budget: &Budget,
) -> Result<bool, Left> {
    found.spend_bytes(expression.len() as u64, budget)?;
    let what = "expression broken";
    expression::holds(expression, &parts.counts)
        .map_err(|_| Left::Damaged(Damaged::Entry { section, entry, what }))
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
