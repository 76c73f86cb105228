//! What machines read: ndjson, JSON, SARIF.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use serde_json::{Value, json};

use crate::run::{Said, scan};
use crate::samples::{content, folder, zip};

fn scan_as(format: &str, folder: &tempfile::TempDir) -> Said {
    scan([OsStr::new("--format"), OsStr::new(format), folder.path().as_os_str()])
}

#[test]
fn ndjson_has_the_promised_keys() {
    let archive = zip(&[("x.bin", &content("malicious"))]);
    let folder = folder(&[("a.zip", &archive)]);
    let lines = scan_as("ndjson", &folder).ends_with(1).lines();
    let [file] = lines.as_slice() else { panic!("one line expected: {lines:?}") };
    assert_eq!(file["path"], folder.path().join("a.zip").to_str().unwrap());
    assert_eq!(file["size"], archive.len());
    assert_eq!(file["types"], json!(["zip"]));
    assert_eq!(file["verdict"], "malicious");
    assert_eq!(file["completeness"], "complete");
    assert_eq!(file["reasons"], json!([]));
    assert_eq!(file["objects"], 2);
    assert!(file["bytes"].is_u64() && file["elapsed_ms"].is_u64(), "{file}");
    assert_eq!(file["sets"], json!([{"name": "example.org/test@7", "signed": false}]));
    let finding = &file["findings"][0];
    assert_eq!(finding["name"], "Test.Malicious");
    assert_eq!(finding["class"], "malicious");
    assert_eq!(finding["method"], "hash");
    assert_eq!(finding["object"], json!(["x.bin"]));
    assert_eq!(finding["offset"], Value::Null);
    assert_eq!(finding["set"], "example.org/test@7");
    assert!(finding["severity"].is_u64(), "{finding}");
}

#[test]
fn ndjson_says_why_something_was_not_scanned() {
    let lines = scan(["--format", "ndjson", "/missing"]).ends_with(2).lines();
    assert_eq!(lines[0]["verdict"], "clean");
    assert_eq!(lines[0]["completeness"], "not-scanned");
    assert_eq!(lines[0]["reasons"], json!(["unreadable"]));
    assert_eq!(lines[0]["sets"][0]["signed"], false);
}

#[test]
fn no_byte_of_a_name_is_lost() {
    let folder = folder(&[("plain", b"x")]);
    fs::write(folder.path().join(OsStr::from_bytes(b"odd\xff")), "x").unwrap();
    let lines = scan_as("ndjson", &folder).ends_with(0).lines();
    let bytes: Vec<_> = lines.iter().filter_map(|line| line["path_bytes"].as_str()).collect();
    let [bytes] = bytes.as_slice() else { panic!("one odd name expected: {lines:?}") };
    assert!(bytes.ends_with("6f6464ff"), "{bytes}");
}

#[test]
fn a_thousand_files_are_a_thousand_whole_lines() {
    let folder = folder(&[]);
    for number in 0..1000 {
        fs::write(folder.path().join(format!("{number}.txt")), format!("file {number}")).unwrap();
    }
    for jobs in ["-j1", "-j2"] {
        let args = ["--format", "ndjson", jobs, folder.path().to_str().unwrap()];
        let lines = scan(args).ends_with(0).lines();
        let paths: BTreeSet<_> = lines.iter().map(|line| line["path"].to_string()).collect();
        assert_eq!((lines.len(), paths.len()), (1000, 1000));
    }
}

#[test]
fn machine_readable_output_is_nothing_else() {
    let folder = folder(&[("a.txt", b"harmless")]);
    for format in ["ndjson", "json", "sarif"] {
        let said = scan_as(format, &folder).ends_with(0);
        said.out.lines().for_each(|line| assert!(!line.starts_with("Scanned:"), "{line}"));
        assert!(said.err.contains("Scanned:      1 file"), "the summary stands aside");
        let path = folder.path().to_str().unwrap();
        assert_eq!(scan(["--quiet", "--format", format, path]).err, "");
    }
}

#[test]
fn json_is_one_document() {
    let folder = folder(&[("bad", &content("malicious")), ("good", b"harmless")]);
    let document = scan_as("json", &folder).ends_with(1).json();
    assert_eq!(document["files"].as_array().unwrap().len(), 2);
    let summary = &document["summary"];
    assert_eq!(summary["files"], 2);
    assert_eq!(summary["verdicts"], json!({"clean": 1, "malicious": 1}));
    assert_eq!(summary["exit_status"], 1);
    assert_eq!(summary["cancelled"], false);
}

#[test]
fn sarif_has_what_the_standard_asks_for() {
    let folder = folder(&[("b d.bin", &content("malicious")), ("good", b"harmless")]);
    let path = folder.path().to_str().unwrap();
    let log = scan(["--format", "sarif", path, "/missing"]).ends_with(1).json();
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().contains("sarif-2.1.0"));
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "Pellucid");
    assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "Test.Malicious");
    let result = &run["results"][0];
    assert_eq!((&result["ruleId"], &result["ruleIndex"]), (&json!("Test.Malicious"), &json!(0)));
    assert_eq!(result["level"], "error");
    let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert!(uri.as_str().unwrap().starts_with("file:///"), "{uri}");
    assert!(uri.as_str().unwrap().ends_with("/b%20d.bin"), "{uri}");
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], true);
    let notification = &invocation["toolExecutionNotifications"][0];
    assert_eq!(notification["descriptor"]["id"], "unreadable");
}
