//! The filter's probes in plain Rust: the twin of every vector kernel, and what runs where there is
//! none.
//!
//! Each goes over the text twice: first without branches, asking for one or two of a window's three
//! bits; then over the few positions that are left, asking for all.

use super::super::candidates::{Candidates, Writer};
use super::super::hash::{self, FOLD};
use super::super::probes::read;
use super::{Lanes, Narrow, Wide, prefetch};

/// The first two of a narrow window's bits, by the ten bits of the hash that say which.
#[allow(clippy::indexing_slicing, reason = "checked where it is compiled")]
const TWO_BITS: [u32; 1 << 10] = {
    let mut all = [0; 1 << 10];
    let mut number = 0;
    while number < 1 << 10 {
        all[number] = 1 << (number >> 5) | 1 << (number & 31);
        number += 1;
    }
    all
};
/// Where those bits stand, behind the word's number.
const TWO_BITS_AT: u32 = hash::NARROW_BIT_PLACES[1];

/// Probes every eighth position of `text`, from its start, for windows of eight bytes.
pub(in super::super) fn wide(filter: Wide<'_>, text: &[u8], base: u32, out: &mut Candidates) {
    let shift = 64_u32.wrapping_sub(filter.log2_words);
    let word = |hash: u64| filter.words.get((hash >> shift) as usize).map_or(0, |word| word.get());
    let (lanes, _) = text.as_chunks::<8>();
    let (first, mut position) = (out.length, base);
    let mut kept = out.writer();
    for line in lanes.chunks(8) {
        prefetch::ahead(line.as_flattened());
        for lane in line {
            let hash = hash::wide(u64::from_le_bytes(*lane) & FOLD);
            let bit = word(hash) >> (hash >> hash::WIDE_BITS[0] & 63) & 1;
            kept.push_if(bit == 1, position);
            position = position.wrapping_add(8);
        }
    }
    kept.retain_behind(first, |position| {
        let hash = hash::wide(read(text, position.wrapping_sub(base) as usize) & FOLD);
        let bits = hash::wide_bits(hash);
        word(hash) & bits == bits
    });
    out.length = kept.length;
}

/// Probes every fourth position of a text, from its start.
pub(in super::super) fn narrow(
    filter: Narrow<'_>,
    lanes: Lanes<'_>,
    base: u32,
    out: &mut Candidates,
) {
    let first = out.length;
    let mut kept = match filter.mask >> 32 {
        0 => coarse::<false>(filter, lanes, base, out.writer()),
        _ => coarse::<true>(filter, lanes, base, out.writer()),
    };
    let (shift, mask) = (32_u32.wrapping_sub(filter.log2_words), FOLD & filter.mask);
    kept.retain_behind(first, |position| {
        let hash = hash::narrow(read(lanes.text, position.wrapping_sub(base) as usize) & mask);
        let word = filter.words.get((hash >> shift) as usize).map_or(0, |word| word.get());
        let bits = hash::narrow_bits(hash, filter.log2_words);
        word & bits == bits
    });
    out.length = kept.length;
}

/// Asks for two bits. Windows of more than four bytes are `LONG`.
fn coarse<'c, const LONG: bool>(
    filter: Narrow<'_>,
    lanes: Lanes<'_>,
    base: u32,
    mut kept: Writer<'c>,
) -> Writer<'c> {
    let mask = FOLD & filter.mask;
    // One product tells the word's number, in its upper half, from the rest of the hash.
    let words = 1_u64 << (filter.log2_words & 31);
    let mut position = base;
    let mut probe = |window: u64| {
        let hash = u64::from(hash::narrow(window & mask)).wrapping_mul(words);
        let word = filter.words.get((hash >> 32) as usize).map_or(0, |word| word.get());
        let bits = TWO_BITS.get((hash as u32 >> TWO_BITS_AT) as usize).copied().unwrap_or(0);
        kept.push_if(!word & bits == 0, position);
        position = position.wrapping_add(4);
    };
    let lines = lanes.vectors::<64>();
    let done = lines.len().wrapping_mul(16);
    for (line, further) in lines {
        prefetch::ahead(line);
        let ((line, _), (further, _)) = (line.as_chunks::<4>(), further.as_chunks::<4>());
        for (here, further) in line.iter().zip(further) {
            let further = if LONG { u32::from_le_bytes(*further) } else { 0 };
            probe(u64::from(u32::from_le_bytes(*here)) | u64::from(further) << 32);
        }
    }
    for lane in done..lanes.count {
        probe(read(lanes.text, lane.wrapping_mul(4)));
    }
    kept
}
