//! Blocked certificates, which give a program away by being there.

use super::der::{context, octets, sequence, value};
use super::signer::{CODE_SIGNING, NESTED_SIGNATURE, Signing, Template, attribute, program};
use super::{
    NEEDLE, NOBODY, People, TRUSTED, block, by_leaf, case, check, keys, people, record, root_trust,
    signed_by, trust, with_field,
};

const BLOCKED: &[&str] = &["Block", "Needle"];
/// ClamAV reports no more than the certificate where the signature verifies.
const ALONE: &[&str] = &["Block"];

#[test]
fn a_blocked_certificate_is_found_whether_or_not_anything_verifies() {
    let People { root, intermediate, leaf, stamper, .. } = people();
    let mut tampered = by_leaf().make();
    tampered[700] ^= 1;
    check([
        case("the signer's", [block(leaf)], by_leaf().make(), BLOCKED),
        case("the issuer's", [block(intermediate)], by_leaf().make(), BLOCKED),
        case(
            "one that signed nothing",
            [block(stamper)],
            signed_by(leaf, &[leaf, stamper]),
            BLOCKED,
        ),
        case("one that is not there", [block(root)], by_leaf().make(), NOBODY),
        case("in a program that was changed", [block(leaf)], tampered, BLOCKED),
        case(
            "whatever it may sign",
            [record("Block", false, leaf, [0, 0, 0])],
            by_leaf().make(),
            BLOCKED,
        ),
        case(
            "whenever its validity begins",
            [with_field(&block(leaf), 9, "1999999999")],
            by_leaf().make(),
            BLOCKED,
        ),
    ]);
}

#[test]
fn a_blocked_certificate_is_known_by_subject_serial_number_and_key() {
    let leaf = &people().leaf;
    let zeros = "00".repeat(20);
    check([
        case("another subject", [with_field(&block(leaf), 2, &zeros)], by_leaf().make(), NOBODY),
        case(
            "another serial number",
            [with_field(&block(leaf), 3, &zeros)],
            by_leaf().make(),
            NOBODY,
        ),
        case("any serial number", [with_field(&block(leaf), 3, "")], by_leaf().make(), BLOCKED),
        case(
            "another key",
            [with_field(&block(leaf), 4, keys::OTHER.modulus)],
            by_leaf().make(),
            NOBODY,
        ),
    ]);
}

#[test]
fn who_is_blocked_is_not_trusted() {
    let People { root, intermediate, leaf, .. } = people();
    let whole = || signed_by(leaf, &[leaf, intermediate, root]);
    check([
        case(
            "the root is trusted, the signer blocked",
            [root_trust(), block(leaf)],
            by_leaf().make(),
            BLOCKED,
        )
        .but_they_find(ALONE),
        case(
            "the signer is trusted, the root blocked",
            [trust(leaf, [1, 0, 0]), block(root)],
            whole(),
            BLOCKED,
        )
        .but_they_find(ALONE),
        case(
            "the signer is trusted and blocked",
            [trust(leaf, [1, 0, 0]), block(leaf)],
            by_leaf().make(),
            BLOCKED,
        )
        .but_they_find(ALONE),
        case(
            "the signer is trusted, a root that is not there blocked",
            [trust(leaf, [1, 0, 0]), block(root)],
            by_leaf().make(),
            TRUSTED,
        ),
    ]);
}

#[test]
fn several_blocked_ones_are_all_found() {
    let People { intermediate, leaf, .. } = people();
    let second = record("Second", false, intermediate, [1, 1, 1]);
    let any = with_field(&record("Any", false, leaf, [1, 1, 1]), 3, "");
    check([
        case(
            "two certificates",
            [block(leaf), second],
            by_leaf().make(),
            &["Block", "Needle", "Second"],
        ),
        case(
            "two records of one certificate",
            [any, block(leaf)],
            by_leaf().make(),
            &["Any", "Block", "Needle"],
        )
        .but_they_find(&["Any", "Needle"]),
    ]);
}

#[test]
fn where_blocked_certificates_are_looked_for() {
    let People { leaf, intermediate, .. } = people();
    let odd = sequence(&[&octets(b"no certificate")]);
    let beside = |before: &[u8], after: &[u8]| {
        let certificates = [before, &leaf.encoded, after].concat();
        Signing { certificates, ..by_leaf() }.make()
    };
    let with = |change: &dyn Fn(Signing<'static>) -> Signing<'static>| change(by_leaf()).make();
    let other = Template::purpose("Other", &keys::OTHER, intermediate, &[CODE_SIGNING]).make();
    let nested = Signing::new(program(NEEDLE), &other, &[&other]).signed_data();
    let nest = |_: &[u8]| attribute(NESTED_SIGNATURE, &nested);
    check([
        case("beside what is no certificate", [block(leaf)], beside(&odd, &[]), BLOCKED),
        case("behind what is no sequence", [block(leaf)], beside(&octets(b"x"), &[]), NOBODY),
        case("before what is no sequence", [block(leaf)], beside(&[], &octets(b"x")), NOBODY),
        case(
            "before a certificate of attributes",
            [block(leaf)],
            beside(&[], &context(2, &[&octets(b"x")])),
            NOBODY,
        ),
        case(
            "before one that is cut off",
            [block(leaf)],
            beside(&[], &[0x30, 0x82, 0x10, 0x00, 1]),
            NOBODY,
        ),
        case(
            "in signed data of another version",
            [block(leaf)],
            with(&|s| Signing { versions: [3, 1], ..s }),
            NOBODY,
        ),
        case(
            "with a signer of another version",
            [block(leaf)],
            with(&|s| Signing { versions: [1, 3], ..s }),
            BLOCKED,
        )
        .but_they_find(ALONE),
        case(
            "with more behind the signers",
            [block(leaf)],
            with(&|s| Signing { behind: [vec![], vec![], value(4, &[])], ..s }),
            BLOCKED,
        )
        .but_they_find(ALONE),
        case(
            "in a second signature",
            [block(&other)],
            Signing { unsigned: Some(&nest), ..by_leaf() }.make(),
            NOBODY,
        ),
    ]);
}
