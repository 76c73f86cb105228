//! From the anchor to the partitions and the topmost folder (ECMA-167, parts 3 and 4).

use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::Notes;
use crate::unpack::volume::Volume;
use crate::verdict::{Problem, Reason};

use super::entries::FileEntry;

/// Sizes of sectors, the most frequent first.
const SECTORS: [u64; 4] = [2048, 512, 4096, 1024];
/// Descriptors that are read of a sequence, and partitions of a volume.
const MOST: usize = 256;
const MOST_PARTITIONS: usize = 32;

const ANCHOR: u16 = 2;
const POINTER: u16 = 3;
const PARTITION: u16 = 5;
const LOGICAL_VOLUME: u16 = 6;
const END: u16 = 8;
const FILE_SET: u16 = 256;

/// The place of a block in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Address {
    pub(super) partition: u16,
    pub(super) block: u32,
}

/// Bytes that begin at an address (`long_ad`), with the two bits that say what they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) length: u32,
    pub(super) kind: u32,
    pub(super) address: Address,
}

impl Address {
    /// Reads a `long_ad`.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Extent, OutOfBounds> {
        let length = reader.u32_le()?;
        let address = Address { block: reader.u32_le()?, partition: reader.u16_le()? };
        reader.skip(6)?;
        Ok(Extent { length: length & 0x3fff_ffff, kind: length >> 30, address })
    }
}

/// The partitions of a volume by their number there.
#[derive(Default)]
pub(super) struct Partitions<'a> {
    pub(super) block: u64,
    list: Vec<Option<Volume<'a>>>,
}

impl<'a> Partitions<'a> {
    pub(super) fn partition(&self, number: u16) -> Result<&Volume<'a>, Problem> {
        let found = self.list.get(usize::from(number)).and_then(Option::as_ref);
        let detail = || format!("there is no partition {number} that can be read");
        found.ok_or_else(|| Problem::new(Reason::Corrupted, detail()))
    }

    /// One block.
    pub(super) fn block(&self, at: Address, budget: &Budget) -> Result<Content<'a>, Problem> {
        let place = u64::from(at.block).saturating_mul(self.block);
        self.partition(at.partition)?.get(place, self.block, budget)
    }
}

/// The number of a descriptor.
pub(super) fn tag(descriptor: &[u8]) -> u16 {
    Reader::new(descriptor).u16_le().unwrap_or(0)
}

/// What is known of the volume before its partitions are opened.
#[derive(Default)]
struct Found<'a> {
    /// Number, first sector and sectors of each partition.
    partitions: Vec<(u16, u32, u32)>,
    /// The logical volume with the highest number.
    logical: Option<(u32, Content<'a>)>,
}

/// Finds the partitions and the topmost folders. `None`: there is nothing to walk, which was noted.
#[allow(clippy::type_complexity, reason = "used once, taken apart at once")]
pub(super) fn read<'a>(
    volume: &Volume<'a>,
    notes: &mut Notes,
    budget: &Budget,
) -> Result<Option<(Partitions<'a>, Vec<Address>)>, Problem> {
    let Some((sector, anchor)) = anchor(volume, budget)? else {
        notes.corrupted("no anchor leads to the volume");
        return Ok(None);
    };
    let mut found = Found::default();
    for copy in [16, 24] {
        if found.logical.is_none() || found.partitions.is_empty() {
            found.read_sequence(volume, &anchor, copy, sector, budget)?;
        }
    }
    let Some((_, logical)) = found.logical.take() else {
        notes.corrupted("no descriptor of a logical volume");
        return Ok(None);
    };
    let Ok((block, set, maps)) = logical_volume(&logical) else {
        notes.corrupted("the descriptor of the logical volume is cut off");
        return Ok(None);
    };
    let mut partitions = Partitions { block, list: Vec::new() };
    for map in maps {
        let opened = found.open_partition(&map, volume, sector, &partitions, budget);
        let opened = opened.map_err(|problem| notes.add(problem)).ok();
        partitions.list.push(opened);
    }
    let root = match file_set(&partitions, set, budget) {
        Ok(root) => root,
        Err(problem) => {
            notes.add(problem);
            Vec::new()
        }
    };
    Ok(Some((partitions, root)))
}

/// Looks for an anchor at the places where one may be.
fn anchor<'a>(volume: &Volume<'a>, budget: &Budget) -> Result<Option<(u64, Content<'a>)>, Problem> {
    for sector in SECTORS {
        let sectors = volume.len().checked_div(sector).unwrap_or(0);
        let places = [256, sectors.saturating_sub(1), sectors.saturating_sub(257), 512];
        for place in places {
            let found = volume.get(place.saturating_mul(sector), 512, budget)?;
            if tag(&found) == ANCHOR && has_checksum(&found) && is_at(&found, place) {
                return Ok(Some((sector, found)));
            }
        }
    }
    Ok(None)
}

/// The fifth byte of a tag is the sum of the others.
fn has_checksum(descriptor: &[u8]) -> bool {
    let Some(tag) = descriptor.first_chunk::<16>() else { return false };
    let sum = tag.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
    let [_, _, _, _, stored, ..] = *tag;
    sum.wrapping_sub(stored) == stored
}

fn is_at(descriptor: &[u8], place: u64) -> bool {
    let told = Reader::at(descriptor, 12).and_then(|mut reader| reader.u32_le());
    told.is_ok_and(|told| u64::from(told) == place)
}

impl<'a> Found<'a> {
    /// Reads one of the two sequences of descriptors.
    fn read_sequence(
        &mut self,
        volume: &Volume<'a>,
        anchor: &[u8],
        copy: u64,
        sector: u64,
        budget: &Budget,
    ) -> Result<(), Problem> {
        let Ok(mut next) = extent(anchor, copy) else { return Ok(()) };
        for _ in 0..MOST {
            let (length, at) = next;
            if u64::from(length) < sector {
                break;
            }
            let place = u64::from(at).saturating_mul(sector);
            let descriptor = volume.get(place, sector, budget)?;
            next = (length.saturating_sub(sector as u32), at.saturating_add(1));
            match tag(&descriptor) {
                POINTER => next = extent(&descriptor, 20).unwrap_or_default(),
                PARTITION => self.partitions.extend(partition(&descriptor)),
                LOGICAL_VOLUME => {
                    let number = Reader::at(&descriptor, 16).and_then(|mut it| it.u32_le());
                    let number = number.unwrap_or(0);
                    if self.logical.as_ref().is_none_or(|(other, _)| *other <= number) {
                        // The maps may go on behind the first sector.
                        let whole = volume.get(place, sector.saturating_mul(2), budget)?;
                        self.logical = Some((number, whole));
                    }
                }
                END | 0 => break,
                _ => {}
            }
        }
        Ok(())
    }

    fn open_partition(
        &self,
        map: &[u8],
        volume: &Volume<'a>,
        sector: u64,
        partitions: &Partitions<'a>,
        budget: &Budget,
    ) -> Result<Volume<'a>, Problem> {
        let (number, kind) = match map {
            [1, _, _, _, a, b, ..] => (u16::from_le_bytes([*a, *b]), None),
            [2, ..] => {
                let number = Reader::at(map, 38).and_then(|mut reader| reader.u16_le());
                (number.unwrap_or(u16::MAX), map.get(5..28))
            }
            _ => return Err(Problem::new(Reason::Corrupted, "a partition of no known kind")),
        };
        let plain = self.partitions.iter().rev().find(|(known, _, _)| *known == number);
        let Some(&(_, first, sectors)) = plain else {
            let detail = format!("there is no partition {number}");
            return Err(Problem::new(Reason::Corrupted, detail));
        };
        let bytes = |count: u32| u64::from(count).saturating_mul(sector);
        let plain = volume.part(bytes(first), bytes(sectors));
        match kind {
            None => Ok(plain),
            Some(kind) if kind.starts_with(b"*UDF Sparable Partition") => Ok(plain),
            Some(kind) if kind.starts_with(b"*UDF Metadata Partition") => {
                metadata(map, plain, partitions.block, budget)
            }
            Some(_) => {
                Err(Problem::new(Reason::Unsupported("udf-partition"), "a virtual partition"))
            }
        }
    }
}

/// Puts together the file that serves as a partition for all that is not content; if it cannot be
/// read, its mirror.
fn metadata<'a>(
    map: &[u8],
    plain: Volume<'a>,
    block: u64,
    budget: &Budget,
) -> Result<Volume<'a>, Problem> {
    let alone = Partitions { block, list: vec![Some(plain)] };
    let mut failed = Problem::new(Reason::Corrupted, "the metadata partition cannot be read");
    for field in [40, 44] {
        let Ok(block) = Reader::at(map, field).and_then(|mut reader| reader.u32_le()) else {
            continue;
        };
        let file = match FileEntry::read(Address { partition: 0, block }, &alone, budget) {
            Ok(file) => file,
            Err(problem) => {
                failed = problem;
                continue;
            }
        };
        let mut entry = file.hand_out(&b""[..], &alone, budget);
        match (entry.content, entry.problems.pop()) {
            (Some(content), None) => return Ok(Volume::of(content)),
            (_, Some(problem)) => failed = problem,
            (None, None) => {}
        }
    }
    Err(failed)
}

/// Length and first sector.
fn extent(descriptor: &[u8], at: u64) -> Result<(u32, u32), OutOfBounds> {
    let mut reader = Reader::at(descriptor, at)?;
    Ok((reader.u32_le()?, reader.u32_le()?))
}

/// Number, first sector and sectors of a partition.
fn partition(descriptor: &[u8]) -> Option<(u16, u32, u32)> {
    let number = Reader::at(descriptor, 22).and_then(|mut reader| reader.u16_le()).ok()?;
    let (first, sectors) = extent(descriptor, 188).ok()?;
    Some((number, first, sectors))
}

/// Bytes of a block, where the file set is, and the maps of partitions.
fn logical_volume(descriptor: &[u8]) -> Result<(u64, Extent, Vec<Vec<u8>>), OutOfBounds> {
    let block = Reader::at(descriptor, 212)?.u32_le()?;
    let block = if matches!(block, 512 | 1024 | 2048 | 4096) { block } else { 2048 };
    let set = Address::read(&mut Reader::at(descriptor, 248)?)?;
    let count = Reader::at(descriptor, 268)?.u32_le()?;
    let mut reader = Reader::at(descriptor, 440)?;
    let mut maps = Vec::new();
    for _ in 0..count.min(MOST_PARTITIONS as u32) {
        let Ok(&[_, length]) = reader.peek(2).map(|head| head.first_chunk().unwrap_or(&[0; 2]))
        else {
            break;
        };
        match reader.bytes(u64::from(length).max(2)) {
            Ok(map) => maps.push(map.to_vec()),
            Err(_) => break,
        }
    }
    Ok((block.into(), set, maps))
}

/// The topmost folder, and that of the volume's own streams.
fn file_set(
    partitions: &Partitions<'_>,
    set: Extent,
    budget: &Budget,
) -> Result<Vec<Address>, Problem> {
    let descriptor = partitions.block(set.address, budget)?;
    if tag(&descriptor) != FILE_SET {
        return Err(Problem::new(Reason::Corrupted, "no descriptor of the file set"));
    }
    let extent = |at| Reader::at(&descriptor, at).and_then(|mut reader| Address::read(&mut reader));
    let cut = |_| Problem::new(Reason::Truncated, "the descriptor of the file set is cut off");
    let extents = [extent(464).map_err(cut)?, extent(400).map_err(cut)?];
    let extents = extents.into_iter().filter(|extent| extent.length > 0);
    Ok(extents.map(|extent| extent.address).collect())
}
