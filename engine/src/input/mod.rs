//! 1 Bytes in: paths, descriptors, memory, readers.
//!
//! The one place that opens, reads and maps files. [`Content`] is what everything behind it works on:
//! bytes that are borrowed from the caller, held in memory, or mapped.
//!
//! A file can shrink while it is looked at. What was read into memory does not care; a mapping would
//! end the process with SIGBUS. So files are mapped only after the host asked for
//! [`survive_shrinking_maps`]; until then they are read, under [`Limits::memory`]. Either way a
//! file that is another one after the scan than before is reported as `changed-while-scanning`.

mod content;
mod file;
mod mapping;

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub use content::Content;
pub(crate) use file::{Source, Watch, read_whole, special_kind};
pub(crate) use mapping::Mapping;
pub use mapping::survive_shrinking_maps;

use crate::limits::Budget;
#[allow(unused_imports)] // for the documentation above
use crate::limits::Limits;
use crate::verdict::Problem;

/// What to scan.
#[non_exhaustive]
pub enum Input<'a> {
    /// A regular file, by its path. A symbolic link is followed.
    Path(&'a Path),
    /// An open regular file: all of it, whatever its position, which is left as it was.
    File(&'a File),
    /// A part of an open regular file, from `offset` on. A file that ends before `length` bytes are had
    /// gives those that are there, with the reason `truncated`.
    Part {
        /// The file; its position is left as it was.
        file: &'a File,
        /// Where the part begins, in bytes from the start of the file.
        offset: u64,
        /// Its length in bytes.
        length: u64,
    },
    /// Bytes in memory.
    Memory(&'a [u8]),
    /// Bytes in memory that the scan may keep as long as it runs, charged to [`Limits::memory`].
    Owned {
        /// The bytes.
        bytes: Vec<u8>,
        /// Whether they are all: of a beginning the report says `limit:memory`.
        is_whole: bool,
    },
    /// Whatever a reader gives until its end, read into memory first. A reader that knows that more
    /// should have come says so with [`std::io::ErrorKind::UnexpectedEof`], the reason `truncated`.
    Reader(&'a mut dyn Read),
}

/// Gets at the bytes of an input without scanning it, for tools that look at single files; with what
/// kept them from being all. `buffer` is room that may be used for them.
///
/// # Errors
/// When none of it can be had: it is unreadable, no regular file, or the budget refused.
pub fn open<'a>(
    input: Input<'a>,
    buffer: &'a mut Vec<u8>,
    budget: &Budget,
) -> Result<(Content<'a>, Option<Problem>), Problem> {
    let (source, _) = Source::open(input, buffer, budget)?;
    Ok((source.content, source.problem))
}
