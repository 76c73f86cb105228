//! A stream that holds several entries behind each other: what 7z calls a folder, Cabinet a folder,
//! compiled help a section.
//!
//! It is read once, from front to back, an entry at a time; what lies between two entries is decoded,
//! charged like output, and dropped. An entry in front of the place reached needs the stream anew.

use std::io::{self, Read};

use super::decoders;
use super::{Content, Entry};
use crate::limits::{Budget, DecodeEnd, Stop};
use crate::verdict::{Problem, Reason};

/// Bytes of a content, for decoders that read for themselves.
pub(super) struct Input<'a> {
    content: Content<'a>,
    at: u64,
}

impl<'a> Input<'a> {
    pub(super) fn new(content: Content<'a>) -> Self {
        Self { content, at: 0 }
    }
}

impl Read for Input<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let at = usize::try_from(self.at).unwrap_or(usize::MAX);
        let count = self.content.get(at..).unwrap_or_default().read(into)?;
        self.at = self.at.saturating_add(count as u64);
        Ok(count)
    }
}

/// A decoder of several entries, and how far it is.
pub(super) struct Solid<'a> {
    reader: Box<dyn Read + 'a>,
    position: u64,
    /// Bytes that the decoder may read: the base of the ratio.
    packed: u64,
    /// Why it does not go on.
    problem: Option<Problem>,
}

impl<'a> Solid<'a> {
    pub(super) fn new(reader: Box<dyn Read + 'a>, packed: u64) -> Self {
        Self { reader, position: 0, packed, problem: None }
    }

    /// A reader that begins at a place behind the first.
    pub(super) fn starting_at(reader: Box<dyn Read + 'a>, position: u64, packed: u64) -> Self {
        Self { position, ..Self::new(reader, packed) }
    }

    /// Whether an entry at that place can still be read.
    pub(super) fn is_before(&self, place: u64) -> bool {
        self.position <= place
    }

    /// Reads an entry of `size` bytes at a place that was not passed yet.
    pub(super) fn entry(
        &mut self,
        name: Vec<u8>,
        place: u64,
        size: u64,
        budget: &Budget,
    ) -> Entry<'static> {
        if let Err(problem) = self.go_to(place, budget) {
            return Entry::unread(name, problem);
        }
        match self.read(size, budget) {
            Ok(decoded) => decoded.into_entry(name, size),
            Err(stop) => Entry::unread(name, stop.into()),
        }
    }

    /// Reads all that is left.
    pub(super) fn rest(&mut self, name: Vec<u8>, budget: &Budget) -> Entry<'static> {
        Entry::of(name, budget.decode(&mut self.reader, self.packed))
    }

    fn read(&mut self, size: u64, budget: &Budget) -> Result<Part, Stop> {
        // What was read of the stream is not always in the entry: a limit leaves the last step out.
        let mut part = (&mut self.reader).take(size);
        let decoded = budget.decode(&mut part, self.packed)?;
        self.position = self.position.saturating_add(size.saturating_sub(part.limit()));
        let there = decoded.bytes.len() as u64;
        if let DecodeEnd::Failed(error) = &decoded.end {
            self.problem = Some(decoders::problem(error));
        } else if there < size && matches!(decoded.end, DecodeEnd::Complete) {
            self.problem = Some(Problem::new(Reason::Truncated, "the stream ends early"));
        }
        Ok(Part { decoded })
    }

    /// Decodes up to a place and drops what comes out.
    fn go_to(&mut self, place: u64, budget: &Budget) -> Result<(), Problem> {
        let mut step = [0; STEP as usize];
        while self.position < place {
            if let Some(problem) = &self.problem {
                let detail = format!("behind what could not be read: {problem}");
                return Err(Problem::new(problem.reason, detail));
            }
            budget.check()?;
            let left = usize::try_from(place.saturating_sub(self.position)).unwrap_or(usize::MAX);
            let most = left.min(step.len());
            match self.reader.read(step.get_mut(..most).unwrap_or_default()) {
                Ok(0) => {
                    self.problem = Some(Problem::new(Reason::Truncated, "the stream ends early"));
                }
                Ok(count) => {
                    budget.put_out(count as u64)?;
                    self.position = self.position.saturating_add(count as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.problem = Some(decoders::problem(&error)),
            }
        }
        Ok(())
    }
}

/// Bytes that one step of the budget reads.
const STEP: u64 = 32 << 10;

/// What was read of an entry.
struct Part {
    decoded: crate::limits::Decoded,
}

impl Part {
    fn into_entry(self, name: Vec<u8>, size: u64) -> Entry<'static> {
        Entry::decoded(name, self.decoded).expecting(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Limit, Limits};
    use crate::unpack::testing::budget;

    /// Hands out few bytes at a time, as decoders do at the ends of their blocks.
    struct Few<R>(R);

    impl<R: Read> Read for Few<R> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let most = into.len().min(1000);
            self.0.read(&mut into[..most])
        }
    }

    #[test]
    fn what_lies_behind_an_entry_that_is_too_large_is_found() {
        let budget = budget(Limits { object_bytes: 2500, ..Limits::default() });
        let stream = [&[1; 5000][..], b"behind"].concat();
        let mut solid = Solid::new(Box::new(Few(io::Cursor::new(stream))), 5006);
        let large = solid.entry(b"large".to_vec(), 0, 5000, &budget);
        assert_eq!(large.problems[0].reason, Reason::Limit(Limit::ObjectBytes));
        let behind = solid.entry(b"behind".to_vec(), 5000, 6, &budget);
        assert_eq!(behind.content.as_deref(), Some(&b"behind"[..]));
    }
}
