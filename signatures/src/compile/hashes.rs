//! Hash rows: kept as they are stored, so that millions of them cost no more than the set itself.

use pellucid::set::layout::{
    ALGORITHM_MD5, ALGORITHM_SHA1, ALGORITHM_SHA256, ANY_SIZE, HashRow, SignatureRow, SizeRow,
};
use zerocopy::little_endian::U32;

use crate::source::Digest;

/// The hashes of a set.
#[derive(Debug, Default)]
pub(crate) struct Hashes {
    pub(crate) md5: Vec<HashRow<16>>,
    pub(crate) sha1: Vec<HashRow<20>>,
    pub(crate) sha256: Vec<HashRow<32>>,
}

impl Hashes {
    pub(crate) fn add(&mut self, digest: Digest, size: Option<u64>, signature: u32) {
        match digest {
            Digest::Md5(digest) => self.md5.push(row(digest, size, signature)),
            Digest::Sha1(digest) => self.sha1.push(row(digest, size, signature)),
            Digest::Sha256(digest) => self.sha256.push(row(digest, size, signature)),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.md5.len().saturating_add(self.sha1.len()).saturating_add(self.sha256.len())
    }

    /// Sorts the rows and drops what says the same again.
    pub(crate) fn settle(&mut self, signatures: &[SignatureRow]) {
        settle(&mut self.md5, signatures);
        settle(&mut self.sha1, signatures);
        settle(&mut self.sha256, signatures);
    }

    /// The signature that each row names.
    pub(crate) fn signatures_mut(&mut self) -> impl Iterator<Item = &mut U32> {
        let md5 = self.md5.iter_mut().map(|row| &mut row.signature);
        let sha1 = self.sha1.iter_mut().map(|row| &mut row.signature);
        let sha256 = self.sha256.iter_mut().map(|row| &mut row.signature);
        md5.chain(sha1).chain(sha256)
    }

    /// For which sizes which digests are asked.
    pub(crate) fn sizes(&self) -> Vec<SizeRow> {
        let mut sizes = Vec::new();
        collect(&mut sizes, &self.md5, ALGORITHM_MD5);
        collect(&mut sizes, &self.sha1, ALGORITHM_SHA1);
        collect(&mut sizes, &self.sha256, ALGORITHM_SHA256);
        sizes.sort_unstable();
        let joined = sizes.chunk_by(|(a, _), (b, _)| a == b).filter_map(|same| {
            let &(size, _) = same.first()?;
            let algorithms = same.iter().fold(0, |bits, (_, bit)| bits | bit);
            Some(SizeRow { size: size.into(), algorithms })
        });
        joined.collect()
    }
}

fn row<const N: usize>(digest: [u8; N], size: Option<u64>, signature: u32) -> HashRow<N> {
    HashRow { digest, size: size.unwrap_or(ANY_SIZE).into(), signature: signature.into() }
}

fn settle<const N: usize>(rows: &mut Vec<HashRow<N>>, signatures: &[SignatureRow]) {
    let order = |row: &HashRow<N>| (row.digest, row.size.get(), row.signature.get());
    let says = |row: &HashRow<N>| {
        let signature = signatures.get(row.signature.get() as usize);
        signature.map(|row| (row.name_offset.get(), row.name_length.get(), row.class))
    };
    let meaning = |row: &HashRow<N>| (row.digest, row.size.get(), says(row), row.signature.get());
    rows.sort_unstable_by_key(order);
    let ambiguous = |a: &HashRow<N>, b: &HashRow<N>| a.digest == b.digest && a.size == b.size;
    if !rows.iter().zip(rows.iter().skip(1)).any(|(a, b)| ambiguous(a, b)) {
        return;
    }
    rows.sort_unstable_by_key(meaning);
    rows.dedup_by(|later, first| ambiguous(later, first) && says(later) == says(first));
    rows.sort_unstable_by_key(order);
}

/// The sizes of rows, each once.
fn collect<const N: usize>(sizes: &mut Vec<(u64, u8)>, rows: &[HashRow<N>], bit: u8) {
    let mut own: Vec<u64> = rows.iter().map(|row| row.size.get()).collect();
    own.sort_unstable();
    own.dedup();
    sizes.extend(own.into_iter().map(|size| (size, bit)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(name: u32, origin: u16) -> SignatureRow {
        SignatureRow {
            name_offset: name.into(),
            name_length: 4.into(),
            origin: origin.into(),
            class: 4,
            severity: 80,
            reserved: 0.into(),
        }
    }

    #[test]
    fn rows_are_sorted_and_repeated_ones_dropped() {
        let mut hashes = Hashes::default();
        let digest = |byte| Digest::Md5([byte; 16]);
        let signatures = vec![signature(0, 0), signature(4, 0), signature(0, 1)];
        for (byte, size, signature) in [
            (9, Some(5), 0),
            (1, None, 1),
            (9, Some(5), 2),
            (9, Some(4), 0),
            (9, Some(5), 0),
            (9, Some(5), 1),
        ] {
            hashes.add(digest(byte), size, signature);
        }
        hashes.settle(&signatures);
        let rows: Vec<_> = hashes
            .md5
            .iter()
            .map(|row| (row.digest[0], row.size.get(), row.signature.get()))
            .collect();
        assert_eq!(rows, [(1, ANY_SIZE, 1), (9, 4, 0), (9, 5, 0), (9, 5, 1)]);
    }

    #[test]
    fn sizes_say_which_digests_are_asked() {
        let mut hashes = Hashes::default();
        hashes.add(Digest::Sha256([0; 32]), Some(7), 0);
        hashes.add(Digest::Md5([0; 16]), Some(7), 0);
        hashes.add(Digest::Md5([1; 16]), Some(7), 0);
        hashes.add(Digest::Sha1([0; 20]), None, 0);
        let sizes: Vec<_> =
            hashes.sizes().iter().map(|row| (row.size.get(), row.algorithms)).collect();
        assert_eq!(sizes, [(7, 5), (ANY_SIZE, 2)]);
    }
}
