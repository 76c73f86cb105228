//! RAR archives of versions 1.3 to 7, by `rars` (feature `rar`).
//!
//! The library reads headers and unpacks; it hands members to a writer, which charges the budget and
//! stops it. What it keeps itself is bounded by its own options, under an allowance that is charged
//! first; the archive is copied into memory, since the library keeps it. Members that do not need each
//! other are unpacked a few at a time, the members of a solid archive all at once.
//!
//! Not read: members that go on from or into another volume. An archive that is cut off between two
//! members may look whole: old versions have no end mark, and the library asks for none.

mod batch;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use rars::{Archive, ArchiveMember, ArchiveReadOptions, ArchiveReader, ErrorKind};

use self::batch::{Batch, Pending};
use super::passwords::Keyring;
use super::{Entry, Notes, Opened, Opening, Unpacker};
use crate::identify::crc32;
use crate::input::Content;
use crate::limits::{Budget, Grant, Limit, Stop};
use crate::reader::Reader;
use crate::verdict::{Problem, Reason};

/// Headers of one archive, in bytes: names and extra fields.
const HEADERS: u64 = 64 << 20;
/// Members above this size are unpacked as a stream.
const BUFFERED: u64 = 16 << 20;
/// The work of one password: the library does not tell it. RAR 3 hashes some 90,000 blocks, RAR 5
/// usually 65,536, and more where the archive says so.
const KEY_WORK: u64 = 1_000_000;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, opening: &Opening<'_>) -> Opened<'a> {
    let bytes = content.slice(offset, u64::MAX);
    let grant = opening.budget.hold(bytes.len() as u64)?;
    let mut rar = Rar {
        archive: None,
        _grant: grant,
        length: bytes.len() as u64,
        keyring: Keyring::new(opening.passwords),
        password: None,
        next: 0,
        ready: VecDeque::new(),
        notes: Notes::default(),
        ended: false,
    };
    if let Err(problem) = rar.read_headers(bytes.to_vec(), opening.budget) {
        rar.notes.add(problem);
        rar.ended = true;
    }
    Ok(Box::new(rar))
}

/// One archive being walked.
struct Rar {
    archive: Option<Archive>,
    /// For the copy of the archive.
    _grant: Grant,
    length: u64,
    keyring: Keyring,
    /// The password that fitted.
    password: Option<Vec<u8>>,
    /// The next member.
    next: usize,
    /// Members that were unpacked and not handed out.
    ready: VecDeque<Entry<'static>>,
    notes: Notes,
    ended: bool,
}

impl<'a> Unpacker<'a> for Rar {
    fn next_entry(&mut self, budget: &Budget) -> Option<Entry<'a>> {
        while self.ready.is_empty() && !self.ended {
            if let Err(problem) = self.fill(budget) {
                self.notes.add(problem);
                self.ended = true;
            }
        }
        let entry = self.ready.pop_front()?;
        if entry.ends_walk() {
            self.ended = true;
            self.ready.clear();
        }
        Some(entry)
    }

    fn problems(&mut self) -> Vec<Problem> {
        self.notes.take()
    }
}

impl Rar {
    /// Reads all headers; with passwords where they are encrypted.
    fn read_headers(&mut self, bytes: Vec<u8>, budget: &Budget) -> Result<(), Problem> {
        let needs_password = match ArchiveReader::read_with_options(&bytes, limited(budget, None)) {
            Ok(archive) => {
                if !has_end(&archive, &bytes) {
                    self.notes.truncated("no end mark");
                }
                self.archive = Some(archive);
                return Ok(());
            }
            Err(error) => error,
        };
        if !is_locked(&needs_password) {
            return Err(problem(&needs_password));
        }
        for (_, password) in self.keyring.iter() {
            budget.try_key(KEY_WORK)?;
            let options = limited(budget, Some(password));
            if let Ok(archive) = ArchiveReader::read_with_options(&bytes, options) {
                self.password = Some(password.to_vec());
                self.archive = Some(archive);
                return Ok(());
            }
        }
        Err(encrypted(self.keyring.len()))
    }

    /// Unpacks the next members.
    fn fill(&mut self, budget: &Budget) -> Result<(), Problem> {
        budget.check()?;
        let Some(archive) = self.archive.take() else {
            self.ended = true;
            return Ok(());
        };
        let result = self.fill_from(&archive, budget);
        self.archive = Some(archive);
        result
    }

    fn fill_from(&mut self, archive: &Archive, budget: &Budget) -> Result<(), Problem> {
        if self.password.is_none() {
            self.password = self.find_password(archive, budget)?;
        }
        let _workspace = budget.hold(workspace(budget))?;
        let password = self.password.clone();
        let options = limited(budget, password.as_deref());
        let batch = Batch::new(budget, self.next, is_solid(archive), self.length);
        let result = archive.extract_with_control_and_errors(
            options,
            |member| Ok(batch.decide(member)),
            |_, error| Ok(batch.failed(problem(error))),
        );
        let (pending, next, was_last) = batch.finish();
        let no_progress = next <= self.next;
        self.next = next;
        self.ready.extend(pending.into_iter().map(Pending::into_entry));
        match result {
            Ok(_) => self.ended = was_last || no_progress,
            Err(error) => self.fail(&error, no_progress || is_solid(archive)),
        }
        Ok(())
    }

    /// An error that ended the run: it belongs to the last member, if there is one.
    fn fail(&mut self, error: &rars::Error, ends: bool) {
        self.ended = ends;
        match self.ready.back_mut() {
            Some(last) if last.problems.is_empty() => last.problems.push(problem(error)),
            Some(_) => {}
            None => {
                self.notes.add(problem(error));
                self.ended = true;
            }
        }
    }

    /// The password that opens the first encrypted member.
    fn find_password(
        &self,
        archive: &Archive,
        budget: &Budget,
    ) -> Result<Option<Vec<u8>>, Problem> {
        let is_tried =
            |member: &ArchiveMember| member.meta.is_encrypted && !member.meta.is_directory;
        let Some(index) = archive.members().position(|member| is_tried(&member)) else {
            return Ok(None);
        };
        if self.keyring.len() == 0 {
            return Ok(None);
        }
        let most = budget.limits().object_bytes.min(workspace(budget));
        let _grants = (budget.hold(most)?, budget.hold(workspace(budget))?);
        for (_, password) in self.keyring.iter() {
            budget.try_key(KEY_WORK)?;
            let options = limited(budget, Some(password)).with_max_member_output_bytes(most);
            match archive.read_member_at_with_options(index, options) {
                Err(error) if is_wrong_password(&error) => {}
                _ => return Ok(Some(password.to_vec())),
            }
        }
        Ok(None)
    }
}

/// What the library may take beside the archive and what it puts out.
fn workspace(budget: &Budget) -> u64 {
    budget.limits().memory / 4
}

fn limited<'p>(budget: &Budget, password: Option<&'p [u8]>) -> ArchiveReadOptions<'p> {
    ArchiveReadOptions::with_optional_password(password)
        .with_max_header_count(budget.limits().objects.saturating_mul(4))
        .with_max_header_bytes(HEADERS.min(budget.limits().memory))
        .with_rar50_dictionary_size_limit(workspace(budget))
        .with_rar50_buffered_decode_limit(BUFFERED)
        .with_max_reader_workspace_bytes(workspace(budget))
}

/// Whether an archive has what it has to end with: the library takes what is there for all. Older ones
/// may end behind any member, but hold one at least.
fn has_end(archive: &Archive, bytes: &[u8]) -> bool {
    let mut members = archive.members();
    match archive {
        Archive::Rar50Plus(_) => {
            let is_volume = members.any(|it| it.meta.is_split_before || it.meta.is_split_after);
            is_volume || has_end_header(bytes)
        }
        _ => members.next().is_some(),
    }
}

/// Whether a header of type 5 with a right checksum is there: checksum, length, type.
fn has_end_header(bytes: &[u8]) -> bool {
    let ends_at = |at: usize| {
        let mut reader = Reader::at(bytes, at.checked_sub(4)? as u64).ok()?;
        let told = reader.u32_le().ok()?;
        let length = u64::from(*reader.peek(1).ok()?.first()?).saturating_add(1);
        Some(told == crc32(reader.bytes(length).ok()?))
    };
    let mut pairs = bytes.windows(2).enumerate();
    pairs.any(|(at, pair)| matches!(pair, [3..=16, 5]) && ends_at(at) == Some(true))
}

fn is_solid(archive: &Archive) -> bool {
    // Version 1.3 tells it of the whole archive, in a header that is not shown.
    let declares_it = matches!(archive, Archive::Rar13(_));
    declares_it || archive.members().any(|member| member.is_solid())
}

fn is_locked(error: &rars::Error) -> bool {
    matches!(error.kind(), ErrorKind::PasswordRequired | ErrorKind::BadPassword)
}

/// A wrong password often shows only by what comes out.
fn is_wrong_password(error: &rars::Error) -> bool {
    let is_garbage =
        matches!(error.kind(), ErrorKind::ChecksumMismatch | ErrorKind::InvalidArchive);
    is_locked(error) || is_garbage
}

fn encrypted(passwords: usize) -> Problem {
    let detail = match passwords {
        0 => "a password is needed".to_owned(),
        count => format!("none of {count} passwords opens it"),
    };
    Problem::new(Reason::Encrypted, detail)
}

/// The library's errors in our terms.
fn problem(error: &rars::Error) -> Problem {
    let reason = match error.kind() {
        ErrorKind::PasswordRequired | ErrorKind::BadPassword => Reason::Encrypted,
        ErrorKind::UnsupportedFormat | ErrorKind::UnsupportedFeature => {
            Reason::Unsupported("rar-method")
        }
        ErrorKind::ResourceLimit => Reason::Limit(Limit::Memory),
        ErrorKind::Cancelled => Stop::Cancelled.into(),
        ErrorKind::Io => Reason::Truncated,
        _ => Reason::Corrupted,
    };
    Problem::new(reason, error.to_string())
}
