//! Deflate64, by the `deflate64` crate: deflate with a window of 64 KiB and longer matches (method 9 of
//! ZIP).

use std::io;

use ::deflate64::InflaterManaged;

use super::{Pump, Steps, broken};
use crate::limits::{Budget, Stop};

/// What a decoder takes: its window, input and tables.
const MEMORY: u64 = 512 << 10;

/// A decoder and the bytes that it put out.
pub(in crate::unpack) struct Inflate64 {
    inner: Box<InflaterManaged>,
    put_out: u64,
}

/// Decodes one stream.
pub(in crate::unpack) fn deflate64<'d>(
    data: &'d [u8],
    budget: &Budget,
) -> Result<Pump<'d, Inflate64>, Stop> {
    let inner = Box::new(InflaterManaged::new());
    Pump::new(data, Inflate64 { inner, put_out: 0 }, |_| None, budget)
}

impl Steps for Inflate64 {
    fn step(&mut self, input: &[u8], output: &mut [u8], _: bool) -> io::Result<(usize, bool)> {
        let result = self.inner.inflate(input, output);
        self.put_out = self.put_out.saturating_add(result.bytes_written as u64);
        if result.data_error || self.inner.errored() {
            return Err(broken("the deflate64 stream is broken"));
        }
        Ok((result.bytes_consumed, self.inner.finished()))
    }

    fn put_out(&self) -> u64 {
        self.put_out
    }

    fn memory(&self, _: u64) -> u64 {
        MEMORY
    }
}
