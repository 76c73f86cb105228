//! Compressed streams that hold one content: bzip2, xz, LZMA, lzip, Zstandard, LZ4, compress, SZDD.
//!
//! Streams, members and frames that follow each other are one object, as their own tools write it.
//! What was decoded before a stream breaks off is kept. Behind the last one, zeros are padding;
//! anything else there is left alone, and named where the stream begins at the start of the object.
//! The decoders are in `decoders/`.

use super::decoders::{self, Lz4, Lzw, Stream, Zstd};
use super::{Entry, Notes, Opened, Opening, Unpacker};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::verdict::Problem;

/// The name of a content; these formats keep none, or none worth showing.
const UNNAMED: &[u8] = b"data";

/// Starts a decoder.
type Begin = for<'d> fn(&'d [u8], &Budget) -> Result<Box<dyn Stream<'d> + 'd>, Stop>;

macro_rules! openers {
    ($($open:ident: $begin:expr;)*) => {$(
        pub(super) fn $open<'a>(
            content: Content<'a>,
            offset: u64,
            _: &Opening<'_>,
        ) -> Opened<'a> {
            Ok(Box::new(Single::new(content, offset, $begin)))
        }
    )*};
}

openers! {
    open_bzip2: |data, budget| Ok(Box::new(decoders::bzip2(data, budget)?));
    open_xz: |data, budget| Ok(Box::new(decoders::xz(data, budget)?));
    open_lzma: |data, budget| Ok(Box::new(decoders::lzma(data, budget)?));
    open_lzip: |data, budget| Ok(Box::new(decoders::lzip(data, budget)?));
    open_zstd: |data, budget| Ok(Box::new(Zstd::new(data, budget)?));
    open_lz4: |data, budget| Ok(Box::new(Lz4::new(data, budget)?));
    open_compress: |data, budget| Ok(Box::new(Lzw::new(data, budget)?));
    open_szdd: |data, _| Ok(Box::new(decoders::szdd(data)));
}

/// A stream whose only entry is its content.
struct Single<'a> {
    stream: Content<'a>,
    /// Whether the object is nothing but this stream, so that it should end with it.
    alone: bool,
    begin: Begin,
    done: bool,
    notes: Notes,
}

impl<'a> Single<'a> {
    fn new(content: Content<'a>, offset: u64, begin: Begin) -> Self {
        let stream = content.slice(offset, u64::MAX);
        Self { stream, alone: offset == 0, begin, done: false, notes: Notes::default() }
    }

    fn decode(&mut self, budget: &Budget) -> Result<Entry<'a>, Stop> {
        let mut stream = (self.begin)(&self.stream, budget)?;
        let entry = Entry::decoded(UNNAMED, budget.decode(&mut stream, self.stream.len() as u64)?);
        let rest = stream.rest();
        if self.alone && entry.problems.is_empty() && rest.iter().any(|&byte| byte != 0) {
            self.notes.corrupted(format!("{} bytes behind the stream", rest.len()));
        }
        Ok(entry)
    }
}

impl<'a> Unpacker<'a> for Single<'a> {
    fn next_entry(&mut self, budget: &Budget) -> Option<Entry<'a>> {
        if std::mem::replace(&mut self.done, true) {
            return None;
        }
        let entry = self.decode(budget);
        Some(entry.unwrap_or_else(|stop| Entry::unread(UNNAMED, stop.into())))
    }

    fn problems(&mut self) -> Vec<Problem> {
        self.notes.take()
    }
}

#[cfg(test)]
mod tests;
