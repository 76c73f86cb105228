//! Offsets from the start and from the end, and floating ones.

use super::{ldb, ndb};
use crate::table::bare;
use crate::{Case, hold};

const OFFSETS: &[Case] = &[
    ndb("#:0:0:616161", &[b"aaa\0\0\0\0", b"aaaa\0\0\0\0"], &[b".aaa\0\0\0\0", b"\0\0\0\0aaa"]),
    ndb("#:0::616162", &[b"aab\0\0\0\0", b"aabb\0\0\0\0"], &[b".aab\0\0\0\0", b"\0\0\0\0aab"]),
    ndb(
        "#:0:4:616163",
        &[b"\0\0\0\0aac", b"aac\0aac\0\0\0\0"],
        &[b"\0\0\0\0.aac", b"\0\0\0aac\0\0\0\0"],
    ),
    ndb(
        "#:0:04:616164",
        &[b"\0\0\0\0aad", b"aad\0aad\0\0\0\0"],
        &[b"\0\0\0\0.aad", b"\0\0\0aad\0\0\0\0"],
    ),
    ndb(
        "#:0:4,:616165",
        &[b"\0\0\0\0aae", b"aae\0aae\0\0\0\0"],
        &[b"\0\0\0\0.aae", b"\0\0\0aae\0\0\0\0"],
    ),
    ndb(
        "#:0:4,0:616166",
        &[b"\0\0\0\0aaf", b"aaf\0aaf\0\0\0\0"],
        &[b"\0\0\0\0.aaf", b"\0\0\0aaf\0\0\0\0"],
    ),
    ndb(
        "#:0:4,2:616167",
        &[b"\0\0\0\0aag", b"\0\0\0\0..aag"],
        &[b"\0\0\0aag\0\0\0\0", b"\0\0\0\0...aag"],
    ),
    ndb(
        "#:0:EOF-3:616168",
        &[b"\0\0\0\0aah", b"\0\0\0\0aahaah"],
        &[b"\0\0\0\0aah.", b"aah\0\0\0\0"],
    ),
    ndb(
        "#:0:EOF-5:616169",
        &[b"\0\0\0\0aai..", b"\0\0\0\0aaiai"],
        &[b"\0\0\0\0aai.", b"\0\0\0\0aai..."],
    ),
    ndb(
        "#:0:EOF-5,2:61616a",
        &[b"\0\0\0\0aaj..", b"\0\0\0\0aaj"],
        &[b"\0\0\0\0aaj...", b"aaj\0\0\0\0"],
    ),
    ndb(
        "#:0:EOF-9:61616b",
        &[b"aak\0\0\0\0..", b"\0aak\0\0\0\0.."],
        &[b"aak\0\0\0\0.", b"aak\0\0\0\0"],
    ),
    // Parts, choices and wildcards behind an offset: it places the start of the first part.
    ndb("#:0:4:??6261", &[b"\0\0\0\0.ba", b"\0\0\0\0bba"], &[b"\0\0\0\0ba.", b"\0\0\0\0..ba"]),
    ndb(
        "#:0:4:6262*6263",
        &[b"\0\0\0\0bbbc", b"\0\0\0\0bb..bc"],
        &[b"\0\0\0\0.bbbc", b"bc\0\0\0\0bb"],
    ),
    ndb(
        "#:0:4,1:(61|62)6264",
        &[b"\0\0\0\0abd", b"\0\0\0\0.bbd"],
        &[b"\0\0\0\0cbd", b"\0\0\0\0..abd"],
    ),
    ndb(
        "#:0:EOF-6:6265{1-2}6266",
        &[b"\0\0\0\0be..bf", b"\0\0\0\0be.bf."],
        &[b"\0\0\0\0be.bf", b"\0\0\0\0bebf.."],
    ),
    ndb("#:0:4:(W)626761", &[b"\0\0\0\0bga", b"\0\0\0.bga"], &[b"\0\0\0xbga", b"\0\0\0\0.bga"]),
    ndb(
        "#:0:EOF-3:626861(W)",
        &[b"\0\0\0\0bha", b"\0\0\0\0.bha"],
        &[b"\0\0\0\0bhax", b"\0\0\0\0bha."],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;4:636161",
        &[b"\0\0\0\0caa", b"caa\0caa"],
        &[b"\0\0\0\0.caa", b"\0\0\0caa"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;4,2:636162::i",
        &[b"\0\0\0\0CAB", b"\0\0\0\0..caB"],
        &[b"\0\0\0CAB", b"\0\0\0\0...cab"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;EOF-6:636163::w",
        &[b"\0\0\0\0c\0a\0c\0", b"\0\0\0\0.c\0a\0c\0"],
        &[b"\0\0\0\0c\0a\0c\0.", b"\0\0\0\0cac..."],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;4:636164::f",
        &[b"\0\0\0\0cad", b"\0\0\0\0cad."],
        &[b"\0\0\0xcad", b"\0\0\0\0cadx"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0>1;4,3:6363::i",
        &[b"\0\0\0\0ccc", b"\0\0\0\0cccccc"],
        &[b"\0\0\0\0cc", b"\0\0\0cc\0\0\0\0"],
    ),
];

#[test]
fn offsets() {
    hold(OFFSETS, bare);
}

/// Levels and empty fields.
const FIELDS: &[Case] = &[
    ndb("#:0:*:646161:51", &[b"daa\0\0\0\0", b"\0\0\0\0daa"], &[b"da\0\0\0\0", b"\0\0\0\0aa"]),
    ndb("#:0:*:646162:51:255", &[b"dab\0\0\0\0", b"\0\0\0\0dab"], &[b"da\0\0\0\0", b"\0\0\0\0ab"]),
    ndb("#:0:*:646163::216", &[b"dac\0\0\0\0", b"\0\0\0\0dac"], &[b"da\0\0\0\0", b"\0\0\0\0ac"]),
    ndb("#::*:646164:", &[b"dad\0\0\0\0", b"\0\0\0\0dad"], &[b"da\0\0\0\0", b"\0\0\0\0ad"]),
    Case {
        format: "sdb",
        record: "#:0:*:646165",
        hits: &[b"dae\0\0\0\0", b"\0\0\0\0dae"],
        misses: &[b"da\0\0\0\0", b"\0\0\0\0ae"],
    },
    Case {
        format: "sdb",
        record: "#:0:4:6466(61|62)*6761:51",
        hits: &[b"\0\0\0\0dfaga", b"\0\0\0\0dfb.ga"],
        misses: &[b"\0\0\0\0.dfaga", b"\0\0\0\0dfcga"],
    },
    Case {
        format: "ndu",
        record: "#:0:*:646167",
        hits: &[b"dag\0\0\0\0", b"\0\0\0\0dag"],
        misses: &[b"da\0\0\0\0", b"\0\0\0\0ag"],
    },
    Case {
        format: "ndu",
        record: "#:0:EOF-3:646168",
        hits: &[b"\0\0\0\0dah", b"\0\0\0\0.dah"],
        misses: &[b"\0\0\0\0dah.", b"dah\0\0\0\0"],
    },
];

#[test]
fn files_and_fields() {
    hold(FIELDS, bare);
}
