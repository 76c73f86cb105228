//! A shortcut made by pylnk3, and others built part by part as the specification has them.

use super::open;
use crate::limits::{Limit, Limits};
use crate::unpack::testing::{Walked, assert_each_limit_is_told, survives_damage, walk_at};
use crate::verdict::Reason;

fn walk(bytes: &[u8]) -> Walked {
    walk_at(open, bytes, 0, Limits::default())
}

/// `pylnk3.for_file(r"C:\Windows\System32\cmd.exe", ..., arguments='/c "start x"',
/// description="a note", icon_file=r"C:\i.dll", work_dir=r"C:\w")`.
const BY_PYLNK3: &[u8] = include_bytes!("fixtures/pylnk3.lnk");

fn header(flags: u32) -> Vec<u8> {
    let mut bytes = b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46".to_vec();
    bytes.extend(flags.to_le_bytes());
    bytes.resize(76, 0);
    bytes
}

fn text(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let length = u16::try_from(units.len()).unwrap();
    [length].iter().chain(&units).flat_map(|unit| unit.to_le_bytes()).collect()
}

fn environment(narrow: &str, wide: &str) -> Vec<u8> {
    let mut block = [0x314_u32, 0xa000_0001].map(u32::to_le_bytes).concat();
    block.extend(narrow.as_bytes());
    block.resize(8 + 260, 0);
    block.extend(wide.encode_utf16().flat_map(u16::to_le_bytes));
    block.resize(0x314, 0);
    block
}

/// Link information with a path on a volume, in the older and the newer form.
fn information(path: &[u8], is_new: bool) -> Vec<u8> {
    let header: u32 = if is_new { 0x24 } else { 0x1c };
    let end = header + path.len() as u32;
    let size = end + 2;
    let mut block = [size, header, 1, 0, header, 0, end].map(u32::to_le_bytes).concat();
    if is_new {
        block.extend([header, end].map(u32::to_le_bytes).concat());
    }
    [block, path.to_vec(), vec![0, 0]].concat()
}

#[test]
fn a_shortcut_of_another_program() {
    let walked = walk(BY_PYLNK3);
    assert_eq!(walked.reasons(), []);
    assert_eq!(walked.names(), ["command line", "texts"]);
    let command = b"C:\\Windows\\System32\\cmd.exe /c \"start x\"";
    assert_eq!(walked.content("command line"), command);
    let texts = b"C:\\Windows\\System32\\cmd.exe\na note\nC:\\w\nC:\\i.dll\n";
    assert_eq!(walked.content("texts"), texts);
}

#[test]
fn the_target_is_what_windows_runs() {
    let relative = text("..\\..\\r.exe");
    let arguments = text("-x \u{e9}");
    let end = vec![0; 4];
    let cases: [(Vec<Vec<u8>>, &str); 5] = [
        (
            vec![header(0xa8), relative.clone(), arguments.clone(), end.clone()],
            "..\\..\\r.exe -x é",
        ),
        (vec![header(0xa0), arguments.clone(), end.clone()], "-x é"),
        (vec![header(0x20), b"\x03\0-\xe9x".to_vec(), end.clone()], "-éx"),
        (
            vec![header(0xa2), information(b"C:\\a.exe\0", false), arguments.clone(), end.clone()],
            "C:\\a.exe -x é",
        ),
        (
            vec![header(0xa0), arguments, environment("%narrow%", "%wide%\\b.exe"), end],
            "%wide%\\b.exe -x é",
        ),
    ];
    for (parts, command) in cases {
        let walked = walk(&parts.concat());
        assert_eq!(walked.content("command line"), command.as_bytes());
        assert_eq!(walked.reasons(), [], "{}", walked.words());
    }
}

#[test]
fn other_forms_of_paths() {
    let wide: Vec<u8> = "C:\\\u{fc}.exe\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let walked = walk(&[header(2), information(&wide, true)].concat());
    assert_eq!(walked.content("command line"), "C:\\\u{fc}.exe".as_bytes());
    let share = [0x1f_u32, 0, 20, 0, 0].map(u32::to_le_bytes).concat();
    let share = [share, b"\\\\host\\s\0".to_vec(), b"f.exe\0".to_vec()].concat();
    let fields = [0x1c + share.len() as u32, 0x1c, 2, 0, 0, 0x1c, 0x1c + 29];
    let block = [fields.map(u32::to_le_bytes).concat(), share].concat();
    let walked = walk(&[header(2), block].concat());
    assert_eq!(walked.content("command line"), b"\\\\host\\s\\f.exe");
    let walked = walk(&[header(0), environment("%narrow%", "")].concat());
    assert_eq!(walked.content("command line"), b"%narrow%");
}

#[test]
fn what_is_appended_is_handed_out_once() {
    let script = b"function x { y } # appended";
    let walked = walk(&[BY_PYLNK3, script].concat());
    assert_eq!(walked.content("appended data"), script);
    assert_eq!(walked.reasons(), []);
    assert_eq!(walk(&[BY_PYLNK3, &[0; 100]].concat()).names().len(), 2, "padding");
    // What identification sees is opened without our help.
    let archive =
        b"7z\xbc\xaf\x27\x1c\0\x04\x8d\x9b\xd5\x0f\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    assert_eq!(walk(&[BY_PYLNK3, archive].concat()).names().len(), 2);
}

#[test]
fn every_cut_keeps_what_came_before() {
    for length in 20..BY_PYLNK3.len() - 4 {
        assert_eq!(walk(&BY_PYLNK3[..length]).reasons(), [Reason::Truncated], "{length}");
    }
    let cut = walk(&BY_PYLNK3[..BY_PYLNK3.len() - 8]);
    assert_eq!(cut.content("command line"), walk(BY_PYLNK3).content("command line"));
}

#[test]
fn a_block_that_lies_about_its_size_ends_the_blocks() {
    let block = [0x7fff_ffff_u32, 0xa000_0001].map(u32::to_le_bytes).concat();
    let walked = walk(&[header(0xa0), text("args"), block, b"what follows".to_vec()].concat());
    assert_eq!(walked.reasons(), [Reason::Truncated]);
    assert_eq!(walked.content("command line"), b"args");
    assert!(walked.content("appended data").ends_with(b"what follows"));
}

#[test]
fn each_limit_gives_its_reason() {
    use Limit::{Memory, ObjectBytes, Time, TotalBytes};
    let bytes = [header(0xa0), text(&"x".repeat(60_000)), vec![0; 4]].concat();
    assert_each_limit_is_told(open, &bytes, &[ObjectBytes, TotalBytes, Memory, Time]);
}

#[test]
fn damaged_shortcuts_do_no_harm() {
    survives_damage(open, BY_PYLNK3);
    survives_damage(open, &[header(0xff), environment("a", "b"), vec![0; 4]].concat());
}
