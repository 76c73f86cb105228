//! What a backslash and the bytes behind it stand for.
//!
//! As pcre2pattern(3) of PCRE2 10.42 has it, without Unicode: a character is a byte.

#![warn(clippy::arithmetic_side_effects)]

use super::bytes::ByteSet;
use super::cursor::Cursor;
use super::token::Assertion;
use super::{Problem, RegexError};

/// What an escape stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Escape<'t> {
    /// This byte.
    Byte(u8),
    /// One of these.
    Set(ByteSet),
    /// `\N`: any byte but a line feed.
    NotLineFeed,
    /// `\R`: a line end of any kind.
    LineEnd,
    /// A place.
    Assert(Assertion),
    /// What a group matched.
    Back(Reference<'t>),
    /// `\K`
    Keep,
    /// `\Q`: what follows stands for itself.
    Quote,
    /// `\E` without `\Q`.
    Nothing,
}

/// Which group is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference<'t> {
    /// The group of this number.
    Number(u32),
    /// The group that opened so many groups ago.
    Before(u32),
    /// The group that opens so many groups on.
    After(u32),
    /// The group of this name.
    Name(&'t [u8]),
}

/// Reads an escape outside of a class; the backslash is passed over. `captures` groups were opened so
/// far.
pub(super) fn read<'t>(cursor: &mut Cursor<'t>, captures: u16) -> Result<Escape<'t>, RegexError> {
    let at = cursor.at().saturating_sub(1);
    let wrong = |what| RegexError { at, problem: what };
    let Some(byte) = cursor.next() else {
        return Err(wrong(Problem::Malformed("a backslash at the end")));
    };
    if let Some(set) = class_letter(byte) {
        return Ok(Escape::Set(set));
    }
    Ok(match byte {
        b'N' if cursor.rest().starts_with(b"{U") => {
            return Err(wrong(Problem::Unsupported("a Unicode character")));
        }
        b'N' => Escape::NotLineFeed,
        b'R' => Escape::LineEnd,
        b'C' => Escape::Set(ByteSet::ALL),
        b'b' => Escape::Assert(Assertion::WordEdge),
        b'B' => Escape::Assert(Assertion::NoWordEdge),
        b'A' => Escape::Assert(Assertion::Start),
        b'Z' => Escape::Assert(Assertion::EndOrLastLine),
        b'z' => Escape::Assert(Assertion::End),
        b'G' => Escape::Assert(Assertion::SearchStart),
        b'K' => Escape::Keep,
        b'Q' => Escape::Quote,
        b'E' => Escape::Nothing,
        b'g' => Escape::Back(group_reference(cursor).ok_or_else(|| wrong(NO_REFERENCE))??),
        b'k' => Escape::Back(name_reference(cursor).ok_or_else(|| wrong(NO_REFERENCE))?),
        b'1'..=b'9' => digits(cursor, byte, captures).map_err(wrong)?,
        _ => Escape::Byte(literal(cursor, byte).map_err(wrong)?),
    })
}

/// Reads an escape inside of a class.
pub(super) fn read_in_class<'t>(cursor: &mut Cursor<'t>) -> Result<Escape<'t>, RegexError> {
    let at = cursor.at().saturating_sub(1);
    let wrong = |what| RegexError { at, problem: what };
    let Some(byte) = cursor.next() else {
        return Err(wrong(Problem::Malformed("a backslash at the end")));
    };
    if let Some(set) = class_letter(byte) {
        return Ok(Escape::Set(set));
    }
    Ok(match byte {
        b'N' | b'B' | b'R' | b'X' | b'A' | b'Z' | b'z' | b'G' | b'K' => {
            return Err(wrong(Problem::Malformed("an escape that no class may hold")));
        }
        b'b' => Escape::Byte(8),
        b'Q' => Escape::Quote,
        b'E' => Escape::Nothing,
        b'1'..=b'7' => Escape::Byte(octal(cursor, byte).map_err(wrong)?),
        b'8' | b'9' => Escape::Byte(byte),
        _ => Escape::Byte(literal(cursor, byte).map_err(wrong)?),
    })
}

const NO_REFERENCE: Problem = Problem::Malformed("a reference to no group");
const TOO_LARGE: Problem = Problem::Malformed("a character beyond 255");

fn class_letter(byte: u8) -> Option<ByteSet> {
    let set = match byte.to_ascii_lowercase() {
        b'd' => ByteSet::digits(),
        b'w' => ByteSet::word(),
        b's' => ByteSet::space(),
        b'h' => ByteSet::horizontal(),
        b'v' => ByteSet::vertical(),
        _ => return None,
    };
    Some(if byte.is_ascii_uppercase() { set.negated() } else { set })
}

/// An escape that is one byte.
fn literal(cursor: &mut Cursor<'_>, byte: u8) -> Result<u8, Problem> {
    Ok(match byte {
        b'a' => 7,
        b'e' => 0x1b,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'0' => return octal(cursor, byte),
        b'o' => return octal_in_braces(cursor),
        b'x' => return hexadecimal(cursor),
        b'c' => match cursor.next() {
            Some(key @ b' '..=b'~') => key.to_ascii_uppercase() ^ 0x40,
            _ => return Err(Problem::Malformed("no key behind \\c")),
        },
        b'p' | b'P' => return Err(Problem::Unsupported("a Unicode property")),
        b'X' => return Err(Problem::Unsupported("a Unicode grapheme")),
        _ if byte.is_ascii_alphanumeric() => return Err(Problem::Malformed("an unknown escape")),
        _ => byte,
    })
}

/// At most three octal digits, of which `first` is the first.
fn octal(cursor: &mut Cursor<'_>, first: u8) -> Result<u8, Problem> {
    let mut value = u32::from(first.wrapping_sub(b'0'));
    for _ in 0..2 {
        let Some(digit @ b'0'..=b'7') = cursor.peek() else { break };
        cursor.next();
        value = value.wrapping_mul(8).wrapping_add(u32::from(digit.wrapping_sub(b'0')));
    }
    u8::try_from(value).map_err(|_| TOO_LARGE)
}

fn octal_in_braces(cursor: &mut Cursor<'_>) -> Result<u8, Problem> {
    let digits = cursor.eat(b"{").then(|| cursor.take_until(b"}")).flatten();
    number(digits.ok_or(Problem::Malformed("\\o without braces"))?, 8)
}

/// `\xhh` with up to two digits, or `\x{hh}`.
fn hexadecimal(cursor: &mut Cursor<'_>) -> Result<u8, Problem> {
    if cursor.eat(b"{") {
        let digits = cursor.take_until(b"}").ok_or(Problem::Malformed("\\x{ without }"))?;
        return number(digits, 16);
    }
    let mut value = 0_u8;
    for _ in 0..2 {
        let Some(digit) = cursor.peek().and_then(|byte| char::from(byte).to_digit(16)) else {
            break;
        };
        cursor.next();
        value = value << 4 | u8::try_from(digit).unwrap_or(0);
    }
    Ok(value)
}

fn number(digits: &[u8], radix: u32) -> Result<u8, Problem> {
    if digits.is_empty() || !digits.iter().all(|&digit| char::from(digit).is_digit(radix)) {
        return Err(Problem::Malformed("digits expected in braces"));
    }
    let text = std::str::from_utf8(digits).map_err(|_| TOO_LARGE)?;
    u8::from_str_radix(text, radix).map_err(|_| TOO_LARGE)
}

/// Digits from 1 up are a reference where they are fewer than 10 or so many groups were opened, else
/// octal.
fn digits<'t>(cursor: &mut Cursor<'t>, first: u8, captures: u16) -> Result<Escape<'t>, Problem> {
    let start = cursor.at();
    cursor.go_to(start.saturating_sub(1));
    let number = cursor.number();
    if let Some(number) = number
        && (number < 10 || first >= b'8' || number <= captures.into())
    {
        return Ok(Escape::Back(Reference::Number(number)));
    }
    if first >= b'8' {
        return Err(Problem::Malformed("a reference to no group"));
    }
    cursor.go_to(start);
    octal(cursor, first).map(Escape::Byte)
}

/// Behind `\g`: `1`, `-1`, `+1`, any of them or a name in braces. What calls a group is not supported.
fn group_reference<'t>(cursor: &mut Cursor<'t>) -> Option<Result<Reference<'t>, RegexError>> {
    let at = cursor.at();
    if matches!(cursor.peek(), Some(b'<' | b'\'')) {
        let problem = Problem::Unsupported("a call of a group");
        return Some(Err(RegexError { at, problem }));
    }
    if !cursor.eat(b"{") {
        return relative(cursor).map(Ok);
    }
    let inside = cursor.take_until(b"}")?;
    let mut digits = Cursor::new(inside);
    match relative(&mut digits) {
        Some(reference) if digits.rest().is_empty() => Some(Ok(reference)),
        _ => is_name(inside).then_some(Ok(Reference::Name(inside))),
    }
}

fn relative<'t>(cursor: &mut Cursor<'_>) -> Option<Reference<'t>> {
    if cursor.eat(b"-") {
        cursor.number().filter(|&back| back > 0).map(Reference::Before)
    } else if cursor.eat(b"+") {
        cursor.number().filter(|&on| on > 0).map(Reference::After)
    } else {
        cursor.number().map(Reference::Number)
    }
}

/// Behind `\k`: a name in `< >`, `' '` or braces.
fn name_reference<'t>(cursor: &mut Cursor<'t>) -> Option<Reference<'t>> {
    let end = match cursor.next()? {
        b'<' => b">",
        b'\'' => b"'",
        b'{' => b"}",
        _ => return None,
    };
    cursor.take_until(end).filter(|name| is_name(name)).map(Reference::Name)
}

/// Whether a group may be called so.
pub(super) fn is_name(name: &[u8]) -> bool {
    let is_word = name.iter().all(|&byte| byte == b'_' || byte.is_ascii_alphanumeric());
    is_word && name.len() <= 32 && name.first().is_some_and(|byte| !byte.is_ascii_digit())
}
