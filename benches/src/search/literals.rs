//! Literals cut from the programs under search.
//!
//! One in fifty is left as it was cut and stands in at least one file. In the others one byte in
//! twelve is changed, so that they look like the files, most of their eight-byte runs do occur there,
//! and they themselves do not. One in ten is short (6 to 14 bytes), the others have 15 to 64. None
//! begins with a zero byte: Vectorscan takes such a literal for an empty one.

use anyhow::{Result, bail, ensure};
use pellucid_benches::generate::{hex, is_telling};
use pellucid_benches::random::Random;

use crate::text::Text;

const HIT_EVERY: usize = 50;
const CHANGE_EVERY: usize = 12;

/// Draws before a program counts as too uniform to cut from.
const DRAWS: usize = 64;

/// The literals; their numbers are their names.
#[derive(Debug)]
pub(crate) struct Literals(pub(crate) Vec<Vec<u8>>);

impl Literals {
    /// Cuts `count` different ones, the same ones for the same files and seed. A smaller count gives
    /// other literals than a greater one.
    pub(crate) fn cut(text: &Text, count: usize, seed: u64) -> Result<Self> {
        let is_program = |bytes: &&[u8]| bytes.starts_with(b"MZ") || bytes.starts_with(b"\x7fELF");
        let donors = text.files.iter().map(|file| file.bytes.as_slice());
        let donors: Vec<&[u8]> = donors.filter(is_program).collect();
        ensure!(!donors.is_empty(), "there is no program among the files");
        let mut random = Random::for_item(seed, count as u64);
        let (mut literals, mut known) = (Vec::new(), std::collections::HashSet::new());
        let mut fruitless = 0;
        while literals.len() < count {
            let donor = random.pick(&donors).copied().unwrap_or_default();
            let hits = literals.len().is_multiple_of(HIT_EVERY);
            let cut = cut_one(donor, hits, &mut random).filter(|cut| known.insert(cut.clone()));
            fruitless = if cut.is_none() { fruitless + 1 } else { 0 };
            literals.extend(cut);
            if fruitless > 1000 {
                bail!("the programs are too uniform to cut {count} different literals from");
            }
        }
        Ok(Self(literals))
    }

    /// The same as an .ndb database; names are numbers behind a letter.
    pub(crate) fn ndb(&self) -> String {
        let line =
            |(number, literal): (usize, &Vec<u8>)| format!("L{number}:0:*:{}\n", hex(literal));
        self.0.iter().enumerate().map(line).collect()
    }

    /// The number behind a name of [`Self::ndb`].
    pub(crate) fn number(name: &str) -> Option<u32> {
        name.strip_prefix('L')?.parse().ok()
    }
}

fn cut_one(bytes: &[u8], hits: bool, random: &mut Random) -> Option<Vec<u8>> {
    let length = if random.percent(10) { random.between(6, 14) } else { random.between(15, 64) };
    let last = bytes.len().checked_sub(length)?;
    let mut literal = (0..DRAWS).find_map(|_| {
        let window = bytes.get(random.between(0, last)..)?.get(..length)?;
        (is_telling(window) && window.first() != Some(&0)).then(|| window.to_vec())
    })?;
    if !hits {
        for step in literal.chunks_mut(CHANGE_EVERY) {
            let at = random.below(step.len());
            // Never to zero: the byte may be the first.
            step.iter_mut().skip(at).take(1).for_each(|byte| *byte = byte.wrapping_add(128).max(1));
        }
    }
    Some(literal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pellucid_benches::corpus::Corpus;
    use pellucid_benches::synthetic::program_text;

    #[test]
    fn literals_are_different_and_some_occur() {
        let folder = tempfile::tempdir().unwrap();
        let mut program = b"MZ".to_vec();
        program.extend(program_text(200_000, 5));
        std::fs::write(folder.path().join("a"), &program).unwrap();
        let text = Text::read(&Corpus::open(folder.path()).unwrap(), 1 << 20).unwrap();
        let Literals(literals) = Literals::cut(&text, 200, 1).unwrap();
        let occurs = |literal: &Vec<u8>| program.windows(literal.len()).any(|w| w == literal);
        assert!(literals.iter().step_by(HIT_EVERY).all(occurs));
        assert!(literals.iter().filter(|literal| occurs(literal)).count() < 30);
        assert!(
            literals.iter().all(|literal| literal[0] != 0 && (6..=64).contains(&literal.len()))
        );
        assert_eq!(literals, Literals::cut(&text, 200, 1).unwrap().0);
        assert_eq!(Literals::number("L17"), Some(17));
    }
}
