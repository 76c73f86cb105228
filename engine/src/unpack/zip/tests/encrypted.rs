//! Encrypted entries and the passwords that open them.

use super::hostile::twofold;
use super::*;
use crate::limits::Limit;
use crate::unpack::testing::{assert_holds_sample, budget, made_by, noise, run, sample_tree};
use crate::unpack::zip::traditional::Cipher;

fn passwords(words: &[&str]) -> Passwords {
    Passwords::new(words.iter().map(|word| word.as_bytes().to_vec()))
}

fn walk_trying(bytes: &[u8], words: &[&str], limits: Limits) -> Walked {
    let opening = Opening { budget: &budget(limits), passwords: &passwords(words) };
    walk_with(open, bytes, 0, &opening)
}

fn unlock(bytes: &[u8], words: &[&str]) -> Walked {
    walk_trying(bytes, words, Limits::default())
}

/// An entry in the older encryption: its head, and header and data as they lie in the archive.
fn locked(head: &Head, data: &[u8], password: &str) -> (Head, Vec<u8>) {
    let head = head.changed(|head| (head.flags, head.packed) = (1, head.packed + 12));
    let mut bytes = [&noise(11)[..], &head.crc.to_be_bytes()[..1], data].concat();
    Cipher::new(password.as_bytes()).encrypt(&mut bytes);
    (head, bytes)
}

#[test]
fn archives_of_other_tools_open_with_their_password() {
    let tools: [(&str, &[&str]); 8] = [
        ("zip", &["-qr", "-P", "secret", "x.zip", "tree"]),
        ("zip", &["-qr0", "-P", "secret", "x.zip", "tree"]),
        ("zip", &["-qrfd", "-P", "secret", "x.zip", "tree"]),
        ("7z", &["a", "-tzip", "-psecret", "-mem=ZipCrypto", "x.zip", "tree"]),
        ("7z", &["a", "-tzip", "-psecret", "-mem=AES128", "x.zip", "tree"]),
        ("7z", &["a", "-tzip", "-psecret", "-mem=AES192", "x.zip", "tree"]),
        ("7z", &["a", "-tzip", "-psecret", "-mem=AES256", "x.zip", "tree"]),
        ("7z", &["a", "-tzip", "-psecret", "-mem=AES256", "-mm=copy", "x.zip", "tree"]),
    ];
    for (program, arguments) in tools {
        let folder = sample_tree();
        let Some(bytes) = made_by(folder.path(), program, arguments, "x.zip") else { continue };
        let what = format!("{program} {arguments:?}");
        assert_holds_sample(&unlock(&bytes, &["wrong", "secret", "other"]), &what);
        let walked = unlock(&bytes, &["wrong", "Secret"]);
        assert_eq!(walked.reasons(), [Reason::Encrypted], "{what}");
        assert!(walked.words().contains("none of 2 passwords"), "{}", walked.words());
    }
}

#[test]
fn an_archive_through_a_pipe_opens_without_its_directory() {
    let folder = sample_tree();
    let arguments = ["-qr", "-P", "secret", "-", "tree"];
    let Some(bytes) = run(folder.path(), "zip", &arguments) else { return };
    assert_holds_sample(&unlock(&bytes, &["secret"]), "zip to a pipe");
    let end = bytes.windows(4).position(|window| window == CENTRAL).unwrap();
    let walked = unlock(&bytes[..end], &["secret"]);
    assert_eq!(walked.content("tree/text"), b"the quick brown fox ".repeat(5000));
    assert_eq!(walked.content("tree/noise"), noise(70_000));
}

/// `zip -e` and `7z -mem=AES128` (AE-2) over `hello, encrypted world`, with the password `secret`.
const STORED_ARCHIVES: [&str; 2] = [
    "504b03040a000900000053a8755de71523f8220000001600000006000000696e2e7478741957a3f0b86d\
     938bea40fc5e49d7b10e54dc067c4f435abd6187894af6984d09e85a504b0708e71523f8220000001600\
     0000504b01021e030a000900000053a8755de71523f82200000016000000060000000000000001000000\
     a48100000000696e2e747874504b0506000000000100010034000000560000000000",
    "504b030433000100630000002100000000002a0000001600000006000b00696e2e747874019907000200\
     4145010000b8cad9952fadaa62536a4d2dcf65502266888b0a8de88f6e53f13c1b1cb73eed2363dae649\
     2493b8c94b504b01023f0333000100630000002100000000002a0000001600000006000b000000000000\
     002080a48100000000696e2e7478740199070002004145010000504b050600000000010001003f000000\
     590000000000",
];

#[test]
fn stored_archives_open_where_the_tools_are_missing() {
    for archive in STORED_ARCHIVES {
        let bytes: Vec<u8> = archive
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect();
        let walked = unlock(&bytes, &["secret"]);
        assert_eq!(walked.content("in.txt"), b"hello, encrypted world");
        assert_eq!(walked.reasons(), []);
        assert_eq!(walk(&bytes).reasons(), [Reason::Encrypted]);
    }
}

#[test]
fn a_password_that_fitted_is_tried_first() {
    let mut archive = Archive::default();
    for number in 0..50 {
        let bytes = format!("content {number}").into_bytes();
        let (head, data) = locked(&Head::stored(&number.to_string(), &bytes), &bytes, "last");
        archive.add(&head, &data);
    }
    let words = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "last"];
    let limits = Limits { key_work: 10 + 50, ..Limits::default() };
    let walked = walk_trying(&archive.finish(), &words, limits);
    assert_eq!(walked.reasons(), []);
    assert_eq!(walked.content("49"), b"content 49");
}

#[test]
fn trying_passwords_has_a_limit() {
    let bytes = b"content ".repeat(50);
    let (head, packed) = Head::deflated("name", &bytes);
    let (head, data) = locked(&head, &packed, "zzz");
    let bytes = archive_of(&head, &data);
    let many: Vec<String> = (0..1000).map(|number| format!("{number:03}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).chain(["zzz"]).collect();
    assert_eq!(walk_trying(&bytes, &many, Limits::default()).reasons(), []);
    let walked = walk_trying(&bytes, &many, Limits { key_work: 900, ..Limits::default() });
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::KeyWork), Reason::Encrypted]);
}

#[test]
fn a_bomb_behind_a_password_meets_its_limit() {
    let (head, packed) = Head::deflated("bomb", &vec![0; 8 << 20]);
    let (head, data) = locked(&head, &packed, "secret");
    let limits = Limits { object_bytes: 1 << 20, ..Limits::default() };
    let walked = walk_trying(&archive_of(&head, &data), &["secret"], limits);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::ObjectBytes)]);
    assert_eq!(walked.entries.len(), 1);
}

#[test]
fn a_wrong_checksum_hides_no_deflated_content() {
    let bytes = b"content ".repeat(50);
    let (head, packed) = Head::deflated("name", &bytes);
    let (head, data) = locked(&head.changed(|head| head.crc ^= 1), &packed, "secret");
    let walked = twofold(&head, &head, &data);
    assert_eq!(walked.reasons(), [Reason::Encrypted]);
    let walked = unlock(&archive_of(&head, &data), &["wrong", "secret"]);
    assert_eq!(walked.content("name"), bytes);
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
}

#[test]
fn a_broken_code_hides_no_content() {
    let folder = sample_tree();
    let arguments = ["a", "-tzip", "-psecret", "-mem=AES256", "x.zip", "tree/text"];
    let Some(mut bytes) = made_by(folder.path(), "7z", &arguments, "x.zip") else { return };
    let end = bytes.windows(4).position(|window| window == CENTRAL).unwrap();
    bytes[end - 1] ^= 1;
    let walked = unlock(&bytes, &["secret"]);
    assert_eq!(walked.content("tree/text"), b"the quick brown fox ".repeat(5000));
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
    assert!(walked.words().contains("authentication code"), "{}", walked.words());
}

/// One header tells of a lock, the other of stored data: whoever believes either finds something.
#[test]
fn headers_that_disagree_about_the_lock_hide_nothing() {
    let bytes = b"content ".repeat(50);
    let (plain, packed) = Head::deflated("name", &bytes);
    let (locked, data) = locked(&plain, &packed, "secret");
    let open = locked.changed(|head| head.flags = 0);
    for (central, local) in [(&locked, &open), (&open, &locked)] {
        let mut archive = Archive::default();
        let offset = archive.local(local, &data);
        archive.list(central, offset);
        let walked = unlock(&archive.finish(), &["secret"]);
        let contents: Vec<_> = walked.entries.iter().filter_map(|e| e.bytes.as_deref()).collect();
        assert!(contents.contains(&&bytes[..]), "{}", walked.words());
    }
}

#[test]
fn data_too_short_for_a_lock_stay_encrypted() {
    for length in 0..30 {
        let secret = noise(length);
        let head = Head::stored("s", &secret).changed(|h| (h.flags, h.crc) = (1, 7));
        for head in [head.clone(), head.changed(|head| (head.method, head.crc) = (99, 0))] {
            let walked = unlock(&archive_of(&head, &secret), &["secret", ""]);
            assert_eq!(walked.reasons(), [Reason::Encrypted], "{length}");
        }
    }
}

fn archive_of(head: &Head, data: &[u8]) -> Vec<u8> {
    let mut archive = Archive::default();
    archive.add(head, data);
    archive.finish()
}
