//! Workloads, described as data: `workloads.toml` says which signatures are put to which scanners.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use pellucid_benches::generate::Wanted;
use serde::{Deserialize, Serialize};

/// A file of workloads.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Workloads {
    workload: Vec<Workload>,
}

/// One comparison.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Workload {
    /// Short, for tables and file names.
    pub(crate) name: String,
    /// What it shows.
    pub(crate) about: String,
    /// The folder to scan, where the command line names none.
    pub(crate) files: Option<PathBuf>,
    /// What is looked for.
    pub(crate) signatures: Signatures,
    /// Who looks for it, beside Pellucid.
    pub(crate) peers: Vec<Peer>,
}

/// What is looked for.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Signatures {
    /// ClamAV signatures, cut from the files under scan; for YARA the patterns as rules.
    Generate(Wanted),
    /// Files or folders of .hdb, .hsb and .ndb.
    Clamav(Vec<PathBuf>),
    /// Files or folders of .yar and .yara.
    Yara(Vec<PathBuf>),
}

/// Another scanner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Peer {
    /// ClamAV's `clamscan`.
    Clamscan,
    /// YARA 4's `yara`.
    Yara,
    /// The yara-x library, in a plain loop over files.
    YaraX,
}

/// What the command line says instead of the file.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    pub(crate) files: Option<PathBuf>,
    pub(crate) rules: Vec<PathBuf>,
    pub(crate) generate: Option<u64>,
}

/// Reads workloads. Relative paths in the file are taken from the file's folder.
pub(crate) fn read(file: &Path) -> Result<Vec<Workload>> {
    let text = fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
    let mut workloads: Workloads =
        toml::from_str(&text).with_context(|| format!("{}", file.display()))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    for workload in &mut workloads.workload {
        workload.check()?;
        workload.make_paths_absolute(folder);
    }
    Ok(workloads.workload)
}

impl Workload {
    fn check(&self) -> Result<()> {
        let speaks_yara = |peer: &Peer| *peer != Peer::Clamscan;
        let fits = match self.signatures {
            Signatures::Generate(_) => {
                self.peers.iter().all(speaks_yara) || !self.peers.iter().any(speaks_yara)
            }
            Signatures::Clamav(_) => !self.peers.iter().any(speaks_yara),
            Signatures::Yara(_) => self.peers.iter().all(speaks_yara),
        };
        ensure!(
            fits && !self.peers.is_empty(),
            "workload {}: ClamAV's signatures are for clamscan, YARA rules for yara and yara-x",
            self.name
        );
        Ok(())
    }

    fn make_paths_absolute(&mut self, folder: &Path) {
        self.files.iter_mut().for_each(|path| *path = folder.join(&path));
        if let Signatures::Clamav(paths) | Signatures::Yara(paths) = &mut self.signatures {
            paths.iter_mut().for_each(|path| *path = folder.join(&path));
        }
    }

    /// Whether its peers read YARA rules.
    pub(crate) fn speaks_yara(&self) -> bool {
        !self.peers.contains(&Peer::Clamscan)
    }

    /// The workload as the command line wants it.
    pub(crate) fn with(mut self, overrides: &Overrides) -> Self {
        self.files = overrides.files.clone().or(self.files);
        match &mut self.signatures {
            Signatures::Generate(wanted) => {
                wanted.hashes = overrides.generate.unwrap_or(wanted.hashes);
                wanted.patterns = overrides.generate.unwrap_or(wanted.patterns);
            }
            Signatures::Yara(rules) if !overrides.rules.is_empty() => {
                rules.clone_from(&overrides.rules);
            }
            Signatures::Yara(_) | Signatures::Clamav(_) => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workloads_of_the_project_are_valid() {
        let workloads =
            read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads.toml")).unwrap();
        assert!(workloads.len() > 2);
    }

    #[test]
    fn a_peer_gets_only_what_it_understands() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("w.toml");
        let text = |peer: &str| {
            format!(
                "[[workload]]\nname = 'a'\nabout = ''\npeers = ['{peer}']\n\
                 signatures.yara = ['rules']\n"
            )
        };
        fs::write(&file, text("clamscan")).unwrap();
        assert!(read(&file).unwrap_err().to_string().contains("workload a"));
        fs::write(&file, text("yara-x")).unwrap();
        let workloads = read(&file).unwrap();
        let Signatures::Yara(rules) = &workloads[0].signatures else { panic!("other signatures") };
        assert_eq!(*rules, [folder.path().join("rules")], "from the file's own folder");
    }
}
