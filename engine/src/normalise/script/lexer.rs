//! From text to tokens.

use super::tokens::{KEYWORDS, Token, Tokens, keyword};
use super::{numbers, strings};
use crate::limits::{Budget, Stop};

/// Tokens between two looks at the clock.
const STEP: usize = 4096;

/// How a text ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// A string that is open where the script ends is one all the same.
    Script,
    /// What is open where the argument of a call ends is lost.
    Argument,
}

/// Reads a script, or the argument of a call that is one.
///
/// ClamAV reads pages in pieces, and what stands across two of them is not always recognised; `cuts` says
/// where the later pieces begin.
#[derive(Debug)]
pub(super) struct Lexer<'s> {
    text: &'s [u8],
    at: usize,
    cuts: &'s [usize],
    ending: Ending,
    /// The letters of a name, its escapes left out.
    letters: Vec<u8>,
    /// The first token that is of this text.
    first: usize,
}

impl<'s> Lexer<'s> {
    pub(super) fn new(text: &'s [u8], cuts: &'s [usize], ending: Ending) -> Self {
        Self { text, at: 0, cuts, ending, letters: Vec::new(), first: 0 }
    }

    /// Reads all of it, behind the tokens that are there.
    pub(super) fn read_all(mut self, tokens: &mut Tokens, budget: &Budget) -> Result<(), Stop> {
        self.first = tokens.list.len();
        let mut steps = 0_usize;
        while let Some(byte) = self.next() {
            if steps.is_multiple_of(STEP) {
                budget.check()?;
            }
            steps = steps.saturating_add(1);
            self.read(byte, tokens)?;
        }
        Ok(())
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.text.get(self.at).copied()?;
        self.skip(1);
        Some(byte)
    }

    /// The next byte, if it is in the same piece.
    fn peek(&self) -> Option<u8> {
        self.piece().first().copied()
    }

    /// What is left of the piece; nothing where the last byte was its last one.
    fn piece(&self) -> &'s [u8] {
        let end = self.cuts.first().copied().unwrap_or(self.text.len());
        self.text.get(self.at..end).unwrap_or_default()
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Goes on to the next piece, if this one is over.
    fn enter_piece(&mut self) {
        while let [cut, later @ ..] = self.cuts
            && *cut <= self.at
        {
            self.cuts = later;
        }
    }

    /// Passes over bytes of the piece.
    fn skip(&mut self, count: usize) {
        self.enter_piece();
        self.at = self.at.saturating_add(count).min(self.text.len());
    }

    fn read(&mut self, byte: u8, tokens: &mut Tokens) -> Result<(), Stop> {
        match (byte, self.peek()) {
            (b'/', Some(b'/')) => self.skip_line_comment(),
            (b'/', Some(b'*')) => self.skip_comment(),
            (b'"' | b'\'', _) => return self.string(byte, tokens),
            (b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | b'\\', _) => return self.word(byte, tokens),
            (b'0'..=b'9', _) => return self.number(tokens),
            (b'+', Some(b'+')) => {
                self.skip(1);
                self.sign(b'+', tokens)?;
                return self.sign(b'+', tokens);
            }
            (b'+', Some(b'=')) => return self.sign(b'+', tokens),
            (b'+', _) => return tokens.push(Token::Plus),
            _ if is_sign(byte) => return self.sign(byte, tokens),
            // White space, control characters, other scripts, `#`, `@` and backquotes.
            _ => {}
        }
        Ok(())
    }

    /// A comment ends at a line end or a space, and with the piece, unless it begins there.
    fn skip_line_comment(&mut self) {
        self.skip(1);
        self.enter_piece();
        let piece = self.piece();
        let end = piece.iter().position(|byte| matches!(byte, b'\n' | b' '));
        self.skip(end.map_or(piece.len(), |end| end.saturating_add(1)));
    }

    /// A longer comment ends where its end is in one piece.
    fn skip_comment(&mut self) {
        self.skip(1);
        while !self.is_at_end() {
            self.enter_piece();
            let piece = self.piece();
            if let Some(end) = memchr::memmem::find(piece, b"*/") {
                return self.skip(end.saturating_add(2));
            }
            self.skip(piece.len());
        }
    }

    fn sign(&mut self, sign: u8, tokens: &mut Tokens) -> Result<(), Stop> {
        if self.ending == Ending::Script {
            match sign {
                b'(' => tokens.open_brackets = tokens.open_brackets.saturating_add(1),
                b')' => tokens.open_brackets = tokens.open_brackets.saturating_sub(1),
                _ => {}
            }
        }
        tokens.scopes.see_sign(sign);
        tokens.push(Token::Sign(sign))
    }

    fn string(&mut self, quote: u8, tokens: &mut Tokens) -> Result<(), Stop> {
        let start = tokens.begin_text()?;
        let mut is_closed = false;
        while !is_closed && !self.is_at_end() {
            self.enter_piece();
            let piece = self.piece();
            let end = strings::closing_quote(piece, quote);
            let inside = end.map_or(piece, |end| piece.get(..end).unwrap_or(piece));
            strings::resolve_escapes(inside, tokens)?;
            self.skip(inside.len().saturating_add(end.is_some().into()));
            is_closed = end.is_some();
        }
        if !is_closed && self.ending == Ending::Argument {
            return Ok(());
        }
        let text = tokens.end_text(start)?;
        self.add_string(Token::String(text), tokens)
    }

    /// Adds a string, or makes it one with the string that it is added to.
    fn add_string(&self, string: Token, tokens: &mut Tokens) -> Result<(), Stop> {
        let own = tokens.list.get_mut(self.first..).unwrap_or_default();
        if let Token::String(second) = string
            && let [.., Token::String(first), Token::Plus] = own
            && let Some(both) = Tokens::joined(*first, second)
        {
            *first = both;
            tokens.list.pop();
            return Ok(());
        }
        tokens.push(string)
    }

    /// Reads a name or a word of the language. One that ends with the text is lost.
    fn word(&mut self, first: u8, tokens: &mut Tokens) -> Result<(), Stop> {
        self.letters.clear();
        let mut byte = first;
        loop {
            match byte {
                b'\\' if self.peek() == Some(b'u') => {
                    self.skip(1);
                    self.letters.push(b'\\');
                }
                // Any other backslash ends the name, and is lost.
                b'\\' => break,
                letter => self.letters.push(letter),
            }
            match self.text.get(self.at) {
                Some(&next) if is_in_names(next) || next == b'\\' => byte = next,
                Some(_) => break,
                None => return Ok(()),
            }
            self.skip(1);
        }
        self.add_word(tokens)
    }

    fn add_word(&mut self, tokens: &mut Tokens) -> Result<(), Stop> {
        if let Some(number) = keyword(&self.letters) {
            let word = KEYWORDS.get(usize::from(number)).copied().unwrap_or_default();
            tokens.scopes.see_keyword(word, &mut tokens.grant)?;
            return tokens.push(Token::Keyword(number));
        }
        let name = tokens.number_of_name(&self.letters)?;
        if tokens.list.last() != Some(&Token::Sign(b'.')) {
            tokens.scopes.see_name(name, &mut tokens.grant)?;
        }
        let scope = tokens.scopes.current();
        tokens.push(Token::Name { name, scope })
    }

    /// Reads a number. One that ends with the text is lost; of one that reaches the end of its piece behind
    /// its point, so is the fraction.
    fn number(&mut self, tokens: &mut Tokens) -> Result<(), Stop> {
        self.at = self.at.saturating_sub(1);
        let rest = self.text.get(self.at..).unwrap_or_default();
        let literal = rest.get(..numbers::length(rest)).unwrap_or_default();
        if literal.len() == rest.len() {
            self.at = self.text.len();
            return Ok(());
        }
        let whole = numbers::whole_part(literal);
        let is_cut = self.cuts.first().is_some_and(|cut| {
            let place = cut.saturating_sub(self.at);
            whole.len() < place && place <= literal.len()
        });
        let written = numbers::written(if is_cut { whole } else { literal });
        self.skip(literal.len());
        let text = tokens.add_text(written.as_bytes())?;
        tokens.push(Token::Number(text))
    }
}

fn is_in_names(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

fn is_sign(byte: u8) -> bool {
    matches!(
        byte,
        b'!' | b'%'
            | b'&'
            | b'('
            | b')'
            | b'*'
            | b','
            | b'-'
            | b'.'
            | b'/'
            | b':'
            | b';'
            | b'<'
            | b'='
            | b'>'
            | b'?'
            | b'['
            | b']'
            | b'^'
            | b'{'
            | b'|'
            | b'}'
            | b'~'
    )
}
