//! Members on their way from the library: chosen, written to, charged.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use rars::{ArchiveMember, ExtractionDecision, ExtractionErrorAction};

use crate::input::Content;
use crate::limits::{Budget, Grant, Limit, Limits, Stop};
use crate::unpack::Entry;
use crate::verdict::{Problem, Reason};

/// Members that are unpacked at a time, and bytes of them, where they do not need each other.
const MEMBERS: usize = 64;
const BYTES: usize = 8 << 20;

/// One run of the library.
pub(super) struct Batch {
    shared: Rc<RefCell<Shared>>,
}

struct Shared {
    budget: Budget,
    /// The first member that is wanted, and the one that is asked for next.
    from: usize,
    next: usize,
    is_solid: bool,
    length: u64,
    pending: Vec<Pending>,
    is_full: bool,
}

/// A member that is being written.
pub(super) struct Pending {
    name: Vec<u8>,
    bytes: Vec<u8>,
    grant: Option<Grant>,
    packed: u64,
    problems: Vec<Problem>,
}

impl Pending {
    pub(super) fn into_entry(self) -> Entry<'static> {
        let Some(grant) = self.grant else {
            let missing = Problem::new(Reason::Limit(Limit::Memory), "memory for the member");
            return Entry::unread(self.name, missing);
        };
        let mut entry = Entry::new(self.name, Content::held(self.bytes, grant));
        entry.problems = self.problems;
        entry
    }

    fn write(&mut self, bytes: &[u8], budget: &Budget) -> Result<(), Stop> {
        budget.check()?;
        let limits = budget.limits();
        let size = (self.bytes.len() as u64).saturating_add(bytes.len() as u64);
        if size > limits.object_bytes {
            return Err(Stop::Limit(Limit::ObjectBytes));
        }
        if size > Limits::RATIO_FREE && size > self.packed.saturating_mul(limits.ratio) {
            return Err(Stop::Limit(Limit::Ratio));
        }
        budget.put_out(bytes.len() as u64)?;
        let grant = self.grant.as_mut().ok_or(Stop::Limit(Limit::Memory))?;
        let free = self.bytes.capacity().saturating_sub(self.bytes.len());
        if free < bytes.len() {
            let more = bytes.len().max(self.bytes.capacity()).max(4096);
            grant.grow(more as u64)?;
            self.bytes.reserve_exact(more);
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

impl Batch {
    /// Wants members from one on; `length` is the archive's.
    pub(super) fn new(budget: &Budget, from: usize, is_solid: bool, length: u64) -> Self {
        let (next, pending, is_full) = (0, Vec::new(), false);
        let budget = budget.clone();
        let shared = Shared { budget, from, next, is_solid, length, pending, is_full };
        Self { shared: Rc::new(RefCell::new(shared)) }
    }

    /// What is to be done with a member; each is asked about once, in order.
    pub(super) fn decide(&self, member: &ArchiveMember) -> ExtractionDecision {
        let mut shared = self.shared.borrow_mut();
        let bytes = shared.pending.iter().fold(0_usize, |sum, p| sum.saturating_add(p.bytes.len()));
        let is_enough = shared.pending.len() >= MEMBERS || bytes >= BYTES;
        if !shared.is_solid && is_enough {
            shared.is_full = true;
            return ExtractionDecision::Stop;
        }
        let index = shared.next;
        shared.next = index.saturating_add(1);
        let meta = &member.meta;
        if index < shared.from || meta.is_directory || meta.is_redirection {
            return ExtractionDecision::Skip;
        }
        let mut problems = Vec::new();
        for (is_split, detail) in [
            (meta.is_split_before, "the member begins in another volume"),
            (meta.is_split_after, "the member goes on in the next volume"),
        ] {
            if is_split {
                problems.push(Problem::new(Reason::Truncated, detail));
            }
        }
        // Members of a solid archive share what was packed before them.
        let packed = if shared.is_solid { shared.length } else { meta.packed_size };
        let packed = packed.min(shared.length);
        let grant = shared.budget.hold(0).ok();
        let (name, bytes) = (meta.name.clone(), Vec::new());
        shared.pending.push(Pending { name, bytes, grant, packed, problems });
        let slot = shared.pending.len().saturating_sub(1);
        ExtractionDecision::Extract(Box::new(Sink { shared: Rc::clone(&self.shared), slot }))
    }

    /// A member failed that the others do not need.
    pub(super) fn failed(&self, problem: Problem) -> ExtractionErrorAction {
        let mut shared = self.shared.borrow_mut();
        if let Some(last) = shared.pending.last_mut().filter(|last| last.problems.is_empty()) {
            last.problems.push(problem);
        }
        ExtractionErrorAction::Continue
    }

    /// The members, which is next, and whether the archive came to its end.
    pub(super) fn finish(self) -> (Vec<Pending>, usize, bool) {
        let mut shared = self.shared.borrow_mut();
        let next = shared.next;
        (std::mem::take(&mut shared.pending), next, !shared.is_full)
    }
}

/// Where the library writes a member.
struct Sink {
    shared: Rc<RefCell<Shared>>,
    slot: usize,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut shared = self.shared.borrow_mut();
        let shared = &mut *shared;
        let Some(pending) = shared.pending.get_mut(self.slot) else {
            return Err(io::ErrorKind::Other.into());
        };
        match pending.write(bytes, &shared.budget) {
            Ok(()) => Ok(bytes.len()),
            Err(stop) => {
                pending.problems.push(stop.into());
                Err(io::Error::other(stop))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
