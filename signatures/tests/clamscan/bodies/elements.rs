//! Bytes, wildcards, choices and negations.

use super::ndb;
use crate::table::framed;
use crate::{Case, hold};

const BYTES: &[Case] = &[
    ndb("#:0:*:616263", &[b"abc", b"aabc"], &[b"ab.c", b"ABC"]),
    ndb("#:0:*:6A6B6c4D", &[b"jklM", b"jjklMM"], &[b"jklm", b"JKLM"]),
    ndb(
        "#:0:*:00ff01fe",
        &[b"\x00\xff\x01\xfe", b"\xff\x00\xff\x01\xfe\x00"],
        &[b"\xff\x00\xff\x01", b"0"],
    ),
    ndb("#:0:*:6361??6362", &[b"ca.cb", b"ca\x00cb"], &[b"cacb", b"ca..cb"]),
    ndb("#:0:*:????6463", &[b"dc", b"..dc"], &[b"d.c", b"cd"]),
    ndb("#:0:*:6464????", &[b"dd", b"dd.."], &[b"d.d", b"d"]),
    ndb("#:0:*:65613?6562", &[b"ea0eb", b"ea?eb"], &[b"ea@eb", b"eaeb"]),
    ndb("#:0:*:6661?36662", &[b"fa3fb", b"fa\xc3fb"], &[b"fa4fb", b"fafb"]),
    ndb("#:0:*:?167616762", &[b"1gagb", b"agagb"], &[b"2gagb", b"agab"]),
    ndb("#:0:*:686168623?", &[b"hahb0", b"hahb9"], &[b"hahba", b"hahb"]),
    ndb("#:0:*:69613??36962", &[b"ia93ib", b"ia0sib"], &[b"iaa3ib", b"ia94ib"]),
];

#[test]
fn bytes_and_nibbles() {
    hold(BYTES, framed);
}

const CHOICES: &[Case] = &[
    ndb("#:0:*:6161(62|63)6161", &[b"aabaa", b"aacaa"], &[b"aadaa", b"aabcaa", b"aaaa"]),
    ndb("#:0:*:6162(6c6d|6e6f|7071)", &[b"ablm", b"abpq"], &[b"abln", b"abmn"]),
    ndb("#:0:*:(6c6d|6e6f)6163", &[b"lmac", b"noac"], &[b"mnac", b"nmac"]),
    ndb("#:0:*:6164(62|6263|626364)", &[b"adb", b"adbcd"], &[b"adc", b"ad"]),
    ndb("#:0:*:6165(62|6364)65", &[b"aebe", b"aecde"], &[b"aece", b"aebcde"]),
    ndb("#:0:*:6165(62|6263)6364", &[b"aebcd", b"aebccd"], &[b"aebd", b"aebcccd"]),
    ndb("#:0:*:6166(62|)63", &[b"afc", b"afbc"], &[b"afbbc", b"afb"]),
    ndb("#:0:*:6166(62|63||64)65", &[b"afe", b"afde"], &[b"afbce", b"afx"]),
    ndb("#:0:*:6167(62)63", &[b"agbc", b".agbc."], &[b"agc", b"agbbc"]),
    ndb("#:0:*:6168(6?|3132)69", &[b"ahai", b"ah12i"], &[b"ah1i", b"ah13i"]),
    ndb("#:0:*:6169(61??63|3?)64", &[b"aia.cd", b"ai7d"], &[b"aia..cd", b"aicd"]),
    ndb("#:0:*:616a(62(63|64)65|66)67", &[b"ajbceg", b"ajfg"], &[b"ajbeg", b"ajbcdeg"]),
    ndb("#:0:*:616b((62|63)(64|65)|66)67", &[b"akbeg", b"akcdg", b"akfg"], &[b"akbcg", b"akbg"]),
    ndb("#:0:*:616c(62|63)(64|65)(66|67)", &[b"albdf", b"alceg"], &[b"albcf", b"albd"]),
    ndb(
        "#:0:*:616d(((((((((((((((61)62)63)64)65)66)67)68)69)6a)6b)6c)6d)6e)6f)",
        &[b"amabcdefghijklmno", b"..amabcdefghijklmno"],
        &[b"amabcdefghijklmn", b"ambcdefghijklmno"],
    ),
];

#[test]
fn choices() {
    hold(CHOICES, framed);
}

const NEGATED: &[Case] = &[
    ndb("#:0:*:6161!(62)6162", &[b"aa.ab", b"aaaab"], &[b"aabab", b"aaab"]),
    ndb("#:0:*:6162!(62|63)6163", &[b"abdac", b"abaac"], &[b"abbac", b"abcac", b"abac"]),
    ndb("#:0:*:!(62|63)6164", &[b"dad", b"\xffad"], &[b"bad", b"cad"]),
    ndb("#:0:*:6165!(62|63)", &[b"aed", b"ae."], &[b"aeb", b"aec"]),
    ndb("#:0:*:6166!(6263|6465)6167", &[b"afbdag", b"af..ag"], &[b"afbcag", b"afdeag", b"af.ag"]),
    ndb("#:0:*:6168!(62)!(62)6169", &[b"ah..ai", b"ahcdai"], &[b"ahb.ai", b"ah.bai"]),
];

#[test]
fn negated_choices() {
    hold(NEGATED, framed);
}
