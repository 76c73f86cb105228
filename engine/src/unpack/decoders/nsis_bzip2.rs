//! bzip2 as NSIS writes it: without the stream's header, without checksums, and with one byte in front
//! of each block instead of six. The bzip2 crate reads nothing without checksums, so this is a decoder of
//! its own (after bzip2 1.0.8 for what is in a block, and NSIS's public readers for what is around it).
//!
//! A block has at most 900,000 bytes, whatever its fields say, and is decoded as a whole.

use std::io::{self, BufReader, Read};

use super::{broken, cut_off};

/// The most that a block holds before its runs are written out.
const BLOCK: usize = 900_000;
/// What a decoder keeps: four bytes for each byte of a block, and its tables.
pub(in crate::unpack) const MEMORY: u64 = 4 << 20;
const BLOCK_MARK: u32 = 0x31;
const END_MARK: u32 = 0x17;
/// Symbols that one table of codes serves.
const GROUP: usize = 50;
/// Bits of the longest code.
const LONGEST: u32 = 20;
/// How often the length of a code may change until it is told: no writer goes up and down.
const CHANGES: u32 = 64;

/// Decodes one stream.
pub(in crate::unpack) struct NsisBzip2<R> {
    bits: Bits<R>,
    /// Each byte of the block, and above it the place of the one that follows.
    block: Vec<u32>,
    /// Where the next byte of the block stands, and how many there still are.
    at: u32,
    left: usize,
    runs: Runs,
    ended: bool,
}

/// Behind four equal bytes stands how often the byte comes again.
#[derive(Default)]
struct Runs {
    last: Option<u8>,
    same: u32,
    repeat: u8,
}

impl<R: Read> NsisBzip2<R> {
    pub(in crate::unpack) fn new(source: R) -> Self {
        let bits = Bits { source: BufReader::new(source), held: 0, count: 0 };
        Self { bits, block: Vec::new(), at: 0, left: 0, runs: Runs::default(), ended: false }
    }

    /// Reads the next block; false at the end of the stream.
    fn fill(&mut self) -> io::Result<bool> {
        match self.bits.take(8)? {
            END_MARK => return Ok(false),
            BLOCK_MARK => {}
            _ => return Err(broken("bzip2: no block begins here")),
        }
        let origin = self.bits.take(24)?;
        self.block.clear();
        self.block.reserve_exact(BLOCK);
        Symbols::read(&mut self.bits)?.decode(&mut self.bits, &mut self.block)?;
        link(&mut self.block);
        let origin = self.block.get(origin as usize);
        self.at = origin.ok_or_else(|| broken("bzip2: a block begins outside of itself"))? >> 8;
        (self.left, self.runs) = (self.block.len(), Runs::default());
        Ok(true)
    }

    /// The next byte of the block, before runs are written out.
    fn next(&mut self) -> Option<u8> {
        self.left = self.left.checked_sub(1)?;
        let entry = *self.block.get(self.at as usize)?;
        self.at = entry >> 8;
        Some(entry.to_le_bytes()[0])
    }

    /// The next byte of the content, as far as the block goes.
    fn byte(&mut self) -> Option<u8> {
        loop {
            if let Some(left) = self.runs.repeat.checked_sub(1) {
                self.runs.repeat = left;
                return self.runs.last;
            }
            let byte = self.next()?;
            if self.runs.same == 4 {
                (self.runs.same, self.runs.repeat) = (0, byte);
                continue;
            }
            let is_same = self.runs.last == Some(byte);
            self.runs.same = if is_same { self.runs.same.saturating_add(1) } else { 1 };
            self.runs.last = Some(byte);
            return Some(byte);
        }
    }
}

impl<R: Read> Read for NsisBzip2<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.ended || into.is_empty() {
            return Ok(0);
        }
        let mut count = 0_usize;
        for place in into {
            let Some(byte) = self.byte() else { break };
            *place = byte;
            count = count.saturating_add(1);
        }
        if count > 0 {
            return Ok(count);
        }
        self.ended = !self.fill().inspect_err(|_| self.ended = true)?;
        match self.ended {
            true => Ok(0),
            // A block was read: the budget looks at the clock and asks again.
            false => Err(io::ErrorKind::Interrupted.into()),
        }
    }
}

/// How the symbols of a block are written.
struct Symbols {
    /// The bytes that occur.
    bytes: Vec<u8>,
    tables: Vec<Codes>,
    /// Which table serves which group of symbols.
    selectors: Vec<u8>,
}

impl Symbols {
    fn read<R: Read>(bits: &mut Bits<R>) -> io::Result<Self> {
        let bytes = used_bytes(bits)?;
        let groups = bits.take(3)?;
        let count = bits.take(15)?;
        if !matches!(groups, 2..=6) || count == 0 || bytes.is_empty() {
            return Err(broken("bzip2: a block without codes"));
        }
        let mut order: Vec<u8> = (0..6).collect();
        let mut selectors = Vec::new();
        for _ in 0..count {
            let mut index = 0_u32;
            while bits.take(1)? == 1 {
                index = index.saturating_add(1);
                if index >= groups {
                    return Err(broken("bzip2: no such table of codes"));
                }
            }
            selectors.push(to_front(&mut order, index as usize));
        }
        let count = bytes.len().saturating_add(2);
        let tables = (0..groups).map(|_| Codes::read(count, bits)).collect::<io::Result<_>>()?;
        Ok(Self { bytes, tables, selectors })
    }

    /// Decodes the last column of the sorted block.
    fn decode<R: Read>(mut self, bits: &mut Bits<R>, column: &mut Vec<u32>) -> io::Result<()> {
        let end = self.bytes.len().saturating_add(1);
        let (mut run, mut weight) = (0_usize, 1_usize);
        for selector in self.selectors {
            let table = self.tables.get(usize::from(selector));
            let table = table.ok_or_else(|| broken("bzip2: no such table of codes"))?;
            for _ in 0..GROUP {
                let symbol = usize::from(table.symbol(bits)?);
                if let digit @ 0..=1 = symbol {
                    run = run.saturating_add(weight.saturating_mul(digit.saturating_add(1)));
                    weight = weight.saturating_mul(2);
                    continue;
                }
                let first = self.bytes.first().copied().unwrap_or(0);
                push(column, first, run)?;
                (run, weight) = (0, 1);
                if symbol == end {
                    return Ok(());
                }
                push(column, to_front(&mut self.bytes, symbol.saturating_sub(1)), 1)?;
            }
        }
        Err(broken("bzip2: a block without an end"))
    }
}

/// The bytes that occur in a block, by two levels of flags.
fn used_bytes<R: Read>(bits: &mut Bits<R>) -> io::Result<Vec<u8>> {
    let rows = bits.take(16)?;
    let mut bytes = Vec::new();
    for row in (0..16_u8).filter(|row| rows >> (15_u8.saturating_sub(*row)) & 1 == 1) {
        let flags = bits.take(16)?;
        let columns = (0..16_u8).filter(|at| flags >> (15_u8.saturating_sub(*at)) & 1 == 1);
        bytes.extend(columns.map(|at| row << 4 | at));
    }
    Ok(bytes)
}

/// Takes an element of a list, and puts it in front.
fn to_front(list: &mut [u8], index: usize) -> u8 {
    let Some(head) = list.get_mut(..=index) else { return 0 };
    head.rotate_right(1);
    head.first().copied().unwrap_or(0)
}

fn push(column: &mut Vec<u32>, byte: u8, count: usize) -> io::Result<()> {
    let length = column.len().saturating_add(count);
    if length > BLOCK {
        return Err(broken("bzip2: a block that is too large"));
    }
    column.resize(length, byte.into());
    Ok(())
}

/// Puts above each byte of a sorted column the place of the byte that follows it in the text.
fn link(column: &mut [u32]) {
    let mut places = [0_u32; 256];
    for byte in column.iter() {
        if let Some(count) = places.get_mut((byte & 0xff) as usize) {
            *count = count.saturating_add(1);
        }
    }
    let mut sum = 0_u32;
    for place in &mut places {
        let count = std::mem::replace(place, sum);
        sum = sum.saturating_add(count);
    }
    for (at, index) in (0..column.len()).zip(0_u32..) {
        let byte = column.get(at).map_or(0, |entry| entry & 0xff);
        let Some(place) = places.get_mut(byte as usize) else { continue };
        if let Some(entry) = column.get_mut(*place as usize) {
            *entry |= index << 8;
        }
        *place = place.saturating_add(1);
    }
}

/// Codes of Huffman's, in order of their lengths.
struct Codes {
    /// For each length the first code that is longer, aligned to the longest, and what to add to a
    /// code for its place among the symbols.
    lengths: Vec<(u32, u32)>,
    symbols: Vec<u16>,
}

impl Codes {
    fn read<R: Read>(count: usize, bits: &mut Bits<R>) -> io::Result<Self> {
        let mut length = bits.take(5)?;
        let mut lengths = Vec::new();
        for _ in 0..count {
            // A length that goes up and down all the time would last as long as there is input.
            let mut changes = 0..CHANGES;
            while bits.take(1)? == 1 {
                changes.next().ok_or_else(|| broken("bzip2: a length that has no end"))?;
                length = match bits.take(1)? {
                    0 => length.saturating_add(1),
                    _ => length.saturating_sub(1),
                };
            }
            if !(1..=LONGEST).contains(&length) {
                return Err(broken("bzip2: a code of no length"));
            }
            lengths.push(length);
        }
        Ok(Self::of(&lengths))
    }

    fn of(lengths: &[u32]) -> Self {
        let mut codes = Self { lengths: Vec::new(), symbols: Vec::new() };
        let mut code = 0_u32;
        for length in 1..=LONGEST {
            let first = codes.symbols.len() as u32;
            let of_length = lengths.iter().zip(0_u16..).filter(|(its, _)| **its == length);
            codes.symbols.extend(of_length.map(|(_, symbol)| symbol));
            let offset = first.wrapping_sub(code);
            code = code.saturating_add((codes.symbols.len() as u32).saturating_sub(first));
            codes.lengths.push((code << LONGEST.saturating_sub(length), offset));
            code = code.saturating_mul(2);
        }
        codes
    }

    fn symbol<R: Read>(&self, bits: &mut Bits<R>) -> io::Result<u16> {
        let ahead = bits.ahead()?;
        let found = self.lengths.iter().zip(1_u32..).find(|((end, _), _)| ahead < *end);
        let no_code = || broken("bzip2: no such code");
        let ((_, offset), length) = found.ok_or_else(no_code)?;
        bits.take(length)?;
        let place = (ahead >> LONGEST.saturating_sub(length)).wrapping_add(*offset);
        self.symbols.get(place as usize).copied().ok_or_else(no_code)
    }
}

/// Bits from the highest of each byte to the lowest.
struct Bits<R> {
    source: BufReader<R>,
    /// Bits that were read ahead, the next one the highest of `count`.
    held: u64,
    count: u32,
}

impl<R: Read> Bits<R> {
    /// Reads ahead as far as there is something to read.
    fn fill(&mut self) -> io::Result<()> {
        let mut byte = [0];
        while self.count <= 32 && self.source.read(&mut byte)? == 1 {
            self.held = self.held << 8 | u64::from(byte[0]);
            self.count = self.count.saturating_add(8);
        }
        Ok(())
    }

    /// The next bits, at most 24.
    fn take(&mut self, count: u32) -> io::Result<u32> {
        if self.count < count {
            self.fill()?;
        }
        self.count = self.count.checked_sub(count).ok_or_else(cut_off)?;
        let mask = (1_u64 << count.min(24)).saturating_sub(1);
        Ok((self.held >> self.count & mask) as u32)
    }

    /// As many bits as the longest code has, zeros behind the end; they stay.
    fn ahead(&mut self) -> io::Result<u32> {
        if self.count < LONGEST {
            self.fill()?;
        }
        let mask = (1_u64 << LONGEST).saturating_sub(1);
        let bits = match self.count.checked_sub(LONGEST) {
            Some(over) => self.held >> over,
            None => self.held << LONGEST.saturating_sub(self.count),
        };
        Ok((bits & mask) as u32)
    }
}
