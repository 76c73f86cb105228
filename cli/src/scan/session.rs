//! One scan: hears what the engine says, from any of its threads, and writes it.
//!
//! Every file is written whole and at once, so that lines never mix and a reader sees each result as
//! it comes. When the output breaks, the scan is cancelled: nobody would learn of the rest.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pellucid::ScanOptions;
use pellucid::limits::Cancel;
use pellucid::verdict::{Report, SetLabel};
use pellucid::walk::Event;

use super::json::Json;
use super::ndjson::Ndjson;
use super::progress::Progress;
use super::sarif::Sarif;
use super::summary::Summary;
use super::text::{self, Text};
use crate::args::{ScanArgs, ScanFormat};
use crate::outcome::{Failure, Outcome};
use crate::style::Style;

/// One format of results. It writes into memory; the session brings that out.
pub(super) trait Format: Send {
    /// What stands before the first file.
    fn begin(&mut self, _out: &mut Vec<u8>) -> io::Result<()> {
        Ok(())
    }

    /// One file.
    fn file(&mut self, out: &mut Vec<u8>, path: &Path, report: &Report) -> io::Result<()>;

    /// What stands behind the last file.
    fn end(&mut self, _out: &mut Vec<u8>, _summary: &Summary) -> io::Result<()> {
        Ok(())
    }
}

/// A scan that runs.
pub(super) struct Session {
    shared: Mutex<Shared>,
    progress: Progress,
    cancel: Cancel,
    /// Whether the summary goes to standard error, because the format has no room for people.
    summary_aside: bool,
}

struct Shared {
    format: Box<dyn Format>,
    summary: Summary,
    broken: Option<io::Error>,
}

impl Session {
    pub(super) fn new(args: &ScanArgs, scan: &ScanOptions, sets: &[SetLabel]) -> Self {
        let format: Box<dyn Format> = match args.format {
            ScanFormat::Text => {
                Box::new(Text::new(Style::of(&io::stdout()), scan.limits.clone(), args.all))
            }
            ScanFormat::Ndjson => Box::new(Ndjson),
            ScanFormat::Json => Box::new(Json::default()),
            ScanFormat::Sarif => Box::new(Sarif::default()),
        };
        let shared = Shared { format, summary: Summary::new(sets), broken: None };
        Self {
            shared: Mutex::new(shared),
            progress: Progress::new(args.quiet),
            cancel: scan.cancel.clone(),
            summary_aside: args.format != ScanFormat::Text && !args.quiet,
        }
    }

    /// Writes what stands before the first file.
    pub(super) fn begin(&self) {
        let mut shared = self.shared();
        let shared = &mut *shared;
        let mut out = Vec::new();
        let result = shared.format.begin(&mut out);
        self.bring_out(&mut shared.broken, result, &out);
    }

    /// What the walk says.
    pub(super) fn hear(&self, event: Event<'_>) {
        match event {
            Event::Found { files, bytes } => self.progress.found(files, bytes),
            Event::Scanned { path, report } => self.scanned(path, report),
            Event::SkippedLink { .. } => self.shared().summary.skip_link(),
            _ => {}
        }
    }

    /// One file is done.
    pub(super) fn scanned(&self, path: &Path, report: &Report) {
        let mut shared = self.shared();
        let shared = &mut *shared;
        shared.summary.add(report);
        self.progress.scanned(report, &shared.summary);
        let mut out = Vec::new();
        let result = shared.format.file(&mut out, path, report);
        self.bring_out(&mut shared.broken, result, &out);
    }

    /// Writes what stands behind the last file, and tells how it all ended.
    pub(super) fn end(self) -> Result<Outcome, Failure> {
        self.progress.finish();
        let mut shared = self.shared();
        let shared = &mut *shared;
        shared.summary.close(self.cancel.is_cancelled() && shared.broken.is_none());
        let mut out = Vec::new();
        let result = shared.format.end(&mut out, &shared.summary);
        self.bring_out(&mut shared.broken, result, &out);
        match shared.broken.take() {
            Some(error) => self.end_broken(error, &shared.summary),
            None => {
                self.summarise_aside(&shared.summary);
                Ok(shared.summary.outcome())
            }
        }
    }

    /// What was found counts more than the output that could not be written.
    fn end_broken(&self, error: io::Error, summary: &Summary) -> Result<Outcome, Failure> {
        let failure = Failure::Output(error);
        if summary.outcome() != Outcome::Found {
            return Err(failure);
        }
        crate::tell(&failure);
        Ok(Outcome::Found)
    }

    fn summarise_aside(&self, summary: &Summary) {
        if self.summary_aside {
            let text = text::summary(summary, Style::of(&io::stderr()));
            // Standard error is a courtesy here: the results are on standard output.
            let _ = io::stderr().write_all(text.as_bytes());
        }
    }

    fn bring_out(&self, broken: &mut Option<io::Error>, made: io::Result<()>, out: &[u8]) {
        if broken.is_some() || (made.is_ok() && out.is_empty()) {
            return;
        }
        if let Err(error) = made.and_then(|()| self.progress.aside(|| write_whole(out))) {
            *broken = Some(error);
            self.cancel.cancel();
        }
    }

    /// A panic in another thread left whole values behind: each is changed in one step.
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write_whole(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}
