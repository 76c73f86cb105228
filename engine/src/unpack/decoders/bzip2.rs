//! bzip2, by the `bzip2` crate on its pure Rust back end. The format has no other specification than
//! its one implementation, bzip2 1.0.8.

use std::io;

use ::bzip2::{Decompress, Status};

use super::{Pump, Steps, broken};
use crate::limits::{Budget, Stop};

/// What a decoder takes for blocks of 900,000 bytes, the largest there are.
const MEMORY: u64 = 4 << 20;

/// Decodes all bzip2 streams that follow each other.
pub(in crate::unpack) fn bzip2<'d>(
    data: &'d [u8],
    budget: &Budget,
) -> Result<Pump<'d, Decompress>, Stop> {
    Pump::new(data, Decompress::new(false), next, budget)
}

fn next(rest: &[u8]) -> Option<(usize, Decompress)> {
    let begins = rest.starts_with(b"BZh") && matches!(rest.get(3), Some(b'1'..=b'9'));
    begins.then(|| (0, Decompress::new(false)))
}

impl Steps for Decompress {
    fn step(&mut self, input: &[u8], output: &mut [u8], _: bool) -> io::Result<(usize, bool)> {
        let before = self.total_in();
        let status = self.decompress(input, output);
        let read = self.total_in().saturating_sub(before);
        let read = usize::try_from(read).unwrap_or(usize::MAX);
        match status {
            Ok(Status::StreamEnd) => Ok((read, true)),
            Ok(Status::MemNeeded) => Err(io::ErrorKind::OutOfMemory.into()),
            Ok(_) => Ok((read, false)),
            Err(error) => Err(broken(format!("bzip2: {error}"))),
        }
    }

    fn put_out(&self) -> u64 {
        self.total_out()
    }

    fn memory(&self, _: u64) -> u64 {
        MEMORY
    }
}
