//! What the benchmarks work on, made by code: the same everywhere, from a seed alone.
//!
//! [`random`] the source of all choices; [`synthetic`] text that looks like programs to a matcher;
//! [`generate`] signatures, cut from whatever bytes it is given. The program `compare` (`main.rs`) and
//! the measurements of parts (`benches/parts/`) both stand on these. [`cost`] is what `compare` and
//! the small program that it measures with tell each other.

pub mod cost;
pub mod generate;
pub mod random;
pub mod synthetic;
