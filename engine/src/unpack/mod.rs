//! 5 What is inside? One trait, one table of formats; the work queue is in `scan.rs`.
//!
//! An unpacker walks one container and hands out its entries one at a time, so that only the objects
//! on the current path are held in memory. It never recurses, never writes to disk and never uses a
//! name as a path. It takes nothing on trust from the container: sizes are checked by decoding under
//! the [`Budget`], and what it could not read it says with a [`Problem`].
//! Most unpackers are a `Walk` (`walk.rs`), which says only what their next entry is.
//!
//! [`FORMATS`] has one line for every type that can hold other data. A type that is not in it holds
//! nothing that its own bytes do not show.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

mod activemime;
mod alz;
mod ar;
mod arj;
mod asar;
mod autoit;
mod cab;
mod chm;
mod cpio;
mod decoders;
mod disks;
mod egg;
mod exfat;
mod ext;
mod fat;
mod flash;
mod formats;
mod gzip;
mod hfs_plus;
mod hwp3;
mod inno;
mod installshield;
mod iso9660;
mod lha;
mod listing;
mod lnk;
mod lzop;
mod mail;
mod nsis;
mod ntfs;
mod ole1;
mod ole2;
mod onenote;
mod parts;
mod passwords;
mod pdf;
mod places;
mod program;
mod pyinstaller;
#[cfg(feature = "rar")]
mod rar;
mod rc4;
mod rpm;
mod rtf;
mod seven_zip;
mod sis;
mod solid;
mod squashfs;
mod streams;
mod tar;
#[cfg(test)]
mod testing;
mod text;
mod udf;
mod volume;
mod walk;
mod xar;
mod xml;
mod zip;

pub use formats::{FORMATS, Format, Told};
pub use listing::Listing;
pub use passwords::Passwords;
pub use places::{Place, places};

use std::fmt;

use formats::How;
use volume::Volume;
use walk::{Walk, single, walked};

use crate::identify::{FileType, Found};
use crate::input::Content;
use crate::limits::{Budget, DecodeEnd, Decoded, Limit, Stop};
use crate::verdict::{Problem, Reason};

/// A container being walked.
pub trait Unpacker<'a> {
    /// The next entry; `None` at the end. An entry whose content could not be read is handed out all
    /// the same, with its problem.
    fn next_entry(&mut self, budget: &Budget) -> Option<Entry<'a>>;

    /// What was wrong with the container itself, asked once after the last entry.
    fn problems(&mut self) -> Vec<Problem> {
        Vec::new()
    }
}

/// What a container is opened with.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'s> {
    /// Charged for all that is done.
    pub budget: &'s Budget,
    /// Tried on what is encrypted.
    pub passwords: &'s Passwords,
}

/// A container that is being walked, or why it cannot be.
pub(crate) type Opened<'a> = Result<Box<dyn Unpacker<'a> + 'a>, Problem>;

/// Starts an unpacker on the container that begins at an offset of the content.
pub(crate) type Open = for<'a> fn(Content<'a>, u64, &Opening<'_>) -> Opened<'a>;

/// Starts an unpacker on the file system of a disk.
type OpenVolume = for<'a> fn(Volume<'a>, &Budget) -> Opened<'a>;

/// Texts by their encoding.
const TEXTS: [FileType; 7] = [
    FileType::Ascii,
    FileType::Utf8,
    FileType::Text8Bit,
    FileType::Utf16Le,
    FileType::Utf16Be,
    FileType::Utf32Le,
    FileType::Utf32Be,
];

/// Opens what was found in `content`. `None`: this type holds nothing inside. An error says why its
/// inside cannot be looked at.
pub fn open<'a>(
    content: &Content<'a>,
    found: Found,
    opening: &Opening<'_>,
) -> Option<Result<Box<dyn Unpacker<'a> + 'a>, Problem>> {
    match formats::how(found.file_type)? {
        How::Opens(open) => Some(open(content.clone(), found.offset, opening)),
        How::OpensVolume(open) => {
            let volume = Volume::of(content.slice(found.offset, u64::MAX));
            Some(open(volume, opening.budget))
        }
        How::NotYet | How::Locked => refusal(found.file_type).map(Err),
    }
}

/// Why objects of that type are not opened; `None` where they are, or hold nothing.
fn refusal(file_type: FileType) -> Option<Problem> {
    let what = file_type.description();
    match formats::how(file_type)? {
        How::Opens(_) | How::OpensVolume(_) => None,
        How::NotYet => {
            let reason = Reason::Unsupported(file_type.name());
            Some(Problem::new(reason, format!("{what} cannot be opened yet")))
        }
        How::Locked => {
            Some(Problem::new(Reason::Encrypted, format!("{what} is not opened without its key")))
        }
    }
}

/// Whether objects of that type are opened.
pub(crate) fn is_opened(file_type: FileType) -> bool {
    matches!(formats::how(file_type), Some(How::Opens(_) | How::OpensVolume(_)))
}

/// One thing found in a container.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its name as stored, of any encoding; for people only.
    pub name: Vec<u8>,
    /// The content that could be read: all of it, a part (then `problems` says why), or none.
    pub content: Option<Content<'a>>,
    /// Why the content is not all there, or what is odd about it.
    pub problems: Vec<Problem>,
    /// What the container says of it, for signatures of container metadata. An entry with nothing else
    /// is only mentioned: a folder, or a second record of another entry.
    pub listings: Vec<Listing>,
}

impl<'a> Entry<'a> {
    /// The longest name that is kept; the rest of a longer one is dropped.
    pub const NAME: usize = 64 << 10;

    /// An entry that was read in full.
    pub fn new(name: impl Into<Vec<u8>>, content: Content<'a>) -> Self {
        let (problems, listings) = (Vec::new(), Vec::new());
        Self { name: name.into(), content: Some(content), problems, listings }
    }

    /// An entry of which nothing could be read.
    pub fn unread(name: impl Into<Vec<u8>>, problem: Problem) -> Self {
        Self { name: name.into(), content: None, problems: vec![problem], listings: Vec::new() }
    }

    /// An entry that holds nothing by its nature; `None` where nothing is said of it either.
    pub(crate) fn mentioned(name: impl Into<Vec<u8>>, listings: Vec<Listing>) -> Option<Self> {
        let name = name.into();
        let is_listed = !listings.is_empty();
        is_listed.then(|| Self { name, content: None, problems: Vec::new(), listings })
    }

    /// Whether it holds nothing by its nature.
    pub(crate) fn is_only_mentioned(&self) -> bool {
        self.content.is_none() && self.problems.is_empty()
    }

    /// An entry that a decoder put out, as far as it came.
    pub(crate) fn decoded(name: impl Into<Vec<u8>>, decoded: Decoded) -> Self {
        let mut entry = Self::new(name, Content::held(decoded.bytes, decoded.grant));
        entry.problems.extend(match decoded.end {
            DecodeEnd::Complete => None,
            DecodeEnd::Stopped(stop) => Some(stop.into()),
            DecodeEnd::Failed(error) => Some(decoders::problem(&error)),
        });
        entry
    }

    /// An entry that a decoder was to put out.
    pub(crate) fn of(name: impl Into<Vec<u8>>, decoded: Result<Decoded, Stop>) -> Self {
        match decoded {
            Ok(decoded) => Self::decoded(name, decoded),
            Err(stop) => Self::unread(name, stop.into()),
        }
    }

    /// An entry that lies in the container as it is, charged as if it had been put out. A limit leaves
    /// as much of it as the budget allows.
    pub(crate) fn in_place(
        name: impl Into<Vec<u8>>,
        content: Content<'a>,
        budget: &Budget,
    ) -> Self {
        let Err(stop) = budget.put_out(content.len() as u64) else {
            return Self::new(name, content);
        };
        let left = budget.limits().total_bytes.saturating_sub(budget.total_bytes());
        let part = content.slice(0, left.min(budget.limits().object_bytes));
        match budget.put_out(part.len() as u64) {
            Ok(()) => Self::new(name, part).with(stop.into()),
            Err(stop) => Self::unread(name, stop.into()),
        }
    }

    /// The entry with one more problem.
    pub(crate) fn with(mut self, problem: Problem) -> Self {
        self.problems.push(problem);
        self
    }

    /// The entry of which the container has so many bytes, with a problem where it says that there are
    /// more.
    pub(crate) fn cut_to(self, there: u64, told: u64) -> Self {
        if there >= told {
            return self;
        }
        self.with(Problem::new(Reason::Truncated, format!("{there} of {told} bytes are there")))
    }

    /// The entry that should have come to so many bytes, with a problem where none says why it did not.
    pub(crate) fn expecting(self, told: u64) -> Self {
        let there = self.content.as_ref().map_or(0, |content| content.len() as u64);
        if self.problems.is_empty() { self.cut_to(there, told) } else { self }
    }

    /// Whether a limit was reached that no further entry could pass.
    pub(crate) fn ends_walk(&self) -> bool {
        self.problems.iter().any(|problem| {
            matches!(
                problem.reason,
                Reason::Cancelled | Reason::Limit(Limit::TotalBytes | Limit::Time)
            )
        })
    }
}

/// The problems of one container: every reason, and the first few of them in words.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    problems: Vec<Problem>,
    untold: u64,
}

impl Notes {
    /// How many are told in words.
    const MOST: usize = 16;

    pub(crate) fn add(&mut self, problem: Problem) {
        let known = self.problems.iter().any(|other| other.reason == problem.reason);
        if known && self.problems.len() >= Self::MOST {
            self.untold = self.untold.saturating_add(1);
        } else {
            self.problems.push(problem);
        }
    }

    pub(crate) fn corrupted(&mut self, detail: impl Into<String>) {
        self.add(Problem::new(Reason::Corrupted, detail));
    }

    pub(crate) fn truncated(&mut self, detail: impl Into<String>) {
        self.add(Problem::new(Reason::Truncated, detail));
    }

    /// Adds a problem with the words in front of it that say what has it.
    pub(crate) fn about(&mut self, what: impl fmt::Display, problem: Problem) {
        self.add(Problem::new(problem.reason, format!("{what}: {}", problem.detail)));
    }

    /// Notes that a part of the container cannot be read. An error, where no other part could be either.
    pub(crate) fn pass_over(
        &mut self,
        what: impl fmt::Display,
        problem: Problem,
    ) -> Result<(), Problem> {
        if problem.is_stop() {
            return Err(problem);
        }
        self.about(what, problem);
        Ok(())
    }

    pub(crate) fn take(&mut self) -> Vec<Problem> {
        if let (1.., Some(last)) = (self.untold, self.problems.last_mut()) {
            last.detail = format!("{}; and {} more of these kinds", last.detail, self.untold);
        }
        self.untold = 0;
        std::mem::take(&mut self.problems)
    }
}

/// A stored name for the words of a problem: printable, and not too long.
pub(crate) fn shown(name: &[u8]) -> String {
    let shown = String::from_utf8_lossy(name.get(..80).unwrap_or(name)).escape_debug().to_string();
    if name.len() > 80 { format!("{shown}...") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Cancel, Limits};

    fn problem_of(file_type: FileType, bytes: &[u8]) -> Option<Reason> {
        let budget = Budget::new(Limits::default(), Cancel::new());
        let found = Found { file_type, offset: 0 };
        let opening = Opening { budget: &budget, passwords: &Passwords::default() };
        open(&Content::borrowed(bytes), found, &opening)?.err().map(|problem| problem.reason)
    }

    #[test]
    fn every_type_stands_once_in_the_table() {
        for (index, format) in FORMATS.iter().enumerate() {
            let again = FORMATS.iter().skip(index + 1).any(|f| f.file_type == format.file_type);
            assert!(!again, "{} twice", format.file_type.name());
        }
    }

    #[test]
    fn what_cannot_be_opened_says_so() {
        use FileType::{Ace, Wim, Zoo};
        for packed in [Ace, Zoo, Wim] {
            assert_eq!(problem_of(packed, b""), Some(Reason::Unsupported(packed.name())));
        }
        assert_eq!(problem_of(FileType::Luks, b""), Some(Reason::Encrypted));
        assert_eq!(problem_of(FileType::Png, b""), None);
        assert_eq!(problem_of(FileType::Ooxml, b"PK\x03\x04"), None, "opened as zip");
    }

    #[test]
    fn many_problems_stay_few_and_no_reason_is_lost() {
        let mut notes = Notes::default();
        (0..1000).for_each(|n| notes.corrupted(n.to_string()));
        notes.truncated("the end");
        let problems = notes.take();
        assert_eq!(problems.len(), Notes::MOST + 1);
        assert!(problems.iter().any(|problem| problem.reason == Reason::Truncated));
        assert!(problems.iter().any(|problem| problem.detail.contains("984 more")));
    }

    #[test]
    fn an_entry_in_place_is_cut_to_what_the_budget_allows() {
        let limits = Limits { object_bytes: 6, total_bytes: 10, ..Limits::default() };
        let budget = Budget::new(limits, Cancel::new());
        let content = Content::borrowed(b"01234567");
        let first = Entry::in_place("a", content.clone(), &budget);
        assert_eq!(first.content.as_deref(), Some(&b"012345"[..]));
        assert_eq!(first.problems[0].reason, Reason::Limit(Limit::ObjectBytes));
        assert!(!first.ends_walk());
        let second = Entry::in_place("b", content.slice(0, 5), &budget);
        assert_eq!(second.content.as_deref(), Some(&b"0123"[..]));
        assert_eq!(second.problems[0].reason, Reason::Limit(Limit::TotalBytes));
        assert!(second.ends_walk());
    }
}
