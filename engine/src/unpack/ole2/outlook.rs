//! Outlook messages (MS-OXMSG 2.2): each property is a stream whose name has its number.
//!
//! The content of an attachment is a stream, and its name is another one beside it. Messages in messages
//! are storages, whose streams the walk hands out like all others.

use std::io::Read as _;

use super::directory::{Directory, Kind, Record};
use super::sectors::{Chain, Sectors};
use crate::limits::{Budget, Grant, Stop};
use crate::unpack::shown;

/// Names are not longer than this.
const NAME: u64 = 1024;

/// The streams that name attachments, by their storage.
#[derive(Debug, Default)]
pub(super) struct Attachments {
    /// Storage, how good the name is (the smaller the better), record.
    names: Vec<(u32, u8, u32)>,
    grant: Option<Grant>,
}

impl Attachments {
    pub(super) fn find(
        directory: &Directory,
        sectors: &Sectors<'_>,
        budget: &Budget,
    ) -> Result<Self, Stop> {
        const COST: u64 = 24;
        let mut attachments = Self::default();
        for at in 0..directory.count() {
            let Some(record) = directory.entry(sectors, at) else { continue };
            let Some(order) = order(&record) else { continue };
            match &mut attachments.grant {
                Some(grant) => grant.grow(COST)?,
                none => *none = Some(budget.hold(COST)?),
            }
            attachments.names.push((directory.parent(at), order, at));
        }
        attachments.names.sort_unstable();
        Ok(attachments)
    }

    /// The name of the attachment whose content this record is.
    pub(super) fn name(
        &self,
        directory: &Directory,
        sectors: &Sectors<'_>,
        at: u32,
        budget: &Budget,
    ) -> Result<Option<Vec<u8>>, Stop> {
        let parent = directory.parent(at);
        let first = self.names.partition_point(|&(storage, _, _)| storage < parent);
        let found = self.names.get(first).filter(|(storage, _, _)| *storage == parent);
        let Some(&(_, order, name)) = found else { return Ok(None) };
        let Some(stream) = directory.entry(sectors, name) else { return Ok(None) };
        let chain = Chain::of(sectors, &stream).take(NAME);
        let bytes = budget.decode(chain, sectors.size())?.bytes;
        let name = if is_wide(order) { utf8(&bytes) } else { bytes };
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        Ok((!name.is_empty()).then(|| shown(name).into_bytes()))
    }
}

/// Whether a stream is the content of an attachment.
pub(super) fn is_content(record: &Record) -> bool {
    record.is_named("__substg1.0_37010102")
}

/// Whether a stream is the text of a message as compressed RTF.
pub(super) fn is_compressed_text(record: &Record) -> bool {
    record.is_named("__substg1.0_10090102")
}

/// How good a name is, if a stream is one: the long name, then that of eight letters, in UTF-16 or not.
fn order(record: &Record) -> Option<u8> {
    const NAMES: [&str; 4] = [
        "__substg1.0_3707001F",
        "__substg1.0_3707001E",
        "__substg1.0_3704001F",
        "__substg1.0_3704001E",
    ];
    let is_stream = record.kind == Kind::Stream;
    let order = NAMES.iter().position(|name| is_stream && record.is_named(name))?;
    u8::try_from(order).ok()
}

fn is_wide(order: u8) -> bool {
    order.is_multiple_of(2)
}

fn utf8(bytes: &[u8]) -> Vec<u8> {
    let units = bytes.chunks_exact(2);
    let units =
        units.map(|unit| unit.iter().rev().fold(0, |unit, &byte| unit << 8 | u16::from(byte)));
    let decoded = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    decoded.collect::<String>().into_bytes()
}
