//! A record made ready for the set: all that can be worked out without knowing its neighbours.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use pellucid::matcher::expression::{self, Comparison, ExpressionOp};
use pellucid::matcher::{Condition, Offset, Pattern, Target};
use pellucid::set::layout::{
    ComparisonRow, ConditionRow, FLAG_COUNTED, FLAG_COUNTED_BY_LAST, FLAG_LATE, FLAG_NECESSARY,
    Hashed, MAX_PARTS, MacroRow, OFFSET_ANYWHERE, OFFSET_END, OFFSET_ENTRY_POINT,
    OFFSET_IN_SECTION, OFFSET_LAST_SECTION, OFFSET_SECTION, OFFSET_START, OFFSET_VERSION_STRING,
    PatternRow, RegexRow, WHOLE,
};
use sha2::{Digest as _, Sha256};
use zerocopy::IntoBytes;

use super::certificates;
use super::listing::{self, PreparedListing};
use super::metadata::{self, PreparedFileType};
use super::pattern::{self, Segment};
use super::windows::{
    self,
    cover::{self, Cover},
};
use crate::diagnostic::Fault;
use crate::source::{Certificate, Content, Digest, Logical, MacroPart, RegexPart};

/// What a signature looks for, as rows and programs.
#[derive(Debug)]
pub(crate) enum Prepared {
    Hash {
        of: Hashed,
        digest: Digest,
        size: Option<u64>,
    },
    Pattern(PreparedPattern),
    Logical(PreparedLogical),
    Certificate(Certificate),
    Listing(PreparedListing),
    FileType(PreparedFileType),
    Password(Vec<u8>),
    /// With the number of its group.
    MacroMember(u8, PreparedPattern),
}

/// A pattern.
#[derive(Debug)]
pub(crate) struct PreparedPattern {
    /// Complete but for owner, part and the place of its segments.
    pub(crate) row: PatternRow,
    pub(crate) segments: Vec<Segment>,
}

/// An expression over patterns.
#[derive(Debug)]
pub(crate) struct PreparedLogical {
    pub(crate) target: Target,
    pub(crate) sizes: RangeInclusive<u64>,
    pub(crate) condition: Option<ConditionRow>,
    /// With the numbers of their parts, in rising order.
    pub(crate) patterns: Vec<(u8, PreparedPattern)>,
    pub(crate) regexes: Vec<PreparedRegex>,
    /// Complete.
    pub(crate) comparisons: Vec<ComparisonRow>,
    /// Likewise.
    pub(crate) macros: Vec<MacroRow>,
    pub(crate) expression: Vec<u8>,
    pub(crate) holds_without_hits: bool,
    pub(crate) cover: Cover,
}

/// A regular expression.
#[derive(Debug)]
pub(crate) struct PreparedRegex {
    /// Complete but for the places of text and trigger.
    pub(crate) row: RegexRow,
    pub(crate) text: Vec<u8>,
    pub(crate) trigger: Vec<u8>,
}

/// Compiles what a record looks for.
pub(crate) fn prepare(content: &Content) -> Result<Prepared, Fault> {
    match content {
        Content::Hash { of, digest, size } => {
            Ok(Prepared::Hash { of: *of, digest: *digest, size: *size })
        }
        Content::Pattern(pattern) => pattern_alone(pattern).map(Prepared::Pattern),
        Content::Logical(logical) => prepare_logical(logical).map(Prepared::Logical),
        Content::Certificate(certificate) => Ok(Prepared::Certificate(certificate.clone())),
        Content::Listing(listing) => listing::prepare(listing).map(Prepared::Listing),
        Content::FileType(found) => metadata::prepare_file_type(found).map(Prepared::FileType),
        Content::Password(password) => {
            metadata::check_password(password).map(|()| Prepared::Password(password.clone()))
        }
        // Its group is looked at when a macro asks for it.
        Content::MacroMember(group, pattern) => {
            Ok(Prepared::MacroMember(*group, prepare_pattern(pattern, FLAG_LATE)?))
        }
    }
}

/// Compiles a pattern that is no part of an expression.
pub(super) fn pattern_alone(pattern: &Pattern) -> Result<PreparedPattern, Fault> {
    prepare_pattern(pattern, 0)
}

fn prepare_pattern(pattern: &Pattern, flags: u8) -> Result<PreparedPattern, Fault> {
    let segments = pattern::segments(pattern)
        .map_err(|_| Fault::error("too long", "a string of the pattern is too long"))?;
    let count = u16::try_from(segments.len())
        .map_err(|_| Fault::error("too long", "the pattern has too many gaps"))?;
    let place =
        place(pattern.offset).ok_or_else(|| Fault::error("offset", "the offset is too large"))?;
    let row = PatternRow {
        owner: 0.into(),
        first_segment: 0.into(),
        segments: count.into(),
        part: WHOLE,
        target: pattern.target as u8,
        offset_kind: place.kind,
        flags,
        section: place.section.into(),
        distance: place.distance.into(),
        shift: place.shift.into(),
    };
    Ok(PreparedPattern { row, segments })
}

/// An offset's stored form.
struct Place {
    kind: u8,
    section: u16,
    distance: i64,
    shift: u32,
}

fn place(offset: Offset) -> Option<Place> {
    let far = |distance: u64| i64::try_from(distance).ok();
    let (kind, section, distance, shift) = match offset {
        Offset::Anywhere => (OFFSET_ANYWHERE, 0, 0, 0),
        Offset::Start { at, shift } => (OFFSET_START, 0, far(at)?, shift),
        Offset::End { back, shift } => (OFFSET_END, 0, far(back)?, shift),
        Offset::EntryPoint { delta, shift } => (OFFSET_ENTRY_POINT, 0, delta, shift),
        Offset::Section { index, delta, shift } => (OFFSET_SECTION, index, far(delta)?, shift),
        Offset::InSection { index, shift } => (OFFSET_IN_SECTION, index, 0, shift),
        Offset::VersionString => (OFFSET_VERSION_STRING, 0, 0, 0),
        Offset::LastSection { delta, shift } => (OFFSET_LAST_SECTION, 0, far(delta)?, shift),
    };
    Some(Place { kind, section, distance, shift })
}

fn prepare_logical(logical: &Logical) -> Result<PreparedLogical, Fault> {
    let triggers = logical.regexes.iter().map(|(_, regex)| regex.trigger.as_slice());
    let all = triggers.chain([logical.expression.as_slice()]);
    let counted = all.map(counted_parts).fold(0, |all, parts| all | parts);
    let patterns = logical.patterns.iter().map(|(part, pattern)| {
        let flags = match (counted.checked_shr((*part).into()).unwrap_or(0) & 1, &pattern.rest) {
            (0, _) => 0,
            (_, gaps) if gaps.is_empty() => FLAG_COUNTED,
            _ => FLAG_COUNTED_BY_LAST,
        };
        Ok((*part, prepare_pattern(pattern, flags)?))
    });
    let mut patterns = patterns.collect::<Result<Vec<_>, Fault>>()?;
    let cover = mark_late(&mut patterns, logical);
    let regexes = logical.regexes.iter().map(|(part, regex)| prepare_regex(*part, regex));
    let expression = expression::encode(&logical.expression);
    let holds_without_hits = expression::holds(&expression, &[0; MAX_PARTS])
        .map_err(|broken| Fault::error("logic", format!("cannot be evaluated: {broken:?}")))?;
    Ok(PreparedLogical {
        target: logical.target,
        sizes: logical.sizes.clone(),
        condition: prepare_condition(&logical.condition)?,
        patterns,
        regexes: regexes.collect::<Result<_, _>>()?,
        comparisons: logical.comparisons.iter().map(|(part, it)| it.row(*part)).collect(),
        macros: logical.macros.iter().map(|(part, it)| macro_row(*part, *it)).collect(),
        expression,
        holds_without_hits,
        cover,
    })
}

fn prepare_regex(part: u8, regex: &RegexPart) -> Result<PreparedRegex, Fault> {
    let place =
        place(regex.offset).ok_or_else(|| Fault::error("offset", "the offset is too large"))?;
    let row = RegexRow {
        text: 0.into(),
        text_length: 0.into(),
        trigger: 0.into(),
        trigger_length: 0.into(),
        part,
        offset_kind: place.kind,
        options: regex.options.bits().into(),
        section: place.section.into(),
        reserved: 0.into(),
        distance: place.distance.into(),
        shift: place.shift.into(),
    };
    let trigger = expression::encode(&regex.trigger);
    Ok(PreparedRegex { row, text: regex.text.clone(), trigger })
}

fn macro_row(part: u8, of: MacroPart) -> MacroRow {
    let MacroPart { group, min, max } = of;
    MacroRow { part, group, reserved: 0.into(), min: min.into(), max: max.into() }
}

fn prepare_condition(condition: &Condition) -> Result<Option<ConditionRow>, Fault> {
    if *condition == Condition::default() {
        return Ok(None);
    }
    let too_many = || Fault::error("target block", "too many kinds in `Intermediates:`");
    condition.row().map(Some).ok_or_else(too_many)
}

/// Marks the patterns that are looked for late, and those without which the signature cannot hold. A
/// part may be one of several patterns.
fn mark_late(patterns: &mut [(u8, PreparedPattern)], logical: &Logical) -> Cover {
    let (mut prices, mut alternatives) = ([0_u64; MAX_PARTS], [0_u32; MAX_PARTS]);
    for (part, pattern) in patterns.iter() {
        let price = windows::price(&pattern.row, &pattern.segments);
        if let Some(sum) = prices.get_mut(usize::from(*part)) {
            *sum = sum.saturating_add(price);
        }
        if let Some(count) = alternatives.get_mut(usize::from(*part)) {
            *count = count.saturating_add(1);
        }
    }
    let mut others = BTreeMap::new();
    for (part, comparison) in &logical.comparisons {
        let trigger = [ExpressionOp::Part(comparison.trigger)];
        others.insert(*part, cover::of(&trigger, &prices, &others));
    }
    for (part, _) in &logical.macros {
        let before = [ExpressionOp::Part(part.saturating_sub(1))];
        others.insert(*part, cover::of(&before, &prices, &others));
    }
    for (part, regex) in &logical.regexes {
        others.insert(*part, cover::of(&regex.trigger, &prices, &others));
    }
    let cover = cover::of(&logical.expression, &prices, &others);
    for (part, pattern) in patterns {
        let has = |parts: u64| parts.checked_shr((*part).into()).unwrap_or(0) & 1 == 1;
        let is_alone = alternatives.get(usize::from(*part)) == Some(&1);
        let is_late = cover.enough.is_some_and(|enough| !has(enough));
        pattern.row.flags |= if is_late { FLAG_LATE } else { 0 };
        pattern.row.flags |= if has(cover.necessary) && is_alone { FLAG_NECESSARY } else { 0 };
    }
    cover
}

/// A bit for each part that some comparison counts beyond its presence.
fn counted_parts(ops: &[ExpressionOp]) -> u64 {
    let bit = |part: u8| 1_u64.checked_shl(part.into()).unwrap_or(0);
    let (mut stack, mut counted): (Vec<u64>, u64) = (Vec::new(), 0);
    for op in ops {
        match *op {
            ExpressionOp::Part(part) => stack.push(bit(part)),
            ExpressionOp::ComparePart { part, comparison, number } => {
                stack.push(bit(part));
                if !asks_presence(comparison, number) {
                    counted |= bit(part);
                }
            }
            ExpressionOp::And | ExpressionOp::Or => {
                let (right, left) = (stack.pop().unwrap_or(0), stack.pop().unwrap_or(0));
                stack.push(left | right);
            }
            ExpressionOp::Compare { comparison, number, .. } => {
                if !asks_presence(comparison, number) {
                    counted |= stack.last().copied().unwrap_or(0);
                }
            }
        }
    }
    counted
}

/// Whether a comparison asks only whether there is a match at all.
fn asks_presence(comparison: Comparison, number: u32) -> bool {
    matches!(
        (comparison, number),
        (Comparison::Equal | Comparison::More, 0) | (Comparison::Less, 0 | 1)
    )
}

impl Prepared {
    /// A fingerprint of what patterns look for, by which repeated ones are known.
    pub(crate) fn fingerprint(&self) -> Option<[u8; 16]> {
        let mut hash = Sha256::new();
        match self {
            Prepared::Hash { .. } => return None,
            Prepared::Pattern(pattern) => pattern.feed(&mut hash),
            Prepared::Certificate(certificate) => certificates::feed(certificate, &mut hash),
            Prepared::Listing(listing) => listing.feed(&mut hash),
            Prepared::FileType(_) | Prepared::Password(_) | Prepared::MacroMember(..) => {
                return None;
            }
            Prepared::Logical(logical) => {
                hash.update([logical.target as u8]);
                hash.update(logical.sizes.start().to_le_bytes());
                hash.update(logical.sizes.end().to_le_bytes());
                hash.update([logical.condition.is_some().into()]);
                hash.update(logical.condition.as_ref().map_or(&[][..], IntoBytes::as_bytes));
                hash.update((logical.expression.len() as u64).to_le_bytes());
                hash.update(&logical.expression);
                for (part, pattern) in &logical.patterns {
                    hash.update([*part]);
                    pattern.feed(&mut hash);
                }
                for regex in &logical.regexes {
                    hash.update(regex.row.as_bytes());
                    for bytes in [&regex.text, &regex.trigger] {
                        hash.update((bytes.len() as u64).to_le_bytes());
                        hash.update(bytes);
                    }
                }
                hash.update(logical.comparisons.as_bytes());
                hash.update(logical.macros.as_bytes());
            }
        }
        hash.finalize().first_chunk().copied()
    }
}

impl PreparedPattern {
    pub(super) fn feed(&self, hash: &mut Sha256) {
        hash.update(self.row.as_bytes());
        for segment in &self.segments {
            hash.update(segment.gap.to_le_bytes());
            hash.update((segment.program.len() as u64).to_le_bytes());
            hash.update(&segment.program);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ExpressionOp::*;

    #[test]
    fn only_parts_under_a_real_count_are_counted() {
        let compare = |comparison, number, distinct| Compare { comparison, number, distinct };
        let more = |number, distinct| compare(Comparison::More, number, distinct);
        assert_eq!(counted_parts(&[Part(0), Part(1), And]), 0);
        assert_eq!(counted_parts(&[Part(0), more(0, 0), Part(1), And]), 0);
        assert_eq!(counted_parts(&[Part(0), compare(Comparison::Equal, 0, 0)]), 0);
        assert_eq!(counted_parts(&[Part(0), more(1, 0), Part(1), And]), 0b01);
        assert_eq!(counted_parts(&[Part(0), Part(3), Or, more(2, 2), Part(1), And]), 0b1001);
        let part = |number| ComparePart { part: 63, comparison: Comparison::Less, number };
        assert_eq!((counted_parts(&[part(1)]), counted_parts(&[part(2)])), (0, 1 << 63));
        assert_eq!(
            counted_parts(&[Part(0), Part(1), Or, more(0, 2)]),
            0,
            "different ones are present"
        );
    }
}
