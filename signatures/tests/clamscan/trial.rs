//! One comparison: sources and files, searched by `clamscan` and by us.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

use pellucid::set::{SignatureSet, Unverified};
use pellucid::verdict::Class;
use pellucid::{Engine, Input, ScanOptions};
use pellucid_signatures::{BuildError, BuildOptions, BuildReport, SourceTree, build_tree};

/// Which signature was found in which file: `(file, name)`.
pub(crate) type Found = BTreeSet<(String, String)>;

/// Sources and files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trial {
    sources: BTreeMap<String, Vec<u8>>,
    files: BTreeMap<String, Vec<u8>>,
    arguments: Vec<&'static str>,
}

/// A load that `clamscan` gave up.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// The line that it does not like, from 1, where it says so.
    pub(crate) line: Option<usize>,
    /// Everything that it said.
    pub(crate) message: String,
}

impl Refusal {
    /// The first thing that it said, without names.
    pub(crate) fn reason(&self) -> String {
        let first = self.message.lines().find(|line| !line.starts_with("ERROR"));
        let first = first.unwrap_or_default().trim_start_matches("LibClamAV ");
        first.split(" for").next().unwrap_or_default().into()
    }
}

/// What one of the two found, and what the other did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// `clamscan` found these, we did not.
    pub(crate) missed: Found,
    /// We found these, `clamscan` did not.
    pub(crate) more: Found,
}

/// Whether `clamscan` is there; says on stderr when it is not, once.
pub(crate) fn clamscan_is_there() -> bool {
    static THERE: OnceLock<bool> = OnceLock::new();
    *THERE.get_or_init(|| {
        let there = Command::new("clamscan").arg("--version").output().is_ok();
        if !there {
            eprintln!("skipped: no comparison with ClamAV, because clamscan is not installed");
        }
        there
    })
}

impl Trial {
    /// Adds text to the source of that name, whose extension says its format.
    pub(crate) fn source(&mut self, name: &str, text: impl AsRef<[u8]>) -> &mut Self {
        self.sources.entry(name.into()).or_default().extend_from_slice(text.as_ref());
        self
    }

    /// Adds a file to be scanned. ClamAV does not look at files of five bytes or less.
    pub(crate) fn file(&mut self, name: &str, bytes: impl Into<Vec<u8>>) -> &mut Self {
        self.files.insert(name.into(), bytes.into());
        self
    }

    /// Calls `clamscan` with one more argument.
    #[allow(dead_code, reason = "for families whose signatures are off by default")]
    pub(crate) fn argument(&mut self, argument: &'static str) -> &mut Self {
        self.arguments.push(argument);
        self
    }

    /// A file's bytes.
    pub(crate) fn bytes(&self, file: &str) -> &[u8] {
        &self.files[file]
    }

    /// What we find. `clamscan` does not say whom or what it trusts, so neither do we.
    pub(crate) fn ours(&self) -> Found {
        let Some(engine) = self.engine() else { return Found::new() };
        let mut found = Found::new();
        for (file, bytes) in &self.files {
            let report = engine.scan(Input::Memory(bytes), &ScanOptions::default());
            let harmful = report.findings.into_iter().filter(|f| f.class != Class::Trusted);
            found.extend(harmful.map(|f| (file.clone(), f.name)));
        }
        found
    }

    /// Whether we take any record.
    pub(crate) fn is_taken(&self) -> bool {
        self.engine().is_some()
    }

    /// The engine over our set; none where no record was taken.
    fn engine(&self) -> Option<Engine> {
        let (set, _) = self.build();
        Some(Engine::builder().set(set?).build().unwrap())
    }

    /// Our set, if any record was taken, and what became of the records.
    pub(crate) fn build(&self) -> (Option<SignatureSet>, BuildReport) {
        let mut tree = SourceTree::new();
        for (name, text) in &self.sources {
            tree.add(name.clone(), text.clone());
        }
        let build = match build_tree(tree, &BuildOptions::default()) {
            Ok(build) => build,
            Err(BuildError::Nothing(report)) => return (None, *report),
            Err(error) => panic!("{error}"),
        };
        let verified = Unverified::from_bytes(build.set).and_then(Unverified::verify).unwrap();
        (Some(SignatureSet::open(verified).unwrap()), build.report)
    }

    /// What `clamscan` finds, `.UNOFFICIAL` left out.
    pub(crate) fn theirs(&self) -> Result<Found, Refusal> {
        let folder = tempfile::tempdir().unwrap();
        let (databases, files) = (folder.path().join("databases"), folder.path().join("files"));
        write_all(&databases, &self.sources);
        write_all(&files, &self.files);
        let list: String =
            self.files.keys().map(|name| format!("{}\n", files.join(name).display())).collect();
        let list_file = folder.path().join("list");
        std::fs::write(&list_file, list).unwrap();
        let output = Command::new("clamscan")
            .args(["--allmatch", "--no-summary", "--infected", "--detect-pua", "--stdout"])
            .args(&self.arguments)
            .arg("--database")
            .arg(databases)
            .arg("--file-list")
            .arg(list_file)
            .output()
            .unwrap();
        read_output(&output, &files)
    }

    /// Who found what the other did not. Nothing where `clamscan` is missing.
    pub(crate) fn difference(&self) -> Difference {
        let mut difference = Difference { missed: Found::new(), more: Found::new() };
        if clamscan_is_there() {
            let theirs = match self.theirs() {
                Ok(theirs) => theirs,
                Err(Refusal { line, message }) => {
                    panic!("clamscan refuses line {line:?}: {message}")
                }
            };
            let ours = self.ours();
            difference.missed = theirs.difference(&ours).cloned().collect();
            difference.more = ours.difference(&theirs).cloned().collect();
        }
        difference
    }

    /// Both find the same.
    pub(crate) fn assert_same(&self) {
        let Difference { missed, more } = self.difference();
        let (missed, more) = (self.explain(&missed), self.explain(&more));
        assert!(missed.is_empty() && more.is_empty(), "only clamscan:\n{missed}only we:\n{more}");
    }

    /// Findings with their records and files, for people.
    pub(crate) fn explain(&self, found: &Found) -> String {
        let line = |(file, name): &(String, String)| {
            let bytes = self.bytes(file);
            let shown = bytes.get(..200).unwrap_or(bytes).escape_ascii();
            format!("  {} in {file} \"{shown}\"\n", self.record_of(name).unwrap_or(name.clone()))
        };
        found.iter().map(line).collect()
    }

    fn record_of(&self, name: &str) -> Option<String> {
        let texts = self.sources.iter().map(|(file, text)| (file, String::from_utf8_lossy(text)));
        texts
            .flat_map(|(file, text)| {
                text.lines().map(|line| format!("{file}: {line}")).collect::<Vec<_>>()
            })
            .find(|line| line.split([':', ';', ' ']).any(|field| field == name))
    }
}

fn write_all(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    std::fs::create_dir(folder).unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
}

/// Reads `clamscan`'s lines: `path: name.UNOFFICIAL FOUND`.
fn read_output(output: &Output, files: &Path) -> Result<Found, Refusal> {
    let (text, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !matches!(output.status.code(), Some(0 | 1)) {
        let message = format!("{text}{errors}");
        let line = message.split("at line ").nth(1).and_then(|rest| {
            rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|number| number.parse().ok())
        });
        return Err(Refusal { line, message });
    }
    let prefix = format!("{}/", files.display());
    let finding = |line: &str| {
        let (file, name) = line.strip_prefix(&prefix)?.strip_suffix(" FOUND")?.split_once(": ")?;
        Some((file.to_owned(), name.strip_suffix(".UNOFFICIAL").unwrap_or(name).to_owned()))
    };
    Ok(text.lines().filter_map(finding).collect())
}
