//! ClamAV's older container metadata, for ZIP archives (`.zmd`) and RAR archives (`.rmd`):
//! `name:enc:nameRegex:realSize:compSize:crc:method:pos:depth`.
//!
//! ClamAV 1.4 still reads it, as what `.cdb` says today: checksum, method and depth are not looked at,
//! and numbers have no ranges. For the encryption flag, 2 stands for any.

use std::borrow::Cow;

use pellucid::matcher::ListingPattern;
use pellucid::verdict::Class;

use super::super::{Content, Record};
use super::metadata::{parse_container, parse_name, parse_range};
use super::{Field, class_of, expect, fields};
use crate::diagnostic::{Fault, quoted};

const FORM: &str = "name:enc:nameRegex:realSize:compSize:crc:method:pos:depth";

/// Reads one line of a `.zmd`.
pub(crate) fn zip(line: &str, class: Class) -> Result<Option<Record<'_>>, Fault> {
    record(line, class, "CL_TYPE_ZIP")
}

/// Reads one line of a `.rmd`.
pub(crate) fn rar(line: &str, class: Class) -> Result<Option<Record<'_>>, Fault> {
    record(line, class, "CL_TYPE_RAR")
}

fn record<'l>(
    line: &'l str,
    class: Class,
    container: &'static str,
) -> Result<Option<Record<'l>>, Fault> {
    let container = parse_container(Field { text: container, at: 0 })?;
    let mut fields = fields(line, ':');
    let mut next = |what: &str| expect(fields.next(), line, what, FORM);
    let name = next("the name")?.text;
    let encrypted = parse_encrypted(next("the encryption flag")?)?;
    let entry_name = parse_name(next("the pattern for the entry's name")?)?;
    let size = next("the real size")?;
    let packed = next("the compressed size")?;
    let _checksum = next("the checksum")?;
    let (method, position) = (next("the method")?, next("the position")?);
    let depth = next("the depth")?;
    if let Some(more) = fields.next() {
        let fault = Fault::error("fields", "more fields than a record has").at(more.at);
        return Err(fault.help(format!("a record is `{FORM}`")));
    }
    [size, packed, method, position, depth].into_iter().try_for_each(check_number)?;
    let pattern = ListingPattern {
        container,
        container_size: 0..=u64::MAX,
        name: entry_name,
        packed: parse_range(packed)?,
        size: parse_range(size)?,
        encrypted,
        position: parse_range(position)?,
    };
    let class = class_of(name, class);
    Ok(Some(Record { name: Cow::Borrowed(name), class, content: Content::Listing(pattern) }))
}

fn parse_encrypted(field: Field<'_>) -> Result<Option<bool>, Fault> {
    match field.text {
        "*" | "2" => Ok(None),
        "" | "0" => Ok(Some(false)),
        "1" => Ok(Some(true)),
        text => {
            let message = format!("{} is not an encryption flag", quoted(text));
            Err(Fault::error("encryption flag", message).at(field.at).help("write 0, 1 or *"))
        }
    }
}

/// Digits, or `*`: there are no ranges here.
fn check_number(field: Field<'_>) -> Result<(), Fault> {
    match field.text == "*" || field.text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(()),
        false => {
            let message = format!("{} is not a number", quoted(field.text));
            Err(Fault::error("number", message).at(field.at).help("write a number or `*`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use pellucid::identify::clam_types::ClamType;

    use super::*;

    fn read(fields: &str) -> Result<ListingPattern, String> {
        match zip(&format!("A.B:{fields}"), Class::Malicious) {
            Ok(Some(Record { content: Content::Listing(pattern), .. })) => Ok(pattern),
            Ok(other) => panic!("{other:?}"),
            Err(fault) => Err(fault.told(4)),
        }
    }

    #[test]
    fn every_field_is_taken() {
        let pattern = read("1:^a$:7:5:xyz:8:2:3").unwrap();
        assert_eq!((pattern.container, pattern.encrypted), (Some(ClamType::ZIP), Some(true)));
        assert_eq!((pattern.size, pattern.packed, pattern.position), (7..=7, 5..=5, 2..=2));
        assert!(pattern.name.is_some());
        let any = read("*:*:*:*:*:*:*:*").unwrap();
        assert_eq!((any.name, any.encrypted, any.size), (None, None, 0..=u64::MAX));
        assert_eq!(read("2:*:*:*:*:*:*:*").unwrap().encrypted, None);
        let empty = read(":*:::::1:").unwrap();
        assert_eq!((empty.encrypted, empty.size, empty.packed), (Some(false), 0..=0, 0..=0));
    }

    #[test]
    fn what_is_refused_and_what_is_skipped() {
        for (fields, reason) in [
            ("*:*:*:*:*:*:*", "Error fields @13"),
            ("*:*:*:*:*:*:*:*:51", "Error fields @16"),
            ("3:*:*:*:*:*:*:*", "Error encryption flag @0"),
            ("*:a(b:*:*:*:*:*:*", "Error name pattern @5"),
            ("*:*:1-2:*:*:*:*:*", "Error number @4"),
            ("*:*:*:x:*:*:*:*", "Error number @6"),
            ("*:*:*:*:*:x:*:*", "Error number @10"),
            ("*:*:*:*:*:*:-1:*", "Error number @12"),
            ("*:*:*:*:*:*:*:x", "Error number @14"),
        ] {
            assert_eq!(read(fields), Err(reason.into()), "{fields}");
        }
        let fault = rar("A:*:*:*:*:*:*:*:*", Class::Malicious).unwrap_err();
        assert_eq!(fault.reason, "container CL_TYPE_RAR");
    }
}
