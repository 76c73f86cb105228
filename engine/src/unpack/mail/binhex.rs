//! BinHex 4.0 (RFC 1741): a Macintosh file with its two forks, in 64 printable characters, runs of a
//! byte written as a count, and a checksum behind the header and each fork.

use std::io::{self, Read};

use super::encodings::{broken, cut_off};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::unpack::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::verdict::{Problem, Reason};

/// The line in front, as much of it as matters.
pub(super) const LINE: &[u8] = b"(This file must be converted with BinHex";
/// The characters, in the order of their values.
const DIGITS: &[u8; 64] = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";
/// A count of the byte before follows.
const RUN: u8 = 0x90;

pub(in crate::unpack) fn open<'a>(
    content: Content<'a>,
    offset: u64,
    _: &Opening<'_>,
) -> Opened<'a> {
    let text = content.slice(offset, u64::MAX);
    let (state, notes) = (State::default(), Notes::default());
    Ok(walked(BinHex { text, state, next: Next::Header, notes }))
}

/// A file in BinHex.
struct BinHex<'a> {
    text: Content<'a>,
    state: State,
    next: Next,
    notes: Notes,
}

/// What is read next.
enum Next {
    Header,
    Data(Header),
    Resource(Header),
    Nothing,
}

#[derive(Clone, Debug)]
struct Header {
    name: Vec<u8>,
    data: u32,
    resource: u32,
}

impl<'a> Walk<'a> for BinHex<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            let text = self.text.clone();
            match std::mem::replace(&mut self.next, Next::Nothing) {
                Next::Nothing => return Ok(None),
                Next::Header => self.next = Next::Data(self.header(&text, budget)?),
                Next::Data(header) => {
                    let entry = self.fork(&text, header.name.clone(), header.data, budget);
                    if entry.problems.is_empty() {
                        self.next = Next::Resource(header);
                    }
                    return Ok(Some(entry));
                }
                Next::Resource(Header { resource: 0, .. }) => {}
                Next::Resource(header) => {
                    let name = [&header.name, &b"/resources"[..]].concat();
                    return Ok(Some(self.fork(&text, name, header.resource, budget)));
                }
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> BinHex<'a> {
    fn header(&mut self, text: &[u8], budget: &Budget) -> Result<Header, Problem> {
        self.state.at = start(text, budget)?;
        let mut fields = Fork { state: &mut self.state, text, left: 0, sum: 0 };
        let header = fields.header().map_err(|error| problem(&error))?;
        if header.1 {
            Ok(header.0)
        } else {
            Err(Problem::new(Reason::Corrupted, "the checksum of the header differs"))
        }
    }

    fn fork(&mut self, text: &[u8], name: Vec<u8>, size: u32, budget: &Budget) -> Entry<'a> {
        let mut fork = Fork { state: &mut self.state, text, left: size, sum: 0 };
        let entry = Entry::of(name, budget.decode(&mut fork, text.len() as u64));
        if !entry.problems.is_empty() {
            return entry;
        }
        match fork.is_sum_right() {
            Ok(true) => entry,
            Ok(false) => entry.with(Problem::new(Reason::Corrupted, "the checksum differs")),
            Err(error) => entry.with(problem(&error)),
        }
    }
}

fn problem(error: &io::Error) -> Problem {
    let reason = match error.kind() {
        io::ErrorKind::UnexpectedEof => Reason::Truncated,
        _ => Reason::Corrupted,
    };
    Problem::new(reason, error.to_string())
}

/// Where the digits begin: behind the first colon behind the line.
fn start(text: &[u8], budget: &Budget) -> Result<usize, Problem> {
    let line = text.get(..LINE.len()).filter(|line| line.eq_ignore_ascii_case(LINE));
    let from = line.map_or(0, <[u8]>::len);
    let rest = text.get(from..).unwrap_or_default();
    let found: Result<_, Stop> = budget.find(rest, b":");
    match found? {
        Some(at) => Ok(from.saturating_add(at).saturating_add(1)),
        None => Err(Problem::new(Reason::Truncated, "the colon in front of the data is missing")),
    }
}

/// How far the text was read.
#[derive(Debug, Default)]
struct State {
    at: usize,
    bits: u32,
    /// How many of them there are.
    count: u32,
    last: u8,
    /// How often the last byte comes again.
    again: u8,
}

impl State {
    fn next_byte(&mut self, text: &[u8]) -> io::Result<u8> {
        if self.again > 0 {
            self.again = self.again.saturating_sub(1);
            return Ok(self.last);
        }
        loop {
            let byte = self.packed(text)?;
            if byte != RUN {
                self.last = byte;
                return Ok(byte);
            }
            match self.packed(text)? {
                0 => {
                    self.last = RUN;
                    return Ok(RUN);
                }
                // The byte was handed out once already.
                1 => {}
                count => {
                    self.again = count.saturating_sub(2);
                    return Ok(self.last);
                }
            }
        }
    }

    /// The next eight bits.
    fn packed(&mut self, text: &[u8]) -> io::Result<u8> {
        while self.count < 8 {
            let Some(&byte) = text.get(self.at) else {
                return Err(cut_off("the colon behind the data is missing"));
            };
            if byte == b':' {
                return Err(cut_off("the data end too early"));
            }
            let value = DIGITS.iter().position(|&digit| digit == byte);
            if value.is_none() && !byte.is_ascii_whitespace() {
                return Err(broken(format!("{:?} is no digit", char::from(byte))));
            }
            self.at = self.at.saturating_add(1);
            let Some(value) = value else { continue };
            self.bits = self.bits << 6 | value as u32;
            self.count = self.count.saturating_add(6);
        }
        self.count = self.count.saturating_sub(8);
        let [.., byte] = (self.bits >> self.count).to_be_bytes();
        Ok(byte)
    }
}

/// One fork, and the checksum behind it.
struct Fork<'s, 't> {
    state: &'s mut State,
    text: &'t [u8],
    left: u32,
    sum: u16,
}

impl Fork<'_, '_> {
    fn next_byte(&mut self) -> io::Result<u8> {
        let byte = self.state.next_byte(self.text)?;
        self.sum = add(self.sum, byte);
        Ok(byte)
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        for slot in &mut bytes {
            *slot = self.next_byte()?;
        }
        Ok(bytes)
    }

    /// The header, and whether its checksum is right.
    fn header(&mut self) -> io::Result<(Header, bool)> {
        let [length] = self.bytes()?;
        let mut name = Vec::new();
        for _ in 0..length {
            name.push(self.next_byte()?);
        }
        // Version, type, creator and flags.
        self.bytes::<11>()?;
        let (data, resource) = (self.bytes()?, self.bytes()?);
        let (data, resource) = (u32::from_be_bytes(data), u32::from_be_bytes(resource));
        let is_right = self.is_sum_right()?;
        Ok((Header { name, data, resource }, is_right))
    }

    /// Reads the checksum.
    fn is_sum_right(&mut self) -> io::Result<bool> {
        // It is that of the bytes with two zeros in its place.
        let sum = add(add(self.sum, 0), 0);
        Ok(self.bytes::<2>()? == sum.to_be_bytes())
    }
}

impl Read for Fork<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        let mut count = 0_usize;
        for slot in into.iter_mut().take(self.left as usize) {
            match self.next_byte() {
                Ok(byte) => *slot = byte,
                // The same will be said again.
                Err(_) if count > 0 => break,
                Err(error) => return Err(error),
            }
            count = count.saturating_add(1);
        }
        self.left = self.left.saturating_sub(count as u32);
        Ok(count)
    }
}

/// CRC-CCITT, one byte more.
fn add(sum: u16, byte: u8) -> u16 {
    (0..8).rev().fold(sum, |sum, bit| {
        let carries = sum & 0x8000 != 0;
        let next = sum << 1 | u16::from(byte >> bit & 1);
        if carries { next ^ 0x1021 } else { next }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Limit, Limits};
    use crate::unpack::testing::{Walked, noise, survives_damage, walk_at};

    fn walk(text: impl AsRef<[u8]>) -> Walked {
        walk_at(open, text.as_ref(), 0, Limits::default())
    }

    fn summed(bytes: &[u8]) -> Vec<u8> {
        let sum = bytes.iter().chain(&[0, 0]).fold(0, |sum, &byte| add(sum, byte));
        [bytes, &sum.to_be_bytes()].concat()
    }

    /// Runs as counts, and the byte of counts by itself.
    fn with_runs(bytes: &[u8]) -> Vec<u8> {
        let mut packed = Vec::new();
        for run in bytes.chunk_by(|a, b| a == b).flat_map(|run| run.chunks(255)) {
            packed.push(run[0]);
            if run[0] == RUN {
                packed.push(0);
            }
            match run.len() {
                1 => {}
                count if count > 3 => packed.extend([RUN, count as u8]),
                count => (1..count).for_each(|_| packed.extend(with_runs(&run[..1]))),
            }
        }
        packed
    }

    /// An encoder by the text of RFC 1741.
    fn encoded(name: &str, data: &[u8], resources: &[u8]) -> String {
        let lengths = [(data.len() as u32).to_be_bytes(), (resources.len() as u32).to_be_bytes()];
        let header = [&[name.len() as u8], name.as_bytes(), b"\0TEXTttxt\0\0", &lengths.concat()];
        let whole = [summed(&header.concat()), summed(data), summed(resources)].concat();
        let mut bits: Vec<bool> = Vec::new();
        for byte in with_runs(&whole) {
            bits.extend((0..8).rev().map(|bit| byte >> bit & 1 == 1));
        }
        let mut text = format!("{} 4.0)\n:", String::from_utf8_lossy(LINE));
        for (number, six) in bits.chunks(6).enumerate() {
            let value =
                (0..6).fold(0, |value, bit| value << 1 | usize::from(six.get(bit) == Some(&true)));
            text.push(DIGITS[value].into());
            if number % 64 == 62 {
                text.push('\n');
            }
        }
        text + ":\n"
    }

    #[test]
    fn both_forks_come_out() {
        let data = [&[RUN; 9][..], &noise(3000), &[7; 1000], b"aabbbcccc"].concat();
        let walked = walk(encoded("a.bin", &data, b"fork"));
        assert_eq!(walked.reasons(), [], "{}", walked.words());
        assert_eq!(walked.names(), ["a.bin", "a.bin/resources"]);
        assert!(walked.content("a.bin") == data);
        assert_eq!(walked.content("a.bin/resources"), b"fork");
        assert_eq!(walk(encoded("b", b"x", b"")).names(), ["b"]);
    }

    #[test]
    fn checksums_are_compared() {
        let text = encoded("a", b"hello hello", b"");
        let start = text.find(':').unwrap() + 1;
        // The last two bytes are the checksum of a fork that is empty, and not asked for.
        for at in start..text.len() - 2 - 4 {
            let mut text = text.clone().into_bytes();
            text[at] = if text[at] == b'!' { b'r' } else { b'!' };
            assert!(!walk(text).reasons().is_empty(), "{at}");
        }
        let broken = text.replacen('!', "~", 1);
        assert_eq!(walk(broken).reasons(), [Reason::Corrupted]);
    }

    #[test]
    fn a_file_cut_anywhere_says_so() {
        let text = encoded("name", b"hello", b"world");
        for length in LINE.len()..text.len() - 5 {
            assert_eq!(walk(&text[..length]).reasons(), [Reason::Truncated], "{length}");
        }
    }

    #[test]
    fn runs_without_end_meet_the_budget() {
        let limits = Limits { object_bytes: 1000, ..Limits::default() };
        let walked = walk_at(open, encoded("a", &[7; 5000], b"").as_bytes(), 0, limits);
        assert_eq!(walked.reasons(), [Reason::Limit(Limit::ObjectBytes)]);
        let mut runs = format!("{} 4.0)\n:", String::from_utf8_lossy(LINE)).into_bytes();
        runs.extend(b"m!)T%!*)!N\"J".repeat(20_000));
        walk(runs);
    }

    #[test]
    fn damage_does_no_harm() {
        survives_damage(open, encoded("name", &noise(300), &[1; 50]).as_bytes());
    }
}
