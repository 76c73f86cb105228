//! EGG archives (ESTsoft's "EGG format specification" 1.0): headers of files, and behind each its blocks,
//! which are one content together: stored, deflate, bzip2.
//!
//! Checksums of blocks are not compared. Files with a password are `encrypted`; ESTsoft's AZO, LZMA, solid
//! archives and those in volumes are `unsupported`.

use std::io::{self, Read};

use super::decoders::{self, Inflate};
use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::input::Content;
use crate::limits::{Budget, Grant};
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::{Problem, Reason};

/// Behind the header of the archive its fields begin.
const FIRST: u64 = 14;
const END: u32 = 0x08e2_8222;
const FILE: u32 = 0x0a85_90e3;
const BLOCK: u32 = 0x02b5_0c13;
const NAME: u32 = 0x0a85_91ac;
const ENCRYPTED: u32 = 0x08d1_470f;
const SPLIT: u32 = 0x24f5_a262;
const SOLID: u32 = 0x24e5_a060;
/// Fields whose size has four bytes, and names with a locale or a folder's number in front.
const LONG: u8 = 1;
const LOCALE: u8 = 8;
const FOLDER: u8 = 16;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, opening: &Opening<'_>) -> Opened<'a> {
    let archive = content.slice(offset, u64::MAX);
    let mut notes = Notes::default();
    let mut at = FIRST;
    let mut fields = Fields::default();
    if fields.read(&archive, &mut at).is_err() {
        notes.truncated("the header is cut off");
    }
    for (kind, what) in [(SPLIT, "egg-volume"), (SOLID, "egg-solid")] {
        if fields.has(kind) {
            notes.add(Problem::new(Reason::Unsupported(what), "files go on in each other"));
        }
    }
    let grant = opening.budget.hold(0)?;
    Ok(walked(Egg { archive, at, notes, grant }))
}

struct Egg<'a> {
    archive: Content<'a>,
    at: u64,
    notes: Notes,
    /// For the list of a file's blocks.
    grant: Grant,
}

/// Fields behind a header, as far as they say something.
#[derive(Debug, Default)]
struct Fields {
    kinds: Vec<u32>,
    name: Vec<u8>,
}

impl Fields {
    fn has(&self, kind: u32) -> bool {
        self.kinds.contains(&kind)
    }

    /// Reads fields up to the end of them.
    fn read(&mut self, archive: &[u8], at: &mut u64) -> Result<(), OutOfBounds> {
        let mut reader = Reader::at(archive, *at)?;
        loop {
            let kind = reader.u32_le()?;
            if kind != END {
                let flags = reader.u8()?;
                let is_long = flags & LONG != 0;
                let length =
                    if is_long { reader.u32_le()?.into() } else { reader.u16_le()?.into() };
                let mut field = reader.sub(length)?;
                match kind {
                    NAME => self.name = name(&mut field, flags)?,
                    ENCRYPTED | SPLIT | SOLID if !self.has(kind) => self.kinds.push(kind),
                    _ => {}
                }
            }
            *at = reader.position() as u64;
            if kind == END {
                return Ok(());
            }
        }
    }
}

fn name(field: &mut Reader<'_>, flags: u8) -> Result<Vec<u8>, OutOfBounds> {
    if flags & LOCALE != 0 {
        field.skip(2)?;
    }
    if flags & FOLDER != 0 {
        field.skip(4)?;
    }
    let name = field.rest();
    Ok(name.get(..Entry::NAME).unwrap_or(name).to_vec())
}

/// Some of a file's content.
#[derive(Clone, Copy, Debug)]
struct Block {
    method: u8,
    size: u64,
    place: u64,
    packed: u64,
}

impl<'a> Walk<'a> for Egg<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        budget.check()?;
        let mark = Reader::at(&self.archive, self.at).and_then(|mut reader| reader.u32_le());
        match mark {
            Ok(FILE) => {}
            Ok(END) => return Ok(None),
            Ok(_) => {
                self.notes.corrupted(format!("no header of a file at {}", self.at));
                return Ok(None);
            }
            Err(_) => {
                self.notes.truncated("the archive ends without its end");
                return Ok(None);
            }
        }
        let mut fields = Fields::default();
        self.at = self.at.saturating_add(16);
        let read = fields.read(&self.archive, &mut self.at);
        let blocks = self.blocks(budget)?;
        let is_empty = blocks.iter().all(|block| block.packed == 0);
        if read.is_err() {
            self.notes.truncated("the header of a file is cut off");
        }
        // Folders have no blocks; nothing is told apart from an empty file.
        let entry = if fields.has(ENCRYPTED) && !is_empty {
            let problem = Problem::new(Reason::Encrypted, "the file has a password");
            Entry::unread(fields.name, problem)
        } else {
            self.file(fields.name, blocks, budget)?
        };
        Ok(Some(entry))
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Egg<'a> {
    /// The blocks that follow.
    fn blocks(&mut self, budget: &Budget) -> Result<Vec<Block>, Problem> {
        self.grant = budget.hold(0)?;
        let mut blocks = Vec::new();
        while let Ok(Some(block)) = read_block(&self.archive, self.at) {
            budget.check()?;
            self.grant.grow((size_of::<Block>() as u64).saturating_mul(2))?;
            blocks.push(block);
            self.at = block.place.saturating_add(block.packed);
        }
        Ok(blocks)
    }

    fn file(
        &self,
        name: Vec<u8>,
        blocks: Vec<Block>,
        budget: &Budget,
    ) -> Result<Entry<'a>, Problem> {
        if let Some(block) = blocks.iter().find(|block| block.method > 2) {
            let detail = format!("method {}", block.method);
            let problem = Problem::new(Reason::Unsupported("egg-method"), detail);
            return Ok(Entry::unread(name, problem));
        }
        // As many bytes as are there, whatever is told: they are what the ratio is measured by.
        let there = |block: &Block| self.archive.slice(block.place, block.packed).len() as u64;
        let packed = blocks.iter().fold(0_u64, |sum, block| sum.saturating_add(there(block)));
        let blocks = blocks.into_iter();
        let reader = Blocks { archive: &self.archive, blocks, open: None, budget };
        Ok(Entry::decoded(name, budget.decode(reader, packed)?))
    }
}

/// The block at a place; `None` where none is.
fn read_block(archive: &[u8], at: u64) -> Result<Option<Block>, OutOfBounds> {
    let mut reader = Reader::at(archive, at)?;
    if reader.u32_le()? != BLOCK {
        return Ok(None);
    }
    let method = reader.u8()?;
    reader.skip(1)?;
    let (size, packed) = (reader.u32_le()?, reader.u32_le()?);
    reader.skip(4)?;
    let mut place = reader.position() as u64;
    Fields::default().read(archive, &mut place)?;
    Ok(Some(Block { method, size: size.into(), place, packed: packed.into() }))
}

/// Reads the blocks of a file behind each other.
struct Blocks<'d> {
    archive: &'d Content<'d>,
    blocks: std::vec::IntoIter<Block>,
    /// The block at hand, and what is missing of it.
    open: Option<(Box<dyn Read + 'd>, u64)>,
    budget: &'d Budget,
}

impl<'d> Blocks<'d> {
    fn open(&self, block: Block) -> io::Result<Box<dyn Read + 'd>> {
        let end = block.place.saturating_add(block.packed);
        let range = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
        let data = self.archive.get(range(block.place)..range(end));
        let data = data.ok_or_else(decoders::cut_off)?;
        Ok(match block.method {
            0 => Box::new(data),
            1 => Box::new(Inflate::new(data)),
            _ => Box::new(decoders::bzip2(data, self.budget).map_err(io::Error::other)?),
        })
    }
}

impl Read for Blocks<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some((reader, left)) = &mut self.open {
                let most = usize::try_from(*left).unwrap_or(usize::MAX).min(into.len());
                let count = match most {
                    0 => 0,
                    _ => reader.read(into.get_mut(..most).unwrap_or_default())?,
                };
                if count > 0 {
                    *left = left.saturating_sub(count as u64);
                    return Ok(count);
                }
                if *left > 0 {
                    return Err(decoders::cut_off());
                }
            }
            self.budget.check().map_err(io::Error::other)?;
            let Some(block) = self.blocks.next() else { return Ok(0) };
            self.open = Some((self.open(block)?, block.size));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identify::{FileType, identify};
    use crate::limits::{Limit, Limits};
    use crate::unpack::alz::tests::bzip2;
    use crate::unpack::testing::{Walked, deflated, survives_damage, walk_at};

    fn walk(bytes: &[u8]) -> Walked {
        walk_at(open, bytes, 0, Limits::default())
    }

    fn field(kind: u32, content: &[u8]) -> Vec<u8> {
        [&kind.to_le_bytes()[..], &[0], &(content.len() as u16).to_le_bytes(), content].concat()
    }

    fn block(method: u8, packed: &[u8], size: usize) -> Vec<u8> {
        let numbers = [size as u32, packed.len() as u32, 0, END].map(u32::to_le_bytes).concat();
        [&BLOCK.to_le_bytes()[..], &[method, 0], &numbers, packed].concat()
    }

    fn file(fields: &[Vec<u8>], blocks: &[Vec<u8>]) -> Vec<u8> {
        let end = END.to_le_bytes();
        [&FILE.to_le_bytes()[..], &[0; 12], &fields.concat(), &end, &blocks.concat()].concat()
    }

    fn archive(fields: &[Vec<u8>], files: &[Vec<u8>]) -> Vec<u8> {
        let end = END.to_le_bytes();
        let head = b"EGGA\0\x01\x12\x34\x56\x78\0\0\0\0";
        [&head[..], &fields.concat(), &end, &files.concat(), &end].concat()
    }

    fn text() -> Vec<u8> {
        b"the quick brown fox ".repeat(20)
    }

    fn samples() -> Vec<u8> {
        let text = text();
        let all = [
            block(0, &text[..100], 100),
            block(1, &deflated(&text[100..250]), 150),
            block(2, &bzip2(&text[250..]), 150),
        ];
        archive(&[], &[file(&[field(NAME, b"file")], &all), file(&[field(NAME, b"empty")], &[])])
    }

    #[test]
    fn blocks_of_every_method_are_one_content() {
        let bytes = samples();
        assert!(identify(&bytes).types_at_start().contains(FileType::Egg));
        let walked = walk(&bytes);
        assert_eq!(walked.reasons(), [], "{}", walked.words());
        assert_eq!(walked.names(), ["file", "empty"]);
        assert!(walked.content("file") == text());
    }

    #[test]
    fn locked_unknown_and_joined_files_are_told() {
        let locked = file(&[field(ENCRYPTED, b"\0"), field(NAME, b"a")], &[block(0, b"???", 3)]);
        let unknown = file(&[field(NAME, b"b")], &[block(3, b"???", 3)]);
        let walked = walk(&archive(&[field(SOLID, b"")], &[locked, unknown]));
        let told: Vec<_> = walked.entries.iter().flat_map(|entry| entry.reasons()).collect();
        assert_eq!(told, [Reason::Encrypted, Reason::Unsupported("egg-method")]);
        assert!(walked.reasons().contains(&Reason::Unsupported("egg-solid")));
        let whole = samples();
        for length in 18..whole.len() - 4 {
            assert!(!walk(&whole[..length]).reasons().is_empty(), "{length}");
        }
    }

    #[test]
    fn sizes_that_lie_end_at_a_limit() {
        let run = deflated(&vec![0; 3 << 20]);
        let bytes = archive(&[], &[file(&[], &[block(1, &run, usize::MAX)])]);
        let limits = Limits { ratio: 100, ..Limits::default() };
        let reasons = |bytes: &[u8]| walk_at(open, bytes, 0, limits.clone()).reasons();
        assert_eq!(reasons(&bytes), [Reason::Limit(Limit::Ratio)]);
        // A second block that is said to have far more bytes than there are.
        let mut giant = block(0, b"abc", 3);
        giant[10..14].copy_from_slice(&[0xff; 4]);
        let bytes = archive(&[], &[file(&[], &[block(1, &run, 3 << 20), giant])]);
        assert!(reasons(&bytes).contains(&Reason::Limit(Limit::Ratio)));
        let bytes = archive(&[], &[file(&[], &[block(1, &deflated(b"abc"), 4)])]);
        assert_eq!(walk(&bytes).reasons(), [Reason::Truncated], "less than was said");
    }

    #[test]
    fn damaged_archives_do_no_harm() {
        survives_damage(open, &samples());
    }
}
