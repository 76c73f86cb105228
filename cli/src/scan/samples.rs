//! Reports for the tests of the formats.

use std::time::Duration;

use pellucid::identify::FileType;
use pellucid::limits::Limit;
use pellucid::verdict::{
    Class, Completeness, Finding, Method, Object, Problem, Reason, Report, SetLabel, Verdict,
};

fn object(name: &str, parent: Option<usize>, file_type: FileType, size: u64) -> Object {
    let mut object = Object::default();
    object.name = name.to_owned();
    object.parent = parent;
    object.types.insert(file_type);
    object.size = size;
    object
}

/// `inner.zip > x.exe` in a ZIP archive, hit by a hash, all looked at.
pub(super) fn infected() -> Report {
    let mut finding = Finding::new("Test.A", Class::Malicious, Method::Hash);
    finding.object = 2;
    finding.severity = 90;
    finding.set = "test/unit@1".to_owned();
    finding.source = "unit.csv".to_owned();
    finding.licence = "CC0-1.0".to_owned();
    let mut report = Report::default();
    report.verdict = Verdict::Malicious;
    report.findings = vec![finding];
    report.objects = vec![
        object("", None, FileType::Zip, 1234),
        object("inner.zip", Some(0), FileType::Zip, 1000),
        object("x.exe", Some(1), FileType::Pe, 111),
    ];
    report.sets = vec![SetLabel::new("test/unit@1", false)];
    report.bytes = 2345;
    report.elapsed = Duration::from_millis(7);
    report
}

/// A ZIP archive with one entry that is nested too deep and one that is encrypted.
pub(super) fn bomb() -> Report {
    let mut deep = object("deep.zip", Some(0), FileType::Zip, 10);
    deep.completeness = Completeness::NotScanned;
    deep.problems = vec![Problem::new(Reason::Limit(Limit::Depth), "")];
    let mut secret = object("secret.txt", Some(0), FileType::Data, 20);
    secret.completeness = Completeness::NotScanned;
    secret.problems = vec![Problem::new(Reason::Encrypted, "AES-256")];
    let mut report = Report::default();
    report.completeness = Completeness::Partial;
    report.objects = vec![object("", None, FileType::Zip, 500), deep, secret];
    report.sets = vec![SetLabel::new("test/unit@1", false)];
    report.bytes = 530;
    report
}

/// A text file without anything in it.
pub(super) fn clean() -> Report {
    let mut report = Report::default();
    report.objects = vec![object("", None, FileType::Ascii, 5)];
    report.bytes = 5;
    report
}
