//! ar archives (System V, GNU and BSD), and with them Debian packages (deb(5)).
//!
//! Entries are handed out in place. Names are short, in the table of long names (`//`), or in front of
//! the data (`#1/`). Where a header should stand and none does, the walk goes on at the next place that
//! ends like one. A thin archive keeps only its index; the files that it names are not in it.

use memchr::memmem;

use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::Reader;
use crate::verdict::{Problem, Reason};

const MAGIC: u64 = 8;
const THIN: &[u8] = b"!<thin>\n";
/// What each header ends with.
const MARK: &[u8; 2] = b"`\n";
/// Where that stands in a header.
const MARK_AT: u64 = 58;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let archive = content.slice(offset, u64::MAX);
    let is_thin = archive.starts_with(THIN);
    let (long_names, notes) = (Content::borrowed(&[]), Notes::default());
    let alone = offset == 0;
    Ok(walked(Ar { archive, alone, is_thin, at: MAGIC, long_names, notes }))
}

/// One ar archive being walked.
struct Ar<'a> {
    archive: Content<'a>,
    /// Whether the object is nothing but this archive.
    alone: bool,
    is_thin: bool,
    at: u64,
    long_names: Content<'a>,
    notes: Notes,
}

/// The fields of a header that are read here.
struct Header {
    name: [u8; 16],
    size: Option<u64>,
}

impl<'a> Walk<'a> for Ar<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        budget.check()?;
        let header = self.header(budget)?;
        Ok(header.map(|header| self.read(&header, budget)))
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Ar<'a> {
    /// The header here, or the next one behind what is none.
    fn header(&mut self, budget: &Budget) -> Result<Option<Header>, Stop> {
        let archive = self.archive.clone();
        let Ok(mut reader) = Reader::at(&archive, self.at) else { return Ok(None) };
        if reader.is_empty() {
            return Ok(None);
        }
        let (name, _, size, mark) = match fields(&mut reader) {
            Ok(fields) => fields,
            Err(_) => {
                let rest = archive.slice(self.at, u64::MAX);
                if self.alone && rest.iter().any(|byte| !matches!(byte, b'\n' | 0)) {
                    self.notes.truncated(format!("the header at offset {} is cut off", self.at));
                }
                return Ok(None);
            }
        };
        if mark != *MARK {
            return self.look_on(budget);
        }
        self.at = reader.position() as u64;
        let size = decimal(&size);
        Ok(Some(Header { name, size }))
    }

    /// Goes to the next header behind data that is none.
    fn look_on(&mut self, budget: &Budget) -> Result<Option<Header>, Stop> {
        if !self.alone {
            return Ok(None);
        }
        self.notes.corrupted(format!("no header at offset {}", self.at));
        let mut from = self.at.saturating_add(1);
        loop {
            let hay = self.archive.slice(from.saturating_add(MARK_AT), u64::MAX);
            let Some(found) = budget.find(&hay, MARK)? else { return Ok(None) };
            let at = from.saturating_add(found as u64);
            let Ok(mut reader) = Reader::at(&self.archive, at) else { return Ok(None) };
            let Ok((name, _, size, _)) = fields(&mut reader) else { return Ok(None) };
            if let Some(size) = decimal(&size) {
                self.at = reader.position() as u64;
                return Ok(Some(Header { name, size: Some(size) }));
            }
            from = at.saturating_add(1);
        }
    }

    fn read(&mut self, header: &Header, budget: &Budget) -> Entry<'a> {
        let short = trimmed(&header.name);
        let is_index = matches!(short, b"/" | b"//" | b"/SYM64/");
        let holds = !self.is_thin || is_index;
        let size = header.size.unwrap_or(0);
        let mut data = self.archive.slice(self.at, if holds { size } else { 0 });
        let there = data.len() as u64;
        if holds {
            self.at = self.at.saturating_add(size).saturating_add(size & 1);
        }
        let name = self.name(short, &mut data);
        if short == b"//" {
            self.long_names = data.clone();
        }
        let mut entry = Entry::in_place(name, data, budget);
        if header.size.is_none() {
            entry = entry.with(Problem::new(Reason::Corrupted, "the size is no number"));
        }
        if holds && there < size {
            entry = entry.cut_to(there, size);
        }
        entry
    }

    /// The name in full; one that stands in front of the data is taken off them.
    fn name(&self, short: &[u8], data: &mut Content<'a>) -> Vec<u8> {
        if let Some(length) = short.strip_prefix(b"#1/").and_then(decimal) {
            let name = data.slice(0, length.min(Entry::NAME as u64));
            *data = data.slice(length, u64::MAX);
            return name.split(|&byte| byte == 0).next().unwrap_or_default().to_vec();
        }
        if let Some(place) = short.strip_prefix(b"/").and_then(decimal) {
            let names = self.long_names.slice(place, Entry::NAME as u64);
            let end = memmem::find(&names, b"/\n").or_else(|| memchr::memchr(b'\n', &names));
            return names.get(..end.unwrap_or(names.len())).unwrap_or_default().to_vec();
        }
        match short.strip_suffix(b"/") {
            Some(name) if !name.is_empty() && name != b"/" && name != b"/SYM64" => name.to_vec(),
            _ => short.to_vec(),
        }
    }
}

type Fields = ([u8; 16], [u8; 32], [u8; 10], [u8; 2]);

fn fields(reader: &mut Reader<'_>) -> Result<Fields, crate::reader::OutOfBounds> {
    Ok((reader.array()?, reader.array()?, reader.array()?, reader.array()?))
}

fn trimmed(field: &[u8]) -> &[u8] {
    field.trim_ascii_end()
}

/// A number in decimal digits, up to the spaces behind it.
fn decimal(field: &[u8]) -> Option<u64> {
    let digits = trimmed(field);
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let number = || std::str::from_utf8(digits).ok()?.parse().ok();
    if is_number { number() } else { None }
}

#[cfg(test)]
mod tests;
