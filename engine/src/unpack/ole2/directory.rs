//! The directory: one record for each storage and stream (MS-CFB 2.6).
//!
//! Records are read one by one, as they stand. The tree that they form is only asked for names.

use super::sectors::Sectors;
use crate::limits::{Budget, Grant, Stop};
use crate::reader::Reader;
use crate::unpack::Notes;

const RECORD_BITS: u32 = 7;
const NONE: u32 = u32::MAX;
/// Storages above a stream that are named.
const DEEPEST: usize = 16;
/// The root's name, by which a lost directory is found.
const ROOT_NAME: &[u8] = b"R\0o\0o\0t\0 \0E\0n\0t\0r\0y\0\0\0";

/// What a record stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Storage,
    Stream,
    Root,
}

/// One record.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) name: Vec<u16>,
    pub(super) kind: Kind,
    left: u32,
    right: u32,
    child: u32,
    class: [u8; 16],
    pub(super) start: u32,
    pub(super) size: u64,
}

impl Record {
    /// Reads a record; `None` for one that is not in use.
    fn read(bytes: &[u8], has_long_sizes: bool) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let name = reader.bytes(64).ok()?;
        let length = usize::from(reader.u16_le().ok()?);
        let kind = match reader.u8().ok()? {
            1 => Kind::Storage,
            2 => Kind::Stream,
            5 => Kind::Root,
            _ => return None,
        };
        reader.skip(1).ok()?;
        let (left, right, child) =
            (reader.u32_le().ok()?, reader.u32_le().ok()?, reader.u32_le().ok()?);
        let class = reader.array().ok()?;
        reader.skip(20).ok()?;
        let (start, size) = (reader.u32_le().ok()?, reader.u64_le().ok()?);
        // Files with short sectors may have anything in the upper half.
        let size = if has_long_sizes { size } else { size & u64::from(u32::MAX) };
        let name = name.get(..length).unwrap_or(name);
        let units =
            name.chunks_exact(2).filter_map(|unit| Some(u16::from_le_bytes(*unit.first_chunk()?)));
        let name = units.take_while(|&unit| unit != 0).collect();
        Some(Self { name, kind, left, right, child, class, start, size })
    }

    pub(super) fn is_named(&self, name: &str) -> bool {
        is_named(&self.name, name)
    }

    fn is_installer(&self) -> bool {
        matches!(
            self.class,
            [0x82 | 0x84 | 0x86, 0x10, 0x0c, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46]
        )
    }
}

/// Compares as the format does, without regard to case; control characters in front do not count.
pub(super) fn is_named(stored: &[u16], name: &str) -> bool {
    let stored = stored.iter().copied().filter(|&unit| unit >= 0x20);
    let upper =
        |unit: u16| u8::try_from(unit).map_or(unit, |byte| byte.to_ascii_uppercase().into());
    stored.map(upper).eq(name.encode_utf16().map(upper))
}

/// The directory of a file.
pub(super) struct Directory {
    sectors: Vec<u32>,
    /// The storage of each record, as the tree has it.
    parents: Vec<u32>,
    /// Records in a sector, as a power of two.
    bits: u32,
    is_installer: bool,
    _grants: [Grant; 2],
}

impl Directory {
    pub(super) fn open(
        sectors: &Sectors<'_>,
        notes: &mut Notes,
        budget: &Budget,
    ) -> Result<Self, Stop> {
        let (mut list, grant) = sectors.list(sectors.first_of_directory, notes, budget)?;
        let has_root = |list: &[u32]| {
            let first = list.first().and_then(|&first| sectors.sector(first));
            first.is_some_and(|bytes| Record::read(bytes, true).is_some())
        };
        if !has_root(&list) {
            list.clear();
            match find_lost(sectors, budget)? {
                Some(first) => {
                    notes.corrupted("the directory is not where the header says");
                    list = sectors.list(first, notes, budget)?.0;
                }
                None => notes.corrupted("no directory"),
            }
        }
        let records = (list.len() as u64) << sectors.bits().saturating_sub(RECORD_BITS);
        let second = budget.hold(records.saturating_mul(24))?;
        let mut directory = Self {
            sectors: list,
            parents: Vec::new(),
            bits: sectors.bits().saturating_sub(RECORD_BITS),
            is_installer: false,
            _grants: [grant, second],
        };
        directory.climb(sectors, budget)?;
        Ok(directory)
    }

    /// Finds the storage of each record: every record is visited once, whatever the tree looks like.
    fn climb(&mut self, sectors: &Sectors<'_>, budget: &Budget) -> Result<(), Stop> {
        self.parents = vec![NONE; self.count() as usize];
        let mut waiting = Vec::new();
        for at in 0..self.count() {
            let Some(record) = self.entry(sectors, at) else { continue };
            if record.kind == Kind::Stream {
                continue;
            }
            self.is_installer |= record.kind == Kind::Root && record.is_installer();
            budget.check()?;
            waiting.push(record.child);
            while let Some(child) = waiting.pop() {
                let Some(parent) = self.parents.get_mut(child as usize) else { continue };
                if *parent != NONE || child == at {
                    continue;
                }
                *parent = at;
                if let Some(record) = self.entry(sectors, child) {
                    waiting.extend([record.left, record.right]);
                }
            }
        }
        Ok(())
    }

    /// How many records there are, unused ones included.
    pub(super) fn count(&self) -> u32 {
        let sectors = u32::try_from(self.sectors.len()).unwrap_or(u32::MAX);
        sectors.saturating_mul(1 << self.bits)
    }

    /// A record; `None` for one that is not in use or not there.
    pub(super) fn entry(&self, sectors: &Sectors<'_>, at: u32) -> Option<Record> {
        let sector = self.sectors.get((at >> self.bits) as usize)?;
        let inside = at & (1_u32 << self.bits).saturating_sub(1);
        let place = u64::from(inside) << RECORD_BITS;
        let bytes = Reader::at(sectors.sector(*sector)?, place).ok()?.rest();
        Record::read(bytes, self.has_long_sizes())
    }

    fn has_long_sizes(&self) -> bool {
        self.bits > 2
    }

    /// The storage that a record lies in.
    pub(super) fn parent(&self, at: u32) -> u32 {
        self.parents.get(at as usize).copied().unwrap_or(NONE)
    }

    /// The names from the root down to a record, for people.
    pub(super) fn path(&self, sectors: &Sectors<'_>, at: u32) -> String {
        let mut names = Vec::new();
        let mut next = at;
        while names.len() < DEEPEST
            && let Some(record) = self.entry(sectors, next)
            && record.kind != Kind::Root
        {
            names.push(self.readable(&record.name));
            next = self.parent(next);
        }
        names.reverse();
        names.join("/")
    }

    fn readable(&self, name: &[u16]) -> String {
        let unpacked: Vec<u16> = if self.is_installer { unpacked(name) } else { name.to_vec() };
        let name = String::from_utf16_lossy(&unpacked);
        name.chars().filter(|character| !character.is_control()).collect()
    }
}

/// Names in Windows Installer packages: two letters of a set of 64 in one character. The sign in front
/// of tables is shown as an exclamation mark.
fn unpacked(name: &[u16]) -> Vec<u16> {
    const LETTERS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";
    let letter = |number: u16| LETTERS.get(usize::from(number & 0x3f)).map(|&byte| u16::from(byte));
    let two = |unit: u16| match unit {
        0x3800..=0x47ff => [letter(unit), letter(unit.wrapping_sub(0x3800) >> 6)],
        0x4800..=0x483f => [letter(unit), None],
        0x4840 => [Some(u16::from(b'!')), None],
        _ => [Some(unit), None],
    };
    name.iter().flat_map(|&unit| two(unit)).flatten().collect()
}

/// Looks for the root's record where sectors begin.
fn find_lost(sectors: &Sectors<'_>, budget: &Budget) -> Result<Option<u32>, Stop> {
    let sector_size = 1_usize << sectors.bits();
    let mut from = sector_size;
    while let Some(found) =
        budget.find(sectors.bytes().get(from..).unwrap_or_default(), ROOT_NAME)?
    {
        let place = from.saturating_add(found);
        if place.is_multiple_of(sector_size) {
            let sector = u32::try_from(place >> sectors.bits()).ok();
            return Ok(sector.and_then(|sector| sector.checked_sub(1)));
        }
        from = place.saturating_add(1);
    }
    Ok(None)
}
