//! Entries of files, plain and extended, and the lists of where their bytes lie (ECMA-167, part 4,
//! 14.9, 14.14 and 14.17).

use super::descriptors::{Address, Partitions, tag};
use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::Entry;
use crate::unpack::volume::{Runs, Volume};
use crate::verdict::{Problem, Reason};

const ALLOCATION: u16 = 258;
const FILE: u16 = 261;
const EXTENDED_FILE: u16 = 266;
/// Descriptors that one list of them goes on in.
const MOST_LISTS: usize = 100_000;

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Folder,
    File,
    /// A link or a device.
    Special,
}

/// Where the bytes of a file lie.
enum Lies<'a> {
    /// In the entry itself.
    Inside(Content<'a>),
    Outside {
        partition: u16,
        runs: Runs,
    },
}

/// What an entry says.
pub(super) struct FileEntry<'a> {
    pub(super) kind: Kind,
    /// The folder of its named streams.
    pub(super) streams: Option<Address>,
    size: u64,
    lies: Lies<'a>,
}

/// The fields of an entry.
struct Fields {
    kind: Kind,
    /// How its list is written.
    form: u16,
    size: u64,
    streams: Option<Address>,
    /// Where the list begins in the block, and its length.
    list: u64,
    length: u64,
}

impl Fields {
    fn read(block: &[u8], is_extended: bool) -> Result<Self, OutOfBounds> {
        let kind = match Reader::at(block, 27)?.u8()? {
            4 | 13 => Kind::Folder,
            6..=12 => Kind::Special,
            _ => Kind::File,
        };
        let form = Reader::at(block, 34)?.u16_le()? & 7;
        let size = Reader::at(block, 56)?.u64_le()?;
        let mut streams = None;
        if is_extended {
            let extent = Address::read(&mut Reader::at(block, 152)?)?;
            streams = (extent.length > 0).then_some(extent.address);
        }
        let mut lengths = Reader::at(block, if is_extended { 208 } else { 168 })?;
        let (before, length) = (lengths.u32_le()?, lengths.u32_le()?);
        let list = (lengths.position() as u64).saturating_add(before.into());
        Ok(Self { kind, form, size, streams, list, length: length.into() })
    }
}

impl<'a> FileEntry<'a> {
    pub(super) fn read(
        at: Address,
        partitions: &Partitions<'a>,
        budget: &Budget,
    ) -> Result<Self, Problem> {
        let block = partitions.block(at, budget)?;
        if block.is_empty() {
            return Err(Problem::new(Reason::Truncated, "the entry lies behind the end"));
        }
        let is_extended = match tag(&block) {
            FILE => false,
            EXTENDED_FILE => true,
            other => {
                let detail = format!("no entry of a file, but a tag {other}");
                return Err(Problem::new(Reason::Corrupted, detail));
            }
        };
        let cut = |_| Problem::new(Reason::Truncated, "the entry is cut off");
        let fields = Fields::read(&block, is_extended).map_err(cut)?;
        let list = block.slice(fields.list, fields.length);
        let lies = match fields.form {
            3 => Lies::Inside(list),
            form => outside(at.partition, list, form, partitions, budget)?,
        };
        Ok(Self { kind: fields.kind, streams: fields.streams, size: fields.size, lies })
    }

    /// Hands the file out.
    pub(super) fn hand_out(
        self,
        name: impl Into<Vec<u8>>,
        partitions: &Partitions<'a>,
        budget: &Budget,
    ) -> Entry<'a> {
        match self.lies {
            Lies::Inside(content) => {
                let there = content.len() as u64;
                match Runs::one(0, there, budget) {
                    Ok(runs) => Volume::of(content).file(name, runs, self.size, budget),
                    Err(stop) => Entry::unread(name, stop.into()),
                }
            }
            Lies::Outside { partition, runs } => match partitions.partition(partition) {
                Ok(volume) => volume.file(name, runs, self.size, budget),
                Err(problem) => Entry::unread(name, problem),
            },
        }
    }
}

/// One line of a list.
struct Line {
    length: u32,
    kind: u32,
    address: Address,
}

impl Line {
    fn read(reader: &mut Reader<'_>, form: u16, own: u16) -> Result<Self, OutOfBounds> {
        Ok(match form {
            0 => {
                let length = reader.u32_le()?;
                let address = Address { partition: own, block: reader.u32_le()? };
                Self { length: length & 0x3fff_ffff, kind: length >> 30, address }
            }
            1 => {
                let extent = Address::read(reader)?;
                Self { length: extent.length, kind: extent.kind, address: extent.address }
            }
            _ => {
                let length = reader.u32_le()?;
                reader.skip(8)?;
                let address = Address { block: reader.u32_le()?, partition: reader.u16_le()? };
                reader.skip(2)?;
                Self { length: length & 0x3fff_ffff, kind: length >> 30, address }
            }
        })
    }
}

/// Reads a list to its end, which may be in other blocks.
fn outside<'a>(
    own: u16,
    mut list: Content<'a>,
    form: u16,
    partitions: &Partitions<'a>,
    budget: &Budget,
) -> Result<Lies<'a>, Problem> {
    let mut runs = Runs::new(budget)?;
    let mut partition = None;
    for _ in 0..MOST_LISTS {
        budget.check()?;
        let mut reader = Reader::new(&list);
        let mut next = None;
        while let Ok(line) = Line::read(&mut reader, form, own) {
            if line.length == 0 {
                break;
            }
            if line.kind == 3 {
                next = Some(line.address);
                break;
            }
            let is_recorded = line.kind == 0;
            if is_recorded
                && *partition.get_or_insert(line.address.partition) != line.address.partition
            {
                let detail = "the file lies in several partitions";
                return Err(Problem::new(Reason::Unsupported("udf-partition"), detail));
            }
            let place = u64::from(line.address.block).saturating_mul(partitions.block);
            runs.add(is_recorded.then_some(place), line.length.into())?;
        }
        let Some(next) = next else { break };
        let block = partitions.block(next, budget)?;
        if tag(&block) != ALLOCATION {
            break;
        }
        let length = Reader::at(&block, 20).and_then(|mut reader| reader.u32_le()).unwrap_or(0);
        list = block.slice(24, length.into());
    }
    Ok(Lies::Outside { partition: partition.unwrap_or(own), runs })
}
