//! Files of growing sizes, and many small ones.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use pellucid::verdict::Completeness;
use pellucid::{Engine, Input, ScanOptions};
use pellucid_benches::cost::processor_time;
use pellucid_benches::synthetic::program_text;

use crate::table::Table;
use crate::{Work, engine};

/// The greatest file.
const LARGEST: u64 = 4 << 30;

/// What a row takes at least, so that its clock is fine enough.
const ENOUGH: f64 = 0.2;

/// How many small files, and how small.
const FILES: usize = 100_000;
const SMALL: usize = 4096;

pub(crate) fn sizes(work: &Work<'_>) -> Result<Table> {
    let engine = engine(&work.set()?)?;
    let path = work.folder.join("file");
    let (mut rows, mut size) = (Vec::new(), 1);
    while size <= LARGEST {
        write_text(&path, size)?;
        let (scans, seconds) = scan_for_a_while(&engine, &path)?;
        let each = seconds / scans as f64;
        rows.push(vec![size as f64, each * 1e6, each / size as f64 * 1e9, scans as f64]);
        size *= 4;
    }
    std::fs::remove_file(&path)?;
    let about = "A whole scan of one file by its path: opened, read or mapped, identified, matched. The file \
         is text that looks like programs, made by code; its pages are in the cache."
        .to_owned();
    let columns = vec!["bytes", "us a scan", "ns per byte", "scans"];
    Ok(Table { name: "sizes", about, columns, rows, drawn: vec![1, 2] })
}

fn write_text(path: &Path, size: u64) -> Result<()> {
    let block = program_text(usize::try_from(size.min(4 << 20))?, 7);
    let (mut file, mut left) = (BufWriter::new(File::create(path)?), size);
    while left > 0 {
        let part = block.get(..usize::try_from(left.min(block.len() as u64))?).unwrap_or(&block);
        file.write_all(part)?;
        left -= part.len() as u64;
    }
    Ok(file.flush()?)
}

fn scan_for_a_while(engine: &Engine, path: &Path) -> Result<(u64, f64)> {
    let mut options = ScanOptions::default();
    options.limits.time = Duration::MAX;
    let report = engine.scan(Input::Path(path), &options);
    ensure!(report.completeness == Completeness::Complete, "the scan is not complete");
    let (start, mut scans) = (processor_time()?, 0);
    loop {
        engine.scan(Input::Path(path), &options);
        scans += 1;
        let seconds = processor_time()? - start;
        if seconds > ENOUGH {
            return Ok((scans, seconds));
        }
    }
}

pub(crate) fn small(work: &Work<'_>) -> Result<Table> {
    let engine = engine(&work.set()?)?;
    let folder = work.folder.join("small");
    let paths: Vec<_> = (0..FILES).map(|n| folder.join(format!("{}/{n}", n / 1000))).collect();
    for (number, path) in paths.iter().enumerate() {
        if let Some(parent) = path.parent().filter(|_| number % 1000 == 0) {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, program_text(SMALL, number as u64))?;
    }
    let options = ScanOptions::default();
    let mut rows = Vec::new();
    for _ in 0..3 {
        let start = processor_time()?;
        for path in &paths {
            engine.scan(Input::Path(path), &options);
        }
        let seconds = processor_time()? - start;
        rows.push(vec![FILES as f64, FILES as f64 / seconds, seconds / FILES as f64 * 1e6]);
    }
    std::fs::remove_dir_all(folder)?;
    let about = format!(
        "{FILES} files of {SMALL} bytes, scanned by their paths on one thread, three times."
    );
    let columns = vec!["files", "files a second", "us a file"];
    Ok(Table { name: "small", about, columns, rows, drawn: Vec::new() })
}
