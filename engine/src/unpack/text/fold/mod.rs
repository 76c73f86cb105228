//! Strings that a script puts together from pieces, put together: `"po" & "wer"`, `Chr(112) + "ower"`,
//! `'{1}{0}' -f 'b','a'`, `['a','b'].join('')`, `p^o^w^e^r`.
//!
//! Nothing is run and no variable is known: only what is plain from the text in one place is done, in one
//! pass, whatever language it is in. Ordinary programs put strings together, too, but seldom in the
//! middle of a word. So what is counted are words that were cut, and characters that were written as
//! numbers; only a text with several of them is handed out again, with its pieces put together.
//!
//! - `beginnings.rs` says at which bytes of a text something can begin,
//! - `literals.rs` reads strings, characters by their numbers, and lists of both.

mod beginnings;
mod literals;
#[cfg(test)]
mod tests;

use std::io::{self, Read};

use self::beginnings::Beginnings;
use self::literals::{Literals, join_operator, skip_space};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::unpack::Entry;

/// How much has to be put together for a text to be worth a second look.
const ENOUGH: u64 = 4;
/// What a word that was cut counts, and a character by its number.
const CUT: u64 = 2;
/// Strings are put together up to this length; then the next begins.
const LONGEST: usize = 1 << 20;

/// The text once more, if enough of it could be put together.
pub(super) fn folded<'e>(text: &Content<'_>, budget: &Budget) -> Result<Option<Entry<'e>>, Stop> {
    let beginnings = Beginnings::of(text, budget)?;
    let mut counting = Folder::new(text, &beginnings);
    let mut out = Vec::new();
    while counting.count < ENOUGH && counting.next_piece(&mut out) {
        budget.check()?;
        out.clear();
    }
    if counting.count < ENOUGH {
        return Ok(None);
    }
    let decoded = budget.decode(Folded::new(text, &beginnings), text.len() as u64)?;
    Ok(Some(Entry::decoded("strings put together", decoded)))
}

/// The output of a folder as a stream.
struct Folded<'d> {
    folder: Folder<'d>,
    ready: Vec<u8>,
    at: usize,
}

impl<'d> Folded<'d> {
    fn new(text: &'d [u8], beginnings: &'d Beginnings) -> Self {
        Self { folder: Folder::new(text, beginnings), ready: Vec::new(), at: 0 }
    }
}

impl Read for Folded<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.ready.len() {
            self.ready.clear();
            self.at = 0;
            if !self.folder.next_piece(&mut self.ready) {
                break;
            }
        }
        let count = self.ready.get(self.at..).unwrap_or_default().read(into)?;
        self.at = self.at.saturating_add(count);
        Ok(count)
    }
}

/// Goes through a text once.
struct Folder<'d> {
    text: &'d [u8],
    at: usize,
    beginnings: &'d Beginnings,
    literals: Literals<'d>,
    /// What was put together so far.
    count: u64,
}

impl<'d> Folder<'d> {
    fn new(text: &'d [u8], beginnings: &'d Beginnings) -> Self {
        Self { text, at: 0, beginnings, literals: Literals::new(text), count: 0 }
    }

    /// Reads on a little, and puts out what that comes to; false at the end.
    fn next_piece(&mut self, out: &mut Vec<u8>) -> bool {
        const STEP: usize = 64 << 10;
        let end = self.at.saturating_add(STEP);
        while self.at < end {
            let rest = self.text.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                return !out.is_empty();
            }
            let near = rest.get(..STEP).unwrap_or(rest);
            let plain = self.beginnings.first(near).unwrap_or(near.len());
            out.extend_from_slice(near.get(..plain).unwrap_or_default());
            self.at = self.at.saturating_add(plain);
            if plain < near.len() && !self.fold(out) {
                out.extend(self.text.get(self.at));
                self.at = self.at.saturating_add(1);
            }
        }
        true
    }

    /// Puts together what begins here, if anything does.
    fn fold(&mut self, out: &mut Vec<u8>) -> bool {
        match self.text.get(self.at) {
            Some(b'^' | b'`') => self.marks(out),
            Some(b'(' | b'[') if self.list(out) => true,
            Some(b'-') => self.joined_list(out),
            _ => self.strings(out),
        }
    }

    /// A string, and all that is added to it.
    fn strings(&mut self, out: &mut Vec<u8>) -> bool {
        let Some(first) = self.literals.at(self.at) else { return false };
        let (quote, begin) = (first.quote, out.len());
        out.push(quote);
        let mut literal = first;
        loop {
            self.count = self.count.saturating_add(literal.put_out(out));
            self.at = literal.end;
            let Some(next) = self.next_added(out.len().saturating_sub(begin)) else { break };
            self.count_cut(out.last(), next.first());
            literal = next;
        }
        self.format(begin.saturating_add(1), out);
        out.push(quote);
        true
    }

    /// The string that is added to the one that ends here.
    fn next_added(&mut self, length: usize) -> Option<literals::Literal<'d>> {
        let start = join_operator(self.text, self.at)?;
        let next = self.literals.at(start)?;
        (length < LONGEST).then_some(next)
    }

    fn count_cut(&mut self, left: Option<&u8>, right: Option<u8>) {
        let is_cut = left.is_some_and(u8::is_ascii_alphanumeric)
            && right.is_some_and(|byte| byte.is_ascii_alphanumeric());
        self.count = self.count.saturating_add(if is_cut { CUT } else { 0 });
    }

    /// `'{1}{0}' -f 'b','a'`: the string from `begin` on is the form.
    fn format(&mut self, begin: usize, out: &mut Vec<u8>) {
        let place = skip_space(self.text, self.at);
        let rest = self.text.get(place..).unwrap_or_default();
        let Some([b'-', b'f' | b'F', after, ..]) = rest.first_chunk::<3>() else { return };
        if after.is_ascii_alphanumeric() {
            return;
        }
        let Some((items, end)) = self.literals.list(skip_space(self.text, place.saturating_add(2)))
        else {
            return;
        };
        let form = out.split_off(begin.min(out.len()));
        self.count = self.count.saturating_add(literals::format(&form, &items, out));
        self.at = end;
    }

    /// `('a','b') -join ''`, or `['a','b'].join('')`.
    fn list(&mut self, out: &mut Vec<u8>) -> bool {
        let start = skip_space(self.text, self.at.saturating_add(1));
        if !matches!(self.text.get(start), Some(b'"' | b'\'')) {
            return false;
        }
        let Some((items, end)) = self.literals.list(start) else { return false };
        let closing = skip_space(self.text, end);
        let rest = self.text.get(closing..).unwrap_or_default();
        let rest = match rest.split_first() {
            Some((b')' | b']', rest)) => rest,
            _ => return false,
        };
        let place = closing.saturating_add(1);
        let separator = if let Some(behind) = word(rest.trim_ascii_start(), b"-join") {
            self.text.len().saturating_sub(behind.trim_ascii_start().len())
        } else if word(rest, b".join(").is_some() {
            place.saturating_add(6)
        } else {
            return false;
        };
        let Some(between) = self.literals.at(separator) else { return false };
        self.put_out_list(&items, Some(&between), out);
        self.at = between.end;
        true
    }

    /// `-join('a','b')`.
    fn joined_list(&mut self, out: &mut Vec<u8>) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some(behind) = word(rest, b"-join") else { return false };
        let Some(inside) = behind.trim_ascii_start().strip_prefix(b"(") else { return false };
        let start = self.text.len().saturating_sub(inside.len());
        let Some((items, end)) = self.literals.list(skip_space(self.text, start)) else {
            return false;
        };
        if items.len() < 2 {
            return false;
        }
        self.put_out_list(&items, None, out);
        self.at = end;
        true
    }

    fn put_out_list(
        &mut self,
        items: &[literals::Literal<'d>],
        between: Option<&literals::Literal<'d>>,
        out: &mut Vec<u8>,
    ) {
        out.push(b'"');
        for (number, item) in items.iter().enumerate() {
            let is_joined = between.is_none_or(|between| between.is_empty());
            if number > 0 && is_joined {
                self.count_cut(out.last(), item.first());
            } else if let (1.., Some(between)) = (number, between) {
                between.put_out(out);
            }
            self.count = self.count.saturating_add(item.put_out(out));
        }
        out.push(b'"');
    }

    /// A word with marks between its letters that the command line and PowerShell leave away.
    fn marks(&mut self, out: &mut Vec<u8>) -> bool {
        const WORD: usize = 256;
        let begins = self.at.checked_sub(1).and_then(|before| self.text.get(before));
        let rest = self.text.get(self.at..).unwrap_or_default();
        let is_mark = |byte: u8| matches!(byte, b'^' | b'`');
        let near = rest.get(..WORD).unwrap_or(rest);
        let word = near.iter().take_while(|&&b| b.is_ascii_alphanumeric() || is_mark(b)).count();
        let word = near.get(..word).unwrap_or_default();
        let between = word.windows(2).filter(
            |two| matches!(two, [mark, letter] if is_mark(*mark) && letter.is_ascii_alphanumeric()),
        );
        let (between, all) = (between.count(), word.iter().filter(|&&byte| is_mark(byte)).count());
        if between < 2 || between != all || !begins.is_some_and(u8::is_ascii_alphabetic) {
            return false;
        }
        out.extend(word.iter().filter(|&&byte| !is_mark(byte)));
        self.count = self.count.saturating_add(between as u64);
        self.at = self.at.saturating_add(word.len());
        true
    }
}

/// What follows a word, in letters of either case.
fn word<'t>(text: &'t [u8], word: &[u8]) -> Option<&'t [u8]> {
    let (front, behind) = text.split_at_checked(word.len())?;
    front.eq_ignore_ascii_case(word).then_some(behind)
}
