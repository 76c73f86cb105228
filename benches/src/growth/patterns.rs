//! More patterns, of all shapes: time for each byte, size, building.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use pellucid::identify::identify;
use pellucid::limits::{Budget, Cancel, Limits};
use pellucid::matcher::{Matcher, Scratch, Subject};
use pellucid::set::{SignatureSet, Unverified};
use pellucid_benches::corpus::{files_under, read_donor, sum_of};
use pellucid_benches::cost::processor_time;
use pellucid_benches::generate::{Wanted, generate};
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};

use crate::Work;
use crate::table::Table;

/// What is searched; more would say the same.
const TEXT: u64 = 256 << 20;

pub(crate) fn measure(work: &Work<'_>) -> Result<Table> {
    let given = given(work)?;
    let files = texts(work, given.is_some())?;
    let bytes: usize = files.iter().map(Vec::len).sum();
    let (mut rows, mut count) = (Vec::new(), 1);
    while count <= work.most && given.as_ref().is_none_or(|lines| lines.len() as u64 >= count) {
        let ndb = match &given {
            Some(lines) => evenly(lines, count),
            None => signatures(work, count)?,
        };
        let start = Instant::now();
        let set = build(&ndb)?;
        let building = start.elapsed().as_secs_f64();
        let size = set.len() as f64;
        let (seconds, findings) = search(set, &files)?;
        let read = read_sum(&files)?;
        let each = |total: f64| total / count as f64;
        rows.push(vec![
            count as f64,
            seconds / bytes as f64 * 1e9,
            bytes as f64 / seconds / 1e9,
            read / seconds,
            findings as f64,
            each(size),
            each(ndb.len() as f64),
            building,
        ]);
        count *= 10;
    }
    let mib = bytes >> 20;
    let about = match given {
        Some(_) => format!(
            "Body signatures out of those that were given, taken evenly, searched in {mib} MiB of all files \
             (not in their normal forms) on one thread; processor time."
        ),
        None => format!(
            "Body signatures of all shapes, cut from the programs (one in fifty hits), searched in {mib} \
             MiB of them on one thread; processor time."
        ),
    };
    let columns = vec![
        "patterns",
        "ns per byte",
        "GB/s",
        "of the speed of adding the bytes up",
        "findings",
        "bytes in the set for each",
        "bytes in the source for each",
        "s to build",
    ];
    Ok(Table { name: "patterns", about, columns, rows, drawn: vec![1] })
}

/// Everything, or programs only.
fn texts(work: &Work<'_>, everything: bool) -> Result<Vec<Vec<u8>>> {
    let (mut texts, mut left) = (Vec::new(), TEXT);
    let paths = match everything {
        true => work.corpus.files.iter().map(|path| path.as_path()).collect(),
        false => work.corpus.donors()?,
    };
    for path in paths {
        let length = std::fs::symlink_metadata(path)?.len();
        if length <= left {
            left -= length;
            texts.push(std::fs::read(path)?);
        }
    }
    Ok(texts)
}

/// The records of the `.ndb` files that were given, if any were.
fn given(work: &Work<'_>) -> Result<Option<Vec<String>>> {
    let mut lines = Vec::new();
    let is_ndb = |path: &PathBuf| path.extension().is_some_and(|it| it == "ndb");
    for path in work.signatures {
        for file in files_under(path)?.iter().filter(|file| is_ndb(file)) {
            let text = std::fs::read_to_string(file)?;
            let records = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
            lines.extend(records.map(str::to_owned));
        }
    }
    Ok(Some(lines).filter(|lines| !lines.is_empty()))
}

/// So many of the lines, from all over.
fn evenly(lines: &[String], count: u64) -> String {
    let all = lines.len() as u64;
    let taken = (0..count).filter_map(|number| lines.get((number * all / count) as usize));
    taken.fold(String::new(), |text, line| text + line + "\n")
}

fn signatures(work: &Work<'_>, count: u64) -> Result<String> {
    let donors = work.corpus.donors()?;
    let wanted = Wanted { hashes: 0, patterns: count, seed: 1 };
    let read = |number| read_donor(donors.get(number).copied().unwrap_or(work.folder));
    Ok(generate(wanted, donors.len(), read)?.ndb)
}

fn build(ndb: &str) -> Result<Vec<u8>> {
    let mut sources = SourceTree::new();
    sources.add("patterns.ndb", ndb);
    let build = build_tree(sources, &BuildOptions::default())?;
    let refused = build.report.total.skipped + build.report.total.refused;
    ensure!(refused == 0, "{refused} of the signatures were not taken");
    Ok(build.set)
}

/// Processor seconds and findings; the better of two rounds.
fn search(set: Vec<u8>, files: &[Vec<u8>]) -> Result<(f64, usize)> {
    let set = SignatureSet::open(Unverified::from_bytes(set)?.verify()?)?;
    let matcher = Matcher::new(&set)?;
    let mut scratch = Scratch::default();
    let first = round(&matcher, &mut scratch, files)?;
    let second = round(&matcher, &mut scratch, files)?;
    ensure!(first.1 == second.1, "two rounds found {} and {}", first.1, second.1);
    Ok((first.0.min(second.0), first.1))
}

fn round(matcher: &Matcher, scratch: &mut Scratch, files: &[Vec<u8>]) -> Result<(f64, usize)> {
    let (mut seconds, mut found) = (0.0, 0);
    for bytes in files {
        let mut limits = Limits::default();
        limits.time = Duration::MAX;
        let budget = Budget::new(limits, Cancel::new());
        let identified = identify(bytes);
        let landmarks = pellucid::inspect::landmarks(bytes, &identified.found);
        let subject = Subject {
            types: identified.types(),
            landmarks: landmarks.as_ref(),
            ..Subject::new(bytes)
        };
        let mut findings = Vec::new();
        let start = processor_time()?;
        let searched = matcher.search(&subject, scratch, &budget, &mut findings);
        seconds += processor_time()? - start;
        ensure!(searched.is_ok(), "a limit was reached");
        found += findings.len();
    }
    Ok((seconds, found))
}

fn read_sum(files: &[Vec<u8>]) -> Result<f64> {
    let start = processor_time()?;
    for bytes in files {
        std::hint::black_box(sum_of(std::hint::black_box(bytes)));
    }
    Ok(processor_time()? - start)
}
