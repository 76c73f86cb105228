//! Certificates: whom ClamAV trusts and blocks, and whether we do, for programs that are signed here.
//!
//! Every program holds a pattern that is searched for, too. Where somebody who is trusted vouches for
//! the program, it is not found; so `Needle` in a case's findings means: nobody vouches for this.

mod blocked;
mod chains;
mod der;
mod files;
mod hostile;
mod keys;
mod mutations;
mod signatures;
mod signer;
mod stamps;
mod tools;

use std::sync::OnceLock;

use crate::trial::{Found, Trial, clamscan_is_there};
use signer::{CODE_SIGNING, Certificate, Signing, TIME_STAMPING, Template, program};

const NEEDLE: &[u8] = b"a needle in a program";

/// Who takes part.
struct People {
    root: Certificate,
    intermediate: Certificate,
    leaf: Certificate,
    /// As the leaf, but its validity is over.
    expired: Certificate,
    stamper_root: Certificate,
    stamper: Certificate,
}

/// Those who take part in most cases.
fn people() -> &'static People {
    static PEOPLE: OnceLock<People> = OnceLock::new();
    PEOPLE.get_or_init(|| {
        let root = Template::authority("Root", &keys::ROOT, None).make();
        let intermediate =
            Template::authority("Intermediate", &keys::INTERMEDIATE, Some(&root)).make();
        let leaf = Template::purpose("Leaf", &keys::LEAF, &intermediate, &[CODE_SIGNING]);
        let expired = Template { validity: ["200101000000Z", "210101000000Z"], ..leaf.clone() };
        let stamper_root = Template::authority("Stamper Root", &keys::STAMPER_ROOT, None).make();
        let stamper = Template::purpose("Stamper", &keys::STAMPER, &stamper_root, &[TIME_STAMPING]);
        People {
            leaf: leaf.make(),
            expired: expired.make(),
            stamper: stamper.make(),
            root,
            intermediate,
            stamper_root,
        }
    })
}

/// A program, signed by the leaf, whose issuer comes along.
fn by_leaf() -> Signing<'static> {
    let People { leaf, intermediate, .. } = people();
    Signing::new(program(NEEDLE), leaf, &[leaf, intermediate])
}

/// A program, signed by this certificate and with these ones.
fn signed_by(signer: &Certificate, certificates: &[&Certificate]) -> Vec<u8> {
    Signing::new(program(NEEDLE), signer, certificates).make()
}

/// A record. The uses are `code`, `time`, `cert`, as in ClamAV's format.
fn record(name: &str, trusted: bool, certificate: &Certificate, uses: [u8; 3]) -> String {
    let [subject, serial, modulus, exponent] = certificate.fields();
    let (trusted, [code, time, cert]) = (u8::from(trusted), uses);
    format!("{name};{trusted};{subject};{serial};{modulus};{exponent};{code};{time};{cert};0;")
}

fn trust(certificate: &Certificate, uses: [u8; 3]) -> String {
    record("Trust", true, certificate, uses)
}

fn block(certificate: &Certificate) -> String {
    record("Block", false, certificate, [1, 1, 1])
}

/// Trust in the root of the leaf.
fn root_trust() -> String {
    trust(&people().root, [1, 1, 1])
}

/// A record with another field.
fn with_field(record: &str, number: usize, field: &str) -> String {
    let mut fields: Vec<&str> = record.split(';').collect();
    fields[number] = field;
    fields.join(";")
}

/// One program under some records.
struct Case {
    what: &'static str,
    records: Vec<String>,
    program: Vec<u8>,
    finds: &'static [&'static str],
    /// What `clamscan` finds, where that is something else.
    they_find: Option<&'static [&'static str]>,
}

/// Nobody vouches for the program.
const NOBODY: &[&str] = &["Needle"];
/// Somebody who is trusted does.
const TRUSTED: &[&str] = &[];

fn case(
    what: &'static str,
    records: impl IntoIterator<Item = String>,
    program: Vec<u8>,
    finds: &'static [&'static str],
) -> Case {
    Case { what, records: records.into_iter().collect(), program, finds, they_find: None }
}

impl Case {
    /// `clamscan` finds something else, for a reason that `docs/clamav.md` gives.
    fn but_they_find(self, they_find: &'static [&'static str]) -> Self {
        Self { they_find: Some(they_find), ..self }
    }
}

/// Holds cases against us and, where it is there, against `clamscan`.
fn check(cases: impl IntoIterator<Item = Case>) {
    for case in cases {
        let what = case.what;
        let mut trial = Trial::default();
        let needle: String = NEEDLE.iter().map(|byte| format!("{byte:02x}")).collect();
        trial.source("needle.ndb", format!("Needle:0:*:{needle}\n"));
        for record in &case.records {
            trial.source("certificates.crb", format!("{record}\n"));
        }
        trial.file("program.exe", case.program);
        assert_eq!(trial.ours(), found(case.finds), "{what}");
        if clamscan_is_there() {
            let theirs = trial.theirs().unwrap_or_else(|refusal| panic!("{what}: {refusal:?}"));
            assert_eq!(theirs, found(case.they_find.unwrap_or(case.finds)), "clamscan: {what}");
        }
    }
}

fn found(names: &[&str]) -> Found {
    names.iter().map(|&name| ("program.exe".to_owned(), name.to_owned())).collect()
}
