//! Office Open XML documents under a password (MS-OFFCRYPTO 12.0): standard encryption (2.3.4.5 and on)
//! and agile encryption (2.3.4.10 and on), with AES.
//!
//! Excel opens a document whose password is `VelvetSweatshop` without asking for it. So malware is
//! encrypted with it: people see nothing of that, and scanners nothing of the document. It is tried
//! before the passwords that the host and the sets know. What says how the key is made is not
//! believed further than the budget agrees.

use std::io::{self, Read as _};

use aes::cipher::{Array, BlockCipherDecrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::limits::{Budget, Stop};
use crate::reader::Reader;
use crate::unpack::Passwords;
use crate::unpack::decoders::cut_off;
use crate::unpack::mail::Base64;

/// The password that Excel knows.
pub(super) const SILENT: &[u8] = b"VelvetSweatshop";
const BLOCK: usize = 16;
/// Agile encryption begins anew after so many bytes.
const SEGMENT: usize = 4096;
/// Hashes between two looks at the clock.
const STEP: u32 = 4096;

/// The key of a document.
pub(super) struct Key {
    cipher: Aes,
    /// What the vectors of segments are made of; without it, blocks are not chained.
    segments: Option<(Hash, Vec<u8>)>,
}

impl Key {
    /// Opens a document by its stream `EncryptionInfo`; `None` where no password fits, or where it is
    /// encrypted in a way that is not read here.
    pub(super) fn find(
        information: &[u8],
        passwords: &Passwords,
        budget: &Budget,
    ) -> Result<Option<Self>, Stop> {
        let Some(lock) = Lock::read(information) else { return Ok(None) };
        for password in std::iter::once(SILENT).chain(passwords.iter()) {
            // A hash takes two blocks at most.
            budget.try_key(u64::from(lock.spins).saturating_mul(2).saturating_add(10))?;
            let hash = lock.spin(password, budget)?;
            if let Some(key) = lock.open(&hash) {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }
}

/// What is needed to try a password.
struct Lock {
    hash: Hash,
    salt: Vec<u8>,
    spins: u32,
    key_bytes: usize,
    form: Form,
}

enum Form {
    /// The verifier and its hash, encrypted.
    Standard {
        verifier: [u8; BLOCK],
        proof: [u8; 32],
    },
    Agile(Box<Agile>),
}

/// The encrypted parts of a password's key encryptor, and what is told of the package.
struct Agile {
    verifier: Vec<u8>,
    proof: Vec<u8>,
    key: Vec<u8>,
    package_hash: Hash,
    package_salt: Vec<u8>,
}

impl Lock {
    /// Reads either form; longer keys and other ciphers than AES's are none.
    fn read(information: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(information);
        let version = [reader.u16_le().ok()?, reader.u16_le().ok()?];
        reader.skip(4).ok()?;
        match version {
            [4, 4] => Self::agile(reader.rest()),
            [2..=4, 2] => Self::standard(reader),
            _ => None,
        }
    }

    fn standard(mut reader: Reader<'_>) -> Option<Self> {
        const SPINS: u32 = 50_000;
        let size = reader.u32_le().ok()?;
        let mut header = Reader::new(reader.bytes(size.into()).ok()?);
        header.skip(8).ok()?;
        let algorithm = header.u32_le().ok()?;
        header.skip(4).ok()?;
        let bits = header.u32_le().ok()?;
        let salt_size = reader.u32_le().ok()?.min(64);
        let salt = reader.bytes(salt_size.into()).ok()?.to_vec();
        let verifier = reader.array().ok()?;
        reader.skip(4).ok()?;
        let form = Form::Standard { verifier, proof: reader.array().ok()? };
        // The names of AES with 128, 192 and 256 bits; zero leaves it to the flags.
        matches!(algorithm, 0 | 0x660e..=0x6610).then_some(())?;
        let bits = if bits == 0 { 128 } else { bits };
        let key_bytes = usize::try_from(bits / 8).ok()?;
        Some(Self { hash: Hash::Sha1, salt, spins: SPINS, key_bytes, form })
    }

    fn agile(text: &[u8]) -> Option<Self> {
        let package = element(text, b"keyData")?;
        let key = element(text, b"encryptedKey")?;
        for tag in [package, key] {
            (attribute(tag, b"cipherAlgorithm")? == b"AES").then_some(())?;
            (attribute(tag, b"cipherChaining")? == b"ChainingModeCBC").then_some(())?;
        }
        let agile = Agile {
            verifier: decoded(key, b"encryptedVerifierHashInput")?,
            proof: decoded(key, b"encryptedVerifierHashValue")?,
            key: decoded(key, b"encryptedKeyValue")?,
            package_hash: Hash::named(attribute(package, b"hashAlgorithm")?)?,
            package_salt: decoded(package, b"saltValue")?,
        };
        Some(Self {
            hash: Hash::named(attribute(key, b"hashAlgorithm")?)?,
            salt: decoded(key, b"saltValue")?,
            spins: u32::try_from(number(key, b"spinCount")?).ok()?,
            key_bytes: usize::try_from(number(key, b"keyBits")? / 8).ok()?,
            form: Form::Agile(Box::new(agile)),
        })
    }

    /// Hashes a password as often as the document asks for.
    fn spin(&self, password: &[u8], budget: &Budget) -> Result<Vec<u8>, Stop> {
        let password = String::from_utf8_lossy(password);
        let wide: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut hash = self.hash.of(&[&self.salt, &wide]);
        for round in 0..self.spins {
            if round % STEP == 0 {
                budget.check()?;
            }
            hash = self.hash.of(&[&round.to_le_bytes(), &hash]);
        }
        Ok(hash)
    }

    /// The key, if the password was the right one.
    fn open(&self, hash: &[u8]) -> Option<Key> {
        match &self.form {
            Form::Standard { verifier, proof } => self.open_standard(hash, verifier, proof),
            Form::Agile(agile) => self.open_agile(hash, agile),
        }
    }

    /// 2.3.4.7 and 2.3.4.9
    fn open_standard(&self, hash: &[u8], verifier: &[u8], proof: &[u8]) -> Option<Key> {
        const WIDTH: usize = 64;
        let last = self.hash.of(&[hash, &[0; 4]]);
        let half = |mask: u8| {
            let padded = last.iter().copied().chain(std::iter::repeat(0)).take(WIDTH);
            self.hash.of(&[&padded.map(|byte| byte ^ mask).collect::<Vec<u8>>()])
        };
        let key = [half(0x36), half(0x5c)].concat();
        let cipher = Aes::new(key.get(..self.key_bytes)?)?;
        let hash = self.hash.of(&[&cipher.single(verifier)]);
        let is_right = cipher.single(proof).starts_with(&hash);
        is_right.then_some(Key { cipher, segments: None })
    }

    /// 2.3.4.13
    fn open_agile(&self, hash: &[u8], agile: &Agile) -> Option<Key> {
        const VERIFIER: [u8; 8] = [0xfe, 0xa7, 0xd2, 0x76, 0x3b, 0x4b, 0x9e, 0x79];
        const PROOF: [u8; 8] = [0xd7, 0xaa, 0x0f, 0x6d, 0x30, 0x61, 0x34, 0x4e];
        const KEY: [u8; 8] = [0x14, 0x6e, 0x0b, 0xe7, 0xab, 0xac, 0xd0, 0xd6];
        let vector = fitted(&self.salt, BLOCK);
        let decrypt = |purpose: [u8; 8], data: &[u8]| {
            let key = fitted(&self.hash.of(&[hash, &purpose]), self.key_bytes);
            Some(Aes::new(&key)?.chained(&vector, data))
        };
        let verifier = decrypt(VERIFIER, &agile.verifier)?;
        let proof = decrypt(PROOF, &agile.proof)?;
        if !proof.starts_with(&self.hash.of(&[&verifier])) {
            return None;
        }
        let key = decrypt(KEY, &agile.key)?;
        let cipher = Aes::new(key.get(..self.key_bytes)?)?;
        Some(Key { cipher, segments: Some((agile.package_hash, agile.package_salt.clone())) })
    }
}

/// The stream `EncryptedPackage`, decrypted.
pub(super) struct Package<'d> {
    key: &'d Key,
    rest: &'d [u8],
    /// How much the document says that there still is.
    left: u64,
    segment: u32,
    ready: Vec<u8>,
    at: usize,
}

impl<'d> Package<'d> {
    pub(super) fn new(key: &'d Key, stream: &'d [u8]) -> Self {
        let mut reader = Reader::new(stream);
        let left = reader.u64_le().unwrap_or(1);
        Self { key, rest: reader.rest(), left, segment: 0, ready: Vec::new(), at: 0 }
    }

    /// Decrypts the next segment.
    fn fill(&mut self) -> io::Result<()> {
        let there = SEGMENT.min(self.rest.len());
        let length = there.saturating_sub(there % BLOCK);
        let (segment, rest) = self.rest.split_at_checked(length).unwrap_or_default();
        if segment.is_empty() {
            return Err(cut_off());
        }
        self.rest = rest;
        self.ready = match &self.key.segments {
            None => self.key.cipher.single(segment),
            Some((hash, salt)) => {
                let vector = fitted(&hash.of(&[salt, &self.segment.to_le_bytes()]), BLOCK);
                self.key.cipher.chained(&vector, segment)
            }
        };
        self.segment = self.segment.saturating_add(1);
        self.ready.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left = self.left.saturating_sub(self.ready.len() as u64);
        self.at = 0;
        Ok(())
    }
}

impl io::Read for Package<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.ready.len() {
            if self.left == 0 {
                return Ok(0);
            }
            self.fill()?;
        }
        let count = self.ready.get(self.at..).unwrap_or_default().read(into)?;
        self.at = self.at.saturating_add(count);
        Ok(count)
    }
}

/// The functions that these documents are hashed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"SHA1" | b"SHA-1" => Hash::Sha1,
            b"SHA256" | b"SHA-256" => Hash::Sha256,
            b"SHA384" | b"SHA-384" => Hash::Sha384,
            b"SHA512" | b"SHA-512" => Hash::Sha512,
            _ => return None,
        })
    }

    fn of(self, parts: &[&[u8]]) -> Vec<u8> {
        fn digest<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
            let mut digest = D::new();
            parts.iter().for_each(|part| digest.update(part));
            digest.finalize().to_vec()
        }
        match self {
            Hash::Sha1 => digest::<Sha1>(parts),
            Hash::Sha256 => digest::<Sha256>(parts),
            Hash::Sha384 => digest::<Sha384>(parts),
            Hash::Sha512 => digest::<Sha512>(parts),
        }
    }
}

/// AES with one of its three lengths of keys.
pub(super) enum Aes {
    Short(Aes128),
    Middle(Aes192),
    Long(Aes256),
}

impl Aes {
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        Some(match key.len() {
            16 => Aes::Short(Aes128::new_from_slice(key).ok()?),
            24 => Aes::Middle(Aes192::new_from_slice(key).ok()?),
            32 => Aes::Long(Aes256::new_from_slice(key).ok()?),
            _ => return None,
        })
    }

    fn block(&self, block: [u8; BLOCK]) -> [u8; BLOCK] {
        let mut block: aes::Block = Array(block);
        match self {
            Aes::Short(cipher) => cipher.decrypt_block(&mut block),
            Aes::Middle(cipher) => cipher.decrypt_block(&mut block),
            Aes::Long(cipher) => cipher.decrypt_block(&mut block),
        }
        block.0
    }

    /// Whole blocks, each by itself.
    pub(super) fn single(&self, data: &[u8]) -> Vec<u8> {
        data.chunks_exact(BLOCK)
            .filter_map(|block| block.first_chunk())
            .flat_map(|block| self.block(*block))
            .collect()
    }

    /// Whole blocks, each mixed with the one in front of it.
    fn chained(&self, vector: &[u8], data: &[u8]) -> Vec<u8> {
        let previous = vector.iter().chain(data);
        self.single(data).into_iter().zip(previous).map(|(byte, mask)| byte ^ mask).collect()
    }
}

/// Cut, or filled up as the specification says.
fn fitted(bytes: &[u8], length: usize) -> Vec<u8> {
    const FILLING: u8 = 0x36;
    bytes.iter().copied().chain(std::iter::repeat(FILLING)).take(length.min(64)).collect()
}

/// The first tag of this name, whatever its prefix.
fn element<'t>(text: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    memchr::memchr_iter(b'<', text).find_map(|at| {
        let tag = text.get(at.checked_add(1)?..)?;
        let tag = tag.get(..memchr::memchr(b'>', tag)?)?;
        let whole = tag.split(u8::is_ascii_whitespace).next()?;
        let local = whole.rsplit(|&byte| byte == b':').next()?;
        (local == name).then_some(tag)
    })
}

fn attribute<'t>(tag: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    memchr::memmem::find_iter(tag, name).find_map(|at| {
        let is_name = tag.get(at.checked_sub(1)?)?.is_ascii_whitespace();
        let behind = tag.get(at.checked_add(name.len())?..)?.trim_ascii_start();
        let (quote, value) = behind.strip_prefix(b"=")?.trim_ascii_start().split_first()?;
        let value = value.get(..memchr::memchr(*quote, value)?)?;
        is_name.then_some(value)
    })
}

fn number(tag: &[u8], name: &[u8]) -> Option<u64> {
    std::str::from_utf8(attribute(tag, name)?).ok()?.parse().ok()
}

fn decoded(tag: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    Base64::new(attribute(tag, name)?).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
