//! PPMd, variants H (7z) and I revision 1 (method 98 of ZIP), by `ppmd-rust`.
//!
//! The model takes as much memory as the header asks for, at once: that is charged first.

use std::io::{self, Read};

use ppmd_rust::{Ppmd8Decoder, RestoreMethod};

use super::{Memory, Stream, Watched, broken, stopped};
use crate::limits::{Budget, Stop};
use crate::reader::Reader;

/// Decodes data of method 98 up to a size that is known.
pub(in crate::unpack) struct Ppmd<'d> {
    decoder: Option<Ppmd8Decoder<Watched<'d>>>,
    left: u64,
    rest: &'d [u8],
    failure: Option<io::Error>,
    _memory: Memory,
}

impl<'d> Ppmd<'d> {
    pub(in crate::unpack) fn new(data: &'d [u8], size: u64, budget: &Budget) -> Result<Self, Stop> {
        let mut memory = Memory::new(budget)?;
        let (decoder, failure) = match Self::open(data, &mut memory) {
            Ok(decoder) => (Some(decoder), None),
            Err(failure) => (None, Some(failure)),
        };
        Ok(Self { decoder, left: size, rest: data, failure, _memory: memory })
    }

    /// Order, memory and method of restoration are in the first two bytes.
    fn open(data: &'d [u8], memory: &mut Memory) -> io::Result<Ppmd8Decoder<Watched<'d>>> {
        let mut reader = Reader::new(data);
        let header = u32::from(reader.u16_le().map_err(|_| super::cut_off())?);
        let order = (header & 0xf).saturating_add(1);
        let size = ((header >> 4) & 0xff).saturating_add(1) << 20;
        let method = match header >> 12 {
            0 => RestoreMethod::Restart,
            1 => RestoreMethod::CutOff,
            _ => return Err(broken("PPMd: an unknown method of restoration")),
        };
        memory.grow_to(size.into()).map_err(stopped)?;
        let decoder = Ppmd8Decoder::new(Watched::new(reader.rest()), order, size, method);
        decoder.map_err(|error| broken(format!("PPMd: {error}")))
    }
}

impl Read for Ppmd<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(failure) = self.failure.take() {
            self.left = 0;
            return Err(failure);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        let Some(decoder) = self.decoder.as_mut().filter(|_| most > 0) else { return Ok(0) };
        let count = decoder.read(into.get_mut(..most).unwrap_or_default());
        let watched = decoder.get_ref();
        self.rest = watched.rest;
        match count {
            Ok(0) => {
                self.left = 0;
                Err(super::cut_off())
            }
            Ok(count) => {
                self.left = self.left.saturating_sub(count as u64);
                Ok(count)
            }
            Err(error) => {
                self.left = 0;
                Err(watched.failure(&error))
            }
        }
    }
}

impl<'d> Stream<'d> for Ppmd<'d> {
    fn rest(&self) -> &'d [u8] {
        self.rest
    }
}
