//! Logical signatures: regular expressions. 0 is `aaxx`, as a rule.

use proptest::prelude::*;

use crate::build::{CODE, Section, pe};
use crate::table::{bare, framed, logical_cases};
use crate::trial::Trial;
use crate::{Case, hold};

/// What the trigger asks, and what counts.
const TRIGGERS: &[Case] = logical_cases! {
    "0&1;61617878;0/f[o0]+/" [b"aaxx.foo" b"f00.aaxx"] [b"foo" b"aaxx.fxo"]
    "1;61617878;0/foo/" [b"aaxx.foo" b"fooaaxx"] [b"foo" b"aaxx"]
    "1;61617878;0=0/foo/" [b"foo" b"..foo.."] [b"aaxx.foo" b"fo"]
    "1=0&0;61617878;0/foo/" [b"aaxx" b"aaxx.fo"] [b"aaxx.foo" b"foo"]
    "1;61617878;0>1/foo/" [b"aaxx.aaxx.foo" b"foo.aaxxaaxx"] [b"aaxx.foo" b"foofoo"]
    "2;61617878;62627979;0&1/foo/" [b"aaxx.bbyy.foo" b"foo.bbyy.aaxx"] [b"aaxx.foo" b"bbyy.foo"]
    "2;61617878;62627979;(0|1)>1/foo/" [b"aaxx.bbyy.foo" b"aaxx.aaxx.foo"] [b"aaxx.foo" b"bbyy.bby.foo"]
    "0&1&2;61617878;0/foo/;1/bar/" [b"aaxx.foo.bar" b"bar.foo.aaxx"] [b"aaxx.bar" b"aaxx.foo"]
    "0&2&1=0;61617878;0/foo/;1=0/bar/" [b"aaxx.bar" b"bar.fo.aaxx"] [b"aaxx.foo.bar" b"aaxx"]
    "0&1=3;61617878;0/fo+/g" [b"aaxx.foo.fo.fooo" b"fofofo.aaxx"] [b"aaxx.foo.fo" b"aaxxfofofofo"]
    "0&1=1;61617878;0/fo/" [b"aaxx.fofofo" b"aaxx.fo"] [b"aaxx.f" b"foo"]
    "(0|1)>3,2;61617878;0/fo/g" [b"aaxx.fofofo" b"aaxx.aaxx.fofo"] [b"aaxx.fofo" b"aaxx.aaxx.aaxx.aaxx"]
    "0&1;61617878;0/a;b/" [b"aaxx.a;b" b"a;baaxx"] [b"aaxx.a,b" b"a;b"]
    "0&1&2;61617878;0/a\\/;b/;62627979" [b"aaxx.a/;b.bbyy" b"bbyy.aaxx.a/;b"] [b"aaxx.a/;b" b"a/;b.bbyy"]
    "0&1;61617878;0/a\\x3Bb/::i" [b"aaxx.a;b" b"a;baaxx"] [b"aaxx.A;B" b"a;b"]
    "0&1;61617878;0/a/b/" [b"aaxx.a/b" b"a/baaxx"] [b"aaxx.ab" b"a/b"]
};

/// What the letters mean.
const LETTERS: &[Case] = logical_cases! {
    "1;61617878;0/foo/i" [b"aaxx.FoO" b"fOoaaxx"] [b"aaxx.fo" b"FOO"]
    "1;61617878;0/f.o/s" [b"aaxx.f\no" b"f.oaaxx"] [b"aaxx.fo" b"aaxx.f..o"]
    "1;61617878;0/f.o/" [b"aaxx.f\ro" b"f.oaaxx"] [b"aaxx.f\no" b"aaxx.f..o"]
    "1;61617878;0/^foo$/m" [b"aaxx\nfoo\n" b"\nfoo\naaxx"] [b"aaxx foo" b"aaxx\nfoo\r\n"]
    "1;61617878;0/f o # it\\x20/x" [b"aaxx.fo" b"foaaxx"] [b"aaxx.f o" b"aaxx.f"]
    "1=2;61617878;0/a.*b/gU" [b"aaxx.b.ab" b"a.ba.baaxx"] [b"aaxx.b.b" b"ab.ab"]
    "1=1;61617878;0/a.*?b/gU" [b"aaxx.b.ab" b"a.ba.baaxx"] [b"aaxx.c" b"ab.ab"]
    "1;61617878;0/foo/A" [] []
};

/// What is said about a text's and a line's ends, over files that end as they do.
const ENDS: &[Case] = logical_cases! {
    "1;61617878;0/^foo/" [b"foo aaxx\0" b"foo\0aaxx"] [b" foo aaxx\0" b"\0\nfoo aaxx"]
    "1;61617878;0/foo$/" [b"\0aaxx foo" b"\0aaxx foo\n"] [b"\0aaxx foo\n\n" b"\0aaxx foo\r\n"]
    "1;61617878;0/foo$/E" [b"\0aaxx foo" b"\0\nfooaaxxfoo"] [b"\0aaxx foo\n" b"\0aaxx foo "]
    "1;61617878;0/foo\\Z/" [b"\0aaxx foo" b"\0aaxx foo\n"] [b"\0aaxx foo\n\n" b"\0aaxx foo."]
    "1;61617878;0/foo\\z/" [b"\0aaxx foo" b"\0aaxxfoo"] [b"\0aaxx foo\n" b"\0foo aaxx"]
    "1;61617878;0/foo$/m" [b"\0aaxx foo\n\n" b"\0foo\naaxx"] [b"\0aaxx foo\r\n" b"\0aaxx foo."]
    "1;61617878;0/^foo/m" [b"\0\nfoo aaxx" b"foo\0aaxx"] [b"\0 foo aaxx" b"\0\rfoo aaxx"]
    "1;61617878;0/\\Afoo/m" [b"foo aaxx\0" b"foo\0aaxx"] [b"\0\nfoo aaxx" b"\nfoo aaxx\0"]
    "1;61617878;0/foo\\R/" [b"\0aaxx foo\r\n" b"\0aaxx foo\x85\0"] [b"\0aaxx foo" b"\0aaxx foo\t"]
};

/// Every construct of the language that both engines of ours serve between them.
const LANGUAGE: &[Case] = logical_cases! {
    "1;61617878;0/a(b|cd)+e/" [b"aaxx.abcdbe" b"aaxx.acde"] [b"aaxx.ae" b"aaxx.abce"]
    "1;61617878;0/[a-c\\d[:punct:]]{3}z/" [b"aaxx.a1,z" b"aaxxccccz"] [b"aaxx a1z." b"aaxx.axxz"]
    "1;61617878;0/[^\\x00-\\x7f]{2}/" [b"aaxx\xc3\xa9" b"aaxx.\x80\xff"] [b"aaxx.\x80.\x80." b"aaxx"]
    "1;61617878;0/\\bfoo\\b/" [b"aaxx foo" b"aaxx.foo."] [b"aaxx_foo" b"aaxx.foo1"]
    "1;61617878;0/f{2,3}o{2,}?1{,2}/" [b"aaxx.ffoo1{,2}" b"aaxx.ffffoo1{,2}"] [b"aaxx.ffoo11" b"aaxx.foo1{,2}"]
    "1;61617878;0/\\Qa.b\\E/" [b"aaxx.a.b" b"aaxxa.b"] [b"aaxx.axb" b"aaxx.a\\.b"]
    "1;61617878;0/\\x41\\102\\o{103}\\cA/" [b"aaxx.ABC\x01" b"aaxxABC\x01\x01"] [b"aaxx.ABC" b"aaxx.abc\x01"]
    "1;61617878;0/(?i)f(?-i)o/" [b"aaxx.Fo" b"aaxx.fo"] [b"aaxx.FO" b"aaxx.fO"]
    "1;61617878;0/(?:f(?i)o|x1)/" [b"aaxx.fO" b"aaxx.X1"] [b"aaxx.Fo" b"aaxx.2X2"]
    "1;61617878;0/(\\d)\\1/" [b"aaxx.11" b"aaxx.122"] [b"aaxx.12" b"aaxx.1.1"]
    "1;61617878;0/(?<q>[ab])-\\k<q>/" [b"aaxx.a-a" b"aaxx.b-b"] [b"aaxx.a-b" b"aaxx.a.a"]
    "1;61617878;0/foo(?=bar)/" [b"aaxx.foobar" b"aaxx.foofoobar"] [b"aaxx.foo" b"aaxx.foo.bar"]
    "1;61617878;0/foo(?!bar)/" [b"aaxx.foo" b"aaxx.foobarfoo"] [b"aaxx.foobar" b"aaxx.fobar"]
    "1;61617878;0/(?<=ab|c)foo/" [b"aaxx.abfoo" b"aaxx.cfoo"] [b"aaxx.bfoo" b"aaxx.foo"]
    "1;61617878;0/(?<!x)foo/" [b"aaxx.foo" b"foo.aaxx"] [b"aaxxfoo" b"aaxx.fo"]
    "1;61617878;0/(?>fo+)o1|fo++2/" [b"aaxx.foo2" b"aaxx.fo2"] [b"aaxx.foo1" b"aaxx.f2"]
    "1;61617878;0/\\x00{3}?q[0-9]{1,2}+/" [b"aaxx\0\0\0q1" b"aaxx\0\0\0\0q22"] [b"aaxx\0\0q1" b"aaxx\0\0\0q"]
    "1;61617878;0/(f)?(?(1)oo|pp)q/" [b"aaxx.fooq" b"aaxx.ppq"] [b"aaxx.fppx" b"aaxx.oo"]
    "1;61617878;0/foo\\Kbar/" [b"aaxx.foobar" b"foobaraaxx"] [b"aaxx.bar" b"aaxx.foo"]
    "1;61617878;0/(?|(a)|(b))(c)\\2/" [b"aaxx.acc" b"aaxx.bcc"] [b"aaxx.aca" b"aaxx.bcb"]
    "1;61617878;0/a(?#note)b/" [b"aaxx.ab" b"aaxxab"] [b"aaxx.a" b"aaxx.anote"]
    "1;61617878;0/[[:<:]]foo[[:>:]]/" [b"aaxx.foo" b"foo aaxx"] [b"aaxxfoo" b"aaxx.foo1"]
    "1;61617878;0/\\h\\v\\N\\C/" [b"aaxx\t\n.\n" b"aaxx\xa0\x0b.."] [b"aaxx\n\t.." b"aaxx\t\n\n\n"]
};

/// Where matches may be. Files are 50 bytes or more: 30 of a frame, then this.
const OFFSETS: &[Case] = logical_cases! {
    "1;61617878;30:0/foo/" [b"foo.aaxx" b"foofooaaxx"] [b".foo.aaxx" b"aaxx.foo"]
    "1;61617878;30:0/foo/r" [b"foo.aaxx" b"aaxx.foo"] [b"aaxx.fo" b"foo"]
    "1;61617878;31:0/foo/r" [b"foofooaaxx" b"aaxx.foo"] [b"foo.aaxx" b"foo.aaxx.fo"]
    "1;61617878;30,5:0/foo/" [b"foo.aaxx" b".....fooaaxx"] [b"......fooaaxx" b"foo"]
    "1=2;61617878;30,5:0/foo/g" [b"foo.foofooaaxx" b".foofoofooaaxx"] [b"foo.aaxx.foo" b"foofoofoo"]
    "1;61617878;30,8:0/foo/e" [b"foo.aaxx" b".....fooaaxx"] [b"......fooaaxx" b"foo"]
    "1=2;61617878;30:0/foo/g" [b"foofooaaxx" b"foofoo.fooaaxx"] [b"foo.fooaaxx" b".foofooaaxx"]
    "1=2;61617878;30:0/foo/gr" [b"foofooaaxx" b"foo.fooaaxx"] [b"foo.aaxx" b"foofoofooaaxx"]
    "1;61617878;30:0/^foo/" [b"foo.aaxx" b"foofooaaxx"] [b".foo.aaxx" b"\nfoo.aaxx"]
    "1;61617878;31:0/^foo/r" [b".foo.aaxx" b".foofooaaxx"] [b"..foo.aaxx" b"foo.aaxx"]
    "1;61617878;31,9:0/(?<=-)foo/" [b".-foo.aaxx" b"..--fooaaxx"] [b"-fooaaxx" b".foo.aaxx"]
    "1;61617878;30,3:0/foo$/e" [b"fooaaxx" b"foofooaaxx"] [b".fooaaxx" b"foo"]
    "1;61617878;EOF-27:0/foo/" [b"aaxxfoo" b"aaxx...foo"] [b"aaxxfoo." b"foo"]
    "1;61617878;EOF-30,3:0/foo/" [b"aaxxfoo" b"aaxxfoo.."] [b"aaxxfoo...." b"foo"]
    "1;61617878;*:0/foo/" [b"aaxxfoo" b"foo.aaxx"] [b"aaxx" b"foo"]
    "1;61617878;99999:0/foo/r" [] []
};

/// A case without files says that nothing hits.
fn with_files(cases: &[Case]) -> Vec<Case> {
    cases.iter().filter(|case| !case.hits.is_empty()).copied().collect()
}

#[test]
fn triggers() {
    hold(TRIGGERS, framed);
}

#[test]
fn letters() {
    hold(&with_files(LETTERS), framed);
}

#[test]
fn ends() {
    hold(ENDS, bare);
}

#[test]
fn language() {
    hold(LANGUAGE, framed);
}

#[test]
fn offsets() {
    let frame = |bytes: &[u8]| [&[0xfe; 30], bytes, &[0; 24]].concat();
    hold(&with_files(OFFSETS), frame);
}

#[test]
fn places_in_programs() {
    let mut trial = Trial::default();
    let offsets = [
        "EP+5", "EP+0", "EP+0,4", "EP+0,5", "S0+5", "S1+0", "S1+8", "SL+0", "SE0", "SE1", "SE2",
        "EOF-1",
    ];
    let mut number = 0;
    for offset in offsets {
        for letters in ["", "r", "e", "g", "gr", "ge"] {
            for count in 0..4 {
                let logic = format!("0&1={count}");
                let record = format!(
                    "C{number}_{count};Engine:81-255,Target:1;{logic};61617878;{offset}:0/fo+/{letters}\n"
                );
                trial.source("places.ldb", record);
            }
            number += 1;
        }
    }
    let section = |data: &[u8]| Section { name: ".x", data: data.to_vec(), flags: CODE };
    for (file, first, second) in [
        ("a", &b".....fofoo.fo"[..], &b"aaxx....foofo"[..]),
        ("b", b"fo...aaxx", b"fo.foo"),
        ("c", b"....fo.fo.aaxx", b"........fo"),
    ] {
        trial.file(file, pe(vec![section(first), section(second)], 0, 1, false));
    }
    assert!(trial.ours().len() > 50);
    trial.assert_same();
}

/// PCRE2 looks for the byte that a match must begin with, and behind that for one that it must hold. Where
/// looking ahead told it the first one, both can be the same byte, and it finds nothing.
#[test]
fn pcre_passes_over_what_it_looked_ahead_at() {
    let mut trial = Trial::default();
    trial.source("ahead.ldb", "Ahead;Engine:81-255,Target:0;1;61617878;0/(?=b)a?b/\n");
    trial.file("one", framed(b"aaxx.b")).file("two", framed(b"aaxx.b.b"));
    let found = |file: &str| (file.to_owned(), "Ahead".to_owned());
    assert_eq!(trial.ours(), [found("one"), found("two")].into());
    let difference = trial.difference();
    assert!(difference.missed.is_empty());
    assert!(difference.more.is_empty() || difference.more == [found("one")].into());
}

/// An expression that PCRE and we both take, and that matches no empty text.
fn expression() -> impl Strategy<Value = String> {
    let atom = prop::sample::select(&[
        "a",
        "b",
        "A",
        "1",
        ".",
        "\\w",
        "\\s",
        "\\D",
        "[^a]",
        "[ab\\n]",
        "[[:upper:]1]",
        "\\x61",
        "\\n",
        "\\R",
        "\\h",
        "(?:ab|b)",
        "(a|ab)",
        "(?>a|ab)",
    ]);
    let place = prop::sample::select(&[
        "^",
        "$",
        "\\b",
        "\\B",
        "(?=[b\\n])",
        "(?!a)",
        "(?<=a)",
        "(?<![b1])",
        "\\G",
        "",
    ]);
    let repeat = prop::sample::select(&[
        "", "", "", "*", "+", "+?", "?", "{2}", "{0,2}", "{1,}?", "++", "?+",
    ]);
    let piece =
        (atom, repeat, place).prop_map(|(atom, repeat, place)| format!("{place}{atom}{repeat}"));
    let piece = piece.prop_recursive(2, 8, 3, |inner| {
        // Nothing without bound inside of something without bound: ClamAV gives up such matches soon.
        let repeat = prop::sample::select(&["", "", "?", "{2}"]);
        let sequence = || prop::collection::vec(inner.clone(), 1..3).prop_map(|them| them.concat());
        let group = prop::sample::select(&["(", "(?:", "(?i:"]);
        (group, sequence(), prop::option::of(sequence()), repeat).prop_map(
            |(group, a, b, repeat)| {
                let other = b.map_or(String::new(), |b| format!("|{b}"));
                format!("{group}{a}{other}){repeat}")
            },
        )
    });
    (prop::collection::vec(piece, 1..4), prop::sample::select(&["a", "b", "1", "[ab]"]))
        .prop_map(|(pieces, last)| format!("{}{last}", pieces.concat()))
}

fn place() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just(String::new()),
        1 => (38..48_u32).prop_map(|at| format!("{at}:")),
        1 => (38..44_u32, 0..8_u32).prop_map(|(at, shift)| format!("{at},{shift}:")),
        1 => (10..20_u32, 0..6_u32).prop_map(|(back, shift)| format!("EOF-{back},{shift}:")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 40, ..ProptestConfig::with_cases(16) })]

    /// Random expressions with random letters and offsets: how often do they match?
    #[test]
    fn random_expressions(
        parts in prop::collection::vec((place(), expression(), prop::sample::subsequence(&['g', 'r', 'e', 'i', 's', 'm', 'E', 'U'], 0..4)), 12),
        texts in prop::collection::vec(prop::collection::vec(prop::sample::select(b"aabbAB1 \n"), 0..16), 8),
    ) {
        let mut trial = Trial::default();
        for (number, (place, expression, letters)) in parts.iter().enumerate() {
            let letters: String = letters.iter().collect();
            for count in 0..4 {
                let record = format!("R{number}_{count};Engine:81-255,Target:0;0&1={count};61617878;{place}0/{expression}/{letters}\n");
                trial.source("random.ldb", record);
            }
        }
        for (number, text) in texts.iter().enumerate() {
            // The frame has neither letters nor digits, so that few matches reach into it; and it is no
            // text, so that there is no view.
            let bytes = [&[0; 34][..], b"aaxx", text, &[0xfd; 8]].concat();
            trial.file(&format!("file{number}"), bytes);
        }
        trial.assert_same();
    }
}
