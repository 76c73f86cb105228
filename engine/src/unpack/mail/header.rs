//! The header of a message or of a part (RFC 5322, 2.2): fields, of which three matter here.
//!
//! Of a field that stands there several times every value is kept, up to a few: mail programs do not
//! agree on which of them counts.

use super::boundaries::{Boundaries, is_field, line_at, next_line};
use super::encodings::Encoding;
use super::parameters::Declared;
use crate::limits::{Budget, Stop};
use crate::unpack::text::Charset;

/// What a header says of what is behind it.
#[derive(Debug, Default)]
pub(super) struct Header {
    types: Vec<Vec<u8>>,
    encodings: Vec<Vec<u8>>,
    dispositions: Vec<Vec<u8>>,
    /// The first line that is no field: perhaps the body begins there.
    pub(super) odd: Option<usize>,
}

/// What a part is, all its types together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// Its first type, in small letters, such as `text/plain`; empty where there is none.
    pub(super) kind: Vec<u8>,
    /// The name of an attachment.
    pub(super) name: Option<Vec<u8>>,
    /// The boundaries of a container.
    pub(super) boundaries: Vec<Vec<u8>>,
    pub(super) is_container: bool,
    pub(super) is_message: bool,
    /// Why it cannot be read here.
    pub(super) closed: Option<Closed>,
    /// How its content is written.
    pub(super) encodings: Vec<Encoding>,
    /// The character set of a text, if it is a legacy one.
    pub(super) charset: Option<Charset>,
}

/// What cannot be looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    Encrypted,
    /// S/MIME that is not encrypted, but written in another form.
    Wrapped,
    /// One piece of several.
    Fragment,
}

impl Header {
    /// How many values of one field are kept.
    const MOST: usize = 8;
    /// How long a value may become, unfolded.
    const LONGEST: usize = 64 << 10;
    /// Lines between two looks at the clock.
    const STEP: usize = 4096;

    /// Reads the header at `at`, and says where the body begins. It ends with an empty line or in front
    /// of a boundary. If the first line is no field, there is none.
    pub(super) fn read(
        data: &[u8],
        mut at: usize,
        end: usize,
        boundaries: &Boundaries,
        budget: &Budget,
    ) -> Result<(Self, usize), Stop> {
        let data = data.get(..end.min(data.len())).unwrap_or_default();
        let mut header = Self::default();
        let mut open: Option<Name> = None;
        for count in 0_usize.. {
            if count % Self::STEP == 0 {
                budget.check()?;
            }
            let line = line_at(data, at);
            let is_over =
                at >= data.len() || (line.starts_with(b"--") && boundaries.at(data, at).is_some());
            if is_over || (count == 0 && !line.is_empty() && !is_field(line)) {
                break;
            }
            let start = at;
            at = next_line(data, start);
            match line {
                [] => break,
                [b' ' | b'\t', ..] => header.go_on(open, line),
                _ => {
                    open = header.field(line);
                    if header.odd.is_none() && !is_field(line) {
                        header.odd = Some(start);
                    }
                }
            }
        }
        Ok((header, at))
    }

    /// Begins a field, if it is one that matters.
    fn field(&mut self, line: &[u8]) -> Option<Name> {
        let colon = memchr::memchr(b':', line)?;
        let (name, value) = line.split_at_checked(colon)?;
        let name = Name::of(name.trim_ascii())?;
        let values = self.values(name);
        if values.len() >= Self::MOST {
            return None;
        }
        let value = value.get(1..).unwrap_or_default();
        values.push(value.get(..Self::LONGEST).unwrap_or(value).to_vec());
        Some(name)
    }

    /// A field goes on in the next line.
    fn go_on(&mut self, open: Option<Name>, line: &[u8]) {
        let Some(value) = open.and_then(|name| self.values(name).last_mut()) else { return };
        let room = Self::LONGEST.saturating_sub(value.len());
        value.extend_from_slice(line.get(..room).unwrap_or(line));
    }

    fn values(&mut self, name: Name) -> &mut Vec<Vec<u8>> {
        match name {
            Name::Type => &mut self.types,
            Name::Encoding => &mut self.encodings,
            Name::Disposition => &mut self.dispositions,
        }
    }

    /// What they say together.
    pub(super) fn part(&self) -> Part {
        let types: Vec<Declared> = self.types.iter().map(|value| Declared::parse(value)).collect();
        let dispositions = self.dispositions.iter().map(|value| Declared::parse(value));
        let mut part = Part::default();
        for declared in &types {
            part.see(declared);
        }
        let name = dispositions.filter_map(|it| it.name("filename")).next();
        let name = name.or_else(|| types.iter().filter_map(|it| it.name("name")).next());
        part.name = name.filter(|name| !name.is_empty());
        for value in &self.encodings {
            let encoding = Encoding::of(value);
            if !part.encodings.contains(&encoding) {
                part.encodings.push(encoding);
            }
        }
        if part.encodings.is_empty() {
            part.encodings.push(Encoding::Plain);
        }
        part
    }
}

impl Part {
    fn see(&mut self, declared: &Declared) {
        if self.kind.is_empty() {
            self.kind.clone_from(&declared.kind);
        }
        let kind = declared.kind.as_slice();
        if kind.starts_with(b"multipart") {
            self.is_container = true;
            self.boundaries.extend(declared.parameter("boundary").filter(|it| !it.is_empty()));
        }
        self.is_message |= matches!(kind, b"message/rfc822" | b"message/global" | b"message/news");
        self.closed = self.closed.or_else(|| Closed::of(declared));
        if kind.is_empty() || kind.starts_with(b"text") {
            let charset = declared.parameter("charset");
            self.charset = self.charset.or_else(|| Charset::of(&charset?));
        }
    }

    /// What it is called where nothing better is known.
    pub(super) fn label(&self) -> Vec<u8> {
        match (&self.name, self.kind.as_slice()) {
            (Some(name), _) => name.clone(),
            (None, b"") => b"body".to_vec(),
            (None, kind) => kind.to_vec(),
        }
    }
}

impl Closed {
    fn of(declared: &Declared) -> Option<Self> {
        let is_enveloped = || {
            let kind = declared.parameter("smime-type").unwrap_or_default();
            kind.to_ascii_lowercase().windows(9).any(|part| part == b"enveloped")
        };
        match declared.kind.as_slice() {
            b"multipart/encrypted" => Some(Closed::Encrypted),
            b"application/pkcs7-mime" | b"application/x-pkcs7-mime" if is_enveloped() => {
                Some(Closed::Encrypted)
            }
            b"application/pkcs7-mime" | b"application/x-pkcs7-mime" => Some(Closed::Wrapped),
            b"message/partial" => Some(Closed::Fragment),
            _ => None,
        }
    }
}

/// The fields that matter.
#[derive(Clone, Copy, Debug)]
enum Name {
    Type,
    Encoding,
    Disposition,
}

impl Name {
    fn of(name: &[u8]) -> Option<Self> {
        const NAMES: [(&[u8], Name); 3] = [
            (b"content-type", Name::Type),
            (b"content-transfer-encoding", Name::Encoding),
            (b"content-disposition", Name::Disposition),
        ];
        NAMES.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::unpack::testing::budget;

    fn read(text: &str) -> (Part, &str) {
        let budget = budget(Limits::default());
        let boundaries = Boundaries::default();
        let (header, body) =
            Header::read(text.as_bytes(), 0, text.len(), &boundaries, &budget).unwrap();
        (header.part(), &text[body..])
    }

    #[test]
    fn fields_are_unfolded_and_their_names_have_no_case() {
        let (part, body) = read(
            "X: y\r\ncontent-TYPE : Multipart/Mixed;\r\n\tboundary=\"a\r\n b\"\r\n\
             Content-Disposition: attachment; filename=x.exe\r\n\r\nbody",
        );
        assert_eq!(part.kind, b"multipart/mixed");
        assert_eq!(part.boundaries, [b"a b"]);
        assert_eq!(part.name.as_deref(), Some(&b"x.exe"[..]));
        assert!(part.is_container);
        assert_eq!((body, part.encodings), ("body", vec![Encoding::Plain]));
    }

    #[test]
    fn every_value_of_a_field_counts() {
        let (part, _) = read(
            "Content-Type: text/plain; boundary=no\nContent-Type: multipart/mixed; boundary=a\n\
             Content-Type: multipart/x; boundary=b; name=n\nContent-Transfer-Encoding: 7bit\n\
             Content-Transfer-Encoding: base64\n\n",
        );
        assert_eq!(part.kind, b"text/plain");
        assert_eq!(part.boundaries, [b"a", b"b"]);
        assert_eq!(part.encodings, [Encoding::Plain, Encoding::Base64]);
        assert_eq!(part.name.as_deref(), Some(&b"n"[..]));
        let many = "Content-Type: multipart/x; boundary=a\n".repeat(100);
        assert_eq!(read(&many).0.boundaries.len(), Header::MOST);
    }

    #[test]
    fn a_header_ends_with_an_empty_line_or_a_boundary_or_is_none() {
        assert_eq!(read("no field\nContent-Type: x/y\n\nz").1, "no field\nContent-Type: x/y\n\nz");
        assert_eq!(read("\nbody").1, "body");
        assert_eq!(read("A: b\nodd line\nContent-Type: x/y\n\nz").0.kind, b"x/y");
        assert_eq!(read("A: b").1, "");
        let mut boundaries = Boundaries::default();
        boundaries.add(b"q");
        let text = b"A: b\n--q\nContent-Type: x/y\n\n";
        let budget = budget(Limits::default());
        let (_, body) = Header::read(text, 0, text.len(), &boundaries, &budget).unwrap();
        assert_eq!(body, 5);
    }

    #[test]
    fn texts_tell_their_character_set() {
        let charset = |kind: &str| read(&format!("Content-Type: {kind}\n\n")).0.charset;
        assert_eq!(charset("text/html; charset=\"UTF-7\""), Some(Charset::Utf7));
        assert_eq!(charset("text/plain; charset=koi8-r"), Charset::of(b"KOI8-R"));
        assert_eq!(charset("text/plain; charset=utf-8"), None);
        assert_eq!(charset("application/x; charset=koi8-r"), None);
    }

    #[test]
    fn what_is_closed_is_told() {
        let closed = |kind: &str| read(&format!("Content-Type: {kind}\n\n")).0.closed;
        assert_eq!(closed("multipart/encrypted; boundary=x"), Some(Closed::Encrypted));
        assert_eq!(
            closed("application/pkcs7-mime; smime-type=Enveloped-data"),
            Some(Closed::Encrypted)
        );
        assert_eq!(
            closed("application/x-pkcs7-mime; smime-type=signed-data"),
            Some(Closed::Wrapped)
        );
        assert_eq!(closed("message/partial; id=x"), Some(Closed::Fragment));
        assert_eq!(closed("text/plain"), None);
    }
}
