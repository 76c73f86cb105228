//! ELF: the entry point by the first program header that holds its address, whatever its type, and the
//! section table. Offsets and sizes in their rows count with their lower 32 bits.
//!
//! Follows the System V ABI. ClamAV takes headers for broken whose tables have rows of another size than
//! usual, too many rows, or rows behind the end of the file, or that name an entry point which none
//! of the program headers holds.

use std::ops::Range;

use super::Landmarks;
use super::numbers::Numbers;
use crate::identify::FileType;
use crate::inspect::record::clamped;
use crate::reader::{OutOfBounds, Reader};

const MOST_SEGMENTS: u16 = 128;
const MOST_SECTIONS: u16 = 2048;

/// A table of headers.
struct Table {
    offset: u64,
    rows: u16,
}

pub(super) fn landmarks(data: &[u8]) -> Option<Landmarks> {
    read(data).ok().flatten()
}

fn read(data: &[u8]) -> Result<Option<Landmarks>, OutOfBounds> {
    let mut reader = Reader::new(data);
    let [0x7f, b'E', b'L', b'F', class, order, _, _] = reader.array()? else { return Ok(None) };
    let (wide, big_endian) = match (class, order) {
        (1 | 2, 1 | 2) => (class == 2, order == 2),
        _ => return Ok(None),
    };
    reader.skip(16)?;
    let mut numbers = Numbers { reader, big_endian, wide };
    let entry = numbers.word()?;
    let (segments, sections) = (numbers.word()?, numbers.word()?);
    numbers.reader.skip(6)?;
    let mut table = |offset: u64, usual: [u16; 2], most: u16| {
        let (size, rows) = (numbers.u16()?, numbers.u16()?);
        let [narrow, broad] = usual;
        let is_usual = rows == 0 || size == if wide { broad } else { narrow };
        Ok::<_, OutOfBounds>((is_usual && rows <= most).then_some(Table { offset, rows }))
    };
    let Some(segments) = table(segments, [32, 56], MOST_SEGMENTS)? else { return Ok(None) };
    let Some(sections) = table(sections, [40, 64], MOST_SECTIONS)? else { return Ok(None) };
    let headers = Headers { data, numbers };
    let entry_point = match headers.entry_point(entry, &segments)? {
        Some(entry_point) => entry_point,
        None if entry == 0 || segments.rows == 0 => 0,
        None => return Ok(None),
    };
    let sections = headers.sections(&sections)?;
    Ok(Some(Landmarks { file_type: FileType::Elf, entry_point, sections }))
}

/// The tables of a file.
struct Headers<'a> {
    data: &'a [u8],
    numbers: Numbers<'a>,
}

impl<'a> Headers<'a> {
    fn table(&self, table: &Table) -> Result<Numbers<'a>, OutOfBounds> {
        let offset = if table.rows == 0 { 0 } else { table.offset };
        Ok(self.numbers.at(Reader::at(self.data, offset)?))
    }

    /// Where the address of the entry point is in the file.
    fn entry_point(&self, entry: u64, table: &Table) -> Result<Option<u64>, OutOfBounds> {
        let (mut rows, mut found) = (self.table(table)?, None);
        for _ in 0..table.rows {
            let (offset, address, size) = segment(&mut rows)?;
            let within = entry.checked_sub(address).filter(|&within| within < size);
            let place = within.map(|within| lower(offset.wrapping_add(within)));
            found = found.or(place);
        }
        Ok(found)
    }

    fn sections(&self, table: &Table) -> Result<Vec<Range<u64>>, OutOfBounds> {
        let mut rows = self.table(table)?;
        let row = |_| {
            rows.reader.skip(8)?;
            let (_flags, _address) = (rows.word()?, rows.word()?);
            let (offset, size) = (lower(rows.word()?), lower(rows.word()?));
            rows.reader.skip(8)?;
            let (_alignment, _entry_size) = (rows.word()?, rows.word()?);
            Ok(clamped(offset, size, self.data.len()))
        };
        (0..table.rows).map(row).collect()
    }
}

/// Offset, address and size in memory of a program header.
fn segment(rows: &mut Numbers<'_>) -> Result<(u64, u64, u64), OutOfBounds> {
    rows.reader.skip(if rows.wide { 8 } else { 4 })?;
    let (offset, address, _physical) = (rows.word()?, rows.word()?, rows.word()?);
    let (_in_file, in_memory) = (rows.word()?, rows.word()?);
    rows.reader.skip(8)?;
    Ok((offset, address, in_memory))
}

fn lower(number: u64) -> u64 {
    number & u64::from(u32::MAX)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "numbers of our own making")]
mod tests {
    use super::*;

    /// One segment from address 0x1000 on, two sections behind the headers.
    fn sample(entry: u64) -> Vec<u8> {
        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
        file.resize(24, 0);
        file.extend([entry, 64, 120].map(u64::to_le_bytes).concat());
        file.extend([0; 6]);
        file.extend([56_u16, 1, 64, 2, 0].map(u16::to_le_bytes).concat());
        file.extend([1_u64, 0x20, 0x1000, 0, 0x100, 0x200, 0].map(u64::to_le_bytes).concat());
        for (offset, size) in [(0, 0), (0x108, 0x1000_u64)] {
            file.extend([0, 0, 0, offset, size, 0, 0, 0].map(u64::to_le_bytes).concat());
        }
        file.resize(0x200, 0);
        file
    }

    #[test]
    fn entry_point_and_sections() {
        let found = landmarks(&sample(0x1010)).unwrap();
        assert_eq!(found.entry_point, 0x30);
        assert_eq!(found.sections, [0..0, 0x108..0x200], "as far as the file reaches");
        assert_eq!(landmarks(&sample(0)).unwrap().entry_point, 0, "none is named");
        assert_eq!(landmarks(&sample(0x11ff)).unwrap().entry_point, 0x21f, "behind the end");
        assert_eq!(landmarks(&sample(0x1200)), None, "named, and nowhere");
        let mut file = sample(0x1200);
        file[56] = 0;
        assert_eq!(landmarks(&file).unwrap().entry_point, 0, "no headers to look in");
    }

    #[test]
    fn broken_headers_have_no_landmarks() {
        let sound = sample(0x1010);
        for (what, at, byte) in [
            ("an unknown class", 4, 3),
            ("an unknown byte order", 5, 0),
            ("a program header of another size", 54, 57),
            ("too many segments", 56, 129),
            ("a section header of another size", 58, 65),
            ("too many sections", 61, 0x09),
            ("segments behind the end", 33, 0x10),
            ("sections behind the end", 41, 0x10),
        ] {
            let mut file = sound.clone();
            file[at] = byte;
            assert_eq!(landmarks(&file), None, "{what}");
        }
        for cut in 0..120 + 2 * 64 {
            assert_eq!(landmarks(&sound[..cut]), None, "cut at {cut}");
        }
    }

    #[test]
    fn offsets_in_rows_have_32_bits() {
        let mut file = sample(0x1010);
        file[64 + 12] = 1;
        file[120 + 64 + 28] = 1;
        let found = landmarks(&file).unwrap();
        assert_eq!((found.entry_point, found.sections[1].start), (0x30, 0x108));
    }
}
