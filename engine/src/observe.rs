//! Watching a scan from inside: what hosts show, log and decide while it runs.
//!
//! An [`Observer`] is told of objects, findings and problems as they come up, and from time to time how
//! far the scan is. It may leave an object out or end the scan; both show in the report, so that what
//! was not looked at never counts as clean.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use crate::verdict::{Finding, Object, Problem};

/// What is told of a scan, on the thread that scans, while it scans. Every method has an answer that
/// changes nothing, so an observer writes only those it needs.
///
/// A walk over a tree scans on several threads, which may all call the same observer at a time. A
/// panic in one of these methods is treated as a defect of the engine: the object is reported as
/// `internal-error`.
pub trait Observer: Send + Sync {
    /// An object was identified and is about to be searched. What is left out is reported as `skipped`,
    /// with everything in it.
    fn object(&self, entered: &Entered<'_>) -> Step {
        let _ = entered;
        Step::Continue
    }

    /// A signature hit. An allow-list may still overrule it at the end; what counts is the report.
    fn finding(&self, finding: &Finding) -> ControlFlow<()> {
        let _ = finding;
        ControlFlow::Continue(())
    }

    /// Something could not be looked at in full. `object` is its place in [`Report::objects`].
    ///
    /// [`Report::objects`]: crate::verdict::Report::objects
    fn problem(&self, object: usize, problem: &Problem) {
        let _ = (object, problem);
    }

    /// The scan is at work. Called whenever at least [`PULSE`] has gone by, from deep inside: be quick,
    /// and do not scan with the same engine from here.
    fn progress(&self, progress: Progress) -> ControlFlow<()> {
        let _ = progress;
        ControlFlow::Continue(())
    }
}

/// The least time between two calls of [`Observer::progress`].
pub const PULSE: Duration = Duration::from_millis(50);

/// What becomes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is scanned.
    Continue,
    /// It and everything in it is left out.
    Skip,
    /// The scan ends here, as if it was cancelled.
    Stop,
}

/// An object that was identified.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Entered<'o> {
    /// Its place in [`Report::objects`].
    ///
    /// [`Report::objects`]: crate::verdict::Report::objects
    pub index: usize,
    /// How deep it lies; the file itself is at depth 0.
    pub depth: u32,
    /// Its name, size, types and parent.
    pub object: &'o Object,
}

impl<'o> Entered<'o> {
    pub(crate) fn new(index: usize, depth: u32, object: &'o Object) -> Self {
        Self { index, depth, object }
    }
}

/// How far a scan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Objects that were entered, the file included.
    pub objects: u64,
    /// Bytes that unpackers put out.
    pub unpacked_bytes: u64,
    /// Time since the scan began.
    pub elapsed: Duration,
}

impl Progress {
    pub(crate) fn new(objects: u64, unpacked_bytes: u64, elapsed: Duration) -> Self {
        Self { objects, unpacked_bytes, elapsed }
    }
}

/// An observer in [`ScanOptions`], or none. Clones share it.
///
/// [`ScanOptions`]: crate::ScanOptions
#[derive(Clone, Default)]
pub struct Observed(Option<Arc<dyn Observer>>);

impl Observed {
    /// Scans are told to this observer.
    pub fn by(observer: impl Observer + 'static) -> Self {
        Self(Some(Arc::new(observer)))
    }

    pub(crate) fn observer(&self) -> Option<&dyn Observer> {
        self.0.as_deref()
    }
}

impl fmt::Debug for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "observed" } else { "unobserved" })
    }
}
