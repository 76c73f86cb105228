//! Whose word a signature is: the way from the signer's certificate up to one that somebody trusts.
//!
//! By ClamAV's rules. A certificate is trusted if an [`Anchor`] is this very certificate and allows all
//! that the certificate says it may do; or if an anchor, or a trusted certificate, that may sign
//! certificates bears the issuer's name and its key verifies the signature on the certificate. What
//! such a certificate may sign is what it says and its issuer allows; if that is nothing though it says
//! more, it is not trusted. Validity is asked of the signer's certificate alone, at the time of the
//! countersignature, or now where there is none. A countersignature that does not verify makes the
//! whole signature void.
//!
//! Files choose how many certificates there are and who seems to have issued whom. So no certificate is
//! tried twice with the same use of the same issuer, and both certificates and verifications are
//! counted; what would need more is not trusted, which takes no finding away.

use super::certificate::{Certificate, Uses};
use super::rsa::{COMMON_EXPONENT, PublicKey};
use super::signature::Signature;
use super::signed_data::{Listed, SignedData, Statement};
use crate::limits::{Budget, Stop};

/// Certificates that a chain is looked for in. Real signatures bring up to ten.
const MOST_CERTIFICATES: usize = 64;
/// How many certificates go by between two looks at the clock.
pub(crate) const CERTIFICATES_BETWEEN_CHECKS: usize = 1024;
/// Signatures that are verified for one file.
const MOST_VERIFICATIONS: u32 = 128;

/// A certificate that somebody trusts, without most of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchor<'a> {
    /// Its modulus, without leading zeros. Its exponent is 65537, whatever the certificate says.
    pub(crate) modulus: &'a [u8],
    pub(crate) uses: Uses,
    /// By this number it is known to those who asked.
    pub(crate) number: u32,
}

/// Who is trusted.
pub(crate) trait Anchors {
    /// The anchor that is this very certificate and allows all that it may do.
    fn direct(&self, certificate: &Certificate<'_>) -> Option<u32>;

    /// The anchors of this name that may sign certificates.
    fn issuers(&self, name: &[u8]) -> impl Iterator<Item = Anchor<'_>>;
}

/// A certificate on the way to trust.
struct Link<'a> {
    certificate: Certificate<'a>,
    /// What it may sign, and which anchor says so.
    trust: Option<(Uses, u32)>,
}

/// The links of one signature.
pub(super) struct Chain<'a, 'b> {
    links: Vec<Link<'a>>,
    verifications: u32,
    budget: &'b Budget,
}

impl<'a, 'b> Chain<'a, 'b> {
    /// Finds out which certificates are trusted. None where they are too many, or no list.
    pub(super) fn of(
        signed: &SignedData<'a>,
        anchors: &impl Anchors,
        budget: &'b Budget,
    ) -> Result<Option<Self>, Stop> {
        let mut links: Vec<Link<'a>> = Vec::new();
        for (number, listed) in signed.certificates().enumerate() {
            if number % CERTIFICATES_BETWEEN_CHECKS == 0 {
                budget.check()?;
            }
            let certificate = match listed {
                Listed::Certificate(certificate) => certificate,
                Listed::Unreadable(_) => continue,
                Listed::Broken(_) => return Ok(None),
            };
            if links.iter().any(|link| link.certificate.is_same(&certificate)) {
                continue;
            }
            if links.len() >= MOST_CERTIFICATES {
                return Ok(None);
            }
            links.push(Link { certificate, trust: None });
        }
        let mut chain = Self { links, verifications: 0, budget };
        chain.anchor(anchors)?;
        chain.spread()?;
        Ok(Some(chain))
    }

    /// Trusts what anchors speak for.
    fn anchor(&mut self, anchors: &impl Anchors) -> Result<(), Stop> {
        for index in 0..self.links.len() {
            let Some(link) = self.links.get(index) else { break };
            let certificate = link.certificate;
            if let Some(number) = anchors.direct(&certificate) {
                self.trust(index, certificate.uses, number);
                continue;
            }
            for anchor in anchors.issuers(certificate.issuer) {
                let Some(key) = PublicKey::new(anchor.modulus, COMMON_EXPONENT) else { continue };
                self.extend(index, &key, anchor.uses, anchor.number)?;
            }
        }
        Ok(())
    }

    /// Trusts what trusted certificates speak for, until nothing is new.
    fn spread(&mut self) -> Result<(), Stop> {
        let mut issuers: Vec<usize> = (0..self.links.len()).collect();
        while let Some(index) = issuers.pop() {
            let Some(issuer) = self.links.get(index) else { break };
            let (name, key) = (issuer.certificate.subject, issuer.certificate.key);
            let Some((uses, number)) = issuer.trust.filter(|(uses, _)| uses.certificates) else {
                continue;
            };
            for child in 0..self.links.len() {
                let is_child =
                    self.links.get(child).is_some_and(|link| link.certificate.issuer == name);
                if is_child && self.extend(child, &key, uses, number)? {
                    issuers.push(child);
                }
            }
        }
        Ok(())
    }

    /// Lets an issuer speak for a certificate, if its key verifies the signature there. Whether that
    /// brought anything new.
    fn extend(
        &mut self,
        index: usize,
        key: &PublicKey<'_>,
        issuer: Uses,
        number: u32,
    ) -> Result<bool, Stop> {
        let Some(link) = self.links.get(index) else { return Ok(false) };
        let own = link.certificate.uses;
        let allowed = Uses { code: own.code && issuer.code, time: own.time && issuer.time, ..own };
        let is_nothing = (own.code || own.time) && !(allowed.code || allowed.time);
        let is_known = link.trust.is_some_and(|(known, _)| known.include(allowed));
        if is_nothing || is_known || !self.may_verify()? {
            return Ok(false);
        }
        let Some(link) = self.links.get(index) else { return Ok(false) };
        if !link.certificate.is_signed_by(key) {
            return Ok(false);
        }
        self.trust(index, allowed, number);
        Ok(true)
    }

    fn trust(&mut self, index: usize, uses: Uses, number: u32) {
        if let Some(link) = self.links.get_mut(index) {
            let (known, number) = link.trust.unwrap_or((Uses::default(), number));
            link.trust = Some((known.join(uses), number));
        }
    }

    fn may_verify(&mut self) -> Result<bool, Stop> {
        self.budget.check()?;
        self.verifications = self.verifications.saturating_add(1);
        Ok(self.verifications <= MOST_VERIFICATIONS)
    }

    /// The trusted certificate that made a signature, for one of its uses.
    fn signer(
        &mut self,
        signature: &Signature<'_>,
        wanted: Uses,
    ) -> Result<Option<(Certificate<'a>, u32)>, Stop> {
        for index in 0..self.links.len() {
            let Some(link) = self.links.get(index) else { break };
            let certificate = link.certificate;
            let Some((uses, number)) = link.trust else { continue };
            if uses.include(wanted) && is_named(&certificate, signature) {
                if !self.may_verify()? {
                    return Ok(None);
                }
                if verifies(&certificate, signature) {
                    return Ok(Some((certificate, number)));
                }
            }
        }
        Ok(None)
    }

    /// The anchor that speaks for a statement at the time `now`, if one does.
    pub(super) fn anchor_of(
        &mut self,
        statement: &Statement<'_>,
        now: i64,
    ) -> Result<Option<u32>, Stop> {
        let code = Uses { code: true, ..Uses::default() };
        let Some((signer, number)) = self.signer(&statement.signature, code)? else {
            return Ok(None);
        };
        let time = match &statement.countersignature {
            None => now,
            Some(countersignature) => {
                let wanted = Uses { time: true, ..Uses::default() };
                if self.signer(&countersignature.signature, wanted)?.is_none() {
                    return Ok(None);
                }
                countersignature.time
            }
        };
        Ok(signer.is_valid_at(time).then_some(number))
    }
}

/// Whether a signature names this certificate as its signer's.
pub(super) fn is_named(certificate: &Certificate<'_>, signature: &Signature<'_>) -> bool {
    certificate.issuer == signature.issuer && certificate.serial == signature.serial
}

/// Whether a signature was made with the secret half of the certificate's key.
pub(super) fn verifies(certificate: &Certificate<'_>, signature: &Signature<'_>) -> bool {
    certificate.key.verifies(signature.algorithm, &signature.digest(), signature.value)
}
