//! Logical signatures: byte comparisons, and how matches are counted and which one is the last.

use proptest::prelude::*;

use crate::table::{bare, framed, logical_cases};
use crate::trial::Trial;
use crate::{Case, hold};

const NUMBERS: &[Case] = logical_cases! {
    "0&1;61617878;0(>>4#db2#=12)" [b"aaxx12" b"aaxx123"] [b"aaxx1" b"aaxx 12"]
    "0&1;61617878;0(>>4#d4#>11,<0x10)" [b"aaxx 12 " b"aaxx0015"] [b"aaxx11" b"aaxx16"]
    "0&1;61617878;0(>>4#dbe4#=1234)" [b"aaxx1234" b"aaxx12345"] [b"aaxx123" b"aaxx 1234"]
    "0&1;61617878;0(>>4#db4#<0)" [b"aaxx-12" b"aaxx-123"] [b"aaxx12" b"aaxx--12"]
    "0&1;61617878;0(>>4#hb4#=0x1f)" [b"aaxx1F" b"aaxx0x1f"] [b"aaxx1f1" b"aaxx31"]
    "0&1;61617878;0(>>4#hl4#=0x3412)" [b"aaxx1234" b"aaxx12345"] [b"aaxx3412" b"aaxx0x1234"]
    "0&1;61617878;0(>>4#hl3#=1)" [b"aaxx1zz" b"aaxx12z"] [b"aaxx123" b"aaxx21z"]
    "0&1;61617878;0(>>4#hle4#=0x12)" [b"aaxx12zz" b"aaxx123z"] [b"aaxx1234" b"aaxx 12z"]
    "0&1;61617878;0(>>4#ab4#=18)" [b"aaxx0x12" b"aaxx0018"] [b"aaxx0x18" b"aaxx  18"]
    "0&1;61617878;0(>>4#al6#=0x3412)" [b"aaxx0x1234" b"aaxx0X1234z"] [b"aaxx001234" b"aaxx0x3412"]
    "0&1;61617878;0(>>4#ib1#=65)" [b"aaxxA" b"aaxxAB"] [b"aaxxB" b"aaxx65"]
    "0&1;61617878;0(>>4#il2#=0x4241)" [b"aaxxAB" b"aaxxABA"] [b"aaxxBA" b"aaxxA"]
    "0&1;61617878;0(>>4#ib4#>0x41424343,<0x41424345)" [b"aaxxABCD" b"aaxxABCDE"] [b"aaxxABCC" b"aaxxABCE"]
    "0&1;61617878;0(>>4#ib8#<0)" [b"aaxx\xff2345678" b"aaxx\x802345678"] [b"aaxx\x7f2345678" b"aaxx"]
    "0&1;61617878;0(<<2#ib2#=0x4142)" [b"ABaaxx" b"ABABaaxx"] [b"BAaaxx" b"aaxxAB"]
    "0&1;61617878;0(<<0x02#ib01#=0101)" [b"A.aaxx" b"AA.aaxx"] [b".Aaaxx" b"aaxx"]
    "0&1=0;61617878;0(>>4#db1#=1)" [b"aaxx2" b"aaxx"] [b"aaxx1" b"2"]
    "0&1&2;61617878;2(>>4#db1#=1);62627979" [b"aaxx.bbyy1" b"bbyy1aaxx"] [b"aaxx1bbyy" b"bbyy1"]
    "0&2;61617878;0(>>4#db1#=1);1/foo/" [b"aaxx1foo" b"foo.aaxx1"] [b"aaxx2foo" b"aaxx1"]
    "(0|1)>2,2;61617878;0(>>4#db1#=1)" [b"aaxx.aaxx1" b"aaxx1aaxx1"] [b"aaxx1" b"aaxx1aaxx2"]
};

/// The last match is compared, the one that ends last.
const LAST: &[Case] = logical_cases! {
    "0&1;61617878;0(>>4#db2#=12)" [b"aaxx34.aaxx12" b"aaxx12"] [b"aaxx12.aaxx34" b"aaxx12.aaxx1"]
    "0&1;6161*6262;0(<<1#ib1#=49)" [b"1aa.2aa.bb.bb" b"1aabb.2aabb"] [b"2aa.1aabb" b".aabb.1aabb"]
    "0&1;6161{-9}6262;0(<<1#ib1#=49)" [b"2aabb........1aabb" b"1aa2aabb"] [b"1aabb........2aabb" b"2aa1aabb"]
    "0&1;6162::wa;0(<<1#ib1#=49)" [b"2ab1a\0b\0" b"2a\0b\x001ab"] [b"1ab2a\0b\0" b"1a\0b\x002ab"]
    "0&1;6162::i;0(<<1#ib1#=49)" [b"2ab1AB" b"1aB"] [b"1AB2ab" b"AB"]
    "0&1;(61|62)6363;0(<<1#ib1#=49)" [b"2acc1bcc" b"1acc"] [b"1bcc2acc" b"acc1"]
};

/// At the edges of the file.
const EDGES: &[Case] = logical_cases! {
    "0&1;61617878;0(>>4#ib2#=0x4142)" [b"\0aaxxAB" b"aaxxAB\0"] [b"\0aaxxA" b"aaxxBA\0"]
    "0&1;61617878;0(>>0#ib1#=0x61)" [b"\0aaxx\0" b"\xff\0aaxx"] [b"aaxx\0\0" b"\0aaxy\0"]
    "0&1;61617878;0(<<1#ib1#=1)" [b"\0\x01aaxx" b"\x02\x01aaxx"] [b"\x01aaxx\0" b"\x02\0aaxx"]
    "0&1;61617878;0(>>4#db9#=1)" [b"\0aaxx1\0\0\0\0\0\0\0\0" b"\0aaxx 1       "] [b"\0aaxx1\0\0\0\0\0\0\0" b"\0aaxx1"]
};

/// Matches of patterns with gaps are counted by where their last part begins.
const COUNTS: &[Case] = logical_cases! {
    "0=1;6161{-20}6262" [b"aa.aa.bb" b"aabb"] [b"aa.bb.bb" b"aa"]
    "0=2;6161{-20}6262" [b"aa.aa.bb.bb" b"aabbb"] [b"aabb" b"aa.aa.bb"]
    "0=2;6161*6262" [b"aa.aa.bb.bb" b"bb.aabbb"] [b"aabb" b"aa.aa.bb"]
    "0=3;6161{2-}6262" [b"aa..bbbb" b"aa..bb.bb.bb"] [b"aabbbb" b"aa.bb..bb"]
    "0=2;6161*6262*6363" [b"aabbcc.cc" b"aabb.ccc"] [b"aabb.bbcc" b"aabb.cc.cccc"]
    "(0|1)=3;6161{-5}6262;6363" [b"aabb.cc.cc" b"aabb.bbcc"] [b"aa.aa.bb.cc" b"aabbcc"]
    "0>2;6161{150}6262" [] []
};

#[test]
fn numbers() {
    hold(NUMBERS, framed);
}

#[test]
fn the_last_match() {
    hold(LAST, framed);
}

#[test]
fn edges() {
    hold(EDGES, bare);
}

#[test]
fn counts() {
    let cases: Vec<Case> = COUNTS.iter().filter(|case| !case.hits.is_empty()).copied().collect();
    hold(&cases, framed);
}

fn options() -> impl Strategy<Value = String> {
    let text = (
        prop::sample::select(&["h", "a"]),
        prop::sample::select(&["b", "l"]),
        any::<bool>(),
        1..10_u32,
    )
        .prop_map(|(kind, order, exact, length)| {
            format!("{kind}{order}{}{length}", if exact { "e" } else { "" })
        });
    let decimal = (any::<bool>(), 1..10_u32)
        .prop_map(|(exact, length)| format!("d{}{length}", if exact { "e" } else { "" }));
    let raw = (prop::sample::select(&["b", "l"]), prop::sample::select(&[1, 2, 4, 8]))
        .prop_map(|(order, length)| format!("i{order}{length}"));
    prop_oneof![3 => text, 1 => decimal, 1 => raw]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Random numbers, read in random ways.
    #[test]
    fn random_numbers(
        options in prop::collection::vec(options(), 8),
        texts in prop::collection::vec(prop::collection::vec(prop::sample::select(b"0012afFxX -+z\t"), 0..9), 12),
        distance in -1..5_i32,
    ) {
        let mut trial = Trial::default();
        let limits = [i64::MIN, -255, -1, 0, 1, 0x10, 0x12, 18, 255, 4096, 0x1_0000, i64::MAX];
        for (number, options) in options.iter().enumerate() {
            for (step, limit) in limits.iter().enumerate() {
                for (name, sign) in [("more", '>'), ("equal", '=')] {
                    let record = format!(
                        "N{number}_{step}_{name};Engine:81-255,Target:0;0&1;61617878;0(>>{distance}#{options}#{sign}{limit})\n"
                    );
                    trial.source("random.ldb", record);
                }
            }
        }
        for (number, text) in texts.iter().enumerate() {
            trial.file(&format!("file{number}"), framed(&[b"aaxx", text.as_slice()].concat()));
        }
        trial.assert_same();
    }
}
