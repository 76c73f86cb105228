//! Holds docs/format.md against the layout that it draws.

use std::fmt::Write;
use std::mem::offset_of;

use pellucid::set::layout::*;

/// The tables of the page, row by row: offset, size and name of each field.
macro_rules! tables {
    ($($row:ident { $($field:ident),* })*) => {
        vec![$((stringify!($row), size_of::<$row>(), vec![
            $((offset_of!($row, $field), stringify!($field))),*
        ])),*]
    };
}

#[test]
fn the_page_draws_every_row_as_it_is() {
    let page = include_str!("../../docs/format.md");
    for (row, size, fields) in tables() {
        let mut expected = format!("`{row}`, {size} bytes:\n");
        let ends = fields.iter().skip(1).map(|(offset, _)| *offset).chain([size]);
        for ((offset, field), end) in fields.iter().zip(ends) {
            writeln!(expected, "| {offset} | {} | `{field}` |", end - offset).expect("a string");
        }
        let found = page.split_once(&format!("`{row}`, ")).map_or("", |(_, rest)| rest);
        let found = found.split("\n\n").take(2).flat_map(str::lines).enumerate();
        let mut drawn = String::new();
        for (number, line) in found {
            match number {
                0 => writeln!(drawn, "`{row}`, {line}").expect("a string"),
                1 | 2 => {}
                _ => {
                    let cells: Vec<&str> = line.split(" | ").take(3).collect();
                    writeln!(drawn, "{} |", cells.join(" | ")).expect("a string");
                }
            }
        }
        assert_eq!(drawn, expected);
    }
}

#[test]
fn the_page_names_every_section_by_its_number() {
    let page = include_str!("../../docs/format.md");
    for section in Section::ALL {
        let row = format!("| {} | {section:?} |", section as u32);
        assert!(page.contains(&row), "{row}");
    }
    for digest in [size_of::<HashRow<16>>(), size_of::<HashRow<20>>(), size_of::<HashRow<32>>()] {
        assert!(page.contains(&format!("digest rows of {digest} bytes")));
    }
}

/// A row's name and size, with the offsets and names of its fields.
type Table = (&'static str, usize, Vec<(usize, &'static str)>);

fn tables() -> Vec<Table> {
    tables! {
        Header { magic, major, minor, sections, file_length, tree_offset, chunk, reserved }
        SectionRow { kind, flags, offset, length, reserved }
        StringRef { offset, length }
        AboutRow { origin, channel, version, licence, description, compiler }
        OriginRow { file, author, licence }
        SignatureRow { name_offset, name_length, origin, class, severity, reserved }
        SizeRow { size, algorithms }
        PatternRow { owner, first_segment, segments, part, target, offset_kind, flags, section, distance, shift }
        SegmentRow { pattern, gap, program, program_length, literal, literal_length, literal_either_case, reserved, lead_min, lead_max }
        LogicalRow { signature, first_pattern, expression, expression_length, patterns, target, holds_without_hits, reserved, size_min, size_max }
        YaraRow { namespace, source, origin, rules }
    }
}
