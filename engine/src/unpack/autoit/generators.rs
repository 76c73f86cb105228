//! The random numbers that compiled scripts are masked with.

/// The Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), of which the second lowest byte's upper
/// bits are left away: one number is one byte.
pub(super) struct Twister {
    state: Vec<u32>,
    at: usize,
}

const LENGTH: usize = 624;
const MIDDLE: usize = 397;

impl Twister {
    pub(super) fn new(seed: u32) -> Self {
        let mut state = Vec::with_capacity(LENGTH);
        let mut last = seed;
        for index in 0..LENGTH as u32 {
            if index > 0 {
                last = 1_812_433_253_u32.wrapping_mul(last ^ last >> 30).wrapping_add(index);
            }
            state.push(last);
        }
        Self { state, at: LENGTH }
    }

    fn word(&self, at: usize) -> u32 {
        self.state.get(at % LENGTH).copied().unwrap_or(0)
    }

    fn refill(&mut self) {
        for at in 0..LENGTH {
            let next = at.wrapping_add(1);
            let mixed = self.word(at) & 0x8000_0000 | self.word(next) & 0x7fff_ffff;
            let odd = if mixed & 1 == 1 { 0x9908_b0df } else { 0 };
            let word = self.word(at.wrapping_add(MIDDLE)) ^ mixed >> 1 ^ odd;
            if let Some(place) = self.state.get_mut(at) {
                *place = word;
            }
        }
        self.at = 0;
    }

    /// The next byte.
    pub(super) fn next(&mut self) -> u8 {
        if self.at >= LENGTH {
            self.refill();
        }
        let mut word = self.word(self.at);
        self.at = self.at.wrapping_add(1);
        word ^= word >> 11;
        word ^= word << 7 & 0x9d2c_5680;
        word ^= word << 15 & 0xefc6_0000;
        word ^= word >> 18;
        (word >> 1).to_le_bytes()[0]
    }
}

/// A lagged generator over 17 words, which AutoIt took from the reference code of Agner Fog's RANROT.
pub(super) struct Lagged {
    words: [u32; 17],
    first: usize,
    second: usize,
}

impl Lagged {
    pub(super) fn new(mut seed: u32) -> Self {
        let mut words = [0; 17];
        for word in &mut words {
            seed = 1_u32.wrapping_sub(seed.wrapping_mul(0x53a9_b4fb));
            *word = seed;
        }
        let mut generator = Self { words, first: 0, second: 10 };
        for _ in 0..9 {
            generator.step();
        }
        generator
    }

    fn step(&mut self) -> u32 {
        let at = |place: usize| self.words.get(place).copied().unwrap_or(0);
        let word = at(self.first).rotate_left(9).wrapping_add(at(self.second).rotate_left(13));
        if let Some(place) = self.words.get_mut(self.first) {
            *place = word;
        }
        self.first = self.first.checked_sub(1).unwrap_or(16);
        self.second = self.second.checked_sub(1).unwrap_or(16);
        word
    }

    /// The next byte: the highest of every second number, as a fraction of one times 256.
    pub(super) fn next(&mut self) -> u8 {
        self.step();
        self.step().to_be_bytes()[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of the reference implementation for its seed 5489.
    #[test]
    fn the_twister_is_the_one_that_was_published() {
        let mut twister = Twister::new(5489);
        let expected = [3_499_211_612_u32, 581_869_302, 3_890_346_734, 3_586_334_585];
        for number in expected {
            assert_eq!(twister.next(), (number >> 1) as u8);
        }
    }
}
