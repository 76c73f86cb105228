//! Authenticode: who signed a PE, and whether that is true.
//!
//! A signed PE ends with its signatures. [`Authenticode`] reads the first of them: PKCS #7 signed data
//! with the file's digest, the signer's certificate, and those that lead to a root. Two things are asked
//! of it, both in the way of ClamAV's `.crb` records, whose documentation and behaviour (of ClamAV 1.4,
//! found out with signed files of all kinds) are the specification here:
//!
//! - Which certificates does it bring along? One that somebody blocks gives the file away, whether or
//!   not anything verifies.
//! - Does somebody that is trusted vouch for this very file? That is said only where all of it holds:
//!   the file's digest, the signer's signature over it, the countersignature if there is one, the
//!   signatures on the certificates up to a trusted one, and the validity of the signer's certificate.
//!
//! The steps are [`place`] (where in the file, and its digest), [`signed_data`] and [`countersignature`]
//! (who says what), [`certificate`], and [`chain`] (is it true). Below them are [`der`], the cursor over
//! encoded values, and [`rsa`]. Nothing recurses; what costs is counted.
//!
//! Stricter than ClamAV in one point: bytes behind the signed data, inside of the directory, are covered
//! by no signature, and known to carry whole archives. Unless they are padding, nobody vouches for the
//! file.

mod algorithm;
mod certificate;
mod chain;
mod countersignature;
mod der;
mod facts;
mod names;
mod place;
mod rsa;
mod signature;
mod signed_data;
mod time;

pub(crate) use certificate::{Certificate, Uses};
pub(crate) use chain::{Anchor, Anchors, CERTIFICATES_BETWEEN_CHECKS};
pub(super) use facts::read as facts;
pub(crate) use signed_data::Listed;

use crate::limits::{Budget, Stop};
use chain::Chain;
use der::Malformed;
use place::Place;
use signed_data::SignedData;

/// Entries of the directory are filled up to a multiple of this.
const PADDING: usize = 8;

/// The signature of a PE; nothing in it is verified.
pub(crate) struct Authenticode<'a> {
    data: &'a [u8],
    place: Place,
    signed: SignedData<'a>,
}

impl<'a> Authenticode<'a> {
    /// Reads the signature of a PE. None where there is none, or its outer structure is broken.
    pub(crate) fn read(data: &'a [u8]) -> Option<Self> {
        Self::try_read(data)?.ok()
    }

    fn try_read(data: &'a [u8]) -> Option<Result<Self, Malformed>> {
        let place = Place::find(data)?;
        let signed = place.content(data).and_then(SignedData::read);
        Some(signed.map(|signed| Self { data, place, signed }))
    }

    /// Where the signature begins in the file.
    pub(crate) fn offset(&self) -> u64 {
        self.place.start
    }

    /// Its certificates.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = Listed<'a>> {
        self.signed.certificates()
    }

    /// The anchor that vouches for the file at the time `now`, in seconds since 1970.
    pub(crate) fn anchor(
        &self,
        anchors: &impl Anchors,
        now: i64,
        budget: &Budget,
    ) -> Result<Option<u32>, Stop> {
        let Ok(statement) = &self.signed.statement else { return Ok(None) };
        if !is_padding(self.signed.rest) {
            return Ok(None);
        }
        let Some(mut chain) = Chain::of(&self.signed, anchors, budget)? else { return Ok(None) };
        let Some(anchor) = chain.anchor_of(statement, now)? else { return Ok(None) };
        let digest = self.place.digest(self.data, statement.file_algorithm, budget)?;
        Ok((digest == statement.file_digest).then_some(anchor))
    }
}

fn is_padding(rest: &[u8]) -> bool {
    rest.len() < PADDING || rest.iter().all(|&byte| byte == 0)
}
