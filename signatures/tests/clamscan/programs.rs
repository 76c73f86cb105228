//! Small Windows programs built by code.

/// A program of 32 or 64 bits with code, imports, and sections of its own.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) bits: u8,
    /// Libraries and what is imported of them by name.
    pub(crate) imports: Vec<(&'static str, Vec<&'static str>)>,
    /// What further sections hold.
    pub(crate) sections: Vec<Vec<u8>>,
}

const IMPORTS: u32 = 0x2000;
const HEADERS: usize = 0x400;

impl Program {
    pub(crate) fn new(bits: u8) -> Self {
        let imports = vec![("KERNEL32.dll", vec!["ExitProcess", "Sleep"])];
        Self { bits, imports, sections: Vec::new() }
    }

    /// What its imports are written as.
    pub(crate) fn imports_as_text(&self) -> String {
        let names = self.imports.iter().flat_map(|(library, functions)| {
            let stem = library.split('.').next().unwrap().to_lowercase();
            functions.iter().map(move |name| format!("{stem}.{}", name.to_lowercase()))
        });
        names.collect::<Vec<_>>().join(",")
    }

    /// A section as it stands in the file, filled up.
    pub(crate) fn section(&self, index: usize) -> Vec<u8> {
        let mut bytes = self.sections[index].clone();
        bytes.resize(bytes.len().next_multiple_of(0x200), 0);
        bytes
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let mut sections = vec![(0x1000, vec![0x90; 0x40]), (IMPORTS, self.import_table())];
        let addresses = (0x10_000_u32..).step_by(0x10_000);
        sections.extend(addresses.zip(self.sections.iter().cloned()));
        let mut file = self.headers(sections.len() as u16);
        let mut pointer = HEADERS as u32;
        for (address, bytes) in &sections {
            let size = bytes.len().next_multiple_of(0x200) as u32;
            file.extend(b".x\0\0\0\0\0\0");
            push32(&mut file, &[bytes.len() as u32, *address, size, pointer, 0, 0, 0, 0x4000_0040]);
            pointer += size;
        }
        file.resize(HEADERS, 0);
        for (_, bytes) in sections {
            file.extend(bytes);
            file.resize(file.len().next_multiple_of(0x200), 0);
        }
        file.resize(file.len() + 0x200, 0);
        file
    }

    fn headers(&self, sections: u16) -> Vec<u8> {
        let wide = self.bits == 64;
        let mut file = b"MZ".to_vec();
        file.resize(0x3c, 0);
        push32(&mut file, &[0x40]);
        file.extend(b"PE\0\0");
        push16(&mut file, &[if wide { 0x8664 } else { 0x14c }, sections]);
        push32(&mut file, &[0, 0, 0]);
        push16(&mut file, &[if wide { 240 } else { 224 }, 0x102]);
        push16(&mut file, &[if wide { 0x20b } else { 0x10b }, 0]);
        push32(&mut file, &[0x200, 0, 0, 0x1000, 0x1000]);
        push32(&mut file, if wide { &[0x40_0000, 0] } else { &[0x2000, 0x40_0000] });
        push32(&mut file, &[0x1000, 0x200]);
        push16(&mut file, &[6, 0, 0, 0, 6, 0]);
        push32(&mut file, &[0, 0x10_0000, HEADERS as u32, 0]);
        push16(&mut file, &[3, 0]);
        push32(&mut file, if wide { &[0; 8] } else { &[0; 4] });
        push32(&mut file, &[0, 16, 0, 0, IMPORTS, 20 * (self.imports.len() as u32 + 1)]);
        push32(&mut file, &[0; 28]);
        file
    }

    fn import_table(&self) -> Vec<u8> {
        let width = usize::from(self.bits / 8);
        let mut tables = vec![0; 20 * (self.imports.len() + 1)];
        for (index, (library, functions)) in self.imports.iter().enumerate() {
            let mut place = |bytes: &[u8]| {
                let address = IMPORTS + tables.len() as u32;
                tables.extend(bytes);
                address
            };
            let mut thunks: Vec<u64> = functions
                .iter()
                .map(|name| place(format!("\0\0{name}\0").as_bytes()).into())
                .collect();
            thunks.push(0);
            let name = place(format!("{library}\0").as_bytes());
            let thunks: Vec<u8> = thunks
                .iter()
                .flat_map(|thunk| thunk.to_le_bytes().into_iter().take(width))
                .collect();
            let (lookup, addresses) = (place(&thunks), place(&thunks));
            let mut row = Vec::new();
            push32(&mut row, &[lookup, 0, 0, name, addresses]);
            tables[20 * index..20 * (index + 1)].copy_from_slice(&row);
        }
        tables
    }
}

fn push16(file: &mut Vec<u8>, numbers: &[u16]) {
    file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn push32(file: &mut Vec<u8>, numbers: &[u32]) {
    file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}
