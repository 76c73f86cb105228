//! LZNT1, by which the file system packs files (MS-XCA 2.5): some clusters at a time, which end with a
//! hole where they were packed, and are a hole where they are zeros.

use std::io::{self, Read};

use super::record::Sizes;
use super::streams::Pieces;
use crate::limits::{Budget, Grant, Stop};
use crate::reader::Reader;
use crate::unpack::decoders;
use crate::unpack::volume::Volume;

/// The largest unit; Windows packs 64 KiB at a time.
const UNIT: u64 = 1 << 20;
/// What a chunk unpacks to.
const CHUNK: usize = 4096;

/// Reads a packed stream, unit by unit.
pub(super) struct Units<'a> {
    volume: Volume<'a>,
    pieces: Pieces,
    unit: u64,
    sizes: Sizes,
    /// The next unit's place in the stream.
    at: u64,
    unpacked: Vec<u8>,
    /// What was read of it.
    read: usize,
    failure: Option<io::Error>,
    budget: Budget,
    _grant: Grant,
}

impl<'a> Units<'a> {
    /// `None`: units of a size that does not occur.
    pub(super) fn new(
        volume: Volume<'a>,
        pieces: Pieces,
        unit: u64,
        sizes: Sizes,
        budget: &Budget,
    ) -> Result<Option<Self>, Stop> {
        if !(CHUNK as u64..=UNIT).contains(&unit) || sizes.unit == 0 {
            return Ok(None);
        }
        // Packed and unpacked.
        let grant = budget.hold(unit.saturating_mul(2))?;
        let budget = budget.clone();
        Ok(Some(Self {
            volume,
            pieces,
            unit,
            sizes,
            at: 0,
            unpacked: Vec::new(),
            read: 0,
            failure: None,
            budget,
            _grant: grant,
        }))
    }

    /// Unpacks the next unit; `false` behind the last.
    fn next_unit(&mut self) -> io::Result<bool> {
        if self.at >= self.sizes.size {
            return Ok(false);
        }
        let stop = |stop: Stop| io::Error::other(stop);
        self.budget.check().map_err(stop)?;
        let at = self.at;
        let left = self.sizes.size.saturating_sub(at).min(self.unit);
        self.at = at.saturating_add(self.unit);
        self.read = 0;
        self.unpacked.clear();
        let stored = self.stored(at);
        let size = usize::try_from(left).unwrap_or(usize::MAX);
        if stored > 0 && at < self.sizes.written {
            let runs = self.pieces.runs(at, stored, u64::MAX, &self.budget).map_err(stop)?;
            let mut reader = self.volume.file_reader(runs, stored, &self.budget);
            let mut bytes = Vec::new();
            let end = reader.read_to_end(&mut bytes);
            self.failure = if stored >= self.unit {
                self.unpacked = bytes;
                end.err()
            } else {
                let unpacked = unpack(&bytes, size, &mut self.unpacked);
                end.err().or(unpacked.err())
            };
        }
        let written = self.sizes.written.saturating_sub(at).min(self.unpacked.len() as u64);
        self.unpacked.truncate(usize::try_from(written).unwrap_or(usize::MAX));
        if self.failure.is_none() {
            self.unpacked.resize(size, 0);
        }
        Ok(true)
    }

    /// Bytes of a unit in front of its hole.
    fn stored(&self, at: u64) -> u64 {
        let mut stored = 0_u64;
        while stored < self.unit {
            match self.pieces.at(at.saturating_add(stored)) {
                (Some(_), row) if row > 0 => stored = stored.saturating_add(row),
                _ => break,
            }
        }
        stored.min(self.unit)
    }
}

impl Read for Units<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.read >= self.unpacked.len() {
            if let Some(failure) = self.failure.take() {
                self.at = u64::MAX;
                return Err(failure);
            }
            if !self.next_unit()? {
                return Ok(0);
            }
        }
        let count = self.unpacked.get(self.read..).unwrap_or_default().read(into)?;
        self.read = self.read.saturating_add(count);
        Ok(count)
    }
}

/// Unpacks the chunks of a unit, up to `size` bytes.
fn unpack(packed: &[u8], size: usize, into: &mut Vec<u8>) -> io::Result<()> {
    let mut reader = Reader::new(packed);
    while into.len() < size {
        let head = match reader.u16_le() {
            Ok(0) | Err(_) => return Ok(()),
            Ok(head) => head,
        };
        let length = u64::from(head & 0xfff).saturating_add(1);
        let chunk = reader.bytes(length).map_err(|_| decoders::cut_off())?;
        let start = into.len();
        if head & 0x8000 == 0 {
            into.extend_from_slice(chunk);
        } else {
            unpack_chunk(Reader::new(chunk), start, into)?;
        }
        // A chunk that ends early is filled up where another one follows.
        let end = start.saturating_add(CHUNK);
        if into.len() < end && reader.peek(2).is_ok_and(|next| next != [0, 0]) {
            into.resize(end, 0);
        }
    }
    into.truncate(size);
    Ok(())
}

/// Unpacks one chunk: eight items behind each byte of flags.
fn unpack_chunk(mut chunk: Reader<'_>, start: usize, into: &mut Vec<u8>) -> io::Result<()> {
    let end = start.saturating_add(CHUNK);
    while let Ok(flags) = chunk.u8() {
        for bit in 0..8 {
            if chunk.is_empty() || into.len() >= end {
                break;
            }
            if flags >> bit & 1 == 0 {
                into.extend(chunk.u8().ok());
                continue;
            }
            let pair = chunk.u16_le().map_err(|_| decoders::cut_off())?;
            copy(pair, start, end, into)?;
        }
    }
    Ok(())
}

/// Copies what came before: the farther into the chunk, the more bits say from where.
fn copy(pair: u16, start: usize, end: usize, into: &mut Vec<u8>) -> io::Result<()> {
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "a copy from before its chunk");
    let reached = into.len().saturating_sub(start);
    let last = reached.checked_sub(1).ok_or_else(broken)?;
    let bits = usize::BITS.saturating_sub(last.leading_zeros()).clamp(4, 12);
    let length_bits = 16_u32.saturating_sub(bits);
    let distance = usize::from(pair.checked_shr(length_bits).unwrap_or(0)).saturating_add(1);
    let mask = 1_u16.checked_shl(length_bits).unwrap_or(0).wrapping_sub(1);
    let length = usize::from(pair & mask).saturating_add(3);
    if distance > reached {
        return Err(broken());
    }
    let from = into.len().saturating_sub(distance);
    for at in (from..).take(length.min(end.saturating_sub(into.len()))) {
        into.push(into.get(at).copied().unwrap_or(0));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(packed: &[u8], size: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        unpack(packed, size, &mut bytes).map(|()| bytes)
    }

    #[test]
    fn literals_copies_and_stored_chunks() {
        // "abc", then nine more bytes from three back.
        let packed = [0x05, 0xb0, 0b1000, b'a', b'b', b'c', 0x06, 0x20];
        assert_eq!(unpacked(&packed, 12).unwrap(), b"abcabcabcabc");
        assert_eq!(unpacked(b"\x02\x30xyz\0\0", 100).unwrap(), b"xyz");
        let two = [&b"\x02\x30xyz"[..], &packed[..]].concat();
        let bytes = unpacked(&two, 5000).unwrap();
        assert_eq!((&bytes[..4], &bytes[4096..]), (&b"xyz\0"[..], &b"abcabcabcabc"[..]));
    }

    #[test]
    fn copies_from_nowhere_and_cut_chunks_are_told() {
        assert_eq!(
            unpacked(b"\x02\xb0\x01\0\0", 9).unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
        let cut = unpacked(b"\x20\xb0\x01", 9).unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof);
    }
}
