//! Names of entries: every construct of POSIX extended regular expressions.

use super::archives::{tar, zip_of};
use super::random::Dice;
use crate::trial::{Trial, clamscan_is_there};
use crate::{Case, hold};

macro_rules! cases {
    ($($pattern:literal hits $hits:tt misses $misses:tt;)*) => {
        &[$(Case {
            format: "cdb",
            record: concat!("#:*:*:", $pattern, ":*:*:*:*:*:*"),
            hits: &$hits,
            misses: &$misses,
        },)*]
    };
}

const NAMES: &[Case] = cases! {
    // Characters
    "abc" hits [b"abc", b"xxabcxx", b"d/abc"] misses [b"ab", b"ABC", b"acb"];
    "a.c" hits [b"abc", b"a\nc", b"a\xffc"] misses [b"ac", b"ab"];
    r"a\.c" hits [b"a.c", b"xa.cx"] misses [b"abc", b"ac"];
    r"\d" hits [b"d", b"xd"] misses [b"1", b"\\"];
    r"a\\b" hits [b"a\\b", b"xa\\b"] misses [b"ab", b"a/b"];
    "\u{e9}" hits [b"caf\xc3\xa9", b"\xc3\xa9"] misses [b"caf\xe9", b"e"];
    "a#b" hits [b"a#b", b"xa#b"] misses [b"ab", b"a"];
    // Anchors
    "^ab" hits [b"ab", b"abc"] misses [b"xab", b"\nab"];
    "ab$" hits [b"ab", b"xab"] misses [b"abx", b"ab\n"];
    "^ab$" hits [b"ab", b"ab\0cd"] misses [b"xab", b"abx"];
    "^^a" hits [b"a", b"ab"] misses [b"ba", b"b"];
    "a$$" hits [b"a", b"ba"] misses [b"ab", b"b"];
    "(^a|b$)" hits [b"ax", b"xb"] misses [b"xa", b"bx"];
    "b$*" hits [b"ab", b"ba"] misses [b"a", b"c"];
    r"\<ab" hits [b"ab", b"x.ab", b"x-abx"] misses [b"xab", b"_ab"];
    r"ab\>" hits [b"ab", b"xab.x"] misses [b"abx", b"ab_"];
    // Repetitions
    "ab*c" hits [b"ac", b"abbbc"] misses [b"abb", b"adc"];
    "ab+c" hits [b"abc", b"abbbc"] misses [b"ac", b"ab"];
    "ab?c" hits [b"ac", b"abc"] misses [b"abbc", b"ab"];
    "ab{2}c" hits [b"abbc", b"xabbcx"] misses [b"abc", b"abbbc"];
    "ab{2,}c" hits [b"abbc", b"abbbbc"] misses [b"abc", b"ac"];
    "ab{1,2}c" hits [b"abc", b"abbc"] misses [b"ac", b"abbbc"];
    "ab{0,1}c" hits [b"ac", b"abc"] misses [b"abbc", b"bc"];
    "ab{0}c" hits [b"ac", b"xac"] misses [b"abc", b"bc"];
    "ab{02}c" hits [b"abbc", b"xabbc"] misses [b"abc", b"ac"];
    "^x{255}$" hits [
        b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
          xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
          xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
          and more, which is cut off"
    ] misses [b"xxx", b"x"];
    "a{,2}" hits [b"a{,2}", b"xa{,2}"] misses [b"a", b"aa"];
    "a{x" hits [b"a{x", b"ba{xb"] misses [b"a", b"x"];
    r"a\{2\}" hits [b"a{2}", b"xa{2}"] misses [b"aa", b"a"];
    // Groups and branches
    "ab|cd" hits [b"ab", b"xcd"] misses [b"ac", b"bd"];
    "a(b|c)d" hits [b"abd", b"acd"] misses [b"ad", b"abcd"];
    "(ab)+c" hits [b"abc", b"ababc"] misses [b"ac", b"abd"];
    "(ab){2}" hits [b"abab", b"xababx"] misses [b"ab", b"aabb"];
    "((a|b)c)*d" hits [b"d", b"acbcd"] misses [b"ac", b"a"];
    "a()b" hits [b"ab", b"xabx"] misses [b"a", b"ba"];
    "a)b" hits [b"a)b", b"xa)b"] misses [b"ab", b"a"];
    r"(a)\1" hits [b"a1", b"xa1"] misses [b"aa", b"a"];
    // Bracket expressions
    "[abc]x" hits [b"ax", b"cx"] misses [b"dx", b"x"];
    "[^abc]x" hits [b"dx", b"\xffx"] misses [b"ax", b"x"];
    "[a-c]x" hits [b"bx", b"cx"] misses [b"dx", b"-x"];
    "[a-]x" hits [b"ax", b"-x"] misses [b"bx", b"x"];
    "[-a]x" hits [b"ax", b"-x"] misses [b"bx", b"x"];
    "[]a]x" hits [b"]x", b"ax"] misses [b"bx", b"x"];
    "[^]a]x" hits [b"bx", b"[x"] misses [b"]x", b"ax"];
    "[^-a]x" hits [b"bx", b"]x"] misses [b"-x", b"ax"];
    r"[\.]x" hits [b".x", b"\\x"] misses [b"ax", b"x"];
    r"[a\]]x" hits [b"a]x", b"\\]x"] misses [b"ax", b"]x"];
    "[.*(|]x" hits [b".x", b"*x", b"(x", b"|x"] misses [b"ax", b"x"];
    "[+--]x" hits [b"+x", b",x", b"-x"] misses [b".x", b"ax"];
    "[a-c-]x" hits [b"bx", b"-x"] misses [b"dx", b"x"];
    "[[]x" hits [b"[x", b"a[x"] misses [b"]x", b"x"];
    "[[.a.]]x" hits [b"ax", b"bax"] misses [b"bx", b".x"];
    "[[.hyphen.]]x" hits [b"-x", b"a-x"] misses [b"hx", b"x"];
    "[[.colon.]]x" hits [b":x", b"a:x"] misses [b"cx", b"x"];
    "[[.comma.]-[.period.]]x" hits [b"-x", b".x"] misses [b"/x", b"+x"];
    "[[=a=]]x" hits [b"ax", b"bax"] misses [b"=x", b"bx"];
    "[\u{e9}-[.DEL.]]x" hits [b"ax", b"\xfex", b"\xc3x"] misses [b"\x80x", b"x"];
    // Either case
    "(?i)abc" hits [b"abc", b"ABC", b"aBc"] misses [b"ab", b"acb"];
    "(?i)[a-c]x" hits [b"bX", b"BX"] misses [b"dx", b"x"];
    "(?i)[^a]x" hits [b"bx", b"BX"] misses [b"ax", b"Ax"];
    r"(?i)\abc" hits [b"ABC", b"abc"] misses [b"ab", b"bc"];
    "(?i)[.-_]x" hits [b"/x", b"ax", b"Ax"] misses [b"-x", b"{x"];
    "(?i)\u{e9}" hits [b"\xc3\xa9", b"x\xc3\xa9"] misses [b"\xc3\x89", b"\xe9"];
};

#[test]
fn names_in_zip_archives() {
    hold(NAMES, zip_of);
}

#[test]
fn names_in_tar_archives() {
    let named = |name: &[u8]| tar(&[(name, b'0', 10)], true);
    let fits = |names: &[&[u8]]| names.iter().all(|name| name.len() < 100 && name[0] != 0);
    let cases: Vec<Case> = NAMES.iter().filter(|case| fits(case.hits)).copied().collect();
    assert!(cases.len() + 1 == NAMES.len());
    hold(&cases, named);
}

/// Expressions of which ClamAV takes some and refuses others: we take and refuse the same.
#[test]
fn the_same_expressions_are_taken() {
    let pieces = [
        "a", "b", "(", ")", "[", "]", "^", "$", "*", "+", "?", "{", "}", "|", "-", "\\", ",", "1",
        "2", ".", "[.", ".]", "[=", "=]", "{2}", "{0}", "(?i)", "\\<", "()", "[^", "hyphen", "=",
    ];
    let mut dice = Dice::new(7);
    let mut patterns: Vec<String> = Vec::new();
    while patterns.len() < 400 {
        let pattern: String =
            (0..1 + dice.roll(6)).map(|_| pieces[dice.roll(pieces.len())]).collect();
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    let record = |index: usize, pattern: &str| format!("R{index}:*:*:{pattern}:*:*:*:*:*:*\n");
    let taken: Vec<bool> = patterns
        .iter()
        .map(|pattern| {
            let mut trial = Trial::default();
            trial.source("t.cdb", record(0, pattern));
            trial.is_taken()
        })
        .collect();
    assert!(taken.iter().filter(|&&taken| taken).count() > 100);
    if !clamscan_is_there() {
        return;
    }
    // ClamAV stops at the first line that it refuses, and says which.
    let mut refused = vec![false; patterns.len()];
    loop {
        let mut trial = Trial::default();
        let left: Vec<usize> = (0..patterns.len()).filter(|&index| !refused[index]).collect();
        for &index in &left {
            trial.source("t.cdb", record(index, &patterns[index]));
        }
        trial.file("a", zip_of(b"a"));
        match trial.theirs() {
            Ok(_) => break,
            Err(refusal) => refused[left[refusal.line.unwrap() - 1]] = true,
        }
    }
    let differing: Vec<_> = patterns
        .iter()
        .zip(taken.iter().zip(&refused))
        .filter(|(_, (taken, refused))| taken == refused)
        .collect();
    assert!(differing.is_empty(), "(we take, they refuse): {differing:?}");
}
