//! What is read from sound programs, and from programs broken in one way each.

use super::super::facts::{Facts, Format, ImportedSymbol, Layout, Pe, ResourceId};
use super::super::samples::{FIRST_RAW, IMAGE_BASE, PE, PE_OFFSET, SamplePe, SampleSection};
use super::super::{inspect, layout};
use crate::limits::{Budget, Cancel, Limit, Limits};
use crate::verdict::Reason;

fn layout_of(sample: &SamplePe) -> Layout {
    layout(&sample.build(), PE).expect("a layout")
}

fn facts_of(file: &[u8]) -> Facts {
    inspect(file, PE, &Budget::new(Limits::default(), Cancel::new()))
}

fn pe_of(facts: &Facts) -> &Pe {
    match facts.program.as_ref().map(|program| &program.format) {
        Some(Format::Pe(pe)) => pe,
        other => panic!("not a PE: {other:?}"),
    }
}

fn has_anomaly(facts: &Facts, words: &str) -> bool {
    facts.anomalies.iter().any(|anomaly| anomaly.contains(words))
}

#[track_caller]
fn assert_anomaly(sample: &SamplePe, words: &str) {
    let facts = facts_of(&sample.build());
    assert!(has_anomaly(&facts, words), "{words:?} is not in {:?}", facts.anomalies);
}

#[test]
fn the_layout_has_entry_point_and_sections() {
    for bits in [32, 64] {
        let layout = layout_of(&SamplePe::small(bits));
        assert_eq!(layout.bits, bits);
        assert_eq!(layout.entry_point, Some(0x410));
        assert_eq!(layout.sections.len(), 1);
        assert_eq!(layout.sections[0].name, ".text");
        assert_eq!(layout.sections[0].raw, 0x400..0x600);
        assert_eq!(layout.sections[0].flags, 0x6000_0020);
        assert!(layout.all_sections);
    }
}

#[test]
fn a_sound_program_has_no_anomalies() {
    for bits in [32, 64] {
        let mut sample = SamplePe::full(bits);
        sample.directories[4] = (0, 0); // nobody signed it
        let facts = facts_of(&sample.build());
        assert_eq!(facts.anomalies, Vec::<String>::new());
        assert_eq!(facts.problems, []);
    }
}

#[test]
fn everything_is_read() {
    for bits in [32, 64] {
        let facts = facts_of(&SamplePe::full(bits).build());
        let program = facts.program.as_ref().unwrap();
        assert_eq!(program.entry_point, Some(0x410));
        assert_eq!(program.entry_address, Some(u64::from(IMAGE_BASE) + 0x1010));
        assert_eq!(program.overlay, Some(0x1a00..0x1a18));
        let pe = pe_of(&facts);
        assert_eq!((pe.timestamp, pe.linker), (0x1234_5678, (2, 14)));
        assert_eq!(pe.subsystem_name, "windows-console");
        assert_eq!(pe.certificates, Some(0x1a0c..0x1a18));
        assert_eq!(pe.debug_path.as_deref(), Some("C:\\build\\sample.pdb"));
        assert_eq!(pe.rich_header, Some(0x40..0x60));
        assert_eq!(pe.tls_callbacks, [0x40_1030, 0x40_1040]);
        assert!(pe.dotnet);
        let version: Vec<_> = pe.version.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(version, [("CompanyName", "Nobody"), ("ProductName", "Sample")]);
    }
}

#[test]
fn imports_are_read_by_name_and_by_number() {
    for bits in [32, 64] {
        let facts = facts_of(&SamplePe::full(bits).build());
        let imports = &pe_of(&facts).imports;
        let names: Vec<_> = imports.iter().map(|l| (l.name.as_str(), l.delayed)).collect();
        assert_eq!(names, [("KERNEL32.dll", false), ("WS2_32.dll", false), ("late.dll", true)]);
        let name = |name: &str| ImportedSymbol::Name(name.to_owned());
        assert_eq!(imports[0].symbols, [name("ExitProcess"), name("Sleep")]);
        let numbers = [ImportedSymbol::Ordinal(115), ImportedSymbol::Ordinal(3)];
        assert_eq!(imports[1].symbols, numbers);
        assert_eq!(imports[2].symbols, [name("Later")]);
    }
}

#[test]
fn the_import_hash_is_the_one_of_pefile() {
    // pefile 2023.2.7, get_imphash() of the same file.
    let facts = facts_of(&SamplePe::full(32).build());
    let hash = pe_of(&facts).import_hash.unwrap();
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "4160cf4f995c2a0be2f40be04cca0327");
    assert_eq!(pe_of(&facts_of(&SamplePe::small(32).build())).import_hash, None);
}

#[test]
fn exports_are_named_numbered_and_forwarded() {
    let facts = facts_of(&SamplePe::full(32).build());
    let exports = pe_of(&facts).exports.as_ref().unwrap();
    assert_eq!((exports.name.as_str(), exports.timestamp), ("sample.dll", 77));
    let found: Vec<_> = exports
        .symbols
        .iter()
        .map(|export| (export.name.as_deref(), export.ordinal, export.forward.as_deref()))
        .collect();
    let expected =
        [(Some("First"), 5, None), (Some("Second"), 7, Some("other.Thing")), (None, 8, None)];
    assert_eq!(found, expected);
}

#[test]
fn resources_have_their_path_and_place() {
    let file = SamplePe::full(64).build();
    let facts = facts_of(&file);
    let resources = &pe_of(&facts).resources;
    assert_eq!(resources.len(), 2);
    assert_eq!(resources[0].kind, ResourceId::Number(3));
    assert!(matches!(&resources[0].name, ResourceId::Name(name) if name.starts_with("ICO")));
    assert_eq!(resources[0].language, ResourceId::Number(1033));
    let start = resources[0].offset.unwrap() as usize;
    assert_eq!(&file[start..start + resources[0].size as usize], b"picture!");
    assert_eq!(resources[1].kind, ResourceId::Number(16));
}

#[test]
fn sections_are_digested() {
    let facts = facts_of(&SamplePe::small(32).build());
    let section = &facts.program.as_ref().unwrap().sections[0];
    use md5::Digest as _;
    let expected: [u8; 16] = md5::Md5::digest([0x90; 0x200]).into();
    assert_eq!(section.digests.unwrap().md5, expected);
    assert_eq!(section.entropy, Some(0.0));
}

#[test]
fn no_pe_is_no_program() {
    assert_eq!(layout(b"", PE), None);
    assert_eq!(layout(b"MZ", PE), None);
    assert_eq!(layout(&SamplePe::small(32).build(), &[]), None);
    let mut far = SamplePe::small(32).build();
    far[0x3c..0x40].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(layout(&far, PE), None);
    let facts = facts_of(&far);
    assert_eq!(facts.program, None);
    assert!(has_anomaly(&facts, "no PE signature at offset 0xffffffff"));
}

#[test]
fn headers_that_run_out_of_the_file_are_read_as_zeros() {
    let mut file = SamplePe::small(32).build();
    file.truncate(PE_OFFSET + 24 + 20);
    let layout = layout(&file, PE).unwrap();
    assert_eq!((layout.sections.len(), layout.all_sections), (0, false));
    assert!(has_anomaly(&facts_of(&file), "ends inside of the optional header"));
}

#[test]
fn any_number_of_sections_is_survived() {
    let none = SamplePe { section_count: Some(0), ..SamplePe::small(32) };
    assert_eq!(layout_of(&none).sections, []);
    assert!(layout_of(&none).all_sections);
    assert_anomaly(&none, "there are no sections");
    let many = SamplePe { section_count: Some(65535), ..SamplePe::small(32) };
    assert!(!layout_of(&many).all_sections);
    assert_anomaly(&many, "the section table runs out of the file");
}

#[test]
fn sections_that_overlap_are_noted_and_not_digested_for_ever() {
    let mut sample = SamplePe::small(32);
    sample.sections = vec![sample.sections[0].clone(); 10];
    let facts = facts_of(&sample.build());
    assert!(has_anomaly(&facts, "overlap"));
    let sections = &facts.program.as_ref().unwrap().sections;
    assert!(sections[0].digests.is_some());
    assert!(sections[9].digests.is_none());
    assert_eq!(facts.problems[0].reason, Reason::Limit(Limit::Facts));
}

#[test]
fn the_last_section_that_holds_an_address_has_it() {
    let mut sample = SamplePe::small(32);
    sample.sections.push(SampleSection::new("over", 0x1000, 0x600, vec![0xcc; 0x200]));
    assert_eq!(layout_of(&sample).entry_point, Some(0x610));
}

#[test]
fn a_section_behind_the_file_is_clamped() {
    let mut sample = SamplePe::small(32);
    sample.sections[0].size = 0x10_0000;
    let layout = layout_of(&sample);
    assert_eq!(layout.sections[0].raw, 0x400..0x600);
    assert_eq!(layout.sections[0].declared, 0x400..0x10_0400);
    assert_anomaly(&sample, "section \".text\" ends behind the file");
    sample.sections[0].pointer = u32::MAX - 5;
    let mut bytes = SamplePe::small(32).build();
    let pointer = PE_OFFSET + 24 + 224 + 20;
    bytes[pointer..pointer + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(layout_of_bytes(&bytes).sections[0].raw.is_empty());
    assert_eq!(layout_of_bytes(&bytes).entry_point, None);
}

fn layout_of_bytes(file: &[u8]) -> Layout {
    layout(file, PE).expect("a layout")
}

#[test]
fn a_section_pointer_is_rounded_down_to_a_sector() {
    let mut sample = SamplePe::small(32);
    sample.sections[0].pointer = FIRST_RAW + 0x1ff;
    let layout = layout_of(&sample);
    assert_eq!(layout.sections[0].raw.start, 0x400);
    assert_eq!(layout.entry_point, Some(0x410));
}

#[test]
fn the_entry_point_may_be_anywhere() {
    let entered =
        |entry, characteristics| SamplePe { entry, characteristics, ..SamplePe::small(32) };
    let in_headers = entered(0x40, 0x0102);
    assert_eq!(layout_of(&in_headers).entry_point, Some(0x40));
    assert_anomaly(&in_headers, "the entry point 0x40 is in the headers");
    let outside = entered(0x9000_0000, 0x0102);
    assert_eq!(layout_of(&outside).entry_point, None);
    assert_anomaly(&outside, "is outside of the file");
    let behind_raw = entered(0x1800, 0x0102);
    assert_eq!(layout_of(&behind_raw).entry_point, None);
    assert_eq!(layout_of(&entered(0, 0x0102)).entry_point, Some(0));
    assert_eq!(layout_of(&entered(0, 0x2102)).entry_point, None);
}

#[test]
fn a_flat_image_has_addresses_that_are_offsets() {
    let mut sample = SamplePe { section_alignment: 0x20, ..SamplePe::small(32) };
    sample.sections[0].address = 0x400;
    sample.entry = 0x420;
    assert_eq!(layout_of(&sample).entry_point, Some(0x420));
    sample.sections.clear();
    sample.overlay = vec![0; 0x400];
    sample.entry = 0x300;
    assert_eq!(layout_of(&sample).entry_point, Some(0x300));
}

#[test]
fn a_long_section_name_is_in_the_string_table() {
    let mut sample = SamplePe::small(32);
    sample.sections[0].name = *b"/4\0\0\0\0\0\0";
    let mut file = sample.build();
    let table = file.len() as u32;
    file[PE_OFFSET + 12..PE_OFFSET + 16].copy_from_slice(&table.to_le_bytes());
    file.extend(b"\x20\0\0\0.debug_something\0");
    assert_eq!(layout_of_bytes(&file).sections[0].name, ".debug_something");
    file[PE_OFFSET + 12..PE_OFFSET + 16].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(layout_of_bytes(&file).sections[0].name, "/4");
}

#[test]
fn too_many_directories_are_cut_to_sixteen() {
    let mut sample = SamplePe::full(64);
    sample.directory_count = u32::MAX;
    assert_anomaly(&sample, "data directories are declared");
    assert_eq!(pe_of(&facts_of(&sample.build())).imports.len(), 3);
    sample.directory_count = 1;
    assert_eq!(pe_of(&facts_of(&sample.build())).imports.len(), 0);
}

#[test]
fn an_endless_import_table_ends_at_the_limit() {
    let mut sample = SamplePe::small(32);
    // One number everywhere: descriptors, tables and names are the same bytes.
    let bytes = 0x0101_0100_u32.to_le_bytes().repeat(0x1000);
    sample.sections = vec![SampleSection::new("all", 0x0101_0000, FIRST_RAW, bytes)];
    sample.directories[1] = (0x0101_0000, 20);
    let limits = Limits { facts: 1000, ..Limits::default() };
    let facts = inspect(&sample.build(), PE, &Budget::new(limits, Cancel::new()));
    let pe = pe_of(&facts);
    let symbols: usize = pe.imports.iter().map(|library| library.symbols.len()).sum();
    assert!(symbols <= 1000 && symbols > 900);
    assert_eq!(pe.import_hash, None, "a part has no hash");
    assert_eq!(facts.problems[0].reason, Reason::Limit(Limit::Facts));
    assert!(facts.problems[0].detail.contains("imports"));
}

#[test]
fn tables_outside_of_the_program_are_noted() {
    for (directory, words) in [
        (0, "export table at 0x900000 is not in"),
        (1, "import table at 0x900000 leaves"),
        (2, "resources at 0x900000 are not in"),
        (13, "import table at 0x900000 leaves"),
        (4, "certificates at 0x900000 end behind"),
    ] {
        let mut sample = SamplePe::small(32);
        sample.directories[directory] = (0x90_0000, 100);
        assert_anomaly(&sample, words);
    }
}

#[test]
fn a_resource_tree_that_leads_back_ends() {
    let mut sample = SamplePe::small(32);
    let mut tree = vec![0; 12];
    tree.extend([0, 0, 3, 0]);
    for number in 0..3_u32 {
        tree.extend(number.to_le_bytes());
        tree.extend([0, 0, 0, 0x80]);
    }
    sample.sections.push(SampleSection::new(".rsrc", 0x2000, 0x600, tree));
    sample.directories[2] = (0x2000, 100);
    assert_anomaly(&sample, "two ways lead to the resources at 0x0");
    assert_eq!(pe_of(&facts_of(&sample.build())).resources, []);
}

#[test]
fn every_list_ends_at_the_limit() {
    let file = SamplePe::full(32).build();
    let limits = Limits { facts: 1, ..Limits::default() };
    let facts = inspect(&file, PE, &Budget::new(limits, Cancel::new()));
    let cut = |list: &str| facts.problems.iter().any(|problem| problem.detail.contains(list));
    for list in ["sections", "imports", "exports", "resources", "TLS callbacks"] {
        assert!(cut(list), "{list}");
    }
    assert_eq!(facts.program.unwrap().sections.len(), 1);
}
