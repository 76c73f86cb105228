//! Signatures made ready for everybody: generated or copied, freed of what one of the contenders
//! cannot read, and built into a set for Pellucid.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use pellucid_benches::cost::Cost;
use pellucid_benches::generate::{Databases, Donor, Wanted, generate, yara};
use serde::Serialize;

use crate::comparison::Bench;
use crate::contender::{Contender, Skipped};
use crate::measure;
use crate::rules::{Excluded, Rules};
use crate::workload::{Peer, Signatures, Workload};
use crate::yara_x;
use pellucid_benches::corpus::{Corpus, files_under, read_donor};

/// Signatures made ready for everybody.
pub(crate) struct Ready {
    pub(crate) contenders: Vec<Contender>,
    pub(crate) set: Set,
    /// Pellucid's names of signatures, by the peers' names where they differ.
    pub(crate) names: HashMap<String, String>,
    pub(crate) excluded: Vec<Excluded>,
    pub(crate) skipped: Vec<String>,
}

/// Pellucid's set, built once from the signatures.
#[derive(Debug, Serialize)]
pub(crate) struct Set {
    /// What building it cost.
    pub(crate) cost: Cost,
    /// The size of the file.
    pub(crate) bytes: u64,
    /// Hashes, patterns or rules that went into it.
    pub(crate) signatures: u64,
}

impl Bench<'_> {
    /// Makes the signatures of a workload ready.
    pub(crate) fn make_ready(&self, workload: &Workload, corpus: &Corpus) -> Result<Ready> {
        let sources = self.folder.join(format!("{}-signatures", workload.name));
        if sources.exists() {
            fs::remove_dir_all(&sources).with_context(|| format!("{}", sources.display()))?;
        }
        fs::create_dir_all(&sources)?;
        match &workload.signatures {
            Signatures::Generate(wanted) => {
                let databases = databases(*wanted, corpus)?;
                if workload.speaks_yara() {
                    let rules = self.folder.join(format!("{}-generated.yar", workload.name));
                    fs::write(&rules, yara::rules(&databases.ndb))?;
                    return self.ready_with_yara(workload, &[rules], &sources);
                }
                fs::write(sources.join("bench.hdb"), databases.hdb)?;
                fs::write(sources.join("bench.ndb"), databases.ndb)?;
                self.ready_with_clamav(workload, &sources)
            }
            Signatures::Clamav(paths) => {
                copy_databases(paths, &sources)?;
                self.ready_with_clamav(workload, &sources)
            }
            Signatures::Yara(paths) => self.ready_with_yara(workload, paths, &sources),
        }
    }

    fn ready_with_clamav(&self, workload: &Workload, sources: &Path) -> Result<Ready> {
        let (set, file) = self.build_set(workload, sources)?;
        let pellucid = Contender::pellucid(self.pellucid, &file, true)?;
        let (contenders, skipped) = with_peers(pellucid, [Contender::clamscan(sources)]);
        let (names, excluded) = Default::default();
        Ok(Ready { contenders, set, names, excluded, skipped })
    }

    fn ready_with_yara(
        &self,
        workload: &Workload,
        paths: &[PathBuf],
        sources: &Path,
    ) -> Result<Ready> {
        let installed = Contender::yara_version();
        let mut compilers = workload.peers.clone();
        compilers.retain(|peer| *peer != Peer::Yara || installed.is_ok());
        let rules = Rules::prepare(paths, &compilers, sources)?;
        let list = self.folder.join(format!("{}-rules.txt", workload.name));
        yara_x::write_list(&rules, &list)?;
        let (set, file) = self.build_set(workload, sources)?;
        ensure!(set.signatures == rules.count() as u64, "the set has not all of the rules");
        let pellucid = Contender::pellucid(self.pellucid, &file, false)?;
        let mut peers = Vec::new();
        for peer in &workload.peers {
            peers.push(match peer {
                Peer::Yara => installed.clone().map(|version| Contender::yara(version, &rules)),
                _ => Ok(Contender::yara_x(&list)?),
            });
        }
        let (contenders, skipped) = with_peers(pellucid, peers);
        Ok(Ready { contenders, set, names: rules.shown_names(), excluded: rules.excluded, skipped })
    }

    /// Builds Pellucid's set with its own command. Nothing may be left out of it.
    fn build_set(&self, workload: &Workload, sources: &Path) -> Result<(Set, PathBuf)> {
        let path = |suffix: &str| self.folder.join(format!("{}{suffix}", workload.name));
        let (set, report) = (path(".pset"), path("-report.json"));
        let (output, errors) = (path("-build.out"), path("-build.err"));
        let mut command = vec![self.pellucid.as_os_str().to_owned()];
        command.extend(["set", "build", "--output"].map(Into::into));
        command.extend(
            [set.clone(), "--report".into(), report.clone(), sources.into()].map(Into::into),
        );
        let run = measure::run(&command, &output, &errors)?;
        let failed = || format!("set build failed: {}", measure::last_lines(&errors));
        ensure!(run.status == Some(0), failed());
        let report: serde_json::Value = serde_json::from_slice(&fs::read(&report)?)?;
        let count = |what: &str| report.pointer(what).and_then(serde_json::Value::as_u64);
        let counts = ["/total/taken", "/total/skipped", "/total/refused"].map(count);
        let [Some(taken), Some(0), Some(0)] = counts else {
            anyhow::bail!("the set lacks signatures: see {}", path("-report.json").display());
        };
        let bytes = fs::metadata(&set)?.len();
        Ok((Set { cost: run.cost, bytes, signatures: taken }, set))
    }
}

fn databases(wanted: Wanted, corpus: &Corpus) -> Result<Databases> {
    let donors = corpus.donors()?;
    let read =
        |number: usize| donors.get(number).map_or_else(|| Ok(Donor::default()), |f| read_donor(f));
    Ok(generate(wanted, donors.len(), read)?)
}

fn with_peers(
    pellucid: Contender,
    peers: impl IntoIterator<Item = Result<Contender, Skipped>>,
) -> (Vec<Contender>, Vec<String>) {
    let (mut contenders, mut skipped) = (vec![pellucid], Vec::new());
    for peer in peers {
        match peer {
            Ok(contender) => contenders.push(contender),
            Err(Skipped(why)) => {
                eprintln!("skipped: {why}");
                skipped.push(why);
            }
        }
    }
    (contenders, skipped)
}

/// Copies the ClamAV files that all contenders read.
fn copy_databases(paths: &[PathBuf], sources: &Path) -> Result<()> {
    let mut copied = 0;
    for path in paths {
        for file in files_under(path)? {
            let known = ["hdb", "hsb", "ndb"].map(Some);
            let extension = file.extension().and_then(|extension| extension.to_str());
            if known.contains(&extension) {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                fs::copy(&file, sources.join(format!("{copied}-{name}")))?;
                copied += 1;
            }
        }
    }
    ensure!(copied > 0, "there is no .hdb, .hsb or .ndb file in {paths:?}");
    Ok(())
}
