//! Help, completions, manual pages.

use std::fs;

use crate::run::run;
use crate::samples::folder;

#[test]
fn every_command_explains_itself_with_examples() {
    let commands: [&[&str]; 9] = [
        &[],
        &["scan"],
        &["set"],
        &["set", "build"],
        &["set", "info"],
        &["identify"],
        &["inspect"],
        &["completions"],
        &["man"],
    ];
    for command in commands {
        let args = command.iter().copied().chain(["--help"]);
        let said = run(args).ends_with(0);
        assert!(said.out.contains("Examples:\n  "), "{command:?}: {}", said.out);
        assert!(said.out.contains("Usage: pellucid"), "{command:?}: {}", said.out);
    }
}

#[test]
fn the_help_tells_the_exit_status() {
    let said = run(["scan", "--help"]).ends_with(0);
    assert!(said.out.contains("Exit status:\n  0  "), "{}", said.out);
}

#[test]
fn completions_know_the_options() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = run(["completions", shell]).ends_with(0);
        assert!(said.out.contains("max-depth"), "{shell}");
    }
}

#[test]
fn manual_pages_are_written() {
    let said = run(["man"]).ends_with(0);
    assert!(said.out.contains(".TH pellucid 1"), "{}", said.out);
    let folder = folder(&[]);
    run(["man", "--out", folder.path().to_str().unwrap()]).ends_with(0);
    for page in ["pellucid.1", "pellucid-scan.1", "pellucid-set-build.1"] {
        let text = fs::read_to_string(folder.path().join(page)).unwrap();
        assert!(text.contains("Examples"), "{page}");
    }
    run(["man", "--out", "/missing/folder"]).ends_with(2);
}

#[test]
fn the_version_is_told() {
    let said = run(["--version"]).ends_with(0);
    assert_eq!(said.out, format!("pellucid {}\n", env!("CARGO_PKG_VERSION")));
}
