//! The opening end of path 3: from bytes that nobody vouches for to a usable signature set.
//!
//! Three types stand for the three states, and each is made from the one before in one place:
//! [`Unverified`] -> [`Verified`] (`verify.rs`) -> [`SignatureSet`] (`open.rs`). `layout.rs` is the
//! one definition of the file format; the writer uses it, too. What is large is not looked at before it
//! is used: `chunks.rs` compares it with the hash tree then, and what it says is checked where it is
//! read.

mod certificates;
mod chunks;
mod error;
mod hash_table;
pub mod layout;
mod logicals;
mod metadata;
pub mod names;
mod open;
mod patterns;
mod rows;
mod signatures;
pub mod tree;
mod verify;

pub use error::{SetError, SetErrorKind};
pub use open::{About, Counts, SignatureSet};
pub use verify::{Unverified, Verified};

pub(crate) use chunks::Damaged;
pub(crate) use hash_table::HashTable;
#[cfg(feature = "yara")]
pub(crate) use open::Origin;
pub(crate) use open::slice_of;
pub(crate) use patterns::PatternRows;
pub(crate) use rows::Rows;
