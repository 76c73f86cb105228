//! One pass over the data: probe, look up, compare, hand on.
//!
//! Survivors of a filter are collected over many probes and then looked up together, stage by stage:
//! where to look, whether anything is there, which anchors, what they compare. So the waits for memory
//! overlap.

use std::ops::Range;

use zerocopy::little_endian::U32;

use super::candidates::Candidates;
use super::kernels::{Kernel, Lanes, prefetch};
use super::probes::{self, Probe, read};
use super::tables::{Filter, Sections, Table, lane_of};
use crate::set::layout::{AnchorRow, CELLS, TableRow};
use crate::set::{Damaged, Rows};

/// Bytes that all tables look at in turn, while they lie in the first-level cache.
const BLOCK: usize = 4096;
/// After so many cells, those whose tag is right are compared at once, so that their list stays short
/// and the budget is asked.
const MANY_CELLS: u64 = 1 << 14;
/// Likewise after so many right tags.
const MANY_MATCHES: usize = 1 << 12;
/// Bytes of one call of [`Search::region`], at most.
pub(crate) const REGION: usize = 4 << 20;

/// Room for searches, used again.
#[derive(Default)]
pub(crate) struct Buffers {
    /// One for each table.
    candidates: Vec<Candidates>,
    probes: Vec<Probe>,
    matches: Vec<Found>,
}

#[cfg(test)]
impl Buffers {
    /// Room that was made for cells with the right tag.
    pub(super) fn longest_list(&self) -> usize {
        self.matches.capacity()
    }
}

/// A candidate whose tag is right.
#[derive(Clone, Copy)]
struct Found {
    anchor: u32,
    run: u32,
    before: bool,
}

/// A place where an anchor's bytes were seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen {
    /// The row of the anchor.
    pub(crate) anchor: u32,
    /// Where the run of bytes that its windows were cut from begins.
    pub(crate) run: usize,
}

/// Who is told of anchors.
pub(crate) trait Sink<E> {
    /// The bytes of an anchor were seen. An error ends the search.
    fn seen(&mut self, seen: Seen) -> Result<(), E>;

    /// So many cells were looked at since the last time. An error ends the search.
    fn spend(&mut self, cells: u64) -> Result<(), E>;

    /// A piece of the tables is not what was written. The search goes on without it.
    fn damaged(&mut self, damaged: Damaged);
}

/// What one search has: the set's tables and the instruction set.
pub(crate) struct Search<'s> {
    tables: Vec<Table<'s>>,
    anchors: Rows<'s, AnchorRow>,
    kernel: Kernel,
}

impl<'s> Search<'s> {
    /// Those tables of a set that `is_wanted` takes. A row that cannot be is left out here; opening the
    /// set refuses it.
    pub(crate) fn new(
        sections: &Sections<'s>,
        kernel: Kernel,
        is_wanted: impl Fn(&TableRow) -> bool,
    ) -> Self {
        let wanted = sections.tables.iter().filter(|row| is_wanted(row));
        let tables = wanted.filter_map(|row| Table::read(row, sections)).collect();
        Self { tables, anchors: sections.anchors, kernel }
    }

    /// Whether there is nothing to look for.
    pub(crate) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Finds the anchors with a window that begins in `region`, a part of `data` that begins at a
    /// multiple of eight and has at most [`REGION`] bytes. An error of `sink` ends the search.
    pub(crate) fn region<E>(
        &self,
        data: &[u8],
        region: Range<usize>,
        buffers: &mut Buffers,
        sink: &mut impl Sink<E>,
    ) -> Result<(), E> {
        buffers.candidates.resize_with(self.tables.len(), Candidates::default);
        for block in region.clone().step_by(BLOCK) {
            let end = block.saturating_add(BLOCK).min(region.end);
            for (number, table) in self.tables.iter().enumerate() {
                self.block(number, table, data, (region.start, block..end), buffers, sink)?;
            }
        }
        for (number, table) in self.tables.iter().enumerate() {
            self.look_up(number, table, data, region.start, buffers, sink)?;
        }
        Ok(())
    }

    /// Probes one block for one table.
    fn block<E>(
        &self,
        number: usize,
        table: &Table<'s>,
        data: &[u8],
        (base, block): (usize, Range<usize>),
        buffers: &mut Buffers,
        sink: &mut impl Sink<E>,
    ) -> Result<(), E> {
        let lane = lane_of(table.step);
        for offset in (0..lane).step_by(table.step) {
            let start = block.start.saturating_add(offset);
            // The last lane may reach into the next block.
            let lanes = block.end.saturating_sub(start).div_ceil(lane);
            // The last window may reach into the next lane.
            let end = start.saturating_add(lanes.wrapping_mul(lane)).saturating_add(8 - lane);
            let Some(text) = data.get(start..end.min(data.len())) else { break };
            let position = start.wrapping_sub(base) as u32;
            let Some(candidates) = buffers.candidates.get_mut(number) else { break };
            match table.filter {
                Filter::Wide(filter) => self.kernel.wide(filter, text, position, candidates),
                Filter::Narrow(filter) => {
                    let lanes = Lanes { text, count: lanes };
                    self.kernel.narrow(filter, lanes, position, candidates);
                }
            }
            if candidates.is_enough() {
                self.look_up(number, table, data, base, buffers, sink)?;
            }
        }
        Ok(())
    }

    /// Looks up the candidates of a table, and empties them.
    fn look_up<E>(
        &self,
        number: usize,
        table: &Table<'s>,
        data: &[u8],
        base: usize,
        buffers: &mut Buffers,
        sink: &mut impl Sink<E>,
    ) -> Result<(), E> {
        let Buffers { candidates, probes, matches } = buffers;
        let Some(candidates) = candidates.get_mut(number) else { return Ok(()) };
        probes::of(table, candidates, data, base, probes);
        matches.clear();
        let mut looked_at = (probes.len() as u64).saturating_mul(CELLS as u64);
        probes::sift(table, probes);
        for probe in &*probes {
            let mut bucket = Some(probe.bucket);
            while let Some(number) = bucket {
                bucket = match table.open_bucket(number) {
                    Ok((cells, next)) => {
                        self.open_cells(table, cells, probe, matches);
                        next
                    }
                    Err(damaged) => {
                        sink.damaged(damaged);
                        None
                    }
                };
                looked_at = looked_at.saturating_add(CELLS as u64);
                if looked_at >= MANY_CELLS || matches.len() >= MANY_MATCHES {
                    sink.spend(std::mem::take(&mut looked_at))?;
                    self.compare(matches, data, base, sink)?;
                }
            }
        }
        sink.spend(looked_at)?;
        self.compare(matches, data, base, sink)
    }

    /// Notes the cells whose tag is right.
    #[inline]
    fn open_cells(
        &self,
        table: &Table<'s>,
        cells: &[U32; CELLS],
        probe: &Probe,
        matches: &mut Vec<Found>,
    ) {
        let mut with_tag = table.with_tag(cells, probe.tags);
        while with_tag != 0 {
            let cell = cells.get(with_tag.trailing_zeros() as usize).map_or(0, |cell| cell.get());
            with_tag &= with_tag.wrapping_sub(1);
            if let Some((anchor, phase)) = table.open(cell, probe.tags) {
                prefetch::item(self.anchors.unread(), anchor as usize);
                let run = probe.position.wrapping_sub(phase);
                matches.push(Found { anchor, run, before: phase > probe.position });
            }
        }
    }

    /// Hands on the anchors whose bytes are there, and empties their list.
    fn compare<E>(
        &self,
        matches: &mut Vec<Found>,
        data: &[u8],
        base: usize,
        sink: &mut impl Sink<E>,
    ) -> Result<(), E> {
        for found in matches.drain(..) {
            let run = match found.before {
                // The run began in the region before.
                true => base.checked_sub(found.run.wrapping_neg() as usize),
                false => base.checked_add(found.run as usize),
            };
            let Some(run) = run else { continue };
            match self.anchors.get(found.anchor as usize) {
                Ok(row) if row.is_at(data, run) => {
                    sink.seen(Seen { anchor: found.anchor, run })?;
                }
                Ok(_) => {}
                Err(damaged) => sink.damaged(damaged),
            }
        }
        Ok(())
    }
}

impl AnchorRow {
    /// Whether the bytes beside the window allow a match of a run that begins at `run`.
    #[inline]
    fn is_at(&self, data: &[u8], run: usize) -> bool {
        let Some(at) = run.checked_add_signed(self.check_at.get().into()) else { return false };
        read(data, at) & self.check_mask.get() == self.check.get()
    }
}
