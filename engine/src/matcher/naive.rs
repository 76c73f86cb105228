//! The plain matcher: follows a pattern word for word at every position.
//!
//! It is slow and has no clever parts, so that tests and fuzzing can hold the fast matcher against
//! it. It works on the author's pattern, not on the compiled one; [`patterns`] gives back those that a
//! set was made of.

use std::collections::BTreeSet;

use super::pattern::{ByteMask, Element, Gap, Part, Pattern};
use super::place::{self, VersionKeys};
use super::target::Target;
use super::{Subject, program};
use crate::limits::{Budget, Cancel, Limits};
use crate::set::layout::{PatternRow, Section, SegmentRow};
use crate::set::{SignatureSet, slice_of};

/// The patterns of a set, in the order of their rows.
pub fn patterns(set: &SignatureSet) -> Vec<Pattern> {
    let rows = set.rows::<PatternRow>(Section::Patterns).iter();
    rows.map(|row| read_back(set, row).expect("rows were checked when the set was opened"))
        .collect()
}

fn read_back(set: &SignatureSet, row: &PatternRow) -> Option<Pattern> {
    let segments = set.rows::<SegmentRow>(Section::Segments);
    let segments = slice_of(segments, row.first_segment.get(), row.segments.get().into())?;
    let programs = set.section(Section::Programs);
    let mut pattern: Option<Pattern> = None;
    for segment in segments {
        let program = slice_of(programs, segment.program.get(), segment.program_length.get())?;
        let (first, rest) = program::decode(program).ok()?;
        match &mut pattern {
            None => pattern = Some(Pattern::new(first)),
            Some(pattern) => {
                pattern.rest.push((Gap { min: segment.gap.get(), max: None }, first));
            }
        }
        pattern.as_mut()?.rest.extend(rest);
    }
    let (target, offset) = (Target::from_number(row.target)?, place::read(row)?);
    Some(Pattern { target, offset, ..pattern? })
}

/// Every position where `pattern` matches.
pub fn starts(pattern: &Pattern, subject: &Subject<'_>) -> Vec<u64> {
    if !pattern.target.accepts(subject) {
        return Vec::new();
    }
    let Some(allowed) = pattern.offset.starts(subject) else { return Vec::new() };
    let budget = Budget::new(Limits::default(), Cancel::new());
    let mut keys = VersionKeys::default();
    (0..=subject.data.len())
        .filter(|&start| {
            allowed.contains(&(start as u64))
                && keys.allow(pattern.offset, start as u64, subject, &budget)
                && matches_at(pattern, subject.data, start)
        })
        .map(|start| start as u64)
        .collect()
}

fn matches_at(pattern: &Pattern, data: &[u8], start: usize) -> bool {
    let mut ends = part_ends(&pattern.first, data, &BTreeSet::from([start]));
    for (gap, part) in &pattern.rest {
        let allowed = |from: usize, to: usize| {
            let distance = to - from;
            distance >= gap.min as usize && gap.max.is_none_or(|max| distance <= max as usize)
        };
        let starts = (0..=data.len())
            .filter(|&to| ends.range(..=to).any(|&from| allowed(from, to)))
            .collect();
        ends = part_ends(part, data, &starts);
    }
    !ends.is_empty()
}

fn part_ends(part: &Part, data: &[u8], starts: &BTreeSet<usize>) -> BTreeSet<usize> {
    let mut positions = starts.clone();
    for element in part {
        positions =
            positions.iter().flat_map(|&position| element_ends(element, data, position)).collect();
    }
    positions
}

fn element_ends(element: &Element, data: &[u8], position: usize) -> Vec<usize> {
    let rest = data.get(position..).unwrap_or_default();
    match element {
        Element::Byte(byte) => rest
            .first()
            .filter(|&&found| byte.fits(found))
            .map(|_| position + 1)
            .into_iter()
            .collect(),
        Element::Choice(strings) => strings
            .iter()
            .filter(|string| fits(string, rest))
            .map(|string| position + string.len())
            .collect(),
        Element::NoneOf(strings) => {
            let length = strings.first().map_or(0, Vec::len);
            let none = rest.len() >= length && !strings.iter().any(|string| fits(string, rest));
            none.then_some(position + length).into_iter().collect()
        }
        Element::Boundary(boundary) => {
            boundary.lengths(data, position).map(|length| position + length).collect()
        }
        Element::Nearby(nearby) => {
            nearby.holds(data, position).then_some(position).into_iter().collect()
        }
    }
}

fn fits(string: &[ByteMask], rest: &[u8]) -> bool {
    string.len() <= rest.len() && string.iter().zip(rest).all(|(byte, &found)| byte.fits(found))
}
