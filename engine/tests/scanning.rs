//! Whole scans: what is found where, what is said of what was not looked at, and what survives.

mod common;

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{Source, clean, engine, engine_of, gzip, memory, set, tar, zip};
use pellucid::limits::Limits;
use pellucid::verdict::{Class, Completeness, Method, Reason, Verdict};
use pellucid::{Engine, EngineError, Input, ScanOptions};

const NEEDLE: &[u8] = b"needle-in-a-haystack";

fn needle_set() -> Source<'static> {
    Source::new("a.ndb", "Test.Needle:0:*:6e6565646c652d696e2d612d686179737461636b\n")
}

fn with(change: impl FnOnce(&mut Limits)) -> ScanOptions {
    let mut options = ScanOptions::default();
    change(&mut options.limits);
    options
}

#[test]
fn nothing_ever_scans_without_signatures() {
    assert!(matches!(Engine::builder().build(), Err(EngineError::NoSets)));
}

#[test]
fn a_finding_says_what_where_and_by_which_set() {
    let report = memory(&engine(needle_set()), &[b"some ", NEEDLE].concat());
    assert_eq!((report.verdict, report.completeness), (Verdict::Malicious, Completeness::Complete));
    let finding = &report.findings[0];
    assert_eq!(finding.name, "Test.Needle");
    assert_eq!((finding.class, finding.method), (Class::Malicious, Method::Pattern));
    assert_eq!(finding.offset, Some(5));
    assert_eq!(finding.set, "local/dev@0");
    assert_eq!(finding.source, "a.ndb");
    assert!(!report.sets[0].signed, "every result says that the set is unsigned");
}

#[test]
fn a_needle_is_found_through_every_container() {
    let inner = zip(&[("x.exe", NEEDLE)]);
    let outer = gzip(&tar(&[("readme", b"hello"), ("inner.zip", &inner)]));
    let report = memory(&engine(needle_set()), &outer);
    assert_eq!(report.verdict, Verdict::Malicious);
    let paths: Vec<_> = report.findings.iter().map(|f| report.object_path(f.object)).collect();
    assert!(paths.iter().any(|path| path.ends_with(&["inner.zip", "x.exe"])), "{paths:?}");
    assert_eq!(report.completeness, Completeness::Complete, "{:?}", report.reasons());
}

#[test]
fn digests_and_logical_signatures_hit() {
    let sources = [
        Source::new("a.csv", "900150983cd24fb0d6963f7d28e17f72,Test.Abc,3,pua\n"),
        Source::new(
            "b.ldb",
            "Test.Both;Engine:81-255,Target:0;0&1;6f6e652070617274;74776f2070617274\n",
        ),
    ];
    let engine = engine_of(vec![set(&sources)]);
    let report = memory(&engine, b"abc");
    assert_eq!((report.verdict, report.findings[0].method), (Verdict::Pua, Method::Hash));
    assert_eq!(memory(&engine, b"one part").verdict, Verdict::Clean);
    let report = memory(&engine, b"two part and one part");
    assert_eq!((report.verdict, report.findings[0].method), (Verdict::Malicious, Method::Logical));
}

#[test]
fn every_limit_of_nesting_gives_its_reason() {
    let engine = engine(needle_set());
    let mut nested = NEEDLE.to_vec();
    for _ in 0..5 {
        nested = gzip(&nested);
    }
    let options = with(|limits| limits.depth = 3);
    let report = engine.scan(Input::Memory(&nested), &options);
    assert_eq!(common::reasons(&report), ["limit:depth"]);
    assert_eq!((report.verdict, report.completeness), (Verdict::Clean, Completeness::Partial));

    let names: Vec<String> = (0..50).map(|number| format!("{number}.txt")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), NEEDLE)).collect();
    let options = with(|limits| limits.objects = 10);
    let report = engine.scan(Input::Memory(&tar(&many)), &options);
    assert_eq!(common::reasons(&report), ["limit:objects"]);
    assert_eq!(report.objects.len(), 10);
    assert_eq!(report.verdict, Verdict::Malicious, "what was found so far is kept");

    let bomb = gzip(&vec![0; 64 << 20]);
    let report = engine.scan(Input::Memory(&bomb), &with(|limits| limits.ratio = 100));
    assert_eq!(common::reasons(&report), ["limit:ratio"]);
    let report = engine.scan(Input::Memory(&bomb), &with(|limits| limits.total_bytes = 4 << 20));
    assert_eq!(common::reasons(&report), ["limit:total-bytes"]);
    let report = engine.scan(Input::Memory(&bomb), &with(|limits| limits.object_bytes = 4 << 20));
    assert_eq!(common::reasons(&report), ["limit:object-bytes"]);
    let report = engine.scan(Input::Memory(&bomb), &with(|limits| limits.memory = 4 << 20));
    assert_eq!(common::reasons(&report), ["limit:memory"]);
    let report = engine.scan(Input::Memory(&bomb), &with(|limits| limits.time = Duration::ZERO));
    assert_eq!(common::reasons(&report), ["limit:time"]);
    assert_eq!(report.completeness, Completeness::NotScanned);
}

#[test]
fn a_cancelled_scan_says_so() {
    let options = ScanOptions::default();
    options.cancel.cancel();
    let report = engine(needle_set()).scan(Input::Memory(NEEDLE), &options);
    assert_eq!(common::reasons(&report), ["cancelled"]);
    assert_eq!(report.completeness, Completeness::NotScanned);
}

#[test]
fn what_cannot_be_opened_is_not_clean() {
    let engine = engine(needle_set());
    let ace = [&[0; 7], &b"**ACE**"[..], &[0; 64]].concat();
    let report = memory(&engine, &tar(&[("a.ace", &ace)]));
    assert_eq!(common::reasons(&report), ["unsupported:ace"]);
    assert_eq!(report.completeness, Completeness::Partial);
    let problem = report.problems().next().expect("a problem");
    assert_eq!(report.object_path(problem.0), ["a.ace"]);
}

#[test]
fn an_upper_set_allows_and_removes() {
    let content = [b"prefix ", NEEDLE].concat();
    let digest = common::md5(&content);
    let allow = format!("{digest},Allowed.Tool,,trusted\n");
    let allow = set(&[Source::new("allow.csv", &allow)]);
    let base = || set(&[needle_set()]);
    let report = memory(&engine_of(vec![base(), allow.clone()]), &content);
    assert_eq!(report.verdict, Verdict::Trusted);
    let report = memory(&engine_of(vec![allow, base()]), &content);
    assert_eq!(report.verdict, Verdict::Malicious, "a lower set does not overrule an upper one");

    let remove = set(&[Source::new("set.toml", "removals = [\"Test.Needle\"]\n")]);
    let report = memory(&engine_of(vec![base(), remove.clone()]), &content);
    assert_eq!(report.verdict, Verdict::Clean);
    let report = memory(&engine_of(vec![remove, base()]), &content);
    assert_eq!(report.verdict, Verdict::Malicious);
}

#[test]
fn all_inputs_give_the_same_answer() {
    let engine = engine(needle_set());
    for padding in [0, 100_000, 300_000] {
        let content = [vec![b' '; padding], NEEDLE.to_vec()].concat();
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(&content).expect("written");
        let options = ScanOptions::default();
        let reports = [
            engine.scan(Input::Memory(&content), &options),
            engine.scan(Input::Path(file.path()), &options),
            engine.scan(Input::File(file.as_file()), &options),
            engine.scan(Input::Reader(&mut content.as_slice()), &options),
        ];
        for report in reports {
            assert_eq!(report.findings[0].offset, Some(padding as u64));
            assert_eq!(report.completeness, Completeness::Complete);
            assert_eq!(report.bytes, content.len() as u64);
        }
        let mut left = Vec::new();
        file.reopen().and_then(|mut file| file.read_to_end(&mut left)).expect("read");
        assert_eq!(left, content);
    }
}

#[test]
fn a_reader_that_fails_is_not_clean() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let report = engine(needle_set()).scan(Input::Reader(&mut Failing), &ScanOptions::default());
    assert_eq!(report.reasons(), [Reason::Unreadable]);
    assert_ne!(report.completeness, Completeness::Complete);
}

/// A file that shrinks and grows under scans never ends the process, read or mapped, and at least
/// one scan notices.
#[test]
fn a_file_that_changes_under_the_scan_is_survived_and_reported() {
    let engine = engine(needle_set());
    for mapped in [false, true] {
        if mapped {
            pellucid::input::survive_shrinking_maps().expect("the handler");
        }
        let file = tempfile::NamedTempFile::new().expect("a file");
        let path = file.path();
        file.as_file().set_len(8 << 20).expect("grown");
        let (done, mut noticed) = (AtomicBool::new(false), false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    file.as_file().set_len(4096).expect("shrunk");
                    file.as_file().set_len(8 << 20).expect("grown");
                }
            });
            for _ in 0..2000 {
                let report = engine.scan(Input::Path(path), &ScanOptions::default());
                noticed |= report.reasons().contains(&Reason::ChangedWhileScanning);
                if noticed {
                    break;
                }
            }
            done.store(true, Ordering::Relaxed);
        });
        assert!(noticed, "mapped: {mapped}");
    }
}

#[test]
fn a_thousand_threads_worth_of_scans_share_one_engine() {
    let engine = engine(needle_set());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..125 {
                    assert_eq!(memory(&engine, NEEDLE).verdict, Verdict::Malicious);
                    assert!(clean(&memory(&engine, b"nothing")));
                }
            });
        }
    });
}

/// Searches run in steps of some MiB: the last place of a part must be found wherever it lies to them,
/// and however far the first one lies before it. A search that left out the last byte of a step missed
/// patterns in large programs.
#[test]
fn the_last_place_of_a_part_counts() {
    let engine = engine(Source::new("a.ndb", "Far:0:*:6669727374*7365636f6e64\n"));
    for distance in [(4 << 20) - 12, (4 << 20) - 11, 4 << 20, (4 << 20) + 1, 9 << 20] {
        let between = vec![0; distance];
        let data = [&b"second"[..], &between, b"first", &[0; 9], b"second", &[0; 1000]].concat();
        let report = memory(&engine, &data);
        assert_eq!(report.verdict, Verdict::Malicious, "{distance} bytes between them");
    }
}

#[test]
fn content_may_come_in_pieces() {
    let engine = engine(needle_set());
    let mut stream = engine.stream(ScanOptions::default());
    for byte in [b"hay, ", NEEDLE].concat() {
        assert!(stream.write(&[byte]));
    }
    assert_eq!(stream.length(), 25);
    let report = stream.finish();
    assert_eq!((report.verdict, report.completeness), (Verdict::Malicious, Completeness::Complete));
    assert_eq!(report.findings[0].offset, Some(5));
    assert!(clean(&engine.stream(ScanOptions::default()).finish()), "nothing came");
}

#[test]
fn a_stream_beyond_the_memory_limit_is_cut_and_says_so() {
    let engine = engine(needle_set());
    let mut stream = engine.stream(with(|limits| limits.memory = 1000));
    assert!(stream.write(NEEDLE) && stream.write(&[b'x'; 480]));
    assert!(!stream.write(b"y") && !stream.write(NEEDLE), "what comes behind is left away");
    assert_eq!(stream.length(), 500);
    let report = stream.finish();
    assert_eq!(report.verdict, Verdict::Malicious);
    assert_eq!(report.completeness, Completeness::Partial);
    assert_eq!(common::reasons(&report), ["limit:memory"]);
}

#[test]
fn facts_are_kept_where_they_are_wanted() {
    let program = std::fs::read(std::env::current_exe().expect("a program")).expect("readable");
    let engine = engine(needle_set());
    let options = ScanOptions { facts: true, ..ScanOptions::default() };
    let report = engine.scan(Input::Memory(&program), &options);
    let facts = report.objects[0].facts.as_ref().expect("facts");
    assert!(facts.program.as_ref().is_some_and(|program| program.sections.len() > 5));
    assert!(memory(&engine, &program).objects[0].facts.is_none(), "nobody asked");
}
