//! The decoders that several formats share, as [`Read`]ers over bytes in memory.
//!
//! Each hands out what it decoded before it reports a failure, returns to its caller after a bounded
//! piece of work, and charges the memory it keeps before it takes it. A failure says its reason by its
//! kind ([`problem`]): the input ends too early, is broken, needs more memory than the budget has, or
//! asks for something that is not done here.
//!
//! The decoders themselves are libraries' where there is one: flate2, lzma-rust2, bzip2, ruzstd,
//! lz4_flex, deflate64, ppmd-rust, delharc. `Pump` drives those that are fed piece by piece, `Watched` those that read for themselves.

mod arj_fastest;
mod blockwise;
pub(super) mod bytewise;
mod bzip2;
mod deflate64;
mod implode;
mod inflate;
mod lha;
mod lz4;
mod lzma;
mod lzo;
mod lzw;
mod msb_lzw;
pub(super) mod nsis_bzip2;
mod ppmd;
pub(super) mod quantum;
mod reduce;
mod shrink;
mod stepwise;
mod szdd;
mod zstd;

use std::io::{self, Read};

pub(super) use self::arj_fastest::arj_fastest;
pub(super) use self::blockwise::{Blockwise, ByBlock};
pub(super) use self::bzip2::bzip2;
pub(super) use self::deflate64::deflate64;
pub(super) use self::implode::implode;
pub(super) use self::inflate::Inflate;
pub(super) use self::lha::Filled;
pub(super) use self::lz4::Lz4;
pub(super) use self::lzma::{lzip, lzma, lzma_raw, xz};
pub(super) use self::lzo::{Lzo, lzo};
pub(super) use self::lzw::Lzw;
pub(super) use self::msb_lzw::Lzw as MsbLzw;
pub(super) use self::nsis_bzip2::NsisBzip2;
pub(super) use self::ppmd::Ppmd;
pub(super) use self::quantum::Quantum;
pub(super) use self::reduce::reduce;
pub(super) use self::shrink::shrink;
pub(super) use self::stepwise::{ByStep, Step, Stepwise};
pub(super) use self::szdd::szdd;
pub(super) use self::zstd::Zstd;
use crate::limits::{Budget, Grant, Limit, Stop};
use crate::verdict::{Problem, Reason};

/// Input that is read before the caller is asked again.
const STEP: usize = 256 << 10;

/// A decoder of streams that know their own end.
pub(super) trait Stream<'d>: Read {
    /// What follows the bytes that were read.
    fn rest(&self) -> &'d [u8];
}

/// A decoder that is fed piece by piece.
pub(super) trait Steps {
    /// Reads from `input` and writes to `output`; says how much was read, and whether the stream came
    /// to its end. `is_last`: there is no more input than this.
    fn step(&mut self, input: &[u8], output: &mut [u8], is_last: bool)
    -> io::Result<(usize, bool)>;

    /// Bytes that were put out so far, those of a step that failed included.
    fn put_out(&self) -> u64;

    /// Memory that it keeps when it has put out so many bytes.
    fn memory(&self, put_out: u64) -> u64;
}

/// What follows a stream that came to its end: bytes to pass over, and a decoder for another stream.
type Next<S> = fn(&[u8]) -> Option<(usize, S)>;

/// Drives a decoder over bytes in memory, through all streams that follow each other.
#[derive(Debug)]
pub(super) struct Pump<'d, S> {
    rest: &'d [u8],
    steps: S,
    next: Next<S>,
    memory: Memory,
    ended: bool,
    failure: Option<io::Error>,
}

impl<'d, S: Steps> Pump<'d, S> {
    fn new(data: &'d [u8], steps: S, next: Next<S>, budget: &Budget) -> Result<Self, Stop> {
        let memory = Memory::new(budget)?;
        Ok(Self { rest: data, steps, next, memory, ended: false, failure: None })
    }

    /// A decoder that cannot begin.
    fn failed(data: &'d [u8], steps: S, failure: io::Error, budget: &Budget) -> Result<Self, Stop> {
        Ok(Self { failure: Some(failure), ..Self::new(data, steps, |_| None, budget)? })
    }

    /// Goes on with the stream behind the one that ended, if there is one.
    fn go_on(&mut self) {
        match (self.next)(self.rest) {
            Some((over, steps)) => {
                self.rest = self.rest.get(over..).unwrap_or_default();
                self.steps = steps;
            }
            None => self.ended = true,
        }
    }

    fn step(&mut self, into: &mut [u8]) -> (usize, io::Result<bool>) {
        let before = self.steps.put_out();
        let after = before.saturating_add(into.len() as u64);
        if let Err(stop) = self.memory.grow_to(self.steps.memory(after)) {
            return (0, Err(stopped(stop)));
        }
        let input = self.rest.get(..STEP).unwrap_or(self.rest);
        let is_last = input.len() == self.rest.len();
        let result = self.steps.step(input, into, is_last);
        let put_out = self.steps.put_out().saturating_sub(before);
        let put_out = usize::try_from(put_out).unwrap_or(usize::MAX).min(into.len());
        let result = result.and_then(|(read, ended)| {
            self.rest = self.rest.get(read..).unwrap_or_default();
            match (ended, put_out, read) {
                (false, 0, 0) if is_last => Err(cut_off()),
                (false, 0, 0) => Err(broken("the decoder does not get on")),
                _ => Ok(ended),
            }
        });
        (put_out, result)
    }
}

impl<S: Steps> Read for Pump<'_, S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(failure) = self.failure.take() {
            self.ended = true;
            return Err(failure);
        }
        if self.ended || into.is_empty() {
            return Ok(0);
        }
        let (put_out, result) = self.step(into);
        match result {
            Ok(true) => self.go_on(),
            Ok(false) => {}
            Err(failure) => self.failure = Some(failure),
        }
        match put_out {
            0 if self.ended => Ok(0),
            // Nothing came out, and it is not the end: the budget looks at the clock and asks again.
            0 => Err(io::ErrorKind::Interrupted.into()),
            count => Ok(count),
        }
    }
}

impl<'d, S: Steps> Stream<'d> for Pump<'d, S> {
    fn rest(&self) -> &'d [u8] {
        self.rest
    }
}

/// The memory of one decoder.
#[derive(Debug)]
pub(super) struct Memory {
    grant: Grant,
    bytes: u64,
}

impl Memory {
    fn new(budget: &Budget) -> Result<Self, Stop> {
        Ok(Self { grant: budget.hold(0)?, bytes: 0 })
    }

    /// Charges as much as is missing up to `bytes`.
    fn grow_to(&mut self, bytes: u64) -> Result<(), Stop> {
        let Some(more) = bytes.checked_sub(self.bytes).filter(|&more| more > 0) else {
            return Ok(());
        };
        self.grant.grow(more)?;
        self.bytes = bytes;
        Ok(())
    }
}

/// Bytes for a library that reads for itself: remembers whether it wanted more than there is.
#[derive(Debug)]
struct Watched<'d> {
    rest: &'d [u8],
    ran_dry: bool,
}

impl<'d> Watched<'d> {
    fn new(rest: &'d [u8]) -> Self {
        Self { rest, ran_dry: false }
    }

    /// A library's failure: if it wanted more than there is, the input is cut off.
    fn failure(&self, error: &io::Error) -> io::Error {
        match error.kind() {
            _ if self.ran_dry => cut_off(),
            io::ErrorKind::Other => broken(error.to_string()),
            kind => io::Error::new(kind, error.to_string()),
        }
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.ran_dry |= self.rest.len() < into.len();
        self.rest.read(into)
    }
}

pub(super) fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the stream is cut off")
}

fn broken(detail: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, detail.into())
}

fn unsupported(detail: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, detail.into())
}

/// A refusal of the budget on its way through a reader.
fn stopped(stop: Stop) -> io::Error {
    io::Error::other(stop)
}

/// What a decoder's failure means for the entry that it belongs to.
pub(super) fn problem(error: &io::Error) -> Problem {
    if let Some(stop) = error.get_ref().and_then(|inner| inner.downcast_ref::<Stop>()) {
        return Problem::new((*stop).into(), "memory for the decoder");
    }
    let reason = match error.kind() {
        io::ErrorKind::UnexpectedEof => Reason::Truncated,
        io::ErrorKind::Unsupported => Reason::Unsupported("method"),
        io::ErrorKind::OutOfMemory => Reason::Limit(Limit::Memory),
        _ => Reason::Corrupted,
    };
    Problem::new(reason, error.to_string())
}
