//! Sets of bytes: what one step of a regular expression allows.

use std::fmt;
use std::ops::RangeInclusive;

/// A set of bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct ByteSet([u64; 4]);

impl ByteSet {
    pub(super) const ALL: Self = Self([u64::MAX; 4]);
    pub(super) const NONE: Self = Self([0; 4]);

    pub(super) fn one(byte: u8) -> Self {
        Self::from_iter([byte])
    }

    pub(super) fn range(bytes: RangeInclusive<u8>) -> Self {
        bytes.collect()
    }

    pub(super) fn insert(&mut self, byte: u8) {
        if let Some(word) = self.0.get_mut(usize::from(byte >> 6)) {
            *word |= 1 << (byte & 63);
        }
    }

    pub(super) fn contains(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte >> 6)).is_some_and(|word| word >> (byte & 63) & 1 == 1)
    }

    pub(super) fn union(self, other: Self) -> Self {
        let Self([a, b, c, d]) = self;
        let Self([e, f, g, h]) = other;
        Self([a | e, b | f, c | g, d | h])
    }

    pub(super) fn negated(self) -> Self {
        Self(self.0.map(|word| !word))
    }

    /// With every ASCII letter in the other case as well.
    pub(super) fn any_case(self) -> Self {
        let letters = self.iter().filter(u8::is_ascii_alphabetic);
        self.union(letters.map(|letter| letter ^ 0x20).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u8> + '_ {
        (0..=u8::MAX).filter(|&byte| self.contains(byte))
    }

    pub(super) fn len(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// The only byte, where there is only one.
    pub(super) fn only(&self) -> Option<u8> {
        self.iter().next().filter(|_| self.len() == 1)
    }

    /// What `\d` stands for.
    pub(super) fn digits() -> Self {
        Self::range(b'0'..=b'9')
    }

    /// What `\w` stands for: ASCII only.
    pub(super) fn word() -> Self {
        Self::named(b"alnum").unwrap_or_default().union(Self::one(b'_'))
    }

    /// What `\s` stands for.
    pub(super) fn space() -> Self {
        Self::range(9..=13).union(Self::one(b' '))
    }

    /// What `\h` stands for: tabulator, space, and the fixed space of Latin-1.
    pub(super) fn horizontal() -> Self {
        Self::from_iter([b'\t', b' ', 0xa0])
    }

    /// What `\v` stands for: line ends of all kinds.
    pub(super) fn vertical() -> Self {
        Self::range(10..=13).union(Self::one(0x85))
    }

    /// The POSIX class of that name, in the C locale.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        let matching = |test: fn(&u8) -> bool| (0..=u8::MAX).filter(test).collect();
        Some(match name {
            b"alpha" => matching(u8::is_ascii_alphabetic),
            b"lower" => matching(u8::is_ascii_lowercase),
            b"upper" => matching(u8::is_ascii_uppercase),
            b"alnum" => matching(u8::is_ascii_alphanumeric),
            b"ascii" => matching(u8::is_ascii),
            b"blank" => Self::from_iter([b' ', b'\t']),
            b"cntrl" => matching(u8::is_ascii_control),
            b"digit" => Self::digits(),
            b"graph" => matching(u8::is_ascii_graphic),
            b"print" => matching(|byte| (b' '..=b'~').contains(byte)),
            b"punct" => matching(u8::is_ascii_punctuation),
            b"space" => Self::space(),
            b"word" => Self::word(),
            b"xdigit" => matching(u8::is_ascii_hexdigit),
            _ => return None,
        })
    }
}

impl FromIterator<u8> for ByteSet {
    fn from_iter<I: IntoIterator<Item = u8>>(bytes: I) -> Self {
        let mut set = Self::default();
        bytes.into_iter().for_each(|byte| set.insert(byte));
        set
    }
}

impl fmt::Debug for ByteSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: Vec<u8> = self.iter().collect();
        write!(f, "[{}]", bytes.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_hold_what_was_put_in() {
        let set = ByteSet::from_iter([0, 63, 64, 255]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 63, 64, 255]);
        assert_eq!((set.len(), set.negated().len()), (4, 252));
        assert_eq!(set.only(), None);
        assert_eq!(ByteSet::one(7).only(), Some(7));
        assert_eq!(ByteSet::from_iter(*b"a1\xe9").any_case(), ByteSet::from_iter(*b"aA1\xe9"));
    }

    #[test]
    fn classes_have_their_sizes() {
        let sizes = [
            ("alpha", 52),
            ("lower", 26),
            ("upper", 26),
            ("alnum", 62),
            ("ascii", 128),
            ("blank", 2),
            ("cntrl", 33),
            ("digit", 10),
            ("graph", 94),
            ("print", 95),
            ("punct", 32),
            ("space", 6),
            ("word", 63),
            ("xdigit", 22),
        ];
        for (name, size) in sizes {
            assert_eq!(ByteSet::named(name.as_bytes()).unwrap().len(), size, "{name}");
        }
        assert_eq!(ByteSet::named(b"odd"), None);
    }
}
