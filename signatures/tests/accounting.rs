//! No record vanishes: whatever stands in the sources, taken, skipped and refused add up to the lines
//! that hold records. (A heading of a `.csv` is none; it takes words that no garbage here holds.)
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

use pellucid_signatures::{BuildError, BuildOptions, BuildReport, Level, SourceTree, build_tree};
use proptest::prelude::*;

/// Formats with a record a line.
const LINES: [&str; 33] = [
    "csv", "hdb", "hsb", "hdu", "hsu", "fp", "sfp", "mdb", "msb", "mdu", "msu", "imp", "ndb",
    "ndu", "sdb", "db", "ldb", "ldu", "cdb", "ftm", "crb", "idb", "ign", "ign2", "pwdb", "zmd",
    "rmd", "pdb", "wdb", "gdb", "hdb.gz", "NDB", "ldb.Gz",
];

/// Formats in which a file is one record.
const FILES: [&str; 7] = ["cbc", "ioc", "cat", "cfg", "info", "unknown", "gz"];

/// Records to begin with: good ones, or nearly so.
const RECORDS: [&str; 16] = [
    "0123456789abcdef0123456789abcdef,Some.Name,68",
    "0123456789abcdef0123456789abcdef:68:Some.Name",
    "0123456789abcdef0123456789abcdef01234567:*:Some.Name:73",
    "68:0123456789abcdef0123456789abcdef:Some.Name",
    "Some.Name:0:*:61626364{2-7}(65|66)67*6869",
    "Some.Name:1:EP+0:558bec??83:51:255",
    "Some.Name=6162636465",
    "Some.Name;Engine:51-255,Target:0;(0&1)|2=0;61626364;65666768::iw;EOF-9:6a6b6c",
    "Some.Name;Engine:81-255,Target:0;0&1;616263;0/ab+c/i",
    "Some.Name;Engine:81-255,Target:1;(0|1)&2;616263;646566;0(>>4#hb2#=7)",
    "Some.Name:CL_TYPE_ZIP:*:a.*\\.exe:*:*:1:*:*:*",
    "0:0:504b:Some:CL_TYPE_ANY:CL_TYPE_ZIP",
    "Some.Name",
    "Some.Name;Engine:81-255,Target:0;0;password",
    "# a comment",
    "",
];

/// How many lines hold a record, counted the plain way.
fn records(text: &[u8]) -> u64 {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let is_record = |line: &&[u8]| !line.trim_ascii().is_empty() && !line.starts_with(b"#");
    text.split(|&byte| byte == b'\n').filter(is_record).count() as u64
}

fn report(tree: SourceTree) -> BuildReport {
    match build_tree(tree, &BuildOptions::default()) {
        Ok(build) => build.report,
        Err(BuildError::Nothing(report)) => *report,
        Err(error) => panic!("{error}"),
    }
}

/// The sums that every report must keep.
fn assert_adds_up(report: &BuildReport, expected: u64) {
    assert_eq!(report.total.records(), expected, "{report}");
    let left_out = report.total.skipped + report.total.refused;
    let reasons: u64 = report.kinds.values().flat_map(|kind| kind.reasons.values()).sum();
    assert_eq!(reasons, left_out, "each has a reason: {report}");
    let told: u64 = report.diagnostics.iter().map(|said| said.records).sum();
    assert_eq!(told, left_out, "each is told: {report}");
    assert_eq!(report.diagnostics_not_kept, 0);
    let kinds: u64 = report.kinds.values().map(|kind| kind.counts.records()).sum();
    assert_eq!(kinds, expected);
    for said in &report.diagnostics {
        let is_loss = matches!(said.level, Level::Error | Level::Skipped);
        assert!(said.records == 0 || is_loss && !said.reason.is_empty(), "{said:?}");
        let shown = said.to_string();
        assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
        assert!(shown.len() < 2500, "{shown}");
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let level = flate2::Compression::fast();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A line: a record with a few bytes changed, cut out or put in, or garbage.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 0..4);
    let mutated = (prop::sample::select(&RECORDS[..]), edits).prop_map(|(record, edits)| {
        let mut line = record.as_bytes().to_vec();
        for (at, byte, what) in edits {
            let at = at.index(line.len() + 1);
            match what {
                0 => line.insert(at, byte),
                1 if at < line.len() => line[at] = byte,
                _ => line.truncate(at),
            }
        }
        line
    });
    prop_oneof![
        4 => mutated,
        1 => prop::collection::vec(any::<u8>(), 0..80),
        1 => "[ -~]{0,60}".prop_map(String::into_bytes),
    ]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(
        (line(), prop::sample::select(vec!["\n", "\r\n", "\n\n", "\r", ""])),
        0..12,
    )
    .prop_map(|lines| {
        lines.into_iter().flat_map(|(line, end)| [line, end.into()].concat()).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lines_of_garbage_add_up(extension in prop::sample::select(&LINES[..]), text in text()) {
        let mut tree = SourceTree::new();
        let is_packed = extension.to_ascii_lowercase().ends_with("gz");
        tree.add(format!("a.{extension}"), if is_packed { gzip(&text) } else { text.clone() });
        assert_adds_up(&report(tree), records(&text));
    }

    #[test]
    fn files_of_garbage_count_as_one(extension in prop::sample::select(&FILES[..]), text in text()) {
        let mut tree = SourceTree::new();
        tree.add(format!("a.{extension}"), text);
        assert_adds_up(&report(tree), 1);
    }

    #[test]
    fn garbage_is_no_database(
        extension in prop::sample::select(vec!["cvd", "cld", "cud", "cvd.gz", "hdb.gz"]),
        text in text(),
    ) {
        let mut tree = SourceTree::new();
        tree.add(format!("a.{extension}"), text.clone());
        let header = "ClamAV-VDB:21 Nov 2026 20-43 +0000:5:3:216:X:X:me:1795293788";
        tree.add(format!("b.{extension}"), [format!("{header:512}").as_bytes(), &text].concat());
        let report = report(tree);
        prop_assert_eq!(report.total.refused, 2);
        prop_assert_eq!(report.total.records(), 2);
    }
}

#[test]
fn long_lines_and_strange_bytes_cost_only_themselves() {
    let mut text = b"\0\0\0\0\n\r\r\r\n\xff\xfe\xfd\n".to_vec();
    text.extend(vec![b'a'; 5 << 20]);
    text.extend(b"\nlone\rreturns\rhere\n\n\n\n \t \n");
    for extension in LINES.iter().filter(|extension| !extension.contains(['g', 'G'])) {
        let mut tree = SourceTree::new();
        tree.add(format!("a.{extension}"), text.clone());
        let report = report(tree);
        assert_eq!((report.total.taken, report.total.records()), (0, 4), "{extension}: {report}");
    }
    for newlines in ["\n", "\r\n"] {
        let mut tree = SourceTree::new();
        tree.add("a.ndb", newlines.repeat(1 << 20));
        assert_eq!(report(tree).total.records(), 0);
    }
}
