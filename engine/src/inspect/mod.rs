//! 4 Facts that signatures ask about: where a program starts, its sections, what it imports.

use std::ops::Range;

pub struct Layout {
    pub entry_point: Option<u64>,
    pub sections: Vec<Section>,
}
pub struct Section {
    pub raw: Range<u64>,
}
pub fn layout(_: &[u8], _: &[crate::identify::Found]) -> Option<Layout> {
    None
}
