//! Pellucid's scan engine: bytes in, verdict out.
//!
//! An [`Engine`] holds a stack of signature sets and scans files, descriptors, memory and readers
//! with them. What it answers, a [`Report`](verdict::Report), has two halves that are never mixed:
//! what was found (the *verdict*), and whether all of it was looked at (the *completeness*, with
//! reasons).
//!
//! ```
//! use pellucid::set::{SignatureSet, Unverified};
//! use pellucid::verdict::{Completeness, Verdict};
//! use pellucid::{Engine, Input, ScanOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let file = tempfile::NamedTempFile::new()?;
//! # let mut tree = pellucid_signatures::SourceTree::new();
//! # tree.add("a.ndb", "Example.Needle:0:*:6e6565646c65\n");
//! # std::fs::write(file.path(), pellucid_signatures::build_tree(tree, &Default::default())?.set)?;
//! # let path = file.path();
//! let set = SignatureSet::open(Unverified::from_path(path)?.verify()?)?;
//! let engine = Engine::builder().set(set).build()?;
//! let report = engine.scan(Input::Memory(b"hay, a needle, hay"), &ScanOptions::default());
//! assert_eq!(report.verdict, Verdict::Malicious);
//! assert_eq!(report.completeness, Completeness::Complete);
//! assert_eq!(report.findings[0].name, "Example.Needle");
//! # Ok(())
//! # }
//! ```
//!
//! The path of a scan, which is also the order of the modules that it goes through:
//!
//! 1. [`input`]: bytes in; the one place that opens, reads and maps files
//! 2. [`identify`]: what is it? a set of types, from content alone
//! 3. [`inspect`]: facts about programs that signatures ask about
//! 4. [`normalise`] and [`matcher`]: which signatures hit, in the bytes or in a normal form of them?
//! 5. [`unpack`]: what is inside? each thing found goes the same way; by a work queue, never by
//!    recursion
//! 6. [`verdict`]: what was found, and how much was looked at
//!
//! [`set`] opens signature sets, [`walk`] scans trees of files with as many threads as it is given,
//! [`limits`] is the one budget that everything charges, [`observe`] is how a host watches, and [`reader`] the one cursor over bytes that
//! somebody else made. `scan.rs` conducts: it is the whole path on one page.
//!
//! # What a host should know
//!
//! - An engine is immutable and shared by threads; each thread keeps room for its scans (a read
//!   buffer of 128 KiB, what matching needs, and YARA's scanners) until it scans with other engines
//!   or ends.
//! - Nothing is written to disk, no network is used, no program is run, no name from an archive is
//!   used as a path.
//! - No thread is started and no signal handled unasked, with one exception that the feature `yara`
//!   brings along: the first engine with YARA rules makes wasmtime handle SIGSEGV, SIGILL and SIGFPE
//!   (faults that are not its own go to the handlers that were there), and the first scan with them
//!   starts yara-x's clock, one thread for the life of the process.
//! - A panic while an object is examined becomes the reason `internal-error` of that object. A stack
//!   overflow or exhausted memory cannot be caught; scans need about 256 KiB of stack, and YARA gets
//!   a stack of its own where little is left.
//! - Files are mapped only after [`input::survive_shrinking_maps`].

mod engine;
pub mod identify;
pub mod input;
pub mod inspect;
#[cfg(feature = "json")]
pub mod json;
pub mod limits;
pub mod matcher;
pub mod normalise;
pub mod observe;
pub mod reader;
mod scan;
pub mod set;
mod stream;
mod threads;
pub mod unpack;
pub mod verdict;
pub mod walk;

pub use engine::{Engine, EngineBuilder, EngineError, ScanOptions};
pub use input::Input;
pub use stream::Stream;
pub use threads::Threads;

/// Runs the example of the README as a test.
#[cfg(all(doctest, feature = "builtin"))]
#[doc = include_str!("../../README.md")]
struct Readme;
