//! Mach-O: the programs of macOS and its relatives.
//!
//! Follows Apple's `mach-o/loader.h`: a header, then load commands, of which segments hold the section
//! table. Sections fill their alignment, and the only entry point that ClamAV knows is that of a PowerPC
//! thread. A table that runs out of the file is none.

use std::ops::Range;

use super::Landmarks;
use super::numbers::Numbers;
use crate::identify::FileType;
use crate::inspect::MOST_SECTIONS;
use crate::inspect::record::clamped;
use crate::reader::{OutOfBounds, Reader};

const SEGMENT: u32 = 1;
const UNIX_THREAD: u32 = 5;
const SEGMENT_64: u32 = 0x19;
const POWER_PC: u32 = 18;
const POWER_PC_64: u32 = 0x0100_0012;

/// Commands beyond this number make a header unbelievable.
const MOST_COMMANDS: u32 = 1024;
/// Sections are aligned to two to the power of at most this.
const MOST_ALIGNMENT: u32 = 31;

pub(super) fn landmarks(data: &[u8]) -> Option<Landmarks> {
    read(data).ok().flatten()
}

fn read(data: &[u8]) -> Result<Option<Landmarks>, OutOfBounds> {
    let mut reader = Reader::new(data);
    let (big_endian, wide) = match reader.array::<4>()? {
        [0xfe, 0xed, 0xfa, 0xce] => (true, false),
        [0xfe, 0xed, 0xfa, 0xcf] => (true, true),
        [0xce, 0xfa, 0xed, 0xfe] => (false, false),
        [0xcf, 0xfa, 0xed, 0xfe] => (false, true),
        _ => return Ok(None),
    };
    let mut numbers = Numbers { reader, big_endian, wide };
    let processor = numbers.u32()?;
    numbers.reader.skip(8)?;
    let commands = numbers.u32()?;
    numbers.reader.skip(if wide { 12 } else { 8 })?;
    if !(1..=MOST_COMMANDS).contains(&commands) {
        return Ok(None);
    }
    let mut walk = Walk { processor, length: data.len(), sections: Vec::new(), entry: None };
    for _ in 0..commands {
        if !walk.command(&mut numbers)? {
            return Ok(None);
        }
    }
    Ok(walk.landmarks())
}

struct Walk {
    processor: u32,
    length: usize,
    sections: Vec<Section>,
    /// The address of the first instruction.
    entry: Option<u64>,
}

struct Section {
    address: u64,
    size: u64,
    raw: Range<u64>,
}

impl Walk {
    /// Reads a command and passes over it; false where it makes no sense.
    fn command(&mut self, numbers: &mut Numbers<'_>) -> Result<bool, OutOfBounds> {
        let (command, size) = (numbers.u32()?, numbers.u32()?);
        let inside = numbers.reader.sub(u64::from(size).saturating_sub(8))?;
        let mut inside = numbers.at(inside);
        match command {
            SEGMENT | SEGMENT_64 => {
                inside.wide = command == SEGMENT_64;
                self.segment(&mut inside)
            }
            UNIX_THREAD => self.thread(&mut inside).map(|()| true),
            _ => Ok(true),
        }
    }

    fn segment(&mut self, numbers: &mut Numbers<'_>) -> Result<bool, OutOfBounds> {
        numbers.reader.skip(if numbers.wide { 56 } else { 40 })?;
        let count = numbers.u32()?;
        numbers.reader.skip(4)?;
        for _ in 0..count {
            let Some(section) = self.section(numbers)? else { return Ok(false) };
            if self.sections.len() >= MOST_SECTIONS {
                return Ok(false);
            }
            self.sections.push(section);
        }
        Ok(true)
    }

    fn section(&self, numbers: &mut Numbers<'_>) -> Result<Option<Section>, OutOfBounds> {
        numbers.reader.skip(32)?;
        let (address, size) = (numbers.word()?, numbers.word()?);
        let offset = u64::from(numbers.u32()?);
        let alignment = numbers.u32()?;
        numbers.reader.skip(if numbers.wide { 24 } else { 20 })?;
        if alignment > MOST_ALIGNMENT {
            return Ok(None);
        }
        let filled = size.checked_next_multiple_of(1 << alignment).unwrap_or(u64::MAX);
        Ok(Some(Section { address, size, raw: clamped(offset, filled, self.length) }))
    }

    /// The instruction pointer of a PowerPC is the first register of its state.
    fn thread(&mut self, numbers: &mut Numbers<'_>) -> Result<(), OutOfBounds> {
        numbers.reader.skip(8)?;
        match self.processor {
            POWER_PC => self.entry = Some(numbers.u32()?.into()),
            POWER_PC_64 => self.entry = Some(numbers.word()?),
            _ => {}
        }
        Ok(())
    }

    fn landmarks(self) -> Option<Landmarks> {
        let place = |entry: u64| {
            self.sections.iter().find_map(|section| {
                let within = entry.checked_sub(section.address)?;
                (within < section.size).then(|| section.raw.start.saturating_add(within))
            })
        };
        let entry_point = self.entry.map_or(Some(0), place)?;
        let sections = self.sections.into_iter().map(|section| section.raw).collect();
        Some(Landmarks { file_type: FileType::MachO, entry_point, sections })
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "numbers of our own making")]
mod tests {
    use super::*;

    /// A program in the byte order of PowerPC: one segment with a section, and a thread.
    fn sample(bits: u8, processor: u32, address: u32) -> Vec<u8> {
        let wide = bits == 64;
        let word = |number: u32| {
            let number = u64::from(number).to_be_bytes();
            if wide { number.to_vec() } else { number[4..].to_vec() }
        };
        let half = |number: u32| number.to_be_bytes().to_vec();
        let section = [
            vec![b's'; 16],
            vec![0; 16],
            [0x1100, 0x21].map(word).concat(),
            [0x200, 4, 0, 0, 7, 0, 0].map(half).concat(),
            if wide { half(0) } else { vec![] },
        ]
        .concat();
        let segment =
            [vec![0; if wide { 56 } else { 40 }], [1, 0].map(half).concat(), section].concat();
        let thread = [[1, 2].map(half).concat(), word(address)].concat();
        let commands: Vec<u8> =
            [(if wide { SEGMENT_64 } else { SEGMENT }, segment), (UNIX_THREAD, thread)]
                .into_iter()
                .flat_map(|(kind, body)| [half(kind), half(body.len() as u32 + 8), body].concat())
                .collect();
        let magic = if wide { 0xfeed_facf } else { 0xfeed_face };
        let header = [magic, processor, 0, 2, 2, commands.len() as u32, 0].map(half).concat();
        let mut file = [header, if wide { half(0) } else { vec![] }, commands].concat();
        file.resize(0x400, 0);
        file
    }

    #[test]
    fn sections_and_the_entry_point_of_a_power_pc() {
        for (bits, processor) in [(32, POWER_PC), (64, POWER_PC_64)] {
            let found = landmarks(&sample(bits, processor, 0x1108)).unwrap();
            assert_eq!((found.file_type, found.entry_point), (FileType::MachO, 0x208));
            assert_eq!((found.sections.len(), &found.sections[0]), (1, &(0x200..0x230)));
        }
    }

    #[test]
    fn other_processors_start_at_the_start() {
        assert_eq!(landmarks(&sample(32, 7, 0x1108)).unwrap().entry_point, 0);
        assert_eq!(landmarks(&sample(32, POWER_PC, 0x9999)), None, "named, and not in the file");
    }

    #[test]
    fn what_runs_out_of_the_file_has_no_landmarks() {
        let whole = sample(64, POWER_PC_64, 0x1108);
        let end = 32 + u32::from_be_bytes(whole[20..24].try_into().unwrap()) as usize;
        for cut in 0..end {
            assert_eq!(landmarks(&whole[..cut]), None, "cut at {cut}");
        }
        for (place, number) in [(16, 0_u32), (16, 1025), (36, u32::MAX), (32 + 8 + 56, 2)] {
            let mut file = whole.clone();
            file[place..place + 4].copy_from_slice(&number.to_be_bytes());
            assert_eq!(landmarks(&file), None, "{number} at {place}");
        }
    }
}
