//! Names of signatures in blocks, each name as its difference from the one before; used by the reader
//! and the writer.
//!
//! Names are sorted and mostly numbered (`Win.Trojan.Agent-123`, `Win.Trojan.Agent-124`), so that a name
//! takes two bytes or three. A name is one byte, of which the high half says how many bytes of the name
//! before are dropped at its end and the low half how many follow; `LONG` in either says that the
//! number stands behind it in two bytes. The first name of a block is told from the empty one. To read a
//! name, those before it in its block are read, at most [`NAME_BLOCK`] in all.
//!
//! [`NAME_BLOCK`]: super::layout::NAME_BLOCK

#![warn(clippy::arithmetic_side_effects)]

use super::layout::MAX_NAME;
use crate::reader::{OutOfBounds, Reader};

/// A number that does not fit half a byte.
const LONG: u8 = 15;

/// Appends names to a block that ends with the name `before`, or with none where it is empty. Names
/// longer than [`MAX_NAME`] are cut.
pub fn append(block: &mut Vec<u8>, before: &str, name: &str) {
    let (before, name) = (cut(before), cut(name));
    let shared = before.iter().zip(name).take_while(|(a, b)| a == b).count();
    let dropped = u16::try_from(before.len().saturating_sub(shared)).unwrap_or(u16::MAX);
    let new = name.get(shared..).unwrap_or_default();
    let added = u16::try_from(new.len()).unwrap_or(u16::MAX);
    block.push(half(dropped) << 4 | half(added));
    for number in [dropped, added] {
        if half(number) == LONG {
            block.extend_from_slice(&number.to_le_bytes());
        }
    }
    block.extend_from_slice(new);
}

fn half(number: u16) -> u8 {
    u8::try_from(number).unwrap_or(LONG).min(LONG)
}

fn cut(name: &str) -> &[u8] {
    name.as_bytes().get(..MAX_NAME).unwrap_or(name.as_bytes())
}

/// The name at `index` of a block; none where the block is broken or has fewer.
pub fn read(block: &[u8], index: usize) -> Option<String> {
    let mut names = Names::new(block);
    (0..index).try_for_each(|_| names.step())?;
    names.step()?;
    String::from_utf8(names.name).ok()
}

/// Every name of a block, up to one that is broken, which comes as `None`.
pub(super) fn all(block: &[u8]) -> impl Iterator<Item = Option<String>> {
    let mut names = Names::new(block);
    std::iter::from_fn(move || {
        if names.rest.is_empty() {
            return None;
        }
        let name = names.step().and_then(|()| String::from_utf8(names.name.clone()).ok());
        if name.is_none() {
            names.rest = Reader::new(&[]);
        }
        Some(name)
    })
}

/// The walk over a block.
struct Names<'b> {
    rest: Reader<'b>,
    name: Vec<u8>,
}

impl<'b> Names<'b> {
    fn new(block: &'b [u8]) -> Self {
        Self { rest: Reader::new(block), name: Vec::new() }
    }

    /// Goes on to the next name.
    fn step(&mut self) -> Option<()> {
        let head = self.rest.u8().ok()?;
        let (dropped, added) = (self.number(head >> 4).ok()?, self.number(head & 15).ok()?);
        let kept = self.name.len().checked_sub(dropped.into())?;
        if kept.saturating_add(added.into()) > MAX_NAME {
            return None;
        }
        self.name.truncate(kept);
        self.name.extend_from_slice(self.rest.bytes(added.into()).ok()?);
        Some(())
    }

    fn number(&mut self, half: u8) -> Result<u16, OutOfBounds> {
        if half == LONG { self.rest.u16_le() } else { Ok(half.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(names: &[&str]) -> Vec<u8> {
        let mut block = Vec::new();
        let before = std::iter::once("").chain(names.iter().copied());
        for (before, name) in before.zip(names) {
            append(&mut block, before, name);
        }
        block
    }

    #[test]
    fn names_come_back_as_they_were() {
        let long = "x".repeat(MAX_NAME);
        let longer = format!("{}y", "x".repeat(MAX_NAME - 1));
        let names =
            ["", "A.B-1", "A.B-2", "A.B-20", "A.C", "A.Cä", "A.Cö", "Zzz", &long, &longer, "q"];
        let block = block(&names);
        for (index, name) in names.iter().enumerate() {
            assert_eq!(read(&block, index).as_deref(), Some(*name));
        }
        assert_eq!(read(&block, names.len()), None);
        let all: Vec<_> = all(&block).collect();
        assert_eq!(all, names.map(|name| Some(name.to_owned())));
    }

    #[test]
    fn names_that_differ_in_their_last_digit_take_two_bytes() {
        let one = block(&["Win.Trojan.Agent-123"]).len();
        assert_eq!(block(&["Win.Trojan.Agent-123", "Win.Trojan.Agent-124"]).len(), one + 2);
    }

    #[test]
    fn broken_blocks_have_no_names() {
        for broken in
            [&b""[..], b"\x05ab", b"\x0f", b"\x0f\xff\xff", b"\x10a", b"\xf0\x01\x00", b"\x01\xff"]
        {
            assert_eq!(read(broken, 0), None, "{broken:?}");
        }
        let mut growing = vec![0x0f, 0, 4];
        growing.extend([b'a'; MAX_NAME]);
        assert_eq!(read(&growing, 0).map(|name| name.len()), Some(MAX_NAME));
        growing.extend(b"\x01b");
        assert_eq!(read(&growing, 1), None, "a name that is too long");
        assert_eq!(all(&growing).last(), Some(None));
    }
}
