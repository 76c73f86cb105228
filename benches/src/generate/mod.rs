//! Signatures cut from the files under scan, in ClamAV's formats (.hdb and .ndb).
//!
//! Fixed by the seed and the bytes of the files: whoever has the files gets the same signatures. One
//! of `HIT_EVERY` is left as it was cut and must hit; the others are spoilt so that they look like
//! the files but hit none. `body.rs` shapes the patterns, `place.rs` says where they may start;
//! [`yara`] says the same as rules.

mod body;
mod place;
pub mod yara;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use crate::random::Random;
use body::Body;
use place::Place;

/// Signature 0 hits, and then every so many.
const HIT_EVERY: u64 = 50;

/// Draws of a place before a file counts as too uniform to cut from.
const DRAWS: usize = 64;

/// How many signatures are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Lines of the .hdb file.
    pub hashes: u64,
    /// Lines of the .ndb file.
    pub patterns: u64,
    /// Another seed gives other signatures.
    #[serde(default)]
    pub seed: u64,
}

/// A file that signatures are cut from.
#[derive(Clone, Debug, Default)]
pub struct Donor {
    /// Its content.
    pub bytes: Vec<u8>,
    /// What kind of program it is, if one.
    pub program: Option<Program>,
}

/// What signatures may ask about a program.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// ClamAV's number of the target: 1 PE, 6 ELF.
    pub target: u8,
    /// Where it starts, as an offset in the file.
    pub entry_point: Option<usize>,
}

/// The text of both databases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Databases {
    /// Whole-file digests.
    pub hdb: String,
    /// Byte patterns.
    pub ndb: String,
}

/// Makes the signatures. `read` gives donor number 0 to `donors - 1`; each is asked for at most once.
pub fn generate(
    wanted: Wanted,
    donors: usize,
    mut read: impl FnMut(usize) -> io::Result<Donor>,
) -> io::Result<Databases> {
    let (mut lines, mut hashed) = (Vec::new(), HashSet::new());
    for orders in plan(wanted, donors).chunk_by(|a, b| a.donor == b.donor) {
        let Some(first) = orders.first() else { continue };
        let donor = read(first.donor)?;
        lines.extend(orders.iter().map(|order| order.fill(wanted.seed, &donor, &mut hashed)));
    }
    Ok(databases(lines))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Hash,
    Pattern,
}

/// One signature to be cut from a donor.
struct Order {
    kind: Kind,
    index: u64,
    donor: usize,
}

/// One finished signature.
struct Line {
    kind: Kind,
    index: u64,
    text: String,
}

/// Who gives what, sorted by donor.
fn plan(wanted: Wanted, donors: usize) -> Vec<Order> {
    let mut orders = Vec::new();
    for (kind, count) in [(Kind::Hash, wanted.hashes), (Kind::Pattern, wanted.patterns)] {
        for index in (0..count).filter(|_| donors > 0) {
            let donor = random_for(wanted.seed, kind, index).below(donors);
            orders.push(Order { kind, index, donor });
        }
    }
    orders.sort_by_key(|order| order.donor);
    orders
}

fn databases(mut lines: Vec<Line>) -> Databases {
    lines.sort_unstable_by_key(|line| (line.kind, line.index));
    let mut databases = Databases::default();
    for line in lines {
        let text = match line.kind {
            Kind::Hash => &mut databases.hdb,
            Kind::Pattern => &mut databases.ndb,
        };
        text.push_str(&line.text);
        text.push('\n');
    }
    databases
}

fn random_for(seed: u64, kind: Kind, index: u64) -> Random {
    let seed = seed.wrapping_add(match kind {
        Kind::Hash => 1 << 32,
        Kind::Pattern => 2 << 32,
    });
    Random::for_item(seed, index)
}

impl Order {
    fn fill(&self, seed: u64, donor: &Donor, hashed: &mut HashSet<[u8; 16]>) -> Line {
        let mut random = random_for(seed, self.kind, self.index);
        random.next_u64(); // the draw that chose the donor
        let hits = self.index.is_multiple_of(HIT_EVERY);
        let text = match self.kind {
            Kind::Hash => hash_line(self.index, hits, donor, hashed, &mut random),
            Kind::Pattern => pattern_line(self.index, hits, donor, &mut random),
        };
        Line { kind: self.kind, index: self.index, text }
    }
}

/// `digest:size:name`. Those that miss have sizes like those of files, so that they cost what real
/// ones cost; one in four of them even has the size of a file that is there. Of several names for one
/// digest clamscan tells one, so that only the first signature for a content is left to hit.
fn hash_line(
    index: u64,
    hits: bool,
    donor: &Donor,
    hashed: &mut HashSet<[u8; 16]>,
    random: &mut Random,
) -> String {
    let digest = hits.then(|| Md5::digest(&donor.bytes).into());
    if let Some(digest) = digest.filter(|&digest| hashed.insert(digest)) {
        return format!("{}:{}:Bench.Hash.{index}", hex(&digest), donor.bytes.len());
    }
    let mut digest = [0; 16];
    digest.iter_mut().for_each(|byte| *byte = random.byte());
    let size = match random.percent(25) {
        true => donor.bytes.len(),
        false => (1 << random.between(9, 22)) + random.below(1 << 9),
    };
    format!("{}:{size}:Bench.Hash.{index}", hex(&digest))
}

/// `name:target:offset:body`.
fn pattern_line(index: u64, hits: bool, donor: &Donor, random: &mut Random) -> String {
    let place = Place::draw(donor, random);
    let length = body::window(random);
    let cut = (0..DRAWS).find_map(|_| {
        let at = place.cut_at(donor, length, random)?;
        let window = donor.bytes.get(at..at.checked_add(length)?)?;
        is_telling(window).then(|| (at, window.to_vec()))
    });
    let at = cut.as_ref().map_or(0, |(at, _)| *at);
    let mut window = cut.map_or_else(|| (0..length).map(|_| random.byte()).collect(), |(_, w)| w);
    if !hits {
        spoil(&mut window, random);
    }
    let (target, offset) = place.fields(donor, at, random);
    format!("Bench.Pattern.{index}:{target}:{offset}:{}", Body::draw(&window, random))
}

/// Whether a run of bytes is unlike filling, which no author would take and which is everywhere.
pub fn is_telling(window: &[u8]) -> bool {
    let mut seen = [0_usize; 256];
    for &byte in window {
        if let Some(count) = seen.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let distinct = seen.iter().filter(|&&count| count > 0).count();
    let most = seen.into_iter().max().unwrap_or(0);
    distinct >= window.len().min(24) / 2 && most <= window.len() / 3
}

/// Changes one byte in every eight, and all of the first three, which no shape replaces by a wildcard.
fn spoil(window: &mut [u8], random: &mut Random) {
    for step in window.chunks_mut(8) {
        let at = random.below(step.len());
        step.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= random.byte() | 1);
    }
    window.iter_mut().take(3).for_each(|byte| *byte ^= random.byte() | 2);
}

/// Bytes as two digits each.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::program_text;

    const WANTED: Wanted = Wanted { hashes: 120, patterns: 500, seed: 9 };

    fn donor(number: usize) -> io::Result<Donor> {
        let program = Some(Program { target: 1, entry_point: Some(5000) });
        Ok(Donor { bytes: program_text(60_000, number as u64), program })
    }

    #[test]
    fn the_same_files_give_the_same_signatures() {
        let first = generate(WANTED, 5, donor).unwrap();
        assert_eq!(first, generate(WANTED, 5, donor).unwrap());
        assert_eq!((first.hdb.lines().count(), first.ndb.lines().count()), (120, 500));
        let other = generate(Wanted { seed: 10, ..WANTED }, 5, donor).unwrap();
        assert_ne!(first, other);
    }

    #[test]
    fn some_hashes_are_those_of_files_and_each_file_has_one() {
        let digests: Vec<_> = (0..5).map(|n| hex(&Md5::digest(donor(n).unwrap().bytes))).collect();
        let databases = generate(WANTED, 5, donor).unwrap();
        let of_file = |line: &str| digests.iter().position(|digest| line.starts_with(digest));
        let hits: Vec<_> = databases.hdb.lines().filter_map(of_file).collect();
        assert!(!hits.is_empty() && hits.len() <= 3, "at most every fiftieth of 120");
        assert_eq!(hits.iter().collect::<HashSet<_>>().len(), hits.len());
    }

    #[test]
    fn every_kind_of_pattern_and_place_occurs() {
        let ndb = generate(WANTED, 5, donor).unwrap().ndb;
        let fields: Vec<Vec<_>> = ndb.lines().map(|line| line.split(':').collect()).collect();
        assert!(fields.iter().all(|fields| fields.len() == 4));
        let occurs = |field: usize, what: &str| fields.iter().any(|f| f[field].contains(what));
        for what in ["?", "*", "{", "-", "(", "|"] {
            assert!(occurs(3, what), "no body has {what}");
        }
        for what in ["*", "EP+", "EOF-", ","] {
            assert!(occurs(2, what), "no offset has {what}");
        }
        assert!(fields.iter().any(|fields| fields[2].bytes().all(|b| b.is_ascii_digit())));
    }

    #[test]
    fn no_files_give_no_signatures() {
        let databases = generate(WANTED, 0, |_| unreachable!("there is none")).unwrap();
        assert_eq!(databases, Databases::default());
    }
}
