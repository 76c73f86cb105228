//! Single fields at known places, read through the [`Reader`]; `None` where the data ends before.

use crate::reader::Reader;

macro_rules! fields {
    ($($name:ident: $type:ty;)*) => {$(
        pub(super) fn $name(data: &[u8], at: usize) -> Option<$type> {
            Reader::at(data, at as u64).ok()?.$name().ok()
        }
    )*};
}

fields! {
    u8: u8;
    u16_le: u16;
    u16_be: u16;
    u32_le: u32;
    u32_be: u32;
    u64_le: u64;
    u64_be: u64;
}

/// A 32-bit little-endian field that is used as a place or a length.
pub(super) fn place_le(data: &[u8], at: usize) -> Option<usize> {
    u32_le(data, at).and_then(|value| usize::try_from(value).ok())
}

/// A part of the data, all of it there.
pub(super) fn part(data: &[u8], at: usize, length: usize) -> Option<&[u8]> {
    Reader::at(data, at as u64).ok()?.bytes(length as u64).ok()
}

/// The data from a place on; empty behind the end.
pub(super) fn from(data: &[u8], at: usize) -> &[u8] {
    data.get(at..).unwrap_or_default()
}

/// The data up to a place; all of it if it is shorter.
pub(super) fn up_to(data: &[u8], end: usize) -> &[u8] {
    data.get(..end).unwrap_or(data)
}

/// Whether `magic` stands at a place.
pub(super) fn has(data: &[u8], at: usize, magic: &[u8]) -> bool {
    from(data, at).starts_with(magic)
}

/// CRC-32 as ZIP, gzip, 7z, RAR, ARJ and xz use it.
pub(crate) fn crc32(data: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(data);
    crc.sum()
}
