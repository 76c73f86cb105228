//! CDs sector by sector as a drive reads them (ECMA-130): 2,352 bytes each, of which 2,048 are data. So
//! are the `.bin` and `.img` files beside a `.cue` or `.ccd`.
//!
//! The mode of each sector counts. Those without the mark of data, such as music, are taken like the first
//! sector: a program that stands in for a drive goes by the list beside the image and asks for no marks, so
//! that a file could be kept in sectors without them. Error correction is not looked at.

use std::sync::Arc;

use super::{Opened, open_disk};
use crate::input::Content;
use crate::limits::Budget;
use crate::reader::Reader;
use crate::unpack::Opening;
use crate::unpack::volume::{Mapping, Piece, Volume};
use crate::verdict::Problem;

const SECTOR: u64 = 2352;
const DATA: u64 = 2048;
const MARK: &[u8] = b"\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0";
/// Where the mode of a sector stands.
const MODE: u64 = 15;

pub(in crate::unpack) fn open<'a>(
    content: Content<'a>,
    offset: u64,
    opening: &Opening<'_>,
) -> Opened<'a> {
    let image = content.slice(offset, u64::MAX);
    let first = data_of(&image).unwrap_or(16);
    let sectors = Sectors { image, first };
    open_disk(Volume::mapped(Arc::new(sectors)), opening.budget)
}

struct Sectors<'a> {
    image: Content<'a>,
    /// Where the data of the first sector begin in it.
    first: u64,
}

/// Where the data of a sector begin in it; `None` where it does not say so.
fn data_of(sector: &[u8]) -> Option<u64> {
    let mode = Reader::at(sector, MODE).ok()?.u8().ok()?;
    match mode {
        1 if sector.starts_with(MARK) => Some(16),
        2 if sector.starts_with(MARK) => Some(24),
        _ => None,
    }
}

impl<'a> Mapping<'a> for Sectors<'a> {
    fn length(&self) -> u64 {
        (self.image.len() as u64).div_ceil(SECTOR).saturating_mul(DATA)
    }

    fn piece(&self, at: u64, _: &Budget) -> Result<Piece<'a>, Problem> {
        let (number, inside) = (at / DATA, at % DATA);
        let left = DATA.saturating_sub(inside);
        let place = number.saturating_mul(SECTOR);
        let sector = self.image.slice(place, SECTOR);
        if sector.is_empty() {
            return Ok(Piece::Bytes(sector));
        }
        let data = data_of(&sector).unwrap_or(self.first);
        Ok(Piece::Bytes(sector.slice(inside.saturating_add(data), left)))
    }
}
