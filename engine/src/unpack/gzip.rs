//! gzip (RFC 1952): one compressed stream, in one member or several.
//!
//! The members' contents are one object, as `gunzip` writes them one after the other. Checksums and
//! lengths are checked and never a reason to stop: a member with a wrong checksum is still read, and
//! so is the next one. Zeros behind the last member are padding; anything else there is left alone,
//! and named where the stream begins at the start of the object.

use std::io::{self, Read};

use flate2::Crc;

use super::decoders::Inflate;
use super::{Entry, Notes, Opened, Opening, Unpacker};
use crate::identify::crc32;
use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::Problem;

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];

/// The name of the content where the header gives none.
const UNNAMED: &[u8] = b"data";

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let stream = content.slice(offset, u64::MAX);
    Ok(Box::new(Gzip { stream, alone: offset == 0, done: false, notes: Notes::default() }))
}

/// One gzip stream; its only entry is the concatenation of its members.
struct Gzip<'a> {
    stream: Content<'a>,
    /// Whether the object is nothing but this stream, so that it should end with it.
    alone: bool,
    done: bool,
    notes: Notes,
}

impl<'a> Unpacker<'a> for Gzip<'a> {
    fn next_entry(&mut self, budget: &Budget) -> Option<Entry<'a>> {
        if std::mem::replace(&mut self.done, true) {
            return None;
        }
        let name = first_name(&self.stream).unwrap_or_else(|| UNNAMED.to_vec());
        let mut members = Members::new(&self.stream);
        let mut entry = Entry::of(name, budget.decode(&mut members, self.stream.len() as u64));
        if self.alone && members.ended && members.rest.iter().any(|&byte| byte != 0) {
            let count = members.rest.len();
            self.notes.corrupted(format!("{count} bytes behind the last member"));
        }
        entry.problems.extend(members.notes.take());
        Some(entry)
    }

    fn problems(&mut self) -> Vec<Problem> {
        self.notes.take()
    }
}

fn first_name(stream: &[u8]) -> Option<Vec<u8>> {
    let header = Header::read(&mut Reader::new(stream)).ok()?;
    let name = header.name.filter(|name| !name.is_empty())?;
    Some(name.get(..Entry::NAME).unwrap_or(name).to_vec())
}

/// A reader of all members, one after the other.
struct Members<'d> {
    rest: &'d [u8],
    /// Members begun.
    count: u64,
    /// Whether a member's body is being read.
    inside: bool,
    body: Inflate<'d>,
    checksum: Crc,
    ended: bool,
    notes: Notes,
}

impl<'d> Members<'d> {
    fn new(stream: &'d [u8]) -> Self {
        Self {
            rest: stream,
            count: 0,
            inside: false,
            body: Inflate::new(&[]),
            checksum: Crc::new(),
            ended: false,
            notes: Notes::default(),
        }
    }

    /// Reads the next member's header. The stream ends where no member begins; the first one is there
    /// because the stream was recognised by it.
    fn begin(&mut self) -> io::Result<()> {
        if self.count > 0 && !self.another() {
            self.ended = true;
            return Ok(());
        }
        self.count = self.count.saturating_add(1);
        let mut reader = Reader::new(self.rest);
        let header = Header::read(&mut reader)?;
        if let Some(problem) = header.problem {
            self.notes.corrupted(format!("member {}: {problem}", self.count));
        }
        self.body.restart(reader.rest());
        self.checksum.reset();
        self.inside = true;
        Ok(())
    }

    /// Whether another member begins here, or behind padding.
    fn another(&mut self) -> bool {
        let padding = self.rest.iter().take_while(|&&byte| byte == 0).count();
        let behind = self.rest.get(padding..).unwrap_or_default();
        let found = behind.starts_with(&MAGIC);
        if found {
            self.rest = behind;
        }
        found
    }

    /// Checks the trailer behind a body that came to its end.
    fn finish(&mut self) -> io::Result<()> {
        self.inside = false;
        let mut reader = Reader::new(self.body.rest());
        let (checksum, size) = (reader.u32_le().map_err(cut)?, reader.u32_le().map_err(cut)?);
        self.rest = reader.rest();
        let count = self.count;
        if checksum != self.checksum.sum() {
            self.notes.corrupted(format!("member {count}: the CRC-32 is wrong"));
        }
        if size != self.checksum.amount() {
            self.notes.corrupted(format!("member {count}: the length is wrong"));
        }
        Ok(())
    }
}

impl Read for Members<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.ended || into.is_empty() {
            return Ok(0);
        }
        if !self.inside {
            self.begin()?;
            return if self.ended { Ok(0) } else { Err(io::ErrorKind::Interrupted.into()) };
        }
        let count = self.body.read(into)?;
        self.checksum.update(into.get(..count).unwrap_or_default());
        if count == 0 {
            self.finish()?;
            // Nothing came out, and it is not the end: the budget looks at the clock and asks again.
            return Err(io::ErrorKind::Interrupted.into());
        }
        Ok(count)
    }
}

fn cut(_: OutOfBounds) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the stream is cut off")
}

/// A member's header.
struct Header<'d> {
    name: Option<&'d [u8]>,
    problem: Option<&'static str>,
}

impl<'d> Header<'d> {
    const HEADER_CHECKSUM: u8 = 1 << 1;
    const EXTRA: u8 = 1 << 2;
    const NAME: u8 = 1 << 3;
    const COMMENT: u8 = 1 << 4;
    const RESERVED: u8 = 0b1110_0000;

    /// Reads a header; `reader` is then at the body.
    fn read(reader: &mut Reader<'d>) -> io::Result<Self> {
        let whole = reader.rest();
        if reader.array::<3>().map_err(cut)? != MAGIC {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no gzip header"));
        }
        let flags = reader.u8().map_err(cut)?;
        reader.skip(6).map_err(cut)?;
        if flags & Self::EXTRA != 0 {
            let length = reader.u16_le().map_err(cut)?;
            reader.skip(length.into()).map_err(cut)?;
        }
        let name = (flags & Self::NAME != 0).then(|| text(reader)).transpose()?;
        if flags & Self::COMMENT != 0 {
            text(reader)?;
        }
        let mut problem = (flags & Self::RESERVED != 0).then_some("the header has unknown flags");
        if flags & Self::HEADER_CHECKSUM != 0 {
            let length = whole.len().saturating_sub(reader.remaining());
            let actual = crc32(whole.get(..length).unwrap_or_default());
            // The header keeps the lower half of the CRC-32.
            if u32::from(reader.u16_le().map_err(cut)?) != actual & 0xffff {
                problem = Some("the header's checksum is wrong");
            }
        }
        Ok(Self { name, problem })
    }
}

/// Reads a text up to its zero byte.
fn text<'d>(reader: &mut Reader<'d>) -> io::Result<&'d [u8]> {
    let missing = || io::Error::new(io::ErrorKind::UnexpectedEof, "a header field does not end");
    let length = memchr::memchr(0, reader.rest()).ok_or_else(missing)?;
    let text = reader.bytes(length as u64).map_err(cut)?;
    reader.skip(1).map_err(cut)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Limit, Limits};
    use crate::unpack::testing::{
        Walked, assert_each_limit_is_told, budget, deflated, noise, run, sample_tree,
        survives_damage, walk_at, walk_under,
    };
    use crate::verdict::Reason;
    use flate2::{Compression, GzBuilder};
    use std::io::Write;

    fn walk(bytes: &[u8]) -> Walked {
        walk_at(open, bytes, 0, Limits::default())
    }

    fn member(name: &str, bytes: &[u8]) -> Vec<u8> {
        let builder = GzBuilder::new().filename(name).comment("a comment").extra(b"xx".to_vec());
        let mut encoder = builder.write(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// A member with flags of the test's choice and a header checksum if they ask for it.
    fn bare_member(flags: u8, bytes: &[u8]) -> Vec<u8> {
        let mut member = vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255];
        if flags & Header::HEADER_CHECKSUM != 0 {
            let sum = crc32(&member) as u16;
            member.extend(sum.to_le_bytes());
        }
        member.extend(deflated(bytes));
        member.extend(crc32(bytes).to_le_bytes());
        member.extend((bytes.len() as u32).to_le_bytes());
        member
    }

    #[test]
    fn members_are_one_content_with_the_first_name() {
        let bytes = [member("first", b"one "), member("second", b"two")].concat();
        let walked = walk(&bytes);
        assert_eq!(walked.names(), ["first"]);
        assert_eq!(walked.content("first"), b"one two");
        assert_eq!(walked.reasons(), []);
    }

    #[test]
    fn a_content_without_name_is_called_data() {
        let walked = walk(&bare_member(0, b"x"));
        assert_eq!(walked.content("data"), b"x");
        assert_eq!(walked.reasons(), []);
    }

    #[test]
    fn padding_is_fine_and_trailing_bytes_are_named() {
        let bytes = member("a", b"content");
        let padded = [bytes.clone(), vec![0; 512]].concat();
        assert_eq!(walk(&padded).reasons(), []);
        let again = [padded.clone(), bytes.clone()].concat();
        assert_eq!(walk(&again).content("a"), b"contentcontent", "a member behind padding");
        let trailing = walk(&[padded, b"tail".to_vec()].concat());
        assert_eq!(trailing.content("a"), b"content");
        assert_eq!(trailing.reasons(), [Reason::Corrupted]);
        assert!(trailing.words().contains("516 bytes behind"), "{}", trailing.words());
        let embedded = walk_at(open, &[b"##", &bytes[..], b"tail"].concat(), 2, Limits::default());
        assert_eq!(embedded.content("a"), b"content");
        assert_eq!(embedded.reasons(), []);
    }

    #[test]
    fn wrong_checksums_are_named_and_the_content_is_kept() {
        let good = bare_member(Header::HEADER_CHECKSUM, b"content");
        assert_eq!(walk(&good).reasons(), []);
        for (at, words) in
            [(10, "header's checksum"), (good.len() - 8, "CRC-32"), (good.len() - 4, "length")]
        {
            let mut bad = good.clone();
            bad[at] ^= 1;
            let walked = walk(&[bad, bare_member(0, b" and more")].concat());
            assert_eq!(walked.content("data"), b"content and more");
            assert_eq!(walked.reasons(), [Reason::Corrupted]);
            assert!(walked.words().contains(words), "{}", walked.words());
        }
        assert!(walk(&bare_member(0x80, b"x")).words().contains("unknown flags"));
    }

    #[test]
    fn every_cut_is_truncated_and_keeps_what_came_before() {
        let content = noise(2000);
        let whole = [member("a", &content), member("b", &content)].concat();
        let border = whole.len() / 2;
        for length in (3..whole.len())
            .filter(|&length| length != border && length != border + 1 && length != border + 2)
        {
            let walked = walk(&whole[..length]);
            assert_eq!(walked.reasons(), [Reason::Truncated], "{length} bytes");
            let bytes = walked.entries[0].bytes.as_deref().unwrap();
            assert!([&content[..], &content].concat().starts_with(bytes));
            assert!(length < border || bytes.len() >= content.len());
        }
    }

    #[test]
    fn a_broken_body_is_corrupted() {
        let mut bytes = member("a", &b"text ".repeat(1000));
        let middle = bytes.len() / 2;
        bytes[middle..middle + 6].fill(0xff);
        assert!(walk(&bytes).reasons().contains(&Reason::Corrupted));
    }

    #[test]
    fn each_limit_gives_its_reason() {
        use Limit::{Memory, ObjectBytes, Ratio, Time, TotalBytes};
        let zeros = bare_member(0, &vec![0; 8 << 20]);
        assert_each_limit_is_told(open, &zeros, &[Ratio, ObjectBytes, TotalBytes, Memory, Time]);
    }

    #[test]
    fn ten_thousand_empty_members_are_one_empty_content() {
        let walked = walk(&bare_member(0, b"").repeat(10_000));
        assert_eq!(walked.content("data"), b"");
        assert_eq!(walked.reasons(), []);
    }

    #[test]
    fn a_cancelled_scan_says_so() {
        let cancel = crate::limits::Cancel::new();
        cancel.cancel();
        let budget = Budget::new(Limits::default(), cancel);
        let walked = walk_under(open, &member("a", b"content"), 0, &budget);
        assert_eq!(walked.reasons(), [Reason::Cancelled]);
    }

    #[test]
    fn memory_is_given_back() {
        let budget = budget(Limits { memory: 100_000, ..Limits::default() });
        let bytes = member("a", &noise(30_000));
        for _ in 0..10 {
            assert_eq!(walk_under(open, &bytes, 0, &budget).reasons(), []);
        }
    }

    #[test]
    fn damaged_streams_do_no_harm() {
        let sample = [member("a", &noise(200)), bare_member(Header::HEADER_CHECKSUM, b"b")];
        survives_damage(open, &sample.concat());
    }

    #[test]
    fn streams_of_other_tools() {
        let folder = sample_tree();
        let text = b"the quick brown fox ".repeat(5000);
        let python = "import gzip,sys; sys.stdout.buffer.write(gzip.compress(open('tree/text','rb').read()))";
        let tools: [(&str, &[&str]); 5] = [
            ("gzip", &["-c", "tree/text"]),
            ("gzip", &["-1nc", "tree/text"]),
            ("pigz", &["-c", "tree/text"]),
            ("7z", &["a", "-tgzip", "-so", "x.gz", "tree/text"]),
            ("python3", &["-c", python]),
        ];
        for (program, arguments) in tools {
            let Some(bytes) = run(folder.path(), program, arguments) else { continue };
            let walked = walk(&bytes);
            assert_eq!(walked.reasons(), [], "{program} {arguments:?}");
            assert_eq!(walked.entries[0].bytes.as_deref(), Some(&text[..]));
        }
    }
}
