//! `growth`: what work costs as there is more of it.
//!
//! Patterns, signatures, sizes of files, threads, numbers of small files: one table and one curve each.
//! Times are processor time but for opening and threads, where the clock on the wall is what counts.

mod files;
mod opening;
mod patterns;
mod table;
mod threads;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use pellucid::Engine;
use pellucid::set::{SignatureSet, Unverified};
use pellucid_benches::corpus::Corpus;
use pellucid_benches::machine::Machine;

use table::Table;

/// Measure what work costs as there is more of it
#[derive(Debug, Parser)]
#[command(
    name = "growth",
    args_conflicts_with_subcommands = true,
    after_help = "\
Example:
  cargo run --release -p pellucid-benches --no-default-features --bin growth -- \\
      --files ~/libwine/usr --record growth"
)]
struct CommandLine {
    #[command(subcommand)]
    own: Option<Own>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Args)]
struct Options {
    /// The folder whose programs patterns are cut from and searched in
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    /// Signature sources (files or folders) to measure with, instead of generated ones. Patterns are
    /// taken out of `.ndb` files, and then searched in all files of the folder
    #[arg(long, value_name = "PATH")]
    signatures: Vec<PathBuf>,
    /// Only these measurements
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', default_values_t = ALL.map(|(name, _)| name.to_owned()))]
    only: Vec<String>,
    /// The greatest number of patterns, and a tenth of the greatest number of signatures
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    most: u64,
    /// Write the results to benches/results/YYYY-MM-DD-NAME.md and the curves beside it
    #[arg(long, value_name = "NAME")]
    record: Option<String>,
}

/// What this program starts itself for.
#[derive(Debug, Subcommand)]
enum Own {
    /// Open a set and say what that cost
    #[command(hide = true)]
    Open { set: PathBuf, folder: Option<PathBuf> },
    /// Build a set and say what that cost
    #[command(hide = true)]
    Build { set: PathBuf, sources: Vec<PathBuf> },
}

/// What a measurement works on.
#[derive(Debug)]
struct Work<'w> {
    corpus: Corpus,
    signatures: &'w [PathBuf],
    most: u64,
    folder: &'w Path,
}

type Measurement = fn(&Work<'_>) -> Result<Table>;

const ALL: [(&str, Measurement); 5] = [
    ("patterns", patterns::measure),
    ("signatures", opening::measure),
    ("sizes", files::sizes),
    ("small", files::small),
    ("threads", threads::measure),
];

fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    // Sets and large files are mapped, as by the command line program.
    if let Err(error) = pellucid::input::survive_shrinking_maps() {
        eprintln!("warning: files are read, not mapped: {error}");
    }
    let result = match command_line.own {
        None => measure(&command_line.options),
        Some(Own::Open { set, folder }) => opening::open_and_say(&set, folder.as_deref()),
        Some(Own::Build { set, sources }) => opening::build_and_say(&set, &sources),
    };
    result.map_or_else(
        |error| {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        },
        |()| ExitCode::SUCCESS,
    )
}

fn measure(options: &Options) -> Result<()> {
    if cfg!(debug_assertions) {
        eprintln!("warning: this is a debug build; its numbers mean nothing");
    }
    let machine = Machine::here();
    let temporary = tempfile::tempdir()?;
    let files = options.files.as_deref().context("say where programs are: --files DIR")?;
    let corpus = Corpus::open(files)?;
    let work = Work {
        corpus,
        signatures: &options.signatures,
        most: options.most,
        folder: temporary.path(),
    };
    let mut tables = Vec::new();
    for name in &options.only {
        let known = ALL.iter().find(|(known, _)| known == name);
        let (_, measure) = known.with_context(|| format!("there is no measurement {name}"))?;
        eprintln!("{name}");
        let table = measure(&work).with_context(|| name.clone())?;
        println!("{}", table.markdown());
        tables.push(table);
    }
    if let Some(name) = &options.record {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
        println!("recorded in {}", table::save(&machine, &tables, &folder, name)?.display());
    }
    Ok(())
}

impl Work<'_> {
    /// A set of the signatures that were given, or of generated ones.
    fn set(&self) -> Result<PathBuf> {
        let generated = opening::generated(self, self.most.min(100_000))?;
        let sources = if self.signatures.is_empty() { &generated } else { self.signatures };
        let set = self.folder.join("work.pset");
        std::fs::write(&set, pellucid_signatures::build(sources, &Default::default())?.set)?;
        Ok(set)
    }
}

/// Opens a set as the command line program does.
fn open(set: &Path) -> Result<SignatureSet> {
    let verified = Unverified::from_path(set)?.verify()?;
    Ok(SignatureSet::open(verified)?)
}

fn engine(set: &Path) -> Result<Engine> {
    Ok(Engine::builder().set(open(set)?).build()?)
}
