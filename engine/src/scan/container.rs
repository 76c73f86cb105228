//! Containers that are being walked, and the entries that come out of them.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::crew::Job;
use super::twins::{Met, Twins};
use super::{Scan, internal};
use crate::input::Content;
use crate::matcher::Layer;
use crate::unpack::{Entry, Unpacker};

/// A container that is being walked.
pub(super) struct Open<'a> {
    pub(super) unpacker: Box<dyn Unpacker<'a> + 'a>,
    /// The object that it is or lies in.
    pub(super) content: Content<'a>,
    pub(super) twins: Twins<'a>,
    pub(super) object: usize,
    pub(super) depth: u32,
    /// What its entries lie in.
    pub(super) layers: Arc<[Layer]>,
    /// Entries that were fetched before their turn.
    pub(super) waiting: VecDeque<Child<'a>>,
    /// How many were fetched, and whether they were all.
    pub(super) fetched: usize,
    pub(super) is_ended: bool,
}

/// An entry of a container, and what is known of it already.
pub(super) struct Child<'a> {
    pub(super) entry: Entry<'a>,
    pub(super) met: Met,
    /// Whether the container's next one may be fetched before this one is looked at.
    pub(super) can_wait: bool,
    /// A helper's work on it.
    pub(super) job: Option<Arc<Job<'a>>>,
}

impl<'a> Open<'a> {
    pub(super) fn new(
        unpacker: Box<dyn Unpacker<'a> + 'a>,
        content: Content<'a>,
        object: usize,
        depth: u32,
        layers: Arc<[Layer]>,
    ) -> Self {
        let (twins, waiting) = (Twins::default(), VecDeque::new());
        let (fetched, is_ended) = (0, false);
        Self { unpacker, content, twins, object, depth, layers, waiting, fetched, is_ended }
    }
}

impl<'a> Scan<'_, 'a> {
    pub(super) fn next_child(&mut self, container: &mut Open<'a>) -> Option<Child<'a>> {
        self.look_ahead(container);
        container.waiting.pop_front().or_else(|| self.fetch(container))
    }

    /// Fetches the next entry of a container. An observer is asked about every object, so that where
    /// there is one, none is compared with those before.
    pub(super) fn fetch(&mut self, container: &mut Open<'a>) -> Option<Child<'a>> {
        if container.is_ended {
            return None;
        }
        let Some(entry) = self.next_entry(container) else {
            container.is_ended = true;
            return None;
        };
        container.fetched = container.fetched.saturating_add(1);
        let content = entry.content.as_ref();
        let can_wait = content.is_none_or(|content| content.stands_alone(&container.content));
        let met = match content {
            Some(content) if self.observer.is_none() && entry.problems.is_empty() => {
                container.twins.meet(content, &container.content, self.budget)
            }
            _ => Met::default(),
        };
        Some(Child { entry, met, can_wait, job: None })
    }

    fn next_entry(&mut self, container: &mut Open<'a>) -> Option<Entry<'a>> {
        let next = || container.unpacker.next_entry(self.budget);
        catch_unwind(AssertUnwindSafe(next)).unwrap_or_else(|_| {
            self.note(container.object, internal("unpacking failed"));
            None
        })
    }

    pub(super) fn close(&mut self, mut container: Open<'a>) {
        let problems = catch_unwind(AssertUnwindSafe(|| container.unpacker.problems()));
        let problems = problems.unwrap_or_else(|_| vec![internal("unpacking failed")]);
        problems.into_iter().for_each(|problem| self.note(container.object, problem));
    }
}
