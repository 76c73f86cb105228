//! The boot sector, and the table of files: where it lies, and its records.

use super::no_file_system;
use super::record::{DATA, Record, Value};
use super::streams::{Pieces, Streams};
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::Notes;
use crate::unpack::volume::{Runs, Volume};
use crate::verdict::{Problem, Reason};

/// The sizes that a record may have.
const RECORD: std::ops::RangeInclusive<u64> = 512..=65_536;
/// The largest cluster.
const CLUSTER: u64 = 2 << 20;

/// The table of files of one file system. Places are in bytes.
pub(super) struct Mft<'a> {
    pub(super) volume: Volume<'a>,
    pub(super) cluster: u64,
    record: u64,
    /// Where the table lies.
    pieces: Pieces,
    size: u64,
}

/// What the boot sector says.
struct Boot {
    length: u64,
    cluster: u64,
    record: u64,
    table: u64,
    mirror: u64,
}

impl Boot {
    /// `None`: it has sizes that cannot be.
    fn read(sector: &[u8]) -> Result<Option<Self>, OutOfBounds> {
        let mut reader = Reader::at(sector, 11)?;
        let (bytes, per_cluster) = (u64::from(reader.u16_le()?), reader.u8()?);
        let mut reader = Reader::at(sector, 40)?;
        let (sectors, table, mirror) = (reader.u64_le()?, reader.u64_le()?, reader.u64_le()?);
        let record = reader.u8()?;
        // Large numbers of sectors are told as a negative power of two.
        let sectors_each = match per_cluster {
            0..=0x80 => u64::from(per_cluster),
            _ => power(per_cluster),
        };
        let cluster = bytes.saturating_mul(sectors_each);
        let record = match record {
            0..0x80 => cluster.saturating_mul(record.into()),
            _ => power(record),
        };
        let is_sane = bytes.is_power_of_two()
            && (256..=8192).contains(&bytes)
            && cluster.is_power_of_two()
            && cluster <= CLUSTER
            && record.is_power_of_two()
            && RECORD.contains(&record);
        let places = [table, mirror].map(|place| place.saturating_mul(cluster));
        let ([table, mirror], length) = (places, sectors.saturating_mul(bytes));
        Ok(is_sane.then_some(Self { length, cluster, record, table, mirror }))
    }
}

/// Two to the power of what the byte is below zero.
fn power(byte: u8) -> u64 {
    1_u64.checked_shl(u32::from(byte.wrapping_neg())).unwrap_or(0)
}

impl<'a> Mft<'a> {
    pub(super) fn read(
        volume: Volume<'a>,
        notes: &mut Notes,
        budget: &Budget,
    ) -> Result<Self, Problem> {
        let sector = volume.get(0, 512, budget)?;
        let cut = |_| Problem::new(Reason::Truncated, "the boot sector is cut off");
        let boot = Boot::read(&sector).map_err(cut)?;
        let boot = boot.ok_or_else(|| no_file_system("the boot sector has no sizes"))?;
        if volume.len() < boot.length {
            notes.truncated("the disk ends before its file system");
        }
        let mut lacks = no_file_system("the table of files does not begin where it should");
        for (place, is_mirror) in [(boot.table, false), (boot.mirror, true)] {
            let bytes = volume.get(place, boot.record, budget)?;
            let Some(first) = Record::read(0, &bytes) else { continue };
            match Self::begin(volume.clone(), &boot, &first, notes, budget) {
                Ok(mft) if is_mirror => {
                    notes.corrupted("the table of files is found by its mirror");
                    return Ok(mft);
                }
                Ok(mft) => return Ok(mft),
                Err(problem) => lacks = problem,
            }
        }
        Err(lacks)
    }

    /// The table by its first record. Where the rest of it lies may stand in records of its beginning.
    fn begin(
        volume: Volume<'a>,
        boot: &Boot,
        first: &Record,
        notes: &mut Notes,
        budget: &Budget,
    ) -> Result<Self, Problem> {
        let none = || no_file_system("the table of files lies nowhere");
        let mut data = first.attributes().filter(|it| it.kind == DATA && it.name.is_empty());
        let Some(Value::Runs { runs, sizes: Some(sizes), .. }) = data.next().map(|it| it.value)
        else {
            return Err(none());
        };
        let (cluster, record) = (boot.cluster, boot.record);
        let mut pieces = Pieces::new(budget)?;
        let is_read = pieces.add(runs, cluster)?;
        let mut mft = Self { volume, cluster, record, pieces, size: sizes.size };
        let streams = mft.streams(first, &mut mft.places(), notes, budget)?;
        let table = streams.data.into_iter().find(|stream| stream.name.is_empty());
        match table.and_then(|stream| stream.pieces) {
            Some(pieces) if pieces.length() > mft.pieces.length() => mft.pieces = pieces,
            _ if is_read => {}
            _ => notes.corrupted("a run of the table of files"),
        }
        if mft.pieces.length() < mft.size {
            notes.corrupted("a part of the table of files lies nowhere");
        }
        if mft.pieces.end() > mft.volume.len() {
            notes.truncated("a part of the table of files lies behind the end of the disk");
        }
        if mft.records() == 0 { Err(none()) } else { Ok(mft) }
    }

    /// How many records there are.
    pub(super) fn records(&self) -> u64 {
        let size = self.size.min(self.pieces.length());
        size.checked_div(self.record).unwrap_or(0)
    }

    pub(super) fn record_size(&self) -> u64 {
        self.record
    }

    /// A record; `None` where none is.
    pub(super) fn record(&self, number: u64, budget: &Budget) -> Result<Option<Record>, Problem> {
        if number >= self.records() {
            return Ok(None);
        }
        let at = number.saturating_mul(self.record);
        let (place, row) = self.pieces.at(at);
        let bytes = match place {
            Some(place) if row >= self.record => self.volume.get(place, self.record, budget)?,
            None if row >= self.record => return Ok(None),
            _ => {
                let runs: Runs = self.pieces.runs(at, self.record, u64::MAX, budget)?;
                let entry = self.volume.file(Vec::new(), runs, self.record, budget);
                if let Some(problem) = entry.problems.into_iter().next() {
                    return Err(problem);
                }
                let Some(content) = entry.content else { return Ok(None) };
                content
            }
        };
        Ok(Record::read(number, &bytes))
    }

    /// How many records from this one on hold nothing but zeros; looks so many bytes far.
    pub(super) fn blank_from(
        &self,
        number: u64,
        step: u64,
        budget: &Budget,
    ) -> Result<u64, Problem> {
        let (place, row) = self.pieces.at(number.saturating_mul(self.record));
        let bytes = match place {
            None => row,
            // Nothing lies behind the end.
            Some(place) if place >= self.volume.len() => row,
            Some(place) => self.blank(place, row.min(step), budget)?,
        };
        Ok(bytes.checked_div(self.record).unwrap_or(0))
    }

    /// How many bytes are blank: all of them, or else those of the records in front of the first that is
    /// not, so that none is looked at more than twice.
    fn blank(&self, place: u64, most: u64, budget: &Budget) -> Result<u64, Problem> {
        if self.volume.is_blank(place, most, budget)? {
            return Ok(most);
        }
        let mut blank = 0_u64;
        while blank < most
            && self.volume.is_blank(place.saturating_add(blank), self.record, budget)?
        {
            blank = blank.saturating_add(self.record);
        }
        Ok(blank.min(most))
    }

    /// How many records have a place on the disk.
    pub(super) fn places(&self) -> u64 {
        self.volume.len().checked_div(self.record).unwrap_or(0)
    }

    /// The data of a file, of whose further records so many are `left` to be read.
    pub(super) fn streams(
        &self,
        record: &Record,
        left: &mut u64,
        notes: &mut Notes,
        budget: &Budget,
    ) -> Result<Streams, Problem> {
        Streams::gather(self, record, left, notes, budget)
    }
}
