//! Values of fields with parameters (RFC 2045, 5.1), in pieces and in other character sets (RFC 2231),
//! read as leniently as mail programs do.

use super::words;

/// A value with its parameters.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Declared {
    /// What stands in front of the parameters, in small letters.
    pub(super) kind: Vec<u8>,
    /// Names in small letters, with their values.
    parameters: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Declared {
    /// How many parameters are kept.
    const MOST: usize = 256;

    pub(super) fn parse(value: &[u8]) -> Self {
        let value = without_comments(value);
        let mut rest = value.as_slice();
        let kind = until(&mut rest, |byte| byte == b';' || byte == b',');
        let kind: Vec<u8> =
            kind.iter().filter(|byte| !byte.is_ascii_whitespace()).copied().collect();
        let kind = kind.trim_ascii().to_ascii_lowercase();
        let mut declared = Self { kind, parameters: Vec::new() };
        while !rest.is_empty() && declared.parameters.len() < Self::MOST {
            declared.parameters.extend(parameter(&mut rest));
        }
        declared
    }

    /// The value of a parameter, put together where it is in pieces.
    pub(super) fn parameter(&self, name: &str) -> Option<Vec<u8>> {
        let whole = self.parameters.iter().find(|(known, _)| known == name.as_bytes());
        let extended = || {
            let name = format!("{name}*");
            let found = self.parameters.iter().find(|(known, _)| known == name.as_bytes());
            found.map(|(_, value)| words::percent(value, true))
        };
        whole.map(|(_, value)| value.clone()).or_else(extended).or_else(|| self.pieces(name))
    }

    /// The same for a name, made readable.
    pub(super) fn name(&self, name: &str) -> Option<Vec<u8>> {
        self.parameter(name).map(|name| words::decode(&name))
    }

    /// `name*0=a; name*1*=%62`.
    fn pieces(&self, name: &str) -> Option<Vec<u8>> {
        let mut whole = Vec::new();
        for number in 0..Self::MOST {
            let plain = format!("{name}*{number}");
            let extended = format!("{plain}*");
            let piece = self.parameters.iter().find_map(|(known, value)| {
                if known == plain.as_bytes() {
                    Some(value.clone())
                } else if known == extended.as_bytes() {
                    Some(words::percent(value, number == 0))
                } else {
                    None
                }
            });
            match piece {
                Some(piece) => whole.extend(piece),
                None if number == 0 => return None,
                None => break,
            }
        }
        Some(whole)
    }
}

/// The next `name=value`, and what ends it.
fn parameter(rest: &mut &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let name = until(rest, |byte| matches!(byte, b'=' | b';' | b','));
    if !rest.starts_with(b"=") {
        skip(rest);
        return None;
    }
    skip(rest);
    *rest = rest.trim_ascii_start();
    let value = match rest.first() {
        Some(b'"') => {
            skip(rest);
            quoted(rest)
        }
        _ => until(rest, |byte| byte == b';').trim_ascii().to_vec(),
    };
    // Behind a quoted value the next parameter may follow at once.
    *rest = rest.trim_ascii_start();
    if matches!(rest.first(), Some(b';' | b',')) {
        skip(rest);
    }
    Some((name.trim_ascii().to_ascii_lowercase(), value))
}

/// Up to the closing quotation mark, or the end.
fn quoted(rest: &mut &[u8]) -> Vec<u8> {
    let mut value = Vec::new();
    while let Some((&byte, behind)) = rest.split_first() {
        *rest = behind;
        match byte {
            b'"' => break,
            b'\\' => {
                // Names of Windows have backslashes that nobody doubled.
                match rest.first() {
                    Some(&next @ (b'"' | b'\\')) => {
                        value.push(next);
                        skip(rest);
                    }
                    _ => value.push(byte),
                }
            }
            _ => value.push(byte),
        }
    }
    value
}

fn until<'d>(rest: &mut &'d [u8], ends: impl Fn(u8) -> bool) -> &'d [u8] {
    let length = rest.iter().position(|&byte| ends(byte)).unwrap_or(rest.len());
    let (front, behind) = rest.split_at_checked(length).unwrap_or_default();
    *rest = behind;
    front
}

fn skip(rest: &mut &[u8]) {
    *rest = rest.get(1..).unwrap_or_default();
}

/// The value without `(comments)`, which may be nested; not inside of quotation marks. One without an
/// end is none.
fn without_comments(value: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(value.len());
    let (mut depth, mut is_quoted, mut is_escaped) = (0_usize, false, false);
    let closes = memchr::memrchr(b')', value).unwrap_or(0);
    for (at, &byte) in value.iter().enumerate() {
        let escaped = is_escaped;
        is_escaped = byte == b'\\' && !escaped;
        match byte {
            b'"' if depth == 0 && !escaped => is_quoted = !is_quoted,
            b'(' if !is_quoted && !escaped && (depth > 0 || at < closes) => {
                depth = depth.saturating_add(1);
                continue;
            }
            b')' if depth > 0 && !escaped => {
                depth = depth.saturating_sub(1);
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            kept.push(byte);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter_of(value: &str, name: &str) -> Option<String> {
        let declared = Declared::parse(value.as_bytes());
        declared.parameter(name).map(|value| String::from_utf8(value).unwrap())
    }

    #[test]
    fn values_are_read_as_they_are_written_in_the_wild() {
        for (value, expected) in [
            ("multipart/mixed; boundary=abc", Some("abc")),
            ("multipart/mixed; BOUNDARY = \"a b;c\" ; x=y", Some("a b;c")),
            ("multipart/mixed;boundary=\"a\\\"b\"", Some("a\"b")),
            ("multipart/mixed; boundary=\"abc", Some("abc")),
            ("multipart/mixed; boundary=a b ; x", Some("a b")),
            ("multipart/mixed; name=\"x\" boundary=\"y\"", Some("y")),
            ("multipart/(a \"com(me)nt\")mixed; (b)boundary(c)=(d)abc(e)", Some("abc")),
            ("multipart/mixed; boundary=\"a(b)c\"", Some("a(b)c")),
            ("multipart/mixed; boundary=a(b", Some("a(b")),
            ("multipart/mixed, boundary=abc", Some("abc")),
            ("multipart/mixed; boundary*0=ab; boundary*1=\"c\"", Some("abc")),
            ("multipart/mixed; boundary*1=c; boundary*0*=us-ascii''a%62", Some("abc")),
            ("multipart/mixed; boundary*=us-ascii'en'a%62c", Some("abc")),
            ("multipart/mixed; boundary", None),
            ("multipart/mixed; ;;=;", None),
            ("", None),
        ] {
            assert_eq!(parameter_of(value, "boundary").as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn kinds_are_small_letters_without_spaces_and_comments() {
        for value in ["Text / HTML ; x=y", "text/html", "text/(x)html", "TEXT/html,"] {
            assert_eq!(Declared::parse(value.as_bytes()).kind, b"text/html", "{value}");
        }
    }

    #[test]
    fn parameters_have_an_end() {
        let many = format!("x/y; {}", "a=b;".repeat(10_000));
        assert_eq!(Declared::parse(many.as_bytes()).parameters.len(), Declared::MOST);
        assert_eq!(Declared::parse(&b";".repeat(60_000)).parameters, []);
        assert_eq!(Declared::parse(&b"(".repeat(60_000)).kind, b"(".repeat(60_000));
    }

    #[test]
    fn names_are_made_readable() {
        for (value, expected) in [
            ("a; name=\"=?utf-8?B?csOpc3Vtw6kuZXhl?=\"", "résumé.exe"),
            ("a; name=\"=?iso-8859-1?q?r=E9sum=E9?= =?us-ascii?Q?_x.exe?=\"", "résumé x.exe"),
            ("a; name*=utf-8''r%C3%A9sum%C3%A9.exe", "résumé.exe"),
            ("a; name*=iso-8859-1''r%E9sum%E9.exe", "résumé.exe"),
            ("a; name*0*=utf-8''r%C3%A9; name*1=\"sum\"; name*2*=%C3%A9.exe", "résumé.exe"),
            ("a; name=\"c:\\dir\\x.exe\"", "c:\\dir\\x.exe"),
        ] {
            let name = Declared::parse(value.as_bytes()).name("name").unwrap();
            assert_eq!(String::from_utf8_lossy(&name), expected, "{value}");
        }
    }
}
