//! What a source is told: which record, where, what is wrong with it, and what to do.
//!
//! Readers know a record only as a line of text and say a [`Fault`]; the conductor adds file and line
//! and makes a [`Diagnostic`]. Sources are outside data: excerpts are bounded, and control characters
//! are written out, so that a diagnostic can go to a terminal as it is.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// Characters of the source line that a diagnostic shows around its column.
const EXCERPT: usize = 100;

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The record or file is not what its format says. It is refused; a strict build fails.
    Error,
    /// It was taken, and its author should look at it again.
    Warning,
    /// It is well-formed but asks for something that Pellucid does not do; it is left out.
    Skipped,
    /// For information.
    Note,
}

impl Level {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Skipped => "skipped",
            Level::Note => "note",
        }
    }
}

/// What a reader finds wrong with one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// How much it weighs.
    pub level: Level,
    /// A few words by which faults of one kind are counted.
    pub reason: Cow<'static, str>,
    /// Where in the line, in bytes from 0.
    pub at: Option<usize>,
    /// What was expected and what was found.
    pub message: String,
    /// What to do; empty where the message says it all.
    pub help: String,
}

impl Fault {
    /// A record that is not what its format says.
    pub fn error(reason: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Level::Error, reason, message)
    }

    /// A record that asks for something that Pellucid does not do.
    pub fn skipped(reason: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Level::Skipped, reason, message)
    }

    /// A record that is taken, though its author should look at it.
    pub fn warning(reason: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Level::Warning, reason, message)
    }

    /// For information.
    pub fn note(reason: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Level::Note, reason, message)
    }

    fn new(level: Level, reason: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        let (reason, message) = (reason.into(), message.into());
        Self { level, reason, at: None, message, help: String::new() }
    }

    /// The same fault where it does not keep the record out.
    pub fn weakened(self) -> Self {
        Self { level: Level::Warning, ..self }
    }

    /// At this byte of the line.
    pub fn at(self, at: usize) -> Self {
        Self { at: Some(at), ..self }
    }

    /// The same fault, `by` bytes further on in the line.
    pub fn moved(self, by: usize) -> Self {
        Self { at: Some(self.at.unwrap_or(0).saturating_add(by)), ..self }
    }

    /// What to do about it.
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: help.into(), ..self }
    }

    /// The fault in the words of tests: how much it weighs, its reason, and where, counted from a place.
    #[cfg(test)]
    pub(crate) fn told(&self, from: usize) -> String {
        let at = self.at.map_or(String::new(), |at| format!(" @{}", at - from));
        format!("{:?} {}{at}", self.level, self.reason)
    }
}

/// A fault with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How much it weighs.
    pub level: Level,
    /// Of which kind the record is, or the records of the file.
    pub kind: String,
    /// A few words by which diagnostics of one kind are counted.
    pub reason: Cow<'static, str>,
    /// How many records are not in the set because of it.
    pub records: u64,
    /// The file, as the caller named it.
    pub file: String,
    /// The line, from 1.
    pub line: Option<u64>,
    /// The column, in characters from 1 (in bytes where the line is not UTF-8).
    pub column: Option<u64>,
    /// The source line around the column, control characters written out.
    pub excerpt: Option<Excerpt>,
    /// What was expected and what was found.
    pub message: String,
    /// What to do; may be empty.
    pub help: String,
}

impl Diagnostic {
    /// A fault of a whole file.
    pub fn of_file(file: &str, fault: Fault) -> Self {
        let Fault { level, reason, message, help, .. } = fault;
        let message = bounded(&message);
        Self {
            level,
            kind: String::new(),
            reason,
            records: 0,
            file: file.into(),
            line: None,
            column: None,
            excerpt: None,
            message,
            help,
        }
    }

    /// A fault of one line.
    pub fn of_line(file: &str, number: u64, line: &[u8], fault: Fault) -> Self {
        let column = fault.at.map(|at| column(line, at));
        let excerpt = Some(Excerpt::new(line, fault.at));
        Self { line: Some(number), column, excerpt, ..Self::of_file(file, fault) }
    }

    /// A fault at byte `at` of a whole text.
    pub fn of_text(file: &str, text: &[u8], at: Option<usize>, fault: Fault) -> Self {
        let Some(at) = at else { return Self::of_file(file, fault) };
        let (number, line, at) = line_at(text, at);
        Self::of_line(file, number, line, fault.at(at))
    }
}

/// The line that byte `at` is in: its number, its text, and where in it the byte is.
fn line_at(text: &[u8], at: usize) -> (u64, &[u8], usize) {
    let before = text.get(..at).unwrap_or(text);
    let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    let line = text.get(start..).unwrap_or_default();
    let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let number = before.iter().filter(|&&byte| byte == b'\n').count() as u64;
    (number.saturating_add(1), line, before.len().saturating_sub(start))
}

/// The column of a byte, in characters from 1.
fn column(line: &[u8], at: usize) -> u64 {
    let before = line.get(..at).unwrap_or(line);
    let characters = std::str::from_utf8(before).map_or(before.len(), |text| text.chars().count());
    (characters as u64).saturating_add(1)
}

/// A piece of a source line, safe to print.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    /// The text.
    pub text: String,
    /// How many characters of it stand before the place in question.
    pub caret: Option<usize>,
}

impl Excerpt {
    /// The part of `line` around byte `at`.
    pub fn new(line: &[u8], at: Option<usize>) -> Self {
        let at = at.map(|at| at.min(line.len()));
        let start = at.unwrap_or(0).saturating_sub(EXCERPT / 2);
        let end = start.saturating_add(EXCERPT).min(line.len());
        let piece = |from: usize, to: usize| escape(line.get(from..to).unwrap_or_default());
        let lead = if start > 0 { "..." } else { "" };
        let tail = if end < line.len() { "..." } else { "" };
        let middle = at.unwrap_or(start);
        let before = format!("{lead}{}", piece(start, middle));
        let caret = at.map(|_| before.chars().count());
        Self { text: format!("{before}{}{tail}", piece(middle, end)), caret }
    }
}

/// The bytes as text in which nothing moves the cursor or changes colours.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match is_plain(character) {
                true => text.push(character),
                false => text.extend(character.escape_default()),
            }
        }
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

/// Whether a character can be shown as it is: neither a control character nor one that reorders text.
fn is_plain(character: char) -> bool {
    let reorders = matches!(character, '\u{200e}' | '\u{200f}' | '\u{061c}')
        || ('\u{202a}'..='\u{202e}').contains(&character)
        || ('\u{2066}'..='\u{2069}').contains(&character);
    !character.is_control() && !reorders
}

/// Text out of a source, quoted, bounded and safe to print.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", shorten(text, 60))
}

/// A message, safe to print whatever it repeats of a source.
fn bounded(message: &str) -> String {
    shorten(message, 1000)
}

fn shorten(text: &str, longest: usize) -> String {
    let shown: String = text.chars().take(longest).collect();
    let more = if shown.len() < text.len() { "..." } else { "" };
    escape(shown.as_bytes()) + more
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(self.file.as_bytes()))?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        write!(f, ": {}: {}", self.level.name(), self.message)?;
        if let (Some(line), Some(excerpt)) = (self.line, &self.excerpt) {
            let number = line.to_string();
            let margin = " ".repeat(number.len());
            write!(f, "\n{number} | {}", excerpt.text)?;
            if let Some(caret) = excerpt.caret {
                write!(f, "\n{margin} | {}^", " ".repeat(caret))?;
            }
        }
        if !self.help.is_empty() {
            write!(f, "\n  help: {}", self.help)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_reads_like_a_compilers() {
        let fault = Fault::error("hex", "`x` is not a hexadecimal digit")
            .at(4)
            .help("write bytes as two digits each");
        let diagnostic = Diagnostic::of_line("a.ndb", 12, b"abcdxf", fault);
        assert_eq!(
            diagnostic.to_string(),
            "a.ndb:12:5: error: `x` is not a hexadecimal digit\n\
             12 | abcdxf\n\
             \x20  |     ^\n\
             \x20 help: write bytes as two digits each"
        );
    }

    #[test]
    fn excerpts_are_bounded_and_harmless() {
        let long = [b'a'; 5000];
        let excerpt = Excerpt::new(&long, Some(2500));
        assert!(excerpt.text.len() < 120 && excerpt.text.starts_with("...a"));
        assert_eq!(excerpt.caret, Some(53));
        let wild = Excerpt::new(b"\x1b[31m\0\xff\r", Some(6));
        assert_eq!(wild.text, "\\u{1b}[31m\\u{0}\\xff\\r");
        assert_eq!(Excerpt::new("\u{202e}exe".as_bytes(), None).text, "\\u{202e}exe");
        assert_eq!(Excerpt::new(b"ab", Some(99)).caret, Some(2), "behind the end");
    }

    #[test]
    fn columns_count_characters() {
        let line = "äö:x".as_bytes();
        let diagnostic = Diagnostic::of_line("a", 1, line, Fault::error("x", "x").at(5));
        assert_eq!(diagnostic.column, Some(4));
    }
}
