//! LHA archives (the public notes on header levels 0 to 3), headers and codecs by `delharc`.
//!
//! Where a header should stand and none does, the walk goes on at the next place that can be one.

use delharc::LhaHeader;
use delharc::crc::Crc16;

use super::decoders::Filled;
use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::verdict::{Problem, Reason};

/// Where a header names its method.
const METHOD_AT: u64 = 2;
/// The longest header that is read: a level 3 header may claim 4 GiB.
const LONGEST: u64 = 1 << 20;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let archive = content.slice(offset, u64::MAX);
    let alone = offset == 0;
    Ok(walked(Lha { archive, alone, at: 0, notes: Notes::default() }))
}

/// One archive being walked.
struct Lha<'a> {
    archive: Content<'a>,
    /// Whether the object is nothing but this archive.
    alone: bool,
    at: u64,
    notes: Notes,
}

impl<'a> Walk<'a> for Lha<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            budget.check()?;
            let rest = self.archive.slice(self.at, LONGEST);
            let mut input: &[u8] = &rest;
            match LhaHeader::read(&mut input) {
                Ok(Some(header)) => {
                    let read = rest.len().saturating_sub(input.len()) as u64;
                    let data = self.at.saturating_add(read);
                    self.at = data.saturating_add(header.compressed_size);
                    if !(header.is_directory() && header.compressed_size == 0) {
                        return Ok(Some(self.read(&header, data, budget)));
                    }
                }
                Ok(None) => return Ok(None),
                Err(_) if rest.iter().all(|&byte| byte == 0) => return Ok(None),
                Err(delharc::LhaError::Io(_)) => {
                    self.notes.truncated(format!("the header at offset {} is cut off", self.at));
                    return Ok(None);
                }
                Err(_) => {
                    if !self.look_on(budget)? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Lha<'a> {
    /// Goes to the next place where a method is named; `false` where there is none.
    fn look_on(&mut self, budget: &Budget) -> Result<bool, Stop> {
        self.notes.corrupted(format!("no header at offset {}", self.at));
        if !self.alone {
            return Ok(false);
        }
        let from = self.at.saturating_add(METHOD_AT).saturating_add(1);
        let rest = self.archive.slice(from, u64::MAX);
        let mut skipped = 0_usize;
        while let Some(found) = budget.find(rest.get(skipped..).unwrap_or_default(), b"-l")? {
            let place = skipped.saturating_add(found);
            if rest.get(place.saturating_add(4)) == Some(&b'-') {
                self.at = from.saturating_add(place as u64).saturating_sub(METHOD_AT);
                return Ok(true);
            }
            skipped = place.saturating_add(1);
        }
        Ok(false)
    }

    fn read(&self, header: &LhaHeader, data: u64, budget: &Budget) -> Entry<'a> {
        let name = header.parse_pathname_to_str().into_bytes();
        let content = self.archive.slice(data, header.compressed_size);
        let there = content.len() as u64;
        let decoder = Filled::lha(header, &content);
        let entry = Entry::of(name, budget.decode(decoder, there));
        if there < header.compressed_size {
            return entry.cut_to(there, header.compressed_size);
        }
        let mut crc = Crc16::default();
        crc.digest(entry.content.as_deref().unwrap_or_default());
        if entry.problems.is_empty() && crc.sum16() != header.file_crc {
            return entry.with(Problem::new(Reason::Corrupted, "the CRC-16 is wrong"));
        }
        entry
    }
}

#[cfg(test)]
mod tests;
