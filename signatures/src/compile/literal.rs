//! The literal that gives a segment away: the rarest run of fixed bytes in it.
//!
//! The matcher looks for all literals in one pass and runs a segment's program where its literal was
//! seen. So the literal decides how often the program runs in vain: it should be long, and of bytes that
//! are rare in programs and texts. [`COMMONNESS`] says how rare each byte is; a byte that repeats the one
//! before it counts next to nothing, because files are full of runs.

use std::ops::RangeInclusive;

use pellucid::matcher::{ByteMask, Element, Gap, Part};

/// The longest literal.
pub(crate) const LONGEST: usize = 16;

/// The literal's place may vary by so much against the start of its segment.
const MAX_SPREAD: u64 = 256;

/// A literal with fewer bytes turns up in most files.
pub(crate) const CHEAP: usize = 4;

/// What [`COMMONNESS`] says of a byte that repeats the one before it.
const REPEATED: u32 = 1;

/// How rare each byte is, in half bits: -2 log2 of its share, runs of one byte counted once.
///
/// Measured over five kinds of files in equal weight: programs and libraries of Debian 12, Windows
/// programs, texts and scripts of /usr/share, and source code with its documents.
#[rustfmt::skip]
const COMMONNESS: [u8; 256] = [
    7, 12, 14, 15, 16, 16, 17, 17, 13, 17, 12, 18, 18, 18, 16, 13,
    16, 18, 17, 19, 18, 18, 20, 20, 17, 21, 20, 20, 19, 20, 21, 16,
    9, 19, 15, 18, 14, 18, 20, 17, 15, 16, 19, 20, 15, 16, 15, 15,
    15, 15, 16, 17, 17, 17, 18, 19, 17, 17, 15, 16, 15, 15, 14, 19,
    15, 13, 17, 16, 14, 15, 17, 18, 11, 15, 20, 19, 14, 17, 17, 17,
    16, 21, 16, 15, 15, 18, 18, 19, 18, 19, 20, 17, 19, 17, 21, 12,
    17, 11, 14, 12, 13, 10, 13, 15, 14, 11, 19, 17, 12, 14, 11, 12,
    13, 19, 12, 11, 10, 13, 16, 17, 16, 15, 19, 17, 19, 18, 21, 20,
    16, 19, 21, 15, 16, 15, 20, 22, 19, 13, 22, 14, 21, 15, 21, 22,
    18, 19, 22, 21, 20, 22, 22, 20, 21, 22, 21, 22, 22, 22, 23, 21,
    19, 22, 22, 22, 22, 23, 23, 23, 19, 20, 20, 23, 22, 23, 23, 23,
    20, 22, 23, 23, 21, 21, 20, 21, 19, 19, 20, 22, 21, 21, 20, 20,
    15, 18, 19, 17, 19, 20, 19, 18, 19, 19, 21, 21, 21, 22, 22, 21,
    18, 20, 19, 21, 22, 21, 20, 22, 19, 21, 22, 21, 22, 22, 21, 20,
    18, 20, 20, 21, 20, 21, 21, 21, 14, 17, 21, 18, 19, 20, 20, 19,
    18, 21, 21, 19, 20, 20, 19, 20, 18, 18, 20, 19, 19, 17, 17, 11,
];

/// What gives a segment away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    /// In lower case where letters match in either.
    pub(crate) bytes: Vec<u8>,
    pub(crate) any_case: bool,
    /// The distance from the segment's start to the literal.
    pub(crate) lead: RangeInclusive<u32>,
}

/// The rarest literal of a segment; none where it has no fixed byte at a bounded place.
pub(crate) fn choose<'p>(
    first: &'p Part,
    rest: impl IntoIterator<Item = (Gap, &'p Part)>,
) -> Option<Literal> {
    let mut search = Search::default();
    search.part(first);
    for (gap, part) in rest {
        search.advance(gap.min.into(), gap.max.unwrap_or(u32::MAX).into());
        search.part(part);
    }
    search.best.map(|(_, literal)| literal)
}

/// The walk over a segment.
#[derive(Default)]
struct Search {
    least: u64,
    greatest: u64,
    best: Option<(u32, Literal)>,
}

impl Search {
    fn advance(&mut self, least: u64, greatest: u64) {
        self.least = self.least.saturating_add(least);
        self.greatest = self.greatest.saturating_add(greatest);
    }

    fn part(&mut self, part: &Part) {
        for piece in part.chunk_by(|a, b| fixed(a).is_some() && fixed(b).is_some()) {
            let run: Vec<ByteMask> = piece.iter().filter_map(fixed).collect();
            if !run.is_empty() {
                self.run(&run);
                self.advance(run.len() as u64, run.len() as u64);
                continue;
            }
            for element in piece {
                let (least, greatest) = lengths(element);
                self.advance(least, greatest);
            }
        }
    }

    /// Tries every window of a run of fixed bytes.
    fn run(&mut self, run: &[ByteMask]) {
        if self.greatest.saturating_sub(self.least) > MAX_SPREAD {
            return;
        }
        for (index, window) in run.windows(LONGEST.min(run.len())).enumerate() {
            let score = rarity(window);
            if self.best.as_ref().is_some_and(|(best, _)| *best >= score) {
                continue;
            }
            let lead = |at: u64| u32::try_from(at.saturating_add(index as u64)).ok();
            if let (Some(least), Some(greatest)) = (lead(self.least), lead(self.greatest)) {
                self.best = Some((score, literal(window, least..=greatest)));
            }
        }
    }
}

/// An exact byte, or a letter of either case.
fn fixed(element: &Element) -> Option<ByteMask> {
    match element {
        Element::Byte(byte) if byte.mask == 0xff => Some(*byte),
        Element::Byte(byte) if byte.mask == 0xdf && byte.value.is_ascii_uppercase() => Some(*byte),
        _ => None,
    }
}

/// The fewest and the most bytes that an element takes.
pub(crate) fn lengths(element: &Element) -> (u64, u64) {
    match element {
        Element::Byte(_) => (1, 1),
        Element::Choice(strings) | Element::NoneOf(strings) => {
            let lengths = || strings.iter().map(|string| string.len() as u64);
            (lengths().min().unwrap_or(0), lengths().max().unwrap_or(0))
        }
        Element::Boundary(boundary) => boundary.extent(),
        Element::Nearby(_) => (0, 0),
    }
}

/// How rare a string is, in half bits.
fn rarity(window: &[ByteMask]) -> u32 {
    let mut before = None;
    let mut sum = 0_u32;
    for &byte in window {
        let bits = if before == Some(byte) { REPEATED } else { byte_rarity(byte) };
        sum = sum.saturating_add(bits);
        before = Some(byte);
    }
    sum
}

fn byte_rarity(byte: ByteMask) -> u32 {
    let of = |value: u8| COMMONNESS.get(usize::from(value)).copied().map_or(0, u32::from);
    match byte.mask {
        0xff => of(byte.value),
        // Two letters instead of one: as common as the commoner, and a little more.
        _ => of(byte.value).min(of(byte.value.to_ascii_lowercase())).saturating_sub(1),
    }
}

fn literal(window: &[ByteMask], lead: RangeInclusive<u32>) -> Literal {
    let any_case = window.iter().any(|byte| byte.mask != 0xff);
    let fold = |byte: &ByteMask| match any_case {
        true => byte.value.to_ascii_lowercase(),
        false => byte.value,
    };
    Literal { bytes: window.iter().map(fold).collect(), any_case, lead }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &[u8]) -> Part {
        text.iter().map(|&byte| Element::Byte(ByteMask::exact(byte))).collect()
    }

    fn any_case(text: &[u8]) -> Part {
        text.iter().map(|&byte| Element::Byte(ByteMask::either_case(byte))).collect()
    }

    fn chosen(parts: &[Part], gap: Gap) -> Option<(Vec<u8>, bool, RangeInclusive<u32>)> {
        let rest = parts[1..].iter().map(|part| (gap, part));
        choose(&parts[0], rest).map(|literal| (literal.bytes, literal.any_case, literal.lead))
    }

    const CLOSE: Gap = Gap { min: 1, max: Some(3) };
    const FAR: Gap = Gap { min: 0, max: Some(1000) };

    #[test]
    fn the_longer_and_the_rarer_wins() {
        assert_eq!(chosen(&[bytes(b"abc")], CLOSE), Some((b"abc".to_vec(), false, 0..=0)));
        let parts = [bytes(b"\0\x01"), bytes(b"\xa7\xbd")];
        assert_eq!(chosen(&parts, CLOSE), Some((b"\xa7\xbd".to_vec(), false, 3..=5)));
        let long = bytes(b"\0\0\0\x010123456789abcdef\0\0");
        assert_eq!(chosen(&[long], CLOSE), Some((b"0123456789abcdef".to_vec(), false, 4..=4)));
    }

    #[test]
    fn runs_of_one_byte_are_avoided() {
        let part = [bytes(&[0xa7; 16]), vec![Element::Byte(ByteMask::ANY)], bytes(b"\x01\x02\x03")];
        let literal = choose(&part.concat(), []).unwrap();
        assert_eq!((literal.bytes.as_slice(), literal.lead), (&b"\x01\x02\x03"[..], 17..=17));
        let only = choose(&bytes(&[0; 20]), []).unwrap();
        assert_eq!(only.bytes, [0; 16], "nothing better there");
    }

    #[test]
    fn letters_of_either_case_are_stored_in_lower_case() {
        assert_eq!(chosen(&[any_case(b"Ab1")], CLOSE), Some((b"ab1".to_vec(), true, 0..=0)));
        let mixed = [bytes(b"\xa7K"), any_case(b"Q")].concat();
        assert_eq!(chosen(&[mixed], CLOSE), Some((b"\xa7kq".to_vec(), true, 0..=0)));
    }

    #[test]
    fn a_place_that_varies_too_much_is_not_taken() {
        let parts = [bytes(b"\0\0"), bytes(b"\xa7\xbd\xb2\xa6")];
        assert_eq!(chosen(&parts, FAR), Some((b"\0\0".to_vec(), false, 0..=0)));
        let wild = [vec![Element::Byte(ByteMask::ANY)], bytes(b"\xa7\xbd")];
        assert_eq!(chosen(&wild, FAR), None);
    }

    #[test]
    fn choices_move_the_place() {
        let string = |text: &[u8]| text.iter().map(|&byte| ByteMask::exact(byte)).collect();
        let choice = Element::Choice(vec![string(b"a"), string(b"bcd")]);
        let none = Element::NoneOf(vec![string(b"xy")]);
        let part = [vec![choice, none], bytes(b"\xa7\xbd")].concat();
        assert_eq!(chosen(&[part], CLOSE), Some((b"\xa7\xbd".to_vec(), false, 3..=5)));
        assert_eq!(
            chosen(&[vec![Element::Byte(ByteMask { value: 0x10, mask: 0xf0 })]], CLOSE),
            None
        );
    }
}
