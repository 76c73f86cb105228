//! Results and facts as JSON: the one form that the command, the C library and their users share.
//!
//! The names and their meaning are a promise to those who parse them: new keys may be added, none is
//! taken away or changes its meaning.

mod facts;
mod report;

use std::path::Path;

pub use facts::{facts, program};
pub use report::{FileRecord, SetRecord};

/// Bytes as hexadecimal digits: `[0x61, 0xff]` as `61ff`.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every byte of a path that is no UTF-8, in hexadecimal, so that machine-readable output loses none.
pub fn path_if_lossy(path: &Path) -> Option<String> {
    path.to_str().is_none().then(|| hexadecimal(path.as_os_str().as_encoded_bytes()))
}
