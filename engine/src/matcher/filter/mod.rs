//! Where may patterns be? One pass of strided probes over the data, on tables that lie in the set.
//!
//! A *window* is one to eight neighbouring bytes of a pattern, rare ones. An *anchor* is a run of bytes
//! of a pattern of which all windows at neighbouring places are known: as many as probes lie apart, so
//! that wherever the run stands in the data, one of its windows falls on a probe. All windows of one
//! width and distance make a *table*:
//!
//! ```text
//! data      ........|.......|.......|.......     probed every `step` bytes
//! filter    word[hash(window)]                   three bits of one word: no for nearly all probes
//! buckets   seven cells: tag, anchor, phase      looked at for some hundred survivors at a time,
//! anchors   eight more bytes of the pattern      each stage prefetched before the next
//! ```
//!
//! Independent probes of a filter that fits the second-level cache are what makes this fast where an
//! automaton, which waits for memory once a byte, is slow. Nothing is skipped: where data is full of
//! windows every one of them is looked up, at a bounded cost each. `docs/matcher.md` has the numbers.
//!
//! The tables come out of the set and are used as they lie there. A forged one can hide a pattern but
//! never makes the search read out of bounds: kernels take only filters whose length was compared
//! with the hashes' range, everything else goes through checked slices.

mod candidates;
mod hash;
mod kernels;
mod probes;
mod search;
mod tables;
#[cfg(test)]
mod tests;
mod write;

pub use kernels::Kernel;
pub(crate) use search::{Buffers, REGION, Search, Seen, Sink};
pub(crate) use tables::{Sections, check, check_all};
pub use write::{MOST_ANCHORS, Plan, Written, write};
