//! Strings as C sees them: borrowed, UTF-8, with their length; names of numbers end with a NUL.

use std::ffi::{CStr, c_char};

use crate::boundary::free_box;

/// Borrowed text: UTF-8, `length` bytes, without a NUL at the end; names that come from scanned files
/// may hold any character, NUL and line ends too. `data` is never NULL. The text lives as long as the
/// object it was asked from.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// The first byte.
    pub data: *const c_char,
    /// How many bytes.
    pub length: usize,
}

impl Text {
    /// The text that C will see, as long as its owner lives.
    pub(crate) fn of(text: &str) -> Self {
        let data = if text.is_empty() { c"".as_ptr() } else { text.as_ptr().cast() };
        Self { data, length: text.len() }
    }

    /// Text that is C's from now on, until pellucid_text_free takes it back.
    pub(crate) fn give_away(text: String) -> Self {
        let length = text.len();
        let data = Box::into_raw(text.into_bytes().into_boxed_slice());
        Self { data: data.cast::<c_char>().cast_const(), length }
    }
}

/// Frees a text of which a function says that it is the caller's; one whose `data` is NULL is nothing.
/// Every other text is borrowed, and not to be handed in here. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_text_free(text: Text) {
    if text.data.is_null() {
        return;
    }
    let bytes = std::ptr::slice_from_raw_parts_mut(text.data.cast_mut().cast::<u8>(), text.length);
    // SAFETY: it came from `Text::give_away` with this length; the header asks for one free.
    unsafe { free_box(bytes) };
}

/// The name of `number` in a table; empty when it is not there.
pub(crate) fn name_of<N: Copy + PartialEq>(
    names: &[(N, &'static CStr)],
    number: N,
) -> &'static CStr {
    names.iter().find(|&&(known, _)| known == number).map_or(c"", |&(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_never_null() {
        assert!(!Text::of("").data.is_null());
        assert_eq!(Text::of("").length, 0);
        assert_eq!(Text::of("héllo").length, 6);
    }
}
