//! The filter's probes with 128-bit vectors. There are no gathering loads: hashes are computed a
//! vector at a time, words loaded one by one.

#![allow(unsafe_code)] // one of the three rooms; each block says why it is sound

use std::arch::aarch64::*;

use super::super::candidates::Candidates;
use super::super::hash::{FOLD, NARROW, SEEDS, WIDE, WIDE_BITS, narrow_bits};
use super::{Lanes, Narrow, Wide, portable};

pub(super) fn wide(filter: Wide<'_>, text: &[u8], base: u32, out: &mut Candidates) {
    if !std::arch::is_aarch64_feature_detected!("neon") {
        return portable::wide(filter, text, base, out);
    }
    let (vectors, rest) = text.as_chunks::<32>();
    // SAFETY: the processor was asked.
    unsafe { wide_vectors(filter, vectors, base, out) };
    let done = vectors.len().wrapping_mul(32);
    portable::wide(filter, rest, base.wrapping_add(done as u32), out);
}

#[target_feature(enable = "neon")]
fn wide_vectors(filter: Wide<'_>, vectors: &[[u8; 32]], base: u32, out: &mut Candidates) {
    let mask = vdupq_n_u32(FOLD as u32);
    let shift = 64_u32.wrapping_sub(filter.log2_words);
    for (vector, number) in vectors.iter().zip(0_u32..) {
        // SAFETY: 32 bytes are borrowed; the load takes the low and the high halves of four lanes apart.
        let text = unsafe { vld2q_u32(vector.as_ptr().cast()) };
        let low = veorq_u32(vandq_u32(text.0, mask), vdupq_n_u32(SEEDS.0 as u32));
        let high = veorq_u32(vandq_u32(text.1, mask), vdupq_n_u32((SEEDS.0 >> 32) as u32));
        let hashes = [
            wide_hashes(vget_low_u32(low), vget_low_u32(high)),
            wide_hashes(vget_high_u32(low), vget_high_u32(high)),
        ];
        let hashes = [
            vgetq_lane_u64::<0>(hashes[0]),
            vgetq_lane_u64::<1>(hashes[0]),
            vgetq_lane_u64::<0>(hashes[1]),
            vgetq_lane_u64::<1>(hashes[1]),
        ];
        let words = hashes
            .map(|hash| filter.words.get((hash >> shift) as usize).map_or(0, |word| word.get()));
        let at = base.wrapping_add(number.wrapping_mul(32));
        for ((hash, word), lane) in hashes.into_iter().zip(words).zip([0_u32, 8, 16, 24]) {
            let [a, b, c] = WIDE_BITS.map(|bit| word.rotate_right((hash >> bit) as u32 & 63));
            if a & b & c & 1 == 1 {
                out.push(at.wrapping_add(lane));
            }
        }
    }
}

#[target_feature(enable = "neon")]
fn wide_hashes(low: uint32x2_t, high: uint32x2_t) -> uint64x2_t {
    let factors = WIDE.map(|factor| vdup_n_u32(factor as u32));
    let sum = vmlal_u32(vmull_u32(low, factors[0]), high, factors[1]);
    let mixed = veorq_u64(sum, vshrq_n_u64::<29>(sum));
    vmull_u32(vmovn_u64(mixed), factors[2])
}

pub(super) fn narrow(filter: Narrow<'_>, lanes: Lanes<'_>, base: u32, out: &mut Candidates) {
    if !std::arch::is_aarch64_feature_detected!("neon") {
        return portable::narrow(filter, lanes, base, out);
    }
    // SAFETY: the processor was asked.
    unsafe { narrow_vectors(filter, lanes, base, out) };
    let done = lanes.vectors::<16>().len().wrapping_mul(4);
    let next = base.wrapping_add((done as u32).wrapping_mul(4));
    portable::narrow(filter, lanes.skip(done), next, out);
}

#[target_feature(enable = "neon")]
fn narrow_vectors(filter: Narrow<'_>, lanes: Lanes<'_>, base: u32, out: &mut Candidates) {
    let masks = [filter.mask & FOLD, (filter.mask & FOLD) >> 32];
    let [mask, high_mask] = masks.map(|mask| vdupq_n_u32(mask as u32));
    let shift = 32_u32.wrapping_sub(filter.log2_words);
    for ((vector, further), number) in lanes.vectors::<16>().zip(0_u32..) {
        // SAFETY: 16 bytes are borrowed.
        let text = vreinterpretq_u32_u8(unsafe { vld1q_u8(vector.as_ptr()) });
        // SAFETY: as above.
        let rest = vreinterpretq_u32_u8(unsafe { vld1q_u8(further.as_ptr()) });
        let text = veorq_u32(vandq_u32(text, mask), vdupq_n_u32(SEEDS.1));
        let text = vmlaq_n_u32(text, vandq_u32(rest, high_mask), NARROW[0]);
        let mut hashes = [0_u32; 4];
        // SAFETY: there is room for four numbers.
        unsafe { vst1q_u32(hashes.as_mut_ptr(), vmulq_n_u32(text, NARROW[1])) };
        let at = base.wrapping_add(number.wrapping_mul(16));
        for (hash, lane) in hashes.into_iter().zip([0_u32, 4, 8, 12]) {
            let word = filter.words.get((hash >> shift) as usize).map_or(0, |word| word.get());
            let bits = narrow_bits(hash, filter.log2_words);
            if word & bits == bits {
                out.push(at.wrapping_add(lane));
            }
        }
    }
}
