//! PyInstaller's archive of modules (`PYZ`): compiled modules of Python, each packed with zlib, and a
//! list of them as Python's `marshal` writes it (versions 2 to 4).
//!
//! Of `marshal` just so much is read as the list needs: texts and numbers in their order, wherever they
//! are nested, and references to those that came before. A name and the three numbers behind it (kind,
//! place, length) are a module, whether they stand in a list, as now, or in a dictionary, as they did.

use super::super::parts::{List, Part, walk_parts};
use super::super::{Notes, Opened, Opening};
use crate::input::Content;
use crate::limits::Grant;
use crate::reader::{OutOfBounds, Reader};

/// Marks a value that may be referred to.
const IS_REFERRED_TO: u8 = 0x80;
/// Values whose memory is charged at a time.
const STEP: usize = 1024;

pub(in crate::unpack) fn open<'a>(
    content: Content<'a>,
    offset: u64,
    opening: &Opening<'_>,
) -> Opened<'a> {
    let archive = content.slice(offset, u64::MAX);
    let mut notes = Notes::default();
    let place = Reader::at(&archive, 8).and_then(|mut reader| reader.u32_be());
    let at = place.map_or(u64::MAX, u64::from);
    if at >= archive.len() as u64 {
        notes.truncated("the list of modules is not there");
    }
    let modules = Modules {
        at,
        known: Vec::new(),
        memory: opening.budget.hold(0)?,
        name: None,
        numbers: Vec::new(),
    };
    Ok(walk_parts(archive, modules, notes))
}

/// A value of `marshal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    /// A text, by its place and length.
    Text(u64, u64),
    Number(u64),
    /// Something else, or the beginning of something nested.
    Other,
}

/// The list of modules.
struct Modules {
    at: u64,
    /// The values that may be referred to, in their order.
    known: Vec<Value>,
    memory: Grant,
    /// The last text, and the numbers behind it.
    name: Option<(u64, u64)>,
    numbers: Vec<u64>,
}

impl Modules {
    fn value(&mut self, archive: &[u8]) -> Result<Option<Value>, OutOfBounds> {
        let mut reader = Reader::at(archive, self.at)?;
        let kind = reader.u8()?;
        let value = match kind & !IS_REFERRED_TO {
            b'r' => {
                let index = usize::try_from(reader.u32_le()?).unwrap_or(usize::MAX);
                self.at = reader.position() as u64;
                return Ok(self.known.get(index).copied());
            }
            b'i' => Value::Number(reader.u32_le()?.into()),
            b'I' => Value::Number(reader.u64_le()?),
            b's' | b't' | b'u' | b'a' | b'A' => {
                let length = reader.u32_le()?;
                text(&mut reader, length.into())?
            }
            b'z' | b'Z' => {
                let length = reader.u8()?;
                text(&mut reader, length.into())?
            }
            b')' => skip(&mut reader, 1)?,
            b'(' | b'[' | b'<' | b'>' => skip(&mut reader, 4)?,
            b'{' | b'0' | b'N' | b'T' | b'F' => Value::Other,
            _ => return Ok(None),
        };
        self.at = reader.position() as u64;
        if kind & IS_REFERRED_TO != 0 && !self.remember(value) {
            return Ok(None);
        }
        Ok(Some(value))
    }

    /// Keeps a value that may be referred to, if there is memory for it.
    fn remember(&mut self, value: Value) -> bool {
        if self.known.len() == self.known.capacity() {
            if self.memory.grow((STEP.saturating_mul(size_of::<Value>())) as u64).is_err() {
                return false;
            }
            self.known.reserve_exact(STEP);
        }
        self.known.push(value);
        true
    }

    /// A module, if the value is the last that it needs.
    fn module(&mut self, value: Value, archive: &[u8]) -> Option<Part> {
        match value {
            Value::Text(start, length) => {
                self.name = Some((start, length));
                self.numbers.clear();
            }
            Value::Number(number) if self.numbers.len() < 3 => self.numbers.push(number),
            Value::Number(_) | Value::Other => {}
        }
        let &[_, start, length] = self.numbers.as_slice() else { return None };
        self.numbers.clear();
        let (at, size) = self.name.take()?;
        let name = Reader::at(archive, at).and_then(|mut reader| reader.bytes(size)).ok()?;
        let name = name.get(..NAME).unwrap_or(name);
        let is_there = length > 0;
        is_there.then(|| Part { name: name.to_vec(), start, length, is_packed: true })
    }
}

/// Bytes of a name that are kept.
const NAME: usize = 1024;

fn text(reader: &mut Reader<'_>, length: u64) -> Result<Value, OutOfBounds> {
    let start = reader.position() as u64;
    reader.skip(length)?;
    Ok(Value::Text(start, length))
}

fn skip(reader: &mut Reader<'_>, length: u64) -> Result<Value, OutOfBounds> {
    reader.skip(length)?;
    Ok(Value::Other)
}

impl List for Modules {
    fn next_part(&mut self, archive: &[u8], notes: &mut Notes) -> Option<Part> {
        while self.at < archive.len() as u64 {
            let Ok(Some(value)) = self.value(archive) else {
                notes.corrupted(format!("the list of modules ends at {}", self.at));
                self.at = u64::MAX;
                return None;
            };
            if let Some(part) = self.module(value, archive) {
                return Some(part);
            }
        }
        None
    }
}
