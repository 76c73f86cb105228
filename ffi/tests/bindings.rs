//! The bindings for other languages, tested with the library of this build.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod samples;
mod toolchain;

use std::process::Command;

use samples::{MARK, Samples};
use toolchain::{Installed, crate_file, is_there};

/// Runs the tests of a binding, in its folder; what it says is shown when it fails.
fn passes(command: &mut Command, folder: &str) {
    let (installed, samples) = (Installed::new(), Samples::new());
    let (include, library) = (crate_file("include"), installed.folder());
    let output = command
        .current_dir(crate_file("../bindings").join(folder))
        .env("PELLUCID_LIBRARY", library.join("libpellucid.so.0"))
        .env("PELLUCID_TEST_SET", samples.path("marks.pset"))
        .env("PELLUCID_TEST_MARK", MARK)
        .env("LD_LIBRARY_PATH", library)
        .env("CGO_CFLAGS", format!("-I{}", include.display()))
        .env("CGO_LDFLAGS", format!("-L{}", library.display()))
        .env("GOCACHE", samples.path("go-cache"))
        .env("GOFLAGS", "-mod=mod")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}\n{said}{complained}");
    assert!(format!("{said}{complained}").contains("ok") || complained.contains("OK"));
}

#[test]
fn python() {
    if is_there("python3") {
        let mut python = Command::new("python3");
        python.env("PYTHONPATH", ".").args(["-m", "unittest", "discover", "-s", "tests"]);
        passes(&mut python, "python");
    }
}

#[test]
fn go() {
    if is_there("go") {
        passes(Command::new("go").args(["test", "./..."]), "go");
    }
}
