//! Zstandard (RFC 8878), by `ruzstd`: frames behind each other, and frames without content between.
//!
//! The library takes the window that a frame asks for at once, so that is charged before it is opened.
//! Checksums are compared; dictionaries are not known, so a frame that needs one is not decoded.

use std::io::{self, Read};

use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::StreamingDecoder;

use super::{Memory, Stream, Watched, broken, cut_off, stopped, unsupported};
use crate::limits::{Budget, Stop};
use crate::reader::{OutOfBounds, Reader};

const MAGIC: u32 = 0xfd2f_b528;
/// Frames without content; the low four bits are free.
const SKIPPABLE: u32 = 0x184d_2a50;
/// The largest part of the window's size that blocks and tables take beside it.
const BASE: u64 = 1 << 20;

/// Decodes all frames that follow each other.
pub(in crate::unpack) struct Zstd<'d> {
    rest: &'d [u8],
    frame: Option<StreamingDecoder<Watched<'d>, FrameDecoder>>,
    memory: Memory,
    ended: bool,
}

impl<'d> Zstd<'d> {
    pub(in crate::unpack) fn new(data: &'d [u8], budget: &Budget) -> Result<Self, Stop> {
        Ok(Self { rest: data, frame: None, memory: Memory::new(budget)?, ended: false })
    }

    /// Opens the frame here, or passes over one without content. What is neither ends the stream.
    fn begin(&mut self) -> io::Result<()> {
        let mut reader = Reader::new(self.rest);
        match reader.u32_le() {
            Ok(MAGIC) => self.begin_frame(),
            Ok(magic) if magic & !0xf == SKIPPABLE => {
                let length = reader.u32_le().map_err(cut)?;
                reader.skip(length.into()).map_err(cut)?;
                self.rest = reader.rest();
                Ok(())
            }
            _ => {
                self.ended = true;
                Ok(())
            }
        }
    }

    fn begin_frame(&mut self) -> io::Result<()> {
        let header = Header::read(self.rest).map_err(cut)?;
        if header.has_dictionary {
            return Err(unsupported("zstd: the frame needs a dictionary"));
        }
        // The ring around the window grows to the next power of two.
        let ring = header.window.checked_next_power_of_two().unwrap_or(u64::MAX);
        self.memory.grow_to(ring.saturating_add(BASE)).map_err(stopped)?;
        let decoder =
            StreamingDecoder::new_with_max_window_size(Watched::new(self.rest), header.window);
        self.frame = Some(decoder.map_err(|error| broken(format!("zstd: {error}")))?);
        Ok(())
    }

    /// Reads from the frame at hand; at its end, compares the checksum and goes on behind it.
    fn read_frame(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(frame) = &mut self.frame else { return Ok(0) };
        let count = match frame.read(into) {
            Ok(count) => count,
            Err(error) => return Err(frame.get_ref().failure(&error)),
        };
        if count == 0 {
            self.rest = frame.get_ref().rest;
            let told = frame.decoder.get_checksum_from_data();
            let counted = frame.decoder.get_calculated_checksum();
            self.frame = None;
            if told.is_some() && told != counted {
                return Err(broken("zstd: a frame's checksum is wrong"));
            }
        }
        Ok(count)
    }
}

impl Read for Zstd<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.ended || into.is_empty() {
            return Ok(0);
        }
        let result = match self.frame {
            Some(_) => self.read_frame(into),
            None => self.begin().map(|()| 0),
        };
        match result {
            Ok(0) if !self.ended => Err(io::ErrorKind::Interrupted.into()),
            Err(error) => {
                self.ended = true;
                Err(error)
            }
            result => result,
        }
    }
}

impl<'d> Stream<'d> for Zstd<'d> {
    fn rest(&self) -> &'d [u8] {
        self.rest
    }
}

fn cut(_: OutOfBounds) -> io::Error {
    cut_off()
}

/// What a frame's header asks for (RFC 8878, 3.1.1.1).
struct Header {
    window: u64,
    has_dictionary: bool,
}

impl Header {
    fn read(frame: &[u8]) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::at(frame, 4)?;
        let descriptor = reader.u8()?;
        let is_single_segment = descriptor & 0x20 != 0;
        let mut window = 0;
        if !is_single_segment {
            let (exponent, mantissa) = {
                let byte = reader.u8()?;
                (byte >> 3, byte & 7)
            };
            let base = 1_u64 << exponent.saturating_add(10);
            window = base.saturating_add((base / 8).saturating_mul(mantissa.into()));
        }
        let dictionary = match descriptor & 3 {
            0 => 0,
            1 => reader.u8()?.into(),
            2 => reader.u16_le()?.into(),
            _ => reader.u32_le()?,
        };
        if is_single_segment {
            window = match descriptor >> 6 {
                0 => reader.u8()?.into(),
                1 => u64::from(reader.u16_le()?).saturating_add(256),
                2 => reader.u32_le()?.into(),
                _ => reader.u64_le()?,
            };
        }
        Ok(Self { window, has_dictionary: dictionary != 0 })
    }
}
