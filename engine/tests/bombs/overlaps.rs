//! Entries that share their data: much output of a small file, with every checksum right.

use crate::{Bomb, defuse};

/// Many directory records over one local entry.
pub(crate) fn one_kernel(records: usize, packed: &[u8], size: u32) -> Vec<u8> {
    let packed_size = u32::try_from(packed.len()).expect("small").to_le_bytes();
    let mut crc = flate2::Crc::new();
    crc.update(&vec![0; size as usize]);
    let fields = [
        &[20, 0, 0, 0, 8, 0, 0, 0, 0, 0][..],
        &crc.sum().to_le_bytes(),
        &packed_size,
        &size.to_le_bytes(),
        &[1, 0, 0, 0],
    ];
    let fields = fields.concat();
    let local = [&b"PK\x03\x04"[..], &fields, b"a", packed].concat();
    let record = [&b"PK\x01\x02\x14\0"[..], &fields, &[0; 14], b"a"].concat();
    let lengths = [record.len() * records, local.len()].map(|length| length as u64);
    let count = records as u64;
    let wide_place = lengths.iter().sum::<u64>();
    let wide = [
        &b"PK\x06\x06"[..],
        &44_u64.to_le_bytes(),
        &[45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &count.to_le_bytes(),
        &count.to_le_bytes(),
        &lengths[0].to_le_bytes(),
        &lengths[1].to_le_bytes(),
        b"PK\x06\x07\0\0\0\0",
        &wide_place.to_le_bytes(),
        &[1, 0, 0, 0],
    ];
    let end = [&b"PK\x05\x06\0\0\0\0"[..], &[0xff; 12], &[0; 2]].concat();
    let mut bytes = local;
    bytes.extend(record.repeat(records));
    bytes.extend(wide.concat());
    bytes.extend(end);
    bytes
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn crc(bytes: &[u8]) -> [u8; 4] {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum().to_le_bytes()
}

/// Many entries over one kernel of data, each quoting the local headers behind it in a stored block of
/// its deflate stream, so that every checksum is right (David Fifield, "A better zip bomb", 2019).
fn quoting(entries: usize, kernel: &[u8]) -> Vec<u8> {
    let number = |length: usize| u32::try_from(length).expect("small").to_le_bytes();
    let fields = |packed: usize, content: &[u8]| {
        let start = [20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
        [&start[..], &crc(content), &number(packed), &number(content.len()), &[5, 0, 0, 0]].concat()
    };
    let name = |entry: usize| format!("{entry:05}").into_bytes();
    let mut content = kernel.to_vec();
    let mut stream = deflated(kernel);
    let (mut local, mut directory) = (Vec::new(), Vec::new());
    for entry in 0..entries {
        if entry > 0 {
            let length = u16::try_from(local.len()).expect("short");
            let quote = [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat();
            content = [&local[..], &content].concat();
            stream = [&quote[..], &local, &stream].concat();
        }
        let fields = fields(stream.len(), &content);
        local = [&b"PK\x03\x04"[..], &fields, &name(entry)].concat();
        directory.push((fields, name(entry), local.len() + stream.len()));
    }
    let data = [&local[..], &stream].concat();
    let records = directory.iter().map(|(fields, name, from_end)| {
        let place = number(data.len() - from_end);
        [&b"PK\x01\x02\x14\0"[..], fields, &[0; 10], &place, name].concat()
    });
    let records = records.collect::<Vec<_>>().concat();
    let count = u16::try_from(entries).expect("few").to_le_bytes();
    let sizes = [number(records.len()), number(data.len())].concat();
    let end = [&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &sizes, &[0; 2]].concat();
    [data, records, end].concat()
}

#[test]
fn zip_entries_over_one_kernel_end_at_the_total() {
    let bytes = quoting(200, &vec![0; 900_000]);
    defuse([Bomb::new("one kernel", bytes, &["limit:total-bytes"])], |_| {});
}

/// Files of one cabinet that all lie at the same place of its folder: each costs the folder again.
#[test]
fn cabinet_files_over_one_folder_end_at_a_limit() {
    let files = 1000_u16;
    let block = 32_000_u16;
    let mut list = Vec::new();
    for _ in 0..files {
        list.extend(u32::from(block).to_le_bytes());
        list.extend([0; 12]);
        list.extend(b"a\0");
    }
    let first_file = 36 + 8;
    let start = first_file + u32::try_from(list.len()).expect("small");
    let data = [&[0; 4][..], &block.to_le_bytes(), &block.to_le_bytes(), &vec![7; block.into()]];
    let data = data.concat();
    let whole = start + u32::try_from(data.len()).expect("small");
    let head = [
        &b"MSCF\0\0\0\0"[..],
        &whole.to_le_bytes(),
        &[0; 4],
        &first_file.to_le_bytes(),
        &[0; 4],
        &[3, 1, 1, 0],
        &files.to_le_bytes(),
        &[0; 6],
        &start.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &0_u16.to_le_bytes(),
    ];
    let bytes = [head.concat(), list, data].concat();
    defuse([Bomb::new("one folder", bytes, &["limit:total-bytes"])], |_| {});
}
