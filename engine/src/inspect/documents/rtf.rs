//! Rich Text Format: the template and the fields of a document.

use super::{Remarks, is_external};
use crate::limits::{Budget, Stop};

/// What is read of one destination.
const LONGEST: usize = 4096;

pub(super) fn look(text: &[u8], remarks: &mut Remarks, budget: &Budget) -> Result<(), Stop> {
    let (mut at, mut spent) = (0_usize, 0_usize);
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(found) = budget.find(rest, b"\\")? else { return Ok(()) };
        let behind = rest.get(found.saturating_add(1)..).unwrap_or_default();
        at = at.saturating_add(found).saturating_add(1);
        let (is_template, inside) = match word(behind) {
            (b"template", inside) => (true, inside),
            (b"fldinst", inside) => (false, inside),
            _ => continue,
        };
        let (instruction, read) = text_of(inside);
        // Fields stand in fields, so the search goes on in them, until that was done too often.
        spent = spent.saturating_add(read);
        at = at.saturating_add(if spent < text.len().saturating_mul(4) { 1 } else { read });
        if !is_template {
            remarks.add_field(&instruction);
        } else if is_external(&instruction) {
            remarks.add("external template", &instruction);
        }
    }
}

/// A control word, and what follows it.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let length = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    text.split_at_checked(length).unwrap_or_default()
}

/// The text up to the end of the group, without the marks in it; and how much was read for it.
fn text_of(source: &[u8]) -> (String, usize) {
    let source = source.get(..LONGEST).unwrap_or(source);
    let mut rest = source;
    let (mut text, mut depth) = (String::new(), 0_u32);
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b'{' => depth = depth.saturating_add(1),
            b'}' if depth == 0 => break,
            b'}' => depth = depth.saturating_sub(1),
            b'\\' => rest = control(behind, &mut text),
            b'\r' | b'\n' => {}
            _ => text.push(char::from(byte)),
        }
    }
    (text, source.len().saturating_sub(rest.len()))
}

/// Reads what follows a backslash: a character in some form, or a word that is left away.
fn control<'d>(source: &'d [u8], text: &mut String) -> &'d [u8] {
    let (name, behind) = word(source);
    let (number, behind) = number(behind);
    match (name, source.first()) {
        (b"u", _) => {
            // Negative numbers stand for the upper half.
            let unit = number.map_or(0, |number| number.rem_euclid(1 << 16));
            text.extend(u32::try_from(unit).ok().and_then(char::from_u32));
            // One character follows for readers that do not know the word.
            behind.strip_prefix(b"?").unwrap_or(behind)
        }
        ([], Some(b'\'')) => {
            let digits = source.get(1..3).and_then(|digits| std::str::from_utf8(digits).ok());
            let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            text.extend(byte.map(char::from));
            source.get(3..).unwrap_or_default()
        }
        ([], Some(&symbol)) => {
            if matches!(symbol, b'\\' | b'{' | b'}') {
                text.push(char::from(symbol));
            }
            source.get(1..).unwrap_or_default()
        }
        _ => behind,
    }
}

/// The number behind a word, and the space that ends both.
fn number(text: &[u8]) -> (Option<i64>, &[u8]) {
    const LONGEST: usize = 10;
    let sign = usize::from(text.first() == Some(&b'-'));
    let digits = text.iter().skip(sign).take(LONGEST).take_while(|byte| byte.is_ascii_digit());
    let (number, behind) = match digits.count() {
        0 => (None, text),
        count => {
            let (number, behind) =
                text.split_at_checked(count.saturating_add(sign)).unwrap_or_default();
            (std::str::from_utf8(number).ok().and_then(|number| number.parse().ok()), behind)
        }
    };
    (number, behind.strip_prefix(b" ").unwrap_or(behind))
}
