//! Signatures: collected in the order of their first use, numbered in the order of their meaning.
//!
//! Signatures that share origin, class and severity become one group, so that millions of them store
//! nothing but their names; and names in their order are stored as differences.

use pellucid::set::layout::{GroupRow, NAME_BLOCK};
use pellucid::set::names;
use pellucid::verdict::Class;
use zerocopy::little_endian::U32;

use super::row_number;
use super::strings::{RowTable, Strings};
use crate::report::BuildError;

/// The signatures of a set.
#[derive(Debug, Default)]
pub(crate) struct Signatures {
    names: Strings,
    rows: Vec<Signature>,
    table: RowTable,
}

/// One signature. Its name is a number of [`Strings`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Signature {
    name: u32,
    origin: u16,
    class: u8,
    severity: u8,
}

impl Signature {
    /// What it shares with its group: origin, class and severity.
    fn group(self) -> (u16, u8, u8) {
        (self.origin, self.class, self.severity)
    }
}

/// Signatures as a set stores them.
#[derive(Debug)]
pub(crate) struct Numbered {
    /// By the order of first use: the number in the set.
    pub(crate) numbers: Vec<u32>,
    pub(crate) groups: Vec<GroupRow>,
    pub(crate) blocks: Vec<U32>,
    pub(crate) names: Vec<u8>,
}

impl Signatures {
    /// The number of a name, the same for the same name.
    pub(crate) fn name(&mut self, name: &str) -> Result<u32, BuildError> {
        self.names.number(name)
    }

    /// A signature; a hash list may give one name to many hashes.
    pub(crate) fn add(
        &mut self,
        name: u32,
        origin: u16,
        class: Class,
        severity: u8,
    ) -> Result<u32, BuildError> {
        let key = Signature { name, origin, class: class as u8, severity };
        let fresh = row_number(self.rows.len(), "signatures")?;
        let rows = &self.rows;
        let key_of = |row: u32| rows.get(row as usize).copied().unwrap_or_default();
        let found = self.table.find_or_add(key, fresh, |row| key_of(row) == key);
        if found.is_none() {
            self.rows.push(key);
        }
        Ok(found.unwrap_or(fresh))
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// What a signature says of a hash: its name, and what a hit means.
    pub(crate) fn says(&self, signature: u32) -> Option<(u32, u8)> {
        self.rows.get(signature as usize).map(|row| (row.name, row.class))
    }

    /// Numbers those that are used.
    pub(crate) fn number(self, used: &[bool]) -> Result<Numbered, BuildError> {
        let is_used = |row: &u32| used.get(*row as usize).copied().unwrap_or(false);
        let all = row_number(self.rows.len(), "signatures")?;
        let mut order: Vec<u32> = (0..all).filter(is_used).collect();
        order.sort_unstable_by_key(|&row| self.rank(row));
        let mut numbered = Numbered {
            numbers: vec![0; self.rows.len()],
            groups: Vec::new(),
            blocks: Vec::new(),
            names: Vec::new(),
        };
        let mut before = "";
        for (number, row) in (0_u32..).zip(order) {
            if let Some(place) = numbered.numbers.get_mut(row as usize) {
                *place = number;
            }
            if number % NAME_BLOCK == 0 {
                before = "";
                let start = row_number(numbered.names.len(), "bytes of names")?;
                numbered.blocks.push(start.into());
            }
            let row = self.row(row);
            let name = self.names.text(row.name);
            names::append(&mut numbered.names, before, name);
            before = name;
            numbered.count(number, row.group());
        }
        Ok(numbered)
    }

    /// What signatures are sorted by: origin, class and severity, then the name.
    fn rank(&self, row: u32) -> ((u16, u8, u8), &[u8]) {
        let row = self.row(row);
        (row.group(), self.names.bytes_of(row.name))
    }

    fn row(&self, row: u32) -> Signature {
        self.rows.get(row as usize).copied().unwrap_or_default()
    }
}

impl Numbered {
    /// Counts a signature in its group.
    fn count(&mut self, number: u32, (origin, class, severity): (u16, u8, u8)) {
        let group = (origin, class, severity);
        let of = |row: &GroupRow| (row.origin.get(), row.class, row.severity);
        match self.groups.last_mut().filter(|last| of(last) == group) {
            Some(last) => last.count = last.count.get().saturating_add(1).into(),
            None => self.groups.push(GroupRow {
                first: number.into(),
                count: 1.into(),
                origin: origin.into(),
                class,
                severity,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_numbered_by_group_and_name() {
        let mut signatures = Signatures::default();
        let mut add = |name: &str, origin, class| {
            let name = signatures.name(name).unwrap();
            signatures.add(name, origin, class, 80).unwrap()
        };
        let all = [
            add("B", 0, Class::Malicious),
            add("A", 1, Class::Malicious),
            add("C", 0, Class::Pua),
            add("A", 0, Class::Malicious),
            add("unused", 0, Class::Malicious),
            add("B", 0, Class::Malicious),
        ];
        assert_eq!(all, [0, 1, 2, 3, 4, 0]);
        let numbered = signatures.number(&[true, true, true, true, false]).unwrap();
        assert_eq!(numbered.numbers, [2, 3, 0, 1, 0]);
        let groups: Vec<_> = numbered
            .groups
            .iter()
            .map(|row| (row.first.get(), row.count.get(), row.origin.get(), row.class))
            .collect();
        assert_eq!(groups, [(0, 1, 0, 2), (1, 2, 0, 4), (3, 1, 1, 4)]);
        assert_eq!(numbered.blocks.len(), 1);
        let names: Vec<_> =
            (0..4).map(|index| names::read(&numbered.names, index).unwrap()).collect();
        assert_eq!(names, ["C", "A", "B", "A"]);
    }

    #[test]
    fn each_block_begins_anew() {
        let mut signatures = Signatures::default();
        for number in 0..100 {
            let name = signatures.name(&format!("Name-{number:03}")).unwrap();
            signatures.add(name, 0, Class::Malicious, 80).unwrap();
        }
        let numbered = signatures.number(&[true; 100]).unwrap();
        assert_eq!(numbered.blocks.len(), 100_usize.div_ceil(NAME_BLOCK as usize));
        let second = numbered.blocks[1].get() as usize;
        assert_eq!(names::read(&numbered.names[second..], 1).unwrap(), "Name-033");
    }
}
