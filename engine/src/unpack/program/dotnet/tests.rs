use super::super::super::testing::{Walked, run, survives_damage, walk_at};
use super::*;
use crate::limits::Limits;
use crate::verdict::Reason;

fn text(text: &[u8]) -> Vec<u8> {
    [&[text.len() as u8][..], text].concat()
}

fn wide(name: &str) -> Vec<u8> {
    text(&name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())
}

/// A file of values: names, kinds, and contents behind their length.
fn file(version: u32, types: &[&[u8]], values: &[(&str, u8, Vec<u8>)]) -> Vec<u8> {
    let mut file = [0xbeef_cace_u32, 1, 4].map(u32::to_le_bytes).concat();
    file.extend(b"read");
    let counts = [version, values.len() as u32, types.len() as u32];
    file.extend(counts.map(u32::to_le_bytes).concat());
    types.iter().for_each(|name| file.extend(text(name)));
    file.resize(file.len().next_multiple_of(8), b'P');
    file.extend(vec![0; values.len() * 4]);
    let (mut names, mut data) = (Vec::new(), Vec::new());
    for (name, kind, content) in values {
        file.extend((names.len() as u32).to_le_bytes());
        names.extend(wide(name));
        names.extend((data.len() as u32).to_le_bytes());
        data.push(*kind);
        data.extend(content);
    }
    let place = file.len() + 4 + names.len();
    [file, (place as u32).to_le_bytes().to_vec(), names, data].concat()
}

fn bytes(content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32).to_le_bytes(), content].concat()
}

fn sample() -> Vec<u8> {
    let long = [b'a'; 100];
    let values = [
        ("icon", 0x20, bytes(b"an array")),
        ("file", 0x21, bytes(b"a stream")),
        ("word", 1, text(b"short")),
        ("script", 1, text(&long)),
        ("count", 8, vec![1, 2, 3, 4]),
    ];
    file(2, &[], &values)
}

fn walked(file: &[u8]) -> Walked {
    walk_at(open, file, 0, Limits::default())
}

#[test]
fn arrays_streams_and_long_texts_are_handed_out() {
    let walked = walked(&sample());
    assert_eq!(walked.names(), ["icon", "file", "script"]);
    assert_eq!(walked.content("icon"), b"an array");
    assert_eq!(walked.content("file"), b"a stream");
    assert_eq!(walked.content("script"), [b'a'; 100]);
    assert_eq!(walked.reasons(), []);
}

#[test]
fn the_first_version_names_its_types() {
    let types: [&[u8]; 2] = [b"System.Int32, mscorlib", b"System.Byte[], mscorlib"];
    let values = [("n", 0, vec![1, 2, 3, 4]), ("data", 1, bytes(b"an array"))];
    assert_eq!(walked(&file(1, &types, &values)).content("data"), b"an array");
}

#[test]
fn what_lies_outside_is_truncated() {
    let whole = sample();
    assert_eq!(walked(&whole[..20]).reasons(), [Reason::Truncated]);
    let cut = walked(&whole[..whole.len() - 150]);
    assert_eq!(cut.reasons(), [Reason::Truncated]);
    let mut many = whole.clone();
    many[20..24].copy_from_slice(&[0xff; 4]);
    assert_eq!(walked(&many).reasons(), [Reason::Truncated]);
}

#[test]
fn resources_of_a_program_lie_behind_their_length() {
    let lengths = [&3_u32.to_le_bytes()[..], b"one\0", &8_u32.to_le_bytes(), b"the next"].concat();
    let found = resources(&lengths, 0..lengths.len() as u64);
    let ranges: Vec<_> = found.into_iter().map(|part| part.range).collect();
    assert_eq!(ranges, [4..7, 12..20]);
    let wrong = [&[0xff; 4][..], b"payload"].concat();
    let whole = resources(&wrong, 0..11);
    assert_eq!((whole.len(), &whole[0].range), (1, &(0..11)), "handed out as one");
    assert_eq!(resources(&vec![0; 1 << 20], 0..1 << 20).len(), 1);
    let ones = 1_u64.to_le_bytes().repeat(10_000);
    assert_eq!(resources(&ones, 0..ones.len() as u64).len(), MOST);
}

#[test]
fn resources_written_by_mcs() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("a.cs", b"class A { static void Main() {} }");
    write("one", b"found by its content");
    write("two", b"MZ and another one");
    write("three", &sample());
    let arguments = ["-resource:one", "-resource:two", "-resource:three", "-out:a.exe", "a.cs"];
    if run(folder.path(), "mcs", &arguments).is_none() {
        return;
    }
    let program = std::fs::read(folder.path().join("a.exe")).unwrap();
    let walked = walk_at(super::super::open_pe, &program, 0, Limits::default());
    assert_eq!(walked.content(".NET resource 1"), b"found by its content");
    assert_eq!(walked.content(".NET resource 2"), b"MZ and another one");
    assert_eq!(walked.content(".NET resource 3"), sample());
}

#[test]
fn damage_ends_within_the_limits() {
    survives_damage(open, &sample());
}
