//! Raw deflate (RFC 1951) over bytes in memory, for every format that wraps it.
//!
//! flate2's own readers drop the output of the step in which a stream turns out to be broken, and may
//! read without end where a stream puts nothing out. This one hands out what was decoded before it
//! reports the failure, and returns to its caller after each piece of input.

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};

use super::STEP;

/// A decoder of one deflate stream; what follows the stream is left alone.
///
/// `read` fails with `Interrupted` where input was read and nothing came out, so that
/// [`crate::limits::Budget::decode`] looks at the clock; with `UnexpectedEof` where the input ends
/// before the stream; with `InvalidData` where the stream is broken.
#[derive(Debug)]
pub(in crate::unpack) struct Inflate<'d> {
    rest: &'d [u8],
    state: Decompress,
    ended: bool,
    failure: Option<io::Error>,
}

impl<'d> Inflate<'d> {
    pub(in crate::unpack) fn new(data: &'d [u8]) -> Self {
        Self { rest: data, state: Decompress::new(false), ended: false, failure: None }
    }

    /// Starts anew on other data.
    pub(in crate::unpack) fn restart(&mut self, data: &'d [u8]) {
        self.state.reset(false);
        (self.rest, self.ended, self.failure) = (data, false, None);
    }

    /// Whether the stream came to its own end.
    pub(in crate::unpack) fn is_complete(&self) -> bool {
        self.ended
    }

    /// Bytes of input that were read.
    pub(in crate::unpack) fn total_in(&self) -> u64 {
        self.state.total_in()
    }

    /// What follows the bytes that were read.
    pub(in crate::unpack) fn rest(&self) -> &'d [u8] {
        self.rest
    }

    fn step(&mut self, into: &mut [u8]) -> (usize, Result<Status, flate2::DecompressError>) {
        let (before_in, before_out) = (self.state.total_in(), self.state.total_out());
        let input = self.rest.get(..STEP).unwrap_or(self.rest);
        let result = self.state.decompress(input, into, FlushDecompress::None);
        let read = self.state.total_in().saturating_sub(before_in);
        let read = usize::try_from(read).unwrap_or(usize::MAX);
        self.rest = self.rest.get(read..).unwrap_or_default();
        let put_out = self.state.total_out().saturating_sub(before_out);
        (usize::try_from(put_out).unwrap_or(usize::MAX), result)
    }
}

impl Read for Inflate<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        if self.ended || into.is_empty() {
            return Ok(0);
        }
        let left = self.rest.len();
        let (put_out, result) = self.step(into);
        match result {
            Ok(Status::StreamEnd) => self.ended = true,
            Ok(_) if put_out > 0 => {}
            Ok(_) if self.rest.is_empty() => self.failure = Some(incomplete()),
            Ok(_) if self.rest.len() < left => self.failure = Some(nothing_yet()),
            Ok(_) | Err(_) => self.failure = Some(broken()),
        }
        match self.failure.take() {
            Some(failure) if put_out == 0 => Err(failure),
            failure => {
                self.failure = failure;
                Ok(put_out)
            }
        }
    }
}

fn incomplete() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the deflate stream is cut off")
}

fn nothing_yet() -> io::Error {
    io::ErrorKind::Interrupted.into()
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the deflate stream is broken")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Budget, Cancel, DecodeEnd, Limits};
    use crate::unpack::testing::deflated;
    use std::time::Duration;

    fn decode(packed: &[u8], limits: Limits) -> (Vec<u8>, DecodeEnd) {
        let budget = Budget::new(limits, Cancel::new());
        let decoded = budget.decode(Inflate::new(packed), packed.len() as u64).unwrap();
        (decoded.bytes, decoded.end)
    }

    fn text() -> Vec<u8> {
        (0..50_000u32).flat_map(|n| n.to_string().into_bytes()).collect()
    }

    #[test]
    fn a_stream_is_read_to_its_own_end_and_no_further() {
        let mut packed = deflated(&text());
        let length = packed.len() as u64;
        packed.extend_from_slice(b"what follows");
        let mut inflate = Inflate::new(&packed);
        let mut out = Vec::new();
        inflate.read_to_end(&mut out).unwrap();
        assert_eq!(out, text());
        assert_eq!(inflate.total_in(), length);
        assert_eq!(inflate.rest(), b"what follows");
        assert!(inflate.is_complete());
    }

    #[test]
    fn what_came_before_the_break_is_kept() {
        let packed = deflated(&text());
        let half = packed.len() / 2;
        let (cut, end) = decode(&packed[..half], Limits::default());
        assert!(text().starts_with(&cut) && cut.len() > text().len() / 3);
        assert!(matches!(end, DecodeEnd::Failed(e) if e.kind() == io::ErrorKind::UnexpectedEof));
        // A stored block, and one of the fourth kind, which does not exist.
        let stored = [&[0, 5, 0, !5, 0xff][..], b"12345", &[0b111]].concat();
        let (broken, end) = decode(&stored, Limits::default());
        assert_eq!(broken, b"12345");
        assert!(matches!(end, DecodeEnd::Failed(e) if e.kind() == io::ErrorKind::InvalidData));
    }

    /// An empty stored block takes five bytes and puts nothing out: a stream can be all input.
    #[test]
    fn a_stream_that_puts_nothing_out_still_meets_the_clock() {
        let packed = [0, 0, 0, 0xff, 0xff].repeat(1 << 20);
        let mut inflate = Inflate::new(&packed);
        let first = inflate.read(&mut [0; 100]).unwrap_err();
        assert_eq!(first.kind(), io::ErrorKind::Interrupted);
        assert!(inflate.total_in() <= STEP as u64);
        let (_, end) = decode(&packed, Limits { time: Duration::ZERO, ..Limits::default() });
        assert!(matches!(end, DecodeEnd::Stopped(_)));
        let (_, end) = decode(&packed, Limits::default());
        assert!(matches!(end, DecodeEnd::Failed(e) if e.kind() == io::ErrorKind::UnexpectedEof));
    }
}
