//! Trees of files: everything in them is met once, and what cannot be scanned is reported.

mod common;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Source, engine};
use pellucid::ScanOptions;
use pellucid::verdict::{Reason, Verdict};
use pellucid::walk::{Event, WalkOptions, scan_tree};

/// What a walk came to.
#[derive(Debug, Default)]
struct Walked {
    /// Verdict and reasons by path, below the root.
    files: BTreeMap<PathBuf, (Verdict, Vec<Reason>)>,
    links: usize,
}

fn walk(root: &Path, threads: usize) -> Walked {
    let engine = engine(Source::new("a.ndb", "Test.Needle:0:*:6e6565646c65\n"));
    let (files, links) = (Mutex::new(BTreeMap::new()), AtomicUsize::new(0));
    let options = WalkOptions { scan: ScanOptions::default(), threads };
    scan_tree(&engine, &[root.to_owned()], &options, &|event| match event {
        Event::Scanned { path, report } => {
            let below = path.strip_prefix(root).unwrap_or(path).to_owned();
            let seen = (report.verdict, report.reasons());
            let before = files.lock().expect("a lock").insert(below, seen);
            assert!(before.is_none(), "{} twice", path.display());
        }
        Event::SkippedLink { .. } => _ = links.fetch_add(1, Ordering::Relaxed),
        _ => {}
    })
    .expect("threads");
    Walked { files: files.into_inner().expect("a lock"), links: links.into_inner() }
}

#[test]
fn everything_is_met_once_with_any_number_of_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let odd = OsStr::from_bytes(b"odd\xff\nname");
    fs::create_dir_all(root.join("a/.hidden")).expect("folders");
    fs::write(root.join(".gitignore"), "*\n").expect("a file");
    fs::write(root.join("a/.hidden/needle"), "a needle").expect("a file");
    fs::write(root.join(odd), "a needle").expect("a file");
    (0..50).for_each(|n| fs::write(root.join(format!("a/{n}")), vec![b'x'; n]).expect("a file"));
    symlink(root, root.join("a/loop")).expect("a link");
    let _socket = UnixListener::bind(root.join("socket")).expect("a socket");
    for threads in [0, 1, 4] {
        let walked = walk(root, threads);
        assert_eq!((walked.files.len(), walked.links), (50 + 4, 1));
        let seen = |path: &Path| walked.files.get(path).expect("met");
        assert_eq!(seen(Path::new("a/.hidden/needle")).0, Verdict::Malicious);
        assert_eq!(seen(Path::new(odd)).0, Verdict::Malicious);
        assert_eq!(seen(Path::new("socket")).1, [Reason::SpecialFile("socket")]);
    }
}

#[test]
fn what_is_not_there_is_reported() {
    let walked = walk(Path::new("/no/such/file"), 1);
    let reasons: Vec<_> = walked.files.into_values().map(|(_, reasons)| reasons).collect();
    assert_eq!(reasons, [[Reason::Unreadable]]);
}

/// The walker below took this name for standard input, and passed over the folder without a word.
#[test]
fn a_folder_called_like_standard_input_is_walked() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("-")).expect("a folder");
    fs::write(folder.path().join("-/file"), "a needle").expect("a file");
    std::env::set_current_dir(folder.path()).expect("a folder");
    assert_eq!(walk(Path::new("-"), 1).files.len(), 1);
}

/// One archive has the threads to itself, since no other file is left for them.
#[test]
fn threads_without_a_file_help_with_an_archive() {
    let folder = tempfile::tempdir().expect("a folder");
    let entries: Vec<_> = (0..60_u8)
        .map(|number| common::gzip(&[&vec![number; 9000][..], b"a needle"].concat()))
        .map(|entry| [entry, vec![0; 3000]].concat())
        .collect();
    let entries: Vec<_> = entries.iter().map(|entry| ("entry", entry.as_slice())).collect();
    fs::write(folder.path().join("archive"), common::tar(&entries)).expect("a file");
    let engine = engine(Source::new("a.ndb", "Test.Needle:0:*:6e6565646c65\n"));
    let told = |threads| {
        let told = Mutex::new(String::new());
        let options = WalkOptions { scan: ScanOptions::default(), threads };
        scan_tree(&engine, &[folder.path().to_owned()], &options, &|event| {
            if let Event::Scanned { report, .. } = event {
                *told.lock().expect("a lock") =
                    format!("{:?}{:?}", report.findings, report.objects);
            }
        })
        .expect("threads");
        told.into_inner().expect("a lock")
    };
    let one = told(1);
    assert_eq!(one.matches("Test.Needle").count(), 60);
    for _ in 0..3 {
        assert!(told(4) == one);
    }
}
