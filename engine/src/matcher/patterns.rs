//! Byte patterns: one pass of the filters over the data, then verification in place.
//!
//! Of every pattern one run of rare bytes is known to the filters (`filter/`). Where it is seen, the
//! program of the segment (a piece of a pattern without unbounded gaps) that it lies in is run at each
//! start that it allows. A pattern of one segment is decided there; one of several after the pass, if
//! the segment was seen. A pattern that may start at one position only is looked up by the bytes there
//! instead, and one that a logical signature asks for only when its rarer parts are there is looked
//! for when it asks ([`Patterns::find_late`]).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::{Range, RangeInclusive};

use super::filter::{self, Buffers, Kernel, REGION, Search};
use super::literal_search::LiteralSearch;
use super::place::VersionKeys;
use super::program::Ends;
use super::target::Target;
use super::{Subject, expression, place};
use crate::limits::{Budget, Stop};
use crate::set::layout::{
    ALWAYS_PATTERN, AlwaysRow, AnchorRow, FLAG_COUNTED, LogicalRow, MAX_COUNT, NO_LEAD, PatternRow,
    PlaceEntry, PlaceRow, Section, SegmentRow, WHOLE,
};
use crate::set::{SignatureSet, slice_of};

/// Bytes searched between two looks at the clock.
const STEP: usize = 4 << 20;

/// The patterns of one set. All there is to know stands in the set.
pub(super) struct Patterns {
    set: SignatureSet,
}

/// What is known about one pattern in one object.
#[derive(Default)]
pub(super) struct Found {
    /// Where it starts, in rising order: as many places as make a difference.
    starts: Vec<u64>,
    /// For a pattern of several segments: where one of them was seen.
    seen: Option<Seen>,
    /// Further matches make no difference.
    most: u32,
}

/// Where a segment of a pattern was seen.
#[derive(Clone, Copy)]
struct Seen {
    /// The number of the segment inside of the pattern.
    segment: u32,
    /// The first start.
    first: usize,
    /// The last start.
    last: usize,
}

impl Found {
    /// Notes where a segment was seen.
    fn see(&mut self, segment: u32, start: usize) {
        let seen = self.seen.get_or_insert(Seen { segment, first: start, last: start });
        seen.first = seen.first.min(start);
        seen.last = seen.last.max(start);
    }

    /// The first place where it starts.
    pub(super) fn first(&self) -> Option<u64> {
        self.starts.first().copied()
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
    buffers: Buffers,
    /// By pattern; empty slots for patterns of which a piece was seen, or that were looked for late.
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
    pub(super) fn new(set: &SignatureSet) -> Self {
        Self { set: set.clone() }
    }

    /// Finds every pattern that matches `subject` into `scratch`, those aside that are looked for late.
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

    /// Looks for a pattern that the search left for later; whether it matches.
    pub(super) fn find_late(
        &self,
        index: u32,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<bool, Stop> {
        if let Entry::Vacant(unsearched) = scratch.found.entry(index) {
            unsearched.insert(Found::default());
            self.verify_everywhere(index, subject, scratch, budget)?;
        }
        Ok(scratch.found(index).is_some())
    }

    fn search_all(
        &self,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        self.search_places(subject, scratch, budget)?;
        for row in self.set.rows::<AlwaysRow>(Section::Always) {
            if row.kind.get() == ALWAYS_PATTERN {
                self.verify_everywhere(row.row.get(), subject, scratch, budget)?;
            }
        }
        self.search_filters(subject, scratch, budget)?;
        self.decide_long_ones(subject, scratch, budget)
    }

    /// Verifies the patterns that may start at one position only, where four of their bytes are there.
    fn search_places(
        &self,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        let places = self.set.rows::<PlaceRow>(Section::Places);
        let entries = self.set.rows::<PlaceEntry>(Section::PlaceEntries);
        for of_one_target in places.chunk_by(|a, b| a.target == b.target) {
            let target = of_one_target.first().and_then(|row| Target::from_number(row.target));
            if !target.is_some_and(|target| target.accepts(subject)) {
                continue;
            }
            for row in of_one_target {
                let entries = slice_of(entries, row.first.get(), row.count.get());
                for entry in candidates_at(row, entries.unwrap_or_default(), subject) {
                    self.verify_everywhere(entry.pattern.get(), subject, scratch, budget)?;
                }
            }
        }
        Ok(())
    }

    /// One pass over the data for everything that is in the filters.
    fn search_filters(
        &self,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        let search = Search::new(&self.set.filter_sections(), Kernel::best());
        if search.is_empty() {
            return Ok(());
        }
        let mut buffers = std::mem::take(&mut scratch.buffers);
        let data = subject.data;
        let mut searched = Ok(());
        for start in (0..data.len()).step_by(REGION) {
            let region = start..start.saturating_add(REGION).min(data.len());
            searched = budget.check().and_then(|()| {
                search.region(data, region, &mut buffers, &mut |seen| {
                    self.on_anchor(seen, subject, scratch, budget)
                })
            });
            if searched.is_err() {
                buffers = Buffers::default();
                break;
            }
        }
        scratch.buffers = buffers;
        searched
    }

    /// Verifies the segment that an anchor belongs to.
    fn on_anchor(
        &self,
        seen: filter::Seen,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        // Many segments can share an anchor's bytes, and files can be full of them.
        scratch.ends.spend(1, budget)?;
        let anchor = self.set.rows::<AnchorRow>(Section::Anchors).get(seen.anchor as usize);
        let Some(anchor) = anchor else { return Ok(()) };
        let segments = self.set.rows::<SegmentRow>(Section::Segments);
        let Some(row) = segments.get(anchor.segment.get() as usize) else { return Ok(()) };
        let Some(pattern) = self.pattern(row.pattern.get()) else { return Ok(()) };
        if !pattern.is_meant_for(subject) {
            return Ok(());
        }
        let before = |lead: u32| (seen.run as u64).checked_sub(lead.into());
        let Some(latest) = before(anchor.lead_min.get()) else { return Ok(()) };
        let lead_max = anchor.lead_min.get().saturating_add(anchor.spread.get().into());
        let earliest = before(lead_max).unwrap_or(0);
        let pattern = pattern.with_most(self.most_of(&pattern, scratch));
        if pattern.segments.len() > 1 {
            let number = anchor.segment.get().saturating_sub(pattern.row.first_segment.get());
            let range = earliest as usize..=latest as usize;
            return pattern.see_segment(number, range, subject, scratch, budget);
        }
        let Some(allowed) = pattern.starts(subject) else { return Ok(()) };
        for start in earliest.max(*allowed.start())..=latest.min(*allowed.end()) {
            if !scratch.wants(&pattern, start) {
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
        let pattern = pattern.with_most(self.most_of(&pattern, scratch));
        match pattern.starts(subject).filter(|_| pattern.is_meant_for(subject)) {
            Some(allowed) => pattern.verify_range(allowed, None, subject, scratch, budget),
            None => Ok(()),
        }
    }

    /// Decides the patterns of several segments of which one was seen.
    fn decide_long_ones(
        &self,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        let candidates: Vec<(u32, Seen, u32)> = scratch
            .found
            .iter()
            .filter_map(|(&index, found)| Some((index, found.seen?, found.most)))
            .collect();
        for (index, seen, most) in candidates {
            let Some(pattern) = self.pattern(index) else { continue };
            let pattern = pattern.with_most(most);
            if let Some(allowed) = pattern.starts(subject) {
                pattern.verify_range(allowed, Some(seen), subject, scratch, budget)?;
            }
        }
        Ok(())
    }

    /// How many matches of a pattern make a difference.
    fn most_of(&self, pattern: &Pattern<'_>, scratch: &Scratch) -> u32 {
        if pattern.row.flags & FLAG_COUNTED == 0 {
            return 1;
        }
        let known = scratch.found.get(&pattern.index).map(|found| found.most);
        known.filter(|&most| most > 0).unwrap_or_else(|| most_of(&self.set, pattern.row))
    }

    fn pattern(&self, index: u32) -> Option<Pattern<'_>> {
        let row = self.set.rows::<PatternRow>(Section::Patterns).get(index as usize)?;
        let segments = self.set.rows::<SegmentRow>(Section::Segments);
        let segments = slice_of(segments, row.first_segment.get(), row.segments.get().into())?;
        let programs = self.set.section(Section::Programs);
        Some(Pattern { index, row, segments, programs, most: 1 })
    }
}

/// The patterns of a place whose four bytes are there.
fn candidates_at<'s>(
    place: &PlaceRow,
    entries: &'s [PlaceEntry],
    subject: &Subject<'_>,
) -> &'s [PlaceEntry] {
    let starts = place::read_place(place).and_then(|offset| offset.starts(subject));
    let Some(start) = starts.map(|starts| *starts.start() as usize) else { return &[] };
    if place.lead.get() == NO_LEAD {
        return entries;
    }
    let text = start
        .checked_add(place.lead.get() as usize)
        .and_then(|at| subject.data.get(at..)?.first_chunk::<4>());
    let Some(text) = text.map(|text| u32::from_le_bytes(*text)) else { return &[] };
    let first = entries.partition_point(|entry| entry.bytes.get() < text);
    let rest = entries.get(first..).unwrap_or_default();
    let count = rest.partition_point(|entry| entry.bytes.get() == text);
    rest.get(..count).unwrap_or_default()
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

fn literal_of<'s>(segment: &SegmentRow, programs: &'s [u8]) -> &'s [u8] {
    slice_of(programs, segment.literal.get(), segment.literal_length.get().into())
        .unwrap_or_default()
}

impl Scratch {
    /// Whether further matches of a pattern make a difference.
    fn wants_more(&self, pattern: &Pattern<'_>) -> bool {
        self.found.get(&pattern.index).is_none_or(|found| found.count() < pattern.most)
    }

    /// Whether a match that starts there makes a difference: it is one more, or the first. The filters
    /// do not see positions in their order.
    fn wants(&self, pattern: &Pattern<'_>, start: u64) -> bool {
        self.found.get(&pattern.index).is_none_or(|found| {
            found.count() < pattern.most || found.starts.first().is_none_or(|&first| start < first)
        })
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
        let found = self.found.entry(pattern.index).or_default();
        found.most = pattern.most;
        let starts = &mut found.starts;
        match starts.binary_search(&(start as u64)) {
            Ok(_) => {}
            Err(place) => {
                starts.insert(place, start as u64);
                starts.truncate(pattern.most as usize);
            }
        }
    }
}

impl<'s> Pattern<'s> {
    fn with_most(self, most: u32) -> Self {
        Self { most, ..self }
    }
}

impl Pattern<'_> {
    /// Notes where a segment of several begins, if it does so in `starts`.
    fn see_segment(
        &self,
        number: u32,
        starts: RangeInclusive<usize>,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        let Some(segment) = self.segments.get(number as usize) else { return Ok(()) };
        for start in starts {
            if scratch.ends.run(self.program(segment), subject.data, start, budget)? {
                let found = scratch.found.entry(self.index).or_default();
                found.most = self.most;
                found.see(number, start);
            }
        }
        Ok(())
    }

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
    /// before the latest start of the next one. `seen` says where one of them was seen, if it was
    /// searched for.
    fn verify_range(
        &self,
        allowed: RangeInclusive<u64>,
        seen: Option<Seen>,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        let Some((first, later)) = self.segments.split_first() else { return Ok(()) };
        let mut latest_end = usize::MAX;
        for (number, segment) in later.iter().enumerate().rev() {
            let search = SegmentSearch::new(self, segment, latest_end);
            let within = search.starts_near(seen, number.saturating_add(1), subject.data);
            let start = search.last_start(within, subject.data, &mut scratch.ends, budget)?;
            let Some(end) = start.and_then(|start| start.checked_sub(segment.gap.get() as usize))
            else {
                return Ok(());
            };
            latest_end = end;
        }
        let search = SegmentSearch::new(self, first, latest_end);
        let within = search.starts_near(seen, 0, subject.data);
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
    /// The literal, which rules out positions; it may be empty.
    literal: &'p [u8],
    /// The segment must be able to end here or before.
    latest_end: usize,
}

impl<'p> SegmentSearch<'p> {
    fn new(pattern: &'p Pattern<'p>, segment: &'p SegmentRow, latest_end: usize) -> Self {
        let literal = literal_of(segment, pattern.programs);
        Self { pattern, segment, literal, latest_end }
    }

    /// The positions, `end` included, where the segment can start, by what was seen of the pattern.
    fn starts_near(&self, seen: Option<Seen>, number: usize, data: &[u8]) -> Range<usize> {
        let end = data.len().min(self.latest_end);
        match seen.filter(|seen| seen.segment as usize == number) {
            Some(seen) => seen.first..seen.last.min(end),
            None => 0..end,
        }
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
        let search = self.literal_search();
        let mut at = first;
        while let Some(window) = window(data, at, last, self.literal.len()) {
            ends.spend_bytes(window.len() as u64, budget)?;
            if let Some(found) = search.first(window) {
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
        let search = self.literal_search();
        let mut last = Some(to.saturating_add(lead_max).min(data.len()));
        while let Some(end) = last.filter(|&end| end >= first) {
            let at = end.saturating_add(1).saturating_sub(STEP).max(first);
            let window = window(data, at, end, self.literal.len()).unwrap_or_default();
            ends.spend_bytes(window.len() as u64, budget)?;
            if let Some(found) = search.last(window) {
                let start = at.saturating_add(found).saturating_sub(lead_min);
                return Ok(Some(start.min(to)));
            }
            last = at.checked_sub(1);
        }
        Ok(None)
    }

    fn literal_search(&self) -> LiteralSearch<'p> {
        LiteralSearch::new(self.literal, self.segment.literal_either_case != 0)
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

/// The next piece of `data` in which a literal of this length may begin, from `at` to `last`.
fn window(data: &[u8], at: usize, last: usize, literal: usize) -> Option<&[u8]> {
    if at > last || at >= data.len() {
        return None;
    }
    let stop = last.saturating_add(1).min(at.saturating_add(STEP));
    let end = stop.saturating_add(literal.saturating_sub(1)).min(data.len());
    data.get(at..end)
}
