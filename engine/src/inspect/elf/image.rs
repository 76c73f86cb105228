//! An ELF's header, its two tables of headers, and where its addresses are in the file.
//!
//! Linux does not look at the class and byte order that the first bytes declare: the processor
//! decides. Malware sets them wrong to blind tools. So where the declared byte order makes the type
//! nonsense and the other one does not, the other one is taken.

use std::ops::Range;

use goblin::container::{Ctx, Endian};
use goblin::elf::header::{
    EI_CLASS, EI_DATA, ELFCLASS32, ELFCLASS64, ELFDATA2LSB, ELFDATA2MSB, EM_AARCH64, EM_IA_64,
    EM_PPC64, EM_S390, EM_X86_64, ET_CORE, ET_REL, Header,
};
use goblin::elf::program_header::{PT_LOAD, ProgramHeader};
use goblin::elf::section_header::{SHN_XINDEX, SHT_NOBITS, SHT_NULL, SectionHeader};

use super::super::MOST_SECTIONS;
use super::super::facts::Section;
use super::super::ledger::{Anomalies, until_zero};
use super::super::record::{clamped, record_at, slice, zero_padded};

/// The header in its larger form.
const HEADER: usize = 64;
/// Memory is mapped in pages of at least this size.
const PAGE: u64 = 0x1000;
/// e_phnum: the true number is in section 0.
const PN_XNUM: u16 = 0xffff;
/// Bytes that a section's name may have.
const LONGEST_SECTION_NAME: usize = 256;

/// An ELF whose headers were read.
pub(super) struct Image<'a> {
    pub(super) data: &'a [u8],
    pub(super) header: Header,
    /// Width and byte order of its records.
    pub(super) context: Ctx,
    pub(super) segments: Vec<ProgramHeader>,
    pub(super) section_headers: Vec<SectionHeader>,
    pub(super) all_sections: bool,
    /// Names of sections.
    names: Range<u64>,
}

impl<'a> Image<'a> {
    /// Reads the headers. `None` when the file does not begin as an ELF must.
    pub(super) fn read(data: &'a [u8], anomalies: &mut Anomalies) -> Option<Self> {
        let (header, context) = read_header(data, anomalies)?;
        let mut image = Self {
            data,
            header,
            context,
            segments: Vec::new(),
            section_headers: Vec::new(),
            all_sections: true,
            names: 0..0,
        };
        image.read_tables(anomalies);
        Some(image)
    }

    /// Numbers that do not fit into the header stand in section 0.
    fn read_tables(&mut self, anomalies: &mut Anomalies) {
        let header = self.header;
        let first: Option<SectionHeader> =
            record_at(self.data, header.e_shoff, self.context).filter(|_| header.e_shoff != 0);
        let extended = |number: u16, mark: u16, field: fn(&SectionHeader) -> u64| match &first {
            Some(first) if number == mark => field(first),
            _ => number.into(),
        };
        let sections = extended(header.e_shnum, 0, |first| first.sh_size);
        let segments = extended(header.e_phnum, PN_XNUM, |first| first.sh_info.into());
        let names = extended(header.e_shstrndx, SHN_XINDEX as u16, |first| first.sh_link.into());

        let stride = stride(header.e_shentsize, SectionHeader::size(self.context), anomalies);
        let table = if header.e_shoff == 0 { (0, 0) } else { (header.e_shoff, sections) };
        self.section_headers = self.table(table, stride);
        self.all_sections = self.section_headers.len() as u64 == table.1;
        if !self.all_sections {
            anomalies.note(|| format!("not all of {sections} section headers are in the file"));
        }
        let stride = segment_stride(&header, self.context, anomalies);
        self.segments = self.table((header.e_phoff, segments), stride);
        if self.segments.len() as u64 != segments {
            anomalies.note(|| format!("not all of {segments} program headers are in the file"));
        }
        self.find_names(names, anomalies);
    }

    fn table<T>(&self, (offset, count): (u64, u64), stride: u64) -> Vec<T>
    where
        T: scroll::ctx::TryFromCtx<'a, Ctx, Error = goblin::error::Error>,
    {
        (0..count.min(MOST_SECTIONS as u64))
            .map_while(|index| {
                let place = offset.checked_add(index.checked_mul(stride)?)?;
                record_at(self.data, place, self.context)
            })
            .collect()
    }

    fn find_names(&mut self, index: u64, anomalies: &mut Anomalies) {
        let found = usize::try_from(index).ok().and_then(|index| self.section_headers.get(index));
        match found {
            Some(table) => self.names = self.section_range(table),
            None if self.section_headers.is_empty() => {}
            None => {
                anomalies.note(|| format!("the sections' names are in missing section {index}"))
            }
        }
    }

    pub(super) fn bits(&self) -> u8 {
        if self.context.is_big() { 64 } else { 32 }
    }

    /// A 32-bit number in the file's byte order.
    pub(super) fn u32(&self, bytes: &[u8], offset: u64) -> Option<u32> {
        record_at::<u32, _, scroll::Error>(bytes, offset, self.context.le)
    }

    /// The sections.
    pub(super) fn sections(&self) -> impl Iterator<Item = Section> {
        self.section_headers.iter().map(|header| self.section(header))
    }

    fn section(&self, header: &SectionHeader) -> Section {
        let (offset, size) = section_place(header);
        Section {
            name: self.section_name(header),
            raw: self.section_range(header),
            declared: offset..offset.saturating_add(size),
            virtual_address: header.sh_addr,
            virtual_size: header.sh_size,
            flags: header.sh_flags,
            kind: header.sh_type,
        }
    }

    fn section_name(&self, header: &SectionHeader) -> String {
        let names = slice(self.data, &self.names);
        let name = names.get(header.sh_name..).unwrap_or_default();
        String::from_utf8_lossy(until_zero(name, LONGEST_SECTION_NAME)).into_owned()
    }

    /// A section's bytes, clamped to the file.
    pub(super) fn section_range(&self, header: &SectionHeader) -> Range<u64> {
        let (offset, size) = section_place(header);
        clamped(offset, size, self.data.len())
    }

    /// A segment's bytes, clamped to the file.
    pub(super) fn segment_range(&self, header: &ProgramHeader) -> Range<u64> {
        clamped(header.p_offset, header.p_filesz, self.data.len())
    }

    /// The file offset of an address: a later segment lies over an earlier one, and whole pages are
    /// mapped where no segment asks for the address itself.
    pub(super) fn offset(&self, address: u64) -> Option<u64> {
        let loaded = || self.segments.iter().rev().filter(|segment| segment.p_type == PT_LOAD);
        loaded()
            .find_map(|segment| {
                within(address, segment.p_vaddr, segment.p_filesz, segment.p_offset)
            })
            .or_else(|| loaded().find_map(|segment| within_pages(address, segment)))
            .filter(|&offset| offset < self.data.len() as u64)
    }

    /// The bytes of the file from an address on.
    pub(super) fn bytes(&self, address: u64) -> Option<&'a [u8]> {
        Some(slice(self.data, &(self.offset(address)?..u64::MAX)))
    }

    /// The address of the first instruction. Libraries often have none.
    pub(super) fn entry_address(&self) -> Option<u64> {
        let runs = !matches!(self.header.e_type, ET_REL | ET_CORE);
        Some(self.header.e_entry).filter(|&address| runs && address != 0)
    }

    pub(super) fn entry_point(&self) -> Option<u64> {
        self.offset(self.entry_address()?)
    }

    /// Data behind all headers, sections and segments.
    pub(super) fn overlay(&self) -> Option<Range<u64>> {
        let length = self.data.len() as u64;
        let table = |offset: u64, count: usize, size: u16| {
            offset.saturating_add((count as u64).saturating_mul(size.into()))
        };
        let header = &self.header;
        let headers = [
            header.e_ehsize.into(),
            table(header.e_phoff, self.segments.len(), header.e_phentsize),
            table(header.e_shoff, self.section_headers.len(), header.e_shentsize),
        ];
        let sections = self.section_headers.iter().map(|header| self.section_range(header));
        let segments = self.segments.iter().map(|header| self.segment_range(header));
        let contents = sections.chain(segments).filter(|range| !range.is_empty());
        let start = contents.map(|range| range.end).chain(headers).max()?;
        (start < length).then_some(start..length)
    }
}

/// Where a section's header says that its bytes are. Some kinds have none.
pub(super) fn section_place(header: &SectionHeader) -> (u64, u64) {
    match header.sh_type {
        SHT_NULL | SHT_NOBITS => (header.sh_offset, 0),
        _ => (header.sh_offset, header.sh_size),
    }
}

fn within(address: u64, start: u64, size: u64, offset: u64) -> Option<u64> {
    let inside = address.checked_sub(start).filter(|&inside| inside < size)?;
    offset.checked_add(inside)
}

fn within_pages(address: u64, segment: &ProgramHeader) -> Option<u64> {
    let before = segment.p_vaddr & PAGE.saturating_sub(1);
    let size = segment.p_filesz.checked_add(before)?.checked_next_multiple_of(PAGE)?;
    let offset = segment.p_offset.checked_sub(before)?;
    within(address, segment.p_vaddr.saturating_sub(before), size, offset)
}

/// How far apart the records of a table are.
fn stride(declared: u16, size: usize, anomalies: &mut Anomalies) -> u64 {
    let size = size as u64;
    let declared = u64::from(declared);
    if declared != size && declared != 0 {
        anomalies.note(|| format!("a table entry of {declared} bytes is declared, not {size}"));
    }
    declared.max(size)
}

/// Linux refuses a program whose entries have another size.
fn segment_stride(header: &Header, context: Ctx, anomalies: &mut Anomalies) -> u64 {
    if header.e_phnum == 0 {
        return 0;
    }
    stride(header.e_phentsize, ProgramHeader::size(context), anomalies)
}

/// The header, read as zeros where it runs out of the file, and what its records are like.
fn read_header(data: &[u8], anomalies: &mut Anomalies) -> Option<(Header, Ctx)> {
    if !data.starts_with(b"\x7fELF") {
        anomalies.note(|| "the file does not begin with an ELF signature".to_owned());
        return None;
    }
    let mut bytes = zero_padded::<HEADER>(data, 0);
    correct_ident(&mut bytes, anomalies);
    let header: Header = record_at(&bytes, 0, Endian::Little)?;
    let context = Ctx::new(header.container().ok()?, header.endianness().ok()?);
    if data.len() < Header::size(context) {
        anomalies.note(|| "the file ends inside of the ELF header".to_owned());
    }
    Some((header, context))
}

/// Puts a class and a byte order into the header that the rest of it can have.
fn correct_ident(bytes: &mut [u8; HEADER], anomalies: &mut Anomalies) {
    let field = |offset, endian| {
        record_at::<u16, _, scroll::Error>(&bytes[..], offset, endian).unwrap_or_default()
    };
    let plausible = |endian| matches!(field(16, endian), 1..=4 | 0xfe00..);
    let [class, order] = [EI_CLASS, EI_DATA].map(|index| bytes.get(index).copied());
    let order = match order {
        Some(ELFDATA2LSB) if plausible(Endian::Little) || !plausible(Endian::Big) => ELFDATA2LSB,
        Some(ELFDATA2MSB) if plausible(Endian::Big) || !plausible(Endian::Little) => ELFDATA2MSB,
        _ if plausible(Endian::Little) => ELFDATA2LSB,
        _ => ELFDATA2MSB,
    };
    let endian = if order == ELFDATA2LSB { Endian::Little } else { Endian::Big };
    let class = match (class, field(18, endian)) {
        (Some(class @ (ELFCLASS32 | ELFCLASS64)), _) => class,
        (_, EM_X86_64 | EM_AARCH64 | EM_PPC64 | EM_IA_64 | EM_S390) => ELFCLASS64,
        _ => ELFCLASS32,
    };
    for (index, right) in [(EI_CLASS, class), (EI_DATA, order)] {
        if let Some(byte) = bytes.get_mut(index).filter(|byte| **byte != right) {
            anomalies.note(|| format!("byte {index} of the header is {byte}, should be {right}"));
            *byte = right;
        }
    }
}
