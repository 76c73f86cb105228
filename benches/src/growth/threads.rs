//! More threads: the same files, shared out among them one by one, the largest first.

use std::cmp::Reverse;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use pellucid::{Engine, Input, ScanOptions};

use crate::table::Table;
use crate::{Work, engine};

const ROUNDS: usize = 3;

pub(crate) fn measure(work: &Work<'_>) -> Result<Table> {
    let engine = engine(&work.set()?)?;
    let mut files = work.corpus.files.clone();
    files.sort_by_cached_key(|file| Reverse(std::fs::metadata(file).map_or(0, |data| data.len())));
    let most = std::thread::available_parallelism().map_or(1, usize::from);
    let mut seconds = vec![f64::MAX; most];
    // In turns, so that what slows the machine down for a while slows all numbers of threads down.
    for _ in 0..ROUNDS {
        for (threads, best) in (1..).zip(&mut seconds) {
            *best = best.min(scan_all(&engine, &files, threads));
        }
    }
    let alone = seconds.first().copied().unwrap_or(f64::NAN);
    let bytes = work.corpus.size.bytes as f64;
    let row = |(threads, &time): (usize, &f64)| {
        vec![threads as f64, time, bytes / time / 1e9, alone / time]
    };
    let rows = (1..).zip(&seconds).map(row).collect();
    let about = format!(
        "All files of the folder ({} files), wall clock, the best of {ROUNDS} rounds in turns.",
        files.len()
    );
    let columns = vec!["threads", "s", "GB/s", "times one thread"];
    Ok(Table { name: "threads", about, columns, rows, drawn: vec![3] })
}

fn scan_all(engine: &Engine, files: &[PathBuf], threads: usize) -> f64 {
    let (next, start) = (AtomicUsize::new(0), Instant::now());
    let work = || {
        let mut options = ScanOptions::default();
        options.limits.time = Duration::MAX;
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            engine.scan(Input::Path(file), &options);
        }
    };
    std::thread::scope(|scope| {
        (0..threads).for_each(|_| drop(scope.spawn(work)));
    });
    start.elapsed().as_secs_f64()
}
