//! VDI images, VirtualBox's own (as its header is publicly described): fixed and dynamic. Images that only
//! hold what differs from another are `unsupported`.

use std::sync::Arc;

use super::{Opened, open_disk};
use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::Opening;
use crate::unpack::volume::{Mapping, Piece, Volume};
use crate::verdict::{Problem, Reason};

/// Where the kind of image stands, the places of the table and of the blocks, and the sizes.
const KIND: u64 = 76;
const PLACES: u64 = 340;
const SIZES: u64 = 368;
/// Entries from here on have no block: nothing was written, or zeros were.
const NOT_THERE: u32 = u32::MAX - 1;

pub(in crate::unpack) fn open<'a>(
    content: Content<'a>,
    offset: u64,
    opening: &Opening<'_>,
) -> Opened<'a> {
    let image = content.slice(offset, u64::MAX);
    let cut = |_| Problem::new(Reason::Truncated, "the header is cut off");
    let kind = Reader::at(&image, KIND).and_then(|mut reader| reader.u32_le()).map_err(cut)?;
    match kind {
        1 | 2 => {}
        3 | 4 => {
            let detail = "only what differs from another image";
            return Err(Problem::new(Reason::Unsupported("vdi-differencing"), detail));
        }
        _ => return Err(Problem::new(Reason::Corrupted, "no known kind of disk")),
    }
    let blocks = Blocks::read(image).map_err(cut)?;
    if blocks.size == 0 || blocks.block == 0 {
        return Err(Problem::new(Reason::Corrupted, "a disk of no size"));
    }
    // Blocks of a few bytes would make of every look at the disk as many looks at the table.
    if !blocks.block.is_multiple_of(512) {
        return Err(Problem::new(Reason::Corrupted, "blocks that are no sectors"));
    }
    open_disk(Volume::mapped(Arc::new(blocks)), opening.budget)
}

/// A disk in blocks, each where the table says.
struct Blocks<'a> {
    image: Content<'a>,
    size: u64,
    table: u64,
    entries: u64,
    /// Where the first block is.
    data: u64,
    block: u64,
    /// What stands in front of the data of each block.
    extra: u64,
}

impl<'a> Blocks<'a> {
    fn read(image: Content<'a>) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::at(&image, PLACES)?;
        let (table, data) = (reader.u32_le()?.into(), reader.u32_le()?.into());
        let mut reader = Reader::at(&image, SIZES)?;
        let size = reader.u64_le()?;
        let mut number = || reader.u32_le().map(u64::from);
        let (block, extra, entries) = (number()?, number()?, number()?);
        Ok(Self { image, size, table, entries, data, block, extra })
    }
}

impl<'a> Mapping<'a> for Blocks<'a> {
    fn length(&self) -> u64 {
        self.size.min(self.entries.saturating_mul(self.block))
    }

    fn piece(&self, at: u64, _: &Budget) -> Result<Piece<'a>, Problem> {
        let number = at.checked_div(self.block).unwrap_or(0);
        let inside = at.checked_rem(self.block).unwrap_or(0);
        let left = self.block.saturating_sub(inside);
        let entry = self.table.saturating_add(number.saturating_mul(4));
        let cut = |_| Problem::new(Reason::Truncated, "the table of blocks is cut off");
        let index = Reader::at(&self.image, entry).and_then(|mut reader| reader.u32_le());
        let index = index.map_err(cut)?;
        if index >= NOT_THERE {
            return Ok(Piece::Zeros(left));
        }
        let whole = self.block.saturating_add(self.extra);
        let place = self.data.saturating_add(whole.saturating_mul(index.into()));
        let place = place.saturating_add(self.extra).saturating_add(inside);
        Ok(Piece::Bytes(self.image.slice(place, left)))
    }
}
