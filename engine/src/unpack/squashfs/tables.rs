//! The superblock, and blocks as they are unpacked.

use std::sync::Arc;

use lz4_flex::block::decompress_into;

use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::Notes;
use crate::unpack::decoders::{Inflate, Zstd, lzma, lzo, xz};
use crate::unpack::volume::{Unpacked, Volume, unpack_block};
use crate::verdict::{Problem, Reason};

/// What a block of metadata unpacks to at most.
const BLOCK: u64 = 8 << 10;
const IS_STORED: u16 = 0x8000;
const NO_TABLE: u64 = u64::MAX;

/// How blocks are packed.
#[derive(Clone, Copy, Debug)]
enum Method {
    Zlib,
    Lzma,
    Lzo,
    Xz,
    Lz4,
    Zstd,
}

/// One image, and what it says of itself.
pub(super) struct Image<'a> {
    pub(super) volume: Volume<'a>,
    method: Method,
    /// Bytes of a block of a file.
    pub(super) block: u64,
    /// The inode of the topmost folder.
    pub(super) root: u64,
    inodes: u64,
    folders: u64,
    fragments: u64,
    fragment_count: u64,
    /// The blocks of inodes, of folders and of shared ends that were unpacked last.
    last_inodes: Unpacked<'a>,
    last_folders: Unpacked<'a>,
    last_fragment: Unpacked<'a>,
}

/// The fields of the superblock.
struct Superblock {
    fragment_count: u32,
    block: u32,
    method: u16,
    version: u16,
    root: u64,
    used: u64,
    inodes: u64,
    folders: u64,
    fragments: u64,
}

impl Superblock {
    fn read(superblock: &[u8]) -> Result<Self, OutOfBounds> {
        let at = |place| Reader::at(superblock, place);
        Ok(Self {
            block: at(12)?.u32_le()?,
            fragment_count: at(16)?.u32_le()?,
            method: at(20)?.u16_le()?,
            version: at(28)?.u16_le()?,
            root: at(32)?.u64_le()?,
            used: at(40)?.u64_le()?,
            inodes: at(64)?.u64_le()?,
            folders: at(72)?.u64_le()?,
            fragments: at(80)?.u64_le()?,
        })
    }
}

impl<'a> Image<'a> {
    pub(super) fn read(
        volume: Volume<'a>,
        notes: &mut Notes,
        budget: &Budget,
    ) -> Result<Self, Problem> {
        let head = volume.get(0, 96, budget)?;
        let cut = |_| Problem::new(Reason::Truncated, "the superblock is cut off");
        let superblock = Superblock::read(&head).map_err(cut)?;
        let unsupported = |detail| Problem::new(Reason::Unsupported("squashfs"), detail);
        if superblock.version != 4 || !head.starts_with(b"hsqs") {
            return Err(unsupported("a version before 4"));
        }
        if !matches!(superblock.block.checked_ilog2(), Some(12..=20)) {
            return Err(Problem::new(Reason::Corrupted, "no such size of blocks"));
        }
        let method = match superblock.method {
            1 => Method::Zlib,
            2 => Method::Lzma,
            3 => Method::Lzo,
            4 => Method::Xz,
            5 => Method::Lz4,
            6 => Method::Zstd,
            _ => return Err(unsupported("packed with an unknown method")),
        };
        if volume.len() < superblock.used {
            notes.truncated("the image ends before its file system");
        }
        Ok(Self {
            volume,
            method,
            block: superblock.block.into(),
            root: superblock.root,
            inodes: superblock.inodes,
            folders: superblock.folders,
            fragments: superblock.fragments,
            fragment_count: superblock.fragment_count.into(),
            last_inodes: Unpacked::default(),
            last_folders: Unpacked::default(),
            last_fragment: Unpacked::default(),
        })
    }

    /// Unpacks a block of at most so many bytes.
    fn unpack(
        &self,
        packed: &Content<'a>,
        most: u64,
        budget: &Budget,
    ) -> Result<Content<'a>, Problem> {
        let length = packed.len() as u64;
        match self.method {
            Method::Zlib => {
                // What the zlib header says, deflate does not need.
                let stream = packed.get(2..).unwrap_or_default();
                unpack_block(Inflate::new(stream), most, length, budget)
            }
            Method::Lzma => unpack_block(lzma(packed, budget)?, most, length, budget),
            Method::Lzo => unpack_block(lzo(packed, most, budget)?, most, length, budget),
            Method::Xz => unpack_block(xz(packed, budget)?, most, length, budget),
            Method::Zstd => unpack_block(Zstd::new(packed, budget)?, most, length, budget),
            Method::Lz4 => unpack_lz4(packed, most, budget),
        }
    }

    /// A block of a file, or of the ends that files share: its size says whether it is packed.
    pub(super) fn file_block(
        &self,
        at: u64,
        size: u32,
        budget: &Budget,
    ) -> Result<Content<'a>, Problem> {
        let is_stored = size & 1 << 24 != 0;
        let length = u64::from(size & 0xff_ffff);
        let block = self.volume.get(at, length, budget)?;
        if (block.len() as u64) < length {
            return Err(Problem::new(Reason::Truncated, "a block is cut off"));
        }
        if is_stored { Ok(block) } else { self.unpack(&block, self.block, budget) }
    }

    /// The block of that number which holds the ends of files.
    pub(super) fn fragment(&self, number: u32, budget: &Budget) -> Result<Content<'a>, Problem> {
        let wrong = || Problem::new(Reason::Corrupted, format!("there is no fragment {number}"));
        if u64::from(number) >= self.fragment_count || self.fragments == NO_TABLE {
            return Err(wrong());
        }
        self.last_fragment.block(number.into(), || {
            let row = u64::from(number >> 9).saturating_mul(8);
            let row = self.volume.get(self.fragments.saturating_add(row), 8, budget)?;
            let at = Reader::new(&row).u64_le().map_err(|_| wrong())?;
            let (block, _) = self.metadata(at, budget)?;
            let line = u64::from(number & 511).saturating_mul(16);
            let mut line = Reader::at(&block, line).map_err(|_| wrong())?;
            let (at, size) =
                (line.u64_le().map_err(|_| wrong())?, line.u32_le().map_err(|_| wrong())?);
            self.file_block(at, size, budget)
        })
    }

    /// Unpacks the block of metadata at a place; says where the next is.
    fn metadata(&self, at: u64, budget: &Budget) -> Result<(Content<'a>, u64), Problem> {
        let cut = || Problem::new(Reason::Truncated, "a block of metadata is cut off");
        let head = self.volume.get(at, 2, budget)?;
        let head = Reader::new(&head).u16_le().map_err(|_| cut())?;
        let length = u64::from(head & !IS_STORED);
        let at = at.saturating_add(2);
        let block = self.volume.get(at, length, budget)?;
        if (block.len() as u64) < length {
            return Err(cut());
        }
        let next = at.saturating_add(length);
        let is_stored = head & IS_STORED != 0;
        Ok((if is_stored { block } else { self.unpack(&block, BLOCK, budget)? }, next))
    }

    /// Metadata from the inode at a place on: the block counts from their table.
    pub(super) fn inode(self: &Arc<Self>, at: u64, budget: &Budget) -> Result<Stream<'a>, Problem> {
        let place = self.inodes.saturating_add(at >> 16);
        self.stream(&self.last_inodes, place, at & 0xffff, budget)
    }

    /// Metadata from the records of a folder on.
    pub(super) fn folders(
        self: &Arc<Self>,
        block: u64,
        offset: u64,
        budget: &Budget,
    ) -> Result<Stream<'a>, Problem> {
        self.stream(&self.last_folders, self.folders.saturating_add(block), offset, budget)
    }

    fn stream(
        self: &Arc<Self>,
        last: &Unpacked<'a>,
        at: u64,
        offset: u64,
        budget: &Budget,
    ) -> Result<Stream<'a>, Problem> {
        let block = last.block(at, || self.metadata(at, budget).map(|(block, _)| block))?;
        let head = self.volume.get(at, 2, budget)?;
        let length = Reader::new(&head).u16_le().unwrap_or(0) & !IS_STORED;
        let next = at.saturating_add(2).saturating_add(length.into());
        Ok(Stream { image: Arc::clone(self), block, at: offset, next })
    }
}

fn unpack_lz4<'a>(packed: &[u8], most: u64, budget: &Budget) -> Result<Content<'a>, Problem> {
    let grant = budget.hold(most)?;
    budget.put_out(most)?;
    let mut bytes = vec![0; usize::try_from(most).unwrap_or(0)];
    let count = decompress_into(packed, &mut bytes)
        .map_err(|error| Problem::new(Reason::Corrupted, format!("LZ4: {error}")))?;
    bytes.truncate(count);
    Ok(Content::held(bytes, grant))
}

/// Metadata that are read from block to block.
pub(super) struct Stream<'a> {
    image: Arc<Image<'a>>,
    block: Content<'a>,
    at: u64,
    /// Where the next block is.
    next: u64,
}

impl<'a> Stream<'a> {
    /// So many bytes; what they cost is what they take in blocks, never more at once.
    pub(super) fn bytes(&mut self, count: u64, budget: &Budget) -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < count {
            let left = count.saturating_sub(bytes.len() as u64);
            let part = self.block.slice(self.at, left);
            if part.is_empty() {
                budget.check()?;
                (self.block, self.next) = self.image.metadata(self.next, budget)?;
                self.at = 0;
                if self.block.is_empty() {
                    return Err(Problem::new(Reason::Corrupted, "an empty block of metadata"));
                }
                continue;
            }
            bytes.extend_from_slice(&part);
            self.at = self.at.saturating_add(part.len() as u64);
        }
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self, budget: &Budget) -> Result<[u8; N], Problem> {
        let bytes = self.bytes(N as u64, budget)?;
        Ok(bytes.first_chunk().copied().unwrap_or([0; N]))
    }

    pub(super) fn u16(&mut self, budget: &Budget) -> Result<u16, Problem> {
        self.array(budget).map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self, budget: &Budget) -> Result<u32, Problem> {
        self.array(budget).map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self, budget: &Budget) -> Result<u64, Problem> {
        self.array(budget).map(u64::from_le_bytes)
    }
}
