//! At which bytes of a text something can begin.
//!
//! Most texts have strings and nothing else of what is looked for. One pass for the words that announce
//! the rest lets the second one go from quotation mark to quotation mark.

use memchr::{memchr_iter, memchr2, memchr2_iter};

use super::word;
use crate::limits::{Budget, Stop};

/// What announces characters by their numbers, in front of a parenthesis.
const CALLS: [&[u8]; 5] = [b"chr", b"chr$", b"chrw", b"chrw$", b"fromcharcode"];
/// Longer than any word that announces something.
const LONGEST: usize = 16;
/// Bytes between two looks at the clock.
const STEP: usize = 16 << 20;

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
            has_marks = has_marks || memchr2(b'^', b'`', piece).is_some();
            has_calls = has_calls || calls(piece);
            has_lists = has_lists || lists(piece);
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

/// Whether a text has a call or a cast that makes characters of numbers. Parentheses and brackets are rare
/// in texts, so these are looked for, and then what stands beside them.
fn calls(text: &[u8]) -> bool {
    let is_cast = |at: usize| text.get(at..).and_then(|rest| word(rest, b"[char]")).is_some();
    let is_call = |at: usize| {
        let front = text.get(..at).unwrap_or_default();
        CALLS.iter().any(|name| {
            let start = front.len().checked_sub(name.len());
            start
                .and_then(|start| front.get(start..))
                .is_some_and(|it| it.eq_ignore_ascii_case(name))
        })
    };
    memchr_iter(b'(', text).any(is_call) || memchr_iter(b'[', text).any(is_cast)
}

/// Whether a text has `-join` or `.join(`, by their rarest letter.
fn lists(text: &[u8]) -> bool {
    memchr2_iter(b'j', b'J', text).any(|at| {
        let start = at.checked_sub(1).and_then(|start| text.get(start..)).unwrap_or_default();
        word(start, b"-join").is_some() || word(start, b".join(").is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::{calls, lists};
    use crate::unpack::testing::noise;

    /// What the words stand for, looked for everywhere.
    fn plain(text: &[u8], words: &[&str]) -> bool {
        let text = text.to_ascii_lowercase();
        words.iter().any(|word| memchr::memmem::find(&text, word.as_bytes()).is_some())
    }

    #[test]
    fn the_rare_bytes_of_words_find_them_all() {
        let pieces = [
            "chr",
            "CHR",
            "$",
            "w",
            "W",
            "(",
            "fromCharCode",
            "[",
            "char",
            "Char",
            "]",
            "-",
            ".",
            "join",
            "JOIN",
            "j",
            " ",
            "c",
        ];
        let mut found = [0; 2];
        for seed in noise(40_000).chunks(8) {
            let text: String =
                seed.iter().map(|&byte| pieces[usize::from(byte) % pieces.len()]).collect();
            let text = text.as_bytes();
            let words = ["chr(", "chr$(", "chrw(", "chrw$(", "fromcharcode(", "[char]"];
            assert_eq!(calls(text), plain(text, &words), "{text:?}");
            assert_eq!(lists(text), plain(text, &["-join", ".join("]), "{text:?}");
            found[0] += usize::from(calls(text));
            found[1] += usize::from(lists(text));
        }
        assert!(found.iter().all(|&found| (100..4900).contains(&found)), "{found:?}");
    }
}
