//! What is well-formed and still not right: names that cannot be shown, hashes of nothing, patterns that
//! cost too much.

use pellucid::set::layout::{FLAG_LATE, Hashed, MAX_NAME};
use pellucid::verdict::Class;

use crate::compile::Added;
use crate::compile::literal::CHEAP;
use crate::compile::prepare::{Prepared, PreparedPattern};
use crate::compile::windows::is_placed;
use crate::diagnostic::{Fault, quoted};
use crate::source::{Content, Digest, Record};

/// MD5, SHA-1 and SHA-256 of no bytes.
const EMPTY: [Digest; 3] = [
    Digest::Md5([
        0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0x00, 0xb2, 0x04, 0xe9, 0x80, 0x09, 0x98, 0xec, 0xf8, 0x42,
        0x7e,
    ]),
    Digest::Sha1([
        0xda, 0x39, 0xa3, 0xee, 0x5e, 0x6b, 0x4b, 0x0d, 0x32, 0x55, 0xbf, 0xef, 0x95, 0x60, 0x18,
        0x90, 0xaf, 0xd8, 0x07, 0x09,
    ]),
    Digest::Sha256([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9,
        0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52,
        0xb8, 0x55,
    ]),
];

/// Refuses bytes that no record may hold.
pub(crate) fn text(line: &[u8]) -> Result<&str, Fault> {
    let strange = |byte: u8| byte < b' ' && byte != b'\t' || byte == 0x7f;
    if let Some(at) = line.iter().position(|&byte| strange(byte)) {
        let byte = line.get(at).copied().unwrap_or_default();
        let what = match byte {
            0 => "a NUL".into(),
            b'\r' => "a carriage return inside of the line".into(),
            byte => format!("the control character 0x{byte:02x}"),
        };
        return Err(Fault::error("control character", format!("{what} in a record")).at(at));
    }
    std::str::from_utf8(line)
        .map_err(|error| Fault::error("not UTF-8", "the line is not UTF-8").at(error.valid_up_to()))
}

/// Refuses records whose name or content no set should hold.
pub(crate) fn record(record: &Record<'_>) -> Result<(), Fault> {
    // Nobody is shown the names of types and passwords.
    if !matches!(record.content, Content::FileType(_) | Content::Password(_)) {
        name(&record.name)?;
    }
    match &record.content {
        // Programs without imports have a text without bytes.
        Content::Hash { of: Hashed::Object | Hashed::PeSection, digest, .. }
            if EMPTY.contains(digest) && record.class != Class::Trusted =>
        {
            let message = "this is the hash of an empty file";
            Err(Fault::error("hash of an empty file", message).at(0).help("leave the record out"))
        }
        _ => Ok(()),
    }
}

/// Refuses names that cannot be shown.
pub(crate) fn name(name: &str) -> Result<(), Fault> {
    if name.is_empty() {
        return Err(Fault::error("name", "the name is empty"));
    }
    if name.len() > MAX_NAME {
        let message = format!("the name is longer than {MAX_NAME} bytes");
        return Err(Fault::error("name", message));
    }
    if name.chars().any(char::is_control) || name.trim() != name {
        let message = format!("{} has spaces around it or control characters", quoted(name));
        return Err(Fault::error("name", message));
    }
    Ok(())
}

/// Warns of patterns that make every scan slower.
pub(crate) fn cost(content: &Prepared) -> Option<Fault> {
    match content {
        Prepared::Hash { .. } | Prepared::Certificate(_) | Prepared::Listing(_) => None,
        Prepared::FileType(_) | Prepared::Password(_) | Prepared::MacroMember(..) => None,
        Prepared::Pattern(pattern) => pattern_cost(pattern),
        Prepared::Logical(logical) if logical.holds_without_hits => Some(
            Fault::warning("holds without hits", "the logic holds where nothing matches")
                .help("it hits every object of its target that its patterns do not match"),
        ),
        Prepared::Logical(logical) => {
            logical.patterns.iter().find_map(|(_, pattern)| pattern_cost(pattern))
        }
    }
}

/// Warns of a pattern whose search has little to go by. Of all its parts the best one counts. A pattern
/// that may start at one position costs a look there and no more; one that its signature asks for only
/// when others of its patterns were found costs nothing before.
fn pattern_cost(pattern: &PreparedPattern) -> Option<Fault> {
    if is_placed(&pattern.row) || pattern.row.flags & FLAG_LATE != 0 {
        return None;
    }
    let literals = pattern.segments.iter().map(|segment| segment.literal.as_ref());
    let longest = literals.map(|literal| literal.map_or(0, |literal| literal.bytes.len())).max()?;
    match longest {
        0 => Some(
            Fault::warning("no literal", "the pattern has no fixed bytes at a bounded place")
                .help("it is tried at every position of every object of its target"),
        ),
        length if length < CHEAP => Some(
            Fault::warning(
                "short literal",
                format!("the longest run of fixed bytes in the pattern has {length} bytes"),
            )
            .help(format!("runs of {CHEAP} bytes and more cost less: shorter ones are everywhere")),
        ),
        _ => None,
    }
}

/// Speaks of a record whose like was there before.
pub(crate) fn added(added: Added, name: &str) -> Option<Fault> {
    match added {
        Added::New => None,
        Added::Again => {
            Some(Fault::note("again", format!("{} is there already, word for word", quoted(name))))
        }
        Added::SameName => Some(same_name(name)),
    }
}

/// Warns of a name that stands for two different things.
pub(crate) fn same_name(name: &str) -> Fault {
    Fault::warning("same name", format!("another signature is called {}", quoted(name)))
        .help("give each its own name, so that a finding leads to one of them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digests_of_nothing() {
        use sha2::Digest as _;
        assert!(EMPTY.contains(&Digest::Sha256(sha2::Sha256::new().finalize().into())));
        let parse = |text| Digest::parse(text).unwrap();
        assert!(EMPTY.contains(&parse("d41d8cd98f00b204e9800998ecf8427e")));
        assert!(EMPTY.contains(&parse("da39a3ee5e6b4b0d3255bfef95601890afd80709")));
    }

    #[test]
    fn control_characters_are_named() {
        for (line, message) in [
            (&b"a\0b"[..], "a NUL in a record"),
            (b"a\rb", "a carriage return inside of the line in a record"),
            (b"a\x1bb", "the control character 0x1b in a record"),
            (b"a\xff", "the line is not UTF-8"),
        ] {
            let fault = text(line).unwrap_err();
            assert_eq!((fault.message.as_str(), fault.at), (message, Some(1)));
        }
        assert_eq!(text("ä\tb".as_bytes()), Ok("ä\tb"));
    }

    #[test]
    fn names() {
        assert!(name("Win.Trojan.A-1 (x)").is_ok());
        for bad in ["", " a", "a ", "a\u{85}b", "a\tb", &"a".repeat(1025)] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
    }
}
