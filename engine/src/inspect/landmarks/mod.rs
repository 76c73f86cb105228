//! The places in a program that signatures count from, as ClamAV 1.4 finds them.
//!
//! That is neither what the headers say nor what a loader does: alignments are rounded, fields are cut to
//! 32 bits, and headers that ClamAV takes for broken give no places at all. All of it was found out by
//! holding programs with random headers against `clamscan`.

mod elf;
mod macho;
mod numbers;

use std::ops::Range;

use super::{cut_pe, program_type};
use crate::identify::{FileType, Found};

/// Where offsets of signatures are counted from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landmarks {
    /// [`FileType::Pe`], [`FileType::Elf`] or [`FileType::MachO`].
    pub file_type: FileType,
    /// The entry point's offset; 0 where the headers name none. It may lie behind the end.
    pub entry_point: u64,
    /// The bytes of each section, in the order of the section table, empty ones included.
    pub sections: Vec<Range<u64>>,
}

/// The landmarks of a program at offset 0. `None` when `found` has none there, or ClamAV would take its
/// headers for broken.
pub fn landmarks(data: &[u8], found: &[Found]) -> Option<Landmarks> {
    match program_type(found)? {
        FileType::Pe => cut_pe(data).map(|cut| cut.landmarks()),
        FileType::Elf => elf::landmarks(data),
        _ => macho::landmarks(data),
    }
}
