//! The boot sector, and the table that links clusters.

use super::no_file_system;
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::volume::{Runs, Volume};
use crate::verdict::{Problem, Reason};

const SECTOR: u64 = 512;

/// How wide an entry of the table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    Bits12,
    Bits16,
    Bits32,
}

/// Places are in bytes.
pub(super) struct Table<'a> {
    table: Content<'a>,
    width: Width,
    cluster: u64,
    clusters: u64,
    /// Where cluster 2 begins.
    data: u64,
    /// The topmost folder: a place of its own, or its first cluster.
    root_at: u64,
    root_length: u64,
    root_cluster: u64,
    /// The disk ends before its file system.
    pub(super) is_cut: bool,
}

/// What the boot sector says.
struct Boot {
    sector: u64,
    per_cluster: u64,
    reserved: u64,
    tables: u64,
    root_records: u64,
    sectors: u64,
    table_sectors: u64,
    is_32: bool,
    root_cluster: u64,
}

impl Boot {
    fn read(sector: &[u8]) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::at(sector, 11)?;
        let (bytes, per_cluster) = (reader.u16_le()?, reader.u8()?);
        let (reserved, tables, root) = (reader.u16_le()?, reader.u8()?, reader.u16_le()?);
        let few = reader.u16_le()?;
        reader.skip(1)?;
        let short = reader.u16_le()?;
        reader.skip(8)?;
        let (many, long) = (reader.u32_le()?, reader.u32_le()?);
        reader.skip(4)?;
        let root_cluster = reader.u32_le()?.into();
        Ok(Self {
            sector: bytes.into(),
            per_cluster: per_cluster.into(),
            reserved: reserved.into(),
            tables: tables.into(),
            root_records: root.into(),
            sectors: if few == 0 { many.into() } else { few.into() },
            table_sectors: if short == 0 { long.into() } else { short.into() },
            is_32: short == 0,
            root_cluster,
        })
    }
}

impl<'a> Table<'a> {
    pub(super) fn read(volume: &Volume<'a>, budget: &Budget) -> Result<Self, Problem> {
        let sector = volume.get(0, SECTOR, budget)?;
        let cut = |_| Problem::new(Reason::Truncated, "the boot sector is cut off");
        let boot = Boot::read(&sector).map_err(cut)?;
        let is_sane = matches!(boot.sector, 512 | 1024 | 2048 | 4096) && boot.per_cluster > 0;
        if !is_sane {
            return Err(no_file_system("the boot sector has no sizes"));
        }
        let bytes = |sectors: u64| sectors.saturating_mul(boot.sector);
        let length = bytes(boot.table_sectors);
        let root_at = bytes(boot.reserved).saturating_add(length.saturating_mul(boot.tables));
        let root_length = boot.root_records.saturating_mul(32);
        let data = root_at.saturating_add(root_length.next_multiple_of(boot.sector));
        let cluster = bytes(boot.per_cluster);
        let in_row = |bytes: u64| bytes.saturating_sub(data).checked_div(cluster).unwrap_or(0);
        let clusters = in_row(bytes(boot.sectors));
        let width = match clusters {
            _ if boot.is_32 => Width::Bits32,
            0..4085 => Width::Bits12,
            _ => Width::Bits16,
        };
        let table = volume.get(bytes(boot.reserved), length, budget)?;
        // No cluster lies behind the end, so that a chain has no more than those before it.
        let clusters = clusters.min(in_row(volume.len()).saturating_add(1));
        let root_cluster = if boot.is_32 { boot.root_cluster } else { 0 };
        let is_cut = volume.len() < bytes(boot.sectors);
        Ok(Self {
            is_cut,
            table,
            width,
            cluster,
            clusters,
            data,
            root_at,
            root_length,
            root_cluster,
        })
    }

    /// The first cluster of the topmost folder, or 0.
    pub(super) fn root(&self) -> u64 {
        self.root_cluster
    }

    /// Whether there is such a cluster.
    pub(super) fn has(&self, cluster: u64) -> bool {
        cluster.checked_sub(2).is_some_and(|number| number < self.clusters)
    }

    fn place(&self, cluster: u64) -> u64 {
        self.data.saturating_add(cluster.saturating_sub(2).saturating_mul(self.cluster))
    }

    /// The entry of a cluster.
    fn entry(&self, cluster: u64) -> Result<u64, OutOfBounds> {
        let at = |place| Reader::at(&self.table, place);
        Ok(match self.width {
            Width::Bits12 => {
                let pair = at(cluster.saturating_add(cluster / 2))?.u16_le()?;
                let entry = if cluster.is_multiple_of(2) { pair & 0xfff } else { pair >> 4 };
                entry.into()
            }
            Width::Bits16 => at(cluster.saturating_mul(2))?.u16_le()?.into(),
            Width::Bits32 => u64::from(at(cluster.saturating_mul(4))?.u32_le()? & 0x0fff_ffff),
        })
    }

    /// The pieces of a folder; `false` where its chain has more than a folder may have.
    pub(super) fn folder(
        &self,
        cluster: u64,
        most: u64,
        budget: &Budget,
    ) -> Result<(Runs, bool), Stop> {
        if cluster == 0 {
            return Ok((Runs::one(self.root_at, self.root_length, budget)?, true));
        }
        let (runs, is_whole) = self.chain(cluster, most.max(self.cluster), budget)?;
        Ok((runs, is_whole))
    }

    /// The pieces of a chain, up to so many bytes; `false` where it goes on behind them, or leads back.
    pub(super) fn chain(
        &self,
        first: u64,
        size: u64,
        budget: &Budget,
    ) -> Result<(Runs, bool), Stop> {
        let mut runs = Runs::new(budget)?;
        let mut cluster = first;
        let size = size.min(self.clusters.saturating_mul(self.cluster));
        while self.has(cluster) {
            if runs.length() >= size {
                return Ok((runs, false));
            }
            runs.add(Some(self.place(cluster)), self.cluster)?;
            cluster = self.entry(cluster).unwrap_or(0);
            if runs.length().is_multiple_of(1 << 26) {
                budget.check()?;
            }
        }
        Ok((runs, true))
    }

    /// Where a file of that size lies in a row, if all its clusters are free.
    pub(super) fn free_row(
        &self,
        first: u64,
        size: u64,
        budget: &Budget,
    ) -> Result<Option<Runs>, Stop> {
        let count = size.div_ceil(self.cluster);
        let last = first.saturating_add(count).saturating_sub(1);
        if !self.has(first) || !self.has(last) {
            return Ok(None);
        }
        for cluster in first..=last {
            if self.entry(cluster) != Ok(0) {
                return Ok(None);
            }
        }
        Runs::one(self.place(first), count.saturating_mul(self.cluster), budget).map(Some)
    }
}
