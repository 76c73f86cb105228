//! C programs that use and misuse the library, built as a host builds them: strict warnings, the
//! header, the shared library by its SONAME or the static one. Where valgrind is installed they run
//! under it too, and a leak or a wrong access fails.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod samples;
mod toolchain;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use samples::{MARK, Samples};
use toolchain::{Compiler, Installed, assert_success, crate_file, is_there};

/// A program built from one source file.
struct Program {
    path: PathBuf,
    installed: Installed,
}

impl Program {
    /// Links the shared library, as `cc program.c -lpellucid` does.
    fn shared(source: &Path) -> Option<Self> {
        Self::linked(source, |installed| vec!["-L".into(), installed.into(), "-lpellucid".into()])
    }

    /// Links the static library with the system libraries that Rust's own needs.
    fn with_static_library(source: &Path) -> Option<Self> {
        Self::linked(source, |installed| {
            let archive = installed.join("libpellucid.a").into_os_string();
            vec![archive, "-lpthread".into(), "-ldl".into(), "-lm".into()]
        })
    }

    /// Links the shared library, and has clang watch what the program does.
    fn sanitized(source: &Path, sanitizers: &str) -> Option<Self> {
        let flags = [format!("-fsanitize={sanitizers}").into(), "-fno-sanitize-recover=all".into()];
        Self::built(&Compiler::clang()?, source, |installed| {
            let library: [OsString; 3] = ["-L".into(), installed.into(), "-lpellucid".into()];
            flags.iter().cloned().chain(library).collect()
        })
    }

    fn linked(source: &Path, libraries: impl Fn(&Path) -> Vec<OsString>) -> Option<Self> {
        let is_cpp = source.extension().is_some_and(|suffix| suffix == "cpp");
        let compiler = if is_cpp { Compiler::cpp() } else { Compiler::c() };
        Self::built(&compiler?, source, libraries)
    }

    fn built(
        compiler: &Compiler,
        source: &Path,
        libraries: impl Fn(&Path) -> Vec<OsString>,
    ) -> Option<Self> {
        let is_cpp = source.extension().is_some_and(|suffix| suffix == "cpp");
        let installed = Installed::new();
        let path = installed.folder().join("program");
        let standard = if is_cpp { "-std=c++11" } else { "-std=c99" };
        let mut arguments: Vec<OsString> =
            [standard, "-D_XOPEN_SOURCE=700", "-pthread", "-o"].map(OsString::from).into();
        arguments.extend([path.clone().into(), source.into()]);
        arguments.extend(libraries(installed.folder()));
        compiler.run(&arguments);
        Some(Self { path, installed })
    }

    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("LD_LIBRARY_PATH", self.installed.folder());
        let suppressions = crate_file("tests/c/tsan.txt");
        command.env("TSAN_OPTIONS", format!("suppressions={}", suppressions.display()));
        command
    }

    fn run(&self, arguments: &[PathBuf]) {
        let said = assert_success(self.command(&self.path).args(arguments));
        assert_eq!(said, "passed\n");
    }

    fn run_under_valgrind(&self, arguments: &[PathBuf]) {
        if !is_there("valgrind") {
            return;
        }
        let watch = ["--quiet", "--error-exitcode=99", "--leak-check=full"];
        let mut command = self.command("valgrind");
        command.args(watch).arg("--errors-for-leak-kinds=definite,indirect,possible");
        let suppressions = crate_file("tests/c/valgrind.supp");
        command.arg(format!("--suppressions={}", suppressions.display()));
        let said = assert_success(command.arg(&self.path).args(arguments));
        assert_eq!(said, "passed\n");
    }
}

const USED: [&str; 4] = ["marks.pset", "clean.txt", "marked.bin", "marked.gz"];

#[test]
fn a_host_uses_the_shared_library() {
    let Some(program) = Program::shared(&crate_file("tests/c/use.c")) else { return };
    program.run(&Samples::new().paths(&USED));
}

#[test]
fn a_host_uses_the_static_library() {
    let Some(program) = Program::with_static_library(&crate_file("tests/c/use.c")) else { return };
    program.run(&Samples::new().paths(&USED));
}

#[test]
fn use_leaves_no_memory_behind() {
    let Some(program) = Program::shared(&crate_file("tests/c/use.c")) else { return };
    program.run_under_valgrind(&Samples::new().paths(&USED));
}

#[test]
fn misuse_is_noticed() {
    let Some(program) = Program::shared(&crate_file("tests/c/misuse.c")) else { return };
    program.run(&Samples::new().paths(&["marks.pset"]));
}

#[test]
fn misuse_leaves_no_memory_behind() {
    let Some(program) = Program::shared(&crate_file("tests/c/misuse.c")) else { return };
    program.run_under_valgrind(&Samples::new().paths(&["marks.pset"]));
}

const CROWD: [&str; 2] = ["marks.pset", "marked.bin"];

fn crowd(samples: &Samples, swaps: &str, forks: &str) -> Vec<PathBuf> {
    let mut arguments = samples.paths(&CROWD);
    arguments.extend([swaps.into(), forks.into()]);
    arguments
}

#[test]
fn threads_scan_while_sets_are_swapped_and_children_scan() {
    let Some(program) = Program::shared(&crate_file("tests/c/crowd.c")) else { return };
    program.run(&crowd(&Samples::new(), "1000", "10000"));
}

#[test]
fn a_crowd_leaves_no_memory_behind() {
    let Some(program) = Program::shared(&crate_file("tests/c/crowd.c")) else { return };
    program.run_under_valgrind(&crowd(&Samples::new(), "20", "0"));
}

#[test]
fn files_shrink_descriptors_run_out_and_stacks_are_small() {
    let Some(program) = Program::shared(&crate_file("tests/c/bad_days.c")) else { return };
    let samples = Samples::new();
    let mut arguments = vec![samples.path("marks.pset"), samples.folder().to_owned()];
    arguments.extend(deep_nests(&samples, &std::env::current_exe().unwrap()));
    program.run(&arguments);
}

/// Rules recurse over their conditions, and modules parse programs.
#[cfg(feature = "yara")]
#[test]
fn small_stacks_are_enough_for_rules() {
    let Some(program) = Program::shared(&crate_file("tests/c/bad_days.c")) else { return };
    let samples = Samples::new();
    let mut arguments = vec![samples.path("rules.pset"), samples.folder().to_owned()];
    // This test program is much larger; without optimisation its digest takes minutes.
    arguments.extend(deep_nests(&samples, Path::new("/bin/ls")));
    program.run(&arguments);
}

/// Files that nest or repeat as deep as their formats allow, and a program.
fn deep_nests(samples: &Samples, program: &Path) -> Vec<PathBuf> {
    let mut matryoshka = MARK.to_owned().into_bytes();
    for _ in 0..40 {
        let mut stream = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        stream.write_all(&matryoshka).unwrap();
        matryoshka = stream.finish().unwrap();
    }
    let brackets = ["(", "[", "{", "<a>", "<!--", "MIME-Version: 1.0\n\n"];
    let nests = brackets.map(|bracket| bracket.repeat(100_000).into_bytes());
    let program = fs::read(program).unwrap();
    let files = nests.into_iter().chain([matryoshka, program]).enumerate();
    let write = |(number, content): (usize, Vec<u8>)| {
        let path = samples.path(&format!("nest{number}"));
        fs::write(&path, content).unwrap();
        path
    };
    files.map(write).collect()
}

#[test]
fn a_host_uses_the_cpp_header() {
    let Some(program) = Program::shared(&crate_file("tests/c/use.cpp")) else { return };
    program.run(&Samples::new().paths(&CROWD));
}

/// The library itself is not instrumented: what is watched is memory that both sides share, and the
/// program's own.
#[test]
fn sanitizers_find_nothing_in_use_and_misuse() {
    for source in ["use.c", "misuse.c"] {
        let source = crate_file("tests/c").join(source);
        let Some(program) = Program::sanitized(&source, "address,undefined") else { return };
        let samples = Samples::new();
        let names = if source.ends_with("use.c") { &USED[..] } else { &USED[..1] };
        program.run(&samples.paths(names));
    }
}

#[test]
fn the_thread_sanitizer_finds_nothing_in_a_crowd() {
    let source = crate_file("tests/c/crowd.c");
    let Some(program) = Program::sanitized(&source, "thread") else { return };
    program.run(&crowd(&Samples::new(), "50", "0"));
}

/// Other systems have no SONAME.
#[cfg(target_os = "linux")]
#[test]
fn the_shared_library_has_its_soname_and_only_our_symbols() {
    if !is_there("readelf") || !is_there("nm") {
        return;
    }
    let installed = Installed::new();
    let library = installed.folder().join("libpellucid.so.0");
    let dynamic = assert_success(Command::new("readelf").arg("--dynamic").arg(&library));
    assert!(dynamic.contains("Library soname: [libpellucid.so.0]"), "{dynamic}");
    let symbols = assert_success(
        Command::new("nm")
            .args(["--dynamic", "--defined-only", "--format=just-symbols"])
            .arg(library),
    );
    let foreign: Vec<_> = symbols.lines().filter(|name| !name.starts_with("pellucid_")).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    assert!(symbols.lines().count() > 30, "{symbols}");
}

/// The test file of the antivirus industry, put together here so that no file of ours holds it.
#[cfg(feature = "builtin")]
fn industry_test_file() -> String {
    ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-", "TEST-FILE!$H+H*"].concat()
}

#[cfg(feature = "builtin")]
#[test]
fn the_example_scans_with_the_builtin_set() {
    let Some(program) = Program::shared(&crate_file("examples/scan.c")) else { return };
    let samples = Samples::new();
    let harmless = samples.path("clean.txt");
    assert_success(program.command(&program.path).arg(&harmless));

    let bad = samples.path("industry-test-file");
    fs::write(&bad, industry_test_file()).unwrap();
    let output = program.command(&program.path).arg(&harmless).arg(&bad).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("clean.txt: clean, complete\n"), "{said}");
    assert!(said.contains("industry-test-file: malicious, complete\n"), "{said}");

    let output = program.command(&program.path).arg("/nonexistent").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_gateway_holds_back_what_is_marked_or_cut() {
    let Some(program) = Program::shared(&crate_file("examples/gateway.c")) else { return };
    let samples = Samples::new();
    let archive = fs::read(samples.path("marked.gz")).unwrap();
    fs::write(samples.path("cut.gz"), &archive[..archive.len() - 9]).unwrap();
    let mut arguments = samples.paths(&["marks.pset", "marked.gz", "cut.gz"]);
    arguments.extend(vec![samples.path("clean.txt"); 50]);
    let output = program.command(&program.path).args(&arguments).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("2 of 52 messages held back\n"), "{said}");
    assert!(said.contains("sets swapped\n") && said.contains("\"kind\":\"message\""), "{said}");
}

#[test]
fn the_fork_example_scans_in_children() {
    let Some(program) = Program::shared(&crate_file("examples/fork.c")) else { return };
    let samples = Samples::new();
    let paths = samples.paths(&["marks.pset", "clean.txt", "marked.gz"]);
    let output = program.command(&program.path).args(&paths).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("clean.txt: clean\n") && said.contains("marked.gz: malicious\n"),
        "{said}"
    );
    let missing =
        program.command(&program.path).args(&paths[..1]).arg("/nonexistent").output().unwrap();
    assert_eq!(missing.status.code(), Some(2));
}

#[cfg(feature = "builtin")]
#[test]
fn the_readme_s_program_scans() {
    let readme = fs::read_to_string(crate_file("README.md")).unwrap();
    let (_, code) = readme.split_once("```c\n").unwrap();
    let (code, _) = code.split_once("```\n").unwrap();
    let samples = Samples::new();
    let source = samples.path("readme.c");
    fs::write(&source, code).unwrap();
    let Some(program) = Program::shared(&source) else { return };
    let said = assert_success(program.command(&program.path).arg(samples.path("clean.txt")));
    assert_eq!(said, "clean\ncomplete\n");
}
