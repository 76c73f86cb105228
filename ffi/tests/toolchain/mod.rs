//! The C compilers of this machine, and the library that the programs are linked to.
//!
//! Cargo builds the shared and the static library together with the crate that these tests link (all
//! three crate types come from one call of the compiler), and puts them beside the test program, in
//! `target/PROFILE/deps`. So they are there, and of the same age.

#![allow(dead_code, reason = "each test program uses a part")]

use std::env;
use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

// Links the crate, so that cargo builds it, and the libraries with it.
use pellucid_ffi as _;

/// A file of this crate.
pub(crate) fn crate_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A compiler, and the warnings that our header and programs must not give.
pub(crate) struct Compiler(String);

impl Compiler {
    /// `$CC` or `cc`; without one the test is skipped, and says so.
    pub(crate) fn c() -> Option<Self> {
        Self::found("CC", "cc")
    }

    /// `$CXX` or `c++`; without one the test is skipped, and says so.
    pub(crate) fn cpp() -> Option<Self> {
        Self::found("CXX", "c++")
    }

    /// `clang`, whose sanitizers need no library of their own; without it the test is skipped.
    pub(crate) fn clang() -> Option<Self> {
        is_there("clang").then(|| Self("clang".to_owned()))
    }

    fn found(variable: &str, usual: &str) -> Option<Self> {
        let program = env::var(variable).unwrap_or_else(|_| usual.to_owned());
        is_there(&program).then_some(Self(program))
    }

    /// Runs it on `arguments`; a warning is an error.
    pub(crate) fn run(&self, arguments: &[impl AsRef<OsStr>]) {
        let strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g"];
        let mut command = Command::new(&self.0);
        command.args(strict).arg("-I").arg(crate_file("include")).args(arguments);
        assert_success(&mut command);
    }
}

/// Whether a program runs here. One that does not is named: no test passes in silence.
pub(crate) fn is_there(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        eprintln!("skipped: `{program}` is not installed");
    }
    there
}

/// Runs a command to its end and shows what it said if it fails.
pub(crate) fn assert_success(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{said}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

/// The libraries under the names that they have once installed.
pub(crate) struct Installed(tempfile::TempDir);

impl Installed {
    /// Links to those of the build.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let built = built_libraries();
        let name = |from: &str, to: &str| {
            let built = built.join(from).canonicalize().unwrap();
            symlink(built, folder.path().join(to)).unwrap();
        };
        name("libpellucid_ffi.so", "libpellucid.so.0");
        name("libpellucid_ffi.a", "libpellucid.a");
        symlink("libpellucid.so.0", folder.path().join("libpellucid.so")).unwrap();
        Self(folder)
    }

    /// The folder that holds them.
    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }
}

pub(crate) fn built_libraries() -> PathBuf {
    env::current_exe().unwrap().parent().unwrap().to_owned()
}
