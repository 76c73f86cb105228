//! Archives of the library's own writer, for want of another that is free.

use rars::{ArchiveVersion, Builder};

use super::*;
use crate::limits::Limits;
use crate::unpack::Passwords;
use crate::unpack::testing::{Change, Walked, budget, noise, survives_damage, walk_at, walk_with};

const VERSIONS: [ArchiveVersion; 4] =
    [ArchiveVersion::Rar15, ArchiveVersion::Rar20, ArchiveVersion::Rar29, ArchiveVersion::Rar50];

fn walk(bytes: &[u8]) -> Walked {
    walk_at(open, bytes, 0, Limits::default())
}

fn text() -> Vec<u8> {
    b"the quick brown fox ".repeat(500)
}

fn archive(version: ArchiveVersion, change: impl Fn(Builder) -> Builder) -> Vec<u8> {
    let mut builder = change(Builder::new(version));
    for (name, bytes) in [("text", text()), ("noise", noise(5000)), ("last", b"last".to_vec())] {
        builder.add_bytes(name.as_bytes().to_vec(), bytes, None, None).unwrap();
    }
    builder.to_bytes().unwrap()
}

fn assert_is_sample(walked: &Walked, what: &str) {
    assert_eq!(walked.reasons(), [], "{what}: {}", walked.words());
    assert_eq!(walked.names(), ["text", "noise", "last"], "{what}");
    assert!(walked.content("text") == text() && walked.content("noise") == noise(5000), "{what}");
    assert_eq!(walked.content("last"), b"last", "{what}");
}

#[test]
fn archives_of_all_versions_are_read() {
    for version in VERSIONS {
        for (solid, store) in [(false, false), (true, false), (false, true)] {
            let bytes = archive(version, |builder| builder.solid(solid).store(store));
            assert_is_sample(&walk(&bytes), &format!("{version:?} {solid} {store}"));
        }
    }
    let inside = [b"in front".to_vec(), archive(ArchiveVersion::Rar50, |builder| builder)].concat();
    assert_is_sample(&walk_at(open, &inside, 8, Limits::default()), "behind other data");
}

#[test]
fn encrypted_archives_open_with_the_right_password() {
    for (version, headers) in [
        (ArchiveVersion::Rar29, false),
        (ArchiveVersion::Rar30, true),
        (ArchiveVersion::Rar50, false),
        (ArchiveVersion::Rar50, true),
    ] {
        let password = Some(b"secret".to_vec());
        let bytes = archive(version, |builder| {
            builder.password(password.clone()).header_encryption(headers)
        });
        let reasons = walk(&bytes).reasons();
        assert_eq!(reasons, [Reason::Encrypted], "{version:?} {headers}");
        let passwords = Passwords::new([b"wrong".to_vec(), b"secret".to_vec()]);
        let budget = budget(Limits::default());
        let opening = Opening { budget: &budget, passwords: &passwords };
        let walked = walk_with(open, &bytes, 0, &opening);
        assert_is_sample(&walked, &format!("{version:?} {headers}"));
    }
}

#[test]
fn every_cut_in_a_member_is_said_and_keeps_what_came_before() {
    for version in [ArchiveVersion::Rar29, ArchiveVersion::Rar50] {
        let bytes = archive(version, |builder| builder.store(true));
        let place = bytes.windows(9).position(|part| part == b"the quick").unwrap();
        for length in (20..bytes.len()).step_by(397) {
            let walked = walk(&bytes[..length]);
            let is_in_text = (place..place + text().len()).contains(&length);
            assert!(!is_in_text || !walked.reasons().is_empty(), "{version:?}, {length} bytes");
            // A header that is cut off keeps the library from opening the archive at all.
            assert!(!(walked.entries.is_empty() && walked.reasons().is_empty()));
            let is_whole = length >= place + text().len() && !walked.entries.is_empty();
            assert!(!is_whole || walked.content("text") == text(), "{version:?}, {length}");
        }
    }
}

#[test]
fn wrong_checksums_are_corrupted() {
    for version in VERSIONS {
        let mut bytes = archive(version, |builder| builder.store(true));
        let place = bytes.windows(9).position(|part| part == b"the quick").unwrap();
        bytes[place] ^= 1;
        let walked = walk(&bytes);
        assert_eq!(walked.reasons(), [Reason::Corrupted], "{version:?}");
        assert_eq!(walked.content("last"), b"last", "{version:?}");
    }
}

#[test]
fn each_limit_gives_its_reason() {
    let of = |content: Vec<u8>| {
        let mut builder = Builder::new(ArchiveVersion::Rar50);
        builder.add_bytes(b"content".to_vec(), content, None, None).unwrap();
        builder.to_bytes().unwrap()
    };
    let reasons = walk(&of(vec![0; 4 << 20])).reasons();
    assert_eq!(reasons, [Reason::Limit(Limit::Ratio)]);
    let bytes = of(noise(200_000));
    let cases: [(Change, Limit); 4] = [
        (|l| l.object_bytes = 5000, Limit::ObjectBytes),
        (|l| l.total_bytes = 5000, Limit::TotalBytes),
        (|l| l.memory = 300_000, Limit::Memory),
        (|l| l.time = std::time::Duration::ZERO, Limit::Time),
    ];
    for (change, limit) in cases {
        let mut limits = Limits::default();
        change(&mut limits);
        let reasons = walk_at(open, &bytes, 0, limits).reasons();
        assert!(reasons.contains(&Reason::Limit(limit)), "{limit:?}: {reasons:?}");
    }
}

#[test]
fn many_members_come_in_several_runs() {
    let mut builder = Builder::new(ArchiveVersion::Rar50).store(true);
    for number in 0..200_u32 {
        let (name, bytes) = (number.to_string().into_bytes(), number.to_le_bytes().to_vec());
        builder.add_bytes(name, bytes, None, None).unwrap();
    }
    let walked = walk(&builder.to_bytes().unwrap());
    assert_eq!((walked.entries.len(), walked.reasons()), (200, vec![]));
    assert_eq!(walked.content("199"), 199_u32.to_le_bytes());
}

#[test]
fn damaged_archives_do_no_harm() {
    for version in [ArchiveVersion::Rar29, ArchiveVersion::Rar50] {
        let mut builder = Builder::new(version);
        builder.add_bytes(b"a".to_vec(), noise(60), None, None).unwrap();
        survives_damage(open, &builder.to_bytes().unwrap());
    }
}
