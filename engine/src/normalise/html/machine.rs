//! The reader of pages: one byte after the other, without looking back.
//!
//! Not a reader of HTML as browsers have it, but ClamAV's, whose ways show in the views: a comment ends
//! at the first `>`; a quoted value is left at its second white space or at its second `>`; the first
//! white space behind a tag is dropped, that behind a word is one space.

use std::ops::Range;

use super::high::High;
use super::reference::{Meaning, Reference, Step};
use super::tag::{Name, Quote, Tag};
use super::writers::{Page, Words};

/// Where the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// In a text.
    Text,
    /// In a text, in white space at its beginning.
    TextStart,
    /// Behind a `<`.
    Open,
    /// In `<!...>`.
    Declaration,
    TagName,
    /// Behind a name or a value, before the next `=` or name.
    Between,
    AttributeName,
    /// Behind a `=`, before anything else.
    ValueStart,
    Value,
    /// In a quoted value, in the white space or behind the `>` that a value does not get over twice.
    ValueBreak,
    /// In a quoted value, behind that.
    ValueRest,
    /// In the header of a `data:` URL.
    DataHeader,
    /// In the content of a `data:` URL.
    DataContent,
    /// Behind a `data:` URL.
    DataEnd,
    /// In a script or a style sheet.
    Raw,
    /// In one, behind a `<`.
    RawOpen,
    /// In one, in `<!...>`.
    RawDeclaration,
    /// In one, behind `</`.
    RawClose,
}

/// What a script or a style sheet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RawKind {
    Script,
    Style,
}

/// The reader and what it writes.
#[derive(Debug)]
pub(super) struct Machine<'b> {
    pub(super) page: Page<'b>,
    pub(super) words: Words<'b>,
    pub(super) state: State,
    /// The character reference that is being read.
    reference: Option<Reference>,
    pub(super) tag: Tag,
    pub(super) raw: RawKind,
    /// The name behind `</` in a script or a style sheet.
    pub(super) closing: Name,
    pub(super) high: High,
    pub(super) high_of_value: High,
    pub(super) data_header: usize,
    /// Where the script that is being read begins.
    pub(super) script: Option<usize>,
    /// Where a script began that has ended, but for the white space behind it.
    pub(super) ended_script: Option<usize>,
}

impl<'b> Machine<'b> {
    pub(super) fn new(page: Page<'b>, words: Words<'b>) -> Self {
        Self {
            page,
            words,
            state: State::TextStart,
            reference: None,
            tag: Tag::default(),
            raw: RawKind::Script,
            closing: Name::default(),
            high: High::default(),
            high_of_value: High::default(),
            data_header: 0,
            script: None,
            ended_script: None,
        }
    }

    /// Reads the byte at `place`. Returns the place of a script that ended before it.
    pub(super) fn read(&mut self, byte: u8, place: usize) -> Option<Range<usize>> {
        if byte == b'\r' {
            return None;
        }
        self.words.give_target();
        let ended = if is_space(byte) { None } else { self.ended_script.take() };
        if self.reference.is_none() || !self.read_reference(byte) {
            self.step(byte, place);
        }
        ended.map(|start| start..place)
    }

    fn step(&mut self, byte: u8, place: usize) {
        match self.state {
            State::Text | State::TextStart => self.text(byte),
            State::Open => self.open(byte),
            State::Declaration => self.declaration(byte),
            State::TagName => self.tag_name(byte, place),
            State::Between => self.between(byte, place),
            State::AttributeName => self.attribute_name(byte, place),
            State::ValueStart => self.value_start(byte, place),
            State::Value => self.value(byte, place),
            State::ValueBreak => self.value_break(byte, place),
            State::ValueRest => self.value_rest(byte, place),
            State::DataHeader => self.data_header(byte, place),
            State::DataContent => self.data_content(byte),
            State::DataEnd => self.data_end(byte, place),
            State::Raw => self.raw(byte),
            State::RawOpen => self.raw_open(byte),
            State::RawDeclaration => self.raw_declaration(byte),
            State::RawClose => self.raw_close(byte),
        }
    }

    /// Whether a script is being read, or was read and not handed out yet.
    pub(super) fn is_in_script(&self) -> bool {
        self.script.is_some() || self.ended_script.is_some()
    }

    /// Whether a script has begun and not ended.
    pub(super) fn is_in_open_script(&self) -> bool {
        self.script.is_some()
    }

    /// The page is over. Returns the place of a script that ended with it.
    pub(super) fn end(&mut self, length: usize) -> Option<Range<usize>> {
        if let Some(reference) = self.reference.take() {
            self.give(&reference, reference.meaning_at_end(), &[]);
        }
        match self.state {
            State::Open | State::RawOpen => self.page.put(b'<'),
            State::DataContent if self.tag.quote != Quote::None => self.page.put(b'"'),
            _ => {}
        }
        self.ended_script.take().or(self.script.take()).map(|start| start..length)
    }

    // Texts

    fn text(&mut self, byte: u8) {
        if self.is_high_stop(byte) {
            return;
        }
        match byte {
            b'<' => {
                self.page.give_space();
                self.words.space();
                self.state = State::Open;
            }
            b'&' => {
                self.state = State::Text;
                self.begin_reference();
            }
            _ if is_space(byte) => {
                if self.state == State::Text {
                    self.page.space();
                    self.words.space();
                }
            }
            0x80.. => {
                self.state = State::Text;
                self.page.give_space();
                self.high.add(byte);
            }
            _ => {
                self.state = State::Text;
                self.page.put(byte);
                self.words.put(byte);
            }
        }
    }

    /// Writes the bytes from 128 that are held back, if `byte` does not join them. True where it joins
    /// them as the last one.
    pub(super) fn is_high_stop(&mut self, byte: u8) -> bool {
        if self.high.make_stop(byte) {
            self.page.put(b'.');
            self.words.put_high(b".");
            return true;
        }
        if self.high.is_complete_before(byte) {
            let high = std::mem::take(&mut self.high);
            high.bytes().iter().for_each(|&byte| self.page.put_as_is(byte));
            self.words.put_high(high.bytes());
        }
        false
    }

    // Character references

    pub(super) fn begin_reference(&mut self) {
        self.page.give_space();
        if self.state == State::Text {
            self.words.space();
        }
        self.reference = Some(Reference::default());
    }

    /// Whether the byte belongs to the reference.
    fn read_reference(&mut self, byte: u8) -> bool {
        let Some(mut reference) = self.reference.take() else { return false };
        match reference.take(byte) {
            Step::More => self.reference = Some(reference),
            Step::Show(letter) => {
                if reference.is_just_too_long() {
                    self.give_bytes(b"&");
                    self.give_bytes(reference.held());
                }
                self.give_bytes(&[letter]);
                self.reference = Some(reference);
            }
            Step::Ends => self.give(&reference, reference.meaning(), b";"),
            Step::Breaks => {
                self.give(&reference, reference.meaning_of_broken(), &[]);
                return false;
            }
        }
        true
    }

    /// Writes what a reference means; `end` is what ended it.
    fn give(&mut self, reference: &Reference, meaning: Meaning, end: &[u8]) {
        match meaning {
            Meaning::Byte(byte) => {
                self.page.put(byte);
                self.add_to_value(byte);
            }
            Meaning::Raw(byte) => self.page.put_as_is(byte),
            Meaning::Wide(character) => {
                let [high, low] = character.to_be_bytes();
                let digits = [high >> 4, high & 15, low >> 4, low & 15];
                self.give_bytes(b"&#x");
                self.give_bytes(&digits.map(hexadecimal));
                self.give_bytes(b";");
            }
            Meaning::Nothing => {}
            Meaning::Unknown => {
                if !reference.is_shown() {
                    self.give_bytes(b"&");
                    self.give_bytes(reference.held());
                }
                self.give_bytes(end);
            }
        }
    }

    /// Writes bytes to the page, and to the value if one is being read.
    fn give_bytes(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().map(u8::to_ascii_lowercase) {
            self.page.put(byte);
            self.add_to_value(byte);
        }
    }

    fn add_to_value(&mut self, byte: u8) {
        if matches!(self.state, State::Value | State::ValueRest) {
            self.tag.add_to_value(byte);
        }
    }

    // Tags

    fn open(&mut self, byte: u8) {
        match byte {
            b'!' => self.state = State::Declaration,
            _ if is_space(byte) => {}
            _ => {
                self.page.put(b'<');
                self.tag.clear();
                self.state = State::TagName;
                self.tag_name(byte, 0);
            }
        }
    }

    fn declaration(&mut self, byte: u8) {
        if byte == b'>' {
            self.state = State::TextStart;
        }
    }

    fn tag_name(&mut self, byte: u8, place: usize) {
        match byte {
            b'>' => self.end_tag(place),
            _ if is_space(byte) => self.state = State::Between,
            _ => {
                self.page.put(byte);
                self.tag.name.add(byte);
            }
        }
    }

    pub(super) fn between(&mut self, byte: u8, place: usize) {
        match byte {
            b'=' => self.begin_value(),
            b'>' => self.end_tag(place),
            _ if is_space(byte) => {}
            _ => {
                self.page.put(b' ');
                self.tag.begin_attribute();
                self.state = State::AttributeName;
                self.page.put(byte);
                self.tag.attribute.add(byte);
            }
        }
    }

    pub(super) fn attribute_name(&mut self, byte: u8, place: usize) {
        match byte {
            b'=' if !self.tag.attribute.is_empty() => self.begin_value(),
            b'>' => self.end_tag(place),
            _ if is_space(byte) => self.state = State::Between,
            _ => {
                self.page.put(byte);
                self.tag.attribute.add(byte);
            }
        }
    }

    /// A tag is over, and a text, a script or a style sheet begins.
    pub(super) fn end_tag(&mut self, place: usize) {
        self.page.put(b'>');
        if let Some(target) = self.tag.target() {
            self.words.hold_target(target);
        }
        self.state = State::TextStart;
        if self.tag.name.is(b"script") {
            self.script = Some(place.saturating_add(1));
            (self.state, self.raw) = (State::Raw, RawKind::Script);
        } else if self.tag.name.is(b"style") {
            (self.state, self.raw) = (State::Raw, RawKind::Style);
        }
    }
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

fn hexadecimal(digit: u8) -> u8 {
    char::from_digit(digit.into(), 16).map_or(b'0', |digit| digit as u8)
}
