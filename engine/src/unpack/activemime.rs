//! ActiveMime, in which Word keeps the macros of pages and messages (`editdata.mso`; no specification is
//! public): a header whose length has varied, then zlib.

use super::decoders::Inflate;
use super::{Entry, Opened, Opening, single};
use crate::input::Content;
use crate::verdict::{Problem, Reason};

/// Where the data begins in most files, and how far it is looked for in others.
const USUAL: usize = 0x32;
const FURTHEST: usize = 4096;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let file = content.slice(offset, u64::MAX);
    let Some(start) = start(&file) else {
        return Err(Problem::new(Reason::Corrupted, "no compressed data behind the header"));
    };
    let packed = file.slice(start as u64, u64::MAX);
    Ok(single(move |budget| {
        let decoded = budget.decode(Inflate::new(&packed), packed.len() as u64);
        Some(Entry::of("unpacked", decoded))
    }))
}

/// Where deflated data begins.
fn start(file: &[u8]) -> Option<usize> {
    let begins = |&at: &usize| is_zlib(file.get(at..).unwrap_or_default());
    let mut places = std::iter::once(USUAL).chain(12..FURTHEST.min(file.len()));
    places.find(begins)?.checked_add(2)
}

/// A header of zlib (RFC 1950), and a first block of a kind that exists.
fn is_zlib(bytes: &[u8]) -> bool {
    let Some(&[first @ 0x78, second, block, ..]) = bytes.first_chunk::<3>() else { return false };
    u16::from_be_bytes([first, second]) % 31 == 0 && block & 6 != 6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Limit, Limits};
    use crate::unpack::testing::{assert_each_limit_is_told, deflated, noise, refusal, walk_at};

    fn file(header: usize, packed: &[u8]) -> Vec<u8> {
        let mut bytes = b"ActiveMime\0\0\x01\xf0\x04\0\0\0\xff\xff\xff\xff".to_vec();
        bytes.resize(header, 0);
        [bytes, vec![0x78, 0x9c], deflated(packed), vec![0; 4]].concat()
    }

    #[test]
    fn the_data_is_unpacked_wherever_it_begins() {
        for header in [0x32, 0x22a, 20, 4000] {
            let walked = walk_at(open, &file(header, b"macros"), 0, Limits::default());
            assert_eq!(walked.content("unpacked"), b"macros", "{header}");
            assert_eq!(walked.reasons(), []);
        }
    }

    #[test]
    fn every_cut_says_so() {
        let whole = file(0x32, &noise(300));
        for length in 0x40..whole.len() - 4 {
            let walked = walk_at(open, &whole[..length], 0, Limits::default());
            assert_eq!(walked.reasons(), [Reason::Truncated], "{length}");
        }
        let refused = refusal(open, &whole[..0x32], Limits::default());
        assert_eq!(refused, Some(Reason::Corrupted));
    }

    #[test]
    fn each_limit_gives_its_reason() {
        use Limit::{Memory, ObjectBytes, Ratio, TotalBytes};
        let bytes = file(0x32, &vec![0; 4 << 20]);
        assert_each_limit_is_told(open, &bytes, &[ObjectBytes, TotalBytes, Memory, Ratio]);
    }

    #[test]
    fn damaged_files_do_no_harm() {
        let whole = file(0x32, &noise(100));
        for at in 12..whole.len() {
            let mut bytes = whole.to_vec();
            bytes[at] ^= 0x55;
            let budget = crate::unpack::testing::budget(Limits::default());
            let opening = Opening { budget: &budget, passwords: &Default::default() };
            if let Ok(mut unpacker) = open(Content::borrowed(&bytes), 0, &opening) {
                assert!(unpacker.next_entry(&budget).is_some());
                assert!(unpacker.next_entry(&budget).is_none());
            }
        }
    }
}
