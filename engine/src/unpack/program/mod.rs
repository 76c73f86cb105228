//! Programs, and what lies in them as a file of its own.
//!
//! - A PE (Microsoft's "PE Format") holds resources and what is appended to it. Icons, pictures, menus,
//!   dialogs, texts and versions are passed over, unless they begin like something that is opened: the
//!   search of the program itself has seen them. Of resources that lie over each other only the first is
//!   handed out, else a program could hold itself many times over.
//! - A program that was found in other data is handed out as it lies there; `places.rs` says to where.
//!
//! Everything is handed out in place and trusted in nothing: what a resource claims to be does not count
//! for what it is.

use std::cmp::Reverse;
use std::ops::Range;

use super::{Entry, Notes, Opening, Unpacker, is_opened};
use crate::identify;
use crate::input::Content;
use crate::inspect::{PeParts, Resource, ResourceId};
use crate::limits::{Budget, Stop};
use crate::verdict::{Problem, Reason};

/// Opens a PE, or the place where one was found.
pub(super) fn open_pe<'a>(
    content: Content<'a>,
    offset: u64,
    opening: &Opening<'_>,
) -> Result<Box<dyn Unpacker<'a> + 'a>, Problem> {
    if offset > 0 {
        return Ok(Program::carved("program", content, offset));
    }
    let (parts, problem) = parts_of_pe(&content, opening.budget);
    let mut notes = Notes::default();
    problem.into_iter().for_each(|problem| notes.add(problem));
    Ok(Box::new(Program { content, parts: parts.into_iter(), notes, ended: false }))
}

/// Opens the place where an ELF file was found; one at the start holds nothing.
pub(super) fn open_elf<'a>(
    content: Content<'a>,
    offset: u64,
    _: &Opening<'_>,
) -> Result<Box<dyn Unpacker<'a> + 'a>, Problem> {
    if offset > 0 {
        return Ok(Program::carved("program", content, offset));
    }
    Ok(Box::new(Program::new(content, Vec::new())))
}

/// A part of a program that is handed out.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) range: Range<u64>,
    /// Whether it lies behind the program.
    pub(super) is_behind: bool,
}

/// The parts of a PE by their place, none over another, and why some were left out, if any were.
pub(super) fn parts_of_pe(data: &[u8], budget: &Budget) -> (Vec<Part>, Option<Problem>) {
    let Some(PeParts { resources, behind, refused }) = PeParts::read(data, budget) else {
        return (Vec::new(), None);
    };
    let mut parts: Vec<Part> = resources.iter().filter_map(|it| resource(it, data)).collect();
    parts.sort_by_key(|part| (part.range.start, Reverse(part.range.end)));
    parts.dedup_by(|again, part| again.range == part.range);
    let count = parts.len();
    let mut end = 0;
    parts.retain(|part| {
        let is_apart = part.range.start >= end;
        end = end.max(part.range.end);
        is_apart
    });
    let behind = behind.into_iter().filter(|range| range.start >= end);
    let problem = match refused {
        Some(stop) => Some(Problem::new(stop.into(), "resources were left unread")),
        None if parts.len() < count => {
            Some(Problem::new(Reason::Corrupted, "resources lie over each other"))
        }
        None => None,
    };
    let behind = behind.filter(|range| !is_padding(part(data, range)));
    parts.extend(behind.map(|range| Part { name: "overlay".into(), range, is_behind: true }));
    (parts, problem)
}

/// A resource that may be a file of its own.
fn resource(resource: &Resource, data: &[u8]) -> Option<Part> {
    let range = range(resource, data)?;
    let is_file = is_worth_a_look(&resource.kind, part(data, &range));
    is_file.then(|| Part { name: name(resource), range, is_behind: false })
}

fn part<'d>(data: &'d [u8], range: &Range<u64>) -> &'d [u8] {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(data.len());
    data.get(place(range.start)..place(range.end)).unwrap_or_default()
}

/// Where a resource lies, as far as the file reaches; none where it holds nothing.
fn range(resource: &Resource, data: &[u8]) -> Option<Range<u64>> {
    let start = resource.offset?;
    let end = start.saturating_add(resource.size.into()).min(data.len() as u64);
    (start < end).then_some(start..end)
}

/// Whether a resource may be a file of its own.
fn is_worth_a_look(kind: &ResourceId, data: &[u8]) -> bool {
    match kind {
        ResourceId::Number(1..=9 | 11 | 12 | 14 | 16 | 17 | 19..=22 | 24) => {
            let begins = identify::magic_types(data);
            begins.iter().any(is_opened)
        }
        _ => true,
    }
}

fn name(resource: &Resource) -> String {
    let text = |id: &ResourceId| match id {
        ResourceId::Number(number) => number.to_string(),
        ResourceId::Name(name) => name.to_string(),
    };
    let kind = match &resource.kind {
        ResourceId::Number(10) => "RCDATA".to_owned(),
        ResourceId::Number(23) => "HTML".to_owned(),
        kind => text(kind),
    };
    format!("resource {kind}/{}/{}", text(&resource.name), text(&resource.language))
}

/// Whether all bytes are the same.
fn is_padding(data: &[u8]) -> bool {
    data.first().is_none_or(|first| data.iter().all(|byte| byte == first))
}

/// The parts of one program being handed out.
struct Program<'a> {
    content: Content<'a>,
    parts: std::vec::IntoIter<Part>,
    notes: Notes,
    ended: bool,
}

impl<'a> Program<'a> {
    fn new(content: Content<'a>, parts: Vec<Part>) -> Self {
        Self { content, parts: parts.into_iter(), notes: Notes::default(), ended: false }
    }

    /// A program that lies in other data, from a place to the end.
    fn carved(name: &str, content: Content<'a>, offset: u64) -> Box<dyn Unpacker<'a> + 'a> {
        let range = offset..content.len() as u64;
        let part = Part { name: format!("{name} at {offset}"), range, is_behind: false };
        Box::new(Self::new(content, vec![part]))
    }
}

impl<'a> Unpacker<'a> for Program<'a> {
    fn next_entry(&mut self, budget: &Budget) -> Option<Entry<'a>> {
        if self.ended {
            return None;
        }
        let part = self.parts.next()?;
        if let Err(stop) = budget.check() {
            self.stop(stop);
            return None;
        }
        let length = part.range.end.saturating_sub(part.range.start);
        let content = self.content.slice(part.range.start, length);
        let entry = Entry::in_place(part.name, content, budget);
        self.ended = entry.ends_walk();
        Some(entry)
    }

    fn problems(&mut self) -> Vec<Problem> {
        self.notes.take()
    }
}

impl Program<'_> {
    fn stop(&mut self, stop: Stop) {
        self.notes.add(stop.into());
        self.ended = true;
    }
}

#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;
