//! What a build says when it is over: what was taken, skipped and refused, of which kind, and why.
//!
//! Every record of every file is counted exactly once, under the kind of its format. Counts are exact
//! whatever the sources; diagnostics are kept up to [`MAX_KEPT`] of each kind and reason and
//! [`MAX_KEPT_IN_ALL`] altogether, since a list of millions of hashes can be wrong in every line.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::{fmt, io};

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Fault, Level, escape};

/// Diagnostics of each kind and reason that a report keeps.
pub const MAX_KEPT: u64 = 1_000;

/// Diagnostics that a report keeps altogether.
pub const MAX_KEPT_IN_ALL: usize = 100_000;

/// What files are called whose name says no format.
pub(crate) const OTHER_FILE: &str = "other file";

/// What became of the sources.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct BuildReport {
    /// Files that were read, those inside of databases counted.
    pub files: u64,
    /// ClamAV databases that were taken.
    pub databases: Vec<DatabaseReport>,
    /// Records by kind.
    pub kinds: BTreeMap<String, KindCounts>,
    /// Records of all kinds.
    pub total: Counts,
    /// Records that exceptions switched off; they are among the skipped ones.
    pub switched_off: u64,
    /// Records that were there before, word for word, and are in the set once.
    pub merged: u64,
    /// Diagnostics by level, those beyond the kept ones included.
    pub levels: BTreeMap<&'static str, u64>,
    /// Diagnostics in the order of the sources: the first [`MAX_KEPT`] of each kind and reason.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more there would be.
    pub diagnostics_not_kept: u64,
}

/// A ClamAV database that was taken, in the words of its header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DatabaseReport {
    /// The file, as the caller named it.
    pub file: String,
    /// Which version of the database it is.
    pub version: u64,
    /// When it was built.
    pub built: String,
    /// Who built it.
    pub builder: String,
    /// The engine level it was made for.
    pub level: u64,
    /// How many signatures it says to hold.
    pub declared_signatures: u64,
    /// Whether the ClamAV project signed it; the digests of its files were checked in any case.
    pub signed: bool,
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
    /// How many diagnostics of each level and reason were kept.
    #[serde(skip)]
    kept: HashMap<(Level, Cow<'static, str>), u64>,
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

    /// Counts records that are not in the set, and says why.
    pub(crate) fn leave_out(
        &mut self,
        kind: &str,
        records: u64,
        fault: Fault,
        place: impl FnOnce(Fault) -> Diagnostic,
    ) {
        let outcome = match fault.level {
            Level::Error => Outcome::Refused,
            _ => Outcome::Skipped,
        };
        self.total.add(outcome, records);
        let of_kind = self.kind(kind);
        of_kind.counts.add(outcome, records);
        match of_kind.reasons.get_mut(fault.reason.as_ref()) {
            Some(so_far) => *so_far = so_far.saturating_add(records),
            None => {
                of_kind.reasons.insert(fault.reason.to_string(), records);
            }
        }
        self.keep(kind, records, fault, place);
    }

    /// Leaves out a file as a whole, and says why.
    pub(crate) fn leave_out_file(&mut self, shown: &str, kind: &str, fault: Fault) {
        self.leave_out(kind, 1, fault, |fault| Diagnostic::of_file(shown, fault));
    }

    /// Speaks of something that keeps no record out.
    pub(crate) fn say(
        &mut self,
        kind: &str,
        fault: Fault,
        place: impl FnOnce(Fault) -> Diagnostic,
    ) {
        self.keep(kind, 0, fault, place);
    }

    /// Counts a diagnostic, and keeps it while there are few of its like.
    fn keep(
        &mut self,
        kind: &str,
        records: u64,
        fault: Fault,
        place: impl FnOnce(Fault) -> Diagnostic,
    ) {
        let count = self.levels.entry(fault.level.name()).or_insert(0);
        *count = count.saturating_add(1);
        let room = self.diagnostics.len() < MAX_KEPT_IN_ALL;
        let alike = self.kind(kind).kept.entry((fault.level, fault.reason.clone())).or_insert(0);
        if !room || *alike >= MAX_KEPT {
            self.diagnostics_not_kept = self.diagnostics_not_kept.saturating_add(1);
            return;
        }
        *alike = alike.saturating_add(1);
        self.diagnostics.push(Diagnostic { kind: kind.into(), records, ..place(fault) });
    }

    fn kind(&mut self, kind: &str) -> &mut KindCounts {
        self.kinds.entry(kind.into()).or_default()
    }

    /// Diagnostics to show to a person: the first `alike` of each kind and reason, and `most` in all.
    pub fn digest(&self, alike: usize, most: usize) -> impl Iterator<Item = &Diagnostic> {
        let mut shown: HashMap<(&str, &str, Level), usize> = HashMap::new();
        let few = self.diagnostics.iter().filter(move |diagnostic| {
            let key = (diagnostic.kind.as_str(), diagnostic.reason.as_ref(), diagnostic.level);
            let shown = shown.entry(key).or_insert(0);
            *shown = shown.saturating_add(1);
            *shown <= alike
        });
        few.take(most)
    }
}

impl fmt::Display for BuildReport {
    /// A summary; the diagnostics are not part of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = || self.kinds.iter().filter(|(_, kind)| kind.counts.records() > 0);
        let width = kinds().map(|(name, _)| name.len()).max().unwrap_or(0).max(5);
        for (name, kind) in kinds() {
            counts_line(f, name, width, kind.counts)?;
            for (reason, count) in &kind.reasons {
                writeln!(f, "{:width$}  {:>11} {reason}", "", grouped(*count))?;
            }
        }
        counts_line(f, "total", width, self.total)?;
        self.databases.iter().try_for_each(|database| writeln!(f, "{database}"))?;
        write!(f, "{} {}", grouped(self.files), if self.files == 1 { "file" } else { "files" })?;
        if self.merged > 0 {
            write!(f, ", {} repeated records merged", grouped(self.merged))?;
        }
        for (level, count) in &self.levels {
            write!(f, ", {} x {level}", grouped(*count))?;
        }
        writeln!(f)
    }
}

impl fmt::Display for DatabaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, version, built, .. } = self;
        let (signatures, signed) = (grouped(self.declared_signatures), self.signed);
        let vouched = if signed { "signed by ClamAV" } else { "not signed" };
        write!(
            f,
            "{}: version {version} of {built}, {signatures} signatures, {vouched}",
            escape(file.as_bytes())
        )
    }
}

fn counts_line(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    width: usize,
    counts: Counts,
) -> fmt::Result {
    let [taken, skipped, refused] = [counts.taken, counts.skipped, counts.refused].map(grouped);
    writeln!(f, "{name:width$}  {taken:>11} taken {skipped:>11} skipped {refused:>11} refused")
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (digit, left) in digits.chars().zip((0..digits.len()).rev()) {
        grouped.push(digit);
        if left > 0 && left.is_multiple_of(3) {
            grouped.push(',');
        }
    }
    grouped
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
                write!(f, "{} errors in the sources, and the build is strict", grouped(errors))
            }
            BuildError::Nothing(report) => {
                let Counts { skipped, refused, .. } = &report.total;
                write!(
                    f,
                    "no signature to put into a set: {} records were skipped, {} refused; a set needs \
                     at least one signature or removal",
                    grouped(*skipped),
                    grouped(*refused)
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
