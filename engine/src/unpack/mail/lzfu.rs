//! Compressed RTF ([MS-OXRTFCP]): LZ77 over a ring of 4 KiB that begins with what every RTF has.

use std::io::{self, Read};

use super::encodings::{broken, cut_off};
use crate::reader::Reader;

const RING: usize = 4096;
/// What the ring holds at first.
const START: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \
    \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier\
    {\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// Decodes one compressed RTF with its header.
pub(in crate::unpack) struct Lzfu<'d> {
    input: Reader<'d>,
    ring: [u8; RING],
    place: usize,
    /// Flags of the items that follow, lowest bit first; the ninth bit marks their end.
    flags: u16,
    /// From where a match is copied, and how much of it is left.
    copy: (usize, usize),
    /// Bytes that are stored as they are; nothing where they are compressed.
    stored: Option<u32>,
    problem: Option<io::Error>,
    ended: bool,
}

impl<'d> Lzfu<'d> {
    pub(in crate::unpack) fn new(data: &'d [u8]) -> Self {
        let mut ring = [b' '; RING];
        for (slot, &byte) in ring.iter_mut().zip(START) {
            *slot = byte;
        }
        let mut input = Reader::new(data);
        let (stored, problem) = match header(&mut input) {
            Ok((size, form)) if &form == b"MELA" => (Some(size), None),
            Ok((_, form)) if &form == b"LZFu" => (None, None),
            Ok(_) => (None, Some(broken("an unknown kind of compressed RTF"))),
            Err(_) => (None, Some(cut_off("the header is cut off"))),
        };
        let (flags, copy, ended) = (0, (0, 0), false);
        Self { input, ring, place: START.len(), flags, copy, stored, problem, ended }
    }

    /// The next byte; nothing at the end.
    fn next_byte(&mut self) -> Result<Option<u8>, crate::reader::OutOfBounds> {
        if let Some(left) = &mut self.stored {
            let Some(less) = left.checked_sub(1) else { return Ok(None) };
            *left = less;
            return self.input.u8().map(Some);
        }
        while self.copy.1 == 0 {
            if self.flags <= 1 {
                self.flags = u16::from(self.input.u8()?) | 0x100;
            }
            let is_match = self.flags & 1 != 0;
            self.flags >>= 1;
            if !is_match {
                return self.input.u8().map(Some);
            }
            let item = u16::from_be_bytes(self.input.array()?);
            let from = usize::from(item >> 4);
            if from == self.place {
                return Ok(None);
            }
            self.copy = (from, usize::from(item & 0xf).saturating_add(2));
        }
        let (from, left) = self.copy;
        self.copy = (from.wrapping_add(1) % RING, left.saturating_sub(1));
        Ok(Some(self.ring.get(from).copied().unwrap_or(b' ')))
    }

    fn keep(&mut self, byte: u8) {
        if let Some(slot) = self.ring.get_mut(self.place) {
            *slot = byte;
        }
        self.place = self.place.wrapping_add(1) % RING;
    }
}

/// Sizes, kind, checksum: the size without compression and the kind.
fn header(input: &mut Reader<'_>) -> Result<(u32, [u8; 4]), crate::reader::OutOfBounds> {
    input.skip(4)?;
    let size = input.u32_le()?;
    let form = input.array()?;
    input.skip(4)?;
    Ok((size, form))
}

impl Read for Lzfu<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut count = 0_usize;
        for slot in into {
            if self.ended || self.problem.is_some() {
                break;
            }
            match self.next_byte() {
                Ok(Some(byte)) => {
                    self.keep(byte);
                    *slot = byte;
                    count = count.saturating_add(1);
                }
                Ok(None) => self.ended = true,
                Err(_) => self.problem = Some(cut_off("the compressed text is cut off")),
            }
        }
        match self.problem.take_if(|_| count == 0) {
            Some(problem) => {
                self.ended = true;
                Err(problem)
            }
            None => Ok(count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(data: &[u8]) -> (Vec<u8>, bool) {
        let mut bytes = Vec::new();
        let is_whole = Lzfu::new(data).read_to_end(&mut bytes).is_ok();
        (bytes, is_whole)
    }

    /// The examples of the specification ([MS-OXRTFCP] 4.1 and 4.2).
    #[test]
    fn the_examples_of_the_specification() {
        let simple = b"\x2d\0\0\0\x2b\0\0\0LZFu\xf1\xc5\xc7\xa7\x03\0\x0a\0rcpg125B2\x0a\xf3 hel\x09\0\x20bw\x05\xb0ld}\x0a\x80\x0f\xa0";
        let (text, is_whole) = decoded(simple);
        assert_eq!(
            String::from_utf8_lossy(&text),
            "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
        );
        assert!(is_whole);
        let crossing =
            b"\x1a\0\0\0\x1c\0\0\0LZFu\xe2\xd4\x4b\x51\x41\0\x04\x20WXYZ\x0dn}\x01\x0e\xb0";
        let (text, is_whole) = decoded(crossing);
        assert_eq!(String::from_utf8_lossy(&text), "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}");
        assert!(is_whole);
    }

    #[test]
    fn what_is_cut_off_or_unknown_says_so() {
        let stored = b"\x15\0\0\0\x09\0\0\0MELA\0\0\0\0{\\rtf1 x}";
        assert_eq!(decoded(stored), (b"{\\rtf1 x}".to_vec(), true));
        for length in 0..stored.len() {
            assert!(!decoded(&stored[..length]).1, "{length}");
        }
        let mut unknown = *stored;
        unknown[8] = b'X';
        assert_eq!(decoded(&unknown), (Vec::new(), false));
    }
}
