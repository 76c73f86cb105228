//! VHD images (Microsoft's "Virtual Hard Disk Image Format Specification" 1.0): fixed and dynamic.
//!
//! The footer at the end counts; a dynamic image has a copy of it at its beginning. Images that only
//! hold what differs from another are `unsupported`.

use std::sync::Arc;

use super::{Opened, open_disk};
use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::Opening;
use crate::unpack::volume::{Mapping, Piece, Volume};
use crate::verdict::{Problem, Reason};

const COOKIE: &[u8] = b"conectix";
const FOOTER: u64 = 512;
const SECTOR: u64 = 512;
const NOT_THERE: u32 = u32::MAX;

pub(in crate::unpack) fn open<'a>(
    content: Content<'a>,
    offset: u64,
    opening: &Opening<'_>,
) -> Opened<'a> {
    let image = content.slice(offset, u64::MAX);
    let length = image.len() as u64;
    // Old footers are a byte shorter.
    let at_end = [FOOTER, FOOTER - 1].map(|before| length.checked_sub(before));
    let places = at_end.into_iter().chain([Some(0)]).flatten();
    let footer = places.map(|at| (at, image.slice(at, FOOTER)));
    let found = footer.into_iter().find(|(_, footer)| footer.starts_with(COOKIE));
    let Some((at, footer)) = found else {
        return Err(Problem::new(Reason::Truncated, "the footer is missing"));
    };
    let cut = |_| Problem::new(Reason::Truncated, "the header of the dynamic disk is cut off");
    let volume = match Reader::at(&footer, 60).and_then(|mut reader| reader.u32_be()) {
        Ok(2) if at > 0 => Volume::of(image.slice(0, at)),
        Ok(2) => Volume::of(image.slice(FOOTER, u64::MAX)),
        Ok(3) => Volume::mapped(Arc::new(Dynamic::read(image, &footer).map_err(cut)?)),
        Ok(4) => {
            let detail = "only what differs from another image";
            return Err(Problem::new(Reason::Unsupported("vhd-differencing"), detail));
        }
        _ => return Err(Problem::new(Reason::Corrupted, "no known kind of disk")),
    };
    open_disk(volume, opening.budget)
}

/// A disk in blocks, each where the table says, behind a map of its sectors.
struct Dynamic<'a> {
    image: Content<'a>,
    size: u64,
    table: u64,
    entries: u64,
    block: u64,
    /// The map before the data of each block.
    map: u64,
}

impl<'a> Dynamic<'a> {
    fn read(image: Content<'a>, footer: &[u8]) -> Result<Self, OutOfBounds> {
        let header = Reader::at(footer, 16)?.u64_be()?;
        let size = Reader::at(footer, 48)?.u64_be()?;
        let mut reader = Reader::at(&image, header.saturating_add(16))?;
        let table = reader.u64_be()?;
        reader.skip(4)?;
        let (entries, block) = (reader.u32_be()?.into(), u64::from(reader.u32_be()?));
        let block = block.clamp(SECTOR, 1 << 31);
        let map = block.div_ceil(SECTOR * 8).next_multiple_of(SECTOR);
        Ok(Self { image, size, table, entries, block, map })
    }
}

impl<'a> Mapping<'a> for Dynamic<'a> {
    fn length(&self) -> u64 {
        self.size.min(self.entries.saturating_mul(self.block))
    }

    fn piece(&self, at: u64, _: &Budget) -> Result<Piece<'a>, Problem> {
        let number = at.checked_div(self.block).unwrap_or(0);
        let inside = at.checked_rem(self.block).unwrap_or(0);
        let left = self.block.saturating_sub(inside);
        let entry = self.table.saturating_add(number.saturating_mul(4));
        let cut = |_| Problem::new(Reason::Truncated, "the table of blocks is cut off");
        let sector = Reader::at(&self.image, entry).and_then(|mut reader| reader.u32_be());
        let sector = sector.map_err(cut)?;
        if sector == NOT_THERE {
            return Ok(Piece::Zeros(left));
        }
        let place = u64::from(sector).saturating_mul(SECTOR).saturating_add(self.map);
        Ok(Piece::Bytes(self.image.slice(place.saturating_add(inside), left)))
    }
}
