//! Byte comparisons of ClamAV's logical signatures: a number near a match, against one or two others.
//!
//! What counts was tried with ClamAV 1.4:
//!
//! - The number lies at a distance from the start of the last match of the part that it refers to. All
//!   its bytes must be in the object, and it must not begin at the very first byte.
//! - Numbers in text may have white space before them, and end at the first byte that is no digit;
//!   without digits they are 0. They may have a sign and, if they are hexadecimal, `0x`. What does not fit
//!   into 64 bits with a sign is no number.
//! - Hexadecimal text of the other byte order is turned around pair by pair, with a zero before it where
//!   the bytes are odd in number, and zeros for all from the first pair on that has no digits.
//! - Where exactly so many bytes are wanted, the number must take as many, the added zero among them.
//! - Raw numbers of eight bytes have a sign, shorter ones have none.

#![warn(clippy::arithmetic_side_effects)]

use super::expression::Comparison;
use crate::set::layout::{
    COMPARE_AUTO, COMPARE_DECIMAL, COMPARE_EXACT, COMPARE_HEXADECIMAL, COMPARE_LITTLE, COMPARE_RAW,
    COMPARE_TWICE, ComparisonRow,
};

/// How bytes are read as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Reading {
    /// As hexadecimal digits.
    Hexadecimal = COMPARE_HEXADECIMAL,
    /// As decimal digits.
    Decimal = COMPARE_DECIMAL,
    /// As hexadecimal digits behind `0x`, else as decimal ones.
    Auto = COMPARE_AUTO,
    /// As they are: 1, 2, 4 or 8 bytes.
    Raw = COMPARE_RAW,
}

/// A byte comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ByteComparison {
    /// The part whose last match it refers to.
    pub trigger: u8,
    /// From the start of that match.
    pub distance: i64,
    /// How the bytes are read.
    pub reading: Reading,
    /// Whether the lowest byte comes first.
    pub little: bool,
    /// Whether the number must take all the bytes.
    pub exact: bool,
    /// How many bytes are read at most.
    pub length: u32,
    /// What the number is compared with.
    pub first: (Comparison, i64),
    /// What it is compared with besides.
    pub second: Option<(Comparison, i64)>,
}

impl ByteComparison {
    /// The longest hexadecimal number: `0x` and sixteen digits.
    pub const LONGEST_HEXADECIMAL: u32 = 18;

    /// Its stored form, as the part of this number.
    pub fn row(&self, part: u8) -> ComparisonRow {
        let flags = [
            (self.little, COMPARE_LITTLE),
            (self.exact, COMPARE_EXACT),
            (self.second.is_some(), COMPARE_TWICE),
        ];
        let (second, second_number) = self.second.unwrap_or(self.first);
        ComparisonRow {
            part,
            trigger: self.trigger,
            reading: self.reading as u8,
            flags: flags.iter().filter(|(on, _)| *on).fold(0, |all, (_, flag)| all | flag),
            first: self.first.0 as u8,
            second: second as u8,
            reserved: 0.into(),
            length: self.length.into(),
            distance: self.distance.into(),
            first_number: self.first.1.into(),
            second_number: second_number.into(),
        }
    }

    /// What a row stores; `None` where it means nothing.
    pub(crate) fn read(row: &ComparisonRow) -> Option<Self> {
        let reading = match row.reading {
            COMPARE_HEXADECIMAL => Reading::Hexadecimal,
            COMPARE_DECIMAL => Reading::Decimal,
            COMPARE_AUTO => Reading::Auto,
            COMPARE_RAW => Reading::Raw,
            _ => return None,
        };
        let has = |flag| row.flags & flag != 0;
        let known = COMPARE_LITTLE | COMPARE_EXACT | COMPARE_TWICE;
        let second = (Comparison::from_number(row.second)?, row.second_number.get());
        (row.flags & !known == 0).then_some(Self {
            trigger: row.trigger,
            distance: row.distance.get(),
            reading,
            little: has(COMPARE_LITTLE),
            exact: has(COMPARE_EXACT),
            length: row.length.get(),
            first: (Comparison::from_number(row.first)?, row.first_number.get()),
            second: has(COMPARE_TWICE).then_some(second),
        })
    }

    /// Whether it holds of a match that starts there.
    pub(crate) fn holds(&self, data: &[u8], start: usize) -> bool {
        let Some(number) = self.number(data, start) else { return false };
        let is_as_asked = |(comparison, with): (Comparison, i64)| match comparison {
            Comparison::Equal => number == with,
            Comparison::More => number > with,
            Comparison::Less => number < with,
        };
        is_as_asked(self.first) && self.second.is_none_or(is_as_asked)
    }

    fn number(&self, data: &[u8], start: usize) -> Option<i64> {
        let at = i64::try_from(start).ok()?.checked_add(self.distance)?;
        let at = usize::try_from(at).ok().filter(|&at| at > 0)?;
        let bytes = data.get(at..at.checked_add(self.length as usize)?)?;
        match self.reading {
            Reading::Raw => raw(bytes, self.little),
            Reading::Decimal => self.text(bytes, bytes.len(), 10),
            Reading::Hexadecimal => self.hexadecimal(bytes),
            Reading::Auto => {
                let digits = bytes.trim_ascii_start_c();
                match digits {
                    [b'0', b'x' | b'X', _, ..] => self.hexadecimal(bytes),
                    [_, _, _, ..] if !self.little => self.text(bytes, bytes.len(), 10),
                    _ => None,
                }
            }
        }
    }

    fn hexadecimal(&self, bytes: &[u8]) -> Option<i64> {
        if self.little { self.turned(bytes) } else { self.text(bytes, bytes.len(), 16) }
    }

    fn text(&self, bytes: &[u8], wanted: usize, radix: u32) -> Option<i64> {
        let (number, used) = parse(bytes, radix)?;
        (!self.exact || used == wanted).then_some(number)
    }

    /// Hexadecimal digits whose lowest pair comes first.
    fn turned(&self, bytes: &[u8]) -> Option<i64> {
        let digits = bytes.trim_ascii_start_c();
        let digits = match digits {
            [b'0', b'x' | b'X', digits @ ..] => digits,
            digits => digits,
        };
        if self.exact && digits.len() != bytes.len() {
            return None;
        }
        self.text(&turn_around(digits), digits.len(), 16)
    }
}

/// The pairs of digits that a text begins with, the last one first, with zeros for what is no digit.
fn turn_around(digits: &[u8]) -> Vec<u8> {
    if digits.len() < 2 {
        return digits.to_vec();
    }
    let is_digit = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'x' | b'X');
    let mut padded = vec![b'0'; digits.len() % 2];
    padded.extend_from_slice(digits);
    let (pairs, _) = padded.as_chunks::<2>();
    let mut pairs: Vec<[u8; 2]> = pairs.to_vec();
    let count = pairs.iter().take_while(|pair| pair.iter().all(is_digit)).count();
    pairs.iter_mut().skip(count).for_each(|pair| *pair = *b"00");
    pairs.into_iter().rev().flatten().collect()
}

/// White space as C has it: also the vertical tabulator.
trait TrimC {
    fn trim_ascii_start_c(&self) -> &[u8];
}

impl TrimC for [u8] {
    fn trim_ascii_start_c(&self) -> &[u8] {
        let spaces = self.iter().take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r')).count();
        self.get(spaces..).unwrap_or_default()
    }
}

/// The number that the bytes begin with, and how many of them it takes, white space before it left aside:
/// what `strtoll` of C reads, but for what does not fit.
fn parse(bytes: &[u8], radix: u32) -> Option<(i64, usize)> {
    let text = bytes.trim_ascii_start_c();
    let (negative, unsigned) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let is_digit = |byte: &u8| char::from(*byte).is_digit(radix);
    let digits = match unsigned {
        [b'0', b'x' | b'X', digits @ ..] if radix == 16 && digits.first().is_some_and(is_digit) => {
            digits
        }
        digits => digits,
    };
    let count = digits.iter().take_while(|byte| is_digit(byte)).count();
    let value = digits.iter().take(count).try_fold(0_i64, |value, byte| {
        let digit = i64::from(char::from(*byte).to_digit(radix)?);
        let value = value.checked_mul(radix.into())?;
        if negative { value.checked_sub(digit) } else { value.checked_add(digit) }
    })?;
    let rest = digits.len().saturating_sub(count);
    let used = if count == 0 { 0 } else { text.len().saturating_sub(rest) };
    Some((value, used))
}

fn raw(bytes: &[u8], little: bool) -> Option<i64> {
    let in_order = |place: usize| match little {
        true => bytes.len().checked_sub(place)?.checked_sub(1),
        false => Some(place),
    };
    let places = (0..bytes.len()).map(|place| bytes.get(in_order(place)?).copied());
    let value = places.collect::<Option<Vec<u8>>>()?;
    matches!(value.len(), 1 | 2 | 4 | 8).then_some(())?;
    let value = value.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    Some(value.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(options: &str, length: u32, text: &[u8]) -> Option<i64> {
        let has = |letter| options.contains(letter);
        let reading = match options.chars().next() {
            Some('h') => Reading::Hexadecimal,
            Some('d') => Reading::Decimal,
            Some('a') => Reading::Auto,
            _ => Reading::Raw,
        };
        let comparison = ByteComparison {
            trigger: 0,
            distance: 4,
            reading,
            little: has('l'),
            exact: has('e'),
            length,
            first: (Comparison::Equal, 0),
            second: None,
        };
        let data = [b".AAxx", text, b"\0\x01\x02\xff\xfe\0\x01\x02"].concat();
        comparison.number(&data, 1)
    }

    /// What ClamAV 1.4 reads.
    #[test]
    fn numbers_in_text() {
        for (options, length, text, expected) in [
            ("d", 2, "1234", Some(12)),
            ("d", 4, "12", Some(12)),
            ("d", 4, " 12z", Some(12)),
            ("d", 4, "-12", Some(-12)),
            ("d", 4, "ff", Some(0)),
            ("de", 4, "12", None),
            ("de", 4, "1234", Some(1234)),
            ("de", 4, " 123", None),
            ("d", 30, "999999999999999999999999999999", None),
            ("h", 2, "1234", Some(0x12)),
            ("h", 4, "0x12", Some(0x12)),
            ("h", 2, "0x12", Some(0)),
            ("h", 4, "x12z", Some(0)),
            ("he", 4, "0x12", Some(0x12)),
            ("he", 4, " 12z", None),
            ("hl", 4, "1234", Some(0x3412)),
            ("hl", 3, "123", Some(0x2301)),
            ("hl", 3, "12z", Some(1)),
            ("hl", 4, "123z", Some(0x12)),
            ("hl", 4, " 12z", Some(1)),
            ("hl", 6, "0x1234z", Some(0x3412)),
            ("hl", 3, "x12z", Some(0x120)),
            ("hl", 4, "-12z", Some(0)),
            ("hle", 4, "123z", Some(0x12)),
            ("hle", 4, "0x12", None),
            ("hle", 1, "1", Some(1)),
            ("hle", 1, "x", None),
            ("hle", 2, "fX", None),
            ("hle", 3, "123", None),
            ("hle", 3, "x12", Some(0x120)),
            ("hle", 3, "xfX", None),
            ("hl", 4, "120x", Some(0x12)),
            ("hl", 6, "120x", Some(0)),
            ("a", 2, "12", None),
            ("a", 3, "12z", Some(12)),
            ("a", 4, "0x12", Some(0x12)),
            ("a", 3, "0x12", Some(1)),
            ("a", 4, " 0x12", Some(1)),
            ("a", 3, " 12", None),
            ("al", 4, "1234", None),
            ("al", 6, "0x1234", Some(0x3412)),
            ("ae", 4, "0x12", Some(0x12)),
            ("ae", 6, "0x12", None),
        ] {
            assert_eq!(
                read(options, length, text.as_bytes()),
                expected,
                "{options}{length} {text:?}"
            );
        }
    }

    #[test]
    fn raw_numbers() {
        let bytes = b"\xff\xfe\x01\x02\x03\x04\x05\x06";
        for (options, length, expected) in [
            ("i", 1, Some(0xff)),
            ("i", 2, Some(0xfffe)),
            ("il", 2, Some(0xfeff)),
            ("il", 4, Some(0x0201_feff)),
            ("i", 3, None),
            ("i", 8, Some(0xfffe_0102_0304_0506_u64.cast_signed())),
        ] {
            assert_eq!(read(options, length, bytes), expected, "{options}{length}");
        }
    }

    #[test]
    fn the_bytes_must_be_there_and_not_the_first() {
        let comparison = |distance, length| ByteComparison {
            trigger: 0,
            distance,
            reading: Reading::Raw,
            little: false,
            exact: false,
            length,
            first: (Comparison::Less, 500),
            second: Some((Comparison::More, 0)),
        };
        assert!(comparison(0, 1).holds(b"\x01\x02\x03", 1));
        assert!(!comparison(0, 1).holds(b"\x01\x02\x03", 0), "the first byte");
        assert!(!comparison(-1, 1).holds(b"\x01\x02\x03", 1));
        assert!(!comparison(-2, 1).holds(b"\x01\x02\x03", 1));
        assert!(comparison(1, 1).holds(b"\x01\x02\x03", 0));
        assert!(!comparison(2, 2).holds(b"\x01\x02\x03", 0), "behind the end");
        assert!(!comparison(1, 1).holds(b"\x01\0", 0), "not more than 0");
        assert!(!comparison(i64::MAX, 1).holds(b"\x01\x02\x03", 1));
    }

    #[test]
    fn a_comparison_survives_its_stored_form() {
        let comparison = ByteComparison {
            trigger: 3,
            distance: -5,
            reading: Reading::Auto,
            little: true,
            exact: true,
            length: 9,
            first: (Comparison::More, -7),
            second: Some((Comparison::Less, 8)),
        };
        let row = comparison.row(4);
        assert_eq!((row.part, ByteComparison::read(&row)), (4, Some(comparison)));
        let once = ByteComparison { second: None, ..comparison };
        assert_eq!(ByteComparison::read(&once.row(0)), Some(once));
        for broken in [
            ComparisonRow { reading: 9, ..row },
            ComparisonRow { flags: 128, ..row },
            ComparisonRow { first: 3, ..row },
        ] {
            assert_eq!(ByteComparison::read(&broken), None);
        }
    }
}
