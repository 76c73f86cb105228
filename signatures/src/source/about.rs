//! `set.toml`: what a set says of itself.
//!
//! ```toml
//! origin = "example.org"        # who publishes it
//! channel = "stable"            # which line of sets it belongs to
//! version = 12                  # grows with each published set of the channel
//! licence = "MIT OR Apache-2.0"
//! author = "The example authors"
//! description = "Families seen in examples"
//! removals = ["Old.Name"]       # signatures of lower sets that this one switches off
//! ```
//! Every key may be missing; a key that is not listed here is an error.

use serde::Deserialize;

use crate::diagnostic::{Diagnostic, Fault};

/// The file's path inside the sources.
pub(crate) const PATH: &str = "set.toml";

/// The longest file that is read.
pub(crate) const LONGEST: u64 = 1 << 20;

/// What a set says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct About {
    /// Who publishes it, as a dotted name.
    pub origin: String,
    /// Which line of sets it belongs to.
    pub channel: String,
    /// Grows with each published set of the channel.
    pub version: u64,
    /// The licence of the sources.
    pub licence: String,
    /// Who wrote them.
    pub author: String,
    /// For people.
    pub description: String,
    /// Names of signatures in lower sets that this set switches off.
    pub removals: Vec<String>,
}

impl Default for About {
    fn default() -> Self {
        Self {
            origin: "local".into(),
            channel: "dev".into(),
            version: 0,
            licence: String::new(),
            author: String::new(),
            description: String::new(),
            removals: Vec::new(),
        }
    }
}

/// Reads the file; `shown` is its name in the diagnostic.
pub(crate) fn parse(bytes: &[u8], shown: &str) -> Result<About, Box<Diagnostic>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let fault = Fault::error("not UTF-8", "the file is not UTF-8");
        Box::new(Diagnostic::of_text(shown, bytes, Some(error.valid_up_to()), fault))
    })?;
    let about: About = toml::from_str(text).map_err(|error| {
        let fault = Fault::error("set.toml", error.message().replace('\n', " ")).help(
            "the keys are origin, channel, version, licence, author, description and removals",
        );
        let at = error.span().map(|span| span.start);
        Box::new(Diagnostic::of_text(shown, bytes, at, fault))
    })?;
    check(&about).map_err(|message| {
        Box::new(Diagnostic::of_file(shown, Fault::error("set.toml", message)))
    })?;
    Ok(about)
}

/// Origin and channel make up the set's label, `origin/channel@version`.
fn check(about: &About) -> Result<(), String> {
    for (key, value) in [("origin", &about.origin), ("channel", &about.channel)] {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if value.is_empty() || value.len() > 128 || !value.chars().all(plain) {
            return Err(format!(
                "`{key}` must be 1 to 128 letters, digits, dots, dashes and underscores"
            ));
        }
    }
    let texts = [&about.licence, &about.author, &about.description];
    match texts.into_iter().chain(&about.removals).any(|text| text.contains('\0')) {
        true => Err("a text holds a NUL".into()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_may_be_missing() {
        assert_eq!(parse(b"", "set.toml"), Ok(About::default()));
        let text = b"origin = \"example.org\"\nversion = 12\nremovals = [\"A\", \"B\"]";
        let about = parse(text, "set.toml").unwrap();
        assert_eq!((about.origin.as_str(), about.version), ("example.org", 12));
        assert_eq!((about.channel.as_str(), about.removals.len()), ("dev", 2));
    }

    #[test]
    fn errors_have_a_position() {
        for (text, position) in [
            (&b"origin = \"a\"\nlicense = \"x\""[..], Some((2, 1))),
            (b"version = -1", Some((1, 11))),
            (b"version = 99999999999999999999999", Some((1, 11))),
            (b"origin = ", Some((1, 10))),
            (b"origin = 5", Some((1, 10))),
            (b"a\xff", Some((1, 2))),
            (b"origin = \"a/b\"", None),
            (b"channel = \"\"", None),
        ] {
            let diagnostic = parse(text, "set.toml").unwrap_err();
            let found = diagnostic.line.zip(diagnostic.column);
            assert_eq!(found, position, "{diagnostic}");
        }
    }
}
