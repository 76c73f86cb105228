//! Bytes as hexadecimal digits.

use std::path::Path;

/// `[0x61, 0xff]` as `61ff`.
pub(crate) fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every byte of a path that is no UTF-8, so that machine-readable output loses none.
pub(crate) fn path_if_lossy(path: &Path) -> Option<String> {
    path.to_str().is_none().then(|| digits(path.as_os_str().as_encoded_bytes()))
}
