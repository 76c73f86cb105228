//! At which bytes of a text something can begin.
//!
//! Most texts have strings and nothing else of what is looked for. One pass for the words that announce
//! the rest lets the second one go from quotation mark to quotation mark.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::limits::{Budget, Stop};

/// What announces characters by their numbers, and lists that are joined. The first six are the former.
const WORDS: [&str; 8] =
    ["chr(", "chr$(", "chrw(", "chrw$(", "fromcharcode(", "[char]", "-join", ".join("];
const CALLS: usize = 6;
/// The longest word.
const LONGEST: usize = 16;
/// Bytes between two looks at the clock.
const STEP: usize = 16 << 20;

static SEARCH: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let mut builder = AhoCorasick::builder();
    builder.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA));
    builder.build(WORDS).ok()
});

/// The bytes at which something can begin in one text.
#[derive(Debug)]
pub(super) struct Beginnings {
    table: [bool; 256],
    only_quotes: bool,
}

impl Beginnings {
    pub(super) fn of(text: &[u8], budget: &Budget) -> Result<Self, Stop> {
        let (mut has_calls, mut has_lists, mut has_marks) = (false, false, false);
        for step in 0..text.len().div_ceil(STEP) {
            budget.check()?;
            let start = step.saturating_mul(STEP);
            let end = start.saturating_add(STEP).saturating_add(LONGEST).min(text.len());
            let piece = text.get(start..end).unwrap_or_default();
            has_marks |= memchr::memchr2(b'^', b'`', piece).is_some();
            let words = SEARCH.iter().flat_map(|search| search.find_iter(piece));
            for found in words {
                let is_call = found.pattern().as_usize() < CALLS;
                (has_calls, has_lists) = (has_calls || is_call, has_lists || !is_call);
                if has_calls && has_lists {
                    break;
                }
            }
        }
        Ok(Self::with(has_calls, has_lists, has_marks))
    }

    fn with(has_calls: bool, has_lists: bool, has_marks: bool) -> Self {
        let groups: [(bool, &[u8]); 4] =
            [(true, b"\"'"), (has_calls, b"cCfF["), (has_lists, b"([-"), (has_marks, b"^`")];
        let mut table = [false; 256];
        for &byte in groups.iter().filter(|(has, _)| *has).flat_map(|(_, bytes)| *bytes) {
            if let Some(slot) = table.get_mut(usize::from(byte)) {
                *slot = true;
            }
        }
        Self { table, only_quotes: !has_calls && !has_lists && !has_marks }
    }

    /// Where something can begin first.
    pub(super) fn first(&self, text: &[u8]) -> Option<usize> {
        if self.only_quotes {
            return memchr::memchr2(b'"', b'\'', text);
        }
        text.iter().position(|&byte| self.table.get(usize::from(byte)).copied().unwrap_or(false))
    }
}
