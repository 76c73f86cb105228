//! The files of the running system, with `file` as the second opinion.
//!
//! Says so and checks nothing where `file` is not installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use pellucid::identify::{FileType, identify};

/// What `file` calls the types that both know.
const MIME_TYPES: &[(&str, FileType)] = &[
    ("application/x-pie-executable", FileType::Elf),
    ("application/x-executable", FileType::Elf),
    ("application/x-sharedlib", FileType::Elf),
    ("application/x-object", FileType::Elf),
    ("application/gzip", FileType::Gzip),
    ("application/zip", FileType::Zip),
    ("application/java-archive", FileType::Zip),
    ("application/x-archive", FileType::Ar),
    ("image/png", FileType::Png),
    ("image/jpeg", FileType::Jpeg),
    ("text/x-shellscript", FileType::ShellScript),
    ("text/x-perl", FileType::Perl),
    ("text/html", FileType::Html),
    ("text/xml", FileType::Xml),
];

/// What no program of an ordinary system carries behind itself.
const STRANGERS: &[FileType] = &[
    FileType::Pe,
    FileType::SevenZip,
    FileType::Rar,
    FileType::Cab,
    FileType::Pdf,
    FileType::Ole2,
];

const FOLDERS: &[&str] =
    &["/bin", "/usr/bin", "/usr/sbin", "/usr/share/doc/bash", "/usr/share/pixmaps"];
const FILES_MOST: usize = 150;

fn files(folder: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.is_file() && !path.is_symlink()).collect();
    paths.sort();
    paths.truncate(FILES_MOST);
    paths
}

/// What `file` says of each path; `None` where there is no `file`.
fn mime_types(paths: &[PathBuf]) -> Option<Vec<String>> {
    let output =
        Command::new("file").args(["-b", "--mime-type", "--"]).args(paths).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

fn assert_agreement(path: &Path, mime_type: &str) {
    let Ok(data) = std::fs::read(path) else { return };
    let identification = identify(&data);
    let types = identification.types();
    if let Some((_, expected)) = MIME_TYPES.iter().find(|(name, _)| *name == mime_type) {
        assert!(types.contains(*expected), "{path:?} is {mime_type} for file, {types:?} here");
    }
    if types.contains(FileType::Elf) {
        let stranger = STRANGERS.iter().find(|stranger| types.contains(**stranger));
        assert_eq!(stranger, None, "{path:?} is {identification:?}");
    }
}

#[test]
fn system_files_are_what_file_says() {
    let paths: Vec<PathBuf> = FOLDERS.iter().flat_map(|folder| files(folder)).collect();
    if paths.is_empty() {
        return eprintln!("skipped: none of {FOLDERS:?} has files");
    }
    let Some(mime_types) = mime_types(&paths) else {
        return eprintln!("skipped: the program `file` is not installed");
    };
    assert_eq!(mime_types.len(), paths.len(), "one answer a file");
    for (path, mime_type) in paths.iter().zip(&mime_types) {
        assert_agreement(path, mime_type);
    }
}
