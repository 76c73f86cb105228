//! Which section holds an address, in a time that does not grow with what a file declares.
//!
//! Sections of a sound program do not overlap. Where they do, the one that comes last in the table
//! lies over the others. A file may have 65,535 sections and ask for a hundred thousand addresses,
//! so the table is cut once into pieces that do not overlap, and those are searched by halves.

use std::collections::BinaryHeap;

use super::super::facts::Section;

/// Sections fill whole pages of memory.
const PAGE: u64 = 0x1000;

/// Addresses that one section holds.
struct Piece {
    start: u64,
    end: u64,
    section: usize,
}

/// The pieces, in the order of their addresses.
pub(super) struct AddressMap(Vec<Piece>);

impl AddressMap {
    pub(super) fn of(sections: &[Section]) -> Self {
        let mut starts: Vec<_> =
            sections.iter().enumerate().map(|(i, section)| (section.virtual_address, i)).collect();
        starts.sort_unstable();
        let mut borders: Vec<u64> =
            sections.iter().flat_map(|s| [s.virtual_address, end(s)]).collect();
        borders.sort_unstable();
        borders.dedup();
        Self(cut(sections, &starts, &borders))
    }

    /// The index of the section that holds an address.
    pub(super) fn section_at(&self, address: u64) -> Option<usize> {
        let behind = self.0.partition_point(|piece| piece.start <= address);
        let piece = self.0.get(behind.checked_sub(1)?)?;
        (address < piece.end).then_some(piece.section)
    }
}

/// Goes from border to border; of the sections that are open there the last one has the piece.
fn cut(sections: &[Section], starts: &[(u64, usize)], borders: &[u64]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut starts = starts.iter().peekable();
    let mut open = BinaryHeap::new();
    for (&start, &next) in borders.iter().zip(borders.iter().skip(1)) {
        while let Some((_, index)) = starts.next_if(|(address, _)| *address <= start) {
            open.push(*index);
        }
        let ended = |index: &usize| sections.get(*index).is_none_or(|s| end(s) <= start);
        while open.peek().is_some_and(ended) {
            open.pop();
        }
        if let Some(&section) = open.peek() {
            pieces.push(Piece { start, end: next, section });
        }
    }
    pieces
}

/// Where a section ends in memory.
fn end(section: &Section) -> u64 {
    section.virtual_address.saturating_add(size_in_memory(section))
}

/// Bytes that a section has in memory, in whole pages.
pub(super) fn size_in_memory(section: &Section) -> u64 {
    let size = match section.virtual_size {
        0 => section.raw.end.saturating_sub(section.raw.start),
        size => size,
    };
    size.checked_next_multiple_of(PAGE).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(virtual_address: u64, virtual_size: u64) -> Section {
        Section {
            name: String::new(),
            raw: 0..0,
            declared: 0..0,
            virtual_address,
            virtual_size,
            flags: 0,
            kind: 0,
        }
    }

    /// What the map must say, section by section from the last.
    fn plainly(sections: &[Section], address: u64) -> Option<usize> {
        sections.iter().rposition(|s| s.virtual_address <= address && address < end(s))
    }

    #[test]
    fn the_map_agrees_with_a_search_through_the_table() {
        let tables: [&[(u64, u64)]; 6] = [
            &[],
            &[(0x1000, 1), (0x2000, 0x1001)],
            &[(0x3000, 0x3000), (0x1000, 0x9000), (0x4000, 0x1000)],
            &[(0x1000, 0x9000), (0x3000, 0x1000), (0x3000, 0x2000)],
            &[(0x1000, 0), (0x1000, 0x1000), (0x1001, 0x1000)],
            &[(0xffff_f000, 0xffff_ffff), (0, 0xffff_ffff)],
        ];
        for table in tables {
            let sections: Vec<_> = table.iter().map(|&(at, size)| section(at, size)).collect();
            let map = AddressMap::of(&sections);
            for address in (0..0xc000).step_by(0x7ff).chain([0xffff_f123, 0x1_ffff_eff0, u64::MAX])
            {
                assert_eq!(map.section_at(address), plainly(&sections, address), "{address:#x}");
            }
        }
    }
}
