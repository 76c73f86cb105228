//! RPM packages, versions 3 and 4 (rpm.org, "RPM Package format"): a lead, two headers, and behind
//! them the files in a compressed cpio archive, which is handed out as it is.
//!
//! Of the headers only the lengths are read. Where they do not lead anywhere, all that follows the
//! lead is handed out.

use super::{Entry, Notes, Opened, Opening, Unpacker};
use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::Problem;

const LEAD: u64 = 96;
const HEADER: [u8; 3] = [0x8e, 0xad, 0xe8];
/// The bytes of one index entry.
const INDEX_ENTRY: u64 = 16;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let package = content.slice(offset, u64::MAX);
    Ok(Box::new(Rpm { package, done: false, notes: Notes::default() }))
}

/// One package; its only entry is its payload.
struct Rpm<'a> {
    package: Content<'a>,
    done: bool,
    notes: Notes,
}

impl<'a> Unpacker<'a> for Rpm<'a> {
    fn next_entry(&mut self, budget: &Budget) -> Option<Entry<'a>> {
        if std::mem::replace(&mut self.done, true) {
            return None;
        }
        let start = match payload(&self.package) {
            Ok(Some(start)) => start,
            Ok(None) => {
                self.notes.corrupted("no header behind the lead");
                LEAD
            }
            Err(_) => {
                self.notes.truncated("the headers are cut off");
                LEAD
            }
        };
        let payload = self.package.slice(start, u64::MAX);
        if payload.is_empty() {
            self.notes.truncated("no payload");
            return None;
        }
        Some(Entry::in_place("payload", payload, budget))
    }

    fn problems(&mut self) -> Vec<Problem> {
        self.notes.take()
    }
}

/// Where the payload begins; `None` where a header does not begin like one.
fn payload(package: &[u8]) -> Result<Option<u64>, OutOfBounds> {
    let Some(signature) = header_end(package, LEAD)? else { return Ok(None) };
    let header = signature.checked_next_multiple_of(8).unwrap_or(u64::MAX);
    header_end(package, header)
}

/// Where the header that begins at `at` ends.
fn header_end(package: &[u8], at: u64) -> Result<Option<u64>, OutOfBounds> {
    let mut reader = Reader::at(package, at)?;
    if reader.array::<3>()? != HEADER {
        return Ok(None);
    }
    reader.skip(5)?;
    let (entries, bytes) = (reader.u32_be()?, reader.u32_be()?);
    reader.skip(u64::from(entries).saturating_mul(INDEX_ENTRY).saturating_add(bytes.into()))?;
    Ok(Some(reader.position() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::unpack::testing::{Walked, survives_damage, walk_at};
    use crate::verdict::Reason;

    fn header(entries: u32, data: &[u8]) -> Vec<u8> {
        let mut header = [&HEADER[..], &[1, 0, 0, 0, 0]].concat();
        header.extend(entries.to_be_bytes());
        header.extend((data.len() as u32).to_be_bytes());
        header.resize(header.len() + entries as usize * 16, 0);
        header.extend(data);
        header
    }

    fn package(payload: &[u8]) -> Vec<u8> {
        let mut package = b"\xed\xab\xee\xdb\x03\0".to_vec();
        package.resize(96, 0);
        package.extend(header(2, b"signature"));
        package.resize(package.len().next_multiple_of(8), 0);
        package.extend(header(3, b"fields"));
        package.extend(payload);
        package
    }

    fn walk(bytes: &[u8]) -> Walked {
        walk_at(open, bytes, 0, Limits::default())
    }

    #[test]
    fn the_payload_is_handed_out() {
        let walked = walk(&package(b"070701 and more"));
        assert_eq!(walked.content("payload"), b"070701 and more");
        assert_eq!(walked.reasons(), []);
    }

    #[test]
    fn every_cut_in_the_headers_is_truncated() {
        let whole = package(b"x");
        for length in 97..whole.len() {
            assert!(walk(&whole[..length]).reasons().contains(&Reason::Truncated), "{length}");
        }
    }

    #[test]
    fn headers_that_lead_nowhere_leave_all_that_follows_the_lead() {
        let mut broken = package(b"payload");
        broken[96] = 0;
        let walked = walk(&broken);
        assert_eq!(walked.reasons(), [Reason::Corrupted]);
        assert_eq!(walked.content("payload"), &broken[96..]);
        let mut endless = package(b"payload");
        endless[104..108].fill(0xff);
        assert_eq!(walk(&endless).reasons(), [Reason::Truncated]);
    }

    #[test]
    fn damaged_packages_do_no_harm() {
        survives_damage(open, &package(b"payload"));
    }
}
