//! Signatures by their numbers: what they share with their group, and their names.
//!
//! Groups are few and checked when a set is opened. Names are read only of signatures that hit.

#![warn(clippy::arithmetic_side_effects)]

use zerocopy::little_endian::U32;

use super::chunks::Damaged;
use super::error::SetError;
use super::layout::{GroupRow, NAME_BLOCK, Section};
use super::names;
use super::open::{Origin, SignatureSet, broken};
use crate::verdict::Class;

/// A signature's name, meaning and source.
#[derive(Clone, Debug)]
pub(crate) struct Signature<'a> {
    pub(crate) name: String,
    pub(crate) class: Class,
    pub(crate) severity: u8,
    pub(crate) origin: Origin<'a>,
}

impl SignatureSet {
    /// How many signatures it has; YARA rules are not counted.
    pub(crate) fn signatures(&self) -> u32 {
        let last = self.rows::<GroupRow>(Section::Groups).last();
        last.map_or(0, |row| row.first.get().saturating_add(row.count.get()))
    }

    /// The signature of that number. Where its name cannot be read, the number takes its place, and the
    /// damage is told as well: a hit stays a hit.
    pub(crate) fn signature(&self, number: u32) -> (Option<Signature<'_>>, Result<(), Damaged>) {
        let Some((group, class)) = self.group(number) else {
            return (None, Err(damaged(Section::Groups, number, "no such signature")));
        };
        let (name, read) = match self.name(number) {
            Ok(name) => (name, Ok(())),
            Err(damaged) => (format!("signature {number} (its name is damaged)"), Err(damaged)),
        };
        let origin = self.origin(group.origin.get().into()).unwrap_or_default();
        (Some(Signature { name, class, severity: group.severity, origin }), read)
    }

    fn group(&self, number: u32) -> Option<(&GroupRow, Class)> {
        let groups = self.rows::<GroupRow>(Section::Groups);
        let behind = groups.partition_point(|row| row.first.get() <= number);
        let group = groups.get(behind.checked_sub(1)?)?;
        let is_inside = number.checked_sub(group.first.get())? < group.count.get();
        Some((group, Class::from_number(group.class).filter(|_| is_inside)?))
    }

    fn name(&self, number: u32) -> Result<String, Damaged> {
        let block = self.name_block(number / NAME_BLOCK)?;
        let name = names::read(block, (number % NAME_BLOCK) as usize);
        name.ok_or(damaged(Section::Names, number, "a name that cannot be read"))
    }

    /// The bytes of one block of names.
    pub(super) fn name_block(&self, block: u32) -> Result<&[u8], Damaged> {
        let start = |block: u32| {
            let row = self.checked_row::<U32>(Section::NameBlocks, block as usize)?;
            Ok(row.get() as usize)
        };
        let next = block.saturating_add(1);
        let end =
            if next < self.name_blocks() { start(next)? } else { self.length(Section::Names) };
        self.checked(Section::Names, start(block)?..end)
    }

    /// How many blocks of names there are.
    pub(super) fn name_blocks(&self) -> u32 {
        self.signatures().div_ceil(NAME_BLOCK)
    }

    /// Checks what is known without looking at a name.
    pub(super) fn check_groups(&self) -> Result<(), SetError> {
        let (mut next, origins) = (0_u32, self.origins());
        for (number, row) in self.rows::<GroupRow>(Section::Groups).iter().enumerate() {
            let what = if row.first.get() != next {
                "does not go on where the group before ends"
            } else if Class::from_number(row.class).is_none() {
                "unknown class"
            } else if usize::from(row.origin.get()) >= origins {
                "no such origin"
            } else if let Some(end) = next.checked_add(row.count.get()) {
                next = end;
                continue;
            } else {
                "too many signatures"
            };
            return Err(broken(Section::Groups, number, what));
        }
        let blocks = (self.name_blocks() as usize).saturating_mul(size_of::<U32>());
        if self.length(Section::NameBlocks) != blocks {
            return Err(SetError::invalid(format!(
                "section NameBlocks: {blocks} bytes expected for {next} signatures, {} found",
                self.length(Section::NameBlocks)
            )));
        }
        Ok(())
    }

    /// Reads every name.
    pub(super) fn check_names(&self) -> Result<(), SetError> {
        for block in 0..self.name_blocks() {
            let first = block.saturating_mul(NAME_BLOCK);
            let count = self.signatures().saturating_sub(first).min(NAME_BLOCK);
            let mut names = names::all(self.name_block(block)?);
            let whole = names.by_ref().take(count as usize).flatten().count() as u32;
            if whole != count || names.next().is_some() {
                let number = first.saturating_add(whole) as usize;
                return Err(broken(Section::Names, number, "a name that cannot be read"));
            }
        }
        Ok(())
    }
}

fn damaged(section: Section, number: u32, what: &'static str) -> Damaged {
    Damaged::Entry { section, entry: number as usize, what }
}
