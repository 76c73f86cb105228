//! The blocks of Inno Setup's own data: a checksum, a length, whether they are packed, and pieces of
//! 4 KiB behind a checksum each, which together are stored or LZMA.
//!
//! Between the mark and the first block later versions put what encryption needs; so the block is looked
//! for, and its checksum tells it.

use std::io::{self, Read};

use lzma_rust2::LzmaReader;

use super::chunks::{BASE, Charged};
use crate::identify::crc32;
use crate::input::Content;
use crate::limits::Budget;
use crate::reader::Reader;
use crate::unpack::decoders;
use crate::verdict::Problem;

/// How far the first block may be.
const NEAR: u64 = 128;
const PIECE: u64 = 4096;

/// One block.
pub(super) struct Block {
    pub(super) start: u64,
    pub(super) end: u64,
    is_packed: bool,
}

/// The first block at a place or not far behind it.
pub(super) fn find(content: &[u8], place: u64) -> Option<Block> {
    (place..place.saturating_add(NEAR)).find_map(|place| at(content, place))
}

/// A block, if its header has its checksum: with lengths of four bytes, or of eight.
fn at(content: &[u8], place: u64) -> Option<Block> {
    let mut reader = Reader::at(content, place).ok()?;
    let sum = reader.u32_le().ok()?;
    [4_u64, 8].into_iter().find_map(|width| {
        let fields = reader.peek(width.saturating_add(1)).ok()?;
        let (flag, length) = fields.split_last()?;
        let length =
            length.iter().rev().fold(0, |number: u64, &byte| number << 8 | u64::from(byte));
        let is_sound = crc32(fields) == sum && length > 0 && *flag <= 1;
        let start = place.saturating_add(width).saturating_add(5);
        let end = start.saturating_add(length);
        (is_sound && end <= content.len() as u64).then_some(Block {
            start,
            end,
            is_packed: *flag != 0,
        })
    })
}

/// What a block holds.
pub(super) fn reader<'a>(
    content: &Content<'a>,
    block: &Block,
    budget: &Budget,
) -> Result<Box<dyn Read + 'a>, Problem> {
    let data = content.slice(block.start, block.end.saturating_sub(block.start));
    let mut pieces = Pieces { data, at: 0, left: 0 };
    if !block.is_packed {
        return Ok(Box::new(pieces));
    }
    let mut properties = [0; 5];
    pieces.read_exact(&mut properties).map_err(|error| decoders::problem(&error))?;
    let [first, dictionary @ ..] = properties;
    let dictionary = u32::from_le_bytes(dictionary);
    let grant = budget.hold(u64::from(dictionary).saturating_add(BASE))?;
    let reader = LzmaReader::new_with_props(pieces, u64::MAX, first, dictionary, None);
    let reader = reader.map_err(|error| decoders::problem(&error))?;
    Ok(Box::new(Charged::new(reader, grant)))
}

/// The pieces of a block behind each other.
struct Pieces<'a> {
    data: Content<'a>,
    at: u64,
    /// Bytes that are left of the piece that is being read.
    left: u64,
}

impl Pieces<'_> {
    /// Goes to the next piece and compares its checksum; `false` behind the last.
    fn advance(&mut self) -> io::Result<bool> {
        let cut = |_| io::Error::new(io::ErrorKind::UnexpectedEof, "a block is cut off");
        let mut reader = Reader::at(&self.data, self.at).map_err(cut)?;
        if reader.is_empty() {
            return Ok(false);
        }
        let sum = reader.u32_le().map_err(cut)?;
        let length = PIECE.min(reader.remaining() as u64);
        self.at = reader.position() as u64;
        self.left = length;
        match crc32(reader.bytes(length).map_err(cut)?) == sum {
            true => Ok(true),
            false => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "a checksum of a block is wrong"))
            }
        }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !self.advance()? {
            return Ok(0);
        }
        let piece = self.data.slice(self.at, self.left);
        let count = (&*piece).read(into)?;
        self.at = self.at.saturating_add(count as u64);
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}
