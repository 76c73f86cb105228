//! One signature of PKCS #7, the `SignerInfo`: whose it is, and the attributes that it is over.
//!
//! Programs and time stamps are signed alike, so both readers meet here.

use super::algorithm::Algorithm;
use super::der::{
    CONTEXT_0, INTEGER, Malformed, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, Value, Values,
    algorithm,
};

const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
const SIGNING_TIME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05];

/// A signature over attributes, and whose it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signature<'a> {
    /// The issuer of the signer's certificate.
    pub(super) issuer: &'a [u8],
    /// The serial number of the signer's certificate.
    pub(super) serial: &'a [u8],
    pub(super) algorithm: Algorithm,
    /// The encoding of the signed attributes, without its first byte.
    attributes: &'a [u8],
    pub(super) value: &'a [u8],
}

/// What a signature is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attributes<'a> {
    pub(super) content_type: &'a [u8],
    /// The digest of the content.
    pub(super) digest: &'a [u8],
    pub(super) signing_time: Option<Value<'a>>,
    /// How the digest was signed.
    pub(super) encryption: &'a [u8],
}

impl<'a> Signature<'a> {
    /// Reads a signer from behind its version to its signature.
    pub(super) fn read(signer: &mut Values<'a>) -> Result<(Self, Attributes<'a>), Malformed> {
        let mut name = signer.inside(SEQUENCE, "the signer is not named")?;
        let issuer = name.content(SEQUENCE, "the signer's issuer is not named")?;
        let serial = name.content(INTEGER, "the signer's serial number is missing")?;
        name.end("the signer has more than issuer and serial number")?;
        let algorithm_found = Algorithm::of(algorithm(signer)?)
            .ok_or(Malformed("the signer's digest algorithm is not supported"))?;
        let signed = signer.expect(CONTEXT_0, "the signed attributes are missing")?;
        let encryption = algorithm(signer)?;
        let value = signer.content(OCTET_STRING, "the signature is missing")?;
        let attributes = Attributes::read(Values::of(signed.content), encryption)?;
        let encoded = signed.whole.get(1..).unwrap_or_default();
        let signature =
            Self { issuer, serial, algorithm: algorithm_found, attributes: encoded, value };
        Ok((signature, attributes))
    }

    /// The digest that was signed: of the attributes as the set that they are, not as the field that
    /// they stand in.
    pub(super) fn digest(&self) -> Vec<u8> {
        self.algorithm.digest(&[&[SET], self.attributes])
    }
}

impl<'a> Attributes<'a> {
    fn read(mut values: Values<'a>, encryption: &'a [u8]) -> Result<Self, Malformed> {
        let (mut content_type, mut digest, mut signing_time) = (None, None, None);
        while !values.is_empty() {
            let (kind, attribute) = read_attribute(&mut values)?;
            let slot = match kind {
                CONTENT_TYPE => &mut content_type,
                MESSAGE_DIGEST => &mut digest,
                SIGNING_TIME => &mut signing_time,
                _ => continue,
            };
            let mut inside = values_of(attribute)?;
            let value = inside.value()?;
            inside.end("a signed attribute has several values")?;
            if slot.replace(value).is_some() {
                return Err(Malformed("a signed attribute is there twice"));
            }
        }
        let content = |value: Option<Value<'a>>, tag| {
            value.filter(|value| value.tag == tag).map(|value| value.content)
        };
        let missing = Malformed("type or digest of the content are missing");
        Ok(Self {
            content_type: content(content_type, OBJECT_IDENTIFIER).ok_or(missing)?,
            digest: content(digest, OCTET_STRING).ok_or(missing)?,
            signing_time,
            encryption,
        })
    }
}

/// The kind of the next attribute, and what follows it: [`values_of`] reads that. Attributes of unknown
/// kinds may hold anything.
pub(super) fn read_attribute<'a>(
    attributes: &mut Values<'a>,
) -> Result<(&'a [u8], Values<'a>), Malformed> {
    let mut attribute = attributes.inside(SEQUENCE, "an attribute is no sequence")?;
    let kind = attribute.content(OBJECT_IDENTIFIER, "an attribute has no kind")?;
    Ok((kind, attribute))
}

/// The values of an attribute, behind its kind.
pub(super) fn values_of(mut attribute: Values<'_>) -> Result<Values<'_>, Malformed> {
    let values = attribute.inside(SET, "an attribute has no values")?;
    attribute.end("an attribute goes on behind its values")?;
    Ok(values)
}
