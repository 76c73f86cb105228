//! The opening end of path 3: from bytes that nobody vouches for to a usable signature set.
//!
//! Three types stand for the three states, and each is made from the one before in one place:
//! [`Unverified`] -> [`Verified`] (`verify.rs`) -> [`SignatureSet`] (`open.rs`). `layout.rs` is the
//! one definition of the file format; the writer uses it, too.

mod error;
pub mod layout;
mod open;
pub mod tree;
mod verify;

pub use error::{SetError, SetErrorKind};
pub use open::{About, Counts, SignatureSet};
pub use verify::{Unverified, Verified};

#[cfg(feature = "yara")]
pub(crate) use open::Origin;
pub(crate) use open::slice_of;
