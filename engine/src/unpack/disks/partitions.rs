//! Tables of partitions: MBR with logical partitions (their chain is followed once through), GPT (UEFI
//! 2.10, 5.3; its backup where the first is broken), Apple's partition map.
//!
//! A partition that begins at 0 is the disk itself, as in images that are disk and disc at once, and is
//! not handed out. What reaches beyond the end is cut off and said to be.

use std::collections::VecDeque;

use super::Part;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::Notes;
use crate::unpack::volume::Volume;
use crate::verdict::Problem;

const SECTOR: u64 = 512;
/// Where the code that boots ends.
const CODE: u64 = 446;
/// Partitions that are read of one table.
const MOST: u32 = 1024;
const GPT_MAGIC: &[u8] = b"EFI PART";
/// The type of the partition that stands for all of GPT's.
const PROTECTIVE: u8 = 0xee;
const EXTENDED: [u8; 3] = [0x05, 0x0f, 0x85];

/// The parts of a disk in the order of their places, with what lies between them.
pub(super) fn read(
    volume: &Volume<'_>,
    notes: &mut Notes,
    budget: &Budget,
) -> Result<VecDeque<Part>, Problem> {
    let mut table = Table { parts: Vec::new(), covered: SECTOR };
    table.read_gpt(volume, notes, budget)?;
    table.read_apple(volume, budget)?;
    table.read_mbr(volume, notes, budget)?;
    table.parts.retain(|part| part.length > 0);
    table.parts.sort_by(|one, other| (one.at, other.length).cmp(&(other.at, one.length)));
    table.parts.dedup_by(|one, other| (one.at, one.length) == (other.at, other.length));
    Ok(table.with_gaps(volume.len()))
}

struct Table {
    parts: Vec<Part>,
    /// Where the tables at the beginning end.
    covered: u64,
}

/// One line of a boot record.
#[derive(Clone, Copy, Debug)]
struct Line {
    kind: u8,
    first: u64,
    sectors: u64,
}

impl Table {
    fn add(&mut self, name: impl Into<Vec<u8>>, at: u64, length: u64) {
        self.parts.push(Part { name: name.into(), at, length, is_gap: false });
    }

    fn read_mbr(
        &mut self,
        volume: &Volume<'_>,
        notes: &mut Notes,
        budget: &Budget,
    ) -> Result<(), Problem> {
        let Some(lines) = lines_at(volume, 0, budget)? else { return Ok(()) };
        for (number, line) in (1_u32..).zip(lines) {
            if EXTENDED.contains(&line.kind) {
                self.read_logical(line.first, volume, notes, budget)?;
            } else if line.kind != 0 && line.kind != PROTECTIVE {
                let name = format!("partition {number}");
                let (at, length) = (bytes(line.first), bytes(line.sectors));
                if self.parts.iter().all(|part| part.at != at) {
                    self.add(name, at, length);
                }
            }
        }
        Ok(())
    }

    /// Follows the chain of an extended partition: each record has a partition, and where the next
    /// record is. It only goes on, so that it ends.
    fn read_logical(
        &mut self,
        first: u64,
        volume: &Volume<'_>,
        notes: &mut Notes,
        budget: &Budget,
    ) -> Result<(), Problem> {
        let (mut at, mut number) = (first, 5_u32);
        while number < MOST {
            budget.check()?;
            let Some(lines) = lines_at(volume, bytes(at), budget)? else {
                notes.corrupted(format!("no record of a logical partition in sector {at}"));
                break;
            };
            let mut next = None;
            for line in lines.into_iter().filter(|line| line.kind != 0) {
                if EXTENDED.contains(&line.kind) {
                    next = Some(first.saturating_add(line.first));
                } else {
                    let place = at.saturating_add(line.first);
                    self.add(format!("partition {number}"), bytes(place), bytes(line.sectors));
                    number = number.saturating_add(1);
                }
            }
            match next {
                Some(next) if next > at => at = next,
                Some(_) => {
                    notes.corrupted("the chain of logical partitions leads back");
                    break;
                }
                None => break,
            }
        }
        Ok(())
    }

    fn read_gpt(
        &mut self,
        volume: &Volume<'_>,
        notes: &mut Notes,
        budget: &Budget,
    ) -> Result<(), Problem> {
        for sector in [SECTOR, 4096] {
            let last = volume.len().saturating_sub(sector);
            for place in [sector, last] {
                let header = volume.get(place, SECTOR, budget)?;
                if !header.starts_with(GPT_MAGIC) {
                    continue;
                }
                match self.read_gpt_entries(&header, sector, volume, budget)? {
                    Ok(()) if !self.parts.is_empty() => return Ok(()),
                    Ok(()) => {}
                    Err(_) => notes.truncated("the table of partitions is cut off"),
                }
            }
        }
        Ok(())
    }

    fn read_gpt_entries(
        &mut self,
        header: &[u8],
        sector: u64,
        volume: &Volume<'_>,
        budget: &Budget,
    ) -> Result<Result<(), OutOfBounds>, Problem> {
        let fields = || {
            let mut reader = Reader::at(header, 72)?;
            Ok::<_, OutOfBounds>((reader.u64_le()?, reader.u32_le()?, reader.u32_le()?))
        };
        let (at, count, size) = match fields() {
            Ok(fields) => fields,
            Err(error) => return Ok(Err(error)),
        };
        let (at, size) = (at.saturating_mul(sector), u64::from(size).clamp(128, 4096));
        let length = size.saturating_mul(count.min(MOST).into());
        let entries = volume.get(at, length, budget)?;
        if at < volume.len() / 2 {
            self.covered = self.covered.max(at.saturating_add(length));
        }
        for number in 0..count.min(MOST) {
            let place = size.saturating_mul(number.into());
            if let Err(error) = self.read_gpt_entry(&entries, place, number, sector) {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }

    fn read_gpt_entry(
        &mut self,
        entries: &[u8],
        place: u64,
        number: u32,
        sector: u64,
    ) -> Result<(), OutOfBounds> {
        let mut reader = Reader::at(entries, place)?;
        let kind = reader.array::<16>()?;
        reader.skip(16)?;
        let (first, last) = (reader.u64_le()?, reader.u64_le()?);
        if kind != [0; 16] && last >= first {
            let sectors = last.saturating_sub(first).saturating_add(1);
            let name = format!("partition {}", number.saturating_add(1));
            self.add(name, first.saturating_mul(sector), sectors.saturating_mul(sector));
        }
        Ok(())
    }

    fn read_apple(&mut self, volume: &Volume<'_>, budget: &Budget) -> Result<(), Problem> {
        let first = volume.get(0, SECTOR, budget)?;
        let [b'E', b'R', high, low] = first.first_chunk().copied().unwrap_or([0; 4]) else {
            return Ok(());
        };
        let told = u64::from(u16::from_be_bytes([high, low]));
        let block = if matches!(told, 512 | 1024 | 2048 | 4096) { told } else { SECTOR };
        let mut count = 1;
        let mut number = 1;
        while number <= count && number < MOST {
            let place = block.saturating_mul(number.into());
            let line = volume.get(place, SECTOR, budget)?;
            let Some((entries, first, blocks, is_map)) = apple_line(&line) else { break };
            count = entries;
            let (at, length) = (first.saturating_mul(block), blocks.saturating_mul(block));
            if is_map {
                self.covered = self.covered.max(at.saturating_add(length));
            } else {
                self.add(format!("partition {number}"), at, length);
            }
            number = number.saturating_add(1);
        }
        Ok(())
    }

    /// The parts, each gap between them in its place, and the code that boots before all.
    fn with_gaps(self, length: u64) -> VecDeque<Part> {
        let gap = |name: &[u8], at, end: u64| {
            let length = end.saturating_sub(at);
            let name = name.to_vec();
            (length > 0).then_some(Part { name, at, length, is_gap: true })
        };
        let mut all: VecDeque<Part> = gap(b"boot code", 0, CODE.min(length)).into_iter().collect();
        let mut reached = self.covered;
        for part in self.parts {
            let name = format!("between partitions at {reached}");
            all.extend(gap(name.as_bytes(), reached, part.at.min(length)));
            reached = reached.max(part.at.saturating_add(part.length));
            if part.at > 0 {
                all.push_back(part);
            }
        }
        all.extend(gap(format!("behind partitions at {reached}").as_bytes(), reached, length));
        all
    }
}

fn bytes(sectors: u64) -> u64 {
    sectors.saturating_mul(SECTOR)
}

/// The four lines of the boot record at a place; `None` where none is.
fn lines_at(volume: &Volume<'_>, at: u64, budget: &Budget) -> Result<Option<Vec<Line>>, Problem> {
    let record = volume.get(at, SECTOR, budget)?;
    if !record.ends_with(b"\x55\xaa") || record.len() as u64 != SECTOR {
        return Ok(None);
    }
    let (lines, _) = record.get(446..510).unwrap_or_default().as_chunks::<16>();
    let line = |line: &[u8; 16]| {
        let [_, _, _, _, kind, _, _, _, a, b, c, d, e, f, g, h] = *line;
        let (first, sectors) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        Line { kind, first: first.into(), sectors: sectors.into() }
    };
    Ok(Some(lines.iter().map(line).collect()))
}

/// Lines of the map, first block and blocks of the partition, and whether it is the map itself.
fn apple_line(line: &[u8]) -> Option<(u32, u64, u64, bool)> {
    let mut reader = Reader::new(line);
    let is_line = reader.array::<2>().ok()? == *b"PM";
    reader.skip(2).ok()?;
    let (count, first, blocks) =
        (reader.u32_be().ok()?, reader.u32_be().ok()?, reader.u32_be().ok()?);
    reader.skip(32).ok()?;
    let is_map = reader.rest().starts_with(b"Apple_partition_map\0");
    is_line.then_some((count, first.into(), blocks.into(), is_map))
}
