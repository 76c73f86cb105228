//! Pellucid's signature compiler: sources in, set out, byte for byte the same wherever it runs.
//!
//! Authors write text: YARA rules, ClamAV's formats, hash lists. [`build`] reads a tree of such files and
//! makes the one file that the engine opens. A broken record is reported with file, line, column and what
//! to do, and left out; a strict build fails. No record vanishes silently: the [`BuildReport`] counts
//! every one as taken, skipped (Pellucid does not do what it asks for) or refused (it is broken).
//!
//! The path of a record, which is also the order of the modules:
//!
//! 1. `source`: a tree of files; each format's reader turns a line into a record
//! 2. `lint`: what is well-formed and still not right
//! 3. `compile`: patterns become programs, each with the literal that gives it away; rows, sections and
//!    the hash tree over them
//! 4. `report` and `diagnostic`: what became of the sources
//!
//! All sources are hostile: lines are read in bounded memory, nothing recurses over input, and sizes are
//! bounded before anything is multiplied out.
//!
//! ```
//! use pellucid_signatures::{BuildOptions, SourceTree, build_tree};
//!
//! let mut tree = SourceTree::new();
//! tree.add("set.toml", "origin = \"example.org\"\nversion = 3");
//! tree.add("lists/known.csv", "44d88612fea8a8f36de82e1278abb02f,Example.Test,68\nbroken line\n");
//! let build = build_tree(tree, &BuildOptions::default())?;
//! assert_eq!((build.report.total.taken, build.report.total.refused), (1, 1));
//! println!("{}", build.report.diagnostics[0]);
//! # Ok::<(), pellucid_signatures::BuildError>(())
//! ```

mod build;
mod compile;
mod diagnostic;
mod lint;
mod progress;
pub mod rarity;
mod report;
mod source;

pub use build::{Build, BuildOptions, build, build_tree};
pub use diagnostic::{Diagnostic, Excerpt, Level};
pub use progress::{Progress, Watch};
pub use report::{
    BuildError, BuildReport, Counts, DatabaseReport, KindCounts, MAX_KEPT, MAX_KEPT_IN_ALL,
};
pub use source::about::About;
pub use source::tree::SourceTree;
