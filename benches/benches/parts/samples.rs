//! Small files of many kinds, made by code.

use std::io::Write;

use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, Crc};
use pellucid_benches::synthetic::program_text;

/// One file of each kind whose recognition takes a way of its own, with its name.
pub(crate) fn kinds() -> Vec<(&'static str, Vec<u8>)> {
    let files = [b"first".to_vec(), b"second".to_vec()];
    vec![
        ("pe", pe()),
        ("elf", elf()),
        ("zip", zip(&files)),
        ("gzip", gzip(b"content")),
        ("tar", tar(&files)),
        ("pdf", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n".to_vec()),
        ("html", b"<!DOCTYPE html><html><body><p>text</p></body></html>\n".repeat(20)),
        ("shell", b"#!/bin/sh\nset -e\necho \"$1\"\n".repeat(20)),
        ("text", b"One line of plain text after another.\n".repeat(100)),
        ("data of 64 KiB", program_text(64 << 10, 7)),
    ]
}

/// Writes little-endian fields at their offsets into zeros.
fn fields(size: usize, fields: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; size];
    for (offset, field) in fields {
        let room = bytes.get_mut(*offset..).unwrap_or_default();
        room.iter_mut().zip(*field).for_each(|(byte, value)| *byte = *value);
    }
    bytes
}

/// A 64-bit Windows program of one section.
pub(crate) fn pe() -> Vec<u8> {
    const HEADER: usize = 64;
    const OPTIONAL: usize = HEADER + 24;
    const SECTION: usize = OPTIONAL + 240;
    let mut file = fields(
        0x400,
        &[
            (0, b"MZ"),
            (60, &[64]),
            (HEADER, b"PE\0\0\x64\x86\x01"),
            (HEADER + 20, &[240, 0, 0x22]),
            (OPTIONAL, &[0x0b, 0x02]),
            (OPTIONAL + 16, &0x1000_u32.to_le_bytes()),
            (OPTIONAL + 24, &0x1_4000_0000_u64.to_le_bytes()),
            (OPTIONAL + 32, &0x1000_u32.to_le_bytes()),
            (OPTIONAL + 36, &0x200_u32.to_le_bytes()),
            (OPTIONAL + 56, &0x3000_u32.to_le_bytes()),
            (OPTIONAL + 60, &0x200_u32.to_le_bytes()),
            (OPTIONAL + 108, &[16]),
            (SECTION, b".text"),
            (SECTION + 8, &0x1000_u32.to_le_bytes()),
            (SECTION + 12, &0x1000_u32.to_le_bytes()),
            (SECTION + 16, &0x1000_u32.to_le_bytes()),
            (SECTION + 20, &0x200_u32.to_le_bytes()),
        ],
    );
    file.truncate(0x200);
    file.extend(program_text(0x1000, 3));
    file
}

/// A 64-bit Unix program of one segment.
pub(crate) fn elf() -> Vec<u8> {
    const SEGMENT: usize = 64;
    let mut file = fields(
        0x1000,
        &[
            (0, b"\x7fELF\x02\x01\x01"),
            (16, &[2, 0, 62, 0, 1]),
            (24, &0x40_1000_u64.to_le_bytes()),
            (32, &[64]),
            (52, &[64, 0, 56, 0, 1]),
            (SEGMENT, &[1, 0, 0, 0, 5]),
            (SEGMENT + 16, &0x40_0000_u64.to_le_bytes()),
            (SEGMENT + 32, &0x2000_u64.to_le_bytes()),
            (SEGMENT + 40, &0x2000_u64.to_le_bytes()),
        ],
    );
    file.extend(program_text(0x1000, 4));
    file
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).and_then(|()| encoder.finish()).expect("memory can be written")
}

pub(crate) fn tar(files: &[Vec<u8>]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (number, content) in files.iter().enumerate() {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder
            .append_data(&mut header, format!("file{number}"), content.as_slice())
            .expect("memory can be written");
    }
    builder.into_inner().expect("memory can be written")
}

/// A ZIP archive of deflated members.
pub(crate) fn zip(files: &[Vec<u8>]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (number, content) in files.iter().enumerate() {
        let name = format!("file{number}");
        let offset = u32_of(archive.len());
        let packed = deflate(content);
        let common = member_fields(content, &packed, &name);
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend(name.bytes());
        archive.extend(&packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        // Comment's length, disk, attributes: none.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.bytes());
    }
    let count = u16_of(files.len()).to_le_bytes();
    let start = u32_of(archive.len());
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count, count].concat());
    archive.extend([u32_of(directory.len()).to_le_bytes(), start.to_le_bytes()].concat());
    archive.extend([0; 2]);
    archive
}

/// What local and central header have in common: from the version needed to the lengths.
fn member_fields(content: &[u8], packed: &[u8], name: &str) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(content);
    // Version 2.0, no flags, deflated, no time.
    let mut fields = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
    for number in [crc.sum(), u32_of(packed.len()), u32_of(content.len())] {
        fields.extend(number.to_le_bytes());
    }
    fields.extend(u16_of(name.len()).to_le_bytes());
    fields.extend([0; 2]);
    fields
}

fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).and_then(|()| encoder.finish()).expect("memory can be written")
}

fn u32_of(length: usize) -> u32 {
    u32::try_from(length).expect("samples are small")
}

fn u16_of(length: usize) -> u16 {
    u16::try_from(length).expect("samples are small")
}
