//! What the tests of all formats share: walking an unpacker to its end, and asking other tools.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::{Listing, Open, Opening, Passwords, Unpacker};
use crate::input::Content;
use crate::limits::{Budget, Cancel, Limit, Limits};
use crate::verdict::{Problem, Reason};

/// How a test sets its limits.
pub(super) type Change = fn(&mut Limits);

/// An entry as a test asks for it.
#[derive(Debug)]
pub(super) struct Got {
    pub(super) name: String,
    pub(super) bytes: Option<Vec<u8>>,
    pub(super) problems: Vec<Problem>,
}

impl Got {
    pub(super) fn reasons(&self) -> Vec<Reason> {
        reasons(&self.problems)
    }
}

/// All that one container held.
#[derive(Debug)]
pub(super) struct Walked {
    pub(super) entries: Vec<Got>,
    pub(super) listings: Vec<Listing>,
    pub(super) problems: Vec<Problem>,
}

impl Walked {
    pub(super) fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.name.as_str()).collect()
    }

    /// Every reason of the container and its entries, once each.
    pub(super) fn reasons(&self) -> Vec<Reason> {
        let all = self.entries.iter().flat_map(|entry| &entry.problems).chain(&self.problems);
        reasons(all)
    }

    /// The content of the first entry of that name.
    pub(super) fn content(&self, name: &str) -> &[u8] {
        let entry = self.entries.iter().find(|entry| entry.name == name);
        entry.unwrap_or_else(|| panic!("no {name} in {:?}", self.names())).bytes.as_deref().unwrap()
    }

    /// The words of every problem, for searching.
    pub(super) fn words(&self) -> String {
        let all = self.entries.iter().flat_map(|entry| &entry.problems).chain(&self.problems);
        all.map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }
}

fn reasons<'p>(problems: impl IntoIterator<Item = &'p Problem>) -> Vec<Reason> {
    let mut reasons: Vec<_> = problems.into_iter().map(|problem| problem.reason).collect();
    reasons.sort_unstable();
    reasons.dedup();
    reasons
}

pub(super) fn budget(limits: Limits) -> Budget {
    Budget::new(limits, Cancel::new())
}

/// Walks a container to its end as the conductor does, holding one entry at a time.
pub(super) fn walk_at(open: Open, bytes: &[u8], offset: u64, limits: Limits) -> Walked {
    let budget = budget(limits);
    walk_under(open, bytes, offset, &budget)
}

pub(super) fn walk_under(open: Open, bytes: &[u8], offset: u64, budget: &Budget) -> Walked {
    walk_with(open, bytes, offset, &Opening { budget, passwords: &Passwords::default() })
}

pub(super) fn walk_with(open: Open, bytes: &[u8], offset: u64, opening: &Opening<'_>) -> Walked {
    walk_on(open(Content::borrowed(bytes), offset, opening).unwrap(), opening.budget)
}

fn walk_on(mut unpacker: Box<dyn Unpacker<'_> + '_>, budget: &Budget) -> Walked {
    let (mut entries, mut listings) = (Vec::new(), Vec::new());
    while let Some(entry) = unpacker.next_entry(budget) {
        listings.extend(entry.listings.iter().cloned());
        if entry.is_only_mentioned() {
            continue;
        }
        entries.push(Got {
            name: String::from_utf8_lossy(&entry.name).into_owned(),
            bytes: entry.content.map(|content| content.to_vec()),
            problems: entry.problems,
        });
    }
    assert!(unpacker.next_entry(budget).is_none(), "the end stays the end");
    Walked { entries, listings, problems: unpacker.problems() }
}

/// Each of these limits, set low, is the one reason why the container is not read in full.
pub(super) fn assert_each_limit_is_told(open: Open, bytes: &[u8], told: &[Limit]) {
    for &limit in told {
        let mut limits = Limits::default();
        match limit {
            Limit::ObjectBytes => limits.object_bytes = 5000,
            Limit::TotalBytes => limits.total_bytes = 5000,
            Limit::Memory => limits.memory = 50_000,
            Limit::Ratio => limits.ratio = 10,
            Limit::Time => limits.time = Duration::ZERO,
            other => panic!("no low {other:?}"),
        }
        assert_eq!(walk_at(open, bytes, 0, limits).reasons(), [Reason::Limit(limit)]);
    }
}

/// Why a container is refused; `None` where it is opened.
pub(super) fn refusal(open: Open, bytes: &[u8], limits: Limits) -> Option<Reason> {
    let budget = budget(limits);
    let opening = Opening { budget: &budget, passwords: &Passwords::default() };
    open(Content::borrowed(bytes), 0, &opening).err().map(|problem| problem.reason)
}

/// Walks the sample with some bytes changed, cut out or repeated, many times over: whatever comes out,
/// the walk ends within its limits and without a panic, or the sample is refused.
pub(super) fn survives_damage(open: Open, sample: &[u8]) {
    let dice = noise(100_000);
    let mut dice =
        dice.chunks_exact(3).map(|three| usize::from(three[0]) << 8 | usize::from(three[1]));
    let mut roll = |sides: usize| dice.next().unwrap() % sides;
    for round in 0..1500 {
        let mut bytes = sample.to_vec();
        for _ in 0..1 + roll(6) {
            let at = roll(bytes.len());
            match roll(4) {
                0 => bytes.truncate(at + 1),
                1 => bytes.extend_from_within(at..),
                2 => bytes[at] = 0xff,
                _ => bytes[at] ^= 1 << roll(8),
            }
        }
        let limits = Limits {
            objects: 100,
            object_bytes: 1 << 16,
            total_bytes: 1 << 20,
            memory: 1 << 20,
            ..Limits::default()
        };
        let budget = budget(limits);
        let opening = Opening { budget: &budget, passwords: &Passwords::default() };
        let Ok(unpacker) = open(Content::borrowed(&bytes), (round % 3) * 4, &opening) else {
            continue;
        };
        let walked = walk_on(unpacker, &budget);
        let held: usize = walked.entries.iter().flat_map(|entry| &entry.bytes).map(Vec::len).sum();
        assert!(held <= 1 << 20, "round {round}");
    }
}

pub(super) fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Bytes that do not compress.
pub(super) fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..count).map(|_| next()).collect()
}

/// Runs another tool in `folder`. `None`, with a line that says so, where it is not installed.
pub(super) fn run(folder: &Path, program: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output();
    match output {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped: {program} is not installed");
            None
        }
        Err(error) => panic!("{program}: {error}"),
        Ok(output) => {
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{program} {arguments:?}: {errors}");
            Some(output.stdout)
        }
    }
}

/// Every file that `folder` holds after another tool ran there, read back.
pub(super) fn made_by(
    folder: &Path,
    program: &str,
    arguments: &[&str],
    file: &str,
) -> Option<Vec<u8>> {
    run(folder, program, arguments)?;
    Some(std::fs::read(folder.join(file)).unwrap())
}

/// A folder with a small tree: text, noise, an empty file, a long name, a folder.
pub(super) fn sample_tree() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("tree/inner");
    std::fs::create_dir_all(&inside).unwrap();
    for (name, bytes) in sample_files() {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

pub(super) fn sample_files() -> Vec<(String, Vec<u8>)> {
    let long = format!("tree/inner/{}", "long-".repeat(40));
    vec![
        ("tree/text".into(), b"the quick brown fox ".repeat(5000)),
        ("tree/noise".into(), noise(70_000)),
        ("tree/empty".into(), Vec::new()),
        (long, b"found by its content".to_vec()),
    ]
}

/// Every file of [`sample_tree`] is there with its content, and nothing was wrong.
pub(super) fn assert_holds_sample(walked: &Walked, made_by: &str) {
    assert_eq!(walked.reasons(), [], "{made_by}: {}", walked.words());
    let mut names = walked.names();
    names.sort_unstable();
    let mut expected: Vec<_> = sample_files();
    expected.sort();
    assert_eq!(
        names,
        expected.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        "{made_by}"
    );
    for (name, bytes) in &expected {
        assert!(walked.content(name) == bytes, "{made_by}: {name} differs");
    }
}
