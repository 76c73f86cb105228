//! `install.sh` gives hosts what they expect: a library with real symbol versions, a static one with
//! nothing but the interface, and files by which pkg-config and CMake find both.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod toolchain;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use toolchain::{Compiler, assert_success, built_libraries, crate_file, is_there};

/// A library that was installed from the build of this test.
struct Prefix(tempfile::TempDir);

impl Prefix {
    fn new() -> Option<Self> {
        if !["cc", "ld", "objcopy", "ar", "readelf", "nm"].iter().all(|tool| is_there(tool)) {
            return None;
        }
        let prefix = Self(tempfile::tempdir().unwrap());
        let mut install = Command::new("sh");
        install.arg(crate_file("install.sh")).arg("--built").arg(built_libraries());
        assert_success(install.arg("--prefix").arg(prefix.0.path()));
        Some(prefix)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn pkg_config(&self, what: &[&str]) -> Vec<String> {
        let mut command = Command::new("pkg-config");
        command.env("PKG_CONFIG_PATH", self.path("lib/pkgconfig"));
        let said = assert_success(command.args(what).arg("pellucid"));
        said.split_whitespace().map(str::to_owned).collect()
    }
}

/// The names of the interface, as the header declares them.
fn declared() -> BTreeSet<String> {
    let header = fs::read_to_string(crate_file("include/pellucid.h")).unwrap();
    let code = header.lines().filter(|line| !line.starts_with([' ', '/']));
    let names = code.filter_map(|line| {
        let (before, _) = line.split_once('(')?;
        let name = before.rsplit([' ', '*']).next()?;
        name.starts_with("pellucid_").then(|| name.to_owned())
    });
    names.collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.split_whitespace().next_back())
}

#[test]
fn the_installed_library_is_what_hosts_expect() {
    let Some(prefix) = Prefix::new() else { return };
    let declared = declared();
    assert!(declared.len() > 50, "{declared:?}");
    every_symbol_has_its_version(&prefix.path("lib/libpellucid.so"), &declared);
    the_archive_shows_the_interface_alone(&prefix.path("lib/libpellucid.a"), &declared);
    a_program_is_built_with_pkg_config(&prefix);
    a_project_is_built_with_cmake(&prefix);
}

fn every_symbol_has_its_version(library: &Path, declared: &BTreeSet<String>) {
    let symbols = assert_success(
        Command::new("nm")
            .args(["--dynamic", "--defined-only", "--with-symbol-versions"])
            .arg(library),
    );
    let found: BTreeSet<&str> = words(&symbols).filter(|word| *word != "PELLUCID_0").collect();
    let expected: BTreeSet<String> =
        declared.iter().map(|name| format!("{name}@@PELLUCID_0")).collect();
    assert_eq!(found, expected.iter().map(String::as_str).collect());
    let dynamic = assert_success(Command::new("readelf").arg("--dynamic").arg(library));
    assert!(dynamic.contains("Library soname: [libpellucid.so.0]"), "{dynamic}");
    let versions = assert_success(Command::new("readelf").arg("--version-info").arg(library));
    assert!(versions.contains("Name: PELLUCID_0"), "{versions}");
}

fn the_archive_shows_the_interface_alone(archive: &Path, declared: &BTreeSet<String>) {
    let mut nm = Command::new("nm");
    nm.args(["--extern-only", "--defined-only", "--format=just-symbols"]).arg(archive);
    let symbols = assert_success(&mut nm);
    let symbols: BTreeSet<&str> =
        symbols.lines().filter(|line| !line.is_empty() && !line.ends_with(':')).collect();
    assert_eq!(symbols, declared.iter().map(String::as_str).collect());
}

fn a_program_is_built_with_pkg_config(prefix: &Prefix) {
    let Some(compiler) = Compiler::c().filter(|_| is_there("pkg-config")) else { return };
    let source = crate_file("examples/scan.c").display().to_string();
    for (name, what) in [("shared", &["--cflags", "--libs"][..]), ("static", &["--cflags"])] {
        let program = prefix.path(name);
        let mut arguments = vec!["-std=c99".to_owned(), source.clone(), "-o".to_owned()];
        arguments.push(program.display().to_string());
        arguments.extend(prefix.pkg_config(what));
        if name == "static" {
            arguments.push(prefix.path("lib/libpellucid.a").display().to_string());
            arguments.extend(["-lpthread", "-ldl", "-lm", "-lgcc_s"].map(str::to_owned));
        }
        compiler.run(&arguments);
        runs(prefix, &program);
    }
}

fn a_project_is_built_with_cmake(prefix: &Prefix) {
    if !is_there("cmake") {
        return;
    }
    let project = prefix.path("project");
    fs::create_dir(&project).unwrap();
    fs::copy(crate_file("examples/scan.c"), project.join("scan.c")).unwrap();
    let text = "cmake_minimum_required(VERSION 3.10)\nproject(host C)\n\
                find_package(pellucid 0.1 REQUIRED)\nadd_executable(scan scan.c)\n\
                target_link_libraries(scan pellucid::pellucid)\n";
    fs::write(project.join("CMakeLists.txt"), text).unwrap();
    let build = project.join("build");
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(&project).arg("-B").arg(&build);
    assert_success(configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.0.path().display())));
    assert_success(Command::new("cmake").arg("--build").arg(&build));
    runs(prefix, &build.join("scan"));
}

/// The example finds nothing in nothing; without a built-in set it says that there is none.
fn runs(prefix: &Prefix, program: &Path) {
    let empty = prefix.path("empty");
    fs::write(&empty, "").unwrap();
    let mut command = Command::new(program);
    command.env("LD_LIBRARY_PATH", prefix.path("lib")).arg(&empty);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr).into_owned();
    if cfg!(feature = "builtin") {
        assert!(said.contains("empty: clean, complete"), "{said}{complained}");
    } else {
        assert!(complained.contains("without a signature set"), "{said}{complained}");
    }
}
