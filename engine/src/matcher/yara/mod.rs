//! YARA rules, through yara-x.
//!
//! Rules are compiled from the source that the set carries: a compiled form made by somebody else
//! could run code. Each file is compiled in its own namespace. A scanner is costly to make, so each
//! thread keeps those that it needed in its scratch, together with the rules that they borrow.
//!
//! Evaluating rules costs, even where none comes near to matching. So files of rules are compiled in
//! shards, and the rules of a shard with a gate are evaluated only where the search for byte patterns
//! found one of the literals without which none of them can match. The compiler of sets derives gates.
//!
//! What yara-x brings along and a host should know: the first scan starts one thread, the clock that
//! timeouts need, for the life of the process; timeouts count in whole seconds.

pub mod outline;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use self_cell::self_cell;
use yara_x::{Compiler, MetaValue, Rule, Rules, ScanError, SourceCode};

use super::{MatcherError, Searched, Subject};
use crate::limits::{Budget, Limit, Stop};
use crate::set::layout::UNGATED;
use crate::set::{Origin, SignatureSet};
use crate::verdict::{Class, Finding, Method};

/// Compiling recurses over the rule's syntax, as deep as `outline` lets it: it gets this much stack,
/// whatever the calling thread has. Evaluating recurses over compiled code, and gets it where the
/// calling thread has less than [`STACK_LEFT`] left.
const STACK: usize = 8 << 20;
const STACK_LEFT: usize = 2 << 20;

/// Matches kept for one pattern of a rule in one object; counts in conditions stop here.
const MATCHES: usize = 65_536;

/// The compiled rules of one set.
pub(super) struct Yara {
    /// In the order of their numbers; those without a gate come last.
    shards: Vec<Shard>,
    /// Where the rules of a namespace come from.
    origins: HashMap<String, SourceLabel>,
}

/// Rules that are evaluated together.
struct Shard {
    /// A bit that is set where one of its gate patterns was found; none, if they are always evaluated.
    gate: Option<u64>,
    rules: Arc<Rules>,
}

/// One for each shard that this thread evaluated, in their order.
#[derive(Default)]
pub(super) struct Scanners(Vec<Option<Scanner>>);

struct SourceLabel {
    file: String,
    author: String,
    licence: String,
}

impl From<Origin<'_>> for SourceLabel {
    fn from(origin: Origin<'_>) -> Self {
        Self {
            file: origin.file.to_owned(),
            author: origin.author.to_owned(),
            licence: origin.licence.to_owned(),
        }
    }
}

type Borrowing<'r> = yara_x::Scanner<'r>;

self_cell!(
    /// A scanner and the rules it borrows.
    pub(super) struct Scanner {
        owner: Arc<Rules>,
        #[not_covariant]
        dependent: Borrowing,
    }
);

impl Yara {
    /// Compiles the rules of a set; `None` where it holds none.
    pub(super) fn compile(set: &SignatureSet) -> Result<Option<Self>, MatcherError> {
        if set.counts().yara_files == 0 {
            return Ok(None);
        }
        let numbers: BTreeSet<u8> = set.yara_sources().map(|file| file.shard).collect();
        let shards = numbers.into_iter().map(|number| {
            let rules = Arc::new(stacker::grow(STACK, || compile(set, number))?);
            let gate = (number != UNGATED).then(|| 1_u64.checked_shl(number.into()));
            Ok(Shard { gate: gate.flatten(), rules })
        });
        let shards = shards.collect::<Result<_, MatcherError>>()?;
        let origins =
            set.yara_sources().map(|file| (file.namespace.to_owned(), file.origin.into()));
        Ok(Some(Self { shards, origins: origins.collect() }))
    }

    /// Adds a finding for each rule that matches. `open` has the bits of the open gates.
    pub(super) fn search(
        &self,
        subject: &Subject<'_>,
        open: u64,
        scanners: &mut Scanners,
        budget: &Budget,
        set: &str,
        findings: &mut Vec<Finding>,
    ) -> Searched {
        scanners.0.resize_with(self.shards.len(), || None);
        for (shard, scanner) in self.shards.iter().zip(&mut scanners.0) {
            if shard.gate.is_none_or(|gate| open & gate != 0) {
                self.search_shard(shard, subject, scanner, budget, set, findings)?;
            }
        }
        Ok(())
    }

    fn search_shard(
        &self,
        shard: &Shard,
        subject: &Subject<'_>,
        scanner: &mut Option<Scanner>,
        budget: &Budget,
        set: &str,
        findings: &mut Vec<Finding>,
    ) -> Searched {
        budget.check()?;
        let scanner = scanner.get_or_insert_with(|| {
            Scanner::new(Arc::clone(&shard.rules), |rules| {
                let mut scanner = yara_x::Scanner::new(rules);
                scanner.max_matches_per_pattern(MATCHES);
                scanner.fast_scan(true);
                scanner
            })
        });
        scanner.with_dependent_mut(|_, scanner| {
            scanner.set_timeout(whole_seconds(budget.time_left()));
            let results = stacker::maybe_grow(STACK_LEFT, STACK, || scanner.scan(subject.data));
            match results {
                Ok(results) => {
                    findings.extend(results.matching_rules().map(|rule| self.finding(&rule, set)));
                    Ok(())
                }
                Err(ScanError::Timeout) => Err(Stop::Limit(Limit::Time)),
                // Nothing else can come out of scanning memory; a new kind must not pass unseen, and
                // ends as this object's internal error.
                Err(other) => unreachable!("scanning memory failed: {other}"),
            }
        })
    }

    fn finding(&self, rule: &Rule<'_, '_>, set: &str) -> Finding {
        let about = Metadata::of(rule);
        let origin = self.origins.get(rule.namespace());
        let from_origin = |field: fn(&SourceLabel) -> &String| origin.map(field).cloned();
        Finding {
            name: about.name.unwrap_or_else(|| rule.identifier().to_owned()),
            class: about.class,
            method: Method::Yara,
            severity: about.severity.unwrap_or_else(|| about.class.default_severity()),
            object: 0,
            offset: first_offset(rule),
            view: None,
            set: set.to_owned(),
            source: from_origin(|origin| &origin.file).unwrap_or_default(),
            author: about.author.or_else(|| from_origin(|o| &o.author)).unwrap_or_default(),
            licence: about.licence.or_else(|| from_origin(|o| &o.licence)).unwrap_or_default(),
        }
    }
}

/// Evaluated before all others, and tells nobody. YARA-X 1.22 searches for patterns where a condition
/// first asks for one, and takes the search to be done behind that place: also where it went by it, in
/// `1 of (filesize > 0, $a) and $b`, in a loop that ended early, or because something was undefined.
/// `$b` was then not found. The bytes are of no meaning, and rare.
const SEARCH_FIRST: &str =
    "private rule search_first { strings: $a = { c7 3b 91 e5 0d a8 62 f4 } condition: $a }";

fn compile(set: &SignatureSet, shard: u8) -> Result<Rules, MatcherError> {
    let mut compiler = Compiler::new();
    compiler.enable_includes(false).switch_all_warnings(false);
    let first = compiler.new_namespace("pellucid: search first").add_source(SEARCH_FIRST);
    first.map_err(|error| MatcherError(error.to_string()))?;
    let mut declared = 1_u64;
    for file in set.yara_sources().filter(|file| file.shard == shard) {
        declared = declared.saturating_add(file.rules.into());
        outline::read(file.source).map_err(|too_deep| {
            let (at, message) = (too_deep.at, too_deep.message);
            MatcherError(format!("{}: {message} at byte {at}", file.origin.file))
        })?;
        compiler.new_namespace(file.namespace);
        let source = SourceCode::from(file.source).with_origin(file.origin.file);
        compiler.add_source(source).map_err(|error| MatcherError(error.to_string()))?;
    }
    let rules = compiler.build();
    let found = rules.iter().len() as u64;
    if declared != found {
        let message = format!("{declared} YARA rules expected, {found} compiled");
        return Err(MatcherError(message));
    }
    Ok(rules)
}

/// Timeouts count in whole seconds: a started one is granted.
fn whole_seconds(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs().saturating_add(1))
}

fn first_offset(rule: &Rule<'_, '_>) -> Option<u64> {
    let starts = rule
        .patterns()
        .filter_map(|pattern| pattern.matches().next().map(|found| found.range().start as u64));
    starts.min()
}

/// What a rule's metadata says in the words that we know.
struct Metadata {
    name: Option<String>,
    class: Class,
    severity: Option<u8>,
    author: Option<String>,
    licence: Option<String>,
}

impl Metadata {
    fn of(rule: &Rule<'_, '_>) -> Self {
        let mut about = Self {
            name: None,
            class: Class::Malicious,
            severity: None,
            author: None,
            licence: None,
        };
        for (key, value) in rule.metadata() {
            match (key, value) {
                ("name", MetaValue::String(name)) => about.name = Some(name.to_owned()),
                ("class", MetaValue::String(class)) => {
                    about.class = Class::from_name(class).unwrap_or(about.class);
                }
                ("severity", MetaValue::Integer(severity)) => {
                    about.severity = Some(severity.clamp(0, 100) as u8);
                }
                ("author", MetaValue::String(author)) => about.author = Some(author.to_owned()),
                ("licence" | "license", MetaValue::String(licence)) => {
                    about.licence = Some(licence.to_owned());
                }
                _ => {}
            }
        }
        about
    }
}
