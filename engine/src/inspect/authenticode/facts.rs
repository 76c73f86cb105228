//! What people who write about certificates want to see of a signature: what it says, and which of its
//! own signatures verify. Whom to trust is not asked here.

use std::collections::HashMap;

use super::super::facts::{
    CertificateFacts, CertificateUses, CountersignatureFacts, SignatureFacts,
};
use super::super::ledger::Ledger;
use super::Authenticode;
use super::algorithm::Algorithm;
use super::certificate::Certificate;
use super::chain::{is_named, verifies};
use super::der::Malformed;
use super::signature::Signature;
use super::signed_data::{Listed, Statement};
use super::{is_padding, names};
use crate::limits::{Limit, Stop};

/// Signatures on certificates that are verified; each costs as much as a megabyte of digests.
const MOST_VERIFICATIONS: usize = 200;

/// The facts about the signature of a PE, if there is one.
pub(crate) fn read(data: &[u8], ledger: &mut Ledger<'_>) -> Option<SignatureFacts> {
    let read = match Authenticode::try_read(data)? {
        Ok(read) => read,
        Err(Malformed(words)) => {
            ledger.anomaly(|| format!("signature: {words}"));
            return None;
        }
    };
    let mut facts = SignatureFacts::default();
    let certificates = read_certificates(&read, ledger);
    if !is_padding(read.signed.rest) {
        ledger.anomaly(|| "signature: there are bytes behind it that it does not cover".to_owned());
    }
    match &read.signed.statement {
        Ok(statement) => state(&mut facts, &read, statement, &certificates, ledger),
        Err(Malformed(words)) => ledger.anomaly(|| format!("signature: {words}")),
    }
    let issuers = find_issuers(&certificates, ledger);
    let described = certificates.iter().zip(issuers);
    facts.certificates =
        described.map(|(certificate, issuer)| describe(certificate, issuer, ledger)).collect();
    Some(facts)
}

fn read_certificates<'a>(read: &Authenticode<'a>, ledger: &mut Ledger<'_>) -> Vec<Certificate<'a>> {
    let mut certificates = Vec::new();
    for listed in read.certificates() {
        if !ledger.admits(certificates.len(), "certificates") {
            break;
        }
        match listed {
            Listed::Certificate(certificate) => certificates.push(certificate),
            Listed::Unreadable(Malformed(words)) | Listed::Broken(Malformed(words)) => {
                ledger.anomaly(|| format!("a certificate that is not looked at: {words}"));
            }
        }
    }
    certificates
}

/// What the signature says, and what of it is true.
fn state(
    facts: &mut SignatureFacts,
    read: &Authenticode<'_>,
    statement: &Statement<'_>,
    certificates: &[Certificate<'_>],
    ledger: &mut Ledger<'_>,
) {
    facts.digest_algorithm = statement.file_algorithm.name();
    facts.digest = statement.file_digest.to_vec();
    match read.place.digest(read.data, statement.file_algorithm, ledger.budget()) {
        Ok(digest) => facts.digest_matches = digest == statement.file_digest,
        Err(stop) => ledger.cut(stop, "the digest that is signed".to_owned()),
    }
    let (signer, verified) = find_signer(&statement.signature, certificates);
    facts.signer = signer;
    facts.verifies = verified;
    facts.has_nested_signature = statement.has_nested;
    facts.has_time_stamp_token = statement.has_token;
    facts.countersignature = statement.countersignature.map(|countersignature| {
        let (signer, verified) = find_signer(&countersignature.signature, certificates);
        CountersignatureFacts { time: countersignature.time, signer, verifies: verified }
    });
}

/// The certificate that a signature names, and whether it verifies with it.
fn find_signer(
    signature: &Signature<'_>,
    certificates: &[Certificate<'_>],
) -> (Option<usize>, bool) {
    let signer = certificates.iter().position(|certificate| is_named(certificate, signature));
    let verified = signer
        .and_then(|index| certificates.get(index))
        .is_some_and(|certificate| verifies(certificate, signature));
    (signer, verified)
}

/// For each certificate the one whose key verifies the signature on it.
fn find_issuers(certificates: &[Certificate<'_>], ledger: &mut Ledger<'_>) -> Vec<Option<usize>> {
    let mut of_name: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (index, certificate) in certificates.iter().enumerate() {
        of_name.entry(certificate.subject).or_default().push(index);
    }
    let mut left = MOST_VERIFICATIONS;
    let mut verifies = |certificate: &Certificate<'_>, issuer: usize| {
        let Some(rest) = left.checked_sub(1).filter(|_| ledger.check("certificates")) else {
            let words = format!("signatures on certificates: {MOST_VERIFICATIONS} were verified");
            ledger.cut(Stop::Limit(Limit::Facts), words);
            return false;
        };
        left = rest;
        certificates.get(issuer).is_some_and(|issuer| certificate.is_signed_by(&issuer.key))
    };
    let issuer = |certificate: &Certificate<'_>| {
        let mut candidates = of_name.get(certificate.issuer)?.iter().copied();
        candidates.find(|&candidate| verifies(certificate, candidate))
    };
    certificates.iter().map(issuer).collect()
}

fn describe(
    certificate: &Certificate<'_>,
    issuer: Option<usize>,
    ledger: &mut Ledger<'_>,
) -> CertificateFacts {
    let uses = certificate.uses;
    CertificateFacts {
        subject: names::readable(certificate.subject, ledger),
        issuer: names::readable(certificate.issuer, ledger),
        serial: certificate.serial.to_vec(),
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        subject_sha1: Algorithm::Sha1.digest(&[certificate.subject]),
        serial_sha1: Algorithm::Sha1.digest(&[certificate.serial]),
        modulus: certificate.modulus().to_vec(),
        exponent: certificate.exponent().to_vec(),
        key_bits: certificate.key.bits(),
        digest_algorithm: certificate.algorithm.map(Algorithm::name),
        uses: CertificateUses { code: uses.code, time: uses.time, certificates: uses.certificates },
        signed_by: issuer,
    }
}
