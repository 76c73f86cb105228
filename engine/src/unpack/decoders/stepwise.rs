//! Decoders that are written as one small step after another.

use std::io::{self, Read};

/// Steps that are taken before the caller is asked again.
const STEPS: usize = 256 << 10;

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::unpack) enum Step {
    Byte(u8),
    Nothing,
    End,
}

/// A decoder that puts out at most one byte a step.
pub(in crate::unpack) trait ByStep {
    fn step(&mut self) -> io::Result<Step>;
}

/// Reads what the steps put out; a failure is told behind what came before it.
#[derive(Debug)]
pub(in crate::unpack) struct Stepwise<S> {
    steps: S,
    failure: Option<io::Error>,
    ended: bool,
}

impl<S> Stepwise<S> {
    pub(in crate::unpack) fn new(steps: S) -> Self {
        Self { steps, failure: None, ended: false }
    }
}

impl<S: ByStep> Read for Stepwise<S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut slots = into.iter_mut();
        let mut count = 0_usize;
        for _ in 0..STEPS {
            if self.ended || slots.len() == 0 || self.failure.is_some() {
                break;
            }
            match self.steps.step() {
                Ok(Step::Nothing) => {}
                Ok(Step::End) => self.ended = true,
                Ok(Step::Byte(byte)) => {
                    if let Some(slot) = slots.next() {
                        *slot = byte;
                        count = count.saturating_add(1);
                    }
                }
                Err(failure) => self.failure = Some(failure),
            }
        }
        match self.failure.take() {
            Some(failure) if count == 0 => {
                self.ended = true;
                return Err(failure);
            }
            failure => self.failure = failure,
        }
        if count > 0 || self.ended { Ok(count) } else { Err(io::ErrorKind::Interrupted.into()) }
    }
}
