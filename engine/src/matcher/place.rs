//! Where a pattern may start in one object.

#![warn(clippy::arithmetic_side_effects)]

use std::ops::RangeInclusive;

use super::Subject;
use super::pattern::Offset;
use super::target::Target;
use crate::identify::FileType;
use crate::inspect;
use crate::limits::{Budget, Stop};
use crate::set::layout::{
    OFFSET_ANYWHERE, OFFSET_END, OFFSET_ENTRY_POINT, OFFSET_IN_SECTION, OFFSET_LAST_SECTION,
    OFFSET_SECTION, OFFSET_START, OFFSET_VERSION_STRING, PatternRow, PlaceRow, RegexRow,
};

/// The offset that a row stores, or `None` for a kind or a distance that means nothing.
pub(crate) fn read(row: &PatternRow) -> Option<Offset> {
    offset(row.offset_kind, row.section.get(), row.distance.get(), row.shift.get())
}

/// The offset that a row of places stores.
pub(crate) fn read_place(row: &PlaceRow) -> Option<Offset> {
    offset(row.offset_kind, row.section.get(), row.distance.get(), 0)
}

/// The offset that a row of regular expressions stores.
pub(crate) fn read_regex(row: &RegexRow) -> Option<Offset> {
    offset(row.offset_kind, row.section.get(), row.distance.get(), row.shift.get())
}

fn offset(kind: u8, index: u16, distance: i64, shift: u32) -> Option<Offset> {
    let forward = || u64::try_from(distance).ok();
    Some(match kind {
        OFFSET_ANYWHERE => Offset::Anywhere,
        OFFSET_START => Offset::Start { at: forward()?, shift },
        OFFSET_END => Offset::End { back: forward()?, shift },
        OFFSET_ENTRY_POINT => Offset::EntryPoint { delta: distance, shift },
        OFFSET_SECTION => Offset::Section { index, delta: forward()?, shift },
        OFFSET_IN_SECTION => Offset::InSection { index, shift },
        OFFSET_LAST_SECTION => Offset::LastSection { delta: forward()?, shift },
        OFFSET_VERSION_STRING => Offset::VersionString,
        _ => return None,
    })
}

impl Offset {
    /// The positions where a match may start in `subject`; `None` where there are none. Version
    /// strings are only bounded by it: [`VersionKeys`] knows where they are.
    pub(crate) fn starts(self, subject: &Subject<'_>) -> Option<RangeInclusive<u64>> {
        let size = subject.data.len() as u64;
        let floating = |start: u64, shift: u32| start..=start.saturating_add(shift.into());
        let entry_point = || Some(subject.landmarks?.entry_point);
        let sections = || Some(&subject.landmarks?.sections);
        let section = |index: usize| sections()?.get(index).cloned();
        let starts = match self {
            Offset::Anywhere => 0..=size,
            Offset::Start { at, shift } => floating(at, shift),
            Offset::End { .. } if has_unreadable_headers(subject) => return None,
            Offset::End { .. } if is_part_of_program(subject) => return None,
            Offset::End { back, shift } => floating(size.checked_sub(back)?, shift),
            Offset::EntryPoint { delta, shift } => {
                floating(entry_point()?.checked_add_signed(delta)?, shift)
            }
            Offset::Section { index, delta, shift } => {
                floating(section(index.into())?.start.checked_add(delta)?, shift)
            }
            Offset::InSection { index, shift } => {
                let raw = section(index.into())?;
                raw.start..=raw.end.saturating_add(shift.into())
            }
            Offset::LastSection { delta, shift } => {
                let last = sections()?.len().checked_sub(1)?;
                floating(section(last)?.start.checked_add(delta)?, shift)
            }
            Offset::VersionString => {
                (subject.landmarks?.file_type == FileType::Pe).then_some(0..=size)?
            }
        };
        (starts.start() <= starts.end() && *starts.start() <= size).then_some(starts)
    }
}

/// Whether an object begins like a program, and its headers cannot be read. ClamAV 1.4 knows no offset in
/// such a file but those from the start, whatever the target.
fn has_unreadable_headers(subject: &Subject<'_>) -> bool {
    let is_program = matches!(subject.kind, Some(Target::Pe | Target::Elf | Target::MachO));
    is_program && subject.landmarks.is_none()
}

/// Whether an object is a part of a Windows program and none itself: a resource, or what lies behind the
/// program. To ClamAV these are no files, so that nothing ends with them but, maybe, the program.
fn is_part_of_program(subject: &Subject<'_>) -> bool {
    let lies_in_program =
        subject.layers.last().is_some_and(|layer| layer.types.contains(FileType::Pe));
    lies_in_program && !matches!(subject.kind, Some(Target::Pe | Target::Elf | Target::MachO))
}

/// Where the version strings of the object in work are; read when it is first asked.
#[derive(Debug, Default)]
pub(crate) struct VersionKeys {
    keys: Option<Vec<u64>>,
    /// Why some were left unread.
    pub(crate) refused: Option<Stop>,
}

impl VersionKeys {
    /// Whether a match at `offset` may start at `start`, which [`Offset::starts`] allows.
    pub(crate) fn allow(
        &mut self,
        offset: Offset,
        start: u64,
        subject: &Subject<'_>,
        budget: &Budget,
    ) -> bool {
        if offset != Offset::VersionString {
            return true;
        }
        let Self { keys, refused } = self;
        let keys = keys.get_or_insert_with(|| {
            let (keys, why) = inspect::version_keys(subject.data, budget);
            *refused = why;
            keys
        });
        keys.binary_search(&start).is_ok()
    }
}
