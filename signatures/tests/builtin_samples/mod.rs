//! What the rules of `signatures/sources/` must find, and what they must leave alone.
//!
//! Every sample is built here by code and is harmless: inert text or headers around the one
//! indicator that a rule looks for, nothing that would work. A raised dot (`·`) in a text is
//! taken out when the sample is built; it stands inside every indicator, so that no file of this
//! repository (and no test program made from it) holds one whole and alarms another scanner.
//!
//! One file a family, named as in `signatures/sources/`; `build.rs` makes the binary formats.

mod archives;
mod build;
mod cradles;
mod miners;
mod office;
mod programs;
mod shells;
mod shortcuts;
mod test_files;
mod webshells;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The finding whose positive case cannot be built here: the program behind the digest is under
/// the GPL, so its bytes may not be part of these sources. Debian's package `clamav-testfiles` has
/// it, forty times over; the rows of digests themselves are tested by EICAR's.
const WITHOUT_POSITIVES: &str = "Test.ClamAV.File";

/// One file to scan, and the names of the findings that it must give: all of them, no other.
pub(crate) struct Sample {
    /// The finding that the sample is a case for or nearly is one for.
    pub(crate) rule: &'static str,
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) expect: Vec<&'static str>,
}

/// A sample that `rule`, and nothing else, must find.
fn hit(rule: &'static str, name: &'static str, bytes: impl Into<Vec<u8>>) -> Sample {
    Sample { rule, name, bytes: bytes.into(), expect: vec![rule] }
}

/// A near miss: what looks like a case for `rule` to a careless one, and is none.
fn miss(rule: &'static str, name: &'static str, bytes: impl Into<Vec<u8>>) -> Sample {
    Sample { rule, name, bytes: bytes.into(), expect: Vec::new() }
}

/// The text without the raised dots that keep its indicator from standing whole in the source.
fn plain(text: &str) -> String {
    text.replace('·', "")
}

/// All samples, family by family.
pub(crate) fn samples() -> Vec<Sample> {
    [
        test_files::samples(),
        webshells::samples(),
        cradles::samples(),
        office::samples(),
        shortcuts::samples(),
        archives::samples(),
        programs::samples(),
        miners::samples(),
        shells::samples(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Scans every sample with `findings` (bytes to finding names) and tells where it disagrees.
pub(crate) fn disagreements(findings: impl Fn(&[u8]) -> Vec<String>) -> Vec<String> {
    samples()
        .iter()
        .filter_map(|sample| {
            let found: BTreeSet<String> = findings(&sample.bytes).into_iter().collect();
            let expected: BTreeSet<String> =
                sample.expect.iter().map(|name| (*name).to_owned()).collect();
            (found != expected).then(|| {
                let Sample { rule, name, .. } = sample;
                format!("{rule}, {name}: expected {expected:?}, found {found:?}")
            })
        })
        .collect()
}

/// The finding names that have fewer than two positive or fewer than two negative samples, and
/// the samples whose name is in no source.
pub(crate) fn uncovered(names: &BTreeSet<String>) -> Vec<String> {
    let mut counts: BTreeMap<&str, (usize, usize)> =
        names.iter().map(|name| (name.as_str(), (0, 0))).collect();
    for sample in samples() {
        let (hits, misses) = counts.entry(sample.rule).or_default();
        if sample.expect.is_empty() { *misses += 1 } else { *hits += 1 }
    }
    counts
        .into_iter()
        .filter(|(name, (hits, misses))| {
            let wanted = if *name == WITHOUT_POSITIVES { 0 } else { 2 };
            !names.contains(*name) || *hits < wanted || *misses < 2
        })
        .map(|(name, (hits, misses))| format!("{name}: {hits} positive, {misses} negative"))
        .collect()
}

/// The names that the sources in `folder` give to their findings: the `name` of every YARA rule
/// and the second field of every hash row.
pub(crate) fn names_in_sources(folder: &Path) -> std::io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let text = std::fs::read_to_string(&path)?;
        let found = text.lines().filter_map(|line| match path.extension()?.to_str()? {
            "yar" => line.trim().strip_prefix("name = \"")?.strip_suffix('"'),
            "csv" if !line.starts_with('#') => line.split(',').nth(1),
            _ => None,
        });
        names.extend(found.map(str::to_owned));
    }
    Ok(names)
}
