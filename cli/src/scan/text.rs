//! `--format text`: results for people.
//!
//! A file is worth a paragraph when something was found in it or not all of it was looked at; the
//! rest is counted in the summary. Every name is made fit for a terminal first ([`crate::shown`]).

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use pellucid::limits::Limits;
use pellucid::verdict::{Completeness, Finding, Object, Reason, Report, Verdict};

use super::explain;
use super::session::Format;
use super::summary::Summary;
use crate::shown;
use crate::style::{Style, Tone};
use crate::units::{self, count, counted};

/// How many findings, or objects with the same problem, are told one by one. Archives can have
/// thousands; machine-readable formats list them all.
const TOLD: usize = 10;

/// Results for people.
pub(super) struct Text {
    style: Style,
    limits: Limits,
    all: bool,
}

impl Text {
    /// `all` lists clean files as well.
    pub(super) fn new(style: Style, limits: Limits, all: bool) -> Self {
        Self { style, limits, all }
    }
}

impl Format for Text {
    fn file(&mut self, out: &mut Vec<u8>, path: &Path, report: &Report) -> io::Result<()> {
        let complete = report.completeness == Completeness::Complete;
        if complete && report.verdict < Verdict::Pua && !self.all {
            return Ok(());
        }
        let path = self.style.paint(Tone::Strong, &shown::path(path));
        writeln!(out, "{}  {path}{}", self.status(report), self.what(report))?;
        self.findings(out, report)?;
        self.missing(out, report)
    }

    fn end(&mut self, out: &mut Vec<u8>, end: &Summary) -> io::Result<()> {
        out.write_all(summary(end, self.style).as_bytes())
    }
}

impl Text {
    /// The word at the start of the line.
    fn status(&self, report: &Report) -> String {
        let (tone, word) = match (report.verdict, report.completeness) {
            (Verdict::Malicious, _) => (Tone::Bad, "MALICIOUS"),
            (Verdict::Suspicious, _) => (Tone::Bad, "SUSPICIOUS"),
            (Verdict::Pua, _) => (Tone::Warning, "UNWANTED"),
            (_, Completeness::Partial) => (Tone::Warning, "INCOMPLETE"),
            (_, Completeness::NotScanned) => (Tone::Warning, "NOT SCANNED"),
            (Verdict::Trusted, _) => (Tone::Good, "trusted"),
            (Verdict::Clean, _) => (Tone::Good, "clean"),
        };
        self.style.paint(tone, &format!("{word:11}"))
    }

    /// What the file is, in brackets.
    fn what(&self, report: &Report) -> String {
        let Some(file) = report.file().filter(|file| !file.types.is_empty()) else {
            return String::new();
        };
        let text = format!("  ({}, {})", types(file), units::size(file.size));
        self.style.paint(Tone::Faint, &text)
    }

    fn findings(&self, out: &mut Vec<u8>, report: &Report) -> io::Result<()> {
        for finding in report.findings.iter().take(TOLD) {
            self.finding(out, report, finding)?;
        }
        if let Some(more) = report.findings.len().checked_sub(TOLD).filter(|&more| more > 0) {
            writeln!(out, "    and {} (see --format json)", counted(more as u64, "more finding"))?;
        }
        Ok(())
    }

    fn finding(&self, out: &mut Vec<u8>, report: &Report, finding: &Finding) -> io::Result<()> {
        let name = self.style.paint(Tone::Strong, &shown::name(&finding.name));
        let (class, method) = (finding.class.name(), finding.method.name());
        write!(out, "    {name}: {class}, by {method}")?;
        if let Some(offset) = finding.offset {
            write!(out, ", at byte {}", count(offset))?;
        }
        if let Some(view) = finding.view {
            write!(out, ", in its normalised {}", view.name())?;
        }
        let place = report.object_path(finding.object);
        if !place.is_empty() {
            write!(out, ", in {}", shown::object(&place))?;
        }
        writeln!(out, "{}", self.style.paint(Tone::Faint, &origin(finding)))
    }

    /// What was not looked at, a line a reason.
    fn missing(&self, out: &mut Vec<u8>, report: &Report) -> io::Result<()> {
        let mut reasons: BTreeMap<Reason, Vec<(usize, &str)>> = BTreeMap::new();
        for (object, problem) in report.problems() {
            reasons.entry(problem.reason).or_default().push((object, &problem.detail));
        }
        if report.completeness == Completeness::Partial {
            writeln!(out, "    Not all of it was looked at:")?;
        }
        for (reason, places) in reasons {
            let words = explain::words(reason, &self.limits);
            let advice =
                explain::advice(reason).map_or_else(String::new, |text| format!("; {text}"));
            let line = self.style.paint(Tone::Warning, &format!("{reason}: {words}{advice}"));
            writeln!(out, "      {line}")?;
            places_of(out, report, &places)?;
        }
        Ok(())
    }
}

/// The objects with one problem, as far as they say more than the file's own line does.
fn places_of(out: &mut Vec<u8>, report: &Report, places: &[(usize, &str)]) -> io::Result<()> {
    for &(object, detail) in places.iter().take(TOLD) {
        let place = shown::object(&report.object_path(object));
        match (place.as_str(), shown::name(detail)) {
            ("", detail) if detail.is_empty() => {}
            ("", detail) => writeln!(out, "        {detail}")?,
            (place, detail) if detail.is_empty() => writeln!(out, "        in {place}")?,
            (place, detail) => writeln!(out, "        in {place}: {detail}")?,
        }
    }
    if let Some(more) = places.len().checked_sub(TOLD).filter(|&more| more > 0) {
        writeln!(out, "        and {} (see --format json)", counted(more as u64, "more object"))?;
    }
    Ok(())
}

fn types(object: &Object) -> String {
    object.types.iter().map(|t| t.description()).collect::<Vec<_>>().join(", ")
}

/// Who says so.
fn origin(finding: &Finding) -> String {
    let mut origin = format!("  [set {}", shown::name(&finding.set));
    if !finding.source.is_empty() {
        origin += &format!(", {}", shown::name(&finding.source));
    }
    if !finding.author.is_empty() {
        origin += &format!(", by {}", shown::name(&finding.author));
    }
    origin + "]"
}

/// The summary of a scan.
pub(super) fn summary(summary: &Summary, style: Style) -> String {
    let mut lines = Vec::new();
    if summary.cancelled {
        lines.push(style.paint(Tone::Warning, "Ended early: not everything was looked at."));
    }
    lines.push(effort(summary));
    lines.push(found(summary, style));
    lines.extend(incomplete(summary, style));
    if summary.skipped_links > 0 {
        lines.push(format!("Not followed: {}", counted(summary.skipped_links, "symbolic link")));
    }
    lines.push(format!("Signatures:   {}", sets(summary)));
    lines.join("\n") + "\n"
}

fn effort(summary: &Summary) -> String {
    let seconds = summary.elapsed.as_secs_f64().max(0.001);
    let rate = (summary.bytes as f64 / seconds) as u64;
    format!(
        "Scanned:      {}, {} in {}, {}/s",
        counted(summary.files - summary.not_scanned.min(summary.files), "file"),
        format_args!("{} ({})", counted(summary.objects, "object"), units::size(summary.bytes)),
        units::duration(summary.elapsed),
        units::size(rate),
    )
}

fn found(summary: &Summary, style: Style) -> String {
    let files = summary.files_found();
    if files == 0 {
        return format!("Found:        {}", style.paint(Tone::Good, "nothing"));
    }
    let classes: Vec<_> = summary
        .findings
        .iter()
        .rev()
        .map(|(class, &number)| format!("{} {}", count(number), class.name()))
        .collect();
    let text = format!("{} in {}", classes.join(", "), counted(files, "file"));
    format!("Found:        {}", style.paint(Tone::Bad, &text))
}

fn incomplete(summary: &Summary, style: Style) -> Option<String> {
    let files = summary.files_incomplete();
    if files == 0 {
        return None;
    }
    let reasons: Vec<_> = summary
        .reasons
        .iter()
        .map(|(reason, &number)| format!("{} {reason}", count(number)))
        .collect();
    let text = format!("{} ({})", counted(files, "file"), reasons.join(", "));
    Some(format!("Incomplete:   {}", style.paint(Tone::Warning, &text)))
}

fn sets(summary: &Summary) -> String {
    let names: Vec<_> = summary
        .sets
        .iter()
        .map(|set| {
            let note = if set.signed { "" } else { " (unsigned)" };
            format!("{}{note}", shown::name(&set.name))
        })
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use pellucid::verdict::{Class, Method, Problem};

    fn told(report: &Report, all: bool) -> String {
        let mut out = Vec::new();
        let mut text = Text::new(Style::plain(), Limits::default(), all);
        text.file(&mut out, Path::new("a.zip"), report).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_finding_says_what_where_and_who() {
        assert_eq!(
            told(&samples::infected(), false),
            "MALICIOUS    a.zip  (ZIP archive, 1.2 KiB)\n    \
             Test.A: malicious, by hash, in inner.zip > x.exe  [set test/unit@1, unit.csv]\n"
        );
    }

    #[test]
    fn what_is_missing_says_why_and_what_to_do() {
        assert_eq!(
            told(&samples::bomb(), false),
            "INCOMPLETE   a.zip  (ZIP archive, 500 bytes)\n    \
             Not all of it was looked at:\n      \
             limit:depth: nested deeper than 16 levels; raise --max-depth\n        \
             in deep.zip\n      \
             encrypted: protected by a password; give its password with --password, or unpack it \
             and scan the result\n        \
             in secret.txt: AES-256\n"
        );
    }

    #[test]
    fn clean_files_are_told_only_on_request() {
        assert_eq!(told(&samples::clean(), false), "");
        assert_eq!(told(&samples::clean(), true), "clean        a.zip  (ASCII text, 5 bytes)\n");
    }

    #[test]
    fn a_file_that_was_not_scanned_is_not_called_clean() {
        let report = Report::not_scanned(Problem::new(Reason::Unreadable, "permission denied"));
        let text = told(&report, false);
        assert!(text.starts_with("NOT SCANNED  a.zip\n"), "{text}");
        assert!(text.contains("permission denied"), "{text}");
    }

    #[test]
    fn names_cannot_forge_lines() {
        let mut report = samples::infected();
        report.findings[0].name = "x\nclean  b.zip\x1b[2J".to_owned();
        report.objects[2].name = "y\nclean".to_owned();
        assert_eq!(told(&report, false).lines().count(), 2);
        assert!(!told(&report, false).contains('\x1b'));
    }

    #[test]
    fn thousands_of_findings_do_not_flood_the_terminal() {
        let mut report = samples::infected();
        report.findings = vec![Finding::new("A", Class::Malicious, Method::Hash); 5000];
        let text = told(&report, false);
        assert_eq!(text.lines().count(), 1 + TOLD + 1);
        assert!(text.contains("4,990 more findings"), "{text}");
    }

    #[test]
    fn the_summary_counts_everything() {
        let mut all = Summary::new(&samples::infected().sets);
        for report in [samples::infected(), samples::bomb(), samples::clean()] {
            all.add(&report);
        }
        all.skip_link();
        let text = summary(&all, Style::plain());
        assert!(text.starts_with("Scanned:      3 files, 7 objects (2.8 KiB) in"), "{text}");
        assert!(text.contains("Found:        1 malicious in 1 file\n"), "{text}");
        assert!(text.contains("Incomplete:   1 file (1 limit:depth, 1 encrypted)\n"), "{text}");
        assert!(text.contains("Not followed: 1 symbolic link\n"), "{text}");
        assert!(text.contains("Signatures:   test/unit@1 (unsigned)\n"), "{text}");
    }

    #[test]
    fn a_cancelled_scan_says_so() {
        let mut all = Summary::new(&[]);
        all.close(true);
        assert!(summary(&all, Style::plain()).starts_with("Ended early"));
    }
}
