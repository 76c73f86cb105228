//! yEnc 1.3: `=ybegin line=128 size=9 name=a`, bytes moved by 42, `=yend size=9 crc32=...`.
//!
//! A file that was sent in pieces is read piece by piece; the object says that it is not whole.

use std::io::{self, Read};

use memchr::memmem;

use super::boundaries::{line_at, next_line};
use super::encodings::cut_off;
use crate::identify::crc32;
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::unpack::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::verdict::{Problem, Reason};

const BEGIN: &[u8] = b"=ybegin ";

pub(in crate::unpack) fn open<'a>(
    content: Content<'a>,
    offset: u64,
    _: &Opening<'_>,
) -> Opened<'a> {
    Ok(walked(Yenc { text: content.slice(offset, u64::MAX), at: 0, notes: Notes::default() }))
}

/// A text with files in yEnc.
struct Yenc<'a> {
    text: Content<'a>,
    /// Where the next file is looked for.
    at: usize,
    notes: Notes,
}

impl<'a> Walk<'a> for Yenc<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        let text = self.text.clone();
        let Some(begin) = self.find(budget)? else { return Ok(None) };
        let head = line_at(&text, begin);
        let mut data = next_line(&text, begin);
        let part = line_at(&text, data);
        let is_piece = part.starts_with(b"=ypart ") || value(head, b"part=").is_some();
        if part.starts_with(b"=ypart ") {
            data = next_line(&text, data);
        }
        let rest = text.get(data..).unwrap_or_default();
        let mut lines = Lines { rest, begins_line: true };
        let decoded = budget.decode(&mut lines, rest.len() as u64)?;
        let end = text.len().saturating_sub(lines.rest.len());
        let tail = line_at(&text, end);
        let ends = tail.starts_with(b"=yend");
        self.at = if ends { next_line(&text, end) } else { end.max(data) };
        let name = value(head, b"name=").unwrap_or_default();
        let name = name.get(..Entry::NAME).unwrap_or(name);
        let mut entry = Entry::decoded(name, decoded);
        entry.problems.extend(wrong(&entry, tail, is_piece));
        Ok(Some(entry))
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl Yenc<'_> {
    /// The next line that begins a file.
    fn find(&self, budget: &Budget) -> Result<Option<usize>, Stop> {
        let mut from = self.at;
        loop {
            let rest = self.text.get(from..).unwrap_or_default();
            let Some(at) = budget.find(rest, BEGIN)? else { return Ok(None) };
            let at = from.saturating_add(at);
            if at == 0 || matches!(self.text.get(at.wrapping_sub(1)), Some(b'\n' | b'\r')) {
                return Ok(Some(at));
            }
            from = at.saturating_add(1);
        }
    }
}

/// What the last line says against the content.
fn wrong(entry: &Entry<'_>, tail: &[u8], is_piece: bool) -> Option<Problem> {
    let content = entry.content.as_deref().filter(|_| entry.problems.is_empty())?;
    let number = |name: &[u8]| std::str::from_utf8(word(tail, name)?).ok();
    let size = number(b"size=").and_then(|size| size.parse().ok());
    if size.is_some_and(|size: usize| size != content.len()) {
        let detail = format!("{} of {} bytes", content.len(), size.unwrap_or_default());
        return Some(Problem::new(Reason::Corrupted, detail));
    }
    let sum = number(if is_piece { b"pcrc32=" } else { b"crc32=" });
    let sum = sum.and_then(|sum| u32::from_str_radix(sum, 16).ok());
    if sum.is_some_and(|sum| sum != crc32(content)) {
        return Some(Problem::new(Reason::Corrupted, "the checksum differs"));
    }
    is_piece
        .then(|| Problem::new(Reason::Truncated, "one piece of a file that was sent in several"))
}

/// The value of a parameter, up to the end of the line: a name may have spaces.
fn value<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    let at = memmem::find(line, name).filter(|&at| line.get(at.wrapping_sub(1)) == Some(&b' '))?;
    line.get(at.saturating_add(name.len())..).map(<[u8]>::trim_ascii_end)
}

/// The same up to the next space.
fn word<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    value(line, name)?.split(|&byte| byte == b' ').next()
}

/// Decodes up to the line `=yend`.
struct Lines<'d> {
    rest: &'d [u8],
    begins_line: bool,
}

impl Lines<'_> {
    fn next_byte(&mut self) -> io::Result<Option<u8>> {
        loop {
            if self.begins_line && self.rest.starts_with(b"=y") {
                return Ok(None);
            }
            let Some((&byte, rest)) = self.rest.split_first() else {
                return Err(cut_off("the line `=yend` is missing"));
            };
            self.rest = rest;
            self.begins_line = matches!(byte, b'\r' | b'\n');
            match byte {
                b'\r' | b'\n' => {}
                b'=' => {
                    let Some((&byte, rest)) = rest.split_first() else { continue };
                    self.rest = rest;
                    return Ok(Some(byte.wrapping_sub(64).wrapping_sub(42)));
                }
                byte => return Ok(Some(byte.wrapping_sub(42))),
            }
        }
    }
}

impl Read for Lines<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut count = 0_usize;
        for slot in into {
            match self.next_byte() {
                Ok(Some(byte)) => *slot = byte,
                Ok(None) => break,
                // It will be there again.
                Err(_) if count > 0 => break,
                Err(error) => return Err(error),
            }
            count = count.saturating_add(1);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::unpack::testing::{Walked, noise, survives_damage, walk_at};

    fn walk(text: impl AsRef<[u8]>) -> Walked {
        walk_at(open, text.as_ref(), 0, Limits::default())
    }

    /// An encoder by the text of the specification.
    fn encoded(name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut text =
            format!("=ybegin line=128 size={} name={name}\r\n", bytes.len()).into_bytes();
        for line in bytes.chunks(128) {
            for byte in line {
                match byte.wrapping_add(42) {
                    byte @ (0 | b'\n' | b'\r' | b'=') => text.extend([b'=', byte.wrapping_add(64)]),
                    byte => text.push(byte),
                }
            }
            text.extend(b"\r\n");
        }
        text.extend(format!("=yend size={} crc32={:08x}\r\n", bytes.len(), crc32(bytes)).bytes());
        text
    }

    #[test]
    fn files_behind_each_other() {
        let every: Vec<u8> = (0..=255).chain(noise(10_000)).collect();
        let text = [b"text\r\n", &encoded("a b.bin", &every)[..], b"text\r\n", &encoded("c", b"")]
            .concat();
        let walked = walk(text);
        assert_eq!(walked.names(), ["a b.bin", "c"]);
        assert!(walked.content("a b.bin") == every);
        assert_eq!(walked.reasons(), [], "{}", walked.words());
    }

    #[test]
    fn pieces_say_that_they_are_some() {
        let text = "=ybegin part=1 total=2 line=128 size=6 name=a\n=ypart begin=1 end=3\n\u{8b}";
        let text = [text.replace('\u{8b}', "").as_bytes(), b"\x8b\x8c\x8d\n=yend size=3 part=1\n"]
            .concat();
        let walked = walk(text);
        assert_eq!((walked.content("a"), walked.reasons()), (&b"abc"[..], vec![Reason::Truncated]));
    }

    #[test]
    fn what_is_wrong_says_so() {
        let text = encoded("a", b"abc");
        for (from, to) in [("size=3 crc", "size=4 crc"), ("crc32=3", "crc32=4")] {
            let at = memmem::find(&text, from.as_bytes()).unwrap();
            let mut text = text.clone();
            text[at..at + from.len()].copy_from_slice(to.as_bytes());
            let walked = walk(text);
            assert_eq!(
                (walked.content("a"), walked.reasons()),
                (&b"abc"[..], vec![Reason::Corrupted])
            );
        }
        for length in 0..text.len() {
            let walked = walk(&text[..length]);
            let ends = memmem::find(&text, b"=yend").unwrap() + 2;
            let is_begun = length >= BEGIN.len();
            assert_eq!(walked.entries.len(), usize::from(is_begun), "{length}");
            assert!(
                !is_begun || length >= ends || walked.reasons() == [Reason::Truncated],
                "{length}"
            );
        }
    }

    #[test]
    fn damage_does_no_harm() {
        survives_damage(open, &encoded("name", &noise(600)));
        assert!(walk(b"=ybegin \n".repeat(10_000)).entries.len() <= 10_000);
    }
}
