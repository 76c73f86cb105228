//! Checks the rows of container metadata when a set is opened.

#![warn(clippy::arithmetic_side_effects)]

use super::error::SetError;
use super::layout::{ListingRow, MAX_LISTED_NAME, NumberRange, Section};
use super::open::{SignatureSet, broken};
use crate::identify::clam_types::ClamType;

impl SignatureSet {
    /// Everything but the names, which are compiled when they are used.
    pub(super) fn check_listings(&self) -> Result<(), SetError> {
        let signatures = self.signatures();
        for (number, row) in self.rows::<ListingRow>(Section::Listings).iter().enumerate() {
            let ranges = [row.container_size, row.packed, row.size, row.position];
            let what = if row.signature.get() >= signatures {
                "no such signature"
            } else if row.name.length.get() > MAX_LISTED_NAME || !self.is_text(row.name) {
                "name out of range"
            } else if ClamType::from_number(row.container).is_none() {
                "unknown kind of container"
            } else if row.encrypted > ListingRow::EITHER {
                "encryption is neither yes, no nor either"
            } else if !ranges.iter().all(NumberRange::is_in_order) {
                "range out of order"
            } else {
                continue;
            };
            return Err(broken(Section::Listings, number, what));
        }
        Ok(())
    }
}

impl NumberRange {
    fn is_in_order(&self) -> bool {
        self.least.get() <= self.greatest.get()
    }
}
