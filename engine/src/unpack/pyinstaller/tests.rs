use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::super::testing::{Walked, budget, run, survives_damage, walk_at};
use super::*;
use crate::limits::{Limit, Limits};
use crate::verdict::Reason;

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An archive: names, whether they are packed, contents.
fn archive(files: &[(&str, bool, &[u8])]) -> Vec<u8> {
    let (mut data, mut list) = (Vec::new(), Vec::new());
    for (name, is_packed, content) in files {
        let stored = if *is_packed { packed(content) } else { content.to_vec() };
        let fields = [18 + name.len() as u32 + 1, data.len() as u32, stored.len() as u32];
        list.extend(fields.map(u32::to_be_bytes).concat());
        list.extend((content.len() as u32).to_be_bytes());
        list.extend([u8::from(*is_packed), b'x']);
        list.extend([name.as_bytes(), b"\0"].concat());
        data.extend(stored);
    }
    let length = (data.len() + list.len() + 88) as u32;
    let cookie = [length, data.len() as u32, list.len() as u32, 311].map(u32::to_be_bytes);
    [&data, &list, PYINSTALLER_COOKIE, &cookie.concat(), &[0; 64]].concat()
}

fn walked(archive: &[u8]) -> Walked {
    walk_at(open, archive, 0, Limits::default())
}

const FILES: &[(&str, bool, &[u8])] = &[
    ("a.py", true, b"print('found by its content')"),
    ("lib/b.so", false, b"\x7fELF"),
    ("o", false, b""),
];

#[test]
fn files_are_unpacked_and_options_are_none() {
    let walked = walked(&archive(FILES));
    assert_eq!(walked.names(), ["a.py", "lib/b.so"]);
    assert_eq!(walked.content("a.py"), FILES[0].2);
    assert_eq!(walked.content("lib/b.so"), FILES[1].2);
    assert_eq!(walked.reasons(), []);
}

#[test]
fn an_archive_behind_a_program_begins_where_its_cookie_says() {
    let data =
        [&b"MZ a program "[..], PYINSTALLER_COOKIE, &[9; 100], &archive(FILES), b"signature"];
    let data = data.concat();
    let found = crate::identify::identify(&data).found;
    let place =
        found.iter().find(|found| found.file_type == crate::identify::FileType::PyInstaller);
    let walked = walk_at(open, &data, place.unwrap().offset, Limits::default());
    assert_eq!(walked.content("a.py"), FILES[0].2);
}

#[test]
fn broken_lists_keep_what_was_read() {
    let whole = archive(FILES);
    let cookie = whole.len() - 88;
    assert_eq!(walked(&whole[..cookie]).reasons(), [Reason::Truncated]);
    let mut short = whole.clone();
    let second = memchr::memmem::find(&whole, b"lib/b.so").unwrap() - 18;
    short[second..second + 4].copy_from_slice(&[0, 0, 0, 3]);
    let walked_short = walked(&short);
    assert_eq!(walked_short.names(), ["a.py"]);
    assert_eq!(walked_short.reasons(), [Reason::Corrupted]);
    short[second..second + 4].copy_from_slice(&[0xff; 4]);
    assert_eq!(walked(&short).reasons(), [Reason::Truncated]);
}

#[test]
fn what_unpacks_to_too_much_is_cut() {
    let archive = archive(&[("bomb", true, &vec![0; 4 << 20])]);
    let limits = Limits { object_bytes: 1 << 20, ..Limits::default() };
    let walked = walk_at(open, &archive, 0, limits);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::ObjectBytes)]);
}

#[test]
fn the_search_for_the_cookie_is_bounded() {
    let many = PYINSTALLER_COOKIE.repeat(10_000);
    assert_eq!(walked(&many).reasons(), [Reason::Truncated]);
    assert_eq!(budget(Limits::default()).total_bytes(), 0);
}

/// `marshal` of a list of two modules, as Python 3.11 writes it: the second kind is a reference.
const MODULES: &[u8] =
    b"\x5b\x02\0\0\0\x29\x02\xda\x01a\xa9\x03\xe9\0\0\0\0\xe9\x0c\0\0\0\xe9\x0c\0\0\0\
    \x29\x02\xda\x01b\xa9\x03\x72\x02\0\0\0\x72\x03\0\0\0\x72\x03\0\0\0";

fn modules(list: &[u8]) -> Vec<u8> {
    let module = packed(b"code");
    assert_eq!(module.len(), 12);
    let mut archive = b"PYZ\0\xa7\x0d\x0d\x0a\0\0\0\x18".to_vec();
    archive.extend(module);
    [&archive, list].concat()
}

#[test]
fn modules_are_unpacked_by_a_list_or_a_dictionary() {
    let dictionary = b"{\xda\x01a\xa9\x03i\0\0\0\0i\x0c\0\0\0i\x0c\0\0\x00\x30".to_vec();
    for (list, names) in [(MODULES, &["a", "b"][..]), (&dictionary, &["a"])] {
        let walked = walk_at(pyz::open, &modules(list), 0, Limits::default());
        assert_eq!(walked.names(), names);
        assert_eq!(walked.content("a"), b"code");
        assert_eq!(walked.reasons(), []);
    }
}

#[test]
fn lists_that_no_marshal_writes_end() {
    for list in [&b"?"[..], b"\xda\xff", b"r\0\0\0\0", b"\x5b\xff\xff\xff\xff\xe9"] {
        let walked = walk_at(pyz::open, &modules(list), 0, Limits::default());
        assert_eq!(walked.reasons(), [Reason::Corrupted], "{list:?}");
    }
    let walked = walk_at(pyz::open, b"PYZ\0\xa7\x0d\x0d\x0a\xff\xff\xff\xff", 0, Limits::default());
    assert_eq!(walked.reasons(), [Reason::Truncated]);
}

#[test]
fn references_are_charged() {
    let many = modules(&b"\xa9\0".repeat(100_000));
    let limits = Limits { memory: 1 << 20, ..Limits::default() };
    let walked = walk_at(pyz::open, &many, 0, limits);
    assert_eq!(walked.reasons(), [Reason::Corrupted], "the list is given up");
}

#[test]
fn programs_made_by_pyinstaller() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.py"), "import json\nprint('found by its content')\n")
        .unwrap();
    let arguments = ["--onefile", "--log-level=ERROR", "app.py"];
    if run(folder.path(), "pyinstaller", &arguments).is_none() {
        return;
    }
    let program = std::fs::read(folder.path().join("dist/app")).unwrap();
    let found = crate::identify::identify(&program).found;
    let place =
        found.iter().find(|found| found.file_type == crate::identify::FileType::PyInstaller);
    let walked = walk_at(open, &program, place.unwrap().offset, Limits::default());
    assert_eq!(walked.reasons(), []);
    let script = walked.content("app");
    assert!(memchr::memmem::find(script, b"found by its content").is_some());
    let modules = walk_at(pyz::open, walked.content("PYZ.pyz"), 0, Limits::default());
    assert!(modules.names().contains(&"json"));
    assert_eq!(modules.reasons(), []);
}

#[test]
fn damage_ends_within_the_limits() {
    survives_damage(open, &archive(FILES));
    survives_damage(pyz::open, &modules(MODULES));
}
