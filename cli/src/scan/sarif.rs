//! `--format sarif`: SARIF 2.1.0 (OASIS Standard, 2020), for tools that show findings of analysers.
//!
//! - A finding is a result; its signature is a rule. malicious is `error`, suspicious `warning`, pua
//!   `note`; trusted is `informational`.
//! - The file is the physical location, with a byte offset where the hit is in the file itself; an
//!   object inside it is a logical location.
//! - What was not looked at is a notification of the invocation, so that nobody takes a partial scan
//!   for a clean one.
//!
//! Results are written as they come. Rules and notifications have their place behind them and are
//! held until then, notifications up to [`MOST_NOTIFICATIONS`] and a count of the rest.

use std::collections::HashMap;
use std::env;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use pellucid::normalise::View;
use pellucid::verdict::{Class, Finding, Problem, Reason, Report};
use serde_json::{Value, json};

use super::session::Format;
use super::summary::Summary;
use crate::shown;

/// More would fill memory on a tree where everything is unreadable, and no viewer shows them.
const MOST_NOTIFICATIONS: usize = 10_000;

/// The log so far.
#[derive(Default)]
pub(super) struct Sarif {
    some: bool,
    rules: Vec<Value>,
    rule_numbers: HashMap<String, usize>,
    notifications: Vec<Value>,
    more_notifications: u64,
}

impl Format for Sarif {
    fn begin(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        out.write_all(
            b"{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\
              \"runs\":[{\"results\":[",
        )
    }

    fn file(&mut self, out: &mut Vec<u8>, path: &Path, report: &Report) -> io::Result<()> {
        for finding in &report.findings {
            out.write_all(if self.some { b",\n" } else { b"\n" })?;
            self.some = true;
            let rule = self.rule(finding);
            serde_json::to_writer(&mut *out, &result(path, report, finding, rule))?;
        }
        for (object, problem) in report.problems() {
            self.notify(path, report, object, problem);
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>, summary: &Summary) -> io::Result<()> {
        self.notify_of_the_rest();
        out.write_all(b"\n],\n\"tool\":")?;
        serde_json::to_writer(&mut *out, &tool(&self.rules))?;
        out.write_all(b",\n\"invocations\":[")?;
        serde_json::to_writer(&mut *out, &invocation(summary, &self.notifications))?;
        out.write_all(b"]}]}\n")
    }
}

impl Sarif {
    /// The number of the rule that stands for a finding's signature.
    fn rule(&mut self, finding: &Finding) -> usize {
        if let Some(&number) = self.rule_numbers.get(&finding.name) {
            return number;
        }
        let number = self.rules.len();
        self.rule_numbers.insert(finding.name.clone(), number);
        self.rules.push(json!({
            "id": finding.name,
            "shortDescription": {
                "text": plain(&format!("{}: {}", finding.class.name(), finding.name)),
            },
            "defaultConfiguration": {"level": level(finding.class)},
            "properties": {
                "class": finding.class.name(), "set": finding.set, "source": finding.source,
                "author": finding.author, "licence": finding.licence,
                "severity": finding.severity,
            },
        }));
        number
    }

    fn notify(&mut self, path: &Path, report: &Report, object: usize, problem: &Problem) {
        if self.notifications.len() >= MOST_NOTIFICATIONS {
            self.more_notifications += 1;
            return;
        }
        let level = match problem.reason {
            Reason::Unreadable | Reason::InternalError => "error",
            _ => "warning",
        };
        self.notifications.push(json!({
            "level": level,
            "descriptor": {"id": problem.reason.to_string()},
            "message": {"text": plain(&format!("not looked at in full: {problem}"))},
            "locations": [location(path, report, object, None)],
        }));
    }

    fn notify_of_the_rest(&mut self) {
        if self.more_notifications > 0 {
            let text = format!(
                "{} more parts were not looked at in full; --format ndjson lists all",
                self.more_notifications
            );
            self.notifications.push(json!({"level": "warning", "message": {"text": text}}));
        }
    }
}

fn level(class: Class) -> &'static str {
    match class {
        Class::Malicious => "error",
        Class::Suspicious => "warning",
        Class::Pua => "note",
        Class::Trusted => "none",
    }
}

fn result(path: &Path, report: &Report, finding: &Finding, rule: usize) -> Value {
    let kind = if finding.class == Class::Trusted { "informational" } else { "fail" };
    json!({
        "ruleId": finding.name,
        "ruleIndex": rule,
        "kind": kind,
        "level": level(finding.class),
        "message": {"text": plain(&message(report, finding))},
        "locations": [location(path, report, finding.object, finding.offset)],
        "properties": {
            "method": finding.method.name(),
            "object": report.object_path(finding.object),
            "offset": finding.offset,
            "view": finding.view.map(View::name),
            "completeness": report.completeness.name(),
        },
    })
}

fn message(report: &Report, finding: &Finding) -> String {
    let mut text = format!("{} ({}), found by ", finding.name, finding.class.name());
    text += finding.method.name();
    let place = report.object_path(finding.object);
    if !place.is_empty() {
        text += &format!(" in {}", place.join(" > "));
    }
    text
}

/// Text for a message: SARIF gives a meaning to braces (section 3.11.5) and square brackets (3.11.6),
/// and a name from an archive must not become a link.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in shown::lines(text).chars() {
        match c {
            '{' | '}' => plain.extend([c, c]),
            '[' | ']' | '\\' => plain.extend(['\\', c]),
            _ => plain.push(c),
        }
    }
    plain
}

fn location(path: &Path, report: &Report, object: usize, offset: Option<u64>) -> Value {
    let artifact = json!({"uri": uri(path)});
    let inner = report.object_path(object);
    match (inner.last(), offset) {
        (Some(name), _) => json!({
            "physicalLocation": {"artifactLocation": artifact},
            "logicalLocations": [{
                "name": name, "fullyQualifiedName": inner.join("/"), "kind": "member",
            }],
        }),
        (None, Some(offset)) => json!({
            "physicalLocation": {"artifactLocation": artifact, "region": {"byteOffset": offset}},
        }),
        (None, None) => json!({"physicalLocation": {"artifactLocation": artifact}}),
    }
}

fn tool(rules: &[Value]) -> Value {
    json!({"driver": {
        "name": "Pellucid", "version": env!("CARGO_PKG_VERSION"), "rules": rules,
    }})
}

fn invocation(summary: &Summary, notifications: &[Value]) -> Value {
    let sets: Vec<_> =
        summary.sets.iter().map(|set| json!({"name": set.name, "signed": set.signed})).collect();
    let mut invocation = json!({
        "executionSuccessful": !summary.cancelled,
        "exitCode": summary.outcome() as u8,
        "toolExecutionNotifications": notifications,
        "properties": {"sets": sets, "files": summary.files},
    });
    // Relative URIs are relative to this; without it they are at least not wrong.
    if let (Some(invocation), Ok(folder)) = (invocation.as_object_mut(), env::current_dir()) {
        invocation.insert("workingDirectory".to_owned(), json!({"uri": uri(&folder.join(""))}));
    }
    invocation
}

/// A path as a URI reference (RFC 3986): `file:///...` when it is absolute, else relative to the
/// working folder.
fn uri(path: &Path) -> String {
    let mut uri = String::from(if path.is_absolute() { "file://" } else { "" });
    let bytes = path.as_os_str().as_encoded_bytes();
    for &byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte.into());
            }
            // Writing into a string cannot fail.
            byte => drop(write!(uri, "%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use pellucid::verdict::{Method, Verdict};

    fn log(reports: &[Report]) -> Value {
        let (mut sarif, mut out) = (Sarif::default(), Vec::new());
        let mut summary = Summary::new(&samples::infected().sets);
        sarif.begin(&mut out).unwrap();
        for report in reports {
            summary.add(report);
            sarif.file(&mut out, Path::new("/tmp/a b.zip"), report).unwrap();
        }
        sarif.end(&mut out, &summary).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn a_finding_is_a_result_of_a_rule() {
        let log = log(&[samples::infected(), samples::infected()]);
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 1);
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 2);
        assert_eq!(results[0]["ruleId"], "Test.A");
        assert_eq!(results[0]["level"], "error");
        let location = &results[0]["locations"][0];
        assert_eq!(
            location["physicalLocation"]["artifactLocation"]["uri"],
            "file:///tmp/a%20b.zip"
        );
        assert_eq!(location["logicalLocations"][0]["fullyQualifiedName"], "inner.zip/x.exe");
    }

    #[test]
    fn a_hit_in_the_file_itself_has_its_byte_offset() {
        let mut report = samples::infected();
        report.findings[0].object = 0;
        report.findings[0].offset = Some(17);
        let log = log(&[report]);
        let location = &log["runs"][0]["results"][0]["locations"][0];
        assert_eq!(location["physicalLocation"]["region"]["byteOffset"], 17);
    }

    #[test]
    fn classes_have_levels() {
        for (class, level, kind) in [
            (Class::Malicious, "error", "fail"),
            (Class::Suspicious, "warning", "fail"),
            (Class::Pua, "note", "fail"),
            (Class::Trusted, "none", "informational"),
        ] {
            let mut report = Report::default();
            report.verdict = Verdict::Clean;
            report.findings = vec![Finding::new("A", class, Method::Yara)];
            let result = &log(&[report])["runs"][0]["results"][0];
            assert_eq!((&result["level"], &result["kind"]), (&json!(level), &json!(kind)));
        }
    }

    #[test]
    fn what_is_missing_is_a_notification() {
        let log = log(&[samples::bomb()]);
        let invocation = &log["runs"][0]["invocations"][0];
        let notifications = invocation["toolExecutionNotifications"].as_array().unwrap();
        assert_eq!(notifications.len(), 2);
        assert_eq!(notifications[0]["descriptor"]["id"], "limit:depth");
        assert_eq!(invocation["exitCode"], 2);
    }

    #[test]
    fn notifications_that_are_not_kept_are_counted() {
        let mut report = samples::bomb();
        report.objects[1].problems =
            vec![report.objects[1].problems[0].clone(); MOST_NOTIFICATIONS];
        let log = log(&[report]);
        let notifications = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"];
        let last = notifications.as_array().unwrap().last().unwrap();
        assert!(last["message"]["text"].as_str().unwrap().starts_with("1 more part"), "{last}");
    }

    #[test]
    fn a_name_in_a_message_is_no_link() {
        assert_eq!(plain("a [b](http://c) {0}"), "a \\[b\\](http://c) {{0}}");
    }

    #[test]
    fn an_empty_log_is_valid() {
        assert_eq!(log(&[])["runs"][0]["results"], json!([]));
    }

    #[test]
    fn uris_are_percent_encoded() {
        assert_eq!(uri(Path::new("/a/b c#?%.txt")), "file:///a/b%20c%23%3F%25.txt");
        assert_eq!(uri(Path::new("c:d/ü")), "c%3Ad/%C3%BC");
    }
}
