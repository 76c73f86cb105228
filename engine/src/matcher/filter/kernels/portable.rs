//! The filter's probes in plain Rust: the twin of every vector kernel, and what runs where there is
//! none.

use super::super::candidates::Candidates;
use super::super::hash::{self, FOLD};
use super::{Narrow, Wide};

/// Probes every eighth position of `text`, from its start, for windows of eight bytes.
pub(in super::super) fn wide(filter: Wide<'_>, text: &[u8], base: u32, out: &mut Candidates) {
    let shift = 64_u32.wrapping_sub(filter.log2_words);
    let (lanes, _) = text.as_chunks::<8>();
    for (lane, number) in lanes.iter().zip(0_u32..) {
        let hash = hash::wide(u64::from_le_bytes(*lane) & FOLD & filter.mask);
        let word = filter.words.get((hash >> shift) as usize).map_or(0, |word| word.get());
        let [a, b, c] = hash::WIDE_BITS.map(|at| word.rotate_right((hash >> at) as u32 & 63));
        if a & b & c & 1 == 1 {
            out.push(base.wrapping_add(number.wrapping_mul(8)));
        }
    }
}

/// Probes every fourth position of `text`, from its start, for windows of up to four bytes.
pub(in super::super) fn narrow(filter: Narrow<'_>, text: &[u8], base: u32, out: &mut Candidates) {
    let (lanes, _) = text.as_chunks::<4>();
    for (lane, number) in lanes.iter().zip(0_u32..) {
        if narrow_holds(filter, u32::from_le_bytes(*lane)) {
            out.push(base.wrapping_add(number.wrapping_mul(4)));
        }
    }
}

/// Whether the filter lets a window through.
#[inline]
pub(in super::super) fn narrow_holds(filter: Narrow<'_>, window: u32) -> bool {
    let shift = 32_u32.wrapping_sub(filter.log2_words);
    let (word, bits) = hash::narrow(window & FOLD as u32 & filter.mask);
    let word = filter.words.get((word >> shift) as usize).map_or(0, |word| word.get());
    let [a, b, c] = hash::NARROW_BIT_PLACES.map(|at| word.rotate_right((bits >> at) & 31));
    a & b & c & 1 == 1
}
