//! LZO1X, one block at a time (the Linux kernel's `Documentation/staging/lzo.rst`).
//!
//! A block is unpacked whole: what it may put out is charged before, and taken as it comes.

use std::io::{self, Read};

use super::{Memory, broken, cut_off};
use crate::limits::{Budget, Stop};
use crate::reader::{OutOfBounds, Reader};

/// One block, unpacked.
pub(in crate::unpack) struct Lzo {
    bytes: Vec<u8>,
    read: usize,
    failure: Option<io::Error>,
    _memory: Memory,
}

/// Unpacks a block of at most so many bytes.
pub(in crate::unpack) fn lzo(packed: &[u8], most: u64, budget: &Budget) -> Result<Lzo, Stop> {
    let mut memory = Memory::new(budget)?;
    memory.grow_to(most)?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut block = Block { input: Reader::new(packed), output: Vec::new(), most, literals: 0 };
    let failure = block.unpack().err();
    Ok(Lzo { bytes: block.output, read: 0, failure, _memory: memory })
}

impl Read for Lzo {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.get(self.read..).unwrap_or_default().read(into)?;
        self.read = self.read.saturating_add(count);
        match self.failure.take() {
            Some(failure) if count == 0 && !into.is_empty() => Err(failure),
            failure => {
                self.failure = failure;
                Ok(count)
            }
        }
    }
}

/// A copy of what came before, and the literals behind it.
struct Match {
    length: usize,
    distance: usize,
    literals: u8,
}

struct Block<'d> {
    input: Reader<'d>,
    output: Vec<u8>,
    most: usize,
    /// Literals that were copied last; four stand for more.
    literals: u8,
}

impl Block<'_> {
    fn unpack(&mut self) -> io::Result<()> {
        let cut = |_: OutOfBounds| cut_off();
        if let Some(first @ 18..) = self.input.peek(1).map_err(cut)?.first().copied() {
            self.input.skip(1).map_err(cut)?;
            let count = first.saturating_sub(17);
            self.copy_literals(count.into())?;
            self.literals = count.min(4);
        }
        loop {
            let code = self.input.u8().map_err(cut)?;
            if code < 16 && self.literals == 0 {
                let count = self.length(code, 15).map_err(cut)?.saturating_add(3);
                self.copy_literals(count)?;
                self.literals = 4;
                continue;
            }
            let Some(copy) = self.read_match(code).map_err(cut)? else { return Ok(()) };
            self.copy(&copy)?;
            self.copy_literals(copy.literals.into())?;
            self.literals = copy.literals;
        }
    }

    /// What a code says is to be copied; `None` at the end.
    fn read_match(&mut self, code: u8) -> Result<Option<Match>, OutOfBounds> {
        let low = |code: u8| usize::from(code >> 2 & 3);
        let (length, distance, literals) = match code {
            0..16 => {
                let high = usize::from(self.input.u8()?) << 2;
                let near = high.saturating_add(low(code)).saturating_add(1);
                match self.literals {
                    4 => (3, near.saturating_add(2048), code & 3),
                    _ => (2, near, code & 3),
                }
            }
            16..32 => {
                let length = self.length(code & 7, 7)?.saturating_add(2);
                let (distance, literals) = self.far()?;
                let far = usize::from(code & 8) << 11;
                if far == 0 && distance == 0 {
                    return Ok(None);
                }
                (length, distance.saturating_add(far).saturating_add(16_384), literals)
            }
            32..64 => {
                let length = self.length(code & 31, 31)?.saturating_add(2);
                let (distance, literals) = self.far()?;
                (length, distance.saturating_add(1), literals)
            }
            64.. => {
                let high = usize::from(self.input.u8()?) << 3;
                let distance = high.saturating_add(usize::from(code >> 2 & 7)).saturating_add(1);
                (usize::from(code >> 5).saturating_add(1), distance, code & 3)
            }
        };
        Ok(Some(Match { length, distance, literals }))
    }

    /// A length that a code has no room for: its most, and bytes, of which zeros stand for 255.
    fn length(&mut self, short: u8, most: usize) -> Result<usize, OutOfBounds> {
        if short > 0 {
            return Ok(short.into());
        }
        let mut length = most;
        loop {
            match self.input.u8()? {
                0 => length = length.saturating_add(255),
                last => return Ok(length.saturating_add(last.into())),
            }
        }
    }

    fn far(&mut self) -> Result<(usize, u8), OutOfBounds> {
        let pair = self.input.u16_le()?;
        let [low, _] = pair.to_le_bytes();
        Ok((usize::from(pair >> 2), low & 3))
    }

    fn has_room(&self, count: usize) -> io::Result<()> {
        if self.output.len().saturating_add(count) > self.most {
            return Err(broken("more than the block should have"));
        }
        Ok(())
    }

    fn copy_literals(&mut self, count: usize) -> io::Result<()> {
        self.has_room(count)?;
        let there = self.input.bytes(count as u64).map_err(|_| cut_off())?;
        self.output.extend_from_slice(there);
        Ok(())
    }

    fn copy(&mut self, copy: &Match) -> io::Result<()> {
        self.has_room(copy.length)?;
        let from = self.output.len().checked_sub(copy.distance);
        let from = from.ok_or_else(|| broken("a copy from before the beginning"))?;
        for at in (from..).take(copy.length) {
            self.output.push(self.output.get(at).copied().unwrap_or(0));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::unpack::testing::budget;

    fn unpacked(packed: &[u8], most: u64) -> (Vec<u8>, Option<io::ErrorKind>) {
        let mut bytes = Vec::new();
        let mut reader = lzo(packed, most, &budget(Limits::default())).unwrap();
        let end = reader.read_to_end(&mut bytes);
        (bytes, end.err().map(|error| error.kind()))
    }

    const END: [u8; 3] = [17, 0, 0];

    #[test]
    fn literals_and_copies_of_every_kind() {
        // Four literals at the beginning; three from 2,049 back are not there.
        let start = [21, b'a', b'b', b'c', b'd'];
        let near = [&start[..], &[0b0110_1101, 0, b'x'], &END].concat();
        assert_eq!(unpacked(&near, 100), (b"abcdabcdx".to_vec(), None));
        let far = [&start[..], &[33, 0b1101, 0, b'y'], &[0b0000, 0], &END].concat();
        assert_eq!(unpacked(&far, 100), (b"abcdabcyyy".to_vec(), None));
        let run = [&start[..], &[32, 0, 9, 0, 0], &END].concat();
        let (bytes, end) = unpacked(&run, 1000);
        assert_eq!((bytes.len(), end), (4 + 31 + 255 + 9 + 2, None));
        assert!(bytes[4..].iter().all(|&byte| byte == b'd'));
    }

    #[test]
    fn what_is_missing_and_what_is_too_much_is_told() {
        use io::ErrorKind::{InvalidData, UnexpectedEof};
        let start = [21, b'a', b'b', b'c', b'd'];
        for length in 0..start.len() {
            assert_eq!(unpacked(&start[..length], 9).1, Some(UnexpectedEof));
        }
        let nowhere = [&start[..], &[0b0000, 0], &END].concat();
        assert_eq!(unpacked(&nowhere, 9), (b"abcd".to_vec(), Some(InvalidData)));
        assert_eq!(unpacked(&start, 3), (Vec::new(), Some(InvalidData)));
    }
}
