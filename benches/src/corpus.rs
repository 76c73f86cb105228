//! The files under scan: found, counted, read once for comparison.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::generate::{Donor, Program};
use anyhow::{Context, Result, ensure};
use pellucid::identify::{self, FileType};
use pellucid::inspect;
use serde::Serialize;

/// Smaller files give nothing to cut signatures from.
const DONOR_SIZE: u64 = 4096;

/// A folder of files. Symbolic links are not followed, neither here nor by any contender.
#[derive(Debug)]
pub struct Corpus {
    /// The folder, absolute and without links.
    pub folder: PathBuf,
    /// Regular files, sorted.
    pub files: Vec<PathBuf>,
    /// The same in numbers.
    pub size: Size,
}

/// How much there is to scan.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Size {
    /// Regular files.
    pub files: u64,
    /// Those that hold nothing, which some contenders pass over.
    pub empty_files: u64,
    /// Altogether.
    pub bytes: u64,
}

impl Corpus {
    /// Finds and counts the files.
    pub fn open(folder: &Path) -> Result<Self> {
        let folder = folder.canonicalize().with_context(|| format!("{}", folder.display()))?;
        let mut files = files_under(&folder)?;
        files.sort_unstable();
        ensure!(!files.is_empty(), "{}: there is no file in it", folder.display());
        let mut size = Size::default();
        for file in &files {
            let length = fs::symlink_metadata(file)?.len();
            size.files += 1;
            size.empty_files += u64::from(length == 0);
            size.bytes += length;
        }
        Ok(Self { folder, files, size })
    }

    /// Programs that signatures can be cut from, by their first bytes.
    pub fn donors(&self) -> Result<Vec<&Path>> {
        let mut donors = Vec::new();
        for file in &self.files {
            let large_enough = fs::symlink_metadata(file)?.len() >= DONOR_SIZE;
            if large_enough && begins_like_a_program(file)? {
                donors.push(file.as_path());
            }
        }
        ensure!(!donors.is_empty(), "{}: there is no program in it", self.folder.display());
        Ok(donors)
    }

    /// Bytes of some files, and of those in some folders.
    pub fn lengths(paths: &[PathBuf]) -> Result<u64> {
        let mut bytes = 0;
        for path in paths {
            for file in files_under(path)? {
                bytes += fs::symlink_metadata(&file)?.len();
            }
        }
        Ok(bytes)
    }

    /// Reads every file and adds its bytes up: nothing that looks at them all can be faster than
    /// this on one core. Bytes for each second.
    pub fn read_sum(&self) -> Result<f64> {
        let (mut buffer, mut sum) = (Vec::new(), 0_u64);
        let start = Instant::now();
        for file in &self.files {
            buffer.clear();
            File::open(file)?.read_to_end(&mut buffer)?;
            sum = sum.wrapping_add(sum_of(&buffer));
        }
        std::hint::black_box(sum);
        Ok(self.size.bytes as f64 / start.elapsed().as_secs_f64())
    }
}

/// All bytes added up, eight at a time.
pub fn sum_of(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let words = words.iter().map(|&word| u64::from_le_bytes(word));
    let rest = rest.iter().map(|&byte| u64::from(byte));
    words.chain(rest).fold(0, u64::wrapping_add)
}

/// Regular files under a folder, or the file itself.
pub fn files_under(root: &Path) -> Result<Vec<PathBuf>> {
    let (mut files, mut waiting) = (Vec::new(), vec![root.to_owned()]);
    while let Some(path) = waiting.pop() {
        let kind =
            fs::symlink_metadata(&path).with_context(|| format!("{}", path.display()))?.file_type();
        if kind.is_dir() {
            for entry in fs::read_dir(&path).with_context(|| format!("{}", path.display()))? {
                waiting.push(entry?.path());
            }
        } else if kind.is_file() {
            files.push(path);
        }
    }
    Ok(files)
}

fn begins_like_a_program(file: &Path) -> Result<bool> {
    let mut start = [0; 4];
    File::open(file)
        .and_then(|mut file| file.read_exact(&mut start))
        .with_context(|| format!("{}", file.display()))?;
    Ok(start.starts_with(b"MZ") || start == *b"\x7fELF")
}

/// Reads a program with what signatures may ask about it. The engine's own parsers say where it
/// starts; were they wrong, the other contenders would not find what is cut there.
pub fn read_donor(file: &Path) -> std::io::Result<Donor> {
    let bytes = fs::read(file)?;
    let identified = identify::identify(&bytes);
    let target = match identified.types() {
        types if types.contains(FileType::Pe) => Some(1),
        types if types.contains(FileType::Elf) => Some(6),
        _ => None,
    };
    let entry_point = inspect::layout(&bytes, &identified.found)
        .and_then(|layout| usize::try_from(layout.entry_point?).ok());
    Ok(Donor { program: target.map(|target| Program { target, entry_point }), bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_and_links_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inside")).unwrap();
        fs::write(folder.path().join("inside/a"), [1; 10]).unwrap();
        fs::write(folder.path().join("empty"), []).unwrap();
        std::os::unix::fs::symlink("inside/a", folder.path().join("link")).unwrap();
        std::os::unix::fs::symlink("..", folder.path().join("inside/loop")).unwrap();
        let corpus = Corpus::open(folder.path()).unwrap();
        assert_eq!((corpus.size.files, corpus.size.empty_files, corpus.size.bytes), (2, 1, 10));
        assert!(corpus.donors().is_err(), "none of them is a program");
    }

    #[test]
    fn every_byte_counts_in_the_sum() {
        assert_eq!(sum_of(&[1; 8]), 0x0101_0101_0101_0101);
        assert_eq!(sum_of(&[0, 0, 0, 0, 0, 0, 0, 0, 5, 6]), 11);
    }
}
