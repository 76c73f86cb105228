//! Disk images that are known by something far from their beginning.
//!
//! ISO 9660 by ECMA-119, UDF by ECMA-167 (volume recognition sequence), Apple disk images by the
//! trailer that libraries agree on, VHD by Microsoft's "Virtual Hard Disk Image Format Specification".
//! All of them begin at 0; ISO 9660 is also known behind other data.

use super::FileType;
use super::collector::Collector;
use super::fields::{has, part, u8, u16_be, u16_le, u32_be, u32_le, u64_be};

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

/// Where an image begins whose primary volume descriptor is at `at`: its sectors have 2,048 bytes, and
/// its numbers are the same in both byte orders (ECMA-119, 8.4).
pub(super) fn embedded_iso9660(data: &[u8], at: usize) -> Option<usize> {
    const SECTORS: usize = 80;
    const SECTOR_SIZE: usize = 128;
    const ROOT: usize = 156;
    let start = at.checked_sub(VOLUME_DESCRIPTORS)?;
    let field = |place: usize| at.saturating_add(place);
    let has_sectors = u32_le(data, field(SECTORS))? == u32_be(data, field(SECTORS + 4))?;
    let has_size = has(data, field(SECTOR_SIZE), &[0, 8, 8, 0]);
    (has_sectors && has_size && u8(data, field(ROOT))? == 34).then_some(start)
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
    // Where a file system begins at once, code stands in place of the table.
    let is_volume = |name: &[u8]| has(data, 3, name);
    let has_volume = [&b"NTFS    "[..], b"EXFAT   ", b"ReFS\0\0\0\0", b"-FVE-FS-"];
    if is_gpt(data) || is_fat(data) || has_volume.into_iter().any(is_volume) {
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

/// Whether the master directory block of HFS has a size of blocks that it can have, and no HFS+ inside.
pub(super) fn is_hfs(data: &[u8]) -> bool {
    let block = u32_be(data, 1024 + 20).unwrap_or(0);
    block > 0 && block.is_multiple_of(512) && !has(data, 1024 + 124, b"H+")
}

/// Whether the superblock of XFS has a size of blocks that it can have.
pub(super) fn is_xfs(data: &[u8]) -> bool {
    u32_be(data, 4).is_some_and(|block| (512..=65_536).contains(&block) && block.is_power_of_two())
}

/// Whether the superblock of NILFS2 has a revision and a length that there are.
pub(super) fn is_nilfs(data: &[u8]) -> bool {
    u32_le(data, 1024) == Some(2) && matches!(u16_le(data, 1032), Some(256..=1024))
}

/// Whether the first node of JFFS2 has a type, and the length of its header its checksum.
pub(super) fn is_jffs2(data: &[u8]) -> bool {
    let is_little = has(data, 0, b"\x85\x19");
    let (kind, length) = if is_little {
        (u16_le(data, 2), u32_le(data, 4))
    } else {
        (u16_be(data, 2), u32_be(data, 4))
    };
    let is_kind =
        matches!(kind, Some(0xe001 | 0xe002 | 0xe008 | 0xe009 | 0x2003 | 0x2004 | 0x2006));
    is_kind && matches!(length, Some(12..=0x0100_0000))
}

/// Encrypted Apple disk images of the first version end with their mark.
pub(super) fn is_dmg_encrypted(data: &[u8]) -> bool {
    data.ends_with(b"cdsaencr")
}

/// Whether the first sector of a CD has a mode and a place that can be its first.
pub(super) fn is_raw_cd(data: &[u8]) -> bool {
    matches!(part(data, 12, 4), Some([0..=0x99, 0..=0x59, 0..=0x74, 1 | 2]))
}

/// Nero's images end with their version, and where their list of chunks begins.
pub(super) fn is_nrg(data: &[u8]) -> bool {
    let tail = |length: usize| data.get(data.len().checked_sub(length)?..);
    let inside = |place: Option<u64>| place.is_some_and(|place| place < data.len() as u64);
    let begins = |length, name: &[u8]| tail(length).is_some_and(|tail| tail.starts_with(name));
    let place = |length| data.len().saturating_sub(length);
    begins(12, b"NER5") && inside(u64_be(data, place(8)))
        || begins(8, b"NERO") && inside(u32_be(data, place(4)).map(u64::from))
}

/// Whether sizes follow that compressed ISO images have.
pub(super) fn is_ciso(data: &[u8]) -> bool {
    u32_le(data, 16)
        .is_some_and(|block| (2048..=1 << 20).contains(&block) && block.is_power_of_two())
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
    fn images_behind_other_data_are_known_by_their_first_descriptor() {
        let mut image = samples::iso9660();
        for (place, bytes) in
            [(80, &[9, 0, 0, 0, 0, 0, 0, 9][..]), (128, &[0, 8, 8, 0]), (156, &[34])]
        {
            image[32_768 + place..][..bytes.len()].copy_from_slice(bytes);
        }
        let places = |data: &[u8]| -> Vec<u64> {
            let found = identify(data).found;
            let images = found.iter().filter(|found| found.file_type == FileType::Iso9660);
            images.map(|found| found.offset).collect()
        };
        assert_eq!(places(&image), [0]);
        assert_eq!(places(&[&samples::elf()[..], &image].concat()), [samples::elf().len() as u64]);
        image[32_768 + 80] = 8;
        assert_eq!(places(&[&samples::elf()[..], &image].concat()), [0_u64; 0]);
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
