//! The engine: a stack of sets made ready, shared by any number of threads.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Weak};

use crate::identify;
use crate::input::Input;
use crate::limits::{Cancel, Limits};
use crate::matcher::{Matcher, Scratch};
use crate::normalise::Views;
use crate::observe::Observed;
use crate::scan;
use crate::set::SignatureSet;
use crate::stream::Stream;
use crate::threads::Threads;
use crate::unpack::Passwords;
use crate::verdict::{Finding, Report, SetLabel};

/// A stack of signature sets, ready to scan. Immutable; a clone shares it; any number of threads may
/// scan with it at a time.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

struct Shared {
    /// Bottom of the stack first.
    matchers: Vec<Matcher>,
    labels: Vec<SetLabel>,
    /// The views that some set has signatures for.
    views: Views,
    /// For each name that a set switches off: the height below which it is switched off.
    removed: HashMap<String, usize>,
    /// Those of the uppermost set first.
    passwords: Passwords,
}

/// Room for one scan, used again for the next one on the same thread.
#[derive(Default)]
pub(crate) struct Workspace {
    pub(crate) buffer: Vec<u8>,
    /// One for each set of the stack.
    pub(crate) scratches: Vec<Scratch>,
}

/// Engines whose workspaces a thread keeps; a host that swaps sets has two for a moment.
const KEPT_WORKSPACES: usize = 4;

thread_local! {
    /// Workspaces of the engines this thread scanned with last. They cannot go from thread to thread,
    /// because the YARA scanners in them cannot. Those of engines that are gone are dropped at the
    /// next scan.
    static WORKSPACES: RefCell<Vec<(Weak<Shared>, Workspace)>> = const { RefCell::new(Vec::new()) };
}

/// What one scan may cost, and how to end it early.
#[derive(Clone, Debug, Default)]
pub struct ScanOptions {
    /// The budget.
    pub limits: Limits,
    /// Ends the scan from any thread.
    pub cancel: Cancel,
    /// Passwords to try on encrypted archives, before those of the signature sets.
    pub passwords: Vec<Vec<u8>>,
    /// Whether the facts about each program are kept with its object, for whoever wants to read them.
    pub facts: bool,
    /// Who is told of what happens while it runs.
    pub observed: Observed,
    /// Threads that it may start beside the one it is called on.
    pub threads: Threads,
}

/// An engine that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EngineError {
    /// Nothing ever scans with no signatures.
    NoSets,
    /// A set cannot be made ready.
    Set {
        /// The set's label.
        set: String,
        /// What is wrong.
        message: String,
    },
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EngineError::NoSets => f.write_str("an engine needs at least one signature set"),
            EngineError::Set { set, message } => write!(f, "set {set}: {message}"),
        }
    }
}

impl std::error::Error for EngineError {}

/// Collects the sets of an engine, from the bottom of the stack to its top.
#[derive(Default)]
#[must_use]
pub struct EngineBuilder {
    sets: Vec<SignatureSet>,
}

impl EngineBuilder {
    /// Puts a set on top of the stack. Upper sets may allow what lower ones find (class `trusted`) and
    /// switch off signatures of lower ones by name.
    pub fn set(mut self, set: SignatureSet) -> Self {
        self.sets.push(set);
        self
    }

    /// Makes the sets ready: builds automata, compiles YARA rules.
    pub fn build(self) -> Result<Engine, EngineError> {
        if self.sets.is_empty() {
            return Err(EngineError::NoSets);
        }
        identify::prepare();
        let mut removed = HashMap::new();
        for (height, set) in self.sets.iter().enumerate() {
            removed.extend(set.removals().map(|name| (name.to_owned(), height)));
        }
        let ready = |set: &SignatureSet| {
            Matcher::new(set).map_err(|error| EngineError::Set {
                set: set.label().name,
                message: error.to_string(),
            })
        };
        let matchers = self.sets.iter().map(ready).collect::<Result<Vec<_>, _>>()?;
        let views = matchers.iter().fold(Views::default(), |all, one| all.with(one.views()));
        let passwords = self.sets.iter().rev().flat_map(SignatureSet::passwords);
        let passwords = Passwords::new(passwords.map(<[u8]>::to_vec));
        Ok(Engine(Arc::new(Shared {
            matchers,
            labels: self.sets.iter().map(SignatureSet::label).collect(),
            views,
            removed,
            passwords,
        })))
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("sets", &self.0.labels).finish()
    }
}

impl Engine {
    /// Starts to collect sets.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    /// Scans one input with everything in it. Never fails: what could not be looked at is in the
    /// report. Blocks until the end, which is bounded by [`Limits::time`]; starts no thread but those of
    /// [`ScanOptions::threads`] (and see `yara` in the documentation of the crate).
    pub fn scan(&self, input: Input<'_>, options: &ScanOptions) -> Report {
        let mut workspace = self.take_workspace();
        let report = scan::scan(self, input, options, &mut workspace);
        self.keep_workspace(workspace);
        report
    }

    /// Begins a scan whose content comes piece by piece.
    pub fn stream(&self, options: ScanOptions) -> Stream {
        Stream::new(self.clone(), options)
    }

    /// The sets, bottom of the stack first.
    pub fn sets(&self) -> &[SetLabel] {
        &self.0.labels
    }

    /// The passwords that the sets bring along.
    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// Whether any set has signatures of container metadata.
    pub(crate) fn has_listings(&self) -> bool {
        self.matchers().iter().any(Matcher::has_listings)
    }

    pub(crate) fn matchers(&self) -> &[Matcher] {
        &self.0.matchers
    }

    pub(crate) fn views(&self) -> Views {
        self.0.views
    }

    /// Whether a set above `height` switches the finding's signature off.
    pub(crate) fn is_removed(&self, finding: &Finding, height: usize) -> bool {
        self.0.removed.get(&finding.name).is_some_and(|&by| by > height)
    }

    pub(crate) fn take_workspace(&self) -> Workspace {
        let mut kept = WORKSPACES.take();
        let mine = kept.iter().position(|(engine, _)| engine.as_ptr() == Arc::as_ptr(&self.0));
        let workspace = mine.map(|index| kept.swap_remove(index).1);
        kept.retain(|(engine, _)| engine.strong_count() > 0);
        WORKSPACES.set(kept);
        let mut workspace = workspace.unwrap_or_default();
        workspace.scratches.resize_with(self.matchers().len(), Scratch::default);
        workspace
    }

    pub(crate) fn keep_workspace(&self, workspace: Workspace) {
        let mut kept = WORKSPACES.take();
        kept.truncate(KEPT_WORKSPACES.saturating_sub(1));
        kept.insert(0, (Arc::downgrade(&self.0), workspace));
        WORKSPACES.set(kept);
    }
}
