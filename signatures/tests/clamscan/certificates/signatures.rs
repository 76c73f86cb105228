//! What a signature must be made of, piece by piece.

use super::der::{algorithm, bits, context, identifier, integer, octets, sequence, set, value};
use super::signer::{
    CODE_SIGNING, CONTENT_TYPE, DATA, Hash, INDIRECT_DATA, MESSAGE_DIGEST, Make, NESTED_SIGNATURE,
    SIGNING_TIME, Signing, TIME_STAMP_TOKEN, Template, attach, attribute, content_of, digest_of,
    entry, program, time,
};
use super::{Case, NEEDLE, NOBODY, TRUSTED, by_leaf, case, check, keys, people, root_trust};

type Change<'a> = &'a dyn Fn(Signing<'static>) -> Signing<'static>;

fn expect(what: &'static str, change: Change<'_>, finds: &'static [&'static str]) -> Case {
    case(what, [root_trust()], change(by_leaf()).make(), finds)
}

/// Signed attributes, put together by `with`.
fn attributes(
    what: &'static str,
    with: fn(&[u8]) -> Vec<u8>,
    finds: &'static [&'static str],
) -> Case {
    expect(what, &|s| Signing { attributes: with, ..s }, finds)
}

fn content_type() -> Vec<u8> {
    attribute(CONTENT_TYPE, &identifier(INDIRECT_DATA))
}

fn digest(digest: &[u8]) -> Vec<u8> {
    attribute(MESSAGE_DIGEST, &octets(digest))
}

#[test]
fn attributes_are_signed() {
    check([
        attributes("type and digest", |d| [content_type(), digest(d)].concat(), TRUSTED),
        attributes("digest and type", |d| [digest(d), content_type()].concat(), TRUSTED),
        attributes("no type", digest, NOBODY),
        attributes("no digest", |_| content_type(), NOBODY),
        attributes("nothing", |_| Vec::new(), NOBODY),
        attributes("two types", |d| [content_type(), content_type(), digest(d)].concat(), NOBODY),
        attributes("two digests", |d| [content_type(), digest(d), digest(d)].concat(), NOBODY),
        attributes(
            "another type",
            |d| [attribute(CONTENT_TYPE, &identifier(DATA)), digest(d)].concat(),
            NOBODY,
        ),
        attributes(
            "another digest",
            |d| {
                let mut other = d.to_vec();
                other[0] ^= 1;
                [content_type(), digest(&other)].concat()
            },
            NOBODY,
        ),
        attributes(
            "a digest of two values",
            |d| {
                let values = [octets(&[0; 32]), octets(d)].concat();
                [content_type(), attribute(MESSAGE_DIGEST, &values)].concat()
            },
            NOBODY,
        ),
        attributes(
            "a time, of no matter what",
            |d| {
                let time = attribute(SIGNING_TIME, &time("990101000000Z"));
                [content_type(), time, digest(d)].concat()
            },
            TRUSTED,
        ),
        attributes(
            "an unknown one",
            |d| [content_type(), attribute(&[42, 3], &octets(b"x")), digest(d)].concat(),
            TRUSTED,
        ),
    ]);
}

#[test]
fn the_signature_must_be_the_signers() {
    let leaf = &keys::LEAF;
    let digest = |attributes: &[u8]| octets(&Hash::Sha256.of(&set(&[attributes])));
    let info =
        |attributes: &[u8]| sequence(&[&algorithm(Hash::Sha256.identifier()), &digest(attributes)]);
    let bare = |a: &[u8]| leaf.sign_padded(0xff, &Hash::Sha256.of(&set(&[a])), &[]);
    let without_null = |a: &[u8]| {
        let algorithm = sequence(&[&identifier(Hash::Sha256.identifier())]);
        leaf.sign_padded(0xff, &sequence(&[&algorithm, &digest(a)]), &[])
    };
    let other_filling = |a: &[u8]| leaf.sign_padded(0xfe, &info(a), &[]);
    let behind = |a: &[u8]| leaf.sign_padded(0xff, &info(a), &[0; 20]);
    let others = |a: &[u8]| keys::OTHER.sign(Hash::Sha256, &set(&[a]));
    let flipped = |a: &[u8]| {
        let mut signature = leaf.sign(Hash::Sha256, &set(&[a]));
        signature[60] ^= 0x10;
        signature
    };
    let as_field = |a: &[u8]| leaf.sign(Hash::Sha256, &context(0, &[a]));
    let zero = |_: &[u8]| vec![0; 128];
    let one = |_: &[u8]| [vec![0; 127], vec![1]].concat();
    let nothing = |_: &[u8]| Vec::new();
    let cases: [(&str, Make<'_>); 10] = [
        ("no algorithm beside the digest", &bare),
        ("no parameters of the algorithm", &without_null),
        ("another filling", &other_filling),
        ("bytes behind the digest", &behind),
        ("somebody else's", &others),
        ("a bit is wrong", &flipped),
        ("over the attributes as a field", &as_field),
        ("zero", &zero),
        ("one", &one),
        ("nothing", &nothing),
    ];
    check(cases.map(|(what, signature)| {
        case(
            what,
            [root_trust()],
            Signing { signature: Some(signature), ..by_leaf() }.make(),
            NOBODY,
        )
    }));
}

#[test]
fn the_signer_is_named_by_issuer_and_serial_number() {
    let issuer = &people().intermediate;
    let other = Template::purpose("Leaf", &keys::LEAF, issuer, &[CODE_SIGNING]);
    let number = Template { serial: vec![7], ..other.clone() }.make();
    let root = Template { issuer: Some(&people().root), ..other }.make();
    let signed = |signer| {
        let certificates = by_leaf().certificates;
        Signing { certificates, ..Signing::new(program(NEEDLE), signer, &[]) }.make()
    };
    check([
        case("another serial number", [root_trust()], signed(&number), NOBODY),
        case("another issuer", [root_trust()], signed(&root), NOBODY),
    ]);
}

#[test]
fn versions_and_algorithms() {
    check([
        expect("signed data of version 0", &|s| Signing { versions: [0, 1], ..s }, NOBODY),
        expect("signed data of version 3", &|s| Signing { versions: [3, 1], ..s }, NOBODY),
        expect("a signer of version 0", &|s| Signing { versions: [1, 0], ..s }, NOBODY),
        expect("a signer of version 3", &|s| Signing { versions: [1, 3], ..s }, NOBODY),
        expect(
            "RSA with a digest",
            &|s| Signing { encryption: algorithm(&Hash::Sha256.with_rsa()), ..s },
            NOBODY,
        ),
        expect("an unknown algorithm", &|s| Signing { encryption: algorithm(&[42]), ..s }, NOBODY),
    ]);
}

#[test]
fn nothing_may_stand_behind_the_fields() {
    let more = || octets(b"x");
    let empty = Vec::new;
    check([
        expect("of the signer", &|s| Signing { behind: [more(), empty(), empty()], ..s }, NOBODY),
        expect("of the signers", &|s| Signing { behind: [empty(), more(), empty()], ..s }, NOBODY),
        expect(
            "of the signed data",
            &|s| Signing { behind: [empty(), empty(), more()], ..s },
            NOBODY,
        ),
    ]);
}

#[test]
fn the_content_is_microsofts() {
    let digest = || digest_of(Hash::Sha256, &program(NEEDLE));
    let with = |kind: &[u8], about: &[u8], behind: [&[u8]; 2]| {
        let about = sequence(&[&identifier(kind), about]);
        let hash = algorithm(Hash::Sha256.identifier());
        let info = sequence(&[&hash, &octets(&digest()), behind[0]]);
        sequence(&[&about, &info, behind[1]])
    };
    const IMAGE: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 0x0f];
    let pages = context(0, &[&context(1, &[&sequence(&[&octets(b"pages")])])]);
    let link = context(0, &[&value(0x80, &[b"http://example.org"])]);
    let (more, empty): (Vec<u8>, &[u8]) = (octets(b"x"), &[]);
    let cases = [
        ("as it should be", content_of(Hash::Sha256, &digest()), TRUSTED),
        ("nothing about the image", with(IMAGE, empty, [empty, empty]), TRUSTED),
        ("hashes of pages", with(IMAGE, &sequence(&[&bits(&[]), &pages]), [empty, empty]), TRUSTED),
        ("a link", with(IMAGE, &sequence(&[&bits(&[]), &link]), [empty, empty]), TRUSTED),
        ("about something else", with(&[42, 3], empty, [empty, empty]), NOBODY),
        ("more behind the digest", with(IMAGE, empty, [&more, empty]), NOBODY),
        ("more behind all", with(IMAGE, empty, [empty, &more]), NOBODY),
        ("the digest of nothing", content_of(Hash::Sha256, &[0; 32]), NOBODY),
        ("a short digest", content_of(Hash::Sha256, &digest()[..31]), NOBODY),
        ("no digest", content_of(Hash::Sha256, &[]), NOBODY),
        (
            "an unknown digest",
            sequence(&[
                &sequence(&[&identifier(IMAGE)]),
                &sequence(&[&algorithm(&[42, 3]), &octets(&digest())]),
            ]),
            NOBODY,
        ),
    ];
    check(cases.map(|(what, content, finds)| {
        let signing = Signing { content: Some(content), ..by_leaf() };
        case(what, [root_trust()], signing.make(), finds)
    }));
}

#[test]
fn encodings() {
    let signed_data = by_leaf().signed_data();
    let attached = |signed_data: &[u8]| attach(&program(NEEDLE), &entry(signed_data));
    let content = super::der::content(&signed_data);
    let length = (content.len() as u32).to_be_bytes();
    let long = [&[0x30, 0x84][..], &length, content].concat();
    let endless = [&[0x30, 0x80][..], content, &[0, 0]].concat();
    let inside = sequence(&[content, &octets(b"x")]);
    let cut = &signed_data[..signed_data.len() - 1];
    check([
        case("a length that is not minimal", [root_trust()], attached(&long), TRUSTED),
        case("an indefinite length", [root_trust()], attached(&endless), NOBODY),
        case("more beside the signed data", [root_trust()], attached(&inside), NOBODY),
        case(
            "cut off",
            [root_trust()],
            attach(&program(NEEDLE), &[&[0, 0, 0, 0, 0, 2, 2, 0], cut].concat()),
            NOBODY,
        ),
        case(
            "no certificates at all",
            [root_trust()],
            Signing { certificates: Vec::new(), ..by_leaf() }.make(),
            NOBODY,
        ),
    ]);
}

#[test]
fn unsigned_attributes_change_nothing() {
    let unknown = |_: &[u8]| attribute(&[42, 3], &octets(b"x"));
    let nested = |_: &[u8]| attribute(NESTED_SIGNATURE, &octets(b"x"));
    let token = |_: &[u8]| attribute(TIME_STAMP_TOKEN, &octets(b"x"));
    let both = |_: &[u8]| [nested(&[]), token(&[])].concat();
    let twice = |_: &[u8]| [nested(&[]), nested(&[])].concat();
    let garbage = |_: &[u8]| integer(&[1]);
    let nothing = |_: &[u8]| Vec::new();
    let cases: [(&str, Make<'_>, _); 7] = [
        ("an unknown one", &unknown, TRUSTED),
        ("a second signature, which is not read", &nested, TRUSTED),
        ("a time stamp token, which is not read", &token, TRUSTED),
        ("both", &both, TRUSTED),
        ("two of a kind", &twice, NOBODY),
        ("garbage", &garbage, NOBODY),
        ("none", &nothing, TRUSTED),
    ];
    check(cases.map(|(what, unsigned, finds)| {
        case(what, [root_trust()], Signing { unsigned: Some(unsigned), ..by_leaf() }.make(), finds)
    }));
}
