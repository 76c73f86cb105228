//! Universal programs of macOS ("fat" Mach-O, by Apple's `mach-o/fat.h`): one program for each kind of
//! processor, in 32-bit and 64-bit form. Java classes have the same magic number; `identify` tells them
//! apart by the count, which is a version there.
//!
//! A program that begins in the list or lies over one before it is not handed out: a file could hold
//! itself many times over.

use std::iter;
use std::ops::Range;

use super::super::parts::{List, Part, walk_parts};
use super::super::{Notes, Opened, Opening};
use crate::input::Content;
use crate::reader::{OutOfBounds, Reader};

const WIDE: u32 = 0xcafe_babf;
/// Programs that are looked at; there are not so many kinds of processors.
const MOST: u32 = 64;

pub(in crate::unpack) fn open<'a>(
    content: Content<'a>,
    offset: u64,
    _: &Opening<'_>,
) -> Opened<'a> {
    let file = content.slice(offset, u64::MAX);
    let mut reader = Reader::new(&file);
    let is_wide = reader.u32_be().is_ok_and(|magic| magic == WIDE);
    let left = reader.u32_be().unwrap_or(0).min(MOST);
    let row = if is_wide { 32 } else { 20 };
    let end = u64::from(left).saturating_mul(row).saturating_add(8);
    let list = Architectures { at: 8, left, is_wide, taken: iter::once(0..end).collect() };
    Ok(walk_parts(file, list, Notes::default()))
}

/// The list of programs.
struct Architectures {
    at: u64,
    left: u32,
    is_wide: bool,
    /// What holds the list itself and the programs before.
    taken: Vec<Range<u64>>,
}

impl Architectures {
    fn read(&mut self, file: &[u8]) -> Result<Part, OutOfBounds> {
        let mut reader = Reader::at(file, self.at)?;
        let processor = reader.u32_be()?;
        reader.skip(4)?;
        let (start, length) = match self.is_wide {
            true => (reader.u64_be()?, reader.u64_be()?),
            false => (reader.u32_be()?.into(), reader.u32_be()?.into()),
        };
        reader.skip(if self.is_wide { 8 } else { 4 })?;
        self.at = reader.position() as u64;
        Ok(Part::stored(name(processor), start, length))
    }
}

impl List for Architectures {
    fn next_part(&mut self, file: &[u8], notes: &mut Notes) -> Option<Part> {
        while let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            let Ok(part) = self.read(file) else {
                notes.truncated("the list of programs is cut off");
                return None;
            };
            let range = part.start..part.start.saturating_add(part.length);
            let over = |taken: &Range<u64>| taken.start < range.end && range.start < taken.end;
            if self.taken.iter().any(over) {
                notes.corrupted(format!("a program at {} lies over another", part.start));
                continue;
            }
            self.taken.push(range);
            return Some(part);
        }
        None
    }
}

/// What the processor is called.
fn name(processor: u32) -> String {
    match processor {
        7 => "i386".to_owned(),
        0x0100_0007 => "x86_64".to_owned(),
        12 => "arm".to_owned(),
        0x0100_000c => "arm64".to_owned(),
        0x0200_000c => "arm64_32".to_owned(),
        18 => "ppc".to_owned(),
        0x0100_0012 => "ppc64".to_owned(),
        other => format!("processor {other:#x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{survives_damage, walk_at};
    use super::*;
    use crate::limits::Limits;
    use crate::verdict::Reason;

    const CONTENT: &[u8] = b"\xcf\xfa\xed\xfe a program";

    fn universal(is_wide: bool, programs: &[(u32, u64, u64)]) -> Vec<u8> {
        let magic = WIDE - u32::from(!is_wide);
        let mut file = [magic.to_be_bytes(), (programs.len() as u32).to_be_bytes()].concat();
        for &(processor, start, length) in programs {
            file.extend([processor.to_be_bytes(), [0; 4]].concat());
            match is_wide {
                true => file.extend([start.to_be_bytes(), length.to_be_bytes(), [0; 8]].concat()),
                false => {
                    let fields = [start as u32, length as u32, 0].map(u32::to_be_bytes);
                    file.extend(fields.concat());
                }
            }
        }
        file.resize(256, 0);
        [&file, CONTENT, CONTENT].concat()
    }

    fn two(is_wide: bool) -> Vec<u8> {
        let length = CONTENT.len() as u64;
        universal(is_wide, &[(0x0100_0007, 256, length), (0x0100_000c, 256 + length, length)])
    }

    #[test]
    fn each_program_is_an_object() {
        for is_wide in [false, true] {
            let walked = walk_at(open, &two(is_wide), 0, Limits::default());
            assert_eq!(walked.names(), ["x86_64", "arm64"]);
            assert!(walked.entries.iter().all(|entry| entry.bytes.as_deref() == Some(CONTENT)));
            assert_eq!(walked.reasons(), []);
        }
    }

    #[test]
    fn programs_over_each_other_or_the_list_are_left_out() {
        let file = universal(false, &[(7, 0, 200), (7, 256, 10), (12, 260, 10), (18, 256, 10)]);
        let walked = walk_at(open, &file, 0, Limits::default());
        assert_eq!(walked.names(), ["i386"]);
        assert_eq!(walked.reasons(), [Reason::Corrupted]);
    }

    #[test]
    fn a_program_that_leaves_the_file_is_cut_and_a_list_without_end_ends() {
        let walked = walk_at(open, &universal(true, &[(7, 256, 1 << 40)]), 0, Limits::default());
        assert_eq!(walked.reasons(), [Reason::Truncated]);
        let walked = walk_at(open, b"\xca\xfe\xba\xbe\xff\xff\xff\xff", 0, Limits::default());
        assert_eq!(walked.reasons(), [Reason::Truncated]);
    }

    #[test]
    fn universal_programs_made_by_lipo() {
        let folder = tempfile::tempdir().unwrap();
        let macho = |processor: u32| {
            let fields = [0xfeed_facf_u32, processor, 3, 2, 0, 0, 0, 0];
            fields.map(u32::to_le_bytes).concat()
        };
        std::fs::write(folder.path().join("a"), macho(0x0100_0007)).unwrap();
        std::fs::write(folder.path().join("b"), macho(0x0100_000c)).unwrap();
        let arguments = ["-create", "a", "b", "-output", "c"];
        let made =
            super::super::super::testing::made_by(folder.path(), "llvm-lipo", &arguments, "c");
        let Some(file) = made else { return };
        let walked = walk_at(open, &file, 0, Limits::default());
        assert_eq!(walked.content("x86_64"), macho(0x0100_0007));
        assert_eq!(walked.names().len(), 2);
    }

    #[test]
    fn damage_ends_within_the_limits() {
        survives_damage(open, &two(false));
    }
}
