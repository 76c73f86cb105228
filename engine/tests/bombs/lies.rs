//! Declared sizes that are lies: nothing is allocated from them.

use std::io::Write;

use crate::common::{gzip, tar, zip};
use crate::{Bomb, defuse};

/// A file of 8 EiB of holes, as GNU tar writes it, and one that only says its size.
fn sparse_tars() -> Vec<Bomb> {
    let size = [&[0x80, 0, 0, 0][..], &(i64::MAX.unsigned_abs()).to_be_bytes()].concat();
    let mut sparse = tar::Header::new_gnu();
    sparse.set_path("sparse").expect("a name");
    sparse.set_size(0);
    sparse.set_entry_type(tar::EntryType::GNUSparse);
    let gnu = sparse.as_gnu_mut().expect("GNU");
    gnu.realsize.copy_from_slice(&size);
    gnu.sparse[0].offset.copy_from_slice(&size);
    sparse.set_cksum();
    let mut plain = tar::Header::new_gnu();
    plain.set_path("plain").expect("a name");
    plain.set_size(1);
    plain.as_mut_bytes()[124..136].copy_from_slice(&size);
    plain.set_cksum();
    vec![
        Bomb::new(
            "8 EiB of holes",
            [sparse.as_bytes(), &[0; 1024][..]].concat(),
            &["limit:object-bytes"],
        ),
        Bomb::new("8 EiB declared", [plain.as_bytes(), &[7; 1024][..]].concat(), &["truncated"]),
    ]
}

#[test]
fn sparse_files_of_8_eib_end_at_the_size_of_an_object() {
    defuse(sparse_tars(), |_| {});
}

fn tool(program: &str, arguments: &[&str], out: &str) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    let content = b"a few bytes of content ".repeat(40);
    std::fs::write(folder.path().join("file"), content).expect("written");
    let mut command = std::process::Command::new(program);
    let status = command.args(arguments).current_dir(folder.path()).output();
    match status {
        Ok(output) if output.status.success() => std::fs::read(folder.path().join(out)).ok(),
        _ => {
            eprintln!("skipped: {program} is not installed, or cannot do this");
            None
        }
    }
}

/// One small file in every container that there is a writer for.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let mut mail =
        b"From: a\nTo: b\nSubject: c\nContent-Type: multipart/mixed; boundary=b\n\n".to_vec();
    mail.extend(b"--b\nContent-Transfer-Encoding: base64\n\naGVsbG8gd29ybGQ=\n--b--\n");
    let pdf = crate::codecs::pdf_stream("", b"content");
    let made = [
        ("7z", tool("7z", &["a", "out.7z", "file"], "out.7z")),
        ("7z of zip", tool("7z", &["a", "-mm=LZMA", "out.zip", "file"], "out.zip")),
        ("cpio", tool("sh", &["-c", "echo file | cpio -o -H newc > out"], "out")),
        ("old cpio", tool("sh", &["-c", "echo file | cpio -o > out"], "out")),
        ("ar", tool("ar", &["q", "out", "file"], "out")),
        ("xz", tool("xz", &["-k", "file"], "file.xz")),
        ("lzma", tool("xz", &["-k", "--format=lzma", "file"], "file.lzma")),
        ("lzip", tool("lzip", &["-k", "file"], "file.lz")),
        ("zstd", tool("zstd", &["-k", "file"], "file.zst")),
        ("lz4", tool("lz4", &["file", "file.lz4"], "file.lz4")),
        ("lzop", tool("lzop", &["-9", "file"], "file.lzo")),
        ("bzip2", tool("bzip2", &["-k", "file"], "file.bz2")),
        ("lha", tool("lha", &["c", "out.lzh", "file"], "out.lzh")),
        ("arj", tool("arj", &["a", "out.arj", "file"], "out.arj")),
        ("cab", tool("gcab", &["-cz", "out.cab", "file"], "out.cab")),
        ("iso", tool("genisoimage", &["-quiet", "-J", "-R", "-o", "out.iso", "file"], "out.iso")),
        ("squashfs", tool("mksquashfs", &["file", "out.sqfs", "-quiet"], "out.sqfs")),
    ];
    let mut samples = vec![
        ("zip", zip(&[("a", b"content of a")])),
        ("tar", tar(&[("a", b"content of a")])),
        ("gzip", gzip(b"content")),
        ("mail", mail),
        ("pdf", pdf),
        #[cfg(feature = "rar")]
        ("rar", rar()),
    ];
    samples.extend(made.into_iter().filter_map(|(name, bytes)| Some((name, bytes?))));
    samples
}

#[cfg(feature = "rar")]
fn rar() -> Vec<u8> {
    let mut builder = rars::Builder::new(rars::ArchiveVersion::Rar50);
    builder.add_bytes(b"a".to_vec(), b"content of a".to_vec(), None, None).expect("added");
    builder.to_bytes().expect("packed")
}

/// Every number that a header could hold, wherever it stands, says as much as it can: each run of four
/// and eight bytes in the first and the last of a file in turn, with the checksums of the headers as
/// they were, and, where a format has none, with all that they guard.
#[test]
fn declared_sizes_are_not_believed_in_any_format() {
    for (name, bytes) in samples() {
        let places = (0..bytes.len().min(400)).chain(bytes.len().saturating_sub(120)..bytes.len());
        let bombs = places.step_by(3).flat_map(|place| {
            [2, 4, 8].map(|width| {
                let mut lie = bytes.clone();
                let end = (place + width).min(lie.len());
                lie[place..end].fill(0xff);
                lie[end.saturating_sub(1)] = 0x7f;
                Bomb::new(format!("{name} at {place}, {width} bytes"), lie, &[])
            })
        });
        defuse(bombs, |limits| limits.memory = 24 << 20);
    }
}

/// A gzip stream whose length field says 4 GiB, and one behind it that says nothing.
#[test]
fn the_length_of_gzip_is_checked_and_not_believed() {
    let mut bytes = gzip(b"content");
    let end = bytes.len();
    bytes[end - 4..].fill(0xff);
    bytes.write_all(&gzip(b"more")).expect("memory");
    defuse([Bomb::new("gzip", bytes, &["corrupted"])], |limits| limits.memory = 1 << 20);
}
