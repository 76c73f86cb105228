//! Passwords: archives that `zip` and `7z` encrypt while the test runs, and two that are stored.

use std::process::{Command, Stdio};

use crate::trial::{Found, Trial};

/// What the archives hold.
const CONTENT: &[u8] =
    b"hello, secret needle: a text that is long enough to be deflated, deflated, deflated";

/// An archive that another program makes in a folder with the content; nothing where it is missing.
fn made_by(program: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in.txt"), CONTENT).unwrap();
    let made = Command::new(program)
        .args(arguments)
        .args(["x.zip", "in.txt"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .status();
    match made {
        Err(_) => {
            eprintln!("skipped: {program} is not installed");
            None
        }
        Ok(status) => {
            assert!(status.success());
            Some(std::fs::read(folder.path().join("x.zip")).unwrap())
        }
    }
}

fn trial(records: &str) -> Trial {
    let mut trial = Trial::default();
    trial.source("t.pwdb", records);
    trial.source("t.ndb", "Needle:0:*:736563726574206e6565646c65\n");
    trial
}

fn found(files: &[&str]) -> Found {
    files.iter().map(|file| ((*file).to_owned(), "Needle".to_owned())).collect()
}

#[test]
fn passwords_open_archives() {
    let made = |password: &str, level: &str| made_by("zip", &["-q", level, "-P", password]);
    let Some(secret) = made("secret", "-9") else { return };
    let mut trial = trial(
        "A;Engine:81-255,Container:CL_TYPE_ZIP;0;secret\n\
         B;Engine:81-255,Container:CL_TYPE_ANY;1;74776F20776F726473\n\
         C;Engine:81-255;0;third\n\
         ;Engine:81-255,Target:1,FileSize:1-2;;fourth\n\
         E;Engine:81-255;0;fifth;and more\n\
         F;Engine:217-255;0;sixth\n\
         G;Engine:81-255,Container:CL_TYPE_RAR;0;seventh\n\
         H;Engine:81-255;2;eighth\n",
    );
    trial.file("secret", secret.clone());
    trial.file("stored", made("secret", "-0").unwrap());
    trial.file("two words", made("two words", "-9").unwrap());
    for word in ["third", "fourth", "fifth", "sixth", "seventh", "eighth", "Secret", "secret "] {
        trial.file(word, made(word, "-9").unwrap());
    }
    let nested = super::zip(&[super::Entry::stored(b"secret.zip", &secret)]);
    trial.file("nested", nested);
    let opened = ["secret", "stored", "two words", "third", "fourth", "fifth", "nested"];
    assert_eq!(trial.ours(), found(&opened));
    trial.assert_same();
}

#[test]
fn without_a_password_nothing_opens() {
    let Some(secret) = made_by("zip", &["-q", "-P", "secret"]) else { return };
    let mut trial = trial("A;Engine:81-255;0;wrong\nB;Engine:81-255;1;\nC;Engine:81-255;0;\n");
    trial.file("secret", secret);
    assert_eq!(trial.ours(), Found::new());
    trial.assert_same();
}

/// We open more: AES, what 7-Zip encrypts in the old way, and archives behind other data.
#[test]
fn more_archives_open_than_in_clamav() {
    let mut trial = trial("A;Engine:81-255;0;secret\n");
    let mut files = Vec::new();
    for method in ["ZipCrypto", "AES128", "AES192", "AES256"] {
        let method_switch = format!("-mem={method}");
        let Some(bytes) = made_by("7z", &["a", "-tzip", "-psecret", &method_switch]) else {
            return;
        };
        trial.file(method, bytes);
        files.push(method);
    }
    if let Some(bytes) = made_by("zip", &["-q", "-P", "secret"]) {
        trial.file("behind text", [&b"some text ".repeat(9)[..], &bytes].concat());
        files.push("behind text");
    }
    assert_eq!(trial.ours(), found(&files));
    assert!(trial.difference().missed.is_empty());
}
