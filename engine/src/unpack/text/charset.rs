//! Texts in legacy encodings (WHATWG Encoding, by `encoding_rs`; UTF-7, RFC 2152) as UTF-8, where a page,
//! an XML document, a script or a message says which encoding it is in.
//!
//! What nobody declares is not guessed: in nearly all of these encodings ASCII is ASCII, so that
//! signatures of it hit as it stands. Two are not like that, and hide ASCII when they are declared:
//! UTF-7 and ISO-2022-JP.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, Encoding};

use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::Reader;
use crate::unpack::Entry;
use crate::unpack::decoders::{ByStep, Step, Stepwise};

/// How far a declaration is looked for: browsers look at 1,024 bytes.
const NEAR: usize = 4096;
/// The mark of UTF-8, which counts for more than any declaration.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// An encoding that is neither UTF-8 nor known by its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::unpack) enum Charset {
    Legacy(&'static Encoding),
    Utf7,
}

impl Charset {
    /// The encoding of this name.
    pub(in crate::unpack) fn of(label: &[u8]) -> Option<Self> {
        const UTF_7: [&[u8]; 4] = [b"utf-7", b"utf7", b"unicode-1-1-utf-7", b"x-unicode-2-0-utf-7"];
        let label = label.trim_ascii();
        if UTF_7.iter().any(|name| label.eq_ignore_ascii_case(name)) {
            return Some(Charset::Utf7);
        }
        // Python has names of its own, such as `latin-1`.
        let bare = || label.iter().copied().filter(u8::is_ascii_alphanumeric).collect::<Vec<_>>();
        let encoding = Encoding::for_label_no_replacement(label)
            .or_else(|| Encoding::for_label_no_replacement(&bare()))?;
        let by_form = [encoding_rs::UTF_8, encoding_rs::UTF_16LE, encoding_rs::UTF_16BE];
        (!by_form.contains(&encoding)).then_some(Charset::Legacy(encoding))
    }

    /// Whether the text looks different once it is decoded.
    fn changes(self, text: &[u8], budget: &Budget) -> Result<bool, Stop> {
        Ok(match self {
            Charset::Utf7 => budget.find(text, b"+")?.is_some(),
            Charset::Legacy(encoding) if encoding == encoding_rs::ISO_2022_JP => {
                budget.find(text, b"\x1b")?.is_some()
            }
            // What is UTF-8 already is believed before what it says: it is no accident.
            Charset::Legacy(_) => !is_utf_8(text, budget)?,
        })
    }

    /// Whether the text is ASCII before it is decoded, and would be decoded again if nothing marked it.
    fn is_of_ascii(self) -> bool {
        match self {
            Charset::Utf7 => true,
            Charset::Legacy(encoding) => encoding == encoding_rs::ISO_2022_JP,
        }
    }
}

/// The text in UTF-8, if that makes a difference.
pub(in crate::unpack) fn converted<'e>(
    text: &Content<'_>,
    charset: Charset,
    budget: &Budget,
) -> Result<Option<Entry<'e>>, Stop> {
    if !charset.changes(text, budget)? {
        return Ok(None);
    }
    let length = text.len() as u64;
    let mark: &[u8] = if charset.is_of_ascii() { MARK } else { b"" };
    let decoded = match charset {
        Charset::Legacy(encoding) => {
            budget.decode(mark.chain(Legacy::new(encoding, text)), length)?
        }
        Charset::Utf7 => budget.decode(mark.chain(Stepwise::new(Utf7::new(text))), length)?,
    };
    Ok(Some(Entry::decoded("as UTF-8", decoded)))
}

/// Whether all of a text is UTF-8; its last character may be cut off.
fn is_utf_8(text: &[u8], budget: &Budget) -> Result<bool, Stop> {
    const STEP: usize = 16 << 20;
    let mut rest = text;
    loop {
        budget.check()?;
        let piece = rest.get(..STEP).unwrap_or(rest);
        let read = match std::str::from_utf8(piece) {
            Ok(_) => piece.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return Ok(false),
        };
        rest = rest.get(read..).unwrap_or_default();
        if read == 0 || piece.len() < STEP {
            return Ok(true);
        }
    }
}

/// The encoding that the text says it is in.
pub(in crate::unpack) fn declared(text: &[u8]) -> Option<Charset> {
    if text.starts_with(MARK) {
        return None;
    }
    let near = text.get(..NEAR).unwrap_or(text).to_ascii_lowercase();
    let label = in_xml(&near).or_else(|| in_page(&near)).or_else(|| in_script(&near))?;
    Charset::of(label)
}

/// `<?xml version="1.0" encoding="koi8-r"?>`
fn in_xml(text: &[u8]) -> Option<&[u8]> {
    let declaration = text.trim_ascii_start().strip_prefix(b"<?xml")?;
    let end = memchr::memchr(b'>', declaration)?;
    value(declaration.get(..end)?, b"encoding")
}

/// `<meta charset=koi8-r>`, or the same within `content`.
fn in_page(text: &[u8]) -> Option<&[u8]> {
    memchr::memmem::find_iter(text, b"<meta").find_map(|at| {
        let tag = text.get(at..)?;
        let end = memchr::memchr(b'>', tag).unwrap_or(tag.len());
        value(tag.get(..end)?, b"charset")
    })
}

/// `# -*- coding: koi8-r -*-` in one of the first two lines.
fn in_script(text: &[u8]) -> Option<&[u8]> {
    let mut comments =
        text.split(|&byte| byte == b'\n').take(2).filter(|line| line.starts_with(b"#"));
    comments.find_map(|comment| {
        let found = memchr::memmem::find(comment, b"coding")?;
        let behind = comment.get(found.checked_add(6)?..)?;
        let label = behind.strip_prefix(b":").or(behind.strip_prefix(b"="))?.trim_ascii_start();
        label.split(|&byte| !is_of_label(byte)).next()
    })
}

/// The value behind a key, with or without quotation marks.
fn value<'t>(text: &'t [u8], key: &[u8]) -> Option<&'t [u8]> {
    let found = memchr::memmem::find(text, key)?;
    let behind = text.get(found.checked_add(key.len())?..)?.trim_ascii_start();
    let behind = behind.strip_prefix(b"=")?.trim_ascii_start();
    let behind = behind.strip_prefix(b"\"").or(behind.strip_prefix(b"'")).unwrap_or(behind);
    behind.split(|&byte| !is_of_label(byte)).next()
}

fn is_of_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'+')
}

/// Decodes with a table of the library.
struct Legacy<'d> {
    rest: &'d [u8],
    decoder: Decoder,
    ended: bool,
}

impl<'d> Legacy<'d> {
    fn new(encoding: &'static Encoding, text: &'d [u8]) -> Self {
        Self { rest: text, decoder: encoding.new_decoder_without_bom_handling(), ended: false }
    }
}

impl Read for Legacy<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.ended {
            return Ok(0);
        }
        let (result, read, written, _) = self.decoder.decode_to_utf8(self.rest, into, true);
        self.rest = self.rest.get(read..).unwrap_or_default();
        self.ended = result == CoderResult::InputEmpty;
        match written {
            0 if !self.ended => Err(io::ErrorKind::Interrupted.into()),
            _ => Ok(written),
        }
    }
}

/// Decodes UTF-7: between `+` and the first character that is no base64, UTF-16 in base64.
struct Utf7<'d> {
    reader: Reader<'d>,
    is_shifted: bool,
    /// Whether the `+` was the last character.
    has_begun: bool,
    bits: u32,
    count: u32,
    /// The first half of a pair.
    high: Option<u32>,
    /// A character on its way out.
    bytes: [u8; 4],
    left: usize,
}

impl<'d> Utf7<'d> {
    fn new(text: &'d [u8]) -> Self {
        Self {
            reader: Reader::new(text),
            is_shifted: false,
            has_begun: false,
            bits: 0,
            count: 0,
            high: None,
            bytes: [0; 4],
            left: 0,
        }
    }

    fn shifted(&mut self, byte: u8) -> Step {
        let has_begun = std::mem::replace(&mut self.has_begun, false);
        let Some(value) = value_of(byte) else {
            self.is_shifted = false;
            return match byte {
                b'-' if has_begun => Step::Byte(b'+'),
                b'-' => Step::Nothing,
                _ => self.plain(byte),
            };
        };
        self.bits = (self.bits << 6 | value) & 0x003f_ffff;
        self.count = self.count.saturating_add(6);
        if let Some(left) = self.count.checked_sub(16) {
            self.count = left;
            self.unit(self.bits >> left & 0xffff);
        }
        Step::Nothing
    }

    /// Bytes beyond ASCII are no UTF-7; readers take them for ISO 8859-1.
    fn plain(&mut self, byte: u8) -> Step {
        if byte.is_ascii() {
            return Step::Byte(byte);
        }
        self.unit(byte.into());
        Step::Nothing
    }

    fn unit(&mut self, unit: u32) {
        let character = match (unit, self.high.take()) {
            (0xd800..0xdc00, _) => {
                self.high = Some(unit);
                return;
            }
            (0xdc00..0xe000, Some(high)) => {
                ((high & 0x3ff) << 10 | unit & 0x3ff).saturating_add(0x1_0000)
            }
            _ => unit,
        };
        let character = char::from_u32(character).unwrap_or(char::REPLACEMENT_CHARACTER);
        self.bytes = [0; 4];
        self.left = character.encode_utf8(&mut self.bytes).len();
    }
}

impl ByStep for Utf7<'_> {
    fn step(&mut self) -> io::Result<Step> {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            let [first, ..] = self.bytes;
            self.bytes.rotate_left(1);
            return Ok(Step::Byte(first));
        }
        let Ok(byte) = self.reader.u8() else { return Ok(Step::End) };
        if self.is_shifted {
            return Ok(self.shifted(byte));
        }
        if byte == b'+' {
            (self.is_shifted, self.has_begun) = (true, true);
            (self.bits, self.count, self.high) = (0, 0, None);
            return Ok(Step::Nothing);
        }
        Ok(self.plain(byte))
    }
}

fn value_of(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit.wrapping_sub(b'A'),
        b'a'..=b'z' => digit.wrapping_sub(b'a').wrapping_add(26),
        b'0'..=b'9' => digit.wrapping_sub(b'0').wrapping_add(52),
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Cancel, Limits};

    fn convert(text: &[u8]) -> Option<String> {
        let charset = declared(text)?;
        let budget = Budget::new(Limits::default(), Cancel::new());
        let entry = converted(&Content::borrowed(text), charset, &budget).unwrap()?;
        assert!(entry.problems.is_empty());
        Some(String::from_utf8(entry.content.unwrap().to_vec()).unwrap())
    }

    /// As Python encodes them.
    #[test]
    fn declared_encodings_become_utf_8() {
        let cases: [(&[u8], &str); 6] = [
            (b"<html><meta charset=koi8-r>\xd0\xd2\xc9\xd7\xc5\xd4", "привет"),
            (
                b"<?xml version='1.0' encoding = \"windows-1251\"?><a>\xef\xf0\xe8\xe2\xe5\xf2",
                "привет",
            ),
            (
                b"<META http-equiv=x content=\"text/html; charset=Shift_JIS\">\x93\xfa\x96\x7b",
                "日本",
            ),
            (b"<meta charset='iso-2022-jp'>\x1b$BF|K\\\x1b(B<b>", "日本<b>"),
            (b"#!/usr/bin/python\n# -*- coding: latin-1 -*-\n# gr\xfcn", "grün"),
            (b"<meta charset=gb18030>\xc4\xe3\xba\xc3", "你好"),
        ];
        for (text, expected) in cases {
            let converted = convert(text).unwrap();
            assert!(converted.ends_with(expected), "{converted}");
        }
    }

    #[test]
    fn utf_7_is_decoded() {
        let text = b"<meta charset=utf-7>+ADw-script+AD4-a+-b 1 +2D3eAA- +AOkA6Q-/+AGE";
        let converted = convert(text).unwrap();
        assert_eq!(converted, "\u{feff}<meta charset=utf-7><script>a+b 1 \u{1f600} \u{e9}\u{e9}/a");
    }

    /// The declaration stays in the text, and must not be followed a second time.
    #[test]
    fn a_text_is_decoded_once() {
        let texts: [&[u8]; 3] = [
            b"<meta charset=utf-7>+ADw-script+AD4-a+-b",
            b"<meta charset=iso-2022-jp>\x1b$BF|K\\\x1b(B",
            b"<meta charset=koi8-r>\xd0\xd2\xc9",
        ];
        for text in texts {
            assert_eq!(convert(convert(text).unwrap().as_bytes()), None);
        }
    }

    #[test]
    fn what_is_not_declared_or_makes_no_difference_is_left_alone() {
        let texts: [&[u8]; 8] = [
            b"gr\xfcn",
            b"<meta charset=koi8-r>ascii",
            b"<meta charset=utf-8>gr\xc3\xbcn",
            b"<meta charset=utf-16>gr\xfcn",
            b"<meta charset=nothing>gr\xfcn",
            b"<meta charset=iso-2022-jp>gr\xfcn",
            b"<meta charset=utf-7>plain",
            b"x\ny\n# coding: latin-1\ngr\xfcn",
        ];
        for text in texts {
            assert_eq!(convert(text), None, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn long_texts_are_looked_at_piece_by_piece() {
        let budget = Budget::new(Limits::default(), Cancel::new());
        let long = ["a".repeat((16 << 20) - 1), "\u{20ac}".repeat(10)].concat();
        assert_eq!(is_utf_8(long.as_bytes(), &budget), Ok(true));
        assert_eq!(is_utf_8(&[long.as_bytes(), b"\xff"].concat(), &budget), Ok(false));
        let limits = Limits { time: std::time::Duration::ZERO, ..Limits::default() };
        assert!(is_utf_8(b"a", &Budget::new(limits, Cancel::new())).is_err());
    }

    #[test]
    fn limits_are_kept_and_long_texts_come_whole() {
        let text = [&b"<meta charset=koi8-r>"[..], &b"\xd0".repeat(200_000)].concat();
        assert_eq!(convert(&text).unwrap().chars().count(), text.len());
        let limits = Limits { object_bytes: 5000, ..Limits::default() };
        let budget = Budget::new(limits, Cancel::new());
        let charset = Charset::of(b"koi8-r").unwrap();
        let entry = converted(&Content::borrowed(&text), charset, &budget).unwrap().unwrap();
        assert_eq!(entry.problems.len(), 1);
    }

    #[test]
    fn any_bytes_do_no_harm() {
        let noise = crate::unpack::testing::noise(50_000);
        let budget = Budget::new(Limits::default(), Cancel::new());
        for label in ["utf-7", "iso-2022-jp", "gb18030", "big5", "euc-kr"] {
            let charset = Charset::of(label.as_bytes()).unwrap();
            let entry = converted(&Content::borrowed(&noise), charset, &budget).unwrap().unwrap();
            assert!(std::str::from_utf8(&entry.content.unwrap()).is_ok(), "{label}");
        }
    }
}
