//! Macros of logical signatures: a pattern of a group near a match of the part before it.
//!
//! ClamAV describes a macro as a pattern of its group that stands so far behind a match of the part
//! before. What ClamAV 1.4 does was tried, and is told here as it is:
//!
//! - It remembers one match of the part before, and the last match of any pattern of the group.
//! - At each further match of the part before, and once more at the end if there were several, it asks
//!   whether the distance between the two is as wanted. If so, the macro counts one match, and the match
//!   that is remembered stays; if not, that match is replaced, and the part before counts one less.
//! - So a part before that matches only once is never near anything.
//!
//! Matches come in the order of where the first three bytes of their patterns end; of two at one place,
//! that of the group comes first.

#![warn(clippy::arithmetic_side_effects)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Subject;
use super::occurrences::{Occurrences, Places};
use super::patterns::Left;
use crate::limits::{Budget, Stop};
use crate::set::SignatureSet;
use crate::set::layout::MacroRow;

/// How often the part before matches, as ClamAV counts it, and the macro.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) before: u32,
    pub(super) own: u32,
}

/// Goes through the matches of a part and of a macro's group. `before` are the patterns of the part.
pub(super) fn count(
    set: &SignatureSet,
    row: &MacroRow,
    before: &[u32],
    subject: &Subject<'_>,
    target: u8,
    budget: &Budget,
) -> Result<Counts, Left> {
    let mut streams = Vec::new();
    for &pattern in before {
        streams.extend(Stream::new(set, pattern, true, subject, budget)?);
    }
    for pattern in set.macro_members(target, row.group)? {
        streams.extend(Stream::new(set, pattern, false, subject, budget)?);
    }
    let mut order: BinaryHeap<_> =
        streams.iter().enumerate().map(|(index, stream)| Reverse((stream.key(), index))).collect();
    let mut state = State::new(row);
    while let Some(Reverse((_, index))) = order.pop() {
        let Some(stream) = streams.get_mut(index) else { continue };
        let Some((start, is_before)) = stream.take(budget)? else { continue };
        if is_before {
            state.before(start)
        } else {
            state.member(start)
        }
        order.push(Reverse((stream.key(), index)));
    }
    Ok(state.finish())
}

/// The matches of one pattern.
struct Stream<'s> {
    places: Places<'s>,
    next: Option<usize>,
    prefix: usize,
    is_before: bool,
}

impl<'s> Stream<'s> {
    /// `None` where there are none.
    fn new(
        set: &'s SignatureSet,
        pattern: u32,
        is_before: bool,
        subject: &Subject<'s>,
        budget: &Budget,
    ) -> Result<Option<Self>, Left> {
        let occurrences = Occurrences::new(set, pattern, subject, budget)?;
        let Some(occurrences) = occurrences else { return Ok(None) };
        let mut places = occurrences.places(budget)?;
        let next = places.next(budget)?;
        let prefix = places.prefix();
        Ok(Some(Self { places, next, prefix, is_before }))
    }

    /// When the next match comes. Those that are through come last.
    fn key(&self) -> (usize, bool) {
        let when = self.next.map_or(usize::MAX, |start| start.saturating_add(self.prefix));
        (when, self.is_before)
    }

    /// The next match, with whether it is one of the part before.
    fn take(&mut self, budget: &Budget) -> Result<Option<(usize, bool)>, Stop> {
        let Some(start) = self.next else { return Ok(None) };
        self.next = self.places.next(budget)?;
        Ok(Some((start, self.is_before)))
    }
}

/// What ClamAV remembers.
struct State {
    min: u64,
    max: u64,
    counts: Counts,
    before: Option<u64>,
    member: Option<u64>,
}

impl State {
    fn new(row: &MacroRow) -> Self {
        let (min, max) = (row.min.get().into(), row.max.get().into());
        Self { min, max, counts: Counts::default(), before: None, member: None }
    }

    fn member(&mut self, start: usize) {
        self.member = Some(start as u64);
    }

    fn before(&mut self, start: usize) {
        self.counts.before = self.counts.before.saturating_add(1);
        if self.counts.before == 1 || !self.ask() {
            self.before = Some(start as u64);
        }
    }

    /// Whether the two are as far from each other as wanted.
    fn ask(&mut self) -> bool {
        let distance = self.member.zip(self.before);
        let distance = distance.and_then(|(member, before)| member.checked_sub(before));
        let holds = distance.is_some_and(|distance| (self.min..=self.max).contains(&distance));
        match holds {
            true => self.counts.own = self.counts.own.saturating_add(1),
            false => self.counts.before = self.counts.before.saturating_sub(1),
        }
        holds
    }

    fn finish(mut self) -> Counts {
        if self.counts.before > 1 {
            self.ask();
        }
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows a text in which `a` is a match of the part before and `m` one of the group.
    fn counts(min: u32, max: u32, text: &str) -> (u32, u32) {
        let row =
            MacroRow { part: 1, group: 0, reserved: 0.into(), min: min.into(), max: max.into() };
        let mut state = State::new(&row);
        for (place, letter) in text.char_indices() {
            match letter {
                'a' => state.before(place),
                'm' => state.member(place),
                _ => {}
            }
        }
        let Counts { before, own } = state.finish();
        (before, own)
    }

    /// What ClamAV 1.4 counts.
    #[test]
    fn a_macro_is_asked_for_when_the_part_before_matches_again() {
        for (text, expected) in [
            ("a.....m", (1, 0)),
            ("a.....m......a", (2, 2)),
            ("a.....m......a.....m", (1, 1)),
            ("a...........a.....m", (1, 0)),
            ("a...........a.....m.....a", (2, 2)),
            ("a.....m...........m......a", (1, 0)),
            ("a.....m......a.....m......a", (1, 1)),
            ("a.....m......a.....m......a.....m.....a", (3, 3)),
            ("aa.....m......a", (2, 2)),
            ("aa....m......a", (1, 0)),
            ("m.....a", (1, 0)),
            ("m", (0, 0)),
        ] {
            let (before, own) = counts(6, 7, text);
            assert_eq!((before, own), expected, "{text}");
        }
    }

    #[test]
    fn ranges_that_hold_nothing() {
        assert_eq!(counts(7, 6, "a......m.a"), (1, 0));
        assert_eq!(counts(0, u32::MAX, "a......m.a"), (2, 2));
    }
}
