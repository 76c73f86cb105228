//! `pellucid set build`: from sources to a set file, with everything that was wrong on standard error.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use pellucid::set::layout::MAGIC;
use pellucid_signatures::{Build, BuildError, BuildOptions, BuildReport, Progress};

use super::replace::replace;
use crate::args::BuildArgs;
use crate::outcome::{Failure, Outcome};
use crate::units::{count, counted, duration, size};
use crate::{shown, tell};

/// How many diagnostics are told one by one, of each kind and reason and altogether. A list of millions
/// of hashes can be wrong in every line; `--report` keeps more.
const TOLD_ALIKE: usize = 5;
const TOLD: usize = 100;

/// `pellucid set build`
pub(crate) fn run(args: &BuildArgs) -> Result<Outcome, Failure> {
    let started = Instant::now();
    refuse_other_files(&args.output)
        .map_err(|error| Failure::on_file("write", &args.output, &error))?;
    match build(args) {
        Ok(build) => {
            account_for(args, &build.report)?;
            replace(&args.output, &build.set)
                .map_err(|error| Failure::on_file("write", &args.output, &error))?;
            say(&format!(
                "{}: {} in {}; unsigned\n",
                shown::path(&args.output),
                size(build.set.len() as u64),
                duration(started.elapsed())
            ));
            Ok(Outcome::Good)
        }
        Err(error) => refuse(args, &error),
    }
}

/// A file that is no set is not replaced by one: it may well be one of the sources.
fn refuse_other_files(output: &Path) -> io::Result<()> {
    let mut start = Vec::new();
    let Ok(file) = File::open(output) else { return Ok(()) };
    if !file.metadata()?.is_file() {
        return Ok(());
    }
    file.take(MAGIC.len() as u64).read_to_end(&mut start)?;
    if start.is_empty() || start == MAGIC {
        return Ok(());
    }
    Err(io::Error::other("it is there and no signature set; remove it or choose another name"))
}

/// Builds, with a sign of life on a terminal.
fn build(args: &BuildArgs) -> Result<Build, BuildError> {
    let spinner = ProgressBar::new_spinner();
    let mut options = BuildOptions::default().strict(args.strict);
    if !spinner.is_hidden() {
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed}  {wide_msg}") {
            spinner.set_style(style);
        }
        spinner.enable_steady_tick(Duration::from_millis(200));
        let told = spinner.clone();
        options = options.watch(move |progress| told.set_message(words(progress)));
    }
    let result = pellucid_signatures::build(&args.sources, &options);
    spinner.finish_and_clear();
    result
}

fn words(progress: Progress<'_>) -> String {
    match progress {
        Progress::Reading { file, records } => {
            format!("{}, {}", counted(records, "record"), shown::name(file))
        }
        _ => "writing the set".to_owned(),
    }
}

/// No set: the sources are to blame (1), or something kept them from being read (2).
fn refuse(args: &BuildArgs, error: &BuildError) -> Result<Outcome, Failure> {
    if let Some(report) = error.report() {
        account_for(args, report)?;
    }
    let failure = Failure::Message(format!("no set was built: {error}"));
    match error {
        BuildError::Unreadable { .. } => Err(failure),
        _ => {
            tell(&failure);
            Ok(Outcome::Found)
        }
    }
}

/// Tells what became of the sources, and writes it down where that was asked for.
fn account_for(args: &BuildArgs, report: &BuildReport) -> Result<(), Failure> {
    let mut text = String::new();
    let mut told = 0;
    for diagnostic in report.digest(TOLD_ALIKE, TOLD) {
        text += &format!("{diagnostic}\n");
        told += 1;
    }
    let kept = report.diagnostics.len();
    if kept > told {
        let more = count((kept - told) as u64);
        text += &format!("and {more} more like these; --report FILE.json lists them\n");
    }
    say(&format!("{text}{report}"));
    args.report.as_deref().map_or(Ok(()), |path| write_report(path, report))
}

/// Writes the report as JSON, to standard output where it is called `-`.
fn write_report(path: &Path, report: &BuildReport) -> Result<(), Failure> {
    let cannot = |error: io::Error| Failure::on_file("write the report", path, &error);
    let mut json = serde_json::to_vec_pretty(report).map_err(|error| cannot(error.into()))?;
    json.push(b'\n');
    if path != Path::new("-") {
        return replace(path, &json).map_err(cannot);
    }
    let mut out = io::stdout().lock();
    out.write_all(&json)?;
    Ok(out.flush()?)
}

/// Says something on standard error; if nobody listens there, there is nobody to tell.
fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
