//! The filter's probes in plain Rust: the twin of every vector kernel, and what runs where there is
//! none.

use super::super::candidates::Candidates;
use super::super::hash::{self, FOLD};
use super::super::search::read;
use super::{Lanes, Narrow, Wide};

/// Probes every eighth position of `text`, from its start, for windows of eight bytes.
pub(in super::super) fn wide(filter: Wide<'_>, text: &[u8], base: u32, out: &mut Candidates) {
    let shift = 64_u32.wrapping_sub(filter.log2_words);
    let (lanes, _) = text.as_chunks::<8>();
    for (lane, number) in lanes.iter().zip(0_u32..) {
        let hash = hash::wide(u64::from_le_bytes(*lane) & FOLD);
        let word = filter.words.get((hash >> shift) as usize).map_or(0, |word| word.get());
        let [a, b, c] = hash::WIDE_BITS.map(|at| word.rotate_right((hash >> at) as u32 & 63));
        if a & b & c & 1 == 1 {
            out.push(base.wrapping_add(number.wrapping_mul(8)));
        }
    }
}

/// Probes every fourth position of a text, from its start.
pub(in super::super) fn narrow(
    filter: Narrow<'_>,
    lanes: Lanes<'_>,
    base: u32,
    out: &mut Candidates,
) {
    let (shift, mask) = (32_u32.wrapping_sub(filter.log2_words), FOLD & filter.mask);
    for lane in 0..lanes.count {
        let at = lane.wrapping_mul(4);
        let hash = hash::narrow(read(lanes.text, at) & mask);
        let word = filter.words.get((hash >> shift) as usize).map_or(0, |word| word.get());
        let bits = hash::narrow_bits(hash, filter.log2_words);
        if word & bits == bits {
            out.push(base.wrapping_add(at as u32));
        }
    }
}
