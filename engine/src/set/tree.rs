//! The hash tree over a set's chunks (RFC 6962, section 2.1), used by the reader and the writer.

use sha2::{Digest, Sha256};

use super::layout::CHUNK;

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// The leaf hashes of `bytes`, chunk by chunk.
pub fn leaves(bytes: &[u8]) -> impl Iterator<Item = Hash> + '_ {
    bytes.chunks(CHUNK as usize).map(leaf)
}

/// The hash of one leaf.
pub fn leaf(chunk: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(chunk).finalize().into()
}

/// The root over leaf hashes. A level's last node without a partner goes up as it is, which builds
/// the same tree as the RFC's split at the largest power of two.
pub fn root(leaves: &[Hash]) -> Hash {
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => node(left, right),
                _ => pair.first().copied().unwrap_or_default(),
            })
            .collect();
    }
    level.first().copied().unwrap_or_else(|| Sha256::digest([]).into())
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of the RFC, word for word.
    fn by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [one] => *one,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                let (left, right) = leaves.split_at(split);
                node(&by_definition(left), &by_definition(right))
            }
        }
    }

    #[test]
    fn the_root_is_the_one_of_the_rfc() {
        let leaves: Vec<Hash> = (0..70).map(|n: u8| leaf(&[n])).collect();
        for count in 0..leaves.len() {
            assert_eq!(root(&leaves[..count]), by_definition(&leaves[..count]), "{count} leaves");
        }
    }
}
