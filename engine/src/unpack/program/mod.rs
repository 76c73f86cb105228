//! Programs, and what lies in them as a file of its own.
//!
//! - A PE (Microsoft's "PE Format") holds resources and what is appended to it. Icons, pictures, menus,
//!   dialogs, texts and versions are passed over, unless they begin like something that is opened: the
//!   search of the program itself has seen them. Of resources that lie over each other only the first is
//!   handed out, else a program could hold itself many times over.
//! - A .NET program holds resources of its own besides ([`dotnet`]).
//! - A program that was found in other data is handed out as it lies there; `places.rs` says to where.
//!
//! Everything is handed out in place and trusted in nothing: what a resource claims to be does not count
//! for what it is.

pub(super) mod dotnet;
pub(super) mod universal;

use std::cmp::Reverse;
use std::ops::Range;

use super::parts::{self, walk_parts};
use super::{Notes, Opened, Opening, Unpacker, is_opened};
use crate::identify;
use crate::input::Content;
use crate::inspect::{PeParts, Resource, ResourceId};
use crate::limits::Budget;
use crate::verdict::{Problem, Reason};

/// Opens a PE, or the place where one was found.
pub(super) fn open_pe<'a>(content: Content<'a>, offset: u64, opening: &Opening<'_>) -> Opened<'a> {
    if offset > 0 {
        return Ok(carved(content, offset));
    }
    let (parts, problem) = parts_of_pe(&content, opening.budget);
    let mut notes = Notes::default();
    problem.into_iter().for_each(|problem| notes.add(problem));
    let parts: Vec<parts::Part> = parts.into_iter().map(Part::plain).collect();
    Ok(walk_parts(content, parts.into_iter(), notes))
}

/// Opens the place where an ELF file was found; one at the start holds nothing.
pub(super) fn open_elf<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    if offset > 0 {
        return Ok(carved(content, offset));
    }
    Ok(walk_parts(content, Vec::new().into_iter(), Notes::default()))
}

/// A part of a program that is handed out.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) range: Range<u64>,
    /// Whether it lies behind the program.
    pub(super) is_behind: bool,
}

impl Part {
    fn plain(self) -> parts::Part {
        let length = self.range.end.saturating_sub(self.range.start);
        parts::Part::stored(self.name, self.range.start, length)
    }
}

/// The parts of a PE by their place, none over another, and why some were left out, if any were.
pub(super) fn parts_of_pe(data: &[u8], budget: &Budget) -> (Vec<Part>, Option<Problem>) {
    let Some(PeParts { resources, dot_net, behind, refused }) = PeParts::read(data, budget) else {
        return (Vec::new(), None);
    };
    let mut parts: Vec<Part> = resources.iter().filter_map(|it| resource(it, data)).collect();
    parts.extend(dot_net.into_iter().flat_map(|range| dotnet::resources(data, range)));
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

/// A program that lies in other data, from a place to the end.
fn carved<'a>(content: Content<'a>, offset: u64) -> Box<dyn Unpacker<'a> + 'a> {
    let length = (content.len() as u64).saturating_sub(offset);
    let part = parts::Part::stored(format!("program at {offset}"), offset, length);
    walk_parts(content, vec![part].into_iter(), Notes::default())
}

#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;
