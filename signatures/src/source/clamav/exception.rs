//! ClamAV's exceptions (`.ign .ign2`), which switch signatures off: `name[:md5 of the record]`, or in the
//! oldest form `database:line:name`, of which ClamAV 1.4 looks at the name alone. Both files may hold
//! both forms.
//!
//! A name stands as in the source of its signature, letter by letter and without `.UNOFFICIAL`. With an
//! MD5 it means the record of that name whose line, without its end, has that MD5.

use super::super::parse_hex;
use super::{Field, fields};
use crate::diagnostic::{Fault, quoted};
use crate::lint;

const FORM: &str = "name[:md5 of the record]";

/// What is switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exception<'a> {
    pub(crate) name: &'a str,
    /// The MD5 of the one record that is meant, instead of all of that name.
    pub(crate) record: Option<[u8; 16]>,
}

/// Reads one line.
pub(crate) fn record(line: &str) -> Result<Exception<'_>, Fault> {
    let all: Vec<Field<'_>> = fields(line, ':').take(4).collect();
    let (name, record) = match all.as_slice() {
        [name] => (name, None),
        [name, md5] => (name, Some(parse_md5(*md5)?)),
        [_, _, name] => (name, None),
        _ => {
            let fault = Fault::error("fields", "more fields than an exception has");
            return Err(fault.help(format!("an exception is `{FORM}`")));
        }
    };
    lint::name(name.text).map_err(|fault| fault.at(name.at))?;
    Ok(Exception { name: name.text, record })
}

fn parse_md5(field: Field<'_>) -> Result<[u8; 16], Fault> {
    parse_hex(field.text).ok_or_else(|| {
        Fault::error("MD5", format!("{} is not an MD5", quoted(field.text)))
            .at(field.at)
            .help(format!("an exception is `{FORM}`; an MD5 is 32 hexadecimal digits"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms() {
        let md5 = "000102030405060708090a0b0C0D0E0F";
        let bytes: [u8; 16] = std::array::from_fn(|index| index as u8);
        let read = |line: &'static str| record(line).map(|found| (found.name, found.record));
        assert_eq!(read("A.B-1"), Ok(("A.B-1", None)));
        assert_eq!(read("main.db:17:A.B-1"), Ok(("A.B-1", None)));
        let with_md5 = format!("A.B-1:{md5}");
        assert_eq!(record(&with_md5), Ok(Exception { name: "A.B-1", record: Some(bytes) }));
    }

    #[test]
    fn what_is_refused() {
        for (line, reason) in [
            (":", "MD5 @1"),
            ("A:xyz", "MD5 @2"),
            ("A:00", "MD5 @2"),
            ("a:b:c:d", "fields @0"),
            ("a:1:", "name @4"),
            (" A", "name @0"),
        ] {
            let fault = record(line).unwrap_err();
            let found = format!("{} @{}", fault.reason, fault.at.unwrap_or(0));
            assert_eq!(found, reason, "{line}");
        }
    }
}
