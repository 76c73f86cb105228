//! What all files together came to.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pellucid::verdict::{Class, Completeness, Reason, Report, SetLabel, Verdict};

use crate::outcome::Outcome;

/// Counts over all files of a scan.
#[derive(Debug)]
pub(super) struct Summary {
    started: Instant,
    /// Wall-clock time, once the scan is over.
    pub(super) elapsed: Duration,
    /// Files that were looked at or should have been.
    pub(super) files: u64,
    /// Bytes looked at, unpacked ones counted.
    pub(super) bytes: u64,
    /// Objects looked at: files and what is in them.
    pub(super) objects: u64,
    /// Files by verdict.
    pub(super) verdicts: BTreeMap<Verdict, u64>,
    /// Findings by class.
    pub(super) findings: BTreeMap<Class, u64>,
    /// Files of which only a part was looked at.
    pub(super) partial: u64,
    /// Files that were not looked at.
    pub(super) not_scanned: u64,
    /// Files by reason why not all of them was looked at. One file may have several.
    pub(super) reasons: BTreeMap<Reason, u64>,
    /// Symbolic links that were not followed.
    pub(super) skipped_links: u64,
    /// Whether the user ended the scan before its time.
    pub(super) cancelled: bool,
    /// The sets that were used.
    pub(super) sets: Vec<SetLabel>,
}

impl Summary {
    pub(super) fn new(sets: &[SetLabel]) -> Self {
        Self {
            started: Instant::now(),
            elapsed: Duration::ZERO,
            files: 0,
            bytes: 0,
            objects: 0,
            verdicts: BTreeMap::new(),
            findings: BTreeMap::new(),
            partial: 0,
            not_scanned: 0,
            reasons: BTreeMap::new(),
            skipped_links: 0,
            cancelled: false,
            sets: sets.to_vec(),
        }
    }

    /// Counts one file.
    pub(super) fn add(&mut self, report: &Report) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(report.bytes);
        if report.completeness != Completeness::NotScanned {
            self.objects += report.objects.len() as u64;
        }
        *self.verdicts.entry(report.verdict).or_default() += 1;
        for finding in &report.findings {
            *self.findings.entry(finding.class).or_default() += 1;
        }
        match report.completeness {
            Completeness::Complete => return,
            Completeness::Partial => self.partial += 1,
            Completeness::NotScanned => self.not_scanned += 1,
        }
        for reason in report.reasons() {
            *self.reasons.entry(reason).or_default() += 1;
        }
    }

    /// Counts one symbolic link that was not followed.
    pub(super) fn skip_link(&mut self) {
        self.skipped_links += 1;
    }

    /// The scan is over.
    pub(super) fn close(&mut self, cancelled: bool) {
        self.elapsed = self.started.elapsed();
        self.cancelled = cancelled;
    }

    /// Files with a verdict that calls for action.
    pub(super) fn files_found(&self) -> u64 {
        self.verdicts.iter().filter(|&(&verdict, _)| verdict >= Verdict::Pua).map(|(_, n)| n).sum()
    }

    /// Files that were not looked at in full.
    pub(super) fn files_incomplete(&self) -> u64 {
        self.partial + self.not_scanned
    }

    /// How the command ends.
    pub(super) fn outcome(&self) -> Outcome {
        if self.files_found() > 0 {
            Outcome::Found
        } else if self.files_incomplete() > 0 || self.cancelled {
            Outcome::Incomplete
        } else {
            Outcome::Good
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary_of(reports: &[(Verdict, Completeness)]) -> Summary {
        let mut summary = Summary::new(&[]);
        for &(verdict, completeness) in reports {
            let mut report = Report::default();
            (report.verdict, report.completeness) = (verdict, completeness);
            summary.add(&report);
        }
        summary
    }

    #[test]
    fn a_finding_outweighs_what_is_incomplete() {
        use Completeness::{Complete, NotScanned, Partial};
        for (reports, outcome) in [
            (vec![], Outcome::Good),
            (vec![(Verdict::Clean, Complete), (Verdict::Trusted, Complete)], Outcome::Good),
            (vec![(Verdict::Clean, Complete), (Verdict::Clean, Partial)], Outcome::Incomplete),
            (vec![(Verdict::Clean, NotScanned)], Outcome::Incomplete),
            (vec![(Verdict::Clean, NotScanned), (Verdict::Pua, Complete)], Outcome::Found),
            (vec![(Verdict::Suspicious, Complete)], Outcome::Found),
            (vec![(Verdict::Malicious, Partial)], Outcome::Found),
        ] {
            assert_eq!(summary_of(&reports).outcome(), outcome, "{reports:?}");
        }
    }

    #[test]
    fn a_cancelled_scan_is_not_complete() {
        let mut summary = summary_of(&[(Verdict::Clean, Completeness::Complete)]);
        summary.close(true);
        assert_eq!(summary.outcome(), Outcome::Incomplete);
    }

    #[test]
    fn a_file_that_was_not_looked_at_is_no_object() {
        let mut report = super::super::samples::bomb();
        let mut summary = Summary::new(&[]);
        summary.add(&report);
        let objects = summary.objects;
        report.completeness = Completeness::NotScanned;
        summary.add(&report);
        assert_eq!((summary.files, summary.objects), (2, objects));
    }

    #[test]
    fn a_reason_counts_once_a_file() {
        let mut report = super::super::samples::bomb();
        let object = report.objects[1].clone();
        report.objects.push(object);
        let mut summary = Summary::new(&[]);
        summary.add(&report);
        assert!(summary.reasons.values().all(|&files| files == 1), "{:?}", summary.reasons);
    }
}
