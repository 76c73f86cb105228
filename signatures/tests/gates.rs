//! Rules behind gates find what YARA-X finds that evaluates them all.
//!
//! Random rules, whose strings are drawn from a few words, against files made of pieces of these words:
//! near misses, other case, wide. Where a gate stayed shut that should have opened, a finding is missing.

#![cfg(feature = "yara")]
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::collections::BTreeSet;

use pellucid::set::{SignatureSet, Unverified};
use pellucid::{Engine, Input, ScanOptions};
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const WORDS: [&str; 4] = ["CreateRemoteThread", "powershell", "xmrig-donate", "VirtualAllocEx"];

/// A string's definition, without its name.
fn string() -> impl Strategy<Value = String> {
    let word = prop::sample::select(&WORDS[..]);
    let modifiers =
        prop::sample::select(&["", "nocase", "wide", "wide ascii nocase", "fullword"][..]);
    let text =
        (word.clone(), modifiers.clone()).prop_map(|(word, how)| format!("\"{word}\" {how}"));
    let odd = (word.clone(), prop::sample::select(&["xor", "base64"][..]))
        .prop_map(|(word, how)| format!("\"{word}\" {how}"));
    let regexp = (word.clone(), modifiers, 0..6_u8).prop_map(|(word, how, form)| {
        let (left, right) = word.split_at(word.len() / 2);
        let pattern = match form {
            0 => word.to_owned(),
            1 => format!("{left}.{{0,4}}{right}"),
            2 => format!("({left}|{right})+[a-z]?"),
            3 => format!("[a-zA-Z]{{3}}{right}"),
            4 => format!("({left})?{right}"),
            _ => format!("{left}({right}|\\d{{1,3}})"),
        };
        format!("/{pattern}/ {how}")
    });
    let hex = (word, 0..3_u8).prop_map(|(word, form)| {
        let digits: Vec<String> = word.bytes().map(|byte| format!("{byte:02X}")).collect();
        let (left, right) = digits.split_at(digits.len() / 2);
        let (left, right) = (left.join(" "), right.join(" "));
        match form {
            0 => format!("{{ {left} {right} }}"),
            1 => format!("{{ {left} [0-6] {right} }}"),
            _ => format!("{{ {left} ({right} | 00 01) }}"),
        }
    });
    prop_oneof![3 => text, 1 => odd, 3 => regexp, 2 => hex]
}

/// A condition over `$a`, `$b` and `$c`.
fn condition() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(
        &[
            "$a",
            "$b",
            "$c",
            "#a > 1",
            "#b == 0",
            "#c >= 1",
            "@a[1] < 40",
            "!b[1] > 3",
            "$a at 0",
            "$b in (0..100)",
            "any of them",
            "all of ($a, $b)",
            "2 of them",
            "none of ($c)",
            "60% of them",
            "for any of them : (# > 1)",
            "for all of ($a, $b) : (@ < 50)",
            "for any i in (0..20) : ($a at i)",
            "uint16(0) == 0x5A4D",
            "uint32be(0) == 0x4D5A4141",
            "filesize < 60",
            "true",
        ][..],
    );
    leaf.prop_map(str::to_owned).prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|all| format!("({})", all.join(" and "))),
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|any| format!("({})", any.join(" or "))),
            inner.clone().prop_map(|one| format!("not ({one})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("1 of ({a}, {b})")),
        ]
    })
}

fn rule() -> impl Strategy<Value = String> {
    (prop::array::uniform3(string()), condition()).prop_map(|([a, b, c], condition)| {
        // Mentions all strings, which the compiler insists on, without a bearing on the result.
        let all = "($a or $b or $c or true)";
        format!("strings: $a = {a} $b = {b} $c = {c} condition: ({condition}) and {all}")
    })
}

/// A file of pieces of words.
fn file() -> impl Strategy<Value = Vec<u8>> {
    let piece = (prop::sample::select(&WORDS[..]), 0..8_u8).prop_map(|(word, form)| {
        let (left, right) = word.split_at(word.len() / 2);
        match form {
            0 | 1 => word.as_bytes().to_vec(),
            2 => word.to_uppercase().into_bytes(),
            3 => word.bytes().flat_map(|byte| [byte, 0]).collect(),
            4 => format!("{left}.{right}").into_bytes(),
            5 => format!("{left}{left}x").into_bytes(),
            6 => word.bytes().map(|byte| byte ^ 0x21).collect(),
            _ => b"MZAA some other text ".to_vec(),
        }
    });
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// Ours, each rule in a file of its own.
fn engine(rules: &[String]) -> Engine {
    let mut sources = SourceTree::new();
    for (number, rule) in rules.iter().enumerate() {
        sources.add(format!("{number}.yar"), format!("rule r{number} {{ {rule} }}"));
    }
    let build = build_tree(sources, &BuildOptions::default().strict(true)).unwrap();
    let verified = Unverified::from_bytes(build.set).and_then(Unverified::verify).unwrap();
    Engine::builder().set(SignatureSet::open(verified).unwrap()).build().unwrap()
}

/// Theirs, all in one, behind a rule that has them search for patterns: left to themselves they take
/// the search to be done where a condition went by it.
fn yara(rules: &[String]) -> yara_x::Rules {
    let mut compiler = yara_x::Compiler::new();
    let first = "private rule first { strings: $a = { 3b c7 e5 91 0d a8 } condition: $a }";
    compiler.add_source(first).unwrap();
    for (number, rule) in rules.iter().enumerate() {
        compiler.add_source(format!("rule r{number} {{ {rule} }}").as_str()).unwrap();
    }
    compiler.build()
}

/// How many findings there were.
fn compare(rules: &[String], files: &[Vec<u8>]) -> usize {
    let (engine, compiled) = (engine(rules), yara(rules));
    let mut scanner = yara_x::Scanner::new(&compiled);
    let mut found = 0;
    // Theirs does not look inside of texts either.
    let mut options = ScanOptions::default();
    options.limits.depth = 0;
    for file in files {
        let report = engine.scan(Input::Memory(file), &options);
        let ours: BTreeSet<String> = report.findings.into_iter().map(|it| it.name).collect();
        let results = scanner.scan(file).unwrap();
        let theirs = results.matching_rules().map(|rule| rule.identifier().to_owned()).collect();
        assert_eq!(ours, theirs, "{rules:#?} in {}", file.escape_ascii());
        found += ours.len();
    }
    found
}

#[test]
fn gates_lose_nothing() {
    let config = Config { cases: 24, ..Config::default() };
    let strategy = (prop::collection::vec(rule(), 4), prop::collection::vec(file(), 40));
    let found = std::cell::Cell::new(0);
    let tested = TestRunner::new(config).run(&strategy, |(rules, files)| {
        found.set(found.get() + compare(&rules, &files));
        Ok(())
    });
    tested.unwrap();
    assert!(found.get() > 100, "the files say something: {} findings", found.get());
}

#[test]
fn patterns_are_found_behind_others_that_nobody_asked_for() {
    let ways_around = [
        "1 of (filesize > 0, $a) and $b",
        "any of (filesize > 0, $a) and $b",
        "all of (filesize < 0, $a) or $b",
        "for any i in (0, #a) : (i == 0) and $b",
        "not defined (uint8(1000) + #a) and $b",
        "with it = uint8(1000) : (it == #a) or $b",
    ];
    for condition in ways_around {
        for string in ["\"present\"", "\"present\" xor", "/pre[r-t]ent/"] {
            let rule = format!("strings: $a = \"absent\" xor $b = {string} condition: {condition}");
            assert_eq!(compare(&[rule], &[b"it is present".to_vec()]), 1, "{condition}");
        }
    }
}

#[test]
fn each_gate_opens_by_itself() {
    let rules = ["powershell", "xmrig-donate"]
        .map(|word| format!("strings: $a = \"{word}\" condition: $a"));
    let files = [&b"nothing"[..], b"a powershell", b"an xmrig-donate", b"powershell xmrig-donate"];
    let files = files.map(<[u8]>::to_vec);
    assert_eq!(compare(&rules, &files), 4);
}
