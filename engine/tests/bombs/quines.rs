//! Archives that hold themselves, built as Russ Cox describes ("Zip Files All The Way Down", 2010): a
//! deflate stream of stored blocks and repetitions that puts out its own file. The checksum that stands
//! in the file is the solution of linear equations, since CRC-32 is linear.

use std::collections::BTreeMap;
use std::sync::Mutex;

use pellucid::Input;
use pellucid::limits::Limits;
use pellucid::verdict::Completeness;

use crate::{assert_bounded, engine, scan};

/// Bits, lowest first, as deflate packs them.
#[derive(Clone, Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn number(&mut self, value: usize, count: usize) {
        self.0.extend((0..count).map(|bit| value >> bit & 1 == 1));
    }

    /// A code of Huffman's, highest bit first.
    fn code(&mut self, value: usize, count: usize) {
        self.0.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
    }

    fn pack(&self) -> Vec<u8> {
        let byte =
            |bits: &[bool]| bits.iter().rev().fold(0, |byte, &bit| byte << 1 | u8::from(bit));
        self.0.chunks(8).map(byte).collect()
    }

    /// A copy of `length` bytes from `distance` back, in fixed codes.
    fn copy(&mut self, length: usize, distance: usize) {
        let (code, extra, base) = length_code(length);
        if code < 280 {
            self.code(code - 256, 7);
        } else {
            self.code(code - 280 + 0xc0, 8);
        }
        self.number(length - base, extra);
        let (code, extra, base) = distance_code(distance);
        self.code(code, 5);
        self.number(distance - base, extra);
    }
}

fn length_code(length: usize) -> (usize, usize, usize) {
    if length == 258 {
        return (285, 0, 258);
    }
    let (mut code, mut base) = (257, 3);
    loop {
        let extra = if code < 265 { 0 } else { (code - 261) / 4 };
        if length < base + (1 << extra) {
            return (code, extra, base);
        }
        base += 1 << extra;
        code += 1;
    }
}

fn distance_code(distance: usize) -> (usize, usize, usize) {
    let (mut code, mut base) = (0_usize, 1);
    loop {
        let extra = (code / 2).saturating_sub(1);
        if distance < base + (1 << extra) {
            return (code, extra, base);
        }
        base += 1 << extra;
        code += 1;
    }
}

/// The header of a stored block of `length` bytes.
fn stored(length: usize) -> Vec<u8> {
    let length = u16::try_from(length).expect("short");
    [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat()
}

type Known = BTreeMap<(usize, usize), Option<Vec<u8>>>;

/// Lengths and sizes that were asked for, and their blocks: the equations ask for them many times.
static KNOWN: Mutex<Known> = Mutex::new(BTreeMap::new());

/// Blocks that repeat the last `length` bytes once and take `size` bytes.
fn repeat(length: usize, size: usize) -> Option<Vec<u8>> {
    let mut known = KNOWN.lock().expect("whole");
    known.entry((length, size)).or_insert_with(|| search(length, size)).clone()
}

fn search(length: usize, size: usize) -> Option<Vec<u8>> {
    let longest = 258.min(length);
    (longest / 2 + 3..=longest)
        .rev()
        .flat_map(|first| (0..4).map(move |idle| (first, idle)))
        .find_map(|(first, idle)| {
            let mut bits = Bits::default();
            bits.number(0b010, 3);
            let mut left = length;
            while left > 0 {
                let part = first.min(left);
                if part < 3 {
                    return None;
                }
                bits.copy(part, length);
                left -= part;
            }
            bits.code(0, 7);
            // Blocks with nothing in them.
            (0..idle).for_each(|_| bits.number(0b010, 10));
            let is_aligned = bits.0.len() % 8 == 0;
            let mut bytes = bits.pack();
            if !is_aligned && bits.0.len() % 8 <= 5 {
                bytes.extend(&stored(0)[1..]);
            } else if !is_aligned {
                bytes.extend(stored(0));
            }
            while bytes.len() < size {
                bytes.extend(stored(0));
            }
            (bytes.len() == size).then_some(bytes)
        })
}

/// The file that begins with `head`, ends with `tail`, and holds between them a deflate stream that
/// puts out the file; both may hold blocks of the stream themselves.
fn quine(head: &[u8], tail: &[u8]) -> Vec<u8> {
    let none = stored(0);
    let front = stored(head.len() + 5);
    let again = repeat(head.len() + 5, 15).expect("blocks of 15 bytes");
    let four = stored(30);
    let last_four = repeat(30, 10).expect("blocks of 10 bytes");
    let back = |size| Some((size, repeat(tail.len() + size, size)?));
    let (size, end) = (8..40).find_map(back).expect("blocks for the end");
    let units: [&[u8]; 28] = [
        head,
        &front,
        head,
        &front,
        &again,
        &stored(15),
        &again,
        &stored(5),
        &stored(15),
        &four,
        &again,
        &stored(5),
        &stored(15),
        &four,
        &last_four,
        &four,
        &last_four,
        &four,
        &last_four,
        &four,
        &last_four,
        &four,
        &last_four,
        &none,
        &none,
        &none,
        &stored(tail.len() + size),
        &last_four,
    ];
    // What the last repetition puts out goes on behind it in the file.
    let rest: [&[u8]; 8] =
        [&none, &none, &none, &stored(tail.len() + size), &end, tail, &end, tail];
    [units.concat(), rest.concat()].concat()
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// The value that is the checksum of the file with that value in it.
fn fixed_point(file: impl Fn(u32) -> Vec<u8>) -> Option<u32> {
    let constant = crc(&file(0));
    // One equation for each bit of the checksum: its unknowns, and the right side as bit 32.
    let mut rows: Vec<u64> = (0..32).map(|bit| u64::from(constant >> bit & 1) << 32).collect();
    for unknown in 0..32 {
        let column = crc(&file(1 << unknown)) ^ constant ^ (1 << unknown);
        (0..32).for_each(|bit| rows[bit] |= u64::from(column >> bit & 1) << unknown);
    }
    for unknown in 0..32 {
        let pivot = (unknown..32).find(|&row| rows[row] >> unknown & 1 == 1)?;
        rows.swap(unknown, pivot);
        let row = rows[unknown];
        let others = (0..32).filter(|&other| other != unknown);
        for other in others.collect::<Vec<_>>() {
            if rows[other] >> unknown & 1 == 1 {
                rows[other] ^= row;
            }
        }
    }
    Some((0..32).fold(0, |value, unknown| {
        value | u32::try_from(rows[unknown] >> 32).expect("a bit") << unknown
    }))
}

/// Tries files of growing names until the sizes agree and the equations have a solution.
fn solved(file: impl Fn(usize, u32, u32) -> Vec<u8>) -> Vec<u8> {
    let solve = |name: usize| {
        let size = u32::try_from(file(name, 0, 0).len()).expect("small");
        let checksum = fixed_point(|value| file(name, value, size))?;
        let bytes = file(name, checksum, size);
        (crc(&bytes) == checksum).then_some(bytes)
    };
    (1..30).find_map(solve).expect("a quine")
}

fn gzip_head(name: usize) -> Vec<u8> {
    [&[0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3][..], &b"q".repeat(name), &[0]].concat()
}

fn last_block() -> [u8; 5] {
    [1, 0, 0, 0xff, 0xff]
}

fn gzip_quine() -> Vec<u8> {
    solved(|name, checksum, size| {
        let tail = [&last_block()[..], &checksum.to_le_bytes(), &size.to_le_bytes()].concat();
        quine(&gzip_head(name + 20), &tail)
    })
}

fn zip_quine() -> Vec<u8> {
    solved(|name, checksum, size| {
        let name = b"q".repeat(name);
        let outside = 30 + name.len() + 46 + name.len() + 22;
        let packed = size.saturating_sub(u32::try_from(outside).expect("small"));
        let fields = [
            &[20, 0, 0, 0, 8, 0, 0, 0, 0, 0][..],
            &checksum.to_le_bytes(),
            &packed.to_le_bytes(),
            &size.to_le_bytes(),
            &u16::try_from(name.len()).expect("short").to_le_bytes(),
            &[0; 2],
        ];
        let fields = fields.concat();
        let head = [&b"PK\x03\x04"[..], &fields, &name].concat();
        let record = [&b"PK\x01\x02\x14\0"[..], &fields, &[0; 14], &name].concat();
        let length = u32::try_from(record.len()).expect("small");
        let place = size.saturating_sub(length + 22);
        let numbers = [length.to_le_bytes(), place.to_le_bytes()].concat();
        let end = [&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &numbers, &[0; 2]].concat();
        quine(&head, &[&last_block()[..], &record, &end].concat())
    })
}

/// A gzip stream of a tar archive that holds that stream. The checksum is that of the archive.
fn tar_gzip_quine() -> Vec<u8> {
    let whole = |name: usize, checksum: u32, size: u32, padding: usize| {
        let mut header = tar::Header::new_ustar();
        header.set_path("q.tar.gz").expect("a name");
        header.set_size(size.into());
        header.set_cksum();
        let padding = vec![0; padding];
        let length = u32::try_from(512 + size as usize + padding.len()).expect("small");
        let head = [&gzip_head(name)[..], &stored(512), header.as_bytes()].concat();
        let tail = [
            &stored(padding.len())[..],
            &padding,
            &last_block(),
            &checksum.to_le_bytes(),
            &length.to_le_bytes(),
        ];
        (header.as_bytes().to_vec(), quine(&head, &tail.concat()), padding)
    };
    let solve = |name: usize| {
        // The file grows with the padding, which stands in it more than once, and must fill a block.
        let size = |padding| whole(name, 0, 0, padding).1.len();
        let fills = |padding: &usize| (size(*padding) + padding).is_multiple_of(512);
        let first = size(1024) + 1024;
        let growth = (size(1025) + 1025).saturating_sub(first);
        let near = (0..512).find(|more| (first + more * growth) % 512 == 0)? + 1024;
        let padding = (near.saturating_sub(2)..near + 3).find(fills)?;
        let size = u32::try_from(size(padding)).expect("small");
        let archive = |checksum| {
            let (header, file, padding) = whole(name, checksum, size, padding);
            [header, file, padding].concat()
        };
        let checksum = fixed_point(archive)?;
        (crc(&archive(checksum)) == checksum).then(|| whole(name, checksum, size, padding).1)
    };
    (1..60).find_map(solve).expect("a quine")
}

fn inflated(gzip: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(gzip), &mut bytes).expect("whole");
    bytes
}

#[test]
fn the_quines_are_quines() {
    let gzip = gzip_quine();
    assert!(inflated(&gzip) == gzip, "gzip");
    let tarred = tar_gzip_quine();
    let archive = inflated(&tarred);
    assert!(archive[512..].starts_with(&tarred), "tar");
    let zip = zip_quine();
    let name = usize::from(zip[26]);
    let mut bytes = Vec::new();
    let mut decoder = flate2::read::DeflateDecoder::new(&zip[30 + name..]);
    std::io::Read::read_to_end(&mut decoder, &mut bytes).expect("whole");
    assert!(bytes == zip, "zip");
}

#[test]
fn quines_end_where_they_begin_again() {
    let engine = engine();
    for (name, bytes) in
        [("gzip", gzip_quine()), ("zip", zip_quine()), ("tar.gz", tar_gzip_quine())]
    {
        let limits = Limits::default();
        let report = scan(&engine, Input::Memory(&bytes), limits.clone());
        assert_bounded(name, &report, bytes.len() as u64, &limits);
        // All of it was looked at: what is inside is what was looked at already.
        assert_eq!(report.completeness, Completeness::Complete, "{name}");
        assert!(report.objects.len() <= 3, "{name}: {} objects", report.objects.len());
        let last = report.objects.last().expect("an object");
        assert_eq!(last.anomalies, ["the same bytes as something it lies in"], "{name}");
    }
}
