//! The table of `search`, for people and for machines, and its curve.

use std::path::{Path, PathBuf};

use anyhow::Result;
use pellucid_benches::chart::{Chart, Curve};
use pellucid_benches::machine::Machine;
use serde::Serialize;

use crate::text::Text;
use crate::{Hit, Run};

const COLUMNS: [&str; 7] =
    ["pellucid", "portable", "avx2", "vectorscan", "aho-corasick", "daachorse", "clamscan"];

/// One number of patterns.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) patterns: usize,
    /// Processor seconds to add all bytes up.
    pub(crate) read_sum: f64,
    /// Pellucid first.
    pub(crate) runs: Vec<Measured>,
}

/// One contender in a row.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    #[serde(flatten)]
    run: Run,
    /// Processor seconds over the files that it searched, and Pellucid's over the same files.
    seconds: f64,
    own_seconds: f64,
    /// Pairs of literal and file, in the files that it searched.
    findings: usize,
    /// Pairs that only one of the two found.
    pub(crate) differences: usize,
}

/// The line below a table's first one.
fn rule(columns: usize) -> String {
    format!("|{}\n", "---|".repeat(columns))
}

impl Row {
    pub(crate) fn new(patterns: usize, read_sum: f64, own: &Run) -> Self {
        let mut row = Self { patterns, read_sum, runs: Vec::new() };
        row.compare(own, own);
        row
    }

    /// Adds a run; its findings are compared with ours in the files that it searched.
    pub(crate) fn compare(&mut self, run: &Run, own: &Run) {
        let searched = |hit: &&Hit| (hit.1 as usize) < run.files;
        let ours: std::collections::BTreeSet<Hit> =
            own.hits.iter().filter(searched).copied().collect();
        let differences = run.hits.symmetric_difference(&ours).count();
        for hit in run.hits.symmetric_difference(&ours).take(5) {
            let side = if ours.contains(hit) { "pellucid" } else { run.name };
            eprintln!("only {side}: literal {} in file {}", hit.0, hit.1);
        }
        self.runs.push(Measured {
            seconds: run.seconds.iter().sum(),
            own_seconds: own.seconds.iter().take(run.files).sum(),
            findings: run.hits.len(),
            differences,
            run: run.clone(),
        });
    }

    fn of(&self, name: &str) -> Option<&Measured> {
        self.runs.iter().find(|measured| measured.run.name == name)
    }
}

/// All that one run of `search` showed.
#[derive(Debug, Serialize)]
pub(crate) struct Record {
    machine: Machine,
    command: String,
    files: usize,
    /// Bytes of all files, and of the first so many.
    #[serde(skip)]
    lengths: Vec<u64>,
    rows: Vec<Row>,
}

impl Record {
    pub(crate) fn new(machine: Machine, text: &Text, rows: Vec<Row>) -> Self {
        let files = text.files.len();
        let command = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
        let lengths = (0..=files).map(|count| text.length(count)).collect();
        Self { machine, command, files, lengths, rows }
    }

    /// Bytes each second.
    fn rate(&self, measured: &Measured) -> f64 {
        let bytes = self.lengths.get(measured.run.files).copied().unwrap_or(0);
        bytes as f64 / measured.seconds
    }

    pub(crate) fn markdown(&self) -> String {
        let bytes = self.lengths.last().copied().unwrap_or(0);
        let mut text = format!(
            "# The search for patterns, {}\n\n{}\n- arguments: `search {}`\n- text: {} files, {} MiB\n\n",
            self.machine.date,
            self.machine.lines(),
            self.command,
            self.files,
            bytes >> 20,
        );
        text.push_str(&self.rates());
        text.push_str(&self.costs());
        text
    }

    fn rates(&self) -> String {
        let mut text = "GB/s of processor time; in brackets how many times Pellucid's time a peer took over the \
             same files. Findings (pairs of literal and file) are compared in the files that both searched.\n\n\
             | patterns | read-sum | "
            .to_owned();
        text.push_str(&COLUMNS.join(" | "));
        text.push_str(" | findings |\n");
        text.push_str(&rule(COLUMNS.len() + 3));
        let all = self.lengths.last().copied().unwrap_or(0) as f64;
        for row in &self.rows {
            let cells: Vec<String> = COLUMNS.iter().map(|name| self.cell(row, name)).collect();
            let differences: usize = row.runs.iter().map(|measured| measured.differences).sum();
            let equal = if differences == 0 {
                "all equal".to_owned()
            } else {
                format!("{differences} differ")
            };
            let findings = row.of("pellucid").map_or(0, |own| own.findings);
            text.push_str(&format!(
                "| {} | {:.2} | {} | {findings}, {equal} |\n",
                row.patterns,
                all / row.read_sum / 1e9,
                cells.join(" | "),
            ));
        }
        text
    }

    fn cell(&self, row: &Row, name: &str) -> String {
        let Some(measured) = row.of(name) else { return "-".to_owned() };
        let rate = self.rate(measured) / 1e9;
        match name {
            "pellucid" => format!("{rate:.3}"),
            _ => format!("{rate:.3} ({:.1})", measured.seconds / measured.own_seconds),
        }
    }

    fn costs(&self) -> String {
        let mut text =
            "\nSeconds to get ready (wall clock), and bytes that the search works with for each \
             pattern:\n\n| patterns | "
                .to_owned();
        text.push_str(&COLUMNS.join(" | "));
        text.push_str(" |\n");
        text.push_str(&rule(COLUMNS.len() + 1));
        for row in &self.rows {
            let cells = COLUMNS.iter().map(|name| {
                let Some(measured) = row.of(name) else { return "-".to_owned() };
                let each = measured.run.bytes.map(|bytes| bytes as f64 / row.patterns as f64);
                let each = each.map_or_else(String::new, |each| format!(", {each:.0} B"));
                format!("{:.2} s{each}", measured.run.preparation)
            });
            text.push_str(&format!(
                "| {} | {} |\n",
                row.patterns,
                cells.collect::<Vec<_>>().join(" | ")
            ));
        }
        text
    }

    /// Nanoseconds for each byte against the number of patterns.
    fn chart(&self) -> Chart {
        let curve = |name: &&str| {
            let points = self.rows.iter().filter_map(|row| {
                let measured = row.of(name)?;
                Some((row.patterns as f64, 1e9 / self.rate(measured)))
            });
            Curve { name: (*name).to_owned(), points: points.collect() }
        };
        let curves = COLUMNS.iter().map(curve).filter(|curve| !curve.points.is_empty()).collect();
        Chart {
            title: "time for each byte".into(),
            x: "patterns".into(),
            y: "ns per byte".into(),
            curves,
        }
    }

    pub(crate) fn save(&self, folder: &Path, name: &str) -> Result<PathBuf> {
        std::fs::create_dir_all(folder)?;
        let stem = folder.join(format!("{}-{name}", self.machine.date));
        let text = stem.with_extension("md");
        std::fs::write(&text, self.markdown())?;
        std::fs::write(stem.with_extension("json"), serde_json::to_string_pretty(self)? + "\n")?;
        self.chart().save(&stem.with_extension("svg"))?;
        Ok(text)
    }
}
