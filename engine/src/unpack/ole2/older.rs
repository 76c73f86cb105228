//! Documents of Word and Excel before 2007 under a password: RC4 with 40 bits (MS-OFFCRYPTO 2.3.6), RC4
//! with a key by CryptoAPI (2.3.5), and of workbooks the XOR obfuscation (2.3.7). MS-XLS 2.2.10 and MS-DOC
//! 2.2.6 say what is encrypted.
//!
//! `VelvetSweatshop`, which Excel tries unasked, is tried before the passwords that the host and the sets
//! know. Streams are decrypted one by one, each at its own length, headers of records in place. What is
//! kept in presentations, and the obfuscation of Word's texts, stays closed.

use std::io::{self, Read};
use std::sync::Arc;

use md5::Md5;
use sha1::{Digest, Sha1};

use super::locked::SILENT;
use crate::limits::{Budget, Stop};
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::Passwords;
use crate::unpack::rc4::Rc4;

/// Hashes that trying a password takes, in the unit of `key-work`.
const WORK: u64 = 32;
const FILE_PASS: u16 = 0x2f;

/// How a stream is read.
pub(super) struct Unlocked {
    key: Arc<Key>,
    part: Part,
}

/// What a stream is of its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Records, of which some and all headers are not encrypted.
    Workbook,
    /// Everything behind so many bytes.
    Text(usize),
}

/// What the keys of blocks are made of.
pub(super) enum Key {
    Short([u8; 5]),
    CryptoApi { hash: [u8; 20], bytes: usize },
    Xor([u8; 16]),
}

/// What is needed to try a password.
pub(super) enum Lock {
    Short { salt: [u8; 16], proof: [u8; 32] },
    CryptoApi { salt: [u8; 16], proof: [u8; 36], bytes: usize },
    Xor { key: [u8; 2], verifier: u16 },
}

/// What the first bytes of a text say of its encryption: whether the other stream is `1Table`, and how
/// many bytes of that one are not encrypted.
pub(super) fn locked_text(text: &[u8]) -> Option<(&'static str, usize)> {
    const ENCRYPTED: u16 = 1 << 8;
    const OTHER_TABLE: u16 = 1 << 9;
    const OBFUSCATED: u16 = 1 << 15;
    let mut reader = Reader::new(text);
    (reader.u16_le().ok()? == 0xa5ec).then_some(())?;
    reader.skip(8).ok()?;
    let (flags, _) = (reader.u16_le().ok()?, reader.u16_le().ok()?);
    let header = reader.u32_le().ok()?;
    (flags & (ENCRYPTED | OBFUSCATED) == ENCRYPTED).then_some(())?;
    let table = if flags & OTHER_TABLE != 0 { "1Table" } else { "0Table" };
    Some((table, usize::try_from(header).ok()?))
}

impl Lock {
    /// Reads what a workbook begins with (MS-XLS 2.4.117).
    pub(super) fn of_workbook(stream: &[u8]) -> Option<Self> {
        let mut record = Reader::new(password_record(stream)?);
        match record.u16_le().ok()? {
            0 => {
                let key = record.array().ok()?;
                Some(Lock::Xor { key, verifier: record.u16_le().ok()? })
            }
            1 => Self::read(record).ok()?,
            _ => None,
        }
    }

    /// Reads the header that a table of a text begins with, too.
    pub(super) fn read(mut reader: Reader<'_>) -> Result<Option<Self>, OutOfBounds> {
        const RC4: u32 = 0x6801;
        match [reader.u16_le()?, reader.u16_le()?] {
            [1, 1] => Ok(Some(Lock::Short { salt: reader.array()?, proof: reader.array()? })),
            [2..=4, 2] => {
                reader.skip(4)?;
                let size = reader.u32_le()?;
                let mut header = Reader::new(reader.bytes(size.into())?);
                header.skip(8)?;
                let algorithm = header.u32_le()?;
                header.skip(4)?;
                let bits = header.u32_le()?;
                let salt_size = reader.u32_le()?;
                let salt = reader.array()?;
                let verifier: [u8; 16] = reader.array()?;
                reader.skip(4)?;
                let hash: [u8; 20] = reader.array()?;
                let mut proof = [0; 36];
                proof.iter_mut().zip(verifier.iter().chain(&hash)).for_each(|(to, &it)| *to = it);
                let bytes = if bits == 0 { 5 } else { (bits / 8).clamp(5, 16) as usize };
                let is_known = matches!(algorithm, 0 | RC4) && salt_size == 16;
                Ok(is_known.then_some(Lock::CryptoApi { salt, proof, bytes }))
            }
            _ => Ok(None),
        }
    }

    /// Tries what Excel tries, and then every password that is known.
    pub(super) fn open(&self, passwords: &Passwords, budget: &Budget) -> Result<Option<Key>, Stop> {
        for password in std::iter::once(SILENT).chain(passwords.iter()) {
            budget.try_key(WORK)?;
            if let Some(key) = self.try_password(password) {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    fn try_password(&self, password: &[u8]) -> Option<Key> {
        let text = String::from_utf8_lossy(password);
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        match self {
            Lock::Short { salt, proof } => {
                let hash: [u8; 5] = *Md5::digest(&wide).first_chunk()?;
                let hash: [u8; 5] =
                    *Md5::digest([&hash[..], salt].concat().repeat(16)).first_chunk()?;
                let key = Key::Short(hash);
                let (verifier, proof) = key.prove(proof)?;
                (*Md5::digest(&verifier) == *proof).then_some(key)
            }
            Lock::CryptoApi { salt, proof, bytes } => {
                let hash = Sha1::digest([&salt[..], &wide].concat()).into();
                let key = Key::CryptoApi { hash, bytes: *bytes };
                let (verifier, proof) = key.prove(proof)?;
                (*Sha1::digest(&verifier) == *proof).then_some(key)
            }
            Lock::Xor { key, verifier } => {
                (xor_verifier(password)? == *verifier).then(|| Key::Xor(xor_array(password, *key)))
            }
        }
    }
}

impl Key {
    fn cipher(&self, block: u32) -> Option<Rc4> {
        let number = block.to_le_bytes();
        match self {
            Key::Short(hash) => Some(Rc4::new(&Md5::digest([&hash[..], &number].concat()))),
            Key::CryptoApi { hash, bytes } => {
                let hash = Sha1::digest([&hash[..], &number].concat());
                let mut key = hash.get(..*bytes)?.to_vec();
                if *bytes == 5 {
                    key.resize(16, 0);
                }
                Some(Rc4::new(&key))
            }
            Key::Xor(_) => None,
        }
    }

    /// The verifier, and what its hash should be.
    fn prove(&self, proof: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
        let plain = self.cipher(0)?.apply(proof);
        let (verifier, hash) = plain.split_at_checked(16)?;
        Some((verifier.to_vec(), hash.to_vec()))
    }
}

impl Unlocked {
    pub(super) fn new(key: &Arc<Key>, part: Part) -> Self {
        Self { key: Arc::clone(key), part }
    }

    /// The stream as it was before.
    pub(super) fn decrypt<'d>(&self, stream: &'d [u8]) -> Decrypted<'d> {
        let (block_size, clear) = match self.part {
            Part::Workbook => (1024, 0),
            Part::Text(clear) => (512, clear),
        };
        Decrypted {
            key: Arc::clone(&self.key),
            stream,
            at: 0,
            block_size,
            cipher: None,
            clear,
            record: (self.part == Part::Workbook).then_some(Record { next: 0, size: 0 }),
        }
    }
}

/// A stream that is decrypted while it is read.
pub(super) struct Decrypted<'d> {
    key: Arc<Key>,
    stream: &'d [u8],
    at: usize,
    block_size: usize,
    cipher: Option<Rc4>,
    /// Where what is not encrypted ends.
    clear: usize,
    record: Option<Record>,
}

/// The record of a workbook that is read, and where the next one begins.
struct Record {
    next: usize,
    size: usize,
}

impl Decrypted<'_> {
    fn byte(&mut self, byte: u8) -> u8 {
        if self.at.is_multiple_of(self.block_size) {
            let block = self.at.checked_div(self.block_size).unwrap_or(0);
            self.cipher = u32::try_from(block).ok().and_then(|block| self.key.cipher(block));
        }
        self.begin_record();
        let is_clear = self.at < self.clear;
        let size = self.record.as_ref().map_or(0, |record| record.size);
        let index = self.at.wrapping_add(size) % 16;
        self.at = self.at.saturating_add(1);
        // The cipher goes on through what is not encrypted.
        let mask = self.cipher.as_mut().map_or(0, Rc4::next);
        match &*self.key {
            _ if is_clear => byte,
            Key::Xor(array) => (byte ^ array.get(index).unwrap_or(&0)).rotate_right(5),
            _ => byte ^ mask,
        }
    }

    /// Reads the header of a record that begins here (MS-XLS 2.2.10).
    fn begin_record(&mut self) {
        const HEADER: usize = 4;
        const SHEET: u16 = 0x85;
        const NEVER: [u16; 7] = [0x809, FILE_PASS, 0xe1, 0x194, 0x195, 0x196, 0x138];
        let Some(record) = self.record.as_mut().filter(|record| record.next == self.at) else {
            return;
        };
        let mut header = Reader::new(self.stream.get(self.at..).unwrap_or_default());
        let kind = header.u16_le().unwrap_or(0);
        record.size = header.u16_le().unwrap_or(0).into();
        record.next = self.at.saturating_add(HEADER).saturating_add(record.size);
        let clear = match kind {
            _ if NEVER.contains(&kind) => record.size,
            // Where the sheet begins.
            SHEET => 4,
            _ => 0,
        };
        self.clear = self.at.saturating_add(HEADER).saturating_add(clear).min(record.next);
    }
}

impl Read for Decrypted<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let rest = self.stream.get(self.at..).unwrap_or_default();
        let count = rest.len().min(into.len());
        for (place, &byte) in into.iter_mut().zip(rest) {
            *place = self.byte(byte);
        }
        Ok(count)
    }
}

/// The record of a workbook that says how it is encrypted; it is among the first.
pub(super) fn password_record(stream: &[u8]) -> Option<&[u8]> {
    const FIRST: usize = 8;
    let mut reader = Reader::new(stream);
    for _ in 0..FIRST {
        let (kind, size) = (reader.u16_le().ok()?, reader.u16_le().ok()?);
        if kind == FILE_PASS {
            return Some(reader.rest().get(..size.into()).unwrap_or_else(|| reader.rest()));
        }
        reader.skip(size.into()).ok()?;
    }
    None
}

/// A check of a password for the obfuscation (2.3.7.1); `None` for those that are too long for it.
fn xor_verifier(password: &[u8]) -> Option<u16> {
    let length = u8::try_from(password.len()).ok().filter(|length| *length <= 15)?;
    let bytes = password.iter().rev().chain([&length]);
    let verifier =
        bytes.fold(0_u16, |sum, &byte| ((sum >> 14 & 1) ^ (sum << 1 & 0x7fff)) ^ u16::from(byte));
    Some(verifier ^ 0xce4b)
}

/// What bytes are mixed with: the password and a filling, mixed with the key (2.3.7.2). The key is the
/// one that the document tells; it follows from the password.
fn xor_array(password: &[u8], key: [u8; 2]) -> [u8; 16] {
    const FILLING: [u8; 15] =
        [0xbb, 0xff, 0xff, 0xba, 0xff, 0xff, 0xb9, 0x80, 0, 0xbe, 0x0f, 0, 0xbf, 0x0f, 0];
    let filled = password.iter().chain(&FILLING);
    let mixed = filled.zip(key.iter().cycle()).map(|(byte, key)| (byte ^ key).rotate_right(1));
    let mut array = [0; 16];
    array.iter_mut().zip(mixed).for_each(|(place, byte)| *place = byte);
    array
}
