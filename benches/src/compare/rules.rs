//! YARA rules that every contender of a comparison compiles.
//!
//! The rule files are copied. A rule that one of them refuses (a module that is not there, syntax
//! that is too new or too old) is blanked in the copy, for all; so are rules that stand on it. What
//! was taken out, and who refused it, is part of the result.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use pellucid_signatures::{BuildError, BuildOptions, Diagnostic, Level, SourceTree, build_tree};
use serde::Serialize;
use yara_x_parser::Parser;
use yara_x_parser::ast::{AST, Item, MetaValue};
use yara_x_parser::cst::{CST, NodeOrToken, SyntaxKind};

use crate::workload::Peer;
use pellucid_benches::corpus::files_under;

/// Rule files, copied, with what was taken out.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    files: Vec<RuleFile>,
    /// What was taken out.
    pub(crate) excluded: Vec<Excluded>,
}

/// One copied file of rules.
#[derive(Debug)]
pub(crate) struct RuleFile {
    /// Rules of different files may share a name; each file has a namespace of its own.
    pub(crate) namespace: String,
    /// The copy.
    pub(crate) path: PathBuf,
    text: String,
}

/// Something that was taken out for all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Excluded {
    /// The name of the file.
    pub(crate) file: String,
    /// The rule's name, or the start of another statement.
    pub(crate) what: String,
    /// Who refused it.
    pub(crate) by: &'static str,
    /// What it said.
    pub(crate) why: String,
}

/// A compiler's complaint.
struct Fault {
    /// A byte of the statement that is wrong; none where it is the whole file.
    at: Option<usize>,
    why: String,
}

type Compile = fn(&RuleFile, &Path) -> Result<Vec<Fault>>;

impl Rules {
    /// Copies the rule files under `sources` to `folder` and takes out what a peer refuses.
    pub(crate) fn prepare(sources: &[PathBuf], peers: &[Peer], folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let mut rules = Self::default();
        for source in rule_files(sources)? {
            rules.copy(&source, folder)?;
        }
        ensure!(!rules.files.is_empty(), "there is no .yar or .yara file in {sources:?}");
        let empty = folder.join("empty");
        fs::write(&empty, [])?;
        rules.exclude("pellucid", compile_with_pellucid, &empty)?;
        for peer in peers {
            match peer {
                Peer::Yara => rules.exclude("yara", compile_with_yara, &empty)?,
                Peer::YaraX => rules.exclude("yara-x", compile_with_yara_x, &empty)?,
                Peer::Clamscan => {}
            }
        }
        fs::remove_file(&empty)?;
        rules.files.retain(|file| names_in(&file.text).next().is_some());
        Ok(rules)
    }

    /// The files that still hold rules.
    pub(crate) fn files(&self) -> impl Iterator<Item = &RuleFile> {
        self.files.iter()
    }

    /// How many rules there are.
    pub(crate) fn count(&self) -> usize {
        self.files.iter().map(|file| names_in(&file.text).count()).sum()
    }

    /// What Pellucid calls each rule, by `NAMESPACE:RULE`: its metadata `name`, if there is one.
    pub(crate) fn shown_names(&self) -> HashMap<String, String> {
        let mut names = HashMap::new();
        for file in &self.files {
            for (rule, shown) in names_in(&file.text) {
                names.insert(format!("{}:{rule}", file.namespace), shown);
            }
        }
        names
    }

    fn copy(&mut self, source: &Path, folder: &Path) -> Result<()> {
        let name = source.file_name().unwrap_or_default().to_string_lossy();
        let bytes = fs::read(source).with_context(|| format!("{}", source.display()))?;
        let Ok(text) = String::from_utf8(bytes) else {
            let (what, why) = ("the whole file".to_owned(), "it is not UTF-8".to_owned());
            self.excluded.push(Excluded { file: name.into_owned(), what, by: "pellucid", why });
            return Ok(());
        };
        let namespace = format!("n{}", self.files.len());
        let path = folder.join(format!("{namespace}-{name}"));
        fs::write(&path, &text)?;
        self.files.push(RuleFile { namespace, path, text });
        Ok(())
    }

    /// Takes out what a compiler refuses, until it refuses nothing. Each turn takes something out.
    fn exclude(&mut self, by: &'static str, compile: Compile, empty: &Path) -> Result<()> {
        for file in &mut self.files {
            loop {
                let faults = compile(file, empty)?;
                if faults.is_empty() {
                    break;
                }
                let excluded = faults.into_iter().filter_map(|fault| file.blank(&fault, by));
                let before = self.excluded.len();
                self.excluded.extend(excluded);
                if self.excluded.len() == before {
                    let is_empty = names_in(&file.text).next().is_none();
                    ensure!(is_empty, "{by} refuses {}", file.path.display());
                    break;
                }
                fs::write(&file.path, &file.text)?;
            }
        }
        Ok(())
    }
}

impl RuleFile {
    /// Overwrites the statement at the fault with spaces, so that lines keep their numbers. `None`
    /// where an earlier fault did that.
    fn blank(&mut self, fault: &Fault, by: &'static str) -> Option<Excluded> {
        let (what, range) = match fault.at {
            Some(at) => statement_at(&self.text, at)?,
            None => ("the whole file".to_owned(), 0..self.text.len()),
        };
        let statement = self.text.get(range.clone())?;
        if statement.trim().is_empty() {
            return None;
        }
        let blank: String = statement
            .bytes()
            .map(|byte| if matches!(byte, b'\n' | b'\r') { char::from(byte) } else { ' ' })
            .collect();
        self.text.replace_range(range, &blank);
        let file = self.path.file_name()?.to_string_lossy().into_owned();
        Some(Excluded { file, what, by, why: fault.why.clone() })
    }
}

fn rule_files(sources: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for source in sources {
        files.extend(files_under(source)?);
    }
    files.retain(|file| {
        file.extension().is_some_and(|extension| extension == "yar" || extension == "yara")
    });
    files.sort_unstable();
    Ok(files)
}

/// The statement (rule, import, ...) that holds the byte at `at`, or the last one before it.
fn statement_at(text: &str, at: usize) -> Option<(String, Range<usize>)> {
    let tree = CST::try_from(Parser::new(text.as_bytes())).ok()?;
    let starts_before = |statement: &(String, Range<usize>)| statement.1.start <= at;
    let mut statements = tree.root().children().map(|node| {
        let identifier = node.children_with_tokens().find_map(|part| match part {
            NodeOrToken::Token(token) if token.kind() == SyntaxKind::IDENT => {
                Some(token.text().to_owned())
            }
            _ => None,
        });
        let range = node.span().range();
        let begin = || text.get(range.clone()).unwrap_or_default().chars().take(60).collect();
        (identifier.unwrap_or_else(begin), range.clone())
    });
    let first = statements.next()?;
    Some(statements.take_while(starts_before).last().unwrap_or(first))
}

/// Each rule's identifier and what Pellucid calls it.
fn names_in(text: &str) -> impl Iterator<Item = (String, String)> {
    let named = |item: &Item<'_>| {
        let Item::Rule(rule) = item else { return None };
        let identifier = rule.identifier.name.to_owned();
        let metadata = rule.meta.as_deref().unwrap_or_default();
        let shown = metadata.iter().rev().find_map(|meta| match meta.value {
            MetaValue::String((name, _)) if meta.identifier.name == "name" => Some(name.to_owned()),
            _ => None,
        });
        Some((identifier.clone(), shown.unwrap_or(identifier)))
    };
    AST::from(text).items.iter().filter_map(named).collect::<Vec<_>>().into_iter()
}

/// As `pellucid set build` does it. Of a file without any rule it says that there is nothing.
fn compile_with_pellucid(file: &RuleFile, _: &Path) -> Result<Vec<Fault>> {
    let mut sources = SourceTree::new();
    sources.add("rules.yar", file.text.as_bytes());
    let report = match build_tree(sources, &BuildOptions::default()) {
        Ok(build) => build.report,
        Err(BuildError::Nothing(report)) => *report,
        Err(error) => return Err(error.into()),
    };
    let left_out = |d: &&Diagnostic| matches!(d.level, Level::Error | Level::Skipped);
    let faults = report.diagnostics.iter().filter(left_out).map(|diagnostic| {
        let line = diagnostic.line.and_then(|line| usize::try_from(line).ok());
        let at = line.map(|line| start_of_line(&file.text, line));
        Fault { at, why: diagnostic.message.clone() }
    });
    Ok(faults.collect())
}

/// `yara` compiles when it scans: an empty file costs it nothing.
fn compile_with_yara(file: &RuleFile, empty: &Path) -> Result<Vec<Fault>> {
    let output = Command::new("yara").arg("--no-warnings").args([&file.path, empty]).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let place = format!("{}(", file.path.display());
    let mut faults = Vec::new();
    for line in errors.lines() {
        let Some((_, rest)) = line.split_once(&place) else { continue };
        let (number, why) = rest.split_once("):").with_context(|| line.to_owned())?;
        let at = Some(start_of_line(&file.text, number.parse()?));
        faults.push(Fault { at, why: why.trim().to_owned() });
    }
    ensure!(output.status.success() || !faults.is_empty(), "yara: {errors}");
    Ok(faults)
}

/// The first byte of line `number` (from 1) that is not a space.
fn start_of_line(text: &str, number: usize) -> usize {
    let before: usize =
        text.split_inclusive('\n').take(number.saturating_sub(1)).map(str::len).sum();
    let line = text.get(before..).unwrap_or_default();
    before + line.len() - line.trim_start().len()
}

fn compile_with_yara_x(file: &RuleFile, _: &Path) -> Result<Vec<Fault>> {
    let mut compiler = crate::yara_x::compiler();
    if compiler.add_source(file.text.as_str()).is_ok() {
        return Ok(Vec::new());
    }
    let faults = compiler.errors().iter().map(|error| {
        let at = error.labels().next().map(|label| label.span().start());
        Fault { at, why: error.title().to_owned() }
    });
    Ok(faults.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"import "pe"
rule good { meta: name = "Shown.Name" condition: true }
private rule bad {
  strings: $a = "x"
  condition: true
}
rule on_bad : tag { condition: bad }
rule plain { condition: false }
"#;

    fn prepare(peers: &[Peer]) -> Rules {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.yar"), TEXT).unwrap();
        fs::write(folder.path().join("notes.txt"), "none").unwrap();
        let sources = [folder.path().to_owned()];
        Rules::prepare(&sources, peers, &folder.path().join("copies")).unwrap()
    }

    #[test]
    fn a_refused_rule_goes_with_those_that_stand_on_it() {
        let rules = prepare(&[Peer::YaraX]);
        let excluded: Vec<_> = rules.excluded.iter().map(|e| (e.what.as_str(), e.by)).collect();
        assert_eq!(excluded, [("bad", "pellucid"), ("on_bad", "pellucid")]);
        assert_eq!(rules.count(), 2);
        let text = &rules.files().next().unwrap().text;
        assert_eq!(text.lines().count(), TEXT.lines().count(), "lines keep their numbers");
    }

    #[test]
    fn a_rule_is_called_what_its_metadata_says() {
        let names = prepare(&[]).shown_names();
        assert_eq!(names["n0:good"], "Shown.Name");
        assert_eq!(names["n0:plain"], "plain");
    }

    #[test]
    fn statements_are_found_by_place() {
        let name = |at| statement_at(TEXT, at).unwrap().0;
        assert_eq!(name(0), "import \"pe\"");
        assert_eq!(name(start_of_line(TEXT, 2)), "good");
        assert_eq!(name(start_of_line(TEXT, 5)), "bad");
        assert_eq!(name(TEXT.len()), "plain");
    }
}
