//! The plain matcher: follows a pattern word for word at every position.
//!
//! It is slow and has no clever parts, so that tests and fuzzing can hold the fast matcher against
//! it. It works on the author's pattern, not on the compiled one; [`patterns`] gives back those that a
//! set was made of.

use std::collections::BTreeSet;

use super::pattern::{ByteMask, Element, Gap, Part, Pattern};
use super::place::VersionKeys;
use super::{Subject, program};
use crate::limits::{Budget, Cancel, Limits};
use crate::set::SignatureSet;
use crate::set::layout::{PatternRow, Section};

/// The patterns of a set, in the order of their rows; `None` where the set is damaged.
pub fn patterns(set: &SignatureSet) -> Option<Vec<Pattern>> {
    let rows = set.cold::<PatternRow>(Section::Patterns).len();
    (0..u32::try_from(rows).ok()?).map(|index| read_back(set, index)).collect()
}

fn read_back(set: &SignatureSet, index: u32) -> Option<Pattern> {
    let rows = set.pattern(index).ok()?;
    let mut pattern: Option<Pattern> = None;
    for segment in rows.segments {
        let (first, rest) = program::decode(set.program(segment).ok()?).ok()?;
        match &mut pattern {
            None => pattern = Some(Pattern::new(first)),
            Some(pattern) => {
                pattern.rest.push((Gap { min: segment.gap.get(), max: None }, first));
            }
        }
        pattern.as_mut()?.rest.extend(rest);
    }
    Some(Pattern { target: rows.target, offset: rows.offset, ..pattern? })
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

/// How often `pattern` matches: in how many places its last part stands, with the others before it.
pub fn count(pattern: &Pattern, subject: &Subject<'_>) -> usize {
    let starts = starts(pattern, subject).into_iter().filter_map(|start| start.try_into().ok());
    last_parts(pattern, subject.data, starts.collect()).len()
}

fn matches_at(pattern: &Pattern, data: &[u8], start: usize) -> bool {
    !last_parts(pattern, data, BTreeSet::from([start])).is_empty()
}

/// Where the last part stands, with all the others before it, the first one at one of the starts.
fn last_parts(pattern: &Pattern, data: &[u8], mut starts: BTreeSet<usize>) -> BTreeSet<usize> {
    let mut part = &pattern.first;
    for (gap, next) in &pattern.rest {
        let ends = part_ends(part, data, &starts);
        let allowed = |from: usize, to: usize| {
            let distance = to - from;
            distance >= gap.min as usize && gap.max.is_none_or(|max| distance <= max as usize)
        };
        starts = (0..=data.len())
            .filter(|&to| ends.range(..=to).any(|&from| allowed(from, to)))
            .collect();
        part = next;
    }
    starts.retain(|&start| !part_ends(part, data, &BTreeSet::from([start])).is_empty());
    starts
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
