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
//!
//! The writer ([`encode`]) and the readers ([`check`], [`Ends::run`]) stand here side by side. Programs
//! come out of sets, so the readers believe nothing: a broken program is an error when the set is
//! opened.

#![warn(clippy::arithmetic_side_effects)]

use std::ops::Range;

use super::pattern::{ByteMask, Element, Gap, Part};
use crate::reader::{OutOfBounds, Reader};

const EXACT: u8 = 1;
const MASKED: u8 = 2;
const ANY: u8 = 3;
const GAP: u8 = 4;
const CHOICE: u8 = 5;
const NONE_OF: u8 = 6;

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
        }
    }
    encode_run(program, &mut run)
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
    /// A gap whose greatest length is below its least.
    Gap,
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
        other => return Err(BrokenProgram::UnknownOperation(other)),
    })
}

/// Reads a program to its end, so that a broken one is found before it is used.
pub fn check(program: &[u8]) -> Result<(), BrokenProgram> {
    let mut reader = Reader::new(program);
    while !reader.is_empty() {
        read_op(&mut reader)?;
    }
    Ok(())
}

/// Where a program can end when it starts at one position, as sorted ranges that do not touch. Kept
/// by the caller so that verifying allocates nothing.
#[derive(Debug, Default)]
pub struct Ends {
    ranges: Vec<Range<usize>>,
    next: Vec<Range<usize>>,
    /// Positions looked at since the caller last set it to zero: what verification costs.
    pub steps: u64,
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

    /// Runs `program` over `data` from `start`; false where it does not fit, or is broken.
    pub fn run(&mut self, program: &[u8], data: &[u8], start: usize) -> bool {
        self.ranges.clear();
        if start <= data.len() {
            self.ranges.push(start..start.saturating_add(1));
        }
        let mut reader = Reader::new(program);
        while !reader.is_empty() && !self.ranges.is_empty() {
            match read_op(&mut reader) {
                Ok(op) => self.step(op, data),
                Err(_) => self.ranges.clear(),
            }
        }
        !self.ranges.is_empty()
    }

    fn step(&mut self, op: Op<'_>, data: &[u8]) {
        match op {
            Op::Exact(bytes) => self.keep(data, bytes.len(), |rest| rest.starts_with(bytes)),
            Op::Masked(masked) => self.keep(data, masked.values.len(), |rest| masked.fits(rest)),
            Op::Any(count) => self.widen(data, count, count),
            Op::Gap { min, max } => self.widen(data, min, max),
            Op::Choice { count, strings } => self.choose(data, count, strings),
            Op::NoneOf { count, length, strings } => {
                self.keep(data, length.into(), |rest| none_fits(rest, count, length, strings));
            }
        }
    }

    /// Keeps the positions where `fits` holds for what follows, and moves them on by `length`.
    fn keep(&mut self, data: &[u8], length: usize, fits: impl Fn(&[u8]) -> bool) {
        self.next.clear();
        for position in self.ranges.iter().cloned().flatten() {
            self.steps = self.steps.saturating_add(1);
            let Some(rest) = data.get(position..) else { continue };
            if rest.len() >= length && fits(rest) {
                push_position(&mut self.next, position.saturating_add(length));
            }
        }
        std::mem::swap(&mut self.ranges, &mut self.next);
    }

    /// Moves every position on by `min` to `max` bytes.
    fn widen(&mut self, data: &[u8], min: u32, max: u32) {
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
    }

    fn choose(&mut self, data: &[u8], count: u16, strings: Reader<'_>) {
        let mut ends = Vec::new();
        for position in self.ranges.iter().cloned().flatten() {
            let Some(rest) = data.get(position..) else { continue };
            let mut strings = strings;
            for _ in 0..count {
                self.steps = self.steps.saturating_add(1);
                let Ok(string) =
                    strings.u16_le().and_then(|length| Masked::read(&mut strings, length))
                else {
                    break;
                };
                if string.fits(rest) {
                    ends.push(position.saturating_add(string.values.len()));
                }
            }
        }
        ends.sort_unstable();
        self.ranges.clear();
        ends.into_iter().for_each(|end| push_position(&mut self.ranges, end));
    }
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

    fn exact(bytes: &[u8]) -> Part {
        bytes.iter().map(|&byte| Element::Byte(ByteMask::exact(byte))).collect()
    }

    fn string(bytes: &[u8]) -> Vec<ByteMask> {
        bytes.iter().map(|&byte| ByteMask::exact(byte)).collect()
    }

    fn ends(program: &[u8], data: &[u8], start: usize) -> Vec<usize> {
        let mut ends = Ends::default();
        ends.run(program, data, start);
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
    fn a_broken_program_is_found_and_never_fits() {
        let whole = encode(&exact(b"abcdef"), []).unwrap();
        for cut in 1..whole.len() {
            assert!(check(&whole[..cut]).is_err(), "cut at {cut}");
            assert_eq!(ends(&whole[..cut], b"abcdef", 0), [0; 0]);
        }
        assert_eq!(check(&[99]), Err(BrokenProgram::UnknownOperation(99)));
        assert_eq!(check(&[GAP, 2, 0, 0, 0, 1, 0, 0, 0]), Err(BrokenProgram::Gap));
    }
}
