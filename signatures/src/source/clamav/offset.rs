//! Where a body signature may start: `*`, `n`, `EOF-n`, `EP+n`, `EP-n`, `Sx+n`, `SEx`, `SL+n`, each with
//! `,MaxShift` behind it, and `VI`. An empty number is 0, but
//! for `Sx+n`, as ClamAV 1.4 has it. Numbers that it would let
//! overflow are refused.

use pellucid::matcher::{Offset, Target};

use super::super::parse_number;
use super::Field;
use crate::diagnostic::{Fault, quoted};

/// The greatest distance. ClamAV keeps them in 32 bits, of which the last two values have other senses.
const GREATEST: u64 = u32::MAX as u64 - 2;

/// Reads an offset.
pub(super) fn parse(field: Field<'_>, target: Target) -> Result<Offset, Fault> {
    if field.text == "*" {
        return Ok(Offset::Anywhere);
    }
    if field.text.starts_with('$') {
        let message = "only body signatures of their own can be in macro groups";
        return Err(Fault::error("offset", message).at(field.at));
    }
    let (place, shift) = match field.text.split_once(',') {
        Some((place, shift)) => (place, parse_shift(shift, field)?),
        None => (field.text, 0),
    };
    let offset = parse_place(place, shift).ok_or_else(|| malformed(field))?;
    let program = matches!(target, Target::Pe | Target::Elf | Target::MachO);
    if offset.needs_program() && !program {
        let message = format!("offset {} needs a program", quoted(field.text));
        return Err(Fault::error("offset", message)
            .at(field.at)
            .help("use it with target 1 (PE), 6 (ELF) or 9 (Mach-O)"));
    }
    Ok(offset)
}

fn malformed(field: Field<'_>) -> Fault {
    Fault::error("offset", format!("{} is not an offset", quoted(field.text))).at(field.at).help(
        "offsets are *, n, EOF-n, EP+n, EP-n, Sx+n, SEx, SL+n and VI, with `,MaxShift` if need be; \
         numbers are below 2^32",
    )
}

/// Refuses what is no shift.
pub(super) fn check_shift(field: Field<'_>) -> Result<(), Fault> {
    parse_shift(field.text, field).map(|_| ())
}

fn parse_shift(text: &str, field: Field<'_>) -> Result<u32, Fault> {
    let shift = distance(text).and_then(|shift| u32::try_from(shift).ok());
    shift.ok_or_else(|| {
        Fault::error("offset", format!("{} is not a shift", quoted(text))).at(field.at)
    })
}

fn parse_place(place: &str, shift: u32) -> Option<Offset> {
    if place == "VI" {
        return Some(Offset::VersionString);
    }
    if let Some(back) = place.strip_prefix("EOF-") {
        return Some(Offset::End { back: distance(back)?, shift });
    }
    if let Some(delta) = place.strip_prefix("EP+") {
        let delta = i64::try_from(distance(delta)?).ok()?;
        return Some(Offset::EntryPoint { delta, shift });
    }
    if let Some(delta) = place.strip_prefix("EP-") {
        let delta = i64::try_from(distance(delta)?).ok()?.checked_neg()?;
        return Some(Offset::EntryPoint { delta, shift });
    }
    if let Some(delta) = place.strip_prefix("SL+") {
        return Some(Offset::LastSection { delta: distance(delta)?, shift });
    }
    if let Some(index) = place.strip_prefix("SE") {
        return Some(Offset::InSection { index: section(index)?, shift });
    }
    if let Some((index, delta)) = place.strip_prefix('S').and_then(|rest| rest.split_once('+')) {
        let both = !index.is_empty() && !delta.is_empty();
        let (index, delta) = (section(index)?, distance(delta)?);
        return both.then_some(Offset::Section { index, delta, shift });
    }
    Some(Offset::Start { at: distance(place)?, shift })
}

fn distance(text: &str) -> Option<u64> {
    match text {
        "" => Some(0),
        text => parse_number(text).filter(|&number| number <= GREATEST),
    }
}

fn section(text: &str) -> Option<u16> {
    distance(text).and_then(|index| u16::try_from(index).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, target: Target) -> Result<Offset, String> {
        let fault = |fault: Fault| format!("{:?} {}", fault.level, fault.reason);
        parse(Field { text, at: 0 }, target).map_err(fault)
    }

    #[test]
    fn every_form() {
        for (text, offset) in [
            ("*", Offset::Anywhere),
            ("0", Offset::Start { at: 0, shift: 0 }),
            ("12,3", Offset::Start { at: 12, shift: 3 }),
            ("EOF-4,5", Offset::End { back: 4, shift: 5 }),
            ("EP+0", Offset::EntryPoint { delta: 0, shift: 0 }),
            ("EP-7,1", Offset::EntryPoint { delta: -7, shift: 1 }),
            ("S0+16", Offset::Section { index: 0, delta: 16, shift: 0 }),
            ("S12+3,9", Offset::Section { index: 12, delta: 3, shift: 9 }),
            ("SE2", Offset::InSection { index: 2, shift: 0 }),
            ("SE2,7", Offset::InSection { index: 2, shift: 7 }),
            ("SL+8", Offset::LastSection { delta: 8, shift: 0 }),
            ("VI", Offset::VersionString),
            ("VI,5", Offset::VersionString),
            ("4294967293,5", Offset::Start { at: 4_294_967_293, shift: 5 }),
        ] {
            assert_eq!(read(text, Target::Pe), Ok(offset), "{text}");
        }
    }

    #[test]
    fn an_empty_number_is_zero() {
        for (text, offset) in [
            ("", Offset::Start { at: 0, shift: 0 }),
            ("5,", Offset::Start { at: 5, shift: 0 }),
            ("EOF-", Offset::End { back: 0, shift: 0 }),
            ("EP+", Offset::EntryPoint { delta: 0, shift: 0 }),
            ("SE", Offset::InSection { index: 0, shift: 0 }),
            ("SL+", Offset::LastSection { delta: 0, shift: 0 }),
        ] {
            assert_eq!(read(text, Target::Pe), Ok(offset), "{text}");
        }
    }

    #[test]
    fn places_in_programs_need_a_program() {
        for text in ["EP+0", "S0+0", "SE0", "SL+0", "VI"] {
            assert_eq!(read(text, Target::Any), Err("Error offset".into()), "{text}");
            assert!(read(text, Target::Elf).is_ok() && read(text, Target::MachO).is_ok());
        }
        assert_eq!(read("EOF-1", Target::Any), Ok(Offset::End { back: 1, shift: 0 }));
        assert_eq!(read("EOF-1", Target::Pdf), Ok(Offset::End { back: 1, shift: 0 }));
    }

    #[test]
    fn what_is_refused() {
        for text in [
            "-1",
            "+1",
            "x",
            "*,5",
            "EOF",
            "EOF+1",
            "EP",
            "EP*1",
            "S",
            "S+1",
            "Sx+1",
            "S70000+0",
            "S3+",
            "SEx",
            "SL",
            "SL-1",
            "VI+5",
            "VIVI",
            "1,x",
            "1,2,3",
            "1,4294967296",
            "4294967294",
            "4294967296",
            "18446744073709551615",
            "EP-9223372036854775808",
        ] {
            assert_eq!(read(text, Target::Pe), Err("Error offset".into()), "{text}");
        }
    }
}
