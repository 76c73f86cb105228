//! `pellucid scan`: from arguments to results, a summary and an exit status.
//!
//! - [`session`]: one scan: hears what the engine says, writes it in the format asked for;
//! - [`ndjson`], [`json`], [`sarif`]: for machines; [`text`], [`explain`]: for people;
//! - [`summary`]: what all files together came to;
//! - [`progress`]: the bar on a terminal; [`stdin`]: standard input; [`passwords`]: for archives.

mod explain;
mod json;
mod ndjson;
mod passwords;
mod progress;
#[cfg(test)]
mod samples;
mod sarif;
mod session;
mod stdin;
mod summary;
mod text;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::thread;

use pellucid::limits::Cancel;
use pellucid::walk::{self, WalkOptions};
use pellucid::{Engine, ScanOptions};

use crate::args::ScanArgs;
use crate::outcome::{Failure, Outcome};
use crate::set;
use session::Session;

/// `pellucid scan`
pub(crate) fn run(args: &ScanArgs) -> Result<Outcome, Failure> {
    let engine = set::engine(&args.sets, args.builtin)?;
    let cancel = Cancel::new();
    cancel_on_interrupt(&cancel)?;
    let passwords = passwords::read(&args.passwords)?;
    let limits = args.limits.limits();
    let scan = ScanOptions { limits, cancel, passwords, ..ScanOptions::default() };
    let session = Session::new(args, &scan, engine.sets());
    session.begin();
    scan_all(args, &engine, scan, &session)?;
    session.end()
}

fn scan_all(
    args: &ScanArgs,
    engine: &Engine,
    scan: ScanOptions,
    session: &Session,
) -> Result<(), Failure> {
    let (streams, roots): (Vec<PathBuf>, Vec<PathBuf>) =
        args.paths.iter().cloned().partition(|path| path == Path::new("-"));
    // Standard input can be read but once.
    if let Some(name) = streams.first() {
        let report = stdin::scan(engine, &scan);
        session.scanned(name, &report);
    }
    let threads = args.jobs.map_or_else(processors, usize::from);
    let options = WalkOptions { scan, threads };
    walk::scan_tree(engine, &roots, &options, &|event| session.hear(event))
        .map_err(|error| Failure::Message(format!("cannot start {threads} threads: {error}")))
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The first Ctrl-C, SIGTERM or SIGHUP ends the scan in good order; a second one ends the program at once.
fn cancel_on_interrupt(cancel: &Cancel) -> Result<(), Failure> {
    let cancel = cancel.clone();
    ctrlc::set_handler(move || {
        if cancel.is_cancelled() {
            std::process::exit(Outcome::Incomplete as i32);
        }
        cancel.cancel();
        // The YARA rules cannot be stopped in the middle of a file.
        if io::stderr().is_terminal() {
            let _ = writeln!(io::stderr(), "\nEnding; press Ctrl-C again to stop at once.");
        }
    })
    .map_err(|error| Failure::Message(format!("cannot listen for Ctrl-C: {error}")))
}
