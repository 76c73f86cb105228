//! Random body signatures, and valid ones broken at random, over data in which they match often enough.
//!
//! `PELLUCID_ROUNDS` and `PELLUCID_SEED` make it go on for longer, and elsewhere.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::random_bodies::{Case, case, data_of, pieces};
use crate::records::{Records, Tally, name};
use crate::table::framed;
use crate::trial::clamscan_is_there;

pub(crate) fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// A source of random values that is the same in every run.
pub(crate) struct Random(TestRunner);

impl Random {
    pub(crate) fn new() -> Self {
        let seed = number("PELLUCID_SEED", 1) as u8;
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
        Self(TestRunner::new_with_rng(Config::default(), random))
    }

    pub(crate) fn draw<S: Strategy>(&mut self, strategy: S) -> S::Value {
        strategy.new_tree(&mut self.0).unwrap().current()
    }
}

/// Files that are made of what the cases match.
fn files(random: &mut Random, cases: &[Case]) -> Vec<Vec<u8>> {
    let file = |random: &mut Random| {
        let data = data_of(&random.draw(pieces()), cases);
        framed(&data)
    };
    (0..20).map(|_| file(random)).collect()
}

fn record(number: usize, body: &str) -> String {
    format!("{};Engine:51-255,Target:0;0;{body}", name(number))
}

fn run(change: impl Fn(&mut Random, &str) -> String) -> Tally {
    let mut tally = Tally::default();
    if !clamscan_is_there() {
        return tally;
    }
    let mut random = Random::new();
    for _ in 0..number("PELLUCID_ROUNDS", 3) {
        let cases: Vec<Case> = (0..40).map(|_| random.draw(case())).collect();
        let files = files(&mut random, &cases);
        let bodies = cases.iter().map(|case| change(&mut random, &case.text));
        let lines = bodies.enumerate().map(|(number, body)| record(number, &body)).collect();
        Records { format: "ldb", lines, files }.compare(&mut tally);
    }
    tally
}

/// Says how a comparison came out; `PELLUCID_SHOW` makes it name the records that only one side takes.
fn say(tally: &Tally) {
    let Tally { compared, refused_by_both, taken, refused, crashes, more, .. } = tally;
    eprintln!(
        "{compared} records compared, {refused_by_both} refused by both, {} only by clamscan, {} only \
         by us, {} crash clamscan; findings that only we have: {more:?}",
        taken.len(),
        refused.len(),
        crashes.len()
    );
    if std::env::var_os("PELLUCID_SHOW").is_some() {
        eprintln!("only we take: {taken:#?}\nonly clamscan takes: {refused:#?}\n{crashes:#?}");
    }
}

#[test]
fn random_bodies_hit_the_same_files() {
    let tally = run(|_, text| text.to_owned());
    say(&tally);
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    assert!(tally.refused.is_empty(), "{:#?}", tally.refused);
}

/// Breaks a body somewhere.
fn mutate(random: &mut Random, text: &str) -> String {
    let mut text: Vec<char> = text.chars().collect();
    for _ in 0..random.draw(1..3_usize) {
        let at = random.draw(0..text.len().max(1));
        let letter = random.draw(prop::sample::select(
            "0123456789abcdefABLW?*{}[]()|!-,:iwfaESPOFVI+ ".chars().collect::<Vec<_>>(),
        ));
        let behind = random.draw(0..=text.len());
        match random.draw(0..5) {
            0 if !text.is_empty() => {
                text.remove(at.min(text.len() - 1));
            }
            1 => text.insert(at.min(text.len()), letter),
            2 if at < text.len() => text[at] = letter,
            3 if at < behind => {
                let piece: Vec<char> = text[at..behind].to_vec();
                text.splice(behind..behind, piece);
            }
            4 if at < behind => {
                text.drain(at..behind.min(at + 4));
            }
            _ => {}
        }
    }
    text.into_iter().collect()
}

/// What only we refuse are slips of the pen that ClamAV reads as something; what only we take it has no
/// way to search for. `docs/clamav.md` lists both. What both take means the same.
#[test]
fn broken_bodies_are_judged_alike() {
    let tally = run(mutate);
    say(&tally);
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
}
