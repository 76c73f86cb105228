//! Writes a file whole or not at all.
//!
//! The bytes go to a new file beside the target, are brought to disk, and take the target's place by
//! a rename. If the machine stops before the rename, the old file is untouched and a file
//! `.NAME.PID.part` may be left over, which can be deleted; after it, the new file is complete.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Makes `bytes` the content of `target`.
pub(super) fn replace(target: &Path, bytes: &[u8]) -> io::Result<()> {
    refuse_special(target)?;
    let part = part_beside(target)?;
    let written = write_new(&part, bytes).and_then(|()| fs::rename(&part, target));
    if written.is_err() {
        // The first error is the one to tell; a leftover is harmless.
        let _ = fs::remove_file(&part);
    }
    written
}

/// A device or folder must not be replaced by a file.
fn refuse_special(target: &Path) -> io::Result<()> {
    match fs::metadata(target) {
        Ok(found) if !found.is_file() => Err(io::Error::other("it is there and no regular file")),
        _ => Ok(()),
    }
}

fn part_beside(target: &Path) -> io::Result<PathBuf> {
    let name = target
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it has no file name"))?;
    let mut part = OsString::from(".");
    part.push(name);
    part.push(format!(".{}.part", std::process::id()));
    Ok(target.with_file_name(part))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_file_takes_the_place_of_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.pset");
        replace(&target, b"old").unwrap();
        replace(&target, b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
    }

    #[test]
    fn a_folder_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        assert!(replace(folder.path(), b"x").is_err());
        assert!(replace(Path::new("/dev/null"), b"x").is_err());
        assert!(replace(&folder.path().join(".."), b"x").is_err());
    }

    #[test]
    fn a_failed_rename_leaves_nothing_over() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("missing").join("a.pset");
        assert!(replace(&target, b"x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
