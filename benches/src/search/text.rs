//! The files under search, in memory, so that reading them is no part of what is measured.

use std::hint::black_box;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use pellucid::identify::{TypeSet, identify};
use pellucid_benches::corpus::{Corpus, sum_of};
use pellucid_benches::cost::processor_time;

/// Some files and their contents.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) files: Vec<File>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
    /// What the engine takes it for, found out beforehand.
    pub(crate) types: TypeSet,
}

impl Text {
    /// As many whole files as fit, in the order of the corpus.
    pub(crate) fn read(corpus: &Corpus, most: u64) -> Result<Self> {
        let (mut files, mut left) = (Vec::new(), most);
        for path in &corpus.files {
            let length = std::fs::symlink_metadata(path)?.len();
            if length == 0 || length > left {
                continue;
            }
            left -= length;
            let bytes = std::fs::read(path)?;
            let types = identify(&bytes).types();
            files.push(File { path: path.clone(), bytes, types });
        }
        ensure!(!files.is_empty(), "there is no file of that size or less");
        Ok(Self { files })
    }

    /// Bytes of the first files.
    pub(crate) fn length(&self, files: usize) -> u64 {
        self.files.iter().take(files).map(|file| file.bytes.len() as u64).sum()
    }

    /// Processor seconds to add all bytes up: what looking at them costs at least. The best of three.
    pub(crate) fn read_sum(&self) -> Result<f64> {
        let mut best = f64::MAX;
        for _ in 0..3 {
            let start = processor_time()?;
            for file in &self.files {
                black_box(sum_of(black_box(&file.bytes)));
            }
            best = best.min(processor_time()? - start);
        }
        Ok(best)
    }
}
