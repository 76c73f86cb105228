//! uuencode (POSIX.1): `begin 644 name`, lines that begin with their length, `end`; and its newer form,
//! `begin-base64`, which ends with `====`.
//!
//! What stands between two files is passed over. Lines may have lost the spaces at their end; a line
//! that cannot be data ends the file as broken.

use std::io::{self, Read};

use memchr::memmem;

use super::boundaries::{line_at, next_line};
use super::encodings::{Base64, broken, cut_off};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::unpack::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::verdict::{Problem, Reason};

pub(in crate::unpack) fn open<'a>(
    content: Content<'a>,
    offset: u64,
    _: &Opening<'_>,
) -> Opened<'a> {
    Ok(walked(Uuencode { text: content.slice(offset, u64::MAX), at: 0, notes: Notes::default() }))
}

/// A text with uuencoded files.
struct Uuencode<'a> {
    text: Content<'a>,
    /// Where the next file is looked for.
    at: usize,
    notes: Notes,
}

/// The first line of a file.
struct Begin {
    name: Vec<u8>,
    is_base64: bool,
    /// Where its data begin.
    data: usize,
}

impl<'a> Walk<'a> for Uuencode<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        let Some(begin) = self.find(budget)? else { return Ok(None) };
        let text = self.text.clone();
        let data = text.get(begin.data..).unwrap_or_default();
        let entry = if begin.is_base64 {
            // The line end in front of the data belongs to the search: there may be none.
            let from = begin.data.saturating_sub(1);
            let end = budget.find(text.get(from..).unwrap_or_default(), b"\n====")?;
            let digits = data.get(..end.map_or(data.len(), |end| end.saturating_sub(1)));
            let digits = digits.unwrap_or_default();
            self.at = begin.data.saturating_add(digits.len());
            let decoded = budget.decode(Base64::new(digits), digits.len() as u64)?;
            let entry = Entry::decoded(begin.name, decoded);
            match end {
                Some(_) => entry,
                None => entry.with(Problem::new(Reason::Truncated, "the line `====` is missing")),
            }
        } else {
            let mut lines = Lines::new(data);
            let decoded = budget.decode(&mut lines, data.len() as u64)?;
            self.at = begin.data.saturating_add(lines.at);
            Entry::decoded(begin.name, decoded)
        };
        Ok(Some(entry))
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl Uuencode<'_> {
    /// The next line that begins a file.
    fn find(&self, budget: &Budget) -> Result<Option<Begin>, Stop> {
        /// Places between two looks at the clock.
        const STEP: usize = 4096;
        let rest = self.text.get(self.at..).unwrap_or_default();
        for (count, at) in memmem::find_iter(rest, b"begin").enumerate() {
            if count % STEP == 0 {
                budget.check()?;
            }
            let at = self.at.saturating_add(at);
            let begins_line =
                at == 0 || matches!(self.text.get(at.wrapping_sub(1)), Some(b'\n' | b'\r'));
            if let Some(begin) = begins_line.then(|| begin_at(&self.text, at)).flatten() {
                return Ok(Some(begin));
            }
        }
        Ok(None)
    }
}

fn begin_at(text: &[u8], at: usize) -> Option<Begin> {
    let line = line_at(text, at).strip_prefix(b"begin")?;
    let (is_base64, line) = match line.strip_prefix(b"-base64") {
        Some(line) => (true, line),
        None => (false, line),
    };
    let line = line.strip_prefix(b" ")?;
    let digits = line.iter().take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    let (mode, name) = line.split_at_checked(digits)?;
    let name = name.strip_prefix(b" ")?.trim_ascii();
    let name = name.get(..Entry::NAME).unwrap_or(name).to_vec();
    let is_mode = (1..=6).contains(&mode.len());
    is_mode.then(|| Begin { name, is_base64, data: next_line(text, at) })
}

/// Decodes the lines of one file.
struct Lines<'d> {
    text: &'d [u8],
    /// Where the next line begins.
    at: usize,
    /// Bytes of the line before that were not handed out yet, from this place on.
    line: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<'d> Lines<'d> {
    fn new(text: &'d [u8]) -> Self {
        Self { text, at: 0, line: Vec::with_capacity(64), given: 0, ended: false }
    }

    /// Decodes the next line; false at the end.
    fn next(&mut self) -> io::Result<bool> {
        if self.at >= self.text.len() {
            self.ended = true;
            return Err(cut_off("the line `end` is missing"));
        }
        let line = line_at(self.text, self.at);
        if line.trim_ascii_end() == b"end" {
            self.at = next_line(self.text, self.at);
            self.ended = true;
            return Ok(false);
        }
        if !is_data(line) {
            self.ended = true;
            return Err(broken("a line that is no data"));
        }
        self.at = next_line(self.text, self.at);
        self.line.clear();
        self.given = 0;
        if let Some((&length, digits)) = line.split_first() {
            self.decode(digits, value(length).into());
        }
        Ok(true)
    }

    fn decode(&mut self, digits: &[u8], length: usize) {
        for four in 0..length.div_ceil(3) {
            let digit = |place: usize| {
                // Spaces at the end of lines get lost; they are zeros.
                let digit = digits.get(four.saturating_mul(4).saturating_add(place));
                u32::from(digit.map_or(0, |&digit| value(digit)))
            };
            let bits = digit(0) << 18 | digit(1) << 12 | digit(2) << 6 | digit(3);
            self.line.extend(bits.to_be_bytes().get(1..).unwrap_or_default());
        }
        self.line.truncate(length);
    }
}

impl Read for Lines<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while !self.ended && self.given >= self.line.len() {
            self.next()?;
        }
        let ready = self.line.get(self.given..).unwrap_or_default();
        let count = ready.len().min(into.len());
        for (slot, &byte) in into.iter_mut().zip(ready) {
            *slot = byte;
        }
        self.given = self.given.saturating_add(count);
        Ok(count)
    }
}

fn value(digit: u8) -> u8 {
    digit.wrapping_sub(b' ') & 0x3f
}

/// Whether a line is data: nothing but digits, and about as many as its length asks for.
fn is_data(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let Some((&length, digits)) = line.split_first() else { return true };
    let needed = usize::from(value(length)).div_ceil(3).saturating_mul(4);
    let is_digit = |digit: &u8| (b' '..=b'`').contains(digit);
    // One more may be a checksum.
    digits.len() <= needed.saturating_add(1) && is_digit(&length) && digits.iter().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::unpack::testing::{Walked, noise, run, survives_damage, walk_at};

    fn walk(text: impl AsRef<[u8]>) -> Walked {
        walk_at(open, text.as_ref(), 0, Limits::default())
    }

    const CAT: &str = "begin 644 cat.txt\n#0V%T\n`\nend\n";

    #[test]
    fn files_behind_each_other() {
        let walked = walk(format!(
            "text\n{CAT}more text, to begin with\n{CAT}begin-base64 755 hello\naGVs\nbG8=\n====\nend\n"
        ));
        assert_eq!(walked.names(), ["cat.txt", "cat.txt", "hello"]);
        assert_eq!(walked.entries[1].bytes.as_deref(), Some(&b"Cat"[..]));
        assert_eq!(walked.content("hello"), b"hello");
        assert_eq!(walked.reasons(), []);
    }

    #[test]
    fn lines_may_have_lost_their_spaces_or_have_checksums() {
        for text in [
            "begin 644 a\r\n&    !  \r\n \r\nend\r\n",
            "begin 644 a\n&````!```\n`\nend",
            "begin 644 a\n&    !\n\nend\n",
            "begin 644 a\n&````!```X\n`\nend",
        ] {
            assert_eq!(walk(text).content("a"), b"\0\0\0\x04\0\0", "{text:?}");
        }
    }

    #[test]
    fn what_is_broken_says_so_and_keeps_what_was_read() {
        let walked = walk("begin 644 a\n#0V%T\nand lower case\n#0V%T\nend\n");
        assert_eq!((walked.content("a"), walked.reasons()), (&b"Cat"[..], vec![Reason::Corrupted]));
        for length in 18..CAT.len() {
            let walked = walk(&CAT[..length]);
            let is_whole = length >= CAT.len() - 1;
            assert_eq!(walked.reasons().is_empty(), is_whole, "{length}");
            assert!(b"Cat".starts_with(walked.content("cat.txt")) || length < 24, "{length}");
        }
        let walked = walk("begin-base64 644 a\naGVsbG8=\n");
        assert_eq!(
            (walked.content("a"), walked.reasons()),
            (&b"hello"[..], vec![Reason::Truncated])
        );
    }

    #[test]
    fn what_only_looks_like_a_beginning_is_none() {
        for text in ["begin with\n", "begin 644\n", "begin 999 a\n", " begin 644 a\n", "begin"] {
            assert_eq!(walk(text).names(), Vec::<&str>::new(), "{text}");
        }
        assert_eq!(walk("begin 644 a\n".repeat(10_000)).entries.len(), 10_000);
    }

    #[test]
    fn files_of_uuencode_and_python_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let noise = noise(10_000);
        std::fs::write(folder.path().join("in"), &noise).unwrap();
        let python = "import binascii,sys\nd=open('in','rb').read()\nw=sys.stdout.buffer.write\n\
                      w(b'begin 666 in\\n')\n\
                      for i in range(0,len(d),45): w(binascii.b2a_uu(d[i:i+45]))\n\
                      w(b' \\nend\\n')";
        for (program, arguments) in [
            ("uuencode", &["in", "in"][..]),
            ("uuencode", &["-m", "in", "in"]),
            ("python3", &["-c", python]),
        ] {
            let Some(text) = run(folder.path(), program, arguments) else { continue };
            let walked = walk(&text);
            assert_eq!(walked.reasons(), [], "{program} {arguments:?}");
            assert!(walked.content("in") == noise, "{program} {arguments:?}");
        }
    }

    #[test]
    fn damage_does_no_harm() {
        survives_damage(open, [CAT, "begin-base64 644 a\naGVsbG8=\n====\n"].concat().as_bytes());
    }
}
