//! Many patterns at once that the search over the set's filters left out.
//!
//! Parts of logical signatures are looked for late, one by one, and so are the segments that a seen one
//! asks for: few, in files as they are. A file that is made of nearly all of thousands of signatures
//! asks for thousands, each a pass over the data. Where there are more than [`FEW`], tables like those in
//! the set are made of their literals, and one pass finds where they may be.

#![warn(clippy::arithmetic_side_effects)]

use super::Subject;
use super::filter::{self, Plan, Sections};
use super::patterns::{Left, Patterns, Scratch};
use crate::limits::{Budget, Stop};
use crate::set::SignatureSet;
use crate::set::layout::{AnchorRow, SegmentRow};

/// So many patterns are looked for one by one: a pass with tables takes as long.
pub(super) const FEW: usize = 24;
/// Patterns of one pass. More are several passes, so that tables stay small.
const MOST: usize = 1 << 15;
/// A pattern that may start at so few positions only needs no pass: its beginning is looked for there.
pub(super) const FEW_STARTS: u64 = 1 << 12;
/// Widths of windows with the distances of probes, best first: a literal goes to the first that it is
/// long enough for, and whose probes do not stand too far apart.
const CLASSES: [(u8, u8); 9] =
    [(8, 8), (8, 4), (8, 2), (8, 1), (4, 4), (4, 2), (4, 1), (2, 1), (1, 1)];
/// A window is made, sorted and written in the time of so many probes.
const PROBES_A_WINDOW: u64 = 75;
/// Memory for each window in work: itself in a list that grows, its cell twice, its part of a filter and
/// of a bucket.
const WINDOW_MEMORY: u64 = 96;

/// Tables of some patterns.
struct Batch {
    /// The greatest distance between probes.
    farthest: u8,
    plans: [Plan; CLASSES.len()],
    anchors: Vec<AnchorRow>,
    /// The patterns, and which of their segments are in it.
    patterns: Vec<(u32, Vec<u32>)>,
}

impl Patterns {
    /// Looks for patterns, as [`Patterns::find_late`] does for one. Those that are better looked for one
    /// by one are left for that.
    pub(super) fn find_many(
        &self,
        wanted: &[u32],
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<(), Stop> {
        for some in wanted.chunks(MOST) {
            let batch = self.search_batch(some, subject, scratch, budget)?;
            for (index, segments) in batch.patterns {
                scratch.note_looked_for(index);
                if segments.iter().all(|&segment| scratch.has_seen(index, segment)) {
                    let decided = self.decide_long_one(index, subject, scratch, budget);
                    scratch.keep(decided)?;
                }
            }
        }
        Ok(())
    }

    /// Of patterns of several segments, of which one was seen, those of which all may be there.
    pub(super) fn find_segments(
        &self,
        mut patterns: Vec<u32>,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<Vec<u32>, Stop> {
        if patterns.len() <= FEW {
            return Ok(patterns);
        }
        for some in patterns.clone().chunks(MOST) {
            let batch = self.search_batch(some, subject, scratch, budget)?;
            let is_missing = |(index, segments): &(u32, Vec<u32>)| {
                segments.iter().any(|&segment| !scratch.has_seen(*index, segment))
            };
            let missing =
                batch.patterns.iter().filter(|it| is_missing(it)).map(|(index, _)| *index);
            let missing: std::collections::BTreeSet<u32> = missing.collect();
            patterns.retain(|index| !missing.contains(index));
        }
        Ok(patterns)
    }

    /// One pass over the data for all segments of some patterns that were not seen yet.
    fn search_batch(
        &self,
        wanted: &[u32],
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Result<Batch, Stop> {
        let mut batch = Batch::new(wanted.len() as u64, subject.data.len() as u64);
        for &index in wanted {
            let added = self.add_to(&mut batch, index, subject, scratch);
            scratch.keep(added)?;
        }
        let memory = batch.windows().saturating_mul(WINDOW_MEMORY);
        let _held = budget.hold(memory)?;
        let Some(written) = filter::write(&batch.plans, batch.anchors.len()) else {
            return Ok(Batch { patterns: Vec::new(), ..batch });
        };
        let sections = Sections {
            tables: &written.tables,
            filters: &written.filters,
            buckets: written.buckets.as_slice().into(),
            anchors: batch.anchors.as_slice().into(),
        };
        self.pass(&sections, subject, scratch, budget)?;
        Ok(batch)
    }

    /// Adds a pattern, if tables help to find it.
    fn add_to(
        &self,
        batch: &mut Batch,
        index: u32,
        subject: &Subject<'_>,
        scratch: &Scratch,
    ) -> Result<(), Left> {
        let pattern = self.pattern(index)?;
        let starts = pattern.starts(subject).filter(|_| pattern.rows.target.accepts(subject));
        let Some(starts) = starts else { return Ok(()) };
        let is_floating = starts.end().saturating_sub(*starts.start()) > FEW_STARTS;
        let segments = pattern.rows.segments;
        let has_literal = |segment: &SegmentRow| segment.literal_length.get() > 0;
        if !is_floating || !segments.iter().any(has_literal) {
            return Ok(());
        }
        let mut added = Vec::new();
        let first = pattern.rows.row.first_segment.get();
        for (number, segment) in (0_u32..).zip(segments) {
            if has_literal(segment) && !scratch.has_seen(index, number) {
                batch.add(self.set(), first.saturating_add(number), segment)?;
                added.push(number);
            }
        }
        batch.patterns.push((index, added));
        Ok(())
    }
}

impl Batch {
    /// For about so many literals, to be looked for in so many bytes. At a distance of `s` there are a
    /// s-th of the probes and s times the windows; both together are fewest where s² is the probes of a
    /// distance of 1, divided by what their windows cost.
    fn new(literals: u64, bytes: u64) -> Self {
        let windows = literals.max(1).saturating_mul(PROBES_A_WINDOW);
        let best = bytes.checked_div(windows).unwrap_or(0).isqrt();
        let plans = CLASSES.map(|(width, step)| Plan::new(width, step));
        let farthest = best.clamp(1, 8) as u8;
        Self { farthest, plans, anchors: Vec::new(), patterns: Vec::new() }
    }

    fn windows(&self) -> u64 {
        self.plans.iter().map(|plan| plan.windows() as u64).sum()
    }

    /// Adds the windows of a segment's literal.
    fn add(&mut self, set: &SignatureSet, number: u32, segment: &SegmentRow) -> Result<(), Left> {
        let literal = set.literal(segment)?;
        let mut plans = CLASSES.iter().zip(&mut self.plans);
        let fits =
            plans.find(|((_, step), plan)| *step <= self.farthest && plan.run() <= literal.len());
        let Some((_, plan)) = fits else { return Ok(()) };
        let anchor = u32::try_from(self.anchors.len()).unwrap_or(u32::MAX);
        plan.add(literal, anchor);
        self.anchors.push(anchor_of(literal, number, segment));
        Ok(())
    }
}

/// A literal as an anchor: its last bytes, up to eight, are compared.
fn anchor_of(literal: &[u8], number: u32, segment: &SegmentRow) -> AnchorRow {
    let from = literal.len().saturating_sub(8);
    let last = literal.get(from..).unwrap_or_default();
    let either_case = segment.literal_either_case != 0;
    let mask = |byte: &u8| if either_case && byte.is_ascii_alphabetic() { 0xdf } else { 0xff };
    let masks: Vec<u8> = last.iter().map(mask).collect();
    let check_mask = number_of(&masks);
    let (lead_min, lead_max) = (segment.lead_min.get(), segment.lead_max.get());
    AnchorRow {
        segment: number.into(),
        lead_min: lead_min.into(),
        spread: u16::try_from(lead_max.saturating_sub(lead_min)).unwrap_or(u16::MAX).into(),
        check_at: i16::try_from(from).unwrap_or(0).into(),
        check: (number_of(last) & check_mask).into(),
        check_mask: check_mask.into(),
    }
}

/// Bytes as a number in little endian.
fn number_of(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}
