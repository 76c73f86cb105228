//! VHDX images (MS-VHDX 8.0), fixed and dynamic. A log that was not written back is not replayed. Images
//! that only hold what differs from another are `unsupported`.

use std::sync::Arc;

use super::{Opened, open_disk};
use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::Opening;
use crate::unpack::volume::{Mapping, Piece, Volume};
use crate::verdict::{Problem, Reason};

/// The two tables of regions.
const REGIONS: [u64; 2] = [192 << 10, 256 << 10];
/// Lines of a table that are read.
const MOST: u32 = 2048;
const MIB: u64 = 1 << 20;
const HAS_PARENT: u32 = 2;

const BLOCKS: [u8; 16] = guid(0x2dc2_7766, 0xf623, 0x4200, 0x9d64_115e_9bfd_4a08);
const METADATA: [u8; 16] = guid(0x8b7c_a206, 0x4790, 0x4b9a, 0xb8fe_575f_050f_886e);
const PARAMETERS: [u8; 16] = guid(0xcaa1_6737, 0xfa36, 0x4d43, 0xb3b6_33f0_aa44_e76b);
const SIZE: [u8; 16] = guid(0x2fa5_4224, 0xcd1b, 0x4876, 0xb211_5dbe_d83b_f4b8);
const SECTOR: [u8; 16] = guid(0x8141_bf1d, 0xa96f, 0x4709, 0xba47_f233_a8fa_ab5f);

/// The bytes of a GUID: the first three numbers little-endian, the rest as written.
const fn guid(first: u32, second: u16, third: u16, rest: u64) -> [u8; 16] {
    let ([a, b, c, d], [e, f], [g, h]) =
        (first.to_le_bytes(), second.to_le_bytes(), third.to_le_bytes());
    let [i, j, k, l, m, n, o, p] = rest.to_be_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

pub(in crate::unpack) fn open<'a>(
    content: Content<'a>,
    offset: u64,
    opening: &Opening<'_>,
) -> Opened<'a> {
    let image = content.slice(offset, u64::MAX);
    let cut = |_| Problem::new(Reason::Truncated, "the tables are cut off");
    let regions = REGIONS
        .into_iter()
        .find(|at| Reader::at(&image, *at).is_ok_and(|reader| reader.rest().starts_with(b"regi")));
    let lost = |what: &str| Problem::new(Reason::Corrupted, format!("no {what}"));
    let regions = regions.ok_or_else(|| lost("table of regions"))?;
    let find = |kind| region(&image, regions, kind).map_err(cut);
    let table = find(BLOCKS)?.ok_or_else(|| lost("table of blocks"))?;
    let metadata = find(METADATA)?.ok_or_else(|| lost("metadata"))?;
    let item = |kind| {
        let place = item(&image, metadata, kind).map_err(cut)?;
        let place = place.ok_or_else(|| lost("such metadata"))?;
        Reader::at(&image, place).map_err(cut)
    };
    let mut parameters = item(PARAMETERS)?;
    let (block, flags) = (parameters.u32_le().map_err(cut)?, parameters.u32_le().map_err(cut)?);
    if flags & HAS_PARENT != 0 {
        let detail = "only what differs from another image";
        return Err(Problem::new(Reason::Unsupported("vhdx-differencing"), detail));
    }
    let size = item(SIZE)?.u64_le().map_err(cut)?;
    let sector = item(SECTOR)?.u32_le().map_err(cut)?;
    let block = u64::from(block).clamp(MIB, 256 * MIB);
    let bits = u64::from(sector).saturating_mul(1 << 23);
    let ratio = bits.checked_div(block).unwrap_or(0).max(1);
    let blocks = Blocks { image: image.clone(), size, table, block, ratio };
    open_disk(Volume::mapped(Arc::new(blocks)), opening.budget)
}

/// The place of a region.
fn region(image: &[u8], table: u64, kind: [u8; 16]) -> Result<Option<u64>, OutOfBounds> {
    let mut reader = Reader::at(image, table.saturating_add(8))?;
    let count = reader.u32_le()?;
    reader.skip(4)?;
    for _ in 0..count.min(MOST) {
        let found = reader.array::<16>()?;
        let place = reader.u64_le()?;
        reader.skip(8)?;
        if found == kind {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// The place of an item of the metadata.
fn item(image: &[u8], metadata: u64, kind: [u8; 16]) -> Result<Option<u64>, OutOfBounds> {
    let mut reader = Reader::at(image, metadata.saturating_add(10))?;
    let count = reader.u16_le()?;
    reader.skip(20)?;
    for _ in 0..u32::from(count).min(MOST) {
        let found = reader.array::<16>()?;
        let place = reader.u32_le()?;
        reader.skip(12)?;
        if found == kind {
            return Ok(Some(metadata.saturating_add(place.into())));
        }
    }
    Ok(None)
}

/// A disk in blocks, each where the table says.
struct Blocks<'a> {
    image: Content<'a>,
    size: u64,
    table: u64,
    block: u64,
    /// Behind so many blocks, the table has a line that is not about a block.
    ratio: u64,
}

impl<'a> Mapping<'a> for Blocks<'a> {
    fn length(&self) -> u64 {
        self.size
    }

    fn piece(&self, at: u64, _: &Budget) -> Result<Piece<'a>, Problem> {
        let number = at.checked_div(self.block).unwrap_or(0);
        let inside = at.checked_rem(self.block).unwrap_or(0);
        let left = self.block.saturating_sub(inside);
        let line = number.saturating_add(number.checked_div(self.ratio).unwrap_or(0));
        let place = self.table.saturating_add(line.saturating_mul(8));
        let entry = Reader::at(&self.image, place).and_then(|mut reader| reader.u64_le());
        let cut = |_| Problem::new(Reason::Truncated, "the table of blocks is cut off");
        let entry = entry.map_err(cut)?;
        Ok(match entry & 7 {
            6 | 7 => {
                let place = (entry & !0xf_ffff).saturating_add(inside);
                Piece::Bytes(self.image.slice(place, left))
            }
            _ => Piece::Zeros(left),
        })
    }
}
