//! Method 4 of ARJ, "fastest": matches and literals in fixed codes (unarj's technical note; the codes
//! as the format's public readers have them).

use std::io;

use super::bytewise::{Bytes, Bytewise, History};
use super::cut_off;

/// Decodes data of method 4.
pub(in crate::unpack) struct Fastest<'d> {
    data: &'d [u8],
    /// The next bit, from the highest of each byte to the lowest.
    at: u64,
    history: History,
}

/// Data of `size` bytes.
pub(in crate::unpack) fn arj_fastest(data: &[u8], size: u64) -> Bytewise<Fastest<'_>> {
    Bytewise::new(Fastest { data, at: 0, history: History::new(32 << 10) }, size)
}

impl Fastest<'_> {
    fn bit(&mut self) -> io::Result<usize> {
        let byte = usize::try_from(self.at / 8).ok().and_then(|byte| self.data.get(byte));
        let bit = byte.ok_or_else(cut_off)? >> (7_u64.saturating_sub(self.at % 8)) & 1;
        self.at = self.at.saturating_add(1);
        Ok(bit.into())
    }

    fn bits(&mut self, count: u32) -> io::Result<usize> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | self.bit()?;
        }
        Ok(value)
    }

    /// A number: ones say how wide it is, from `first` bits to `last`, and how much to add.
    fn number(&mut self, first: u32, last: u32) -> io::Result<usize> {
        let (mut width, mut base) = (first, 0_usize);
        while width < last && self.bit()? == 1 {
            base = base.saturating_add(1 << width);
            width = width.saturating_add(1);
        }
        Ok(self.bits(width)?.saturating_add(base))
    }
}

impl<'d> Bytes<'d> for Fastest<'d> {
    fn next(&mut self) -> io::Result<u8> {
        loop {
            if let Some(byte) = self.history.next() {
                return Ok(byte);
            }
            let length = self.number(0, 7)?;
            if length == 0 {
                let byte = self.bits(8)?.to_le_bytes()[0];
                return Ok(self.history.put(byte));
            }
            let distance = self.number(9, 13)?.saturating_add(1);
            self.history.copy(distance, length.saturating_add(2));
        }
    }

    fn rest(&self) -> &'d [u8] {
        let byte = usize::try_from(self.at.div_ceil(8)).unwrap_or(usize::MAX);
        self.data.get(byte..).unwrap_or_default()
    }
}
