//! ELF: the programs of Linux, the BSDs and many devices.
//!
//! Follows the System V ABI and the GNU extensions, and the Linux loader where that is laxer: what
//! runs is decided by the program headers and the dynamic table, so they are asked first; section
//! headers are what tools see, and may be missing or false.

mod dynamic;
mod image;
mod notes;

use goblin::elf::header::{et_to_str, machine_to_str};
use goblin::elf::program_header::PT_INTERP;

use super::contents::read_sections;
use super::facts::{Elf, Format, Layout, Program, Segment};
use super::ledger::{Anomalies, Ledger};
use super::record::slice;
use crate::identify::FileType;
use image::Image;

/// The layout of an ELF at the start of `data`.
pub(super) fn layout(data: &[u8]) -> Option<Layout> {
    let image = Image::read(data, &mut Anomalies::ignored())?;
    Some(Layout {
        file_type: FileType::Elf,
        bits: image.bits(),
        entry_point: image.entry_point(),
        sections: image.sections().collect(),
        all_sections: image.all_sections,
    })
}

/// The facts about an ELF at the start of `data`.
pub(super) fn inspect(data: &[u8], ledger: &mut Ledger<'_>) -> Option<Program> {
    let image = Image::read(data, &mut ledger.anomalies)?;
    note_oddities(&image, ledger);
    let format = Format::Elf(Box::new(details(&image, ledger)));
    Some(Program {
        file_type: FileType::Elf,
        bits: image.bits(),
        big_endian: !image.context.is_little_endian(),
        machine: image.header.e_machine,
        machine_name: machine_to_str(image.header.e_machine),
        entry_point: image.entry_point(),
        entry_address: image.entry_address(),
        sections: read_sections(data, image.sections(), ledger),
        overlay: image.overlay(),
        format,
    })
}

fn details(image: &Image<'_>, ledger: &mut Ledger<'_>) -> Elf {
    let mut elf = Elf {
        kind: image.header.e_type,
        kind_name: et_to_str(image.header.e_type),
        os_abi: image.header.e_ident.get(7).copied().unwrap_or_default(),
        flags: image.header.e_flags,
        interpreter: interpreter(image, ledger),
        segments: segments(image, ledger),
        build_id: notes::build_id(image, ledger),
        ..Elf::default()
    };
    dynamic::read(image, ledger, &mut elf);
    elf
}

fn interpreter(image: &Image<'_>, ledger: &mut Ledger<'_>) -> Option<String> {
    let header = image.segments.iter().find(|segment| segment.p_type == PT_INTERP)?;
    Some(ledger.text(slice(image.data, &image.segment_range(header))))
}

fn segments(image: &Image<'_>, ledger: &mut Ledger<'_>) -> Vec<Segment> {
    let mut segments = Vec::new();
    for header in &image.segments {
        if !ledger.admits(segments.len(), "segments") {
            break;
        }
        segments.push(Segment {
            kind: header.p_type,
            flags: header.p_flags,
            raw: image.segment_range(header),
            declared: header.p_offset..header.p_offset.saturating_add(header.p_filesz),
            virtual_address: header.p_vaddr,
            virtual_size: header.p_memsz,
        });
    }
    segments
}

fn note_oddities(image: &Image<'_>, ledger: &mut Ledger<'_>) {
    let length = image.data.len() as u64;
    for (index, header) in image.section_headers.iter().enumerate() {
        let (offset, size) = image::section_place(header);
        if size > 0 && offset.saturating_add(size) > length {
            ledger.anomaly(|| format!("section {index} ends behind the file"));
        }
    }
    for (index, header) in image.segments.iter().enumerate() {
        if header.p_offset.saturating_add(header.p_filesz) > length {
            ledger.anomaly(|| format!("segment {index} ends behind the file"));
        }
    }
    if let (Some(address), None) = (image.entry_address(), image.entry_point()) {
        ledger.anomaly(|| format!("the entry point {address:#x} is not in the file"));
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "numbers of our own making")]
mod tests;
