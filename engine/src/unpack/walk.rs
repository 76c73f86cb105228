//! The shape that most unpackers share: entries one after the other until there are none, something
//! cannot be got past, or a limit is reached; and notes of what was wrong on the way.

use super::{Entry, Notes, Unpacker};
use crate::limits::Budget;
use crate::verdict::Problem;

/// A container that knows its next entry; [`walked`] makes an unpacker of it.
pub(crate) trait Walk<'a> {
    /// The next entry; `None` at the end. An error ends the walk, and is noted. It is not called again
    /// behind either, nor behind an entry that reached a limit no further entry could pass.
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem>;

    /// Where it notes what is wrong with the container itself.
    fn notes(&mut self) -> &mut Notes;

    /// What was wrong with the container itself, asked once after the last entry.
    fn problems(&mut self) -> Vec<Problem> {
        self.notes().take()
    }
}

/// The unpacker that walks a container.
pub(crate) fn walked<'a>(walk: impl Walk<'a> + 'a) -> Box<dyn Unpacker<'a> + 'a> {
    Box::new(Walking { walk, ended: false })
}

struct Walking<W> {
    walk: W,
    ended: bool,
}

impl<'a, W: Walk<'a>> Unpacker<'a> for Walking<W> {
    fn next_entry(&mut self, budget: &Budget) -> Option<Entry<'a>> {
        if self.ended {
            return None;
        }
        let entry = self.walk.advance(budget).unwrap_or_else(|problem| {
            self.walk.notes().add(problem);
            None
        });
        self.ended = entry.as_ref().is_none_or(Entry::ends_walk);
        entry
    }

    fn problems(&mut self) -> Vec<Problem> {
        self.walk.problems()
    }
}

/// The unpacker of what holds one entry at most.
pub(crate) fn single<'a>(
    entry: impl FnOnce(&Budget) -> Option<Entry<'a>> + 'a,
) -> Box<dyn Unpacker<'a> + 'a> {
    Box::new(Single(Some(entry)))
}

struct Single<F>(Option<F>);

impl<'a, F: FnOnce(&Budget) -> Option<Entry<'a>>> Unpacker<'a> for Single<F> {
    fn next_entry(&mut self, budget: &Budget) -> Option<Entry<'a>> {
        self.0.take()?(budget)
    }
}
