//! What PyInstaller appends to its programs (its `CArchive`, by PyInstaller's documentation and source
//! of releases 2.1 to 6): files, stored or packed with zlib, a list of them, and a cookie at the end that
//! says where all that begins. Modules of Python are kept in an archive of their own ([`pyz`]).

pub(super) mod pyz;

use super::parts::{List, Part, walk_parts};
use super::{Notes, Opened, Opening};
use crate::identify::{PYINSTALLER_COOKIE, pyinstaller_start};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::{OutOfBounds, Reader};

/// The fields of an entry in front of its name.
const FIELDS: u32 = 18;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, opening: &Opening<'_>) -> Opened<'a> {
    let archive = content.slice(offset, u64::MAX);
    let mut notes = Notes::default();
    let list = match find_cookie(&archive, opening.budget)? {
        Some(cookie) => Contents::of(&archive, cookie).unwrap_or_default(),
        None => Contents::default(),
    };
    if list.end == 0 {
        notes.truncated("the end of the archive is not there");
    }
    Ok(walk_parts(archive, list, notes))
}

/// The place of the cookie whose archive begins at the start.
fn find_cookie(archive: &[u8], budget: &Budget) -> Result<Option<u64>, Stop> {
    let mut at = 0_usize;
    while let Some(rest) = archive.get(at..) {
        let Some(found) = budget.find(rest, PYINSTALLER_COOKIE)? else { break };
        let cookie = at.saturating_add(found);
        if pyinstaller_start(archive, cookie) == Some(0) {
            return Ok(Some(cookie as u64));
        }
        at = cookie.saturating_add(1);
    }
    Ok(None)
}

/// The list of files.
#[derive(Default)]
struct Contents {
    at: u64,
    end: u64,
}

impl Contents {
    fn of(archive: &[u8], cookie: u64) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::at(archive, cookie.saturating_add(12))?;
        let at = u64::from(reader.u32_be()?);
        let length = u64::from(reader.u32_be()?);
        Ok(Self { at, end: at.saturating_add(length) })
    }

    fn entry(&mut self, archive: &[u8]) -> Result<Option<Part>, OutOfBounds> {
        let mut reader = Reader::at(archive, self.at)?;
        let length = reader.u32_be()?;
        let start = reader.u32_be()?.into();
        let packed = reader.u32_be()?.into();
        reader.skip(4)?;
        let is_packed = reader.u8()? != 0;
        reader.skip(1)?;
        let Some(name) = length.checked_sub(FIELDS) else { return Ok(None) };
        let name = reader.bytes(name.into())?;
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default().to_vec();
        self.at = reader.position() as u64;
        Ok(Some(Part { name, start, length: packed, is_packed }))
    }
}

impl List for Contents {
    fn next_part(&mut self, archive: &[u8], notes: &mut Notes) -> Option<Part> {
        while self.at < self.end {
            match self.entry(archive) {
                // Options of the program have a name and nothing else.
                Ok(Some(part)) if part.length == 0 => {}
                Ok(Some(part)) => return Some(part),
                Ok(None) => {
                    notes.corrupted("an entry of the list is shorter than its fields");
                    self.end = 0;
                }
                Err(_) => {
                    notes.truncated("the list of files is cut off");
                    self.end = 0;
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
