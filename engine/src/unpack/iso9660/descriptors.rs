//! Volume descriptors (ECMA-119, 8; Joliet) and the boot catalog (El Torito 1.0).

use std::collections::VecDeque;

use super::record::{self, Reach};
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::Notes;
use crate::unpack::volume::Volume;
use crate::verdict::Problem;

/// Where the descriptors begin, and how long each is.
const FIRST: u64 = 32_768;
const SECTOR: u64 = 2048;
/// How many are read.
const MOST: u64 = 64;
/// Entries of a boot catalog that are read.
const MOST_BOOTS: u64 = 1024;
/// El Torito counts in sectors of this size.
const BOOT_SECTOR: u64 = 512;

/// The topmost folder of a tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Root {
    pub(super) place: u64,
    pub(super) length: u64,
    pub(super) reach: Reach,
}

/// A boot image.
#[derive(Clone, Copy, Debug)]
pub(super) struct Boot {
    pub(super) place: u64,
    pub(super) length: u64,
}

/// Reads all descriptors: the trees in the order in which they are walked, and the place of the boot
/// catalog.
pub(super) fn read(
    volume: &Volume<'_>,
    notes: &mut Notes,
    budget: &Budget,
) -> Result<(VecDeque<Root>, Option<u64>), Problem> {
    let mut roots = Vec::new();
    let mut catalog = None;
    let mut is_ended = false;
    for number in 0..MOST {
        let at = FIRST.saturating_add(number.saturating_mul(SECTOR));
        let sector = volume.get(at, SECTOR, budget)?;
        if sector.get(1..6) != Some(b"CD001") {
            break;
        }
        match sector.first() {
            Some(0) => catalog = catalog.or(boot_catalog(&sector)),
            Some(1 | 2) => match root(&sector, volume, budget)? {
                Ok(root) => roots.push(root),
                Err(_) => notes.truncated("a volume descriptor is cut off"),
            },
            Some(255) => {
                is_ended = true;
                break;
            }
            _ => {}
        }
    }
    if roots.is_empty() {
        notes.corrupted("no volume descriptor that has a folder");
    } else if !is_ended {
        notes.corrupted("nothing ends the volume descriptors");
    }
    roots.sort_by_key(|root| match root.reach {
        Reach { has_susp: true, .. } => 0,
        Reach { is_wide: true, .. } => 1,
        _ => 2,
    });
    Ok((roots.into(), catalog))
}

fn root(
    sector: &[u8],
    volume: &Volume<'_>,
    budget: &Budget,
) -> Result<Result<Root, OutOfBounds>, Problem> {
    let fields = || {
        let escapes = Reader::at(sector, 88)?.array::<3>()?;
        let block = Reader::at(sector, 128)?.u16_le()?;
        let mut root = Reader::at(sector, 156)?;
        root.skip(1)?;
        let skipped = root.u8()?;
        let place = root.u32_le()?;
        root.skip(4)?;
        Ok((escapes, block, u64::from(place).saturating_add(skipped.into()), root.u32_le()?))
    };
    let (escapes, block, place, length) = match fields() {
        Ok(fields) => fields,
        Err(error) => return Ok(Err(error)),
    };
    let is_supplementary = sector.first() == Some(&2);
    let is_wide = is_supplementary && matches!(&escapes, b"%/@" | b"%/C" | b"%/E");
    let block = if matches!(block, 512 | 1024 | 2048) { block.into() } else { SECTOR };
    let place = place.saturating_mul(block);
    let mut reach = Reach { block, is_wide, has_susp: false, skip: 0 };
    if let Some(skip) = record::susp_in(volume, place, budget)? {
        (reach.has_susp, reach.skip) = (true, skip);
    }
    Ok(Ok(Root { place, length: length.into(), reach }))
}

fn boot_catalog(sector: &[u8]) -> Option<u64> {
    let is_el_torito = sector.get(7..)?.starts_with(b"EL TORITO SPECIFICATION");
    let place = Reader::at(sector, 0x47).and_then(|mut reader| reader.u32_le()).ok()?;
    is_el_torito.then(|| u64::from(place).saturating_mul(SECTOR))
}

/// The images of a boot catalog: an entry for validation, the default one, then those of sections.
pub(super) fn boot_images(
    volume: &Volume<'_>,
    catalog: u64,
    notes: &mut Notes,
    budget: &Budget,
) -> Result<VecDeque<Boot>, Problem> {
    let mut boots = VecDeque::new();
    let entries = volume.get(catalog, MOST_BOOTS.saturating_mul(32), budget)?;
    let (entries, _) = entries.as_chunks::<32>();
    if !entries.first().is_some_and(|entry| entry.starts_with(&[1]) && entry.ends_with(b"\x55\xaa"))
    {
        notes.corrupted("the boot catalog does not begin like one");
        return Ok(boots);
    }
    for (number, entry) in entries.iter().enumerate().skip(1) {
        match entry.first() {
            Some(0x88) => boots.extend(boot_of(entry, volume, budget)?),
            Some(0) if number == 1 => boots.extend(boot_of(entry, volume, budget)?),
            Some(0x90 | 0x91 | 0x44) => {}
            _ => break,
        }
    }
    Ok(boots)
}

/// The image of one entry: as long as the disk that it pretends to be, or as what is loaded.
fn boot_of(
    entry: &[u8; 32],
    volume: &Volume<'_>,
    budget: &Budget,
) -> Result<Option<Boot>, Problem> {
    let [_, media, _, _, _, _, low, high, a, b, c, d, ..] = *entry;
    let place = u64::from(u32::from_le_bytes([a, b, c, d])).saturating_mul(SECTOR);
    let loaded = u64::from(u16::from_le_bytes([low, high])).saturating_mul(BOOT_SECTOR);
    let length = match media & 0xf {
        1 => 1200 << 10,
        2 => 1440 << 10,
        3 => 2880 << 10,
        4 => end_of_disk(&volume.get(place, BOOT_SECTOR, budget)?).unwrap_or(loaded),
        _ => loaded,
    };
    Ok((place != 0 && length > 0).then_some(Boot { place, length }))
}

/// Where the first partition of a disk ends.
fn end_of_disk(sector: &[u8]) -> Option<u64> {
    let mut reader = Reader::at(sector, 446 + 8).ok()?;
    let (start, sectors) = (reader.u32_le().ok()?, reader.u32_le().ok()?);
    let end = u64::from(start).saturating_add(sectors.into());
    (sectors > 0).then(|| end.saturating_mul(BOOT_SECTOR))
}
