//! `--format text`: what matters most, for people. Long lists are cut, and say so.

use std::io::{self, Write};
use std::ops::Range;

use pellucid::inspect::{
    Elf, Exports, Format, ImportedSymbol, Library, Pe, Program, Resource, ResourceId, SectionFacts,
    Segment,
};

use super::{Seen, signature};
use crate::shown;
use crate::units::{self, count};
use pellucid::json::hexadecimal as digits;

/// How many lines of one list are shown.
const SHOWN: usize = 40;

pub(super) type Written = io::Result<()>;

pub(super) fn write(out: &mut Vec<u8>, seen: &Seen<'_>) -> Written {
    let types: Vec<_> =
        seen.identification.types().iter().map(|file_type| file_type.description()).collect();
    let size = units::size(seen.size);
    writeln!(out, "{}: {}; {size}", shown::path(seen.path), types.join(", "))?;
    match &seen.facts.program {
        Some(facts) => program(out, facts)?,
        None => writeln!(out, "No program that could be read: PE and ELF are inspected.")?,
    }
    let anomalies = seen.facts.anomalies.iter().map(|text| shown::name(text));
    list(out, "Oddities", anomalies)?;
    let problems = seen.facts.problems.iter().map(|problem| shown::name(&problem.to_string()));
    list(out, "Not looked at in full", problems)
}

/// A line with a label, where there is something to say.
pub(super) fn line(out: &mut Vec<u8>, label: &str, value: Option<String>) -> Written {
    match value {
        Some(value) => writeln!(out, "{label:14} {value}"),
        None => Ok(()),
    }
}

/// A list with its length, cut at [`SHOWN`].
pub(super) fn list(
    out: &mut Vec<u8>,
    label: &str,
    lines: impl ExactSizeIterator<Item = String>,
) -> Written {
    let number = lines.len();
    if number == 0 {
        return Ok(());
    }
    writeln!(out, "\n{label} ({})", count(number as u64))?;
    for line in lines.take(SHOWN) {
        writeln!(out, "  {line}")?;
    }
    match number.checked_sub(SHOWN).filter(|&more| more > 0) {
        Some(more) => writeln!(out, "  and {} more (see --format json)", count(more as u64)),
        None => Ok(()),
    }
}

fn range(range: &Range<u64>) -> String {
    let size = range.end.saturating_sub(range.start);
    format!("{} at {:#x}", units::size(size), range.start)
}

fn program(out: &mut Vec<u8>, program: &Program) -> Written {
    let order = if program.big_endian { ", big-endian" } else { "" };
    let kind = format!("{} bit, {}{order}", program.bits, program.machine_name);
    line(out, "Program", Some(kind))?;
    line(out, "Entry point", entry(program))?;
    line(out, "Overlay", program.overlay.as_ref().map(range))?;
    match &program.format {
        Format::Pe(facts) => pe_lines(out, facts)?,
        Format::Elf(facts) => elf_lines(out, facts)?,
        _ => {}
    }
    list(out, "Sections", program.sections.iter().map(section))?;
    match &program.format {
        Format::Pe(facts) => pe_lists(out, facts),
        Format::Elf(facts) => elf_lists(out, facts),
        _ => Ok(()),
    }
}

fn entry(program: &Program) -> Option<String> {
    let address = program.entry_address?;
    Some(match program.entry_point {
        Some(offset) => format!("{offset:#x} in the file, {address:#x} in memory"),
        None => format!("not in the file, {address:#x} in memory"),
    })
}

fn section(facts: &SectionFacts) -> String {
    let section = &facts.section;
    let entropy = facts.entropy.map_or_else(String::new, |bits| format!(", entropy {bits:.2}"));
    let digest = facts.digests.map_or_else(String::new, |d| format!(", md5 {}", digits(&d.md5)));
    let name = shown::name(&section.name);
    let memory = format!("{:#x}..+{:#x}", section.virtual_address, section.virtual_size);
    format!("{name:16} {}, memory {memory}{entropy}{digest}", range(&section.raw))
}

fn pe_lines(out: &mut Vec<u8>, pe: &Pe) -> Written {
    line(out, "Subsystem", Some(format!("{} ({})", pe.subsystem_name, pe.subsystem)))?;
    line(out, "Timestamp", Some(format!("{} ({:#010x})", pe.timestamp, pe.timestamp)))?;
    line(out, "Linker", Some(format!("{}.{}", pe.linker.0, pe.linker.1)))?;
    line(out, ".NET", pe.dotnet.then(|| "yes".to_owned()))?;
    line(out, "Import hash", pe.import_hash.map(|hash| digits(&hash)))?;
    line(out, "Debug path", pe.debug_path.as_deref().map(shown::name))?;
    line(out, "Rich header", pe.rich_header.as_ref().map(range))?;
    line(out, "Signed", pe.certificates.as_ref().map(range))?;
    pe.signature.as_ref().map_or(Ok(()), |facts| signature::lines(out, facts))
}

fn pe_lists(out: &mut Vec<u8>, pe: &Pe) -> Written {
    let version = pe.version.iter();
    let version = version.map(|(name, value)| shown::name(&format!("{name}: {value}")));
    list(out, "Version", version)?;
    pe.signature.as_ref().map_or(Ok(()), |facts| signature::certificates(out, facts))?;
    list(out, "Imports", pe.imports.iter().map(library))?;
    pe.exports.as_ref().map_or(Ok(()), |facts| exports(out, facts))?;
    list(out, "Resources", pe.resources.iter().map(resource))?;
    let callbacks = pe.tls_callbacks.iter().map(|address| format!("{address:#x}"));
    list(out, "TLS callbacks", callbacks)
}

fn library(library: &Library) -> String {
    let delayed = if library.delayed { " (delayed)" } else { "" };
    let symbols = library.symbols.iter().take(SHOWN).map(|symbol| match symbol {
        ImportedSymbol::Name(name) => shown::name(name),
        ImportedSymbol::Ordinal(ordinal) => format!("#{ordinal}"),
        _ => "?".to_owned(),
    });
    let symbols = symbols.collect::<Vec<_>>().join(" ");
    let more = library.symbols.len().saturating_sub(SHOWN) as u64;
    let more = if more > 0 { format!(" and {} more", count(more)) } else { String::new() };
    format!("{}{delayed}: {symbols}{more}", shown::name(&library.name))
}

fn exports(out: &mut Vec<u8>, exports: &Exports) -> Written {
    let lines = exports.symbols.iter().map(|export| {
        let name = export.name.as_deref().map_or_else(|| "(no name)".to_owned(), shown::name);
        match &export.forward {
            Some(target) => format!("{name} #{} = {}", export.ordinal, shown::name(target)),
            None => format!("{name} #{} at {:#x}", export.ordinal, export.address),
        }
    });
    list(out, &format!("Exports of {}", shown::name(&exports.name)), lines)
}

fn resource(resource: &Resource) -> String {
    let place = resource
        .offset
        .map_or_else(|| "not in the file".to_owned(), |offset| format!("at {offset:#x}"));
    format!(
        "type {}, name {}, language {}: {} {place}",
        resource_id(&resource.kind),
        resource_id(&resource.name),
        resource_id(&resource.language),
        units::size(resource.size.into()),
    )
}

fn resource_id(id: &ResourceId) -> String {
    match id {
        ResourceId::Number(number) => number.to_string(),
        ResourceId::Name(name) => shown::name(name),
        _ => "?".to_owned(),
    }
}

fn elf_lines(out: &mut Vec<u8>, elf: &Elf) -> Written {
    line(out, "Kind", Some(format!("{} ({})", elf.kind_name, elf.kind)))?;
    line(out, "Interpreter", elf.interpreter.as_deref().map(shown::name))?;
    line(out, "Name", elf.name.as_deref().map(shown::name))?;
    line(out, "Build", elf.build_id.as_deref().map(digits))
}

fn elf_lists(out: &mut Vec<u8>, elf: &Elf) -> Written {
    list(out, "Needed libraries", elf.needed.iter().map(|name| shown::name(name)))?;
    list(out, "Search paths", elf.search_paths.iter().map(|name| shown::name(name)))?;
    list(out, "Segments", elf.segments.iter().map(segment))?;
    list(out, "Imports", elf.imports.iter().map(|name| shown::name(name)))?;
    list(out, "Exports", elf.exports.iter().map(|name| shown::name(name)))
}

fn segment(segment: &Segment) -> String {
    let may = |bit: u32, letter: char| if segment.flags & bit != 0 { letter } else { '-' };
    let access: String = [may(4, 'r'), may(2, 'w'), may(1, 'x')].into_iter().collect();
    let memory = format!("{:#x}..+{:#x}", segment.virtual_address, segment.virtual_size);
    format!("type {:#x} {access} {}, memory {memory}", segment.kind, range(&segment.raw))
}
