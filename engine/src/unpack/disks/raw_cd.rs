//! CDs sector by sector as a drive reads them (ECMA-130): 2,352 bytes each, of which 2,048 are data. So
//! are the `.bin` and `.img` files beside a `.cue` or `.ccd`.
//!
//! The mode of each sector counts. Sectors without the mark of data, such as music, count as zeros, and
//! error correction is not looked at.

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
    let sectors = Sectors { image: content.slice(offset, u64::MAX) };
    open_disk(Volume::mapped(Arc::new(sectors)), opening.budget)
}

struct Sectors<'a> {
    image: Content<'a>,
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
        let mode = Reader::at(&sector, MODE).and_then(|mut reader| reader.u8()).unwrap_or(0);
        let data = match mode {
            1 => 16,
            2 => 24,
            _ => return Ok(Piece::Zeros(left)),
        };
        if !sector.starts_with(MARK) {
            return Ok(Piece::Zeros(left));
        }
        Ok(Piece::Bytes(sector.slice(inside.saturating_add(data), left)))
    }
}
