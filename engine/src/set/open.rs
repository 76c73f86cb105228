//! A set that is ready for use: flat arrays in place, every reference inside them checked.

#![warn(clippy::arithmetic_side_effects)]

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::error::{SetError, SetErrorKind};
use super::layout::*;
use super::tree::Hash;
use super::verify::{SetBytes, Verified};
use crate::matcher::{Target, expression, place, program};
use crate::verdict::{Class, SetLabel};

/// An opened signature set. A clone shares it; any number of threads may use it.
#[derive(Clone)]
pub struct SignatureSet(Arc<Opened>);

struct Opened {
    bytes: SetBytes,
    sections: [Range<usize>; Section::ALL.len()],
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
    /// Byte patterns, parts of logical signatures included.
    pub patterns: u64,
    /// Logical signatures.
    pub logicals: u64,
    /// Files of YARA rules.
    pub yara_files: u64,
    /// YARA rules.
    pub yara_rules: u64,
    /// Names that it switches off in lower sets.
    pub removals: u64,
}

/// A signature's name, meaning and source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signature<'a> {
    pub(crate) name: &'a str,
    pub(crate) class: Class,
    pub(crate) severity: u8,
    pub(crate) origin: Origin<'a>,
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
}

impl fmt::Debug for SignatureSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignatureSet({})", self.label().name)
    }
}

impl SignatureSet {
    /// Opens a verified set. Every row is checked here, so that nothing is believed later.
    pub fn open(verified: Verified) -> Result<Self, SetError> {
        let Verified { bytes, body, root } = verified;
        let sections = read_sections(&bytes, body)?;
        let set = Self(Arc::new(Opened { bytes, sections, root }));
        set.check()?;
        Ok(set)
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
        self.0.bytes.len() as u64
    }

    /// Whether its bytes are still those that were verified: nobody wrote to the file under a mapping.
    pub(crate) fn is_intact(&self) -> bool {
        self.0.bytes.are_intact()
    }

    /// How many of each kind it holds.
    pub fn counts(&self) -> Counts {
        let yara = self.rows::<YaraRow>(Section::Yara);
        Counts {
            signatures: self.rows::<SignatureRow>(Section::Signatures).len() as u64,
            md5: self.rows::<HashRow<16>>(Section::Md5).len() as u64,
            sha1: self.rows::<HashRow<20>>(Section::Sha1).len() as u64,
            sha256: self.rows::<HashRow<32>>(Section::Sha256).len() as u64,
            patterns: self.rows::<PatternRow>(Section::Patterns).len() as u64,
            logicals: self.rows::<LogicalRow>(Section::Logicals).len() as u64,
            yara_files: yara.len() as u64,
            yara_rules: yara.iter().map(|row| u64::from(row.rules.get())).sum(),
            removals: self.rows::<StringRef>(Section::Removals).len() as u64,
        }
    }

    /// The sections that are there, with their lengths in bytes.
    pub fn sections(&self) -> impl Iterator<Item = (Section, u64)> + '_ {
        let present = |(section, range): (Section, &Range<usize>)| {
            (!range.is_empty()).then_some((section, range.len() as u64))
        };
        Section::ALL.into_iter().zip(&self.0.sections).filter_map(present)
    }

    /// The bytes of a section; empty where it is absent.
    pub(crate) fn section(&self, section: Section) -> &[u8] {
        let index = (section as usize).saturating_sub(1);
        let range = self.0.sections.get(index).cloned().unwrap_or_default();
        self.0.bytes.get(range).unwrap_or_default()
    }

    /// The rows of a section, in place.
    pub(crate) fn rows<T>(&self, section: Section) -> &[T]
    where
        T: FromBytes + Immutable + KnownLayout + Unaligned,
    {
        <[T]>::ref_from_bytes(self.section(section)).unwrap_or_default()
    }

    pub(crate) fn signature(&self, index: u32) -> Option<Signature<'_>> {
        let row = self.rows::<SignatureRow>(Section::Signatures).get(index as usize)?;
        Some(Signature {
            name: self.run(row.name_offset.get(), row.name_length.get().into())?,
            class: Class::from_number(row.class)?,
            severity: row.severity,
            origin: self.origin(row.origin.get().into())?,
        })
    }

    #[cfg(feature = "yara")]
    pub(crate) fn yara_sources(&self) -> impl Iterator<Item = YaraSource<'_>> {
        self.rows::<YaraRow>(Section::Yara).iter().map(|row| YaraSource {
            namespace: self.text(row.namespace),
            source: self.text(row.source),
            origin: self.origin(row.origin.get()).unwrap_or_default(),
        })
    }

    pub(crate) fn removals(&self) -> impl Iterator<Item = &str> {
        self.rows::<StringRef>(Section::Removals).iter().map(|&name| self.text(name))
    }

    fn origin(&self, index: u32) -> Option<Origin<'_>> {
        let row = self.rows::<OriginRow>(Section::Origins).get(index as usize)?;
        Some(Origin {
            file: self.text(row.file),
            author: self.text(row.author),
            licence: self.text(row.licence),
        })
    }

    fn text(&self, text: StringRef) -> &str {
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
fn read_sections(
    bytes: &[u8],
    body: usize,
) -> Result<[Range<usize>; Section::ALL.len()], SetError> {
    let body = bytes.get(..body).unwrap_or_default();
    let Ok((header, rest)) = Header::ref_from_prefix(body) else {
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
    let mut sections = [const { 0..0 }; Section::ALL.len()];
    let (mut last_kind, mut last_end) = (0, table_end as u64);
    for row in table {
        let (kind, start) = (row.kind.get(), row.offset.get());
        let end = start.checked_add(row.length.get()).filter(|&end| end <= body.len() as u64);
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
    sections: &mut [Range<usize>],
    row: &SectionRow,
    range: Range<usize>,
) -> Result<(), SetError> {
    let known = Section::from_number(row.kind.get());
    let slot = known.and_then(|section| sections.get_mut((section as usize).saturating_sub(1)));
    match slot {
        Some(slot) => *slot = range,
        None if row.flags.get() & SECTION_OPTIONAL != 0 => {}
        None => {
            let message = format!("section of unknown kind {}", row.kind);
            return Err(SetError::new(SetErrorKind::Version, message));
        }
    }
    Ok(())
}

/// A broken row, by section and number.
fn broken(section: Section, row: usize, what: &str) -> SetError {
    SetError::invalid(format!("row {row} of section {section:?}: {what}"))
}

impl SignatureSet {
    /// Checks that rows are whole and that every reference lands where it may.
    fn check(&self) -> Result<(), SetError> {
        self.check_row_sizes()?;
        if std::str::from_utf8(self.section(Section::Strings)).is_err() {
            return Err(SetError::invalid("section Strings is not UTF-8"));
        }
        self.check_texts()?;
        self.check_signatures()?;
        self.check_hashes()?;
        self.check_patterns()?;
        self.check_segments()?;
        self.check_logicals()
    }

    fn check_row_sizes(&self) -> Result<(), SetError> {
        for section in Section::ALL {
            let size = match section {
                Section::About => size_of::<AboutRow>(),
                Section::Strings | Section::Programs | Section::Expressions => 1,
                Section::Origins => size_of::<OriginRow>(),
                Section::Signatures => size_of::<SignatureRow>(),
                Section::Md5 => size_of::<HashRow<16>>(),
                Section::Sha1 => size_of::<HashRow<20>>(),
                Section::Sha256 => size_of::<HashRow<32>>(),
                Section::Sizes => size_of::<SizeRow>(),
                Section::Patterns => size_of::<PatternRow>(),
                Section::Segments => size_of::<SegmentRow>(),
                Section::Logicals => size_of::<LogicalRow>(),
                Section::Yara => size_of::<YaraRow>(),
                Section::Removals => size_of::<StringRef>(),
            };
            let length = self.section(section).len();
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
        let fits = |text: &StringRef| self.is_text(text.offset.get(), text.length.get());
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
    fn is_text(&self, offset: u32, length: u32) -> bool {
        let strings = self.section(Section::Strings);
        let is_border = |at: usize| match strings.get(at) {
            Some(byte) => byte & 0xc0 != 0x80,
            None => at == strings.len(),
        };
        let start = offset as usize;
        start.checked_add(length as usize).is_some_and(|end| is_border(start) && is_border(end))
    }

    fn check_signatures(&self) -> Result<(), SetError> {
        let origins = self.rows::<OriginRow>(Section::Origins).len();
        let unreadable = |row: &SignatureRow| {
            !self.is_text(row.name_offset.get(), row.name_length.get().into())
                || Class::from_number(row.class).is_none()
                || usize::from(row.origin.get()) >= origins
        };
        match self.rows::<SignatureRow>(Section::Signatures).iter().position(unreadable) {
            Some(number) => {
                Err(broken(Section::Signatures, number, "name, class or origin out of range"))
            }
            None => Ok(()),
        }
    }

    fn check_hashes(&self) -> Result<(), SetError> {
        self.check_digests::<16>(Section::Md5)?;
        self.check_digests::<20>(Section::Sha1)?;
        self.check_digests::<32>(Section::Sha256)?;
        let sizes = self.rows::<SizeRow>(Section::Sizes);
        match sizes.array_windows().position(|[a, b]| a.size.get() >= b.size.get()) {
            Some(number) => Err(broken(Section::Sizes, number, "not in rising order")),
            None => Ok(()),
        }
    }

    fn check_digests<const N: usize>(&self, section: Section) -> Result<(), SetError> {
        let rows = self.rows::<HashRow<N>>(section);
        let signatures = self.rows::<SignatureRow>(Section::Signatures).len();
        if let Some(number) = rows.iter().position(|row| row.signature.get() as usize >= signatures)
        {
            return Err(broken(section, number, "no such signature"));
        }
        match rows.array_windows().position(|[a, b]| a.digest > b.digest) {
            Some(number) => Err(broken(section, number, "not in rising order")),
            None => Ok(()),
        }
    }

    fn check_patterns(&self) -> Result<(), SetError> {
        let segments = self.rows::<SegmentRow>(Section::Segments);
        for (number, row) in self.rows::<PatternRow>(Section::Patterns).iter().enumerate() {
            let owners = match row.part {
                WHOLE => self.rows::<SignatureRow>(Section::Signatures).len(),
                _ => self.rows::<LogicalRow>(Section::Logicals).len(),
            };
            let own = slice_of(segments, row.first_segment.get(), row.segments.get().into());
            let own = own.filter(|own| !own.is_empty());
            let mine = |segment: &SegmentRow| segment.pattern.get() as usize == number;
            let what = if row.owner.get() as usize >= owners {
                "no such owner"
            } else if !own.is_some_and(|own| own.iter().all(mine)) {
                "segments out of range"
            } else if Target::from_number(row.target).is_none() {
                "unknown target"
            } else if place::read(row).is_none() {
                "offset of unknown kind, or out of range"
            } else {
                continue;
            };
            return Err(broken(Section::Patterns, number, what));
        }
        Ok(())
    }

    fn check_segments(&self) -> Result<(), SetError> {
        let patterns = self.rows::<PatternRow>(Section::Patterns).len();
        let programs = self.section(Section::Programs);
        // Every program has bytes of its own, and so has every literal.
        let (mut programs_left, mut literals_left) = (programs.len(), programs.len());
        for (number, row) in self.rows::<SegmentRow>(Section::Segments).iter().enumerate() {
            let program = slice_of(programs, row.program.get(), row.program_length.get());
            let literal = slice_of(programs, row.literal.get(), row.literal_length.get().into());
            let what = if row.pattern.get() as usize >= patterns {
                "no such pattern"
            } else if !spend(&mut programs_left, row.program_length.get())
                || program.is_none_or(|program| program::check(program).is_err())
            {
                "program broken"
            } else if !spend(&mut literals_left, row.literal_length.get().into())
                || literal.is_none()
            {
                "literal out of range"
            } else if row.lead_min.get() > row.lead_max.get() {
                "lead out of order"
            } else {
                continue;
            };
            return Err(broken(Section::Segments, number, what));
        }
        Ok(())
    }

    fn check_logicals(&self) -> Result<(), SetError> {
        let signatures = self.rows::<SignatureRow>(Section::Signatures).len();
        let patterns = self.rows::<PatternRow>(Section::Patterns);
        let expressions = self.section(Section::Expressions);
        let mut left = expressions.len();
        for (number, row) in self.rows::<LogicalRow>(Section::Logicals).iter().enumerate() {
            let own = slice_of(patterns, row.first_pattern.get(), row.patterns.into());
            let is_part = |(part, pattern): (usize, &PatternRow)| {
                pattern.owner.get() as usize == number && usize::from(pattern.part) == part
            };
            let expression =
                slice_of(expressions, row.expression.get(), row.expression_length.get());
            let nothing = vec![0; row.patterns.into()];
            let expression = expression.filter(|own| spend(&mut left, own.len() as u32));
            let holds = expression.map(|expression| expression::holds(expression, &nothing));
            let what = if row.signature.get() as usize >= signatures {
                "no such signature"
            } else if usize::from(row.patterns) > MAX_PARTS
                || !own.is_some_and(|own| own.iter().enumerate().all(is_part))
            {
                "patterns out of range"
            } else if holds != Some(Ok(row.holds_without_hits != 0)) {
                "expression broken"
            } else if Target::from_number(row.target).is_none() {
                "unknown target"
            } else {
                continue;
            };
            return Err(broken(Section::Logicals, number, what));
        }
        Ok(())
    }
}

/// Takes `length` from what is `left`. Rows that share bytes could otherwise make reading them all
/// take the square of the file's length.
fn spend(left: &mut usize, length: u32) -> bool {
    let rest = left.checked_sub(length as usize);
    *left = rest.unwrap_or(*left);
    rest.is_some()
}

/// `count` items from `first`, if they are all there.
pub(crate) fn slice_of<T>(items: &[T], first: u32, count: u32) -> Option<&[T]> {
    let first = first as usize;
    items.get(first..first.checked_add(count as usize)?)
}
