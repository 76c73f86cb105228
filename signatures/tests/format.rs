//! `docs/format.md` against the code: every row it draws has the size and the fields of its struct.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

use std::collections::BTreeMap;
use std::mem::{offset_of, size_of};

use pellucid::matcher::Target;
use pellucid::set::layout::*;
use pellucid::verdict::Class;

const PAGE: &str = include_str!("../../docs/format.md");

/// A row as it is drawn or declared: its size, and each field's name and offset.
#[derive(Debug, PartialEq, Eq)]
struct Drawn {
    size: usize,
    fields: Vec<(String, usize)>,
}

macro_rules! declared {
    ($($name:literal $row:ty { $($field:ident),* })*) => {
        BTreeMap::from([$((
            $name.to_owned(),
            Drawn {
                size: size_of::<$row>(),
                fields: vec![$((stringify!($field).to_owned(), offset_of!($row, $field))),*],
            },
        )),*])
    };
}

fn declared() -> BTreeMap<String, Drawn> {
    declared! {
        "Header" Header {
            magic, major, minor, sections, file_length, tree_offset, chunk, reserved
        }
        "SectionRow" SectionRow { kind, flags, offset, length, reserved }
        "StringRef" StringRef { offset, length }
        "AboutRow" AboutRow { origin, channel, version, licence, description, compiler }
        "OriginRow" OriginRow { file, author, licence }
        "GroupRow" GroupRow { first, count, origin, class, severity }
        "HashTableRow" HashTableRow { section, buckets, rows }
        "SizeBucket" SizeBucket { high, first }
        "HashRow<16>" HashRow<16> { digest, signature }
        "HashRow<20>" HashRow<20> { digest, signature }
        "HashRow<24>" HashRow<24> { digest, signature }
        "PatternRow" PatternRow {
            owner, first_segment, segments, part, target, offset_kind, flags, section, distance, shift
        }
        "SegmentRow" SegmentRow {
            pattern, gap, program, program_length, literal, literal_length, literal_either_case,
            reserved, lead_min, lead_max
        }
        "LogicalRow" LogicalRow {
            signature, first_pattern, expression, expression_length, patterns, target,
            holds_without_hits, reserved, condition, size_min, size_max
        }
        "AnchorRow" AnchorRow { segment, lead_min, spread, check_at, check, check_mask }
        "PlaceRow" PlaceRow { target, offset_kind, section, distance, lead, first, count }
        "PlaceEntry" PlaceEntry { bytes, pattern }
        "AlwaysRow" AlwaysRow { kind, row }
        "TableRow" TableRow {
            width, step, log2_words, row_bits, beside, target, reserved, words_at, buckets_at, buckets,
            all_buckets, reserved_too
        }
        "BucketRow" BucketRow { cells, next }
        "ConditionRow" ConditionRow {
            entry_point_min, entry_point_max, sections_min, sections_max, flags, container,
            intermediates, kinds, first_regex, first_comparison, first_macro, regexes,
            comparisons, macros, reserved
        }
        "MacroRow" MacroRow { part, group, reserved, min, max }
        "MacroMemberRow" MacroMemberRow { target, group, reserved, pattern }
        "RegexRow" RegexRow {
            text, text_length, trigger, trigger_length, part, offset_kind, options, section,
            reserved, distance, shift
        }
        "ComparisonRow" ComparisonRow {
            part, trigger, reading, flags, first, second, reserved, length, distance, first_number,
            second_number
        }
        "ListingRow" ListingRow {
            signature, name, container, encrypted, reserved, container_size, packed, size, position
        }
        "FileTypeRow" FileTypeRow {
            kind, required, by_pattern, reserved, at, magic_length, magic
        }
        "PasswordRow" PasswordRow { offset, length }
        "CertificateRow" CertificateRow {
            subject, key, serial, not_before, flags, reserved, modulus_length, modulus, signature
        }
        "YaraRow" YaraRow { namespace, source, origin, rules, shard, reserved }
    }
}

/// The cells of a table's line.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inside = line.strip_prefix("| ")?.trim_end().strip_suffix('|')?;
    Some(inside.split('|').map(str::trim).collect())
}

/// Reads the rows under the headings `### Name: size bytes`. Sizes of fields must add up.
fn drawn() -> BTreeMap<String, Drawn> {
    let mut rows = BTreeMap::new();
    for piece in PAGE.split("\n### ").skip(1) {
        let (heading, body) = piece.split_once('\n').unwrap();
        let Some((name, size)) = heading.split_once(": ") else { continue };
        let size = size.strip_suffix(" bytes").unwrap().parse().unwrap();
        let table = body.lines().skip_while(|line| !line.starts_with('|'));
        let mut row = Drawn { size, fields: Vec::new() };
        let mut end = 0;
        for line in table.take_while(|line| line.starts_with('|')).skip(2) {
            let cells = cells(line).unwrap();
            let [offset, length, field, ..] = cells.as_slice() else { panic!("{line}") };
            let offset: usize = offset.parse().unwrap();
            assert_eq!(offset, end, "{name}: {line}");
            end = offset + length.parse::<usize>().unwrap();
            row.fields.push(((*field).to_owned(), offset));
        }
        assert_eq!(end, size, "{name}");
        rows.insert(name.to_owned(), row);
    }
    rows
}

#[test]
fn every_row_is_drawn_as_it_is() {
    assert_eq!(drawn(), declared());
}

#[test]
fn every_section_is_listed_under_its_number() {
    for &section in Section::ALL {
        let line = format!("| {} | {section:?} | ", section as u32);
        assert!(PAGE.contains(&line), "{line}");
    }
}

#[test]
fn numbers_on_the_page_are_those_of_the_code() {
    let magic: Vec<String> = MAGIC.iter().map(|byte| format!("{byte:02x}")).collect();
    let targets = Target::ALL.iter().map(|&target| target as u8).collect::<Vec<_>>();
    assert_eq!(targets, [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14]);
    let classes: Vec<String> =
        Class::ALL.iter().map(|&class| format!("{} {}", class as u8, class.name())).collect();
    for text in [
        magic.join(" "),
        format!("| 32 | 4 | chunk | {CHUNK} |"),
        format!("at most {MAX_SECTIONS} |"),
        format!("a multiple of {ALIGNMENT} |"),
        format!("| {VERSION_MAJOR}.{VERSION_MINOR} | "),
        format!("at most {MAX_PATTERNS} |"),
        format!(
            "{WHOLE} for a signature of its own, {FILE_TYPE} for what gives a file type away, {GATE} for \
             what opens a gate, or {MACRO_MEMBER} "
        ),
        format!("is compiled, below {SHARDS}; {UNGATED}: "),
        format!("| class | {} |", classes.join(", ")),
        format!("in blocks of {NAME_BLOCK}, "),
        format!("at most {MAX_NAME} bytes"),
    ] {
        assert!(PAGE.contains(&text), "{text}");
    }
    let cold: Vec<u32> =
        Section::ALL.iter().filter(|kind| kind.is_cold()).map(|&kind| kind as u32).collect();
    let logical = [30, 31, 32, 33, 34, 35];
    let before = [5, 6, 7, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 21, 22, 23];
    assert_eq!(cold, [&before[..], &logical, &[56, 58, 62]].concat());
    assert_eq!((SIZE_LIMIT, ANY_SIZE), ((1 << 40) - 256, u32::MAX));
    assert_eq!(MAX_COUNT, 1_000_000);
    assert_eq!((FLAG_COUNTED, SECTION_OPTIONAL), (1, 1));
    assert_eq!((OFFSET_ANYWHERE, OFFSET_IN_SECTION, OFFSET_LAST_SECTION), (0, 5, 6));
}
