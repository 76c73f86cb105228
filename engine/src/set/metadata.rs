//! Checks the rows of container metadata, file types and passwords when a set is opened.

#![warn(clippy::arithmetic_side_effects)]

use super::error::SetError;
use super::layout::{FileTypeRow, ListingRow, MAX_LISTED_NAME, NumberRange, PasswordRow, Section};
use super::open::{SignatureSet, broken, slice_of, spend};
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

    pub(super) fn check_file_types(&self) -> Result<(), SetError> {
        let bytes = self.section(Section::Bytes);
        for (number, row) in self.rows::<FileTypeRow>(Section::FileTypes).iter().enumerate() {
            let is_kind = |kind| ClamType::from_number(kind).is_some();
            let what = if !is_kind(row.kind) {
                "unknown type"
            } else if row.required != FileTypeRow::NOTHING && !is_kind(row.required) {
                "unknown required type"
            } else if slice_of(bytes, row.magic.get(), row.magic_length.get().into()).is_none() {
                "magic number out of range"
            } else {
                continue;
            };
            return Err(broken(Section::FileTypes, number, what));
        }
        Ok(())
    }

    /// Every password has bytes of its own.
    pub(super) fn check_passwords(&self) -> Result<(), SetError> {
        let bytes = self.section(Section::Bytes);
        let mut left = bytes.len();
        for (number, row) in self.rows::<PasswordRow>(Section::Passwords).iter().enumerate() {
            let is_there = slice_of(bytes, row.offset.get(), row.length.get()).is_some();
            if !is_there || !spend(&mut left, row.length.get()) {
                return Err(broken(Section::Passwords, number, "password out of range"));
            }
        }
        Ok(())
    }

    /// The passwords that it brings along.
    pub(crate) fn passwords(&self) -> impl Iterator<Item = &[u8]> {
        let bytes = self.section(Section::Bytes);
        let rows = self.rows::<PasswordRow>(Section::Passwords).iter();
        rows.filter_map(move |row| slice_of(bytes, row.offset.get(), row.length.get()))
    }
}

impl NumberRange {
    fn is_in_order(&self) -> bool {
        self.least.get() <= self.greatest.get()
    }
}
