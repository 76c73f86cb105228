//! ClamAV's formats, as its public documentation describes them and ClamAV 1.4 reads them.
//!
//! Facts, not code: nothing here is taken from ClamAV's sources. Where this reader differs, it takes
//! more: a broken record never spoils the rest of its file.

mod alternatives;
pub(crate) mod body;
pub(crate) mod certificate;
mod comparison;
pub(crate) mod exception;
pub(crate) mod expression;
pub(crate) mod file_type;
pub(crate) mod hash;
mod hex;
pub(crate) mod logical;
mod macros;
pub(crate) mod metadata;
mod offset;
pub(crate) mod old;
pub(crate) mod old_metadata;
mod part;
pub(crate) mod password;
mod posix;
mod regex;
mod target_block;

use pellucid::matcher::Target;
use pellucid::verdict::Class;

use super::parse_number;
use crate::diagnostic::{Fault, quoted};

/// The engine level that we stand for: ClamAV 1.4.
pub(crate) const LEVEL: u64 = 216;

/// A field of a record.
#[derive(Clone, Copy, Debug)]
struct Field<'a> {
    text: &'a str,
    /// Where it starts in the line.
    at: usize,
}

/// The fields of a line.
fn fields(line: &str, separator: char) -> impl Iterator<Item = Field<'_>> {
    fields_from(line, 0, separator)
}

/// The fields of a piece that starts at byte `at` of its line.
fn fields_from(piece: &str, at: usize, separator: char) -> impl Iterator<Item = Field<'_>> {
    let mut next = at;
    piece.split(separator).map(move |text| {
        let at = next;
        next = at.saturating_add(text.len()).saturating_add(separator.len_utf8());
        Field { text, at }
    })
}

/// The field, or an error that says which one is missing.
fn expect<'a>(
    field: Option<Field<'a>>,
    line: &str,
    what: &str,
    form: &'static str,
) -> Result<Field<'a>, Fault> {
    field.ok_or_else(|| {
        let message = format!("{what} is missing");
        Fault::error("fields", message).at(line.len()).help(format!("a record is `{form}`"))
    })
}

/// Reads the engine levels at a record's end, and skips a record that is not for ours.
fn check_levels<'a>(
    mut fields: impl Iterator<Item = Field<'a>>,
    form: &'static str,
) -> Result<(), Fault> {
    let (least, greatest) = (fields.next(), fields.next());
    if let Some(field) = fields.next() {
        let help = format!("a record is `{form}`");
        return Err(Fault::error("fields", "more fields than a record has")
            .at(field.at)
            .help(help));
    }
    let least = least.map_or(Ok(0), parse_level)?;
    let greatest = greatest.map_or(Ok(u64::MAX), parse_level)?;
    check_level(least, greatest)
}

/// A level; an empty one is 0.
fn parse_level(field: Field<'_>) -> Result<u64, Fault> {
    match field.text {
        "" => Ok(0),
        text => parse_number(text).ok_or_else(|| {
            Fault::error("engine level", format!("{} is not an engine level", quoted(text)))
                .at(field.at)
        }),
    }
}

fn check_level(least: u64, greatest: u64) -> Result<(), Fault> {
    if (least..=greatest).contains(&LEVEL) {
        return Ok(());
    }
    let message = format!("for engine levels {least} to {greatest}; Pellucid stands for {LEVEL}");
    Err(Fault::skipped("engine level", message))
}

/// The class that a name brings with it.
fn class_of(name: &str, class: Class) -> Class {
    match class {
        Class::Malicious if name.starts_with("PUA.") => Class::Pua,
        class => class,
    }
}

/// Reads a target number.
fn parse_target(field: Field<'_>) -> Result<Target, Fault> {
    let number = parse_number(field.text).and_then(|number| u8::try_from(number).ok());
    let Some(number) = number else {
        let message = format!("{} is not a target number", quoted(field.text));
        return Err(Fault::error("target", message).at(field.at));
    };
    Target::from_number(number).ok_or_else(|| {
        let message = format!("there are no objects of target {number}");
        Fault::skipped("unknown target", message).at(field.at)
    })
}
