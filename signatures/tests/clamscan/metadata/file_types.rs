//! File types: what records add to identification shows in the targets that body signatures hit.
//!
//! ClamAV gives a file one type and we may give it several; that we take none away is asserted as a
//! difference.

use crate::trial::{Found, Trial};

/// Bytes that are no type of themselves, with something to find in them.
fn unknown(magic: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = b"\x01\x02\x03\x80".repeat(at.div_ceil(4) + 8);
    bytes[at..at + magic.len()].copy_from_slice(magic);
    bytes.extend(b"\x00 needle \x00");
    bytes
}

fn text(magic: &[u8]) -> Vec<u8> {
    [b"some lines of text\n", magic, b"\nand a needle in them\n"].concat()
}

/// Signatures of all targets over files, with these records.
struct Types(Trial);

impl Types {
    fn new(records: &str) -> Self {
        let mut trial = Trial::default();
        trial.source("t.ftm", records);
        for target in [1, 2, 4, 5, 6, 9, 10, 11, 12] {
            trial.source("t.ndb", format!("Target.{target}:{target}:*:6e6565646c65\n"));
        }
        Self(trial)
    }

    /// Adds a file that must be of these targets.
    fn file(&mut self, name: &str, bytes: Vec<u8>) -> &mut Self {
        self.0.file(name, bytes);
        self
    }

    /// These files are of these targets, and all others of none.
    fn hold(&self, expected: &[(&str, u8)]) {
        let expected: Found = expected
            .iter()
            .map(|(file, target)| ((*file).to_owned(), format!("Target.{target}")))
            .collect();
        assert_eq!(self.0.ours(), expected);
        self.0.assert_same();
    }
}

#[test]
fn magic_numbers() {
    let mut types = Types::new(
        "0:0:deadbeef:One:CL_TYPE_ANY:CL_TYPE_SWF\n\
         0:6:CAFEd00d:Two:CL_TYPE_ELF:CL_TYPE_PDF:51:216\n\
         0:1020:01234567:Three:CL_TYPE_ANY:CL_TYPE_MSOLE2\n\
         :8:89abcdef::CL_TYPE_ANY:CL_TYPE_MACHO\n\
         0:0:99999999:Four:CL_TYPE_ANY:CL_TYPE_JAVA:217\n",
    );
    types.file("0 deadbeef", unknown(b"\xde\xad\xbe\xef", 0));
    types.file("1 deadbeef", unknown(b"\xde\xad\xbe\xef", 1));
    types.file("0 deadbeee", unknown(b"\xde\xad\xbe\xee", 0));
    types.file("6 cafed00d", unknown(b"\xca\xfe\xd0\x0d", 6));
    types.file("5 cafed00d", unknown(b"\xca\xfe\xd0\x0d", 5));
    types.file("1020", unknown(b"\x01\x23\x45\x67", 1020));
    types.file("1021", unknown(b"\x01\x23\x45\x67", 1021));
    types.file("8", unknown(b"\x89\xab\xcd\xef", 8));
    types.file("7", unknown(b"\x89\xab\xcd\xef", 7));
    types.file("level", unknown(b"\x99\x99\x99\x99", 0));
    types.file("short", b"\x01\x02\x03\x80\x04\x05\xca\xfe\xd0".to_vec());
    types.hold(&[("0 deadbeef", 11), ("6 cafed00d", 10), ("1020", 2), ("8", 9)]);
}

#[test]
fn body_signatures() {
    let mut types = Types::new(
        "1:*:deadbeef:Anywhere:CL_TYPE_ANY:CL_TYPE_SWF\n\
         1:40:cafe{2}d00d:At:CL_TYPE_ANY:CL_TYPE_PDF\n\
         1:*:6d61676963:Text:CL_TYPE_ANY:CL_TYPE_JAVA\n",
    );
    types.file("start", unknown(b"\xde\xad\xbe\xef", 0));
    types.file("1020", unknown(b"\xde\xad\xbe\xef", 1020));
    types.file("1021", unknown(b"\xde\xad\xbe\xef", 1021));
    types.file("almost", unknown(b"\xde\xad\xbe\xee", 9));
    types.file("40", unknown(b"\xca\xfe..\xd0\x0d", 40));
    types.file("41", unknown(b"\xca\xfe..\xd0\x0d", 41));
    types.file("text", text(b"magic"));
    types.file("no text", text(b"tragic"));
    types.file("empty", b"no magic".repeat(3));
    types.hold(&[("start", 11), ("1020", 11), ("40", 10), ("text", 12)]);
}

/// What has a type of its own keeps it: a body signature adds none.
#[test]
fn body_signatures_leave_known_types_alone() {
    let mut types = Types::new("1:*:6d61676963:A:CL_TYPE_ANY:CL_TYPE_SWF\n");
    types.file("png", [b"\x89PNG\r\n\x1a\n\x00", &text(b"magic")[..]].concat());
    types.file("rtf", [b"{\\rtf1 ", &text(b"magic")[..], b"}"].concat());
    types.file("elf", [b"\x7fELF\x01\x01\x01\x00", &unknown(b"magic", 40)[..]].concat());
    types.file("script", [b"#!/bin/sh\n", &text(b"magic")[..]].concat());
    types.file("data", unknown(b"magic", 3));
    types.hold(&[("png", 5), ("elf", 6), ("script", 11), ("data", 11)]);
}

/// ClamAV takes most data without zeros for UTF-16.
#[test]
fn required_types() {
    let mut types = Types::new(
        "1:*:6d61676963:A:CL_TYPE_BINARY_DATA:CL_TYPE_SWF\n\
         1:*:6d61676e6574:B:CL_TYPE_TEXT_ASCII:CL_TYPE_JAVA\n\
         1:*:7472616769:C:CL_TYPE_PNG:CL_TYPE_PDF\n",
    );
    let zeros = |magic: &[u8]| [&[0; 40], magic, &[0; 40], b" needle \x00"].concat();
    types.file("data", zeros(b"magic"));
    types.file("data with magnet", zeros(b"magnet"));
    types.file("text", text(b"magic"));
    types.file("text with magnet", text(b"magnet"));
    types.file("tragic", zeros(b"tragic"));
    types.hold(&[("data", 11), ("text with magnet", 12)]);
}

/// A body signature of type `CL_TYPE_ANY` is a finding.
#[test]
fn a_type_that_is_any_is_a_finding() {
    let mut trial = Trial::default();
    trial.source("t.ftm", "1:*:deadbeef:A.Finding:CL_TYPE_ANY:CL_TYPE_ANY\n");
    trial.file("there", unknown(b"\xde\xad\xbe\xef", 9));
    trial.file("not there", unknown(b"\xde\xad\xbe\xee", 9));
    assert_eq!(trial.ours(), [("there".to_owned(), "A.Finding".to_owned())].into());
    trial.assert_same();
}

/// A text that is something else besides has no normal form, as in ClamAV, where it is no text then.
#[test]
fn texts_of_another_type_are_not_normalised() {
    let mut trial = Trial::default();
    trial.source("t.ftm", "1:*:6d61676963:A:CL_TYPE_ANY:CL_TYPE_SWF\n");
    trial.source("t.ndb", "Text:7:*:6e6565646c65\nFlash:11:*:6e6565646c65\n");
    trial.file("text", text(b"magic"));
    trial.file("plain text", text(b"tragic"));
    let found = |file: &str, name: &str| (file.to_owned(), name.to_owned());
    assert_eq!(trial.ours(), [found("text", "Flash"), found("plain text", "Text")].into());
    trial.assert_same();
}

/// ClamAV gives a file one type, and a set with magic numbers replaces all that it has built in.
#[test]
fn no_type_is_taken_away() {
    let mut trial = Trial::default();
    trial.source("t.ftm", "0:0:89504e47:A:CL_TYPE_ANY:CL_TYPE_SWF\n");
    trial.source("t.ndb", "Image:5:*:6e6565646c65\nFlash:11:*:6e6565646c65\n");
    trial.file("png", [b"\x89PNG\r\n\x1a\n\x00", &text(b"")[..]].concat());
    let found = |name: &str| ("png".to_owned(), name.to_owned());
    assert_eq!(trial.ours(), [found("Flash"), found("Image")].into());
    let difference = trial.difference();
    assert!(difference.missed.is_empty());
    assert!(difference.more.is_subset(&[found("Image")].into()));
}
