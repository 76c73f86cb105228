//! NTFS file systems (versions 1.2 to 3.1, by the public descriptions of their structures), read only.
//!
//! The table of files is gone through from front to back, not along the indexes of folders: every record
//! in use hands out its data, alternate streams as well (`name:stream`), whether a folder lists it or not.
//! Folders are only asked for the names of a path. Records keep their places, so that nothing leads in a
//! circle. The journal is not replayed.
//!
//! - `mft.rs` reads the boot sector and finds records,
//! - `record.rs` reads a record: fix-ups, attributes, lists of runs,
//! - `streams.rs` gathers the data of a file, which may be spread over several records, and hands it out,
//! - `lznt1.rs` unpacks what the file system packed.
//!
//! Not read: deleted files, what EFS encrypted (said to be `encrypted`), files whose data the system keeps
//! elsewhere or packed in a way of its own (`unsupported`). The file system's own tables and its journals
//! are not handed out.

mod lznt1;
mod mft;
mod record;
mod streams;

use std::collections::VecDeque;

use self::mft::Mft;
use self::record::{Record, text};
use self::streams::{Reparse, Stream};
use super::volume::{Volume, joined};
use super::{Entry, Notes, Opened, Walk, shown, walked};
use crate::limits::Budget;
use crate::verdict::{Problem, Reason};

/// Folders inside of one another that a path has at most.
const DEPTH: usize = 64;
/// The record of the topmost folder.
const ROOT: u64 = 5;
/// The records below are the file system's own.
const OWN: u64 = 12;
/// The file system keeps the records up to here free, each with an empty stream.
const KEPT: u64 = 24;
/// The folder of further files of the file system.
const EXTEND: u64 = 11;
/// Records without anything are passed over by so many bytes.
const STEP: u64 = 1 << 20;

pub(super) fn open<'a>(volume: Volume<'a>, budget: &Budget) -> Opened<'a> {
    let mut notes = Notes::default();
    let mft = Mft::read(volume, &mut notes, budget)?;
    let (waiting, path, folder) = (VecDeque::new(), Vec::new(), None);
    let further = mft.places();
    Ok(walked(Ntfs { mft, number: 0, further, waiting, path, folder, notes }))
}

/// One file system being walked, record by record.
struct Ntfs<'a> {
    mft: Mft<'a>,
    /// The record that is read next.
    number: u64,
    /// How many records may still be read because lists of attributes name them.
    further: u64,
    /// Streams of the file at hand.
    waiting: VecDeque<Stream>,
    /// Its path, which is joined with the name of a stream when that is handed out: one file may have
    /// millions of them.
    path: Vec<u8>,
    /// The folder whose path was asked for last.
    folder: Option<(u64, Vec<u8>)>,
    notes: Notes,
}

impl<'a> Walk<'a> for Ntfs<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            budget.check()?;
            if let Some(stream) = self.waiting.pop_front() {
                let name = stream_name(&self.path, &text(&stream.name));
                return self.mft.hand_out(name, stream, budget).map(Some);
            }
            if self.number >= self.mft.records() {
                return Ok(None);
            }
            let number = self.number;
            self.number = self.number.saturating_add(1);
            // Where the image cannot be read, the next record may be elsewhere.
            if let Err(problem) = self.read(number, budget) {
                self.notes.pass_over(format_args!("record {number}"), problem)?;
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Ntfs<'a> {
    fn read(&mut self, number: u64, budget: &Budget) -> Result<(), Problem> {
        match self.mft.record(number, budget)? {
            Some(record) => self.take_in(&record, budget),
            None => self.pass_over(number, budget),
        }
    }

    /// Goes on behind a record that is none: far, where nothing was written.
    fn pass_over(&mut self, number: u64, budget: &Budget) -> Result<(), Problem> {
        let blank = self.mft.blank_from(number, STEP, budget)?;
        self.number = self.number.max(number.saturating_add(blank));
        Ok(())
    }

    /// Puts the streams of a file in line.
    fn take_in(&mut self, record: &Record, budget: &Budget) -> Result<(), Problem> {
        if record.is_damaged {
            self.notes.corrupted(format!("record {} was not written whole", record.number));
        }
        if !record.is_in_use() || record.is_extension() {
            return Ok(());
        }
        let streams = self.mft.streams(record, &mut self.further, &mut self.notes, budget)?;
        if streams.data.is_empty() {
            return Ok(());
        }
        let (parent, name) = record.name().unwrap_or((ROOT, Vec::new()));
        let name = if name.is_empty() { number_name(record.number) } else { text(&name) };
        self.path = joined(&self.path(parent, budget)?, &name);
        for mut stream in streams.data {
            if is_own(record.number, parent, &stream) {
                continue;
            }
            if stream.name.is_empty() {
                stream.reparse = streams.reparse;
            }
            self.waiting.push_back(stream);
        }
        Ok(())
    }

    /// The path of a folder.
    fn path(&mut self, folder: u64, budget: &Budget) -> Result<Vec<u8>, Problem> {
        if let Some((known, path)) = &self.folder
            && *known == folder
        {
            return Ok(path.clone());
        }
        let (mut path, mut number) = (Vec::new(), folder);
        for _ in 0..DEPTH {
            if number == ROOT {
                break;
            }
            // A file whose folder cannot be read has its data all the same.
            let record = match self.mft.record(number, budget) {
                Ok(record) => record,
                Err(problem) if problem.is_stop() => return Err(problem),
                Err(_) => None,
            };
            let Some((parent, name)) = record.as_ref().and_then(Record::name) else { break };
            path = joined(&text(&name), &path);
            number = parent;
        }
        // The empty path of nothing behind a name leaves its slash.
        let path = path.strip_suffix(b"/").map_or(path.clone(), <[u8]>::to_vec);
        self.folder = Some((folder, path.clone()));
        Ok(path)
    }
}

/// Whether a stream is one of the file system's own tables or journals, which hold no files.
fn is_own(number: u64, parent: u64, stream: &Stream) -> bool {
    let name = text(&stream.name);
    let is_journal = parent == EXTEND && matches!(&name[..], b"$J" | b"$Max");
    let is_table = number < OWN && (name.is_empty() || name.starts_with(b"$"));
    is_table || is_journal || (number < KEPT && stream.is_empty())
}

fn number_name(number: u64) -> Vec<u8> {
    format!("record {number}").into_bytes()
}

fn stream_name(path: &[u8], stream: &[u8]) -> Vec<u8> {
    if stream.is_empty() {
        return path.to_vec();
    }
    let mut name = [path, b":", stream].concat();
    name.truncate(Entry::NAME);
    name
}

/// Why the data of a file are not where they would be.
fn elsewhere(reparse: Reparse) -> Option<Problem> {
    let (reason, detail) = match reparse {
        Reparse::None => return None,
        Reparse::Packed => ("ntfs-wof", "the system packed the file (compact OS)"),
        Reparse::Deduplicated => ("ntfs-dedup", "the system keeps the data of the file elsewhere"),
    };
    Some(Problem::new(Reason::Unsupported(reason), detail))
}

/// What the boot sector or the table of files lacks.
fn no_file_system(detail: &str) -> Problem {
    Problem::new(Reason::Corrupted, detail)
}

/// A record of which something is told.
fn told(number: u64, detail: &str) -> String {
    shown(format!("record {number}: {detail}").as_bytes())
}

#[cfg(test)]
mod tests;
