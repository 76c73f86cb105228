//! Scripts and style sheets: raw text up to their end tags.

use super::machine::{Machine, RawKind, State, is_space};
use super::tag::Name;

impl Machine<'_> {
    pub(super) fn raw(&mut self, byte: u8) {
        if self.is_high_stop(byte) {
            return;
        }
        match byte {
            b'<' => self.state = State::RawOpen,
            b'&' => self.begin_reference(),
            b'\'' => self.page.put(b'"'),
            _ if is_space(byte) => {}
            0x80.. => self.high.add(byte),
            _ => self.page.put(byte),
        }
    }

    pub(super) fn raw_open(&mut self, byte: u8) {
        match byte {
            _ if is_space(byte) => {}
            b'/' => {
                self.page.put(b'<');
                self.page.put(b'/');
                self.closing = Name::default();
                self.state = State::RawClose;
            }
            _ => {
                self.page.put(b'<');
                self.page.put(byte);
                self.state = if byte == b'!' { State::RawDeclaration } else { State::Raw };
            }
        }
    }

    /// What would end the script does not end it here.
    pub(super) fn raw_declaration(&mut self, byte: u8) {
        match byte {
            b'\'' => self.page.put(b'"'),
            _ if is_space(byte) => {}
            _ => self.page.put(byte),
        }
        if byte == b'>' {
            self.state = State::Raw;
        }
    }

    pub(super) fn raw_close(&mut self, byte: u8) {
        let is_over = byte == b'>' || is_space(byte);
        if !is_space(byte) {
            self.page.put(byte);
        }
        if !is_over {
            return self.closing.add(byte);
        }
        let closes = match self.raw {
            RawKind::Script => self.closing.is(b"script"),
            RawKind::Style => self.closing.is(b"style") || self.closing.is(b"script"),
        };
        if closes {
            self.ended_script = self.script.take();
        }
        self.state = if closes { State::TextStart } else { State::Raw };
    }
}
