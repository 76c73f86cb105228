//! Containers that are a list of parts of a file: each lies in it as it is, or packed with zlib.
//!
//! A format says only what its list holds ([`List`]); here the parts are taken from the file, under the
//! budget. The list is read as it is walked, so that its length costs no memory.

use super::decoders::Inflate;
use super::{Entry, Notes, Unpacker, Walk, shown, walked};
use crate::input::Content;
use crate::limits::Budget;
use crate::verdict::{Problem, Reason};

/// Bytes in front of what zlib packed.
const ZLIB: u64 = 2;

/// One part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: Vec<u8>,
    pub(super) start: u64,
    pub(super) length: u64,
    /// Whether it is packed with zlib.
    pub(super) is_packed: bool,
}

impl Part {
    pub(super) fn stored(name: impl Into<Vec<u8>>, start: u64, length: u64) -> Self {
        Self { name: name.into(), start, length, is_packed: false }
    }
}

/// A list of parts.
pub(super) trait List {
    /// The next part of the file; `None` behind the last.
    fn next_part(&mut self, file: &[u8], notes: &mut Notes) -> Option<Part>;
}

impl List for std::vec::IntoIter<Part> {
    fn next_part(&mut self, _: &[u8], _: &mut Notes) -> Option<Part> {
        self.next()
    }
}

/// The unpacker that takes the parts of a list from a file.
pub(super) fn walk_parts<'a>(
    file: Content<'a>,
    list: impl List + 'a,
    notes: Notes,
) -> Box<dyn Unpacker<'a> + 'a> {
    walked(Parts { file, list, notes })
}

/// A list being walked.
struct Parts<'a, L> {
    file: Content<'a>,
    list: L,
    notes: Notes,
}

impl<'a, L: List> Walk<'a> for Parts<'a, L> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        budget.check()?;
        let part = self.list.next_part(&self.file, &mut self.notes);
        Ok(part.map(|part| take(&self.file, part, budget)))
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

/// One part, as far as the file reaches.
fn take<'a>(file: &Content<'a>, part: Part, budget: &Budget) -> Entry<'a> {
    let content = file.slice(part.start, part.length);
    let there = content.len() as u64;
    let entry = match part.is_packed {
        false => Entry::in_place(part.name, content, budget),
        true => {
            let packed = content.slice(ZLIB, u64::MAX);
            Entry::of(part.name, budget.decode(Inflate::new(&packed), there))
        }
    };
    if there < part.length {
        let detail =
            format!("{there} of {} bytes of {} are there", part.length, shown(&entry.name));
        return entry.with(Problem::new(Reason::Truncated, detail));
    }
    entry
}
