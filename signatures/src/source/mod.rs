//! Sources: what authors write.
//!
//! A source file is named by its path inside the sources; its extension says its format, and
//! [`FORMATS`] says how each format is read. Most formats have one record a line: their reader is a
//! function from the line to a [`Record`], and knows nothing of files, reports or sets.

pub(crate) mod about;
pub(crate) mod clamav;
pub(crate) mod compressed;
pub(crate) mod database;
mod hash_list;
pub(crate) mod lines;
pub(crate) mod tree;
#[cfg_attr(not(feature = "yara"), path = "yara/without.rs")]
pub(crate) mod yara;

use std::borrow::Cow;
use std::io;
use std::ops::RangeInclusive;

use pellucid::matcher::compare::ByteComparison;
use pellucid::matcher::expression::ExpressionOp;
use pellucid::matcher::{
    Condition, FileTypePattern, ListingPattern, Offset, Pattern, RegexOptions, Target,
};
use pellucid::set::layout::Hashed;
use pellucid::verdict::Class;

use crate::diagnostic::Fault;
use crate::report::BuildError;

/// A file whose records come now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Current<'f> {
    /// Its path inside the sources, with `/`.
    pub(crate) path: &'f str,
    /// Its path as the caller would write it.
    pub(crate) shown: &'f str,
    /// What the report calls its records.
    pub(crate) kind: &'static str,
}

impl Current<'_> {
    /// The error of a read that failed.
    pub(crate) fn unreadable(&self, error: io::Error) -> BuildError {
        BuildError::Unreadable { path: self.shown.into(), error }
    }
}

/// One signature, as a reader understood it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record<'a> {
    /// The finding's name.
    pub(crate) name: Cow<'a, str>,
    /// What a hit means.
    pub(crate) class: Class,
    /// What it looks for.
    pub(crate) content: Content,
}

/// What a signature looks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// A digest of an object or of a part of it, of this size or of any.
    Hash { of: Hashed, digest: Digest, size: Option<u64> },
    /// A byte pattern.
    Pattern(Pattern),
    /// An expression over byte patterns.
    Logical(Logical),
    /// A certificate of signed programs.
    Certificate(Certificate),
    /// What a container says of an entry.
    Listing(ListingPattern),
    /// A file type that identification is to find, too.
    FileType(FileTypePattern),
    /// A password to try on encrypted archives.
    Password(Vec<u8>),
    /// A byte pattern of a macro group of this number.
    MacroMember(u8, Pattern),
}

/// A digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digest {
    Md5([u8; 16]),
    Sha1([u8; 20]),
    Sha256([u8; 32]),
}

impl Digest {
    /// Reads hexadecimal digits; their number says which digest it is.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.len() {
            32 => parse_hex(text).map(Digest::Md5),
            40 => parse_hex(text).map(Digest::Sha1),
            64 => parse_hex(text).map(Digest::Sha256),
            _ => None,
        }
    }
}

/// `N` bytes in hexadecimal.
pub(crate) fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    for (byte, &[high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = hex_digit(high)? << 4 | hex_digit(low)?;
    }
    Some(bytes)
}

/// The value of a hexadecimal digit of either case.
pub(crate) fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// A number in plain decimal digits: no sign, no spaces.
pub(crate) fn parse_number(text: &str) -> Option<u64> {
    match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse().ok(),
        false => None,
    }
}

/// A certificate that is trusted or blocked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Certificate {
    pub(crate) trusted: bool,
    /// SHA-1 of the content of its subject.
    pub(crate) subject: [u8; 20],
    /// SHA-1 of the content of its serial number; none where any will do.
    pub(crate) serial: Option<[u8; 20]>,
    /// The modulus of its key, without leading zeros.
    pub(crate) modulus: Vec<u8>,
    pub(crate) may_sign_code: bool,
    pub(crate) may_sign_times: bool,
    pub(crate) may_sign_certificates: bool,
    /// The first second, from 1970 on, that its validity may begin with.
    pub(crate) not_before: i64,
}

/// An expression over byte patterns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Logical {
    /// Which objects it is looked for in.
    pub(crate) target: Target,
    /// Which sizes of objects.
    pub(crate) sizes: RangeInclusive<u64>,
    /// What it asks of objects besides.
    pub(crate) condition: Condition,
    /// The patterns, each with the number of its sub-signature; the two widths of one share it.
    pub(crate) patterns: Vec<(u8, Pattern)>,
    /// The regular expressions, with the numbers of their sub-signatures, in rising order.
    pub(crate) regexes: Vec<(u8, RegexPart)>,
    /// The byte comparisons, likewise.
    pub(crate) comparisons: Vec<(u8, ByteComparison)>,
    /// The macros, likewise.
    pub(crate) macros: Vec<(u8, MacroPart)>,
    /// In postfix order.
    pub(crate) expression: Vec<ExpressionOp>,
}

/// A pattern of a group near a match of the part before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MacroPart {
    pub(crate) group: u8,
    /// The distance between their starts.
    pub(crate) min: u32,
    pub(crate) max: u32,
}

/// A regular expression that is searched for where its trigger holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RegexPart {
    /// Over the sub-signatures before it, in postfix order.
    pub(crate) trigger: Vec<ExpressionOp>,
    /// The expression.
    pub(crate) text: Vec<u8>,
    pub(crate) options: RegexOptions,
    /// Where matches may start.
    pub(crate) offset: Offset,
}

/// A source format.
#[derive(Debug)]
pub(crate) struct Format {
    /// The extension, without its dot, in lower case.
    pub(crate) extension: &'static str,
    /// What the report calls its records.
    pub(crate) kind: &'static str,
    /// How it is read.
    pub(crate) reader: Reader,
}

/// Reads one line of text; `class` is what the format says where the record does not.
pub(crate) type LineReader = for<'a> fn(&'a str, Class) -> Result<Option<Record<'a>>, Fault>;

/// How a format is read.
#[derive(Debug)]
pub(crate) enum Reader {
    /// A record a line.
    Lines(LineReader, Class),
    /// YARA rules.
    Yara,
    /// Names of signatures that are switched off.
    Exceptions,
    /// A ClamAV database with other files in it.
    Database(database::Kind),
    /// Known, but not read: for this reason.
    Unread(&'static str, Unit),
}

/// What counts as one record in a file that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Line,
    File,
}

impl Format {
    /// Whether it says what is switched off, and is read before all others.
    pub(crate) fn is_exceptions(&self) -> bool {
        matches!(self.reader, Reader::Exceptions)
    }
}

const fn lines(
    extension: &'static str,
    kind: &'static str,
    class: Class,
    reader: LineReader,
) -> Format {
    Format { extension, kind, reader: Reader::Lines(reader, class) }
}

const fn exceptions(extension: &'static str) -> Format {
    Format { extension, kind: "ClamAV exception", reader: Reader::Exceptions }
}

const fn yara(extension: &'static str) -> Format {
    Format { extension, kind: "YARA rules", reader: Reader::Yara }
}

const fn unread(extension: &'static str, kind: &'static str) -> Format {
    let why = "Pellucid does not match signatures of this kind yet";
    Format { extension, kind, reader: Reader::Unread(why, Unit::Line) }
}

/// A file that is no list of signatures at all.
const fn aside(extension: &'static str, kind: &'static str, why: &'static str) -> Format {
    Format { extension, kind, reader: Reader::Unread(why, Unit::File) }
}

const fn database(extension: &'static str, kind: database::Kind) -> Format {
    Format { extension, kind: "ClamAV database", reader: Reader::Database(kind) }
}

/// Every format, by extension.
pub(crate) const FORMATS: &[Format] = &[
    lines("csv", "hash list", Class::Malicious, hash_list::record),
    lines("hdb", "ClamAV hash", Class::Malicious, clamav::hash::record),
    lines("hsb", "ClamAV hash", Class::Malicious, clamav::hash::record),
    lines("hdu", "ClamAV hash", Class::Pua, clamav::hash::record),
    lines("hsu", "ClamAV hash", Class::Pua, clamav::hash::record),
    lines("fp", "ClamAV allow-list hash", Class::Trusted, clamav::hash::record),
    lines("sfp", "ClamAV allow-list hash", Class::Trusted, clamav::hash::record),
    lines("mdb", "ClamAV hash of a PE section", Class::Malicious, clamav::hash::section_record),
    lines("msb", "ClamAV hash of a PE section", Class::Malicious, clamav::hash::section_record),
    lines("mdu", "ClamAV hash of a PE section", Class::Pua, clamav::hash::section_record),
    lines("msu", "ClamAV hash of a PE section", Class::Pua, clamav::hash::section_record),
    lines("imp", "ClamAV import hash", Class::Malicious, clamav::hash::import_record),
    lines("ndb", "ClamAV body signature", Class::Malicious, clamav::body::record),
    lines("ndu", "ClamAV body signature", Class::Pua, clamav::body::record),
    lines("sdb", "ClamAV body signature", Class::Malicious, clamav::body::record),
    lines("db", "ClamAV body signature", Class::Malicious, clamav::old::record),
    lines("ldb", "ClamAV logical signature", Class::Malicious, clamav::logical::record),
    lines("ldu", "ClamAV logical signature", Class::Pua, clamav::logical::record),
    lines("crb", "ClamAV certificate", Class::Malicious, clamav::certificate::record),
    yara("yar"),
    yara("yara"),
    lines("cdb", "ClamAV container metadata", Class::Malicious, clamav::metadata::record),
    lines("ftm", "ClamAV file type", Class::Malicious, clamav::file_type::record),
    unread("idb", "ClamAV icon"),
    exceptions("ign"),
    exceptions("ign2"),
    lines("pwdb", "ClamAV archive password", Class::Malicious, clamav::password::record),
    lines("zmd", "ClamAV container metadata", Class::Malicious, clamav::old_metadata::zip),
    lines("rmd", "ClamAV container metadata", Class::Malicious, clamav::old_metadata::rar),
    unread("pdb", "ClamAV phishing list"),
    unread("wdb", "ClamAV phishing list"),
    unread("gdb", "ClamAV phishing list"),
    aside("cbc", "ClamAV bytecode", "Pellucid does not run ClamAV's bytecode"),
    aside("ioc", "OpenIOC document", "Pellucid does not read OpenIOC; write its hashes as a .csv"),
    aside("cat", "Windows catalogue", "Pellucid does not read catalogues of trusted programs yet"),
    aside("cfg", "ClamAV configuration", "it configures ClamAV and holds no signature"),
    aside("info", "ClamAV list of files", "it lists what is in a database; it holds no signature"),
    aside("sign", "ClamAV detached signature", "the signature inside of the database is checked"),
    aside("cdiff", "ClamAV update", "apply it with freshclam, and build from the result"),
    database("cvd", database::Kind::Cvd),
    database("cld", database::Kind::Cld),
    database("cud", database::Kind::Cud),
];

/// The format of a file of that name, which may be a compressed copy.
pub(crate) fn format_of(path: &str) -> Option<&'static Format> {
    let name = path.rsplit('/').next()?;
    let (stem, extension) = compressed::strip_gz(name).unwrap_or(name).rsplit_once('.')?;
    let known = |format: &&Format| format.extension.eq_ignore_ascii_case(extension);
    FORMATS.iter().find(known).filter(|_| !stem.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_says_the_format() {
        for (path, kind) in [
            ("a.csv", Some("hash list")),
            ("x.y/a.b.HDB", Some("ClamAV hash")),
            ("a.yara", Some("YARA rules")),
            ("a.ndb.gz", Some("ClamAV body signature")),
            ("a.ndb.gz.gz", None),
            (".ndb.gz", None),
            ("a.gz", None),
            ("a.txt", None),
            ("csv", None),
            ("x.csv/a", None),
            ("x/.csv", None),
        ] {
            assert_eq!(format_of(path).map(|format| format.kind), kind, "{path}");
        }
        for (index, format) in FORMATS.iter().enumerate() {
            let again = FORMATS.iter().skip(index + 1).any(|f| f.extension == format.extension);
            assert!(!again, "{} is listed twice", format.extension);
        }
    }

    #[test]
    fn digests_are_told_by_their_length() {
        assert_eq!(Digest::parse(&"aB".repeat(16)), Some(Digest::Md5([0xab; 16])));
        assert_eq!(Digest::parse(&"01".repeat(20)), Some(Digest::Sha1([1; 20])));
        assert_eq!(Digest::parse(&"ff".repeat(32)), Some(Digest::Sha256([255; 32])));
        for bad in ["", "00", "+1", &"g0".repeat(16), &"0".repeat(33), &"ä".repeat(16)] {
            assert_eq!(Digest::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn numbers_are_plain_digits() {
        assert_eq!(parse_number("007"), Some(7));
        for bad in ["", "+1", "-1", " 1", "1_0", "18446744073709551616"] {
            assert_eq!(parse_number(bad), None, "{bad}");
        }
    }
}
