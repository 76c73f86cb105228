//! The fast matcher finds what the plain one finds: arbitrary patterns over data of few letters.

use std::fmt::Write as _;

use pellucid::matcher::{ByteMask, Element, Gap, Pattern, Subject, naive};
use pellucid::set::{SignatureSet, Unverified};
use pellucid::{Engine, Input, ScanOptions};
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};
use proptest::prelude::*;

/// A part: bytes of the alphabet `a`, `b`, with a choice behind them or not.
fn part() -> impl Strategy<Value = (Vec<u8>, bool)> {
    (prop::collection::vec(prop::sample::select(vec![b'a', b'b']), 2..5), any::<bool>())
}

fn gap() -> impl Strategy<Value = Gap> {
    (0..4_u32, prop::option::of(0..300_u32))
        .prop_map(|(min, more)| Gap { min, max: more.map(|more| min + 1 + more) })
}

type Shape = ((Vec<u8>, bool), Vec<(Gap, (Vec<u8>, bool))>);

fn shapes() -> impl Strategy<Value = Vec<Shape>> {
    let rest = prop::collection::vec((gap(), part()), 0..4);
    prop::collection::vec((part(), rest), 1..12)
}

/// A part as elements and as text.
fn written((bytes, with_choice): &(Vec<u8>, bool)) -> (Vec<Element>, String) {
    let exact = |byte: &u8| ByteMask::exact(*byte);
    let mut elements: Vec<Element> = bytes.iter().map(|b| Element::Byte(exact(b))).collect();
    let mut text = String::new();
    bytes.iter().for_each(|byte| write!(text, "{byte:02x}").expect("memory"));
    if *with_choice {
        let strings = [&b"b"[..], b"ab", b"cab"].map(|s| s.iter().map(exact).collect());
        elements.push(Element::Choice(strings.to_vec()));
        text += "(62|6162|636162)";
    }
    (elements, text)
}

fn pattern((first, rest): &Shape) -> (Pattern, String) {
    let (elements, mut text) = written(first);
    let mut pattern = Pattern::new(elements);
    for (gap, part) in rest {
        let (elements, part) = written(part);
        match gap.max {
            Some(max) => write!(text, "{{{}-{max}}}{part}", gap.min),
            None => write!(text, "{{{}-}}{part}", gap.min),
        }
        .expect("memory");
        pattern.rest.push((*gap, elements));
    }
    (pattern, text)
}

fn engine(source: String) -> Engine {
    let mut tree = SourceTree::new();
    tree.add("a.ndb", source);
    let set = build_tree(tree, &BuildOptions::default()).expect("a set").set;
    let verified = Unverified::from_bytes(set).and_then(Unverified::verify).expect("verified");
    let set = SignatureSet::open(verified).expect("opened");
    Engine::builder().set(set).build().expect("an engine")
}

proptest! {
    #[test]
    fn the_fast_matcher_finds_what_the_plain_one_finds(
        shapes in shapes(),
        data in prop::collection::vec(prop::sample::select(b"aabbc.".to_vec()), 0..120),
    ) {
        let written: Vec<(Pattern, String)> = shapes.iter().map(pattern).collect();
        let mut source = String::new();
        for (number, (_, text)) in written.iter().enumerate() {
            writeln!(source, "P{number}:0:*:{text}").expect("memory");
        }
        let report = engine(source).scan(Input::Memory(&data), &ScanOptions::default());
        let subject = Subject { data: &data, types: Default::default(), layout: None };
        for (pattern, text) in &written {
            let name = written.iter().position(|(_, other)| other == text).expect("itself");
            let name = format!("P{name}");
            let fast = report.findings.iter().find(|finding| finding.name == name);
            let plain = naive::starts(pattern, &subject).first().copied();
            prop_assert_eq!(fast.and_then(|finding| finding.offset), plain, "{} in {:?}", text, data);
        }
    }
}
