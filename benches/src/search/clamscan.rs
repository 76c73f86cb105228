//! clamscan over the same files: a whole scanner, so that its other work is in its time. What it takes
//! to start and to load the literals is measured over a file of one byte, and taken off.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::Run;
use crate::literals::Literals;
use crate::text::Text;

/// How many bytes a second it is expected to look at, so that it ends about when it should.
const EXPECTED: u64 = 8 << 20;

/// Nothing but the bytes of the files: what is packed in them, and their normal forms, nobody else sees.
const ARGUMENTS: [&str; 24] = [
    "--allmatch",
    "--infected",
    "--stdout",
    "--no-summary",
    "--disable-cache",
    "--bytecode=no",
    "--phishing-sigs=no",
    "--phishing-scan-urls=no",
    "--heuristic-alerts=no",
    "--normalize=no",
    "--scan-archive=no",
    "--scan-elf=no",
    "--scan-html=no",
    "--scan-hwp3=no",
    "--scan-image=no",
    "--scan-mail=no",
    "--scan-ole2=no",
    "--scan-onenote=no",
    "--scan-pdf=no",
    "--scan-pe=no",
    "--scan-swf=no",
    "--max-scantime=0",
    "--max-filesize=2000M",
    "--max-scansize=2000M",
];

pub(crate) fn run(literals: &Literals, text: &Text, patience: Duration) -> Result<Option<Run>> {
    let version = match Command::new("clamscan").arg("--version").output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("skipped: clamscan (apt install clamav)");
            return Ok(None);
        }
        Err(error) => return Err(error).context("clamscan"),
    };
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("literals.ndb");
    std::fs::write(&database, literals.ndb())?;
    let tiny = folder.path().join("tiny");
    std::fs::write(&tiny, "x")?;
    let start = Instant::now();
    let (alone, _) = scan(&database, &folder.path().join("list"), &[&tiny])?;
    let preparation = start.elapsed().as_secs_f64();
    let files = affordable(text, patience);
    let paths: Vec<&Path> = text.files.iter().take(files).map(|file| file.path.as_path()).collect();
    let (whole, output) = scan(&database, &folder.path().join("list"), &paths)?;
    let hits = read(&output, &paths)?;
    let seconds = vec![whole - alone];
    Ok(Some(Run { name: "clamscan", version, preparation, bytes: None, files, seconds, hits }))
}

fn affordable(text: &Text, patience: Duration) -> usize {
    let most = patience.as_secs().saturating_mul(EXPECTED);
    (1..=text.files.len()).take_while(|&files| text.length(files) <= most).last().unwrap_or(1)
}

/// Processor seconds and the output.
fn scan(database: &Path, list: &Path, paths: &[&Path]) -> Result<(f64, String)> {
    let lines: Vec<_> = paths.iter().map(|path| path.to_string_lossy()).collect();
    std::fs::write(list, lines.join("\n") + "\n")?;
    let before = children()?;
    let mut command = Command::new("clamscan");
    command.args(ARGUMENTS).arg("--database").arg(database).arg("--file-list").arg(list);
    let output = command.output()?;
    ensure!(matches!(output.status.code(), Some(0 | 1)), "clamscan: {}", output.status);
    Ok((children()? - before, String::from_utf8_lossy(&output.stdout).into_owned()))
}

fn children() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    Ok((usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6)
}

fn read(output: &str, paths: &[&Path]) -> Result<std::collections::BTreeSet<(u32, u32)>> {
    let numbers: HashMap<_, _> =
        paths.iter().map(|path| path.to_string_lossy()).zip(0_u32..).collect();
    let found = output.lines().filter_map(|line| line.strip_suffix(" FOUND"));
    found
        .map(|line| {
            let (path, name) = line.rsplit_once(": ").with_context(|| line.to_owned())?;
            let literal = Literals::number(name.strip_suffix(".UNOFFICIAL").unwrap_or(name));
            let file = numbers.get(path).with_context(|| format!("an unknown file: {path}"))?;
            Ok((literal.with_context(|| line.to_owned())?, *file))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_output_is_read() {
        let paths = [Path::new("/a b"), Path::new("/c: d")];
        let hits = read("/c: d: L5.UNOFFICIAL FOUND\n/a b: L7 FOUND\n", &paths).unwrap();
        assert_eq!(hits.into_iter().collect::<Vec<_>>(), [(5, 1), (7, 0)]);
        assert!(read("/e: L5 FOUND\n", &paths).is_err());
    }
}
