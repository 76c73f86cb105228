//! The source of VBA macros (MS-OVBA 2.3.4 and 2.4.1, version 13).
//!
//! Source is kept compressed, behind code of its own in the stream of its module; where it begins is
//! told in the stream `dir`. Since documents may lie there, it is also looked for by the word that each
//! source begins with.

use std::io::{self, Read};

use crate::limits::{Budget, Grant, Stop};
use crate::reader::Reader;

/// What a chunk comes to, at most.
const CHUNK: usize = 4096;
/// How compressed source begins behind the header of its chunk.
const FIRST_WORD: &[u8] = b"\0Attribut";

/// Decompresses one container of chunks.
#[derive(Debug)]
pub(crate) struct Decompress<'d> {
    reader: Reader<'d>,
    chunk: Vec<u8>,
    /// Bytes of the chunk that were handed out.
    taken: usize,
    failure: Option<io::Error>,
}

impl<'d> Decompress<'d> {
    pub(crate) fn new(data: &'d [u8]) -> Self {
        let mut reader = Reader::new(data);
        let failure = match reader.u8() {
            Ok(1) => None,
            Ok(_) => Some(broken("no compressed macro begins here")),
            Err(_) => Some(cut()),
        };
        Self { reader, chunk: Vec::new(), taken: 0, failure }
    }

    /// Decompresses the next chunk; false at the end.
    fn next_chunk(&mut self) -> io::Result<bool> {
        self.chunk.clear();
        self.taken = 0;
        if self.reader.is_empty() {
            return Ok(false);
        }
        let header = self.reader.u16_le().map_err(|_| cut())?;
        if header >> 12 & 7 != 3 {
            return Err(broken("what follows is no compressed macro"));
        }
        let size = u64::from(header & 0xfff).saturating_add(1);
        let is_whole = size <= self.reader.remaining() as u64;
        let body =
            self.reader.bytes(size.min(self.reader.remaining() as u64)).map_err(|_| cut())?;
        if header >> 15 == 0 {
            self.chunk.extend_from_slice(body);
        } else if let Err(error) = expand(body, &mut self.chunk) {
            self.failure = Some(error);
        }
        if !is_whole && self.failure.is_none() {
            self.failure = Some(cut());
        }
        Ok(true)
    }
}

impl Read for Decompress<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.taken >= self.chunk.len() {
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            if !self.next_chunk()? {
                return Ok(0);
            }
            if self.chunk.is_empty() && self.failure.is_none() {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
        let rest = self.chunk.get(self.taken..).unwrap_or_default();
        let count = rest.len().min(into.len());
        if let (Some(into), Some(rest)) = (into.get_mut(..count), rest.get(..count)) {
            into.copy_from_slice(rest);
        }
        self.taken = self.taken.saturating_add(count);
        Ok(count)
    }
}

/// Expands the tokens of one chunk: a byte of flags, then eight bytes or copies.
fn expand(body: &[u8], chunk: &mut Vec<u8>) -> io::Result<()> {
    let mut reader = Reader::new(body);
    while let Ok(flags) = reader.u8() {
        for bit in 0..8 {
            if reader.is_empty() {
                return Ok(());
            }
            if flags >> bit & 1 == 0 {
                chunk.push(reader.u8().map_err(|_| cut())?);
            } else {
                copy(reader.u16_le().map_err(|_| cut())?, chunk)?;
            }
            if chunk.len() > CHUNK {
                return Err(broken("a compressed macro has a chunk that is too large"));
            }
        }
    }
    Ok(())
}

/// Repeats what stands `distance` back. The more there is, the more bits tell the distance.
fn copy(token: u16, chunk: &mut Vec<u8>) -> io::Result<()> {
    let mut bits = 4_u32;
    while bits < 12 && chunk.len() > 1 << bits {
        bits = bits.saturating_add(1);
    }
    let length = usize::from(token & (u16::MAX >> bits)).saturating_add(3);
    let distance = usize::from(token >> 16_u32.saturating_sub(bits)).saturating_add(1);
    let start = chunk.len().checked_sub(distance);
    let start = start.ok_or_else(|| broken("a compressed macro repeats what is not there"))?;
    for at in start..start.saturating_add(length).min(start.saturating_add(CHUNK)) {
        let byte = chunk.get(at).copied().ok_or_else(cut)?;
        chunk.push(byte);
    }
    Ok(())
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "a compressed macro is cut off")
}

/// Where compressed source begins in a stream, by its first word.
pub(super) fn find(stream: &[u8], budget: &Budget) -> Result<Option<u64>, Stop> {
    let mut from = 0_usize;
    while let Some(found) = budget.find(stream.get(from..).unwrap_or_default(), FIRST_WORD)? {
        let at = from.saturating_add(found);
        from = at.saturating_add(1);
        let start = at.checked_sub(3);
        let header = start.and_then(|start| stream.get(start..at));
        if let (Some(start), Some([1, _, high])) = (start, header)
            && high >> 4 & 7 == 3
        {
            return Ok(Some(start as u64));
        }
    }
    Ok(None)
}

/// Where the sources of modules begin, as the streams `dir` tell it.
#[derive(Debug, Default)]
pub(super) struct Modules {
    modules: Vec<Module>,
    grants: Vec<Grant>,
}

#[derive(Debug)]
struct Module {
    storage: u32,
    stream: Vec<u16>,
    offset: u32,
}

impl Modules {
    /// A project has fewer modules than that in one `dir`.
    const MOST: usize = 10_000;
    /// Longer names are none.
    const NAME: u64 = 64;

    const STREAM_NAME: u16 = 0x32;
    const OFFSET: u16 = 0x31;
    const VERSION: u16 = 0x09;

    /// Reads the records of a `dir` that lies in a storage.
    pub(super) fn read(
        &mut self,
        storage: u32,
        packed: &[u8],
        budget: &Budget,
    ) -> Result<(), Stop> {
        let dir = budget.decode(Decompress::new(packed), packed.len() as u64)?;
        let mut reader = Reader::new(&dir.bytes);
        let mut name: Vec<u16> = Vec::new();
        while let Some((kind, data)) = next_record(&mut reader) {
            match (kind, data.first_chunk()) {
                (Self::STREAM_NAME, _) => {
                    let data = Reader::new(data).bytes(Self::NAME).unwrap_or(data);
                    let units = data.chunks_exact(2).filter_map(|unit| unit.first_chunk());
                    name = units.map(|&unit| u16::from_le_bytes(unit)).collect();
                }
                (Self::OFFSET, Some(&offset)) if self.modules.len() < Self::MOST => {
                    self.grants.push(budget.hold(256)?);
                    let (stream, offset) = (std::mem::take(&mut name), u32::from_le_bytes(offset));
                    self.modules.push(Module { storage, stream, offset });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Where the source begins in a stream of a storage, if it is one of a module.
    pub(super) fn offset(&self, storage: u32, stream: &[u16]) -> Option<u64> {
        let is_it = |module: &&Module| module.storage == storage && module.stream == stream;
        self.modules.iter().find(is_it).map(|module| module.offset.into())
    }
}

fn next_record<'d>(reader: &mut Reader<'d>) -> Option<(u16, &'d [u8])> {
    let (kind, size) = (reader.u16_le().ok()?, reader.u32_le().ok()?);
    // The version is two bytes longer than its record says.
    let size = if kind == Modules::VERSION { 6 } else { size };
    Some((kind, reader.bytes(size.into()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unpack::testing::budget;

    fn decompress(data: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Decompress::new(data).read_to_end(&mut out).map(|_| out)
    }

    /// The examples of MS-OVBA 3.2.
    #[test]
    fn the_specifications_examples_come_out() {
        let cases: [(&[u8], &[u8]); 3] = [
            (
                b"\x01\x19\xb0\x00abcdefgh\x00ijklmnop\x00qrstuv.",
                b"abcdefghijklmnopqrstuv.",
            ),
            (
                b"\x01\x2f\xb0\x00#aaabcde\x82f\x00paghij\x018\x08akl\x000mnop\x06q\x02p\x04\x10rstuv\x10wxyz\x00<",
                b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa",
            ),
            (b"\x01\x03\xb0\x02aE\x00", &[b'a'; 73]),
        ];
        for (packed, plain) in cases {
            assert_eq!(decompress(packed).unwrap(), plain);
        }
    }

    #[test]
    fn raw_chunks_and_several_chunks_follow_each_other() {
        let raw = [&[0xff, 0x3f][..], &[b'x'; CHUNK]].concat();
        let all = [b"\x01", &raw[..], b"\x03\xb0\x02aE\x00"].concat();
        assert_eq!(decompress(&all).unwrap().len(), CHUNK + 73);
    }

    #[test]
    fn what_is_no_container_or_is_cut_says_so() {
        let kind = |data: &[u8]| decompress(data).unwrap_err().kind();
        assert_eq!(kind(b""), io::ErrorKind::UnexpectedEof);
        assert_eq!(kind(b"\x02"), io::ErrorKind::InvalidData);
        assert_eq!(kind(b"\x01\x19\x00"), io::ErrorKind::InvalidData);
        assert_eq!(kind(b"\x01\x19\xb0\x00abc"), io::ErrorKind::UnexpectedEof);
        assert_eq!(kind(b"\x01\x03\xb0\x01\x00\x00\x00"), io::ErrorKind::InvalidData);
    }

    /// The highest ratio: chunks that are one byte and one copy.
    #[test]
    fn a_chunk_never_grows_beyond_its_size() {
        let chunk = b"\x03\xb0\x02a\xff\x0f";
        let packed = [&b"\x01"[..], &chunk.repeat(10_000)].concat();
        let budget = budget(crate::limits::Limits::default());
        let decoded = budget.decode(Decompress::new(&packed), packed.len() as u64).unwrap();
        assert!(decoded.bytes.len() <= 10_000 * (CHUNK + 2));
        let too_large = b"\x01\x08\xb0\x06a\xff\x0f\xff\xff\x00\x00";
        assert!(decompress(too_large).is_err());
    }

    #[test]
    fn source_is_found_by_its_first_word() {
        let budget = budget(crate::limits::Limits::default());
        let stream = b"compiled\0Attribut\x01\x20\xb0\0Attribut\x00e";
        assert_eq!(find(stream, &budget), Ok(Some(17)));
        assert_eq!(find(b"\0Attribut", &budget), Ok(None));
    }
}
