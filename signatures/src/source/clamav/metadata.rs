//! ClamAV's container metadata (`.cdb`):
//! `name:ctype:csize:nameRegex:compSize:realSize:enc:pos:res1:res2[:minFL[:maxFL]]`.
//!
//! Numbers are kept in 32 bits, as ClamAV keeps them: larger ones wrap around, and 4294967295 alone
//! stands for any. The two reserved fields are not looked at; one of them is called a checksum, and
//! ClamAV does not compare it.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use pellucid::identify::clam_types::ClamType;
use pellucid::matcher::{ListingPattern, check_name};
use pellucid::unpack::Listing;
use pellucid::verdict::Class;

use super::super::{Content, Record};
use super::{Field, check_levels, class_of, expect, fields, posix};
use crate::diagnostic::{Fault, quoted};

const FORM: &str = "name:ctype:csize:nameRegex:compSize:realSize:enc:pos:res1:res2[:minFL[:maxFL]]";

/// Reads one line.
pub(crate) fn record(line: &str, class: Class) -> Result<Option<Record<'_>>, Fault> {
    let mut fields = fields(line, ':');
    let mut next = |what: &str| expect(fields.next(), line, what, FORM);
    let name = next("the name")?.text;
    let container = next("the type of the container")?;
    let container_size = next("the size of the container")?;
    let entry_name = next("the pattern for the entry's name")?;
    let (packed, size) = (next("the compressed size")?, next("the real size")?);
    let (encrypted, position) = (next("the encryption flag")?, next("the position")?);
    let _checksum = next("the first reserved field")?;
    let _reserved = next("the second reserved field")?;
    check_levels(fields, FORM)?;
    let pattern = ListingPattern {
        container: parse_container(container)?,
        container_size: parse_range(container_size)?,
        name: parse_name(entry_name)?,
        packed: parse_range(packed)?,
        size: parse_range(size)?,
        encrypted: parse_encrypted(encrypted)?,
        position: parse_range(position)?,
    };
    let class = class_of(name, class);
    Ok(Some(Record { name: Cow::Borrowed(name), class, content: Content::Listing(pattern) }))
}

pub(super) fn parse_container(field: Field<'_>) -> Result<Option<ClamType>, Fault> {
    if field.text == "*" {
        return Ok(None);
    }
    let Some(kind) = ClamType::from_name(field.text) else {
        let message = format!("{} is no type of ClamAV's", quoted(field.text));
        return Err(Fault::error("container type", message).at(field.at));
    };
    if kind == ClamType::ANY {
        return Ok(None);
    }
    if Listing::KINDS.contains(&kind) {
        return Ok(Some(kind));
    }
    let reason = format!("container {}", kind.name());
    let message = "the entries of such containers are not told apart";
    Err(Fault::skipped(reason, message).at(field.at))
}

pub(super) fn parse_name(field: Field<'_>) -> Result<Option<String>, Fault> {
    if field.text == "*" {
        return Ok(None);
    }
    let pattern = posix::translate(field.text).map_err(|refused| {
        let message = format!("{} has {}", quoted(field.text), refused.what);
        Fault::error("name pattern", message).at(field.at.saturating_add(refused.at))
    })?;
    match check_name(&pattern) {
        Ok(()) => Ok(Some(pattern)),
        Err(error) => {
            let message = format!("too large to be searched for: {error}");
            Err(Fault::skipped("large name pattern", message).at(field.at))
        }
    }
}

fn parse_encrypted(field: Field<'_>) -> Result<Option<bool>, Fault> {
    match field.text {
        "*" => Ok(None),
        "0" => Ok(Some(false)),
        "1" => Ok(Some(true)),
        text => {
            let message = format!("{} is not an encryption flag", quoted(text));
            Err(Fault::error("encryption flag", message).at(field.at).help("write 0, 1 or *"))
        }
    }
}

/// Any number, one, or those from one to another. Behind the second number of a range anything may
/// stand.
pub(super) fn parse_range(field: Field<'_>) -> Result<RangeInclusive<u64>, Fault> {
    let refuse = |message: String| {
        Err(Fault::error("number", message)
            .at(field.at)
            .help("write `n`, `n-m` or `*` for any number"))
    };
    let is_digit = |c: char| c.is_ascii_digit();
    if field.text == "*" {
        return Ok(0..=u64::MAX);
    }
    let rest = field.text.trim_start_matches(is_digit);
    if rest.is_empty() {
        return Ok(match wrapped(field.text) {
            u32::MAX => 0..=u64::MAX,
            number => number.into()..=number.into(),
        });
    }
    let first = field.text.strip_suffix(rest).unwrap_or_default();
    let Some(second) = rest.strip_prefix('-') else {
        return refuse(format!("{} is not a number", quoted(field.text)));
    };
    let second = second.strip_suffix(second.trim_start_matches(is_digit)).unwrap_or_default();
    if first.is_empty() || second.is_empty() {
        return refuse(format!("{} is not a range", quoted(field.text)));
    }
    let (first, second) = (cut(first), cut(second));
    match first <= second {
        true => Ok(first.into()..=second.into()),
        false => refuse(format!(
            "{} holds no number: it runs from {first} to {second}",
            quoted(field.text)
        )),
    }
}

/// A number in 32 bits, wrapped around.
fn wrapped(digits: &str) -> u32 {
    digits.bytes().fold(0_u32, |number, digit| {
        number.wrapping_mul(10).wrapping_add(digit.saturating_sub(b'0').into())
    })
}

/// A number in 64 bits, as far as they reach, of which the lower half counts.
fn cut(digits: &str) -> u32 {
    let number = digits.parse::<u64>().unwrap_or(u64::MAX);
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &str) -> Result<ListingPattern, String> {
        match record(&format!("A.B:{fields}"), Class::Malicious) {
            Ok(Some(Record { content: Content::Listing(pattern), .. })) => Ok(pattern),
            Ok(other) => panic!("{other:?}"),
            Err(fault) => Err(fault.told(4)),
        }
    }

    fn any() -> ListingPattern {
        ListingPattern {
            container: None,
            container_size: 0..=u64::MAX,
            name: None,
            packed: 0..=u64::MAX,
            size: 0..=u64::MAX,
            encrypted: None,
            position: 0..=u64::MAX,
        }
    }

    #[test]
    fn every_field_is_taken() {
        assert_eq!(read("*:*:*:*:*:*:*:*:*"), Ok(any()));
        assert_eq!(read("CL_TYPE_ANY:*:*:*:*:*:*:x:y:51:216"), Ok(any()));
        let all = ListingPattern {
            container: Some(ClamType::ZIP),
            container_size: 1..=2,
            name: Some(r"\x2eexe(?:$)".into()),
            packed: 3..=3,
            size: 4..=5,
            encrypted: Some(true),
            position: 1..=1,
        };
        assert_eq!(read(r"CL_TYPE_ZIP:1-2:\.exe$:3:4-5:1:1:*:*"), Ok(all));
    }

    #[test]
    fn numbers_are_kept_in_32_bits() {
        for (number, kept) in [
            ("", 0..=0),
            ("0525", 525..=525),
            ("4294967295", 0..=u64::MAX),
            ("4294967821", 525..=525),
            ("18446744073709552141", 525..=525),
            ("0-525", 0..=525),
            ("0-525x", 0..=525),
            ("1-2-3", 1..=2),
            ("0-4294967295", 0..=4_294_967_295),
            ("0-4294967297", 0..=1),
            ("0-99999999999999999999999", 0..=4_294_967_295),
        ] {
            let read = read(&format!("*:{number}:*:*:*:*:*:*:*"));
            assert_eq!(read.map(|pattern| pattern.container_size), Ok(kept), "{number}");
        }
    }

    #[test]
    fn what_is_refused_and_what_is_skipped() {
        let huge = format!("*:*:{}:*:*:*:*:*:*", "(x{1,255}){1,255}");
        for (fields, reason) in [
            ("*:*:*:*:*:*:*:*", "Error fields @15"),
            ("*:*:*:*:*:*:*:*:*:1:216:3", "Error fields @24"),
            ("CL_TYPE_XXX:*:*:*:*:*:*:*:*", "Error container type @0"),
            ("zip:*:*:*:*:*:*:*:*", "Error container type @0"),
            ("CL_TYPE_PDF:*:*:*:*:*:*:*:*", "Skipped container CL_TYPE_PDF @0"),
            ("*:x:*:*:*:*:*:*:*", "Error number @2"),
            ("*:-1:*:*:*:*:*:*:*", "Error number @2"),
            ("*:1-:*:*:*:*:*:*:*", "Error number @2"),
            ("*:2-1:*:*:*:*:*:*:*", "Error number @2"),
            ("*: 1:*:*:*:*:*:*:*", "Error number @2"),
            ("*:*:a(b:*:*:*:*:*:*", "Error name pattern @7"),
            ("*:*::*:*:*:*:*:*", "Error name pattern @4"),
            ("*:*:*:*:*:2:*:*:*", "Error encryption flag @10"),
            ("*:*:*:*:*::*:*:*", "Error encryption flag @10"),
            ("*:*:*:*:*:*:*:*:*:217", "Skipped engine level"),
            ("*:*:*:*:*:*:*:*:*:1:", "Skipped engine level"),
            (&huge, "Skipped large name pattern @4"),
        ] {
            assert_eq!(read(fields), Err(reason.into()), "{fields}");
        }
    }
}
