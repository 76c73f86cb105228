//! A regular expression in small pieces: what the parser makes of the text, and the engines read.
//!
//! The pieces stand in the order of the text, without nesting: [`Token::Open`] and [`Token::Close`]
//! are brackets, [`Token::Or`] divides the innermost open ones, and [`Token::Repeat`] says how often the
//! piece before it, or the brackets that just closed, may come. So every reader is a loop with a stack of
//! its own.

use super::bytes::ByteSet;

/// One piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// One byte of these.
    Set(ByteSet),
    /// Something that must hold between two bytes.
    Assert(Assertion),
    /// An opening bracket.
    Open(Group),
    /// A closing one.
    Close,
    /// The next alternative.
    Or,
    /// What is before it comes several times.
    Repeat(Repeat),
    /// What a group matched, again.
    Back {
        /// The group's number.
        group: u16,
        /// Letters match in either case.
        any_case: bool,
    },
    /// The match begins here, whatever came before.
    Keep,
}

/// What holds between two bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assertion {
    /// At the start of the text.
    Start,
    /// At its end.
    End,
    /// At its end, or before a line feed that ends it.
    EndOrLastLine,
    /// At the start, or behind a line feed that does not end the text.
    LineStart,
    /// At the end, or before a line feed.
    LineEnd,
    /// Between a letter, digit or underscore and something else.
    WordEdge,
    /// Not there.
    NoWordEdge,
    /// Where a word begins.
    WordStart,
    /// Where a word ends.
    WordEnd,
    /// Where the search began.
    SearchStart,
}

/// What brackets do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// Nothing but group.
    Plain,
    /// Remember what they matched.
    Capture(u16),
    /// Never try what is inside in another way, once it matched.
    Atomic,
    /// Look ahead: for a match, or for none.
    Ahead {
        /// For none.
        negated: bool,
    },
    /// Look back.
    Behind {
        /// For none.
        negated: bool,
    },
    /// The first alternative where this group matched, else the second.
    IfMatched(u16),
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Repeat {
    /// At least.
    pub(super) min: u32,
    /// At most.
    pub(super) max: Option<u32>,
    /// What is tried first.
    pub(super) style: Style,
}

/// What a repetition tries first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// As many as possible.
    Greedy,
    /// As few as possible.
    Lazy,
    /// As many as possible, and nothing else.
    Possessive,
}

/// A whole expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tokens {
    /// Its pieces; brackets are balanced.
    pub(super) list: Vec<Token>,
    /// Groups that remember, numbered from 1.
    pub(super) captures: u16,
}
