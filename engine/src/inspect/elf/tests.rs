//! What is read from sound programs of both widths and byte orders, and from broken ones.

use super::super::facts::{Elf, Facts, Format};
use super::super::samples::{BuiltElf, ELF, ELF_BASE, SampleElf};
use super::super::{inspect, layout};
use crate::limits::{Budget, Cancel, Limit, Limits};
use crate::verdict::Reason;

const KINDS: [(u8, bool); 4] = [(32, false), (32, true), (64, false), (64, true)];

fn built(bits: u8, big_endian: bool) -> BuiltElf {
    SampleElf { bits, big_endian }.build()
}

fn facts_of(file: &[u8]) -> Facts {
    inspect(file, ELF, &Budget::new(Limits::default(), Cancel::new()))
}

fn elf_of(facts: &Facts) -> &Elf {
    match facts.program.as_ref().map(|program| &program.format) {
        Some(Format::Elf(elf)) => elf,
        other => panic!("not an ELF: {other:?}"),
    }
}

#[track_caller]
fn assert_anomaly(file: &[u8], words: &str) {
    let anomalies = facts_of(file).anomalies;
    assert!(anomalies.iter().any(|a| a.contains(words)), "{words:?} is not in {anomalies:?}");
}

#[test]
fn the_layout_has_entry_point_and_sections() {
    for (bits, big_endian) in KINDS {
        let sample = built(bits, big_endian);
        let layout = layout(&sample.file, ELF).unwrap();
        assert_eq!(layout.bits, bits);
        assert_eq!(layout.entry_point, Some(sample.text + 4));
        let names: Vec<_> = layout.sections.iter().map(|section| section.name.as_str()).collect();
        assert_eq!(names, ["", ".text", ".dynsym", ".bss", ".shstrtab"]);
        assert_eq!(layout.sections[1].raw, sample.text..sample.text + 64);
        assert!(layout.sections[3].raw.is_empty(), "a section without bytes in the file");
        assert_eq!(layout.sections[3].virtual_size, 0x10_0000);
    }
}

#[test]
fn everything_is_read() {
    for (bits, big_endian) in KINDS {
        let facts = facts_of(&built(bits, big_endian).file);
        assert_eq!(facts.anomalies, Vec::<String>::new());
        assert_eq!(facts.problems, []);
        let program = facts.program.as_ref().unwrap();
        assert_eq!((program.bits, program.big_endian), (bits, big_endian));
        assert_eq!(program.machine, if bits == 64 { 62 } else { 3 });
        assert_eq!(program.overlay, None);
        let elf = elf_of(&facts);
        assert_eq!((elf.kind_name, elf.os_abi), ("DYN", 3));
        assert_eq!(elf.interpreter.as_deref(), Some("/lib/ld-sample.so"));
        assert_eq!(elf.needed, ["libneeded.so"]);
        assert_eq!(elf.name.as_deref(), Some("sample.so"));
        assert_eq!(elf.search_paths, ["/search"]);
        assert_eq!(elf.imports, ["imported"]);
        assert_eq!(elf.exports, ["exported"], "a local symbol is no export");
        assert_eq!(elf.build_id.as_deref(), Some(&[0xde, 0xad, 0xbe, 0xef][..]));
        assert_eq!(elf.segments.len(), 4);
    }
}

#[test]
fn without_section_headers_the_dynamic_table_is_enough() {
    for (bits, big_endian) in KINDS {
        let mut sample = built(bits, big_endian);
        let (offset, width) = if bits == 64 { (0x28, 8) } else { (0x20, 4) };
        sample.file[offset..offset + width].fill(0);
        let layout = layout(&sample.file, ELF).unwrap();
        assert_eq!((layout.sections.len(), layout.all_sections), (0, true));
        assert_eq!(layout.entry_point, Some(sample.text + 4));
        let facts = facts_of(&sample.file);
        assert_eq!(elf_of(&facts).exports, ["exported"]);
    }
}

#[test]
fn no_elf_is_no_program() {
    assert_eq!(layout(b"", ELF), None);
    assert_eq!(layout(&built(64, false).file, &[]), None);
    assert_anomaly(b"\x7fEL", "does not begin with an ELF signature");
}

#[test]
fn a_false_byte_order_or_class_is_seen_through() {
    let mut sample = built(64, false);
    for (place, value) in [(5, 2), (5, 0), (5, 99), (4, 0), (4, 77)] {
        let right = std::mem::replace(&mut sample.file[place], value);
        let layout = layout(&sample.file, ELF).unwrap();
        assert_eq!((layout.bits, layout.entry_point), (64, Some(sample.text + 4)));
        assert_anomaly(&sample.file, &format!("byte {place} of the header is {value}"));
        sample.file[place] = right;
    }
}

/// Offsets of e_phnum, e_shentsize, e_shnum and e_shstrndx in a 64-bit header.
const PHNUM: usize = 56;
const SHENTSIZE: usize = 58;
const SHNUM: usize = 60;
const SHSTRNDX: usize = 62;

#[test]
fn counts_that_do_not_fit_are_in_section_zero() {
    let mut sample = built(64, false);
    let first = sample.sections as usize;
    sample.file[SHNUM..SHNUM + 2].fill(0);
    sample.file[first + 32] = 5; // sh_size
    sample.file[SHSTRNDX..SHSTRNDX + 2].fill(0xff);
    sample.file[first + 40] = 4; // sh_link
    sample.file[PHNUM..PHNUM + 2].fill(0xff);
    sample.file[first + 44] = 4; // sh_info
    let facts = facts_of(&sample.file);
    assert_eq!(facts.anomalies, Vec::<String>::new());
    let program = facts.program.as_ref().unwrap();
    assert_eq!(program.sections.len(), 5);
    assert_eq!(program.sections[1].section.name, ".text");
    assert_eq!(elf_of(&facts).segments.len(), 4);
}

#[test]
fn absurd_counts_end_with_the_file() {
    let mut sample = built(64, false);
    sample.file[SHNUM..SHNUM + 2].fill(0xee);
    assert!(!layout(&sample.file, ELF).unwrap().all_sections);
    assert_anomaly(&sample.file, "section headers are in the file");
    let mut sample = built(64, false);
    sample.file[PHNUM..PHNUM + 2].fill(0xee);
    assert_anomaly(&sample.file, "program headers are in the file");
    let mut sample = built(64, false);
    let first = sample.sections as usize;
    sample.file[SHNUM..SHNUM + 2].fill(0);
    sample.file[first + 32..first + 40].fill(0xff);
    assert!(!layout(&sample.file, ELF).unwrap().all_sections);
}

#[test]
fn section_names_may_be_missing() {
    let mut sample = built(64, false);
    sample.file[SHSTRNDX] = 77;
    let layout = layout(&sample.file, ELF).unwrap();
    assert_eq!(layout.sections.len(), 5);
    assert!(layout.sections.iter().all(|section| section.name.is_empty()));
    assert_anomaly(&sample.file, "names are in missing section 77");
}

#[test]
fn entries_of_another_size_are_noted() {
    let mut sample = built(64, false);
    sample.file[SHENTSIZE] = 10;
    assert_eq!(layout(&sample.file, ELF).unwrap().sections.len(), 5);
    assert_anomaly(&sample.file, "a table entry of 10 bytes is declared, not 64");
}

#[test]
fn sections_and_entry_outside_of_the_file_are_noted() {
    let mut sample = built(64, false);
    let text = sample.sections as usize + 64;
    sample.file[text + 24..text + 40].fill(0xff); // sh_offset, sh_size
    sample.file[24..32].fill(0xff); // e_entry
    let layout = layout(&sample.file, ELF).unwrap();
    assert!(layout.sections[1].raw.is_empty());
    assert_eq!(layout.entry_point, None);
    assert_anomaly(&sample.file, "section 1 ends behind the file");
    assert_anomaly(&sample.file, "the entry point 0xffffffffffffffff is not in the file");
}

#[test]
fn a_whole_page_is_mapped_around_a_segment() {
    let mut sample = built(64, false);
    let entry = (ELF_BASE + sample.text).to_le_bytes();
    sample.file[24..32].copy_from_slice(&entry);
    // The first segment now starts behind the entry point, but in the same page.
    let segment = 64;
    let start = sample.text + 32;
    sample.file[segment + 8..segment + 16].copy_from_slice(&start.to_le_bytes());
    sample.file[segment + 16..segment + 24].copy_from_slice(&(ELF_BASE + start).to_le_bytes());
    assert_eq!(layout(&sample.file, ELF).unwrap().entry_point, Some(sample.text));
}

#[test]
fn a_dynamic_table_without_end_is_noted() {
    let mut sample = built(64, false);
    let dynamic = sample.dynamic as usize;
    let end = sample.file.len();
    sample.file[dynamic..end].fill(0x11);
    assert_anomaly(&sample.file, "the dynamic table has no end");
}

#[test]
fn lists_end_at_the_limit() {
    let mut sample = built(64, false);
    // More symbols than there are: the section's size is not asked when its type is another.
    let symbols = sample.sections as usize + 2 * 64;
    sample.file[symbols + 4] = 1;
    let hash = sample.hash as usize;
    sample.file[hash + 4..hash + 8].fill(0xff);
    let limits = Limits { facts: 2, ..Limits::default() };
    let facts = inspect(&sample.file, ELF, &Budget::new(limits, Cancel::new()));
    assert_eq!(facts.program.as_ref().unwrap().sections.len(), 2);
    assert_eq!(elf_of(&facts).segments.len(), 2);
    let cut = |list: &str| facts.problems.iter().any(|problem| problem.detail.contains(list));
    assert!(cut("sections") && cut("segments") && cut("dynamic table"));
    assert!(facts.problems.iter().all(|p| p.reason == Reason::Limit(Limit::Facts)));
    assert_anomaly(&sample.file, "the dynamic symbols run out of the file");
}

#[test]
fn data_behind_everything_is_overlay() {
    let mut sample = built(32, true);
    let end = sample.file.len() as u64;
    sample.file.extend(b"appended");
    let facts = facts_of(&sample.file);
    assert_eq!(facts.program.unwrap().overlay, Some(end..end + 8));
}
