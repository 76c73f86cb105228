//! 1 Bytes in: paths, descriptors, memory, readers.
//!
//! The one place that opens and maps files. [`Content`] is what everything behind it works on: bytes
//! that are borrowed from the caller, held in memory, or mapped.

mod content;

pub use content::Content;
