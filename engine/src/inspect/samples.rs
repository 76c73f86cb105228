//! Small programs built by code, for the tests of this folder.
//!
//! They are sound; a test breaks what it wants broken, by its field or at its offset.

use crate::identify::{FileType, Found};

/// What identification finds in a PE.
pub(super) const PE: &[Found] = &[Found { file_type: FileType::Pe, offset: 0 }];
/// What identification finds in an ELF.
pub(super) const ELF: &[Found] = &[Found { file_type: FileType::Elf, offset: 0 }];

/// Where a sample's PE signature is; its other headers follow at their fixed distances.
pub(super) const PE_OFFSET: usize = 0x80;
/// Where a sample's first section starts in the file.
pub(super) const FIRST_RAW: u32 = 0x400;
/// Where a sample asks to be loaded.
pub(super) const IMAGE_BASE: u32 = 0x40_0000;

/// A section of a PE to be built.
#[derive(Clone)]
pub(super) struct SampleSection {
    pub(super) name: [u8; 8],
    pub(super) address: u32,
    pub(super) virtual_size: u32,
    pub(super) pointer: u32,
    pub(super) size: u32,
    pub(super) bytes: Vec<u8>,
}

impl SampleSection {
    /// A section whose declared sizes are those of its bytes.
    pub(super) fn new(name: &str, address: u32, pointer: u32, bytes: Vec<u8>) -> Self {
        let mut padded = [0; 8];
        padded[..name.len()].copy_from_slice(name.as_bytes());
        let size = bytes.len() as u32;
        Self { name: padded, address, virtual_size: size, pointer, size, bytes }
    }
}

/// A PE to be built.
#[derive(Clone)]
pub(super) struct SamplePe {
    pub(super) bits: u8,
    pub(super) entry: u32,
    pub(super) characteristics: u16,
    pub(super) section_alignment: u32,
    pub(super) sections: Vec<SampleSection>,
    pub(super) section_count: Option<u16>,
    pub(super) directories: [(u32, u32); 16],
    pub(super) directory_count: u32,
    pub(super) overlay: Vec<u8>,
}

impl SamplePe {
    /// A program with one section of code, entered 16 bytes into it.
    pub(super) fn small(bits: u8) -> Self {
        Self {
            bits,
            entry: 0x1010,
            characteristics: 0x0102,
            section_alignment: 0x1000,
            sections: vec![SampleSection::new(".text", 0x1000, FIRST_RAW, vec![0x90; 0x200])],
            section_count: None,
            directories: [(0, 0); 16],
            directory_count: 16,
            overlay: Vec::new(),
        }
    }

    /// A program with something in every table that is read.
    pub(super) fn full(bits: u8) -> Self {
        let mut sample = Self::small(bits);
        let mut tables = Tables { bits, base: 0x2000, bytes: Vec::new() };
        sample.directories[1] = tables.imports();
        sample.directories[0] = tables.exports();
        sample.directories[13] = tables.delayed_imports();
        sample.directories[6] = tables.debug();
        sample.directories[9] = tables.tls();
        sample.directories[14] = tables.dotnet();
        tables.bytes.resize(0x1000, 0);
        sample.sections.push(SampleSection::new(".rdata", 0x2000, 0x600, tables.bytes));
        let resources = resources(0x3000);
        sample.directories[2] = (0x3000, resources.len() as u32);
        let mut resources = SampleSection::new(".rsrc", 0x3000, 0x1600, resources);
        resources.bytes.resize(0x400, 0);
        resources.size = 0x400;
        sample.sections.push(resources);
        sample.overlay = b"overlay and certificates".to_vec();
        sample.directories[4] = (0x1a00 + 12, 12);
        sample
    }

    /// The file.
    pub(super) fn build(&self) -> Vec<u8> {
        let mut file = b"MZ".to_vec();
        file.resize(0x3c, 0);
        file.extend((PE_OFFSET as u32).to_le_bytes());
        file.extend(rich_header());
        file.resize(PE_OFFSET, 0);
        file.extend(b"PE\0\0");
        self.headers(&mut file);
        for section in &self.sections {
            section_header(section, &mut file);
        }
        for section in &self.sections {
            let end = section.pointer as usize + section.bytes.len();
            if section.pointer > 0 && file.len() < end {
                file.resize(end, 0);
            }
            let start = section.pointer as usize;
            if section.pointer > 0 {
                file[start..end].copy_from_slice(&section.bytes);
            }
        }
        file.extend(&self.overlay);
        file
    }

    fn headers(&self, file: &mut Vec<u8>) {
        let wide = self.bits == 64;
        let count = self.section_count.unwrap_or(self.sections.len() as u16);
        push16(file, &[if wide { 0x8664 } else { 0x14c }, count]);
        push32(file, &[0x1234_5678, 0, 0]);
        push16(file, &[if wide { 240 } else { 224 }, self.characteristics]);
        push16(file, &[if wide { 0x20b } else { 0x10b }, 0x0e02]);
        push32(file, &[0x200, 0, 0, self.entry, 0x1000]);
        push32(file, if wide { &[IMAGE_BASE, 0] } else { &[0x2000, IMAGE_BASE] });
        push32(file, &[self.section_alignment, 0x200]);
        push16(file, &[6, 0, 0, 0, 6, 0]);
        push32(file, &[0, 0x4000, FIRST_RAW, 0]);
        push16(file, &[3, 0x8160]);
        push32(file, if wide { &[0; 8] } else { &[0; 4] });
        push32(file, &[0, self.directory_count]);
        for (address, size) in self.directories {
            push32(file, &[address, size]);
        }
    }
}

fn section_header(section: &SampleSection, file: &mut Vec<u8>) {
    file.extend(section.name);
    push32(file, &[section.virtual_size, section.address, section.size, section.pointer]);
    push32(file, &[0, 0, 0, 0x6000_0020]);
}

fn push16(file: &mut Vec<u8>, numbers: &[u16]) {
    file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn push32(file: &mut Vec<u8>, numbers: &[u32]) {
    file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn rich_header() -> Vec<u8> {
    let key = 0x5a5a_1234_u32;
    let masked = |number: u32| (number ^ key).to_le_bytes();
    let mut bytes: Vec<u8> = [0x536e_6144, 0, 0, 0, 0x0001_0002, 3].map(masked).concat();
    bytes.extend(b"Rich");
    bytes.extend(key.to_le_bytes());
    bytes
}

/// The tables of a full sample, in one section.
struct Tables {
    bits: u8,
    base: u32,
    bytes: Vec<u8>,
}

impl Tables {
    /// Puts bytes down and says at which address.
    fn place(&mut self, bytes: impl AsRef<[u8]>) -> u32 {
        let address = self.base + self.bytes.len() as u32;
        self.bytes.extend(bytes.as_ref());
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        address
    }

    fn pointers(&mut self, values: &[u64]) -> u32 {
        let width = usize::from(self.bits / 8);
        let bytes: Vec<u8> =
            values.iter().flat_map(|value| value.to_le_bytes().into_iter().take(width)).collect();
        self.place(bytes)
    }

    fn numbers(&mut self, values: &[u32]) -> u32 {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.place(bytes)
    }

    fn ordinal(&self, number: u64) -> u64 {
        number | 1 << (self.bits - 1)
    }

    fn imports(&mut self) -> (u32, u32) {
        let exit = u64::from(self.place(b"\0\0ExitProcess\0"));
        let sleep = u64::from(self.place(b"\0\0Sleep\0"));
        let kernel = self.pointers(&[exit, sleep, 0]);
        let kernel_name = self.place(b"KERNEL32.dll\0");
        let sockets = self.pointers(&[self.ordinal(115), self.ordinal(3), 0]);
        let sockets_name = self.place(b"WS2_32.dll\0");
        let table = self.numbers(&[
            kernel,
            0,
            0,
            kernel_name,
            kernel, //
            0,
            0,
            0,
            sockets_name,
            sockets, //
            0,
            0,
            0,
            0,
            0,
        ]);
        (table, 60)
    }

    fn delayed_imports(&mut self) -> (u32, u32) {
        let name = self.place(b"late.dll\0");
        let symbol = u64::from(self.place(b"\0\0Later\0"));
        let symbols = self.pointers(&[symbol, 0]);
        let table = self.numbers(&[1, name, 0, symbols, symbols, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        (table, 64)
    }

    /// The forwarder's text must be in the directory's range, so all of it stands behind the table.
    fn exports(&mut self) -> (u32, u32) {
        let table = self.base + self.bytes.len() as u32;
        let [addresses, names, indices, own] = [40, 56, 64, 72].map(|distance| table + distance);
        let [first, second, forward, end] = [88, 96, 104, 120].map(|distance| table + distance);
        self.numbers(&[0, 77, 0, own, 5, 4, 2, addresses, names, indices]);
        self.numbers(&[0x1010, 0, forward, 0x1020]);
        self.numbers(&[first, second]);
        self.place([0, 0, 2, 0]);
        self.place(b"sample.dll\0");
        self.place(b"First\0");
        self.place(b"Second\0");
        self.place(b"other.Thing\0");
        (table, end - table)
    }

    fn debug(&mut self) -> (u32, u32) {
        let mut record = b"RSDS".to_vec();
        record.extend([7; 20]);
        record.extend(b"C:\\build\\sample.pdb\0");
        let size = record.len() as u32;
        let address = self.place(record);
        let offset = address - self.base + 0x600;
        (self.numbers(&[0, 0, 0, 2, size, address, offset]), 28)
    }

    fn tls(&mut self) -> (u32, u32) {
        let base = u64::from(IMAGE_BASE);
        let callbacks = self.pointers(&[base + 0x1030, base + 0x1040, 0]);
        let table = self.pointers(&[0, 0, 0, base + u64::from(callbacks), 0]);
        (table, u32::from(self.bits / 8) * 6)
    }

    fn dotnet(&mut self) -> (u32, u32) {
        let mut header = vec![72];
        header.resize(18, 0);
        (self.numbers(&header), 72)
    }
}

/// A tree with a version, and an icon called "ICON".
fn resources(base: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let directory = |bytes: &mut Vec<u8>, named: u16, numbered: u16, entries: &[u32]| {
        push32(bytes, &[0, 0, 0]);
        push16(bytes, &[named, numbered]);
        push32(bytes, entries);
    };
    let down = 1 << 31;
    directory(&mut bytes, 0, 2, &[3, down | 32, 16, down | 56]); // at 0
    directory(&mut bytes, 1, 0, &[down | 200, down | 80]); // at 32: icons
    directory(&mut bytes, 0, 1, &[1, down | 104]); // at 56: versions
    directory(&mut bytes, 0, 1, &[1033, 128]); // at 80: languages of the icon
    directory(&mut bytes, 0, 1, &[1033, 144]); // at 104: languages of the version
    let version = version();
    push32(&mut bytes, &[base + 208, 8, 0, 0]); // at 128
    push32(&mut bytes, &[base + 216, version.len() as u32, 0, 0]); // at 144
    bytes.resize(200, 0);
    push16(&mut bytes, &[4]);
    bytes.extend(wide("ICON").into_iter().take(6)); // its end is cut by the icon's data
    bytes.extend(b"picture!");
    bytes.extend(version);
    bytes
}

/// UTF-16 with its end.
pub(super) fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// A version block: header, key, value, children.
fn block(key: &str, value: &[u8], children: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 6];
    bytes.extend(wide(key));
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend(children);
    let length = bytes.len() as u16;
    bytes[..2].copy_from_slice(&length.to_le_bytes());
    bytes[2..4].copy_from_slice(&(value.len() as u16).to_le_bytes());
    bytes
}

fn version() -> Vec<u8> {
    let mut strings = block("CompanyName", &wide("Nobody"), &[]);
    strings.extend(block("ProductName", &wide("Sample"), &[]));
    let table = block("040904b0", &[], &strings);
    let information = block("StringFileInfo", &[], &table);
    block("VS_VERSION_INFO", &[1; 52], &information)
}

/// Where a sample ELF is loaded: addresses are offsets and this.
pub(super) const ELF_BASE: u64 = 0x40_0000;

/// An ELF to be built.
pub(super) struct SampleElf {
    pub(super) bits: u8,
    pub(super) big_endian: bool,
}

/// Offsets of a built ELF's parts.
pub(super) struct BuiltElf {
    pub(super) file: Vec<u8>,
    pub(super) text: u64,
    pub(super) sections: u64,
    pub(super) dynamic: u64,
    pub(super) hash: u64,
}

struct ElfWriter {
    bits: u8,
    big_endian: bool,
    file: Vec<u8>,
}

impl ElfWriter {
    fn number(&mut self, value: u64, width: usize) {
        let bytes = value.to_be_bytes();
        let bytes = &bytes[8 - width..];
        if self.big_endian {
            self.file.extend(bytes);
        } else {
            self.file.extend(bytes.iter().rev());
        }
    }

    fn halves(&mut self, values: &[u64]) {
        values.iter().for_each(|&value| self.number(value, 2));
    }

    fn words(&mut self, values: &[u64]) {
        values.iter().for_each(|&value| self.number(value, 4));
    }

    fn pointers(&mut self, values: &[u64]) {
        let width = usize::from(self.bits / 8);
        values.iter().for_each(|&value| self.number(value, width));
    }

    /// Puts bytes down and says where.
    fn place(&mut self, bytes: &[u8]) -> u64 {
        let offset = self.align();
        self.file.extend(bytes);
        offset
    }

    fn align(&mut self) -> u64 {
        self.file.resize(self.file.len().next_multiple_of(8), 0);
        self.file.len() as u64
    }

    fn segment(&mut self, kind: u64, flags: u64, offset: u64, size: u64) {
        let address = offset + ELF_BASE;
        if self.bits == 64 {
            self.words(&[kind, flags]);
            self.pointers(&[offset, address, address, size, size, 4]);
        } else {
            self.words(&[kind, offset, address, address, size, size, flags, 4]);
        }
    }

    fn section(&mut self, name: u64, kind: u64, offset: u64, size: u64) {
        let address = if kind == 0 || kind == 3 { 0 } else { offset + ELF_BASE };
        self.words(&[name, kind]);
        self.pointers(&[0, address, offset, size]);
        self.words(&[0, 0]);
        self.pointers(&[4, 0]);
    }

    fn symbol(&mut self, name: u64, binding: u8, section: u64) {
        self.words(&[name]);
        if self.bits == 32 {
            self.words(&[0, 0]);
        }
        self.file.extend([binding << 4, 0]);
        self.halves(&[section]);
        if self.bits == 64 {
            self.pointers(&[0, 0]);
        }
    }
}

impl SampleElf {
    /// A program with one import, one export, one needed library, a build id and some sections.
    pub(super) fn build(&self) -> BuiltElf {
        let mut w = ElfWriter { bits: self.bits, big_endian: self.big_endian, file: Vec::new() };
        let wide = self.bits == 64;
        let header_size = if wide { 64 } else { 52 };
        let segment_size = if wide { 56 } else { 32 };
        w.file.resize(header_size + 4 * segment_size, 0);
        let interpreter = w.place(b"/lib/ld-sample.so\0");
        let strings = w.place(b"\0libneeded.so\0imported\0exported\0sample.so\0/search\0");
        let symbols = w.align();
        for (name, binding, section) in [(0, 0, 0), (14, 1, 0), (23, 1, 1), (32, 0, 1)] {
            w.symbol(name, binding, section);
        }
        let symbols_size = w.file.len() as u64 - symbols;
        let hash = w.align();
        w.words(&[1, 4, 1, 0, 2, 3, 0]);
        let note = w.align();
        w.words(&[4, 4, 3]);
        w.file.extend(b"GNU\0\xde\xad\xbe\xef");
        let text = w.place(&[0x90; 64]);
        let dynamic = w.align();
        for (tag, value) in [
            (1, 1),
            (14, 32),
            (29, 42),
            (5, strings + ELF_BASE),
            (10, 50),
            (6, symbols + ELF_BASE),
            (4, hash + ELF_BASE),
            (0, 0),
        ] {
            w.pointers(&[tag, value]);
        }
        let dynamic_size = w.file.len() as u64 - dynamic;
        let names = w.place(b"\0.text\0.dynsym\0.shstrtab\0.bss\0");
        let sections = w.align();
        w.section(0, 0, 0, 0);
        w.section(1, 1, text, 64);
        w.section(7, 11, symbols, symbols_size);
        w.section(25, 8, text, 0x10_0000);
        w.section(15, 3, names, 31);
        let length = w.file.len() as u64;
        let body = std::mem::take(&mut w.file);
        self.header(&mut w, text, sections);
        w.segment(1, 5, 0, length);
        w.segment(2, 6, dynamic, dynamic_size);
        w.segment(3, 4, interpreter, 18);
        w.segment(4, 4, note, 20);
        w.file.extend(&body[header_size + 4 * segment_size..]);
        BuiltElf { file: w.file, text, sections, dynamic, hash }
    }

    fn header(&self, w: &mut ElfWriter, text: u64, sections: u64) {
        let wide = self.bits == 64;
        w.file.extend(b"\x7fELF");
        w.file.extend([if wide { 2 } else { 1 }, if self.big_endian { 2 } else { 1 }, 1, 3]);
        w.file.extend([0; 8]);
        w.halves(&[3, if wide { 62 } else { 3 }]);
        w.words(&[1]);
        w.pointers(&[text + 4 + ELF_BASE, if wide { 64 } else { 52 }, sections]);
        w.words(&[0]);
        let sizes = if wide { [64, 56, 4, 64] } else { [52, 32, 4, 40] };
        w.halves(&sizes);
        w.halves(&[5, 4]);
    }
}
