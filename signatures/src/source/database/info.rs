//! The list of files inside of a ClamAV database (`.info`): a line like the header of the database, a
//! line `name:size:sha256` for each file, and `DSIG:` with the signature of all lines before it.
//!
//! This list is what vouches for a `.cld`, which is put together from a signed database and signed
//! updates on the machine that uses it.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::super::{format_of, parse_hex, parse_number};
use super::header::Header;
use super::signature::PublicKey;
use super::tar::Entry;
use crate::diagnostic::{Fault, quoted};

/// The longest list that is read.
pub(crate) const LONGEST: u64 = 4 << 20;

/// What stands before the signature.
const SIGNATURE: &[u8] = b"DSIG:";

/// A list of files.
#[derive(Debug)]
pub(crate) struct Info {
    pub(crate) header: Header,
    files: Vec<Listed>,
    /// SHA-256 of all that is signed, and the signature.
    signature: Option<([u8; 32], String)>,
}

/// A file of a database, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) entry: Entry,
    pub(crate) sha256: [u8; 32],
}

impl Info {
    /// Reads a list.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let mut lines = bytes.split_inclusive(|&byte| byte == b'\n');
        let first = lines.next().unwrap_or_default();
        let header = Header::parse(first)
            .map_err(|fault| bad(format!("its list of files has {}", fault.message)))?;
        let (mut files, mut signed) = (Vec::new(), Sha256::new());
        signed.update(first);
        for line in lines {
            if let Some(signature) = line.strip_prefix(SIGNATURE) {
                let signature = String::from_utf8_lossy(signature.trim_ascii_end()).into_owned();
                let signature = Some((signed.finalize().into(), signature));
                return Ok(Self { header, files, signature });
            }
            signed.update(line);
            if !line.trim_ascii().is_empty() {
                files.push(listed(line)?);
            }
        }
        Ok(Self { header, files, signature: None })
    }

    /// Whether the list is signed with this key; nothing, where it is not signed at all.
    pub(crate) fn is_signed(&self, key: &PublicKey) -> Option<bool> {
        let (sha256, signature) = self.signature.as_ref()?;
        Some(key.signs_sha256(signature, sha256))
    }

    /// Checks that the files are exactly those of the list.
    pub(crate) fn check(&self, files: &[Listed]) -> Result<(), Fault> {
        let mut missing: BTreeMap<&str, &Listed> = BTreeMap::new();
        for listed in &self.files {
            if missing.insert(&listed.entry.name, listed).is_some() {
                return Err(bad(format!("{} is listed twice", quoted(&listed.entry.name))));
            }
        }
        for file in files {
            let name = quoted(&file.entry.name);
            match missing.remove(file.entry.name.as_str()) {
                Some(listed) if listed == file => {}
                Some(_) => {
                    let message = format!("{name} is not what its list of files says");
                    return Err(bad(message).help("size or SHA-256 differ: the file was changed"));
                }
                // Neither ClamAV nor we would read it: the licence and the like.
                None if format_of(&file.entry.name).is_none() => {}
                None => return Err(bad(format!("{name} is not in its list of files"))),
            }
        }
        match missing.into_keys().next() {
            Some(name) => Err(bad(format!("{} is missing", quoted(name)))),
            None => Ok(()),
        }
    }
}

fn bad(message: impl Into<String>) -> Fault {
    Fault::error("list of files", message)
}

/// A line `name:size:sha256`.
fn listed(line: &[u8]) -> Result<Listed, Fault> {
    let text = String::from_utf8_lossy(line);
    let fields: Vec<&str> = text.trim_ascii_end().splitn(4, ':').collect();
    let read = match *fields.as_slice() {
        [name, size, sha256] => parse_number(size)
            .zip(parse_hex(sha256))
            .map(|(size, sha256)| Listed { entry: Entry { name: name.into(), size }, sha256 }),
        _ => None,
    };
    read.ok_or_else(|| bad(format!("its list of files has the line {}", quoted(&text))))
}

#[cfg(test)]
mod tests {
    use super::super::signature::tests::{keys, sign_files};
    use super::*;

    const HEADER: &str = "ClamAV-VDB:now:6:14:81:X:X:me:77\n";

    fn file(name: &str, content: &[u8]) -> Listed {
        let entry = Entry { name: name.into(), size: content.len() as u64 };
        Listed { entry, sha256: Sha256::digest(content).into() }
    }

    /// A list of `a.ndb` and `b.hdb`.
    fn list() -> String {
        let digits = |content: &[u8]| hex(&Sha256::digest(content));
        format!("{HEADER}a.ndb:3:{}\nb.hdb:0:{}\n", digits(b"one"), digits(b""))
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_files_are_those_of_the_list() {
        let info = Info::parse(list().as_bytes()).unwrap();
        let (one, two) = (file("a.ndb", b"one"), file("b.hdb", b""));
        assert_eq!(info.check(&[two.clone(), one.clone()]), Ok(()), "in any order");
        let refused = |files: &[Listed]| info.check(files).unwrap_err().message;
        assert_eq!(refused(std::slice::from_ref(&one)), "`b.hdb` is missing");
        assert_eq!(
            refused(&[one.clone(), file("b.hdb", b"x")]),
            "`b.hdb` is not what its list of files says"
        );
        let more = file("c.ndb", b"");
        assert_eq!(refused(&[one, two, more]), "`c.ndb` is not in its list of files");
    }

    #[test]
    fn a_list_is_signed_up_to_its_last_line() {
        let key = keys().files;
        let signed = |text: &str| Info::parse(text.as_bytes()).unwrap().is_signed(&key);
        assert_eq!(signed(&list()), None);
        let signature = sign_files(list().as_bytes());
        assert_eq!(signed(&format!("{}DSIG:{signature}\nbehind it\n", list())), Some(true));
        assert_eq!(signed(&format!("{}DSIG:{signature}", list())), Some(true));
        assert_eq!(signed(&format!("{}\nDSIG:{signature}", list())), Some(false));
        assert_eq!(signed(&format!("{}DSIG:abc\n", list())), Some(false));
    }

    #[test]
    fn broken_lists_are_refused() {
        for line in ["a.ndb", "a.ndb:3", "a.ndb:x:00", "a:1:00:", "\u{1b}:1:1"] {
            let fault = Info::parse(format!("{HEADER}{line}\n").as_bytes()).unwrap_err();
            assert!(fault.message.starts_with("its list of files has the line"), "{fault:?}");
        }
        let fault = Info::parse(b"").unwrap_err();
        assert!(fault.message.starts_with("its list of files has no header"), "{fault:?}");
        let twice = format!("{}{}", list(), list().lines().last().unwrap());
        let fault = Info::parse(twice.as_bytes()).unwrap().check(&[]).unwrap_err();
        assert_eq!(fault.message, "`b.hdb` is listed twice");
    }
}
