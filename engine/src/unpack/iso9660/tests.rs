//! Images built record by record, and those of other tools.

use super::*;
use crate::limits::{Limit, Limits};
use crate::unpack::Open;
use crate::unpack::testing::{
    Walked, assert_holds_sample, made_by, noise, sample_tree, survives_damage, walk_at,
};

const SECTOR: usize = 2048;

const OPEN: Open =
    |content, offset, opening| open(Volume::of(content.slice(offset, u64::MAX)), opening.budget);

fn walk(bytes: &[u8]) -> Walked {
    walk_at(OPEN, bytes, 0, Limits::default())
}

/// A number in both byte orders.
fn both(number: u32) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    bytes[4..].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn record(name: &[u8], sector: u32, length: u32, flags: u8, entries: &[u8]) -> Vec<u8> {
    let padding = usize::from(name.len().is_multiple_of(2));
    let whole = 33 + name.len() + padding + entries.len();
    let parts = [
        &[whole as u8, 0],
        &both(sector)[..],
        &both(length),
        &[0; 7],
        &[flags, 0, 0, 1, 0, 0, 1, name.len() as u8],
        name,
        &[0][..padding],
        entries,
    ];
    parts.concat()
}

fn descriptor(kind: u8, escapes: &[u8], root: u32) -> Vec<u8> {
    let mut sector = vec![0; SECTOR];
    sector[0] = kind;
    sector[1..7].copy_from_slice(b"CD001\x01");
    sector[88..88 + escapes.len()].copy_from_slice(escapes);
    sector[128..130].copy_from_slice(&2048_u16.to_le_bytes());
    let root = record(&[0], root, SECTOR as u32, FOLDER, &[]);
    sector[156..156 + root.len()].copy_from_slice(&root);
    sector
}

const FOLDER: u8 = 2;
const HIDDEN: u8 = 1;
const GOES_ON: u8 = 0x80;
/// The first sector behind the descriptors.
const FREE: u32 = 20;

/// An image of these descriptors, and these sectors from [`FREE`] on.
fn image(descriptors: &[Vec<u8>], sectors: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = vec![0; 16 * SECTOR];
    let end = descriptor(255, b"", 0);
    for sector in descriptors.iter().chain([&end]) {
        bytes.extend(sector);
    }
    bytes.resize(FREE as usize * SECTOR, 0);
    for sector in sectors {
        bytes.extend(sector);
        bytes.resize(bytes.len().next_multiple_of(SECTOR), 0);
    }
    bytes
}

/// One tree whose root is the first of these sectors.
fn plain(sectors: &[Vec<u8>]) -> Vec<u8> {
    image(&[descriptor(1, b"", FREE)], sectors)
}

#[test]
fn hidden_files_and_files_of_several_parts_are_read() {
    let root = [
        record(&[0], FREE, 2048, FOLDER, &[]),
        record(&[1], FREE, 2048, FOLDER, &[]),
        record(b"HIDDEN.TXT;1", FREE + 1, 6, HIDDEN, &[]),
        record(b"PARTS.;1", FREE + 2, 2048, GOES_ON, &[]),
        record(b"PARTS.;1", FREE + 1, 6, 0, &[]),
    ];
    let walked = walk(&plain(&[root.concat(), b"secret".to_vec(), vec![b'x'; SECTOR]]));
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert_eq!(walked.content("HIDDEN.TXT"), b"secret");
    assert_eq!(walked.content("PARTS"), [&[b'x'; SECTOR][..], b"secret"].concat());
}

#[test]
fn what_only_one_tree_lists_is_handed_out() {
    let first = record(b"A.;1", FREE + 2, 3, 0, &[]);
    let wide = [record(b"\0a", FREE + 2, 3, 0, &[]), record(b"\0b\x04\x16", FREE + 3, 3, 0, &[])];
    let descriptors = [descriptor(1, b"", FREE), descriptor(2, b"%/E", FREE + 1)];
    let sectors = [first, wide.concat(), b"one".to_vec(), b"two".to_vec()];
    let walked = walk(&image(&descriptors, &sectors));
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert_eq!(walked.names(), ["a", "b\u{416}"], "Joliet's names are the better ones");
    let only_first = [record(b"C.;1", FREE + 3, 3, 0, &[]), record(b"A.;1", FREE + 2, 3, 0, &[])];
    let sectors = [only_first.concat(), record(b"\0a", FREE + 2, 3, 0, &[])];
    let walked =
        walk(&image(&descriptors, &[&sectors[..], &[b"one".to_vec(), b"two".to_vec()]].concat()));
    assert_eq!(walked.names(), ["a", "C"]);
}

/// Two files may begin at one place and be different all the same.
#[test]
fn files_that_share_a_part_are_both_handed_out() {
    let root = [
        record(b"A.;1", FREE + 1, 2048, 0, &[]),
        record(b"B.;1", FREE + 1, 2048, GOES_ON, &[]),
        record(b"B.;1", FREE + 3, 4, 0, &[]),
        record(b"C.;1", FREE + 1, 4, 0, &[]),
    ];
    let blocks = [vec![b'x'; SECTOR], vec![b'y'; SECTOR], b"more".to_vec()];
    let walked = walk(&plain(&[&[root.concat()][..], &blocks].concat()));
    assert_eq!(walked.names(), ["A", "B", "C"]);
    assert_eq!(walked.content("B").len(), SECTOR + 4);
}

#[test]
fn folders_that_hold_themselves_end() {
    let root = [
        record(b"SELF", FREE, 2048, FOLDER, &[]),
        record(b"OTHER", FREE + 1, 2048, FOLDER, &[]),
        record(b"A.;1", FREE + 2, 3, 0, &[]),
    ];
    let other = record(b"BACK", FREE, 2048, FOLDER, &[]);
    let walked = walk(&plain(&[root.concat(), other, b"one".to_vec()]));
    assert_eq!((walked.names(), walked.reasons()), (vec!["A"], vec![]));
}

#[test]
fn sizes_and_places_that_lie_are_truncated() {
    let root = [
        record(b"LONG.;1", FREE + 1, u32::MAX, 0, &[]),
        record(b"FAR.;1", u32::MAX, 3, 0, &[]),
        record(b"DIR", FREE + 1, u32::MAX, FOLDER, &[]),
    ];
    let walked = walk(&plain(&[root.concat(), b"one".to_vec()]));
    assert_eq!(walked.names()[..2], ["LONG", "FAR"]);
    assert!(walked.content("LONG").starts_with(b"one"));
    assert!(walked.reasons().contains(&Reason::Truncated));
}

#[test]
fn records_that_are_none_are_passed_over() {
    let mut root = vec![34, 0, 0];
    root.resize(SECTOR, 0xff);
    root.extend(record(b"A.;1", FREE + 2, 3, 0, &[]));
    let mut descriptor = descriptor(1, b"", FREE);
    descriptor[156 + 10..156 + 14].copy_from_slice(&4096_u32.to_le_bytes());
    let walked = walk(&image(&[descriptor], &[root, b"one".to_vec()]));
    assert_eq!((walked.names(), walked.reasons()), (vec!["A"], vec![Reason::Corrupted]));
}

#[test]
fn entries_of_rock_ridge_that_lead_in_a_circle_end() {
    let susp = b"SP\x07\x01\xbe\xef\0";
    // The continuation area is the sector behind, and continues in itself.
    let area = |sector: u32| [&b"CE\x1c\x01"[..], &both(sector), &both(0), &both(60)].concat();
    let name = b"NM\x06\x01\0n";
    let root =
        [record(&[0], FREE, 2048, FOLDER, susp), record(b"A.;1", FREE + 2, 3, 0, &area(FREE + 1))];
    let circle = [&name[..], &area(FREE + 1)].concat();
    let walked = walk(&plain(&[root.concat(), circle, b"one".to_vec()]));
    assert_eq!(walked.reasons(), []);
    assert!(walked.names()[0].starts_with("nnn") && walked.names()[0].len() < 100);
}

#[test]
fn boot_images_that_no_tree_lists_are_handed_out() {
    let mut boot = descriptor(0, b"", 0);
    boot[7..7 + 23].copy_from_slice(b"EL TORITO SPECIFICATION");
    boot[0x47..0x4b].copy_from_slice(&(FREE + 1).to_le_bytes());
    let entry = |first: u8, media: u8, sectors: u16, place: u32| {
        let mut entry = vec![first, media, 0, 0, 0, 0];
        entry.extend(sectors.to_le_bytes());
        entry.extend(place.to_le_bytes());
        entry.resize(32, 0);
        entry
    };
    let mut validation = vec![1; 32];
    validation[30..].copy_from_slice(b"\x55\xaa");
    let catalog = [
        validation,
        entry(0x88, 0, 1, FREE + 2),
        entry(0x91, 0xef, 1, 0),
        entry(0x88, 0, 2, FREE + 3),
    ];
    let sectors = [
        record(b"LISTED.;1", FREE + 3, 3, 0, &[]),
        catalog.concat(),
        b"boot code".to_vec(),
        b"listed".to_vec(),
    ];
    let bytes = image(&[descriptor(1, b"", FREE), boot.clone()], &sectors);
    let walked = walk(&bytes);
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert_eq!(walked.entries.len(), 2);
    let image = walked.entries[1].bytes.as_deref().unwrap();
    assert!(image.starts_with(b"boot code") && image.len() == 512);
    boot[0x47..0x4b].copy_from_slice(&FREE.to_le_bytes());
    let bytes = super::tests::image(&[descriptor(1, b"", FREE), boot], &sectors);
    assert_eq!(walk(&bytes).reasons(), [Reason::Corrupted], "no catalog");
}

#[test]
fn zisofs_is_unpacked() {
    let text = b"the quick brown fox ".repeat(3000);
    let mut blocks = Vec::new();
    let mut places = vec![16 + 4 * 3];
    for block in text.chunks(32 << 10) {
        blocks
            .extend([b"\x78\x9c", &crate::unpack::testing::deflated(block)[..], &[0; 4]].concat());
        places.push(16 + 4 * 3 + blocks.len() as u32);
    }
    let mut file = b"\x37\xe4\x53\x96\xc9\xdb\xd6\x07".to_vec();
    file.extend((text.len() as u32).to_le_bytes());
    file.extend([4, 15, 0, 0]);
    places.iter().for_each(|place| file.extend(place.to_le_bytes()));
    file.extend(blocks);
    let root = |length| record(b"A.;1", FREE + 1, length, 0, &[]);
    let walked = walk(&plain(&[root(file.len() as u32), file.clone()]));
    assert_eq!((walked.content("A"), walked.reasons()), (&text[..], vec![]));
    let cut = walk(&plain(&[root(file.len() as u32 - 100), file.clone()]));
    assert_eq!(cut.reasons(), [Reason::Truncated]);
    assert_eq!(cut.content("A"), &text[..32 << 10], "the first block is whole");
    file[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    let lie = walk(&plain(&[root(file.len() as u32), file]));
    assert!(matches!(lie.reasons()[..], [Reason::Truncated | Reason::Corrupted]));
}

/// Any number of records may show the same bytes.
#[test]
fn files_in_the_same_bytes_end_at_the_budget() {
    let mut sectors = Vec::new();
    for sector in 0..50_u32 {
        let records = (0..40).map(|n| record(b"A.;1", FREE + sector, 90_000 - n, 0, &[]));
        let mut bytes = records.collect::<Vec<_>>().concat();
        bytes.extend(record(b"NEXT", FREE + sector + 1, 2048, FOLDER, &[]));
        sectors.push(bytes);
    }
    let limits = Limits { total_bytes: 4 << 20, ..Limits::default() };
    let walked = walk_at(OPEN, &plain(&sectors), 0, limits);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::TotalBytes)]);
    let limits = Limits { memory: 1000, ..Limits::default() };
    let walked = walk_at(OPEN, &plain(&sectors), 0, limits);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::Memory)]);
}

#[test]
fn images_of_other_tools_are_read() {
    for (program, switches) in [
        ("genisoimage", &["-quiet", "-R"][..]),
        ("genisoimage", &["-quiet", "-R", "-J", "-joliet-long"]),
        ("genisoimage", &["-quiet", "-R", "-hide-joliet", "text", "-J"]),
        ("xorriso", &["-as", "mkisofs", "-quiet", "-R", "-J"]),
    ] {
        let folder = sample_tree();
        let arguments = [switches, &["-o", "x.iso", "-graft-points", "tree=tree"]].concat();
        let Some(bytes) = made_by(folder.path(), program, &arguments, "x.iso") else { return };
        assert_holds_sample(&walk(&bytes), program);
    }
    let folder = sample_tree();
    let arguments = ["-cf", "x.iso", "--format", "iso9660", "tree"];
    let Some(bytes) = made_by(folder.path(), "bsdtar", &arguments, "x.iso") else { return };
    assert_holds_sample(&walk(&bytes), "bsdtar");
}

#[test]
fn every_cut_of_another_tools_image_is_said() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("tree")).unwrap();
    std::fs::write(folder.path().join("tree/a"), noise(5000)).unwrap();
    let switches = ["-quiet", "-J", "-no-pad", "-o", "x.iso", "tree"];
    let Some(bytes) = made_by(folder.path(), "genisoimage", &switches, "x.iso") else { return };
    assert_eq!(walk(&bytes).reasons(), []);
    for length in (32_768..bytes.len() - SECTOR).step_by(1024) {
        assert!(!walk(&bytes[..length]).reasons().is_empty(), "{length} of {}", bytes.len());
    }
}

#[test]
fn damaged_images_do_no_harm() {
    let root = [
        record(&[0], FREE, 2048, FOLDER, b"SP\x07\x01\xbe\xef\0"),
        record(b"A.;1", FREE + 2, 3, 0, b"NM\x06\x01\0n"),
        record(b"SUB", FREE + 1, 2048, FOLDER, &[]),
    ];
    let sub = record(b"B.;1", FREE + 2, 2048, GOES_ON, &[]);
    survives_damage(OPEN, &plain(&[root.concat(), sub, b"one".to_vec()]));
}
