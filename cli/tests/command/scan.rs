//! `pellucid scan`: what is found, what cannot be looked at, and the exit status.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::run::{Said, command, run, run_with_input, scan, scan_args};
#[cfg(feature = "yara")]
use crate::samples::eicar;
use crate::samples::{content, folder, test_set, zip};

#[test]
fn a_clean_file_ends_with_0() {
    let folder = folder(&[("a.txt", b"harmless")]);
    let said = scan([folder.path()]).ends_with(0);
    assert!(said.out.contains("Found:        nothing"), "{}", said.out);
    assert!(said.out.contains("Scanned:      1 file, 1 object (8 bytes) in "), "{}", said.out);
    assert!(said.out.contains("example.org/test@7 (unsigned)"), "{}", said.out);
    assert!(!said.out.contains("a.txt"), "clean files are not listed: {}", said.out);
    assert_eq!(said.err, "");
}

#[test]
fn clean_files_are_listed_on_request() {
    let folder = folder(&[("a.txt", b"harmless")]);
    for option in ["--all", "-v", "--verbose"] {
        let said = scan([OsStr::new(option), folder.path().as_os_str()]).ends_with(0);
        assert!(said.out.contains("a.txt"), "{}", said.out);
    }
}

#[test]
fn an_empty_folder_is_clean() {
    scan([folder(&[]).path()]).ends_with(0);
}

#[test]
fn each_class_has_its_exit_status() {
    for (class, word, status) in [
        ("malicious", "MALICIOUS", 1),
        ("suspicious", "SUSPICIOUS", 1),
        ("pua", "UNWANTED", 1),
        ("trusted", "trusted", 0),
    ] {
        let folder = folder(&[("file", &content(class))]);
        let said = scan([OsStr::new("-v"), folder.path().as_os_str()]).ends_with(status);
        assert!(said.out.starts_with(word), "{}", said.out);
        assert!(said.out.contains(&format!(": {class}, by hash")), "{}", said.out);
    }
}

#[cfg(feature = "yara")] // the built-in set has rules
#[test]
fn the_built_in_set_knows_the_test_file_of_the_industry() {
    let folder = folder(&[("eicar.com", &eicar())]);
    let said = run([OsStr::new("scan"), folder.path().as_os_str()]).ends_with(1);
    assert!(said.out.contains("EICAR"), "{}", said.out);
}

#[cfg(feature = "yara")]
#[test]
fn a_set_replaces_the_built_in_one_unless_that_is_added_back() {
    let folder = folder(&[("eicar.com", &eicar())]);
    let path = folder.path().as_os_str();
    scan([path]).ends_with(0);
    let said = scan([OsStr::new("--builtin"), path]).ends_with(1);
    assert!(said.out.contains("example.org/test@7 (unsigned)"), "{}", said.out);
}

#[test]
fn what_is_in_an_archive_is_named() {
    let inner = zip(&[("x.bin", &content("malicious"))]);
    let folder = folder(&[("a.zip", &zip(&[("harmless.txt", b"x"), ("inner.zip", &inner)]))]);
    let said = scan([folder.path()]).ends_with(1);
    assert!(said.out.contains("in inner.zip > x.bin"), "{}", said.out);
}

#[test]
fn a_limit_is_told_with_the_option_that_raises_it() {
    let folder = folder(&[("a.zip", &zip(&[("x.bin", &content("malicious"))]))]);
    let depth = [OsStr::new("--max-depth"), OsStr::new("0"), folder.path().as_os_str()];
    let said = scan(depth).ends_with(2);
    assert!(said.out.contains("INCOMPLETE"), "{}", said.out);
    assert!(said.out.contains("limit:depth"), "{}", said.out);
    assert!(said.out.contains("raise --max-depth"), "{}", said.out);
}

#[test]
fn a_finding_outweighs_what_could_not_be_looked_at() {
    let folder = folder(&[("bad", &content("malicious"))]);
    scan([folder.path(), Path::new("/missing")]).ends_with(1);
}

#[test]
fn a_missing_path_is_not_clean() {
    let said = scan([Path::new("/missing/file")]).ends_with(2);
    assert!(said.out.contains("NOT SCANNED  /missing/file"), "{}", said.out);
    assert!(said.out.contains("No such file"), "{}", said.out);
    assert!(said.out.contains("Scanned:      0 files, 0 objects"), "{}", said.out);
}

#[test]
fn an_unreadable_file_is_not_clean() {
    // Opens, but does not read, even for root.
    let unreadable = Path::new("/proc/self/mem");
    if !unreadable.exists() {
        return println!("skipped: there is no /proc here");
    }
    let said = scan([unreadable]).ends_with(2);
    assert!(said.out.contains("unreadable: cannot be read; check the path"), "{}", said.out);
}

#[test]
fn a_pipe_in_a_folder_is_passed_over_with_a_reason() {
    let folder = folder(&[]);
    let made = Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap();
    assert!(made.success());
    let said = scan([folder.path()]).ends_with(2);
    assert!(said.out.contains("special-file:pipe"), "{}", said.out);
}

#[test]
fn links_are_not_followed_into_loops() {
    let folder = folder(&[("a.txt", b"harmless")]);
    symlink(folder.path(), folder.path().join("loop")).unwrap();
    let said = scan([folder.path()]).ends_with(0);
    assert!(said.out.contains("Scanned:      1 file"), "{}", said.out);
    assert!(said.out.contains("Not followed: 1 symbolic link\n"), "{}", said.out);
}

#[test]
fn names_that_are_not_text_or_would_repaint_the_terminal_are_escaped() {
    let folder = folder(&[]);
    for name in [&b"odd\xff"[..], b"\x1b[2Jclear", b"line\nbreak"] {
        let path = folder.path().join(OsStr::from_bytes(name));
        fs::write(path, content("malicious")).unwrap();
    }
    let said = scan([folder.path()]).ends_with(1);
    assert!(said.out.contains("odd\\xff"), "{}", said.out);
    assert!(said.out.contains("\\u{1b}[2Jclear"), "{}", said.out);
    assert!(said.out.contains("line\\nbreak"), "{}", said.out);
    assert!(!said.out.contains('\x1b'), "no colours without a terminal either");
}

#[test]
fn standard_input_is_scanned() {
    let said = run_with_input(scan_args(["-"]), &content("malicious")).ends_with(1);
    assert!(said.out.contains("MALICIOUS    -"), "{}", said.out);
    run_with_input(scan_args(["-"]), b"harmless").ends_with(0);
}

#[test]
fn a_redirected_file_is_scanned_whole() {
    let folder = folder(&[("bad", &content("malicious"))]);
    let file = fs::File::open(folder.path().join("bad")).unwrap();
    let output = command(scan_args(["-"])).stdin(file).output().unwrap();
    Said::new(output).ends_with(1);
}

#[test]
fn a_set_that_cannot_be_used_is_refused_with_its_name() {
    let good = fs::read(test_set()).unwrap();
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let cases: [(&str, &[u8]); 4] = [
        ("empty.pset", b""),
        ("foreign.pset", b"PK\x03\x04 this is something else altogether"),
        ("truncated.pset", &good[..good.len() / 2]),
        ("flipped.pset", &flipped),
    ];
    let folder = folder(&cases);
    for (name, _) in cases {
        let set = folder.path().join(name);
        let said = run([OsStr::new("scan"), "--set".as_ref(), set.as_ref(), "/".as_ref()]);
        let said = said.ends_with(2);
        assert_eq!(said.out, "");
        assert!(said.err.contains(name), "{}", said.err);
    }
    let said = run(["scan", "--set", "/missing.pset", "/"]).ends_with(2);
    assert!(said.err.contains("/missing.pset"), "{}", said.err);
}

#[test]
fn wrong_arguments_end_with_2() {
    run(["scan"]).ends_with(2);
    run(["scan", "--max-bytes", "lots", "/"]).ends_with(2);
    run(["scan", "--timeout", "0s", "/"]).ends_with(2);
    run(["scan", "-j", "0", "/"]).ends_with(2);
}

#[test]
fn signals_end_in_good_order() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let said = ended_by(signal).ends_with(2);
        let document = said.json();
        assert_eq!(document["summary"]["cancelled"], true);
        assert_eq!(document["files"][0]["reasons"], serde_json::json!(["cancelled"]));
        assert!(said.err.contains("Ended early"), "{}", said.err);
    }
}

/// A scan that would not end by itself.
fn ended_by(signal: &str) -> Said {
    let mut child = command(scan_args(["--format", "json", "-"]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"the rest never comes").unwrap();
    // The document has begun, so the command listens for signals by now.
    let mut first = [0; 1];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let mut output = child.wait_with_output().unwrap();
    drop(stdin);
    output.stdout.splice(0..0, first);
    Said::new(output)
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let folder = folder(&[]);
    for number in 0..2000 {
        fs::write(folder.path().join(format!("{number}.txt")), "harmless").unwrap();
    }
    let args = ["--format".as_ref(), "ndjson".as_ref(), folder.path().as_os_str()];
    let mut child =
        command(scan_args(args)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let said = Said::new(child.wait_with_output().unwrap()).ends_with(2);
    assert_eq!(said.err, "");
}

#[test]
fn a_full_disk_is_an_error() {
    let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else {
        return println!("skipped: there is no /dev/full here");
    };
    let folder = folder(&[("a.txt", b"harmless")]);
    let args = ["--format".as_ref(), "ndjson".as_ref(), folder.path().as_os_str()];
    let output = command(scan_args(args)).stdout(full).output().unwrap();
    let said = Said::new(output).ends_with(2);
    assert!(said.err.contains("cannot write the output: No space left"), "{}", said.err);
}

#[test]
fn an_encrypted_archive_opens_with_its_password() {
    let folder = folder(&[("inside", &content("malicious")), ("words", b"wrong\r\nsecret\n")]);
    let archive = folder.path().join("locked.zip");
    let zip = Command::new("zip")
        .args(["-q", "-P", "secret", "locked.zip", "inside"])
        .current_dir(folder.path())
        .status();
    if zip.is_err() {
        eprintln!("skipped: zip is not installed");
        return;
    }
    let told = |options: &[&str]| {
        let options = options.iter().map(OsStr::new);
        scan(options.chain([archive.as_os_str()]))
    };
    let said = told(&[]).ends_with(2);
    assert!(said.out.contains("encrypted: protected by a password"), "{}", said.out);
    let said = told(&["--password", "wrong"]).ends_with(2);
    assert!(said.out.contains("the password does not open it"), "{}", said.out);
    let said = told(&["--password", "wrong", "--password", "secret"]).ends_with(1);
    assert!(said.out.contains("Test.Malicious"), "{}", said.out);
    let words = folder.path().join("words");
    told(&["--passwords-file", words.to_str().unwrap()]).ends_with(1);
    let said = told(&["--passwords-file", "missing"]).ends_with(2);
    assert!(said.err.contains("cannot read missing"), "{}", said.err);
}
