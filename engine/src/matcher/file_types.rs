//! File types that signature sets bring along (ClamAV's `.ftm`).
//!
//! They are added to what identification finds by itself, and take nothing away. As in ClamAV 1.4, what
//! gives a type away must stand in the first 1024 bytes, and a body signature changes nothing about an
//! object whose type is known, text and unknown data aside. (There, the types HTML and mail may show
//! themselves anywhere in a text; here, identification looks for these by itself.)

use super::patterns::{Patterns, Scratch};
use super::{Pattern, Subject, Target};
use crate::identify::clam_types::ClamType;
use crate::identify::{FileType, TypeSet};
use crate::limits::Budget;
use crate::set::layout::{FILE_TYPE, FileTypeRow, PatternRow, Section};
use crate::set::{SignatureSet, slice_of};

/// What gives a type away, as authors write it.
#[derive(Clone, Debug, PartialEq)]
pub struct FileTypePattern {
    /// The type.
    pub kind: ClamType,
    /// What the object must be already.
    pub required: Option<ClamType>,
    /// What gives it away.
    pub magic: Magic,
}

/// Bytes that give a type away.
#[derive(Clone, Debug, PartialEq)]
pub enum Magic {
    /// These, at this place, of which all must lie below [`Magic::REACH`].
    Bytes {
        /// Bytes from the start.
        at: u16,
        /// What stands there.
        bytes: Vec<u8>,
    },
    /// A byte pattern.
    Body(Pattern),
}

impl Magic {
    /// Bytes of an object in which types show themselves.
    pub const REACH: usize = 1024;
}

/// The file types of one set.
pub(super) struct FileTypes {
    /// Whether patterns give some of them away.
    by_pattern: bool,
}

impl FileTypes {
    pub(super) fn new(set: &SignatureSet) -> Self {
        let rows = set.rows::<FileTypeRow>(Section::FileTypes);
        Self { by_pattern: rows.iter().any(|row| row.by_pattern != 0) }
    }

    /// The types that the set sees in an object of these types from its start.
    pub(super) fn see(
        &self,
        set: &SignatureSet,
        patterns: &Patterns,
        (data, at_start): (&[u8], TypeSet),
        scratch: &mut Scratch,
        budget: &Budget,
    ) -> Vec<FileType> {
        let near = data.get(..Magic::REACH).unwrap_or(data);
        let mut types = by_magic(set, near);
        let known = types.iter().copied().chain(at_start.iter()).collect();
        if self.by_pattern && Target::of(near, at_start).is_none() && is_open(known) {
            // Where this search is broken off or finds the set damaged, that of all the data will, too, and
            // says so.
            let _ = patterns.search(&Subject::new(near), scratch, budget);
            types.extend(by_body(set, scratch, known));
        }
        types
    }
}

fn by_magic(set: &SignatureSet, near: &[u8]) -> Vec<FileType> {
    let numbers = set.section(Section::Bytes);
    let fits = |row: &&FileTypeRow| {
        let magic = slice_of(numbers, row.magic.get(), row.magic_length.get().into());
        let there = near.get(usize::from(row.at.get())..);
        there.zip(magic).is_some_and(|(there, magic)| there.starts_with(magic))
    };
    let rows = set.rows::<FileTypeRow>(Section::FileTypes).iter();
    let by_magic = rows.filter(|row| row.by_pattern == 0);
    by_magic.filter(fits).filter_map(FileTypeRow::file_type).collect()
}

fn by_body<'s>(
    set: &'s SignatureSet,
    found: &Scratch,
    at_start: TypeSet,
) -> impl Iterator<Item = FileType> + use<'s> {
    let rows = set.rows::<FileTypeRow>(Section::FileTypes);
    let patterns = set.cold::<PatternRow>(Section::Patterns);
    let matched = found.matched().into_iter();
    let matched = matched.filter_map(move |index| patterns.get(index as usize).ok());
    matched
        .filter(|pattern| pattern.part == FILE_TYPE)
        .filter_map(|pattern| rows.get(pattern.owner.get() as usize))
        .filter(move |row| row.allows(at_start))
        .filter_map(FileTypeRow::file_type)
}

/// Whether ClamAV would call it text or unknown data.
fn is_open(at_start: TypeSet) -> bool {
    const OPEN: [FileType; 4] =
        [FileType::Data, FileType::Ascii, FileType::Utf8, FileType::Text8Bit];
    let mut known = at_start.iter().filter(|file_type| !OPEN.contains(file_type));
    !known.any(|file_type| ClamType::all().any(|kind| kind.types().contains(&file_type)))
}

impl FileTypeRow {
    /// [`FileTypeRow::required`] where nothing is.
    pub const NOTHING: u8 = 0xff;

    /// Of several types that one of ClamAV's stands for, the first.
    fn file_type(&self) -> Option<FileType> {
        ClamType::from_number(self.kind)?.types().first().copied()
    }

    fn allows(&self, types: TypeSet) -> bool {
        let required = ClamType::from_number(self.required);
        required.is_none_or(|required| required.fits(types))
    }
}
