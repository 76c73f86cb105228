//! Where a pattern may start: anywhere, at a fixed offset, before the end, at the entry point.

use super::Donor;
use crate::random::Random;

/// How far behind the entry point patterns are cut.
const ENTRY: usize = 256;
/// How far from either end of the file.
const NEAR: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Anywhere,
    Start,
    Floating,
    End,
    EntryPoint,
}

impl Place {
    pub(super) fn draw(donor: &Donor, random: &mut Random) -> Self {
        let entry_point = donor.program.and_then(|program| program.entry_point);
        match random.below(20) {
            0 => Place::Start,
            1 => Place::Floating,
            2 => Place::End,
            3 if entry_point.is_some() => Place::EntryPoint,
            _ => Place::Anywhere,
        }
    }

    /// An offset to cut `length` bytes at; `None` where the file has no room.
    pub(super) fn cut_at(self, donor: &Donor, length: usize, random: &mut Random) -> Option<usize> {
        let last = donor.bytes.len().checked_sub(length)?;
        Some(match self {
            Place::Anywhere => random.between(0, last),
            Place::Start | Place::Floating => random.between(0, last.min(NEAR)),
            Place::End => random.between(last.saturating_sub(NEAR), last),
            Place::EntryPoint => {
                let entry_point = donor.program?.entry_point?;
                random.between(entry_point, entry_point.saturating_add(ENTRY)).min(last)
            }
        })
    }

    /// The fields for target and offset of a pattern that was cut at `at`.
    pub(super) fn fields(self, donor: &Donor, at: usize, random: &mut Random) -> (u8, String) {
        let target = donor.program.map_or(0, |program| program.target);
        let target_or_any = if random.percent(50) { target } else { 0 };
        match self {
            Place::Anywhere => (target_or_any, "*".to_owned()),
            Place::Start => (target_or_any, at.to_string()),
            Place::Floating => {
                let shift = random.between(1, 64);
                let from = at.saturating_sub(random.below(shift));
                (target_or_any, format!("{from},{shift}"))
            }
            Place::End => {
                let back = donor.bytes.len().saturating_sub(at);
                (target_or_any, format!("EOF-{back}"))
            }
            Place::EntryPoint => (target, entry_point_offset(donor, at)),
        }
    }
}

fn entry_point_offset(donor: &Donor, at: usize) -> String {
    let entry_point = donor.program.and_then(|program| program.entry_point).unwrap_or(at);
    match at.checked_sub(entry_point) {
        Some(behind) => format!("EP+{behind}"),
        None => format!("EP-{}", entry_point.saturating_sub(at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::Program;

    fn donor() -> Donor {
        let program = Some(Program { target: 6, entry_point: Some(700) });
        Donor { bytes: vec![0; 1000], program }
    }

    #[test]
    fn the_offset_leads_to_the_place_of_the_cut() {
        let (donor, mut random) = (donor(), Random::new(1));
        assert_eq!(Place::Start.fields(&donor, 12, &mut random).1, "12");
        assert_eq!(Place::End.fields(&donor, 990, &mut random).1, "EOF-10");
        assert_eq!(Place::EntryPoint.fields(&donor, 705, &mut random), (6, "EP+5".to_owned()));
        assert_eq!(Place::EntryPoint.fields(&donor, 690, &mut random), (6, "EP-10".to_owned()));
        for _ in 0..100 {
            let (_, floating) = Place::Floating.fields(&donor, 100, &mut random);
            let (from, shift) = floating.split_once(',').unwrap();
            let (from, shift): (usize, usize) = (from.parse().unwrap(), shift.parse().unwrap());
            assert!(from <= 100 && 100 <= from + shift, "{floating}");
        }
    }

    #[test]
    fn nothing_is_cut_from_beyond_the_file() {
        let (donor, mut random) = (donor(), Random::new(2));
        for place in [Place::Anywhere, Place::Start, Place::End, Place::EntryPoint] {
            for _ in 0..100 {
                assert!(place.cut_at(&donor, 40, &mut random).unwrap() <= 960);
            }
            assert_eq!(place.cut_at(&donor, 1001, &mut random), None);
        }
    }
}
