//! The stream cipher RC4, with which PDF documents and those of Office before 2007 are encrypted.

/// The state of one stream.
pub(super) struct Rc4 {
    state: [u8; 256],
    at: u8,
    other: u8,
}

impl Rc4 {
    pub(super) fn new(key: &[u8]) -> Self {
        let mut state = [0; 256];
        state.iter_mut().zip(0..=u8::MAX).for_each(|(slot, value)| *slot = value);
        let mut rc4 = Self { state, at: 0, other: 0 };
        let mut other = 0_u8;
        for (at, &byte) in (0..=u8::MAX).zip(key.iter().cycle()) {
            other = other.wrapping_add(rc4.value(at)).wrapping_add(byte);
            rc4.state.swap(at.into(), other.into());
        }
        rc4
    }

    fn value(&self, at: u8) -> u8 {
        self.state.get(usize::from(at)).copied().unwrap_or(0)
    }

    /// What the next byte is mixed with.
    pub(super) fn next(&mut self) -> u8 {
        self.at = self.at.wrapping_add(1);
        self.other = self.other.wrapping_add(self.value(self.at));
        self.state.swap(self.at.into(), self.other.into());
        self.value(self.value(self.at).wrapping_add(self.value(self.other)))
    }

    /// Decrypts, or encrypts.
    pub(super) fn apply(&mut self, data: &[u8]) -> Vec<u8> {
        data.iter().map(|byte| byte ^ self.next()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Rc4;

    /// The first vectors of RFC 6229's predecessor, as they are quoted everywhere.
    #[test]
    fn rc4_is_rc4() {
        let cipher = Rc4::new(b"Key").apply(b"Plaintext");
        assert_eq!(cipher, b"\xbb\xf3\x16\xe8\xd9\x40\xaf\x0a\xd3");
        assert_eq!(Rc4::new(b"Wiki").apply(b"pedia"), b"\x10\x21\xbf\x04\x20");
    }
}
