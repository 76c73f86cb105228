//! Hangul documents of version 5 ("Hwp Document File Formats 5.0", revision 1.3): streams that are
//! deflated without a header where the stream `FileHeader` says so.
//!
//! An attached object may be left unpacked by a flag of its own, so one that cannot be unpacked is taken
//! as it stands. Scripts are counted texts in UTF-16. In documents for distribution, which are to be read
//! and not changed, texts and scripts are scrambled: their key stands in front of them ("Distribution
//! document format", revision 1.2).

use std::io;

use super::directory::Record;
use super::locked;
use crate::input::Content;
use crate::limits::{Budget, DecodeEnd, Stop};
use crate::reader::Reader;
use crate::unpack::Entry;
use crate::unpack::decoders::Inflate;
use crate::verdict::{Problem, Reason};

/// What `FileHeader` says. There is one; where a file has more, it is not known which of them counts, and
/// none of them may hide what the others would have had opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Properties {
    /// What one of them says.
    any: u32,
    /// What all of them say.
    all: u32,
}

impl Properties {
    const COMPRESSED: u32 = 1;
    const PASSWORD: u32 = 1 << 1;
    const FOR_DISTRIBUTION: u32 = 1 << 2;
    const RIGHTS: u32 = 1 << 4;

    /// Reads the stream; `None` where it belongs to something else.
    pub(super) fn read(stream: &[u8]) -> Option<Self> {
        stream.starts_with(b"HWP Document File").then_some(())?;
        let flags = Reader::at(stream, 36).ok()?.u32_le().ok()?;
        Some(Self { any: flags, all: flags })
    }

    /// What both say.
    pub(super) fn and(self, other: Self) -> Self {
        Self { any: self.any | other.any, all: self.all & other.all }
    }

    /// Why the text cannot be read.
    pub(super) fn problem(self) -> Option<Problem> {
        let is_locked = self.any & (Self::PASSWORD | Self::RIGHTS) != 0;
        is_locked.then(|| Problem::new(Reason::Encrypted, "the document has a password"))
    }

    /// Whether a stream of this path is scrambled.
    pub(super) fn is_scrambled(self, path: &[u8]) -> bool {
        const STORAGES: [&[u8]; 2] = [b"ViewText/", b"Scripts/"];
        self.any & Self::FOR_DISTRIBUTION != 0
            && self.all & Self::PASSWORD == 0
            && STORAGES.iter().any(|storage| is_in(path, storage))
    }

    /// Whether a stream of this path is packed.
    pub(super) fn is_packed(self, path: &[u8]) -> bool {
        const STORAGES: [&[u8]; 4] = [b"BodyText/", b"ViewText/", b"BinData/", b"Scripts/"];
        self.any & Self::COMPRESSED != 0
            && self.all & Self::PASSWORD == 0
            && (path.eq_ignore_ascii_case(b"DocInfo")
                || STORAGES.iter().any(|storage| is_in(path, storage)))
    }
}

/// Whether a path leads into a storage; names are the same whatever their case.
fn is_in(path: &[u8], storage: &[u8]) -> bool {
    path.get(..storage.len()).is_some_and(|start| start.eq_ignore_ascii_case(storage))
}

pub(super) fn is_header(record: &Record) -> bool {
    record.is_named("FileHeader")
}

/// The content of a stream that may be packed, and of a script its text.
pub(super) fn unpack<'a>(
    path: &[u8],
    stream: &Content<'a>,
    budget: &Budget,
) -> Result<Vec<Entry<'a>>, Stop> {
    let decoded = budget.decode(Inflate::new(stream), stream.len() as u64)?;
    let is_unpacked = match decoded.end {
        DecodeEnd::Failed(_) => decoded.bytes.len() > stream.len(),
        DecodeEnd::Complete | DecodeEnd::Stopped(_) => true,
    };
    if !is_unpacked {
        return Ok(Vec::new());
    }
    let entry = Entry::decoded([path, b" inflated"].concat(), decoded);
    let text = is_in(path, b"Scripts/").then(|| entry.content.clone()).flatten();
    // The number of characters stands in front.
    let text = text.map(|text| text.slice(4, u64::MAX)).filter(|text| !text.is_empty());
    let text = text.map(|text| Entry::in_place([path, b" text"].concat(), text, budget));
    Ok([Some(entry), text].into_iter().flatten().collect())
}

/// The content of a stream that is scrambled; `None` where it does not begin with its key.
pub(super) fn unscramble<'a>(
    path: &[u8],
    stream: &Content<'a>,
    budget: &Budget,
) -> Result<Option<Entry<'a>>, Stop> {
    const HEADER: u64 = 4;
    let mut reader = Reader::new(stream);
    let header =
        reader.u32_le().ok().filter(|header| *header & 0x3ff == KEY && header >> 20 == 256);
    let head = header.and_then(|_| reader.array::<256>().ok());
    let Some(cipher) = head.and_then(|head| locked::Aes::new(&key(head)?)) else { return Ok(None) };
    let tail = stream.slice(HEADER.saturating_add(256), u64::MAX);
    let decoded =
        budget.decode(Blocks { cipher, rest: &tail, ready: Vec::new() }, tail.len() as u64)?;
    Ok(Some(Entry::decoded([path, b" in clear"].concat(), decoded)))
}

/// The record in front of a scrambled stream.
const KEY: u32 = 0x1c;

/// The key in that record: the digest of a password, in characters of two bytes, behind a few bytes, under
/// numbers that follow from the first one.
fn key(mut head: [u8; 256]) -> Option<[u8; 16]> {
    const SEED: usize = 4;
    let mut state = u32::from_le_bytes(*head.first_chunk()?);
    let place = SEED.saturating_add((state & 0xf) as usize);
    let mut number = || {
        state = state.wrapping_mul(214_013).wrapping_add(2_531_011);
        state >> 16 & 0x7fff
    };
    let (mut mask, mut left) = (0, 0_u32);
    for (at, byte) in head.iter_mut().enumerate() {
        if left == 0 {
            mask = number().to_le_bytes()[0];
            left = (number() & 0xf).saturating_add(1);
        }
        left = left.saturating_sub(1);
        *byte ^= if at < SEED { 0 } else { mask };
    }
    head.get(place..)?.first_chunk().copied()
}

/// A stream that is decrypted block by block.
struct Blocks<'d> {
    cipher: locked::Aes,
    rest: &'d [u8],
    ready: Vec<u8>,
}

impl io::Read for Blocks<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        const STEP: usize = 4096;
        if self.ready.is_empty() {
            let (piece, rest) = self.rest.split_at_checked(STEP).unwrap_or((self.rest, &[]));
            self.rest = rest;
            self.ready = self.cipher.single(piece);
        }
        let count = self.ready.as_slice().read(into)?;
        self.ready.drain(..count);
        Ok(count)
    }
}
