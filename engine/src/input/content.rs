//! The bytes of one object, cheap to clone and to cut.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use super::Mapping;
use crate::limits::Grant;

/// The bytes of one object: borrowed, held in memory, or mapped. A clone or a [`Content::slice`]
/// shares them.
#[derive(Clone)]
pub struct Content<'a> {
    storage: Storage<'a>,
    range: Range<usize>,
}

#[derive(Clone)]
enum Storage<'a> {
    Borrowed(&'a [u8]),
    Held(Arc<Held>),
    Mapped(Arc<Mapping>),
}

/// Bytes and the memory they are charged to, given back when the last user is gone.
struct Held {
    bytes: Vec<u8>,
    grant: Grant,
}

impl<'a> Content<'a> {
    /// Bytes of the caller's.
    pub fn borrowed(bytes: &'a [u8]) -> Self {
        Self { range: 0..bytes.len(), storage: Storage::Borrowed(bytes) }
    }

    /// Bytes that were put out under a budget.
    pub fn held(bytes: Vec<u8>, grant: Grant) -> Self {
        let range = 0..bytes.len();
        Self { storage: Storage::Held(Arc::new(Held { bytes, grant })), range }
    }

    pub(crate) fn mapped(mapping: Arc<Mapping>) -> Self {
        Self { range: 0..mapping.len(), storage: Storage::Mapped(mapping) }
    }

    /// Whether it takes no memory that somebody else counts on, as long as `around` is there: bytes of
    /// the caller's, a part of `around`, or memory that nobody else uses.
    pub(crate) fn stands_alone(&self, around: &Content<'_>) -> bool {
        match (&self.storage, &around.storage) {
            (Storage::Borrowed(_) | Storage::Mapped(_), _) => true,
            (Storage::Held(own), Storage::Held(other)) if Arc::ptr_eq(own, other) => true,
            (Storage::Held(own), _) => Arc::strong_count(own) == 1,
        }
    }

    /// Whether it can be kept for as long as `around` is there, at no cost beside memory that is then
    /// counted as held for later.
    pub(crate) fn keep_beside(&self, around: &Content<'_>) -> bool {
        match (&self.storage, &around.storage) {
            (Storage::Held(own), Storage::Held(other)) if Arc::ptr_eq(own, other) => true,
            (Storage::Held(own), _) => Arc::strong_count(own) == 1 && own.grant.set_aside(),
            _ => true,
        }
    }

    /// A part of it; what lies outside is left away, so that the result may be shorter than asked for.
    #[must_use]
    pub fn slice(&self, offset: u64, length: u64) -> Self {
        let start = clamp(self.range.start, offset, self.range.end);
        let end = clamp(start, length, self.range.end);
        Self { storage: self.storage.clone(), range: start..end }
    }
}

/// `start + more`, but not beyond `end`.
fn clamp(start: usize, more: u64, end: usize) -> usize {
    usize::try_from(more)
        .ok()
        .and_then(|more| start.checked_add(more))
        .map_or(end, |at| at.min(end))
}

impl Deref for Content<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let all = match &self.storage {
            Storage::Borrowed(bytes) => bytes,
            Storage::Held(held) => held.bytes.as_slice(),
            Storage::Mapped(mapping) => mapping,
        };
        all.get(self.range.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Budget, Cancel, Limits};

    #[test]
    fn slices_stay_inside() {
        let content = Content::borrowed(b"0123456789");
        assert_eq!(&*content.slice(2, 3), b"234");
        assert_eq!(&*content.slice(2, 3).slice(1, 100), b"34");
        assert_eq!(&*content.slice(8, u64::MAX), b"89");
        assert_eq!(&*content.slice(u64::MAX, 1), b"");
    }

    #[test]
    fn held_bytes_are_charged_while_a_slice_lives() {
        let limits = Limits { memory: 10, ..Limits::default() };
        let budget = Budget::new(limits, Cancel::new());
        let content = Content::held(vec![1; 10], budget.hold(10).unwrap());
        let part = content.slice(0, 1);
        drop(content);
        assert!(budget.hold(1).is_err());
        drop(part);
        assert!(budget.hold(1).is_ok());
    }
}
