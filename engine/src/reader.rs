//! The one cursor over untrusted bytes.
//!
//! Every parser of the engine reads through [`Reader`]. It never panics and never allocates: a read
//! beyond the end is an [`OutOfBounds`] that says where it was tried, and leaves the position as it
//! was, so a parser can keep what it learned so far.

#![warn(clippy::arithmetic_side_effects)]

use std::fmt;

/// A cursor over bytes that somebody else made. Positions are relative to the bytes it was made from.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    data: &'a [u8],
    position: usize,
}

/// A read that would have left the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfBounds {
    /// Where the read started, in bytes from the start of the reader's data.
    pub position: u64,
    /// How many bytes it wanted.
    pub wanted: u64,
    /// How many there were.
    pub available: u64,
}

impl fmt::Display for OutOfBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, wanted, available } = self;
        write!(f, "{wanted} bytes wanted at offset {position}, {available} there")
    }
}

impl std::error::Error for OutOfBounds {}

macro_rules! integers {
    ($($name:ident: $type:ty, $from:ident, $what:literal;)*) => {$(
        #[doc = concat!("Reads ", $what, ".")]
        pub fn $name(&mut self) -> Result<$type, OutOfBounds> {
            Ok(<$type>::$from(self.array()?))
        }
    )*};
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `data`.
    pub fn new(data: &'a [u8]) -> Self {
        Self { data, position: 0 }
    }

    /// Starts `offset` bytes into `data`; an offset behind the end is refused.
    pub fn at(data: &'a [u8], offset: u64) -> Result<Self, OutOfBounds> {
        let mut reader = Self::new(data);
        reader.seek(offset)?;
        Ok(reader)
    }

    /// Bytes read or skipped so far.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Bytes left.
    pub fn remaining(&self) -> usize {
        self.data.len().saturating_sub(self.position)
    }

    /// Whether all bytes are read.
    pub fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// The bytes not yet read; the position stays.
    pub fn rest(&self) -> &'a [u8] {
        self.data.get(self.position..).unwrap_or_default()
    }

    /// Goes to `offset` from the start of the data; the end itself is allowed.
    pub fn seek(&mut self, offset: u64) -> Result<(), OutOfBounds> {
        match usize::try_from(offset) {
            Ok(position) if position <= self.data.len() => {
                self.position = position;
                Ok(())
            }
            _ => {
                Err(OutOfBounds { position: offset, wanted: 0, available: self.data.len() as u64 })
            }
        }
    }

    /// Passes over `count` bytes.
    pub fn skip(&mut self, count: u64) -> Result<(), OutOfBounds> {
        self.bytes(count).map(|_| ())
    }

    /// Reads `count` bytes in place.
    pub fn bytes(&mut self, count: u64) -> Result<&'a [u8], OutOfBounds> {
        let taken = self.peek(count)?;
        self.position = self.position.saturating_add(taken.len());
        Ok(taken)
    }

    /// Looks at the next `count` bytes without reading them.
    pub fn peek(&self, count: u64) -> Result<&'a [u8], OutOfBounds> {
        let missing = OutOfBounds {
            position: self.position as u64,
            wanted: count,
            available: self.remaining() as u64,
        };
        let count = usize::try_from(count).map_err(|_| missing)?;
        self.rest().get(..count).ok_or(missing)
    }

    /// A reader over the next `count` bytes alone, which are passed over here.
    pub fn sub(&mut self, count: u64) -> Result<Reader<'a>, OutOfBounds> {
        self.bytes(count).map(Reader::new)
    }

    /// Reads `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], OutOfBounds> {
        let missing = OutOfBounds {
            position: self.position as u64,
            wanted: N as u64,
            available: self.remaining() as u64,
        };
        let found = *self.rest().first_chunk::<N>().ok_or(missing)?;
        self.position = self.position.saturating_add(N);
        Ok(found)
    }

    integers! {
        u8: u8, from_le_bytes, "one byte";
        u16_le: u16, from_le_bytes, "a little-endian 16-bit number";
        u32_le: u32, from_le_bytes, "a little-endian 32-bit number";
        u64_le: u64, from_le_bytes, "a little-endian 64-bit number";
        u16_be: u16, from_be_bytes, "a big-endian 16-bit number";
        u32_be: u32, from_be_bytes, "a big-endian 32-bit number";
        u64_be: u64, from_be_bytes, "a big-endian 64-bit number";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_in_order_and_reports_the_end() {
        let mut reader = Reader::new(&[1, 2, 0, 0, 0, 3, 9]);
        assert_eq!(reader.u8(), Ok(1));
        assert_eq!(reader.u16_le(), Ok(2));
        assert_eq!(reader.u16_be(), Ok(0));
        assert_eq!(reader.position(), 5);
        assert_eq!(reader.u32_le(), Err(OutOfBounds { position: 5, wanted: 4, available: 2 }));
        assert_eq!(reader.position(), 5, "a failed read leaves the position");
        assert_eq!(reader.bytes(2), Ok(&[3, 9][..]));
        assert!(reader.is_empty());
    }

    #[test]
    fn offsets_and_lengths_at_the_edges_are_refused() {
        let data = [0; 4];
        assert!(Reader::at(&data, 4).is_ok());
        assert!(Reader::at(&data, 5).is_err());
        assert!(Reader::at(&data, u64::MAX).is_err());
        let mut reader = Reader::new(&data);
        assert!(reader.bytes(u64::MAX).is_err());
        assert!(reader.skip(4).is_ok());
        assert!(reader.skip(1).is_err());
        assert!(reader.sub(0).is_ok_and(|sub| sub.is_empty()));
    }
}
