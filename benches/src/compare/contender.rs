//! Who scans: the command lines, and how their outputs are read.
//!
//! Every contender gets one folder as its last argument, runs on one thread, and says which
//! signatures hit which files. All flags stand here, each with its reason.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::rules::Rules;

/// The largest size that clamscan takes for its own limits.
const CLAMSCAN_SIZE: &str = "2000M";

/// Cargo.lock says which yara-x this program was linked with.
const LOCK: &str = include_str!("../../../Cargo.lock");

/// One scanner with everything but the folder to scan.
#[derive(Debug)]
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) version: String,
    arguments: Vec<OsString>,
    accepted: &'static [i32],
    output: Output,
}

/// The shape of an output.
#[derive(Clone, Copy, Debug)]
enum Output {
    /// `PATH: NAME FOUND`, then a summary.
    Clamscan,
    /// `NAMESPACE:RULE PATH`.
    Rules,
    /// One JSON object a file.
    Ndjson,
}

/// What one run said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// Every signature that hit, with the file's path inside of the folder.
    pub(crate) findings: BTreeSet<Finding>,
    /// How many files it looked at, where it says so.
    pub(crate) files: Option<u64>,
    /// How many of them it did not look at in full, where it says so.
    pub(crate) partial: Option<u64>,
}

/// A signature that hit a file, or something inside of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub(crate) struct Finding {
    pub(crate) path: String,
    pub(crate) signature: String,
}

/// Why a peer takes no part.
#[derive(Clone, Debug)]
pub(crate) struct Skipped(pub(crate) String);

impl Contender {
    /// `clamscan` with the databases of a folder.
    pub(crate) fn clamscan(databases: &Path) -> Result<Self, Skipped> {
        let version = version_of("clamscan", "clamav")?;
        let mut arguments = words(&[
            "clamscan",
            // Every signature that hits, as we do, and not only the first.
            "--allmatch",
            "--infected",
            "--stdout",
            "--recursive",
            // Links are left alone by all.
            "--follow-dir-symlinks=0",
            "--follow-file-symlinks=0",
            // A file that equals an earlier one is scanned again, as by all.
            "--disable-cache",
            // Detection that is not in the signatures.
            "--bytecode=no",
            "--phishing-sigs=no",
            "--phishing-scan-urls=no",
            "--heuristic-alerts=no",
            // No limit keeps a file from being scanned: 0 is none.
            "--max-scantime=0",
            "--max-files=0",
        ]);
        arguments.push(format!("--max-filesize={CLAMSCAN_SIZE}").into());
        arguments.push(format!("--max-scansize={CLAMSCAN_SIZE}").into());
        arguments.push("--database".into());
        arguments.push(databases.into());
        let (accepted, output) = (&[0, 1], Output::Clamscan);
        Ok(Self { name: "clamscan", version, arguments, accepted, output })
    }

    /// The version of `yara`, if it is installed.
    pub(crate) fn yara_version() -> Result<String, Skipped> {
        version_of("yara", "yara")
    }

    /// `yara`, each file of rules in a namespace of its own.
    pub(crate) fn yara(version: String, rules: &Rules) -> Self {
        let mut arguments = words(&[
            "yara",
            "--no-warnings",
            "--threads=1",
            "--recursive",
            "--no-follow-symlinks",
            "--print-namespace",
            // Strings are not searched further than conditions need; yara-x gets the same.
            "--fast-scan",
            // No file is given up.
            "--timeout=1000000",
        ]);
        arguments.extend(rules.files().map(|file| {
            let mut argument = OsString::from(format!("{}:", file.namespace));
            argument.push(&file.path);
            argument
        }));
        Self { name: "yara", version, arguments, accepted: &[0], output: Output::Rules }
    }

    /// The yara-x library: this program again, as `compare yara-x`.
    pub(crate) fn yara_x(list: &Path) -> Result<Self> {
        let own = std::env::current_exe().context("cannot find this program's own file")?;
        let arguments = vec![own.into(), "yara-x".into(), list.into()];
        let version = locked_version("yara-x").unwrap_or_else(|| "unknown".to_owned());
        Ok(Self { name: "yara-x", version, arguments, accepted: &[0], output: Output::Rules })
    }

    /// `pellucid scan` with one set. Peers that do not unpack are met on equal terms without unpacking.
    pub(crate) fn pellucid(program: &Path, set: &Path, unpack: bool) -> Result<Self> {
        let version = Command::new(program).arg("--version").output();
        let version = version.with_context(|| format!("{}", program.display()))?.stdout;
        let mut arguments = vec![program.into()];
        arguments.extend(words(&["scan", "--jobs=1", "--format=ndjson", "--quiet"]));
        // No file is given up.
        arguments.push("--timeout=24h".into());
        if !unpack {
            arguments.push("--max-depth=0".into());
        }
        arguments.push("--set".into());
        arguments.push(set.into());
        let version = String::from_utf8_lossy(&version).trim().to_owned();
        // 2: nothing was found, and something (a container that was not unpacked) not looked at.
        let (accepted, output) = (&[0, 1, 2], Output::Ndjson);
        Ok(Self { name: "pellucid", version, arguments, accepted, output })
    }

    /// The command that scans `folder`.
    pub(crate) fn command(&self, folder: &Path) -> Vec<OsString> {
        let folder = folder.as_os_str().to_owned();
        self.arguments.iter().cloned().chain([folder]).collect()
    }

    /// Whether the exit status is one of a scan that went to its end.
    pub(crate) fn accepts(&self, status: Option<i32>) -> bool {
        status.is_some_and(|status| self.accepted.contains(&status))
    }

    /// Reads what a run wrote.
    pub(crate) fn read(&self, output: &[u8], folder: &Path) -> Result<Said> {
        match self.output {
            Output::Clamscan => read_clamscan(&String::from_utf8_lossy(output), folder),
            Output::Rules => Ok(read_rules(&String::from_utf8_lossy(output), folder)),
            Output::Ndjson => read_ndjson(output, folder),
        }
        .with_context(|| format!("cannot read what {} wrote", self.name))
    }
}

/// Pellucid's command line program, beside this one.
pub(crate) fn pellucid_program() -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find this program's own file")?;
    let program = own.with_file_name("pellucid");
    if program.is_file() {
        return Ok(program);
    }
    let release = if cfg!(debug_assertions) { "" } else { " --release" };
    bail!("{} is missing; `cargo build{release} -p pellucid-cli` builds it", program.display())
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

fn version_of(program: &'static str, package: &str) -> Result<String, Skipped> {
    match Command::new(program).arg("--version").output() {
        Ok(output) => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(Skipped(format!("{program} is not installed (apt install {package})")))
        }
        Err(error) => Err(Skipped(format!("{program} cannot be started: {error}"))),
    }
}

fn locked_version(package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let version = LOCK.lines().skip_while(|line| *line != name).nth(1)?;
    Some(version.strip_prefix("version = ")?.trim_matches('"').to_owned())
}

fn inside(path: &str, folder: &Path) -> Result<String> {
    let inside = Path::new(OsStr::new(path)).strip_prefix(folder);
    let inside = inside.with_context(|| format!("{path} is not in {}", folder.display()))?;
    Ok(inside.to_string_lossy().into_owned())
}

fn read_clamscan(text: &str, folder: &Path) -> Result<Said> {
    let mut said = Said::default();
    for line in text.lines() {
        if let Some(hit) = line.strip_suffix(" FOUND") {
            let (path, name) = hit.rsplit_once(": ").with_context(|| line.to_owned())?;
            let signature = name.strip_suffix(".UNOFFICIAL").unwrap_or(name).to_owned();
            said.findings.insert(Finding { path: inside(path, folder)?, signature });
        } else if let Some(files) = line.strip_prefix("Scanned files: ") {
            said.files = Some(files.trim().parse()?);
        }
    }
    Ok(said)
}

/// Rules write lines of their own with `console.log`, which are passed over.
fn read_rules(text: &str, folder: &Path) -> Said {
    let mut said = Said::default();
    for (rule, path) in text.lines().filter_map(|line| line.split_once(' ')) {
        if let Ok(path) = inside(path, folder) {
            said.findings.insert(Finding { path, signature: rule.to_owned() });
        }
    }
    said
}

/// One line of `pellucid scan --format ndjson`, as far as we ask.
#[derive(Deserialize)]
struct FileRecord {
    path: String,
    completeness: String,
    findings: Vec<FindingRecord>,
}

#[derive(Deserialize)]
struct FindingRecord {
    name: String,
}

fn read_ndjson(output: &[u8], folder: &Path) -> Result<Said> {
    let (mut findings, mut files, mut partial) = (BTreeSet::new(), 0, 0);
    for record in serde_json::Deserializer::from_slice(output).into_iter::<FileRecord>() {
        let record = record?;
        files += 1;
        partial += u64::from(record.completeness != "complete");
        let path = inside(&record.path, folder)?;
        let names = record.findings.into_iter().map(|finding| finding.name);
        findings.extend(names.map(|signature| Finding { path: path.clone(), signature }));
    }
    Ok(Said { findings, files: Some(files), partial: Some(partial) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(said: &Said) -> Vec<(&str, &str)> {
        said.findings.iter().map(|f| (f.path.as_str(), f.signature.as_str())).collect()
    }

    #[test]
    fn clamscan_is_read() {
        let text = "/f/a: b/c.exe: Bench.Hash.0.UNOFFICIAL FOUND\n/f/x: Y.UNOFFICIAL FOUND\n\
                    /f/x: Y.UNOFFICIAL FOUND\n\n----------- SCAN SUMMARY -----------\n\
                    Known viruses: 1\nScanned files: 12\n";
        let said = read_clamscan(text, Path::new("/f")).unwrap();
        assert_eq!(pairs(&said), [("a: b/c.exe", "Bench.Hash.0"), ("x", "Y")]);
        assert_eq!(said.files, Some(12));
    }

    #[test]
    fn yara_is_read() {
        let text = "n0:a /f/x y\nlogged\nlogged too\nn1:b /f/z\n";
        let said = read_rules(text, Path::new("/f"));
        assert_eq!(pairs(&said), [("x y", "n0:a"), ("z", "n1:b")]);
    }

    #[test]
    fn pellucid_is_read() {
        let text = br#"{"path":"/f/a","size":1,"completeness":"partial","findings":[]}
            {"path":"/f/b","completeness":"complete","findings":[{"name":"N","class":"pua"}]}"#;
        let said = read_ndjson(text, Path::new("/f")).unwrap();
        assert_eq!(pairs(&said), [("b", "N")]);
        assert_eq!((said.files, said.partial), (Some(2), Some(1)));
        assert!(read_ndjson(b"{\"path\":", Path::new("/f")).is_err(), "cut off");
    }

    #[test]
    fn the_version_of_yara_x_is_known() {
        assert!(locked_version("yara-x").unwrap().starts_with(|c: char| c.is_ascii_digit()));
    }
}
