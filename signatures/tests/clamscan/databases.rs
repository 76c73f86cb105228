//! How databases come in: the oldest form of body signatures, unsigned databases, compressed or not.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest, Md5};
use sha2::Sha256;

use crate::table::framed;
use crate::trial::Trial;
use crate::{Case, hold};

const OLD: &[Case] = &[
    Case {
        format: "db",
        record: "#=6161{2}6262",
        hits: &[b"aa..bb", b"aaaaabbb"],
        misses: &[b"aa.bb", b"aa...bb"],
    },
    Case {
        format: "db",
        record: "#=6F6C64??(66|65)",
        hits: &[b"old.f", b"old.e"],
        misses: &[b"old.g", b"oldf"],
    },
];

#[test]
fn the_oldest_form() {
    hold(OLD, framed);
}

/// An archive of files as ClamAV's tools write it.
fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, text) in files {
        let mut block = [0; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..136].copy_from_slice(format!("{:011o}\0", text.len()).as_bytes());
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        archive.extend(block);
        archive.extend(text.as_bytes());
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn header(md5: &str) -> String {
    format!("ClamAV-VDB:21 Nov 2026 20-43 +0000:5:3:216:{md5}:X:me:1795293788")
}

fn database(body: &[u8]) -> Vec<u8> {
    let header = header(&digits(&Md5::digest(body)));
    [format!("{header:512}").as_bytes(), body].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn an_unsigned_database() {
    let files = [
        ("COPYING", "words\n"),
        ("some.ndb", "Body:0:*:626f6479\nPUA.Body:0:*:736c6f7665\n"),
        ("some.ldb", "Logic;Engine:51-255,Target:0;0&1;6c6f676963;626f6479\n"),
        ("some.hdb", "900150983cd24fb0d6963f7d28e17f72:3:Never\n"),
    ];
    let listed = files[1..]
        .iter()
        .map(|(name, text)| format!("{name}:{}:{}\n", text.len(), digits(&Sha256::digest(text))));
    let info = format!("{}\n{}", header("X"), listed.collect::<String>());
    let archive = [archive(&[("some.info", &info)]), archive(&files)].concat();
    for body in [archive.clone(), gzip(&archive)] {
        let mut trial = Trial::default();
        trial.source("some.cud", database(&body));
        for (name, text) in
            [("1", "a body here"), ("2", "body and logic"), ("3", "sloven love slove")]
        {
            trial.file(name, text);
        }
        trial.assert_same();
        assert_eq!(trial.ours().len(), 4);
    }
}
