//! Byte patterns: literals of all patterns in one Aho-Corasick pass, then verification in place.
//!
//! Every segment (a piece of a pattern without unbounded gaps) carries its rarest literal. Where the
//! literal is seen, the segment's program is run at each start that it allows. A pattern of one
//! segment is decided there; one of several is decided after the pass, and only if all its literals
//! were seen. A pattern that may start at one position only is verified at that position instead.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use memchr::memmem::Finder;

use super::pattern::{Offset, Target};
use super::program::Ends;
use super::{Subject, place};
use crate::limits::{Budget, Stop};
use crate::set::layout::{
    FLAG_COUNTED, FLAG_FULL_WORD, MAX_COUNT, PatternRow, Section, SegmentRow,
};
use crate::set::{SignatureSet, slice_of};

/// Bytes searched between two looks at the clock.
const STEP: usize = 4 << 20;
/// Verification steps between two looks at the clock.
const STEPS: u64 = 1 << 20;

/// The patterns of one set, ready to be searched for.
pub(super) struct Patterns {
    set: SignatureSet,
    exact: Option<Literals>,
    either_case: Option<Literals>,
    /// Patterns that may start at one position only.
    anchored: Vec<u32>,
    /// Patterns with a segment that has no literal.
    everywhere: Vec<u32>,
    longest_literal: usize,
}

/// Literals of one kind and the segments they stand for.
struct Literals {
    automaton: AhoCorasick,
    segments: Vec<u32>,
}

/// What is known about one pattern in one object.
#[derive(Default)]
pub(super) struct Found {
    /// Where it starts; all places if its matches are counted, else one.
    starts: Vec<u64>,
    /// Bits of the segments seen, the later ones in the last bit.
    seen: u64,
}

impl Found {
    /// The first place where it starts.
    pub(super) fn first(&self) -> Option<u64> {
        self.starts.iter().copied().min()
    }

    /// In how many places it starts, exact below [`MAX_COUNT`].
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }
}

/// Room for one search, used again for the next object.
#[derive(Default)]
pub(super) struct Scratch {
    ends: Ends,
    /// By pattern; empty slots for patterns that were not seen.
    found: HashMap<u32, Found>,
}

impl Scratch {
    /// What was found of a pattern.
    pub(super) fn found(&self, pattern: u32) -> Option<&Found> {
        self.found.get(&pattern).filter(|found| !found.starts.is_empty())
    }

    /// The patterns that matched, in rising order.
    pub(super) fn matched(&self) -> Vec<u32> {
        let matched = self.found.iter().filter(|(_, found)| !found.starts.is_empty());
        let mut patterns: Vec<u32> = matched.map(|(&pattern, _)| pattern).collect();
        patterns.sort_unstable();
        patterns
    }
}

/// One pattern with everything that verifying it needs.
#[derive(Clone, Copy)]
struct Pattern<'s> {
    index: u32,
    row: &'s PatternRow,
    segments: &'s [SegmentRow],
    programs: &'s [u8],
}

impl Patterns {
    pub(super) fn new(set: &SignatureSet) -> Result<Self, aho_corasick::BuildError> {
        let mut anchored = Vec::new();
        let mut everywhere = Vec::new();
        let (mut exact, mut either_case) = (LiteralList::default(), LiteralList::default());
        let programs = set.section(Section::Programs);
        let segments = set.rows::<SegmentRow>(Section::Segments);
        for (index, row) in (0_u32..).zip(set.rows::<PatternRow>(Section::Patterns)) {
            let (first, count) = (row.first_segment.get(), u32::from(row.segments.get()));
            let own = slice_of(segments, first, count).unwrap_or_default();
            if is_anchored(row) {
                anchored.push(index);
            } else if own.iter().any(|segment| segment.literal_length.get() == 0) {
                everywhere.push(index);
            } else {
                for (number, segment) in (first..).zip(own) {
                    let list = if segment.literal_either_case == 0 {
                        &mut exact
                    } else {
                        &mut either_case
                    };
                    list.segments.push(number);
                    list.literals.push(literal_of(segment, programs));
                }
            }
        }
        let longest_literal = exact.longest().max(either_case.longest());
        let (exact, either_case) = (exact.build(false)?, either_case.build(true)?);
        let set = set.clone();
        Ok(Self { set, exact, either_case, anchored, everywhere, longest_literal })
    }

    /// Finds every pattern that matches `subject`, into `scratch`.
    pub(super) fn search(
        &self,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        scratch.found.clear();
        scratch.ends.steps = 0;
        for &index in self.anchored.iter().chain(&self.everywhere) {
            self.verify_everywhere(index, subject, scratch, budget)?;
        }
        for literals in [&self.exact, &self.either_case].into_iter().flatten() {
            self.search_literals(literals, subject, scratch, budget)?;
        }
        self.decide_long_ones(subject, scratch, budget)
    }

    /// One pass over the data, in steps that overlap by a literal, so that the clock is looked at.
    fn search_literals(
        &self,
        literals: &Literals,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        let data = subject.data;
        for start in (0..data.len()).step_by(STEP) {
            budget.check()?;
            let stop = start.saturating_add(STEP).min(data.len());
            let end = stop.saturating_add(self.longest_literal.saturating_sub(1)).min(data.len());
            let input = aho_corasick::Input::new(data).range(start..end);
            for hit in literals.automaton.find_overlapping_iter(input) {
                if hit.start() < stop
                    && let Some(&segment) = literals.segments.get(hit.pattern().as_usize())
                {
                    self.on_literal(segment, hit.start(), subject, scratch, budget)?;
                }
            }
        }
        Ok(())
    }

    fn on_literal(
        &self,
        segment: u32,
        position: usize,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        let Some(row) = self.set.rows::<SegmentRow>(Section::Segments).get(segment as usize) else {
            return Ok(());
        };
        let Some(pattern) = self.pattern(row.pattern.get()) else { return Ok(()) };
        if !pattern.is_meant_for(subject) {
            return Ok(());
        }
        if pattern.segments.len() > 1 {
            let number = segment.saturating_sub(pattern.row.first_segment.get()).min(63);
            scratch.found.entry(pattern.index).or_default().seen |= 1 << number;
            return Ok(());
        }
        let Some(allowed) = pattern.starts(subject) else { return Ok(()) };
        let lead = row.lead_min.get() as usize..=row.lead_max.get() as usize;
        for start in lead.rev().filter_map(|lead| position.checked_sub(lead)) {
            if scratch.wants_more(&pattern) && allowed.contains(&(start as u64)) {
                pattern.verify_single(start, subject, scratch);
                spend(&mut scratch.ends, budget)?;
            }
        }
        Ok(())
    }

    /// Verifies a pattern at every start that its offset allows.
    fn verify_everywhere(
        &self,
        index: u32,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        let Some(pattern) = self.pattern(index) else { return Ok(()) };
        match pattern.starts(subject).filter(|_| pattern.is_meant_for(subject)) {
            Some(allowed) => pattern.verify_range(allowed, subject, scratch, budget),
            None => Ok(()),
        }
    }

    /// Decides the patterns of several segments of which every literal was seen.
    fn decide_long_ones(
        &self,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        let candidates: Vec<u32> = scratch
            .found
            .iter()
            .filter(|(_, found)| found.seen != 0 && found.starts.is_empty())
            .map(|(&index, _)| index)
            .collect();
        for index in candidates {
            let Some(pattern) = self.pattern(index) else { continue };
            let all = u64::MAX.checked_shr(64_u32.saturating_sub(pattern.segments.len() as u32));
            let seen = scratch.found.get(&index).map_or(0, |found| found.seen);
            if seen == all.unwrap_or(u64::MAX) {
                self.verify_everywhere(index, subject, scratch, budget)?;
            }
        }
        Ok(())
    }

    fn pattern(&self, index: u32) -> Option<Pattern<'_>> {
        let row = self.set.rows::<PatternRow>(Section::Patterns).get(index as usize)?;
        let segments = self.set.rows::<SegmentRow>(Section::Segments);
        let segments = slice_of(segments, row.first_segment.get(), row.segments.get().into())?;
        Some(Pattern { index, row, segments, programs: self.set.section(Section::Programs) })
    }
}

/// Looks at the clock after every so many verification steps.
fn spend(ends: &mut Ends, budget: &Budget) -> Result<(), Stop> {
    if ends.steps >= STEPS {
        ends.steps = 0;
        budget.check()?;
    }
    Ok(())
}

fn is_anchored(row: &PatternRow) -> bool {
    match place::read(row) {
        Some(Offset::Anywhere | Offset::InSection { .. }) | None => false,
        Some(_) => row.shift.get() == 0,
    }
}

fn literal_of<'s>(segment: &SegmentRow, programs: &'s [u8]) -> &'s [u8] {
    slice_of(programs, segment.literal.get(), segment.literal_length.get().into())
        .unwrap_or_default()
}

#[derive(Default)]
struct LiteralList<'s> {
    literals: Vec<&'s [u8]>,
    segments: Vec<u32>,
}

impl LiteralList<'_> {
    fn longest(&self) -> usize {
        self.literals.iter().map(|literal| literal.len()).max().unwrap_or(0)
    }

    fn build(self, either_case: bool) -> Result<Option<Literals>, aho_corasick::BuildError> {
        if self.literals.is_empty() {
            return Ok(None);
        }
        let automaton = AhoCorasickBuilder::new()
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(either_case)
            .build(&self.literals)?;
        Ok(Some(Literals { automaton, segments: self.segments }))
    }
}

impl Scratch {
    /// Whether further matches of a pattern make a difference.
    fn wants_more(&self, pattern: &Pattern<'_>) -> bool {
        match self.found.get(&pattern.index) {
            Some(found) if pattern.is_counted() => found.count() < MAX_COUNT,
            Some(found) => found.starts.is_empty(),
            None => true,
        }
    }

    fn add_start(&mut self, pattern: &Pattern<'_>, start: usize) {
        let starts = &mut self.found.entry(pattern.index).or_default().starts;
        match starts.binary_search(&(start as u64)) {
            Ok(_) => {}
            Err(place) => starts.insert(place, start as u64),
        }
    }
}

impl Pattern<'_> {
    fn is_counted(&self) -> bool {
        self.row.flags & FLAG_COUNTED != 0
    }

    fn is_meant_for(&self, subject: &Subject<'_>) -> bool {
        Target::from_number(self.row.target).is_some_and(|target| target.accepts(subject.types))
    }

    fn starts(&self, subject: &Subject<'_>) -> Option<RangeInclusive<u64>> {
        place::read(self.row)?.starts(subject)
    }

    fn program(&self, segment: &SegmentRow) -> &[u8] {
        slice_of(self.programs, segment.program.get(), segment.program_length.get())
            .unwrap_or_default()
    }

    /// Verifies a pattern of one segment at one start.
    fn verify_single(&self, start: usize, subject: &Subject<'_>, scratch: &mut Scratch) {
        let [segment] = self.segments else { return };
        let whole = SegmentSearch {
            pattern: self,
            segment,
            latest_end: usize::MAX,
            is_first: true,
            is_last: true,
        };
        if whole.fits(start, subject.data, &mut scratch.ends) {
            scratch.add_start(self, start);
        }
    }

    /// Verifies at every start in `allowed`. The segments are walked from the last to the first,
    /// since gaps between them have no upper bound: a segment helps if it can end early enough
    /// before the latest start of the next one.
    fn verify_range(
        &self,
        allowed: RangeInclusive<u64>,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        let Some((first, later)) = self.segments.split_first() else { return Ok(()) };
        let mut latest_end = usize::MAX;
        for (number, segment) in later.iter().enumerate().rev() {
            let is_last = number.saturating_add(1) == later.len();
            let search =
                SegmentSearch { pattern: self, segment, latest_end, is_first: false, is_last };
            let start = search.last_start(subject, &mut scratch.ends, budget)?;
            let Some(end) = start.and_then(|start| start.checked_sub(segment.gap.get() as usize))
            else {
                return Ok(());
            };
            latest_end = end;
        }
        let search = SegmentSearch {
            pattern: self,
            segment: first,
            latest_end,
            is_first: true,
            is_last: later.is_empty(),
        };
        let mut from = usize::try_from(*allowed.start()).unwrap_or(usize::MAX);
        let to = usize::try_from(*allowed.end()).unwrap_or(usize::MAX).min(subject.data.len());
        while scratch.wants_more(self)
            && let Some(start) = search.next_start(from, to, subject, &mut scratch.ends, budget)?
        {
            scratch.add_start(self, start);
            from = start.saturating_add(1);
        }
        Ok(())
    }
}

/// The search for one segment of a pattern that is verified on its own.
struct SegmentSearch<'p> {
    pattern: &'p Pattern<'p>,
    segment: &'p SegmentRow,
    /// The segment must be able to end here or before.
    latest_end: usize,
    is_first: bool,
    is_last: bool,
}

impl SegmentSearch<'_> {
    /// The last position where the segment fits.
    fn last_start(
        &self,
        subject: &Subject<'_>,
        ends: &mut Ends,
        budget: &Budget,
    ) -> Result<Option<usize>, Stop> {
        let (mut from, mut last) = (0, None);
        while let Some(start) = self.next_start(from, subject.data.len(), subject, ends, budget)? {
            last = Some(start);
            from = start.saturating_add(1);
        }
        Ok(last)
    }

    /// The first position in `from..=to` where the segment fits.
    fn next_start(
        &self,
        mut from: usize,
        to: usize,
        subject: &Subject<'_>,
        ends: &mut Ends,
        budget: &Budget,
    ) -> Result<Option<usize>, Stop> {
        while let Some(start) = self.candidate(from, to, subject.data, ends) {
            if self.fits(start, subject.data, ends) {
                return Ok(Some(start));
            }
            spend(ends, budget)?;
            from = start.saturating_add(1);
        }
        Ok(None)
    }

    /// The first position in `from..=to` that the segment's literal does not rule out.
    fn candidate(&self, from: usize, to: usize, data: &[u8], ends: &mut Ends) -> Option<usize> {
        if from > to || from > data.len() {
            return None;
        }
        let literal = literal_of(self.segment, self.pattern.programs);
        let (lead_min, lead_max) =
            (self.segment.lead_min.get() as usize, self.segment.lead_max.get() as usize);
        if literal.is_empty() || self.segment.literal_either_case != 0 || from == to {
            return Some(from);
        }
        let hay = data.get(from.saturating_add(lead_min)..)?;
        let found = Finder::new(literal).find(hay)?;
        ends.steps = ends.steps.saturating_add(found as u64 / 16);
        let position = from.saturating_add(lead_min).saturating_add(found);
        Some(position.saturating_sub(lead_max).max(from)).filter(|&start| start <= to)
    }

    fn fits(&self, start: usize, data: &[u8], ends: &mut Ends) -> bool {
        if !ends.run(self.pattern.program(self.segment), data, start) {
            return false;
        }
        let early = ends.first().is_some_and(|end| end <= self.latest_end);
        early && self.is_word(start, data, ends)
    }

    /// Whether the neighbours outside of the pattern allow a match, if it asks for a full word.
    fn is_word(&self, start: usize, data: &[u8], ends: &Ends) -> bool {
        let is_word_byte = |at: Option<usize>| {
            at.and_then(|at| data.get(at)).is_some_and(u8::is_ascii_alphanumeric)
        };
        self.pattern.row.flags & FLAG_FULL_WORD == 0
            || (!self.is_first || !is_word_byte(start.checked_sub(1)))
                && (!self.is_last || ends.positions().any(|end| !is_word_byte(Some(end))))
    }
}
