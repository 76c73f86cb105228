//! The syntax of objects (ISO 32000-2, 7.2 and 7.3), read flatly: tokens and their depth, no tree.

use std::io;

use crate::reader::Reader;
use crate::unpack::decoders::{ByStep, Step};

/// One token. What is written in several ways is kept in one: names without `#` and strings without
/// escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Name(Vec<u8>),
    Text(Vec<u8>),
    Number(i64),
    /// `<<`
    Open,
    /// `[`
    List,
    /// `>>` and `]`.
    Close,
    /// Anything else, such as `R` or `true`.
    Word(Vec<u8>),
}

/// Tokens of a dictionary that are read at most.
const TOKENS: usize = 20_000;

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !is_delimiter(byte)
}

/// All tokens of a text, as far as they are kept.
pub(super) fn tokens(text: &[u8]) -> Vec<Token> {
    let mut reader = Reader::new(text);
    std::iter::from_fn(|| next_token(&mut reader)).take(TOKENS).collect()
}

/// The tokens of the first value of a text: a dictionary up to its end, or what stands there instead.
pub(super) fn first_value(text: &[u8]) -> Vec<Token> {
    let mut reader = Reader::new(text);
    let mut depth = 0_usize;
    let mut value = Vec::new();
    while let Some(token) = next_token(&mut reader) {
        match token {
            Token::Open | Token::List => depth = depth.saturating_add(1),
            Token::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        value.push(token);
        if depth == 0 || value.len() >= TOKENS {
            break;
        }
    }
    value
}

/// Passes over white space and comments.
pub(super) fn skip_space(reader: &mut Reader<'_>) {
    loop {
        let rest = reader.rest();
        let spaces = rest.iter().take_while(|&&byte| is_space(byte)).count();
        let comment = rest.get(spaces..).filter(|rest| rest.first() == Some(&b'%'));
        let comment = comment.map_or(0, |rest| {
            rest.iter().take_while(|&&byte| !matches!(byte, b'\r' | b'\n')).count()
        });
        if spaces.saturating_add(comment) == 0 {
            return;
        }
        let _ = reader.skip(spaces.saturating_add(comment) as u64);
    }
}

fn next_token(reader: &mut Reader<'_>) -> Option<Token> {
    skip_space(reader);
    let rest = reader.rest();
    let (&first, behind) = rest.split_first()?;
    let token = match (first, behind.first()) {
        (b'<', Some(b'<')) => {
            reader.skip(2).ok()?;
            Token::Open
        }
        (b'>', Some(b'>')) => {
            reader.skip(2).ok()?;
            Token::Close
        }
        (b'(' | b'<', _) => Token::Text(text(reader)),
        (b'[', _) => skipped(reader, Token::List)?,
        (b']', _) => skipped(reader, Token::Close)?,
        (b'/', _) => {
            reader.skip(1).ok()?;
            Token::Name(name(word(reader)))
        }
        (byte, _) if is_delimiter(byte) => skipped(reader, Token::Word(vec![byte]))?,
        _ => number_or_word(word(reader)),
    };
    Some(token)
}

fn skipped(reader: &mut Reader<'_>, token: Token) -> Option<Token> {
    reader.skip(1).ok()?;
    Some(token)
}

fn word<'d>(reader: &mut Reader<'d>) -> &'d [u8] {
    let length = reader.rest().iter().take_while(|&&byte| is_regular(byte)).count();
    reader.bytes(length as u64).unwrap_or_default()
}

fn number_or_word(word: &[u8]) -> Token {
    let text = std::str::from_utf8(word).ok();
    match text.and_then(|text| text.parse().ok()) {
        Some(number) => Token::Number(number),
        None => Token::Word(word.to_vec()),
    }
}

/// A name without its slash; `#` stands before a character in hexadecimal.
pub(super) fn name(written: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(written.len().min(128));
    let mut rest = written;
    while let Some((&byte, behind)) = rest.split_first() {
        let digits = behind.first_chunk::<2>().filter(|_| byte == b'#');
        match digits.and_then(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)) {
            Some(meant) => {
                name.push(meant);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                name.push(byte);
                rest = behind;
            }
        }
    }
    name
}

pub(super) fn digit(byte: u8) -> Option<u8> {
    u8::try_from(char::from(byte).to_digit(16)?).ok()
}

/// A short string, in either form.
fn text(reader: &mut Reader<'_>) -> Vec<u8> {
    let mut literal = Literal::new(*reader);
    let mut text = Vec::new();
    while let Ok(step) = literal.step() {
        match step {
            Step::Byte(byte) => text.push(byte),
            Step::Nothing => {}
            Step::End => break,
        }
    }
    *reader = literal.reader;
    text
}

/// Reads a string in either form, byte by byte. Parentheses nest, and are counted.
pub(super) struct Literal<'d> {
    pub(super) reader: Reader<'d>,
    depth: u64,
    is_hexadecimal: bool,
    half: Option<u8>,
    pub(super) is_closed: bool,
}

impl<'d> Literal<'d> {
    /// The reader stands at the string's first character.
    pub(super) fn new(mut reader: Reader<'d>) -> Self {
        let is_hexadecimal = reader.u8() == Ok(b'<');
        Self { reader, depth: 0, is_hexadecimal, half: None, is_closed: false }
    }

    fn step_hexadecimal(&mut self, byte: u8) -> Step {
        if byte == b'>' {
            self.is_closed = true;
            return match self.half.take() {
                Some(high) => Step::Byte(high << 4),
                None => Step::End,
            };
        }
        match (digit(byte), self.half.take()) {
            (Some(low), Some(high)) => Step::Byte(high << 4 | low),
            (digit, half) => {
                self.half = half.or(digit);
                Step::Nothing
            }
        }
    }

    fn step_plain(&mut self, byte: u8) -> io::Result<Step> {
        match byte {
            b'(' => self.depth = self.depth.saturating_add(1),
            b')' => match self.depth.checked_sub(1) {
                Some(depth) => self.depth = depth,
                None => {
                    self.is_closed = true;
                    return Ok(Step::End);
                }
            },
            b'\\' => return self.escape(),
            _ => {}
        }
        Ok(Step::Byte(byte))
    }

    fn escape(&mut self) -> io::Result<Step> {
        let byte = self.reader.u8().map_err(|_| open_end())?;
        Ok(Step::Byte(match byte {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 0x0c,
            b'0'..=b'7' => self.octal(byte),
            b'\r' if self.reader.rest().first() == Some(&b'\n') => {
                let _ = self.reader.skip(1);
                return Ok(Step::Nothing);
            }
            b'\r' | b'\n' => return Ok(Step::Nothing),
            _ => byte,
        }))
    }

    fn octal(&mut self, first: u8) -> u8 {
        let mut value = first & 7;
        for _ in 0..2 {
            let Some(&digit @ b'0'..=b'7') = self.reader.rest().first() else { break };
            let _ = self.reader.skip(1);
            value = value << 3 | digit & 7;
        }
        value
    }
}

impl ByStep for Literal<'_> {
    fn step(&mut self) -> io::Result<Step> {
        if self.is_closed {
            return Ok(Step::End);
        }
        let byte = self.reader.u8().map_err(|_| open_end())?;
        if self.is_hexadecimal { Ok(self.step_hexadecimal(byte)) } else { self.step_plain(byte) }
    }
}

impl ByStep for &mut Literal<'_> {
    fn step(&mut self) -> io::Result<Step> {
        (**self).step()
    }
}

fn open_end() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "a string does not end")
}

/// The value of a key in a dictionary that these tokens begin with; empty where it has none.
pub(super) fn value<'t>(dictionary: &'t [Token], key: &[&[u8]]) -> &'t [Token] {
    let mut rest = match dictionary.split_first() {
        Some((Token::Open, rest)) => rest,
        _ => dictionary,
    };
    while let Some((token, behind)) = rest.split_first() {
        match token {
            Token::Close => break,
            Token::Name(name) => {
                let (value, next) = split_value(behind);
                if key.contains(&name.as_slice()) {
                    return value;
                }
                rest = next;
            }
            _ => rest = behind,
        }
    }
    &[]
}

/// The first value, and what follows it.
fn split_value(tokens: &[Token]) -> (&[Token], &[Token]) {
    let length = match tokens {
        [Token::Open | Token::List, ..] => length_of_group(tokens),
        [Token::Number(_), Token::Number(_), Token::Word(word), ..] if word == b"R" => 3,
        [Token::Close, ..] | [] => 0,
        _ => 1,
    };
    tokens.split_at_checked(length).unwrap_or_default()
}

fn length_of_group(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Open | Token::List => depth = depth.saturating_add(1),
            Token::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at.saturating_add(1);
        }
    }
    tokens.len()
}

/// The values of a list, or the one value that stands for it.
pub(super) fn list(value: &[Token]) -> Vec<&[Token]> {
    let mut rest = match value.split_first() {
        Some((Token::List, rest)) => rest,
        Some(_) => return vec![value],
        None => return Vec::new(),
    };
    let mut values = Vec::new();
    loop {
        let (value, next) = split_value(rest);
        if value.is_empty() {
            return values;
        }
        values.push(value);
        rest = next;
    }
}

/// The number that a value is.
pub(super) fn number(value: &[Token]) -> Option<i64> {
    match value {
        [Token::Number(number)] => Some(*number),
        _ => None,
    }
}

/// The string or name that a value is.
pub(super) fn bytes(value: &[Token]) -> Option<&[u8]> {
    match value {
        [Token::Text(text) | Token::Name(text)] => Some(text),
        _ => None,
    }
}

/// The object that a value refers to.
pub(super) fn reference(value: &[Token]) -> Option<(i64, i64)> {
    match value {
        [Token::Number(number), Token::Number(generation), Token::Word(word)] if word == b"R" => {
            Some((*number, *generation))
        }
        _ => None,
    }
}
