//! From pieces to a program for the backtracking engine.

#![warn(clippy::arithmetic_side_effects)]

use std::collections::HashMap;

use super::bytes::ByteSet;
use super::shape::{self, Shape};
use super::token::{Assertion, Group, Repeat, Style, Token, Tokens};
use super::{Problem, RegexError};

/// One instruction. Numbers of instructions are places in the program, numbers of slots are places in
/// the machine's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// One byte of a set.
    Set(u32),
    /// Bytes of a set, several times.
    Sets { set: u32, repeat: Repeat },
    /// Something that must hold here.
    Assert(Assertion),
    /// Tries the first; goes to the second where that fails.
    Split(u32, u32),
    /// The same, where the first is what was not known when it was written.
    SplitLast(u32, u32),
    /// Goes on there.
    Jump(u32),
    /// Remembers the position in a slot.
    Save(u32),
    /// A group matched from the position in a slot to here.
    Close { group: u16, slot: u32 },
    /// Begins a counted loop: its two slots hold the count and where the last turn began.
    LoopStart { slot: u32 },
    /// The head of a counted loop: its body follows, its end is there.
    Loop { slot: u32, repeat: Repeat, end: u32 },
    /// Begins a turn of the loop.
    Turn { slot: u32 },
    /// Remembers in a slot how much could be tried in other ways.
    Mark { slot: u32 },
    /// Gives up what could be tried since then.
    Cut { slot: u32 },
    /// Begins a look-around for no match; goes on there where there is none.
    None { slot: u32, end: u32 },
    /// There is a match: the look-around fails.
    Found { slot: u32 },
    /// Goes back by so many bytes.
    Back(u32),
    /// Goes on at the position in a slot.
    Restore(u32),
    /// What a group matched, again.
    Again { group: u16, any_case: bool },
    /// Goes there unless a group matched.
    UnlessMatched { group: u16, end: u32 },
    /// The whole expression matched.
    Match,
}

/// A program.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) ops: Vec<Op>,
    pub(super) sets: Vec<ByteSet>,
    /// How much memory it needs.
    pub(super) slots: usize,
    /// The bytes that a match can begin with; `None` where it can have no byte.
    pub(super) first: Option<ByteSet>,
}

impl Program {
    /// Bytes that it takes.
    pub(super) fn memory(&self) -> usize {
        size_of_val(self.ops.as_slice()).saturating_add(size_of_val(self.sets.as_slice()))
    }
}

/// Writes the program.
pub(super) fn compile(tokens: &Tokens) -> Result<Program, RegexError> {
    let shape = shape::shape(&tokens.list)?;
    let first = shape.first;
    let slots = u32::from(tokens.captures).saturating_add(1).saturating_mul(2);
    let (ops, sets) = (Vec::with_capacity(tokens.list.len()), Vec::new());
    let (known_sets, frames) = (HashMap::new(), Vec::new());
    let mut writer = Writer { list: &tokens.list, shape, ops, sets, known_sets, slots, frames };
    writer.begin_whole();
    for (place, token) in tokens.list.iter().enumerate() {
        writer.token(place, token).ok_or(UNBALANCED)?;
    }
    writer.end_whole().ok_or(UNBALANCED)?;
    let Writer { ops, sets, slots, .. } = writer;
    Ok(Program { ops, sets, slots: slots as usize, first })
}

const UNBALANCED: RegexError =
    RegexError { at: 0, problem: Problem::Malformed("brackets that do not match") };

struct Writer<'t> {
    list: &'t [Token],
    shape: Shape,
    ops: Vec<Op>,
    sets: Vec<ByteSet>,
    known_sets: HashMap<ByteSet, u32>,
    slots: u32,
    frames: Vec<Frame>,
}

/// Brackets that are open.
struct Frame {
    group: Group,
    /// The first slot of the brackets' own.
    slot: u32,
    turns: Turns,
    /// The instruction that leads to the next alternative.
    next: Option<usize>,
    /// Alternatives that are still to come.
    left: usize,
    /// The lengths of a look-behind's alternatives, the next one last.
    lengths: Vec<u32>,
    /// Instructions that lead to behind the last alternative.
    exits: Vec<usize>,
}

/// What stands around something that is repeated.
#[derive(Default)]
struct Turns {
    /// Where each turn begins, if there can be several.
    head: Option<usize>,
    /// Instructions that lead to behind the last turn.
    ends: Vec<usize>,
    /// The slot of a mark to cut back to.
    mark: Option<u32>,
}

impl Writer<'_> {
    fn place(&self) -> usize {
        self.ops.len()
    }

    fn push(&mut self, op: Op) -> usize {
        let place = self.place();
        self.ops.push(op);
        place
    }

    /// New slots of the machine's memory.
    fn reserve(&mut self, slots: u32) -> u32 {
        let first = self.slots;
        self.slots = first.saturating_add(slots);
        first
    }

    fn set(&mut self, set: &ByteSet) -> u32 {
        let next = number(self.sets.len());
        let index = *self.known_sets.entry(*set).or_insert(next);
        if index == next {
            self.sets.push(*set);
        }
        index
    }

    /// Lets the instruction at `place` lead to the one that comes next.
    fn lead_here(&mut self, place: usize) -> Option<()> {
        let here = number(self.place());
        match self.ops.get_mut(place)? {
            Op::Split(_, target)
            | Op::SplitLast(target, _)
            | Op::Jump(target)
            | Op::Loop { end: target, .. }
            | Op::None { end: target, .. }
            | Op::UnlessMatched { end: target, .. } => *target = here,
            _ => return None,
        }
        Some(())
    }

    fn token(&mut self, place: usize, token: &Token) -> Option<()> {
        match token {
            Token::Set(set) => {
                let set = self.set(set);
                match self.repeat_behind(place) {
                    Some(Repeat { max: Some(0), .. }) => {}
                    Some(repeat) => _ = self.push(Op::Sets { set, repeat }),
                    None => _ = self.push(Op::Set(set)),
                }
            }
            Token::Assert(assertion) => _ = self.push(Op::Assert(*assertion)),
            Token::Keep => _ = self.push(Op::Save(0)),
            Token::Back { group, any_case } => {
                let turns = self.begin_turns(self.repeat_behind(place), true);
                self.push(Op::Again { group: *group, any_case: *any_case });
                self.end_turns(turns)?;
            }
            Token::Open(group) => self.open(place, *group)?,
            Token::Or => self.alternative()?,
            Token::Close => self.close()?,
            Token::Repeat(_) => {}
        }
        Some(())
    }

    /// How often the piece at `place` comes.
    fn repeat_behind(&self, place: usize) -> Option<Repeat> {
        match self.list.get(place.saturating_add(1)) {
            Some(Token::Repeat(repeat)) => Some(*repeat),
            _ => None,
        }
    }

    fn begin_whole(&mut self) {
        let mut frame = Frame::new(Group::Plain, 0, Turns::default(), self.shape.whole);
        self.begin_alternative(&mut frame);
        self.frames.push(frame);
    }

    fn end_whole(&mut self) -> Option<()> {
        let frame = self.frames.pop()?;
        frame.exits.iter().try_for_each(|&exit| self.lead_here(exit))?;
        self.push(Op::Match);
        self.frames.is_empty().then_some(())
    }

    fn open(&mut self, place: usize, group: Group) -> Option<()> {
        let repeat = self.repeat_behind(*self.shape.closes.get(&place)?);
        let nullable = *self.shape.nullable.get(&place)?;
        let left = *self.shape.alternatives.get(&place)?;
        let turns = self.begin_turns(repeat, nullable);
        let slot = self.reserve(2);
        let mut frame = Frame::new(group, slot, turns, left);
        match group {
            Group::Plain => {}
            Group::Capture(_) => _ = self.push(Op::Save(slot)),
            Group::Atomic => _ = self.push(Op::Mark { slot }),
            Group::IfMatched(group) => {
                frame.next = Some(self.push(Op::UnlessMatched { group, end: NOWHERE }));
            }
            Group::Ahead { negated } | Group::Behind { negated } => {
                if negated {
                    frame.exits.push(self.push(Op::None { slot, end: NOWHERE }));
                } else {
                    self.push(Op::Mark { slot });
                    self.push(Op::Save(slot.saturating_add(1)));
                }
            }
        }
        if let Group::Behind { .. } = group {
            frame.lengths = self.shape.behind.get(&place)?.iter().rev().copied().collect();
        }
        self.begin_alternative(&mut frame);
        self.frames.push(frame);
        Some(())
    }

    fn begin_alternative(&mut self, frame: &mut Frame) {
        frame.left = frame.left.saturating_sub(1);
        if frame.left > 0 && !matches!(frame.group, Group::IfMatched(_)) {
            let here = number(self.place());
            frame.next = Some(self.push(Op::Split(here.saturating_add(1), NOWHERE)));
        }
        if let Some(length) = frame.lengths.pop() {
            self.push(Op::Back(length));
        }
    }

    fn alternative(&mut self) -> Option<()> {
        let mut frame = self.frames.pop()?;
        let exit = self.push(Op::Jump(NOWHERE));
        match frame.group {
            // The negative look-around fails as soon as one alternative matches.
            Group::Ahead { negated: true } | Group::Behind { negated: true } => {
                if let Some(op) = self.ops.get_mut(exit) {
                    *op = Op::Found { slot: frame.slot };
                }
            }
            _ => frame.exits.push(exit),
        }
        if let Some(next) = frame.next.take() {
            self.lead_here(next)?;
        }
        self.begin_alternative(&mut frame);
        self.frames.push(frame);
        Some(())
    }

    fn close(&mut self) -> Option<()> {
        let frame = self.frames.pop()?;
        let slot = frame.slot;
        if let Group::Ahead { negated: true } | Group::Behind { negated: true } = frame.group {
            self.push(Op::Found { slot });
        }
        for place in frame.exits.iter().chain(&frame.next) {
            self.lead_here(*place)?;
        }
        match frame.group {
            Group::Capture(group) => _ = self.push(Op::Close { group, slot }),
            Group::Atomic => _ = self.push(Op::Cut { slot }),
            Group::Ahead { negated: false } | Group::Behind { negated: false } => {
                self.push(Op::Cut { slot });
                self.push(Op::Restore(slot.saturating_add(1)));
            }
            _ => {}
        }
        self.end_turns(frame.turns)
    }

    fn begin_turns(&mut self, repeat: Option<Repeat>, nullable: bool) -> Turns {
        let mut turns = Turns::default();
        let once = |repeat: &Repeat| {
            (repeat.min, repeat.max) == (1, Some(1)) && repeat.style != Style::Possessive
        };
        let Some(repeat) = repeat.filter(|repeat| !once(repeat)) else { return turns };
        if repeat.max == Some(0) {
            turns.ends.push(self.push(Op::Jump(NOWHERE)));
            return turns;
        }
        if repeat.style == Style::Possessive {
            let slot = self.reserve(1);
            self.push(Op::Mark { slot });
            turns.mark = Some(slot);
        }
        if !nullable && repeat.min == 0 && repeat.max.is_none_or(|max| max == 1) {
            let head = self.split_to_end(repeat.style == Style::Lazy);
            turns.ends.push(head);
            turns.head = repeat.max.is_none().then_some(head);
            return turns;
        }
        let slot = self.reserve(2);
        self.push(Op::LoopStart { slot });
        let head = self.push(Op::Loop { slot, repeat, end: NOWHERE });
        self.push(Op::Turn { slot });
        turns.ends.push(head);
        turns.head = Some(head);
        turns
    }

    /// Goes on, or to the end that is not known yet; which is tried first depends.
    fn split_to_end(&mut self, end_first: bool) -> usize {
        let next = number(self.place()).saturating_add(1);
        match end_first {
            true => self.push(Op::SplitLast(NOWHERE, next)),
            false => self.push(Op::Split(next, NOWHERE)),
        }
    }

    fn end_turns(&mut self, turns: Turns) -> Option<()> {
        if let Some(head) = turns.head {
            self.push(Op::Jump(number(head)));
        }
        turns.ends.iter().try_for_each(|&end| self.lead_here(end))?;
        if let Some(slot) = turns.mark {
            self.push(Op::Cut { slot });
        }
        Some(())
    }
}

impl Frame {
    fn new(group: Group, slot: u32, turns: Turns, left: usize) -> Self {
        let (lengths, exits) = (Vec::new(), Vec::new());
        Self { group, slot, turns, next: None, left, lengths, exits }
    }
}

/// A place that is filled in later.
const NOWHERE: u32 = u32::MAX;

/// Programs have far fewer instructions: an expression has at most 2^16 bytes.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(NOWHERE)
}
