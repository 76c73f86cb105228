//! The bar on a terminal: files, bytes, rate, findings. Nothing where standard error is no terminal.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pellucid::verdict::Report;

use super::summary::Summary;
use crate::units;

const TEMPLATE: &str = "{spinner} {msg}{binary_bytes} of {binary_total_bytes}, \
                        {binary_bytes_per_sec} [{wide_bar}]";

/// How far the scan is, for people who wait.
pub(super) struct Progress {
    bar: ProgressBar,
    files: AtomicU64,
}

impl Progress {
    pub(super) fn new(quiet: bool) -> Self {
        let bar = match quiet {
            true => ProgressBar::hidden(),
            // Draws nothing unless standard error is a terminal.
            false => ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr()),
        };
        if !bar.is_hidden() {
            if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar, files: AtomicU64::new(0) }
    }

    /// The walk knows of this many files and bytes by now.
    pub(super) fn found(&self, files: u64, bytes: u64) {
        self.files.fetch_max(files, Relaxed);
        self.bar.update(|state| {
            let known = state.len().unwrap_or(0);
            state.set_len(known.max(bytes));
        });
    }

    /// One file is done.
    pub(super) fn scanned(&self, report: &Report, summary: &Summary) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.inc(report.file().map_or(0, |file| file.size));
        let known = self.files.load(Relaxed).max(summary.files);
        self.bar.set_message(format!(
            "{} of {}, {}, ",
            units::count(summary.files),
            units::counted(known, "file"),
            units::counted(summary.findings.values().sum(), "finding"),
        ));
    }

    /// Writes results while the bar is out of the way.
    pub(super) fn aside(&self, write: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        if self.bar.is_hidden() { write() } else { self.bar.suspend(write) }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
