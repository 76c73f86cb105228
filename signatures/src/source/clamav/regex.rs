//! Regular expressions in ClamAV's logical signatures: `[offset:]trigger/expression/[griesmxAEU]`.
//!
//! The trigger is a logic over the sub-signatures before this one. The expression goes from the first
//! slash to the last; what stands behind `::` after that says nothing, as in ClamAV.

use pellucid::matcher::expression::ExpressionOp;
use pellucid::matcher::regex::{Problem, Regex};
use pellucid::matcher::{Offset, RegexOptions, Target};

use super::super::RegexPart;
use super::{Field, expression, offset};
use crate::diagnostic::{Fault, quoted};

/// Reads the sub-signature of this number.
pub(super) fn parse(sub: Field<'_>, part: u8, target: Target) -> Result<RegexPart, Fault> {
    let malformed = |message: &str| Fault::error("regular expression", message).at(sub.at);
    let (before, rest) = sub.text.split_once('/').unwrap_or((sub.text, ""));
    let (text, letters) = rest
        .rsplit_once('/')
        .ok_or_else(|| malformed("the expression ends without its closing slash"))?;
    let (place, trigger) = match before.split_once(':') {
        Some((place, trigger)) => (Some(place), trigger),
        None => (None, before),
    };
    let trigger_at = sub.at.saturating_add(before.len().saturating_sub(trigger.len()));
    let text_at = sub.at.saturating_add(before.len()).saturating_add(1);
    let letters_at = text_at.saturating_add(text.len()).saturating_add(1);
    if trigger.is_empty() || text.is_empty() {
        return Err(malformed("a trigger and an expression are needed"));
    }
    let options = options(Field { text: letters, at: letters_at })?;
    let offset = match place {
        Some(place) => place_of(Field { text: place, at: sub.at }, target)?,
        None => Offset::Anywhere,
    };
    let trigger = trigger_of(Field { text: trigger, at: trigger_at }, part)?;
    check(Field { text, at: text_at }, options)?;
    Ok(RegexPart { trigger, text: text.into(), options, offset })
}

fn place_of(field: Field<'_>, target: Target) -> Result<Offset, Fault> {
    match offset::parse(field, target)? {
        Offset::VersionString => {
            let message = "expressions are not searched for at version strings";
            Err(Fault::skipped("regular expression at offset VI", message).at(field.at))
        }
        offset => Ok(offset),
    }
}

/// A trigger speaks of the sub-signatures before its own.
fn trigger_of(field: Field<'_>, part: u8) -> Result<Vec<ExpressionOp>, Fault> {
    let ops = expression::parse(field)?;
    let is_before = |op: &ExpressionOp| match op {
        ExpressionOp::Part(named) | ExpressionOp::ComparePart { part: named, .. } => *named < part,
        _ => true,
    };
    if ops.iter().all(is_before) {
        return Ok(ops);
    }
    let message = "a trigger names only sub-signatures before its own";
    Err(Fault::error("trigger", message).at(field.at))
}

fn options(field: Field<'_>) -> Result<RegexOptions, Fault> {
    let letters = field.text.split("::").next().unwrap_or_default();
    let mut options = RegexOptions::default();
    for (index, letter) in letters.char_indices() {
        let option = match letter {
            'g' => &mut options.global,
            'r' => &mut options.rolling,
            'e' => &mut options.encompass,
            'i' => &mut options.flags.any_case,
            's' => &mut options.flags.dot_all,
            'm' => &mut options.flags.multi_line,
            'x' => &mut options.flags.extended,
            'A' => &mut options.anchored,
            'E' => &mut options.flags.dollar_is_end,
            'U' => &mut options.flags.ungreedy,
            _ => {
                let message =
                    format!("{} is no letter for expressions", quoted(&letter.to_string()));
                return Err(Fault::error("regular expression", message)
                    .at(field.at.saturating_add(index))
                    .help("the letters are g, r, i, e, s, m, x, A, E and U"));
            }
        };
        *option = true;
    }
    Ok(options)
}

fn check(field: Field<'_>, options: RegexOptions) -> Result<(), Fault> {
    let Err(error) = Regex::check(field.text.as_bytes(), options.flags) else { return Ok(()) };
    let fault = match error.problem {
        Problem::Malformed(what) => Fault::error("regular expression", what),
        Problem::Unsupported(what) => {
            let message = format!("{what} is not supported");
            Fault::skipped(format!("regular expression with {what}"), message)
        }
        _ => Fault::skipped("regular expression too large", "the expression is too large"),
    };
    Err(fault.at(field.at.saturating_add(error.at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<RegexPart, String> {
        parse(Field { text, at: 0 }, 2, Target::Pe)
            .map_err(|fault| format!("{:?} {} @{}", fault.level, fault.reason, fault.at.unwrap()))
    }

    #[test]
    fn every_piece() {
        let part = read("EP+4,8:0&1/a\\/b;c::d/gieU::x").unwrap();
        assert_eq!(part.trigger, [ExpressionOp::Part(0), ExpressionOp::Part(1), ExpressionOp::And]);
        assert_eq!(part.text, b"a\\/b;c::d");
        assert_eq!(part.offset, Offset::EntryPoint { delta: 4, shift: 8 });
        let RegexOptions { flags, global, encompass, rolling, anchored } = part.options;
        assert!(global && encompass && flags.any_case && flags.ungreedy);
        assert!(!(rolling || anchored || flags.dot_all || flags.multi_line || flags.extended));
        assert_eq!(read("1/a/b/").unwrap().text, b"a/b");
        assert_eq!(read("0/a/rsmxAE").unwrap().offset, Offset::Anywhere);
    }

    #[test]
    fn what_is_refused_and_what_is_skipped() {
        for (text, reason) in [
            ("0/a", "Error regular expression @0"),
            ("/a/", "Error regular expression @0"),
            ("0//", "Error regular expression @0"),
            ("0/a/z", "Error regular expression @4"),
            ("2/a/", "Error trigger @0"),
            ("0&/a/", "Error logic @2"),
            ("y:0/a/", "Error offset @0"),
            ("0/(a/", "Error regular expression @2"),
            ("*:0/ab)/", "Error regular expression @6"),
            ("0/(?R)/", "Skipped regular expression with recursion @2"),
            ("VI:0/a/", "Skipped regular expression at offset VI @0"),
        ] {
            assert_eq!(read(text), Err(reason.into()), "{text}");
        }
        let deep = format!("0/{}/", "(".repeat(10_000));
        assert_eq!(read(&deep), Err("Error regular expression @252".into()));
        let long = format!("0/{}/", "a".repeat(70_000));
        assert_eq!(read(&long), Err("Skipped regular expression too large @65538".into()));
    }
}
