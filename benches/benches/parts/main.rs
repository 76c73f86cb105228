//! What each part of a scan costs, on input that is made by code and the same everywhere.
//!
//! `cargo bench -p pellucid-benches` runs it; a word behind `--` picks measurements. Beside each
//! search through bytes stands `read-sum`: the same bytes, only added up.

mod samples;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pellucid::identify::{FileType, identify};
use pellucid::input::Content;
use pellucid::inspect;
use pellucid::limits::{Budget, Cancel, Limits};
use pellucid::matcher::{Matcher, Scratch, Subject};
use pellucid::set::{SignatureSet, Unverified};
use pellucid::unpack::{self, Opening, Passwords};
use pellucid::{Engine, Input, ScanOptions};
use pellucid_benches::generate::{Databases, Donor, Wanted, generate};
use pellucid_benches::synthetic::program_text;
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};

/// Text to search, and other text to cut patterns from.
const TEXT: u64 = 1;
const DONOR: u64 = 2;

const MEBIBYTE: usize = 1 << 20;

criterion_group! {
    name = parts;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3));
    targets = identifying, layouts, digests, patterns, unpacking, small_scans, opening
}
criterion_main!(parts);

fn identifying(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("identify");
    for (name, bytes) in samples::kinds() {
        group.bench_function(name, |bencher| bencher.iter(|| identify(black_box(&bytes))));
    }
}

fn layouts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("layout");
    for (name, bytes) in [("pe", samples::pe()), ("elf", samples::elf())] {
        let found = identify(&bytes).found;
        assert!(inspect::layout(&bytes, &found).is_some(), "{name} is not understood");
        group.bench_function(name, |bencher| {
            bencher.iter(|| inspect::layout(black_box(&bytes), &found));
        });
    }
}

/// Digests are computed only for sizes that a set names.
fn digests(criterion: &mut Criterion) {
    let text = program_text(MEBIBYTE, TEXT);
    let mut group = criterion.benchmark_group("digests of 1 MiB");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("read-sum", |bencher| bencher.iter(|| sum(black_box(&text))));
    let (md5, sha256) = ("0".repeat(32), "0".repeat(64));
    let cases = [
        ("another size", format!("{md5}:{}:A\n", MEBIBYTE + 1)),
        ("md5", format!("{md5}:{MEBIBYTE}:A\n")),
        ("sha256", format!("{sha256}:{MEBIBYTE}:A\n")),
        ("md5 and sha256", format!("{md5}:{MEBIBYTE}:A\n{sha256}:{MEBIBYTE}:B\n")),
    ];
    for (name, hsb) in cases {
        let search = Search::new(&open(build("a.hsb", &hsb)));
        group.bench_function(name, |bencher| search.bench(bencher, &text));
    }
}

fn patterns(criterion: &mut Criterion) {
    let text = program_text(4 * MEBIBYTE, TEXT);
    let mut group = criterion.benchmark_group("patterns in 4 MiB");
    group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(10);
    group.bench_function("read-sum", |bencher| bencher.iter(|| sum(black_box(&text))));
    for count in [1, 10, 100, 1000, 10_000] {
        let search = Search::new(&open(build("a.ndb", &signatures(0, count).ndb)));
        let id = BenchmarkId::from_parameter(count);
        group.bench_function(id, |bencher| search.bench(bencher, &text));
    }
}

fn unpacking(criterion: &mut Criterion) {
    let files: Vec<_> = (0..16).map(|seed| program_text(64 << 10, seed)).collect();
    let plain: usize = files.iter().map(Vec::len).sum();
    let mut group = criterion.benchmark_group("unpack 1 MiB");
    group.throughput(Throughput::Bytes(plain as u64));
    let whole = files.concat();
    let archives = [
        (FileType::Gzip, samples::gzip(&whole)),
        (FileType::Tar, samples::tar(&files)),
        (FileType::Zip, samples::zip(&files)),
    ];
    for (file_type, bytes) in archives {
        assert_eq!(unpack_all(&bytes, file_type), plain, "{}", file_type.name());
        group.bench_function(file_type.name(), |bencher| {
            bencher.iter(|| unpack_all(black_box(&bytes), file_type));
        });
    }
}

/// What a small file costs before anything in it matters.
fn small_scans(criterion: &mut Criterion) {
    let text = program_text(4096, TEXT);
    let Databases { hdb, ndb } = signatures(1000, 1000);
    let sets = [
        ("1000 hashes", open(build("a.hdb", &hdb))),
        ("1000 patterns", open(build("a.ndb", &ndb))),
        ("built-in set", SignatureSet::builtin().expect("the built-in set is sound")),
    ];
    let mut group = criterion.benchmark_group("scan of 4 KiB");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("read-sum", |bencher| bencher.iter(|| sum(black_box(&text))));
    for (name, set) in sets {
        let engine = Engine::builder().set(set).build().expect("the set is sound");
        let options = ScanOptions::default();
        let report = engine.scan(Input::Memory(&text), &options);
        assert!(report.findings.is_empty(), "{name}: the text is clean");
        group.bench_function(name, |bencher| {
            bencher.iter(|| engine.scan(Input::Memory(black_box(&text)), &options));
        });
    }
}

/// From bytes in memory to a set, and from a set to an engine.
fn opening(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("opening");
    group.sample_size(10);
    for count in [1000, 100_000] {
        let set = build("a.hdb", &signatures(count, 0).hdb);
        group.throughput(Throughput::Bytes(set.len() as u64));
        let id = BenchmarkId::new("verify and open, hashes", count);
        group.bench_function(id, |bencher| {
            bencher.iter_batched(|| set.clone(), open, criterion::BatchSize::LargeInput);
        });
    }
    for count in [1000, 10_000] {
        let set = open(build("a.ndb", &signatures(0, count).ndb));
        group.throughput(Throughput::Elements(count));
        let id = BenchmarkId::new("make an engine, patterns", count);
        group.bench_function(id, |bencher| {
            bencher.iter(|| Engine::builder().set(set.clone()).build().expect("the set is sound"));
        });
    }
}

/// A matcher with what a search needs beside it.
struct Search {
    matcher: Matcher,
    budget: Budget,
}

impl Search {
    fn new(set: &SignatureSet) -> Self {
        let mut limits = Limits::default();
        limits.time = Duration::MAX;
        let matcher = Matcher::new(set).expect("the set is sound");
        Self { matcher, budget: Budget::new(limits, Cancel::new()) }
    }

    fn bench(&self, bencher: &mut criterion::Bencher<'_>, text: &[u8]) {
        let subject = Subject { types: identify(text).types(), ..Subject::new(text) };
        let (mut scratch, mut findings) = (Scratch::default(), Vec::new());
        bencher.iter(|| {
            findings.clear();
            let searched =
                self.matcher.search(black_box(&subject), &mut scratch, &self.budget, &mut findings);
            searched.expect("there is no limit to reach");
            findings.len()
        });
        assert!(findings.is_empty(), "the text is clean, so that all of it is searched");
    }
}

/// Signatures cut from text of the same kind as the searched one.
fn signatures(hashes: u64, patterns: u64) -> Databases {
    let donor = |_| Ok(Donor { bytes: program_text(MEBIBYTE, DONOR), program: None });
    generate(Wanted { hashes, patterns, seed: 1 }, 1, donor).expect("memory can be read")
}

fn build(name: &str, text: &str) -> Vec<u8> {
    let mut sources = SourceTree::new();
    sources.add(name, text);
    build_tree(sources, &BuildOptions::default().strict(true))
        .expect("the signatures are sound")
        .set
}

fn open(set: Vec<u8>) -> SignatureSet {
    let verified = Unverified::from_bytes(set).and_then(Unverified::verify);
    verified.and_then(SignatureSet::open).expect("the set is sound")
}

/// The least that looking at bytes can cost.
fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let rest = rest.iter().map(|&byte| u64::from(byte)).sum::<u64>();
    words.iter().fold(rest, |sum, &word| sum.wrapping_add(u64::from_le_bytes(word)))
}

/// Bytes that come out of a container.
fn unpack_all(bytes: &[u8], file_type: FileType) -> usize {
    let content = Content::borrowed(bytes);
    let budget = Budget::new(Limits::default(), Cancel::new());
    let found = identify(bytes).found;
    let found = found.into_iter().find(|found| found.file_type == file_type);
    let opening = Opening { budget: &budget, passwords: &Passwords::default() };
    let opened = found.and_then(|found| unpack::open(&content, found, &opening));
    let mut unpacker = opened.expect("the type is known").expect("the container is sound");
    let mut out = 0;
    while let Some(entry) = unpacker.next_entry(&budget) {
        out += entry.content.map_or(0, |content| content.len());
    }
    out
}
