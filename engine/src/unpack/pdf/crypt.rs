//! The standard security handler (ISO 32000-2, 7.6): documents that open with the empty password, or
//! with one that the host knows.
//!
//! Revisions 2 to 6: RC4 and AES with 128 and 256 bits. Handlers by certificates are not read.

use std::io;

use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes256};
use md5::{Digest, Md5};
use sha2::{Sha256, Sha384, Sha512};

use super::syntax::{self, Token};
use crate::limits::{Budget, Stop};
use crate::reader::Reader;
use crate::unpack::Passwords;
use crate::unpack::decoders::{ByStep, Step, Stepwise};
use crate::unpack::rc4::Rc4;

const BLOCK: usize = 16;
/// What is put behind short passwords.
const PADDING: &[u8; 32] = b"\x28\xbf\x4e\x5e\x4e\x75\x8a\x41\x64\x00\x4e\x56\xff\xfa\x01\x08\
                             \x2e\x2e\x00\xb6\xd0\x68\x3e\x80\x2f\x0c\xa9\xfe\x64\x53\x69\x7a";
/// What one password costs, in hashed blocks: until revision 4, and behind it.
const WORK: [u64; 2] = [100, 60_000];

/// The lock of a document, by its encryption dictionary.
pub(super) struct Lock<'t> {
    revision: i64,
    key_length: usize,
    owner: &'t [u8],
    user: &'t [u8],
    user_key: &'t [u8],
    permissions: u32,
    hides_metadata: bool,
    id: &'t [u8],
    method: Method,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Plain,
    Rc4,
    Aes,
    /// AES with the key of the document for all objects.
    Aes256,
}

/// The key of a document.
pub(super) struct Key {
    key: Vec<u8>,
    method: Method,
}

impl<'t> Lock<'t> {
    /// `None` where this is no lock that can be opened here.
    pub(super) fn read(dictionary: &'t [Token], id: &'t [u8]) -> Option<Self> {
        let value = |key: &[u8]| syntax::value(dictionary, &[key]);
        let number = |key: &[u8]| syntax::number(value(key));
        let text = |key: &[u8]| syntax::bytes(value(key)).unwrap_or_default();
        if syntax::bytes(value(b"Filter"))? != b"Standard" {
            return None;
        }
        let (revision, version) = (number(b"R")?, number(b"V")?);
        let bits = if revision == 2 { 40 } else { number(b"Length").unwrap_or(40) };
        // Some writers count in bytes.
        let length = if bits < 40 { bits } else { bits / 8 };
        let length = if version == 4 { 16 } else { length };
        let metadata = value(b"EncryptMetadata");
        Some(Self {
            revision,
            key_length: usize::try_from(length).ok()?.clamp(5, 16),
            owner: text(b"O"),
            user: text(b"U"),
            user_key: text(b"UE"),
            permissions: u32::from_le_bytes(*number(b"P")?.to_le_bytes().first_chunk()?),
            hides_metadata: !matches!(metadata, [Token::Word(word)] if word == b"false"),
            id,
            method: method(dictionary, version)?,
        })
    }

    /// The key, by the first password that fits; `None` where none does.
    pub(super) fn open(&self, passwords: &Passwords, budget: &Budget) -> Result<Option<Key>, Stop> {
        let [cheap, dear] = WORK;
        let no_password: &[u8] = b"";
        for password in std::iter::once(no_password).chain(passwords.iter()) {
            budget.try_key(if self.revision >= 5 { dear } else { cheap })?;
            let key = match self.revision {
                2..=4 => self.key_until_4(password),
                5 | 6 => self.key_from_5(password),
                _ => None,
            };
            if let Some(key) = key {
                return Ok(Some(Key { key, method: self.method }));
            }
        }
        Ok(None)
    }

    /// Algorithms 2 and 6.
    fn key_until_4(&self, password: &[u8]) -> Option<Vec<u8>> {
        let mut hash = Md5::new();
        hash.update(password.iter().chain(PADDING).copied().take(32).collect::<Vec<u8>>());
        hash.update(self.owner.get(..32)?);
        hash.update(self.permissions.to_le_bytes());
        hash.update(self.id);
        if self.revision >= 4 && !self.hides_metadata {
            hash.update([0xff; 4]);
        }
        let mut key = hash.finalize().to_vec();
        if self.revision >= 3 {
            for _ in 0..50 {
                key = Md5::digest(key.get(..self.key_length)?).to_vec();
            }
        }
        key.truncate(self.key_length);
        let proof = self.proof(&key);
        let told = self.user.get(..proof.len())?;
        (told == proof).then_some(key)
    }

    /// What the user's entry begins with if the key is right (algorithms 4 and 5).
    fn proof(&self, key: &[u8]) -> Vec<u8> {
        if self.revision == 2 {
            return Rc4::new(key).apply(PADDING);
        }
        let mut hash = Md5::new();
        hash.update(PADDING);
        hash.update(self.id);
        let mut proof = hash.finalize().to_vec();
        for round in 0..20_u8 {
            let key: Vec<u8> = key.iter().map(|byte| byte ^ round).collect();
            proof = Rc4::new(&key).apply(&proof);
        }
        proof
    }

    /// Algorithm 2.A, for the user's password.
    fn key_from_5(&self, password: &[u8]) -> Option<Vec<u8>> {
        let password = password.get(..127).unwrap_or(password);
        let hash = |salt: &[u8]| match self.revision {
            5 => Some(Sha256::digest([password, salt].concat()).to_vec()),
            _ => hash_of_6(password, salt),
        };
        let (told, salts) = self.user.split_at_checked(32)?;
        if hash(salts.get(..8)?)? != told {
            return None;
        }
        let key = hash(salts.get(8..16)?)?;
        let cipher = Aes256::new_from_slice(&key).ok()?;
        let mut previous = [0; BLOCK];
        let mut plain = Vec::new();
        for block in self.user_key.get(..32)?.chunks_exact(BLOCK) {
            let block = *block.first_chunk::<BLOCK>()?;
            let mut text: aes::Block = Array(block);
            cipher.decrypt_block(&mut text);
            plain.extend(text.0.iter().zip(previous).map(|(byte, mask)| byte ^ mask));
            previous = block;
        }
        Some(plain)
    }
}

/// Which cipher the streams of a document are under.
fn method(dictionary: &[Token], version: i64) -> Option<Method> {
    if matches!(version, 1..=3) {
        return Some(Method::Rc4);
    }
    if !matches!(version, 4 | 5) {
        return None;
    }
    let name = syntax::bytes(syntax::value(dictionary, &[b"StmF"])).unwrap_or(b"Identity");
    let filter = syntax::value(syntax::value(dictionary, &[b"CF"]), &[name]);
    match syntax::bytes(syntax::value(filter, &[b"CFM"])) {
        None | Some(b"None") => Some(Method::Plain),
        Some(b"V2") => Some(Method::Rc4),
        Some(b"AESV2") => Some(Method::Aes),
        Some(b"AESV3") => Some(Method::Aes256),
        Some(_) => None,
    }
}

/// Algorithm 2.B: it ends after at most 288 rounds, since a byte decides.
fn hash_of_6(password: &[u8], salt: &[u8]) -> Option<Vec<u8>> {
    let mut key = Sha256::digest([password, salt].concat()).to_vec();
    let mut last = 0_u8;
    let mut round = 0_u16;
    while round < 64 || u16::from(last) > round.saturating_sub(32) {
        let mut text = [password, &key].concat().repeat(64);
        let cipher = Aes128::new_from_slice(key.get(..BLOCK)?).ok()?;
        let mut previous: [u8; BLOCK] = *key.get(BLOCK..)?.first_chunk()?;
        for block in text.chunks_exact_mut(BLOCK) {
            let block = block.first_chunk_mut::<BLOCK>()?;
            let mut mixed: aes::Block = Array(*block);
            mixed.0.iter_mut().zip(previous).for_each(|(byte, mask)| *byte ^= mask);
            cipher.encrypt_block(&mut mixed);
            (*block, previous) = (mixed.0, mixed.0);
        }
        let sum: u32 = text.iter().take(BLOCK).map(|&byte| u32::from(byte)).sum();
        key = match sum % 3 {
            0 => Sha256::digest(&text).to_vec(),
            1 => Sha384::digest(&text).to_vec(),
            _ => Sha512::digest(&text).to_vec(),
        };
        last = *text.last()?;
        round = round.saturating_add(1);
    }
    key.truncate(32);
    Some(key)
}

impl Key {
    /// Whether nothing is encrypted.
    pub(super) fn is_plain(&self) -> bool {
        self.method == Method::Plain
    }

    /// Decrypts what belongs to an object (algorithms 1 and 1.A).
    pub(super) fn decrypt<'d>(&self, number: i64, generation: i64, data: &'d [u8]) -> Plain<'d> {
        let key = match self.method {
            Method::Aes256 | Method::Plain => self.key.clone(),
            Method::Rc4 | Method::Aes => self.object_key(number, generation),
        };
        Stepwise::new(match self.method {
            Method::Rc4 => Decrypt::Rc4(Box::new(Rc4::new(&key)), Reader::new(data)),
            Method::Aes => Decrypt::cbc(Aes128::new_from_slice(&key).ok().map(Aes::Short), data),
            Method::Aes256 => Decrypt::cbc(Aes256::new_from_slice(&key).ok().map(Aes::Long), data),
            Method::Plain => Decrypt::Nothing(Reader::new(data)),
        })
    }

    fn object_key(&self, number: i64, generation: i64) -> Vec<u8> {
        let mut hash = Md5::new();
        hash.update(&self.key);
        hash.update(number.to_le_bytes().first_chunk::<3>().unwrap_or(&[0; 3]));
        hash.update(generation.to_le_bytes().first_chunk::<2>().unwrap_or(&[0; 2]));
        if self.method == Method::Aes {
            hash.update(b"sAlT");
        }
        let mut key = hash.finalize().to_vec();
        key.truncate(self.key.len().saturating_add(5).min(BLOCK));
        key
    }
}

/// Decrypted data.
pub(super) type Plain<'d> = Stepwise<Decrypt<'d>>;

/// One cipher over its data.
pub(super) enum Decrypt<'d> {
    Nothing(Reader<'d>),
    Rc4(Box<Rc4>, Reader<'d>),
    Cbc(Box<Cbc<'d>>),
}

enum Aes {
    Short(Aes128),
    Long(Aes256),
}

/// AES in chained blocks behind their first vector; the last byte tells how many are padding.
pub(super) struct Cbc<'d> {
    cipher: Aes,
    reader: Reader<'d>,
    previous: [u8; BLOCK],
    plain: [u8; BLOCK],
    left: usize,
}

impl<'d> Decrypt<'d> {
    fn cbc(cipher: Option<Aes>, data: &'d [u8]) -> Self {
        let mut reader = Reader::new(data);
        match (cipher, reader.array()) {
            (Some(cipher), Ok(previous)) => {
                Self::Cbc(Box::new(Cbc { cipher, reader, previous, plain: [0; BLOCK], left: 0 }))
            }
            _ => Self::Nothing(Reader::new(&[])),
        }
    }
}

impl ByStep for Decrypt<'_> {
    fn step(&mut self) -> io::Result<Step> {
        match self {
            Self::Nothing(reader) => Ok(reader.u8().map_or(Step::End, Step::Byte)),
            Self::Rc4(rc4, reader) => {
                Ok(reader.u8().map_or(Step::End, |byte| Step::Byte(byte ^ rc4.next())))
            }
            Self::Cbc(cbc) => cbc.step(),
        }
    }
}

impl Cbc<'_> {
    fn step(&mut self) -> io::Result<Step> {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            let [first, ..] = self.plain;
            self.plain.rotate_left(1);
            return Ok(Step::Byte(first));
        }
        if self.reader.is_empty() {
            return Ok(Step::End);
        }
        let cut = |_| io::Error::new(io::ErrorKind::UnexpectedEof, "the last block is cut off");
        let block: [u8; BLOCK] = self.reader.array().map_err(cut)?;
        let mut text: aes::Block = Array(block);
        match &self.cipher {
            Aes::Short(cipher) => cipher.decrypt_block(&mut text),
            Aes::Long(cipher) => cipher.decrypt_block(&mut text),
        }
        text.0.iter_mut().zip(self.previous).for_each(|(byte, mask)| *byte ^= mask);
        (self.plain, self.previous, self.left) = (text.0, block, BLOCK);
        let [.., last] = self.plain;
        if self.reader.is_empty() && usize::from(last) <= BLOCK {
            self.left = BLOCK.saturating_sub(last.into());
        }
        Ok(Step::Nothing)
    }
}
