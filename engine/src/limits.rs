//! The one budget of a scan: depth, objects, bytes out, ratio, time, memory.
//!
//! [`Limits`] are the numbers a caller sets; a [`Budget`] is the account of one scan against them.
//! Whatever allocates from outside data or loops over it charges the budget first. A refusal is a
//! [`Stop`], which becomes a reason of the result: reaching a limit is never silently clean.

use std::fmt;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use memchr::memmem;

use crate::observe::{Observed, PULSE, Progress};

/// How much one scan may cost. `Limits::default()` suits mail gateways and file servers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How deep objects may nest; the file itself is at depth 0.
    pub depth: u32,
    /// How many objects one scan may look at, the file included.
    pub objects: u64,
    /// Bytes that all unpackers together may put out.
    pub total_bytes: u64,
    /// Bytes that one unpacked object may have.
    pub object_bytes: u64,
    /// Bytes out for each byte in, counted once an object is larger than [`Limits::RATIO_FREE`].
    pub ratio: u64,
    /// Wall-clock time of one scan.
    pub time: Duration,
    /// Bytes of file content that one scan may hold in memory at a time: a file that is not mapped,
    /// and the unpacked objects on the path from it to the object under scan.
    pub memory: u64,
    /// How many things (sections, imports, exports, resources, ...) are read from one program, and
    /// how many entries of one name list.
    pub facts: u32,
    /// Work that may be spent on trying passwords, in blocks of 64 bytes that are hashed or
    /// something that takes as long: a password for an AES-encrypted ZIP entry costs 8,000 of them,
    /// one for the older encryption of ZIP costs one.
    pub key_work: u64,
}

impl Limits {
    /// Output below this size is never refused for its ratio.
    pub const RATIO_FREE: u64 = 1 << 20;
    /// The part of [`Limits::memory`] that may be held beside it, for objects that may come again.
    pub const ASIDE: u64 = 16;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 16,
            objects: 100_000,
            total_bytes: 4 << 30,
            object_bytes: 512 << 20,
            ratio: 1000,
            time: Duration::from_secs(120),
            memory: 1 << 30,
            facts: 20_000,
            key_work: 100_000_000,
        }
    }
}

/// A limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// [`Limits::depth`]
    Depth,
    /// [`Limits::objects`]
    Objects,
    /// [`Limits::total_bytes`]
    TotalBytes,
    /// [`Limits::object_bytes`]
    ObjectBytes,
    /// [`Limits::ratio`]
    Ratio,
    /// [`Limits::time`]
    Time,
    /// [`Limits::memory`]
    Memory,
    /// [`Limits::facts`]
    Facts,
    /// [`Limits::key_work`]
    KeyWork,
}

impl Limit {
    /// The name in results, behind `limit:`.
    pub fn name(self) -> &'static str {
        match self {
            Limit::Depth => "depth",
            Limit::Objects => "objects",
            Limit::TotalBytes => "total-bytes",
            Limit::ObjectBytes => "object-bytes",
            Limit::Ratio => "ratio",
            Limit::Time => "time",
            Limit::Memory => "memory",
            Limit::Facts => "facts",
            Limit::KeyWork => "key-work",
        }
    }
}

/// Why work was broken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A limit was reached.
    Limit(Limit),
    /// The caller asked for the end.
    Cancelled,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Limit(limit) => write!(f, "limit:{}", limit.name()),
            Stop::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl std::error::Error for Stop {}

/// Asks a running scan to end, from any thread. Clones ask for the same scan.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A handle that has not been used.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the scans that hold this handle, soon; they report `cancelled`.
    pub fn cancel(&self) {
        self.0.store(true, Relaxed);
    }

    /// Whether [`Cancel::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Relaxed)
    }
}

/// The account of one scan. Clones share it.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Account>, Arc<Tally>);

/// What one part of a scan was charged, where several run at a time.
#[derive(Debug, Default)]
struct Tally {
    objects: AtomicU64,
    total_bytes: AtomicU64,
    key_work: AtomicU64,
}

/// What a part of a scan was charged, memory left aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spent {
    objects: u64,
    total_bytes: u64,
    key_work: u64,
}

impl Spent {
    /// What was spent since `earlier`.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            objects: self.objects.saturating_sub(earlier.objects),
            total_bytes: self.total_bytes.saturating_sub(earlier.total_bytes),
            key_work: self.key_work.saturating_sub(earlier.key_work),
        }
    }
}

#[derive(Debug)]
struct Account {
    limits: Limits,
    started: Instant,
    cancel: Cancel,
    observed: Observed,
    /// When the observer is told of the progress next, in milliseconds from the start.
    next_pulse: AtomicU64,
    /// The observer asked for the end of this scan alone.
    stopped: AtomicBool,
    objects: AtomicU64,
    total_bytes: AtomicU64,
    memory: AtomicU64,
    /// Memory that is held for later, beside the limit.
    aside: AtomicU64,
    /// The most that was held at a time, in both.
    peak: AtomicU64,
    key_work: AtomicU64,
    /// How often something was refused that another part of the scan had used up.
    refusals: AtomicU64,
}

impl Account {
    fn take_memory(&self, bytes: u64) -> Result<(), Stop> {
        let held = self.take(&self.memory, bytes, self.limits.memory, Limit::Memory)?;
        self.peak.fetch_max(held.saturating_add(self.aside.load(Relaxed)), Relaxed);
        Ok(())
    }

    /// Adds to a counter unless that would pass its ceiling; the new number.
    fn take(
        &self,
        counter: &AtomicU64,
        amount: u64,
        ceiling: u64,
        limit: Limit,
    ) -> Result<u64, Stop> {
        take(counter, amount, ceiling).ok_or_else(|| {
            self.refusals.fetch_add(1, Relaxed);
            Stop::Limit(limit)
        })
    }
}

/// Bytes of memory that a budget granted; dropping it gives them back.
#[derive(Debug)]
pub struct Grant {
    account: Arc<Account>,
    bytes: u64,
    is_aside: AtomicBool,
}

impl Drop for Grant {
    fn drop(&mut self) {
        let is_aside = *self.is_aside.get_mut();
        let counter = if is_aside { &self.account.aside } else { &self.account.memory };
        counter.fetch_sub(self.bytes, Relaxed);
    }
}

impl Grant {
    /// Counts the memory as held for later from now on, if there is room for that.
    pub(crate) fn set_aside(&self) -> bool {
        if self.is_aside.load(Relaxed) {
            return true;
        }
        let ceiling = self.account.limits.memory / Limits::ASIDE;
        let is_taken = take(&self.account.aside, self.bytes, ceiling).is_some();
        if is_taken {
            self.account.memory.fetch_sub(self.bytes, Relaxed);
            self.is_aside.store(true, Relaxed);
        }
        is_taken
    }

    /// Makes the grant larger by `bytes`, or refuses and leaves it as it was.
    pub fn grow(&mut self, bytes: u64) -> Result<(), Stop> {
        self.account.take_memory(bytes)?;
        self.bytes = self.bytes.saturating_add(bytes);
        Ok(())
    }
}

/// What a decoder put out, and why it ended.
#[derive(Debug)]
pub struct Decoded {
    /// The bytes, all of them or those up to the problem.
    pub bytes: Vec<u8>,
    /// The memory they are charged to.
    pub grant: Grant,
    /// Why there are no more.
    pub end: DecodeEnd,
}

/// Why a decoder ended.
#[derive(Debug)]
pub enum DecodeEnd {
    /// The stream ended as its format says.
    Complete,
    /// The budget refused more.
    Stopped(Stop),
    /// The decoder failed.
    Failed(io::Error),
}

impl Budget {
    /// Opens the account; the time runs from here.
    pub fn new(limits: Limits, cancel: Cancel) -> Self {
        Self::observed(limits, cancel, Observed::default())
    }

    /// Opens an account of which an observer is told.
    pub fn observed(limits: Limits, cancel: Cancel, observed: Observed) -> Self {
        let account = Account {
            limits,
            started: Instant::now(),
            cancel,
            observed,
            next_pulse: AtomicU64::new(millis(PULSE)),
            stopped: AtomicBool::new(false),
            objects: AtomicU64::new(0),
            total_bytes: AtomicU64::new(0),
            memory: AtomicU64::new(0),
            aside: AtomicU64::new(0),
            peak: AtomicU64::new(0),
            key_work: AtomicU64::new(0),
            refusals: AtomicU64::new(0),
        };
        Self(Arc::new(account), Arc::default())
    }

    /// The same account, for a part of the scan that is counted by itself in [`Budget::spent`].
    pub(crate) fn part(&self) -> Self {
        Self(Arc::clone(&self.0), Arc::default())
    }

    /// The limits it was opened with.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Time since it was opened.
    pub fn elapsed(&self) -> Duration {
        self.0.started.elapsed()
    }

    /// Time left; zero when it is over.
    pub fn time_left(&self) -> Duration {
        self.0.limits.time.saturating_sub(self.elapsed())
    }

    /// Bytes that unpackers put out so far.
    pub fn total_bytes(&self) -> u64 {
        self.0.total_bytes.load(Relaxed)
    }

    /// The most memory that was held at a time so far.
    pub fn peak_memory(&self) -> u64 {
        self.0.peak.load(Relaxed)
    }

    /// Refuses when the time is over or the caller cancelled. Call it in every long loop.
    pub fn check(&self) -> Result<(), Stop> {
        if self.0.cancel.is_cancelled() || self.0.stopped.load(Relaxed) {
            return Err(Stop::Cancelled);
        }
        let elapsed = self.elapsed();
        if elapsed > self.0.limits.time {
            return Err(Stop::Limit(Limit::Time));
        }
        self.pulse(elapsed)
    }

    /// Tells the observer how far the scan is, if it is time to.
    fn pulse(&self, elapsed: Duration) -> Result<(), Stop> {
        let Some(observer) = self.0.observed.observer() else { return Ok(()) };
        let now = millis(elapsed);
        if now < self.0.next_pulse.load(Relaxed) {
            return Ok(());
        }
        self.0.next_pulse.store(now.saturating_add(millis(PULSE)), Relaxed);
        let objects = self.0.objects.load(Relaxed);
        match observer.progress(Progress::new(objects, self.total_bytes(), elapsed)) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(self.stop()),
        }
    }

    /// Ends this scan alone, as its observer asked: other scans may hold the same [`Cancel`].
    pub(crate) fn stop(&self) -> Stop {
        self.0.stopped.store(true, Relaxed);
        Stop::Cancelled
    }

    /// The first place of `needle` in `hay`, looking at the clock on the way: a file may have terabytes
    /// of holes.
    pub fn find(&self, hay: &[u8], needle: &[u8]) -> Result<Option<usize>, Stop> {
        let finder = memmem::Finder::new(needle);
        self.find_by_steps(hay, needle.len(), false, |step| finder.find(step))
    }

    /// The last place of `needle` in `hay`, likewise.
    pub fn find_last(&self, hay: &[u8], needle: &[u8]) -> Result<Option<usize>, Stop> {
        let finder = memmem::FinderRev::new(needle);
        self.find_by_steps(hay, needle.len(), true, |step| finder.rfind(step))
    }

    /// Searches piece by piece; the pieces overlap, so that the needle is whole in one of them.
    fn find_by_steps(
        &self,
        hay: &[u8],
        needle: usize,
        backwards: bool,
        find: impl Fn(&[u8]) -> Option<usize>,
    ) -> Result<Option<usize>, Stop> {
        const STEP: usize = 64 << 20;
        let steps = hay.len().div_ceil(STEP);
        for step in 0..steps {
            self.check()?;
            let step = if backwards { steps.saturating_sub(step).saturating_sub(1) } else { step };
            let at = step.saturating_mul(STEP);
            let end = at.saturating_add(STEP).saturating_add(needle.saturating_sub(1));
            let found = hay.get(at..end.min(hay.len())).and_then(&find);
            if let Some(found) = found {
                return Ok(Some(at.saturating_add(found)));
            }
        }
        Ok(None)
    }

    /// Charges one object at `depth`.
    pub fn enter(&self, depth: u32) -> Result<(), Stop> {
        self.check()?;
        if depth > self.0.limits.depth {
            return Err(Stop::Limit(Limit::Depth));
        }
        self.0.take(&self.0.objects, 1, self.0.limits.objects, Limit::Objects)?;
        self.1.objects.fetch_add(1, Relaxed);
        Ok(())
    }

    /// Charges memory that is held until the grant is dropped.
    pub fn hold(&self, bytes: u64) -> Result<Grant, Stop> {
        self.0.take_memory(bytes)?;
        Ok(Grant { account: Arc::clone(&self.0), bytes, is_aside: AtomicBool::new(false) })
    }

    /// Memory that is held for later: at most a part of the limit, and beside it, so that what is kept
    /// takes nothing from what has to be held.
    pub(crate) fn hold_aside(&self, bytes: u64) -> Option<Grant> {
        take(&self.0.aside, bytes, self.0.limits.memory / Limits::ASIDE)?;
        Some(Grant { account: Arc::clone(&self.0), bytes, is_aside: AtomicBool::new(true) })
    }

    /// What this part of the scan spent so far.
    pub(crate) fn spent(&self) -> Spent {
        Spent {
            objects: self.1.objects.load(Relaxed),
            total_bytes: self.1.total_bytes.load(Relaxed),
            key_work: self.1.key_work.load(Relaxed),
        }
    }

    /// Charges what another part was charged for the same work, all of it or nothing.
    pub(crate) fn spend(&self, spent: Spent) -> bool {
        let account = &*self.0;
        let charges = [
            (&account.objects, spent.objects, account.limits.objects),
            (&account.total_bytes, spent.total_bytes, account.limits.total_bytes),
            (&account.key_work, spent.key_work, account.limits.key_work),
        ];
        let taken = charges
            .iter()
            .take_while(|(counter, amount, ceiling)| take(counter, *amount, *ceiling).is_some())
            .count();
        if taken < charges.len() {
            for (counter, amount, _) in charges.iter().take(taken) {
                counter.fetch_sub(*amount, Relaxed);
            }
            return false;
        }
        self.add(spent);
        true
    }

    /// Counts as this part's what another part of the scan was charged.
    pub(crate) fn add(&self, spent: Spent) {
        self.1.objects.fetch_add(spent.objects, Relaxed);
        self.1.total_bytes.fetch_add(spent.total_bytes, Relaxed);
        self.1.key_work.fetch_add(spent.key_work, Relaxed);
    }

    /// Goes back to where only `spent` was charged, for doing the rest once more. Memory comes back by
    /// itself, and time never does.
    pub(crate) fn rewind(&self, spent: Spent) {
        let pairs = [
            (&self.0.objects, &self.1.objects, spent.objects),
            (&self.0.total_bytes, &self.1.total_bytes, spent.total_bytes),
            (&self.0.key_work, &self.1.key_work, spent.key_work),
        ];
        for (counter, tally, amount) in pairs {
            counter.store(amount, Relaxed);
            tally.store(amount, Relaxed);
        }
        self.0.refusals.store(0, Relaxed);
        self.0.stopped.store(false, Relaxed);
    }

    /// How often something was refused that another part of the scan had used up.
    pub(crate) fn refusals(&self) -> u64 {
        self.0.refusals.load(Relaxed)
    }

    /// Charges work that a password costs, before it is tried.
    pub fn try_key(&self, work: u64) -> Result<(), Stop> {
        self.check()?;
        self.0.take(&self.0.key_work, work, self.0.limits.key_work, Limit::KeyWork)?;
        self.1.key_work.fetch_add(work, Relaxed);
        Ok(())
    }

    fn take_total(&self, bytes: u64) -> Result<(), Stop> {
        let ceiling = self.0.limits.total_bytes;
        self.0.take(&self.0.total_bytes, bytes, ceiling, Limit::TotalBytes)?;
        self.1.total_bytes.fetch_add(bytes, Relaxed);
        Ok(())
    }

    /// Charges `bytes` of unpacker output: what an entry that is used in place would have put out.
    pub fn put_out(&self, bytes: u64) -> Result<(), Stop> {
        if bytes > self.0.limits.object_bytes {
            return Err(Stop::Limit(Limit::ObjectBytes));
        }
        self.take_total(bytes)
    }

    /// Runs a decoder to its end under every ceiling, a step at a time. `packed` is the number of
    /// bytes that the decoder may read, the base of the ratio. A declared output size is never
    /// believed, so there is none among the arguments.
    pub fn decode(&self, mut decoder: impl Read, packed: u64) -> Result<Decoded, Stop> {
        let mut bytes = Vec::new();
        let mut grant = self.hold(0)?;
        let end = loop {
            match self.decode_step(&mut decoder, packed, &mut bytes, &mut grant) {
                Ok(0) => break DecodeEnd::Complete,
                Ok(_) => {}
                Err(Broken::Stop(stop)) => break DecodeEnd::Stopped(stop),
                Err(Broken::Decoder(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(Broken::Decoder(error)) => break DecodeEnd::Failed(error),
            }
        };
        Ok(Decoded { bytes, grant, end })
    }

    fn decode_step(
        &self,
        decoder: &mut impl Read,
        packed: u64,
        bytes: &mut Vec<u8>,
        grant: &mut Grant,
    ) -> Result<usize, Broken> {
        self.check()?;
        let mut step = [0; 32 * 1024];
        let count = decoder.read(&mut step)?;
        let fresh = step.get(..count).unwrap_or(&step);
        let size = (bytes.len() as u64).saturating_add(fresh.len() as u64);
        if size > self.0.limits.object_bytes {
            return Err(Stop::Limit(Limit::ObjectBytes).into());
        }
        if size > Limits::RATIO_FREE && size > packed.saturating_mul(self.0.limits.ratio) {
            return Err(Stop::Limit(Limit::Ratio).into());
        }
        self.take_total(fresh.len() as u64)?;
        self.make_room(bytes, fresh.len(), grant)?;
        bytes.extend_from_slice(fresh);
        Ok(count)
    }

    /// Grows `bytes` by doubling, charged before it is allocated.
    fn make_room(&self, bytes: &mut Vec<u8>, more: usize, grant: &mut Grant) -> Result<(), Broken> {
        let wanted = bytes.len().saturating_add(more);
        if wanted <= bytes.capacity() {
            return Ok(());
        }
        let capacity = wanted.max(bytes.capacity().saturating_mul(2)).max(4096);
        let growth = capacity.saturating_sub(bytes.capacity());
        grant.grow(growth as u64)?;
        bytes
            .try_reserve_exact(capacity.saturating_sub(bytes.len()))
            .map_err(|_| Broken::Stop(Stop::Limit(Limit::Memory)))
    }
}

enum Broken {
    Stop(Stop),
    Decoder(io::Error),
}

impl From<Stop> for Broken {
    fn from(stop: Stop) -> Self {
        Broken::Stop(stop)
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Broken::Decoder(error)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Adds to a counter unless that would pass its ceiling; the new number.
fn take(counter: &AtomicU64, amount: u64, ceiling: u64) -> Option<u64> {
    counter
        .fetch_update(Relaxed, Relaxed, |used| {
            used.checked_add(amount).filter(|&total| total <= ceiling)
        })
        .map(|used| used.saturating_add(amount))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(change: impl FnOnce(&mut Limits)) -> Budget {
        let mut limits = Limits::default();
        change(&mut limits);
        Budget::new(limits, Cancel::new())
    }

    fn stop_of(decoded: Decoded) -> Option<Stop> {
        match decoded.end {
            DecodeEnd::Stopped(stop) => Some(stop),
            _ => None,
        }
    }

    #[test]
    fn objects_and_depth_are_counted() {
        let budget = budget(|l| (l.depth, l.objects) = (1, 2));
        assert_eq!(budget.enter(2), Err(Stop::Limit(Limit::Depth)));
        assert_eq!(budget.enter(0), Ok(()));
        assert_eq!(budget.enter(1), Ok(()));
        assert_eq!(budget.enter(1), Err(Stop::Limit(Limit::Objects)));
    }

    #[test]
    fn a_decoder_is_stopped_by_each_ceiling() {
        let endless = || io::repeat(0);
        type Case = (fn(&mut Limits), u64, Limit);
        let cases: [Case; 4] = [
            (|l| l.object_bytes = 100_000, u64::MAX, Limit::ObjectBytes),
            (|l| l.total_bytes = 100_000, u64::MAX, Limit::TotalBytes),
            (|l| l.memory = 100_000, u64::MAX, Limit::Memory),
            (|_| {}, 2000, Limit::Ratio),
        ];
        for (change, packed, limit) in cases {
            let decoded = budget(change).decode(endless(), packed).unwrap();
            assert!(!decoded.bytes.is_empty(), "what came before is kept");
            assert_eq!(stop_of(decoded), Some(Stop::Limit(limit)));
        }
    }

    #[test]
    fn the_ratio_is_not_asked_of_small_output() {
        let decoded = budget(|_| {}).decode(io::repeat(0).take(1 << 20), 1).unwrap();
        assert!(matches!(decoded.end, DecodeEnd::Complete));
        assert_eq!(decoded.bytes.len(), 1 << 20);
    }

    #[test]
    fn memory_comes_back() {
        let budget = budget(|l| l.memory = 100);
        let first = budget.hold(60).unwrap();
        assert_eq!(budget.hold(60).err(), Some(Stop::Limit(Limit::Memory)));
        drop(first);
        assert!(budget.hold(60).is_ok());
    }

    #[test]
    fn memory_that_is_kept_for_later_stands_beside_the_limit() {
        let budget = budget(|l| l.memory = 160);
        let kept = budget.hold(10).unwrap();
        assert!(kept.set_aside());
        let all = budget.hold(160).unwrap();
        assert!(!all.set_aside(), "more than a sixteenth");
        assert!(budget.hold_aside(1).is_none());
        assert_eq!(budget.peak_memory(), 170);
        drop(kept);
        assert!(budget.hold_aside(10).is_some());
        drop(all);
        assert!(budget.hold(160).is_ok());
    }

    #[test]
    fn work_is_charged_again_as_a_whole_or_not_at_all() {
        let budget = budget(|l| (l.objects, l.total_bytes) = (3, 100));
        let before = budget.spent();
        budget.enter(0).unwrap();
        budget.put_out(40).unwrap();
        let spent = budget.spent().since(before);
        assert!(budget.spend(spent));
        assert!(!budget.spend(spent), "120 bytes");
        assert_eq!(budget.spent().objects, 2);
        assert_eq!(budget.refusals(), 0, "asked, not needed");
        assert!(budget.put_out(40).is_err());
        assert_eq!(budget.refusals(), 1);
        budget.rewind(before);
        assert_eq!((budget.spent(), budget.refusals()), (before, 0));
        let part = budget.part();
        part.put_out(90).unwrap();
        assert_eq!(budget.spent(), before, "another part's");
        budget.add(part.spent());
        assert_eq!(budget.spent(), part.spent());
        assert!(budget.put_out(20).is_err(), "one account");
    }

    #[test]
    fn time_and_cancel_stop_a_decoder() {
        let over = budget(|l| l.time = Duration::ZERO);
        assert_eq!(
            stop_of(over.decode(io::repeat(0), u64::MAX).unwrap()),
            Some(Stop::Limit(Limit::Time))
        );
        let cancel = Cancel::new();
        cancel.cancel();
        let cancelled = Budget::new(Limits::default(), cancel);
        assert_eq!(cancelled.enter(0), Err(Stop::Cancelled));
    }
}
