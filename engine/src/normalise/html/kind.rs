//! What is a page: whatever holds one of a few tags, anywhere.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use crate::limits::{Budget, Grant, Stop};

/// The tags that make a page of a text for ClamAV, all in small letters or all in capitals.
const TAGS: &[&[u8]] = &[b"html>", b"head>", b"iframe", b"img", b"object", b"script", b"table"];
/// How far tags are looked for in encodings that take several bytes for a letter.
const BEGINNING: usize = 1024;
/// Bytes that are looked through between two looks at the clock.
const STEP: usize = 4 << 20;
/// The longest tag, less one.
const OVERLAP: usize = 6;

/// Text that can be read byte by byte, and the memory that it is charged to, if it is a copy.
pub(in super::super) struct Readable<'d> {
    pub(in super::super) bytes: Cow<'d, [u8]>,
    _grant: Option<Grant>,
}

/// One byte a character. ClamAV narrows UTF-16, little-endian, so that what lies beyond Latin-1 comes out
/// as something else; of all other encodings it drops the NULs.
pub(in super::super) fn readable<'d>(
    data: &'d [u8],
    is_utf16_le: bool,
    budget: &Budget,
) -> Result<Readable<'d>, Stop> {
    if memchr(0, data).is_none() {
        return Ok(Readable { bytes: data.into(), _grant: None });
    }
    let grant = Some(budget.hold(data.len() as u64)?);
    let bytes: Vec<u8> = if is_utf16_le {
        let narrow = |[low, high]: &[u8; 2]| low.wrapping_add(high << 4);
        data.as_chunks().0.iter().map(narrow).filter(|&byte| byte != 0).collect()
    } else {
        data.iter().copied().filter(|&byte| byte != 0).collect()
    };
    Ok(Readable { bytes: bytes.into(), _grant: grant })
}

/// Whether text holds a tag that makes it a page; at its beginning, in any encoding.
pub(in super::super) fn is_page(text: &[u8], budget: &Budget) -> Result<bool, Stop> {
    let beginning = text.get(..BEGINNING).unwrap_or(text);
    let narrow: Vec<u8> = beginning.iter().copied().filter(|&byte| byte != 0).collect();
    if has_tag(&narrow) {
        return Ok(true);
    }
    for start in (0..text.len()).step_by(STEP) {
        budget.check()?;
        let end = start.saturating_add(STEP).saturating_add(OVERLAP).min(text.len());
        if text.get(start..end).is_some_and(has_tag) {
            return Ok(true);
        }
    }
    Ok(has_link(text, b"<a ", b"href", budget)? || has_link(text, b"<A ", b"HREF", budget)?)
}

fn has_tag(piece: &[u8]) -> bool {
    memchr_iter(b'<', piece).any(|at| {
        let name = piece.get(at.saturating_add(1)..).unwrap_or_default();
        TAGS.iter().any(|tag| name.get(..tag.len()).is_some_and(|name| is_in_one_case(name, tag)))
    })
}

fn is_in_one_case(name: &[u8], tag: &[u8]) -> bool {
    let is_large = || !name.iter().any(u8::is_ascii_lowercase) && name.eq_ignore_ascii_case(tag);
    name == tag || is_large()
}

fn has_link(text: &[u8], tag: &[u8], attribute: &[u8], budget: &Budget) -> Result<bool, Stop> {
    let Some(at) = budget.find(text, tag)? else { return Ok(false) };
    let behind = text.get(at..).unwrap_or_default();
    Ok(budget.find(behind, attribute)?.is_some())
}
