//! `test-files.yar` and `test-files.csv`: the industry's harmless test files.

use super::{Sample, hit, miss, plain};

const EICAR: &str = "Test.EICAR.File";
const CLAM: &str = "Test.ClamAV.File";
const GTUBE: &str = "Test.GTUBE.Mail";
const GTPHISH: &str = "Test.GTphish.Mail";
const AMSI: &str = "Test.AMSI.Script";

pub(super) fn samples() -> Vec<Sample> {
    [eicar(), clam(), gtube(), gtphish(), amsi()].into_iter().flatten().collect()
}

fn eicar() -> Vec<Sample> {
    let file = plain(r"X5O!P%@AP[4\PZX·54(P^)7CC)7}$EICAR-STAN·DARD-ANTIVIRUS·-TEST-FILE!$·H+H*");
    vec![
        hit(EICAR, "68 bytes", file.clone()),
        hit(EICAR, "a line feed behind", format!("{file}\n")),
        hit(EICAR, "CRLF and CTRL-Z behind", format!("{file}\r\n\x1A")),
        hit(EICAR, "white space up to 128 bytes", format!("{file:128}")),
        miss(EICAR, "one byte too much", format!("{file:129}")),
        miss(EICAR, "text behind", format!("{file} is the test string\n")),
        miss(EICAR, "not at the start", format!(" {file}")),
        miss(EICAR, "one byte different", file.replace("X5O", "X5P")),
        miss(EICAR, "cut short", file[..67].to_owned()),
    ]
}

/// Near misses only: `super::WITHOUT_POSITIVES` says why.
fn clam() -> Vec<Sample> {
    let mut program = b"MZ".to_vec();
    program.resize(544, 0);
    vec![
        miss(CLAM, "another program of its size", program),
        miss(CLAM, "its mark alone", "[CLAMAV]"),
    ]
}

fn gtube() -> Vec<Sample> {
    let line = plain("XJS*C4JDBQ·ADN1.NSBN3*2IDN·EN*GTUBE-STANDARD·-ANTI-UBE-TEST·-EMAIL*C.34X");
    vec![
        hit(GTUBE, "alone", format!("{line}\n")),
        hit(GTUBE, "in a mail", format!("Subject: Test\nFrom: a@example.org\n\nHello\n\n{line}\n")),
        hit(GTUBE, "at the end, CRLF", format!("Received: from x\r\nTo: b\r\n\r\n{line}\r\n")),
        miss(GTUBE, "a manual", format!("Testing\n=======\n\nSend a mail with\n\n{line}\n\n")),
        miss(GTUBE, "a mail that quotes it", format!("Subject: Test\n\nWrite {line} in it.\n")),
    ]
}

fn gtphish() -> Vec<Sample> {
    let line =
        plain("XJS*C4JDBQ·ADN1.NSBN3*2IDN·EN*GTPHISH-STANDARD·-ANTI-PHISH-TEST·-EMAIL*C.34X");
    vec![
        hit(GTPHISH, "alone", line.clone()),
        hit(GTPHISH, "in a mail", format!("Date: today\nTo: a@example.org\n\n{line}\n")),
        miss(GTPHISH, "a program that knows it", format!("SIGNATURE = \"{line}\"\n")),
        miss(GTPHISH, "a mail that quotes it", format!("Subject: Test\n\n> {line}\n")),
    ]
}

fn amsi() -> Vec<Sample> {
    let sample = plain("AMSI Test Sam·ple: 7e72c3ce-861b-43·39-8740-0ac1484c1386");
    let wide = super::build::utf16(&format!("\u{FEFF}'{sample}'\r\n"));
    vec![
        hit(AMSI, "a string", format!("'{sample}'\r\n")),
        hit(AMSI, "executed", format!("Invoke-Expression \"{sample}\"")),
        hit(AMSI, "a string, UTF-16", wide),
        miss(AMSI, "explained", format!("The sample is '{sample}', and a scanner must know it.\n")),
        miss(AMSI, "explained below", format!("'{sample}'\nis what a scanner must know.\n")),
        miss(
            AMSI,
            "in a test suite",
            format!("{}'{sample}'\n", "# One test of many.\n".repeat(40)),
        ),
    ]
}
