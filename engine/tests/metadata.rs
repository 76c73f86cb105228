//! Signatures of container metadata: whom they hit, and sets whose rows mean nothing.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test panics")]

mod common;

use common::{Source, engine, engine_of, memory, set, tar, zip};
use pellucid::limits::{Limit, Limits};
use pellucid::set::layout::{Header, ListingRow, Section, SectionRow};
use pellucid::set::tree::{self, Hash};
use pellucid::set::{SignatureSet, Unverified};
use pellucid::verdict::{Completeness, Method, Reason, Report, Verdict};
use pellucid::{Input, ScanOptions};
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};
use zerocopy::{FromBytes, IntoBytes};

const PROGRAMS: &str = "Test.Program:*:*:(?i)\\.exe$:*:*:*:*:*:*\n";

fn found(report: &Report) -> Vec<(String, Vec<&str>)> {
    let findings = report.findings.iter();
    findings.map(|finding| (finding.name.clone(), report.object_path(finding.object))).collect()
}

fn hit<'p>(name: &str, path: &[&'p str]) -> (String, Vec<&'p str>) {
    (name.to_owned(), path.to_vec())
}

#[test]
fn a_hit_is_a_finding_on_the_entry() {
    let engine = engine(Source::new("a.cdb", PROGRAMS));
    let inner = zip(&[("b.EXE", b"text"), ("c.txt", b"text")]);
    let report = memory(&engine, &tar(&[("a.zip", &inner), ("d.exe", b"text")]));
    assert_eq!(
        found(&report),
        [hit("Test.Program", &["a.zip", "b.EXE"]), hit("Test.Program", &["d.exe"])]
    );
    assert_eq!((report.verdict, report.completeness), (Verdict::Malicious, Completeness::Complete));
    assert!(report.findings.iter().all(|finding| finding.method == Method::Listing));
    assert!(common::clean(&memory(&engine, b"d.exe")), "a file lies in nothing");
}

#[test]
fn entries_that_cannot_be_opened_are_asked_about_too() {
    let engine = engine(Source::new("a.cdb", "Test.Locked:CL_TYPE_ZIP:*:*:*:*:1:*:*:*\n"));
    let mut locked = zip(&[("a.txt", b"these bytes are no content")]);
    for at in [6, locked.windows(4).position(|four| four == b"PK\x01\x02").unwrap() + 8] {
        locked[at] |= 1;
    }
    // The mark alone is a lie, so the bytes are changed as well.
    locked[40] ^= 1;
    let report = memory(&engine, &locked);
    assert_eq!(found(&report), [hit("Test.Locked", &["a.txt"])]);
    assert_eq!(report.reasons(), [Reason::Encrypted]);
}

/// A folder holds nothing and is no object, unless it is one that a signature knows.
#[test]
fn a_folder_is_an_object_where_a_signature_hits_it() {
    let archive = zip(&[("folder/", b""), ("other/", b""), ("a.txt", b"text")]);
    let engine = engine(Source::new("a.cdb", "Test.Folder:*:*:^folder/:*:*:*:*:*:*\n"));
    let report = memory(&engine, &archive);
    assert_eq!(found(&report), [hit("Test.Folder", &["folder/"])]);
    assert_eq!((report.objects.len(), report.completeness), (3, Completeness::Complete));
}

#[test]
fn upper_sets_switch_them_off() {
    let off = set(&[
        Source::new("set.toml", "removals = [\"Test.Program\"]\n"),
        Source::new("a.csv", ""),
    ]);
    let engine = engine_of(vec![set(&[Source::new("a.cdb", PROGRAMS)]), off]);
    assert!(common::clean(&memory(&engine, &zip(&[("a.exe", b"text")]))));
}

/// More rows than are searched together, and rows with and without names among them.
#[test]
fn many_rows_are_all_asked() {
    let mut text = String::new();
    for number in 0..1000 {
        let name = if number % 3 == 0 { "*".into() } else { format!("^n{number}$") };
        text += &format!("Test.{number}:*:*:{name}:*:{number}:*:*:*:*\n");
    }
    let engine = engine(Source::new("a.cdb", &text));
    for number in [0, 1, 64, 65, 299, 300, 998, 999] {
        let content = vec![b'x'; number];
        let report = memory(&engine, &zip(&[(&format!("n{number}"), &content)]));
        assert_eq!(found(&report).len(), 1, "{number}");
        assert_eq!(report.findings[0].name, format!("Test.{number}"));
    }
}

#[test]
fn limits_keep_their_reasons() {
    let engine = engine(Source::new("a.cdb", PROGRAMS));
    let archive = zip(&[("a.exe", b"text"), ("b.exe", b"text")]);
    let scan = |change: fn(&mut Limits)| {
        let mut options = ScanOptions::default();
        change(&mut options.limits);
        engine.scan(Input::Memory(&archive), &options)
    };
    let report = scan(|limits| limits.objects = 2);
    assert_eq!(report.reasons(), [Reason::Limit(Limit::Objects)]);
    assert_eq!(found(&report), [hit("Test.Program", &["a.exe"])]);
    let report = scan(|limits| limits.depth = 0);
    assert_eq!(report.reasons(), [Reason::Limit(Limit::Depth)]);
    assert!(report.findings.is_empty(), "there is no object to find it in");
}

/// The set of these sources, its first row of metadata changed and its hash tree made anew.
fn changed(
    sources: &[Source<'_>],
    change: impl FnOnce(&mut ListingRow, &[u8]),
) -> Result<SignatureSet, String> {
    let mut tree = SourceTree::new();
    for source in sources {
        tree.add(source.name, source.text);
    }
    let mut set = build_tree(tree, &BuildOptions::default()).unwrap().set;
    let (header, rest) = Header::ref_from_prefix(&set).unwrap();
    let (table, _) =
        <[SectionRow]>::ref_from_prefix_with_elems(rest, header.sections.get() as usize).unwrap();
    let start = |section| {
        let row = table.iter().find(|row| row.kind.get() == section as u32).unwrap();
        row.offset.get() as usize
    };
    let (at, strings) = (start(Section::Listings), start(Section::Strings));
    let body = header.tree_offset.get() as usize;
    let mut row = *ListingRow::ref_from_prefix(&set[at..]).unwrap().0;
    change(&mut row, &set[strings..]);
    set[at..at + size_of::<ListingRow>()].copy_from_slice(row.as_bytes());
    set.truncate(body);
    let leaves: Vec<Hash> = tree::leaves(&set).collect();
    set.extend(leaves.as_flattened());
    set.extend(tree::root(&leaves));
    let verified = Unverified::from_bytes(set).and_then(Unverified::verify);
    verified.and_then(SignatureSet::open).map_err(|error| error.to_string())
}

#[test]
fn rows_that_mean_nothing_are_refused() {
    type Change = fn(&mut ListingRow);
    let cases: [(Change, &str); 6] = [
        (|row| row.signature = 1.into(), "no such signature"),
        (|row| row.name.offset = 1_000_000.into(), "name out of range"),
        (|row| row.name.length = 70_000.into(), "name out of range"),
        (|row| row.container = 255, "unknown kind of container"),
        (|row| row.encrypted = 3, "encryption"),
        (|row| row.packed.least = 3.into(), "range out of order"),
    ];
    let source = Source::new("a.cdb", "Test.A:*:*:name:1-2:*:*:*:*:*\n");
    changed(std::slice::from_ref(&source), |_, _| {}).unwrap();
    for (change, what) in cases {
        let refused = changed(std::slice::from_ref(&source), |row, _| change(row));
        let message = refused.expect_err(what);
        assert!(message.contains(&format!("row 0 of section Listings: {what}")), "{message}");
    }
}

/// Names are compiled when they are used: one that does not compile makes the scan incomplete.
#[test]
fn a_name_that_does_not_compile_is_damage() {
    let sources = [
        Source::new("set.toml", "description = \"(\"\n"),
        Source::new("a.cdb", "Test.A:*:*:name:*:*:*:*:*:*\n"),
    ];
    let set = changed(&sources, |row, strings| {
        let at = strings.iter().position(|&byte| byte == b'(').unwrap();
        (row.name.offset, row.name.length) = ((at as u32).into(), 1.into());
    });
    let engine = engine_of(vec![set.unwrap()]);
    let report = memory(&engine, &zip(&[("a", b"text")]));
    assert_eq!(report.reasons(), [Reason::SetDamaged]);
    let problem = report.problems().next().unwrap().1.to_string();
    assert!(problem.contains("section Listings") && problem.contains("compile"), "{problem}");
}
