//! Rows of what is no signature of an object's bytes: container metadata, file types and passwords.

use std::collections::HashSet;

use pellucid::identify::clam_types::ClamType;
use pellucid::matcher::{FileTypePattern, Magic};
use pellucid::set::layout::{FileTypeRow, ListingRow, PasswordRow, StringRef};
use pellucid::unpack::Passwords;
use sha2::{Digest as _, Sha256};
use zerocopy::IntoBytes;

use super::prepare::{self, PreparedPattern};
use super::{Added, push_bytes, row_number};
use crate::diagnostic::Fault;
use crate::report::BuildError;

/// A file type made ready for the set.
#[derive(Debug)]
pub(crate) struct PreparedFileType {
    /// Complete but for the place of its magic number.
    row: FileTypeRow,
    magic: Vec<u8>,
    pub(super) pattern: Option<PreparedPattern>,
}

pub(super) fn prepare_file_type(found: &FileTypePattern) -> Result<PreparedFileType, Fault> {
    let mut row = FileTypeRow {
        kind: found.kind.number(),
        required: found.required.map_or(FileTypeRow::NOTHING, ClamType::number),
        by_pattern: 0,
        reserved: 0,
        at: 0.into(),
        magic_length: 0.into(),
        magic: 0.into(),
    };
    match &found.magic {
        Magic::Bytes { at, bytes } => {
            row.at = (*at).into();
            Ok(PreparedFileType { row, magic: bytes.clone(), pattern: None })
        }
        Magic::Body(pattern) => {
            row.by_pattern = 1;
            let pattern = Some(prepare::pattern_alone(pattern)?);
            Ok(PreparedFileType { row, magic: Vec::new(), pattern })
        }
    }
}

pub(super) fn check_password(password: &[u8]) -> Result<(), Fault> {
    if password.len() > Passwords::LONGEST {
        let message = format!("the password is longer than {} bytes", Passwords::LONGEST);
        return Err(Fault::skipped("long password", message));
    }
    Ok(())
}

impl PreparedFileType {
    /// Feeds a fingerprint with all that it says.
    pub(super) fn feed(&self, hash: &mut Sha256) {
        hash.update(self.row.as_bytes());
        hash.update((self.magic.len() as u64).to_le_bytes());
        hash.update(&self.magic);
        if let Some(pattern) = &self.pattern {
            pattern.feed(hash);
        }
    }
}

/// The rows of a set in the making.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    pub(super) listings: Vec<ListingRow>,
    pub(super) file_types: Vec<FileTypeRow>,
    pub(super) passwords: Vec<PasswordRow>,
    /// Magic numbers and passwords.
    pub(super) bytes: Vec<u8>,
    seen: HashSet<[u8; 32]>,
}

impl Metadata {
    pub(super) fn is_empty(&self) -> bool {
        self.file_types.is_empty() && self.passwords.is_empty()
    }

    /// Adds a signature of container metadata, whose name pattern is at `name`.
    pub(super) fn add_listing(&mut self, row: ListingRow, signature: u32, name: StringRef) {
        self.listings.push(ListingRow { signature: signature.into(), name, ..row });
    }

    /// Adds a file type, and says in which row, unless it was there before.
    pub(super) fn add_file_type(
        &mut self,
        found: &PreparedFileType,
    ) -> Result<Option<u32>, BuildError> {
        let mut hash = Sha256::new();
        hash.update([0]);
        found.feed(&mut hash);
        if !self.seen.insert(hash.finalize().into()) {
            return Ok(None);
        }
        let row = row_number(self.file_types.len(), "file types")?;
        let magic = push_bytes(&mut self.bytes, &found.magic)?;
        let magic_length = u16::try_from(found.magic.len()).unwrap_or(0).into();
        self.file_types.push(FileTypeRow { magic: magic.offset, magic_length, ..found.row });
        Ok(Some(row))
    }

    pub(super) fn add_password(&mut self, password: &[u8]) -> Result<Added, BuildError> {
        if !self
            .seen
            .insert(Sha256::new().chain_update([1]).chain_update(password).finalize().into())
        {
            return Ok(Added::Again);
        }
        let place = push_bytes(&mut self.bytes, password)?;
        self.passwords.push(PasswordRow { offset: place.offset, length: place.length });
        Ok(Added::New)
    }
}
