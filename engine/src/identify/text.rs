//! Text: its encoding, and a view of its beginning in which markup and scripts are looked for.
//!
//! Judged by a sample from the beginning. Text is what has no control characters but those of layout;
//! the encodings are tried from the strictest to the loosest. UTF-16 and UTF-32 are narrowed to one byte
//! a character, so that everything behind this file sees one kind of text.

use super::FileType;
use super::collector::Collector;
use super::fields::{from, up_to};
use super::{markup, scripts};

/// How much is looked at to tell the encoding.
const ENCODING_SAMPLE: usize = 64 << 10;
/// How much is looked at to tell what the text is for.
pub(crate) const CONTENT_SAMPLE: usize = 16 << 10;
/// How many characters tell UTF-16 and UTF-32 without a mark.
const WIDE_SAMPLE: usize = 512;
/// One odd byte in so many is overlooked when scripts are looked for: one NUL is no hiding place.
const ODD_BYTES_ONE_IN: usize = 32;

/// The beginning of a text, one byte a character.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    pub(super) bytes: &'a [u8],
    /// Where it begins in the object.
    start: usize,
    /// How many bytes a character takes in the object.
    width: usize,
}

impl Text<'_> {
    /// Where in the object a place in the text is.
    pub(super) fn place(&self, at: usize) -> usize {
        at.saturating_mul(self.width).saturating_add(self.start)
    }
}

/// How a text is encoded, and where it begins behind its byte order mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Encoding {
    file_type: FileType,
    start: usize,
    width: usize,
    is_big_endian: bool,
}

impl Encoding {
    const fn new(file_type: FileType, start: usize) -> Self {
        Self { file_type, start, width: 1, is_big_endian: false }
    }

    const fn wide(file_type: FileType, start: usize, width: usize, is_big_endian: bool) -> Self {
        Self { file_type, start, width, is_big_endian }
    }

    /// The marks, the longer first: that of UTF-16 begins that of UTF-32.
    const MARKS: &[(&[u8], Encoding)] = &[
        (b"\xff\xfe\0\0", Encoding::wide(FileType::Utf32Le, 4, 4, false)),
        (b"\0\0\xfe\xff", Encoding::wide(FileType::Utf32Be, 4, 4, true)),
        (b"\xff\xfe", Encoding::wide(FileType::Utf16Le, 2, 2, false)),
        (b"\xfe\xff", Encoding::wide(FileType::Utf16Be, 2, 2, true)),
        (b"\xef\xbb\xbf", Encoding::new(FileType::Utf8, 3)),
    ];

    /// What may be guessed without a mark.
    const UNMARKED: &[Encoding] = &[
        Encoding::wide(FileType::Utf16Le, 0, 2, false),
        Encoding::wide(FileType::Utf16Be, 0, 2, true),
        Encoding::wide(FileType::Utf32Le, 0, 4, false),
        Encoding::wide(FileType::Utf32Be, 0, 4, true),
    ];
}

/// Adds the encoding, if it is text, and what the text is for.
pub(super) fn identify(data: &[u8], collector: &mut Collector) {
    let encoding = encoding(data);
    let is_something_else = !collector.is_empty();
    if let Some(encoding) = encoding {
        collector.add(encoding.file_type, 0);
    }
    match encoding {
        Some(encoding) if encoding.width > 1 => with_narrowed(data, encoding, |text| {
            identify_content(text, collector);
        }),
        Some(encoding) => identify_content(plain(data, encoding.start), collector),
        None if !is_something_else && is_nearly_text(data) => {
            identify_content(plain(data, 0), collector);
        }
        // What has a magic number and is no text can still be run by its first line, and the text of a
        // message may be followed by anything.
        None => {
            scripts::identify_first_line(plain(data, 0), collector);
            markup::identify_mail(plain(data, 0), collector);
        }
    }
}

/// Whether a message or a mailbox begins here.
pub(crate) fn is_mail(data: &[u8]) -> bool {
    markup::mail(up_to(data, CONTENT_SAMPLE)).is_some()
}

fn identify_content(text: Text<'_>, collector: &mut Collector) {
    markup::identify(text, collector);
    scripts::identify(text, collector);
}

fn plain(data: &[u8], start: usize) -> Text<'_> {
    Text { bytes: up_to(from(data, start), CONTENT_SAMPLE), start, width: 1 }
}

/// Hands over the beginning of a wide text, narrowed.
fn with_narrowed(data: &[u8], encoding: Encoding, use_text: impl FnOnce(Text<'_>)) {
    let mut narrow = [0_u8; CONTENT_SAMPLE];
    let characters = characters(from(data, encoding.start), encoding);
    let length = narrow.iter_mut().zip(characters).map(|(slot, character)| {
        *slot = u8::try_from(character).unwrap_or(b'?');
    });
    let length = length.count();
    use_text(Text { bytes: up_to(&narrow, length), start: encoding.start, width: encoding.width });
}

/// The units of a wide encoding.
fn characters(data: &[u8], encoding: Encoding) -> impl Iterator<Item = u32> {
    data.chunks_exact(encoding.width).map(move |unit| {
        let fold = |value: u32, byte: &u8| (value << 8) | u32::from(*byte);
        if encoding.is_big_endian {
            unit.iter().fold(0, fold)
        } else {
            unit.iter().rev().fold(0, fold)
        }
    })
}

fn encoding(data: &[u8]) -> Option<Encoding> {
    for (mark, encoding) in Encoding::MARKS {
        if data.starts_with(mark) && is_sound(data, *encoding) {
            return Some(*encoding);
        }
    }
    narrow_encoding(up_to(data, ENCODING_SAMPLE), data.len() > ENCODING_SAMPLE)
        .map(|file_type| Encoding::new(file_type, 0))
        .or_else(|| Encoding::UNMARKED.iter().copied().find(|it| is_plainly_wide(data, *it)))
}

/// Whether text follows a mark.
fn is_sound(data: &[u8], encoding: Encoding) -> bool {
    let rest = from(data, encoding.start);
    if encoding.width == 1 {
        return narrow_encoding(up_to(rest, ENCODING_SAMPLE), rest.len() > ENCODING_SAMPLE)
            .is_some_and(|file_type| file_type != FileType::Text8Bit);
    }
    let mut sample = characters(rest, encoding).take(WIDE_SAMPLE);
    sample.all(|character| is_layout(character) || (0x20..0x11_0000).contains(&character))
}

/// Whether units without a mark are nearly all ASCII.
fn is_plainly_wide(data: &[u8], encoding: Encoding) -> bool {
    const AT_LEAST: usize = 8;
    let (mut all, mut ascii) = (0_usize, 0_usize);
    for character in characters(data, encoding).take(WIDE_SAMPLE) {
        all = all.saturating_add(1);
        if is_layout(character) || (0x20..0x7f).contains(&character) {
            ascii = ascii.saturating_add(1);
        } else if !(0xa0..0xfffe).contains(&character) {
            return false;
        }
    }
    all >= AT_LEAST && ascii.saturating_mul(4) >= all.saturating_mul(3)
}

/// Bell, backspace, tab, the line ends, escape.
fn is_layout(character: u32) -> bool {
    matches!(character, 0x07..=0x0d | 0x1b)
}

/// What each byte is in text of one byte a character.
const IS_TEXT: [bool; 256] = {
    let mut table = [true; 256];
    let mut byte = 0;
    while byte < 0x20 {
        #[expect(clippy::indexing_slicing, reason = "constant, and evaluated when compiling")]
        {
            table[byte] = matches!(byte, 0x07..=0x0d | 0x1b);
        }
        byte += 1;
    }
    table[0x7f] = false;
    table
};

fn is_text(byte: u8) -> bool {
    IS_TEXT.get(usize::from(byte)).copied().unwrap_or(false)
}

/// ASCII, UTF-8 or something else without control characters.
fn narrow_encoding(sample: &[u8], is_cut: bool) -> Option<FileType> {
    if sample.is_empty() || !sample.iter().all(|&byte| is_text(byte)) {
        return None;
    }
    if sample.is_ascii() {
        return Some(FileType::Ascii);
    }
    match std::str::from_utf8(sample) {
        Ok(_) => Some(FileType::Utf8),
        Err(error) if is_cut && error.error_len().is_none() => Some(FileType::Utf8),
        Err(_) => Some(FileType::Text8Bit),
    }
}

/// Whether only few bytes are not of text.
fn is_nearly_text(data: &[u8]) -> bool {
    let sample = up_to(data, 4096);
    let odd = sample.iter().filter(|&&byte| !is_text(byte)).count();
    odd.saturating_mul(ODD_BYTES_ONE_IN) <= sample.len().max(ODD_BYTES_ONE_IN)
}

#[cfg(test)]
mod tests {
    use super::super::FileType::{self, *};
    use super::super::{identify, samples};

    fn types(data: &[u8]) -> Vec<FileType> {
        identify(data).types().iter().collect()
    }

    #[test]
    fn encodings_are_told_from_the_strictest_to_the_loosest() {
        assert_eq!(types(b"plain\r\n"), [Ascii]);
        assert_eq!(types("gr\u{fc}n".as_bytes()), [Utf8]);
        assert_eq!(types(b"\xef\xbb\xbfplain"), [Utf8]);
        assert_eq!(types(b"gr\xfcn"), [Text8Bit]);
        assert_eq!(types(b"zero \0 and \x01\x02\x03"), [Data]);
    }

    #[test]
    fn wide_encodings_are_told_with_and_without_mark() {
        let text = "It is a text, only longer.";
        for (file_type, mark, encode) in samples::WIDE {
            let plain = encode(text);
            assert_eq!(types(&plain), [file_type], "without mark");
            assert_eq!(types(&[mark, &plain].concat()), [file_type], "with mark");
        }
    }

    #[test]
    fn a_mark_before_something_else_is_no_text() {
        assert_eq!(types(b"\xff\xfe\0\0\0\0\0\0\xff\xff\xff\xff\0\0"), [Data]);
        assert_eq!(types(b"\xff\xfe\x01\0\x02\0\x03\0"), [Data]);
    }

    #[test]
    fn a_character_on_the_edge_of_the_sample_is_not_broken() {
        let text = ["x".repeat((64 << 10) - 1), "\u{fc}".repeat(10)].concat();
        assert_eq!(types(text.as_bytes()), [Utf8]);
    }

    #[test]
    fn small_numbers_are_no_wide_text() {
        let table: Vec<u8> = (0..100_u16).flat_map(u16::to_le_bytes).collect();
        assert_eq!(types(&table), [Data]);
    }

    #[test]
    fn a_script_is_found_in_every_encoding() {
        let script = "@echo off\r\nsetlocal\r\necho done\r\n";
        for (file_type, mark, encode) in samples::WIDE {
            assert_eq!(types(&[mark, &encode(script)].concat()), [Batch, file_type]);
        }
    }

    #[test]
    fn one_odd_byte_hides_no_script() {
        let script = b"@echo off\r\nsetlocal\r\necho \x01 and a long line without odd bytes\r\n";
        assert_eq!(types(script), [Batch]);
    }

    #[test]
    fn places_count_in_bytes_of_the_object() {
        let utf16: Vec<u8> = "\u{feff}  <html>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let found = identify(&utf16).found;
        let html = found.iter().find(|found| found.file_type == Html).unwrap();
        assert_eq!(html.offset, 6);
    }
}
