//! Data of installers and compiled scripts behind a program: the checks behind their magic numbers.
//!
//! InstallShield by the way its self-extracting programs lie on disk (two kinds: a plain list, and one
//! whose files are scrambled); AutoIt by the mark of its compiled scripts, versions 3.2 and later;
//! Inno Setup by the text in front of its data; PyInstaller by the cookie at the end of its archive; Electron's archives by their four lengths.

use super::fields::{from, has, part, u16_le, u32_be, u32_le, up_to};

/// What stands in front of a scrambled list.
pub(super) const INSTALLSHIELD: &[u8] = b"InstallShield\0";
/// The identifier in front of each compiled script of AutoIt.
pub(super) const AUTOIT: &[u8] =
    b"\xa3\x48\x4b\xbe\x98\x6c\x4a\xa9\x99\x4c\x53\x0a\x86\xd6\x48\x7dAU3!EA0";

/// What stands at the end of what PyInstaller appends.
pub(crate) const PYINSTALLER_COOKIE: &[u8] = b"MEI\x0c\x0b\x0a\x0b\x0e";
/// The lengths of the cookie since release 2.1 (with the name of Python's library) and before.
const COOKIES: [usize; 2] = [88, 24];

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

/// Whether the version is one of InstallShield's, and the header all there.
pub(super) fn is_installshield_cab(data: &[u8]) -> bool {
    matches!(u32_le(data, 4).map(|version| version >> 24), Some(1 | 2 | 4))
        && part(data, 0, 36).is_some()
}

/// Whether a compiled script of AutoIt begins here.
pub(super) fn is_autoit(data: &[u8]) -> bool {
    data.starts_with(AUTOIT) && matches!(from(data, AUTOIT.len()).first(), Some(b'5' | b'6'))
}

/// Where PyInstaller's archive begins whose cookie stands at `cookie`: its length, the place and length of
/// its list, and the first entry's have to agree.
pub(crate) fn pyinstaller_start(data: &[u8], cookie: usize) -> Option<usize> {
    let field = |at: usize| usize::try_from(u32_be(data, cookie.checked_add(at)?)?).ok();
    let (length, list, list_length) = (field(8)?, field(12)?, field(16)?);
    COOKIES.iter().find_map(|size| {
        let start = cookie.checked_add(*size)?.checked_sub(length)?;
        let list = start.checked_add(list)?;
        let entry = usize::try_from(u32_be(data, list)?).ok()?;
        let ends = list.checked_add(list_length)?;
        (ends <= cookie && (18..=list_length).contains(&entry)).then_some(start)
    })
}

/// What stands in front of Inno Setup's own data, with the version behind it.
pub(super) const INNO: &[u8] = b"Inno Setup Setup Data (";

/// Whether the data of an Inno Setup installer begin here: a version in brackets, then zeros up to 64.
pub(super) fn is_inno(data: &[u8]) -> bool {
    let version = part(data, 0, 64).and_then(|mark| mark.strip_prefix(INNO));
    let is_version = |version: &[u8]| {
        let zeros = version.iter().rev().take_while(|&&byte| byte == 0).count();
        version.first().is_some_and(u8::is_ascii_digit) && version.contains(&b')') && zeros > 0
    };
    // The program that installs has the same text in front of another.
    version.is_some_and(is_version) && !has(data, 64, b"Inno Setup")
}

/// Whether lengths in each other lead to the JSON of an Electron archive.
pub(super) fn is_asar(data: &[u8]) -> bool {
    let fields = || {
        let (header, list, json) = (u32_le(data, 4)?, u32_le(data, 8)?, u32_le(data, 12)?);
        Some(header.checked_sub(4)? == list && json <= list.checked_sub(4)?)
    };
    fields().unwrap_or(false) && has(data, 16, b"{")
}
