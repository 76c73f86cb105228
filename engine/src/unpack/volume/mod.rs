//! What the file systems are read from: a disk, an image of one, or a part of it.
//!
//! A disk lies in the image as it is, or a [`Mapping`] says where each part of it lies, as in the images
//! of virtual machines. It is never put together as a whole: bytes in a row are a slice of the image,
//! others are put together under the budget when they are wanted. So a file system is walked in the
//! same way wherever it lies, and however large its disk claims to be.
//!
//! - `blocks.rs` unpacks what was packed block by block,
//! - `runs.rs` are the pieces of one file,
//! - `tree.rs` are the folders that are still to be read, each of them once.

mod blocks;
mod runs;
mod tree;

use std::io::{self, Read};
use std::sync::Arc;

pub(super) use self::blocks::{Unpacked, unpack_block, unpack_whole};
pub(super) use self::runs::{Places, Runs};
pub(super) use self::tree::{Seen, Tree, Weight, folder, joined, records};
use super::decoders;
use crate::input::Content;
use crate::limits::{Budget, DecodeEnd};
use crate::verdict::{Problem, Reason};

/// Bytes that are looked at between two questions whether to go on.
const STEP: usize = 1 << 20;

/// Where the parts of a disk lie in its image.
pub(super) trait Mapping<'a>: Send + Sync {
    /// How large the disk is.
    fn length(&self) -> u64;

    /// What stands from a place of the disk on, as far as it lies in a row; empty where the image is
    /// cut off.
    fn piece(&self, at: u64, budget: &Budget) -> Result<Piece<'a>, Problem>;
}

/// Bytes of a disk that lie in a row.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// They are these.
    Bytes(Content<'a>),
    /// So many zeros.
    Zeros(u64),
}

/// A disk or a part of it.
#[derive(Clone)]
pub(super) struct Volume<'a> {
    disk: Disk<'a>,
    /// Where the part begins on the disk.
    start: u64,
    length: u64,
}

#[derive(Clone)]
enum Disk<'a> {
    Plain(Content<'a>),
    Mapped(Arc<dyn Mapping<'a> + 'a>),
}

impl<'a> Volume<'a> {
    /// A disk that lies there as it is.
    pub(super) fn of(content: Content<'a>) -> Self {
        Self { start: 0, length: content.len() as u64, disk: Disk::Plain(content) }
    }

    /// A disk whose parts a mapping finds.
    pub(super) fn mapped(mapping: Arc<dyn Mapping<'a> + 'a>) -> Self {
        Self { start: 0, length: mapping.length(), disk: Disk::Mapped(mapping) }
    }

    pub(super) fn len(&self) -> u64 {
        self.length
    }

    /// A part of it; what lies outside is left away.
    pub(super) fn part(&self, at: u64, length: u64) -> Self {
        let at = at.min(self.length);
        let length = length.min(self.length.saturating_sub(at));
        Self { disk: self.disk.clone(), start: self.start.saturating_add(at), length }
    }

    /// So many bytes from a place on, if they lie in a row: as many of them as are there.
    pub(super) fn in_a_row(&self, at: u64, length: u64, budget: &Budget) -> Option<Content<'a>> {
        let part = self.part(at, length);
        let content = match &part.disk {
            Disk::Plain(content) => content.slice(part.start, part.length),
            Disk::Mapped(mapping) => match mapping.piece(part.start, budget).ok()? {
                Piece::Bytes(content) => content.slice(0, part.length),
                Piece::Zeros(_) => return None,
            },
        };
        let is_all = content.len() as u64 == part.length || matches!(part.disk, Disk::Plain(_));
        is_all.then_some(content)
    }

    /// So many bytes from a place on, put together where they do not lie in a row; fewer at the end.
    pub(super) fn get(
        &self,
        at: u64,
        length: u64,
        budget: &Budget,
    ) -> Result<Content<'a>, Problem> {
        if let Some(content) = self.in_a_row(at, length, budget) {
            return Ok(content);
        }
        let part = self.part(at, length);
        let packed = part.length;
        let decoded = budget.decode(part.reader(budget), packed)?;
        match decoded.end {
            DecodeEnd::Complete => Ok(Content::held(decoded.bytes, decoded.grant)),
            DecodeEnd::Stopped(stop) => Err(stop.into()),
            DecodeEnd::Failed(error) => match decoders::problem(&error) {
                // What is there is as good as the end of an image that lies in a row.
                Problem { reason: Reason::Truncated, .. } => {
                    Ok(Content::held(decoded.bytes, decoded.grant))
                }
                problem => Err(problem),
            },
        }
    }

    /// Whether a part is all zeros.
    pub(super) fn is_blank(&self, at: u64, length: u64, budget: &Budget) -> Result<bool, Problem> {
        let part = self.part(at, length);
        let mut at = 0;
        while at < part.length {
            budget.check()?;
            let passed = match part.piece(at, budget)? {
                Piece::Zeros(count) => count,
                Piece::Bytes(content) => {
                    let step = content.get(..STEP).unwrap_or(&content);
                    if step.iter().any(|&byte| byte != 0) {
                        return Ok(false);
                    }
                    step.len() as u64
                }
            };
            if passed == 0 {
                break;
            }
            at = at.saturating_add(passed);
        }
        Ok(true)
    }

    /// What stands from a place on, as far as it lies in a row.
    fn piece(&self, at: u64, budget: &Budget) -> Result<Piece<'a>, Problem> {
        let part = self.part(at, u64::MAX);
        Ok(match &part.disk {
            Disk::Plain(content) => Piece::Bytes(content.slice(part.start, part.length)),
            Disk::Mapped(mapping) => match mapping.piece(part.start, budget)? {
                Piece::Bytes(content) => Piece::Bytes(content.slice(0, part.length)),
                Piece::Zeros(count) => Piece::Zeros(count.min(part.length)),
            },
        })
    }

    fn reader(self, budget: &Budget) -> Pieces<'a> {
        let left = self.length;
        Pieces { volume: self, at: 0, left, piece: None, budget: budget.clone() }
    }
}

/// Reads a part of a disk from front to back.
struct Pieces<'a> {
    volume: Volume<'a>,
    at: u64,
    left: u64,
    /// What was not yet read of the piece at hand.
    piece: Option<Piece<'a>>,
    budget: Budget,
}

impl<'a> Pieces<'a> {
    fn fetch(&mut self) -> io::Result<Piece<'a>> {
        if let Some(piece) = self.piece.take() {
            return Ok(piece);
        }
        let failed = |problem: Problem| problem_in_reader(&problem);
        match self.volume.piece(self.at, &self.budget).map_err(failed)? {
            Piece::Bytes(content) if content.is_empty() => Err(decoders::cut_off()),
            Piece::Zeros(0) => Err(decoders::cut_off()),
            piece => Ok(piece),
        }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        let Some(into) = into.get_mut(..most).filter(|into| !into.is_empty()) else {
            return Ok(0);
        };
        let count = match self.fetch()? {
            Piece::Bytes(content) => {
                let count = (&*content).read(into)?;
                let rest = content.slice(count as u64, u64::MAX);
                self.piece = (!rest.is_empty()).then_some(Piece::Bytes(rest));
                count
            }
            Piece::Zeros(zeros) => {
                into.fill(0);
                let rest = zeros.saturating_sub(into.len() as u64);
                let count = usize::try_from(zeros).unwrap_or(usize::MAX).min(into.len());
                self.piece = (rest > 0).then_some(Piece::Zeros(rest));
                count
            }
        };
        self.at = self.at.saturating_add(count as u64);
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}

/// A problem on its way through a reader.
pub(super) fn problem_in_reader(problem: &Problem) -> io::Error {
    use crate::limits::Stop;
    let kind = match problem.reason {
        Reason::Cancelled => return io::Error::other(Stop::Cancelled),
        Reason::Limit(limit) => return io::Error::other(Stop::Limit(limit)),
        Reason::Truncated => io::ErrorKind::UnexpectedEof,
        Reason::Unsupported(_) => io::ErrorKind::Unsupported,
        _ => io::ErrorKind::InvalidData,
    };
    io::Error::new(kind, problem.detail.clone())
}

#[cfg(test)]
mod tests;
