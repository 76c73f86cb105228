//! The values of attributes, and the `data:` URLs among them.

use super::machine::{Machine, State, is_space};
use super::tag::Quote;

/// Longer headers of `data:` URLs are none.
const DATA_HEADER: usize = 100;

impl Machine<'_> {
    pub(super) fn begin_value(&mut self) {
        self.page.put(b'=');
        self.tag.begin_value();
        self.state = State::ValueStart;
    }

    pub(super) fn value_start(&mut self, byte: u8, place: usize) {
        let quote = match byte {
            b'"' => Quote::Double,
            b'\'' => Quote::Single,
            _ if is_space(byte) => return,
            _ => {
                self.state = State::Value;
                return self.value(byte, place);
            }
        };
        self.tag.quote = quote;
        self.state = State::Value;
        self.put_in_value(b'"');
    }

    pub(super) fn value(&mut self, byte: u8, place: usize) {
        let quote = self.tag.quote;
        match byte {
            b'"' if quote == Quote::Double => self.close_value(),
            b'\'' if quote == Quote::Single => self.close_value(),
            b'"' | b'\'' => self.put_in_value(b'"'),
            b'>' if quote == Quote::None => self.leave_value(byte, place),
            b'>' => {
                self.put_in_value(b'>');
                self.state = State::ValueBreak;
            }
            b':' if self.tag.value_is(b"data") => {
                self.tag.drop_value();
                self.data_header = 0;
                self.state = State::DataHeader;
            }
            b'&' => self.begin_reference(),
            _ if is_space(byte) && quote == Quote::None => self.leave_value(byte, place),
            _ if is_space(byte) => {
                self.put_in_value(if byte == b'\n' { b' ' } else { byte });
                self.state = State::ValueBreak;
            }
            _ => self.put_in_value_with_high(byte),
        }
    }

    fn close_value(&mut self) {
        self.put_in_value(b'"');
        self.tag.end_value();
        self.state = State::Between;
    }

    /// The value is over without a quote.
    fn leave_value(&mut self, byte: u8, place: usize) {
        self.tag.end_value();
        self.state = State::Between;
        self.between(byte, place);
    }

    pub(super) fn value_break(&mut self, byte: u8, place: usize) {
        if !is_space(byte) {
            self.state = State::ValueRest;
            self.value_rest(byte, place);
        }
    }

    pub(super) fn value_rest(&mut self, byte: u8, place: usize) {
        match byte {
            b'"' | b'\'' => self.put_in_value(b'"'),
            b'&' => self.begin_reference(),
            b'>' => self.leave_value(byte, place),
            _ if is_space(byte) => self.leave_value(byte, place),
            _ => self.put_in_value_with_high(byte),
        }
    }

    fn put_in_value(&mut self, byte: u8) {
        self.page.put(byte);
        self.tag.add_to_value(byte);
    }

    /// Bytes from 128 wait for the next byte that has no meaning of its own, even if that comes in another
    /// value.
    fn put_in_value_with_high(&mut self, byte: u8) {
        if self.high_of_value.make_stop(byte) {
            return self.put_in_value(b'.');
        }
        if self.high_of_value.is_complete_before(byte) {
            let high = std::mem::take(&mut self.high_of_value);
            high.bytes_in_value().iter().for_each(|&byte| self.put_in_value(byte));
        }
        if byte < 0x80 {
            self.put_in_value(byte);
        } else {
            self.high_of_value.add(byte);
        }
    }

    // data: URLs, which are opened elsewhere and left out here

    pub(super) fn data_header(&mut self, byte: u8, place: usize) {
        self.data_header = self.data_header.saturating_add(1);
        match byte {
            b',' => self.state = State::DataContent,
            b'>' if self.tag.quote == Quote::None => self.end_tag(place),
            _ if self.ends_data(byte) => self.end_data(),
            _ if self.data_header > DATA_HEADER => self.state = State::DataContent,
            _ => {}
        }
    }

    pub(super) fn data_content(&mut self, byte: u8) {
        if self.ends_data(byte) {
            self.end_data();
        }
    }

    fn ends_data(&self, byte: u8) -> bool {
        match self.tag.quote {
            Quote::Double => byte == b'"',
            Quote::Single => byte == b'\'',
            Quote::None => byte == b'>' || is_space(byte),
        }
    }

    fn end_data(&mut self) {
        if self.tag.quote != Quote::None {
            self.page.put(b'"');
        }
        self.tag.begin_attribute();
        self.state = State::DataEnd;
    }

    pub(super) fn data_end(&mut self, byte: u8, place: usize) {
        if !is_space(byte) {
            self.state = State::AttributeName;
            self.attribute_name(byte, place);
        }
    }
}
