//! `search`: the bare search for byte patterns, beside other libraries that do it.
//!
//! The same literals over the same files, one thread each; which literal stands in which file must be
//! the same for all. Only the search is timed, in processor time of its thread, so that another busy
//! process disturbs little; what it takes to get ready is shown beside it. Pellucid's own slower kernels
//! are peers, too.

mod automata;
mod clamscan;
mod literals;
mod own;
mod record;
mod text;
mod vectorscan;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use pellucid_benches::corpus::Corpus;
use pellucid_benches::machine::Machine;
use serde::Serialize;

use literals::Literals;
use record::{Record, Row};
use text::Text;

/// Measure the search for many byte patterns, beside Vectorscan, aho-corasick, daachorse and clamscan
#[derive(Debug, Parser)]
#[command(
    name = "search",
    after_help = "\
Exit status:
  0  everybody found the same
  1  findings differ; how many is printed
  2  an error occurred

Examples:
  cargo run --release -p pellucid-benches --no-default-features --bin search -- --files ~/libwine/usr
  ... --counts 1000,10000 --peers vectorscan --record search"
)]
struct Options {
    /// The folder whose files are searched, and whose programs the patterns are cut from
    #[arg(long, value_name = "DIR")]
    files: PathBuf,
    /// How many patterns, row by row
    #[arg(long, value_name = "N,...", value_delimiter = ',', default_values_t = [1, 10, 100, 1000, 10_000, 98_000])]
    counts: Vec<usize>,
    /// Search only so much of the files
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    mebibytes: u64,
    /// A peer that took so many seconds ends after the file it is in; only what it searched counts
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    seconds: u64,
    /// Only these peers
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', default_values_t = PEERS.iter().map(|(name, _)| (*name).to_owned()))]
    peers: Vec<String>,
    /// Another seed cuts other patterns
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the results to benches/results/YYYY-MM-DD-NAME.md, .json and .svg
    #[arg(long, value_name = "NAME")]
    record: Option<String>,
}

/// Pattern and file, by their numbers.
type Hit = (u32, u32);

/// A search that went to the end of the files, or as long as it was given.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Run {
    pub(crate) name: &'static str,
    pub(crate) version: String,
    /// Seconds from patterns to something that searches.
    pub(crate) preparation: f64,
    /// Bytes that the search works with, where it can be told.
    pub(crate) bytes: Option<u64>,
    /// Files searched, of all.
    pub(crate) files: usize,
    /// Processor seconds of the search, a file each.
    #[serde(skip)]
    pub(crate) seconds: Vec<f64>,
    #[serde(skip)]
    pub(crate) hits: BTreeSet<Hit>,
}

/// Everybody but clamscan searches all files again until so many seconds are spent, and the best round counts: a
/// single one of fifty milliseconds would measure what else the machine did. `vectorscan.c` has it, too.
pub(crate) const ENOUGH: f64 = 1.0;

/// One peer: `None` where it is not installed, which it has said.
type Peer = fn(&Literals, &Text, Duration) -> Result<Option<Run>>;

const PEERS: &[(&str, Peer)] = &[
    ("portable", own::portable),
    #[cfg(target_arch = "x86_64")]
    ("avx2", own::avx2),
    ("vectorscan", vectorscan::run),
    ("aho-corasick", automata::aho_corasick),
    ("daachorse", automata::daachorse),
    ("clamscan", clamscan::run),
];

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(differences) => {
            println!("{differences} findings differ");
            ExitCode::from(1)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<usize> {
    if cfg!(debug_assertions) {
        eprintln!("warning: this is a debug build; its numbers mean nothing");
    }
    let peers = chosen(&options.peers)?;
    let machine = Machine::here();
    let corpus = Corpus::open(&options.files)?;
    let text = Text::read(&corpus, options.mebibytes << 20)?;
    let (mut rows, mut differences) = (Vec::new(), 0);
    for &count in &options.counts {
        let row = measure(count, options, &text, &peers)?;
        differences += row.runs.iter().map(|run| run.differences).sum::<usize>();
        rows.push(row);
    }
    let record = Record::new(machine, &text, rows);
    println!("\n{}", record.markdown());
    if let Some(name) = &options.record {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
        println!("recorded in {}", record.save(&folder, name)?.display());
    }
    Ok(differences)
}

fn chosen(names: &[String]) -> Result<Vec<Peer>> {
    let known = |name: &String| PEERS.iter().find(|(known, _)| known == name);
    let peers =
        names.iter().map(|name| known(name).with_context(|| format!("there is no peer {name}")));
    peers.map(|peer| Ok(peer?.1)).collect()
}

fn measure(count: usize, options: &Options, text: &Text, peers: &[Peer]) -> Result<Row> {
    eprintln!("{count} patterns");
    let literals = Literals::cut(text, count, options.seed)?;
    let own = own::run(&literals, text)?;
    ensure!(!own.hits.is_empty(), "no pattern was found, though some must be");
    let mut row = Row::new(count, text.read_sum()?, &own);
    let patience = Duration::from_secs(options.seconds);
    for peer in peers {
        if let Some(run) = peer(&literals, text, patience)? {
            row.compare(&run, &own);
        }
    }
    Ok(row)
}
