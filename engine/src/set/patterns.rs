//! Rows of byte patterns: read one by one where they are used, and all of them where a tool asks.
//!
//! They are cold: opening a set looks at none of them. So whoever reads one here gets it with every
//! reference checked, or learns that the set is damaged.

#![warn(clippy::arithmetic_side_effects)]

use super::chunks::Damaged;
use super::error::SetError;
use super::layout::{
    ALWAYS_LOGICAL, ALWAYS_PATTERN, AlwaysRow, AnchorRow, FILE_TYPE, FileTypeRow, GATE, LogicalRow,
    MACRO_GROUPS, MACRO_MEMBER, NO_LEAD, PatternRow, PlaceEntry, PlaceRow, SHARDS, Section,
    SegmentRow, WHOLE,
};
use super::open::{SignatureSet, broken, spend};
use crate::matcher::{Offset, Target, place, program};

/// One pattern with its segments.
#[derive(Clone, Copy)]
pub(crate) struct PatternRows<'s> {
    pub(crate) row: &'s PatternRow,
    pub(crate) target: Target,
    pub(crate) offset: Offset,
    /// At least one.
    pub(crate) segments: &'s [SegmentRow],
}

impl SignatureSet {
    /// The pattern of that row.
    pub(crate) fn pattern(&self, index: u32) -> Result<PatternRows<'_>, Damaged> {
        let entry = index as usize;
        let damaged = |what| Damaged::Entry { section: Section::Patterns, entry, what };
        let row: &PatternRow = self.cold(Section::Patterns).get(entry)?;
        let target = Target::from_number(row.target).ok_or(damaged("unknown target"))?;
        let offset = place::read(row).ok_or(damaged("offset of unknown kind, or out of range"))?;
        let (first, count) = (row.first_segment.get(), row.segments.get());
        let segments: &[SegmentRow] = self.cold(Section::Segments).run(first, count.into())?;
        match segments.iter().all(|segment| segment.pattern.get() == index) {
            true if count > 0 => Ok(PatternRows { row, target, offset, segments }),
            _ => Err(damaged("segments out of range")),
        }
    }

    /// A segment's program.
    pub(crate) fn program(&self, segment: &SegmentRow) -> Result<&[u8], Damaged> {
        let (start, length) = (segment.program.get(), segment.program_length.get());
        self.cold(Section::Programs).run(start, length)
    }

    /// The literal that gives a segment away; empty where it has none.
    pub(crate) fn literal(&self, segment: &SegmentRow) -> Result<&[u8], Damaged> {
        let (start, length) = (segment.literal.get(), segment.literal_length.get());
        self.cold(Section::Programs).run(start, length.into())
    }

    /// Reads every row.
    pub(super) fn check_patterns(&self) -> Result<(), SetError> {
        let logicals = self.cold::<LogicalRow>(Section::Logicals).len();
        let rows = self.cold::<PatternRow>(Section::Patterns).all()?;
        for (number, row) in (0_u32..).zip(rows) {
            let owners = match row.part {
                WHOLE => self.signatures() as usize,
                FILE_TYPE => self.rows::<FileTypeRow>(Section::FileTypes).len(),
                GATE => SHARDS.into(),
                MACRO_MEMBER => MACRO_GROUPS as usize,
                _ => logicals,
            };
            self.pattern(number)?;
            if row.owner.get() as usize >= owners {
                return Err(broken(Section::Patterns, number as usize, "no such owner"));
            }
        }
        Ok(())
    }

    pub(super) fn check_segments(&self) -> Result<(), SetError> {
        let patterns = self.cold::<PatternRow>(Section::Patterns).len();
        // Every program has bytes of its own, and so has every literal.
        let all = self.length(Section::Programs);
        let (mut programs_left, mut literals_left) = (all, all);
        let rows = self.cold::<SegmentRow>(Section::Segments).all()?;
        for (number, row) in rows.iter().enumerate() {
            let is_program = |program: &[u8]| program::check(program).is_ok();
            let what = if row.pattern.get() as usize >= patterns {
                "no such pattern"
            } else if !spend(&mut programs_left, row.program_length.get())
                || !self.program(row).is_ok_and(is_program)
            {
                "program broken"
            } else if !spend(&mut literals_left, row.literal_length.get().into())
                || self.literal(row).is_err()
            {
                "literal out of range"
            } else if row.lead_min.get() > row.lead_max.get() {
                "lead out of order"
            } else {
                continue;
            };
            return Err(broken(Section::Segments, number, what));
        }
        Ok(())
    }

    /// Reads what the search goes by: anchors, places and what is asked always.
    pub(super) fn check_searched(&self) -> Result<(), SetError> {
        let patterns = self.cold::<PatternRow>(Section::Patterns).len();
        let logicals = self.cold::<LogicalRow>(Section::Logicals).len();
        let segments = self.cold::<SegmentRow>(Section::Segments).len();
        let stray = |limit: usize, row: u32| row as usize >= limit;
        let anchors = self.cold::<AnchorRow>(Section::Anchors).all()?;
        if let Some(row) = anchors.iter().position(|row| stray(segments, row.segment.get())) {
            return Err(broken(Section::Anchors, row, "no such segment"));
        }
        let entries = self.cold::<PlaceEntry>(Section::PlaceEntries).all()?;
        if let Some(row) = entries.iter().position(|row| stray(patterns, row.pattern.get())) {
            return Err(broken(Section::PlaceEntries, row, "no such pattern"));
        }
        let is_stray = |row: &AlwaysRow| match row.kind.get() {
            ALWAYS_PATTERN => stray(patterns, row.row.get()),
            ALWAYS_LOGICAL => stray(logicals, row.row.get()),
            _ => true,
        };
        if let Some(row) = self.rows(Section::Always).iter().position(is_stray) {
            return Err(broken(Section::Always, row, "no such pattern or logical signature"));
        }
        self.check_places()
    }

    fn check_places(&self) -> Result<(), SetError> {
        for (number, row) in self.rows::<PlaceRow>(Section::Places).iter().enumerate() {
            let entries = self.place_entries(row)?;
            let is_sorted = entries.is_sorted_by_key(|entry| entry.bytes.get());
            let what = if Target::from_number(row.target).is_none() {
                "unknown target"
            } else if place::read_place(row).is_none() {
                "offset of unknown kind, or out of range"
            } else if row.lead.get() != NO_LEAD && !is_sorted {
                "patterns out of order"
            } else {
                continue;
            };
            return Err(broken(Section::Places, number, what));
        }
        Ok(())
    }

    /// The targets of its patterns and logical signatures.
    pub(crate) fn targets(&self) -> impl Iterator<Item = Target> + '_ {
        self.section(Section::Targets).iter().filter_map(|&number| Target::from_number(number))
    }

    /// Checks that no target is missing.
    pub(super) fn check_targets(&self) -> Result<(), SetError> {
        let stored = self.section(Section::Targets);
        let patterns = self.cold::<PatternRow>(Section::Patterns).all()?;
        let logicals = self.cold::<LogicalRow>(Section::Logicals).all()?;
        let patterns = patterns.iter().filter(|row| !matches!(row.part, FILE_TYPE | GATE));
        let patterns = patterns.map(|row| row.target);
        let logicals = logicals.iter().map(|row| row.target);
        match patterns.chain(logicals).find(|target| !stored.contains(target)) {
            Some(target) => Err(SetError::invalid(format!("section Targets has no {target}"))),
            None => Ok(()),
        }
    }

    /// The patterns of a place.
    pub(crate) fn place_entries(&self, row: &PlaceRow) -> Result<&[PlaceEntry], Damaged> {
        self.cold(Section::PlaceEntries).run(row.first.get(), row.count.get())
    }
}
