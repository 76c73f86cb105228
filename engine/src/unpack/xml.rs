//! XML as far as the lists of archives need it: tags and text, one after the other.
//!
//! Nothing is checked and nothing is expanded but the five entities that XML itself has; a declaration
//! of others is passed over. Names lose what stands before a colon.

/// A piece of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'d> {
    /// A tag that opens an element; with its attributes as they are written.
    Open(&'d [u8], &'d [u8]),
    /// A tag that closes one; one that does both is told as both.
    Close(&'d [u8]),
    Text(&'d [u8]),
}

/// Where a document is read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    at: usize,
    /// The tag at hand closes its element as well; where its name is.
    closes: Option<(usize, usize)>,
}

impl Reading {
    /// The next piece; `None` at the end, or where a tag does not end.
    pub(super) fn next<'d>(&mut self, document: &'d [u8]) -> Option<Token<'d>> {
        if let Some((start, end)) = self.closes.take() {
            return document.get(start..end).map(Token::Close);
        }
        loop {
            let rest = document.get(self.at..).filter(|rest| !rest.is_empty())?;
            if let Some(tag) = rest.strip_prefix(b"<") {
                if let Some(token) = self.tag(tag)? {
                    return Some(token);
                }
            } else {
                let length = memchr::memchr(b'<', rest).unwrap_or(rest.len());
                self.at = self.at.saturating_add(length);
                return rest.get(..length).map(Token::Text);
            }
        }
    }

    /// What a tag is, given what follows its bracket; `Some(None)` where it is passed over.
    fn tag<'d>(&mut self, tag: &'d [u8]) -> Option<Option<Token<'d>>> {
        for (start, end) in [(&b"!--"[..], &b"-->"[..]), (b"?", b"?>")] {
            if tag.starts_with(start) {
                self.pass(memchr::memmem::find(tag, end)?, end.len());
                return Some(None);
            }
        }
        if let Some(text) = tag.strip_prefix(b"![CDATA[") {
            let length = memchr::memmem::find(text, b"]]>")?;
            self.pass(length, 8 + 3);
            return Some(text.get(..length).map(Token::Text));
        }
        let length = memchr::memchr(b'>', tag)?;
        let start = self.at.saturating_add(1);
        self.pass(length, 1);
        let inside = tag.get(..length)?;
        if inside.starts_with(b"!") {
            return Some(None);
        }
        if let Some(name) = inside.strip_prefix(b"/") {
            return Some(Some(Token::Close(name.trim_ascii())));
        }
        let (inside, is_both) = match inside.strip_suffix(b"/") {
            Some(inside) => (inside, true),
            None => (inside, false),
        };
        let end = inside.iter().position(u8::is_ascii_whitespace).unwrap_or(inside.len());
        let (name, attributes) = inside.split_at_checked(end)?;
        self.closes = is_both.then(|| (start, start.saturating_add(end)));
        Some(Some(Token::Open(name, attributes)))
    }

    fn pass(&mut self, length: usize, more: usize) {
        self.at = self.at.saturating_add(1).saturating_add(length).saturating_add(more);
    }
}

/// The value of an attribute.
pub(super) fn attribute<'d>(attributes: &'d [u8], name: &[u8]) -> Option<&'d [u8]> {
    let at = memchr::memmem::find(attributes, name)?.checked_add(name.len())?;
    let value = attributes.get(at..)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, value) = value.split_first()?;
    value.split(|byte| byte == quote).next()
}

/// Text with the entities that every document has.
pub(super) fn plain(text: &[u8]) -> Vec<u8> {
    const ENTITIES: [(&[u8], u8); 5] =
        [(b"amp;", b'&'), (b"lt;", b'<'), (b"gt;", b'>'), (b"quot;", b'"'), (b"apos;", b'\'')];
    let mut plain = Vec::new();
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        let known = ENTITIES.iter().find(|(name, _)| first == b'&' && behind.starts_with(name));
        let (byte, length) = known.map_or((first, 0), |(name, byte)| (*byte, name.len()));
        plain.push(byte);
        rest = behind.get(length..).unwrap_or_default();
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(document: &str) -> Vec<String> {
        let mut reading = Reading::default();
        let document = document.as_bytes();
        let next = || reading.next(document);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        std::iter::from_fn(next)
            .map(|token| match token {
                Token::Open(name, attributes) => format!("<{}{}>", text(name), text(attributes)),
                Token::Close(name) => format!("</{}>", text(name)),
                Token::Text(bytes) => text(bytes),
            })
            .collect()
    }

    #[test]
    fn documents_are_taken_apart() {
        let document =
            "<?xml version='1'?><!DOCTYPE a><a x='1'><!-- <no> -->b<c/>&lt;<![CDATA[<d>]]></a >";
        let expected = ["<a x='1'>", "b", "<c>", "</c>", "&lt;", "<d>", "</a>"];
        assert_eq!(tokens(document), expected);
        assert_eq!(plain(b"a&lt;b&amp;amp;&unknown;"), b"a<b&amp;&unknown;");
        assert_eq!(attribute(b" id = \"7\" style='x'", b"style"), Some(&b"x"[..]));
        assert_eq!(attribute(b" id", b"id"), None);
    }

    #[test]
    fn what_is_cut_off_ends() {
        let document = "<?a?><b c='d'/>text<!--e--><![CDATA[f]]></b>";
        for length in 0..document.len() {
            assert!(tokens(&document[..length]).len() <= 6);
        }
        assert!(tokens("<").is_empty() && tokens("</>").len() == 1 && tokens("</ >").len() == 1);
    }
}
