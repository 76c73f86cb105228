//! Lone bytes beside a run: `hh[x-y]` before it, `[x-y]hh` behind it.

use super::ndb;
use crate::table::{bare, framed};
use crate::{Case, hold};

const ANCHORS: &[Case] = &[
    ndb("#:0:*:61[0-2]626364", &[b"abcd", b"a..bcd"], &[b"a...bcd", b"bcda"]),
    ndb("#:0:*:61[1-2]626365", &[b"a.bce", b"a..bce"], &[b"abce", b"a...bce"]),
    ndb("#:0:*:61[2-2]626366", &[b"a..bcf", b"aaabcf"], &[b"a.bcf", b"a...bcf"]),
    ndb("#:0:*:61[2]626367", &[b"a..bcg", b"aaabcg"], &[b"a.bcg", b"a...bcg"]),
    ndb("#:0:*:61[0]626368", &[b"abch", b"aabch"], &[b"a.bch", b"bch"]),
    ndb("#:0:*:636461[0-2]7a", &[b"cdaz", b"cda..z"], &[b"cda...z", b"zcda"]),
    ndb("#:0:*:636462[1-3]7a", &[b"cdb.z", b"cdb...z"], &[b"cdbz", b"cdb....z"]),
    ndb("#:0:*:79[0-1]646561[1-2]7a", &[b"ydea.z", b"y.dea..z"], &[b"y..dea.z", b"ydeaz"]),
    ndb(
        "#:0:*:646562[1-32]7a",
        &[b"deb.z", b"deb................................z"],
        &[b"debz", b"deb.................................z"],
    ),
    ndb("#:0:*:?9[0-1]646563", &[b"9dec", b"i.dec"], &[b"9..dec", b"8dec"]),
    ndb("#:0:*:646564[0-1]?9", &[b"ded9", b"ded.i"], &[b"ded8..", b"ded.."]),
    // A high digit alone asks for nothing.
    ndb("#:0:*:3?[0-1]646565", &[b"1dee", b"..dee"], &[b"1dfe", b"de"]),
    ndb("#:0:*:646566[0-1]??", &[b"def1", b"def"], &[b"de", b"ef"]),
];

#[test]
fn anchors() {
    hold(ANCHORS, framed);
}

/// Gaps are measured from the runs; the lone bytes lie in them.
const GAPS: &[Case] = &[
    ndb(
        "#:0:*:616263{3-3}64[2-2]656667",
        &[b"abcd..efg", b"ddabcd..efg"],
        &[b"abc.d..efg", b"abc...efg"],
    ),
    ndb(
        "#:0:*:616264{-4}64[2-2]656668",
        &[b"abdd..efh", b"abd.d..efh"],
        &[b"abd..d..efh", b"abd....efh"],
    ),
    ndb(
        "#:0:*:616265[2-2]64{3-3}656669",
        &[b"abe..defi", b".abe..defi"],
        &[b"abe..d.efi", b"abe...efi"],
    ),
    ndb(
        "#:0:*:616266[2-2]64*65666a",
        &[b"abf..defj", b"abf..d...efj"],
        &[b"abf.defj", b"efjabf..d"],
    ),
    ndb(
        "#:0:*:616267[0-9]78*79[0-9]65666b",
        &[b"abgxyefk", b"abgyxefk"],
        &[b"abgxefk", b"abgyefk"],
    ),
];

#[test]
fn anchors_and_gaps() {
    hold(GAPS, framed);
}

/// Offsets place the run.
const OFFSETS: &[Case] = &[
    ndb(
        "#:0:6:61[1-3]626364",
        &[b"\0\0\0\0a.bcd..", b"\0\0\0a..bcd.."],
        &[b"\0\0\0\0\0\0a.bcd", b"\0\0\0\0\0abcd.."],
    ),
    ndb(
        "#:0:6,1:61[0-1]626365",
        &[b"\0\0\0\0.abce..", b"\0\0\0\0.a.bce.."],
        &[b"\0\0\0\0\0\0a.bce", b"\0\0\0\0abce."],
    ),
    ndb(
        "#:0:EOF-4:61[1-1]626366",
        &[b"\0\0\0\0..a.bcf.", b"\0\0\0\0aaabcf."],
        &[b"\0\0\0\0..a.bcf", b"\0\0\0\0..abcf."],
    ),
    ndb(
        "#:0:5:616267[1-1]7a",
        &[b"\0\0\0\0.abg.z", b"\0\0\0\0.abgzz"],
        &[b"\0\0\0\0abg.z.", b"\0\0\0\0.abgz."],
    ),
];

#[test]
fn anchors_at_offsets() {
    hold(OFFSETS, bare);
}
