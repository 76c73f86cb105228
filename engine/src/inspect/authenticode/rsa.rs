//! RSA signatures with PKCS #1 v1.5 padding (RFC 8017, section 8.2.2), verified with a public key.
//!
//! Strict: the padded digest that must come out is built, and compared as a whole, so that nothing is
//! parsed that the key's owner did not sign. Nothing here is secret, so time may depend on the data;
//! sizes are bounded, so time is.

use num_bigint::BigUint;

use super::algorithm::Algorithm;
use super::der::{NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, magnitude};

/// Moduli that are verified with, in bits: the bounds of ClamAV.
const MODULUS_BITS: std::ops::RangeInclusive<u64> = 1016..=4103;
/// Exponents may have so many bytes. Longer ones do not occur, and would cost.
const EXPONENT_BYTES: usize = 8;

/// A public key whose size is as it should be. Both numbers are without leading zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PublicKey<'a> {
    pub(super) modulus: &'a [u8],
    pub(super) exponent: &'a [u8],
}

/// 65537, the exponent of all keys that sets name.
pub(super) const COMMON_EXPONENT: &[u8] = &[1, 0, 1];

impl<'a> PublicKey<'a> {
    /// A key of these numbers, unless it is none that is verified with.
    pub(super) fn new(modulus: &'a [u8], exponent: &'a [u8]) -> Option<Self> {
        let (modulus, exponent) = (magnitude(modulus), magnitude(exponent));
        let is_odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
        let sound = MODULUS_BITS.contains(&bits(modulus))
            && exponent.len() <= EXPONENT_BYTES
            && is_odd(modulus)
            && is_odd(exponent)
            && exponent != [1];
        sound.then_some(Self { modulus, exponent })
    }

    /// Bits of the modulus.
    pub(super) fn bits(&self) -> u64 {
        bits(self.modulus)
    }

    /// Whether `signature` was made over `digest` with this key's secret half.
    pub(super) fn verifies(&self, algorithm: Algorithm, digest: &[u8], signature: &[u8]) -> bool {
        let Some(expected) = padded(algorithm, digest, self.modulus.len()) else { return false };
        let modulus = BigUint::from_bytes_be(self.modulus);
        let signature = magnitude(signature);
        if signature.len() > self.modulus.len() {
            return false;
        }
        let signature = BigUint::from_bytes_be(signature);
        if signature >= modulus {
            return false;
        }
        let exponent = BigUint::from_bytes_be(self.exponent);
        signature.modpow(&exponent, &modulus) == BigUint::from_bytes_be(&expected)
    }
}

fn bits(number: &[u8]) -> u64 {
    let first = number.first().map_or(8, |first| u64::from(first.leading_zeros()));
    (number.len() as u64).saturating_mul(8).saturating_sub(first)
}

/// `00 01 ff .. ff 00`, then the digest with its algorithm: EMSA-PKCS1-v1_5. None where the key is too
/// short for it.
fn padded(algorithm: Algorithm, digest: &[u8], length: usize) -> Option<Vec<u8>> {
    let identifier = algorithm.identifier();
    let short = |number: usize| u8::try_from(number).ok().filter(|&byte| byte < 0x80);
    let algorithm_length = identifier.len().checked_add(4)?;
    let total = algorithm_length.checked_add(digest.len())?.checked_add(4)?;
    let mut info = vec![SEQUENCE, short(total)?, SEQUENCE, short(algorithm_length)?];
    info.extend([OBJECT_IDENTIFIER, short(identifier.len())?]);
    info.extend_from_slice(identifier);
    info.extend([NULL, 0, OCTET_STRING, short(digest.len())?]);
    info.extend_from_slice(digest);
    let filling = length.checked_sub(info.len())?.checked_sub(3).filter(|&filling| filling >= 8)?;
    let mut padded = vec![0, 1];
    padded.resize(filling.saturating_add(2), 0xff);
    padded.push(0);
    padded.append(&mut info);
    Some(padded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_padding_is_that_of_the_standard() {
        let digest = Algorithm::Sha256.digest(&[b"abc"]);
        let padded = padded(Algorithm::Sha256, &digest, 128).unwrap();
        assert_eq!(padded.len(), 128);
        assert_eq!(padded[..3], [0, 1, 0xff]);
        let info = [
            0x00, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
            0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
        ];
        assert_eq!(padded[76..96], info, "RFC 8017, section 9.2, note 1");
        assert_eq!(padded[96..], digest);
        assert_eq!(super::padded(Algorithm::Sha512, &[0; 64], 93), None, "eight bytes of filling");
        assert!(super::padded(Algorithm::Sha512, &[0; 64], 94).is_some());
    }

    #[test]
    fn keys_that_are_not_verified_with() {
        let key = |length: usize, last: u8| [&[0x80][..], &vec![0; length - 2], &[last]].concat();
        let odd = key(128, 1);
        assert!(PublicKey::new(&odd, &[3]).is_some());
        assert!(PublicKey::new(&[&[0, 0][..], &odd].concat(), &[0, 3]).is_some(), "leading zeros");
        assert_eq!(PublicKey::new(&odd, &[3]).unwrap().bits(), 1024);
        assert!(PublicKey::new(&key(128, 2), &[3]).is_none(), "even");
        assert!(PublicKey::new(&key(126, 1), &[3]).is_none(), "short");
        assert!(PublicKey::new(&key(8192, 1), &[3]).is_none(), "long");
        assert!(PublicKey::new(&[], &[3]).is_none());
        assert!(PublicKey::new(&[0], &[3]).is_none());
        for exponent in [&[][..], &[0], &[1], &[2], &[1; 9]] {
            assert!(PublicKey::new(&odd, exponent).is_none(), "{exponent:?}");
        }
    }

    /// A signature of 1 has the value 1 under every key, whatever is signed.
    #[test]
    fn degenerate_signatures_do_not_verify() {
        let modulus = [0xff; 128];
        let key = PublicKey::new(&modulus, &[3]).unwrap();
        let digest = Algorithm::Sha1.digest(&[b"abc"]);
        for signature in [&[][..], &[0], &[1], &[0xff; 128], &[0xff; 129]] {
            assert!(!key.verifies(Algorithm::Sha1, &digest, signature));
        }
    }
}
