//! One comparison: the same signatures, the same files, everybody in turns.
//!
//! First a round that does not count: it fills the page cache and gives the findings that are
//! compared. Then the counted rounds, A B A B, so that what slows the machine down for a while slows
//! everybody down; ratios are taken inside of a round. Then as many rounds over a folder with one tiny
//! file, which show what it costs to start and to make the signatures ready.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use pellucid_benches::cost::Cost;
use serde::Serialize;

use crate::contender::{Contender, Finding, Said};
use crate::measure;
use crate::prepare::{Ready, Set};
use crate::rules::Excluded;
use crate::workload::{Signatures, Workload};
use pellucid_benches::corpus::{Corpus, Size};
use pellucid_benches::statistics::Spread;

/// What every comparison of a run shares.
#[derive(Debug)]
pub(crate) struct Bench<'b> {
    /// The program `pellucid`.
    pub(crate) pellucid: &'b Path,
    /// Counted rounds.
    pub(crate) rounds: u32,
    /// Where signatures, sets and outputs are written.
    pub(crate) folder: &'b Path,
}

/// What a comparison showed.
#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    pub(crate) workload: Workload,
    pub(crate) size: Size,
    /// Bytes for each second of reading the files and adding them up.
    pub(crate) read_sum: f64,
    pub(crate) set: Set,
    /// Rules that were taken out for all.
    pub(crate) excluded: Vec<Excluded>,
    /// Pellucid first.
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) differences: Vec<Difference>,
    /// Peers that took no part, and why.
    pub(crate) skipped: Vec<String>,
}

/// What one contender did.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) name: &'static str,
    pub(crate) version: String,
    pub(crate) command: String,
    /// One for each counted round.
    pub(crate) runs: Vec<Cost>,
    /// The same over one tiny file.
    pub(crate) starts: Vec<Cost>,
    pub(crate) findings: usize,
    /// Files that it says it looked at, and those that it did not look at in full.
    pub(crate) files: Option<u64>,
    pub(crate) partial: Option<u64>,
}

/// A finding that only one of two has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    /// Who has it.
    pub(crate) only: &'static str,
    /// Who has it not.
    pub(crate) not: &'static str,
    pub(crate) finding: Finding,
}

impl Outcome {
    pub(crate) fn wall(&self) -> Option<Spread> {
        Spread::of(self.runs.iter().map(|cost| cost.wall))
    }

    pub(crate) fn processor(&self) -> Option<Spread> {
        Spread::of(self.runs.iter().map(|cost| cost.processor))
    }

    pub(crate) fn start(&self) -> Option<Spread> {
        Spread::of(self.starts.iter().map(|cost| cost.wall))
    }

    pub(crate) fn memory(&self) -> Option<u64> {
        self.runs.iter().map(|cost| cost.memory).max()
    }

    /// How many times the time of `other` it took, round by round.
    pub(crate) fn ratio_to(&self, other: &Outcome) -> Option<Spread> {
        let pairs = self.runs.iter().zip(&other.runs);
        Spread::of(pairs.map(|(own, other)| own.wall / other.wall))
    }
}

impl Bench<'_> {
    /// Runs a workload.
    pub(crate) fn compare(&self, workload: Workload, corpus: &Corpus) -> Result<Comparison> {
        eprintln!("{}: making the signatures ready", workload.name);
        let ready = self.make_ready(&workload, corpus)?;
        let read_sum = corpus.read_sum()?;
        let said = self.first_round(&ready, corpus)?;
        let generated = matches!(workload.signatures, Signatures::Generate(_));
        let hits = said.iter().any(|said| !said.findings.is_empty());
        ensure!(hits || !generated, "none of the generated signatures hit, though some must");
        let mut outcomes = outcomes(&ready.contenders, &said, &corpus.folder);
        for round in 1..=self.rounds {
            eprintln!("{}: round {round} of {}", workload.name, self.rounds);
            for ((contender, said), outcome) in
                ready.contenders.iter().zip(&said).zip(&mut outcomes)
            {
                let (cost, again) = self.run(contender, &corpus.folder)?;
                let again = named(again, &ready.names);
                ensure!(again == *said, "{} does not find the same twice", contender.name);
                outcome.runs.push(cost);
            }
        }
        self.measure_starts(&ready.contenders, &mut outcomes)?;
        Ok(Comparison {
            workload,
            size: corpus.size,
            read_sum,
            set: ready.set,
            excluded: ready.excluded,
            differences: differences(&ready.contenders, &said),
            outcomes,
            skipped: ready.skipped,
        })
    }

    /// The round that does not count: what everybody finds.
    fn first_round(&self, ready: &Ready, corpus: &Corpus) -> Result<Vec<Said>> {
        let mut all = Vec::new();
        for contender in &ready.contenders {
            eprintln!("{} scans for the first time", contender.name);
            let (_, said) = self.run(contender, &corpus.folder)?;
            if let Some(files) = said.files {
                let expected = corpus.size.files - corpus.size.empty_files..=corpus.size.files;
                ensure!(
                    expected.contains(&files),
                    "{} looked at {files} files of {}",
                    contender.name,
                    corpus.size.files
                );
            }
            all.push(named(said, &ready.names));
        }
        Ok(all)
    }

    fn run(&self, contender: &Contender, folder: &Path) -> Result<(Cost, Said)> {
        let path = |suffix: &str| self.folder.join(format!("{}.{suffix}", contender.name));
        let (output, errors) = (path("out"), path("err"));
        let run = measure::run(&contender.command(folder), &output, &errors)?;
        ensure!(
            contender.accepts(run.status),
            "{} ended with {:?}: {}",
            contender.name,
            run.status,
            measure::last_lines(&errors)
        );
        Ok((run.cost, contender.read(&fs::read(&output)?, folder)?))
    }

    fn measure_starts(&self, contenders: &[Contender], outcomes: &mut [Outcome]) -> Result<()> {
        let tiny = self.folder.join("tiny");
        fs::create_dir_all(&tiny)?;
        fs::write(tiny.join("file"), b"x")?;
        for _ in 0..self.rounds {
            for (contender, outcome) in contenders.iter().zip(&mut *outcomes) {
                outcome.starts.push(self.run(contender, &tiny)?.0);
            }
        }
        Ok(())
    }
}

/// Findings under the names that Pellucid gives to signatures.
fn named(said: Said, names: &HashMap<String, String>) -> Said {
    let rename = |finding: Finding| Finding {
        signature: names.get(&finding.signature).cloned().unwrap_or(finding.signature),
        ..finding
    };
    Said { findings: said.findings.into_iter().map(rename).collect(), ..said }
}

fn outcomes(contenders: &[Contender], said: &[Said], folder: &Path) -> Vec<Outcome> {
    let outcome = |(contender, said): (&Contender, &Said)| Outcome {
        name: contender.name,
        version: contender.version.clone(),
        command: measure::readable(&contender.command(folder)),
        runs: Vec::new(),
        starts: Vec::new(),
        findings: said.findings.len(),
        files: said.files,
        partial: said.partial,
    };
    contenders.iter().zip(said).map(outcome).collect()
}

/// What Pellucid, the first, and each peer do not both have.
fn differences(contenders: &[Contender], said: &[Said]) -> Vec<Difference> {
    let mut all = contenders.iter().map(|contender| contender.name).zip(said);
    let Some((own_name, own)) = all.next() else { return Vec::new() };
    let mut differences = Vec::new();
    for (peer_name, peer) in all {
        differences.extend(only_in(own_name, &own.findings, peer_name, &peer.findings));
        differences.extend(only_in(peer_name, &peer.findings, own_name, &own.findings));
    }
    differences
}

fn only_in<'f>(
    only: &'static str,
    these: &'f BTreeSet<Finding>,
    not: &'static str,
    those: &'f BTreeSet<Finding>,
) -> impl Iterator<Item = Difference> + 'f {
    these.difference(those).map(move |finding| Difference { only, not, finding: finding.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(pairs: &[(&str, &str)]) -> BTreeSet<Finding> {
        let finding = |&(path, signature): &(&str, &str)| Finding {
            path: path.to_owned(),
            signature: signature.to_owned(),
        };
        pairs.iter().map(finding).collect()
    }

    #[test]
    fn a_finding_of_one_side_is_a_difference_with_its_side() {
        let (own, peer) = (findings(&[("a", "X"), ("b", "X")]), findings(&[("b", "X")]));
        let found: Vec<_> = only_in("pellucid", &own, "yara", &peer).collect();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].only, found[0].finding.path.as_str()), ("pellucid", "a"));
        assert_eq!(only_in("yara", &peer, "pellucid", &own).count(), 0);
    }

    #[test]
    fn peers_get_our_names() {
        let names = HashMap::from([("n0:rule".to_owned(), "Shown".to_owned())]);
        let findings = findings(&[("a", "n0:rule"), ("a", "other")]);
        let said = named(Said { findings, ..Said::default() }, &names);
        let names: Vec<_> = said.findings.iter().map(|f| f.signature.as_str()).collect();
        assert_eq!(names, ["Shown", "other"]);
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        let outcome = |walls: &[f64]| Outcome {
            name: "",
            version: String::new(),
            command: String::new(),
            runs: walls.iter().map(|&wall| Cost { wall, processor: 0.0, memory: 0 }).collect(),
            starts: Vec::new(),
            findings: 0,
            files: None,
            partial: None,
        };
        let ratio = outcome(&[2.0, 8.0, 3.0]).ratio_to(&outcome(&[1.0, 2.0, 1.0])).unwrap();
        assert_eq!(ratio, Spread { median: 3.0, min: 2.0, max: 4.0 });
    }
}
