//! Implode, method 6 of ZIP (APPNOTE 6.3.10, 5.3): matches and literals in Shannon-Fano codes.

use std::io;

use super::broken;
use super::bytewise::{Bits, Bytes, Bytewise, History};

const LITERALS: usize = 256;
const LENGTHS: usize = 64;
const DISTANCES: usize = 64;
/// The symbol of a length that goes on in eight more bits.
const LONGEST: usize = 63;

/// Decodes imploded data.
pub(in crate::unpack) struct Implode<'d> {
    bits: Bits<'d>,
    literals: Option<Tree>,
    lengths: Tree,
    distances: Tree,
    /// Bits of a distance that stand for themselves.
    low_bits: u32,
    history: History,
}

/// Imploded data of `size` bytes; the entry's flags say which dictionary and how many trees.
pub(in crate::unpack) fn implode(data: &[u8], flags: u16, size: u64) -> Bytewise<Implode<'_>> {
    let (has_large_window, has_literals) = (flags & 2 != 0, flags & 4 != 0);
    let mut implode = Implode {
        bits: Bits::new(data),
        literals: None,
        lengths: Tree::default(),
        distances: Tree::default(),
        low_bits: if has_large_window { 7 } else { 6 },
        history: History::new(8 << 10),
    };
    match implode.read_trees(has_literals) {
        Ok(()) => Bytewise::new(implode, size),
        Err(error) => Bytewise::failed(implode, error),
    }
}

impl Implode<'_> {
    fn read_trees(&mut self, has_literals: bool) -> io::Result<()> {
        if has_literals {
            self.literals = Some(Tree::read(&mut self.bits, LITERALS)?);
        }
        self.lengths = Tree::read(&mut self.bits, LENGTHS)?;
        self.distances = Tree::read(&mut self.bits, DISTANCES)?;
        Ok(())
    }

    fn begin_match(&mut self) -> io::Result<()> {
        let low = self.bits.take(self.low_bits)? as usize;
        let high = self.distances.decode(&mut self.bits)?;
        let distance = (high << self.low_bits | low).saturating_add(1);
        let symbol = self.lengths.decode(&mut self.bits)?;
        let more = if symbol == LONGEST { self.bits.take(8)? as usize } else { 0 };
        let shortest = if self.literals.is_some() { 3 } else { 2 };
        self.history.copy(distance, symbol.saturating_add(more).saturating_add(shortest));
        Ok(())
    }
}

impl<'d> Bytes<'d> for Implode<'d> {
    fn next(&mut self) -> io::Result<u8> {
        loop {
            if let Some(byte) = self.history.next() {
                return Ok(byte);
            }
            if self.bits.take(1)? == 0 {
                self.begin_match()?;
                continue;
            }
            let byte = match &self.literals {
                Some(tree) => tree.decode(&mut self.bits)?.to_le_bytes()[0],
                None => self.bits.byte()?,
            };
            return Ok(self.history.put(byte));
        }
    }

    fn rest(&self) -> &'d [u8] {
        self.bits.rest()
    }
}

/// A code: nodes with two branches each.
#[derive(Default)]
struct Tree {
    nodes: Vec<[Branch; 2]>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Branch {
    #[default]
    Nowhere,
    Node(usize),
    Symbol(usize),
}

impl Tree {
    /// Reads the lengths of a code's symbols, which are all that is stored of it: bytes with a length in
    /// their lower half and the number of symbols that have it in their upper.
    fn read(bits: &mut Bits<'_>, symbols: usize) -> io::Result<Self> {
        let count = bits.take(8)?.saturating_add(1);
        let mut lengths = Vec::new();
        for _ in 0..count {
            let byte = bits.take(8)?;
            let (length, times) = ((byte & 0xf).saturating_add(1), (byte >> 4).saturating_add(1));
            lengths.extend((0..times).map(|_| length));
        }
        if lengths.len() != symbols {
            return Err(broken("implode: a code of a wrong size"));
        }
        Self::of_lengths(&lengths)
    }

    /// Codes count down from the shortest to the longest, so they count up from the last.
    fn of_lengths(lengths: &[u32]) -> io::Result<Self> {
        let mut order: Vec<_> = lengths.iter().copied().enumerate().collect();
        order.sort_by_key(|&(symbol, length)| (length, symbol));
        let mut tree = Self { nodes: vec![Default::default()] };
        let (mut code, mut step, mut last) = (0_u32, 0_u32, 0_u32);
        for &(symbol, length) in order.iter().rev() {
            code = code.wrapping_add(step);
            if length != last {
                last = length;
                step = 1 << 16_u32.saturating_sub(length);
            }
            tree.insert(symbol, code, length)?;
        }
        Ok(tree)
    }

    /// Adds a symbol; its code is read from bit 15 downwards.
    fn insert(&mut self, symbol: usize, code: u32, length: u32) -> io::Result<()> {
        let crowded = || broken("implode: a code with too many symbols");
        let mut node = 0;
        for position in 1..=length {
            let bit = (code >> 16_u32.saturating_sub(position)) & 1;
            let new = self.nodes.len();
            let place = self.nodes.get_mut(node).and_then(|node| node.get_mut(bit as usize));
            let branch = place.ok_or_else(crowded)?;
            match *branch {
                Branch::Nowhere if position == length => *branch = Branch::Symbol(symbol),
                Branch::Nowhere => {
                    *branch = Branch::Node(new);
                    self.nodes.push(Default::default());
                    node = new;
                }
                Branch::Node(next) if position < length => node = next,
                _ => return Err(crowded()),
            }
        }
        Ok(())
    }

    fn decode(&self, bits: &mut Bits<'_>) -> io::Result<usize> {
        let mut node = 0;
        loop {
            let bit = bits.take(1)? as usize;
            match self.nodes.get(node).and_then(|node| node.get(bit)) {
                Some(Branch::Symbol(symbol)) => return Ok(*symbol),
                Some(Branch::Node(next)) => node = *next,
                _ => return Err(broken("implode: a code that no symbol has")),
            }
        }
    }
}
