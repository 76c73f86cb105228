use super::super::testing::{budget, run, survives_damage, walk_at};
use super::samples::{program, put, words};
use super::*;
use crate::limits::Limits;

const RCDATA: u32 = 10;
const ICON: u32 = 3;

fn walked(program: &[u8]) -> super::super::testing::Walked {
    walk_at(open_pe, program, 0, Limits::default())
}

#[test]
fn resources_and_overlay_are_handed_out_in_place() {
    let mut data = program(&[(RCDATA, 7, b"payload"), (300, 1, b"of its own kind")]);
    data.extend(b"appended");
    let walked = walked(&data);
    assert_eq!(walked.names(), ["resource RCDATA/7/1033", "resource 300/1/1033", "overlay"]);
    assert_eq!(walked.content("resource RCDATA/7/1033"), b"payload");
    assert_eq!(walked.content("resource 300/1/1033"), b"of its own kind");
    assert_eq!(walked.content("overlay"), b"appended");
    assert_eq!(walked.reasons(), []);
}

#[test]
fn icons_are_passed_over_unless_they_are_something_else() {
    let cabinet = b"MSCF\0\0\0\0";
    let data = program(&[(ICON, 1, b"\x28\0\0\0\x20\0\0\0\x40\0\0\0"), (ICON, 2, cabinet)]);
    assert_eq!(walked(&data).names(), ["resource 3/2/1033"]);
}

#[test]
fn resources_over_each_other_are_handed_out_once() {
    let content = vec![7; 100_000];
    let mut data = program(&[(RCDATA, 1, &content), (RCDATA, 2, b""), (RCDATA, 3, b"")]);
    let entry = |number: usize| 0x400 + 16 + 3 * 8 + number * 64 + 48;
    let first = data[entry(0)..entry(0) + 8].to_vec();
    put(&mut data, entry(1), &first);
    assert_eq!(walked(&data).entries.len(), 1, "the same place");
    let many: Vec<(u32, u32, &[u8])> = (0..50).map(|number| (RCDATA, number, &b"x"[..])).collect();
    let mut data = program(&many);
    data.extend(vec![7; 1 << 20]);
    let size = (data.len() - 0x400) as u32;
    put(&mut data, 0x80 + 24 + 0xe0 + 16, &words(&[size])); // the section, in the file
    put(&mut data, 0x80 + 24 + 0xe0 + 8, &words(&[size]));
    for number in 0..50 {
        let at = 0x400 + 16 + 50 * 8 + number * 64 + 48;
        put(&mut data, at, &words(&[0x1000 + number as u32, size - 100]));
    }
    let walked = walked(&data);
    assert_eq!(walked.entries.len(), 1);
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
}

#[test]
fn signatures_symbols_and_padding_are_no_overlay() {
    let mut data = program(&[]);
    let end = data.len();
    let with = |data: &mut Vec<u8>, at: usize, field: &[u32]| put(data, at, &words(field));
    data.extend([0; 512]);
    assert!(walked(&data).entries.is_empty(), "padding");
    data.truncate(end);
    data.extend([&[1_u8; 40][..], b"behind"].concat());
    with(&mut data, 0x80 + 24 + 96 + 32, &[end as u32, 40]);
    assert_eq!(walked(&data).content("overlay"), b"behind", "behind the signatures");
    data.truncate(end);
    data.extend([&[1_u8; 36][..], &words(&[4]), b"behind"].concat());
    with(&mut data, 0x80 + 24 + 96 + 32, &[0, 0]);
    with(&mut data, 0x80 + 12, &[end as u32, 2]);
    assert_eq!(walked(&data).content("overlay"), b"behind", "behind the symbols");
}

#[test]
fn resources_that_leave_the_file_are_cut_and_broken_ones_are_nothing() {
    let mut data = program(&[(RCDATA, 1, b"payload")]);
    let entry = 0x400 + 24 + 48;
    put(&mut data, entry + 4, &words(&[u32::MAX]));
    let cut = walked(&data);
    assert!(cut.entries[0].bytes.as_deref().unwrap().starts_with(b"payload"));
    put(&mut data, entry, &words(&[u32::MAX]));
    assert!(walked(&data).entries.is_empty());
}

#[test]
fn more_resources_than_facts_say_the_limit() {
    let many: Vec<(u32, u32, &[u8])> = (0..50).map(|number| (RCDATA, number, &b"x"[..])).collect();
    let limits = Limits { facts: 70, ..Limits::default() };
    let walked = walk_at(open_pe, &program(&many), 0, limits);
    let facts = Reason::Limit(crate::limits::Limit::Facts);
    assert_eq!(walked.reasons(), [facts]);
}

#[test]
fn what_is_no_program_holds_nothing() {
    for data in [&b""[..], b"MZ", &[0; 100]] {
        assert!(walked(data).entries.is_empty());
        assert!(walk_at(open_elf, data, 0, Limits::default()).entries.is_empty());
    }
}

#[test]
fn a_program_in_other_data_goes_to_the_end() {
    for open in [open_pe, open_elf] {
        let walked = walk_at(open, b"front\x7fELF", 5, Limits::default());
        assert_eq!(walked.content("program at 5"), b"\x7fELF");
    }
}

#[test]
fn resources_written_by_windres() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("a.rc", b"1 RCDATA \"a.bin\"\nNAMED OWNKIND \"a.bin\"\nSTRINGTABLE { 1, \"text\" }\n");
    write("a.bin", b"\x01\x02found by its content\xff");
    write("a.c", b"int start(void) { return 0; }");
    let tool = |name: &str| format!("x86_64-w64-mingw32-{name}");
    let windres = run(folder.path(), &tool("windres"), &["a.rc", "a.o"]);
    let arguments = ["-nostdlib", "-estart", "a.c", "a.o", "-oa.exe"];
    let Some(_) = windres.and_then(|_| run(folder.path(), &tool("gcc"), &arguments)) else {
        return;
    };
    let data = std::fs::read(folder.path().join("a.exe")).unwrap();
    let walked = walked(&data);
    let names = ["resource OWNKIND/NAMED/1033", "resource RCDATA/1/1033"];
    assert_eq!(walked.names(), names, "symbols are no overlay");
    for name in names {
        assert_eq!(walked.content(name), b"\x01\x02found by its content\xff");
    }
}

#[test]
fn damage_ends_within_the_limits() {
    let mut data =
        program(&[(RCDATA, 1, b"payload"), (300, 1, b"more"), (ICON, 1, b"MSCF\0\0\0\0")]);
    data.extend(b"appended");
    survives_damage(open_pe, &data);
}

#[test]
fn an_object_that_is_too_large_is_cut() {
    let data = program(&[(RCDATA, 1, &[1, 2, 3, 4, 5, 6, 7, 8])]);
    let limits = Limits { object_bytes: 5, ..Limits::default() };
    let walked = walk_at(open_pe, &data, 0, limits);
    assert_eq!(walked.content("resource RCDATA/1/1033"), [1, 2, 3, 4, 5]);
    assert_eq!(walked.reasons(), [Reason::Limit(crate::limits::Limit::ObjectBytes)]);
    assert_eq!(budget(Limits::default()).total_bytes(), 0);
}
