//! ClamAV's signatures: RSA in two forms, both written in digits of ClamAV's own.
//!
//! A signature is a number in base 64, the least digit first, with the digits `a-z A-Z 0-9 + /`. The one
//! in the header of a `.cvd` is the plain power of the MD5 of what follows the header, without padding;
//! the one of a list of files is RSASSA-PSS (RFC 8017, section 8.1.2) with SHA-256, MGF1 and a salt of
//! 32 bytes. What they are worth is what MD5 and the secrecy of these keys are worth; ClamAV itself
//! trusts nothing else. The public keys are facts, tried against databases that ClamAV signed.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use num_bigint::BigUint;
use sha2::{Digest, Sha256};

/// Bytes of a SHA-256, and of the salt.
const HASH: usize = 32;

/// The keys that a database must be signed with.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    /// Signs the archive of a `.cvd`.
    pub(crate) archive: PublicKey,
    /// Signs the list of files.
    pub(crate) files: PublicKey,
}

impl Keys {
    /// Those of the ClamAV project.
    pub(crate) fn clamav() -> Self {
        let archive = PublicKey::new(
            "11864099555164534260307000165845318975152777441202774374659940574324314260746414\
             47673610606406558447497607888900222834249227624889175655510024677711096695981894\
             10434699034532232228621591089508178591428456220796841621637175567590476666928698\
             770143328137383952820383197532047771780196576957695822641224262693037",
            100_001_027,
        );
        let files = PublicKey::new(
            "11088894983048545473659556106627194923928941791795047620591658697413581043322715\
             91217249680652538105588096452061840022433332053466029923398375534174067950286682\
             99096799557343913926683783612215242053966310901051516412708572770803107343209516\
             53700508941717419168723942507890702904702707587451621691050754307850383399865346\
             48720379846417853739221140278648135982446119723110289541509377039421666632448459\
             39357624084685168266331921408266679234948220458053478099328484548458869717064243\
             60558667862775876072059437703365380209101697738577515476935085469455279994113145\
             977994084618328482151013142393373316337519977244732747977",
            100_002_049,
        );
        Self { archive, files }
    }
}

/// An RSA key to check signatures with.
#[derive(Clone, Debug)]
pub(crate) struct PublicKey {
    modulus: BigUint,
    exponent: BigUint,
}

impl PublicKey {
    /// A key; the modulus in decimal digits.
    pub(crate) fn new(modulus: &str, exponent: u32) -> Self {
        let modulus = BigUint::parse_bytes(modulus.as_bytes(), 10).expect("a constant of digits");
        Self { modulus, exponent: exponent.into() }
    }

    /// Whether `signature` is one of this digest, as the header of a `.cvd` holds it.
    pub(crate) fn signs_md5(&self, signature: &str, md5: &[u8; 16]) -> bool {
        self.open(signature).is_some_and(|opened| opened == BigUint::from_bytes_be(md5))
    }

    /// Whether `signature` is one of this digest, as a list of files holds it.
    pub(crate) fn signs_sha256(&self, signature: &str, sha256: &[u8; HASH]) -> bool {
        let Some(opened) = self.open(signature) else { return false };
        let length = usize::try_from(self.modulus.bits().div_ceil(8)).unwrap_or(0);
        let bytes = opened.to_bytes_be();
        let mut encoded = vec![0; length.saturating_sub(bytes.len())];
        encoded.extend(bytes);
        is_pss(&encoded, sha256)
    }

    /// The number that was signed.
    fn open(&self, signature: &str) -> Option<BigUint> {
        let longest = self.modulus.bits().div_ceil(6);
        if signature.len() as u64 > longest {
            return None;
        }
        let digits = signature.bytes().rev().map(digit).collect::<Option<Vec<u8>>>()?;
        let signature = BigUint::from_radix_be(&digits, 64)?;
        (signature < self.modulus).then(|| signature.modpow(&self.exponent, &self.modulus))
    }
}

/// The value of one of ClamAV's digits.
fn digit(character: u8) -> Option<u8> {
    let (first, value) = match character {
        b'a'..=b'z' => (b'a', 0),
        b'A'..=b'Z' => (b'A', 26),
        b'0'..=b'9' => (b'0', 52),
        b'+' => (b'+', 62),
        b'/' => (b'/', 63),
        _ => return None,
    };
    character.checked_sub(first)?.checked_add(value)
}

/// EMSA-PSS-VERIFY of RFC 8017, section 9.1.2. The two leading bits are not looked at: ClamAV's own
/// encoder and the standard differ in whether they are cleared.
fn is_pss(encoded: &[u8], sha256: &[u8; HASH]) -> bool {
    let Some((&0xbc, rest)) = encoded.split_last() else { return false };
    let Some((masked, hash)) = rest.split_last_chunk::<HASH>() else { return false };
    let mut block: Vec<u8> =
        masked.iter().zip(mask(hash, masked.len())).map(|(byte, mask)| byte ^ mask).collect();
    if let Some(first) = block.first_mut() {
        *first &= 0x3f;
    }
    let Some((padding, salt)) = block.split_last_chunk::<HASH>() else { return false };
    let Some((1, zeros)) = padding.split_last() else { return false };
    let again = Sha256::new().chain_update([0; 8]).chain_update(sha256).chain_update(salt);
    zeros.iter().all(|&byte| byte == 0) && again.finalize().as_slice() == hash
}

/// MGF1 of RFC 8017, appendix B.2.1.
fn mask(seed: &[u8; HASH], length: usize) -> Vec<u8> {
    let blocks = (0_u32..).flat_map(|count| {
        Sha256::new().chain_update(seed).chain_update(count.to_be_bytes()).finalize()
    });
    blocks.take(length).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use md5::Md5;

    use super::*;

    /// A key made for these tests, and its secret exponent.
    const ARCHIVE: (&str, &str) = (
        "128969183470311941131154272240344742547075972583692323299917559878001462650064708095\
         62580520299719801915465172137262292232044240532214731912836308214719047",
        "125118035385239379543140342539956341168242219461848389694504760014088728432655899954\
         8068353438416305592472122699703523737589015441493450366740495991448113",
    );

    const FILES: (&str, &str) = (
        "145913605596941463076946900155651984272919240732116659626065558397005100776949549013\
         804054681216879013971310372942469957251682540441104374148473729910383817261043662505\
         585678217303509914680873639307048253574847996140767996640048275917011889623535205057\
         720867321123430055828810110373512701952726924589500289439",
        "117324005684368026279854034371457908711807868984232105461878796180609133627449126979\
         132680249041070792380367905344712099536668800083684576653309911521088611917807045689\
         973406405633143459500438931470933214541983674816672621791012455897545250070349515919\
         101206861556982983172447181728431681069389016766805624833",
    );

    /// Keys of which the secret halves are known.
    pub(crate) fn keys() -> Keys {
        Keys { archive: PublicKey::new(ARCHIVE.0, 65537), files: PublicKey::new(FILES.0, 65537) }
    }

    /// Signs as the header of a `.cvd` is signed.
    pub(crate) fn sign_archive(archive: &[u8]) -> String {
        sign(BigUint::from_bytes_be(&Md5::digest(archive)), ARCHIVE)
    }

    /// Signs as a list of files is signed.
    pub(crate) fn sign_files(text: &[u8]) -> String {
        let salt = [7; HASH];
        let digest = Sha256::digest(text);
        let hash: [u8; HASH] = Sha256::new()
            .chain_update([0; 8])
            .chain_update(digest)
            .chain_update(salt)
            .finalize()
            .into();
        let mut block = [0; 128 - 1 - HASH];
        let end = block.len();
        block[end - HASH..].copy_from_slice(&salt);
        block[end - HASH - 1] = 1;
        let mut encoded: Vec<u8> =
            block.iter().zip(mask(&hash, end)).map(|(byte, mask)| byte ^ mask).collect();
        encoded[0] &= 0x3f;
        encoded.extend(hash);
        encoded.push(0xbc);
        sign(BigUint::from_bytes_be(&encoded), FILES)
    }

    fn sign(message: BigUint, (modulus, secret): (&str, &str)) -> String {
        let number = |digits: &str| digits.parse::<BigUint>().unwrap();
        const DIGITS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/";
        let signature = message.modpow(&number(secret), &number(modulus)).to_radix_le(64);
        signature.into_iter().map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
    }

    const TEXT: &[u8] = b"signed text\n";

    /// Worked out with another program.
    const SIGNED_ARCHIVE: &str =
        "g9qHiXBSlVBlCU5zTh6L3aQUUJ8Q1rWqSPkdb7kb9s1WGDuJEGB26YlDQ5OF9WqISoF1ihHMFruHs91sDAv+Id";
    const SIGNED_FILES: &str = "RQA6+X/D+cKBX40M6pWdRipL11JkwmlWiIcmyrJX6dDFC98igOyKNOheLWLw3if+arZzKWwpYXrlRV5QbVmIcglR1XI9L6yotMh8tY95J5/SjR1rWE71+PbjdPFEUBYto0NxSDFd0BP05zfapLPOxMhJdar6pJ+aJYMt1PCeoGh";

    #[test]
    fn signatures_of_an_archive() {
        let (key, md5) = (keys().archive, Md5::digest(TEXT).into());
        assert!(key.signs_md5(SIGNED_ARCHIVE, &md5));
        assert_eq!(sign_archive(TEXT), SIGNED_ARCHIVE);
        assert!(!key.signs_md5(SIGNED_ARCHIVE, &Md5::digest(b"other text").into()));
        assert!(!key.signs_md5(&SIGNED_ARCHIVE.replacen('g', "h", 1), &md5));
        assert!(!Keys::clamav().archive.signs_md5(SIGNED_ARCHIVE, &md5), "another key");
    }

    #[test]
    fn signatures_of_a_list() {
        let (key, sha256) = (keys().files, Sha256::digest(TEXT).into());
        assert!(key.signs_sha256(SIGNED_FILES, &sha256));
        assert!(key.signs_sha256(&sign_files(TEXT), &sha256), "with another salt");
        assert!(!key.signs_sha256(&sign_files(b"other text"), &sha256));
        assert!(!key.signs_sha256(&SIGNED_FILES.replacen('R', "S", 1), &sha256));
        assert!(!Keys::clamav().files.signs_sha256(SIGNED_FILES, &sha256), "another key");
    }

    #[test]
    fn what_is_no_signature() {
        let (keys, md5, sha256) = (keys(), Md5::digest(TEXT).into(), Sha256::digest(TEXT).into());
        let longer = format!("{SIGNED_ARCHIVE}aaaa");
        let too_large = "/".repeat(85);
        for bad in ["", "a", "b", "=", "ä", "X", " ", &longer, &too_large, &"/".repeat(1 << 20)] {
            assert!(!keys.archive.signs_md5(bad, &md5), "{bad:.20}");
            assert!(!keys.files.signs_sha256(bad, &sha256), "{bad:.20}");
        }
    }

    #[test]
    fn digits_begin_with_the_least() {
        let values: Vec<_> = b"aAz9+/".iter().map(|&character| digit(character)).collect();
        assert_eq!(values, [0, 26, 25, 61, 62, 63].map(Some));
        let key = PublicKey { modulus: BigUint::from(1_000_000_u32), exponent: 1_u32.into() };
        assert_eq!(key.open("ab"), Some(64_u32.into()));
        assert_eq!(key.open("ba"), Some(1_u32.into()));
    }

    #[test]
    fn the_keys_of_clamav_have_their_lengths() {
        let Keys { archive, files } = Keys::clamav();
        assert_eq!((archive.modulus.bits(), files.modulus.bits()), (1024, 2047));
    }
}
