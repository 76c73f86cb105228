//! Archives built header by header, and those of other tools.

use super::*;
use crate::limits::Limits;
use crate::unpack::testing::{
    Walked, assert_holds_sample, noise, run, sample_tree, survives_damage, walk_at,
};

const KINDS: [Kind; 5] = [
    Kind::LittleEndian,
    Kind::BigEndian,
    Kind::Portable,
    Kind::New { has_checksum: false },
    Kind::New { has_checksum: true },
];

fn walk(bytes: &[u8]) -> Walked {
    walk_at(open, bytes, 0, Limits::default())
}

fn member_of(kind: Kind, mode: u32, name: &str, data: &[u8]) -> Vec<u8> {
    let name = [name.as_bytes(), &[0]].concat();
    let (length, size) = (name.len() as u32, data.len() as u32);
    let words = [0x71c7, 0, 0, mode, 0, 0, 1, 0, 0, 0, length, size >> 16, size & 0xffff];
    let words = words.map(|word| word as u16);
    let sum = data.iter().map(|&byte| u32::from(byte)).sum::<u32>();
    let header = match kind {
        Kind::LittleEndian => words.map(u16::to_le_bytes).concat(),
        Kind::BigEndian => words.map(u16::to_be_bytes).concat(),
        Kind::Portable => {
            let fields = format!("{:06o}{:06o}{mode:06o}{:036o}{length:06o}{size:011o}", 0, 0, 0);
            // Six fields of six digits and the time are zeros here; time has eleven.
            let (front, back) = fields.split_at(18);
            let (zeros, back) = back.split_at(36);
            format!("070707{front}{}{back}", &[zeros, "00000"].concat()[..35]).into_bytes()
        }
        Kind::New { has_checksum } => {
            let magic = if has_checksum { "070702" } else { "070701" };
            let sum = if has_checksum { sum } else { 0 };
            let front = [0, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, length, sum];
            let digits = front.map(|number| format!("{number:08x}")).concat();
            format!("{magic}{digits}").into_bytes()
        }
    };
    let mut bytes = [header, name].concat();
    bytes.resize(bytes.len().next_multiple_of(kind.alignment() as usize), 0);
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(kind.alignment() as usize), 0);
    bytes
}

fn file(kind: Kind, name: &str, data: &[u8]) -> Vec<u8> {
    member_of(kind, 0o100_644, name, data)
}

fn trailer(kind: Kind) -> Vec<u8> {
    member_of(kind, 0, "TRAILER!!!", b"")
}

#[test]
fn files_of_every_kind_are_handed_out_in_place() {
    for kind in KINDS {
        let parts = [file(kind, "a", b"content"), file(kind, "bb", &noise(70_001)), trailer(kind)];
        let walked = walk(&parts.concat());
        assert_eq!(walked.names(), ["a", "bb"], "{kind:?}");
        assert_eq!(walked.content("a"), b"content", "{kind:?}");
        assert_eq!(walked.content("bb"), noise(70_001), "{kind:?}");
        assert_eq!(walked.reasons(), [], "{kind:?}");
    }
}

#[test]
fn links_folders_and_devices_hold_nothing() {
    for kind in KINDS {
        let folder = member_of(kind, 0o040_755, "folder", b"");
        let link = member_of(kind, 0o120_777, "link", b"target");
        let device = member_of(kind, 0o020_777, "device", b"");
        let walked = walk(&[folder, link, device, file(kind, "a", b"1"), trailer(kind)].concat());
        assert_eq!((walked.names(), walked.reasons()), (vec!["a"], vec![]), "{kind:?}");
    }
    let kind = Kind::New { has_checksum: false };
    let device = member_of(kind, 0o020_777, "device", b"with data");
    assert_eq!(walk(&[device, trailer(kind)].concat()).content("device"), b"with data");
}

#[test]
fn archives_behind_each_other_are_walked_and_what_follows_is_handed_out() {
    let kind = Kind::New { has_checksum: false };
    let one = [file(kind, "a", b"1"), trailer(kind), vec![0; 300]].concat();
    let two = [file(kind, "b", b"2"), trailer(kind), vec![0; 512]].concat();
    let walked = walk(&[one, two.clone()].concat());
    assert_eq!((walked.names(), walked.reasons()), (vec!["a", "b"], vec![]));
    let walked = walk(&[two, b"\x1f\x8b\x08 and so on".to_vec()].concat());
    assert_eq!(walked.content("behind the archive"), b"\x1f\x8b\x08 and so on");
    assert_eq!(walked.reasons(), []);
}

#[test]
fn every_cut_is_truncated_and_keeps_what_came_before() {
    for kind in KINDS {
        let first = file(kind, "a", b"content!");
        let whole = [first.clone(), file(kind, "b", b"more")].concat();
        for length in 6..=whole.len() {
            let walked = walk(&whole[..length]);
            let reasons = walked.reasons();
            assert!(reasons.contains(&Reason::Truncated), "{kind:?}, {length}: {reasons:?}");
            assert!(length < first.len() || walked.content("a") == b"content!");
        }
    }
}

#[test]
fn a_broken_header_is_named_and_the_walk_goes_on() {
    let kind = Kind::New { has_checksum: false };
    let broken = file(kind, "b", b"more");
    for (at, byte) in [(0, b'?'), (20, b'?')] {
        let mut broken = broken.clone();
        broken[at] = byte;
        let parts = [file(kind, "a", b"1"), broken, file(kind, "c", b"2"), trailer(kind)];
        let walked = walk(&parts.concat());
        assert_eq!((walked.names(), walked.reasons()), (vec!["a", "c"], vec![Reason::Corrupted]));
    }
}

#[test]
fn a_wrong_checksum_is_corrupted() {
    let kind = Kind::New { has_checksum: true };
    let mut bytes = [file(kind, "a", b"content"), trailer(kind)].concat();
    bytes[112] ^= 1;
    let walked = walk(&bytes);
    assert_eq!((walked.reasons(), walked.entries.len()), (vec![Reason::Corrupted], 1));
}

#[test]
fn damaged_archives_do_no_harm() {
    for kind in KINDS {
        let parts = [file(kind, "a", b"content"), file(kind, "b", b"2"), trailer(kind)];
        survives_damage(open, &parts.concat());
    }
}

#[test]
fn archives_of_other_tools() {
    let folder = sample_tree();
    for format in ["bin", "odc", "newc", "crc"] {
        let make = format!("find tree -type f | cpio -o -H {format} 2>/dev/null");
        let Some(bytes) = run(folder.path(), "sh", &["-c", &make]) else { continue };
        if bytes.is_empty() {
            println!("skipped: cpio is not installed");
            return;
        }
        assert_holds_sample(&walk(&bytes), format);
    }
    for format in ["odc", "newc"] {
        let arguments = ["-cf", "-", "--format", format, "tree"];
        let Some(bytes) = run(folder.path(), "bsdtar", &arguments) else { return };
        assert_holds_sample(&walk(&bytes), format);
    }
}
