//! Which of the things that were found in an object are opened, and where each ends.
//!
//! What lies in another thing that is handed out as an object of its own is left to that object: a
//! program's resources, and programs that lie in other data. So each byte is looked at once on each
//! level of nesting, however many headers of programs a file is full of.
//!
//! A program in other data goes on to the next program that is not in it, to the next resource, or to the
//! end: what is appended to it belongs to it, as far as anybody can tell. Objects that are handed out in
//! place never lie over each other.

use std::ops::Range;

use super::program::{self, Part};
use super::{FORMATS, TEXTS, is_opened};
use crate::identify::{self, FileType, Found, Identification, TypeSet};
use crate::limits::Budget;

/// Something to open.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// What it is, and where it begins.
    pub found: Found,
    /// Where its data end at the latest.
    pub end: u64,
}

/// What keeps files as they are and hands them out: programs are not looked for behind its back.
const KEEPS_FILES: &[FileType] = &[
    FileType::Ole2,
    FileType::Mail,
    FileType::Mbox,
    FileType::Tnef,
    FileType::Sis,
    FileType::Chm,
    FileType::OneNote,
];

/// The places to open of all that were found, by their offset: not a second ZIP, since the walk of the
/// first goes through everything behind its start, not the text that a document or mail is written in,
/// and not what lies in another object that is handed out.
pub fn places(data: &[u8], identified: &Identification, budget: &Budget) -> Vec<Place> {
    let end = data.len() as u64;
    let whole = identified.types_at_start();
    let mut found = identified.found.clone();
    let lies_behind = found.iter().any(|found| found.offset > 0);
    let parts = match lies_behind && whole.contains(FileType::Pe) {
        true => program::parts_of_pe(data, budget).0,
        false => Vec::new(),
    };
    let is_apart = |at: u64| parts.iter().any(|part| !part.is_behind && part.range.contains(&at));
    found.retain(|found| found.offset == 0 || !is_apart(found.offset));
    let appended = found.iter().find(|found| found.file_type == FileType::PyInstaller);
    let appended = appended.map_or(u64::MAX, |appended| appended.offset);
    found.retain(|found| found.offset <= appended || found.file_type == FileType::PyInstaller);
    let programs = programs(data, &found, &parts, whole);
    let is_inside = |at: u64| programs.iter().any(|program| program.start < at && at < program.end);
    found.retain(|found| found.offset == 0 || !is_inside(found.offset));
    let mut places: Vec<Place> =
        once(found, whole).into_iter().map(|found| Place { found, end }).collect();
    places.retain_mut(|place| is_whole_or_carved(place, &programs));
    leave_what_is_behind(&mut places, &parts);
    places
}

/// What is found once in every object.
fn once(mut found: Vec<Found>, whole: TypeSet) -> Vec<Found> {
    let is_document = whole.iter().any(|file_type| {
        is_opened(file_type) && !TEXTS.contains(&file_type) && file_type != FileType::EncodedScript
    });
    let first_zip = found.iter().find(|found| found.file_type == FileType::Zip).copied();
    found.retain(|found| match found.file_type {
        FileType::Zip => Some(*found) == first_zip,
        file_type => !(is_document && TEXTS.contains(&file_type)),
    });
    found
}

fn is_program(file_type: FileType) -> bool {
    matches!(file_type, FileType::Pe | FileType::Elf)
}

/// Where the programs lie that are found in other data, those in other programs left out.
fn programs(data: &[u8], found: &[Found], parts: &[Part], whole: TypeSet) -> Vec<Range<u64>> {
    if KEEPS_FILES.iter().any(|&file_type| whole.contains(file_type)) {
        return Vec::new();
    }
    // Where a program ends that goes as far as `end` if no resource comes before.
    let cut = |start: u64, end: u64| {
        let resources = parts.iter().filter(|part| !part.is_behind).map(|part| part.range.start);
        resources.filter(|&resource| resource > start).fold(end, u64::min)
    };
    let mut programs: Vec<Range<u64>> = Vec::new();
    for found in found.iter().filter(|found| found.offset > 0 && is_program(found.file_type)) {
        let start = found.offset;
        if programs.last().is_none_or(|before| before.end <= start) {
            programs.push(start..cut(start, end_of_own(data, found)));
        }
    }
    let starts = programs.iter().skip(1).map(|program| program.start);
    let ends: Vec<u64> = starts.chain([data.len() as u64]).collect();
    let programs = programs.into_iter().zip(ends);
    programs.map(|(program, end)| program.start..cut(program.start, end)).collect()
}

/// Where the sections of a program in other data end.
fn end_of_own(data: &[u8], found: &Found) -> u64 {
    let program = usize::try_from(found.offset).ok().and_then(|start| data.get(start..));
    let length = identify::end_of_program(found.file_type, program.unwrap_or_default());
    found.offset.saturating_add(length.unwrap_or(1).max(1) as u64)
}

/// Whether it is no program in other data, or one that is handed out; then it ends where that ends.
fn is_whole_or_carved(place: &mut Place, programs: &[Range<u64>]) -> bool {
    let Found { offset, file_type } = place.found;
    if offset == 0 || !is_program(file_type) {
        return true;
    }
    let program = programs.iter().find(|program| program.start == offset);
    place.end = program.map_or(place.end, |program| program.end);
    program.is_some()
}

/// What is behind a program is an object of its own only where nothing in it is opened already.
fn leave_what_is_behind(places: &mut [Place], parts: &[Part]) {
    let behind = parts.iter().filter(|part| part.is_behind).map(|part| part.range.start).min();
    let Some(behind) = behind else { return };
    let is_container =
        |found: &Found| FORMATS.iter().any(|format| format.file_type == found.file_type);
    let is_opened_there = |place: &Place| {
        let reaches_there = place.found.offset > 0 && is_program(place.found.file_type);
        let is_there = place.found.offset >= behind || reaches_there && place.end > behind;
        is_there && is_container(&place.found)
    };
    if places.iter().any(is_opened_there) {
        for place in places.iter_mut().filter(|place| place.found == Found::new(FileType::Pe, 0)) {
            place.end = behind;
        }
    }
}

#[cfg(test)]
mod tests;
