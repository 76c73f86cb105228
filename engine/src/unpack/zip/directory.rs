//! Where the central directories of an archive are.
//!
//! A reader finds the directory from the archive's end, and readers differ: some take the last
//! end-of-directory signature, some the one whose comment reaches the end of the file; some believe
//! the 32-bit fields, some the zip64 record. Where these are different directories, all are walked.

use memchr::memmem;

use super::records::{CENTRAL, END, End};
use crate::limits::{Budget, Stop};
use crate::reader::Reader;

/// A central directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Directory {
    /// Where it begins.
    pub(super) at: u64,
    /// What must be added to its offsets: data were put before the archive, or taken from its start.
    pub(super) base: i128,
    /// How many entries it is said to have.
    pub(super) entries: u64,
    /// The number of the volume it is on, counted from 0.
    pub(super) volume: u32,
    /// How many bytes its records took; known when it was walked.
    pub(super) length: u64,
}

/// How many different directories of one archive are walked. More are a game, and their entries have
/// local headers.
const MOST: usize = 8;

/// Finds the directories of the archive that begins at `start`.
pub(super) fn find(zip: &[u8], start: u64, budget: &Budget) -> Result<Vec<Directory>, Stop> {
    let mut directories: Vec<Directory> = Vec::new();
    for end in ends(zip, budget)? {
        for directory in variants(zip, start, &end) {
            if directories.len() < MOST && !directories.iter().any(|d| d.at == directory.at) {
                directories.push(directory);
            }
        }
    }
    Ok(directories)
}

/// The end records that programs would choose: from the last one back to the last one whose comment
/// reaches exactly to the end of the file, which may be hidden in that comment, or hide others in its
/// own. Where none does, the last one alone: those before it belong to archives stored in this one.
fn ends(zip: &[u8], budget: &Budget) -> Result<Vec<End>, Stop> {
    let mut chosen: Vec<End> = Vec::new();
    let mut exact = false;
    for at in memmem::rfind_iter(tail(zip), END).map(|at| tail_start(zip).saturating_add(at)) {
        let Some(end) = End::read(zip, at as u64) else { continue };
        let is_exact = end.comment_end == zip.len() as u64;
        if is_exact || !exact {
            chosen.push(end);
        }
        exact |= is_exact;
    }
    if !exact {
        chosen.truncate(1);
    }
    if chosen.is_empty() {
        let last = budget.find_last(zip, END)?.and_then(|at| End::read(zip, at as u64));
        chosen.extend(last);
    }
    Ok(chosen)
}

/// The part in which an end record must begin: it has 22 bytes and a comment of up to 65,535.
fn tail(zip: &[u8]) -> &[u8] {
    zip.get(tail_start(zip)..).unwrap_or_default()
}

fn tail_start(zip: &[u8]) -> usize {
    zip.len().saturating_sub(65_535 + 22)
}

/// The directories that an end record can mean.
fn variants(zip: &[u8], start: u64, end: &End) -> Vec<Directory> {
    let wide = end.wide(zip);
    let narrow = (wide.is_none() || !end.is_full()).then_some(*end);
    // The directory ends where the first of the end records begins.
    let behind = wide.map_or(end.at, |wide| wide.at.min(end.at));
    [narrow, wide]
        .into_iter()
        .flatten()
        .filter_map(|end| locate(zip, start, behind, &end))
        .collect()
}

/// Finds where a directory really begins: right before its end records, or at its offset.
fn locate(zip: &[u8], start: u64, behind: u64, end: &End) -> Option<Directory> {
    let places = [behind.checked_sub(end.length), Some(end.offset), start.checked_add(end.offset)];
    let is_empty = end.entries == 0 && end.length == 0;
    let at = places.into_iter().flatten().find(|&at| is_empty || begins(zip, at))?;
    let base = i128::from(at).saturating_sub(end.offset.into());
    Some(Directory { at, base, entries: end.entries, volume: end.volume, length: 0 })
}

fn begins(zip: &[u8], at: u64) -> bool {
    Reader::at(zip, at).is_ok_and(|reader| reader.rest().starts_with(CENTRAL))
}
