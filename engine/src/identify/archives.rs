//! Archives: the checks behind their magic numbers, and where they end.
//!
//! tar by POSIX 1003.1 pax and the older v7 layout; cpio by cpio(5); ARJ by its technical note; LHA by
//! the public notes on header levels 0 to 3; 7z by 7zFormat.txt; RAR by the technotes of versions 4 and
//! 5; Cabinet by MS-CAB; SquashFS by its kernel documentation.

use super::fields::{crc32, from, has, part, place_le, u8, u16_be, u16_le, u32_le, u64_le};

const TAR_BLOCK: usize = 512;
const TAR_CHECKSUM: std::ops::Range<usize> = 148..156;
const TAR_SIZE: usize = 124;

/// Whether a tar header begins here: its checksum, signed or unsigned, is right.
pub(super) fn is_tar(data: &[u8]) -> bool {
    let Some(header) = part(data, 0, TAR_BLOCK) else { return false };
    let Some(stored) = header.get(TAR_CHECKSUM).and_then(octal) else { return false };
    let (mut unsigned, mut signed) = (0_u64, 0_i64);
    for (at, &byte) in header.iter().enumerate() {
        let byte = if TAR_CHECKSUM.contains(&at) { b' ' } else { byte };
        unsigned = unsigned.wrapping_add(byte.into());
        signed = signed.wrapping_add(byte.cast_signed().into());
    }
    stored == unsigned || i64::try_from(stored) == Ok(signed)
}

/// Where the chain of a tar archive's headers breaks off or ends.
pub(super) fn end_of_tar(data: &[u8]) -> usize {
    let mut at = 0_usize;
    while is_tar(from(data, at)) {
        let size = part(data, at.saturating_add(TAR_SIZE), 12).and_then(tar_size).unwrap_or(0);
        let blocks = size.div_ceil(TAR_BLOCK).saturating_add(1);
        at = at.saturating_add(blocks.saturating_mul(TAR_BLOCK));
    }
    at.min(data.len())
}

/// A size in octal digits or, with the highest bit set, in base 256.
fn tar_size(field: &[u8]) -> Option<usize> {
    if field.first()? & 0x80 == 0 {
        return usize::try_from(octal(field)?).ok();
    }
    let last = field.last_chunk::<8>()?;
    usize::try_from(u64::from_be_bytes(*last)).ok()
}

/// A number as octal digits, after spaces or zeros and up to a space or zero.
fn octal(field: &[u8]) -> Option<u64> {
    let start = field.iter().position(|byte| !matches!(byte, b' ' | 0))?;
    let digits = field.get(start..)?.split(|byte| matches!(byte, b' ' | 0)).next()?;
    digits.iter().try_fold(0_u64, |value, digit| match digit {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(u64::from(digit & 7)),
        _ => None,
    })
}

/// Whether the digits of a textual cpio header are all there (odc, newc, newc with checksum).
pub(super) fn is_text_cpio(data: &[u8]) -> bool {
    let all = |length, is_digit: fn(&u8) -> bool| {
        part(data, 6, length).is_some_and(|fields| fields.iter().all(is_digit))
    };
    match u8(data, 5) {
        Some(b'7') => all(70, |byte| matches!(byte, b'0'..=b'7')),
        Some(b'1' | b'2') => all(104, u8::is_ascii_hexdigit),
        _ => false,
    }
}

/// Whether an old cpio header of 16-bit words, in either order, names an entry.
pub(super) fn is_binary_cpio(data: &[u8]) -> bool {
    let word = if has(data, 0, b"\x71\xc7") { u16_be } else { u16_le };
    let is_entry = || {
        let kind = word(data, 6)? & 0o170_000;
        let name_length = usize::from(word(data, 20)?);
        let last_of_name = 25_usize.checked_add(name_length)?;
        let is_kind = matches!(kind >> 12, 0 | 1 | 2 | 4 | 6 | 8 | 10 | 12);
        Some(is_kind && (2..=4096).contains(&name_length) && u8(data, last_of_name)? == 0)
    };
    is_entry().unwrap_or(false)
}

/// Whether the first entry's header of an ar archive ends as it has to.
pub(super) fn is_sound_ar(data: &[u8]) -> bool {
    has(data, 66, b"`\n")
}

/// Whether the CRC of an ARJ main header is right.
pub(super) fn is_arj(data: &[u8]) -> bool {
    let is_right = || {
        let length = usize::from(u16_le(data, 2)?);
        let header = part(data, 4, length)?;
        let stored = u32_le(data, length.checked_add(4)?)?;
        Some((30..=2600).contains(&length) && crc32(header) == stored)
    };
    is_right().unwrap_or(false)
}

/// Whether an LHA header has a method, and a level whose own rule it keeps.
pub(super) fn is_lha(data: &[u8]) -> bool {
    const METHODS: &[&[u8]] = &[
        b"-lh0-", b"-lh1-", b"-lh2-", b"-lh3-", b"-lh4-", b"-lh5-", b"-lh6-", b"-lh7-", b"-lh8-",
        b"-lh9-", b"-lha-", b"-lhb-", b"-lhc-", b"-lhe-", b"-lhx-", b"-lhd-", b"-lzs-", b"-lz4-",
        b"-lz5-", b"-pm0-", b"-pm1-", b"-pm2-", b"-pms-",
    ];
    let keeps_rule = || match u8(data, 20)? {
        0 | 1 => {
            let header = part(data, 2, usize::from(u8(data, 0)?))?;
            let sum = header.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
            Some(sum == u8(data, 1)?)
        }
        2 => Some(u16_le(data, 0)? >= 26),
        3 => Some(u16_le(data, 0)? == 4),
        _ => None,
    };
    part(data, 2, 5).is_some_and(|method| METHODS.contains(&method)) && keeps_rule() == Some(true)
}

/// Whether the start header of a 7z archive has the right CRC.
pub(super) fn is_sound_7z(data: &[u8]) -> bool {
    let start_header = part(data, 12, 20);
    start_header.is_some_and(|header| u32_le(data, 8) == Some(crc32(header)))
}

/// Where a 7z archive ends by its start header.
pub(super) fn end_of_7z(data: &[u8]) -> Option<usize> {
    let place = usize::try_from(u64_le(data, 12)?).ok()?;
    let length = usize::try_from(u64_le(data, 20)?).ok()?;
    place.checked_add(length)?.checked_add(32)
}

/// RAR before 1.5: the size of the main header.
pub(super) fn is_rar14(data: &[u8]) -> bool {
    u16_le(data, 4).is_some_and(|size| (7..=1024).contains(&size))
}

/// The longest first header of a RAR archive that is checked in the middle of other data. It holds no
/// more than flags and places.
const RAR_HEADER_MOST: usize = 512;

/// Whether the first header of a RAR archive has the right CRC.
pub(super) fn is_sound_rar(data: &[u8]) -> bool {
    let sound = match u8(data, 6) {
        Some(0) => is_sound_rar4(from(data, 7)),
        Some(1) => is_sound_rar5(from(data, 8)),
        _ => None,
    };
    sound.unwrap_or(false)
}

fn is_sound_rar4(header: &[u8]) -> Option<bool> {
    const MAIN: u8 = 0x73;
    let stored = u16_le(header, 0)?;
    let length = usize::from(u16_le(header, 5)?);
    let fields = part(header, 2, length.checked_sub(2)?)?;
    let [low, high, ..] = crc32(fields).to_le_bytes();
    let is_main = u8(header, 2)? == MAIN && (13..=RAR_HEADER_MOST).contains(&length);
    Some(is_main && stored == u16::from_le_bytes([low, high]))
}

fn is_sound_rar5(header: &[u8]) -> Option<bool> {
    // The length is a number of 7 bits a byte; one this small has one or two bytes.
    let first = u8(header, 4)?;
    let (length, digits) = match first {
        0..=0x7f => (usize::from(first), 1_usize),
        _ => (usize::from(u8(header, 5)?).checked_mul(128)?.checked_add((first & 0x7f).into())?, 2),
    };
    let fields = part(header, 4, length.checked_add(digits)?)?;
    let is_small = (1..=RAR_HEADER_MOST).contains(&length);
    Some(is_small && crc32(fields) == u32_le(header, 0)?)
}

/// Whether a cabinet's reserved fields, version, size and counts make sense.
pub(super) fn is_sound_cab(data: &[u8]) -> bool {
    let is_sound = || {
        let is_reserved_zero = u32_le(data, 4)? == 0 && u32_le(data, 12)? == 0;
        let size = place_le(data, 8)?;
        let first_file = place_le(data, 16)?;
        let is_reserved_zero = is_reserved_zero && u32_le(data, 20)? == 0;
        let is_version = u8(data, 25)? == 1;
        let folders = u16_le(data, 26)?;
        let files = u16_le(data, 28)?;
        let is_inside = (36..size).contains(&first_file) && size <= data.len();
        Some(is_reserved_zero && is_inside && is_version && folders > 0 && files > 0)
    };
    is_sound().unwrap_or(false)
}

/// Where a cabinet ends by its header.
pub(super) fn end_of_cab(data: &[u8]) -> Option<usize> {
    place_le(data, 8)
}

/// Whether an ARC header has a method, a name as DOS has them, and a length that is there.
pub(super) fn is_arc(data: &[u8]) -> bool {
    let is_header = || {
        let method = u8(data, 1)?;
        let name = part(data, 2, 13)?.split(|&byte| byte == 0).next()?;
        let is_name = (1..=12).contains(&name.len())
            && name.iter().all(|byte| byte.is_ascii_graphic())
            && !name.contains(&b'/');
        let (size, month) = (place_le(data, 15)?, u16_le(data, 19)? >> 5 & 0xf);
        let is_there = size.checked_add(29)? <= data.len();
        Some(matches!(method, 1..=9) && is_name && matches!(month, 1..=12) && is_there)
    };
    is_header().unwrap_or(false)
}

/// UHARC: the version behind the magic number.
pub(super) fn is_uharc(data: &[u8]) -> bool {
    matches!(u8(data, 3), Some(2..=10))
}

/// A block of ZPAQ without the tag that lets it be found: a level, and the mark of what follows.
pub(super) fn is_zpaq(data: &[u8]) -> bool {
    matches!(part(data, 3, 2), Some([1 | 2, 1]))
}

/// Whether an Outlook data file says whose it is: of a store, an offline store or an address book.
pub(super) fn is_pst(data: &[u8]) -> bool {
    [b"SM", b"SO", b"AB"].into_iter().any(|client| has(data, 8, client))
}

/// Whether a SquashFS superblock has a version that was in use.
pub(super) fn is_squashfs(data: &[u8]) -> bool {
    let version = if has(data, 0, b"hsqs") { u16_le(data, 28) } else { u16_be(data, 28) };
    version.is_some_and(|version| (1..=4).contains(&version))
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_tar_header_counts_only_with_its_checksum() {
        let archive = samples::tar(b"name", b"content");
        assert!(is_tar(&archive));
        let mut broken = archive.clone();
        broken[0] ^= 1;
        assert!(!is_tar(&broken));
        assert!(!is_tar(&[0; 512]), "zeros have no checksum");
    }

    #[test]
    fn the_end_of_a_tar_archive_is_found_by_its_sizes() {
        let mut archive = samples::tar(b"one", &[1; 600]);
        assert_eq!(end_of_tar(&archive), 3 * 512);
        archive.extend(samples::tar(b"two", b""));
        assert_eq!(end_of_tar(&archive), 4 * 512);
        archive.extend([0; 1024]);
        assert_eq!(end_of_tar(&archive), 4 * 512);
    }

    #[test]
    fn a_tar_archive_that_claims_everything_ends_the_walk() {
        let mut archive = samples::tar(b"name", b"");
        archive[TAR_SIZE..TAR_SIZE + 12].copy_from_slice(&[0xff; 12]);
        samples::seal_tar(&mut archive);
        assert!(is_tar(&archive));
        archive.extend([1; 1000]);
        assert_eq!(end_of_tar(&archive), 1512);
    }

    #[test]
    fn sound_means_the_checksum_is_right() {
        assert!(is_sound_7z(&samples::seven_zip()));
        assert!(is_sound_rar(&samples::rar4()));
        assert!(is_sound_rar(&samples::rar5()));
        assert!(is_sound_cab(&samples::cab()));
        for build in [samples::seven_zip, samples::rar4, samples::rar5] {
            let mut broken = build();
            broken[14] ^= 1;
            assert!(!is_sound_7z(&broken) && !is_sound_rar(&broken));
        }
    }

    #[test]
    fn a_cabinet_must_fit() {
        let mut cabinet = samples::cab();
        cabinet.pop();
        assert!(!is_sound_cab(&cabinet));
    }
}
