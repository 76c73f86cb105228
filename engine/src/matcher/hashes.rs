//! Digests of whole objects, computed only where a set asks for that algorithm at that size.

use md5::Md5;
use sha1::Sha1;
use sha2::Sha256;
use sha2::digest::Digest;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::Hit;
use crate::limits::{Budget, Stop};
use crate::set::SignatureSet;
use crate::set::layout::{
    ALGORITHM_MD5, ALGORITHM_SHA1, ALGORITHM_SHA256, ANY_SIZE, HashRow, Section, SizeRow,
};
use crate::verdict::Method;

/// Bytes digested between two looks at the clock.
const STEP: usize = 1 << 20;

/// Digests of one object; those that nobody asked for are absent.
#[derive(Default)]
pub(super) struct Digests {
    md5: Option<[u8; 16]>,
    sha1: Option<[u8; 20]>,
    sha256: Option<[u8; 32]>,
}

/// The algorithms that a set asks for at a size.
pub(super) fn wanted(set: &SignatureSet, size: u64) -> u8 {
    let rows = set.rows::<SizeRow>(Section::Sizes);
    let at = |size: u64| {
        let found = rows.binary_search_by_key(&size, |row| row.size.get()).ok();
        found.and_then(|index| rows.get(index)).map_or(0, |row| row.algorithms)
    };
    at(size) | at(ANY_SIZE)
}

impl Digests {
    /// Computes the wanted digests in one pass.
    pub(super) fn of(data: &[u8], wanted: u8, budget: &Budget) -> Result<Self, Stop> {
        let mut md5 = (wanted & ALGORITHM_MD5 != 0).then(Md5::new);
        let mut sha1 = (wanted & ALGORITHM_SHA1 != 0).then(Sha1::new);
        let mut sha256 = (wanted & ALGORITHM_SHA256 != 0).then(Sha256::new);
        if wanted != 0 {
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

    /// Adds the signatures of `set` that name one of the digests.
    pub(super) fn look_up(&self, set: &SignatureSet, size: u64, hits: &mut Vec<Hit>) {
        look_up(set, Section::Md5, self.md5, size, hits);
        look_up(set, Section::Sha1, self.sha1, size, hits);
        look_up(set, Section::Sha256, self.sha256, size, hits);
    }
}

fn look_up<const N: usize>(
    set: &SignatureSet,
    section: Section,
    digest: Option<[u8; N]>,
    size: u64,
    hits: &mut Vec<Hit>,
) where
    HashRow<N>: FromBytes + Immutable + KnownLayout + Unaligned,
{
    let Some(digest) = digest else { return };
    let rows = set.rows::<HashRow<N>>(section);
    let first = rows.partition_point(|row| row.digest < digest);
    for row in rows.iter().skip(first).take_while(|row| row.digest == digest) {
        if row.size.get() == size || row.size.get() == ANY_SIZE {
            hits.push(Hit { signature: row.signature.get(), method: Method::Hash, offset: None });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Cancel, Limits};

    #[test]
    fn only_what_is_wanted_is_computed_and_it_is_right() {
        let budget = Budget::new(Limits::default(), Cancel::new());
        let digests = Digests::of(b"abc", ALGORITHM_MD5 | ALGORITHM_SHA256, &budget).unwrap();
        assert_eq!(digests.md5.unwrap()[..4], [0x90, 0x01, 0x50, 0x98]);
        assert_eq!(digests.sha256.unwrap()[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert!(digests.sha1.is_none());
        let sha1 =
            Digests::of(&vec![b'a'; 1_000_000], ALGORITHM_SHA1, &budget).unwrap().sha1.unwrap();
        assert_eq!(sha1[..4], [0x34, 0xaa, 0x97, 0x3c], "a million times a, from FIPS 180");
    }
}
