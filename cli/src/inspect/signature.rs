//! The signature of a PE, for people who write `.crb` records about its certificates.

use pellucid::inspect::{CertificateFacts, CountersignatureFacts, SignatureFacts};
use pellucid::json::hexadecimal as digits;

use super::text::{Written, line, list};
use crate::shown;
use crate::units::date;

/// The name in the record that is shown; people write their own.
const NAME: &str = "Name";

/// What the signature says, and what of it is true.
pub(super) fn lines(out: &mut Vec<u8>, facts: &SignatureFacts) -> Written {
    if facts.digest_algorithm.is_empty() {
        return line(out, "Signature", Some("broken".into()));
    }
    let matches = if facts.digest_matches { "is the file's" } else { "is NOT the file's" };
    let digest = format!("{} {} {matches}", facts.digest_algorithm, digits(&facts.digest));
    line(out, "Signed digest", Some(digest))?;
    line(out, "Signature", Some(made_by(facts.signer, facts.verifies)))?;
    line(out, "Countersigned", facts.countersignature.as_ref().map(countersigned))?;
    line(out, "Not read", not_read(facts))
}

/// By which certificate a signature was made. They are counted from 1.
fn made_by(signer: Option<usize>, verifies: bool) -> String {
    match (signer, verifies) {
        (Some(signer), true) => format!("by certificate {}, verified", signer.saturating_add(1)),
        (Some(signer), false) => {
            format!("by certificate {}, which does NOT verify", signer.saturating_add(1))
        }
        (None, _) => "by a certificate that is not there".into(),
    }
}

fn countersigned(facts: &CountersignatureFacts) -> String {
    format!("{} {}", date(facts.time), made_by(facts.signer, facts.verifies))
}

fn not_read(facts: &SignatureFacts) -> Option<String> {
    let there = [
        (facts.has_nested_signature, "a second signature"),
        (facts.has_time_stamp_token, "a time stamp of RFC 3161"),
    ];
    let there: Vec<&str> =
        there.into_iter().filter(|(there, _)| *there).map(|(_, what)| what).collect();
    (!there.is_empty()).then(|| there.join(" and "))
}

/// Every certificate, with a record that blocks it.
pub(super) fn certificates(out: &mut Vec<u8>, facts: &SignatureFacts) -> Written {
    let numbered = facts.certificates.iter().zip(1_u64..);
    let described: Vec<String> =
        numbered.map(|(facts, number)| certificate(number, facts)).collect();
    list(out, "Certificates", described.into_iter())
}

fn certificate(number: u64, facts: &CertificateFacts) -> String {
    let issuer = match facts.signed_by {
        Some(index) => format!(" (certificate {}, verified)", index.saturating_add(1)),
        None => String::new(),
    };
    let subject = shown::name(&facts.subject);
    let algorithm = facts.digest_algorithm.unwrap_or("an unknown digest");
    [
        format!("{number}  {subject}"),
        format!("issued by {}{issuer}", shown::name(&facts.issuer)),
        format!("valid {} to {}", date(facts.not_before), date(facts.not_after)),
        format!("RSA of {} bits, {algorithm}; {}", facts.key_bits, uses(facts)),
        format!("serial number {}", digits(&facts.serial)),
        format!(".crb: {}", facts.record(NAME, false, &subject.replace(';', ","))),
    ]
    .join("\n     ")
}

fn uses(facts: &CertificateFacts) -> String {
    let uses = [
        (facts.uses.code, "programs"),
        (facts.uses.time, "time stamps"),
        (facts.uses.certificates, "certificates"),
    ];
    let uses: Vec<&str> = uses.into_iter().filter(|(may, _)| *may).map(|(_, what)| what).collect();
    match uses.is_empty() {
        true => "may sign nothing".into(),
        false => format!("may sign {}", uses.join(", ")),
    }
}
