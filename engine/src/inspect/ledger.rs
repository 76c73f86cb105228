//! What an inspection notes down while it reads: anomalies, problems, and how much it may still take.
//!
//! A list ends when [`Ledger::admits`] refuses. The refusal is noted once, so a list that was cut
//! short is never taken for a whole one.

use super::facts::{Facts, Program};
use crate::limits::{Budget, Limit, Stop};
use crate::verdict::{Problem, Reason};

/// Anomalies beyond this number carry no news.
const MOST_ANOMALIES: usize = 100;

/// Bytes of names that are kept of one program.
const MOST_TEXT: usize = 16 << 20;

/// Bytes that one name may have; names of C++ symbols reach some thousands.
const LONGEST_NAME: usize = 4096;

/// How many steps of a loop go by between two looks at the clock.
const STEPS_BETWEEN_CHECKS: u64 = 256;

/// What contradicts the format.
pub(super) struct Anomalies {
    kept: Vec<String>,
    wanted: bool,
}

impl Anomalies {
    /// For those who do not want to know.
    pub(super) fn ignored() -> Self {
        Self { kept: Vec::new(), wanted: false }
    }

    fn kept() -> Self {
        Self { kept: Vec::new(), wanted: true }
    }

    /// Notes an anomaly; the words are made only when somebody wants them.
    pub(super) fn note(&mut self, words: impl FnOnce() -> String) {
        if self.wanted && self.kept.len() < MOST_ANOMALIES {
            self.kept.push(words());
        }
    }
}

/// The notes of one inspection.
pub(super) struct Ledger<'b> {
    budget: &'b Budget,
    pub(super) anomalies: Anomalies,
    problems: Vec<Problem>,
    text_left: usize,
    steps: u64,
    stopped: Option<Stop>,
    /// Why something was left unread, the first time.
    refused: Option<Stop>,
}

impl<'b> Ledger<'b> {
    pub(super) fn new(budget: &'b Budget) -> Self {
        Self {
            budget,
            anomalies: Anomalies::kept(),
            problems: Vec::new(),
            text_left: MOST_TEXT,
            steps: 0,
            stopped: None,
            refused: None,
        }
    }

    /// The budget that it asks.
    pub(super) fn budget(&self) -> &'b Budget {
        self.budget
    }

    /// Notes an anomaly.
    pub(super) fn anomaly(&mut self, words: impl FnOnce() -> String) {
        self.anomalies.note(words);
    }

    /// How many entries a list may have.
    pub(super) fn most(&self) -> usize {
        self.budget.limits().facts as usize
    }

    /// Whether `list` may go on after `taken` entries (or steps of its loop). A refusal is noted.
    pub(super) fn admits(&mut self, taken: usize, list: &str) -> bool {
        if !self.goes_on(list) {
            return false;
        }
        let admitted = taken < self.most();
        if !admitted {
            let words = format!("{list}: no more than {} were read", self.most());
            self.cut(Stop::Limit(Limit::Facts), words);
        }
        admitted
    }

    /// Whether a loop that takes nothing may go on: whether there is time left. A refusal is noted.
    pub(super) fn goes_on(&mut self, what: &str) -> bool {
        self.steps = self.steps.wrapping_add(1);
        if self.stopped.is_none() && self.steps % STEPS_BETWEEN_CHECKS == 1 {
            self.check(what);
        }
        self.stopped.is_none()
    }

    /// Looks at the clock now. A refusal is noted.
    pub(super) fn check(&mut self, what: &str) -> bool {
        if self.stopped.is_none()
            && let Err(stop) = self.budget.check()
        {
            self.stopped = Some(stop);
            self.cut(stop, what.to_owned());
        }
        self.stopped.is_none()
    }

    /// Notes that something was left unread.
    pub(super) fn cut(&mut self, stop: Stop, detail: String) {
        self.refused = self.refused.or(Some(stop));
        let problem = Problem::new(Reason::from(stop), detail);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// The text up to the first zero byte, or to the end; decoded for people, and cut where names of
    /// this program take too much memory.
    pub(super) fn text(&mut self, bytes: &[u8]) -> String {
        let room = LONGEST_NAME.min(self.text_left);
        let name = until_zero(bytes, room);
        if name.len() == room && bytes.get(room).is_some_and(|&next| next != 0) {
            self.cut(Stop::Limit(Limit::Facts), "names that are too long were cut".to_owned());
        }
        self.text_left = self.text_left.saturating_sub(name.len());
        String::from_utf8_lossy(name).into_owned()
    }

    /// Little-endian UTF-16 up to the first zero, or to the end.
    pub(super) fn wide_text(&mut self, bytes: &[u8]) -> String {
        let (units, _) = bytes.as_chunks::<2>();
        let text: String = char::decode_utf16(
            units.iter().map(|&unit| u16::from_le_bytes(unit)).take_while(|&unit| unit != 0),
        )
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .take(LONGEST_NAME)
        .collect();
        self.text(text.as_bytes())
    }

    /// Why something was left unread, if anything was.
    pub(super) fn refused(&self) -> Option<Stop> {
        self.refused
    }

    pub(super) fn into_facts(self, program: Option<Program>) -> Facts {
        Facts { program, anomalies: self.anomalies.kept, problems: self.problems }
    }
}

/// The bytes before the first zero byte, and at most `room` of them.
pub(super) fn until_zero(bytes: &[u8], room: usize) -> &[u8] {
    let bytes = bytes.get(..room).unwrap_or(bytes);
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    bytes.get(..end).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Cancel, Limits};

    #[test]
    fn a_list_that_is_cut_says_so_once() {
        let limits = Limits { facts: 2, ..Limits::default() };
        let budget = Budget::new(limits, Cancel::new());
        let mut ledger = Ledger::new(&budget);
        assert!(ledger.admits(1, "imports"));
        assert!(!ledger.admits(2, "imports"));
        assert!(!ledger.admits(2, "imports"));
        let facts = ledger.into_facts(None);
        assert_eq!(facts.problems.len(), 1);
        assert_eq!(facts.problems[0].reason, Reason::Limit(Limit::Facts));
    }

    #[test]
    fn a_cancelled_scan_ends_every_list() {
        let cancel = Cancel::new();
        cancel.cancel();
        let budget = Budget::new(Limits::default(), cancel);
        let mut ledger = Ledger::new(&budget);
        assert!(!ledger.admits(0, "imports"));
        assert!(!ledger.admits(0, "exports"));
        assert_eq!(ledger.into_facts(None).problems[0].reason, Reason::Cancelled);
    }

    #[test]
    fn names_are_decoded_and_bounded() {
        let budget = Budget::new(Limits::default(), Cancel::new());
        let mut ledger = Ledger::new(&budget);
        assert_eq!(ledger.text(b"abc\0def"), "abc");
        assert_eq!(ledger.text(b"abc"), "abc");
        assert_eq!(ledger.text(b"a\xffc\0"), "a\u{fffd}c");
        assert_eq!(ledger.wide_text(b"a\0\x00\xd8b\0\0\0c\0"), "a\u{fffd}b");
        assert!(ledger.problems.is_empty());
        assert_eq!(ledger.text(&[b'x'; 100_000]).len(), LONGEST_NAME);
        assert_eq!(ledger.problems.len(), 1);
    }

    #[test]
    fn anomalies_are_bounded() {
        let budget = Budget::new(Limits::default(), Cancel::new());
        let mut ledger = Ledger::new(&budget);
        (0..1000).for_each(|i| ledger.anomaly(|| format!("{i}")));
        assert_eq!(ledger.into_facts(None).anomalies.len(), MOST_ANOMALIES);
    }
}
