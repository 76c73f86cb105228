//! Several threads in one scan: entries of one container wait to be looked at, and whoever is free
//! takes one, with everything in it.
//!
//! The thread that walks a container takes its entries in their order. What a helper has done is put
//! where it belongs; what nobody has begun, it does itself. So nobody ever waits for work that is not
//! being done, and objects and findings come in the order that one thread has them in. Helpers take the
//! entry that was added last, since the first will soon be taken by the walk.
//!
//! All charge one budget. Where it refuses something, the order of the threads would show: then the
//! scan is broken off and done again by one (`scan.rs`).

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Scope;

use super::branch::Branch;
use super::container::Open;
use super::{Place, Scan};
use crate::engine::{Engine, ScanOptions};
use crate::input::{Content, Source};
use crate::limits::Budget;
use crate::matcher::Scratch;
use crate::threads::{Taken, Threads};
use crate::unpack::{Opening, Passwords};
use crate::verdict::Object;

/// Entries of one container that may wait.
const AHEAD: usize = 16;
/// Entries of all containers that may wait.
const WAITING: usize = 64;
/// Entries that are smaller are looked at faster than handed on.
const SMALL: usize = 2048;
/// Bytes that were looked at, or entries, before a thread is started.
const WORTH: u64 = 64 << 10;
const MANY: usize = 16;
/// The part of the memory that entries may take while they wait.
const PART: u64 = 8;

/// The threads of one scan and the work that waits for them.
pub(super) struct Crew<'a> {
    work: Mutex<Work<'a>>,
    wake: Condvar,
    helpers: AtomicUsize,
    waiting: AtomicUsize,
    bytes: AtomicU64,
}

struct Work<'a> {
    jobs: VecDeque<Arc<Job<'a>>>,
    is_over: bool,
}

/// An entry to look at.
pub(super) struct Job<'a> {
    content: Content<'a>,
    place: Place,
    /// What it lies in, for noticing that it lies in itself.
    above: Vec<Content<'a>>,
    stage: Mutex<Stage>,
    done: Condvar,
}

enum Stage {
    Waiting,
    Running,
    Done(Branch),
    Gone,
}

/// What every thread of a scan works with.
#[derive(Clone, Copy)]
pub(super) struct Common<'s> {
    pub(super) engine: &'s Engine,
    pub(super) options: &'s ScanOptions,
    pub(super) budget: &'s Budget,
    pub(super) passwords: &'s Passwords,
}

impl<'s> Common<'s> {
    fn begin<'a>(self, scratches: &'s mut Vec<Scratch>) -> Scan<'s, 'a> {
        let opening = Opening { budget: self.budget, passwords: self.passwords };
        Scan::new(self.engine, self.options, opening, scratches)
    }

    /// Scans with as many threads as there are. Where a limit was reached with several, what was looked
    /// at would depend on who came first: then it is done once more with one.
    pub(super) fn scan<'a>(
        self,
        source: &Source<'a>,
        scratches: &'s mut Vec<Scratch>,
    ) -> Scan<'s, 'a> {
        let is_watched = self.options.observed.observer().is_some();
        if !self.options.threads.is_given() || is_watched {
            let mut scan = self.begin(scratches);
            scan.run(source);
            return scan;
        }
        let before = self.budget.spent();
        let scanned = self.scan_together(source, scratches);
        let mut scan = self.begin(scratches);
        if self.budget.refusals() == 0 && !scanned.is_capped() {
            scan.resume(scanned);
            return scan;
        }
        self.budget.rewind(before);
        match self.budget.check() {
            Ok(()) => scan.run(source),
            Err(stop) => {
                scan.resume(scanned);
                scan.note(0, stop.into());
            }
        }
        scan
    }

    fn scan_together(self, source: &Source<'_>, scratches: &mut Vec<Scratch>) -> Branch {
        let crew = Crew::new();
        std::thread::scope(|scope| {
            let _dismissal = Dismissal(&crew);
            let threads = &self.options.threads;
            let foreman = Foreman { scope, crew: &crew, common: self, threads };
            let common = Common { ..self };
            let mut scan = common.begin(scratches);
            scan.crew = Some(&crew);
            scan.foreman = Some(&foreman);
            scan.run(source);
            scan.into_branch()
        })
    }
}

/// Who starts threads, on the thread that the scan was called on.
struct Foreman<'scope, 'env, 'a> {
    scope: &'scope Scope<'scope, 'env>,
    crew: &'scope Crew<'a>,
    common: Common<'scope>,
    threads: &'scope Threads,
}

/// What a scan needs of its foreman.
pub(super) trait Hire {
    /// Starts one more thread if there is one to be had.
    fn hire(&self);
}

impl<'scope, 'a: 'scope> Hire for Foreman<'scope, '_, 'a> {
    fn hire(&self) {
        let Some(taken) = self.threads.take() else { return };
        let (crew, common) = (self.crew, self.common);
        let builder = std::thread::Builder::new().name("pellucid".to_owned());
        if builder.spawn_scoped(self.scope, move || crew.help(common, taken)).is_ok() {
            crew.helpers.fetch_add(1, Relaxed);
        }
    }
}

impl<'a> Crew<'a> {
    fn new() -> Self {
        Self {
            work: Mutex::new(Work { jobs: VecDeque::new(), is_over: false }),
            wake: Condvar::new(),
            helpers: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            bytes: AtomicU64::new(0),
        }
    }

    /// Whether there is no helper for what waits.
    fn is_short_handed(&self) -> bool {
        self.waiting.load(Relaxed) >= self.helpers.load(Relaxed)
    }

    /// Whether it makes sense to look ahead.
    pub(super) fn has_room(&self, budget: &Budget) -> bool {
        self.helpers.load(Relaxed) > 0
            && self.waiting.load(Relaxed) < WAITING
            && self.bytes.load(Relaxed) < budget.limits().memory / PART
    }

    /// Adds an entry to what waits, if it is worth it.
    pub(super) fn offer(
        &self,
        content: &Content<'a>,
        place: Place,
        above: Vec<Content<'a>>,
    ) -> Option<Arc<Job<'a>>> {
        if content.len() < SMALL {
            return None;
        }
        self.waiting.fetch_add(1, Relaxed);
        self.bytes.fetch_add(content.len() as u64, Relaxed);
        let (content, stage) = (content.clone(), Mutex::new(Stage::Waiting));
        let job = Arc::new(Job { content, place, above, stage, done: Condvar::new() });
        lock(&self.work).jobs.push_back(Arc::clone(&job));
        self.wake.notify_one();
        Some(job)
    }

    /// What a helper came to; nothing where none has begun, which from now on none does.
    pub(super) fn collect(&self, job: &Job<'a>) -> Option<Branch> {
        self.waiting.fetch_sub(1, Relaxed);
        self.bytes.fetch_sub(job.content.len() as u64, Relaxed);
        let mut stage = lock(&job.stage);
        loop {
            match std::mem::replace(&mut *stage, Stage::Gone) {
                Stage::Running => {
                    *stage = Stage::Running;
                    stage = job.done.wait(stage).unwrap_or_else(PoisonError::into_inner);
                }
                Stage::Done(branch) => return Some(branch),
                Stage::Waiting | Stage::Gone => return None,
            }
        }
    }

    /// Nothing comes any more.
    pub(super) fn dismiss(&self) {
        let mut work = lock(&self.work);
        work.is_over = true;
        work.jobs.clear();
        self.wake.notify_all();
    }

    fn next(&self) -> Option<Arc<Job<'a>>> {
        let mut work = lock(&self.work);
        loop {
            if work.is_over {
                return None;
            }
            if let Some(job) = work.jobs.pop_back() {
                return Some(job);
            }
            work = self.wake.wait(work).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The life of a helper.
    fn help(&self, common: Common<'_>, _taken: Taken) {
        let mut workspace = common.engine.take_workspace();
        while let Some(job) = self.next() {
            if !job.begin() {
                continue;
            }
            let budget = common.budget.part();
            let opening = Opening { budget: &budget, passwords: common.passwords };
            let mut scan =
                Scan::new(common.engine, common.options, opening, &mut workspace.scratches);
            scan.crew = Some(self);
            scan.above.clone_from(&job.above);
            let run = AssertUnwindSafe(|| {
                scan.branch_of(&job);
                scan.into_branch()
            });
            job.finish(catch_unwind(run).unwrap_or_default());
        }
        common.engine.keep_workspace(workspace);
    }
}

/// Ends the work whatever happens to the thread that gave it.
struct Dismissal<'c, 'a>(&'c Crew<'a>);

impl Drop for Dismissal<'_, '_> {
    fn drop(&mut self) {
        self.0.dismiss();
    }
}

impl Job<'_> {
    fn begin(&self) -> bool {
        let mut stage = lock(&self.stage);
        let waits = matches!(*stage, Stage::Waiting);
        if waits {
            *stage = Stage::Running;
        }
        waits
    }

    fn finish(&self, branch: Branch) {
        *lock(&self.stage) = Stage::Done(branch);
        self.done.notify_all();
    }
}

impl<'a> Scan<'_, 'a> {
    /// Looks at one entry with everything in it, as the first object of this scan.
    fn branch_of(&mut self, job: &Job<'a>) {
        if self.budget.enter(job.place.depth).is_ok() {
            self.visit(job.content.clone(), Object::default(), job.place.clone());
            self.walk();
        }
    }

    /// Fetches entries of a container before their turn, for helpers to look at. The one that comes next
    /// is left to this thread.
    pub(super) fn look_ahead(&mut self, container: &mut Open<'a>) {
        let Some(crew) = self.crew else { return };
        let depth = container.depth.saturating_add(1);
        // What lies too deep ends the walk of its container, which must not have gone further then.
        if depth > self.budget.limits().depth {
            return;
        }
        if let Some(foreman) = self.foreman
            && container.fetched > 0
            && (self.bytes >= WORTH || container.fetched >= MANY)
            && crew.is_short_handed()
        {
            foreman.hire();
        }
        while container.waiting.len() < AHEAD
            && !container.is_ended
            && container.waiting.back().is_none_or(|last| last.can_wait)
            && (container.waiting.is_empty() || crew.has_room(self.budget))
        {
            let Some(mut child) = self.fetch(container) else { break };
            let is_next = container.waiting.is_empty();
            if let Some(content) = &child.entry.content
                && !is_next
                && child.can_wait
                && child.met.twin.is_none()
                && child.entry.problems.is_empty()
            {
                let place = Place { depth, layers: Arc::clone(&container.layers) };
                let mut above = self.above.clone();
                above.extend(self.open.iter().map(|outer| outer.content.clone()));
                above.push(container.content.clone());
                child.job = crew.offer(content, place, above);
            }
            container.waiting.push_back(child);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
