//! How rare short runs of bytes are in clean files: a table of three-byte runs, shipped as
//! `trigrams.bin`, and the trainer that makes it.
//!
//! ```text
//! cargo run --release -p pellucid-signatures --no-default-features --example count_trigrams -- \
//!     signatures/src/trigrams.bin DIR...
//! ```
//!
//! The table says, for every two bytes, how surprising each third one is, in steps of a bit and a
//! half; longer runs are estimated as a chain of these. Bytes are folded as the matcher folds them.
//! Only the shipped numbers decide what the compiler does, so that it does the same everywhere.
//!
//! The shipped table was made from 600 MB of Debian 12: programs and libraries of /usr/lib, the Rust
//! toolchain, C headers, Python's library. None of it is signed by the table: it holds no text longer
//! than three bytes.

/// Bytes that differ in their case only count as one, which leaves seven bits.
const SYMBOLS: usize = 128;
const PAIRS: usize = SYMBOLS * SYMBOLS;
const TRIPLES: usize = PAIRS * SYMBOLS;
/// A pair's surprise in eighths of a bit, a byte each; then a triple's, two in a byte.
const LENGTH: usize = PAIRS + TRIPLES / 2;
/// Eighths of a bit in a step of a triple's surprise.
const STEP: u32 = 12;

static TABLE: &[u8; LENGTH] = include_bytes!("trigrams.bin");

fn symbol(byte: u8) -> usize {
    usize::from((byte & 0x1f) | (byte >> 1 & 0x60))
}

/// How surprising the second byte is after the first, and the first by itself, in eighths of a bit.
pub(crate) fn of_pair(first: u8, second: u8) -> u32 {
    TABLE.get(symbol(first) | symbol(second) << 7).copied().map_or(0, u32::from)
}

/// How surprising the third byte is after the two, in eighths of a bit.
pub(crate) fn of_third(first: u8, second: u8, third: u8) -> u32 {
    let place = symbol(first) | symbol(second) << 7 | symbol(third) << 14;
    let two = TABLE.get(PAIRS.saturating_add(place / 2)).copied().unwrap_or(0);
    u32::from(two >> (4 * (place % 2)) & 15).saturating_mul(STEP)
}

/// Counts runs, for a new table.
pub struct Trainer {
    triples: Vec<u32>,
}

impl Default for Trainer {
    fn default() -> Self {
        Self { triples: vec![0; TRIPLES] }
    }
}

impl Trainer {
    /// Counts the runs of a file.
    pub fn add(&mut self, text: &[u8]) {
        for run in text.windows(3) {
            if let [a, b, c] = *run
                && let Some(count) =
                    self.triples.get_mut(symbol(a) | symbol(b) << 7 | symbol(c) << 14)
            {
                *count = count.saturating_add(1);
            }
        }
    }

    /// The table's bytes.
    pub fn finish(&self) -> Vec<u8> {
        let mut pairs = vec![0_u64; PAIRS];
        for (place, &count) in self.triples.iter().enumerate() {
            if let Some(pair) = pairs.get_mut(place % PAIRS) {
                *pair = pair.saturating_add(count.into());
            }
        }
        let all: u64 = pairs.iter().sum();
        let mut table: Vec<u8> =
            pairs.iter().map(|&pair| surprise(pair, all, 1.0).min(255.0) as u8).collect();
        let step = |(place, &count): (usize, &u32)| {
            let pair = pairs.get(place % PAIRS).copied().unwrap_or(0);
            (surprise(count.into(), pair, f64::from(STEP)).min(15.0)) as u8
        };
        let steps: Vec<u8> = self.triples.iter().enumerate().map(step).collect();
        let (two, _) = steps.as_chunks::<2>();
        table.extend(two.iter().map(|[low, high]| low | high << 4));
        table
    }
}

/// How surprising something is that was seen so often among so many, in units of so many eighths of
/// a bit. What was never seen is taken for half seen.
fn surprise(count: u64, of: u64, unit: f64) -> f64 {
    let share = (count as f64 + 0.5) / (of as f64 + SYMBOLS as f64 / 2.0);
    (-share.log2() * 8.0 / unit).max(0.0).round()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_are_full_of_is_no_surprise() {
        let of = |run: [u8; 3]| of_pair(run[0], run[1]) + of_third(run[0], run[1], run[2]);
        assert!(of([0; 3]) < of(*b"the") && of(*b"the") < of(*b"qxz"));
        assert_eq!(of(*b"THE"), of(*b"the"), "case does not count");
    }

    #[test]
    fn a_table_of_one_text_knows_its_runs() {
        let mut trainer = Trainer::default();
        (0..1000).for_each(|_| trainer.add(b"abc"));
        let table = trainer.finish();
        assert_eq!(table.len(), LENGTH);
        let pair = symbol(b'a') | symbol(b'b') << 7;
        assert!(table[pair] < 2, "the only pair there is");
        let step = |third: u8| {
            let place = pair | symbol(third) << 14;
            table[PAIRS + place / 2] >> (4 * (place % 2)) & 15
        };
        assert!(step(b'c') < step(b'd'));
    }
}
