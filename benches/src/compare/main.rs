//! `compare`: whole scans of Pellucid and of other scanners, side by side.
//!
//! The same signatures over the same files, one thread each, in turns; findings must be equal. What is
//! measured and how fairness is kept stands in `benches/README.md`; what is run, in `workloads.toml`.

mod comparison;
mod contender;
mod measure;
mod prepare;
mod record;
mod rules;
mod workload;
mod yara_x;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Args, Parser, Subcommand};

use comparison::{Bench, Comparison};
use pellucid_benches::corpus::Corpus;
use pellucid_benches::machine::Machine;
use record::Record;
use workload::{Overrides, Workload};

/// Compare whole scans of Pellucid with those of clamscan, yara and yara-x
#[derive(Debug, Parser)]
#[command(
    name = "compare",
    args_conflicts_with_subcommands = true,
    after_help = "\
Exit status:
  0  everybody found the same
  1  findings differ; every difference is printed
  2  an error occurred, or there was nobody to compare with

Example:
  cargo build --release -p pellucid-cli -p pellucid-benches
  target/release/compare --files ~/libwine/usr --runs 5 --record libwine"
)]
struct CommandLine {
    #[command(subcommand)]
    own: Option<Own>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Args)]
struct Options {
    /// The folder to scan
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    /// What to run
    #[arg(long, value_name = "FILE.toml", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/workloads.toml"))]
    workloads: PathBuf,
    /// Only the workload of this name (repeat for more)
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// YARA rules to use instead of those of the workload: files or folders
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// Generate so many hashes and as many patterns, instead of what the workload says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    generate: Option<u64>,
    /// Counted runs of each contender
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Write the results to benches/results/YYYY-MM-DD-NAME.md and .json
    #[arg(long, value_name = "NAME")]
    record: Option<String>,
    /// Keep signatures, sets and outputs in this folder
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// What this program starts itself for.
#[derive(Debug, Subcommand)]
enum Own {
    /// Scan a folder with the yara-x library
    #[command(hide = true)]
    YaraX { rules: PathBuf, folder: PathBuf },
}

fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    let result = match command_line.own {
        None => compare_all(&command_line.options),
        Some(Own::YaraX { rules, folder }) => {
            yara_x::scan(&rules, &folder).map(|()| ExitCode::SUCCESS)
        }
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(2)
    })
}

fn compare_all(options: &Options) -> Result<ExitCode> {
    if cfg!(debug_assertions) {
        eprintln!("warning: this is a debug build; its numbers mean nothing");
    }
    let machine = Machine::here();
    let workloads = chosen(options)?;
    let pellucid = contender::pellucid_program()?;
    let temporary = tempfile::tempdir()?;
    let folder = options.keep.as_deref().unwrap_or(temporary.path());
    std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    let folder = folder.canonicalize()?;
    let bench = Bench { pellucid: &pellucid, rounds: options.runs, folder: &folder };
    let mut comparisons = Vec::new();
    for workload in workloads {
        let comparison = bench.compare_workload(workload)?;
        println!("{}", record::markdown(&comparison));
        comparisons.push(comparison);
    }
    let command = measure::readable(&std::env::args_os().collect::<Vec<_>>());
    let record = Record { machine, command, comparisons };
    if let Some(name) = &options.record {
        let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
        println!("recorded in {}", record.save(&results, name)?.display());
    }
    Ok(conclude(&record.comparisons))
}

impl Bench<'_> {
    fn compare_workload(&self, workload: Workload) -> Result<Comparison> {
        let folder = workload.files.clone().context("say what to scan: --files DIR")?;
        let name = workload.name.clone();
        self.compare(workload, &Corpus::open(&folder)?).with_context(|| format!("workload {name}"))
    }
}

/// The workloads that the command line asks for, as it wants them.
fn chosen(options: &Options) -> Result<Vec<Workload>> {
    let overrides = Overrides {
        files: options.files.clone(),
        rules: options.rules.clone(),
        generate: options.generate,
    };
    let mut workloads = workload::read(&options.workloads)?;
    for name in &options.only {
        let exists = workloads.iter().any(|workload| workload.name == *name);
        ensure!(exists, "there is no workload {name} in {}", options.workloads.display());
    }
    workloads.retain(|workload| options.only.is_empty() || options.only.contains(&workload.name));
    Ok(workloads.into_iter().map(|workload| workload.with(&overrides)).collect())
}

fn conclude(comparisons: &[Comparison]) -> ExitCode {
    let differences: usize = comparisons.iter().map(|c| c.differences.len()).sum();
    if differences > 0 {
        println!("{differences} findings differ");
        return ExitCode::from(1);
    }
    if comparisons.iter().all(|comparison| comparison.outcomes.len() < 2) {
        println!("nothing was compared");
        return ExitCode::from(2);
    }
    println!("all findings are equal");
    ExitCode::SUCCESS
}
