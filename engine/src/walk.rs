//! Many files: walking folders, scanning what is there with as many threads as the caller gives.
//!
//! Symbolic links inside folders are not followed, so loops cannot form; a link that the caller names
//! is. Files are scanned in batches, the largest of a batch first, so that a large one does not come
//! last and keep one thread busy alone. Memory is bounded by the batch, not by the tree.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ignore::WalkBuilder;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::engine::{Engine, ScanOptions};
use crate::input::{Input, special_kind};
use crate::threads::Threads;
use crate::verdict::{Problem, Reason, Report};

/// Files collected before they are scanned.
const BATCH: usize = 16 * 1024;

/// How a tree is scanned.
#[derive(Clone, Debug)]
pub struct WalkOptions {
    /// For each file.
    pub scan: ScanOptions,
    /// How many threads scan; 0 counts as 1. With 1 no thread is started. A thread that finds no more
    /// files helps with the containers that others are in, unless [`ScanOptions::threads`] says what
    /// those may use.
    pub threads: usize,
}

/// What happens during a walk. Files of one batch come in any order.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'e> {
    /// What the walk has come across so far, in total.
    Found {
        /// Regular files.
        files: u64,
        /// Their sizes.
        bytes: u64,
    },
    /// One file is done; also one that could not be looked at.
    Scanned {
        /// As the walk came to it.
        path: &'e Path,
        /// The result.
        report: &'e Report,
    },
    /// A symbolic link inside a folder was passed over.
    SkippedLink {
        /// The link.
        path: &'e Path,
    },
}

/// Scans everything below `roots`. `on_event` is called on the scanning threads, several at a time.
///
/// # Errors
/// When the threads cannot be started.
pub fn scan_tree(
    engine: &Engine,
    roots: &[PathBuf],
    options: &WalkOptions,
    on_event: &(dyn Fn(Event<'_>) + Sync),
) -> std::io::Result<()> {
    let pool = match options.threads {
        0 | 1 => None,
        threads => {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build();
            Some(pool.map_err(std::io::Error::other)?)
        }
    };
    let mut scan = options.scan.clone();
    let mut idle = Threads::default();
    if pool.is_some() && !scan.threads.is_given() {
        idle = Threads::more(0);
        scan.threads = idle.clone();
    }
    let batch = Vec::new();
    let mut walk = Walk { engine, scan, idle, on_event, pool, batch, files: 0, bytes: 0 };
    for root in roots {
        walk.root(root);
    }
    walk.flush();
    Ok(())
}

struct Walk<'w> {
    engine: &'w Engine,
    /// For each file.
    scan: ScanOptions,
    /// Threads without a file.
    idle: Threads,
    on_event: &'w (dyn Fn(Event<'_>) + Sync),
    /// Lives as long as the walk, since its threads keep what scanning needs from batch to batch.
    pool: Option<ThreadPool>,
    /// Sizes and paths of the files to scan next.
    batch: Vec<(u64, PathBuf)>,
    files: u64,
    bytes: u64,
}

impl Walk<'_> {
    /// A path that the caller named: a link is followed, a file is scanned whatever it is.
    fn root(&mut self, root: &Path) {
        match root.metadata() {
            Ok(metadata) if metadata.is_dir() => self.folder(root),
            Ok(metadata) => self.file(root.to_owned(), &metadata),
            Err(error) => self.unreadable(root, error.to_string()),
        }
    }

    fn folder(&mut self, root: &Path) {
        // The walker takes the name `-` for standard input.
        let root = if root == Path::new("-") { Path::new("./-") } else { root };
        let mut builder = WalkBuilder::new(root);
        builder.standard_filters(false).follow_links(false);
        for entry in builder.build() {
            if self.scan.cancel.is_cancelled() {
                return;
            }
            match entry {
                Ok(entry) => self.entry(entry, root),
                Err(error) => self.walk_error(&error, root),
            }
        }
    }

    fn entry(&mut self, entry: ignore::DirEntry, root: &Path) {
        let is_root = entry.path() == root;
        let Some(file_type) = entry.file_type() else { return };
        if file_type.is_dir() || is_root {
            return;
        }
        if file_type.is_symlink() {
            return (self.on_event)(Event::SkippedLink { path: entry.path() });
        }
        match entry.path().symlink_metadata() {
            Ok(metadata) => self.file(entry.into_path(), &metadata),
            Err(error) => self.unreadable(entry.path(), error.to_string()),
        }
    }

    fn file(&mut self, path: PathBuf, metadata: &Metadata) {
        if let Some(kind) = special_kind(metadata.file_type()) {
            let problem = Problem::new(Reason::SpecialFile(kind), format!("a {kind} is not read"));
            return self.not_scanned(&path, problem);
        }
        self.files = self.files.saturating_add(1);
        self.bytes = self.bytes.saturating_add(metadata.len());
        self.batch.push((metadata.len(), path));
        if self.batch.len() >= BATCH {
            self.flush();
        } else if self.files.is_multiple_of(256) {
            (self.on_event)(Event::Found { files: self.files, bytes: self.bytes });
        }
    }

    /// Errors of the walk itself: a folder that cannot be read, or that vanished.
    fn walk_error(&self, error: &ignore::Error, root: &Path) {
        let path = path_of(error).unwrap_or(root);
        self.unreadable(path, words_of(error));
    }

    fn unreadable(&self, path: &Path, words: String) {
        self.not_scanned(path, Problem::new(Reason::Unreadable, words));
    }

    fn not_scanned(&self, path: &Path, problem: Problem) {
        let mut report = Report::not_scanned(problem);
        report.sets = self.engine.sets().to_vec();
        (self.on_event)(Event::Scanned { path, report: &report });
    }

    /// Scans the batch, the largest file first.
    fn flush(&mut self) {
        (self.on_event)(Event::Found { files: self.files, bytes: self.bytes });
        let mut batch = std::mem::take(&mut self.batch);
        batch.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        match &self.pool {
            None => batch.iter().for_each(|(_, path)| self.scan_file(path)),
            Some(pool) => self.scan_in_parallel(pool, batch),
        }
    }

    /// Every thread takes the largest file that is left.
    fn scan_in_parallel(&self, pool: &ThreadPool, batch: Vec<(u64, PathBuf)>) {
        let files = Mutex::new(batch.into_iter());
        let next = || files.lock().ok().and_then(|mut files| files.next());
        pool.broadcast(|_| {
            while let Some((_, path)) = next() {
                self.scan_file(&path);
            }
            self.idle.lend();
        });
        self.idle.take_back();
    }

    fn scan_file(&self, path: &Path) {
        if !self.scan.cancel.is_cancelled() {
            let report = self.engine.scan(Input::Path(path), &self.scan);
            (self.on_event)(Event::Scanned { path, report: &report });
        }
    }
}

/// What the system said: the walk puts the path in front of it, which the report names already.
fn words_of(error: &ignore::Error) -> String {
    let Some(error) = error.io_error() else { return error.to_string() };
    match error.get_ref().and_then(|inner| inner.source()) {
        Some(system) => system.to_string(),
        None => error.to_string(),
    }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } => path_of(err),
        _ => None,
    }
}
