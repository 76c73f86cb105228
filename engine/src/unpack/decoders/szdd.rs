//! SZDD, what MS-DOS's COMPRESS.EXE writes and EXPAND.EXE reads, and its older form in QBasic's
//! installation disks: LZSS over a ring of 4 KiB. By the notes in libmspack's documentation.

use std::io;

use super::bytewise::{Bytes, Bytewise};
use super::{cut_off, unsupported};
use crate::reader::{OutOfBounds, Reader};

const RING: usize = 4096;
const USUAL: &[u8] = b"SZDD\x88\xf0\x27\x33";
/// The only method of the usual form.
const METHOD: u8 = b'A';

/// A decoder behind its header.
pub(in crate::unpack) struct Szdd<'d> {
    input: Reader<'d>,
    ring: [u8; RING],
    place: usize,
    /// Flags of the items that follow, lowest bit first; the ninth bit marks their end.
    flags: u16,
    /// Bytes of a match that are still to be copied, and from where.
    copy: (usize, usize),
}

/// Decodes one SZDD stream.
pub(in crate::unpack) fn szdd(data: &[u8]) -> Bytewise<Szdd<'_>> {
    let mut input = Reader::new(data);
    let is_usual = data.starts_with(USUAL);
    let header = Szdd::header(&mut input, is_usual);
    let place = if is_usual { RING - 16 } else { RING - 18 };
    let szdd = Szdd { input, ring: [b' '; RING], place, flags: 0, copy: (0, 0) };
    match header {
        Ok((METHOD, size)) => Bytewise::new(szdd, size),
        Ok((method, _)) => Bytewise::failed(szdd, unsupported(format!("SZDD method {method}"))),
        Err(_) => Bytewise::failed(szdd, cut_off()),
    }
}

impl Szdd<'_> {
    fn header(input: &mut Reader<'_>, is_usual: bool) -> Result<(u8, u64), OutOfBounds> {
        input.skip(8)?;
        let method = if is_usual { input.u8()? } else { METHOD };
        if is_usual {
            // The last letter of the file's name.
            input.skip(1)?;
        }
        Ok((method, input.u32_le()?.into()))
    }

    fn next_byte(&mut self) -> Result<u8, OutOfBounds> {
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

impl<'d> Bytes<'d> for Szdd<'d> {
    fn next(&mut self) -> io::Result<u8> {
        let byte = self.next_byte().map_err(|_| cut_off())?;
        if let Some(kept) = self.ring.get_mut(self.place) {
            *kept = byte;
        }
        self.place = self.place.wrapping_add(1) % RING;
        Ok(byte)
    }

    fn rest(&self) -> &'d [u8] {
        self.input.rest()
    }
}
