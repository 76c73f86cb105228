//! Digests: of whole objects, of a PE's sections, and of what a PE imports. Each is computed only where
//! a set asks for that algorithm at that size.

use std::ops::Range;

use md5::Md5;
use sha1::Sha1;
use sha2::Sha256;
use sha2::digest::Digest;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::{Damage, Hit, Subject};
use crate::identify::FileType;
use crate::inspect::{self, PeCut};
use crate::limits::{Budget, Limit, Stop};
use crate::set::layout::{HashRow, Hashed, kept_of_sha256};
use crate::set::{HashTable, SignatureSet};
use crate::verdict::Method;

/// Bytes digested between two looks at the clock.
const STEP: usize = 1 << 20;

/// Sections are digested until they come to this many times the object: those of a sound program do not
/// overlap, and a hostile one has room for 65,535 that each hold all of it.
const MOST_OVERLAP: usize = 8;

/// Adds the signatures of `set` that name a digest of the object or of a part of it.
pub(super) fn search(
    set: &SignatureSet,
    subject: &Subject<'_>,
    budget: &Budget,
    hits: &mut Vec<Hit>,
    damage: &mut Damage,
) -> Result<(), Stop> {
    let mut search = Search { set, budget, hits, damage };
    search.bytes(Hashed::Object, subject.data, None)?;
    let is_pe = subject.landmarks.is_some_and(|landmarks| landmarks.file_type == FileType::Pe);
    let asks = |what: Hashed| what.tables().iter().any(|&table| set.hash_table(table).is_some());
    let (of_sections, of_imports) = (asks(Hashed::PeSection), asks(Hashed::PeImports));
    if !is_pe || !of_sections && !of_imports {
        return Ok(());
    }
    let Some(cut) = inspect::cut_pe(subject.data) else { return Ok(()) };
    let sections = if of_sections { search.sections(subject.data, &cut) } else { Ok(()) };
    let imports = if of_imports { search.imports(&cut) } else { Ok(()) };
    sections.and(imports)
}

/// One search.
struct Search<'s, 'h> {
    set: &'s SignatureSet,
    budget: &'h Budget,
    hits: &'h mut Vec<Hit>,
    damage: &'h mut Damage,
}

impl Search<'_, '_> {
    /// Digests bytes, if their size is asked for, and looks the digests up.
    fn bytes(&mut self, what: Hashed, bytes: &[u8], offset: Option<u64>) -> Result<(), Stop> {
        let asked = Asked::of(self.set, what, bytes.len() as u64, self.damage);
        let Some(mut digests) = asked.digests() else { return Ok(()) };
        for step in bytes.chunks(STEP) {
            self.budget.check()?;
            digests.update(step);
        }
        self.look_up(asked, digests, offset);
        Ok(())
    }

    fn sections(&mut self, data: &[u8], cut: &PeCut<'_>) -> Result<(), Stop> {
        let mut left = data.len().saturating_mul(MOST_OVERLAP);
        for section in cut.sections() {
            let range = section.start as usize..section.end as usize;
            left = left.checked_sub(range.len()).ok_or(Stop::Limit(Limit::Facts))?;
            let bytes = data.get(range).unwrap_or_default();
            self.bytes(Hashed::PeSection, bytes, Some(section.start))?;
        }
        Ok(())
    }

    /// The size of the text is not known before it is written.
    fn imports(&mut self, cut: &PeCut<'_>) -> Result<(), Stop> {
        let mut size = 0_u64;
        let mut digests = Digests::default();
        let written = cut.imports(self.budget, &mut |piece| {
            size = size.saturating_add(piece.len() as u64);
            digests.update(piece);
        })?;
        if written.is_some() {
            let asked = Asked::of(self.set, Hashed::PeImports, size, self.damage);
            self.look_up(asked, digests, None);
        }
        Ok(())
    }

    fn look_up(&mut self, asked: Asked<'_>, digests: Digests, offset: Option<u64>) {
        let method = match asked.what {
            Hashed::Object => Method::Hash,
            Hashed::PeSection => Method::SectionHash,
            Hashed::PeImports => Method::ImportHash,
        };
        let hits = &mut *self.hits;
        let mut hit = |signature| hits.push(Hit { signature, method, offset });
        look_up(asked.md5, digests.md5.map(|md5| md5.finalize().into()), &mut hit, self.damage);
        look_up(asked.sha1, digests.sha1.map(|sha1| sha1.finalize().into()), &mut hit, self.damage);
        let sha256 = digests.sha256.map(|sha256| kept_of_sha256(&sha256.finalize().into()));
        look_up(asked.sha256, sha256, &mut hit, self.damage);
    }
}

/// The rows of a set for something of one size.
struct Asked<'s> {
    what: Hashed,
    md5: Option<Rows<'s>>,
    sha1: Option<Rows<'s>>,
    sha256: Option<Rows<'s>>,
}

impl<'s> Asked<'s> {
    fn of(set: &'s SignatureSet, what: Hashed, size: u64, damage: &mut Damage) -> Self {
        let [md5, sha1, sha256] =
            what.tables().map(|table| Rows::of(set.hash_table(table)?, size, damage));
        Self { what, md5, sha1, sha256 }
    }

    /// Room for the digests that are asked for; none where none is.
    fn digests(&self) -> Option<Digests> {
        let Self { md5, sha1, sha256, .. } = self;
        let is_any = md5.is_some() || sha1.is_some() || sha256.is_some();
        is_any.then(|| Digests {
            md5: md5.as_ref().map(|_| Md5::new()),
            sha1: sha1.as_ref().map(|_| Sha1::new()),
            sha256: sha256.as_ref().map(|_| Sha256::new()),
        })
    }
}

/// The rows of one table for something of one size.
struct Rows<'s> {
    table: HashTable<'s>,
    of_size: Range<usize>,
    of_any_size: Range<usize>,
}

impl<'s> Rows<'s> {
    /// None where there are none.
    fn of(table: HashTable<'s>, size: u64, damage: &mut Damage) -> Option<Self> {
        let of_size = damage.keep(table.of_size(size)).unwrap_or_default();
        let of_any_size = damage.keep(table.of_any_size()).unwrap_or_default();
        let has_rows = !of_size.is_empty() || !of_any_size.is_empty();
        has_rows.then_some(Self { table, of_size, of_any_size })
    }
}

/// Digests in the making; those that nobody asked for are absent.
struct Digests {
    md5: Option<Md5>,
    sha1: Option<Sha1>,
    sha256: Option<Sha256>,
}

impl Default for Digests {
    /// All of them.
    fn default() -> Self {
        Self { md5: Some(Md5::new()), sha1: Some(Sha1::new()), sha256: Some(Sha256::new()) }
    }
}

impl Digests {
    fn update(&mut self, bytes: &[u8]) {
        self.md5.as_mut().into_iter().for_each(|digest| digest.update(bytes));
        self.sha1.as_mut().into_iter().for_each(|digest| digest.update(bytes));
        self.sha256.as_mut().into_iter().for_each(|digest| digest.update(bytes));
    }
}

fn look_up<'s, const N: usize>(
    rows: Option<Rows<'s>>,
    digest: Option<[u8; N]>,
    hit: &mut impl FnMut(u32),
    damage: &mut Damage,
) where
    HashRow<N>: FromBytes + Immutable + KnownLayout + Unaligned + 's,
{
    let Some((rows, digest)) = rows.zip(digest) else { return };
    for range in [rows.of_size, rows.of_any_size] {
        damage.keep(rows.table.find(range, &digest, &mut *hit));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standards() {
        let mut digests = Digests::default();
        digests.update(b"a");
        digests.update(b"bc");
        assert_eq!(digests.md5.unwrap().finalize()[..4], [0x90, 0x01, 0x50, 0x98]);
        assert_eq!(digests.sha1.unwrap().finalize()[..4], [0xa9, 0x99, 0x3e, 0x36]);
        assert_eq!(digests.sha256.unwrap().finalize()[..4], [0xba, 0x78, 0x16, 0xbf]);
    }
}
