//! Hashes: sorted by size, then by digest, in one table for each algorithm and what it is of.

use pellucid::set::layout::{
    ANY_SIZE, HashRow, HashTableRow, Hashed, SHA256_KEPT, Section, SizeBucket, kept_of_sha256,
};
use zerocopy::{Immutable, IntoBytes};

use super::row_number;
use super::signatures::Signatures;
use crate::report::BuildError;
use crate::source::Digest;

/// The hashes of a set, by what they are of.
#[derive(Debug, Default)]
pub(crate) struct Hashes {
    md5: [Vec<Hash<16>>; 3],
    sha1: [Vec<Hash<20>>; 3],
    sha256: [Vec<Hash<SHA256_KEPT>>; 3],
}

/// One hash. The derived order is the one that tables have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hash<const N: usize> {
    /// [`u64::MAX`] stands for any size, and comes last.
    size: u64,
    digest: [u8; N],
    signature: u32,
}

/// A hash table as a set stores it.
pub(crate) type Table = (Section, HashTableRow, Vec<u8>);

impl Hashes {
    pub(crate) fn add(&mut self, of: Hashed, digest: Digest, size: Option<u64>, signature: u32) {
        let size = size.unwrap_or(u64::MAX);
        match digest {
            Digest::Md5(digest) => push(&mut self.md5, of, Hash { size, digest, signature }),
            Digest::Sha1(digest) => push(&mut self.sha1, of, Hash { size, digest, signature }),
            Digest::Sha256(digest) => {
                let digest = kept_of_sha256(&digest);
                push(&mut self.sha256, of, Hash { size, digest, signature });
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        let lengths = self.md5.iter().map(Vec::len).chain(self.sha1.iter().map(Vec::len));
        lengths.chain(self.sha256.iter().map(Vec::len)).sum()
    }

    /// Drops what says the same again.
    pub(crate) fn settle(&mut self, signatures: &Signatures) {
        self.md5.iter_mut().for_each(|hashes| settle(hashes, signatures));
        self.sha1.iter_mut().for_each(|hashes| settle(hashes, signatures));
        self.sha256.iter_mut().for_each(|hashes| settle(hashes, signatures));
    }

    /// The signature that each hash names.
    pub(crate) fn signatures_mut(&mut self) -> impl Iterator<Item = &mut u32> {
        let md5 = self.md5.iter_mut().flatten().map(|hash| &mut hash.signature);
        let sha1 = self.sha1.iter_mut().flatten().map(|hash| &mut hash.signature);
        let sha256 = self.sha256.iter_mut().flatten().map(|hash| &mut hash.signature);
        md5.chain(sha1).chain(sha256)
    }

    /// The tables that have rows.
    pub(crate) fn tables(self) -> Result<Vec<Table>, BuildError> {
        let mut tables = Vec::new();
        let hashes = self.md5.into_iter().zip(self.sha1).zip(self.sha256);
        for (of, ((md5, sha1), sha256)) in Hashed::ALL.into_iter().zip(hashes) {
            let [of_md5, of_sha1, of_sha256] = of.tables();
            tables.push(table(of_md5, md5)?);
            tables.push(table(of_sha1, sha1)?);
            tables.push(table(of_sha256, sha256)?);
        }
        tables.retain(|(_, row, _)| row.rows.get() > 0);
        Ok(tables)
    }
}

fn push<const N: usize>(hashes: &mut [Vec<Hash<N>>; 3], of: Hashed, hash: Hash<N>) {
    let kinds = Hashed::ALL.into_iter().zip(hashes);
    kinds.filter(|(kind, _)| *kind == of).for_each(|(_, hashes)| hashes.push(hash));
}

/// Sorts hashes, and of those that say the same keeps the one whose signature came first.
fn settle<const N: usize>(hashes: &mut Vec<Hash<N>>, signatures: &Signatures) {
    let same = |a: &Hash<N>, b: &Hash<N>| a.digest == b.digest && a.size == b.size;
    let says = |hash: &Hash<N>| signatures.says(hash.signature);
    hashes.sort_unstable();
    for run in hashes.chunk_by_mut(same).filter(|run| run.len() > 1) {
        run.sort_unstable_by_key(|hash| (says(hash), hash.signature));
    }
    hashes.dedup_by(|later, first| same(later, first) && says(later) == says(first));
}

/// Sorts hashes once more, since signatures were numbered, and lays them out.
fn table<const N: usize>(section: Section, mut hashes: Vec<Hash<N>>) -> Result<Table, BuildError>
where
    HashRow<N>: IntoBytes + Immutable,
{
    hashes.sort_unstable();
    let high = |size: u64| u32::try_from(size >> 8).unwrap_or(ANY_SIZE);
    let mut buckets: Vec<SizeBucket> = Vec::new();
    for (hash, row) in hashes.iter().zip(0_u32..) {
        let high = high(hash.size);
        if buckets.last().is_none_or(|last| last.high.get() != high) {
            buckets.push(SizeBucket { high: high.into(), first: row.into() });
        }
    }
    let row = HashTableRow {
        section: (section as u32).into(),
        buckets: row_number(buckets.len(), "sizes")?.into(),
        rows: row_number(hashes.len(), "hashes")?.into(),
    };
    let length = hashes.len().saturating_mul(size_of::<HashRow<N>>().saturating_add(1));
    let mut bytes = buckets.as_bytes().to_vec();
    bytes.reserve_exact(length);
    bytes.extend(hashes.iter().map(|hash| hash.size.to_le_bytes()[0]));
    for Hash { digest, signature, .. } in hashes {
        let signature = signature.into();
        bytes.extend_from_slice(HashRow { digest, signature }.as_bytes());
    }
    Ok((section, row, bytes))
}

#[cfg(test)]
mod tests {
    use pellucid::verdict::Class;
    use zerocopy::FromBytes;

    use super::*;

    fn signatures(names: &[(&str, u16)]) -> Signatures {
        let mut signatures = Signatures::default();
        for (name, origin) in names {
            let name = signatures.name(name).unwrap();
            signatures.add(name, *origin, Class::Malicious, 80).unwrap();
        }
        signatures
    }

    #[test]
    fn what_is_said_again_is_dropped() {
        let mut hashes = Hashes::default();
        let digest = |byte| Digest::Md5([byte; 16]);
        for (byte, size, signature) in [
            (9, Some(5), 0),
            (1, None, 1),
            (9, Some(5), 2),
            (9, Some(4), 0),
            (9, Some(5), 0),
            (9, Some(5), 1),
        ] {
            hashes.add(Hashed::Object, digest(byte), size, signature);
        }
        hashes.settle(&signatures(&[("A", 0), ("B", 0), ("A", 1)]));
        let rows: Vec<_> =
            hashes.md5[0].iter().map(|hash| (hash.digest[0], hash.size, hash.signature)).collect();
        assert_eq!(rows, [(9, 4, 0), (9, 5, 0), (9, 5, 1), (1, u64::MAX, 1)]);
    }

    #[test]
    fn a_table_holds_buckets_then_low_bytes_then_rows() {
        let mut hashes = Hashes::default();
        for (byte, size) in [(1, Some(0x205)), (2, Some(0x1ff)), (3, None), (4, Some(0x200))] {
            hashes.add(Hashed::PeSection, Digest::Sha1([byte; 20]), size, u32::from(byte));
        }
        let tables = hashes.tables().unwrap();
        let [(Section::SectionSha1, row, bytes)] = tables.as_slice() else { panic!("{tables:?}") };
        assert_eq!((row.buckets.get(), row.rows.get()), (3, 4));
        let (buckets, rest) =
            <[SizeBucket]>::ref_from_prefix_with_elems(bytes.as_slice(), 3).unwrap();
        let buckets: Vec<_> =
            buckets.iter().map(|bucket| (bucket.high.get(), bucket.first.get())).collect();
        assert_eq!(buckets, [(1, 0), (2, 1), (ANY_SIZE, 3)]);
        let (lows, rows) = rest.split_at(4);
        assert_eq!(lows, [0xff, 0, 5, 0xff]);
        let rows = <[HashRow<20>]>::ref_from_bytes(rows).unwrap();
        let rows: Vec<_> = rows.iter().map(|row| (row.digest[0], row.signature.get())).collect();
        assert_eq!(rows, [(2, 2), (4, 4), (1, 1), (3, 3)]);
    }
}
