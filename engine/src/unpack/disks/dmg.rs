//! Apple's disk images, UDIF (the format as its public descriptions have it): the trailer, the property
//! list with its tables of chunks, and the chunks: stored, zeros, or packed with ADC, zlib, bzip2 or LZMA.
//!
//! LZFSE chunks are `unsupported`, and so are files that lie in them; the rest of the disk is read.
//! Checksums are not compared. Encrypted images (`encrcdsa`) are not of this type.

use std::sync::Arc;

use super::open_disk;
use crate::input::Content;
use crate::limits::{Budget, Grant};
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::decoders::{self, Inflate};
use crate::unpack::volume::{Mapping, Piece, Unpacked, Volume, unpack_whole};
use crate::unpack::xml::{Reading, Token};
use crate::unpack::{Entry, Notes, Opened, Opening, Unpacker};
use crate::verdict::{Problem, Reason};

const TRAILER: u64 = 512;
const SECTOR: u64 = 512;
/// Where the chunks of a table begin.
const CHUNKS: u64 = 204;
/// The largest chunk that is unpacked.
const MOST: u64 = 64 << 20;

const STORED: u32 = 1;
const ADC: u32 = 0x8000_0004;
const ZLIB: u32 = 0x8000_0005;
const BZIP2: u32 = 0x8000_0006;
const LZFSE: u32 = 0x8000_0007;
const LZMA: u32 = 0x8000_0008;
const COMMENT: u32 = 0x7fff_fffe;
const END: u32 = 0xffff_ffff;

pub(in crate::unpack) fn open<'a>(
    content: Content<'a>,
    offset: u64,
    opening: &Opening<'_>,
) -> Opened<'a> {
    let image = content.slice(offset, u64::MAX);
    let at = (image.len() as u64).saturating_sub(TRAILER);
    let trailer = image.slice(at, TRAILER);
    let cut = |_| Problem::new(Reason::Truncated, "the trailer is cut off");
    let (fork, list, length) = places(&trailer).map_err(cut)?;
    let list = image.slice(list, length);
    let mut notes = Notes::default();
    let chunks = Chunks::read(image, fork, &list, &mut notes, opening.budget)?;
    if chunks.list.is_empty() {
        return Err(Problem::new(Reason::Corrupted, "no chunks are listed"));
    }
    let inside = open_disk(Volume::mapped(Arc::new(chunks)), opening.budget)?;
    Ok(Box::new(Dmg { inside, notes }))
}

/// What is on the disk, and what is wrong with its image.
struct Dmg<'a> {
    inside: Box<dyn Unpacker<'a> + 'a>,
    notes: Notes,
}

impl<'a> Unpacker<'a> for Dmg<'a> {
    fn next_entry(&mut self, budget: &Budget) -> Option<Entry<'a>> {
        self.inside.next_entry(budget)
    }

    fn problems(&mut self) -> Vec<Problem> {
        let mut problems = self.inside.problems();
        problems.extend(self.notes.take());
        problems
    }
}

/// Where the data are, and the property list with its length.
fn places(trailer: &[u8]) -> Result<(u64, u64, u64), OutOfBounds> {
    let fork = Reader::at(trailer, 24)?.u64_be()?;
    let mut reader = Reader::at(trailer, 216)?;
    Ok((fork, reader.u64_be()?, reader.u64_be()?))
}

/// A part of the disk.
#[derive(Clone, Copy, Debug)]
struct Chunk {
    kind: u32,
    /// Its first byte on the disk, and its bytes there.
    start: u64,
    length: u64,
    /// Where it is in the image, and its bytes there.
    place: u64,
    packed: u64,
}

/// A disk in chunks, sorted by where they begin.
struct Chunks<'a> {
    image: Content<'a>,
    list: Vec<Chunk>,
    unpacked: Unpacked<'a>,
    _grant: Grant,
}

impl<'a> Chunks<'a> {
    /// Reads every table in the property list.
    fn read(
        image: Content<'a>,
        fork: u64,
        properties: &[u8],
        notes: &mut Notes,
        budget: &Budget,
    ) -> Result<Self, Problem> {
        let mut list = Vec::new();
        let mut grant = budget.hold(0)?;
        let mut reading = Reading::default();
        let mut is_data = false;
        while let Some(token) = reading.next(properties) {
            budget.check()?;
            match token {
                Token::Open(name, _) => is_data = name == b"data",
                Token::Close(_) => is_data = false,
                Token::Text(text) if is_data => {
                    let table_size = (text.len() as u64).saturating_mul(4);
                    grant.grow(table_size)?;
                    let table = from_base64(text);
                    if table.starts_with(b"mish") && read_table(&table, fork, &mut list).is_err() {
                        notes.truncated("a table of chunks is cut off");
                    }
                }
                Token::Text(_) => {}
            }
        }
        list.sort_by_key(|chunk| chunk.start);
        Ok(Self { image, list, unpacked: Unpacked::default(), _grant: grant })
    }

    /// Unpacks a chunk.
    fn unpack(&self, chunk: Chunk, budget: &Budget) -> Result<Content<'a>, Problem> {
        let packed = self.image.slice(chunk.place, chunk.packed);
        let (size, length) = (chunk.length, packed.len() as u64);
        if size > MOST {
            return Err(Problem::new(Reason::Corrupted, "a chunk of too many bytes"));
        }
        match chunk.kind {
            ZLIB => {
                // What the zlib header says, deflate does not need.
                let stream = packed.get(2..).unwrap_or_default();
                unpack_whole(Inflate::new(stream), size, length, budget)
            }
            BZIP2 => unpack_whole(decoders::bzip2(&packed, budget)?, size, length, budget),
            LZMA => unpack_whole(decoders::xz(&packed, budget)?, size, length, budget),
            ADC => {
                let _grant = budget.hold(size)?;
                let bytes = unpack_adc(&packed, size);
                unpack_whole(bytes.as_slice(), size, length, budget)
            }
            kind => {
                let what = if kind == LZFSE { "LZFSE" } else { "an unknown method" };
                let detail = format!("a chunk packed with {what}");
                Err(Problem::new(Reason::Unsupported("dmg-method"), detail))
            }
        }
    }
}

impl<'a> Mapping<'a> for Chunks<'a> {
    fn length(&self) -> u64 {
        let ends = self.list.iter().map(|chunk| chunk.start.saturating_add(chunk.length));
        ends.max().unwrap_or(0)
    }

    fn piece(&self, at: u64, budget: &Budget) -> Result<Piece<'a>, Problem> {
        let behind = self.list.partition_point(|chunk| chunk.start <= at);
        let next = self.list.get(behind).map_or(u64::MAX, |chunk| chunk.start);
        let number = behind.checked_sub(1);
        let found = number.and_then(|number| Some((number, *self.list.get(number)?)));
        let inside = |chunk: &Chunk| at.saturating_sub(chunk.start);
        let Some((number, chunk)) = found.filter(|(_, chunk)| inside(chunk) < chunk.length) else {
            // Nothing is said of these.
            return Ok(Piece::Zeros(next.saturating_sub(at)));
        };
        let inside = inside(&chunk);
        let left = chunk.length.saturating_sub(inside);
        Ok(match chunk.kind {
            STORED => {
                let place = chunk.place.saturating_add(inside);
                let stored = chunk.packed.saturating_sub(inside);
                Piece::Bytes(self.image.slice(place, left.min(stored)))
            }
            0 | 2 => Piece::Zeros(left),
            _ => {
                let unpacked = self.unpacked.block(number as u64, || self.unpack(chunk, budget))?;
                Piece::Bytes(unpacked.slice(inside, left))
            }
        })
    }
}

/// Reads one table: its chunks count sectors from its own first one.
fn read_table(table: &[u8], fork: u64, list: &mut Vec<Chunk>) -> Result<(), OutOfBounds> {
    let first = Reader::at(table, 8)?.u64_be()?;
    let mut reader = Reader::at(table, CHUNKS.saturating_sub(4))?;
    let count = reader.u32_be()?;
    for _ in 0..count {
        let kind = reader.u32_be()?;
        reader.skip(4)?;
        let (sector, sectors) = (reader.u64_be()?, reader.u64_be()?);
        let (place, packed) = (reader.u64_be()?, reader.u64_be()?);
        if kind == END {
            break;
        }
        if kind != COMMENT && sectors > 0 {
            list.push(Chunk {
                kind,
                start: first.saturating_add(sector).saturating_mul(SECTOR),
                length: sectors.saturating_mul(SECTOR),
                place: fork.saturating_add(place),
                packed,
            });
        }
    }
    Ok(())
}

/// The bytes that base64 stands for; white space is passed over.
fn from_base64(text: &[u8]) -> Vec<u8> {
    let values = text.iter().filter_map(|byte| match byte {
        b'A'..=b'Z' => Some(byte.wrapping_sub(b'A')),
        b'a'..=b'z' => Some(byte.wrapping_sub(b'a').wrapping_add(26)),
        b'0'..=b'9' => Some(byte.wrapping_sub(b'0').wrapping_add(52)),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    });
    let values: Vec<u8> = values.collect();
    let group = |group: &[u8]| {
        let bits = group.iter().fold(0_u32, |bits, &value| bits << 6 | u32::from(value));
        let missing = 4_usize.saturating_sub(group.len());
        let [_, bytes @ ..] = (bits << (missing.saturating_mul(6))).to_be_bytes();
        bytes.into_iter().take(3_usize.saturating_sub(missing))
    };
    values.chunks(4).flat_map(group).collect()
}

/// Apple Data Compression: runs of bytes, and copies of what came before, near or far. What goes beyond
/// `size` is left away, and a copy from nowhere ends it.
fn unpack_adc(packed: &[u8], size: u64) -> Vec<u8> {
    let size = usize::try_from(size).unwrap_or(0);
    let mut bytes = Vec::new();
    let mut reader = Reader::new(packed);
    while bytes.len() < size {
        if unpack_adc_step(&mut reader, &mut bytes).is_none() {
            break;
        }
    }
    bytes.truncate(size);
    bytes
}

fn unpack_adc_step(reader: &mut Reader<'_>, bytes: &mut Vec<u8>) -> Option<()> {
    let first = reader.u8().ok()?;
    let (length, distance) = match first {
        0x80.. => {
            let run = reader.bytes(u64::from(first & 0x7f).saturating_add(1)).ok()?;
            bytes.extend_from_slice(run);
            return Some(());
        }
        0x40.. => ((first & 0x3f).saturating_add(4), reader.u16_be().ok()?),
        _ => {
            let far = u16::from(first & 3) << 8 | u16::from(reader.u8().ok()?);
            ((first >> 2).saturating_add(3), far)
        }
    };
    let from = bytes.len().checked_sub(usize::from(distance).saturating_add(1))?;
    for at in (from..).take(length.into()) {
        bytes.push(*bytes.get(at)?);
    }
    Some(())
}
