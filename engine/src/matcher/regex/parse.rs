//! From the text of a regular expression to its pieces.
//!
//! The language is that of PCRE2 10.42 without Unicode (pcre2pattern(3)), tried with `pcre2test`. Not
//! taken, by name: calls of groups and recursion, callouts, verbs, Unicode properties, conditions but on
//! groups, names that stand for several groups. Nothing here recurses; brackets nest as deep as PCRE2
//! lets them.

#![warn(clippy::arithmetic_side_effects)]

use super::bytes::ByteSet;
use super::class;
use super::cursor::Cursor;
use super::escape::{self, Escape, Reference};
use super::group;
use super::token::{Assertion, Group, Repeat, Style, Token, Tokens};
use super::{Flags, Problem, RegexError};

/// How deep brackets may nest.
const MAX_NESTING: usize = 250;
/// The longest text.
pub(super) const MAX_TEXT: usize = 1 << 16;

/// What letters in `(?i)` and behind the expression switch on and off.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    pub(super) any_case: bool,
    pub(super) multi_line: bool,
    pub(super) dot_all: bool,
    pub(super) extended: bool,
    pub(super) more_extended: bool,
    pub(super) no_capture: bool,
    pub(super) ungreedy: bool,
}

/// Brackets that are open.
pub(super) struct Opened {
    at: usize,
    /// The options before them.
    options: Options,
    pub(super) kind: OpenedKind,
}

/// What closing brackets have to know of the opening ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OpenedKind {
    Plain,
    /// Around or within which `\K` may not stand.
    Look,
    /// `(?|`: every alternative counts its groups from `first`; `most` were counted so far.
    Reset {
        first: u16,
        most: u16,
    },
    /// A condition, with its alternatives so far.
    Condition {
        alternatives: u8,
    },
}

pub(super) struct Parser<'t> {
    pub(super) cursor: Cursor<'t>,
    pub(super) options: Options,
    dollar_is_end: bool,
    list: Vec<Token>,
    open: Vec<Opened>,
    /// Groups that remember, so far.
    pub(super) captures: u16,
    /// The same with all alternatives of `(?|` counted.
    most_captures: u16,
    names: Vec<(&'t [u8], u16)>,
    /// Pieces that name a group, and where in the text they do.
    references: Vec<(usize, usize, Reference<'t>)>,
    /// Whether the last piece can be repeated.
    repeatable: bool,
}

/// Reads an expression.
pub(super) fn parse(text: &[u8], flags: Flags) -> Result<Tokens, RegexError> {
    if text.len() > MAX_TEXT {
        return Err(RegexError { at: MAX_TEXT, problem: Problem::TooLarge });
    }
    let options = Options {
        any_case: flags.any_case,
        multi_line: flags.multi_line,
        dot_all: flags.dot_all,
        extended: flags.extended,
        ungreedy: flags.ungreedy,
        ..Options::default()
    };
    let mut parser = Parser {
        cursor: Cursor::new(text),
        options,
        dollar_is_end: flags.dollar_is_end,
        list: Vec::new(),
        open: Vec::new(),
        captures: 0,
        most_captures: 0,
        names: Vec::new(),
        references: Vec::new(),
        repeatable: false,
    };
    while parser.step()? {}
    parser.finish()
}

impl<'t> Parser<'t> {
    pub(super) fn wrong(&self, at: usize, problem: Problem) -> RegexError {
        RegexError { at, problem }
    }

    pub(super) fn malformed(&self, at: usize, what: &'static str) -> RegexError {
        self.wrong(at, Problem::Malformed(what))
    }

    /// Reads one piece; `false` at the end.
    fn step(&mut self) -> Result<bool, RegexError> {
        let at = self.cursor.at();
        let Some(byte) = self.cursor.next() else { return Ok(false) };
        match byte {
            b'\\' => self.escape()?,
            b'[' => self.class(at)?,
            b'(' => group::open(self, at)?,
            b')' => self.close(at)?,
            b'|' => self.alternative(at)?,
            b'.' => {
                self.push_set(if self.options.dot_all { ByteSet::ALL } else { not_line_feed() })
            }
            b'^' => self.push_assertion(match self.options.multi_line {
                true => Assertion::LineStart,
                false => Assertion::Start,
            }),
            b'$' => self.push_assertion(self.dollar()),
            b'*' | b'+' | b'?' => self.repeat(at, byte)?,
            b'{' => match counts(&mut self.cursor) {
                Some(counts) => self.repeat_counted(at, counts)?,
                None => self.push_byte(byte),
            },
            b'#' | b' ' | b'\t'..=b'\r' if self.options.extended => {
                self.cursor.go_to(at);
                self.skip_spaces();
            }
            byte => self.push_byte(byte),
        }
        Ok(true)
    }

    /// Passes over what stands for nothing in an extended expression.
    fn skip_spaces(&mut self) {
        loop {
            self.cursor.take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r'));
            if !self.cursor.eat(b"#") {
                return;
            }
            self.cursor.take_while(|byte| byte != b'\n');
        }
    }

    /// Comments may stand between a repetition and what makes it lazy or possessive.
    fn skip_before_suffix(&mut self) {
        loop {
            if self.options.extended {
                self.skip_spaces();
            }
            let mut ahead = self.cursor;
            if !ahead.eat(b"(?#") || ahead.take_until(b")").is_none() {
                return;
            }
            self.cursor = ahead;
        }
    }

    fn dollar(&self) -> Assertion {
        match (self.options.multi_line, self.dollar_is_end) {
            (true, _) => Assertion::LineEnd,
            (false, true) => Assertion::End,
            (false, false) => Assertion::EndOrLastLine,
        }
    }

    pub(super) fn push(&mut self, token: Token, repeatable: bool) {
        self.list.push(token);
        self.repeatable = repeatable;
    }

    fn push_set(&mut self, set: ByteSet) {
        self.push(Token::Set(set), true);
    }

    fn push_byte(&mut self, byte: u8) {
        let set = ByteSet::one(byte);
        self.push_set(if self.options.any_case { set.any_case() } else { set });
    }

    fn push_assertion(&mut self, assertion: Assertion) {
        self.push(Token::Assert(assertion), false);
    }

    fn escape(&mut self) -> Result<(), RegexError> {
        let at = self.cursor.at().saturating_sub(1);
        match escape::read(&mut self.cursor, self.captures)? {
            Escape::Byte(byte) => self.push_byte(byte),
            Escape::Set(set) => self.push_set(set),
            Escape::NotLineFeed => self.push_set(not_line_feed()),
            Escape::LineEnd => self.push_line_end(),
            Escape::Assert(assertion) => self.push_assertion(assertion),
            Escape::Back(reference) => self.back(at, reference),
            Escape::Keep if self.open.iter().any(|open| open.kind == OpenedKind::Look) => {
                return Err(self.malformed(at, "\\K in a look-around"));
            }
            Escape::Keep => self.push(Token::Keep, false),
            Escape::Quote => self.quoted(),
            Escape::Nothing => {}
        }
        Ok(())
    }

    /// Everything up to `\E` stands for itself.
    fn quoted(&mut self) {
        let mut rest = self.cursor;
        let quoted = match rest.take_until(b"\\E") {
            Some(quoted) => quoted,
            None => rest.take_while(|_| true),
        };
        self.cursor = rest;
        quoted.iter().for_each(|&byte| self.push_byte(byte));
    }

    /// CR LF or one of the characters that end a line.
    fn push_line_end(&mut self) {
        let [cr, lf] = [b'\r', b'\n'].map(|byte| Token::Set(ByteSet::one(byte)));
        let one = Token::Set(ByteSet::vertical());
        self.list.extend([Token::Open(Group::Atomic), cr, lf, Token::Or, one]);
        self.push(Token::Close, true);
    }

    pub(super) fn back(&mut self, at: usize, reference: Reference<'t>) {
        let place = self.list.len();
        self.push(Token::Back { group: 0, any_case: self.options.any_case }, true);
        self.refer(place, at, reference);
    }

    /// Notes that the piece at `place` names a group.
    pub(super) fn refer(&mut self, place: usize, at: usize, reference: Reference<'t>) {
        let reference = match reference {
            Reference::Before(back) => {
                let next = u32::from(self.captures).saturating_add(1);
                Reference::Number(next.saturating_sub(back))
            }
            Reference::After(on) => Reference::Number(on.saturating_add(self.captures.into())),
            reference => reference,
        };
        self.references.push((place, at, reference));
    }

    pub(super) fn place(&self) -> usize {
        self.list.len()
    }

    fn class(&mut self, at: usize) -> Result<(), RegexError> {
        if self.cursor.eat(b"[:<:]]") {
            self.push_assertion(Assertion::WordStart);
        } else if self.cursor.eat(b"[:>:]]") {
            self.push_assertion(Assertion::WordEnd);
        } else if class::is_posix(self.cursor.rest()) {
            return Err(self.malformed(at, "a class name outside of a class"));
        } else {
            let Options { any_case, more_extended: spaced, .. } = self.options;
            let mut cursor = self.cursor;
            let set = class::read(&mut cursor, class::Options { any_case, spaced });
            self.cursor = cursor;
            self.push_set(set.map_err(|error| RegexError { at: error.at.max(at), ..error })?);
        }
        Ok(())
    }

    /// Opens brackets.
    pub(super) fn open(
        &mut self,
        at: usize,
        group: Group,
        kind: OpenedKind,
    ) -> Result<(), RegexError> {
        if self.open.len() >= MAX_NESTING {
            return Err(self.malformed(at, "brackets nest deeper than 250"));
        }
        self.open.push(Opened { at, options: self.options, kind });
        self.push(Token::Open(group), false);
        Ok(())
    }

    /// The number of a new group that remembers.
    pub(super) fn capture(&mut self, at: usize) -> Result<u16, RegexError> {
        let next = self.captures.checked_add(1).filter(|&next| next < u16::MAX);
        let Some(next) = next else { return Err(self.wrong(at, Problem::TooLarge)) };
        self.captures = next;
        self.most_captures = self.most_captures.max(next);
        Ok(next)
    }

    pub(super) fn name(&mut self, at: usize, name: &'t [u8], group: u16) -> Result<(), RegexError> {
        if !escape::is_name(name) {
            return Err(self.malformed(at, "a group name of letters and digits expected"));
        }
        if self.names.iter().any(|(known, number)| *known == name && *number != group) {
            return Err(self.malformed(at, "two groups of one name"));
        }
        self.names.push((name, group));
        Ok(())
    }

    fn close(&mut self, at: usize) -> Result<(), RegexError> {
        let Some(open) = self.open.pop() else {
            return Err(self.malformed(at, "a closing bracket without an opening one"));
        };
        self.options = open.options;
        if let OpenedKind::Reset { most, .. } = open.kind {
            self.captures = self.captures.max(most);
        }
        self.push(Token::Close, true);
        Ok(())
    }

    fn alternative(&mut self, at: usize) -> Result<(), RegexError> {
        let captures = &mut self.captures;
        match self.open.last_mut().map(|open| &mut open.kind) {
            Some(OpenedKind::Reset { first, most }) => {
                *most = (*most).max(*captures);
                *captures = *first;
            }
            Some(OpenedKind::Condition { alternatives }) => {
                *alternatives = alternatives.saturating_add(1);
                if *alternatives > 2 {
                    return Err(self.malformed(at, "a condition with more than two alternatives"));
                }
            }
            _ => {}
        }
        self.push(Token::Or, false);
        Ok(())
    }

    fn repeat(&mut self, at: usize, byte: u8) -> Result<(), RegexError> {
        let counts = match byte {
            b'*' => (0, None),
            b'+' => (1, None),
            _ => (0, Some(1)),
        };
        self.repeat_counted(at, counts)
    }

    fn repeat_counted(
        &mut self,
        at: usize,
        (min, max): (u32, Option<u32>),
    ) -> Result<(), RegexError> {
        const MOST: u32 = 65_535;
        if min > MOST || max.is_some_and(|max| max > MOST) {
            return Err(self.malformed(at, "a count above 65,535"));
        }
        if max.is_some_and(|max| max < min) {
            return Err(self.malformed(at, "counts out of order"));
        }
        if !self.repeatable {
            return Err(self.malformed(at, "nothing there to repeat"));
        }
        self.skip_before_suffix();
        let style = if self.cursor.eat(b"+") {
            Style::Possessive
        } else if self.cursor.eat(b"?") != self.options.ungreedy {
            Style::Lazy
        } else {
            Style::Greedy
        };
        self.push(Token::Repeat(Repeat { min, max, style }), false);
        Ok(())
    }

    fn finish(mut self) -> Result<Tokens, RegexError> {
        if let Some(open) = self.open.last() {
            return Err(self.malformed(open.at, "an opening bracket without a closing one"));
        }
        for (place, at, reference) in std::mem::take(&mut self.references) {
            let number = match reference {
                Reference::Name(name) => {
                    let named = self.names.iter().find(|(known, _)| *known == name);
                    named.map(|(_, number)| *number)
                }
                Reference::Number(number) => u16::try_from(number).ok(),
                _ => None,
            };
            let number = number.filter(|&number| (1..=self.most_captures).contains(&number));
            let number = number.ok_or_else(|| self.malformed(at, "a reference to no group"))?;
            match self.list.get_mut(place) {
                Some(Token::Back { group, .. } | Token::Open(Group::IfMatched(group))) => {
                    *group = number;
                }
                _ => return Err(self.malformed(at, "a reference to no group")),
            }
        }
        Ok(Tokens { list: self.list, captures: self.most_captures })
    }
}

fn not_line_feed() -> ByteSet {
    ByteSet::one(b'\n').negated()
}

/// `n}`, `n,}` or `n,m}`, passed over; anything else behind a brace makes the brace stand for itself.
fn counts(cursor: &mut Cursor<'_>) -> Option<(u32, Option<u32>)> {
    let mut ahead = *cursor;
    let digits = |cursor: &mut Cursor<'_>| {
        let digits = cursor.take_while(|byte| byte.is_ascii_digit());
        let text = std::str::from_utf8(digits).ok().filter(|digits| !digits.is_empty())?;
        Some(text.parse().unwrap_or(u32::MAX))
    };
    let min = digits(&mut ahead)?;
    let max = match ahead.next()? {
        b'}' => Some(min),
        b',' => {
            let max = digits(&mut ahead);
            ahead.eat(b"}").then_some(max)?
        }
        _ => return None,
    };
    *cursor = ahead;
    Some((min, max))
}
