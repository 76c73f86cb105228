//! Electron's archives (asar, by its documentation): a tree of names in JSON behind two lengths, then
//! the files as they are.
//!
//! The JSON is read token by token while it is walked, with the names on the way kept on a stack; what
//! has an `offset` and a `size` is a file. A file that lies beside the archive (`unpacked`) is named by
//! it and not there. Of the rest of JSON's grammar nothing is checked.

use super::parts::{List, Part, walk_parts};
use super::{Notes, Opened, Opening, shown};
use crate::input::Content;
use crate::reader::{OutOfBounds, Reader};

/// Bytes in front of the JSON.
const FRONT: u64 = 16;
/// How deep folders may be nested.
const DEPTH: usize = 512;
/// Bytes of one name that are kept.
const NAME: usize = 1024;
/// Bytes of a whole path that are kept.
const PATH: usize = 4096;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let archive = content.slice(offset, u64::MAX);
    let mut notes = Notes::default();
    let (length, base) = header(&archive).unwrap_or_else(|_| {
        notes.truncated("the header is cut off");
        (0, 0)
    });
    let json = archive.slice(FRONT, length);
    if (json.len() as u64) < length {
        notes.truncated("the list of files is cut off");
    }
    let tree = Tree { json, at: 0, base, open: Vec::new(), key: None };
    Ok(walk_parts(archive, tree, notes))
}

/// The length of the JSON, and where the files begin.
fn header(archive: &[u8]) -> Result<(u64, u64), OutOfBounds> {
    let mut reader = Reader::at(archive, 4)?;
    let header = u64::from(reader.u32_le()?);
    reader.skip(4)?;
    Ok((reader.u32_le()?.into(), header.saturating_add(8)))
}

/// An object of the JSON that is open.
#[derive(Default)]
struct Node {
    name: Vec<u8>,
    offset: Option<u64>,
    size: Option<u64>,
    is_elsewhere: bool,
}

/// The tree of names, as far as it is read.
struct Tree<'a> {
    json: Content<'a>,
    at: usize,
    /// Where the files begin.
    base: u64,
    open: Vec<Node>,
    /// The last text, which is a name if a colon follows.
    key: Option<Vec<u8>>,
}

enum Token {
    Opens,
    Closes,
    Text(Vec<u8>),
    /// A number or a word.
    Word(Vec<u8>),
    Colon,
    Other,
}

impl Tree<'_> {
    fn token(&mut self) -> Option<Token> {
        let rest = self.json.get(self.at..)?;
        let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let rest = rest.get(blank..).unwrap_or_default();
        let (token, length) = match rest.first()? {
            b'{' => (Token::Opens, 1),
            b'}' => (Token::Closes, 1),
            b':' => (Token::Colon, 1),
            b'"' => text(rest.get(1..).unwrap_or_default()),
            byte if is_word(byte) => {
                let length = rest.iter().take_while(|byte| is_word(byte)).count();
                let kept = rest.get(..length.min(NAME)).unwrap_or_default();
                (Token::Word(kept.to_vec()), length)
            }
            _ => (Token::Other, 1),
        };
        self.at = self.at.saturating_add(blank).saturating_add(length);
        Some(token)
    }

    /// Takes a value in, if it is one that counts.
    fn value(&mut self, value: &[u8]) {
        let Some((key, node)) = self.key.take().zip(self.open.last_mut()) else { return };
        let number = || std::str::from_utf8(value).ok()?.parse::<u64>().ok();
        match key.as_slice() {
            b"offset" => node.offset = number(),
            b"size" => node.size = number(),
            b"unpacked" => node.is_elsewhere = value == b"true",
            _ => {}
        }
    }

    /// The path of what is open, without the words between names.
    fn path(&self, last: &Node) -> Vec<u8> {
        let names = self.open.iter().chain([last]).map(|node| node.name.as_slice());
        let names = names.enumerate().filter(|(depth, _)| depth.is_multiple_of(2) && *depth > 0);
        let mut path = names.map(|(_, name)| name).collect::<Vec<_>>().join(&b'/');
        path.truncate(PATH);
        path
    }

    fn close(&mut self, notes: &mut Notes) -> Option<Part> {
        let node = self.open.pop()?;
        let (size, is_file) = (node.size?, node.offset.is_some() || node.is_elsewhere);
        let path = self.path(&node);
        if node.is_elsewhere && is_file {
            notes.truncated(format!("{} lies beside the archive", shown(&path)));
            return None;
        }
        Some(Part::stored(path, self.base.checked_add(node.offset?)?, size))
    }
}

fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
}

/// A text behind its quotation mark, as far as it is kept, and the length of all with both marks.
fn text(rest: &[u8]) -> (Token, usize) {
    let mut kept = Vec::new();
    let mut at = 0_usize;
    while let Some(&byte) = rest.get(at) {
        at = at.saturating_add(1);
        let byte = match byte {
            b'"' => break,
            b'\\' => {
                let escaped = rest.get(at).copied().unwrap_or(b'\\');
                at = at.saturating_add(1);
                escaped
            }
            byte => byte,
        };
        if kept.len() < NAME {
            kept.push(byte);
        }
    }
    (Token::Text(kept), at.saturating_add(1))
}

impl List for Tree<'_> {
    fn next_part(&mut self, _: &[u8], notes: &mut Notes) -> Option<Part> {
        // The last text, until it shows whether it is a name or a value.
        let mut last: Option<Vec<u8>> = None;
        while let Some(token) = self.token() {
            match token {
                Token::Colon => self.key = last.take(),
                Token::Text(text) if self.key.is_some() => self.value(&text),
                Token::Text(text) => last = Some(text),
                Token::Word(word) => self.value(&word),
                Token::Opens if self.open.len() >= DEPTH => {
                    notes.corrupted(format!("folders are nested more than {DEPTH} deep"));
                    return None;
                }
                Token::Opens => {
                    let name = self.key.take().unwrap_or_default();
                    self.open.push(Node { name, ..Node::default() });
                }
                Token::Closes => {
                    if let Some(part) = self.close(notes) {
                        return Some(part);
                    }
                }
                Token::Other => self.key = None,
            }
        }
        if !self.open.is_empty() {
            notes.truncated("the list of files has no end");
            self.open.clear();
        }
        None
    }
}

#[cfg(test)]
mod tests;
