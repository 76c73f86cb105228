//! Streams that hold something in a form of their own: macros, packages, objects in presentations,
//! texts of messages.

use std::collections::VecDeque;

use super::directory::is_named;
use super::{older, vba};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::Reader;
use crate::unpack::Entry;
use crate::unpack::decoders::Inflate;
use crate::unpack::mail::Lzfu;
use crate::unpack::ole1::Package;
use crate::verdict::{Problem, Reason};

/// A stream, and what of it is still to be handed out.
pub(super) enum Derived<'a> {
    /// Compressed source at an offset.
    Source { name: Vec<u8>, stream: Option<Content<'a>>, offset: u64 },
    /// An object that another program put there.
    Native { stream: Option<Content<'a>> },
    /// The records of a presentation from a place on, and the objects found so far.
    Slides { stream: Content<'a>, at: u64, found: u32 },
    /// The text of a message in compressed RTF.
    Text { stream: Option<Content<'a>> },
    /// What was unpacked already.
    Unpacked { entries: VecDeque<Entry<'a>> },
}

/// What a stream holds: `module` is where the source of a macro begins, if `dir` tells that.
pub(super) fn of<'a>(
    path: &[u8],
    name: &[u16],
    stream: &Content<'a>,
    module: Option<u64>,
    budget: &Budget,
) -> Result<VecDeque<Derived<'a>>, Stop> {
    let mut derived = VecDeque::new();
    if is_named(name, "Ole10Native") {
        derived.push_back(Derived::Native { stream: Some(stream.clone()) });
    }
    if is_named(name, "PowerPoint Document") {
        derived.push_back(Derived::Slides { stream: stream.clone(), at: 0, found: 0 });
    }
    let dir = is_named(name, "dir").then_some(0);
    let found = vba::find(stream, budget)?.filter(|found| Some(*found) != module);
    for offset in [dir, module, found].into_iter().flatten() {
        let name = [path, b".vba"].concat();
        derived.push_back(Derived::Source { name, stream: Some(stream.clone()), offset });
    }
    Ok(derived)
}

impl<'a> Derived<'a> {
    /// The next thing that it holds.
    pub(super) fn next(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Stop> {
        match self {
            Derived::Source { name, stream, offset } => {
                let Some(stream) = stream.take() else { return Ok(None) };
                source(std::mem::take(name), &stream, *offset, budget).map(Some)
            }
            Derived::Native { stream } => {
                Ok(stream.take().and_then(|stream| native(&stream, budget)))
            }
            Derived::Slides { stream, at, found } => slides(stream, at, found, budget),
            Derived::Text { stream } => {
                let Some(stream) = stream.take() else { return Ok(None) };
                let decoded = budget.decode(Lzfu::new(&stream), stream.len() as u64)?;
                Ok(Some(Entry::decoded("text of the message", decoded)))
            }
            Derived::Unpacked { entries } => Ok(entries.pop_front()),
        }
    }
}

fn source<'a>(
    name: Vec<u8>,
    stream: &Content<'a>,
    offset: u64,
    budget: &Budget,
) -> Result<Entry<'a>, Stop> {
    let packed = stream.slice(offset, u64::MAX);
    let decoded = budget.decode(vba::Decompress::new(&packed), packed.len() as u64)?;
    Ok(Entry::decoded(name, decoded))
}

/// A length, then the data of an object; if it is a package, the file in it.
fn native<'a>(stream: &Content<'a>, budget: &Budget) -> Option<Entry<'a>> {
    let data = stream.slice(4, u64::MAX);
    let Some(package) = Package::read(&data) else {
        return (!data.is_empty()).then(|| Entry::in_place("native data", data.clone(), budget));
    };
    let content = data.slice(package.start as u64, package.size.into());
    let is_whole = content.len() as u64 == u64::from(package.size);
    let entry = Entry::in_place(package.name(), content, budget);
    Some(if is_whole {
        entry
    } else {
        entry.with(Problem::new(Reason::Truncated, "the package is cut off"))
    })
}

/// The next object of a presentation (MS-PPT 2.10.34): a compound file, mostly compressed. Records that
/// hold others are walked into, so that one pass sees them all.
fn slides<'a>(
    stream: &Content<'a>,
    at: &mut u64,
    found: &mut u32,
    budget: &Budget,
) -> Result<Option<Entry<'a>>, Stop> {
    const STORED_OBJECT: u16 = 0x1011;
    const HEADER: u64 = 8;
    while let Some((version, kind, size)) = record(stream, *at) {
        budget.check()?;
        let data = at.saturating_add(HEADER);
        let holds_records = version & 0xf == 0xf;
        *at = if holds_records { data } else { data.saturating_add(size) };
        if kind != STORED_OBJECT || holds_records {
            continue;
        }
        *found = found.saturating_add(1);
        let name = format!("object {found}");
        let content = stream.slice(data, size);
        if version >> 4 == 0 {
            return Ok(Some(Entry::in_place(name, content, budget)));
        }
        // A size, and zlib's header of two bytes.
        let packed = content.slice(6, u64::MAX);
        let decoded = budget.decode(Inflate::new(&packed), packed.len() as u64)?;
        return Ok(Some(Entry::decoded(name, decoded)));
    }
    Ok(None)
}

fn record(stream: &[u8], at: u64) -> Option<(u16, u16, u64)> {
    let mut reader = Reader::at(stream, at).ok()?;
    Some((reader.u16_le().ok()?, reader.u16_le().ok()?, reader.u32_le().ok()?.into()))
}

/// Whether the stream says that its document is encrypted.
pub(super) fn is_encrypted(name: &[u16], stream: &[u8]) -> bool {
    let number = |at: u64| Reader::at(stream, at).ok()?.u16_le().ok();
    if is_named(name, "EncryptedPackage") {
        return true;
    }
    if is_named(name, "WordDocument") {
        return number(0) == Some(0xa5ec) && number(10).is_some_and(|flags| flags & 0x100 != 0);
    }
    if is_named(name, "Workbook") || is_named(name, "Book") {
        return older::password_record(stream).is_some();
    }
    let token = Reader::at(stream, 12).ok().and_then(|mut reader| reader.u32_le().ok());
    is_named(name, "Current User") && token == Some(0xf3d1_c4df)
}
