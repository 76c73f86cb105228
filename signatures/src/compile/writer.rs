//! The set file: header, section table, sections, hash tree. The layout is the engine's
//! ([`pellucid::set::layout`]); `docs/format.md` draws it.

use pellucid::set::layout::{
    ALIGNMENT, CHUNK, Header, MAGIC, Section, SectionRow, VERSION_MAJOR, VERSION_MINOR,
};
use pellucid::set::tree;
use zerocopy::{Immutable, IntoBytes};

use crate::report::BuildError;

/// The bytes of one section.
pub(crate) trait Rows {
    /// As they lie in the file.
    fn bytes(&self) -> &[u8];
}

impl<T: IntoBytes + Immutable> Rows for Vec<T> {
    fn bytes(&self) -> &[u8] {
        self.as_slice().as_bytes()
    }
}

/// Writes a set of these sections, which are in the order of their kinds. Each is dropped as soon as it
/// is written.
pub(crate) fn write(sections: Vec<(Section, Box<dyn Rows>)>) -> Result<Vec<u8>, BuildError> {
    let (table, tree_offset) = lay_out(&sections);
    let leaves = tree_offset.div_ceil(CHUNK as usize);
    let file_length = tree_offset.saturating_add(leaves.saturating_add(1).saturating_mul(32));
    let mut file = Vec::with_capacity(file_length);
    file.extend_from_slice(header(table.len(), tree_offset, file_length)?.as_bytes());
    file.extend_from_slice(table.bytes());
    pad(&mut file);
    for (_, section) in sections {
        file.extend_from_slice(section.bytes());
        pad(&mut file);
    }
    let leaves: Vec<tree::Hash> = tree::leaves(&file).collect();
    file.extend_from_slice(leaves.bytes());
    file.extend_from_slice(&tree::root(&leaves));
    Ok(file)
}

/// The section table, and where the hash tree begins.
fn lay_out(sections: &[(Section, Box<dyn Rows>)]) -> (Vec<SectionRow>, usize) {
    let table = size_of::<SectionRow>().saturating_mul(sections.len());
    let mut offset = aligned(size_of::<Header>().saturating_add(table));
    let mut rows = Vec::with_capacity(sections.len());
    for (kind, section) in sections {
        let length = section.bytes().len();
        rows.push(SectionRow {
            kind: (*kind as u32).into(),
            flags: 0.into(),
            offset: (offset as u64).into(),
            length: (length as u64).into(),
            reserved: 0.into(),
        });
        offset = aligned(offset.saturating_add(length));
    }
    (rows, offset)
}

fn header(sections: usize, tree_offset: usize, file_length: usize) -> Result<Header, BuildError> {
    let too_many = |_| BuildError::TooMuch { what: "sections", most: u32::MAX.into() };
    Ok(Header {
        magic: MAGIC,
        major: VERSION_MAJOR.into(),
        minor: VERSION_MINOR.into(),
        sections: u32::try_from(sections).map_err(too_many)?.into(),
        file_length: (file_length as u64).into(),
        tree_offset: (tree_offset as u64).into(),
        chunk: CHUNK.into(),
        reserved: [0; 28],
    })
}

fn aligned(offset: usize) -> usize {
    offset.next_multiple_of(ALIGNMENT as usize)
}

fn pad(file: &mut Vec<u8>) {
    file.resize(aligned(file.len()), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_lengths_and_padding() {
        let file = write(vec![
            (Section::About, Box::new(vec![1_u8; 5])),
            (Section::Strings, Box::new(vec![2_u8; 70_000])),
        ])
        .unwrap();
        let number = |at: usize, length: usize| {
            file[at..at + length].iter().rev().fold(0_usize, |sum, &byte| sum << 8 | byte as usize)
        };
        assert_eq!(&file[..8], &MAGIC);
        assert_eq!(number(12, 4), 2, "sections");
        assert_eq!(number(16, 8), file.len(), "file length");
        let tree = number(24, 8);
        assert_eq!(tree, 192 + 70_016);
        assert_eq!(file.len(), tree + 3 * 32, "two leaves and a root");
        assert_eq!((number(64, 4), number(72, 8), number(80, 8)), (1, 128, 5));
        assert_eq!((number(96, 4), number(104, 8), number(112, 8)), (2, 192, 70_000));
        assert_eq!(&file[128..192], &[&[1; 5][..], &[0; 59]].concat());
        assert_eq!(file[tree..tree + 32], tree::leaf(&file[..65_536]));
        assert_eq!(file[tree + 32..tree + 64], tree::leaf(&file[65_536..tree]));
    }
}
