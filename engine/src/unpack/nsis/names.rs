//! The names of an installer's files, out of its script (NSIS's `fileform.h`, and its public readers for
//! the kinds of strings).
//!
//! The script is a list of instructions; the one that installs a file says where its data lie and where
//! its name stands among the strings. Nothing else of it is read: not the folders that files go to, nor
//! what stands for a variable in a name. Where nothing fits, files have no names.

use crate::input::Content;
use crate::limits::{Budget, Grant, Stop};
use crate::reader::{OutOfBounds, Reader};

/// The lists of the header: instructions and strings are the third and the fourth.
const INSTRUCTIONS: u64 = 2;
const INSTRUCTION: u64 = 28;
const INSTALLS_FILE: u32 = 20;
const LONGEST: usize = 260;
/// As many bytes of a string are read: codes without end are no name.
const STRING: u64 = 4096;

/// Where the data of files lie, and their names.
pub(super) struct Names<'a> {
    header: Content<'a>,
    /// The place of a file behind the header, and that of its name; sorted.
    places: Vec<(u32, u32)>,
    strings: u64,
    is_wide: bool,
    _grant: Grant,
}

impl<'a> Names<'a> {
    /// Reads the instructions of an unpacked header.
    pub(super) fn read(header: Content<'a>, budget: &Budget) -> Result<Self, Stop> {
        // An instruction of 28 bytes becomes one of 8.
        let grant = budget.hold(header.len() as u64 / 3)?;
        let mut names =
            Self { header, places: Vec::new(), strings: 0, is_wide: false, _grant: grant };
        // What is cut off names fewer files.
        let _ = names.collect();
        names.places.sort_unstable();
        Ok(names)
    }

    fn collect(&mut self) -> Result<(), OutOfBounds> {
        // Flags, and then a place and a count for each list.
        let mut lists = Reader::at(&self.header, 4 + INSTRUCTIONS * 8)?;
        let (instructions, count) = (lists.u32_le()?, lists.u32_le()?);
        self.strings = lists.u32_le()?.into();
        self.is_wide = Reader::at(&self.header, self.strings)?.u16_le()? == 0;
        let mut reader = Reader::at(&self.header, instructions.into())?;
        for _ in 0..count {
            let mut instruction = Reader::new(reader.bytes(INSTRUCTION)?);
            let what = instruction.u32_le()?;
            instruction.skip(4)?;
            let (name, place) = (instruction.u32_le()?, instruction.u32_le()?);
            if what == INSTALLS_FILE {
                self.places.push((place, name));
            }
        }
        Ok(())
    }

    /// The name of the file whose data lie there.
    pub(super) fn of(&self, place: u64) -> Option<Vec<u8>> {
        let place = u32::try_from(place).ok()?;
        let index = self.places.partition_point(|(its, _)| *its < place);
        let (_, name) = self.places.get(index).filter(|(its, _)| *its == place)?;
        let name = match self.is_wide {
            true => self.wide((*name).into()),
            false => self.narrow((*name).into()),
        };
        name.filter(|name| !name.is_empty())
    }

    /// What may be a string.
    fn string(&self, place: u64) -> Option<Reader<'_>> {
        let mut rest = Reader::at(&self.header, place).ok()?;
        rest.sub(STRING.min(rest.remaining() as u64)).ok()
    }

    /// A string of bytes. Four codes have an argument of two bytes: the lowest in NSIS 3, the highest
    /// before.
    fn narrow(&self, place: u64) -> Option<Vec<u8>> {
        let mut reader = self.string(self.strings.saturating_add(place))?;
        let mut name = Vec::new();
        while name.len() < LONGEST {
            match reader.u8().ok()? {
                0 => return Some(name),
                1..=4 | 252..=255 => reader.skip(2).ok()?,
                byte => name.push(byte),
            }
        }
        Some(name)
    }

    /// A string of UTF-16, with codes and arguments of one unit.
    fn wide(&self, place: u64) -> Option<Vec<u8>> {
        let place = self.strings.saturating_add(place.saturating_mul(2));
        let mut reader = self.string(place)?;
        let mut name = Vec::new();
        while name.len() < LONGEST {
            match reader.u16_le().ok()? {
                0 => break,
                1..=4 => reader.skip(2).ok()?,
                unit => name.push(unit),
            }
        }
        Some(String::from_utf16_lossy(&name).into_bytes())
    }
}
