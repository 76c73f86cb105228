//! What the benchmarks share.
//!
//! What they work on, made by code and the same everywhere, from a seed alone: [`random`] the source of
//! all choices; [`synthetic`] text that looks like programs to a matcher; [`generate`] signatures, cut
//! from whatever bytes it is given. Where they work: [`corpus`] the files, [`machine`] the machine.
//! What comes out: [`cost`], [`statistics`], [`chart`].
//!
//! The programs: `compare` (`src/compare/`) whole scans beside other scanners, `search` (`src/search/`)
//! the bare search for patterns beside other libraries, `growth` (`src/growth/`) costs as work grows,
//! `archives` (`src/archives/`) unpacking beside clamscan, `calls` (`src/calls/`) what a call over C adds;
//! and the measurements of parts (`benches/parts/`).

pub mod chart;
pub mod corpus;
pub mod cost;
pub mod generate;
pub mod machine;
pub mod random;
pub mod statistics;
pub mod synthetic;
