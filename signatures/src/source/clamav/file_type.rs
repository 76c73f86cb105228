//! ClamAV's file types (`.ftm`): `magictype:offset:magic:name:rtype:type[:minFL[:maxFL]]`.
//!
//! Magic type 0 compares bytes at an offset near the start, 1 is a body signature. What a record says
//! is added to what identification finds by itself. A body signature of type `CL_TYPE_ANY` says nothing
//! of types; ClamAV reports it as a finding, and so do we.

use std::borrow::Cow;

use pellucid::identify::clam_types::ClamType;
use pellucid::matcher::{FileTypePattern, Magic, Offset, Pattern, Target};
use pellucid::verdict::Class;

use super::super::{Content, Record, hex_digit, parse_number};
use super::hex::{self, Style};
use super::{Field, check_levels, class_of, expect, fields, offset};
use crate::diagnostic::{Fault, quoted};

const FORM: &str = "magictype:offset:magic:name:rtype:type[:minFL[:maxFL]]";

/// Reads one line.
pub(crate) fn record(line: &str, class: Class) -> Result<Option<Record<'_>>, Fault> {
    let mut fields = fields(line, ':');
    let mut next = |what: &str| expect(fields.next(), line, what, FORM);
    let (magic_type, place) = (next("the magic type")?, next("the offset")?);
    let (magic, name) = (next("the magic number")?, next("the name")?.text);
    let (required, kind) = (next("the required type")?, next("the type")?);
    check_levels(fields, FORM)?;
    let (required, kind) = (parse_type(required)?, parse_type(kind)?);
    let content = match parse_magic_type(magic_type)? {
        MagicType::Bytes => {
            let magic = parse_magic(place, magic)?;
            // ClamAV compares magic numbers before anything is known of a file.
            file_type(kind.checked()?, None, magic)
        }
        MagicType::Body => {
            let pattern = parse_body(place, magic)?;
            match kind.kind == ClamType::ANY && required.kind == ClamType::ANY {
                true => Content::Pattern(pattern),
                false => {
                    let required = match required.kind {
                        ClamType::ANY => None,
                        _ => Some(required.checked()?),
                    };
                    file_type(kind.checked()?, required, Magic::Body(pattern))
                }
            }
        }
    };
    let class = class_of(name, class);
    Ok(Some(Record { name: Cow::Borrowed(name), class, content }))
}

fn file_type(kind: ClamType, required: Option<ClamType>, magic: Magic) -> Content {
    Content::FileType(FileTypePattern { kind, required, magic })
}

enum MagicType {
    Bytes,
    Body,
}

fn parse_magic_type(field: Field<'_>) -> Result<MagicType, Fault> {
    let skip =
        |reason: &'static str, message: String| Err(Fault::skipped(reason, message).at(field.at));
    match parse_number(field.text).or((field.text.is_empty()).then_some(0)) {
        Some(0) => Ok(MagicType::Bytes),
        Some(1) => Ok(MagicType::Body),
        Some(4) => skip("partition types", "the partitions of disks are not told apart".into()),
        Some(_) => skip("magic type", format!("{} is no magic type of ClamAV 1.4", field.text)),
        None => {
            let message = format!("{} is not a magic type", quoted(field.text));
            Err(Fault::error("magic type", message).at(field.at).help("write 0, 1 or 4"))
        }
    }
}

/// A type that ClamAV knows.
struct Named {
    kind: ClamType,
    at: usize,
}

impl Named {
    /// The type, if objects of it are told from others here.
    fn checked(&self) -> Result<ClamType, Fault> {
        if !self.kind.types().is_empty() {
            return Ok(self.kind);
        }
        let name = self.kind.name();
        let message = match name {
            "CL_TYPE_IGNORED" => "nothing is left out for its type".to_owned(),
            "CL_TYPE_ANY" => "it says nothing".to_owned(),
            name if name.ends_with("SFX") => {
                "archives in other files are found by their own structure".to_owned()
            }
            name => format!("objects of type {name} are not told from others"),
        };
        Err(Fault::skipped(format!("type {name}"), message).at(self.at))
    }
}

fn parse_type(field: Field<'_>) -> Result<Named, Fault> {
    let kind = ClamType::from_name(field.text).ok_or_else(|| {
        let message = format!("{} is no type of ClamAV's", quoted(field.text));
        Fault::error("file type", message).at(field.at)
    })?;
    Ok(Named { kind, at: field.at })
}

fn parse_magic(place: Field<'_>, magic: Field<'_>) -> Result<Magic, Fault> {
    let at = parse_number(place.text).or(place.text.is_empty().then_some(0));
    let at = at.ok_or_else(|| {
        let message = format!("{} is not an offset from the start", quoted(place.text));
        Fault::error("offset", message).at(place.at)
    })?;
    let (pairs, rest) = magic.text.as_bytes().as_chunks::<2>();
    let byte = |&[high, low]: &[u8; 2]| Some(hex_digit(high)? << 4 | hex_digit(low)?);
    let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
    let Some(bytes) = bytes.filter(|_| rest.is_empty()) else {
        let message = "a magic number is an even number of hexadecimal digits";
        return Err(Fault::error("magic number", message).at(magic.at));
    };
    let end = at.saturating_add(bytes.len() as u64);
    match (u16::try_from(at), end <= Magic::REACH as u64) {
        (Ok(at), true) => Ok(Magic::Bytes { at, bytes }),
        _ => {
            let reach = Magic::REACH;
            let message = format!("only the first {reach} bytes are compared");
            Err(Fault::skipped("magic number too far", message).at(place.at))
        }
    }
}

fn parse_body(place: Field<'_>, body: Field<'_>) -> Result<Pattern, Fault> {
    let offset = offset::parse(place, Target::Any)?;
    if matches!(offset, Offset::End { .. }) {
        let message = "types are told from the first bytes of an object";
        return Err(Fault::skipped("offset from the end", message).at(place.at));
    }
    let hex = hex::parse(body.text, Style::default()).map_err(|fault| fault.moved(body.at))?;
    Ok(hex.at(Target::Any, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Content, String> {
        match record(line, Class::Malicious) {
            Ok(Some(Record { content, .. })) => Ok(content),
            Ok(None) => panic!("{line}"),
            Err(fault) => Err(fault.told(0)),
        }
    }

    fn bytes(at: u16, bytes: &[u8]) -> Content {
        let pdf = ClamType::from_name("CL_TYPE_PDF").unwrap();
        file_type(pdf, None, Magic::Bytes { at, bytes: bytes.to_vec() })
    }

    #[test]
    fn magic_numbers() {
        for (line, content) in [
            ("0:0:DEADbeef:A type:CL_TYPE_ANY:CL_TYPE_PDF", bytes(0, b"\xde\xad\xbe\xef")),
            ("0:1020:deadbeef:A:CL_TYPE_ANY:CL_TYPE_PDF:1:216", bytes(1020, b"\xde\xad\xbe\xef")),
            (":::A:CL_TYPE_ANY:CL_TYPE_PDF:", bytes(0, b"")),
            ("00:007:aa::CL_TYPE_ELF:CL_TYPE_PDF", bytes(7, b"\xaa")),
        ] {
            assert_eq!(read(line), Ok(content), "{line}");
        }
    }

    #[test]
    fn body_signatures() {
        let read = |line: &str| read(line).unwrap();
        let Content::FileType(found) = read("1:9,5:aabb*ccdd:A:CL_TYPE_ELF:CL_TYPE_HTML") else {
            panic!("no file type");
        };
        assert_eq!(found.kind.name(), "CL_TYPE_HTML");
        assert_eq!(found.required.map(ClamType::name), Some("CL_TYPE_ELF"));
        assert!(matches!(found.magic, Magic::Body(_)));
        let finding = read("1:*:aabb:A.Finding:CL_TYPE_ANY:CL_TYPE_ANY");
        assert!(matches!(finding, Content::Pattern(_)));
    }

    #[test]
    fn what_is_refused_and_what_is_skipped() {
        for (line, reason) in [
            ("0:0:aa:A:CL_TYPE_ANY", "Error fields @20"),
            ("0:0:aa:A:CL_TYPE_ANY:CL_TYPE_PDF:1:216:3", "Error fields @39"),
            ("x:0:aa:A:CL_TYPE_ANY:CL_TYPE_PDF", "Error magic type @0"),
            ("0:*:aa:A:CL_TYPE_ANY:CL_TYPE_PDF", "Error offset @2"),
            ("0:EOF-4:aa:A:CL_TYPE_ANY:CL_TYPE_PDF", "Error offset @2"),
            ("0:0:aaa:A:CL_TYPE_ANY:CL_TYPE_PDF", "Error magic number @4"),
            ("0:0:a?:A:CL_TYPE_ANY:CL_TYPE_PDF", "Error magic number @4"),
            ("0:0:aa:A:CL_TYPE_ANY:CL_TYPE_FOO", "Error file type @21"),
            ("0:0:aa:A:CL_TYPE_FOO:CL_TYPE_PDF", "Error file type @9"),
            ("1:EP+0:aabb:A:CL_TYPE_ANY:CL_TYPE_PDF", "Error offset @2"),
            ("1:*:aa:A:CL_TYPE_ANY:CL_TYPE_PDF", "Error too short @4"),
            ("4:1024:aa:A:CL_TYPE_PART_ANY:CL_TYPE_PART_HFSPLUS", "Skipped partition types @0"),
            ("2:0:aa:A:CL_TYPE_ANY:CL_TYPE_PDF", "Skipped magic type @0"),
            ("1:EOF-9:aabb:A:CL_TYPE_ANY:CL_TYPE_DMG", "Skipped offset from the end @2"),
            ("0:1024:aa:A:CL_TYPE_ANY:CL_TYPE_PDF", "Skipped magic number too far @2"),
            ("0:99999:aa:A:CL_TYPE_ANY:CL_TYPE_PDF", "Skipped magic number too far @2"),
            ("0:0:aa:A:CL_TYPE_ANY:CL_TYPE_IGNORED", "Skipped type CL_TYPE_IGNORED @21"),
            ("0:0:aa:A:CL_TYPE_ANY:CL_TYPE_ANY", "Skipped type CL_TYPE_ANY @21"),
            ("1:*:aabb:A:CL_TYPE_PNG:CL_TYPE_ANY", "Skipped type CL_TYPE_ANY @23"),
            ("1:*:aabb:A:CL_TYPE_ANY:CL_TYPE_ZIPSFX", "Skipped type CL_TYPE_ZIPSFX @23"),
            ("1:*:aabb:A:CL_TYPE_XDP:CL_TYPE_PDF", "Skipped type CL_TYPE_XDP @11"),
            ("0:0:aa:A:CL_TYPE_ANY:CL_TYPE_PDF:217", "Skipped engine level"),
        ] {
            assert_eq!(read(line), Err(reason.into()), "{line}");
        }
    }
}
