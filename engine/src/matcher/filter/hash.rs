//! How windows become places in a filter and in a directory. One definition for the writer, the
//! portable search and every instruction set: a difference would be a missed detection.
//!
//! All arithmetic wraps; that is what a hash does. The filter's hashes are made of operations that
//! vector units have (32-bit products), the directory's is a finaliser of high quality, since it is
//! computed for the few survivors only.

/// Takes the difference between `a` and `A` out of every byte (and between other pairs of bytes,
/// which the verification tells apart).
pub(super) const FOLD: u64 = 0xdfdf_dfdf_dfdf_dfdf;

const WIDE_LOW: u64 = 0x9e37_79b1;
const WIDE_HIGH: u64 = 0x85eb_ca77;
const WIDE_LAST: u64 = 0xff51_afd7;
const NARROW_HIGH: u32 = 0xc2b2_ae35;
const NARROW_WORD: u32 = 0x9e37_79b1;

/// Windows of zeros are the most frequent ones, and nothing would be left of them.
const SEED: u64 = 0x5bd1_e995_a3c5_9ac3;

/// The constants again, for the vector kernels.
pub(super) const WIDE: [u64; 3] = [WIDE_LOW, WIDE_HIGH, WIDE_LAST];
pub(super) const NARROW: [u32; 2] = [NARROW_HIGH, NARROW_WORD];
pub(super) const SEEDS: (u64, u32) = (SEED, SEED as u32);
/// Where the three bit numbers stand in a hash.
pub(super) const WIDE_BITS: [u32; 3] = [20, 26, 32];
pub(super) const NARROW_BIT_PLACES: [u32; 3] = [27, 22, 17];

/// The low 32 bits of a number, as a number.
const LOW: u64 = 0xffff_ffff;

/// The filter's hash of a folded window of up to eight bytes. The word's number stands in the top
/// bits, the bit numbers at [`WIDE_BITS`].
#[inline]
pub(super) fn wide(window: u64) -> u64 {
    let window = window ^ SEED;
    let sum =
        (window & LOW).wrapping_mul(WIDE_LOW).wrapping_add((window >> 32).wrapping_mul(WIDE_HIGH));
    ((sum ^ (sum >> 29)) & LOW).wrapping_mul(WIDE_LAST)
}

/// The bits that a wide hash sets in its word.
#[inline]
pub(super) fn wide_bits(hash: u64) -> u64 {
    WIDE_BITS.into_iter().fold(0, |bits, at| bits | 1_u64.rotate_left((hash >> at) as u32 & 63))
}

/// The filter's hash of a folded window of up to eight bytes, in a number of 32 bits. The word's number
/// stands in the top bits; without them, shifted up, the bit numbers stand at [`NARROW_BIT_PLACES`]. Since
/// a product with an odd number loses nothing, windows of four bytes that agree in both are the same.
#[inline]
pub(super) fn narrow(window: u64) -> u32 {
    let high = ((window >> 32) as u32).wrapping_mul(NARROW_HIGH);
    (window as u32 ^ SEED as u32).wrapping_add(high).wrapping_mul(NARROW_WORD)
}

/// The bits that a narrow hash sets in its word, of `1 << log2_words`.
#[inline]
pub(super) fn narrow_bits(hash: u32, log2_words: u32) -> u32 {
    let hash = hash << (log2_words & 31);
    NARROW_BIT_PLACES.into_iter().fold(0, |bits, at| bits | 1_u32.rotate_left((hash >> at) & 31))
}

/// The directory's hash: the upper half says which bucket, the lower one goes into the tag.
#[inline]
pub(super) fn directory(window: u64) -> u64 {
    let window = window ^ SEED;
    let mixed = (window ^ (window >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed ^ (mixed >> 32)
}

/// Which of so many buckets.
#[inline]
pub(super) fn bucket(directory: u64, buckets: u32) -> u32 {
    ((directory >> 32).wrapping_mul(buckets.into()) >> 32) as u32
}

/// The tag of a window with these folded bytes beside it; its top bits are the best.
#[inline]
pub(super) fn tag(directory: u64, beside: u32) -> u32 {
    directory as u32 ^ beside.wrapping_mul(NARROW_WORD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_joins_the_cases_of_letters() {
        let word = |text: &[u8; 8]| u64::from_le_bytes(*text) & FOLD;
        assert_eq!(word(b"Kernel32"), word(b"kERNEL32"));
        assert_ne!(word(b"Kernel32"), word(b"Kernel33"));
    }

    #[test]
    #[cfg_attr(miri, ignore = "a hundred thousand hashes")]
    fn text_spreads_over_words_and_bits() {
        let (mut words, mut bits) = ([0_u32; 256], [0_u32; 64]);
        for number in 0..100_000_u32 {
            let text = format!("{number:08}");
            let hash = wide(u64::from_le_bytes(text.as_bytes().try_into().unwrap()) & FOLD);
            words[(hash >> 56) as usize] += 1;
            (0..64).filter(|bit| wide_bits(hash) >> bit & 1 == 1).for_each(|bit| bits[bit] += 1);
        }
        // The last product stays a little below what its top bits could hold.
        let all_but_last = &words[..255];
        assert!(all_but_last.iter().all(|&count| (200..600).contains(&count)), "{words:?}");
        assert!(bits.iter().all(|&count| (3500..6000).contains(&count)), "{bits:?}");
    }
}
