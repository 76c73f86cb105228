//! Quantum, the method of Cabinet archives that David Stafford licensed to Microsoft: LZ77 whose symbols
//! are coded arithmetically with models that adapt. By the notes in libmspack's documentation and what
//! other readers accept.
//!
//! Blocks begin the coder anew; the window and the models go on from block to block.

use std::io;

use super::{broken, cut_off};

/// Bits that a reader may take beyond the end: the coder looks 16 bits ahead.
const AHEAD: u32 = 32;
/// The sum of frequencies from which on they are halved.
const FULL: u16 = 3800;
/// What one use adds to a frequency.
const USE: u16 = 8;
/// Halvings before the symbols are sorted: the first few, then always so many.
const FIRST: u8 = 4;
const LATER: u8 = 50;

/// One symbol and the sum of the frequencies from it to the last.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    symbol: u16,
    sum: u16,
}

/// Symbols with their frequencies; one more row at the end is always zero.
#[derive(Debug)]
struct Model {
    rows: Vec<Row>,
    left: u8,
}

impl Model {
    fn new(start: u16, count: u16) -> Self {
        let row = |at: u16| Row { symbol: start.saturating_add(at), sum: count.saturating_sub(at) };
        Self { rows: (0..=count).map(row).collect(), left: FIRST }
    }

    fn total(&self) -> u32 {
        self.rows.first().map_or(1, |row| u32::from(row.sum).max(1))
    }

    /// Counts one use of the symbol at a place.
    fn count(&mut self, place: usize) {
        for row in self.rows.iter_mut().take(place.saturating_add(1)) {
            row.sum = row.sum.saturating_add(USE);
        }
        if self.rows.first().is_some_and(|row| row.sum > FULL) {
            self.left = self.left.saturating_sub(1);
            if self.left > 0 { self.halve() } else { self.sort() }
        }
    }

    /// Halves the sums, each at least one above the next.
    fn halve(&mut self) {
        let mut next = 0;
        for row in self.rows.iter_mut().rev().skip(1) {
            row.sum = (row.sum / 2).max(u16::saturating_add(next, 1));
            next = row.sum;
        }
    }

    /// Halves the frequencies and sorts by them, as the encoder does: by exchanges, not keeping order.
    fn sort(&mut self) {
        self.left = LATER;
        let count = self.rows.len().saturating_sub(1);
        for at in 0..count {
            let next = self.rows.get(at.saturating_add(1)).map_or(0, |row| row.sum);
            if let Some(row) = self.rows.get_mut(at) {
                row.sum = row.sum.saturating_sub(next).saturating_add(1) / 2;
            }
        }
        for at in 0..count {
            for other in at.saturating_add(1)..count {
                let sum = |place: usize| self.rows.get(place).map_or(0, |row| row.sum);
                if sum(at) < sum(other) {
                    self.rows.swap(at, other);
                }
            }
        }
        let mut next = 0_u16;
        for row in self.rows.iter_mut().rev().skip(1) {
            row.sum = row.sum.saturating_add(next);
            next = row.sum;
        }
    }
}

/// The arithmetic decoder of one block.
struct Coder<'d> {
    data: &'d [u8],
    /// Bits that were read.
    at: u64,
    low: u16,
    high: u16,
    code: u16,
}

impl<'d> Coder<'d> {
    fn new(data: &'d [u8]) -> io::Result<Self> {
        let mut coder = Self { data, at: 0, low: 0, high: u16::MAX, code: 0 };
        coder.code = u16::try_from(coder.bits(16)?).unwrap_or(0);
        Ok(coder)
    }

    /// Bits from the highest of each byte to the lowest.
    fn bits(&mut self, count: u32) -> io::Result<u32> {
        let mut bits = 0;
        for _ in 0..count {
            let byte = usize::try_from(self.at / 8).ok().and_then(|at| self.data.get(at));
            let end = (self.data.len() as u64).saturating_mul(8).saturating_add(AHEAD.into());
            if byte.is_none() && self.at >= end {
                return Err(cut_off());
            }
            // The highest bit is the first: `at % 8` turned around.
            let bit = byte.map_or(0, |byte| byte >> (!self.at & 7) & 1);
            bits = bits << 1 | u32::from(bit);
            self.at = self.at.saturating_add(1);
        }
        Ok(bits)
    }

    fn symbol(&mut self, model: &mut Model) -> io::Result<u16> {
        let range = u32::from(self.high.wrapping_sub(self.low)).saturating_add(1);
        let total = model.total();
        let seen = u32::from(self.code.wrapping_sub(self.low)).saturating_add(1);
        let sought = seen.saturating_mul(total).saturating_sub(1).checked_div(range).unwrap_or(0);
        let place = model.rows.iter().skip(1).position(|row| u32::from(row.sum) <= sought);
        let place = place.ok_or_else(|| broken("Quantum: a symbol that is none"))?;
        let row = |at: usize| model.rows.get(at).copied().unwrap_or_default();
        let (this, next) = (row(place), row(place.saturating_add(1)));
        self.narrow([this.sum, next.sum], range, total);
        self.shift()?;
        model.count(place);
        Ok(this.symbol)
    }

    fn narrow(&mut self, [above, below]: [u16; 2], range: u32, total: u32) {
        let part = |sum: u16| u32::from(sum).saturating_mul(range).checked_div(total).unwrap_or(0);
        let [above, below] = [above, below].map(|sum| (part(sum) & 0xffff) as u16);
        self.high = self.low.wrapping_add(above).wrapping_sub(1);
        self.low = self.low.wrapping_add(below);
    }

    /// Reads as many bits as are decided.
    fn shift(&mut self) -> io::Result<()> {
        loop {
            if (self.low ^ self.high) & 0x8000 != 0 {
                if self.low & 0x4000 == 0 || self.high & 0x4000 != 0 {
                    return Ok(());
                }
                self.code ^= 0x4000;
                self.low &= 0x3fff;
                self.high |= 0x4000;
            }
            self.low <<= 1;
            self.high = self.high << 1 | 1;
            self.code = self.code << 1 | u16::try_from(self.bits(1)?).unwrap_or(0);
        }
    }
}

/// A decoder of the blocks of one folder.
#[derive(Debug)]
pub(in crate::unpack) struct Quantum {
    window: Vec<u8>,
    place: usize,
    kinds: Model,
    literals: [Model; 4],
    /// Places of matches of three bytes, of four, and of more.
    places: [Model; 3],
    lengths: Model,
}

impl Quantum {
    /// A decoder with a window of 2^10 to 2^21 bytes.
    pub(in crate::unpack) fn new(bits: u16) -> Option<Self> {
        let size = (10..=21).contains(&bits).then(|| 1_usize << bits)?;
        let slots = bits.saturating_mul(2);
        Some(Self {
            window: vec![0; size],
            place: 0,
            kinds: Model::new(0, 7),
            literals: [0, 64, 128, 192].map(|start| Model::new(start, 64)),
            places: [slots.min(24), slots.min(36), slots].map(|slots| Model::new(0, slots)),
            lengths: Model::new(0, 27),
        })
    }

    /// Unpacks a block of so many bytes.
    pub(in crate::unpack) fn block(&mut self, packed: &[u8], size: usize) -> io::Result<Vec<u8>> {
        let mut coder = Coder::new(packed)?;
        let mut unpacked = Vec::new();
        while unpacked.len() < size {
            let kind = coder.symbol(&mut self.kinds)?;
            if let Some(model) = self.literals.get_mut(usize::from(kind)) {
                let byte = (coder.symbol(model)? & 0xff) as u8;
                self.put(byte, &mut unpacked);
                continue;
            }
            let length = match kind {
                4 => 3,
                5 => 4,
                _ => long(&mut coder, &mut self.lengths)?,
            };
            let Some(model) = self.places.get_mut(usize::from(kind.saturating_sub(4))) else {
                return Err(broken("Quantum: no such kind of match"));
            };
            let back = distance(&mut coder, model)?;
            if length > size.saturating_sub(unpacked.len()) || back > self.window.len() {
                return Err(broken("Quantum: a match that leaves its block or the window"));
            }
            self.copy(back, length, &mut unpacked);
        }
        Ok(unpacked)
    }

    fn put(&mut self, byte: u8, unpacked: &mut Vec<u8>) {
        if let Some(kept) = self.window.get_mut(self.place) {
            *kept = byte;
        }
        let next = self.place.saturating_add(1);
        self.place = if next >= self.window.len() { 0 } else { next };
        unpacked.push(byte);
    }

    fn copy(&mut self, back: usize, length: usize, unpacked: &mut Vec<u8>) {
        for _ in 0..length {
            let size = self.window.len();
            let from = self.place.saturating_add(size).saturating_sub(back);
            let from = if from >= size { from.saturating_sub(size) } else { from };
            let byte = self.window.get(from).copied().unwrap_or(0);
            self.put(byte, unpacked);
        }
    }
}

/// The length of a long match: five and more.
fn long(coder: &mut Coder<'_>, lengths: &mut Model) -> io::Result<usize> {
    let slot = u32::from(coder.symbol(lengths)?);
    let (base, bits) = length_slot(slot);
    let more = coder.bits(bits)?;
    Ok(usize::try_from(base.saturating_add(more)).unwrap_or(0).saturating_add(5))
}

/// Where a slot of lengths begins, and the bits behind it: six by one, then four of each number of bits;
/// the last is one length.
fn length_slot(slot: u32) -> (u32, u32) {
    match slot {
        0..=5 => (slot, 0),
        26.. => (254, 0),
        _ => {
            let behind = slot.saturating_sub(6);
            let (group, within) = ((behind / 4).saturating_add(1), behind % 4);
            let base = (1_u32 << group).saturating_mul(4).saturating_sub(2);
            (base.saturating_add(within << group), group)
        }
    }
}

fn distance(coder: &mut Coder<'_>, places: &mut Model) -> io::Result<usize> {
    let (base, bits) = place_slot(u32::from(coder.symbol(places)?));
    let more = coder.bits(bits)?;
    Ok(usize::try_from(base.saturating_add(more)).unwrap_or(0).saturating_add(1))
}

/// Where a slot of places begins, and the bits behind it: four by one, then two of each number of bits.
fn place_slot(slot: u32) -> (u32, u32) {
    match slot {
        0..=3 => (slot, 0),
        _ => {
            let bits = (slot / 2).saturating_sub(1).min(24);
            ((2 | slot & 1) << bits, bits)
        }
    }
}

#[cfg(test)]
pub(in crate::unpack) mod encoder;

#[cfg(test)]
mod tests {
    use super::encoder::Encoder;
    use super::*;

    fn samples() -> Vec<Vec<u8>> {
        let text = b"the quick brown fox jumps over the lazy dog, ".repeat(300);
        let bytes = (0..20_000_u32).map(|at| ((at * at) >> 3) as u8).collect();
        vec![b"".to_vec(), b"a".to_vec(), vec![7; 5000], text, bytes]
    }

    #[test]
    fn blocks_are_unpacked_with_the_window_of_those_before() {
        let (mut encoder, mut decoder) = (Encoder::new(12), Quantum::new(12).unwrap());
        for sample in samples().iter().chain(&samples()) {
            let packed = encoder.block(sample);
            assert!(decoder.block(&packed, sample.len()).unwrap() == *sample);
        }
    }

    #[test]
    fn slots_cover_every_length_and_place_once() {
        for slots in [length_slot, place_slot] {
            let mut next = 0;
            for slot in 0..26 {
                let (base, bits) = slots(slot);
                assert_eq!(base, next);
                next = base + (1 << bits);
            }
        }
    }

    #[test]
    fn broken_blocks_end() {
        assert!(Quantum::new(9).is_none() && Quantum::new(22).is_none());
        let sample = samples().remove(3);
        let packed = Encoder::new(12).block(&sample);
        for length in 0..packed.len() {
            let cut = Quantum::new(12).unwrap().block(&packed[..length], sample.len());
            assert!(cut.is_err() || length + 8 > packed.len());
        }
        for at in 0..packed.len() {
            let mut damaged = packed.clone();
            damaged[at] ^= 0xa5;
            let _ = Quantum::new(12).unwrap().block(&damaged, sample.len());
        }
    }
}
