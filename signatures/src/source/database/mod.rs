//! ClamAV databases: `.cvd` as downloaded, `.cld` as put together from a `.cvd` and updates on the machine
//! that uses it, `.cud` unsigned.
//!
//! A [header], then a gzip-compressed or plain [`tar`] archive of source files, one of them a
//! [list of the others](info), itself signed. As ClamAV does, a database is taken or refused as a whole:
//!
//! | | `.cvd` | `.cld` | `.cud` |
//! |---|---|---|---|
//! | MD5 of the archive, in the header | must be right | if it is there | if it is there |
//! | RSA signature of that MD5 | must be ClamAV's | not looked at | not looked at |
//! | list of files | must be signed by ClamAV | must be signed by ClamAV | need not be signed |
//! | header and files | as listed | as listed | as listed |
//!
//! So a database is read three times: for its MD5, for the digests of its files, and for its records.
//! Memory stays the same whatever it holds: the list of files is bounded, and records are read line by
//! line. The last time it must still have the MD5 of the first.
//!
//! Facts are from ClamAV's public documentation and from what ClamAV 1.4 makes and refuses.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

pub(crate) mod header;
mod info;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod signature;
mod tar;

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use md5::{Digest, Md5};
use sha2::Sha256;

use self::header::Header;
use self::info::{Info, Listed};
use self::signature::Keys;
use self::tar::Tar;
use super::Format;
use super::compressed::{Ceiling, PIECE, Trouble, pour, read_out};
use super::tree::{SourceFile, read_whole};
use crate::diagnostic::Fault;

/// ClamAV's licence, which is in each of its databases.
const LICENCE: &str = "COPYING";

/// How a database came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Downloaded: signed as a whole.
    Cvd,
    /// Updated: its list of files is signed.
    Cld,
    /// Made by somebody else: not signed.
    Cud,
}

/// A database that may be used.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) header: Header,
    /// Whether ClamAV vouches for it.
    pub(crate) signed: bool,
    /// Whether one of its files holds exceptions.
    pub(crate) has_exceptions: bool,
    /// MD5 of all behind the header.
    md5: [u8; 16],
}

/// Checks a database in full.
pub(crate) fn check(file: &SourceFile, kind: Kind, keys: &Keys) -> Result<Database, Trouble> {
    let mut input = file.read()?;
    let header = read_header(&mut *input)?;
    let mut md5 = Md5::new();
    pour(&mut *input, |piece| md5.update(piece))?;
    let md5 = md5.finalize().into();
    check_md5(&header, kind, &md5, keys)?;
    let mut input = file.read()?;
    read_header(&mut *input)?;
    let (info, files) = list(&mut Tar::new(unpack(&mut *input)?))?;
    let signed = check_info(&info, kind, &header, &files, keys)?;
    let holds_exceptions =
        |listed: &Listed| super::format_of(&listed.entry.name).is_some_and(Format::is_exceptions);
    let has_exceptions = files.iter().any(holds_exceptions);
    Ok(Database { header, signed, has_exceptions, md5 })
}

/// Reads the header, and leaves `input` behind it.
pub(crate) fn read_header(input: &mut dyn BufRead) -> Result<Header, Trouble> {
    let mut bytes = Vec::new();
    input.take(header::LENGTH as u64).read_to_end(&mut bytes)?;
    if bytes.len() < header::LENGTH {
        let message = "shorter than the header of a ClamAV database";
        return Err(Fault::error("header", message).into());
    }
    Ok(Header::parse(&bytes)?)
}

fn check_md5(header: &Header, kind: Kind, md5: &[u8; 16], keys: &Keys) -> Result<(), Fault> {
    match header.md5 {
        Some(expected) if expected != *md5 => {
            let message = "the MD5 in the header is not that of the archive behind it";
            return Err(Fault::error("MD5", message).help("the file is damaged: download it again"));
        }
        None if kind == Kind::Cvd => {
            return Err(Fault::error("MD5", "no MD5 in the header, as a .cvd must have"));
        }
        _ => {}
    }
    if kind != Kind::Cvd {
        return Ok(());
    }
    match &header.signature {
        Some(signature) if keys.archive.signs_md5(signature, md5) => Ok(()),
        Some(_) => Err(unsigned("the signature in the header is not ClamAV's for this archive")),
        None => Err(unsigned("no signature in the header, as a .cvd must have")),
    }
}

fn unsigned(message: &str) -> Fault {
    Fault::error("signature", message)
        .help("a database of your own is a .cud, or a folder of its files")
}

/// Reads an archive through: its list of files, and what its files are.
fn list(tar: &mut Tar<impl BufRead>) -> Result<(Info, Vec<Listed>), Trouble> {
    let (mut info, mut files) = (None, Vec::new());
    while let Some(entry) = tar.next()? {
        let mut content = tar.content();
        if is_info(&entry.name) {
            let text = read_whole(&mut content, info::LONGEST)?
                .ok_or_else(|| Fault::error("list of files", "its list of files is too long"))?;
            if info.replace(Info::parse(&text)?).is_some() {
                return Err(Fault::error("list of files", "two lists of files").into());
            }
        } else {
            let mut sha256 = Sha256::new();
            pour(&mut content, |piece| sha256.update(piece))?;
            files.push(Listed { entry, sha256: sha256.finalize().into() });
        }
    }
    read_out(tar.input())?;
    let info =
        info.ok_or_else(|| Fault::error("list of files", "no list of files (.info) in it"))?;
    Ok((info, files))
}

/// Whether a file is the list of the others.
fn is_info(name: &str) -> bool {
    name.ends_with(".info")
}

/// Holds files and header against the list; says whether ClamAV signed it.
fn check_info(
    info: &Info,
    kind: Kind,
    header: &Header,
    files: &[Listed],
    keys: &Keys,
) -> Result<bool, Fault> {
    match (info.is_signed(&keys.files), kind) {
        (Some(true), _) | (None, Kind::Cud) => {}
        (Some(false), _) => {
            return Err(unsigned("the signature of its list of files is not ClamAV's"));
        }
        (None, _) => return Err(unsigned("its list of files is not signed")),
    }
    if info.header.identity() != header.identity() {
        let message =
            "header and list of files differ in version, number of signatures, level or time";
        return Err(Fault::error("header", message));
    }
    info.check(files)?;
    Ok(kind != Kind::Cud)
}

/// The archive behind a header.
type Archive<R> = BufReader<Ceiling<Unpacked<R>>>;

fn unpack<R: BufRead>(mut body: R) -> io::Result<Archive<R>> {
    let is_gzip = body.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let unpacked = match is_gzip {
        true => Unpacked::Gzip(Box::new(MultiGzDecoder::new(body))),
        false => Unpacked::Plain(body),
    };
    Ok(BufReader::with_capacity(PIECE, Ceiling::new(unpacked)))
}

#[derive(Debug)]
enum Unpacked<R> {
    Plain(R),
    Gzip(Box<MultiGzDecoder<R>>),
}

impl<R> Unpacked<R> {
    fn into_body(self) -> R {
        match self {
            Unpacked::Plain(body) => body,
            Unpacked::Gzip(body) => body.into_inner(),
        }
    }
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Unpacked::Plain(body) => body.read(buffer),
            Unpacked::Gzip(body) => body.read(buffer),
        }
    }
}

/// Reads on, and takes the MD5 of what is read.
#[derive(Debug)]
struct Hashed<R> {
    inner: R,
    md5: Md5,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.md5.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// The files of a database that was checked, one after the other.
pub(crate) struct Members<'i> {
    tar: Tar<Archive<BufReader<Hashed<&'i mut dyn BufRead>>>>,
}

impl<'i> Members<'i> {
    /// Begins behind the header, which is read here.
    pub(crate) fn new(input: &'i mut dyn BufRead) -> Result<Self, Trouble> {
        read_header(input)?;
        let body = BufReader::with_capacity(PIECE, Hashed { inner: input, md5: Md5::new() });
        Ok(Self { tar: Tar::new(unpack(body)?) })
    }

    /// The name of the next file that may hold signatures.
    pub(crate) fn next(&mut self) -> Result<Option<String>, Trouble> {
        while let Some(entry) = self.tar.next()? {
            if entry.name != LICENCE && !is_info(&entry.name) {
                return Ok(Some(entry.name));
            }
        }
        Ok(None)
    }

    /// What is in that file.
    pub(crate) fn content(&mut self) -> impl BufRead {
        self.tar.content()
    }

    /// Reads to the end, and makes sure that it was the database that was checked.
    pub(crate) fn finish(mut self, checked: &Database) -> Result<(), Trouble> {
        read_out(self.tar.input())?;
        let archive = self.tar.into_input().into_inner();
        let body = archive.into_inner().into_body().into_inner();
        let md5: [u8; 16] = body.md5.finalize().into();
        match md5 == checked.md5 {
            true => Ok(()),
            false => Err(Fault::error("changed", "the file was changed while it was read").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::SourceTree;
    use super::samples::{Sample, sample};
    use super::signature::tests::{keys, sign_archive};
    use super::*;
    use Kind::{Cld, Cud, Cvd};

    const FILES: [(&str, &str); 2] = [("a.ndb", "A:0:*:61626364\n"), ("b.hdb", "")];

    fn good(kind: Kind) -> Sample {
        sample(kind, &FILES).listed()
    }

    fn read(bytes: Vec<u8>, kind: Kind) -> Result<Database, String> {
        let mut tree = SourceTree::new();
        tree.add("x", bytes);
        let (files, _) = tree.into_files().unwrap();
        match check(&files[0], kind, &keys()) {
            Ok(database) => Ok(database),
            Err(Trouble::Fault(fault)) => Err(fault.message),
            Err(Trouble::Unreadable(error)) => panic!("{error}"),
        }
    }

    #[track_caller]
    fn refused(bytes: Vec<u8>, kind: Kind, why: &str) {
        let message = read(bytes, kind).unwrap_err();
        assert!(message.contains(why), "{message}");
    }

    #[test]
    fn each_kind_of_database_is_taken() {
        for compressed in [true, false] {
            for (kind, signed) in [(Cvd, true), (Cld, true), (Cud, false)] {
                let database = read(good(kind).compressed(compressed).bytes(), kind).unwrap();
                assert_eq!((database.signed, database.header.version), (signed, 7));
            }
        }
    }

    #[test]
    fn one_kind_does_not_pass_for_another() {
        refused(good(Cld).bytes(), Cvd, "no MD5 in the header");
        refused(good(Cud).bytes(), Cvd, "no signature in the header");
        refused(good(Cud).bytes(), Cld, "its list of files is not signed");
    }

    #[test]
    fn every_byte_of_a_cvd_counts() {
        let bytes = good(Cvd).bytes();
        for at in (0..bytes.len()).step_by(7) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            // Time and builder are not vouched for, nor is the padding of the header.
            let header = String::from_utf8_lossy(&bytes[..512]).trim_end().len();
            let aside = ("ClamAV-VDB:".len().."ClamAV-VDB:now".len()).contains(&at)
                || (header - 5..header - 3).contains(&at);
            assert_eq!(read(flipped, Cvd).is_ok(), aside, "{at}");
        }
    }

    #[test]
    fn a_wrong_md5_or_signature_refuses_the_whole() {
        let sample = good(Cvd);
        let (mut changed, other) = (sample.bytes(), sample.clone().with("c.ndb", "x").body());
        changed.truncate(512);
        changed.extend(&other);
        refused(changed, Cvd, "the MD5 in the header is not that of the archive");
        let header = String::from_utf8_lossy(&sample.bytes()[..512]).into_owned();
        let mut fields: Vec<&str> = header.trim_end().split(':').collect();
        let another = sign_archive(b"another archive");
        fields[6] = &another;
        let forged = format!("{:512}", fields.join(":"));
        let forged = [forged.as_bytes(), &sample.body()].concat();
        refused(forged, Cvd, "the signature in the header is not ClamAV's");
    }

    #[test]
    fn files_must_be_those_of_the_list() {
        for kind in [Cvd, Cld, Cud] {
            refused(sample(kind, &FILES).bytes(), kind, "no list of files");
            refused(good(kind).with("c.ndb", "x").bytes(), kind, "`c.ndb` is not in its list");
            let mut changed = good(kind);
            changed.files[0].1[0] = b'B';
            refused(changed.bytes(), kind, "`a.ndb` is not what its list of files says");
            let mut fewer = good(kind);
            fewer.files.remove(1);
            refused(fewer.bytes(), kind, "`b.hdb` is missing");
            refused(good(kind).version(8).bytes(), kind, "header and list of files differ");
            refused(good(kind).with("b.info", "x").bytes(), kind, "no header of a ClamAV");
            let twice = good(kind).files.remove(2).1;
            refused(good(kind).with("b.info", twice).bytes(), kind, "two lists of files");
            assert!(read(good(kind).with("README", "x").bytes(), kind).is_ok(), "not read anyway");
        }
    }

    #[test]
    fn a_list_that_somebody_changed_is_refused() {
        for kind in [Cvd, Cld] {
            let mut sample = good(kind);
            let list = String::from_utf8(sample.files[2].1.clone()).unwrap();
            sample.files[2].1 = list.replace("b.hdb", "c.hdb").into();
            refused(sample.bytes(), kind, "the signature of its list of files is not ClamAV's");
            sample.files[2].1 = list.split("DSIG").next().unwrap().into();
            refused(sample.bytes(), kind, "its list of files is not signed");
        }
    }

    #[test]
    fn damage_is_named() {
        for (kind, compressed) in [(Cld, true), (Cld, false), (Cud, true), (Cud, false)] {
            let sample = good(kind).compressed(compressed);
            let body = sample.body();
            let last = if compressed { body.len() } else { body.len() - 1024 };
            for end in (1..last).step_by(13) {
                assert!(read(sample.around(&body[..end]), kind).is_err(), "{end}");
            }
        }
        refused(vec![b'x'; 511], Cud, "shorter than the header");
        refused(vec![b'x'; 512], Cud, "does not begin with");
        refused(Vec::new(), Cvd, "shorter than the header");
    }

    #[test]
    fn what_is_read_last_must_be_what_was_checked() {
        let (one, other) = (good(Cud).bytes(), good(Cud).with("README", "x").bytes());
        let checked = read(one.clone(), Cud).unwrap();
        let last = |bytes: &[u8]| {
            let mut input = bytes;
            let mut members = Members::new(&mut input).unwrap();
            let mut names = Vec::new();
            while let Some(name) = members.next().unwrap() {
                names.push(name);
            }
            (names.join(" "), members.finish(&checked).is_ok())
        };
        assert_eq!(last(&one), ("a.ndb b.hdb".into(), true));
        assert_eq!(last(&other), ("a.ndb b.hdb README".into(), false));
    }

    #[test]
    fn a_list_of_files_is_bounded() {
        let long = vec![b'x'; info::LONGEST as usize + 1];
        let sample = sample(Cud, &FILES).with("test.info", long);
        refused(sample.bytes(), Cud, "its list of files is too long");
    }
}
