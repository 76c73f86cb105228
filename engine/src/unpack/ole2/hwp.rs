//! Hangul documents of version 5 ("Hwp Document File Formats 5.0", revision 1.3): streams that are
//! deflated without a header where the stream `FileHeader` says so.
//!
//! An attached object may be left unpacked by a flag of its own, so one that cannot be unpacked is taken
//! as it stands. Scripts are counted texts in UTF-16.

use super::directory::Record;
use crate::input::Content;
use crate::limits::{Budget, DecodeEnd, Stop};
use crate::reader::Reader;
use crate::unpack::Entry;
use crate::unpack::decoders::Inflate;
use crate::verdict::{Problem, Reason};

/// What `FileHeader` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Properties(u32);

impl Properties {
    const COMPRESSED: u32 = 1;
    const PASSWORD: u32 = 1 << 1;
    const FOR_DISTRIBUTION: u32 = 1 << 2;
    const RIGHTS: u32 = 1 << 4;

    /// Reads the stream; `None` where it belongs to something else.
    pub(super) fn read(stream: &[u8]) -> Option<Self> {
        stream.starts_with(b"HWP Document File").then_some(())?;
        Some(Self(Reader::at(stream, 36).ok()?.u32_le().ok()?))
    }

    /// Why the text cannot be read.
    pub(super) fn problem(self) -> Option<Problem> {
        if self.0 & (Self::PASSWORD | Self::RIGHTS) != 0 {
            return Some(Problem::new(Reason::Encrypted, "the document has a password"));
        }
        let detail = "a document for distribution, whose text is scrambled";
        (self.0 & Self::FOR_DISTRIBUTION != 0)
            .then(|| Problem::new(Reason::Unsupported("hwp-distribution"), detail))
    }

    /// Whether a stream of this path is packed.
    pub(super) fn is_packed(self, path: &[u8]) -> bool {
        const STORAGES: [&[u8]; 3] = [b"BodyText/", b"BinData/", b"Scripts/"];
        self.0 & Self::COMPRESSED != 0
            && self.0 & Self::PASSWORD == 0
            && (path == b"DocInfo" || STORAGES.iter().any(|storage| path.starts_with(storage)))
    }
}

pub(super) fn is_header(record: &Record) -> bool {
    record.is_named("FileHeader")
}

/// The content of a stream that may be packed, and of a script its text.
pub(super) fn unpack<'a>(
    path: &[u8],
    stream: &Content<'a>,
    budget: &Budget,
) -> Result<Vec<Entry<'a>>, Stop> {
    let decoded = budget.decode(Inflate::new(stream), stream.len() as u64)?;
    let is_unpacked = match decoded.end {
        DecodeEnd::Failed(_) => decoded.bytes.len() > stream.len(),
        DecodeEnd::Complete | DecodeEnd::Stopped(_) => true,
    };
    if !is_unpacked {
        return Ok(Vec::new());
    }
    let entry = Entry::decoded([path, b" inflated"].concat(), decoded);
    let text = path.starts_with(b"Scripts/").then(|| entry.content.clone()).flatten();
    // The number of characters stands in front.
    let text = text.map(|text| text.slice(4, u64::MAX)).filter(|text| !text.is_empty());
    let text = text.map(|text| Entry::in_place([path, b" text"].concat(), text, budget));
    Ok([Some(entry), text].into_iter().flatten().collect())
}
