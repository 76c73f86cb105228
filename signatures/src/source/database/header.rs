//! The header of a ClamAV database: 512 bytes of text,
//! `ClamAV-VDB:time:version:signatures:level:md5:signature:builder:epoch`, filled up with spaces.
//!
//! No field may be believed before the signature of the list of files was checked, which repeats
//! version, number of signatures, level and epoch. A database that was put together on its user's
//! machine (`.cld`) has `X` in place of digest and signature, an unsigned one (`.cud`) of the signature.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use super::super::{parse_hex, parse_number};
use crate::diagnostic::{Fault, quoted};

/// Bytes of a header.
pub(crate) const LENGTH: usize = 512;

/// What it begins with.
const MAGIC: &str = "ClamAV-VDB";

/// What stands for a digest or signature that is not there.
const NONE: &str = "X";

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// When it was built, as text.
    pub(crate) time: String,
    pub(crate) version: u64,
    /// How many signatures are said to be in it.
    pub(crate) signatures: u64,
    /// The engine level it was made for.
    pub(crate) level: u64,
    /// MD5 of all that follows the header.
    pub(crate) md5: Option<[u8; 16]>,
    /// The signature of that digest, in ClamAV's digits.
    pub(crate) signature: Option<String>,
    pub(crate) builder: String,
    /// Seconds since 1970; old databases do not say.
    pub(crate) epoch: Option<u64>,
}

/// What list of files and header both say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    version: u64,
    signatures: u64,
    level: u64,
    epoch: Option<u64>,
}

impl Header {
    /// Reads the first 512 bytes of a file, or the first line of a list of files.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let text = std::str::from_utf8(bytes).map_err(|_| bad("it is not text"))?;
        let text = text.trim_end_matches([' ', '\0', '\n', '\r']);
        let mut fields = text.split(':');
        if fields.next() != Some(MAGIC) {
            return Err(bad("it does not begin with `ClamAV-VDB:`"));
        }
        let mut field = |name: &str| fields.next().ok_or_else(|| bad(&format!("no {name} in it")));
        let header = Self {
            time: words(field("time")?, "time")?,
            version: number(field("version")?, "version")?,
            signatures: number(field("number of signatures")?, "number of signatures")?,
            level: number(field("level")?, "level")?,
            md5: digest(field("MD5")?)?,
            signature: signature(field("signature")?)?,
            builder: words(field("builder")?, "builder")?,
            epoch: fields.next().map(|epoch| number(epoch, "epoch")).transpose()?,
        };
        match fields.next() {
            Some(more) => Err(bad(&format!("{} behind its last field", quoted(more)))),
            None => Ok(header),
        }
    }

    /// What the list of files must say again.
    pub(crate) fn identity(&self) -> Identity {
        let &Self { version, signatures, level, epoch, .. } = self;
        Identity { version, signatures, level, epoch }
    }
}

fn bad(what: &str) -> Fault {
    Fault::error("header", format!("no header of a ClamAV database: {what}"))
}

/// Text for people: short, and nothing that a terminal obeys.
fn words(text: &str, name: &str) -> Result<String, Fault> {
    match text.len() <= 100 && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        true => Ok(text.into()),
        false => Err(bad(&format!("{} as its {name}", quoted(text)))),
    }
}

fn number(text: &str, name: &str) -> Result<u64, Fault> {
    parse_number(text)
        .filter(|_| !text.is_empty())
        .ok_or_else(|| bad(&format!("{} as its {name}", quoted(text))))
}

fn digest(text: &str) -> Result<Option<[u8; 16]>, Fault> {
    if text == NONE {
        return Ok(None);
    }
    let digest = parse_hex(text).ok_or_else(|| bad(&format!("{} as its MD5", quoted(text))))?;
    Ok(Some(digest))
}

fn signature(text: &str) -> Result<Option<String>, Fault> {
    match text {
        "" => Err(bad("no signature in it")),
        NONE => Ok(None),
        text => Ok(Some(text.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "ClamAV-VDB:22 Jun 2021 21-34 -0400:6:14:81:3e249e00076b0b15bb54ced37be880c7:Dou6:me:77";

    fn fault(text: &str) -> String {
        Header::parse(text.as_bytes()).unwrap_err().message
    }

    #[test]
    fn every_field_is_read() {
        for padding in ["", "   ", "\0\0", "\n"] {
            let header = Header::parse(format!("{TEXT}{padding}").as_bytes()).unwrap();
            assert_eq!((header.version, header.signatures, header.level), (6, 14, 81));
            assert_eq!(
                (header.time.as_str(), header.builder.as_str()),
                ("22 Jun 2021 21-34 -0400", "me")
            );
            assert_eq!((header.signature.as_deref(), header.epoch), (Some("Dou6"), Some(77)));
            assert_eq!(header.md5.unwrap()[..2], [0x3e, 0x24]);
        }
    }

    #[test]
    fn digest_signature_and_epoch_may_be_missing() {
        let header = Header::parse(b"ClamAV-VDB:now:6:14:81:X:X:me").unwrap();
        assert_eq!((header.md5, header.signature, header.epoch), (None, None, None));
    }

    #[test]
    fn every_field_is_checked() {
        let fields: Vec<&str> = TEXT.split(':').collect();
        for (at, bad) in [
            (0, "ClamAV-VDX"),
            (1, "\u{1b}[31m"),
            (2, "x6"),
            (2, "6x"),
            (2, "99999999999999999999"),
            (3, "-1"),
            (3, ""),
            (4, " 81"),
            (5, "00"),
            (5, ""),
            (6, ""),
            (7, "a\tb"),
            (8, "77   z"),
        ] {
            let mut fields = fields.clone();
            fields[at] = bad;
            assert!(fault(&fields.join(":")).starts_with("no header of a ClamAV"), "{bad:?}");
        }
        assert!(fault("ClamAV-VDB:now:6").contains("no number of signatures"));
        assert!(fault(&format!("{TEXT}:more")).contains("`more` behind its last field"));
        assert!(Header::parse(&[0xff; LENGTH]).unwrap_err().message.contains("not text"));
        assert!(fault("").contains("does not begin"));
    }
}
