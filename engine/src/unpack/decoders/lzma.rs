//! xz (.xz file format 1.2.1), LZMA alone (LZMA SDK) and lzip (its manual), by `lzma-rust2`.
//!
//! A header may ask for a dictionary of 4 GiB. The library lets its window grow with what it puts out,
//! up to the dictionary, and just that is charged: a large dictionary before little data costs little.

use std::io;

use lzma_rust2::{Action, LzipStream, LzmaStream, Status, StreamResult, XzStream};

use super::{Pump, Steps};
use crate::limits::{Budget, Stop};

/// What a decoder takes beside its window: probabilities, and buffers for the input.
const BASE: u64 = 256 << 10;

const XZ_MAGIC: &[u8] = b"\xfd7zXZ\0";

/// Decodes all xz streams that follow each other, with padding between them.
pub(in crate::unpack) fn xz<'d>(
    data: &'d [u8],
    budget: &Budget,
) -> Result<Pump<'d, XzStream>, Stop> {
    Pump::new(data, XzStream::new(false), next_xz, budget)
}

/// Padding is made of zeros, in fours; others are passed over as well, if another stream follows.
fn next_xz(rest: &[u8]) -> Option<(usize, XzStream)> {
    let padding = rest.iter().take_while(|&&byte| byte == 0).count();
    let begins = rest.get(padding..).is_some_and(|rest| rest.starts_with(XZ_MAGIC));
    begins.then(|| (padding, XzStream::new(false)))
}

/// Decodes one stream with the header of 13 bytes.
pub(in crate::unpack) fn lzma<'d>(
    data: &'d [u8],
    budget: &Budget,
) -> Result<Pump<'d, LzmaStream>, Stop> {
    Pump::new(data, LzmaStream::new_mem_limit(u32::MAX, None), |_| None, budget)
}

/// Decodes LZMA data whose properties (five bytes) stand elsewhere; without a known size they end with
/// a mark.
pub(in crate::unpack) fn lzma_raw<'d>(
    properties: [u8; 5],
    size: Option<u64>,
    data: &'d [u8],
    budget: &Budget,
) -> Result<Pump<'d, LzmaStream>, Stop> {
    let [first, dictionary @ ..] = properties;
    let dictionary = u32::from_le_bytes(dictionary);
    let size = size.unwrap_or(u64::MAX);
    match LzmaStream::new_with_props(size, first, dictionary, None) {
        Ok(stream) => Pump::new(data, stream, |_| None, budget),
        Err(error) => {
            let stream = LzmaStream::new_mem_limit(u32::MAX, None);
            Pump::failed(data, stream, error, budget)
        }
    }
}

/// Decodes all lzip members that follow each other.
pub(in crate::unpack) fn lzip<'d>(
    data: &'d [u8],
    budget: &Budget,
) -> Result<Pump<'d, LzipStream>, Stop> {
    let next = |rest: &[u8]| rest.starts_with(b"LZIP").then(|| (0, LzipStream::new(false)));
    Pump::new(data, LzipStream::new(false), next, budget)
}

/// The window that is there once so much was put out, if a header asks for `told` KiB in all.
fn window(told: Option<u32>, put_out: u64) -> u64 {
    let grown = put_out.saturating_mul(2).saturating_add(BASE);
    told.map_or(grown, |told| grown.min(u64::from(told).saturating_mul(1024)))
}

fn action(is_last: bool) -> Action {
    if is_last { Action::Finish } else { Action::Run }
}

fn is_ended(result: &StreamResult) -> bool {
    result.status == Status::StreamEnd
}

impl Steps for XzStream {
    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> io::Result<(usize, bool)> {
        let result = self.process(input, output, action(last))?;
        Ok((result.bytes_consumed, is_ended(&result)))
    }

    fn put_out(&self) -> u64 {
        self.total_out()
    }

    fn memory(&self, put_out: u64) -> u64 {
        window(self.memory_usage(), put_out).saturating_add(BASE)
    }
}

impl Steps for LzmaStream {
    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> io::Result<(usize, bool)> {
        let result = self.process(input, output, action(last))?;
        let unused = if is_ended(&result) { self.unused_input().len() } else { 0 };
        Ok((result.bytes_consumed.saturating_sub(unused), is_ended(&result)))
    }

    fn put_out(&self) -> u64 {
        self.total_out()
    }

    fn memory(&self, put_out: u64) -> u64 {
        window(self.memory_usage(), put_out).saturating_add(BASE)
    }
}

impl Steps for LzipStream {
    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> io::Result<(usize, bool)> {
        let result = self.process(input, output, action(last))?;
        let unused = if is_ended(&result) { self.unused_input().len() } else { 0 };
        Ok((result.bytes_consumed.saturating_sub(unused), is_ended(&result)))
    }

    fn put_out(&self) -> u64 {
        self.total_out()
    }

    fn memory(&self, put_out: u64) -> u64 {
        window(self.memory_usage(), put_out).saturating_add(BASE)
    }
}
