//! Body signatures: every construct of their grammar, at every place where it may stand.

mod anchors;
mod boundaries;
mod differences;
mod edges;
mod elements;
mod gaps;
mod offsets;
mod programs;
mod styles;

use crate::Case;

type Files = &'static [&'static [u8]];

/// A record of an `.ndb`.
const fn ndb(record: &'static str, hits: Files, misses: Files) -> Case {
    Case { format: "ndb", record, hits, misses }
}

/// A record of an `.ldb`.
const fn ldb(record: &'static str, hits: Files, misses: Files) -> Case {
    Case { format: "ldb", record, hits, misses }
}
