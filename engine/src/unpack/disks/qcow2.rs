//! qcow2 images (QEMU's `docs/interop/qcow2.txt`), versions 2 and 3: clusters that are stored, zeros, or
//! packed with deflate or Zstandard.
//!
//! `unsupported`: version 1, images that stand on another file or keep their data in one, and divided
//! clusters.
//! Snapshots inside of the image are not read.

use std::sync::Arc;

use super::{Opened, open_disk};
use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::Opening;
use crate::unpack::decoders::{Inflate, Zstd};
use crate::unpack::volume::{Mapping, Piece, Unpacked, Volume, unpack_whole};
use crate::verdict::{Problem, Reason};

const PLACE: u64 = 0x00ff_ffff_ffff_fe00;
const IS_PACKED: u64 = 1 << 62;
const IS_ZERO: u64 = 1;
/// Features of version 3 that change where data lie.
const EXTERNAL_DATA: u64 = 1 << 2;
const DIVIDED: u64 = 1 << 4;

pub(in crate::unpack) fn open<'a>(
    content: Content<'a>,
    offset: u64,
    opening: &Opening<'_>,
) -> Opened<'a> {
    let image = content.slice(offset, u64::MAX);
    let cut = |_| Problem::new(Reason::Truncated, "the header is cut off");
    let header = Header::read(&image).map_err(cut)?;
    let unsupported = |what, detail| Err(Problem::new(Reason::Unsupported(what), detail));
    if !matches!(header.version, 2 | 3) {
        return unsupported("qcow2-version", "neither version 2 nor version 3");
    }
    if header.has_backing {
        return unsupported("qcow2-backing", "only what differs from another image");
    }
    if header.features & (EXTERNAL_DATA | DIVIDED) != 0 {
        return unsupported("qcow2-feature", "data in another file, or divided clusters");
    }
    if header.is_encrypted {
        return Err(Problem::new(Reason::Encrypted, "the image has a password"));
    }
    if !matches!(header.cluster_bits, 9..=21) {
        return Err(Problem::new(Reason::Corrupted, "no such size of clusters"));
    }
    let clusters = Clusters { image, header, unpacked: Unpacked::default() };
    open_disk(Volume::mapped(Arc::new(clusters)), opening.budget)
}

struct Header {
    version: u32,
    has_backing: bool,
    is_encrypted: bool,
    features: u64,
    is_zstd: bool,
    cluster_bits: u32,
    size: u64,
    /// The table of tables, and its entries.
    tables: u64,
    table_count: u64,
}

impl Header {
    fn read(image: &[u8]) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::at(image, 4)?;
        let version = reader.u32_be()?;
        let has_backing = reader.u64_be()? != 0;
        reader.skip(4)?;
        let (cluster_bits, size) = (reader.u32_be()?, reader.u64_be()?);
        let is_encrypted = reader.u32_be()? != 0;
        let (table_count, tables) = (reader.u32_be()?.into(), reader.u64_be()?);
        let (mut features, mut is_zstd) = (0, false);
        if version >= 3 {
            features = Reader::at(image, 72)?.u64_be()?;
            let length = Reader::at(image, 100)?.u32_be()?;
            is_zstd = length > 104 && Reader::at(image, 104)?.u8()? == 1;
        }
        Ok(Self {
            version,
            has_backing,
            is_encrypted,
            features,
            is_zstd,
            cluster_bits,
            size,
            tables,
            table_count,
        })
    }

    fn cluster(&self) -> u64 {
        1_u64.checked_shl(self.cluster_bits).unwrap_or(u64::MAX)
    }
}

/// A disk in clusters, found through two levels of tables.
struct Clusters<'a> {
    image: Content<'a>,
    header: Header,
    unpacked: Unpacked<'a>,
}

impl<'a> Clusters<'a> {
    /// What the tables say of a cluster; 0 where it is nowhere.
    fn entry(&self, number: u64) -> Result<u64, OutOfBounds> {
        let per_table = self.header.cluster() >> 3;
        let row = number.checked_div(per_table).unwrap_or(0);
        if row >= self.header.table_count {
            return Ok(0);
        }
        let at = self.header.tables.saturating_add(row.saturating_mul(8));
        let table = Reader::at(&self.image, at)?.u64_be()? & PLACE;
        if table == 0 {
            return Ok(0);
        }
        let row = number.checked_rem(per_table).unwrap_or(0);
        Reader::at(&self.image, table.saturating_add(row.saturating_mul(8)))?.u64_be()
    }

    /// Unpacks a cluster: the entry has its place, and how many further sectors it reaches into.
    fn unpack(&self, entry: u64, budget: &Budget) -> Result<Content<'a>, Problem> {
        let split = 70_u32.saturating_sub(self.header.cluster_bits);
        let low = 1_u64.checked_shl(split).unwrap_or(0).saturating_sub(1);
        let place = entry & low;
        let sectors = ((entry & !IS_PACKED & !(1 << 63)) >> split).saturating_add(1);
        let length = sectors.saturating_mul(512).saturating_sub(place & 511);
        let packed = self.image.slice(place, length);
        let (cluster, length) = (self.header.cluster(), packed.len() as u64);
        if self.header.is_zstd {
            return unpack_whole(Zstd::new(&packed, budget)?, cluster, length, budget);
        }
        unpack_whole(Inflate::new(&packed), cluster, length, budget)
    }
}

impl<'a> Mapping<'a> for Clusters<'a> {
    fn length(&self) -> u64 {
        self.header.size
    }

    fn piece(&self, at: u64, budget: &Budget) -> Result<Piece<'a>, Problem> {
        let cluster = self.header.cluster();
        let number = at.checked_div(cluster).unwrap_or(0);
        let inside = at.checked_rem(cluster).unwrap_or(0);
        let left = cluster.saturating_sub(inside);
        let cut = |_| Problem::new(Reason::Truncated, "the tables of clusters are cut off");
        let entry = self.entry(number).map_err(cut)?;
        if entry & IS_PACKED != 0 {
            let unpacked = self.unpacked.block(number, || self.unpack(entry, budget))?;
            return Ok(Piece::Bytes(unpacked.slice(inside, left)));
        }
        let place = entry & PLACE;
        if place == 0 || entry & IS_ZERO != 0 {
            return Ok(Piece::Zeros(left));
        }
        Ok(Piece::Bytes(self.image.slice(place.saturating_add(inside), left)))
    }
}
