//! What a scan says: verdict x completeness x findings, with where and why.
//!
//! The two questions are kept apart. The [`Verdict`] says what was found; the [`Completeness`] says
//! whether all of it was looked at, with a [`Reason`] for each part that was not.

pub(crate) mod conclude;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::identify::TypeSet;
use crate::inspect::Facts;
use crate::limits::{Limit, Stop};
use crate::normalise::View;

/// What was found. Ordered: a later one outweighs an earlier one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nothing was found in what was looked at; see [`Completeness`].
    #[default]
    Clean,
    /// An allow-list names this very content.
    Trusted,
    /// Potentially unwanted: not harmful as such.
    Pua,
    /// Built like something harmful.
    Suspicious,
    /// Harmful.
    Malicious,
}

impl Verdict {
    /// The name in machine-readable output.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Clean => "clean",
            Verdict::Trusted => "trusted",
            Verdict::Pua => "pua",
            Verdict::Suspicious => "suspicious",
            Verdict::Malicious => "malicious",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a signature's hit means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// Allow-list: the content is known to be good.
    Trusted = 1,
    /// Potentially unwanted.
    Pua = 2,
    /// Built like something harmful.
    Suspicious = 3,
    /// Harmful.
    Malicious = 4,
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 4] = [Class::Trusted, Class::Pua, Class::Suspicious, Class::Malicious];

    /// The name in sources and in machine-readable output.
    pub fn name(self) -> &'static str {
        self.verdict().name()
    }

    /// The class of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name().eq_ignore_ascii_case(name))
    }

    /// The class stored as `number` in a set.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|&class| class as u8 == number)
    }

    /// How hard a hit is taken, from 0 to 100, where the signature's source does not say.
    pub fn default_severity(self) -> u8 {
        match self {
            Class::Trusted => 0,
            Class::Pua => 30,
            Class::Suspicious => 60,
            Class::Malicious => 80,
        }
    }

    /// The verdict that a hit of this class brings about.
    pub fn verdict(self) -> Verdict {
        match self {
            Class::Trusted => Verdict::Trusted,
            Class::Pua => Verdict::Pua,
            Class::Suspicious => Verdict::Suspicious,
            Class::Malicious => Verdict::Malicious,
        }
    }
}

/// How a signature hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// A digest of the whole object.
    Hash,
    /// A byte pattern.
    Pattern,
    /// A logical expression over byte patterns.
    Logical,
    /// A YARA rule.
    Yara,
    /// What a container says of one of its entries.
    Listing,
    /// A judgement of the engine itself.
    Heuristic,
    /// A digest of one section of a PE; the offset is the section's.
    SectionHash,
    /// A digest of what a PE imports.
    ImportHash,
    /// A certificate of a signed program.
    Certificate,
}

impl Method {
    /// The name in machine-readable output.
    pub fn name(self) -> &'static str {
        match self {
            Method::Hash => "hash",
            Method::Pattern => "pattern",
            Method::Logical => "logical",
            Method::Yara => "yara",
            Method::Listing => "listing",
            Method::Heuristic => "heuristic",
            Method::SectionHash => "section-hash",
            Method::ImportHash => "import-hash",
            Method::Certificate => "certificate",
        }
    }
}

/// How much was looked at. Ordered: a later one is worse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Completeness {
    /// All of it.
    #[default]
    Complete,
    /// Some of it; the reasons say what is missing.
    Partial,
    /// None of it.
    NotScanned,
}

impl Completeness {
    /// The name in machine-readable output.
    pub fn name(self) -> &'static str {
        match self {
            Completeness::Complete => "complete",
            Completeness::Partial => "partial",
            Completeness::NotScanned => "not-scanned",
        }
    }
}

impl fmt::Display for Completeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Why something was not looked at in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// A limit of the budget.
    Limit(Limit),
    /// A password or key is needed.
    Encrypted,
    /// The engine cannot look inside this; the word says what it is.
    Unsupported(&'static str),
    /// The data contradicts its own format.
    Corrupted,
    /// The data ends before its format says so.
    Truncated,
    /// The file became another one under the scan, or a signature set's file did.
    ChangedWhileScanning,
    /// A piece of a signature set that was needed is not what was written.
    SetDamaged,
    /// The system refused to open or read it.
    Unreadable,
    /// Not a regular file: a socket, pipe or device; the word says which.
    SpecialFile(&'static str),
    /// The caller ended the scan.
    Cancelled,
    /// The caller left it out.
    Skipped,
    /// A defect of the engine, confined to this object.
    InternalError,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Limit(limit) => write!(f, "limit:{}", limit.name()),
            Reason::Encrypted => f.write_str("encrypted"),
            Reason::Unsupported(what) => write!(f, "unsupported:{what}"),
            Reason::Corrupted => f.write_str("corrupted"),
            Reason::Truncated => f.write_str("truncated"),
            Reason::ChangedWhileScanning => f.write_str("changed-while-scanning"),
            Reason::SetDamaged => f.write_str("set-damaged"),
            Reason::Unreadable => f.write_str("unreadable"),
            Reason::SpecialFile(kind) => write!(f, "special-file:{kind}"),
            Reason::Cancelled => f.write_str("cancelled"),
            Reason::Skipped => f.write_str("skipped"),
            Reason::InternalError => f.write_str("internal-error"),
        }
    }
}

impl From<Stop> for Reason {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Limit(limit) => Reason::Limit(limit),
            Stop::Cancelled => Reason::Cancelled,
        }
    }
}

/// A reason with the words that help to act on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The reason.
    pub reason: Reason,
    /// What was expected, what was found, and where.
    pub detail: String,
}

impl Problem {
    /// A reason and its words.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    /// Whether it is a limit or the caller's wish, and nothing that is wrong with the data.
    pub(crate) fn is_stop(&self) -> bool {
        matches!(self.reason, Reason::Limit(_) | Reason::Cancelled)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.is_empty() {
            write!(f, "{}", self.reason)
        } else {
            write!(f, "{} ({})", self.reason, self.detail)
        }
    }
}

impl From<Stop> for Problem {
    fn from(stop: Stop) -> Self {
        Self::new(stop.into(), "")
    }
}

/// One signature that hit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The signature's name, as in its source.
    pub name: String,
    /// What the hit means.
    pub class: Class,
    /// How it was found.
    pub method: Method,
    /// 0 (for information) to 100; what its author says.
    pub severity: u8,
    /// The object it hit: an index into [`Report::objects`].
    pub object: usize,
    /// Where the first match starts in the object, where the method knows that.
    pub offset: Option<u64>,
    /// The normal form of the object in which the match lies, if it does not lie in its own bytes.
    pub view: Option<View>,
    /// The set it came from, as `origin/channel@version`.
    pub set: String,
    /// The signature's source file inside the set; empty where the set does not say.
    pub source: String,
    /// Who wrote the signature; empty where the set does not say.
    pub author: String,
    /// The signature's licence; empty where the set does not say.
    pub licence: String,
}

impl Finding {
    /// A hit on the file itself; the other fields are empty until they are filled in.
    pub fn new(name: impl Into<String>, class: Class, method: Method) -> Self {
        Self {
            name: name.into(),
            class,
            method,
            severity: 0,
            object: 0,
            offset: None,
            view: None,
            set: String::new(),
            source: String::new(),
            author: String::new(),
            licence: String::new(),
        }
    }
}

/// One object of the tree: the file, or something found in it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Object {
    /// The name inside the parent, decoded for people; empty for the file itself. Never a path to use.
    pub name: String,
    /// The index of the parent; none for the file itself.
    pub parent: Option<usize>,
    /// Size in bytes, as far as it is known.
    pub size: u64,
    /// What it is.
    pub types: TypeSet,
    /// How much of it was looked at, its children left aside.
    pub completeness: Completeness,
    /// Why not all.
    pub problems: Vec<Problem>,
    /// Oddities that did not keep anything from being looked at, such as a malformed header.
    pub anomalies: Vec<String>,
    /// What is known about it as a program, where the scan was asked to keep that.
    pub facts: Option<Arc<Facts>>,
}

/// A set that a scan used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetLabel {
    /// `origin/channel@version`.
    pub name: String,
    /// Whether independent parties signed it. No set is signed yet.
    pub signed: bool,
}

impl SetLabel {
    /// A label.
    pub fn new(name: impl Into<String>, signed: bool) -> Self {
        Self { name: name.into(), signed }
    }
}

/// The result of one scan.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// What was found, at its worst.
    pub verdict: Verdict,
    /// How much of the file and of everything in it was looked at.
    pub completeness: Completeness,
    /// Every signature that hit and was not overruled, in the order of the objects.
    pub findings: Vec<Finding>,
    /// The object tree; the file itself is at index 0, a parent always comes before its children.
    pub objects: Vec<Object>,
    /// The sets that were used, bottom of the stack first.
    pub sets: Vec<SetLabel>,
    /// Bytes looked at: the file and all unpacked objects.
    pub bytes: u64,
    /// The most memory that was charged to [`Limits::memory`] at a time.
    ///
    /// [`Limits::memory`]: crate::limits::Limits::memory
    pub memory: u64,
    /// Wall-clock time of the scan.
    pub elapsed: Duration,
}

impl Report {
    /// The report of a file that could not be looked at.
    pub fn not_scanned(problem: Problem) -> Self {
        let file = Object {
            completeness: Completeness::NotScanned,
            problems: vec![problem],
            ..Object::default()
        };
        Self { completeness: Completeness::NotScanned, objects: vec![file], ..Self::default() }
    }

    /// The names from the file down to object `index`: empty for the file itself.
    pub fn object_path(&self, index: usize) -> Vec<&str> {
        let mut path = Vec::new();
        let mut next = Some(index);
        while let Some(object) = next.and_then(|index| self.objects.get(index)) {
            if object.parent.is_some() {
                path.push(object.name.as_str());
            }
            next = object.parent;
        }
        path.reverse();
        path
    }

    /// Every reason, once each, sorted.
    pub fn reasons(&self) -> Vec<Reason> {
        let mut reasons: Vec<_> =
            self.objects.iter().flat_map(|o| &o.problems).map(|p| p.reason).collect();
        reasons.sort_unstable();
        reasons.dedup();
        reasons
    }

    /// Every problem with the index of its object.
    pub fn problems(&self) -> impl Iterator<Item = (usize, &Problem)> {
        self.objects.iter().enumerate().flat_map(|(i, o)| o.problems.iter().map(move |p| (i, p)))
    }

    /// The file itself.
    pub fn file(&self) -> Option<&Object> {
        self.objects.first()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worse_verdicts_outweigh() {
        assert!(Verdict::Malicious > Verdict::Suspicious);
        assert!(Verdict::Suspicious > Verdict::Pua);
        assert!(Verdict::Pua > Verdict::Trusted);
        assert!(Verdict::Trusted > Verdict::Clean);
    }

    #[test]
    fn classes_survive_their_stored_form() {
        for class in Class::ALL {
            assert_eq!(Class::from_number(class as u8), Some(class));
            assert_eq!(Class::from_name(class.name()), Some(class));
        }
        assert_eq!(Class::from_number(0), None);
    }

    #[test]
    fn a_path_names_the_way_from_the_file() {
        let object = |name: &str, parent| Object { name: name.into(), parent, ..Object::default() };
        let report = Report {
            objects: vec![object("", None), object("inner.zip", Some(0)), object("x.exe", Some(1))],
            ..Report::default()
        };
        assert_eq!(report.object_path(0), Vec::<&str>::new());
        assert_eq!(report.object_path(2), ["inner.zip", "x.exe"]);
        assert_eq!(report.object_path(9), Vec::<&str>::new());
    }
}
