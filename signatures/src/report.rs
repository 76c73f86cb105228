//! What a build says when it is over: what was taken, skipped and refused, of which kind, and why.
//!
//! Every record of every file is counted exactly once, under the kind of its format. Diagnostics are
//! kept up to [`MAX_KEPT`] of each level; beyond that they are only counted.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{fmt, io};

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Fault, Level};

/// Diagnostics of each level that a report keeps.
pub const MAX_KEPT: u64 = 10_000;

/// What became of the sources.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct BuildReport {
    /// Files that were read.
    pub files: u64,
    /// Records by kind.
    pub kinds: BTreeMap<String, KindCounts>,
    /// Records of all kinds.
    pub total: Counts,
    /// Records that were there before, word for word, and are in the set once.
    pub merged: u64,
    /// Diagnostics by level, those beyond the kept ones included.
    pub levels: BTreeMap<&'static str, u64>,
    /// The first [`MAX_KEPT`] diagnostics of each level, in the order of the sources.
    pub diagnostics: Vec<Diagnostic>,
}

/// Records of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KindCounts {
    /// How many files hold them.
    pub files: u64,
    /// How many records there are.
    #[serde(flatten)]
    pub counts: Counts,
    /// Why records were skipped or refused, and how many for each reason.
    pub reasons: BTreeMap<String, u64>,
}

/// What became of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// They are in the set.
    pub taken: u64,
    /// They ask for something that Pellucid does not do.
    pub skipped: u64,
    /// They are not what their format says.
    pub refused: u64,
}

impl Counts {
    /// All records.
    pub fn records(self) -> u64 {
        self.taken.saturating_add(self.skipped).saturating_add(self.refused)
    }

    fn add(&mut self, outcome: Outcome, count: u64) {
        let counter = match outcome {
            Outcome::Taken => &mut self.taken,
            Outcome::Skipped => &mut self.skipped,
            Outcome::Refused => &mut self.refused,
        };
        *counter = counter.saturating_add(count);
    }
}

/// What became of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Taken,
    Skipped,
    Refused,
}

impl BuildReport {
    /// Diagnostics of a level, those beyond the kept ones included.
    pub fn count(&self, level: Level) -> u64 {
        self.levels.get(level.name()).copied().unwrap_or(0)
    }

    pub(crate) fn file(&mut self, kind: &str) {
        self.files = self.files.saturating_add(1);
        let kind = self.kind(kind);
        kind.files = kind.files.saturating_add(1);
    }

    pub(crate) fn taken(&mut self, kind: &str, count: u64) {
        self.total.add(Outcome::Taken, count);
        self.kind(kind).counts.add(Outcome::Taken, count);
    }

    /// Counts records that are not in the set.
    pub(crate) fn left_out(&mut self, kind: &str, level: Level, reason: &str, count: u64) {
        let outcome = match level {
            Level::Error => Outcome::Refused,
            _ => Outcome::Skipped,
        };
        self.total.add(outcome, count);
        let kind = self.kind(kind);
        kind.counts.add(outcome, count);
        let so_far = kind.reasons.entry(reason.into()).or_insert(0);
        *so_far = so_far.saturating_add(count);
    }

    /// Leaves out a file as a whole, and says why.
    pub(crate) fn leave_out_file(&mut self, shown: &str, kind: &str, fault: Fault) {
        self.left_out(kind, fault.level, &fault.reason, 1);
        self.say(Diagnostic::of_file(shown, fault));
    }

    pub(crate) fn say(&mut self, diagnostic: Diagnostic) {
        let count = self.levels.entry(diagnostic.level.name()).or_insert(0);
        *count = count.saturating_add(1);
        if *count <= MAX_KEPT {
            self.diagnostics.push(diagnostic);
        }
    }

    fn kind(&mut self, kind: &str) -> &mut KindCounts {
        self.kinds.entry(kind.into()).or_default()
    }
}

impl fmt::Display for BuildReport {
    /// A summary; the diagnostics are not part of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.kinds.keys().map(String::len).max().unwrap_or(0).max(5);
        let line = |f: &mut fmt::Formatter<'_>, name: &str, counts: Counts| {
            let Counts { taken, skipped, refused } = counts;
            writeln!(f, "{name:width$}  {taken:>9} taken {skipped:>9} skipped {refused:>9} refused")
        };
        for (name, kind) in &self.kinds {
            line(f, name, kind.counts)?;
            for (reason, count) in &kind.reasons {
                writeln!(f, "{:width$}  {count:>9} {reason}", "")?;
            }
        }
        line(f, "total", self.total)?;
        write!(f, "{} {}", self.files, if self.files == 1 { "file" } else { "files" })?;
        if self.merged > 0 {
            write!(f, ", {} repeated records merged", self.merged)?;
        }
        for (level, count) in &self.levels {
            write!(f, ", {count} x {level}")?;
        }
        writeln!(f)
    }
}

/// Why there is no set.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// A source cannot be read.
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// `set.toml` is not what it should be.
    About(Box<Diagnostic>),
    /// The build was strict, and there are errors.
    Strict(Box<BuildReport>),
    /// No record at all was taken.
    Nothing(Box<BuildReport>),
    /// There is more of something than a set has room for.
    TooMuch {
        /// Of what.
        what: &'static str,
        /// What there is room for.
        most: u64,
    },
    /// The rules compile one by one but not together, or their compiler failed.
    Yara(String),
}

impl BuildError {
    /// What was read before the build failed, where it got so far.
    pub fn report(&self) -> Option<&BuildReport> {
        match self {
            BuildError::Strict(report) | BuildError::Nothing(report) => Some(report),
            _ => None,
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::Unreadable { path, error } => {
                write!(f, "{} cannot be read: {error}", path.display())
            }
            BuildError::About(diagnostic) => write!(f, "{diagnostic}"),
            BuildError::Strict(report) => {
                let errors = report.count(Level::Error);
                write!(f, "{errors} errors in the sources, and the build is strict")
            }
            BuildError::Nothing(report) => {
                let Counts { skipped, refused, .. } = report.total;
                write!(
                    f,
                    "no signature to put into a set: {skipped} records were skipped, {refused} \
                     refused; a set needs at least one signature or removal"
                )
            }
            BuildError::TooMuch { what, most } => {
                write!(f, "more {what} than a set has room for ({most}); make two sets of them")
            }
            BuildError::Yara(message) => write!(f, "the YARA rules do not compile: {message}"),
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            BuildError::Unreadable { error, .. } => Some(error),
            _ => None,
        }
    }
}
