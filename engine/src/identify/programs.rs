//! Programs: what the magic number leaves open, and where a program's own bytes end.
//!
//! PE by Microsoft's "PE Format", ELF by the System V gABI, Mach-O and Java class by their public
//! headers. Headers at 0 are read permissively, since a loader looks at few fields; a program found in
//! the middle of something else has to be consistent in all fields that a loader needs.

use super::fields::{
    from, has, part, place_le, u8, u16_be, u16_le, u32_be, u32_le, u64_be, u64_le,
};

/// Where a DOS header keeps the place of the PE header.
const PE_PLACE: usize = 0x3c;
/// How far before its PE header a program found inside other data may begin.
const STUB_MOST: usize = 0x1000;
/// No loader takes more sections.
const SECTIONS_MOST: usize = 96;
/// More program headers than this are not looked at.
const SEGMENTS_MOST: usize = 256;

/// What marks the data of an NSIS installer, 4 bytes into it and at a multiple of 512 in the file.
pub(super) const NSIS_MAGIC: &[u8] = b"\xef\xbe\xad\xdeNullsoftInst";

/// Whether an MZ header leads to a PE header.
pub(super) fn is_pe(data: &[u8]) -> bool {
    place_le(data, PE_PLACE).is_some_and(|place| has(data, place, b"PE\0\0"))
}

/// Whether an MZ header that leads to no PE header could be loaded by DOS.
pub(super) fn is_dos_program(data: &[u8]) -> bool {
    let fields = || {
        let bytes_in_last_page = u16_le(data, 2)?;
        let pages = u16_le(data, 4)?;
        let header_paragraphs = usize::from(u16_le(data, 8)?);
        let minimum = part(data, 0, 0x1c).is_some();
        let header = header_paragraphs.saturating_mul(16);
        Some(minimum && bytes_in_last_page <= 512 && pages > 0 && header <= data.len())
    };
    fields().unwrap_or(false) && !is_pe(data)
}

/// Where the program begins whose PE header was seen inside other data.
pub(super) fn embedded_pe(data: &[u8], header: usize) -> Option<usize> {
    if !is_likely_pe_header(data, header)? {
        return None;
    }
    let earliest = header.saturating_sub(STUB_MOST);
    let before = data.get(earliest..header)?;
    let starts = memchr::memmem::rfind_iter(before, b"MZ");
    starts.map(|start| earliest.saturating_add(start)).find(|&start| {
        let place = place_le(data, start.saturating_add(PE_PLACE));
        place == header.checked_sub(start)
    })
}

/// Whether the fields of a PE header agree with each other.
fn is_likely_pe_header(data: &[u8], header: usize) -> Option<bool> {
    let header = data.get(header..)?;
    let machine = u16_le(header, 4)?;
    let sections = usize::from(u16_le(header, 6)?);
    let optional_header = u16_le(header, 20)?;
    let is_executable = u16_le(header, 22)? & 2 != 0;
    let is_laid_out = match u16_le(header, 24)? {
        0x10b => optional_header >= 96,
        0x20b => optional_header >= 112,
        _ => false,
    };
    let sections = (1..=SECTIONS_MOST).contains(&sections);
    Some(is_known_machine(machine) && sections && is_executable && is_laid_out)
}

fn is_known_machine(machine: u16) -> bool {
    matches!(
        machine,
        0x014c
            | 0x0162
            | 0x0166
            | 0x0168
            | 0x0169
            | 0x0184
            | 0x01a2
            | 0x01a3
            | 0x01a6
            | 0x01a8
            | 0x01c0
            | 0x01c2
            | 0x01c4
            | 0x01d3
            | 0x01f0
            | 0x01f1
            | 0x0200
            | 0x0266
            | 0x0284
            | 0x0366
            | 0x0466
            | 0x0ebc
            | 0x5032
            | 0x5064
            | 0x5128
            | 0x6232
            | 0x6264
            | 0x8664
            | 0x9041
            | 0xa641
            | 0xa64e
            | 0xaa64
    )
}

/// Where the last section of a program ends in the file.
pub(super) fn end_of_pe(data: &[u8]) -> Option<usize> {
    let header = place_le(data, PE_PLACE)?;
    let sections = usize::from(u16_le(data, header.checked_add(6)?)?).min(SECTIONS_MOST);
    let optional_header = usize::from(u16_le(data, header.checked_add(20)?)?);
    let table = header.checked_add(24)?.checked_add(optional_header)?;
    let rows = from(data, table).chunks_exact(40).take(sections);
    rows.map(|row| {
        let length = place_le(row, 16).unwrap_or(0);
        place_le(row, 20).filter(|_| length > 0).unwrap_or(0).saturating_add(length)
    })
    .max()
}

/// Whether an ELF header seen inside other data has fields that agree.
pub(super) fn is_likely_elf(data: &[u8]) -> bool {
    ElfHeader::parse(data).is_some_and(|header| header.is_consistent())
}

/// Where the last segment, section or table of an ELF file ends.
pub(super) fn end_of_elf(data: &[u8]) -> Option<usize> {
    let header = ElfHeader::parse(data)?;
    let sections = usize::from(header.section_count).checked_mul(header.section_size.into())?;
    let end_of_sections = header.section_table.checked_add(sections)?;
    Some(header.end_of_segments(data).max(end_of_sections))
}

/// The fields of an ELF header that say what lies where.
struct ElfHeader {
    is_64: bool,
    is_big_endian: bool,
    kind: u16,
    version: u32,
    segment_table: usize,
    section_table: usize,
    header_size: u16,
    segment_size: u16,
    segment_count: u16,
    section_size: u16,
    section_count: u16,
}

impl ElfHeader {
    fn parse(data: &[u8]) -> Option<Self> {
        let is_64 = match u8(data, 4)? {
            1 => false,
            2 => true,
            _ => return None,
        };
        let is_big_endian = match u8(data, 5)? {
            1 => false,
            2 => true,
            _ => return None,
        };
        let number = |at| if is_big_endian { u16_be(data, at) } else { u16_le(data, at) };
        // The five last fields stand in the same order in both classes.
        let (segments, sections, sizes) = if is_64 { (32, 40, 52) } else { (28, 32, 40) };
        Some(Self {
            is_64,
            is_big_endian,
            kind: number(16)?,
            version: if is_big_endian { u32_be(data, 20)? } else { u32_le(data, 20)? },
            segment_table: elf_place(data, segments, is_64, is_big_endian)?,
            section_table: elf_place(data, sections, is_64, is_big_endian)?,
            header_size: number(sizes)?,
            segment_size: number(sizes.saturating_add(2))?,
            segment_count: number(sizes.saturating_add(4))?,
            section_size: number(sizes.saturating_add(6))?,
            section_count: number(sizes.saturating_add(8))?,
        })
    }

    fn is_consistent(&self) -> bool {
        let (header, segment, section) = if self.is_64 { (64, 56, 64) } else { (52, 32, 40) };
        // Programs that write object files carry an empty header as a model, with the table behind it.
        let is_model = self.kind == 1 && self.section_table <= usize::from(header);
        (1..=4).contains(&self.kind)
            && !is_model
            && self.version == 1
            && self.header_size == header
            && (self.segment_count == 0 || self.segment_size == segment)
            && (self.section_count == 0 || self.section_size == section)
            && (self.segment_count > 0 || self.section_count > 0)
    }

    fn end_of_segments(&self, data: &[u8]) -> usize {
        let count = usize::from(self.segment_count).min(SEGMENTS_MOST);
        let size = usize::from(self.segment_size).max(1);
        let rows = from(data, self.segment_table).chunks_exact(size).take(count);
        rows.filter_map(|row| self.end_of_segment(row)).max().unwrap_or(0)
    }

    fn end_of_segment(&self, row: &[u8]) -> Option<usize> {
        let (place, length) = if self.is_64 { (8, 32) } else { (4, 16) };
        let place = elf_place(row, place, self.is_64, self.is_big_endian)?;
        place.checked_add(elf_place(row, length, self.is_64, self.is_big_endian)?)
    }
}

/// A field of the size of an address.
fn elf_place(data: &[u8], at: usize, is_64: bool, is_big_endian: bool) -> Option<usize> {
    let value = match (is_64, is_big_endian) {
        (false, false) => u32_le(data, at)?.into(),
        (false, true) => u32_be(data, at)?.into(),
        (true, false) => u64_le(data, at)?,
        (true, true) => u64_be(data, at)?,
    };
    usize::try_from(value).ok()
}

/// The oldest Java class files have version 45; no universal program has that many architectures.
const FIRST_JAVA_VERSION: u16 = 45;

/// Whether what begins like a Java class counts architectures.
pub(super) fn is_fat_macho(data: &[u8]) -> bool {
    u32_be(data, 4).is_some_and(|count| (1..u32::from(FIRST_JAVA_VERSION)).contains(&count))
}

/// Whether what begins like a universal program has a Java version.
pub(super) fn is_java_class(data: &[u8]) -> bool {
    u16_be(data, 6).is_some_and(|major| major >= FIRST_JAVA_VERSION)
}

/// Whether the number before CR LF is one that a CPython release used.
pub(super) fn is_python_bytecode(data: &[u8]) -> bool {
    let Some(version) = u16_le(data, 0) else { return false };
    let is_python_3 = (3000..=3800).contains(&version);
    let is_python_2 = (60_202..=62_220).contains(&version);
    // Since 3.7 a word of flags follows, with two bits in use.
    let has_flags = version >= 3392 && is_python_3;
    let flags = u32_le(data, 4);
    (is_python_2 || is_python_3) && flags.is_some_and(|flags| !has_flags || flags <= 3)
}

/// Whether a list of modules is told of behind the mark of PyInstaller's archive.
pub(super) fn is_pyz(data: &[u8]) -> bool {
    let has_version = has(data, 6, b"\r\n");
    has_version && u32_be(data, 8).is_some_and(|place| place >= 12)
}

/// Whether the header of a .NET resource file has a version that there is.
pub(super) fn is_dotnet_resources(data: &[u8]) -> bool {
    matches!(u32_le(data, 4), Some(1 | 2)) && u32_le(data, 8).is_some_and(|size| size < 1 << 16)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_program_in_other_data_must_agree_with_itself() {
        let program = samples::pe();
        let header = program.windows(4).position(|window| window == b"PE\0\0").unwrap();
        assert_eq!(embedded_pe(&program, header), Some(0));
        for field in [4, 6, 20, 22, 24] {
            let mut broken = program.clone();
            broken[header + field..header + field + 2].copy_from_slice(&[0, 0]);
            assert_eq!(embedded_pe(&broken, header), None, "field at {field}");
            assert!(is_pe(&broken), "at 0 it is named all the same");
        }
    }

    #[test]
    fn the_end_of_a_program_is_the_end_of_its_last_section() {
        let program = samples::pe();
        assert_eq!(end_of_pe(&program), Some(program.len()));
    }

    #[test]
    fn the_end_of_an_elf_file_is_the_end_of_its_last_part() {
        let program = samples::elf();
        assert_eq!(end_of_elf(&program), Some(program.len()));
    }

    #[test]
    fn places_beyond_the_end_are_no_program() {
        let mut program = samples::pe();
        program[PE_PLACE..PE_PLACE + 4].copy_from_slice(&[0xff; 4]);
        assert!(!is_pe(&program));
        assert!(is_dos_program(&program));
        assert_eq!(end_of_pe(&program), None);
    }
}
