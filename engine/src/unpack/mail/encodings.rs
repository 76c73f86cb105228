//! How the content of a part is written: base64 and quoted-printable (RFC 2045, 6.7 and 6.8), read as
//! mail programs do.

use std::io::{self, Read};

/// How a content is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As it stands. So are uuencode, yEnc and BinHex, which are formats with a beginning of their own.
    Plain,
    Base64,
    QuotedPrintable,
    /// Some other way.
    Unknown,
}

impl Encoding {
    /// What a field calls it. Whatever decorates the name is overlooked.
    pub(super) fn of(value: &[u8]) -> Self {
        let value = value.to_ascii_lowercase();
        let has = |name: &[u8]| memchr::memmem::find(&value, name).is_some();
        let plain: [&[u8]; 9] =
            [b"7bit", b"8bit", b"7-bit", b"8-bit", b"binary", b"uue", b"yenc", b"binhex", b"none"];
        if has(b"base64") || has(b"base-64") {
            Encoding::Base64
        } else if has(b"quoted") {
            Encoding::QuotedPrintable
        } else if value.trim_ascii().is_empty() || plain.iter().any(|name| has(name)) {
            Encoding::Plain
        } else {
            Encoding::Unknown
        }
    }
}

/// Whether text looks like base64 that nobody declared: its first line has nothing else, and is long.
pub(super) fn looks_like_base64(text: &[u8]) -> bool {
    const AT_LEAST: usize = 60;
    let text = text.trim_ascii_start();
    let line =
        memchr::memchr2(b'\r', b'\n', text).map_or(text, |end| text.get(..end).unwrap_or(text));
    (AT_LEAST..=1000).contains(&line.len()) && line.iter().all(|&byte| value(byte).is_some())
}

/// Decodes base64. Bytes outside of its alphabet are passed over. It ends at padding, unless nothing but
/// base64 follows there.
#[derive(Debug)]
pub(in crate::unpack) struct Base64<'d> {
    rest: &'d [u8],
    /// Whether there is nothing but the alphabet, white space and padding.
    is_pure: bool,
    /// Whether there was a digit yet.
    has_begun: bool,
    bits: u32,
    /// Digits in `bits`.
    digits: u32,
    /// Bytes that are ready, and how many.
    ready: [u8; 3],
    count: usize,
    is_cut_off: bool,
}

impl<'d> Base64<'d> {
    pub(in crate::unpack) fn new(data: &'d [u8]) -> Self {
        let is_base64 =
            |byte: &u8| *byte == b'=' || byte.is_ascii_whitespace() || value(*byte).is_some();
        Self {
            rest: data,
            is_pure: data.iter().all(is_base64),
            has_begun: false,
            bits: 0,
            digits: 0,
            ready: [0; 3],
            count: 0,
            is_cut_off: false,
        }
    }

    /// Reads on until bytes are ready; false at the end.
    fn fill(&mut self) -> bool {
        while let Some((&byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            if let Some(value) = value(byte) {
                self.has_begun = true;
                self.bits = self.bits << 6 | u32::from(value);
                self.digits = self.digits.saturating_add(1);
                if self.digits == 4 {
                    return self.flush();
                }
            } else if byte == b'=' && self.has_begun {
                if !self.is_pure {
                    self.rest = &[];
                }
                if self.flush() {
                    return true;
                }
            }
        }
        self.flush()
    }

    /// Makes bytes of the digits that there are; false if that gives none.
    fn flush(&mut self) -> bool {
        let (digits, bits) = (std::mem::take(&mut self.digits), std::mem::take(&mut self.bits));
        let [_, a, b, c] = (bits << 4_u32.saturating_sub(digits).saturating_mul(6)).to_be_bytes();
        self.ready = [a, b, c];
        self.count = digits.saturating_sub(1) as usize;
        self.is_cut_off |= digits == 1;
        self.count > 0
    }

    fn next_byte(&mut self) -> Option<u8> {
        if self.count == 0 && !self.fill() {
            return None;
        }
        let [byte, next, last] = self.ready;
        self.ready = [next, last, 0];
        self.count = self.count.saturating_sub(1);
        Some(byte)
    }
}

impl Read for Base64<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count =
            into.iter_mut().map_while(|slot| self.next_byte().map(|byte| *slot = byte)).count();
        if count == 0 && !into.is_empty() && std::mem::take(&mut self.is_cut_off) {
            return Err(cut_off("a digit of base64 is left over"));
        }
        Ok(count)
    }
}

/// The value of a digit.
fn value(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit.wrapping_sub(b'A')),
        b'a'..=b'z' => Some(digit.wrapping_sub(b'a').wrapping_add(26)),
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0').wrapping_add(52)),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// Decodes quoted-printable. A `=` that begins nothing is one.
#[derive(Debug)]
pub(super) struct QuotedPrintable<'d>(&'d [u8]);

impl<'d> QuotedPrintable<'d> {
    pub(super) fn new(data: &'d [u8]) -> Self {
        Self(data)
    }

    fn next_byte(&mut self) -> Option<u8> {
        loop {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            if byte != b'=' {
                return Some(byte);
            }
            let digits =
                rest.first_chunk::<2>().and_then(|digits| std::str::from_utf8(digits).ok());
            // `+1` is a number to the parser.
            let digits = digits.filter(|digits| digits.bytes().all(|it| it.is_ascii_hexdigit()));
            if let Some(value) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                self.0 = rest.get(2..).unwrap_or_default();
                return Some(value);
            }
            match soft_break(rest) {
                Some(behind) => self.0 = behind,
                None => return Some(b'='),
            }
        }
    }
}

/// What is behind white space and a line end.
fn soft_break(rest: &[u8]) -> Option<&[u8]> {
    /// Trailing white space that is looked through.
    const MOST: usize = 1000;
    let blanks = rest.iter().take(MOST).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    match rest.get(blanks..)? {
        [b'\r', b'\n', behind @ ..] | [b'\n' | b'\r', behind @ ..] => Some(behind),
        [] => Some(&[]),
        _ => None,
    }
}

impl Read for QuotedPrintable<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        Ok(into.iter_mut().map_while(|slot| self.next_byte().map(|byte| *slot = byte)).count())
    }
}

pub(super) fn cut_off(detail: &str) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, detail)
}

pub(super) fn broken(detail: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, detail.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut reader: impl Read) -> (Vec<u8>, Option<io::ErrorKind>) {
        let (mut bytes, mut step) = (Vec::new(), [0; 7]);
        loop {
            match reader.read(&mut step) {
                Ok(0) => return (bytes, None),
                Ok(count) => bytes.extend_from_slice(&step[..count]),
                Err(error) => return (bytes, Some(error.kind())),
            }
        }
    }

    #[test]
    fn base64_is_read_leniently() {
        for (text, expected) in [
            ("", ""),
            ("aGVsbG8=", "hello"),
            ("aGVsbG8", "hello"),
            ("aGVs\r\nbG8=\r\n", "hello"),
            ("aG!V*s-b\0G8=", "hello"),
            ("====aGVsbG8=", "hello"),
            ("aGVsbG8=\r\n-- \r\na mailing list", "hello"),
            ("aGVsbG8=\r\naGVsbG8=\r\n", "hellohello"),
            ("aGVs==\r\n-- \r\na mailing list", "hel"),
        ] {
            assert_eq!(all(Base64::new(text.as_bytes())), (expected.into(), None), "{text}");
        }
        let (bytes, error) = all(Base64::new(b"aGVsb"));
        assert_eq!((bytes.as_slice(), error), (&b"hel"[..], Some(io::ErrorKind::UnexpectedEof)));
    }

    #[test]
    fn quoted_printable_is_read_leniently() {
        for (text, expected) in [
            ("a=3Db=3d", "a=b="),
            ("a=\r\nb=\nc= \t\r\nd=", "abcd"),
            ("a=ZZb=3", "a=ZZb=3"),
            ("a=+1", "a=+1"),
            ("a  \r\nb", "a  \r\nb"),
        ] {
            assert_eq!(
                all(QuotedPrintable::new(text.as_bytes())),
                (expected.into(), None),
                "{text}"
            );
        }
    }

    #[test]
    fn encodings_are_told_by_name() {
        for (value, encoding) in [
            (" Base64 (x)", Encoding::Base64),
            ("\"base64\";", Encoding::Base64),
            ("quoted-printable", Encoding::QuotedPrintable),
            ("7bit", Encoding::Plain),
            ("x-uuencode", Encoding::Plain),
            ("", Encoding::Plain),
            ("rot13", Encoding::Unknown),
        ] {
            assert_eq!(Encoding::of(value.as_bytes()), encoding, "{value}");
        }
    }

    #[test]
    fn long_lines_of_digits_look_like_base64() {
        let line = "TVqQAAMA".repeat(9);
        assert!(looks_like_base64(format!("\r\n{line}\r\n{line}").as_bytes()));
        assert!(!looks_like_base64(format!("{line} x").as_bytes()));
        assert!(!looks_like_base64(b"word"));
    }
}
