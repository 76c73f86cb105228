//! Builds a set of ClamAV databases and compressed copies: any bytes, an archive of any bytes behind a
//! good header, and whole databases with good lists of files and any content. What compiles must open.

#![no_main]

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;
use pellucid::set::{SignatureSet, Unverified};
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};
use sha2::{Digest, Sha256};

const NAMES: [&str; 6] = ["a.cvd", "a.cld", "a.cud", "a.cud.gz", "a.ndb.gz", "a.csv.GZ"];

const FILES: [&str; 12] = [
    "a.hdb", "b.ndb", "c.ldb", "d.cdb", "e.ign2", "f.mdb", "g.db", "h.cbc", "i.fp", "j.ftm",
    "k.crb", "README",
];

const HEADER: &str = "ClamAV-VDB:now:5:1:81:X:X:me:77";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn entry(name: &str, content: &[u8]) -> Vec<u8> {
    let named = format!("{name:\0<124}{:011o}\0", content.len());
    let plain = |sum: &str| format!("{named:\0<148}{sum:<8}");
    let sum: u64 = plain("").bytes().map(u64::from).sum();
    let mut entry = format!("{:\0<512}", plain(&format!("{sum:06o}"))).into_bytes();
    entry.extend(content);
    entry.resize(entry.len().next_multiple_of(512), 0);
    entry
}

/// An archive with a list of its files; each name once.
fn archive(files: &[(u8, &[u8])]) -> Vec<u8> {
    let (mut info, mut archive, mut seen) = (format!("{HEADER}\n"), Vec::new(), Vec::new());
    for &(name, content) in files {
        let name = FILES[usize::from(name) % FILES.len()];
        if !seen.contains(&name) {
            seen.push(name);
            let digest: String =
                Sha256::digest(content).iter().map(|b| format!("{b:02x}")).collect();
            info += &format!("{name}:{}:{digest}\n", content.len());
            archive.extend(entry(name, content));
        }
    }
    archive.extend(entry("a.info", info.as_bytes()));
    archive
}

fn database(compressed: bool, archive: &[u8]) -> Vec<u8> {
    let mut database = format!("{HEADER:512}").into_bytes();
    database.extend(if compressed { gzip(archive) } else { archive.to_vec() });
    database
}

/// Files out of the input: each is a byte that says which, content, and 0xff.
fn files(data: &[u8]) -> Vec<(u8, &[u8])> {
    let pieces = data.split(|&byte| byte == 0xff);
    pieces.filter_map(|piece| piece.split_first().map(|(&name, content)| (name, content))).collect()
}

fuzz_target!(|data: &[u8]| {
    let Some((&form, data)) = data.split_first() else { return };
    let mut tree = SourceTree::new();
    match form % 6 {
        0 | 1 => {
            let Some((&name, bytes)) = data.split_first() else { return };
            tree.add(NAMES[usize::from(name) % NAMES.len()], bytes);
        }
        packing @ (2 | 3) => {
            tree.add("a.cud", database(packing == 3, data));
        }
        packing => {
            tree.add("a.cud", database(packing == 5, &archive(&files(data))));
        }
    }
    let build = build_tree(tree, &BuildOptions::default());
    let report = match &build {
        Ok(build) => &build.report,
        Err(error) => error.report().expect("only a build without signatures fails"),
    };
    assert!(form % 6 < 4 || report.databases.len() == 1, "{report}");
    let left_out = report.total.skipped + report.total.refused;
    let told: u64 = report.diagnostics.iter().map(|said| said.records).sum();
    assert!(told == left_out || report.diagnostics_not_kept > 0, "{report}");
    let Ok(build) = build else { return };
    let verified = Unverified::from_bytes(build.set).and_then(Unverified::verify);
    SignatureSet::open(verified.expect("its own tree fits")).expect("its own rows are right");
});
