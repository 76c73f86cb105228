//! Digest algorithms of signatures, by their object identifiers.
//!
//! MD5 and SHA-1 can be forged with effort. They are here because ClamAV verifies with them, and
//! because what was signed in their time is still in use.

use md5::Md5;
use sha1::Sha1;
use sha2::digest::{Digest, Update};
use sha2::{Sha256, Sha384, Sha512};

/// A digest algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// 1.2.840.113549.1.1.1: RSA, with a digest that stands elsewhere.
pub(super) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const MD5: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05];
const SHA1: &[u8] = &[0x2b, 0x0e, 0x03, 0x02, 0x1a];
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const SHA384: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
const SHA512: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];

impl Algorithm {
    const ALL: [Algorithm; 5] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// The name for people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// The object identifier, encoded.
    pub(super) fn identifier(self) -> &'static [u8] {
        match self {
            Self::Md5 => MD5,
            Self::Sha1 => SHA1,
            Self::Sha256 => SHA256,
            Self::Sha384 => SHA384,
            Self::Sha512 => SHA512,
        }
    }

    /// The algorithm of that identifier.
    pub(super) fn of(identifier: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.identifier() == identifier)
    }

    /// The algorithm that an identifier names together with RSA: 1.2.840.113549.1.1.x.
    pub(super) fn with_rsa(identifier: &[u8]) -> Option<Self> {
        let last = identifier.strip_prefix(RSA.get(..8)?)?;
        match last {
            [4] => Some(Self::Md5),
            [5] => Some(Self::Sha1),
            [11] => Some(Self::Sha256),
            [12] => Some(Self::Sha384),
            [13] => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The digest of the pieces, one behind the other.
    pub(super) fn digest(self, pieces: &[&[u8]]) -> Vec<u8> {
        let mut hasher = Hasher::new(self);
        pieces.iter().for_each(|piece| hasher.update(piece));
        hasher.finish()
    }
}

/// A digest in the making.
pub(super) enum Hasher {
    Md5(Md5),
    Sha1(Sha1),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hasher {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Md5 => Self::Md5(Md5::default()),
            Algorithm::Sha1 => Self::Sha1(Sha1::default()),
            Algorithm::Sha256 => Self::Sha256(Sha256::default()),
            Algorithm::Sha384 => Self::Sha384(Sha384::default()),
            Algorithm::Sha512 => Self::Sha512(Sha512::default()),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(hasher) => Update::update(hasher, bytes),
            Self::Sha1(hasher) => Update::update(hasher, bytes),
            Self::Sha256(hasher) => Update::update(hasher, bytes),
            Self::Sha384(hasher) => Update::update(hasher, bytes),
            Self::Sha512(hasher) => Update::update(hasher, bytes),
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        match self {
            Self::Md5(hasher) => hasher.finalize().to_vec(),
            Self::Sha1(hasher) => hasher.finalize().to_vec(),
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
            Self::Sha384(hasher) => hasher.finalize().to_vec(),
            Self::Sha512(hasher) => hasher.finalize().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_lead_back() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::of(algorithm.identifier()), Some(algorithm));
        }
        assert_eq!(Algorithm::of(RSA), None);
        let with = |last: u8| Algorithm::with_rsa(&[&RSA[..8], &[last]].concat());
        assert_eq!(with(5), Some(Algorithm::Sha1));
        assert_eq!(with(1), None, "no digest is named");
        assert_eq!(with(2), None, "MD2");
        assert_eq!(with(10), None, "PSS");
    }

    #[test]
    fn digests_of_abc() {
        let start = |algorithm: Algorithm| algorithm.digest(&[b"a", b"bc"])[..2].to_vec();
        assert_eq!(start(Algorithm::Md5), [0x90, 0x01]);
        assert_eq!(start(Algorithm::Sha1), [0xa9, 0x99]);
        assert_eq!(start(Algorithm::Sha256), [0xba, 0x78]);
        assert_eq!(start(Algorithm::Sha384), [0xcb, 0x00]);
        assert_eq!(start(Algorithm::Sha512), [0xdd, 0xaf]);
    }
}
