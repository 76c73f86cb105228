//! The codecs of LHA, by `delharc`, and with them those of ARJ, whose methods 1 to 3 are LHA's with
//! another window.

use std::io::{self, Read};

use delharc::decode::{Decoder, DecoderAny, Lh7Decoder};
use delharc::{LhaError, LhaHeader};

use super::{broken, cut_off, unsupported};

/// Bytes that are asked for at a time: what was decoded of a step that fails is lost.
const STEP: usize = 64;

/// A decoder that must be told how much it has to give.
pub(in crate::unpack) struct Filled<'d> {
    decoder: DecoderAny<&'d [u8]>,
    left: u64,
}

impl<'d> Filled<'d> {
    /// Data of a LHA entry.
    pub(in crate::unpack) fn lha(header: &LhaHeader, data: &'d [u8]) -> Self {
        let decoder = match header.compression_method() {
            Ok(method) => DecoderAny::new_from_compression(method, data),
            Err(_) => {
                DecoderAny::UnsupportedDecoder(delharc::decode::UnsupportedDecoder::new(data))
            }
        };
        Self { decoder, left: header.original_size }
    }

    /// Data of an ARJ entry of methods 1 to 3.
    pub(in crate::unpack) fn arj(data: &'d [u8], size: u64) -> Self {
        Self { decoder: DecoderAny::Lh7Decoder(Lh7Decoder::new(data)), left: size }
    }
}

impl Read for Filled<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let count = left.min(into.len()).min(STEP);
        if count == 0 {
            return Ok(0);
        }
        if !self.decoder.is_supported() {
            return Err(unsupported("a method of LHA that is not known"));
        }
        match self.decoder.fill_buffer(into.get_mut(..count).unwrap_or_default()) {
            Ok(()) => {
                self.left = self.left.saturating_sub(count as u64);
                Ok(count)
            }
            Err(error) => {
                self.left = 0;
                Err(match error {
                    LhaError::Io(_) => cut_off(),
                    error => broken(format!("LHA: {error}")),
                })
            }
        }
    }
}
