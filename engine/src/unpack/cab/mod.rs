//! Cabinet archives (MS-CAB; "Microsoft Cabinet Format"): stored, MSZIP, Quantum and LZX.
//!
//! The walk is our own, since a library's index looks files up by name and stops at the first fault.
//! Files lie behind each other in folders, and each folder is one stream of blocks; a file that lies
//! before the place reached has its folder read again, which is charged like output. MSZIP is deflate
//! whose window goes on from block to block (`flate2`), LZX is `lzxd`'s.
//!
//! Not read: files that go on from or into another cabinet.

use std::io::{self, Read};

use lzxd::{Lzxd, WindowSize};

use super::decoders::{Blockwise, ByBlock, Inflate, Quantum};
use super::solid::Solid;
use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::input::Content;
use crate::limits::{Budget, Grant};
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::{Problem, Reason};

const HAS_PREVIOUS: u16 = 1;
const HAS_NEXT: u16 = 2;
const HAS_RESERVE: u16 = 4;
/// Places of files that go on from the cabinet before, into the next one, or both.
const FROM_PREVIOUS: u16 = 0xfffd;
const INTO_NEXT: u16 = 0xfffe;
const THROUGH: u16 = 0xffff;
/// The window of MSZIP, and the largest block that anything unpacks to.
const WINDOW: usize = 32 << 10;
/// What a decoder takes: LZX's largest window and its tables.
const MEMORY: u64 = 4 << 20;
/// The longest name.
const NAME: u64 = 1024;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let cabinet = content.slice(offset, u64::MAX);
    let mut notes = Notes::default();
    let header = Header::read(&cabinet).unwrap_or_else(|_| {
        notes.truncated("the header is cut off");
        Header::default()
    });
    let (next, left) = (header.first_file, header.files);
    Ok(walked(Cab { cabinet, header, next, left, open: None, notes }))
}

/// What the header says.
#[derive(Default)]
struct Header {
    flags: u16,
    first_file: u64,
    files: u16,
    folders: u16,
    /// Where the table of folders begins, and the bytes of each row.
    folder_table: u64,
    folder_row: u64,
    /// Reserved bytes in front of the data of each block.
    block_reserve: u64,
}

impl Header {
    fn read(cabinet: &[u8]) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::at(cabinet, 16)?;
        let first_file = reader.u32_le()?.into();
        reader.skip(6)?;
        let (folders, files, flags) = (reader.u16_le()?, reader.u16_le()?, reader.u16_le()?);
        reader.skip(4)?;
        let (mut folder_reserve, mut block_reserve) = (0, 0);
        if flags & HAS_RESERVE != 0 {
            let length = reader.u16_le()?;
            (folder_reserve, block_reserve) = (reader.u8()?, reader.u8()?);
            reader.skip(length.into())?;
        }
        for flag in [HAS_PREVIOUS, HAS_NEXT] {
            if flags & flag != 0 {
                text(&mut reader)?;
                text(&mut reader)?;
            }
        }
        Ok(Self {
            flags,
            first_file,
            files,
            folders,
            folder_table: reader.position() as u64,
            folder_row: u64::from(folder_reserve).saturating_add(8),
            block_reserve: block_reserve.into(),
        })
    }
}

/// A name up to its zero.
fn text<'d>(reader: &mut Reader<'d>) -> Result<&'d [u8], OutOfBounds> {
    let most = NAME.min(reader.remaining() as u64);
    let length = memchr::memchr(0, reader.peek(most)?);
    let Some(length) = length else { return reader.bytes(NAME) };
    let text = reader.bytes(length as u64)?;
    reader.skip(1)?;
    Ok(text)
}

/// A file as it is listed.
struct File {
    name: Vec<u8>,
    size: u64,
    place: u64,
    folder: u16,
}

/// One cabinet being walked, file by file.
struct Cab<'a> {
    cabinet: Content<'a>,
    header: Header,
    /// Where the next file is listed, and how many are left.
    next: u64,
    left: u16,
    /// The folder that is being read.
    open: Option<(u16, Solid<'a>)>,
    notes: Notes,
}

impl<'a> Walk<'a> for Cab<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        budget.check()?;
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        let Ok(file) = self.file() else {
            self.notes.truncated(format!("the list of files ends {} files early", self.left));
            return Ok(None);
        };
        self.left = left;
        Ok(Some(self.read(file, budget)))
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Cab<'a> {
    fn file(&mut self) -> Result<File, OutOfBounds> {
        let mut reader = Reader::at(&self.cabinet, self.next)?;
        let (size, place) = (reader.u32_le()?.into(), reader.u32_le()?.into());
        let folder = reader.u16_le()?;
        reader.skip(6)?;
        let name = text(&mut reader)?.to_vec();
        self.next = reader.position() as u64;
        Ok(File { name, size, place, folder })
    }

    fn read(&mut self, file: File, budget: &Budget) -> Entry<'a> {
        let folder = match file.folder {
            FROM_PREVIOUS | THROUGH => {
                let detail = "the file begins in the cabinet before this one";
                return Entry::unread(file.name, Problem::new(Reason::Truncated, detail));
            }
            INTO_NEXT => self.header.folders.saturating_sub(1),
            folder => folder,
        };
        let is_open =
            |(open, solid): &(u16, Solid<'_>)| *open == folder && solid.is_before(file.place);
        if !self.open.as_ref().is_some_and(is_open) {
            match self.open_folder(folder, budget) {
                Ok(solid) => self.open = Some((folder, solid)),
                Err(problem) => return Entry::unread(file.name, problem),
            }
        }
        match &mut self.open {
            Some((_, solid)) => solid.entry(file.name, file.place, file.size, budget),
            None => Entry::unread(file.name, Problem::new(Reason::Corrupted, "no such folder")),
        }
    }

    fn open_folder(&mut self, folder: u16, budget: &Budget) -> Result<Solid<'a>, Problem> {
        if folder >= self.header.folders {
            return Err(Problem::new(Reason::Corrupted, format!("there is no folder {folder}")));
        }
        let cut = |_| Problem::new(Reason::Truncated, "the list of folders is cut off");
        let row = u64::from(folder).saturating_mul(self.header.folder_row);
        let row = self.header.folder_table.saturating_add(row);
        let mut reader = Reader::at(&self.cabinet, row).map_err(cut)?;
        let (start, blocks) = (reader.u32_le().map_err(cut)?, reader.u16_le().map_err(cut)?);
        let method = reader.u16_le().map_err(cut)?;
        let blocks = Blocks {
            cabinet: self.cabinet.clone(),
            at: start.into(),
            left: blocks,
            reserve: self.header.block_reserve,
            goes_on: self.header.flags & HAS_NEXT != 0,
            codec: Codec::of(method)?,
            _grant: budget.hold(MEMORY)?,
        };
        let packed = (self.cabinet.len() as u64).saturating_sub(start.into());
        Ok(Solid::new(Box::new(Blockwise::new(blocks)), packed))
    }
}

enum Codec {
    Stored,
    /// With what was unpacked last.
    MsZip(Vec<u8>),
    Quantum(Box<Quantum>),
    Lzx(Box<Lzxd>),
}

impl Codec {
    fn of(method: u16) -> Result<Self, Problem> {
        match (method & 0xf, method >> 8 & 0x1f) {
            (0, _) => Ok(Codec::Stored),
            (1, _) => Ok(Codec::MsZip(Vec::new())),
            (3, bits) => {
                let window = window(bits.into());
                let wrong = || Problem::new(Reason::Corrupted, "no such window of LZX");
                Ok(Codec::Lzx(Box::new(Lzxd::new(window.ok_or_else(wrong)?))))
            }
            (2, bits) => {
                let wrong = || Problem::new(Reason::Corrupted, "no such window of Quantum");
                Ok(Codec::Quantum(Box::new(Quantum::new(bits).ok_or_else(wrong)?)))
            }
            (method, _) => {
                let detail = format!("method {method}");
                Err(Problem::new(Reason::Unsupported("cab-method"), detail))
            }
        }
    }

    /// Unpacks one block of so many bytes.
    fn unpack(&mut self, packed: &[u8], size: usize) -> io::Result<Vec<u8>> {
        match self {
            Codec::Stored => Ok(packed.to_vec()),
            Codec::MsZip(window) => {
                let unpacked = inflate(packed, window)?;
                let all = [window.as_slice(), &unpacked].concat();
                let from = all.len().saturating_sub(WINDOW);
                *window = all.get(from..).unwrap_or_default().to_vec();
                Ok(unpacked)
            }
            Codec::Quantum(quantum) => quantum.block(packed, size),
            Codec::Lzx(lzx) => match lzx.decompress_next(packed, size) {
                Ok(unpacked) => Ok(unpacked.to_vec()),
                Err(error) => {
                    Err(io::Error::new(io::ErrorKind::InvalidData, format!("LZX: {error}")))
                }
            },
        }
    }
}

/// LZX's windows of 2^15 to 2^21 bytes.
pub(super) fn window(bits: u32) -> Option<WindowSize> {
    Some(match bits {
        15 => WindowSize::KB32,
        16 => WindowSize::KB64,
        17 => WindowSize::KB128,
        18 => WindowSize::KB256,
        19 => WindowSize::KB512,
        20 => WindowSize::MB1,
        21 => WindowSize::MB2,
        _ => return None,
    })
}

/// Unpacks a block of MSZIP behind what its matches may reach back to: that is put in front as a stored
/// block, and dropped again.
fn inflate(packed: &[u8], window: &[u8]) -> io::Result<Vec<u8>> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "MSZIP: a block without its mark");
    let packed = packed.strip_prefix(b"CK").ok_or_else(wrong)?;
    let length = u16::try_from(window.len()).unwrap_or(0);
    let mut stream = Vec::new();
    if length > 0 {
        stream.push(0);
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(window);
    }
    stream.extend(packed);
    let most = window.len().saturating_add(WINDOW).saturating_add(1) as u64;
    let mut unpacked = Vec::new();
    let mut reader = Inflate::new(&stream).take(most);
    reader.read_to_end(&mut unpacked)?;
    unpacked.drain(..window.len().min(unpacked.len()));
    if unpacked.len() > WINDOW {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "MSZIP: a block of too many bytes"));
    }
    Ok(unpacked)
}

/// The blocks of one folder, unpacked.
struct Blocks<'a> {
    cabinet: Content<'a>,
    at: u64,
    left: u16,
    reserve: u64,
    /// Whether the last block goes on in the next cabinet.
    goes_on: bool,
    codec: Codec,
    _grant: Grant,
}

impl ByBlock for Blocks<'_> {
    fn next_block(&mut self, block: &mut Vec<u8>) -> io::Result<bool> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(false) };
        self.left = left;
        let cut = |_| io::Error::new(io::ErrorKind::UnexpectedEof, "a block is cut off");
        let mut reader = Reader::at(&self.cabinet, self.at).map_err(cut)?;
        let sum = reader.u32_le().map_err(cut)?;
        let sizes = reader.array::<4>().map_err(cut)?;
        let [packed, size] = halves(sizes);
        reader.skip(self.reserve).map_err(cut)?;
        let data = reader.bytes(packed.into()).map_err(cut)?;
        self.at = reader.position() as u64;
        if size == 0 && left == 0 && self.goes_on {
            let detail = "the block goes on in the next cabinet";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, detail));
        }
        *block = self.codec.unpack(data, size.into())?;
        if sum != 0 && self.reserve == 0 && sum != checksum(&sizes, checksum(data, 0)) {
            let detail = "a block's checksum is wrong";
            return Err(io::Error::new(io::ErrorKind::InvalidData, detail));
        }
        Ok(true)
    }
}

/// Two numbers of 16 bits.
fn halves([a, b, c, d]: [u8; 4]) -> [u16; 2] {
    [u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])]
}

/// The sum of a block: its words, added without carry; what is left over counts as a number whose first
/// byte is the highest.
fn checksum(data: &[u8], seed: u32) -> u32 {
    let (words, rest) = data.as_chunks::<4>();
    let sum = words.iter().fold(seed, |sum, word| sum ^ u32::from_le_bytes(*word));
    sum ^ rest.iter().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

#[cfg(test)]
mod tests;
