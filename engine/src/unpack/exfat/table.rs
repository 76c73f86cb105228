//! The boot sector, the table that links clusters, and the list of those that are free.

use super::no_file_system;
use super::records::Stream;
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::Notes;
use crate::unpack::volume::{Runs, Volume};
use crate::verdict::{Problem, Reason};

/// What stands in the table for the last cluster of a chain.
const END: u64 = 0xffff_ffff;
/// Clusters that are followed between two looks at the clock.
const STEP: u64 = 1 << 16;

/// Places are in bytes.
pub(super) struct Table<'a> {
    table: Content<'a>,
    /// A bit for each cluster, set where it is in use.
    used: Option<Content<'a>>,
    cluster: u64,
    clusters: u64,
    /// Where cluster 2 begins.
    data: u64,
    root: u64,
}

/// The fields of the boot sector, in sectors where they are places.
struct Boot {
    length: u64,
    table: u64,
    table_length: u64,
    data: u64,
    clusters: u64,
    root: u64,
    sector: u8,
    per_cluster: u8,
}

impl Boot {
    fn read(sector: &[u8]) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::at(sector, 72)?;
        let length = reader.u64_le()?;
        let mut number = || reader.u32_le().map(u64::from);
        let (table, table_length, data) = (number()?, number()?, number()?);
        let (clusters, root) = (number()?, number()?);
        let mut reader = Reader::at(sector, 108)?;
        let (sector, per_cluster) = (reader.u8()?, reader.u8()?);
        Ok(Self { length, table, table_length, data, clusters, root, sector, per_cluster })
    }
}

impl<'a> Table<'a> {
    pub(super) fn read(
        volume: &Volume<'a>,
        notes: &mut Notes,
        budget: &Budget,
    ) -> Result<Self, Problem> {
        let sector = volume.get(0, 512, budget)?;
        let cut = |_| Problem::new(Reason::Truncated, "the boot sector is cut off");
        let boot = Boot::read(&sector).map_err(cut)?;
        // Sectors of 512 bytes to 4 KiB, clusters of up to 32 MiB.
        let bits = boot.sector.saturating_add(boot.per_cluster);
        if !(9..=12).contains(&boot.sector) || bits > 25 {
            return Err(no_file_system("the boot sector has no sizes"));
        }
        let bytes = |sectors: u64| sectors.saturating_mul(1 << boot.sector);
        let (cluster, data) = (1 << bits, bytes(boot.data));
        if volume.len() < bytes(boot.length) {
            notes.truncated("the disk ends before its file system");
        }
        // No cluster lies behind the end, so that a chain has no more than those before it.
        let there = volume.len().saturating_sub(data).checked_div(cluster).unwrap_or(0);
        let clusters = boot.clusters.min(there.saturating_add(1));
        let length = clusters.saturating_add(2).saturating_mul(4).min(bytes(boot.table_length));
        let table = volume.get(bytes(boot.table), length, budget)?;
        Ok(Self { table, used: None, cluster, clusters, data, root: boot.root })
    }

    /// The first cluster of the topmost folder.
    pub(super) fn root(&self) -> u64 {
        self.root
    }

    /// What all clusters have together.
    pub(super) fn size(&self) -> u64 {
        self.clusters.saturating_mul(self.cluster)
    }

    /// Whether there is such a cluster.
    pub(super) fn has(&self, cluster: u64) -> bool {
        cluster.checked_sub(2).is_some_and(|number| number < self.clusters)
    }

    fn place(&self, cluster: u64) -> u64 {
        self.data.saturating_add(cluster.saturating_sub(2).saturating_mul(self.cluster))
    }

    fn next(&self, cluster: u64) -> u64 {
        let entry = Reader::at(&self.table, cluster.saturating_mul(4));
        entry.and_then(|mut entry| entry.u32_le()).map_or(0, u64::from)
    }

    /// Where bytes lie; `false` where their chain goes on behind them, leads back, or leads nowhere.
    pub(super) fn runs(&self, stream: Stream, budget: &Budget) -> Result<(Runs, bool), Stop> {
        let mut runs = Runs::new(budget)?;
        let size = stream.size.min(self.size());
        let (mut cluster, mut count) = (stream.cluster, 0_u64);
        while self.has(cluster) {
            let left = size.saturating_sub(runs.length());
            if left == 0 {
                return Ok((runs, false));
            }
            if stream.is_in_a_row {
                let behind = self.data.saturating_add(self.clusters.saturating_mul(self.cluster));
                let row = behind.saturating_sub(self.place(cluster)).min(left);
                add(&mut runs, self.place(cluster), row, stream.written)?;
                return Ok((runs, true));
            }
            add(&mut runs, self.place(cluster), self.cluster, stream.written)?;
            cluster = self.next(cluster);
            count = count.saturating_add(1);
            if count.is_multiple_of(STEP) {
                budget.check()?;
            }
        }
        Ok((runs, cluster == END))
    }

    /// Reads the list of clusters that are in use; the first counts.
    pub(super) fn read_free(
        &mut self,
        stream: Stream,
        volume: &Volume<'a>,
        budget: &Budget,
    ) -> Result<(), Problem> {
        if self.used.is_none() {
            let size = stream.size.min(self.clusters.div_ceil(8));
            let (runs, _) = self.runs(Stream { size, written: size, ..stream }, budget)?;
            self.used = volume.file(Vec::new(), runs, size, budget).content;
        }
        Ok(())
    }

    /// Whether all clusters of a file in a row are free.
    pub(super) fn is_free(&self, stream: Stream, budget: &Budget) -> Result<bool, Stop> {
        let count = stream.size.div_ceil(self.cluster);
        let last = stream.cluster.saturating_add(count).saturating_sub(1);
        let Some(used) = self.used.as_deref() else { return Ok(false) };
        if !self.has(stream.cluster) || !self.has(last) {
            return Ok(false);
        }
        budget.check()?;
        // Byte by byte, since every deleted file may ask for all clusters.
        let (first, last) = (stream.cluster.saturating_sub(2), last.saturating_sub(2));
        let byte = |number: u64| usize::try_from(number >> 3).unwrap_or(usize::MAX);
        let from_first = u8::MAX << (first & 7);
        let to_last = u8::MAX >> (!last & 7);
        Ok(match used.get(byte(first)..byte(last).saturating_add(1)) {
            Some([one]) => one & from_first & to_last == 0,
            Some([first, between @ .., last]) => {
                first & from_first == 0
                    && last & to_last == 0
                    && between.iter().all(|&byte| byte == 0)
            }
            _ => false,
        })
    }
}

/// Adds a piece, of which only what was written lies there.
fn add(runs: &mut Runs, place: u64, length: u64, written: u64) -> Result<(), Stop> {
    let stored = written.saturating_sub(runs.length()).min(length);
    if stored > 0 {
        runs.add(Some(place), stored)?;
    }
    let zeros = length.saturating_sub(stored);
    if zeros > 0 { runs.add(None, zeros) } else { Ok(()) }
}
