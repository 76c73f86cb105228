//! `--format json`: one document, `{"files": [...], "summary": {...}}`.
//!
//! The summary stands last, because the document is written while the scan runs: memory does not grow
//! with the number of files.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use pellucid::json::{FileRecord, SetRecord};
use pellucid::verdict::Report;
use serde::Serialize;

use super::session::Format;
use super::summary::Summary;

/// The document so far.
#[derive(Default)]
pub(super) struct Json {
    some: bool,
}

impl Format for Json {
    fn begin(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        out.write_all(b"{\"files\":[")
    }

    fn file(&mut self, out: &mut Vec<u8>, path: &Path, report: &Report) -> io::Result<()> {
        out.write_all(if self.some { b",\n" } else { b"\n" })?;
        self.some = true;
        serde_json::to_writer(&mut *out, &FileRecord::new(path, report))?;
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>, summary: &Summary) -> io::Result<()> {
        out.write_all(b"\n],\n\"summary\":")?;
        serde_json::to_writer(&mut *out, &SummaryRecord::new(summary))?;
        out.write_all(b"}\n")
    }
}

#[derive(Serialize)]
struct SummaryRecord<'s> {
    files: u64,
    bytes: u64,
    objects: u64,
    verdicts: BTreeMap<&'static str, u64>,
    findings: BTreeMap<&'static str, u64>,
    partial: u64,
    not_scanned: u64,
    reasons: BTreeMap<String, u64>,
    skipped_links: u64,
    cancelled: bool,
    exit_status: u8,
    elapsed_ms: u64,
    sets: Vec<SetRecord<'s>>,
}

impl<'s> SummaryRecord<'s> {
    fn new(summary: &'s Summary) -> Self {
        Self {
            files: summary.files,
            bytes: summary.bytes,
            objects: summary.objects,
            verdicts: summary.verdicts.iter().map(|(v, &n)| (v.name(), n)).collect(),
            findings: summary.findings.iter().map(|(c, &n)| (c.name(), n)).collect(),
            partial: summary.partial,
            not_scanned: summary.not_scanned,
            reasons: summary.reasons.iter().map(|(r, &n)| (r.to_string(), n)).collect(),
            skipped_links: summary.skipped_links,
            cancelled: summary.cancelled,
            exit_status: summary.outcome() as u8,
            elapsed_ms: u64::try_from(summary.elapsed.as_millis()).unwrap_or(u64::MAX),
            sets: summary.sets.iter().map(SetRecord::new).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn document(reports: &[(&str, Report)]) -> serde_json::Value {
        let (mut json, mut out) = (Json::default(), Vec::new());
        let mut summary = Summary::new(&samples::infected().sets);
        json.begin(&mut out).unwrap();
        for (path, report) in reports {
            summary.add(report);
            json.file(&mut out, Path::new(path), report).unwrap();
        }
        json.end(&mut out, &summary).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn it_is_one_document_for_any_number_of_files() {
        let reports = [("a", samples::infected()), ("b", samples::bomb())];
        for number in 0..=reports.len() {
            let document = document(&reports[..number]);
            assert_eq!(document["files"].as_array().unwrap().len(), number);
            assert_eq!(document["summary"]["files"], number);
        }
    }

    #[test]
    fn the_summary_counts() {
        let document = document(&[("a", samples::infected()), ("b", samples::bomb())]);
        let summary = &document["summary"];
        assert_eq!(summary["verdicts"], serde_json::json!({"malicious": 1, "clean": 1}));
        assert_eq!(summary["findings"], serde_json::json!({"malicious": 1}));
        assert_eq!(summary["reasons"], serde_json::json!({"limit:depth": 1, "encrypted": 1}));
        assert_eq!(summary["exit_status"], 1);
        assert_eq!(summary["sets"][0]["signed"], false);
    }
}
