//! The bytes of a pattern that filters can look for: stretches of single bytes at a bounded place.

use std::ops::RangeInclusive;

use pellucid::matcher::{ByteMask, Element, Gap, Part};

use crate::compile::literal::lengths;

/// The place of a stretch may vary by so much against the start of its segment.
const MAX_SPREAD: u64 = 256;
/// Bytes of a stretch that are kept; more would not make a better choice.
const LONGEST: usize = 512;

/// Neighbouring single bytes, wildcards among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// The distance from the segment's start.
    pub(crate) lead: RangeInclusive<u32>,
    pub(crate) bytes: Vec<ByteMask>,
}

/// The stretches of a segment.
pub(crate) fn stretches<'p>(
    first: &'p Part,
    rest: impl IntoIterator<Item = (Gap, &'p Part)>,
) -> Vec<Stretch> {
    let mut walk = Walk::default();
    walk.part(first);
    for (gap, part) in rest {
        walk.advance(gap.min.into(), gap.max.unwrap_or(u32::MAX).into());
        walk.part(part);
    }
    walk.found
}

#[derive(Default)]
struct Walk {
    least: u64,
    greatest: u64,
    found: Vec<Stretch>,
}

impl Walk {
    fn advance(&mut self, least: u64, greatest: u64) {
        self.least = self.least.saturating_add(least);
        self.greatest = self.greatest.saturating_add(greatest);
    }

    fn part(&mut self, part: &Part) {
        for piece in part.chunk_by(|a, b| single(a).is_some() && single(b).is_some()) {
            let bytes: Vec<ByteMask> = piece.iter().filter_map(single).collect();
            if bytes.is_empty() {
                for element in piece {
                    let (least, greatest) = lengths(element);
                    self.advance(least, greatest);
                }
                continue;
            }
            let length = bytes.len() as u64;
            self.stretch(bytes);
            self.advance(length, length);
        }
    }

    fn stretch(&mut self, mut bytes: Vec<ByteMask>) {
        let (least, greatest) = (u32::try_from(self.least), u32::try_from(self.greatest));
        if let (Ok(least), Ok(greatest)) = (least, greatest)
            && u64::from(greatest.saturating_sub(least)) <= MAX_SPREAD
        {
            bytes.truncate(LONGEST);
            self.found.push(Stretch { lead: least..=greatest, bytes });
        }
    }
}

fn single(element: &Element) -> Option<ByteMask> {
    match element {
        Element::Byte(byte) => Some(*byte),
        _ => None,
    }
}

/// Whether the folded byte is known.
pub(super) fn is_fixed(byte: ByteMask) -> bool {
    byte.mask & FOLD == FOLD
}

/// What the filters see of a byte.
pub(super) const FOLD: u8 = 0xdf;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stay_inside_and_choices_cut() {
        let bytes = |text: &[u8]| -> Part {
            text.iter().map(|&byte| Element::Byte(ByteMask::exact(byte))).collect()
        };
        let string = |text: &[u8]| text.iter().map(|&byte| ByteMask::exact(byte)).collect();
        let choice = Element::Choice(vec![string(b"a"), string(b"bcd")]);
        let first = [bytes(b"xy"), vec![Element::Byte(ByteMask::ANY)], bytes(b"z")].concat();
        let second = [bytes(b"12"), vec![choice], bytes(b"34")].concat();
        let near = Gap { min: 1, max: Some(3) };
        let far = Gap { min: 0, max: Some(1000) };
        let found = stretches(&first, [(near, &second), (far, &bytes(b"never"))]);
        let shape: Vec<_> =
            found.iter().map(|stretch| (stretch.lead.clone(), stretch.bytes.len())).collect();
        assert_eq!(shape, [(0..=0, 4), (5..=7, 2), (8..=12, 2)]);
    }
}
