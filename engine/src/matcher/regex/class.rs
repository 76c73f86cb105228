//! Classes in square brackets: `[a-z\d[:punct:]]`.

#![warn(clippy::arithmetic_side_effects)]

use super::bytes::ByteSet;
use super::cursor::Cursor;
use super::escape::{self, Escape};
use super::{Problem, RegexError};

/// What the options of the expression mean for a class.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    /// Letters match in either case.
    pub(super) any_case: bool,
    /// Spaces and tabulators stand for nothing.
    pub(super) spaced: bool,
}

/// Reads a class; the opening bracket is passed over.
pub(super) fn read(cursor: &mut Cursor<'_>, options: Options) -> Result<ByteSet, RegexError> {
    let start = cursor.at().saturating_sub(1);
    let mut class = Class { cursor, start, quoted: false, spaced: options.spaced };
    let set = class.read(options.any_case)?;
    Ok(set)
}

struct Class<'c, 't> {
    cursor: &'c mut Cursor<'t>,
    start: usize,
    /// Between `\Q` and `\E`.
    quoted: bool,
    spaced: bool,
}

enum Item {
    Byte(u8),
    Set(ByteSet),
    End,
}

impl Class<'_, '_> {
    fn wrong(&self, what: &'static str) -> RegexError {
        RegexError { at: self.cursor.at(), problem: Problem::Malformed(what) }
    }

    fn read(&mut self, any_case: bool) -> Result<ByteSet, RegexError> {
        let negated = self.cursor.eat(b"^");
        let mut set = ByteSet::default();
        let mut is_first = true;
        loop {
            match self.item(is_first)? {
                Item::End => break,
                Item::Byte(byte) => set = set.union(self.range_from(byte)?),
                Item::Set(more) => {
                    if self.range_follows() {
                        return Err(self.wrong("a range from a class"));
                    }
                    set = set.union(more);
                }
            }
            is_first = false;
        }
        let set = if any_case { set.any_case() } else { set };
        Ok(if negated { set.negated() } else { set })
    }

    /// The next byte or set. A closing bracket right at the start stands for itself.
    fn item(&mut self, is_first: bool) -> Result<Item, RegexError> {
        loop {
            let Some(byte) = self.cursor.next() else {
                let problem = Problem::Malformed("a class without its closing bracket");
                return Err(RegexError { at: self.start, problem });
            };
            if self.quoted {
                match byte == b'\\' && self.cursor.eat(b"E") {
                    true => self.quoted = false,
                    false => return Ok(Item::Byte(byte)),
                }
                continue;
            }
            match byte {
                b']' if !is_first => return Ok(Item::End),
                b' ' | b'\t' if self.spaced => {}
                b'[' if is_posix(self.cursor.rest()) => return self.posix(),
                b'\\' => match escape::read_in_class(self.cursor)? {
                    Escape::Quote => self.quoted = true,
                    Escape::Byte(byte) => return Ok(Item::Byte(byte)),
                    Escape::Set(set) => return Ok(Item::Set(set)),
                    _ => {}
                },
                byte => return Ok(Item::Byte(byte)),
            }
        }
    }

    /// Whether a hyphen comes that stands between two ends of a range. Quotes without content are nothing.
    fn range_follows(&mut self) -> bool {
        while self.cursor.eat(b"\\E") || (!self.quoted && self.cursor.eat(b"\\Q\\E")) {
            self.quoted = false;
        }
        !self.quoted && matches!(self.cursor.rest(), [b'-', end, ..] if *end != b']')
    }

    fn range_from(&mut self, from: u8) -> Result<ByteSet, RegexError> {
        if !self.range_follows() {
            return Ok(ByteSet::one(from));
        }
        self.cursor.next();
        let behind_hyphen = *self.cursor;
        match self.item(false)? {
            Item::Byte(to) if from <= to => Ok(ByteSet::range(from..=to)),
            Item::Byte(_) => Err(self.wrong("a range that runs backward")),
            Item::Set(_) => Err(self.wrong("a range to a class")),
            // What came was `\E` and the closing bracket: the hyphen stands for itself.
            Item::End => {
                *self.cursor = behind_hyphen;
                Ok(ByteSet::from_iter([from, b'-']))
            }
        }
    }

    /// A class by name; its opening bracket is passed over.
    fn posix(&mut self) -> Result<Item, RegexError> {
        let is_colon = self.cursor.next() == Some(b':');
        let negated = self.cursor.eat(b"^");
        let name = self.cursor.take_until(b"]").unwrap_or_default();
        let set = name.strip_suffix(b":").filter(|_| is_colon).and_then(ByteSet::named);
        let set = set.ok_or_else(|| self.wrong("an unknown class name"))?;
        Ok(Item::Set(if negated { set.negated() } else { set }))
    }
}

/// Whether what follows a bracket inside of a class is a name such as `:digit:]`.
pub(super) fn is_posix(rest: &[u8]) -> bool {
    let Some((&mark @ (b':' | b'.' | b'='), rest)) = rest.split_first() else { return false };
    let mut bytes = rest.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, bytes.peek().copied()) {
            (byte, Some(b']')) if byte == mark => return true,
            (b'\\', Some(b'\\' | b']')) => _ = bytes.next(),
            (b'[', Some(next)) if next == mark => return false,
            (b']', _) => return false,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(text: &str) -> Result<String, String> {
        let options = Options::default();
        let mut cursor = Cursor::new(text.as_bytes());
        let set = read(&mut cursor, options).map_err(|error| error.to_string())?;
        let shown =
            if set.len() > 128 { format!("^{:?}", set.negated()) } else { format!("{set:?}") };
        Ok(format!("{shown}{}", String::from_utf8_lossy(cursor.rest())))
    }

    #[test]
    fn every_form() {
        for (text, expected) in [
            ("abc]x", "[abc]x"),
            ("]a]", "[]a]"),
            ("^]a]", "^[]a]"),
            ("a-cx]", "[abcx]"),
            ("-a]", "[-a]"),
            ("a-]", "[-a]"),
            (r"\d-]", "[-0123456789]"),
            (r"\Q]-a\E]", r"[-]a]"),
            (r"\x41\102\tC]", r"[\tABC]"),
            (r"\Qa\E-\Q\Ec]", "[abc]"),
            (r"a\Q-\Ec]", "[-ac]"),
            (r"\b\8]", "[\\x088]"),
            (r"a\E-\Ec]", "[abc]"),
            ("[:digit:]a]", "[0123456789a]"),
            ("[:^ascii:]]", "^[\\x00]"),
            ("[:digit]", "[:[dgit]"),
            ("a[]", "[[a]"),
            ("+--]", "[+,-]"),
        ] {
            let found = class(text);
            if expected.starts_with("^[\\x00") {
                assert!(found.is_ok(), "{text}");
                continue;
            }
            assert_eq!(found.as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_refused() {
        for text in
            ["", "]", "a", "z-a]", r"a-\d]", r"\d-a]", "[:digit:]-z]", "[:odd:]]", "[.a.]]", r"\R]"]
        {
            assert!(class(text).is_err(), "{text}");
        }
    }

    #[test]
    fn either_case_comes_before_the_negation() {
        let options = Options { any_case: true, spaced: true };
        let set = read(&mut Cursor::new(b"^a b]"), options).unwrap();
        assert_eq!(set.negated(), ByteSet::from_iter(*b"aAbB"));
    }
}
