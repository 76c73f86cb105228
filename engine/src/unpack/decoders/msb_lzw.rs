//! LZW as PDF has it (ISO 32000-2, 7.4.4), highest bit first: the crate `weezl`.

use std::io;

use weezl::decode::Decoder;
use weezl::{BitOrder, LzwStatus};

use super::{Pump, Steps, broken};
use crate::limits::{Budget, Stop};

/// What the decoder's tables take.
const MEMORY: u64 = 64 << 10;

/// One stream of codes.
pub(in crate::unpack) struct Lzw {
    decoder: Decoder,
    put_out: u64,
}

impl Lzw {
    /// `early`: codes grow one code before they have to.
    #[allow(clippy::new_ret_no_self, reason = "the pump is what is read from")]
    pub(in crate::unpack) fn new<'d>(
        data: &'d [u8],
        early: bool,
        budget: &Budget,
    ) -> Result<Pump<'d, Self>, Stop> {
        let decoder = match early {
            true => Decoder::with_tiff_size_switch(BitOrder::Msb, 8),
            false => Decoder::new(BitOrder::Msb, 8),
        };
        let steps = Self { decoder, put_out: 0 };
        Pump::new(data, steps, |_| None, budget)
    }
}

impl Steps for Lzw {
    fn step(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        is_last: bool,
    ) -> io::Result<(usize, bool)> {
        let result = self.decoder.decode_bytes(input, output);
        self.put_out = self.put_out.saturating_add(result.consumed_out as u64);
        let status = result.status.map_err(|error| broken(error.to_string()))?;
        // Many writers leave the end mark away.
        let is_dry = is_last && result.consumed_in == input.len() && result.consumed_out == 0;
        Ok((result.consumed_in, matches!(status, LzwStatus::Done) || is_dry))
    }

    fn put_out(&self) -> u64 {
        self.put_out
    }

    fn memory(&self, _: u64) -> u64 {
        MEMORY
    }
}
