//! Character references: `&amp;`, `&#38;`, `&#x26;`.
//!
//! ClamAV resolves a name only if a semicolon follows it (or the end of the page), a number always. What
//! cannot be resolved stays as it was written, in lower case.

use super::names;

/// Names that go on for longer are no names.
const LONGEST_NAME: usize = 1024;
/// The first number that is written as a reference again, instead of as a byte.
const FIRST_WIDE: u64 = 0xff;

/// A reference being read, its `&` left aside.
#[derive(Debug, Default)]
pub(super) struct Reference {
    kind: Kind,
    /// As much of the name as a known one may have.
    name: [u8; names::LONGEST],
    length: usize,
    number: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    /// Nothing behind the `&` yet.
    #[default]
    Empty,
    Name,
    /// Behind `&#`.
    Number,
    Decimal,
    Hexadecimal,
}

/// What a byte does to a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It belongs to it.
    More,
    /// It belongs to it, and is one of a name that is longer than any known one: write it.
    Show(u8),
    /// It is the semicolon that ends it.
    Ends,
    /// It is not part of it any more.
    Breaks,
}

/// What a reference stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// One byte, in either case.
    Byte(u8),
    /// One byte, written as it is.
    Raw(u8),
    /// A character that is no byte: it is written as a reference again.
    Wide(u16),
    /// Nothing at all.
    Nothing,
    /// It cannot be resolved: what was held back of it is to be written.
    Unknown,
}

impl Reference {
    /// Takes the next byte.
    pub(super) fn take(&mut self, byte: u8) -> Step {
        match (self.kind, byte) {
            (Kind::Empty, b'#') => self.becomes(Kind::Number),
            (Kind::Number, b'x' | b'X') => self.becomes(Kind::Hexadecimal),
            (Kind::Number | Kind::Decimal, b'0'..=b'9') => self.take_digit(byte, 10),
            (Kind::Hexadecimal, digit) if digit.is_ascii_hexdigit() => self.take_digit(byte, 16),
            (_, b';') => Step::Ends,
            (Kind::Empty | Kind::Name, _) if is_in_names(byte) => self.take_letter(byte),
            _ => Step::Breaks,
        }
    }

    fn becomes(&mut self, kind: Kind) -> Step {
        self.kind = kind;
        Step::More
    }

    fn take_digit(&mut self, digit: u8, base: u8) -> Step {
        let value = char::from(digit).to_digit(base.into()).unwrap_or(0);
        let number = self.number.checked_mul(base.into()).and_then(|n| n.checked_add(value.into()));
        let Some(number) = number else { return Step::Breaks };
        self.number = number;
        if self.kind == Kind::Number {
            self.kind = Kind::Decimal;
        }
        Step::More
    }

    fn take_letter(&mut self, letter: u8) -> Step {
        self.kind = Kind::Name;
        let place = self.length;
        if place >= LONGEST_NAME {
            return Step::Breaks;
        }
        self.length = place.saturating_add(1);
        match self.name.get_mut(place) {
            Some(slot) => {
                *slot = letter;
                Step::More
            }
            None => Step::Show(letter),
        }
    }

    /// What was held back of the name.
    pub(super) fn held(&self) -> &[u8] {
        self.name.get(..self.length.min(names::LONGEST)).unwrap_or_default()
    }

    /// Whether a name has just become longer than any known one.
    pub(super) fn is_just_too_long(&self) -> bool {
        self.length == names::LONGEST.saturating_add(1)
    }

    /// Whether its beginning is written already.
    pub(super) fn is_shown(&self) -> bool {
        self.length > names::LONGEST
    }

    /// What it means when a semicolon ends it.
    pub(super) fn meaning(&self) -> Meaning {
        match self.kind {
            Kind::Empty => Meaning::Unknown,
            Kind::Name => self.named(),
            Kind::Number | Kind::Decimal | Kind::Hexadecimal => resolved(self.number),
        }
    }

    /// What it means when anything else ends it.
    pub(super) fn meaning_of_broken(&self) -> Meaning {
        match self.kind {
            Kind::Empty | Kind::Name => Meaning::Unknown,
            _ => Meaning::Raw(low_byte(self.number)),
        }
    }

    /// What it means when the page ends in it.
    pub(super) fn meaning_at_end(&self) -> Meaning {
        match self.kind {
            Kind::Name => self.named(),
            _ => Meaning::Nothing,
        }
    }

    fn named(&self) -> Meaning {
        let name = if self.is_shown() { &[] } else { self.held() };
        names::character(name).map_or(Meaning::Unknown, |character| resolved(character.into()))
    }
}

fn resolved(number: u64) -> Meaning {
    let low = low_half(number);
    match number {
        0..FIRST_WIDE => Meaning::Byte(low_byte(number)),
        _ if low == 0 => Meaning::Nothing,
        _ if low < 0x80 => Meaning::Raw(low_byte(number)),
        _ => Meaning::Wide(low),
    }
}

fn low_byte(number: u64) -> u8 {
    number.to_le_bytes()[0]
}

fn low_half(number: u64) -> u16 {
    let [low, high, ..] = number.to_le_bytes();
    u16::from_le_bytes([low, high])
}

fn is_in_names(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':')
}
