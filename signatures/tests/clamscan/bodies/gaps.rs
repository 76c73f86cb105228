//! Gaps of every kind.

use super::ndb;
use crate::table::framed;
use crate::{Case, hold};

const GAPS: &[Case] = &[
    ndb("#:0:*:6161*6262", &[b"aabb", b"aa.....bb", b"aabaabb"], &[b"bbaa", b"aab", b"abab"]),
    ndb("#:0:*:6163{0}6262", &[b"acbb", b"ac..bb"], &[b"bbac", b"ac.b"]),
    ndb("#:0:*:6164{0-0}6262", &[b"adbb", b"ad..bb"], &[b"bbad", b"ad.b"]),
    ndb("#:0:*:6165{-0}6262", &[b"aebb", b"ae..bb"], &[b"bbae", b"ae.b"]),
    ndb("#:0:*:6166{0-}6262", &[b"afbb", b"af..bb"], &[b"bbaf", b"af.b"]),
    ndb("#:0:*:6161{1}6262", &[b"aa.bb", b"aaabbb"], &[b"aabb", b"aa..bb"]),
    ndb("#:0:*:6161{2}6262", &[b"aa..bb", b"aaaaabbb"], &[b"aa.bb", b"aa...bb"]),
    ndb("#:0:*:6161{02}6364", &[b"aa..cd", b"aaaacd"], &[b"aa.cd", b"aa...cd"]),
    ndb("#:0:*:6161{-2}6364", &[b"aacd", b"aa..cd"], &[b"aa...cd", b"cdaa"]),
    ndb("#:0:*:6161{2-}6264", &[b"aa..bd", b"aa.....bd"], &[b"aabd", b"aa.bd"]),
    ndb("#:0:*:6161{2-0}6265", &[b"aa..be", b"aa.....be"], &[b"aabe", b"aa.be"]),
    ndb("#:0:*:6161{1-3}6266", &[b"aa.bf", b"aa...bf"], &[b"aabf", b"aa....bf"]),
    ndb("#:0:*:6161{2-2}6267", &[b"aa..bg", b"aaa..bg"], &[b"aa.bg", b"aa...bg"]),
    ndb("#:0:*:{1}6268", &[b"bh", b"..bh"], &[b"b.h", b"hb"]),
    ndb("#:0:*:6269{2}6269", &[b"bi..bi", b"bibibi"], &[b"bibi", b"bi.bi"]),
    ndb(
        "#:0:*:6170*6270{1-2}6370{2-}6470",
        &[b"apbp.cp..dp", b"ap..bp..cp.....dp"],
        &[b"apbpcp..dp", b"apbp.cp.dp", b"bp.cp..dpap"],
    ),
    // A gap leads on from any of the places where the part before it ends.
    ndb(
        "#:0:*:6171{-1}6271{-1}6371",
        &[b"aqaq.bq.cq", b"aqbqcq"],
        &[b"aq.bq..cq", b"aqaq.bqbq.cq"],
    ),
    ndb("#:0:*:6172{3-}6272{-2}6372", &[b"arbr.br.cr", b"ar...brcr"], &[b"arbr.cr", b"ar..br.cr"]),
];

#[test]
fn gaps() {
    hold(GAPS, framed);
}

/// Gaps of fixed length are bytes of any value up to a length of 127, and gaps beyond it.
#[test]
fn long_gaps() {
    let long = |length: usize| [b"za".as_slice(), &vec![b'.'; length], b"zb"].concat();
    let hits = |record: &'static str, good: [usize; 2], bad: [usize; 2]| {
        let file = |length: usize| -> &'static [u8] { long(length).leak() };
        ndb(record, good.map(file).to_vec().leak(), bad.map(file).to_vec().leak())
    };
    let cases = [
        hits("#:0:*:7a61{127}7a62", [127, 127], [126, 128]),
        hits("#:0:*:7a61{128}7a62", [128, 128], [127, 129]),
        hits("#:0:*:7a61{300-301}7a62", [300, 301], [299, 302]),
        hits("#:0:*:7a61{70000-}7a62", [70_000, 80_000], [127, 69_999]),
        hits("#:0:*:7a61{-70000}7a62", [70_000, 0], [70_001, 80_000]),
    ];
    hold(&cases, framed);
}
