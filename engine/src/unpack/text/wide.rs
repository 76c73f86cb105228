//! UTF-16 and UTF-32 (Unicode 17.0, 3.9 and 3.10) as UTF-8. What is no character becomes U+FFFD.

use std::io;

use crate::input::Content;
use crate::limits::Budget;
use crate::reader::Reader;
use crate::unpack::decoders::{ByStep, Step, Stepwise};
use crate::unpack::{Entry, Opened, Opening, single};

/// How units are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    width: u64,
    is_big_endian: bool,
}

macro_rules! openers {
    ($($name:ident: $width:literal, $is_big_endian:literal;)*) => {$(
        pub(in crate::unpack) fn $name<'a>(
            content: Content<'a>,
            offset: u64,
            _: &Opening<'_>,
        ) -> Opened<'a> {
            let form = Form { width: $width, is_big_endian: $is_big_endian };
            let text = content.slice(offset, u64::MAX);
            Ok(single(move |budget| Some(as_utf8(&text, form, budget))))
        }
    )*};
}

openers! {
    open_utf16_le: 2, false;
    open_utf16_be: 2, true;
    open_utf32_le: 4, false;
    open_utf32_be: 4, true;
}

fn as_utf8<'a>(text: &[u8], form: Form, budget: &Budget) -> Entry<'a> {
    let units = Units { reader: Reader::new(text), form, high: None, bytes: [0; 4], left: 0 };
    Entry::of("as UTF-8", budget.decode(Stepwise::new(units), text.len() as u64))
}

struct Units<'d> {
    reader: Reader<'d>,
    form: Form,
    /// The first half of a pair.
    high: Option<u32>,
    /// A character on its way out, from the first byte on.
    bytes: [u8; 4],
    left: usize,
}

impl Units<'_> {
    fn unit(&mut self) -> Option<u32> {
        let bytes = self.reader.bytes(self.form.width).ok()?;
        let fold = |value: u32, byte: &u8| value << 8 | u32::from(*byte);
        Some(match self.form.is_big_endian {
            true => bytes.iter().fold(0, fold),
            false => bytes.iter().rev().fold(0, fold),
        })
    }

    fn put(&mut self, character: u32) {
        let character = char::from_u32(character).unwrap_or(char::REPLACEMENT_CHARACTER);
        self.bytes = [0; 4];
        self.left = character.encode_utf8(&mut self.bytes).len();
    }
}

impl ByStep for Units<'_> {
    fn step(&mut self) -> io::Result<Step> {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            let [first, ..] = self.bytes;
            self.bytes.rotate_left(1);
            return Ok(Step::Byte(first));
        }
        let Some(unit) = self.unit() else { return Ok(Step::End) };
        match (unit, self.high.take()) {
            (0xfeff, _) => {}
            (0xd800..0xdc00, _) if self.form.width == 2 => self.high = Some(unit),
            (0xdc00..0xe000, Some(high)) => {
                let pair = (high & 0x3ff) << 10 | unit & 0x3ff;
                self.put(pair.saturating_add(0x1_0000));
            }
            _ => self.put(unit),
        }
        Ok(Step::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Limit, Limits};
    use crate::unpack::Open;
    use crate::unpack::testing::{survives_damage, walk_at};
    use crate::verdict::Reason;

    type Encode = fn(&str) -> Vec<u8>;

    const FORMS: [(Open, Encode); 4] = [
        (open_utf16_le, |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        (open_utf16_be, |text| text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        (open_utf32_le, |text| text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect()),
        (open_utf32_be, |text| text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect()),
    ];

    #[test]
    fn every_form_becomes_utf_8() {
        let text = "plain, gr\u{fc}n, \u{20ac}, \u{1f600}, end";
        for (open, encode) in FORMS {
            let marked = [encode("\u{feff}"), encode(text)].concat();
            let walked = walk_at(open, &marked, 0, Limits::default());
            assert_eq!(walked.content("as UTF-8"), text.as_bytes());
            assert_eq!(walked.reasons(), []);
        }
    }

    #[test]
    fn what_is_no_character_is_replaced() {
        let bytes: Vec<u8> = [0x61, 0xdc00, 0x62].into_iter().flat_map(u16::to_le_bytes).collect();
        let walked = walk_at(open_utf16_le, &bytes, 0, Limits::default());
        assert_eq!(walked.content("as UTF-8"), "a\u{fffd}b".as_bytes());
        let walked = walk_at(open_utf32_le, &[0xff; 8], 0, Limits::default());
        assert_eq!(walked.content("as UTF-8"), "\u{fffd}\u{fffd}".as_bytes());
    }

    #[test]
    fn limits_are_kept_and_damage_does_no_harm() {
        let bytes = FORMS[0].1(&"text ".repeat(5000));
        let limits = Limits { object_bytes: 5000, ..Limits::default() };
        let reasons = walk_at(open_utf16_le, &bytes, 0, limits).reasons();
        assert_eq!(reasons, [Reason::Limit(Limit::ObjectBytes)]);
        survives_damage(open_utf16_le, &bytes[..200]);
    }
}
