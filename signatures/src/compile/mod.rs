//! From checked records to the bytes of a set.
//!
//! The bytes are a function of the records and their order alone: rows are numbered in the order in
//! which records come, signatures and hashes are sorted, and no hash map's order is ever looked at.

mod certificates;
mod hashes;
mod listing;
pub(crate) mod literal;
mod metadata;
mod pattern;
pub(crate) mod prepare;
#[cfg(feature = "yara")]
mod rules;
mod signatures;
mod strings;
pub(crate) mod windows;
mod writer;

use std::collections::{BTreeSet, HashSet};

use pellucid::matcher::Condition;
use pellucid::matcher::containers::MAX_INTERMEDIATES;
use pellucid::set::layout::{
    ALWAYS_LOGICAL, AboutRow, AlwaysRow, ComparisonRow, ConditionRow, FILE_TYPE, FLAG_LATE, GATE,
    HashTableRow, LogicalRow, MACRO_MEMBER, MacroMemberRow, MacroRow, NO_CONDITION, OriginRow,
    PatternRow, RegexRow, Section, SegmentRow, StringRef, WHOLE, YaraRow,
};
use pellucid::verdict::Class;
use zerocopy::little_endian::U32;

use self::certificates::Certificates;
use self::hashes::Hashes;
use self::metadata::{Metadata, PreparedFileType};
use self::prepare::{Prepared, PreparedLogical, PreparedPattern};
use self::signatures::{Numbered, Signatures};
use self::strings::Strings;
use self::windows::Windows;
use self::writer::Rows;
use crate::report::BuildError;
use crate::source::about::About;

/// The compiler's name in a set.
pub(crate) const COMPILER: &str = concat!("pellucid-signatures ", env!("CARGO_PKG_VERSION"));

/// A set in the making.
pub(crate) struct Compiler {
    strings: Strings,
    author: StringRef,
    licence: StringRef,
    /// The file whose records come now, and its row once there is one.
    file: (String, Option<u16>),
    origins: Vec<OriginRow>,
    signatures: Signatures,
    hashes: Hashes,
    patterns: Vec<PatternRow>,
    segments: Vec<SegmentRow>,
    programs: Vec<u8>,
    logicals: Vec<LogicalRow>,
    conditions: Vec<ConditionRow>,
    regexes: Vec<RegexRow>,
    regex_texts: Vec<u8>,
    comparisons: Vec<ComparisonRow>,
    macros: Vec<MacroRow>,
    macro_members: Vec<MacroMemberRow>,
    windows: Windows,
    /// Logical signatures that every object is asked for.
    always: Vec<AlwaysRow>,
    expressions: Vec<u8>,
    certificates: Certificates,
    yara: Vec<YaraRow>,
    metadata: Metadata,
    /// Names of patterns, each with a fingerprint of what it looks for.
    seen: HashSet<(u32, [u8; 16])>,
    pattern_names: HashSet<u32>,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// It is in the set.
    New,
    /// It is in the set, and so is another pattern of its name.
    SameName,
    /// It was there before.
    Again,
}

/// A finished set.
pub(crate) struct Finished {
    pub(crate) set: Vec<u8>,
    /// Hashes that were there more than once.
    pub(crate) merged: u64,
}

/// A row number that fits into the file.
fn row_number(rows: usize, what: &'static str) -> Result<u32, BuildError> {
    let most = u64::from(u32::MAX).saturating_sub(1);
    match u32::try_from(rows) {
        Ok(row) if u64::from(row) < most => Ok(row),
        _ => Err(BuildError::TooMuch { what, most }),
    }
}

impl Compiler {
    pub(crate) fn new(about: &About) -> Result<Self, BuildError> {
        let mut strings = Strings::default();
        let (author, licence) = (strings.add(&about.author)?, strings.add(&about.licence)?);
        Ok(Self {
            strings,
            author,
            licence,
            file: (String::new(), None),
            origins: Vec::new(),
            signatures: Signatures::default(),
            hashes: Hashes::default(),
            patterns: Vec::new(),
            segments: Vec::new(),
            programs: Vec::new(),
            logicals: Vec::new(),
            conditions: Vec::new(),
            regexes: Vec::new(),
            regex_texts: Vec::new(),
            comparisons: Vec::new(),
            macros: Vec::new(),
            macro_members: Vec::new(),
            windows: Windows::default(),
            always: Vec::new(),
            expressions: Vec::new(),
            certificates: Certificates::default(),
            yara: Vec::new(),
            metadata: Metadata::default(),
            seen: HashSet::new(),
            pattern_names: HashSet::new(),
        })
    }

    /// The records that follow come from this file.
    pub(crate) fn begin_file(&mut self, path: &str) {
        if self.file.0 != path {
            self.file = (path.into(), None);
        }
    }

    /// Whether there is nothing in it yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.signatures.len() == 0 && self.yara.is_empty() && self.metadata.is_empty()
    }

    fn origin(&mut self) -> Result<u16, BuildError> {
        if let Some(row) = self.file.1 {
            return Ok(row);
        }
        let most = u16::MAX.into();
        let row = u16::try_from(self.origins.len())
            .ok()
            .filter(|&row| row < u16::MAX)
            .ok_or(BuildError::TooMuch { what: "source files with signatures", most })?;
        let file = self.strings.add(&self.file.0)?;
        self.origins.push(OriginRow { file, author: self.author, licence: self.licence });
        self.file.1 = Some(row);
        Ok(row)
    }

    /// Adds a signature.
    pub(crate) fn add(
        &mut self,
        name: &str,
        class: Class,
        severity: u8,
        content: &Prepared,
    ) -> Result<Added, BuildError> {
        match content {
            Prepared::FileType(found) => return self.file_type(found),
            Prepared::Password(password) => return self.metadata.add_password(password),
            Prepared::MacroMember(group, pattern) => return self.macro_member(*group, pattern),
            _ => {}
        }
        let name = self.signatures.name(name)?;
        let mut added = Added::New;
        if let Some(fingerprint) = content.fingerprint() {
            if !self.seen.insert((name, fingerprint)) {
                return Ok(Added::Again);
            }
            if !self.pattern_names.insert(name) {
                added = Added::SameName;
            }
        }
        let origin = self.origin()?;
        let signature = self.signatures.add(name, origin, class, severity)?;
        match content {
            Prepared::Hash { of, digest, size } => self.hashes.add(*of, *digest, *size, signature),
            Prepared::Pattern(pattern) => self.pattern(pattern, signature, WHOLE)?,
            Prepared::Logical(logical) => self.logical(logical, signature)?,
            Prepared::Certificate(certificate) => {
                self.certificates.add(certificate, signature)?;
            }
            Prepared::Listing(listing) => {
                let name = self.strings.add(&listing.name)?;
                self.metadata.add_listing(listing.row, signature, name);
            }
            // No signatures: they were added above.
            Prepared::FileType(_) | Prepared::Password(_) | Prepared::MacroMember(..) => {}
        }
        Ok(added)
    }

    fn file_type(&mut self, found: &PreparedFileType) -> Result<Added, BuildError> {
        let Some(row) = self.metadata.add_file_type(found)? else { return Ok(Added::Again) };
        if let Some(pattern) = &found.pattern {
            self.pattern(pattern, row, FILE_TYPE)?;
        }
        Ok(Added::New)
    }

    fn macro_member(&mut self, group: u8, pattern: &PreparedPattern) -> Result<Added, BuildError> {
        let row = row_number(self.patterns.len(), "patterns")?;
        let (target, reserved) = (pattern.row.target, 0.into());
        self.macro_members.push(MacroMemberRow { target, group, reserved, pattern: row.into() });
        self.pattern(pattern, group.into(), MACRO_MEMBER)?;
        Ok(Added::New)
    }

    fn pattern(
        &mut self,
        pattern: &PreparedPattern,
        owner: u32,
        part: u8,
    ) -> Result<(), BuildError> {
        let row = row_number(self.patterns.len(), "patterns")?;
        let first_segment = row_number(self.segments.len(), "pieces of patterns")?;
        for segment in &pattern.segments {
            let program = push_bytes(&mut self.programs, &segment.program)?;
            let mut segment_row = SegmentRow {
                pattern: row.into(),
                gap: segment.gap.into(),
                program: program.offset,
                program_length: program.length,
                literal: 0.into(),
                literal_length: 0.into(),
                literal_either_case: 0,
                reserved: 0,
                lead_min: 0.into(),
                lead_max: 0.into(),
            };
            if let Some(literal) = &segment.literal {
                let bytes = place_literal(&mut self.programs, program, &literal.bytes)?;
                let length = u16::try_from(literal.bytes.len()).unwrap_or(0);
                segment_row.literal = bytes;
                segment_row.literal_length = length.into();
                segment_row.literal_either_case = literal.any_case.into();
                segment_row.lead_min = (*literal.lead.start()).into();
                segment_row.lead_max = (*literal.lead.end()).into();
            }
            self.segments.push(segment_row);
        }
        self.windows.pattern(first_segment, &pattern.segments);
        let (owner, first_segment) = (owner.into(), first_segment.into());
        self.patterns.push(PatternRow { owner, first_segment, part, ..pattern.row });
        Ok(())
    }

    /// The row of what a logical signature asks besides patterns, target and size.
    fn condition(&mut self, logical: &PreparedLogical) -> Result<u32, BuildError> {
        let PreparedLogical { condition, regexes, comparisons, macros, .. } = logical;
        let has_others = !(regexes.is_empty() && comparisons.is_empty() && macros.is_empty());
        if condition.is_none() && !has_others {
            return Ok(NO_CONDITION);
        }
        let nothing = || Condition::default().row();
        let condition = condition.or_else(nothing).ok_or(BuildError::TooMuch {
            what: "kinds of containers",
            most: MAX_INTERMEDIATES as u64,
        })?;
        let first_regex = row_number(self.regexes.len(), "regular expressions")?;
        let first_comparison = row_number(self.comparisons.len(), "byte comparisons")?;
        let first_macro = row_number(self.macros.len(), "macros")?;
        for regex in regexes {
            let text = push_bytes(&mut self.regex_texts, &regex.text)?;
            let trigger = push_bytes(&mut self.expressions, &regex.trigger)?;
            self.regexes.push(RegexRow {
                text: text.offset,
                text_length: text.length,
                trigger: trigger.offset,
                trigger_length: trigger.length,
                ..regex.row
            });
        }
        self.comparisons.extend_from_slice(comparisons);
        self.macros.extend_from_slice(macros);
        let row = row_number(self.conditions.len(), "conditions")?;
        self.conditions.push(ConditionRow {
            first_regex: first_regex.into(),
            first_comparison: first_comparison.into(),
            regexes: u8::try_from(regexes.len()).unwrap_or(u8::MAX),
            comparisons: u8::try_from(comparisons.len()).unwrap_or(u8::MAX),
            first_macro: first_macro.into(),
            macros: u8::try_from(macros.len()).unwrap_or(u8::MAX),
            ..condition
        });
        Ok(row)
    }

    fn logical(&mut self, logical: &PreparedLogical, signature: u32) -> Result<(), BuildError> {
        let row = row_number(self.logicals.len(), "logical signatures")?;
        let first_pattern = row_number(self.patterns.len(), "patterns")?;
        let expression = push_bytes(&mut self.expressions, &logical.expression)?;
        let condition = self.condition(logical)?;
        for (part, pattern) in &logical.patterns {
            self.pattern(pattern, row, *part)?;
        }
        if logical.cover.enough.is_none() {
            self.always.push(AlwaysRow { kind: ALWAYS_LOGICAL.into(), row: row.into() });
        }
        self.logicals.push(LogicalRow {
            signature: signature.into(),
            first_pattern: first_pattern.into(),
            expression: expression.offset,
            expression_length: expression.length,
            patterns: u8::try_from(logical.patterns.len()).unwrap_or(u8::MAX),
            target: logical.target as u8,
            holds_without_hits: logical.holds_without_hits.into(),
            reserved: 0,
            condition: condition.into(),
            size_min: (*logical.sizes.start()).into(),
            size_max: (*logical.sizes.end()).into(),
        });
        Ok(())
    }

    /// Gives signatures their numbers, but for those that lost their last hash to another file's.
    fn number_signatures(&mut self) -> Result<Numbered, BuildError> {
        let signatures = std::mem::take(&mut self.signatures);
        let mut used = vec![false; signatures.len()];
        self.for_each_signature(|row| {
            if let Some(used) = used.get_mut(*row as usize) {
                *used = true;
            }
        });
        let numbered = signatures.number(&used)?;
        self.for_each_signature(|row| {
            *row = numbered.numbers.get(*row as usize).copied().unwrap_or(*row);
        });
        Ok(numbered)
    }

    /// Every place that names a signature.
    fn for_each_signature(&mut self, mut visit: impl FnMut(&mut u32)) {
        self.hashes.signatures_mut().for_each(&mut visit);
        let patterns = self.patterns.iter_mut().filter(|row| row.part == WHOLE);
        let logicals = self.logicals.iter_mut().map(|row| &mut row.signature);
        let listings = self.metadata.listings.iter_mut().map(|row| &mut row.signature);
        let certificates = self.certificates.rows.iter_mut().map(|row| &mut row.signature);
        let patterns = patterns.map(|row| &mut row.owner);
        for field in patterns.chain(logicals).chain(certificates).chain(listings) {
            let mut row = field.get();
            visit(&mut row);
            *field = row.into();
        }
    }

    /// The targets of patterns and logical signatures, sorted.
    fn targets(&self) -> Vec<u8> {
        let patterns = self.patterns.iter().filter(|row| !matches!(row.part, FILE_TYPE | GATE));
        let patterns = patterns.map(|row| row.target);
        let logicals = self.logicals.iter().map(|row| row.target);
        let targets: BTreeSet<u8> = patterns.chain(logicals).collect();
        targets.into_iter().collect()
    }

    /// Writes the set.
    pub(crate) fn finish(mut self, about: &About) -> Result<Finished, BuildError> {
        let about_row = AboutRow {
            origin: self.strings.add(&about.origin)?,
            channel: self.strings.add(&about.channel)?,
            version: about.version.into(),
            licence: self.licence,
            description: self.strings.add(&about.description)?,
            compiler: self.strings.add(COMPILER)?,
        };
        let mut names: Vec<&str> = about.removals.iter().map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        let removals =
            names.into_iter().map(|name| self.strings.add(name)).collect::<Result<Vec<_>, _>>()?;
        let before = self.hashes.len();
        self.hashes.settle(&self.signatures);
        self.certificates.settle();
        let merged = before.saturating_sub(self.hashes.len());
        let numbered = self.number_signatures()?;
        let targets = self.targets();
        let tables = self.hashes.tables()?;
        let measures: Vec<HashTableRow> = tables.iter().map(|(_, row, _)| *row).collect();
        self.macro_members.sort_by_key(|row| (row.target, row.group, row.pattern.get()));
        let searched = self.windows.finish(&self.patterns, FLAG_LATE)?;
        self.always.extend(&searched.always);
        let mut all: Vec<(Section, Box<dyn Rows>)> = vec![
            (Section::About, Box::new(vec![about_row])),
            (Section::Strings, Box::new(self.strings.bytes)),
            (Section::Origins, Box::new(self.origins)),
            (Section::Groups, Box::new(numbered.groups)),
            (Section::HashTables, Box::new(measures)),
            (Section::Patterns, Box::new(self.patterns)),
            (Section::Segments, Box::new(self.segments)),
            (Section::Programs, Box::new(self.programs)),
            (Section::Logicals, Box::new(self.logicals)),
            (Section::Expressions, Box::new(self.expressions)),
            (Section::Yara, Box::new(self.yara)),
            (Section::Removals, Box::new(removals)),
            (Section::NameBlocks, Box::new(numbered.blocks)),
            (Section::Names, Box::new(numbered.names)),
            (Section::Conditions, Box::new(self.conditions)),
            (Section::Regexes, Box::new(self.regexes)),
            (Section::RegexTexts, Box::new(self.regex_texts)),
            (Section::Comparisons, Box::new(self.comparisons)),
            (Section::Macros, Box::new(self.macros)),
            (Section::MacroMembers, Box::new(self.macro_members)),
            (Section::Listings, Box::new(self.metadata.listings)),
            (Section::FileTypes, Box::new(self.metadata.file_types)),
            (Section::Passwords, Box::new(self.metadata.passwords)),
            (Section::Bytes, Box::new(self.metadata.bytes)),
            (Section::Certificates, Box::new(self.certificates.rows)),
            (Section::Moduli, Box::new(self.certificates.moduli)),
            (Section::Anchors, Box::new(searched.anchors)),
            (Section::Places, Box::new(searched.places)),
            (Section::PlaceEntries, Box::new(searched.entries)),
            (Section::Always, Box::new(self.always)),
            (Section::Tables, Box::new(searched.written.tables)),
            (Section::Filters, Box::new(searched.written.filters)),
            (Section::Buckets, Box::new(searched.written.buckets)),
            (Section::Targets, Box::new(targets)),
        ];
        let table = |(kind, _, bytes)| -> (Section, Box<dyn Rows>) { (kind, Box::new(bytes)) };
        all.extend(tables.into_iter().map(table));
        all.sort_by_key(|(kind, _)| *kind);
        let always = |kind: Section| kind <= Section::Groups;
        let sections =
            all.into_iter().filter(|(kind, rows)| always(*kind) || !rows.bytes().is_empty());
        Ok(Finished { set: writer::write(sections.collect())?, merged: merged as u64 })
    }
}

/// Appends bytes, and says where they lie.
fn push_bytes(section: &mut Vec<u8>, bytes: &[u8]) -> Result<StringRef, BuildError> {
    let too_much = || BuildError::TooMuch { what: "bytes of programs", most: u32::MAX.into() };
    let end = section.len().saturating_add(bytes.len());
    u32::try_from(end).map_err(|_| too_much())?;
    let offset = u32::try_from(section.len()).map_err(|_| too_much())?;
    let length = u32::try_from(bytes.len()).map_err(|_| too_much())?;
    section.extend_from_slice(bytes);
    Ok(StringRef { offset: offset.into(), length: length.into() })
}

/// Where a literal lies: inside of its program where that holds the very bytes, else behind it.
fn place_literal(
    programs: &mut Vec<u8>,
    program: StringRef,
    literal: &[u8],
) -> Result<U32, BuildError> {
    let start = program.offset.get() as usize;
    let inside = programs.get(start..).unwrap_or_default();
    let found = inside.windows(literal.len().max(1)).position(|window| window == literal);
    match found.and_then(|at| u32::try_from(start.saturating_add(at)).ok()) {
        Some(at) => Ok(at.into()),
        None => Ok(push_bytes(programs, literal)?.offset),
    }
}
