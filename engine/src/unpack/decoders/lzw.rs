//! compress (.Z): LZW with codes of 9 to 16 bits, as the program of that name writes it.
//!
//! There is no end mark, no length and no checksum: a stream that is cut off between two codes is a
//! shorter stream. Codes come in groups of eight, as many bytes as a code has bits; where the width
//! changes, the rest of the group is passed over.

use std::io::{self, Read};

use super::{Memory, Stream, broken, cut_off};
use crate::limits::{Budget, Stop};

const NARROWEST: u32 = 9;
const CLEAR: u16 = 256;
/// The tables for codes of 16 bits, and a string of them.
const MEMORY: u64 = 4 << 16;

/// Decodes one compress stream.
pub(in crate::unpack) struct Lzw<'d> {
    /// Behind the header of three bytes.
    codes: &'d [u8],
    /// The next bit to read.
    at: u64,
    /// Where the group of eight codes began.
    group: u64,
    width: u32,
    widest: u32,
    has_clear: bool,
    prefixes: Vec<u16>,
    suffixes: Vec<u8>,
    previous: Option<u16>,
    /// The first byte of the last string.
    first: u8,
    /// A string on its way out, last byte first.
    pending: Vec<u8>,
    _memory: Memory,
    ended: bool,
}

impl<'d> Lzw<'d> {
    pub(in crate::unpack) fn new(data: &'d [u8], budget: &Budget) -> Result<Self, Stop> {
        let mut memory = Memory::new(budget)?;
        memory.grow_to(MEMORY)?;
        let flags = data.get(2).copied().unwrap_or(0);
        let (widest, has_clear) = (u32::from(flags & 0x1f).clamp(NARROWEST, 16), flags & 0x80 != 0);
        let mut stream = Self {
            codes: data.get(3..).unwrap_or_default(),
            at: 0,
            group: 0,
            width: NARROWEST,
            widest,
            has_clear,
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            previous: None,
            first: 0,
            pending: Vec::new(),
            _memory: memory,
            ended: false,
        };
        stream.clear();
        Ok(stream)
    }

    /// Forgets all strings of more than one byte.
    fn clear(&mut self) {
        let first_free = if self.has_clear { usize::from(CLEAR).saturating_add(1) } else { 256 };
        self.prefixes.clear();
        self.prefixes.resize(first_free, 0);
        self.suffixes.clear();
        self.suffixes.extend((0..first_free).map(|code| code.to_le_bytes()[0]));
        self.previous = None;
    }

    /// Reads the next code; `None` where fewer bits are left than a code has.
    fn code(&mut self) -> Option<u16> {
        let byte = usize::try_from(self.at / 8).ok()?;
        let bytes = self.codes.get(byte..)?;
        let window = [0, 1, 2].map(|index| bytes.get(index).copied().unwrap_or(0));
        let [low, middle, high] = window.map(u32::from);
        let end = self.at.saturating_add(self.width.into());
        if end > (self.codes.len() as u64).saturating_mul(8) {
            return None;
        }
        let bits = (high << 16 | middle << 8 | low) >> (self.at % 8);
        self.at = end;
        let mask = (1_u32 << self.width).wrapping_sub(1);
        u16::try_from(bits & mask).ok()
    }

    /// Goes to the end of the group of eight codes, and on with another width.
    fn change_width(&mut self, width: u32) {
        let group = u64::from(self.width).saturating_mul(8);
        let read = self.at.saturating_sub(self.group);
        let whole = read.checked_next_multiple_of(group).unwrap_or(read);
        self.at = self.group.saturating_add(whole);
        self.group = self.at;
        self.width = width;
    }

    /// Puts the string of the next code into `pending`; `false` at the end.
    fn next_string(&mut self) -> io::Result<bool> {
        if self.width < self.widest && self.prefixes.len() >= 1 << self.width {
            self.change_width(self.width.saturating_add(1));
        }
        let Some(code) = self.code() else { return self.end() };
        if code == CLEAR && self.has_clear {
            self.clear();
            self.change_width(NARROWEST);
            return Ok(true);
        }
        let known = self.prefixes.len();
        let is_next = usize::from(code) == known;
        let string = match (is_next, self.previous) {
            (true, Some(previous)) => {
                self.pending.push(self.first);
                previous
            }
            _ if usize::from(code) >= known => return Err(broken("an unknown code")),
            _ => code,
        };
        self.push_string(string);
        if let Some(previous) = self.previous
            && known < 1 << self.widest
        {
            self.prefixes.push(previous);
            self.suffixes.push(self.first);
        }
        self.previous = Some(code);
        Ok(true)
    }

    /// Puts a string into `pending`, from its last byte to its first. A prefix is always an older code,
    /// so this ends.
    fn push_string(&mut self, mut code: u16) {
        while code >= 256 {
            let entry = usize::from(code);
            let (Some(&prefix), Some(&suffix)) =
                (self.prefixes.get(entry), self.suffixes.get(entry))
            else {
                break;
            };
            self.pending.push(suffix);
            code = prefix;
        }
        self.first = code.to_le_bytes()[0];
        self.pending.push(self.first);
    }

    /// Bits of a code that is not all there are zeros, or the stream is cut off.
    fn end(&mut self) -> io::Result<bool> {
        self.ended = true;
        let byte = usize::try_from(self.at.div_ceil(8)).unwrap_or(usize::MAX);
        let rest = self.codes.get(byte..).unwrap_or_default();
        if rest.iter().any(|&byte| byte != 0) {
            return Err(cut_off());
        }
        Ok(false)
    }
}

impl Read for Lzw<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.ended && self.pending.is_empty() {
            return Ok(0);
        }
        let mut count = 0_usize;
        for place in into {
            while self.pending.is_empty() {
                match self.next_string() {
                    Ok(true) if !self.pending.is_empty() => {}
                    // A code that puts nothing out: a flood of them meets the clock.
                    Ok(true) if count == 0 => return Err(io::ErrorKind::Interrupted.into()),
                    Err(error) if count == 0 => {
                        self.ended = true;
                        return Err(error);
                    }
                    _ => return Ok(count),
                }
            }
            let Some(byte) = self.pending.pop() else { break };
            *place = byte;
            count = count.saturating_add(1);
        }
        Ok(count)
    }
}

impl<'d> Stream<'d> for Lzw<'d> {
    fn rest(&self) -> &'d [u8] {
        &[]
    }
}
