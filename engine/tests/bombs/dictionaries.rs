//! Windows and models of gigabytes, asked for by a header of a few bytes.

use crate::{Bomb, defuse};

fn crc(bytes: &[u8]) -> [u8; 4] {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum().to_le_bytes()
}

/// An xz stream whose block asks for a window of 4 GiB and holds one stored piece.
fn xz() -> Vec<u8> {
    let flags = [0, 0];
    // Sizes of 4 * (2 + 1) bytes; LZMA2; a window of 4 GiB less one byte.
    let block = [2, 0, 0x21, 1, 40, 0, 0, 0];
    let data = [&[1, 4, 0][..], b"hello", &[0], &[0; 3]].concat();
    let head = [&b"\xfd7zXZ\0"[..], &flags, &crc(&flags)].concat();
    [&head[..], &block, &crc(&block), &data].concat()
}

/// The old form: properties, window, size; a stream of noise.
fn lzma() -> Vec<u8> {
    [&[0x5d, 0, 0, 0, 0x80][..], &[0xff; 8], &[0], &crate::noise(200)].concat()
}

fn lzip() -> Vec<u8> {
    [&b"LZIP\x01"[..], &[0x1d], &[0], &crate::noise(200)].concat()
}

/// A frame that asks for a window of `exponent + 10` bits and repeats one byte.
fn zstd(exponent: u8) -> Vec<u8> {
    let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, 0, exponent << 3];
    for last in [false, true] {
        // A block of one byte, 128 KiB times.
        let header = u32::from(last) | 1 << 1 | (128 << 10) << 3;
        bytes.extend(&header.to_le_bytes()[..3]);
        bytes.push(b'x');
    }
    bytes
}

/// A 7z archive of one file, packed by `coder` with its properties.
fn seven_zip(coder: &[u8]) -> Vec<u8> {
    let packed = crate::noise(200);
    let header = [
        &[1, 4, 6, 0, 1, 9, 0x80, 200, 0][..],
        &[7, 11, 1, 0, 1],
        coder,
        // What comes out: 256 MiB.
        &[12, 0xf0, 0, 0, 0, 0x10, 0, 0],
        &[5, 1, 17, 5, 0, b'a', 0, 0, 0, 0, 0],
    ];
    let header = header.concat();
    let place = [200_u64.to_le_bytes(), (header.len() as u64).to_le_bytes()].concat();
    let start = [&place[..], &crc(&header)].concat();
    [&b"7z\xbc\xaf\x27\x1c\0\x04"[..], &crc(&start), &start, &packed, &header].concat()
}

/// A RAR 5 archive of one file with a window of 4 GiB, packed by noise.
#[cfg(feature = "rar")]
fn rar() -> Vec<u8> {
    let block = |fields: &[u8]| {
        let sized = [&[u8::try_from(fields.len()).expect("short")][..], fields].concat();
        [&crc(&sized)[..], &sized].concat()
    };
    let main = block(&[1, 0, 0]);
    // File; with data; 200 bytes packed; no flags; 256 MiB; no attributes; method 3 with the largest
    // window of this version; Unix; name.
    let file = [2, 2, 0xc8, 1, 0, 0x80, 0x80, 0x80, 0x80, 1, 0, 0x80, 0x7b, 1, 1, b'a'];
    [&b"Rar!\x1a\x07\x01\0"[..], &main, &block(&file), &crate::noise(200)].concat()
}

#[test]
fn giant_dictionaries_take_no_memory() {
    let bombs = vec![
        Bomb::new("xz", xz(), &["truncated"]),
        Bomb::new("lzma", lzma(), &["corrupted"]),
        Bomb::new("lzip", lzip(), &["corrupted"]),
        Bomb::new("zstd of 2 GiB", zstd(21), &["limit:memory"]),
        Bomb::new("zstd of 1 TiB", zstd(30), &["limit:memory"]),
        Bomb::new(
            "7z LZMA",
            seven_zip(&[0x23, 3, 1, 1, 5, 0x5d, 0xff, 0xff, 0xff, 0xff]),
            &["limit:memory"],
        ),
        Bomb::new("7z LZMA2", seven_zip(&[0x21, 0x21, 1, 40]), &["limit:memory"]),
        Bomb::new("7z PPMd", seven_zip(&[0x23, 3, 4, 1, 5, 6, 0, 0, 0, 0xff]), &["limit:memory"]),
        #[cfg(feature = "rar")]
        Bomb::new("rar", rar(), &["limit:memory"]),
    ];
    defuse(bombs, |_| {});
}
