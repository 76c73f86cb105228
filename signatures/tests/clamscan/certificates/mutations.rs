//! Signed programs with random changes: we must trust no other ones than ClamAV does.

use super::signer::{
    COUNTERSIGNATURE, NESTED_SIGNATURE, Signing, Stamp, attach, attribute, entry, program,
};
use super::{NEEDLE, People, people, root_trust, trust, with_field};
use crate::trial::{Difference, Found, Trial};

const FILES: usize = 600;

/// Pseudo-random numbers, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) as usize % limit
    }
}

/// Signatures with everything in them that is read.
fn signatures() -> Vec<Vec<u8>> {
    let People { leaf, expired, intermediate, stamper, stamper_root, .. } = people();
    let nested = |_: &[u8]| attribute(NESTED_SIGNATURE, &[0x30, 0]);
    let stamped = |signature: &[u8]| {
        attribute(COUNTERSIGNATURE, &Stamp::new(stamper, "200615120000Z").on(signature))
    };
    let signed = |signer, unsigned| {
        let others = [signer, intermediate, stamper, stamper_root];
        Signing { unsigned, ..Signing::new(program(NEEDLE), signer, &others) }.signed_data()
    };
    vec![signed(leaf, None), signed(leaf, Some(&nested)), signed(expired, Some(&stamped))]
}

/// Changes a byte, takes some away or puts some in.
fn change(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    match random.below(6) {
        0 => bytes[at] = random.below(256) as u8,
        1 => drop(bytes.drain(at..bytes.len().min(at + 1 + random.below(3)))),
        2 => bytes.insert(at, random.below(256) as u8),
        // Tags and lengths are what readers trip over.
        3 => bytes[at] = bytes[at].wrapping_add(1),
        4 => bytes[at] = bytes[at].wrapping_sub(1),
        _ => bytes[at] ^= 1 << random.below(8),
    }
}

#[test]
fn changed_signatures() {
    let mut random = Random(1);
    let mut trial = Trial::default();
    let needle: String = NEEDLE.iter().map(|byte| format!("{byte:02x}")).collect();
    let stamper = with_field(&trust(&people().stamper_root, [0, 1, 1]), 0, "Stamps");
    trial.source("needle.ndb", format!("Needle:0:*:{needle}\n"));
    trial.source("certificates.crb", format!("{}\n{stamper}\n", root_trust()));
    let signatures = signatures();
    for number in 0..FILES {
        let mut signature = signatures[number % signatures.len()].clone();
        change(&mut signature, &mut random);
        trial.file(&format!("{number:04}.exe"), attach(&program(NEEDLE), &entry(&signature)));
    }
    let Difference { missed, more } = trial.difference();
    assert_eq!((missed, more), (Found::new(), Found::new()));
    let trusted = FILES - trial.ours().len();
    assert!(trusted > FILES / 50, "some changes do not matter: {trusted}");
}
