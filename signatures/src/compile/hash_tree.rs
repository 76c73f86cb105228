//! The hash tree over a set's chunks, as RFC 6962 (2.1) defines it: leaves are
//! `SHA-256(0x00 || chunk)`, inner nodes `SHA-256(0x01 || left || right)`.

use sha2::{Digest, Sha256};

/// The leaf of one chunk.
pub(crate) fn leaf(chunk: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update([0]).chain_update(chunk).finalize().into()
}

/// The root over leaves.
///
/// RFC 6962 splits at the greatest power of two below the number of leaves. Pairing neighbours level
/// by level, an odd last one going up as it is, makes the same tree.
pub(crate) fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    if leaves.is_empty() {
        return Sha256::new().finalize().into();
    }
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level = level.chunks(2).map(node).collect();
    }
    level.first().copied().unwrap_or_default()
}

fn node(pair: &[[u8; 32]]) -> [u8; 32] {
    match pair {
        [left, right] => {
            Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
        }
        _ => pair.first().copied().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, word for word.
    fn defined(leaves: &[[u8; 32]]) -> [u8; 32] {
        match leaves {
            [only] => *only,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                let (left, right) = leaves.split_at(split);
                node(&[defined(left), defined(right)])
            }
        }
    }

    #[test]
    fn the_root_is_that_of_the_definition() {
        let leaves: Vec<[u8; 32]> = (0..40_u8).map(|n| leaf(&[n])).collect();
        for count in 1..=leaves.len() {
            assert_eq!(root(&leaves[..count]), defined(&leaves[..count]), "{count}");
        }
    }

    #[test]
    fn known_values() {
        let hex = |bytes: [u8; 32]| bytes.map(|byte| format!("{byte:02x}")).concat();
        // RFC 6962's reference implementation: the leaf of an empty entry, the tree of none.
        assert_eq!(
            hex(leaf(b"")),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        assert_eq!(
            hex(root(&[])),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
