//! Programs that OpenSSL and osslsigncode signed, who share nothing with us.

use std::path::Path;
use std::process::Command;

use pellucid::identify::identify;
use pellucid::inspect::{Format, SignatureFacts, inspect};
use pellucid::limits::{Budget, Cancel, Limits};

use super::signer::program;
use super::{NEEDLE, NOBODY, TRUSTED, case, check};

/// Signed long ago by `signed/make.sh`.
const SIGNED: &[u8] = include_bytes!("../../signed/signed.exe");

/// Each extends a certificate.
const ROOT: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n";
const LEAF: &str = "keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n";
const STAMPER: &str = "keyUsage=critical,digitalSignature\n\
                       extendedKeyUsage=critical,timeStamping\n";

fn facts(program: &[u8]) -> SignatureFacts {
    let budget = Budget::new(Limits::default(), Cancel::new());
    let facts = inspect(program, &identify(program).found, &budget);
    assert_eq!(facts.anomalies, Vec::<String>::new());
    match facts.program.unwrap().format {
        Format::Pe(pe) => pe.signature.unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Holds a program against records for each of its certificates, changed in one byte and as it is.
fn hold(program: &[u8], vouches: bool) {
    let facts = facts(program);
    assert!(facts.digest_matches && facts.verifies, "{facts:?}");
    let signer = facts.signer.unwrap();
    let issuer = facts.certificates[signer].signed_by.unwrap();
    let expected = if vouches { TRUSTED } else { NOBODY };
    let mut changed = program.to_vec();
    changed[600] ^= 1;
    for index in [signer, issuer] {
        let certificate = &facts.certificates[index];
        let trust = || [certificate.record("Trust", true, "")];
        let block = || [certificate.record("Block", false, "")];
        check([
            case("trusted", trust(), program.to_vec(), expected),
            case("blocked", block(), program.to_vec(), &["Block", "Needle"]),
            case("changed", trust(), changed.clone(), NOBODY),
            case("changed and blocked", block(), changed.clone(), &["Block", "Needle"]),
        ]);
    }
}

#[test]
fn a_program_that_was_signed_long_ago() {
    let facts = facts(SIGNED);
    assert_eq!(facts.digest_algorithm, "SHA-256");
    assert_eq!(facts.certificates.len(), 2);
    let leaf = &facts.certificates[facts.signer.unwrap()];
    let issuer = leaf.signed_by.unwrap();
    let root = &facts.certificates[issuer];
    assert_eq!(leaf.subject, "C=XX, O=Pellucid, CN=Test leaf");
    assert_eq!((leaf.issuer.as_str(), leaf.key_bits), (root.subject.as_str(), 2048));
    assert_eq!(root.signed_by, Some(issuer));
    assert!(leaf.uses.code && !leaf.uses.time);
    assert!(root.uses.certificates && root.uses.code && root.uses.time);
    assert!(!facts.has_nested_signature && !facts.has_time_stamp_token);
    assert!(facts.countersignature.is_none());
    hold(SIGNED, true);
}

/// Runs a command in a folder; whether it is installed. It must succeed.
fn run(folder: &Path, line: &str) -> bool {
    let mut words = line.split(' ');
    let output = Command::new(words.next().unwrap()).args(words).current_dir(folder).output();
    let Ok(output) = output else {
        eprintln!("skipped: no program is signed anew, because this is not installed: {line}");
        return false;
    };
    assert!(output.status.success(), "{line}: {output:?}");
    true
}

fn certificate(folder: &Path, name: &str, issuer: &str, extensions: &str) -> bool {
    std::fs::write(folder.join(format!("{name}.extensions")), extensions).unwrap();
    let signed_by = match name == issuer {
        true => format!("-signkey {name}.key"),
        false => format!("-CA {issuer}.pem -CAkey {issuer}.key -CAcreateserial"),
    };
    let request = "openssl req -newkey rsa:2048 -nodes";
    run(folder, &format!("{request} -keyout {name}.key -out {name}.csr -subj /O=Test/CN={name}"))
        && run(
            folder,
            &format!(
                "openssl x509 -req -in {name}.csr {signed_by} -days 1000 -sha256 \
                 -extfile {name}.extensions -out {name}.pem"
            ),
        )
}

#[test]
fn programs_that_are_signed_now() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let at = |name: &str| folder.join(name);
    std::fs::write(at("plain.exe"), program(NEEDLE)).unwrap();
    let certificates = certificate(folder, "root", "root", ROOT)
        && certificate(folder, "leaf", "root", LEAF)
        && certificate(folder, "stamper", "root", STAMPER)
        && run(folder, "osslsigncode --version");
    if !certificates {
        return;
    }
    let sign = "osslsigncode sign -certs leaf.pem -ac root.pem -key leaf.key";
    for hash in ["md5", "sha1", "sha2", "sha384", "sha512"] {
        assert!(run(folder, &format!("{sign} -h {hash} -comm -ph -in plain.exe -out {hash}.exe")));
        hold(&std::fs::read(at(&format!("{hash}.exe"))).unwrap(), true);
    }
    let nest = "-nest -h sha512 -in sha2.exe -out nested.exe";
    let stamp =
        "-TSA-certs stamper.pem -TSA-key stamper.key -h sha2 -in plain.exe -out stamped.exe";
    assert!(run(folder, &format!("{sign} {nest}")));
    assert!(run(folder, &format!("{sign} {stamp}")));
    let read = |name| std::fs::read(at(name)).unwrap();
    assert!(facts(&read("nested.exe")).has_nested_signature);
    assert!(facts(&read("stamped.exe")).has_time_stamp_token);
    hold(&read("nested.exe"), true);
    hold(&read("stamped.exe"), true);
    let appended = [&read("sha2.exe")[..], b"appended"].concat();
    let trust: Vec<String> = facts(&read("sha2.exe"))
        .certificates
        .iter()
        .map(|certificate| certificate.record("Trust", true, ""))
        .collect();
    check([case("appended", trust, appended, NOBODY)]);
}
