//! Compressed streams: the checks behind their magic numbers.
//!
//! gzip by RFC 1952, deflate by RFC 1951, Zstandard by RFC 8878, LZ4 by its frame format description,
//! xz by its file format description, LZMA by the LZMA SDK, lzip by its manual, compress by compress(1).

use super::fields::{crc32, from, has, part, place_le, u8, u16_le, u32_le, u64_le, up_to};

/// The magic number of gzip with the only method there is.
pub(super) const GZIP_MAGIC: &[u8] = b"\x1f\x8b\x08";
/// The magic number of frames without content, common to LZ4 and Zstandard; the low four bits are free.
pub(super) const SKIPPABLE: &[u8] = b"\x50\x2a\x4d\x18";
/// How many such frames are passed over.
const SKIPPED_MOST: usize = 64;

/// Whether a level and the magic number of a block, or of the end, follow.
pub(super) fn is_bzip2(data: &[u8]) -> bool {
    let is_level = matches!(u8(data, 3), Some(b'1'..=b'9'));
    is_level && (has(data, 4, b"1AY&SY") || has(data, 4, b"\x17\x72\x45\x38\x50\x90"))
}

/// Whether the flags of an xz stream have the right CRC.
pub(super) fn is_sound_xz(data: &[u8]) -> bool {
    part(data, 6, 2).is_some_and(|flags| u32_le(data, 8) == Some(crc32(flags)))
}

/// Whether 13 bytes can be the header of an LZMA stream. It has no magic number, so only headers that
/// encoders write are taken: a dictionary of 2^n or 2^n + 2^(n-1) bytes, an unknown or a modest size.
pub(super) fn is_lzma(data: &[u8]) -> bool {
    let is_header = || {
        let properties = u8(data, 0)?;
        let dictionary = u32_le(data, 1)?;
        let size = u64_le(data, 5)?;
        let is_usual = properties == 0x5d && (1..1 << 38).contains(&size);
        let is_open = properties < 225 && size == u64::MAX;
        let starts_with_zero = u8(data, 13)? == 0;
        Some((is_usual || is_open) && is_lzma_dictionary(dictionary) && starts_with_zero)
    };
    is_header().unwrap_or(false)
}

fn is_lzma_dictionary(size: u32) -> bool {
    let is_power_and_half = size.is_multiple_of(3) && (size / 3).is_power_of_two();
    size >= 4096 && (size.is_power_of_two() || is_power_and_half || size == u32::MAX)
}

/// Whether the version and the size of the dictionary are allowed.
pub(super) fn is_lzip(data: &[u8]) -> bool {
    let is_version = matches!(u8(data, 4), Some(0 | 1));
    is_version && u8(data, 5).is_some_and(|size| (12..=29).contains(&(size & 0x1f)))
}

/// Whether a block of LZFSE of one of its kinds begins here.
pub(super) fn is_lzfse(data: &[u8]) -> bool {
    matches!(u8(data, 3), Some(b'-' | b'1' | b'2' | b'n'))
}

/// The magic number of lzop.
pub(super) const LZOP: &[u8] = b"\x89LZO\0\r\n\x1a\n";

/// Whether an lzop file begins here.
pub(super) fn is_lzop(data: &[u8]) -> bool {
    has(data, 0, LZOP)
}

/// Whether the flags of a compress stream are ones that were written.
pub(super) fn is_compress(data: &[u8]) -> bool {
    u8(data, 2).is_some_and(|flags| flags & 0x60 == 0 && (9..=16).contains(&(flags & 0x1f)))
}

/// Whether a Zstandard frame comes after frames without content.
pub(super) fn leads_to_zstd(data: &[u8]) -> bool {
    has(behind_skippable(data), 0, b"\x28\xb5\x2f\xfd")
}

/// Whether an LZ4 frame comes after frames without content.
pub(super) fn leads_to_lz4(data: &[u8]) -> bool {
    has(behind_skippable(data), 0, b"\x04\x22\x4d\x18")
}

fn behind_skippable(mut data: &[u8]) -> &[u8] {
    for _ in 0..SKIPPED_MOST {
        match u32_le(data, 0) {
            Some(0x184d_2a50..=0x184d_2a5f) => {}
            _ => break,
        }
        let Some(length) = place_le(data, 4) else { break };
        data = from(data, length.saturating_add(8));
    }
    data
}

/// Whether the frame header of Zstandard leaves the reserved bit alone.
pub(super) fn is_likely_zstd(data: &[u8]) -> bool {
    u8(data, 4).is_some_and(|descriptor| descriptor & 8 == 0)
}

/// Whether the descriptor of a frame is of version 1, and its blocks have a size that exists.
pub(super) fn is_likely_lz4(data: &[u8]) -> bool {
    let descriptor = u8(data, 4).zip(u8(data, 5));
    descriptor.is_some_and(|(flags, size)| flags & 0xc2 == 0x40 && matches!(size, 0x40..=0x70))
}

/// Whether a gzip header in the middle of other data has only flags that exist, and a deflate block
/// behind it that can be one.
pub(super) fn is_likely_gzip(data: &[u8]) -> bool {
    let is_likely = || {
        let flags = u8(data, 3).filter(|_| has(data, 0, GZIP_MAGIC))?;
        let is_system = matches!(u8(data, 9)?, 0..=13 | 255);
        let is_effort = matches!(u8(data, 8)?, 0 | 2 | 4);
        let block = gzip_block(data, flags)?;
        Some(flags <= 0x1f && is_system && is_effort && is_likely_deflate(block)?)
    };
    is_likely().unwrap_or(false)
}

/// What follows the optional fields of a gzip header.
fn gzip_block(data: &[u8], flags: u8) -> Option<&[u8]> {
    const FIELD_MOST: usize = 4096;
    let mut at = 10_usize;
    if flags & 4 != 0 {
        at = at.checked_add(2)?.checked_add(u16_le(data, at)?.into())?;
    }
    for text in [8, 16] {
        if flags & text != 0 {
            let field = up_to(from(data, at), FIELD_MOST);
            at = at.checked_add(memchr::memchr(0, field)?)?.checked_add(1)?;
        }
    }
    if flags & 2 != 0 {
        at = at.checked_add(2)?;
    }
    data.get(at..)
}

/// Whether the first deflate block has a type, and lengths that its type allows.
fn is_likely_deflate(block: &[u8]) -> Option<bool> {
    let first = u8(block, 0)?;
    Some(match (first >> 1) & 3 {
        0 => u16_le(block, 1)? == !u16_le(block, 3)?,
        1 => true,
        2 => {
            let literals = first >> 3;
            let distances = u8(block, 1)? & 0x1f;
            literals <= 29 && distances <= 29
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zstd_and_lz4_are_found_behind_frames_without_content() {
        let skippable = b"\x5a\x2a\x4d\x18\x03\0\0\0abc".to_vec();
        let zstd = [skippable.clone(), skippable.clone(), b"\x28\xb5\x2f\xfd".to_vec()].concat();
        assert!(leads_to_zstd(&zstd));
        assert!(!leads_to_lz4(&zstd));
        assert!(!leads_to_zstd(&skippable));
    }

    #[test]
    fn frames_without_end_are_passed_over_only_so_often() {
        let empty_frame = b"\x50\x2a\x4d\x18\0\0\0\0";
        let many = [empty_frame.repeat(10_000), b"\x28\xb5\x2f\xfd".to_vec()].concat();
        assert!(!leads_to_zstd(&many));
        assert!(!leads_to_zstd(b"\x50\x2a\x4d\x18\xff\xff\xff\xff"));
    }

    #[test]
    fn a_gzip_header_in_other_data_needs_a_block_behind_it() {
        let header = b"\x1f\x8b\x08\x08\0\0\0\0\0\x03name\0";
        let stored = [&header[..], b"\x01\x02\x00\xfd\xff".as_slice()].concat();
        assert!(is_likely_gzip(&stored));
        let reserved_type = [&header[..], b"\x07\0\0\0\0".as_slice()].concat();
        assert!(!is_likely_gzip(&reserved_type));
        assert!(!is_likely_gzip(header), "nothing behind it");
    }

    #[test]
    fn zeros_are_no_lzma_stream() {
        assert!(!is_lzma(&[0; 64]));
        assert!(!is_lzma(b"\x5d\0\0\x80\0\0\0\0\0\0\0\0\0\0"), "a size of nothing");
    }
}
