//! ClamAV's body signatures (`.ndb .ndu`): `name:target:offset:hexsig[:minFL[:maxFL]]`. An offset that
//! begins with `$` makes a record a member of a macro group (`macros.rs`).

use std::borrow::Cow;

use pellucid::matcher::Target;
use pellucid::verdict::Class;

use super::super::{Content, Record};
use super::hex::{self, Style};
use super::{check_levels, class_of, expect, fields, macros, offset, parse_target};
use crate::diagnostic::Fault;

const FORM: &str = "name:target:offset:hexsig[:minFL[:maxFL]]";

/// Reads one line.
pub(crate) fn record(line: &str, class: Class) -> Result<Option<Record<'_>>, Fault> {
    let mut fields = fields(line, ':');
    let name = expect(fields.next(), line, "the name", FORM)?.text;
    let target = expect(fields.next(), line, "the target", FORM)?;
    let place = expect(fields.next(), line, "the offset", FORM)?;
    let body = expect(fields.next(), line, "the signature", FORM)?;
    check_levels(fields, FORM)?;
    let target = match target.text {
        "" => Target::Any,
        _ => parse_target(target)?,
    };
    let content = if place.text.starts_with('$') {
        macros::member(place, body, target)?
    } else {
        let offset = offset::parse(place, target)?;
        let hex = hex::parse(body.text, Style::default()).map_err(|fault| fault.moved(body.at))?;
        Content::Pattern(hex.at(target, offset))
    };
    Ok(Some(Record { name: Cow::Borrowed(name), class: class_of(name, class), content }))
}

#[cfg(test)]
mod tests {
    use pellucid::matcher::Offset;

    use super::*;

    fn read(line: &str) -> Result<(Target, Offset, usize), String> {
        match record(line, Class::Malicious) {
            Ok(Some(Record { content: Content::Pattern(pattern), .. })) => {
                Ok((pattern.target, pattern.offset, pattern.parts().count()))
            }
            Ok(other) => panic!("{other:?}"),
            Err(fault) => Err(fault.told(0)),
        }
    }

    #[test]
    fn a_record() {
        let start = Offset::Start { at: 2, shift: 0 };
        assert_eq!(read("A.B:1:*:aabb*ccdd"), Ok((Target::Pe, Offset::Anywhere, 2)));
        assert_eq!(read("A:0:*:aa[1-2]bbcc"), Ok((Target::Any, Offset::Anywhere, 1)));
        assert_eq!(read("A:0:2:bbcc[1-2]aa"), Ok((Target::Any, start, 1)));
        assert_eq!(read("A.B:0:2:AABB:51"), Ok((Target::Any, start, 1)));
        assert_eq!(read("A.B:0:2:AABB::216"), Ok((Target::Any, start, 1)));
        assert_eq!(read("A.B::2:AABB"), Ok((Target::Any, start, 1)), "an empty target is 0");
        let zero = Offset::Start { at: 0, shift: 0 };
        assert_eq!(read("A.B:0::AABB"), Ok((Target::Any, zero, 1)), "an empty offset is 0");
    }

    #[test]
    fn what_is_refused_and_what_is_skipped() {
        for (line, reason) in [
            ("A", "Error fields @1"),
            ("A:0:*", "Error fields @5"),
            ("A:0:*:aabb:1:2:3", "Error fields @15"),
            ("A:x:*:aabb", "Error target @2"),
            ("A:256:*:aabb", "Error target @2"),
            ("A:0:y:aabb", "Error offset @4"),
            ("A:0:EP+0:aabb", "Error offset @4"),
            ("A:0:*:aabbc", "Error body @11"),
            ("A:0:*:aa", "Error too short @6"),
            ("A:99:*:aabb", "Skipped unknown target @2"),
            ("A:0:*:aabb:217", "Skipped engine level"),
            ("A:0:*:aabb:51:", "Skipped engine level"),
        ] {
            assert_eq!(read(line), Err(reason.into()), "{line}");
        }
    }
}
