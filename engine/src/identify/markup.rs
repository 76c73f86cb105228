//! Text with a form of its own: HTML, XML, SVG, mail, and small formats that begin with a fixed line.
//!
//! HTML as browsers sniff it (WHATWG MIME Sniffing) and as `mshta` reads it, mail by RFC 5322, mailboxes
//! by RFC 4155. White space before the first tag is passed over, and so are comments.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::FileType;
use super::collector::Collector;
use super::fields::{from, up_to};
use super::text::Text;

/// Where the first element of an XML document is looked for.
const FIRST_ELEMENT_MOST: usize = 4096;
/// How many lines of a header are looked at.
const HEADER_LINES_MOST: usize = 64;

/// Lines that begin a format, in lower case.
const FIRST_LINES: &[(&str, FileType)] = &[
    ("[internetshortcut]", FileType::Url),
    ("windows registry editor version 5.00", FileType::Registry),
    ("regedit4", FileType::Registry),
    ("{\\rt", FileType::Rtf),
    ("(this file must be converted with binhex", FileType::BinHex),
];

/// Tags that begin an HTML document, in lower case.
const HTML_TAGS: &[&str] = &[
    "!doctype html",
    "html",
    "head",
    "body",
    "script",
    "title",
    "iframe",
    "table",
    "div",
    "style",
    "meta",
    "link",
    "font",
    "center",
    "form",
    "h1",
    "img",
    "object",
    "a href",
    "hta:application",
];

/// Tags that are HTML wherever a line begins with them.
const SURE_HTML_TAGS: &[&str] = &["<!doctype html", "<html", "<hta:application"];

/// Header fields of mail, in lower case.
const MAIL_FIELDS: &[&str] = &[
    "received",
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "return-path",
    "mime-version",
    "content-type",
    "delivered-to",
    "reply-to",
    "cc",
    "sender",
    "x-mailer",
    "in-reply-to",
    "references",
    "content-transfer-encoding",
    "x-originating-ip",
    "dkim-signature",
    "authentication-results",
    "x-received",
    "arc-seal",
    "user-agent",
    "thread-topic",
    "importance",
];

/// Those of them that other formats with headers do not have.
const SURE_MAIL_FIELDS: &[&str] = &[
    "received",
    "from",
    "to",
    "subject",
    "message-id",
    "return-path",
    "mime-version",
    "delivered-to",
    "reply-to",
];

static ENCODED_SCRIPT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"#@~^"));
static UUENCODE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"begin"));

/// Adds what the text is by its form.
pub(super) fn identify(text: Text<'_>, collector: &mut Collector) {
    let start = first_content(text.bytes);
    let content = from(text.bytes, start);
    let mut add = |file_type, at: usize| {
        collector.add(file_type, text.place(start.saturating_add(at)));
    };
    for &(line, file_type) in FIRST_LINES {
        if starts_with(content, line) {
            add(file_type, 0);
        }
    }
    identify_tags(content, &mut add);
    if let Some(at) = encoded_script(content) {
        add(FileType::EncodedScript, at);
    }
    if let Some(at) = uuencoded(content) {
        add(FileType::Uuencode, at);
    }
    identify_mail(text, collector);
}

/// Adds mail and mailboxes, whose beginning is text, whatever follows.
pub(super) fn identify_mail(text: Text<'_>, collector: &mut Collector) {
    if let Some(file_type) = mail(text.bytes) {
        collector.add(file_type, text.place(0));
    }
}

/// Adds HTML, XML and SVG.
fn identify_tags(content: &[u8], add: &mut impl FnMut(FileType, usize)) {
    let element = first_element(content);
    let name = from(content, element.saturating_add(1));
    let is_tag = content.get(element) == Some(&b'<');
    if starts_with(content, "<?xml") {
        add(FileType::Xml, 0);
    }
    if is_tag && starts_with_tag(name, "svg") {
        add(FileType::Svg, 0);
    }
    if is_tag && is_wsf(name) {
        add(FileType::Wsf, 0);
    }
    if is_tag && HTML_TAGS.iter().any(|tag| starts_with_tag(name, tag)) {
        add(FileType::Html, 0);
    } else if let Some(at) = sure_html(content) {
        add(FileType::Html, at);
    }
}

/// Windows script files have a package or a job at their root.
fn is_wsf(name: &[u8]) -> bool {
    let has_root = ["job", "package", "component", "scriptlet"];
    has_root.iter().any(|root| starts_with_tag(name, root))
        && ["<script", "<registration"].iter().any(|tag| find_ignoring_case(name, tag).is_some())
}

/// The first byte that is not white space.
fn first_content(text: &[u8]) -> usize {
    text.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0)
}

/// The first tag behind declarations and comments.
fn first_element(content: &[u8]) -> usize {
    let close = up_to(content, FIRST_ELEMENT_MOST);
    let mut at = 0_usize;
    loop {
        at = at.saturating_add(first_content(from(close, at)));
        let rest = from(close, at);
        let end = match rest {
            [b'<', b'!', b'-', b'-', ..] => memchr::memmem::find(rest, b"-->"),
            [b'<', b'?', ..] => memchr::memchr(b'>', rest),
            [b'<', b'!', ..] if !starts_with(rest, "<!doctype html") => memchr::memchr(b'>', rest),
            _ => return at,
        };
        match end {
            Some(end) => at = at.saturating_add(end).saturating_add(1),
            None => return at,
        }
        if from(close, at).starts_with(b"->") {
            at = at.saturating_add(2);
        }
    }
}

/// A tag at the beginning of a line that nothing but HTML has.
fn sure_html(content: &[u8]) -> Option<usize> {
    let tags = memchr::memchr_iter(b'<', content);
    tags.filter(|&at| begins_line(content, at)).find(|&at| {
        let rest = from(content, at);
        SURE_HTML_TAGS.iter().any(|tag| starts_with_tag(rest, tag))
    })
}

/// Whether only white space stands before a place in its line; a few bytes are looked at.
pub(super) fn begins_line(text: &[u8], at: usize) -> bool {
    let before = up_to(text, at).iter().rev().take(64);
    let mut before = before.skip_while(|byte| matches!(byte, b' ' | b'\t'));
    matches!(before.next(), None | Some(b'\n' | b'\r'))
}

/// An encoded script: its mark, its length in base64, and `==`.
fn encoded_script(content: &[u8]) -> Option<usize> {
    const LENGTH_MOST: u32 = 16 << 20;
    ENCODED_SCRIPT.find_iter(content).find(|&at| {
        let length = from(content, at.saturating_add(4)).first_chunk().and_then(base64_number);
        length.is_some_and(|length| (1..=LENGTH_MOST).contains(&length))
    })
}

/// A 32-bit little-endian number in base64.
fn base64_number(text: &[u8; 8]) -> Option<u32> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.strip_suffix(b"==")?;
    let bits = digits.iter().try_fold(0_u64, |bits, digit| {
        Some((bits << 6) | memchr::memchr(*digit, DIGITS)? as u64)
    })?;
    u32::try_from(bits >> 4).ok().map(u32::swap_bytes)
}

/// The first line of uuencoded data: `begin 644 name`, and a line that begins with its length; or
/// `begin-base64 644 name`, and a line of base64.
fn uuencoded(content: &[u8]) -> Option<usize> {
    UUENCODE.find_iter(content).filter(|&at| begins_line(content, at)).find(|&at| {
        let mut lines = from(content, at).split(|&byte| byte == b'\n');
        let mut words = lines.next().unwrap_or_default().split(|&byte| byte == b' ');
        let is_data = match words.next() {
            Some(b"begin") => |line: &[u8]| matches!(line.first(), Some(b' '..=b'`')),
            Some(b"begin-base64") => is_base64_line,
            _ => return false,
        };
        let mode = words.next().unwrap_or_default();
        let is_mode = matches!(mode.len(), 3 | 4) && mode.iter().all(|b| matches!(b, b'0'..=b'7'));
        let has_name = words.next().is_some_and(|name| !name.is_empty());
        is_mode && has_name && lines.next().is_some_and(is_data)
    })
}

/// Whole groups of base64, or the line that ends them.
fn is_base64_line(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let is_digit = |byte: &u8| matches!(byte, b'+' | b'/' | b'=') || byte.is_ascii_alphanumeric();
    line.len() >= 4 && line.len().is_multiple_of(4) && line.iter().all(is_digit)
}

/// Mail or a mailbox: a header of fields, of which some are those of mail.
pub(super) fn mail(text: &[u8]) -> Option<FileType> {
    let Some(rest) = text.strip_prefix(b"From ") else {
        return is_mail_header(text).then_some(FileType::Mail);
    };
    let line = memchr::memchr(b'\n', rest)?;
    is_mail_header(from(rest, line.saturating_add(1))).then_some(FileType::Mbox)
}

fn is_mail_header(text: &[u8]) -> bool {
    let (mut known, mut sure) = (0_usize, 0_usize);
    for line in text.split(|&byte| byte == b'\n').take(HEADER_LINES_MOST) {
        match line {
            [] | [b'\r'] => break,
            [b' ' | b'\t', ..] => continue,
            [b'>', ..] if known == 0 => continue,
            _ => {}
        }
        let Some(name) = field_name(line) else { break };
        known = known.saturating_add(MAIL_FIELDS.iter().any(|it| is_same(name, it)).into());
        sure = sure.saturating_add(SURE_MAIL_FIELDS.iter().any(|it| is_same(name, it)).into());
    }
    known >= 2 && sure >= 1
}

fn field_name(line: &[u8]) -> Option<&[u8]> {
    let name = up_to(line, memchr::memchr(b':', line)?);
    let is_name = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    (is_name && !name.is_empty()).then_some(name)
}

fn is_same(name: &[u8], known: &str) -> bool {
    name.eq_ignore_ascii_case(known.as_bytes())
}

fn starts_with(text: &[u8], start: &str) -> bool {
    text.get(..start.len()).is_some_and(|text| is_same(text, start))
}

/// Whether a tag of this name begins, not of a longer one.
fn starts_with_tag(text: &[u8], tag: &str) -> bool {
    starts_with(text, tag)
        && !text.get(tag.len()).is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'-')
}

fn find_ignoring_case(text: &[u8], tag: &str) -> Option<usize> {
    memchr::memchr_iter(b'<', text).find(|&at| starts_with(from(text, at), tag))
}

#[cfg(test)]
mod tests {
    use super::super::FileType::{self, *};
    use super::super::identify;

    fn has(text: &str, file_type: FileType) -> bool {
        identify(text.as_bytes()).types().contains(file_type)
    }

    #[test]
    fn html_begins_behind_space_marks_declarations_and_comments() {
        for text in [
            "<html>",
            "\r\n\t <HTML lang=en>",
            "\u{feff}<!DOCTYPE html>",
            "<!-- note --> <body>",
            "<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC>\n<html>",
            "<script>x()</script>",
            "<HTA:APPLICATION id=x>",
            "text before\n  <html>",
            "<a href='x'>",
        ] {
            assert!(has(text, Html), "{text}");
        }
    }

    #[test]
    fn html_is_not_seen_everywhere() {
        for text in [
            "write <html> to begin",
            "s = '<html>'",
            "<header>",
            "<htmlx>",
            "<!-- never ends <html>",
            "a < b",
            "<config><body/></config>",
        ] {
            assert!(!has(text, Html), "{text}");
        }
    }

    #[test]
    fn xml_and_svg_are_told_by_the_first_element() {
        assert!(has("<?xml version=\"1.0\"?><!-- c --><svg xmlns='x'>", Svg));
        assert!(has("<?xml version=\"1.0\"?><!-- c --><svg xmlns='x'>", Xml));
        assert!(!has("<?xml version=\"1.0\"?><doc><svg/></doc>", Svg));
        assert!(has("<job><script language='VBScript'>x</script></job>", Wsf));
        assert!(!has("<job><name>x</name></job>", Wsf));
    }

    #[test]
    fn mail_has_fields_of_mail() {
        assert!(has("Subject: x\r\nTo: y\r\n\r\nbody", Mail));
        assert!(has("Received: from x\n\tby y\nDate: today\n\nbody", Mail));
        assert!(has("From a@b Thu Jul 31 13:49:50 2008\nFrom: a\nTo: b\n\nbody", Mbox));
        assert!(!has("Package: x\nVersion: 1\n", Mail));
        assert!(!has("From: x\nnothing else\n", Mail));
        assert!(!has("Content-Type: text/html\nDate: x\n\n", Mail), "HTTP has these too");
    }

    #[test]
    fn encoded_content_is_found_inside() {
        // The mark is put together here, so that this file is none.
        let encoded = |length: &str| format!("<script>#@~{}{length}x^#~@</script>", '^');
        assert!(has(&encoded("DgAAAA=="), EncodedScript));
        assert!(!has(&encoded("AAAAAA=="), EncodedScript), "of no length");
        assert!(!has(&encoded("ABCDEF=="), EncodedScript), "longer than any");
        assert!(!has(&encoded("D?AAAA=="), EncodedScript));
        assert!(!has("the mark is #@~^ here", EncodedScript));
        assert!(has("See below.\n\nbegin 644 a.exe\nM35I0\n", Uuencode));
        assert!(!has("begin 644 words\n\n", Uuencode));
        assert!(has("begin-base64 644 a.exe\nTVqQAAMA\n====\n", Uuencode));
        assert!(!has("begin-base64 644 a.exe\nis a line\n", Uuencode));
        assert!(!has("begin with a word\nagain", Uuencode));
    }
}
