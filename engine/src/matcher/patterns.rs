//! Byte patterns: literals of all patterns in one Aho-Corasick pass, then verification in place.
//!
//! Every segment (a piece of a pattern without unbounded gaps) carries its rarest literal. Where the
//! literal is seen, the segment's program is run at each start that it allows. A pattern of one
//! segment is decided there; one of several is decided after the pass, and only if all its literals
//! were seen. A pattern that may start at one position only is verified at that position instead.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Range, RangeInclusive};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use memchr::memmem::{Finder, FinderRev};

use super::pattern::{Offset, Target};
use super::place::VersionKeys;
use super::program::Ends;
use super::{Subject, expression, place};
use crate::limits::{Budget, Stop};
use crate::set::layout::{
    FLAG_COUNTED, LogicalRow, MAX_COUNT, PatternRow, Section, SegmentRow, WHOLE,
};
use crate::set::{SignatureSet, slice_of};

/// Bytes searched between two looks at the clock.
const STEP: usize = 4 << 20;

/// The patterns of one set, ready to be searched for.
pub(super) struct Patterns {
    set: SignatureSet,
    exact: Option<Literals>,
    either_case: Option<Literals>,
    /// Patterns that may start at one position only.
    anchored: Vec<u32>,
    /// Patterns with a segment that has no literal.
    everywhere: Vec<u32>,
    /// For each pattern that is counted: how many matches make a difference to its expression.
    counted: HashMap<u32, u32>,
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
    /// Where it starts: as many places as make a difference.
    starts: Vec<u64>,
    /// For a pattern of several segments: where the literal of each was seen.
    places: Vec<Option<Places>>,
}

/// The first and the last position where a literal was seen.
#[derive(Clone, Copy)]
struct Places {
    first: usize,
    last: usize,
}

impl Found {
    /// Notes where the literal of a segment was seen.
    fn see(&mut self, pattern: &Pattern<'_>, segment: u32, position: usize) {
        self.places.resize(pattern.segments.len(), None);
        if let Some(places) = self.places.get_mut(segment as usize) {
            let seen = places.get_or_insert(Places { first: position, last: position });
            seen.first = seen.first.min(position);
            seen.last = seen.last.max(position);
        }
    }

    /// The first place where it starts.
    pub(super) fn first(&self) -> Option<u64> {
        self.starts.iter().copied().min()
    }

    /// In how many places it starts, exact below the first number that makes no difference.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }
}

/// Room for one search, used again for the next object.
#[derive(Default)]
pub(super) struct Scratch {
    ends: Ends,
    /// By pattern; empty slots for patterns that were not seen.
    found: BTreeMap<u32, Found>,
    version_keys: VersionKeys,
}

impl Scratch {
    /// What was found of a pattern.
    pub(super) fn found(&self, pattern: u32) -> Option<&Found> {
        self.found.get(&pattern).filter(|found| !found.starts.is_empty())
    }

    /// What of the object could not be read, so that patterns may be missing.
    pub(super) fn refused(&self) -> Option<Stop> {
        self.version_keys.refused
    }

    /// The patterns that matched, in rising order.
    pub(super) fn matched(&self) -> Vec<u32> {
        let matched = self.found.iter().filter(|(_, found)| !found.starts.is_empty());
        matched.map(|(&pattern, _)| pattern).collect()
    }
}

/// One pattern with everything that verifying it needs.
#[derive(Clone, Copy)]
struct Pattern<'s> {
    index: u32,
    row: &'s PatternRow,
    segments: &'s [SegmentRow],
    programs: &'s [u8],
    /// Further matches make no difference.
    most: u32,
}

impl Patterns {
    pub(super) fn new(set: &SignatureSet) -> Result<Self, aho_corasick::BuildError> {
        let mut anchored = Vec::new();
        let mut everywhere = Vec::new();
        let mut counted = HashMap::new();
        let (mut exact, mut either_case) = (LiteralList::default(), LiteralList::default());
        let programs = set.section(Section::Programs);
        let segments = set.rows::<SegmentRow>(Section::Segments);
        for (index, row) in (0_u32..).zip(set.rows::<PatternRow>(Section::Patterns)) {
            let (first, count) = (row.first_segment.get(), u32::from(row.segments.get()));
            let own = slice_of(segments, first, count).unwrap_or_default();
            if row.flags & FLAG_COUNTED != 0 {
                counted.insert(index, most_of(set, row));
            }
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
        Ok(Self { set, exact, either_case, anchored, everywhere, counted, longest_literal })
    }

    /// Finds every pattern that matches `subject`, into `scratch`.
    pub(super) fn search(
        &self,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        scratch.found.clear();
        scratch.version_keys = VersionKeys::default();
        let searched = self.search_all(subject, scratch, budget);
        scratch.ends.clear();
        searched
    }

    fn search_all(
        &self,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
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
        // Many segments can share a literal, and files can be full of it.
        scratch.ends.spend(1, budget)?;
        let Some(row) = self.set.rows::<SegmentRow>(Section::Segments).get(segment as usize) else {
            return Ok(());
        };
        let Some(pattern) = self.pattern(row.pattern.get()) else { return Ok(()) };
        if !pattern.is_meant_for(subject) {
            return Ok(());
        }
        if pattern.segments.len() > 1 {
            let number = segment.saturating_sub(pattern.row.first_segment.get());
            scratch.found.entry(pattern.index).or_default().see(&pattern, number, position);
            return Ok(());
        }
        let Some(allowed) = pattern.starts(subject) else { return Ok(()) };
        let before = |lead: u32| (position as u64).checked_sub(lead.into());
        let Some(latest) = before(row.lead_min.get()) else { return Ok(()) };
        let earliest = before(row.lead_max.get()).unwrap_or(0);
        for start in earliest.max(*allowed.start())..=latest.min(*allowed.end()) {
            if !scratch.wants_more(&pattern) {
                break;
            }
            pattern.verify_single(start as usize, subject, scratch, budget)?;
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
            Some(allowed) => pattern.verify_range(allowed, &[], subject, scratch, budget),
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
        let all_seen = |found: &mut Found| {
            let places: Option<Vec<Places>> = found.places.iter().copied().collect();
            places.filter(|places| !places.is_empty())
        };
        let candidates: Vec<(u32, Vec<Places>)> = scratch
            .found
            .iter_mut()
            .filter_map(|(&index, found)| Some((index, all_seen(found)?)))
            .collect();
        for (index, places) in candidates {
            let Some(pattern) = self.pattern(index) else { continue };
            if let Some(allowed) = pattern.starts(subject) {
                pattern.verify_range(allowed, &places, subject, scratch, budget)?;
            }
        }
        Ok(())
    }

    fn pattern(&self, index: u32) -> Option<Pattern<'_>> {
        let row = self.set.rows::<PatternRow>(Section::Patterns).get(index as usize)?;
        let segments = self.set.rows::<SegmentRow>(Section::Segments);
        let segments = slice_of(segments, row.first_segment.get(), row.segments.get().into())?;
        let most = self.counted.get(&index).copied().unwrap_or(1);
        let programs = self.set.section(Section::Programs);
        Some(Pattern { index, row, segments, programs, most })
    }
}

/// How many matches of a counted pattern make a difference to the expression that asks for them.
fn most_of(set: &SignatureSet, row: &PatternRow) -> u32 {
    let logicals = set.rows::<LogicalRow>(Section::Logicals);
    let owner = logicals.get(row.owner.get() as usize).filter(|_| row.part != WHOLE);
    let Some(owner) = owner else { return 1 };
    let expressions = set.section(Section::Expressions);
    slice_of(expressions, owner.expression.get(), owner.expression_length.get())
        .map_or(1, expression::greatest_number)
        .saturating_add(1)
        .min(MAX_COUNT)
}

fn is_anchored(row: &PatternRow) -> bool {
    match place::read(row) {
        Some(Offset::Anywhere | Offset::InSection { .. } | Offset::VersionString) | None => false,
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
        self.found.get(&pattern.index).is_none_or(|found| found.count() < pattern.most)
    }

    /// Notes that a pattern matches at `start`, if its offset allows it there.
    fn add_start(
        &mut self,
        pattern: &Pattern<'_>,
        start: usize,
        subject: &Subject<'_>,
        budget: &Budget,
    ) {
        let allowed = place::read(pattern.row)
            .is_some_and(|offset| self.version_keys.allow(offset, start as u64, subject, budget));
        if !allowed {
            return;
        }
        let starts = &mut self.found.entry(pattern.index).or_default().starts;
        match starts.binary_search(&(start as u64)) {
            Ok(_) => {}
            Err(place) => starts.insert(place, start as u64),
        }
    }
}

impl Pattern<'_> {
    fn is_meant_for(&self, subject: &Subject<'_>) -> bool {
        Target::from_number(self.row.target).is_some_and(|target| target.accepts(subject))
    }

    fn starts(&self, subject: &Subject<'_>) -> Option<RangeInclusive<u64>> {
        place::read(self.row)?.starts(subject)
    }

    fn program(&self, segment: &SegmentRow) -> &[u8] {
        slice_of(self.programs, segment.program.get(), segment.program_length.get())
            .unwrap_or_default()
    }

    /// Verifies a pattern of one segment at one start.
    fn verify_single(
        &self,
        start: usize,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        let [segment] = self.segments else { return Ok(()) };
        let whole = SegmentSearch::new(self, segment, usize::MAX);
        if whole.fits(start, subject.data, &mut scratch.ends, budget)? {
            scratch.add_start(self, start, subject, budget);
        }
        Ok(())
    }

    /// Verifies at every start in `allowed`. The segments are walked from the last to the first,
    /// since gaps between them have no upper bound: a segment helps if it can end early enough
    /// before the latest start of the next one. `places` says where the literal of each segment was
    /// seen, if the literals were searched for.
    fn verify_range(
        &self,
        allowed: RangeInclusive<u64>,
        places: &[Places],
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        let Some((first, later)) = self.segments.split_first() else { return Ok(()) };
        let mut latest_end = usize::MAX;
        for (number, segment) in later.iter().enumerate().rev() {
            let search = SegmentSearch::new(self, segment, latest_end);
            let within = search.starts_near(places.get(number.saturating_add(1)), subject.data);
            let start = search.last_start(within, subject.data, &mut scratch.ends, budget)?;
            let Some(end) = start.and_then(|start| start.checked_sub(segment.gap.get() as usize))
            else {
                return Ok(());
            };
            latest_end = end;
        }
        let search = SegmentSearch::new(self, first, latest_end);
        let within = search.starts_near(places.first(), subject.data);
        let mut from = usize::try_from(*allowed.start()).unwrap_or(usize::MAX).max(within.start);
        let to = usize::try_from(*allowed.end()).unwrap_or(usize::MAX).min(within.end);
        while scratch.wants_more(self)
            && let Some(start) =
                search.next_start(from, to, subject.data, &mut scratch.ends, budget)?
        {
            scratch.add_start(self, start, subject, budget);
            from = start.saturating_add(1);
        }
        Ok(())
    }
}

/// The search for one segment of a pattern that is verified on its own.
struct SegmentSearch<'p> {
    pattern: &'p Pattern<'p>,
    segment: &'p SegmentRow,
    /// The literal, where it can rule out positions.
    literal: &'p [u8],
    /// The segment must be able to end here or before.
    latest_end: usize,
}

impl<'p> SegmentSearch<'p> {
    fn new(pattern: &'p Pattern<'p>, segment: &'p SegmentRow, latest_end: usize) -> Self {
        let literal = literal_of(segment, pattern.programs);
        let literal = if segment.literal_either_case == 0 { literal } else { &[] };
        Self { pattern, segment, literal, latest_end }
    }

    /// The positions, `end` included, where the segment can start if its literal was seen at
    /// `places` and between them.
    fn starts_near(&self, places: Option<&Places>, data: &[u8]) -> Range<usize> {
        let (lead_min, lead_max) = self.lead();
        let end = data.len().min(self.latest_end);
        places.map_or(0..end, |places| {
            places.first.saturating_sub(lead_max)..places.last.saturating_sub(lead_min).min(end)
        })
    }

    /// The last position in `within`, its end included, where the segment fits; searched from the
    /// end: what files are full of is then found at once.
    fn last_start(
        &self,
        within: Range<usize>,
        data: &[u8],
        ends: &mut Ends,
        budget: &Budget,
    ) -> Result<Option<usize>, Stop> {
        let mut to = Some(within.end);
        while let Some(latest) = to
            && let Some(start) = self.candidate_before(within.start, latest, data, ends, budget)?
        {
            if self.fits(start, data, ends, budget)? {
                return Ok(Some(start));
            }
            to = start.checked_sub(1);
        }
        Ok(None)
    }

    /// The first position in `from..=to` where the segment fits.
    fn next_start(
        &self,
        mut from: usize,
        to: usize,
        data: &[u8],
        ends: &mut Ends,
        budget: &Budget,
    ) -> Result<Option<usize>, Stop> {
        while let Some(start) = self.candidate(from, to, data, ends, budget)? {
            if self.fits(start, data, ends, budget)? {
                return Ok(Some(start));
            }
            from = start.saturating_add(1);
        }
        Ok(None)
    }

    /// The first position in `from..=to` that the segment's literal does not rule out.
    fn candidate(
        &self,
        from: usize,
        to: usize,
        data: &[u8],
        ends: &mut Ends,
        budget: &Budget,
    ) -> Result<Option<usize>, Stop> {
        if from > to || from > data.len() {
            return Ok(None);
        }
        if self.literal.is_empty() || from == to {
            return Ok(Some(from));
        }
        let (lead_min, lead_max) = self.lead();
        let (first, last) = (from.saturating_add(lead_min), to.saturating_add(lead_max));
        let finder = Finder::new(self.literal);
        let mut at = first;
        while let Some(window) = window(data, at, last, self.literal.len()) {
            ends.spend_bytes(window.len() as u64, budget)?;
            if let Some(found) = finder.find(window) {
                let start = at.saturating_add(found).saturating_sub(lead_max).max(from);
                return Ok(Some(start).filter(|&start| start <= to));
            }
            at = at.saturating_add(STEP);
        }
        Ok(None)
    }

    /// The last position in `from..=to` that the segment's literal does not rule out.
    fn candidate_before(
        &self,
        from: usize,
        to: usize,
        data: &[u8],
        ends: &mut Ends,
        budget: &Budget,
    ) -> Result<Option<usize>, Stop> {
        if from > to {
            return Ok(None);
        }
        if self.literal.is_empty() {
            return Ok(Some(to));
        }
        let (lead_min, lead_max) = self.lead();
        let first = from.saturating_add(lead_min);
        let finder = LastFinder::new(self.literal);
        let mut last = Some(to.saturating_add(lead_max).min(data.len()));
        while let Some(end) = last.filter(|&end| end >= first) {
            let at = end.saturating_add(1).saturating_sub(STEP).max(first);
            let window = window(data, at, end, self.literal.len()).unwrap_or_default();
            ends.spend_bytes(window.len() as u64, budget)?;
            if let Some(found) = finder.find(window) {
                let start = at.saturating_add(found).saturating_sub(lead_min);
                return Ok(Some(start.min(to)));
            }
            last = at.checked_sub(1);
        }
        Ok(None)
    }

    /// The least and the greatest distance from the segment's start to its literal.
    fn lead(&self) -> (usize, usize) {
        (self.segment.lead_min.get() as usize, self.segment.lead_max.get() as usize)
    }

    fn fits(
        &self,
        start: usize,
        data: &[u8],
        ends: &mut Ends,
        budget: &Budget,
    ) -> Result<bool, Stop> {
        if !ends.run(self.pattern.program(self.segment), data, start, budget)? {
            return Ok(false);
        }
        Ok(ends.first().is_some_and(|end| end <= self.latest_end))
    }
}

/// Finds the last place of a literal. Searching forward is some twenty times faster than backward, so
/// only the tail is searched backward, where files that are full of the literal have it, and the rest
/// forward, block by block from the end.
struct LastFinder<'l> {
    forward: Finder<'l>,
    backward: FinderRev<'l>,
    overlap: usize,
}

impl<'l> LastFinder<'l> {
    const TAIL: usize = 256;
    const BLOCK: usize = 16 << 10;

    fn new(literal: &'l [u8]) -> Self {
        let overlap = literal.len().saturating_sub(1);
        Self { forward: Finder::new(literal), backward: FinderRev::new(literal), overlap }
    }

    fn find(&self, data: &[u8]) -> Option<usize> {
        let tail = data.len().saturating_sub(Self::TAIL);
        if let Some(found) = self.backward.rfind(data.get(tail..)?) {
            return Some(tail.saturating_add(found));
        }
        let mut stop = tail;
        while stop > 0 {
            let start = stop.saturating_sub(Self::BLOCK);
            let end = stop.saturating_add(self.overlap).min(data.len());
            if let Some(found) = self.last_in(data.get(start..end)?) {
                return Some(start.saturating_add(found));
            }
            stop = start;
        }
        None
    }

    fn last_in(&self, block: &[u8]) -> Option<usize> {
        let (mut last, mut from) = (None, 0);
        while let Some(found) = self.forward.find(block.get(from..)?) {
            let place = from.saturating_add(found);
            (last, from) = (Some(place), place.saturating_add(1));
        }
        last
    }
}

/// The next piece of `data` in which a literal of this length may begin, from `at` to `last`.
fn window(data: &[u8], at: usize, last: usize, literal: usize) -> Option<&[u8]> {
    if at > last || at >= data.len() {
        return None;
    }
    let stop = last.saturating_add(1).min(at.saturating_add(STEP));
    let end = stop.saturating_add(literal.saturating_sub(1)).min(data.len());
    data.get(at..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_place_is_the_one_that_a_backward_search_finds() {
        for literal in [&b"aa"[..], b"ab", b"aba"] {
            let finder = LastFinder::new(literal);
            for place in [0, 1, 200, 255, 256, 257, 16_000, 16_639, 16_640, 16_641, 40_000] {
                for length in [place, place + 2, place + 3, place + 300, place + 17_000] {
                    let mut data = vec![b'x'; length];
                    let end = length.min(place + literal.len());
                    data[place.min(end)..end].copy_from_slice(&literal[..end - place.min(end)]);
                    assert_eq!(finder.find(&data), FinderRev::new(literal).rfind(&data));
                }
            }
        }
    }
}
