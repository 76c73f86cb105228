//! What a logical signature asks of an object besides patterns, target and size: its entry point, the
//! number of its sections, and what it lies in.
//!
//! The entry point is an offset in the file, and 0 where the header names none. Where the headers cannot
//! be read ([`Landmarks`]), neither entry point nor sections are known, and whoever asks for one of them
//! does not hit.
//!
//! [`Landmarks`]: crate::inspect::Landmarks

use std::ops::RangeInclusive;

use super::Subject;
use super::containers::{MAX_INTERMEDIATES, end_with, lies_in};
use crate::identify::clam_types::ClamType;
use crate::set::layout::{CONDITION_ENTRY_POINT, CONDITION_SECTIONS, ConditionRow, NO_CONTAINER};

/// What is asked; nothing, by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Where the entry point must be.
    pub entry_point: Option<RangeInclusive<u64>>,
    /// How many sections there must be.
    pub sections: Option<RangeInclusive<u64>>,
    /// What the object must directly lie in.
    pub container: Option<ClamType>,
    /// What it must lie in, outermost first.
    pub intermediates: Vec<ClamType>,
}

impl Condition {
    /// Its stored form; `None` where it names too many kinds.
    pub fn row(&self) -> Option<ConditionRow> {
        let mut kinds = [0; MAX_INTERMEDIATES];
        let numbers = self.intermediates.iter().map(|kind| kind.number());
        kinds.iter_mut().zip(numbers).for_each(|(kind, number)| *kind = number);
        let ends = |range: &Option<RangeInclusive<u64>>| {
            range.as_ref().map_or((0, 0), |range| (*range.start(), *range.end()))
        };
        let (entry_point, sections) = (ends(&self.entry_point), ends(&self.sections));
        let entry_flag = if self.entry_point.is_some() { CONDITION_ENTRY_POINT } else { 0 };
        let sections_flag = if self.sections.is_some() { CONDITION_SECTIONS } else { 0 };
        let intermediates = u8::try_from(self.intermediates.len()).ok();
        Some(ConditionRow {
            entry_point_min: entry_point.0.into(),
            entry_point_max: entry_point.1.into(),
            sections_min: sections.0.into(),
            sections_max: sections.1.into(),
            flags: entry_flag | sections_flag,
            container: self.container.map_or(NO_CONTAINER, ClamType::number),
            intermediates: intermediates.filter(|&many| usize::from(many) <= MAX_INTERMEDIATES)?,
            kinds,
            first_regex: 0.into(),
            first_comparison: 0.into(),
            first_macro: 0.into(),
            regexes: 0,
            comparisons: 0,
            macros: 0,
            reserved: [0; 2],
        })
    }

    /// What a row stores; `None` where it means nothing.
    pub(crate) fn read(row: &ConditionRow) -> Option<Self> {
        if row.flags & !(CONDITION_ENTRY_POINT | CONDITION_SECTIONS) != 0 {
            return None;
        }
        let asked = |flag, range| (row.flags & flag != 0).then_some(range);
        let container = match row.container {
            NO_CONTAINER => None,
            number => Some(ClamType::from_number(number)?),
        };
        let kinds = row.kinds.get(..row.intermediates.into())?.iter();
        let intermediates = kinds.map(|&number| ClamType::from_number(number));
        Some(Self {
            entry_point: asked(
                CONDITION_ENTRY_POINT,
                row.entry_point_min.get()..=row.entry_point_max.get(),
            ),
            sections: asked(CONDITION_SECTIONS, row.sections_min.get()..=row.sections_max.get()),
            container,
            intermediates: intermediates.collect::<Option<_>>()?,
        })
    }

    /// Whether an object is as asked.
    pub(crate) fn holds(&self, subject: &Subject<'_>) -> bool {
        self.program_is_as_asked(subject)
            && self.container.is_none_or(|kind| lies_in(subject.layers, kind))
            && (self.intermediates.is_empty() || end_with(subject.layers, &self.intermediates))
    }

    fn program_is_as_asked(&self, subject: &Subject<'_>) -> bool {
        if self.entry_point.is_none() && self.sections.is_none() {
            return true;
        }
        let Some(landmarks) = subject.landmarks else { return false };
        let sections = landmarks.sections.len() as u64;
        self.entry_point.as_ref().is_none_or(|range| range.contains(&landmarks.entry_point))
            && self.sections.as_ref().is_none_or(|range| range.contains(&sections))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_survives_its_stored_form() {
        let kind = |name| ClamType::from_name(name).unwrap();
        let all = Condition {
            entry_point: Some(5..=10),
            sections: Some(0..=3),
            container: Some(kind("CL_TYPE_ZIP")),
            intermediates: vec![kind("CL_TYPE_ANY"), kind("CL_TYPE_GZ")],
        };
        for condition in [Condition::default(), all] {
            assert_eq!(Condition::read(&condition.row().unwrap()), Some(condition));
        }
        let intermediates = vec![kind("CL_TYPE_ZIP"); 17];
        assert_eq!(Condition { intermediates, ..Condition::default() }.row().map(|_| ()), None);
    }

    #[test]
    fn rows_that_mean_nothing() {
        let row = || Condition::default().row().unwrap();
        assert_eq!(Condition::read(&ConditionRow { flags: 4, ..row() }), None);
        assert_eq!(Condition::read(&ConditionRow { container: 254, ..row() }), None);
        assert_eq!(Condition::read(&ConditionRow { intermediates: 17, ..row() }), None);
        let kinds = [200; MAX_INTERMEDIATES];
        assert_eq!(Condition::read(&ConditionRow { intermediates: 1, kinds, ..row() }), None);
    }
}
