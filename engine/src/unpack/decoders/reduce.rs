//! Reduce, methods 2 to 5 of ZIP (APPNOTE 6.3.10, 5.2): for each byte those that often follow it, and
//! over the bytes that this gives, matches behind an escape.

use std::io;

use super::bytewise::{Bits, Bytes, Bytewise, History};

/// The byte in front of a match.
const ESCAPE: u8 = 144;

/// Decodes reduced data.
pub(in crate::unpack) struct Reduce<'d> {
    bits: Bits<'d>,
    followers: Vec<Vec<u8>>,
    last: u8,
    /// 1 to 4: how many bits of a match's first byte belong to the distance.
    factor: u32,
    history: History,
}

/// Reduced data of `size` bytes.
pub(in crate::unpack) fn reduce(data: &[u8], factor: u32, size: u64) -> Bytewise<Reduce<'_>> {
    let mut reduce = Reduce {
        bits: Bits::new(data),
        followers: Vec::new(),
        last: 0,
        factor: factor.clamp(1, 4),
        history: History::new(8 << 10),
    };
    match reduce.read_followers() {
        Ok(()) => Bytewise::new(reduce, size),
        Err(error) => Bytewise::failed(reduce, error),
    }
}

impl Reduce<'_> {
    /// The sets stand in reverse order.
    fn read_followers(&mut self) -> io::Result<()> {
        for _ in 0..256 {
            let count = self.bits.take(6)?;
            let set = (0..count).map(|_| self.bits.byte()).collect::<io::Result<Vec<u8>>>()?;
            self.followers.push(set);
        }
        self.followers.reverse();
        Ok(())
    }

    /// The next byte of those that matches are made of.
    fn inner(&mut self) -> io::Result<u8> {
        let count = self.followers.get(usize::from(self.last)).map_or(0, Vec::len);
        let byte = if count == 0 || self.bits.take(1)? == 1 {
            self.bits.byte()?
        } else {
            let width = usize::BITS.saturating_sub(count.saturating_sub(1).leading_zeros()).max(1);
            let index = self.bits.take(width)? as usize;
            let set = self.followers.get(usize::from(self.last));
            set.and_then(|set| set.get(index)).copied().unwrap_or(0)
        };
        self.last = byte;
        Ok(byte)
    }

    /// What follows an escape: itself, or a match.
    fn escaped(&mut self) -> io::Result<Option<u8>> {
        let first = self.inner()?;
        if first == 0 {
            return Ok(Some(ESCAPE));
        }
        let low_bits = 8_u32.saturating_sub(self.factor);
        let longest = (1_usize << low_bits).saturating_sub(1);
        let mut length = usize::from(first) & longest;
        if length == longest {
            length = length.saturating_add(self.inner()?.into());
        }
        let high = usize::from(first) >> low_bits;
        let distance = (high << 8 | usize::from(self.inner()?)).saturating_add(1);
        self.history.copy(distance, length.saturating_add(3));
        Ok(None)
    }
}

impl<'d> Bytes<'d> for Reduce<'d> {
    fn next(&mut self) -> io::Result<u8> {
        loop {
            if let Some(byte) = self.history.next() {
                return Ok(byte);
            }
            let byte = match self.inner()? {
                ESCAPE => self.escaped()?,
                byte => Some(byte),
            };
            if let Some(byte) = byte {
                return Ok(self.history.put(byte));
            }
        }
    }

    fn rest(&self) -> &'d [u8] {
        self.bits.rest()
    }
}
