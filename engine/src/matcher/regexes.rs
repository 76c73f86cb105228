//! The regular expressions of logical signatures: where in an object they are searched for, and how
//! their matches are counted.
//!
//! A set carries expressions as text. Each is made ready when it is first needed, that is when its
//! trigger holds, and kept for all threads as long as there is room.
//!
//! What an offset means was tried with ClamAV 1.4: the text begins there, so that `^` holds there and
//! nothing before it is seen. A match must begin right there; with the letter `r`, anywhere from there on;
//! with a shift, so many bytes on at most. With a shift and the letter `e`, the text is what the shift
//! spans. Of several matches (`g`), each is searched for where the one before ended.

#![warn(clippy::arithmetic_side_effects)]

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::pattern::Offset;
use super::patterns::Left;
use super::regex::{Flags, Regex};
use super::{Subject, place};
use crate::limits::{Budget, Stop};
use crate::set::layout::{
    REGEX_ANCHORED, REGEX_ANY_CASE, REGEX_DOLLAR_IS_END, REGEX_DOT_ALL, REGEX_ENCOMPASS,
    REGEX_EXTENDED, REGEX_GLOBAL, REGEX_MULTI_LINE, REGEX_ROLLING, REGEX_UNGREEDY, RegexRow,
    Section,
};
use crate::set::{Damaged, SignatureSet};

/// Expressions that are ready may take so many bytes together; more are made ready anew each time.
const KEPT: usize = 64 << 20;

/// The letters behind an expression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RegexOptions {
    /// Those that change what the expression means.
    pub flags: Flags,
    /// `A`: a match begins where the search does.
    pub anchored: bool,
    /// `g`: all matches count.
    pub global: bool,
    /// `r`: an offset is where matches may begin from.
    pub rolling: bool,
    /// `e`: offset and shift are where matches may begin and end.
    pub encompass: bool,
}

impl RegexOptions {
    /// Their stored form.
    pub fn bits(self) -> u16 {
        let Flags { any_case, dot_all, multi_line, extended, dollar_is_end, ungreedy } = self.flags;
        let bits = [
            (any_case, REGEX_ANY_CASE),
            (dot_all, REGEX_DOT_ALL),
            (multi_line, REGEX_MULTI_LINE),
            (extended, REGEX_EXTENDED),
            (dollar_is_end, REGEX_DOLLAR_IS_END),
            (ungreedy, REGEX_UNGREEDY),
            (self.anchored, REGEX_ANCHORED),
            (self.global, REGEX_GLOBAL),
            (self.rolling, REGEX_ROLLING),
            (self.encompass, REGEX_ENCOMPASS),
        ];
        bits.iter().filter(|(on, _)| *on).fold(0, |all, (_, bit)| all | bit)
    }

    /// What is stored; `None` for letters that there are not.
    pub fn from_bits(bits: u16) -> Option<Self> {
        let has = |bit| bits & bit != 0;
        let options = Self {
            flags: Flags {
                any_case: has(REGEX_ANY_CASE),
                dot_all: has(REGEX_DOT_ALL),
                multi_line: has(REGEX_MULTI_LINE),
                extended: has(REGEX_EXTENDED),
                dollar_is_end: has(REGEX_DOLLAR_IS_END),
                ungreedy: has(REGEX_UNGREEDY),
            },
            anchored: has(REGEX_ANCHORED),
            global: has(REGEX_GLOBAL),
            rolling: has(REGEX_ROLLING),
            encompass: has(REGEX_ENCOMPASS),
        };
        (options.bits() == bits).then_some(options)
    }
}

/// What was found of one expression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Matches {
    pub(super) count: u32,
    pub(super) first: Option<u64>,
}

/// The expressions of one set that are ready.
#[derive(Debug)]
pub(super) struct Regexes {
    ready: Vec<OnceLock<Arc<Regex>>>,
    kept: AtomicUsize,
}

impl Regexes {
    pub(super) fn new(set: &SignatureSet) -> Self {
        let count = set.cold::<RegexRow>(Section::Regexes).len();
        let ready = std::iter::repeat_with(OnceLock::new).take(count).collect();
        Self { ready, kept: AtomicUsize::new(0) }
    }

    /// Searches for the expression of this number; up to `most` matches make a difference.
    pub(super) fn search(
        &self,
        set: &SignatureSet,
        number: u32,
        row: &RegexRow,
        most: u32,
        subject: &Subject<'_>,
        budget: &Budget,
    ) -> Result<Matches, Left> {
        let entry = number as usize;
        let broken =
            |what| Left::Damaged(Damaged::Entry { section: Section::Regexes, entry, what });
        let options = RegexOptions::from_bits(row.options.get());
        let offset = place::read_regex(row);
        let (Some(options), Some(offset)) = (options, offset) else {
            return Err(broken("unknown options or offset"));
        };
        let Some(window) = Window::of(offset, options, subject) else {
            return Ok(Matches::default());
        };
        let regex = self.ready(set, number, row, options.flags)?;
        let regex = regex.ok_or_else(|| broken("the expression cannot be read"))?;
        let most = if options.global { most.max(1) } else { 1 };
        Ok(window.matches(&regex, subject.data, most, budget)?)
    }

    fn ready(
        &self,
        set: &SignatureSet,
        number: u32,
        row: &RegexRow,
        flags: Flags,
    ) -> Result<Option<Arc<Regex>>, Damaged> {
        let Some(slot) = self.ready.get(number as usize) else { return Ok(None) };
        if let Some(regex) = slot.get() {
            return Ok(Some(Arc::clone(regex)));
        }
        let Ok(regex) = Regex::new(set.regex_text(row)?, flags) else { return Ok(None) };
        let regex = Arc::new(regex);
        let memory = regex.memory();
        let before = self.kept.fetch_add(memory, Ordering::Relaxed);
        if before.saturating_add(memory) > KEPT {
            self.kept.fetch_sub(memory, Ordering::Relaxed);
            return Ok(Some(regex));
        }
        if slot.set(Arc::clone(&regex)).is_err() {
            // Another thread was faster: its own stays.
            self.kept.fetch_sub(memory, Ordering::Relaxed);
        }
        Ok(Some(regex))
    }
}

/// Where matches may be.
#[derive(Debug, PartialEq, Eq)]
struct Window {
    /// What the expression sees.
    text: Range<usize>,
    /// Every match begins where its search does.
    anchored: bool,
    /// Matches begin so far behind the start of the text at most.
    last_start: usize,
}

impl Window {
    fn of(offset: Offset, options: RegexOptions, subject: &Subject<'_>) -> Option<Self> {
        let length = subject.data.len();
        let anywhere = Self { text: 0..length, anchored: options.anchored, last_start: usize::MAX };
        if offset == Offset::Anywhere {
            return Some(anywhere);
        }
        let starts = offset.starts(subject)?;
        let base = usize::try_from(*starts.start()).ok().filter(|&base| base < length)?;
        let shift = usize::try_from(starts.end().saturating_sub(*starts.start()));
        let shift = shift.unwrap_or(usize::MAX);
        let text = base..length;
        Some(match (shift, options) {
            (0, RegexOptions { rolling: false, .. }) => Self { text, anchored: true, ..anywhere },
            (0, _) => Self { text, ..anywhere },
            (_, RegexOptions { encompass: true, .. }) => {
                Self { text: base..base.saturating_add(shift).min(length), ..anywhere }
            }
            _ => Self { text, last_start: shift, ..anywhere },
        })
    }

    fn matches(
        &self,
        regex: &Regex,
        data: &[u8],
        most: u32,
        budget: &Budget,
    ) -> Result<Matches, Stop> {
        let text = data.get(self.text.clone()).unwrap_or_default();
        let mut search = regex.search(text, budget);
        let (mut matches, mut from) = (Matches::default(), 0);
        while matches.count < most
            && let Some(found) = search.find(from, self.anchored)?
            && found.start <= self.last_start
        {
            matches.count = matches.count.saturating_add(1);
            matches.first.get_or_insert(self.text.start.saturating_add(found.start) as u64);
            // ClamAV does not come to an end behind a match without bytes.
            let is_empty = found.end <= from;
            from = if is_empty { from.saturating_add(1) } else { found.end };
        }
        Ok(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Cancel, Limits};

    #[test]
    fn options_survive_their_stored_form() {
        for bits in 0..1 << 10 {
            assert_eq!(RegexOptions::from_bits(bits).map(RegexOptions::bits), Some(bits));
        }
        assert_eq!(RegexOptions::from_bits(1 << 10), None);
    }

    fn count(expression: &str, letters: &str, offset: Offset, data: &[u8]) -> (u32, Option<u64>) {
        let has = |letter| letters.contains(letter);
        let options = RegexOptions {
            flags: Flags::default(),
            anchored: has('A'),
            global: has('g'),
            rolling: has('r'),
            encompass: has('e'),
        };
        let regex = Regex::new(expression.as_bytes(), options.flags).unwrap();
        let budget = Budget::new(Limits::default(), Cancel::new());
        let subject = Subject::new(data);
        let Some(window) = Window::of(offset, options, &subject) else { return (0, None) };
        let most = if has('g') { 100 } else { 1 };
        let matches = window.matches(&regex, data, most, &budget).unwrap();
        (matches.count, matches.first)
    }

    /// What ClamAV 1.4 counts.
    #[test]
    fn offsets_and_letters() {
        let at = |at, shift| Offset::Start { at, shift };
        let text = b"....foofoo.foo";
        for (expression, letters, offset, expected) in [
            ("foo", "", Offset::Anywhere, (1, Some(4))),
            ("foo", "g", Offset::Anywhere, (3, Some(4))),
            ("foo", "A", Offset::Anywhere, (0, None)),
            ("foo", "", at(4, 0), (1, Some(4))),
            ("foo", "", at(3, 0), (0, None)),
            ("foo", "g", at(4, 0), (2, Some(4))),
            ("foo", "r", at(3, 0), (1, Some(4))),
            ("foo", "gr", at(5, 0), (2, Some(7))),
            ("foo", "", at(3, 1), (1, Some(4))),
            ("foo", "", at(3, 0), (0, None)),
            ("foo", "g", at(0, 7), (2, Some(4))),
            ("foo", "ge", at(0, 7), (1, Some(4))),
            ("foo", "e", at(0, 6), (0, None)),
            ("^foo", "", at(4, 0), (1, Some(4))),
            ("(?<=\\.)foo", "", at(4, 0), (0, None)),
            ("(?<=\\.)foo", "", at(3, 9), (1, Some(4))),
            ("foo$", "e", at(4, 3), (1, Some(4))),
            ("foo", "", at(14, 0), (0, None)),
            ("", "g", at(0, 0), (15, Some(0))),
        ] {
            assert_eq!(
                count(expression, letters, offset, text),
                expected,
                "{expression} {letters} {offset:?}"
            );
        }
    }
}
