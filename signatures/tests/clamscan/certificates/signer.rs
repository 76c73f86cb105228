//! Signs programs: certificates, PKCS #7 and countersignatures, right or wrong in every way that a test
//! asks for. It shares no code with the engine.

use md5::Md5;
use num_bigint::BigUint;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::der::{
    algorithm, bits, content, context, identifier, integer, octets, sequence, set, value,
};
use super::keys::Key;

pub(crate) const CODE_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 3];
pub(crate) const TIME_STAMPING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];
pub(crate) const SERVER: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
pub(crate) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
pub(crate) const INDIRECT_DATA: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 4];
pub(crate) const NESTED_SIGNATURE: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 4, 1];
pub(crate) const COUNTERSIGNATURE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 6];
pub(crate) const TIME_STAMP_TOKEN: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 3, 3, 1];
pub(crate) const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3];
pub(crate) const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4];
pub(crate) const SIGNING_TIME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 5];
pub(crate) const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
const PE_IMAGE_DATA: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 0x0f];

/// Makes a part of a signature out of another one.
pub(crate) type Make<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;

/// A digest algorithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Hash {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(crate) const ALL: [Hash; 5] =
        [Hash::Md5, Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512];

    pub(crate) fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Hash::Md5 => Md5::digest(bytes).to_vec(),
            Hash::Sha1 => Sha1::digest(bytes).to_vec(),
            Hash::Sha256 => Sha256::digest(bytes).to_vec(),
            Hash::Sha384 => Sha384::digest(bytes).to_vec(),
            Hash::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }

    pub(crate) fn identifier(self) -> &'static [u8] {
        match self {
            Hash::Md5 => &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 5],
            Hash::Sha1 => &[0x2b, 0x0e, 3, 2, 0x1a],
            Hash::Sha256 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1],
            Hash::Sha384 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2],
            Hash::Sha512 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3],
        }
    }

    /// The identifier of this digest signed with RSA.
    pub(crate) fn with_rsa(self) -> Vec<u8> {
        let last = match self {
            Hash::Md5 => 4,
            Hash::Sha1 => 5,
            Hash::Sha256 => 11,
            Hash::Sha384 => 12,
            Hash::Sha512 => 13,
        };
        [&RSA[..8], &[last]].concat()
    }
}

impl Key {
    pub(crate) fn modulus(&self) -> Vec<u8> {
        BigUint::parse_bytes(self.modulus.as_bytes(), 16).unwrap().to_bytes_be()
    }

    /// A signature over bytes.
    pub(crate) fn sign(&self, hash: Hash, bytes: &[u8]) -> Vec<u8> {
        let digest = octets(&hash.of(bytes));
        self.sign_padded(0xff, &sequence(&[&algorithm(hash.identifier()), &digest]), &[])
    }

    /// A signature over what stands for the digest, with a filling and bytes behind it.
    pub(crate) fn sign_padded(&self, filling: u8, info: &[u8], behind: &[u8]) -> Vec<u8> {
        let length = self.modulus().len();
        let filling = vec![filling; length - 3 - info.len() - behind.len()];
        let padded = [&[0, 1][..], &filling, &[0], info, behind].concat();
        let number = |hex: &str| BigUint::parse_bytes(hex.as_bytes(), 16).unwrap();
        let signature =
            BigUint::from_bytes_be(&padded).modpow(&number(self.secret), &number(self.modulus));
        let bytes = signature.to_bytes_be();
        [vec![0; length - bytes.len()], bytes].concat()
    }
}

/// A name of one part.
pub(crate) fn name(common: &str) -> Vec<u8> {
    let part = sequence(&[&identifier(&[0x55, 4, 3]), &value(0x0c, &[common.as_bytes()])]);
    sequence(&[&set(&[&part])])
}

/// What a certificate is made from.
#[derive(Clone)]
pub(crate) struct Template<'a> {
    pub(crate) subject: &'a str,
    pub(crate) key: &'a Key,
    /// Itself, where there is none.
    pub(crate) issuer: Option<&'a Certificate>,
    pub(crate) hash: Hash,
    /// Version 1 where there is none.
    pub(crate) version: Option<u8>,
    pub(crate) serial: Vec<u8>,
    pub(crate) validity: [&'a str; 2],
    pub(crate) key_usage: Option<u8>,
    pub(crate) purposes: Option<&'a [&'a [u8]]>,
    /// In place of the two above.
    pub(crate) extensions: Option<Vec<u8>>,
    /// In place of the subject's key.
    pub(crate) key_info: Option<Vec<u8>>,
    /// In place of the algorithm it is signed by.
    pub(crate) algorithm: Option<Vec<u8>>,
    /// In place of the signature.
    pub(crate) signature: Option<Make<'a>>,
}

/// A certificate.
#[derive(Clone)]
pub(crate) struct Certificate {
    pub(crate) encoded: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) serial: Vec<u8>,
    modulus: &'static str,
    secret: &'static str,
    exponent: &'static [u8],
}

impl<'a> Template<'a> {
    pub(crate) fn new(subject: &'a str, key: &'a Key, issuer: Option<&'a Certificate>) -> Self {
        Self {
            subject,
            key,
            issuer,
            hash: Hash::Sha256,
            version: Some(2),
            serial: Hash::Md5.of(subject.as_bytes())[..8].to_vec(),
            validity: ["200101000000Z", "491231235959Z"],
            key_usage: None,
            purposes: None,
            extensions: None,
            key_info: None,
            algorithm: None,
            signature: None,
        }
    }

    /// May sign certificates, programs and time stamps.
    pub(crate) fn authority(
        subject: &'a str,
        key: &'a Key,
        issuer: Option<&'a Certificate>,
    ) -> Self {
        Self { key_usage: Some(0x04), ..Self::new(subject, key, issuer) }
    }

    /// May do no more than one thing.
    pub(crate) fn purpose(
        subject: &'a str,
        key: &'a Key,
        issuer: &'a Certificate,
        purposes: &'a [&'a [u8]],
    ) -> Self {
        let new = Self::new(subject, key, Some(issuer));
        Self { key_usage: Some(0x80), purposes: Some(purposes), ..new }
    }

    pub(crate) fn make(&self) -> Certificate {
        let subject = name(self.subject);
        let issuer = self.issuer.map_or_else(|| subject.clone(), |issuer| issuer.subject.clone());
        let serial = integer(&self.serial);
        let signed_by = self.algorithm.clone().unwrap_or_else(|| algorithm(&self.hash.with_rsa()));
        let version = self.version.map(|version| context(0, &[&integer(&[version])]));
        let extensions = self.extensions();
        let extensions = extensions.map(|extensions| context(3, &[&sequence(&[&extensions])]));
        let to_sign = sequence(&[
            &version.unwrap_or_default(),
            &serial,
            &signed_by,
            &issuer,
            &sequence(&[&time(self.validity[0]), &time(self.validity[1])]),
            &subject,
            &self.key_info.clone().unwrap_or_else(|| key_info(self.key)),
            &extensions.unwrap_or_default(),
        ]);
        let signature = match (self.signature, self.issuer) {
            (Some(signature), _) => signature(&to_sign),
            (None, Some(issuer)) => issuer.key().sign(self.hash, &to_sign),
            (None, None) => self.key.sign(self.hash, &to_sign),
        };
        Certificate {
            encoded: sequence(&[&to_sign, &signed_by, &bits(&signature)]),
            subject,
            issuer,
            serial,
            modulus: self.key.modulus,
            secret: self.key.secret,
            exponent: self.key.exponent,
        }
    }

    fn extensions(&self) -> Option<Vec<u8>> {
        if let Some(extensions) = &self.extensions {
            return Some(extensions.clone());
        }
        let usage = self.key_usage.map(|usage| extension(0x0f, &bits(&[usage])));
        let purposes = self.purposes.map(|purposes| {
            let purposes: Vec<_> = purposes.iter().map(|purpose| identifier(purpose)).collect();
            extension(0x25, &sequence(&[&purposes.concat()]))
        });
        let extensions = [usage, purposes].into_iter().flatten().collect::<Vec<_>>().concat();
        (!extensions.is_empty()).then_some(extensions)
    }
}

/// An extension 2.5.29.x.
pub(crate) fn extension(last: u8, content: &[u8]) -> Vec<u8> {
    sequence(&[&identifier(&[0x55, 0x1d, last]), &octets(content)])
}

/// A public key as it stands in certificates.
pub(crate) fn key_info(key: &Key) -> Vec<u8> {
    let numbers = sequence(&[&integer(&key.modulus()), &integer(key.exponent)]);
    sequence(&[&algorithm(RSA), &bits(&numbers)])
}

/// A time: UTCTime, or GeneralizedTime where the year has four digits.
pub(crate) fn time(text: &str) -> Vec<u8> {
    value(if text.len() > 13 { 0x18 } else { 0x17 }, &[text.as_bytes()])
}

impl Certificate {
    pub(crate) fn key(&self) -> Key {
        Key { modulus: self.modulus, secret: self.secret, exponent: self.exponent }
    }

    /// Issuer and serial number, by which a signature names it.
    pub(crate) fn named(&self) -> Vec<u8> {
        sequence(&[&self.issuer, &self.serial])
    }

    /// A record of ClamAV's: the fields from the subject to the exponent, with hashes of the contents.
    pub(crate) fn fields(&self) -> [String; 4] {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let hashed = |value: &[u8]| hex(&Hash::Sha1.of(content(value)));
        [hashed(&self.subject), hashed(&self.serial), self.modulus.into(), "010001".into()]
    }
}

/// A PE of one section, which begins at 512 and holds `inside`.
pub(crate) fn program(inside: &[u8]) -> Vec<u8> {
    let mut pe = vec![0; 1024];
    let mut put = |at: usize, bytes: &[u8]| pe[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MZ");
    put(0x3c, &[0x40]);
    put(0x40, b"PE\0\0\x4c\x01\x01\0");
    put(0x54, &[0xe0, 0, 0x02, 0x01]);
    put(0x58, &[0x0b, 0x01]);
    for (at, number) in [
        (0x5c, 512_u32), // code
        (0x68, 0x1000),  // entry point
        (0x6c, 0x1000),
        (0x70, 0x2000),
        (0x74, 0x40_0000), // image base
        (0x78, 0x1000),    // alignment of sections
        (0x7c, 0x200),     // and in the file
        (0x80, 4),
        (0x88, 4),
        (0x90, 0x2000), // image
        (0x94, 0x200),  // headers
        (0x9c, 3),      // console
        (0xb4, 16),     // directories
        (0x140, 0x200), // the section's size in memory,
        (0x144, 0x1000),
        (0x148, 0x200), // in the file,
        (0x14c, 0x200),
        (0x15c, 0x6000_0020),
    ] {
        put(at, &number.to_le_bytes());
    }
    put(0x138, b".text");
    put(512, inside);
    pe
}

/// Where [`program`] has its checksum and the directory of its signatures.
pub(crate) const CHECKSUM: usize = 0x98;
pub(crate) const DIRECTORY: usize = 0xd8;

/// How to sign a program.
#[derive(Clone)]
pub(crate) struct Signing<'a> {
    pub(crate) program: Vec<u8>,
    pub(crate) signer: &'a Certificate,
    /// Encoded, one behind the other.
    pub(crate) certificates: Vec<u8>,
    /// Of the file.
    pub(crate) hash: Hash,
    /// Of content and attributes.
    pub(crate) signer_hash: Hash,
    /// In place of the file's digest.
    pub(crate) digest: Option<Vec<u8>>,
    /// In place of the whole content that holds the digest.
    pub(crate) content: Option<Vec<u8>>,
    /// In place of the signed attributes, given the digest of the content.
    pub(crate) attributes: fn(&[u8]) -> Vec<u8>,
    pub(crate) versions: [u8; 2],
    pub(crate) encryption: Vec<u8>,
    /// In place of the signature, given the attributes.
    pub(crate) signature: Option<Make<'a>>,
    /// Unsigned attributes, given the signature.
    pub(crate) unsigned: Option<Make<'a>>,
    /// Behind the signer's fields, the signers, and the signed data's fields.
    pub(crate) behind: [Vec<u8>; 3],
}

impl<'a> Signing<'a> {
    pub(crate) fn new(
        program: Vec<u8>,
        signer: &'a Certificate,
        certificates: &[&Certificate],
    ) -> Self {
        Self {
            program,
            signer,
            certificates: certificates.iter().flat_map(|one| one.encoded.clone()).collect(),
            hash: Hash::Sha256,
            signer_hash: Hash::Sha256,
            digest: None,
            content: None,
            attributes: attributes_of,
            versions: [1, 1],
            encryption: algorithm(RSA),
            signature: None,
            unsigned: None,
            behind: Default::default(),
        }
    }

    /// The signature alone: PKCS #7.
    pub(crate) fn signed_data(&self) -> Vec<u8> {
        let digest = self.digest.clone().unwrap_or_else(|| digest_of(self.hash, &self.program));
        let content_value = self.content.clone().unwrap_or_else(|| content_of(self.hash, &digest));
        let content_digest = self.signer_hash.of(content(&content_value));
        let attributes = (self.attributes)(&content_digest);
        let signature = match self.signature {
            Some(signature) => signature(&attributes),
            None => self.signer.key().sign(self.signer_hash, &set(&[&attributes])),
        };
        let unsigned = self.unsigned.map(|unsigned| context(1, &[&unsigned(&signature)]));
        let hash = algorithm(self.signer_hash.identifier());
        let signer = sequence(&[
            &integer(&self.versions[1..]),
            &self.signer.named(),
            &hash,
            &context(0, &[&attributes]),
            &self.encryption,
            &octets(&signature),
            &unsigned.unwrap_or_default(),
            &self.behind[0],
        ]);
        let signed_data = sequence(&[
            &integer(&self.versions[..1]),
            &set(&[&hash]),
            &sequence(&[&identifier(INDIRECT_DATA), &context(0, &[&content_value])]),
            &context(0, &[&self.certificates]),
            &set(&[&signer, &self.behind[1]]),
            &self.behind[2],
        ]);
        sequence(&[&identifier(SIGNED_DATA), &context(0, &[&signed_data])])
    }

    /// The signed program.
    pub(crate) fn make(&self) -> Vec<u8> {
        attach(&self.program, &entry(&self.signed_data()))
    }
}

/// The digest that a signature is over, for programs made by [`program`].
pub(crate) fn digest_of(hash: Hash, program: &[u8]) -> Vec<u8> {
    let pieces =
        [&program[..CHECKSUM], &program[CHECKSUM + 4..DIRECTORY], &program[DIRECTORY + 8..]];
    hash.of(&pieces.concat())
}

/// Microsoft's content around the digest of a file.
pub(crate) fn content_of(hash: Hash, digest: &[u8]) -> Vec<u8> {
    let link = context(0, &[&context(2, &[&value(0x80, &[])])]);
    let about = sequence(&[&identifier(PE_IMAGE_DATA), &sequence(&[&bits(&[]), &link])]);
    let digest = sequence(&[&algorithm(hash.identifier()), &octets(digest)]);
    sequence(&[&about, &digest])
}

pub(crate) fn attribute(kind: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[&identifier(kind), &set(&[value])])
}

fn attributes_of(digest: &[u8]) -> Vec<u8> {
    let content_type = attribute(CONTENT_TYPE, &identifier(INDIRECT_DATA));
    [content_type, attribute(MESSAGE_DIGEST, &octets(digest))].concat()
}

/// A countersignature.
#[derive(Clone)]
pub(crate) struct Stamp<'a> {
    pub(crate) signer: &'a Certificate,
    pub(crate) hash: Hash,
    pub(crate) time: &'a str,
    pub(crate) content_type: &'a [u8],
    pub(crate) version: u8,
    pub(crate) encryption: Vec<u8>,
    pub(crate) key: Key,
}

impl<'a> Stamp<'a> {
    pub(crate) fn new(signer: &'a Certificate, time: &'a str) -> Self {
        Self {
            signer,
            hash: Hash::Sha1,
            time,
            content_type: DATA,
            version: 1,
            encryption: algorithm(RSA),
            key: signer.key(),
        }
    }

    /// On a signature.
    pub(crate) fn on(&self, signature: &[u8]) -> Vec<u8> {
        let attributes = [
            attribute(CONTENT_TYPE, &identifier(self.content_type)),
            attribute(SIGNING_TIME, &time(self.time)),
            attribute(MESSAGE_DIGEST, &octets(&self.hash.of(signature))),
        ]
        .concat();
        self.with(&attributes)
    }

    /// Over these attributes.
    pub(crate) fn with(&self, attributes: &[u8]) -> Vec<u8> {
        sequence(&[
            &integer(&[self.version]),
            &self.signer.named(),
            &algorithm(self.hash.identifier()),
            &context(0, &[attributes]),
            &self.encryption,
            &octets(&self.key.sign(self.hash, &set(&[attributes]))),
        ])
    }
}

/// An entry of the directory of signatures, filled up.
pub(crate) fn entry(signed_data: &[u8]) -> Vec<u8> {
    let mut entry = vec![0, 0, 0, 0, 0, 2, 2, 0];
    entry.extend_from_slice(signed_data);
    let length = (entry.len() as u32).to_le_bytes();
    entry[..4].copy_from_slice(&length);
    entry.resize(entry.len().next_multiple_of(8), 0);
    entry
}

/// A program with a directory of signatures behind it.
pub(crate) fn attach(program: &[u8], directory: &[u8]) -> Vec<u8> {
    let mut signed = [program, directory].concat();
    let numbers = [program.len() as u32, directory.len() as u32].map(u32::to_le_bytes);
    signed[DIRECTORY..DIRECTORY + 8].copy_from_slice(&numbers.concat());
    signed
}
