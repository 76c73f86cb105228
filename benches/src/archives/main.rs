//! `archives`: unpacking and scanning, beside clamscan, kind by kind of archive.
//!
//! Archives of every kind that both open are made anew by installed tools, from files of a folder, each
//! with one file in it that a signature hits. Both scan them with the same small set on one thread;
//! which signature hits which file must be equal. What a kind costs is measured by itself, in
//! processor time, with and without what each takes to start.

mod kinds;
#[path = "../compare/measure.rs"]
#[allow(dead_code, reason = "`compare` says more where something fails")]
mod measure;

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use pellucid_benches::machine::Machine;
use serde::Deserialize;

use kinds::{Kind, Material};

/// Signatures that hit nothing, beside one for each archive.
const IDLE: u64 = 200;

/// Compare unpacking and scanning with clamscan
#[derive(Debug, Parser)]
#[command(
    name = "archives",
    after_help = "\
Exit status:
  0  both found the same
  1  findings differ
  2  an error occurred

Example:
  cargo build --release -p pellucid-cli -p pellucid-benches --no-default-features
  target/release/archives --files libwine/usr --record archives"
)]
struct Options {
    /// The folder whose files go into the archives
    #[arg(long, value_name = "DIR")]
    files: PathBuf,
    /// Only kinds of this name (repeat for more)
    #[arg(long, value_name = "KIND")]
    only: Vec<String>,
    /// Archives of each kind
    #[arg(long, value_name = "N", default_value_t = 3)]
    archives: usize,
    /// Mebibytes that go into each archive
    #[arg(long, value_name = "N", default_value_t = 6)]
    megabytes: u64,
    /// Counted runs of each scanner for each kind; the best counts
    #[arg(long, value_name = "N", default_value_t = 3)]
    runs: u32,
    /// Write the results to benches/results/YYYY-MM-DD-NAME.md
    #[arg(long, value_name = "NAME")]
    record: Option<String>,
    /// Keep archives, signatures and outputs in this folder
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

fn main() -> ExitCode {
    run(&Options::parse()).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(2)
    })
}

/// Processor time of one kind, in seconds, and what was found.
struct Row {
    kind: &'static str,
    bytes: u64,
    /// Pellucid first, then clamscan.
    seconds: [f64; 2],
    found: [BTreeSet<(String, String)>; 2],
}

fn run(options: &Options) -> Result<ExitCode> {
    if cfg!(debug_assertions) {
        eprintln!("warning: this is a debug build; its numbers mean nothing");
    }
    let machine = Machine::here();
    let temporary = tempfile::tempdir()?;
    let folder = options.keep.as_deref().unwrap_or(temporary.path());
    fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    let material = Material::of(&options.files, options.megabytes << 20)?;
    let scanners = Scanners::ready(&folder, options)?;
    let tiny = folder.join("tiny");
    fs::create_dir_all(&tiny)?;
    fs::write(tiny.join("file"), b"x")?;
    let start = scanners.measure("start", &tiny, options.runs)?;
    let mut rows = Vec::new();
    let mut left_out = Vec::new();
    let wanted =
        |kind: &&Kind| options.only.is_empty() || options.only.iter().any(|o| o == kind.name);
    for kind in kinds::KINDS.iter().filter(wanted) {
        let archives = folder.join("kinds").join(kind.name);
        fs::create_dir_all(&archives)?;
        if let Err(why) = material.archives(kind, options.archives, &archives) {
            left_out.push(format!("{}: {why:#}", kind.name));
            continue;
        }
        eprintln!("{}", kind.name);
        rows.push(scanners.measure(kind.name, &archives, options.runs)?);
    }
    let text = table(&machine, options, &start, &rows, &left_out);
    println!("{text}");
    if let Some(name) = &options.record {
        let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
        let file = results.join(format!("{}-{name}.md", machine.date));
        fs::write(&file, &text)?;
        println!("recorded in {}", file.display());
    }
    Ok(if rows.iter().all(|row| row.found[0] == row.found[1]) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// Both command lines, without the folder to scan.
struct Scanners {
    commands: [Vec<OsString>; 2],
    folder: PathBuf,
}

impl Scanners {
    fn ready(folder: &Path, options: &Options) -> Result<Self> {
        let own = std::env::current_exe().context("cannot find this program's own file")?;
        let pellucid = own.with_file_name("pellucid");
        let sources = folder.join("signatures");
        fs::create_dir_all(&sources)?;
        fs::write(sources.join("archives.ndb"), signatures(options))?;
        let set = folder.join("archives.pset");
        let built = Command::new(&pellucid)
            .args(["set", "build", "--output"])
            .args([&set, &sources])
            .output()
            .with_context(|| format!("{}", pellucid.display()))?;
        ensure!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        let mut own = vec![pellucid.into_os_string()];
        own.extend(words(&["scan", "--jobs=1", "--format=ndjson", "--quiet"]));
        own.extend([OsString::from("--set"), set.into_os_string()]);
        let mut peer = words(&[
            "clamscan",
            "--allmatch",
            "--infected",
            "--stdout",
            "--recursive",
            "--disable-cache",
            "--bytecode=no",
            "--phishing-sigs=no",
            "--phishing-scan-urls=no",
            "--heuristic-alerts=no",
            "--max-scantime=0",
            "--max-files=0",
            "--max-filesize=2000M",
            "--max-scansize=2000M",
            "--database",
        ]);
        peer.push(sources.into_os_string());
        Ok(Self { commands: [own, peer], folder: folder.to_owned() })
    }

    /// An uncounted round, then the counted ones in turns.
    fn measure(&self, kind: &'static str, folder: &Path, runs: u32) -> Result<Row> {
        let mut row = Row {
            kind,
            bytes: size(folder)?,
            seconds: [f64::MAX; 2],
            found: [const { BTreeSet::new() }; 2],
        };
        for round in 0..=runs {
            for (index, command) in self.commands.iter().enumerate() {
                let command = [command.as_slice(), &[folder.as_os_str().to_owned()]].concat();
                let path = |suffix: &str| self.folder.join(format!("{kind}-{index}.{suffix}"));
                let (output, errors) = (path("out"), path("err"));
                let run = measure::run(&command, &output, &errors)?;
                let ended = matches!(run.status, Some(0..=2));
                ensure!(ended, "{}: {}", measure::readable(&command), measure::last_lines(&errors));
                let found = read(index, &fs::read(&output)?, folder)?;
                let (Some(seconds), Some(known)) =
                    (row.seconds.get_mut(index), row.found.get_mut(index))
                else {
                    bail!("two scanners");
                };
                ensure!(round == 0 || found == *known, "{kind}: not the same twice");
                *known = found;
                if round > 0 {
                    *seconds = seconds.min(run.cost.processor);
                }
            }
        }
        Ok(row)
    }
}

fn size(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for file in fs::read_dir(folder)? {
        bytes += file?.metadata()?.len();
    }
    Ok(bytes)
}

/// One signature for the marker of each archive, and some that hit nothing.
fn signatures(options: &Options) -> String {
    let mut text = String::new();
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    };
    for kind in kinds::KINDS {
        for number in 0..options.archives {
            let marker = kinds::marker(kind.name, number);
            let _ = writeln!(text, "Bench.{}.{number}:0:*:{}", kind.name, hex(marker.as_bytes()));
        }
    }
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for number in 0..IDLE {
        let mut bytes = Vec::new();
        for _ in 0..3 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend(state.to_le_bytes());
        }
        let _ = writeln!(text, "Bench.Idle.{number}:0:*:{}", hex(&bytes));
    }
    text
}

#[derive(Deserialize)]
struct FileRecord {
    path: String,
    findings: Vec<FindingRecord>,
}

#[derive(Deserialize)]
struct FindingRecord {
    name: String,
}

/// The pairs of file and signature in an output.
fn read(scanner: usize, output: &[u8], folder: &Path) -> Result<BTreeSet<(String, String)>> {
    let inside = |path: &str| -> Result<String> {
        let path = Path::new(OsStr::new(path)).strip_prefix(folder)?;
        Ok(path.to_string_lossy().into_owned())
    };
    let mut found = BTreeSet::new();
    if scanner == 0 {
        for record in serde_json::Deserializer::from_slice(output).into_iter::<FileRecord>() {
            let record = record?;
            for finding in record.findings {
                found.insert((inside(&record.path)?, finding.name));
            }
        }
        return Ok(found);
    }
    for line in String::from_utf8_lossy(output).lines() {
        let Some(hit) = line.strip_suffix(" FOUND") else { continue };
        let (path, name) = hit.rsplit_once(": ").with_context(|| line.to_owned())?;
        found.insert((inside(path)?, name.trim_end_matches(".UNOFFICIAL").to_owned()));
    }
    Ok(found)
}

fn table(
    machine: &Machine,
    options: &Options,
    start: &Row,
    rows: &[Row],
    left_out: &[String],
) -> String {
    let mut text = format!(
        "# Archives, {}\n\n{}\n- {} archives of a kind, each of {} MiB of files; the best of {} runs in turns\n\n\
         Processor time in seconds, of the whole process and without its start over one tiny file \
         ({:.3} s, clamscan {:.3} s), with {} signatures on one thread. A ratio above 1 says \
         that clamscan took longer.\n\n\
         | kind | bytes | found by both | Pellucid | clamscan | ratio | without start |\n\
         |---|---|---|---|---|---|---|\n",
        machine.date,
        machine.lines(),
        options.archives,
        options.megabytes,
        options.runs,
        start.seconds[0],
        start.seconds[1],
        IDLE + (kinds::KINDS.len() * options.archives) as u64,
    );
    let mut sums = [0.0; 4];
    for row in rows {
        let [own, peer] = row.seconds;
        let [bare, bare_peer] = [own - start.seconds[0], peer - start.seconds[1]];
        let both = row.found[0].intersection(&row.found[1]).count();
        let _ = writeln!(
            text,
            "| {} | {} | {both} | {own:.3} | {peer:.3} | {:.1} | {:.1} |",
            row.kind,
            row.bytes,
            peer / own,
            bare_peer / bare.max(0.001),
        );
        for (sum, value) in sums.iter_mut().zip([own, peer, bare, bare_peer]) {
            *sum += value;
        }
    }
    let _ = writeln!(
        text,
        "| all | | | {:.3} | {:.3} | {:.1} | {:.1} |\n",
        sums[0],
        sums[1],
        sums[1] / sums[0],
        sums[3] / sums[2].max(0.001),
    );
    for row in rows {
        let [own, peer] = &row.found;
        for (only, these, those) in [("Pellucid", own, peer), ("clamscan", peer, own)] {
            for (file, signature) in these.difference(those) {
                let _ = writeln!(text, "- only {only}: {signature} in {}/{file}", row.kind);
            }
        }
    }
    for why in left_out {
        let _ = writeln!(text, "- left out: {why}");
    }
    text
}
