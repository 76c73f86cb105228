//! The buffer that a view is written to.
//!
//! It grows by doubling, charged to the budget before it is allocated. What comes after a refusal is
//! dropped, and [`Sink::finish`] says so; whoever writes looks at [`Sink::goes_on`] now and then, and not
//! at every byte.

use crate::limits::{Budget, Grant, Limit, Stop};

/// Bytes in hand between two looks at the budget.
pub(super) const STEP: usize = 64 << 10;

/// Bytes being written.
#[derive(Debug)]
pub(super) struct Sink<'b> {
    bytes: Vec<u8>,
    grant: Grant,
    budget: &'b Budget,
    stopped: Option<Stop>,
}

/// Bytes that were written, and the memory that they are charged to.
#[derive(Debug)]
pub struct Written {
    bytes: Vec<u8>,
    _grant: Grant,
}

impl Written {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl<'b> Sink<'b> {
    const LEAST: usize = 4 << 10;

    pub(super) fn new(budget: &'b Budget) -> Result<Self, Stop> {
        budget.check()?;
        Ok(Self { bytes: Vec::new(), grant: budget.hold(0)?, budget, stopped: None })
    }

    /// Writes one byte.
    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        if self.bytes.len() < self.bytes.capacity() || self.has_grown() {
            self.bytes.push(byte);
        }
    }

    /// Writes several bytes, or as many as there is room for.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.push(byte));
    }

    /// Whether nothing is written yet.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether more can be written and the time is not over.
    pub(super) fn goes_on(&mut self) -> bool {
        if let Err(stop) = self.budget.check() {
            self.stopped.get_or_insert(stop);
        }
        self.stopped.is_none()
    }

    pub(super) fn finish(self) -> (Written, Result<(), Stop>) {
        let written = Written { bytes: self.bytes, _grant: self.grant };
        (written, self.stopped.map_or(Ok(()), Err))
    }

    #[cold]
    fn has_grown(&mut self) -> bool {
        if self.stopped.is_none() {
            self.stopped = self.grow().err();
        }
        self.stopped.is_none()
    }

    fn grow(&mut self) -> Result<(), Stop> {
        let capacity = self.bytes.capacity();
        let most = usize::try_from(self.budget.limits().object_bytes).unwrap_or(usize::MAX);
        let needed = self.bytes.len().saturating_add(1);
        if needed > most {
            return Err(Stop::Limit(Limit::ObjectBytes));
        }
        let wanted = needed.max(capacity.saturating_mul(2)).max(Self::LEAST).min(most);
        self.grant.grow(wanted.saturating_sub(capacity) as u64)?;
        self.bytes
            .try_reserve_exact(wanted.saturating_sub(self.bytes.len()))
            .map_err(|_| Stop::Limit(Limit::Memory))
    }
}
