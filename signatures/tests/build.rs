//! What the compiler promises to those who build sets: the same bytes from the same sources, every
//! record accounted for, and a report that helps.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use pellucid::set::{SignatureSet, Unverified};
use pellucid_signatures::{
    Build, BuildError, BuildOptions, BuildReport, Level, MAX_KEPT, SourceTree, build, build_tree,
};

const MD5: &str = "0123456789abcdef0123456789abcdef";

fn tree(files: &[(&str, &str)]) -> SourceTree {
    let mut tree = SourceTree::new();
    for (path, text) in files {
        tree.add(*path, *text);
    }
    tree
}

fn build_files(files: &[(&str, &str)]) -> Build {
    build_tree(tree(files), &BuildOptions::default()).unwrap()
}

fn open(set: Vec<u8>) -> SignatureSet {
    SignatureSet::open(Unverified::from_bytes(set).unwrap().verify().unwrap()).unwrap()
}

fn sources() -> Vec<(&'static str, String)> {
    vec![
        (
            "set.toml",
            "origin = \"example.org\"\nchannel = \"stable\"\nversion = 7\nremovals = [\"Old\"]"
                .into(),
        ),
        ("lists/a.csv", format!("hash,name\n{MD5},Known.A,68\n{},Known.B\n", "b".repeat(64))),
        ("lists/b.hdb", format!("{MD5}:68:Known.A\n{}:*:Known.C:73\n", "c".repeat(40))),
        ("body.ndb", "Body.A:0:*:61626364*65666768\nBody.B:1:EP+0:558bec??83\n".into()),
        ("logic.ldb", "Logic.A;Engine:51-255,Target:0;0&1>2;61626364;65666768::i\n".into()),
    ]
}

#[test]
fn a_set_opens_and_holds_what_was_taken() {
    let files = sources();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let Build { set, report, .. } = build_files(&files);
    assert_eq!(report.total.taken, 7, "{report}");
    assert_eq!(report.merged, 1, "Known.A is in both lists");
    let set = open(set);
    let (about, counts) = (set.about(), set.counts());
    assert_eq!((about.origin, about.channel, about.version), ("example.org", "stable", 7));
    assert!(about.compiler.starts_with("pellucid-signatures "));
    assert_eq!((counts.md5, counts.sha1, counts.sha256), (1, 1, 1));
    assert_eq!((counts.patterns, counts.logicals, counts.removals), (4, 1, 1));
    assert_eq!(counts.signatures, 6, "the second Known.A went with its hash");
}

fn write_tree(root: &Path, files: &[(&str, String)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[test]
fn the_same_sources_give_the_same_bytes() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let files = sources();
    let mut backwards = files.clone();
    backwards.reverse();
    write_tree(folders[0].path(), &files);
    write_tree(&folders[1].path().join("deep/er"), &backwards);
    let options = BuildOptions::default();
    let one = build(&[folders[0].path().to_owned()], &options).unwrap().set;
    assert_eq!(one, build(&[folders[1].path().join("deep/er")], &options).unwrap().set);
    let held: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    assert_eq!(one, build_files(&held).set, "from memory");
}

#[test]
fn the_order_of_sources_does_not_show() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let list = |name: &str| format!("{MD5},{name}\n");
    fs::write(folders[0].path().join("same.csv"), list("First")).unwrap();
    fs::write(folders[1].path().join("same.csv"), list("Second")).unwrap();
    fs::write(folders[1].path().join("other.csv"), list("Third")).unwrap();
    let sources: Vec<PathBuf> = folders.iter().map(|folder| folder.path().to_owned()).collect();
    let backwards: Vec<PathBuf> = sources.iter().rev().cloned().collect();
    let options = BuildOptions::default();
    let one = build(&sources, &options).unwrap().set;
    assert_eq!(one, build(&backwards, &options).unwrap().set);
    assert_eq!(open(one).counts().md5, 3);
}

#[test]
fn every_record_is_counted_once() {
    let hashes = format!("# comment\n\n{MD5}:5:A\r\n{MD5}:5:A\nbroken\n{MD5}:5:B:300\n");
    let build = build_files(&[
        ("a.hdb", &hashes),
        ("a.ndb", "Taken:0:*:61626364\nSkipped:99:*:61626364\nRefused:0:*:6162zz\n"),
        ("b.mdb", &format!("5:{MD5}:x\n\n# comment\n6:bb:y\n")),
        ("c.cbc", "one\ntwo\n"),
        ("README.md", "words"),
    ]);
    let report = build.report;
    let counts = |kind: &str| {
        let counts = report.kinds[kind].counts;
        (counts.taken, counts.skipped, counts.refused)
    };
    assert_eq!(counts("ClamAV hash"), (2, 1, 1));
    assert_eq!(counts("ClamAV body signature"), (1, 1, 1));
    assert_eq!(counts("ClamAV hash of a PE section"), (1, 0, 1));
    assert_eq!(counts("ClamAV bytecode"), (0, 1, 0));
    assert_eq!(counts("other file"), (0, 1, 0));
    assert_eq!((report.total.records(), report.merged, report.files), (11, 1, 5));
    let reasons = &report.kinds["ClamAV body signature"].reasons;
    assert_eq!(reasons["unknown target"], 1);
    assert_eq!(reasons["body"], 1);
    assert_eq!(report.count(Level::Error), 3);
    let summary = report.to_string();
    assert!(summary.contains("1 unknown target\n"), "{summary}");
}

#[test]
fn a_diagnostic_names_file_line_and_column() {
    let report = build_files(&[("x/a.ndb", "Ok:0:*:61626364\nBad:0:*:6162zz\n")]).report;
    let [diagnostic] = report.diagnostics.as_slice() else { panic!("{report}") };
    let shown = diagnostic.to_string();
    assert!(
        shown.starts_with(
            "x/a.ndb:2:13: error: a byte in hexadecimal expected, `z` found\n2 | Bad:0:*:6162zz\n"
        ),
        "{shown}"
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["diagnostics"][0]["line"], 2);
    assert_eq!(json["diagnostics"][0]["level"], "error");
    assert_eq!(json["kinds"]["ClamAV body signature"]["refused"], 1);
    assert_eq!(json["total"]["taken"], 1);
}

#[test]
fn a_strict_build_fails_on_the_first_error_but_reports_all() {
    let files = [("a.ndb", "A:0:*:61626364\nB:0:*:zz\nC:0:*:yy\n")];
    match build_tree(tree(&files), &BuildOptions::default().strict(true)) {
        Err(BuildError::Strict(report)) => {
            assert_eq!((report.count(Level::Error), report.total.taken), (2, 1));
        }
        other => panic!("{other:?}"),
    }
    let skipped = [("a.ndb", "A:0:*:61626364\nB:7:*:61626364\n")];
    assert!(build_tree(tree(&skipped), &BuildOptions::default().strict(true)).is_ok());
}

#[test]
fn nothing_is_not_a_set() {
    let empty = build_tree(SourceTree::new(), &BuildOptions::default());
    assert!(matches!(empty, Err(BuildError::Nothing(_))));
    let broken = build_tree(tree(&[("a.csv", "x,y\n")]), &BuildOptions::default());
    let error = broken.unwrap_err();
    assert_eq!(error.report().map(|report| report.total.refused), Some(1));
    let removals = build_files(&[("set.toml", "removals = [\"B\", \"A\", \"B\"]")]);
    assert_eq!(open(removals.set).counts().removals, 2);
}

#[test]
fn set_toml_is_read_once_and_from_the_top() {
    let list = format!("{MD5},A\n");
    let build = build_files(&[("a.csv", &list), ("sub/set.toml", "origin = \"no\"")]);
    assert_eq!(open(build.set).about().origin, "local");
    assert_eq!(build.report.kinds["other file"].counts.skipped, 1);
    let two = tree(&[("set.toml", "version = 1"), ("set.toml", "version = 2"), ("a.csv", &list)]);
    assert!(matches!(build_tree(two, &BuildOptions::default()), Err(BuildError::About(_))));
    let unknown = tree(&[("set.toml", "license = \"x\""), ("a.csv", &list)]);
    match build_tree(unknown, &BuildOptions::default()) {
        Err(BuildError::About(diagnostic)) => assert_eq!(diagnostic.line, Some(1)),
        other => panic!("{other:?}"),
    }
}

fn messages(report: &BuildReport, level: Level) -> Vec<&str> {
    let of_level = report.diagnostics.iter().filter(|diagnostic| diagnostic.level == level);
    of_level.map(|diagnostic| diagnostic.message.as_str()).collect()
}

#[test]
fn lints() {
    let empty = format!("d41d8cd98f00b204e9800998ecf8427e,Empty\n{MD5},Ok\n");
    let report = build_files(&[
        ("a.csv", &empty),
        ("b.ndb", "Short:0:*:616263\nAnchored:0:4:616263\nTwice:0:*:61626364\nTwice:0:*:65666768\nTwice:0:*:61626364\n"),
        ("c.ldb", "Always;Target:0;0=0;61626364\n"),
    ])
    .report;
    assert_eq!(messages(&report, Level::Error), ["this is the hash of an empty file"]);
    assert_eq!(
        messages(&report, Level::Warning),
        [
            "the longest run of fixed bytes in the pattern has 3 bytes",
            "another signature is called `Twice`",
            "the logic holds where nothing matches",
        ]
    );
    assert_eq!(messages(&report, Level::Note), ["`Twice` is there already, word for word"]);
    assert_eq!(report.merged, 1);
}

#[test]
fn only_what_makes_scans_slower_is_called_short() {
    let warnings = |record: &str| {
        let name = if record.contains(';') { "a.ldb" } else { "a.ndb" };
        let report = build_files(&[(name, record)]).report;
        messages(&report, Level::Warning).into_iter().map(String::from).collect::<Vec<_>>()
    };
    for cheap in [
        "A:0:0:4d5a",
        "A:0:0:4d5a*5045",
        "A:1:EP+0:4d5a{4-}6162",
        "A:0:EOF-9:6162??63",
        "A:0:*:61626364*6566",
        "A;Engine:51-255,Target:0;0&1;6162;6364656667",
        "A;Engine:51-255,Target:0;0&1;0:6162;6364656667",
    ] {
        assert_eq!(warnings(cheap), [""; 0], "{cheap}");
    }
    for dear in [
        "A:0:*:6162*636465",
        "A:0:0,9:616263",
        "A:1:SE0:616263",
        "A;Engine:51-255,Target:0;0|1;6162;6364656667",
    ] {
        let [warning] = &warnings(dear)[..] else { panic!("{dear}") };
        assert!(warning.starts_with("the longest run of fixed bytes in the pattern has"), "{dear}");
    }
}

#[test]
fn hostile_lines_are_refused_by_name() {
    let mut text = format!("{MD5}:5:Good\n").into_bytes();
    text.extend(vec![b'a'; 3 << 20]);
    text.extend(b"\nA\0:5:x\nB\r:5:x\n\xff\xfe:5:x\n");
    text.extend(format!("{MD5}:5:\u{1b}[31m\n").as_bytes());
    text.extend(format!("{MD5}:5:{}\n", "n".repeat(2000)).as_bytes());
    text.extend(format!("{MD5}:5:\n").as_bytes());
    let mut tree = SourceTree::new();
    tree.add("a.hdb", text);
    let report = build_tree(tree, &BuildOptions::default()).unwrap().report;
    let kind = &report.kinds["ClamAV hash"];
    assert_eq!((kind.counts.taken, kind.counts.refused), (1, 7));
    let reasons: Vec<(&str, u64)> =
        kind.reasons.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
    assert_eq!(
        reasons,
        [("control character", 3), ("line too long", 1), ("name", 2), ("not UTF-8", 1)]
    );
    for diagnostic in &report.diagnostics {
        let shown = diagnostic.to_string();
        assert!(shown.chars().all(|c| c == '\n' || !c.is_control()) && shown.len() < 1000);
    }
}

#[test]
fn diagnostics_are_bounded_but_counted() {
    let lines = format!("{}{MD5}:0:A\n", "broken\n".repeat(12_000));
    let list = format!("{MD5},A\n");
    let report = build_files(&[("a.hdb", &lines), ("b.csv", &list)]).report;
    assert_eq!((report.count(Level::Error), report.total.refused), (12_001, 12_001));
    assert_eq!(report.kinds["ClamAV hash"].reasons["hash"], 12_000);
    let kept = report.diagnostics.len() as u64;
    assert_eq!(kept, MAX_KEPT + 1, "a flood of one reason does not hide another");
    assert_eq!(report.diagnostics_not_kept, 12_001 - kept);
    let digest: Vec<&str> = report.digest(2, 10).map(|said| said.reason.as_ref()).collect();
    assert_eq!(digest, ["hash", "hash", "size"]);
}

#[test]
fn a_watch_hears_of_every_file_and_of_the_end() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&heard);
    let options = BuildOptions::default()
        .watch(move |progress| sink.lock().unwrap().push(format!("{progress:?}")));
    let list = format!("{MD5},A\n").repeat(10_000);
    build_tree(tree(&[("a.csv", &list), ("b.ndb", "B:0:*:61626364\n")]), &options).unwrap();
    let heard = heard.lock().unwrap();
    let reading =
        |file: &str, records: u64| format!("Reading {{ file: {file:?}, records: {records} }}");
    let expected = [
        reading("a.csv", 0),
        reading("a.csv", 8192),
        reading("b.ndb", 10_000),
        "Writing".to_owned(),
    ];
    assert_eq!(*heard, expected);
}

#[test]
fn exceptions_switch_records_off_wherever_they_stand() {
    let hash = format!("{MD5}:5:Known.A");
    let md5_of = |line: &str| -> String {
        use md5::Digest;
        md5::Md5::digest(line).iter().map(|byte| format!("{byte:02X}")).collect()
    };
    let build = build_files(&[
        ("a.hdb", &format!("{hash}\r\n{MD5}:6:Known.A\n{MD5}:7:Known.B\n")),
        ("a.ndb", "Body.A:0:*:61626364\nBody.B:0:*:61626364\n"),
        ("z/last.ign2", &format!("Known.A:{}\n# Known.B\nBody.A\n", md5_of(&hash))),
        ("z/old.ign", "main.db:17:Old.Name\nbroken:record\nWrong.UNOFFICIAL\n"),
        ("z/stale.ign2", &format!("Known.B:{MD5}\n")),
    ]);
    let report = &build.report;
    assert_eq!(report.switched_off, 2, "{report}");
    let counts = |kind: &str| {
        let counts = report.kinds[kind].counts;
        (counts.taken, counts.skipped, counts.refused)
    };
    assert_eq!(counts("ClamAV hash"), (2, 1, 0));
    assert_eq!(counts("ClamAV body signature"), (1, 1, 0));
    assert_eq!(counts("ClamAV exception"), (5, 0, 1));
    assert_eq!(report.kinds["ClamAV hash"].reasons["switched off"], 1);
    let said: Vec<String> = report.diagnostics.iter().map(ToString::to_string).collect();
    for expected in [
        "a.hdb:1: skipped: switched off by z/last.ign2:1",
        "a.ndb:1: skipped: switched off by z/last.ign2:3",
        "z/old.ign:2:8: error: `record` is not an MD5",
        "z/old.ign:3: warning: names in sources have no `.UNOFFICIAL`",
        "z/stale.ign2:1: note: no record here has this name and MD5",
    ] {
        assert!(said.iter().any(|said| said.starts_with(expected)), "{expected}: {said:#?}");
    }
    let set = open(build.set);
    assert_eq!((set.counts().md5, set.counts().patterns, set.counts().removals), (2, 1, 3));
}

#[test]
fn exceptions_alone_make_a_set_that_switches_off_lower_ones() {
    let set = open(build_files(&[("a.ign2", "Known.A\n")]).set);
    assert_eq!((set.counts().signatures, set.counts().removals), (0, 1));
}
