//! The target block of ClamAV's logical signatures: `Key:value` separated by commas.
//!
//! `Engine`, `Target`, `FileSize`, `EntryPoint`, `NumberOfSections`, `Container` and `Intermediates` are
//! read; of a key that is there twice the last one counts, as in ClamAV. A record with another key is
//! skipped.

use std::ops::RangeInclusive;

use pellucid::identify::clam_types::ClamType;
use pellucid::matcher::containers::MAX_INTERMEDIATES;
use pellucid::matcher::{Condition, Target};

use super::super::parse_number;
use super::{Field, check_level, fields_from, parse_target};
use crate::diagnostic::{Fault, quoted};

/// What a target block says.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) target: Target,
    pub(super) sizes: RangeInclusive<u64>,
    pub(super) condition: Condition,
}

/// Attributes that are not matched; a report counts them by name, and all others as one kind.
const UNREAD: [&str; 4] = ["IconGroup1", "IconGroup2", "HandlerType", "TDBJSON"];

/// Reads a target block.
pub(super) fn parse(block: Field<'_>) -> Result<Block, Fault> {
    let mut target = None;
    let (mut sizes, mut condition) = (0..=u64::MAX, Condition::default());
    let mut skipped = None;
    for attribute in fields_from(block.text, block.at, ',') {
        let (key, value) = attribute.text.split_once(':').ok_or_else(|| {
            let message = format!("{} is not `Key:value`", quoted(attribute.text));
            Fault::error("target block", message).at(attribute.at)
        })?;
        let at = attribute.at.saturating_add(key.len()).saturating_add(1);
        let value = Field { text: value, at };
        match key {
            "Engine" => {
                let levels = range(value)?;
                check_level(*levels.start(), *levels.end())?;
            }
            "Target" => target = Some(value),
            "FileSize" => sizes = range(value)?,
            "EntryPoint" => condition.entry_point = Some(range(value)?),
            "NumberOfSections" => condition.sections = Some(range(value)?),
            "Container" => match kind(value) {
                Ok(kind) => condition.container = Some(kind),
                Err(fault) => skipped = skipped.or(Some(fault)),
            },
            "Intermediates" => match kinds(value) {
                Ok(kinds) => condition.intermediates = kinds,
                Err(fault) => skipped = skipped.or(Some(fault)),
            },
            key => skipped = skipped.or_else(|| Some(unread(key, attribute.at))),
        }
    }
    // What is malformed is said before what is not done.
    skipped.map_or(Ok(()), Err)?;
    let target = target.ok_or_else(|| {
        Fault::error("target block", "no `Target:`").at(block.at).help("`Target:0` is any object")
    })?;
    let target_type = parse_target(target)?;
    check_program(&condition, target_type, target)?;
    Ok(Block { target: target_type, sizes, condition })
}

/// Entry points and sections are asked of programs only.
fn check_program(condition: &Condition, target: Target, field: Field<'_>) -> Result<(), Fault> {
    if condition.entry_point.is_none() && condition.sections.is_none() {
        return Ok(());
    }
    match target {
        Target::Pe | Target::Elf => Ok(()),
        Target::MachO => {
            let message = "entry point and sections of Mach-O programs are not known";
            Err(Fault::skipped("EntryPoint or NumberOfSections of Mach-O", message).at(field.at))
        }
        _ => {
            let message = "EntryPoint and NumberOfSections need a program";
            Err(Fault::error("target block", message)
                .at(field.at)
                .help("use them with target 1 (PE) or 6 (ELF)"))
        }
    }
}

fn unread(key: &str, at: usize) -> Fault {
    let message = format!("the attribute {} is not matched", quoted(key));
    match UNREAD.iter().find(|known| **known == key) {
        Some(known) => Fault::skipped(format!("attribute {known}"), message).at(at),
        None => Fault::skipped("unknown attribute", message).at(at),
    }
}

/// `least-greatest`. An empty least number is 0, as in ClamAV; there an empty greatest one is 0, too, so
/// that the record can never hit.
pub(super) fn range(field: Field<'_>) -> Result<RangeInclusive<u64>, Fault> {
    let number = |text: &str| if text.is_empty() { Some(0) } else { parse_number(text) };
    let range = field.text.split_once('-');
    match range.and_then(|(low, high)| number(low).zip(number(high))) {
        Some((low, high)) if low <= high => Ok(low..=high),
        Some(_) => Err(Fault::error("target block", "the range is empty: nothing can hit")
            .at(field.at)
            .help("write `least-greatest`")),
        None => Err(Fault::error("target block", format!("{} is not a range", quoted(field.text)))
            .at(field.at)
            .help("write `least-greatest`")),
    }
}

fn kind(field: Field<'_>) -> Result<ClamType, Fault> {
    ClamType::from_name(field.text).ok_or_else(|| {
        let message = format!("{} is not a file type of ClamAV 1.4", quoted(field.text));
        Fault::skipped("unknown file type", message).at(field.at)
    })
}

fn kinds(field: Field<'_>) -> Result<Vec<ClamType>, Fault> {
    let names = fields_from(field.text, field.at, '>');
    let kinds = names.take(MAX_INTERMEDIATES.saturating_add(1)).map(kind);
    let kinds = kinds.collect::<Result<Vec<_>, _>>()?;
    if kinds.len() > MAX_INTERMEDIATES {
        let message = format!("more than {MAX_INTERMEDIATES} layers");
        return Err(Fault::error("target block", message).at(field.at));
    }
    Ok(kinds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Block, String> {
        parse(Field { text, at: 0 }).map_err(|fault| fault.told(0))
    }

    #[test]
    fn every_key() {
        let block = read(
            "Engine:81-255,Target:1,FileSize:10-20,EntryPoint:-5,NumberOfSections:2-3,\
             Container:CL_TYPE_ZIP,Intermediates:CL_TYPE_ANY>CL_TYPE_GZ",
        )
        .unwrap();
        assert_eq!((block.target, block.sizes), (Target::Pe, 10..=20));
        let Condition { entry_point, sections, container, intermediates } = block.condition;
        assert_eq!((entry_point, sections), (Some(0..=5), Some(2..=3)));
        let names: Vec<&str> = container.iter().chain(&intermediates).map(|it| it.name()).collect();
        assert_eq!(names, ["CL_TYPE_ZIP", "CL_TYPE_ANY", "CL_TYPE_GZ"]);
    }

    #[test]
    fn of_a_key_that_is_there_twice_the_last_one_counts() {
        let block = read("Target:9,FileSize:1-2,Target:6,FileSize:3-4").unwrap();
        assert_eq!((block.target, block.sizes), (Target::Elf, 3..=4));
    }

    #[test]
    fn what_is_refused_and_what_is_skipped() {
        for (text, reason) in [
            ("", "Error target block @0"),
            ("Target", "Error target block @0"),
            ("Target:0,", "Error target block @9"),
            ("Engine:51-255", "Error target block @0"),
            ("Engine:51,Target:0", "Error target block @7"),
            ("Target:0,FileSize:5-4", "Error target block @18"),
            ("Target:0,FileSize:5-", "Error target block @18"),
            ("Target:0,FileSize:0x5-6", "Error target block @18"),
            ("Target:0,EntryPoint:1-2", "Error target block @7"),
            ("Target:2,NumberOfSections:1-2", "Error target block @7"),
            (
                "Target:9,NumberOfSections:1-2",
                "Skipped EntryPoint or NumberOfSections of Mach-O @7",
            ),
            ("Target:0,Container:CL_TYPE_zip", "Skipped unknown file type @19"),
            ("Target:0,Intermediates:CL_TYPE_GZ>ZIP", "Skipped unknown file type @34"),
            ("IconGroup1:A,Target:1", "Skipped attribute IconGroup1 @0"),
            ("Target:1,HandlerType:CL_TYPE_ZIP", "Skipped attribute HandlerType @9"),
            ("Target:0,Odd:1", "Skipped unknown attribute @9"),
            ("Target:0,Odd:1,Odd", "Error target block @15"),
        ] {
            assert_eq!(read(text).map(|_| ()), Err(reason.into()), "{text}");
        }
        let many = ["CL_TYPE_ANY"; 17].join(">");
        let many = format!("Target:0,Intermediates:{many}");
        assert_eq!(read(&many).map(|_| ()), Err("Error target block @23".into()));
        assert!(read("Target:0,Intermediates:CL_TYPE_ANY").is_ok());
    }
}
