//! The search for one literal in one run of bytes: its first place, or its last.

use memchr::memmem::{Finder, FinderRev};
use memchr::{memchr2_iter, memrchr2_iter};

/// How one literal is searched for. Making one costs about as much as searching through a hundred
/// bytes.
pub(super) enum LiteralSearch<'l> {
    Exact(&'l [u8]),
    EitherCase(EitherCase<'l>),
}

/// A literal, in lower case, whose letters match in either case.
pub(super) struct EitherCase<'l> {
    literal: &'l [u8],
    /// The place of the byte that is looked for.
    at: usize,
    lower: u8,
    upper: u8,
}

impl<'l> LiteralSearch<'l> {
    pub(super) fn new(literal: &'l [u8], either_case: bool) -> Self {
        match either_case {
            true => LiteralSearch::EitherCase(EitherCase::new(literal)),
            false => LiteralSearch::Exact(literal),
        }
    }

    /// The first place.
    pub(super) fn first(&self, data: &[u8]) -> Option<usize> {
        match self {
            LiteralSearch::Exact(literal) => memchr::memmem::find(data, literal),
            LiteralSearch::EitherCase(search) => memchr2_iter(search.lower, search.upper, data)
                .find_map(|found| search.confirm(data, found)),
        }
    }

    /// The last place.
    pub(super) fn last(&self, data: &[u8]) -> Option<usize> {
        match self {
            LiteralSearch::Exact(literal) => LastFinder::new(literal).find(data),
            LiteralSearch::EitherCase(search) => memrchr2_iter(search.lower, search.upper, data)
                .find_map(|found| search.confirm(data, found)),
        }
    }
}

impl<'l> EitherCase<'l> {
    /// Bytes by how frequent they are, the most frequent first; what is not here is rarer.
    const FREQUENT: &'static [u8] = b"\0etaoinsrhldcumfpg yw0_.1";

    fn new(literal: &'l [u8]) -> Self {
        let rarity = |byte: &u8| Self::FREQUENT.iter().position(|frequent| frequent == byte);
        let rarity = |byte: &u8| rarity(byte).unwrap_or(usize::MAX);
        let rarest = literal.iter().enumerate().max_by_key(|(_, byte)| rarity(byte));
        let (at, &lower) = rarest.unwrap_or((0, &0));
        Self { literal, at, lower, upper: lower.to_ascii_uppercase() }
    }

    /// The place of the literal whose rarest byte was found.
    fn confirm(&self, data: &[u8], found: usize) -> Option<usize> {
        let start = found.checked_sub(self.at)?;
        let text = data.get(start..start.checked_add(self.literal.len())?)?;
        text.eq_ignore_ascii_case(self.literal).then_some(start)
    }
}

/// Finds the last place of a literal. Searching forward is some twenty times faster than backward, so
/// only the tail is searched backward, where files that are full of the literal have it, and the rest
/// forward, block by block from the end.
struct LastFinder<'l> {
    forward: Finder<'l>,
    backward: FinderRev<'l>,
    overlap: usize,
}

impl<'l> LastFinder<'l> {
    const TAIL: usize = 256;
    const BLOCK: usize = 16 << 10;

    fn new(literal: &'l [u8]) -> Self {
        let overlap = literal.len().saturating_sub(1);
        Self { forward: Finder::new(literal), backward: FinderRev::new(literal), overlap }
    }

    fn find(&self, data: &[u8]) -> Option<usize> {
        let tail = data.len().saturating_sub(Self::TAIL);
        if let Some(found) = self.backward.rfind(data.get(tail..)?) {
            return Some(tail.saturating_add(found));
        }
        let mut stop = tail;
        while stop > 0 {
            let start = stop.saturating_sub(Self::BLOCK);
            let end = stop.saturating_add(self.overlap).min(data.len());
            if let Some(found) = self.last_in(data.get(start..end)?) {
                return Some(start.saturating_add(found));
            }
            stop = start;
        }
        None
    }

    fn last_in(&self, block: &[u8]) -> Option<usize> {
        let (mut last, mut from) = (None, 0);
        while let Some(found) = self.forward.find(block.get(from..)?) {
            let place = from.saturating_add(found);
            (last, from) = (Some(place), place.saturating_add(1));
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_place_is_the_one_that_a_backward_search_finds() {
        for literal in [&b"aa"[..], b"ab", b"aba"] {
            let finder = LastFinder::new(literal);
            for place in [0, 1, 200, 255, 256, 257, 16_000, 16_639, 16_640, 16_641, 40_000] {
                for length in [place, place + 2, place + 3, place + 300, place + 17_000] {
                    let mut data = vec![b'x'; length];
                    let end = length.min(place + literal.len());
                    data[place.min(end)..end].copy_from_slice(&literal[..end - place.min(end)]);
                    assert_eq!(finder.find(&data), FinderRev::new(literal).rfind(&data));
                }
            }
        }
    }

    #[test]
    fn letters_match_in_either_case() {
        let data = b"..Kernel32..KERNEL32.kerne";
        let search = LiteralSearch::new(b"kernel32", true);
        assert_eq!((search.first(data), search.last(data)), (Some(2), Some(12)));
        assert_eq!(search.first(b"rnel32"), None, "cut off at the start");
        assert_eq!(LiteralSearch::new(b"@`", true).first(b"@@`"), Some(1), "no letters");
        let exact = LiteralSearch::new(b"ERN", false);
        assert_eq!((exact.first(data), exact.last(data)), (Some(13), Some(13)));
    }
}
