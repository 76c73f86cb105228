//! A signature of container metadata made ready for the set.

use std::ops::RangeInclusive;

use pellucid::identify::clam_types::ClamType;
use pellucid::matcher::ListingPattern;
use pellucid::set::layout::{ListingRow, MAX_LISTED_NAME, NumberRange, StringRef};
use sha2::{Digest as _, Sha256};
use zerocopy::IntoBytes;

use crate::diagnostic::Fault;

/// What a container says of an entry, as a row.
#[derive(Debug)]
pub(crate) struct PreparedListing {
    /// Complete but for signature and name.
    pub(crate) row: ListingRow,
    pub(crate) name: String,
}

impl PreparedListing {
    /// Feeds a fingerprint with all that is looked for.
    pub(super) fn feed(&self, hash: &mut Sha256) {
        hash.update(self.row.as_bytes());
        hash.update(&self.name);
    }
}

pub(super) fn prepare(listing: &ListingPattern) -> Result<PreparedListing, Fault> {
    let name = listing.name.clone().unwrap_or_default();
    if name.len() as u64 > MAX_LISTED_NAME.into() {
        let message = "the pattern for the entry's name is too long";
        return Err(Fault::skipped("large name pattern", message));
    }
    let row = ListingRow {
        signature: 0.into(),
        name: StringRef { offset: 0.into(), length: 0.into() },
        container: listing.container.unwrap_or(ClamType::ANY).number(),
        encrypted: listing.encrypted.map_or(ListingRow::EITHER, u8::from),
        reserved: 0.into(),
        container_size: range(&listing.container_size),
        packed: range(&listing.packed),
        size: range(&listing.size),
        position: range(&listing.position),
    };
    Ok(PreparedListing { row, name })
}

fn range(range: &RangeInclusive<u64>) -> NumberRange {
    NumberRange { least: (*range.start()).into(), greatest: (*range.end()).into() }
}
