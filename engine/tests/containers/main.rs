//! Containers of every kind that the installed tools write, each around the same small file, scanned
//! beside `clamscan`: the table of docs/clamav.md, "What is looked into".
//!
//! Two signatures look for that file: one for its digest, so that all of it has to come out as it was,
//! and one for a run of its bytes. Each kind says what must be found of it, and every reason that the
//! report may give. What clamscan finds, we find. A kind whose tools are missing or do not know it is
//! said to be skipped; `PELLUCID_TABLE=1` prints what both found.

#![allow(clippy::unwrap_used, clippy::panic)] // everything here is a test

#[path = "../common/mod.rs"]
mod common;

mod archives;
mod disks;
mod documents;
mod mail;
mod packages;
mod programs;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};

use common::{Source, engine_of, md5, reasons, set};
use pellucid::{Engine, Input, ScanOptions};

const NEEDLE: &str = "marker-of-containers-5c1d8e";
const PASSWORD: &str = "open sesame";

/// How much of the file comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    Nothing,
    /// Its bytes, among others.
    Bytes,
    /// The file as it was.
    Whole,
}

/// One kind of container.
struct Kind {
    name: String,
    /// A shell command in a folder with the files `marker` and `other`; `$OUT` is the container.
    command: String,
    /// The programs that it needs.
    tools: &'static str,
    found: Found,
    /// The reasons of the report.
    says: &'static [&'static str],
    /// Whether the password opens it, so that all is found then.
    has_password: bool,
}

/// A container out of which the file comes whole, and of which nothing else is to be said.
fn kind(name: impl Into<String>, tools: &'static str, command: impl Into<String>) -> Kind {
    Kind {
        name: name.into(),
        command: command.into(),
        tools,
        found: Found::Whole,
        says: &[],
        has_password: false,
    }
}

impl Kind {
    fn gives(self, found: Found) -> Self {
        Self { found, ..self }
    }

    fn says(self, says: &'static [&'static str]) -> Self {
        Self { says, ..self }
    }

    /// Nothing is found without the password.
    fn locked(self) -> Self {
        Self { has_password: true, ..self }.gives(Found::Nothing).says(&["encrypted"])
    }

    /// Makes the container; the words say why it could not be made.
    fn make(&self, out: &Path) -> Result<(), String> {
        for tool in self.tools.split_whitespace() {
            let found = shell(&format!("command -v {tool}")).output().unwrap();
            found.status.success().then_some(()).ok_or(format!("{tool} is not installed"))?;
        }
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files() {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let made = folder.path().join("OUT");
        let mut command = shell(&self.command);
        let output = command.current_dir(folder.path()).env("OUT", &made).output().unwrap();
        match std::fs::metadata(&made) {
            Ok(file) if file.len() > 0 => {}
            _ => return Err(String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ")),
        }
        std::fs::copy(made, out).map(|_| ()).map_err(|error| error.to_string())
    }
}

/// A command that also finds what only administrators usually run.
fn shell(command: &str) -> Command {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).env("PATH", path).stdin(Stdio::null());
    shell
}

/// The file: words that can be packed, between bytes that no text has.
fn marker() -> Vec<u8> {
    const WORDS: [&str; 8] =
        ["alpha ", "beta ", "gamma ", "delta ", "epsilon ", "zeta ", "eta ", "theta "];
    let mut state = 1_u32;
    let mut words = |count: usize| -> String {
        let mut word = || {
            state = state.wrapping_mul(1_103_515_245).wrapping_add(12345);
            WORDS.get((state >> 16) as usize % WORDS.len()).unwrap()
        };
        (0..count).map(|_| *word()).collect()
    };
    let text = [words(500), NEEDLE.to_owned(), words(500)].concat();
    [b"\x01\x02\0\0data\0", text.as_bytes(), b"\0\xff"].concat()
}

/// What commands find in their folder.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("marker", marker()),
        ("other", b"nothing of interest\n".repeat(200)),
        ("mail.py", include_bytes!("mail.py").to_vec()),
        ("estsoft.py", include_bytes!("estsoft.py").to_vec()),
        ("product.wxs", include_bytes!("product.wxs").to_vec()),
    ]
}

/// The two signatures, as one file for digests and one for bytes.
fn signatures() -> [(&'static str, String); 2] {
    let (file, needle) = (marker(), NEEDLE.bytes());
    let hex: String = needle.map(|byte| format!("{byte:02x}")).collect();
    [
        ("a.hdb", format!("{}:{}:Whole\n", md5(&file), file.len())),
        ("a.ndb", format!("Bytes:0:*:{hex}\n")),
    ]
}

fn found_of<'n>(names: impl Iterator<Item = &'n str>) -> Found {
    let names: BTreeSet<&str> = names.collect();
    match (names.contains("Whole"), names.contains("Bytes")) {
        (true, _) => Found::Whole,
        (_, true) => Found::Bytes,
        _ => Found::Nothing,
    }
}

/// What clamscan finds in the containers of a folder; `None` where it is not installed.
fn clamscan(folder: &Path) -> Option<BTreeMap<String, Found>> {
    let database = tempfile::tempdir().unwrap();
    for (name, text) in signatures() {
        std::fs::write(database.path().join(name), text).unwrap();
    }
    let output = Command::new("clamscan")
        .args(["--allmatch", "--no-summary", "--max-filesize=1000M", "--max-scansize=2000M", "-d"])
        .args([database.path(), folder])
        .output()
        .ok()?;
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut names: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (path, finding) in output.lines().filter_map(|line| line.rsplit_once(": ")) {
        let name = path.rsplit('/').next().unwrap_or_default();
        names.entry(name.to_owned()).or_default().push(finding.split('.').next().unwrap());
    }
    Some(names.into_iter().map(|(name, found)| (name, found_of(found.into_iter()))).collect())
}

/// What we find, and the reasons that we give.
fn scan(engine: &Engine, path: &Path, passwords: &[&str]) -> (Found, Vec<String>) {
    let passwords = passwords.iter().map(|password| password.as_bytes().to_vec()).collect();
    let options = ScanOptions { passwords, ..ScanOptions::default() };
    let report = engine.scan(Input::Path(path), &options);
    let found = found_of(report.findings.iter().map(|finding| &*finding.name));
    (found, reasons(&report))
}

#[test]
fn every_kind_of_container_gives_what_it_should_and_no_less_than_clamscan_finds() {
    let folder = tempfile::tempdir().unwrap();
    let modules = [
        archives::kinds(),
        packages::kinds(),
        disks::kinds(),
        programs::kinds(),
        mail::kinds(),
        documents::kinds(),
    ];
    let kinds: Vec<Kind> = modules.into_iter().flatten().collect();
    let is_made = |kind: &&Kind| match kind.make(&folder.path().join(&kind.name)) {
        Ok(()) => true,
        Err(why) => {
            eprintln!("skipped: {}: {why}", kind.name);
            false
        }
    };
    let made: Vec<&Kind> = kinds.iter().filter(is_made).collect();
    let theirs = clamscan(folder.path());
    if theirs.is_none() {
        eprintln!("skipped: clamscan is not installed, nothing is compared");
    }
    let engine =
        engine_of(vec![set(&signatures().each_ref().map(|(name, text)| Source::new(name, text)))]);
    let mut wrong = Vec::new();
    for kind in made {
        wrong.extend(judge(kind, &engine, folder.path(), theirs.as_ref()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Scans one container; what is not as it should be.
fn judge(
    kind: &Kind,
    engine: &Engine,
    folder: &Path,
    theirs: Option<&BTreeMap<String, Found>>,
) -> Vec<String> {
    let path = folder.join(&kind.name);
    let (found, says) = scan(engine, &path, &[]);
    let theirs = theirs.and_then(|theirs| theirs.get(&kind.name)).copied();
    if std::env::var_os("PELLUCID_TABLE").is_some() {
        println!(
            "{:28} {:14} {:7} {}",
            kind.name,
            format!("{theirs:?}"),
            format!("{found:?}"),
            says.join(" ")
        );
    }
    let mut wrong = Vec::new();
    let mut hold = |is_so: bool, what: String| {
        if !is_so {
            wrong.push(format!("{}: {what}", kind.name));
        }
    };
    hold(found == kind.found, format!("found {found:?}, not {:?}", kind.found));
    hold(says == kind.says, format!("says {says:?}, not {:?}", kind.says));
    hold(theirs.is_none_or(|theirs| found >= theirs), format!("clamscan found {theirs:?}"));
    if kind.has_password {
        let (found, says) = scan(engine, &path, &["wrong", PASSWORD]);
        hold(
            found == Found::Whole && says.is_empty(),
            format!("{found:?} and {says:?} with password"),
        );
    }
    wrong
}
