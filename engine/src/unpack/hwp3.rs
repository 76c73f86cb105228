//! Hangul documents of version 3 (Hancom's published description of `.hwp` 3.0): a text that is deflated
//! without a header, behind three blocks of which the last has a length.

use super::decoders::Inflate;
use super::{Entry, Opened, Opening, single};
use crate::input::Content;
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::{Problem, Reason};

/// The signature, and what is told of the document.
const SIGNATURE: u64 = 30;
const INFORMATION: u64 = 128;
const SUMMARY: u64 = 1008;
// Places in the information.
const PASSWORD: u64 = 96;
const COMPRESSED: u64 = 124;
const LENGTH: u64 = 126;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let file = content.slice(offset, u64::MAX);
    match Layout::read(&file) {
        Err(_) => Err(Problem::new(Reason::Truncated, "the document's first blocks are cut off")),
        Ok(layout) if layout.has_password => {
            Err(Problem::new(Reason::Encrypted, "the document has a password"))
        }
        Ok(layout) => {
            let packed = file.slice(layout.text, u64::MAX);
            Ok(single(move |budget| {
                let unpack = || budget.decode(Inflate::new(&packed), packed.len() as u64);
                // A text that is not packed lies there for all to see.
                layout.is_compressed.then(|| Entry::of("text", unpack()))
            }))
        }
    }
}

struct Layout {
    has_password: bool,
    is_compressed: bool,
    text: u64,
}

impl Layout {
    fn read(file: &[u8]) -> Result<Self, OutOfBounds> {
        let field = |at: u64| Reader::at(file, SIGNATURE.saturating_add(at));
        let has_password = field(PASSWORD)?.u16_le()? != 0;
        let is_compressed = field(COMPRESSED)?.u8()? != 0;
        let length = field(LENGTH)?.u16_le()?;
        let text = SIGNATURE.saturating_add(INFORMATION).saturating_add(SUMMARY);
        let text = text.saturating_add(length.into());
        Reader::at(file, text)?;
        Ok(Self { has_password, is_compressed, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Limit, Limits};
    use crate::unpack::testing::{assert_each_limit_is_told, deflated, noise, refusal, walk_at};

    fn document(password: u16, compressed: u8, block: &[u8], text: &[u8]) -> Vec<u8> {
        let mut bytes = b"HWP Document File V3.00 \x1a\x01\x02\x03\x04\x05".to_vec();
        bytes.resize((SIGNATURE + PASSWORD) as usize, 0);
        bytes.extend(password.to_le_bytes());
        bytes.resize((SIGNATURE + COMPRESSED) as usize, 0);
        bytes.extend([compressed, 0]);
        bytes.extend((block.len() as u16).to_le_bytes());
        bytes.resize((SIGNATURE + INFORMATION + SUMMARY) as usize, 0);
        [bytes, block.to_vec(), text.to_vec()].concat()
    }

    fn problem_of(bytes: &[u8]) -> Option<Reason> {
        refusal(open, bytes, Limits::default())
    }

    #[test]
    fn the_text_is_unpacked() {
        let packed = deflated(b"the text");
        let walked = walk_at(open, &document(0, 1, b"block", &packed), 0, Limits::default());
        assert_eq!(walked.content("text"), b"the text");
        assert_eq!(walked.reasons(), []);
        let walked = walk_at(open, &document(0, 0, b"", b"the text"), 0, Limits::default());
        assert!(walked.entries.is_empty());
        assert_eq!(problem_of(&document(0x1234, 1, b"", &packed)), Some(Reason::Encrypted));
    }

    #[test]
    fn every_cut_says_so() {
        let whole = document(0, 1, b"block", &deflated(&noise(300)));
        let text = (SIGNATURE + INFORMATION + SUMMARY) as usize + 5;
        for length in 30..text {
            assert_eq!(problem_of(&whole[..length]), Some(Reason::Truncated), "{length}");
        }
        for length in text..whole.len() {
            let walked = walk_at(open, &whole[..length], 0, Limits::default());
            assert_eq!(walked.reasons(), [Reason::Truncated], "{length}");
        }
    }

    #[test]
    fn each_limit_gives_its_reason() {
        use Limit::{Memory, ObjectBytes, Ratio, TotalBytes};
        let bytes = document(0, 1, b"", &deflated(&vec![0; 4 << 20]));
        assert_each_limit_is_told(open, &bytes, &[ObjectBytes, TotalBytes, Memory, Ratio]);
    }
}
