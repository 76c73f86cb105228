//! Threads inside one scan: the result is that of one thread, whatever was first.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test panics")]

mod common;

use common::{Source, engine, gzip, tar, zip};
use pellucid::limits::Limits;
use pellucid::verdict::Report;
use pellucid::{Engine, Input, ScanOptions, Threads};

const NEEDLE: &[u8] = b"needle-in-a-haystack";

fn needles() -> Engine {
    engine(Source::new("a.ndb", "Test.Needle:0:*:6e6565646c652d696e2d612d686179737461636b\n"))
}

/// All that a report says, but for time and memory.
fn told(report: &Report) -> String {
    let Report { verdict, completeness, findings, objects, bytes, .. } = report;
    format!("{verdict} {completeness} {bytes}\n{findings:#?}\n{objects:#?}")
}

fn scan(engine: &Engine, bytes: &[u8], limits: &Limits, threads: Threads) -> Report {
    let options = ScanOptions { limits: limits.clone(), threads, ..ScanOptions::default() };
    engine.scan(Input::Memory(bytes), &options)
}

/// Numbers that look like chance and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn leaf(&mut self) -> Vec<u8> {
        let length = [0, 100, 2500, 5000][self.roll(4)];
        let mut bytes: Vec<u8> = (0..length).map(|_| self.roll(256).to_le_bytes()[0]).collect();
        if self.roll(4) == 0 {
            bytes.extend(NEEDLE);
        }
        bytes
    }

    /// An archive of leaves and archives, some of which come again and some of which are broken.
    fn archive(&mut self, depth: usize) -> Vec<u8> {
        let mut entries: Vec<Vec<u8>> = Vec::new();
        for _ in 0..1 + self.roll(9) {
            let entry = match self.roll(6) {
                0 if !entries.is_empty() => entries[self.roll(entries.len())].clone(),
                1..=3 if depth > 0 => self.archive(depth - 1),
                _ => self.leaf(),
            };
            entries.push(entry);
        }
        let names: Vec<_> = (0..entries.len()).map(|number| number.to_string()).collect();
        let files = names.iter().map(String::as_str).zip(entries.iter().map(Vec::as_slice));
        let files = files.collect::<Vec<_>>();
        let mut bytes = match self.roll(3) {
            0 => zip(&files),
            1 => tar(&files),
            _ => gzip(&tar(&files)),
        };
        if self.roll(10) == 0 {
            bytes.truncate(bytes.len() / 2);
        }
        bytes
    }
}

#[test]
fn thousands_of_archives_give_the_same_with_any_number_of_threads() {
    let engine = needles();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut archives = 0;
    for _ in 0..10 {
        let files: Vec<_> = (0..20).map(|_| dice.archive(2)).collect();
        let names: Vec<_> = (0..files.len()).map(|number| format!("{number}.bin")).collect();
        let files = names.iter().map(String::as_str).zip(files.iter().map(Vec::as_slice));
        let bytes = zip(&files.collect::<Vec<_>>());
        let one = scan(&engine, &bytes, &Limits::default(), Threads::default());
        let parents = one.objects.iter().filter_map(|object| object.parent);
        archives += parents.collect::<std::collections::BTreeSet<_>>().len();
        let expected = told(&one);
        for more in [0, 1, 3] {
            let several = scan(&engine, &bytes, &Limits::default(), Threads::more(more));
            assert!(told(&several) == expected, "{} threads", more + 1);
        }
    }
    assert!(archives > 1000, "{archives} archives");
}

#[test]
fn limits_are_met_at_the_same_place() {
    let engine = needles();
    let mut dice = Dice(0x1234_5678_9abc_def1);
    let files: Vec<_> = (0..12).map(|_| dice.archive(2)).collect();
    let names: Vec<_> = (0..files.len()).map(|number| format!("{number}.bin")).collect();
    let files = names.iter().map(String::as_str).zip(files.iter().map(Vec::as_slice));
    let bytes = gzip(&zip(&files.collect::<Vec<_>>()));
    let changes: [fn(&mut Limits, u64); 5] = [
        |limits, part| limits.objects = 10 * part,
        |limits, part| limits.total_bytes = 100_000 * part,
        |limits, part| limits.object_bytes = 3_000 * part,
        |limits, part| limits.depth = u32::try_from(part).unwrap(),
        |limits, part| limits.memory = 300_000 * part,
    ];
    for change in changes {
        for part in [1, 4] {
            let mut limits = Limits::default();
            change(&mut limits, part);
            let one = scan(&engine, &bytes, &limits, Threads::default());
            for more in [1, 3] {
                let several = scan(&engine, &bytes, &limits, Threads::more(more));
                assert!(told(&several) == told(&one), "{limits:?}, {more} more");
                assert!(several.memory <= limits.memory + limits.memory / Limits::ASIDE);
            }
        }
    }
}

#[test]
fn threads_are_given_back() {
    let threads = Threads::more(2);
    let engine = needles();
    let mut dice = Dice(77);
    let files: Vec<_> = (0..30).map(|_| dice.archive(1)).collect();
    let files: Vec<_> = files.iter().map(|bytes| ("a", bytes.as_slice())).collect();
    let bytes = tar(&files);
    let expected = told(&scan(&engine, &bytes, &Limits::default(), Threads::default()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (threads, engine, bytes, expected) = (&threads, &engine, &bytes, &expected);
            scope.spawn(move || {
                for _ in 0..5 {
                    let report = scan(engine, bytes, &Limits::default(), threads.clone());
                    assert!(told(&report) == *expected);
                }
            });
        }
    });
    assert_eq!(format!("{threads:?}"), format!("{:?}", Threads::more(2)));
}
