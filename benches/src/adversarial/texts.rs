//! Texts that a search likes least, made of the signatures that it searches for.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use pellucid_benches::corpus::Corpus;

/// Of the programs, pieces of this size are taken evenly from all of them: what the first ones cost is
/// not what programs cost.
const PIECE: usize = 64 << 10;
/// Bytes of a pattern that a search may go by without looking at the rest.
const WINDOW: usize = 16;

/// What to fill a file with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text {
    Programs,
    Zeros,
    OneByte,
    DeBruijn,
    Source,
    NearlyPatterns,
    Windows,
    OneWindow,
    Conjunctions,
    ConjunctionsOver,
    Patterns,
}

impl Text {
    pub(crate) const ALL: [Text; 11] = [
        Text::Programs,
        Text::Zeros,
        Text::OneByte,
        Text::DeBruijn,
        Text::Source,
        Text::NearlyPatterns,
        Text::Windows,
        Text::OneWindow,
        Text::Conjunctions,
        Text::ConjunctionsOver,
        Text::Patterns,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Text::Programs => "programs",
            Text::Zeros => "zeros",
            Text::OneByte => "one byte",
            Text::DeBruijn => "every three bytes once (de Bruijn)",
            Text::Source => "the signatures' source",
            Text::NearlyPatterns => "all patterns, each spoilt at its end",
            Text::Windows => "pieces of 16 bytes of all patterns",
            Text::OneWindow => "one piece again and again",
            Text::Conjunctions => "all logical signatures but for one part",
            Text::ConjunctionsOver => "the same, 100 bytes of programs between each",
            Text::Patterns => "all patterns as they are",
        }
    }
}

/// What texts are made of.
pub(crate) struct Material {
    programs: Vec<u8>,
    source: Vec<u8>,
    /// The longest fixed run of each pattern.
    patterns: Vec<Vec<u8>>,
    /// Of each logical signature of several parts: theirs.
    conjunctions: Vec<Vec<Vec<u8>>>,
}

impl Material {
    pub(crate) fn read(corpus: &Corpus, signatures: &[PathBuf]) -> Result<Self> {
        let mut programs = Vec::new();
        for donor in corpus.donors()? {
            programs.extend(std::fs::read(donor)?);
        }
        let mut material =
            Self { programs, source: Vec::new(), patterns: Vec::new(), conjunctions: Vec::new() };
        for path in signatures {
            let text = std::fs::read(path).with_context(|| path.display().to_string())?;
            material.add(path, &text);
            material.source.extend(text);
        }
        ensure!(!material.patterns.is_empty(), "there is no pattern in the signatures");
        Ok(material)
    }

    fn add(&mut self, path: &Path, text: &[u8]) {
        let is_logical = path.extension().is_some_and(|extension| extension == "ldb");
        for line in String::from_utf8_lossy(text).lines() {
            if is_logical {
                let parts: Vec<Vec<u8>> = line.split(';').skip(3).map(longest_run).collect();
                self.patterns.extend(parts.iter().cloned());
                self.conjunctions.extend((parts.len() > 1).then_some(parts));
            } else {
                self.patterns.extend(line.split(':').nth(3).map(longest_run));
            }
        }
    }

    /// That text, so many bytes of it, and whether everything that it is made of is in it.
    pub(crate) fn text(&self, text: Text, size: usize) -> (Vec<u8>, bool) {
        let patterns = || self.patterns.iter().map(Vec::as_slice);
        match text {
            Text::Programs => {
                let every = (self.programs.len() / size.max(1)).max(1);
                cycle(self.programs.chunks(PIECE).step_by(every), size)
            }
            Text::Zeros => (vec![0; size], true),
            Text::OneByte => (vec![b'A'; size], true),
            Text::DeBruijn => cycle([de_bruijn().as_slice()], size),
            Text::Source => cycle([self.source.as_slice()], size),
            Text::NearlyPatterns => {
                let spoilt: Vec<Vec<u8>> = patterns().map(spoilt).collect();
                cycle(spoilt.iter().map(Vec::as_slice), size)
            }
            Text::Windows => cycle(patterns().map(|pattern| head(pattern, WINDOW)), size),
            Text::OneWindow => cycle(patterns().take(1).map(|pattern| head(pattern, WINDOW)), size),
            Text::Conjunctions => cycle(self.parts_but_one(&[]).iter().map(Vec::as_slice), size),
            Text::ConjunctionsOver => {
                let between = head(&self.programs, 100);
                cycle(self.parts_but_one(between).iter().map(Vec::as_slice), size)
            }
            Text::Patterns => cycle(patterns(), size),
        }
    }

    /// The parts of every conjunction, one of them spoilt: the first in one, the second in the next.
    fn parts_but_one(&self, between: &[u8]) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        for (number, parts) in self.conjunctions.iter().enumerate() {
            for (part, bytes) in parts.iter().enumerate() {
                let is_left_out = part == number % parts.len();
                all.push(if is_left_out { spoilt(bytes) } else { bytes.clone() });
            }
            all.push(between.to_vec());
        }
        all
    }
}

fn head(bytes: &[u8], most: usize) -> &[u8] {
    bytes.get(..most).unwrap_or(bytes)
}

fn spoilt(pattern: &[u8]) -> Vec<u8> {
    let mut pattern = pattern.to_vec();
    pattern.iter_mut().next_back().into_iter().for_each(|last| *last ^= 0x55);
    pattern
}

/// Pieces one behind the other, from the first again at the end; and whether all are there.
fn cycle<'p>(
    pieces: impl IntoIterator<Item = &'p [u8], IntoIter: Clone>,
    size: usize,
) -> (Vec<u8>, bool) {
    let mut text = Vec::with_capacity(size);
    let pieces = pieces.into_iter();
    let whole: usize = pieces.clone().map(<[u8]>::len).sum();
    for piece in pieces.cycle() {
        if text.len() >= size {
            break;
        }
        text.extend_from_slice(piece);
    }
    text.truncate(size);
    (text, whole <= size)
}

/// The longest run of fixed bytes of a pattern in ClamAV's hexadecimal form.
fn longest_run(pattern: &str) -> Vec<u8> {
    let body = pattern.split("::").next().unwrap_or_default();
    let body = body.rsplit(':').next().unwrap_or_default();
    let runs = body.split(|digit: char| !digit.is_ascii_hexdigit());
    let run = runs.max_by_key(|run| run.len()).unwrap_or_default();
    let (pairs, _) = run.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.iter().filter_map(byte).collect()
}

/// Every run of three bytes once: 16 MiB, made of Lyndon words in their order.
fn de_bruijn() -> Vec<u8> {
    let mut text = Vec::with_capacity(1 << 24);
    for a in 0..=255_u8 {
        text.push(a);
        for b in a..=255 {
            for c in (a..=255).skip(1) {
                text.extend([a, b, c]);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_the_longest_ones() {
        assert_eq!(longest_run("6162??636465{5}66"), b"cde");
        assert_eq!(longest_run("EP+0,4:616263::iw"), b"abc");
        assert_eq!(longest_run("*"), b"");
    }

    #[test]
    fn every_three_bytes_occur_once() {
        let text = de_bruijn();
        assert_eq!(text.len(), 1 << 24);
        let mut seen = vec![false; 1 << 24];
        let ring = text.iter().chain(text.iter().take(2));
        let bytes: Vec<u8> = ring.copied().collect();
        for window in bytes.windows(3) {
            let number = window.iter().fold(0, |all, &byte| all << 8 | usize::from(byte));
            assert!(!std::mem::replace(&mut seen[number], true), "{window:?}");
        }
    }

    #[test]
    fn texts_have_their_size() {
        let pieces = [b"abc".as_slice(), b"d"];
        assert_eq!(cycle(pieces, 6), (b"abcdab".to_vec(), true));
        assert_eq!(cycle(pieces, 2), (b"ab".to_vec(), false));
    }
}
