//! The binary interface against the one that was recorded: nothing that hosts were compiled with may
//! change its meaning.
//!
//! The header is generated from the entries themselves, so a library of empty functions made from it
//! has the same interface; libabigail reads that one, since it does not speak Rust. To record an
//! addition: `PELLUCID_UPDATE_ABI=1 cargo test -p pellucid-ffi --test abi`; a change that breaks
//! hosts is refused even then.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod toolchain;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use toolchain::{Compiler, assert_success, crate_file, is_there};

/// The exit status of abidiff: bits that say what kind of difference there is.
const FAILED: i32 = 1 | 2;
const INCOMPATIBLE: i32 = 8;

/// The header with a body for every function.
fn empty_functions(header: &str) -> String {
    let (before, declarations) = header.split_once("extern \"C\" {").unwrap();
    let is_code = |line: &&str| !line.trim_start().starts_with(['*', '/']);
    let code: Vec<&str> = declarations.lines().filter(is_code).collect();
    let bodies = code.join("\n").replace(");\n", ") { __builtin_trap(); }\n");
    format!("{before}extern \"C\" {{{bodies}")
}

fn header() -> String {
    fs::read_to_string(crate_file("include/pellucid.h")).unwrap()
}

/// A header's interface as libabigail describes it.
fn description(compiler: &Compiler, folder: &Path, header: &str) -> PathBuf {
    let (source, library) = (folder.join("empty.c"), folder.join("libpellucid.so.0"));
    fs::write(&source, empty_functions(header)).unwrap();
    let quiet = ["-Wno-unused-parameter", "-std=c99", "-shared", "-fPIC", "-o"];
    let soname = "-Wl,-soname,libpellucid.so.0".to_owned();
    let script = format!("-Wl,--version-script={}", crate_file("pellucid.map").display());
    let paths = [library.display().to_string(), source.display().to_string()];
    let arguments: Vec<String> =
        quiet.map(str::to_owned).into_iter().chain(paths).chain([soname, script]).collect();
    compiler.run(&arguments);
    let description = folder.join("libpellucid.abi");
    let mut dump = Command::new("abidw");
    dump.args(["--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--out-file"]);
    assert_success(dump.arg(&description).arg(&library));
    description
}

#[test]
fn the_binary_interface_is_the_recorded_one() {
    let Some(compiler) = Compiler::c().filter(|_| is_there("abidw") && is_there("abidiff")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let now = description(&compiler, folder.path(), &header());
    let recorded = crate_file("abi/libpellucid.so.0.abi");
    let update = std::env::var_os("PELLUCID_UPDATE_ABI").is_some();
    if !recorded.exists() && update {
        fs::create_dir_all(recorded.parent().unwrap()).unwrap();
        fs::copy(&now, &recorded).unwrap();
    }
    let output = Command::new("abidiff").arg(&recorded).arg(&now).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let status = output.status.code().unwrap();
    assert_eq!(status & FAILED, 0, "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(status & INCOMPATIBLE, 0, "hosts that were built before would break:\n{said}");
    if status != 0 && update {
        fs::copy(&now, &recorded).unwrap();
    } else {
        assert_eq!(status, 0, "not recorded yet; PELLUCID_UPDATE_ABI=1 records it:\n{said}");
    }
}

/// A check that cannot fail would be none.
#[test]
fn a_changed_argument_is_noticed() {
    let Some(compiler) = Compiler::c().filter(|_| is_there("abidw") && is_there("abidiff")) else {
        return;
    };
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let now = description(&compiler, folder.path(), &header());
    for (before, after) in [("uint64_t max_ratio;", "uint32_t max_ratio;"), ("int fd,", "long fd,")]
    {
        let header = header();
        assert!(header.contains(before), "{before}");
        let changed = description(&compiler, other.path(), &header.replace(before, after));
        let output = Command::new("abidiff").arg(&now).arg(&changed).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_ne!(output.status.code().unwrap(), 0, "{before}: {said}");
    }
}
