//! Inodes: folders and files, each in a short and a long form; links and devices hold nothing.

use std::sync::Arc;

use super::tables::{Image, Stream};
use crate::limits::Budget;
use crate::verdict::{Problem, Reason};

/// A file without an end that it shares with others.
pub(super) const NO_FRAGMENT: u32 = u32::MAX;

/// What an inode is.
pub(super) enum Kind<'a> {
    Folder {
        block: u64,
        offset: u64,
        size: u64,
    },
    File(Box<File<'a>>),
    /// A link or a device.
    Special,
}

/// Where a file lies.
pub(super) struct File<'a> {
    pub(super) size: u64,
    /// The first block.
    pub(super) start: u64,
    /// The shared block that has its end, and where in it.
    pub(super) fragment: u32,
    pub(super) offset: u32,
    /// The sizes of its blocks.
    pub(super) sizes: Stream<'a>,
}

pub(super) struct Inode<'a> {
    pub(super) kind: Kind<'a>,
}

impl<'a> Inode<'a> {
    pub(super) fn read(image: &Arc<Image<'a>>, at: u64, budget: &Budget) -> Result<Self, Problem> {
        let mut stream = image.inode(at, budget)?;
        let form = stream.u16(budget)?;
        stream.bytes(14, budget)?;
        let kind = match form {
            1 => folder(&mut stream, budget)?,
            8 => long_folder(&mut stream, budget)?,
            2 => Kind::File(Box::new(file(stream, budget)?)),
            9 => Kind::File(Box::new(long_file(stream, budget)?)),
            3..=7 | 10..=14 => Kind::Special,
            _ => {
                let detail = format!("an inode of form {form}");
                return Err(Problem::new(Reason::Corrupted, detail));
            }
        };
        Ok(Self { kind })
    }
}

fn folder<'a>(stream: &mut Stream<'a>, budget: &Budget) -> Result<Kind<'a>, Problem> {
    let block = stream.u32(budget)?.into();
    stream.u32(budget)?;
    let (size, offset) = (stream.u16(budget)?.into(), stream.u16(budget)?.into());
    Ok(Kind::Folder { block, offset, size })
}

fn long_folder<'a>(stream: &mut Stream<'a>, budget: &Budget) -> Result<Kind<'a>, Problem> {
    stream.u32(budget)?;
    let (size, block) = (stream.u32(budget)?.into(), stream.u32(budget)?.into());
    stream.bytes(6, budget)?;
    Ok(Kind::Folder { block, offset: stream.u16(budget)?.into(), size })
}

fn file<'a>(mut sizes: Stream<'a>, budget: &Budget) -> Result<File<'a>, Problem> {
    let start = sizes.u32(budget)?.into();
    let (fragment, offset) = (sizes.u32(budget)?, sizes.u32(budget)?);
    let size = sizes.u32(budget)?.into();
    Ok(File { size, start, fragment, offset, sizes })
}

fn long_file<'a>(mut sizes: Stream<'a>, budget: &Budget) -> Result<File<'a>, Problem> {
    let (start, size) = (sizes.u64(budget)?, sizes.u64(budget)?);
    sizes.bytes(12, budget)?;
    let (fragment, offset) = (sizes.u32(budget)?, sizes.u32(budget)?);
    sizes.u32(budget)?;
    Ok(File { size, start, fragment, offset, sizes })
}
