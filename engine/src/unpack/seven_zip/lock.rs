//! The encryption of 7z archives: AES-256 in CBC mode, with a key from many rounds of SHA-256 over salt,
//! password and a counter (7zFormat.txt; method 06 f1 07 01).
//!
//! Nothing in it says whether a password is right: that shows by the checksums of what comes out.

use std::io::{self, Read};

use aes::Aes256Dec;
use aes::cipher::{BlockCipherDecrypt, KeyInit};
use sha2::{Digest, Sha256};

use super::header::Coder;
use crate::limits::{Budget, Stop};
use crate::verdict::{Problem, Reason};

pub(super) const METHOD: &[u8] = &[6, 0xf1, 7, 1];

const BLOCK: usize = 16;
/// The number of rounds that means none: the key is salt and password as they are.
const NO_ROUNDS: u32 = 0x3f;
/// More are refused: 7-Zip writes 19 and takes 24.
const MOST_ROUNDS: u32 = 24;

/// The password under trial, and keys that were made of it.
pub(super) struct Keys<'p> {
    password: Option<&'p [u8]>,
    made: Vec<(u32, Vec<u8>, [u8; 32])>,
}

impl<'p> Keys<'p> {
    pub(super) fn new(password: Option<&'p [u8]>) -> Self {
        Self { password, made: Vec::new() }
    }

    fn key(&mut self, rounds: u32, salt: &[u8], budget: &Budget) -> Result<[u8; 32], Problem> {
        let password =
            self.password.ok_or_else(|| Problem::new(Reason::Encrypted, "a password is needed"))?;
        let known = self.made.iter().find(|(number, known, _)| *number == rounds && known == salt);
        if let Some((.., key)) = known {
            return Ok(*key);
        }
        let key = derive(rounds, salt, password, budget)?;
        self.made.push((rounds, salt.to_vec(), key));
        Ok(key)
    }
}

fn derive(rounds: u32, salt: &[u8], password: &[u8], budget: &Budget) -> Result<[u8; 32], Stop> {
    let text = String::from_utf8_lossy(password);
    let password: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    if rounds == NO_ROUNDS {
        let mut key = [0; 32];
        key.iter_mut().zip(salt.iter().chain(&password)).for_each(|(place, &byte)| *place = byte);
        return Ok(key);
    }
    let length = salt.len().saturating_add(password.len()).saturating_add(8) as u64;
    budget.try_key((length << rounds).div_ceil(64))?;
    let mut digest = Sha256::new();
    for round in 0..1_u64 << rounds {
        if round.is_multiple_of(1 << 16) {
            budget.check()?;
        }
        digest.update(salt);
        digest.update(&password);
        digest.update(round.to_le_bytes());
    }
    Ok(digest.finalize().into())
}

/// Decrypts what the source gives.
pub(super) fn open<'a>(
    coder: &Coder,
    source: Box<dyn Read + 'a>,
    keys: &mut Keys<'_>,
    budget: &Budget,
) -> Result<Box<dyn Read + 'a>, Problem> {
    let wrong = || Problem::new(Reason::Corrupted, "the lock's properties are broken");
    let [first, second, rest @ ..] = coder.properties.as_slice() else { return Err(wrong()) };
    let rounds = u32::from(first & 0x3f);
    let salt_length = usize::from(first >> 7 & 1).saturating_add((second >> 4).into());
    let start_length = usize::from(first >> 6 & 1).saturating_add((second & 0xf).into());
    let (salt, rest) = rest.split_at_checked(salt_length).ok_or_else(wrong)?;
    let start = rest.get(..start_length).ok_or_else(wrong)?;
    if rounds > MOST_ROUNDS && rounds != NO_ROUNDS {
        return Err(Problem::new(Reason::Unsupported("7z-method"), "too many rounds for a key"));
    }
    let key = keys.key(rounds, salt, budget)?;
    let mut last = [0; BLOCK];
    last.iter_mut().zip(start).for_each(|(place, &byte)| *place = byte);
    let cipher = Aes256Dec::new(&key.into());
    Ok(Box::new(Decrypt { source, cipher, last, plain: [0; BLOCK], left: 0 }))
}

struct Decrypt<R> {
    source: R,
    cipher: Aes256Dec,
    /// The last encrypted block.
    last: [u8; BLOCK],
    plain: [u8; BLOCK],
    /// Bytes of `plain` that were not handed out.
    left: usize,
}

impl<R: Read> Decrypt<R> {
    /// Decrypts the next block; `false` where there is none.
    fn advance(&mut self) -> io::Result<bool> {
        let mut block = [0; BLOCK];
        let mut filled = 0_usize;
        while filled < BLOCK {
            match self.source.read(block.get_mut(filled..).unwrap_or_default())? {
                0 => break,
                count => filled = filled.saturating_add(count),
            }
        }
        if filled < BLOCK {
            return Ok(false);
        }
        let mut plain = block.into();
        self.cipher.decrypt_block(&mut plain);
        self.plain = plain.into();
        self.plain.iter_mut().zip(self.last).for_each(|(byte, last)| *byte ^= last);
        (self.last, self.left) = (block, BLOCK);
        Ok(true)
    }
}

impl<R: Read> Read for Decrypt<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut count = 0_usize;
        while let Some(free) = into.get_mut(count..).filter(|free| !free.is_empty()) {
            if self.left == 0 && !self.advance()? {
                break;
            }
            let from = BLOCK.saturating_sub(self.left);
            let copied = self.plain.get(from..).unwrap_or_default().read(free)?;
            self.left = self.left.saturating_sub(copied);
            count = count.saturating_add(copied);
        }
        Ok(count)
    }
}
