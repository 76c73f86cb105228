//! How far a build is, for people who wait. It never shows in the set.

use std::fmt;
use std::sync::Arc;

/// How far a build is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress<'p> {
    /// It reads this file, and has read so many records of all files.
    Reading {
        /// The file, as the caller named it.
        file: &'p str,
        /// Records so far.
        records: u64,
    },
    /// All is read; the set is being put together.
    Writing,
}

/// Somebody who is told how far a build is.
#[derive(Clone)]
pub struct Watch(Arc<dyn Fn(Progress<'_>) + Send + Sync>);

impl Watch {
    /// Calls `watch` on the thread that builds.
    pub fn new(watch: impl Fn(Progress<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(watch))
    }

    pub(crate) fn tell(&self, progress: Progress<'_>) {
        (self.0)(progress);
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}
