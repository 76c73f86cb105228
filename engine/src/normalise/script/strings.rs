//! Strings: where they end, and what their escapes stand for.

use super::tokens::Tokens;
use crate::limits::Stop;

/// Bytes that are resolved before they are kept.
const STEP: usize = 256;

/// Where the closing quote stands: the first quote without a backslash right before it.
pub(super) fn closing_quote(text: &[u8], quote: u8) -> Option<usize> {
    memchr::memchr_iter(quote, text).find(|&at| {
        at.checked_sub(1).and_then(|before| text.get(before)).is_none_or(|&before| before != b'\\')
    })
}

/// Keeps the bytes that a string's text stands for.
pub(super) fn resolve_escapes(text: &[u8], tokens: &mut Tokens) -> Result<(), Stop> {
    let mut rest = text;
    while !rest.is_empty() {
        let plain = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
        let (before, escape) = rest.split_at_checked(plain).unwrap_or((rest, &[]));
        tokens.extend_texts(before)?;
        rest = resolve_escape(escape, tokens)?;
    }
    Ok(())
}

/// Resolves the escape that the text begins with, and returns what is behind it.
fn resolve_escape<'t>(text: &'t [u8], tokens: &mut Tokens) -> Result<&'t [u8], Stop> {
    let rest = match text {
        [] => return Ok(text),
        [_, b'x', digits @ ..] if digits.len() >= 2 => {
            let (digits, rest) = digits.split_at_checked(2).unwrap_or_default();
            tokens.extend_texts(&[forgiving(digits).to_be_bytes()[1].max(1)])?;
            rest
        }
        [_, b'x', ..] => {
            tokens.extend_texts(b"\\")?;
            &[]
        }
        [_, b'u', digits @ ..] if digits.len() >= 4 => {
            let (digits, rest) = digits.split_at_checked(4).unwrap_or_default();
            keep_unit(forgiving(digits), tokens)?;
            rest
        }
        [_, b'u', rest @ ..] => {
            tokens.extend_texts(b"\\")?;
            rest
        }
        [_, escaped, rest @ ..] => {
            tokens.extend_texts(&[character(*escaped)])?;
            rest
        }
        [backslash] => {
            tokens.extend_texts(&[*backslash])?;
            &[]
        }
    };
    Ok(rest)
}

fn character(escaped: u8) -> u8 {
    match escaped {
        b'0' => 1,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 11,
        b'f' => 12,
        b'r' => b'\r',
        other => other,
    }
}

/// Keeps a unit of UTF-16 as UTF-8, halves of pairs as well; 0 as 1.
fn keep_unit(unit: u16, tokens: &mut Tokens) -> Result<(), Stop> {
    let unit = unit.max(1);
    let [high, low] = unit.to_be_bytes();
    let tail = |bits: u8| 0x80 | (bits & 0x3f);
    let middle = (high << 2) | (low >> 6);
    match unit {
        0..0x80 => tokens.extend_texts(&[low]),
        0x80..0x800 => tokens.extend_texts(&[0xc0 | middle, tail(low)]),
        _ => tokens.extend_texts(&[0xe0 | (high >> 4), tail(middle), tail(low)]),
    }
}

/// Keeps what `unescape` makes of a text: `%41` and `%u0041` are characters.
pub(super) fn unescape(text: &[u8], tokens: &mut Tokens) -> Result<(), Stop> {
    let mut kept = Vec::with_capacity(STEP);
    let mut rest = text;
    while let [first, behind @ ..] = rest {
        if kept.len() >= STEP {
            tokens.extend_texts(&kept)?;
            kept.clear();
        }
        rest = behind;
        match (first, behind) {
            (b'%', [b'u', a, b, c, d, ..]) if hexadecimal(&[*a, *b, *c, *d]).is_some() => {
                tokens.extend_texts(&kept)?;
                kept.clear();
                keep_unit(hexadecimal(&[*a, *b, *c, *d]).unwrap_or(1), tokens)?;
                rest = behind.get(5..).unwrap_or_default();
            }
            (b'%', [a, b, ..]) if hexadecimal(&[*a, *b]).is_some() => {
                kept.push(hexadecimal(&[*a, *b]).unwrap_or(1).to_be_bytes()[1].max(1));
                rest = behind.get(2..).unwrap_or_default();
            }
            _ => kept.push(*first),
        }
    }
    tokens.extend_texts(&kept)
}

/// Hexadecimal digits, among them others that count as 0; but if the last one is no digit, all ones.
fn forgiving(digits: &[u8]) -> u16 {
    if !digits.last().is_some_and(u8::is_ascii_hexdigit) {
        return u16::MAX;
    }
    digits.iter().fold(0, |value, &digit| (value << 4) | hexadecimal(&[digit]).unwrap_or(0))
}

fn hexadecimal(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0_u16, |value, &digit| {
        let digit = char::from(digit).to_digit(16)?;
        Some((value << 4) | u16::try_from(digit).ok()?)
    })
}
