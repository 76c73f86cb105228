//! The coder turned around, to make samples for tests: it finds matches of the last bytes only.

use super::{Model, length_slot, place_slot};

/// An encoder of the blocks of one folder.
pub(in crate::unpack) struct Encoder {
    slots: u16,
    kinds: Model,
    literals: [Model; 4],
    places: [Model; 3],
    lengths: Model,
    before: Vec<u8>,
}

/// What one block is written as. The decoder is 16 bits ahead in what the coder wrote, so that bits which
/// stand by themselves come behind those.
#[derive(Default)]
struct Bits {
    coded: Vec<bool>,
    plain: Vec<(usize, bool)>,
    shifts: usize,
    low: u16,
    high: u16,
    pending: u32,
}

impl Bits {
    fn decided(&mut self, bit: bool) {
        self.coded.push(bit);
        (0..std::mem::take(&mut self.pending)).for_each(|_| self.coded.push(!bit));
    }

    fn symbol(&mut self, model: &mut Model, symbol: u16) {
        let place = model.rows.iter().position(|row| row.symbol == symbol).unwrap();
        let range = u32::from(self.high.wrapping_sub(self.low)) + 1;
        let total = model.total();
        let part = |sum: u16| (u32::from(sum) * range / total) as u16;
        let (above, below) = (part(model.rows[place].sum), part(model.rows[place + 1].sum));
        self.high = self.low.wrapping_add(above).wrapping_sub(1);
        self.low = self.low.wrapping_add(below);
        loop {
            if (self.low ^ self.high) & 0x8000 == 0 {
                self.decided(self.low & 0x8000 != 0);
            } else if self.low & 0x4000 != 0 && self.high & 0x4000 == 0 {
                self.pending += 1;
                self.low &= 0x3fff;
                self.high |= 0x4000;
            } else {
                break;
            }
            self.low <<= 1;
            self.high = self.high << 1 | 1;
            self.shifts += 1;
        }
        model.count(place);
    }

    fn plain(&mut self, value: u32, count: u32) {
        let at = self.shifts + 16;
        self.plain.extend((0..count).rev().map(|shift| (at, value >> shift & 1 != 0)));
    }

    /// The end of the block: the lower bound.
    fn end(mut self) -> Vec<u8> {
        self.decided(self.low & 0x8000 != 0);
        (0..15).rev().for_each(|shift| self.coded.push(self.low >> shift & 1 != 0));
        self.coded.resize(self.coded.len().max(self.shifts + 16), false);
        let mut bits = Vec::new();
        let mut plain = self.plain.into_iter().peekable();
        for (at, bit) in self.coded.into_iter().enumerate() {
            while let Some((_, bit)) = plain.next_if(|(place, _)| *place <= at) {
                bits.push(bit);
            }
            bits.push(bit);
        }
        bits.extend(plain.map(|(_, bit)| bit));
        let byte = |bits: &[bool]| bits.iter().fold(0, |byte, &bit| byte << 1 | u8::from(bit));
        bits.resize(bits.len().next_multiple_of(8), false);
        bits.chunks(8).map(byte).collect()
    }
}

impl Encoder {
    pub(in crate::unpack) fn new(bits: u16) -> Self {
        let decoder = super::Quantum::new(bits).unwrap();
        let super::Quantum { kinds, literals, places, lengths, .. } = decoder;
        Self { slots: bits * 2, kinds, literals, places, lengths, before: Vec::new() }
    }

    pub(in crate::unpack) fn block(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bits = Bits { high: u16::MAX, ..Bits::default() };
        let mut at = 0;
        while at < bytes.len() {
            let (length, back) = self.longest(&bytes[at..]);
            if length < 3 {
                let (byte, kind) = (bytes[at], bytes[at] >> 6);
                bits.symbol(&mut self.kinds, kind.into());
                bits.symbol(&mut self.literals[usize::from(kind)], byte.into());
            } else {
                self.matched(&mut bits, length, back);
            }
            let taken = if length < 3 { 1 } else { length };
            self.before.extend(&bytes[at..at + taken]);
            at += taken;
        }
        bits.end()
    }

    /// The longest match with one of the last bytes.
    fn longest(&self, bytes: &[u8]) -> (usize, usize) {
        let count = self.before.len();
        let length = |back: usize| {
            let pairs = self.before[count - back..].iter().cycle().zip(bytes);
            pairs.take(259).take_while(|(a, b)| a == b).count()
        };
        let backs = (1..=count.min(200)).map(|back| (length(back), back));
        backs.max_by_key(|&(length, back)| (length, usize::MAX - back)).unwrap_or((0, 0))
    }

    fn matched(&mut self, bits: &mut Bits, length: usize, back: usize) {
        let kind = match length {
            3 => 4,
            4 => 5,
            _ => 6,
        };
        bits.symbol(&mut self.kinds, kind);
        if kind == 6 {
            let slot =
                (0..27).rev().find(|&slot| length_slot(slot).0 as usize <= length - 5).unwrap();
            bits.symbol(&mut self.lengths, slot as u16);
            Self::rest(bits, length - 5, length_slot(slot));
        }
        let slots = u32::from(self.slots);
        let slot = (0..slots).rev().find(|&slot| (place_slot(slot).0 as usize) < back).unwrap();
        bits.symbol(&mut self.places[usize::from(kind - 4)], slot as u16);
        Self::rest(bits, back - 1, place_slot(slot));
    }

    /// The bits behind a slot.
    fn rest(bits: &mut Bits, value: usize, (base, count): (u32, u32)) {
        bits.plain(value as u32 - base, count);
    }
}
