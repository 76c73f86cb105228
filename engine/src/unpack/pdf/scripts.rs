//! JavaScript in strings: what follows the key `JS`, wherever it stands (ISO 32000-2, 12.6.4.17).
//!
//! Scripts in streams are handed out with the streams.

use super::crypt::Key;
use super::last_object;
use super::syntax::{self, Literal};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::Reader;
use crate::unpack::Entry;
use crate::unpack::decoders::Stepwise;

/// The key is at most this long, with each letter in hexadecimal.
const KEY: usize = 6;
/// Strings without an end that are read in one text: each is read to the end of the text.
const OPEN: u32 = 16;
/// How far in front of a string its object begins.
const NEAR: usize = 4096;

/// A text that is searched.
pub(super) struct Scripts<'a> {
    text: Content<'a>,
    at: usize,
    /// Strings that did not end.
    open: u32,
    /// Whether strings are encrypted where the document is.
    can_be_encrypted: bool,
}

impl<'a> Scripts<'a> {
    pub(super) fn new(text: Content<'a>, can_be_encrypted: bool) -> Self {
        Self { text, at: 0, open: 0, can_be_encrypted }
    }

    /// The next script.
    pub(super) fn next(
        &mut self,
        key: Option<&Key>,
        budget: &Budget,
    ) -> Result<Option<Entry<'a>>, Stop> {
        let text = self.text.clone();
        while let Some(start) = self.next_string(&text, budget)? {
            let Ok(reader) = Reader::at(&text, start as u64) else { return Ok(None) };
            let mut literal = Literal::new(reader);
            let decoded = budget.decode(Stepwise::new(&mut literal), text.len() as u64)?;
            if literal.is_closed {
                self.at = literal.reader.position();
            } else {
                self.open = self.open.saturating_add(1);
            }
            let decoded = match key.filter(|_| self.can_be_encrypted) {
                Some(key) => {
                    let near = text.get(start.saturating_sub(NEAR)..start).unwrap_or_default();
                    let (number, generation, _) = last_object(near).unwrap_or_default();
                    let plain = key.decrypt(number, generation, &decoded.bytes);
                    budget.decode(plain, decoded.bytes.len() as u64)?
                }
                None => decoded,
            };
            if !decoded.bytes.is_empty() {
                return Ok(Some(Entry::decoded("JavaScript", decoded)));
            }
        }
        Ok(None)
    }

    /// Where the next string behind the key begins.
    fn next_string(&mut self, text: &[u8], budget: &Budget) -> Result<Option<usize>, Stop> {
        while self.open < OPEN {
            let Some(found) = budget.find(text.get(self.at..).unwrap_or_default(), b"/")? else {
                break;
            };
            let place = self.at.saturating_add(found).saturating_add(1);
            self.at = place;
            let rest = text.get(place..).unwrap_or_default();
            let near = rest.get(..KEY).unwrap_or(rest);
            let length = near
                .iter()
                .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'#')
                .count();
            if syntax::name(near.get(..length).unwrap_or_default()) != b"JS" {
                continue;
            }
            let Ok(mut reader) = Reader::at(text, place.saturating_add(length) as u64) else {
                break;
            };
            syntax::skip_space(&mut reader);
            let rest = reader.rest();
            if rest.first() == Some(&b'(')
                || (rest.first() == Some(&b'<') && rest.get(1) != Some(&b'<'))
            {
                self.at = reader.position();
                return Ok(Some(self.at));
            }
        }
        Ok(None)
    }
}
