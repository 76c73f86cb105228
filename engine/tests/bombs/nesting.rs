//! Nesting as deep as a format can say it, and archives in archives in the shape of `42.zip`.

use std::io::Write;

use crate::codecs::pdf_stream;
use crate::common::{gzip, tar};
use crate::{Bomb, defuse};

/// Archives of `width` archives each, `levels` deep, over a run of zeros: many times as much output as
/// any limit allows.
fn forty_two(width: usize, levels: usize) -> Vec<u8> {
    let mut inner = zip(&[("zeros".to_owned(), vec![0; 60_000])]);
    for _ in 0..levels {
        let entries: Vec<_> =
            (0..width).map(|number| (format!("{number}.zip"), inner.clone())).collect();
        inner = zip(&entries);
    }
    inner
}

/// A ZIP archive of deflated entries.
fn zip(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in entries {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).expect("memory");
        let packed = encoder.finish().expect("memory");
        let number = |length: usize| u32::try_from(length).expect("small").to_le_bytes();
        let fields = [
            &[20, 0, 0, 0, 8, 0, 0, 0, 0, 0][..],
            &crc.sum().to_le_bytes(),
            &number(packed.len()),
            &number(bytes.len()),
            &u16::try_from(name.len()).expect("short").to_le_bytes(),
            &[0; 2],
        ];
        let (fields, place) = (fields.concat(), number(archive.len()));
        archive.extend([&b"PK\x03\x04"[..], &fields, name.as_bytes(), &packed].concat());
        let record = [&b"PK\x01\x02\x14\0"[..], &fields, &[0; 10], &place, name.as_bytes()];
        directory.extend(record.concat());
    }
    let count = u16::try_from(entries.len()).expect("few").to_le_bytes();
    let numbers = [directory.len(), archive.len()];
    let numbers = numbers.map(|number| u32::try_from(number).expect("small").to_le_bytes());
    let end = [&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &numbers.concat(), &[0; 2]].concat();
    [archive, directory, end].concat()
}

#[test]
fn the_shape_of_42_zip_ends_at_the_objects() {
    defuse([Bomb::new("42.zip", forty_two(16, 5), &["limit:objects"])], |limits| {
        limits.total_bytes = 1 << 40;
    });
}

#[test]
fn layers_of_layers_end_at_the_depth() {
    let nested =
        |wrap: fn(Vec<u8>) -> Vec<u8>| (0..40).fold(b"inside".repeat(20), |inner, _| wrap(inner));
    let bombs = [
        ("gzip in gzip", nested(|inner| gzip(&inner))),
        ("tar in tar", nested(|inner| tar(&[("a", &inner)]))),
        ("zip in zip", nested(|inner| zip(&[("a".to_owned(), inner)]))),
        ("tar in gzip", nested(|inner| gzip(&tar(&[("a", &inner)])))),
        ("uuencode in uuencode", (0..18).fold(b"inside".repeat(9), |inner, _| uuencoded(&inner))),
        ("PDF in PDF", nested(|inner| pdf_stream("", &inner))),
    ];
    defuse(bombs.map(|(name, bytes)| Bomb::new(name, bytes, &["limit:depth"])), |_| {});
}

fn uuencoded(bytes: &[u8]) -> Vec<u8> {
    let mut text = b"begin 644 a\n".to_vec();
    for line in bytes.chunks(45) {
        let letter = |value: u8| if value == 0 { b'`' } else { value + 32 };
        text.push(letter(u8::try_from(line.len()).expect("short")));
        for three in line.chunks(3) {
            let byte = |index: usize| three.get(index).copied().unwrap_or(0);
            let (a, b, c) = (byte(0), byte(1), byte(2));
            let four = [a >> 2, (a & 3) << 4 | b >> 4, (b & 15) << 2 | c >> 6, c & 63];
            text.extend(four.map(letter));
        }
        text.push(b'\n');
    }
    text.extend(b"`\nend\n");
    text
}

/// Messages inside of messages; containers inside of containers; boundaries that nothing ends.
fn mails() -> [(&'static str, Vec<u8>); 3] {
    let head = "From: a\r\nTo: b\r\nSubject: c\r\nMIME-Version: 1.0\r\n";
    let enclosed = format!("{head}Content-Type: message/rfc822\r\n\r\n").repeat(20_000);
    let mut containers = head.to_owned();
    let mut unended = head.to_owned();
    for level in 0..20_000 {
        let opened =
            format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n");
        containers += &opened;
        unended += &format!("Content-Type: multipart/mixed; boundary=\"b{level}\r\n\r\n");
    }
    (0..20_000).rev().for_each(|level| containers += &format!("\r\n--b{level}--\r\n"));
    [
        ("messages in messages", enclosed.into_bytes()),
        ("containers in containers", containers.into_bytes()),
        ("containers without end", unended.into_bytes()),
    ]
}

#[test]
fn texts_that_nest_without_end_are_walked_flatly() {
    let depth = 100_000;
    let both = |front: &str, open: &str, middle: &str, close: &str| {
        [front, &open.repeat(depth), middle, &close.repeat(depth)].concat().into_bytes()
    };
    let bombs = [
        ("RTF groups", both("{\\rtf1 ", "{\\b ", "x", "}")),
        ("RTF objects", both("{\\rtf1 ", "{\\object{\\*\\objdata 01", "x", "}}")),
        ("PDF arrays", both("%PDF-1.7\n1 0 obj\n", "[", "1", "]")),
        ("PDF dictionaries", both("%PDF-1.7\n1 0 obj\n", "<</A ", "1", ">>")),
        ("PDF strings", both("%PDF-1.7\n1 0 obj\n<</JS ", "(", "x", ")")),
        ("XML", both("<?xml version=\"1.0\"?>", "<a>", "x", "</a>")),
        (
            "XML entities",
            both("<?xml version=\"1.0\"?><!DOCTYPE a [", "<!ENTITY a \"&a;&a;\">", "", ""),
        ),
        ("HTML", both("<html>", "<div><script>", "x", "</script></div>")),
        ("JavaScript", both("<script>", "(function(){", "x", "})()")),
    ];
    let bombs = bombs.map(|(name, bytes)| Bomb::new(name, bytes, &[]));
    defuse(bombs, |_| {});
    defuse(mails().map(|(name, bytes)| Bomb::new(name, bytes, &[])), |_| {});
}
