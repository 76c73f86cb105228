//! The bytes of a set, each chunk compared with the hash tree before the first of its bytes is used.
//!
//! The tree's leaves are copied out of the file and authenticated by its root when the set is verified;
//! after that the bytes get out of here through [`Chunks::checked`] ([`Chunks::known`] only spares those
//! who know the look at the states). What a chunk was
//! found to be is remembered, one state a chunk, shared by all threads: a good one costs one load from
//! then on, and a damaged one stays damaged, so that every scan that needs it says so.
//!
//! Pages of a mapped set stay in the process as long as few of them do ([`Chunks::rest`]). A chunk whose
//! pages were given back is not compared again: it would tell no more about a file that is written to
//! than about one whose pages were never given back.
//!
//! A mapped file can be written to after a chunk was checked. Nothing that is read from it is believed
//! for the safety of memory, and [`Chunks::are_intact`] tells that it happened.

#![warn(clippy::arithmetic_side_effects)]

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use super::layout::{CHUNK, Section};
use super::tree::{self, Hash};
use crate::input::{Mapping, Watch};

/// The bytes of a set, wherever they lie. A clone shares them.
#[derive(Clone)]
pub(super) enum SetBytes {
    Static(&'static [u8]),
    Held(Arc<[u8]>),
    Mapped(Arc<Mapping>, Arc<Watch<'static>>),
}

impl Deref for SetBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            SetBytes::Static(bytes) => bytes,
            SetBytes::Held(bytes) => bytes,
            SetBytes::Mapped(mapping, _) => mapping,
        }
    }
}

/// A piece of a set that is not what was written, or that contradicts the format. What it would have
/// said is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damaged {
    /// The bytes from `start` to `end` do not agree with the hash tree.
    Chunk { start: usize, end: usize },
    /// They agree, but something is wrong with an entry of a section.
    Entry { section: Section, entry: usize, what: &'static str },
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Damaged::Chunk { start, end } => {
                write!(f, "bytes {start} to {end} do not agree with the hash tree")
            }
            Damaged::Entry { section, entry, what } => {
                write!(f, "row {entry} of section {section:?}: {what}")
            }
        }
    }
}

/// Nobody looked at it yet.
const UNKNOWN: u8 = 0;
/// It agrees with its leaf.
const GOOD: u8 = 1;
/// It does not.
const BAD: u8 = 2;
/// It agrees, and its pages were given back since it was used.
const RESTED: u8 = 3;

/// Chunks of a mapped set that may stay mapped between scans. Pages that nobody shares count as the
/// process's own, and a large set would otherwise become so bit by bit: 10 MiB.
const MOST_IN_USE: usize = 160;

/// The bytes that a hash tree covers.
pub(super) struct Chunks {
    bytes: SetBytes,
    body: usize,
    leaves: Box<[Hash]>,
    states: Box<[AtomicU8]>,
    /// Chunks that came into use since pages were last given back.
    in_use: AtomicUsize,
}

impl Chunks {
    /// The first `body` bytes of `bytes`, under these leaves, which are believed.
    pub(super) fn new(bytes: SetBytes, body: usize, leaves: Box<[Hash]>) -> Self {
        let states = leaves.iter().map(|_| AtomicU8::new(UNKNOWN)).collect();
        Self { bytes, body, leaves, states, in_use: AtomicUsize::new(0) }
    }

    /// How many bytes can be asked for.
    pub(super) fn length(&self) -> usize {
        self.body
    }

    /// Length of the whole file.
    pub(super) fn file_length(&self) -> usize {
        self.bytes.len()
    }

    /// These bytes, if every chunk that they lie in is as it was written. A range that leaves the body
    /// has no bytes.
    pub(super) fn checked(&self, range: Range<usize>) -> Result<&[u8], Damaged> {
        let bytes = self.body().get(range.clone()).unwrap_or_default();
        match bytes.is_empty() {
            true => Ok(bytes),
            false => self.look(range).map(|()| bytes),
        }
    }

    /// Compares the chunks that a range inside of the body lies in, those that were not compared before.
    #[inline(always)]
    pub(super) fn look(&self, range: Range<usize>) -> Result<(), Damaged> {
        let (first, last) = (chunk_of(range.start), chunk_of(range.end.saturating_sub(1)));
        let state = self.states.get(first).filter(|_| first == last);
        match state.is_some_and(|state| state.load(Ordering::Acquire) == GOOD) {
            true => Ok(()),
            false => self.look_longer(range),
        }
    }

    /// The same, where the bytes lie in several chunks, or in one that was not compared before.
    #[cold]
    fn look_longer(&self, range: Range<usize>) -> Result<(), Damaged> {
        if range.is_empty() {
            return Ok(());
        }
        let (first, last) = (chunk_of(range.start), chunk_of(range.end.saturating_sub(1)));
        (first..=last).try_for_each(|chunk| self.check(chunk))
    }

    /// Bytes that were all checked before, or that are looked at before they are read.
    pub(super) fn known(&self, range: Range<usize>) -> &[u8] {
        self.body().get(range).unwrap_or_default()
    }

    /// Gives the pages of a mapped set back to the page cache where too many of them came into use. They
    /// stay known to be good.
    pub(super) fn rest(&self) {
        let SetBytes::Mapped(mapping, _) = &self.bytes else { return };
        if self.in_use.load(Ordering::Relaxed) <= MOST_IN_USE {
            return;
        }
        self.in_use.store(0, Ordering::Relaxed);
        for state in &self.states {
            // Where this fails it was not good, or rests already.
            let _ = state.compare_exchange(GOOD, RESTED, Ordering::AcqRel, Ordering::Relaxed);
        }
        mapping.give_back_pages();
    }

    /// Whether they are still those that were verified, as far as the file's size and time tell.
    pub(super) fn are_intact(&self) -> bool {
        match &self.bytes {
            SetBytes::Static(_) | SetBytes::Held(_) => true,
            SetBytes::Mapped(_, watch) => !watch.was_written(),
        }
    }

    fn body(&self) -> &[u8] {
        self.bytes.get(..self.body).unwrap_or_default()
    }

    fn check(&self, chunk: usize) -> Result<(), Damaged> {
        let state = self.states.get(chunk);
        let known = state.map_or(BAD, |state| state.load(Ordering::Acquire));
        let is_good = match known {
            UNKNOWN => self.compare(chunk),
            known => known != BAD,
        };
        if matches!(known, UNKNOWN | RESTED) {
            // Two threads may both have compared it, with the same outcome.
            let found = if is_good { GOOD } else { BAD };
            state.into_iter().for_each(|state| state.store(found, Ordering::Release));
            self.in_use.fetch_add(1, Ordering::Relaxed);
        }
        let (start, end) = self.bounds(chunk);
        if is_good { Ok(()) } else { Err(Damaged::Chunk { start, end }) }
    }

    fn compare(&self, chunk: usize) -> bool {
        let (start, end) = self.bounds(chunk);
        let bytes = self.body().get(start..end).unwrap_or_default();
        self.leaves.get(chunk).is_some_and(|leaf| *leaf == tree::leaf(bytes))
    }

    fn bounds(&self, chunk: usize) -> (usize, usize) {
        let start = chunk.saturating_mul(CHUNK as usize).min(self.body);
        (start, start.saturating_add(CHUNK as usize).min(self.body))
    }
}

#[inline]
fn chunk_of(byte: usize) -> usize {
    byte.checked_div(CHUNK as usize).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: usize = 3 * CHUNK as usize + 100;

    fn chunks(bytes: &[u8], leaves: &[u8]) -> Chunks {
        let leaves = tree::leaves(leaves).collect();
        Chunks::new(SetBytes::Held(bytes.into()), bytes.len(), leaves)
    }

    #[test]
    fn bytes_that_are_as_written_are_given_out() {
        let bytes: Vec<u8> = (0..LENGTH).map(|at| (at % 251) as u8).collect();
        let chunks = chunks(&bytes, &bytes);
        for range in [0..1, 0..0, 65_530..65_540, 100..LENGTH, LENGTH - 1..LENGTH, 0..LENGTH] {
            assert_eq!(chunks.checked(range.clone()), Ok(&bytes[range]));
        }
        for outside in [LENGTH..LENGTH + 1, 0..LENGTH + 1, usize::MAX - 1..usize::MAX] {
            assert_eq!(chunks.checked(outside), Ok(&[][..]));
        }
    }

    #[test]
    fn damage_shows_where_it_is_and_nowhere_else() {
        let written = vec![7; LENGTH];
        let mut bytes = written.clone();
        bytes[70_000] = 8;
        bytes[LENGTH - 1] = 8;
        let chunks = chunks(&bytes, &written);
        let second = Damaged::Chunk { start: 65_536, end: 131_072 };
        for _ in 0..2 {
            assert!(chunks.checked(0..65_536).is_ok());
            assert_eq!(chunks.checked(65_536..65_537), Err(second), "all of a chunk is compared");
            assert_eq!(chunks.checked(0..LENGTH), Err(second));
            assert!(chunks.checked(131_072..196_608).is_ok());
            let last = Damaged::Chunk { start: 196_608, end: LENGTH };
            assert_eq!(chunks.checked(LENGTH - 100..LENGTH), Err(last));
        }
        assert_eq!(second.to_string(), "bytes 65536 to 131072 do not agree with the hash tree");
    }

    #[test]
    fn chunks_without_a_leaf_are_damaged() {
        let chunks = chunks(&vec![7; LENGTH], &vec![7; CHUNK as usize]);
        assert!(chunks.checked(0..10).is_ok());
        assert!(chunks.checked(65_536..65_537).is_err());
    }

    #[test]
    fn what_rests_is_still_known() {
        crate::input::survive_shrinking_maps().unwrap();
        let count = MOST_IN_USE + 40;
        let bytes = vec![1; count * CHUNK as usize];
        let mut damaged = bytes.clone();
        damaged[20 * CHUNK as usize] = 2;
        let file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut &file, &damaged).unwrap();
        let mapping = Arc::new(Mapping::of(&file).unwrap());
        let watch = Arc::new(Watch::over(file, Arc::clone(&mapping)).unwrap());
        let leaves = tree::leaves(&bytes).collect();
        let chunks = Chunks::new(SetBytes::Mapped(mapping, watch), bytes.len(), leaves);
        for _ in 0..3 {
            for chunk in 0..count {
                let start = chunk * CHUNK as usize;
                assert_eq!(chunks.checked(start..start + 9).is_ok(), chunk != 20);
            }
            let in_use = chunks.in_use.load(Ordering::Relaxed);
            assert!(in_use >= MOST_IN_USE, "{in_use}");
            chunks.rest();
            assert_eq!(chunks.in_use.load(Ordering::Relaxed), 0);
        }
        assert!(chunks.checked(0..9).is_ok());
        chunks.rest();
        assert_eq!(chunks.in_use.load(Ordering::Relaxed), 1, "few of them stay");
    }

    #[test]
    fn threads_share_what_was_found_out() {
        let bytes = vec![1; 40 * CHUNK as usize];
        let mut damaged = bytes.clone();
        damaged[20 * CHUNK as usize] = 2;
        let chunks = chunks(&damaged, &bytes);
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    for chunk in 0..40 {
                        let start = chunk * CHUNK as usize;
                        assert_eq!(chunks.checked(start..start + 9).is_ok(), chunk != 20);
                    }
                });
            }
        });
    }
}
