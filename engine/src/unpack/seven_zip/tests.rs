//! Archives of 7-Zip, and what becomes of them when they are changed.

use super::*;
use crate::limits::{Limit, Limits};
use crate::unpack::Passwords;
use crate::unpack::testing::{
    Walked, assert_each_limit_is_told, assert_holds_sample, budget, made_by, sample_tree,
    survives_damage, walk_at, walk_with,
};

fn walk(bytes: &[u8]) -> Walked {
    walk_at(open, bytes, 0, Limits::default())
}

/// An archive of the sample tree, made by 7-Zip with these switches.
fn made(switches: &[&str]) -> Option<Vec<u8>> {
    let folder = sample_tree();
    let arguments = [&["a", "-t7z"], switches, &["x.7z", "tree"]].concat();
    made_by(folder.path(), "7z", &arguments, "x.7z")
}

/// An archive without files: a start header that says so.
fn start_header(place: u64, length: u64, crc: u32) -> Vec<u8> {
    let fields = [&place.to_le_bytes()[..], &length.to_le_bytes(), &crc.to_le_bytes()].concat();
    [b"7z\xbc\xaf\x27\x1c\0\x04", &crc32(&fields).to_le_bytes()[..], &fields].concat()
}

fn with_header(header: &[u8]) -> Vec<u8> {
    [start_header(0, header.len() as u64, crc32(header)), header.to_vec()].concat()
}

#[test]
fn archives_of_every_method_are_read() {
    let methods: [&[&str]; 14] = [
        &[],
        &["-mx=9"],
        &["-ms=off"],
        &["-m0=lzma"],
        &["-m0=lzma2"],
        &["-m0=ppmd"],
        &["-m0=bzip2"],
        &["-m0=deflate"],
        &["-m0=deflate64"],
        &["-m0=copy"],
        &["-m0=delta:4", "-m1=lzma"],
        &["-m0=bcj", "-m1=lzma2"],
        &["-m0=bcj2", "-m1=lzma", "-m2=lzma", "-m3=lzma", "-mb0:1", "-mb0s1:2", "-mb0s2:3"],
        &["-mhc=off"],
    ];
    for switches in methods {
        let Some(bytes) = made(switches) else { return };
        assert_holds_sample(&walk(&bytes), &format!("{switches:?}"));
    }
    let Some(bytes) = made(&[]) else { return };
    let inside = [b"in front".to_vec(), bytes].concat();
    assert_holds_sample(&walk_at(open, &inside, 8, Limits::default()), "behind other data");
}

#[test]
fn encrypted_archives_open_with_the_right_password() {
    for switches in [&["-psecret"][..], &["-psecret", "-mhe=on"], &["-psecret", "-m0=copy"]] {
        let Some(bytes) = made(switches) else { return };
        let walked = walk(&bytes);
        let reasons = walked.reasons();
        assert!(reasons.contains(&Reason::Encrypted), "{switches:?}: {reasons:?}");
        let passwords = Passwords::new([b"wrong".to_vec(), b"secret".to_vec()]);
        let budget = budget(Limits::default());
        let opening = Opening { budget: &budget, passwords: &passwords };
        assert_holds_sample(&walk_with(open, &bytes, 0, &opening), &format!("{switches:?}"));
    }
}

#[test]
fn trying_passwords_is_bounded() {
    let Some(bytes) = made(&["-psecret"]) else { return };
    let passwords = Passwords::new((0..100_u8).map(|number| vec![number]));
    let budget = budget(Limits { key_work: 500_000, ..Limits::default() });
    let opening = Opening { budget: &budget, passwords: &passwords };
    let reasons = walk_with(open, &bytes, 0, &opening).reasons();
    assert!(reasons.contains(&Reason::Limit(Limit::KeyWork)), "{reasons:?}");
}

#[test]
fn an_empty_archive_holds_nothing() {
    let walked = walk(&start_header(0, 0, 0));
    assert_eq!((walked.names(), walked.reasons()), (vec![], vec![]));
}

#[test]
fn headers_that_count_too_much_are_corrupted() {
    let huge = [0xff; 9];
    for header in [
        [&[1, 5][..], &huge].concat(),
        [&[1, 4, 6, 0][..], &huge].concat(),
        [&[1, 4, 7, 11][..], &huge].concat(),
        vec![1, 4, 7, 11, 1, 0, 33],
        vec![2],
        // A coder that reads what it puts out.
        [
            &[1, 4, 6, 0, 1, 9, 1, 0, 7, 11, 1, 0, 3, 1, 0, 1, 0, 1, 0][..],
            &[0, 1, 1, 1],
            &[12, 1, 1, 1],
            &[0; 3],
        ]
        .concat(),
    ] {
        let reasons = walk(&with_header(&header)).reasons();
        assert_eq!(reasons, [Reason::Corrupted], "{header:?}");
    }
}

#[test]
fn every_cut_is_said() {
    let Some(bytes) = made(&["-m0=lzma", "-ms=off"]) else { return };
    for length in (0..32).chain((32..bytes.len()).step_by(997)) {
        let walked = walk(&bytes[..length]);
        assert_eq!(walked.reasons(), [Reason::Truncated], "{length} bytes");
    }
}

#[test]
fn a_broken_block_is_corrupted_and_the_others_are_read() {
    let Some(mut bytes) = made(&["-m0=lzma", "-ms=off", "-mx=1"]) else { return };
    bytes[40..60].fill(0x55);
    let walked = walk(&bytes);
    assert!(walked.reasons().iter().all(|reason| *reason == Reason::Corrupted));
    assert!(!walked.reasons().is_empty());
    assert!(walked.entries.iter().filter(|entry| entry.problems.is_empty()).count() >= 2);
}

#[test]
fn each_limit_gives_its_reason() {
    use Limit::{Memory, ObjectBytes, Ratio, Time, TotalBytes};
    let folder = sample_tree();
    std::fs::write(folder.path().join("zeros"), vec![0; 4 << 20]).unwrap();
    let arguments = ["a", "-t7z", "x.7z", "zeros"];
    let Some(bytes) = made_by(folder.path(), "7z", &arguments, "x.7z") else { return };
    assert_each_limit_is_told(open, &bytes, &[Ratio, ObjectBytes, TotalBytes, Memory, Time]);
}

/// PPMd asks for its memory in the header, and takes it at once.
#[test]
fn a_giant_model_is_refused_before_it_is_made() {
    let coder = [0x23, 3, 4, 1, 5, 6, 0, 0, 0, 0x40];
    let header = [&[1, 4, 6, 0, 1, 9, 10, 0, 7, 11, 1, 0, 1][..], &coder, &[12, 10, 0, 0, 0]];
    let bytes = with_header(&header.concat());
    let limits = Limits { memory: 100 << 20, ..Limits::default() };
    let reasons = walk_at(open, &bytes, 0, limits).reasons();
    assert!(reasons.contains(&Reason::Limit(Limit::Memory)), "{reasons:?}");
}

#[test]
fn damaged_archives_do_no_harm() {
    for switches in [&["-mhc=off", "-m0=lzma"][..], &["-m0=copy", "-mhc=off"]] {
        let folder = sample_tree();
        let arguments = [&["a", "-t7z"], switches, &["x.7z", "tree/empty", "tree/inner"]].concat();
        let Some(bytes) = made_by(folder.path(), "7z", &arguments, "x.7z") else { return };
        survives_damage(open, &bytes);
    }
}
