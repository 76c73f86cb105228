//! Matches of a pattern as ClamAV counts them: by where its last part begins.
//!
//! A pattern's parts are what its gaps divide. ClamAV (tried with 1.4) counts one match for every place
//! where the last part stands with all the others before it, however many ways there are to them: in
//! `aabb`, `61{-3}6262` matches once. The last match is the last such place, and it begins at the first
//! place from which that one can be reached.
//!
//! Patterns without gaps need none of this: their matches are counted by where they start. The others
//! are searched for here only where an expression counts them or a byte comparison asks for the last
//! match, so what counts here is that it is right, and that its time and memory are asked of the budget.

#![warn(clippy::arithmetic_side_effects)]

use std::ops::Range;

use super::Subject;
use super::literal_search::LiteralSearch;
use super::pattern::Offset;
use super::patterns::Left;
use super::program::{AtLastGap, Ends, at_last_gap, first_bytes, longest};
use crate::inspect;
use crate::limits::{Budget, Stop};
use crate::set::layout::SegmentRow;
use crate::set::{Damaged, SignatureSet};

/// Bytes searched between two looks at the clock.
const STEP: usize = 4 << 20;

/// A pattern and where it may start in one object.
pub(super) struct Occurrences<'s> {
    data: &'s [u8],
    /// For each piece between gaps without upper bound: the least gap before it, and its program.
    segments: Vec<(u32, &'s [u8])>,
    starts: Vec<Range<usize>>,
}

/// The places of a pattern's last part, in rising order. For a pattern without gaps, where it starts.
pub(super) struct Places<'s> {
    data: &'s [u8],
    program: &'s [u8],
    ranges: std::vec::IntoIter<Range<usize>>,
    /// What is left of the range in work.
    current: Range<usize>,
    ends: Ends,
}

impl Places<'_> {
    pub(super) fn next(&mut self, budget: &Budget) -> Result<Option<usize>, Stop> {
        loop {
            while let Some(place) = self.candidate(budget)? {
                self.current.start = place.saturating_add(1);
                if self.ends.run(self.program, self.data, place, budget)? {
                    return Ok(Some(place));
                }
            }
            match self.ranges.next() {
                Some(range) => self.current = range,
                None => return Ok(None),
            }
        }
    }

    /// How many bytes the program begins with, up to three.
    pub(super) fn prefix(&self) -> usize {
        first_bytes(self.program).len().min(3)
    }

    /// The next position that the bytes which the program begins with do not rule out.
    fn candidate(&mut self, budget: &Budget) -> Result<Option<usize>, Stop> {
        let bytes = first_bytes(self.program);
        while !self.current.is_empty() {
            let from = self.current.start;
            if bytes.is_empty() {
                return Ok(Some(from));
            }
            let stop = self.current.end.min(from.saturating_add(STEP));
            let end = stop.saturating_add(bytes.len()).saturating_sub(1).min(self.data.len());
            let within = self.data.get(from..end).unwrap_or_default();
            let found = LiteralSearch::new(bytes, false).first(within);
            let looked = found.map_or(within.len(), |found| found.saturating_add(bytes.len()));
            self.ends.spend_bytes(looked as u64, budget)?;
            if let Some(found) = found {
                return Ok(Some(from.saturating_add(found)));
            }
            self.current.start = stop;
        }
        Ok(None)
    }
}

/// Where the last part may begin, and its program.
struct Last<'s> {
    places: Vec<Range<usize>>,
    program: &'s [u8],
}

impl<'s> Occurrences<'s> {
    /// The pattern of this number; `None` where it cannot start anywhere.
    pub(super) fn new(
        set: &'s SignatureSet,
        pattern: u32,
        subject: &Subject<'s>,
        budget: &Budget,
    ) -> Result<Option<Self>, Left> {
        budget.check()?;
        let rows = set.pattern(pattern)?;
        let segment = |row: &SegmentRow| Ok((row.gap.get(), set.program(row)?));
        let segments = rows.segments.iter().map(segment).collect::<Result<_, Damaged>>()?;
        let starts = starts(rows.offset, subject, budget)?;
        Ok(Some(Self { data: subject.data, segments, starts }).filter(|it| !it.starts.is_empty()))
    }

    /// How many matches there are, up to `most`.
    pub(super) fn count(&self, most: u32, budget: &Budget) -> Result<u32, Stop> {
        let (mut count, mut places) = (0_u32, self.places(budget)?);
        while count < most && places.next(budget)?.is_some() {
            count = count.saturating_add(1);
        }
        Ok(count)
    }

    /// Where the last part stands, one place after the other.
    pub(super) fn places(&self, budget: &Budget) -> Result<Places<'s>, Stop> {
        let Last { places, program } = self.last_part(budget)?;
        let ranges = places.into_iter();
        Ok(Places { data: self.data, program, ranges, current: 0..0, ends: Ends::default() })
    }

    /// Where the last match starts; `first` is where the first one does.
    pub(super) fn last_start(&self, first: usize, budget: &Budget) -> Result<Option<usize>, Stop> {
        let last = self.last_part(budget)?;
        for range in last.places.iter().rev() {
            if let Some(place) = self.last_in(range.clone(), last.program, budget)? {
                return self.first_start_before(place, first, budget);
            }
        }
        Ok(None)
    }

    /// The last position of a range where a program fits.
    fn last_in(
        &self,
        range: Range<usize>,
        program: &[u8],
        budget: &Budget,
    ) -> Result<Option<usize>, Stop> {
        let (mut ends, mut stop) = (Ends::default(), range.end);
        let bytes = first_bytes(program);
        let search = LiteralSearch::new(bytes, false);
        while let Some(latest) = stop.checked_sub(1).filter(|&latest| latest >= range.start) {
            let mut place = latest;
            if !bytes.is_empty() {
                let end = latest.saturating_add(bytes.len()).min(self.data.len());
                let within = self.data.get(range.start..end).unwrap_or_default();
                ends.spend_bytes(within.len() as u64, budget)?;
                let Some(found) = search.last(within) else { return Ok(None) };
                place = range.start.saturating_add(found);
            }
            if ends.run(program, self.data, place, budget)? {
                return Ok(Some(place));
            }
            stop = place;
        }
        Ok(None)
    }

    /// Runs everything before the last part, from all starts at once.
    fn last_part(&self, budget: &Budget) -> Result<Last<'s>, Stop> {
        let (mut ends, mut places) = (Ends::default(), Vec::new());
        let mut program = &[][..];
        for start in &self.starts {
            ends.begin(self.data, start.clone());
            program = self.before_last_part(&mut ends, budget)?;
            places.extend_from_slice(ends.ranges());
        }
        Ok(Last { places: joined(places), program })
    }

    /// Goes on from where `ends` stands to where the last part may begin, and gives its program.
    fn before_last_part(&self, ends: &mut Ends, budget: &Budget) -> Result<&'s [u8], Stop> {
        let Some(((last_gap, last), before)) = self.segments.split_last() else { return Ok(&[]) };
        for (number, (gap, program)) in before.iter().enumerate() {
            if number > 0 {
                ends.go_far(self.data, *gap);
            }
            ends.go_on(program, self.data, budget)?;
        }
        if !before.is_empty() {
            ends.go_far(self.data, *last_gap);
        }
        match at_last_gap(last) {
            Some(AtLastGap { head, min, max, tail }) => {
                ends.go_on(head, self.data, budget)?;
                ends.widen(self.data, min, max, budget)?;
                Ok(tail)
            }
            None => Ok(last),
        }
    }

    /// The first start from which a place of the last part can be reached. Over a gap without upper
    /// bound, that is where the first match starts.
    fn first_start_before(
        &self,
        place: usize,
        first: usize,
        budget: &Budget,
    ) -> Result<Option<usize>, Stop> {
        let [(_, program)] = self.segments.as_slice() else { return Ok(Some(first)) };
        if at_last_gap(program).is_none() {
            return Ok(Some(place));
        }
        let earliest = (place as u64).saturating_sub(longest(program)).max(first as u64);
        let starts = self.starts.iter().flat_map(|range| {
            let near = usize::try_from(earliest).unwrap_or(usize::MAX).max(range.start);
            near..range.end
        });
        let mut ends = Ends::default();
        for start in starts.take_while(|&start| start <= place) {
            ends.begin(self.data, start..start.saturating_add(1));
            self.before_last_part(&mut ends, budget)?;
            if ends.ranges().iter().any(|range| range.contains(&place)) {
                return Ok(Some(start));
            }
        }
        Ok(None)
    }
}

/// The same positions as ranges that do not touch.
fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by(|next, last| {
        let touches = next.start <= last.end;
        if touches {
            last.end = last.end.max(next.end);
        }
        touches
    });
    ranges
}

/// Where a pattern may start.
fn starts(
    offset: Offset,
    subject: &Subject<'_>,
    budget: &Budget,
) -> Result<Vec<Range<usize>>, Stop> {
    if offset == Offset::VersionString {
        let (keys, refused) = inspect::version_keys(subject.data, budget);
        let keys = keys.into_iter().filter_map(|key| usize::try_from(key).ok());
        let starts = keys.map(|key| key..key.saturating_add(1)).collect();
        return refused.map_or(Ok(starts), Err);
    }
    let Some(allowed) = offset.starts(subject) else { return Ok(Vec::new()) };
    let end = usize::try_from(allowed.end().saturating_add(1)).unwrap_or(usize::MAX);
    let start = usize::try_from(*allowed.start()).unwrap_or(usize::MAX);
    Ok(std::iter::once(start..end.min(subject.data.len().saturating_add(1))).collect())
}
