//! Bytes from 128: characters of other scripts, held back until it is known where they end.
//!
//! ClamAV tells no encodings apart. It takes up to three such bytes for one character, and writes the
//! full stops of Chinese and Japanese (in UTF-8 and in Big5) as a full stop.

/// Full stops in UTF-8: U+3002, U+FE52, U+FF0E.
const STOPS: [[u8; 3]; 3] = [[0xe3, 0x80, 0x82], [0xef, 0xb9, 0x92], [0xef, 0xbc, 0x8e]];

/// Bytes from 128 that stand together, up to three of them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct High {
    bytes: [u8; 3],
    length: usize,
    /// Behind a full stop of two bytes. If none follow, ClamAV writes a NUL.
    is_behind_stop: bool,
}

impl High {
    pub(super) fn add(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.length) {
            *slot = byte;
        }
        self.length = self.length.saturating_add(1);
        self.is_behind_stop = false;
    }

    /// Whether they are a full stop in Big5 together with `next`, which then belongs to them.
    pub(super) fn make_stop(&mut self, next: u8) -> bool {
        let is_stop = self.bytes().len() == 1
            && self.bytes.first() == Some(&0xa1)
            && matches!(next, 0x43 | 0x44 | 0x4f);
        if is_stop {
            *self = Self { is_behind_stop: true, ..Self::default() };
        }
        is_stop
    }

    /// Whether they are complete when `next` follows.
    pub(super) fn is_complete_before(&self, next: u8) -> bool {
        let is_something = self.length > 0 || self.is_behind_stop;
        is_something && (next < 0x80 || self.length >= self.bytes.len())
    }

    /// What is written for them.
    pub(super) fn bytes(&self) -> &[u8] {
        match self.length {
            0 if self.is_behind_stop => &[0],
            3 if STOPS.contains(&self.bytes) => b".",
            length => self.bytes.get(..length).unwrap_or_default(),
        }
    }

    /// What is written for them in the value of an attribute.
    pub(super) fn bytes_in_value(&self) -> &[u8] {
        if self.length == 0 { &[] } else { self.bytes() }
    }
}
