//! Writes tokens down.

use super::tokens::{KEYWORDS, Token, Tokens};
use crate::normalise::sink::Sink;

/// Tokens between two looks at the clock.
const STEP: usize = 4096;

pub(super) fn write(tokens: &Tokens, out: &mut Sink<'_>) {
    let last = tokens.list.len().saturating_sub(END);
    let is_over = tokens.open_brackets == 0 && is_end(tokens, last);
    let written = if is_over { last } else { tokens.list.len() };
    // The last token, and whether it is the property of something.
    let (mut before, mut is_property) = (None, false);
    for (place, &token) in tokens.list.iter().take(written).enumerate() {
        if place.is_multiple_of(STEP) && !out.goes_on() {
            return;
        }
        if is_word(before) && is_word(Some(token)) && (!is_property || ends_plainly(tokens, before))
        {
            out.push(b' ');
        }
        is_property = before == Some(Token::Sign(b'.'));
        write_token(tokens, token, is_property, out);
        before = Some(token);
    }
    (0..tokens.open_brackets).for_each(|_| out.push(b')'));
}

/// The tokens of `</script>`.
pub(super) const END: usize = 4;

/// Whether `</script>` stands here, with a name that is no variable's.
pub(super) fn is_end(tokens: &Tokens, place: usize) -> bool {
    match tokens.list.get(place..).unwrap_or_default() {
        &[
            Token::Sign(b'<'),
            Token::Sign(b'/'),
            Token::Name { name, scope },
            Token::Sign(b'>'),
            ..,
        ] => {
            tokens.letters(name).eq_ignore_ascii_case(b"script")
                && tokens.scopes.number(name, scope).is_none()
        }
        _ => false,
    }
}

/// Two words need a space between them.
fn is_word(token: Option<Token>) -> bool {
    matches!(token, Some(Token::Name { .. } | Token::Keyword(_) | Token::Number(_)))
}

/// Behind a property, there is a space only if it ends with a letter or a digit.
fn ends_plainly(tokens: &Tokens, property: Option<Token>) -> bool {
    match property {
        Some(Token::Name { name, .. }) => {
            tokens.letters(name).last().is_some_and(u8::is_ascii_alphanumeric)
        }
        _ => true,
    }
}

fn write_token(tokens: &Tokens, token: Token, is_property: bool, out: &mut Sink<'_>) {
    match token {
        Token::Name { name, scope } => {
            match tokens.scopes.number(name, scope).filter(|_| !is_property) {
                Some(number) => out.extend(format!("n{number:03}").as_bytes()),
                None => extend_lower(tokens.letters(name), out),
            }
        }
        Token::Keyword(number) => {
            out.extend(KEYWORDS.get(usize::from(number)).copied().unwrap_or_default());
        }
        Token::Number(text) => out.extend(tokens.text(text)),
        Token::String(text) => {
            out.push(b'"');
            extend_lower(tokens.text(text), out);
            out.push(b'"');
        }
        Token::Plus => out.push(b'+'),
        Token::Sign(sign) => out.push(sign),
    }
}

fn extend_lower(text: &[u8], out: &mut Sink<'_>) {
    for &byte in text {
        out.push(if matches!(byte, b'\t'..=b'\r') { b' ' } else { byte.to_ascii_lowercase() });
    }
}
