//! Threads that a scan may start beside the one it was called on. None is ever started that a caller
//! did not give.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// How many threads more scans may use, beside those they were called on. Clones share the number: of
/// four threads, one scan may use all, or four scans one each. None by default.
///
/// A scan starts such a thread when a container has more than one entry to look at, and ends it before
/// it returns. The result is the same with any number; where a limit of the budget is reached under
/// several threads, the scan is done again on one, so that what it says does not depend on which thread
/// was first. With an [`Observer`](crate::observe::Observer), which is told of objects in their order,
/// none is started.
#[derive(Clone, Debug, Default)]
pub struct Threads(Option<Arc<AtomicUsize>>);

impl Threads {
    /// So many more.
    pub fn more(count: usize) -> Self {
        Self(Some(Arc::new(AtomicUsize::new(count))))
    }

    /// Whether any may ever be started.
    pub(crate) fn is_given(&self) -> bool {
        self.0.is_some()
    }

    /// Adds one: another part of the program has done its work.
    pub(crate) fn lend(&self) {
        if let Some(count) = &self.0 {
            count.fetch_add(1, Relaxed);
        }
    }

    /// Takes all back that nobody uses.
    pub(crate) fn take_back(&self) {
        if let Some(count) = &self.0 {
            count.store(0, Relaxed);
        }
    }

    /// One of them, given back when it is dropped.
    pub(crate) fn take(&self) -> Option<Taken> {
        let count = self.0.as_ref()?;
        let one_less = |left: usize| left.checked_sub(1);
        count.fetch_update(Relaxed, Relaxed, one_less).ok()?;
        Some(Taken(Arc::clone(count)))
    }
}

/// A thread that may be started.
#[derive(Debug)]
pub(crate) struct Taken(Arc<AtomicUsize>);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_as_were_given() {
        let threads = Threads::more(1);
        let one = threads.clone().take().unwrap();
        assert!(threads.take().is_none());
        drop(one);
        assert!(threads.take().is_some());
        threads.lend();
        assert!(threads.take().and(threads.take()).is_some());
        threads.take_back();
        assert!(threads.take().is_none());
        assert!(Threads::default().take().is_none() && !Threads::default().is_given());
    }
}
