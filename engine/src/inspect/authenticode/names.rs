//! Names in certificates (RFC 5280, section 4.1.2.4), written for people: `C=US, O=Example, CN=A`.

use std::fmt::Write;

use super::super::ledger::Ledger;
use super::der::{OBJECT_IDENTIFIER, SEQUENCE, SET, Values};

/// The strings that names are made of, by tag.
const BMP_STRING: u8 = 0x1e;

/// A name for people, as far as it can be read.
pub(super) fn readable(name: &[u8], ledger: &mut Ledger<'_>) -> String {
    let mut sets = Values::of(name);
    let mut readable = String::new();
    while let Ok(mut attributes) = sets.inside(SET, "") {
        while let Ok(mut attribute) = attributes.inside(SEQUENCE, "") {
            let Ok(kind) = attribute.content(OBJECT_IDENTIFIER, "") else { break };
            let Ok(value) = attribute.value() else { break };
            let text = match value.tag {
                BMP_STRING => big_endian(value.content),
                _ => String::from_utf8_lossy(value.content).into_owned(),
            };
            let separator = if readable.is_empty() { "" } else { ", " };
            // Writing to a string does not fail.
            let _ = write!(readable, "{separator}{}={text}", kind_name(kind));
        }
    }
    ledger.text(readable.as_bytes())
}

fn kind_name(kind: &[u8]) -> String {
    match kind {
        [0x55, 4, 3] => "CN".into(),
        [0x55, 4, 5] => "serialNumber".into(),
        [0x55, 4, 6] => "C".into(),
        [0x55, 4, 7] => "L".into(),
        [0x55, 4, 8] => "ST".into(),
        [0x55, 4, 9] => "street".into(),
        [0x55, 4, 10] => "O".into(),
        [0x55, 4, 11] => "OU".into(),
        [0x55, 4, 15] => "businessCategory".into(),
        [0x55, 4, 17] => "postalCode".into(),
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1] => "emailAddress".into(),
        kind => dotted(kind),
    }
}

/// An object identifier in numbers.
fn dotted(identifier: &[u8]) -> String {
    let mut dotted = String::new();
    let mut number = 0_u64;
    for &byte in identifier {
        number = number.wrapping_shl(7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            let _ = match dotted.is_empty() {
                true => {
                    let first = number.checked_div(40).unwrap_or(0).min(2);
                    let second = number.saturating_sub(first.saturating_mul(40));
                    write!(dotted, "{first}.{second}")
                }
                false => write!(dotted, ".{number}"),
            };
            number = 0;
        }
    }
    dotted
}

fn big_endian(bytes: &[u8]) -> String {
    let (units, _) = bytes.as_chunks::<2>();
    let units = units.iter().map(|&unit| u16::from_be_bytes(unit));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Budget, Cancel, Limits};

    #[test]
    fn names_are_written_for_people() {
        let budget = Budget::new(Limits::default(), Cancel::new());
        let mut ledger = Ledger::new(&budget);
        let name = [
            &[0x31, 11, 0x30, 9, 6, 3, 0x55, 4, 6, 0x13, 2, b'D', b'E'][..],
            &[0x31, 13, 0x30, 11, 6, 3, 0x55, 4, 3, 0x1e, 4, 0, b'A', 0x20, 0xac],
            &[0x31, 10, 0x30, 8, 6, 3, 0x2a, 0x86, 0x48, 0x0c, 1, b'x'],
            &[0x31, 90, 0x30],
        ]
        .concat();
        assert_eq!(readable(&name, &mut ledger), "C=DE, CN=A€, 1.2.840=x");
        assert_eq!(readable(&[0xff; 40], &mut ledger), "");
        assert_eq!(dotted(&[0x88, 0x37, 3]), "2.999.3");
    }
}
