//! Programs that a packer packed, by the marks that packers leave: names of sections, and the first
//! instructions.
//!
//! They are not unpacked, since that means running them or imitating each packer. What is packed is
//! remarked upon with the packer's name; nothing is said of what is in it.

use super::Layout;
use crate::identify::FileType;
use crate::reader::Reader;

/// A mark of a packer.
enum Mark {
    /// A section's name begins so.
    Section(&'static str),
    /// The program begins with these instructions.
    Entry(&'static [u8]),
    /// The file begins so.
    Start(&'static [u8]),
}

use Mark::{Entry, Section, Start};

/// Those that wrap others come first.
const PACKERS: &[(&str, Mark)] = &[
    ("yoda's Crypter", Section("yC")),
    ("UPX", Section("UPX0")),
    ("ASPack", Section(".aspack")),
    ("ASPack", Entry(b"\x60\xe8\x03\0\0\0\xe9\xeb\x04\x5d\x45\x55")),
    ("MEW", Section("MEW")),
    ("PESpin", Entry(b"\xeb\x01\x68\x60\xe8\0\0\0\0\x8b\x1c\x24\x83\xc3")),
    ("Petite", Section(".petite")),
    ("Upack", Start(b"MZKERNEL32.DLL\0\0PE\0\0")),
    ("Upack", Section(".Upack")),
    ("WWPack32", Section(".WWP32")),
    ("FSG", Entry(b"\x87\x25")),
    ("FSG", Section("FSG!")),
    ("MPRESS", Section(".MPRESS1")),
    ("NsPack", Section(".nsp0")),
    ("PECompact", Section("PEC2")),
    ("Themida", Section(".themida")),
    ("VMProtect", Section(".vmp0")),
];

/// The name of the packer, if a program shows the marks of one.
pub(crate) fn packer(data: &[u8], layout: &Layout) -> Option<&'static str> {
    if layout.file_type != FileType::Pe {
        return data_of_elf(data).then_some("UPX");
    }
    let at_entry = layout.entry_point.and_then(|at| Reader::at(data, at).ok());
    let entry = at_entry.map_or(&[][..], |reader| reader.rest());
    let has = |mark: &Mark| match mark {
        Section(name) => layout.sections.iter().any(|section| section.name.starts_with(name)),
        Entry(code) => entry.starts_with(code),
        Start(bytes) => data.starts_with(bytes),
    };
    PACKERS.iter().find(|(_, mark)| has(mark)).map(|(name, _)| *name)
}

/// UPX writes its mark behind the program headers of ELF, within the first hundreds of bytes.
fn data_of_elf(data: &[u8]) -> bool {
    const NEAR: usize = 512;
    let front = data.get(..NEAR).unwrap_or(data);
    memchr::memmem::find(front, b"UPX!").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::{Section as Part, layout, samples};

    fn named(name: &str) -> Layout {
        let pe = samples::SamplePe::small(32).build();
        let found = crate::identify::identify(&pe).found;
        let mut layout = layout(&pe, &found).unwrap();
        let first: &mut Part = layout.sections.first_mut().unwrap();
        first.name = name.to_owned();
        layout
    }

    #[test]
    fn packers_are_known_by_their_marks() {
        for (name, packer_name) in [("UPX0", "UPX"), (".petite", "Petite"), ("MEW\0F", "MEW")] {
            assert_eq!(packer(b"", &named(name)), Some(packer_name));
        }
        assert_eq!(packer(b"", &named(".text")), None);
        assert_eq!(packer(b"MZKERNEL32.DLL\0\0PE\0\0", &named(".text")), Some("Upack"));
    }
}
