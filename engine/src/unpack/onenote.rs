//! OneNote sections (MS-ONESTORE 13.0): the files that are attached to notes.
//!
//! Each lies in a `FileDataStoreObject` (2.6.13): a GUID, a length, 12 bytes, the data, padding to
//! eight, another GUID. Objects are found by their GUIDs wherever they stand, not through the tables
//! that lead to them: malware breaks those, and notes that were deleted stay in the file. A length that
//! does not lead to the second GUID is not believed; the data then goes up to the next GUID of either
//! kind.

use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::Reader;
use crate::verdict::{Problem, Reason};

/// `{BDE316E7-2665-4511-A4C4-8D4D0B7A9EAC}`, and `{71FBA722-0F79-4A0B-BB13-899256426B24}`.
const HEADER: &[u8] = b"\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac";
const FOOTER: &[u8] = b"\x22\xa7\xfb\x71\x79\x0f\x0b\x4a\xbb\x13\x89\x92\x56\x42\x6b\x24";

/// The format of files as services hand them out (MS-ONESTORE 2.8), which is another one.
const PACKAGING: &[u8] = b"\x2f\xe9\x8d\x63\xd4\xa6\xc1\x4b\x9a\x36\xb3\xfc\x25\x11\xa5\xb7";

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let section = content.slice(offset, u64::MAX);
    let mut notes = Notes::default();
    if section.get(48..64) == Some(PACKAGING) {
        let detail = "stored as services hand it out; attached files are not taken out";
        notes.add(Problem::new(Reason::Unsupported("onenote"), detail));
    }
    Ok(walked(OneNote { section, at: 0, footer: Footer::default(), found: 0, notes }))
}

/// A section being walked.
struct OneNote<'a> {
    section: Content<'a>,
    at: usize,
    footer: Footer,
    /// Files found so far.
    found: u32,
    notes: Notes,
}

/// The footer that was found last, so that none is looked for twice.
#[derive(Clone, Copy, Debug, Default)]
enum Footer {
    #[default]
    Unknown,
    At(usize),
    NoMore,
}

impl<'a> Walk<'a> for OneNote<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        /// From the first GUID to the data.
        const DATA: usize = 36;
        while let Some(place) = self.find(self.at, HEADER, budget)? {
            let start = place.saturating_add(DATA);
            self.at = place.saturating_add(HEADER.len());
            let length = Reader::at(&self.section, self.at as u64).and_then(|mut r| r.u64_le());
            let (end, problem) = self.end(start, length.unwrap_or(u64::MAX), budget)?;
            self.at = self.at.max(end);
            if start >= end {
                problem.into_iter().for_each(|problem| self.notes.add(problem));
                continue;
            }
            self.found = self.found.saturating_add(1);
            let data = self.section.slice(start as u64, end.saturating_sub(start) as u64);
            let mut entry = Entry::in_place(format!("file {}", self.found), data, budget);
            entry.problems.extend(problem);
            return Ok(Some(entry));
        }
        Ok(None)
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> OneNote<'a> {
    /// Where the data ends, and what is wrong with that.
    fn end(
        &mut self,
        start: usize,
        length: u64,
        budget: &Budget,
    ) -> Result<(usize, Option<Problem>), Stop> {
        let told = usize::try_from(length).ok().and_then(|length| start.checked_add(length));
        let told = told.filter(|&told| self.is_closed(told));
        if let Some(told) = told {
            return Ok((told, None));
        }
        let next = self.find(start, HEADER, budget)?;
        let footer = self.next_footer(start, budget)?;
        Ok(match [next, footer].into_iter().flatten().min() {
            Some(end) => {
                let detail = "the length of an attached file does not lead to its end";
                (end, Some(Problem::new(Reason::Corrupted, detail)))
            }
            None => {
                let detail = "an attached file does not end";
                (self.section.len(), Some(Problem::new(Reason::Truncated, detail)))
            }
        })
    }

    /// Whether the closing GUID stands behind data that ends here, or behind its padding.
    fn is_closed(&self, end: usize) -> bool {
        let behind = self.section.get(end..).unwrap_or_default();
        (0..8).any(|padding| behind.get(padding..).is_some_and(|b| b.starts_with(FOOTER)))
    }

    fn next_footer(&mut self, from: usize, budget: &Budget) -> Result<Option<usize>, Stop> {
        match self.footer {
            Footer::NoMore => return Ok(None),
            Footer::At(place) if place >= from => return Ok(Some(place)),
            Footer::At(_) | Footer::Unknown => {}
        }
        let found = self.find(from, FOOTER, budget)?;
        self.footer = found.map_or(Footer::NoMore, Footer::At);
        Ok(found)
    }

    fn find(&self, from: usize, needle: &[u8], budget: &Budget) -> Result<Option<usize>, Stop> {
        let rest = self.section.get(from..).unwrap_or_default();
        Ok(budget.find(rest, needle)?.map(|found| from.saturating_add(found)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Limit, Limits};
    use crate::unpack::testing::{
        Walked, assert_each_limit_is_told, noise, survives_damage, walk_at,
    };

    fn walk(bytes: &[u8]) -> Walked {
        walk_at(open, bytes, 0, Limits::default())
    }

    fn section(format: &[u8]) -> Vec<u8> {
        let mut bytes =
            b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3".to_vec();
        bytes.resize(48, 0);
        bytes.extend(format);
        bytes.resize(1024, 0);
        bytes
    }

    fn attached(length: u64, data: &[u8]) -> Vec<u8> {
        let padding = vec![0; data.len().next_multiple_of(8) - data.len()];
        let length = length.to_le_bytes();
        [HEADER, &length, &[0; 12], data, &padding, FOOTER].concat()
    }

    fn sections(attached: &[Vec<u8>]) -> Vec<u8> {
        [section(b""), attached.concat(), vec![0; 40]].concat()
    }

    #[test]
    fn attached_files_are_taken_out() {
        let nested = sections(&[attached(5, b"inner")]);
        let files = [
            attached(5, b"first"),
            attached(0, b""),
            attached(8, b"the next"),
            attached(nested.len() as u64, &nested),
        ];
        let walked = walk(&sections(&files));
        assert_eq!(walked.names(), ["file 1", "file 2", "file 3"]);
        assert_eq!(walked.content("file 1"), b"first");
        assert_eq!(walked.content("file 2"), b"the next");
        assert_eq!(walked.content("file 3"), nested, "a section in a section stays whole");
        assert_eq!(walked.reasons(), []);
        assert!(walk(&section(b"")).entries.is_empty());
    }

    #[test]
    fn a_length_that_lies_is_not_believed() {
        for length in [0, 100, 5000, u64::MAX] {
            let walked = walk(&sections(&[attached(length, b"the file"), attached(4, b"more")]));
            assert_eq!(walked.content("file 1"), b"the file", "{length}");
            assert_eq!(walked.content("file 2"), b"more", "{length}");
            assert_eq!(walked.reasons(), [Reason::Corrupted], "{length}");
        }
    }

    #[test]
    fn without_an_end_the_rest_is_handed_out() {
        let whole = [section(b""), attached(10, b"0123456789")].concat();
        let start = whole.len() - FOOTER.len() - 16;
        for length in start + 1..whole.len() - 1 {
            let walked = walk(&whole[..length]);
            assert_eq!(walked.reasons(), [Reason::Truncated], "{length}");
            let content = walked.content("file 1");
            assert_eq!(content[..10.min(length - start)], b"0123456789"[..10.min(length - start)]);
        }
        let headers = [section(b""), [HEADER, &[0; 20]].concat(), attached(2, b"ab")].concat();
        let walked = walk(&headers);
        assert_eq!(walked.content("file 1"), b"ab", "a header that nothing follows is no file");
    }

    #[test]
    fn sections_of_services_are_said_to_be_unsupported() {
        assert_eq!(walk(&section(PACKAGING)).reasons(), [Reason::Unsupported("onenote")]);
    }

    /// Headers without ends: each is looked at once.
    #[test]
    fn many_headers_end() {
        let header = [HEADER, &1_u64.to_le_bytes(), &[0; 12], &[1; 20]].concat();
        let walked = walk(&[section(b""), header.repeat(20_000)].concat());
        assert_eq!(walked.entries.len(), 20_000);
        assert_eq!(walked.reasons(), [Reason::Corrupted, Reason::Truncated]);
    }

    #[test]
    fn each_limit_gives_its_reason() {
        use Limit::{ObjectBytes, Time, TotalBytes};
        let bytes = sections(&[attached(10_000, &noise(10_000))]);
        assert_each_limit_is_told(open, &bytes, &[ObjectBytes, TotalBytes, Time]);
    }

    #[test]
    fn damaged_sections_do_no_harm() {
        survives_damage(open, &sections(&[attached(5, b"first"), attached(6, b"second")])[1000..]);
    }
}
