//! Parts of documents in XML: tags are looked at one by one, and nothing is built of them.
//!
//! Malware breaks XML as far as its reader still reads it, so nothing here asks for more than a tag.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::{Remarks, is_external};
use crate::limits::{Budget, Stop};

/// Without one of these nothing here is worth a remark.
const SIGNS: [&str; 9] = [
    "TargetMode",
    "instrText",
    "fldSimple",
    "ddeLink",
    "dde-",
    "event-listener",
    "macrosheet",
    "script:module",
    "xlink:href",
];

static SEARCH: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(SIGNS).ok());

/// Tags between two looks at the clock.
const STEP: usize = 1024;

pub(super) fn look(text: &[u8], remarks: &mut Remarks, budget: &Budget) -> Result<(), Stop> {
    budget.check()?;
    if SEARCH.as_ref().is_some_and(|search| !search.is_match(text)) {
        return Ok(());
    }
    let mut fields = Fields::default();
    for (count, (tag, behind)) in Tags::new(text).enumerate() {
        if count % STEP == 0 {
            budget.check()?;
        }
        look_at_tag(&tag, remarks);
        fields.read(&tag, behind, remarks);
    }
    fields.close(remarks);
    Ok(())
}

fn look_at_tag(tag: &Tag<'_>, remarks: &mut Remarks) {
    match tag.local() {
        b"Relationship" => relationship(tag, remarks),
        b"fldSimple" => remarks.add_field(&tag.value(b"instr")),
        b"ddeLink" => {
            let [service, topic] = [tag.value(b"ddeService"), tag.value(b"ddeTopic")];
            remarks.add("DDE link", &format!("{service}|{topic}"));
        }
        b"dde-source" | b"dde-connection-decl" => {
            let parts = [&b"dde-application"[..], b"dde-topic", b"dde-item"];
            remarks.add("DDE link", &parts.map(|part| tag.value(part)).join("|"));
        }
        b"event-listener" => {
            let [event, script] = [tag.value(b"event-name"), tag.value(b"href")];
            remarks.add("script on an event", &format!("{event} {script}"));
        }
        b"module" if tag.0.starts_with(b"script:") => {
            remarks.add("Basic macros", &tag.value(b"name"));
        }
        b"macrosheet" => remarks.add("Excel 4.0 macro sheet", ""),
        b"object" | b"object-ole" | b"floating-frame" | b"section-source" | b"table-source" => {
            let address = tag.value(b"href");
            if is_external(&address) {
                remarks.add("external object", &address);
            }
        }
        _ => {}
    }
}

/// A relationship of Office Open XML that leads outside, and is followed when the document is opened.
fn relationship(tag: &Tag<'_>, remarks: &mut Remarks) {
    if !tag.value(b"TargetMode").eq_ignore_ascii_case("External") {
        return;
    }
    let kind = tag.value(b"Type");
    let kind = match kind.rsplit('/').next().unwrap_or_default() {
        "attachedTemplate" => "external template",
        "oleObject" => "external object",
        "frame" => "external frame",
        "subDocument" => "external part",
        "externalLinkPath" => "external workbook",
        _ => return,
    };
    remarks.add(kind, &tag.value(b"Target"));
}

/// Fields of a text, whose instruction may be cut into runs of single letters.
#[derive(Default)]
struct Fields {
    instruction: String,
}

impl Fields {
    fn read(&mut self, tag: &Tag<'_>, behind: &[u8], remarks: &mut Remarks) {
        const LONGEST: usize = 4096;
        match tag.local() {
            b"instrText" if self.instruction.len() < LONGEST => {
                let text = behind.get(..LONGEST).unwrap_or(behind);
                self.instruction.push_str(&plain(text));
            }
            // A field within a field belongs to its instruction; it begins with a word of its own.
            b"fldChar" => match tag.value(b"fldCharType").as_str() {
                "begin" if !self.instruction.is_empty() => self.instruction.push(' '),
                "begin" => {}
                _ => self.close(remarks),
            },
            _ => {}
        }
    }

    fn close(&mut self, remarks: &mut Remarks) {
        remarks.add_field(&std::mem::take(&mut self.instruction));
    }
}

/// One tag: what stands between its angle brackets.
struct Tag<'d>(&'d [u8]);

impl<'d> Tag<'d> {
    /// The name without its prefix; of closing tags nothing.
    fn local(&self) -> &'d [u8] {
        let name = self.0.split(|&byte| byte.is_ascii_whitespace() || byte == b'/').next();
        local(name.unwrap_or_default())
    }

    /// The value of an attribute, whatever its prefix; empty where there is none.
    fn value(&self, name: &[u8]) -> String {
        let mut rest = self.0;
        while let Some(equals) = memchr::memchr(b'=', rest) {
            let (front, behind) = rest.split_at_checked(equals).unwrap_or_default();
            let front = front.trim_ascii_end();
            let key = front.rsplit(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default();
            let behind = behind.get(1..).unwrap_or_default().trim_ascii_start();
            let Some((&quote, inside)) = behind.split_first() else { break };
            if !matches!(quote, b'"' | b'\'') {
                rest = behind;
                continue;
            }
            let end = memchr::memchr(quote, inside).unwrap_or(inside.len());
            let (value, behind) = inside.split_at_checked(end).unwrap_or_default();
            if local(key) == name {
                return plain(value);
            }
            rest = behind.get(1..).unwrap_or_default();
        }
        String::new()
    }
}

fn local(name: &[u8]) -> &[u8] {
    name.rsplit(|&byte| byte == b':').next().unwrap_or_default()
}

/// The tags of a text, each with what follows it up to the next.
struct Tags<'d>(&'d [u8]);

impl<'d> Tags<'d> {
    fn new(text: &'d [u8]) -> Self {
        Self(text)
    }
}

impl<'d> Iterator for Tags<'d> {
    type Item = (Tag<'d>, &'d [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let start = memchr::memchr(b'<', self.0)?.checked_add(1)?;
        let inside = self.0.get(start..)?;
        let length = end_of_tag(inside)?;
        let (tag, behind) = inside.split_at_checked(length)?;
        let behind = behind.get(1..).unwrap_or_default();
        let text = memchr::memchr(b'<', behind).unwrap_or(behind.len());
        let (text, rest) = behind.split_at_checked(text)?;
        self.0 = rest;
        Some((Tag(tag), text))
    }
}

/// Where a tag ends: values may hold the bracket that ends it. A quotation that does not end soon is
/// taken for none.
fn end_of_tag(inside: &[u8]) -> Option<usize> {
    const LONGEST: usize = 64 << 10;
    let first = memchr::memchr(b'>', inside)?;
    let mut quote = None;
    for (at, &byte) in inside.get(..LONGEST).unwrap_or(inside).iter().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return Some(at),
            (None, b'<') => break,
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    Some(first)
}

/// A text with its references resolved.
fn plain(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut plain = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some((front, behind)) = rest.split_once('&') {
        plain.push_str(front);
        let (character, behind) = reference(behind).unwrap_or(('&', behind));
        plain.push(character);
        rest = behind;
    }
    plain.push_str(rest);
    plain
}

/// The character that a reference behind its `&` stands for, and what follows it.
fn reference(text: &str) -> Option<(char, &str)> {
    const LONGEST: usize = 12;
    let length = text.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let (name, behind) = text.split_at_checked(length)?;
    Some((named(name)?, behind.get(1..)?))
}

fn named(name: &str) -> Option<char> {
    let number = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => name.strip_prefix('#')?,
    };
    let number = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    char::from_u32(number.ok()?)
}
