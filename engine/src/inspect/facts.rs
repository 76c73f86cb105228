//! What is known about a program: plain data, for signatures to ask and for people to read.
//!
//! Offsets are from the start of the object and never lie behind its end; addresses are what the
//! file says.

use std::ops::Range;
use std::sync::Arc;

use crate::identify::FileType;
use crate::verdict::Problem;

/// What the headers of a program say about where its bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layout {
    /// [`FileType::Pe`] or [`FileType::Elf`].
    pub file_type: FileType,
    /// 32 or 64.
    pub bits: u8,
    /// The file offset of the first instruction; none where the program has no entry point or it is
    /// not in the file.
    pub entry_point: Option<u64>,
    /// The section table, in its own order. ELF's empty section 0 is counted.
    pub sections: Vec<Section>,
    /// Whether all sections that the header declares are listed: the table may run out of the file,
    /// or be absurdly long.
    pub all_sections: bool,
}

/// One section, as the loader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Section {
    /// Its name, decoded for people.
    pub name: String,
    /// Its bytes in the file: clamped to the file, and for PE with the start rounded down to a disk
    /// sector as the loader does. Empty where it has none.
    pub raw: Range<u64>,
    /// Its bytes in the file as its header declares them.
    pub declared: Range<u64>,
    /// Its address in memory; for PE relative to the start of the image.
    pub virtual_address: u64,
    /// Its size in memory.
    pub virtual_size: u64,
    /// PE: Characteristics; ELF: sh_flags.
    pub flags: u64,
    /// ELF: sh_type; PE: 0.
    pub kind: u32,
}

/// What [`inspect`](super::inspect) found out.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Facts {
    /// The program, as far as its headers could be read.
    pub program: Option<Program>,
    /// What contradicts the format, in words.
    pub anomalies: Vec<String>,
    /// What was left unread, and why.
    pub problems: Vec<Problem>,
}

/// A program.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Program {
    /// [`FileType::Pe`] or [`FileType::Elf`].
    pub file_type: FileType,
    /// 32 or 64.
    pub bits: u8,
    /// Whether its numbers are big-endian.
    pub big_endian: bool,
    /// The processor, by the number that the format gives it.
    pub machine: u16,
    /// The processor's name.
    pub machine_name: &'static str,
    /// The file offset of the first instruction.
    pub entry_point: Option<u64>,
    /// The address of the first instruction, as if the program were loaded where it asks to be.
    pub entry_address: Option<u64>,
    /// The sections and what is in them.
    pub sections: Vec<SectionFacts>,
    /// Data behind everything that the headers speak of. A PE's certificates are part of it.
    pub overlay: Option<Range<u64>>,
    /// What only this format has.
    pub format: Format,
}

/// What only one format has.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Format {
    /// A Windows program.
    Pe(Box<Pe>),
    /// A Unix program.
    Elf(Box<Elf>),
}

/// A section and what is in it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SectionFacts {
    /// The section.
    pub section: Section,
    /// Bits of information for each byte of [`Section::raw`], 0 to 8; none where it was not read.
    pub entropy: Option<f64>,
    /// Digests of [`Section::raw`]; none where it was not read.
    pub digests: Option<Digests>,
}

/// Digests of the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Digests {
    /// MD5.
    pub md5: [u8; 16],
    /// SHA-256.
    pub sha256: [u8; 32],
}

/// What only a PE has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pe {
    /// What runs it: 1 native, 2 GUI, 3 console, 10 to 13 EFI, and so on.
    pub subsystem: u16,
    /// The subsystem's name.
    pub subsystem_name: &'static str,
    /// The file header's Characteristics.
    pub characteristics: u16,
    /// The optional header's DllCharacteristics.
    pub dll_characteristics: u16,
    /// The file header's TimeDateStamp: seconds since 1970, or the digest of a reproducible build.
    pub timestamp: u32,
    /// The linker's version.
    pub linker: (u8, u8),
    /// Where it asks to be loaded.
    pub image_base: u64,
    /// Its size in memory.
    pub image_size: u32,
    /// The size of its headers.
    pub header_size: u32,
    /// The alignment of sections in memory.
    pub section_alignment: u32,
    /// The alignment of sections in the file.
    pub file_alignment: u32,
    /// The checksum that its header declares; nobody verified it.
    pub checksum: u32,
    /// The libraries it imports from, in the order of its tables, delayed ones last.
    pub imports: Vec<Library>,
    /// The import hash: MD5 over its imports, by the definition of pefile (and of YARA). None
    /// without imports, or where not all of them were read.
    pub import_hash: Option<[u8; 16]>,
    /// What it exports.
    pub exports: Option<Exports>,
    /// Its resources.
    pub resources: Vec<Resource>,
    /// Names and values of its version resources, one after the other.
    pub version: Vec<(String, String)>,
    /// The path of its debug information on the machine that built it.
    pub debug_path: Option<String>,
    /// The undocumented list of build tools between the DOS stub and the PE header.
    pub rich_header: Option<Range<u64>>,
    /// Where its Authenticode signatures are, clamped to the file.
    pub certificates: Option<Range<u64>>,
    /// The first of the signatures, where they reach to the end of the file and can be read.
    pub signature: Option<SignatureFacts>,
    /// Addresses of functions that run before the entry point.
    pub tls_callbacks: Vec<u64>,
    /// Whether it has the header of a .NET program.
    pub dotnet: bool,
}

/// An Authenticode signature. Whether anybody should trust it is not said here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignatureFacts {
    /// The file's digest as the signature has it.
    pub digest: Vec<u8>,
    /// The name of the digest's algorithm; empty where the signature is broken.
    pub digest_algorithm: &'static str,
    /// Whether the digest is really the file's.
    pub digest_matches: bool,
    /// The certificates that it brings along.
    pub certificates: Vec<CertificateFacts>,
    /// Which of them is the signer's.
    pub signer: Option<usize>,
    /// Whether the signature verifies with the signer's certificate.
    pub verifies: bool,
    /// The countersignature that says when it was made.
    pub countersignature: Option<CountersignatureFacts>,
    /// Whether there is a time stamp of RFC 3161, which is not read.
    pub has_time_stamp_token: bool,
    /// Whether there is a second signature, which is not read.
    pub has_nested_signature: bool,
}

/// A countersignature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CountersignatureFacts {
    /// When it was made, in seconds since 1970.
    pub time: i64,
    /// Which certificate is that of the time stamping authority.
    pub signer: Option<usize>,
    /// Whether it verifies with that certificate.
    pub verifies: bool,
}

/// A certificate of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateFacts {
    /// Whose it is, for people.
    pub subject: String,
    /// Who issued it, for people.
    pub issuer: String,
    /// The serial number as stored.
    pub serial: Vec<u8>,
    /// First second of its validity, from 1970 on.
    pub not_before: i64,
    /// Last second of its validity.
    pub not_after: i64,
    /// SHA-1 of the subject's encoding, without its tag and length.
    pub subject_sha1: Vec<u8>,
    /// SHA-1 of the serial number as stored.
    pub serial_sha1: Vec<u8>,
    /// The modulus of its RSA key, without leading zeros.
    pub modulus: Vec<u8>,
    /// The exponent of its RSA key, without leading zeros.
    pub exponent: Vec<u8>,
    /// Bits of the modulus.
    pub key_bits: u64,
    /// The digest that its issuer signed; none where that is not supported.
    pub digest_algorithm: Option<&'static str>,
    /// What it may sign.
    pub uses: CertificateUses,
    /// The certificate, among those of the signature, whose key verifies the signature on this one.
    pub signed_by: Option<usize>,
}

impl CertificateFacts {
    /// A record for this certificate, as ClamAV's `.crb` files have them: to trust it, or to block it.
    /// Name and comment must not have semicolons.
    pub fn record(&self, name: &str, trusted: bool, comment: &str) -> String {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let [subject, serial, modulus] =
            [&self.subject_sha1, &self.serial_sha1, &self.modulus].map(|bytes| hex(bytes));
        let uses = [self.uses.code, self.uses.time, self.uses.certificates].map(u8::from);
        let ([code, time, cert], trusted) = (uses, u8::from(trusted));
        format!(
            "{name};{trusted};{subject};{serial};{modulus};010001;{code};{time};{cert};;{comment}"
        )
    }
}

/// What a certificate may sign, by the rules of ClamAV.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CertificateUses {
    /// Programs.
    pub code: bool,
    /// Time stamps.
    pub time: bool,
    /// Certificates.
    pub certificates: bool,
}

/// A library and what is imported from it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Library {
    /// The library's name as stored.
    pub name: String,
    /// Whether it is loaded only when first called.
    pub delayed: bool,
    /// What is imported.
    pub symbols: Vec<ImportedSymbol>,
}

/// One imported symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportedSymbol {
    /// By name.
    Name(String),
    /// By number.
    Ordinal(u16),
}

/// What a PE exports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exports {
    /// The name that the program gives itself.
    pub name: String,
    /// The timestamp of the table.
    pub timestamp: u32,
    /// The exports: those with a name, in the order of the names, then those with a number alone.
    pub symbols: Vec<Export>,
}

/// One exported symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Export {
    /// Its name.
    pub name: Option<String>,
    /// Its number.
    pub ordinal: u32,
    /// Its address relative to the start of the image.
    pub address: u32,
    /// `library.symbol`, where another library has it.
    pub forward: Option<String>,
}

/// One resource.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resource {
    /// What it is, such as 3 (icon) or 16 (version).
    pub kind: ResourceId,
    /// Which one.
    pub name: ResourceId,
    /// Its language.
    pub language: ResourceId,
    /// Where its data is; none where the address leads out of the file.
    pub offset: Option<u64>,
    /// Its size as declared.
    pub size: u32,
}

/// How resources are called.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResourceId {
    /// By number.
    Number(u32),
    /// By name.
    Name(Arc<str>),
}

/// What only an ELF has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Elf {
    /// e_type: 1 relocatable, 2 program, 3 position-independent program or library, 4 core dump.
    pub kind: u16,
    /// The type's name.
    pub kind_name: &'static str,
    /// The operating system that its header names.
    pub os_abi: u8,
    /// e_flags.
    pub flags: u32,
    /// The program that loads it.
    pub interpreter: Option<String>,
    /// The name that a library gives itself.
    pub name: Option<String>,
    /// The libraries it needs.
    pub needed: Vec<String>,
    /// Where else libraries are looked for: RPATH and RUNPATH.
    pub search_paths: Vec<String>,
    /// Dynamic symbols that other files must have.
    pub imports: Vec<String>,
    /// Dynamic symbols that it has for others.
    pub exports: Vec<String>,
    /// The linker's identification of the build.
    pub build_id: Option<Vec<u8>>,
    /// The program headers.
    pub segments: Vec<Segment>,
}

/// One program header.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Segment {
    /// p_type: 1 is loaded into memory.
    pub kind: u32,
    /// 1 executable, 2 writable, 4 readable.
    pub flags: u32,
    /// Its bytes in the file, clamped to the file.
    pub raw: Range<u64>,
    /// Its bytes in the file as declared.
    pub declared: Range<u64>,
    /// Its address in memory.
    pub virtual_address: u64,
    /// Its size in memory.
    pub virtual_size: u64,
}
