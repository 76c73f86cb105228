//! Regular expressions as ClamAV's logical signatures have them: PCRE2 over bytes.
//!
//! An expression is read into small pieces (`parse.rs` with `escape.rs`, `class.rs` and `group.rs`;
//! `token.rs` says what pieces there are), and searched for by one of two engines: automata in linear time
//! (`linear.rs`) wherever they can express it, else by trying one way after the other under a bound
//! (`machine.rs`, on the instructions of `program.rs`). Texts and expressions are outside data: nothing
//! recurses over them, and every search asks the budget on its way.
//!
//! ```
//! use pellucid::limits::{Budget, Cancel, Limits};
//! use pellucid::matcher::regex::{Flags, Regex};
//!
//! let regex = Regex::new(br"(\w)\1+$", Flags::default())?;
//! let budget = Budget::new(Limits::default(), Cancel::new());
//! let found = regex.search(b"hello ooo", &budget).find(0, false)?.unwrap();
//! assert_eq!((found.start, found.end), (6, 9));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bytes;
mod class;
mod cursor;
mod escape;
mod group;
mod linear;
mod machine;
mod parse;
mod program;
mod shape;
mod token;

use std::fmt;

use self::linear::{Linear, Rooms};
use self::machine::Effort;
use self::program::Program;
use self::token::{Assertion, Token};
use crate::limits::{Budget, Stop};

/// The letters behind an expression that change what it means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags {
    /// `i`: letters match in either case.
    pub any_case: bool,
    /// `s`: a dot is a line feed, too.
    pub dot_all: bool,
    /// `m`: `^` and `$` also mean the lines inside of the text.
    pub multi_line: bool,
    /// `x`: spaces and comments stand for nothing.
    pub extended: bool,
    /// `E`: `$` is the very end.
    pub dollar_is_end: bool,
    /// `U`: repetitions are lazy, and greedy with a question mark.
    pub ungreedy: bool,
}

/// An expression that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegexError {
    /// Where, in bytes from the start of the expression.
    pub at: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// It is no regular expression.
    Malformed(&'static str),
    /// It asks for something that is not supported.
    Unsupported(&'static str),
    /// It is longer than 65,536 bytes, or has as many groups.
    TooLarge,
}

impl fmt::Display for RegexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            Problem::Malformed(what) => write!(f, "at byte {}: {what}", self.at),
            Problem::Unsupported(what) => write!(f, "at byte {}: {what} is not supported", self.at),
            Problem::TooLarge => f.write_str("the expression is too large"),
        }
    }
}

impl std::error::Error for RegexError {}

/// A match: bytes from `start` up to `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// An expression that is ready to be searched for. Threads may share it.
#[derive(Debug)]
pub struct Regex {
    linear: Option<Linear>,
    /// For the other engine; and for texts about whose last line feed automata may be mistaken.
    program: Option<Program>,
}

impl Regex {
    /// Reads an expression, and builds what is needed to search for it.
    pub fn new(text: &[u8], flags: Flags) -> Result<Self, RegexError> {
        let tokens = parse::parse(text, flags)?;
        let program = program::compile(&tokens)?;
        let linear = Linear::new(&tokens);
        let minds = [Assertion::LineStart, Assertion::EndOrLastLine].map(Token::Assert);
        let minds_last_line = tokens.list.iter().any(|token| minds.contains(token));
        let program = Some(program).filter(|_| linear.is_none() || minds_last_line);
        Ok(Self { linear, program })
    }

    /// Whether it can be taken: what [`Regex::new`] says, without building anything.
    pub fn check(text: &[u8], flags: Flags) -> Result<(), RegexError> {
        program::compile(&parse::parse(text, flags)?).map(|_| ())
    }

    /// Whether every search takes time linear in the text.
    pub fn is_linear(&self) -> bool {
        self.linear.is_some()
    }

    /// Bytes of memory that it takes.
    pub fn memory(&self) -> usize {
        let linear = self.linear.as_ref().map_or(0, Linear::memory);
        linear.saturating_add(self.program.as_ref().map_or(0, Program::memory))
    }

    /// Begins a search in `data`.
    pub fn search<'s>(&'s self, data: &'s [u8], budget: &'s Budget) -> Search<'s> {
        let effort = Effort::for_text(data.len());
        Search { regex: self, data, budget, rooms: Rooms::default(), effort }
    }
}

/// Searches for one expression in one text.
pub struct Search<'s> {
    regex: &'s Regex,
    data: &'s [u8],
    budget: &'s Budget,
    rooms: Rooms,
    effort: Effort,
}

impl Search<'_> {
    /// The leftmost match that begins at `from` or, unless `anchored`, behind it. What stands before
    /// `from` is looked at by what looks back.
    ///
    /// An error says that the search was ended before it was through: by the caller's budget, or because
    /// the expression needs more tries in this text than one search gets (`limit:time`).
    pub fn find(&mut self, from: usize, anchored: bool) -> Result<Option<Match>, Stop> {
        let Self { regex, data, budget, rooms, effort } = self;
        if from > data.len() {
            return Ok(None);
        }
        let Some(linear) = &regex.linear else {
            let Some(program) = &regex.program else { return Ok(None) };
            return machine::find(program, data, from, anchored, effort, budget);
        };
        let found = linear.find(data, from, anchored, rooms, budget)?;
        let at_last_line = |found: &Match| found.end == data.len() && data.last() == Some(&b'\n');
        match (found, &regex.program) {
            (Some(found), Some(program)) if at_last_line(&found) => {
                machine::find(program, data, found.start, anchored, effort, budget)
            }
            _ => Ok(found),
        }
    }
}

#[cfg(test)]
mod tests;
