//! Data of installers and compiled scripts behind a program: the checks behind their magic numbers.
//!
//! InstallShield by the way its self-extracting programs lie on disk (two kinds: a plain list, and one
//! whose files are scrambled); AutoIt by the mark of its compiled scripts, versions 3.2 and later.

use super::fields::{from, part, u16_le, up_to};

/// What stands in front of a scrambled list.
pub(super) const INSTALLSHIELD: &[u8] = b"InstallShield\0";
/// The identifier in front of each compiled script of AutoIt.
pub(super) const AUTOIT: &[u8] =
    b"\xa3\x48\x4b\xbe\x98\x6c\x4a\xa9\x99\x4c\x53\x0a\x86\xd6\x48\x7dAU3!EA0";

/// The longest text of a plain list.
const TEXT_MOST: usize = 260;

/// Whether a list with scrambled files begins here: a number of files, zeros, and a first name.
pub(super) fn is_installshield_list(data: &[u8]) -> bool {
    let has_count = matches!(u16_le(data, 14), Some(1..=4096));
    let first = part(data, 46, 4);
    data.starts_with(INSTALLSHIELD)
        && has_count
        && first.is_some_and(|name| name.first().is_some_and(u8::is_ascii_graphic))
        && part(data, 46, 312).is_some()
}

/// Whether a plain list begins here: name, path with that name, version and size as texts.
pub(super) fn is_installshield_plain(data: &[u8]) -> bool {
    let mut texts = up_to(data, TEXT_MOST.saturating_mul(4)).split(|&byte| byte == 0);
    let (name, path) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
    let (version, size) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
    let is_version = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let is_name = !name.is_empty() && name.iter().all(|byte| (b' '..=b'~').contains(byte));
    let has_dot = version.contains(&b'.') && version.iter().all(is_version);
    let has_size = !size.is_empty() && size.len() <= 10 && size.iter().all(u8::is_ascii_digit);
    is_name && path.ends_with(name) && has_dot && has_size
}

/// Whether a compiled script of AutoIt begins here.
pub(super) fn is_autoit(data: &[u8]) -> bool {
    data.starts_with(AUTOIT) && matches!(from(data, AUTOIT.len()).first(), Some(b'5' | b'6'))
}
