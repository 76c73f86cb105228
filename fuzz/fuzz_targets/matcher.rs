//! Holds the fast matcher against the plain one: an arbitrary pattern, over data that is made of its
//! own pieces, so that it matches often enough.

#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use pellucid::matcher::{ByteMask, Element, Gap, Offset, Pattern, Subject, naive};
use pellucid::set::{SignatureSet, Unverified};
use pellucid::{Engine, Input, ScanOptions};
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};

/// One step of a pattern, over a small alphabet.
#[derive(Arbitrary, Debug)]
enum Step {
    Byte(u8),
    HighNibble(u8),
    LowNibble(u8),
    Any,
    Choice(u8, u8, u8),
    NotThese(u8, u8),
    Gap(u8, u8),
    OpenGap(u8),
}

#[derive(Arbitrary, Debug)]
enum Place {
    Anywhere,
    Start(u8, u8),
    End(u8, u8),
}

#[derive(Arbitrary, Debug)]
struct Case {
    first: [u8; 2],
    steps: Vec<Step>,
    place: Place,
    data: Vec<u8>,
}

const ALPHABET: [u8; 6] = [0x00, 0x61, 0x41, 0x62, 0x60, 0xff];

fn letter(number: u8) -> u8 {
    ALPHABET[usize::from(number) % ALPHABET.len()]
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut case) = Case::arbitrary(&mut Unstructured::new(bytes)) else { return };
    case.steps.truncate(24);
    case.data.truncate(400);
    let data: Vec<u8> = case.data.iter().copied().map(letter).collect();
    let (text, pattern) = written(&case);
    let mut tree = SourceTree::new();
    tree.add("a.ndb", format!("Case:0:{text}\n"));
    let build = build_tree(tree, &BuildOptions::default()).expect("a set");
    if build.report.total.taken == 0 {
        return;
    }
    let fast = scan(build.set, &data);
    let subject = Subject::new(&data);
    let plain = naive::starts(&pattern, &subject).first().copied();
    assert_eq!(fast, plain, "{text} over {data:02x?}");
});

/// The first place where the set's one pattern matches.
fn scan(set: Vec<u8>, data: &[u8]) -> Option<u64> {
    let verified = Unverified::from_bytes(set).and_then(Unverified::verify).expect("verifies");
    let set = SignatureSet::open(verified).expect("opens");
    let engine = Engine::builder().set(set).build().expect("an engine");
    let report = engine.scan(Input::Memory(data), &ScanOptions::default());
    report.findings.iter().find(|finding| finding.object == 0).and_then(|finding| finding.offset)
}

/// The case as ClamAV writes it, and as the plain matcher reads it.
fn written(case: &Case) -> (String, Pattern) {
    let exact = |byte: u8| Element::Byte(ByteMask::exact(byte));
    let mut hex = String::new();
    let mut parts = vec![Vec::new()];
    let mut gaps = Vec::new();
    for &byte in &case.first {
        hex.push_str(&format!("{:02x}", letter(byte)));
        parts[0].push(exact(letter(byte)));
    }
    for step in &case.steps {
        let part = parts.last_mut().expect("one part at least");
        match *step {
            Step::Byte(byte) => {
                hex.push_str(&format!("{:02x}", letter(byte)));
                part.push(exact(letter(byte)));
            }
            Step::HighNibble(byte) => {
                hex.push_str(&format!("{:x}?", letter(byte) >> 4));
                part.push(Element::Byte(ByteMask { value: letter(byte) & 0xf0, mask: 0xf0 }));
            }
            Step::LowNibble(byte) => {
                hex.push_str(&format!("?{:x}", letter(byte) & 15));
                part.push(Element::Byte(ByteMask { value: letter(byte) & 0x0f, mask: 0x0f }));
            }
            Step::Any => {
                hex.push_str("??");
                part.push(Element::Byte(ByteMask::ANY));
            }
            Step::Choice(a, b, c) => {
                let (a, b, c) = (letter(a), letter(b), letter(c));
                hex.push_str(&format!("({a:02x}|{b:02x}{c:02x})"));
                part.push(Element::Choice(vec![
                    vec![ByteMask::exact(a)],
                    vec![ByteMask::exact(b), ByteMask::exact(c)],
                ]));
            }
            Step::NotThese(a, b) => {
                let (a, b) = (letter(a), letter(b));
                hex.push_str(&format!("!({a:02x}|{b:02x})"));
                part.push(Element::NoneOf(vec![
                    vec![ByteMask::exact(a)],
                    vec![ByteMask::exact(b)],
                ]));
            }
            Step::Gap(min, more) => {
                let (min, max) = (u32::from(min % 8), u32::from(min % 8) + u32::from(more % 8));
                hex.push_str(&format!("{{{min}-{max}}}6162"));
                let max = (max > 0).then_some(max);
                gaps.push(Gap { min, max });
                parts.push(vec![exact(0x61), exact(0x62)]);
            }
            Step::OpenGap(min) => {
                let min = u32::from(min % 8);
                hex.push_str(&format!("{{{min}-}}6161"));
                gaps.push(Gap { min, max: None });
                parts.push(vec![exact(0x61), exact(0x61)]);
            }
        }
    }
    let (place, offset) = match case.place {
        Place::Anywhere => ("*".into(), Offset::Anywhere),
        Place::Start(at, shift) => {
            (format!("{at},{shift}"), Offset::Start { at: at.into(), shift: shift.into() })
        }
        Place::End(back, shift) => {
            (format!("EOF-{back},{shift}"), Offset::End { back: back.into(), shift: shift.into() })
        }
    };
    let mut parts = parts.into_iter();
    let mut pattern = Pattern::new(parts.next().unwrap_or_default());
    pattern.offset = offset;
    pattern.rest = gaps.into_iter().zip(parts).collect();
    (format!("{place}:{hex}"), pattern)
}
