//! Held against ClamAV itself: the same signatures over the same files, searched by `clamscan
//! --allmatch` and by us, must give the same findings.
//!
//! Each family of signatures is a module with tables of [`Case`]s: a record, files that it must hit and
//! files that it must not. A table runs as one [`Trial`], every record over every file, so that each
//! record meets the files of all the others, too. The expectations stand in the table and are held
//! against us even where `clamscan` is not installed (Debian's package `clamav` brings it).
//!
//! A family of its own: add a module, write tables, call [`hold`]. Where a table is too stiff, fill a
//! [`Trial`] by hand. Differences that stay are asserted as differences, and listed in `docs/clamav.md`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

mod bodies;
#[path = "../builtin_samples/build.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod build;
mod certificates;
mod comparisons;
mod databases;
mod exceptions;
mod hashes;
mod logic;
mod macros;
mod mail;
mod metadata;
mod pages;
mod programs;
mod random;
#[path = "../random_bodies/mod.rs"]
mod random_bodies;
mod records;
mod regexes;
mod table;
mod target_blocks;
mod targets;
mod trial;
mod view_files;
mod views;

use table::{Case, hold};
