//! Patterns that may start at one position only, listed by that position.

use pellucid::matcher::ByteMask;
use pellucid::set::layout::{NO_LEAD, PatternRow, PlaceEntry, PlaceRow};

use super::Windows;
use crate::compile::row_number;
use crate::rarity::{of_pair, of_third};
use crate::report::BuildError;

/// Four bytes that are rarer than one in so many eighths of a bit are good enough: those nearest to
/// the start are taken, so that few places have to be looked at.
const RARE_ENOUGH: u32 = 8 * 16;
/// Bytes further away are not asked for.
const FURTHEST: usize = 256;

/// A pattern with everything that it is sorted by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Placed {
    place: (u8, u8, u16, i64, u32),
    bytes: u32,
    pattern: u32,
}

/// Lists the patterns.
pub(super) fn list(
    windows: &Windows,
    patterns: &[PatternRow],
    placed: &[u32],
) -> Result<(Vec<PlaceRow>, Vec<PlaceEntry>), BuildError> {
    let mut sorted: Vec<Placed> = placed
        .iter()
        .filter_map(|&pattern| Some(place(windows, pattern, patterns.get(pattern as usize)?)))
        .collect();
    sorted.sort_unstable();
    let (mut places, mut entries) = (Vec::new(), Vec::new());
    for same in sorted.chunk_by(|a, b| a.place == b.place) {
        let Some(Placed { place: (target, offset_kind, section, distance, lead), .. }) =
            same.first()
        else {
            continue;
        };
        places.push(PlaceRow {
            target: *target,
            offset_kind: *offset_kind,
            section: (*section).into(),
            distance: (*distance).into(),
            lead: (*lead).into(),
            first: row_number(entries.len(), "patterns")?.into(),
            count: row_number(same.len(), "patterns")?.into(),
        });
        entries.extend(same.iter().map(|placed| PlaceEntry {
            bytes: placed.bytes.into(),
            pattern: placed.pattern.into(),
        }));
    }
    Ok((places, entries))
}

fn place(windows: &Windows, pattern: u32, row: &PatternRow) -> Placed {
    let (lead, bytes) = four_bytes(windows, pattern).unwrap_or((NO_LEAD, 0));
    let place = (row.target, row.offset_kind, row.section.get(), row.distance.get(), lead);
    Placed { place, bytes, pattern }
}

/// Four exact bytes at a fixed distance from the start of the pattern.
fn four_bytes(windows: &Windows, pattern: u32) -> Option<(u32, u32)> {
    let mut best: Option<(u32, u32, u32)> = None;
    for stretch in windows.of_pattern(pattern) {
        if !stretch.is_first_segment || stretch.spread != 0 {
            continue;
        }
        for (start, four) in windows.bytes(stretch).windows(4).take(FURTHEST).enumerate() {
            let Some(rarity) = rarity(four) else { continue };
            let lead = stretch.lead_min.saturating_add(start as u32);
            if best.is_none_or(|(least, _, _)| rarity > least) {
                let bytes = four.iter().rev().fold(0, |all, byte| all << 8 | u32::from(byte.value));
                best = Some((rarity, lead, bytes));
            }
        }
    }
    best.map(|(_, lead, bytes)| (lead, bytes))
}

/// How rare four exact bytes are, in eighths of a bit, as far as it makes a difference.
fn rarity(four: &[ByteMask]) -> Option<u32> {
    match *four {
        [a, b, c, d] if four.iter().all(|byte| byte.mask == 0xff) => {
            let bits = of_pair(a.value, b.value)
                .saturating_add(of_third(a.value, b.value, c.value))
                .saturating_add(of_third(b.value, c.value, d.value));
            Some(bits.min(RARE_ENOUGH))
        }
        _ => None,
    }
}
