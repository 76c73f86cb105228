//! zisofs, version 1: a file in blocks, each a zlib stream (RFC 1950) or nothing for zeros.

use std::io::{self, Read};

use crate::input::Content;
use crate::limits::{Budget, Grant, Stop};
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::decoders::{Blockwise, ByBlock, Inflate, cut_off};

const MAGIC: &[u8] = b"\x37\xe4\x53\x96\xc9\xdb\xd6\x07";

/// Unpacks one file.
pub(super) struct Zisofs<'a> {
    packed: Content<'a>,
    /// Where the places of the blocks stand.
    table: u64,
    block: u64,
    left: u64,
    _grant: Grant,
}

impl<'a> Zisofs<'a> {
    /// Whether a file is packed: its magic number, and fields that a header can have.
    pub(super) fn is_one(file: &[u8]) -> bool {
        file.starts_with(MAGIC) && header(file).is_ok_and(|header| header.is_some())
    }

    pub(super) fn reader(packed: Content<'a>, budget: &Budget) -> Result<Blockwise<Self>, Stop> {
        let (left, table, block) = header(&packed).ok().flatten().unwrap_or_default();
        let _grant = budget.hold(block)?;
        Ok(Blockwise::new(Self { packed, table, block, left, _grant }))
    }
}

impl ByBlock for Zisofs<'_> {
    fn next_block(&mut self, unpacked: &mut Vec<u8>) -> io::Result<bool> {
        if self.left == 0 {
            return Ok(false);
        }
        let size = self.left.min(self.block);
        let mut places = Reader::at(&self.packed, self.table).map_err(cut)?;
        let (start, end) = (places.u32_le().map_err(cut)?, places.u32_le().map_err(cut)?);
        self.table = self.table.saturating_add(4);
        let length = end.checked_sub(start).ok_or_else(broken)?;
        let mut block = Reader::at(&self.packed, start.into()).map_err(cut)?;
        if u64::from(length) > self.block.saturating_mul(2) {
            return Err(broken());
        }
        let stream = block.bytes(length.into()).map_err(cut)?;
        if stream.is_empty() {
            io::repeat(0).take(size).read_to_end(unpacked)?;
        } else {
            let stream = stream.get(2..).ok_or_else(broken)?;
            io::copy(&mut Inflate::new(stream).take(size), unpacked)?;
        }
        if (unpacked.len() as u64) < size {
            return Err(cut_off());
        }
        self.left = self.left.saturating_sub(size);
        Ok(true)
    }
}

/// Size of the file, place of the table, bytes of a block; `None` where it cannot be one.
fn header(file: &[u8]) -> Result<Option<(u64, u64, u64)>, OutOfBounds> {
    let mut reader = Reader::at(file, MAGIC.len() as u64)?;
    let (size, header, log) = (reader.u32_le()?, reader.u8()?, reader.u8()?);
    let table = u64::from(header).saturating_mul(4);
    Ok(matches!(log, 15..=17).then(|| (size.into(), table, 1 << log)))
}

fn cut(_: OutOfBounds) -> io::Error {
    cut_off()
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "zisofs: a broken block")
}
