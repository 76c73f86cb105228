//! Compiled scripts of AutoIt 3.2 and later (`EA05`, `EA06`): the script itself and the files that are
//! installed with it (the format as its public readers have it; tried with ClamAV's test files).
//!
//! Texts, numbers and data are masked with bytes of a random number generator whose seeds are constants
//! (`generators.rs`), so no password is asked for. The data are packed with a simple LZ.

mod generators;
mod unpack;

use self::generators::{Lagged, Twister};
use self::unpack::unpack;
use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::Problem;

/// The identifier and `AU3!EA0x`.
const MARK: u64 = 24;
/// What follows the mark; older scripts mix it into their data.
const SALT: u64 = 16;
/// Longer texts are no texts.
const TEXT: u32 = 4096;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let script = content.slice(offset, u64::MAX);
    let keys = if script.get(23) == Some(&b'5') { &EA05 } else { &EA06 };
    let salt = script.slice(MARK, SALT);
    let salt = salt.iter().fold(0_u32, |sum, &byte| sum.wrapping_add(byte.into()));
    let at = MARK.saturating_add(SALT);
    let notes = Notes::default();
    Ok(walked(AutoIt { script, keys, salt, at, count: 0, notes }))
}

/// What a version masks its fields with.
struct Keys {
    is_older: bool,
    mark: u32,
    purpose: (u32, u32),
    path: (u32, u32),
    sizes: u32,
    data: u32,
}

const EA05: Keys = Keys {
    is_older: true,
    mark: 0x16fa,
    purpose: (0x29bc, 0xa25e),
    path: (0x29ac, 0xf25e),
    sizes: 0x45aa,
    data: 0x22af,
};

const EA06: Keys = Keys {
    is_older: false,
    mark: 0x18ee,
    purpose: (0xadbc, 0xb33f),
    path: (0xf820, 0xf479),
    sizes: 0x87bc,
    data: 0x2477,
};

impl Keys {
    /// Takes the mask off, which putting it on is as well.
    fn mask(&self, bytes: &mut [u8], seed: u32) {
        if self.is_older {
            let mut generator = Twister::new(seed);
            bytes.iter_mut().for_each(|byte| *byte ^= generator.next());
        } else {
            let mut generator = Lagged::new(seed);
            bytes.iter_mut().for_each(|byte| *byte ^= generator.next());
        }
    }

    /// A text and its length in front, both masked.
    fn text(&self, reader: &mut Reader<'_>, keys: (u32, u32)) -> Result<Vec<u8>, OutOfBounds> {
        let length = reader.u32_le()? ^ keys.0;
        let unit = if self.is_older { 1 } else { 2 };
        let bytes = reader.bytes(u64::from(length).saturating_mul(unit))?;
        if length > TEXT {
            return Ok(Vec::new());
        }
        let mut text = bytes.to_vec();
        self.mask(&mut text, keys.1.wrapping_add(length));
        if self.is_older {
            return Ok(text);
        }
        let (units, _) = text.as_chunks::<2>();
        let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
        Ok(String::from_utf16_lossy(&units).into_bytes())
    }
}

/// A file of the script.
struct File {
    name: Vec<u8>,
    is_packed: bool,
    length: u64,
    data: u64,
}

/// One compiled script being walked.
struct AutoIt<'a> {
    script: Content<'a>,
    keys: &'static Keys,
    salt: u32,
    at: u64,
    count: u64,
    notes: Notes,
}

impl<'a> Walk<'a> for AutoIt<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        budget.check()?;
        match self.file() {
            Ok(Some(file)) => {
                self.count = self.count.saturating_add(1);
                self.at = file.data.saturating_add(file.length);
                Ok(Some(self.read(file, budget)))
            }
            Ok(None) => {
                if self.count == 0 {
                    self.notes.corrupted("no file behind the mark");
                }
                Ok(None)
            }
            Err(_) => {
                self.notes.truncated("a file's header is cut off");
                Ok(None)
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> AutoIt<'a> {
    /// The header of the file here; `None` where no file begins.
    fn file(&self) -> Result<Option<File>, OutOfBounds> {
        let mut reader = Reader::at(&self.script, self.at)?;
        let mut mark = reader.array::<4>()?;
        self.keys.mask(&mut mark, self.keys.mark);
        if mark != *b"FILE" {
            return Ok(None);
        }
        let purpose = self.keys.text(&mut reader, self.keys.purpose)?;
        let path = self.keys.text(&mut reader, self.keys.path)?;
        let is_packed = reader.u8()? != 0;
        let length = u64::from(reader.u32_le()? ^ self.keys.sizes);
        // Size and checksum of what is unpacked, and two times.
        reader.skip(24)?;
        let name = if path.is_empty() { purpose } else { path };
        Ok(Some(File { name, is_packed, length, data: reader.position() as u64 }))
    }

    fn read(&self, file: File, budget: &Budget) -> Entry<'a> {
        let data = self.script.slice(file.data, file.length);
        let there = data.len() as u64;
        let grant = match budget.hold(there) {
            Ok(grant) => grant,
            Err(stop) => return Entry::unread(file.name, stop.into()),
        };
        let mut plain = data.to_vec();
        let salt = if self.keys.is_older { self.salt } else { 0 };
        self.keys.mask(&mut plain, self.keys.data.wrapping_add(salt));
        let entry = if file.is_packed {
            Entry::of(file.name, budget.decode(unpack(&plain, self.keys.is_older), there))
        } else {
            match budget.put_out(there) {
                Ok(()) => Entry::new(file.name, Content::held(plain, grant)),
                Err(stop) => Entry::unread(file.name, stop.into()),
            }
        };
        entry.cut_to(there, file.length)
    }
}

#[cfg(test)]
mod tests;
