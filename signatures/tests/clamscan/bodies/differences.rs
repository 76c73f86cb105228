//! Where we differ from ClamAV on purpose. Each difference is listed in `docs/clamav.md`; should a version
//! of ClamAV no longer show it, its test fails, and the row can go.

use pellucid::matcher::{Subject, naive};

use crate::programs::Program;
use crate::records::{Records, Tally, name};
use crate::table::framed;
use crate::trial::{Trial, clamscan_is_there};

/// Bodies and data in which only we find them, though they are there.
fn only_we(bodies: &[(&str, &[u8])]) {
    for (body, data) in bodies {
        let mut trial = Trial::default();
        trial.source("a.ndb", format!("Case:0:{body}\n")).file("data", *data);
        let (set, _) = trial.build();
        let patterns = naive::patterns(&set.unwrap()).unwrap();
        assert!(!naive::starts(&patterns[0], &Subject::new(data)).is_empty(), "{body}");
        assert_eq!(trial.ours().len(), 1, "{body}");
        if clamscan_is_there() {
            assert_eq!(trial.difference().more.len(), 1, "clamscan finds {body}, too");
        }
    }
}

/// ClamAV remembers nine places of each part: the first and the last eight.
#[test]
fn more_than_nine_places() {
    let far = framed(&[b"xy".repeat(12), b"zz".to_vec()].concat());
    let near = framed(&[b"xy".repeat(9), b"zz".to_vec()].concat());
    only_we(&[("*:7879{18-18}7a7a", &far)]);
    let mut trial = Trial::default();
    trial.source("a.ndb", "Last:0:*:7879{14-14}7a7a\nFirst:0:*:7879{22-22}7a7a\n");
    trial.file("near", near).file("far", far);
    trial.assert_same();
}

/// Before the fixed bytes by which ClamAV looks for a part, it follows an element of varying length in
/// one way only, and never as nothing.
#[test]
fn elements_of_varying_length_before_fixed_bytes() {
    only_we(&[
        ("*:(62|)616164", &framed(b"caad")),
        ("*:(62|)616164", &framed(b"baad")),
        ("*:7a7a7a*(62|6363|)616165", &framed(b"zzz aae")),
    ]);
}

/// At an offset, ClamAV asks of such a part that all places where it might begin are allowed.
#[test]
fn elements_of_varying_length_at_an_offset() {
    only_we(&[("7:(W)(W)616164", b"\0\0\0\0....aad"), ("7:!(W)616164", b"\0\0\0\0...xaad")]);
    let mut trial = Trial::default();
    trial.source("a.ndb", "Floating:0:7,1:(W)(W)616164\n");
    trial.file("data", *b"\0\0\0\0....aad").assert_same();
}

/// A lone byte is looked for up to 31 bytes before its run.
#[test]
fn a_lone_byte_far_before_its_run() {
    let data = |distance: usize| framed(&[b"y", vec![b'.'; distance].as_slice(), b"deb"].concat());
    only_we(&[("*:79[1-32]646562", &data(32))]);
    let mut trial = Trial::default();
    trial.source("a.ndb", "Near:0:*:79[1-32]646562\n");
    trial.file("31", data(31)).file("33", data(33)).assert_same();
}

/// ClamAV mixes up bodies that differ in their lone bytes alone.
#[test]
fn bodies_that_differ_in_their_lone_bytes_alone() {
    let mut trial = Trial::default();
    trial.source("a.ndb", "Near:0:*:616263[0-0]7a\nFar:0:*:616263[3-3]7a\n");
    trial.file("near", framed(b"abcz")).file("far", framed(b"abc...z"));
    let ours: Vec<String> =
        trial.ours().into_iter().flat_map(|(file, name)| [file, name]).collect();
    assert_eq!(ours, ["far", "Far", "near", "Near"]);
    if clamscan_is_there() {
        let difference = trial.difference();
        assert!(!difference.missed.is_empty() && !difference.more.is_empty());
    }
}

/// Behind a boundary that takes a byte, ClamAV takes the end of the file for the last byte of the body.
#[test]
fn the_end_of_the_file_behind_a_boundary() {
    let mut trial = Trial::default();
    trial.source("a.ndb", "Behind:0:*:616263(W)7a7b\n");
    trial.file("cut", *b"\0\0\0\0abc.z").file("whole", *b"\0\0\0\0abc.z{");
    trial.file("other", *b"\0\0\0\0abc.zz").file("shorter", *b"\0\0\0\0abc.");
    let ours: Vec<String> = trial.ours().into_iter().map(|(file, _)| file).collect();
    assert_eq!(ours, ["whole"]);
    let difference = trial.difference();
    let missed: Vec<String> = difference.missed.into_iter().map(|(file, _)| file).collect();
    assert!(missed.is_empty() && !clamscan_is_there() || missed == ["cut"], "{missed:?}");
    assert!(difference.more.is_empty());
}

/// In files from 256 KiB on, ClamAV finds bodies without wildcards only at the start of the section.
#[test]
fn sections_of_large_programs() {
    let mut program = Program::new(32);
    let mut section = vec![b'.'; 0x50000];
    section[0x100..0x106].copy_from_slice(b"needle");
    program.sections = vec![section];
    let mut trial = Trial::default();
    trial.source("a.ndb", "Literal:1:SE2:6e6565646c65\nWild:1:SE2:6e65??646c65\n");
    trial.file("program", program.build());
    assert_eq!(trial.ours().len(), 2);
    let more: Vec<String> = trial.difference().more.into_iter().map(|(_, name)| name).collect();
    assert!(more.is_empty() && !clamscan_is_there() || more == ["Literal"], "{more:?}");
}

/// ClamAV does not look at files of five bytes and less.
#[test]
fn the_smallest_files() {
    let mut trial = Trial::default();
    trial.source("a.ndb", "Small:0:*:000061\n");
    trial.file("five", *b"\0\0\0\0a").file("six", *b"\0\0\0\0\0a");
    let more: Vec<String> = trial.difference().more.into_iter().map(|(file, _)| file).collect();
    assert!(more.is_empty() && !clamscan_is_there() || more == ["five"], "{more:?}");
}

fn judge(bodies: &[&str]) -> Tally {
    let line = |(number, body): (usize, &&str)| {
        format!("{};Engine:51-255,Target:0;0;{body}", name(number))
    };
    let lines = bodies.iter().enumerate().map(line).collect();
    let mut tally = Tally::default();
    Records { format: "ldb", lines, files: vec![framed(b"abcdef")] }.compare(&mut tally);
    tally
}

/// What ClamAV has no way to search for, and we have.
#[test]
fn bodies_that_only_we_take() {
    if !clamscan_is_there() {
        return;
    }
    let bodies = [
        "61(B)626364",
        "??(62|6363)616164",
        "!(61|62)6364::i",
        "6364!(61|62)::w",
        "6162*63646566!(66){200}6162::wi",
    ];
    let tally = judge(&bodies);
    assert_eq!(tally.taken.len(), bodies.len(), "{tally:#?}");
    let literal = Trial::default().source("a.ndb", "Two:0:*:6162\n").theirs();
    assert!(literal.is_err(), "two bytes");
}

/// What ClamAV reads leniently, so that a slip of the pen means something else than it says.
#[test]
fn bodies_that_only_we_refuse() {
    if !clamscan_is_there() {
        return;
    }
    let bodies = [
        "616263::i::i",
        "616263[1-2x]64",
        "616263[1-]64",
        "616263{-}6465",
        "616263{5-2}6465",
        "4294967295:616263",
        "4294967296:616263",
        "5,4294967296:616263",
    ];
    let tally = judge(&bodies);
    assert_eq!(tally.refused.len(), bodies.len(), "{tally:#?}");
}
