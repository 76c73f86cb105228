//! `pellucid identify` and `pellucid inspect`.

use std::ffi::OsStr;

use serde_json::{Value, json};

use crate::run::{run, run_with_input};
use crate::samples::{folder, zip};

/// An ELF program that is there on every Linux system, and small.
const PROGRAM: &str = "/bin/sh";

#[test]
fn files_are_identified_by_content() {
    let folder = folder(&[("a.txt", &zip(&[("x", b"y")])), ("empty", b"")]);
    let (archive, empty) = (folder.path().join("a.txt"), folder.path().join("empty"));
    let said = run(["identify".as_ref(), archive.as_os_str(), empty.as_os_str()]).ends_with(0);
    let lines: Vec<_> = said.out.lines().collect();
    assert!(lines[0].contains("a.txt: ZIP archive"), "{}", said.out);
    assert!(lines[1].contains("empty: Empty file"), "{}", said.out);
}

#[test]
fn identification_is_available_for_machines() {
    let folder = folder(&[("a.zip", &zip(&[("x", b"y")]))]);
    let path = folder.path().join("a.zip");
    let args = ["identify".as_ref(), "--format".as_ref(), "ndjson".as_ref(), path.as_os_str()];
    let line = &run(args).ends_with(0).lines()[0];
    assert_eq!(line["types"], json!(["zip"]));
    assert_eq!(line["found"], json!([{"type": "zip", "offset": 0}]));
    assert_eq!(line["reasons"], json!([]));
}

#[test]
fn standard_input_is_identified() {
    let said = run_with_input(["identify", "-"], b"#!/bin/sh\necho\n").ends_with(0);
    assert!(said.out.starts_with("-: ") && said.out.contains("Shell script"), "{}", said.out);
}

#[test]
fn the_files_that_can_be_read_are_identified() {
    let folder = folder(&[("a", b"text")]);
    let path = folder.path().join("a");
    let args: [&OsStr; 4] =
        ["identify".as_ref(), "/missing".as_ref(), path.as_ref(), folder.path().as_ref()];
    let said = run(args).ends_with(2);
    assert_eq!(said.out.lines().count(), 1);
    assert_eq!(said.err.lines().count(), 2);
    assert!(said.err.contains("cannot identify /missing"), "{}", said.err);
}

#[test]
fn a_program_is_inspected() {
    let said = run(["inspect", PROGRAM]).ends_with(0);
    for text in [" bit, ", "Entry point", "Sections", ".text", "Needed libraries"] {
        assert!(said.out.contains(text), "{text}: {}", said.out);
    }
}

#[test]
fn inspection_is_available_for_machines() {
    let document = run(["inspect", "--format", "json", PROGRAM]).ends_with(0).json();
    let program = &document["program"];
    assert_eq!(program["format"], "elf");
    assert!(program["entry_point"].is_u64(), "{program}");
    assert_eq!(program["pe"], Value::Null);
    let sections = program["sections"].as_array().unwrap();
    let text = sections.iter().find(|section| section["name"] == ".text").unwrap();
    assert_eq!(text["sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn what_is_no_program_is_said_to_be_none() {
    let folder = folder(&[("a", b"text")]);
    let path = folder.path().join("a");
    let said = run(["inspect".as_ref(), path.as_os_str()]).ends_with(0);
    assert!(said.out.contains("No program"), "{}", said.out);
    let args = ["inspect".as_ref(), "--format".as_ref(), "json".as_ref(), path.as_os_str()];
    assert_eq!(run(args).ends_with(0).json()["program"], Value::Null);
    run(["inspect", "/missing"]).ends_with(2);
}
