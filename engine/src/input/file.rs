//! Reading one file, and watching that it stays the same one.

#![warn(clippy::arithmetic_side_effects)]

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::ops::Deref;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use super::{Content, Input, Mapping};
use crate::limits::{Budget, DecodeEnd, Grant, Limit};
use crate::verdict::{Problem, Reason};

/// Files up to this size are read into a buffer that is used again; it costs less than mapping them.
const SMALL: u64 = 128 << 10;

/// The bytes of an input, with what kept them from being all.
pub(crate) struct Source<'a> {
    pub(crate) content: Content<'a>,
    pub(crate) problem: Option<Problem>,
}

impl<'a> Source<'a> {
    /// Gets at the bytes. `buffer` is room that may be used for them, and used again afterwards.
    pub(crate) fn open<'i: 'a>(
        input: Input<'i>,
        buffer: &'a mut Vec<u8>,
        budget: &Budget,
    ) -> Result<(Self, Option<Watch<'i>>), Problem> {
        match input {
            Input::Memory(bytes) => Ok((Self::whole(Content::borrowed(bytes)), None)),
            Input::Owned { bytes, is_whole } => Ok((Self::owned(bytes, is_whole, budget)?, None)),
            Input::Reader(reader) => Ok((Self::from_reader(reader, budget)?, None)),
            Input::File(file) => Self::from_file(Handle::Lent(file), Part::WHOLE, buffer, budget),
            Input::Part { file, offset, length } => {
                Self::from_file(Handle::Lent(file), Part { offset, length }, buffer, budget)
            }
            Input::Path(path) => {
                Self::from_file(Handle::Own(open_regular(path)?), Part::WHOLE, buffer, budget)
            }
        }
    }

    fn whole(content: Content<'a>) -> Self {
        Self { content, problem: None }
    }

    fn owned(bytes: Vec<u8>, is_whole: bool, budget: &Budget) -> Result<Self, Problem> {
        let length = bytes.len() as u64;
        let grant = budget.hold(length)?;
        let problem = (!is_whole).then(|| too_large(length));
        Ok(Self { content: Content::held(bytes, grant), problem })
    }

    fn from_reader(reader: &mut dyn Read, budget: &Budget) -> Result<Self, Problem> {
        let ceiling = budget.limits().memory / 2;
        let decoded = budget.decode(reader.take(ceiling.saturating_add(1)), u64::MAX)?;
        let problem = match decoded.end {
            DecodeEnd::Complete if decoded.bytes.len() as u64 > ceiling => Some(too_large(ceiling)),
            DecodeEnd::Complete => None,
            DecodeEnd::Stopped(stop) => Some(stop.into()),
            DecodeEnd::Failed(error) => Some(unreadable(error)),
        };
        Ok(Self { content: Content::held(decoded.bytes, decoded.grant), problem })
    }

    fn from_file<'f>(
        file: Handle<'f>,
        part: Part,
        buffer: &'a mut Vec<u8>,
        budget: &Budget,
    ) -> Result<(Self, Option<Watch<'f>>), Problem> {
        let metadata = file.metadata().map_err(unreadable)?;
        refuse_special(&metadata)?;
        let size = part.length.min(metadata.len().saturating_sub(part.offset));
        let mut watch = Watch { before: Stamp::of(&metadata), file, mapping: None };
        let source = if size > SMALL
            && let Some(mapping) = Mapping::of(&watch.file)
        {
            let mapping = Arc::new(mapping);
            watch.mapping = Some(Arc::clone(&mapping));
            Self::whole(Content::mapped(mapping).slice(part.offset, part.length))
        } else if size <= SMALL {
            Self::small(&watch.file, part, buffer, budget)?
        } else {
            Self::large(&watch.file, part, size, budget)?
        };
        Ok((source.cut_short(part), Some(watch)))
    }

    /// Says so where less came than was asked for.
    fn cut_short(mut self, part: Part) -> Self {
        let length = self.content.len() as u64;
        if part.length != Part::WHOLE.length && length < part.length && self.problem.is_none() {
            let detail = format!("{length} of {} bytes are there", part.length);
            self.problem = Some(Problem::new(Reason::Truncated, detail));
        }
        self
    }

    /// Reads a part that is small, or of a file that does not say its size, as those in /proc.
    fn small(
        file: &File,
        part: Part,
        buffer: &'a mut Vec<u8>,
        budget: &Budget,
    ) -> Result<Self, Problem> {
        buffer.resize(SMALL as usize, 0);
        let wanted = part.length.min(SMALL);
        let room = buffer.get_mut(..wanted as usize).unwrap_or_default();
        let count = read_at_most(file, room, part.offset).map_err(unreadable)?;
        if (count as u64) < wanted || part.is_at_end(file, wanted) {
            return Ok(Self::whole(Content::borrowed(buffer.get(..count).unwrap_or_default())));
        }
        Self::large(file, part, SMALL.saturating_mul(2), budget)
    }

    fn large(file: &File, part: Part, size: u64, budget: &Budget) -> Result<Self, Problem> {
        let ceiling = budget.limits().memory / 2;
        let wanted = size.min(part.length).min(ceiling);
        let most = part.length.min(ceiling);
        let mut grant = budget.hold(wanted)?;
        let mut bytes = vec![0; usize::try_from(wanted).unwrap_or(usize::MAX)];
        let mut count = read_at_most(file, &mut bytes, part.offset).map_err(unreadable)?;
        while count == bytes.len() && (count as u64) < most && !part.is_at_end(file, count as u64) {
            budget.check()?;
            let more = (count as u64).min(most.saturating_sub(count as u64));
            grow(&mut bytes, more, &mut grant)?;
            let rest = bytes.get_mut(count..).unwrap_or_default();
            let at = part.offset.saturating_add(count as u64);
            count = count.saturating_add(read_at_most(file, rest, at).map_err(unreadable)?);
        }
        bytes.truncate(count);
        let cut = count as u64 == ceiling && !part.is_at_end(file, ceiling);
        let problem = cut.then(|| too_large(ceiling));
        Ok(Self { content: Content::held(bytes, grant), problem })
    }
}

/// Which bytes of a file are asked for.
#[derive(Clone, Copy)]
struct Part {
    offset: u64,
    length: u64,
}

impl Part {
    const WHOLE: Self = Self { offset: 0, length: u64::MAX };

    /// Whether there is nothing behind the first `count` bytes of the part.
    fn is_at_end(self, file: &File, count: u64) -> bool {
        count >= self.length || at_end(file, self.offset.saturating_add(count))
    }
}

fn grow(bytes: &mut Vec<u8>, more: u64, grant: &mut Grant) -> Result<(), Problem> {
    grant.grow(more)?;
    bytes.resize(bytes.len().saturating_add(usize::try_from(more).unwrap_or(usize::MAX)), 0);
    Ok(())
}

fn too_large(ceiling: u64) -> Problem {
    let detail = format!("only the first {ceiling} bytes were read into memory");
    Problem::new(Reason::Limit(Limit::Memory), detail)
}

fn unreadable(error: io::Error) -> Problem {
    let reason = match error.kind() {
        io::ErrorKind::UnexpectedEof => Reason::Truncated,
        _ => Reason::Unreadable,
    };
    Problem::new(reason, error.to_string())
}

/// Opens a regular file. Anything else is refused before it is opened, since opening alone can block
/// or do something; what the path leads to can change in between, so it is asked again afterwards.
fn open_regular(path: &Path) -> Result<File, Problem> {
    refuse_special(&path.metadata().map_err(unreadable)?)?;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    options.open(path).map_err(unreadable)
}

/// What a file is, where it is not a regular one.
pub(crate) fn special_kind(file_type: std::fs::FileType) -> Option<&'static str> {
    if file_type.is_file() {
        None
    } else if file_type.is_dir() {
        Some("directory")
    } else if file_type.is_fifo() {
        Some("pipe")
    } else if file_type.is_socket() {
        Some("socket")
    } else if file_type.is_block_device() || file_type.is_char_device() {
        Some("device")
    } else {
        Some("other")
    }
}

fn refuse_special(metadata: &Metadata) -> Result<(), Problem> {
    match special_kind(metadata.file_type()) {
        Some(kind) => Err(Problem::new(Reason::SpecialFile(kind), format!("a {kind} is not read"))),
        None => Ok(()),
    }
}

fn read_at_most(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    if i64::try_from(offset).is_err() {
        return Ok(0); // where no file reaches, and where the system would call it an invalid argument
    }
    let mut count: usize = 0;
    while let Some(rest) = buffer.get_mut(count..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset.saturating_add(count as u64)) {
            Ok(0) => break,
            Ok(more) => count = count.saturating_add(more),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

fn at_end(file: &File, offset: u64) -> bool {
    matches!(read_at_most(file, &mut [0], offset), Ok(0))
}

/// Reads a whole file into memory, without a limit: for files of the host's own.
pub(crate) fn read_whole(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut reader = FromStart { file, offset: 0 };
    reader.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a file from its start, and leaves its position alone.
struct FromStart<'f> {
    file: &'f File,
    offset: u64,
}

impl Read for FromStart<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.offset)?;
        self.offset = self.offset.saturating_add(count as u64);
        Ok(count)
    }
}

/// A file of ours, or the caller's. The caller's is not duplicated: closing the duplicate would drop
/// the POSIX locks that the process holds on the file.
enum Handle<'f> {
    Own(File),
    Lent(&'f File),
}

impl Deref for Handle<'_> {
    type Target = File;

    fn deref(&self) -> &File {
        match self {
            Handle::Own(file) => file,
            Handle::Lent(file) => file,
        }
    }
}

/// Remembers what a file was like when its scan began.
pub(crate) struct Watch<'f> {
    before: Stamp,
    file: Handle<'f>,
    mapping: Option<Arc<Mapping>>,
}

#[derive(PartialEq, Eq)]
struct Stamp {
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl Watch<'static> {
    /// Watches a mapped file of our own from here on.
    pub(crate) fn over(file: File, mapping: Arc<Mapping>) -> io::Result<Self> {
        let before = Stamp::of(&file.metadata()?);
        Ok(Self { before, file: Handle::Own(file), mapping: Some(mapping) })
    }
}

impl Watch<'_> {
    /// Whether somebody wrote to the file or cut it off. One that only lost its name is as it was.
    pub(crate) fn was_written(&self) -> bool {
        let lost = self.mapping.as_ref().is_some_and(|mapping| mapping.lost_pages());
        let now = self.file.metadata().ok().map(|metadata| Stamp::of(&metadata));
        let before = (self.before.size, self.before.modified);
        lost || now.is_none_or(|now| (now.size, now.modified) != before)
    }

    /// What is wrong if the file is no longer as it was, asked when the scan is over.
    pub(crate) fn changed(&self) -> Option<Problem> {
        let lost = self.mapping.as_ref().is_some_and(|mapping| mapping.lost_pages());
        let now = self.file.metadata().ok().map(|metadata| Stamp::of(&metadata));
        if !lost && now.as_ref() == Some(&self.before) {
            return None;
        }
        let detail = match now {
            Some(now) if now.size != self.before.size => {
                format!("{} bytes before, {} after", self.before.size, now.size)
            }
            _ => "its times are not those from before the scan".into(),
        };
        Some(Problem::new(Reason::ChangedWhileScanning, detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Cancel, Limits};
    use std::io::Write;

    fn budget(memory: u64) -> Budget {
        Budget::new(Limits { memory, ..Limits::default() }, Cancel::new())
    }

    fn file_of(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    #[test]
    fn every_size_is_read_whole() {
        for size in [0, 1, SMALL - 1, SMALL, SMALL + 1, 3 * SMALL + 5] {
            let bytes: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
            let file = file_of(&bytes);
            let mut buffer = Vec::new();
            let (source, watch) =
                Source::open(Input::Path(file.path()), &mut buffer, &budget(1 << 30)).unwrap();
            assert_eq!(&*source.content, bytes, "{size} bytes");
            assert!(source.problem.is_none());
            assert!(watch.unwrap().changed().is_none());
        }
    }

    #[test]
    fn every_part_is_read() {
        let bytes: Vec<u8> = (0..3 * SMALL + 5).map(|n| (n % 251) as u8).collect();
        let file = file_of(&bytes);
        let size = bytes.len() as u64;
        for offset in [0, 1, SMALL, size - 1, size, size + 1, u64::MAX] {
            for length in [0, 1, SMALL, SMALL + 1, size, u64::MAX - 1] {
                let part = Input::Part { file: file.as_file(), offset, length };
                let mut buffer = Vec::new();
                let (source, _) = Source::open(part, &mut buffer, &budget(1 << 30)).unwrap();
                let from = offset.min(size);
                let expected = &bytes[from as usize..(from + length.min(size - from)) as usize];
                assert_eq!(&*source.content, expected, "{length} bytes at {offset}");
                let is_whole = expected.len() as u64 == length;
                let reason = source.problem.map(|problem| problem.reason);
                assert_eq!(
                    reason,
                    (!is_whole).then_some(Reason::Truncated),
                    "{length} at {offset}"
                );
            }
        }
    }

    #[test]
    fn a_file_beyond_the_memory_limit_is_cut_and_says_so() {
        let file = file_of(&vec![7; 3 * SMALL as usize]);
        let mut buffer = Vec::new();
        let (source, _) =
            Source::open(Input::Path(file.path()), &mut buffer, &budget(4 * SMALL)).unwrap();
        assert_eq!(source.content.len() as u64, 2 * SMALL);
        assert_eq!(source.problem.unwrap().reason, Reason::Limit(Limit::Memory));
    }

    #[test]
    fn a_reader_is_cut_likewise() {
        let mut endless = io::repeat(1);
        let mut buffer = Vec::new();
        let (source, _) =
            Source::open(Input::Reader(&mut endless), &mut buffer, &budget(1 << 20)).unwrap();
        assert_eq!(source.problem.unwrap().reason, Reason::Limit(Limit::Memory));
        assert!(source.content.len() >= 1 << 18);
    }

    #[test]
    fn files_that_do_not_say_their_size_are_read() {
        let path = Path::new("/proc/self/status");
        if !path.exists() {
            return println!("skipped: there is no /proc here");
        }
        let mut buffer = Vec::new();
        let (source, _) = Source::open(Input::Path(path), &mut buffer, &budget(1 << 20)).unwrap();
        assert!(source.content.starts_with(b"Name:"));
    }

    #[test]
    fn special_files_are_refused_unopened() {
        let mut buffer = Vec::new();
        let refused = Source::open(Input::Path(Path::new("/dev/null")), &mut buffer, &budget(1));
        assert_eq!(refused.err().unwrap().reason, Reason::SpecialFile("device"));
        let mut buffer = Vec::new();
        let refused = Source::open(Input::Path(Path::new("/")), &mut buffer, &budget(1));
        assert_eq!(refused.err().unwrap().reason, Reason::SpecialFile("directory"));
    }

    #[test]
    fn a_change_is_noticed() {
        let mut file = file_of(b"before");
        let path = file.path().to_owned();
        let mut buffer = Vec::new();
        let (_, watch) = Source::open(Input::Path(&path), &mut buffer, &budget(1 << 20)).unwrap();
        file.write_all(b" and after").unwrap();
        assert_eq!(watch.unwrap().changed().unwrap().reason, Reason::ChangedWhileScanning);
    }
}
