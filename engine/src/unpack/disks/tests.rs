//! Disks built sector by sector, and images of other tools.

use std::path::Path;

use super::*;
use crate::identify::FileType;
use crate::limits::{Limit, Limits};
use crate::unpack::Open;
use crate::unpack::testing::{
    Walked, assert_holds_sample, noise, refusal, run, sample_tree, survives_damage, walk_at,
};
use crate::verdict::Reason;

const SECTOR: usize = 512;

fn walk(bytes: &[u8]) -> Walked {
    walk_at(open, bytes, 0, Limits::default())
}

fn put(disk: &mut [u8], at: usize, bytes: &[u8]) {
    disk[at..at + bytes.len()].copy_from_slice(bytes);
}

/// Writes a boot record: kind, first sector and sectors of each line.
fn put_table(disk: &mut [u8], sector: usize, lines: &[(u8, u32, u32)]) {
    let at = sector * SECTOR;
    for (number, (kind, first, sectors)) in lines.iter().enumerate() {
        let line = at + 446 + number * 16;
        disk[line + 4] = *kind;
        put(disk, line + 8, &first.to_le_bytes());
        put(disk, line + 12, &sectors.to_le_bytes());
    }
    put(disk, at + 510, b"\x55\xaa");
}

fn at_sector(disk: &mut [u8], sector: usize, bytes: &[u8]) {
    put(disk, sector * SECTOR, bytes);
}

#[test]
fn primary_and_logical_partitions_and_what_lies_between() {
    let mut disk = vec![0; 40 * SECTOR];
    put(&mut disk, 0, b"boot code");
    put_table(&mut disk, 0, &[(0x83, 2, 3), (0x0f, 10, 20)]);
    at_sector(&mut disk, 2, b"first");
    at_sector(&mut disk, 7, b"in between");
    put_table(&mut disk, 10, &[(0x83, 1, 2), (0x05, 5, 10)]);
    at_sector(&mut disk, 11, b"logical");
    put_table(&mut disk, 15, &[(0x83, 1, 1)]);
    at_sector(&mut disk, 16, b"second logical");
    at_sector(&mut disk, 39, b"at the end");
    let walked = walk(&disk);
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    let expected = [
        ("boot code", &b"boot code"[..]),
        ("partition 1", b"first"),
        ("between partitions at 2560", b""),
        ("partition 5", b"logical"),
        ("between partitions at 6656", b""),
        ("partition 6", b"second logical"),
        ("behind partitions at 8704", b""),
    ];
    assert_eq!(walked.names(), expected.map(|(name, _)| name));
    for (name, bytes) in expected {
        assert!(walked.content(name).starts_with(bytes), "{name}");
    }
    assert!(walked.content("behind partitions at 8704")[22 * SECTOR..].starts_with(b"at the end"));
}

#[test]
fn chains_of_logical_partitions_end() {
    let mut disk = vec![0; 40 * SECTOR];
    put_table(&mut disk, 0, &[(0x05, 10, 20)]);
    put_table(&mut disk, 10, &[(0x83, 1, 1), (0x05, 5, 1)]);
    put_table(&mut disk, 15, &[(0x83, 1, 1), (0x05, 0, 1)]);
    let walked = walk(&disk);
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
    assert!(walked.names().contains(&"partition 5") && walked.names().contains(&"partition 6"));
}

#[test]
fn partitions_that_lie_about_their_place_are_truncated() {
    let mut disk = vec![0; 10 * SECTOR];
    put_table(&mut disk, 0, &[(7, 0, 10), (7, 5, u32::MAX), (7, u32::MAX, 1)]);
    let walked = walk(&disk);
    assert_eq!(walked.names(), ["partition 2", "partition 3"], "the disk itself is no part of it");
    assert_eq!(walked.reasons(), [Reason::Truncated]);
}

/// A file system on a partition that is larger than an object may be is walked from here.
#[test]
fn a_partition_too_large_for_an_object_is_walked_in_place() {
    let Some(iso) = iso_sample() else { return };
    let mut disk = vec![0; 4 * SECTOR];
    put_table(&mut disk, 0, &[(0x83, 4, (iso.len() / SECTOR) as u32)]);
    disk.extend(&iso);
    let limits = Limits { object_bytes: 200_000, ..Limits::default() };
    assert!(iso.len() as u64 > limits.object_bytes);
    let walked = walk_at(open, &disk, 0, limits.clone());
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert_eq!(walked.content("partition 1/tree/noise"), noise(70_000));
    let unknown = [&disk[..4 * SECTOR], &vec![7; iso.len()]].concat();
    let walked = walk_at(open, &unknown, 0, limits);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::ObjectBytes)]);
    assert_eq!(walked.content("partition 1").len(), 200_000);
}

fn iso_sample() -> Option<Vec<u8>> {
    let folder = sample_tree();
    make_iso(folder.path())?;
    Some(std::fs::read(folder.path().join("x.iso")).unwrap())
}

fn make_iso(folder: &Path) -> Option<Vec<u8>> {
    let arguments = ["-quiet", "-R", "-o", "x.iso", "-graft-points", "tree=tree"];
    run(folder, "genisoimage", &arguments)
}

/// Formats of qemu-img, with what they are opened by.
const FORMATS: [(&str, &str, Open); 17] = [
    ("vpc", "subformat=dynamic,force_size=on", open_vhd),
    ("vpc", "subformat=fixed,force_size=on", open_vhd),
    ("vdi", "static=off", open_vdi),
    ("vdi", "static=on", open_vdi),
    ("parallels", "cluster_size=1048576", open_parallels),
    ("parallels", "cluster_size=4096", open_parallels),
    ("vhdx", "subformat=dynamic", open_vhdx),
    ("vhdx", "subformat=dynamic,block_size=1048576", open_vhdx),
    ("vhdx", "subformat=fixed", open_vhdx),
    ("vmdk", "subformat=monolithicSparse", open_vmdk),
    ("vmdk", "subformat=streamOptimized", open_vmdk),
    ("qcow2", "compat=0.10", open_qcow2),
    ("qcow2", "cluster_size=512", open_qcow2),
    ("qcow2", "cluster_size=2097152", open_qcow2),
    ("qcow2", "compression_type=zlib", open_qcow2),
    ("qcow2 -c", "cluster_size=4096", open_qcow2),
    ("qcow2 -c", "compression_type=zstd", open_qcow2),
];

/// The image of a disk in one of these formats.
fn convert(folder: &Path, format: &str, options: &str, disk: &str) -> Option<Vec<u8>> {
    let mut arguments = vec!["convert", "-f", "raw", "-O"];
    arguments.extend(format.split(' '));
    arguments.extend(["-o", options, disk, "image"]);
    run(folder, "qemu-img", &arguments)?;
    Some(std::fs::read(folder.join("image")).unwrap())
}

#[test]
fn images_of_another_tool_are_read() {
    for (format, options, open) in FORMATS {
        let folder = sample_tree();
        if make_iso(folder.path()).is_none() {
            return;
        }
        let Some(image) = convert(folder.path(), format, options, "x.iso") else { return };
        let walked = walk_at(open, &image, 0, Limits::default());
        assert_holds_sample(&walked, &format!("{format} {options}"));
    }
}

/// Formats that hold a disk of 2 MiB with a partition of unknown content: it is put together.
#[test]
fn a_partition_of_unknown_content_is_put_together() {
    let folder = tempfile::tempdir().unwrap();
    let mut disk = vec![0; 4096 * SECTOR];
    put_table(&mut disk, 0, &[(0x83, 8, 3000)]);
    put(&mut disk, 8 * SECTOR, &noise(300_000));
    std::fs::write(folder.path().join("disk"), &disk).unwrap();
    for (format, options, open) in FORMATS {
        let Some(image) = convert(folder.path(), format, options, "disk") else { return };
        let walked = walk_at(open, &image, 0, Limits::default());
        assert_eq!(walked.reasons(), [], "{format} {options}: {}", walked.words());
        assert_eq!(walked.names(), ["partition 1"], "{format} {options}");
        let expected = &disk[8 * SECTOR..3008 * SECTOR];
        assert!(walked.content("partition 1") == expected, "{format} {options}");
        for length in [image.len() / 3, image.len() / 2] {
            let is_told = is_refused_or_incomplete(open, &image[..length]);
            assert!(is_told || options.contains("fixed"), "{format} {options}: {length} bytes");
        }
    }
}

fn is_refused_or_incomplete(open: Open, image: &[u8]) -> bool {
    refusal(open, image, Limits::default()).is_some()
        || !walk_at(open, image, 0, Limits::default()).reasons().is_empty()
}

#[test]
fn a_disk_far_larger_than_its_image_is_walked() {
    let folder = tempfile::tempdir().unwrap();
    for (format, open) in
        [("vpc", open_vhd as Open), ("vhdx", open_vhdx), ("vmdk", open_vmdk), ("qcow2", open_qcow2)]
    {
        let arguments = ["create", "-q", "-f", format, "image", "60G"];
        if run(folder.path(), "qemu-img", &arguments).is_none() {
            return;
        }
        let image = std::fs::read(folder.path().join("image")).unwrap();
        let walked = walk_at(open, &image, 0, Limits::default());
        // Nothing is known on it: as much of it is put together as the ratio allows.
        let [Reason::Limit(limit)] = walked.reasons()[..] else { panic!("{:?}", walked.reasons()) };
        assert!(matches!(limit, Limit::Ratio | Limit::ObjectBytes), "{format}: {limit:?}");
    }
}

#[test]
fn images_that_stand_on_others_are_unsupported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for (format, open, reason) in
        [("qcow2", open_qcow2 as Open, "qcow2-backing"), ("vmdk", open_vmdk, "vmdk-differencing")]
    {
        let base = ["create", "-q", "-f", format, "base", "4M"];
        let over = ["create", "-q", "-f", format, "-b", "base", "-F", format, "image"];
        if run(path, "qemu-img", &base).is_none() || run(path, "qemu-img", &over).is_none() {
            return;
        }
        let image = std::fs::read(path.join("image")).unwrap();
        assert_eq!(refusal(open, &image, Limits::default()), Some(Reason::Unsupported(reason)));
    }
    assert_eq!(
        refusal(open_vmdk, b"# Disk DescriptorFile\n", Limits::default()),
        Some(Reason::Unsupported("vmdk-extent"))
    );
    let mut vhd = vec![0; 512];
    put(&mut vhd, 0, b"conectix");
    vhd[63] = 4;
    assert_eq!(
        refusal(open_vhd, &vhd, Limits::default()),
        Some(Reason::Unsupported("vhd-differencing"))
    );
    vhd[63] = 9;
    assert_eq!(refusal(open_vhd, &vhd, Limits::default()), Some(Reason::Corrupted));
}

/// What is in one of them need not be in the other: systems differ in which they prefer.
#[test]
fn every_file_system_of_a_disc_is_read() {
    let folder = sample_tree();
    let arguments = ["-quiet", "-udf", "-R", "-o", "x.iso", "-graft-points", "tree=tree"];
    if run(folder.path(), "genisoimage", &arguments).is_none() {
        return;
    }
    let disc = std::fs::read(folder.path().join("x.iso")).unwrap();
    let both = walk_at(open_raw_cd, &raw_cd(&disc, 1), 0, Limits::default());
    assert_eq!(both.reasons(), [], "{}", both.words());
    let mut names = both.names();
    names.sort_unstable();
    names.dedup();
    assert!(names.contains(&"tree/text"), "{names:?}");
    assert_eq!(both.entries.len(), 2 * names.len(), "each from both");
}

#[test]
fn blocks_of_vdi_images_are_sectors() {
    let image = |block: u32| {
        let mut image = vec![0; 8192];
        image[76] = 1;
        let numbers = [400_u32, 1024].map(u32::to_le_bytes).concat();
        image[340..348].copy_from_slice(&numbers);
        image[368..376].copy_from_slice(&2048_u64.to_le_bytes());
        let numbers = [block, 0, 4].map(u32::to_le_bytes).concat();
        image[376..388].copy_from_slice(&numbers);
        image
    };
    assert_eq!(refusal(open_vdi, &image(512), Limits::default()), None);
    for block in [0, 1, 511, 513] {
        let refused = refusal(open_vdi, &image(block), Limits::default());
        assert_eq!(refused, Some(Reason::Corrupted), "{block}");
    }
}

/// Sectors as they lie on a CD, with nothing for error correction.
fn raw_cd(iso: &[u8], mode: u8) -> Vec<u8> {
    let sector = |data: &[u8]| {
        let mut sector =
            [&b"\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0"[..], &[0, 2, 0, mode]].concat();
        sector.resize(if mode == 1 { 16 } else { 24 }, 0);
        sector.extend(data);
        sector.resize(2352, 0);
        sector
    };
    iso.chunks(2048).flat_map(sector).collect()
}

#[test]
fn discs_sector_by_sector_are_read() {
    let Some(iso) = iso_sample() else { return };
    for mode in [1, 2] {
        let image = raw_cd(&iso, mode);
        assert!(identify::identify(&image).types_at_start().contains(FileType::RawCd));
        let walked = walk_at(open_raw_cd, &image, 0, Limits::default());
        assert_holds_sample(&walked, "raw sectors");
        let mut unmarked = image.clone();
        unmarked.chunks_mut(2352).skip(17).for_each(|sector| sector[..16].fill(0));
        let walked = walk_at(open_raw_cd, &unmarked, 0, Limits::default());
        assert_holds_sample(&walked, "sectors without marks");
        let cut = walk_at(open_raw_cd, &image[..image.len() / 8], 0, Limits::default());
        assert!(cut.reasons().contains(&Reason::Truncated), "{}", cut.words());
    }
    survives_damage(open_raw_cd, &raw_cd(&noise(5000), 1));
}

#[test]
fn tables_of_another_tool_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let lines = "start=2048, size=100\nstart=4096, size=100\n";
    for label in ["dos", "gpt"] {
        std::fs::write(folder.path().join("disk"), vec![0; 4 << 20]).unwrap();
        let script = format!("printf 'label: {label}\n{lines}' | /usr/sbin/sfdisk -q disk");
        let Ok(output) = std::process::Command::new("sh")
            .args(["-c", &script])
            .current_dir(folder.path())
            .output()
        else {
            return;
        };
        if !output.status.success() {
            return println!("skipped: sfdisk is not installed");
        }
        let mut disk = std::fs::read(folder.path().join("disk")).unwrap();
        put(&mut disk, 2048 * SECTOR, b"one");
        put(&mut disk, 4096 * SECTOR, b"two");
        let types = identify::identify(&disk).types_at_start();
        assert!(types.contains(FileType::Mbr) != types.contains(FileType::Gpt), "{label}");
        for broken in [0, 1] {
            // Without the first copy, GPT has its backup.
            disk[SECTOR] ^= broken;
            let walked = walk(&disk);
            assert_eq!(walked.reasons(), [], "{label}");
            let parts = walked.entries.iter().filter(|entry| entry.name.starts_with("partition"));
            let starts: Vec<_> = parts.map(|it| it.bytes.as_ref().unwrap()[..3].to_vec()).collect();
            assert_eq!(starts, [b"one", b"two"], "{label} {broken}");
        }
    }
}

#[test]
fn damaged_images_do_no_harm() {
    let mut disk = vec![0; 12 * SECTOR];
    put_table(&mut disk, 0, &[(0x83, 1, 2), (0x0f, 4, 8)]);
    put_table(&mut disk, 4, &[(0x83, 1, 1), (0x05, 2, 4)]);
    put_table(&mut disk, 6, &[(0x83, 1, 1), (0x05, 2, 4)]);
    survives_damage(open, &disk);
    let folder = tempfile::tempdir().unwrap();
    disk.resize(128 << 10, 0);
    std::fs::write(folder.path().join("disk"), &disk).unwrap();
    for (format, options, open) in FORMATS {
        let Some(mut image) = convert(folder.path(), format, options, "disk") else { return };
        image.truncate(4 << 20);
        if image.len() < 100 << 10 {
            survives_damage(open, &image);
        }
    }
}

/// A UDIF image of a disk: chunks of 64 KiB, packed by turns in each way, and a hole at its end.
fn dmg(disk: &[u8], pack: impl Fn(usize, &[u8]) -> (u32, Vec<u8>)) -> Vec<u8> {
    let mut image = Vec::new();
    let mut table = b"mish\0\0\0\x01".to_vec();
    table.resize(200, 0);
    let parts: Vec<_> = disk.chunks(64 << 10).collect();
    table.extend((parts.len() as u32 + 2).to_be_bytes());
    let mut line = |kind: u32, sector: usize, sectors: usize, place: usize, packed: usize| {
        table.extend([kind.to_be_bytes(), [0; 4]].concat());
        for number in [sector, sectors, place, packed] {
            table.extend((number as u64).to_be_bytes());
        }
    };
    for (number, part) in parts.iter().enumerate() {
        let (kind, packed) = pack(number, part);
        line(kind, number * 128, part.len().div_ceil(SECTOR), image.len(), packed.len());
        image.extend(packed);
    }
    let sectors = disk.len().div_ceil(SECTOR);
    line(2, sectors, 8, 0, 0);
    line(u32::MAX, 0, 0, 0, 0);
    let list =
        format!("<plist><dict><key>Data</key><data>{}</data></dict></plist>", base64(&table));
    let mut trailer = b"koly\0\0\0\x04\0\0\x02\0".to_vec();
    trailer.resize(512, 0);
    put(&mut trailer, 216, &(image.len() as u64).to_be_bytes());
    put(&mut trailer, 224, &(list.len() as u64).to_be_bytes());
    put(&mut trailer, 492, &((sectors + 8) as u64).to_be_bytes());
    [image, list.into_bytes(), trailer].concat()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        (0..4).map(move |n| char::from(DIGITS[(bits >> (18 - 6 * n)) as usize & 63]))
    };
    bytes.chunks(3).flat_map(group).collect()
}

fn zlib(part: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(part).unwrap();
    encoder.finish().unwrap()
}

/// ADC with nothing but runs.
fn adc(part: &[u8]) -> Vec<u8> {
    let run = |run: &[u8]| [&[0x7f + run.len() as u8][..], run].concat();
    part.chunks(128).flat_map(run).collect()
}

fn bzip2(part: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(part).unwrap();
    encoder.finish().unwrap()
}

fn packed_by_turns(number: usize, part: &[u8]) -> (u32, Vec<u8>) {
    match number % 4 {
        0 => (1, part.to_vec()),
        1 => (0x8000_0005, zlib(part)),
        2 => (0x8000_0006, bzip2(part)),
        _ => (0x8000_0004, adc(part)),
    }
}

#[test]
fn chunks_of_every_kind_are_read() {
    let Some(iso) = iso_sample() else { return };
    let image = dmg(&iso, packed_by_turns);
    assert!(identify::identify(&image).types_at_start().contains(FileType::Dmg));
    assert_holds_sample(&walk_at(open_dmg, &image, 0, Limits::default()), "dmg");
    let lzfse =
        dmg(
            &iso,
            |number, part| {
                if number == 3 { (0x8000_0007, part.to_vec()) } else { (1, part.to_vec()) }
            },
        );
    let walked = walk_at(open_dmg, &lzfse, 0, Limits::default());
    assert!(walked.reasons().contains(&Reason::Unsupported("method")), "{}", walked.words());
    assert!(walked.entries.len() > 1, "the rest is read");
}

/// What we build is what another program takes for such an image.
#[test]
fn another_tool_reads_the_same_disk() {
    let folder = tempfile::tempdir().unwrap();
    let disk = noise(300_000 / SECTOR * SECTOR);
    let image = dmg(&disk, |number, part| match number % 2 {
        0 => (1, part.to_vec()),
        _ => (0x8000_0005, zlib(part)),
    });
    std::fs::write(folder.path().join("image.dmg"), &image).unwrap();
    let arguments = ["convert", "-f", "dmg", "-O", "raw", "image.dmg", "disk"];
    if run(folder.path(), "qemu-img", &arguments).is_none() {
        return;
    }
    let theirs = std::fs::read(folder.path().join("disk")).unwrap();
    let ours = walk_at(open_dmg, &image, 0, Limits::default());
    assert!(theirs.starts_with(&disk) && ours.content("disk") == theirs);
}

#[test]
fn copies_of_adc_reach_back_and_end_at_nothing() {
    let packed = |bytes: &[u8]| dmg(&[0; SECTOR], |_, _| (0x8000_0004, bytes.to_vec()));
    // Two bytes; three from one back; 63 + 4 from two back, over and over.
    let copies = [&[0x81, b'a', b'b', 0x00, 0x00][..], &[0x7f, 0, 1].repeat(8)].concat();
    let walked = walk_at(open_dmg, &packed(&copies), 0, Limits::default());
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert!(walked.content("disk").starts_with(b"abbbbbbbbb"));
    let walked = walk_at(open_dmg, &packed(&[0x80, b'a', 0x40, 0, 1]), 0, Limits::default());
    assert_eq!(walked.reasons(), [Reason::Truncated], "from before the beginning");
}

#[test]
fn tables_of_chunks_that_lie_are_said() {
    let image = dmg(&noise(200_000), packed_by_turns);
    let cut = |from: usize| {
        let at = memchr::memmem::find(&image, b"</data>").unwrap();
        [&image[..at - from], &vec![b' '; from], &image[at..]].concat()
    };
    let walked = walk_at(open_dmg, &cut(100), 0, Limits::default());
    assert!(walked.reasons().contains(&Reason::Truncated), "{}", walked.words());
    assert_eq!(refusal(open_dmg, &image[..600], Limits::default()), Some(Reason::Corrupted));
    survives_damage(open_dmg, &dmg(&noise(3000), packed_by_turns));
}
