//! Sectors, the table that chains them, and the smaller sectors inside of one stream (MS-CFB 2.1-2.5).

use std::io::{self, Read};

use super::directory::Record;
use crate::input::Content;
use crate::limits::{Budget, Grant, Stop};
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::{Notes, decoders};

/// The largest number of a sector; larger ones mean something else.
const LAST: u32 = 0xffff_fffa;
const END_OF_CHAIN: u32 = 0xffff_fffe;
/// Small sectors have 64 bytes in every file that programs read.
const SMALL_BITS: u32 = 6;
/// Streams of at least this many bytes lie in sectors, smaller ones in small sectors.
const SMALL_MOST: u64 = 4096;
/// Places of the sector table that stand in the header.
const IN_HEADER: usize = 109;

/// A compound file cut into sectors.
pub(super) struct Sectors<'a> {
    file: Content<'a>,
    bits: u32,
    pub(super) first_of_directory: u32,
    first_of_small_table: u32,
    /// The sectors of the table, in order.
    table: Vec<u32>,
    /// The sectors that hold small ones, and those that hold their table.
    small: Vec<u32>,
    small_table: Vec<u32>,
    /// For the lists above.
    grants: Vec<Grant>,
}

/// Which sectors a chain consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    Large,
    Small,
}

struct Header {
    bits: u32,
    first_of_directory: u32,
    first_of_small_table: u32,
    first_of_further_table: u32,
    table: [u32; IN_HEADER],
}

impl Header {
    const MISSING: Self = Self {
        bits: 9,
        first_of_directory: END_OF_CHAIN,
        first_of_small_table: END_OF_CHAIN,
        first_of_further_table: END_OF_CHAIN,
        table: [u32::MAX; IN_HEADER],
    };

    fn read(file: &[u8]) -> Result<Self, OutOfBounds> {
        let number = |at: u64| Reader::at(file, at)?.u32_le();
        let bits = Reader::at(file, 30)?.u16_le()?;
        let mut table = [u32::MAX; IN_HEADER];
        let mut places = Reader::at(file, 76)?;
        for slot in &mut table {
            *slot = places.u32_le()?;
        }
        Ok(Self {
            bits: bits.into(),
            first_of_directory: number(48)?,
            first_of_small_table: number(60)?,
            first_of_further_table: number(68)?,
            table,
        })
    }
}

impl<'a> Sectors<'a> {
    pub(super) fn open(
        file: Content<'a>,
        notes: &mut Notes,
        budget: &Budget,
    ) -> Result<Self, Stop> {
        let header = Header::read(&file).unwrap_or_else(|cut| {
            notes.truncated(format!("the header is cut off: {cut}"));
            Header::MISSING
        });
        let mut bits = header.bits;
        if !matches!(bits, 9 | 12) {
            notes.corrupted(format!("sectors of 2^{bits} bytes; 512 are assumed"));
            bits = 9;
        }
        let mut sectors = Self {
            file,
            bits,
            first_of_directory: header.first_of_directory,
            first_of_small_table: header.first_of_small_table,
            table: Vec::new(),
            small: Vec::new(),
            small_table: Vec::new(),
            grants: Vec::new(),
        };
        sectors.read_table(&header, notes, budget)?;
        Ok(sectors)
    }

    /// Collects the places of the table, as many as the file has sectors to describe.
    fn read_table(
        &mut self,
        header: &Header,
        notes: &mut Notes,
        budget: &Budget,
    ) -> Result<(), Stop> {
        let links = 1_u32 << self.bits.saturating_sub(2);
        let wanted = self.count().div_ceil(links) as usize;
        self.grants.push(budget.hold((wanted as u64).saturating_mul(4))?);
        let mut table: Vec<u32> = Vec::new();
        table.extend(header.table.iter().take_while(|&&at| at <= LAST).take(wanted));
        let mut further = header.first_of_further_table;
        let mut read = 0_u32;
        while table.len() < wanted && further <= LAST {
            budget.check()?;
            read = read.saturating_add(1);
            let Some(places) = self.sector(further).filter(|_| read <= self.count()) else {
                notes.corrupted("the list of the sector table is broken");
                break;
            };
            let mut reader = Reader::new(places);
            for _ in 1..links {
                match reader.u32_le() {
                    Ok(at) if at <= LAST && table.len() < wanted => table.push(at),
                    _ => {}
                }
            }
            further = reader.u32_le().unwrap_or(END_OF_CHAIN);
        }
        self.table = table;
        Ok(())
    }

    /// Finds the small sectors, which lie in the stream of the root.
    pub(super) fn open_small(
        &mut self,
        root: &Record,
        notes: &mut Notes,
        budget: &Budget,
    ) -> Result<(), Stop> {
        self.small_table = self.collect(self.first_of_small_table, notes, budget)?;
        self.small = self.collect(root.start, notes, budget)?;
        Ok(())
    }

    /// A chain as a list.
    pub(super) fn collect(
        &mut self,
        start: u32,
        notes: &mut Notes,
        budget: &Budget,
    ) -> Result<Vec<u32>, Stop> {
        let (list, grant) = self.list(start, notes, budget)?;
        self.grants.push(grant);
        Ok(list)
    }

    /// A chain as a list, and what it takes; a chain that leads back into itself ends there.
    pub(super) fn list(
        &self,
        start: u32,
        notes: &mut Notes,
        budget: &Budget,
    ) -> Result<(Vec<u32>, Grant), Stop> {
        let grant = budget.hold(u64::from(self.count()).saturating_mul(4))?;
        let mut list = Vec::new();
        let mut walk = Walk::new(Size::Large, start);
        while let Some(step) = walk.step(self) {
            match step {
                Ok(sector) if list.len() < self.count() as usize => list.push(sector),
                Ok(_) => break,
                Err(error) => {
                    notes.add(decoders::problem(&error));
                    break;
                }
            }
        }
        Ok((list, grant))
    }

    /// Bytes of the file.
    pub(super) fn size(&self) -> u64 {
        self.file.len() as u64
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.file
    }

    pub(super) fn bits(&self) -> u32 {
        self.bits
    }

    /// How many sectors the file has, a last one that is cut off included.
    pub(super) fn count(&self) -> u32 {
        let behind_header = self.file.len().saturating_sub(1 << self.bits);
        u32::try_from(behind_header.div_ceil(1 << self.bits)).unwrap_or(LAST)
    }

    /// A sector, as far as it is there.
    pub(super) fn sector(&self, number: u32) -> Option<&[u8]> {
        let start = u64::from(number).saturating_add(1) << self.bits;
        let rest = Reader::at(&self.file, start).ok()?.rest();
        let sector = rest.get(..1 << self.bits).unwrap_or(rest);
        (!sector.is_empty()).then_some(sector)
    }

    /// A number of 32 bits in a list of sectors.
    fn number(&self, sectors: &[u32], index: u32) -> Option<u32> {
        let place = u64::from(index).saturating_mul(4);
        let sector = sectors.get(usize::try_from(place >> self.bits).ok()?)?;
        let inside = place & (1_u64 << self.bits).saturating_sub(1);
        Reader::at(self.sector(*sector)?, inside).ok()?.u32_le().ok()
    }

    fn piece(&self, size: Size, number: u32) -> Option<&[u8]> {
        if size == Size::Large {
            return self.sector(number);
        }
        let place = u64::from(number) << SMALL_BITS;
        let sector = self.small.get(usize::try_from(place >> self.bits).ok()?)?;
        let inside = place & (1_u64 << self.bits).saturating_sub(1);
        let rest = Reader::at(self.sector(*sector)?, inside).ok()?.rest();
        let piece = rest.get(..1 << SMALL_BITS).unwrap_or(rest);
        (!piece.is_empty()).then_some(piece)
    }

    /// What follows a sector. Where the table does not reach, the next in a row.
    fn next(&self, size: Size, number: u32) -> u32 {
        let table = match size {
            Size::Large => &self.table,
            Size::Small => &self.small_table,
        };
        self.number(table, number).unwrap_or_else(|| number.saturating_add(1))
    }
}

/// The way through a chain. A chain that leads back into itself is found out after at most three
/// rounds (Brent's way).
pub(super) struct Walk {
    size: Size,
    at: u32,
    landmark: u32,
    steps: u32,
    most: u32,
}

impl Walk {
    pub(super) fn new(size: Size, start: u32) -> Self {
        Self { size, at: start, landmark: u32::MAX, steps: 0, most: 1 }
    }

    /// The next sector, `None` at the end of the chain; an error ends it.
    pub(super) fn step(&mut self, sectors: &Sectors<'_>) -> Option<io::Result<u32>> {
        let at = self.at;
        if at == END_OF_CHAIN {
            return None;
        }
        self.at = END_OF_CHAIN;
        if at > LAST {
            return Some(Err(broken("a chain of sectors leads to an unused one")));
        }
        if sectors.piece(self.size, at).is_none() {
            let error = io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "a chain of sectors leads behind the end",
            );
            return Some(Err(error));
        }
        if at == self.landmark {
            return Some(Err(broken("a chain of sectors leads back into itself")));
        }
        self.steps = self.steps.saturating_add(1);
        if self.steps == self.most {
            (self.landmark, self.steps) = (at, 0);
            self.most = self.most.saturating_mul(2);
        }
        self.at = sectors.next(self.size, at);
        Some(Ok(at))
    }
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The bytes of one stream, in order.
pub(super) struct Chain<'s, 'a> {
    sectors: &'s Sectors<'a>,
    walk: Walk,
    piece: &'s [u8],
    left: u64,
    /// To be told once what came before it is handed out.
    failure: Option<io::Error>,
}

impl<'s, 'a> Chain<'s, 'a> {
    pub(super) fn of(sectors: &'s Sectors<'a>, stream: &Record) -> Self {
        let size = if stream.size < SMALL_MOST { Size::Small } else { Size::Large };
        Self {
            sectors,
            walk: Walk::new(size, stream.start),
            piece: &[],
            left: stream.size,
            failure: None,
        }
    }
}

impl Chain<'_, '_> {
    /// Copies out of the sector at hand, or goes to the next one.
    fn step(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() {
            let ended = || broken("a chain of sectors ends before the stream does");
            let sector = self.walk.step(self.sectors).unwrap_or_else(|| Err(ended()))?;
            self.piece = self.sectors.piece(self.walk.size, sector).unwrap_or_default();
        }
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let count = self.piece.len().min(into.len()).min(left);
        let (now, later) = self.piece.split_at_checked(count).unwrap_or_default();
        if let Some(into) = into.get_mut(..count) {
            into.copy_from_slice(now);
        }
        self.piece = later;
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}

impl Read for Chain<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let mut filled = 0_usize;
        while self.left > 0
            && let Some(rest) = into.get_mut(filled..)
            && !rest.is_empty()
        {
            match self.step(rest) {
                Ok(count) => filled = filled.saturating_add(count),
                Err(failure) if filled == 0 => return Err(failure),
                Err(failure) => {
                    self.failure = Some(failure);
                    break;
                }
            }
        }
        Ok(filled)
    }
}
