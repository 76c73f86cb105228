//! ClamAV's oldest body signatures (`.db`): `name=hexsig`, for objects of any kind, at any offset.

use std::borrow::Cow;

use pellucid::matcher::{Offset, Target};
use pellucid::verdict::Class;

use super::super::{Content, Record};
use super::class_of;
use super::hex::{self, Style};
use crate::diagnostic::Fault;

/// Reads one line.
pub(crate) fn record(line: &str, class: Class) -> Result<Option<Record<'_>>, Fault> {
    let Some((name, body)) = line.split_once('=') else {
        let fault = Fault::error("fields", "the signature is missing").at(line.len());
        return Err(fault.help("a record is `name=hexsig`"));
    };
    let at = line.len().saturating_sub(body.len());
    let hex = hex::parse(body.trim_end(), Style::default()).map_err(|fault| fault.moved(at))?;
    let pattern = hex.at(Target::Any, Offset::Anywhere);
    let (name, class) = (name.trim_end(), class_of(name, class));
    Ok(Some(Record { name: Cow::Borrowed(name), class, content: Content::Pattern(pattern) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<(String, Class, usize), String> {
        match record(line, Class::Malicious) {
            Ok(Some(Record { name, class, content: Content::Pattern(pattern) })) => {
                assert_eq!((pattern.target, pattern.offset), (Target::Any, Offset::Anywhere));
                Ok((name.into_owned(), class, pattern.parts().count()))
            }
            Ok(other) => panic!("{other:?}"),
            Err(fault) => Err(format!("{:?} {} @{:?}", fault.level, fault.reason, fault.at)),
        }
    }

    #[test]
    fn a_record() {
        assert_eq!(read("A.B=aabb*ccdd"), Ok(("A.B".into(), Class::Malicious, 2)));
        assert_eq!(read("A:B (Clam)=AABB??cc  "), Ok(("A:B (Clam)".into(), Class::Malicious, 1)));
        assert_eq!(read("PUA.A =aabb"), Ok(("PUA.A".into(), Class::Pua, 1)));
    }

    #[test]
    fn what_is_refused() {
        for (line, reason) in [
            ("A.B", "Error fields @Some(3)"),
            ("A.B:0:*:aabb", "Error fields @Some(12)"),
            ("A=aabb=cc", "Error body @Some(6)"),
            ("A=aabb:73", "Error body @Some(6)"),
            ("A=", "Error body @Some(2)"),
        ] {
            assert_eq!(read(line), Err(reason.into()), "{line}");
        }
    }
}
