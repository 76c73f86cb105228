//! Countersignatures, which say when a program was signed.

use super::der::{algorithm, identifier, octets};
use super::signer::{
    CODE_SIGNING, CONTENT_TYPE, COUNTERSIGNATURE, DATA, Hash, INDIRECT_DATA, MESSAGE_DIGEST, Make,
    SIGNING_TIME, Signing, Stamp, TIME_STAMP_TOKEN, TIME_STAMPING, Template, attribute, program,
    time,
};
use super::{
    Case, NEEDLE, NOBODY, People, TRUSTED, case, check, keys, people, root_trust, trust, with_field,
};

/// Within the validity of [`People::expired`].
const THEN: &str = "200615120000Z";

/// Trust in the root of the time stamping authority.
fn stamper_trust() -> String {
    with_field(&trust(&people().stamper_root, [0, 1, 1]), 0, "Stamps")
}

/// Signed by the one whose validity is over, with unsigned attributes.
fn expired(unsigned: Make<'_>) -> Vec<u8> {
    let People { expired, intermediate, stamper, .. } = people();
    let signing = Signing::new(program(NEEDLE), expired, &[expired, intermediate, stamper]);
    Signing { unsigned: Some(unsigned), ..signing }.make()
}

fn stamp(stamp: Stamp<'_>) -> impl Fn(&[u8]) -> Vec<u8> {
    move |signature| attribute(COUNTERSIGNATURE, &stamp.on(signature))
}

fn expect(what: &'static str, with: Stamp<'_>, finds: &'static [&'static str]) -> Case {
    case(what, [root_trust(), stamper_trust()], expired(&stamp(with)), finds)
}

#[test]
fn the_signer_must_have_been_valid_then() {
    let at = |time| Stamp::new(&people().stamper, time);
    check([
        expect("it was", at(THEN), TRUSTED),
        expect("on its first second", at("200101000000Z"), TRUSTED),
        expect("on its last second", at("210101000000Z"), TRUSTED),
        expect("before", at("191231235959Z"), NOBODY),
        expect("behind", at("210101000001Z"), NOBODY),
        expect("GeneralizedTime", at("20200615120000Z"), TRUSTED),
        expect("no time", at("200615Z"), NOBODY),
    ]);
}

#[test]
fn a_wrong_countersignature_makes_the_signature_void() {
    let People { leaf, intermediate, stamper, .. } = people();
    let valid = |what, records: &[String], unsigned: Make<'_>, finds| {
        let signing = Signing::new(program(NEEDLE), leaf, &[leaf, intermediate, stamper]);
        let program = Signing { unsigned: Some(unsigned), ..signing }.make();
        case(what, records.to_vec(), program, finds)
    };
    let both = [root_trust(), stamper_trust()];
    let right = stamp(Stamp::new(stamper, THEN));
    let forged = stamp(Stamp { key: keys::OTHER, ..Stamp::new(stamper, THEN) });
    let elsewhere = |_: &[u8]| stamp(Stamp::new(stamper, THEN))(b"another signature");
    check([
        valid("it is right", &both, &right, TRUSTED),
        valid("nobody is trusted with time", &both[..1], &right, NOBODY),
        valid("it is not the authority's", &both, &forged, NOBODY),
        valid("it is on another signature", &both, &elsewhere, NOBODY),
        valid("it is in the future", &both, &stamp(Stamp::new(stamper, "490101000000Z")), TRUSTED),
        valid("it is from before", &both, &stamp(Stamp::new(stamper, "190101000000Z")), NOBODY),
    ]);
}

#[test]
fn who_may_countersign() {
    let People { expired, intermediate, stamper_root, .. } = people();
    let by = |certificate: &Template<'_>| {
        let stamper = certificate.make();
        let signing = Signing::new(program(NEEDLE), expired, &[expired, intermediate, &stamper]);
        let unsigned = stamp(Stamp::new(&stamper, THEN));
        Signing { unsigned: Some(&unsigned), ..signing }.make()
    };
    let of = Template::purpose("Stamper", &keys::STAMPER, stamper_root, &[TIME_STAMPING]);
    let all = || with_field(&trust(stamper_root, [1, 1, 1]), 0, "Stamps");
    let itself = {
        let new = Template::new("Leaf", &keys::LEAF, Some(intermediate));
        let validity = ["200101000000Z", "210101000000Z"];
        let leaf = Template { key_usage: Some(0x80), validity, ..new }.make();
        let unsigned = stamp(Stamp::new(&leaf, THEN));
        let signing = Signing::new(program(NEEDLE), &leaf, &[&leaf, intermediate]);
        Signing { unsigned: Some(&unsigned), ..signing }.make()
    };
    check([
        case("for time stamps", [root_trust(), all()], by(&of), TRUSTED),
        case("whose root may not", [root_trust(), trust(stamper_root, [1, 0, 1])], by(&of), NOBODY),
        case(
            "for programs",
            [root_trust(), all()],
            by(&Template { purposes: Some(&[CODE_SIGNING]), ..of.clone() }),
            NOBODY,
        ),
        case(
            "for nothing in particular",
            [root_trust(), all()],
            by(&Template { purposes: None, ..of.clone() }),
            TRUSTED,
        ),
        case(
            "whose own validity was over",
            [root_trust(), all()],
            by(&Template { validity: ["180101000000Z", "190101000000Z"], ..of.clone() }),
            TRUSTED,
        ),
        case("the signer", [root_trust()], itself, TRUSTED),
        case(
            "one that is trusted itself",
            [root_trust(), trust(&people().stamper, [0, 1, 0])],
            expired_by_stamper(),
            TRUSTED,
        ),
    ]);
}

fn expired_by_stamper() -> Vec<u8> {
    expired(&stamp(Stamp::new(&people().stamper, THEN)))
}

#[test]
fn forms_of_countersignatures() {
    let new = || Stamp::new(&people().stamper, THEN);
    const TIME_STAMP: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 0x10, 1, 4];
    let by = |hash: Hash| algorithm(&hash.with_rsa());
    check([
        expect("version 0", Stamp { version: 0, ..new() }, TRUSTED),
        expect("version 2", Stamp { version: 2, ..new() }, NOBODY),
        expect("on a time stamp", Stamp { content_type: TIME_STAMP, ..new() }, TRUSTED),
        expect("on a program", Stamp { content_type: INDIRECT_DATA, ..new() }, NOBODY),
        expect("RSA with its digest", Stamp { encryption: by(Hash::Sha1), ..new() }, TRUSTED),
        expect("RSA with another", Stamp { encryption: by(Hash::Sha256), ..new() }, NOBODY),
    ]);
    check(Hash::ALL.map(|hash| expect("every digest", Stamp { hash, ..new() }, TRUSTED)));
}

#[test]
fn attributes_of_countersignatures() {
    let parts = |signature: &[u8]| {
        let digest = attribute(MESSAGE_DIGEST, &octets(&Hash::Sha1.of(signature)));
        [attribute(CONTENT_TYPE, &identifier(DATA)), attribute(SIGNING_TIME, &time(THEN)), digest]
    };
    let with = |what, of: &dyn Fn([Vec<u8>; 3]) -> Vec<u8>, finds| {
        let stamp = Stamp::new(&people().stamper, THEN);
        let unsigned =
            |signature: &[u8]| attribute(COUNTERSIGNATURE, &stamp.with(&of(parts(signature))));
        case(what, [root_trust(), stamper_trust()], expired(&unsigned), finds)
    };
    check([
        with("in another order", &|[a, b, c]| [c, b, a].concat(), TRUSTED),
        with(
            "with an unknown one",
            &|all| [all.concat(), attribute(&[42, 3], &octets(b"x"))].concat(),
            TRUSTED,
        ),
        with("without type", &|[_, b, c]| [b, c].concat(), NOBODY),
        with("without time", &|[a, _, c]| [a, c].concat(), NOBODY),
        with("without digest", &|[a, b, _]| [a, b].concat(), NOBODY),
    ]);
}

#[test]
fn one_countersignature_and_no_other_stamp() {
    let both = || [root_trust(), stamper_trust()];
    let one = stamp(Stamp::new(&people().stamper, THEN));
    let twice = |signature: &[u8]| [one(signature), one(signature)].concat();
    let two_values = |signature: &[u8]| {
        let stamp = Stamp::new(&people().stamper, THEN).on(signature);
        attribute(COUNTERSIGNATURE, &[stamp.clone(), stamp].concat())
    };
    let token = |_: &[u8]| attribute(TIME_STAMP_TOKEN, &octets(b"not read"));
    let beside = |signature: &[u8]| [token(signature), one(signature)].concat();
    let nothing = |_: &[u8]| Vec::new();
    check([
        case("none", both(), expired(&nothing), NOBODY),
        case("one", both(), expired(&one), TRUSTED),
        case("two", both(), expired(&twice), NOBODY),
        case("two in one", both(), expired(&two_values), NOBODY),
        case("a token of RFC 3161, which is not read", both(), expired(&token), NOBODY),
        case("a token beside it", both(), expired(&beside), TRUSTED),
    ]);
}
