//! Regular expressions in the strict sense, in time linear in the text.
//!
//! The expression becomes two lazily built automata, one that finds where the leftmost match ends, and
//! one that runs from there backward to where it begins. The automata are those of `regex-automata`; the
//! loop over the text stands here, so that the budget is asked on the way: in the worst case one byte
//! costs as much as the expression is large.

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::prefilter::Prefilter;
use regex_automata::{Anchored, Input, MatchKind, Span};
use regex_syntax::hir::{self, ClassBytes, ClassBytesRange, Hir, Look};

use super::Match;
use super::bytes::ByteSet;
use super::token::{Assertion, Group, Repeat, Style, Token, Tokens};
use crate::limits::{Budget, Grant, Limit, Stop};

/// The largest automaton, in bytes and in states; larger ones are left to the backtracking engine. A byte
/// of the text can cost a look at every state.
const MAX_AUTOMATON: usize = 1 << 20;
const MAX_STATES: usize = 1 << 12;
/// Room for the states that one search meets.
const CACHE: usize = 1 << 20;

/// An expression as automata.
#[derive(Debug)]
pub(super) struct Linear {
    forward: DFA,
    backward: DFA,
    /// Bytes between two looks at the clock.
    step: usize,
}

impl Linear {
    /// Builds the automata. `None` where the expression needs another engine: it looks around, goes
    /// back to what a group matched, never gives back, or is too large.
    pub(super) fn new(tokens: &Tokens) -> Option<Self> {
        let hir = Builder::build(&tokens.list)?;
        let forward = automaton(&hir, false)?;
        let backward = automaton(&hir, true)?;
        let states = forward.get_nfa().states().len().max(1);
        if states > MAX_STATES {
            return None;
        }
        let step = ((1_usize << 22) / states).clamp(64, 1 << 16);
        Some(Self { forward, backward, step })
    }

    /// Bytes that it takes.
    pub(super) fn memory(&self) -> usize {
        let of = |dfa: &DFA| dfa.memory_usage().saturating_add(dfa.get_nfa().memory_usage());
        of(&self.forward).saturating_add(of(&self.backward))
    }

    /// The leftmost match that begins at `from` or, unless `anchored`, behind it.
    pub(super) fn find(
        &self,
        data: &[u8],
        from: usize,
        anchored: bool,
        rooms: &mut Rooms,
        budget: &Budget,
    ) -> Result<Option<Match>, Stop> {
        let Some(end) = self.end(data, from, anchored, rooms, budget)? else { return Ok(None) };
        let start = if anchored { Some(from) } else { self.start(data, from, end, rooms, budget)? };
        Ok(start.map(|start| Match { start, end }))
    }

    /// Where the leftmost match ends.
    fn end(
        &self,
        data: &[u8],
        from: usize,
        anchored: bool,
        rooms: &mut Rooms,
        budget: &Budget,
    ) -> Result<Option<usize>, Stop> {
        let dfa = &self.forward;
        let cache = rooms.forward(dfa, budget)?;
        let anchor = if anchored { Anchored::Yes } else { Anchored::No };
        let input = Input::new(data).range(from..).anchored(anchor);
        let mut state = dfa.start_state_forward(cache, &input).map_err(|_| no_room())?;
        let prefilter = dfa.get_config().get_prefilter().filter(|_| !anchored);
        let (mut at, mut found) = (from, None);
        let mut next_look = from;
        while let Some(&byte) = data.get(at) {
            if at >= next_look {
                budget.check()?;
                next_look = at.saturating_add(self.step);
            }
            if state.is_start()
                && let Some(prefilter) = prefilter
            {
                match skip(prefilter, data, at) {
                    None => return Ok(found),
                    Some(ahead) if ahead > at => {
                        at = ahead;
                        let input = Input::new(data).range(at..).anchored(anchor);
                        state = dfa.start_state_forward(cache, &input).map_err(|_| no_room())?;
                        continue;
                    }
                    Some(_) => {}
                }
            }
            state = dfa.next_state(cache, state, byte).map_err(|_| no_room())?;
            if let Some(over) = judge(state, at, &mut found) {
                return over.map(|()| found);
            }
            at = at.saturating_add(1);
        }
        let last = dfa.next_eoi_state(cache, state).map_err(|_| no_room())?;
        if last.is_match() {
            found = Some(data.len());
        }
        Ok(found)
    }

    /// Where the leftmost match begins that ends at `end`.
    fn start(
        &self,
        data: &[u8],
        from: usize,
        end: usize,
        rooms: &mut Rooms,
        budget: &Budget,
    ) -> Result<Option<usize>, Stop> {
        let dfa = &self.backward;
        let cache = rooms.backward(dfa, budget)?;
        let input = Input::new(data).range(from..end).anchored(Anchored::Yes);
        let mut state = dfa.start_state_reverse(cache, &input).map_err(|_| no_room())?;
        let mut found = None;
        let between = data.get(from..end).unwrap_or_default();
        for (steps, (at, &byte)) in between.iter().enumerate().rev().enumerate() {
            if steps % self.step == 0 {
                budget.check()?;
            }
            state = dfa.next_state(cache, state, byte).map_err(|_| no_room())?;
            if let Some(over) = judge(state, from.saturating_add(at).saturating_add(1), &mut found)
            {
                return over.map(|()| found);
            }
        }
        let before = from.checked_sub(1).and_then(|before| data.get(before));
        let last = match before {
            Some(&byte) => dfa.next_state(cache, state, byte),
            None => dfa.next_eoi_state(cache, state),
        };
        if last.map_err(|_| no_room())?.is_match() {
            found = Some(from);
        }
        Ok(found)
    }
}

/// What a state says: a match that ended before the byte just read, or that nothing can follow.
fn judge(state: LazyStateID, place: usize, found: &mut Option<usize>) -> Option<Result<(), Stop>> {
    if !state.is_tagged() {
        return None;
    }
    if state.is_match() {
        *found = Some(place);
    }
    if state.is_dead() {
        Some(Ok(()))
    } else if state.is_quit() {
        Some(Err(no_room()))
    } else {
        None
    }
}

/// Where the next match can begin; `None` where none can.
fn skip(prefilter: &Prefilter, data: &[u8], at: usize) -> Option<usize> {
    prefilter.find(data, Span { start: at, end: data.len() }).map(|span| span.start)
}

fn no_room() -> Stop {
    Stop::Limit(Limit::Memory)
}

/// Room for the states of one search after the other in the same expression.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    forward: Option<(Cache, Grant)>,
    backward: Option<(Cache, Grant)>,
}

impl Rooms {
    fn forward(&mut self, dfa: &DFA, budget: &Budget) -> Result<&mut Cache, Stop> {
        room(&mut self.forward, dfa, budget)
    }

    fn backward(&mut self, dfa: &DFA, budget: &Budget) -> Result<&mut Cache, Stop> {
        room(&mut self.backward, dfa, budget)
    }
}

fn room<'r>(
    slot: &'r mut Option<(Cache, Grant)>,
    dfa: &DFA,
    budget: &Budget,
) -> Result<&'r mut Cache, Stop> {
    if slot.is_none() {
        // An automaton that needs more than the usual room gets what it needs.
        let needed = dfa.get_config().get_minimum_cache_capacity(dfa.get_nfa());
        let grant = budget.hold(needed.unwrap_or(CACHE).max(CACHE) as u64)?;
        *slot = Some((dfa.create_cache(), grant));
    }
    slot.as_mut().map(|(cache, _)| cache).ok_or_else(no_room)
}

fn automaton(hir: &Hir, reverse: bool) -> Option<DFA> {
    let thompson = thompson::Config::new()
        .utf8(false)
        .reverse(reverse)
        .nfa_size_limit(Some(MAX_AUTOMATON))
        .which_captures(WhichCaptures::None);
    let nfa: NFA = NFA::compiler().configure(thompson).build_from_hir(hir).ok()?;
    let kind = if reverse { MatchKind::All } else { MatchKind::LeftmostFirst };
    let prefilter = Prefilter::from_hir_prefix(kind, hir);
    let prefilter = prefilter.filter(|prefilter| !reverse && prefilter.is_fast());
    let config = DFA::config()
        .match_kind(kind)
        .specialize_start_states(prefilter.is_some())
        .prefilter(prefilter)
        .cache_capacity(CACHE)
        .skip_cache_capacity_check(true)
        .minimum_cache_clear_count(None);
    DFA::builder().configure(config).build_from_nfa(nfa).ok()
}

/// From pieces to the form that automata are built of.
#[derive(Default)]
struct Builder {
    frames: Vec<Frame>,
}

#[derive(Default)]
struct Frame {
    alternatives: Vec<Hir>,
    pieces: Vec<Hir>,
}

impl Frame {
    fn end_alternative(&mut self) {
        self.alternatives.push(Hir::concat(std::mem::take(&mut self.pieces)));
    }
}

impl Builder {
    fn build(list: &[Token]) -> Option<Hir> {
        let mut builder = Self { frames: vec![Frame::default()] };
        for (token, is_last) in list.iter().zip(ends(list)) {
            builder.push(token, is_last)?;
        }
        match builder.frames.as_mut_slice() {
            [frame] => {
                frame.end_alternative();
                Some(Hir::alternation(std::mem::take(&mut frame.alternatives)))
            }
            _ => None,
        }
    }

    fn push(&mut self, token: &Token, is_last: bool) -> Option<()> {
        let frame = self.frames.last_mut()?;
        match token {
            Token::Set(set) => frame.pieces.push(bytes(set)),
            Token::Assert(Assertion::EndOrLastLine) if is_last => {
                let line_feed = Hir::literal(*b"\n");
                frame.pieces.extend([optional(line_feed), Hir::look(Look::End)]);
            }
            Token::Assert(assertion) => frame.pieces.push(Hir::look(look(*assertion)?)),
            Token::Open(Group::Plain | Group::Capture(_)) => self.frames.push(Frame::default()),
            Token::Or => frame.end_alternative(),
            Token::Close => {
                frame.end_alternative();
                let group = Hir::alternation(self.frames.pop()?.alternatives);
                self.frames.last_mut()?.pieces.push(group);
            }
            Token::Repeat(repeat) => {
                let piece = frame.pieces.pop()?;
                frame.pieces.push(repeated(piece, *repeat)?);
            }
            Token::Open(_) | Token::Back { .. } | Token::Keep => return None,
        }
        Some(())
    }
}

/// For each piece, whether nothing that takes a byte can come behind it.
fn ends(list: &[Token]) -> Vec<bool> {
    let mut ends = vec![false; list.len()];
    // Whether what is behind the innermost brackets, and behind the current piece, takes no byte.
    let (mut outer, mut here) = (Vec::new(), true);
    let mut is_loop = false;
    for (token, end) in list.iter().zip(&mut ends).rev() {
        *end = here;
        let repeats = std::mem::take(&mut is_loop);
        match token {
            // What comes several times can come behind itself.
            Token::Repeat(repeat) => is_loop = repeat.max != Some(1),
            Token::Close => {
                here &= !repeats;
                outer.push(here);
            }
            Token::Or => here = outer.last().copied().unwrap_or(true),
            Token::Open(_) => {
                outer.pop();
                here = false;
            }
            _ => here = false,
        }
    }
    ends
}

fn bytes(set: &ByteSet) -> Hir {
    match set.only() {
        Some(byte) => Hir::literal([byte]),
        None => {
            let ranges = set.iter().map(|byte| ClassBytesRange::new(byte, byte));
            Hir::class(hir::Class::Bytes(ClassBytes::new(ranges)))
        }
    }
}

fn optional(piece: Hir) -> Hir {
    let sub = Box::new(piece);
    Hir::repetition(hir::Repetition { min: 0, max: Some(1), greedy: true, sub })
}

fn repeated(piece: Hir, repeat: Repeat) -> Option<Hir> {
    let greedy = match repeat.style {
        Style::Greedy => true,
        Style::Lazy => false,
        Style::Possessive => return None,
    };
    let (min, max, sub) = (repeat.min, repeat.max, Box::new(piece));
    Some(Hir::repetition(hir::Repetition { min, max, greedy, sub }))
}

fn look(assertion: Assertion) -> Option<Look> {
    Some(match assertion {
        Assertion::Start => Look::Start,
        Assertion::End => Look::End,
        Assertion::LineStart => Look::StartLF,
        Assertion::LineEnd => Look::EndLF,
        Assertion::WordEdge => Look::WordAscii,
        Assertion::NoWordEdge => Look::WordAsciiNegate,
        Assertion::WordStart => Look::WordStartAscii,
        Assertion::WordEnd => Look::WordEndAscii,
        Assertion::EndOrLastLine | Assertion::SearchStart => return None,
    })
}
