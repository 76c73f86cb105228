//! Body signatures: every construct of their grammar.

use crate::table::{bare, framed};
use crate::{Case, hold};

const GAPS: &[Case] = &[
    Case {
        format: "ndb",
        record: "#:0:*:6161{2}6262",
        hits: &[b"aa..bb", b"aaaaabbb"],
        misses: &[b"aa.bb", b"aa...bb"],
    },
    Case {
        format: "ndb",
        record: "#:0:*:6161{-2}6262",
        hits: &[b"aabb", b"aa..bb"],
        misses: &[b"aa...bb", b"bbaa"],
    },
];

/// Two NULs at an even place, so that no view of text comes into play.
const OFFSETS: &[Case] = &[
    Case {
        format: "ndb",
        record: "#:0:2:616161",
        hits: &[b"\x01\x02aaa\x00\x00\x00", b"\x01aaaa\x00\x00\x00"],
        misses: &[b"\x01aaa\x00\x00", b"\x01\x02\x03aaa\x00\x00"],
    },
    Case {
        format: "ndb",
        record: "#:0:EOF-3:616161",
        hits: &[b"\x00\x00\x00\x00\x01aaa", b"\x00\x00\x00\x00aaaa"],
        misses: &[b"\x00\x00\x00\x00aaa\x01", b"\x00\x00\x00\x00baab"],
    },
];

#[test]
fn offsets() {
    hold(OFFSETS, bare);
}

#[test]
fn gaps() {
    hold(GAPS, framed);
}
