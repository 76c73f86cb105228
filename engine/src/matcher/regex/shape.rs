//! What can be said of an expression without running it: where brackets close, how long matches are, and
//! with which byte they begin.

#![warn(clippy::arithmetic_side_effects)]

use std::collections::BTreeMap;

use super::bytes::ByteSet;
use super::token::{Group, Repeat, Token};
use super::{Problem, RegexError};

/// The shape of an expression.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// For each opening bracket, by its place: its closing one.
    pub(super) closes: BTreeMap<usize, usize>,
    /// For each opening bracket: how many alternatives are inside.
    pub(super) alternatives: BTreeMap<usize, usize>,
    /// How many alternatives the whole has.
    pub(super) whole: usize,
    /// For each look-behind: the lengths of its alternatives.
    pub(super) behind: BTreeMap<usize, Vec<u32>>,
    /// For each opening bracket: whether the brackets can match without a byte.
    pub(super) nullable: BTreeMap<usize, bool>,
    /// The bytes that a match can begin with; `None` where it can have no byte.
    pub(super) first: Option<ByteSet>,
}

/// What is known of a stretch.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    min: u32,
    max: Option<u32>,
    /// The bytes that it can begin with.
    first: ByteSet,
    nullable: bool,
}

impl Stretch {
    const EMPTY: Self = Self { min: 0, max: Some(0), first: ByteSet::NONE, nullable: true };
    const ANYTHING: Self = Self { min: 0, max: None, first: ByteSet::ALL, nullable: true };

    fn then(self, next: Self) -> Self {
        Self {
            min: self.min.saturating_add(next.min),
            max: self.max.zip(next.max).and_then(|(a, b)| a.checked_add(b)),
            first: if self.nullable { self.first.union(next.first) } else { self.first },
            nullable: self.nullable && next.nullable,
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            min: self.min.min(other.min),
            max: self.max.zip(other.max).map(|(a, b)| a.max(b)),
            first: self.first.union(other.first),
            nullable: self.nullable || other.nullable,
        }
    }

    fn repeated(self, repeat: Repeat) -> Self {
        let max = match (self.max, repeat.max) {
            (Some(0), _) => Some(0),
            (max, times) => max.zip(times).and_then(|(max, times)| max.checked_mul(times)),
        };
        let nullable = self.nullable || repeat.min == 0;
        Self { min: self.min.saturating_mul(repeat.min), max, nullable, ..self }
    }
}

/// Brackets on the way.
struct Frame {
    open: usize,
    group: Group,
    alternatives: Vec<Stretch>,
    /// The current alternative without its last piece, and that piece.
    before: Stretch,
    last: Stretch,
}

impl Frame {
    fn new(open: usize, group: Group) -> Self {
        let (before, last) = (Stretch::EMPTY, Stretch::EMPTY);
        Self { open, group, alternatives: Vec::new(), before, last }
    }

    fn push(&mut self, piece: Stretch) {
        self.before = self.before.then(self.last);
        self.last = piece;
    }

    fn end_alternative(&mut self) {
        self.alternatives.push(self.before.then(self.last));
        (self.before, self.last) = (Stretch::EMPTY, Stretch::EMPTY);
    }

    fn whole(&self) -> Stretch {
        let alternatives = self.alternatives.iter().copied();
        let whole = alternatives.reduce(Stretch::or).unwrap_or(Stretch::EMPTY);
        let has_else = self.alternatives.len() > 1 || !matches!(self.group, Group::IfMatched(_));
        if has_else { whole } else { whole.or(Stretch::EMPTY) }
    }
}

/// Works out the shape.
pub(super) fn shape(list: &[Token]) -> Result<Shape, RegexError> {
    let mut shape = Shape::default();
    let mut frames = vec![Frame::new(usize::MAX, Group::Plain)];
    for (place, token) in list.iter().enumerate() {
        let Some(frame) = frames.last_mut() else { return Err(unbalanced()) };
        match token {
            Token::Set(set) => {
                frame.push(Stretch { min: 1, max: Some(1), first: *set, nullable: false });
            }
            Token::Assert(_) | Token::Keep => frame.push(Stretch::EMPTY),
            Token::Back { .. } => frame.push(Stretch::ANYTHING),
            Token::Repeat(repeat) => frame.last = frame.last.repeated(*repeat),
            Token::Or => frame.end_alternative(),
            Token::Open(group) => frames.push(Frame::new(place, *group)),
            Token::Close => {
                frame.end_alternative();
                let Some(inner) = frames.pop() else { return Err(unbalanced()) };
                let piece = close(&mut shape, &inner, place)?;
                frames.last_mut().ok_or_else(unbalanced)?.push(piece);
            }
        }
    }
    match frames.as_mut_slice() {
        [frame] => {
            frame.end_alternative();
            shape.whole = frame.alternatives.len();
            let whole = frame.whole();
            shape.first = (!whole.nullable).then_some(whole.first);
            Ok(shape)
        }
        _ => Err(unbalanced()),
    }
}

/// Notes the shape of brackets that close, and says what they are to those around them.
fn close(shape: &mut Shape, inner: &Frame, place: usize) -> Result<Stretch, RegexError> {
    let whole = inner.whole();
    shape.closes.insert(inner.open, place);
    shape.alternatives.insert(inner.open, inner.alternatives.len());
    let looks = matches!(inner.group, Group::Ahead { .. } | Group::Behind { .. });
    shape.nullable.insert(inner.open, whole.nullable || looks);
    match inner.group {
        Group::Ahead { .. } => Ok(Stretch::EMPTY),
        Group::Behind { .. } => {
            let fixed = |it: &Stretch| Some(it.min).filter(|&min| it.max == Some(min));
            let lengths = inner.alternatives.iter().map(fixed).collect::<Option<_>>();
            let problem = Problem::Unsupported("a look-behind of variable length");
            shape.behind.insert(inner.open, lengths.ok_or(RegexError { at: 0, problem })?);
            Ok(Stretch::EMPTY)
        }
        _ => Ok(whole),
    }
}

fn unbalanced() -> RegexError {
    RegexError { at: 0, problem: Problem::Malformed("brackets that do not match") }
}
