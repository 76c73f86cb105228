//! Runs one command and prints what it cost: `compare-measure OUTPUT ERRORS COMMAND...`.
//!
//! The kernel adds up what all ended children of a process used, and keeps the largest peak of their
//! memory. So this process has one child and no other. A child's peak also counts the moment before
//! it became the other program, when it still was its parent; so this program is small.

use std::ffi::OsString;
use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};
use pellucid_benches::cost::{Cost, Run};

fn main() -> Result<()> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let [output, errors, program, arguments @ ..] = arguments.as_slice() else {
        bail!("usage: compare-measure OUTPUT ERRORS COMMAND...");
    };
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command.stdout(File::create(output)?).stderr(File::create(errors)?);
    let start = Instant::now();
    let status = command.status().with_context(|| format!("cannot run {}", program.display()))?;
    let wall = start.elapsed().as_secs_f64();
    let run = Run { cost: cost_of_child(wall)?, status: status.code() };
    println!("{}", serde_json::to_string(&run)?);
    Ok(())
}

fn cost_of_child(wall: f64) -> Result<Cost> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: TimeVal| time.num_microseconds() as f64 / 1e6;
    let kibibytes = u64::try_from(usage.max_rss()).unwrap_or(0);
    Ok(Cost {
        wall,
        processor: seconds(usage.user_time()) + seconds(usage.system_time()),
        memory: kibibytes.saturating_mul(1024),
    })
}
