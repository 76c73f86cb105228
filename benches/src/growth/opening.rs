//! More signatures: what it costs to open their set, in time and in memory that no other process
//! shares. Each set is opened by a process of its own, twice, so that its pages are in the cache.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use pellucid::{Engine, Input, ScanOptions};
use pellucid_benches::corpus::{Corpus, read_donor};
use pellucid_benches::generate::{Wanted, generate};
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};
use serde::{Deserialize, Serialize};

use crate::table::Table;
use crate::{Work, open};

/// Of so many signatures one is a pattern, the others are hashes; at most `PATTERNS` are.
const PATTERN_EVERY: u64 = 40;
const PATTERNS: u64 = 140_000;

pub(crate) fn measure(work: &Work<'_>) -> Result<Table> {
    let mut rows = Vec::new();
    if work.signatures.is_empty() {
        let mut count = 1000;
        while count <= work.most.saturating_mul(10) {
            let sources = generated(work, count)?;
            rows.push(row(work, &sources)?);
            count *= 10;
        }
    } else {
        rows.push(row(work, work.signatures)?);
    }
    let about = "Opening a set: mapped, verified as far as it must be, made ready to scan (wall clock, pages \
         in the cache, after a first time that does not count). Private memory is Private_Clean and \
         Private_Dirty of a process that did nothing else; that of a process with one signature is taken off. `after` is \
         the same after a scan of all files."
        .to_owned();
    let columns = vec![
        "signatures",
        "ms to open",
        "MiB private",
        "MiB private after",
        "MiB of the set",
        "MiB of the sources",
        "s to build",
        "MiB to build",
    ];
    Ok(Table { name: "signatures", about, columns, rows, drawn: vec![1, 2, 3] })
}

pub(crate) fn generated(work: &Work<'_>, count: u64) -> Result<Vec<PathBuf>> {
    let donors = work.corpus.donors()?;
    let patterns = (count / PATTERN_EVERY).min(PATTERNS);
    let wanted = Wanted { hashes: count - patterns, patterns, seed: 2 };
    let read = |number| read_donor(donors.get(number).copied().unwrap_or(work.folder));
    let databases = generate(wanted, donors.len(), read)?;
    let paths = ["growth.hdb", "growth.ndb"].map(|name| work.folder.join(name));
    for (path, text) in paths.iter().zip([databases.hdb, databases.ndb]) {
        std::fs::write(path, text)?;
    }
    Ok(paths.to_vec())
}

fn row(work: &Work<'_>, sources: &[PathBuf]) -> Result<Vec<f64>> {
    let set = work.folder.join("growth.pset");
    let built: Built = ask(["build".as_ref(), set.as_path()]
        .into_iter()
        .chain(sources.iter().map(PathBuf::as_path)))?;
    let alone: Opened = ask(["open".as_ref(), tiny_set(work)?.as_path()])?;
    let _: Opened = ask(["open".as_ref(), set.as_path()])?;
    let opened: Opened = ask(["open".as_ref(), set.as_path(), &work.corpus.folder])?;
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let source: u64 = Corpus::lengths(sources)?;
    Ok(vec![
        built.signatures as f64,
        opened.milliseconds,
        mebibytes(opened.private.saturating_sub(alone.private)),
        mebibytes(opened.after.saturating_sub(alone.private)),
        mebibytes(std::fs::metadata(&set)?.len()),
        mebibytes(source),
        built.seconds,
        mebibytes(built.memory),
    ])
}

/// A set with one signature.
fn tiny_set(work: &Work<'_>) -> Result<PathBuf> {
    let mut sources = SourceTree::new();
    sources.add("tiny.hdb", format!("{}:1:Tiny\n", "0".repeat(32)));
    let set = work.folder.join("tiny.pset");
    std::fs::write(&set, build_tree(sources, &BuildOptions::default())?.set)?;
    Ok(set)
}

/// Starts this program again and reads what it says.
fn ask<'p, T: for<'d> Deserialize<'d>>(arguments: impl IntoIterator<Item = &'p Path>) -> Result<T> {
    let own = std::env::current_exe().context("cannot find this program's own file")?;
    let output = Command::new(own).args(arguments).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("what it said is not readable")
}

/// What building a set cost.
#[derive(Debug, Deserialize, Serialize)]
struct Built {
    signatures: u64,
    seconds: f64,
    /// The process's peak.
    memory: u64,
}

pub(crate) fn build_and_say(set: &Path, sources: &[PathBuf]) -> Result<()> {
    let start = Instant::now();
    let build = pellucid_signatures::build(sources, &BuildOptions::default())?;
    std::fs::write(set, &build.set)?;
    let seconds = start.elapsed().as_secs_f64();
    let counts = open(set)?.counts();
    let peak = u64::try_from(getrusage(UsageWho::RUSAGE_SELF)?.max_rss())?;
    let built = Built { signatures: counts.signatures, seconds, memory: peak << 10 };
    println!("{}", serde_json::to_string(&built)?);
    Ok(())
}

/// What opening a set cost.
#[derive(Debug, Deserialize, Serialize)]
struct Opened {
    milliseconds: f64,
    private: u64,
    after: u64,
}

pub(crate) fn open_and_say(set: &Path, folder: Option<&Path>) -> Result<()> {
    let start = Instant::now();
    let engine = Engine::builder().set(open(set)?).build()?;
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    let private = private_memory()?;
    if let Some(folder) = folder {
        let mut options = ScanOptions::default();
        options.limits.time = std::time::Duration::MAX;
        for file in Corpus::open(folder)?.files {
            engine.scan(Input::Path(&file), &options);
        }
    }
    let opened = Opened { milliseconds, private, after: private_memory()? };
    println!("{}", serde_json::to_string(&opened)?);
    Ok(())
}

/// Memory of this process that no other shares, in bytes.
fn private_memory() -> Result<u64> {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup")?;
    let private = text.lines().filter(|line| line.starts_with("Private_"));
    let kibibytes = private.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    Ok(kibibytes.sum::<u64>() << 10)
}
