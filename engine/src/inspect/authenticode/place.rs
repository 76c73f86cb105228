//! Where a PE keeps its signature, and the digest that the signature is over.
//!
//! Follows "Windows Authenticode Portable Executable Signature Format" (Microsoft, 2008), with what
//! ClamAV and Windows really do: the digest runs over the file from its first byte to the signatures,
//! in the order of the file, whatever the sections say; only the checksum and the directory's own entry
//! are left out. Signatures are looked at only where they reach to the very end of the file: what is
//! behind them, no signature covers.

use super::algorithm::{Algorithm, Hasher};
use super::der::Malformed;
use crate::limits::{Budget, Stop};
use crate::reader::{OutOfBounds, Reader};

/// The header of an entry in the directory: length, revision, type.
const ENTRY_HEADER: u64 = 8;
/// Revision 2, PKCS #7 signed data: the only kind of entry there is.
const PKCS7: [u8; 4] = [0x00, 0x02, 0x02, 0x00];
/// Bytes digested between two looks at the clock.
const STEP: usize = 1 << 20;

/// Where the parts are that a signature does not cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The checksum: four bytes.
    checksum: u64,
    /// The directory's entry: eight bytes.
    entry: u64,
    /// The signatures, from here to the end of the file.
    pub(crate) start: u64,
}

impl Place {
    /// Finds the signatures of a PE. None where there are none, or not to the end of the file.
    pub(crate) fn find(data: &[u8]) -> Option<Self> {
        Self::read(data).ok().flatten()
    }

    fn read(data: &[u8]) -> Result<Option<Self>, OutOfBounds> {
        let header = u64::from(Reader::at(data, 0x3c)?.u32_le()?).saturating_add(24);
        let mut reader = Reader::at(data, header)?;
        let directories = header.saturating_add(match reader.u16_le()? {
            0x10b => 96,
            0x20b => 112,
            _ => return Ok(None),
        });
        let count = Reader::at(data, directories.saturating_sub(4))?.u32_le()?;
        let entry = directories.saturating_add(32);
        let mut reader = Reader::at(data, entry)?;
        let (start, size) = (u64::from(reader.u32_le()?), u64::from(reader.u32_le()?));
        let is_sound = count > 4
            && start >= entry.saturating_add(8)
            && size > ENTRY_HEADER
            && start.saturating_add(size) == data.len() as u64;
        Ok(is_sound.then_some(Self { checksum: header.saturating_add(64), entry, start }))
    }

    /// What the first entry of the directory holds, with all that is behind it: as in ClamAV, the
    /// entry's own length does not matter.
    pub(super) fn content<'a>(&self, data: &'a [u8]) -> Result<&'a [u8], Malformed> {
        let mut reader = Reader::at(data, self.start)?;
        reader.skip(4)?;
        match reader.array()? {
            PKCS7 => Ok(reader.rest()),
            _ => Err(Malformed("the signature is not of a known kind")),
        }
    }

    /// The digest over what a signature covers.
    pub(super) fn digest(
        &self,
        data: &[u8],
        algorithm: Algorithm,
        budget: &Budget,
    ) -> Result<Vec<u8>, Stop> {
        let pieces = [
            0..self.checksum,
            self.checksum.saturating_add(4)..self.entry,
            self.entry.saturating_add(8)..self.start,
        ];
        let mut hasher = Hasher::new(algorithm);
        for piece in pieces {
            // Places lie inside of the data, so they fit.
            let (start, end) = (piece.start as usize, piece.end as usize);
            for step in data.get(start..end).unwrap_or_default().chunks(STEP) {
                budget.check()?;
                hasher.update(step);
            }
        }
        Ok(hasher.finish())
    }
}
