//! The methods of ZIP beside stored and deflated: which decoder each is, and what it is told.

use crate::limits::{Budget, Stop};
use crate::reader::Reader;
use crate::unpack::decoders::{self, Ppmd, Stream, Zstd};

/// What the headers say of data in one of these methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) method: u16,
    /// The entry's flags; two of them mean something to some methods.
    pub(super) flags: u16,
    /// The packed length; `None` where it is told behind the data.
    pub(super) packed: Option<u64>,
    /// The size; `None` where it is told behind the data.
    pub(super) size: Option<u64>,
}

impl Packed {
    /// LZMA: the data end with a mark, whatever size is told.
    const HAS_END_MARK: u16 = 1 << 1;

    /// Whether the method is one of these.
    pub(super) fn is_known(method: u16) -> bool {
        matches!(method, 1..=6 | 9 | 12 | 14 | 20 | 93 | 95 | 98)
    }

    /// Starts the decoder; `None` for a method that is not known, or cannot be read without the size.
    pub(super) fn begin<'d>(
        &self,
        data: &'d [u8],
        budget: &Budget,
    ) -> Option<Result<Box<dyn Stream<'d> + 'd>, Stop>> {
        Some(match self.method {
            1 => Ok(Box::new(decoders::shrink(data, self.size?))),
            2..=5 => {
                let factor = u32::from(self.method).saturating_sub(1);
                Ok(Box::new(decoders::reduce(data, factor, self.size?)))
            }
            6 => Ok(Box::new(decoders::implode(data, self.flags, self.size?))),
            9 => boxed(decoders::deflate64(data, budget)),
            12 => boxed(decoders::bzip2(data, budget)),
            14 => self.lzma(data, budget)?,
            20 | 93 => boxed(Zstd::new(data, budget)),
            95 => boxed(decoders::xz(data, budget)),
            98 => boxed(Ppmd::new(data, self.size?, budget)),
            _ => return None,
        })
    }

    /// LZMA data stand behind a version and the properties with their length.
    fn lzma<'d>(
        &self,
        data: &'d [u8],
        budget: &Budget,
    ) -> Option<Result<Box<dyn Stream<'d> + 'd>, Stop>> {
        let mut reader = Reader::new(data);
        reader.skip(2).ok()?;
        let length = reader.u16_le().ok()?;
        let properties = reader.bytes(length.into()).ok()?.first_chunk().copied()?;
        let size = self.size.filter(|_| self.flags & Self::HAS_END_MARK == 0);
        Some(boxed(decoders::lzma_raw(properties, size, reader.rest(), budget)))
    }
}

fn boxed<'d>(stream: Result<impl Stream<'d> + 'd, Stop>) -> Result<Box<dyn Stream<'d> + 'd>, Stop> {
    stream.map(|stream| Box::new(stream) as _)
}
