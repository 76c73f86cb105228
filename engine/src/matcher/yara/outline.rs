//! A file of rules in outline: which rules it declares, and how deep its conditions nest.
//!
//! YARA-X 1.22 recurses over conditions. Where one nests too deep it either overflows the stack, which
//! nothing can catch, or leaves the rule out without a word; nested function calls take time that grows
//! threefold with each level. (Tried: 1,000 times `not`, `==` or `<<` overflow 8 MiB in a build without
//! optimization, 1,000 nested `not (` vanish, 14 nested `uint8(` take minutes.) So the nesting is
//! bounded here first, by a pass over the tokens that needs no stack, and the rules are counted, so that
//! none is lost unseen.
//!
//! The tokens are those of YARA's language. A file that is not YARA gives a meaningless outline; its
//! errors are for the compiler to find.

#![warn(clippy::arithmetic_side_effects)]

/// Brackets and operators around one another.
const MAX_NESTING: usize = 200;

/// Function calls inside of the arguments of function calls.
const MAX_CALLS: usize = 8;

/// Keywords that may stand before a bracket, and are no functions.
const KEYWORDS: [&str; 24] = [
    "all",
    "and",
    "any",
    "at",
    "contains",
    "defined",
    "endswith",
    "false",
    "filesize",
    "for",
    "icontains",
    "iendswith",
    "iequals",
    "in",
    "istartswith",
    "matches",
    "none",
    "not",
    "of",
    "or",
    "startswith",
    "them",
    "true",
    "with",
];

/// What a file declares.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outline<'s> {
    /// Each rule's identifier, and where it stands.
    pub rules: Vec<(usize, &'s str)>,
    /// Where the keyword `rule` of each stands, and whether `private` stands before it.
    pub keywords: Vec<(usize, bool)>,
}

/// A file whose conditions nest deeper than can be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooDeep {
    /// Where, in bytes from the start of the file.
    pub at: usize,
    /// What nests too deep.
    pub message: &'static str,
    /// How deep it may.
    pub help: String,
}

/// What nests too deep.
enum Nesting {
    Condition,
    Calls,
}

impl Nesting {
    fn at(self, at: usize) -> TooDeep {
        match self {
            Nesting::Condition => TooDeep {
                at,
                message: "the condition nests too deep",
                help: format!("at most {MAX_NESTING} brackets and operators around one another"),
            },
            Nesting::Calls => TooDeep {
                at,
                message: "function calls nest too deep",
                help: format!("at most {MAX_CALLS} calls inside of one another's arguments"),
            },
        }
    }
}

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'s> {
    Word(&'s str),
    /// A string, regular expression, number or the name of a pattern.
    Operand,
    Sign(u8),
}

/// An open bracket.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// Operators since the last one that begins anew.
    operators: usize,
    is_call: bool,
    is_hex: bool,
}

/// Reads the outline; a nesting that is too deep is an error at its byte.
pub fn read(source: &str) -> Result<Outline<'_>, TooDeep> {
    let mut walk = Walk { levels: vec![Level::default()], ..Walk::default() };
    let mut at = 0;
    while let Some((start, token, end)) = next_token(source, at, walk.is_hex()) {
        walk.take(start, token).map_err(|what| what.at(start))?;
        at = end;
    }
    Ok(walk.outline)
}

#[derive(Default)]
struct Walk<'s> {
    outline: Outline<'s>,
    levels: Vec<Level>,
    /// Levels and operators together.
    nesting: usize,
    calls: usize,
    before: Option<Token<'s>>,
    /// Where that token stands.
    before_at: usize,
    /// Whether it may belong to a private rule.
    private: bool,
}

impl<'s> Walk<'s> {
    fn is_hex(&self) -> bool {
        self.levels.last().is_some_and(|level| level.is_hex)
    }

    fn take(&mut self, at: usize, token: Token<'s>) -> Result<(), Nesting> {
        match token {
            Token::Word(word) => self.word(at, word),
            Token::Operand => {}
            Token::Sign(b'(' | b'[' | b'{') => self.open(token),
            Token::Sign(b')' | b']' | b'}') => self.close(),
            Token::Sign(b',' | b':' | b'=') => self.begin_anew(),
            Token::Sign(_) => self.operator(),
        }
        (self.before, self.before_at) = (Some(token), at);
        self.private = match token {
            Token::Word("private") => true,
            Token::Word("global" | "rule") => self.private,
            _ => false,
        };
        self.check()
    }

    fn check(&self) -> Result<(), Nesting> {
        if self.nesting > MAX_NESTING {
            return Err(Nesting::Condition);
        }
        if self.calls > MAX_CALLS {
            return Err(Nesting::Calls);
        }
        Ok(())
    }

    fn word(&mut self, at: usize, word: &'s str) {
        match word {
            "and" | "or" => self.begin_anew(),
            "not" | "defined" | "contains" | "matches" | "startswith" | "endswith"
            | "icontains" | "istartswith" | "iendswith" | "iequals" => self.operator(),
            // What follows belongs to a new rule, or to another part of it.
            "rule" | "condition" | "strings" | "meta" | "import" => self.begin_anew(),
            _ if self.before == Some(Token::Word("rule")) => {
                self.outline.rules.push((at, word));
                self.outline.keywords.push((self.before_at, self.private));
            }
            _ => {}
        }
    }

    fn operator(&mut self) {
        if let Some(level) = self.levels.last_mut().filter(|level| !level.is_hex) {
            level.operators = level.operators.saturating_add(1);
            self.nesting = self.nesting.saturating_add(1);
        }
    }

    fn begin_anew(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            self.nesting = self.nesting.saturating_sub(level.operators);
            level.operators = 0;
        }
    }

    fn open(&mut self, token: Token<'_>) {
        let calls = matches!(self.before, Some(Token::Word(word)) if !KEYWORDS.contains(&word));
        let is_call = token == Token::Sign(b'(') && calls;
        let hex = token == Token::Sign(b'{') && self.before == Some(Token::Sign(b'='));
        let is_hex = hex || self.is_hex();
        self.levels.push(Level { operators: 0, is_call, is_hex });
        self.nesting = self.nesting.saturating_add(1);
        self.calls = self.calls.saturating_add(is_call.into());
    }

    fn close(&mut self) {
        self.begin_anew();
        if self.levels.len() > 1
            && let Some(level) = self.levels.pop()
        {
            self.nesting = self.nesting.saturating_sub(1);
            self.calls = self.calls.saturating_sub(level.is_call.into());
        }
    }
}

/// The next token at or behind `at`: where it starts, what it is, where it ends.
fn next_token(source: &str, mut at: usize, is_hex: bool) -> Option<(usize, Token<'_>, usize)> {
    loop {
        let rest = source.get(at..)?;
        let first = rest.chars().next()?;
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment_length(rest),
            '"' if !is_hex => return Some(operand(at, string_length(rest))),
            '/' if !is_hex => return Some(operand(at, quoted_length(rest, b'/'))),
            '$' | '#' | '@' | '!' if !is_hex && !rest.starts_with("!=") => {
                let name = rest.get(1..).unwrap_or_default();
                return Some(operand(at, word_length(name).saturating_add(1)));
            }
            _ if is_word(first) => {
                let length = word_length(rest);
                let word = rest.get(..length).unwrap_or_default();
                let number = first.is_ascii_digit() || is_hex;
                let token = if number { Token::Operand } else { Token::Word(word) };
                return Some((at, token, at.saturating_add(length)));
            }
            _ if first.is_ascii_punctuation() && first != '.' => {
                return Some((at, Token::Sign(sign(rest)), at.saturating_add(sign_length(rest))));
            }
            _ => first.len_utf8(),
        };
        at = at.saturating_add(length.max(1));
    }
}

fn operand(at: usize, length: usize) -> (usize, Token<'static>, usize) {
    (at, Token::Operand, at.saturating_add(length.max(1)))
}

/// Operators of two characters are one token; a lone `=` assigns.
fn sign_length(rest: &str) -> usize {
    let two = ["==", "!=", "<=", ">=", "<<", ">>", ".."];
    if two.iter().any(|sign| rest.starts_with(sign)) { 2 } else { 1 }
}

fn sign(rest: &str) -> u8 {
    match sign_length(rest) {
        1 => rest.bytes().next().unwrap_or_default(),
        // Any operator will do: what matters is that it does not assign.
        _ => b'<',
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn word_length(rest: &str) -> usize {
    rest.find(|c| !is_word(c)).unwrap_or(rest.len())
}

fn comment_length(rest: &str) -> usize {
    let inside = rest.get(2..).unwrap_or_default();
    inside.find("*/").map_or(rest.len(), |end| end.saturating_add(4))
}

fn string_length(rest: &str) -> usize {
    match rest.strip_prefix("\"\"\"") {
        Some(inside) => escaped_length(inside, |inside| inside.starts_with("\"\"\""), false)
            .saturating_add(6)
            .min(rest.len()),
        None => quoted_length(rest, b'"'),
    }
}

/// A string or regular expression with its quotes. It ends with its line at the latest.
fn quoted_length(rest: &str, quote: u8) -> usize {
    let inside = rest.get(1..).unwrap_or_default();
    let ends = |inside: &str| inside.as_bytes().first() == Some(&quote);
    escaped_length(inside, ends, true).saturating_add(2).min(rest.len())
}

/// How far it is to where `ends` holds, escape sequences passed over.
fn escaped_length(inside: &str, ends: impl Fn(&str) -> bool, one_line: bool) -> usize {
    let mut characters = inside.char_indices();
    while let Some((at, character)) = characters.next() {
        let rest = inside.get(at..).unwrap_or_default();
        if ends(rest) || one_line && character == '\n' {
            return at;
        }
        if character == '\\' {
            characters.next();
        }
    }
    inside.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(source: &str) -> Vec<(usize, &str)> {
        read(source).unwrap().rules
    }

    fn condition(condition: &str) -> Result<usize, &'static str> {
        let source = format!("rule a {{ condition: {condition} }}");
        let outline = read(&source).map_err(|too_deep| too_deep.message);
        outline.map(|outline| outline.rules.len())
    }

    #[test]
    fn declarations_are_found_and_nothing_else() {
        assert_eq!(rules("rule ab { condition: true }"), [(5, "ab")]);
        assert_eq!(rules("private global rule\n  a : t1 t2 {}\nrule b {}"), [(22, "a"), (40, "b")]);
        for source in [
            "// rule a {",
            "/* rule a { */",
            "$x = \"rule a\"",
            "$x = \"\\\"rule a\"",
            "$x = /rule a\\/rule b/is",
            "$x = { 01 /* rule a */ 02 // rule b\n }",
            "meta: x = \"\"\" \n rule a \"\"\"",
            "$rule and #rule == 1",
        ] {
            assert_eq!(rules(source), [], "{source}");
        }
        let hidden = "rule a { strings: $a = \"}\" $b = /\\/\"/ $c = { 7? [2-4] (01|02) } \
                      condition: $a } rule b {}";
        assert_eq!(rules(hidden).len(), 2);
    }

    #[test]
    fn nesting_is_bounded_whatever_it_is_made_of() {
        for [open, middle, close] in [
            ["(", "true", ")"],
            ["not ", "true", ""],
            ["not (", "true", ")"],
            ["- ", "1 == 1", ""],
            ["~", "1 == 1", ""],
            ["1 == ", "1", ""],
            ["filesize << ", "1", ""],
            ["1 + 1 * 2 - ", "1", ""],
            ["for any i in (0..1) : (", "true", ")"],
            ["with a = 1 : (", "true", ")"],
            ["x[", "1", "]"],
            ["(not - ", "1", ")"],
        ] {
            let nested = |times| format!("{}{middle}{}", open.repeat(times), close.repeat(times));
            assert_eq!(condition(&nested(20)), Ok(1), "{open}");
            let message = Err("the condition nests too deep");
            assert_eq!(condition(&nested(201)), message, "{open}");
            assert_eq!(condition(&nested(1_000_000)), message, "{open}");
        }
        let calls = |times| format!("{}1{} == 1", "uint8(".repeat(times), ")".repeat(times));
        assert_eq!(condition(&calls(8)), Ok(1));
        assert_eq!(condition(&calls(9)), Err("function calls nest too deep"));
    }

    #[test]
    fn what_stands_side_by_side_does_not_nest() {
        for piece in [
            "$a or ",
            "hash.md5(0, filesize) == \"x\" or ",
            "(not $a and #b == -1) or ",
            "for any of ($a*) : ($ at 5) and ",
        ] {
            assert_eq!(condition(&format!("{}true", piece.repeat(10_000))), Ok(1), "{piece}");
        }
        let strings = (0..5000).map(|n| format!("$s{n} = {{ ~01 [1-4] ~02 (~03 | 04) }}\n"));
        let metas = (0..5000).map(|n| format!("m{n} = -{n}\n"));
        let source = format!(
            "rule a {{ meta: {} strings: {} condition: all of them }}",
            metas.collect::<String>(),
            strings.collect::<String>()
        );
        assert_eq!(rules(&source).len(), 1);
    }

    #[test]
    fn cut_and_broken_files_end() {
        let whole = "rule a { meta: x = \"\"\"ä\"\"\" strings: $a = \"\\\"\" $b = /a\\/b/ $c = { 0? } \
                     condition: /* x */ #a != 1 // end";
        for (cut, _) in whole.char_indices() {
            assert!(read(&whole[..cut]).is_ok());
        }
        assert!(read(&")]}".repeat(1000)).is_ok());
    }
}
