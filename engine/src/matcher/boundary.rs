//! Boundaries of words and lines, and bytes in the neighbourhood: what a pattern says about the bytes
//! around its runs.
//!
//! ClamAV's `(B)`, `(L)` and `(W)`, as its version 1.4 matches them (tried, byte by byte). At the start
//! and at the end of a part they look at the bytes next to it and take nothing; anywhere else they take
//! the bytes that they stand for. An edge of the object is a boundary of every kind.

#![warn(clippy::arithmetic_side_effects)]

use super::pattern::ByteMask;

/// A boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Boundary {
    /// What separates.
    pub kind: BoundaryKind,
    /// Where it stands in its part.
    pub side: Side,
    /// Whether there must be none. An edge of the object does not do for it then.
    pub negated: bool,
    /// Whether the letters and digits that a [`BoundaryKind::Symbol`] must not meet are wide ones (a zero
    /// behind each). Means nothing for other kinds, nor inside of a part.
    pub wide: bool,
}

/// What separates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum BoundaryKind {
    /// `(B)`: a byte that separates words; which ones, depends on the side.
    Word = 0,
    /// `(L)`: LF, or CR LF.
    Line = 1,
    /// `(W)`: anything but an ASCII letter or digit.
    Symbol = 2,
}

/// Where a boundary stands in its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Side {
    /// At its start: looks at the bytes before it.
    Before = 0,
    /// At its end: looks at the bytes behind it.
    Behind = 1,
    /// Between others: takes the bytes that it stands for.
    Inside = 2,
}

impl Boundary {
    /// How many bytes it takes at `position`, each way to match it: at most two.
    pub fn lengths(self, data: &[u8], position: usize) -> impl Iterator<Item = usize> {
        let fits = |fits: bool, length: usize| fits.then_some(length);
        let found = match self.side {
            Side::Before => [fits(self.looks_back(data, position), 0), None],
            Side::Behind => [fits(self.looks_ahead(data, position), 0), None],
            Side::Inside => {
                let edge = !self.negated && (position == 0 || position == data.len());
                [fits(edge, 0), self.taken(data, position)]
            }
        };
        found.into_iter().flatten()
    }

    /// The fewest and the most bytes it takes.
    pub fn extent(self) -> (u64, u64) {
        match (self.side, self.kind) {
            (Side::Before | Side::Behind, _) => (0, 0),
            (Side::Inside, _) if self.negated => (1, 1),
            (Side::Inside, BoundaryKind::Line) => (0, 2),
            (Side::Inside, _) => (0, 1),
        }
    }

    /// Whether the bytes that end at `position` are what it asks for.
    fn looks_back(self, data: &[u8], position: usize) -> bool {
        let back = |by: usize| position.checked_sub(by).and_then(|at| data.get(at)).copied();
        let Some(last) = back(1) else { return !self.negated };
        let is_boundary = match self.kind {
            BoundaryKind::Word => separates_before(last),
            BoundaryKind::Line => last == b'\n',
            BoundaryKind::Symbol if self.wide => {
                last != 0 || !back(2).is_some_and(|byte| byte.is_ascii_alphanumeric())
            }
            BoundaryKind::Symbol => !last.is_ascii_alphanumeric(),
        };
        is_boundary != self.negated
    }

    /// Whether the bytes that start at `position` are what it asks for.
    fn looks_ahead(self, data: &[u8], position: usize) -> bool {
        let rest = data.get(position..).unwrap_or_default();
        let Some(&next) = rest.first() else { return !self.negated };
        let is_boundary = match self.kind {
            BoundaryKind::Word => separates_behind(next),
            BoundaryKind::Line => next == b'\n' || rest.starts_with(b"\r\n"),
            // At the very end of the object, a letter counts without its zero.
            BoundaryKind::Symbol if self.wide => {
                !next.is_ascii_alphanumeric() || rest.get(1).is_some_and(|&zero| zero != 0)
            }
            BoundaryKind::Symbol => !next.is_ascii_alphanumeric(),
        };
        is_boundary != self.negated
    }

    /// How many bytes it takes inside of a part.
    fn taken(self, data: &[u8], position: usize) -> Option<usize> {
        let rest = data.get(position..)?;
        let next = *rest.first()?;
        let length = match self.kind {
            BoundaryKind::Word => (separates_before(next) || separates_behind(next)).then_some(1),
            BoundaryKind::Line if next == b'\n' => Some(1),
            BoundaryKind::Line => rest.starts_with(b"\r\n").then_some(2),
            BoundaryKind::Symbol => (!next.is_ascii_alphanumeric()).then_some(1),
        };
        match self.negated {
            true => length.is_none().then_some(1),
            false => length,
        }
    }
}

/// Bytes that may stand before a word.
fn separates_before(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | b'/' | b'<' | b'@' | b'_')
}

/// Bytes that may stand behind a word.
fn separates_behind(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | b' ' | b'"' | b'\'' | b'-' | b'/' | b'=' | b'>' | b'_')
}

/// A byte that must stand in the neighbourhood of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Nearby {
    /// The byte.
    pub byte: ByteMask,
    /// Whether it stands behind this place, else before it.
    pub behind: bool,
    /// At least so many bytes lie between this place and the byte.
    pub min: u8,
    /// At most so many.
    pub max: u8,
}

impl Nearby {
    /// Whether the byte is there.
    pub fn holds(self, data: &[u8], position: usize) -> bool {
        (self.min..=self.max).any(|distance| {
            let at = match self.behind {
                true => position.checked_add(distance.into()),
                false => position.checked_sub(1).and_then(|last| last.checked_sub(distance.into())),
            };
            at.and_then(|at| data.get(at)).is_some_and(|&byte| self.byte.fits(byte))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::BoundaryKind::*;
    use super::Side::*;
    use super::*;

    fn at(kind: BoundaryKind, side: Side, data: &[u8], position: usize) -> Vec<usize> {
        Boundary { kind, side, negated: false, wide: false }.lengths(data, position).collect()
    }

    fn not(kind: BoundaryKind, side: Side, data: &[u8], position: usize) -> Vec<usize> {
        Boundary { kind, side, negated: true, wide: false }.lengths(data, position).collect()
    }

    const NOWHERE: [usize; 0] = [];

    #[test]
    fn at_the_sides_of_a_part_nothing_is_taken() {
        for (kind, before, behind) in
            [(Word, b" <.", b" >\r"), (Line, b"\n\n\n", b"\n\n\n"), (Symbol, b".\0\xff", b"_\n ")]
        {
            for (before, behind) in before.iter().zip(behind) {
                let data = [*before, b'a', *behind];
                assert_eq!(at(kind, Before, &data, 1), [0], "{kind:?} {before}");
                assert_eq!(at(kind, Behind, &data, 2), [0], "{kind:?} {behind}");
                assert_eq!(not(kind, Behind, &data, 2), NOWHERE);
            }
            assert_eq!(at(kind, Before, b"xa", 1), NOWHERE);
            assert_eq!(at(kind, Behind, b"ax", 1), NOWHERE);
            assert_eq!(not(kind, Behind, b"ax", 1), [0]);
        }
        assert_eq!(at(Word, Before, b">a", 1), NOWHERE, "before a word is not behind one");
        assert_eq!(at(Word, Behind, b"a<", 1), NOWHERE);
        assert_eq!(at(Line, Behind, b"a\r\n", 1), [0]);
        assert_eq!(at(Line, Behind, b"a\rx", 1), NOWHERE);
    }

    #[test]
    fn inside_of_a_part_they_take_what_they_stand_for() {
        assert_eq!(at(Word, Inside, b"a<b", 1), [1]);
        assert_eq!(at(Word, Inside, b"a>b", 1), [1]);
        assert_eq!(at(Line, Inside, b"a\nb", 1), [1]);
        assert_eq!(at(Line, Inside, b"a\r\nb", 1), [2]);
        assert_eq!(at(Symbol, Inside, b"a.b", 1), [1]);
        for kind in [Word, Line, Symbol] {
            assert_eq!(at(kind, Inside, b"axb", 1), NOWHERE);
            assert_eq!(not(kind, Inside, b"axb", 1), [1]);
            assert_eq!(not(kind, Inside, b"a\r\nb", 1), NOWHERE);
        }
    }

    #[test]
    fn edges_of_the_object_are_boundaries() {
        for kind in [Word, Line, Symbol] {
            assert_eq!(at(kind, Before, b"a", 0), [0]);
            assert_eq!(at(kind, Behind, b"a", 1), [0]);
            assert_eq!(at(kind, Inside, b"a", 1), [0]);
            assert_eq!(at(kind, Inside, b"\n\n", 0), [0, 1]);
            assert_eq!(not(kind, Behind, b"a", 1), NOWHERE);
            assert_eq!(not(kind, Inside, b"a", 1), NOWHERE);
        }
    }

    #[test]
    fn wide_letters_have_a_zero_behind_them() {
        let wide = |side| Boundary { kind: Symbol, side, negated: false, wide: true };
        let holds = |side, data: &[u8], at| wide(side).lengths(data, at).count() == 1;
        assert!(!holds(Before, b"x\0a\0", 2) && holds(Before, b".\0a\0", 2));
        assert!(holds(Before, b"xxa\0", 2), "not a wide letter");
        assert!(holds(Before, b"\0a\0", 1), "half a letter");
        assert!(!holds(Behind, b"a\0x\0", 2) && holds(Behind, b"a\0xx", 2));
        assert!(
            !holds(Behind, b"a\0x", 2) && holds(Behind, b"a\0.", 2) && holds(Behind, b"a\0", 2)
        );
    }

    #[test]
    fn nearby_bytes() {
        let near = |behind, min, max| Nearby { byte: ByteMask::exact(b'x'), behind, min, max };
        assert!(near(false, 0, 0).holds(b"xa", 1) && !near(false, 1, 3).holds(b"xa", 1));
        assert!(near(false, 1, 3).holds(b"x..a", 3) && !near(false, 0, 1).holds(b"x..a", 3));
        assert!(near(true, 0, 0).holds(b"ax", 1) && !near(true, 1, 3).holds(b"ax", 1));
        assert!(near(true, 1, 3).holds(b"a..x", 1) && !near(true, 0, 1).holds(b"a..x", 1));
        assert!(!near(true, 0, 32).holds(b"xa", 2) && !near(false, 0, 32).holds(b"ax", 0));
    }
}
