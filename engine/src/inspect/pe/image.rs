//! A PE's headers, its section table, and where its addresses are in the file.
//!
//! What the loader of Windows accepts is accepted: headers that run out of the file are read as
//! zeros, the count of data directories is cut to 16, the size of the optional header only says
//! where the section table starts. goblin's own `SectionTable` is not used: it reads names of
//! sections out of the string table without a limit.
//!
//! An address (RVA) below the headers' size is an offset. Otherwise the last section that holds it
//! gives the offset, and the rest of a section that is larger in memory than in the file is zeros.

use std::ops::Range;

use goblin::pe::data_directories::DataDirectory;
use goblin::pe::header::CoffHeader;
use goblin::pe::optional_header::{
    MAGIC_32, MAGIC_64, StandardFields, StandardFields32, StandardFields64, WindowsFields,
    WindowsFields32, WindowsFields64,
};

use super::super::facts::{Layout, Section};
use super::super::ledger::{Anomalies, Ledger, until_zero};
use super::super::record::{clamped, record, slice, zero_padded};
use super::address_map::{AddressMap, size_in_memory};
use crate::identify::FileType;
use crate::reader::{OutOfBounds, Reader};

/// Sections start at whole sectors of a disk, whatever their headers say.
const SECTOR: u64 = 0x200;
/// With smaller sections in memory than pages the loader does not map them one by one.
const PAGE: u64 = 0x1000;
/// The optional header with all its directories, in its larger form.
const OPTIONAL_HEADER: usize = 240;
const SECTION_HEADER: u64 = 40;
const SYMBOL: u64 = 18;
/// Bytes that a name in the string table may have.
const LONGEST_SECTION_NAME: usize = 256;
/// File header's Characteristics: a library.
const DLL: u16 = 0x2000;

/// The data directories, by index.
#[derive(Clone, Copy)]
pub(super) enum Directory {
    Exports = 0,
    Imports = 1,
    Resources = 2,
    Certificates = 4,
    Debug = 6,
    Tls = 9,
    DelayedImports = 13,
    DotNet = 14,
}

/// A PE whose headers were read.
pub(super) struct Image<'a> {
    pub(super) data: &'a [u8],
    /// Where the signature "PE" is.
    pub(super) pe_offset: u64,
    pub(super) bits: u8,
    pub(super) coff: CoffHeader,
    pub(super) standard: StandardFields,
    pub(super) windows: WindowsFields,
    pub(super) sections: Vec<Section>,
    pub(super) all_sections: bool,
    /// Where the headers end in the file, the section table included.
    pub(super) headers_end: u64,
    /// Addresses below this one are offsets.
    header_pages: u64,
    map: AddressMap,
    directories: [DataDirectory; 16],
}

impl<'a> Image<'a> {
    /// Reads the headers. `None` when there is no signature to start from.
    pub(super) fn read(data: &'a [u8], anomalies: &mut Anomalies) -> Option<Self> {
        let pe_offset = find_signature(data, anomalies)?;
        let coff: CoffHeader = record(&zero_padded::<20>(data, pe_offset.saturating_add(4)))?;
        let optional_offset = pe_offset.saturating_add(24);
        let optional = OptionalHeader::read(data, optional_offset, &coff, anomalies)?;
        let mut image = Self {
            data,
            pe_offset,
            bits: optional.bits,
            standard: optional.standard,
            windows: optional.windows,
            directories: optional.directories,
            sections: Vec::new(),
            all_sections: true,
            headers_end: 0,
            header_pages: 0,
            map: AddressMap::of(&[]),
            coff,
        };
        image.read_sections(optional_offset.saturating_add(coff.size_of_optional_header.into()));
        if !image.all_sections {
            anomalies.note(|| "the section table runs out of the file".to_owned());
        }
        Some(image)
    }

    fn read_sections(&mut self, table: u64) {
        let declared = u64::from(self.coff.number_of_sections);
        let mut reader = Reader::at(self.data, table).unwrap_or(Reader::new(&[]));
        for _ in 0..declared {
            let Ok(section) = self.read_section(&mut reader) else {
                self.all_sections = false;
                break;
            };
            self.sections.push(section);
        }
        let size = (self.sections.len() as u64).saturating_mul(SECTION_HEADER);
        self.headers_end =
            table.saturating_add(size).max(self.windows.size_of_headers.into()).min(self.length());
        self.map = AddressMap::of(&self.sections);
        let lowest = self.sections.iter().map(|section| section.virtual_address).min();
        self.header_pages =
            self.headers_end.min(lowest.filter(|&lowest| lowest > 0).unwrap_or(u64::MAX));
    }

    fn read_section(&self, reader: &mut Reader<'_>) -> Result<Section, OutOfBounds> {
        let mut header = reader.sub(SECTION_HEADER)?;
        let name = header.array::<8>()?;
        let virtual_size = header.u32_le()?;
        let virtual_address = header.u32_le()?;
        let size = u64::from(header.u32_le()?);
        let pointer = u64::from(header.u32_le()?);
        header.skip(12)?;
        Ok(Section {
            name: self.section_name(&name),
            raw: self.raw_range(pointer, size),
            declared: pointer..pointer.saturating_add(size),
            virtual_address: virtual_address.into(),
            virtual_size: virtual_size.into(),
            flags: header.u32_le()?.into(),
            kind: 0,
        })
    }

    /// A section without a pointer has no bytes in the file, whatever size it declares.
    fn raw_range(&self, pointer: u64, size: u64) -> Range<u64> {
        let start = if self.is_flat() { pointer } else { pointer & !SECTOR.saturating_sub(1) };
        clamped(start, if pointer == 0 { 0 } else { size }, self.data.len())
    }

    /// `/123` is the name at that place of the string table, which stands behind the symbols.
    fn section_name(&self, name: &[u8; 8]) -> String {
        let short = until_zero(name, name.len());
        let long = short
            .strip_prefix(b"/")
            .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
            .and_then(|place| self.string_table_entry(place))
            .filter(|long| !long.is_empty());
        String::from_utf8_lossy(long.unwrap_or(short)).into_owned()
    }

    fn string_table_entry(&self, place: u64) -> Option<&'a [u8]> {
        let symbols = u64::from(self.coff.pointer_to_symbol_table);
        let size = u64::from(self.coff.number_of_symbol_table).saturating_mul(SYMBOL);
        let offset = symbols.checked_add(size)?.checked_add(place)?;
        let entry = Reader::at(self.data, offset).ok().filter(|_| symbols != 0)?;
        Some(until_zero(entry.rest(), LONGEST_SECTION_NAME))
    }

    /// Whether the loader maps the file as one piece, so that addresses are offsets.
    fn is_flat(&self) -> bool {
        u64::from(self.windows.section_alignment) < PAGE
    }

    fn length(&self) -> u64 {
        self.data.len() as u64
    }

    /// A data directory, where the header has it.
    pub(super) fn directory(&self, which: Directory) -> Option<DataDirectory> {
        self.directories
            .get(which as usize)
            .copied()
            .filter(|directory| directory.virtual_address != 0)
    }

    /// The entry point's address relative to the image. A library may have none.
    pub(super) fn entry_address(&self) -> Option<u64> {
        let address = u64::from(self.standard.address_of_entry_point);
        (address != 0 || self.coff.characteristics & DLL == 0).then_some(address)
    }

    /// The file offset of an address.
    pub(super) fn offset(&self, address: u64) -> Option<u64> {
        self.place(address)?.offset
    }

    /// The address relative to the image of an absolute one.
    pub(super) fn relative(&self, absolute: u64) -> Option<u64> {
        absolute.checked_sub(self.windows.image_base)
    }

    fn place(&self, address: u64) -> Option<Place> {
        if address < self.header_pages {
            return Some(Place::in_file(address, self.headers_end.saturating_sub(address)));
        }
        let section = self.map.section_at(address).and_then(|index| self.sections.get(index));
        section.and_then(|section| place_in(section, address)).or_else(|| {
            let rest = self.length().checked_sub(address).filter(|&rest| rest > 0)?;
            self.is_flat().then(|| Place::in_file(address, rest))
        })
    }

    /// The bytes of the file from an address on, as far as they are together.
    pub(super) fn bytes(&self, address: u64) -> Option<&'a [u8]> {
        let place = self.place(address)?;
        let start = place.offset?;
        Some(slice(self.data, &(start..start.saturating_add(place.in_file))))
    }

    /// `N` bytes at an address, with the zeros that memory has behind the bytes of the file.
    pub(super) fn array<const N: usize>(&self, address: u64) -> Option<[u8; N]> {
        let place = self.place(address)?;
        if place.in_memory < N as u64 {
            return None;
        }
        Some(zero_padded(self.bytes(address).unwrap_or_default(), 0))
    }

    /// A 32-bit number at an address.
    pub(super) fn u32(&self, address: u64) -> Option<u32> {
        self.array(address).map(u32::from_le_bytes)
    }

    /// A number at an address, as wide as the program's pointers.
    pub(super) fn pointer(&self, address: u64) -> Option<u64> {
        match self.bits {
            64 => self.array(address).map(u64::from_le_bytes),
            _ => self.u32(address).map(u64::from),
        }
    }

    /// Bytes that a pointer takes.
    pub(super) fn pointer_size(&self) -> u64 {
        u64::from(self.bits / 8)
    }

    /// The text at an address.
    pub(super) fn text(&self, address: u64, ledger: &mut Ledger<'_>) -> Option<String> {
        self.bytes(address).map(|bytes| ledger.text(bytes))
    }

    /// Data behind the headers and all sections.
    pub(super) fn overlay(&self) -> Option<Range<u64>> {
        let ends = self
            .sections
            .iter()
            .filter(|section| !section.raw.is_empty())
            .map(|section| section.raw.end.max(section.declared.end.min(self.length())));
        let start = ends.max().unwrap_or(0).max(self.headers_end);
        (start < self.length()).then(|| start..self.length())
    }

    pub(super) fn into_layout(self) -> Layout {
        Layout {
            file_type: FileType::Pe,
            bits: self.bits,
            entry_point: self.entry_address().and_then(|address| self.offset(address)),
            sections: self.sections,
            all_sections: self.all_sections,
        }
    }
}

/// Where an address leads.
struct Place {
    /// The offset in the file, unless memory is zero there.
    offset: Option<u64>,
    /// Bytes from there on that the file has.
    in_file: u64,
    /// Bytes from there on that memory has.
    in_memory: u64,
}

impl Place {
    fn in_file(offset: u64, size: u64) -> Self {
        Self { offset: Some(offset), in_file: size, in_memory: size }
    }
}

fn place_in(section: &Section, address: u64) -> Option<Place> {
    let within = address.checked_sub(section.virtual_address)?;
    let memory = size_in_memory(section);
    let raw_size = section.raw.end.saturating_sub(section.raw.start);
    let in_file = raw_size.min(memory).saturating_sub(within);
    let offset = (in_file > 0).then(|| section.raw.start.saturating_add(within));
    Some(Place { offset, in_file, in_memory: memory.checked_sub(within)? })
}

/// Follows the DOS header to the signature.
fn find_signature(data: &[u8], anomalies: &mut Anomalies) -> Option<u64> {
    let pointer = Reader::at(data, 0x3c).and_then(|mut reader| reader.u32_le());
    let Ok(offset) = pointer.map(u64::from) else {
        anomalies.note(|| "the file ends inside of the DOS header".to_owned());
        return None;
    };
    let signature = Reader::at(data, offset).and_then(|mut reader| reader.array::<4>());
    if signature != Ok(*b"PE\0\0") {
        anomalies.note(|| format!("no PE signature at offset {offset:#x}, where it should be"));
        return None;
    }
    Some(offset)
}

/// The optional header, which no program can do without.
struct OptionalHeader {
    bits: u8,
    standard: StandardFields,
    windows: WindowsFields,
    directories: [DataDirectory; 16],
}

impl OptionalHeader {
    fn read(
        data: &[u8],
        offset: u64,
        coff: &CoffHeader,
        anomalies: &mut Anomalies,
    ) -> Option<Self> {
        let bytes = zero_padded::<OPTIONAL_HEADER>(data, offset);
        if (data.len() as u64) < offset.saturating_add(coff.size_of_optional_header.into()) {
            anomalies.note(|| "the file ends inside of the optional header".to_owned());
        }
        let bits = bits(&bytes, coff, anomalies);
        let (standard, windows, directories): (StandardFields, WindowsFields, _) = match bits {
            64 => (
                record::<StandardFields64>(&bytes)?.into(),
                record::<WindowsFields64>(bytes.get(24..)?)?,
                bytes.get(112..)?,
            ),
            _ => (
                record::<StandardFields32>(&bytes)?.into(),
                record::<WindowsFields32>(bytes.get(28..)?)?.into(),
                bytes.get(96..)?,
            ),
        };
        let count = windows.number_of_rva_and_sizes;
        if count > 16 {
            anomalies.note(|| format!("{count} data directories are declared, 16 are possible"));
        }
        let directories = read_directories(directories, count);
        Some(Self { bits, standard, windows, directories })
    }
}

/// 32 or 64, by the magic number or else by the processor.
fn bits(header: &[u8], coff: &CoffHeader, anomalies: &mut Anomalies) -> u8 {
    use goblin::pe::header::{COFF_MACHINE_ARM64, COFF_MACHINE_IA64, COFF_MACHINE_X86_64};
    match record::<u16>(header) {
        Some(MAGIC_32) => 32,
        Some(MAGIC_64) => 64,
        magic => {
            let magic = magic.unwrap_or(0);
            anomalies.note(|| format!("the optional header has the unknown magic {magic:#x}"));
            match coff.machine {
                COFF_MACHINE_X86_64 | COFF_MACHINE_ARM64 | COFF_MACHINE_IA64 => 64,
                _ => 32,
            }
        }
    }
}

fn read_directories(bytes: &[u8], count: u32) -> [DataDirectory; 16] {
    let mut directories = [DataDirectory::default(); 16];
    let (entries, _) = bytes.as_chunks::<8>();
    for ((directory, entry), _) in directories.iter_mut().zip(entries).zip(0..count) {
        *directory = record(entry).unwrap_or_default();
    }
    directories
}
