//! Numbers in the byte order and the width that a program's header declares.

use crate::reader::{OutOfBounds, Reader};

/// A reader that knows both.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'a> {
    pub(super) reader: Reader<'a>,
    pub(super) big_endian: bool,
    /// Whether addresses have 64 bits.
    pub(super) wide: bool,
}

impl<'a> Numbers<'a> {
    /// The same at another place.
    pub(super) fn at(&self, reader: Reader<'a>) -> Self {
        Self { reader, ..*self }
    }

    pub(super) fn u16(&mut self) -> Result<u16, OutOfBounds> {
        let bytes = self.reader.array()?;
        Ok(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    pub(super) fn u32(&mut self) -> Result<u32, OutOfBounds> {
        let bytes = self.reader.array()?;
        Ok(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// A number as wide as the program's addresses.
    pub(super) fn word(&mut self) -> Result<u64, OutOfBounds> {
        if !self.wide {
            return self.u32().map(u64::from);
        }
        let bytes = self.reader.array()?;
        Ok(if self.big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }
}
