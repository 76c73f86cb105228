use md5::{Digest, Md5};

use super::super::super::testing::{Walked, deflated, run, survives_damage, walk_at};
use super::*;
use crate::limits::{Limit, Limits};
use crate::verdict::Reason;

fn chunks(content: &[u8]) -> Vec<u8> {
    let chunk = |chunk: &[u8]| {
        let packed = deflated(chunk);
        [&(packed.len() as u16).to_le_bytes()[..], &packed].concat()
    };
    content.chunks(CHUNK).flat_map(chunk).collect()
}

fn scrambled(data: &[u8]) -> Vec<u8> {
    let places = (0_u8..71).cycle();
    data.iter()
        .zip(places)
        .map(|(byte, place)| byte.wrapping_add(place).rotate_left(2) ^ 0xd5)
        .collect()
}

/// A volume with data at 512 and no list.
fn volume(data: &[u8]) -> Vec<u8> {
    let fields = [0x0100_9500_u32, 0, 0x200, 0, 0x200, 0, 0, 9];
    let mut volume = [&b"ISc("[..], &fields.map(u32::to_le_bytes).concat()].concat();
    volume.resize(512, 0);
    [&volume, data].concat()
}

/// Files with flags, data as they lie in the volume, and content.
type Listed<'f> = (&'f str, u16, Vec<u8>, Vec<u8>);

/// A cabinet of version 5 or 9 with its list.
fn listed(version: u32, files: &[Listed<'_>]) -> Vec<u8> {
    let mut cabinet = volume(&[]);
    let places: Vec<u64> = files
        .iter()
        .map(|(_, _, data, _)| {
            let place = cabinet.len() as u64;
            cabinet.extend(data);
            place
        })
        .collect();
    let list = cabinet.len();
    let is_old = version < 6;
    // The table begins behind 0x400 bytes of descriptor: names, then places or records.
    let names: usize = 0x200;
    let records = names + 0x400;
    let mut table = vec![0; records + files.len() * 0x57];
    let mut name_at = names;
    for (index, ((name, flags, data, content), place)) in files.iter().zip(places).enumerate() {
        table[name_at..name_at + name.len()].copy_from_slice(name.as_bytes());
        let at = records + index * 0x57;
        let record = if is_old {
            table[index * 4..index * 4 + 4].copy_from_slice(&(at as u32).to_le_bytes());
            let head = [name_at as u32, 0].map(u32::to_le_bytes).concat();
            let sizes = [content.len() as u32, data.len() as u32].map(u32::to_le_bytes).concat();
            let place = (place as u32).to_le_bytes();
            [&head[..], &flags.to_le_bytes(), &sizes, &[0; 0x14], &place].concat()
        } else {
            let sizes =
                [content.len() as u64, data.len() as u64, place].map(u64::to_le_bytes).concat();
            let name = (name_at as u32).to_le_bytes();
            let last = [&[0; 22][..], &[0, 1, 0]].concat();
            [&flags.to_le_bytes()[..], &sizes, &Md5::digest(content), &[0; 16], &name, &last]
                .concat()
        };
        table[at..at + record.len()].copy_from_slice(&record);
        name_at += name.len() + 1;
    }
    let mut descriptor = vec![0; 0x400];
    let mut put = |at: usize, value: usize| {
        descriptor[at..at + 4].copy_from_slice(&(value as u32).to_le_bytes());
    };
    put(0x0c, 0x400);
    put(0x28, files.len());
    put(0x2c, records);
    // A group of files, without which `unshield` lists none.
    for (at, value) in [(0x3e, 0x300), (0x300, 0x3c0), (0x304, 0x310), (0x310, 0x3c0)] {
        put(at, value);
    }
    put(0x316 + 0x10, 0);
    put(0x316 + 0x14, files.len() - 1);
    descriptor[0x3c0..0x3c5].copy_from_slice(b"group");
    cabinet.extend(descriptor);
    cabinet.extend(&table);
    let version = if is_old { 0x0100_500c } else { 0x0100_9500_u32 };
    cabinet[4..8].copy_from_slice(&version.to_le_bytes());
    cabinet[12..16].copy_from_slice(&(list as u32).to_le_bytes());
    cabinet[16..20].copy_from_slice(&((0x400 + table.len()) as u32).to_le_bytes());
    cabinet
}

fn walked(cabinet: &[u8]) -> Walked {
    walk_at(open, cabinet, 0, Limits::default())
}

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let long = b"the quick brown fox ".repeat(5000);
    vec![("stored", b"as it is".to_vec()), ("packed", long), ("scrambled", b"in disorder".to_vec())]
}

fn sample(version: u32) -> Vec<u8> {
    let files = files();
    let [stored, packed, mixed] = [0, 1, 2].map(|index| files[index].1.clone());
    let list = [
        ("stored", 0, stored.clone(), stored),
        ("packed", IS_PACKED, chunks(&packed), packed),
        ("none", IS_NONE, b"xx".to_vec(), b"xx".to_vec()),
        ("scrambled", IS_PACKED | IS_SCRAMBLED, scrambled(&chunks(&mixed)), mixed),
    ];
    listed(version, &list)
}

#[test]
fn files_of_the_list_have_names_and_content() {
    for version in [5, 9] {
        let walked = walked(&sample(version));
        assert_eq!(walked.names(), ["stored", "packed", "scrambled"], "{version}");
        for (name, content) in files() {
            assert!(walked.content(name) == content, "{version}: {name}");
        }
        assert_eq!(walked.reasons(), []);
    }
}

#[test]
fn a_volume_without_a_list_is_read_by_its_chunks() {
    let long = b"the quick brown fox ".repeat(5000);
    let data = [chunks(&long), chunks(b"short"), chunks(b"another")].concat();
    let walked = walked(&volume(&data));
    let contents: Vec<_> = walked.entries.iter().map(|it| it.bytes.as_deref().unwrap()).collect();
    assert!(contents == [&long[..], b"short", b"another"]);
    assert_eq!(walked.reasons(), []);
}

#[test]
fn a_list_alone_holds_nothing() {
    let mut header = sample(9);
    header[20..24].copy_from_slice(&[0; 4]);
    assert!(walked(&header).entries.is_empty());
}

#[test]
fn broken_chunks_end_the_volume() {
    let data = [chunks(b"whole"), b"\x05\0\xff\xff\xff\xff\xff rest".to_vec()].concat();
    let damaged = walked(&volume(&data));
    assert_eq!(damaged.entries[0].bytes.as_deref(), Some(&b"whole"[..]));
    assert_eq!(damaged.reasons(), [Reason::Corrupted]);
    let data = chunks(b"cut off in its middle");
    assert_eq!(walked(&volume(&data[..data.len() / 2])).reasons(), [Reason::Truncated]);
    assert_eq!(walked(b"ISc(").reasons(), [Reason::Truncated]);
}

#[test]
fn chunks_that_are_bombs_reach_the_limit() {
    let zeros = vec![0; CHUNK];
    let data = chunks(&zeros).repeat(2000);
    let limits = Limits { object_bytes: 1 << 20, ..Limits::default() };
    let walked = walk_at(open, &volume(&data), 0, limits);
    assert!(walked.reasons().contains(&Reason::Limit(Limit::ObjectBytes)));
}

#[test]
fn unshield_reads_what_the_tests_are_made_of() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data1.cab"), sample(9)).unwrap();
    if run(folder.path(), "unshield", &["-d", "out", "x", "data1.cab"]).is_none() {
        return;
    }
    for (name, content) in files() {
        let path = folder.path().join("out/group").join(name);
        assert!(std::fs::read(path).unwrap() == content, "{name}");
    }
}

#[test]
fn damage_ends_within_the_limits() {
    survives_damage(open, &sample(5));
    survives_damage(open, &sample(9));
    survives_damage(open, &volume(&chunks(b"content")));
}
