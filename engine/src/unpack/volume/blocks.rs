//! Blocks that were packed one by one.

use std::io::Read;
use std::sync::Mutex;

use crate::input::Content;
use crate::limits::{Budget, DecodeEnd};
use crate::unpack::decoders;
use crate::verdict::Problem;

/// The block that was unpacked last: reads come in a row.
#[derive(Default)]
pub(in crate::unpack) struct Unpacked<'a>(Mutex<Option<(u64, Content<'a>)>>);

impl<'a> Unpacked<'a> {
    /// The block of that number, unpacked by `unpack` if it is not at hand.
    pub(in crate::unpack) fn block(
        &self,
        number: u64,
        unpack: impl FnOnce() -> Result<Content<'a>, Problem>,
    ) -> Result<Content<'a>, Problem> {
        let mut last = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &*last {
            Some((known, content)) if *known == number => Ok(content.clone()),
            _ => {
                *last = None;
                let content = unpack()?;
                *last = Some((number, content.clone()));
                Ok(content)
            }
        }
    }
}

/// Unpacks one block whole, or not at all.
pub(in crate::unpack) fn unpack_whole<'a>(
    decoder: impl Read,
    size: u64,
    packed: u64,
    budget: &Budget,
) -> Result<Content<'a>, Problem> {
    let content = unpack_block(decoder, size, packed, budget)?;
    if content.len() as u64 == size {
        return Ok(content);
    }
    Err(decoders::problem(&decoders::cut_off()))
}

/// Unpacks one block, of so many bytes at most.
pub(in crate::unpack) fn unpack_block<'a>(
    decoder: impl Read,
    most: u64,
    packed: u64,
    budget: &Budget,
) -> Result<Content<'a>, Problem> {
    let decoded = budget.decode(decoder.take(most), packed)?;
    match decoded.end {
        DecodeEnd::Complete => Ok(Content::held(decoded.bytes, decoded.grant)),
        DecodeEnd::Stopped(stop) => Err(stop.into()),
        DecodeEnd::Failed(error) => Err(decoders::problem(&error)),
    }
}
