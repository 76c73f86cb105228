//! ClamAV's hash records: of whole files (`.hdb .hsb .hdu .hsu`, and `.fp .sfp` to allow) and of what a
//! PE imports (`.imp`), `hash:size or *:name[:minFL[:maxFL]]`; of one section of a PE
//! (`.mdb .msb .mdu .msu`), `size or *:hash:name[:minFL[:maxFL]]`.
//!
//! The digits' number tells MD5, SHA-1 and SHA-256 apart, in every one of these files. The size of an
//! import hash is the length of the text that is hashed. Allow-lists speak of whole files alone.

use std::borrow::Cow;

use pellucid::set::layout::{Hashed, SIZE_LIMIT};
use pellucid::verdict::Class;

use super::super::{Content, Digest, Record, parse_number};
use super::{Field, check_levels, class_of, expect, fields};
use crate::diagnostic::{Fault, quoted};

const FORM: &str = "hash:size:name[:minFL[:maxFL]]";
const SECTION_FORM: &str = "size:hash:name[:minFL[:maxFL]]";

/// Reads one line about whole files.
pub(crate) fn record(line: &str, class: Class) -> Result<Option<Record<'_>>, Fault> {
    let mut fields = fields(line, ':');
    let digest = parse_digest(expect(fields.next(), line, "the hash", FORM)?)?;
    let size = parse_size(expect(fields.next(), line, "the size", FORM)?)?;
    finish(Content::Hash { of: Hashed::Object, digest, size }, fields, line, FORM, class)
}

/// Reads one line about imports.
pub(crate) fn import_record(line: &str, class: Class) -> Result<Option<Record<'_>>, Fault> {
    let mut fields = fields(line, ':');
    let digest = parse_digest(expect(fields.next(), line, "the hash", FORM)?)?;
    let size = parse_size(expect(fields.next(), line, "the size", FORM)?)?;
    finish(Content::Hash { of: Hashed::PeImports, digest, size }, fields, line, FORM, class)
}

/// Reads one line about sections.
pub(crate) fn section_record(line: &str, class: Class) -> Result<Option<Record<'_>>, Fault> {
    let mut fields = fields(line, ':');
    let size = parse_size(expect(fields.next(), line, "the size", SECTION_FORM)?)?;
    let digest = parse_digest(expect(fields.next(), line, "the hash", SECTION_FORM)?)?;
    finish(Content::Hash { of: Hashed::PeSection, digest, size }, fields, line, SECTION_FORM, class)
}

/// Reads the name and the engine levels.
fn finish<'a>(
    content: Content,
    mut fields: impl Iterator<Item = Field<'a>>,
    line: &str,
    form: &'static str,
    class: Class,
) -> Result<Option<Record<'a>>, Fault> {
    let name = expect(fields.next(), line, "the name", form)?.text.trim_end();
    check_levels(fields, form)?;
    Ok(Some(Record { name: Cow::Borrowed(name), class: class_of(name, class), content }))
}

fn parse_digest(field: Field<'_>) -> Result<Digest, Fault> {
    Digest::parse(field.text).ok_or_else(|| {
        Fault::error("hash", format!("{} is not an MD5, SHA-1 or SHA-256", quoted(field.text)))
            .at(field.at)
            .help("a hash is 32, 40 or 64 hexadecimal digits")
    })
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
    fn sections_and_imports_have_forms_of_their_own() {
        let digits = "0123456789abcdef0123456789ABCDEF01234567";
        let what = |record: Result<Option<Record<'_>>, Fault>| match record {
            Ok(Some(Record { content: Content::Hash { of, size, .. }, .. })) => Ok((of, size)),
            Ok(other) => panic!("{other:?}"),
            Err(fault) => Err(format!("{} @{}", fault.reason, fault.at.unwrap_or_default())),
        };
        let section = |line: &str| what(section_record(line, Class::Malicious));
        assert_eq!(section(&format!("512:{digits}:A")), Ok((Hashed::PeSection, Some(512))));
        assert_eq!(section(&format!("*:{digits}:A:73")), Ok((Hashed::PeSection, None)));
        assert_eq!(section(&format!("{digits}:512:A")), Err("size @0".into()));
        assert_eq!(section("512:0123:A"), Err("hash @4".into()));
        let import = |line: &str| what(import_record(line, Class::Malicious));
        assert_eq!(import(&format!("{digits}:35:A")), Ok((Hashed::PeImports, Some(35))));
        assert_eq!(import(&format!("35:{digits}:A")), Err("hash @0".into()));
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
