//! 4 Which signatures hit?
//!
//! One narrow interface: a [`Matcher`] is made from a set, and [`Matcher::search`] finds the set's
//! signatures that hit one object. How it searches is nobody else's business.
//!
//! Digests are looked up first (`hashes.rs`), then byte patterns (`patterns.rs`), then the logical
//! signatures over them (`logicals.rs`), the certificates of signed programs (`certificates.rs`), then
//! YARA rules (`yara.rs`). `listings.rs` is asked about entries of containers, whether they can be opened
//! or not. `naive.rs` is the plain twin of the pattern search. `filter/` is the pass over the data that
//! finds where patterns may be.

pub mod boundary;
mod certificates;
pub mod compare;
mod conditions;
pub mod containers;
pub mod expression;
mod file_types;
pub mod filter;
mod hashes;
mod late;
mod listings;
mod literal_search;
mod logicals;
mod macros;
#[cfg(any(test, feature = "oracle"))]
pub mod naive;
mod occurrences;
pub mod pattern;
mod patterns;
pub(crate) mod place;
pub mod program;
pub mod regex;
mod regexes;
mod target;
#[cfg(feature = "yara")]
pub mod yara;

use std::fmt;

pub use boundary::{Boundary, BoundaryKind, Nearby, Side};
pub use conditions::Condition;
pub use containers::{Layer, layers};
pub use file_types::{FileTypePattern, Magic};
pub use listings::{ListingPattern, check_name};
pub use pattern::{ByteMask, Element, Gap, Offset, Part, Pattern};
pub use regexes::RegexOptions;
pub use target::Target;

use crate::identify::{FileType, TypeSet};
use crate::inspect::Landmarks;
use crate::limits::{Budget, Stop};
use crate::normalise::{View, Views};
use crate::set::layout::{PatternRow, Section, WHOLE};
use crate::set::{Damaged, SignatureSet};
use crate::unpack::Listing;
use crate::verdict::{Class, Finding, Method, Problem, Reason};

/// What signatures are matched against.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The object's bytes.
    pub data: &'a [u8],
    /// The object's size, whichever form of it `data` is.
    pub size: u64,
    /// What it is: the types that begin at its start.
    pub types: TypeSet,
    /// Those of them that signature sets added.
    pub added: TypeSet,
    /// The target that it is of, where its first bytes tell.
    pub kind: Option<Target>,
    /// Its entry point and sections, if it is a program whose headers can be read.
    pub landmarks: Option<&'a Landmarks>,
    /// What it lies in, outermost first; empty for the file itself.
    pub layers: &'a [Layer],
    /// The normal form that `data` is, if it is not the object's own bytes.
    pub view: Option<View>,
}

impl<'a> Subject<'a> {
    /// Bytes of which nothing else is known.
    pub fn new(data: &'a [u8]) -> Self {
        let (types, size) = (TypeSet::default(), data.len() as u64);
        let (kind, added) = (Target::of(data, types), types);
        Self { data, size, types, added, kind, landmarks: None, layers: &[], view: None }
    }
}

/// A signature that hit, by its number in the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    signature: u32,
    method: Method,
    offset: Option<u64>,
}

/// A set that cannot be made ready for matching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatcherError(String);

impl fmt::Display for MatcherError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MatcherError {}

/// The signatures of one set, ready to be searched for. Immutable; threads share it, each with a
/// [`Scratch`] of its own.
pub struct Matcher {
    set: SignatureSet,
    label: String,
    views: Views,
    patterns: patterns::Patterns,
    regexes: regexes::Regexes,
    listings: listings::Listings,
    file_types: file_types::FileTypes,
    #[cfg(feature = "yara")]
    yara: Option<yara::Yara>,
}

/// Room for searches of one thread, used again for the next object.
#[derive(Default)]
pub struct Scratch {
    patterns: patterns::Scratch,
    hits: Vec<Hit>,
    damage: Damage,
    #[cfg(feature = "yara")]
    yara: yara::Scanners,
}

/// The first damaged piece of the set that a search met with. It goes on without that piece, and the
/// scan is not complete.
#[derive(Default)]
struct Damage(Option<Damaged>);

impl Damage {
    fn keep<T>(&mut self, read: Result<T, Damaged>) -> Option<T> {
        read.map_err(|damaged| self.0.get_or_insert(damaged)).ok()
    }

    fn add(&mut self, other: &Damage) {
        self.0 = self.0.or(other.0);
    }
}

/// Where a search stopped short. The findings so far are kept.
pub type Searched = Result<(), Stop>;

impl Matcher {
    /// Makes a set ready: compiles the YARA rules; byte patterns are used in place.
    pub fn new(set: &SignatureSet) -> Result<Self, MatcherError> {
        Self::with_kernel(set, filter::Kernel::best())
    }

    /// The same with the probes of another instruction set, which find the same. An error where this
    /// processor cannot run them.
    pub fn with_kernel(set: &SignatureSet, kernel: filter::Kernel) -> Result<Self, MatcherError> {
        if !filter::Kernel::available().contains(&kernel) {
            return Err(MatcherError(format!("this processor cannot run {kernel:?}")));
        }
        Ok(Self {
            label: set.label().name,
            views: views_of(set),
            patterns: patterns::Patterns::new(set, kernel),
            regexes: regexes::Regexes::new(set),
            listings: listings::Listings::new(set),
            file_types: file_types::FileTypes::new(set),
            #[cfg(feature = "yara")]
            yara: yara::Yara::compile(set)?,
            #[cfg(not(feature = "yara"))]
            set: without_yara(set)?,
            #[cfg(feature = "yara")]
            set: set.clone(),
        })
    }

    /// To be called between scans: the set takes up little memory then.
    pub(crate) fn rest(&self) {
        self.set.rest();
    }

    /// The set, if it is no longer the one that was opened.
    pub(crate) fn changed_set(&self) -> Option<&str> {
        (!self.set.is_intact()).then_some(&self.label)
    }

    /// What the last search could not use of the set.
    pub(crate) fn damage(&self, scratch: &Scratch) -> Option<Problem> {
        let damaged = scratch.damage.0?;
        let detail = format!("set {}: {damaged}; fetch or build it again", self.label);
        Some(Problem::new(Reason::SetDamaged, detail))
    }

    /// The views in which its signatures are looked for. Nobody needs the others.
    pub fn views(&self) -> Views {
        self.views
    }

    /// Finds the signatures that hit `subject`. [`Finding::object`] is left at 0 for the caller to set.
    ///
    /// YARA rules speak of files as they are, so they are not asked of views. Nor can a view be trusted:
    /// many different objects have the same one.
    pub fn search(
        &self,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
        findings: &mut Vec<Finding>,
    ) -> Searched {
        scratch.hits.clear();
        scratch.damage = Damage::default();
        let searched = self.search_tables(subject, scratch, budget);
        // A signature that hits several parts is one finding, at the first of them.
        scratch.hits.sort_unstable();
        scratch.hits.dedup_by_key(|hit| (hit.signature, hit.method));
        let damage = &mut scratch.damage;
        let found = scratch.hits.iter().filter_map(|hit| self.finding(hit, subject.view, damage));
        findings.extend(found.filter(|it| subject.view.is_none() || it.class != Class::Trusted));
        searched?;
        match subject.view {
            None => self.search_yara(subject, scratch, budget, findings),
            Some(_) => Ok(()),
        }
    }

    /// The types that the set sees in an object, besides those that it has from its start.
    pub(crate) fn file_types(
        &self,
        data: &[u8],
        at_start: TypeSet,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Vec<FileType> {
        let object = (data, at_start);
        self.file_types.see(&self.set, &self.patterns, object, &mut scratch.patterns, budget)
    }

    /// Whether it has signatures of container metadata.
    pub(crate) fn has_listings(&self) -> bool {
        !self.listings.is_empty()
    }

    /// Finds the signatures that hit an entry as its container lists it, in the same way.
    pub fn search_listings(
        &self,
        listings: &[Listing],
        scratch: &mut Scratch,
        budget: &Budget,
        findings: &mut Vec<Finding>,
    ) -> Searched {
        if self.listings.is_empty() {
            return Ok(());
        }
        let Scratch { hits, damage, .. } = scratch;
        hits.clear();
        *damage = Damage::default();
        // The headers of a ZIP entry mostly say the same.
        let mut told: Vec<&Listing> = Vec::new();
        let mut search = |listing| {
            if told.contains(&listing) {
                return Ok(());
            }
            told.push(listing);
            self.listings.search(&self.set, listing, budget, hits, damage)
        };
        let searched = listings.iter().try_for_each(&mut search);
        hits.sort_unstable();
        hits.dedup();
        findings.extend(hits.iter().filter_map(|hit| self.finding(hit, None, damage)));
        searched
    }

    fn search_tables(
        &self,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Searched {
        let Scratch { hits, damage, .. } = scratch;
        let hashed = hashes::search(&self.set, subject, budget, hits, damage);
        let searched = self.search_patterns(subject, scratch, budget);
        scratch.damage.add(&scratch.patterns.damage);
        hashed.and(searched)?;
        certificates::search(&self.set, subject, budget, &mut scratch.hits)?;
        scratch.patterns.refused().map_or(Ok(()), Err)
    }

    /// Byte patterns, and the logical signatures over them.
    fn search_patterns(
        &self,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Searched {
        let searched = self.patterns.search(subject, &mut scratch.patterns, budget);
        self.add_pattern_hits(scratch);
        searched?;
        let Self { set, patterns, regexes, .. } = self;
        let logicals = logicals::Logicals { set, patterns, regexes };
        logicals.evaluate(subject, &mut scratch.patterns, budget, &mut scratch.hits)
    }

    /// Patterns that are signatures of their own.
    fn add_pattern_hits(&self, scratch: &mut Scratch) {
        let rows = self.set.cold::<PatternRow>(Section::Patterns);
        for index in scratch.patterns.matched() {
            let row = scratch.damage.keep(rows.get(index as usize));
            let Some(row) = row.filter(|row| row.part == WHOLE) else { continue };
            let offset = scratch.patterns.found(index).and_then(patterns::Found::first);
            let signature = row.owner.get();
            scratch.hits.push(Hit { signature, method: Method::Pattern, offset });
        }
    }

    fn finding(&self, hit: &Hit, view: Option<View>, damage: &mut Damage) -> Option<Finding> {
        let (signature, read) = self.set.signature(hit.signature);
        damage.keep(read);
        let signature = signature?;
        Some(Finding {
            name: signature.name,
            class: signature.class,
            method: hit.method,
            severity: signature.severity,
            object: 0,
            offset: hit.offset.filter(|_| view.is_none()),
            view,
            set: self.label.clone(),
            source: signature.origin.file.to_owned(),
            author: signature.origin.author.to_owned(),
            licence: signature.origin.licence.to_owned(),
        })
    }

    /// The shards of YARA rules for which something was found, a bit each; all of them where a damaged
    /// set may have kept something from being found.
    #[cfg(feature = "yara")]
    fn open_gates(&self, scratch: &mut Scratch) -> u64 {
        use crate::set::layout;
        let rows = self.set.cold::<PatternRow>(Section::Patterns);
        let mut open = 0;
        for index in scratch.patterns.matched() {
            let row = scratch.damage.keep(rows.get(index as usize));
            if let Some(row) = row.filter(|row| row.part == layout::GATE) {
                open |= 1_u64.checked_shl(row.owner.get()).unwrap_or(0);
            }
        }
        if scratch.damage.0.is_some() { u64::MAX } else { open }
    }

    #[cfg(feature = "yara")]
    fn search_yara(
        &self,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
        budget: &Budget,
        findings: &mut Vec<Finding>,
    ) -> Searched {
        match &self.yara {
            Some(yara) => {
                let open = self.open_gates(scratch);
                yara.search(subject, open, &mut scratch.yara, budget, &self.label, findings)
            }
            None => Ok(()),
        }
    }

    #[cfg(not(feature = "yara"))]
    fn search_yara(
        &self,
        _: &Subject<'_>,
        _: &mut Scratch,
        _: &Budget,
        _: &mut Vec<Finding>,
    ) -> Searched {
        Ok(())
    }
}

/// The views that a set has signatures for. A digest can be that of any view.
fn views_of(set: &SignatureSet) -> Views {
    let counts = set.counts();
    let digests = counts.md5.saturating_add(counts.sha1).saturating_add(counts.sha256);
    let any = (digests > 0).then_some(Target::Any);
    let targets = set.targets().chain(any);
    targets.fold(Views::default(), |views, target| views.with(Views::of(target)))
}

/// Refuses a set with YARA rules, since leaving them out would be a silent gap.
#[cfg(not(feature = "yara"))]
fn without_yara(set: &SignatureSet) -> Result<SignatureSet, MatcherError> {
    match set.counts().yara_rules {
        0 => Ok(set.clone()),
        rules => Err(MatcherError(format!(
            "the set holds {rules} YARA rules, but this engine was built without the feature `yara`"
        ))),
    }
}
