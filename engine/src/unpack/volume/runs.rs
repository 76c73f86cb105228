//! The pieces of one file, in its order: places on its disk, and holes.

use std::io::{self, Read};

use super::tree::Weight;
use super::{Pieces, Volume};
use crate::limits::{Budget, Grant, Stop};
use crate::unpack::Entry;

/// Bytes in a row. Without a place they are zeros that lie nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Run {
    place: Option<u64>,
    length: u64,
}

/// Where all pieces of a file lie, to be compared.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(in crate::unpack) struct Places(Box<[Run]>);

impl Weight for Places {
    fn weight(&self) -> u64 {
        size_of_val(&*self.0) as u64
    }
}

/// The pieces of one file. Those that follow each other on the disk are one; the list is charged.
#[derive(Debug)]
pub(in crate::unpack) struct Runs {
    list: Vec<Run>,
    length: u64,
    grant: Grant,
}

impl Runs {
    pub(in crate::unpack) fn new(budget: &Budget) -> Result<Self, Stop> {
        Ok(Self { list: Vec::new(), length: 0, grant: budget.hold(0)? })
    }

    /// One piece.
    pub(in crate::unpack) fn one(place: u64, length: u64, budget: &Budget) -> Result<Self, Stop> {
        let mut runs = Self::new(budget)?;
        runs.add(Some(place), length)?;
        Ok(runs)
    }

    /// Adds a piece; `None` is a hole.
    pub(in crate::unpack) fn add(&mut self, place: Option<u64>, length: u64) -> Result<(), Stop> {
        self.length = self.length.saturating_add(length);
        if let Some(last) = self.list.last_mut() {
            let follows = match (last.place, place) {
                (Some(last_place), Some(place)) => {
                    last_place.checked_add(last.length) == Some(place)
                }
                (None, None) => true,
                _ => false,
            };
            if follows {
                last.length = last.length.saturating_add(length);
                return Ok(());
            }
        }
        // Lists grow by doubling.
        self.grant.grow((size_of::<Run>() as u64).saturating_mul(2))?;
        self.list.push(Run { place, length });
        Ok(())
    }

    /// Where they lie.
    pub(in crate::unpack) fn places(&self) -> Places {
        Places(self.list.as_slice().into())
    }

    /// The bytes of all pieces.
    pub(in crate::unpack) fn length(&self) -> u64 {
        self.length
    }
}

impl<'a> Volume<'a> {
    /// Hands a file out: in place if it lies in a row, else put together. What the pieces do not have
    /// of its size is missing, and said.
    pub(in crate::unpack) fn file(
        &self,
        name: impl Into<Vec<u8>>,
        runs: Runs,
        size: u64,
        budget: &Budget,
    ) -> Entry<'a> {
        let name = name.into();
        let entry = match self.lies_in_a_row(&runs, size, budget) {
            Some(content) => Entry::in_place(name, content, budget),
            None => {
                Entry::of(name, budget.decode(self.file_reader(runs, size, budget), self.length))
            }
        };
        entry.expecting(size)
    }

    fn lies_in_a_row(
        &self,
        runs: &Runs,
        size: u64,
        budget: &Budget,
    ) -> Option<crate::input::Content<'a>> {
        match runs.list.as_slice() {
            [] => self.in_a_row(0, 0, budget),
            [Run { place: Some(place), length }] => {
                self.in_a_row(*place, size.min(*length), budget)
            }
            [_, ..] if size == 0 => self.in_a_row(0, 0, budget),
            _ => None,
        }
    }

    /// Reads the pieces behind each other, and zeros for the holes.
    pub(in crate::unpack) fn file_reader(
        &self,
        runs: Runs,
        size: u64,
        budget: &Budget,
    ) -> FileReader<'a> {
        let (volume, budget) = (self.clone(), budget.clone());
        FileReader { volume, runs, next: 0, left: size, run: None, budget }
    }
}

/// Reads one file.
pub(in crate::unpack) struct FileReader<'a> {
    volume: Volume<'a>,
    runs: Runs,
    /// The piece behind the one at hand.
    next: usize,
    /// Bytes of the file that were not yet read.
    left: u64,
    run: Option<OpenRun<'a>>,
    budget: Budget,
}

enum OpenRun<'a> {
    Stored(Box<Pieces<'a>>),
    Hole(io::Take<io::Repeat>),
}

impl<'a> FileReader<'a> {
    /// Opens the next piece; `None` behind the last.
    fn open_next(&mut self) -> Option<OpenRun<'a>> {
        let run = *self.runs.list.get(self.next)?;
        self.next = self.next.saturating_add(1);
        Some(match run.place {
            Some(place) => {
                let mut pieces = self.volume.part(place, run.length).reader(&self.budget);
                // What lies behind the end of the disk is missing, and must be noticed.
                pieces.left = run.length;
                OpenRun::Stored(Box::new(pieces))
            }
            None => OpenRun::Hole(io::repeat(0).take(run.length)),
        })
    }
}

impl Read for FileReader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        let into = into.get_mut(..most).unwrap_or_default();
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            let count = match &mut self.run {
                Some(OpenRun::Stored(pieces)) => pieces.read(into)?,
                Some(OpenRun::Hole(zeros)) => zeros.read(into)?,
                None => 0,
            };
            if count > 0 {
                self.left = self.left.saturating_sub(count as u64);
                return Ok(count);
            }
            self.run = self.open_next();
            if self.run.is_none() {
                return Ok(0);
            }
        }
    }
}
