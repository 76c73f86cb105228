//! Byte comparisons in ClamAV's logical signatures: `id(>>n#[hdai][lb][e]N#=X[,<Y])`.
//!
//! `id` is a byte pattern of the signature, `>>n` or `<<n` a distance from the start of its last match, `N`
//! the number of bytes to read. Numbers are as in C: `0x` begins a hexadecimal one and `0` an octal one.
//! ClamAV takes comparisons without byte order or kind of number too, which never hold; here they are
//! refused.

#![warn(clippy::arithmetic_side_effects)]

use pellucid::matcher::compare::{ByteComparison, Reading};
use pellucid::matcher::expression::Comparison;
use pellucid::set::layout::MAX_PARTS;

use super::{Field, fields_from};
use crate::diagnostic::{Fault, quoted};

/// Reads a sub-signature.
pub(super) fn parse(sub: Field<'_>) -> Result<ByteComparison, Fault> {
    let malformed = |message: String, at: usize| {
        Fault::error("byte comparison", message)
            .at(sub.at.saturating_add(at))
            .help("a byte comparison is `id(>>n#[hdai][lb][e]N#=X)`")
    };
    let (id, rest) = sub
        .text
        .split_once('(')
        .ok_or_else(|| malformed("an opening bracket is missing".into(), 0))?;
    let (inside, behind) = rest
        .split_once(')')
        .ok_or_else(|| malformed("a closing bracket is missing".into(), sub.text.len()))?;
    if !behind.is_empty() && !behind.starts_with("::") {
        let at = sub.text.len().saturating_sub(behind.len());
        return Err(malformed("something behind the closing bracket".into(), at));
    }
    let trigger = id.parse().ok().filter(|&id: &u8| usize::from(id) < MAX_PARTS);
    let trigger = trigger
        .ok_or_else(|| malformed(format!("{} is not a sub-signature's number", quoted(id)), 0))?;
    let inside_at = sub.at.saturating_add(id.len()).saturating_add(1);
    let fields: Vec<Field<'_>> = fields_from(inside, inside_at, '#').take(4).collect();
    let [distance, bytes, comparisons] = fields.as_slice() else {
        return Err(malformed(
            "three fields divided by # expected in the brackets".into(),
            id.len(),
        ));
    };
    let distance = parse_distance(*distance)?;
    let bytes = parse_bytes(*bytes)?;
    let (first, second) = parse_comparisons(*comparisons)?;
    Ok(ByteComparison { trigger, distance, first, second, ..bytes })
}

fn wrong(field: Field<'_>, what: &str) -> Fault {
    Fault::error("byte comparison", format!("{} is not {what}", quoted(field.text))).at(field.at)
}

fn parse_distance(field: Field<'_>) -> Result<i64, Fault> {
    let distance = match (field.text.strip_prefix(">>"), field.text.strip_prefix("<<")) {
        (Some(forward), _) => number(forward),
        (_, Some(backward)) => number(backward).and_then(i64::checked_neg),
        _ => None,
    };
    let near = distance.filter(|distance| i32::try_from(*distance).is_ok());
    near.ok_or_else(|| wrong(field, "a distance such as `>>4` or `<<0x10`"))
}

/// How many bytes are read, and how. The other fields mean nothing yet.
fn parse_bytes(field: Field<'_>) -> Result<ByteComparison, Fault> {
    let digits = field.text.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
    let letters = field.text.strip_suffix(digits).unwrap_or_default();
    let (mut reading, mut little, mut exact) = (None, None, false);
    for letter in letters.chars() {
        let known = match letter {
            'h' => once(&mut reading, Reading::Hexadecimal),
            'd' => once(&mut reading, Reading::Decimal),
            'a' => once(&mut reading, Reading::Auto),
            'i' => once(&mut reading, Reading::Raw),
            'l' => once(&mut little, true),
            'b' => once(&mut little, false),
            'e' => {
                exact = true;
                true
            }
            _ => false,
        };
        if !known {
            return Err(wrong(field, "a kind of number such as `db4`"));
        }
    }
    let length = number(digits).and_then(|length| u32::try_from(length).ok());
    let length = length.filter(|&length| length > 0);
    let (Some(reading), Some(length)) = (reading, length) else {
        return Err(wrong(field, "a kind of number such as `db4`"));
    };
    let little = match (reading, little) {
        (Reading::Decimal, None) => false,
        (Reading::Decimal, Some(true)) => {
            return Err(wrong(field, "possible: decimal digits have no other byte order"));
        }
        (_, Some(little)) => little,
        (_, None) => return Err(wrong(field, "complete: `l` or `b` says the byte order")),
    };
    let fits = match reading {
        Reading::Raw => matches!(length, 1 | 2 | 4 | 8),
        Reading::Decimal => true,
        Reading::Hexadecimal | Reading::Auto => length <= ByteComparison::LONGEST_HEXADECIMAL,
    };
    if !fits {
        return Err(wrong(
            field,
            "possible: raw numbers have 1, 2, 4 or 8 bytes, others at most 18",
        ));
    }
    let (trigger, distance, first) = (0, 0, (Comparison::Equal, 0));
    Ok(ByteComparison { trigger, distance, reading, little, exact, length, first, second: None })
}

/// Sets what is not set to something else.
fn once<T: PartialEq>(slot: &mut Option<T>, value: T) -> bool {
    let free = slot.as_ref().is_none_or(|known| *known == value);
    *slot = Some(value);
    free
}

/// One or two comparisons.
type Comparisons = ((Comparison, i64), Option<(Comparison, i64)>);

fn parse_comparisons(field: Field<'_>) -> Result<Comparisons, Fault> {
    let mut comparisons = fields_from(field.text, field.at, ',').map(parse_comparison);
    let first = comparisons.next().unwrap_or_else(|| Err(wrong(field, "a comparison")))?;
    let second = comparisons.next().transpose()?;
    match comparisons.next() {
        Some(_) => Err(wrong(field, "one comparison or two")),
        None => Ok((first, second)),
    }
}

fn parse_comparison(field: Field<'_>) -> Result<(Comparison, i64), Fault> {
    let comparison = match field.text.as_bytes().first() {
        Some(b'=') => Comparison::Equal,
        Some(b'>') => Comparison::More,
        Some(b'<') => Comparison::Less,
        _ => return Err(wrong(field, "a comparison such as `>0x100`")),
    };
    let with = field.text.get(1..).and_then(number);
    with.map(|with| (comparison, with)).ok_or_else(|| wrong(field, "a comparison such as `>0x100`"))
}

/// A number as in C, the nearest one where it does not fit.
fn number(text: &str) -> Option<i64> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let prefixed = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X"));
    let (radix, digits) = match prefixed {
        Some(digits) => (16, digits),
        None if unsigned.len() > 1 && unsigned.starts_with('0') => (8, unsigned),
        None => (10, unsigned),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let value = i64::from_str_radix(digits, radix).unwrap_or(i64::MAX);
    Some(if negative { value.checked_neg().unwrap_or(i64::MIN) } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ByteComparison, String> {
        parse(Field { text, at: 0 })
            .map_err(|fault| format!("{:?} {} @{}", fault.level, fault.reason, fault.at.unwrap()))
    }

    #[test]
    fn every_piece() {
        let comparison = read("3(>>0x10#hbe4#>010,<-5)").unwrap();
        assert_eq!((comparison.trigger, comparison.distance, comparison.length), (3, 16, 4));
        assert_eq!(comparison.reading, Reading::Hexadecimal);
        assert!(comparison.exact && !comparison.little);
        assert_eq!(comparison.first, (Comparison::More, 8));
        assert_eq!(comparison.second, Some((Comparison::Less, -5)));
        let comparison = read("0(<<7#li8#=0xffffffffffffffff)::i").unwrap();
        assert_eq!((comparison.distance, comparison.first.1), (-7, i64::MAX));
        assert!(comparison.little && comparison.reading == Reading::Raw);
        assert_eq!(read("0(>>-4#d0x20#=0)").unwrap().length, 32);
        assert_eq!(read("0(>>4#dbb2#=0)").unwrap().distance, 4);
    }

    #[test]
    fn what_is_refused() {
        for (text, at) in [
            ("0>>4#db2#=1)", 0),
            ("0(>>4#db2#=1", 12),
            ("0(>>4#db2#=1)x", 13),
            ("64(>>4#db2#=1)", 0),
            ("0&1(>>4#db2#=1)", 0),
            ("(>>4#db2#=1)", 0),
            ("0(>>4#db2)", 1),
            ("0(>>4#db2#=1#)", 1),
            ("0(4#db2#=1)", 2),
            ("0(>>#db2#=1)", 2),
            ("0(>>08#db2#=1)", 2),
            ("0(>>99999999999#db2#=1)", 2),
            ("0(>>4#2#=1)", 6),
            ("0(>>4#db#=1)", 6),
            ("0(>>4#db0#=1)", 6),
            ("0(>>4#dl2#=1)", 6),
            ("0(>>4#hd2#=1)", 6),
            ("0(>>4#hlb2#=1)", 6),
            ("0(>>4#h2#=1)", 6),
            ("0(>>4#ib3#=1)", 6),
            ("0(>>4#hb19#=1)", 6),
            ("0(>>4#zb2#=1)", 6),
            ("0(>>4#db2#)", 10),
            ("0(>>4#db2#1)", 10),
            ("0(>>4#db2#=)", 10),
            ("0(>>4#db2#=1,)", 13),
            ("0(>>4#db2#=1,>2,<3)", 10),
            ("0(>>4#db2#=1z)", 10),
        ] {
            assert_eq!(read(text), Err(format!("Error byte comparison @{at}")), "{text}");
        }
    }
}
