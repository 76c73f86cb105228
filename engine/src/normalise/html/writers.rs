//! The two views of a page that are written while it is read: its markup and its words.

use crate::normalise::sink::Sink;

/// The page in its normal form: tags with their attributes, texts, scripts and styles; no comments.
///
/// White space between words is held back until something follows it.
#[derive(Debug)]
pub(super) struct Page<'b> {
    out: Option<Sink<'b>>,
    space: bool,
}

impl<'b> Page<'b> {
    pub(super) fn new(out: Option<Sink<'b>>) -> Self {
        Self { out, space: false }
    }

    /// Writes a byte in lower case.
    pub(super) fn put(&mut self, byte: u8) {
        self.put_as_is(byte.to_ascii_lowercase());
    }

    /// Writes a byte, behind the space that was held back.
    pub(super) fn put_as_is(&mut self, byte: u8) {
        self.give_space();
        if let Some(out) = &mut self.out {
            out.push(byte);
        }
    }

    /// Holds a space back.
    pub(super) fn space(&mut self) {
        self.space = true;
    }

    /// Writes the space that was held back.
    pub(super) fn give_space(&mut self) {
        if std::mem::take(&mut self.space)
            && let Some(out) = &mut self.out
        {
            out.push(b' ');
        }
    }

    pub(super) fn finish(self) -> Option<Sink<'b>> {
        self.out
    }
}

/// The words of a page: its texts, and where its links and images lead. Tags, character references and
/// control characters are spaces.
#[derive(Debug)]
pub(super) struct Words<'b> {
    out: Option<Sink<'b>>,
    after_space: bool,
    target: Vec<u8>,
}

impl<'b> Words<'b> {
    pub(super) fn new(out: Option<Sink<'b>>) -> Self {
        Self { out, after_space: false, target: Vec::new() }
    }

    /// Writes a character of a text.
    pub(super) fn put(&mut self, byte: u8) {
        if byte < b' ' {
            return self.space();
        }
        self.push(byte.to_ascii_lowercase());
        self.after_space = false;
    }

    /// Writes a space, unless there is one.
    pub(super) fn space(&mut self) {
        if !self.after_space {
            self.push(b' ');
        }
        self.after_space = true;
    }

    /// Holds back where a link or an image leads, until anything follows it.
    pub(super) fn hold_target(&mut self, target: &[u8]) {
        self.target.clear();
        self.target.extend_from_slice(target);
    }

    /// Writes where a link or an image led, if that was held back.
    #[inline]
    pub(super) fn give_target(&mut self) {
        if !self.target.is_empty() {
            self.put_target();
        }
    }

    #[cold]
    fn put_target(&mut self) {
        for byte in std::mem::take(&mut self.target) {
            self.push(if matches!(byte, b'\t'..=b'\r') { b' ' } else { byte });
        }
        self.push(b' ');
        self.after_space = true;
    }

    /// Writes up to three bytes from 128 that stood together, the way ClamAV does: each one is replaced
    /// by the one before the last. A full stop stays one.
    pub(super) fn put_high(&mut self, bytes: &[u8]) {
        match *bytes {
            [b'.'] => self.push(b'.'),
            [_] => self.push(0),
            [a, _] => self.extend([a, a]),
            [a, b, _] => self.extend([a, b, b]),
            _ => {}
        }
    }

    fn extend(&mut self, bytes: impl IntoIterator<Item = u8>) {
        bytes.into_iter().for_each(|byte| self.push(byte));
    }

    fn push(&mut self, byte: u8) {
        if let Some(out) = &mut self.out {
            out.push(byte);
        }
    }

    pub(super) fn finish(self) -> Option<Sink<'b>> {
        self.out
    }
}
