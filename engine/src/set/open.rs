//! A set that is ready for use: flat arrays in place, every reference inside them checked.

#![warn(clippy::arithmetic_side_effects)]

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::chunks::{Chunks, Damaged};
use super::error::{SetError, SetErrorKind};
use super::layout::*;
use super::rows::Rows;
use super::tree::Hash;
use super::verify::Verified;
use crate::matcher::filter;
use crate::verdict::SetLabel;

/// An opened signature set. A clone shares it; any number of threads may use it.
#[derive(Clone)]
pub struct SignatureSet(Arc<Opened>);

struct Opened {
    chunks: Chunks,
    /// By kind.
    sections: Vec<Range<usize>>,
    root: Hash,
}

/// What a set says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct About<'a> {
    /// Who publishes it.
    pub origin: &'a str,
    /// Which line of sets it belongs to.
    pub channel: &'a str,
    /// Grows with each published set of the channel.
    pub version: u64,
    /// The licence of the set as a whole.
    pub licence: &'a str,
    /// For people.
    pub description: &'a str,
    /// The compiler that made it, with its version.
    pub compiler: &'a str,
}

/// How many of each kind a set holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Named signatures, YARA rules left aside.
    pub signatures: u64,
    /// MD5 digests.
    pub md5: u64,
    /// SHA-1 digests.
    pub sha1: u64,
    /// SHA-256 digests.
    pub sha256: u64,
    /// Byte patterns, parts of logical signatures and what opens the gates of rules included.
    pub patterns: u64,
    /// Logical signatures.
    pub logicals: u64,
    /// Signatures of container metadata.
    pub listings: u64,
    /// File types that are added to those that identification finds.
    pub file_types: u64,
    /// Passwords to try on encrypted archives.
    pub passwords: u64,
    /// Files of YARA rules.
    pub yara_files: u64,
    /// YARA rules.
    pub yara_rules: u64,
    /// Those of them that are evaluated only where a literal was found that they need.
    pub yara_gated: u64,
    /// Certificates that are trusted or blocked.
    pub certificates: u64,
    /// Names that it switches off in lower sets.
    pub removals: u64,
}

/// Where a signature comes from.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Origin<'a> {
    pub(crate) file: &'a str,
    pub(crate) author: &'a str,
    pub(crate) licence: &'a str,
}

/// One file of YARA rules.
#[cfg(feature = "yara")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct YaraSource<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) source: &'a str,
    pub(crate) origin: Origin<'a>,
    pub(crate) shard: u8,
    pub(crate) rules: u32,
}

impl fmt::Debug for SignatureSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignatureSet({})", self.label().name)
    }
}

impl SignatureSet {
    /// Opens a verified set. What does not grow with the number of signatures is checked here, and the
    /// words of the filters; the rest where it is used; see [`SignatureSet::check_all`].
    pub fn open(verified: Verified) -> Result<Self, SetError> {
        let Verified { chunks, root } = verified;
        let sections = read_sections(&chunks)?;
        let set = Self(Arc::new(Opened { chunks, sections, root }));
        set.check()?;
        Ok(set)
    }

    /// Compares every byte with the hash tree and checks every row: for tools, and for hosts that would
    /// rather wait now than learn of a damaged file in the middle of a scan.
    pub fn check_all(&self) -> Result<(), SetError> {
        self.0.chunks.checked(0..self.0.chunks.length())?;
        self.check_names()?;
        self.check_hash_rows()?;
        self.check_patterns()?;
        self.check_segments()?;
        self.check_logicals()?;
        self.check_searched()?;
        self.check_targets()?;
        self.check_macro_members()?;
        let tables = filter::check_all(&self.filter_sections());
        tables.map_err(|row| {
            broken(
                Section::Tables,
                row,
                "a directory with cells behind a gap, of no anchor, or in no bucket",
            )
        })
    }

    /// The set that is built into the library.
    #[cfg(feature = "builtin")]
    pub fn builtin() -> Result<Self, SetError> {
        let unverified = super::Unverified::from_static(include_bytes!("../../builtin.pset"))?;
        Self::open(unverified.verify()?)
    }

    /// What the set says of itself.
    pub fn about(&self) -> About<'_> {
        match self.rows::<AboutRow>(Section::About) {
            [row] => About {
                origin: self.text(row.origin),
                channel: self.text(row.channel),
                version: row.version.get(),
                licence: self.text(row.licence),
                description: self.text(row.description),
                compiler: self.text(row.compiler),
            },
            _ => unreachable!("checked when the set was opened"),
        }
    }

    /// The set's name for results: `origin/channel@version`.
    pub fn label(&self) -> SetLabel {
        let about = self.about();
        let name = format!("{}/{}@{}", about.origin, about.channel, about.version);
        SetLabel { name, signed: false }
    }

    /// The root of the hash tree, which names this very set.
    pub fn root(&self) -> Hash {
        self.0.root
    }

    /// Length of the set file in bytes.
    pub fn file_length(&self) -> u64 {
        self.0.chunks.file_length() as u64
    }

    /// To be called between scans: gives pages back where many came into use.
    pub(crate) fn rest(&self) {
        self.0.chunks.rest();
    }

    /// Whether its bytes are still those that were verified: nobody wrote to the file under a mapping.
    pub(crate) fn is_intact(&self) -> bool {
        self.0.chunks.are_intact()
    }

    /// How many of each kind it holds.
    pub fn counts(&self) -> Counts {
        let yara = self.rows::<YaraRow>(Section::Yara);
        Counts {
            signatures: self.signatures().into(),
            md5: self.digests(Section::Md5),
            sha1: self.digests(Section::Sha1),
            sha256: self.digests(Section::Sha256),
            patterns: self.cold::<PatternRow>(Section::Patterns).len() as u64,
            logicals: self.cold::<LogicalRow>(Section::Logicals).len() as u64,
            listings: self.rows::<ListingRow>(Section::Listings).len() as u64,
            file_types: self.rows::<FileTypeRow>(Section::FileTypes).len() as u64,
            passwords: self.rows::<PasswordRow>(Section::Passwords).len() as u64,
            yara_files: yara.len() as u64,
            yara_rules: yara.iter().map(|row| u64::from(row.rules.get())).sum(),
            yara_gated: yara
                .iter()
                .filter(|row| row.shard != UNGATED)
                .map(|row| u64::from(row.rules.get()))
                .sum(),
            certificates: self.rows::<CertificateRow>(Section::Certificates).len() as u64,
            removals: self.rows::<StringRef>(Section::Removals).len() as u64,
        }
    }

    /// The sections that are there, with their lengths in bytes.
    pub fn sections(&self) -> impl Iterator<Item = (Section, u64)> + '_ {
        let lengths = |section| (section, self.length(section) as u64);
        Section::ALL.iter().copied().map(lengths).filter(|&(_, length)| length > 0)
    }

    /// The bytes of a section that was checked when the set was opened; empty where it is absent, and
    /// for cold ones, which only [`SignatureSet::cold`] and [`SignatureSet::checked`] give out.
    pub(crate) fn section(&self, section: Section) -> &[u8] {
        debug_assert!(!section.is_cold(), "{section:?} is not known");
        match section.is_cold() {
            true => &[],
            false => self.0.chunks.known(self.range(section)),
        }
    }

    /// The rows of such a section, in place.
    pub(crate) fn rows<T>(&self, section: Section) -> &[T]
    where
        T: FromBytes + Immutable + KnownLayout + Unaligned,
    {
        <[T]>::ref_from_bytes(self.section(section)).unwrap_or_default()
    }

    /// The rows of a cold section, in place: each is compared with the hash tree before it is read.
    pub(crate) fn cold<T>(&self, section: Section) -> Rows<'_, T>
    where
        T: FromBytes + Immutable + KnownLayout + Unaligned,
    {
        let range = self.range(section);
        let (start, bytes) = (range.start, self.0.chunks.known(range));
        Rows::of(&self.0.chunks, section, start, bytes)
    }

    /// Bytes of any section, counted from its start. Those that nobody looked at yet are compared with
    /// the hash tree first. What they say is not checked.
    pub(crate) fn checked(&self, section: Section, bytes: Range<usize>) -> Result<&[u8], Damaged> {
        let all = self.range(section);
        let start = all.start.checked_add(bytes.start);
        let end = all.start.checked_add(bytes.end).filter(|&end| end <= all.end);
        match start.zip(end).filter(|(start, end)| start <= end) {
            Some((start, end)) => self.0.chunks.checked(start..end),
            None => Err(Damaged::Entry { section, entry: bytes.start, what: "no such bytes" }),
        }
    }

    /// One row of any section, in the same way.
    pub(crate) fn checked_row<T>(&self, section: Section, row: usize) -> Result<&T, Damaged>
    where
        T: FromBytes + Immutable + KnownLayout + Unaligned,
    {
        let start = row.saturating_mul(size_of::<T>());
        let bytes = self.checked(section, start..start.saturating_add(size_of::<T>()))?;
        let damaged = Damaged::Entry { section, entry: row, what: "no such row" };
        T::ref_from_bytes(bytes).map_err(|_| damaged)
    }

    /// The length of a section in bytes.
    pub(super) fn length(&self, section: Section) -> usize {
        self.range(section).len()
    }

    fn range(&self, section: Section) -> Range<usize> {
        self.0.sections.get(section as usize).cloned().unwrap_or_default()
    }

    /// What the search for byte patterns reads.
    pub(crate) fn filter_sections(&self) -> filter::Sections<'_> {
        filter::Sections {
            tables: self.rows(Section::Tables),
            filters: self.section(Section::Filters),
            buckets: self.cold(Section::Buckets),
            anchors: self.cold(Section::Anchors),
        }
    }

    #[cfg(feature = "yara")]
    pub(crate) fn yara_sources(&self) -> impl Iterator<Item = YaraSource<'_>> {
        self.rows::<YaraRow>(Section::Yara).iter().map(|row| YaraSource {
            namespace: self.text(row.namespace),
            source: self.text(row.source),
            origin: self.origin(row.origin.get()).unwrap_or_default(),
            shard: row.shard,
            rules: row.rules.get(),
        })
    }

    pub(crate) fn removals(&self) -> impl Iterator<Item = &str> {
        self.rows::<StringRef>(Section::Removals).iter().map(|&name| self.text(name))
    }

    pub(super) fn origins(&self) -> usize {
        self.rows::<OriginRow>(Section::Origins).len()
    }

    pub(super) fn origin(&self, index: u32) -> Option<Origin<'_>> {
        let row = self.rows::<OriginRow>(Section::Origins).get(index as usize)?;
        Some(Origin {
            file: self.text(row.file),
            author: self.text(row.author),
            licence: self.text(row.licence),
        })
    }

    pub(crate) fn text(&self, text: StringRef) -> &str {
        self.run(text.offset.get(), text.length.get()).unwrap_or_default()
    }

    fn run(&self, offset: u32, length: u32) -> Option<&str> {
        let start = offset as usize;
        let bytes =
            self.section(Section::Strings).get(start..start.checked_add(length as usize)?)?;
        std::str::from_utf8(bytes).ok()
    }
}

/// Reads the section table: sorted, inside the body, not overlapping.
fn read_sections(chunks: &Chunks) -> Result<Vec<Range<usize>>, SetError> {
    let longest = size_of::<Header>()
        .saturating_add(size_of::<SectionRow>().saturating_mul(MAX_SECTIONS as usize));
    let start = chunks.checked(0..longest.min(chunks.length()))?;
    let Ok((header, rest)) = Header::ref_from_prefix(start) else {
        return Err(SetError::invalid("the header reaches into the hash tree"));
    };
    let count = header.sections.get();
    if count > MAX_SECTIONS {
        return Err(SetError::invalid(format!(
            "at most {MAX_SECTIONS} sections expected, {count} found"
        )));
    }
    let Ok((table, _)) = <[SectionRow]>::ref_from_prefix_with_elems(rest, count as usize) else {
        return Err(SetError::invalid("the section table reaches into the hash tree"));
    };
    let table_end = size_of::<Header>().saturating_add(size_of_val(table));
    let mut sections = Vec::new();
    let (mut last_kind, mut last_end) = (0, table_end as u64);
    for row in table {
        let (kind, start) = (row.kind.get(), row.offset.get());
        let end = start.checked_add(row.length.get()).filter(|&end| end <= chunks.length() as u64);
        let Some(end) = end.filter(|_| kind > last_kind && start >= last_end) else {
            let message = format!("section {kind} at {start} is out of order or out of the file");
            return Err(SetError::invalid(message));
        };
        (last_kind, last_end) = (kind, end);
        place(&mut sections, row, start as usize..end as usize)?;
    }
    Ok(sections)
}

fn place(
    sections: &mut Vec<Range<usize>>,
    row: &SectionRow,
    range: Range<usize>,
) -> Result<(), SetError> {
    match Section::from_number(row.kind.get()) {
        Some(section) => {
            sections.resize(section as usize, 0..0);
            sections.push(range);
        }
        None if row.flags.get() & SECTION_OPTIONAL != 0 => {}
        None => {
            let message = format!("section of unknown kind {}", row.kind);
            return Err(SetError::new(SetErrorKind::Version, message));
        }
    }
    Ok(())
}

/// A broken row, by section and number.
pub(super) fn broken(section: Section, row: usize, what: &str) -> SetError {
    SetError::invalid(format!("row {row} of section {section:?}: {what}"))
}

impl SignatureSet {
    /// Checks that rows are whole and that every reference lands where it may.
    fn check(&self) -> Result<(), SetError> {
        for section in Section::ALL.iter().copied().filter(|section| !section.is_cold()) {
            self.0.chunks.checked(self.range(section))?;
        }
        self.check_row_sizes()?;
        if std::str::from_utf8(self.section(Section::Strings)).is_err() {
            return Err(SetError::invalid("section Strings is not UTF-8"));
        }
        self.check_texts()?;
        self.check_groups()?;
        self.check_hash_tables()?;
        self.check_certificates()?;
        self.check_listings()?;
        self.check_file_types()?;
        self.check_passwords()?;
        filter::check(&self.filter_sections()).map_err(|row| {
            broken(Section::Tables, row, "out of order, or reaches out of its sections")
        })
    }

    fn check_row_sizes(&self) -> Result<(), SetError> {
        for &section in Section::ALL {
            let size = match section {
                Section::About => size_of::<AboutRow>(),
                Section::Strings | Section::Programs | Section::Expressions | Section::Moduli => 1,
                Section::Origins => size_of::<OriginRow>(),
                Section::Groups => size_of::<GroupRow>(),
                // They have measures of their own.
                Section::Md5 | Section::SectionMd5 | Section::ImportMd5 => 1,
                Section::Sha1 | Section::SectionSha1 | Section::ImportSha1 => 1,
                Section::Sha256 | Section::SectionSha256 | Section::ImportSha256 => 1,
                Section::Names => 1,
                Section::NameBlocks => size_of::<u32>(),
                Section::HashTables => size_of::<HashTableRow>(),
                Section::Patterns => size_of::<PatternRow>(),
                Section::Segments => size_of::<SegmentRow>(),
                Section::Logicals => size_of::<LogicalRow>(),
                Section::Yara => size_of::<YaraRow>(),
                Section::Removals => size_of::<StringRef>(),
                Section::Conditions => size_of::<ConditionRow>(),
                Section::Regexes => size_of::<RegexRow>(),
                Section::RegexTexts => 1,
                Section::Comparisons => size_of::<ComparisonRow>(),
                Section::Macros => size_of::<MacroRow>(),
                Section::MacroMembers => size_of::<MacroMemberRow>(),
                Section::Listings => size_of::<ListingRow>(),
                Section::FileTypes => size_of::<FileTypeRow>(),
                Section::Passwords => size_of::<PasswordRow>(),
                Section::Bytes => 1,
                Section::Certificates => size_of::<CertificateRow>(),
                Section::Anchors => size_of::<AnchorRow>(),
                Section::Places => size_of::<PlaceRow>(),
                Section::PlaceEntries => size_of::<PlaceEntry>(),
                Section::Always => size_of::<AlwaysRow>(),
                Section::Tables => size_of::<TableRow>(),
                Section::Filters | Section::Targets => 1,
                Section::Buckets => size_of::<BucketRow>(),
            };
            let length = self.length(section);
            if length.checked_rem(size) != Some(0) {
                let message =
                    format!("section {section:?}: rows of {size} bytes do not fill {length}");
                return Err(SetError::invalid(message));
            }
        }
        Ok(())
    }

    fn check_texts(&self) -> Result<(), SetError> {
        let [about] = self.rows::<AboutRow>(Section::About) else {
            return Err(SetError::invalid("exactly one row of section About expected"));
        };
        let fits = |text: &StringRef| self.is_text(*text);
        let about = [about.origin, about.channel, about.licence, about.description, about.compiler];
        if !about.iter().all(fits) {
            return Err(broken(Section::About, 0, "text out of range"));
        }
        for (number, row) in self.rows::<OriginRow>(Section::Origins).iter().enumerate() {
            if ![row.file, row.author, row.licence].iter().all(fits) {
                return Err(broken(Section::Origins, number, "text out of range"));
            }
        }
        for (number, row) in self.rows::<YaraRow>(Section::Yara).iter().enumerate() {
            let texts = [row.namespace, row.source];
            if !texts.iter().all(fits) || self.origin(row.origin.get()).is_none() {
                return Err(broken(Section::Yara, number, "text or origin out of range"));
            }
            if row.shard >= SHARDS && row.shard != UNGATED {
                return Err(broken(Section::Yara, number, "no such shard"));
            }
        }
        let mut left = self.section(Section::Strings).len();
        for (number, name) in self.rows::<StringRef>(Section::Removals).iter().enumerate() {
            if !fits(name) || !spend(&mut left, name.length.get()) {
                return Err(broken(Section::Removals, number, "text out of range"));
            }
        }
        Ok(())
    }

    /// Whether a run of the strings, which are UTF-8 as a whole, begins and ends with a character.
    /// Rows may share text, so their texts are not read here: many rows of much text would take hours.
    pub(super) fn is_text(&self, text: StringRef) -> bool {
        let strings = self.section(Section::Strings);
        let is_border = |at: usize| match strings.get(at) {
            Some(byte) => byte & 0xc0 != 0x80,
            None => at == strings.len(),
        };
        let (start, length) = (text.offset.get() as usize, text.length.get() as usize);
        start.checked_add(length).is_some_and(|end| is_border(start) && is_border(end))
    }
}

/// Takes `length` from what is `left`. Rows that share bytes could otherwise make reading them all
/// take the square of the file's length.
pub(super) fn spend(left: &mut usize, length: u32) -> bool {
    let rest = left.checked_sub(length as usize);
    *left = rest.unwrap_or(*left);
    rest.is_some()
}

/// `count` items from `first`, if they are all there.
pub(crate) fn slice_of<T>(items: &[T], first: u32, count: u32) -> Option<&[T]> {
    let first = first as usize;
    items.get(first..first.checked_add(count as usize)?)
}
