//! LZ4 (LZ4 Frame Format 1.6.4, and its older "legacy" frame), by `lz4_flex`: frames behind each
//! other, and frames without content between.
//!
//! The library takes its buffers when a frame begins; they follow from the block size that the frame
//! names, at most 8 MiB, and are charged first. A frame that needs a dictionary is not decoded.

use std::io::{self, Read};

use lz4_flex::frame::FrameDecoder;

use super::{Memory, Stream, Watched, cut_off, stopped, unsupported};
use crate::limits::{Budget, Stop};
use crate::reader::{OutOfBounds, Reader};

const MAGIC: u32 = 0x184d_2204;
const LEGACY: u32 = 0x184c_2102;
/// Frames without content; the low four bits are free.
const SKIPPABLE: u32 = 0x184d_2a50;
const WINDOW: u64 = 64 << 10;

/// Decodes all frames that follow each other.
pub(in crate::unpack) struct Lz4<'d> {
    rest: &'d [u8],
    frame: Option<Frame<'d>>,
    memory: Memory,
    ended: bool,
}

struct Frame<'d> {
    decoder: FrameDecoder<Watched<'d>>,
    /// A legacy frame has no mark at its end.
    is_legacy: bool,
}

impl<'d> Lz4<'d> {
    pub(in crate::unpack) fn new(data: &'d [u8], budget: &Budget) -> Result<Self, Stop> {
        Ok(Self { rest: data, frame: None, memory: Memory::new(budget)?, ended: false })
    }

    /// Opens the frame here, or passes over one without content. What is neither ends the stream.
    fn begin(&mut self) -> io::Result<()> {
        let mut reader = Reader::new(self.rest);
        match reader.u32_le() {
            Ok(MAGIC) => {
                let (flags, sizes) = (reader.u8().map_err(cut)?, reader.u8().map_err(cut)?);
                if flags & 1 != 0 {
                    return Err(unsupported("lz4: the frame needs a dictionary"));
                }
                self.begin_frame(block_size((sizes >> 4) & 7), false)
            }
            Ok(LEGACY) => self.begin_frame(8 << 20, true),
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

    fn begin_frame(&mut self, block: u64, is_legacy: bool) -> io::Result<()> {
        // One block packed, and two unpacked behind a window.
        let memory = block.saturating_mul(3).saturating_add(WINDOW);
        self.memory.grow_to(memory).map_err(stopped)?;
        let decoder = FrameDecoder::new(Watched::new(self.rest));
        self.frame = Some(Frame { decoder, is_legacy });
        Ok(())
    }

    fn read_frame(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(Frame { decoder, is_legacy }) = &mut self.frame else { return Ok(0) };
        let count = decoder.read(into);
        let watched = decoder.get_ref();
        match count {
            Err(error) => Err(watched.failure(&error)),
            // The library takes the end of the input for the end of the frame.
            Ok(0) if watched.ran_dry && !*is_legacy => Err(cut_off()),
            Ok(0) => {
                self.rest = watched.rest;
                self.frame = None;
                Ok(0)
            }
            Ok(count) => Ok(count),
        }
    }
}

/// The largest block by its number; numbers that do not exist are refused by the library.
fn block_size(number: u8) -> u64 {
    match number {
        4 => 64 << 10,
        5 => 256 << 10,
        6 => 1 << 20,
        _ => 4 << 20,
    }
}

fn cut(_: OutOfBounds) -> io::Error {
    cut_off()
}

impl Read for Lz4<'_> {
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

impl<'d> Stream<'d> for Lz4<'d> {
    fn rest(&self) -> &'d [u8] {
        self.rest
    }
}
