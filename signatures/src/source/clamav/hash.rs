//! ClamAV's hash records (`.hdb .hsb .hdu .hsu`, and `.fp .sfp` to allow):
//! `hash:size or *:name[:minFL[:maxFL]]`.
//!
//! The digits' number tells MD5, SHA-1 and SHA-256 apart, in every one of these files.

use std::borrow::Cow;

use pellucid::set::layout::SIZE_LIMIT;
use pellucid::verdict::Class;

use super::super::{Content, Digest, Record, parse_number};
use super::{Field, check_levels, class_of, expect, fields};
use crate::diagnostic::{Fault, quoted};

const FORM: &str = "hash:size:name[:minFL[:maxFL]]";

/// Reads one line.
pub(crate) fn record(line: &str, class: Class) -> Result<Option<Record<'_>>, Fault> {
    let mut fields = fields(line, ':');
    let hash = expect(fields.next(), line, "the hash", FORM)?;
    let digest = Digest::parse(hash.text).ok_or_else(|| {
        Fault::error("hash", format!("{} is not an MD5, SHA-1 or SHA-256", quoted(hash.text)))
            .at(hash.at)
            .help("a hash is 32, 40 or 64 hexadecimal digits")
    })?;
    let size = parse_size(expect(fields.next(), line, "the size", FORM)?)?;
    let name = expect(fields.next(), line, "the name", FORM)?.text.trim_end();
    check_levels(fields, FORM)?;
    let content = Content::Hash { digest, size };
    Ok(Some(Record { name: Cow::Borrowed(name), class: class_of(name, class), content }))
}

fn parse_size(field: Field<'_>) -> Result<Option<u64>, Fault> {
    if field.text == "*" {
        return Ok(None);
    }
    match parse_number(field.text) {
        Some(size) if size > 0 && size < SIZE_LIMIT => Ok(Some(size)),
        _ => Err(Fault::error("size", format!("{} is not a size in bytes", quoted(field.text)))
            .at(field.at)
            .help("write decimal digits, or `*` for any size")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rest: &str) -> Result<(String, Option<u64>, Class), String> {
        let line = format!("0123456789abcdef0123456789ABCDEF{rest}");
        match record(&line, Class::Malicious) {
            Ok(Some(Record { name, class, content: Content::Hash { size, .. } })) => {
                Ok((name.into_owned(), size, class))
            }
            Ok(other) => panic!("{other:?}"),
            Err(fault) => Err(format!("{:?} {}", fault.level, fault.reason)),
        }
    }

    #[test]
    fn sizes_names_and_levels() {
        let taken = |name: &str, size, class| Ok((String::from(name), size, class));
        assert_eq!(read(":7:A.B"), taken("A.B", Some(7), Class::Malicious));
        assert_eq!(read(":*:A B :73"), taken("A B", None, Class::Malicious));
        assert_eq!(read(":007:PUA.X:1"), taken("PUA.X", Some(7), Class::Pua));
        assert_eq!(read(":7:A:216:216"), taken("A", Some(7), Class::Malicious));
    }

    #[test]
    fn what_is_refused_and_what_is_skipped() {
        for (line, reason) in [
            ("", "Error fields"),
            (":7", "Error fields"),
            (":7:A:1:300:x", "Error fields"),
            ("0:7:A", "Error hash"),
            (":0:A", "Error size"),
            (":-7:A", "Error size"),
            (":99999999999999999999:A", "Error size"),
            (":7:A:x", "Error engine level"),
            (":7:A:217", "Skipped engine level"),
            (":7:A:1:215", "Skipped engine level"),
            (":7:A:1:", "Skipped engine level"),
        ] {
            assert_eq!(read(line), Err(reason.into()), "{line}");
        }
    }
}
