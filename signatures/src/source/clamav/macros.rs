//! Macros in ClamAV's logical signatures, `${min-max}group$`, and the body signatures of their groups,
//! whose offset is `$group`.
//!
//! A macro refers to the sub-signature before it, which must be a byte pattern without gaps here; so must
//! be those of the group. There are 32 groups for each target.

use pellucid::matcher::{Offset, Target};
use pellucid::set::layout::MACRO_GROUPS;

use super::super::{Content, Logical, MacroPart, parse_number};
use super::hex::{self, Style};
use super::{Field, offset};
use crate::diagnostic::{Fault, quoted};

/// Reads a sub-signature that begins with `${`.
pub(super) fn parse(sub: Field<'_>) -> Result<MacroPart, Fault> {
    let inside = sub.text.strip_prefix("${").and_then(|rest| rest.strip_suffix('$'));
    let pieces = inside.and_then(|inside| inside.split_once('}'));
    let range = pieces.and_then(|(range, _)| range.split_once('-'));
    let numbers = range.and_then(|(min, max)| Some((number(min)?, number(max)?)));
    let (Some((min, max)), Some((_, group))) = (numbers, pieces) else {
        let message = format!("{} is not a macro", quoted(sub.text));
        return Err(Fault::error("macro", message)
            .at(sub.at)
            .help("a macro is `${min-max}group$`, with decimal numbers"));
    };
    Ok(MacroPart { group: group_of(Field { text: group, at: sub.at })?, min, max })
}

/// Reads the offset and the body of a member of a group. ClamAV passes over a shift.
pub(super) fn member(place: Field<'_>, body: Field<'_>, target: Target) -> Result<Content, Fault> {
    let (group, shift) = match place.text.split_once(',') {
        Some((group, shift)) => (group, Some(shift)),
        None => (place.text, None),
    };
    let text = group.strip_prefix('$').unwrap_or_default();
    let group = group_of(Field { text, at: place.at })?;
    if let Some(text) = shift {
        offset::check_shift(Field { text, at: place.at })?;
    }
    let hex = hex::parse(body.text, Style::default()).map_err(|fault| fault.moved(body.at))?;
    let pattern = hex.at(target, Offset::Anywhere);
    if !pattern.rest.is_empty() {
        let message = "a pattern of a macro group must have no gaps";
        return Err(Fault::skipped("macro group with a pattern with gaps", message).at(body.at));
    }
    Ok(Content::MacroMember(group, pattern))
}

/// Whether every macro stands behind a byte pattern without gaps; else which one does not.
pub(super) fn check(logical: &Logical) -> Result<(), (u8, Fault)> {
    for (part, _) in &logical.macros {
        let before = part.checked_sub(1);
        let mut before = logical.patterns.iter().filter(|(number, _)| Some(*number) == before);
        let (reason, message) = match before.next() {
            None => ("macro without a byte pattern before it", "it has nothing to be near to"),
            Some((_, pattern)) if !pattern.rest.is_empty() => {
                ("macro behind a pattern with gaps", "the pattern before it must have no gaps")
            }
            Some(_) => continue,
        };
        return Err((*part, Fault::skipped(reason, message)));
    }
    Ok(())
}

fn number(text: &str) -> Option<u32> {
    let digits = Some(text).filter(|text| !text.is_empty());
    digits.and_then(parse_number).and_then(|number| u32::try_from(number).ok())
}

fn group_of(field: Field<'_>) -> Result<u8, Fault> {
    let group = number(field.text).filter(|&group| group < MACRO_GROUPS);
    group.and_then(|group| u8::try_from(group).ok()).ok_or_else(|| {
        let message = format!("{} is not a macro group", quoted(field.text));
        Fault::error("macro", message).at(field.at).help("groups are 0 to 31")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_and_what_is_none() {
        let read = |text| parse(Field { text, at: 0 }).map_err(|fault| fault.reason.to_string());
        assert_eq!(read("${6-7}12$"), Ok(MacroPart { group: 12, min: 6, max: 7 }));
        assert_eq!(read("${7-06}0$"), Ok(MacroPart { group: 0, min: 7, max: 6 }));
        for text in [
            "${6-7}32$",
            "${6-7}$",
            "${6-7}x$",
            "${6-7}12",
            "${6-7}12$x",
            "${6}12$",
            "${-7}12$",
            "${6-}12$",
            "${x-y}12$",
            "${0x6-7}12$",
            "${6-712$",
            "${",
            "${}$",
            "${6-99999999999}1$",
        ] {
            assert_eq!(read(text), Err("macro".into()), "{text}");
        }
    }

    #[test]
    fn members_of_groups() {
        let read = |place, body| {
            let (place, body) = (Field { text: place, at: 0 }, Field { text: body, at: 9 });
            match member(place, body, Target::Any) {
                Ok(Content::MacroMember(group, pattern)) => Ok((group, pattern.first.len())),
                Ok(other) => panic!("{other:?}"),
                Err(fault) => Err(fault.reason.to_string()),
            }
        };
        assert_eq!(read("$12", "626262"), Ok((12, 3)));
        assert_eq!(read("$0,5", "6262??62"), Ok((0, 4)));
        assert_eq!(read("$32", "626262"), Err("macro".into()));
        assert_eq!(read("$", "626262"), Err("macro".into()));
        assert_eq!(read("$1,x", "626262"), Err("offset".into()));
        assert_eq!(read("$1", "6x"), Err("body".into()));
        let gaps = "macro group with a pattern with gaps";
        assert_eq!(read("$1", "6262*6262"), Err(gaps.into()));
    }
}
