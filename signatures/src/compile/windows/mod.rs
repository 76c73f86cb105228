//! Which bytes of each pattern the search looks for first.
//!
//! A pattern is found by one run of its bytes (`choose.rs`): the one that is rarest in clean files by
//! the numbers of [`crate::rarity`]. All windows of the run go into the filter of one class, wide
//! enough apart that one of them falls on a probe. A pattern that may start at one position only goes
//! into no filter but is listed by its position (`places.rs`). Targets with many patterns have filters
//! of their own (`groups.rs`). Of a logical signature only as many patterns are searched for as are
//! needed to learn that it may hold (`cover.rs`).
//!
//! Patterns are treated in their order, and every count is kept in tables that are never walked: the
//! same records give the same bytes.

mod choose;
mod cost;
pub(crate) mod cover;
mod groups;
mod places;
pub(crate) mod runs;

use std::ops::Range;

use pellucid::matcher::ByteMask;
use pellucid::matcher::filter::{self, Written};
use pellucid::set::layout::{
    ALWAYS_PATTERN, AlwaysRow, AnchorRow, OFFSET_ANYWHERE, OFFSET_IN_SECTION,
    OFFSET_VERSION_STRING, PatternRow, PlaceEntry, PlaceRow,
};

use self::runs::Stretch;
use super::pattern::Segment;
use super::row_number;
use crate::report::BuildError;

/// The bytes of all patterns, kept until all are known.
#[derive(Default)]
pub(crate) struct Windows {
    bytes: Vec<ByteMask>,
    stretches: Vec<Kept>,
    /// By pattern: which of `stretches` are its own.
    patterns: Vec<Range<usize>>,
}

/// A stretch in the arena.
struct Kept {
    segment: u32,
    is_first_segment: bool,
    lead_min: u32,
    spread: u16,
    bytes: Range<usize>,
}

/// The sections that the search reads.
pub(crate) struct Searched {
    pub(crate) written: Written,
    pub(crate) anchors: Vec<AnchorRow>,
    pub(crate) places: Vec<PlaceRow>,
    pub(crate) entries: Vec<PlaceEntry>,
    /// Patterns without fixed bytes, or that are better searched for one by one.
    pub(crate) always: Vec<AlwaysRow>,
}

/// What finding a pattern costs, to compare it with others of the same signature.
pub(crate) fn price(row: &PatternRow, segments: &[Segment]) -> u64 {
    if is_placed(row) {
        return 0;
    }
    let stretches = segments.iter().flat_map(|segment| &segment.stretches);
    stretches.map(|stretch| choose::price(&stretch.bytes)).min().unwrap_or(choose::HOPELESS)
}

/// Whether a pattern may start at one position only.
pub(crate) fn is_placed(row: &PatternRow) -> bool {
    let floats = [OFFSET_ANYWHERE, OFFSET_IN_SECTION, OFFSET_VERSION_STRING];
    !floats.contains(&row.offset_kind) && row.shift.get() == 0
}

impl Windows {
    /// Keeps the bytes of the next pattern, whose segments begin with this row.
    pub(crate) fn pattern(&mut self, first_segment: u32, segments: &[Segment]) {
        let start = self.stretches.len();
        for (number, segment) in (first_segment..).zip(segments) {
            for stretch in &segment.stretches {
                self.stretch(number, number == first_segment, stretch);
            }
        }
        self.patterns.push(start..self.stretches.len());
    }

    fn stretch(&mut self, segment: u32, is_first_segment: bool, stretch: &Stretch) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&stretch.bytes);
        let spread = stretch.lead.end().saturating_sub(*stretch.lead.start());
        self.stretches.push(Kept {
            segment,
            is_first_segment,
            lead_min: *stretch.lead.start(),
            spread: u16::try_from(spread).unwrap_or(u16::MAX),
            bytes: start..self.bytes.len(),
        });
    }

    fn of_pattern(&self, pattern: u32) -> &[Kept] {
        let range = self.patterns.get(pattern as usize).cloned().unwrap_or_default();
        self.stretches.get(range).unwrap_or_default()
    }

    fn bytes(&self, stretch: &Kept) -> &[ByteMask] {
        self.bytes.get(stretch.bytes.clone()).unwrap_or_default()
    }

    /// Chooses for all patterns that are not looked for late.
    pub(crate) fn finish(&self, patterns: &[PatternRow], late: u8) -> Result<Searched, BuildError> {
        let (mut placed, mut searched) = (Vec::new(), Vec::new());
        for (number, row) in (0_u32..).zip(patterns).filter(|(_, row)| row.flags & late == 0) {
            if is_placed(row) { placed.push(number) } else { searched.push(number) }
        }
        let (places, entries) = places::list(self, patterns, &placed)?;
        let target_of = |pattern: u32| patterns.get(pattern as usize).map_or(0, |row| row.target);
        let groups = groups::of(&searched, target_of);
        let chosen = choose::choose(self, &searched, &groups);
        row_number(chosen.anchors.len(), "patterns")?;
        let written = filter::write(&chosen.plans, chosen.anchors.len());
        let most = filter::MOST_ANCHORS;
        let written = written.ok_or(BuildError::TooMuch { what: "windows of patterns", most })?;
        let always =
            |&pattern: &u32| AlwaysRow { kind: ALWAYS_PATTERN.into(), row: pattern.into() };
        let always = chosen.left.iter().map(always).collect();
        Ok(Searched { written, anchors: chosen.anchors, places, entries, always })
    }
}
