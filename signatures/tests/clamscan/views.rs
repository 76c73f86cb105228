//! Normalised views: what is searched in which form, and how the forms are made.

use crate::hold;
use crate::table::{Case, bare};
use crate::trial::Trial;

/// A text that a view must hold, in files that have it there and in files that do not.
pub(crate) struct Sample {
    pub(crate) target: u8,
    pub(crate) text: &'static str,
    pub(crate) hits: &'static [&'static [u8]],
    pub(crate) misses: &'static [&'static [u8]],
}

pub(crate) fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn hold_samples(samples: &[Sample]) {
    let case = |sample: &Sample| Case {
        format: "ndb",
        record: format!("#:{}:*:{}", sample.target, hex(sample.text)).leak(),
        hits: sample.hits,
        misses: sample.misses,
    };
    hold(&samples.iter().map(case).collect::<Vec<_>>(), bare);
}

const TEXTS: &[Sample] = &[
    Sample {
        target: 7,
        text: "some words",
        hits: &[b"<Some  Words>", b"<SOME\r\n\tWoRdS>", b"<some\x0b\x0c words>"],
        misses: &[b"<SomeWords>", b"<some-words>"],
    },
    Sample {
        target: 7,
        text: "gre aus",
        hits: &[b"Gr\xfc\xdfe aus M\xfcnchen", "Grüße \u{a0} aus München".as_bytes()],
        misses: &[b"Gruesse aus Muenchen", b"Gr aus Muenchen"],
    },
    Sample {
        target: 7,
        text: "wide text",
        hits: &[
            b"\xff\xfeW\0i\0d\0e\0 \0t\0e\0x\0t\0",
            b"\xfe\xff\0W\0i\0d\0e\0 \0t\0e\0x\0t",
            b"W\0i\0d\0e\0 \0t\0e\0x\0t\0",
        ],
        misses: &[b"w.i.d.e. .t.e.x.t."],
    },
    // The object's own bytes are searched for target 0, and the view as well.
    Sample {
        target: 0,
        text: "Own  Bytes",
        hits: &[b"<Own  Bytes>", b"{\\rtf1 Own  Bytes}"],
        misses: &[b"<own  bytes>", b"<Own Bytes>"],
    },
    Sample {
        target: 0,
        text: "in either",
        hits: &[b"<in either>", b"<In\nEither>"],
        misses: &[b"<in-either>", b"{\\rtf1 In  Either}"],
    },
    // Not for target 7: own bytes, mail, and what is no text.
    Sample {
        target: 7,
        text: "not here",
        hits: &[b"<Not here>", b"<not here>"],
        misses: &[
            b"Subject: x\r\nTo: y@z.w\r\nX: not here\r\n\r\n",
            b"{\\rtf1 not here}",
            b"\x01\0\0\0not here",
        ],
    },
];

#[test]
fn texts() {
    hold_samples(TEXTS);
}

/// Sizes, offsets and expressions speak of one view, not of the file and not of several views.
#[test]
fn a_signature_is_decided_in_each_view_by_itself() {
    let mut trial = Trial::default();
    trial.file("text", &b"Some  Words HERE\r\nand more lines of text\n"[..]);
    let some = hex("some words");
    let records = [
        ("Start", "Target:7", "0", vec![format!("0:{some}")]),
        ("Start.Any", "Target:0", "0", vec![format!("0:{some}")]),
        ("End", "Target:7", "0", vec![format!("EOF-5:{}", hex("text "))]),
        ("Both.Forms", "Target:0", "0&1", vec![hex("Some  Words"), some.clone()]),
        ("Own.Form", "Target:0", "0&1", vec![hex("Some  Words"), hex("HERE")]),
        ("One.Of.One", "Target:0", "0=1", vec![hex("more lines")]),
        ("Only.In.View", "Target:0", "0&1=0", vec![some, hex("HERE")]),
        ("Nothing", "Target:7", "0=0", vec![hex("Some  Words")]),
    ];
    for (name, block, logic, subs) in records {
        let line = format!("{name};Engine:51-255,{block};{logic};{}\n", subs.join(";"));
        trial.source("a.ldb", line);
    }
    let ours = trial.ours();
    let has = |name: &str| ours.contains(&("text".to_owned(), name.to_owned()));
    for name in ["Start", "Start.Any", "End", "Own.Form", "One.Of.One", "Only.In.View", "Nothing"] {
        assert!(has(name), "{name}");
    }
    assert!(!has("Both.Forms"));
    trial.assert_same();
}

/// With an `EOF-n` of target 7 in its databases ClamAV asks for the size of the view instead.
#[test]
fn the_size_is_that_of_the_file() {
    let mut trial = Trial::default();
    // 41 bytes, and 39 in the view.
    trial.file("text", &b"Some  Words HERE\r\nand more lines of text\n"[..]);
    let some = hex("some words");
    for (name, size) in [("Size.View", 39), ("Size.File", 41)] {
        trial.source(
            "a.ldb",
            format!("{name};Engine:51-255,Target:7,FileSize:{size}-{size};0;{some}\n"),
        );
    }
    assert_eq!(trial.ours(), [("text".to_owned(), "Size.File".to_owned())].into());
    trial.assert_same();
}

/// Large texts have one view, not one for each of ClamAV's reads.
#[test]
fn a_large_text_has_one_view() {
    let words = |count: usize| "Lorem  Ipsum ".repeat(count);
    let text = format!("First  Place{}Second  Place{}Last  Place", words(20_000), words(30_000));
    let mut trial = Trial::default();
    trial.file("text", text);
    let (first, last) = (hex("first place"), hex("last place"));
    trial.source("a.ndb", format!("Gap:7:*:{first}*{last}\nEnd:7:EOF-10:{last}\n"));
    trial.source("a.ldb", format!("And;Engine:51-255,Target:7;0&1;{first};{last}\n"));
    trial.source("a.ldb", format!("Count;Engine:51-255,Target:7;0>40000;{}\n", hex("lorem ip")));
    assert_eq!(trial.ours().len(), 4);
    trial.assert_same();
}

/// Targets 13 and 14: nothing, and data of no known type.
#[test]
fn internal_and_other() {
    let mut trial = Trial::default();
    for target in [13, 14] {
        trial.source("a.ndb", format!("Target.{target}:{target}:*:{}\n", hex("needle")));
    }
    trial.file("data", &b"\0\0\0\0\0\0\x01\x02 needle"[..]);
    trial.file("text", &b"some needle"[..]);
    trial.file("page", &b"<html>needle"[..]);
    trial.file("image", &b"GIF89a needle"[..]);
    assert_eq!(trial.ours(), [("data".into(), "Target.14".into())].into());
    trial.assert_same();
}
