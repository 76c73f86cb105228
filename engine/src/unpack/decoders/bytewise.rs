//! Decoders that put out one byte after the other, up to a size that is known, and what they share:
//! bits in their usual order, and the last bytes put out.

use std::io::{self, Read};

use super::{Stream, cut_off};

/// A decoder that gives the next byte.
pub(in crate::unpack) trait Bytes<'d> {
    /// The next byte. `Interrupted`: much was read, and nothing came out yet.
    fn next(&mut self) -> io::Result<u8>;

    /// What was not read.
    fn rest(&self) -> &'d [u8];
}

/// A reader of so many bytes.
pub(in crate::unpack) struct Bytewise<T> {
    inner: T,
    left: u64,
    failure: Option<io::Error>,
}

impl<T> Bytewise<T> {
    pub(in crate::unpack) fn new(inner: T, size: u64) -> Self {
        Self { inner, left: size, failure: None }
    }

    /// A decoder that cannot begin.
    pub(in crate::unpack) fn failed(inner: T, failure: io::Error) -> Self {
        Self { inner, left: 0, failure: Some(failure) }
    }
}

impl<'d, T: Bytes<'d>> Read for Bytewise<T> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let mut count = 0_usize;
        for place in into {
            if self.left == 0 {
                break;
            }
            match self.inner.next() {
                Ok(byte) => *place = byte,
                Err(pause) if pause.kind() == io::ErrorKind::Interrupted => {
                    return if count > 0 { Ok(count) } else { Err(pause) };
                }
                Err(failure) => {
                    self.left = 0;
                    if count == 0 {
                        return Err(failure);
                    }
                    self.failure = Some(failure);
                    break;
                }
            }
            self.left = self.left.saturating_sub(1);
            count = count.saturating_add(1);
        }
        Ok(count)
    }
}

impl<'d, T: Bytes<'d>> Stream<'d> for Bytewise<T> {
    fn rest(&self) -> &'d [u8] {
        self.inner.rest()
    }
}

/// Bits from the lowest of each byte to the highest.
pub(in crate::unpack) struct Bits<'d> {
    data: &'d [u8],
    at: u64,
}

impl<'d> Bits<'d> {
    pub(in crate::unpack) fn new(data: &'d [u8]) -> Self {
        Self { data, at: 0 }
    }

    /// The next bits, at most 16, as a number.
    pub(in crate::unpack) fn take(&mut self, count: u32) -> io::Result<u32> {
        let end = self.at.saturating_add(count.into());
        if end > (self.data.len() as u64).saturating_mul(8) {
            return Err(cut_off());
        }
        let byte = usize::try_from(self.at / 8).unwrap_or(usize::MAX);
        let bytes = self.data.get(byte..).unwrap_or_default();
        let window = [0, 1, 2].map(|index| u32::from(bytes.get(index).copied().unwrap_or(0)));
        let [low, middle, high] = window;
        self.at = end;
        let mask = (1_u32 << count.min(16)).wrapping_sub(1);
        Ok(((high << 16 | middle << 8 | low) >> (byte_offset(end, count))) & mask)
    }

    /// The next byte's worth of bits.
    pub(in crate::unpack) fn byte(&mut self) -> io::Result<u8> {
        Ok(self.take(8)?.to_le_bytes()[0])
    }

    /// The whole bytes that were not begun.
    pub(in crate::unpack) fn rest(&self) -> &'d [u8] {
        let byte = usize::try_from(self.at.div_ceil(8)).unwrap_or(usize::MAX);
        self.data.get(byte..).unwrap_or_default()
    }
}

/// Where in its first byte a run of bits began that ends at `end`.
fn byte_offset(end: u64, count: u32) -> u64 {
    end.saturating_sub(count.into()) % 8
}

/// The last bytes that were put out, zeros at first, and a match that is being copied from them.
pub(in crate::unpack) struct History {
    ring: Vec<u8>,
    at: usize,
    distance: usize,
    left: usize,
}

impl History {
    /// The last `size` bytes, a power of two.
    pub(in crate::unpack) fn new(size: usize) -> Self {
        Self { ring: vec![0; size], at: 0, distance: 0, left: 0 }
    }

    /// Begins to copy `length` bytes from `distance` bytes back.
    pub(in crate::unpack) fn copy(&mut self, distance: usize, length: usize) {
        (self.distance, self.left) = (distance, length);
    }

    /// The next byte of the match; `None` where it is all copied.
    pub(in crate::unpack) fn next(&mut self) -> Option<u8> {
        self.left = self.left.checked_sub(1)?;
        let from = self.at.wrapping_sub(self.distance) & self.ring.len().wrapping_sub(1);
        Some(self.put(self.ring.get(from).copied().unwrap_or(0)))
    }

    /// Keeps a byte.
    pub(in crate::unpack) fn put(&mut self, byte: u8) -> u8 {
        if let Some(place) = self.ring.get_mut(self.at) {
            *place = byte;
        }
        self.at = self.at.wrapping_add(1) & self.ring.len().wrapping_sub(1);
        byte
    }
}
