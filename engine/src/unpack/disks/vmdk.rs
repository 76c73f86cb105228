//! VMDK images (VMware's "Virtual Disk Format 1.1"): sparse ones, and those made for streams, whose
//! grains are zlib streams.
//!
//! `unsupported`: a description alone, whose disk is in other files; images that only hold what
//! differs from another; ESX's old kind (`COWD`).

use std::sync::Arc;

use super::{Opened, open_disk};
use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::Opening;
use crate::unpack::decoders::Inflate;
use crate::unpack::volume::{Mapping, Piece, Unpacked, Volume, unpack_whole};
use crate::verdict::{Problem, Reason};

const MAGIC: &[u8] = b"KDMV";
const SECTOR: u64 = 512;
const IS_PACKED: u32 = 1 << 16;
/// The footer's copy of the header stands so many bytes before the end.
const FOOTER: u64 = 1024;
/// The largest grain, in sectors.
const MOST: u64 = 1 << 14;
/// The most of a description that is looked at.
const DESCRIPTION: u64 = 64 << 10;

pub(in crate::unpack) fn open<'a>(
    content: Content<'a>,
    offset: u64,
    opening: &Opening<'_>,
) -> Opened<'a> {
    let image = content.slice(offset, u64::MAX);
    if !image.starts_with(MAGIC) {
        let detail = "its disk is in other files, or of ESX's old kind";
        return Err(Problem::new(Reason::Unsupported("vmdk-extent"), detail));
    }
    let cut = |_| Problem::new(Reason::Truncated, "the header is cut off");
    let mut header = Header::read(&image).map_err(cut)?;
    if has_parent(&image.slice(header.description, header.description_length.min(DESCRIPTION))) {
        let detail = "only what differs from another image";
        return Err(Problem::new(Reason::Unsupported("vmdk-differencing"), detail));
    }
    if header.directory == u64::MAX {
        let at = (image.len() as u64).saturating_sub(FOOTER);
        let footer = image.slice(at, FOOTER);
        if !footer.starts_with(MAGIC) {
            return Err(Problem::new(Reason::Truncated, "the footer is missing"));
        }
        header = Header::read(&footer).map_err(cut)?;
    }
    let grain = header.grain.clamp(1, MOST).saturating_mul(SECTOR);
    let grains = Grains { image, header, grain, unpacked: Unpacked::default() };
    open_disk(Volume::mapped(Arc::new(grains)), opening.budget)
}

fn has_parent(description: &[u8]) -> bool {
    let mut lines = description.split(|byte| matches!(byte, b'\n' | 0));
    lines.any(|line| {
        let parent = line.trim_ascii().strip_prefix(b"parentCID=");
        parent.is_some_and(|parent| !parent.trim_ascii().eq_ignore_ascii_case(b"ffffffff"))
    })
}

/// What a header says; sizes and places are in sectors.
struct Header {
    is_packed: bool,
    capacity: u64,
    grain: u64,
    /// The description, in bytes.
    description: u64,
    description_length: u64,
    per_table: u64,
    directory: u64,
}

impl Header {
    fn read(header: &[u8]) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::at(header, 8)?;
        let flags = reader.u32_le()?;
        let (capacity, grain) = (reader.u64_le()?, reader.u64_le()?);
        let (description, length) = (reader.u64_le()?, reader.u64_le()?);
        let per_table = u64::from(reader.u32_le()?).max(1);
        reader.skip(8)?;
        let directory = reader.u64_le()?;
        Ok(Self {
            is_packed: flags & IS_PACKED != 0,
            capacity,
            grain,
            description: description.saturating_mul(SECTOR),
            description_length: length.saturating_mul(SECTOR),
            per_table,
            directory,
        })
    }
}

/// A disk in grains, found through a directory of tables.
struct Grains<'a> {
    image: Content<'a>,
    header: Header,
    /// Bytes of a grain.
    grain: u64,
    unpacked: Unpacked<'a>,
}

impl<'a> Grains<'a> {
    /// The sector of a grain; 0 and 1 stand for zeros.
    fn sector(&self, number: u64) -> Result<u32, OutOfBounds> {
        let per_table = self.header.per_table;
        let row = number.checked_div(per_table).unwrap_or(0).saturating_mul(4);
        let directory = self.header.directory.saturating_mul(SECTOR);
        let table = Reader::at(&self.image, directory.saturating_add(row))?.u32_le()?;
        if table == 0 {
            return Ok(0);
        }
        let row = number.checked_rem(per_table).unwrap_or(0).saturating_mul(4);
        let table = u64::from(table).saturating_mul(SECTOR);
        Reader::at(&self.image, table.saturating_add(row))?.u32_le()
    }

    /// Unpacks the grain behind its marker.
    fn unpack(&self, place: u64, budget: &Budget) -> Result<Content<'a>, Problem> {
        let cut = |_| Problem::new(Reason::Truncated, "a grain is cut off");
        let mut reader = Reader::at(&self.image, place.saturating_add(8)).map_err(cut)?;
        let length = reader.u32_le().map_err(cut)?;
        // What the zlib header says, deflate does not need.
        reader.skip(2).map_err(cut)?;
        let packed = reader.bytes(u64::from(length).saturating_sub(2)).map_err(cut)?;
        unpack_whole(Inflate::new(packed), self.grain, u64::from(length), budget)
    }
}

impl<'a> Mapping<'a> for Grains<'a> {
    fn length(&self) -> u64 {
        self.header.capacity.saturating_mul(SECTOR)
    }

    fn piece(&self, at: u64, budget: &Budget) -> Result<Piece<'a>, Problem> {
        let number = at.checked_div(self.grain).unwrap_or(0);
        let inside = at.checked_rem(self.grain).unwrap_or(0);
        let left = self.grain.saturating_sub(inside);
        let cut = |_| Problem::new(Reason::Truncated, "the tables of grains are cut off");
        let place = match self.sector(number).map_err(cut)? {
            0 | 1 => return Ok(Piece::Zeros(left)),
            sector => u64::from(sector).saturating_mul(SECTOR),
        };
        if !self.header.is_packed {
            return Ok(Piece::Bytes(self.image.slice(place.saturating_add(inside), left)));
        }
        let grain = self.unpacked.block(number, || self.unpack(place, budget))?;
        Ok(Piece::Bytes(grain.slice(inside, left)))
    }
}
