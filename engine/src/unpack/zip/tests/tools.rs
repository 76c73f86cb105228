//! Archives that other tools made while the test runs.

use super::*;
use crate::unpack::testing::{assert_holds_sample, budget, made_by, run, sample_tree};

const PYTHON: &str = "
import sys, zipfile
method = getattr(zipfile, sys.argv[1])
class Pipe:
    def __init__(self, file): self.file = file
    def write(self, data): return self.file.write(data)
    def flush(self): self.file.flush()
with open('x.zip', 'wb') as out:
    # A pipe cannot be sought in: sizes follow the data.
    with zipfile.ZipFile(Pipe(out) if sys.argv[2] == 'pipe' else out, 'w', method) as z:
        import os
        for base, _, files in os.walk('tree'):
            for name in files:
                path = os.path.join(base, name)
                with z.open(zipfile.ZipInfo(path), 'w', force_zip64=sys.argv[3] == 'wide') as entry:
                    entry._zinfo.compress_type
                    entry.write(open(path, 'rb').read())
";

#[test]
fn archives_of_other_tools_are_read_in_full() {
    let tools: [(&str, &[&str]); 12] = [
        ("zip", &["-qr", "x.zip", "tree"]),
        ("zip", &["-qr0", "x.zip", "tree"]),
        ("zip", &["-qrfd", "x.zip", "tree"]),
        ("zip", &["-qrfz", "x.zip", "tree"]),
        ("7z", &["a", "-tzip", "x.zip", "tree"]),
        ("7z", &["a", "-tzip", "-mm=copy", "x.zip", "tree"]),
        ("bsdtar", &["-cf", "x.zip", "--format=zip", "tree"]),
        ("bsdtar", &["-cf", "x.zip", "--format=zip", "--options=zip:compression=store", "tree"]),
        ("python3", &["-c", PYTHON, "ZIP_DEFLATED", "file", "narrow"]),
        ("python3", &["-c", PYTHON, "ZIP_DEFLATED", "file", "wide"]),
        ("python3", &["-c", PYTHON, "ZIP_STORED", "pipe", "narrow"]),
        ("python3", &["-c", PYTHON, "ZIP_STORED", "pipe", "wide"]),
    ];
    for (program, arguments) in tools {
        let folder = sample_tree();
        let Some(bytes) = made_by(folder.path(), program, arguments, "x.zip") else { continue };
        assert_holds_sample(&walk(&bytes), &format!("{program} {arguments:?}"));
    }
}

#[test]
fn archives_through_a_pipe_are_read_in_full() {
    let folder = sample_tree();
    let Some(bytes) = run(folder.path(), "zip", &["-qr", "-", "tree"]) else { return };
    assert_holds_sample(&walk(&bytes), "zip to a pipe");
    let Some(bytes) = run(folder.path(), "bsdtar", &["-cf", "-", "--format=zip", "tree"]) else {
        return;
    };
    assert_holds_sample(&walk(&bytes), "bsdtar to a pipe");
}

#[test]
fn encrypted_archives_of_other_tools_say_so() {
    let tools: [(&str, &[&str]); 3] = [
        ("zip", &["-qr", "-P", "secret", "x.zip", "tree/text", "tree/noise"]),
        ("7z", &["a", "-tzip", "-psecret", "x.zip", "tree/text", "tree/noise"]),
        ("7z", &["a", "-tzip", "-psecret", "-mem=AES256", "x.zip", "tree/text", "tree/noise"]),
    ];
    for (program, arguments) in tools {
        let folder = sample_tree();
        let Some(bytes) = made_by(folder.path(), program, arguments, "x.zip") else { continue };
        let walked = walk(&bytes);
        assert_eq!(walked.reasons(), [Reason::Encrypted], "{program} {arguments:?}");
        assert_eq!(walked.entries.len(), 2);
    }
}

#[test]
fn methods_of_other_tools_are_read() {
    for method in ["BZip2", "LZMA", "Deflate64", "PPMd"] {
        for password in ["", "-psecret"] {
            let folder = sample_tree();
            let switch = format!("-mm={method}");
            let mut arguments = vec!["a", "-tzip", &switch, "x.zip", "tree"];
            arguments.extend(Some(password).filter(|password| !password.is_empty()));
            let Some(bytes) = made_by(folder.path(), "7z", &arguments, "x.zip") else { return };
            let passwords = Passwords::new([b"secret".to_vec()]);
            let budget = budget(Limits::default());
            let opening = Opening { budget: &budget, passwords: &passwords };
            let walked = walk_with(open, &bytes, 0, &opening);
            assert_holds_sample(&walked, &format!("{method} {password}"));
        }
    }
}

#[test]
fn split_archives_of_other_tools_say_so() {
    let folder = sample_tree();
    let arguments = ["-qr", "-s", "64k", "x.zip", "tree"];
    let Some(last) = made_by(folder.path(), "zip", &arguments, "x.zip") else { return };
    let first = std::fs::read(folder.path().join("x.z01")).unwrap();
    for part in [first, last] {
        let walked = walk(&part);
        assert!(walked.reasons().contains(&Reason::Truncated));
        assert!(walked.words().contains("split archive"), "{}", walked.words());
    }
}
