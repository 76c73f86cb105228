//! 3 Facts that signatures ask about: where a program starts, its sections, what it imports.
//!
//! Three levels, because a scan must do no work that the file cannot need:
//!
//! - [`layout`] reads the headers and the section table, and costs next to nothing.
//! - [`landmarks`] are what offsets of signatures such as `EP+4` or `S2+0` are counted from. They are
//!   ClamAV's, since such signatures are.
//! - [`inspect`] reads everything: imports and their hash, exports, resources, digests, and what is
//!   odd about the file.
//!
//! Both know PE (Microsoft's "PE Format" specification) and ELF (the System V ABI, chapters 4 and 5,
//! and the GNU extensions), 32 and 64 bit, and ELF in both byte orders; [`landmarks`] know Mach-O as
//! well. The records are goblin's; the walks over them are ours, because goblin allocates and loops as
//! the file tells it to. Where the specification and the loader of the operating system disagree, the
//! loader is right: it decides what runs.
//!
//! Nothing in the file is believed. Malware is malformed on purpose, so a contradiction is an anomaly
//! in words, and what could be learned is kept. Every list ends at [`Limits::facts`] entries, every
//! loop asks the [`Budget`], and nothing recurses.
//!
//! [`Limits::facts`]: crate::limits::Limits::facts

#![warn(clippy::arithmetic_side_effects)]

pub(crate) mod authenticode;
mod contents;
mod documents;
mod elf;
mod facts;
mod landmarks;
mod ledger;
mod packers;
mod pe;
mod record;

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "numbers of our own making")]
mod mutations;
#[cfg(test)]
mod oracles;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "numbers of our own making")]
mod samples;

pub use facts::{
    CertificateFacts, CertificateUses, CountersignatureFacts, Digests, Elf, Export, Exports, Facts,
    Format, ImportedSymbol, Layout, Library, Pe, Program, Resource, ResourceId, Section,
    SectionFacts, Segment, SignatureFacts,
};
pub use landmarks::{Landmarks, landmarks};

pub(crate) use documents::remarks;
pub(crate) use packers::packer;
pub(crate) use pe::{PeCut, PeParts};

use crate::identify::{FileType, Found};
use crate::limits::{Budget, Stop};
use ledger::Ledger;

/// Sections beyond this number are left away from a [`Layout`]. PE cannot declare more.
const MOST_SECTIONS: usize = 65_535;

/// Where a program starts and what its sections are, from its headers alone. `None` when `found` has
/// no PE or ELF at offset 0, or its headers cannot be read.
pub fn layout(data: &[u8], found: &[Found]) -> Option<Layout> {
    match program_type(found)? {
        FileType::Pe => pe::layout(data),
        FileType::Elf => elf::layout(data),
        _ => None,
    }
}

/// Where the names of version strings (`CompanyName` and so on) begin in the PE at the start of `data`,
/// in rising order; and why some were left unread, if any were.
pub(crate) fn version_keys(data: &[u8], budget: &Budget) -> (Vec<u64>, Option<Stop>) {
    let mut ledger = Ledger::new(budget);
    let keys = pe::version_keys(data, &mut ledger);
    (keys, ledger.refused())
}

/// A PE at the start of `data`, cut as ClamAV's signatures of sections and imports want it.
pub(crate) fn cut_pe(data: &[u8]) -> Option<PeCut<'_>> {
    pe::cut(data)
}

/// All that can be learned about the program at offset 0, and what is wrong with it. Of what is no
/// program, the oddities of documents are told.
pub fn inspect(data: &[u8], found: &[Found], budget: &Budget) -> Facts {
    let mut ledger = Ledger::new(budget);
    if program_type(found).is_none() {
        let types = found.iter().map(|found| found.file_type).collect();
        let (remarks, ended) = remarks(data, types, budget);
        remarks.into_iter().for_each(|remark| ledger.anomaly(|| remark));
        if let Err(stop) = ended {
            ledger.cut(stop, "what a document reaches for".to_owned());
        }
    }
    let program = match program_type(found) {
        Some(FileType::Pe) => pe::inspect(data, &mut ledger),
        Some(FileType::Elf) => elf::inspect(data, &mut ledger),
        _ => None,
    };
    ledger.into_facts(program)
}

/// PE, ELF or Mach-O, where `found` has it at offset 0.
fn program_type(found: &[Found]) -> Option<FileType> {
    found
        .iter()
        .filter(|found| found.offset == 0)
        .map(|found| found.file_type)
        .find(|file_type| matches!(file_type, FileType::Pe | FileType::Elf | FileType::MachO))
}
