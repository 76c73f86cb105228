//! Gathers what was found, under the ceiling of [`Identification::MOST`].

use super::{FileType, Found, Identification, TypeSet};

/// How many places of one type are kept from the search for embedded objects.
const MOST_OF_A_TYPE: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Collector {
    found: Vec<Found>,
    types: TypeSet,
    more: bool,
}

impl Collector {
    /// Adds a type; the same at the same place counts once.
    ///
    /// What comes first has the better claim, so the types at 0 are added first. Still no type is
    /// lost: a new type takes the place of the last entry whose type occurs twice.
    pub(super) fn add(&mut self, file_type: FileType, offset: usize) {
        let found = Found { offset: offset as u64, file_type };
        if self.found.contains(&found) {
            return;
        }
        if offset > 0 && self.count(file_type) >= MOST_OF_A_TYPE {
            self.more = true;
            return;
        }
        if self.found.len() >= Identification::MOST && !self.make_room(file_type) {
            return;
        }
        self.types.insert(file_type);
        self.found.push(found);
    }

    /// Makes room for a type that is not there yet.
    fn make_room(&mut self, file_type: FileType) -> bool {
        self.more = true;
        if self.types.contains(file_type) {
            return false;
        }
        let repeated = self
            .found
            .iter()
            .rposition(|found| found.offset > 0 && self.count(found.file_type) > 1);
        repeated.map(|index| self.found.remove(index)).is_some()
    }

    fn count(&self, file_type: FileType) -> usize {
        if !self.types.contains(file_type) {
            return 0;
        }
        self.found.iter().filter(|found| found.file_type == file_type).count()
    }

    /// Notes that something was left away.
    pub(super) fn note_more(&mut self) {
        self.more = true;
    }

    /// Whether nothing was found so far.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether one of these types was found anywhere.
    pub(super) fn has_any(&self, types: &[FileType]) -> bool {
        types.iter().any(|&file_type| self.types.contains(file_type))
    }

    /// What was found at 0 so far.
    pub(super) fn at_start(&self) -> impl Iterator<Item = FileType> {
        self.found.iter().filter(|found| found.offset == 0).map(|found| found.file_type)
    }

    pub(super) fn finish(mut self) -> Identification {
        self.found.sort_unstable();
        Identification { found: self.found, more: self.more, ..Identification::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_type_is_lost_when_there_are_too_many_places() {
        let mut collector = Collector::default();
        collector.add(FileType::Data, 0);
        for kind in [FileType::Pe, FileType::Elf, FileType::Cab, FileType::Rar] {
            (1..=100).for_each(|place| collector.add(kind, place));
        }
        collector.add(FileType::Zip, 7);
        let identification = collector.finish();
        assert_eq!(identification.found.len(), Identification::MOST);
        assert!(identification.more);
        for kind in [FileType::Data, FileType::Zip, FileType::Pe, FileType::Rar] {
            assert!(identification.types().contains(kind));
        }
        assert!(identification.found.is_sorted());
    }

    #[test]
    fn the_same_is_said_once() {
        let mut collector = Collector::default();
        collector.add(FileType::Zip, 3);
        collector.add(FileType::Zip, 3);
        let identification = collector.finish();
        assert_eq!(identification.found.len(), 1);
        assert!(!identification.more);
    }
}
