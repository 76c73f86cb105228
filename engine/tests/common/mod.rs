//! What the tests of whole scans share: sets from text, and containers by code.

#![allow(dead_code)] // each test file uses its own part

use std::io::Write;

use pellucid::set::{SignatureSet, Unverified};
use pellucid::verdict::{Completeness, Report, Verdict};
use pellucid::{Engine, Input, ScanOptions};
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};

/// One source file.
pub(crate) struct Source<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
}

impl<'a> Source<'a> {
    pub(crate) fn new(name: &'a str, text: &'a str) -> Self {
        Self { name, text }
    }
}

/// A set from sources that must be right.
pub(crate) fn set(sources: &[Source<'_>]) -> SignatureSet {
    let mut tree = SourceTree::new();
    for source in sources {
        tree.add(source.name, source.text);
    }
    let build = build_tree(tree, &BuildOptions::default()).expect("a set");
    assert_eq!(build.report.total.refused, 0, "{:?}", build.report.diagnostics);
    let verified =
        Unverified::from_bytes(build.set).and_then(Unverified::verify).expect("verified");
    SignatureSet::open(verified).expect("opened")
}

pub(crate) fn engine(source: Source<'_>) -> Engine {
    engine_of(vec![set(&[source])])
}

/// An engine over a stack, bottom first.
pub(crate) fn engine_of(sets: Vec<SignatureSet>) -> Engine {
    sets.into_iter()
        .fold(Engine::builder(), |builder, set| builder.set(set))
        .build()
        .expect("engine")
}

pub(crate) fn memory(engine: &Engine, bytes: &[u8]) -> Report {
    engine.scan(Input::Memory(bytes), &ScanOptions::default())
}

pub(crate) fn clean(report: &Report) -> bool {
    (report.verdict, report.completeness) == (Verdict::Clean, Completeness::Complete)
}

pub(crate) fn reasons(report: &Report) -> Vec<String> {
    report.reasons().iter().map(ToString::to_string).collect()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub(crate) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).expect("memory");
    }
    builder.into_inner().expect("memory")
}

/// A ZIP archive of stored entries.
pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let size = u32::try_from(bytes.len()).expect("small").to_le_bytes();
        let offset = u32::try_from(archive.len()).expect("small").to_le_bytes();
        let name_length = u16::try_from(name.len()).expect("short").to_le_bytes();
        let crc = crc.sum().to_le_bytes();
        // Version, flags, method, time, date; then sizes and the lengths of name and extra field.
        let fields =
            [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &crc, &size, &size, &name_length, &[0; 2]];
        let fields = fields.concat();
        archive.extend([&b"PK\x03\x04"[..], &fields, name.as_bytes(), bytes].concat());
        let place = [&[0; 10][..], &offset].concat();
        directory.extend([&b"PK\x01\x02\x14\0"[..], &fields, &place, name.as_bytes()].concat());
    }
    let count = u16::try_from(files.len()).expect("few").to_le_bytes();
    let size = u32::try_from(directory.len()).expect("small").to_le_bytes();
    let offset = u32::try_from(archive.len()).expect("small").to_le_bytes();
    let end = [&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &size, &offset, &[0; 2]].concat();
    [archive, directory, end].concat()
}

pub(crate) fn md5(bytes: &[u8]) -> String {
    use md5::Digest;
    md5::Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
