//! The filter's probes with 256-bit vectors and gathering loads.

#![allow(unsafe_code)] // one of the three rooms; each block says why it is sound

use std::arch::x86_64::*;

use super::super::candidates::Candidates;
use super::super::hash::{FOLD, NARROW, NARROW_BIT_PLACES, SEEDS, WIDE, WIDE_BITS};
use super::{Lanes, Narrow, Wide, portable, prefetch};

pub(super) fn wide(filter: Wide<'_>, text: &[u8], base: u32, out: &mut Candidates) {
    let is_sound = filter.words.len() == 1 << filter.log2_words && filter.log2_words >= 1;
    if !is_sound || !std::is_x86_feature_detected!("avx2") {
        return portable::wide(filter, text, base, out);
    }
    let (vectors, rest) = text.as_chunks::<32>();
    // SAFETY: the processor was asked, and there are as many words as a hash can name.
    unsafe { wide_vectors(filter, vectors, base, out) };
    let done = vectors.len().wrapping_mul(32);
    portable::wide(filter, rest, base.wrapping_add(done as u32), out);
}

/// # Safety
///
/// `filter.words` must hold `1 << filter.log2_words` words, at least two.
#[target_feature(enable = "avx2")]
unsafe fn wide_vectors(filter: Wide<'_>, vectors: &[[u8; 32]], base: u32, out: &mut Candidates) {
    let mask = _mm256_set1_epi64x(FOLD as i64);
    let [low, high, last] = WIDE.map(|factor| _mm256_set1_epi64x(factor as i64));
    let shift = _mm_cvtsi32_si128(64_i32.wrapping_sub(filter.log2_words as i32));
    let count = _mm256_set1_epi64x(63);
    let seed = _mm256_set1_epi64x(SEEDS.0 as i64);
    for (vector, number) in vectors.iter().zip(0_u32..) {
        prefetch::ahead(vector);
        // SAFETY: 32 bytes are borrowed.
        let text = unsafe { _mm256_loadu_si256(vector.as_ptr().cast()) };
        let text = _mm256_xor_si256(_mm256_and_si256(text, mask), seed);
        let sum = _mm256_add_epi64(
            _mm256_mul_epu32(text, low),
            _mm256_mul_epu32(_mm256_srli_epi64::<32>(text), high),
        );
        let mixed = _mm256_xor_si256(sum, _mm256_srli_epi64::<29>(sum));
        let hash = _mm256_mul_epu32(mixed, last);
        let index = _mm256_srl_epi64(hash, shift);
        // SAFETY: the index is a number of `log2_words` bits, and there are that many words.
        let word = unsafe { _mm256_i64gather_epi64::<8>(filter.words.as_ptr().cast(), index) };
        let a = _mm256_and_si256(_mm256_srli_epi64::<{ WIDE_BITS[0] as i32 }>(hash), count);
        let b = _mm256_and_si256(_mm256_srli_epi64::<{ WIDE_BITS[1] as i32 }>(hash), count);
        let c = _mm256_and_si256(_mm256_srli_epi64::<{ WIDE_BITS[2] as i32 }>(hash), count);
        let all = _mm256_and_si256(
            _mm256_and_si256(_mm256_srlv_epi64(word, a), _mm256_srlv_epi64(word, b)),
            _mm256_srlv_epi64(word, c),
        );
        let top = _mm256_slli_epi64::<63>(all);
        let hits = _mm256_movemask_pd(_mm256_castsi256_pd(top)) as u32;
        push_all(hits, base.wrapping_add(number.wrapping_mul(32)), 8, out);
    }
}

pub(super) fn narrow(filter: Narrow<'_>, lanes: Lanes<'_>, base: u32, out: &mut Candidates) {
    let is_sound = filter.words.len() == 1 << filter.log2_words && filter.log2_words >= 1;
    if !is_sound || !std::is_x86_feature_detected!("avx2") {
        return portable::narrow(filter, lanes, base, out);
    }
    match filter.mask >> 32 {
        // SAFETY: the processor was asked, and there are as many words as a hash can name.
        0 => unsafe { narrow_vectors::<false>(filter, lanes, base, out) },
        // SAFETY: as above.
        _ => unsafe { narrow_vectors::<true>(filter, lanes, base, out) },
    }
    let done = lanes.vectors::<32>().len().wrapping_mul(8);
    let next = base.wrapping_add((done as u32).wrapping_mul(4));
    portable::narrow(filter, lanes.skip(done), next, out);
}

/// `LONG`: windows have more than four bytes.
///
/// # Safety
///
/// `filter.words` must hold `1 << filter.log2_words` words, at least two.
#[target_feature(enable = "avx2")]
unsafe fn narrow_vectors<const LONG: bool>(
    filter: Narrow<'_>,
    lanes: Lanes<'_>,
    base: u32,
    out: &mut Candidates,
) {
    let masks = [filter.mask & FOLD, (filter.mask & FOLD) >> 32];
    let [mask, high_mask] = masks.map(|mask| _mm256_set1_epi32(mask as i32));
    let [high, factor] = NARROW.map(|factor| _mm256_set1_epi32(factor as i32));
    let shift = _mm_cvtsi32_si128(32_i32.wrapping_sub(filter.log2_words as i32));
    let back = _mm_cvtsi32_si128(filter.log2_words as i32);
    let count = _mm256_set1_epi32(31);
    let seed = _mm256_set1_epi32(SEEDS.1 as i32);
    for ((vector, further), number) in lanes.vectors::<32>().zip(0_u32..) {
        prefetch::ahead(vector);
        // SAFETY: 32 bytes are borrowed.
        let text = unsafe { _mm256_loadu_si256(vector.as_ptr().cast()) };
        let mut text = _mm256_xor_si256(_mm256_and_si256(text, mask), seed);
        if LONG {
            // SAFETY: as above.
            let rest = unsafe { _mm256_loadu_si256(further.as_ptr().cast()) };
            let rest = _mm256_mullo_epi32(_mm256_and_si256(rest, high_mask), high);
            text = _mm256_add_epi32(text, rest);
        }
        let hash = _mm256_mullo_epi32(text, factor);
        let index = _mm256_srl_epi32(hash, shift);
        let hash = _mm256_sll_epi32(hash, back);
        // SAFETY: the index is a number of `log2_words` bits, and there are that many words.
        let word = unsafe { _mm256_i32gather_epi32::<4>(filter.words.as_ptr().cast(), index) };
        let a = _mm256_and_si256(_mm256_srli_epi32::<{ NARROW_BIT_PLACES[0] as i32 }>(hash), count);
        let b = _mm256_and_si256(_mm256_srli_epi32::<{ NARROW_BIT_PLACES[1] as i32 }>(hash), count);
        let c = _mm256_and_si256(_mm256_srli_epi32::<{ NARROW_BIT_PLACES[2] as i32 }>(hash), count);
        let all = _mm256_and_si256(
            _mm256_and_si256(_mm256_srlv_epi32(word, a), _mm256_srlv_epi32(word, b)),
            _mm256_srlv_epi32(word, c),
        );
        let top = _mm256_slli_epi32::<31>(all);
        let hits = _mm256_movemask_ps(_mm256_castsi256_ps(top)) as u32;
        push_all(hits, base.wrapping_add(number.wrapping_mul(32)), 4, out);
    }
}

/// Adds the position of every bit that is set.
#[inline]
fn push_all(mut hits: u32, base: u32, lane: u32, out: &mut Candidates) {
    while hits != 0 {
        out.push(base.wrapping_add(hits.trailing_zeros().wrapping_mul(lane)));
        hits &= hits.wrapping_sub(1);
    }
}
