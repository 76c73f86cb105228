//! Shrink, method 1 of ZIP (APPNOTE 6.3.10, 5.1): LZW whose table is cleared of leaves when it is full.

use std::io;

use super::broken;
use super::bytewise::{Bits, Bytes, Bytewise};

/// The code in front of a command.
const COMMAND: u32 = 256;
const NARROWEST: u32 = 9;
const WIDEST: u32 = 13;
const CODES: usize = 1 << WIDEST;
const FREE: u16 = u16::MAX;
/// Codes that are read before the caller is asked again.
const PATIENCE: u32 = 1 << 16;

/// Decodes shrunk data.
pub(in crate::unpack) struct Shrink<'d> {
    bits: Bits<'d>,
    width: u32,
    /// For each code the one before its last byte, or `FREE`.
    parents: Vec<u16>,
    /// For each code its last byte.
    bytes: Vec<u8>,
    /// The code that was given out last.
    last: usize,
    previous: Option<u16>,
    /// The first byte of the last string.
    first: u8,
    /// A string on its way out, last byte first.
    pending: Vec<u8>,
}

/// Shrunk data of `size` bytes.
pub(in crate::unpack) fn shrink(data: &[u8], size: u64) -> Bytewise<Shrink<'_>> {
    let shrink = Shrink {
        bits: Bits::new(data),
        width: NARROWEST,
        parents: vec![FREE; CODES],
        bytes: (0..CODES).map(|code| code.to_le_bytes()[0]).collect(),
        last: COMMAND as usize,
        previous: None,
        first: 0,
        pending: Vec::new(),
    };
    Bytewise::new(shrink, size)
}

impl Shrink<'_> {
    fn command(&mut self) -> io::Result<()> {
        match self.bits.take(self.width)? {
            1 if self.width < WIDEST => self.width = self.width.saturating_add(1),
            2 => self.clear_leaves(),
            _ => return Err(broken("shrink: an unknown command")),
        }
        Ok(())
    }

    /// Frees all codes that no other goes on from.
    fn clear_leaves(&mut self) {
        let mut is_parent = vec![false; CODES];
        for &parent in self.parents.iter().filter(|&&parent| parent != FREE) {
            if let Some(place) = is_parent.get_mut(usize::from(parent)) {
                *place = true;
            }
        }
        let codes = self.parents.iter_mut().zip(is_parent);
        codes.filter(|(_, is_parent)| !is_parent).for_each(|(parent, _)| *parent = FREE);
        self.last = COMMAND as usize;
    }

    fn string(&mut self, code: u16) -> io::Result<()> {
        let Some(previous) = self.previous.replace(code) else {
            let [byte, high] = code.to_le_bytes();
            self.first = byte;
            self.pending.push(byte);
            return if high == 0 { Ok(()) } else { Err(broken("shrink: no literal first")) };
        };
        let mut at = code;
        if code > 256 && self.parent(code) == FREE {
            // The string that is being made: the last one and its own first byte.
            self.pending.push(self.first);
            at = previous;
        }
        // Codes can be made to go on from themselves; no string is longer than all codes.
        for _ in 0..CODES {
            if at < 256 {
                break;
            }
            let byte = self.bytes.get(usize::from(at)).copied().unwrap_or(0);
            self.pending.push(byte);
            at = self.parent(at);
        }
        let [byte, high] = at.to_le_bytes();
        if high != 0 {
            return Err(broken("shrink: a string without beginning"));
        }
        self.first = byte;
        self.pending.push(byte);
        self.add(previous);
        Ok(())
    }

    fn parent(&self, code: u16) -> u16 {
        self.parents.get(usize::from(code)).copied().unwrap_or(FREE)
    }

    /// Gives the next free code to the last string and the first byte of this one.
    fn add(&mut self, previous: u16) {
        let from = self.last.saturating_add(1);
        let behind = self.parents.get(from..).unwrap_or_default();
        let Some(free) = behind.iter().position(|&parent| parent == FREE) else { return };
        let code = from.saturating_add(free);
        self.last = code;
        if let (Some(parent), Some(byte)) = (self.parents.get_mut(code), self.bytes.get_mut(code)) {
            (*parent, *byte) = (previous, self.first);
        }
    }
}

impl<'d> Bytes<'d> for Shrink<'d> {
    fn next(&mut self) -> io::Result<u8> {
        for _ in 0..PATIENCE {
            if let Some(byte) = self.pending.pop() {
                return Ok(byte);
            }
            match self.bits.take(self.width)? {
                COMMAND => self.command()?,
                code => self.string(u16::try_from(code).unwrap_or(0))?,
            }
        }
        Err(io::ErrorKind::Interrupted.into())
    }

    fn rest(&self) -> &'d [u8] {
        self.bits.rest()
    }
}
