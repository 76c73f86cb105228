//! Certificates of signed programs: those that a set blocks, and those that it trusts to vouch.
//!
//! A record names a certificate by its subject, its key and, unless any will do, its serial number. A
//! program that brings a blocked certificate along is found, whatever its signature is worth. Else, if a
//! trusted certificate vouches for the program (what that takes, says [`crate::inspect`]'s
//! `authenticode`), it is trusted. A set that blocks one of a program's certificates has no trust in
//! the others.

use std::time::{SystemTime, UNIX_EPOCH};

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{Hit, Subject};
use crate::identify::FileType;
use crate::inspect::authenticode::{
    Anchor, Anchors, Authenticode, CERTIFICATES_BETWEEN_CHECKS, Certificate, Listed, Uses,
};
use crate::limits::{Budget, Stop};
use crate::set::layout::{
    CERTIFICATE_ANY_SERIAL, CERTIFICATE_CERTIFICATES, CERTIFICATE_CODE, CERTIFICATE_TIME,
    CERTIFICATE_TRUSTED, CertificateRow, Section,
};
use crate::set::{SignatureSet, slice_of};
use crate::verdict::Method;

/// Adds the signatures of `set` that name a certificate of a signed program.
pub(super) fn search(
    set: &SignatureSet,
    subject: &Subject<'_>,
    budget: &Budget,
    hits: &mut Vec<Hit>,
) -> Result<(), Stop> {
    let rows = Rows::of(set);
    let is_pe = subject.landmarks.is_some_and(|landmarks| landmarks.file_type == FileType::Pe);
    if rows.rows.is_empty() || !is_pe || subject.view.is_some() {
        return Ok(());
    }
    let Some(signature) = Authenticode::read(subject.data) else { return Ok(()) };
    let hit = |signature_number| Hit {
        signature: signature_number,
        method: Method::Certificate,
        offset: Some(signature.offset()),
    };
    let blocked = rows.blocked(&signature, budget)?;
    if blocked.is_empty() && rows.trust_somebody() {
        let anchor = signature.anchor(&rows, now(), budget)?;
        hits.extend(anchor.map(hit));
    }
    hits.extend(blocked.into_iter().map(hit));
    Ok(())
}

/// Seconds since 1970: certificates are valid for a time.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// The rows of a set.
struct Rows<'s> {
    rows: &'s [CertificateRow],
    moduli: &'s [u8],
}

impl<'s> Rows<'s> {
    fn of(set: &'s SignatureSet) -> Self {
        Self { rows: set.rows(Section::Certificates), moduli: set.section(Section::Moduli) }
    }

    fn trust_somebody(&self) -> bool {
        self.rows.iter().any(is_trusted)
    }

    /// The signatures of blocked certificates.
    fn blocked(&self, signature: &Authenticode<'_>, budget: &Budget) -> Result<Vec<u32>, Stop> {
        let mut blocked = Vec::new();
        for (number, listed) in signature.certificates().enumerate() {
            if number % CERTIFICATES_BETWEEN_CHECKS == 0 {
                budget.check()?;
            }
            let certificate = match listed {
                Listed::Certificate(certificate) => certificate,
                Listed::Unreadable(_) => continue,
                Listed::Broken(_) => return Ok(Vec::new()),
            };
            for (step, row) in self.naming(&certificate).filter(|row| !is_trusted(row)).enumerate()
            {
                if step % CERTIFICATES_BETWEEN_CHECKS == 1 {
                    budget.check()?;
                }
                blocked.push(row.signature.get());
            }
            blocked.sort_unstable();
            blocked.dedup();
        }
        Ok(blocked)
    }

    /// The rows that name a certificate.
    fn naming(&self, certificate: &Certificate<'_>) -> impl Iterator<Item = &'s CertificateRow> {
        let subject: [u8; 20] = Sha1::digest(certificate.subject).into();
        let key: [u8; 32] = Sha256::digest(certificate.modulus()).into();
        let serial: [u8; 20] = Sha1::digest(certificate.serial).into();
        let order = move |row: &CertificateRow| (row.subject, row.key).cmp(&(subject, key));
        let first = self.rows.partition_point(|row| order(row).is_lt());
        let of_key = self.rows.iter().skip(first).take_while(move |row| order(row).is_eq());
        of_key.filter(move |row| row.serial == serial || row.flags & CERTIFICATE_ANY_SERIAL != 0)
    }
}

fn is_trusted(row: &CertificateRow) -> bool {
    row.flags & CERTIFICATE_TRUSTED != 0
}

fn uses(row: &CertificateRow) -> Uses {
    let has = |flag| row.flags & flag != 0;
    Uses {
        code: has(CERTIFICATE_CODE),
        time: has(CERTIFICATE_TIME),
        certificates: has(CERTIFICATE_CERTIFICATES),
    }
}

impl Anchors for Rows<'_> {
    fn direct(&self, certificate: &Certificate<'_>) -> Option<u32> {
        let speaks = |row: &&CertificateRow| {
            is_trusted(row)
                && uses(row).include(certificate.uses)
                && row.not_before.get() <= certificate.not_before
        };
        self.naming(certificate).find(speaks).map(|row| row.signature.get())
    }

    fn issuers(&self, name: &[u8]) -> impl Iterator<Item = Anchor<'_>> {
        let subject: [u8; 20] = Sha1::digest(name).into();
        let first = self.rows.partition_point(|row| row.subject < subject);
        let of_name = self.rows.iter().skip(first).take_while(move |row| row.subject == subject);
        of_name.filter(|row| is_trusted(row) && uses(row).certificates).filter_map(|row| {
            let length = row.modulus_length.get().into();
            let modulus = slice_of(self.moduli, row.modulus.get(), length)?;
            Some(Anchor { modulus, uses: uses(row), number: row.signature.get() })
        })
    }
}
