//! What one command costs: wall-clock time, processor time, peak memory.
//!
//! The kernel adds up what all ended children of a process used, and keeps the largest peak of their
//! memory. So each command is run by a fresh process of this program (`compare measure`) that has no
//! other child. A child's peak also counts the moment before it became the other program; a fresh
//! process keeps that to a few megabytes.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

/// What one run cost.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct Cost {
    /// Wall-clock time from start to end of the process, in seconds.
    pub(crate) wall: f64,
    /// Processor time, user's and system's, in seconds.
    pub(crate) processor: f64,
    /// Peak of the resident memory, in bytes.
    pub(crate) memory: u64,
}

/// How one run ended.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Run {
    /// What it cost.
    pub(crate) cost: Cost,
    /// Its exit status; none where a signal ended it.
    pub(crate) status: Option<i32>,
}

/// Runs a command with its output going to two files, and says what it cost.
pub(crate) fn run(command: &[OsString], output: &Path, errors: &Path) -> Result<Run> {
    let own = std::env::current_exe().context("cannot find this program's own file")?;
    let measured = Command::new(own)
        .arg("measure")
        .args([output, errors])
        .arg("--")
        .args(command)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start the measuring process")?;
    if !measured.status.success() {
        bail!("measuring failed: {}", readable(command));
    }
    serde_json::from_slice(&measured.stdout).context("the measuring process said nothing readable")
}

/// The measuring process: runs the command as its only child and prints its [`Run`].
pub(crate) fn measuring_process(command: &[OsString], output: &Path, errors: &Path) -> Result<()> {
    let (program, arguments) = command.split_first().context("no command to measure")?;
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command.stdout(File::create(output)?).stderr(File::create(errors)?);
    let start = Instant::now();
    let status = command.status().with_context(|| format!("cannot run {}", program.display()))?;
    let wall = start.elapsed().as_secs_f64();
    let run = Run { cost: cost_of_children(wall)?, status: status.code() };
    println!("{}", serde_json::to_string(&run)?);
    Ok(())
}

fn cost_of_children(wall: f64) -> Result<Cost> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| time.num_microseconds() as f64 / 1e6;
    let kibibytes = u64::try_from(usage.max_rss()).unwrap_or(0);
    Ok(Cost {
        wall,
        processor: seconds(usage.user_time()) + seconds(usage.system_time()),
        memory: kibibytes.saturating_mul(1024),
    })
}

/// A command as one would type it.
pub(crate) fn readable(command: &[OsString]) -> String {
    let words: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

/// The last lines that a command wrote to a file, for a message.
pub(crate) fn last_lines(file: &Path) -> String {
    let text = fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(5)).copied().collect::<Vec<_>>().join("\n")
}
