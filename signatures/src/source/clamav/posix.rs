//! POSIX extended regular expressions, as ClamAV's `.cdb` holds them for names of entries, turned into
//! expressions of the crate `regex` over bytes (without Unicode, `.` being any byte).
//!
//! Written after IEEE Std 1003.1-2017, chapter 9.4, and what ClamAV 1.4 was seen to make of the points
//! that the standard leaves open:
//!
//! - `(?i)` at the very start: letters match in either case;
//! - `\<` and `\>` are the borders of a word; any other character behind `\` stands for itself;
//! - `{` is a character unless a digit follows; a `)` that closes nothing is one;
//! - `()` matches nothing in particular, but no other branch may be empty;
//! - a repetition of a repetition is refused, and so is a count above 255;
//! - ranges follow signed bytes, so that `[\xff-a]` is one and `[a-\xff]` is none;
//! - collating elements and equivalence classes are single characters, which may be given by their
//!   POSIX names; character classes cannot occur, since a colon ends the field.

use std::fmt::Write as _;

/// Repetitions may not be counted further.
const MOST: u32 = 255;

/// Parentheses may not be nested deeper.
const DEEPEST: usize = 100;

/// Why an expression is refused: where, counted in bytes, and what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) at: usize,
    pub(super) what: &'static str,
}

/// Translates an expression.
pub(super) fn translate(expression: &str) -> Result<String, Refused> {
    let (text, either_case) = match expression.strip_prefix("(?i)") {
        Some(rest) => (rest, true),
        None => (expression, false),
    };
    let mut translator = Translator {
        text: text.as_bytes(),
        at: 0,
        either_case,
        out: String::new(),
        branches: vec![Branch { is_empty: true, start: 0 }],
    };
    translator.run().map_err(|what| {
        let at = translator.at.saturating_add(expression.len().saturating_sub(text.len()));
        Refused { at: at.min(expression.len()), what }
    })?;
    Ok(translator.out)
}

struct Translator<'t> {
    text: &'t [u8],
    at: usize,
    either_case: bool,
    out: String,
    /// The branch that is being read of each open parenthesis, outermost first; the first one has none
    /// around it.
    branches: Vec<Branch>,
}

struct Branch {
    is_empty: bool,
    /// Where the parenthesis around it begins in the translation.
    start: usize,
}

type Step<T = ()> = Result<T, &'static str>;

const EMPTY: &str = "an empty branch";
const NOTHING_TO_REPEAT: &str = "a repetition of nothing, or of another repetition";
const NO_SUCH_ELEMENT: &str = "no such collating element";

impl Translator<'_> {
    fn run(&mut self) -> Step {
        while let Some(byte) = self.next() {
            match byte {
                b'(' => self.open()?,
                b')' if self.branches.len() > 1 => self.close()?,
                b'|' => self.end_branch("|")?,
                b'*' | b'+' | b'?' => return Err(NOTHING_TO_REPEAT),
                b'{' if self.peek().is_some_and(|byte| byte.is_ascii_digit()) => {
                    return Err(NOTHING_TO_REPEAT);
                }
                _ => self.atom(byte)?,
            }
        }
        match self.branches.len() {
            1 => self.end_branch(""),
            _ => Err("a parenthesis that is not closed"),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at = self.at.saturating_add(1);
        Some(byte)
    }

    fn sees(&self, text: &[u8]) -> bool {
        self.text.get(self.at..).is_some_and(|rest| rest.starts_with(text))
    }

    fn eat(&mut self, text: &[u8]) -> bool {
        let is_here = self.sees(text);
        if is_here {
            self.at = self.at.saturating_add(text.len());
        }
        is_here
    }

    fn open(&mut self) -> Step {
        let start = self.out.len();
        if self.eat(b")") {
            self.out.push_str("(?:)");
            return self.end_atom(start);
        }
        if self.branches.len() > DEEPEST {
            return Err("parentheses nested too deeply");
        }
        self.out.push_str("(?:");
        self.branches.push(Branch { is_empty: true, start });
        Ok(())
    }

    fn close(&mut self) -> Step {
        self.end_branch(")")?;
        let start = self.branches.pop().map_or(0, |branch| branch.start);
        self.end_atom(start)
    }

    /// Ends the branch that is being read, and writes what follows it.
    fn end_branch(&mut self, then: &str) -> Step {
        match self.branches.last_mut() {
            Some(branch) if !branch.is_empty => branch.is_empty = true,
            _ => return Err(EMPTY),
        }
        self.out.push_str(then);
        Ok(())
    }

    /// Anything that is no parenthesis and no bar.
    fn atom(&mut self, byte: u8) -> Step {
        let start = self.out.len();
        match byte {
            b'^' => {
                self.out.push_str("(?:^)");
                if self.starts_repetition() {
                    return Err(NOTHING_TO_REPEAT);
                }
            }
            b'$' => self.out.push_str("(?:$)"),
            b'.' => self.out.push('.'),
            b'[' => self.bracket()?,
            b'\\' => match self.next().ok_or("nothing behind the last backslash")? {
                b'<' => self.out.push_str(r"(?:\b{start})"),
                b'>' => self.out.push_str(r"(?:\b{end})"),
                byte => self.literal(byte),
            },
            byte => self.literal(byte),
        }
        self.end_atom(start)
    }

    fn literal(&mut self, byte: u8) {
        let mut set = ByteSet::default();
        set.insert(byte);
        self.set(set);
    }

    /// Reads a repetition of what was written since `start`, if one is here.
    fn end_atom(&mut self, start: usize) -> Step {
        let mut is_dropped = false;
        if self.starts_repetition() {
            let counts = self.counts()?;
            is_dropped = counts == "{0,0}";
            match is_dropped {
                true => self.out.truncate(start),
                false => self.out.push_str(&counts),
            }
        }
        if self.starts_repetition() {
            return Err(NOTHING_TO_REPEAT);
        }
        if let Some(branch) = self.branches.last_mut() {
            branch.is_empty &= is_dropped;
        }
        Ok(())
    }

    fn starts_repetition(&self) -> bool {
        match self.peek() {
            Some(b'*' | b'+' | b'?') => true,
            Some(b'{') => self.text.get(self.at.saturating_add(1)).is_some_and(u8::is_ascii_digit),
            _ => false,
        }
    }

    /// A repetition, as it is to be written.
    fn counts(&mut self) -> Step<String> {
        match self.next() {
            Some(b'*') => return Ok("*".into()),
            Some(b'+') => return Ok("+".into()),
            Some(b'?') => return Ok("?".into()),
            _ => {}
        }
        let least = self.count()?;
        let greatest = match self.eat(b",") {
            false => Some(least),
            true if self.peek().is_some_and(|byte| byte.is_ascii_digit()) => Some(self.count()?),
            true => None,
        };
        if !self.eat(b"}") {
            return Err("a count that does not end");
        }
        match greatest {
            Some(greatest) if greatest < least => Err("a count from more to less"),
            Some(greatest) => Ok(format!("{{{least},{greatest}}}")),
            None => Ok(format!("{{{least},}}")),
        }
    }

    fn count(&mut self) -> Step<u32> {
        let mut count = 0_u32;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            self.at = self.at.saturating_add(1);
            let digit = u32::from(digit.saturating_sub(b'0'));
            count = count.saturating_mul(10).saturating_add(digit);
            if count > MOST {
                return Err("a count above 255");
            }
        }
        Ok(count)
    }

    /// A bracket expression, behind its `[`.
    fn bracket(&mut self) -> Step {
        let is_negated = self.eat(b"^");
        let mut set = ByteSet::default();
        if let Some(first @ (b']' | b'-')) = self.peek() {
            self.at = self.at.saturating_add(1);
            set.insert(first);
        }
        while !self.sees(b"]") && !self.sees(b"-]") {
            self.member(&mut set)?;
        }
        if self.eat(b"-") {
            set.insert(b'-');
        }
        self.at = self.at.saturating_add(1);
        if self.either_case {
            set.add_other_case();
        }
        self.set(if is_negated { set.complement() } else { set });
        Ok(())
    }

    /// One member of a bracket expression: an equivalence class, a character or a range.
    fn member(&mut self, set: &mut ByteSet) -> Step {
        if self.sees(b"-") {
            return Err("a range without a start");
        }
        if self.eat(b"[=") {
            if self.sees(b"-") || self.sees(b"]") {
                return Err(NO_SUCH_ELEMENT);
            }
            set.insert(self.element(b"=]")?);
            return Ok(());
        }
        let first = self.end_of_range()?;
        let mut last = first;
        if self.sees(b"-") && !self.sees(b"-]") {
            self.at = self.at.saturating_add(1);
            last = match self.eat(b"-") {
                true => b'-',
                false => self.end_of_range()?,
            };
        }
        let (first, last) = (first.cast_signed(), last.cast_signed());
        if first > last {
            return Err("a range that ends before it starts");
        }
        (first..=last).for_each(|byte| set.insert(byte.cast_unsigned()));
        Ok(())
    }

    fn end_of_range(&mut self) -> Step<u8> {
        match self.eat(b"[.") {
            true => self.element(b".]"),
            false => self.next().ok_or("a bracket that is not closed"),
        }
    }

    /// A collating element, up to and with its `end`.
    fn element(&mut self, end: &[u8]) -> Step<u8> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = memchr::memmem::find(rest, end).ok_or("a bracket that is not closed")?;
        let name = rest.get(..length).unwrap_or_default();
        self.at = self.at.saturating_add(length).saturating_add(end.len());
        if let [byte] = name {
            return Ok(*byte);
        }
        let named = ELEMENTS.iter().find(|(known, _)| known.as_bytes() == name);
        named.map(|(_, byte)| *byte).ok_or(NO_SUCH_ELEMENT)
    }

    /// Writes a set of bytes.
    fn set(&mut self, mut set: ByteSet) {
        if self.either_case {
            set.add_other_case_of_one();
        }
        // Writing to a string cannot fail.
        let _ = match set.only() {
            Some(byte) if byte.is_ascii_alphanumeric() => {
                self.out.push(byte.into());
                Ok(())
            }
            Some(byte) => write!(self.out, r"\x{byte:02x}"),
            None => self.write_class(&set),
        };
    }

    fn write_class(&mut self, set: &ByteSet) -> std::fmt::Result {
        let (mut ranges, mut byte) = (String::new(), 0_u16);
        while byte < 256 {
            let start = byte;
            while byte < 256 && set.holds(byte) {
                byte = byte.saturating_add(1);
            }
            if byte > start {
                write!(ranges, r"\x{start:02x}-\x{:02x}", byte.saturating_sub(1))?;
            }
            byte = byte.saturating_add(1);
        }
        match ranges.is_empty() {
            true => self.out.push_str(r"[^\x00-\xff]"),
            false => write!(self.out, "[{ranges}]")?,
        }
        Ok(())
    }
}

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default)]
struct ByteSet([u128; 2]);

impl ByteSet {
    fn insert(&mut self, byte: u8) {
        if let Some(half) = self.0.get_mut(usize::from(byte >> 7)) {
            *half |= 1 << (byte & 0x7f);
        }
    }

    fn holds(&self, byte: u16) -> bool {
        self.0.get(usize::from(byte >> 7)).is_some_and(|half| half >> (byte & 0x7f) & 1 == 1)
    }

    fn complement(&self) -> Self {
        Self(self.0.map(|half| !half))
    }

    /// Its only byte, if it has one.
    fn only(&self) -> Option<u8> {
        let count: u32 = self.0.iter().map(|half| half.count_ones()).sum();
        (0..=u8::MAX).find(|&byte| self.holds(byte.into())).filter(|_| count == 1)
    }

    fn add_other_case(&mut self) {
        for lower in b'a'..=b'z' {
            let upper = lower.to_ascii_uppercase();
            if self.holds(lower.into()) || self.holds(upper.into()) {
                self.insert(lower);
                self.insert(upper);
            }
        }
    }

    /// A single letter is one of either case wherever it comes from.
    fn add_other_case_of_one(&mut self) {
        if self.only().is_some() {
            self.add_other_case();
        }
    }
}

/// The names that POSIX gives to characters (XBD 6.1), which have a byte of their own in ASCII.
const ELEMENTS: &[(&str, u8)] = &[
    ("NUL", 0),
    ("SOH", 1),
    ("STX", 2),
    ("ETX", 3),
    ("EOT", 4),
    ("ENQ", 5),
    ("ACK", 6),
    ("BEL", 7),
    ("alert", 7),
    ("BS", 8),
    ("backspace", 8),
    ("HT", 9),
    ("tab", 9),
    ("LF", 10),
    ("newline", 10),
    ("VT", 11),
    ("vertical-tab", 11),
    ("FF", 12),
    ("form-feed", 12),
    ("CR", 13),
    ("carriage-return", 13),
    ("SO", 14),
    ("SI", 15),
    ("DLE", 16),
    ("DC1", 17),
    ("DC2", 18),
    ("DC3", 19),
    ("DC4", 20),
    ("NAK", 21),
    ("SYN", 22),
    ("ETB", 23),
    ("CAN", 24),
    ("EM", 25),
    ("SUB", 26),
    ("ESC", 27),
    ("IS4", 28),
    ("FS", 28),
    ("IS3", 29),
    ("GS", 29),
    ("IS2", 30),
    ("RS", 30),
    ("IS1", 31),
    ("US", 31),
    ("space", b' '),
    ("exclamation-mark", b'!'),
    ("quotation-mark", b'"'),
    ("number-sign", b'#'),
    ("dollar-sign", b'$'),
    ("percent-sign", b'%'),
    ("ampersand", b'&'),
    ("apostrophe", b'\''),
    ("left-parenthesis", b'('),
    ("right-parenthesis", b')'),
    ("asterisk", b'*'),
    ("plus-sign", b'+'),
    ("comma", b','),
    ("hyphen", b'-'),
    ("hyphen-minus", b'-'),
    ("period", b'.'),
    ("full-stop", b'.'),
    ("slash", b'/'),
    ("solidus", b'/'),
    ("zero", b'0'),
    ("one", b'1'),
    ("two", b'2'),
    ("three", b'3'),
    ("four", b'4'),
    ("five", b'5'),
    ("six", b'6'),
    ("seven", b'7'),
    ("eight", b'8'),
    ("nine", b'9'),
    ("colon", b':'),
    ("semicolon", b';'),
    ("less-than-sign", b'<'),
    ("equals-sign", b'='),
    ("greater-than-sign", b'>'),
    ("question-mark", b'?'),
    ("commercial-at", b'@'),
    ("left-square-bracket", b'['),
    ("backslash", b'\\'),
    ("reverse-solidus", b'\\'),
    ("right-square-bracket", b']'),
    ("circumflex", b'^'),
    ("circumflex-accent", b'^'),
    ("underscore", b'_'),
    ("low-line", b'_'),
    ("grave-accent", b'`'),
    ("left-brace", b'{'),
    ("left-curly-bracket", b'{'),
    ("vertical-line", b'|'),
    ("right-brace", b'}'),
    ("right-curly-bracket", b'}'),
    ("tilde", b'~'),
    ("DEL", 127),
];

#[cfg(test)]
mod tests {
    use pellucid::matcher::check_name;

    use super::*;

    #[test]
    fn expressions_are_translated() {
        for (posix, ours) in [
            ("abc", "abc"),
            (r"\.exe$", r"\x2eexe(?:$)"),
            ("^(a|b)+", "(?:^)(?:a|b)+"),
            ("a.b*", "a.b*"),
            ("a{2}b{2,}c{0,3}", "a{2,2}b{2,}c{0,3}"),
            ("a{0}b", "b"),
            ("(ab){0,0}c", "c"),
            ("a{,2}", r"a\x7b\x2c2\x7d"),
            ("a)b", r"a\x29b"),
            ("()", "(?:)"),
            ("(()a)*", "(?:(?:)a)*"),
            ("b$*", "b(?:$)*"),
            (r"\<a\>", r"(?:\b{start})a(?:\b{end})"),
            (r"\d\1", "d1"),
            ("é", r"\xc3\xa9"),
            ("[abd-]", r"[\x2d-\x2d\x61-\x62\x64-\x64]"),
            ("[]a]", r"[\x5d-\x5d\x61-\x61]"),
            ("[^a]", r"[\x00-\x60\x62-\xff]"),
            ("[a]", "a"),
            (r"[\d]", r"[\x5c-\x5c\x64-\x64]"),
            ("[+--]", r"[\x2b-\x2d]"),
            ("[[.hyphen.]-[.period.]]", r"[\x2d-\x2e]"),
            ("[[=a=]b]", r"[\x61-\x62]"),
            ("(?i)aB1", r"[\x41-\x41\x61-\x61][\x42-\x42\x62-\x62]1"),
            ("(?i)[^a]", r"[\x00-\x40\x42-\x60\x62-\xff]"),
            ("(?i)[G-I]", r"[\x47-\x49\x67-\x69]"),
        ] {
            assert_eq!(translate(posix).as_deref(), Ok(ours), "{posix}");
            check_name(ours).unwrap();
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        let deep = "(".repeat(10_000);
        for posix in [
            "",
            "(",
            "(a",
            "[",
            "[]",
            "[a",
            "[^]",
            "*a",
            "+",
            "?",
            "a**",
            "a+*",
            "a{2}{3}",
            "a{1}?",
            "{2}",
            "a|",
            "|a",
            "a||b",
            "(a|)",
            "(|a)",
            "^*",
            "(^+a)",
            r"a\",
            "a{2",
            "a{2,",
            "a{3,2}",
            "a{256}",
            "a{1,99999999999}",
            "[z-a]",
            "[a-c-e]",
            "[--/]",
            "[]-a]",
            "[[.ab.]]",
            "[[..]]",
            "[[=]=]]",
            "[[=a=]-z]",
            "[a-[=z=]]",
            "[[.a",
            "(?i)",
            "(?:a)",
            "a{0}",
            "b|a{0}",
            &deep,
        ] {
            assert!(translate(posix).is_err(), "{posix}");
        }
    }

    /// `[é-[.DEL.]]` names the byte c3 and all from a9 on.
    #[test]
    fn ranges_follow_signed_bytes() {
        let all = translate("[^À-[.DEL.]]").unwrap();
        assert_eq!(all, r"[^\x00-\xff]");
        check_name(&all).unwrap();
        assert_eq!(translate("[é-[.DEL.]]").unwrap(), r"[\x00-\x7f\xa9-\xff]");
        assert!(translate("[a-é]").is_err());
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
        check_name(&translate(&nested(DEEPEST)).unwrap()).unwrap();
        let refused = translate(&nested(DEEPEST + 1)).unwrap_err();
        assert_eq!(refused.what, "parentheses nested too deeply");
    }
}
