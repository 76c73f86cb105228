//! The strings of a choice, `(aa|bb(cc|dd))`, multiplied out as they are read, within bounds.

#![warn(clippy::arithmetic_side_effects)]

use pellucid::matcher::ByteMask;

use super::hex::MAX_BYTES;

/// Strings that one choice may offer.
pub(super) const MAX_STRINGS: usize = 4096;

/// The strings between one pair of brackets, as far as they are read.
#[derive(Debug)]
pub(super) struct Alternatives {
    done: Vec<Vec<ByteMask>>,
    done_bytes: usize,
    /// The one in work: several where inner choices were multiplied out.
    current: Vec<Vec<ByteMask>>,
    current_bytes: usize,
}

impl Default for Alternatives {
    fn default() -> Self {
        Self { done: Vec::new(), done_bytes: 0, current: vec![Vec::new()], current_bytes: 0 }
    }
}

impl Alternatives {
    /// Adds a byte to the string in work; false where there is no room for it.
    pub(super) fn push(&mut self, byte: ByteMask, zero: Option<ByteMask>) -> bool {
        let more = if zero.is_some() { 2 } else { 1 };
        let more = self.current.len().saturating_mul(more);
        if !self.has_room(self.current.len(), self.current_bytes.saturating_add(more)) {
            return false;
        }
        self.current_bytes = self.current_bytes.saturating_add(more);
        for string in &mut self.current {
            string.push(byte);
            string.extend(zero);
        }
        true
    }

    /// Begins the next string.
    pub(super) fn next(&mut self) -> bool {
        self.done.append(&mut self.current);
        self.done_bytes = self.done_bytes.saturating_add(self.current_bytes);
        self.current_bytes = 0;
        self.current.push(Vec::new());
        self.has_room(1, 0)
    }

    /// Continues the string in work with every one of `strings`.
    pub(super) fn follow_with(&mut self, strings: &[Vec<ByteMask>]) -> bool {
        let tails = strings.iter().map(Vec::len).fold(0, usize::saturating_add);
        let count = self.current.len().saturating_mul(strings.len());
        let bytes = tails
            .saturating_mul(self.current.len())
            .saturating_add(self.current_bytes.saturating_mul(strings.len()));
        if !self.has_room(count, bytes) {
            return false;
        }
        let heads = std::mem::take(&mut self.current);
        let pairs = heads.iter().flat_map(|head| strings.iter().map(move |tail| (head, tail)));
        self.current = pairs.map(|(head, tail)| [head.as_slice(), tail].concat()).collect();
        self.current_bytes = bytes;
        true
    }

    /// Whether so many strings of so many bytes may be in work.
    fn has_room(&self, strings: usize, bytes: usize) -> bool {
        self.done.len().saturating_add(strings) <= MAX_STRINGS
            && self.done_bytes.saturating_add(bytes) <= MAX_BYTES
    }

    /// Every string.
    pub(super) fn all(mut self) -> Vec<Vec<ByteMask>> {
        self.done.append(&mut self.current);
        self.done
    }
}
