//! Names from outside, made fit for a terminal.
//!
//! Names of files, of archive entries and of signatures are chosen by strangers. One with an escape
//! sequence could repaint the terminal, one with a line break could forge a line of the result, one
//! with a direction mark could show `exe.txt` for `txt.exe`. So whatever moves the cursor or the
//! order of characters is written as an escape.

use std::fmt::Write as _;
use std::path::Path;

/// A name as one harmless run of characters.
pub(crate) fn name(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    push(&mut shown, name);
    shown
}

/// A path; bytes that are no UTF-8 are written as `\xff`.
pub(crate) fn path(path: &Path) -> String {
    let mut shown = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        push(&mut shown, chunk.valid());
        for byte in chunk.invalid() {
            // Writing into a string cannot fail.
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    shown
}

/// A message that may have several lines.
pub(crate) fn lines(text: &str) -> String {
    text.lines().map(name).collect::<Vec<_>>().join("\n")
}

/// The way from a file to an object in it: `inner.zip > x.exe`. Empty for the file itself.
pub(crate) fn object(path: &[&str]) -> String {
    let shown = |part: &&str| if part.is_empty() { "(unnamed)".to_owned() } else { name(part) };
    path.iter().map(shown).collect::<Vec<_>>().join(" > ")
}

fn push(shown: &mut String, text: &str) {
    for c in text.chars() {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else if is_invisible(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
}

/// Characters without a shape of their own: direction marks, joiners, separators of lines.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for ordinary in ["a.txt", "Überweisung (2).pdf", "文件.doc", "C:\\x"] {
            assert_eq!(name(ordinary), ordinary);
        }
    }

    #[test]
    fn what_could_repaint_or_forge_is_escaped() {
        assert_eq!(name("a\x1b[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(name("a\nb\r"), "a\\nb\\r");
        assert_eq!(name("a\u{9b}0m"), "a\\u{9b}0m");
        assert_eq!(name("txt\u{202e}exe"), "txt\\u{202e}exe");
    }

    #[test]
    fn bytes_that_are_no_text_are_shown() {
        use std::os::unix::ffi::OsStrExt;
        let odd = Path::new(std::ffi::OsStr::from_bytes(b"a\xff\nb"));
        assert_eq!(path(odd), "a\\xff\\nb");
    }
}
