//! The older encryption of ZIP entries (PKWARE APPNOTE.TXT 6.3.10, chapter 6.1).
//!
//! A stream cipher whose state is three words that the password and every byte of plain text change.
//! Twelve bytes stand in front of the data; the last of them is known beforehand, which tells 255 of
//! 256 wrong passwords at once.

/// Bytes in front of the data.
pub(super) const HEADER: usize = 12;

/// The cipher in the middle of a stream.
#[derive(Clone, Debug)]
pub(super) struct Cipher {
    keys: [u32; 3],
}

impl Cipher {
    /// The state before the first byte.
    pub(super) fn new(password: &[u8]) -> Self {
        let mut cipher = Self { keys: [0x1234_5678, 0x2345_6789, 0x3456_7890] };
        password.iter().for_each(|&byte| cipher.turn(byte));
        cipher
    }

    /// Goes on behind one byte of plain text.
    fn turn(&mut self, plain: u8) {
        let [first, second, third] = &mut self.keys;
        *first = crc_step(*first, plain);
        *second = second.wrapping_add(*first & 0xff).wrapping_mul(0x0808_8405).wrapping_add(1);
        *third = crc_step(*third, second.to_be_bytes()[0]);
    }

    /// The byte that hides the next one.
    fn mask(&self) -> u8 {
        let word = self.keys[2] as u16 | 2;
        word.wrapping_mul(word ^ 1).to_be_bytes()[0]
    }

    /// Turns cipher text into plain text.
    pub(super) fn decrypt(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte ^= self.mask();
            self.turn(*byte);
        }
    }

    /// Turns plain text into cipher text.
    #[cfg(test)]
    pub(super) fn encrypt(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            let mask = self.mask();
            self.turn(*byte);
            *byte ^= mask;
        }
    }
}

/// CRC-32 over one byte more, without the inversions before and after.
fn crc_step(crc: u32, byte: u8) -> u32 {
    let index = (crc ^ u32::from(byte)) & 0xff;
    (crc >> 8) ^ CRC_TABLE.get(index as usize).copied().unwrap_or(0)
}

/// What each value of the lowest byte adds to the rest.
#[allow(clippy::indexing_slicing, reason = "done by the compiler, which would not pass an overrun")]
const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let (mut value, mut bit) = (index as u32, 0);
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ 0xedb8_8320 } else { value >> 1 };
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_that_of_crc_32() {
        let crc = b"123456789".iter().fold(u32::MAX, |crc, &byte| crc_step(crc, byte));
        assert_eq!(!crc, 0xcbf4_3926);
    }

    #[test]
    fn there_and_back() {
        let mut bytes: Vec<u8> = (0..=255).collect();
        Cipher::new(b"pass").encrypt(&mut bytes);
        assert_ne!(bytes, (0..=255).collect::<Vec<u8>>());
        let encrypted = bytes.clone();
        Cipher::new(b"pass").decrypt(&mut bytes);
        assert_eq!(bytes, (0..=255).collect::<Vec<u8>>());
        let mut wrong = encrypted;
        Cipher::new(b"past").decrypt(&mut wrong);
        assert_ne!(wrong, bytes);
    }
}
