//! RTF (Rich Text Format 1.9.1): the objects and pictures in a document, which stand there in
//! hexadecimal.
//!
//! Malware hides objects by writing them as no program would: with white space and other characters
//! between the digits, with groups and control words inside of the data, with raw bytes behind `\bin`,
//! and with `\'`, which makes Word forget an odd digit. What counts is what Word reads, as known from
//! public descriptions of these tricks. Groups that a reader may ignore (`{\*\...}`) are read in both
//! ways where that makes a difference.
//!
//! Data is found by its control word, wherever that stands, so that broken groups around it are no
//! hiding place. An object is handed out as it stands, and then what is in it (`ole1.rs`).

use std::io;

use super::decoders::{ByStep, Step, Stepwise};
use super::ole1::{Object, Package};
use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::identify::{FileType, Found, identify};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::Reader;
use crate::verdict::{Problem, Reason};

/// The control words behind which data stands in hexadecimal.
const WORDS: [&[u8]; 4] = [b"objdata", b"pict", b"themedata", b"datastore"];

/// Beginnings of further data inside of one: more are no document.
const NESTED: u32 = 16;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let document = content.slice(offset, u64::MAX);
    Ok(walked(Rtf {
        document,
        at: 0,
        found: 0,
        again: None,
        object: None,
        notes: Notes::default(),
    }))
}

/// An RTF document being walked.
struct Rtf<'a> {
    document: Content<'a>,
    at: usize,
    /// Data found so far.
    found: u32,
    /// Data that is to be read in the other way as well.
    again: Option<(&'static [u8], usize)>,
    /// An object that was handed out and may hold something.
    object: Option<Content<'a>>,
    notes: Notes,
}

impl<'a> Walk<'a> for Rtf<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        if let Some(object) = self.object.take()
            && let Some(entry) = inside(&object, budget)
        {
            return Ok(Some(entry));
        }
        if let Some((word, start)) = self.again.take() {
            return Ok(Some(self.read(word, start, Reading::Everything, budget)?));
        }
        while let Some((word, start)) = self.next_data(budget)? {
            let entry = self.read(word, start, Reading::WithoutIgnorable, budget)?;
            let is_empty = entry.content.as_ref().is_some_and(|content| content.is_empty());
            if !is_empty || !entry.problems.is_empty() || self.again.is_some() {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Rtf<'a> {
    /// The next place where data stands: its word, and what is behind it.
    fn next_data(&mut self, budget: &Budget) -> Result<Option<(&'static [u8], usize)>, Stop> {
        loop {
            budget.check()?;
            let rest = self.document.get(self.at..).unwrap_or_default();
            let Some(found) = budget.find(rest, b"\\")? else { return Ok(None) };
            let behind = self.at.saturating_add(found).saturating_add(1);
            let text = self.document.get(behind..).unwrap_or_default();
            let word = WORDS.into_iter().find(|word| is_word(text, word));
            self.at = behind.saturating_add(word.map_or(0, <[u8]>::len));
            if let Some(word) = word {
                return Ok(Some((word, self.at)));
            }
        }
    }

    fn read(
        &mut self,
        word: &'static [u8],
        start: usize,
        reading: Reading,
        budget: &Budget,
    ) -> Result<Entry<'a>, Stop> {
        self.found = self.found.saturating_add(1);
        let text = self.document.get(start..).unwrap_or_default();
        let mut digits = Digits::new(text, reading);
        let decoded = budget.decode(Stepwise::new(&mut digits), text.len() as u64)?;
        if reading == Reading::WithoutIgnorable {
            let read = text.len().saturating_sub(digits.reader.remaining());
            // Data may stand inside of other data: the search goes on right behind the word.
            self.at = if digits.nested == 0 { start.saturating_add(read) } else { start };
            self.again = digits.differs.then_some((word, start));
        }
        let name = format!("{} {}", String::from_utf8_lossy(word), self.found);
        let entry = Entry::decoded(name, decoded);
        self.object = entry.content.clone().filter(|_| word == b"objdata");
        Ok(entry)
    }
}

/// Whether the text begins with this word and no longer one.
fn is_word(text: &[u8], word: &[u8]) -> bool {
    let behind = text.strip_prefix(word);
    behind.is_some_and(|rest| !rest.first().is_some_and(u8::is_ascii_alphabetic))
}

/// What an object of OLE 1 holds: the file in a package, or the data of a program.
fn inside<'a>(object: &Content<'a>, budget: &Budget) -> Option<Entry<'a>> {
    let header = Object::read(object)?;
    let native = object.slice(header.start as u64, header.size.into());
    let is_whole = native.len() as u64 == u64::from(header.size);
    let (name, content, is_whole) = match Package::read(&native) {
        Some(package) => {
            let content = native.slice(package.start as u64, package.size.into());
            let is_whole = content.len() as u64 == u64::from(package.size);
            (package.name(), content, is_whole)
        }
        None if is_seen_in(object, header.start) => return None,
        None => (super::shown(header.class).into_bytes(), native, is_whole),
    };
    let entry = Entry::in_place(name, content, budget);
    Some(match is_whole {
        true => entry,
        false => entry.with(Problem::new(Reason::Truncated, "the object is cut off")),
    })
}

/// Whether a compound file at this place is found in the object as it stands.
fn is_seen_in(object: &[u8], start: usize) -> bool {
    const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
    let is_compound = object.get(start..).is_some_and(|native| native.starts_with(COMPOUND));
    is_compound && identify(object).found.contains(&Found::new(FileType::Ole2, start as u64))
}

/// What is taken for data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// Digits in groups that begin with `\*` are none.
    WithoutIgnorable,
    /// All digits.
    Everything,
}

/// Reads the digits of one data, up to the end of its group.
struct Digits<'d> {
    reader: Reader<'d>,
    reading: Reading,
    /// Groups opened inside of the data.
    depth: u64,
    /// The group, counted likewise, in which nothing counts.
    ignored: Option<u64>,
    /// The first digit of a byte.
    half: Option<u8>,
    /// Raw bytes that are still to come.
    raw: u64,
    /// Further data that begin inside.
    nested: u32,
    /// Whether the other reading comes to something else.
    differs: bool,
    ended: bool,
}

impl<'d> Digits<'d> {
    fn new(text: &'d [u8], reading: Reading) -> Self {
        Self {
            reader: Reader::new(text),
            reading,
            depth: 0,
            ignored: None,
            half: None,
            raw: 0,
            nested: 0,
            differs: false,
            ended: false,
        }
    }

    /// Reads one byte of the document; what it makes of the data, if it completes a byte.
    fn next(&mut self) -> io::Result<Option<u8>> {
        let Ok(byte) = self.reader.u8() else {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the data's group does not end",
            ));
        };
        if self.raw > 0 {
            self.raw = self.raw.saturating_sub(1);
            return Ok(self.take_raw(byte));
        }
        match byte {
            b'{' => self.depth = self.depth.saturating_add(1),
            b'}' => self.close(),
            b'\\' => self.control()?,
            _ => return Ok(self.take_digit(byte)),
        }
        Ok(None)
    }

    fn close(&mut self) {
        if self.ignored == Some(self.depth) {
            self.ignored = None;
        }
        match self.depth.checked_sub(1) {
            Some(depth) => self.depth = depth,
            None => self.ended = true,
        }
    }

    fn take_digit(&mut self, byte: u8) -> Option<u8> {
        let digit = u8::try_from(char::from(byte).to_digit(16)?).ok()?;
        if self.ignored.is_some() {
            self.differs = true;
            return None;
        }
        match self.half.take() {
            Some(first) => Some(first << 4 | digit),
            None => {
                self.half = Some(digit);
                None
            }
        }
    }

    fn take_raw(&mut self, byte: u8) -> Option<u8> {
        if self.ignored.is_some() {
            self.differs = true;
            return None;
        }
        match self.half {
            Some(first) => {
                self.half = Some(byte & 0xf);
                Some(first << 4 | byte >> 4)
            }
            None => Some(byte),
        }
    }

    /// Reads a control word or symbol, whose backslash is read.
    fn control(&mut self) -> io::Result<()> {
        let rest = self.reader.rest();
        let length = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let word = rest.get(..length).unwrap_or_default();
        self.skip(length.max(1));
        match rest.first() {
            Some(b'\'') => {
                self.skip(2);
                self.half = None;
            }
            Some(b'*') if self.reading == Reading::WithoutIgnorable && self.depth > 0 => {
                self.ignored = self.ignored.or(Some(self.depth));
            }
            _ if !word.is_empty() => self.word(word)?,
            _ => {}
        }
        Ok(())
    }

    fn word(&mut self, word: &[u8]) -> io::Result<()> {
        let rest = self.reader.rest();
        let sign = usize::from(rest.first() == Some(&b'-'));
        let digits = rest.get(sign..).unwrap_or_default();
        let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = digits.get(..length).unwrap_or_default();
        if length > 0 {
            self.skip(sign.saturating_add(length));
        }
        if self.reader.rest().first() == Some(&b' ') {
            self.skip(1);
        }
        if word == b"bin" && sign == 0 {
            let count = number.iter().fold(0_u64, |count, &digit| {
                count.saturating_mul(10).saturating_add(u64::from(digit.saturating_sub(b'0')))
            });
            self.raw = count.min(i32::MAX.unsigned_abs().into());
        }
        if WORDS.contains(&word) {
            self.nested = self.nested.saturating_add(1);
            self.ignored = self.ignored.or(Some(self.depth));
            if self.nested > NESTED {
                let what = "data begin inside of data again and again";
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
        }
        Ok(())
    }

    fn skip(&mut self, count: usize) {
        // At the end there may be less.
        let count = count.min(self.reader.remaining());
        let _ = self.reader.skip(count as u64);
    }
}

impl ByStep for &mut Digits<'_> {
    fn step(&mut self) -> io::Result<Step> {
        Ok(match self.next()? {
            _ if self.ended => Step::End,
            Some(byte) => Step::Byte(byte),
            None => Step::Nothing,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Limit, Limits};
    use crate::unpack::ole1::samples::{object, package};
    use crate::unpack::testing::{
        Walked, assert_each_limit_is_told, noise, survives_damage, walk_at,
    };

    fn walk(bytes: &[u8]) -> Walked {
        walk_at(open, bytes, 0, Limits::default())
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn document(data: &str) -> Vec<u8> {
        format!("{{\\rtf1 text {{\\object\\objemb{{\\*\\objdata {data}}}}} more}}").into_bytes()
    }

    fn first(data: &str) -> Vec<u8> {
        let walked = walk(&document(data));
        assert_eq!(walked.reasons(), [], "{data}: {}", walked.words());
        walked.content("objdata 1").to_vec()
    }

    #[test]
    fn objects_are_what_word_reads() {
        let cases = [
            ("616263", "plain"),
            ("61 6\r\n2\t6 3", "white space between digits"),
            ("6xy1z6?2..6..3", "other characters"),
            ("61{62}63", "a group"),
            ("61{{{}6}2}63", "groups that cut a byte"),
            ("61\\foo 62\\bar-1 63", "control words"),
            ("61\\foo1234 6263", "a control word's number is none of the data"),
            ("61\\'ff62\\'zz63", "a character in hexadecimal is none of the data"),
            ("617\\'ff6263", "an odd digit in front of it is forgotten"),
            ("61\\bin1 b63", "raw bytes"),
            ("61\\bin0 6263", "no raw bytes"),
            ("61\\bin-5 6263", "a negative number of raw bytes"),
            ("6\\bin2 \x16\x263", "raw bytes behind half a byte"),
            ("61\\~\\{6263", "control symbols"),
            ("6162637", "an odd digit at the end"),
        ];
        for (data, what) in cases {
            assert_eq!(first(data), b"abc", "{what}");
        }
    }

    #[test]
    fn ignorable_groups_are_read_in_both_ways() {
        let walked = walk(&document("61{\\*\\foo 6162}6263"));
        assert_eq!(walked.content("objdata 1"), b"abc", "without");
        assert_eq!(walked.content("objdata 2"), b"aabbc", "with");
    }

    #[test]
    fn packages_and_native_data_are_unpacked() {
        let walked = walk(&document(&hex(&object("Package", &package("x.exe", b"content")))));
        assert_eq!(walked.content("x.exe"), b"content");
        let walked = walk(&document(&hex(&object("Equation.3", b"formula"))));
        assert_eq!(walked.content("Equation.3"), b"formula");
        assert_eq!(walked.reasons(), []);
        let mut cut = object("Equation.3", b"formula");
        cut.truncate(cut.len() - 2);
        let walked = walk(&document(&hex(&cut)));
        assert_eq!(walked.content("Equation.3"), b"formu");
        assert_eq!(walked.reasons(), [Reason::Truncated]);
    }

    #[test]
    fn pictures_are_handed_out_and_empty_ones_left_away() {
        let walked =
            walk(b"{\\rtf1{\\pict\\wmetafile8\\picw10 616263}{\\pict}{\\*\\themedata 504b}}");
        assert_eq!(walked.names(), ["pict 1", "themedata 3"]);
        assert_eq!(walked.content("pict 1"), b"abc");
        assert_eq!(walk(b"{\\rtf1 plain \\objdatas 61}").names(), Vec::<&str>::new());
    }

    #[test]
    fn data_inside_of_data_is_found_as_well() {
        let walked = walk(&document("61{\\object{\\*\\objdata 626263}}63"));
        assert_eq!(walked.content("objdata 1"), b"ac");
        assert!(walked.entries.iter().any(|entry| entry.bytes.as_deref() == Some(b"bbc")));
    }

    /// Groups and data nest as deep as the file is long; it is walked in time all the same.
    #[test]
    fn deep_nesting_ends() {
        let groups = document(&"{".repeat(1_000_000));
        assert_eq!(walk(&groups).reasons(), [Reason::Truncated]);
        let data = document(&"{\\objdata 61".repeat(20_000));
        let limits = Limits { objects: 100_000, ..Limits::default() };
        let walked = walk_at(open, &data, 0, limits);
        assert_eq!(walked.reasons(), [Reason::Corrupted, Reason::Truncated]);
    }

    #[test]
    fn every_cut_says_so_and_keeps_what_came_before() {
        let whole = document(&hex(b"the content"));
        let start = whole.windows(8).position(|window| window == b"objdata ").unwrap() + 8;
        for length in start + 2..start + 22 {
            let walked = walk(&whole[..length]);
            assert_eq!(walked.reasons(), [Reason::Truncated], "{length}");
            assert!(b"the content".starts_with(walked.content("objdata 1")));
        }
    }

    #[test]
    fn each_limit_gives_its_reason() {
        use Limit::{Memory, ObjectBytes, Time, TotalBytes};
        let bytes = document(&hex(&noise(100_000)));
        assert_each_limit_is_told(open, &bytes, &[ObjectBytes, TotalBytes, Memory, Time]);
    }

    #[test]
    fn damaged_documents_do_no_harm() {
        let object = hex(&object("Package", &package("x.exe", b"content")));
        survives_damage(open, &document(&format!("{object}\\bin5 12345{{\\*\\x 61}}")));
    }
}
