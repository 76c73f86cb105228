//! Countersignatures (PKCS #9, section 6.6): a time stamping authority's word on when a signature was
//! there.
//!
//! The time stamps of RFC 3161, which most programs have today, are another format. ClamAV does not
//! read them, and so they prolong no certificate's validity here either.

use super::algorithm::{Algorithm, RSA};
use super::der::{INTEGER, Malformed, SEQUENCE, Values};
use super::signature::Signature;
use super::time;

/// 1.2.840.113549.1.7.1
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
/// 1.2.840.113549.1.9.16.1.4
const TIME_STAMP: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];

/// A countersignature whose digest is that of the signature it is on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Countersignature<'a> {
    pub(super) signature: Signature<'a>,
    /// When it was made, in seconds since 1970.
    pub(super) time: i64,
}

impl<'a> Countersignature<'a> {
    /// Reads a countersignature on the signature `signed`.
    pub(super) fn read(values: &mut Values<'a>, signed: &[u8]) -> Result<Self, Malformed> {
        let mut signer = values.inside(SEQUENCE, "a countersignature is no sequence")?;
        match signer.content(INTEGER, "a countersignature has no version")? {
            [0 | 1] => {}
            _ => return Err(Malformed("a countersignature is of neither version 0 nor version 1")),
        }
        let (signature, attributes) = Signature::read(&mut signer)?;
        signer.end("a countersignature goes on behind its signature")?;
        let with_rsa = Algorithm::with_rsa(attributes.encryption);
        if attributes.encryption != RSA && with_rsa != Some(signature.algorithm) {
            return Err(Malformed("a countersignature names two algorithms"));
        }
        if ![DATA, TIME_STAMP].contains(&attributes.content_type) {
            return Err(Malformed("a countersignature on something else than a signature"));
        }
        let time = attributes.signing_time.ok_or(Malformed("a countersignature has no time"))?;
        if attributes.digest != signature.algorithm.digest(&[signed]) {
            return Err(Malformed("a countersignature is on another signature"));
        }
        Ok(Self { signature, time: time::read(&time)? })
    }
}
