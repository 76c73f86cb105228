//! ARJ archives (the technical note of unarj 2.65): all methods, and the simple encryption.
//!
//! The walk is our own, from header to header. Where a header should stand and none does, it goes on at
//! the next place that has a header with a right checksum.

use super::decoders::{Filled, arj_fastest};
use super::passwords::Keyring;
use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::identify::crc32;
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::{Problem, Reason};

const MARK: &[u8; 2] = b"\x60\xea";
/// The longest header.
const LONGEST: u16 = 2600;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, opening: &Opening<'_>) -> Opened<'a> {
    let archive = content.slice(offset, u64::MAX);
    let mut arj = Arj {
        archive,
        alone: offset == 0,
        at: 0,
        keyring: Keyring::new(opening.passwords),
        notes: Notes::default(),
    };
    // The main header, which describes the archive.
    match arj.header() {
        Ok(Header::Entry { end, .. }) => arj.at = end,
        Ok(_) => arj.notes.corrupted("no main header"),
        Err(_) => arj.notes.truncated("the main header is cut off"),
    }
    Ok(walked(arj))
}

/// One archive being walked.
struct Arj<'a> {
    archive: Content<'a>,
    /// Whether the object is nothing but this archive.
    alone: bool,
    at: u64,
    keyring: Keyring,
    notes: Notes,
}

enum Header {
    /// An entry, and where its data begin.
    Entry { member: Member, end: u64, has_right_sum: bool },
    /// The end mark.
    End,
    /// Something else.
    None,
}

/// What a header says.
struct Member {
    name: Vec<u8>,
    flags: u8,
    method: u8,
    kind: u8,
    /// What is added to the bytes of a password.
    modifier: u8,
    packed: u64,
    size: u64,
    crc: u32,
}

impl Member {
    const GARBLED: u8 = 1;
    const GOES_ON: u8 = 4;
    const WENT_ON: u8 = 8;
    const FOLDER: u8 = 3;
    const LABEL: u8 = 4;

    fn read(fields: &[u8]) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::new(fields);
        let first = reader.u8()?;
        reader.skip(3)?;
        let (flags, method, kind, modifier) =
            (reader.u8()?, reader.u8()?, reader.u8()?, reader.u8()?);
        reader.skip(4)?;
        let (packed, size) = (reader.u32_le()?.into(), reader.u32_le()?.into());
        let crc = reader.u32_le()?;
        reader.seek(first.into())?;
        let name = reader.rest().split(|&byte| byte == 0).next().unwrap_or_default().to_vec();
        Ok(Self { name, flags, method, kind, modifier, packed, size, crc })
    }
}

impl<'a> Walk<'a> for Arj<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            budget.check()?;
            match self.header() {
                Ok(Header::Entry { member, end, has_right_sum }) => {
                    if !has_right_sum {
                        self.notes
                            .corrupted(format!("a wrong checksum of the header at {}", self.at));
                    }
                    self.at = end.saturating_add(member.packed);
                    if let Some(entry) = self.read(member, end, budget) {
                        return Ok(Some(entry));
                    }
                }
                Ok(Header::End) => return Ok(None),
                Ok(Header::None) => {
                    if !self.look_on(budget)? {
                        return Ok(None);
                    }
                }
                Err(_) => {
                    self.notes.truncated(format!("the header at offset {} is cut off", self.at));
                    return Ok(None);
                }
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Arj<'a> {
    /// The header here, with those that extend it.
    fn header(&self) -> Result<Header, OutOfBounds> {
        let mut reader = Reader::at(&self.archive, self.at)?;
        if reader.array::<2>()? != *MARK {
            return Ok(Header::None);
        }
        let length = reader.u16_le()?;
        if length == 0 {
            return Ok(Header::End);
        }
        if length > LONGEST {
            return Ok(Header::None);
        }
        let fields = reader.bytes(length.into())?;
        let has_right_sum = reader.u32_le()? == crc32(fields);
        loop {
            let extension = reader.u16_le()?;
            if extension == 0 {
                break;
            }
            reader.skip(u64::from(extension).saturating_add(4))?;
        }
        let end = reader.position() as u64;
        match Member::read(fields) {
            Ok(member) => Ok(Header::Entry { member, end, has_right_sum }),
            Err(_) => Ok(Header::None),
        }
    }

    /// Goes to the next header with a right checksum; `false` where there is none.
    fn look_on(&mut self, budget: &Budget) -> Result<bool, Stop> {
        self.notes.corrupted(format!("no header at offset {}", self.at));
        if !self.alone {
            return Ok(false);
        }
        loop {
            self.at = self.at.saturating_add(1);
            let rest = self.archive.slice(self.at, u64::MAX);
            let Some(found) = budget.find(&rest, MARK)? else { return Ok(false) };
            self.at = self.at.saturating_add(found as u64);
            if matches!(self.header(), Ok(Header::Entry { has_right_sum: true, .. } | Header::End))
            {
                return Ok(true);
            }
        }
    }

    /// Reads an entry; `None` for folders and labels.
    fn read(&mut self, member: Member, data: u64, budget: &Budget) -> Option<Entry<'a>> {
        if matches!(member.kind, Member::FOLDER | Member::LABEL) && member.packed == 0 {
            return None;
        }
        let content = self.archive.slice(data, member.packed);
        let there = content.len() as u64;
        let mut entry = if member.flags & Member::GARBLED != 0 {
            self.unlock(&member, &content, budget)
        } else {
            unpack(&member, content, budget)
        };
        entry = entry.cut_to(there, member.packed);
        for (flag, detail) in [
            (Member::GOES_ON, "the file goes on in the next volume"),
            (Member::WENT_ON, "the file begins in another volume"),
        ] {
            if member.flags & flag != 0 {
                entry = entry.with(Problem::new(Reason::Truncated, detail));
            }
        }
        Some(entry)
    }

    /// Tries the passwords; one is right where the checksum of what comes out is.
    fn unlock(&mut self, member: &Member, data: &[u8], budget: &Budget) -> Entry<'a> {
        let work = (data.len() as u64).div_ceil(64).saturating_add(1);
        let mut fitted = None;
        let mut stopped = None;
        for (number, password) in self.keyring.iter() {
            match budget.try_key(work).and_then(|()| plain(member, data, password, budget)) {
                Ok(content) => {
                    let entry = unpack(member, content, budget);
                    if entry.problems.is_empty() {
                        fitted = Some((number, entry));
                        break;
                    }
                }
                Err(stop) => {
                    stopped = Some(stop);
                    break;
                }
            }
        }
        match (fitted, stopped) {
            (Some((number, entry)), _) => {
                self.keyring.remember(number);
                entry
            }
            (None, stopped) => {
                let detail = match self.keyring.len() {
                    0 => "a password is needed".to_owned(),
                    count => format!("none of {count} passwords opens it"),
                };
                let entry =
                    Entry::unread(member.name.clone(), Problem::new(Reason::Encrypted, detail));
                stopped.into_iter().fold(entry, |entry, stop| entry.with(stop.into()))
            }
        }
    }
}

/// Each byte is added to one of the password's, bit by bit.
fn plain(
    member: &Member,
    data: &[u8],
    password: &[u8],
    budget: &Budget,
) -> Result<Content<'static>, Stop> {
    let grant = budget.hold(data.len() as u64)?;
    let key = password.iter().map(|byte| byte.wrapping_add(member.modifier)).cycle();
    let bytes = data.iter().zip(key).map(|(byte, key)| byte ^ key).collect();
    Ok(Content::held(bytes, grant))
}

fn unpack<'a>(member: &Member, content: Content<'a>, budget: &Budget) -> Entry<'a> {
    let name = member.name.clone();
    let decoded = match member.method {
        0 => return check(Entry::in_place(name, content.slice(0, member.size), budget), member),
        1..=3 => budget.decode(Filled::arj(&content, member.size), content.len() as u64),
        4 => budget.decode(arj_fastest(&content, member.size), content.len() as u64),
        method => {
            let detail = format!("method {method}");
            return Entry::unread(name, Problem::new(Reason::Unsupported("arj-method"), detail));
        }
    };
    match decoded {
        Ok(decoded) => check(Entry::decoded(name, decoded), member),
        Err(stop) => Entry::unread(name, stop.into()),
    }
}

fn check<'a>(entry: Entry<'a>, member: &Member) -> Entry<'a> {
    let is_right = |content: &Content<'_>| crc32(content) == member.crc;
    if entry.problems.is_empty() && !entry.content.as_ref().is_some_and(is_right) {
        return entry.with(Problem::new(Reason::Corrupted, "the CRC-32 is wrong"));
    }
    entry
}

#[cfg(test)]
mod tests;
