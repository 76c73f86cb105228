//! A PE as ClamAV's signatures see it that count from its entry point or its sections, or hash its
//! sections or imports.
//!
//! Such a signature is about certain bytes, so they must be cut exactly as ClamAV 1.4 cuts them, which
//! is neither what the headers say nor what Windows loads. All of it was found out by holding programs
//! against `sigtool --mdb`, `sigtool --imp` and `clamscan`:
//!
//! - A section begins at its pointer, rounded down to the file alignment, and has its declared size,
//!   rounded up, as far as the file reaches. The file alignment is 512 where a section's pointer is
//!   a multiple of that and not of the alignment that the header declares.
//! - A program whose headers do not hold together has no sections at all: see [`PeCut::of`].
//! - The imports of a program of 32 bits are written as `library.function`, joined by commas, in lower
//!   case. A library's name is cut at its first dot if `dll`, `ocx` or `sys` follows; an ordinal is
//!   written as its name in three libraries, else as `ordN`. Programs of 64 bits are not asked.

use std::ops::Range;

use goblin::pe::import::ImportDirectoryEntry;

use super::super::landmarks::Landmarks;
use super::super::record::record;
use super::Section;
use super::image::{Directory, Image};
use super::ordinals;
use crate::identify::FileType;
use crate::limits::{Budget, Limit, Stop};
use crate::reader::Reader;

/// The alignment of sections in a file that linkers use.
const SECTOR: u64 = 0x200;
/// The optional header with all its directories, in both its forms.
const OPTIONAL_HEADER: [u16; 2] = [0xe0, 0xf0];
/// Of names more bytes do not count, and a function's name that the file has not so many bytes for
/// behind its start is passed over.
const LONGEST_NAME: usize = 256;
const MOST_LIBRARIES: u64 = 1024;
const DESCRIPTOR: u64 = 20;
/// Steps of the walk over the imports of one program: more than a sound program of 100 MB needs.
const MOST_STEPS: u64 = 1 << 26;
const STEPS_BETWEEN_CHECKS: u64 = 1 << 14;

/// A program, cut as ClamAV does it.
pub(crate) struct PeCut<'a> {
    image: Image<'a>,
    headers: u64,
    sections: Vec<Piece>,
}

/// A section.
struct Piece {
    /// Its address in memory, rounded down.
    address: u64,
    raw: Range<u64>,
}

impl Piece {
    fn size(&self) -> u64 {
        self.raw.end.saturating_sub(self.raw.start)
    }
}

impl<'a> PeCut<'a> {
    /// Cuts a program. `None` where ClamAV takes its headers for broken: no section, a short optional
    /// header, a section table that runs out of the file, an address or a size in memory of 2 GiB and
    /// more, a size in the file that cannot be rounded, or an entry point that is not in the file.
    pub(super) fn of(image: Image<'a>) -> Option<Self> {
        let [short, long] = OPTIONAL_HEADER;
        let least = if image.bits == 64 { long } else { short };
        if !image.all_sections
            || image.sections.is_empty()
            || image.coff.size_of_optional_header < least
        {
            return None;
        }
        let memory_alignment = u64::from(image.windows.section_alignment);
        let alignment = file_alignment(&image);
        let length = image.data.len() as u64;
        let cut = |section: &Section| {
            let (pointer, end) = (section.declared.start, section.declared.end);
            let size = up(end.saturating_sub(pointer), alignment);
            let negative = |number: u64| number >= 1 << 31;
            if size > u32::MAX.into()
                || negative(section.virtual_address)
                || negative(section.virtual_size)
            {
                return None;
            }
            let start = down(pointer, alignment).min(length);
            let raw = start..start.saturating_add(size).min(length);
            Some(Piece { address: down(section.virtual_address, memory_alignment), raw })
        };
        let sections = image.sections.iter().map(cut).collect::<Option<Vec<_>>>()?;
        let headers = up(image.windows.size_of_headers.into(), memory_alignment);
        let cut = Self { image, headers, sections };
        cut.offset(cut.image.standard.address_of_entry_point.into())?;
        Some(cut)
    }

    /// The places that signatures count from.
    pub(crate) fn landmarks(&self) -> Landmarks {
        let entry = self.image.standard.address_of_entry_point.into();
        let sections = self.sections.iter().map(|section| section.raw.clone()).collect();
        let entry_point = self.offset(entry).unwrap_or(0);
        Landmarks { file_type: FileType::Pe, entry_point, sections }
    }

    /// The bytes of each section that has some.
    pub(crate) fn sections(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.sections.iter().map(|section| section.raw.clone()).filter(|raw| !raw.is_empty())
    }

    /// Writes the imports down, piece by piece. `None` for a program of 64 bits, one without imports, and
    /// where ClamAV gives them up.
    pub(crate) fn imports(
        &self,
        budget: &Budget,
        put: &mut dyn FnMut(&[u8]),
    ) -> Result<Option<()>, Stop> {
        let Some(table) = self.import_table().filter(|_| self.image.bits == 32) else {
            return Ok(None);
        };
        Walk { cut: self, budget, put, is_first: true, steps: 0 }.libraries(table)
    }

    /// Where the import descriptors lie that count: one less than the directory has room for.
    fn import_table(&self) -> Option<Range<u64>> {
        let directory = self.image.directory(Directory::Imports)?;
        let start = self.offset(directory.virtual_address.into())?;
        let size = u64::from(directory.size);
        let end = start.checked_add(size).filter(|&end| end <= self.length())?;
        let count = size.checked_sub(1)?.checked_div(DESCRIPTOR)?.min(MOST_LIBRARIES);
        Some(start..start.saturating_add(count.saturating_mul(DESCRIPTOR)).min(end))
    }

    /// Where an address is in the file: in the headers, or in the last section that has it.
    fn offset(&self, address: u64) -> Option<u64> {
        if address < self.headers {
            return Some(address).filter(|&address| address < self.length());
        }
        let place = |section: &Piece| {
            let within = address.checked_sub(section.address)?;
            (within < section.size()).then(|| section.raw.start.saturating_add(within))
        };
        self.sections.iter().rev().find_map(place)
    }

    fn length(&self) -> u64 {
        self.image.data.len() as u64
    }

    fn at(&self, offset: u64) -> Option<Reader<'a>> {
        Reader::at(self.image.data, offset).ok()
    }
}

fn file_alignment(image: &Image<'_>) -> u64 {
    let declared = u64::from(image.windows.file_alignment);
    let is_odd = |section: &Section| {
        let pointer = section.declared.start;
        !section.declared.is_empty()
            && pointer.checked_rem(declared).is_some_and(|rest| rest != 0)
            && pointer.is_multiple_of(SECTOR)
    };
    if image.sections.iter().any(is_odd) { SECTOR } else { declared }
}

/// Rounded down to an alignment; 0 aligns nothing.
fn down(number: u64, alignment: u64) -> u64 {
    number.saturating_sub(number.checked_rem(alignment).unwrap_or(0))
}

/// Rounded up likewise.
fn up(number: u64, alignment: u64) -> u64 {
    match number.checked_rem(alignment) {
        None | Some(0) => number,
        Some(rest) => number.saturating_sub(rest).saturating_add(alignment),
    }
}

/// The walk over the imports.
struct Walk<'w, 'a> {
    cut: &'w PeCut<'a>,
    budget: &'w Budget,
    put: &'w mut dyn FnMut(&[u8]),
    is_first: bool,
    steps: u64,
}

/// A library: its name in lower case, and as it is written.
struct Library {
    name: String,
    written: Vec<u8>,
}

impl<'a> Walk<'_, 'a> {
    fn libraries(&mut self, table: Range<u64>) -> Result<Option<()>, Stop> {
        let mut next = table.start;
        while next < table.end {
            let bytes = self.cut.at(next).and_then(|mut reader| reader.array::<20>().ok());
            let entry: Option<ImportDirectoryEntry> = bytes.and_then(|bytes| record(&bytes));
            let Some(entry) = entry.filter(|entry| entry.name_rva != 0) else { break };
            if self.library(&entry)?.is_none() {
                return Ok(None);
            }
            next = next.saturating_add(DESCRIPTOR);
        }
        Ok(Some(()))
    }

    fn library(&mut self, entry: &ImportDirectoryEntry) -> Result<Option<()>, Stop> {
        let addresses = [entry.import_lookup_table_rva, entry.import_address_table_rva];
        let [lookup, address] = addresses.map(|rva| self.cut.offset(rva.into()));
        let lookup = lookup.filter(|_| entry.import_lookup_table_rva != 0);
        let name = self.cut.offset(entry.name_rva.into());
        let Some((table, name)) = lookup.or(address).zip(name) else { return Ok(None) };
        let library = self.named(name);
        let Some(mut thunks) = self.cut.at(table) else { return Ok(None) };
        while let Ok(thunk @ 1..) = thunks.u32_le() {
            self.step()?;
            if self.function(&library, thunk).is_none() {
                return Ok(None);
            }
        }
        Ok(Some(()))
    }

    /// Reads a library's name and cuts it.
    fn named(&self, offset: u64) -> Library {
        let name = self.text(offset).to_ascii_lowercase();
        let dot = name.iter().position(|&byte| byte == b'.').unwrap_or(name.len());
        let (stem, ending) = name.split_at_checked(dot).unwrap_or((&name, &[]));
        let is_cut = [&b".dll"[..], b".ocx", b".sys"].iter().any(|known| ending.starts_with(known));
        let written = if is_cut { stem } else { &name };
        Library { written: written.to_vec(), name: String::from_utf8_lossy(&name).into_owned() }
    }

    /// Writes one function down. `None` for a name that nobody would give a function.
    fn function(&mut self, library: &Library, thunk: u32) -> Option<()> {
        const ORDINAL: u32 = 1 << 31;
        if thunk & ORDINAL != 0 {
            let [low, high, ..] = thunk.to_le_bytes();
            let ordinal = u16::from_le_bytes([low, high]);
            let known = ["ws2_32.dll", "wsock32.dll", "oleaut32.dll"];
            let of = known.into_iter().find(|known| library.name.starts_with(known));
            let name = of.and_then(|of| ordinals::name(of, ordinal)).map(str::to_ascii_lowercase);
            self.write(library, name.unwrap_or_else(|| format!("ord{ordinal}")).as_bytes());
            return Some(());
        }
        // Behind a hint of two bytes. An address that leads nowhere is a function without a name.
        let name = match self.cut.offset(thunk.into()).map(|offset| offset.saturating_add(2)) {
            None => &[],
            Some(at) if at.saturating_add(LONGEST_NAME as u64) > self.cut.length() => {
                return Some(());
            }
            Some(at) => self.text(at),
        };
        let is_usual = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
        name.iter().all(is_usual).then(|| self.write(library, &name.to_ascii_lowercase()))
    }

    fn write(&mut self, library: &Library, function: &[u8]) {
        if !std::mem::take(&mut self.is_first) {
            (self.put)(b",");
        }
        [&library.written, &b"."[..], function].into_iter().for_each(&mut *self.put);
    }

    /// The text at an offset, up to its zero byte.
    fn text(&self, offset: u64) -> &'a [u8] {
        let rest = self.cut.at(offset).map_or(&[][..], |reader| reader.rest());
        let most = rest.get(..LONGEST_NAME).unwrap_or(rest);
        most.split(|&byte| byte == 0).next().unwrap_or_default()
    }

    /// Charges what looking for one address may cost.
    fn step(&mut self) -> Result<(), Stop> {
        let before = self.steps;
        self.steps = before.saturating_add(self.cut.sections.len() as u64).saturating_add(1);
        if self.steps > MOST_STEPS {
            return Err(Stop::Limit(Limit::Facts));
        }
        let crossed = before / STEPS_BETWEEN_CHECKS != self.steps / STEPS_BETWEEN_CHECKS;
        if crossed { self.budget.check() } else { Ok(()) }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "numbers of our own making")]
mod tests {
    use super::super::super::samples::{PE_OFFSET, SamplePe, SampleSection};
    use super::*;
    use crate::inspect::cut_pe;
    use crate::limits::{Cancel, Limits};

    /// Where the optional header of a sample begins.
    const OPTIONAL: usize = PE_OFFSET + 24;

    fn sections(file: &[u8]) -> Option<Vec<Range<u64>>> {
        cut_pe(file).map(|cut| cut.sections().collect())
    }

    fn imports(file: &[u8]) -> Result<Option<String>, Stop> {
        let budget = Budget::new(Limits::default(), Cancel::new());
        let mut text = Vec::new();
        let cut = cut_pe(file).expect("sound headers");
        let written = cut.imports(&budget, &mut |piece| text.extend_from_slice(piece))?;
        Ok(written.map(|()| String::from_utf8(text).unwrap()))
    }

    fn put(file: &mut [u8], at: usize, number: u32) {
        file[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }

    #[test]
    fn sections_are_rounded_to_the_file_alignment() {
        for (alignment, pointer, size, raw) in [
            (0x200, 0x400, 0x200, 0x400..0x600),
            (0x200, 0x5ff, 1, 0x400..0x600),
            (0x200, 0x400, 0x201, 0x400..0x600), // as far as the file reaches
            (0x10, 0x415, 0x1e1, 0x410..0x600),
            (0, 0x415, 0x11, 0x415..0x426),
            (1, 0x415, 0x11, 0x415..0x426),
            (0x1000, 0x400, 0x10, 0x400..0x600), // an alignment that is not kept to
            (0x1000, 0x410, 0x10, 0..0x600),
        ] {
            let mut sample = SamplePe::small(32);
            sample.entry = 0;
            let mut file = sample.build();
            put(&mut file, OPTIONAL + 36, alignment);
            put(&mut file, OPTIONAL + 0xe0 + 16, size);
            put(&mut file, OPTIONAL + 0xe0 + 20, pointer);
            assert_eq!(sections(&file), Some(vec![raw]), "{alignment:#x} {pointer:#x} {size:#x}");
        }
    }

    #[test]
    fn headers_that_do_not_hold_together_have_no_sections() {
        let sound = SamplePe::small(32).build();
        assert!(sections(&sound).is_some());
        let section = OPTIONAL + 0xe0;
        for (what, at, number) in [
            ("no section", PE_OFFSET + 4, 0x014c),
            ("a short optional header", PE_OFFSET + 20, 0x0102_00df),
            ("an address of 2 GiB", section + 12, 1 << 31),
            ("a size in memory of 2 GiB", section + 8, 1 << 31),
            ("a size that cannot be rounded", section + 16, u32::MAX),
            ("an entry point behind all sections", OPTIONAL + 16, 0x9000),
            ("an entry point that only memory has", OPTIONAL + 16, 0x1200),
        ] {
            let mut file = sound.clone();
            put(&mut file, at, number);
            assert_eq!(sections(&file), None, "{what}");
        }
        assert_eq!(sections(&sound[..OPTIONAL + 0xe0]), None, "no section table");
    }

    #[test]
    fn names_and_ordinals_are_written_as_clamav_does() {
        let sample = SamplePe::full(32);
        let text = "kernel32.exitprocess,kernel32.sleep,ws2_32.wsastartup,ws2_32.closesocket";
        assert_eq!(imports(&sample.build()), Ok(Some(text.into())));
        assert_eq!(imports(&SamplePe::full(64).build()), Ok(None), "64 bits");
        assert_eq!(imports(&SamplePe::small(32).build()), Ok(None), "no directory");

        let mut fewer = sample.clone();
        fewer.directories[1].1 = 40; // room for two, of which the last one does not count
        let text = "kernel32.exitprocess,kernel32.sleep";
        assert_eq!(imports(&fewer.build()), Ok(Some(text.into())));
        fewer.directories[1].1 = u32::MAX;
        assert_eq!(imports(&fewer.build()), Ok(None), "a directory that leaves the file");
    }

    #[test]
    fn names_that_nobody_gives_spoil_it_and_those_at_the_end_are_passed_over() {
        let sample = SamplePe::full(32);
        let mut file = sample.build();
        let sleep = file.windows(5).position(|name| name == b"Sleep").unwrap();
        file[sleep] = b'-';
        assert_eq!(imports(&file), Ok(None));
        let mut file = sample.build();
        file.truncate(sleep + LONGEST_NAME - 1);
        put(&mut file, OPTIONAL + 96 + 8, 0); // the table is cut off with the rest
        assert_eq!(imports(&file), Ok(None));
    }

    /// Many libraries that share one table of many functions, behind many sections.
    #[test]
    fn imports_without_end_are_given_up() {
        let mut sample = SamplePe::small(32);
        let mut table: Vec<u8> = [0x2000 + 20 * 1025_u32 + 16, 0, 0, 0x2000 + 20 * 1025, 0]
            .map(u32::to_le_bytes)
            .concat()
            .repeat(1024);
        table.resize(20 * 1025, 0);
        table.extend(b"a.dll\0..........");
        table.extend(0x8000_0001_u32.to_le_bytes().repeat(300));
        let size = table.len() as u32;
        sample.sections[0].pointer = 0x4000;
        sample.sections.push(SampleSection::new(".i", 0x2000, 0x4200, table));
        sample.directories[1] = (0x2000, size);
        let empty = SampleSection::new(".e", 0x100_0000, 0, Vec::new());
        sample.sections.extend(vec![empty; 300]);
        assert_eq!(imports(&sample.build()), Err(Stop::Limit(Limit::Facts)));
    }
}
