//! `calls`: what a call over C adds to a scan, and what a small scan costs.
//!
//! The same buffer is scanned by the same engine, once through the Rust interface in this process, once
//! by a C program (`calls.c`, compiled when it is wanted) through the shared library beside this
//! program. Batches of both alternate; the best batch of each counts, in processor time.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use pellucid::set::{SignatureSet, Unverified};
use pellucid::verdict::Verdict;
use pellucid::{Engine, Input, ScanOptions};
use pellucid_benches::cost::processor_time;
use pellucid_benches::generate::{Donor, Wanted, generate};
use pellucid_benches::machine::Machine;
use pellucid_benches::synthetic::program_text;
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};

const SOURCE: &str = include_str!("calls.c");
const SIZES: [usize; 4] = [16, 1024, 4096, 65_536];

/// Batches in each of the rounds, and scans in each batch.
const ROUNDS: usize = 5;
const BATCHES: usize = 4;
const SCANS: usize = 2000;

/// Measure what the C interface adds to a scan
#[derive(Debug, Parser)]
#[command(
    name = "calls",
    after_help = "\
Example:
  cargo build --release -p pellucid-ffi -p pellucid-benches && target/release/calls --record calls"
)]
struct Options {
    /// Write the results to benches/results/YYYY-MM-DD-NAME.md
    #[arg(long, value_name = "NAME")]
    record: Option<String>,
}

fn main() -> ExitCode {
    run(&Options::parse()).map_or_else(
        |error| {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        },
        |()| ExitCode::SUCCESS,
    )
}

/// One set, under a name that the C program knows.
struct Case {
    about: &'static str,
    set: PathBuf,
    engine: Engine,
}

fn run(options: &Options) -> Result<()> {
    if cfg!(debug_assertions) {
        eprintln!("warning: this is a debug build; its numbers mean nothing");
    }
    let machine = Machine::here();
    let folder = tempfile::tempdir()?;
    let program = compile(folder.path())?;
    let mut text = format!(
        "# Calls over C, {}\n\n{}\n\nMicroseconds of processor time for one scan of a clean buffer in memory, \
         warm; the best of {} batches of {SCANS} scans, in turns.\n\n\
         | set | bytes | Rust | C | C - Rust |\n|---|---|---|---|---|\n",
        machine.date,
        machine.lines(),
        ROUNDS * BATCHES,
    );
    for case in cases(folder.path())? {
        for size in SIZES {
            let (rust, c) = measure(&case, size, folder.path(), &program)?;
            let line =
                format!("| {} | {size} | {rust:.2} | {c:.2} | {:.2} |\n", case.about, c - rust);
            text.push_str(&line);
        }
    }
    println!("{text}");
    if let Some(name) = &options.record {
        let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
        let path = results.join(format!("{}-{name}.md", machine.date));
        std::fs::write(&path, text)?;
        println!("recorded in {}", path.display());
    }
    Ok(())
}

/// The C program, linked with the library that lies beside this program.
fn compile(folder: &Path) -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find this program's own file")?;
    let library = own.with_file_name("libpellucid_ffi.so");
    if !library.is_file() {
        bail!("libpellucid_ffi.so is missing; `cargo build --release -p pellucid-ffi` builds it");
    }
    // The name by which programs ask for it when they start.
    std::os::unix::fs::symlink(&library, folder.join("libpellucid.so.0"))?;
    let (source, program) = (folder.join("calls.c"), folder.join("calls"));
    std::fs::write(&source, SOURCE)?;
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ffi/include");
    let mut command = Command::new("cc");
    command.args(["-O2", "-o"]).arg(&program).arg(&source).arg("-I").arg(include);
    command.arg(&library).arg(format!("-Wl,-rpath,{}", folder.display()));
    let output = command.output().context("cc")?;
    ensure!(output.status.success(), "cc: {}", String::from_utf8_lossy(&output.stderr));
    Ok(program)
}

fn cases(folder: &Path) -> Result<Vec<Case>> {
    let donor = |_| Ok(Donor { bytes: program_text(1 << 20, 2), program: None });
    let databases = generate(Wanted { hashes: 1000, patterns: 1000, seed: 1 }, 1, donor)?;
    let mut sources = SourceTree::new();
    sources.add("a.hdb", databases.hdb).add("a.ndb", databases.ndb);
    let set = folder.join("a.pset");
    std::fs::write(&set, build_tree(sources, &BuildOptions::default())?.set)?;
    let opened = SignatureSet::open(Unverified::from_path(&set)?.verify()?)?;
    let engine = Engine::builder().set(opened).build()?;
    let about = "1000 hashes and 1000 patterns, no YARA rule";
    let mut cases = vec![Case { about, set, engine }];
    if cfg!(feature = "yara") {
        let engine = Engine::builder().set(SignatureSet::builtin()?).build()?;
        let about = "the built-in set, with its YARA rules";
        cases.push(Case { about, set: "builtin".into(), engine });
    }
    Ok(cases)
}

/// Microseconds in Rust and in C.
fn measure(case: &Case, size: usize, folder: &Path, program: &Path) -> Result<(f64, f64)> {
    let text = program_text(size, 1);
    let file = folder.join("text");
    std::fs::write(&file, &text)?;
    let (mut rust, mut c) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        for _ in 0..BATCHES {
            rust = rust.min(batch(&case.engine, &text)?);
        }
        let mut command = Command::new(program);
        command.arg(&case.set).arg(&file).args([SCANS, BATCHES].map(|n| n.to_string()));
        let output = command.output()?;
        ensure!(output.status.success(), "calls: {}", String::from_utf8_lossy(&output.stderr));
        for line in String::from_utf8(output.stdout)?.lines() {
            c = c.min(line.parse()?);
        }
    }
    Ok((rust, c))
}

fn batch(engine: &Engine, text: &[u8]) -> Result<f64> {
    let start = processor_time()?;
    for _ in 0..SCANS {
        let options = ScanOptions::default();
        let report = engine.scan(Input::Memory(std::hint::black_box(text)), &options);
        ensure!(report.verdict == Verdict::Clean, "the text is clean");
    }
    Ok((processor_time()? - start) / SCANS as f64 * 1e6)
}
