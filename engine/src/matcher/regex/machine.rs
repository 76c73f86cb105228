//! The backtracking engine: for what no automaton can express, such as looking around, going back to
//! what a group matched, and never giving back.
//!
//! It tries one way through the program at a time and keeps, on a stack of its own, what else could be
//! tried and what has to be undone for that. Its effort is bounded: a pattern and a text can be made for
//! each other so that the ways are more than anybody can try. Reaching the bound is a [`Stop`], never a
//! silent "no match".

#![warn(clippy::arithmetic_side_effects)]

use super::Match;
use super::bytes::ByteSet;
use super::program::{Op, Program};
use super::token::{Assertion, Repeat, Style};
use crate::limits::{Budget, Grant, Limit, Stop};

/// Steps that one evaluation may take, besides [`STEPS_A_BYTE`] for every byte of the text.
const STEPS: u64 = 10_000_000;
const STEPS_A_BYTE: u64 = 8;
/// Steps between two looks at the clock.
const LOOK: u64 = 1 << 14;
/// Things that may wait on the stack.
const WAITING: usize = 1 << 20;

/// What one evaluation may still cost, all its searches together.
#[derive(Debug)]
pub(super) struct Effort {
    left: u64,
    next_look: u64,
}

impl Effort {
    pub(super) fn for_text(length: usize) -> Self {
        let left = (length as u64).saturating_mul(STEPS_A_BYTE).saturating_add(STEPS);
        Self { left, next_look: left }
    }

    fn spend(&mut self, steps: u64, budget: &Budget) -> Result<(), Stop> {
        self.left = self.left.checked_sub(steps).ok_or(Stop::Limit(Limit::Time))?;
        if self.left <= self.next_look {
            budget.check()?;
            self.next_look = self.left.saturating_sub(LOOK);
        }
        Ok(())
    }
}

/// Something on the stack.
#[derive(Clone, Copy, Debug)]
enum Waiting {
    /// Another way: go on there at that position.
    Way { op: u32, at: usize },
    /// Another way: go on behind a repetition, one byte less.
    Fewer { op: u32, at: usize, least: usize },
    /// Another way: one more byte of the repetition there, before `most`.
    More { op: u32, at: usize, most: usize },
    /// Not a way: what was in a slot.
    Slot { slot: u32, value: usize },
}

/// Nothing was remembered.
const UNSET: usize = usize::MAX;

/// One search.
pub(super) struct Machine<'m> {
    program: &'m Program,
    data: &'m [u8],
    search_start: usize,
    slots: Vec<usize>,
    stack: Vec<Waiting>,
    effort: &'m mut Effort,
    budget: &'m Budget,
    grant: Grant,
}

/// The leftmost match that begins at `from` or, unless `anchored`, behind it.
pub(super) fn find(
    program: &Program,
    data: &[u8],
    from: usize,
    anchored: bool,
    effort: &mut Effort,
    budget: &Budget,
) -> Result<Option<Match>, Stop> {
    let slots = program.slots;
    let grant = budget.hold((slots as u64).saturating_mul(8))?;
    effort.spend(slots as u64, budget)?;
    let (slots, stack) = (vec![UNSET; slots], Vec::new());
    let mut machine =
        Machine { program, data, search_start: from, slots, stack, effort, budget, grant };
    let mut start = from;
    loop {
        if let Some(first) = program.first.filter(|_| !anchored) {
            start = machine.next_start(start, &first)?;
        }
        if start > data.len() {
            return Ok(None);
        }
        if let Some(found) = machine.run(start)? {
            return Ok(Some(found));
        }
        if anchored {
            return Ok(None);
        }
        start = start.saturating_add(1);
    }
}

/// What an instruction comes to.
enum Next {
    /// The next one, at this position.
    Go(u32, usize),
    /// This way does not match.
    Fail,
    /// The expression matched, up to here.
    Done(usize),
}

impl Machine<'_> {
    /// The first position from `start` on where a match can begin; behind the text where there is none.
    fn next_start(&mut self, start: usize, first: &ByteSet) -> Result<usize, Stop> {
        let rest = self.data.get(start..).unwrap_or_default();
        let mut passed = 0_usize;
        for piece in rest.chunks(1 << 16) {
            let found = piece.iter().position(|&byte| first.contains(byte));
            let length = found.unwrap_or(piece.len());
            self.effort.spend(length as u64, self.budget)?;
            passed = passed.saturating_add(length);
            if found.is_some() {
                return Ok(start.saturating_add(passed));
            }
        }
        Ok(self.data.len().saturating_add(1))
    }

    fn run(&mut self, start: usize) -> Result<Option<Match>, Stop> {
        // What a search that failed had changed was undone on its way.
        self.stack.clear();
        self.set_slot(0, start);
        let (mut op, mut at) = (0, start);
        loop {
            self.effort.spend(1, self.budget)?;
            let next = match self.program.ops.get(op as usize) {
                Some(&now) => self.step(now, op, at)?,
                None => Next::Fail,
            };
            let resumed = match next {
                Next::Go(next, position) => Some((next, position)),
                Next::Fail => self.resume(),
                Next::Done(end) => {
                    return Ok(Some(Match { start: self.slot(0).min(end), end }));
                }
            };
            match resumed {
                Some(next) => (op, at) = next,
                None => return Ok(None),
            }
        }
    }

    fn slot(&self, slot: u32) -> usize {
        self.slots.get(slot as usize).copied().unwrap_or(UNSET)
    }

    fn set_slot(&mut self, slot: u32, value: usize) {
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = value;
        }
    }

    fn wait(&mut self, waiting: Waiting) -> Result<(), Stop> {
        if self.stack.len() == self.stack.capacity() {
            if self.stack.len() >= WAITING {
                return Err(Stop::Limit(Limit::Time));
            }
            let more = self.stack.len().max(64);
            let bytes = more.saturating_mul(size_of::<Waiting>());
            self.grant.grow(bytes as u64)?;
            self.stack.reserve_exact(more);
        }
        self.stack.push(waiting);
        Ok(())
    }

    /// Changes a slot so that it can be undone.
    fn remember(&mut self, slot: u32, value: usize) -> Result<(), Stop> {
        let before = self.slot(slot);
        self.wait(Waiting::Slot { slot, value: before })?;
        self.set_slot(slot, value);
        Ok(())
    }

    /// Takes the next way from the stack.
    fn resume(&mut self) -> Option<(u32, usize)> {
        loop {
            match self.stack.pop()? {
                Waiting::Slot { slot, value } => self.set_slot(slot, value),
                Waiting::Way { op, at } => return Some((op, at)),
                Waiting::Fewer { op, at, least } => {
                    let at = at.saturating_sub(1);
                    if at > least {
                        self.stack.push(Waiting::Fewer { op, at, least });
                    }
                    return Some((op, at));
                }
                Waiting::More { op, at, most } => {
                    let Some(Op::Sets { set, .. }) = self.program.ops.get(op as usize) else {
                        continue;
                    };
                    if !self.data.get(at).is_some_and(|&byte| self.is_in(*set, byte)) {
                        continue;
                    }
                    let at = at.saturating_add(1);
                    if at < most {
                        self.stack.push(Waiting::More { op, at, most });
                    }
                    return Some((op.saturating_add(1), at));
                }
            }
        }
    }

    fn step(&mut self, now: Op, op: u32, at: usize) -> Result<Next, Stop> {
        let next = op.saturating_add(1);
        let go_if = |holds: bool| if holds { Next::Go(next, at) } else { Next::Fail };
        Ok(match now {
            Op::Set(set) => match self.data.get(at) {
                Some(&byte) if self.is_in(set, byte) => Next::Go(next, at.saturating_add(1)),
                _ => Next::Fail,
            },
            Op::Sets { set, repeat } => self.sets(set, repeat, op, at)?,
            Op::Assert(assertion) => go_if(self.holds(assertion, at)),
            Op::Split(first, second) | Op::SplitLast(first, second) => {
                self.wait(Waiting::Way { op: second, at })?;
                Next::Go(first, at)
            }
            Op::Jump(target) => Next::Go(target, at),
            Op::Save(slot) => {
                self.remember(slot, at)?;
                Next::Go(next, at)
            }
            Op::Close { group, slot } => {
                let [start, end] = group_slots(group);
                let from = self.slot(slot);
                self.remember(start, from)?;
                self.remember(end, at)?;
                Next::Go(next, at)
            }
            Op::LoopStart { slot } => {
                self.remember(slot, 0)?;
                self.remember(slot.saturating_add(1), UNSET)?;
                Next::Go(next, at)
            }
            Op::Loop { slot, repeat, end } => self.turn_or_end(slot, repeat, next, end, at)?,
            Op::Turn { slot } => {
                let count = self.slot(slot).saturating_add(1);
                self.remember(slot, count)?;
                self.remember(slot.saturating_add(1), at)?;
                Next::Go(next, at)
            }
            Op::Mark { slot } => {
                self.remember(slot, 0)?;
                let height = self.stack.len();
                self.set_slot(slot, height);
                Next::Go(next, at)
            }
            Op::Cut { slot } => {
                self.cut(self.slot(slot))?;
                Next::Go(next, at)
            }
            Op::None { slot, end } => {
                self.remember(slot, 0)?;
                let height = self.stack.len();
                self.set_slot(slot, height);
                self.wait(Waiting::Way { op: end, at })?;
                Next::Go(next, at)
            }
            Op::Found { slot } => {
                self.undo(self.slot(slot))?;
                Next::Fail
            }
            Op::Back(length) => match at.checked_sub(length as usize) {
                Some(before) => Next::Go(next, before),
                None => Next::Fail,
            },
            Op::Restore(slot) => Next::Go(next, self.slot(slot)),
            Op::Again { group, any_case } => self.again(group, any_case, next, at)?,
            Op::UnlessMatched { group, end } => {
                let [_, matched] = group_slots(group);
                Next::Go(if self.slot(matched) == UNSET { end } else { next }, at)
            }
            Op::Match => Next::Done(at),
        })
    }

    fn is_in(&self, set: u32, byte: u8) -> bool {
        self.program.sets.get(set as usize).is_some_and(|set| set.contains(byte))
    }

    /// Bytes of a set, several times: as many as are tried first, the others on the stack.
    fn sets(&mut self, set: u32, repeat: Repeat, op: u32, at: usize) -> Result<Next, Stop> {
        let (min, max) = (repeat.min as usize, repeat.max.map_or(usize::MAX, |max| max as usize));
        let rest = self.data.get(at..).unwrap_or_default();
        let tried = if repeat.style == Style::Lazy { min } else { max };
        let within = rest.get(..tried).unwrap_or(rest);
        let count = within.iter().take_while(|byte| self.is_in(set, **byte)).count();
        self.effort.spend(count as u64 / 8, self.budget)?;
        if count < min {
            return Ok(Next::Fail);
        }
        let (next, reached) = (op.saturating_add(1), at.saturating_add(count));
        if repeat.style == Style::Greedy && count > min {
            let least = at.saturating_add(min);
            self.wait(Waiting::Fewer { op: next, at: reached, least })?;
        } else if repeat.style == Style::Lazy && max > min {
            self.wait(Waiting::More { op, at: reached, most: at.saturating_add(max) })?;
        }
        Ok(Next::Go(next, reached))
    }

    /// At the head of a counted loop. Where there is no greatest count, a turn that took no byte is the
    /// last one.
    fn turn_or_end(
        &mut self,
        slot: u32,
        repeat: Repeat,
        next: u32,
        end: u32,
        at: usize,
    ) -> Result<Next, Stop> {
        let (count, last) = (self.slot(slot), self.slot(slot.saturating_add(1)));
        if count < repeat.min as usize {
            return Ok(Next::Go(next, at));
        }
        if repeat.max.map_or(last == at, |max| count >= max as usize) {
            return Ok(Next::Go(end, at));
        }
        let (first, second) = match repeat.style {
            Style::Lazy => (end, next),
            Style::Greedy | Style::Possessive => (next, end),
        };
        self.wait(Waiting::Way { op: second, at })?;
        Ok(Next::Go(first, at))
    }

    /// Drops the ways above a height of the stack, but not what has to be undone.
    fn cut(&mut self, height: usize) -> Result<(), Stop> {
        let above = self.stack.len().saturating_sub(height);
        self.effort.spend(above as u64, self.budget)?;
        let mut kept = height;
        for place in height..self.stack.len() {
            if let Some(&slot @ Waiting::Slot { .. }) = self.stack.get(place)
                && let Some(to) = self.stack.get_mut(kept)
            {
                *to = slot;
                kept = kept.saturating_add(1);
            }
        }
        self.stack.truncate(kept);
        Ok(())
    }

    /// Drops everything above a height of the stack, and undoes it.
    fn undo(&mut self, height: usize) -> Result<(), Stop> {
        let above = self.stack.len().saturating_sub(height);
        self.effort.spend(above as u64, self.budget)?;
        while self.stack.len() > height {
            if let Some(Waiting::Slot { slot, value }) = self.stack.pop() {
                self.set_slot(slot, value);
            }
        }
        Ok(())
    }

    /// What a group matched, again. A group that did not match cannot come again.
    fn again(&mut self, group: u16, any_case: bool, next: u32, at: usize) -> Result<Next, Stop> {
        let [start, end] = group_slots(group).map(|slot| self.slot(slot));
        let Some(wanted) = self.data.get(start..end) else { return Ok(Next::Fail) };
        self.effort.spend(wanted.len() as u64 / 8, self.budget)?;
        let stop = at.saturating_add(wanted.len());
        let found = self.data.get(at..stop).is_some_and(|found| match any_case {
            true => found.eq_ignore_ascii_case(wanted),
            false => found == wanted,
        });
        Ok(if found { Next::Go(next, stop) } else { Next::Fail })
    }

    fn holds(&self, assertion: Assertion, at: usize) -> bool {
        let data = self.data;
        let is_word = |at: Option<usize>| {
            at.and_then(|at| data.get(at))
                .is_some_and(|byte| *byte == b'_' || byte.is_ascii_alphanumeric())
        };
        let (before, behind) = (is_word(at.checked_sub(1)), is_word(Some(at)));
        let is_end = at == data.len();
        let is_line_feed = |at: Option<usize>| at.and_then(|at| data.get(at)) == Some(&b'\n');
        match assertion {
            Assertion::Start => at == 0,
            Assertion::End => is_end,
            Assertion::EndOrLastLine => is_end || data.get(at..) == Some(b"\n"),
            Assertion::LineStart => at == 0 || !is_end && is_line_feed(at.checked_sub(1)),
            Assertion::LineEnd => is_end || is_line_feed(Some(at)),
            Assertion::WordEdge => before != behind,
            Assertion::NoWordEdge => before == behind,
            Assertion::WordStart => !before && behind,
            Assertion::WordEnd => before && !behind,
            Assertion::SearchStart => at == self.search_start,
        }
    }
}

/// The slots of where a group's match began and ended.
fn group_slots(group: u16) -> [u32; 2] {
    let start = u32::from(group).saturating_mul(2);
    [start, start.saturating_add(1)]
}
