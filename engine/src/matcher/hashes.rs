//! Digests of whole objects, computed only where a set asks for that algorithm at that size.

use std::ops::Range;

use md5::Md5;
use sha1::Sha1;
use sha2::Sha256;
use sha2::digest::Digest;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::{Damage, Hit};
use crate::limits::{Budget, Stop};
use crate::set::layout::{HashRow, Section};
use crate::set::{HashTable, SignatureSet};
use crate::verdict::Method;

/// Bytes digested between two looks at the clock.
const STEP: usize = 1 << 20;

/// The rows of one table that are for objects of one size.
struct Rows<'s> {
    table: HashTable<'s>,
    of_size: Range<usize>,
    of_any_size: Range<usize>,
}

impl<'s> Rows<'s> {
    /// None where there are none.
    fn of(set: &'s SignatureSet, table: Section, size: u64, damage: &mut Damage) -> Option<Self> {
        let table = set.hash_table(table)?;
        let of_size = damage.keep(table.of_size(size)).unwrap_or_default();
        let of_any_size = damage.keep(table.of_any_size()).unwrap_or_default();
        let has_rows = !of_size.is_empty() || !of_any_size.is_empty();
        has_rows.then_some(Self { table, of_size, of_any_size })
    }

    fn look_up<const N: usize>(
        &self,
        digest: Option<[u8; N]>,
        hits: &mut Vec<Hit>,
        damage: &mut Damage,
    ) where
        HashRow<N>: FromBytes + Immutable + KnownLayout + Unaligned + 's,
    {
        let Some(digest) = digest else { return };
        for rows in [&self.of_size, &self.of_any_size] {
            let hit = |signature| {
                hits.push(Hit { signature, method: Method::Hash, offset: None });
            };
            damage.keep(self.table.find(rows.clone(), &digest, hit));
        }
    }
}

/// Adds the signatures of `set` that name a digest of the object.
pub(super) fn search(
    set: &SignatureSet,
    data: &[u8],
    budget: &Budget,
    hits: &mut Vec<Hit>,
    damage: &mut Damage,
) -> Result<(), Stop> {
    let mut rows = |table| Rows::of(set, table, data.len() as u64, damage);
    let (md5, sha1, sha256) = (rows(Section::Md5), rows(Section::Sha1), rows(Section::Sha256));
    let wanted = Wanted { md5: md5.is_some(), sha1: sha1.is_some(), sha256: sha256.is_some() };
    let digests = Digests::of(data, wanted, budget)?;
    md5.into_iter().for_each(|rows| rows.look_up(digests.md5, hits, damage));
    sha1.into_iter().for_each(|rows| rows.look_up(digests.sha1, hits, damage));
    sha256.into_iter().for_each(|rows| rows.look_up(digests.sha256, hits, damage));
    Ok(())
}

/// The algorithms that are asked for.
#[derive(Clone, Copy, Default)]
struct Wanted {
    md5: bool,
    sha1: bool,
    sha256: bool,
}

/// Digests of one object; those that nobody asked for are absent.
#[derive(Default)]
struct Digests {
    md5: Option<[u8; 16]>,
    sha1: Option<[u8; 20]>,
    sha256: Option<[u8; 32]>,
}

impl Digests {
    /// Computes the wanted digests in one pass.
    fn of(data: &[u8], wanted: Wanted, budget: &Budget) -> Result<Self, Stop> {
        let mut md5 = wanted.md5.then(Md5::new);
        let mut sha1 = wanted.sha1.then(Sha1::new);
        let mut sha256 = wanted.sha256.then(Sha256::new);
        if wanted.md5 || wanted.sha1 || wanted.sha256 {
            for step in data.chunks(STEP) {
                budget.check()?;
                md5.as_mut().into_iter().for_each(|digest| digest.update(step));
                sha1.as_mut().into_iter().for_each(|digest| digest.update(step));
                sha256.as_mut().into_iter().for_each(|digest| digest.update(step));
            }
        }
        Ok(Self {
            md5: md5.map(|digest| digest.finalize().into()),
            sha1: sha1.map(|digest| digest.finalize().into()),
            sha256: sha256.map(|digest| digest.finalize().into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Cancel, Limits};

    #[test]
    fn only_what_is_wanted_is_computed_and_it_is_right() {
        let budget = Budget::new(Limits::default(), Cancel::new());
        let wanted = Wanted { md5: true, sha256: true, ..Wanted::default() };
        let digests = Digests::of(b"abc", wanted, &budget).unwrap();
        assert_eq!(digests.md5.unwrap()[..4], [0x90, 0x01, 0x50, 0x98]);
        assert_eq!(digests.sha256.unwrap()[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert!(digests.sha1.is_none());
        let wanted = Wanted { sha1: true, ..Wanted::default() };
        let sha1 = Digests::of(&vec![b'a'; 1_000_000], wanted, &budget).unwrap().sha1.unwrap();
        assert_eq!(sha1[..4], [0x34, 0xaa, 0x97, 0x3c], "a million times a, from FIPS 180");
    }
}
