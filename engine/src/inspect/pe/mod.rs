//! PE: the programs of Windows and EFI.
//!
//! Follows Microsoft's "PE Format" specification, and the loader of Windows where that is laxer.
//! [`image`] reads the headers and maps addresses to offsets; everything else walks the tables that
//! the data directories point at.

mod address_map;
mod clamav;
mod directories;
mod exports;
mod image;
mod import_hash;
mod imports;
mod ordinals;
mod parts;
mod resources;
mod version;

use goblin::pe::header::machine_to_str;

use super::authenticode;
use super::contents::read_sections;
use super::facts::{Format, Layout, Pe, Program, Section};
use super::ledger::{Anomalies, Ledger};
use crate::identify::FileType;
use image::Image;

pub(crate) use clamav::PeCut;
pub(crate) use parts::PeParts;

/// A PE at the start of `data`, cut as ClamAV's hash signatures want it.
pub(super) fn cut(data: &[u8]) -> Option<PeCut<'_>> {
    Image::read(data, &mut Anomalies::ignored()).and_then(PeCut::of)
}

/// The layout of a PE at the start of `data`.
pub(super) fn layout(data: &[u8]) -> Option<Layout> {
    Image::read(data, &mut Anomalies::ignored()).map(Image::into_layout)
}

/// Where the names of a PE's version strings begin.
pub(super) fn version_keys(data: &[u8], ledger: &mut Ledger<'_>) -> Vec<u64> {
    let Some(image) = Image::read(data, &mut Anomalies::ignored()) else { return Vec::new() };
    version::keys(data, &resources::read(&image, ledger), ledger)
}

/// The facts about a PE at the start of `data`.
pub(super) fn inspect(data: &[u8], ledger: &mut Ledger<'_>) -> Option<Program> {
    let image = Image::read(data, &mut ledger.anomalies)?;
    note_odd_sections(&image, ledger);
    note_odd_entry(&image, ledger);
    let format = Format::Pe(Box::new(details(&image, ledger)));
    let entry = image.entry_address();
    Some(Program {
        file_type: FileType::Pe,
        bits: image.bits,
        big_endian: false,
        machine: image.coff.machine,
        machine_name: machine_to_str(image.coff.machine),
        entry_point: entry.and_then(|address| image.offset(address)),
        entry_address: entry.map(|address| address.wrapping_add(image.windows.image_base)),
        overlay: image.overlay(),
        sections: read_sections(data, image.sections.into_iter(), ledger),
        format,
    })
}

fn details(image: &Image<'_>, ledger: &mut Ledger<'_>) -> Pe {
    let imports = imports::read(image, ledger);
    let resources = resources::read(image, ledger);
    let windows = &image.windows;
    Pe {
        subsystem: windows.subsystem,
        subsystem_name: subsystem_name(windows.subsystem),
        characteristics: image.coff.characteristics,
        dll_characteristics: windows.dll_characteristics,
        timestamp: image.coff.time_date_stamp,
        linker: (image.standard.major_linker_version, image.standard.minor_linker_version),
        image_base: windows.image_base,
        image_size: windows.size_of_image,
        header_size: windows.size_of_headers,
        section_alignment: windows.section_alignment,
        file_alignment: windows.file_alignment,
        checksum: windows.check_sum,
        import_hash: imports.complete.then(|| import_hash::of(&imports.libraries)).flatten(),
        imports: imports.libraries,
        exports: exports::read(image, ledger),
        version: version::read(image.data, &resources, ledger),
        resources,
        debug_path: directories::debug_path(image, ledger),
        rich_header: directories::rich_header(image),
        certificates: directories::certificates(image, ledger),
        signature: authenticode::facts(image.data, ledger),
        tls_callbacks: directories::tls_callbacks(image, ledger),
        dotnet: directories::dotnet(image),
    }
}

fn subsystem_name(number: u16) -> &'static str {
    match number {
        0 => "unknown",
        1 => "native",
        2 => "windows-gui",
        3 => "windows-console",
        5 => "os2-console",
        7 => "posix-console",
        8 => "native-windows9x",
        9 => "windows-ce-gui",
        10 => "efi-application",
        11 => "efi-boot-driver",
        12 => "efi-runtime-driver",
        13 => "efi-rom",
        14 => "xbox",
        16 => "windows-boot-application",
        _ => "other",
    }
}

fn note_odd_sections(image: &Image<'_>, ledger: &mut Ledger<'_>) {
    if image.sections.is_empty() {
        ledger.anomaly(|| "there are no sections".to_owned());
    }
    let length = image.data.len() as u64;
    for section in image.sections.iter().filter(|section| !section.declared.is_empty()) {
        if section.declared.end > length {
            ledger.anomaly(|| format!("section {:?} ends behind the file", section.name));
        }
        if section.declared.start == 0 {
            ledger.anomaly(|| format!("section {:?} has a size but no place", section.name));
        }
    }
    if let Some((first, second)) = overlapping(&image.sections) {
        ledger.anomaly(|| format!("sections {:?} and {:?} overlap", first.name, second.name));
    }
}

/// Two sections that share bytes of the file.
fn overlapping(sections: &[Section]) -> Option<(&Section, &Section)> {
    let mut sorted: Vec<_> = sections.iter().filter(|section| !section.raw.is_empty()).collect();
    sorted.sort_by_key(|section| section.raw.start);
    let pairs = sorted.iter().zip(sorted.iter().skip(1));
    pairs.map(|(&first, &second)| (first, second)).find(|(a, b)| a.raw.end > b.raw.start)
}

fn note_odd_entry(image: &Image<'_>, ledger: &mut Ledger<'_>) {
    let Some(address) = image.entry_address() else {
        return;
    };
    let inside = |section: &&Section| {
        let size = section.virtual_size.max(section.raw.end.saturating_sub(section.raw.start));
        address.checked_sub(section.virtual_address).is_some_and(|within| within < size)
    };
    let where_to = match (image.offset(address), image.sections.iter().find(inside)) {
        (None, _) => "outside of the file",
        (Some(offset), None) if offset < image.headers_end => "in the headers",
        (Some(_), None) => "outside of all sections",
        (Some(_), Some(_)) => return,
    };
    ledger.anomaly(|| format!("the entry point {address:#x} is {where_to}"));
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "numbers of our own making")]
mod tests;
