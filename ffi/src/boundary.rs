//! Where a call from C enters and leaves: panics become a status, failures an error object, and bytes
//! a slice.

use std::any::Any;
use std::ffi::{OsStr, c_char, c_void};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::slice;
use std::sync::Arc;

use crate::error::{Error, Failure};
use crate::status::PELLUCID_OK;

/// Runs an entry that can fail. A failure goes to `error`, where the caller wants it.
pub(crate) fn call(
    error: Option<&mut MaybeUninit<*mut Error>>,
    body: impl FnOnce() -> Result<(), Failure>,
) -> i32 {
    // What a panic may leave half done inside `body` is dropped with it: outputs are written last, and
    // handles are only read.
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return PELLUCID_OK,
        Ok(Err(failure)) => failure,
        Err(panic) => Failure::internal(panic_message(&*panic)),
    };
    let code = failure.code;
    if let Some(slot) = error {
        slot.write(Box::into_raw(Box::new(Error::from(failure))));
    }
    code
}

/// Runs an entry that answers with a value; `otherwise` when there is none to give.
pub(crate) fn value<T>(otherwise: T, body: impl FnOnce() -> Option<T>) -> T {
    catch_unwind(AssertUnwindSafe(body)).ok().flatten().unwrap_or(otherwise)
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without words")
}

/// The handle in an argument that must not be NULL.
pub(crate) fn required<T>(argument: Option<T>, name: &str) -> Result<T, Failure> {
    argument.ok_or_else(|| Failure::argument(format!("{name} is NULL")))
}

/// The bytes at `data`; NULL is allowed where there are none.
///
/// # Safety
/// Unless NULL, `data` has `length` readable bytes that nobody changes during `'a`.
pub(crate) unsafe fn bytes<'a>(
    data: *const c_void,
    length: usize,
    name: &str,
) -> Result<&'a [u8], Failure> {
    if length == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(Failure::argument(format!("{name} is NULL, but its length is {length}")));
    }
    if isize::try_from(length).is_err() {
        return Err(Failure::argument(format!("{name} cannot be {length} bytes long")));
    }
    // SAFETY: `data` is not NULL, bytes need no alignment, `length` fits an isize, and the caller
    // vouches for the bytes.
    Ok(unsafe { slice::from_raw_parts(data.cast::<u8>(), length) })
}

/// The `count` elements at `data`; NULL is allowed where there are none.
///
/// # Safety
/// Unless NULL, `data` has `count` elements that nobody changes during `'a`.
pub(crate) unsafe fn array<'a, T>(
    data: *const T,
    count: usize,
    name: &str,
) -> Result<&'a [T], Failure> {
    if count == 0 {
        return Ok(&[]);
    }
    if data.is_null() || !data.is_aligned() {
        return Err(Failure::argument(format!("{name} is no array, but should have {count}")));
    }
    let length = count.checked_mul(size_of::<T>());
    if length.is_none_or(|length| isize::try_from(length).is_err()) {
        return Err(Failure::argument(format!("there cannot be {count} {name}")));
    }
    // SAFETY: not NULL, aligned, of a length that fits an isize, and the caller vouches for the rest.
    Ok(unsafe { slice::from_raw_parts(data, count) })
}

/// The path at `path`: any bytes but NUL, at least one.
///
/// # Safety
/// As for [`bytes`].
pub(crate) unsafe fn path<'a>(path: *const c_char, length: usize) -> Result<&'a Path, Failure> {
    // SAFETY: the caller vouches for the bytes.
    let bytes = unsafe { bytes(path.cast(), length, "path") }?;
    if bytes.is_empty() {
        return Err(Failure::argument("path is empty"));
    }
    if let Some(at) = bytes.iter().position(|&byte| byte == 0) {
        return Err(Failure::argument(format!(
            "path has a NUL at byte {at}; path_length does not count the NUL at the end"
        )));
    }
    Ok(Path::new(OsStr::from_bytes(bytes)))
}

/// Drops a handle's content; a panic on the way stays here.
fn release(owned: impl Sized) {
    let dropped = catch_unwind(AssertUnwindSafe(move || drop(owned)));
    // There is no status to give it to, and what could be dropped is.
    dropped.unwrap_or_default();
}

/// Takes back what `Box::into_raw` gave out; NULL is nothing.
///
/// # Safety
/// `handle` is NULL or came from `Box::into_raw`, is not used any more, and is freed this once.
pub(crate) unsafe fn free_box<T: ?Sized>(handle: *mut T) {
    if handle.is_null() {
        return;
    }
    // SAFETY: it came from `Box::into_raw` and, by the contract above, has not been taken back before.
    let owned = unsafe { Box::from_raw(handle) };
    release(owned);
}

/// Gives up one of the owners of a shared handle; NULL is nothing.
///
/// # Safety
/// `handle` is NULL or came from `Arc::into_raw`, and the caller owns one count of it.
pub(crate) unsafe fn free_shared<T>(handle: *mut T) {
    if handle.is_null() {
        return;
    }
    // SAFETY: it came from `Arc::into_raw`, and the caller gives up a count that it owns.
    let owned = unsafe { Arc::from_raw(handle.cast_const()) };
    release(owned);
}

/// Makes the caller one more owner of a shared handle; NULL stays NULL.
///
/// # Safety
/// `handle` is NULL or came from `Arc::into_raw`, and an owner of it lives during the call.
pub(crate) unsafe fn retain_shared<T>(handle: *const T) -> *mut T {
    if !handle.is_null() {
        // SAFETY: it came from `Arc::into_raw` of this type, and an owner keeps it alive.
        unsafe { Arc::increment_strong_count(handle) };
    }
    handle.cast_mut()
}

/// A new handle with one owner.
pub(crate) fn share<T>(object: T) -> *mut T {
    Arc::into_raw(Arc::new(object)).cast_mut()
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;
    use crate::status::{PELLUCID_INTERNAL, PELLUCID_INVALID_ARGUMENT};

    #[test]
    fn a_panic_becomes_a_status_and_an_error() {
        let mut error = MaybeUninit::uninit();
        let code = call(Some(&mut error), || panic!("broken {}", "thing"));
        assert_eq!(code, PELLUCID_INTERNAL);
        // SAFETY: a failed call has written it.
        let error = unsafe { error.assume_init() };
        // SAFETY: it was made by `call` and is alive.
        let message = unsafe { &*error }.message().to_owned();
        assert!(message.contains("broken thing"), "{message}");
        // SAFETY: it came from `Box::into_raw` and is not used after this.
        unsafe { free_box(error) };
        assert_eq!(value(7, || panic!("another")), 7);
    }

    #[test]
    fn nobody_has_to_take_the_error() {
        let code = call(None, || Err(Failure::argument("no")));
        assert_eq!(code, PELLUCID_INVALID_ARGUMENT);
    }

    #[test]
    fn a_success_leaves_the_error_alone() {
        let mut error = MaybeUninit::new(ptr::dangling_mut());
        assert_eq!(call(Some(&mut error), || Ok(())), PELLUCID_OK);
        // SAFETY: it was initialised above.
        assert_eq!(unsafe { error.assume_init() }, ptr::dangling_mut());
    }

    #[test]
    fn bytes_may_be_null_only_when_there_are_none() {
        let of = |data: *const u8, length| {
            // SAFETY: each `data` below is NULL or has `length` bytes, or `length` is refused.
            unsafe { bytes(data.cast(), length, "data") }.map_err(|failure| failure.code)
        };
        assert_eq!(of(ptr::null(), 0), Ok(&b""[..]));
        assert_eq!(of(b"abc".as_ptr(), 3), Ok(&b"abc"[..]));
        assert_eq!(of(ptr::null(), 1), Err(PELLUCID_INVALID_ARGUMENT));
        assert_eq!(of(b"abc".as_ptr(), usize::MAX), Err(PELLUCID_INVALID_ARGUMENT));
    }

    #[test]
    fn paths_are_bytes_without_nul() {
        let of = |given: &'static [u8]| {
            // SAFETY: the pointer and the length are those of a static slice.
            unsafe { path(given.as_ptr().cast(), given.len()) }.map_err(|failure| failure.code)
        };
        assert_eq!(of(b"/a/\xff"), Ok(Path::new(OsStr::from_bytes(b"/a/\xff"))));
        assert_eq!(of(b""), Err(PELLUCID_INVALID_ARGUMENT));
        assert_eq!(of(b"/a\0"), Err(PELLUCID_INVALID_ARGUMENT));
    }

    #[test]
    fn a_shared_handle_lives_until_its_last_owner_lets_go() {
        let witness = Arc::new(());
        let handle = share(Arc::clone(&witness));
        // SAFETY: `handle` came from `share`, whose owner is alive.
        let again = unsafe { retain_shared(handle.cast_const()) };
        assert_eq!(handle, again);
        // SAFETY: one of the two counts.
        unsafe { free_shared(handle) };
        assert_eq!(Arc::strong_count(&witness), 2);
        // SAFETY: the other one.
        unsafe { free_shared(again) };
        assert_eq!(Arc::strong_count(&witness), 1);
    }
}
