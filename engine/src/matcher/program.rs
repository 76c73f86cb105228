//! A segment's program: how a candidate is verified, in place on the set's bytes.
//!
//! A program is a run of operations, each a byte for its kind and its arguments:
//!
//! | byte | operation | arguments |
//! |---|---|---|
//! | 1 | these bytes | length u16, bytes |
//! | 2 | bytes under masks | length u16, values, masks |
//! | 3 | any bytes | count u32 |
//! | 4 | a gap | least u32, greatest u32 |
//! | 5 | one of several strings | count u16, then for each: length u16, values, masks |
//! | 6 | none of several strings | count u16, length u16, then for each: values, masks |
//! | 7 | a boundary | kind u8 (0 word, 1 line, 2 symbol), side u8 (0 before, 1 behind, 2 inside), flags u8 (1 negated, 2 wide) |
//! | 8 | a byte nearby | value u8, mask u8, behind u8 (0 or 1), least distance u8, greatest u8 |
//!
//! The writer ([`encode`]) and the readers ([`check`], [`Ends::run`]) stand here side by side. Programs
//! come out of sets, so the readers believe nothing: a broken program is an error when the set is
//! opened.

#![warn(clippy::arithmetic_side_effects)]

use std::ops::Range;

use memchr::memmem::Finder;

use super::boundary::{Boundary, BoundaryKind, Nearby, Side};
use super::pattern::{ByteMask, Element, Gap, Part};
use crate::limits::{Budget, Grant, Stop};
use crate::reader::{OutOfBounds, Reader};

const EXACT: u8 = 1;
const MASKED: u8 = 2;
const ANY: u8 = 3;
const GAP: u8 = 4;
const CHOICE: u8 = 5;
const NONE_OF: u8 = 6;
const BOUNDARY: u8 = 7;
const NEARBY: u8 = 8;

/// Flags of a boundary.
const NEGATED: u8 = 1;
const WIDE: u8 = 2;

/// A string of a pattern that a program has no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Writes the program of parts with bounded gaps between them.
pub fn encode<'p>(
    first: &Part,
    rest: impl IntoIterator<Item = (Gap, &'p Part)>,
) -> Result<Vec<u8>, TooLong> {
    let mut program = Vec::new();
    encode_part(&mut program, first)?;
    for (gap, part) in rest {
        program.push(GAP);
        program.extend_from_slice(&gap.min.to_le_bytes());
        program.extend_from_slice(&gap.max.ok_or(TooLong)?.to_le_bytes());
        encode_part(&mut program, part)?;
    }
    Ok(program)
}

fn encode_part(program: &mut Vec<u8>, part: &[Element]) -> Result<(), TooLong> {
    let mut run = Vec::new();
    for element in part {
        match element {
            Element::Byte(byte) => run.push(*byte),
            Element::Choice(strings) => {
                encode_run(program, &mut run)?;
                program.push(CHOICE);
                push_u16(program, strings.len())?;
                for string in strings {
                    push_u16(program, string.len())?;
                    push_masked(program, string);
                }
            }
            Element::NoneOf(strings) => {
                encode_run(program, &mut run)?;
                program.push(NONE_OF);
                push_u16(program, strings.len())?;
                push_u16(program, strings.first().map_or(0, Vec::len))?;
                strings.iter().for_each(|string| push_masked(program, string));
            }
            Element::Boundary(boundary) => {
                encode_run(program, &mut run)?;
                program.extend(encode_boundary(*boundary));
            }
            Element::Nearby(Nearby { byte, behind, min, max }) => {
                encode_run(program, &mut run)?;
                program.extend([NEARBY, byte.value, byte.mask, (*behind).into(), *min, *max]);
            }
        }
    }
    encode_run(program, &mut run)
}

fn encode_boundary(boundary: Boundary) -> [u8; 4] {
    let negated = if boundary.negated { NEGATED } else { 0 };
    let wide = if boundary.wide { WIDE } else { 0 };
    [BOUNDARY, boundary.kind as u8, boundary.side as u8, negated | wide]
}

/// Writes a run of single bytes as alike pieces: exact, any, masked.
fn encode_run(program: &mut Vec<u8>, run: &mut Vec<ByteMask>) -> Result<(), TooLong> {
    let kind = |byte: &ByteMask| match byte.mask {
        0xff => EXACT,
        0 => ANY,
        _ => MASKED,
    };
    for piece in run.chunk_by(|a, b| kind(a) == kind(b)) {
        let kind = piece.first().map_or(ANY, kind);
        if kind == ANY {
            program.push(ANY);
            let count = u32::try_from(piece.len()).map_err(|_| TooLong)?;
            program.extend_from_slice(&count.to_le_bytes());
            continue;
        }
        for piece in piece.chunks(usize::from(u16::MAX)) {
            program.push(kind);
            push_u16(program, piece.len())?;
            match kind {
                EXACT => program.extend(piece.iter().map(|byte| byte.value)),
                _ => push_masked(program, piece),
            }
        }
    }
    run.clear();
    Ok(())
}

fn push_u16(program: &mut Vec<u8>, number: usize) -> Result<(), TooLong> {
    let number = u16::try_from(number).map_err(|_| TooLong)?;
    program.extend_from_slice(&number.to_le_bytes());
    Ok(())
}

fn push_masked(program: &mut Vec<u8>, string: &[ByteMask]) {
    program.extend(string.iter().map(|byte| byte.value));
    program.extend(string.iter().map(|byte| byte.mask));
}

/// One operation, borrowed from the set.
#[derive(Clone, Copy, Debug)]
enum Op<'a> {
    Exact(&'a [u8]),
    Masked(Masked<'a>),
    Any(u32),
    Gap { min: u32, max: u32 },
    Choice { count: u16, strings: Reader<'a> },
    NoneOf { count: u16, length: u16, strings: Reader<'a> },
    Boundary(Boundary),
    Nearby(Nearby),
}

#[derive(Clone, Copy, Debug)]
struct Masked<'a> {
    values: &'a [u8],
    masks: &'a [u8],
}

impl<'a> Masked<'a> {
    fn read(reader: &mut Reader<'a>, length: u16) -> Result<Self, OutOfBounds> {
        let (values, masks) = (reader.bytes(length.into())?, reader.bytes(length.into())?);
        Ok(Self { values, masks })
    }

    fn fits(self, data: &[u8]) -> bool {
        let Some(data) = data.get(..self.values.len()) else { return false };
        let pairs = self.values.iter().zip(self.masks);
        data.iter().zip(pairs).all(|(byte, (value, mask))| byte & mask == *value)
    }
}

/// A program that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokenProgram {
    /// It ends inside an operation.
    Ends(OutOfBounds),
    /// There is no operation of this number.
    UnknownOperation(u8),
    /// A gap or a distance whose greatest length is below its least.
    Gap,
    /// There is no boundary of this kind, on this side, or with these flags.
    UnknownBoundary(u8),
}

impl From<OutOfBounds> for BrokenProgram {
    fn from(out_of_bounds: OutOfBounds) -> Self {
        BrokenProgram::Ends(out_of_bounds)
    }
}

fn read_op<'a>(reader: &mut Reader<'a>) -> Result<Op<'a>, BrokenProgram> {
    Ok(match reader.u8()? {
        EXACT => {
            let length = reader.u16_le()?;
            Op::Exact(reader.bytes(length.into())?)
        }
        MASKED => {
            let length = reader.u16_le()?;
            Op::Masked(Masked::read(reader, length)?)
        }
        ANY => Op::Any(reader.u32_le()?),
        GAP => match (reader.u32_le()?, reader.u32_le()?) {
            (min, max) if min > max => return Err(BrokenProgram::Gap),
            (min, max) => Op::Gap { min, max },
        },
        CHOICE => {
            let count = reader.u16_le()?;
            let strings = *reader;
            for _ in 0..count {
                let length = reader.u16_le()?;
                Masked::read(reader, length)?;
            }
            Op::Choice { count, strings }
        }
        NONE_OF => {
            let (count, length) = (reader.u16_le()?, reader.u16_le()?);
            let strings = *reader;
            for _ in 0..count {
                Masked::read(reader, length)?;
            }
            Op::NoneOf { count, length, strings }
        }
        BOUNDARY => Op::Boundary(read_boundary(reader)?),
        NEARBY => Op::Nearby(read_nearby(reader)?),
        other => return Err(BrokenProgram::UnknownOperation(other)),
    })
}

fn read_boundary(reader: &mut Reader<'_>) -> Result<Boundary, BrokenProgram> {
    let kind = match reader.u8()? {
        0 => BoundaryKind::Word,
        1 => BoundaryKind::Line,
        2 => BoundaryKind::Symbol,
        other => return Err(BrokenProgram::UnknownBoundary(other)),
    };
    let side = match reader.u8()? {
        0 => Side::Before,
        1 => Side::Behind,
        2 => Side::Inside,
        other => return Err(BrokenProgram::UnknownBoundary(other)),
    };
    match reader.u8()? {
        flags if flags & !(NEGATED | WIDE) != 0 => Err(BrokenProgram::UnknownBoundary(flags)),
        flags => {
            let (negated, wide) = (flags & NEGATED != 0, flags & WIDE != 0);
            Ok(Boundary { kind, side, negated, wide })
        }
    }
}

fn read_nearby(reader: &mut Reader<'_>) -> Result<Nearby, BrokenProgram> {
    let byte = ByteMask { value: reader.u8()?, mask: reader.u8()? };
    let (behind, min, max) = (reader.u8()? != 0, reader.u8()?, reader.u8()?);
    if min > max {
        return Err(BrokenProgram::Gap);
    }
    Ok(Nearby { byte, behind, min, max })
}

/// Reads a program to its end, so that a broken one is found before it is used.
pub fn check(program: &[u8]) -> Result<(), BrokenProgram> {
    let mut reader = Reader::new(program);
    while !reader.is_empty() {
        read_op(&mut reader)?;
    }
    Ok(())
}

/// The parts that a program was made of, with the gaps between them: what [`encode`] wrote, read back.
#[cfg(any(test, feature = "oracle"))]
pub fn decode(program: &[u8]) -> Result<(Part, Vec<(Gap, Part)>), BrokenProgram> {
    let mut reader = Reader::new(program);
    let (mut first, mut rest): (Part, Vec<(Gap, Part)>) = (Part::new(), Vec::new());
    while !reader.is_empty() {
        let op = read_op(&mut reader)?;
        if let Op::Gap { min, max } = op {
            rest.push((Gap { min, max: Some(max) }, Part::new()));
            continue;
        }
        let part = rest.last_mut().map_or(&mut first, |(_, part)| part);
        decode_op(op, part)?;
    }
    Ok((first, rest))
}

#[cfg(any(test, feature = "oracle"))]
fn decode_op(op: Op<'_>, part: &mut Part) -> Result<(), OutOfBounds> {
    let single = |masked: Masked<'_>| -> Vec<ByteMask> {
        let pairs = masked.values.iter().zip(masked.masks);
        pairs.map(|(&value, &mask)| ByteMask { value, mask }).collect()
    };
    match op {
        Op::Exact(bytes) => part.extend(bytes.iter().map(|&b| Element::Byte(ByteMask::exact(b)))),
        Op::Masked(masked) => part.extend(single(masked).into_iter().map(Element::Byte)),
        Op::Any(count) => {
            part.extend(std::iter::repeat_n(Element::Byte(ByteMask::ANY), count as usize));
        }
        Op::Gap { .. } => {}
        Op::Choice { count, mut strings } => {
            let strings = (0..count).map(|_| {
                let length = strings.u16_le()?;
                Ok(single(Masked::read(&mut strings, length)?))
            });
            part.push(Element::Choice(strings.collect::<Result<_, OutOfBounds>>()?));
        }
        Op::NoneOf { count, length, mut strings } => {
            let strings = (0..count).map(|_| Ok(single(Masked::read(&mut strings, length)?)));
            part.push(Element::NoneOf(strings.collect::<Result<_, OutOfBounds>>()?));
        }
        Op::Boundary(boundary) => part.push(Element::Boundary(boundary)),
        Op::Nearby(nearby) => part.push(Element::Nearby(nearby)),
    }
    Ok(())
}

/// A program cut at its last gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AtLastGap<'p> {
    pub(super) head: &'p [u8],
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) tail: &'p [u8],
}

/// The bytes that a program begins with, if it begins with bytes.
pub(super) fn first_bytes(program: &[u8]) -> &[u8] {
    match read_op(&mut Reader::new(program)) {
        Ok(Op::Exact(bytes)) => bytes,
        _ => &[],
    }
}

/// The most bytes that a program can take.
pub(super) fn longest(program: &[u8]) -> u64 {
    let mut reader = Reader::new(program);
    let mut longest = 0_u64;
    while let Ok(op) = read_op(&mut reader) {
        longest = longest.saturating_add(match op {
            Op::Exact(bytes) => bytes.len() as u64,
            Op::Masked(masked) => masked.values.len() as u64,
            Op::Any(count) => count.into(),
            Op::Gap { max, .. } => max.into(),
            Op::NoneOf { length, .. } => length.into(),
            // Strings of choices have 16-bit lengths, and boundaries take fewer bytes.
            Op::Choice { .. } | Op::Boundary(_) | Op::Nearby(_) => u64::from(u16::MAX),
        });
    }
    longest
}

/// Cuts a program at its last gap; `None` where it has none.
pub(super) fn at_last_gap(program: &[u8]) -> Option<AtLastGap<'_>> {
    let mut reader = Reader::new(program);
    let mut last = None;
    while !reader.is_empty() {
        let before = reader.position();
        if let Op::Gap { min, max } = read_op(&mut reader).ok()? {
            let (head, tail) = (program.get(..before)?, reader.rest());
            last = Some(AtLastGap { head, min, max, tail });
        }
    }
    last
}

/// Steps between two looks at the clock.
const STEPS: u64 = 1 << 20;
/// Bytes that are compared in one step.
const BYTES_A_STEP: u64 = 16;
/// Choices offer many ends at a time; they are sorted out when there are as many as this.
const MANY_ENDS: usize = 64 << 10;
/// So many neighbouring positions are searched through for a run of bytes.
const MANY_STARTS: usize = 64;
/// Bytes that are searched through between two looks at the clock.
const MANY_BYTES: usize = 4 << 20;
/// Memory that one thread's verification may always use; more is charged to the budget.
const FREE_MEMORY: u64 = 4 << 20;

/// Where a program can end when it starts at one position, as sorted ranges that do not touch. Kept
/// by the caller so that verifying small patterns allocates nothing.
///
/// Programs with wide gaps have as many ends as the data has bytes, so time and memory are asked of
/// the budget while a program runs.
#[derive(Debug, Default)]
pub struct Ends {
    ranges: Vec<Range<usize>>,
    next: Vec<Range<usize>>,
    chosen: Vec<usize>,
    /// The last program cannot be read to where it was run.
    is_broken: bool,
    /// What verification cost since the last look at the clock.
    steps: u64,
    grant: Option<Grant>,
    granted: u64,
}

impl Ends {
    /// Every end, in rising order.
    pub fn positions(&self) -> impl Iterator<Item = usize> + '_ {
        self.ranges.iter().cloned().flatten()
    }

    /// The first end.
    pub fn first(&self) -> Option<usize> {
        self.ranges.first().map(|range| range.start)
    }

    /// Whether the last program that was run cannot be read.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Gives back what a large search needed.
    pub fn clear(&mut self) {
        let steps = self.steps;
        if self.granted > 0 {
            *self = Self { steps, ..Self::default() };
        }
    }

    /// Notes what verification cost; after every so much the budget is asked whether it may go on.
    pub fn spend(&mut self, steps: u64, budget: &Budget) -> Result<(), Stop> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps < STEPS {
            return Ok(());
        }
        self.steps = 0;
        budget.check()?;
        let ranges = self.ranges.capacity().saturating_add(self.next.capacity());
        let ranges = ranges.saturating_mul(size_of::<Range<usize>>());
        let chosen = self.chosen.capacity().saturating_mul(size_of::<usize>());
        let held = (ranges.saturating_add(chosen) as u64).saturating_sub(FREE_MEMORY);
        let more = held.saturating_sub(self.granted);
        match &mut self.grant {
            _ if more == 0 => {}
            Some(grant) => grant.grow(more)?,
            None => self.grant = Some(budget.hold(more)?),
        }
        self.granted = self.granted.saturating_add(more);
        Ok(())
    }

    /// Notes that so many bytes were looked through.
    pub fn spend_bytes(&mut self, bytes: u64, budget: &Budget) -> Result<(), Stop> {
        self.spend(steps_of(bytes), budget)
    }

    /// Runs `program` over `data` from `start`; false where it does not fit, or is broken.
    pub fn run(
        &mut self,
        program: &[u8],
        data: &[u8],
        start: usize,
        budget: &Budget,
    ) -> Result<bool, Stop> {
        self.begin(data, start..start.saturating_add(1));
        self.go_on(program, data, budget)
    }

    /// Begins at many positions at a time.
    pub(super) fn begin(&mut self, data: &[u8], starts: Range<usize>) {
        self.ranges.clear();
        self.is_broken = false;
        let end = starts.end.min(data.len().saturating_add(1));
        if starts.start < end {
            self.ranges.push(starts.start..end);
        }
    }

    /// Runs `program` from every position that was reached.
    pub(super) fn go_on(
        &mut self,
        program: &[u8],
        data: &[u8],
        budget: &Budget,
    ) -> Result<bool, Stop> {
        let mut reader = Reader::new(program);
        while !reader.is_empty() && !self.ranges.is_empty() {
            match read_op(&mut reader) {
                Ok(op) => self.step(op, data, budget)?,
                Err(_) => {
                    self.ranges.clear();
                    self.is_broken = true;
                }
            }
        }
        self.spend(1, budget)?;
        Ok(!self.ranges.is_empty())
    }

    fn step(&mut self, op: Op<'_>, data: &[u8], budget: &Budget) -> Result<(), Stop> {
        match op {
            Op::Exact(bytes) => self.keep_exact(data, bytes, budget),
            Op::Masked(masked) => {
                let length = masked.values.len();
                let cost = steps_of(length as u64);
                self.keep(data, length, cost, budget, |_, rest| masked.fits(rest))
            }
            Op::Any(count) => self.widen(data, count, count, budget),
            Op::Gap { min, max } => self.widen(data, min, max, budget),
            Op::Choice { count, strings } => self.choose(data, count, strings, budget),
            Op::NoneOf { count, length, strings } => {
                let cost = steps_of(length.into()).saturating_mul(count.into());
                self.keep(data, length.into(), cost, budget, |_, rest| {
                    none_fits(rest, count, length, strings)
                })
            }
            Op::Boundary(boundary) => self.bound(data, boundary, budget),
            Op::Nearby(nearby) => {
                let cost = u64::from(nearby.max).saturating_add(1);
                self.keep(data, 0, cost, budget, |position, _| nearby.holds(data, position))
            }
        }
    }

    /// Moves every position on by what a boundary takes there.
    fn bound(&mut self, data: &[u8], boundary: Boundary, budget: &Budget) -> Result<(), Stop> {
        self.next.clear();
        let mut ranges = 0..self.ranges.len();
        while let Some(range) = ranges.next().and_then(|index| self.ranges.get(index).cloned()) {
            for position in range {
                self.spend(1, budget)?;
                for length in boundary.lengths(data, position) {
                    push_position(&mut self.next, position.saturating_add(length));
                }
            }
        }
        std::mem::swap(&mut self.ranges, &mut self.next);
        Ok(())
    }

    /// Keeps the positions where `bytes` follow, and moves them on behind these. Many neighbouring
    /// positions are searched through and not tried one by one.
    fn keep_exact(&mut self, data: &[u8], bytes: &[u8], budget: &Budget) -> Result<(), Stop> {
        let most = self.ranges.iter().map(Range::len).max().unwrap_or(0);
        if most < MANY_STARTS || bytes.is_empty() {
            let cost = steps_of(bytes.len() as u64);
            return self.keep(data, bytes.len(), cost, budget, |_, rest| rest.starts_with(bytes));
        }
        let finder = Finder::new(bytes);
        self.next.clear();
        let mut ranges = 0..self.ranges.len();
        while let Some(range) = ranges.next().and_then(|index| self.ranges.get(index).cloned()) {
            let mut from = range.start;
            while from < range.end {
                let stop = range.end.min(from.saturating_add(MANY_BYTES));
                let end = stop.saturating_add(bytes.len()).saturating_sub(1).min(data.len());
                let found = data.get(from..end).and_then(|text| finder.find(text));
                let looked_at = found.unwrap_or(stop.saturating_sub(from));
                self.spend_bytes(looked_at as u64, budget)?;
                from = from.saturating_add(looked_at);
                if found.is_some() {
                    push_position(&mut self.next, from.saturating_add(bytes.len()));
                    from = from.saturating_add(1);
                }
            }
        }
        std::mem::swap(&mut self.ranges, &mut self.next);
        Ok(())
    }

    /// Keeps the positions where `fits` holds for what follows, and moves them on by `length`. One
    /// look costs `cost` steps.
    fn keep(
        &mut self,
        data: &[u8],
        length: usize,
        cost: u64,
        budget: &Budget,
        fits: impl Fn(usize, &[u8]) -> bool,
    ) -> Result<(), Stop> {
        self.next.clear();
        let mut ranges = 0..self.ranges.len();
        while let Some(range) = ranges.next().and_then(|index| self.ranges.get(index).cloned()) {
            for position in range {
                self.spend(cost, budget)?;
                let Some(rest) = data.get(position..) else { continue };
                if rest.len() >= length && fits(position, rest) {
                    push_position(&mut self.next, position.saturating_add(length));
                }
            }
        }
        std::mem::swap(&mut self.ranges, &mut self.next);
        Ok(())
    }

    /// Goes on to every position that is at least `min` bytes behind one that was reached.
    pub(super) fn go_far(&mut self, data: &[u8], min: u32) {
        let first = self.first().map(|first| first.saturating_add(min as usize));
        let end = data.len().saturating_add(1);
        self.ranges.clear();
        self.ranges.extend(first.filter(|&first| first < end).map(|first| first..end));
    }

    /// The positions that were reached, as ranges that do not touch.
    pub(super) fn ranges(&self) -> &[Range<usize>] {
        &self.ranges
    }

    /// Moves every position on by `min` to `max` bytes.
    pub(super) fn widen(
        &mut self,
        data: &[u8],
        min: u32,
        max: u32,
        budget: &Budget,
    ) -> Result<(), Stop> {
        let end = data.len().saturating_add(1);
        self.next.clear();
        for range in &self.ranges {
            let start = range.start.saturating_add(min as usize);
            let stop = range.end.saturating_add(max as usize).min(end);
            if start < stop {
                push_range(&mut self.next, start..stop);
            }
        }
        std::mem::swap(&mut self.ranges, &mut self.next);
        self.spend(self.next.len() as u64, budget)
    }

    fn choose(
        &mut self,
        data: &[u8],
        count: u16,
        strings: Reader<'_>,
        budget: &Budget,
    ) -> Result<(), Stop> {
        self.chosen.clear();
        let mut many = MANY_ENDS;
        let mut ranges = 0..self.ranges.len();
        while let Some(range) = ranges.next().and_then(|index| self.ranges.get(index).cloned()) {
            for position in range {
                self.choose_at(position, data, count, strings, budget)?;
                if self.chosen.len() >= many {
                    self.chosen.sort_unstable();
                    self.chosen.dedup();
                    many = MANY_ENDS.max(self.chosen.len().saturating_mul(2));
                }
            }
        }
        self.chosen.sort_unstable();
        self.ranges.clear();
        self.chosen.iter().for_each(|&end| push_position(&mut self.ranges, end));
        Ok(())
    }

    /// Adds the ends of the strings that fit at one position.
    fn choose_at(
        &mut self,
        position: usize,
        data: &[u8],
        count: u16,
        mut strings: Reader<'_>,
        budget: &Budget,
    ) -> Result<(), Stop> {
        let Some(rest) = data.get(position..) else { return Ok(()) };
        for _ in 0..count {
            let string = strings.u16_le().and_then(|length| Masked::read(&mut strings, length));
            let Ok(string) = string else { break };
            self.spend_bytes(string.values.len() as u64, budget)?;
            if string.fits(rest) {
                self.chosen.push(position.saturating_add(string.values.len()));
            }
        }
        Ok(())
    }
}

/// What looking at so many bytes costs.
fn steps_of(bytes: u64) -> u64 {
    (bytes / BYTES_A_STEP).saturating_add(1)
}

fn none_fits(rest: &[u8], count: u16, length: u16, mut strings: Reader<'_>) -> bool {
    (0..count).all(|_| match Masked::read(&mut strings, length) {
        Ok(string) => !string.fits(rest),
        Err(_) => false,
    })
}

fn push_position(ranges: &mut Vec<Range<usize>>, position: usize) {
    push_range(ranges, position..position.saturating_add(1));
}

/// Adds a range that starts no earlier than the last one, and joins the two where they touch.
fn push_range(ranges: &mut Vec<Range<usize>>, range: Range<usize>) {
    match ranges.last_mut() {
        Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
        _ => ranges.push(range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Cancel, Limit, Limits};

    fn exact(bytes: &[u8]) -> Part {
        bytes.iter().map(|&byte| Element::Byte(ByteMask::exact(byte))).collect()
    }

    fn string(bytes: &[u8]) -> Vec<ByteMask> {
        bytes.iter().map(|&byte| ByteMask::exact(byte)).collect()
    }

    fn ends(program: &[u8], data: &[u8], start: usize) -> Vec<usize> {
        let mut ends = Ends::default();
        let budget = Budget::new(Limits::default(), Cancel::new());
        ends.run(program, data, start, &budget).unwrap();
        ends.positions().collect()
    }

    #[test]
    fn bytes_masks_and_wildcards() {
        let part = vec![
            Element::Byte(ByteMask::exact(b'a')),
            Element::Byte(ByteMask::ANY),
            Element::Byte(ByteMask { value: 0x60, mask: 0xf0 }),
            Element::Byte(ByteMask::either_case(b'Z')),
        ];
        let program = encode(&part, []).unwrap();
        assert_eq!(check(&program), Ok(()));
        assert_eq!(ends(&program, b"xa.cz", 1), [5]);
        assert_eq!(ends(&program, b"xa.1z", 1), [0; 0]);
        assert_eq!(ends(&program, b"xa.c", 1), [0; 0], "cut short");
        assert_eq!(ends(&program, b"x", 9), [0; 0], "behind the end");
    }

    #[test]
    fn gaps_and_choices_give_every_end() {
        let (first, second) = (exact(b"ab"), exact(b"c"));
        let gap = Gap { min: 1, max: Some(3) };
        let program = encode(&first, [(gap, &second)]).unwrap();
        assert_eq!(ends(&program, b"ab.c", 0), [4]);
        assert_eq!(ends(&program, b"abccc..c", 0), [4, 5]);
        assert_eq!(ends(&program, b"abc", 0), [0; 0]);

        let choice = vec![Element::Choice(vec![string(b"x"), string(b"xyz"), string(b"q")])];
        let program = encode(&choice, []).unwrap();
        assert_eq!(ends(&program, b"xyz", 0), [1, 3]);

        let none = vec![Element::NoneOf(vec![string(b"aa"), string(b"bb")])];
        let program = encode(&none, []).unwrap();
        assert_eq!(ends(&program, b"ab", 0), [2]);
        assert_eq!(ends(&program, b"bb", 0), [0; 0]);
        assert_eq!(ends(&program, b"b", 0), [0; 0], "too short to be anything");
    }

    #[test]
    fn many_starts_are_searched_through_as_if_they_were_tried_one_by_one() {
        let gap = Gap { min: 0, max: Some(300) };
        for bytes in [&b"aa"[..], b"aba", b"b"] {
            let program = encode(&exact(b"x"), [(gap, &exact(bytes))]).unwrap();
            for data in [b"ab".repeat(200), b"a".repeat(400), b"aab".repeat(150)] {
                let data = [b"x", data.as_slice()].concat();
                let fits = |&end: &usize| {
                    let start = end - bytes.len();
                    (1..=301).contains(&start) && data[start..end] == *bytes
                };
                let expected: Vec<usize> =
                    (bytes.len()..=data.len()).filter(|end| fits(end)).collect();
                assert_eq!(ends(&program, &data, 0), expected);
            }
        }
    }

    #[test]
    fn a_broken_program_is_found_and_never_fits() {
        let whole = encode(&exact(b"abcdef"), []).unwrap();
        for cut in 1..whole.len() {
            assert!(check(&whole[..cut]).is_err(), "cut at {cut}");
            assert_eq!(ends(&whole[..cut], b"abcdef", 0), [0; 0]);
        }
        assert_eq!(check(&[99]), Err(BrokenProgram::UnknownOperation(99)));
        assert_eq!(check(&[GAP, 2, 0, 0, 0, 1, 0, 0, 0]), Err(BrokenProgram::Gap));
    }

    #[test]
    fn what_was_written_is_read_back() {
        let boundary = Element::Boundary(Boundary {
            kind: BoundaryKind::Line,
            side: Side::Behind,
            negated: true,
            wide: true,
        });
        let nearby = Nearby { byte: ByteMask::exact(7), behind: true, min: 1, max: 32 };
        let first = [exact(b"ab"), vec![Element::Byte(ByteMask::ANY); 3]].concat();
        let second = vec![
            Element::Byte(ByteMask { value: 0x10, mask: 0xf0 }),
            Element::Choice(vec![string(b"x"), string(b"")]),
            Element::NoneOf(vec![string(b"xy"), string(b"zz")]),
            boundary,
            Element::Nearby(nearby),
        ];
        let gap = Gap { min: 2, max: Some(5) };
        let program = encode(&first, [(gap, &second)]).unwrap();
        assert_eq!(check(&program), Ok(()));
        assert_eq!(decode(&program), Ok((first, vec![(gap, second)])));
        for cut in 1..program.len() {
            let _ = decode(&program[..cut]);
        }
        for broken in [[BOUNDARY, 3, 0, 0], [BOUNDARY, 0, 3, 0], [BOUNDARY, 0, 0, 4]] {
            assert!(matches!(check(&broken), Err(BrokenProgram::UnknownBoundary(_))));
        }
        assert_eq!(check(&[NEARBY, 0, 0, 0, 2, 1]), Err(BrokenProgram::Gap));
    }

    #[test]
    fn a_program_asks_the_budget_while_it_runs() {
        let gap = Gap { min: 0, max: Some(u32::MAX) };
        let none = vec![Element::NoneOf(vec![string(&[b'b'; 600]); 600])];
        let program = encode(&exact(b"a"), [(gap, &none)]).unwrap();
        let cancel = Cancel::new();
        let budget = Budget::new(Limits::default(), cancel.clone());
        cancel.cancel();
        let stopped = Ends::default().run(&program, &[b'a'; 4096], 0, &budget);
        assert_eq!(stopped, Err(Stop::Cancelled), "within one start");
    }

    #[test]
    fn ends_without_number_are_charged() {
        let gap = Gap { min: 0, max: Some(u32::MAX) };
        let choice = vec![Element::Choice(vec![string(b"ab"), string(b"abab")])];
        let program = encode(&exact(b"a"), [(gap, &choice)]).unwrap();
        let data = b"ab".repeat(1 << 20);
        let limits = Limits { memory: 1 << 20, ..Limits::default() };
        let budget = Budget::new(limits, Cancel::new());
        let mut ends = Ends::default();
        let stopped = ends.run(&program, &data, 0, &budget);
        assert_eq!(stopped, Err(Stop::Limit(Limit::Memory)));
        ends.clear();
        assert!(budget.hold(1 << 20).is_ok(), "given back");
        let budget = Budget::new(Limits::default(), Cancel::new());
        assert_eq!(ends.run(&program, &data, 0, &budget), Ok(true));
        assert_eq!(ends.positions().count(), (1 << 20) - 1, "every pair, once");
    }
}
