//! What a byte pattern says, as its author wrote it.
//!
//! This is the form that source readers produce, that the compiler turns into a program
//! ([`super::program`]), and that the plain matcher (`naive.rs`) follows word for word.

use super::boundary::{Boundary, Nearby};
use super::target::Target;

/// A byte pattern: parts of neighbouring elements with gaps between them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// Which objects it is looked for in.
    pub target: Target,
    /// Where it may start.
    pub offset: Offset,
    /// The first part.
    pub first: Part,
    /// Each gap and the part behind it.
    pub rest: Vec<(Gap, Part)>,
}

impl Pattern {
    /// A pattern of one part that is looked for everywhere.
    pub fn new(first: Part) -> Self {
        let (target, offset) = (Target::Any, Offset::Anywhere);
        Self { target, offset, first, rest: Vec::new() }
    }

    /// Its parts in order.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        std::iter::once(&self.first).chain(self.rest.iter().map(|(_, part)| part))
    }
}

/// Elements that follow each other without a gap.
pub type Part = Vec<Element>;

/// One step of a part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// One byte.
    Byte(ByteMask),
    /// One of several strings, which may differ in length.
    Choice(Vec<Vec<ByteMask>>),
    /// A string as long as the listed ones (which are equally long), but none of them.
    NoneOf(Vec<Vec<ByteMask>>),
    /// A boundary of words or lines.
    Boundary(Boundary),
    /// A byte in the neighbourhood, which is not part of the match.
    Nearby(Nearby),
}

/// A byte of which the bits under `mask` are given. `value` has no bits outside of `mask`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ByteMask {
    /// The bits.
    pub value: u8,
    /// Which of them count: 0xff an exact byte, 0xf0 or 0x0f a nibble, 0 any byte, 0xdf a letter of
    /// either case.
    pub mask: u8,
}

impl ByteMask {
    /// Any byte.
    pub const ANY: Self = Self { value: 0, mask: 0 };

    /// Exactly this byte.
    pub fn exact(value: u8) -> Self {
        Self { value, mask: 0xff }
    }

    /// This byte, or the same ASCII letter in the other case.
    pub fn either_case(value: u8) -> Self {
        let mask = if value.is_ascii_alphabetic() { 0xdf } else { 0xff };
        Self { value: value & mask, mask }
    }

    /// Whether `byte` fits.
    pub fn fits(self, byte: u8) -> bool {
        byte & self.mask == self.value
    }
}

/// The distance between the end of one part and the start of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gap {
    /// At least this many bytes.
    pub min: u32,
    /// At most this many; `None` for any number.
    pub max: Option<u32>,
}

/// Where a pattern may start. A `shift` of n allows n bytes more to the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Offset {
    /// Anywhere.
    Anywhere,
    /// So many bytes from the start.
    Start {
        /// Bytes from the start of the object.
        at: u64,
        /// Allowed bytes to the right.
        shift: u32,
    },
    /// So many bytes before the end.
    End {
        /// Bytes back from the end of the object.
        back: u64,
        /// Allowed bytes to the right.
        shift: u32,
    },
    /// At the entry point of a program.
    EntryPoint {
        /// Bytes from the entry point, in either direction.
        delta: i64,
        /// Allowed bytes to the right.
        shift: u32,
    },
    /// From the start of a program's section.
    Section {
        /// The section's number, from 0, in the order of the section table.
        index: u16,
        /// Bytes from the start of its raw data.
        delta: u64,
        /// Allowed bytes to the right.
        shift: u32,
    },
    /// Inside a program's section, or right behind it.
    InSection {
        /// The section's number, from 0.
        index: u16,
        /// Allowed bytes behind it.
        shift: u32,
    },
    /// From the start of a program's last section.
    LastSection {
        /// Bytes from the start of its raw data.
        delta: u64,
        /// Allowed bytes to the right.
        shift: u32,
    },
    /// At the name of a version string of a PE (`CompanyName` and so on).
    VersionString,
}

impl Offset {
    /// Whether it asks for what only a program has.
    pub fn needs_program(self) -> bool {
        !matches!(self, Offset::Anywhere | Offset::Start { .. } | Offset::End { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_fit_what_they_say() {
        assert!(ByteMask::ANY.fits(0x7f));
        assert!(ByteMask::exact(b'a').fits(b'a') && !ByteMask::exact(b'a').fits(b'A'));
        for letter in [b'a', b'A'] {
            let mask = ByteMask::either_case(letter);
            assert!(mask.fits(b'a') && mask.fits(b'A'));
            assert_eq!((0..=255).filter(|&byte| mask.fits(byte)).count(), 2);
        }
        assert!(!ByteMask::either_case(b'1').fits(0x11), "a digit has no case");
    }
}
