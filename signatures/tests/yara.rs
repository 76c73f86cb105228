//! Files of YARA rules: checked alone, then together, carried as source.
#![cfg(feature = "yara")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

use pellucid::set::{SignatureSet, Unverified, tree};
use pellucid::{Engine, Input, ScanOptions};
use pellucid_signatures::{Build, BuildOptions, Level, SourceTree, build_tree};

const GOOD: &str = "rule good { meta: name = \"Test.Good\" class = \"pua\" severity = 10 \
                    strings: $a = \"needle in here\" condition: $a }";

fn build_files(files: &[(&str, &str)]) -> Build {
    let mut tree = SourceTree::new();
    for (path, text) in files {
        tree.add(*path, *text);
    }
    build_tree(tree, &BuildOptions::default()).unwrap()
}

fn open(set: Vec<u8>) -> SignatureSet {
    SignatureSet::open(Unverified::from_bytes(set).unwrap().verify().unwrap()).unwrap()
}

#[test]
fn rules_travel_as_source_and_find() {
    let build = build_files(&[("x/good.yar", GOOD), ("y.yara", "rule other { condition: false }")]);
    assert_eq!(build.report.kinds["YARA rules"].counts.taken, 2, "{}", build.report);
    let set = open(build.set);
    assert_eq!((set.counts().yara_files, set.counts().yara_rules), (2, 2));
    let engine = Engine::builder().set(set).build().unwrap();
    let report = engine.scan(Input::Memory(b"a needle in here"), &ScanOptions::default());
    let [finding] = report.findings.as_slice() else { panic!("{report:?}") };
    assert_eq!((finding.name.as_str(), finding.source.as_str()), ("Test.Good", "x/good.yar"));
}

#[test]
fn a_file_with_an_error_is_refused_as_a_whole() {
    let bad = "rule fine { condition: true }\nrule bad {\n  condition: $missing\n}\n\
               rule worse { condition: unknown_thing }\n";
    let report = build_files(&[("bad.yar", bad), ("good.yar", GOOD)]).report;
    let counts = report.kinds["YARA rules"].counts;
    assert_eq!((counts.taken, counts.refused), (1, 3), "each of its rules is counted");
    let errors: Vec<_> =
        report.diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Error).collect();
    let places: Vec<_> = errors.iter().map(|error| (error.line, error.column)).collect();
    assert_eq!(places, [(Some(3), Some(14)), (Some(5), Some(25))]);
    let shown = errors[0].to_string();
    assert!(shown.starts_with("bad.yar:3:14: error: unknown pattern `$missing`"), "{shown}");
    assert!(!shown.contains('\u{1b}'));
    let all: Vec<_> = report.diagnostics.iter().map(ToString::to_string).collect();
    let whole = "bad.yar: note: every rule of this file is left out";
    assert!(all.iter().any(|said| said.starts_with(whole)), "{all:?}");
}

#[test]
fn includes_are_refused() {
    let report = build_files(&[("a.yar", "include \"/etc/passwd\"\n"), ("good.yar", GOOD)]).report;
    assert_eq!(report.kinds["YARA rules"].counts.refused, 1);
}

#[test]
fn metadata_is_checked() {
    let rules = "rule a { meta: class = \"trojan\" condition: true }\n\
                 rule b { meta: severity = 101 condition: true }\n\
                 rule c { meta: severity = \"high\" condition: true }\n\
                 rule d { meta: name = \"\" condition: true }\n\
                 rule e { meta: name = \"a\" condition: true }\n";
    let report = build_files(&[("a.yar", rules)]).report;
    let ours = |message: &str| {
        ["class", "severity", "name", "another"].iter().any(|word| message.contains(word))
    };
    let found: Vec<_> = report
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.level == Level::Warning && ours(&diagnostic.message))
        .map(|diagnostic| (diagnostic.line.unwrap(), diagnostic.message.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (1, "class `trojan` is unknown and counts as malicious"),
            (2, "severity 101 is outside of 0 to 100"),
            (3, "a severity is a number"),
            (4, "the name is empty"),
            (5, "another signature is called `a`"),
        ]
    );
}

#[test]
fn files_of_one_path_have_namespaces_of_their_own() {
    let twin = "rule good { condition: false }";
    let build = build_files(&[("a.yar", GOOD), ("a.yar", twin)]);
    assert_eq!(build.report.kinds["YARA rules"].counts.taken, 2);
    assert!(Engine::builder().set(open(build.set)).build().is_ok());
}

#[test]
fn hostile_files_are_refused() {
    let nested =
        format!("rule a {{ condition: {}true{} }}", "(".repeat(10_000), ")".repeat(10_000));
    let negated = format!("rule a {{ condition: {}true }}", "not ".repeat(10_000));
    let mut tree = SourceTree::new();
    tree.add("nested.yar", nested).add("negated.yar", negated).add("good.yar", GOOD);
    tree.add("bytes.yar", b"rule a { condition: \xff true }".to_vec());
    tree.add("nul.yar", b"rule a { condition: \0 }".to_vec());
    let lost = format!("rule a {{ condition: {}true }} {GOOD}", "not ".repeat(900));
    tree.add("lost.yar", lost);
    tree.add(
        "slow.yar",
        format!("rule a {{ condition: {}1{} }}", "uint8(".repeat(30), ")".repeat(30)),
    );
    tree.add("cut.yar", "rule a { strings: $a = { 01 02 ");
    let report = build_tree(tree, &BuildOptions::default()).unwrap().report;
    let counts = report.kinds["YARA rules"].counts;
    assert_eq!((counts.taken, counts.refused), (1, 7), "{:#?}", report.diagnostics);
}

/// What the compiler refuses may still stand in a set that somebody forged: the engine refuses it, too.
#[test]
fn a_forged_set_with_rules_that_nest_too_deep_is_refused() {
    let deep = "not ".repeat(1000);
    let harmless = format!("/*{}*/", " ".repeat(deep.len() - 4));
    let mut tree = SourceTree::new();
    tree.add("a.yar", format!("rule a {{ condition: {harmless} true }}"));
    let mut set = build_tree(tree, &BuildOptions::default()).expect("a set").set;
    let tree_offset = u64::from_le_bytes(set[24..32].try_into().expect("eight bytes")) as usize;
    set.truncate(tree_offset);
    let at = set.windows(harmless.len()).position(|w| w == harmless.as_bytes()).expect("the rule");
    set[at..at + deep.len()].copy_from_slice(deep.as_bytes());
    let leaves: Vec<_> = tree::leaves(&set).collect();
    set.extend(leaves.concat());
    set.extend(tree::root(&leaves));
    let verified = Unverified::from_bytes(set).and_then(Unverified::verify).expect("its tree fits");
    let set = SignatureSet::open(verified).expect("its rows are right");
    let error = Engine::builder().set(set).build().expect_err("refused").to_string();
    assert!(error.contains("nests too deep"), "{error}");
}

#[test]
fn a_rule_that_is_switched_off_reports_nothing_and_can_be_built_on() {
    let rules = "global private rule calm { condition: true }\n\
                 private /* so far */ rule quiet { condition: true }\n\
                 rule base { condition: filesize > 2 }\n\
                 rule upper { condition: base and quiet }\n";
    let off = "base\nquiet\ncalm\n";
    let build = build_files(&[("a.yar", rules), ("x.ign2", off)]);
    let counts = build.report.kinds["YARA rules"].counts;
    assert_eq!((counts.taken, counts.skipped), (3, 1), "{}", build.report);
    let engine = Engine::builder().set(open(build.set)).build().unwrap();
    let report = engine.scan(Input::Memory(b"a needle in here"), &ScanOptions::default());
    let names: Vec<_> = report.findings.iter().map(|finding| finding.name.as_str()).collect();
    assert_eq!(names, ["upper"]);
}
