//! `adversarial`: what text costs that was made to be searched slowly, beside programs as they are.
//!
//! Texts are made of the signatures themselves (`texts.rs`), in three sizes each. A text that takes more
//! than [`MOST_SLOWER`] times the time of programs for each byte, or whose cost grows faster than its
//! size, is an error. Times are processor time of the search alone, on one thread.

mod texts;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Parser;
use pellucid::identify::TypeSet;
use pellucid::limits::{Budget, Cancel, Limits};
use pellucid::matcher::{Matcher, Scratch, Subject, Target};
use pellucid::set::{SignatureSet, Unverified};
use pellucid_benches::corpus::Corpus;
use pellucid_benches::cost::processor_time;
use texts::{Material, Text};

/// How much longer the worst text may take than programs.
const MOST_SLOWER: f64 = 20.0;
/// How much more a byte of the longest text may cost than one of the shortest.
const MOST_GROWTH: f64 = 2.0;

/// Texts are searched again and again for as long, and so often at least; the best round counts.
const LEAST_SECONDS: f64 = 0.5;
const LEAST_ROUNDS: u32 = 3;

/// Measure text that was made to be searched slowly
#[derive(Debug, Parser)]
#[command(
    name = "adversarial",
    after_help = "\
Example:
  cargo run --release -p pellucid-benches --no-default-features --bin adversarial -- \\
      --files ~/libwine/usr --signatures gen.ndb gen.ldb"
)]
struct CommandLine {
    /// The folder whose programs are the measure
    #[arg(long, value_name = "DIR")]
    files: PathBuf,
    /// Body and logical signatures
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    signatures: Vec<PathBuf>,
    /// Sizes of each text, in MiB
    #[arg(long, value_name = "N,...", value_delimiter = ',', default_value = "4,16,64")]
    sizes: Vec<usize>,
    /// Only texts whose name contains this
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
}

fn main() -> ExitCode {
    match measure(&CommandLine::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether every text is searched in time.
fn measure(options: &CommandLine) -> Result<bool> {
    let build = pellucid_signatures::build(&options.signatures, &Default::default())?;
    let verified = Unverified::from_bytes(build.set)?.verify()?;
    let matcher = Matcher::new(&SignatureSet::open(verified)?)?;
    let material = Material::read(&Corpus::open(&options.files)?, &options.signatures)?;
    let mut normal = vec![f64::MAX; options.sizes.len()];
    let mut all_in_time = true;
    println!(
        "| text | MiB | ns per byte | times programs | findings | |\n|---|---|---|---|---|---|"
    );
    for text in Text::ALL.iter().filter(|text| {
        matches!(text, Text::Programs) || text.name().contains(options.only.as_str())
    }) {
        let mut shortest: Option<f64> = None;
        for (&size, normal) in options.sizes.iter().zip(&mut normal) {
            let (bytes, is_whole) = material.text(*text, size << 20);
            let (seconds, findings) = search(&matcher, &bytes)?;
            let each = seconds / bytes.len() as f64 * 1e9;
            if matches!(text, Text::Programs) {
                *normal = each;
            }
            let slower = each / *normal;
            // A text that lacks a part of its material costs less for that reason.
            shortest = shortest.or(is_whole.then_some(each));
            let growth = each / shortest.unwrap_or(each);
            let verdict = if slower > MOST_SLOWER {
                "too slow"
            } else if growth > MOST_GROWTH {
                "not linear"
            } else {
                ""
            };
            all_in_time &= verdict.is_empty();
            let name = text.name();
            println!("| {name} | {size} | {each:.2} | {slower:.2} | {findings} | {verdict} |");
        }
    }
    Ok(all_in_time)
}

/// Processor seconds of the best round, and how many signatures were found.
fn search(matcher: &Matcher, bytes: &[u8]) -> Result<(f64, usize)> {
    let mut limits = Limits::default();
    limits.time = Duration::MAX;
    let budget = Budget::new(limits, Cancel::new());
    // Most signatures of programs ask nothing else of it.
    let subject =
        Subject { kind: Some(Target::Pe), types: TypeSet::default(), ..Subject::new(bytes) };
    let (mut scratch, mut findings) = (Scratch::default(), Vec::new());
    let (mut best, mut spent, mut rounds) = (f64::MAX, 0.0, 0);
    while spent < LEAST_SECONDS || rounds < LEAST_ROUNDS {
        findings.clear();
        let start = processor_time()?;
        let searched = matcher.search(&subject, &mut scratch, &budget, &mut findings);
        ensure!(searched.is_ok(), "a limit was reached: {searched:?}");
        let seconds = processor_time()? - start;
        best = best.min(seconds);
        spent += seconds;
        rounds += 1;
    }
    Ok((best, findings.len()))
}
