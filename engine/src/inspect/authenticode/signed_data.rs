//! PKCS #7 signed data (RFC 2315) around Microsoft's SpcIndirectDataContent: what a signature says.
//!
//! As strict as ClamAV: version 1, one signer, one digest algorithm, RSA, signed attributes with type
//! and digest of the content each once, nothing behind the end of any structure. What Windows takes
//! beyond that is refused here, and a refused signature is nobody's word. Certificates are read even
//! where the rest is broken: they can be blocked all the same.

use super::algorithm::{Algorithm, RSA};
use super::certificate::Certificate;
use super::countersignature::Countersignature;
use super::der::{
    CONTEXT_0, CONTEXT_1, INTEGER, Malformed, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET,
    Values, algorithm,
};
use super::signature::{Signature, read_attribute, values_of};

const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// 1.3.6.1.4.1.311.2.1.4
const INDIRECT_DATA: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x01, 0x04];
/// 1.3.6.1.4.1.311.2.1.15
const PE_IMAGE_DATA: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x01, 0x0f];
const COUNTERSIGNATURE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x06];
/// 1.3.6.1.4.1.311.2.4.1
const NESTED_SIGNATURE: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x04, 0x01];
/// 1.3.6.1.4.1.311.3.3.1
const TIME_STAMP_TOKEN: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x03, 0x03, 0x01];

/// Signed data whose outer structure is sound.
#[derive(Debug)]
pub(crate) struct SignedData<'a> {
    certificates: Values<'a>,
    /// What was signed, and by whom; or why that cannot be said.
    pub(super) statement: Result<Statement<'a>, Malformed>,
    /// Bytes behind the signed data.
    pub(super) rest: &'a [u8],
}

/// What stands in the list of certificates.
pub(crate) enum Listed<'a> {
    Certificate(Certificate<'a>),
    /// One that cannot be read, or not be used; it is passed over.
    Unreadable(Malformed),
    /// The list itself cannot be read on. As in ClamAV, it was then no list, and nothing in it counts.
    Broken(Malformed),
}

/// What was signed, and by whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statement<'a> {
    /// The file's digest.
    pub(super) file_digest: &'a [u8],
    pub(super) file_algorithm: Algorithm,
    pub(super) signature: Signature<'a>,
    pub(super) countersignature: Option<Countersignature<'a>>,
    /// Whether there is a second signature, which is not read.
    pub(super) has_nested: bool,
    /// Whether there is a time stamp of RFC 3161, which is not read.
    pub(super) has_token: bool,
}

impl<'a> SignedData<'a> {
    /// Reads signed data from the start of `bytes`.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut outermost = Values::of(bytes);
        let mut fields = enter(&mut outermost)?;
        if fields.content(INTEGER, "the signed data has no version")? != [1] {
            return Err(Malformed("the signed data is not of version 1"));
        }
        let mut algorithms = fields.inside(SET, "the digest algorithms are missing")?;
        let digest = algorithm(&mut algorithms)?;
        algorithms.end("there are several digest algorithms")?;
        let content = read_content(&mut fields)?;
        let certificates = fields.inside(CONTEXT_0, "there are no certificates")?;
        let statement = Statement::read(content, digest, fields);
        Ok(Self { certificates, statement, rest: outermost.rest() })
    }

    /// The certificates, as many as the file likes: whoever goes through them looks at the clock.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = Listed<'a>> {
        let mut values = self.certificates;
        std::iter::from_fn(move || {
            if values.is_empty() {
                return None;
            }
            match values.expect(SEQUENCE, "something else than a certificate is among them") {
                Ok(value) => Some(match Certificate::read(&value) {
                    Ok(certificate) => Listed::Certificate(certificate),
                    Err(malformed) => Listed::Unreadable(malformed),
                }),
                Err(malformed) => {
                    values = Values::of(&[]);
                    Some(Listed::Broken(malformed))
                }
            }
        })
    }
}

/// Goes into the outer structures, which say no more than what is inside.
fn enter<'a>(outermost: &mut Values<'a>) -> Result<Values<'a>, Malformed> {
    let mut outer = outermost.inside(SEQUENCE, "the signature is no sequence")?;
    if outer.content(OBJECT_IDENTIFIER, "the signature has no type")? != SIGNED_DATA {
        return Err(Malformed("the signature is not signed data"));
    }
    let mut explicit = outer.inside(CONTEXT_0, "the signed data is missing")?;
    outer.end("there is more beside the signed data")?;
    let fields = explicit.inside(SEQUENCE, "the signed data is no sequence")?;
    explicit.end("there is more behind the signed data")?;
    Ok(fields)
}

/// Reads the content, which must be Microsoft's.
fn read_content<'a>(fields: &mut Values<'a>) -> Result<&'a [u8], Malformed> {
    let mut info = fields.inside(SEQUENCE, "the content is missing")?;
    if info.content(OBJECT_IDENTIFIER, "the content has no type")? != INDIRECT_DATA {
        return Err(Malformed("the content is not that of a signed program"));
    }
    let mut explicit = info.inside(CONTEXT_0, "the content is missing")?;
    info.end("there is more beside the content")?;
    let content = explicit.content(SEQUENCE, "the content is no sequence")?;
    explicit.end("there is more behind the content")?;
    Ok(content)
}

impl<'a> Statement<'a> {
    /// Reads what the content says and, behind the certificates, who says it.
    fn read(content: &'a [u8], digest: &[u8], mut fields: Values<'a>) -> Result<Self, Malformed> {
        let (file_algorithm, file_digest) = read_file_digest(content)?;
        if fields.tag() == Some(CONTEXT_1) {
            fields.value()?; // revoked certificates, which nobody puts there
        }
        let mut signers = fields.inside(SET, "there are no signers")?;
        fields.end("there is more behind the signers")?;
        let mut signer = signers.inside(SEQUENCE, "there is no signer")?;
        signers.end("there are several signers")?;
        if signer.content(INTEGER, "the signer has no version")? != [1] {
            return Err(Malformed("the signer is not of version 1"));
        }
        let (signature, attributes) = Signature::read(&mut signer)?;
        if signature.algorithm.identifier() != digest {
            return Err(Malformed("the signer has another digest algorithm than the signed data"));
        }
        if attributes.encryption != RSA || attributes.content_type != INDIRECT_DATA {
            return Err(Malformed("the signature is of a kind that is not verified"));
        }
        if attributes.digest != signature.algorithm.digest(&[content]) {
            return Err(Malformed("the digest of the content is not the one that was signed"));
        }
        let mut statement = Self {
            file_digest,
            file_algorithm,
            signature,
            countersignature: None,
            has_nested: false,
            has_token: false,
        };
        statement.read_unsigned(&mut signer)?;
        signer.end("there is more behind the signer's attributes")?;
        Ok(statement)
    }

    /// Reads what others added behind the signature.
    fn read_unsigned(&mut self, signer: &mut Values<'a>) -> Result<(), Malformed> {
        if signer.is_empty() {
            return Ok(());
        }
        let mut attributes = signer.inside(CONTEXT_1, "something else than unsigned attributes")?;
        while !attributes.is_empty() {
            let (kind, attribute) = read_attribute(&mut attributes)?;
            let twice = match kind {
                NESTED_SIGNATURE => {
                    values_of(attribute)?;
                    std::mem::replace(&mut self.has_nested, true)
                }
                TIME_STAMP_TOKEN => {
                    values_of(attribute)?;
                    std::mem::replace(&mut self.has_token, true)
                }
                COUNTERSIGNATURE => {
                    let mut values = values_of(attribute)?;
                    let read = Countersignature::read(&mut values, self.signature.value)?;
                    values.end("there are several countersignatures")?;
                    self.countersignature.replace(read).is_some()
                }
                _ => false,
            };
            if twice {
                return Err(Malformed("an unsigned attribute is there twice"));
            }
        }
        Ok(())
    }
}

/// The file's digest in Microsoft's content.
fn read_file_digest(content: &[u8]) -> Result<(Algorithm, &[u8]), Malformed> {
    let mut fields = Values::of(content);
    let mut data = fields.inside(SEQUENCE, "the content does not say what it is about")?;
    if data.content(OBJECT_IDENTIFIER, "the content does not say what it is about")?
        != PE_IMAGE_DATA
    {
        return Err(Malformed("the content is not about a PE"));
    }
    let mut info = fields.inside(SEQUENCE, "the file's digest is missing")?;
    fields.end("there is more behind the file's digest")?;
    let found = Algorithm::of(algorithm(&mut info)?)
        .ok_or(Malformed("the file's digest is of an unknown kind"))?;
    let digest = info.content(OCTET_STRING, "the file's digest is missing")?;
    info.end("there is more behind the file's digest")?;
    Ok((found, digest))
}
