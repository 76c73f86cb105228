//! Results for people (Markdown, also on the terminal) and for machines (JSON).

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::comparison::{Comparison, Outcome};
use pellucid_benches::machine::{Machine, size};
use pellucid_benches::statistics::Spread;

/// All that one run of `compare` showed.
#[derive(Debug, Serialize)]
pub(crate) struct Record {
    pub(crate) machine: Machine,
    /// What was typed.
    pub(crate) command: String,
    pub(crate) comparisons: Vec<Comparison>,
}

impl Record {
    /// Writes `YYYY-MM-DD-NAME.md` and `.json` and says where the first is.
    pub(crate) fn save(&self, folder: &Path, name: &str) -> Result<PathBuf> {
        fs::create_dir_all(folder)?;
        let stem = format!("{}-{name}", self.machine.date);
        let (text, data) = (folder.join(format!("{stem}.md")), folder.join(format!("{stem}.json")));
        fs::write(&text, self.markdown()).with_context(|| format!("{}", text.display()))?;
        let json = serde_json::to_string_pretty(self)?;
        fs::write(&data, json + "\n").with_context(|| format!("{}", data.display()))?;
        Ok(text)
    }

    /// The whole record.
    pub(crate) fn markdown(&self) -> String {
        let machine = &self.machine;
        let mut text = format!(
            "# Whole scans side by side, {}\n\n{}\n- command: `{}`\n",
            machine.date,
            machine.lines(),
            self.command,
        );
        for comparison in &self.comparisons {
            text.push('\n');
            text.push_str(&markdown(comparison));
        }
        text
    }
}

/// One comparison.
pub(crate) fn markdown(comparison: &Comparison) -> String {
    let mut text = format!("## {}\n\n{}\n\n", comparison.workload.name, comparison.workload.about);
    push_inputs(&mut text, comparison);
    push_table(&mut text, comparison);
    push_findings(&mut text, comparison);
    push_excluded(&mut text, comparison);
    text.push_str("\nCommands:\n\n");
    for outcome in &comparison.outcomes {
        push(
            &mut text,
            format_args!("- {} ({}): `{}`\n", outcome.name, outcome.version, outcome.command),
        );
    }
    text
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(line);
}

fn push_inputs(text: &mut String, comparison: &Comparison) {
    let (scanned, set) = (comparison.size, &comparison.set);
    push(
        text,
        format_args!(
            "{} files, {}; reading them and adding the bytes up: {}/s. {} signatures; Pellucid's set \
             of {} was built in {:.2} s with {} of memory.\n\n",
            scanned.files,
            size(scanned.bytes),
            size(comparison.read_sum as u64),
            set.signatures,
            size(set.bytes),
            set.cost.wall,
            size(set.cost.memory),
        ),
    );
    for skipped in &comparison.skipped {
        push(text, format_args!("skipped: {skipped}\n\n"));
    }
}

fn push_table(text: &mut String, comparison: &Comparison) {
    text.push_str(
        "| | wall clock, s | rate | processor, s | start alone, s | peak memory | times Pellucid's |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for outcome in &comparison.outcomes {
        push_row(text, outcome, comparison);
    }
    let runs = comparison.outcomes.first().map_or(0, |outcome| outcome.runs.len());
    push(text, format_args!("\nMedian (least to greatest) of {runs} runs in turns.\n"));
}

fn push_row(text: &mut String, outcome: &Outcome, comparison: &Comparison) {
    let wall = outcome.wall();
    let rate = wall.map(|wall| size((comparison.size.bytes as f64 / wall.median) as u64));
    let ratio = comparison.outcomes.first().and_then(|own| outcome.ratio_to(own));
    push(
        text,
        format_args!(
            "| {} | {} | {}/s | {} | {} | {} | {} |\n",
            outcome.name,
            spread(wall),
            rate.unwrap_or_default(),
            spread(outcome.processor()),
            spread(outcome.start()),
            outcome.memory().map(size).unwrap_or_default(),
            spread(ratio),
        ),
    );
}

fn push_findings(text: &mut String, comparison: &Comparison) {
    text.push_str("\nFindings (pairs of file and signature):");
    for outcome in &comparison.outcomes {
        push(text, format_args!(" {} {};", outcome.name, outcome.findings));
    }
    let hits = comparison.outcomes.iter().any(|outcome| outcome.findings > 0);
    match comparison.differences.len() {
        0 if !hits => text.push_str(" no signature hit, so that this says little.\n"),
        0 if comparison.outcomes.len() > 1 => text.push_str(" all equal.\n"),
        0 => text.push_str(" nobody to compare with.\n"),
        count => push(text, format_args!(" {count} differences:\n\n")),
    }
    for difference in &comparison.differences {
        let (only, not, finding) = (difference.only, difference.not, &difference.finding);
        push(
            text,
            format_args!("- {only}, not {not}: `{}` in `{}`\n", finding.signature, finding.path),
        );
    }
    let partial = comparison.outcomes.iter().filter_map(|o| Some((o.name, o.partial?)));
    for (name, files) in partial.filter(|&(_, files)| files > 0) {
        push(text, format_args!("\n{name} did not look at {files} files in full.\n"));
    }
}

fn push_excluded(text: &mut String, comparison: &Comparison) {
    if comparison.excluded.is_empty() {
        return;
    }
    push(
        text,
        format_args!("\n{} statements were taken out for all:\n\n", comparison.excluded.len()),
    );
    for excluded in &comparison.excluded {
        push(
            text,
            format_args!(
                "- `{}` in `{}`: {} says: {}\n",
                excluded.what, excluded.file, excluded.by, excluded.why
            ),
        );
    }
}

fn spread(spread: Option<Spread>) -> String {
    spread.map_or_else(String::new, |s| format!("{:.2} ({:.2} to {:.2})", s.median, s.min, s.max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_shows_middle_and_extremes() {
        let shown = spread(Spread::of([1.0, 2.0, 4.0]));
        assert_eq!(shown, "2.00 (1.00 to 4.00)");
        assert_eq!(spread(None), "");
    }
}
