//! Certificate rows and the moduli that they point into.

use pellucid::set::layout::{
    CERTIFICATE_ANY_SERIAL, CERTIFICATE_CERTIFICATES, CERTIFICATE_CODE, CERTIFICATE_TIME,
    CERTIFICATE_TRUSTED, CertificateRow,
};
use sha2::{Digest as _, Sha256};
use zerocopy::IntoBytes;

use super::push_bytes;
use crate::report::BuildError;
use crate::source::Certificate;

/// The certificates of a set.
#[derive(Debug, Default)]
pub(crate) struct Certificates {
    pub(crate) rows: Vec<CertificateRow>,
    pub(crate) moduli: Vec<u8>,
}

/// A certificate as it is stored, but for its signature and the place of its modulus.
pub(crate) fn row(certificate: &Certificate) -> CertificateRow {
    let flags = [
        (certificate.trusted, CERTIFICATE_TRUSTED),
        (certificate.may_sign_code, CERTIFICATE_CODE),
        (certificate.may_sign_times, CERTIFICATE_TIME),
        (certificate.may_sign_certificates, CERTIFICATE_CERTIFICATES),
        (certificate.serial.is_none(), CERTIFICATE_ANY_SERIAL),
    ];
    CertificateRow {
        subject: certificate.subject,
        key: Sha256::digest(&certificate.modulus).into(),
        serial: certificate.serial.unwrap_or_default(),
        not_before: certificate.not_before.into(),
        flags: flags.into_iter().filter(|(set, _)| *set).fold(0, |flags, (_, flag)| flags | flag),
        reserved: 0,
        modulus_length: 0.into(),
        modulus: 0.into(),
        signature: 0.into(),
    }
}

impl Certificates {
    /// Adds a certificate. The modulus is stored only where signatures are verified with it.
    pub(crate) fn add(
        &mut self,
        certificate: &Certificate,
        signature: u32,
    ) -> Result<(), BuildError> {
        let mut row = row(certificate);
        row.signature = signature.into();
        if certificate.trusted && certificate.may_sign_certificates {
            row.modulus = push_bytes(&mut self.moduli, &certificate.modulus)?.offset;
            row.modulus_length = u16::try_from(certificate.modulus.len()).unwrap_or(0).into();
        }
        self.rows.push(row);
        Ok(())
    }

    /// Sorts the rows by what they are looked up by.
    pub(crate) fn settle(&mut self) {
        self.rows.sort_by_key(|row| (row.subject, row.key, row.serial));
    }
}

/// Feeds what a certificate record says into a fingerprint.
pub(crate) fn feed(certificate: &Certificate, hash: &mut Sha256) {
    hash.update(row(certificate).as_bytes());
}
