//! Images of Parallels (QEMU's `docs/interop/parallels.txt`): both forms of the expandable disk.

use std::sync::Arc;

use super::{Opened, open_disk};
use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::Opening;
use crate::unpack::volume::{Mapping, Piece, Volume};
use crate::verdict::{Problem, Reason};

const SECTOR: u64 = 512;
/// The table counts clusters in this form, and sectors in the older one.
const NEWER: &[u8] = b"WithouFreSpacExt";
const SIZES: u64 = 28;
const TABLE: u64 = 64;

pub(in crate::unpack) fn open<'a>(
    content: Content<'a>,
    offset: u64,
    opening: &Opening<'_>,
) -> Opened<'a> {
    let cut = |_| Problem::new(Reason::Truncated, "the header is cut off");
    let clusters = Clusters::read(content.slice(offset, u64::MAX)).map_err(cut)?;
    if clusters.length() == 0 {
        return Err(Problem::new(Reason::Corrupted, "a disk of no size"));
    }
    open_disk(Volume::mapped(Arc::new(clusters)), opening.budget)
}

/// A disk in clusters, each where the table says.
struct Clusters<'a> {
    image: Content<'a>,
    size: u64,
    cluster: u64,
    entries: u64,
    /// Bytes that an entry of the table counts in.
    unit: u64,
}

impl<'a> Clusters<'a> {
    fn read(image: Content<'a>) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::at(&image, SIZES)?;
        let cluster = u64::from(reader.u32_le()?).saturating_mul(SECTOR);
        let (entries, sectors) = (reader.u32_le()?.into(), reader.u64_le()?);
        let is_newer = image.starts_with(NEWER);
        // The older form has 32 bits for the size.
        let sectors = if is_newer { sectors } else { sectors & u64::from(u32::MAX) };
        let unit = if is_newer { cluster } else { SECTOR };
        Ok(Self { image, size: sectors.saturating_mul(SECTOR), cluster, entries, unit })
    }
}

impl<'a> Mapping<'a> for Clusters<'a> {
    fn length(&self) -> u64 {
        self.size.min(self.entries.saturating_mul(self.cluster))
    }

    fn piece(&self, at: u64, _: &Budget) -> Result<Piece<'a>, Problem> {
        let number = at.checked_div(self.cluster).unwrap_or(0);
        let inside = at.checked_rem(self.cluster).unwrap_or(0);
        let left = self.cluster.saturating_sub(inside);
        let entry = TABLE.saturating_add(number.saturating_mul(4));
        let cut = |_| Problem::new(Reason::Truncated, "the table of clusters is cut off");
        let place = Reader::at(&self.image, entry).and_then(|mut reader| reader.u32_le());
        let place = u64::from(place.map_err(cut)?).saturating_mul(self.unit);
        if place == 0 {
            return Ok(Piece::Zeros(left));
        }
        Ok(Piece::Bytes(self.image.slice(place.saturating_add(inside), left)))
    }
}
