//! What a text of one byte a character can be read as: first the runs in it that stand for something,
//! then the whole text with its strings put together, then in UTF-8.

use super::blobs::Blobs;
use super::{charset, fold};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::unpack::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::verdict::Problem;

pub(in crate::unpack) fn open_text<'a>(
    content: Content<'a>,
    offset: u64,
    _: &Opening<'_>,
) -> Opened<'a> {
    let text = content.slice(offset, u64::MAX);
    let blobs = Blobs::new(text.clone());
    Ok(walked(Readings { text, blobs, step: Step::Blobs, notes: Notes::default() }))
}

/// A text being walked.
struct Readings<'a> {
    text: Content<'a>,
    blobs: Blobs<'a>,
    step: Step,
    notes: Notes,
}

/// What is looked for next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Blobs,
    Folded,
    Converted,
    End,
}

impl<'a> Walk<'a> for Readings<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            let (entry, next) = match self.step {
                Step::Blobs => (self.blobs.next(budget)?, Step::Folded),
                Step::Folded => (fold::folded(&self.text, budget)?, Step::Converted),
                Step::Converted => (self.converted(budget)?, Step::End),
                Step::End => return Ok(None),
            };
            let is_of_many = matches!(self.step, Step::Blobs) && entry.is_some();
            self.step = if is_of_many { Step::Blobs } else { next };
            if entry.is_some() {
                return Ok(entry);
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Readings<'a> {
    fn converted(&self, budget: &Budget) -> Result<Option<Entry<'a>>, Stop> {
        match charset::declared(&self.text) {
            Some(charset) => charset::converted(&self.text, charset, budget),
            None => Ok(None),
        }
    }
}
