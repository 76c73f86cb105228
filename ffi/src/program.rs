//! Facts about programs, for hosts that judge by themselves. Kept where the scan was asked for
//! PELLUCID_SCAN_KEEP_FACTS.

use std::mem::MaybeUninit;

use pellucid::inspect::{self, Facts, Format, ImportedSymbol};

use crate::boundary::{call, required};
use crate::error::Failure;
use crate::record::{self, Record, ends};
use crate::result::{PELLUCID_NO_OFFSET, ScanResult, at};
use crate::text::Text;

/// A Windows program or library.
pub const PELLUCID_PROGRAM_PE: u32 = 1;
/// A Unix program or library.
pub const PELLUCID_PROGRAM_ELF: u32 = 2;

/// What a program's headers say. Offsets are in the object and never lie behind its end; addresses are
/// what the file says. The text is static.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Set by the caller: sizeof(pellucid_program).
    pub struct_size: usize,
    /// The processor's name.
    pub machine_name: Text,
    /// The offset of the first instruction, or PELLUCID_NO_OFFSET.
    pub entry_point: u64,
    /// Its address, as if the program were loaded where it asks to be; 0 where there is none.
    pub entry_address: u64,
    /// Where data behind everything that the headers speak of begins, or PELLUCID_NO_OFFSET.
    pub overlay_offset: u64,
    /// Its length in bytes.
    pub overlay_bytes: u64,
    /// How many sections it has: pellucid_result_section.
    pub sections: usize,
    /// How many symbols it imports: pellucid_result_import.
    pub imports: usize,
    /// PELLUCID_PROGRAM_PE or PELLUCID_PROGRAM_ELF.
    pub format: u32,
    /// 32 or 64.
    pub bits: u32,
    /// 1 when its numbers are big-endian, else 0.
    pub is_big_endian: u32,
    /// The processor, by the number that the format gives it.
    pub machine: u32,
}

// SAFETY: `repr(C)`, begins with its size; integers and a text only.
unsafe impl Record for Program {
    const ENDS: &'static [usize] = ends!(Program {
        struct_size,
        machine_name,
        entry_point,
        entry_address,
        overlay_offset,
        overlay_bytes,
        sections,
        imports,
        format,
        bits,
        is_big_endian,
        machine,
    });
}

impl Program {
    fn of(program: &inspect::Program) -> Self {
        let overlay = program.overlay.clone();
        let format = match program.format {
            Format::Pe(_) => PELLUCID_PROGRAM_PE,
            _ => PELLUCID_PROGRAM_ELF,
        };
        Self {
            struct_size: size_of::<Self>(),
            machine_name: Text::of(program.machine_name),
            entry_point: program.entry_point.unwrap_or(PELLUCID_NO_OFFSET),
            entry_address: program.entry_address.unwrap_or(0),
            overlay_offset: overlay.as_ref().map_or(PELLUCID_NO_OFFSET, |range| range.start),
            overlay_bytes: overlay.map_or(0, |range| range.end.saturating_sub(range.start)),
            sections: program.sections.len(),
            imports: imports(program).count(),
            format,
            bits: program.bits.into(),
            is_big_endian: program.big_endian.into(),
            machine: program.machine.into(),
        }
    }
}

/// A section of a program. The text lives as long as the result.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Set by the caller: sizeof(pellucid_section).
    pub struct_size: usize,
    /// Its name, decoded for people.
    pub name: Text,
    /// Where its bytes begin in the object.
    pub offset: u64,
    /// How many of them are in the object.
    pub bytes: u64,
    /// Its address in memory; of a PE relative to the start of the image.
    pub virtual_address: u64,
    /// Its size in memory.
    pub virtual_bytes: u64,
    /// PE: Characteristics; ELF: sh_flags.
    pub flags: u64,
    /// Thousandths of a bit of information for each byte, 0 to 8000; UINT32_MAX where it was not read.
    pub entropy: u32,
    /// 1 when the digests are there, else 0.
    pub has_digests: u32,
    /// The MD5 of its bytes.
    pub md5: [u8; 16],
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

// SAFETY: `repr(C)`, begins with its size; integers, arrays of them and a text only.
unsafe impl Record for Section {
    const ENDS: &'static [usize] = ends!(Section {
        struct_size,
        name,
        offset,
        bytes,
        virtual_address,
        virtual_bytes,
        flags,
        entropy,
        has_digests,
        md5,
        sha256,
    });
}

impl Section {
    fn of(facts: &inspect::SectionFacts) -> Self {
        let section = &facts.section;
        Self {
            struct_size: size_of::<Self>(),
            name: Text::of(&section.name),
            offset: section.raw.start,
            bytes: section.raw.end.saturating_sub(section.raw.start),
            virtual_address: section.virtual_address,
            virtual_bytes: section.virtual_size,
            flags: section.flags,
            entropy: facts.entropy.map_or(u32::MAX, |bits| (bits * 1000.0).round() as u32),
            has_digests: facts.digests.is_some().into(),
            md5: facts.digests.map_or([0; 16], |digests| digests.md5),
            sha256: facts.digests.map_or([0; 32], |digests| digests.sha256),
        }
    }
}

/// A symbol that a program imports. The texts live as long as the result.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Import {
    /// Set by the caller: sizeof(pellucid_import).
    pub struct_size: usize,
    /// The library it comes from; empty for ELF, whose symbols name none.
    pub library: Text,
    /// Its name; empty where it is imported by number.
    pub name: Text,
    /// Its number where it has no name, else 0.
    pub ordinal: u64,
}

// SAFETY: `repr(C)`, begins with its size; an integer and texts only.
unsafe impl Record for Import {
    const ENDS: &'static [usize] = ends!(Import { struct_size, library, name, ordinal });
}

/// Every imported symbol of a program, in the order of its tables.
fn imports(program: &inspect::Program) -> Box<dyn Iterator<Item = Import> + '_> {
    let import = |library: &str, name: &str, ordinal| Import {
        struct_size: size_of::<Import>(),
        library: Text::of(library),
        name: Text::of(name),
        ordinal,
    };
    match &program.format {
        Format::Pe(pe) => Box::new(pe.imports.iter().flat_map(move |library| {
            library.symbols.iter().map(move |symbol| match symbol {
                ImportedSymbol::Name(name) => import(&library.name, name, 0),
                ImportedSymbol::Ordinal(ordinal) => import(&library.name, "", (*ordinal).into()),
                _ => import(&library.name, "", 0),
            })
        })),
        Format::Elf(elf) => Box::new(elf.imports.iter().map(move |name| import("", name, 0))),
        _ => Box::new(std::iter::empty()),
    }
}

fn facts(result: Option<&ScanResult>, object: usize) -> Result<&Facts, Failure> {
    let object = at(&required(result, "result")?.report.objects, object, "object")?;
    object.facts.as_deref().ok_or_else(|| {
        Failure::absent("no facts: it is no program, or PELLUCID_SCAN_KEEP_FACTS was not asked for")
    })
}

fn program(result: Option<&ScanResult>, object: usize) -> Result<&inspect::Program, Failure> {
    let program = facts(result, object)?.program.as_ref();
    program.ok_or_else(|| Failure::absent("the program's headers could not be read"))
}

/// Fills `program` with what the headers of an object say; `program->struct_size` must be set. Fails
/// with PELLUCID_ABSENT when the object is no program, or when facts were not kept. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_result_program(
    result: Option<&ScanResult>,
    object: usize,
    program: *mut Program,
) -> i32 {
    call(None, || {
        let ours = Program::of(self::program(result, object)?);
        // SAFETY: the header asks for NULL or a struct of the size that it says.
        unsafe { record::fill(program, ours) }
    })
}

/// Fills `section` with the one at `index` of an object's program, in the order of the section table;
/// `section->struct_size` must be set. Fails with PELLUCID_ABSENT or PELLUCID_OUT_OF_RANGE. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_result_section(
    result: Option<&ScanResult>,
    object: usize,
    index: usize,
    section: *mut Section,
) -> i32 {
    call(None, || {
        let sections = &program(result, object)?.sections;
        let ours = Section::of(at(sections, index, "section")?);
        // SAFETY: the header asks for NULL or a struct of the size that it says.
        unsafe { record::fill(section, ours) }
    })
}

/// Fills `import` with the one at `index` of an object's program; `import->struct_size` must be set.
/// Fails with PELLUCID_ABSENT or PELLUCID_OUT_OF_RANGE. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_result_import(
    result: Option<&ScanResult>,
    object: usize,
    index: usize,
    import: *mut Import,
) -> i32 {
    call(None, || {
        let program = program(result, object)?;
        let ours = imports(program).nth(index);
        let ours = ours.ok_or_else(|| Failure::range("import", index, imports(program).count()))?;
        // SAFETY: the header asks for NULL or a struct of the size that it says.
        unsafe { record::fill(import, ours) }
    })
}

/// Sets `*json` to all that is known about an object's program as one JSON object, in the form of
/// `pellucid inspect --format json`. On success it is the caller's, to be freed with
/// pellucid_text_free. Fails with PELLUCID_ABSENT. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_result_facts_json(
    result: Option<&ScanResult>,
    object: usize,
    json: Option<&mut MaybeUninit<Text>>,
) -> i32 {
    call(None, || {
        let out = required(json, "json")?;
        let json = pellucid::json::facts(facts(result, object)?).to_string();
        out.write(Text::give_away(json));
        Ok(())
    })
}
