//! The same facts from somebody else, where it is installed: binutils' `readelf`, ClamAV's `sigtool`.

use std::path::Path;
use std::process::Command;

use super::mutations::{Random, mutate};
use super::samples::{ELF, SamplePe};
use super::{Layout, Program, inspect, layout};
use crate::limits::{Budget, Cancel, Limits};

const PROGRAM: &str = "/bin/ls";

fn readelf(options: &str) -> Option<String> {
    let output = Command::new("readelf").env("LC_ALL", "C").args([options, PROGRAM]).output();
    let text = output.ok().filter(|output| output.status.success())?.stdout;
    String::from_utf8(text).ok()
}

/// The text of a header's field.
fn field<'a>(header: &'a str, name: &str) -> &'a str {
    let line = header.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
    line.split_once(':').unwrap().1.trim()
}

/// Name, offset and size of each section: `[ 1] .interp PROGBITS address offset size ...`.
fn listed_sections(text: &str) -> Vec<(String, u64, u64)> {
    let rows = text.lines().filter_map(|line| line.trim_start().strip_prefix('['));
    let rows = rows.filter_map(|line| line.split_once(']')).filter(|(n, _)| n.trim() != "Nr");
    rows.map(|(number, row)| {
        let mut fields: Vec<_> = row.split_whitespace().collect();
        if number.trim() == "0" {
            fields.insert(0, "");
        }
        let hex = |text: &str| u64::from_str_radix(text, 16).unwrap();
        (fields[0].to_owned(), hex(fields[3]), hex(fields[4]))
    })
    .collect()
}

fn seen_sections(layout: &Layout) -> Vec<(String, u64, u64)> {
    let sections = layout.sections.iter();
    sections.map(|s| (s.name.clone(), s.declared.start, s.virtual_size)).collect()
}

#[test]
fn sections_and_header_agree_with_readelf() {
    let (Some(header), Some(sections)) = (readelf("-h"), readelf("-SW")) else {
        eprintln!("skipped: readelf (binutils) is not installed or cannot read {PROGRAM}");
        return;
    };
    let file = std::fs::read(Path::new(PROGRAM)).unwrap();
    let layout = layout(&file, ELF).unwrap();
    assert_eq!(seen_sections(&layout), listed_sections(&sections));

    let budget = Budget::new(Limits::default(), Cancel::new());
    let program: Program = inspect(&file, ELF, &budget).program.unwrap();
    assert_eq!(format!("ELF{}", program.bits), field(&header, "Class"));
    assert_eq!(program.big_endian, field(&header, "Data").contains("big endian"));
    let entry = field(&header, "Entry point address").trim_start_matches("0x");
    assert_eq!(program.entry_address, u64::from_str_radix(entry, 16).ok());
}

/// What ClamAV's `sigtool` says of a program: of each section with data its size and MD5, and the MD5 and
/// length of its imports.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hashed {
    sections: Vec<String>,
    imports: Option<String>,
}

fn hashed_by_sigtool(file: &Path) -> Option<Hashed> {
    let said = |option: &str| {
        let output = Command::new("sigtool").arg(option).arg(file).output().ok()?;
        Some(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let behind = |line: &str, mark: &str| Some(line.split_once(mark)?.1.trim().to_owned());
    let is_hash = |text: &String| text.len() > 32 && !text.contains(' ');
    let mut sections: Vec<_> =
        said("--mdb")?.lines().filter_map(|line| behind(line, "}: ")).filter(is_hash).collect();
    sections.sort_unstable();
    let imports = said("--imp")?.lines().find_map(|line| behind(line, "Imphash: "));
    Some(Hashed { sections, imports: imports.filter(is_hash) })
}

fn hashed_by_us(file: &[u8]) -> Hashed {
    use md5::{Digest, Md5};
    let hex =
        |md5: Md5| md5.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let Some(cut) = super::cut_pe(file) else { return Hashed::default() };
    let section = |range: std::ops::Range<u64>| {
        let bytes = &file[range.start as usize..range.end as usize];
        format!("{}:{}", bytes.len(), hex(Md5::new_with_prefix(bytes)))
    };
    let mut sections: Vec<_> = cut.sections().map(section).collect();
    sections.sort_unstable();
    let (mut md5, mut length) = (Md5::new(), 0_usize);
    let budget = Budget::new(Limits::default(), Cancel::new());
    let written = cut.imports(&budget, &mut |piece| {
        md5.update(piece);
        length = length.saturating_add(piece.len());
    });
    let imports = written.unwrap().map(|()| format!("{}:{length}", hex(md5)));
    Hashed { sections, imports }
}

#[test]
fn sections_and_imports_are_cut_as_by_sigtool() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program");
    let mut random = Random(0x5eed);
    for round in 0..100 {
        let sample = SamplePe::full(if round % 8 == 7 { 64 } else { 32 });
        let mut file = sample.build();
        if round >= 8 {
            for _ in 0..=random.below(3) {
                let tables = [0x98..0x1f0, 0x178..0x1f0, 0x600..0x6a0][random.below(3)].clone();
                mutate(&mut file[tables], &mut random);
            }
        }
        std::fs::write(&path, &file).unwrap();
        let Some(mut theirs) = hashed_by_sigtool(&path) else {
            return eprintln!("skipped: sigtool (clamav) is not installed");
        };
        // It writes the imports of programs of 64 bits, too, but clamscan does not ask for them.
        theirs.imports = theirs.imports.filter(|_| sample.bits == 32);
        assert_eq!(hashed_by_us(&file), theirs, "round {round}");
    }
}
