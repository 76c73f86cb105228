//! Makers of the binary formats that samples come in: as little of each format as the rules and
//! an honest parser need, all sizes and offsets true.

/// Bytes without order, the same in every run (xorshift64*).
pub(super) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    (0..length)
        .map(|_| {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 56) as u8
        })
        .collect()
}

/// UTF-16, little-endian, without a byte order mark.
pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Base64 with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0, |group, byte| group << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let value = group >> (18 - 6 * digit) & 63;
            text.push(if digit <= chunk.len() { base64_digit(value as u8) } else { '=' });
        }
    }
    text
}

fn base64_digit(value: u8) -> char {
    char::from(match value {
        0..26 => b'A' + value,
        26..52 => b'a' + value - 26,
        52..62 => b'0' + value - 52,
        62 => b'+',
        _ => b'/',
    })
}

/// A ZIP archive of stored entries (APPNOTE 4.3).
pub(super) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in entries {
        let fields = zip_fields(name, data);
        let offset = archive.len() as u32;
        archive.extend(b"PK\x03\x04");
        archive.extend(&fields);
        archive.extend([name.as_bytes(), data].concat());
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&fields);
        directory.extend([0; 10]); // comment, disk, attributes
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, count) = (archive.len() as u32, entries.len() as u16);
    let size = directory.len() as u32;
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    archive.extend([size.to_le_bytes(), start.to_le_bytes()].concat());
    archive.extend([0; 2]);
    archive
}

/// What a local header and an entry of the directory have in common: version to extra length.
fn zip_fields(name: &str, data: &[u8]) -> Vec<u8> {
    let mut fields = vec![0x14, 0, 0, 0x08, 0, 0, 0, 0, 0x21, 0x28]; // UTF-8 names, stored
    fields.extend(crc32(data).to_le_bytes());
    fields.extend((data.len() as u32).to_le_bytes());
    fields.extend((data.len() as u32).to_le_bytes());
    fields.extend((name.len() as u16).to_le_bytes());
    fields.extend([0; 2]);
    fields
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// A shortcut (MS-SHLLINK) with a relative path, arguments and a show command (1 normal,
/// 7 minimised).
pub(super) fn lnk(target: &str, arguments: &str, show: u32) -> Vec<u8> {
    let mut link = Vec::new();
    link.extend(0x4C_u32.to_le_bytes());
    link.extend(b"\x01\x14\x02\0\0\0\0\0\xC0\0\0\0\0\0\0\x46");
    link.extend(0xA8_u32.to_le_bytes()); // relative path, arguments, Unicode
    link.resize(0x3C, 0);
    link.extend(show.to_le_bytes());
    link.resize(0x4C, 0);
    for text in [target, arguments] {
        link.extend((text.encode_utf16().count() as u16).to_le_bytes());
        link.extend(utf16(text));
    }
    link.extend([0; 4]);
    link
}

/// The signature of an OLE compound file and a first sector, then these runs of bytes.
pub(super) fn ole(parts: &[&[u8]]) -> Vec<u8> {
    let mut file = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    file.resize(512, 0);
    for part in parts {
        file.extend(*part);
        file.extend([0; 16]);
    }
    file
}

/// One section of a PE file; without data it is memory to be filled at run time.
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) data: Vec<u8>,
    pub(super) flags: u32,
}

pub(super) const CODE: u32 = 0x6000_0020;
pub(super) const WRITABLE_CODE: u32 = 0xE000_0020;

/// A 32-bit Windows program (PE/COFF) made of these sections and one of imports, its entry at the
/// start of section `entry`. `dot_net` fills the directory that makes it a .NET program.
pub(super) fn pe(sections: Vec<Section>, entry: usize, imports: u32, dot_net: bool) -> Vec<u8> {
    let mut sections = sections;
    let import_rva = 0x1000 + sections.iter().map(|section| span(&section.data)).sum::<u32>();
    let data = import_section(import_rva, imports);
    sections.push(Section { name: ".idata", data, flags: 0xC000_0040 });
    let entry_rva = 0x1000 + sections.iter().take(entry).map(|s| span(&s.data)).sum::<u32>();
    let mut file = pe_headers(sections.len() as u16, entry_rva, import_rva, dot_net);
    let (mut rva, mut offset) = (0x1000, 0x400);
    for Section { name, data, flags } in &sections {
        let stored = padded(data.len() as u32, 0x200);
        let mut header = name.as_bytes().to_vec();
        header.resize(8, 0);
        let numbers =
            [span(data), rva, stored, if stored == 0 { 0 } else { offset }, 0, 0, 0, *flags];
        header.extend(numbers.map(u32::to_le_bytes).concat());
        file.extend(header);
        (rva, offset) = (rva + span(data), offset + stored);
    }
    file.resize(0x400, 0);
    for Section { data, .. } in sections {
        file.extend(&data);
        file.resize(padded(file.len() as u32, 0x200) as usize, 0);
    }
    file
}

fn padded(length: u32, unit: u32) -> u32 {
    length.div_ceil(unit) * unit
}

fn span(data: &[u8]) -> u32 {
    padded((data.len() as u32).max(1), 0x1000)
}

/// DOS header, PE header and optional header, up to the section table.
fn pe_headers(sections: u16, entry: u32, import_rva: u32, dot_net: bool) -> Vec<u8> {
    let mut file = b"MZ".to_vec();
    file.resize(0x3C, 0);
    file.extend(0x40_u32.to_le_bytes());
    file.extend(b"PE\0\0\x4C\x01");
    file.extend(sections.to_le_bytes());
    file.extend([0; 12]);
    file.extend(b"\xE0\0\x02\x01"); // size of the optional header; executable, 32 bit
    file.extend(b"\x0B\x01\0\0");
    let sizes =
        [0, 0, 0, entry, 0x1000, 0, 0x0040_0000, 0x1000, 0x200, 4, 0, 4, 0, 0x10_0000, 0x400, 0];
    file.extend(sizes.map(u32::to_le_bytes).concat());
    file.extend(b"\x02\0\0\0"); // subsystem: windows
    file.extend([0x10_0000, 0x1000, 0x10_0000, 0x1000, 0, 16].map(u32::to_le_bytes).concat());
    let mut directories = [[0_u32; 2]; 16];
    directories[1] = [import_rva, 40];
    directories[14] = if dot_net { [0x1000, 72] } else { [0; 2] };
    file.extend(directories.concat().into_iter().flat_map(u32::to_le_bytes));
    file
}

/// One import descriptor for KERNEL32.DLL with `count` functions by number, and the closing one.
fn import_section(rva: u32, count: u32) -> Vec<u8> {
    let table = (0..count).map(|n| 0x8000_0001 + n).chain([0]);
    let thunks: Vec<u8> = table.flat_map(u32::to_le_bytes).collect();
    let descriptor = [rva + 64, 0, 0, rva + 40, rva + 64];
    let mut section = descriptor.map(u32::to_le_bytes).concat();
    section.resize(40, 0);
    section.extend(b"KERNEL32.DLL\0");
    section.resize(64, 0);
    section.extend(thunks);
    section
}

pub(super) const EXECUTABLE: u16 = 2;
pub(super) const SHARED: u16 = 3;

/// A 64-bit ELF file of this type: the header, and behind it one segment with this text.
pub(super) fn elf(kind: u16, text: &str) -> Vec<u8> {
    let mut file = b"\x7FELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend([kind, 62].map(u16::to_le_bytes).concat());
    file.extend(1_u32.to_le_bytes());
    file.extend([0, 64, 0].map(u64::to_le_bytes).concat()); // no entry; segments at 64, no sections
    file.extend([0; 4]);
    file.extend([64, 56, 1, 64, 0, 0].map(u16::to_le_bytes).concat());
    let length = text.len() as u64;
    file.extend([1, 4].map(u32::to_le_bytes).concat()); // loaded, readable
    file.extend([120, 120, 120, length, length, 1].map(u64::to_le_bytes).concat());
    file.extend(text.as_bytes());
    file
}
