//! SZDD, what MS-DOS's COMPRESS.EXE writes and EXPAND.EXE reads, and its older form in QBasic's
//! installation disks: LZSS over a ring of 4 KiB. By the notes in libmspack's documentation.

use std::io::{self, Read};

use super::{Stream, cut_off, unsupported};
use crate::reader::Reader;

const RING: usize = 4096;
const USUAL: &[u8] = b"SZDD\x88\xf0\x27\x33";
/// The only method of the usual form.
const METHOD: u8 = b'A';

/// Decodes one SZDD stream.
pub(in crate::unpack) struct Szdd<'d> {
    input: Reader<'d>,
    ring: [u8; RING],
    place: usize,
    /// Flags of the items that follow, lowest bit first; the ninth bit marks their end.
    flags: u16,
    /// Bytes of a match that are still to be copied, and from where.
    copy: (usize, usize),
    /// Bytes that are still to come, by the header.
    left: u64,
    problem: Option<io::Error>,
}

impl<'d> Szdd<'d> {
    pub(in crate::unpack) fn new(data: &'d [u8]) -> Self {
        let mut input = Reader::new(data);
        let is_usual = data.starts_with(USUAL);
        let header = Self::header(&mut input, is_usual);
        let (left, problem) = match header {
            Ok((METHOD, size)) => (size, None),
            Ok((method, _)) => (1, Some(unsupported(format!("SZDD method {method}")))),
            Err(_) => (1, Some(cut_off())),
        };
        let place = if is_usual { RING - 16 } else { RING - 18 };
        Self { input, ring: [b' '; RING], place, flags: 0, copy: (0, 0), left, problem }
    }

    fn header(
        input: &mut Reader<'_>,
        is_usual: bool,
    ) -> Result<(u8, u64), crate::reader::OutOfBounds> {
        input.skip(8)?;
        let method = if is_usual { input.u8()? } else { METHOD };
        if is_usual {
            // The last letter of the file's name.
            input.skip(1)?;
        }
        Ok((method, input.u32_le()?.into()))
    }

    fn next_byte(&mut self) -> Result<u8, crate::reader::OutOfBounds> {
        while self.copy.1 == 0 {
            if self.flags <= 1 {
                self.flags = u16::from(self.input.u8()?) | 0x100;
            }
            let is_literal = self.flags & 1 != 0;
            self.flags >>= 1;
            if is_literal {
                return self.input.u8();
            }
            let [low, high] = self.input.array()?;
            let from = usize::from(u16::from_le_bytes([low, high >> 4]));
            self.copy = (from, usize::from(high & 0xf).saturating_add(3));
        }
        let (from, left) = self.copy;
        self.copy = (from.wrapping_add(1) % RING, left.saturating_sub(1));
        Ok(self.ring.get(from).copied().unwrap_or(b' '))
    }
}

impl Read for Szdd<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(problem) = self.problem.take() {
            self.left = 0;
            return Err(problem);
        }
        let mut count = 0_usize;
        for place in into {
            if self.left == 0 {
                break;
            }
            let Ok(byte) = self.next_byte() else {
                self.problem = Some(cut_off());
                return if count > 0 { Ok(count) } else { self.read(&mut []) };
            };
            if let Some(kept) = self.ring.get_mut(self.place) {
                *kept = byte;
            }
            self.place = self.place.wrapping_add(1) % RING;
            self.left = self.left.saturating_sub(1);
            *place = byte;
            count = count.saturating_add(1);
        }
        Ok(count)
    }
}

impl<'d> Stream<'d> for Szdd<'d> {
    fn rest(&self) -> &'d [u8] {
        self.input.rest()
    }
}
