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

use super::filter::{self, Buffers, Kernel, REGION, Search, Sections};
use super::late::FEW_STARTS;
use super::literal_search::LiteralSearch;
use super::place::VersionKeys;
use super::program::Ends;
use super::target::Target;
use super::{Damage, Subject, logicals, place};
use crate::limits::{Budget, Stop};
use crate::set::layout::{
    ALWAYS_PATTERN, AlwaysRow, AnchorRow, FLAG_COUNTED, MAX_PARTS, NO_LEAD, PlaceEntry, PlaceRow,
    Section, SegmentRow, TableRow,
};
use crate::set::{Damaged, PatternRows, Rows, SignatureSet};

/// Cells of the filters' directories that are looked at in one step.
const CELLS_A_STEP: u64 = 16;
/// Bytes searched between two looks at the clock.
const STEP: usize = 4 << 20;

/// The patterns of one set. All there is to know stands in the set.
pub(super) struct Patterns {
    set: SignatureSet,
    /// How filters are probed.
    kernel: Kernel,
}

/// What is known about one pattern in one object.
#[derive(Default)]
pub(super) struct Found {
    /// Where it starts, in rising order: as many places as make a difference.
    starts: Vec<u64>,
    /// For a pattern of several segments: where those of them were seen that were searched for.
    seen: Vec<Seen>,
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
        match self.seen.iter_mut().find(|seen| seen.segment == segment) {
            Some(seen) => {
                seen.first = seen.first.min(start);
                seen.last = seen.last.max(start);
            }
            None => self.seen.push(Seen { segment, first: start, last: start }),
        }
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
    /// What of the set could not be used.
    pub(super) damage: Damage,
}

/// Why a step of the search was left: it cannot go on, or a piece of the set is damaged and the search
/// goes on without it.
#[derive(Debug)]
pub(super) enum Left {
    Stop(Stop),
    Damaged(Damaged),
}

impl From<Stop> for Left {
    fn from(stop: Stop) -> Self {
        Left::Stop(stop)
    }
}

impl From<Damaged> for Left {
    fn from(damaged: Damaged) -> Self {
        Left::Damaged(damaged)
    }
}

impl Scratch {
    /// What a step of the search gave, if it was not left for damage, which is noted.
    pub(super) fn keep<T>(&mut self, step: Result<T, Left>) -> Result<Option<T>, Stop> {
        match step {
            Ok(outcome) => Ok(Some(outcome)),
            Err(Left::Stop(stop)) => Err(stop),
            Err(Left::Damaged(damaged)) => {
                self.damage.keep::<T>(Err(damaged));
                Ok(None)
            }
        }
    }

    /// Notes that so many bytes of the set are read.
    pub(super) fn spend_bytes(&mut self, bytes: u64, budget: &Budget) -> Result<(), Stop> {
        self.ends.spend_bytes(bytes, budget)
    }

    /// Whether a pattern that is looked for late was looked for.
    pub(super) fn was_looked_for(&self, pattern: u32) -> bool {
        self.found.contains_key(&pattern)
    }

    /// Whether one of its segments was seen.
    pub(super) fn has_seen(&self, pattern: u32, segment: u32) -> bool {
        let seen = self.found.get(&pattern).map(|found| &found.seen);
        seen.is_some_and(|seen| seen.iter().any(|seen| seen.segment == segment))
    }

    /// Notes that a pattern was looked for.
    pub(super) fn note_looked_for(&mut self, pattern: u32) {
        self.found.entry(pattern).or_default();
    }

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
pub(super) struct Pattern<'s> {
    set: &'s SignatureSet,
    index: u32,
    pub(super) rows: PatternRows<'s>,
    /// Further matches make no difference.
    most: u32,
}

impl Patterns {
    pub(super) fn new(set: &SignatureSet, kernel: Kernel) -> Self {
        Self { set: set.clone(), kernel }
    }

    pub(super) fn set(&self) -> &SignatureSet {
        &self.set
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
        scratch.damage = Damage::default();
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
            let verified = self.verify_everywhere(index, subject, scratch, budget);
            scratch.keep(verified)?;
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
                let verified = self.verify_everywhere(row.row.get(), subject, scratch, budget);
                scratch.keep(verified)?;
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
        for of_one_target in places.chunk_by(|a, b| a.target == b.target) {
            let target = of_one_target.first().and_then(|row| Target::from_number(row.target));
            if !target.is_some_and(|target| target.accepts(subject)) {
                continue;
            }
            for row in of_one_target {
                let entries = self.set.place_entries(row).map_err(Left::from);
                let entries = scratch.keep(entries)?.unwrap_or_default();
                for entry in candidates_at(row, entries, subject) {
                    let pattern = entry.pattern.get();
                    let verified = self.verify_everywhere(pattern, subject, scratch, budget);
                    scratch.keep(verified)?;
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
        self.pass(&self.set.filter_sections(), subject, scratch, budget)
    }

    /// One pass over the data with some tables, whose anchors lie in the set's segments.
    pub(super) fn pass(
        &self,
        sections: &Sections<'_>,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        // Tables of an object's own target hold what is looked for in every object, too.
        let target = |row: &TableRow| Target::from_number(row.target).unwrap_or_default();
        let is_own = |row: &TableRow| row.target != 0 && target(row).accepts(subject);
        let has_own = sections.tables.iter().any(is_own);
        let is_wanted = |row: &TableRow| if has_own { is_own(row) } else { row.target == 0 };
        let search = Search::new(sections, self.kernel, is_wanted);
        if search.is_empty() {
            return Ok(());
        }
        let mut buffers = std::mem::take(&mut scratch.buffers);
        let data = subject.data;
        let mut searched = Ok(());
        for start in (0..data.len()).step_by(REGION) {
            let region = start..start.saturating_add(REGION).min(data.len());
            let anchors = sections.anchors;
            let mut on_anchors = OnAnchors { patterns: self, anchors, subject, scratch, budget };
            searched = budget
                .check()
                .and_then(|()| search.region(data, region, &mut buffers, &mut on_anchors));
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
        anchor: &AnchorRow,
        run: usize,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Left> {
        // Many segments can share an anchor's bytes, and files can be full of them.
        scratch.ends.spend(1, budget)?;
        let segment = anchor.segment.get();
        let row: &SegmentRow = self.set.cold(Section::Segments).get(segment as usize)?;
        let pattern = self.pattern(row.pattern.get())?;
        if !pattern.rows.target.accepts(subject) {
            return Ok(());
        }
        let before = |lead: u32| (run as u64).checked_sub(lead.into());
        let Some(latest) = before(anchor.lead_min.get()) else { return Ok(()) };
        let lead_max = anchor.lead_min.get().saturating_add(anchor.spread.get().into());
        let earliest = before(lead_max).unwrap_or(0);
        let pattern = pattern.with_most(self.most_of(&pattern, scratch, budget)?);
        if pattern.rows.segments.len() > 1 {
            let number = segment.saturating_sub(pattern.rows.row.first_segment.get());
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
    ) -> Result<(), Left> {
        let pattern = self.pattern(index)?;
        if !pattern.rows.target.accepts(subject) {
            return Ok(());
        }
        let pattern = pattern.with_most(self.most_of(&pattern, scratch, budget)?);
        match pattern.starts(subject) {
            Some(allowed) => pattern.verify_range(allowed, &[], subject, scratch, budget),
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
        let candidates: Vec<u32> = scratch
            .found
            .iter()
            .filter_map(|(&index, found)| (!found.seen.is_empty()).then_some(index))
            .collect();
        let candidates = self.find_segments(candidates, subject, scratch, budget)?;
        for index in candidates {
            let verified = self.decide_long_one(index, subject, scratch, budget);
            scratch.keep(verified)?;
        }
        Ok(())
    }

    /// Decides a pattern of several segments, by where they were seen.
    pub(super) fn decide_long_one(
        &self,
        index: u32,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Left> {
        let Some(found) = scratch.found.get(&index) else { return Ok(()) };
        let (seen, most) = (found.seen.clone(), found.most);
        let pattern = self.pattern(index)?.with_most(most);
        match pattern.starts(subject) {
            Some(allowed) => pattern.verify_range(allowed, &seen, subject, scratch, budget),
            None => Ok(()),
        }
    }

    /// How many matches of a pattern make a difference: those that the expression asks for.
    fn most_of(
        &self,
        pattern: &Pattern<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<u32, Left> {
        let row = pattern.rows.row;
        if row.flags & FLAG_COUNTED == 0 || usize::from(row.part) >= MAX_PARTS {
            return Ok(1);
        }
        let known = scratch.found.get(&pattern.index).map(|found| found.most);
        if let Some(most) = known.filter(|&most| most > 0) {
            return Ok(most);
        }
        let (owner, _) = self.set.logical(row.owner.get())?;
        logicals::most_of(&self.set, owner, scratch, budget)
    }

    pub(super) fn pattern(&self, index: u32) -> Result<Pattern<'_>, Damaged> {
        Ok(Pattern { set: &self.set, index, rows: self.set.pattern(index)?, most: 1 })
    }
}

/// What the filters see goes to the patterns.
struct OnAnchors<'a, 's, 'd> {
    patterns: &'a Patterns,
    anchors: Rows<'a, AnchorRow>,
    subject: &'a Subject<'d>,
    scratch: &'s mut Scratch,
    budget: &'a Budget,
}

impl filter::Sink<Stop> for OnAnchors<'_, '_, '_> {
    fn seen(&mut self, seen: filter::Seen) -> Result<(), Stop> {
        let Self { patterns, subject, scratch, budget, .. } = self;
        let step = match self.anchors.get(seen.anchor as usize) {
            Ok(anchor) => patterns.on_anchor(anchor, seen.run, subject, scratch, budget),
            Err(damaged) => Err(damaged.into()),
        };
        scratch.keep(step).map(|_| ())
    }

    fn spend(&mut self, cells: u64) -> Result<(), Stop> {
        self.scratch.ends.spend(cells / CELLS_A_STEP, self.budget)
    }

    fn damaged(&mut self, damaged: Damaged) {
        self.scratch.damage.keep::<()>(Err(damaged));
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
        let offset = pattern.rows.offset;
        if !self.version_keys.allow(offset, start as u64, subject, budget) {
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
    ) -> Result<(), Left> {
        let Some(segment) = self.rows.segments.get(number as usize) else { return Ok(()) };
        let program = self.set.program(segment)?;
        for start in starts {
            if run(&mut scratch.ends, program, segment, subject.data, start, budget)? {
                let found = scratch.found.entry(self.index).or_default();
                found.most = self.most;
                found.see(number, start);
            }
        }
        Ok(())
    }

    pub(super) fn starts(&self, subject: &Subject<'_>) -> Option<RangeInclusive<u64>> {
        self.rows.offset.starts(subject)
    }

    /// Verifies a pattern of one segment at one start.
    fn verify_single(
        &self,
        start: usize,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Left> {
        let [segment] = self.rows.segments else { return Ok(()) };
        let program = self.set.program(segment)?;
        if run(&mut scratch.ends, program, segment, subject.data, start, budget)? {
            scratch.add_start(self, start, subject, budget);
        }
        Ok(())
    }

    /// Verifies at every start in `allowed`. The segments are walked from the last to the first,
    /// since gaps between them have no upper bound: a segment helps if it can end early enough
    /// before the latest start of the next one. `seen` says where those of them were seen that were
    /// searched for.
    fn verify_range(
        &self,
        allowed: RangeInclusive<u64>,
        seen: &[Seen],
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Left> {
        let Some((first, later)) = self.rows.segments.split_first() else { return Ok(()) };
        let mut latest_end = usize::MAX;
        let mut from = usize::try_from(*allowed.start()).unwrap_or(usize::MAX);
        let to = usize::try_from(*allowed.end()).unwrap_or(usize::MAX);
        if !later.is_empty() && allowed.end().saturating_sub(*allowed.start()) <= FEW_STARTS {
            // The later ones are not looked for through the whole file for nothing.
            let search = SegmentSearch::new(self.set, first, latest_end)?;
            let to = to.min(subject.data.len());
            let start = search.next_start(from, to, subject.data, &mut scratch.ends, budget)?;
            let Some(start) = start else { return Ok(()) };
            from = start;
        }
        for (number, segment) in later.iter().enumerate().rev() {
            let search = SegmentSearch::new(self.set, segment, latest_end)?;
            let within = search.starts_near(seen, number.saturating_add(1), subject.data);
            let start = search.last_start(within, subject.data, &mut scratch.ends, budget)?;
            let Some(end) = start.and_then(|start| start.checked_sub(segment.gap.get() as usize))
            else {
                return Ok(());
            };
            latest_end = end;
        }
        let search = SegmentSearch::new(self.set, first, latest_end)?;
        let within = search.starts_near(seen, 0, subject.data);
        let (mut from, to) = (from.max(within.start), to.min(within.end));
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
    segment: &'p SegmentRow,
    program: &'p [u8],
    /// The literal, which rules out positions; it may be empty.
    literal: &'p [u8],
    /// The segment must be able to end here or before.
    latest_end: usize,
}

impl<'p> SegmentSearch<'p> {
    fn new(
        set: &'p SignatureSet,
        segment: &'p SegmentRow,
        latest_end: usize,
    ) -> Result<Self, Damaged> {
        let (program, literal) = (set.program(segment)?, set.literal(segment)?);
        Ok(Self { segment, program, literal, latest_end })
    }

    /// The positions, `end` included, where the segment can start, by what was seen of the pattern.
    fn starts_near(&self, seen: &[Seen], number: usize, data: &[u8]) -> Range<usize> {
        let end = data.len().min(self.latest_end);
        match seen.iter().find(|seen| seen.segment as usize == number) {
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
    ) -> Result<Option<usize>, Left> {
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
    ) -> Result<Option<usize>, Left> {
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
    ) -> Result<Option<usize>, Left> {
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
    ) -> Result<Option<usize>, Left> {
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
    ) -> Result<bool, Left> {
        if !run(ends, self.program, self.segment, data, start, budget)? {
            return Ok(false);
        }
        Ok(ends.first().is_some_and(|end| end <= self.latest_end))
    }
}

/// Runs a segment's program from `start`.
fn run(
    ends: &mut Ends,
    program: &[u8],
    segment: &SegmentRow,
    data: &[u8],
    start: usize,
    budget: &Budget,
) -> Result<bool, Left> {
    let fits = ends.run(program, data, start, budget)?;
    match ends.is_broken() {
        false => Ok(fits),
        true => {
            let (section, entry) = (Section::Patterns, segment.pattern.get() as usize);
            let what = "a program that cannot be read";
            Err(Left::Damaged(Damaged::Entry { section, entry, what }))
        }
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
