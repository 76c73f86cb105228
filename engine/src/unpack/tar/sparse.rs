//! Files with holes: maps of where the stored pieces belong (GNU tar manual, "Sparse Formats").
//!
//! A map can describe a file of exabytes in one block. So the file with its holes is put out only
//! through the budget, like the output of a decoder; where the budget refuses, the stored pieces are
//! handed out as they stand in the archive, with the reason.

use std::io::{self, Read};

use ::tar::{GnuExtSparseHeader, GnuHeader, GnuSparseHeader, Header};

use super::BLOCK;
use super::pax::{Sparse, number};
use crate::input::Content;
use crate::limits::{Budget, DecodeEnd, Grant, Limit, Stop};
use crate::reader::Reader;
use crate::unpack::Entry;
use crate::verdict::{Problem, Reason};

/// Where the stored pieces of a file belong.
#[derive(Debug)]
pub(super) struct Map {
    /// Offset and length of each piece; the pieces stand in the archive in this order.
    pieces: Vec<(u64, u64)>,
    /// The memory of the pieces.
    grant: Option<Grant>,
    /// The size with the holes.
    size: u64,
    /// Why the map is not all there.
    problem: Option<Problem>,
}

impl Map {
    fn new(size: u64, budget: &Budget) -> Self {
        let grant = budget.hold(0).ok();
        Self { pieces: Vec::new(), grant, size, problem: None }
    }

    fn push(&mut self, offset: u64, length: u64) {
        if self.problem.is_some() {
            return;
        }
        match self.grant.as_mut().map(|grant| grant.grow(size_of::<(u64, u64)>() as u64)) {
            Some(Ok(())) => self.pieces.push((offset, length)),
            Some(Err(stop)) => self.problem = Some(stop.into()),
            None => self.problem = Some(Stop::Limit(Limit::Memory).into()),
        }
    }

    fn break_off(&mut self) {
        let broken = || Problem::new(Reason::Corrupted, "the map of its holes is broken");
        self.problem.get_or_insert_with(broken);
    }

    /// The map in an old GNU header (type `S`), and the length of the blocks that continue it behind
    /// the header.
    pub(super) fn of_header(
        header: &[u8; BLOCK as usize],
        archive: &[u8],
        at: u64,
        budget: &Budget,
    ) -> (Self, u64) {
        let header = Header::from_byte_slice(header).as_gnu();
        let size = header.and_then(|header| header.real_size().ok());
        let mut map = Self::new(size.unwrap_or(0), budget);
        if size.is_none() {
            map.break_off();
        }
        let mut continues = header.is_some_and(GnuHeader::is_extended);
        map.push_all(header.map_or(&[], |header| &header.sparse));
        let mut blocks = Reader::at(archive, at).unwrap_or(Reader::new(&[]));
        let mut length = 0_u64;
        while continues {
            let Ok(block) = blocks.array() else {
                map.break_off();
                break;
            };
            let mut more = GnuExtSparseHeader::new();
            *more.as_mut_bytes() = block;
            map.push_all(more.sparse());
            continues = more.is_extended();
            length = length.saturating_add(BLOCK);
        }
        (map, length)
    }

    fn push_all(&mut self, pieces: &[GnuSparseHeader]) {
        for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
            match (piece.offset(), piece.length()) {
                (Ok(offset), Ok(length)) => self.push(offset, length),
                _ => self.break_off(),
            }
        }
    }

    /// The map in a pax header: numbers with commas.
    pub(super) fn of_pax(sparse: &Sparse, size: u64, budget: &Budget) -> Self {
        let mut map = Self::new(size, budget);
        if sparse.is_cut {
            map.break_off();
        }
        let mut numbers =
            sparse.numbers.split(|&byte| byte == b',').filter(|text| !text.is_empty());
        while let Some(offset) = numbers.next() {
            match (number(offset), numbers.next().and_then(number)) {
                (Some(offset), Some(length)) => map.push(offset, length),
                _ => map.break_off(),
            }
        }
        map
    }

    /// The map in front of the data: the number of pieces, then offsets and lengths, each on a line of
    /// its own, padded to a block. Also its length.
    pub(super) fn of_data(data: &[u8], size: u64, budget: &Budget) -> (Self, u64) {
        let mut map = Self::new(size, budget);
        let mut lines = data.split(|&byte| byte == b'\n');
        let mut length = 0_u64;
        let mut next = || {
            let line = lines.next()?;
            length = length.saturating_add(line.len() as u64).saturating_add(1);
            number(line)
        };
        let Some(count) = next() else {
            map.break_off();
            return (map, 0);
        };
        for _ in 0..count {
            let (Some(offset), Some(length)) = (next(), next()) else {
                map.break_off();
                return (map, 0);
            };
            map.push(offset, length);
        }
        (map, length.checked_next_multiple_of(BLOCK).unwrap_or(u64::MAX))
    }

    /// The file with its holes filled with zeros; the stored pieces alone where that is refused.
    pub(super) fn fill<'a>(
        mut self,
        name: Vec<u8>,
        stored: Content<'a>,
        budget: &Budget,
    ) -> Entry<'a> {
        if !self.is_in_order() {
            self.break_off();
        }
        if let Some(problem) = self.problem {
            return Entry::in_place(name, stored, budget).with(problem);
        }
        if self.size > budget.limits().object_bytes {
            return self.refuse(name, stored, Stop::Limit(Limit::ObjectBytes), budget);
        }
        let file = File { map: &self, stored: &stored, piece: 0, at: 0 };
        match budget.decode(file, stored.len() as u64) {
            Err(stop) => self.refuse(name, stored, stop, budget),
            Ok(decoded) => match decoded.end {
                DecodeEnd::Stopped(stop) => {
                    drop(decoded);
                    self.refuse(name, stored, stop, budget)
                }
                _ => Entry::decoded(name, decoded),
            },
        }
    }

    fn refuse<'a>(
        &self,
        name: Vec<u8>,
        stored: Content<'a>,
        stop: Stop,
        budget: &Budget,
    ) -> Entry<'a> {
        let detail = format!("{} bytes with its holes; only what is stored was read", self.size);
        Entry::in_place(name, stored, budget).with(Problem::new(stop.into(), detail))
    }

    /// Whether the pieces follow each other without overlap, inside of the file.
    fn is_in_order(&self) -> bool {
        let mut free = 0;
        self.pieces.iter().all(|&(offset, length)| {
            let end = offset.checked_add(length).filter(|&end| end <= self.size);
            let is_behind = offset >= free;
            free = end.unwrap_or(free);
            is_behind && end.is_some()
        })
    }
}

/// Reads a file with its holes.
struct File<'f> {
    map: &'f Map,
    /// The stored bytes of this piece and those behind it.
    stored: &'f [u8],
    piece: usize,
    at: u64,
}

impl Read for File<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.map.pieces.get(self.piece) {
            Some(&(offset, _)) if self.at < offset => Ok(self.zeros(offset, into)),
            Some(&(offset, length)) if self.at < offset.saturating_add(length) => {
                self.copy(offset.saturating_add(length), into)
            }
            Some(_) => {
                self.piece = self.piece.saturating_add(1);
                Err(io::ErrorKind::Interrupted.into())
            }
            None => Ok(self.zeros(self.map.size, into)),
        }
    }
}

impl File<'_> {
    /// Puts out zeros up to `end`.
    fn zeros(&mut self, end: u64, into: &mut [u8]) -> usize {
        let count = self.step(end, into.len());
        into.get_mut(..count).unwrap_or_default().fill(0);
        self.at = self.at.saturating_add(count as u64);
        count
    }

    /// Puts out stored bytes up to `end`.
    fn copy(&mut self, end: u64, into: &mut [u8]) -> io::Result<usize> {
        let count = self.step(end, into.len()).min(self.stored.len());
        if count == 0 && !into.is_empty() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "pieces are missing"));
        }
        let (now, later) = self.stored.split_at_checked(count).unwrap_or_default();
        into.get_mut(..count).unwrap_or_default().copy_from_slice(now);
        self.stored = later;
        self.at = self.at.saturating_add(count as u64);
        Ok(count)
    }

    fn step(&self, end: u64, room: usize) -> usize {
        usize::try_from(end.saturating_sub(self.at)).unwrap_or(usize::MAX).min(room)
    }
}
