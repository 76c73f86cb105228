//! ZIP archives (PKWARE APPNOTE.TXT 6.3.10; ISO/IEC 21320-1).
//!
//! Two walks. The first follows the central directory, as most programs do; the second looks for
//! local headers in the parts that the first did not reach, as programs do that read archives from
//! front to back: entries that are hidden between others, that a truncated archive still has, or that
//! stand there without any directory. Every local header is one entry. Neither walk builds a list of
//! entries in advance.
//!
//! Decoded: every method that was in use (`methods.rs`), and such data under either of ZIP's two widespread
//! encryptions where a password is known. Other entries are handed out with their reason. Nothing is believed: see
//! `member.rs`.
//!
//! - `directory.rs` finds the central directories, `listing.rs` says what they list,
//! - `records.rs` reads the records,
//! - `member.rs` reads one entry in every way that its headers allow,
//! - `methods.rs` chooses the decoder,
//! - `locks.rs` tries passwords; `traditional.rs` and `winzip.rs` are the two encryptions,
//! - `spans.rs` remembers which bytes were taken.

mod directory;
mod listing;
mod locks;
mod member;
mod methods;
mod records;
mod spans;
#[cfg(test)]
mod tests;
mod traditional;
mod winzip;

use std::ops::Range;

use self::directory::Directory;
use self::listing::Lister;
use self::member::Member;
use self::records::{Central, DESCRIPTOR, LOCAL, Local, UNSPLIT, method_name};
use self::spans::Spans;
use super::passwords::Keyring;
use super::{Entry, Notes, Opened, Opening, walked};
use crate::input::Content;
use crate::limits::{Budget, Limit, Stop};
use crate::reader::Reader;
use crate::verdict::{Problem, Reason};

pub(super) fn open<'a>(content: Content<'a>, offset: u64, opening: &Opening<'_>) -> Opened<'a> {
    Ok(walked(Zip::new(content, offset, opening)?))
}

/// One ZIP archive being walked.
struct Zip<'a> {
    content: Content<'a>,
    /// Where the archive begins in the content.
    start: u64,
    lister: Lister,
    directories: Vec<Directory>,
    walk: Walk,
    /// The entry whose readings are being handed out, and where the longest of them ended.
    member: Option<(Member, u64)>,
    keyring: Keyring,
    spans: Spans,
    /// Records of entries that were handed out before, or of folders.
    idle: u64,
    notes: Notes,
}

/// Where the walk is.
enum Walk {
    /// In the central directory of this index, with the next record's position and the records read.
    Listed { index: usize, at: u64, count: u64 },
    /// Between the parts that are taken, from `at` on; the first of `taken` is the next one.
    Unlisted { at: u64, taken: std::vec::IntoIter<Range<u64>>, next: Option<Range<u64>> },
}

/// What a step of the walk came to.
enum Step {
    Found(Member),
    Nothing,
    End,
}

impl<'a> super::Walk<'a> for Zip<'a> {
    /// The next reading of the entry at hand, or the first of the next entry.
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            budget.check()?;
            if let Some((mut member, end)) = self.member.take() {
                match member.next(&self.content, &mut self.keyring, budget) {
                    Some(outcome) => {
                        let end = end.max(outcome.end.unwrap_or(0));
                        self.member = Some((member, end));
                        return Ok(Some(outcome.entry));
                    }
                    None => self.finish(&member, end, budget)?,
                }
            }
            match self.step(budget)? {
                Step::End => {
                    self.judge();
                    return Ok(None);
                }
                Step::Nothing => {}
                Step::Found(member) if member.is_folder(&self.content) => {
                    self.idle(budget)?;
                    if let Some(entry) = member.mention() {
                        return Ok(Some(entry));
                    }
                }
                Step::Found(member) if self.spans.contains(member.key()) => {
                    self.idle(budget)?;
                    let at = member.start;
                    self.notes.corrupted(format!("the entry at offset {at} is listed twice"));
                    if let Some(entry) = member.mention() {
                        return Ok(Some(entry));
                    }
                }
                Step::Found(member) => self.member = Some((member, 0)),
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }

    fn problems(&mut self) -> Vec<Problem> {
        if let Some(at) = self.spans.overlap() {
            self.notes.corrupted(format!("entries overlap, first at offset {at}"));
        }
        self.notes.take()
    }
}

impl<'a> Zip<'a> {
    fn new(content: Content<'a>, start: u64, opening: &Opening<'_>) -> Result<Self, Stop> {
        let directories = directory::find(&content, start, opening.budget)?;
        let first = directories.first().map(|directory| directory.at);
        let (lister, at) = (Lister::new(&content, start, first), first.unwrap_or(0));
        Ok(Self {
            content,
            start,
            lister,
            directories,
            walk: Walk::Listed { index: 0, at, count: 0 },
            member: None,
            keyring: Keyring::new(opening.passwords),
            spans: Spans::default(),
            idle: 0,
            notes: Notes::default(),
        })
    }

    /// Counts a record that becomes no object: there may be as many as objects.
    fn idle(&mut self, budget: &Budget) -> Result<(), Stop> {
        self.idle = self.idle.saturating_add(1);
        let is_enough = self.idle > budget.limits().objects;
        if is_enough { Err(Stop::Limit(Limit::Objects)) } else { Ok(()) }
    }

    /// Remembers what an entry took, once all its readings are handed out.
    fn finish(&mut self, member: &Member, end: u64, budget: &Budget) -> Result<(), Stop> {
        let end = end.max(member.data);
        if let Walk::Unlisted { at, .. } = &mut self.walk {
            *at = (*at).max(end);
        }
        self.spans.insert(member.key(), end, budget)
    }

    fn step(&mut self, budget: &Budget) -> Result<Step, Stop> {
        match &self.walk {
            Walk::Listed { index, at, count } => Ok(self.step_listed(*index, *at, *count)),
            Walk::Unlisted { .. } => self.step_unlisted(budget),
        }
    }

    /// The next record of a central directory. Its declared number of records is not believed: it ends
    /// where something else begins.
    fn step_listed(&mut self, index: usize, at: u64, count: u64) -> Step {
        let Some(directory) = self.directories.get(index).copied() else {
            self.walk = self.unlisted();
            return Step::Nothing;
        };
        let zip: &[u8] = &self.content;
        let record = Reader::at(zip, at).ok().and_then(|mut reader| {
            let central = Central::read(&mut reader)?;
            Some((central, reader.position() as u64))
        });
        let Some((central, next)) = record else {
            self.end_directory(index, at, count);
            return Step::Nothing;
        };
        let count = count.saturating_add(1);
        let mut local = None;
        let member = if u32::from(central.volume) < directory.volume {
            let detail =
                format!("its data are on volume {}", u32::from(central.volume).saturating_add(1));
            Member::lost(central.name, at, Problem::new(Reason::Truncated, detail))
        } else {
            let start = local_header(zip, self.start, &directory, central.offset);
            local = Local::read(zip, start).ok().filter(|local| local.is_signed);
            Member::listed(zip, &central, start)
        };
        self.walk = Walk::Listed { index, at: next, count };
        let listings = self.lister.listed(&central, local.as_ref(), member.start, count);
        Step::Found(member.saying(listings))
    }

    fn end_directory(&mut self, index: usize, at: u64, count: u64) {
        if let Some(directory) = self.directories.get_mut(index) {
            // Without zip64 the number is kept modulo 65,536.
            if directory.entries != count && directory.entries != count & 0xffff {
                let told = directory.entries;
                self.notes.corrupted(format!("{count} directory entries, {told} were announced"));
            }
            directory.length = at.saturating_sub(directory.at);
        }
        let index = index.saturating_add(1);
        let at = self.directories.get(index).map_or(0, |directory| directory.at);
        self.walk = Walk::Listed { index, at, count: 0 };
    }

    /// The walk over what neither an entry nor a directory has taken.
    fn unlisted(&self) -> Walk {
        let directories = self.directories.iter();
        let directories = directories.map(|d| d.at..d.at.saturating_add(d.length));
        let mut taken = self.spans.merged(directories).into_iter();
        let next = taken.next();
        Walk::Unlisted { at: self.start, taken, next }
    }

    /// The next local header that no directory lists.
    fn step_unlisted(&mut self, budget: &Budget) -> Result<Step, Stop> {
        let Walk::Unlisted { at, taken, next } = &mut self.walk else { return Ok(Step::End) };
        let zip: &[u8] = &self.content;
        let from = *at;
        let to = next.as_ref().map_or(zip.len() as u64, |part| part.start);
        let gap = self.content.slice(from, to.saturating_sub(from));
        let Some(found) = budget.find(&gap, LOCAL)? else {
            let Some(part) = next.take() else { return Ok(Step::End) };
            *at = from.max(part.end);
            *next = taken.next();
            return Ok(Step::Nothing);
        };
        let start = from.saturating_add(found as u64);
        // Goes on behind the signature, unless the entry turns out to reach further.
        *at = start.saturating_add(LOCAL.len() as u64);
        let Ok(local) = Local::read(zip, start) else {
            self.notes.truncated(format!("the local header at offset {start} is cut off"));
            return Ok(Step::Nothing);
        };
        // The four bytes stand in other data too, such as the program of a self-extracting archive.
        if local.name.is_empty() || method_name(local.claim.method).is_none() {
            return Ok(Step::Nothing);
        }
        let hidden = (!self.directories.is_empty())
            .then(|| Problem::new(Reason::Corrupted, "not listed in the central directory"));
        // Folders are not remembered as taken: those that a directory lists come by again.
        let comes_again = local.name.ends_with(b"/") && !self.directories.is_empty();
        let listing = self.lister.alone(&local, start).filter(|_| !comes_again);
        let listings = listing.into_iter().collect();
        Ok(Step::Found(Member::unlisted(&local, start, hidden).saying(listings)))
    }

    /// Says what was wrong with the archive as a whole.
    fn judge(&mut self) {
        let volume = self.directories.iter().map(|directory| directory.volume).max().unwrap_or(0);
        let first = self.content.slice(self.start, 4);
        if volume > 0 {
            let detail = format!("this is volume {} of a split archive", volume.saturating_add(1));
            self.notes.truncated(detail);
        }
        if self.directories.len() > 1 {
            let count = self.directories.len();
            self.notes.corrupted(format!("{count} central directories to choose from"));
        }
        if self.directories.is_empty() {
            self.notes.truncated(match &*first == DESCRIPTOR || &*first == UNSPLIT {
                true => "a part of a split archive: no central directory",
                false => "no central directory",
            });
        }
    }
}

/// Where a local header is: programs add the base, or take the offset as it is, from the start of the
/// file or of the archive. The first place that has the signature is right; if others have it too, the
/// walk over local headers finds them.
fn local_header(zip: &[u8], start: u64, directory: &Directory, offset: u64) -> u64 {
    let based = directory.base.saturating_add(offset.into());
    let based = u64::try_from(based).unwrap_or(offset);
    let has_signature =
        |at: &u64| Reader::at(zip, *at).is_ok_and(|reader| reader.rest().starts_with(LOCAL));
    [based, offset, start.saturating_add(offset)].into_iter().find(has_signature).unwrap_or(based)
}
