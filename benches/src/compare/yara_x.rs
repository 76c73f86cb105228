//! The yara-x library as a contender: compile rules, scan a folder on one thread, print what hits.
//!
//! A process of its own (`compare yara-x`), so that compiling and scanning cost what they cost and
//! are measured like those of the others.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use yara_x::{Compiler, Scanner, SourceCode};

use crate::rules::Rules;
use pellucid_benches::corpus::files_under;

/// As the engine has it: counts in conditions stop there.
const MATCHES: usize = 65_536;

/// A compiler with the settings that all use.
pub(crate) fn compiler<'c>() -> Compiler<'c> {
    let mut compiler = Compiler::new();
    compiler.enable_includes(false).switch_all_warnings(false);
    compiler
}

/// Writes the list that [`scan`] reads: a line with namespace and path for each file of rules.
pub(crate) fn write_list(rules: &Rules, list: &Path) -> Result<()> {
    let lines = rules.files().map(|file| format!("{}:{}\n", file.namespace, file.path.display()));
    fs::write(list, lines.collect::<String>()).with_context(|| format!("{}", list.display()))
}

/// Scans every file under `folder` with the rules of `list` and prints `NAMESPACE:RULE PATH`.
pub(crate) fn scan(list: &Path, folder: &Path) -> Result<()> {
    let mut compiler = compiler();
    for line in fs::read_to_string(list)?.lines() {
        let (namespace, path) = line.split_once(':').with_context(|| line.to_owned())?;
        let source = fs::read_to_string(path).with_context(|| path.to_owned())?;
        compiler.new_namespace(namespace);
        compiler.add_source(SourceCode::from(source.as_str()).with_origin(path))?;
    }
    let rules = compiler.build();
    let mut scanner = Scanner::new(&rules);
    scanner.max_matches_per_pattern(MATCHES).fast_scan(true);
    let mut output = BufWriter::new(std::io::stdout().lock());
    for file in files_under(folder)? {
        scan_file(&mut scanner, &file, &mut output)?;
    }
    Ok(output.flush()?)
}

fn scan_file(scanner: &mut Scanner<'_>, file: &PathBuf, output: &mut impl Write) -> Result<()> {
    let results = scanner.scan_file(file).with_context(|| format!("{}", file.display()))?;
    for rule in results.matching_rules() {
        writeln!(output, "{}:{} {}", rule.namespace(), rule.identifier(), file.display())?;
    }
    Ok(())
}
