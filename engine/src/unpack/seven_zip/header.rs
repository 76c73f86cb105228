//! The header of a 7z archive (7zFormat.txt in the LZMA SDK): which bytes are which block, how a block
//! is unpacked, and which files it holds.
//!
//! Numbers are believed only as far as the header has bytes for what they count.

use crate::limits::{Budget, Grant, Stop};
use crate::reader::{OutOfBounds, Reader};

/// What the properties are called in the format's description.
mod id {
    pub(super) const END: u8 = 0;
    pub(super) const HEADER: u8 = 1;
    pub(super) const ARCHIVE_PROPERTIES: u8 = 2;
    pub(super) const ADDITIONAL_STREAMS: u8 = 3;
    pub(super) const MAIN_STREAMS: u8 = 4;
    pub(super) const FILES: u8 = 5;
    pub(super) const PACK_INFO: u8 = 6;
    pub(super) const UNPACK_INFO: u8 = 7;
    pub(super) const SUBSTREAMS: u8 = 8;
    pub(super) const SIZE: u8 = 9;
    pub(super) const CRC: u8 = 10;
    pub(super) const FOLDER: u8 = 11;
    pub(super) const UNPACK_SIZES: u8 = 12;
    pub(super) const STREAMS_IN_FOLDER: u8 = 13;
    pub(super) const EMPTY_STREAM: u8 = 14;
    pub(super) const EMPTY_FILE: u8 = 15;
    pub(super) const NAMES: u8 = 17;
    pub(super) const ENCODED_HEADER: u8 = 23;
}

/// Coders of one block; 7-Zip itself takes no more.
pub(super) const MOST_CODERS: usize = 32;
/// Streams of one block.
const MOST_STREAMS: u64 = 32;
/// Memory for what one byte of the header can describe.
const MEMORY_PER_BYTE: u64 = 48;

/// Why a header cannot be read.
#[derive(Debug)]
pub(super) enum Fault {
    /// It ends too early.
    Short,
    /// It says what cannot be.
    Wrong(&'static str),
    Stop(Stop),
}

impl From<OutOfBounds> for Fault {
    fn from(_: OutOfBounds) -> Self {
        Fault::Short
    }
}

impl From<Stop> for Fault {
    fn from(stop: Stop) -> Self {
        Fault::Stop(stop)
    }
}

/// One step of unpacking.
#[derive(Clone, Debug, Default)]
pub(super) struct Coder {
    pub(super) method: Vec<u8>,
    pub(super) inputs: u64,
    pub(super) properties: Vec<u8>,
    /// The size of what it puts out.
    pub(super) size: u64,
}

/// A block: packed streams, and the coders that they go through.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    pub(super) coders: Vec<Coder>,
    /// Which input of all coders' is which coder's output.
    pub(super) bonds: Vec<(u64, u64)>,
    /// Which inputs are packed streams, in their order.
    pub(super) packed: Vec<u64>,
    pub(super) crc: Option<u32>,
    /// The first of its packed streams.
    pub(super) first_stream: usize,
    /// The files in it, by size and checksum.
    pub(super) parts: Vec<(u64, Option<u32>)>,
}

impl Block {
    /// The coder whose output is the block.
    pub(super) fn main(&self) -> Option<usize> {
        (0..self.coders.len())
            .find(|&coder| self.bonds.iter().all(|&(_, output)| output != coder as u64))
    }

    /// Its size, unpacked.
    pub(super) fn size(&self) -> u64 {
        self.main().and_then(|main| self.coders.get(main)).map_or(0, |coder| coder.size)
    }
}

/// Packed streams and blocks.
#[derive(Debug, Default)]
pub(super) struct Streams {
    /// Where the first packed stream begins, from the end of the start header.
    pub(super) start: u64,
    pub(super) sizes: Vec<u64>,
    pub(super) blocks: Vec<Block>,
}

/// A file as it is listed.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) name: Vec<u8>,
    pub(super) has_stream: bool,
    pub(super) is_folder: bool,
}

/// What a header says.
#[derive(Debug)]
pub(super) enum Header {
    /// The header itself is packed, in a block.
    Encoded(Streams, Grant),
    Plain(Streams, Vec<File>, Grant),
}

impl Header {
    pub(super) fn read(bytes: &[u8], budget: &Budget) -> Result<Self, Fault> {
        let grant = budget.hold((bytes.len() as u64).saturating_mul(MEMORY_PER_BYTE))?;
        let mut reader = Reader::new(bytes);
        match reader.u8()? {
            id::ENCODED_HEADER => Ok(Header::Encoded(streams(&mut reader)?, grant)),
            id::HEADER => {
                let (streams, files) = plain(&mut reader)?;
                Ok(Header::Plain(streams, files, grant))
            }
            _ => Err(Fault::Wrong("no header")),
        }
    }
}

fn plain(reader: &mut Reader<'_>) -> Result<(Streams, Vec<File>), Fault> {
    let (mut all, mut files) = (Streams::default(), Vec::new());
    loop {
        match reader.u8()? {
            id::END => return Ok((all, files)),
            id::ARCHIVE_PROPERTIES => {
                while reader.u8()? != id::END {
                    skip_property(reader)?
                }
            }
            id::ADDITIONAL_STREAMS => drop(streams(reader)?),
            id::MAIN_STREAMS => all = streams(reader)?,
            id::FILES => files = read_files(reader)?,
            _ => return Err(Fault::Wrong("an unknown part of the header")),
        }
    }
}

fn skip_property(reader: &mut Reader<'_>) -> Result<(), Fault> {
    let length = number(reader)?;
    Ok(reader.skip(length)?)
}

fn streams(reader: &mut Reader<'_>) -> Result<Streams, Fault> {
    let mut streams = Streams::default();
    let mut has_parts = false;
    loop {
        match reader.u8()? {
            id::END => break,
            id::PACK_INFO => pack_info(reader, &mut streams)?,
            id::UNPACK_INFO => streams.blocks = unpack_info(reader)?,
            id::SUBSTREAMS => {
                substreams(reader, &mut streams.blocks)?;
                has_parts = true;
            }
            _ => return Err(Fault::Wrong("an unknown part of the streams")),
        }
    }
    if !has_parts {
        for block in &mut streams.blocks {
            block.parts = vec![(block.size(), block.crc)];
        }
    }
    Ok(streams)
}

fn pack_info(reader: &mut Reader<'_>, streams: &mut Streams) -> Result<(), Fault> {
    streams.start = number(reader)?;
    let count = counted(reader)?;
    loop {
        match reader.u8()? {
            id::END => return Ok(()),
            id::SIZE => streams.sizes = numbers(reader, count)?,
            id::CRC => drop(checksums(reader, count)?),
            _ => skip_property(reader)?,
        }
    }
}

fn unpack_info(reader: &mut Reader<'_>) -> Result<Vec<Block>, Fault> {
    if reader.u8()? != id::FOLDER {
        return Err(Fault::Wrong("no blocks"));
    }
    let count = counted(reader)?;
    if reader.u8()? != 0 {
        return Err(Fault::Wrong("blocks that stand elsewhere"));
    }
    let (mut blocks, mut first_stream) = (Vec::new(), 0_usize);
    for _ in 0..count {
        let block = Block { first_stream, ..block(reader)? };
        first_stream = first_stream.saturating_add(block.packed.len());
        blocks.push(block);
    }
    loop {
        match reader.u8()? {
            id::END => return Ok(blocks),
            id::UNPACK_SIZES => {
                for coder in blocks.iter_mut().flat_map(|block| &mut block.coders) {
                    coder.size = number(reader)?;
                }
            }
            id::CRC => {
                let sums = checksums(reader, count)?;
                blocks.iter_mut().zip(sums).for_each(|(block, crc)| block.crc = crc);
            }
            _ => skip_property(reader)?,
        }
    }
}

fn block(reader: &mut Reader<'_>) -> Result<Block, Fault> {
    let count = number(reader)?;
    if count == 0 || count > MOST_CODERS as u64 {
        return Err(Fault::Wrong("a block of too many coders"));
    }
    let mut block = Block::default();
    let (mut inputs, mut outputs) = (0_u64, 0_u64);
    for _ in 0..count {
        let coder = coder(reader)?;
        inputs = inputs.saturating_add(coder.inputs);
        outputs = outputs.saturating_add(1);
        block.coders.push(coder);
    }
    let bonds = outputs.saturating_sub(1);
    if inputs > MOST_STREAMS || inputs < bonds {
        return Err(Fault::Wrong("a block of too many streams"));
    }
    for _ in 0..bonds {
        block.bonds.push((number(reader)?, number(reader)?));
    }
    let packed = inputs.saturating_sub(bonds);
    if packed == 1 {
        let is_free = |input: &u64| block.bonds.iter().all(|(bound, _)| bound != input);
        block.packed.extend((0..inputs).find(is_free));
    } else {
        for _ in 0..packed {
            block.packed.push(number(reader)?);
        }
    }
    Ok(block)
}

fn coder(reader: &mut Reader<'_>) -> Result<Coder, Fault> {
    const IS_COMPLEX: u8 = 0x10;
    const HAS_PROPERTIES: u8 = 0x20;
    let flags = reader.u8()?;
    let method = reader.bytes((flags & 0xf).into())?.to_vec();
    let mut inputs = 1;
    if flags & IS_COMPLEX != 0 {
        inputs = number(reader)?;
        if number(reader)? != 1 || inputs > MOST_STREAMS {
            return Err(Fault::Wrong("a coder with several outputs"));
        }
    }
    let mut properties = Vec::new();
    if flags & HAS_PROPERTIES != 0 {
        let length = number(reader)?;
        properties = reader.bytes(length)?.to_vec();
    }
    Ok(Coder { method, inputs, properties, size: 0 })
}

/// How the blocks are divided into files.
fn substreams(reader: &mut Reader<'_>, blocks: &mut [Block]) -> Result<(), Fault> {
    let mut counts = vec![1; blocks.len()];
    let mut id = reader.u8()?;
    if id == id::STREAMS_IN_FOLDER {
        for count in &mut counts {
            *count = counted(reader)?;
        }
        id = reader.u8()?;
    }
    let has_sizes = id == id::SIZE;
    for (block, &count) in blocks.iter_mut().zip(&counts) {
        let mut left = block.size();
        for _ in 1..count {
            let size = if has_sizes { number(reader)? } else { 0 };
            left = left.saturating_sub(size);
            block.parts.push((size, None));
        }
        if count > 0 {
            block.parts.push((left, None));
        }
    }
    if has_sizes {
        id = reader.u8()?;
    }
    loop {
        match id {
            id::END => return Ok(()),
            id::CRC => part_checksums(reader, blocks)?,
            _ => skip_property(reader)?,
        }
        id = reader.u8()?;
    }
}

/// A block that is one file has its checksum already.
fn part_checksums(reader: &mut Reader<'_>, blocks: &mut [Block]) -> Result<(), Fault> {
    let has_its_own = |block: &Block| block.parts.len() == 1 && block.crc.is_some();
    let unknown = blocks.iter().filter(|block| !has_its_own(block));
    let count = unknown.fold(0_u64, |sum, block| sum.saturating_add(block.parts.len() as u64));
    let mut sums = checksums(reader, count)?.into_iter();
    for block in blocks {
        if has_its_own(block) {
            let crc = block.crc;
            block.parts.iter_mut().for_each(|(_, place)| *place = crc);
        } else {
            for (_, crc) in &mut block.parts {
                *crc = sums.next().flatten();
            }
        }
    }
    Ok(())
}

fn read_files(reader: &mut Reader<'_>) -> Result<Vec<File>, Fault> {
    let count = counted(reader)?;
    let mut files: Vec<File> = Vec::new();
    let length = usize::try_from(count).unwrap_or(usize::MAX);
    files.resize_with(length, || File { has_stream: true, ..File::default() });
    loop {
        let id = reader.u8()?;
        if id == id::END {
            return Ok(files);
        }
        let size = number(reader)?;
        let mut property = reader.sub(size)?;
        match id {
            id::NAMES => read_names(&mut property, &mut files)?,
            id::EMPTY_STREAM => {
                let are_empty = bits(&mut property, count)?;
                for (file, is_empty) in files.iter_mut().zip(are_empty) {
                    (file.has_stream, file.is_folder) = (!is_empty, is_empty);
                }
            }
            id::EMPTY_FILE => {
                let empty = files.iter().filter(|file| !file.has_stream).count() as u64;
                let are_files = bits(&mut property, empty)?;
                let empty = files.iter_mut().filter(|file| !file.has_stream);
                empty.zip(are_files).for_each(|(file, is_file)| file.is_folder = !is_file);
            }
            _ => {}
        }
    }
}

/// UTF-16 texts, each up to its zero.
fn read_names(reader: &mut Reader<'_>, files: &mut [File]) -> Result<(), Fault> {
    if reader.u8()? != 0 {
        return Err(Fault::Wrong("names that stand elsewhere"));
    }
    for file in files {
        let mut units = Vec::new();
        loop {
            match reader.u16_le()? {
                0 => break,
                unit => units.push(unit),
            }
        }
        file.name = String::from_utf16_lossy(&units).into_bytes();
    }
    Ok(())
}

/// A number in one to nine bytes: the first says how many more there are.
fn number(reader: &mut Reader<'_>) -> Result<u64, Fault> {
    let first = reader.u8()?;
    let more = first.leading_ones();
    let mut value = 0_u64;
    for index in 0..more {
        value |= u64::from(reader.u8()?) << index.saturating_mul(8).min(56);
    }
    if more < 7 {
        let mask = 0x7f_u8 >> more;
        value |= u64::from(first & mask) << more.saturating_mul(8);
    }
    Ok(value)
}

/// A number of things that each take a byte of the header at least.
fn counted(reader: &mut Reader<'_>) -> Result<u64, Fault> {
    let count = number(reader)?;
    if count > reader.remaining() as u64 {
        return Err(Fault::Wrong("more of something than the header has bytes"));
    }
    Ok(count)
}

fn numbers(reader: &mut Reader<'_>, count: u64) -> Result<Vec<u64>, Fault> {
    (0..count).map(|_| number(reader)).collect()
}

/// Checksums of those that have one.
fn checksums(reader: &mut Reader<'_>, count: u64) -> Result<Vec<Option<u32>>, Fault> {
    let has_all = reader.u8()? != 0;
    let defined = if has_all { Vec::new() } else { bits(reader, count)? };
    let mut sums = Vec::new();
    for index in 0..usize::try_from(count).unwrap_or(usize::MAX) {
        let is_defined = has_all || defined.get(index) == Some(&true);
        sums.push(is_defined.then(|| reader.u32_le()).transpose()?);
    }
    Ok(sums)
}

/// Bits from the highest of each byte to the lowest.
fn bits(reader: &mut Reader<'_>, count: u64) -> Result<Vec<bool>, Fault> {
    let bytes = reader.bytes(count.div_ceil(8))?;
    let bits = bytes.iter().flat_map(|&byte| (0..8).map(move |bit| byte & (0x80 >> bit) != 0));
    Ok(bits.take(usize::try_from(count).unwrap_or(usize::MAX)).collect())
}
