//! Names in other character sets: encoded words (RFC 2047) and per cent signs (RFC 2231).
//!
//! Names are for people. Those in UTF-8, ASCII and ISO 8859-1 (for which Windows 1252 is taken, too)
//! become UTF-8, others stay the bytes that they are.

use std::io::Read as _;

use super::encodings::{Base64, QuotedPrintable};

/// Replaces every `=?charset?B or Q?text?=`. What stands between two of them is left away if it is
/// white space.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut rest = text;
    let mut is_behind_word = false;
    while let Some(at) = memchr::memmem::find(rest, b"=?") {
        let (front, word) = rest.split_at_checked(at).unwrap_or_default();
        let Some((content, behind)) = word_at(word) else {
            let (kept, behind) = rest.split_at_checked(at.saturating_add(2)).unwrap_or_default();
            decoded.extend_from_slice(kept);
            (rest, is_behind_word) = (behind, false);
            continue;
        };
        if !is_behind_word || !front.trim_ascii().is_empty() {
            decoded.extend_from_slice(front);
        }
        decoded.extend(content);
        (rest, is_behind_word) = (behind, true);
    }
    decoded.extend_from_slice(rest);
    decoded
}

/// The encoded word that `text` begins with, and what is behind it.
fn word_at(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut fields = text.strip_prefix(b"=?")?.splitn(3, |&byte| byte == b'?');
    let (charset, form, rest) = (fields.next()?, fields.next()?, fields.next()?);
    let end = memchr::memmem::find(rest, b"?=")?;
    let (content, behind) = rest.split_at_checked(end)?;
    let mut bytes = Vec::new();
    match form {
        b"b" | b"B" => Base64::new(content).read_to_end(&mut bytes).ok()?,
        b"q" | b"Q" => {
            let spaced: Vec<u8> =
                content.iter().map(|&byte| if byte == b'_' { b' ' } else { byte }).collect();
            QuotedPrintable::new(&spaced).read_to_end(&mut bytes).ok()?
        }
        _ => return None,
    };
    Some((to_utf8(charset, bytes), behind.get(2..)?))
}

/// Resolves `%41`; the first piece of a value begins with `charset'language'`.
pub(super) fn percent(text: &[u8], is_first: bool) -> Vec<u8> {
    let mut fields = text.splitn(3, |&byte| byte == b'\'');
    let (charset, text) = match (is_first, fields.next(), fields.next(), fields.next()) {
        (true, Some(charset), Some(_), Some(rest)) => (charset, rest),
        _ => (&b""[..], text),
    };
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        let digits = behind.first_chunk::<2>().filter(|_| byte == b'%');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) => {
                bytes.push(value);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(byte);
                rest = behind;
            }
        }
    }
    to_utf8(charset, bytes)
}

fn to_utf8(charset: &[u8], bytes: Vec<u8>) -> Vec<u8> {
    // A language may follow behind `*`.
    let charset = charset.split(|&byte| byte == b'*').next().unwrap_or_default();
    match charset.to_ascii_lowercase().as_slice() {
        b"iso-8859-1" | b"latin1" | b"windows-1252" | b"cp1252" => {
            bytes.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes()
        }
        _ => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_text() {
        for (text, expected) in [
            ("plain", "plain"),
            ("=?utf-8?Q?a=20b_c?=", "a b c"),
            ("=?UTF-8*en?b?YQ==?= \t =?utf-8?b?Yg?=.exe", "ab.exe"),
            ("=?utf-8?q?a?= x =?utf-8?q?b?=", "a x b"),
            ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
            ("=?utf-8?q?open", "=?utf-8?q?open"),
            ("=?=?=?=?", "=?=?=?=?"),
        ] {
            assert_eq!(String::from_utf8_lossy(&decode(text.as_bytes())), expected, "{text}");
        }
    }

    #[test]
    fn per_cent_signs_need_two_digits() {
        assert_eq!(percent(b"a%62%zz%6", false), b"ab%zz%6");
        assert_eq!(percent(b"latin1''%E9", true), "é".as_bytes());
        assert_eq!(percent(b"it's", true), b"it's");
    }
}
