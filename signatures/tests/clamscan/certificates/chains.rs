//! Whom a chain of certificates leads to, and what each certificate may sign.

use super::signer::{
    CODE_SIGNING, Certificate, Hash, RSA, SERVER, Signing, TIME_STAMPING, Template, extension,
    key_info, program,
};
use super::{
    Case, NEEDLE, NOBODY, People, TRUSTED, by_leaf, case, check, keys, people, record, root_trust,
    signed_by, trust, with_field,
};
use crate::certificates::der::{algorithm, bits, identifier, integer, octets, sequence, value};

#[test]
fn the_chain_must_lead_to_somebody_trusted() {
    let People { root, intermediate, leaf, stamper_root, .. } = people();
    let program = || by_leaf().make();
    let whole = || signed_by(leaf, &[leaf, intermediate, root]);
    check([
        case("nobody is trusted", [trust(stamper_root, [1, 1, 1])], program(), NOBODY),
        case("a root that is not embedded", [root_trust()], program(), TRUSTED),
        case("a root that is embedded", [root_trust()], whole(), TRUSTED),
        case("the issuer", [trust(intermediate, [1, 1, 1])], program(), TRUSTED),
        case("the signer", [trust(leaf, [1, 0, 0])], program(), TRUSTED),
        case("no issuer comes along", [root_trust()], signed_by(leaf, &[leaf]), NOBODY),
        case(
            "the signer does not come along",
            [trust(leaf, [1, 0, 0])],
            signed_by(leaf, &[intermediate]),
            NOBODY,
        ),
        case(
            "the order does not matter",
            [root_trust()],
            signed_by(leaf, &[intermediate, leaf]),
            TRUSTED,
        ),
        case(
            "a certificate twice",
            [root_trust()],
            signed_by(leaf, &[leaf, intermediate, leaf]),
            TRUSTED,
        ),
        case("no certificates", [root_trust()], signed_by(leaf, &[]), NOBODY),
    ]);
}

#[test]
fn a_record_names_one_certificate() {
    let People { root, leaf, intermediate, .. } = people();
    let program = || by_leaf().make();
    let zeros = "00".repeat(20);
    let other = record("Other", true, leaf, [1, 0, 0]);
    let modulus = with_field(&other, 4, keys::OTHER.modulus);
    check([
        case("the subject", [with_field(&trust(leaf, [1, 0, 0]), 2, &zeros)], program(), NOBODY),
        case(
            "the serial number",
            [with_field(&trust(leaf, [1, 0, 0]), 3, &zeros)],
            program(),
            NOBODY,
        ),
        case("no serial number", [with_field(&trust(leaf, [1, 0, 0]), 3, "")], program(), TRUSTED),
        case("the key", [modulus], program(), NOBODY),
        case(
            "zeros before the key",
            [with_field(&trust(leaf, [1, 0, 0]), 4, &format!("00{}", keys::LEAF.modulus))],
            program(),
            TRUSTED,
        ),
        case(
            "the exponent is not looked at",
            [with_field(&trust(leaf, [1, 0, 0]), 5, "03")],
            program(),
            TRUSTED,
        ),
        case(
            "no certificate comes along to compare the issuer's serial number with",
            [with_field(&root_trust(), 3, &zeros)],
            program(),
            TRUSTED,
        ),
        case(
            "its validity begins before the record's",
            [with_field(&trust(leaf, [1, 0, 0]), 9, "1577836801")],
            program(),
            NOBODY,
        ),
        case(
            "its validity begins with the record's",
            [with_field(&trust(leaf, [1, 0, 0]), 9, "1577836800")],
            program(),
            TRUSTED,
        ),
        case(
            "the beginning of an issuer's validity is not looked at",
            [with_field(&root_trust(), 9, "1577836801")],
            program(),
            TRUSTED,
        ),
        case(
            "another record of the subject",
            [with_field(&trust(root, [1, 1, 1]), 4, keys::OTHER.modulus), root_trust()],
            signed_by(leaf, &[leaf, intermediate]),
            TRUSTED,
        ),
    ]);
}

/// Which uses of a record suffice for a certificate of these uses: as the very certificate, and as its
/// issuer.
fn uses(
    key_usage: Option<u8>,
    purposes: Option<&[&[u8]]>,
    as_itself: impl Fn([u8; 3]) -> bool,
    as_issuer: impl Fn([u8; 3]) -> bool,
) -> Vec<Case> {
    let root = &people().root;
    let new = Template::new("Leaf", &keys::LEAF, Some(root));
    let leaf = Template { key_usage, purposes, ..new }.make();
    let expected = |trusted| if trusted { TRUSTED } else { NOBODY };
    (0..8)
        .map(|number: u8| [number >> 2, number >> 1 & 1, number & 1])
        .flat_map(|uses| {
            let program = || signed_by(&leaf, &[&leaf]);
            [
                case("as itself", [trust(&leaf, uses)], program(), expected(as_itself(uses))),
                case("as issuer", [trust(root, uses)], program(), expected(as_issuer(uses))),
            ]
        })
        .collect()
}

#[test]
fn the_record_must_allow_what_the_certificate_may_do() {
    let issuer = |[code, _, cert]: [u8; 3]| code + cert == 2;
    let never = |_| false;
    let signing: &[&[u8]] = &[CODE_SIGNING];
    check(uses(Some(0x80), Some(signing), |[code, ..]| code == 1, issuer));
    check(uses(Some(0x04), Some(signing), issuer, issuer));
    check(uses(Some(0x80), None, |[code, time, _]| code + time == 2, issuer));
    check(uses(Some(0x04), None, |uses| uses == [1, 1, 1], issuer));
    check(uses(
        Some(0x80),
        Some(&[CODE_SIGNING, TIME_STAMPING]),
        |[code, time, _]| code + time == 2,
        issuer,
    ));
    check(uses(Some(0x80), Some(&[TIME_STAMPING]), never, never));
    check(uses(Some(0x80), Some(&[SERVER]), never, never));
    check(uses(None, Some(&[]), never, never));
    check(uses(None, None, never, never));
}

#[test]
fn extensions_say_what_a_certificate_may_sign() {
    let leaf = |extensions: Vec<u8>| {
        let new = Template::new("Leaf", &keys::LEAF, Some(&people().root));
        let leaf = Template { extensions: Some(extensions), ..new }.make();
        signed_by(&leaf, &[&leaf])
    };
    let signing = || extension(0x25, &sequence(&[&identifier(CODE_SIGNING)]));
    let stamping = || extension(0x25, &sequence(&[&identifier(TIME_STAMPING)]));
    let critical = |last, content: &[u8]| {
        let fields = [identifier(&[0x55, 0x1d, last]), value(1, &[&[0xff]]), octets(content)];
        sequence(&[&fields.concat()])
    };
    let cases = [
        ("basic constraints say nothing", extension(0x13, &sequence(&[])), TRUSTED),
        ("an unknown critical one", critical(0x60, &[5, 0]), TRUSTED),
        ("a critical one", critical(0x25, &sequence(&[&identifier(CODE_SIGNING)])), TRUSTED),
        ("twice", [signing(), stamping()].concat(), TRUSTED),
        ("none in the sequence", Vec::new(), TRUSTED),
        ("a key usage without bits", extension(0x0f, &bits(&[])), NOBODY),
        ("garbage", [signing(), b"xx".to_vec()].concat(), NOBODY),
        ("garbage in the purposes", extension(0x25, b"xx"), NOBODY),
    ];
    check(
        cases.map(|(what, extensions, finds)| case(what, [root_trust()], leaf(extensions), finds)),
    );
}

#[test]
fn an_issuer_must_be_allowed_to_sign_certificates() {
    let People { root, .. } = people();
    let through = |key_usage, purposes| {
        let new = Template::new("Between", &keys::OTHER, Some(root));
        let between = Template { key_usage, purposes, ..new }.make();
        let leaf = Template::purpose("Leaf", &keys::LEAF, &between, &[CODE_SIGNING]).make();
        signed_by(&leaf, &[&leaf, &between])
    };
    check([
        case("it is", [root_trust()], through(Some(0x04), None), TRUSTED),
        case("by its key usage it is not", [root_trust()], through(Some(0x80), None), NOBODY),
        case(
            "it may not for programs",
            [root_trust()],
            through(Some(0x04), Some(&[TIME_STAMPING])),
            NOBODY,
        ),
        case(
            "without key usage it may",
            [root_trust()],
            through(None, Some(&[CODE_SIGNING])),
            TRUSTED,
        ),
    ]);
}

#[test]
fn long_chains_and_circles() {
    let People { root, .. } = people();
    let names: Vec<String> = (0..12).map(|number| format!("Link {number}")).collect();
    let mut links: Vec<Certificate> = Vec::new();
    for name in &names {
        let issuer = links.last().unwrap_or(root);
        links.push(Template::authority(name, &keys::OTHER, Some(issuer)).make());
    }
    let leaf = Template::purpose("Leaf", &keys::LEAF, &links[11], &[CODE_SIGNING]).make();
    let mut all: Vec<&Certificate> = links.iter().collect();
    all.push(&leaf);
    let forward = signed_by(&leaf, &all);
    all.reverse();
    let first = Template::authority("Circle", &keys::OTHER, None).make();
    let second = Template::authority("Second", &keys::OTHER, Some(&first)).make();
    let back = Template::authority("Circle", &keys::OTHER, Some(&second)).make();
    let leaf_of = Template::purpose("Leaf", &keys::LEAF, &back, &[CODE_SIGNING]).make();
    check([
        case("twelve links", [root_trust()], forward, TRUSTED),
        case("twelve links backwards", [root_trust()], signed_by(&leaf, &all), TRUSTED),
        case("a circle", [root_trust()], signed_by(&leaf_of, &[&leaf_of, &back, &second]), NOBODY),
        case(
            "a circle that is trusted at one point",
            [trust(&second, [1, 1, 1])],
            signed_by(&leaf_of, &[&leaf_of, &back, &second]),
            TRUSTED,
        ),
    ]);
}

/// A signature of the intermediate's with a wrong bit.
fn flipped(bytes: &[u8]) -> Vec<u8> {
    let mut signature = keys::INTERMEDIATE.sign(Hash::Sha256, bytes);
    signature[100] ^= 1;
    signature
}

#[test]
fn certificates_that_cannot_be_used() {
    let People { root, intermediate, .. } = people();
    let of = |change: &dyn Fn(Template<'static>) -> Template<'static>| {
        let issuer = &people().intermediate;
        let leaf = change(Template::purpose("Leaf", &keys::LEAF, issuer, &[CODE_SIGNING])).make();
        signed_by(&leaf, &[&leaf, intermediate])
    };
    let key = |modulus: &[u8], exponent: &[u8]| {
        let numbers = sequence(&[&integer(modulus), &integer(exponent)]);
        Some(sequence(&[&algorithm(RSA), &bits(&numbers)]))
    };
    let expect = |what, program, finds| case(what, [root_trust()], program, finds);
    let wide = [0x80; 520];
    check([
        expect("as it should be", of(&|t| t), TRUSTED),
        expect(
            "version 1",
            of(&|t| Template { version: None, purposes: None, key_usage: None, ..t }),
            NOBODY,
        ),
        expect("version 1 with extensions", of(&|t| Template { version: None, ..t }), NOBODY),
        expect("version 2", of(&|t| Template { version: Some(1), ..t }), NOBODY),
        expect("version 4", of(&|t| Template { version: Some(3), ..t }), NOBODY),
        expect("a broken signature", of(&|t| Template { signature: Some(&flipped), ..t }), NOBODY),
        expect(
            "a negative serial number",
            of(&|t| Template { serial: vec![0xff, 1], ..t }),
            TRUSTED,
        ),
        expect("an exponent of 3", of(&|t| Template { key: &keys::THREE, ..t }), TRUSTED),
        expect("a short key", of(&|t| Template { key: &keys::SHORT, ..t }), NOBODY),
        expect("a key of 4096 bits", of(&|t| Template { key: &keys::LONG, ..t }), TRUSTED),
        expect(
            "a key of more bits",
            of(&|t| Template { key_info: key(&wide, &[1, 0, 1]), ..t }),
            NOBODY,
        ),
        expect(
            "a key of another kind",
            of(&|t| Template {
                key_info: Some(sequence(&[&algorithm(&[42, 3]), &bits(&[1; 64])])),
                ..t
            }),
            NOBODY,
        ),
        expect(
            "an unknown algorithm",
            of(&|t| Template { algorithm: Some(algorithm(&[42, 3])), ..t }),
            NOBODY,
        ),
        expect(
            "PSS",
            of(&|t| Template { algorithm: Some(algorithm(&[&RSA[..8], &[10]].concat())), ..t }),
            NOBODY,
        ),
        expect(
            "a wrong digest is named",
            of(&|t| Template { algorithm: Some(algorithm(&Hash::Sha384.with_rsa())), ..t }),
            NOBODY,
        ),
        expect(
            "signed by another one of that name",
            {
                let root = Template::authority("Root", &keys::OTHER, None).make();
                let between = Template::authority("Between", &keys::OTHER, Some(&root)).make();
                let leaf = Template::purpose("Leaf", &keys::LEAF, &between, &[CODE_SIGNING]).make();
                signed_by(&leaf, &[&leaf, &between, &root])
            },
            NOBODY,
        ),
        case(
            "an exponent of 3 in a root, which records cannot say",
            [trust(&Template::authority("Three", &keys::THREE, None).make(), [1, 1, 1])],
            {
                let three = Template::authority("Three", &keys::THREE, None).make();
                let leaf = Template::purpose("Leaf", &keys::LEAF, &three, &[CODE_SIGNING]).make();
                signed_by(&leaf, &[&leaf])
            },
            NOBODY,
        ),
        case(
            "but its certificate can",
            [trust(&Template::authority("Three", &keys::THREE, None).make(), [1, 1, 1])],
            {
                let three = Template::authority("Three", &keys::THREE, None).make();
                let leaf = Template::purpose("Leaf", &keys::LEAF, &three, &[CODE_SIGNING]).make();
                signed_by(&leaf, &[&leaf, &three])
            },
            TRUSTED,
        ),
        expect(
            "other certificates of any kind beside it",
            {
                let odd = Template {
                    key_info: key(&[3; 20], &[3]),
                    ..Template::new("Odd", &keys::OTHER, Some(root))
                };
                let leaf = &people().leaf;
                signed_by(leaf, &[&odd.make(), leaf, intermediate])
            },
            TRUSTED,
        ),
    ]);
    let digests =
        Hash::ALL.map(|hash| expect("by every digest", of(&|t| Template { hash, ..t }), TRUSTED));
    check(digests);
}

#[test]
fn the_signer_alone_must_be_valid() {
    let valid = |validity: [&'static str; 2]| {
        let issuer = &people().intermediate;
        let leaf = Template::purpose("Leaf", &keys::LEAF, issuer, &[CODE_SIGNING]);
        let leaf = Template { validity, ..leaf }.make();
        signed_by(&leaf, &[&leaf, issuer])
    };
    let through = |validity: [&'static str; 2]| {
        let between = Template::authority("Between", &keys::OTHER, Some(&people().root));
        let between = Template { validity, ..between }.make();
        let leaf = Template::purpose("Leaf", &keys::LEAF, &between, &[CODE_SIGNING]).make();
        signed_by(&leaf, &[&leaf, &between])
    };
    let expect = |what, program, finds| case(what, [root_trust()], program, finds);
    check([
        expect("now", valid(["200101000000Z", "491231235959Z"]), TRUSTED),
        expect("not any more", valid(["200101000000Z", "210101000000Z"]), NOBODY),
        expect("not yet", valid(["480101000000Z", "491231235959Z"]), NOBODY),
        expect("backwards", valid(["491231235959Z", "200101000000Z"]), NOBODY),
        expect("without seconds", valid(["2001010000Z", "4912312359Z"]), TRUSTED),
        expect("a month that is none", valid(["201301000000Z", "491231235959Z"]), NOBODY),
        expect("another time zone", valid(["200101000000+0100", "491231235959Z"]), NOBODY),
        expect("an issuer's is over", through(["200101000000Z", "210101000000Z"]), TRUSTED),
        expect("an issuer's has not begun", through(["480101000000Z", "491231235959Z"]), TRUSTED),
        expect("GeneralizedTime", valid(["20200101000000Z", "20991231235959Z"]), TRUSTED)
            .but_they_find(NOBODY),
    ]);
}

#[test]
fn signatures_of_every_digest() {
    let People { leaf, intermediate, .. } = people();
    let sign = |hash, signer_hash| {
        let signing = Signing::new(program(NEEDLE), leaf, &[leaf, intermediate]);
        Signing { hash, signer_hash, ..signing }.make()
    };
    let pairs = Hash::ALL.into_iter().flat_map(|a| Hash::ALL.map(|b| (a, b)));
    check(pairs.map(|(a, b)| case("every digest", [root_trust()], sign(a, b), TRUSTED)));
    let info = key_info(&keys::LEAF);
    assert!(leaf.encoded.windows(info.len()).any(|window| window == info));
}
