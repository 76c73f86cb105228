//! Signatures that would rather cost than convince.

use super::der::sequence;
use super::signer::{CODE_SIGNING, Certificate, Signing, Template, name, program};
use super::{NEEDLE, NOBODY, People, TRUSTED, block, case, check, keys, people, root_trust};

/// Sound certificates that lead nowhere, of names that are all their own.
fn strangers(number: usize) -> Vec<u8> {
    let one = Template::purpose("Stranger", &keys::OTHER, &people().stamper, &[CODE_SIGNING]);
    let one = Template { serial: vec![1; 8], ..one }.make().encoded;
    let at = one.windows(3).position(|window| window == [2, 8, 1]).unwrap() + 2;
    let mut all = Vec::new();
    for serial in 0..number {
        let mut other = one.clone();
        other[at..at + 8].copy_from_slice(&(0x1000_0000 + serial as u64).to_be_bytes());
        all.extend(other);
    }
    all
}

fn with(before: Vec<u8>) -> Vec<u8> {
    let People { leaf, intermediate, .. } = people();
    let signing = Signing::new(program(NEEDLE), leaf, &[leaf, intermediate]);
    let certificates = [before, signing.certificates.clone()].concat();
    Signing { certificates, ..signing }.make()
}

#[test]
fn many_certificates() {
    let leaf = &people().leaf;
    let junk = || sequence(&[&[0x30, 0]]).repeat(50_000);
    check([
        case("as many as a chain is looked for in", [root_trust()], with(strangers(62)), TRUSTED),
        case("one more", [root_trust()], with(strangers(63)), NOBODY).but_they_find(TRUSTED),
        case("many that cannot be read", [root_trust()], with(junk()), TRUSTED),
        case(
            "a blocked one behind many",
            [block(leaf)],
            with(strangers(2000)),
            &["Block", "Needle"],
        ),
        case(
            "a blocked one behind what cannot be read",
            [block(leaf)],
            with(junk()),
            &["Block", "Needle"],
        ),
    ]);
}

/// Many issuers of one name, and many that they could have issued but did not: each is tried with each.
#[test]
fn many_issuers_of_one_name() {
    let People { root, leaf, intermediate, .. } = people();
    let middle: Vec<Certificate> = (1..30)
        .map(|serial| {
            let middle = Template::authority("Middle", &keys::OTHER, Some(root));
            Template { serial: vec![serial], ..middle }.make()
        })
        .collect();
    let forged = |number: u8| {
        let mut issuer = intermediate.clone();
        issuer.subject = name("Middle");
        let forged = Template::purpose("Forged", &keys::LEAF, &issuer, &[CODE_SIGNING]);
        Template { serial: vec![number], ..forged }.make()
    };
    let forged: Vec<Certificate> = (1..30).map(forged).collect();
    let honest = Template::purpose("Honest", &keys::LEAF, &middle[7], &[CODE_SIGNING]).make();
    let sign = |signer: &Certificate, before: &[&Certificate], after: &[Certificate]| {
        let after = after.iter().chain(&middle).collect();
        let certificates: Vec<&Certificate> = [before.to_vec(), after].concat();
        Signing::new(program(NEEDLE), signer, &certificates).make()
    };
    check([
        case("one that they issued", [root_trust()], sign(&honest, &[&honest], &[]), TRUSTED),
        case("one that they did not issue", [root_trust()], sign(&forged[5], &[], &forged), NOBODY),
        case(
            "somebody else's, which is then not tried",
            [root_trust()],
            sign(leaf, &[leaf, intermediate], &forged),
            NOBODY,
        )
        .but_they_find(TRUSTED),
    ]);
}
