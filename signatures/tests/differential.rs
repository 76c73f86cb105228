//! From text to finding, against the plain matcher: random signatures are written down as ClamAV's
//! text, compiled, opened and searched for; the same signatures, put together here without any parser,
//! are followed word for word by [`pellucid::matcher::naive`].
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

mod random_bodies;

use std::fmt::Write;

use pellucid::identify::FileType;
use pellucid::limits::{Budget, Cancel, Limits};
use pellucid::matcher::expression::{self, Comparison, ExpressionOp};
use pellucid::matcher::filter::Kernel;
use pellucid::matcher::{Matcher, Pattern, Scratch, Subject, Target, naive};
use pellucid::normalise::View;
use pellucid::set::{SignatureSet, Unverified};
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};
use proptest::prelude::*;
use random_bodies::{case, data_of, pieces};

const TARGETS: &[Target] =
    &[Target::Any, Target::Pe, Target::Ole2, Target::Html, Target::Elf, Target::Text, Target::Pdf];

/// The set of these lines in one `.ldb`, every one of which must be taken.
fn compile(lines: &str, count: usize) -> SignatureSet {
    let mut tree = SourceTree::new();
    tree.add("a.ldb", lines);
    let build = build_tree(tree, &BuildOptions::default()).unwrap();
    assert_eq!(build.report.total.taken, count as u64, "{:#?}", build.report.diagnostics);
    let verified = Unverified::from_bytes(build.set).unwrap().verify().unwrap();
    SignatureSet::open(verified).unwrap()
}

/// What the set finds, whatever instructions look for it: names and first places, sorted.
fn search(set: &SignatureSet, data: &[u8]) -> Vec<(String, Option<u64>)> {
    search_in(set, &Subject::new(data))
}

fn search_in(set: &SignatureSet, subject: &Subject<'_>) -> Vec<(String, Option<u64>)> {
    let search = |kernel| search_with(kernel, set, subject);
    let found: Vec<_> = Kernel::available().into_iter().map(search).collect();
    assert!(found.iter().all(|it| *it == found[0]), "{:?}: {found:?}", Kernel::available());
    found.into_iter().next().unwrap()
}

fn search_with(
    kernel: Kernel,
    set: &SignatureSet,
    subject: &Subject<'_>,
) -> Vec<(String, Option<u64>)> {
    let budget = Budget::new(Limits::default(), Cancel::new());
    let mut findings = Vec::new();
    let matcher = Matcher::with_kernel(set, kernel).unwrap();
    matcher.search(subject, &mut Scratch::default(), &budget, &mut findings).unwrap();
    let mut found: Vec<_> =
        findings.into_iter().map(|finding| (finding.name, finding.offset)).collect();
    found.sort();
    found
}

fn starts(pattern: &Pattern, data: &[u8]) -> Vec<u64> {
    naive::starts(pattern, &Subject::new(data))
}

fn count(pattern: &Pattern, data: &[u8]) -> u32 {
    u32::try_from(naive::count(pattern, &Subject::new(data))).unwrap()
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

    /// Signatures of many targets in one set: those of an object's targets are found in it, and no
    /// others, however many there are of each.
    #[test]
    fn patterns_are_found_in_objects_of_their_target(
        cases in prop::collection::vec((case(), prop::sample::select(TARGETS)), 1..9),
        pieces in pieces(),
        kind in prop::option::of(prop::sample::select(TARGETS)),
        added in prop::option::of(prop::sample::select(&[FileType::Pe, FileType::Pdf])),
        view in prop::option::of(prop::sample::select(&View::ALL)),
    ) {
        let (mut bare, targets): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
        let data = data_of(&pieces, &bare);
        let added = added.into_iter().collect();
        let subject = Subject { kind, added, view, ..Subject::new(&data) };
        let (mut lines, mut expected) = (String::new(), Vec::new());
        for (number, (case, target)) in bare.iter_mut().zip(targets).enumerate() {
            case.pattern.target = target;
            writeln!(lines, "Case.{number};Target:{};0;{}", target as u8, case.text).unwrap();
            let first = naive::starts(&case.pattern, &subject).first().copied();
            // Places in a view are none of the file's.
            let place = first.filter(|_| view.is_none());
            expected.extend(first.map(|_| (format!("Case.{number}"), place)));
        }
        let found = search_in(&compile(&lines, bare.len()), &subject);
        prop_assert_eq!(found, expected, "{} in {:?} {:?}", lines, kind, view);
    }

    /// Matches are counted exactly.
    #[test]
    fn matches_are_counted(case in case(), pieces in pieces()) {
        let cases = [case];
        let data = data_of(&pieces, &cases);
        let count = count(&cases[0].pattern, &data);
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
        let counts: Vec<u32> = cases.iter().map(|case| count(&case.pattern, &data)).collect();
        // All three sub-signatures must be named.
        let text = format!("({})|((0&1&2)&(0=0))", logic.text());
        let subs: Vec<&str> = cases.iter().map(|case| case.text.as_str()).collect();
        let line = format!("Case;Target:0;{text};{}\n", subs.join(";"));
        let found = !search(&compile(&line, 1), &data).is_empty();
        prop_assert_eq!(found, logic.holds(&counts), "{} over {:?}", line, counts);
    }
}
