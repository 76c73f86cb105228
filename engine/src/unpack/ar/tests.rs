//! Archives built header by header, and those of other tools.

use super::*;
use crate::limits::{Limit, Limits};
use crate::unpack::testing::{Walked, made_by, noise, run, sample_tree, survives_damage, walk_at};

fn walk(bytes: &[u8]) -> Walked {
    walk_at(open, bytes, 0, Limits::default())
}

fn member(name: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 644, data.len());
    let mut bytes = [header.as_bytes(), data].concat();
    if data.len() % 2 == 1 {
        bytes.push(b'\n');
    }
    bytes
}

fn archive(members: &[Vec<u8>]) -> Vec<u8> {
    [b"!<arch>\n".to_vec(), members.concat()].concat()
}

#[test]
fn files_are_handed_out_in_place() {
    let walked =
        walk(&archive(&[member("a/", b"odd"), member("b", &noise(100)), member("c/", b"")]));
    assert_eq!(walked.names(), ["a", "b", "c"]);
    assert_eq!(walked.content("a"), b"odd");
    assert_eq!(walked.content("b"), noise(100));
    assert_eq!(walked.reasons(), []);
}

#[test]
fn long_names_of_every_kind_are_read() {
    let table = member("//", b"first-long-name.o/\nsecond-long-name.o/\n");
    let system_v = [table, member("/0", b"1"), member("/19", b"2"), member("/999", b"3")];
    let walked = walk(&archive(&system_v));
    assert_eq!(walked.names()[1..], ["first-long-name.o", "second-long-name.o", ""]);
    let bsd = [member("#1/8", b"longer\0\0content")];
    assert_eq!(walk(&archive(&bsd)).content("longer"), b"content");
}

#[test]
fn a_thin_archive_holds_only_its_index() {
    let mut thin = archive(&[member("/", b"index"), member("//", b"name.o/\n")]);
    thin[2..6].copy_from_slice(b"thin");
    thin.extend(&member("/0", &[0; 5000])[..60]);
    let walked = walk(&thin);
    assert_eq!(walked.names(), ["/", "//", "name.o"]);
    assert_eq!((walked.content("name.o"), walked.reasons()), (&b""[..], vec![]));
}

#[test]
fn every_cut_is_truncated_and_keeps_what_came_before() {
    let whole = archive(&[member("a", b"content!"), member("b", b"more")]);
    let borders = [8, 8 + 68];
    for length in (9..whole.len()).filter(|length| !borders.contains(length)) {
        let walked = walk(&whole[..length]);
        assert_eq!(walked.reasons(), [Reason::Truncated], "{length} bytes");
        assert!(length < 76 || walked.content("a") == b"content!");
    }
}

#[test]
fn a_broken_header_is_named_and_the_walk_goes_on() {
    let mut bytes =
        archive(&[member("a", b"content!"), member("b", b"more"), member("c", b"last")]);
    bytes[8 + 68 + 58] = b'?';
    let walked = walk(&bytes);
    assert_eq!(walked.names(), ["a", "c"]);
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
    let mut bytes = archive(&[member("a", b"content!"), member("b", b"more")]);
    bytes[8 + 48..8 + 58].fill(b'x');
    let walked = walk(&bytes);
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
    assert_eq!(walked.content("b"), b"more");
}

#[test]
fn a_size_that_is_a_lie_is_cut() {
    let mut bytes = archive(&[member("a", b"content!")]);
    bytes[8 + 48..8 + 58].copy_from_slice(b"9999999999");
    let walked = walk(&bytes);
    assert_eq!(
        (walked.content("a"), walked.reasons()),
        (&b"content!"[..], vec![Reason::Truncated])
    );
}

#[test]
fn limits_give_their_reason() {
    let bytes = archive(&vec![member("a", &noise(1000)); 100]);
    let limits = Limits { total_bytes: 5000, ..Limits::default() };
    let walked = walk_at(open, &bytes, 0, limits);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::TotalBytes)]);
    assert_eq!(walked.entries.len(), 6);
}

#[test]
fn damaged_archives_do_no_harm() {
    let table = member("//", b"first-long-name.o/\n");
    survives_damage(open, &archive(&[table, member("/0", b"1"), member("#1/4", b"longer")]));
}

#[test]
fn archives_of_other_tools() {
    let folder = sample_tree();
    let text = b"the quick brown fox ".repeat(5000);
    let tools: [(&str, &[&str]); 2] = [
        ("ar", &["rc", "x.a", "tree/text", "tree/noise"]),
        ("bsdtar", &["-cf", "x.a", "--format=ar", "-C", "tree", "text", "noise"]),
    ];
    for (program, arguments) in tools {
        let Some(bytes) = made_by(folder.path(), program, arguments, "x.a") else { continue };
        let walked = walk(&bytes);
        assert_eq!(walked.reasons(), [], "{program}");
        assert!(walked.content("text") == text && walked.content("noise") == noise(70_000));
        std::fs::remove_file(folder.path().join("x.a")).unwrap();
    }
    std::fs::create_dir(folder.path().join("tree/DEBIAN")).unwrap();
    let control =
        "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n";
    std::fs::write(folder.path().join("tree/DEBIAN/control"), control).unwrap();
    if run(folder.path(), "dpkg-deb", &["-b", "tree", "x.deb"]).is_some() {
        let walked = walk(&std::fs::read(folder.path().join("x.deb")).unwrap());
        assert_eq!(walked.reasons(), []);
        assert_eq!(walked.content("debian-binary"), b"2.0\n");
        assert!(walked.names()[2].starts_with("data.tar"), "{:?}", walked.names());
    }
}
