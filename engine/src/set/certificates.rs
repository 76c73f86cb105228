//! Certificate rows, as they are checked when a set is opened.

use super::error::SetError;
use super::layout::{CertificateRow, Section};
use super::open::{SignatureSet, broken, slice_of};

impl SignatureSet {
    /// Whether a modulus is one to verify with is asked when that is done.
    pub(super) fn check_certificates(&self) -> Result<(), SetError> {
        let rows = self.rows::<CertificateRow>(Section::Certificates);
        let (signatures, moduli) = (self.signatures(), self.section(Section::Moduli));
        for (number, row) in rows.iter().enumerate() {
            let modulus = slice_of(moduli, row.modulus.get(), row.modulus_length.get().into());
            let what = if row.signature.get() >= signatures {
                "no such signature"
            } else if modulus.is_none() {
                "modulus out of range"
            } else {
                continue;
            };
            return Err(broken(Section::Certificates, number, what));
        }
        let order = |row: &CertificateRow| (row.subject, row.key, row.serial);
        match rows.array_windows().position(|[a, b]| order(a) > order(b)) {
            Some(number) => Err(broken(Section::Certificates, number, "not in rising order")),
            None => Ok(()),
        }
    }
}
