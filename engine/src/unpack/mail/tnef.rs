//! TNEF, `winmail.dat` ([MS-OXTNEF]): attributes behind each other, of which those of attachments, the
//! text of the message and MAPI properties hold something.
//!
//! Everything is handed out in place. Checksums are not compared: Outlook does not mind them.

use super::lzfu::Lzfu;
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::verdict::Problem;

/// Signature and key.
const HEADER: u64 = 6;
/// Attributes by number: the low half of their tags.
const BODY: u16 = 0x800c;
const ATTACHMENT_DATA: u16 = 0x800f;
const ATTACHMENT_TITLE: u16 = 0x8010;
const MESSAGE_PROPERTIES: u16 = 0x9003;
const ATTACHMENT_BEGINS: u16 = 0x9002;
const ATTACHMENT_PROPERTIES: u16 = 0x9005;
/// MAPI properties by number.
const COMPRESSED_RTF: u16 = 0x1009;
const BODY_TEXT: u16 = 0x1000;
const BODY_HTML: u16 = 0x1013;
const ATTACHED: u16 = 0x3701;
const LONG_NAME: u16 = 0x3707;

pub(in crate::unpack) fn open<'a>(
    content: Content<'a>,
    offset: u64,
    _: &Opening<'_>,
) -> Opened<'a> {
    let data = content.slice(offset, u64::MAX);
    Ok(walked(Tnef {
        data,
        at: HEADER,
        name: Vec::new(),
        properties: None,
        notes: Notes::default(),
    }))
}

/// One TNEF stream being walked.
struct Tnef<'a> {
    data: Content<'a>,
    /// Where the next attribute begins.
    at: u64,
    /// The name of the attachment that has begun.
    name: Vec<u8>,
    properties: Option<Properties<'a>>,
    notes: Notes,
}

impl<'a> Walk<'a> for Tnef<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            budget.check()?;
            if let Some(entry) = self.property(budget)? {
                return Ok(Some(entry));
            }
            if self.at >= self.data.len() as u64 {
                return Ok(None);
            }
            let data = self.data.clone();
            let attribute =
                Reader::at(&data, self.at).and_then(|mut reader| attribute(&mut reader));
            let Ok((number, start, length)) = attribute else {
                self.notes.truncated(format!("the attribute at offset {} is cut off", self.at));
                return Ok(None);
            };
            let content = self.data.slice(start, length.into());
            // A checksum of two bytes follows.
            self.at = start.saturating_add(length.into()).saturating_add(2);
            if (content.len() as u64) < u64::from(length) {
                self.notes.truncated(format!("an attribute of {length} bytes is cut off"));
            }
            if let Some(entry) = self.attribute(number, content, budget) {
                return Ok(Some(entry));
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Tnef<'a> {
    fn attribute(
        &mut self,
        number: u16,
        content: Content<'a>,
        budget: &Budget,
    ) -> Option<Entry<'a>> {
        match number {
            ATTACHMENT_BEGINS => self.name.clear(),
            ATTACHMENT_TITLE => self.name = text(&content),
            MESSAGE_PROPERTIES => self.properties = Some(Properties::new(content, false)),
            ATTACHMENT_PROPERTIES => self.properties = Some(Properties::new(content, true)),
            BODY => return Some(Entry::in_place("body", content, budget)),
            ATTACHMENT_DATA => {
                let name =
                    if self.name.is_empty() { b"attachment".to_vec() } else { self.name.clone() };
                return Some(Entry::in_place(name, content, budget));
            }
            _ => {}
        }
        None
    }

    /// The next property that holds something.
    fn property(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Stop> {
        while let Some(mut properties) = self.properties.take() {
            budget.check()?;
            let value = match properties.next() {
                Ok(Some(value)) => value,
                Ok(None) => continue,
                Err(error) => {
                    self.notes.corrupted(format!("properties of MAPI: {error}"));
                    continue;
                }
            };
            let is_attachment = properties.of_attachment;
            self.properties = Some(properties);
            let entry = match (value.number, is_attachment) {
                (LONG_NAME, true) => {
                    self.name = text(&value.content);
                    None
                }
                (ATTACHED, true) => {
                    let name =
                        if self.name.is_empty() { b"object".to_vec() } else { self.name.clone() };
                    Some(Entry::in_place(name, value.content, budget))
                }
                (BODY_TEXT, false) => Some(Entry::in_place("body.txt", value.content, budget)),
                (BODY_HTML, false) => Some(Entry::in_place("body.html", value.content, budget)),
                (COMPRESSED_RTF, false) => Some(rtf(&value.content, budget)?),
                _ => None,
            };
            if entry.is_some() {
                return Ok(entry);
            }
        }
        Ok(None)
    }
}

/// Level, tag, length: the number of the attribute, and where its data begin.
fn attribute(reader: &mut Reader<'_>) -> Result<(u16, u64, u32), OutOfBounds> {
    reader.skip(1)?;
    let number = reader.u16_le()?;
    reader.skip(2)?;
    let length = reader.u32_le()?;
    Ok((number, reader.position() as u64, length))
}

/// A name up to its NUL.
fn text(content: &[u8]) -> Vec<u8> {
    let wide = content.len() > 2 && content.get(1) == Some(&0);
    let bytes: Vec<u8> = if wide {
        let (units, _) = content.as_chunks::<2>();
        let units = units.iter().take(Entry::NAME).map(|&unit| u16::from_le_bytes(unit));
        char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')).collect::<String>().into()
    } else {
        content.get(..Entry::NAME).unwrap_or(content).to_vec()
    };
    bytes.split(|&byte| byte == 0).next().unwrap_or_default().to_vec()
}

fn rtf<'a>(content: &[u8], budget: &Budget) -> Result<Entry<'a>, Stop> {
    let decoded = budget.decode(Lzfu::new(content), content.len() as u64)?;
    Ok(Entry::decoded("body.rtf", decoded))
}

/// MAPI properties, one value at a time.
struct Properties<'a> {
    data: Content<'a>,
    at: u64,
    of_attachment: bool,
    /// Properties that are still to come; unknown before the first.
    left: Option<u32>,
    /// Values of the last one that are still to come.
    values: u32,
    number: u16,
    kind: u16,
}

/// One value.
struct Value<'a> {
    number: u16,
    content: Content<'a>,
}

impl<'a> Properties<'a> {
    /// An identifier in front of an object.
    const INTERFACE: u64 = 16;

    fn new(data: Content<'a>, of_attachment: bool) -> Self {
        Self { data, at: 0, of_attachment, left: None, values: 0, number: 0, kind: 0 }
    }

    /// The next value of variable length.
    fn next(&mut self) -> Result<Option<Value<'a>>, OutOfBounds> {
        let data = self.data.clone();
        let mut reader = Reader::at(&data, self.at)?;
        let mut left = match self.left {
            Some(left) => left,
            None => reader.u32_le()?,
        };
        while self.values == 0 {
            if left == 0 {
                return Ok(None);
            }
            left = left.saturating_sub(1);
            self.begin(&mut reader)?;
        }
        self.values = self.values.saturating_sub(1);
        let length = u64::from(reader.u32_le()?);
        let start = reader.position() as u64;
        reader.skip(length)?;
        skip_padding(&mut reader, length)?;
        (self.left, self.at) = (Some(left), reader.position() as u64);
        let mut content = self.data.slice(start, length);
        if self.kind & 0xfff == 0xd {
            content = content.slice(Self::INTERFACE, u64::MAX);
        }
        Ok(Some(Value { number: self.number, content }))
    }

    /// Reads tag, name and, of values with a fixed length, the value.
    fn begin(&mut self, reader: &mut Reader<'_>) -> Result<(), OutOfBounds> {
        (self.kind, self.number) = (reader.u16_le()?, reader.u16_le()?);
        if self.number >= 0x8000 {
            reader.skip(Self::INTERFACE)?;
            match reader.u32_le()? {
                0 => reader.skip(4)?,
                _ => {
                    let length = u64::from(reader.u32_le()?);
                    reader.skip(length)?;
                    skip_padding(reader, length)?;
                }
            }
        }
        let is_list = self.kind & 0x1000 != 0;
        let size: u64 = match self.kind & 0xfff {
            0x0d | 0x1e | 0x1f | 0x102 => {
                self.values = reader.u32_le()?;
                return Ok(());
            }
            0x05..=0x07 | 0x14 | 0x40 => 8,
            0x48 => 16,
            _ => 4,
        };
        let count = if is_list { reader.u32_le()? } else { 1 };
        reader.skip(size.saturating_mul(count.into()))
    }
}

/// Values are padded to four bytes; the last one may not be.
fn skip_padding(reader: &mut Reader<'_>, length: u64) -> Result<(), OutOfBounds> {
    let padding = length.wrapping_neg() & 3;
    reader.skip(padding.min(reader.remaining() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::unpack::testing::{Walked, survives_damage, walk_at};
    use crate::verdict::Reason;

    fn walk(bytes: &[u8]) -> Walked {
        walk_at(open, bytes, 0, Limits::default())
    }

    fn attribute(number: u16, content: &[u8]) -> Vec<u8> {
        let sum = content.iter().fold(0_u16, |sum, &byte| sum.wrapping_add(byte.into()));
        let length = (content.len() as u32).to_le_bytes();
        let number = number.to_le_bytes();
        [&[2], &number[..], &[6, 0], &length, content, &sum.to_le_bytes()].concat()
    }

    fn tnef(attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let attributes =
            attributes.iter().flat_map(|(number, content)| attribute(*number, content));
        [0x78, 0x9f, 0x3e, 0x22, 1, 0].into_iter().chain(attributes).collect()
    }

    /// Properties of variable length.
    fn properties(values: &[(u16, u16, &[u8])]) -> Vec<u8> {
        let mut bytes = (values.len() as u32 + 2).to_le_bytes().to_vec();
        bytes.extend([3, 0, 0x21, 0x0e, 9, 0, 0, 0]);
        // One with a name: kind, number, GUID, 1, length, name, value.
        bytes.extend([0x0b, 0, 1, 0x80]);
        bytes.extend([7; 16]);
        bytes.extend([1, 0, 0, 0, 6, 0, 0, 0, b'n', 0, b'm', 0, 0, 0, 0, 0, 1, 0, 0, 0]);
        for (kind, number, content) in values {
            bytes.extend([kind.to_le_bytes(), number.to_le_bytes()].concat());
            bytes.extend([1, 0, 0, 0]);
            bytes.extend((content.len() as u32).to_le_bytes());
            bytes.extend(*content);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        bytes
    }

    fn sample() -> Vec<u8> {
        let object = [&[1; 16][..], b"an object"].concat();
        let named =
            properties(&[(0x1f, LONG_NAME, b"l\0o\0n\0g\0\0\0"), (0x0d, ATTACHED, &object)]);
        let message = properties(&[(0x102, BODY_HTML, b"<html>"), (0x1e, 0x37, b"subject\0")]);
        tnef(&[
            (0x8008, b"IPM.Note\0"),
            (BODY, b"some words"),
            (MESSAGE_PROPERTIES, &message),
            (ATTACHMENT_BEGINS, &[0; 14]),
            (ATTACHMENT_TITLE, b"a.exe\0"),
            (ATTACHMENT_DATA, b"MZ hello"),
            (ATTACHMENT_BEGINS, &[0; 14]),
            (ATTACHMENT_DATA, b"nameless"),
            (ATTACHMENT_PROPERTIES, &named),
        ])
    }

    #[test]
    fn attachments_and_bodies_come_out() {
        let walked = walk(&sample());
        assert_eq!(walked.names(), ["body", "body.html", "a.exe", "attachment", "long"]);
        assert_eq!(walked.content("body.html"), b"<html>");
        assert_eq!(walked.content("a.exe"), b"MZ hello");
        assert_eq!(walked.content("long"), b"an object");
        assert_eq!(walked.reasons(), [], "{}", walked.words());
    }

    #[test]
    fn compressed_rtf_is_decoded() {
        let mut packed = vec![0; 16];
        packed[8..12].copy_from_slice(b"MELA");
        packed.extend(b"{\\rtf1 x}");
        let length = (packed.len() as u32 - 4).to_le_bytes();
        packed[..4].copy_from_slice(&length);
        packed[4..8].copy_from_slice(&9_u32.to_le_bytes());
        let message = properties(&[(0x102, COMPRESSED_RTF, &packed)]);
        assert_eq!(
            walk(&tnef(&[(MESSAGE_PROPERTIES, &message)])).content("body.rtf"),
            b"{\\rtf1 x}"
        );
    }

    #[test]
    fn a_stream_cut_anywhere_says_so() {
        let sample = sample();
        let mut ends = vec![6];
        while let Some(length) =
            sample.get(ends[ends.len() - 1] + 5..).and_then(|it| it.first_chunk())
        {
            ends.push(ends[ends.len() - 1] + 9 + u32::from_le_bytes(*length) as usize + 2);
        }
        for length in 6..sample.len() {
            // The checksum is not missed.
            let is_whole = ends.iter().any(|end| (end - 2..=*end).contains(&length));
            let walked = walk(&sample[..length]);
            assert_eq!(walked.reasons().contains(&Reason::Truncated), !is_whole, "{length}");
        }
    }

    #[test]
    fn lengths_that_lie_cost_nothing() {
        let mut lies = tnef(&[(ATTACHMENT_DATA, b"hello")]);
        lies[11..15].copy_from_slice(&u32::MAX.to_le_bytes());
        let walked = walk(&lies);
        assert_eq!(walked.content("attachment"), b"hello\x14\x02");
        assert_eq!(walked.reasons(), [Reason::Truncated]);
        let endless =
            [&u32::MAX.to_le_bytes()[..], &[0x1e, 0, 0x37, 0, 0xff, 0xff, 0xff, 0xff]].concat();
        let walked = walk(&tnef(&[(MESSAGE_PROPERTIES, &endless)]));
        assert_eq!(walked.reasons(), [Reason::Corrupted]);
    }

    #[test]
    fn damage_does_no_harm() {
        survives_damage(open, &sample());
    }
}
