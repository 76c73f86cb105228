//! One file's result for machines.

use std::borrow::Cow;
use std::path::Path;

use serde::Serialize;

use super::path_if_lossy;
use crate::normalise::View;
use crate::verdict::{Finding, Problem, Report, SetLabel};

/// One file's result.
#[derive(Debug, Serialize)]
pub struct FileRecord<'r> {
    path: Cow<'r, str>,
    size: u64,
    types: Vec<&'static str>,
    verdict: &'static str,
    completeness: &'static str,
    reasons: Vec<String>,
    findings: Vec<FindingRecord<'r>>,
    objects: usize,
    bytes: u64,
    elapsed_ms: u64,
    sets: Vec<SetRecord<'r>>,
    problems: Vec<ProblemRecord<'r>>,
    anomalies: Vec<AnomalyRecord<'r>>,
    /// Every byte of the path in hexadecimal, where `path` could not hold them all.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
}

#[derive(Debug, Serialize)]
struct FindingRecord<'r> {
    name: &'r str,
    class: &'static str,
    method: &'static str,
    object: Vec<&'r str>,
    offset: Option<u64>,
    /// The normal form that it was found in, if not in the object's own bytes.
    view: Option<&'static str>,
    set: &'r str,
    severity: u8,
    source: &'r str,
    author: &'r str,
    licence: &'r str,
}

/// A set, and whether anybody vouches for it.
#[derive(Debug, Serialize)]
pub struct SetRecord<'r> {
    name: &'r str,
    signed: bool,
}

#[derive(Debug, Serialize)]
struct ProblemRecord<'r> {
    object: Vec<&'r str>,
    reason: String,
    detail: &'r str,
}

/// An oddity that kept nothing from being looked at.
#[derive(Debug, Serialize)]
struct AnomalyRecord<'r> {
    object: Vec<&'r str>,
    detail: &'r str,
}

impl<'r> FileRecord<'r> {
    /// The record of a file that was scanned under this path.
    pub fn new(path: &'r Path, report: &'r Report) -> Self {
        let file = report.file();
        Self {
            path: path.to_string_lossy(),
            size: file.map_or(0, |file| file.size),
            types: file.map_or_else(Vec::new, |f| f.types.iter().map(|t| t.name()).collect()),
            verdict: report.verdict.name(),
            completeness: report.completeness.name(),
            reasons: report.reasons().iter().map(ToString::to_string).collect(),
            findings: report.findings.iter().map(|f| FindingRecord::new(report, f)).collect(),
            objects: report.objects.len(),
            bytes: report.bytes,
            elapsed_ms: u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX),
            sets: report.sets.iter().map(SetRecord::new).collect(),
            problems: report.problems().map(|(i, p)| ProblemRecord::new(report, i, p)).collect(),
            anomalies: AnomalyRecord::all(report),
            path_bytes: path_if_lossy(path),
        }
    }
}

impl<'r> FindingRecord<'r> {
    fn new(report: &'r Report, finding: &'r Finding) -> Self {
        Self {
            name: &finding.name,
            class: finding.class.name(),
            method: finding.method.name(),
            object: report.object_path(finding.object),
            offset: finding.offset,
            view: finding.view.map(View::name),
            set: &finding.set,
            severity: finding.severity,
            source: &finding.source,
            author: &finding.author,
            licence: &finding.licence,
        }
    }
}

impl<'r> SetRecord<'r> {
    /// The record of a set that was used.
    pub fn new(label: &'r SetLabel) -> Self {
        Self { name: &label.name, signed: label.signed }
    }
}

impl<'r> ProblemRecord<'r> {
    fn new(report: &'r Report, object: usize, problem: &'r Problem) -> Self {
        Self {
            object: report.object_path(object),
            reason: problem.reason.to_string(),
            detail: &problem.detail,
        }
    }
}

impl<'r> AnomalyRecord<'r> {
    fn all(report: &'r Report) -> Vec<Self> {
        let objects = report.objects.iter().enumerate();
        let anomalies =
            objects.flat_map(|(i, object)| object.anomalies.iter().map(move |a| (i, a)));
        anomalies.map(|(i, detail)| Self { object: report.object_path(i), detail }).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::identify::FileType;
    use crate::limits::Limit;
    use crate::verdict::{Class, Completeness, Method, Object, Reason, Verdict};
    use serde_json::{Value, json};

    fn object(name: &str, parent: Option<usize>, file_type: FileType, size: u64) -> Object {
        let mut object = Object { name: name.into(), parent, size, ..Object::default() };
        object.types.insert(file_type);
        object
    }

    /// `inner.zip > x.exe` in a ZIP archive, hit by a hash, all looked at.
    fn infected() -> Report {
        let finding = Finding {
            object: 2,
            severity: 90,
            set: "test/unit@1".into(),
            source: "unit.csv".into(),
            licence: "CC0-1.0".into(),
            ..Finding::new("Test.A", Class::Malicious, Method::Hash)
        };
        Report {
            verdict: Verdict::Malicious,
            findings: vec![finding],
            objects: vec![
                object("", None, FileType::Zip, 1234),
                object("inner.zip", Some(0), FileType::Zip, 1000),
                object("x.exe", Some(1), FileType::Pe, 111),
            ],
            sets: vec![SetLabel::new("test/unit@1", false)],
            bytes: 2345,
            elapsed: Duration::from_millis(7),
            ..Report::default()
        }
    }

    /// A ZIP archive with one entry that is nested too deep and one that is encrypted.
    fn bomb() -> Report {
        let mut deep = object("deep.zip", Some(0), FileType::Zip, 10);
        deep.problems = vec![Problem::new(Reason::Limit(Limit::Depth), "")];
        let mut secret = object("secret.txt", Some(0), FileType::Data, 20);
        secret.problems = vec![Problem::new(Reason::Encrypted, "AES-256")];
        Report {
            completeness: Completeness::Partial,
            objects: vec![object("", None, FileType::Zip, 500), deep, secret],
            ..Report::default()
        }
    }

    fn value(path: &Path, report: &Report) -> Value {
        serde_json::to_value(FileRecord::new(path, report)).unwrap()
    }

    #[test]
    fn a_finding_says_all_that_is_known() {
        let report = infected();
        assert_eq!(
            value(Path::new("a.zip"), &report),
            json!({
                "path": "a.zip", "size": 1234, "types": ["zip"],
                "verdict": "malicious", "completeness": "complete", "reasons": [],
                "findings": [{
                    "name": "Test.A", "class": "malicious", "method": "hash",
                    "object": ["inner.zip", "x.exe"], "offset": null,
                    "view": null, "set": "test/unit@1", "severity": 90,
                    "source": "unit.csv", "author": "", "licence": "CC0-1.0",
                }],
                "objects": 3, "bytes": 2345, "elapsed_ms": 7,
                "sets": [{"name": "test/unit@1", "signed": false}],
                "problems": [], "anomalies": [],
            })
        );
    }

    #[test]
    fn the_keys_keep_their_order() {
        let text = serde_json::to_string(&FileRecord::new(Path::new("a"), &bomb())).unwrap();
        let keys = [
            "path",
            "size",
            "types",
            "verdict",
            "completeness",
            "reasons",
            "findings",
            "objects",
            "bytes",
            "elapsed_ms",
            "sets",
            "problems",
            "anomalies",
        ];
        let places: Vec<_> = keys.iter().map(|key| text.find(&format!("\"{key}\":"))).collect();
        assert!(places.iter().all(Option::is_some), "{text}");
        assert!(places.is_sorted(), "{text}");
    }

    #[test]
    fn what_is_missing_has_reason_place_and_words() {
        let value = value(Path::new("bomb.zip"), &bomb());
        assert_eq!(value["completeness"], "partial");
        assert_eq!(value["reasons"], json!(["limit:depth", "encrypted"]));
        assert_eq!(
            value["problems"][0],
            json!({"object": ["deep.zip"], "reason": "limit:depth", "detail": ""})
        );
    }

    #[test]
    fn oddities_say_where_they_are() {
        let mut report = infected();
        report.objects[1].anomalies.push("packed with UPX".into());
        let value = value(Path::new("a.zip"), &report);
        let expected = json!([{"object": ["inner.zip"], "detail": "packed with UPX"}]);
        assert_eq!(value["anomalies"], expected);
    }

    #[test]
    fn no_byte_of_a_path_is_lost() {
        use std::os::unix::ffi::OsStrExt;
        let odd = Path::new(std::ffi::OsStr::from_bytes(b"a\xffb"));
        let value = value(odd, &Report::default());
        assert_eq!(value["path"], "a\u{fffd}b");
        assert_eq!(value["path_bytes"], "61ff62");
    }
}
