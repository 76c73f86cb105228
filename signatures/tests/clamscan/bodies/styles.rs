//! The modifiers of sub-signatures: i (either case), w (wide), f (full word), a (as it is), and what they
//! make of every construct.

use super::ldb;
use crate::table::{bare, framed};
use crate::{Case, hold};

const EITHER_CASE: &[Case] = &[
    ldb("#;Engine:51-255,Target:0;0;616263::i", &[b"abc", b"aBC"], &[b"abd", b"ab"]),
    ldb("#;Engine:51-255,Target:0;0;41422d31::i", &[b"ab-1", b"AB-1"], &[b"ab\x0d1", b"ab-\x11"]),
    ldb("#;Engine:51-255,Target:0;0;605b7b40::i", &[b"`[{@", b"``[{@@"], &[b"@{[`", b"`{{@"]),
    ldb(
        "#;Engine:51-255,Target:0;0;e4c4ff41::i",
        &[b"\xe4\xc4\xffA", b"\xe4\xc4\xffa"],
        &[b"\xc4\xc4\xffA", b"\xe4\xe4\xffa"],
    ),
    // Nibbles are not folded.
    ldb("#;Engine:51-255,Target:0;0;61646?::i", &[b"adg", b"ADg"], &[b"adG", b"ADG"]),
    ldb("#;Engine:51-255,Target:0;0;61654?::i", &[b"aeG", b"AEG"], &[b"aeg", b"AEg"]),
    ldb("#;Engine:51-255,Target:0;0;6166?1::i", &[b"afa", b"AFA", b"af1"], &[b"afb", b"AFB"]),
    ldb("#;Engine:51-255,Target:0;0;6167(41|62)::i", &[b"aga", b"AGB"], &[b"agc", b"AGC"]),
    ldb("#;Engine:51-255,Target:0;0;6168(6?|4142)::i", &[b"ahg", b"AHab"], &[b"AHG", b"ahA."]),
    ldb("#;Engine:51-255,Target:0;0;41[1-1]626a::i", &[b"a.bj", b"A.BJ"], &[b"abj", b".bj"]),
    ldb("#;Engine:51-255,Target:0;0;626b[1-1]41::i", &[b"bk.a", b"BK.A"], &[b"bka", b"bk."]),
    ldb("#;Engine:51-255,Target:0;0;626c*626D::i", &[b"bl.BM", b"BLbm"], &[b"bmbl", b"bl.b"]),
    ldb("#;Engine:51-255,Target:0;0;(B)626e(W)::i", &[b" BN.", b"-bn+"], &[b"xbn.", b" bnX"]),
];

#[test]
fn either_case() {
    hold(EITHER_CASE, framed);
}

const WIDE: &[Case] = &[
    ldb(
        "#;Engine:51-255,Target:0;0;616263::w",
        &[b"a\0b\0c\0", b"a\0a\0b\0c\0"],
        &[b"abc", b"a\0b\0c"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;616264::wi",
        &[b"A\0b\0d\0", b"a\0B\0D\0"],
        &[b"ABD", b"A\0B\0D."],
    ),
    ldb("#;Engine:51-255,Target:0;0;616265::wa", &[b"abe", b"a\0b\0e\0"], &[b"ab\0e\0", b"ABE"]),
    ldb("#;Engine:51-255,Target:0;0;616266::wai", &[b"aBf", b"A\0b\0F\0"], &[b"ab\0f\0", b"a.f"]),
    ldb("#;Engine:51-255,Target:0;0;616267::a", &[b"abg", b"aabg"], &[b"a\0b\0g\0", b"ABG"]),
    // Single wildcards are widened, {n} is not.
    ldb(
        "#;Engine:51-255,Target:0;0;6168??69::w",
        &[b"a\0h\0.\0i\0", b"a\0h\0\0\0i\0"],
        &[b"a\0h\0.i\0", b"a\0h\0..i\0"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;616a{1}69::w",
        &[b"a\0j\0.i\0", b"a\0j\0\0i\0"],
        &[b"a\0j\0..i\0", b"a\0j\0i\0"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;616b{2-3}69::w",
        &[b"a\0k\0..i\0", b"a\0k\0...i\0"],
        &[b"a\0k\0.i\0", b"a\0k\0....i\0"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;616c6?::w",
        &[b"a\0l\0a\0", b"a\0l\0i\0"],
        &[b"a\0l\0a.", b"a\0l\0A\0"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;616d(62|6364)65::w",
        &[b"a\0m\0b\0e\0", b"a\0m\0c\0d\0e\0"],
        &[b"a\0m\0bce\0", b"a\0m\0c\0e\0"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;616e*61::w",
        &[b"a\0n\0a\0", b"a\0n\0...a\0"],
        &[b"a\0n\0a.", b"a\0a\0n\0"],
    ),
];

#[test]
fn wide() {
    hold(WIDE, framed);
}

const FULL_WORD: &[Case] = &[
    ldb("#;Engine:51-255,Target:0;0;616263::f", &[b"abc", b".abc-"], &[b"xabc", b"abcx", b"abc1"]),
    ldb("#;Engine:51-255,Target:0;0;616264::fi", &[b"Abd", b".aBD-"], &[b"XABD", b"ABDX"]),
    ldb("#;Engine:51-255,Target:0;0;616265::fa", &[b"abe", b"_abe_"], &[b"xabe", b"abe9"]),
    ldb("#;Engine:51-255,Target:0;0;2d2d2e::f", &[b"--.", b"+--.+"], &[b"a--.", b"--.a"]),
    ldb(
        "#;Engine:51-255,Target:0;0;616266*616267::f",
        &[b"abf.abg", b"abfxxabg"],
        &[b"xabfabg", b"abfabgx"],
    ),
    ldb("#;Engine:51-255,Target:0;0;6268(69|696a)::f", &[b"bhi", b"bhij."], &[b"bhijx", b"xbhi"]),
    ldb(
        "#;Engine:51-255,Target:0;0;616268::wf",
        &[b"a\0b\0h\0", b"x.a\0b\0h\0."],
        &[b"x\0a\0b\0h\0", b"a\0b\0h\x001\0"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;616269::wfa",
        &[b".abi.", b".\0a\0b\0i\0.\0"],
        &[b"xabi", b"x\0a\0b\0i\0", b"abix"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;61626a::wfi",
        &[b"A\0B\0J\0", b"xA\0b\0j\0xx"],
        &[b"x\0A\0B\0J\0", b"a\0b\0j\0Z\0"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;61626b::wfai",
        &[b".ABK.", b".\0a\0B\0k\0.\0"],
        &[b"xABK", b"X\0a\0b\0k\0"],
    ),
];

#[test]
fn full_word() {
    hold(FULL_WORD, framed);
}

/// A full word is the body between two `(W)`, so that its own boundaries stand inside; and in wide
/// bodies and full words `[x-y]` is a gap between parts.
const TOGETHER: &[Case] = &[
    ldb(
        "#;Engine:51-255,Target:0;0;(B)616161::f",
        &[b". aaa.", b".>aaa."],
        &[b"x aaa.", b".+aaa."],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;!(W)616162::f",
        &[b".xaab.", b".1aab-"],
        &[b"xxaab.", b"..aab."],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;616163!(W)::f",
        &[b".aacx.", b"-aac1."],
        &[b".aacxx", b".aac.."],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;616164*(L)616165::f",
        &[b"aadx\naae", b"aad\n\naae"],
        &[b"aadxaae", b"aad\naaex"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;616166[1-2]616167::f",
        &[b"aaf.aag", b"aaf..aag"],
        &[b"aafaag", b"aaf...aag"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;616168[1-2]616169::w",
        &[b"a\0a\0h\0.a\0a\0i\0", b"a\0a\0h\0..a\0a\0i\0"],
        &[b"a\0a\0h\0a\0a\0i\0", b"aah.aai"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;61616a[0-0]61::w",
        &[b"a\0a\0j\0a\0", b"a\0a\0j\0.......a\0"],
        &[b"a\0a\0j\0a.", b"a\0.a\0a\0j\0"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;61[1-2]61616b::w",
        &[b"a\0.a\0a\0k\0", b"a\0..a\0a\0k\0"],
        &[b"a\0a\0a\0k\0.", b"a.a\0a\0k\0"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;61616c[1-2]61::wa",
        &[b"aal.a", b"a\0a\0l\0..a\0"],
        &[b"aala", b"aal...a"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;(W)61616d::w",
        &[b".\0a\0a\0m\0", b"xxa\0a\0m\0"],
        &[b"x\0a\0a\0m\0", b"1\0a\0a\0m\0"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;61616e(W)::w",
        &[b"a\0a\0n\0.\0", b"a\0a\0n\0x."],
        &[b"a\0a\0n\0x\0", b"a\0a\0n\x001\0"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;61616f!(W)::w",
        &[b"a\0a\0o\0x\0", b"a\0a\0o\x001\0"],
        &[b"a\0a\0o\0.\0", b"a\0a\0o\0xx"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;616170(B)::w",
        &[b"a\0a\0p\0 ", b"a\0a\0p\0>\0"],
        &[b"a\0a\0p\0\0 ", b"a\0a\0p\0x"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;(L)616171::w",
        &[b"\na\0a\0q\0", b".\na\0a\0q\0"],
        &[b"\n\0a\0a\0q\0", b" a\0a\0q\0"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;616172(W)616173::w",
        &[b"a\0a\0r\0.a\0a\0s\0", b"a\0a\0r\0\0a\0a\0s\0"],
        &[b"a\0a\0r\0.\0a\0a\0s\0", b"a\0a\0r\0xa\0a\0s\0"],
    ),
];

#[test]
fn styles_and_boundaries() {
    hold(TOGETHER, framed);
}

/// At the edges of a file.
const EDGES: &[Case] = &[
    ldb(
        "#;Engine:51-255,Target:0;0;616161::f",
        &[b"aaa\0\0\0\0", b"\0\0\0\0aaa"],
        &[b"xaaa\0\0\0\0", b"\0\0\0\0aaax"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;616162::wf",
        &[b"a\0a\0b\0\0\0\0\0", b"\0\0\0\0a\0a\0b\0"],
        &[b"x\0a\0a\0b\0\0\0\0\0", b"\0\0\0\0a\0a\0b\0x\0"],
    ),
    // Half a wide letter counts at the end, not at the start.
    ldb(
        "#;Engine:51-255,Target:0;0;616163::wf",
        &[b"xa\0a\0c\0\0\0\0\0", b"\0\0\0\0a\0a\0c\0."],
        &[b"x\0a\0a\0c\0\0\0\0\0", b"\0\0\0\0a\0a\0c\0x"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;616164(W)::w",
        &[b"\0\0\0\0a\0a\0d\0", b"\0\0\0\0a\0a\0d\0."],
        &[b"\0\0\0\0a\0a\0d\0x", b"\0\0\0\0a\0a\0d\0x\0"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0;616165!(W)::w",
        &[b"\0\0\0\0a\0a\0e\0x", b"\0\0\0\0a\0a\0e\0x\0"],
        &[b"\0\0\0\0a\0a\0e\0", b"\0\0\0\0a\0a\0e\0."],
    ),
];

#[test]
fn styles_at_edges() {
    hold(EDGES, bare);
}

/// Both widths of a sub-signature count as one, and their matches add up.
const COUNTS: &[Case] = &[
    ldb(
        "#;Engine:51-255,Target:0;0=1;616161::wa",
        &[b"aaa", b"a\0a\0a\0"],
        &[b"aaa-aaa", b"aaa-a\0a\0a\0"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0>1;616162::wa",
        &[b"aab-a\0a\0b\0", b"aab-aab"],
        &[b"aab", b"a\0a\0b\0"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;0=3;616163::wai",
        &[b"aac-AAC-a\0A\0c\0", b"a\0a\0c\0A\0A\0C\0aac"],
        &[b"aac-a\0a\0c\0", b"aac-aac"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;(0|1)>1,2;616164::wa;626264",
        &[b"aad-bbd", b"a\0a\0d\0-bbd"],
        &[b"aad-a\0a\0d\0", b"bbd-bbd", b"aad-aad"],
    ),
    ldb(
        "#;Engine:51-255,Target:0;(0|1)>2,2;616165::wa;626265::wa",
        &[b"aae-bbe-b\0b\0e\0", b"aae-a\0a\0e\0-bbe"],
        &[b"aae-bbe", b"aae-aae-a\0a\0e\0"],
    ),
];

#[test]
fn widths_and_counts() {
    hold(COUNTS, framed);
}
