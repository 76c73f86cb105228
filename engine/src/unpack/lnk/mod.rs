//! Windows shortcuts (MS-SHLLINK 8.0): what they run, and what is hidden in and behind them.
//!
//! A shortcut says what it runs in up to four ways, and its arguments may hold a whole script. These
//! texts stand there in UTF-16 or in a legacy encoding; they are handed out in UTF-8, the command line
//! as one text, so that it is searched like any other. Bytes behind the last block belong to no
//! shortcut: programs and archives are carried there, and come out as one more object.
//!
//! A shortcut whose blocks are broken gives what stands in front of the break; everything behind it is
//! handed out as what follows it.

mod parse;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use self::parse::Shortcut;
use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::identify::identify;
use crate::input::Content;
use crate::limits::Budget;
use crate::verdict::Problem;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let file = content.slice(offset, u64::MAX);
    let shortcut = Shortcut::read(&file);
    let mut notes = Notes::default();
    shortcut.problem.iter().cloned().for_each(|problem| notes.add(problem));
    let texts = [("command line", shortcut.command_line()), ("texts", shortcut.texts())];
    let texts = texts.into_iter().filter(|(_, text)| !text.is_empty()).collect();
    let behind = Some(file.slice(shortcut.end, u64::MAX));
    Ok(walked(Lnk { file, texts, behind, notes }))
}

/// A shortcut being walked.
struct Lnk<'a> {
    file: Content<'a>,
    texts: VecDeque<(&'static str, String)>,
    /// What follows the last block.
    behind: Option<Content<'a>>,
    notes: Notes,
}

impl<'a> Walk<'a> for Lnk<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        if let Some((name, text)) = self.texts.pop_front() {
            let decoded = budget.decode(text.as_bytes(), self.file.len() as u64)?;
            return Ok(Some(Entry::decoded(name, decoded)));
        }
        let Some(behind) = self.behind.take() else { return Ok(None) };
        // Padding holds nothing, and what identification sees there is opened where it stands.
        if behind.iter().all(|&byte| byte == 0) || self.is_seen(behind.len()) {
            return Ok(None);
        }
        Ok(Some(Entry::in_place("appended data", behind, budget)))
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl Lnk<'_> {
    /// Whether something that is opened by itself begins where the last so many bytes do.
    fn is_seen(&self, length: usize) -> bool {
        let start = self.file.len().saturating_sub(length) as u64;
        let found = identify(&self.file).found;
        found.iter().any(|found| found.offset == start && super::is_opened(found.file_type))
    }
}
