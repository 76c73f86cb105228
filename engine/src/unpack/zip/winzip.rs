//! AES encryption of ZIP entries (WinZip, "AES Encryption Information: Encryption Specification AE-1
//! and AE-2", version 1.04).
//!
//! The data are: a salt, two bytes that tell nearly all wrong passwords, the cipher text, and the first
//! ten bytes of its HMAC-SHA1. Keys come from the password by PBKDF2-HMAC-SHA1 with 1,000 rounds; the
//! cipher is AES in counter mode, whose counter is little-endian and begins at 1.

use aes::cipher::{BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use hmac::{Hmac, Mac};
use sha1::Sha1;

use crate::reader::{OutOfBounds, Reader};

/// What the extra field of an encrypted entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// 1 or 2; the second form leaves the checksum of the data away.
    pub(super) version: u16,
    /// 1 to 3, for 128, 192 and 256 bits.
    strength: u8,
    /// How the data are compressed.
    pub(super) method: u16,
}

impl Field {
    /// The number of the extra field.
    pub(super) const NUMBER: u16 = 0x9901;

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, OutOfBounds> {
        let version = reader.u16_le()?;
        let _vendor = reader.u16_le()?;
        Ok(Self { version, strength: reader.u8()?, method: reader.u16_le()? })
    }

    /// Whether the headers hold no checksum.
    pub(super) fn leaves_checksum_away(&self) -> bool {
        self.version >= 2
    }

    /// Bytes of a key, twice the salt's; `None` for a strength that does not exist.
    fn key_length(&self) -> Option<usize> {
        match self.strength {
            1 => Some(16),
            2 => Some(24),
            3 => Some(32),
            _ => None,
        }
    }
}

const CHECK: usize = 2;
const CODE: usize = 10;
const ROUNDS: u32 = 1000;
/// Two keys and the check, of the greatest strength.
const LONGEST_DERIVED: usize = 32 + 32 + CHECK;

/// The parts of an entry's data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'d> {
    salt: &'d [u8],
    check: &'d [u8],
    /// The cipher text.
    pub(super) text: &'d [u8],
    code: &'d [u8],
}

impl<'d> Parts<'d> {
    /// Takes the data apart; `None` where they are too short.
    pub(super) fn of(field: &Field, data: &'d [u8]) -> Option<Self> {
        let (salt, rest) = data.split_at_checked(field.key_length()? / 2)?;
        let (check, rest) = rest.split_at_checked(CHECK)?;
        let (text, code) = rest.split_at_checked(rest.len().checked_sub(CODE)?)?;
        Some(Self { salt, check, text, code })
    }

    /// Bytes in front of the cipher text and behind it.
    pub(super) fn overhead(&self) -> usize {
        self.salt.len().saturating_add(CHECK).saturating_add(CODE)
    }
}

/// What one password costs, in blocks that are hashed: each 20 bytes of key take two blocks a round.
pub(super) const WORK: u64 = LONGEST_DERIVED.div_ceil(20) as u64 * 2 * ROUNDS as u64;

/// The keys that a password gives.
pub(super) struct Keys {
    cipher: Cipher,
    code: Hmac<Sha1>,
    counter: u128,
}

enum Cipher {
    Aes128(Box<Aes128>),
    Aes192(Box<Aes192>),
    Aes256(Box<Aes256>),
}

impl Keys {
    /// Derives the keys; `None` where the check says that the password is another one.
    pub(super) fn derive(password: &[u8], field: &Field, parts: &Parts<'_>) -> Option<Self> {
        let mut derived = [0; LONGEST_DERIVED];
        let length = field.key_length()?;
        let derived = derived.get_mut(..length.checked_mul(2)?.checked_add(CHECK)?)?;
        pbkdf2::pbkdf2_hmac::<Sha1>(password, parts.salt, ROUNDS, derived);
        let (key, rest) = derived.split_at_checked(length)?;
        let (code_key, check) = rest.split_at_checked(length)?;
        if check != parts.check {
            return None;
        }
        let cipher = match length {
            16 => Cipher::Aes128(Box::new(Aes128::new_from_slice(key).ok()?)),
            24 => Cipher::Aes192(Box::new(Aes192::new_from_slice(key).ok()?)),
            _ => Cipher::Aes256(Box::new(Aes256::new_from_slice(key).ok()?)),
        };
        let code = Hmac::new_from_slice(code_key).ok()?;
        Some(Self { cipher, code, counter: 0 })
    }

    /// Turns the next piece of cipher text into plain text. Every piece but the last is a multiple of
    /// 16 bytes long.
    pub(super) fn decrypt(&mut self, piece: &mut [u8]) {
        self.code.update(piece);
        for block in piece.chunks_mut(16) {
            self.counter = self.counter.wrapping_add(1);
            let mut mask = self.counter.to_le_bytes().into();
            match &self.cipher {
                Cipher::Aes128(cipher) => cipher.encrypt_block(&mut mask),
                Cipher::Aes192(cipher) => cipher.encrypt_block(&mut mask),
                Cipher::Aes256(cipher) => cipher.encrypt_block(&mut mask),
            }
            block.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
        }
    }

    /// Whether the authentication code fits all that was decrypted.
    pub(super) fn fits(self, parts: &Parts<'_>) -> bool {
        self.code.verify_truncated_left(parts.code).is_ok()
    }
}
