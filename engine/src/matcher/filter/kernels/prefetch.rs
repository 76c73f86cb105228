//! Asking the processor to fetch what will be read soon. That changes nothing but the time it takes;
//! where Rust has no name for it, nothing is asked.

#![allow(unsafe_code)] // one of the three rooms; each block says why it is sound

#[cfg(all(target_arch = "x86_64", not(miri)))]
use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

/// Text is fetched so many bytes ahead of the probes: processors fetch ahead by themselves, but not
/// beyond a page.
const AHEAD: usize = 4096;

/// One item of a slice.
#[inline]
pub(in super::super) fn item<T>(items: &[T], index: usize) {
    if let Some(item) = items.get(index) {
        line(std::ptr::from_ref(item).cast());
    }
}

/// What stands [`AHEAD`] of some text, if anything does.
#[inline]
pub(super) fn ahead(text: &[u8]) {
    line(text.as_ptr().wrapping_add(AHEAD));
}

#[inline]
fn line(address: *const u8) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: fetching reads nothing that the program sees, and fails at no address.
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = address;
}
