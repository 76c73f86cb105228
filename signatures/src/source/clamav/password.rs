//! ClamAV's archive passwords (`.pwdb`): `name;target block;storage;password`.
//!
//! Storage 0 is a password as it stands, 1 one in hexadecimal. ClamAV tries passwords on ZIP archives
//! alone; of the target block it asks `Engine` and `Container`.

use std::borrow::Cow;

use pellucid::identify::clam_types::ClamType;
use pellucid::verdict::Class;

use super::super::{Content, Record, hex_digit, parse_number};
use super::target_block::range;
use super::{Field, check_level, expect, fields, fields_from};
use crate::diagnostic::{Fault, quoted};

const FORM: &str = "name;Engine:81-255,Container:CL_TYPE_ZIP;0 or 1;password";

/// Reads one line. What stands behind a fourth field is passed over.
pub(crate) fn record(line: &str, class: Class) -> Result<Option<Record<'_>>, Fault> {
    let mut fields = fields(line, ';');
    let mut next = |what: &str| expect(fields.next(), line, what, FORM);
    let name = next("the name")?.text;
    let (block, storage) = (next("the target block")?, next("the storage type")?);
    let password = next("the password")?;
    check_block(block)?;
    let password = match parse_number(storage.text).or(storage.text.is_empty().then_some(0)) {
        Some(0) => password.text.as_bytes().to_vec(),
        Some(1) => parse_hex(password)?,
        Some(_) => {
            let message = "passwords are stored as 0 (as they stand) or 1 (in hexadecimal)";
            return Err(Fault::skipped("storage type", message).at(storage.at));
        }
        None => {
            let message = format!("{} is not a storage type", quoted(storage.text));
            return Err(Fault::error("storage type", message).at(storage.at).help("write 0 or 1"));
        }
    };
    let content = Content::Password(password);
    Ok(Some(Record { name: Cow::Borrowed(name), class, content }))
}

/// Reads the target block, which says whether the password is for us.
fn check_block(block: Field<'_>) -> Result<(), Fault> {
    let mut skipped = None;
    for attribute in fields_from(block.text, block.at, ',') {
        let refuse = |message: String| Err(Fault::error("target block", message).at(attribute.at));
        let Some((key, value)) = attribute.text.split_once(':') else {
            return refuse(format!("{} is not `Key:value`", quoted(attribute.text)));
        };
        let at = attribute.at.saturating_add(key.len()).saturating_add(1);
        match key {
            "Engine" => {
                let levels = range(Field { text: value, at })?;
                check_level(*levels.start(), *levels.end())?;
            }
            "Container" => skipped = check_container(Field { text: value, at })?,
            // Read by ClamAV and not asked.
            "Target" | "FileSize" | "Intermediates" | "HandlerType" => {}
            _ => return refuse(format!("{} says nothing about a password", quoted(key))),
        }
    }
    skipped.map_or(Ok(()), Err)
}

/// The reason to skip a password for other containers.
fn check_container(field: Field<'_>) -> Result<Option<Fault>, Fault> {
    match ClamType::from_name(field.text).map(ClamType::name) {
        Some("CL_TYPE_ZIP" | "CL_TYPE_ANY") => Ok(None),
        Some("CL_TYPE_RAR") => {
            let message = "passwords for RAR archives alone are not kept apart";
            Ok(Some(Fault::skipped("container CL_TYPE_RAR", message).at(field.at)))
        }
        _ => {
            let message = format!("{} is no container of passwords", quoted(field.text));
            Err(Fault::error("target block", message)
                .at(field.at)
                .help("write CL_TYPE_ZIP, CL_TYPE_RAR or CL_TYPE_ANY"))
        }
    }
}

fn parse_hex(field: Field<'_>) -> Result<Vec<u8>, Fault> {
    let (pairs, rest) = field.text.as_bytes().as_chunks::<2>();
    let byte = |&[high, low]: &[u8; 2]| Some(hex_digit(high)? << 4 | hex_digit(low)?);
    let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
    bytes.filter(|_| rest.is_empty()).ok_or_else(|| {
        let message = "the password is not an even number of hexadecimal digits";
        Fault::error("password", message).at(field.at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Vec<u8>, String> {
        match record(line, Class::Malicious) {
            Ok(Some(Record { content: Content::Password(password), .. })) => Ok(password),
            Ok(other) => panic!("{other:?}"),
            Err(fault) => Err(fault.told(0)),
        }
    }

    #[test]
    fn passwords_of_both_forms() {
        for (line, password) in [
            ("A;Engine:81-255,Container:CL_TYPE_ZIP;0;secret", &b"secret"[..]),
            ("A;Engine:81-255,Container:CL_TYPE_ANY;0; two words ", b" two words "),
            ("A;Engine:81-255;1;73656372657B", b"secre{"),
            (";Engine:1-255,Target:1,FileSize:1-2;;secret", b"secret"),
            ("A;Target:0;00;secret;and more", b"secret"),
            ("A;Engine:81-255;0;", b""),
        ] {
            assert_eq!(read(line), Ok(password.to_vec()), "{line}");
        }
    }

    #[test]
    fn what_is_refused_and_what_is_skipped() {
        for (line, reason) in [
            ("A;Engine:81-255;0", "Error fields @17"),
            ("A;;0;secret", "Error target block @2"),
            ("A;Engine:81-255,Odd:1;0;secret", "Error target block @16"),
            ("A;Engine:81-255,EntryPoint:1-2;0;secret", "Error target block @16"),
            ("A;Engine:81-255,Container:CL_TYPE_7Z;0;secret", "Error target block @26"),
            ("A;Engine:81-255,Container:ZIP;0;secret", "Error target block @26"),
            ("A;Engine:81-255;x;secret", "Error storage type @16"),
            ("A;Engine:81-255;1;secret", "Error password @18"),
            ("A;Engine:81-255;1;736", "Error password @18"),
            ("A;Engine:81-255;2;secret", "Skipped storage type @16"),
            ("A;Engine:217-255;0;secret", "Skipped engine level"),
            ("A;Engine:81-255,Container:CL_TYPE_RAR;0;secret", "Skipped container CL_TYPE_RAR @26"),
        ] {
            assert_eq!(read(line), Err(reason.into()), "{line}");
        }
    }
}
