//! The version resource: who made the program, as it says itself.
//!
//! VS_VERSIONINFO holds StringFileInfo, which holds a StringTable for each language, which holds
//! strings. All four are blocks of one shape: length, length of the value, kind, a zero-terminated
//! UTF-16 key, the value and the children, each part aligned to four bytes. The nesting is fixed, so
//! four loops read it.

use super::super::facts::{Resource, ResourceId};
use super::super::ledger::Ledger;
use super::super::record::{clamped, slice};
use crate::reader::Reader;

/// Number of the resource type.
const VERSION: ResourceId = ResourceId::Number(16);

/// Names and values of all version resources; there may be one for each language.
pub(super) fn read(
    data: &[u8],
    resources: &[Resource],
    ledger: &mut Ledger<'_>,
) -> Vec<(String, String)> {
    let mut strings = Vec::new();
    for resource in resources.iter().filter(|resource| resource.kind == VERSION) {
        let Some(offset) = resource.offset else {
            continue;
        };
        let bytes = slice(data, &clamped(offset, resource.size.into(), data.len()));
        if !ledger.goes_on("version strings") || !read_strings(bytes, &mut strings, ledger) {
            break;
        }
    }
    strings
}

/// Reads one version resource; false when the limit ends it all.
fn read_strings(
    bytes: &[u8],
    strings: &mut Vec<(String, String)>,
    ledger: &mut Ledger<'_>,
) -> bool {
    let tables = Blocks(bytes)
        .take(1)
        .flat_map(|version| Blocks(version.children()))
        .filter(|information| information.key_is("StringFileInfo"))
        .flat_map(|information| Blocks(information.rest));
    for string in tables.flat_map(|table| Blocks(table.rest)) {
        if !ledger.admits(strings.len(), "version strings") {
            return false;
        }
        strings.push((ledger.wide_text(string.key), ledger.wide_text(string.rest)));
    }
    true
}

struct Block<'a> {
    /// UTF-16, without its end.
    key: &'a [u8],
    /// Bytes of the value, where there are children behind it.
    value_size: u64,
    /// Value and children.
    rest: &'a [u8],
}

impl<'a> Block<'a> {
    /// The block at the start of `bytes`, and its length with the padding.
    fn read(bytes: &'a [u8]) -> Option<(Self, u64)> {
        let mut reader = Reader::new(bytes);
        let length = u64::from(reader.u16_le().ok()?);
        let value_size = u64::from(reader.u16_le().ok()?);
        reader.skip(2).ok()?;
        let header = reader.position() as u64;
        let mut inner =
            reader.sub(length.checked_sub(header)?.min(reader.remaining() as u64)).ok()?;
        let (units, _) = inner.rest().as_chunks::<2>();
        let key_units = units.iter().take_while(|&&unit| unit != [0, 0]).count() as u64;
        let key = inner.bytes(key_units.checked_mul(2)?).ok()?;
        let behind_key = header.checked_add(key_units.checked_mul(2)?)?.checked_add(2)?;
        let padding = aligned(behind_key).saturating_sub(behind_key).saturating_add(2);
        let rest = inner.skip(padding).map_or(&[][..], |()| inner.rest());
        Some((Self { key, value_size, rest }, aligned(length)))
    }

    fn children(&self) -> &'a [u8] {
        let mut reader = Reader::new(self.rest);
        reader.skip(aligned(self.value_size)).map_or(&[][..], |()| reader.rest())
    }

    fn key_is(&self, name: &str) -> bool {
        self.key.iter().copied().eq(name.encode_utf16().flat_map(u16::to_le_bytes))
    }
}

/// Blocks one behind the other. A block has at least its header of six bytes, so they end.
struct Blocks<'a>(&'a [u8]);

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        let (block, length) = Block::read(self.0)?;
        let mut reader = Reader::new(self.0);
        self.0 = reader.skip(length).map_or(&[][..], |()| reader.rest());
        Some(block)
    }
}

fn aligned(size: u64) -> u64 {
    size.saturating_add(3) & !3
}
