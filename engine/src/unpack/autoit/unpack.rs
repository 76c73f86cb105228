//! The packing of compiled scripts: literals, and matches of up to 32 KiB back.

use std::io;

use crate::unpack::decoders::bytewise::{Bytes, Bytewise, History};
use crate::unpack::decoders::cut_off;

/// Bits of a match's length, one step after the other while all bits of the last are ones, and the
/// lengths that the steps begin with.
const STEPS: [(u32, usize); 4] = [(2, 0), (3, 3), (5, 10), (8, 41)];
/// The shortest match.
const SHORTEST: usize = 3;

/// Packed data behind their header.
pub(super) struct Packed<'d> {
    data: &'d [u8],
    /// The next bit, from the highest of each byte to the lowest.
    at: u64,
    /// What the bit in front of a literal is.
    literal: usize,
    history: History,
}

/// Unpacks data: a mark of four bytes, the size, and bits.
pub(super) fn unpack(data: &[u8], is_older: bool) -> Bytewise<Packed<'_>> {
    let size = data.get(4..).and_then(<[u8]>::first_chunk).copied().map(u32::from_be_bytes);
    let literal = usize::from(!is_older);
    let bits = data.get(8..).unwrap_or_default();
    let packed = Packed { data: bits, at: 0, literal, history: History::new(32 << 10) };
    match size {
        Some(size) => Bytewise::new(packed, size.into()),
        None => Bytewise::failed(packed, cut_off()),
    }
}

impl Packed<'_> {
    fn bits(&mut self, count: u32) -> io::Result<usize> {
        let mut value = 0;
        for _ in 0..count {
            let byte = usize::try_from(self.at / 8).ok().and_then(|byte| self.data.get(byte));
            let bit = byte.ok_or_else(cut_off)? >> 7_u64.saturating_sub(self.at % 8) & 1;
            self.at = self.at.saturating_add(1);
            value = value << 1 | usize::from(bit);
        }
        Ok(value)
    }

    fn length(&mut self) -> io::Result<usize> {
        let mut length = 0;
        for (bits, base) in STEPS {
            let value = self.bits(bits)?;
            length = value.saturating_add(base);
            if value.saturating_add(1) < 1 << bits {
                return Ok(length.saturating_add(SHORTEST));
            }
        }
        loop {
            let value = self.bits(8)?;
            length = length.saturating_add(value);
            if value < 255 {
                return Ok(length.saturating_add(SHORTEST));
            }
        }
    }
}

impl<'d> Bytes<'d> for Packed<'d> {
    fn next(&mut self) -> io::Result<u8> {
        loop {
            if let Some(byte) = self.history.next() {
                return Ok(byte);
            }
            if self.bits(1)? == self.literal {
                let byte = self.bits(8)?.to_le_bytes()[0];
                return Ok(self.history.put(byte));
            }
            let distance = self.bits(15)?;
            let length = self.length()?;
            self.history.copy(distance, length);
        }
    }

    fn rest(&self) -> &'d [u8] {
        &[]
    }
}
