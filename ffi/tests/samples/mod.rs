//! A set that finds one mark, and files with and without it.

#![allow(dead_code, reason = "each test program uses a part")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use pellucid_signatures::{BuildOptions, build};

/// What the test set finds.
pub(crate) const MARK: &str = "pellucid-ffi test mark";

/// A set that finds the mark, and files with and without it.
pub(crate) struct Samples(tempfile::TempDir);

impl Samples {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let samples = Self(folder);
        let marked = format!("before {MARK} and after{}", ", again".repeat(50));
        fs::write(samples.path("clean.txt"), "nothing to see").unwrap();
        fs::write(samples.path("marked.bin"), &marked).unwrap();
        fs::write(samples.path("marked.gz"), gzip("marked.bin", &marked)).unwrap();
        fs::write(samples.path("marks.pset"), set(&samples.path("sources"))).unwrap();
        #[cfg(feature = "yara")]
        fs::write(samples.path("rules.pset"), rules(&samples.path("rules"))).unwrap();
        samples
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn paths(&self, names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(|name| self.path(name)).collect()
    }
}

/// A set with the one signature, from sources that are written to `folder`.
fn set(folder: &Path) -> Vec<u8> {
    let about = "origin = \"ffi-tests\"\nchannel = \"marks\"\nversion = 7\nlicence = \"CC0-1.0\"\n";
    let digits: String = MARK.bytes().map(|byte| format!("{byte:02x}")).collect();
    fs::create_dir(folder).unwrap();
    fs::write(folder.join("set.toml"), about).unwrap();
    fs::write(folder.join("marks.ndb"), format!("Test.Mark:0:*:{digits}\n")).unwrap();
    build(&[folder.to_owned()], &BuildOptions::default()).unwrap().set
}

/// A set with one rule that is evaluated for every file, asks much of it, and holds for none.
#[cfg(feature = "yara")]
fn rules(folder: &Path) -> Vec<u8> {
    let nested = format!("{}filesize > 0{}", "(".repeat(150), ")".repeat(150));
    let rule = format!(
        "import \"pe\" import \"elf\" import \"hash\" import \"math\"\n\
         rule deep {{ strings: $a = /[(<](\\[|\\)|y)?/ condition:\n\
         {nested} and (pe.is_pe or elf.type == elf.ET_DYN or filesize > 9) and\n\
         math.entropy(0, filesize) >= 0.0 and hash.md5(0, filesize) != \"\" and\n\
         for all i in (1..9) : (for all j in (1..3) : (@a[i] + j < 0)) }}\n"
    );
    fs::create_dir(folder).unwrap();
    fs::write(folder.join("deep.yar"), rule).unwrap();
    build(&[folder.to_owned()], &BuildOptions::default()).unwrap().set
}

fn gzip(name: &str, content: &str) -> Vec<u8> {
    let builder = flate2::GzBuilder::new().filename(name);
    let mut stream = builder.write(Vec::new(), flate2::Compression::default());
    stream.write_all(content.as_bytes()).unwrap();
    stream.finish().unwrap()
}
