//! Disk images that are known by something far from their beginning.
//!
//! ISO 9660 by ECMA-119, UDF by ECMA-167 (volume recognition sequence), Apple disk images by the
//! trailer that libraries agree on, VHD by Microsoft's "Virtual Hard Disk Image Format Specification".
//! All of them begin at 0.

use super::FileType;
use super::collector::Collector;
use super::fields::{has, part, u8, u16_le, u32_be, u32_le};

/// Where the volume descriptors begin, behind the area for a boot loader.
const VOLUME_DESCRIPTORS: usize = 32_768;
/// From one to the next; longer where sectors are.
const DESCRIPTOR_STEPS: [usize; 2] = [2048, 4096];
/// How many volume descriptors are looked at.
const DESCRIPTORS_MOST: usize = 64;
/// The size of the trailers of Apple and VHD images.
const TRAILER: usize = 512;

/// Adds the images.
pub(super) fn identify(data: &[u8], collector: &mut Collector) {
    for descriptor in DESCRIPTOR_STEPS.into_iter().flat_map(|step| volume_descriptors(data, step)) {
        match descriptor {
            b"CD001" => collector.add(FileType::Iso9660, 0),
            b"NSR02" | b"NSR03" => collector.add(FileType::Udf, 0),
            _ => {}
        }
    }
    if is_dmg(data) {
        collector.add(FileType::Dmg, 0);
    }
    if is_vhd(data) {
        collector.add(FileType::Vhd, 0);
    }
}

/// The names of the volume descriptors, up to the first that is none.
fn volume_descriptors(data: &[u8], step: usize) -> impl Iterator<Item = &[u8]> {
    const KNOWN: &[&[u8]] = &[b"CD001", b"BEA01", b"NSR02", b"NSR03", b"TEA01", b"BOOT2", b"CDW02"];
    let places = (VOLUME_DESCRIPTORS..).step_by(step).take(DESCRIPTORS_MOST);
    let names = places.map_while(|place| part(data, place.saturating_add(1), 5));
    names.take_while(|name| KNOWN.contains(name))
}

fn is_dmg(data: &[u8]) -> bool {
    let Some(trailer) = data.last_chunk::<TRAILER>() else { return false };
    trailer.starts_with(b"koly") && u32_be(trailer, 8) == Some(TRAILER as u32)
}

/// The footer is repeated at 0 when the disk is dynamic; old ones are a byte shorter.
fn is_vhd(data: &[u8]) -> bool {
    const COOKIE: &[u8] = b"conectix";
    let before_end = |length| data.len().checked_sub(length);
    let footers = [Some(0), before_end(TRAILER), before_end(TRAILER - 1)];
    footers.into_iter().flatten().any(|place| has(data, place, COOKIE))
}

/// Whether a map of partitions follows.
pub(super) fn is_apple_map(data: &[u8]) -> bool {
    [512, 1024, 2048, 4096].into_iter().any(|place| has(data, place, b"PM\0\0\0\0"))
}

/// Whether a partition begins where the disk does: it is not looked into as one then.
pub(super) fn begins_with_partition(data: &[u8]) -> bool {
    let lines = part(data, 446, 64).map(|lines| lines.as_chunks::<16>().0).unwrap_or_default();
    lines.iter().any(|line| {
        let [_, _, _, _, kind, _, _, _, place @ ..] = *line;
        kind != 0 && place.starts_with(&[0; 4])
    })
}

/// Whether the lines of a boot record are those of a table of partitions, of which one begins within
/// the data. File systems have such a sector as well, with code instead of the table.
pub(super) fn is_mbr(data: &[u8]) -> bool {
    is_mbr_of(data, data.len() as u64)
}

/// Whether a disk of that length, which begins with these bytes, has a table of partitions.
pub(crate) fn has_partitions(head: &[u8], length: u64) -> bool {
    let is_apple = || has(head, 0, b"ER") && is_apple_map(head);
    let has_mark = || has(head, 510, b"\x55\xaa");
    is_gpt(head) || is_apple() || (has_mark() && is_mbr_of(head, length))
}

fn is_gpt(data: &[u8]) -> bool {
    has(data, 512, b"EFI PART") || has(data, 4096, b"EFI PART")
}

fn is_mbr_of(data: &[u8], length: u64) -> bool {
    if is_gpt(data) || is_fat(data) {
        return false;
    }
    let Some((lines, _)) = part(data, 446, 64).map(<[u8]>::as_chunks::<16>) else { return false };
    let is_line = |line: &[u8; 16]| match line {
        [0 | 0x80, _, _, _, 0, ..] => !line.iter().skip(8).any(|&byte| byte != 0),
        [0 | 0x80, ..] => true,
        _ => false,
    };
    let is_inside = |line: &[u8; 16]| {
        let [_, _, _, _, kind, _, _, _, a, b, c, d, sectors @ ..] = *line;
        let place = u64::from(u32::from_le_bytes([a, b, c, d])).saturating_mul(512);
        kind != 0 && sectors != [0; 4] && place < length
    };
    lines.iter().all(is_line) && lines.iter().any(is_inside)
}

/// Whether the superblock of an ext file system has sizes that it can have.
pub(super) fn is_ext(data: &[u8]) -> bool {
    let fields = || {
        let (inodes, blocks) = (u32_le(data, 1024)?, u32_le(data, 1028)?);
        let (log, per_group) = (u32_le(data, 1048)?, u32_le(data, 1064)?);
        let has_counts = inodes > 0 && blocks > 0 && per_group > 0;
        Some(has_counts && log <= 6 && matches!(u32_le(data, 1100)?, 0 | 1))
    };
    fields().unwrap_or(false)
}

/// Whether a boot sector has the fields of a FAT file system.
pub(super) fn is_fat(data: &[u8]) -> bool {
    let fields = || {
        let is_jump = matches!(part(data, 0, 3)?, [0xeb, _, 0x90] | [0xe9, _, _]);
        let sector = u16_le(data, 11)?;
        let per_cluster = u8(data, 13)?;
        let (reserved, tables) = (u16_le(data, 14)?, u8(data, 16)?);
        let (few, many) = (u16_le(data, 19)?, u32_le(data, 32)?);
        let (short, long) = (u16_le(data, 22)?, u32_le(data, 36)?);
        let is_media = matches!(u8(data, 21)?, 0xf0 | 0xf8..);
        Some(
            is_jump
                && matches!(sector, 512 | 1024 | 2048 | 4096)
                && per_cluster.is_power_of_two()
                && reserved > 0
                && matches!(tables, 1..=4)
                && is_media
                && (few > 0 || many > 0)
                && (short > 0 || long > 0),
        )
    };
    fields().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::super::{FileType, identify, samples};

    #[test]
    fn both_file_systems_of_a_bridge_image_are_named() {
        let mut image = samples::iso9660();
        image.resize(32_768 + 4 * 2048, 0);
        for (sector, name) in [(1, b"BEA01"), (2, b"NSR02"), (3, b"TEA01")] {
            let place = 32_768 + sector * 2048 + 1;
            image[place..place + 5].copy_from_slice(name);
        }
        let types = identify(&image).types();
        assert!(types.contains(FileType::Iso9660) && types.contains(FileType::Udf));
    }

    #[test]
    fn what_comes_after_the_descriptors_is_not_one() {
        let mut image = samples::iso9660();
        image.resize(32_768 + 4 * 2048, 0);
        let place = 32_768 + 3 * 2048 + 1;
        image[place..place + 5].copy_from_slice(b"NSR02");
        assert!(!identify(&image).types().contains(FileType::Udf));
    }

    #[test]
    fn a_fixed_disk_is_known_by_its_footer_and_begins_at_0() {
        let mut image = vec![0; 4096];
        image[3584..3592].copy_from_slice(b"conectix");
        let found = identify(&image).found;
        assert_eq!((found[0].file_type, found[0].offset), (FileType::Vhd, 0));
    }
}
