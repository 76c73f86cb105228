//! What lies in a PE and may be a file of its own: its resources, and what stands behind it.

use std::ops::Range;

use super::super::facts::Resource;
use super::super::ledger::{Anomalies, Ledger};
use super::image::{Directory, Image};
use super::resources;
use crate::limits::{Budget, Stop};
use crate::reader::Reader;

/// Bytes of a symbol in the table that some linkers write behind the sections.
const SYMBOL: u64 = 18;
/// Where the header of the .NET runtime has the place of resources.
const DOT_NET_RESOURCES: u64 = 24;

/// The parts of one PE.
pub(crate) struct PeParts {
    /// Its resources, as the tree has them.
    pub(crate) resources: Vec<Resource>,
    /// Where the resources of .NET lie, behind each other.
    pub(crate) dot_net: Option<Range<u64>>,
    /// Bytes behind sections and symbols that are not signatures.
    pub(crate) behind: Vec<Range<u64>>,
    /// Why resources were left unread, if any were.
    pub(crate) refused: Option<Stop>,
}

impl PeParts {
    /// The parts of the PE at the start of `data`.
    pub(crate) fn read(data: &[u8], budget: &Budget) -> Option<Self> {
        let image = Image::read(data, &mut Anomalies::ignored())?;
        let mut ledger = Ledger::new(budget);
        let resources = resources::read(&image, &mut ledger);
        let (dot_net, behind) = (dot_net(&image), behind(&image));
        Some(Self { resources, dot_net, behind, refused: ledger.refused() })
    }
}

/// The resources of .NET, by the header of its runtime (ECMA-335, II.25.3.3).
fn dot_net(image: &Image<'_>) -> Option<Range<u64>> {
    let header = image.directory(Directory::DotNet)?;
    let field = u64::from(header.virtual_address).saturating_add(DOT_NET_RESOURCES);
    let (address, size) = (image.u32(field)?, image.u32(field.saturating_add(4))?);
    let start = image.offset(address.into()).filter(|_| address != 0)?;
    let end = start.saturating_add(size.into()).min(image.data.len() as u64);
    (start < end).then_some(start..end)
}

/// What is behind the program, before and behind its signatures.
fn behind(image: &Image<'_>) -> Vec<Range<u64>> {
    let Some(overlay) = image.overlay() else { return Vec::new() };
    let start = end_of_symbols(image).unwrap_or(0).clamp(overlay.start, overlay.end);
    let signatures = signatures(image, start, overlay.end);
    let parts = [start..signatures.start, signatures.end..overlay.end];
    parts.into_iter().filter(|part| part.start < part.end).collect()
}

/// The signatures, as far as they lie between `start` and `end`; else nothing before `end`.
fn signatures(image: &Image<'_>, start: u64, end: u64) -> Range<u64> {
    let directory = image.directory(Directory::Certificates).filter(|it| it.size > 0);
    let declared = directory.map(|it| {
        let from = u64::from(it.virtual_address);
        from..from.saturating_add(it.size.into())
    });
    match declared.filter(|declared| declared.start >= start && declared.start < end) {
        Some(declared) => declared.start..declared.end.min(end),
        None => end..end,
    }
}

/// Where the table of symbols ends, with the names behind it.
fn end_of_symbols(image: &Image<'_>) -> Option<u64> {
    let table = u64::from(image.coff.pointer_to_symbol_table);
    let count = u64::from(image.coff.number_of_symbol_table);
    let names = table.checked_add(count.checked_mul(SYMBOL)?).filter(|_| table > 0 && count > 0)?;
    let size = Reader::at(image.data, names).and_then(|mut reader| reader.u32_le()).unwrap_or(0);
    Some(names.saturating_add(size.into()))
}
