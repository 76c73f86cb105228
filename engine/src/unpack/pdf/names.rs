//! Names of embedded files: they stand in a file specification (ISO 32000-2, 7.11.3), which refers to the
//! stream.
//!
//! Specifications are found by their key `EF`. They are names for people, so that what stands close by is
//! good enough, and one that comes behind its stream in an object stream is missed.

use super::crypt::Key;
use super::last_object;
use super::syntax::{self, Token};
use crate::limits::{Budget, Stop};

/// Specifications that are looked at.
const MOST: usize = 256;
/// How much in front of the key and behind it is looked at.
const NEAR: usize = 2048;

/// The names that were found so far, by the number of the stream.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: Vec<(i64, Vec<u8>)>,
    looked_at: usize,
}

impl Names {
    /// Reads the specifications in a text, whose strings may be encrypted.
    pub(super) fn read(
        &mut self,
        text: &[u8],
        key: Option<&Key>,
        budget: &Budget,
    ) -> Result<(), Stop> {
        const EMBEDDED: &[u8] = b"/EF";
        let mut at = 0_usize;
        while self.looked_at < MOST
            && let Some(found) = budget.find(text.get(at..).unwrap_or_default(), EMBEDDED)?
        {
            let place = at.saturating_add(found);
            at = place.saturating_add(EMBEDDED.len());
            let (before, behind) = text.split_at_checked(place).unwrap_or_default();
            let before = before.get(before.len().saturating_sub(NEAR)..).unwrap_or_default();
            let behind = behind.get(..NEAR).unwrap_or(behind);
            self.looked_at = self.looked_at.saturating_add(1);
            self.pair(before, behind, key, budget)?;
        }
        Ok(())
    }

    /// The name of the stream of this number.
    pub(super) fn of(&self, number: i64) -> Option<String> {
        let (_, name) = self.known.iter().find(|(known, _)| *known == number)?;
        Some(crate::unpack::shown(name))
    }

    fn pair(
        &mut self,
        before: &[u8],
        behind: &[u8],
        key: Option<&Key>,
        budget: &Budget,
    ) -> Result<(), Stop> {
        let (number, generation, start) = last_object(before).unwrap_or_default();
        let before = syntax::tokens(before.get(start..).unwrap_or_default());
        let behind = syntax::tokens(behind);
        let streams = references(&behind);
        // Within an object stream nothing is encrypted by itself, and nothing has a number here.
        let Some(name) = name(&before, &behind).filter(|_| !streams.is_empty()) else {
            return Ok(());
        };
        let name = match key.filter(|_| start > 0) {
            Some(key) => {
                let plain = key.decrypt(number, generation, name);
                budget.decode(plain, name.len() as u64)?.bytes
            }
            None => name.to_vec(),
        };
        let name = readable(&name);
        self.known.extend(streams.into_iter().map(|stream| (stream, name.clone())));
        Ok(())
    }
}

/// The streams that `EF`, which these tokens begin with, refers to.
fn references(tokens: &[Token]) -> Vec<i64> {
    let value = syntax::value(tokens, &[b"EF"]);
    let windows = value.windows(3).filter_map(syntax::reference);
    windows.map(|(number, _)| number).take(2).collect()
}

/// `UF`, or else `F`, in the dictionary that `EF` is a key of.
fn name<'t>(before: &'t [Token], behind: &'t [Token]) -> Option<&'t [u8]> {
    let own = own(before);
    let is_text = |value: &&'t [Token]| matches!(value, [Token::Text(text)] if !text.is_empty());
    let value = |key: &'static [u8]| {
        let all = [syntax::value(own, &[key]), syntax::value(behind, &[key])];
        all.into_iter().find(is_text).and_then(syntax::bytes)
    };
    value(b"UF").or_else(|| value(b"F"))
}

/// The tokens of the innermost dictionary that is open at the end.
fn own(tokens: &[Token]) -> &[Token] {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().rev() {
        match token {
            Token::Close => depth = depth.saturating_add(1),
            Token::Open | Token::List => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return tokens.get(at..).unwrap_or_default(),
            },
            _ => {}
        }
    }
    &[]
}

/// A text string (7.9.2.2) in UTF-8, where it is in UTF-16.
fn readable(name: &[u8]) -> Vec<u8> {
    let Some(wide) = name.strip_prefix(b"\xfe\xff") else {
        return name.strip_prefix(b"\xef\xbb\xbf").unwrap_or(name).to_vec();
    };
    let units = wide.chunks_exact(2);
    let units =
        units.map(|unit| unit.iter().fold(0_u16, |unit, &byte| unit << 8 | u16::from(byte)));
    let decoded = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    decoded.collect::<String>().into_bytes()
}
