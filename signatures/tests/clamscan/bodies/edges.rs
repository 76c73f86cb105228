//! Files whose first or last bytes count.

use super::ndb;
use crate::table::bare;
use crate::{Case, hold};

const EDGES: &[Case] = &[
    ndb("#:0:*:616263", &[b"abc\0\0\0\0", b"\0\0\0\0abc"], &[b"bc\0\0\0\0", b"\0\0\0\0ab"]),
    ndb("#:0:*:??616264", &[b".abd\0\0\0\0", b"\0\0\0\0abd"], &[b"abd\0\0\0\0", b"\0\0\0\0.ab"]),
    ndb("#:0:*:616265??", &[b"\0\0\0\0abe.", b"abe\0\0\0\0"], &[b"\0\0\0\0abe", b"\0\0\0\0.abe"]),
    ndb("#:0:*:616266{2}", &[b"\0\0\0\0abf..", b"abf\0\0\0\0"], &[b"\0\0\0\0abf.", b"\0\0\0\0abf"]),
    ndb(
        "#:0:*:!(61)616267",
        &[b"\0\0\0\0abg", b".abg\0\0\0\0"],
        &[b"abg\0\0\0\0", b"aabg\0\0\0\0"],
    ),
    ndb(
        "#:0:*:616268!(61)",
        &[b"\0\0\0\0abh.", b"abh\0\0\0\0"],
        &[b"\0\0\0\0abh", b"\0\0\0\0abha"],
    ),
    ndb(
        "#:0:*:616269(61|62)",
        &[b"\0\0\0\0abia", b"abib\0\0\0\0"],
        &[b"\0\0\0\0abi", b"\0\0\0\0abi."],
    ),
    ndb(
        "#:0:*:616270*616271",
        &[b"abp\0\0\0\0abq", b"\0\0\0\0abpabq"],
        &[b"abq\0\0\0\0abp", b"abp\0\0\0\0ab"],
    ),
    ndb(
        "#:0:*:61[0-3]6272",
        &[b"abr\0\0\0\0", b"a\0..br\0\0\0\0"],
        &[b"br\0\0\0\0", b".br\0\0\0\0a"],
    ),
    ndb(
        "#:0:*:626173[0-3]7a",
        &[b"\0\0\0\0basz", b"\0\0\0\0bas...z"],
        &[b"\0\0\0\0bas", b"\0\0\0\0zbas"],
    ),
    // Boundaries: an edge of the file is one.
    ndb("#:0:*:(B)626162", &[b"bab\0\0\0\0", b"\0\0\0\0 bab"], &[b"xbab\0\0\0\0", b"\0\0\0\0bab"]),
    ndb("#:0:*:626163(B)", &[b"\0\0\0\0bac", b"bac \0\0\0\0"], &[b"\0\0\0\0bacx", b"bac\0\0\0\0"]),
    ndb("#:0:*:(L)626164", &[b"bad\0\0\0\0", b"\nbad\0\0\0\0"], &[b"\0\0\0\0bad", b" bad\0\0\0\0"]),
    ndb(
        "#:0:*:626165(L)",
        &[b"\0\0\0\0bae", b"\0\0\0\0bae\r\n"],
        &[b"\0\0\0\0bae\r", b"\0\0\0\0bae "],
    ),
    ndb("#:0:*:(W)626166", &[b"baf\0\0\0\0", b".baf\0\0\0\0"], &[b"xbaf\0\0\0\0", b"1baf\0\0\0\0"]),
    ndb("#:0:*:626167(W)", &[b"\0\0\0\0bag", b"\0\0\0\0bag."], &[b"\0\0\0\0bagx", b"\0\0\0\0bag1"]),
    ndb("#:0:*:626168!(B)", &[b"\0\0\0\0bahx", b"bah\0\0\0\0"], &[b"\0\0\0\0bah", b"\0\0\0\0bah "]),
    ndb(
        "#:0:*:626169!(L)",
        &[b"\0\0\0\0baix", b"\0\0\0\0bai\r"],
        &[b"\0\0\0\0bai", b"\0\0\0\0bai\n"],
    ),
    ndb(
        "#:0:*:62616a!(W)",
        &[b"\0\0\0\0bajx", b"\0\0\0\0baj1"],
        &[b"\0\0\0\0baj", b"\0\0\0\0baj."],
    ),
    ndb(
        "#:0:*:62616b(B)(B)",
        &[b"\0\0\0\0bak", b"\0\0\0\0bak\n"],
        &[b"\0\0\0\0bakx", b"\0\0\0\0bak.x"],
    ),
    ndb(
        "#:0:*:62616c(L)(L)",
        &[b"\0\0\0\0bal\n", b"\0\0\0\0bal\r\n"],
        &[b"\0\0\0\0bal\r", b"\0\0\0\0balx"],
    ),
    ndb(
        "#:0:*:62616d(W)(W)",
        &[b"\0\0\0\0bam.", b"\0\0\0\0bam"],
        &[b"\0\0\0\0bamx", b"\0\0\0\0bam.x"],
    ),
];

#[test]
fn edges() {
    hold(EDGES, bare);
}

/// ClamAV does not look at files of five bytes and less; we do.
#[test]
fn the_smallest_files() {
    use crate::trial::Trial;
    let mut trial = Trial::default();
    trial.source("a.ndb", "Small:0:*:000061\n");
    trial.file("five", *b"\0\0\0\0a").file("six", *b"\0\0\0\0\0a");
    let difference = trial.difference();
    assert!(difference.missed.is_empty());
    let more: Vec<&str> = difference.more.iter().map(|(file, _)| file.as_str()).collect();
    assert!(more.is_empty() || more == ["five"], "{more:?}");
}
