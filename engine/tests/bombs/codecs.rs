//! Ratio bombs in every codec: runs of one byte, packed by another tool where there is one.
//!
//! Codecs whose densest stream stays below the default ratio meet a lower one.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Bomb, defuse};

/// More than a fresh object may have before its ratio counts, by far.
const ZEROS: usize = 5 << 20;

/// The file that a tool makes of a file `zeros` in its folder.
fn made(arguments: &[&str]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("zeros"), vec![0; ZEROS]).expect("written");
    let (program, rest) = arguments.split_first().expect("a program");
    run(folder.path(), program, rest)?;
    let files = std::fs::read_dir(folder.path()).expect("the folder");
    let mut files = files.map(|file| file.expect("a file").path());
    // Some tools add an extension of their own.
    let out = files.find(|path| !path.ends_with("zeros")).expect("what the tool made");
    Some(std::fs::read(out).expect("read"))
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    match command.output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("skipped: {program} is not installed");
            None
        }
        Err(error) => panic!("{program}: {error}"),
        Ok(output) => {
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{program} {arguments:?}: {errors}");
            Some(output.stdout)
        }
    }
}

/// What a tool writes to its standard output about the file `zeros`.
fn piped(arguments: &[&str]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("zeros"), vec![0; ZEROS]).expect("written");
    let (program, rest) = arguments.split_first().expect("a program");
    run(folder.path(), program, rest)
}

#[test]
fn streams_of_other_tools_end_at_the_ratio() {
    let tools: [&[&str]; 8] = [
        &["gzip", "-9c", "zeros"],
        &["bzip2", "-9c", "zeros"],
        &["xz", "-9c", "zeros"],
        &["xz", "--format=lzma", "-9c", "zeros"],
        &["lzip", "-9c", "zeros"],
        &["zstd", "-19c", "zeros"],
        &["lz4", "-9c", "zeros"],
        &["compress", "-c", "zeros"],
    ];
    let bombs = tools
        .iter()
        .filter_map(|tool| Some(Bomb::new(tool.join(" "), piped(tool)?, &["limit:ratio"])));
    defuse(bombs, |limits| limits.ratio = 200);
}

#[test]
fn archives_of_other_tools_end_at_the_ratio() {
    let tools: [&[&str]; 15] = [
        &["7z", "a", "-tzip", "-mm=Deflate", "out", "zeros"],
        &["7z", "a", "-tzip", "-mm=Deflate64", "out", "zeros"],
        &["7z", "a", "-tzip", "-mm=BZip2", "out", "zeros"],
        &["7z", "a", "-tzip", "-mm=LZMA", "out", "zeros"],
        &["7z", "a", "-tzip", "-mm=PPMd", "out", "zeros"],
        &["7z", "a", "-t7z", "-m0=LZMA", "out", "zeros"],
        &["7z", "a", "-t7z", "-m0=LZMA2", "out", "zeros"],
        &["7z", "a", "-t7z", "-m0=PPMd", "out", "zeros"],
        &["7z", "a", "-t7z", "-m0=BZip2", "out", "zeros"],
        &["7z", "a", "-t7z", "-m0=Deflate", "out", "zeros"],
        &["7z", "a", "-t7z", "-m0=Deflate64", "out", "zeros"],
        &["lha", "c", "out", "zeros"],
        &["arj", "a", "out", "zeros"],
        &["gcab", "-cz", "out", "zeros"],
        &["lzop", "-9", "-o", "out", "zeros"],
    ];
    let bombs = tools
        .iter()
        .filter_map(|tool| Some(Bomb::new(tool.join(" "), made(tool)?, &["limit:ratio"])));
    defuse(bombs, |limits| limits.ratio = 100);
}

#[cfg(feature = "rar")]
#[test]
fn rar_of_every_version_ends_at_a_limit() {
    use rars::{ArchiveVersion, Builder};
    let versions = [
        ArchiveVersion::Rar15,
        ArchiveVersion::Rar20,
        ArchiveVersion::Rar29,
        ArchiveVersion::Rar50,
    ];
    let bombs = versions.into_iter().map(|version| {
        let mut builder = Builder::new(version);
        builder.add_bytes(b"zeros".to_vec(), vec![0; 2 << 20], None, None).expect("added");
        Bomb::new(format!("{version:?}"), builder.to_bytes().expect("packed"), &["limit:ratio"])
    });
    defuse(bombs, |limits| limits.ratio = 10);
}

/// Codes of a growing number of bits, lowest bit first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    bits: u64,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u64, count: u32) -> &mut Self {
        self.bits |= value << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.bits.to_le_bytes()[0]);
            self.bits >>= 8;
            self.count -= 8;
        }
        self
    }

    fn finish(mut self) -> Vec<u8> {
        self.put(0, 7);
        self.bytes
    }
}

/// LZW of one long run: every code stands for one byte more than the code before. In ZIP's `shrink`
/// an encoder announces wider codes; the code 256 is no string.
fn shrunk_run() -> Vec<u8> {
    let mut bits = Bits::default();
    let mut width = 9;
    bits.put(0, width);
    for code in 257..8190_u64 {
        while code >> width != 0 {
            bits.put(256, width).put(1, width);
            width += 1;
        }
        bits.put(code, width);
    }
    bits.finish()
}

/// A byte, then its repetition at the greatest length that one match has.
fn reduced_run() -> Vec<u8> {
    [&[0; 192][..], b"x", &[144, 127, 255, 0].repeat(1 << 15)].concat()
}

/// Trees of even lengths, a literal, then the longest of matches.
fn imploded_run() -> Vec<u8> {
    let mut bits = Bits::default();
    let tree = |bits: &mut Bits, groups: u64, group: u64| {
        bits.put(groups - 1, 8);
        for _ in 0..groups {
            bits.put(group, 8);
        }
    };
    tree(&mut bits, 16, 0xf7);
    tree(&mut bits, 4, 0xf5);
    tree(&mut bits, 4, 0xf5);
    let code = |symbol: u32| u64::from((63 - symbol).reverse_bits() >> 26);
    bits.put(1, 1).put(u64::from((!b'x').reverse_bits()), 8);
    for _ in 0..1 << 15 {
        bits.put(0, 1).put(0, 7).put(code(0), 6).put(code(63), 6).put(255, 8);
    }
    bits.finish()
}

/// One entry whose header says any size.
fn zip_of(method: u16, flags: u16, packed: &[u8]) -> Vec<u8> {
    let size = u32::try_from(packed.len()).expect("small").to_le_bytes();
    let fields = [
        &[20, 0][..],
        &flags.to_le_bytes(),
        &method.to_le_bytes(),
        &[0; 8],
        &size,
        &u32::MAX.saturating_sub(1).to_le_bytes(),
        &[1, 0, 0, 0],
    ];
    let fields = fields.concat();
    let local = [&b"PK\x03\x04"[..], &fields, b"a", packed].concat();
    let directory = [&b"PK\x01\x02\x14\0"[..], &fields, &[0; 14], b"a"].concat();
    let lengths = [directory.len(), local.len()];
    let lengths = lengths.map(|length| u32::try_from(length).expect("small").to_le_bytes());
    let end = [&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &lengths.concat(), &[0; 2]].concat();
    [local, directory, end].concat()
}

#[test]
fn the_oldest_methods_of_zip_end_at_the_ratio() {
    let bombs = [
        ("shrink", zip_of(1, 0, &shrunk_run())),
        ("reduce 1", zip_of(2, 0, &reduced_run())),
        ("reduce 4", zip_of(5, 0, &reduced_run())),
        ("implode", zip_of(6, 6, &imploded_run())),
    ];
    let bombs = bombs.map(|(name, bytes)| Bomb::new(name, bytes, &["limit:ratio"]));
    defuse(bombs, |limits| limits.ratio = 10);
}

#[test]
fn methods_that_zip_took_over_end_at_the_ratio() {
    let of = |tool: &[&str], method| Some(zip_of(method, 0, &piped(tool)?));
    let bombs = [
        ("xz", of(&["xz", "-9c", "zeros"], 95)),
        ("Zstandard", of(&["zstd", "-19c", "zeros"], 93)),
    ];
    let bombs = bombs.into_iter();
    let bombs = bombs.filter_map(|(name, bytes)| Some(Bomb::new(name, bytes?, &["limit:ratio"])));
    defuse(bombs, |_| {});
}

/// SZDD: matches of 18 bytes for two.
#[test]
fn szdd_ends_at_the_ratio() {
    let head = [&b"SZDD\x88\xf0\x27\x33A\0"[..], &0x7fff_ffff_u32.to_le_bytes()].concat();
    let group = [&[0][..], &[0xf0, 0xff].repeat(8)].concat();
    let dense = [&head[..], &group.repeat(20_000)].concat();
    defuse([Bomb::new("SZDD", dense, &["limit:ratio"])], |limits| limits.ratio = 3);
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub(crate) fn pdf_stream(filters: &str, data: &[u8]) -> Vec<u8> {
    let length = data.len();
    let head = format!("%PDF-1.7\n1 0 obj\n<< /Length {length} /Filter [{filters}] >>\nstream\n");
    [head.as_bytes(), data, b"\nendstream\nendobj\n%%EOF\n"].concat()
}

/// PDF's LZW of one long run, highest bit first: a clearing, then codes each one longer.
fn pdf_lzw_run() -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u64, 0_u32);
    let mut put = |value: u64, width: u32| {
        bits = bits << width | value;
        count += width;
        while count >= 8 {
            count -= 8;
            bytes.push((bits >> count).to_le_bytes()[0]);
        }
    };
    for _ in 0..4 {
        put(256, 9);
        put(0, 9);
        let width = |code: u64| 64 - (code + 1).leading_zeros();
        (258..4093_u64).for_each(|code| put(code, width(code).max(9)));
        put(256, 12);
    }
    bytes
}

#[test]
fn chains_of_pdf_filters_end_at_the_ratio() {
    let zeros = vec![0; 16 << 20];
    let twice = deflated(&deflated(&zeros));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let run = [129, 0].repeat(100_000);
    let bombs = [
        ("Flate", pdf_stream("/FlateDecode", &deflated(&zeros))),
        ("Flate twice", pdf_stream("/FlateDecode /FlateDecode", &twice)),
        (
            "hexadecimal, then Flate twice",
            pdf_stream("/ASCIIHexDecode /FlateDecode /FlateDecode", hex(&twice).as_bytes()),
        ),
        ("LZW", pdf_stream("/LZWDecode", &pdf_lzw_run())),
        ("Flate, then RunLength", pdf_stream("/FlateDecode /RunLengthDecode", &deflated(&run))),
        ("a hundred filters", pdf_stream(&"/FlateDecode ".repeat(100), &deflated(&zeros))),
    ];
    let ends = |name: &str| if name == "a hundred filters" { vec![] } else { vec!["limit:ratio"] };
    let bombs = bombs.map(|(name, bytes)| Bomb::new(name, bytes, &ends(name)));
    defuse(bombs, |limits| limits.ratio = 100);
}
