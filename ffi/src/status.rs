//! The codes that every call returns. A number never changes its meaning and is never used again.

use std::ffi::{CStr, c_char};

use crate::text::name_of;

/// The call did what it says. It says nothing about what a scan found: ask the result.
pub const PELLUCID_OK: i32 = 0;
/// An argument cannot be: NULL where something is needed, a wrong `struct_size`, an empty path.
pub const PELLUCID_INVALID_ARGUMENT: i32 = 1;
/// An index is not below its count.
pub const PELLUCID_OUT_OF_RANGE: i32 = 2;
/// This library cannot do what is asked: an option or flag of a newer header, or a part that it was
/// built without.
pub const PELLUCID_UNSUPPORTED: i32 = 3;
/// A defect of the library, stopped at its border. The handles stay usable.
pub const PELLUCID_INTERNAL: i32 = 4;
/// The operating system refused.
pub const PELLUCID_SYSTEM: i32 = 5;
/// What was asked for is not there: facts about something that is no program, or that the scan was not
/// asked to keep.
pub const PELLUCID_ABSENT: i32 = 6;
/// The set's file cannot be opened or read.
pub const PELLUCID_SET_UNREADABLE: i32 = 10;
/// The file is not a signature set.
pub const PELLUCID_SET_FOREIGN: i32 = 11;
/// The set has a format version that this library does not read.
pub const PELLUCID_SET_VERSION: i32 = 12;
/// The set ends too early.
pub const PELLUCID_SET_TRUNCATED: i32 = 13;
/// The set's bytes are not those that its hashes vouch for.
pub const PELLUCID_SET_DAMAGED: i32 = 14;
/// The set is whole, but its content contradicts the format.
pub const PELLUCID_SET_INVALID: i32 = 15;
/// The engine cannot be built from these sets: none was given, or one does not compile.
pub const PELLUCID_ENGINE: i32 = 20;

const NAMES: &[(i32, &CStr)] = &[
    (PELLUCID_OK, c"ok"),
    (PELLUCID_INVALID_ARGUMENT, c"invalid-argument"),
    (PELLUCID_OUT_OF_RANGE, c"out-of-range"),
    (PELLUCID_UNSUPPORTED, c"unsupported"),
    (PELLUCID_INTERNAL, c"internal"),
    (PELLUCID_SYSTEM, c"system"),
    (PELLUCID_ABSENT, c"absent"),
    (PELLUCID_SET_UNREADABLE, c"set-unreadable"),
    (PELLUCID_SET_FOREIGN, c"set-foreign"),
    (PELLUCID_SET_VERSION, c"set-version"),
    (PELLUCID_SET_TRUNCATED, c"set-truncated"),
    (PELLUCID_SET_DAMAGED, c"set-damaged"),
    (PELLUCID_SET_INVALID, c"set-invalid"),
    (PELLUCID_ENGINE, c"engine"),
];

/// The name of a status code, such as "invalid-argument"; empty for a number that is none.
///
/// Static, ends with a NUL. Any thread; never fails.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_status_name(status: i32) -> *const c_char {
    name_of(NAMES, status).as_ptr()
}

/// The library's version, such as "0.1.0".
///
/// Static, ends with a NUL. Any thread; never fails.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_keep_their_numbers() {
        let published = [
            (0, c"ok"),
            (1, c"invalid-argument"),
            (2, c"out-of-range"),
            (3, c"unsupported"),
            (4, c"internal"),
            (5, c"system"),
            (6, c"absent"),
            (10, c"set-unreadable"),
            (11, c"set-foreign"),
            (12, c"set-version"),
            (13, c"set-truncated"),
            (14, c"set-damaged"),
            (15, c"set-invalid"),
            (20, c"engine"),
        ];
        assert_eq!(NAMES, published);
    }

    #[test]
    fn only_codes_have_names() {
        assert_eq!(name_of(NAMES, PELLUCID_UNSUPPORTED), c"unsupported");
        assert_eq!(name_of(NAMES, i32::MIN), c"");
    }
}
