//! Content that arrives piece by piece: a mail on its way through a gateway, an upload.
//!
//! The pieces are collected in memory, since most formats are read from their end or across; the scan
//! begins when the last one is there.

use crate::engine::{Engine, ScanOptions};
use crate::input::Input;
use crate::verdict::Report;

/// One scan whose content is still coming. It keeps the sets that the engine had when it began.
#[derive(Debug)]
pub struct Stream {
    engine: Engine,
    options: ScanOptions,
    bytes: Vec<u8>,
    is_whole: bool,
}

impl Stream {
    pub(crate) fn new(engine: Engine, options: ScanOptions) -> Self {
        Self { engine, options, bytes: Vec::new(), is_whole: true }
    }

    /// Takes the next piece. At most half of [`Limits::memory`] is kept; what comes behind is left
    /// away, and the report will say `limit:memory`. The answer is whether more would be kept.
    ///
    /// [`Limits::memory`]: crate::limits::Limits::memory
    pub fn write(&mut self, piece: &[u8]) -> bool {
        let ceiling = usize::try_from(self.options.limits.memory / 2).unwrap_or(usize::MAX);
        let room = ceiling.saturating_sub(self.bytes.len());
        let kept = piece.get(..room).unwrap_or(piece);
        let fits = self.bytes.try_reserve(kept.len()).is_ok();
        if fits && self.is_whole {
            self.bytes.extend_from_slice(kept);
        }
        self.is_whole &= fits && kept.len() == piece.len();
        self.is_whole
    }

    /// Bytes that were kept so far.
    pub fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Scans what came. The time of the scan runs from here.
    pub fn finish(self) -> Report {
        let input = Input::Owned { bytes: self.bytes, is_whole: self.is_whole };
        self.engine.scan(input, &self.options)
    }
}
