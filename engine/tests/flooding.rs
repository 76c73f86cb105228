//! Files and sets that are made to cost much: each ends in time, in bounded memory, and says so.

mod common;

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use common::{Source, engine, engine_of, memory, reasons, set, tar};
use pellucid::verdict::{Completeness, Verdict};
use pellucid::{Input, ScanOptions};

/// Ends far sooner than the work that is left.
fn briefly() -> ScanOptions {
    let mut options = ScanOptions::default();
    options.limits.time = Duration::from_millis(20);
    options
}

#[test]
fn the_clock_is_looked_at_where_one_literal_stands_for_many_patterns() {
    let mut source = String::new();
    for number in 0..2000 {
        writeln!(source, "Flood.{number}:0:*:6161*6161{number:08x}").expect("memory");
    }
    let engine = engine(Source::new("a.ndb", &source));
    let report = engine.scan(Input::Memory(&vec![b'a'; 3 << 20]), &briefly());
    assert_eq!(reasons(&report), ["limit:time"]);
}

#[test]
fn the_clock_is_looked_at_inside_of_one_wide_gap() {
    let choices: Vec<String> = (0..3000).map(|number| format!("{number:08x}")).collect();
    let source = format!("Gap:0:*:62626363{{0-4000000000}}6161({})\n", choices.join("|"));
    let engine = engine(Source::new("a.ndb", &source));
    let data = [&b"bbcc"[..], &vec![b'a'; 3 << 20]].concat();
    let report = engine.scan(Input::Memory(&data), &briefly());
    assert_eq!(reasons(&report), ["limit:time"]);
}

#[test]
fn a_file_full_of_a_later_part_is_decided_from_its_end() {
    let engine = engine(Source::new("a.ndb", "Last:0:*:7a7a*6161\n"));
    let data = [&b"zz"[..], &vec![b'a'; 8 << 20]].concat();
    let report = memory(&engine, &data);
    assert_eq!((report.verdict, report.completeness), (Verdict::Malicious, Completeness::Complete));
    assert_eq!(report.findings[0].offset, Some(0));
}

#[test]
fn counting_goes_no_further_than_the_expression_asks() {
    for (logic, hits) in [
        ("(0|1)>5", true),
        ("(0|1)=6", false),
        ("(0|1)<6", false),
        ("(0|1)>2998", true),
        ("(0|1)=2999", true),
        ("(0|1)>2999", false),
        ("(0|1)<3000", true),
    ] {
        let source = format!("Count;Engine:81-255,Target:0;{logic};0000;ffff\n");
        let engine = engine(Source::new("a.ldb", &source));
        let report = memory(&engine, &[0; 3000]);
        assert_eq!(report.verdict == Verdict::Malicious, hits, "{logic}");
    }
}

#[test]
fn findings_without_number_are_bounded_and_the_verdict_stays() {
    let (mut source, mut needle) = (String::new(), Vec::new());
    for number in 0..600_u32 {
        writeln!(source, "Many.{number}:0:*:7c7c{number:08x}").expect("memory");
        needle.extend([&b"||"[..], &number.to_be_bytes()].concat());
    }
    let engine = engine(Source::new("a.ndb", &source));
    let names: Vec<String> = (0..200).map(|number| number.to_string()).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &*needle)).collect();
    let report = memory(&engine, &tar(&files));
    assert_eq!(report.verdict, Verdict::Malicious);
    assert_eq!(reasons(&report), ["limit:memory"]);
    assert!(report.findings.len() < 101_000, "{}", report.findings.len());
    let last = report.objects.len() - 1;
    assert!(report.findings.iter().any(|finding| finding.object == last), "each object has one");
}

#[test]
fn a_file_of_holes_ends_in_time() {
    pellucid::input::survive_shrinking_maps().expect("handled");
    let engine = engine(Source::new("a.ndb", "Test:0:*:6162636465666768\n"));
    let starts: [&[u8]; 5] = [
        b"",
        b"%PDF-1.4\n",
        b"\xff\xd8\xff\xda\0\x02",
        b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0a",
        b"PK\x03\x04\x14\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0a",
    ];
    for start in starts {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(start).expect("written");
        file.set_len(1 << 38).expect("holes cost nothing");
        let report = engine.scan(Input::File(&file), &briefly());
        assert!(reasons(&report).contains(&"limit:time".to_owned()), "{start:02x?}");
        assert_ne!(report.completeness, Completeness::Complete);
    }
}

/// A PE whose sections all hold all of it: nine of them are digested, of thousands.
#[test]
fn sections_on_top_of_each_other_are_not_digested_without_end() {
    const SECTIONS: u16 = 1_000;
    let mut file = b"MZ".to_vec();
    file.resize(0x3c, 0);
    file.extend(0x40_u32.to_le_bytes());
    file.extend(b"PE\0\0\x4c\x01");
    file.extend(SECTIONS.to_le_bytes());
    file.extend([0; 12]);
    file.extend([224, 0, 2, 1, 0x0b, 0x01]);
    file.resize(0x40 + 24 + 32, 0);
    file.extend([0, 0x10, 0, 0, 0, 2, 0, 0]);
    file.resize(0x40 + 24 + 60, 0);
    file.extend(0x1000_u32.to_le_bytes());
    file.resize(0x40 + 24 + 224, 0);
    for number in 0..u32::from(SECTIONS) {
        let [address, pointer] =
            [0x1000 * (number + 1), 0x200 * (number % 3)].map(u32::to_le_bytes);
        file.extend(
            [&[0; 12][..], &address, &0x10_0000_u32.to_le_bytes(), &pointer, &[0; 16]].concat(),
        );
    }
    file.resize(0x10_0000, 0x90);
    let sources = [
        Source::new("a.mdb", "*:0123456789abcdef0123456789abcdef:Section:73\n"),
        Source::new("b.ndb", "Body:1:EOF-4:90909090\n"),
    ];
    let report = memory(&engine_of(vec![set(&sources)]), &file);
    assert_eq!(reasons(&report), ["limit:facts"]);
    assert_eq!(report.findings[0].name, "Body", "the rest of the search goes on");
}

/// Signatures of every kind that is looked for late, with the pieces that they are found by.
fn late_signatures(count: u64) -> Vec<(bool, String, Vec<Vec<u8>>)> {
    let piece = |seed: u64, length: usize| -> Vec<u8> {
        let mut number = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            b'a' + (number >> 40) as u8 % 26
        };
        (0..length).map(|_| next()).collect()
    };
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let signature = |number: u64| {
        let lengths = [20, 4 + number as usize % 16, 5 + number as usize % 13];
        let pieces: Vec<Vec<u8>> =
            (0..).zip(lengths).map(|(part, length)| piece(number * 8 + part, length)).collect();
        let all: Vec<String> = pieces.iter().map(|piece| hex(piece)).collect();
        let [a, b, c] = all.as_slice() else { unreachable!("three pieces") };
        let name = format!("Late{number}");
        let head = format!("{name};Engine:81-255,Target:0");
        let (logical, text) = match number % 6 {
            0 => (true, format!("{head};0&1&2;{a};{b};{c}")),
            1 => (true, format!("{head};0&(1|2);{a};{b}::i;{c}")),
            2 => (true, format!("{head};0&1>1&2;{a};{b};{c}")),
            3 => (true, format!("{head};0&1;{a};{b}*{c}")),
            4 => (false, format!("{name}:0:*:{a}*{b}*{c}")),
            _ => (false, format!("{name}:0:*:{a}{{-300}}{b}*{c}")),
        };
        (logical, text, pieces)
    };
    (0..count).map(signature).collect()
}

#[test]
fn many_at_once_are_found_as_few_are() {
    let signatures = late_signatures(240);
    let engine_of_some = |some: &[(bool, String, Vec<Vec<u8>>)]| {
        let text = |logical: bool| {
            let lines = some.iter().filter(|it| it.0 == logical).map(|it| it.1.clone() + "\n");
            lines.collect::<String>()
        };
        let (bodies, logicals) = (text(false), text(true));
        engine_of(vec![set(&[Source::new("a.ndb", &bodies), Source::new("a.ldb", &logicals)])])
    };
    let all = engine_of_some(&signatures);
    let few: Vec<_> = signatures.chunks(6).map(engine_of_some).collect();
    let mut found_some = 0;
    // By how much there is to search, probes stand at other distances.
    let fillers = [0, 60_001, 250_003, 1_000_007, 0, 0];
    for (round, filler) in (0_u64..).zip(fillers) {
        let mut data = vec![b'.'; filler];
        for (number, (_, _, pieces)) in (0_u64..).zip(&signatures) {
            let choice = (number * 7 + round * 13) ^ (number >> 3);
            for (part, piece) in (0..).zip(pieces) {
                // Sometimes one is missing, in capitals, twice, or in the wrong place.
                match (choice >> part) % 8 {
                    0 => {}
                    1 => data.extend(piece.to_ascii_uppercase()),
                    2 => data.extend([piece.as_slice(), b"-", piece.as_slice()].concat()),
                    3 => data.splice(0..0, piece.iter().copied()).for_each(drop),
                    _ => data.extend(piece),
                }
                data.resize(data.len() + choice as usize % 17, b'.');
            }
        }
        let names = |engine| -> Vec<String> {
            memory(engine, &data).findings.into_iter().map(|finding| finding.name).collect()
        };
        let mut expected: Vec<String> = few.iter().flat_map(names).collect();
        let mut found = names(&all);
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "round {round}");
        found_some += found.len();
    }
    assert!((100..1200).contains(&found_some), "{found_some} of 1440");
}
