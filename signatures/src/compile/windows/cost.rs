//! What a choice of windows costs: how often a search would look at it in vain.
//!
//! Costs are candidates per byte of clean files, in units of 2^-60, as integers, so that every
//! machine chooses alike.

use pellucid::matcher::filter::Plan;

use crate::rarity::{of_pair, of_third};

/// How windows of one width are probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class {
    /// Bytes in a window.
    pub(super) width: usize,
    /// Every so many positions are probed.
    pub(super) step: usize,
    /// What the pass itself costs, as if it were candidates: cycles a byte by what looking up a
    /// candidate takes (about 80, what follows from it included), as measured.
    pub(super) pass: u64,
}

const fn class(width: usize, step: usize, hundredths_of_cycles: u64) -> Class {
    Class { width, step, pass: hundredths_of_cycles * ((1 << 60) / 8_000) }
}

/// The classes, by width.
pub(super) const CLASSES: [Class; 9] = [
    class(8, 8, 20),
    class(8, 4, 45),
    class(5, 2, 90),
    class(4, 4, 40),
    class(4, 2, 80),
    class(4, 1, 160),
    class(3, 1, 160),
    class(2, 1, 160),
    class(1, 1, 160),
];

impl Class {
    /// A plan without windows.
    pub(super) fn plan(self) -> Plan {
        Plan::new(self.width as u8, self.step as u8)
    }

    /// Bytes that a run must have.
    pub(super) fn run(self) -> usize {
        self.plan().run()
    }

    /// Bytes that a run must have to give this class a window for every way the probes can fall.
    pub(super) fn whole_run(self) -> usize {
        self.width.saturating_add(self.step).saturating_sub(1)
    }
}

/// What any window of so many bytes costs, in bits: how often bytes that nobody expected turn up.
const UNEXPECTED: [u32; 9] = [0, 7, 13, 19, 25, 28, 31, 34, 37];

/// 2 to the power of 60 minus so many eighths.
fn power(eighths: u32) -> u64 {
    const FRACTIONS: [u64; 8] = [
        1 << 30,
        984_626_838,
        902_905_651,
        827_967_159,
        759_250_125,
        696_236_431,
        638_452_619,
        585_464_644,
    ];
    let fraction = FRACTIONS.get((eighths % 8) as usize).copied().unwrap_or(1 << 30);
    (fraction << 30).checked_shr(eighths / 8).unwrap_or(0)
}

/// How surprising a single byte is, in eighths of a bit: what has no more is hopeless anyway.
const ONE_BYTE: u32 = 8 * 6;

/// How surprising the bytes of a run are, in eighths of a bit, looked up once for all widths.
#[derive(Default)]
pub(super) struct Surprises {
    /// Two bytes, by the first.
    pairs: Vec<u32>,
    /// Three bytes, by the first.
    thirds: Vec<u32>,
}

impl Surprises {
    /// Those of another run.
    pub(super) fn read(&mut self, run: &[u8]) {
        self.pairs.clear();
        self.thirds.clear();
        self.pairs.extend(run.array_windows().map(|&[a, b]| of_pair(a, b)));
        self.thirds.extend(run.array_windows().map(|&[a, b, c]| of_third(a, b, c)));
    }

    /// How often each window of a width occurs in clean files, by its start in the run.
    pub(super) fn windows(&self, run: &[u8], width: usize, costs: &mut Vec<u64>) {
        costs.clear();
        let unexpected = UNEXPECTED.get(width).map_or(0, |bits| power(bits.saturating_mul(8)));
        let cost = |surprise: u32| power(surprise).saturating_add(unexpected);
        let inside = width.saturating_sub(2);
        match width {
            1 => costs.extend(run.iter().map(|_| cost(ONE_BYTE))),
            2 => costs.extend(self.pairs.iter().map(|&pair| cost(pair))),
            _ => {
                costs.extend(self.thirds.windows(inside).zip(&self.pairs).map(|(thirds, pair)| {
                    cost(thirds.iter().fold(*pair, |sum, it| sum.saturating_add(*it)))
                }))
            }
        }
    }
}

/// How often a window occurs in clean files.
pub(super) fn window(bytes: &[u8]) -> u64 {
    let (mut surprises, mut costs) = (Surprises::default(), Vec::new());
    surprises.read(bytes);
    surprises.windows(bytes, bytes.len(), &mut costs);
    costs.first().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_fall_by_half_every_eight() {
        assert_eq!(power(0), 1 << 60);
        assert_eq!(power(80), 1 << 50);
        assert!(power(84) > 1 << 49 && power(84) < 1 << 50);
        assert_eq!(power(8 * 64), 0);
    }

    #[test]
    fn a_window_costs_the_same_in_any_run() {
        let run = b"\x48\x8b\x05\0\0\0\0GetProcAddress";
        let run: Vec<u8> = run.iter().map(|byte| byte & 0xdf).collect();
        let mut surprises = Surprises::default();
        surprises.read(&run);
        for width in 1..=8 {
            let mut costs = Vec::new();
            surprises.windows(&run, width, &mut costs);
            let each: Vec<u64> = run.windows(width).map(window).collect();
            assert_eq!(costs, each, "width {width}");
        }
    }
}
