//! Chunks of Inno Setup: a mark, then LZMA2, LZMA, zlib or bzip2, or files as they are. No field says
//! which outside of the setup's data, but each shows itself by its first bytes.

use std::io::{self, Read};

use bzip2::read::BzDecoder;
use flate2::read::ZlibDecoder;
use lzma_rust2::{Lzma2Reader, LzmaReader};

use super::super::solid::{Input, Solid};
use crate::input::Content;
use crate::limits::{Budget, Grant};
use crate::unpack::decoders;
use crate::verdict::{Problem, Reason};

/// What stands in front of each chunk.
pub(super) const CHUNK: &[u8] = b"zlb\x1a";
/// What a decoder takes beside its window.
pub(super) const BASE: u64 = 1 << 20;
/// What the decoder of bzip2 takes.
const BZIP2: u64 = 4 << 20;

/// How a chunk is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Lzma2 { dictionary: u32 },
    Lzma { first: u8, dictionary: u32 },
    Zlib,
    Bzip2,
}

impl Method {
    fn of(packed: &[u8]) -> Option<Self> {
        match *packed {
            [b'B', b'Z', b'h', b'1'..=b'9', b'1', ..] => Some(Method::Bzip2),
            [0x78, 1 | 0x5e | 0x9c | 0xda, ..] => Some(Method::Zlib),
            [first @ ..225, a, b, c, d, 0, ..] if is_size(u32::from_le_bytes([a, b, c, d])) => {
                Some(Method::Lzma { first, dictionary: u32::from_le_bytes([a, b, c, d]) })
            }
            [size @ ..=40, 1 | 0xe0.., ..] => {
                let bits = u32::from(size / 2).saturating_add(11);
                let dictionary = u32::from(2 | size & 1).checked_shl(bits).unwrap_or(0);
                Some(Method::Lzma2 { dictionary: if size == 40 { u32::MAX } else { dictionary } })
            }
            _ => None,
        }
    }
}

/// Whether it is a size that LZMA's encoder chooses for its dictionary.
fn is_size(dictionary: u32) -> bool {
    dictionary >= 4096 && dictionary.count_ones() <= 2
}

/// Whether a chunk shows a method that is known.
pub(super) fn is_packed(packed: &[u8]) -> bool {
    Method::of(packed).is_some()
}

/// What a chunk holds, from what follows its mark.
pub(super) fn reader<'a>(
    packed: Content<'a>,
    is_stored: bool,
    budget: &Budget,
) -> Result<Solid<'a>, Problem> {
    let length = packed.len() as u64;
    if is_stored {
        return Ok(Solid::new(Box::new(Input::new(packed)), length));
    }
    let unknown = || Problem::new(Reason::Unsupported("inno-method"), "a method that is not known");
    let method = Method::of(&packed).ok_or_else(unknown)?;
    let behind = |bytes: u64| Input::new(packed.slice(bytes, u64::MAX));
    let hold = |window: u32| budget.hold(u64::from(window).saturating_add(BASE));
    let reader: Box<dyn Read + 'a> = match method {
        Method::Lzma2 { dictionary } => {
            let grant = hold(dictionary)?;
            Box::new(Charged::new(Lzma2Reader::new(behind(1), dictionary, None), grant))
        }
        Method::Lzma { first, dictionary } => {
            let grant = hold(dictionary)?;
            let reader = LzmaReader::new_with_props(behind(5), u64::MAX, first, dictionary, None);
            let reader = reader.map_err(|error| decoders::problem(&error))?;
            Box::new(Charged::new(reader, grant))
        }
        Method::Zlib => Box::new(ZlibDecoder::new(behind(0))),
        Method::Bzip2 => {
            let grant = budget.hold(BZIP2)?;
            Box::new(Charged::new(BzDecoder::new(behind(0)), grant))
        }
    };
    Ok(Solid::new(reader, length))
}

/// A reader and the memory that it takes.
pub(super) struct Charged<R> {
    reader: R,
    _grant: Grant,
}

impl<R> Charged<R> {
    pub(super) fn new(reader: R, grant: Grant) -> Self {
        Self { reader, _grant: grant }
    }
}

impl<R: Read> Read for Charged<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.reader.read(into)
    }
}
