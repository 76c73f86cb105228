//! `pellucid set build` and `pellucid set info`.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::run::{Said, run};
use crate::samples::{HASHES, database, folder, sources, test_set};

fn build(output: &Path, options: &[&str], source: &Path) -> Said {
    let mut args = vec![OsStr::new("set"), OsStr::new("build"), OsStr::new("-o")];
    args.push(output.as_os_str());
    args.extend(options.iter().map(OsStr::new));
    args.push(source.as_os_str());
    run(args)
}

/// What an older set begins with.
const OLD: &[u8] = b"\x89PSET\r\n\x1aold";

const MD5: &str = "0123456789abcdef0123456789abcdef";

const BAD: &str = "not-a-hash,Test.Bad\n";

#[test]
fn a_set_is_built_and_accounted_for() {
    let (sources, out) = (sources(HASHES), folder(&[]));
    let set = out.path().join("a.pset");
    let said = build(&set, &[], sources.path()).ends_with(0);
    assert!(said.err.contains("4 taken"), "{}", said.err);
    assert!(said.err.contains("unsigned"), "{}", said.err);
    assert_eq!(said.out, "");
    assert_eq!(fs::read(&set).unwrap(), fs::read(test_set()).unwrap(), "same sources, same bytes");
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1, "nothing is left over");
}

#[test]
fn a_bad_record_is_left_out_with_its_place() {
    let (sources, out) = (sources(&format!("{HASHES}{BAD}")), folder(&[]));
    let set = out.path().join("a.pset");
    let report = out.path().join("report.json");
    let options = ["--report", report.to_str().unwrap()];
    let said = build(&set, &options, sources.path()).ends_with(0);
    assert!(said.err.contains("hashes.csv:6"), "{}", said.err);
    let report: serde_json::Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
    assert_eq!(report["total"]["taken"], 4);
    assert_eq!(report["total"]["refused"], 1);
    assert_eq!(report["diagnostics"][0]["line"], 6);
}

#[test]
fn the_report_can_go_to_standard_output() {
    let (sources, out) = (sources(&format!("{HASHES}{BAD}")), folder(&[]));
    let said = build(&out.path().join("a.pset"), &["--report", "-"], sources.path()).ends_with(0);
    let report = said.json();
    assert_eq!((&report["total"]["taken"], &report["total"]["refused"]), (&4.into(), &1.into()));
    assert_eq!(report["diagnostics"][0]["reason"], "hash");
    assert!(said.err.contains("4 taken"), "{}", said.err);
}

#[test]
fn a_flood_of_one_fault_does_not_hide_another() {
    let floods = format!("{}{MD5},Test.Bad,-1\n{HASHES}", BAD.repeat(1500));
    let (sources, out) = (sources(&floods), folder(&[]));
    let said = build(&out.path().join("a.pset"), &["--report", "-"], sources.path()).ends_with(0);
    assert_eq!(said.err.matches("is not an MD5").count(), 5, "{}", said.err);
    assert!(said.err.contains("`-1` is not a size"), "{}", said.err);
    assert!(said.err.contains("and 995 more like these"), "{}", said.err);
    assert!(said.err.contains("1,501 refused"), "{}", said.err);
    let report = said.json();
    assert_eq!(report["kinds"]["hash list"]["reasons"]["hash"], 1500);
    assert_eq!(report["diagnostics"].as_array().unwrap().len(), 1001);
    assert_eq!(report["diagnostics_not_kept"], 500);
}

#[test]
fn a_database_of_clamav_is_taken_as_it_is() {
    let list = format!("{MD5}:68:Test.Database\nbroken\n");
    let folder = folder(&[
        ("some.cud", &database(&[("some.hdb", list.as_bytes())])),
        ("forged.cvd", &database(&[("some.hdb", list.as_bytes())])),
        ("some.cvd.sign", b"a detached signature"),
        ("freshclam.dat", b"nothing of ours"),
    ]);
    let out = crate::samples::folder(&[]);
    let set = out.path().join("a.pset");
    let said = build(&set, &["--report", "-"], folder.path()).ends_with(0);
    let report = said.json();
    assert_eq!(report["databases"][0]["version"], 5);
    assert_eq!(report["databases"][0]["signed"], false);
    assert!(said.err.contains("some.cud/some.hdb:2:1: error: `broken`"), "{}", said.err);
    assert!(said.err.contains("forged.cvd: error: no MD5 in the header"), "{}", said.err);
    assert!(
        said.err.contains("some.cud: version 5 of now, 1 signatures, not signed"),
        "{}",
        said.err
    );
    assert!(said.err.contains("some.cvd.sign: skipped: "), "{}", said.err);
    assert!(said.err.contains("freshclam.dat: skipped: "), "{}", said.err);
    assert!(
        run(["set".as_ref(), "info".as_ref(), set.as_os_str()])
            .ends_with(0)
            .out
            .contains("signatures                1")
    );
}

#[test]
fn a_strict_build_fails_and_keeps_the_old_set() {
    let (sources, out) = (sources(&format!("{HASHES}{BAD}")), folder(&[("a.pset", OLD)]));
    let set = out.path().join("a.pset");
    let said = build(&set, &["--strict"], sources.path()).ends_with(1);
    assert!(said.err.contains("no set was built"), "{}", said.err);
    assert_eq!(fs::read(&set).unwrap(), OLD);
}

#[test]
fn a_source_is_not_replaced_by_the_set() {
    let sources = sources(HASHES);
    let source = sources.path().join("hashes.csv");
    let said = build(&source, &[], sources.path()).ends_with(2);
    assert!(said.err.contains("no signature set; remove it"), "{}", said.err);
    assert_eq!(fs::read_to_string(&source).unwrap(), HASHES);
}

#[test]
fn sources_with_nothing_usable_make_no_set() {
    let (sources, out) = (sources(BAD), folder(&[]));
    build(&out.path().join("a.pset"), &[], sources.path()).ends_with(1);
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
}

#[test]
fn what_cannot_be_read_or_written_is_an_error() {
    let (sources, out) = (sources(HASHES), folder(&[]));
    let said = build(&out.path().join("a.pset"), &[], Path::new("/missing")).ends_with(2);
    assert!(said.err.contains("/missing"), "{}", said.err);
    let nowhere = out.path().join("missing").join("a.pset");
    let said = build(&nowhere, &[], sources.path()).ends_with(2);
    assert!(said.err.contains("a.pset"), "{}", said.err);
    build(Path::new("/dev/null"), &[], sources.path()).ends_with(2);
}

#[test]
fn info_tells_what_is_in_a_set() {
    let said = run(["set".as_ref(), "info".as_ref(), test_set().as_os_str()]).ends_with(0);
    for text in ["example.org/test@7", "CC0-1.0", "unsigned", "Root hash", "md5"] {
        assert!(said.out.contains(text), "{text}: {}", said.out);
    }
}

#[test]
fn info_is_available_for_machines() {
    let args = ["set".as_ref(), "info".as_ref(), "--json".as_ref(), test_set().as_os_str()];
    let info = run(args).ends_with(0).json();
    assert_eq!(info["name"], "example.org/test@7");
    assert_eq!(info["version"], 7);
    assert_eq!(info["signed"], false);
    assert_eq!(info["counts"]["md5"], 4);
    assert_eq!(info["root"].as_str().unwrap().len(), 64);
    assert_eq!(info["bytes"], fs::metadata(test_set()).unwrap().len());
}

#[cfg(feature = "yara")] // the built-in set has rules
#[test]
fn info_knows_the_built_in_set() {
    run(["set", "info", "--builtin"]).ends_with(0);
}

#[test]
fn the_usage_of_info_tells_both_forms() {
    let said = run(["set", "info"]).ends_with(2);
    assert!(said.err.contains("set info [--json] <FILE>"), "{}", said.err);
    assert!(said.err.contains("set info [--json] --builtin"), "{}", said.err);
}

#[test]
fn info_refuses_what_is_no_set() {
    let folder = folder(&[("a.pset", b"something else")]);
    let set = folder.path().join("a.pset");
    let said = run(["set".as_ref(), "info".as_ref(), set.as_os_str()]).ends_with(2);
    assert!(said.err.contains("a.pset"), "{}", said.err);
    assert_eq!(said.out, "");
}
