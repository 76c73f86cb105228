//! Body signatures made to break their reader: each is refused by name, and costs no other record.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

use pellucid_signatures::{BuildOptions, SourceTree, build_tree};

/// How each format says a body.
const FORMS: [(&str, &str); 5] = [
    ("ndb", "Bad:0:*:"),
    ("ndu", "Bad:0:*:"),
    ("sdb", "Bad:0:*:"),
    ("db", "Bad="),
    ("ldb", "Bad;Engine:51-255,Target:0;0;"),
];

/// Why a body is refused in each format, between two records that are taken.
fn reasons(body: &[u8]) -> Vec<String> {
    let judge = |(extension, start): &(&str, &str)| {
        let good = b"Good:0:*:616263646566\n";
        let mut tree = SourceTree::new();
        tree.add("first.ndb", good);
        tree.add("last.ndb", good);
        let line = [start.as_bytes(), body, b"\n"].concat();
        tree.add(format!("middle.{extension}"), line);
        let report = build_tree(tree, &BuildOptions::default()).unwrap().report;
        assert_eq!(report.total.taken, 2, "{report}");
        assert_eq!((report.total.refused, report.total.skipped), (1, 0), "{report}");
        let bad = report.diagnostics.iter().find(|d| d.file.starts_with("middle"));
        let bad = bad.expect("a reason");
        assert_eq!(bad.line, Some(1));
        bad.reason.to_string()
    };
    FORMS.iter().map(judge).collect()
}

fn assert_refused(body: &[u8], reason: &str) {
    let shown = body.get(..60).unwrap_or(body).escape_ascii().to_string();
    assert_eq!(reasons(body), [reason; FORMS.len()], "{shown}");
}

#[test]
fn bytes_that_are_no_text() {
    assert_refused(b"6162\x0063", "control character");
    assert_refused(b"6162\r63", "control character");
    assert_refused(b"6162\x1b[31m", "control character");
    assert_refused(b"6162\xff63", "not UTF-8");
    assert_refused(b"\x80\x81\x82\x83", "not UTF-8");
    assert_refused("6162ä63".as_bytes(), "body");
    assert_refused(b"6162 63", "body");
}

#[test]
fn brackets_that_do_not_match() {
    for body in ["6162(63", "6162(63|64", "6162((63)", "6162)", "6162(63))", "6162!(63"] {
        assert_refused(body.as_bytes(), "body");
    }
    assert_refused(b"6162{5", "brackets");
    assert_refused(b"6162[1-2", "brackets");
    assert_refused(b"6162}6364", "body");
    assert_refused(b"6162]6364", "body");
    assert_refused(b"6162()", "choice");
    assert_refused(b"6162(63*64)", "choice");
}

#[test]
fn numbers_without_end() {
    assert_refused(b"6162{4294967296}6364", "gap");
    assert_refused(b"6162{-4294967296}6364", "gap");
    assert_refused(b"6162{4294967296-}6364", "gap");
    assert_refused(format!("6162{{{}}}6364", "9".repeat(10_000)).as_bytes(), "gap");
    assert_refused(b"6162[1-4294967296]63", "anchored byte");
    assert_refused(format!("6162[{}]63", "9".repeat(10_000)).as_bytes(), "anchored byte");
}

#[test]
fn nesting_without_end() {
    let nest = |depth: usize| format!("6162{}63{}", "(".repeat(depth), ")".repeat(depth));
    assert_refused(nest(10_000).as_bytes(), "choice");
    assert_refused("6162(".repeat(10_000).as_bytes(), "choice");
    assert_refused(format!("6162{}", "(63|".repeat(10_000)).as_bytes(), "choice");
    assert_refused(format!("6162{}", ")".repeat(10_000)).as_bytes(), "body");
}

#[test]
fn bodies_that_grow() {
    assert_refused("61".repeat(100_000).as_bytes(), "too long");
    assert_refused(format!("6162({})", "(11|22)".repeat(40)).as_bytes(), "too long");
    assert_refused(format!("6162({})", ["11"; 10_000].join("|")).as_bytes(), "too long");
    assert_refused(format!("6162{}", "{127}".repeat(1000)).as_bytes(), "too long");
    assert_refused(format!("6162{}", "(B)".repeat(70_000)).as_bytes(), "too long");
    let many = format!("6162{}", "*6162".repeat(70_000));
    assert_refused(many.as_bytes(), "too long");
}
