//! X.509 certificates (RFC 5280), as far as signatures are verified with them.
//!
//! What a certificate may be used for is told by ClamAV's rules, which were found out by trying:
//! `keyUsage` alone says whether it may sign certificates (`basicConstraints` does not),
//! `extendedKeyUsage` whether it may sign programs and time stamps, and what an absent one does not say
//! is allowed. Without any extensions a certificate of version 3 may do nothing, one of version 1 all
//! but sign programs. Extensions that are marked critical and unknown do not matter.
//!
//! Certificates that are no RSA ones, or of a version that does not exist, are refused as a whole.

use super::algorithm::{Algorithm, RSA};
use super::der::{
    BIT_STRING, CONTEXT_0, CONTEXT_3, INTEGER, Malformed, OBJECT_IDENTIFIER, OCTET_STRING,
    SEQUENCE, Value, Values, algorithm, whole_bytes,
};
use super::rsa::PublicKey;
use super::time;

const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const CODE_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];
const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
/// `keyCertSign`, bit 5 of `keyUsage`.
const MAY_SIGN_CERTIFICATES: u8 = 0x04;
/// Longer signatures than this cannot come from a key that is verified with.
const LONGEST_SIGNATURE: usize = 514;

/// What a certificate may sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    pub(crate) code: bool,
    pub(crate) time: bool,
    pub(crate) certificates: bool,
}

impl Uses {
    const ALL: Uses = Uses { code: true, time: true, certificates: true };

    /// Whether all of `other` is allowed here.
    pub(crate) fn include(self, other: Uses) -> bool {
        (self.code || !other.code)
            && (self.time || !other.time)
            && (self.certificates || !other.certificates)
    }

    /// What either allows.
    pub(super) fn join(self, other: Uses) -> Uses {
        Uses {
            code: self.code || other.code,
            time: self.time || other.time,
            certificates: self.certificates || other.certificates,
        }
    }
}

/// A certificate; nothing in it is verified.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Certificate<'a> {
    /// What its issuer signed.
    signed: &'a [u8],
    /// The content of the serial number's encoding.
    pub(crate) serial: &'a [u8],
    /// The content of the issuer's name.
    pub(crate) issuer: &'a [u8],
    /// The content of the subject's name.
    pub(crate) subject: &'a [u8],
    /// First second of its validity, from 1970 on.
    pub(crate) not_before: i64,
    /// Last second.
    pub(crate) not_after: i64,
    pub(super) key: PublicKey<'a>,
    pub(crate) uses: Uses,
    /// None where it is signed in a way that is not verified.
    pub(super) algorithm: Option<Algorithm>,
    signature: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads a certificate.
    pub(super) fn read(value: &Value<'a>) -> Result<Self, Malformed> {
        let mut outer = Values::of(value.content);
        let signed = outer.expect(SEQUENCE, "a certificate does not begin with a sequence")?;
        let identifier = algorithm(&mut outer)?;
        let signature = whole_bytes(outer.content(BIT_STRING, "a certificate has no signature")?)?;
        outer.end("a certificate goes on behind its signature")?;
        if signature.len() > LONGEST_SIGNATURE {
            return Err(Malformed("a certificate's signature is too long"));
        }
        let mut fields = Values::of(signed.content);
        let version = read_version(&mut fields)?;
        let serial = fields.content(INTEGER, "a certificate has no serial number")?;
        if algorithm(&mut fields)? != identifier {
            return Err(Malformed("a certificate names two algorithms"));
        }
        let issuer = fields.content(SEQUENCE, "a certificate has no issuer")?;
        let (not_before, not_after) = read_validity(&mut fields)?;
        let subject = fields.content(SEQUENCE, "a certificate has no subject")?;
        if issuer.is_empty() || subject.is_empty() {
            return Err(Malformed("a certificate has an empty name"));
        }
        Ok(Self {
            signed: signed.whole,
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            key: read_key(&mut fields)?,
            uses: read_uses(&mut fields, version)?,
            algorithm: Algorithm::with_rsa(identifier),
            signature,
        })
    }

    /// The modulus of its key, without leading zeros.
    pub(crate) fn modulus(&self) -> &'a [u8] {
        self.key.modulus
    }

    /// The exponent of its key, without leading zeros.
    pub(crate) fn exponent(&self) -> &'a [u8] {
        self.key.exponent
    }

    /// Whether it was valid at a time.
    pub(crate) fn is_valid_at(&self, time: i64) -> bool {
        (self.not_before..=self.not_after).contains(&time)
    }

    /// Whether it was signed with the secret half of `key`.
    pub(super) fn is_signed_by(&self, key: &PublicKey<'_>) -> bool {
        self.algorithm.is_some_and(|algorithm| {
            key.verifies(algorithm, &algorithm.digest(&[self.signed]), self.signature)
        })
    }

    /// Whether both say the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.signed, self.signature) == (other.signed, other.signature)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    First,
    Third,
}

fn read_version(fields: &mut Values<'_>) -> Result<Version, Malformed> {
    if fields.tag() != Some(CONTEXT_0) {
        return Ok(Version::First);
    }
    let mut inside = fields.inside(CONTEXT_0, "a certificate has no version")?;
    match inside.content(INTEGER, "a certificate's version is no number")? {
        [2] => inside.end("a certificate has two versions").map(|()| Version::Third),
        _ => Err(Malformed("a certificate is of neither version 1 nor version 3")),
    }
}

fn read_validity(fields: &mut Values<'_>) -> Result<(i64, i64), Malformed> {
    let mut inside = fields.inside(SEQUENCE, "a certificate has no validity")?;
    let (not_before, not_after) = (time::read(&inside.value()?)?, time::read(&inside.value()?)?);
    inside.end("a certificate's validity has more than two times")?;
    if not_before > not_after {
        return Err(Malformed("a certificate's validity ends before it begins"));
    }
    Ok((not_before, not_after))
}

fn read_key<'a>(fields: &mut Values<'a>) -> Result<PublicKey<'a>, Malformed> {
    let mut inside = fields.inside(SEQUENCE, "a certificate has no key")?;
    if algorithm(&mut inside)? != RSA {
        return Err(Malformed("a certificate's key is not of RSA"));
    }
    let key = whole_bytes(inside.content(BIT_STRING, "a certificate has no key")?)?;
    inside.end("a certificate's key goes on")?;
    let mut outer = Values::of(key);
    let mut numbers = outer.inside(SEQUENCE, "a key is no sequence")?;
    let modulus = numbers.content(INTEGER, "a key has no modulus")?;
    let exponent = numbers.content(INTEGER, "a key has no exponent")?;
    numbers.end("a key has more than two numbers")?;
    outer.end("a key goes on behind its end")?;
    PublicKey::new(modulus, exponent)
        .ok_or(Malformed("a key of a size or of numbers that are not verified with"))
}

fn read_uses(fields: &mut Values<'_>, version: Version) -> Result<Uses, Malformed> {
    if version == Version::First {
        fields.end("a certificate of version 1 has extensions")?;
        return Ok(Uses { code: false, ..Uses::ALL });
    }
    if fields.is_empty() {
        return Ok(Uses::default());
    }
    let mut outer = fields.inside(CONTEXT_3, "a certificate has unknown fields")?;
    fields.end("a certificate goes on behind its extensions")?;
    let mut extensions = outer.inside(SEQUENCE, "extensions are no sequence")?;
    outer.end("extensions go on behind their end")?;
    let mut uses = Uses::ALL;
    let mut extended: Option<Uses> = None;
    while !extensions.is_empty() {
        let (identifier, content) = read_extension(&mut extensions)?;
        match identifier {
            KEY_USAGE => uses.certificates = read_key_usage(content)?,
            EXTENDED_KEY_USAGE => read_extended(content, extended.get_or_insert_default())?,
            _ => {}
        }
    }
    Ok(match extended {
        Some(extended) => Uses { certificates: uses.certificates, ..extended },
        None => uses,
    })
}

/// The identifier and the content of one extension.
fn read_extension<'a>(extensions: &mut Values<'a>) -> Result<(&'a [u8], &'a [u8]), Malformed> {
    const BOOLEAN: u8 = 0x01;
    let mut inside = extensions.inside(SEQUENCE, "an extension is no sequence")?;
    let identifier = inside.content(OBJECT_IDENTIFIER, "an extension has no identifier")?;
    if inside.tag() == Some(BOOLEAN) {
        inside.value()?;
    }
    let content = inside.content(OCTET_STRING, "an extension has no content")?;
    inside.end("an extension goes on behind its content")?;
    Ok((identifier, content))
}

fn read_key_usage(content: &[u8]) -> Result<bool, Malformed> {
    let bits = Values::of(content).content(BIT_STRING, "a key usage is no bit string")?;
    match bits {
        [_, first, ..] => Ok(first & MAY_SIGN_CERTIFICATES != 0),
        _ => Err(Malformed("a key usage without bits")),
    }
}

fn read_extended(content: &[u8], uses: &mut Uses) -> Result<(), Malformed> {
    let mut purposes =
        Values::of(content).inside(SEQUENCE, "an extended key usage is no sequence")?;
    while !purposes.is_empty() {
        match purposes.content(OBJECT_IDENTIFIER, "a purpose is no identifier")? {
            CODE_SIGNING => uses.code = true,
            TIME_STAMPING => uses.time = true,
            _ => {}
        }
    }
    Ok(())
}
