//! xar archives (the format as its project's wiki describes it): installers of macOS (`.pkg`), and what
//! else Apple signs as files.
//!
//! The list of files is XML in a zlib stream. Every stretch of the heap that the list gives to a file, or
//! to an attribute of one, is handed out as it is unpacked. Checksums are not compared, and a file whose
//! name comes after its content has its number for a name.

use std::io::Read;

use super::decoders::{self, Inflate};
use super::volume::joined;
use super::xml::{self, Reading, Token};
use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::input::Content;
use crate::limits::{Budget, DecodeEnd, Grant, Stop};
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::{Problem, Reason};

/// Elements that may be open inside of one another.
const DEPTH: usize = 256;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, opening: &Opening<'_>) -> Opened<'a> {
    let archive = content.slice(offset, u64::MAX);
    let mut notes = Notes::default();
    let cut = |_| Problem::new(Reason::Truncated, "the header is cut off");
    let (at, packed) = header(&archive).map_err(cut)?;
    let heap = archive.slice(at.saturating_add(packed), u64::MAX);
    let list = archive.slice(at, packed);
    // What the zlib header says, deflate does not need.
    let stream = list.get(2..).unwrap_or_default();
    let decoded = opening.budget.decode(Inflate::new(stream), packed)?;
    match decoded.end {
        DecodeEnd::Complete => {}
        DecodeEnd::Stopped(stop) => notes.add(stop.into()),
        DecodeEnd::Failed(error) => notes.add(decoders::problem(&error)),
    }
    let grant = opening.budget.hold(0)?;
    Ok(walked(Xar {
        list: Content::held(decoded.bytes, decoded.grant),
        heap,
        reading: Reading::default(),
        open: Vec::new(),
        files: Vec::new(),
        grant,
        notes,
    }))
}

/// Where the list begins, and its length.
fn header(archive: &[u8]) -> Result<(u64, u64), OutOfBounds> {
    let mut reader = Reader::at(archive, 4)?;
    let length = reader.u16_be()?;
    reader.skip(2)?;
    let packed = reader.u64_be()?;
    Ok((length.into(), packed))
}

/// An element that is open: what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    File,
    /// Content, or an attribute.
    Data,
    Name,
    Offset,
    Length,
    Other,
}

/// A file that is open in the list.
#[derive(Debug, Default)]
struct File {
    name: Vec<u8>,
    data: Option<Data>,
}

/// What is said of a stretch of the heap.
#[derive(Clone, Debug, Default)]
struct Data {
    name: Vec<u8>,
    offset: Option<u64>,
    length: Option<u64>,
    encoding: Vec<u8>,
}

/// One archive being walked, tag by tag of its list.
struct Xar<'a> {
    list: Content<'a>,
    heap: Content<'a>,
    reading: Reading,
    open: Vec<Element>,
    files: Vec<File>,
    grant: Grant,
    notes: Notes,
}

impl<'a> Walk<'a> for Xar<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        let list = self.list.clone();
        loop {
            budget.check()?;
            match self.reading.next(&list) {
                Some(Token::Open(name, attributes)) => {
                    if !self.open_element(name, attributes)? {
                        self.notes.corrupted("elements too deep inside of one another");
                        return Ok(None);
                    }
                }
                Some(Token::Text(text)) => self.read_text(text)?,
                Some(Token::Close(_)) => {
                    if let Some(entry) = self.close_element(budget) {
                        return Ok(Some(entry));
                    }
                }
                None => {
                    if !self.open.is_empty() {
                        self.notes.truncated("the list of files ends early");
                    }
                    return Ok(None);
                }
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Xar<'a> {
    /// Whether an element may be opened.
    fn open_element(&mut self, name: &[u8], attributes: &[u8]) -> Result<bool, Stop> {
        let is_in_file = self.files.last().is_some_and(|file| file.data.is_none());
        let element = match name {
            b"file" => {
                let number = xml::attribute(attributes, b"id").unwrap_or_default();
                self.grant.grow(number.len() as u64)?;
                self.files.push(File { name: number.to_vec(), data: None });
                Element::File
            }
            b"data" | b"ea" if is_in_file => {
                if let Some(file) = self.files.last_mut() {
                    file.data = Some(Data::default());
                }
                Element::Data
            }
            b"name" => Element::Name,
            b"offset" => Element::Offset,
            b"length" => Element::Length,
            b"encoding" => {
                let style = xml::attribute(attributes, b"style").unwrap_or_default();
                if let Some(data) = self.data() {
                    data.encoding = style.to_vec();
                }
                Element::Other
            }
            _ => Element::Other,
        };
        self.open.push(element);
        Ok(self.open.len() <= DEPTH)
    }

    fn data(&mut self) -> Option<&mut Data> {
        self.files.last_mut()?.data.as_mut()
    }

    fn read_text(&mut self, text: &[u8]) -> Result<(), Stop> {
        let element = self.open.last().copied();
        let number = || std::str::from_utf8(text.trim_ascii()).ok()?.parse::<u64>().ok();
        match (element, self.files.last_mut()) {
            (Some(Element::Name), Some(file)) => {
                let name = xml::plain(text.get(..Entry::NAME).unwrap_or(text));
                self.grant.grow(name.len() as u64)?;
                match &mut file.data {
                    Some(data) => data.name = name,
                    None => file.name = name,
                }
            }
            (Some(Element::Offset), Some(File { data: Some(data), .. })) => data.offset = number(),
            (Some(Element::Length), Some(File { data: Some(data), .. })) => data.length = number(),
            _ => {}
        }
        Ok(())
    }

    /// Closes the element at hand; the stretch of the heap that it was about, if it was.
    fn close_element(&mut self, budget: &Budget) -> Option<Entry<'a>> {
        match self.open.pop()? {
            Element::File => {
                self.files.pop();
                None
            }
            Element::Data => {
                let data = self.files.last_mut()?.data.take()?;
                Some(self.unpack(data.offset?, data.length?, &data, budget))
            }
            _ => None,
        }
    }

    /// Unpacks a stretch of the heap.
    fn unpack(&self, offset: u64, length: u64, data: &Data, budget: &Budget) -> Entry<'a> {
        let names = self.files.iter().map(|file| file.name.as_slice());
        let names = names.chain((!data.name.is_empty()).then_some(data.name.as_slice()));
        let name = names.fold(Vec::new(), |path, name| joined(&path, name));
        let packed = self.heap.slice(offset, length);
        let there = packed.len() as u64;
        let decoder = match decoder(&data.encoding, &packed, budget) {
            Ok(Some(decoder)) => decoder,
            Ok(None) => {
                return Entry::in_place(name, packed.clone(), budget).expecting(length);
            }
            Err(problem) => return Entry::unread(name, problem),
        };
        Entry::of(name, budget.decode(decoder, there))
    }
}

/// The decoder of an encoding; `None` for what is stored.
fn decoder<'d>(
    encoding: &[u8],
    packed: &'d [u8],
    budget: &Budget,
) -> Result<Option<Box<dyn Read + 'd>>, Problem> {
    Ok(match encoding {
        b"" | b"application/octet-stream" => None,
        b"application/x-gzip" => Some(Box::new(Inflate::new(packed.get(2..).unwrap_or_default()))),
        b"application/x-bzip2" => Some(Box::new(decoders::bzip2(packed, budget)?)),
        b"application/x-xz" => Some(Box::new(decoders::xz(packed, budget)?)),
        b"application/x-lzma" if packed.starts_with(b"\xfd7zXZ") => {
            Some(Box::new(decoders::xz(packed, budget)?))
        }
        b"application/x-lzma" => Some(Box::new(decoders::lzma(packed, budget)?)),
        other => {
            let detail = format!("packed as {}", super::shown(other));
            return Err(Problem::new(Reason::Unsupported("xar-encoding"), detail));
        }
    })
}

#[cfg(test)]
mod tests;
