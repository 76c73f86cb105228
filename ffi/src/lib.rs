//! The C interface: opaque handles, numbered codes, borrowed strings; no logic of its own.
//!
//! `include/pellucid.h` is generated from this crate and is the promise to C; its first page holds the
//! rules for every caller: pointers, ownership, threads, versions. Here is how they are kept:
//!
//! - **Handles** cross as `Option<&T>` in and `Option<&mut MaybeUninit<*mut T>>` out. So NULL is a
//!   value like any other, and an entry that takes nothing else is safe Rust.
//! - **Records** (structs that both sides see) begin with their size and cross as raw pointers, since
//!   the caller's may be shorter or longer than ours: `record`.
//! - **Panics** end at the entry: `boundary` turns them into a status.
//! - **Outputs** are written last, after everything that can fail.
//! - **Numbers** never change their meaning: [`status`], [`verdict`] and [`reason`] are the only places
//!   that hand them out, and their tests pin each.
//!
//! In the order of use: [`set`], [`engine`]; [`options`] with [`callbacks`]; [`scan`] with [`reader`],
//! and [`stream`]; [`result`] with [`program`]; [`error`].
//!
//! What it trusts: that a pointer that is not NULL is what the header asks for. C cannot be asked.

#![allow(unsafe_code, reason = "one of the three rooms: pointers from C have to be followed here")]
#![allow(
    clippy::missing_safety_doc,
    reason = "the doc comments become the C header, whose first page holds the contract for all"
)]

#[cfg(panic = "abort")]
compile_error!("build with panic = \"unwind\": a panic has to become a status, not the host's end");

mod boundary;
mod record;

pub mod callbacks;
pub mod engine;
pub mod error;
pub mod options;
pub mod program;
pub mod reader;
pub mod reason;
pub mod result;
pub mod scan;
pub mod set;
pub mod status;
pub mod stream;
pub mod text;
pub mod verdict;
