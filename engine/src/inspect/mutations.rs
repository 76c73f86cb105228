//! Broken files of every kind: whatever the bytes are, inspection ends and does not panic.
//!
//! Samples are cut at every length and changed at random places, deterministically. What comes out
//! must keep the promises of the facts: no range leaves the file, no list is longer than allowed.

use super::samples::{ELF, PE, SampleElf, SamplePe};
use super::{Facts, Format, Layout, inspect, layout};
use crate::identify::Found;
use crate::limits::{Budget, Cancel, Limits};

const FACTS: u32 = 500;

fn samples() -> Vec<(Vec<u8>, &'static [Found])> {
    let elf = |bits, big_endian| (SampleElf { bits, big_endian }.build().file, ELF);
    let pe = |bits| (SamplePe::full(bits).build(), PE);
    vec![pe(32), pe(64), elf(32, false), elf(32, true), elf(64, false), elf(64, true)]
}

fn examine(file: &[u8], found: &[Found]) {
    let limits = Limits { facts: FACTS, ..Limits::default() };
    let facts = inspect(file, found, &Budget::new(limits, Cancel::new()));
    let layout = layout(file, found);
    assert_eq!(layout.is_some(), facts.program.is_some());
    if let Some(layout) = layout {
        check_layout(&layout, file.len() as u64);
        check_facts(&facts, &layout, file.len() as u64);
    }
}

fn check_layout(layout: &Layout, length: u64) {
    assert!(layout.entry_point.is_none_or(|offset| offset < length));
    for section in &layout.sections {
        assert!(section.raw.start <= section.raw.end && section.raw.end <= length);
    }
}

fn check_facts(facts: &Facts, layout: &Layout, length: u64) {
    let most = FACTS as usize;
    let program = facts.program.as_ref().unwrap();
    assert_eq!(program.bits, layout.bits);
    assert!(program.sections.len() <= most);
    assert!(program.overlay.as_ref().is_none_or(|range| range.end == length));
    match &program.format {
        Format::Pe(pe) => {
            assert!(pe.imports.iter().map(|l| l.symbols.len() + 1).sum::<usize>() <= most);
            assert!(pe.exports.as_ref().is_none_or(|e| e.symbols.len() <= most));
            assert!(pe.resources.len() <= most);
            assert!(pe.resources.iter().all(|r| r.offset.is_none_or(|offset| offset < length)));
            assert!(pe.certificates.as_ref().is_none_or(|range| range.end <= length));
        }
        Format::Elf(elf) => {
            assert!(elf.segments.len() <= most && elf.needed.len() <= most);
            assert!(elf.imports.len() + elf.exports.len() <= most);
        }
    }
}

#[test]
fn every_truncation_is_survived() {
    for (file, found) in samples() {
        for length in 0..file.len() {
            examine(&file[..length], found);
        }
    }
}

/// xorshift64*: the same numbers on every machine.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// Numbers that lie at the edges of something.
const EDGES: [u64; 10] =
    [0, 1, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc, u64::MAX / 2, u64::MAX];

/// Changes one to eight bytes: at random, to an edge, or to what stands elsewhere.
pub(super) fn mutate(file: &mut [u8], random: &mut Random) {
    let width = [1, 2, 4, 8][random.below(4)];
    let place = random.below(file.len() - width);
    let value = match random.below(4) {
        0 => random.next(),
        1 => random.below(file.len()) as u64,
        _ => EDGES[random.below(EDGES.len())],
    };
    if random.below(4) == 0 {
        let from = random.below(file.len() - width);
        file.copy_within(from..from + width, place);
    } else {
        let bytes = if random.below(8) == 0 { value.to_be_bytes() } else { value.to_le_bytes() };
        file[place..place + width].copy_from_slice(&bytes[..width]);
    }
}

#[test]
fn random_changes_are_survived() {
    let mut random = Random(0x5eed);
    for (sample, found) in samples() {
        // Headers and tables are a small part of the file; they are hit more often.
        let tables = sample.len().min(0x900);
        for _ in 0..1500 {
            let mut file = sample.clone();
            for _ in 0..=random.below(6) {
                let part = if random.below(4) == 0 { sample.len() } else { tables };
                mutate(&mut file[..part], &mut random);
            }
            examine(&file, found);
        }
    }
}
