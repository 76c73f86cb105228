//! 3 What is inside? One trait, one table of formats; the work queue is in `scan.rs`.
//!
//! An unpacker walks one container and hands out its entries one at a time, so that only the objects
//! on the current path are held in memory. It never recurses, never writes to disk and never uses a
//! name as a path. It takes nothing on trust from the container: sizes are checked by decoding under
//! the [`Budget`], and what it could not read it says with a [`Problem`].

#![warn(clippy::arithmetic_side_effects)]

use crate::input::Content;
use crate::limits::Budget;
use crate::verdict::Problem;

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

/// One thing found in a container.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its name as stored, of any encoding; for people only.
    pub name: Vec<u8>,
    /// The content that could be read: all of it, a part (then `problems` says why), or none.
    pub content: Option<Content<'a>>,
    /// Why the content is not all there, or what is odd about it.
    pub problems: Vec<Problem>,
}

impl<'a> Entry<'a> {
    /// An entry that was read in full.
    pub fn new(name: impl Into<Vec<u8>>, content: Content<'a>) -> Self {
        Self { name: name.into(), content: Some(content), problems: Vec::new() }
    }

    /// An entry of which nothing could be read.
    pub fn unread(name: impl Into<Vec<u8>>, problem: Problem) -> Self {
        Self { name: name.into(), content: None, problems: vec![problem] }
    }
}
pub fn open<'a>(
    _: &Content<'a>,
    _: crate::identify::Found,
    _: &Budget,
) -> Option<Result<Box<dyn Unpacker<'a> + 'a>, Problem>> {
    None
}
