//! What is known about a program, for machines.

use std::ops::Range;

use serde_json::{Value, json};

use super::hexadecimal as digits;
use crate::inspect::{
    CertificateFacts, CountersignatureFacts, Elf, Export, Exports, Facts, Format, ImportedSymbol,
    Library, Pe, Program, Resource, ResourceId, SectionFacts, Segment, SignatureFacts,
};

/// All facts of one object: its program, what is odd about it, and what was left unread.
pub fn facts(facts: &Facts) -> Value {
    let problem = |(reason, detail): (String, &str)| json!({"reason": reason, "detail": detail});
    let problems = facts.problems.iter().map(|p| (p.reason.to_string(), p.detail.as_str()));
    json!({
        "program": facts.program.as_ref().map(program),
        "anomalies": facts.anomalies,
        "problems": problems.map(problem).collect::<Vec<_>>(),
    })
}

/// One program.
pub fn program(program: &Program) -> Value {
    let (pe, elf) = match &program.format {
        Format::Pe(facts) => (pe(facts), Value::Null),
        Format::Elf(facts) => (Value::Null, elf(facts)),
    };
    json!({
        "format": program.file_type.name(),
        "bits": program.bits,
        "big_endian": program.big_endian,
        "machine": program.machine,
        "machine_name": program.machine_name,
        "entry_point": program.entry_point,
        "entry_address": program.entry_address,
        "overlay": program.overlay.as_ref().map(range),
        "sections": program.sections.iter().map(section).collect::<Vec<_>>(),
        "pe": pe,
        "elf": elf,
    })
}

fn range(range: &Range<u64>) -> Value {
    json!({"offset": range.start, "size": range.end.saturating_sub(range.start)})
}

fn section(facts: &SectionFacts) -> Value {
    let section = &facts.section;
    json!({
        "name": section.name,
        "raw": range(&section.raw),
        "declared": range(&section.declared),
        "virtual_address": section.virtual_address,
        "virtual_size": section.virtual_size,
        "flags": section.flags,
        "kind": section.kind,
        "entropy": facts.entropy,
        "md5": facts.digests.map(|d| digits(&d.md5)),
        "sha256": facts.digests.map(|d| digits(&d.sha256)),
    })
}

fn pe(pe: &Pe) -> Value {
    json!({
        "subsystem": pe.subsystem,
        "subsystem_name": pe.subsystem_name,
        "characteristics": pe.characteristics,
        "dll_characteristics": pe.dll_characteristics,
        "timestamp": pe.timestamp,
        "linker": format!("{}.{}", pe.linker.0, pe.linker.1),
        "image_base": pe.image_base,
        "image_size": pe.image_size,
        "header_size": pe.header_size,
        "section_alignment": pe.section_alignment,
        "file_alignment": pe.file_alignment,
        "checksum": pe.checksum,
        "import_hash": pe.import_hash.map(|hash| digits(&hash)),
        "imports": pe.imports.iter().map(library).collect::<Vec<_>>(),
        "exports": pe.exports.as_ref().map(exports),
        "resources": pe.resources.iter().map(resource).collect::<Vec<_>>(),
        "version": pe.version.iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect::<Vec<_>>(),
        "debug_path": pe.debug_path,
        "rich_header": pe.rich_header.as_ref().map(range),
        "certificates": pe.certificates.as_ref().map(range),
        "signature": pe.signature.as_ref().map(signature),
        "tls_callbacks": pe.tls_callbacks,
        "dotnet": pe.dotnet,
    })
}

fn signature(signature: &SignatureFacts) -> Value {
    let countersignature = |facts: &CountersignatureFacts| json!({"time": facts.time, "signer": facts.signer, "verifies": facts.verifies});
    json!({
        "digest_algorithm": signature.digest_algorithm,
        "digest": digits(&signature.digest),
        "digest_matches": signature.digest_matches,
        "signer": signature.signer,
        "verifies": signature.verifies,
        "countersignature": signature.countersignature.as_ref().map(countersignature),
        "has_time_stamp_token": signature.has_time_stamp_token,
        "has_nested_signature": signature.has_nested_signature,
        "certificates": signature.certificates.iter().map(certificate).collect::<Vec<_>>(),
    })
}

fn certificate(certificate: &CertificateFacts) -> Value {
    json!({
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial": digits(&certificate.serial),
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
        "subject_sha1": digits(&certificate.subject_sha1),
        "serial_sha1": digits(&certificate.serial_sha1),
        "modulus": digits(&certificate.modulus),
        "exponent": digits(&certificate.exponent),
        "key_bits": certificate.key_bits,
        "digest_algorithm": certificate.digest_algorithm,
        "code": certificate.uses.code,
        "time": certificate.uses.time,
        "certificates": certificate.uses.certificates,
        "signed_by": certificate.signed_by,
    })
}

fn library(library: &Library) -> Value {
    let symbol = |symbol: &ImportedSymbol| match symbol {
        ImportedSymbol::Name(name) => json!({"name": name}),
        ImportedSymbol::Ordinal(ordinal) => json!({"ordinal": ordinal}),
    };
    json!({
        "library": library.name,
        "delayed": library.delayed,
        "symbols": library.symbols.iter().map(symbol).collect::<Vec<_>>(),
    })
}

fn exports(exports: &Exports) -> Value {
    let symbol = |export: &Export| {
        json!({
            "name": export.name, "ordinal": export.ordinal,
            "address": export.address, "forward": export.forward,
        })
    };
    json!({
        "name": exports.name,
        "timestamp": exports.timestamp,
        "symbols": exports.symbols.iter().map(symbol).collect::<Vec<_>>(),
    })
}

fn resource(resource: &Resource) -> Value {
    json!({
        "kind": resource_id(&resource.kind),
        "name": resource_id(&resource.name),
        "language": resource_id(&resource.language),
        "offset": resource.offset,
        "size": resource.size,
    })
}

fn resource_id(id: &ResourceId) -> Value {
    match id {
        ResourceId::Number(number) => json!(number),
        ResourceId::Name(name) => json!(**name),
    }
}

fn elf(elf: &Elf) -> Value {
    json!({
        "kind": elf.kind,
        "kind_name": elf.kind_name,
        "os_abi": elf.os_abi,
        "flags": elf.flags,
        "interpreter": elf.interpreter,
        "name": elf.name,
        "needed": elf.needed,
        "search_paths": elf.search_paths,
        "imports": elf.imports,
        "exports": elf.exports,
        "build_id": elf.build_id.as_deref().map(digits),
        "segments": elf.segments.iter().map(segment).collect::<Vec<_>>(),
    })
}

fn segment(segment: &Segment) -> Value {
    json!({
        "kind": segment.kind,
        "flags": segment.flags,
        "raw": range(&segment.raw),
        "declared": range(&segment.declared),
        "virtual_address": segment.virtual_address,
        "virtual_size": segment.virtual_size,
    })
}
