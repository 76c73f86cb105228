//! goblin's records, read from a place that may not be there.
//!
//! goblin reads a record field by field with checked reads and allocates nothing for it; its
//! functions that return lists are not called anywhere in the engine.

use goblin::container::Endian;
use scroll::Pread;
use scroll::ctx::TryFromCtx;

/// The little-endian record at the start of `bytes`.
pub(super) fn record<'a, T>(bytes: &'a [u8]) -> Option<T>
where
    T: TryFromCtx<'a, Endian, Error = scroll::Error>,
{
    bytes.pread_with(0, Endian::Little).ok()
}

/// The record at `offset`, in the width and byte order of `context`.
pub(super) fn record_at<'a, T, C, E>(data: &'a [u8], offset: u64, context: C) -> Option<T>
where
    T: TryFromCtx<'a, C, Error = E>,
    C: Copy,
    E: From<scroll::Error>,
{
    data.pread_with(usize::try_from(offset).ok()?, context).ok()
}

/// `bytes` from `offset` on, with zeros behind their end: headers that run out of the file are read
/// as the loader reads them, whose pages are zero there.
pub(super) fn zero_padded<const N: usize>(bytes: &[u8], offset: u64) -> [u8; N] {
    let mut padded = [0; N];
    let there = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..));
    for (to, from) in padded.iter_mut().zip(there.unwrap_or_default()) {
        *to = *from;
    }
    padded
}

/// `start..start + size`, clamped to a file of `length` bytes.
pub(super) fn clamped(start: u64, size: u64, length: usize) -> std::ops::Range<u64> {
    let length = length as u64;
    let start = start.min(length);
    start..start.saturating_add(size).min(length)
}

/// The bytes of a range, which may lie outside.
pub(super) fn slice<'a>(data: &'a [u8], range: &std::ops::Range<u64>) -> &'a [u8] {
    let start = usize::try_from(range.start).unwrap_or(usize::MAX);
    let end = usize::try_from(range.end).unwrap_or(usize::MAX).min(data.len());
    data.get(start..end).unwrap_or_default()
}
