//! lzop files (the header as lzop(1) 1.04 writes it): files behind each other, each in blocks that are
//! stored or packed with LZO1X. Checksums are not compared. Blocks that went through one of the filters that
//! nobody describes are handed out as they come out, and said to be `unsupported`.

use std::io::{self, Read};

use super::decoders::{self, Lzo, lzo};
use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::{Problem, Reason};

const MAGIC: &[u8] = b"\x89LZO\0\r\n\x1a\n";
/// Files of older versions lack some fields.
const WIDER: u16 = 0x0940;
/// The largest block there is.
const BLOCK: u32 = 64 << 20;

/// Flags: checksums of what is unpacked, of what is packed, and fields of the header.
const CHECKED: [u32; 2] = [0x1, 0x100];
const PACKED_CHECKED: [u32; 2] = [0x2, 0x200];
const EXTRA: u32 = 0x40;
const FILTER: u32 = 0x800;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let file = content.slice(offset, u64::MAX);
    Ok(walked(Lzop { file, at: 0, is_alone: offset == 0, notes: Notes::default() }))
}

struct Lzop<'a> {
    file: Content<'a>,
    /// Where the next header is.
    at: u64,
    /// The object is nothing but this, so that it should end with it.
    is_alone: bool,
    notes: Notes,
}

struct Header {
    name: Vec<u8>,
    flags: u32,
    /// What the content went through before it was packed.
    filter: u32,
    /// Where the first block is.
    blocks: u64,
}

impl Header {
    fn read(file: &[u8], at: u64) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::at(file, at)?;
        reader.skip(MAGIC.len() as u64)?;
        let version = reader.u16_be()?;
        let is_wider = version >= WIDER;
        // Versions of the library and of what is needed, method, level.
        reader.skip(if is_wider { 6 } else { 3 })?;
        let flags = reader.u32_be()?;
        let filter = if flags & FILTER != 0 { reader.u32_be()? } else { 0 };
        // Mode and time.
        reader.skip(if is_wider { 12 } else { 8 })?;
        let length = reader.u8()?;
        let name = reader.bytes(length.into())?.to_vec();
        reader.skip(4)?;
        if flags & EXTRA != 0 {
            let length = reader.u32_be()?;
            reader.skip(u64::from(length).saturating_add(4))?;
        }
        Ok(Self { name, flags, filter, blocks: reader.position() as u64 })
    }
}

impl<'a> Walk<'a> for Lzop<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        budget.check()?;
        let at = usize::try_from(self.at).unwrap_or(usize::MAX);
        let rest = self.file.get(at..).unwrap_or_default();
        if !rest.starts_with(MAGIC) {
            if self.is_alone && rest.iter().any(|&byte| byte != 0) {
                self.notes.corrupted(format!("{} bytes behind the last file", rest.len()));
            }
            return Ok(None);
        }
        let Ok(header) = Header::read(&self.file, self.at) else {
            self.notes.truncated("a header is cut off");
            return Ok(None);
        };
        let reader = Reader::at(&self.file, header.blocks);
        let reader = reader.unwrap_or(Reader::new(&[]));
        let packed = reader.remaining() as u64;
        let mut blocks = Blocks { reader, flags: header.flags, block: None, ended: false, budget };
        let entry = Entry::decoded(header.name, budget.decode(&mut blocks, packed)?);
        let is_whole = entry.problems.is_empty();
        self.at = if is_whole { blocks.reader.position() as u64 } else { u64::MAX };
        self.is_alone &= is_whole;
        if header.filter != 0 {
            let detail = format!("filter {}", header.filter);
            let problem = Problem::new(Reason::Unsupported("lzop-filter"), detail);
            return Ok(Some(entry.with(problem)));
        }
        Ok(Some(entry))
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

/// Reads the blocks of a file.
struct Blocks<'d> {
    reader: Reader<'d>,
    flags: u32,
    block: Option<Block<'d>>,
    ended: bool,
    budget: &'d Budget,
}

enum Block<'d> {
    Stored(&'d [u8]),
    Packed(Lzo, u64),
}

impl<'d> Blocks<'d> {
    /// Opens the next block; `None` behind the last.
    fn next_block(&mut self) -> io::Result<Option<Block<'d>>> {
        let cut = |_: OutOfBounds| decoders::cut_off();
        let size = self.reader.u32_be().map_err(cut)?;
        if size == 0 {
            return Ok(None);
        }
        let packed = self.reader.u32_be().map_err(cut)?;
        if size > BLOCK || packed > size {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a block of too many bytes"));
        }
        let count = |flags: [u32; 2]| flags.iter().filter(|flag| self.flags & **flag != 0).count();
        let mut sums = count(CHECKED);
        if packed < size {
            sums = sums.saturating_add(count(PACKED_CHECKED));
        }
        self.reader.skip((sums as u64).saturating_mul(4)).map_err(cut)?;
        let bytes = self.reader.bytes(packed.into()).map_err(cut)?;
        if packed == size {
            return Ok(Some(Block::Stored(bytes)));
        }
        let block = lzo(bytes, size.into(), self.budget).map_err(io::Error::other)?;
        Ok(Some(Block::Packed(block, size.into())))
    }
}

impl Read for Blocks<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = match &mut self.block {
                Some(Block::Stored(bytes)) => bytes.read(into)?,
                Some(Block::Packed(block, left)) => {
                    let count = block.read(into)?;
                    *left = left.saturating_sub(count as u64);
                    if count == 0 && *left > 0 && !into.is_empty() {
                        return Err(decoders::cut_off());
                    }
                    count
                }
                None => 0,
            };
            if count > 0 || self.ended || into.is_empty() {
                return Ok(count);
            }
            self.block = None;
            self.block = self.next_block()?;
            self.ended = self.block.is_none();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identify::{FileType, identify};
    use crate::limits::{Limit, Limits};
    use crate::unpack::testing::{Walked, noise, run, survives_damage, walk_at};

    fn walk(bytes: &[u8]) -> Walked {
        walk_at(open, bytes, 0, Limits::default())
    }

    /// What lzop makes of some files, with these switches.
    fn made(switches: &[&str], files: &[(&str, &[u8])]) -> Option<Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        let mut arguments = [switches, &["-o", "out"]].concat();
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).unwrap();
            arguments.push(name);
        }
        run(folder.path(), "lzop", &arguments)?;
        Some(std::fs::read(folder.path().join("out")).unwrap())
    }

    #[test]
    fn files_of_another_tool_are_read() {
        let text = b"the quick brown fox, ".repeat(40_000);
        let mixed = [&noise(9000), &text[..777], &[0; 70_000], &noise(100_000)].concat();
        let files: [(&str, &[u8]); 4] =
            [("text", &text), ("mixed", &mixed), ("short", b"abc"), ("empty", b"")];
        for switches in [&["-1"][..], &["-3"], &["-9"], &["--no-checksum"], &["-CC", "--crc32"]] {
            let Some(bytes) = made(switches, &files) else { return };
            assert!(identify(&bytes).types_at_start().contains(FileType::Lzop));
            let walked = walk(&bytes);
            assert_eq!(walked.reasons(), [], "{switches:?}: {}", walked.words());
            for (name, content) in files {
                assert!(walked.content(name) == content, "{switches:?}: {name}");
            }
            for length in (10..bytes.len()).step_by(bytes.len() / 7) {
                let cut = walk(&bytes[..length]);
                assert_eq!(cut.reasons(), [Reason::Truncated], "{switches:?}: {length}");
            }
            let more = walk(&[&bytes, &b"more"[..]].concat());
            assert_eq!(more.reasons(), [Reason::Corrupted], "{switches:?}");
        }
    }

    #[test]
    fn contents_behind_a_filter_are_told() {
        let text = b"the quick brown fox, ".repeat(40);
        let Some(bytes) = made(&["--filter=1"], &[("text", &text)]) else { return };
        let walked = walk(&bytes);
        assert_eq!(walked.reasons(), [Reason::Unsupported("lzop-filter")]);
        assert_ne!(walked.content("text"), text);
    }

    #[test]
    fn runs_end_at_the_ratio() {
        let Some(bytes) = made(&["-9"], &[("zeros", &vec![0; 6 << 20])]) else { return };
        let limits = Limits { ratio: 100, ..Limits::default() };
        let walked = walk_at(open, &bytes, 0, limits);
        assert_eq!(walked.reasons(), [Reason::Limit(Limit::Ratio)]);
        let limits = Limits { memory: 2000, ..Limits::default() };
        let walked = walk_at(open, &bytes, 0, limits);
        assert_eq!(walked.reasons(), [Reason::Limit(Limit::Memory)]);
    }

    #[test]
    fn damaged_files_do_no_harm() {
        let text = [&b"the quick brown fox, ".repeat(40)[..], &noise(300)].concat();
        let Some(bytes) = made(&["-9"], &[("text", &text), ("noise", &noise(50))]) else { return };
        survives_damage(open, &bytes);
    }
}
