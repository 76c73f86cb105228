//! The filter's probes with 512-bit vectors: gathering loads, compressing stores.

#![allow(unsafe_code)] // one of the three rooms; each block says why it is sound

use std::arch::x86_64::*;

use super::super::candidates::Candidates;
use super::super::hash::{FOLD, NARROW, NARROW_BIT_PLACES, SEEDS, WIDE, WIDE_BITS};
use super::{Lanes, Narrow, Wide, portable, prefetch};

/// Whether the processor has everything that the kernels here ask for.
pub(super) fn can_run() -> bool {
    std::is_x86_feature_detected!("avx512f")
        && std::is_x86_feature_detected!("avx512vl")
        && std::is_x86_feature_detected!("popcnt")
}

pub(super) fn wide(filter: Wide<'_>, text: &[u8], base: u32, out: &mut Candidates) {
    let is_sound = filter.words.len() == 1 << filter.log2_words && filter.log2_words >= 1;
    if !is_sound || !can_run() {
        return portable::wide(filter, text, base, out);
    }
    let (vectors, rest) = text.as_chunks::<64>();
    let room = out.positions.len().wrapping_sub(out.length);
    if room < vectors.len().wrapping_mul(8).wrapping_add(8) {
        return portable::wide(filter, text, base, out);
    }
    // SAFETY: the processor was asked, there are as many words as a hash can name, and there is room
    // for a candidate a lane and a vector more.
    unsafe { wide_vectors(filter, vectors, base, out) };
    let done = vectors.len().wrapping_mul(64);
    portable::wide(filter, rest, base.wrapping_add(done as u32), out);
}

/// # Safety
///
/// `filter.words` must hold `1 << filter.log2_words` words, at least two; `out` must have room for 8
/// positions a vector, and 8 more.
#[target_feature(enable = "avx512f,avx512vl,popcnt")]
unsafe fn wide_vectors(filter: Wide<'_>, vectors: &[[u8; 64]], base: u32, out: &mut Candidates) {
    let mask = _mm512_set1_epi64(FOLD as i64);
    let [low, high, last] = WIDE.map(|factor| _mm512_set1_epi64(factor as i64));
    let shift = _mm_cvtsi32_si128(64_i32.wrapping_sub(filter.log2_words as i32));
    let seed = _mm512_set1_epi64(SEEDS.0 as i64);
    let one = _mm512_set1_epi64(1);
    let each = _mm256_set_epi32(56, 48, 40, 32, 24, 16, 8, 0);
    let mut length = out.length;
    for (vector, number) in vectors.iter().zip(0_u32..) {
        prefetch::ahead(vector);
        // SAFETY: 64 bytes are borrowed.
        let text = unsafe { _mm512_loadu_epi64(vector.as_ptr().cast()) };
        let text = _mm512_xor_si512(_mm512_and_si512(text, mask), seed);
        let sum = _mm512_add_epi64(
            _mm512_mul_epu32(text, low),
            _mm512_mul_epu32(_mm512_srli_epi64::<32>(text), high),
        );
        let mixed = _mm512_xor_si512(sum, _mm512_srli_epi64::<29>(sum));
        let hash = _mm512_mul_epu32(mixed, last);
        let index = _mm512_srl_epi64(hash, shift);
        // SAFETY: the index is a number of `log2_words` bits, and there are that many words.
        let word = unsafe { _mm512_i64gather_epi64::<8>(index, filter.words.as_ptr().cast()) };
        let a = _mm512_rorv_epi64(word, _mm512_srli_epi64::<{ WIDE_BITS[0] }>(hash));
        let b = _mm512_rorv_epi64(word, _mm512_srli_epi64::<{ WIDE_BITS[1] }>(hash));
        let c = _mm512_rorv_epi64(word, _mm512_srli_epi64::<{ WIDE_BITS[2] }>(hash));
        let all = _mm512_and_si512(_mm512_and_si512(a, b), c);
        let hits = _mm512_test_epi64_mask(all, one);
        let first = base.wrapping_add(number.wrapping_mul(64));
        let positions = _mm256_add_epi32(each, _mm256_set1_epi32(first as i32));
        let packed = _mm256_maskz_compress_epi32(hits, positions);
        // SAFETY: the caller promises room for all lanes up to here and a vector more.
        let end = unsafe { out.positions.as_mut_ptr().add(length) };
        // SAFETY: as above.
        unsafe { _mm256_storeu_epi32(end.cast(), packed) };
        length = length.wrapping_add(hits.count_ones() as usize);
    }
    out.length = length;
}

pub(super) fn narrow(filter: Narrow<'_>, lanes: Lanes<'_>, base: u32, out: &mut Candidates) {
    let is_sound = filter.words.len() == 1 << filter.log2_words && filter.log2_words >= 1;
    if !is_sound || !can_run() {
        return portable::narrow(filter, lanes, base, out);
    }
    let done = lanes.vectors::<64>().len().wrapping_mul(16);
    let room = out.positions.len().wrapping_sub(out.length);
    if room < done.wrapping_add(16) {
        return portable::narrow(filter, lanes, base, out);
    }
    match filter.mask >> 32 {
        // SAFETY: the processor was asked, there are as many words as a hash can name, and there is room
        // for a candidate a lane and a vector more.
        0 => unsafe { narrow_vectors::<false>(filter, lanes, base, out) },
        // SAFETY: as above.
        _ => unsafe { narrow_vectors::<true>(filter, lanes, base, out) },
    }
    let next = base.wrapping_add((done as u32).wrapping_mul(4));
    portable::narrow(filter, lanes.skip(done), next, out);
}

/// `LONG`: windows have more than four bytes.
///
/// # Safety
///
/// `filter.words` must hold `1 << filter.log2_words` words, at least two; `out` must have room for 16
/// positions a vector, and 16 more.
#[target_feature(enable = "avx512f,avx512vl,popcnt")]
unsafe fn narrow_vectors<const LONG: bool>(
    filter: Narrow<'_>,
    lanes: Lanes<'_>,
    base: u32,
    out: &mut Candidates,
) {
    let masks = [filter.mask & FOLD, (filter.mask & FOLD) >> 32];
    let [mask, high_mask] = masks.map(|mask| _mm512_set1_epi32(mask as i32));
    let [high, factor] = NARROW.map(|factor| _mm512_set1_epi32(factor as i32));
    let shift = _mm_cvtsi32_si128(32_i32.wrapping_sub(filter.log2_words as i32));
    let back = _mm_cvtsi32_si128(filter.log2_words as i32);
    let seed = _mm512_set1_epi32(SEEDS.1 as i32);
    let one = _mm512_set1_epi32(1);
    let each = _mm512_set_epi32(60, 56, 52, 48, 44, 40, 36, 32, 28, 24, 20, 16, 12, 8, 4, 0);
    let mut length = out.length;
    for ((vector, further), number) in lanes.vectors::<64>().zip(0_u32..) {
        prefetch::ahead(vector);
        // SAFETY: 64 bytes are borrowed.
        let text = unsafe { _mm512_loadu_epi32(vector.as_ptr().cast()) };
        let mut text = _mm512_xor_si512(_mm512_and_si512(text, mask), seed);
        if LONG {
            // SAFETY: as above.
            let rest = unsafe { _mm512_loadu_epi32(further.as_ptr().cast()) };
            let rest = _mm512_mullo_epi32(_mm512_and_si512(rest, high_mask), high);
            text = _mm512_add_epi32(text, rest);
        }
        let hash = _mm512_mullo_epi32(text, factor);
        let index = _mm512_srl_epi32(hash, shift);
        let hash = _mm512_sll_epi32(hash, back);
        // SAFETY: the index is a number of `log2_words` bits, and there are that many words.
        let word = unsafe { _mm512_i32gather_epi32::<4>(index, filter.words.as_ptr().cast()) };
        let a = _mm512_rorv_epi32(word, _mm512_srli_epi32::<{ NARROW_BIT_PLACES[0] }>(hash));
        let b = _mm512_rorv_epi32(word, _mm512_srli_epi32::<{ NARROW_BIT_PLACES[1] }>(hash));
        let c = _mm512_rorv_epi32(word, _mm512_srli_epi32::<{ NARROW_BIT_PLACES[2] }>(hash));
        let all = _mm512_and_si512(_mm512_and_si512(a, b), c);
        let hits = _mm512_test_epi32_mask(all, one);
        let first = base.wrapping_add(number.wrapping_mul(64));
        let positions = _mm512_add_epi32(each, _mm512_set1_epi32(first as i32));
        let packed = _mm512_maskz_compress_epi32(hits, positions);
        // SAFETY: the caller promises room for all lanes up to here and a vector more.
        let end = unsafe { out.positions.as_mut_ptr().add(length) };
        // SAFETY: as above.
        unsafe { _mm512_storeu_epi32(end.cast(), packed) };
        length = length.wrapping_add(hits.count_ones() as usize);
    }
    out.length = length;
}
