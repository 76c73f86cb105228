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
    for_each_string(data, resources, ledger, |string, ledger| {
        strings.push((ledger.wide_text(string.key), ledger.wide_text(string.rest)));
    });
    strings
}

/// Where in the file the names of all strings begin.
pub(super) fn keys(data: &[u8], resources: &[Resource], ledger: &mut Ledger<'_>) -> Vec<u64> {
    let mut places = Vec::new();
    for_each_string(data, resources, ledger, |string, _| places.push(string.key_at));
    places.sort_unstable();
    places.dedup();
    places
}

/// Calls `take` with every string of every version resource, as far as the limit goes.
fn for_each_string<'b>(
    data: &[u8],
    resources: &[Resource],
    ledger: &mut Ledger<'b>,
    mut take: impl FnMut(&Block<'_>, &mut Ledger<'b>),
) {
    let mut taken = 0_usize;
    for resource in resources.iter().filter(|resource| resource.kind == VERSION) {
        let Some(offset) = resource.offset else {
            continue;
        };
        let bytes = slice(data, &clamped(offset, resource.size.into(), data.len()));
        if !ledger.goes_on("version strings") {
            return;
        }
        for string in strings(Blocks { bytes, at: offset }) {
            if !ledger.admits(taken, "version strings") {
                return;
            }
            taken = taken.saturating_add(1);
            take(&string, ledger);
        }
    }
}

/// The strings of one version resource.
fn strings(resource: Blocks<'_>) -> impl Iterator<Item = Block<'_>> {
    let tables = resource
        .take(1)
        .flat_map(|version| version.children())
        .filter(|information| information.key_is("StringFileInfo"))
        .flat_map(|information| information.inside());
    tables.flat_map(|table| table.inside())
}

struct Block<'a> {
    /// UTF-16, without its end.
    key: &'a [u8],
    /// Where the key begins in the file.
    key_at: u64,
    /// Bytes of the value, where there are children behind it.
    value_size: u64,
    /// Value and children.
    rest: &'a [u8],
    /// Where they begin in the file.
    rest_at: u64,
}

impl<'a> Block<'a> {
    /// The block at the start of `bytes`, which are `at` in the file, and its length with the padding.
    fn read(bytes: &'a [u8], at: u64) -> Option<(Self, u64)> {
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
        let rest_at = at.saturating_add(behind_key).saturating_add(padding).saturating_sub(2);
        let key_at = at.saturating_add(header);
        Some((Self { key, key_at, value_size, rest, rest_at }, aligned(length)))
    }

    /// The blocks behind the value.
    fn children(&self) -> Blocks<'a> {
        self.inside().behind(aligned(self.value_size))
    }

    /// The blocks inside, where there is no value.
    fn inside(&self) -> Blocks<'a> {
        Blocks { bytes: self.rest, at: self.rest_at }
    }

    fn key_is(&self, name: &str) -> bool {
        self.key.iter().copied().eq(name.encode_utf16().flat_map(u16::to_le_bytes))
    }
}

/// Blocks one behind the other. A block has at least its header of six bytes, so they end.
struct Blocks<'a> {
    bytes: &'a [u8],
    /// Where they begin in the file.
    at: u64,
}

impl Blocks<'_> {
    fn behind(self, length: u64) -> Self {
        let mut reader = Reader::new(self.bytes);
        let bytes = reader.skip(length).map_or(&[][..], |()| reader.rest());
        Self { bytes, at: self.at.saturating_add(length) }
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        let (block, length) = Block::read(self.bytes, self.at)?;
        *self = Blocks { bytes: self.bytes, at: self.at }.behind(length);
        Some(block)
    }
}

fn aligned(size: u64) -> u64 {
    size.saturating_add(3) & !3
}
