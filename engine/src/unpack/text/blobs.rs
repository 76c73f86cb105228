//! Runs of base64 (RFC 4648) and hexadecimal in a text: `data:` URLs, programs in scripts,
//! PowerShell's `-EncodedCommand`.
//!
//! A run may go on in the next line, and in the next of several strings that are put together with
//! `+`, `&` or `.`. Long words and paths look like base64 too, so a run counts only if what it stands
//! for is something that can be told: identification decides by its beginning. In a `data:` URL, and
//! in elements that hold nothing else, it counts whatever it is.

use std::io;

use crate::identify::{FileType, identify};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::Reader;
use crate::unpack::Entry;
use crate::unpack::decoders::{ByStep, Step, Stepwise};

/// The shortest run that counts by itself, and where the text in front of it announces one.
const LONG: usize = 64;
const ANNOUNCED: usize = 16;
/// How much of a line or string a run has to fill to go on in the next.
const FULL: usize = 32;
/// Hexadecimal is what has no other letters, and is at least this long.
const HEXADECIMAL: usize = 128;
/// How much is decoded to tell what a run stands for.
const SAMPLE: usize = 4096;

/// Elements that hold base64, whatever stands there.
const ELEMENTS: [&[u8]; 3] = [b"binaryData", b"binData", b"binary-data"];

/// The runs of a text.
pub(super) struct Blobs<'a> {
    text: Content<'a>,
    at: usize,
    /// Where the clock is looked at next.
    next_look: usize,
    /// Whether short runs may count as well; found out when it is first asked.
    has_elements: Option<bool>,
}

/// A run of characters of an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    start: usize,
    end: usize,
    /// Characters without what stands between lines and strings.
    length: usize,
    is_hexadecimal: bool,
    /// Whether it stands where nothing but base64 can.
    is_certain: bool,
}

impl<'a> Blobs<'a> {
    pub(super) fn new(text: Content<'a>) -> Self {
        Self { text, at: 0, next_look: 0, has_elements: None }
    }

    /// The next run that stands for something.
    pub(super) fn next<'e>(&mut self, budget: &Budget) -> Result<Option<Entry<'e>>, Stop> {
        let text = self.text.clone();
        while let Some(run) = self.next_run(&text, budget)? {
            let written = text.get(run.start..run.end).unwrap_or_default();
            if !run.is_certain && !is_telling(&sample(written, run.is_hexadecimal)) {
                continue;
            }
            let decoder = Stepwise::new(Decoder::new(written, run.is_hexadecimal));
            let decoded = budget.decode(decoder, written.len() as u64)?;
            let form = if run.is_hexadecimal { "hexadecimal" } else { "base64" };
            return Ok(Some(Entry::decoded(format!("{form} at {}", run.start), decoded)));
        }
        Ok(None)
    }

    /// The next run that is long enough.
    fn next_run(&mut self, text: &[u8], budget: &Budget) -> Result<Option<Run>, Stop> {
        /// Bytes between two looks at the clock.
        const STEP: usize = 1 << 20;
        while self.at < text.len() {
            if self.at >= self.next_look {
                budget.check()?;
                self.next_look = self.at.saturating_add(STEP);
            }
            let stop = self.at.saturating_add(STEP).min(text.len());
            let start = match self.has_elements(text, budget)? {
                true => first_digit(text, self.at, stop),
                false => first_long(text, self.at, stop),
            };
            let Some(start) = start else {
                self.at = stop;
                continue;
            };
            if let Some(run) = element(text, start) {
                self.at = run.end;
                return Ok(Some(run));
            }
            let run = measure(text, start);
            self.at = run.end;
            let is_long = match run.is_hexadecimal {
                true => run.length >= HEXADECIMAL,
                false => run.length >= LONG,
            };
            let is_url = run.length >= ANNOUNCED && is_in_url(text, start);
            if is_long || is_url || (run.length >= ANNOUNCED && is_announced(text, start)) {
                return Ok(Some(Run { is_certain: is_url, ..run }));
            }
        }
        Ok(None)
    }

    /// Whether the names of elements occur whose content counts at any length.
    fn has_elements(&mut self, text: &[u8], budget: &Budget) -> Result<bool, Stop> {
        if let Some(known) = self.has_elements {
            return Ok(known);
        }
        let mut has_elements = false;
        for name in ELEMENTS {
            has_elements = has_elements || budget.find(text, name)?.is_some();
        }
        self.has_elements = Some(has_elements);
        Ok(has_elements)
    }
}

/// Where the first digit stands, before `stop`.
fn first_digit(text: &[u8], from: usize, stop: usize) -> Option<usize> {
    let over = text.get(from..stop)?.iter().position(|&byte| is_digit(byte))?;
    from.checked_add(over)
}

/// Where the first digits begin, before `stop`, that are enough to count anywhere. Of so many bytes in a
/// row the last one that is no digit says where the next may begin: most words are never gone through.
fn first_long(text: &[u8], from: usize, stop: usize) -> Option<usize> {
    let mut start = from;
    while start < stop {
        let window = text.get(start..start.checked_add(ANNOUNCED)?)?;
        let Some(other) = window.iter().rposition(|&byte| !is_digit(byte)) else {
            return Some(start);
        };
        start = start.saturating_add(other).saturating_add(1);
    }
    None
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// How far a run goes from its start, through lines and strings.
fn measure(text: &[u8], start: usize) -> Run {
    let mut run = Run { start, end: start, length: 0, is_hexadecimal: true, is_certain: false };
    let mut at = start;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let piece = rest.iter().take_while(|&&byte| is_digit(byte)).count();
        let (piece, behind) = rest.split_at_checked(piece).unwrap_or_default();
        let is_hexadecimal = piece.iter().all(u8::is_ascii_hexdigit);
        // A word behind a run of digits does not belong to it.
        if piece.is_empty() || (run.is_hexadecimal && !is_hexadecimal && run.length >= HEXADECIMAL)
        {
            return run;
        }
        run.is_hexadecimal &= is_hexadecimal;
        run.length = run.length.saturating_add(piece.len());
        run.end = at.saturating_add(piece.len());
        if piece.len() < FULL {
            return run;
        }
        let Some(between) = between(behind) else { return run };
        at = run.end.saturating_add(between);
    }
}

/// The content of an element that holds base64 whatever stands there: parts of documents that are kept
/// in one file of XML (Office's `pkg:binaryData` and `w:binData`, OpenDocument's `office:binary-data`).
/// It may have white space anywhere.
fn element(text: &[u8], start: usize) -> Option<Run> {
    const TAG: usize = 256;
    let before = text.get(start.saturating_sub(TAG)..start)?.trim_ascii_end().strip_suffix(b">")?;
    let tag = before.get(memchr::memrchr(b'<', before)?.checked_add(1)?..)?;
    let name = tag.split(u8::is_ascii_whitespace).next()?;
    let name = name.rsplit(|&byte| byte == b':').next()?;
    let rest = text.get(start..)?;
    let length = memchr::memchr(b'<', rest).unwrap_or(rest.len());
    let end = start.checked_add(length)?;
    let run = Run { start, end, length, is_hexadecimal: false, is_certain: true };
    ELEMENTS.contains(&name).then_some(run)
}

/// Bytes between a piece and the next: a line end, or the end of a string and the start of another.
fn between(behind: &[u8]) -> Option<usize> {
    const MOST: usize = 32;
    let near = behind.get(..MOST).unwrap_or(behind);
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'');
    // A line may begin with a digit that also puts strings together.
    let line_end = near.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    if matches!(near.first(), Some(b'\r' | b'\n')) {
        return near.get(line_end).is_some_and(|&byte| is_digit(byte)).then_some(line_end);
    }
    let length = near
        .iter()
        .take_while(|byte| {
            is_quote(byte)
                || matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'+' | b'&' | b'.' | b'\\')
        })
        .count();
    // Visual Basic marks a line that goes on with a low line.
    let length = match near.get(length..) {
        Some([b'_', b'\r' | b'\n', rest @ ..]) => {
            let more = rest.iter().take_while(|byte| is_quote(byte) || byte.is_ascii_whitespace());
            length.saturating_add(2).saturating_add(more.count())
        }
        _ => length,
    };
    let near = near.get(..length)?;
    let quotes = near.iter().filter(|byte| is_quote(byte)).count();
    let is_joined =
        quotes == 2 && near.first().is_some_and(is_quote) && near.last().is_some_and(is_quote);
    is_joined.then_some(length)
}

/// Whether a run is the data of a `data:` URL (RFC 2397), whatever they stand for.
fn is_in_url(text: &[u8], start: usize) -> bool {
    const NEAR: usize = 128;
    let before = text.get(start.saturating_sub(NEAR)..start).unwrap_or_default();
    let before = before.to_ascii_lowercase();
    let Some(before) = before.strip_suffix(b";base64,") else { return false };
    let scheme = memchr::memmem::rfind(before, b"data:");
    let media_type = scheme.and_then(|at| before.get(at..)).unwrap_or(b" ");
    !media_type.iter().any(|byte| matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'(' | b' '))
}

/// Whether the text in front of a run says that it is base64: `base64,`, or an option that PowerShell
/// takes for `-EncodedCommand`.
fn is_announced(text: &[u8], start: usize) -> bool {
    const NEAR: usize = 32;
    let before = text.get(start.saturating_sub(NEAR)..start).unwrap_or_default();
    let before = before.trim_ascii_end();
    let before = before.strip_suffix(b"\"").or(before.strip_suffix(b"'")).unwrap_or(before);
    if before.to_ascii_lowercase().ends_with(b"base64,") {
        return true;
    }
    let before = before.trim_ascii_end();
    let option = before.rsplit(|byte| matches!(byte, b' ' | b'\t' | b'"' | b'\'')).next();
    let option = option.unwrap_or_default().to_ascii_lowercase();
    let name = option.strip_prefix(b"-").or(option.strip_prefix(b"/"));
    name.is_some_and(|name| {
        !name.is_empty() && (b"encodedcommand".starts_with(name) || name == b"ec")
    })
}

/// What the beginning of a run stands for.
fn sample(written: &[u8], is_hexadecimal: bool) -> Vec<u8> {
    let mut decoder = Decoder::new(written.get(..SAMPLE).unwrap_or(written), is_hexadecimal);
    let mut sample = Vec::new();
    while let Ok(step @ (Step::Byte(_) | Step::Nothing)) = decoder.step() {
        if let Step::Byte(byte) = step {
            sample.push(byte);
        }
    }
    sample
}

/// Whether data are of a type that random bytes hardly have.
fn is_telling(data: &[u8]) -> bool {
    let types = identify(data).types();
    types.iter().any(|file_type| {
        !matches!(file_type, FileType::Data | FileType::Empty | FileType::Text8Bit)
    })
}

/// Decodes either form; characters that are no digits are passed over.
struct Decoder<'d> {
    reader: Reader<'d>,
    is_hexadecimal: bool,
    bits: u32,
    count: u32,
    /// Between two strings that are put together.
    is_between: bool,
}

impl<'d> Decoder<'d> {
    fn new(written: &'d [u8], is_hexadecimal: bool) -> Self {
        Self { reader: Reader::new(written), is_hexadecimal, bits: 0, count: 0, is_between: false }
    }

    fn value(&self, byte: u8) -> Option<u32> {
        if self.is_hexadecimal {
            return char::from(byte).to_digit(16);
        }
        let (from, first) = match byte {
            b'A'..=b'Z' => (b'A', 0),
            b'a'..=b'z' => (b'a', 26),
            b'0'..=b'9' => (b'0', 52),
            b'+' | b'-' => return Some(62),
            b'/' | b'_' => return Some(63),
            _ => return None,
        };
        Some(u32::from(byte.saturating_sub(from)).saturating_add(first))
    }
}

impl ByStep for Decoder<'_> {
    fn step(&mut self) -> io::Result<Step> {
        let Ok(byte) = self.reader.u8() else { return Ok(Step::End) };
        self.is_between ^= matches!(byte, b'"' | b'\'');
        let Some(value) = self.value(byte).filter(|_| !self.is_between) else {
            return Ok(Step::Nothing);
        };
        let width = if self.is_hexadecimal { 4 } else { 6 };
        self.bits = (self.bits << width | value) & 0xffff;
        self.count = self.count.saturating_add(width);
        let Some(left) = self.count.checked_sub(8) else { return Ok(Step::Nothing) };
        self.count = left;
        let [.., byte] = (self.bits >> left).to_be_bytes();
        Ok(Step::Byte(byte))
    }
}

#[cfg(test)]
mod tests {
    use crate::limits::{Limit, Limits};
    use crate::unpack::testing::{Walked, noise, survives_damage, walk_at};
    use crate::unpack::text::open_text;
    use crate::verdict::Reason;

    fn walk(text: &str) -> Walked {
        walk_at(open_text, text.as_bytes(), 0, Limits::default())
    }

    fn base64(bytes: &[u8]) -> String {
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let bits = |chunk: &[u8]| {
            let value = chunk.iter().fold(0_u32, |value, &byte| value << 8 | u32::from(byte));
            value << (8 * (3 - chunk.len()))
        };
        let encode = |chunk: &[u8]| {
            let value = bits(chunk);
            let letter = move |n: usize| char::from(LETTERS[(value >> (18 - 6 * n) & 63) as usize]);
            (0..=chunk.len()).map(letter).collect::<String>() + &"==="[..3 - chunk.len()]
        };
        bytes.chunks(3).map(encode).collect()
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A shell script, as identification knows it.
    fn script() -> Vec<u8> {
        [b"#!/bin/sh\n", &b"echo some words; ".repeat(20)[..]].concat()
    }

    fn finds(text: &str, content: &[u8]) {
        let walked = walk(text);
        let found = walked.entries.iter().any(|entry| entry.bytes.as_deref() == Some(content));
        assert!(found, "{text}: {:?}", walked.entries);
        assert_eq!(walked.reasons(), []);
    }

    #[test]
    fn base64_is_found_in_every_place() {
        let (plain, written) = (script(), base64(&script()));
        finds(&format!("<a href=\"data:text/plain;base64,{written}\">"), &plain);
        finds(&format!("x = '{}';", written.trim_end_matches('=')), &plain);
        let lines: Vec<&str> =
            written.as_bytes().chunks(76).map(|l| std::str::from_utf8(l).unwrap()).collect();
        finds(&format!("-----\r\n{}\r\n-----", lines.join("\r\n")), &plain);
        finds(&format!("    {}", lines.join("\n    ")), &plain);
        finds(&format!("s = \"{}\"", lines.join("\" +\n  \"")), &plain);
        finds(&format!("s = \"{}\"", lines.join("\" & _\r\n  \"")), &plain);
        finds(&written.replace('+', "-").replace('/', "_"), &plain);
    }

    /// A line that begins with `+` once ended the run.
    #[test]
    fn lines_may_begin_with_every_digit() {
        let lines: String = ('!'..='~')
            .filter(|&c| super::is_digit(c as u8))
            .flat_map(|digit| [digit; 76].into_iter().chain(['\n']))
            .collect();
        let start = base64(&[&script()[..script().len() / 57 * 57]].concat());
        let start: Vec<&str> =
            start.as_bytes().chunks(76).map(|l| std::str::from_utf8(l).unwrap()).collect();
        let walked = walk(&format!("{}\n{lines}", start.join("\n")));
        let expected = script().len() / 57 * 57 + 64 * 57;
        let found = walked.entries.iter().filter_map(|entry| entry.bytes.as_ref()).map(Vec::len);
        assert!(found.max().unwrap_or(0) >= expected, "{:?}", walked.entries);
    }

    #[test]
    fn the_data_of_a_url_count_whatever_they_are() {
        let content = noise(300);
        let url = format!("data:application/octet-stream;name=x;base64,{}", base64(&content));
        finds(&format!("<a href=\"{url}\">"), &content);
        finds(&format!("a {{ src: url({url}) }}"), &content);
        for text in [url.replace("data:", "late:"), url.replace("data:", "data: ")] {
            assert!(walk(&text).entries.is_empty(), "{text}");
        }
    }

    /// Going from long run to long run finds what going from word to word finds.
    #[test]
    fn no_run_is_passed_over() {
        let pieces = [
            "a",
            "QUJD",
            "0123456789abcdef",
            "/",
            "+",
            " ",
            "\n",
            "\"",
            "' + '",
            "=",
            ",",
            ";base64,",
            "data:x",
            "-enc ",
            "TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAA",
        ];
        let mut count = 0;
        for seed in noise(60_000).chunks(30) {
            let text: String =
                seed.iter().map(|&byte| pieces[usize::from(byte) % pieces.len()]).collect();
            let runs = |has_elements| {
                let content = crate::input::Content::borrowed(text.as_bytes());
                let mut blobs = super::Blobs { has_elements, ..super::Blobs::new(content) };
                let budget = crate::unpack::testing::budget(Limits::default());
                std::iter::from_fn(|| blobs.next_run(text.as_bytes(), &budget).unwrap())
                    .collect::<Vec<_>>()
            };
            let (fast, slow) = (runs(None), runs(Some(true)));
            assert_eq!(fast, slow, "{text}");
            count += fast.len();
        }
        assert!(count > 1000, "{count}");
    }

    #[test]
    fn short_commands_count_where_they_are_announced() {
        let command: Vec<u8> =
            "Write-Host hello".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let written = base64(&command);
        for option in ["-enc", "-EncodedCommand", "/e", "-ec", "-eNcO"] {
            finds(&format!("powershell {option} {written}\r\n"), &command);
            finds(&format!("powershell {option} \"{written}\""), &command);
        }
        assert!(walk(&format!("powershell -exec {written}")).entries.is_empty());
        finds(&format!("data:;base64,{}", base64(b"#!/bin/sh\nls")), b"#!/bin/sh\nls");
    }

    #[test]
    fn parts_of_documents_in_xml_are_found_however_they_are_written() {
        let written = base64(b"short");
        finds(
            &format!("<pkg:part><pkg:binaryData>{written}</pkg:binaryData></pkg:part>"),
            b"short",
        );
        finds(&format!("<w:binData w:name=\"editdata.mso\" >\r\n{written}</w:binData>"), b"short");
        let split: Vec<String> = base64(&noise(300)).chars().map(String::from).collect();
        let split = split.join(" ");
        finds(&format!("<office:binary-data>{split}</office:binary-data>"), &noise(300));
        finds(&format!("<binData>{split}"), &noise(300));
        assert!(walk(&format!("<other>{written}</other>")).entries.is_empty());
        assert!(walk(&format!("<other a='<binData>'>{written}</other>")).entries.is_empty());
    }

    #[test]
    fn hexadecimal_is_found() {
        let plain = script();
        finds(&format!("x=\"{}\"", hex(&plain)), &plain);
        finds(&hex(&plain).to_uppercase(), &plain);
    }

    #[test]
    fn words_digests_and_noise_are_left_alone() {
        let texts = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  name\n".repeat(20),
            "/usr/share/some/very/long/path/that/goes/on/and/on/for/more/than/a/line/file".into(),
            base64(&noise(5000)),
            "plain words in a line\n".repeat(100),
        ];
        for text in texts {
            assert!(walk(&text).entries.is_empty(), "{text}");
        }
    }

    #[test]
    fn limits_are_kept_and_damage_does_no_harm() {
        let text = base64(&script().repeat(100));
        let limits = Limits { object_bytes: 5000, ..Limits::default() };
        let reasons = walk_at(open_text, text.as_bytes(), 0, limits).reasons();
        assert_eq!(reasons, [Reason::Limit(Limit::ObjectBytes)]);
        survives_damage(open_text, base64(&script()).as_bytes());
    }

    /// Pieces that join and never come to an end are read once.
    #[test]
    fn a_long_text_is_walked_once() {
        let text = format!("{}\n", "A".repeat(40)).repeat(100_000);
        assert!(walk(&text).entries.len() <= 1);
        let text = "Ab1/".repeat(8) + "\"";
        assert!(walk(&text.repeat(50_000)).entries.is_empty());
    }
}
