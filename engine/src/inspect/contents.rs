//! What is in the sections: entropy and digests.
//!
//! Sections of a sound program do not overlap, so reading them all is reading the file once. Where
//! they do overlap, reading stops after as many bytes as the file has twice over: a small file with
//! thousands of sections that each span it would cost hours.

use md5::Md5;
use sha2::{Digest, Sha256};

use super::facts::{Digests, Section, SectionFacts};
use super::ledger::Ledger;
use super::record::slice;
use crate::limits::{Limit, Stop};

/// Bytes between two looks at the clock.
const STEP: usize = 1 << 20;

/// Reads each section, as far as the budget allows.
pub(super) fn read_sections(
    data: &[u8],
    sections: impl Iterator<Item = Section>,
    ledger: &mut Ledger<'_>,
) -> Vec<SectionFacts> {
    let mut left = data.len().saturating_mul(2);
    let mut read = Vec::new();
    for section in sections {
        if !ledger.admits(read.len(), "sections") {
            break;
        }
        read.push(read_section(data, section, &mut left, ledger));
    }
    read
}

fn read_section(
    data: &[u8],
    section: Section,
    left: &mut usize,
    ledger: &mut Ledger<'_>,
) -> SectionFacts {
    let bytes = slice(data, &section.raw);
    let read = match left.checked_sub(bytes.len()) {
        Some(rest) => {
            *left = rest;
            read_bytes(bytes, ledger)
        }
        None => {
            let words = "sections overlap; not all of them were digested".to_owned();
            ledger.cut(Stop::Limit(Limit::Facts), words);
            None
        }
    };
    let (entropy, digests) = read.unzip();
    SectionFacts { section, entropy, digests }
}

/// Entropy and digests of `bytes`; none when the time was over before the end.
fn read_bytes(bytes: &[u8], ledger: &mut Ledger<'_>) -> Option<(f64, Digests)> {
    let (mut md5, mut sha256) = (Md5::new(), Sha256::new());
    let mut counts = [0_u64; 256];
    for step in bytes.chunks(STEP) {
        if !ledger.check("section digests") {
            return None;
        }
        md5.update(step);
        sha256.update(step);
        count(step, &mut counts);
    }
    let digests = Digests { md5: md5.finalize().into(), sha256: sha256.finalize().into() };
    Some((entropy(&counts), digests))
}

fn count(bytes: &[u8], counts: &mut [u64; 256]) {
    for &byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count = count.saturating_add(1);
        }
    }
}

/// Shannon's entropy of bytes that occur so often, in bits for each byte.
fn entropy(counts: &[u64; 256]) -> f64 {
    let total = counts.iter().sum::<u64>() as f64;
    let bits: f64 = counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| count as f64 / total)
        .map(|share| -share * share.log2())
        .sum();
    bits.abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entropy_of(bytes: &[u8]) -> f64 {
        let mut counts = [0; 256];
        count(bytes, &mut counts);
        entropy(&counts)
    }

    #[test]
    fn entropy_runs_from_nothing_to_eight_bits() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(entropy_of(b""), 0.0);
        assert_eq!(entropy_of(b"aaaa"), 0.0);
        assert_eq!(entropy_of(b"abab"), 1.0);
        assert_eq!(entropy_of(&all), 8.0);
    }
}
