//! The set file's layout: its one definition, used by the reader here and by the writer.
//!
//! `docs/format.md` draws it field by field. Everything is little-endian and of alignment 1, so that
//! rows are used in place wherever the bytes lie.

use zerocopy::little_endian::{I16, I64, U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The first bytes of a set. The line ends show damage by transfer as text.
pub const MAGIC: [u8; 8] = *b"\x89PSET\r\n\x1a";

/// Readers refuse another major version.
pub const VERSION_MAJOR: u16 = 1;
/// Readers accept any minor version: it only adds sections marked [`SECTION_OPTIONAL`].
pub const VERSION_MINOR: u16 = 0;

/// The hash tree's leaves cover chunks of this many bytes; the last one may be shorter.
pub const CHUNK: u32 = 1 << 16;

/// Sections start at multiples of this, filled up with zeros.
pub const ALIGNMENT: u64 = 64;

/// More sections than this are refused.
pub const MAX_SECTIONS: u32 = 64;

/// A section of an unknown kind that a reader may pass over.
pub const SECTION_OPTIONAL: u32 = 1;

/// Sizes of objects that hash rows can ask for lie below this.
pub const SIZE_LIMIT: u64 = (1 << 40) - (1 << 8);

/// [`SizeBucket::high`] of the hash rows that stand for any size.
pub const ANY_SIZE: u32 = u32::MAX;

/// Names of signatures lie together in blocks of this many.
pub const NAME_BLOCK: u32 = 32;

/// The longest name of a signature, in bytes.
pub const MAX_NAME: usize = 1024;

/// [`PatternRow::part`] of a pattern that is a signature of its own.
pub const WHOLE: u8 = 0xff;

/// [`PatternRow::part`] of a pattern that gives a file type away.
pub const FILE_TYPE: u8 = 0xfe;

/// [`PatternRow::part`] of a pattern that opens the gate of a shard of YARA rules.
pub const GATE: u8 = 0xfd;

/// Shards of YARA rules that a set may have.
pub const SHARDS: u8 = 64;

/// The shard of YARA rules that have no gate.
pub const UNGATED: u8 = 0xff;

/// [`PatternRow::part`] of a pattern of a macro group.
pub const MACRO_MEMBER: u8 = 0xfc;

/// Groups of macros of one target.
pub const MACRO_GROUPS: u32 = 32;

/// Sub-signatures of one logical signature.
pub const MAX_PARTS: usize = 64;

/// Patterns of one logical signature: each sub-signature may have one for each width of its letters.
pub const MAX_PATTERNS: usize = 2 * MAX_PARTS;

/// The longest pattern for the name of an entry, in bytes.
pub const MAX_LISTED_NAME: u32 = 1 << 16;

/// Match counts are exact below this; comparisons in expressions stay below it.
pub const MAX_COUNT: u32 = 1_000_000;

macro_rules! row {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
        #[repr(C)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
    };
}

row! {
    /// The first 64 bytes.
    Header {
        /// [`MAGIC`]
        magic: [u8; 8],
        /// [`VERSION_MAJOR`]
        major: U16,
        /// [`VERSION_MINOR`]
        minor: U16,
        /// Rows of the section table, which follows the header.
        sections: U32,
        /// Length of the whole file.
        file_length: U64,
        /// Where the hash tree begins: the chunks cover everything before it.
        tree_offset: U64,
        /// [`CHUNK`]
        chunk: U32,
        /// Zeros.
        reserved: [u8; 28],
    }
}

row! {
    /// One row of the section table. Rows are sorted by kind; sections lie in the same order.
    SectionRow {
        /// A [`Section`] number.
        kind: U32,
        /// [`SECTION_OPTIONAL`] or 0.
        flags: U32,
        /// From the start of the file.
        offset: U64,
        /// In bytes, without the padding behind it.
        length: U64,
        /// Zeros.
        reserved: U64,
    }
}

/// The kinds of sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Section {
    /// One [`AboutRow`].
    About = 1,
    /// UTF-8 text that [`StringRef`]s point into.
    Strings = 2,
    /// [`OriginRow`]s.
    Origins = 3,
    /// [`GroupRow`]s: which signatures share origin, class and severity.
    Groups = 4,
    /// The hash table of MD5 digests of whole objects, see [`HashTableRow`].
    Md5 = 5,
    /// That of SHA-1 digests.
    Sha1 = 6,
    /// That of SHA-256 digests.
    Sha256 = 7,
    /// [`HashTableRow`]s, one for each hash table that is there, sorted by section.
    HashTables = 8,
    /// [`PatternRow`]s; those of one logical signature lie together, in the order of their parts.
    Patterns = 9,
    /// [`SegmentRow`]s; those of one pattern lie together, in order.
    Segments = 10,
    /// Programs and literals that segments point into.
    Programs = 11,
    /// [`LogicalRow`]s.
    Logicals = 12,
    /// Expressions that logical rows point into.
    Expressions = 13,
    /// [`YaraRow`]s.
    Yara = 14,
    /// [`StringRef`]s: names of signatures in lower sets that this set switches off, sorted.
    Removals = 15,
    /// [`U32`]s: where each block of [`NAME_BLOCK`] names begins in [`Section::Names`].
    NameBlocks = 16,
    /// The names of signatures, in the order of their numbers.
    Names = 17,
    /// The hash table of MD5 digests of a PE's sections.
    SectionMd5 = 18,
    /// That of SHA-1 digests.
    SectionSha1 = 19,
    /// That of SHA-256 digests.
    SectionSha256 = 20,
    /// The hash table of MD5 digests of what a PE imports.
    ImportMd5 = 21,
    /// That of SHA-1 digests.
    ImportSha1 = 22,
    /// That of SHA-256 digests.
    ImportSha256 = 23,
    /// [`ConditionRow`]s.
    Conditions = 30,
    /// [`RegexRow`]s; those of one logical signature lie together, in the order of their parts.
    Regexes = 31,
    /// Regular expressions, as text, that those rows point into.
    RegexTexts = 32,
    /// [`ComparisonRow`]s; those of one logical signature lie together.
    Comparisons = 33,
    /// [`MacroRow`]s; those of one logical signature lie together, in the order of their parts.
    Macros = 34,
    /// [`MacroMemberRow`]s, sorted.
    MacroMembers = 35,
    /// [`ListingRow`]s.
    Listings = 40,
    /// [`FileTypeRow`]s.
    FileTypes = 41,
    /// [`PasswordRow`]s.
    Passwords = 42,
    /// Magic numbers and passwords.
    Bytes = 43,
    /// [`CertificateRow`]s, sorted by subject, key and serial number.
    Certificates = 50,
    /// Moduli that certificate rows point into.
    Moduli = 51,
    /// [`AnchorRow`]s: the runs of bytes whose windows are in the filters.
    Anchors = 56,
    /// [`PlaceRow`]s: patterns that may start at one position only, by position.
    Places = 57,
    /// [`PlaceEntry`]s that place rows point into.
    PlaceEntries = 58,
    /// [`AlwaysRow`]s: what every object has to be asked.
    Always = 59,
    /// [`TableRow`]s, sorted by target, width and step.
    Tables = 60,
    /// The words of the tables' filters.
    Filters = 61,
    /// [`BucketRow`]s: the tables' directories.
    Buckets = 62,
    /// Numbers of [`crate::matcher::Target`]s, a byte each, sorted: those of patterns and logical
    /// signatures.
    Targets = 64,
}

impl Section {
    /// Every kind.
    pub const ALL: &[Section] = &[
        Section::About,
        Section::Strings,
        Section::Origins,
        Section::Groups,
        Section::Md5,
        Section::Sha1,
        Section::Sha256,
        Section::HashTables,
        Section::Patterns,
        Section::Segments,
        Section::Programs,
        Section::Logicals,
        Section::Expressions,
        Section::Yara,
        Section::Removals,
        Section::NameBlocks,
        Section::Names,
        Section::SectionMd5,
        Section::SectionSha1,
        Section::SectionSha256,
        Section::ImportMd5,
        Section::ImportSha1,
        Section::ImportSha256,
        Section::Conditions,
        Section::Regexes,
        Section::RegexTexts,
        Section::Comparisons,
        Section::Macros,
        Section::MacroMembers,
        Section::Listings,
        Section::FileTypes,
        Section::Passwords,
        Section::Bytes,
        Section::Certificates,
        Section::Moduli,
        Section::Anchors,
        Section::Places,
        Section::PlaceEntries,
        Section::Always,
        Section::Tables,
        Section::Filters,
        Section::Buckets,
        Section::Targets,
    ];

    /// The hash tables.
    pub const HASH_TABLES: [Section; 9] = [
        Section::Md5,
        Section::Sha1,
        Section::Sha256,
        Section::SectionMd5,
        Section::SectionSha1,
        Section::SectionSha256,
        Section::ImportMd5,
        Section::ImportSha1,
        Section::ImportSha256,
    ];

    /// The kind of that number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|&section| section as u32 == number)
    }

    /// The length of a hash table's digests as they are kept; 0 for everything else.
    pub fn digest_length(self) -> usize {
        match self {
            Section::Md5 | Section::SectionMd5 | Section::ImportMd5 => 16,
            Section::Sha1 | Section::SectionSha1 | Section::ImportSha1 => 20,
            Section::Sha256 | Section::SectionSha256 | Section::ImportSha256 => SHA256_KEPT,
            _ => 0,
        }
    }

    /// Whether it is cold: not looked at when a set is opened, but piece by piece when it is used,
    /// since it grows with the number of signatures.
    pub fn is_cold(self) -> bool {
        use Section::*;
        Self::HASH_TABLES.contains(&self)
            || matches!(self, Names | NameBlocks | Patterns | Segments | Programs)
            || matches!(self, Logicals | Expressions | Conditions)
            || matches!(self, Regexes | RegexTexts | Comparisons | Macros | MacroMembers)
            || matches!(self, Anchors | PlaceEntries | Buckets)
    }
}

/// What the digests of a hash table are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hashed {
    /// A whole object; its size is the object's.
    Object,
    /// The bytes of one section of a PE; its size is theirs.
    PeSection,
    /// The imports of a PE of 32 bits, written as text; its size is the text's.
    PeImports,
}

impl Hashed {
    /// Every kind.
    pub const ALL: [Hashed; 3] = [Hashed::Object, Hashed::PeSection, Hashed::PeImports];

    /// The tables of MD5, SHA-1 and SHA-256 digests.
    pub fn tables(self) -> [Section; 3] {
        match self {
            Hashed::Object => [Section::Md5, Section::Sha1, Section::Sha256],
            Hashed::PeSection => {
                [Section::SectionMd5, Section::SectionSha1, Section::SectionSha256]
            }
            Hashed::PeImports => [Section::ImportMd5, Section::ImportSha1, Section::ImportSha256],
        }
    }
}

row! {
    /// A run of text in [`Section::Strings`].
    StringRef {
        /// From the start of the section.
        offset: U32,
        /// In bytes.
        length: U32,
    }
}

row! {
    /// What the set says of itself.
    AboutRow {
        /// Who publishes it, as a dotted name.
        origin: StringRef,
        /// Which line of sets it belongs to.
        channel: StringRef,
        /// Grows with each published set of the channel.
        version: U64,
        /// The licence of the set as a whole.
        licence: StringRef,
        /// For people.
        description: StringRef,
        /// The compiler that made it, with its version.
        compiler: StringRef,
    }
}

row! {
    /// Where signatures come from: one source file.
    OriginRow {
        /// The file's path inside the sources, with `/`.
        file: StringRef,
        /// Who wrote it.
        author: StringRef,
        /// Its licence.
        licence: StringRef,
    }
}

row! {
    /// A run of signatures that are alike but for their names. Signatures are numbered group by group,
    /// and inside a group in the order of their names. YARA rules are not among them.
    GroupRow {
        /// The number of its first signature: how many there are in the groups before it.
        first: U32,
        /// How many signatures it has.
        count: U32,
        /// A row of [`Section::Origins`].
        origin: U16,
        /// A [`crate::verdict::Class`] number.
        class: u8,
        /// 0 to 100.
        severity: u8,
    }
}

row! {
    /// The measures of one hash table. Its section holds [`SizeBucket`]s, then the lowest byte of
    /// every row's size, then the [`HashRow`]s, all three in the order of size, digest and signature.
    HashTableRow {
        /// The [`Section`] number of one of [`Section::HASH_TABLES`].
        section: U32,
        /// How many [`SizeBucket`]s it has.
        buckets: U32,
        /// How many [`HashRow`]s.
        rows: U32,
    }
}

row! {
    /// The rows of a hash table whose sizes agree but for their lowest byte; sorted by `high`.
    SizeBucket {
        /// The size without its lowest byte, or [`ANY_SIZE`].
        high: U32,
        /// The first of its rows; they go on to that of the next bucket.
        first: U32,
    }
}

/// Bytes of a SHA-256 that a set keeps. 192 bits are as hard to meet by another file as 256 are, and a
/// quarter of such a table is saved.
pub const SHA256_KEPT: usize = 24;

/// What a set keeps of a SHA-256: its first bytes.
pub fn kept_of_sha256(digest: &[u8; 32]) -> [u8; SHA256_KEPT] {
    digest.first_chunk().copied().unwrap_or_default()
}

/// One digest. Its size stands with the table's buckets.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct HashRow<const N: usize> {
    /// The digest; of a SHA-256, [`kept_of_sha256`].
    pub digest: [u8; N],
    /// The number of a signature.
    pub signature: U32,
}

row! {
    /// One byte pattern: a signature of its own, a part of a logical one, what gives a file type away, or
    /// what opens the gate of YARA rules.
    PatternRow {
        /// The number of a signature if `part` is [`WHOLE`], a row of [`Section::FileTypes`] if it is
        /// [`FILE_TYPE`], a shard of YARA rules if it is [`GATE`], a group if it is [`MACRO_MEMBER`], else a
        /// row of [`Section::Logicals`].
        owner: U32,
        /// The first of its rows in [`Section::Segments`].
        first_segment: U32,
        /// How many there are.
        segments: U16,
        /// The number of the part, [`WHOLE`], [`FILE_TYPE`], [`GATE`] or [`MACRO_MEMBER`].
        part: u8,
        /// A [`crate::matcher::Target`] number.
        target: u8,
        /// [`OFFSET_ANYWHERE`] and so on.
        offset_kind: u8,
        /// [`FLAG_COUNTED`] or 0.
        flags: u8,
        /// The section's number, for offsets in sections.
        section: U16,
        /// The distance, in the sense of the offset's kind.
        distance: I64,
        /// Allowed bytes to the right.
        shift: U32,
    }
}

/// Anywhere.
pub const OFFSET_ANYWHERE: u8 = 0;
/// From the start.
pub const OFFSET_START: u8 = 1;
/// Back from the end.
pub const OFFSET_END: u8 = 2;
/// From the entry point.
pub const OFFSET_ENTRY_POINT: u8 = 3;
/// From the start of a section.
pub const OFFSET_SECTION: u8 = 4;
/// Inside a section.
pub const OFFSET_IN_SECTION: u8 = 5;
/// From the start of the last section.
pub const OFFSET_LAST_SECTION: u8 = 6;
/// At the name of a version string.
pub const OFFSET_VERSION_STRING: u8 = 7;

/// An expression asks how often the pattern matches.
pub const FLAG_COUNTED: u8 = 1;
/// The pattern is looked for only where the logical signature it belongs to may hold.
pub const FLAG_LATE: u8 = 2;
/// The logical signature it belongs to cannot hold without the pattern.
pub const FLAG_NECESSARY: u8 = 4;
/// An expression asks how often the pattern matches, which has gaps: its matches are counted by where
/// the last part begins.
pub const FLAG_COUNTED_BY_LAST: u8 = 8;

row! {
    /// A piece of a pattern without unbounded gaps inside.
    SegmentRow {
        /// The row of [`Section::Patterns`] it belongs to.
        pattern: U32,
        /// Bytes that must at least lie between the end of the segment before and this one.
        gap: U32,
        /// Where its program begins in [`Section::Programs`].
        program: U32,
        /// The program's length.
        program_length: U32,
        /// Where the literal that gives it away begins in [`Section::Programs`].
        literal: U32,
        /// The literal's length; 0 where there is none, and every position is tried.
        literal_length: U16,
        /// 1 where letters of the literal (then stored in lower case) match in either case.
        literal_either_case: u8,
        /// Zero.
        reserved: u8,
        /// The least distance from the segment's start to the literal.
        lead_min: U32,
        /// The greatest.
        lead_max: U32,
    }
}

row! {
    /// A logical signature.
    LogicalRow {
        /// The number of a signature.
        signature: U32,
        /// The first of its rows in [`Section::Patterns`].
        first_pattern: U32,
        /// Where its expression begins in [`Section::Expressions`].
        expression: U32,
        /// The expression's length.
        expression_length: U32,
        /// How many patterns it has.
        patterns: u8,
        /// A [`crate::matcher::Target`] number.
        target: u8,
        /// 1 where the expression holds when no pattern matches.
        holds_without_hits: u8,
        /// Zero.
        reserved: u8,
        /// A row of [`Section::Conditions`], or [`NO_CONDITION`].
        condition: U32,
        /// The least size of the object.
        size_min: U64,
        /// The greatest.
        size_max: U64,
    }
}

/// A logical signature without a [`ConditionRow`].
pub const NO_CONDITION: u32 = u32::MAX;
/// A condition that does not ask for a container.
pub const NO_CONTAINER: u8 = u8::MAX;
/// The entry point is asked for.
pub const CONDITION_ENTRY_POINT: u8 = 1;
/// The number of sections is asked for.
pub const CONDITION_SECTIONS: u8 = 2;

row! {
    /// What a logical signature asks of an object besides patterns, target and size.
    ConditionRow {
        /// The least offset of the entry point, where [`CONDITION_ENTRY_POINT`] is set.
        entry_point_min: U64,
        /// The greatest.
        entry_point_max: U64,
        /// The least number of sections, where [`CONDITION_SECTIONS`] is set.
        sections_min: U64,
        /// The greatest.
        sections_max: U64,
        /// [`CONDITION_ENTRY_POINT`], [`CONDITION_SECTIONS`].
        flags: u8,
        /// The number of a [`crate::identify::clam_types::ClamType`], or [`NO_CONTAINER`].
        container: u8,
        /// How many of `kinds` are used.
        intermediates: u8,
        /// Such numbers: what the object must lie in, outermost first.
        kinds: [u8; 16],
        /// The first of its rows in [`Section::Regexes`].
        first_regex: U32,
        /// The first of its rows in [`Section::Comparisons`].
        first_comparison: U32,
        /// The first of its rows in [`Section::Macros`].
        first_macro: U32,
        /// How many regular expressions it has.
        regexes: u8,
        /// How many byte comparisons it has.
        comparisons: u8,
        /// How many macros it has.
        macros: u8,
        /// Zeros.
        reserved: [u8; 2],
    }
}

row! {
    /// A regular expression: a part of a logical signature.
    RegexRow {
        /// Where it lies in [`Section::RegexTexts`].
        text: U32,
        /// Its length.
        text_length: U32,
        /// Where the expression that must hold begins in [`Section::Expressions`].
        trigger: U32,
        /// The length of that.
        trigger_length: U32,
        /// The number of the part.
        part: u8,
        /// [`OFFSET_ANYWHERE`] and so on.
        offset_kind: u8,
        /// [`REGEX_ANY_CASE`] and so on.
        options: U16,
        /// The section's number, for offsets in sections.
        section: U16,
        /// Zeros.
        reserved: U16,
        /// The distance, in the sense of the offset's kind.
        distance: I64,
        /// Allowed bytes to the right.
        shift: U32,
    }
}

/// Letters match in either case.
pub const REGEX_ANY_CASE: u16 = 1;
/// A dot is a line feed, too.
pub const REGEX_DOT_ALL: u16 = 2;
/// Lines inside of the text have starts and ends.
pub const REGEX_MULTI_LINE: u16 = 4;
/// Spaces and comments stand for nothing.
pub const REGEX_EXTENDED: u16 = 8;
/// A dollar is the very end.
pub const REGEX_DOLLAR_IS_END: u16 = 16;
/// Repetitions are lazy.
pub const REGEX_UNGREEDY: u16 = 32;
/// Matches begin where the search does.
pub const REGEX_ANCHORED: u16 = 64;
/// All matches count.
pub const REGEX_GLOBAL: u16 = 128;
/// The offset is where matches may begin from.
pub const REGEX_ROLLING: u16 = 256;
/// Matches lie between the offset and its shift.
pub const REGEX_ENCOMPASS: u16 = 512;

row! {
    /// A byte comparison: a part of a logical signature.
    ComparisonRow {
        /// The number of the part.
        part: u8,
        /// The part whose last match it refers to.
        trigger: u8,
        /// [`COMPARE_HEXADECIMAL`] and so on.
        reading: u8,
        /// [`COMPARE_LITTLE`], [`COMPARE_EXACT`], [`COMPARE_TWICE`].
        flags: u8,
        /// The first comparison's number.
        first: u8,
        /// The second one's.
        second: u8,
        /// Zeros.
        reserved: U16,
        /// How many bytes are read at most.
        length: U32,
        /// From the start of the match.
        distance: I64,
        /// What the number is compared with.
        first_number: I64,
        /// What it is compared with besides.
        second_number: I64,
    }
}

/// The bytes are hexadecimal digits.
pub const COMPARE_HEXADECIMAL: u8 = 0;
/// They are decimal digits.
pub const COMPARE_DECIMAL: u8 = 1;
/// They are hexadecimal digits behind `0x`, else decimal ones.
pub const COMPARE_AUTO: u8 = 2;
/// They are a number as it is.
pub const COMPARE_RAW: u8 = 3;
/// The lowest byte comes first.
pub const COMPARE_LITTLE: u8 = 1;
/// The number takes all the bytes.
pub const COMPARE_EXACT: u8 = 2;
/// There are two comparisons.
pub const COMPARE_TWICE: u8 = 4;

row! {
    /// A macro: a part of a logical signature that matches where a pattern of a group stands near a match
    /// of the part before it.
    MacroRow {
        /// The number of the part, at least 1.
        part: u8,
        /// The number of the group.
        group: u8,
        /// Zeros.
        reserved: U16,
        /// The least distance from the start of the match before it.
        min: U32,
        /// The greatest.
        max: U32,
    }
}

row! {
    /// A pattern of a macro group. Rows are sorted by target, group and pattern.
    MacroMemberRow {
        /// A [`crate::matcher::Target`] number.
        target: u8,
        /// The number of the group.
        group: u8,
        /// Zeros.
        reserved: U16,
        /// A row of [`Section::Patterns`].
        pattern: U32,
    }
}

row! {
    /// Two numbers and all between them.
    NumberRange {
        /// The first.
        least: U64,
        /// The last.
        greatest: U64,
    }
}

row! {
    /// A signature of what a container says of one of its entries.
    ListingRow {
        /// The signature's number.
        signature: U32,
        /// What the entry's name must contain, as an expression of the crate `regex` over bytes; empty
        /// for any name.
        name: StringRef,
        /// The number of a [`crate::identify::clam_types::ClamType`]: what the container is.
        container: u8,
        /// 0 for entries that are not encrypted, 1 for those that are, 2 for both.
        encrypted: u8,
        /// Zeros.
        reserved: U16,
        /// How large the container is.
        container_size: NumberRange,
        /// The size that the entry is said to take up.
        packed: NumberRange,
        /// The size that it is said to have.
        size: NumberRange,
        /// Which entry it is, from 1.
        position: NumberRange,
    }
}

row! {
    /// A file type that is added to those that identification finds.
    FileTypeRow {
        /// The number of a [`crate::identify::clam_types::ClamType`]: the type.
        kind: u8,
        /// The number of another, which the object must be already; 255 where nothing is asked.
        required: u8,
        /// 0: its magic number gives it away; 1: its pattern, a row of [`Section::Patterns`].
        by_pattern: u8,
        /// Zero.
        reserved: u8,
        /// Where the magic number stands, from the start of the object.
        at: U16,
        /// The magic number's length.
        magic_length: U16,
        /// Where it begins in [`Section::Bytes`].
        magic: U32,
    }
}

row! {
    /// A password to try on encrypted archives.
    PasswordRow {
        /// Where it begins in [`Section::Bytes`].
        offset: U32,
        /// Its length.
        length: U32,
    }
}

row! {
    /// A certificate that is trusted or blocked.
    CertificateRow {
        /// SHA-1 of the content of its subject.
        subject: [u8; 20],
        /// SHA-256 of its key's modulus, which begins without zeros.
        key: [u8; 32],
        /// SHA-1 of the content of its serial number, or zeros where any number will do.
        serial: [u8; 20],
        /// The first second, from 1970 on, that its validity may begin with.
        not_before: I64,
        /// [`CERTIFICATE_TRUSTED`] and so on.
        flags: u8,
        /// Zero.
        reserved: u8,
        /// The modulus' length; 0 where nothing is verified with it.
        modulus_length: U16,
        /// Where the modulus begins in [`Section::Moduli`].
        modulus: U32,
        /// The number of a signature.
        signature: U32,
    }
}

/// The certificate is trusted; without this flag it is blocked.
pub const CERTIFICATE_TRUSTED: u8 = 1;
/// It may sign programs.
pub const CERTIFICATE_CODE: u8 = 2;
/// It may sign time stamps.
pub const CERTIFICATE_TIME: u8 = 4;
/// It may sign certificates.
pub const CERTIFICATE_CERTIFICATES: u8 = 8;
/// Any serial number will do.
pub const CERTIFICATE_ANY_SERIAL: u8 = 16;

row! {
    /// One file of YARA rules, as source.
    YaraRow {
        /// The namespace its rules are compiled in.
        namespace: StringRef,
        /// The source text.
        source: StringRef,
        /// A row of [`Section::Origins`].
        origin: U32,
        /// How many rules it holds.
        rules: U32,
        /// The shard that it is compiled with, below [`SHARDS`]: its rules are evaluated where one of
        /// the shard's gate patterns was found. [`UNGATED`]: they are evaluated for every object.
        shard: u8,
        /// 0.
        reserved: [u8; 3],
    }
}

row! {
    /// One table of windows: a filter and the directory behind it.
    TableRow {
        /// Bytes in a window, 1 to 8; 8 where `step` is.
        width: u8,
        /// Probes stand so many bytes apart: 1, 2, 4 or 8.
        step: u8,
        /// The filter has 2 to the power of this words: of 64 bits where `step` is 8, else of 32.
        log2_words: u8,
        /// Bits of a cell that hold the row of an anchor.
        row_bits: u8,
        /// Bytes beside a window that the tag of a cell tells of, at most half of `step`.
        beside: u8,
        /// The target whose objects it is searched in. 0: those of no target that has tables of its own;
        /// so tables of a target hold what is searched for in every object, too.
        target: u8,
        /// Zeros.
        reserved: [u8; 2],
        /// Where the words begin, in bytes from the start of their section.
        words_at: U64,
        /// The first of its buckets.
        buckets_at: U32,
        /// How many of them a hash can name.
        buckets: U32,
        /// How many there are, with those that others go on with.
        all_buckets: U32,
        /// Zeros.
        reserved_too: U32,
    }
}

/// Cells in a bucket.
pub const CELLS: usize = 7;

row! {
    /// What windows of some hashes stand for.
    BucketRow {
        /// First those that are there, then zeros. From the lowest bit on: a phase, the row of an anchor
        /// plus one, so that no cell is zero, and a tag.
        cells: [U32; CELLS],
        /// The bucket of the table that goes on with what found no room here, further on; 0: none.
        next: U32,
    }
}

row! {
    /// A run of fixed bytes that gives a segment away.
    AnchorRow {
        /// The segment it lies in.
        segment: U32,
        /// The least distance from the segment's start to the run.
        lead_min: U32,
        /// The greatest distance is so much more.
        spread: U16,
        /// Where eight bytes are compared, from the start of the run.
        check_at: I16,
        /// Their bits.
        check: U64,
        /// Which of them count.
        check_mask: U64,
    }
}

row! {
    /// Patterns that may start at one position only, which is the same for all of them. Rows are
    /// sorted by target.
    PlaceRow {
        /// A [`crate::matcher::Target`] number.
        target: u8,
        /// [`OFFSET_START`] and so on.
        offset_kind: u8,
        /// The section's number, for offsets in sections.
        section: U16,
        /// The distance, in the sense of the offset's kind.
        distance: I64,
        /// Four bytes are compared so far behind the position; all ones: nothing is compared.
        lead: U32,
        /// The first of its rows in [`Section::PlaceEntries`].
        first: U32,
        /// How many there are.
        count: U32,
    }
}

/// [`PlaceRow::lead`] where nothing is compared.
pub const NO_LEAD: u32 = u32::MAX;

row! {
    /// A pattern of a place. Those of one place are sorted by their bytes.
    PlaceEntry {
        /// The four bytes, as a number.
        bytes: U32,
        /// A row of [`Section::Patterns`].
        pattern: U32,
    }
}

row! {
    /// What every object of its target is asked.
    AlwaysRow {
        /// [`ALWAYS_PATTERN`] or [`ALWAYS_LOGICAL`].
        kind: U32,
        /// A row of [`Section::Patterns`] or of [`Section::Logicals`].
        row: U32,
    }
}

/// A pattern without fixed bytes, tried at every position.
pub const ALWAYS_PATTERN: u32 = 0;
/// A logical signature that may hold where none of its patterns matches.
pub const ALWAYS_LOGICAL: u32 = 1;
