//! From text to finding, against the plain matcher: random signatures are written down as ClamAV's
//! text, compiled, opened and searched for; the same signatures, put together here without any parser,
//! are followed word for word by [`pellucid::matcher::naive`].
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

use std::fmt::Write;

use pellucid::limits::{Budget, Cancel, Limits};
use pellucid::matcher::expression::{self, Comparison, ExpressionOp};
use pellucid::matcher::{
    ByteMask, Element, Gap, Matcher, Offset, Part, Pattern, Scratch, Subject, naive,
};
use pellucid::set::{SignatureSet, Unverified};
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};
use proptest::prelude::*;

/// Few different bytes, so that things meet: letters of both cases, a digit, zero, others.
const ALPHABET: [u8; 8] = [0x00, b'a', b'A', b'b', b'B', b'1', 0x60, 0xff];

/// One element, as its author thinks of it.
#[derive(Clone, Debug)]
enum Step {
    Byte(u8),
    HighNibble(u8),
    LowNibble(u8),
    Any,
    /// `{n}`, which is never widened.
    Skip(u8),
    Choice(Vec<Vec<u8>>),
    NoneOf(Vec<u8>),
}

/// What stands between two parts.
#[derive(Clone, Debug)]
enum Between {
    Star,
    AtLeast(u32),
    AtMost(u32),
    Range(u32, u32),
    /// A gap of fixed length that is too long to be written out.
    Exactly(u32),
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Anywhere,
    Start(u8, u8),
    End(u8, u8),
}

#[derive(Clone, Copy, Debug, Default)]
struct Style {
    any_case: bool,
    wide: bool,
    full_word: bool,
}

/// A signature's text, and what it means.
#[derive(Clone, Debug)]
struct Case {
    text: String,
    pattern: Pattern,
}

fn byte() -> impl Strategy<Value = u8> {
    prop::sample::select(&ALPHABET)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => byte().prop_map(Step::Byte),
        1 => byte().prop_map(Step::HighNibble),
        1 => byte().prop_map(Step::LowNibble),
        1 => Just(Step::Any),
        1 => (1..4_u8).prop_map(Step::Skip),
        1 => prop::collection::vec(prop::collection::vec(byte(), 0..4), 2..4).prop_map(Step::Choice),
        1 => prop::collection::vec(byte(), 1..3).prop_map(Step::NoneOf),
    ]
}

/// Two neighbouring fixed bytes, which every part needs, amid other elements.
fn part() -> impl Strategy<Value = Vec<Step>> {
    let some = || prop::collection::vec(step(), 0..4);
    (some(), byte(), byte(), some()).prop_map(|(before, a, b, after)| {
        [before, vec![Step::Byte(a), Step::Byte(b)], after].concat()
    })
}

fn between() -> impl Strategy<Value = Between> {
    prop_oneof![
        Just(Between::Star),
        (1..6_u32).prop_map(Between::AtLeast),
        (1..6_u32).prop_map(Between::AtMost),
        (0..4_u32, 1..4_u32).prop_map(|(min, more)| Between::Range(min, min + more)),
        (128..131_u32).prop_map(Between::Exactly),
    ]
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        4 => Just(Place::Anywhere),
        1 => (0..20_u8, 0..20_u8).prop_map(|(at, shift)| Place::Start(at, shift)),
        1 => (0..40_u8, 0..20_u8).prop_map(|(back, shift)| Place::End(back, shift)),
    ]
}

fn style() -> impl Strategy<Value = Style> {
    (any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.2)).prop_map(
        |(any_case, wide, full_word)| Style { any_case, wide, full_word: full_word && !wide },
    )
}

fn case() -> impl Strategy<Value = Case> {
    let rest = prop::collection::vec((between(), part()), 0..3);
    (place(), style(), part(), rest)
        .prop_map(|(place, style, first, rest)| write_case(place, style, &first, &rest))
}

fn write_case(place: Place, style: Style, first: &[Step], rest: &[(Between, Vec<Step>)]) -> Case {
    let mut text = match place {
        Place::Anywhere => String::new(),
        Place::Start(at, shift) => format!("{at},{shift}:"),
        Place::End(back, shift) => format!("EOF-{back},{shift}:"),
    };
    let mut pattern = Pattern::new(write_part(first, style, &mut text));
    pattern.offset = match place {
        Place::Anywhere => Offset::Anywhere,
        Place::Start(at, shift) => Offset::Start { at: at.into(), shift: shift.into() },
        Place::End(back, shift) => Offset::End { back: back.into(), shift: shift.into() },
    };
    pattern.full_word = style.full_word;
    for (between, part) in rest {
        let gap = write_gap(between, &mut text);
        pattern.rest.push((gap, write_part(part, style, &mut text)));
    }
    let letters = [(style.any_case, 'i'), (style.wide, 'w'), (style.full_word, 'f')];
    text += "::";
    text.extend(letters.into_iter().filter(|(on, _)| *on).map(|(_, letter)| letter));
    Case { text, pattern }
}

fn write_gap(between: &Between, text: &mut String) -> Gap {
    match *between {
        Between::Star => {
            *text += "*";
            Gap { min: 0, max: None }
        }
        Between::AtLeast(min) => {
            write!(text, "{{{min}-}}").unwrap();
            Gap { min, max: None }
        }
        Between::AtMost(max) => {
            write!(text, "{{-{max}}}").unwrap();
            Gap { min: 0, max: Some(max) }
        }
        Between::Range(min, max) => {
            write!(text, "{{{min}-{max}}}").unwrap();
            Gap { min, max: Some(max) }
        }
        Between::Exactly(count) => {
            write!(text, "{{{count}}}").unwrap();
            Gap { min: count, max: Some(count) }
        }
    }
}

fn write_part(steps: &[Step], style: Style, text: &mut String) -> Part {
    let mask = |byte: u8| match style.any_case {
        true => ByteMask::either_case(byte),
        false => ByteMask::exact(byte),
    };
    let widen = |bytes: Vec<ByteMask>| -> Vec<ByteMask> {
        let zero = style.wide.then(|| ByteMask::exact(0));
        bytes.into_iter().flat_map(|byte| [Some(byte), zero]).flatten().collect()
    };
    let mut part = Part::new();
    for step in steps {
        let single = match step {
            Step::Byte(byte) => {
                write!(text, "{byte:02x}").unwrap();
                mask(*byte)
            }
            Step::HighNibble(byte) => {
                write!(text, "{:x}?", byte >> 4).unwrap();
                ByteMask { value: byte & 0xf0, mask: 0xf0 }
            }
            Step::LowNibble(byte) => {
                write!(text, "?{:X}", byte & 0x0f).unwrap();
                ByteMask { value: byte & 0x0f, mask: 0x0f }
            }
            Step::Any => {
                *text += "??";
                ByteMask::ANY
            }
            Step::Skip(count) => {
                write!(text, "{{{count}}}").unwrap();
                part.extend(vec![Element::Byte(ByteMask::ANY); (*count).into()]);
                continue;
            }
            Step::Choice(strings) => {
                let shown: Vec<String> = strings.iter().map(|string| hex(string)).collect();
                write!(text, "({})", shown.join("|")).unwrap();
                let string = |string: &Vec<u8>| widen(string.iter().map(|b| mask(*b)).collect());
                part.push(Element::Choice(strings.iter().map(string).collect()));
                continue;
            }
            Step::NoneOf(bytes) => {
                let shown: Vec<String> = bytes.iter().map(|byte| hex(&[*byte])).collect();
                write!(text, "!({})", shown.join("|")).unwrap();
                let string = |byte: &u8| widen(vec![mask(*byte)]);
                part.push(Element::NoneOf(bytes.iter().map(string).collect()));
                continue;
            }
        };
        part.extend(widen(vec![single]).into_iter().map(Element::Byte));
    }
    part
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A piece of data: noise, or something that a pattern should match.
#[derive(Clone, Debug)]
enum Piece {
    Noise(Vec<u8>),
    Match { pattern: prop::sample::Index, seed: Vec<u8> },
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let noise = prop::collection::vec(byte(), 0..12).prop_map(Piece::Noise);
    let seed = prop::collection::vec(any::<u8>(), 1..16);
    let hit = (any::<prop::sample::Index>(), seed)
        .prop_map(|(pattern, seed)| Piece::Match { pattern, seed });
    prop::collection::vec(prop_oneof![noise, hit], 1..6)
}

fn data_of(pieces: &[Piece], cases: &[Case]) -> Vec<u8> {
    let bytes = |piece: &Piece| match piece {
        Piece::Noise(bytes) => bytes.clone(),
        Piece::Match { pattern, seed } => example(&pattern.get(cases).pattern, seed),
    };
    pieces.iter().flat_map(bytes).collect()
}

/// Bytes that the pattern matches (unless an element rules out what the seed picks).
fn example(pattern: &Pattern, seed: &[u8]) -> Vec<u8> {
    let mut seeds = seed.iter().copied().cycle();
    let mut next = || seeds.next().unwrap();
    let fit = |byte: ByteMask, noise: u8| byte.value | noise & !byte.mask;
    let mut data = Vec::new();
    let add = |part: &Part, next: &mut dyn FnMut() -> u8, data: &mut Vec<u8>| {
        for element in part {
            match element {
                Element::Byte(byte) => data.push(fit(*byte, next())),
                Element::Choice(strings) => {
                    let string = &strings[usize::from(next()) % strings.len()];
                    data.extend(string.iter().map(|byte| fit(*byte, next())));
                }
                Element::NoneOf(strings) => data.extend(strings[0].iter().map(|_| next())),
            }
        }
    };
    add(&pattern.first, &mut next, &mut data);
    for (gap, part) in &pattern.rest {
        let more = gap.max.map_or(3, |max| max - gap.min);
        let count = gap.min + u32::from(next()) % (more + 1);
        data.extend((0..count).map(|_| ALPHABET[usize::from(next()) % ALPHABET.len()]));
        add(part, &mut next, &mut data);
    }
    data
}

/// The set of these lines in one `.ldb`, every one of which must be taken.
fn compile(lines: &str, count: usize) -> SignatureSet {
    let mut tree = SourceTree::new();
    tree.add("a.ldb", lines);
    let build = build_tree(tree, &BuildOptions::default()).unwrap();
    assert_eq!(build.report.total.taken, count as u64, "{:#?}", build.report.diagnostics);
    let verified = Unverified::from_bytes(build.set).unwrap().verify().unwrap();
    SignatureSet::open(verified).unwrap()
}

/// What the set finds: names and first places, sorted.
fn search(set: &SignatureSet, data: &[u8]) -> Vec<(String, Option<u64>)> {
    let subject = Subject { data, types: Default::default(), layout: None, layers: &[] };
    let budget = Budget::new(Limits::default(), Cancel::new());
    let mut findings = Vec::new();
    let matcher = Matcher::new(set).unwrap();
    matcher.search(&subject, &mut Scratch::default(), &budget, &mut findings).unwrap();
    let mut found: Vec<_> =
        findings.into_iter().map(|finding| (finding.name, finding.offset)).collect();
    found.sort();
    found
}

fn starts(pattern: &Pattern, data: &[u8]) -> Vec<u64> {
    naive::starts(pattern, &Subject { data, types: Default::default(), layout: None, layers: &[] })
}

/// A random expression, every block of it in brackets.
#[derive(Clone, Debug)]
enum Logic {
    Part(u8),
    Join(bool, Box<Logic>, Box<Logic>),
    Compare(Box<Logic>, char, u32, Option<u32>),
}

fn logic() -> impl Strategy<Value = Logic> {
    let part = (0..3_u8).prop_map(Logic::Part);
    part.prop_recursive(4, 12, 2, |inner| {
        let sign = prop::sample::select(&['=', '>', '<']);
        let compare = (inner.clone(), sign, 0..4_u32, prop::option::of(0..4_u32));
        prop_oneof![
            (any::<bool>(), inner.clone(), inner).prop_map(|(and, a, b)| Logic::Join(
                and,
                Box::new(a),
                Box::new(b)
            )),
            compare.prop_map(|(inner, sign, number, distinct)| {
                Logic::Compare(Box::new(inner), sign, number, distinct)
            }),
        ]
    })
}

impl Logic {
    fn text(&self) -> String {
        match self {
            Logic::Part(part) => part.to_string(),
            Logic::Join(and, a, b) => {
                format!("({}{}{})", a.text(), if *and { '&' } else { '|' }, b.text())
            }
            Logic::Compare(inner, sign, number, distinct) => {
                let distinct = distinct.map_or(String::new(), |distinct| format!(",{distinct}"));
                format!("({}){sign}{number}{distinct}", inner.text())
            }
        }
    }

    fn write(&self, ops: &mut Vec<ExpressionOp>) {
        match self {
            Logic::Part(part) => ops.push(ExpressionOp::Part(*part)),
            Logic::Join(and, a, b) => {
                a.write(ops);
                b.write(ops);
                ops.push(if *and { ExpressionOp::And } else { ExpressionOp::Or });
            }
            Logic::Compare(inner, sign, number, distinct) => {
                inner.write(ops);
                let comparison = match sign {
                    '=' => Comparison::Equal,
                    '>' => Comparison::More,
                    _ => Comparison::Less,
                };
                let (number, distinct) = (*number, distinct.unwrap_or(0));
                ops.push(ExpressionOp::Compare { comparison, number, distinct });
            }
        }
    }

    fn holds(&self, counts: &[u32]) -> bool {
        let mut ops = Vec::new();
        self.write(&mut ops);
        expression::holds(&expression::encode(&ops), counts).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Several patterns in one set: each is found where it starts first, and not where it does not.
    #[test]
    fn patterns_are_found_where_they_are(
        cases in prop::collection::vec(case(), 1..6),
        pieces in pieces(),
    ) {
        let data = data_of(&pieces, &cases);
        let lines: String = cases
            .iter()
            .enumerate()
            .map(|(number, case)| format!("Case.{number};Target:0;0;{}\n", case.text))
            .collect();
        let expected: Vec<(String, Option<u64>)> = cases
            .iter()
            .enumerate()
            .filter_map(|(number, case)| {
                let first = starts(&case.pattern, &data).first().copied()?;
                Some((format!("Case.{number}"), Some(first)))
            })
            .collect();
        prop_assert_eq!(search(&compile(&lines, cases.len()), &data), expected, "{}", lines);
    }

    /// Matches are counted exactly.
    #[test]
    fn matches_are_counted(case in case(), pieces in pieces()) {
        let cases = [case];
        let data = data_of(&pieces, &cases);
        let count = starts(&cases[0].pattern, &data).len();
        let text = &cases[0].text;
        let lines = format!("Equal;Target:0;0={count};{text}\nMore;Target:0;0>{count};{text}\n");
        let found = search(&compile(&lines, 2), &data);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        prop_assert_eq!(names, ["Equal"], "{} over {:02x?}", lines, data);
    }

    /// Logic over counts comes out as it is written.
    #[test]
    fn logic_holds_as_it_is_written(
        logic in logic(),
        cases in prop::collection::vec(case(), 3),
        pieces in pieces(),
    ) {
        let data = data_of(&pieces, &cases);
        let counts: Vec<u32> =
            cases.iter().map(|case| starts(&case.pattern, &data).len() as u32).collect();
        // All three sub-signatures must be named.
        let text = format!("({})|((0&1&2)&(0=0))", logic.text());
        let subs: Vec<&str> = cases.iter().map(|case| case.text.as_str()).collect();
        let line = format!("Case;Target:0;{text};{}\n", subs.join(";"));
        let found = !search(&compile(&line, 1), &data).is_empty();
        prop_assert_eq!(found, logic.holds(&counts), "{} over {:?}", line, counts);
    }
}
