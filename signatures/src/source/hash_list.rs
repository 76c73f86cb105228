//! Hash lists (`.csv`): `digest,name[,size][,class]`.
//!
//! The digest is an MD5, SHA-1 or SHA-256 in hexadecimal. An empty or missing size, or `*`, stands for
//! any size; the class is `malicious` where nothing else is said. A field may stand in double quotes,
//! with `""` for a quote inside. `#` in the first column begins a comment; a line of column names
//! (`hash,name,...`) is passed over. A line that begins with the name of an algorithm and goes on with
//! a digest is no such line, and is refused: passed over, it would be a signature lost without a word.

use std::borrow::Cow;

use pellucid::set::layout::{Hashed, SIZE_LIMIT};
use pellucid::verdict::Class;

use super::{Content, Digest, Record, parse_number};
use crate::diagnostic::{Fault, quoted};

/// What the first field of a line of column names may be.
const HEADINGS: [&str; 8] =
    ["hash", "digest", "md5", "sha1", "sha256", "md5_hash", "sha1_hash", "sha256_hash"];

/// What the second may be.
const NAMES: [&str; 8] =
    ["name", "signature", "malware", "family", "threat", "label", "detection", "signature_name"];

/// Reads one line.
pub(crate) fn record(line: &str, class: Class) -> Result<Option<Record<'_>>, Fault> {
    let fields = split(line)?;
    if is_heading(&fields) {
        return Ok(None);
    }
    let mut fields = fields.iter();
    let (hash_at, hash) = fields.next().ok_or_else(no_name)?;
    let digest = Digest::parse(hash).ok_or_else(|| {
        Fault::error("hash", format!("{} is not an MD5, SHA-1 or SHA-256", quoted(hash)))
            .at(*hash_at)
            .help("a line is `hash,name,size,class`; a hash is 32, 40 or 64 hexadecimal digits")
    })?;
    let (_, name) = fields.next().ok_or_else(no_name)?;
    let size = fields.next().map_or(Ok(None), |(at, text)| parse_size(text, *at))?;
    let class = fields.next().map_or(Ok(class), |(at, text)| parse_class(text, *at, class))?;
    if let Some((at, _)) = fields.next() {
        let help = "a line is `hash,name,size,class`; put a name with commas in quotes";
        return Err(Fault::error("fields", "more than four fields").at(*at).help(help));
    }
    let content = Content::Hash { of: Hashed::Object, digest, size };
    Ok(Some(Record { name: name.clone(), class, content }))
}

/// Whether a line names columns: no digest has its name, and what follows is the name of a name.
fn is_heading(fields: &[(usize, Cow<'_, str>)]) -> bool {
    let is =
        |field: &str, names: &[&str]| names.iter().any(|name| field.eq_ignore_ascii_case(name));
    let second = fields.get(1).map_or("name", |(_, field)| field);
    fields.first().is_some_and(|(_, first)| is(first, &HEADINGS)) && is(second, &NAMES)
}

fn no_name() -> Fault {
    Fault::error("fields", "no name behind the hash").help("a line is `hash,name,size,class`")
}

fn parse_size(text: &str, at: usize) -> Result<Option<u64>, Fault> {
    if text.is_empty() || text == "*" {
        return Ok(None);
    }
    parse_number(text).filter(|&size| size < SIZE_LIMIT).map(Some).ok_or_else(|| {
        Fault::error("size", format!("{} is not a size in bytes", quoted(text)))
            .at(at)
            .help("write decimal digits, or leave the field empty for any size")
    })
}

fn parse_class(text: &str, at: usize, default: Class) -> Result<Class, Fault> {
    if text.is_empty() {
        return Ok(default);
    }
    Class::from_name(text).ok_or_else(|| {
        Fault::error("class", format!("{} is not a class", quoted(text)))
            .at(at)
            .help("classes are malicious, suspicious, pua and trusted")
    })
}

/// The fields of a line, trimmed, each with where it starts.
fn split(line: &str) -> Result<Vec<(usize, Cow<'_, str>)>, Fault> {
    const MOST: usize = 8;
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let start = rest.trim_start();
        let at = line.len().saturating_sub(start.len());
        let (field, behind) = match start.strip_prefix('"') {
            Some(inside) => split_quoted(inside, at)?,
            None => {
                let end = start.find(',').unwrap_or(start.len());
                let (field, behind) = start.split_at_checked(end).unwrap_or((start, ""));
                (Cow::Borrowed(field.trim_end()), behind)
            }
        };
        fields.push((at, field));
        match behind.strip_prefix(',') {
            Some(next) if fields.len() < MOST => rest = next,
            _ => return Ok(fields),
        }
    }
}

/// A field behind its opening quote, and what follows its closing one.
fn split_quoted(inside: &str, at: usize) -> Result<(Cow<'_, str>, &str), Fault> {
    let mut field = Cow::Borrowed("");
    let mut rest = inside;
    while let Some((piece, behind)) = rest.split_once('"') {
        field += piece;
        match behind.strip_prefix('"') {
            Some(next) => {
                field += "\"";
                rest = next;
            }
            None => {
                let behind = behind.trim_start();
                let ends = behind.is_empty() || behind.starts_with(',');
                return ends.then_some((field, behind)).ok_or_else(|| {
                    Fault::error("quotes", "text behind a closing quote")
                        .at(at)
                        .help("write a quote inside a quoted field twice")
                });
            }
        }
    }
    Err(Fault::error("quotes", "a quote is not closed").at(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MD5: &str = "0123456789abcdef0123456789ABCDEF";

    fn read(rest: &str) -> Result<Option<(String, Option<u64>, Class)>, String> {
        let line = format!("{MD5}{rest}");
        match record(&line, Class::Malicious) {
            Ok(Some(Record { name, class, content: Content::Hash { size, .. } })) => {
                Ok(Some((name.into_owned(), size, class)))
            }
            Ok(_) => Ok(None),
            Err(fault) => Err(fault.message),
        }
    }

    fn taken(
        name: &str,
        size: Option<u64>,
        class: Class,
    ) -> Result<Option<(String, Option<u64>, Class)>, String> {
        Ok(Some((name.into(), size, class)))
    }

    #[test]
    fn size_and_class_may_be_missing() {
        use Class::*;
        assert_eq!(read(",A.B"), taken("A.B", None, Malicious));
        assert_eq!(read(", A.B , 7 "), taken("A.B", Some(7), Malicious));
        assert_eq!(read(",A,,PUA"), taken("A", None, Pua));
        assert_eq!(read(",A,*,trusted"), taken("A", None, Trusted));
        assert_eq!(read(",\"A, \"\"B\"\"\",5,suspicious"), taken("A, \"B\"", Some(5), Suspicious));
        assert_eq!(read(",A,,"), taken("A", None, Malicious));
    }

    #[test]
    fn all_three_digests() {
        for digits in [32, 40, 64] {
            let line = format!("{},x", "a".repeat(digits));
            assert!(record(&line, Class::Malicious).unwrap().is_some());
        }
    }

    #[test]
    fn a_heading_is_passed_over() {
        assert_eq!(record("hash,name,size,class", Class::Malicious), Ok(None));
        assert_eq!(record("\"SHA256\",\"name\"", Class::Malicious), Ok(None));
    }

    #[test]
    fn broken_lines_are_named() {
        for (line, message) in [
            ("", "no name behind the hash"),
            (",x,-1", "`-1` is not a size in bytes"),
            (",x,1099511627520", "`1099511627520` is not a size in bytes"),
            (",x,1,bad", "`bad` is not a class"),
            (",x,1,pua,more", "more than four fields"),
            (",\"x", "a quote is not closed"),
            (",\"x\"y", "text behind a closing quote"),
        ] {
            assert_eq!(read(line), Err(message.into()), "{line}");
        }
        let line = format!("sha1,{MD5},Test.Name");
        let fault = record(&line, Class::Malicious).unwrap_err();
        assert_eq!(fault.message, "`sha1` is not an MD5, SHA-1 or SHA-256");
        let fault = record("12,x", Class::Malicious).unwrap_err();
        assert_eq!((fault.reason.as_ref(), fault.at), ("hash", Some(0)));
    }
}
